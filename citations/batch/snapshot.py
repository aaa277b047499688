"""A snapshot: papers, pairs, citing sentences and the log of labels as Parquet, at one moment.

For the rollup and for analysts. Left out: who a curator is and what curators noted, and the
texts of abstracts and citing sentences, whose licences and take-downs are the library's to keep.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from django.db import connection, models, transaction

from citations.batch import folders
from citations.labels import CROSSWALK_VERSION
from citations.models import Assertion, Citation, CitationContext
from papers.models import LibraryMark, Paper, PaperIdentifier
from papers.sections import SECTION_KINDS

ID, NUMBER, WORD, SHARE, FLAG = pa.int64(), pa.int32(), pa.string(), pa.float64(), pa.bool_()
WORDS, TIME = pa.list_(pa.string()), pa.timestamp("us", tz="UTC")
IDENTIFIERS = "identifiers"


class Source(NamedTuple):
    """A table of a snapshot: the model, and for each column the field it is read from and its type."""

    model: type[models.Model]
    columns: dict[str, tuple[str, pa.DataType]]

    @property
    def schema(self):
        return pa.schema([(name, kind) for name, (_path, kind) in self.columns.items()])


def _same(kind, *names):
    return {name: (name, kind) for name in names}


TABLES = {
    "papers": Source(
        Paper,
        {
            "paper_id": ("id", ID),
            **_same(WORD, "title"),
            **_same(NUMBER, "year"),
            **_same(WORD, "date"),
            "venue": ("venue__name", WORD),
            **_same(WORD, "kind", "language"),
            **_same(FLAG, "retracted", "is_stub", "is_fictional"),
            # As "scheme:value". Not a field: read beside the papers.
            IDENTIFIERS: (IDENTIFIERS, WORDS),
        },
    ),
    "citations": Source(
        Citation,
        {
            "citation_id": ("id", ID),
            **_same(ID, "citing_paper_id", "cited_paper_id"),
            **_same(WORD, "match_status"),
            **_same(TIME, "created_at", "withdrawn_at"),
            **_same(FLAG, "is_read"),
            **_same(WORD, "role"),
            **_same(WORDS, "also_roles"),
            **_same(WORD, "role_source", "polarity", "polarity_source", "label_source"),
            **_same(NUMBER, "depth", "sentences", "section_mask"),
            **_same(FLAG, "is_self_citation"),
            **_same(NUMBER, "citing_year"),
            **_same(FLAG, "citing_retracted"),
            **_same(WORD, "suggested_polarity"),
            **_same(SHARE, "suggestion_probability"),
        },
    ),
    "contexts": Source(
        CitationContext,
        {
            "context_id": ("id", ID),
            **_same(ID, "citation_id", "passage_id"),
            "section_kind": ("passage__section_kind", WORD),
            **_same(NUMBER, "start", "end", "group_size"),
            **_same(TIME, "withdrawn_at"),
            **_same(WORD, "role", "role_source", "polarity", "polarity_source"),
        },
    ),
    "assertions": Source(
        Assertion,
        {
            "assertion_id": ("id", ID),
            **_same(ID, "context_id", "citation_id"),
            **_same(WORD, "dimension", "value", "scheme", "original_value", "source"),
            **_same(SHARE, "confidence"),
            **_same(WORD, "model_version", "crosswalk_version", "drawn"),
            **_same(SHARE, "inclusion_probability"),
            **_same(TIME, "created_at", "withdrawn_at"),
        },
    ),
}


def write_snapshot(path, *, progress=None):
    """Write the library as it is at one moment into the folder ``path``; returns the manifest.

    Raises folders.Refused. Memory is that of one row group. A count and one pass of each
    table, and a query of identifiers for each 100,000 papers. ``progress(done, total)`` in rows.
    """
    path = Path(path)
    with folders.writing(path, folders.SNAPSHOT, TABLES) as manifest, one_moment():
        mark, changed_at = LibraryMark.current()
        manifest |= {
            "library_mark": mark,
            "library_changed_at": changed_at and changed_at.isoformat(),
            "crosswalk_version": CROSSWALK_VERSION,
            "section_kinds": list(SECTION_KINDS),  # the bits of section_mask, lowest first
            "database": database_engine(),
        }
        total = sum(source.model.objects.count() for source in TABLES.values())
        done = 0
        for name, source in TABLES.items():
            with folders.TableWriter(path / name, source.schema) as table:
                for lines in _groups(source):
                    table.write(list(zip(*lines, strict=True)))
                    done += len(lines)
                    if progress:
                        progress(done, total)
    return manifest


@contextmanager
def one_moment():
    """All reads of the block see the library as at its first read; nobody waits for it.

    Inside a transaction of the caller's, what that sees is seen.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        # Not atomic(), which takes the write lock here: imports shall go on meanwhile.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def database_engine():
    """Name and version of the database, such as "postgresql 15.8"."""
    return f"{connection.vendor} {'.'.join(map(str, connection.get_database_version()))}"


def _groups(source):
    """Lists of at most 100,000 rows as tuples, by key."""
    paths = [path for path, _kind in source.columns.values() if path != IDENTIFIERS]
    rows = source.model.objects.order_by("pk").values_list(*paths).iterator(chunk_size=10_000)
    while lines := list(islice(rows, folders.ROWS_A_GROUP)):
        yield lines if IDENTIFIERS not in source.columns else _with_identifiers(lines)


def _with_identifiers(lines):
    """Lines of papers (id first, in order) with their identifiers as the last column. One query."""
    of_paper = defaultdict(list)
    rows = PaperIdentifier.objects.filter(paper_id__gte=lines[0][0], paper_id__lte=lines[-1][0]).order_by(
        "id"
    )
    for paper_id, scheme, value in rows.values_list("paper_id", "scheme", "value").iterator(10_000):
        of_paper[paper_id].append(f"{scheme}:{value}")
    return [(*line, of_paper.get(line[0], [])) for line in lines]
