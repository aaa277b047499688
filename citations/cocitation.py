"""Co-cited works: papers that share citing papers with one another, counted exactly.

Two works are co-cited once for each paper that cites both (Small, H. (1973), J. Amer. Soc.
Inf. Sci. 24, 265–269). All citing papers count, read or not, but for those with more than
500 references, which cite nearly everything together; how many were left out is told.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from citations.models import Citation, CitationContext, CoCitedWorks, HubSummary
from papers import bulk
from papers.bulk import look_up
from papers.models import Paper

MOST_REFERENCES = 500
TOP = 20
EXAMPLES = 3
STORED_FROM = 10  # citing papers; below that the page counts live


def co_cited_works(paper_ids):
    """The top co-cited works of each paper, and how many citing papers were left out.

    Returns ``({paper id: lines}, {paper id: left out})`` with at most 20 lines a paper, ties by
    year then id: ``[id of the other work, citing papers of both, passages that cite both, ids
    of up to three such citing papers, the newest first …]``. One query; it reads each pair of works
    that share a citing paper once.
    """
    if not paper_ids:
        return {}, {}
    lines, left_out = {}, {}
    works = defaultdict(list)
    for part, hub_id, other_id, number in look_up(STATEMENT, paper_ids, [MOST_REFERENCES]):
        if part == LEFT_OUT:
            left_out[hub_id] = number
        elif part == COUNTED:
            lines[hub_id, other_id] = [other_id, number, 0]
            works[hub_id].append(lines[hub_id, other_id])
        elif part == TOGETHER:
            lines[hub_id, other_id][2] = number
        else:
            lines[hub_id, other_id].append(number)
    return dict(works), left_out


LEFT_OUT, COUNTED, TOGETHER, EXAMPLE = range(4)
CITATION, CONTEXT, PAPER, SUMMARY, WORKS = (
    model._meta.db_table for model in (Citation, CitationContext, Paper, HubSummary, CoCitedWorks)
)
KNOWN_AND_WORKS = f"""
SELECT paper.id, COALESCE(summary.known, 0), stored.works
FROM {PAPER} paper
LEFT JOIN {SUMMARY} summary ON summary.paper_id = paper.id
LEFT JOIN {WORKS} stored ON stored.paper_id = paper.id
WHERE paper.id IN ({{ids}})
"""  # noqa: S608 - names of our tables only

# heavy: citing papers with too many references; pairs: a work of ours and another that one
# paper cites; top: the most frequent others of each. The parts come out in the order that
# co_cited_works takes them in.
STATEMENT = f"""
WITH heavy AS MATERIALIZED (
    SELECT hub.cited_paper_id AS hub_id, hub.citing_paper_id AS citing_id FROM {CITATION} hub
    WHERE hub.withdrawn_at IS NULL AND hub.cited_paper_id IN ({{ids}})
        AND (SELECT COUNT(*) FROM {CITATION} reference
             WHERE reference.citing_paper_id = hub.citing_paper_id AND reference.withdrawn_at IS NULL
            ) > %s
), pairs AS MATERIALIZED (
    SELECT hub.cited_paper_id AS hub_id, other.cited_paper_id AS other_id, hub.citing_paper_id AS citing_id,
        hub.citing_year AS citing_year, hub.id AS hub_citation, other.id AS other_citation
    FROM {CITATION} hub
    JOIN {CITATION} other ON other.citing_paper_id = hub.citing_paper_id AND other.id <> hub.id
    WHERE hub.withdrawn_at IS NULL AND other.withdrawn_at IS NULL AND hub.cited_paper_id IN ({{ids}})
        AND hub.citing_paper_id NOT IN (SELECT citing_id FROM heavy)
), top AS MATERIALIZED (
    SELECT hub_id, other_id, papers, place FROM (
        SELECT counted.*, ROW_NUMBER() OVER (
            PARTITION BY hub_id
            ORDER BY papers DESC, CASE WHEN paper.year IS NULL THEN 1 ELSE 0 END, paper.year, other_id
        ) AS place
        FROM (SELECT hub_id, other_id, COUNT(*) AS papers FROM pairs GROUP BY hub_id, other_id) counted
        JOIN {PAPER} paper ON paper.id = counted.other_id
    ) placed
    WHERE place <= {TOP}
)
SELECT part, hub_id, other_id, number FROM (
    SELECT {LEFT_OUT} AS part, hub_id, 0 AS other_id, COUNT(*) AS number, 0 AS place
    FROM heavy GROUP BY hub_id
    UNION ALL
    SELECT {COUNTED}, hub_id, other_id, papers, place FROM top
    UNION ALL
    SELECT {TOGETHER}, pairs.hub_id, pairs.other_id, COUNT(*), 0
    FROM pairs
    JOIN top ON top.hub_id = pairs.hub_id AND top.other_id = pairs.other_id
    JOIN {CONTEXT} here ON here.citation_id = pairs.hub_citation AND here.withdrawn_at IS NULL
    JOIN {CONTEXT} there ON there.citation_id = pairs.other_citation AND there.withdrawn_at IS NULL
        AND there.passage_id = here.passage_id
    GROUP BY pairs.hub_id, pairs.other_id
    UNION ALL
    SELECT {EXAMPLE}, hub_id, other_id, citing_id, newest FROM (
        SELECT pairs.hub_id, pairs.other_id, pairs.citing_id, ROW_NUMBER() OVER (
            PARTITION BY pairs.hub_id, pairs.other_id
            ORDER BY COALESCE(pairs.citing_year, 0) DESC, pairs.citing_id DESC
        ) AS newest
        FROM pairs JOIN top ON top.hub_id = pairs.hub_id AND top.other_id = pairs.other_id
    ) examples
    WHERE newest <= {EXAMPLES}
) parts
ORDER BY part, hub_id, place
"""  # noqa: S608 - names of our tables and numbers only


def stored_works(paper_ids):
    """The co-cited works of papers as they are stored: ``{paper id: lines}``. One query.

    Those that have been merged away since may be among them.
    """
    rows = look_up(f"SELECT paper_id, works FROM {WORKS} WHERE paper_id IN ({{ids}})", paper_ids)  # noqa: S608
    return {paper_id: msgspec.json.decode(works) for paper_id, works in rows}


def cited_together(paper_ids):
    """How often works are cited together, as far as their stored lists say. One query.

    Returns ``({(id, id): papers that cite both}, {id: papers that cite it})``, the smaller id first. A
    pair is among them if one of the two is in the other's list: counts are exact, but a pair that both
    lists leave out is not told from none.
    """
    together, known = {}, {}
    for paper_id, cited_by, works in look_up(KNOWN_AND_WORKS, paper_ids):
        known[paper_id] = cited_by
        for other_id, papers, *_rest in msgspec.json.decode(works) if works else ():
            together[min(paper_id, other_id), max(paper_id, other_id)] = papers
    return {pair: papers for pair, papers in together.items() if known.keys() >= {*pair}}, known


def store_co_cited(paper_ids, works):
    """Make ``works``, lines of co-cited works by paper, what is stored of these papers.

    Rows that stay the same are not written. Two queries, two more where something changed.
    """
    counted = {paper_id: msgspec.json.encode(lines).decode() for paper_id, lines in works.items()}
    stored = dict(CoCitedWorks.objects.filter(paper_id__among=paper_ids).values_list("paper_id", "works"))
    rows = {
        paper_id: CoCitedWorks(paper_id=paper_id, works=text)
        for paper_id, text in counted.items()
        if stored.get(paper_id) != text
    }
    bulk.update(CoCitedWorks, [row for paper_id, row in rows.items() if paper_id in stored], ["works"])
    bulk.insert(CoCitedWorks, [row for paper_id, row in rows.items() if paper_id not in stored])
    CoCitedWorks.objects.filter(paper_id__among=stored.keys() - counted.keys()).delete()
