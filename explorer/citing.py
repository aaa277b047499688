"""The explorer of a hub: which citing papers a request asks for, how they count, one page of them.

Everything happens on the hub's columns (``citations/columns.py``): a filter is a mask over its
citing papers, a facet a count under all masks but its own, an order a permutation, a page a
stretch of it, however deep. Only the rows of that page are read from the pair table. Before
anyone filters, the counts and the first page come from the hub's face, and no array is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from citations import columns as hub_columns
from citations import tallies
from citations.columns import MACHINE, POLARITIES, READ, RETRACTED, ROLES, SELF, SOURCES, UNDATED
from citations.labels import HUMAN_SOURCES
from citations.machine import random_checks
from citations.models import Citation, ClaimTreatment
from citations.tallies import EVERY, UNLABELLED, UNSURE, listed, over_time, strongest
from citations.wordsearch import papers_with_words
from explorer.facets import FACETS, PARAMETERS, FacetCounts, facet_values
from explorer.filters import MOST_VALUES, Query
from papers import text
from papers.bulk import look_up
from papers.models import Field, Paper, Venue
from papers.prepared import Prepared
from papers.sections import SECTION_KINDS
from papers.words import MOST_WORDS

# -- filters: (Citing, values of the parameter) -> mask over its columns -----------------------------


def _among(array, words, wanted):
    """Whether each place of ``words`` in ``array`` is one of ``wanted``."""
    return np.array([word in wanted for word in words])[array]


def _roles(citing, values):
    found = citing.columns
    mask = _among(found.role, ROLES, [value for value in values if value in ROLES])
    nothing = found.role == 0
    if UNLABELLED in values:
        mask |= nothing & (found.role_source == 0)
    if UNSURE in values:
        mask |= nothing & (found.role_source > 0)
    return mask


def _polarities(citing, values):
    wanted = ["" if value == UNLABELLED else value for value in values]
    return _among(citing.columns.polarity, POLARITIES, wanted)


def _sections(citing, values):
    return citing.columns.sections & sum(1 << SECTION_KINDS.index(value) for value in values) > 0


def _fields(citing, values):
    wanted = set(citing.named(Field, values))
    return np.array([not wanted.isdisjoint(held) for held in citing.columns.field_sets])[
        citing.columns.fields
    ]


def _venues(citing, values):
    known = np.isin(citing.columns.venues, list(citing.named(Venue, values)))
    return np.concatenate([[False], known])[citing.columns.venue]


def _labelled(citing, value):
    role, polarity = citing.columns.role > 0, citing.columns.polarity > 0
    return {"role": role, "polarity": polarity}.get(value, ~(role | polarity))


def _year_max(citing, value):
    return (citing.columns.year <= int(value)) & (citing.columns.year != UNDATED)


def _undated(citing, value):
    undated = citing.columns.year == UNDATED
    return {"only": undated, "exclude": ~undated}.get(value)


def _flag(bit):
    def mask(citing, value):
        has = citing.columns.flags & bit > 0
        return {"only": has, "exclude": ~has}.get(value)

    return mask


def _machine(citing, value):
    read = citing.columns.flags & MACHINE > 0
    if value == "read":
        return read
    if value == "estimated":
        return read | _among(citing.columns.role_source, SOURCES, HUMAN_SOURCES) & (citing.columns.role > 0)
    return citing.one_of(check.unit for check in random_checks().get(citing.paper_id, ()))


def _cites(citing, value):
    papers = Paper.objects.values_list("pk", "hub_summary__known")
    number = int(value)  # of a paper, or of one that was merged away
    found = papers.filter(pk=number).first() or papers.filter(redirects__old_id=number).first()
    other, known = found or (number, 0)
    return citing.one_of(hub_columns.of(other, known or 0).citing)


def _claim(citing, value):
    """``12``, ``12:supports``, ``any`` or ``none``."""
    tied = ClaimTreatment.objects.filter(citation__cited_paper=citing.paper_id, claim__withdrawn_at=None)
    claim_id, _colon, treatment = value.partition(":")
    if claim_id not in ("any", "none"):
        tied = tied.filter(claim_id=int(claim_id))
    if treatment:
        tied = tied.filter(treatment=treatment)
    mask = citing.one_of(tied.values_list("citation__citing_paper_id", flat=True))
    return ~mask if claim_id == "none" else mask


MASKS = {
    "role": _roles,
    "polarity": _polarities,
    "suggested": lambda citing, values: _among(citing.columns.suggested, POLARITIES, values),
    "section": _sections,
    "field": _fields,
    "venue": _venues,
    "source": lambda citing, values: _among(citing.columns.label_source, SOURCES, values),
    "labelled": _labelled,
    "year_min": lambda citing, value: citing.columns.year >= int(value),
    "year_max": _year_max,
    "undated": _undated,
    "depth_min": lambda citing, value: citing.columns.depth >= int(value),
    "depth": lambda citing, values: np.isin(citing.columns.depth, [int(value) for value in values]),
    "self": _flag(SELF),
    "text": lambda citing, value: (citing.columns.flags & READ > 0) == (value == "read"),
    "retracted": _flag(RETRACTED),
    "machine": _machine,
    "cites": _cites,
    "claim": _claim,
    "q": lambda citing, value: citing.one_of(papers_with_words(citing.paper_id, value)),
}
REPEATABLE = {parameter.name for parameter in PARAMETERS if parameter.kind == "many"}
NAMED = {"field": Field, "venue": Venue}  # facets that go by ids
PAIRS = Prepared(lambda paper_id, ids: Citation.objects.incoming(paper_id).filter(citing_paper__among=ids))


# -- orders: Columns -> places, first to last ------------------------------------------------------------
# The columns stand newest first, ids falling; stable sorting keeps that among equals.


def _newest(found):
    return np.arange(len(found))


def _oldest(found):
    dated = np.count_nonzero(found.year != UNDATED)
    return np.concatenate([np.arange(dated)[::-1], np.arange(dated, len(found))[::-1]])


def _deepest(found):
    return np.argsort(-found.depth.astype(np.int8), kind="stable")


def _most_cited(found):
    return np.argsort(-found.known.astype(np.int64), kind="stable")


def _likeliest(found):
    return np.lexsort((-found.citing, -found.probability))


ORDERS = {
    "-year": _newest,
    "year": _oldest,
    "-depth": _deepest,
    "-cited": _most_cited,
    "-suggested": _likeliest,
}


class Citing:
    """The citing papers of one paper, to be filtered and counted.

    ``known``: how many its summary knows. One query; two more where a filter or a deep page
    needs the arrays and this process has not kept them.
    """

    def __init__(self, paper_id, known):
        self.paper_id = paper_id
        self.known = known
        self.row = hub_columns.face_of(paper_id, known)
        self._named = {}

    @cached_property
    def columns(self):
        return hub_columns.stored(self.row) if self.row else hub_columns.live(self.paper_id)

    @property
    def face(self):
        """What a large hub keeps ready, or None."""
        return self.row and self.row.face

    def one_of(self, ids):
        """A mask: whether each citing paper is one of ``ids``."""
        return np.isin(
            self.columns.citing, np.asarray(ids if isinstance(ids, np.ndarray) else list(ids), np.int64)
        )

    def named(self, model, names):
        """``{id: name}`` of the fields or venues with these names. One query for each set of names."""
        key = (model, tuple(names))
        if key not in self._named:
            self._named[key] = dict(model.objects.filter(name__in=names).values_list("id", "name"))
        return self._named[key]

    def names(self, model, ids):
        """``{id: name}`` of these fields or venues. One query, where the columns have not brought them."""
        if self.row is None and model in self.columns.names:
            return self.columns.names[model]
        table = model._meta.db_table
        return dict(look_up(f"SELECT id, name FROM {table} WHERE id IN ({{ids}})", ids)) if ids else {}  # noqa: S608

    def pairs(self, *lists):
        """The citations of these lists of ids of citing papers: a list for each, in its order. One query."""
        wanted = {one for ids in lists for one in ids}
        by_id = {row.citing_paper_id: row for row in PAIRS(self.paper_id, wanted)}
        return [[by_id[key] for key in ids if key in by_id] for ids in lists]

    def masks(self, values):
        """``{parameter: mask}`` of the valid raw ``values``; one that lets all through has none."""
        found = {}
        for name, held in values.items():
            if name in MASKS:
                mask = MASKS[name](self, held if name in REPEATABLE else held[0])
                if mask is not None:
                    found[name] = mask
        return found

    def kinds(self, rows):
        """The kinds of these citing papers, as in ``Columns.kinds``, and how many are of each."""
        kind, table = self.columns.kinds
        papers = np.bincount(kind[rows], minlength=len(table.role))
        held = np.flatnonzero(papers)
        return SimpleNamespace(**{name: values[held] for name, values in vars(table).items()}), papers[held]

    def order(self, sort):
        """The places of all, in the order of ``sort``; kept with the columns."""
        orders = self.columns.orders
        if sort not in orders:
            orders[sort] = ORDERS[sort](self.columns).astype(np.int32)
        return orders[sort]

    def over_time(self):
        """``tallies.over_time`` of all citing papers."""
        return self.face["over_time"] if self.face else over_time(self.columns)

    def strongest(self):
        """Ids of the citing papers that the representative ones are chosen from."""
        if self.face:
            return self.face["candidates"]
        return strongest(self.columns)


def _rows(masks):
    """What passes all of ``masks``: something to pick places with."""
    masks = list(masks)
    return np.flatnonzero(np.logical_and.reduce(masks)) if masks else EVERY


class Around(NamedTuple):
    """A citing paper in a list: its place from 1, and the ids of its neighbours or None."""

    place: int
    before: int | None
    after: int | None


@dataclass
class Listing:
    """One page of the citing papers of a hub, with its facets.

    Few queries, whatever the hub's size: those of Citing, one for each facet of names, one for the
    page's rows, and those of the filters ``q``, ``cites``, ``claim`` and ``machine=checked``.
    """

    query: Query
    citing: Citing
    path: str

    def __post_init__(self):
        filters = {name: held for name, held in self.query.values.items() if name in MASKS}
        self.masks = self.citing.masks(filters) if filters else {}
        self.filtered = bool(self.masks)
        if self.filtered:
            self.picked = _rows(self.masks.values())
            self.total = len(self.picked)
        else:
            self.total = self.citing.known if self.citing.face else len(self.citing.columns)
        self.per_page = int(self.query.one("per_page"))
        self.pages = max(1, math.ceil(self.total / self.per_page))
        self.asked_page = int(self.query.one("page"))
        self.page = min(self.asked_page, self.pages)

    @cached_property
    def counts(self):
        """The FacetCounts of the list."""
        counted = FacetCounts(self.total)
        for parameter in FACETS:
            name = parameter.name
            chosen = self.query.many(name)
            numbers = self._tally(name)
            if name in NAMED:
                numbers, chosen = self._by_name(NAMED[name], numbers, chosen)
            counted.facets[name] = facet_values(parameter, numbers, chosen)
        return counted

    def toggle_url(self, name, value):
        """The address of the list with one value of a facet switched on or off."""
        return self.query.url(self.path, self.query.toggled(name, value))

    def only_url(self, name, value):
        """The address of the list with one value of a facet in place of the chosen ones."""
        return self.query.url(self.path, self.query.with_value(name, value))

    def _tally(self, name):
        """``{word or id: papers}`` of one facet, under all filters but its own."""
        others = [mask for other, mask in self.masks.items() if other != name]
        # What is chosen by name may stand below what the face lists.
        if not others and self.citing.face and not (name in self.masks and name in NAMED):
            return dict(self.citing.face["tallies"][name])
        if name in NAMED:
            rows = self.picked if self.filtered and name not in self.masks else _rows(others)
            return tallies.NAMED[name](self.citing.columns, rows)
        return tallies.TALLIES[name](
            *(self._kinds if self.filtered and name not in self.masks else self.citing.kinds(_rows(others)))
        )

    @cached_property
    def _kinds(self):
        return self.citing.kinds(self.picked)

    def _by_name(self, model, numbers, chosen):
        """The longest of a tally by id, and the chosen ones, by name."""
        names = self.citing.named(model, chosen) if chosen else {}
        kept = listed(numbers)
        kept |= {key: numbers[key] for key in names if key in numbers}
        names = names | self.citing.names(model, [key for key in kept if key not in names])
        return {names[key]: number for key, number in kept.items() if key in names}, chosen

    def rows(self, *, past_the_end="last"):
        """The citations of this page, in order: a list. One query."""
        return self.citing.pairs(self.ids(past_the_end=past_the_end))[0]

    def ids(self, *, past_the_end="last"):
        """Ids of the citing papers of this page, in order."""
        page = self.asked_page if past_the_end == "empty" else self.page
        begin, end = (page - 1) * self.per_page, page * self.per_page
        sort = self.query.one("sort")
        if begin >= self.total:
            return []
        newest = self.citing.face["newest"] if self.citing.face else []
        if not self.filtered and sort == "-year" and end <= len(newest):
            return newest[begin:end]
        return self.citing.columns.citing[self._places(sort)[begin:end]].tolist()

    def around(self, citing_id):
        """Where a citing paper stands in the whole list: an Around, or None where it does not."""
        if not self.total:
            return None
        ids = self.citing.columns.citing[self._places(self.query.one("sort"))]
        found = np.flatnonzero(ids == citing_id)
        if not len(found):
            return None
        place = int(found[0])
        before = int(ids[place - 1]) if place else None
        after = int(ids[place + 1]) if place + 1 < len(ids) else None
        return Around(place + 1, before, after)

    def first_ids(self, most):
        """Ids of the first ``most`` citing papers of the whole list, in its order."""
        if not self.total:
            return []
        return self.citing.columns.citing[self._places(self.query.one("sort"))[:most]].tolist()

    def _places(self, sort):
        words = text.fold(self.query.one("q")).split()[:MOST_WORDS] if sort == "relevance" else []
        order = self.citing.order(sort if sort in ORDERS else "-depth" if words else "-year")
        if self.filtered:
            passes = np.zeros(len(order), bool)
            passes[self.picked] = True
            order = order[passes[order]]
        if words:
            in_title = self.citing.one_of(self._titles_with(words, order))
            order = order[np.argsort(~in_title[order], kind="stable")]
        return order

    def _titles_with(self, words, order):
        papers = Paper.objects.filter(id__among=self.citing.columns.citing[order].tolist())
        for word in words:
            papers = papers.filter(title_folded__contains=word)
        return papers.values_list("id", flat=True)

    def without(self):
        """For each filter in force: (Parameter, value, papers without it, address)."""
        lines = []
        for parameter, value in self.query.active[:MOST_VALUES]:
            values = self.query.toggled(parameter.name, value)
            name = parameter.name
            left = self.citing.masks({name: values[name]}) if name in values else {}
            others = [mask for other, mask in self.masks.items() if other != name]
            count = len(self.citing.columns.citing[_rows([*others, *left.values()])])
            lines.append((parameter, value, count, self.query.url(self.path, values)))
        return lines

    @property
    def asked(self):
        """The list's query as the end of an address: "?role=method", or nothing."""
        return self.query.url("")

    def page_url(self, page):
        return self.query.url(self.path, self.query.with_value("page", str(page)), keep_page=True)
