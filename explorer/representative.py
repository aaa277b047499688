"""Representative citing papers: nine that show how a paper is cited, chosen by a stated rule.

The rule (printed on the page): curators' pins first; then, for each role present, most
frequent first, and each polarity present, the deepest citation, of these the newest; then
the deepest of the rest. Only papers whose citing sentence is held; never two of one first
author while others are left; a retracted paper last.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from citations.labels import POLARITY_ORDER, ROLE_ORDER
from citations.models import Citation, RepresentativePin
from papers.bulk import look_up
from papers.models import Paper

SHOWN = 9


class Candidate(NamedTuple):
    """What the choice looks at of a citation."""

    pk: int
    citing_paper_id: int
    role: str
    polarity: str
    depth: int | None
    citing_year: int | None
    citing_retracted: bool | None
    first_author: str
    pinned: bool


def strength(citation):
    """Larger is shown earlier."""
    return (
        not citation.citing_retracted,
        citation.depth or 0,
        citation.citing_year or 0,
        citation.citing_paper_id,
    )


CITATION, PAPER, PIN = (model._meta.db_table for model in (Citation, Paper, RepresentativePin))
COLUMNS = """citation.id, citation.citing_paper_id, citation.role, citation.polarity, citation.depth,
    citation.citing_year, citation.citing_retracted, paper.first_author"""
# The pins, which hands have made one by one, lead to their citations. CROSS JOIN says so to SQLite: it takes
# a table without statistics, as an empty one is, for a long one, and would walk through all the hub.
STATEMENT = f"""
SELECT {COLUMNS}, 0 FROM {CITATION} citation JOIN {PAPER} paper ON paper.id = citation.citing_paper_id
WHERE citation.cited_paper_id = %s AND citation.citing_paper_id IN ({{ids}})
    AND citation.withdrawn_at IS NULL AND citation.is_read
UNION ALL
SELECT {COLUMNS}, 1 FROM {PIN} pin CROSS JOIN {CITATION} citation CROSS JOIN {PAPER} paper
WHERE citation.id = pin.citation_id AND paper.id = citation.citing_paper_id AND citation.cited_paper_id = %s
    AND citation.withdrawn_at IS NULL AND citation.is_read
"""  # noqa: S608 - names of our tables only


def candidates(paper_id, strongest):
    """The citations of a paper to choose from. One query.

    ``strongest``: ids of citing papers as ``tallies.strongest`` gives them; pinned ones come along.
    """
    rows = look_up(STATEMENT, strongest, [paper_id, paper_id])
    return list({row[0]: Candidate(*row) for row in rows}.values())  # one may come twice; last as pinned


def choose(found, limit=SHOWN):
    """The representative ones among ``candidates``, in the order of choice. Pure."""
    strongest = sorted(found, key=strength, reverse=True)
    roles = Counter(one.role for one in found if one.role)
    polarities = {one.polarity for one in found if one.polarity}
    chosen, authors = [], set()

    def take(fitting):
        """Choose the strongest fitting one by a new first author; whether there was one."""
        for one in strongest:
            if (
                one not in chosen
                and (not one.first_author or one.first_author not in authors)
                and fitting(one)
            ):
                chosen.append(one)
                authors.add(one.first_author)
                return True
        return False

    for one in strongest:
        if one.pinned and len(chosen) < limit:
            chosen.append(one)
            authors.add(one.first_author)
    for role in sorted(roles, key=lambda role: (-roles[role], ROLE_ORDER.index(role))):
        if len(chosen) < limit and role not in {one.role for one in chosen}:
            take(lambda one, role=role: one.role == role)
    for polarity in sorted(polarities, key=POLARITY_ORDER.index):
        if len(chosen) < limit and polarity not in {one.polarity for one in chosen}:
            take(lambda one, polarity=polarity: one.polarity == polarity)
    while len(chosen) < limit and take(lambda one: bool(one.role or one.polarity)):
        pass
    while len(chosen) < limit and take(lambda one: True):
        pass
    # Nobody new is left: now a first author may come twice.
    chosen += [one for one in strongest if one not in chosen][: limit - len(chosen)]
    return chosen[:limit]


def telling_context(citation):
    """The citing sentence to quote: one that carries the citation's role and a position, if any.

    Reads ``current_contexts`` of the citation (``hub.attach``).
    """

    def key(context):
        return (
            context.role != citation.role,
            context.polarity != citation.polarity,
            context.passage.suppressed_at is not None,
            context.start is None,
            abs(len(context.passage.text) - 200),
        )

    return min(citation.current_contexts, key=key, default=None)
