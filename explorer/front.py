"""What the first page shows of the library: its coverage, one hub as an example, the newest disputes.

A number of queries that does not grow with the library. Pairs are not counted row by row: the summaries
of the cited papers hold their numbers, and a large library's sums of these are kept for some minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import BooleanField, Count, Prefetch, Sum, prefetch_related_objects
from django.db.models.expressions import RawSQL
from django.utils import timezone

from citations.labels import HUMAN_SOURCES, Polarity
from citations.models import Citation, CitationContext, HubSummary
from explorer.hub import attach, hub_of_summary
from explorer.representative import telling_context
from papers.models import Authorship, LibraryMark, Paper

KEPT_FROM = 100_000  # papers; the sums of a smaller library take some milliseconds and are always today's
KEPT_SECONDS = 600
LOOKED_AT = 200  # most cited hubs among which the example is looked for
TELLING = 10  # labelled papers that make a good example
DISPUTES = 4
READ = 40  # newest disputing pairs among which those with a sentence to show are looked for

# As literals, and just as the index states it: SQLite takes a partial index only then.
IN_INDEX = """"citations_citation"."citing_year" IS NOT NULL AND "citations_citation"."polarity" = 'disputes'
AND "citations_citation"."polarity_source" IN ('curator', 'dataset')"""


@dataclass
class LibraryCoverage:
    """``papers``, those ``cited``, ``pairs`` of a citing and a cited one, pairs ``read`` and ``labelled``.

    ``counted_at``: when, in a library so large that its numbers are kept; else None.
    """

    papers: int
    cited: int
    pairs: int
    read: int
    labelled: int
    counted_at: datetime | None = None


def coverage():
    """The LibraryCoverage. Three queries, one over the papers and one over the hubs; none of them over pairs.

    On 300,000 papers these take 75 ms. A library of KEPT_FROM papers or more is counted anew when it
    has changed, but at most every ten minutes, and the page says when that was.
    """
    mark, now = LibraryMark.current_number(), timezone.now()
    held = cache.get("library-coverage")
    if held:
        held_mark, kept = held
        fresh = kept.counted_at and (now - kept.counted_at).total_seconds() < KEPT_SECONDS
        if held_mark == mark or fresh:
            return kept
    sums = HubSummary.objects.aggregate(Count("pk"), Sum("known"), Sum("read"), Sum("labelled"))
    numbers = [sums[name] or 0 for name in ("pk__count", "known__sum", "read__sum", "labelled__sum")]
    papers = Paper.objects.count()
    found = LibraryCoverage(papers, *numbers, now if papers >= KEPT_FROM else None)
    if found.counted_at:
        cache.set("library-coverage", (mark, found), KEPT_SECONDS)
    return found


def example():
    """(Hub, citation, context): a much cited hub with labels, and one citing sentence; None without one.

    The sentence may be missing, then both are None. The most cited with ten labelled papers, else with
    any. Eleven queries at most.
    """
    first = HubSummary.objects.order_by("-known", "paper_id").values_list("paper_id", "labelled")[:LOOKED_AT]
    found = sorted(first, key=lambda row: row[1] < TELLING)  # stable: the most cited stay first
    chosen = next((paper_id for paper_id, labelled in found if labelled), None)
    if chosen is None:
        return None
    summary = HubSummary.objects.select_related("paper__venue").get(pk=chosen)
    hub = hub_of_summary(summary)
    citations = hub.representatives()
    attach(hub.paper, citations)
    role = max(hub.counts.roles, key=hub.counts.roles.get)
    for citation in sorted(citations, key=lambda one: one.role != role):
        context = telling_context(citation)
        if context and citation.role and not context.passage.suppressed_at:
            return hub, citation, context
    return hub, None, None


def by_people():
    """That a pair of a known year disputes, by a curator or a data set: as a condition."""
    return RawSQL(IN_INDEX, (), output_field=BooleanField())  # noqa: S611 - a constant


def newest_disputes():
    """[(citation, context)]: the newest papers that dispute, as a curator or a data set has it. Five queries.

    By the year of the citing paper, over an index that holds such pairs only.
    """
    pairs = Citation.objects.current().filter(by_people())
    pairs = list(
        pairs.order_by("-citing_year", "-id").select_related("citing_paper__venue", "cited_paper__venue")[
            :READ
        ]
    )
    contexts = (
        CitationContext.objects.current()
        .filter(
            polarity=Polarity.DISPUTES,
            polarity_source__in=HUMAN_SOURCES,
            passage__suppressed_at=None,
        )
        .select_related("passage")
        .order_by("id")
    )
    prefetch_related_objects(pairs, Prefetch("contexts", contexts, to_attr="disputing"))
    shown = [pair for pair in pairs if pair.disputing][:DISPUTES]
    papers = [paper for pair in shown for paper in (pair.citing_paper, pair.cited_paper)]
    prefetch_related_objects(papers, Prefetch("authorships", Authorship.objects.all()), "identifiers")
    return [(pair, pair.disputing[0]) for pair in shown]
