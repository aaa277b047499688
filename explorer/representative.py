"""Representative citing papers: nine that show how a paper is cited, chosen by a stated rule.

The rule (printed on the page): curators' pins first; then, for each role present, most
frequent first, and each polarity present, the deepest citation, of these the newest; then
the deepest of the rest. Only papers whose citing sentence is held; never two of one first
author while others are left; a retracted paper last.
"""

from __future__ import annotations

from collections import Counter

from django.db.models import Exists, F, OuterRef, Q

from citations.labels import POLARITY_ORDER, ROLE_ORDER
from citations.models import Citation, RepresentativePin

SHOWN = 9
COLUMNS = (
    "pk",
    "citing_paper_id",
    "role",
    "polarity",
    "depth",
    "citing_year",
    "citing_retracted",
    "pinned",
    "first_author",
)


def strength(citation):
    """Larger is shown earlier."""
    return (
        not citation.citing_retracted,
        citation.depth or 0,
        citation.citing_year or 0,
        citation.citing_paper_id,
    )


def candidates(paper_id, strongest):
    """The citations of a paper to choose from, as named tuples of COLUMNS. One query.

    ``strongest``: ids of citing papers as ``tallies.strongest`` gives them; pinned ones come along.
    """
    pinned = RepresentativePin.objects.filter(citation=OuterRef("pk"))
    incoming = Citation.objects.incoming(paper_id).filter(is_read=True)
    found = incoming.filter(Q(citing_paper_id__among=strongest) | Q(pin__isnull=False))
    found = found.annotate(pinned=Exists(pinned), first_author=F("citing_paper__first_author"))
    return list(found.values_list(*COLUMNS, named=True))


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

    Reads ``contexts`` of the citation: prefetch them.
    """

    def key(context):
        return (
            context.role != citation.role,
            context.polarity != citation.polarity,
            context.passage.suppressed_at is not None,
            context.start is None,
            abs(len(context.passage.text) - 200),
        )

    return min(citation.contexts.all(), key=key, default=None)
