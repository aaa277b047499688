"""The pages in a real browser: accessible in both schemes, no wider than a phone, quiet in the console."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from citations.labels import LabelSource
from citations.models import Citation, CitationContext
from citations.rollups import refresh_hubs, refresh_pairs
from tests.factories import (
    make_assertion,
    make_citation,
    make_claim,
    make_context,
    make_hub,
    make_paper,
    make_reading,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def urls():
    paper = make_paper(
        "The lantern at the weir", abstract="We hung a lantern. It was seen. " * 30, venue="W" * 120
    )
    make_claim(paper)
    make_hub(paper, roles={"method": 8, "background": 3}, polarities={"disputes": 4}, unlabelled=2, unread=20)
    citation = Citation.objects.incoming(paper.pk).filter(role="method").earliest("id")
    for number, context in enumerate(CitationContext.objects.order_by("id")):
        make_reading(context, role="method" if number % 4 else "", polarity="disputes" if number % 3 else "")
        for value in ("background" if number % 5 else "method", "disputes"):
            make_assertion(
                context, value=value, source="curator", drawn="random" if number % 6 else "targeted"
            )
    make_citation(citation.citing_paper, make_paper("Pneumono" + "ultramicroscopic" * 8))
    read_by_machine = make_paper("The weir at night")
    for number in range(21):
        context = make_context(make_citation(make_paper(), read_by_machine))
        make_reading(context, role="method" if number % 3 else "", polarity="" if number % 5 else "disputes")
        if number:
            make_assertion(context, value="method", source="curator", drawn="random")
    refresh_pairs(read_by_machine.incoming_citations.values_list("pk", flat=True))
    refresh_hubs([read_by_machine.pk])
    return [
        "/",
        "/?q=lantern",
        "/papers/",
        paper.get_absolute_url(),
        f"{paper.get_absolute_url()}?role=extension&bad=1",
        reverse("explorer:citing", args=[paper.pk, paper.slug]),
        reverse("explorer:years", args=[paper.pk, paper.slug]),
        reverse("explorer:evidence", args=[paper.pk, citation.citing_paper_id]),
        f"{reverse('explorer:evidence', args=[paper.pk, citation.citing_paper_id])}?role=extension&bad=1",
        "/compare/",
        f"/compare/?paper={paper.pk}&paper={read_by_machine.pk}&paper={citation.citing_paper_id}&paper=no",
        "/about/labels/",
        "/about/accuracy/",
        "/about/accuracy/disagreements/?agree=both&bad=1",
        "/papers/99999/",
        read_by_machine.get_absolute_url(),
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 320)])
def test_pages_are_accessible_and_fit_a_phone(live_server, page, urls, scheme, width):
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for url in urls:
        page.goto(f"{live_server.url}{url}")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, url
        found = Axe().run(page).response["violations"]
        assert not [(one["id"], one["nodes"][0]["html"]) for one in found], url
    assert page.locator("#machine tbody tr").count() >= 2  # the last one: estimates with intervals
    assert [line for line in said if "404" not in line] == []


def test_the_shares_of_a_machine_read_hub_fit_a_phone_in_german(live_server, browser):
    hub = make_hub(roles={"background": 9, "comparison": 2}, unread=3, source=LabelSource.CLASSIFIER)
    context = browser.new_context(locale="de", viewport={"width": 320, "height": 900})
    page = context.new_page()
    page.goto(f"{live_server.url}{hub.get_absolute_url()}")
    tables = page.locator(".scroll:has(.interval)")
    assert "keines" in tables.first.inner_text()
    assert tables.evaluate_all("tables => tables.every(one => one.scrollWidth <= one.clientWidth)")
    context.close()


def test_filters_stand_beside_the_list_or_behind_a_button(live_server, page, urls):
    page.goto(f"{live_server.url}{urls[3]}")
    page.set_viewport_size({"width": 1440, "height": 900})
    assert page.get_by_role("button", name="Apply filters").is_visible()
    page.set_viewport_size({"width": 320, "height": 900})
    assert not page.get_by_role("button", name="Apply filters").is_visible()
    page.locator(".filters > summary").click()
    assert page.get_by_role("button", name="Apply filters").is_visible()


def test_a_reader_goes_from_search_to_the_evidence_and_back_without_script(live_server, browser, urls):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url)
    page.get_by_label("Title, author or identifier").fill("lantern")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="The lantern at the weir").click()
    page.get_by_role("link", name="method 8").click()
    assert page.locator("#citing-papers-explorer [role=status]").inner_text() == "8 of 37 citing papers"
    address = page.url
    page.locator(".results").get_by_role("link", name="Evidence").first.click()
    assert page.locator("h1").inner_text().startswith("How ")
    page.go_back()
    assert page.url == address
    context.close()
