"""Two papers that are one: merging them, and undoing it.

``merge_papers`` moves all that hangs on one row to the other and writes each step into a
journal (``journal.py``); ``undo_merge`` replays it backwards. Rows keep their primary keys
both ways. Which papers are one is decided elsewhere, by people or by matching.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from citations.curation import CURATOR, Refused, hubs_around, save_with_history
from citations.journal import Changed, Journal, alive
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    CitationProvenance,
    Claim,
    ClaimTreatment,
    CoCitedWorks,
    ContextProvenance,
    HubSummary,
    MachineReading,
    Merge,
    Passage,
    RepresentativePin,
    StaleHub,
    UnmatchedReference,
)
from citations.rollups import refresh_hubs, refresh_pairs
from citations.wordsearch import refresh_words
from papers import bulk, text, wordindex
from papers.ingest import refold, source_rank
from papers.models import (
    Authorship,
    Notice,
    Paper,
    PaperIdentifier,
    PaperRedirect,
    PaperVersion,
    PaperWords,
    SourceRecord,
)

PaperField = Paper.fields.through
# What a sentence's passage may take from the same passage of the other paper.
PASSAGE_FILLS = ("before", "after", "section", "section_kind", "language", "license")


def merge_papers(*, keep, lose, by, reason=""):
    """Make one work of two rows; returns the Merge. ``lose``'s address then leads to ``keep``.

    Everything of ``lose`` moves: identifiers, versions, source records, notices, claims with
    their treatments, pairs in both directions, passages, unmatched references; its author
    list only where it is the one shown. A pair, a passage, a sentence that both have becomes
    one, with the evidence of both. Fields that ``keep`` lacks, or holds from a weaker source
    (``papers.ingest.SOURCE_ORDER``), are taken over. What would tie the work to itself is
    set aside. Raises Refused when the two are one row already or one is gone. The number of
    queries grows with the rows that move, by one for each row that takes something over.
    """
    with transaction.atomic():
        bulk.lock_library()
        found = Paper.objects.in_bulk([keep.pk, lose.pk])
        if len(found) < 2:
            raise Refused(_("Choose two different papers that are both in the library."))
        keep, lose = found[keep.pk], found[lose.pk]
        hubs = hubs_around([lose.pk]) | hubs_around([keep.pk])
        pairs = _keys_of_pairs([keep.pk, lose.pk])
        journal = _MergeJournal(keep.pk, lose.pk)
        _set_aside_ties(journal)
        _unite_pairs(journal, _unite_claims(journal))
        _move_the_rest(journal)
        _unite_fields(journal, keep, lose, by)
        _forget_derived(lose.pk)
        journal.delete([lose])
        journal.create(PaperRedirect(old_id=lose.pk, paper=keep))
        merge = Merge.objects.create(
            paper=keep,
            merged_id=lose.pk,
            merged_title=lose.title,
            reason=reason[:300],
            journal=journal.as_json(),
            merged_by=by,
        )
        _refresh([keep.pk], hubs, pairs)
    return merge


def undo_merge(*, merge, by):
    """Make two papers of one again, each as it was, keys and all; returns the paper that is back.

    What came since stays where it stands: with the kept paper, or with the row it was added
    to. Raises Refused, changing nothing, when the merge is undone already, when a later one
    rests on it, and when rows have changed since so that the two cannot be told apart.
    """
    with transaction.atomic():
        bulk.lock_library()
        merge.refresh_from_db()
        if merge.undone_at is not None:
            raise Refused(_("This merge has been undone already."))
        journal = _MergeJournal.of(merge)
        later = _merge_resting_on(merge, journal)
        if later is not None:
            raise Refused(_("Undo the later merge %(merge)s first: it rests on this one.") % {"merge": later})
        # Copies of counts that came back with the pairs set aside are of that time: refresh them too.
        hubs = hubs_around([journal.keep]) | {row["citing_paper_id"] for row in journal.deleted(Citation)}
        pairs = _keys_of_pairs([journal.keep])
        _revert(journal)
        keep, lose = (Paper.objects.get(pk=paper_id) for paper_id in (journal.keep, journal.lose))
        _demand_two_of_everything([keep.pk, lose.pk])
        for paper in (keep, lose):
            _settle(Citation, CitationProvenance, "citation", _pairs_of([paper.pk]))
            contexts = CitationContext.objects.filter(citation__in=_pairs_of([paper.pk]))
            _settle(CitationContext, ContextProvenance, "context", contexts)
        refold(keep)
        wordindex.write_papers([lose])
        keep._history_user, keep._change_reason = by, f"number {lose.pk} is a paper of its own again"
        keep.save()
        Paper.history.bulk_history_create([lose], default_user=by, default_change_reason="merge undone")
        merge.undone_by, merge.undone_at = by, timezone.now()
        merge.save(update_fields=["undone_by", "undone_at"])
        _refresh([keep.pk, lose.pk], hubs | hubs_around([keep.pk]) | hubs_around([lose.pk]), pairs)
    return lose


def _refresh(paper_ids, hubs, before):
    """``before``: keys of the pairs that these papers had; of those that are gone the words go too."""
    pairs = _keys_of_pairs(paper_ids)
    refresh_pairs(pairs)
    refresh_words(pairs | before)
    refresh_hubs(alive(Paper, {*paper_ids, *hubs}))


def _revert(journal):
    try:
        with transaction.atomic():
            journal.revert()
            tables = [model._meta.db_table for model in journal.models()]
            connection.check_constraints(table_names=tables)
    except (Changed, IntegrityError) as error:
        raise Refused(
            _("This merge can no longer be undone, since rows have been moved or deleted: %(rows)s")
            % {"rows": error}
        ) from error


class _MergeJournal(Journal):
    """The journal of one merge, with the ids of both papers."""

    def __init__(self, keep, lose, steps=()):
        super().__init__(steps)
        self.keep, self.lose = keep, lose

    @classmethod
    def of(cls, merge):
        return cls(**merge.journal)

    def as_json(self):
        return {"keep": self.keep, "lose": self.lose, "steps": self.steps}


def _pairs_of(paper_ids):
    return Citation.objects.filter(Q(citing_paper_id__in=paper_ids) | Q(cited_paper_id__in=paper_ids))


def _keys_of_pairs(paper_ids):
    return set(_pairs_of(paper_ids).values_list("pk", flat=True))


# -- planning --------------------------------------------------------------------------------


@dataclass
class _Plan:
    """What becomes of rows whose references are mapped: some are absorbed, the others move."""

    model: type
    moves: list  # (row, {column: new value})
    absorbed: dict  # row that goes -> row that stays, both as rows

    @property
    def keys(self):
        return {row.pk: stays.pk for row, stays in self.absorbed.items()}

    def carry_out(self, journal):
        journal.delete(list(self.absorbed))
        journal.move(self.moves)


def _plan(model, mappings, unique, rank=None):
    """The _Plan for all rows of ``model`` that refer to what ``mappings`` ({column: {old: new}}) replaces.

    Two rows that would then agree in ``unique`` become one: the one that ``rank`` (row ->
    something comparable) puts higher, else the one that was there.
    """
    rows, holders = {}, {}
    for column, mapping in mappings.items():
        rows |= {row.pk: row for row in _load(model, column, mapping)}
    for column, mapping in mappings.items():
        for row in _load(model, column, set(mapping.values())):
            if row.pk not in rows:
                holders[tuple(getattr(row, name) for name in unique)] = row
    plan = _Plan(model, [], {})
    moving = {}
    for row in sorted(rows.values(), key=lambda row: row.pk):
        new = {
            column: mapping[getattr(row, column)]
            for column, mapping in mappings.items()
            if getattr(row, column) in mapping
        }
        key = tuple(new.get(name, getattr(row, name)) for name in unique)
        holder = holders.get(key)
        if holder is not None and (rank is None or rank(row) <= rank(holder)):
            plan.absorbed[row] = holder
            continue
        if holder is not None:
            plan.absorbed[holder] = row
            moving.pop(holder, None)
        holders[key] = row
        moving[row] = new
    plan.moves = list(moving.items())
    return plan


def _follow(journal, rows, column, target):
    """Point ``column`` of all ``rows`` to ``target``: a key, or a dict of what is replaced by what."""
    new = target.get if isinstance(target, dict) else lambda _before: target
    journal.move([(row, {column: new(getattr(row, column))}) for row in rows])


def _load(model, column, values):
    return list(model.objects.filter(**{f"{column}__among": list(values)}))


def _still_said(row):
    """For provenances: one that stands outranks one that was withdrawn."""
    return row.withdrawn_at is None


# -- the steps -------------------------------------------------------------------------------


def _set_aside_ties(journal):
    """A pair or a notice between the two papers would tie the work to itself."""
    two = [journal.keep, journal.lose]
    pairs = list(Citation.objects.filter(citing_paper_id__in=two, cited_paper_id__in=two))
    of_pairs = {"citation__in": pairs}
    contexts = list(CitationContext.objects.filter(**of_pairs))
    _follow(journal, UnmatchedReference.objects.filter(**of_pairs), "citation_id", None)
    for model in (CitationProvenance, ClaimTreatment, RepresentativePin):
        journal.delete(list(model.objects.filter(**of_pairs)))
    for model in (ContextProvenance, MachineReading):
        journal.delete(list(model.objects.filter(context__in=contexts)))
    journal.delete(list(Assertion.objects.filter(Q(context__in=contexts) | Q(**of_pairs))))
    journal.delete(contexts)
    journal.delete(pairs)
    journal.delete(list(Notice.objects.filter(paper_id__in=two, notice_paper_id__in=two)))


def _unite_claims(journal):
    """Move the claims; returns ``{claim that goes: claim with the same words that stays}``.

    Claims drawn from an abstract make way as they do for imports: for claims that a source
    or a curator gave, and ``lose``'s for those drawn from the abstract that is shown.
    """
    kept = list(Claim.objects.filter(paper_id=journal.keep))
    losing = list(Claim.objects.filter(paper_id=journal.lose))
    by_text = {claim.text: claim for claim in kept if claim.withdrawn_at is None}
    absorbed = {claim.pk: by_text[claim.text].pk for claim in losing if claim.text in by_text}
    moving = [claim for claim in losing if claim.pk not in absorbed]
    _follow(journal, moving, "paper_id", journal.keep)
    current = [claim for claim in (*kept, *moving) if claim.withdrawn_at is None]
    if any(claim.origin != Claim.Origin.ABSTRACT for claim in current):
        in_the_way = current
    elif any(claim.withdrawn_at is None for claim in kept):
        in_the_way = moving
    else:
        in_the_way = []
    now = timezone.now()
    treated = set(ClaimTreatment.objects.filter(claim__in=in_the_way).values_list("claim_id", flat=True))
    taken_in = set(ClaimTreatment.objects.filter(claim__in=list(absorbed)).values_list("claim_id", flat=True))
    treated |= {absorbed[claim_id] for claim_id in taken_in}
    for claim in in_the_way:
        drawn = claim.origin == Claim.Origin.ABSTRACT and claim.withdrawn_at is None
        if drawn and claim.pk not in treated:
            journal.change(claim, withdrawn_at=now)
    return absorbed


def _unite_pairs(journal, claims):
    """Pairs in both directions, the sentences they rest on, and all that hangs on either."""
    papers = {journal.lose: journal.keep}
    pairs = _plan(
        Citation,
        {"citing_paper_id": papers, "cited_paper_id": papers},
        ("citing_paper_id", "cited_paper_id"),
    )
    passages = _plan(Passage, {"citing_paper_id": papers}, ("citing_paper_id", "fingerprint"))
    contexts = _plan(
        CitationContext,
        {"passage_id": passages.keys, "citation_id": pairs.keys},
        ("passage_id", "citation_id"),
    )
    _unite_contexts(journal, contexts, passages)
    _unite_passages(journal, passages)
    for pair in pairs.absorbed.values():
        journal.note_changes(pair, {}, {})
    _unite(journal, CitationProvenance, "citation_id", pairs.keys, ("citation_id", "source"), _still_said)
    _unite(journal, RepresentativePin, "citation_id", pairs.keys, ("citation_id",))
    for model in (Assertion, MachineReading, UnmatchedReference):
        _follow(journal, _load(model, "citation_id", pairs.keys), "citation_id", pairs.keys)
    treatments = _plan(
        ClaimTreatment,
        {"claim_id": claims, "citation_id": pairs.keys},
        ("claim_id", "citation_id"),
        rank=lambda row: (row.created_at, row.pk),
    )
    treatments.carry_out(journal)
    journal.delete(_load(Claim, "pk", claims))
    pairs.carry_out(journal)
    _settle(Citation, CitationProvenance, "citation", pairs.absorbed.values(), journal)
    _settle(CitationContext, ContextProvenance, "context", contexts.absorbed.values(), journal)


def _unite(journal, model, column, mapping, unique, rank=None):
    _plan(model, {column: mapping}, unique, rank).carry_out(journal)


def _unite_contexts(journal, contexts, passages):
    keys = contexts.keys
    _unite(journal, ContextProvenance, "context_id", keys, ("context_id", "source"), _still_said)
    _follow(journal, _load(Assertion, "context_id", keys), "context_id", keys)
    # The sentence that stays has a reading of its own, or gets one from the next classify.
    journal.delete(_load(MachineReading, "context_id", keys))
    stays = {row.pk: passage for row, passage in passages.absorbed.items()}
    goes = {row.pk: row for row in passages.absorbed}
    for row, holder in contexts.absorbed.items():
        if holder.start is None and row.start is not None:
            start, end = _carried(row, goes, stays)
            journal.change(holder, start=start, end=end)
        if holder.group_size is None:
            journal.change(holder, group_size=row.group_size)
    for row, _columns in contexts.moves:
        if row.passage_id in stays and row.start is not None:
            start, end = _carried(row, goes, stays)
            journal.change(row, start=start, end=end)
    contexts.carry_out(journal)


def _carried(context, goes, stays):
    """Where a context's citation stands in the passage that stays; (None, None) where it is not found."""
    if context.passage_id not in stays:
        return context.start, context.end
    before, after = goes[context.passage_id].text, stays[context.passage_id].text
    if before == after:
        return context.start, context.end
    return text.carry_span(before, after, context.start, context.end) or (None, None)


