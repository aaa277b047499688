"""Having a labeller read the citing sentences that nobody has labelled, batch by batch.

Owns which sentences are read, and the batches: one transaction each, so that a stopped run
leaves whole batches and the next goes on with what is left. The labeller knows no database
(``citations/classifier/``); ``citations/assertions.py`` writes what it says.
"""

from __future__ import annotations

from collections import Counter

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from citations import assertions
from citations.classifier.llm import Stopped
from citations.classifier.sentences import Sentence
from citations.labels import HUMAN_SOURCES
from citations.models import Citation, CitationContext, MachineReading, Passage
from citations.rollups import mark_stale, refresh_pairs
from papers import bulk

SENTENCES_A_BATCH = 2000


def unread_by(version, *, after=0):
    """The contexts that a labeller of this version is to read, in order of their keys. Lazy.

    Those without a role from a person or a data set, and those that a machine has read before
    and a person labelled since, so that every reading that a check is compared with is of one
    version. What this version has read is left out, and suppressed text. ``after``: a key.
    """
    same = MachineReading.objects.filter(context=OuterRef("pk"), model_version=version)
    earlier = MachineReading.objects.filter(context=OuterRef("pk"))
    return (
        CitationContext.objects.current()
        .filter(pk__gt=after, citation__withdrawn_at=None, passage__suppressed_at=None)
        .filter(~Q(role_source__in=HUMAN_SOURCES) | Exists(earlier))
        .filter(~Exists(same))
        .order_by("pk")
    )


def last_context():
    """The largest key of a context, 0 without any. One query."""
    return CitationContext.objects.aggregate(last=Max("pk"))["last"] or 0


def classify(labeller, *, after=0, limit=None, batch=SENTENCES_A_BATCH, on_batch=None):
    """Have ``labeller`` read what it has not read yet, ``batch`` at a time; returns a Counter.

    Counts ``read``, ``labelled``, ``abstained``, ``suggested`` (a polarity). Hubs that are
    touched are marked stale; ``rollups.refresh_stale`` is the caller's to call. ``after``: read
    only contexts with a larger key. ``on_batch(counts)`` is called after each transaction.
    Memory is bounded by a batch. Some twenty statements a batch, and five more where it may be
    more than one. Raises what the labeller raises; what a language model had answered before it
    stopped is written.
    """
    counts = Counter(read=0, labelled=0, abstained=0, suggested=0)
    if last_context() - after > batch:
        # After a load PostgreSQL takes these for nearly empty: finding the first batch took it half a minute.
        bulk.analyse(Citation, CitationContext, MachineReading, Passage)
    while limit is None or counts["read"] < limit:
        size = batch if limit is None else min(batch, limit - counts["read"])
        rows = unread_by(labeller.version, after=after).select_related("passage", "citation")
        contexts = list(rows.defer("citation__also_roles", "citation__match_reason")[:size])
        if not contexts:
            break
        after, stopped = contexts[-1].pk, None
        try:
            said = labeller.predict([sentence_of(context) for context in contexts])
        except Stopped as stop:
            said, stopped = stop.answers, stop
        with transaction.atomic():
            bulk.lock_library()
            # A sentence may have gone while the labeller was reading.
            here = set(
                CitationContext.objects.current()
                .filter(pk__among=[context.pk for context in contexts])
                .values_list("pk", flat=True)
            )
            predictions = {c: p for c, p in zip(contexts, said, strict=False) if c.pk in here}
            assertions.by_machine(predictions, version=labeller.version, now=timezone.now())
            refresh_pairs({context.citation_id for context in predictions})
            mark_stale({context.citation.cited_paper_id for context in predictions})
        counts["read"] += len(predictions)
        for prediction in predictions.values():
            counts["labelled" if prediction.role else "abstained"] += 1
            counts["suggested"] += bool(prediction.polarity)
        if on_batch:
            on_batch(counts)
        if stopped:
            raise stopped
    return counts


def sentence_of(context):
    """The Sentence of a CitationContext, whose passage is loaded."""
    passage = context.passage
    return Sentence(
        text=passage.text,
        start=context.start,
        end=context.end,
        section=passage.section or passage.section_kind,
        group_size=context.group_size,
        before=passage.before,
        after=passage.after,
    )
