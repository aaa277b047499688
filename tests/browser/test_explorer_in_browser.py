"""The explorer in a real browser: swapped in place, walked by keyboard, quiet, the same without script."""

import csv

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import make_hub, make_paper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hub():
    paper = make_paper("The lantern at the weir", venue="Weir Studies")
    return make_hub(paper, roles={"method": 8, "background": 23}, polarities={"disputes": 4}, unread=2)


@pytest.fixture
def said(page):
    """What the console has said."""
    lines = []
    page.on("console", lambda message: lines.append(message.text))
    page.on("pageerror", lambda error: lines.append(str(error)))
    return lines


def count(page):
    return page.locator("#explorer-count")


def expect_count(page, words):
    expect(count(page)).to_have_text(words, use_inner_text=True)


def focused(page):
    return page.evaluate("document.activeElement.id")


def mark_document(page):
    """A page that is loaded anew does not have the mark."""
    page.evaluate("window.marked = true")


def is_same_document(page):
    return page.evaluate("window.marked === true")


def alone(hub):
    return reverse("explorer:citing", args=[hub.pk, hub.slug])


def test_by_keyboard_from_search_to_hub_to_filter_to_evidence_and_back(live_server, page, hub, said):
    page.goto(live_server.url)
    page.keyboard.press("/")
    page.keyboard.type("lantern?j")
    assert page.locator("#site-q, #q").first.input_value() == "lantern?j", "keys act while somebody types"
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="The lantern at the weir").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{hub.get_absolute_url()}")
    page.locator("#facet-role-method").focus()
    mark_document(page)
    page.keyboard.press("Enter")
    expect_count(page, "8 of 37 citing papers")
    assert is_same_document(page) and focused(page) == "facet-role-method"
    address = page.url
    assert address.endswith(f"{hub.get_absolute_url()}?role=method#citing-papers-explorer")
    for key in "jjkj":
        page.keyboard.press(key)
    item = page.locator(".results > li").nth(1)
    expect(item).to_be_focused()
    page.keyboard.press("Control+x")
    expect(item.get_by_role("checkbox")).not_to_be_checked()
    page.keyboard.press("x")
    expect(item.get_by_role("checkbox")).to_be_checked()
    evidence = item.locator("[data-open]").get_attribute("href")
    page.keyboard.press("o")
    page.wait_for_url(f"**{evidence}")
    walk = page.get_by_role("navigation", name="In the list of citing papers")
    expect(walk).to_contain_text("2 of 8 citing papers")
    page.keyboard.press("j")
    expect(walk).to_contain_text("3 of 8 citing papers")
    page.keyboard.press("k")
    page.wait_for_url(f"**{evidence}")
    for _step in range(3):
        page.go_back()
    page.wait_for_url(address)
    expect_count(page, "8 of 37 citing papers")
    assert page.locator("html").count() == page.locator("header.site").count() == 1
    assert said == []


def test_swaps_keep_focus_and_place_and_tell_the_count(live_server, page, hub, said):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{live_server.url}{hub.get_absolute_url()}")
    mark_document(page)
    page.evaluate(
        """{
          const region = document.querySelector("#explorer-count");
          window.told = [];
          new MutationObserver(() => told.push(region.innerText)).observe(region, {childList: true});
        }"""
    )
    link = page.locator("#facet-role-method")
    link.scroll_into_view_if_needed()
    before = link.bounding_box()
    link.click()
    expect_count(page, "8 of 37 citing papers")
    after = link.bounding_box()
    # Narrower, as its number has become a link of its own; else just where it was.
    assert after.pop("width") < before.pop("width")
    assert after == before, "the facet that was used has moved"
    assert focused(page) == "facet-role-method"
    assert page.evaluate("told").pop() == "8 of 37 citing papers"

    chip = page.locator(".chip.remove")
    chip.focus()
    page.keyboard.press("Enter")
    expect_count(page, "37 of 37 citing papers")
    assert focused(page) == "found" and page.url.endswith(f"{hub.get_absolute_url()}#citing-papers-explorer")

    page.get_by_role("link", name="Next").click()
    expect_count(page, "37 of 37 citing papers – page 2 of 2")
    assert focused(page) == "found"
    assert 0 <= count(page).bounding_box()["y"] < 200, "the next page is read from its top"

    page.get_by_label("Words").fill("marshes")
    page.get_by_label("Sort").select_option("year")
    page.get_by_label("Sort").focus()
    page.get_by_role("button", name="Apply filters").click()
    page.wait_for_url("**?q=marshes&sort=year#citing-papers-explorer")
    expect(page.locator(".chip.remove")).to_have_text("Remove filter Words: marshes×")
    assert focused(page) == "apply-filters" and is_same_document(page)
    assert said == []