def _unite_passages(journal, passages):
    for row, holder in passages.absorbed.items():
        fills = {
            name: getattr(row, name)
            for name in PASSAGE_FILLS
            if getattr(row, name) and not getattr(holder, name)
        }
        if row.suppressed_at and not holder.suppressed_at:
            fills |= {"suppressed_at": row.suppressed_at, "suppressed_reason": row.suppressed_reason}
        journal.change(holder, **fills)
    passages.carry_out(journal)


def _move_the_rest(journal):
    papers = {journal.lose: journal.keep}
    _unite_versions(journal)
    for model in (PaperIdentifier, SourceRecord, PaperRedirect, Merge):
        _follow(journal, model.objects.filter(paper_id=journal.lose), "paper_id", journal.keep)
    notices = _plan(
        Notice, {"paper_id": papers, "notice_paper_id": papers}, ("paper_id", "kind", "notice_paper_id")
    )
    notices.carry_out(journal)
    _unite(
        journal,
        UnmatchedReference,
        "citing_paper_id",
        papers,
        ("citing_paper_id", "source", "fingerprint"),
        lambda row: (row.resolved_at is not None, row.withdrawn_at is None),
    )


def _unite_versions(journal):
    """A version that both papers have in the same words is one."""

    def told(row):
        return (row.kind, row.title, row.venue, row.date)

    held = {told(row): row for row in PaperVersion.objects.filter(paper_id=journal.keep)}
    losing = list(PaperVersion.objects.filter(paper_id=journal.lose))
    absorbed = [row for row in losing if told(row) in held]
    for row in absorbed:
        _follow(journal, row.identifiers.all(), "version_id", held[told(row)].pk)
    journal.delete(absorbed)
    _follow(journal, [row for row in losing if told(row) not in held], "paper_id", journal.keep)


