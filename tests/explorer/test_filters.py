"""The explorer on the sample library: every number opens a list of just that length."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command
from django.http import QueryDict
from lxml import html

from citations.models import ClaimTreatment, HubSummary
from explorer import charts
from explorer.citing import Citing, Listing
from explorer.facets import BY_NAME, PARAMETERS
from explorer.filters import HUB_TABLE, HubListing, Query
from explorer.hub import Hub
from tests.explorer.oracle import narrow
from tests.factories import (
    make_citation,
    make_claim,
    make_context,
    make_hub,
    make_paper,
    make_treatment,
    refresh,
)

pytestmark = pytest.mark.django_db


def listing(paper, query=""):
    citing = Citing(paper.pk, HubSummary.objects.get(paper=paper).known)
    return Listing(Query.parse(QueryDict(query)), citing, "/x/")


def opened(paper, url):
    """How many papers the list at this address has, read row by row."""
    values = Query.parse(QueryDict(urlsplit(url).query)).values
    return len(narrow(paper.pk, values).values_list("id"))


@pytest.fixture
def sample(capsys):
    call_command("load_sample")
    capsys.readouterr()


def test_every_number_of_the_sample_librarys_hubs_opens_its_list(sample):
    summaries = HubSummary.objects.filter(known__gte=10).select_related("paper")
    assert len(summaries) >= 20
    for summary in summaries:
        hub = Hub(summary.paper, "/x/")
        for line in [*hub.coverage, *hub.roles, *hub.polarities]:
            count = line.share.count if hasattr(line, "share") else line.count
            assert opened(hub.paper, line.url) == count, (summary.paper, line.word)
        for bars in (hub.roles_over_time, *hub.polarity_and_depth_over_time()):
            assert sum(bar.total for bar in bars.bars) + bars.undated == summary.known
        _claims, untied = hub.claims()
        for line in untied:
            assert opened(hub.paper, line["total_url"]) == line["total"]
            assert opened(hub.paper, line["none_url"]) == line["none"]
            assert opened(hub.paper, line["tied_url"]) == line["tied"]
    best = max(summaries, key=lambda summary: summary.known)
    hub = Hub(best.paper, "/x/")
    for bars in (hub.roles_over_time, *hub.polarity_and_depth_over_time()):
        for bar in bars.bars:
            span = {"year_min": bar.first, "year_max": bar.last}
            assert opened(hub.paper, bars.url("", **span)) == bar.total
            assert opened(hub.paper, bars.url(charts.BASE_WORD, **span)) == bar.labelled
            for word, _label in bars.words:
                count = bar.counts[word]
                assert not count or opened(hub.paper, bars.url(word, **span)) == count
    for row in hub.co_cited()[0]:
        assert opened(hub.paper, row.url) == row.count
        assert len(row.example_ids) == min(3, row.count)


FILTERS = [
    "",
    "role=background",
    "role=method&role=dataset",
    "role=background&polarity=neutral",
    "section=methods",
    "section=introduction&section=discussion&depth_min=2",
    "labelled=none",
    "text=unread",
    "self=only",
    "self=exclude&year_min=2017&year_max=2020",
    "field=Ecology&role=background",
    "q=wetland&sort=relevance",
    "source=dataset&retracted=exclude",
]


def test_each_facet_value_counts_what_choosing_it_gives(sample):
    paper = HubSummary.objects.order_by("-known").first().paper
    for text in FILTERS:
        found = listing(paper, text)
        assert found.total == narrow(paper.pk, found.query.values).count(), text
        for name, values in found.counts.facets.items():
            for value in values[:12]:
                chosen = {**found.query.values, name: [value.value]}
                address = found.query.url("/x/", chosen)
                # A second choice in a repeatable facet widens it: its count is that of the value alone.
                assert opened(paper, address) == value.count, (text, name, value.value)


def test_a_toggle_adds_to_a_facet_and_takes_away_again(sample):
    paper = HubSummary.objects.order_by("-known").first().paper
    found = listing(paper, "role=method&page=3&sort=year")
    assert parse_qs(urlsplit(found.toggle_url("role", "background")).query) == {
        "role": ["method", "background"],
        "sort": ["year"],
    }
    assert parse_qs(urlsplit(found.toggle_url("role", "method")).query) == {"sort": ["year"]}


@pytest.mark.parametrize(
    "text, dropped",
    [
        ("role=nonsense", ["role"]),
        ("role=nonsense&role=method", ["role"]),
        ("polarity=SUPPORTS", ["polarity"]),
        ("year_min=20a0", ["year_min"]),
        ("year_min=99999", ["year_min"]),
        ("year_min=2020&year_max=2010", ["year_max"]),
        ("depth_min=5", ["depth_min"]),
        ("self=perhaps", ["self"]),
        ("page=0", ["page"]),
        ("page=-1", ["page"]),
        ("page=1000000000000000000000000000000", ["page"]),
        ("per_page=101", ["per_page"]),
        ("sort=price", ["sort"]),
        ("cites=abc", ["cites"]),
        ("cites=99999999999999999999", ["cites"]),
        ("claim=1:loves", ["claim"]),
        ("q=" + "x" * 301, ["q"]),
        ("q=a%00b", ["q"]),
        ("venue=a%00b", ["venue"]),
        ("self=only&self=exclude", ["self"]),
        ("utm_source=mail", ["utm_source"]),
        ("&".join(f"venue=v{number}" for number in range(60)), ["venue"]),
    ],
)
def test_an_invalid_value_is_dropped_and_named(text, dropped):
    query = Query.parse(QueryDict(text))
    assert [item.name for item in query.dropped] == dropped
    assert all(item.reason for item in query.dropped)


def test_valid_values_apply_beside_a_dropped_one():
    hub = make_hub(roles={"background": 3, "method": 2})
    found = listing(hub, "role=nonsense&role=method&depth_min=9")
    assert (found.total, [item.value for item in found.query.dropped]) == (2, ["nonsense", "9"])


def test_cites_finds_those_that_cite_both():
    hub, other = make_hub(unread=3), make_paper()
    pair = hub.incoming_citations.first()
    make_citation(pair.citing_paper, other)
    refresh()
    assert [row.pk for row in listing(hub, f"cites={other.pk}").rows()] == [pair.pk]
    assert listing(hub, "cites=123456789").total == 0


def test_claim_finds_those_tied_to_it():
    hub = make_hub(polarities={"supports": 3, "disputes": 1})
    claim = make_claim(hub)
    supporting = list(hub.incoming_citations.filter(polarity="supports"))
    make_treatment(claim, supporting[0], treatment=ClaimTreatment.Treatment.SUPPORTS)
    make_treatment(claim, supporting[1], treatment=ClaimTreatment.Treatment.QUALIFIES)
    assert [
        listing(hub, f"claim={value}").total for value in (claim.pk, f"{claim.pk}:supports", "none", "any")
    ] == [
        2,
        1,
        2,
        2,
    ]
    _claims, untied = Hub(hub, "/x/").claims()
    assert [(line["word"], line["total"], line["tied"], line["none"]) for line in untied] == [
        ("supports", 3, 2, 1),
        ("qualifies", 0, 0, 0),
        ("disputes", 1, 0, 1),
    ]


@pytest.mark.parametrize(
    "word, total", [("tide", 1), ("TIDE", 1), ("moon tide", 1), ("rope", 1), ("nothing", 0)]
)
def test_words_are_looked_for_in_title_abstract_and_sentence(word, total):
    hub = make_paper()
    pair = make_citation(make_paper("Of the tide", abstract="The moon pulls."), hub)
    make_context(pair, "A rope was cut as before.")
    make_citation(make_paper("Of grain"), hub)
    refresh()
    assert listing(hub, f"q={word}").total == total


@pytest.mark.parametrize("sort", ["-year", "year", "-depth", "-cited", "relevance"])
def test_every_order_is_stable_and_complete_over_pages(sort):
    hub = make_paper()
    for year in [2001, None, 2003, 2001, None, 2002, 2001]:
        make_citation(make_paper(year=year), hub)
    refresh()
    pages = [list(listing(hub, f"sort={sort}&per_page=2&page={page}").rows()) for page in range(1, 5)]
    years = [row.citing_year for page in pages for row in page]
    assert len({row.pk for page in pages for row in page}) == 7
    assert years[-2:] == [None, None]
    if sort != "year":
        assert years[:5] == [2003, 2002, 2001, 2001, 2001]
    else:
        assert years[:5] == [2001, 2001, 2001, 2002, 2003]


def test_a_page_past_the_end_shows_the_last():
    hub = make_hub(unread=3)
    found = listing(hub, "per_page=2&page=9")
    assert (found.page, found.asked_page, len(found.rows())) == (2, 9, 1)
    assert list(found.rows(past_the_end="empty")) == []


def test_the_empty_result_says_what_each_filter_costs():
    hub = make_hub(roles={"background": 3}, polarities={"disputes": 2})
    found = listing(hub, "role=background&polarity=disputes")
    assert found.total == 0
    assert [(parameter.name, value, n) for parameter, value, n, _url in found.without()] == [
        ("role", "background", 2),
        ("polarity", "disputes", 3),
    ]


@pytest.mark.parametrize(
    "text", ["", "role=background&section=methods&field=x&venue=y&q=z&self=only&claim=none"]
)
def test_a_listing_costs_few_queries_whatever_its_filters(text, django_assert_num_queries):
    hub = make_hub(roles={"background": 5}, unread=5)
    query = Query.parse(QueryDict(text))
    with django_assert_num_queries(8 if text else 4):
        Listing(query, Citing(hub.pk, 10), "/x/").rows()


def test_the_list_of_hubs_filters_and_sorts():
    contested = make_hub(make_paper("Beta", year=2001), polarities={"disputes": 6, "neutral": 6})
    make_hub(make_paper("Alpha", year=2010), unread=20)
    make_hub(make_paper("Gamma", retracted=True), unread=2)

    def titles(text):
        found = HubListing(Query.parse(QueryDict(text), table=HUB_TABLE), "/papers/")
        return [row.paper.title for row in found.rows().select_related("paper")]

    assert titles("") == ["Alpha", "Beta", "Gamma"]
    assert titles("sort=title") == ["Alpha", "Beta", "Gamma"]
    assert titles("sort=-disputes")[0] == contested.title
    assert titles("status=contested") == ["Beta"]
    assert titles("tier=hub") == ["Alpha", "Beta"]
    assert titles("retracted=only") == ["Gamma"]
    assert titles("year_max=2005") == ["Beta"]
    assert titles("q=alph") == ["Alpha"]


def test_every_parameter_of_the_table_has_words_and_a_filter():
    for parameter in PARAMETERS:
        assert str(parameter.label) and str(parameter.help)
    assert len(BY_NAME) == len(PARAMETERS) + 3


# -- the list of hubs: shares and disputes ----------------------------------------------------------


@pytest.fixture
def hubs():
    """{name: paper} with differing shares of methods and numbers of disputes."""
    return {
        "half": make_hub(make_paper("Half"), roles={"method": 5, "background": 5}),
        "most": make_hub(make_paper("Most"), roles={"method": 9, "background": 2}, unread=1),
        "few": make_hub(make_paper("Few"), roles={"method": 9}),
        "some": make_hub(make_paper("Some"), roles={"method": 1, "background": 199}),
        "none": make_hub(make_paper("None"), roles={"background": 20}),
        "disputed": make_hub(make_paper("Disputed"), polarities={"disputes": 2, "neutral": 9}, unread=9),
        "contested": make_hub(make_paper("Contested"), polarities={"disputes": 10}),
        "agreed": make_hub(make_paper("Agreed"), polarities={"supports": 3}),
    }


def listed(hubs, text):
    names = {paper.pk: name for name, paper in hubs.items()}
    found = HubListing(Query.parse(QueryDict(text), table=HUB_TABLE), "/papers/")
    return [names[row.pk] for row in found.rows()], [item.name for item in found.query.dropped]


# Query -> hubs, in order.
NARROWED = [
    # A share has a base of ten labelled at least, and is compared exactly.
    ("role=method", ["some", "most", "half"]),
    ("role=method&share_min=50", ["most", "half"]),
    ("role=method&share_min=51", ["most"]),
    ("role=method&share_min=82", []),
    ("role=method&share_min=1", ["most", "half"]),
    ("role=method&sort=-share", ["most", "half", "some"]),
    ("role=background&sort=-share", ["none", "some", "half", "most"]),
    ("role=dataset", []),
    ("disputes=any", ["disputed", "contested"]),
    ("disputes=any&sort=-disputes", ["contested", "disputed"]),
    ("disputes=none", ["agreed"]),
    ("sort=-labelled&per_page=3", ["some", "none", "most"]),
    ("sort=-read&tier=hub&per_page=3", ["none", "disputed", "most"]),
]
# Query -> names of what is left out of it.
DROPPED = [
    ("share_min=20", ["share_min"]),
    ("sort=-share", ["sort"]),
    ("share_min=20&sort=-share", ["share_min", "sort"]),
    ("role=method&share_min=0", ["share_min"]),
    ("role=method&share_min=101", ["share_min"]),
    ("role=unlabelled", ["role"]),
    ("disputes=perhaps", ["disputes"]),
]


# One test each: the hubs take longer to make than all queries.
def test_hubs_are_narrowed_and_ordered_by_shares_and_disputes(hubs):
    assert [(text, *listed(hubs, text)) for text, _names in NARROWED] == [
        (text, names, []) for text, names in NARROWED
    ]


def test_a_share_without_a_role_is_dropped_and_named(hubs):
    assert [(text, listed(hubs, text)[1]) for text, _dropped in DROPPED] == DROPPED


def test_every_order_of_hubs_gives_them_all(hubs):
    for value, _label in HUB_TABLE["sort"].choices:
        names, dropped = listed(hubs, f"role=method&sort={value}")
        assert sorted(names) == ["half", "most", "some"] and not dropped, value
    assert listed(hubs, "sort=-disputes")[0][:2] == ["contested", "disputed"]


def test_a_list_says_the_share_it_is_narrowed_or_sorted_by(client, hubs):
    def shares(text):
        page = html.document_fromstring(client.get(f"/papers/?{text}").content.decode())
        return [" ".join(line.text_content().split()) for line in page.xpath("//*[@class='asked']")], page

    said, page = shares("role=method&sort=-share")
    assert said == [
        "method 9 of 11 (82%) 95% interval 52–95%",
        "method 5 of 10 (50%) no interval: all labelled",
        "method 1 of 200 (1%) no interval: all labelled",
    ]
    [link] = page.xpath("(//*[@class='asked'])[1]//a/@href")
    assert "9 of 12 citing papers" in client.get(link.partition("#")[0]).content.decode()
    assert shares("disputes=any&sort=-disputes")[0] == [
        "−disputes 10 of 10 (100%) no interval: all labelled",
        "−disputes 2 of 11 (18%) 95% interval 5–48%",
    ]
    assert shares("")[0] == shares("disputes=none")[0] == []
