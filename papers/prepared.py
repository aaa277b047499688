"""Querysets of one shape, turned into SQL once.

Django compiles a queryset anew each time it is read, which for the reads of a page takes as long as the
database takes to answer and the rows to become instances. Of these reads the shape never changes, only a
number or a list of ids. So the compiler that made the SQL is kept, and makes the instances of every
later reading: types, joined rows and deferred columns are Django's own.
"""

from __future__ import annotations

from copy import copy
from types import SimpleNamespace

from django.db.models.query import ModelIterable

from papers.bulk import reading_connection
from papers.querysets import array_of

MARK = -7_115_000  # this and less: numbers that stand in no queryset


class Prepared:
    """``Prepared(build)(number, ids, …)``: the instances of ``build(number, ids, …)``, as a list. One query.

    ``build`` makes a queryset of whole numbers and, for ``__among``, collections of them. It is called once
    for each database, with numbers of its own: nothing but their places in the SQL may follow from them. No
    query where one of the collections is empty. Raises TypeError for a queryset of anything but instances, or
    one with ``prefetch_related``.
    """

    def __init__(self, build):
        self._build, self._made = build, {}

    def __call__(self, *values):
        database = reading_connection()
        if database.alias not in self._made:
            self._made[database.alias] = self._make(values, database)
        compiler, statement, parameters = self._made[database.alias]
        given = {place: _given(value, database) for place, value in enumerate(values)}
        if None in given.values():
            return []
        asked = statement, tuple(given.get(place, held) for place, held in parameters)
        # Of its own for each reading: others may be read in other threads, by other connections.
        compiler = copy(compiler)
        compiler.connection, compiler.as_sql = database, lambda: asked
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        return list(ModelIterable(SimpleNamespace(db=database.alias, query=query, _known_related_objects={})))

    def _make(self, values, database):
        """(compiler, SQL text, [(place among ``values`` or None, parameter)]) for values of these kinds."""
        marks = [
            MARK - place if isinstance(value, int) else [MARK - place] for place, value in enumerate(values)
        ]
        queryset = self._build(*marks).using(database.alias)
        if queryset._iterable_class is not ModelIterable or queryset._prefetch_related_lookups:
            raise TypeError("only instances, read by one query, can be prepared")
        compiler = queryset.query.get_compiler(database.alias)
        statement, parameters = compiler.as_sql()
        places = {_given(mark, database): place for place, mark in enumerate(marks)}
        return compiler, statement, [(places.get(held), held) for held in parameters]


def _given(value, database):
    """A value as the database driver takes it; None for a list of none."""
    if isinstance(value, int):
        return value
    return array_of(value, database) if value else None
