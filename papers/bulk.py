"""Many rows at once: COPY on PostgreSQL, one prepared statement on SQLite; one writer at a time.

Django's ``bulk_create`` spends most of an import on building SQL text. These functions
write model instances or tuples as they stand, with their keys reserved beforehand, so that
callers can tie rows together before any of them is written. No signals, no ``save()``, no
history. Call them inside a transaction. ``read`` is the other way: whole columns as arrays.
"""

from __future__ import annotations

import gc
import json
import secrets
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import chain
from operator import getitem

import msgspec
import numpy as np
from django.db import connection, connections, models, router
from django.db.models.fields import NOT_PROVIDED
from django.utils import timezone
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

LIBRARY_LOCK = 4115_1973  # any fixed number: it names PostgreSQL's advisory lock
ROWS_A_STATEMENT = 5000
ROWS_A_READ = 100_000
SQL_KINDS = {np.int64: "bigint", np.int32: "integer", np.int16: "smallint", np.float32: "real"}
COPY_HEADER, COPY_TRAILER = 19, 2  # bytes before and after the rows of a binary COPY


@contextmanager
def rare_collections():
    """Let Python look for cycles of garbage less often: a batch is a million objects and has none.

    A quarter of an import's processor time otherwise.
    """
    held = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*held)


def lock_library():
    """Wait until no one else writes evidence or summaries; others wait until this transaction ends.

    Leaves a new mark on the library. Two queries on PostgreSQL, one on SQLite.
    """
    wait_for_library()
    mark_library()


