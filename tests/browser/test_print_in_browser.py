"""A hub on paper: two pages, with what a reader of paper needs and without what only a screen can use."""

import re

import pytest
from django.db.models import F, Value
from django.db.models.functions import Concat

from citations.models import Passage
from tests.factories import make_citation, make_claim, make_hub, make_paper, refresh

pytestmark = pytest.mark.django_db(transaction=True)
ROLES = ("background", "motivation", "method", "dataset", "baseline", "comparison", "extension", "evidence")
LONG = (
    "We counted the lanterns at the weir as Moor (2015) had done, and found as many of them as she did. " * 3
)


@pytest.fixture
def hub():
    """A hub with something in every part, long words among them."""
    paper = make_paper(
        "On the counting of lanterns at weirs, locks and ferries, and what it tells of the tides",
        authors=[f"Author Number {n}" for n in range(9)],
        abstract="We hung a lantern. It was seen. " * 30,
        venue="Annals of Weirs",
        identifiers={"doi": "10.5555/weir.1"},
    )
    make_claim(paper)
    others = [make_paper(f"{word} in the northern marshes, and how they move") for word in "abcdefgh"]
    make_hub(
        paper,
        roles=dict.fromkeys(ROLES, 2),
        polarities={"supports": 2, "qualifies": 2, "disputes": 1, "neutral": 1},
        unlabelled=1,
        unread=1,
    )
    for number, pair in enumerate(paper.incoming_citations.all()):
        for other in others[: 3 + number % 6]:
            make_citation(pair.citing_paper, other)
    refresh()
    Passage.objects.update(text=Concat(F("text"), Value(f" {LONG}")))
    return paper


def test_a_hub_is_printed_on_two_pages(live_server, page, hub):
    page.goto(f"{live_server.url}{hub.get_absolute_url()}")
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 2


def test_the_sheet_holds_what_paper_needs_and_no_tools(live_server, page, hub):
    address = f"{live_server.url}{hub.get_absolute_url()}"
    page.goto(address)
    assert not page.get_by_text("What these numbers do not say").is_visible()
    page.emulate_media(media="print")
    text = page.locator("body").inner_text()
    for needed in (
        "How this paper is cited",
        "Counted",
        address,
        "with a citing sentence",
        "95% interval",
        "What these numbers do not say",
        "is no measure of its quality",
        "Roles over time",
        "Co-cited works",
        "Representative citing papers",
        "We counted the lanterns",
    ):
        assert needed in text, needed
    for tool in (
        "#hub-tools",
        "#abstract",
        "#claims-ledger",
        "#citing-papers-explorer",
        ".toc",
        "footer.site",
    ):
        assert not page.locator(tool).first.is_visible(), tool
    assert page.locator(".map").is_visible() and page.locator("#roles-over-time .chart").first.is_visible()
    assert page.locator(".co-cited > li:visible").count() == 5
    assert page.locator(".representatives > li:visible").count() == 3


def test_a_page_of_another_kind_keeps_its_foot_on_paper(live_server, page, hub):
    page.goto(f"{live_server.url}/papers/")
    page.emulate_media(media="print")
    assert page.locator("footer.site").is_visible()
