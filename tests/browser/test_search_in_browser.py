"""Search in a real browser: suggestions by keyboard, accessible, and nothing asked of anybody in vain."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.factories import make_assertion, make_citation, make_context, make_hub, make_paper, refresh

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def library():
    paper = make_hub(
        make_paper("The lantern at the weir", authors=["Ada Lantern"], abstract="A heron was seen."),
        roles={"method": 8, "background": 3},
    )
    make_paper("Lantern light", authors=["Bo Lind"])
    context = make_context(make_citation(make_paper(year=2021), paper), "We could not confirm it (Lantern).")
    make_assertion(context, value="disputes")
    refresh()
    return paper


def test_suggestions_go_by_keyboard(live_server, page, library):
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url) if "/suggestions/" in request.url else None)
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{live_server.url}/papers/")
    box = page.get_by_role("combobox", name="Search title, author or identifier")
    assert box.get_attribute("aria-expanded") == "false"
    box.press_sequentially("lantern", delay=20)
    options = page.locator(".suggestions [role=option]")
    options.first.wait_for()
    assert len(asked) < 5  # not one for each letter
    assert box.get_attribute("aria-expanded") == "true"
    number = options.count()
    assert number > 2 and page.locator(".find [role=status]").inner_text() == f"{number} papers suggested"
    assert not box.get_attribute("aria-activedescendant")

    box.press("ArrowDown")
    box.press("ArrowDown")
    active = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert active.get_attribute("aria-selected") == "true"
    assert active.inner_text() == options.nth(1).inner_text()
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found]
    box.press("ArrowUp")
    box.press("ArrowUp")
    assert not box.get_attribute("aria-activedescendant")
    box.press("ArrowUp")
    assert page.locator("[aria-selected=true]").inner_text() == options.last.inner_text()
    box.press("Escape")
    assert not options.first.is_visible() and box.get_attribute("aria-expanded") == "false"
    assert box.input_value() == "lantern"  # the second Escape is the browser's

    box.press_sequentially(" weir")
    options.first.wait_for()
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_url(f"{live_server.url}{library.get_absolute_url()}")
    assert said == []


def test_enter_without_a_choice_sends_the_form(live_server, page, library):
    page.goto(live_server.url)
    box = page.get_by_label("Title, author or identifier")
    box.fill("lanten weir")
    box.press("Enter")
    page.wait_for_url("**/?q=lanten+weir")
    assert "showing “lantern weir”" in page.locator(".notice").inner_text()


def test_a_suggestion_can_be_clicked_on_a_phone(live_server, page, library):
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(live_server.url)
    page.get_by_label("Title, author or identifier").press_sequentially("weir")
    option = page.locator(".suggestions [role=option]")
    option.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    option.click()
    page.wait_for_url(f"{live_server.url}{library.get_absolute_url()}")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 320)])
def test_the_first_page_and_all_results_are_accessible(live_server, page, library, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for query in ("", "?q=lantern", "?q=lanten", "?q=heron", "?q=xyzzy", "?q=doi:10.5555/none"):
        page.goto(f"{live_server.url}/{query}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, query
        found = Axe().run(page).response["violations"]
        assert not [(one["id"], one["nodes"][0]["html"]) for one in found], query
    page.goto(f"{live_server.url}/papers/?role=method&share_min=20&sort=-share")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not Axe().run(page).response["violations"]