def _settle(model, provenance, name, rows, journal=None):
    """Make pairs or sentences current just when a source still has them. ``rows``: rows or a queryset."""
    rows = (
        rows if isinstance(rows, models.QuerySet) else model.objects.filter(pk__in=[row.pk for row in rows])
    )
    held = Exists(provenance.objects.filter(**{name: OuterRef("pk")}, withdrawn_at=None))
    now = timezone.now()
    for current, time in ((held, None), (~held, now)):
        for row in rows.filter(current, withdrawn_at__isnull=time is not None):
            if journal:
                journal.change(row, withdrawn_at=time)
            else:
                model.objects.filter(pk=row.pk).update(withdrawn_at=time)


# -- fields of the paper ------------------------------------------------------------------------


def _unite_fields(journal, keep, lose, by):
    """Fill what ``keep`` lacks or holds from a weaker source, its author list and fields of study too."""
    before = _columns(keep)
    lists = {"authors": Authorship, "fields": PaperField}
    for name, model in lists.items():
        kept, losing = (list(model.objects.filter(paper_id=paper.pk)) for paper in (keep, lose))
        if _takes_over(keep, lose, name, bool(kept), bool(losing)):
            journal.delete(kept)
            _follow(journal, losing, "paper_id", keep.pk)
            _hold(keep, lose, name)
        else:
            journal.delete(losing)
    for name in ("title", "year", "venue_id", "kind", "abstract", "license"):
        _fill(keep, lose, name)
    if keep.year in (None, lose.year) or lose.date[:4] == str(keep.year):
        _fill(keep, lose, "date")
    _fill_summary(keep, lose)
    if keep.field_sources.get("retracted") != CURATOR and (keep.retracted is None or lose.retracted):
        if lose.retracted is not None and keep.retracted != lose.retracted:
            keep.retracted = lose.retracted
            _hold(keep, lose, "retracted")
    keep.is_stub = keep.is_stub and lose.is_stub
    keep.is_fictional = keep.is_fictional or lose.is_fictional
    refold(keep)
    journal.note_changes(keep, before, _columns(keep))
    save_with_history(keep, by, f"merged with number {lose.pk}")


