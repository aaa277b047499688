"""Hubs that a machine has read: what pages and API say of it, and that each number opens its list."""

import re

import pytest
from lxml import html

from citations.labels import Dimension, LabelSource
from citations.models import Assertion, HubSummary
from tests.factories import (
    make_assertion,
    make_citation,
    make_context,
    make_paper,
    make_reading,
    refresh,
)

pytestmark = pytest.mark.django_db
SENTENCE = "We use the counts of (Moor, 1999) in all that follows, part {}."


def words(element):
    return " ".join(element.text_content().split())


@pytest.fixture
def hub():
    """Thirty machine-read papers, six untold, three that may dispute; two more labelled by people alone."""
    paper = make_paper("Of tides and moons")
    for number in range(30):
        context = make_context(make_citation(make_paper(), paper), SENTENCE.format(number))
        told = number >= 6
        make_reading(
            context,
            role="method" if told else "",
            probabilities={"method": 0.75, "background": 0.25}
            if told
            else {"method": 0.5, "background": 0.5},
            likeliest="method",
            polarity="disputes" if number < 3 else "",
            polarity_probability=0.3 + number / 10 if number < 3 else None,
        )
    for _each in range(2):
        context = make_context(make_citation(make_paper(), paper))
        make_assertion(context, value="dataset", source=LabelSource.DATASET)
    refresh()
    return paper


def check(paper, number, role="method"):
    """Random checks of ``number`` of the hub's machine-read papers."""
    pairs = paper.incoming_citations.filter(machine_readings__isnull=False).order_by("id")[:number]
    for pair in pairs:
        make_assertion(
            pair.contexts.get(), value=role, source=LabelSource.CURATOR, drawn=Assertion.Drawn.RANDOM
        )
    refresh()


def page_of(client, url):
    answer = client.get(url, follow=True)
    assert answer.status_code == 200
    return html.fromstring(answer.content.decode())


def api(address):
    number = re.search(r"/papers/(\d+)-", address).group(1)
    return f"/api/v1/papers/{number}/citations?{address.partition('?')[2].partition('#')[0]}"


def count_of(client, address):
    return client.get(api(address)).json()["count"]


def test_unsure_is_a_segment_of_its_own_and_no_part_of_n(client, hub):
    row = HubSummary.objects.get(paper=hub)
    assert (row.known, row.read, row.labelled, row.unsure, row.curated) == (32, 32, 26, 6, 2)
    page = page_of(client, hub.get_absolute_url())
    [line] = page.xpath("//section[@id='role-summary']//li[contains(., 'the machine is unsure')]")
    assert words(line).startswith("6 ")
    assert count_of(client, line.find(".//a").get("href")) == 6
    [note] = page.xpath("//section[@id='role-summary']//p[contains(., \"a machine's\")]")
    assert "24 of the 26 labels are a machine's" in words(note)
    assert count_of(client, note.find("./a").get("href")) == row.machine_roles == 24


def test_every_number_about_the_machine_opens_its_list(client, hub):
    check(hub, 20)
    page = page_of(client, hub.get_absolute_url())
    section = page.get_element_by_id("machine")
    links = section.xpath(".//a[contains(@href, 'citing-papers-explorer')]")
    numbers = [int(re.search(r"\d+", words(link)).group()) for link in links]
    assert numbers[:4] == [30, 20, 32, 20]  # machine-read, checked; the base of the estimate, its checks
    assert [count_of(client, link.get("href")) for link in links] == numbers
    suggestions = page.xpath("//section[@id='polarity-summary']//a[contains(@href, 'suggested=')]")
    assert [words(link) for link in suggestions] == ["possible disagreement, 3 to check"]
    assert count_of(client, suggestions[0].get("href")) == 3


def test_suggestions_come_likeliest_first_and_say_that_nobody_has_checked(client, hub):
    page = page_of(client, f"{hub.get_absolute_url()}?suggested=disputes&sort=-suggested")
    facts = page.xpath("//*[contains(@class, 'fact')][contains(., 'machine suggests')]")
    assert [words(fact) for fact in facts][:3] == [
        f"machine suggests: disputes ({probability}), not checked" for probability in ("0.50", "0.40", "0.30")
    ]


