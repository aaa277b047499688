"""What curators do to the library: each function one act, done whole or not at all, pages right at once.

Owns the acts on labels, claims, pins, unmatched references, take-downs, papers' fields and
curators' names. Merging two papers is ``merging.py``. Who may do what is the admin's
business; a function that cannot do what was asked raises ``Refused`` and says why.
"""

from contextlib import contextmanager

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from simple_history.utils import get_history_model_for_model

from citations import assertions
from citations.claims import draw_claims
from citations.cocitation import STORED_FROM
from citations.labels import LabelSource
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    CitationProvenance,
    Claim,
    ClaimTreatment,
    ContextProvenance,
    Merge,
    RepresentativePin,
    UnmatchedReference,
)
from citations.rollups import refresh_hubs, refresh_labels, refresh_pairs
from citations.wordsearch import refresh_words
from citations.writing import take_reference
from papers import bulk
from papers import text as texts
from papers.ingest import refold
from papers.models import Paper, PaperRedirect, PossibleDuplicate

CURATOR = "curator"  # the strongest name in papers.ingest.SOURCE_ORDER
LEFT_BY_IMPORTS = gettext_noop("as imports and merges had left it")  # a reason in a history
PUT_BACK = "put back into the queue by a curator"  # a match_reason: it is left to people from then on


class Refused(ValueError):
    """What was asked cannot be done; the message says why, to the person who asked."""


@contextmanager
def _act():
    with transaction.atomic():
        bulk.lock_library()
        yield


def _note(curator, row, words):
    """Keep who did it, where the row itself has no place for a name."""
    LogEntry.objects.log_actions(curator.pk, [row], CHANGE, words, single_object=True)


def save_with_history(row, curator, reason=None):
    """Save a row under a curator's name, so that its history says from what to what; returns it.

    Imports and merges write rows without history. What they left since its last line becomes a line
    first, under nobody's name. At most three queries beside the saving.
    """
    model = type(row)
    found = model.objects.filter(pk=row.pk).first()
    if found is not None:
        newest = found.history.first()
        columns = [field.attname for field in model.history.model.tracked_fields]
        if newest is None or any(getattr(newest, name) != getattr(found, name) for name in columns):
            found._history_user = None
            model.history.bulk_history_create([found], update=True, default_change_reason=LEFT_BY_IMPORTS)
    row._history_user, row._change_reason = curator, reason
    row.save()
    return row


def _delete(row, curator):
    row._history_user = curator
    row.delete()


# -- labels --------------------------------------------------------------------------------


def relabel_context(*, context, curator, role="", polarity="", note="", drawn=Assertion.Drawn.TARGETED):
    """Append a curator's label of one citing sentence; returns the Assertions.

    A role, a polarity or both, as our words. Earlier labels stay in the log. ``drawn``: how
    the sentence came before the curator (see ``labelling.py``). Raises Refused when neither is
    given, ValueError for a word that is none of ours.
    """
    if not role and not polarity:
        raise Refused(_("Choose a role, a polarity or both."))
    with _act():
        rows = assertions.by_curator(
            curator=curator,
            now=timezone.now(),
            role=role,
            polarity=polarity,
            note=note,
            context=context,
            drawn=drawn,
        )
        _refresh_pair(context.citation)
    return rows


def label_pair(*, citation, curator, role="", polarity="", note=""):
    """Append a curator's label of a whole citing–cited pair; returns the Assertions.

    Raises Refused when neither word is given, or when no citing sentence is held: then
    there is nothing that a reader could check the label against.
    """
    if not role and not polarity:
        raise Refused(_("Choose a role, a polarity or both."))
    with _act():
        _demand_sentence(citation)
        rows = assertions.by_curator(
            curator=curator, now=timezone.now(), role=role, polarity=polarity, note=note, citation=citation
        )
        _refresh_pair(citation)
    return rows


def withdraw_label(*, assertion, curator):
    """Take back a curator's label; what it had overruled is in force again. The row stays in the log.

    Raises Refused for labels of other sources, which their sources withdraw, and for a
    label that is withdrawn already.
    """
    withdraw_labels(labels=[assertion], curator=curator)


def withdraw_labels(*, labels, curator):
    """Take back several labels of a curator at once, all or none. Raises Refused as ``withdraw_label``."""
    with _act():
        pairs = {}
        for assertion in labels:
            assertion.refresh_from_db()
            if assertion.source != LabelSource.CURATOR:
                raise Refused(_("Only curators' labels can be taken back; label the sentence anew instead."))
            if not assertions.withdraw([assertion.pk], now=timezone.now()):
                raise Refused(_("This label has been taken back already."))
            assertion.refresh_from_db()
            _note(curator, assertion, "Label taken back")
            pair = assertion.citation or assertion.context.citation
            pairs[pair.pk] = pair
        for pair in pairs.values():
            _refresh_pair(pair)