def wait_for_library():
    """The first half of ``lock_library``: for who looks at the mark before leaving one (``mark_library``).

    SQLite's immediate transactions see to it themselves. One query on PostgreSQL.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LIBRARY_LOCK])


def mark_library():
    """Say that what pages show may have changed: a new random mark, with the transaction. One query.

    Returns the mark. Random, not counted: a library that was restored from a backup does not come
    back to a mark under which others keep pages.
    """
    now, mark = timezone.now(), secrets.randbits(62)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO papers_librarymark (id, mark, changed_at) VALUES (1, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET mark = excluded.mark, changed_at = excluded.changed_at",
            [mark, connection.ops.adapt_datetimefield_value(now)],
        )
    return mark


def insert(model, rows):
    """Insert unsaved instances, giving each its primary key; returns the rows.

    Three statements whatever their number. Raises IntegrityError as an INSERT does.
    """
    rows = list(rows)
    if not rows:
        return rows
    key = model._meta.pk
    if isinstance(key, models.AutoField):
        for row, number in zip(rows, reserve(model, len(rows)), strict=True):
            setattr(row, key.attname, number)
    for row in rows:
        _set_times(row)
        row._state.adding = False
    fields = model._meta.concrete_fields
    write(model, [field.attname for field in fields], _values(fields, rows))
    return rows


def insert_plain(model, rows):
    """Insert dictionaries ``{attribute: value}``, each with every column. One statement.

    For rows by the thousand of which nothing else is wanted: an instance costs more to build than its row
    to write.
    """
    fields = model._meta.concrete_fields
    write(model, [field.attname for field in fields], _values(fields, rows, get=getitem))


def reserve(model, count):
    """``count`` fresh primary keys, in order."""
    if not count:
        return []
    table = connection.ops.quote_name(model._meta.db_table)
    column = model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, column])
            [sequence] = cursor.fetchone()
            # One range, unless somebody else took a number meanwhile.
            cursor.execute(
                "SELECT min(number), "
                "CASE WHEN max(number) - min(number) >= count(*) THEN array_agg(number) END "
                "FROM (SELECT nextval(%s::regclass) AS number FROM generate_series(1, %s)) AS taken",
                [sequence, count],
            )
            begin, scattered = cursor.fetchone()
            return scattered or range(begin, begin + count)
        # The write lock is held (transactions begin IMMEDIATE), so nobody takes these keys
        # meanwhile; SQLite moves its sequence with the rows.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        last = cursor.fetchone()
        begin = (last[0] if last else 0) + 1
        return range(begin, begin + count)


def write(model, attributes, lines):
    """Insert tuples of the driver's own values: strings, numbers, None, dates; JSON as text.

    ``attributes`` names what stands in them (``"cited_paper_id"``), the primary key where it is
    reserved; columns that are not named must have a default in the database or take NULL. For the tables
    of which one record fills dozens of rows: an instance costs more to build than its row to write.
    """
    columns = [model._meta.get_field(name) for name in attributes]
    lines = iter(lines)
    first = next(lines, None)
    if first is None:
        return
    lines = chain([first], lines)
    names = ", ".join(connection.ops.quote_name(field.column) for field in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            kinds = [field.rel_db_type(connection).partition("(")[0] for field in columns]
            # Numbers as they are: a third of the time of spelling them. JSON comes as text.
            binary = "jsonb" not in kinds
            copied = cursor.copy(
                f"COPY {table} ({names}) FROM STDIN (FORMAT {'BINARY' if binary else 'TEXT'})"
            )
            with connection.wrap_database_errors, copied as copy:
                if binary:
                    copy.set_types(kinds)
                for line in lines:
                    copy.write_row(line)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", lines)  # noqa: S608 - names only


def reading_connection():
    """The connection that querysets read from here and now, for reads that are written out.

    A replica's while a page is made for an anonymous reader (``hubsite/replica.py``).
    """
    return connections[router.db_for_read(models.Model)]


def look_up(statement, ids, parameters=None):
    """The rows of a read about ``ids``, whole numbers, as tuples. One query.

    ``statement``: SQL text in which "{ids}" stands for them, as in "id IN ({ids})"; they are written out, for
    drivers limit how many parameters a query takes. A page's smallest reads are such texts: a queryset takes
    three times as long to become one as the database to answer it.
    """
    listed = ", ".join([str(int(one)) for one in ids]) or "NULL"
    with reading_connection().cursor() as cursor:
        cursor.execute(statement.format(ids=listed), parameters)
        return cursor.fetchall()


def read_row(model, key):
    """The row of ``model`` with this key, a whole number, or None. One query. For rows of megabytes.

    What PostgreSQL sends of a queryset spells each byte as two digits, to be read back: four times as long.
    """
    database = reading_connection()
    if database.vendor != "postgresql":
        return model.objects.using(database.alias).filter(pk=key).first()
    fields = model._meta.concrete_fields
    names = ", ".join(database.ops.quote_name(field.column) for field in fields)
    table, column = (database.ops.quote_name(name) for name in (model._meta.db_table, model._meta.pk.column))
    statement = f"SELECT {names} FROM {table} WHERE {column} = {int(key)}"  # noqa: S608 - names and a number
    with database.cursor() as cursor:
        copied = cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT BINARY)")
        with database.wrap_database_errors, copied as copy:
            copy.set_types([field.rel_db_type(database).partition("(")[0] for field in fields])
            rows = list(copy.rows())
    return model.from_db(database.alias, [field.attname for field in fields], rows[0]) if rows else None


def read(statement, kinds):
    """The rows of a query as tuples of arrays, one for each column, some 100,000 rows at a time.

    ``statement``: SQL text without parameters; ``kinds``: np.int64, np.int32, np.int16 or np.float32
    for each of its columns, none of which may be NULL (TypeError). One query, bounded memory.
    """
    database = reading_connection()
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            yield from _read_copied(cursor, statement, kinds)
        else:
            cursor.execute(statement)
            while rows := cursor.fetchmany(ROWS_A_READ):
                columns = zip(*rows, strict=True)
                yield tuple(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True))


def _read_copied(cursor, statement, kinds):
    names = [f"column_{number}" for number in range(len(kinds))]
    cast = ", ".join(f"{name}::{SQL_KINDS[kind]}" for name, kind in zip(names, kinds, strict=True))
    rows = f"SELECT {cast} FROM ({statement}) AS given ({', '.join(names)})"  # noqa: S608 - the caller's
    copied = cursor.copy(f"COPY ({rows}) TO STDOUT (FORMAT BINARY)")
    # As PostgreSQL sends a row: how many columns, and before each of them its bytes; big-endian.
    layout = [("columns", ">i2")]
    for name, kind in zip(names, kinds, strict=True):
        layout += [(f"bytes_of_{name}", ">i4"), (name, np.dtype(kind).newbyteorder(">"))]
    row = np.dtype(layout)
    # Closed before the copy is, whatever happens: the server's answer is then taken to its end.
    with cursor.db.wrap_database_errors, copied as copy, closing(_pieces(copy.connection.pgconn)) as pieces:
        for sent in pieces:
            count, rest = divmod(len(sent), row.itemsize)
            rows = np.frombuffer(sent, row, count)
            sizes = (rows[f"bytes_of_{name}"] != rows.dtype[name].itemsize for name in names)
            if rest not in (0, COPY_TRAILER) or any(wrong.any() for wrong in sizes):
                raise TypeError(f"a NULL among the numbers of {statement}")
            if count:
                yield tuple(rows[name].astype(kind) for name, kind in zip(names, kinds, strict=True))


def _pieces(server):
    """What a binary COPY sends, without its header, some rows at a time."""
    # Not Copy.read(): what it does beside this, for each row anew, costs three times as much.
    take, begin, size = server.get_copy_data, COPY_HEADER, 1
    try:
        while size > 0:
            piece = bytearray()
            for _row in range(ROWS_A_READ):
                size, data = take(0)
                if size <= 0:
                    break
                piece += data
            yield piece[begin:]
            begin = 0
    finally:
        while size > 0:
            size, _data = take(0)
        done = server.get_result()
        server.get_result()  # None: nothing else comes, and the connection is ready again
    if done.status != ExecStatus.COMMAND_OK:
        raise error_from_result(done)


def template(row, *, varying):
    """(attributes, values) for ``write`` where many rows differ from ``row`` in few columns.

    The attributes are ``varying`` and then all others that do not hold what the database puts
    there by itself; the values are those of the others.
    """
    others = [
        field
        for field in row._meta.concrete_fields
        if field.attname not in varying and getattr(row, field.attname) != _by_itself(field)
    ]
    [values] = _values(others, [row])
    return [*varying, *(field.attname for field in others)], values


def _by_itself(field):
    """What a column holds that is not named in an INSERT; an object of no one's where that fails."""
    if field.has_db_default():
        return getattr(field.db_default, "value", field.db_default)
    return None if field.null else NOT_PROVIDED


