"""The claims of a paper: as a record gives them, else sentences of the abstract that state results."""

from __future__ import annotations

from collections import defaultdict

from citations.models import Claim
from papers import bulk, text
from papers.models import Paper


def write_claims(claims_by_paper, *, now):
    """Add the claims that records give: ``{paper id: [ClaimRecord]}``; returns how many are new.

    A claim whose text stands there already is left as it is. Claims drawn from the
    abstract make way: withdrawn, unless a curator has tied citing papers to them.
    """
    earlier = _claims(claims_by_paper)
    new = []
    for paper_id, records in claims_by_paper.items():
        known = {claim.text for claim in earlier[paper_id]}
        for position, record in enumerate(records):
            if record.text not in known:
                known.add(record.text)
                new.append(
                    Claim(
                        paper_id=paper_id,
                        text=record.text,
                        quote=record.quote,
                        section=record.section[:300],
                        origin=Claim.Origin.RECORD,
                        position=position,
                    )
                )
    bulk.insert(Claim, new)
    _withdraw_drawn(set(claims_by_paper), now=now)
    return len(new)


def draw_claims(paper_ids, *, now, found=None):
    """Draw claims from the abstracts of papers for which no record and no curator gave any.

    Whole sentences, each its own verbatim quote. Drawn claims that the abstract no longer
    has are withdrawn. ``found``: {abstract: its result sentences} where they are known already.
    Two queries and the writes.
    """
    earlier = _claims(paper_ids)
    new, gone = [], set()
    for paper_id, abstract in Paper.objects.filter(id__among=paper_ids).values_list("id", "abstract"):
        if any(
            claim.origin != Claim.Origin.ABSTRACT and not claim.withdrawn_at for claim in earlier[paper_id]
        ):
            continue
        sentences = (found or {}).get(abstract)
        if sentences is None:
            sentences = text.result_sentences(abstract)
        drawn = {claim.text: claim for claim in earlier[paper_id]}
        gone |= {claim.id for claim in drawn.values() if claim.text not in sentences}
        new += [
            Claim(
                paper_id=paper_id,
                text=sentence,
                quote=sentence,
                section="abstract",
                origin=Claim.Origin.ABSTRACT,
                position=position,
            )
            for position, sentence in enumerate(sentences)
            if sentence not in drawn
        ]
    bulk.insert(Claim, new)
    Claim.objects.filter(id__among=gone, treatments=None, withdrawn_at=None).update(withdrawn_at=now)


def _claims(paper_ids):
    found = defaultdict(list)
    for claim in Claim.objects.filter(paper_id__among=paper_ids):
        found[claim.paper_id].append(claim)
    return found


def _withdraw_drawn(paper_ids, *, now):
    drawn = Claim.objects.filter(paper_id__among=paper_ids, origin=Claim.Origin.ABSTRACT)
    drawn.filter(treatments=None, withdrawn_at=None).update(withdrawn_at=now)
