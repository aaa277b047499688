"""The one orchestrator of imports: records in, citations, passages, contexts and labels out.

``ingest_records`` takes what a reader yields, in batches, one transaction each: a stopped
run leaves whole batches, and the same command goes on from there, since an unchanged
record is known by its digest. Nothing of a source is deleted: what a complete reference
list no longer has is marked withdrawn.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import transaction

from citations import identity
from citations.progress import Progress
from citations.rollups import refresh_stale
from citations.writing import BatchWriter
from papers import bulk, duplicates
from papers.ingest import upsert_papers
from papers.records import Problem

RECORDS_A_BATCH = 1500
LINES_A_BATCH = 30_000  # a batch closes early when it holds so many references and contexts


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


class CaughtUp(NamedTuple):
    """``duplicates``: pairs of papers queued; ``references``: of the queue, resolved; ``hubs`` refreshed."""

    duplicates: int
    references: int
    hubs: int


def ingest_records(items, *, source, run, locator, outcome, fictional=False, on_problem=None, on_batch=None):
    """Write what a reader yields (PaperRecord or Problem); adds to ``outcome`` as it goes.

    ``run`` is the number of the ImportRun, ``locator`` names the file. ``on_problem(file,
    Problem)`` is called for each problem, ``on_batch(outcome)`` after each transaction.
    Papers with a new title and hubs that a batch touches are marked with it; ``catch_up`` is
    the caller's to call. Memory is bounded by a batch.
    """

    def report(problem):
        outcome.counts["skipped"] += problem.skipped
        if len(outcome.problems) < 1000:
            outcome.problems.append((locator, problem))
        if on_problem:
            on_problem(locator, problem)

    with bulk.rare_collections():
        for batch, problems in _batches(items):
            for problem in problems:
                report(problem)
            if not batch:
                continue
            with transaction.atomic():
                bulk.lock_library()
                upserted = upsert_papers(batch, source=source, run=run, locator=locator, fictional=fictional)
                written = BatchWriter(source=source).write(upserted)
                duplicates.mark_uncompared(upserted.retitled)
                united = identity.unite(upserted.taken)
            outcome.counts.update(written.counts)
            outcome.counts.update(merged=united.merged, queued=united.queued)
            outcome.unmapped.update(written.unmapped)
            for problem in written.problems:
                report(problem)
            if on_batch:
                on_batch(outcome)


def catch_up(*, quiet=False, refresh=refresh_stale):
    """Do what imports have marked: compare new papers, try the queue again, refresh hubs; returns CaughtUp.

    A run that was stopped before it came so far leaves its marks to the next. ``refresh`` is
    ``refresh_stale``, or ``refresh_all`` or ``refresh_everything`` for every hub.
    """
    with Progress("papers compared", quiet=quiet) as progress:
        duplicates_found, resolved = identity.catch_up(progress=progress.update)
    with Progress("hubs", quiet=quiet) as progress:
        hubs = refresh(progress=progress.update)
    return CaughtUp(duplicates_found, resolved, hubs)


def _batches(items):
    """([records], [problems met on the way]) of bounded size."""
    batch, problems, lines = [], [], 0
    for item in items:
        if isinstance(item, Problem):
            problems.append(item)
            continue
        batch.append(item)
        lines += sum(1 + len(reference.contexts) for reference in item.references)
        if len(batch) >= RECORDS_A_BATCH or lines >= LINES_A_BATCH:
            yield batch, problems
            batch, problems, lines = [], [], 0
    if batch or problems:
        yield batch, problems
