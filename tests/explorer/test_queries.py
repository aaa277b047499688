"""What pages cost in queries: a bound, whatever the hub's size and whatever is asked of it."""

import pytest

from citations.models import ClaimTreatment
from tests.factories import (
    make_author,
    make_citation,
    make_claim,
    make_context,
    make_hub,
    make_paper,
    make_treatment,
    refresh,
)

pytestmark = pytest.mark.django_db
HUB_PAGE = 17  # the project's promise; a hub that a machine has read costs up to two more


def furnished_hub(size):
    """A hub with everything a page can show: authors, claims tied to papers, co-cited works, versions."""
    hub = make_hub(
        make_paper(
            "Counting tides", authors=[make_author("Ann Moor")], identifiers={"doi": f"10.5555/{size}"}
        ),
        roles={"background": size, "method": size},
        polarities={"supports": size},
        unread=size,
    )
    claim = make_claim(hub)
    others = [make_paper("Ropes", authors=["Bo Lind"]), make_paper("Anchors"), make_paper("Buoys")]
    for pair in hub.incoming_citations.all():
        for other in others:
            make_citation(pair.citing_paper, other)
    for pair in hub.incoming_citations.filter(polarity="supports"):
        make_treatment(claim, pair, treatment=ClaimTreatment.Treatment.SUPPORTS)
        make_context(pair, f"A second sentence of {pair.pk}.")
    refresh()
    return hub


@pytest.mark.parametrize("size", [1, 12])
@pytest.mark.parametrize("query", ["", "?role=background&section=methods&q=tide&claim=none&page=2"])
def test_a_hub_page_keeps_its_promise(client, django_assert_max_num_queries, size, query):
    hub = furnished_hub(size)
    client.get("/about/labels/")
    # An empty result counts once more for each filter in force, to say what each costs. Words are
    # looked up by three queries, each time that the list is narrowed by them.
    with django_assert_max_num_queries(HUB_PAGE + query.count("=") + 12 * query.count("q=")):
        answer = client.get(hub.get_absolute_url() + query)
    assert answer.status_code == 200
    with django_assert_max_num_queries(1):  # kept: only the library's mark is looked at
        client.get(hub.get_absolute_url() + query)


@pytest.mark.parametrize("alone", ["", "citing/"])
def test_the_part_that_is_swapped_costs_the_same_for_one_paper_and_for_many(
    client, django_assert_max_num_queries, alone
):
    for size in (1, 12):
        hub = furnished_hub(size)
        address = f"{hub.get_absolute_url()}{alone}?role=background"
        with django_assert_max_num_queries(10):
            assert client.get(address, headers={"HX-Request": "true"}).status_code == 200


@pytest.mark.parametrize("name, queries", [("csv", 9), ("jsonl", 11), ("bibtex", 9), ("ris", 9)])
def test_an_export_costs_the_same_for_one_paper_and_for_many(
    client, django_assert_max_num_queries, name, queries
):
    for size in (1, 12):
        hub = furnished_hub(size)
        with django_assert_max_num_queries(queries):
            answer = client.get(f"{hub.get_absolute_url()}citing/export/?format={name}")
            assert list(answer.streaming_content)


@pytest.mark.parametrize(
    "path, queries",
    [
        ("/", 24),  # its example 11, its disputes 6, what the library holds 3
        ("/?q=tides", 7),
        ("/papers/", 8),
        ("/papers/?status=contested&q=tides", 8),
        ("/papers/?role=method&share_min=1&disputes=none&sort=-share", 8),
        ("/suggestions/?q=tides", 7),
        ("/about/labels/", 2),  # the mark: for what is kept, and again before a page is made
    ],
)
def test_other_pages_cost_the_same_for_one_hub_and_for_many(
    client, django_assert_max_num_queries, path, queries
):
    for size in (1, 3, 12):
        furnished_hub(size)
        with django_assert_max_num_queries(queries):
            assert client.get(path).status_code == 200


def test_the_evidence_page_costs_the_same_for_one_sentence_and_for_many(
    client, django_assert_max_num_queries
):
    pair = furnished_hub(1).incoming_citations.filter(polarity="supports").get()
    address = f"/papers/{pair.cited_paper_id}/citing/{pair.citing_paper_id}/"
    for number in range(6):
        make_context(pair, f"Yet another sentence, number {number}.")
        with django_assert_max_num_queries(17):  # three of them for its place in the list
            assert client.get(address).status_code == 200


def test_an_author_page_costs_the_same_for_one_paper_and_for_many(client, django_assert_max_num_queries):
    person = make_author("Ann Moor")
    for _each in range(4):
        make_paper(authors=[person])
        with django_assert_max_num_queries(5):
            assert client.get(person.get_absolute_url()).status_code == 200
