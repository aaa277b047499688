"""Writing many rows at once: COPY on PostgreSQL, one prepared statement on SQLite; one writer at a time.

Django's ``bulk_create`` spends most of an import on building SQL text. These two functions
write model instances as they stand, with their keys reserved beforehand, so that callers
can tie rows together before any of them is written. No signals, no ``save()``, no history.
Call them inside a transaction.
"""

from __future__ import annotations

import json

from django.db import connection, models
from django.utils import timezone

LIBRARY_LOCK = 4115_1973  # any fixed number: it names PostgreSQL's advisory lock


def lock_library():
    """Wait until no one else writes evidence or summaries; others wait until this transaction ends.

    SQLite's immediate transactions see to it themselves. One query on PostgreSQL.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LIBRARY_LOCK])


def insert(model, rows):
    """Insert unsaved instances, giving each its primary key; returns the rows.

    Two statements whatever their number. Raises IntegrityError as an INSERT does.
    """
    rows = list(rows)
    if not rows:
        return rows
    key = model._meta.pk
    if isinstance(key, models.AutoField):
        for row, number in zip(rows, _reserve(model, len(rows)), strict=True):
            setattr(row, key.attname, number)
    for row in rows:
        _set_times(row)
        row._state.adding = False
    fields = model._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    values = _values(fields, rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for line in values:
                    copy.write_row(line)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608 - names only
    return rows


def update(model, rows, names):
    """Write the fields ``names`` of saved instances. One prepared statement."""
    rows = list(rows)
    if not rows:
        return
    fields = [model._meta.get_field(name) for name in names]
    key = model._meta.pk
    quote = connection.ops.quote_name
    changes = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {changes} WHERE {quote(key.column)} = %s",  # noqa: S608 - names only
            _values([*fields, key], rows),
        )


def analyse(*models_written):
    """Tell the database's planner how full these tables are, after a load has filled them."""
    with connection.cursor() as cursor:
        for model in models_written:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _reserve(model, count):
    """``count`` fresh primary keys, in order."""
    table = connection.ops.quote_name(model._meta.db_table)
    column = model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [table, column, count],
            )
            return [number for (number,) in cursor.fetchall()]
        # The write lock is held (transactions begin IMMEDIATE), so nobody takes these keys
        # meanwhile; SQLite moves its sequence with the rows.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        last = cursor.fetchone()
        begin = (last[0] if last else 0) + 1
        return range(begin, begin + count)


def _set_times(row):
    for field in row._meta.concrete_fields:
        if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
            setattr(row, field.attname, timezone.now())


def _values(fields, rows):
    """The rows as tuples that the database driver takes."""
    getters = [(field.attname, _adapter(field)) for field in fields]
    for row in rows:
        yield tuple(adapt(getattr(row, name)) if adapt else getattr(row, name) for name, adapt in getters)


def _adapter(field):
    """A function from the attribute to the driver's value; None where it goes as it is."""
    if isinstance(field, models.JSONField):
        return json.dumps
    if isinstance(field, models.DateTimeField) and connection.vendor == "sqlite":
        return connection.ops.adapt_datetimefield_value
    if isinstance(field, models.CharField | models.TextField):
        return _plain_text
    return None


def _plain_text(value):
    return None if value is None else str.__str__(value)