def _demand_sentence(citation):
    if not citation.contexts.current().exists():
        raise Refused(_("No citing sentence of this pair is held, so there is nothing to judge it by."))


def _refresh_pair(citation):
    refresh_labels([citation.pk])


# -- claims --------------------------------------------------------------------------------


def add_claim(*, paper, curator, text, quote="", section=""):
    """Add a claim to a paper's ledger; returns it. Raises Refused for an empty or a known text."""
    text = text.strip()
    with _act():
        _demand_new_text(paper.pk, text)
        last = Claim.objects.filter(paper=paper).order_by("-position").first()
        claim = Claim(
            paper=paper,
            text=text,
            quote=quote,
            section=section[:300],
            origin=Claim.Origin.CURATOR,
            position=last.position + 1 if last else 0,
        )
        return save_with_history(claim, curator)


def edit_claim(*, claim, curator, text=None, quote=None, section=None):
    """Reword a claim, keeping its row and all that is tied to it; None leaves a part as it is.

    New words make it the curator's. The words of the source stay as a withdrawn row, so
    that the next import knows them and does not bring them back. Raises Refused as ``add_claim``.
    """
    with _act():
        claim.refresh_from_db()
        if text is not None and text.strip() != claim.text:
            _demand_new_text(claim.paper_id, text.strip())
            if claim.origin != Claim.Origin.CURATOR:
                said = Claim(
                    paper_id=claim.paper_id,
                    text=claim.text,
                    quote=claim.quote,
                    section=claim.section,
                    origin=claim.origin,
                    position=claim.position,
                    withdrawn_at=timezone.now(),
                )
                save_with_history(said, curator)
            claim.text, claim.origin = text.strip(), Claim.Origin.CURATOR
        if quote is not None:
            claim.quote = quote
        if section is not None:
            claim.section = section[:300]
        return save_with_history(claim, curator)


def _demand_new_text(paper_id, text):
    if not text:
        raise Refused(_("A claim needs a text."))
    if Claim.objects.filter(paper_id=paper_id, text=text, withdrawn_at=None).exists():
        raise Refused(_("The ledger has this claim already."))


def withdraw_claim(*, claim, curator):
    """Take a claim off the ledger; the row and its treatments stay."""
    with _act():
        claim.refresh_from_db()
        if claim.withdrawn_at is None:
            claim.withdrawn_at = timezone.now()
            save_with_history(claim, curator)


def restore_claim(*, claim, curator):
    """Put a withdrawn claim back. Raises Refused when the ledger has its text meanwhile."""
    with _act():
        claim.refresh_from_db()
        if claim.withdrawn_at is not None:
            _demand_new_text(claim.paper_id, claim.text)
            claim.withdrawn_at = None
            save_with_history(claim, curator)


def treat_claim(*, claim, citation, treatment, curator, note=""):
    """Say how a citing paper treats a claim of the paper it cites; returns the ClaimTreatment.

    ``treatment``: supports, qualifies or disputes; a later word replaces an earlier one,
    which the history keeps. Raises Refused when the pair cites another paper, the claim
    is withdrawn, or no citing sentence is held.
    """
    if treatment not in ClaimTreatment.Treatment.values:
        raise ValueError(f"not a treatment: {treatment}")
    with _act():
        claim.refresh_from_db()
        if citation.cited_paper_id != claim.paper_id:
            raise Refused(_("This citing paper does not cite the paper whose claim it is."))
        if claim.withdrawn_at is not None:
            raise Refused(_("This claim has been withdrawn."))
        _demand_sentence(citation)
        row = ClaimTreatment.objects.filter(claim=claim, citation=citation).first()
        row = row or ClaimTreatment(claim=claim, citation=citation)
        row.treatment, row.curator, row.note = treatment, curator, note
        return save_with_history(row, curator)


def untreat_claim(*, treatment, curator):
    """Take back what was said about a claim; the history keeps it."""
    with _act():
        _delete(treatment, curator)


# -- representative citing papers ------------------------------------------------------------


def pin_representative(*, citation, curator, note=""):
    """Choose a citing paper to stand among the representative ones; returns the RepresentativePin.

    Raises Refused for a pair that no source has any more.
    """
    with _act():
        citation.refresh_from_db(fields=["withdrawn_at"])
        if citation.withdrawn_at is not None:
            raise Refused(_("No source has this citation any more."))
        row = RepresentativePin.objects.filter(citation=citation).first()
        row = row or RepresentativePin(citation=citation)
        row.curator, row.note = curator, note[:300]
        return save_with_history(row, curator)


def unpin_representative(*, citation, curator):
    """Take a pin off; the history keeps it. Nothing happens where there is none."""
    with _act():
        for row in RepresentativePin.objects.filter(citation=citation):
            _delete(row, curator)


