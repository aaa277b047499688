"""What is derived: depth, self-citation, pair rows, summaries – and that check_library sees a lie."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citations.checks import check_library
from citations.models import Citation, CitationContext, CitationProvenance, CoCitedWorks, HubSummary, StaleHub
from citations.rollups import (
    People,
    depth,
    is_self_citation,
    mark_stale,
    refresh_all,
    refresh_hubs,
    refresh_self_citations,
)
from papers.models import Authorship, Paper
from tests.factories import make_assertion, make_citation, make_context, make_hub, make_paper, refresh


@pytest.mark.parametrize(
    "sentences, expected",
    [
        ([], None),
        ([(3, "methods")], 1),
        ([(4, ""), (3, "results"), (9, "methods")], 1),
        ([(1, "introduction")], 2),
        ([(None, "")], 2),
        ([(3, ""), (2, "")], 2),
        ([(1, "introduction"), (1, "discussion")], 3),
        ([(1, "")] * 3, 3),
        ([(1, "introduction")] * 3, 3),
        ([(1, "introduction"), (1, "introduction"), (1, "discussion")], 3),
        ([(1, "introduction"), (1, "introduction"), (1, "methods")], 4),
        ([(3, "introduction"), (1, "results"), (1, "")], 4),
        ([(3, "introduction"), (1, "results"), (1, "results")], 4),
    ],
)
def test_depth(sentences, expected):
    assert depth(sentences) == expected


@pytest.mark.parametrize(
    "citing, cited, expected",
    [
        ([], [(None, "moor", "a")], None),
        ([(None, "moor", "a")], [], None),
        ([(None, "moor", "a")], [(None, "lind", "b"), (None, "moor", "a")], True),
        ([(None, "moor", "a")], [(None, "moor", "b")], False),
        ([(7, "moor", "a")], [(7, "moor-lind", "b")], True),
        ([(7, "moor", "a")], [(8, "moor", "a")], False),
        ([(7, "moor", "a")], [(None, "moor", "a")], True),
        ([(None, "moor", "a")], [(8, "moor", "a")], True),
        ([(None, "", "")], [(None, "", "")], False),
    ],
)
def test_self_citation(citing, cited, expected):
    people = [People(lines) if lines else None for lines in (citing, cited)]
    assert is_self_citation(*people) is expected


@pytest.mark.django_db
def test_the_summary_counts_each_citing_paper_once():
    hub = make_hub(
        roles={"background": 4, "method": 3}, polarities={"disputes": 1, "neutral": 5}, unlabelled=2, unread=6
    )
    pair = hub.incoming_citations.filter(role="background").first()
    make_assertion(make_context(pair, "A second sentence of the same paper."), value="background")
    refresh()
    summary = HubSummary.objects.get(paper=hub)
    assert (summary.known, summary.read, summary.labelled, summary.curated) == (21, 15, 7, 7)
    assert (summary.polarity_labelled, summary.roles, summary.polarities) == (
        6,
        {"background": 4, "method": 3},
        {"disputes": 1, "neutral": 5},
    )
    assert summary.years == {"2015": {"background": 4, "method": 3, "unlabelled": 8, "unread": 6}}
    assert (summary.tier, summary.status, summary.provisional) == ("hub", "mixed-citations", True)


@pytest.mark.django_db
def test_machine_labels_count_but_make_it_provisional():
    hub = make_hub(roles={"background": 20}, source="provider", unread=5)
    summary = HubSummary.objects.get(paper=hub)
    assert (summary.labelled, summary.curated, summary.machine_roles, summary.provisional) == (
        20,
        0,
        20,
        True,
    )


@pytest.mark.django_db
def test_classifier_polarity_is_never_counted():
    hub = make_hub(polarities={"disputes": 12}, source="classifier")
    summary = HubSummary.objects.get(paper=hub)
    assert (summary.read, summary.polarity_labelled, summary.status) == (12, 0, "still-indexing")


@pytest.mark.django_db
def test_refreshing_twice_writes_nothing_and_keeps_the_time():
    hub = make_hub(roles={"background": 12}, unread=3)
    before = HubSummary.objects.get(paper=hub).computed_at
    refresh_all()
    refresh_hubs([hub.pk])
    assert HubSummary.objects.get(paper=hub).computed_at == before


LIES = {
    "role": lambda: Citation.objects.filter(role="background").update(role="method"),
    "polarity": lambda: Citation.objects.filter(is_read=True).update(polarity="supports"),
    "depth": lambda: Citation.objects.filter(is_read=True).update(depth=4),
    "citing_year": lambda: Citation.objects.update(citing_year=1999),
    "label of a context": lambda: CitationContext.objects.update(role="unclear"),
    "known": lambda: HubSummary.objects.update(known=99),
    "roles": lambda: HubSummary.objects.filter(labelled__gt=0).update(roles={"background": 1}),
    "headline": lambda: HubSummary.objects.update(headline="All is well."),
    "status": lambda: HubSummary.objects.update(status="contested"),
    "years": lambda: HubSummary.objects.update(years={}),
    "co-citation": lambda: CoCitedWorks.objects.update(works="[[1,99,0]]"),
    "co-citation lost": lambda: CoCitedWorks.objects.all().delete(),
    "left out": lambda: HubSummary.objects.filter(known__gte=10).update(left_out=2),
    "summary lost": lambda: HubSummary.objects.all().delete(),
    "summary of an uncited paper": lambda: Citation.objects.all().delete(),
    "withdrawn": lambda: Citation.objects.update(withdrawn_at="2026-01-01T00:00Z"),
    "span": lambda: CitationContext.objects.update(start=3, end=10_000),
    "stale": lambda: StaleHub.objects.create(paper=Paper.objects.first()),
    "cited paper lost": lambda: Citation.objects.filter(is_read=False).update(cited_paper_id=10**6),
    "citing paper lost": lambda: Citation.objects.filter(pk=Citation.objects.first().pk).update(
        citing_paper_id=10**6
    ),
    "paper's year": lambda: Paper.objects.update(year=1850),
}


@pytest.mark.django_db
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.replace(" ", "-"))
def test_check_library_finds_each_lie(lie):
    hub = make_hub(roles={"background": 11}, unread=2)
    other = make_paper()
    for pair in hub.incoming_citations.all()[:3]:
        make_citation(pair.citing_paper, other)
    refresh()
    assert list(check_library()) == []
    LIES[lie]()
    assert list(check_library()) != []


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["", "background", "method"]), st.sampled_from(["", "disputes", "neutral"])
        ),
        max_size=8,
    )
)
def test_invariants_hold_for_any_hub(lines):
    hub = make_paper()
    for role, polarity in lines:
        context = make_context(make_citation(cited_paper=hub))
        for dimension, value in (("role", role), ("polarity", polarity)):
            if value:
                make_assertion(context, value=value, dimension=dimension)
    refresh()
    assert list(check_library()) == []
    summary = HubSummary.objects.filter(paper=hub).first()
    if lines:
        assert sum(summary.roles.values()) == summary.labelled == sum(bool(role) for role, _p in lines)
        assert sum(summary.polarities.values()) == sum(bool(polarity) for _r, polarity in lines)


@pytest.mark.django_db
def test_self_citations_are_looked_at_again_for_the_papers_named():
    hub, other = (make_paper(authors=["Anna Moss"]) for _each in range(2))
    first, second = (make_citation(make_paper(authors=["Anna Moss"]), cited) for cited in (hub, other))
    Citation.objects.update(is_self_citation=None)
    assert refresh_self_citations([hub.pk]) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_self_citation, second.is_self_citation) == (True, None)
    assert refresh_self_citations([hub.pk]) == 0


@pytest.mark.django_db
def test_a_check_finds_what_points_at_nothing():
    citation = make_citation(make_paper(authors=["Anna Moss"], fields=["Limnology"]))
    citing = citation.citing_paper
    refresh_hubs([citation.cited_paper_id])
    mark_stale([citing.pk])
    HubSummary.objects.update(paper_id=10**9 + 5)
    CoCitedWorks.objects.create(paper_id=10**9 + 6, works="[]")
    Authorship.objects.filter(paper=citing).update(author_id=10**9)
    Paper.fields.through.objects.filter(paper=citing).update(field_id=10**9 + 1)
    StaleHub.objects.filter(paper=citing).update(paper_id=10**9 + 2)
    Citation.objects.update(citing_venue_id=10**9 + 3)
    CitationProvenance.objects.update(record_id=10**9 + 4)
    said = " ".join(check_library())
    for number, words in enumerate(("author", "field", "paper", "citing venue", "record")):
        assert f"its {words} {10**9 + number} is gone" in said
    assert f"hubsummary {10**9 + 5}: its paper {10**9 + 5} is gone" in said
    assert f"cocitedworks {10**9 + 6}: its paper {10**9 + 6} is gone" in said
