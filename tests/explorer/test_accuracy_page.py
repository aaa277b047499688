"""The accuracy page and its lists: each number opens as many items, and nothing is said without its base."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone, translation
from lxml import html

from citations.labels import LabelSource
from citations.models import Passage
from tests.factories import (
    make_assertion,
    make_citation,
    make_context,
    make_curator,
    make_hub,
    make_paper,
    make_reading,
)

pytestmark = pytest.mark.django_db
PAGE = "/about/accuracy/"
LIST = "/about/accuracy/disagreements/"


def label(context, value, *, drawn="random", **columns):
    return make_assertion(context, value=value, source=LabelSource.CURATOR, drawn=drawn, **columns)


def checked(said, truth, *, drawn="random", fields=(), **reading):
    context = make_context(make_citation(make_paper(fields=fields)))
    make_reading(context, role=said, **reading)
    label(context, truth, drawn=drawn)
    return context


@pytest.fixture
def library():
    """Machine readings of two versions, two data sets, a service, and three curators who checked them."""
    ann, bo = make_curator("ann"), make_curator("bo")
    for number in range(14):
        context = checked("method", "method" if number % 3 else "dataset", fields=["Botany", "Größe & Maß"])
        if number < 11:
            label(context, "method", curator=ann)
            label(context, "method" if number % 2 else "evidence", curator=bo)
    for number in range(4):
        context = checked("", "background", drawn="targeted", version="cues-0")
        make_reading(context, role="background", polarity="disputes")
        label(context, "neutral" if number else "disputes", curator=ann)
        make_assertion(context, value="method", scheme="acl-arc")
        make_assertion(context, value="supports", scheme="scite", source=LabelSource.PROVIDER)
    checked("", "unclear")
    checked("method", "method", drawn="targeted", fields=["Botany"])


def get(client, url, status=200):
    response = client.get(url)
    assert response.status_code == status, url
    return html.document_fromstring(response.content.decode())


def words(element):
    return " ".join(element.text_content().split())


def number(text):
    return int(re.sub(r"[^0-9]", "", text))


def items_behind(client, url):
    """How many items a list has, all its pages gone through, and what it says of their number."""
    page = get(client, url)
    said = number(words(page.xpath("//p[@role='status'][contains(@class, 'count')]")[0]))
    found = len(page.xpath("//ol[contains(@class, 'compared')]/li"))
    while next_page := page.xpath("//a[@rel='next']/@href"):
        page = get(client, next_page[0])
        found += len(page.xpath("//ol[contains(@class, 'compared')]/li"))
    return found, said


# -- the page --------------------------------------------------------------------------------


def test_each_number_opens_exactly_that_many_sentences(client, library):
    page = get(client, PAGE)
    links = [link for link in page.xpath("//main//a") if link.get("href").startswith(LIST)]
    assert len(links) > 50
    for link in links:
        n = number(words(link))
        assert items_behind(client, link.get("href")) == (n, n), link.get("href")
        assert not get(client, link.get("href")).xpath("//*[@role='alert']"), link.get("href")


def test_no_number_of_a_table_is_without_a_link_but_zero(client, library):
    page = get(client, PAGE)
    cells = page.xpath("//table[@class='confusion']//td[contains(@class, 'heat')]")
    assert cells
    for cell in cells:
        assert bool(number(words(cell))) == bool(cell.xpath(".//a"))


def test_the_verdict_has_share_base_and_interval(client):
    for each in range(12):
        checked("method", "method" if each else "dataset")
    checked("", "method")
    page = words(get(client, PAGE))
    assert "11 of 12 random checks agree (92%, 95% interval 65–99%)." in page
    assert "1 more random check is of a sentence on which it was unsure" in page


def test_below_ten_random_checks_there_is_no_share(client):
    for _each in range(9):
        checked("method", "method", fields=["Botany"])
    page = words(get(client, PAGE).xpath("//main")[0])
    assert "9 of 9 random checks agree (fewer than 10: too few for a share)." in page
    assert "%" not in page.replace("95% Wilson", "")


def test_labels_that_were_chosen_get_no_share_and_the_page_says_what_to_do(client):
    for _each in range(30):
        checked("method", "method", drawn="targeted")
    page = get(client, PAGE)
    text = words(page.xpath("//main")[0])
    assert "No random checks yet" in text and "None of the sentences was drawn at random." in text
    assert "30 of 30 agree. Many of these sentences were chosen" in text
    assert items_behind(client, f"{LIST}?agree=yes") == (30, 30)
    assert len(get(client, f"{LIST}?agree=yes").xpath("//ol[contains(@class, 'compared')]/li")) == 25
    assert "%" not in text.replace("95% Wilson", "")
    [details] = page.xpath("//main//details")
    assert "open" in details.attrib


def test_unequal_chances_are_said(client):
    for chance in (0.5, 0.1):
        context = make_context()
        make_reading(context, role="method")
        label(context, "method", inclusion_probability=chance)
    assert "drawn with unequal chances" in words(get(client, PAGE))


def test_sections_stand_for_sources_ours_first_and_versions_in_use_before_others(client, library):
    page = get(client, PAGE)
    names = [words(one) for one in page.xpath("//h2[starts-with(@id, 'source-')]")]
    assert names == [
        "Our classifier, version cues-1",
        "Our classifier, version cues-0",
        "Outside service, scheme scite",
        "Data set, scheme acl-arc",
    ]
    assert words(page).count("An earlier version") == 1


def test_old_versions_get_a_line_and_no_tables(client):
    context = make_context()
    for version in range(6):
        make_reading(context, role="method", version=f"cues-{version}")
    label(context, "dataset")
    page = get(client, PAGE)
    names = [words(one)[-1] for one in page.xpath("//h2[starts-with(@id, 'source-')]")]
    assert names == ["5", "4", "3", "2", "1", "0"]
    sections = [page.get_element_by_id(f"source-{each}").getparent() for each in range(1, 7)]
    assert [bool(one.xpath(".//table")) for one in sections] == [True] * 4 + [False] * 2
    assert "Role: 0 of 1 random check agrees" in words(sections[-1])
    for link in sections[-1].xpath(f".//a[starts-with(@href, '{LIST}')]"):
        assert items_behind(client, link.get("href")) == (number(words(link)),) * 2


def test_tables_have_captions_and_headers(client, library):
    page = get(client, PAGE)
    assert len(page.findall(".//h1")) == 1
    tables = page.xpath("//table")
    assert tables
    for table in tables:
        assert words(table.find("caption"))
        assert all(header.get("scope") for header in table.xpath(".//th"))
        width = len(table.xpath("./tbody/tr[1]/*"))
        columns = table.xpath("./thead/tr[1]/th")
        assert sum(int(column.get("colspan", 1)) for column in columns) == width
        assert all(len(row.findall("th")) == 1 for row in table.xpath("./tbody/tr"))
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    named = " ".join(page.xpath("//@aria-labelledby")).split() + [
        link[1:] for link in page.xpath("//a/@href") if link.startswith("#")
    ]
    assert set(named) <= set(ids)


def test_curators_among_themselves(client, library):
    text = words(get(client, PAGE).get_element_by_id("curators").getparent())
    # Ann always says method, Bo five times of eleven: by chance they agree as often.
    assert "Role: on 5 of 11 sentences that two curators labelled they said the same." in text
    assert "Cohen's kappa 0.00 (n = 11)" in text
    assert "37–46" in text


def test_fields_have_an_interval_from_ten_checks_on(client, library):
    for _each in range(3):
        checked("method", "method", fields=["Small field"])
    page = get(client, PAGE)
    rows = {
        words(row.find("th")): words(row.find("td"))
        for row in page.xpath("//table[@class='of-fields']//tr[td]")
    }
    assert rows["Small field"] == "3 of 3"
    assert rows["Größe & Maß"] == rows["Botany"]
    # Ann's and Bo's labels came later and are the truth of the first eleven.
    assert rows["Botany"] == "7 of 14 50%, 95% interval 27–73%"


# -- states in which little is known ---------------------------------------------------------------


def test_an_empty_library_says_so(client):
    text = words(get(client, PAGE))
    assert "This library holds no citing sentence yet." in text
    assert "No machine has read" not in text


def test_sentences_without_curators_and_machine_say_so(client):
    make_hub(roles={"method": 2})
    text = words(get(client, PAGE))
    assert "No curator has labelled a sentence yet." in text
    assert "No machine has read sentences here" in text
    assert "No sentence has been labelled by two curators" in text


def test_a_machine_that_nobody_checked_is_named(client):
    make_reading(make_context(), role="method")
    page = get(client, PAGE)
    assert words(page.get_element_by_id("source-1")) == "Our classifier, version cues-1"
    assert "No curator has labelled a sentence that it read." in words(page)


def test_curators_alone_have_nothing_to_be_compared_with(client):
    label(make_context(), "method")
    assert "No other source has labelled a sentence that curators labelled" in words(get(client, PAGE))


def test_an_empty_list_says_that_this_is_no_praise(client):
    assert "That is no praise" in words(get(client, LIST))
    assert "No comparison matches the current filters." in words(get(client, f"{LIST}?source=provider"))


# -- the lists -----------------------------------------------------------------------------------


def test_an_item_shows_both_labels_and_leads_to_the_sentence(client):
    context = checked("method", "dataset")
    pair = context.citation
    page = get(client, LIST)
    assert words(page.find(".//h1")) == "Where labels disagree"
    [item] = page.xpath("//ol[contains(@class, 'compared')]/li")
    assert context.passage.text in words(item)
    labels = {words(one.find("dt")): words(one.find("dd")) for one in item.xpath(".//dl/div")}
    assert labels == {"Our classifier, version cues-1": "method", "Curator": "dataset drawn at random"}
    address = f"/papers/{pair.cited_paper_id}/citing/{pair.citing_paper_id}/#sentence-{context.pk}"
    assert address in item.xpath(".//a/@href")
    evidence = get(client, address.partition("#")[0])
    assert evidence.get_element_by_id(f"sentence-{context.pk}") is not None


def test_agreements_and_untold_sentences_can_be_opened(client):
    checked("method", "method")
    checked("", "method")
    page = get(client, f"{LIST}?said=method&truth=method")
    assert words(page.find(".//h1")) == "Labels side by side"
    assert items_behind(client, f"{LIST}?said=method&truth=method") == (1, 1)
    assert items_behind(client, f"{LIST}?said=untold") == (1, 1)
    assert "unsure" in words(get(client, f"{LIST}?said=untold").xpath("//dl")[0])


def test_text_that_was_taken_down_is_in_no_list(client):
    context = checked("method", "dataset")
    secret = context.passage.text
    Passage.objects.update(suppressed_at=timezone.now(), suppressed_reason="asked by the author")
    answer = client.get(LIST).content.decode()
    assert secret not in answer and "text withheld: asked by the author" in answer
    assert items_behind(client, LIST) == (1, 1)


def test_what_does_not_apply_is_dropped_and_named(client):
    checked("method", "dataset")
    page = get(
        client,
        f"{LIST}?source=oracle&dimension=unmapped&said=xyzzy&truth=&drawn=maybe&agree=1&page=0&version=%00&x=1",
    )
    dropped = [words(one) for one in page.xpath("//*[@role='alert']//li")]
    assert [re.findall(r"“([^”]*)”", line)[-1] for line in dropped] == [
        "source",
        "dimension",
        "said",
        "drawn",
        "agree",
        "page",
        "version",
        "x",
    ]
    assert items_behind(client, f"{LIST}?source=oracle&page=7") == (1, 1)


def test_the_form_keeps_what_it_does_not_show(client):
    checked("method", "dataset")
    page = get(client, f"{LIST}?version=cues-1&said=method&agree=no&page=1")
    form = page.xpath("//form[@aria-label='Filter the comparisons']")[0]
    assert dict(form.form_values()) == {
        "version": "cues-1",
        "said": "method",
        "source": "",
        "dimension": "",
        "drawn": "",
        "agree": "no",
    }


def test_nothing_hostile_gets_through(client):
    hostile = "<script>alert(1)</script> \"&'"
    context = make_context(make_citation(make_paper(hostile, fields=[hostile])), f"We saw {hostile}.")
    make_reading(context, role="method", version=hostile[:50])
    make_assertion(context, value="method", scheme=hostile[:60])
    label(context, "dataset")
    for url in (PAGE, LIST, f"{LIST}?version={hostile.replace('&', '%26')}&{hostile}"):
        assert not get(client, url).xpath("//script[text() or not(starts-with(@src, '/static/'))]"), url
    links = get(client, PAGE).xpath(f"//main//a[starts-with(@href, '{LIST}')]")
    assert {number(words(link)) for link in links} <= {0, 1, 2}
    for link in links:
        n = number(words(link))
        assert items_behind(client, link.get("href")) == (n, n)


def test_another_language_breaks_no_number_and_no_link(client):
    for each in range(12):
        checked("method", "method" if each % 2 else "dataset")
    with translation.override("de"):
        page = html.document_fromstring(client.get(PAGE, headers={"Accept-Language": "de"}).content.decode())
        links = page.xpath(f"//main//a[starts-with(@href, '{LIST}')]")
        assert links
        for link in links:
            assert parse_qs(urlsplit(link.get("href")).query).keys() <= {
                "source",
                "version",
                "dimension",
                "said",
                "truth",
                "drawn",
                "agree",
                "field",
            }
            assert items_behind(client, link.get("href")) == (number(words(link)),) * 2


# -- what they cost ----------------------------------------------------------------------------------


@pytest.mark.parametrize("versions", [1, 6])
def test_pages_cost_the_same_for_few_sentences_and_for_many(client, django_assert_max_num_queries, versions):
    for version in range(versions):
        for each in range(5):
            checked("method", "dataset" if each else "method", version=f"cues-{version}", fields=["Botany"])
    with django_assert_max_num_queries(5):
        assert client.get(PAGE).status_code == 200
    with django_assert_max_num_queries(4):
        assert client.get(LIST).status_code == 200


def test_the_page_is_linked_from_the_words_and_from_every_foot(client):
    assert len(get(client, "/about/labels/").xpath(f"//main//a[@href='{PAGE}']")) == 1
    assert get(client, "/").xpath(f"//footer//a[@href='{PAGE}']")
