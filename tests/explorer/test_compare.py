"""Papers side by side: which are meant, what is said of their differences, and what it costs."""

import pytest
from django.http import QueryDict
from lxml import html

from citations.statistics import wilson_interval
from explorer import compare
from papers.models import PaperRedirect
from tests.factories import make_citation, make_hub, make_paper, refresh

db = pytest.mark.django_db


def words(element):
    return " ".join(element.text_content().split())


def get(client, *values, **more):
    answer = client.get("/compare/", {"paper": values, **more})
    assert answer.status_code == 200
    return html.document_fromstring(answer.content.decode())


def hubs(number=2, **kinds):
    kinds = {"roles": {"method": 9, "background": 3}, "polarities": {"supports": 2}, "unread": 5} | kinds
    return [make_hub(make_paper(f"Of weirs, part {n}"), **kinds) for n in range(1, number + 1)]


# -- which papers ---------------------------------------------------------------------------------


@db
def test_papers_are_named_by_number_identifier_address_or_a_number_of_before(client):
    one, two, three, four = hubs(4, unread=0, polarities={})
    two.identifiers.create(scheme="doi", value="10.5555/weir.2")
    PaperRedirect.objects.create(old_id=99_999, paper=three)
    page = get(
        client,
        one.pk,
        "https://doi.org/10.5555/WEIR.2",
        99_999,
        f"https://hub.example.org{four.get_absolute_url()}?role=method#abstract",
    )
    assert page.xpath("//ol[@class='sides']//h2/a/@href") == [
        paper.get_absolute_url() for paper in (one, two, three, four)
    ]
    assert not page.xpath("//*[@role='alert']") and not page.xpath("//input[@id='add-paper']")


@db
@pytest.mark.parametrize(
    ("asked", "shown", "said"),
    [
        ([], 0, ""),
        ([0], 1, "One more paper is needed."),
        ([0, 0, 1], 2, "is named twice"),
        ([0, "10.5555/nowhere"], 1, "“10.5555/nowhere”"),
        ([0, "<script>\x00", 1], 2, "“<script>”"),
        ([0, "9" * 40, 1], 2, "9999"),
        ([0, 1, 2, 3, 4], 4, "At most 4 papers are compared"),
        ([0, 1, *["tide"] * 9], 2, "More than 8 papers are named"),
        (["", " ", 0, 1], 2, ""),
    ],
)
def test_what_cannot_be_compared_is_said(client, asked, shown, said):
    papers = hubs(5, unread=0, polarities={}, roles={"method": 1})
    page = get(client, *(papers[one].pk if isinstance(one, int) else one for one in asked))
    assert len(page.xpath("//ol[@class='sides']/li")) == shown
    assert said in words(page.xpath("//main")[0])
    assert bool(page.xpath("//*[@role='alert']")) == (bool(said) and "needed" not in said)
    assert bool(page.xpath("//section[@id='roles']")) == (shown > 1)


@db
def test_an_unknown_parameter_is_named(client):
    assert "“pape”" in words(get(client, hubs(1)[0].pk, pape="3").xpath("//*[@role='alert']")[0])


@db
def test_papers_are_added_by_a_form_and_removed_by_a_link(client):
    one, two = hubs()
    page = get(client, one.pk, two.pk)
    form = page.xpath("//main//form")[0]
    assert form.xpath(".//input[@type='hidden']/@value") == [str(one.pk), str(two.pk)]
    assert page.xpath("//ol[@class='sides']//a[starts-with(., 'Remove')]/@href") == [
        f"/compare/?paper={two.pk}",
        f"/compare/?paper={one.pk}",
    ]


@db
def test_a_hub_and_its_co_cited_works_lead_here(client):
    one, two = hubs()
    for pair in one.incoming_citations.all():
        make_citation(pair.citing_paper, two)
    refresh()
    page = html.document_fromstring(client.get(one.get_absolute_url()).content.decode())
    assert page.xpath("//section[@id='hub-tools']//a[contains(., 'Compare')]/@href") == [
        f"/compare/?paper={one.pk}"
    ]
    assert page.xpath("//section[@id='co-cited-works']//a[starts-with(., 'compare')]/@href") == [
        f"/compare/?paper={one.pk}&paper={two.pk}"
    ]


# -- numbers --------------------------------------------------------------------------------------


@db
def test_each_number_opens_as_many_papers(client):
    one, two = hubs()
    for pair in one.incoming_citations.all()[:4]:
        make_citation(pair.citing_paper, two)
    refresh()
    page = get(client, one.pk, two.pk)
    links = page.xpath("//div[@class='versus']//a | //ul[@class='shared']//a")
    assert len(links) > 12
    for link in links:
        listed = html.document_fromstring(client.get(link.get("href")).content.decode())
        found = words(listed.xpath("//p[@class='count']")[0]).split()[0]
        assert words(link).split()[0] == found, link.get("href")
    assert "4 papers cite both of 19 and 23 known" in words(page.get_element_by_id("shared"))