# -- unmatched references --------------------------------------------------------------------


def candidates_of(unmatched):
    """The papers that this reference might mean, those merged since included. Three queries."""
    moved = dict(
        PaperRedirect.objects.filter(old_id__in=unmatched.candidates).values_list("old_id", "paper_id")
    )
    ids = dict.fromkeys(moved.get(paper_id, paper_id) for paper_id in unmatched.candidates)
    found = Paper.objects.for_list().in_bulk(list(ids))
    return [found[paper_id] for paper_id in ids if paper_id in found]


def resolve_reference(*, unmatched, paper, curator):
    """Say that a reference means this paper; returns the Citation, with all that the reference carries.

    Imports keep to it from then on. Raises Refused for the citing paper itself and for a
    reference that is settled already.
    """
    with _act():
        _demand_open(unmatched)
        if paper.pk == unmatched.citing_paper_id:
            raise Refused(_("A paper cannot cite itself."))
        citation = take_reference(unmatched, cited_paper_id=paper.pk)
        _settle_reference(unmatched, curator, citation)
        _refresh_around(unmatched.citing_paper_id)
    return citation


def dismiss_reference(*, unmatched, curator):
    """Say that a reference means no paper of this library. Raises Refused when it is settled already."""
    with _act():
        _demand_open(unmatched)
        _settle_reference(unmatched, curator, None)


def unresolve_reference(*, unmatched, curator):
    """Put a settled reference back into the queue, where no import tries it again.

    What its source said of the pair through this reference is marked withdrawn, the pair
    too if no other source has it; labels stay. Where the source has further sentences of
    the pair, or another of its references was resolved to it, the pair is left to it.
    Raises Refused for a reference that is not settled.
    """
    with _act():
        unmatched.refresh_from_db()
        if unmatched.resolved_at is None:
            raise Refused(_("This reference is still in the queue."))
        citation = unmatched.citation
        unmatched.citation = unmatched.resolved_at = unmatched.resolved_by = None
        unmatched.match_reason = PUT_BACK
        unmatched.save(update_fields=["citation", "resolved_at", "resolved_by", "match_reason"])
        _note(curator, unmatched, "Back into the queue")
        if citation is not None:
            _take_back(unmatched, citation)
            refresh_pairs([citation.pk])
            refresh_words([citation.pk])
            refresh_hubs([citation.cited_paper_id])
            _refresh_around(unmatched.citing_paper_id)


def _demand_open(unmatched):
    unmatched.refresh_from_db()
    if unmatched.resolved_at is not None:
        raise Refused(_("This reference is settled already; put it back into the queue first."))


def _settle_reference(unmatched, curator, citation):
    unmatched.citation, unmatched.resolved_at, unmatched.resolved_by = citation, timezone.now(), curator
    unmatched.save(update_fields=["citation", "resolved_at", "resolved_by"])


def _take_back(unmatched, citation):
    now = timezone.now()
    others = UnmatchedReference.objects.filter(citation=citation, source=unmatched.source)
    marks = _sentence_marks(unmatched) - {mark for other in others for mark in _sentence_marks(other)}
    of_source = ContextProvenance.objects.filter(
        context__citation=citation, source=unmatched.source, withdrawn_at=None
    )
    of_source.filter(context__passage__fingerprint__in=marks).update(withdrawn_at=now)
    if not others.exists() and not of_source.exists():
        CitationProvenance.objects.filter(
            citation=citation, source=unmatched.source, withdrawn_at=None
        ).update(withdrawn_at=now)
        of_record = Assertion.objects.filter(citation=citation, record=unmatched.record)
        assertions.withdraw(of_record.values_list("pk", flat=True), now=now)
    held = ContextProvenance.objects.filter(context=OuterRef("pk"), withdrawn_at=None)
    contexts = CitationContext.objects.filter(citation=citation, withdrawn_at=None)
    contexts.filter(~Exists(held)).update(withdrawn_at=now)
    held = CitationProvenance.objects.filter(citation=OuterRef("pk"), withdrawn_at=None)
    pairs = Citation.objects.filter(pk=citation.pk, withdrawn_at=None)
    pairs.filter(~Exists(held)).update(withdrawn_at=now)


def _sentence_marks(unmatched):
    return {texts.fingerprint(context["text"]) for context in unmatched.payload.get("contexts", ())}


def _refresh_around(citing_paper_id):
    """The hubs of all that a paper cites: its reference list makes their co-cited works."""
    cited = Citation.objects.filter(citing_paper_id=citing_paper_id).values_list("cited_paper_id", flat=True)
    refresh_hubs({citing_paper_id, *cited})


# -- take-downs ------------------------------------------------------------------------------