@pytest.mark.parametrize("alone_on_a_page", [False, True])
def test_back_and_forward_go_through_what_was_shown(live_server, page, hub, said, alone_on_a_page):
    start = alone(hub) if alone_on_a_page else hub.get_absolute_url()
    page.goto(f"{live_server.url}{start}")
    page.locator("#facet-role-method").click()
    expect_count(page, "8 of 37 citing papers")
    page.locator("#facet-role-background").click()
    expect_count(page, "31 of 37 citing papers")
    mark_document(page)
    page.go_back()
    expect_count(page, "8 of 37 citing papers")
    page.go_back()
    expect_count(page, "37 of 37 citing papers")
    assert "?" not in page.url
    page.go_forward()
    expect_count(page, "8 of 37 citing papers")
    assert is_same_document(page)
    # Across another page, also over two entries at once to the one that htmx knows nothing of.
    page.locator(".results .title").first.click()
    page.wait_for_url("**/papers/*/")
    page.go_back()
    expect_count(page, "8 of 37 citing papers")
    page.evaluate("history.go(-1)")
    expect_count(page, "37 of 37 citing papers")
    expect(page.locator(".results > li")).to_have_count(25)
    page.reload()
    expect_count(page, "37 of 37 citing papers")
    assert said == []


def test_what_the_server_refuses_is_shown(live_server, page, hub, monkeypatch):
    page.goto(f"{live_server.url}{alone(hub)}")
    monkeypatch.setattr("explorer.limits.LONGEST_QUERY", 3)
    page.locator("#facet-role-method").click()
    expect(page.locator("body")).to_contain_text("An address takes 3 characters")
    assert page.url.endswith("?role=method")


@pytest.mark.parametrize(("theme", "width"), [("light", 320), ("dark", 1440)])
def test_after_a_swap_pages_are_accessible_and_fit_in_both_themes(live_server, page, hub, said, theme, width):
    """The theme is chosen against the system's."""
    page.emulate_media(color_scheme="dark" if theme == "light" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}{alone(hub)}")
    page.get_by_label("Colours").select_option(theme)
    summary = page.locator("#filters > summary")
    if width == 320:
        summary.click()
    page.locator("#facet-role-method").click()
    expect_count(page, "8 of 37 citing papers")
    if width == 320:
        expect(summary).to_have_text("Show filters (1 active)", use_inner_text=True)
        expect(page.locator("#facet-role-method")).to_be_visible()
        page.get_by_role("button", name="Apply filters").click()
        expect(page.locator("#facet-role-method")).not_to_be_visible()
        assert focused(page) == "found"
    page.locator("#export-box summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found]
    page.get_by_role("button", name="Keyboard").last.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found]
    assert said == []


def test_a_chosen_theme_is_remembered_and_there_before_the_first_paint(live_server, page, hub):
    page.emulate_media(color_scheme="light")
    page.goto(f"{live_server.url}/about/labels/")
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(colour)
    page.get_by_label("Colours").select_option("dark")
    dark = page.evaluate(colour)
    assert dark != light
    # Deferred scripts that never come hold nothing back: the theme does not wait for them.
    page.route("**/explorer.js", lambda route: route.abort())
    page.goto(f"{live_server.url}{hub.get_absolute_url()}")
    assert page.evaluate(colour) == dark
    page.unroute("**/explorer.js")
    page.reload()
    expect(page.get_by_label("Colours")).to_have_value("dark")
    page.get_by_label("Colours").select_option("auto")
    assert page.evaluate(colour) == light
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(colour) == dark
    page.emulate_media(media="print")
    assert page.evaluate(colour) == "rgb(255, 255, 255)"