@db
def test_a_cell_says_k_of_n_with_its_interval_or_why_there_is_none(client):
    one = make_hub(make_paper(), roles={"method": 9, "background": 3}, unread=5)
    two = make_hub(make_paper(), roles={"background": 4})
    three = make_hub(make_paper(), roles={"method": 2}, source="classifier", unread=1)
    four = make_hub(make_paper(), unread=2)
    page = get(client, *(paper.pk for paper in (one, two, three, four)))
    row = page.xpath("//section[@id='roles']/div[.//h3//*[contains(., 'method')]]")[0]
    low, high = (f"{100 * end:.0f}" for end in wilson_interval(9, 12))
    assert [words(cell) for cell in row.xpath(".//dd")] == [
        f"9 of 12 (75%) 95% interval {low}–{high}%",
        "0 of 4 (0%) no interval: all labelled",
        "2 of 2 (100%) no interval: machine labels",
        "nothing labelled",
    ]


@db
def test_bases_that_differ_are_said_first(client):
    one = make_hub(make_paper(), roles={"method": 20}, polarities={}, unread=80)
    two = make_hub(make_paper(), roles={"method": 12}, source="classifier", unread=1)
    three = make_hub(make_paper(), roles={"method": 3}, unread=1)
    four = make_hub(make_paper(), unread=1)
    said = words(get(client, *(paper.pk for paper in (one, two, three, four))).get_element_by_id("bases"))
    assert "A: nothing is labelled for polarity." in said
    assert "B: 12 of its 12 roles are a machine's" in said
    assert "C: 3 labelled for role, too few" in said
    assert "D: none of its citing papers has been read." in said
    assert "Labelled for role: A 20 of 100 known citing papers, B 12 of 13." in said
    assert "B 12 of 13 known citing papers, C" not in said and "A: 20 labelled" not in said


@db
def test_like_papers_need_no_warning(client):
    page = get(client, *(hub.pk for hub in hubs(roles={"method": 12}, polarities={"supports": 12})))
    assert not page.xpath("//section[@id='bases']")


# -- differences ------------------------------------------------------------------------------------


def differences(one, two):
    return compare.Comparison([one, two]).differences


@db
def test_differences_are_stated_where_the_interval_leaves_out_zero(client):
    one = make_hub(make_paper(), roles={"method": 18, "background": 4, "dataset": 3}, unread=9)
    two = make_hub(make_paper(), roles={"method": 4, "background": 18, "dataset": 2}, unread=9)
    held = {line.word: line.holds for line in differences(one, two)}
    assert held == {"method": True, "background": True, "dataset": False}
    part = get(client, one.pk, two.pk).get_element_by_id("differences")
    assert [words(line) for line in part.xpath("./ul/li")] == [
        "method more often for A than for B, by 28 to 72",
        "background more often for B than for A, by 32 to 75",
    ]
    assert "For 1 other difference the interval holds 0" in words(part)
    assert [words(row) for row in part.xpath(".//tbody/tr")] == [
        "method A − B +55 +28 to +72",
        "dataset A − B +4 −16 to +23",
        "background A − B −59 −75 to −32",
    ]


@pytest.mark.parametrize(
    "low, high, span, ends",
    [
        (0.004, 0.48, ("<1", 48), ("+<1", "+48")),
        (-0.48, -0.004, ("<1", 48), ("−48", "−<1")),
        (-0.004, 0.48, ("<1", 48), ("−<1", "+48")),
        (0.125, 0.25, (12, 25), ("+12", "+25")),
        (0, 0, (0, 0), ("0", "0")),
    ],
)
def test_an_end_that_is_not_nought_is_not_printed_as_nought(low, high, span, ends):
    one = compare.Difference("role", "method", "method", None, None, 24, low, high)
    assert (one.span, one.ends) == (span, ends)


@db
def test_labels_of_a_machine_allow_no_statement(client):
    one = make_hub(make_paper(), roles={"method": 40}, unread=1)
    two = make_hub(make_paper(), roles={"background": 40}, unread=1, source="classifier")
    assert differences(one, two) == []
    assert "No statement can be made" in words(get(client, one.pk, two.pk).get_element_by_id("differences"))


@db
def test_where_every_citing_paper_is_labelled_the_difference_is_exact(client):
    one, two = (make_hub(make_paper(), roles={"method": 3, "background": n}) for n in (1, 3))
    line = differences(one, two)[0]
    assert line.is_exact and line.holds and line.points == 25
    part = get(client, one.pk, two.pk).get_element_by_id("differences")
    assert "by 25; every known citing paper of both is labelled" in words(part)


# -- cost -------------------------------------------------------------------------------------------


@db
def test_the_page_costs_the_same_whatever_the_size_of_its_hubs(client, django_assert_max_num_queries):
    client.get("/about/labels/")
    for size in (1, 12):
        papers = hubs(4, roles={"method": size}, unread=size)
        # Mark (twice), papers with merged ones, authors, identifiers; for each its columns and their lookup.
        with django_assert_max_num_queries(6 + 4 * 3):
            get(client, *(paper.pk for paper in papers))


def test_nothing_is_read_for_an_empty_address(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        assert compare.Asked.parse(QueryDict("paper=&paper=%20")).papers == []
