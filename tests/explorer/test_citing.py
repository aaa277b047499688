"""The explorer's arrays against the pair rows: every filter, order and facet, stored and live."""

import random

import pytest
from django.http import QueryDict

from citations import columns, rollups
from citations.checks import check_library
from citations.models import Citation, HubColumns, HubSummary
from explorer.citing import Citing, Listing
from explorer.facets import BY_NAME
from explorer.filters import Query
from papers.models import Paper, PaperRedirect
from tests.explorer.oracle import narrow, ordered
from tests.factories import (
    make_assertion,
    make_citation,
    make_claim,
    make_context,
    make_curator,
    make_paper,
    make_reading,
    make_treatment,
    refresh,
)

pytestmark = pytest.mark.django_db

QUERIES = [
    "",
    "role=method",
    "role=method&role=unlabelled&role=unsure",
    "polarity=supports&polarity=unlabelled",
    "suggested=disputes&sort=-suggested",
    "section=methods&section=results",
    "field=Ecology",
    "field=Ecology&field=Physics&venue=Journal 1",
    "venue=Journal 1&venue=Journal 2&venue=No such journal",
    "source=curator&source=classifier",
    "labelled=role",
    "labelled=polarity&role=background",
    "labelled=none&text=read",
    "year_min=2001&year_max=2004",
    "year_max=2003&sort=year",
    "undated=only",
    "undated=exclude&sort=year",
    "depth_min=2&sort=-depth",
    "depth=1&depth=3",
    "self=only",
    "self=exclude&retracted=exclude",
    "retracted=only",
    "text=unread&sort=-cited",
    "machine=read",
    "machine=checked",
    "machine=estimated",
    "claim=any",
    "claim=none&role=method",
    "q=wetland",
    "sort=year",
    "sort=-cited",
    "sort=-depth&role=background",
]


@pytest.fixture
def hub():
    """A paper that sixty others cite, in every way that the explorer tells apart."""
    dice = random.Random(7)  # noqa: S311 - for rows, not for secrets
    paper = make_paper("The hub", authors=["Lee, Ann"])
    claim, curator = make_claim(paper), make_curator()
    for number in range(60):
        citing = make_paper(
            f"Citing {number} {dice.choice(['wetland', 'forest'])}",
            authors=[dice.choice(["Lee, Ann", "Ito, Bo", "Roy, Cy"])],
            venue=dice.choice(["", "Journal 1", "Journal 2", "Journal 3"]),
            fields=dice.sample(["Ecology", "Physics", "Botany"], dice.randrange(3)),
            year=dice.choice([None, *range(1999, 2006)]),
            retracted=dice.choice([None, False, True]),
        )
        citation = make_citation(citing, paper)
        for _cited_by in range(dice.choice([0, 0, 1, 3])):
            make_citation(make_paper(), citing)
        for place in range(dice.choice([0, 1, 1, 2, 3])):
            context = make_context(
                citation,
                f"Sentence {place} of {number} on {dice.choice(['wetland', 'dunes'])} [1].",
                section=dice.choice(["Methods", "Results", "Introduction"]),
                group_size=dice.choice([None, 1, 4]),
            )
            kind = dice.randrange(5)
            if kind == 0:
                make_assertion(context, value=dice.choice(["method", "background", "unclear"]))
            elif kind == 1:
                make_assertion(context, value="method", source="curator", curator=curator, drawn="random")
                make_reading(context, role="method")
            elif kind == 2:
                make_reading(context, polarity="disputes", polarity_probability=dice.choice([0.6, 0.8]))
            elif kind == 3:
                make_assertion(context, value=dice.choice(["supports", "disputes"]), source="provider")
        if citation.contexts.exists() and dice.random() < 0.3:
            make_treatment(claim, citation, treatment=dice.choice(["supports", "disputes"]))
    return paper


@pytest.fixture(params=["live", "stored"])
def citing(request, hub, monkeypatch):
    if request.param == "stored":
        monkeypatch.setattr(columns, "STORED_FROM", 10)
    refresh()
    assert HubColumns.objects.filter(paper=hub).exists() == (request.param == "stored")
    return lambda: Citing(hub.pk, HubSummary.objects.get(paper=hub).known)


def test_filters_orders_and_facets_are_those_of_the_rows(citing, hub):
    for text in QUERIES:
        query = Query.parse(QueryDict(text))
        assert not query.dropped
        rows = narrow(hub.pk, query.values)
        expected = list(ordered(rows, query.one("sort")).values_list("citing_paper_id", flat=True))
        if text not in ("", "sort=year", "sort=-cited"):
            assert 0 < len(expected) < 60, f"{text}: a filter that lets all or nothing through proves little"
        assert read(citing(), text) == expected, text
        facets_are_those_of_the_rows(Listing(query, citing(), "/x/"), hub)
        neighbours_are_those_of_the_list(Listing(query, citing(), "/x/"), expected)
    other = make_paper("Another hub")
    for row in Citation.objects.incoming(hub.pk)[:20]:
        make_citation(Paper.objects.get(pk=row.citing_paper_id), other)
    refresh()
    assert len(read(citing(), f"cites={other.pk}")) == 20
    assert read(citing(), "cites=999999999") == []
    PaperRedirect.objects.create(old_id=999999999, paper=other)
    assert len(read(citing(), "cites=999999999")) == 20


