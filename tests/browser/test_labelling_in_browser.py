"""Labelling in a real browser: by keys alone, without script, accessible in both schemes."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Permission
from django.urls import reverse

from citations.models import Assertion
from tests.factories import make_citation, make_context, make_paper, make_reading, make_staff, refresh

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def screen(live_server, client):
    """The address of the screen, and the cookie of a curator, with six sentences to label."""
    cited = make_paper("The lantern at the weir")
    for number in range(6):
        pair = make_citation(make_paper("Pneumono" + "ultramicroscopic" * 8), cited)
        context = make_context(pair, f"As Moor has shown in {number}, grain sinks.", start=3, end=7)
        make_reading(context, role="evidence")
    refresh()
    user = make_staff()  # not a curator: the group is gone once a test has emptied the database
    user.user_permissions.set(Permission.objects.filter(codename="add_assertion"))
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    return f"{live_server.url}{reverse('admin:citations_citationcontext_labelling')}?hub={cited.pk}", cookie


def violations(page):
    return [(one["id"], one["nodes"][0]["html"]) for one in Axe().run(page).response["violations"]]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 320)])
def test_two_sentences_are_labelled_and_one_undone_by_keyboard_alone(page, screen, scheme, width):
    address, cookie = screen
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.context.add_cookies([cookie])
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    status, keys = page.locator("#said"), page.keyboard
    keys.press("?")
    assert page.locator("#keys").get_attribute("open") is not None
    keys.press("3")
    keys.press("s")
    keys.press("Enter")
    status.get_by_text("Saved: method, supports · 1 today.").wait_for()
    assert page.evaluate("document.activeElement.id") == "sentence"
    keys.press("8")
    keys.press("Enter")
    status.get_by_text("Saved: evidence · 2 today.").wait_for()
    assert "The machine had said the same." in status.inner_text()
    keys.press("z")
    status.get_by_text("Taken back.").wait_for()
    keys.press("x")
    status.get_by_text("Skipped.").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    keys.press("Enter")  # no role: the browser says so, nothing is sent
    assert page.evaluate("document.querySelector('[name=role]').validity.valueMissing")
    held = Assertion.objects.by_curators().values_list("dimension", "value", "drawn")
    assert sorted(held) == [("polarity", "supports", "random"), ("role", "method", "random")]
    assert said == []


def test_keys_can_be_switched_off_and_do_not_reach_into_the_note(page, screen):
    address, cookie = screen
    page.context.add_cookies([cookie])
    page.goto(address)
    page.get_by_label("Note").fill("")
    page.keyboard.type("3 x z s")
    assert page.get_by_label("Note").input_value() == "3 x z s"
    page.locator("#keys summary").click()
    page.get_by_label("Answer with single keys").uncheck()
    page.reload()
    page.keyboard.press("3")
    assert page.locator("[name=role]:checked").count() == 0
    page.locator("#keys summary").click()
    page.get_by_label("Answer with single keys").check()
    page.keyboard.press("3")
    assert page.locator("[name=role]:checked").get_attribute("value") == "method"


def test_it_works_without_script(browser, screen):
    address, cookie = screen
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(address)
    assert not page.locator("#keys").is_visible()
    page.get_by_label("dataset").check()
    page.get_by_role("button", name="Save and next").click()
    assert "Saved: dataset · 1 today." in page.locator("#said").inner_text()
    sentence = page.locator("blockquote").inner_text()
    page.get_by_role("button", name="Skip").click()
    assert page.locator("blockquote").inner_text() != sentence
    page.get_by_role("button", name="Undo last").click()
    assert "Taken back" in page.locator("#said").inner_text()
    assert not Assertion.objects.by_curators().exists()
    context.close()
