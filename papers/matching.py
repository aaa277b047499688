"""Which paper a record or a reference means: Match(paper, status, reason).

Owns the rule; knows nothing of formats and writes nothing. ``Catalogue`` holds the papers
that one batch can mean, loaded by a fixed number of queries, and is told of papers that
the batch is about to create.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext_lazy as _

from papers import identifiers, text
from papers.models import FOLDED_LENGTH, Paper, PaperIdentifier

LEAST_TITLE = 8  # folded characters: below that a title names nothing
YEARS_APART = 1  # a preprint and its publication

# Two papers that differ in one of these are two papers; the other schemes repeat themselves.
DECIDING_SCHEMES = ("doi", "arxiv", "acl", "pmid")
LOOKUP_CHUNK = 2000  # values in one IN (...): SQLite takes no more than some thousands


class MatchStatus(models.TextChoices):
    EXACT = "exact", _("same identifier")
    STRONG = "strong", _("same title, nothing against it")
    WEAK = "weak", _("similar title")
    AMBIGUOUS = "ambiguous", _("several papers fit")
    UNMATCHED = "unmatched", _("no paper fits")
    CURATED = "curated", _("matched by a curator")


@dataclass(slots=True, eq=False)
class Candidate:
    """A paper as matching sees it. ``paper_id`` is None until the batch has created it."""

    paper_id: int | None
    title_folded: str = ""
    year: int | None = None
    first_author: str = ""
    is_stub: bool = False
    identifiers: set = field(default_factory=set)


@dataclass(slots=True)
class Match:
    """``candidate`` is None unless the status is exact or strong; ``others`` are what else fits."""

    candidate: Candidate | None
    status: MatchStatus
    reason: str
    others: list[Candidate] = field(default_factory=list)


@dataclass(slots=True)
class Wanted:
    """What is looked for: the part of a record or a reference that identifies a paper."""

    identifiers: dict[str, str]
    title_folded: str
    year: int | None
    first_author: str

    @classmethod
    def of(cls, record):
        first = record.authors[0] if record.authors else None
        family = ""
        if first:
            family = text.fold(first.family) or text.family_and_initial(first.name)[0]
        return cls(record.identifiers, text.fold(record.title)[:FOLDED_LENGTH], record.year, family[:100])


class Catalogue:
    """The papers that a batch can mean, by identifier and by folded title."""

    def __init__(self, wanted):
        """Load what fits ``wanted`` (Wanted items): three queries for each 2,000 values."""
        self.by_identifier: dict[tuple[str, str], Candidate] = {}
        self.by_title: dict[str, list[Candidate]] = defaultdict(list)
        by_scheme = defaultdict(set)
        titles = set()
        for item in wanted:
            for scheme, value in item.identifiers.items():
                by_scheme[scheme].add(value)
            if len(item.title_folded) >= LEAST_TITLE:
                titles.add(item.title_folded)
        paper_ids = set()
        for scheme, values in by_scheme.items():
            for chunk in chunks(values):
                found = PaperIdentifier.objects.filter(scheme=scheme, value__in=chunk)
                paper_ids.update(found.values_list("paper_id", flat=True))
        for chunk in chunks(titles):
            found = Paper.objects.filter(title_folded__in=chunk)
            paper_ids.update(found.values_list("id", flat=True))
        self._load(paper_ids)

    def _load(self, paper_ids):
        candidates = {}
        for chunk in chunks(paper_ids):
            rows = Paper.objects.filter(id__in=chunk)
            for row in rows.values_list("id", "title_folded", "year", "first_author", "is_stub"):
                candidates[row[0]] = Candidate(*row)
            rows = PaperIdentifier.objects.filter(paper_id__in=chunk)
            for paper_id, scheme, value in rows.values_list("paper_id", "scheme", "value"):
                candidates[paper_id].identifiers.add((scheme, value))
        for paper_id in sorted(candidates):
            self.add(candidates[paper_id])

    def add(self, candidate):
        for pair in candidate.identifiers:
            self.by_identifier.setdefault(pair, candidate)
        if len(candidate.title_folded) >= LEAST_TITLE:
            self.by_title[candidate.title_folded].append(candidate)

    def add_identifiers(self, candidate, pairs):
        """Give a candidate further identifiers; returns those that were free."""
        free = [pair for pair in pairs if pair not in self.by_identifier]
        for pair in free:
            candidate.identifiers.add(pair)
            self.by_identifier[pair] = candidate
        return free

    def retitle(self, candidate, title_folded):
        """File a candidate under its new title as well."""
        candidate.title_folded = title_folded
        if len(title_folded) >= LEAST_TITLE and candidate not in self.by_title[title_folded]:
            self.by_title[title_folded].append(candidate)


def chunks(values, size=LOOKUP_CHUNK):
    """Sorted lists of at most ``size`` values."""
    ordered = sorted(values)
    for begin in range(0, len(ordered), size):
        yield ordered[begin : begin + size]


def find(catalogue, wanted):
    """The Match for ``wanted``: by identifier, else by folded title with year and first author.

    Identifiers that name different papers: the strongest scheme decides, the others are
    in ``others``. A title alone matches where one paper has it and neither year (within
    one), first author nor a deciding identifier speaks against it.
    """
    named = []
    for scheme in identifiers.SCHEMES:
        value = wanted.identifiers.get(scheme)
        candidate = value and catalogue.by_identifier.get((scheme, value))
        if candidate and candidate not in named:
            named.append(candidate)
            if len(named) == 1:
                reason = f"same {scheme}"
    if named:
        return Match(named[0], MatchStatus.EXACT, reason, named[1:])
    if len(wanted.title_folded) < LEAST_TITLE:
        return Match(None, MatchStatus.UNMATCHED, "no identifier and no usable title")
    fitting = [item for item in catalogue.by_title.get(wanted.title_folded, ()) if _fits(item, wanted)]
    if len(fitting) > 1:
        # The one that agrees in year and author outright, if just one does.
        fitting = [item for item in fitting if _agreement(item, wanted) == "year and first author"] or fitting
    if len(fitting) > 1:
        return Match(None, MatchStatus.AMBIGUOUS, f"{len(fitting)} papers have this title", fitting)
    if not fitting:
        return Match(None, MatchStatus.UNMATCHED, "no paper has this title")
    agreement = _agreement(fitting[0], wanted)
    return Match(fitting[0], MatchStatus.STRONG, f"same title; {agreement or 'no year or author to compare'}")


def _fits(candidate, wanted):
    if candidate.year and wanted.year and abs(candidate.year - wanted.year) > YEARS_APART:
        return False
    if candidate.first_author and wanted.first_author and candidate.first_author != wanted.first_author:
        return False
    for scheme in DECIDING_SCHEMES:
        value = wanted.identifiers.get(scheme)
        held = {held_value for held_scheme, held_value in candidate.identifiers if held_scheme == scheme}
        if value and held and value not in held:
            return False
    return True


def _agreement(candidate, wanted):
    agree = []
    if candidate.year and candidate.year == wanted.year:
        agree.append("year")
    if candidate.first_author and candidate.first_author == wanted.first_author:
        agree.append("first author")
    return " and ".join(agree)
