"""The one orchestrator of imports: records in, citations, passages, contexts and labels out.

``ingest_records`` takes what a reader yields, in batches, one transaction each: a stopped
run leaves whole batches, and the same command goes on from there, since an unchanged
record is known by its digest. Nothing of a source is deleted: what a complete reference
list no longer has is marked withdrawn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import msgspec
from django.db import transaction
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
from citations.rollups import mark_stale, refresh_pairs
from papers import bulk, text
from papers.ingest import Taken, upsert_papers
from papers.markers import group_size_at, locate_marker
from papers.matching import Candidate, Match, MatchStatus, chunks
from papers.models import FOLDED_LENGTH
from papers.records import ContextRecord, PaperRecord, Problem, ReferenceRecord
from papers.sections import section_kind

RECORDS_A_BATCH = 250
REFERENCES_A_BATCH = 5000  # a batch closes early when its reference lists are long
QUEUED = (MatchStatus.AMBIGUOUS, MatchStatus.UNMATCHED, MatchStatus.WEAK)


@dataclass
class Outcome:
    """What an import has done so far: counts as ``--json`` prints them, and what it touched."""

    counts: Counter = field(default_factory=Counter)
    problems: list[tuple[str, Problem]] = field(default_factory=list)
    unmapped: Counter = field(default_factory=Counter)  # (scheme, value) that no row of the crosswalk knows

    NAMES = (
        "records",
        "papers_created",
        "papers_updated",
        "citations_created",
        "contexts_created",
        "labels_created",
        "skipped",
        "unmatched",
    )

    def as_json(self):
        return {name: self.counts[name] for name in self.NAMES}


def ingest_records(items, *, source, run, locator, outcome, fictional=False, on_problem=None, on_batch=None):
    """Write what a reader yields (PaperRecord or Problem); adds to ``outcome`` as it goes.

    ``run`` is the number of the ImportRun, ``locator`` names the file. ``on_problem(file,
    Problem)`` is called for each problem, ``on_batch(outcome)`` after each transaction.
    Hubs that a batch touches are marked stale with it; ``rollups.refresh_stale`` is the
    caller's to call. Memory is bounded by a batch.
    """

    def report(problem):
        outcome.counts["skipped"] += problem.skipped
        if len(outcome.problems) < 1000:
            outcome.problems.append((locator, problem))
        if on_problem:
            on_problem(locator, problem)

    for batch in _batches(items, report):
        with transaction.atomic():
            bulk.lock_library()
            written = _Writer(source=source, outcome=outcome).write(
                upsert_papers(batch, source=source, run=run, locator=locator, fictional=fictional)
            )
        outcome.counts.update(written.counts)
        for problem in written.problems:
            report(problem)
        if on_batch:
            on_batch(outcome)


def take_reference(unmatched, *, cited_paper_id):
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
        [(reference, Match(Candidate(cited_paper_id), MatchStatus.CURATED, "matched by a curator"))],
    )
    written = _Writer(source=unmatched.source, outcome=Outcome()).write([taken])
    return written.citations[unmatched.citing_paper_id, cited_paper_id]


def _batches(items, report):
    batch, references = [], 0
    for item in items:
        if isinstance(item, Problem):
            report(item)
            continue
        batch.append(item)
        references += len(item.references)
        if len(batch) >= RECORDS_A_BATCH or references >= REFERENCES_A_BATCH:
            yield batch
            batch, references = [], 0
    if batch:
        yield batch


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


class _Writer:
    """One batch. Each step loads what is there in a few queries and adds what is missing."""

    def __init__(self, *, source, outcome):
        self.source = source
        self.unmapped = outcome.unmapped
        self.counts = Counter()
        self.problems = []
        self.now = timezone.now()

    def write(self, taken):
        for item in taken:
            self.counts["records"] += 1
            self.problems += item.problems
            if item.state != "unchanged":
                self.counts[f"papers_{item.state}"] += 1
        self.fresh = [item for item in taken if item.state != "unchanged"]
        if not self.fresh:
            return self
        self._claims()
        self._pairs()
        self._contexts()
        self._labels()
        self._unmatched()
        self._withdraw_what_is_gone()
        self._refresh()
        return self

    def _refresh(self):
        """Rederive every pair whose read model may have changed, and mark its hub stale.

        All that these papers cite (year or venue may have come with the record), and all
        that cite them (an author list may make a self-citation).
        """
        papers = {item.paper_id for item in self.fresh}
        pairs, hubs = set(), set(papers)
        for ids in chunks(papers):
            outgoing = Citation.objects.filter(citing_paper_id__in=ids)
            for citation_id, cited_id in outgoing.values_list("id", "cited_paper_id"):
                pairs.add(citation_id)
                hubs.add(cited_id)
            pairs.update(Citation.objects.filter(cited_paper_id__in=ids).values_list("id", flat=True))
        refresh_pairs(pairs)
        mark_stale(hubs)

    # -- claims ------------------------------------------------------------------------------

    def _claims(self):
        given = {item.paper_id: item.record.claims for item in self.fresh if item.record.claims}
        if given:
            write_claims(given, now=self.now)
        changed = {item.paper_id for item in self.fresh if item.abstract_changed} - set(given)
        if changed:
            draw_claims(changed, now=self.now)

    # -- pairs -------------------------------------------------------------------------------

    def _pairs(self):
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
        self.citations = {}
        for chunk in chunks({citing_id for citing_id, _cited_id in wanted}):
            for row in Citation.objects.filter(citing_paper_id__in=chunk):
                self.citations[row.citing_paper_id, row.cited_paper_id] = row
        new = [
            Citation(
                citing_paper_id=pair[0],
                cited_paper_id=pair[1],
                match_status=match.status,
                match_reason=match.reason[:200],
            )
            for pair, match in wanted.items()
            if pair not in self.citations
        ]
        for row in bulk.insert(Citation, new):
            self.citations[row.citing_paper_id, row.cited_paper_id] = row
        self.counts["citations_created"] += len(new)
        back = [row.id for pair, row in self.citations.items() if pair in wanted and row.withdrawn_at]
        for chunk in chunks(back):
            Citation.objects.filter(id__in=chunk).update(withdrawn_at=None)
        self._pair_provenances()

    def _resolved_by_curators(self):
        """References of these papers that a curator has matched: (citing id, mark) -> cited id."""
        resolved = {}
        for ids in chunks({item.paper_id for item in self.fresh}):
            rows = UnmatchedReference.objects.filter(citing_paper_id__in=ids, citation__isnull=False)
            for row in rows.select_related("citation"):
                resolved[row.citing_paper_id, row.fingerprint] = row.citation.cited_paper_id
        return resolved

    def _pair_provenances(self):
        said = {}
        for item, reference, cited_id in self.references:
            citation = self.citations[item.paper_id, cited_id]
            said.setdefault(citation.id, (item.source_record.id, reference.raw))
        self._provenances(CitationProvenance, "citation_id", said, lambda raw: {"raw": raw})

    def _provenances(self, model, column, said, columns):
        """Say of each target that this source has it: ``said`` is {id: (source record id, extra)}."""
        held = {}
        for chunk in chunks(said):
            for row in model.objects.filter(source=self.source, **{f"{column}__in": chunk}):
                held[getattr(row, column)] = row
        new, changed = [], []
        for target_id, (record_id, extra) in said.items():
            row = held.get(target_id)
            values = {"record_id": record_id, "withdrawn_at": None, **columns(extra)}
            if row is None:
                new.append(model(source=self.source, **{column: target_id}, **values))
            elif any(getattr(row, name) != value for name, value in values.items()):
                for name, value in values.items():
                    setattr(row, name, value)
                changed.append(row)
        bulk.insert(model, new)
        names = ["record", "withdrawn_at", *columns("")]
        bulk.update(model, changed, names)

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
        passages = {}
        for chunk in chunks(citing):
            for row in Passage.objects.filter(citing_paper_id__in=chunk):
                passages[row.citing_paper_id, row.fingerprint] = row
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
        contexts = {}
        for chunk in chunks({line.passage.id for line in self.lines}):
            for row in CitationContext.objects.filter(passage_id__in=chunk):
                contexts[row.passage_id, row.citation_id] = row
        new, back = [], []
        for line in self.lines:
            citation = self.citations[line.citing_id, line.cited_id]
            key = (line.passage.id, citation.id)
            row = contexts.get(key)
            if row is None:
                row = contexts[key] = _context(line, citation)
                new.append(row)
            elif row.withdrawn_at:
                back.append(row.id)
                row.withdrawn_at = None
            line.context = row
        bulk.insert(CitationContext, new)
        for chunk in chunks(back):
            CitationContext.objects.filter(id__in=chunk).update(withdrawn_at=None)
        self.counts["contexts_created"] += len(new)
        said = {line.context.id: (line.source_record_id, None) for line in self.lines}
        self._provenances(ContextProvenance, "context_id", said, lambda _none: {})

    # -- labels ------------------------------------------------------------------------------

    def _labels(self):
        """Append the labels that came along, where they differ from what is in force.

        For each target, scheme and source: the newest values there are compared with the
        record's, so that a source that goes back to an earlier label is heard.
        """
        wanted = defaultdict(dict)  # (target, its id, scheme, source) -> {value: (label, record id)}
        for line in self.lines:
            for label in line.record.labels:
                self._want(wanted, "context", line.context.id, label, line.source_record_id)
        for item, reference, cited_id in self.references:
            citation = self.citations[item.paper_id, cited_id]
            for label in reference.labels:
                self._want(wanted, "citation", citation.id, label, item.source_record.id)
        held = self._held_labels()
        new = []
        for key, labels in wanted.items():
            newest_at = max((row.created_at for row in held[key]), default=None)
            if {row.original_value for row in held[key] if row.created_at == newest_at} == set(labels):
                continue
            target, target_id, scheme, _source = key
            for value, (label, record_id) in labels.items():
                self.counts["labels_created"] += 1
                new += assertions.imported(
                    label, record_id=record_id, now=self.now, **{f"{target}_id": target_id}
                )
                if translate(scheme, value) is None:
                    self.unmapped[scheme, value] += 1
        assertions.append(new)
        self._withdraw_labels(wanted, held)

    @staticmethod
    def _want(wanted, target, target_id, label, record_id):
        source = str(source_of(label.scheme, label.source))
        key = (target, target_id, known_scheme(label.scheme)[:60], source)
        wanted[key].setdefault(str(label.value)[:200], (label, record_id))

    def _held_labels(self):
        """Imported labels in force on the contexts and pairs of this batch, keyed as in ``_labels``."""
        held = defaultdict(list)
        targets = (
            ("context", {line.context.id for line in self.lines}),
            ("citation", {citation.id for citation in self.citations.values()}),
        )
        for target, ids in targets:
            for chunk in chunks(ids):
                rows = Assertion.objects.filter(
                    **{f"{target}_id__in": chunk}, withdrawn_at=None, record__isnull=False
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
            if row.original_value not in wanted.get(key, ())
            and (row.record.source, row.record.source_key) in complete
        }
        assertions.withdraw(gone, now=self.now)

    # -- what did not match --------------------------------------------------------------------

    def _unmatched(self):
        lines = {}
        for item in self.fresh:
            for reference, match in item.references:
                key = (item.paper_id, _reference_mark(reference))
                if match.candidate is None and match.status in QUEUED and key not in self.resolved:
                    lines[key] = (item, reference, match)
        held = {}
        for chunk in chunks({citing_id for citing_id, _mark in lines}):
            for row in UnmatchedReference.objects.filter(source=self.source, citing_paper_id__in=chunk):
                held[row.citing_paper_id, row.fingerprint] = row
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
        for chunk in chunks(back):
            UnmatchedReference.objects.filter(id__in=chunk).update(withdrawn_at=None)
        self.counts["unmatched"] += len(lines)
        self._withdraw_unmatched(lines)

    def _withdraw_unmatched(self, lines):
        """Open references of this source that a complete record no longer prints."""
        complete = {item.paper_id for item in self.fresh if item.record.references_complete}
        for ids in chunks(complete):
            waiting = UnmatchedReference.objects.filter(
                source=self.source, citing_paper_id__in=ids, citation=None, withdrawn_at=None
            )
            gone = [
                row_id
                for row_id, citing_id, mark in waiting.values_list("id", "citing_paper_id", "fingerprint")
                if (citing_id, mark) not in lines
            ]
            _withdraw(UnmatchedReference, gone, self.now)

    # -- what is gone --------------------------------------------------------------------------

    def _withdraw_what_is_gone(self):
        """Rows of this source that a complete record of the same paper no longer has."""
        complete = {item.paper_id: item for item in self.fresh if item.record.references_complete}
        if not complete:
            return
        pairs_said = {self.citations[item.paper_id, cited_id].id for item, _r, cited_id in self.references}
        contexts_said = {line.context.id for line in self.lines}
        for ids in chunks(complete):
            gone = CitationProvenance.objects.filter(
                source=self.source, citation__citing_paper_id__in=ids, withdrawn_at=None
            )
            gone_ids = [
                row_id
                for row_id, citation_id in gone.values_list("id", "citation_id")
                if citation_id not in pairs_said
            ]
            _withdraw(CitationProvenance, gone_ids, self.now)
            gone = ContextProvenance.objects.filter(
                source=self.source, context__citation__citing_paper_id__in=ids, withdrawn_at=None
            )
            gone_ids = [
                row_id
                for row_id, context_id in gone.values_list("id", "context_id")
                if context_id not in contexts_said
            ]
            _withdraw(ContextProvenance, gone_ids, self.now)
            held = CitationProvenance.objects.filter(citation=OuterRef("pk"), withdrawn_at=None)
            orphans = Citation.objects.filter(~Exists(held), citing_paper_id__in=ids, withdrawn_at=None)
            _withdraw(Citation, list(orphans.values_list("id", flat=True)), self.now)
            held = ContextProvenance.objects.filter(context=OuterRef("pk"), withdrawn_at=None)
            orphans = CitationContext.objects.filter(
                ~Exists(held), citation__citing_paper_id__in=ids, withdrawn_at=None
            )
            _withdraw(CitationContext, list(orphans.values_list("id", flat=True)), self.now)


def _withdraw(model, ids, now):
    for chunk in chunks(ids):
        model.objects.filter(id__in=chunk).update(withdrawn_at=now)


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


def _context(line, citation):
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
    return CitationContext(passage=passage, citation=citation, start=start, end=end, group_size=group_size)
