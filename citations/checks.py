"""The invariants of a library, each checked against the rows themselves.

What the database's own constraints guarantee is not repeated here.
"""

from __future__ import annotations

from django.apps import apps
from django.db.models import DO_NOTHING, Exists, F, OuterRef, Q
from django.db.models.functions import Length

from citations import columns, tallies
from citations.cocitation import STORED_FROM, co_cited_works, stored_works
from citations.cocitation_bulk import Counter
from citations.models import (
    Citation,
    CitationContext,
    CitationProvenance,
    CitationWords,
    ContextProvenance,
    HubColumns,
    HubSummary,
    StaleHub,
)
from citations.rollups import MANY, chunks_by_key, derive_pairs, live_summaries
from citations.wordsearch import documents
from papers import identifiers, wordindex
from papers.models import Paper, PaperIdentifier, PaperRedirect, PaperWords

CHUNK = 500


def check_library():
    """Yield a sentence for each violation. Reads everything once, in bounded memory."""
    yield from _stale_hubs()
    yield from _ends()
    yield from _pairs()
    yield from _summaries()
    yield from _columns()
    yield from _co_citations()
    yield from _provenance()
    yield from _spans()
    yield from _identifiers()
    yield from _words()


def _stale_hubs():
    if waiting := StaleHub.objects.count():
        yield f"{waiting} hubs are behind their rows: run refresh_hubs"


def _ends():
    """What a row points at is there, where the database itself does not look when millions are written."""
    for model in apps.get_models(include_auto_created=True):
        for key in model._meta.concrete_fields:
            if not key.is_relation or key.db_constraint or key.remote_field.on_delete is DO_NOTHING:
                continue
            here = Exists(key.related_model.objects.filter(pk=OuterRef(key.attname)))
            lost = model.objects.filter(~here, **{f"{key.attname}__isnull": False})
            for row_id, end_id in lost.values_list("pk", key.attname)[:CHUNK]:
                yield f"{model._meta.model_name} {row_id}: its {key.name.replace('_', ' ')} {end_id} is gone"


def _pairs():
    """The effective labels and the read model equal what the evidence gives."""
    for ids in chunks_by_key(Citation, CHUNK):
        pairs, contexts = derive_pairs(ids)
        for row, fresh in pairs:
            yield from _differences(f"citation {row.id} (of {row.cited_paper_id})", row, fresh)
        for row, fresh in contexts:
            yield from _differences(f"context {row.id}", row, fresh)


def _summaries():
    """Each summary row equals the live aggregate; every cited paper has one, no other paper has."""
    cited = Citation.objects.current().filter(cited_paper_id=OuterRef("pk"))
    missing = Paper.objects.filter(Exists(cited), hub_summary=None)
    for paper_id in missing.values_list("id", flat=True):
        yield f"paper {paper_id} is cited but has no summary"
    for ids in chunks_by_key(HubSummary, CHUNK):
        live = live_summaries(ids)
        for row in HubSummary.objects.filter(paper_id__in=ids):
            fresh = live.get(row.paper_id)
            if fresh is None:
                yield f"paper {row.paper_id} has a summary but no paper cites it"
                continue
            yield from _differences(f"summary of paper {row.paper_id}", row, fresh)
            if sum(row.roles.values()) != row.labelled:
                yield f"summary of paper {row.paper_id}: the roles do not add up to labelled"
            if sum(row.polarities.values()) != row.polarity_labelled:
                yield f"summary of paper {row.paper_id}: the polarities do not add up to polarity_labelled"
            if sum(sum(year.values()) for year in row.years.values()) != row.known:
                yield f"summary of paper {row.paper_id}: the years do not add up to known"


def _columns():
    """The packed columns equal the pair rows, and every hub that is large enough has them."""
    large = HubSummary.objects.filter(known__gte=columns.STORED_FROM)
    for paper_id in large.filter(paper__hub_columns=None).values_list("paper_id", flat=True):
        yield f"hub {paper_id} has no columns: run refresh_hubs --all"
    for paper_id in list(HubColumns.objects.order_by("paper_id").values_list("paper_id", flat=True)):
        row = HubColumns.objects.get(paper_id=paper_id)
        found = columns.live(paper_id)
        if len(found) < columns.STORED_FROM:
            yield f"hub {paper_id} has columns, but only {len(found)} papers cite it"
            continue
        fresh = found.pack(paper_id, tallies.face(found))
        for column in HubColumns._meta.concrete_fields:
            name = column.name
            if name not in ("paper", "version") and getattr(row, name) != getattr(fresh, name):
                yield f"columns of hub {paper_id}: {name} is not what its rows give"


