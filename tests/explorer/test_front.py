"""The first page: what the library holds, one hub as an example, the newest disputes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from lxml import html

from citations.labels import LabelSource
from citations.models import Citation, HubSummary
from explorer import front
from papers import bulk
from papers.models import Paper
from tests.factories import make_assertion, make_citation, make_context, make_hub, make_paper, refresh

pytestmark = pytest.mark.django_db


def words(element):
    return " ".join(element.text_content().split())


def home(client):
    return html.document_fromstring(client.get("/").content.decode())


def dispute(title, year, sentence, source=LabelSource.DATASET, **columns):
    """A pair whose one citing sentence disputes."""
    pair = make_citation(make_paper(title, year=year), make_paper(f"What {title} cites"))
    context = make_context(pair, sentence)
    make_assertion(context, value="disputes", source=source, **columns)
    return pair, context


# -- disputes ---------------------------------------------------------------------------------------


def test_the_newest_disputes_of_people_are_shown_with_their_evidence(client):
    for year in (2001, 2003, 2002, 2005, 2004):
        dispute(f"Paper of {year}", year, f"We could not confirm it in {year}.")
    dispute("A machine's", 2030, "A service says so.", source=LabelSource.PROVIDER)
    dispute("Undated", None, "Nobody knows when.")
    pair, context = dispute("Taken down", 2031, "This sentence is withheld.")
    context.passage.suppressed_at = timezone.now()
    context.passage.save()
    gone, _context = dispute("Withdrawn", 2032, "It is said no more.")
    refresh()
    Citation.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    bulk.mark_library()
    lines = home(client).xpath("//ol[contains(@class, 'disputes')]/li")
    assert [words(line.xpath(".//mark | .//blockquote")[0])[-5:-1] for line in lines] == [
        "2005",
        "2004",
        "2003",
        "2002",
    ]
    assert "disputes" in words(lines[0]) and "About What Paper of 2005 cites" in words(lines[0])
    assert client.get(lines[0].xpath(".//a[contains(@href, '/citing/')]/@href")[0]).status_code == 200


def test_without_disputes_the_page_says_so(client):
    make_hub(roles={"background": 1})
    assert "No citing sentence here has been found to dispute" in words(home(client))


def test_disputes_are_read_by_their_own_index():
    pairs = Citation.objects.filter(front.by_people())
    plan = pairs.order_by("-citing_year", "-id")[:4].explain()
    if connection.vendor == "sqlite":  # PostgreSQL reads through a table of no rows
        assert "citation_disputed_by_people" in plan and "TEMP B-TREE" not in plan


# -- the example ------------------------------------------------------------------------------------


def test_the_most_cited_hub_with_labels_enough_is_the_example(client):
    make_hub(make_paper("Most cited, unread"), unread=30)
    make_hub(make_paper("Much cited, few labels"), roles={"method": 2}, unread=20)
    paper = make_hub(make_paper("A good example"), roles={"method": 9, "background": 3})
    [card] = home(client).xpath("//section[@class='example']")
    said = words(card)
    assert "A good example" in said and "Tool reference. 75% of labelled citing papers" in said
    assert "9 of 12 labelled (75%), 12 known" in said
    assert card.xpath(".//*[local-name()='svg'][@class='bar']")
    [sentence] = card.xpath(".//blockquote")
    assert words(sentence) and card.xpath(".//a[contains(@href, '/citing/')]")
    assert card.xpath(".//p[@class='tools']/a/@href") == [paper.get_absolute_url()]


def test_a_library_without_labels_has_no_example(client):
    make_hub(unread=12)
    assert not home(client).xpath("//section[@class='example']")


# -- coverage ---------------------------------------------------------------------------------------


def test_coverage_adds_up_over_the_library(client):
    make_hub(roles={"method": 3}, unlabelled=2, unread=4)
    make_hub(roles={"background": 1}, unread=1)
    found = front.coverage()
    assert (found.papers, found.cited) == (Paper.objects.count(), 2)
    assert (found.pairs, found.read, found.labelled) == (11, 6, 4)
    assert Citation.objects.current().count() == 11 and found.counted_at is None
    [funnel] = home(client).xpath("//dl[contains(@class, 'holdings')]")
    assert [words(one) for one in funnel.xpath(".//dd")] == ["13", "2", "11", "6", "4"]
    for link in funnel.xpath(".//a/@href"):
        assert client.get(link).status_code == 200


def test_a_large_librarys_coverage_is_kept_for_ten_minutes(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(front, "KEPT_FROM", 1)
    make_hub(roles={"method": 3})
    first = front.coverage()
    assert first.counted_at
    make_hub(roles={"method": 3})
    with django_assert_num_queries(1):
        assert front.coverage() == first
    later = timezone.now() + timedelta(seconds=front.KEPT_SECONDS + 1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert front.coverage().pairs == 6


def test_a_small_librarys_coverage_is_todays(client):
    make_hub(roles={"method": 3})
    assert front.coverage().pairs == 3
    make_hub(roles={"method": 3})
    assert front.coverage().pairs == 6
    assert HubSummary.objects.count() == 2
