"""One batch of records as rows of evidence: pairs, passages, contexts, labels, what did not match.

Each step loads what is there in a few queries and adds what is missing; nothing of a source
is deleted: what a complete reference list no longer has is marked withdrawn. The papers
are there already (``papers/ingest.py``); the caller owns the transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from django.db.models import Exists, OuterRef
from django.utils import timezone

from citations import assertions
from citations.claims import draw_claims, write_claims
from citations.labels import known_scheme, source_of, translate
from citations.models import (
    Assertion,
    Citation,
    CitationContext,
    CitationProvenance,
    ContextProvenance,
    Passage,
    UnmatchedReference,
)
from citations.rollups import (
    UNREAD_COLUMNS,
    mark_stale,
    read_model_of_unread,
    refresh_pairs,
    refresh_self_citations,
)
from citations.wordsearch import refresh_words
from papers import bulk, text
from papers.ingest import Taken, Upserted
from papers.markers import group_size_at, locate_marker
from papers.matching import Candidate, Match, MatchStatus
from papers.models import FOLDED_LENGTH
from papers.records import ContextRecord, PaperRecord, ReferenceRecord
from papers.sections import section_kind

MATCH_COLUMNS = ("match_status", "match_reason")
QUEUED = (MatchStatus.AMBIGUOUS, MatchStatus.UNMATCHED, MatchStatus.WEAK)


def take_reference(unmatched, *, cited_paper_id, status=MatchStatus.CURATED, reason="matched by a curator"):
    """Write a reference from the queue as if its record had matched it to this paper; returns its Citation.

    The pair gets what the reference carries: provenance, sentences, labels. Touched hubs
    are marked stale. Call it inside a transaction. Some thirty queries.
    """
    reference = msgspec.convert(unmatched.payload, ReferenceRecord)
    said = unmatched.record.payload
    taken = Taken(
        PaperRecord(license=said.get("license", ""), language=said.get("language", "")),
        "updated",
        unmatched.citing_paper_id,
        unmatched.record,
        [(reference, Match(Candidate(cited_paper_id), status, reason))],
    )
    written = BatchWriter(source=unmatched.source).write(Upserted([taken]))
    return Citation.objects.get(pk=written.citations[unmatched.citing_paper_id, cited_paper_id])


@dataclass
class _Line:
    """A context as a record gives it, on its way to rows."""

    citing_id: int
    cited_id: int
    fingerprint: str
    record: ContextRecord
    reference: ReferenceRecord
    source_record_id: int
    passage: Passage | None = None
    context: CitationContext | None = None


class BatchWriter:
    """``write`` an Upserted batch of one source; then these say what came of it.

    ``counts`` by the names of ``ingest.Outcome``; ``problems``; ``unmapped``: how often which
    (scheme, value) of a label is unknown to the crosswalk; ``citations``: (citing id, cited
    id) -> key of each pair of the batch's papers.
    """

    def __init__(self, *, source):
        self.source = source
        self.unmapped = Counter()
        self.counts = Counter()
        self.problems = []
        self.now = timezone.now()

    def write(self, upserted):
        for item in upserted.taken:
            self.counts["records"] += 1
            self.problems += item.problems
            if item.state != "unchanged":
                self.counts[f"papers_{item.state}"] += 1
        self.fresh = _standing([item for item in upserted.taken if item.state != "unchanged"])
        if not self.fresh:
            return self
        self.paper_ids = {item.paper_id for item in self.fresh}
        self._claims()
        self._pairs(upserted.renamed)
        self._contexts()
        self._labels()
        self._unmatched()
        self._withdraw_what_is_gone()
        self._refresh(upserted)
        return self

    def _refresh(self, upserted):
        """Rederive every pair whose read model may have changed, and mark its hub stale.

        The earlier pairs of these papers, new ones with a sentence or a label, and those of
        other papers that a notice retracted. New pairs without a sentence were written right.
        """
        pairs = self.earlier | {line.context.citation_id for line in self.lines}
        for item, reference, cited_id in self.references:
            if reference.labels:
                pairs.add(self.citations[item.paper_id, cited_id])
        hubs = self.paper_ids | {cited_id for _citing_id, cited_id in self.citations}
        elsewhere = Citation.objects.filter(citing_paper_id__among=upserted.redated - self.paper_ids)
        for citation_id, cited_id in elsewhere.values_list("id", "cited_paper_id"):
            pairs.add(citation_id)
            hubs.add(cited_id)
        refresh_pairs(pairs)
        refresh_words(self.earlier | {line.context.citation_id for line in self.lines})
        mark_stale(hubs)

    # -- claims ------------------------------------------------------------------------------

    def _claims(self):
        given = {item.paper_id: item.record.claims for item in self.fresh if item.record.claims}
        if given:
            write_claims(given, now=self.now)
        changed = {item.paper_id for item in self.fresh if item.abstract_changed} - set(given)
        if changed:
            read = (item.record for item in self.fresh if item.record.derived)
            draw_claims(
                changed, now=self.now, found={record.abstract: record.derived.results for record in read}
            )

    # -- pairs -------------------------------------------------------------------------------

    def _pairs(self, renamed):
        self.references = []  # (Taken, ReferenceRecord, cited id), matched ones only
        wanted = {}
        self.resolved = self._resolved_by_curators()
        for item in self.fresh:
            for reference, match in item.references:
                if match.candidate is not None:
                    cited_id = match.candidate.paper_id
                else:
                    cited_id = self.resolved.get((item.paper_id, _reference_mark(reference)))
                if cited_id is not None:
                    self.references.append((item, reference, cited_id))
                    wanted.setdefault((item.paper_id, cited_id), match)
        self.citations, back = {}, []  # (citing id, cited id) -> key of the pair
        rows = Citation.objects.filter(citing_paper_id__among=self.paper_ids)
        for key, citing_id, cited_id, withdrawn_at in rows.values_list(
            "id", "citing_paper_id", "cited_paper_id", "withdrawn_at"
        ):
            self.citations[citing_id, cited_id] = key
            if withdrawn_at and (citing_id, cited_id) in wanted:
                back.append(key)
        self.earlier = set(self.citations.values())
        if back:
            Citation.objects.filter(id__among=back).update(withdrawn_at=None)
        new = {pair: match for pair, match in wanted.items() if pair not in self.citations}
        refresh_self_citations(renamed)  # of the earlier pairs: new ones are written right
        self._new_pairs(new)
        self._pair_provenances()

    def _new_pairs(self, wanted):
        """Write the pairs ``{(citing id, cited id): Match}`` as pairs without a sentence."""
        names, rest = bulk.template(
            Citation(created_at=self.now),
            varying=("id", "citing_paper_id", "cited_paper_id", *MATCH_COLUMNS, *UNREAD_COLUMNS),
        )
        keys = bulk.reserve(Citation, len(wanted))
        read_model = read_model_of_unread(wanted)
        bulk.write(
            Citation,
            names,
            (
                (key, *pair, match.status.value, match.reason[:200], *read_model[pair], *rest)
                for key, (pair, match) in zip(keys, wanted.items(), strict=True)
            ),
        )
        self.citations.update(zip(wanted, keys, strict=True))
        self.counts["citations_created"] += len(wanted)

    def _resolved_by_curators(self):
        """References of these papers that a curator has matched: (citing id, mark) -> cited id."""
        rows = UnmatchedReference.objects.filter(
            citing_paper_id__among=self.paper_ids, citation__isnull=False
        )
        return {
            (row.citing_paper_id, row.fingerprint): row.citation.cited_paper_id
            for row in rows.select_related("citation")
        }

    def _pair_provenances(self):
        said = {}
        for item, reference, cited_id in self.references:
            citation_id = self.citations[item.paper_id, cited_id]
            said.setdefault(citation_id, (item.source_record.id, reference.raw))
        self._provenances(CitationProvenance, "citation_id", said, self.earlier, ("raw",))

    def _provenances(self, model, column, said, earlier, more=()):
        """Say of each target that this source has it.

        ``said``: {id: (source record id, value of each column in ``more``)}; ``earlier``: the
        targets that may have provenances already.
        """
        held, changed, names = {}, [], ["record_id", *more]
        if again := earlier & said.keys():
            rows = model.objects.filter(source=self.source, **{f"{column}__among": again})
            held = {getattr(row, column): row for row in rows}
        for target_id, row in held.items():
            values = {**dict(zip(names, said[target_id], strict=True)), "withdrawn_at": None}
            if any(getattr(row, name) != value for name, value in values.items()):
                for name, value in values.items():
                    setattr(row, name, value)
                changed.append(row)
        bulk.update(model, changed, ["record", *more, "withdrawn_at"])
        new = [target_id for target_id in said if target_id not in held]
        lines = ((self.source, target_id, *said[target_id]) for target_id in new)
        bulk.write(model, ("source", column, *names), lines)

    # -- passages and contexts ---------------------------------------------------------------

    def _contexts(self):
        self.lines = []
        for item, reference, cited_id in self.references:
            for record in reference.contexts:
                mark = text.fingerprint(record.text)
                self.lines.append(
                    _Line(item.paper_id, cited_id, mark, record, reference, item.source_record.id)
                )
        citing = {line.citing_id for line in self.lines}
        passages = {
            (row.citing_paper_id, row.fingerprint): row
            for row in Passage.objects.filter(citing_paper_id__among=citing)
        }
        licences = {item.paper_id: item.record.license for item in self.fresh}
        languages = {item.paper_id: item.record.language for item in self.fresh}
        new = []
        for line in self.lines:
            key = (line.citing_id, line.fingerprint)
            if key not in passages:
                passages[key] = _passage(line, licences[line.citing_id], languages[line.citing_id])
                new.append(passages[key])
            line.passage = passages[key]
        bulk.insert(Passage, new)
        self._link_contexts()

    def _link_contexts(self):
        rows = CitationContext.objects.filter(passage_id__among={line.passage.id for line in self.lines})
        contexts = {(row.passage_id, row.citation_id): row for row in rows}
        self.earlier_contexts = {row.id for row in contexts.values()}
        new, back = [], []
        for line in self.lines:
            citation_id = self.citations[line.citing_id, line.cited_id]
            key = (line.passage.id, citation_id)
            row = contexts.get(key)
            if row is None:
                row = contexts[key] = _context(line, citation_id)
                new.append(row)
            elif row.withdrawn_at:
                back.append(row.id)
                row.withdrawn_at = None
            line.context = row
        bulk.insert(CitationContext, new)
        if back:
            CitationContext.objects.filter(id__among=back).update(withdrawn_at=None)
        self.counts["contexts_created"] += len(new)
        said = {line.context.id: (line.source_record_id,) for line in self.lines}
        self._provenances(ContextProvenance, "context_id", said, self.earlier_contexts)

    # -- labels ------------------------------------------------------------------------------

    def _labels(self):
        """Append the labels that came along, where they differ from what is in force.

        For each target, scheme and source: the newest values there are compared with the
        record's, so that a source that goes back to an earlier label is heard.
        """
        # (target, its id, scheme, source) -> {record id: {value: label}}, in the order of the records
        wanted = defaultdict(dict)
        for line in self.lines:
            for label in line.record.labels:
                self._want(wanted, "context", line.context.id, label, line.source_record_id)
        for item, reference, cited_id in self.references:
            for label in reference.labels:
                citation_id = self.citations[item.paper_id, cited_id]
                self._want(wanted, "citation", citation_id, label, item.source_record.id)
        held = self._held_labels()
        new = []
        for key, by_record in wanted.items():
            target, target_id, scheme, _source = key
            newest_at = max((row.created_at for row in held[key]), default=None)
            in_force = {row.original_value for row in held[key] if row.created_at == newest_at}
            # What a later record of the batch says is newer, as in a batch of its own.
            for place, (record_id, labels) in enumerate(by_record.items()):
                if in_force == set(labels):
                    continue
                in_force, now = set(labels), self.now + place * timedelta(microseconds=1)
                for value, label in labels.items():
                    self.counts["labels_created"] += 1
                    new += assertions.imported(
                        label, record_id=record_id, now=now, **{f"{target}_id": target_id}
                    )
                    if translate(scheme, value) is None:
                        self.unmapped[scheme, value] += 1
        assertions.append(new)
        self._withdraw_labels(wanted, held)

    @staticmethod
    def _want(wanted, target, target_id, label, record_id):
        source = str(source_of(label.scheme, label.source))
        key = (target, target_id, known_scheme(label.scheme)[:60], source)
        wanted[key].setdefault(record_id, {}).setdefault(str(label.value)[:200], label)

    def _held_labels(self):
        """Imported labels in force on the contexts and pairs of this batch, keyed as in ``_labels``."""
        held = defaultdict(list)
        for target, ids in (("context", self.earlier_contexts), ("citation", self.earlier)):
            if not ids:
                continue
            rows = Assertion.objects.filter(
                **{f"{target}_id__among": ids}, withdrawn_at=None, record__isnull=False
            )
            for row in rows.select_related("record").defer("record__payload"):
                held[target, getattr(row, f"{target}_id"), row.scheme, row.source].append(row)
        return held

    def _withdraw_labels(self, wanted, held):
        """A complete record that no longer carries a label of its own takes it back."""
        complete = {
            (item.source_record.source, item.source_record.source_key)
            for item in self.fresh
            if item.record.references_complete
        }
        if not complete:
            return
        gone = {
            row.id
            for key, rows in held.items()
            for row in rows
            if not any(row.original_value in labels for labels in wanted.get(key, {}).values())
            and (row.record.source, row.record.source_key) in complete
        }
        assertions.withdraw(gone, now=self.now)

    # -- what did not match --------------------------------------------------------------------

    def _unmatched(self):
        lines = {}
        for item in self.fresh:
            for reference, match in item.references:
                if match.candidate is None and match.status in QUEUED:
                    key = (item.paper_id, _reference_mark(reference))
                    if key not in self.resolved:
                        lines[key] = (item, reference, match)
        rows = UnmatchedReference.objects.filter(
            source=self.source, citing_paper_id__among={citing_id for citing_id, _mark in lines}
        )
        held = {(row.citing_paper_id, row.fingerprint): row for row in rows}
        new = []
        for key, (item, reference, match) in lines.items():
            if key in held:
                continue
            new.append(
                UnmatchedReference(
                    citing_paper_id=key[0],
                    record=item.source_record,
                    source=self.source,
                    fingerprint=key[1],
                    raw=reference.raw,
                    title=reference.title,
                    title_folded=text.fold(reference.title)[:FOLDED_LENGTH],
                    year=reference.year,
                    payload=msgspec.to_builtins(reference),
                    match_status=match.status,
                    match_reason=match.reason[:200],
                    candidates=[other.paper_id for other in match.others],
                )
            )
        bulk.insert(UnmatchedReference, new)
        back = [row.id for key, row in held.items() if key in lines and row.withdrawn_at]
        if back:
            UnmatchedReference.objects.filter(id__among=back).update(withdrawn_at=None)
        self.counts["unmatched"] += len(lines)
        self._withdraw_unmatched(lines)

    def _withdraw_unmatched(self, lines):
        """Open references of this source that a complete record no longer prints."""
        complete = {item.paper_id for item in self.fresh if item.record.references_complete}
        waiting = UnmatchedReference.objects.filter(
            source=self.source, citing_paper_id__among=complete, citation=None, withdrawn_at=None
        )
        gone = [
            row_id
            for row_id, citing_id, mark in waiting.values_list("id", "citing_paper_id", "fingerprint")
            if (citing_id, mark) not in lines
        ]
        _withdraw(UnmatchedReference, gone, self.now)

    # -- what is gone --------------------------------------------------------------------------

    def _withdraw_what_is_gone(self):
        """Rows of this source that a complete record of the same paper no longer has.

        Only what was there before the batch can be gone.
        """
        complete = {item.paper_id for item in self.fresh if item.record.references_complete}
        ids = {key for (citing_id, _cited_id), key in self.citations.items() if citing_id in complete}
        ids &= self.earlier
        if not ids:
            return
        pairs_said = {self.citations[item.paper_id, cited_id] for item, _r, cited_id in self.references}
        contexts_said = {line.context.id for line in self.lines}
        for model, provenance, name, path, still_said in (
            (Citation, CitationProvenance, "citation", "id", pairs_said),
            (CitationContext, ContextProvenance, "context", "citation_id", contexts_said),
        ):
            of_pairs = "citation_id" if model is Citation else "context__citation_id"
            rows = provenance.objects.filter(
                source=self.source, **{f"{of_pairs}__among": ids}, withdrawn_at=None
            )
            told = rows.values_list("id", f"{name}_id")
            _withdraw(
                provenance, [row_id for row_id, target_id in told if target_id not in still_said], self.now
            )
            held = provenance.objects.filter(**{name: OuterRef("pk")}, withdrawn_at=None)
            orphans = model.objects.filter(~Exists(held), **{f"{path}__among": ids}, withdrawn_at=None)
            _withdraw(model, list(orphans.values_list("id", flat=True)), self.now)


def _standing(items):
    """Without records that a complete one of the same key follows: it takes back what they said."""
    last = {
        item.source_record.source_key: place
        for place, item in enumerate(items)
        if item.record.references_complete
    }
    return [item for place, item in enumerate(items) if place >= last.get(item.source_record.source_key, 0)]


def _withdraw(model, ids, now):
    if ids:
        model.objects.filter(id__among=ids).update(withdrawn_at=now)


def _reference_mark(reference):
    """What tells a reference from the others of its paper, for references that no identifier names."""
    return text.fingerprint(f"{reference.title} {reference.raw} {reference.year or ''}")


def _passage(line, licence, language):
    record = line.record
    return Passage(
        citing_paper_id=line.citing_id,
        fingerprint=line.fingerprint,
        text=record.text,
        before=record.before,
        after=record.after,
        section=record.section[:300],
        section_kind=section_kind(record.section),
        position=record.position,
        language=(record.language or language)[:20],
        license=licence[:200],
    )


def _context(line, citation_id):
    """A new context row. Where the source does not mark the citation, it is looked for."""
    record, passage = line.record, line.passage
    if record.start is None:
        families = [text.family_and_initial(author.name)[0] for author in line.reference.authors[:3]]
        span = locate_marker(passage.text, family_names=families, year=line.reference.year)
    elif record.text == passage.text:
        span = (record.start, record.end)
    else:
        span = text.carry_span(record.text, passage.text, record.start, record.end)
    start, end = span or (None, None)
    group_size = record.group_size
    if group_size is None and span:
        group_size = group_size_at(passage.text, start, end)
    return CitationContext(
        passage=passage, citation_id=citation_id, start=start, end=end, group_size=group_size
    )
