"""The forms of curators in a real browser: they fit a small screen, and the sentence can be read."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from django.urls import reverse

from tests.factories import make_assertion, make_claim, make_context, make_paper, make_unmatched, refresh

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def forms(live_server, client):
    """The addresses of a pair, a sentence, a reference and two papers, and the cookie of who may all."""
    context = make_context(sentence="As Moor (2003) has shown, grain sinks.", start=3, end=14)
    make_assertion(context, value="background", source="provider", confidence=0.5)
    make_claim(context.citation.cited_paper, "Grain sinks " + "and sinks " * 20)
    papers = [make_paper(f"Of scales {n}", identifiers={"doi": f"10.5555/{n}" * 3}) for n in (1, 2)]
    keys = [paper.pk for paper in papers]
    queued = make_unmatched(candidates=keys, contexts=["Grain was weighed (Moor)."])
    refresh()
    client.force_login(get_user_model().objects.create_superuser("all"))
    addresses = [
        reverse("admin:citations_citation_change", args=[context.citation_id]),
        reverse("admin:citations_citationcontext_change", args=[context.pk]),
        reverse("admin:citations_unmatchedreference_change", args=[queued.pk]),
        reverse("admin:citations_merge_two", args=keys),
        reverse("admin:papers_paper_history", args=keys[:1]),
    ]
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    return [live_server.url + address for address in addresses], cookie


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_forms_fit_a_small_screen_and_are_accessible(page, forms, scheme):
    addresses, cookie = forms
    page.context.add_cookies([cookie])
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 900})
    for address in addresses:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
        # The stock admin's box to find a paper by has no name until one is chosen.
        found = Axe().run(page, {"exclude": [[".select2"]]}).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], address
