"""One identity for each paper: what imports and curators do about papers and references that may be one.

Merges what one record names twice, keeps what was said of a pair of papers with the merge and
its undoing, and tries references of the queue again when papers come. How two papers become
one row is ``merging.py``'s, which titles are alike ``papers/duplicates.py``'s.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from django.db import transaction
from django.db.models import Case, Count, F, Max, Min, Q, Value, When
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _

from citations.curation import PUT_BACK, Refused
from citations.merging import merge_papers, undo_merge
from citations.models import UnmatchedReference
from citations.writing import take_reference
from papers import bulk, duplicates, text
from papers.duplicates import ALIKE, Titled, Verdict
from papers.matching import YEARS_APART, Catalogue, Match, MatchStatus, Wanted, chunks, find
from papers.models import Paper, PaperIdentifier
from papers.records import ReferenceRecord

LEAST_PRINTED = 25  # folded characters of a title that is looked for in references as printed
LEAST_WORDS = 4  # and its words; by the first so many it is found
ROWS_A_SCAN = 2000
ROWS_A_TRY = 200


class United(NamedTuple):
    merged: int
    queued: int


def catch_up(*, progress=None):
    """Compare the papers whose titles are new, and try the queue again with them.

    Returns how many pairs of papers were queued, and how many references of the queue resolved.

    Call it after an import and before ``rollups.refresh_stale``: resolved references mark hubs
    stale. In transactions of its own; a stopped run goes on where marks are left.
    """
    resolved = 0

    def also(papers):
        nonlocal resolved
        resolved += try_again(papers)

    queued = duplicates.compare_new(also=also, progress=progress)
    return queued, resolved


# -- two papers, one work --------------------------------------------------------------------


def make_one(*, keep, lose, by, reason=""):
    """Merge two papers and note that they are the same work; returns the Merge. Atomic.

    The queue is tried again with what is left: a title that two papers had, one has now.
    Raises Refused as ``merge_papers``.
    """
    with transaction.atomic():
        bulk.lock_library()
        if keep.pk != lose.pk:
            duplicates.settle(keep.pk, lose.pk, verdict=Verdict.SAME, by=by, reason=reason)
        merge = merge_papers(keep=keep, lose=lose, by=by, reason=reason)
        duplicates.mark_uncompared([keep.pk])
    return merge


def make_two(*, merge, by):
    """Undo a merge and note that the two are different papers; returns the paper that is back. Atomic.

    No import merges them again. Raises Refused as ``undo_merge``.
    """
    with transaction.atomic():
        bulk.lock_library()
        back = undo_merge(merge=merge, by=by)
        duplicates.settle(merge.paper_id, back.pk, verdict=Verdict.DIFFERENT, by=by, reason="merge undone")
    return back


def tell_apart(*, one, other, by):
    """Say that two papers are different works: they are not asked for again, and no import merges them."""
    if Paper.objects.filter(pk__in=(one.pk, other.pk)).count() < 2:
        raise Refused(_("Choose two different papers that are both in the library."))
    duplicates.settle(one.pk, other.pk, verdict=Verdict.DIFFERENT, by=by)


def unite(taken):
    """Merge the papers that one record of a batch names together; returns United(merged, queued).

    ``taken``: ``papers.ingest.Taken`` items; those with ``same_as`` count. Papers are merged
    where nothing speaks against it, else queued with what does; nothing happens where a curator
    has said that they are different. Call it in the batch's transaction, after its rows are
    written; ``paper_id`` of the items follows the merges. Some five queries for a batch that
    names papers twice, and for each pair six, beside those of the merge.
    """
    named = [(item, other_id, why) for item in taken for other_id, why in item.same_as]
    if not named:
        return United(0, 0)
    today = duplicates.current_ids(
        {item.paper_id for item in taken} | {other_id for _item, other_id, _why in named}
    )
    merged = queued = 0
    for item, other_id, why in named:
        ids = (today[item.paper_id], today[other_id])
        found = Paper.objects.in_bulk(ids)
        if len(found) < 2:  # one by now, or gone
            continue
        pair = duplicates.ordered(*ids)
        if duplicates.verdicts([pair]).get(pair):
            continue
        source = item.source_record.source if item.source_record else "an import"
        # A described paper before a stub, an older one before a younger.
        keep, lose = sorted(found.values(), key=lambda paper: (paper.is_stub, paper.pk))
        if against := _speaks_against(keep, lose):
            score = duplicates.alike(keep.title_folded, lose.title_folded)
            words = f"one record of {source} names both ({why}), but {against}"
            queued += duplicates.queue({pair: (score, words)})
            continue
        make_one(keep=keep, lose=lose, by=None, reason=f"import: one record of {source} names both, {why}")
        merged += 1
        today = {old: keep.pk if new == lose.pk else new for old, new in today.items()}
    for item in taken:
        item.paper_id = today[item.paper_id]
    return United(merged, queued)


def _speaks_against(one, other):
    """What speaks against two papers being one that a record names as one; "" for nothing."""
    against = []
    titles = (one.title_folded, other.title_folded)
    if all(titles) and not (one.is_stub or other.is_stub):
        score = duplicates.alike(*titles)
        if score < ALIKE:
            against.append(f"their titles are {score} % alike")
        elif duplicates.told_apart(*titles):
            against.append("their titles differ in a number, or one is about the other")
    if one.year and other.year and abs(one.year - other.year) > YEARS_APART:
        against.append(f"they are of {min(one.year, other.year)} and {max(one.year, other.year)}")
    rows = PaperIdentifier.objects.filter(paper_id__in=(one.pk, other.pk))
    held = defaultdict(set)
    for paper_id, scheme, value in rows.values_list("paper_id", "scheme", "value"):
        held[paper_id].add((scheme, value))
    if schemes := duplicates.contradicting_schemes(held[one.pk], held[other.pk]):
        against.append(f"they have different identifiers ({', '.join(schemes)})")
    return "; ".join(against)


# -- references of the queue -----------------------------------------------------------------


def try_again(papers):
    """Try the open references that may mean one of these papers (Titled); returns how many were resolved.

    Those with a usable title by that title, through its index. Those that are only held as
    printed in one pass over them, which costs the same for one paper as for thousands: each is
    folded and looked through for the first four words of the papers' titles (about 30 µs).
    What a curator has put back into the queue is left to people. Written in transactions of
    at most 200 references; some forty queries for each that is resolved.
    """
    return _try_titles(papers) + _try_printed(papers)


def _open():
    return UnmatchedReference.objects.waiting().exclude(match_reason=PUT_BACK)


def _try_titles(papers):
    resolved = 0
    for titles in chunks({paper.title_folded for paper in papers} - {""}):
        waiting = _open().filter(title_folded__among=titles).values_list("pk", flat=True)
        for ids in chunks(waiting, ROWS_A_TRY):
            with transaction.atomic():
                bulk.lock_library()
                rows = list(_open().filter(pk__in=ids).select_related("record"))
                wanted = {row: Wanted.of(msgspec.convert(row.payload, ReferenceRecord)) for row in rows}
                catalogue = Catalogue(wanted.values())
                resolved += sum(_take(row, find(catalogue, wanted[row])) for row in rows)
    return resolved


def _take(row, match):
    """Do with an open reference what ``match`` says; returns whether it was resolved."""
    paper_id = match.candidate.paper_id if match.candidate else None
    if paper_id == row.citing_paper_id:
        return False
    if paper_id is not None:
        row.citation = take_reference(
            row, cited_paper_id=paper_id, status=match.status, reason=f"tried again: {match.reason}"[:200]
        )
        row.resolved_at = timezone.now()
        row.save(update_fields=["citation", "resolved_at"])
        return True
    others = [other.paper_id for other in match.others if other.paper_id != row.citing_paper_id]
    candidates = list(dict.fromkeys([*row.candidates, *others]))
    said = {"match_status": match.status, "match_reason": match.reason[:200], "candidates": candidates}
    if others and any(getattr(row, name) != value for name, value in said.items()):
        UnmatchedReference.objects.filter(pk=row.pk).update(**said)
    return False


# -- references that are held as printed only ------------------------------------------------


@dataclass(slots=True)
class _Printed:
    """A title that stands in a reference as printed. ``missing``: what does not stand beside it."""

    paper: Titled
    year: int | None
    missing: list[str]


def _try_printed(papers):
    heads = defaultdict(list)  # the first words of a title -> papers
    for paper in papers:
        words = paper.title_folded.split()
        if len(paper.title_folded) >= LEAST_PRINTED and len(words) >= LEAST_WORDS:
            heads[" ".join(words[:LEAST_WORDS])].append(paper)
    if not heads:
        return 0
    first_words = {head.partition(" ")[0] for head in heads}
    resolved = 0
    ends = _without_title().aggregate(first=Min("pk"), last=Max("pk"))
    for begin in range(ends["first"] or 0, (ends["last"] or -1) + 1, ROWS_A_SCAN):
        lines = _without_title().filter(pk__range=(begin, begin + ROWS_A_SCAN - 1))
        lines = lines.values_list("pk", "raw", "year")
        hits = {key: found for key, raw, year in lines if (found := _printed(raw, year, heads, first_words))}
        for ids in chunks(hits, ROWS_A_TRY):
            with transaction.atomic():
                bulk.lock_library()
                resolved += _try_hits({key: hits[key] for key in ids})
    return resolved


def _without_title():
    """Open references that have no title to be found by. What was weak before may find its paper now."""
    no_title = Q(title_folded="") | Q(match_status__in=(MatchStatus.UNMATCHED, MatchStatus.WEAK))
    return _open().filter(no_title).exclude(raw="")


_YEAR = re.compile(r"\b(?:1[5-9]|20)[0-9]{2}(?=[a-z]?\b)")
# What is printed after a title where a part of the work is meant.
_PART = re.compile(r"(?:part|supplement|appendix|ii|iii|iv)\b")


def _printed(raw, year, heads, first_words):
    """The papers whose whole titles stand in a reference as printed, as a list of _Printed."""
    words = text.fold(raw).split()
    found = []
    for place in range(len(words) - LEAST_WORDS + 1):
        if words[place] not in first_words:
            continue
        for paper in heads.get(" ".join(words[place : place + LEAST_WORDS]), ()):
            length = paper.title_folded.count(" ") + 1
            if " ".join(words[place : place + length]) == paper.title_folded:
                before, after = " ".join(words[:place]), " ".join(words[place + length :])
                found.append(_beside(paper, year, before, after))
    return found


def _beside(paper, year, before, after):
    """What stands beside a title: the first author's name, a year within one."""
    missing = []
    rest = f" {before} | {after} "
    years = [int(digits) for digits in _YEAR.findall(rest)] + ([year] if year else [])
    near = [stated for stated in years if paper.year and abs(stated - paper.year) <= YEARS_APART]
    if not near:
        missing.append("year")
    if not paper.first_author or f" {paper.first_author} " not in rest:
        missing.append("first author")
    if duplicates.ABOUT_ANOTHER.search(before) or _PART.match(after):
        missing.append("a reference to the work itself")
    nearest = min(near, key=lambda stated: abs(stated - paper.year), default=None)
    return _Printed(paper, nearest, missing)


