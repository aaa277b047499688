"""The pair rows of a cited paper as arrays: what its explorer filters, counts, sorts and pages by.

A hub of 130,000 citing papers is some five megabytes in this form, and any filter with all its
facets a few passes over them: milliseconds, alike on every database. For hubs with 100 or more
citing papers the arrays are stored, packed, beside the pair rows (``HubColumns``); smaller ones are
read from the rows at each request. Either way they come through ``read_pairs``, the one
place that turns rows into arrays; ``rollups.py`` stores them and patches them when labels change,
``check_library`` proves that they equal the rows.

Words are stored as their places in the tuples below, so a word may be added at an end only, and
any other change needs a new ``FORMAT``: arrays of another format count as missing.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from functools import cached_property
from hashlib import blake2b
from itertools import chain, groupby
from operator import itemgetter
from types import SimpleNamespace

import numpy as np

from citations.labels import LabelSource, Polarity, Role
from citations.models import Citation, CitationContext, HubColumns, HubSummary, MachineReading
from papers import bulk
from papers.models import Field, Paper, Venue
from papers.prepared import Prepared

FORMAT = 2
STORED_FROM = 100  # citing papers
UNDATED = -1
ROLES = ("", *map(str, Role))
POLARITIES = ("", *map(str, Polarity))
SOURCES = ("", *map(str, LabelSource))
READ, SELF, RETRACTED, MACHINE = 1, 2, 4, 8  # bits of ``flags``

# Of each citing paper, in the order newest first, then by id, highest first; undated ones last.
COLUMNS = {
    "citing": "<i8",  # id of the citing paper
    "year": "<i2",  # UNDATED where unknown
    "venue": "<u4",  # 1 + place in ``venues``; 0 for none
    "fields": "<u4",  # place in ``field_sets``, whose first is the empty one
    "known": "<u4",  # how many papers cite the citing one
    "sections": "<u2",  # a bit for each section kind
    "probability": "<f4",  # of the suggested polarity
    "role": "u1",
    "role_source": "u1",
    "polarity": "u1",
    "polarity_source": "u1",
    "label_source": "u1",
    "suggested": "u1",  # place in POLARITIES
    "depth": "u1",  # 0 where unread
    "flags": "u1",
}
# What a label can change; a patch writes those that did.
LABEL_COLUMNS = tuple(name for name in COLUMNS if name not in ("citing", "year", "venue", "fields", "known"))
# What facets count, but for venues and fields; how many bits each takes.
KINDS = {
    "role": 4,
    "role_source": 4,
    "polarity": 4,
    "label_source": 4,
    "suggested": 4,
    "depth": 4,
    "flags": 4,
    "sections": 16,
}
PACKED = ("role", "role_source", "polarity", "polarity_source", "label_source", "suggested", "depth", "flags")


# -- from rows to arrays --------------------------------------------------------------------------

_ROW = (
    ("key", "i8"),  # of the pair
    ("cited", "i8"),
    ("citing", "i8"),
    ("year", "i2"),
    ("venue", "i8"),
    ("known", "i4"),
    ("sections", "i2"),
    ("packed", "i8"),  # four bits for each of PACKED
    ("probability", "f4"),
)
ROW = np.dtype([(name, f"<{kind}") for name, kind in _ROW])


def _code(column, words):
    cases = " ".join(f"WHEN '{word}' THEN {place}" for place, word in enumerate(words))
    return f"CASE {column} {cases} END"


def _statement(where, known):
    """SQL for the rows of ``_ROW``, of current pairs that ``where`` (a condition on ``c``) lets through."""
    pair, context, reading, summary = (
        model._meta.db_table for model in (Citation, CitationContext, MachineReading, HubSummary)
    )
    machine = (
        f"CASE WHEN EXISTS (SELECT 1 FROM {reading} r JOIN {context} x ON x.id = r.context_id"  # noqa: S608 - names only
        f" WHERE r.citation_id = c.id AND x.withdrawn_at IS NULL) THEN {MACHINE} ELSE 0 END"
    )
    of_the_pair = (
        f"CASE WHEN c.is_self_citation THEN {SELF} ELSE 0 END"
        f" + CASE WHEN c.citing_retracted THEN {RETRACTED} ELSE 0 END"
    )
    codes = {
        "role": _code("c.role", ROLES),
        "role_source": _code("c.role_source", SOURCES),
        "polarity": _code("c.polarity", POLARITIES),
        "polarity_source": _code("c.polarity_source", SOURCES),
        "label_source": _code("c.label_source", SOURCES),
        "suggested": _code("c.suggested_polarity", POLARITIES),
        "depth": "COALESCE(c.depth, 0)",
        "flags": f"{READ} + {of_the_pair} + {machine}",
    }
    packed = " + ".join(f"CAST({codes[name]} AS bigint) * {16**place}" for place, name in enumerate(PACKED))
    # Without a sentence a pair has no label (rollups.derive_pairs), and most pairs have none: half the time.
    unread = f"CAST({of_the_pair} AS bigint) * {16 ** PACKED.index('flags')}"
    values = {
        "key": "c.id",
        "cited": "c.cited_paper_id",
        "citing": "c.citing_paper_id",
        "year": f"COALESCE(c.citing_year, {UNDATED})",
        "venue": "COALESCE(c.citing_venue_id, 0)",
        "known": "COALESCE(s.known, 0)" if known else "0",
        "sections": "c.section_mask",
        "packed": f"CASE WHEN c.is_read THEN {packed} ELSE {unread} END",
        "probability": "COALESCE(c.suggestion_probability, 0)",
    }
    joined = f"LEFT JOIN {summary} s ON s.paper_id = c.citing_paper_id" if known else ""
    return (
        f"SELECT {', '.join(values.values())} FROM {pair} c"  # noqa: S608 - names of ours and numbers only
        f" {joined} WHERE c.withdrawn_at IS NULL AND {where}"
    )


def blocks(where, *, known=True):
    """Yield structured arrays of ROW, in no order, for the pairs that ``where`` lets through. One query.

    ``where`` is SQL of ours on the pair row ``c``; without ``known``, that column is 0.
    """
    kinds = [ROW[name].type for name in ROW.names]
    for arrays in bulk.read(_statement(where, known), kinds):
        rows = np.empty(len(arrays[0]), ROW)
        for name, values in zip(ROW.names, arrays, strict=True):
            rows[name] = values
        yield rows


class Pairs:
    """The pairs of some cited papers, column by column, sorted by cited paper and then as COLUMNS says.

    ``papers``: ids of the cited papers, ascending; the rows of the k-th are
    ``starts[k]:starts[k + 1]``. ``columns``: name -> array, of COLUMNS without ``fields``;
    ``venue`` still holds ids.
    """

    def __init__(self, rows):
        """``rows``: a structured array of ROW, in any order."""
        order = np.lexsort((-rows["citing"], -rows["year"], rows["cited"]))
        rows = rows[order]
        self.papers, starts = np.unique(rows["cited"], return_index=True)
        self.starts = np.append(starts, len(rows))
        self.columns = {
            name: rows[name].astype(kind)
            for name, kind in COLUMNS.items()
            if name in ROW.names and name != "venue"
        }
        self.columns["venue"] = rows["venue"]
        for place, name in enumerate(PACKED):
            self.columns[name] = (rows["packed"] >> 4 * place & 15).astype(np.uint8)

    def __getitem__(self, name):
        return self.columns[name]

    def __len__(self):
        return len(self.columns["citing"])

    @classmethod
    def of_one(cls, paper_id, found):
        """The pairs of one paper as its Columns have them, but for the ids of venues."""
        pairs = cls.__new__(cls)
        pairs.papers, pairs.starts = np.array([paper_id]), np.array([0, len(found)])
        pairs.columns = {name: getattr(found, name) for name in COLUMNS}
        return pairs

    def of_papers(self, paper_ids):
        """The pairs of those of its papers that are among ``paper_ids``."""
        which = np.isin(self.papers, list(paper_ids))
        rows = np.repeat(which, np.diff(self.starts))
        pairs = Pairs.__new__(Pairs)
        pairs.papers = self.papers[which]
        pairs.starts = np.append(0, np.cumsum(np.diff(self.starts)[which]))
        pairs.columns = {name: values[rows] for name, values in self.columns.items()}
        return pairs

    def of(self, place):
        """``{name: array}`` of the ``place``-th paper."""
        part = slice(self.starts[place], self.starts[place + 1])
        return {name: values[part] for name, values in self.columns.items()}


def read_pairs(paper_ids):
    """The current pairs of these cited papers. One query."""
    ids = ", ".join(str(int(paper_id)) for paper_id in paper_ids)
    found = list(blocks(f"c.cited_paper_id IN ({ids})")) if ids else []
    return Pairs(np.concatenate(found) if found else np.empty(0, ROW))


class Lookup:
    """What arrays say by codes: the fields of papers, and venues in the order of their names.

    ``Lookup.of(citing ids, venue ids)`` reads what these need, two queries;
    ``Lookup.whole()`` reads all of the library, for many hubs. ``names``: ``{Field: {id: name},
    Venue: {id: name}}``; fields have none in what ``of`` reads without ``named``.
    """

    def __init__(self, tagged, fields, venues):
        """``tagged``: rows of (paper id, field id, …), sorted; ``fields``, ``venues``: ``{id: name}``."""
        self.names = {Field: fields, Venue: venues}
        # Sorted here: databases differ in how they order names.
        self.venues = np.array(sorted(venues, key=lambda key: (venues[key], key)), np.int64)
        self._by_id = np.argsort(self.venues, kind="stable")
        sets, papers, codes = {(): 0}, [], []
        for paper_id, lines in groupby(tagged, key=itemgetter(0)):
            papers.append(paper_id)
            codes.append(sets.setdefault(tuple(line[1] for line in lines), len(sets)))
        self.papers, self.codes = np.array(papers, np.int64), np.array(codes, np.int64)
        self.sets = list(sets)

    @classmethod
    def of(cls, citing, venues, *, named=False):
        tagged = Paper.fields.through.objects.filter(paper_id__among=citing.tolist())
        # Names of fields, which the page of a small hub wants, would be a third of the time for a large one.
        columns = ("paper_id", "field_id", "field__name") if named else ("paper_id", "field_id")
        rows = list(tagged.order_by("paper_id", "field_id").values_list(*columns))
        fields = {field_id: name for _paper_id, field_id, *names in rows for name in names}
        found = Venue.objects.filter(id__among=venues.tolist()).order_by()
        return cls(rows, fields, dict(found.values_list("id", "name")))

    @classmethod
    def whole(cls):
        table = Paper.fields.through._meta.db_table
        statement = f"SELECT paper_id, field_id FROM {table} ORDER BY paper_id, field_id"  # noqa: S608 - a name of ours
        rows = chain.from_iterable(
            zip(papers.tolist(), fields.tolist(), strict=True)
            for papers, fields in bulk.read(statement, (np.int64, np.int64))
        )
        named = (model.objects.order_by().values_list("id", "name") for model in (Field, Venue))
        return cls(rows, *map(dict, named))

    def field_codes(self, citing):
        """(code of each paper's fields, the sets of field ids that the codes stand for)."""
        if not len(self.papers):
            return np.zeros(len(citing), np.int64), [()]
        place = np.minimum(np.searchsorted(self.papers, citing), len(self.papers) - 1)
        codes = np.where(self.papers[place] == citing, self.codes[place], 0)
        held, local = np.unique(np.append(codes, 0), return_inverse=True)
        return local[:-1], [self.sets[code] for code in held.tolist()]

    def venue_codes(self, venues):
        """(code of each venue id, the ids that the codes 1, 2, … stand for, in the order of their names)."""
        held = np.unique(venues[venues > 0])
        if not len(held):
            return np.zeros(len(venues), np.int64), held
        held = held[np.argsort(self._by_id[np.searchsorted(self.venues, held, sorter=self._by_id)])]
        by_id = np.argsort(held)
        codes = by_id[np.searchsorted(held, venues, sorter=by_id).clip(max=len(held) - 1)] + 1
        return np.where(venues > 0, codes, 0), held


# -- the arrays of one cited paper -------------------------------------------------------------------


class Columns:
    """The citing papers of one paper as arrays, one attribute for each of COLUMNS, read-only.

    ``venues``: ids of venues, by name; ``field_sets``: tuples of ids of fields.
    """

    def __init__(self, arrays, venues, field_sets):
        for name, values in arrays.items():
            setattr(self, name, values)
        self.venues = venues
        self.field_sets = field_sets
        self.orders = {}  # what readers have sorted by, to be kept with the arrays
        self.names = {}  # as in Lookup, where they were read along

    @classmethod
    def build(cls, part, lookup):
        """From one paper's part of Pairs."""
        codes, field_sets = lookup.field_codes(part["citing"])
        venue_codes, venues = lookup.venue_codes(part["venue"])
        arrays = dict(part, venue=venue_codes.astype("<u4"), fields=codes.astype("<u4"))
        return cls(arrays, venues, field_sets)

    @classmethod
    def unpack(cls, row):
        """From a HubColumns row with all its columns. Arrays are views of its bytes."""
        arrays = {name: np.frombuffer(getattr(row, name), kind) for name, kind in COLUMNS.items()}
        return cls(arrays, np.frombuffer(row.venues, "<i8"), [tuple(line) for line in row.field_sets])

    def __len__(self):
        return len(self.citing)

    @property
    def nbytes(self):
        return sum(getattr(self, name).nbytes for name in COLUMNS) + self.venues.nbytes

    def pack(self, paper_id, face):
        """The HubColumns row of these columns, unsaved."""
        packed = {
            name: getattr(self, name).astype(kind, copy=False).tobytes() for name, kind in COLUMNS.items()
        }
        packed["venues"] = self.venues.astype("<i8", copy=False).tobytes()
        field_sets = [list(line) for line in self.field_sets]
        digest = blake2b(json.dumps([face, field_sets]).encode(), digest_size=8)
        for name in sorted(packed):
            digest.update(packed[name])
        version = int.from_bytes(digest.digest(), "little", signed=True)
        return HubColumns(
            paper_id=paper_id, format=FORMAT, version=version, face=face, field_sets=field_sets, **packed
        )

    def with_labels(self, pairs):
        """These columns with the labels of ``pairs`` (some pairs of the same paper). Raises KeyError."""
        order = np.argsort(self.citing)
        place = np.searchsorted(self.citing, pairs["citing"], sorter=order).clip(max=len(self) - 1)
        rows = order[place]
        if not np.array_equal(self.citing[rows], pairs["citing"]):
            raise KeyError("a pair that the columns do not hold")
        arrays = {name: getattr(self, name) for name in COLUMNS}
        for name in LABEL_COLUMNS:
            if not np.array_equal(arrays[name][rows], pairs[name]):
                arrays[name] = arrays[name].copy()
                arrays[name][rows] = pairs[name]
        return Columns(arrays, self.venues, self.field_sets)

    def with_known(self, papers, known):
        """These columns with new values of ``known`` for the citing papers ``papers``, ascending ids."""
        place = np.searchsorted(papers, self.citing).clip(max=len(papers) - 1)
        arrays = {name: getattr(self, name) for name in COLUMNS}
        fresh = np.where(papers[place] == self.citing, known[place], self.known).astype("<u4")
        if not np.array_equal(fresh, self.known):
            arrays["known"] = fresh
        return Columns(arrays, self.venues, self.field_sets)

    @cached_property
    def kinds(self):
        """(the kind of each citing paper, an object with the columns of KINDS: a row for each kind).

        Papers are of a kind that have the same values of KINDS: 130,000 of them of some 3,000.
        """
        key, bits = np.zeros(len(self), np.int64), 0
        for name, width in KINDS.items():
            key |= getattr(self, name).astype(np.int64) << bits
            bits += width
        _keys, first, kind = np.unique(key, return_index=True, return_inverse=True)
        table = SimpleNamespace(**{name: getattr(self, name)[first] for name in KINDS})
        return kind.astype(np.int32), table

    @cached_property
    def field_table(self):
        """Each field of each set: arrays of (code of the set, place of the field), and the ids of fields."""
        sets = [code for code, line in enumerate(self.field_sets) for _field in line]
        ids = [field for line in self.field_sets for field in line]
        fields, places = np.unique(np.array(ids, np.int64), return_inverse=True)
        return np.array(sets, np.int64), places, fields


class _Kept:
    """Unpacked arrays of stored hubs, in this process: the latest used, of MOST bytes at most."""

    MOST = 64_000_000

    def __init__(self):
        self.held, self.size, self.lock = OrderedDict(), 0, threading.Lock()

    def get(self, key):
        with self.lock:
            if key in self.held:
                self.held.move_to_end(key)
            return self.held.get(key)

    def put(self, key, columns):
        with self.lock:
            if key in self.held or columns.nbytes > self.MOST:
                return
            self.held[key] = columns
            self.size += columns.nbytes
            while self.size > self.MOST:
                _key, gone = self.held.popitem(last=False)
                self.size -= gone.nbytes


_kept = _Kept()


def forget_kept():
    """As in a process that has just begun: arrays are read again."""
    global _kept
    _kept = _Kept()


def live(paper_id):
    """The Columns of a paper, read from all its pair rows. Three queries."""
    pairs = read_pairs([paper_id])
    part = pairs.of(0) if len(pairs.papers) else pairs.columns
    lookup = Lookup.of(part["citing"], np.unique(part["venue"]), named=True)
    found = Columns.build(part, lookup)
    found.names = lookup.names
    return found


def stored(row):
    """The Columns of a HubColumns row that was read without them. No query where this process kept them."""
    key = (row.paper_id, row.version)
    columns = _kept.get(key)
    if columns is None:
        whole = row_of(row.paper_id)
        if whole is None:  # fewer cite it since
            return live(row.paper_id)
        columns = Columns.unpack(whole)
        _kept.put((row.paper_id, whole.version), columns)
    return columns


FACES = Prepared(
    lambda paper_id: HubColumns.objects.filter(paper_id=paper_id, format=FORMAT).only(
        "paper_id", "version", "face"
    )
)


def row_of(paper_id):
    """The HubColumns row of a paper with all its columns; None for one that has none. One query."""
    row = bulk.read_row(HubColumns, paper_id)
    return row if row and row.format == FORMAT else None


def of(paper_id, known):
    """The Columns of a paper that ``known`` papers cite. At most three queries."""
    row = face_of(paper_id, known)
    return stored(row) if row else live(paper_id)


def face_of(paper_id, known):
    """The HubColumns row of a paper without its columns: version and ``face``; None for one that has none.

    One query, none for a paper that fewer than STORED_FROM cite.
    """
    if known < STORED_FROM:
        return None
    return next(iter(FACES(paper_id)), None)
