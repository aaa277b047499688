"""Representative citing papers: nine that show how a paper is cited, chosen by a stated rule.

The rule (printed on the page): curators' pins first; then, for each role present, most
frequent first, and each polarity present, the deepest citation, of these the newest; then
the deepest of the rest. Only papers whose citing sentence is held; never two of one first
author while others are left; a retracted paper last.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from django.db.models import F, OuterRef, Subquery

from citations.labels import POLARITY_ORDER, ROLE_ORDER
from citations.models import Citation, RepresentativePin

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


def candidates(paper_id, strongest):
    """The citations of a paper to choose from. Two queries.

    ``strongest``: ids of citing papers as ``tallies.strongest`` gives them; pinned ones come along.
    """
    # From the pins, which hands have made one by one, to their citations: as a join SQLite walks through
    # all citations of the hub, for it takes a table without statistics, as an empty one is, for a long one.
    citation = Citation.objects.filter(pk=OuterRef("citation_id"), cited_paper=paper_id)
    pins = RepresentativePin.objects.annotate(of=Subquery(citation.values("citing_paper_id")))
    pinned = set(pins.exclude(of=None).values_list("of", flat=True))
    found = Citation.objects.incoming(paper_id).filter(
        is_read=True, citing_paper_id__among=[*{*strongest, *pinned}]
    )
    columns = [name for name in Candidate._fields if name not in ("first_author", "pinned")]
    return [
        Candidate(*row, row[1] in pinned)
        for row in found.values_list(*columns, F("citing_paper__first_author"))
    ]


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