def _columns(paper):
    left_out = ("id", "created_at", "updated_at")
    columns = {
        column.attname: getattr(paper, column.attname)
        for column in Paper._meta.concrete_fields
        if column.attname not in left_out
    }
    return columns | {"field_sources": dict(paper.field_sources)}


def _takes_over(keep, lose, name, keep_has, lose_has):
    if not lose_has:
        return False
    held_by, said_by = keep.field_sources.get(name), lose.field_sources.get(name)
    if not keep_has:
        return held_by != CURATOR
    return bool(held_by and said_by) and source_rank(said_by) < source_rank(held_by)


def _fill(keep, lose, column):
    name = column.removesuffix("_id")
    kept, said = getattr(keep, column), getattr(lose, column)
    if _takes_over(keep, lose, name, kept not in ("", None), said not in ("", None)):
        setattr(keep, column, said)
        _hold(keep, lose, name)
        if name == "title":
            keep.language = lose.language
            _hold(keep, lose, "language")
        if name == "abstract":
            keep.abstract_language = lose.abstract_language


def _fill_summary(keep, lose):
    given = (Paper.SummaryOrigin.RECORD, Paper.SummaryOrigin.CURATOR)
    if lose.summary_origin in given and (
        keep.summary_origin not in given or _takes_over(keep, lose, "summary", True, True)
    ):
        keep.summary, keep.summary_origin = lose.summary, lose.summary_origin
        _hold(keep, lose, "summary")
    elif keep.summary_origin not in given and keep.field_sources.get("summary") != CURATOR:
        keep.summary = text.contribution_sentence(keep.abstract)
        keep.summary_origin = Paper.SummaryOrigin.ABSTRACT if keep.summary else ""