def read(citing, text):
    """Ids of the citing papers that a query lists, page by page."""
    found = []
    for page in range(1, 20):
        query = Query.parse(QueryDict(f"{text}&per_page=7&page={page}"))
        found += [row.citing_paper_id for row in Listing(query, citing, "/x/").rows(past_the_end="empty")]
    return found


def facets_are_those_of_the_rows(listing, hub):
    query = listing.query
    for name, values in listing.counts.facets.items():
        for value in values:
            chosen = {**query.values, name: [value.value]}
            assert narrow(hub.pk, chosen).count() == value.count, (query.values, name, value.value)
    for parameter, value, count, _url in listing.without():
        values = query.toggled(parameter.name, value)
        assert narrow(hub.pk, values).count() == count, (query.values, parameter.name, value)


def neighbours_are_those_of_the_list(listing, ids):
    around = [listing.around(one) for one in ids]
    assert [one.place for one in around] == list(range(1, len(ids) + 1))
    assert [one.before for one in around] == [None, *ids[:-1]]
    assert [one.after for one in around] == [*ids[1:], None]
    assert listing.around(999999999) is None


def test_every_parameter_is_tried_here():
    tried = {name for text in QUERIES for name in QueryDict(text)}
    assert tried | {"page", "per_page", "cites", "retracted"} == set(BY_NAME) - {"relevance"}


def test_a_label_patches_the_columns_as_a_refresh_would_write_them(hub, monkeypatch):
    monkeypatch.setattr(columns, "STORED_FROM", 10)
    refresh()
    before = HubColumns.objects.get(paper=hub)
    citation = Citation.objects.incoming(hub.pk).filter(is_read=True, role="").first()
    make_assertion(
        citation.contexts.first(), value="dataset", source="curator", curator=make_curator("other")
    )

    def not_again(*_args, **_more):
        raise AssertionError("the hub was read anew")

    with monkeypatch.context() as patched:
        patched.setattr(rollups.columns, "read_pairs", not_again)
        rollups.refresh_labels([citation.pk])
    patched = HubColumns.objects.get(paper=hub)
    assert patched.version != before.version
    assert bytes(patched.role) != bytes(before.role) and bytes(patched.citing) == bytes(before.citing)
    assert HubSummary.objects.get(paper=hub).roles["dataset"] == 1
    rollups.refresh_hubs([hub.pk])
    assert HubColumns.objects.get(paper=hub).version == patched.version
    assert list(check_library()) == []


def test_a_paper_that_is_cited_more_often_moves_in_the_order_of_others(hub, monkeypatch):
    monkeypatch.setattr(columns, "STORED_FROM", 10)
    refresh()
    citing = Citation.objects.incoming(hub.pk).last().citing_paper
    for _more in range(9):
        rollups.refresh_pairs([make_citation(make_paper(), citing).pk])
    rollups.refresh_hubs([citing.pk])
    listing = Listing(Query.parse(QueryDict("sort=-cited")), Citing(hub.pk, 60), "/x/")
    assert listing.rows()[0].citing_paper_id == citing.pk
    assert list(check_library()) == []


def test_columns_go_when_too_few_cite_the_paper(hub, monkeypatch):
    monkeypatch.setattr(columns, "STORED_FROM", 10)
    refresh()
    monkeypatch.setattr(columns, "STORED_FROM", 100)
    assert any("has columns" in line for line in check_library())
    rollups.refresh_hubs([hub.pk])
    assert not HubColumns.objects.exists()
    monkeypatch.setattr(columns, "STORED_FROM", 10)
    assert any("has no columns" in line for line in check_library())


def test_check_library_finds_columns_that_differ_from_the_rows(hub, monkeypatch):
    monkeypatch.setattr(columns, "STORED_FROM", 10)
    refresh()
    row = HubColumns.objects.get(paper=hub)
    for name in columns.COLUMNS:
        data = bytearray(bytes(getattr(row, name)))
        data[8] ^= 1
        HubColumns.objects.filter(paper=hub).update(**{name: bytes(data)})
    said = "\n".join(check_library())
    for name in columns.COLUMNS:
        assert f"{name} is not what its rows give" in said


def test_one_reading_of_all_pairs_gives_what_hub_by_hub_gives(hub, monkeypatch):
    monkeypatch.setattr(columns, "STORED_FROM", 10)
    refresh()

    def held():
        return list(HubSummary.objects.order_by("paper").values()), list(
            HubColumns.objects.order_by("paper").values_list("paper", "version")
        )

    before = held()
    HubSummary.objects.update(known=1000, roles={}, years={})
    HubColumns.objects.update(face={}, version=0)
    monkeypatch.setattr(rollups, "MANY", 0)
    monkeypatch.setattr("citations.spool.PAIRS_A_PART", 20)
    rollups.refresh_all()
    after = held()
    for row in [*before[0], *after[0]]:
        del row["computed_at"]
    assert after == before
    assert list(check_library()) == []
