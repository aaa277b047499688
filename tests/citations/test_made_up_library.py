"""The library that the benches measure on: small here, right in every derived column, the same by seed."""

import numpy as np
import pytest
from django.db.models import Count

from citations.checks import check_library
from citations.models import Citation, CitationContext, HubSummary, MachineReading
from citations.rollups import derive_pairs, refresh_all
from papers import text
from papers.ingest import refold
from papers.models import Authorship, Paper
from tests.bench.graph import make_graph
from tests.bench.library import write_library


def test_the_library_is_what_an_import_would_leave(db):
    """One library for all: it is what takes the time here."""
    written = write_library(papers=600, citations=6000, largest=120, read=0.2)
    sizes(written)
    folded_forms()
    markers()
    derived_columns()
    refresh_all()
    assert list(check_library()) == []
    with pytest.raises(ValueError, match="holds papers already"):
        write_library(papers=600, citations=6000, largest=120)


def sizes(written):
    assert (Paper.objects.count(), Citation.objects.count()) == (600, 6000)
    known = Citation.objects.values("cited_paper").annotate(known=Count("id")).order_by("-known")
    counts = [row["known"] for row in known]
    assert counts[0] == 120 and counts[1] <= 60 and counts[-1] < 10
    assert Citation.objects.filter(is_read=True).count() == written.read
    assert abs(written.read - 1200) < 100
    assert CitationContext.objects.count() == written.contexts
    assert MachineReading.objects.exists() and not HubSummary.objects.exists()
    assert not Paper.objects.exclude(is_fictional=True).exists()
    # New rows get keys behind those that were written.
    extra = Paper.objects.create(title="One more")
    assert extra.pk > 600
    extra.delete()


def folded_forms():
    for paper in Paper.objects.all()[:200]:
        held = (paper.title_folded, paper.first_author, paper.search_text)
        refold(paper)
        assert (paper.title_folded, paper.first_author, paper.search_text) == held
    for name, family, initial in Authorship.objects.values_list("name", "family", "initial").distinct():
        assert text.family_and_initial(name) == (family, initial)


def markers():
    for context in CitationContext.objects.select_related("passage")[:300]:
        marker = context.passage.text[context.start : context.end]
        assert marker[0] + marker[-1] == "[]" and marker.count(",") + 1 == context.group_size


def derived_columns():
    pairs, contexts = derive_pairs(list(Citation.objects.values_list("id", flat=True)))
    for row, fresh in [*pairs, *contexts]:
        assert {column: getattr(row, column) for column in fresh} == fresh
    assert {row.is_self_citation for row, _fresh in pairs} == {True, False, None}


def test_the_graph_follows_its_seed_and_time():
    sizes = {"papers": 2000, "citations": 40_000, "largest": 400}
    one, again, other = (make_graph(np.random.default_rng(seed), **sizes) for seed in (1, 1, 2))
    assert all(np.array_equal(*columns) for columns in zip(one, again, strict=True))
    assert not np.array_equal(one.cited, other.cited)
    assert (one.cited < one.citing).all() and (np.diff(one.years) >= 0).all()
    assert len(np.unique(one.citing.astype(np.int64) * 2000 + one.cited)) == 40_000
    assert np.bincount(one.citing).max() > 500  # a review
    assert sorted(np.bincount(one.cited))[-2:][1] == 400 and sorted(np.bincount(one.cited))[-2] <= 200


@pytest.mark.parametrize(
    "sizes",
    [
        {"papers": 100, "citations": 50, "largest": 60},
        {"papers": 100, "citations": 5000, "largest": 50},
        {"papers": 100, "citations": 500, "largest": 99},
    ],
)
def test_sizes_that_do_not_go_together_are_refused(sizes):
    with pytest.raises(ValueError, match="largest must be|too few"):
        make_graph(np.random.default_rng(1), **sizes)