def test_keys_are_listed_and_can_be_switched_off(live_server, page, hub):
    page.goto(f"{live_server.url}{alone(hub)}")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    page.keyboard.press("j")
    dialog.get_by_label("These keys are on").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    page.reload()
    for key in "j?/":
        page.keyboard.press(key)
    expect(dialog).not_to_be_visible()
    assert page.evaluate("document.activeElement === document.body")


def test_the_search_key_goes_to_the_search_in_view(live_server, page, hub):
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{live_server.url}{hub.get_absolute_url()}")
    page.keyboard.press("/")
    assert focused(page) == "site-q"
    page.locator("#explorer-count").scroll_into_view_if_needed()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    assert focused(page) == "filter-q"
    expect(page.locator("#filter-q")).to_be_visible()


def test_ticks_are_kept_while_pages_and_filters_change(live_server, page, hub, said):
    page.goto(f"{live_server.url}{alone(hub)}?per_page=10&year_min=9000")
    assert not page.locator("#export").count(), "nothing is listed, so nothing can be exported"
    page.locator(".chip.remove").click()
    expect_count(page, "37 of 37 citing papers")
    boxes = page.locator(".results").get_by_role("checkbox")
    ticked = [tick(boxes.nth(2)), tick(boxes.nth(0))]
    page.get_by_role("link", name="Next").click()
    expect_count(page, "37 of 37 citing papers – page 2 of 4")
    expect(boxes.nth(0)).not_to_be_checked()
    ticked.append(tick(boxes.nth(5)))
    page.locator("#facet-role-method").click()
    expect_count(page, "8 of 37 citing papers")
    page.reload()
    page.locator("#export-box summary").click()
    expect(page.locator("#ticked")).to_have_text("3")
    assert sorted(exported(page)[1]) == sorted(ticked)
    page.locator(".chip.remove").click()
    expect_count(page, "37 of 37 citing papers")
    expect(boxes.nth(2)).to_be_checked()
    boxes.nth(2).uncheck()
    assert sorted(exported(page)[1]) == sorted(ticked[1:])
    page.get_by_role("button", name="Untick all").click()
    expect(page.locator("#ticked")).to_have_text("0")
    expect(boxes.nth(0)).not_to_be_checked()
    assert said == []


def tick(box):
    box.check()
    return box.get_attribute("value")


def exported(page):
    """(name, ids of the papers) of the file of those ticked."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Export those ticked").click()
    with open(download.value.path(), encoding="utf-8-sig") as file:
        return download.value.suggested_filename, [row["id"] for row in csv.DictReader(file)]


def test_without_script_all_works_and_what_needs_script_is_not_shown(live_server, browser, hub):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{live_server.url}{hub.get_absolute_url()}")
    assert not page.get_by_label("Colours").is_visible()
    assert not page.get_by_role("button", name="Keyboard").first.is_visible()
    page.locator("#facet-role-method").click()
    assert count(page).inner_text() == "8 of 37 citing papers"
    page.get_by_label("Words").fill("marshes")
    page.get_by_role("button", name="Apply filters").click()
    assert page.locator(".chip.remove").count() == 2
    page.locator(".chip.remove").last.click()
    assert count(page).inner_text() == "8 of 37 citing papers"
    ticked = [tick(page.locator(".results > li").nth(number).get_by_role("checkbox")) for number in (0, 3)]
    page.locator("#export-box summary").click()
    assert exported(page) == (f"citing-{hub.pk}-the-lantern-at-the-weir.csv", ticked)
    context.close()