def test_without_twenty_checks_the_page_says_how_many_are_missing(client, hub):
    check(hub, 7)
    section = words(page_of(client, hub.get_absolute_url()).get_element_by_id("machine"))
    assert "After 13 more random checks the shares can be estimated with an interval." in section
    assert "%" not in section
    answer = client.get(f"/api/v1/papers/{hub.pk}/hub").json()
    assert answer["estimates"] == []
    # The seven were the six that it could not tell and one more.
    assert answer["machine"] == {
        "version": "cues-1",
        "read": 30,
        "unsure": 0,
        "checked": 7,
        "suggested": {"disputes": 3},
    }


def test_with_twenty_checks_estimates_stand_beside_the_counts_which_keep_no_interval(client, hub):
    check(hub, 20)
    answer = client.get(f"/api/v1/papers/{hub.pk}/hub").json()
    assert answer["provisional"]
    assert {(line["low"], line["high"]) for line in answer["roles"]} == {(None, None)}
    first = answer["estimates"][0]
    assert set(first) == {"role", "share", "low", "high", "checked", "basis"}
    assert (first["role"], first["checked"], first["basis"]) == ("method", 20, "hub")
    assert first["low"] <= first["share"] <= first["high"]
    section = words(page_of(client, hub.get_absolute_url()).get_element_by_id("machine"))
    assert "anchored by the 20 random checks" in section
    assert f"{int(first['low'] * 100 + 0.5)}–{int(first['high'] * 100 + 0.5)}%" in section


def test_the_headline_says_how_many_were_checked(client, hub):
    check(hub, 20)
    page = page_of(client, hub.get_absolute_url())
    [line] = page.xpath("//p[.//a[@href='#machine']]")
    assert "30 machine-read, 20 checked" in words(line)
    for link, number in zip(line.xpath("./a")[:2], (30, 20), strict=True):
        assert words(link).startswith(f"{number} ") and count_of(client, link.get("href")) == number


def test_a_hub_without_a_machine_says_nothing_of_one(client):
    paper = make_paper()
    make_assertion(make_context(make_citation(make_paper(), paper)), value="method")
    refresh()
    page = page_of(client, paper.get_absolute_url())
    assert page.get_element_by_id("machine", None) is None
    answer = client.get(f"/api/v1/papers/{paper.pk}/hub").json()
    assert answer["machine"] is None and answer["estimates"] == []


def test_a_card_tells_an_abstention_and_a_polarity_read_off_the_wording(client, hub):
    pair = hub.incoming_citations.filter(suggested_polarity="disputes").first()
    make_assertion(
        pair.contexts.get(), value="supports", scheme="athar-sentiment", dimension=Dimension.POLARITY
    )
    refresh()
    address = f"/papers/{hub.pk}/citing/{pair.citing_paper_id}/"
    cards = [words(card) for card in page_of(client, address).xpath("//ul[@class='assertions']/li")]
    assert len(cards) == 3
    assert "unsure" in cards[0] and "it cannot tell; not counted" in cards[0]
    assert "suggestion" in cards[1] and "the wording of this sentence alone" in cards[1]
    assert "athar-sentiment" in cards[2] and "the wording of this sentence alone" in cards[2]
    assert "wording" not in cards[0]


def test_the_parts_of_a_hub_still_add_up(client, hub):
    page = page_of(client, hub.get_absolute_url())
    rows = page.xpath("//section[@id='role-summary']//tbody/tr")
    counted = sum(int(words(row.xpath("./td")[0]).split()[0]) for row in rows)
    rest = [words(line) for line in page.xpath("//section[@id='role-summary']//ul/li")]
    numbers = [int(line.split()[0]) for line in rest if not line.startswith("0 ")]
    assert counted + sum(numbers) == 32