def suppress_passage(*, passage, curator, reason):
    """Take a passage's text off every page, and its words out of the index; its labels and counts stay.

    Raises Refused without a reason.
    """
    if not reason.strip():
        raise Refused(_("Say why the text is taken down."))
    with _act():
        passage.suppressed_at = passage.suppressed_at or timezone.now()
        passage.suppressed_reason = reason.strip()[:300]
        passage.save(update_fields=["suppressed_at", "suppressed_reason"])
        refresh_words(passage.contexts.values_list("citation_id", flat=True))
        _note(curator, passage, f"Text taken down: {passage.suppressed_reason}")


def restore_passage(*, passage, curator):
    """Show a passage's text again."""
    with _act():
        passage.suppressed_at, passage.suppressed_reason = None, ""
        passage.save(update_fields=["suppressed_at", "suppressed_reason"])
        refresh_words(passage.contexts.values_list("citation_id", flat=True))
        _note(curator, passage, "Text restored")


# -- papers ----------------------------------------------------------------------------------


def edit_paper(*, paper, curator, names):
    """Save a paper whose fields ``names`` a curator has set, so that no import writes over them.

    ``names``: fields of Paper, ``fields`` (of study) and ``authors``, whose rows the caller
    has written. Pairs and hubs that show the paper follow in ``refresh_paper``.
    """
    for name in names:
        paper.field_sources[name] = CURATOR
    if "summary" in names:
        paper.summary_origin = Paper.SummaryOrigin.CURATOR if paper.summary else ""
    if "abstract" in names and paper.summary_origin in ("", Paper.SummaryOrigin.ABSTRACT):
        paper.summary = texts.contribution_sentence(paper.abstract)
        paper.summary_origin = Paper.SummaryOrigin.ABSTRACT if paper.summary else ""
    refold(paper)
    save_with_history(paper, curator)
    if "abstract" in names:
        draw_claims([paper.pk], now=timezone.now())


def edit_authors(*, paper, curator, named, gone=()):
    """Save authorships whose printed names a curator has set or added, and take others off the list.

    The link to a person goes with the old name: it was made for that. New ones come last.
    """
    with _act():
        for row in gone:
            row.delete()
        last = paper.authorships.order_by("-position").first()
        place = last.position + 1 if last else 0
        for row in named:
            row.family, row.initial = texts.family_and_initial(row.name)
            row.author, row.link_reason = None, ""
            if row.pk is None:
                row.paper, row.position = paper, place
                place += 1
            row.save()
        edit_paper(paper=paper, curator=curator, names=["authors"])


def refresh_paper(*, paper):
    """Rederive what a paper's year, venue, retraction, title or authors go into.

    The pairs it is part of, its hub, and the hubs of all that it cites or is cited together with.
    """
    with _act():
        outgoing = Citation.objects.filter(citing_paper=paper)
        incoming = Citation.objects.filter(cited_paper=paper)
        refresh_pairs({*outgoing.values_list("pk", flat=True), *incoming.values_list("pk", flat=True)})
        refresh_hubs(hubs_around([paper.pk]))


def hubs_around(paper_ids):
    """Ids of the papers whose summaries or stored co-cited works rest on the pairs of these papers."""
    outgoing = Citation.objects.filter(citing_paper_id__in=paper_ids)
    citing = Citation.objects.filter(cited_paper_id__in=paper_ids).values("citing_paper_id")
    together = Citation.objects.filter(
        citing_paper_id__in=citing, cited_paper__hub_summary__known__gte=STORED_FROM
    )
    return {
        *paper_ids,
        *outgoing.values_list("cited_paper_id", flat=True),
        *together.values_list("cited_paper_id", flat=True).distinct(),
    }


# -- curators' names -------------------------------------------------------------------------


def erase_curator(*, user):
    """Delete a curator's account and name from the library; labels, treatments and pins stay.

    The histories of papers, claims, treatments and pins forget who made each change; the
    admin's own log of what the account did goes with the account.
    """
    with _act():
        Assertion.objects.filter(curator=user).update(curator=None)
        ClaimTreatment.objects.filter(curator=user).update(curator=None)
        RepresentativePin.objects.filter(curator=user).update(curator=None)
        UnmatchedReference.objects.filter(resolved_by=user).update(resolved_by=None)
        Merge.objects.filter(merged_by=user).update(merged_by=None)
        Merge.objects.filter(undone_by=user).update(undone_by=None)
        PossibleDuplicate.objects.filter(settled_by=user).update(settled_by=None)
        for model in (Paper, Claim, ClaimTreatment, RepresentativePin):
            history = get_history_model_for_model(model)
            history.objects.filter(history_user=user).update(history_user=None)
            if hasattr(model, "curator"):
                history.objects.filter(curator=user).update(curator=None)
        user.delete()
