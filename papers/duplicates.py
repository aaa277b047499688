"""Papers that may be one: found among papers whose title is new, and queued for people.

Owns ``PossibleDuplicate`` and ``Uncompared``: what is compared, what counts as alike, what was
settled. Merges nothing and decides nothing: what becomes of a pair is ``citations/identity.py``'s.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import chain, groupby
from typing import NamedTuple

from django.db import transaction
from django.db.models import BigIntegerField, Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils import timezone
from rapidfuzz import fuzz, process

from papers import bulk
from papers.identifiers import is_preprint_doi
from papers.matching import DECIDING_SCHEMES, YEARS_APART, contradict
from papers.models import Paper, PaperIdentifier, PaperRedirect, PossibleDuplicate, Uncompared

ALIKE = 90  # percent of two folded titles: one letter in ten may differ
LEAST_TITLE = 20  # folded characters: shorter titles are alike by chance
MOST_OF_A_TITLE = 20  # papers: a title that more of them have is no title ("Letters to the editor …")
MOST_OF_A_PAPER = 10  # pairs, the best: a person reads them
LARGE_BLOCK = 500  # papers of one first author within three years: from here on ends of titles must agree

PORTION = 50_000  # marked papers in memory at a time
GROUP = 500  # papers compared in one transaction
LARGEST_GROUP = 5000  # where they share a first author

Verdict = PossibleDuplicate.Verdict


class Titled(NamedTuple):
    """A paper as comparing sees it."""

    id: int
    title_folded: str
    year: int | None
    first_author: str


# -- marks -----------------------------------------------------------------------------------


def mark_uncompared(paper_ids):
    """Note that the titles of these papers are new. One statement; twice is once."""
    if paper_ids:
        bulk.insert_missing(Uncompared, "paper", paper_ids)


def compare_new(*, also=None, progress=None):
    """Compare the papers that are marked with all others; returns how many pairs were queued.

    ``also(papers)`` is called with each portion of at most 50,000 Titled before their marks
    are taken away; ``progress(done, total)`` after each group, which is one transaction of
    about eight queries: at most 500 papers, or 5,000 of one first author. A stopped run
    compares its portion once more.
    """
    total, done, queued = Uncompared.objects.count(), 0, 0
    while marks := list(Uncompared.objects.order_by("paper_id").values_list("paper_id", flat=True)[:PORTION]):
        papers = _titled(Paper.objects.filter(id__among=set(current_ids(marks).values())))
        for group in _groups(papers):
            with transaction.atomic():
                queued += compare(group)
            done += len(group)
            if progress:
                progress(done, max(done, total))
        if also:
            also(papers)
        _unmark(marks, papers)
    return queued


def _groups(papers):
    """Papers of one year together, and of one first author if they can be: a block is read few times."""
    papers = sorted(papers, key=lambda paper: (paper.year or 0, paper.first_author, paper.id))
    for _year, of_year in groupby(papers, key=lambda paper: paper.year):
        group = []
        for paper in of_year:
            full = len(group) >= GROUP and paper.first_author != group[-1].first_author
            if full or len(group) >= LARGEST_GROUP:
                yield group
                group = []
            group.append(paper)
        yield group


def _unmark(marks, papers):
    """Take the marks away, but for papers whose title has changed since it was read."""
    with transaction.atomic():
        bulk.lock_library()  # an import that is about to mark one anew comes before or after
        compared = {paper.id: paper.title_folded for paper in papers}
        now = Paper.objects.filter(id__among=list(compared)).values_list("id", "title_folded")
        changed = {paper_id for paper_id, title in now if compared[paper_id] != title}
        today = current_ids(marks)
        gone = [mark for mark in marks if today[mark] not in changed]
        Uncompared.objects.filter(paper_id__among=gone).delete()


def current_ids(paper_ids):
    """``{id: the id it has today}``: another one where the paper was merged away. One query."""
    today = {paper_id: paper_id for paper_id in paper_ids}
    moved = PaperRedirect.objects.filter(old_id__among=list(today))
    today.update(moved.values_list("old_id", "paper_id"))
    return today


def _titled(queryset):
    rows = queryset.values_list("id", "title_folded", "year", "first_author")
    return [Titled(*row) for row in rows]


# -- comparing -------------------------------------------------------------------------------


def compare(papers):
    """Queue the papers of the library that may be the same work as one of these; returns how many pairs.

    ``papers``: Titled of one year (or of none). Compared are papers with the same first author
    and years at most one apart whose titles are 90 % alike, and papers with the same title
    where an author or a year is unknown. About eight queries.
    """
    papers = [paper for paper in papers if len(paper.title_folded) >= LEAST_TITLE]
    found = defaultdict(dict)  # paper -> {other: score}
    for paper, other in _same_title(papers):
        found[paper][other] = 100
    for paper, other, score in _same_author(papers):
        found[paper][other] = score
    identifiers = _identifiers({paper.id for paper in chain(found, *found.values())})
    reasons = {}  # (id, id) -> (score, reason)
    for paper, others in found.items():
        best = sorted(others.items(), key=lambda line: (-line[1], line[0].id))[: 2 * MOST_OF_A_PAPER]
        said = 0
        for other, score in best:
            reason = _reason(paper, other, score, identifiers[paper.id], identifiers[other.id])
            if reason and said < MOST_OF_A_PAPER:
                reasons[ordered(paper.id, other.id)] = (score, reason)
                said += 1
    return queue(reasons)


def _same_title(papers):
    """(paper, other) with the same title, nothing known against it; titles that many papers have left out."""
    by_title = defaultdict(list)
    for paper in papers:
        by_title[paper.title_folded].append(paper)
    if not by_title:
        return
    held = Paper.objects.filter(title_folded__among=list(by_title)).order_by()
    times = held.values("title_folded").annotate(times=Count("id")).filter(times__range=(2, MOST_OF_A_TITLE))
    shared = list(times.values_list("title_folded", flat=True))
    for other in _titled(Paper.objects.filter(title_folded__among=shared)) if shared else ():
        for paper in by_title[other.title_folded]:
            authors = {paper.first_author, other.first_author} - {""}
            if paper.id != other.id and len(authors) < 2 and _years_fit(paper.year, other.year):
                yield paper, other


def _same_author(papers):
    """(paper, other, score) with the same first author, years at most one apart, and titles alike."""
    years = {year for paper in papers if paper.year for year in range(paper.year - 1, paper.year + 2)}
    authors = {paper.first_author for paper in papers if paper.year and paper.first_author}
    if not authors or not years:
        return
    blocks = defaultdict(dict)
    near = Paper.objects.filter(first_author__among=authors, year__in=sorted(years))
    for other in _titled(near):
        if len(other.title_folded) >= LEAST_TITLE:
            blocks[other.first_author][other.id] = other
    for author, of_author in groupby(sorted(papers, key=_author), key=_author):
        if len(blocks.get(author, ())) < 2:
            continue
        block = _Block(blocks[author])
        for paper in of_author:
            for other, score in block.like(paper):
                if paper.year and _years_fit(paper.year, other.year):
                    yield paper, other, score


def _author(paper):
    return paper.first_author


class _Block:
    """The papers of one first author about one year.

    In a large block (Wang, 2020) only titles are compared that begin or end with the same two
    words: the comparisons no longer grow with the square of the block.
    """

    def __init__(self, papers):
        self.papers = papers
        self.titles = {paper_id: paper.title_folded for paper_id, paper in papers.items()}
        self.ends = defaultdict(dict)
        self.is_large = len(papers) > LARGE_BLOCK
        for paper_id, title in self.titles.items() if self.is_large else ():
            for end in _ends(title):
                self.ends[end][paper_id] = title

    def like(self, paper):
        """[(other, score)] of the other papers whose titles are alike and do not tell the two apart."""
        titles = self.titles
        if self.is_large:
            first, last = (self.ends[end] for end in _ends(paper.title_folded))
            titles = first | last
        lines = process.extract(
            paper.title_folded, titles, scorer=fuzz.ratio, processor=None, score_cutoff=ALIKE, limit=None
        )
        return [
            (self.papers[key], int(score))
            for title, score, key in lines
            if key != paper.id and not told_apart(title, paper.title_folded)
        ]


def _ends(title):
    words = title.split()
    return ("first", *words[:2]), ("last", *words[-2:])


def _years_fit(one, other):
    return not one or not other or abs(one - other) <= YEARS_APART


def alike(title, other):
    """How much of two folded titles is alike, in whole percent: rapidfuzz's normalised Indel similarity.

    0 where one is empty.
    """
    return int(fuzz.ratio(title, other)) if title and other else 0


# What stands before the title of a work where another is about it.
ABOUT_ANOTHER = re.compile(
    r"\b(?:(?:comments?|commentary|repl(?:y|ies)|responses?|reviews?|corrections?) (?:on|to|of|for)"
    r"|errat(?:um|a)|corrigend(?:um|a)|addendum|retraction)\b|\b(?:comment|reply|review)$"
)


def told_apart(title, other):
    """Whether two folded titles, however alike, name two works: part I and II, a comment on the other."""
    if numbers(title) != numbers(other):
        return True
    return bool(ABOUT_ANOTHER.match(title)) != bool(ABOUT_ANOTHER.match(other))


_UNITS = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_NUMBERS = {"x" * tens + unit: 10 * tens + one for tens in range(4) for one, unit in enumerate(_UNITS)}
_NUMBERS |= {
    word: number
    for words in (
        "one two three four five six seven eight nine ten",
        "first second third fourth fifth sixth seventh eighth ninth tenth",
    )
    for number, word in enumerate(words.split(), start=1)
}
del _NUMBERS[""], _NUMBERS["x"]  # X-rays, X chromosomes


def numbers(title):
    """The numbers in a folded title, in order, Roman ones up to 39 and spelled ones up to ten as well.

    Titles that differ in them are titles of two works: part I and part II, 2019 and 2020.
    """
    found = []
    for word in title.split():
        if word in _NUMBERS:
            found.append(_NUMBERS[word])
        else:
            found += map(int, re.findall(r"[0-9]{1,18}", word))
    return found


def _identifiers(paper_ids):
    """{id: {(scheme, value)}} of the schemes that decide. One query."""
    found = defaultdict(set)
    rows = PaperIdentifier.objects.filter(paper_id__among=paper_ids, scheme__in=DECIDING_SCHEMES)
    for paper_id, scheme, value in rows.values_list("paper_id", "scheme", "value"):
        found[paper_id].add((scheme, value))
    return found


_VERSION = re.compile(r"[./_-]?v[0-9]{1,2}$")


def contradicting_schemes(some, others):
    """The deciding schemes in which two sets of (scheme, value) name two works, strongest first.

    Beside what ``matching.contradict`` allows: two versions of one preprint have DOIs that
    differ in their version, and a preprint has a PubMed identifier of its own.
    """
    some, others = ({_versionless(pair) for pair in pairs} for pairs in (some, others))
    schemes = [
        scheme
        for scheme in DECIDING_SCHEMES
        if contradict(*({pair for pair in pairs if pair[0] == scheme} for pairs in (some, others)))
    ]
    if "doi" not in schemes and _is_preprint(some) != _is_preprint(others):
        schemes = [scheme for scheme in schemes if scheme != "pmid"]
    return schemes


def _versionless(pair):
    scheme, value = pair
    if scheme == "doi" and is_preprint_doi(value):
        return scheme, _VERSION.sub("", value)
    return pair


def _is_preprint(pairs):
    """Whether all that names it is a preprint's: an arXiv id, a preprint server's DOI."""
    dois = [value for scheme, value in pairs if scheme == "doi"]
    return all(map(is_preprint_doi, dois)) and (bool(dois) or any(scheme == "arxiv" for scheme, _v in pairs))


def _reason(paper, other, score, some, others):
    """Why the two may be one, in words for a curator; "" where their identifiers say that they are not."""
    same_author = bool(paper.first_author) and paper.first_author == other.first_author
    against = contradicting_schemes(some, others)
    two_dois = "doi" in against and "arxiv" not in against and score == 100 and same_author
    if against and not two_dois:
        return ""
    words = ["same title" if score == 100 else f"title {score} % alike"]
    words.append("same first author" if same_author else "first author not known of both")
    if paper.year and other.year:
        early, late = sorted((paper.year, other.year))
        words.append(f"both {early}" if early == late else f"{early} and {late}")
    else:
        words.append("year not known of both")
    if two_dois:
        words.append("different DOIs: conference and journal version?")
    elif some and others and _is_preprint(some) != _is_preprint(others):
        words.append("preprint and published version?")
    return ", ".join(words)


# -- the queue -------------------------------------------------------------------------------


def ordered(one, other):
    """The two ids as a pair is stored: the lower one first."""
    return (one, other) if one < other else (other, one)


def queue(reasons):
    """Queue pairs that nothing was said of yet; returns how many. ``{(id, id): (score, reason)}``.

    Three queries. What was said of a paper that was merged away counts for the one it went into.
    """
    known = verdicts(reasons)
    rows = [
        PossibleDuplicate(paper_id=pair[0], other_id=pair[1], score=score, reason=reason[:300])
        for pair, (score, reason) in reasons.items()
        if pair not in known
    ]
    PossibleDuplicate.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def verdicts(pairs):
    """``{(id, id): verdict}`` of those pairs of papers that were ever queued; "" is open. Two queries."""
    pairs = set(pairs)
    if not pairs:
        return {}
    today = _with_earlier_ids({paper_id for pair in pairs for paper_id in pair})
    found = {}
    for row in _rows(today):
        pair = ordered(today[row.paper_id], today[row.other_id])
        if pair in pairs and found.get(pair) != Verdict.DIFFERENT:
            found[pair] = row.verdict or found.get(pair, "")
    return found


def settle(one, other, *, verdict, by, reason=""):
    """Say of two papers, by their ids, that they are the same work or different ones; open or not. Atomic.

    ``by`` is None for imports. The rows of papers that were merged into one of the two follow,
    so that a pair is never asked twice.
    """
    with transaction.atomic():
        bulk.lock_library()
        said = {"verdict": verdict, "settled_by": by, "settled_at": timezone.now()}
        rows = said_of(one, other)
        other_word = [row.pk for row in rows if row.verdict != verdict]
        PossibleDuplicate.objects.filter(pk__among=other_word).update(**said)
        low, high = ordered(one, other)
        if not any((row.paper_id, row.other_id) == (low, high) for row in rows):
            titles = dict(Paper.objects.filter(pk__in=(low, high)).values_list("pk", "title_folded"))
            score = alike(titles.get(low, ""), titles.get(high, ""))
            PossibleDuplicate.objects.create(
                paper_id=low, other_id=high, score=score, reason=reason[:300], **said
            )


def said_of(one, other):
    """What was ever said of these two papers or of those merged into them. Two queries."""
    today = _with_earlier_ids([one, other])
    rows = [row for row in _rows(today) if today[row.paper_id] != today[row.other_id]]
    return sorted(rows, key=lambda row: row.pk)


def _with_earlier_ids(paper_ids):
    """{id: id today} for these ids and all that were merged into them. One query."""
    today = {paper_id: paper_id for paper_id in paper_ids}
    moved = PaperRedirect.objects.filter(paper_id__among=list(today))
    today.update(moved.values_list("old_id", "paper_id"))
    return today


def _rows(today):
    """The PossibleDuplicates between papers of ``today``: {id: id today}. One query."""
    found = PossibleDuplicate.objects.filter(paper_id__among=list(today))
    return [row for row in found if row.other_id in today]


def waiting(queryset=None):
    """The open pairs whose papers are two today, as a queryset, best first once it is ordered by ``-score``.

    ``now_paper`` and ``now_other`` are the ids of today, the lower one first. Where a merge has
    made a pair the same as another that stands in the table, it shows once.
    """
    rows = with_ids_of_today(queryset)
    same = PossibleDuplicate.objects.filter(paper_id=OuterRef("now_paper"), other_id=OuterRef("now_other"))
    stands = Q(paper_id=F("now_paper"), other_id=F("now_other"))
    return rows.filter(verdict="").exclude(now_paper=F("now_other")).filter(stands | ~Exists(same))


def with_ids_of_today(queryset=None):
    """PossibleDuplicates with ``now_paper`` and ``now_other``, the lower one first; equal after a merge."""
    if queryset is None:
        queryset = PossibleDuplicate.objects.all()

    def today(column):
        moved = PaperRedirect.objects.filter(old_id=OuterRef(column)).values("paper_id")
        return Coalesce(Subquery(moved), F(column), output_field=BigIntegerField())

    rows = queryset.alias(one_today=today("paper_id"), other_today=today("other_id"))
    return rows.annotate(
        now_paper=Least("one_today", "other_today"), now_other=Greatest("one_today", "other_today")
    )