def _co_citations():
    hubs = HubSummary.objects.filter(known__gte=STORED_FROM)
    # Hub by hub, a large library would take hours.
    count = Counter.of_library().co_cited_works if hubs.count() >= MANY else co_cited_works
    for ids in chunks_by_key(HubSummary, CHUNK):
        some = hubs.filter(paper_id__in=ids).in_bulk()
        tops, left_out = count(some)
        stored = stored_works(ids)
        for paper_id in ids:
            if stored.get(paper_id, []) != tops.get(paper_id, []):
                yield f"paper {paper_id}: the stored co-cited works are not the counted ones"
            if paper_id in some and some[paper_id].left_out != left_out.get(paper_id, 0):
                held, counted = some[paper_id].left_out, left_out.get(paper_id, 0)
                yield f"paper {paper_id}: left_out is {held}, its rows give {counted}"


def _provenance():
    """A pair or a sentence is current just when a source still has it."""
    for model, provenance, key in (
        (Citation, CitationProvenance, "citation"),
        (CitationContext, ContextProvenance, "context"),
    ):
        held = Exists(provenance.objects.filter(**{key: OuterRef("pk")}, withdrawn_at=None))
        wrong = model.objects.filter(
            Q(held, withdrawn_at__isnull=False) | Q(~held, withdrawn_at__isnull=True)
        )
        for row_id in wrong.values_list("id", flat=True)[:CHUNK]:
            yield f"{key} {row_id}: withdrawn or not, against what its sources say"
    crossed = CitationContext.objects.exclude(passage__citing_paper=F("citation__citing_paper"))
    for row_id in crossed.values_list("id", flat=True)[:CHUNK]:
        yield f"context {row_id}: its passage stands in another paper than its citation"


def _spans():
    outside = CitationContext.objects.annotate(length=Length("passage__text")).filter(end__gt=F("length"))
    for row_id in outside.values_list("id", flat=True)[:CHUNK]:
        yield f"context {row_id}: the marked citation lies outside the text"


def _identifiers():
    for ids in chunks_by_key(PaperIdentifier, CHUNK):
        for row in PaperIdentifier.objects.filter(id__in=ids):
            if identifiers.normalise(row.scheme, row.value) != row.value:
                yield f"identifier {row.scheme}:{row.value} of paper {row.paper_id} is not in normal form"
    alive = PaperRedirect.objects.filter(Exists(Paper.objects.filter(pk=OuterRef("old_id"))))
    for old_id in alive.values_list("old_id", flat=True):
        yield f"paper {old_id} exists and is redirected at once"


def _words():
    """What a search goes by is what the papers and the sentences say, and its index is that of these rows.

    Chunks of both keys: a document of a paper or a pair that is gone is wrong too.
    """
    for model in (Paper, PaperWords):
        for ids in chunks_by_key(model, CHUNK):
            papers = Paper.objects.only("search_text", "abstract").filter(pk__in=ids)
            for paper_id in wordindex.differing(PaperWords, wordindex.paper_documents(papers), ids):
                yield f"paper {paper_id}: its words are not those of its title, authors and abstract"
    for model in (Citation, CitationWords):
        for ids in chunks_by_key(model, CHUNK):
            for citation_id in wordindex.differing(CitationWords, documents(ids), ids):
                yield f"citation {citation_id}: its words are not those of its citing sentences"
    for model in (PaperWords, CitationWords):
        if fault := wordindex.fault_of(model):
            yield f"the index of the {model._meta.verbose_name_plural} is not that of its rows: {fault}"


def _differences(name, row, fresh):
    for column, value in fresh.items():
        held = getattr(row, column)
        if held != value:
            yield f"{name}: {column} is {held!r}, its rows give {value!r}"
