"""Which paper a record or a reference means: Match(paper, status, reason).

Owns the rule; knows nothing of formats and writes nothing. ``Catalogue`` holds the papers
that one batch can mean, loaded by a fixed number of queries, and is told of papers that
the batch is about to create.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from papers import text
from papers.identifiers import SCHEMES, is_preprint_doi
from papers.models import FOLDED_LENGTH, Paper, PaperIdentifier

LEAST_TITLE = 8  # folded characters: below that a title names nothing
YEARS_APART = 1  # a preprint and its publication

# Two papers that differ in one of these are two papers; the other schemes repeat themselves.
DECIDING_SCHEMES = ("doi", "arxiv", "acl", "pmid")
CHUNK = 2000  # keys at a time where a list of any length is walked


class MatchStatus(models.TextChoices):
    EXACT = "exact", _("same identifier")
    STRONG = "strong", _("same title, nothing against it")
    WEAK = "weak", _("similar title")
    AMBIGUOUS = "ambiguous", _("several papers fit")
    UNMATCHED = "unmatched", _("no paper fits")
    CURATED = "curated", _("matched by a curator")


# Reasons are stored in English, as the API prints them; pages say them in the reader's language.
REASONS = {
    "first known from this reference": _("first known from this reference"),
    "no identifier and no usable title": _("no identifier and no usable title"),
    "no paper has this title": _("no paper has this title"),
    "put back into the queue by a curator": _("put back into the queue by a curator"),
    "same title; year": _("same title; year"),
    "same title; first author": _("same title; first author"),
    "same title; year and first author": _("same title; year and first author"),
    "same title; no year or author to compare": _("same title; no year or author to compare"),
}
SEVERAL = re.compile(r"(\d+) papers have this title")
SAME_IDENTIFIER = re.compile(r"same ([a-z0-9]+)")


def reason_in_words(reason):
    """A stored reason in the reader's language; one that a person wrote stays as it is."""
    if reason in REASONS:
        return REASONS[reason]
    if several := SEVERAL.fullmatch(reason):
        return gettext("%(n)s papers have this title") % {"n": several[1]}
    if same := SAME_IDENTIFIER.fullmatch(reason):
        return gettext("same %(scheme)s") % {"scheme": same[1]}
    return reason


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
    """What is looked for: the part of a record or a reference that identifies a paper.

    ``pairs`` are its (scheme, value)s, strongest first; those of its other versions come last.
    """

    pairs: list[tuple[str, str]]
    title_folded: str = ""
    year: int | None = None
    first_author: str = ""

    @classmethod
    def of(cls, record):
        """What a PaperRecord, a ReferenceRecord or a NoticeRecord names."""
        said, title = record.identifiers, record.title
        pairs = list(said.items())
        if len(pairs) > 1:
            pairs = [(scheme, said[scheme]) for scheme in SCHEMES if scheme in said]
        for version in getattr(record, "versions", ()):
            pairs += [pair for pair in version.identifiers.items() if pair not in pairs]
        if title:
            title = "" if text.is_title_noise(title) else text.fold(title)[:FOLDED_LENGTH]
        return cls(pairs, title, getattr(record, "year", None), first_author(record))

    @property
    def has_title(self):
        return len(self.title_folded) >= LEAST_TITLE


def first_author(record):
    """The folded family name of a record's first author, "" without one."""
    people = getattr(record, "authors", ())
    if not people:
        return ""
    return (text.fold(people[0].family) or text.family_and_initial(people[0].name)[0])[:100]


class Catalogue:
    """The papers that a batch can mean, by identifier and by folded title."""

    def __init__(self, wanted, bare=()):
        """Load what fits ``wanted`` (Wanted items): four queries, one more for each scheme of identifiers.

        ``bare`` are (scheme, value)s of which nothing else is said. A paper that only they name
        comes without its title, year, author and other identifiers: nothing is compared with them.
        """
        self.by_identifier: dict[tuple[str, str], Candidate] = {}
        self.by_title: dict[str, list[Candidate]] = defaultdict(list)
        by_scheme, compared, titles = defaultdict(set), set(), set()
        for item in wanted:
            compared.update(item.pairs)
            if item.has_title:
                titles.add(item.title_folded)
        for scheme, value in compared.union(bare):
            by_scheme[scheme].add(value)
        rich, plain = set(), {}
        for scheme, values in by_scheme.items():
            found = PaperIdentifier.objects.filter(scheme=scheme, value__among=values)
            for value, paper_id in found.values_list("value", "paper_id"):
                pair = (scheme, value)
                if pair in compared:
                    rich.add(paper_id)
                else:
                    plain[pair] = paper_id
        if titles:
            rich.update(Paper.objects.filter(title_folded__among=titles).values_list("id", flat=True))
        candidates = self._load(rich)
        for pair, paper_id in plain.items():
            if paper_id not in candidates:
                candidates[paper_id] = Candidate(paper_id)
            self.by_identifier[pair] = candidates[paper_id]

    def _load(self, paper_ids):
        candidates = {}
        if paper_ids:
            rows = Paper.objects.filter(id__among=paper_ids).order_by("id")
            for row in rows.values_list("id", "title_folded", "year", "first_author", "is_stub"):
                candidates[row[0]] = Candidate(*row)
            rows = PaperIdentifier.objects.filter(paper_id__among=paper_ids)
            for paper_id, scheme, value in rows.values_list("paper_id", "scheme", "value"):
                candidates[paper_id].identifiers.add((scheme, value))
        for candidate in candidates.values():
            self.add(candidate)
        return candidates

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

    def learn(self, candidate, wanted):
        """Take in what a record says of a candidate, for those that the same batch compares with it."""
        candidate.year = candidate.year or wanted.year
        candidate.first_author = candidate.first_author or wanted.first_author
        if wanted.title_folded:
            candidate.title_folded = wanted.title_folded
        if wanted.has_title and candidate not in self.by_title[wanted.title_folded]:
            self.by_title[wanted.title_folded].append(candidate)


def bare_pair(reference):
    """The (scheme, value) of a reference that is one identifier and nothing else, else None.

    Most lines of a reference list of an index: they are looked up and compared with nothing.
    """
    said = reference.identifiers
    if len(said) == 1 and not (reference.title or reference.year or reference.authors):
        return next(iter(said.items()))
    return None


def chunks(values, size=CHUNK):
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
    for pair in wanted.pairs:
        candidate = catalogue.by_identifier.get(pair)
        if candidate and candidate not in named:
            named.append(candidate)
            if len(named) == 1:
                reason = f"same {pair[0]}"
    if named:
        return Match(named[0], MatchStatus.EXACT, reason, named[1:])
    if not wanted.has_title:
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
    return not contradict(candidate.identifiers, wanted.pairs)


def contradict(some, others):
    """Whether two sets of (scheme, value) name two works: a deciding scheme without a value in common.

    The DOI that a preprint server gave does not speak against a publisher's.
    """
    for scheme in DECIDING_SCHEMES:
        left, right = ({value for held, value in pairs if held == scheme} for pairs in (some, others))
        if not left or not right or left & right:
            continue
        if scheme != "doi" or _are_preprints(left) == _are_preprints(right):
            return True
    return False


def _are_preprints(dois):
    return all(map(is_preprint_doi, dois))


def _agreement(candidate, wanted):
    agree = []
    if candidate.year and candidate.year == wanted.year:
        agree.append("year")
    if candidate.first_author and candidate.first_author == wanted.first_author:
        agree.append("first author")
    return " and ".join(agree)