def _try_hits(hits):
    """Resolve or point out references whose raw text holds titles: {id of the reference: [_Printed]}."""
    wanted = {
        (key, hit.paper.id): Wanted([], hit.paper.title_folded, hit.year, hit.paper.first_author)
        for key, found in hits.items()
        for hit in found
    }
    catalogue = Catalogue(wanted.values())
    rows = _open().filter(pk__in=list(hits)).select_related("record")
    resolved = 0
    for row in rows:
        found = [hit for hit in hits[row.pk] if hit.paper.id != row.citing_paper_id]
        if found:
            matches = {hit.paper.id: find(catalogue, wanted[row.pk, hit.paper.id]) for hit in found}
            resolved += _take(row, _match_of(found, matches))
    return resolved


def _match_of(found, matches):
    """The Match of a reference in which titles stand. ``matches``: what else each of them could mean.

    A title that is part of a longer one which stands there too counts for nothing.
    """
    longest = max((hit.paper.title_folded for hit in found), key=len)
    found = [
        hit for hit in found if hit.paper.title_folded == longest or hit.paper.title_folded not in longest
    ]
    candidates = {}
    for hit in found:
        match = matches[hit.paper.id]
        for other in [match.candidate] if match.candidate else match.others:
            candidates[other.paper_id] = other
    sure = [hit for hit in found if not hit.missing and matches[hit.paper.id].candidate]
    if len(candidates) == 1 and sure:
        reason = "its title, first author and year stand in the reference as printed"
        return Match(*candidates.values(), MatchStatus.STRONG, reason)
    if len(candidates) > 1:
        reason = f"the titles of {len(candidates)} papers stand in the reference as printed"
        return Match(None, MatchStatus.AMBIGUOUS, reason, list(candidates.values()))
    missing = dict.fromkeys(part for hit in found for part in hit.missing)
    reason = f"its title stands in the reference as printed, but not: {', '.join(missing)}"
    return Match(None, MatchStatus.WEAK, reason, list(candidates.values()))


# -- what is wanted most ---------------------------------------------------------------------


def most_wanted(top):
    """The open references that are met most often, grouped by folded title, else by their text as printed.

    Dicts of ``title``, ``year``, ``times``, ``citing_papers``, ``raw`` (of one of them),
    ``status`` and ``reason``, the most frequent first. Two queries, one over the whole queue.
    """
    mark = Case(
        When(title_folded="", then=Concat(Value("printed:"), F("fingerprint"))), default=F("title_folded")
    )
    groups = (
        UnmatchedReference.objects.waiting()
        .order_by()
        .annotate(mark=mark)
        .values("mark")
        .annotate(times=Count("pk"), citing_papers=Count("citing_paper", distinct=True), example=Min("pk"))
        .order_by("-times", "-citing_papers", "example")[:top]
    )
    groups = list(groups)
    rows = UnmatchedReference.objects.in_bulk([group["example"] for group in groups])
    return [
        {
            "title": rows[group["example"]].title,
            "year": rows[group["example"]].year,
            "times": group["times"],
            "citing_papers": group["citing_papers"],
            "raw": rows[group["example"]].raw,
            "status": rows[group["example"]].match_status,
            "reason": rows[group["example"]].match_reason,
        }
        for group in groups
    ]
