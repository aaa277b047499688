"""Co-cited works: papers that share citing papers with one another, counted exactly.

Two works are co-cited once for each paper that cites both (Small, H. (1973), J. Amer. Soc.
Inf. Sci. 24, 265–269). All citing papers count, read or not, but for those with more than
500 references, which cite nearly everything together; how many were left out is told.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.db import connection

from citations.models import Citation, CitationContext, CoCitation
from papers import bulk
from papers.models import Paper

MOST_REFERENCES = 500
TOP = 20
EXAMPLES = 3
STORED_FROM = 10  # citing papers; below that the page counts live


@dataclass(slots=True)
class CoCited:
    """``count`` citing papers cite ``other`` too, in ``same_passage`` passages together."""

    other: int
    count: int
    same_passage: int = 0
    examples: list[int] = field(default_factory=list)


def co_cited_works(paper_ids):
    """The top co-cited works of each paper, and how many citing papers were left out.

    Returns ``({paper id: [CoCited, …]}, {paper id: left out})``, at most 20 works a paper,
    ties by year then id. Four queries, whatever the papers; the first reads each pair of
    works that share a citing paper once.
    """
    ids = sorted(paper_ids)
    if not ids:
        return {}, {}
    heavy = _citing_papers_with_too_many_references(ids)
    left_out = defaultdict(int)
    for cited, _citing in heavy:
        left_out[cited] += 1
    heavy_ids = sorted({citing for _cited, citing in heavy})
    tops = _top(ids, heavy_ids)
    _add_passages(tops, heavy_ids)
    _add_examples(tops, heavy_ids)
    return tops, dict(left_out)


def _run(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(5000):
            yield from rows


def _in(values):
    """An SQL list for ints, written out: drivers limit how many parameters a query takes."""
    return ", ".join(str(int(value)) for value in values) or "NULL"


CITATION, CONTEXT, PAPER = (model._meta.db_table for model in (Citation, CitationContext, Paper))


def _citing_papers_with_too_many_references(ids):
    return list(
        _run(
            f"""
            SELECT hub.cited_paper_id, hub.citing_paper_id FROM {CITATION} hub
            WHERE hub.withdrawn_at IS NULL AND hub.cited_paper_id IN ({_in(ids)})
              AND (SELECT COUNT(*) FROM {CITATION} other
                   WHERE other.citing_paper_id = hub.citing_paper_id AND other.withdrawn_at IS NULL
                  ) > %s
            """,  # noqa: S608 - table names and ints only
            [MOST_REFERENCES],
        )
    )


def _pairs(ids, heavy_ids, others=""):
    """The FROM and WHERE of: ``hub`` and ``other`` share a citing paper."""
    return f"""
        FROM {CITATION} hub
        JOIN {CITATION} other ON other.citing_paper_id = hub.citing_paper_id AND other.id <> hub.id
        {others}
        WHERE hub.withdrawn_at IS NULL AND other.withdrawn_at IS NULL
          AND hub.cited_paper_id IN ({_in(ids)})
          AND hub.citing_paper_id NOT IN ({_in(heavy_ids or [0])})
    """


def _top(ids, heavy_ids):
    rows = _run(
        f"""
        SELECT hub_id, other_id, n FROM (
            SELECT counted.*, ROW_NUMBER() OVER (
                PARTITION BY hub_id
                ORDER BY n DESC, CASE WHEN paper.year IS NULL THEN 1 ELSE 0 END, paper.year, other_id
            ) AS place
            FROM (
                SELECT hub.cited_paper_id AS hub_id, other.cited_paper_id AS other_id, COUNT(*) AS n
                {_pairs(ids, heavy_ids)}
                GROUP BY hub.cited_paper_id, other.cited_paper_id
            ) counted
            JOIN {PAPER} paper ON paper.id = counted.other_id
        ) placed
        WHERE place <= {TOP} ORDER BY hub_id, place
        """,  # noqa: S608 - table names and ints only
        [],
    )
    tops = defaultdict(list)
    for hub_id, other_id, count in rows:
        tops[hub_id].append(CoCited(other_id, count))
    return tops


def _add_passages(tops, heavy_ids):
    by_pair = {(hub_id, line.other): line for hub_id, lines in tops.items() for line in lines}
    rows = _run(
        f"""
        SELECT hub.cited_paper_id, other.cited_paper_id, COUNT(*)
        {
            _pairs(
                tops,
                heavy_ids,
                f'''JOIN {CONTEXT} here ON here.citation_id = hub.id AND here.withdrawn_at IS NULL
            JOIN {CONTEXT} there ON there.citation_id = other.id AND there.withdrawn_at IS NULL
                AND there.passage_id = here.passage_id''',
            )
        }
        GROUP BY hub.cited_paper_id, other.cited_paper_id
        """,  # noqa: S608 - table names and ints only
        [],
    )
    for hub_id, other_id, passages in rows:
        if line := by_pair.get((hub_id, other_id)):
            line.same_passage = passages


def _add_examples(tops, heavy_ids):
    """The newest citing papers behind each line, as ids."""
    by_pair = {(hub_id, line.other): line for hub_id, lines in tops.items() for line in lines}
    others = {line.other for lines in tops.values() for line in lines}
    rows = _run(
        f"""
        SELECT hub_id, other_id, citing_id FROM (
            SELECT hub.cited_paper_id AS hub_id, other.cited_paper_id AS other_id,
                hub.citing_paper_id AS citing_id,
                ROW_NUMBER() OVER (
                    PARTITION BY hub.cited_paper_id, other.cited_paper_id
                    ORDER BY COALESCE(hub.citing_year, 0) DESC, hub.citing_paper_id DESC
                ) AS place
            {_pairs(tops, heavy_ids)} AND other.cited_paper_id IN ({_in(others)})
        ) placed
        WHERE place <= {EXAMPLES} ORDER BY hub_id, other_id, place
        """,  # noqa: S608 - table names and ints only
        [],
    )
    for hub_id, other_id, citing_id in rows:
        if line := by_pair.get((hub_id, other_id)):
            line.examples.append(citing_id)


def refresh_co_citations(known):
    """Store the co-cited works of these papers, as far as ten papers cite them.

    ``known``: paper id -> how many papers cite it. Returns ``{paper id: citing papers left
    out}``. Rows that stay the same are not written.
    """
    ids = sorted(known)
    tops, left_out = co_cited_works([paper_id for paper_id in ids if known[paper_id] >= STORED_FROM])
    stored = defaultdict(list)
    for row in CoCitation.objects.filter(paper_id__in=ids).order_by("rank"):
        stored[row.paper_id].append(row)
    stale, fresh = [], []
    for paper_id in ids:
        lines = tops.get(paper_id, [])
        earlier = [
            CoCited(row.other_id, row.count, row.same_passage, row.examples) for row in stored[paper_id]
        ]
        if lines == earlier:
            continue
        stale += [row.id for row in stored[paper_id]]
        fresh += [
            CoCitation(
                paper_id=paper_id,
                other_id=line.other,
                rank=rank,
                count=line.count,
                same_passage=line.same_passage,
                examples=line.examples,
            )
            for rank, line in enumerate(lines, start=1)
        ]
    for begin in range(0, len(stale), 400):
        CoCitation.objects.filter(id__in=stale[begin : begin + 400]).delete()
    bulk.insert(CoCitation, fresh)
    return left_out
