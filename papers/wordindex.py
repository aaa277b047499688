"""The databases' own inverted indexes over documents of words: FTS5 on SQLite, GIN on PostgreSQL.

A document is a row of folded words (``words.index_words``) in a table of its own, which the
database indexes itself: on SQLite the table *is* the FTS5 table, on PostgreSQL a GIN index lies over
the words as a tsvector. So no trigger stands between the rows and their index, and none can be lost
when a migration rebuilds a table. What both engines are handed are words that are equal letter by
letter; FTS5's ``ascii`` tokeniser and ``string_to_array`` only cut them at blanks.

Owns the tables' SQL, which the migrations run, and asking them. Who matches what is the callers'.
"""

from __future__ import annotations

import numpy as np
from django.db import connection, connections, models, transaction
from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL
from django.db.utils import DatabaseError

from papers import bulk
from papers.models import Paper, PaperWords
from papers.words import Term, index_words

MARK = "→"  # begins an entry that is no word: folded text holds letters, digits and marks only
PAPERS_AT_ONCE = 2000


def entry_of(paper_id):
    """The entry under which documents about one paper stand."""
    return Term(f"{MARK}{paper_id}", False)


def holders(asked, most=None):
    """For each (model, terms) of ``asked``: ids of the documents that hold all the terms, int64, unsorted.

    A list among the terms stands for any one of those in it. ``model.GIVEN`` is the column that is
    given; of each, ``most`` at most. One query, whatever is asked; its cost follows the number of
    documents that hold each term, at some 0.3 ms a thousand.
    """
    if not asked:
        return []
    database = connections[PaperWords.objects.db]
    on_postgresql = database.vendor == "postgresql"
    part = _holders_on_postgresql if on_postgresql else _holders_on_sqlite
    express = _tsquery if on_postgresql else _match
    limit = f" LIMIT {int(most)}" if most else ""
    parts = [part(model, limit) for model, _terms in asked]
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", [express(terms) for _model, terms in asked])
        row = cursor.fetchone()
    return [np.fromstring((said or "").strip("{}"), dtype=np.int64, sep=",") for said in row]


def matching(terms):
    """The ids of the papers whose documents hold all of ``terms``, as SQL to be filtered by."""
    table = PaperWords._meta.db_table
    if connections[PaperWords.objects.db].vendor == "postgresql":
        return RawSQL(f"SELECT unnest({table}_holders(%s::tsquery)::bigint[])", [_tsquery(terms)])  # noqa: S608, S611
    return RawSQL(f"SELECT rowid FROM {table} WHERE {table} MATCH %s", [_match(terms)])  # noqa: S608, S611


def _holders_on_postgresql(model, limit):
    # A function, since it can forbid the planner to read through all documents instead: it takes
    # that for cheap (it does not reckon with what unpacking a document costs) when a word is common.
    found = f"{model._meta.db_table}_holders(%s::tsquery)"
    if not limit:
        return found
    return f"(SELECT array_agg(id)::text FROM (SELECT unnest({found}::bigint[]) AS id{limit}) AS held)"  # noqa: S608


def _holders_on_sqlite(model, limit):
    table = model._meta.db_table
    if model.GIVEN == "rowid":
        found = f"{table} WHERE {table} MATCH %s"
        if limit:
            found = f"(SELECT rowid FROM {found}{limit})"  # noqa: S608
        return f"(SELECT group_concat(rowid) FROM {found})"  # noqa: S608 - names only
    # From the table in which FTS5 keeps the columns: half the time of asking FTS5 for the column.
    return (
        f"(SELECT group_concat(held.c0) FROM {table} JOIN {table}_content held ON held.id = {table}.rowid "  # noqa: S608
        f"WHERE {table} MATCH %s{limit})"
    )


def _tsquery(terms):
    return _joined(
        terms, " & ", " | ", lambda term: f"{_quoted(term.text, chr(39))}{':*' if term.begins else ''}"
    )


def _match(terms):
    return _joined(
        terms, " AND ", " OR ", lambda term: f"{_quoted(term.text, chr(34))}{' *' if term.begins else ''}"
    )


def _joined(terms, all_of, any_of, express):
    parts = (
        f"({any_of.join(map(express, term))})" if isinstance(term, list) else express(term) for term in terms
    )
    return all_of.join(parts)


def _quoted(text, quote):
    return quote + text.replace("\\", "").replace(quote, "").replace("\x00", "") + quote


# -- writing ----------------------------------------------------------------------------------


def differing(model, fresh, ids):
    """{id: (columns that stand, columns that should)} of those of ``ids`` where the two are not equal.

    ``fresh``: {id: columns beside the key}; None stands for no row. One query.
    """
    names = [column.attname for column in model._meta.concrete_fields]
    rows = model.objects.filter(pk__among=list(ids)).values_list(*names)
    held = {key: tuple(columns) for key, *columns in rows}
    return {key: (held.get(key), fresh.get(key)) for key in ids if held.get(key) != fresh.get(key)}


def rewrite(model, fresh, ids):
    """Make the documents of ``ids`` be ``fresh``, as above; returns how many changed. Up to three queries."""
    wrong = differing(model, fresh, ids)
    gone = [key for key, (held, _should) in wrong.items() if held is not None]
    if gone:
        model.objects.filter(pk__among=gone).delete()
    names = [column.attname for column in model._meta.concrete_fields]
    bulk.write(model, names, [(key, *should) for key, (_held, should) in wrong.items() if should is not None])
    return len(wrong)


def write_papers(papers):
    """Make the documents of these papers say what their titles, authors and abstracts say.

    ``papers``: rows with their key, ``search_text`` and ``abstract``. Returns how many changed.
    """
    fresh = paper_documents(papers)
    return rewrite(PaperWords, fresh, [paper.pk for paper in papers])


def paper_documents(papers):
    """{paper id: (words,)} of those of these papers that have a word."""
    documents = {paper.pk: index_words(paper.search_text, paper.abstract) for paper in papers}
    return {key: (words,) for key, words in documents.items() if words}


# -- upkeep ------------------------------------------------------------------------------------


def rebuild():
    """Write anew what differs in the documents of papers; returns how many did. Bounded memory."""
    orphans = PaperWords.objects.filter(~Exists(Paper.objects.filter(pk=OuterRef("pk"))))
    changed, last = orphans.delete()[0], 0
    rows = Paper.objects.only("search_text", "abstract").order_by("pk")
    while papers := list(rows.filter(pk__gt=last)[:PAPERS_AT_ONCE]):
        with transaction.atomic():
            bulk.lock_library()
            changed += write_papers(papers)
        last = papers[-1].pk
    return changed


def settle(*tables):
    """After a load: move what PostgreSQL keeps beside its indexes, and reads for each search, into them."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in tables:
                cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [f"{model._meta.db_table}_gin"])


def fault_of(model: type[models.Model]) -> str:
    """What SQLite says where its index is not that of the rows, else "". One pass over the index.

    PostgreSQL keeps an index over an expression by itself, and has nothing to ask.
    """
    if connection.vendor != "sqlite":
        return ""
    table = model._meta.db_table
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")  # noqa: S608 - names only
    except DatabaseError as error:
        return str(error)
    return ""