def _hold(keep, lose, name):
    """Name the source that the field was taken from, as ``lose`` named it."""
    keep.field_sources.pop(name, None)
    if name in lose.field_sources:
        keep.field_sources[name] = lose.field_sources[name]


def _forget_derived(paper_id):
    CoCitedWorks.objects.filter(paper_id=paper_id).delete()
    HubSummary.objects.filter(paper_id=paper_id).delete()
    StaleHub.objects.filter(paper_id=paper_id).delete()
    PaperWords.objects.filter(pk=paper_id).delete()


# -- whether a merge can be undone ---------------------------------------------------------------


def _merge_resting_on(merge, journal):
    """The newest later merge, not undone, that concerns rows of this one; None where there is none."""
    two, needed = {journal.keep, journal.lose}, journal.referred_to(Paper)
    # Papers are compared apart: that two merges move pairs of one paper ties nothing together.
    rows = {row for row in journal.rows() if row[0] != Paper._meta.label_lower}
    for later in Merge.objects.filter(pk__gt=merge.pk, undone_at=None).order_by("-pk").iterator():
        other = _MergeJournal.of(later)
        if two & {other.keep, other.lose} or other.lose in needed or rows & other.rows():
            return later
    return None


def _demand_two_of_everything(paper_ids):
    """Raise Refused where something entered since ties the two papers together."""
    crossed = CitationContext.objects.filter(citation__in=_pairs_of(paper_ids)).exclude(
        passage__citing_paper=F("citation__citing_paper")
    )
    if crossed.exists():
        raise Refused(_("Sentences have come since that belong to both papers; they cannot be told apart."))
    treated = ClaimTreatment.objects.filter(claim__paper_id__in=paper_ids).exclude(
        claim__paper=F("citation__cited_paper")
    )
    if row := treated.select_related("claim").first():
        raise Refused(
            _("Since the merge a citing paper was tied to the claim “%(claim)s” of the other paper.")
            % {"claim": row.claim}
        )