def insert_missing(model, column, values, *, empty=None):
    """Insert a row for each of ``values`` (numbers) that has none; other columns take NULL. One statement.

    Rows that are there lose what they hold in the column ``empty``, if one is named.
    """
    table, name, emptied = (
        connection.ops.quote_name(given)
        for given in (model._meta.db_table, model._meta.get_field(column).column, empty or "")
    )
    change = f"({name}) DO UPDATE SET {emptied} = NULL WHERE {table}.{emptied} IS NOT NULL"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            rows, given = "unnest(%s::bigint[])", array_text(sorted(values))
        else:
            rows, given = "value FROM json_each(%s) WHERE true", json.dumps(sorted(values))
        cursor.execute(
            f"INSERT INTO {table} ({name}) SELECT {rows}"  # noqa: S608 - names only
            f" ON CONFLICT {change if empty else 'DO NOTHING'}",
            [given],
        )


def update(model, rows, names):
    """Write the fields ``names`` of saved instances. A statement for each 5,000 rows."""
    rows = list(rows)
    fields = [model._meta.pk, *(model._meta.get_field(name) for name in names)]
    columns = [connection.ops.quote_name(field.column) for field in fields]
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        for begin in range(0, len(rows), ROWS_A_STATEMENT):
            lines = _values(fields, rows[begin : begin + ROWS_A_STATEMENT])
            if connection.vendor == "postgresql":
                # Arrays side by side are a table to join with: one plan, one pass.
                kinds = [_array_of(field) for field in fields]
                given = ", ".join(f"%s::{kind}" for _cast, kind in kinds)
                staged = ", ".join(columns)
                changes = ", ".join(
                    f"{column} = staged.{column}{cast}"
                    for column, (cast, _kind) in zip(columns[1:], kinds[1:], strict=True)
                )
                cursor.execute(
                    f"UPDATE {table} SET {changes} FROM unnest({given}) AS staged ({staged}) "  # noqa: S608 - names only
                    f"WHERE {table}.{columns[0]} = staged.{columns[0]}",
                    [array_text(values) for values in zip(*lines, strict=True)],
                )
            else:
                changes = ", ".join(f"{column} = %s" for column in columns[1:])
                cursor.executemany(
                    f"UPDATE {table} SET {changes} WHERE {columns[0]} = %s",  # noqa: S608 - names only
                    [(*line[1:], line[0]) for line in lines],
                )


def array_text(values):
    """Values as PostgreSQL spells an array: a driver's own lists take ten times as long to bind."""
    values = list(values)
    kinds = set(map(type, values))
    if kinds == {int}:
        return "{" + str(values)[1:-1] + "}"
    if kinds == {str}:
        # All at once: NUL stands in no text of ours, nor in any of the database's.
        together = "\0".join(values).replace("\\", "\\\\").replace('"', '\\"')
        return '{"' + together.replace("\0", '","') + '"}'
    return "{" + ",".join(map(_spelt, values)) + "}"


def _spelt(value):
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return '"' + value.isoformat() + '"' if isinstance(value, datetime) else str(value)


def _array_of(field):
    """(cast from an array's item to the column, the array's type). Text stays text: a cast would cut it."""
    if isinstance(field, models.JSONField):
        return "::jsonb", "text[]"
    if isinstance(field, models.CharField | models.TextField):
        return "", "text[]"
    return "", f"{field.rel_db_type(connection)}[]"  # as a foreign key has it: without GENERATED


def analyse(*models_written):
    """Tell the database's planner how full these tables are, after a load has filled them."""
    with connection.cursor() as cursor:
        for model in models_written:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _set_times(row):
    for field in row._meta.concrete_fields:
        if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
            setattr(row, field.attname, timezone.now())


def _values(fields, rows, *, get=getattr):
    """The rows, of which ``get`` takes an attribute, as tuples that the database driver takes."""
    getters = [(field.attname, _adapter(field)) for field in fields]
    for row in rows:
        yield tuple(adapt(get(row, name)) if adapt else get(row, name) for name, adapt in getters)


def _adapter(field):
    """A function from the attribute to the driver's value; None where it goes as it is."""
    if isinstance(field, models.JSONField):
        return _as_json
    if isinstance(field, models.DateTimeField) and connection.vendor == "sqlite":
        return connection.ops.adapt_datetimefield_value
    if isinstance(field, models.CharField | models.TextField):
        return _plain_text
    return None


def _as_json(value):
    """JSON text, in a tenth of the time of ``json.dumps``: a refresh writes five a hub."""
    return msgspec.json.encode(value).decode()


def _plain_text(value):
    return None if value is None else str.__str__(value)
