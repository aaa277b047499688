r"""The yardstick of loading: ``\copy`` of the very rows that an ingest has left, on PostgreSQL.

Owns the copies of the tables: bare ones, and ones with every index and constraint. The rows
go out to files and from these into each kind of copy, in one transaction, by ``psql`` where
there is one, else by psycopg in blocks. Leaves nothing behind.
"""

import shutil
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from tests.bench.commands import Spent, server_seconds, socket_of, spend

BLOCK = 1 << 20


class Table(NamedTuple):
    name: str
    columns: list[str]  # but for generated ones
    rows: int


class Yardstick(NamedTuple):
    """Rows and MB of text that were copied, and what each of the two ways took."""

    tables: int
    rows: int
    size: float
    bare: Spent
    indexed: Spent


def measure_copy(url):
    r"""The Yardstick of the filled tables of papers and citations at ``url``."""
    with (
        tempfile.TemporaryDirectory() as folder,
        psycopg.connect(**socket_of(url), autocommit=True) as connection,
    ):
        # Nothing of the load shall be left to do, for autovacuum neither, while others are timed.
        connection.execute("VACUUM (ANALYZE)")
        tables = _filled_tables(connection)
        _copy(url, "TO", "public", tables, folder)
        size = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
        spent = []
        for schema, make in (("bare", _make_bare), ("indexed", _make_indexed)):
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
            make(connection, schema, tables)
            connection.execute("CHECKPOINT")
            spent.append(_copy(url, "FROM", schema, tables, folder))
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
    return Yardstick(len(tables), sum(table.rows for table in tables), size, *spent)


def _filled_tables(connection):
    found = connection.execute(
        "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position)"
        " FROM information_schema.columns"
        " WHERE table_schema = 'public' AND is_generated = 'NEVER' AND table_name ~ '^(papers|citations)_'"
        " GROUP BY table_name ORDER BY table_name"
    ).fetchall()
    count = sql.SQL("SELECT count(*) FROM public.{}")
    tables = [
        Table(name, columns, connection.execute(count.format(sql.Identifier(name))).fetchone()[0])
        for name, columns in found
    ]
    return [table for table in tables if table.rows]


# -- copies of the tables ------------------------------------------------------------------------


def _make_bare(connection, schema, tables):
    _clone(connection, schema, tables, "")


def _make_indexed(connection, schema, tables):
    _clone(connection, schema, tables, "INCLUDING ALL")
    keys = connection.execute(
        "SELECT t.relname, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c"
        " JOIN pg_class t ON t.oid = c.conrelid"
        " WHERE c.contype = 'f' AND t.relnamespace = 'public'::regnamespace AND t.relname = ANY(%s)",
        [[table.name for table in tables]],
    ).fetchall()
    # The definitions name tables without their schema, so these are looked for among the copies first.
    connection.execute(sql.SQL("SET search_path TO {}, public").format(sql.Identifier(schema)))
    for table, name, definition in keys:
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(sql.Identifier(table), sql.Identifier(name))
            + sql.SQL(definition)
        )
    connection.execute("RESET search_path")


def _clone(connection, schema, tables, including):
    for table in tables:
        connection.execute(
            sql.SQL("CREATE TABLE {} (LIKE public.{} {}) WITH (autovacuum_enabled = off)").format(
                sql.Identifier(schema, table.name), sql.Identifier(table.name), sql.SQL(including)
            )
        )


# -- copying -----------------------------------------------------------------------------------


def _copy(url, direction, schema, tables, folder):
    """Spent on copying all tables of ``schema`` to or from their files in ``folder``."""
    steps = []
    for table in tables:
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        target = sql.SQL("{} ({})").format(sql.Identifier(schema, table.name), columns).as_string()
        steps.append((target, Path(folder) / table.name))
    if psql := shutil.which("psql"):
        return _copy_by_psql(psql, url, direction, steps)
    return _copy_by_psycopg(url, direction, steps)


def _copy_by_psql(psql, url, direction, steps):
    reach = socket_of(url)
    with tempfile.TemporaryFile("w+") as script:
        script.writelines(f"\\copy {target} {direction} '{file}'\n" for target, file in steps)
        script.seek(0)
        command = [psql, "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        command += ["-h", reach["host"], "-U", reach["user"], "-d", reach["dbname"]]
        return spend(*command, url=url, stdin=script)


def _copy_by_psycopg(url, direction, steps):
    before, begin, own = server_seconds(url), time.perf_counter(), time.process_time()
    with psycopg.connect(**socket_of(url)) as connection, connection.cursor() as cursor:
        for target, path in steps:
            if direction == "TO":
                with path.open("wb") as file, cursor.copy(f"COPY {target} TO STDOUT") as copy:
                    file.writelines(copy)
            else:
                with path.open("rb") as file, cursor.copy(f"COPY {target} FROM STDIN") as copy:
                    while block := file.read(BLOCK):
                        copy.write(block)
    seconds, own = time.perf_counter() - begin, time.process_time() - own
    return Spent(seconds, own, None if before is None else server_seconds(url) - before, 0.0, "")
