"""Every page as HTML: its parts and their order, its words and links, and that nothing in it executes."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import connection
from django.template import engines
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import number_format
from lxml import html

from citations import labels
from citations.headline import Status
from citations.labels import Dimension, LabelSource
from citations.models import Citation, Claim, HubSummary
from explorer import charts, components, design, facets, urls
from explorer.templatetags import hub_tags
from papers import importers
from papers.models import Notice, PaperVersion
from papers.sentences import split_sentences
from tests.factories import (
    make_assertion,
    make_author,
    make_citation,
    make_claim,
    make_context,
    make_curator,
    make_hub,
    make_paper,
    make_pin,
    make_staff,
    make_treatment,
    refresh,
)

HOUSE = Path(__file__).parent.parent.parent
SECTIONS = [
    "abstract",
    "hub-tools",
    "role-summary",
    "polarity-summary",
    "roles-over-time",
    "claims-ledger",
    "co-cited-works",
    "representative-citing-papers",
    "citing-papers-explorer",
]
HOSTILE = "<script>alert(1)</script> \"&' <img src=x onerror=alert(2)> </textarea>"
ANCHOR = "#citing-papers-explorer"

db = pytest.mark.django_db


def words(element):
    """The text of an element on one line."""
    return " ".join(element.text_content().split())


def inline_scripts(page):
    """The scripts of a page that are not files of this site."""
    return page.xpath("//script[text() or not(starts-with(@src, '/static/'))]")


def get(client, url, status=200):
    response = client.get(url, follow=True)
    assert response.status_code == status, url
    return html.document_fromstring(response.content.decode())


def hub_of(client, paper, query=""):
    return get(client, f"{paper.get_absolute_url()}{query}")


def section(page, name):
    return page.get_element_by_id(name)


def addresses(paper, citing_paper, author):
    return {
        "home": "/",
        "search": "/?q=lantern",
        "nothing found": "/?q=xyzzy",
        "papers": "/papers/",
        "no papers": "/papers/?year_max=1001",
        "hub": paper.get_absolute_url(),
        "uncited": citing_paper.get_absolute_url(),
        "citing": reverse("explorer:citing", args=[paper.pk, paper.slug]),
        "years": reverse("explorer:years", args=[paper.pk, paper.slug]),
        "empty": f"{paper.get_absolute_url()}?role=extension&year_max=1900",
        "evidence": reverse("explorer:evidence", args=[paper.pk, citing_paper.pk]),
        "compare": f"/compare/?paper={paper.pk}&paper={citing_paper.pk}&paper=nobody",
        "author": author.get_absolute_url(),
        "words": "/about/labels/",
        "accuracy": "/about/accuracy/",
        "disagreements": "/about/accuracy/disagreements/?source=dataset",
    }


@pytest.fixture
def library():
    """A paper with something in every part of its page: (paper, a citing paper, an author)."""
    author = make_author("Ada Lantern")
    paper = make_paper(
        "The lantern at the weir",
        authors=[author, "B. Unlinked"],
        venue="Weir Studies",
        fields=["Hydrology"],
        abstract="We hung a lantern. It was seen. " * 30,
        summary="A lantern was hung.",
        identifiers={"doi": "10.5555/weir.1"},
    )
    claim = make_claim(paper, "Lanterns are seen.", quote="It was seen.", section="abstract")
    make_hub(
        paper,
        roles={"method": 4, "background": 3},
        polarities={"supports": 2, "qualifies": 1},
        unlabelled=2,
        unread=3,
    )
    citation = Citation.objects.incoming(paper.pk).filter(role="method").earliest("id")
    make_citation(citation.citing_paper, make_paper("A second weir"))
    make_treatment(
        claim, Citation.objects.incoming(paper.pk).get(polarity="qualifies"), treatment="qualifies"
    )
    refresh()
    return paper, citation.citing_paper, author


# -- every page -----------------------------------------------------------------------------------


@db
def test_every_page_is_one_document_without_inline_style_or_script(client, library):
    for name, url in addresses(*library).items():
        response = client.get(url)
        page = html.document_fromstring(response.content.decode())
        assert response.status_code == 200, name
        assert len(page.findall(".//h1")) == 1, name
        assert len(page.findall(".//main")) == 1, name
        assert not inline_scripts(page) and not page.findall(".//style"), name
        inline = [key for element in page.iter(html.etree.Element) for key in element.attrib]
        assert not [key for key in inline if key == "style" or key.startswith("on")], name
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids)), name
        assert page.xpath("//a[@class='skip']/@href") == ["#content"], name


@db
def test_every_control_has_a_label(client, library):
    for name, url in addresses(*library).items():
        page = get(client, url)
        labelled = set(page.xpath("//label/@for"))
        for control in page.xpath("//input[not(@type='hidden')] | //select"):
            assert control.get("id") in labelled or control.getparent().tag == "label", name


@db
def test_links_into_a_page_meet_an_id(client, library):
    for name, url in addresses(*library).items():
        page = get(client, url)
        ids = set(page.xpath("//@id"))
        inner = [link[1:] for link in page.xpath("//a/@href") if link.startswith("#")]
        named = " ".join(page.xpath("//@aria-labelledby | //@aria-describedby")).split()
        assert set(inner) | set(named) <= ids, name


@db
def test_all_links_of_a_hub_open(client, library):
    paper, _citing, _author = library
    page = hub_of(client, paper)
    for link in {link.partition("#")[0] for link in page.xpath("//main//a/@href") if link.startswith("/")}:
        assert client.get(link).status_code == 200, link


@db
def test_nothing_hostile_gets_through(client):
    author = make_author(HOSTILE[:80])
    cited = make_paper(
        HOSTILE,
        authors=[author],
        venue=HOSTILE,
        abstract=HOSTILE * 9,
        summary=HOSTILE,
        fields=[HOSTILE],
        language='x" onclick="alert(3)',
    )
    citing_paper = make_paper(HOSTILE, authors=[author], venue=HOSTILE, fields=[HOSTILE], summary=HOSTILE)
    citation = make_citation(citing_paper, cited, raw=HOSTILE)
    context = make_context(citation, f"We saw {HOSTILE} once.", section=HOSTILE, start=7, end=30)
    passage = context.passage
    passage.before = passage.after = passage.license = HOSTILE
    passage.language = "<b>"
    passage.save()
    make_assertion(context, value="method", note=HOSTILE, scheme=HOSTILE[:60], original_value=HOSTILE)
    make_treatment(make_claim(cited, HOSTILE, quote=HOSTILE[3:], section=HOSTILE), citation, note=HOSTILE)
    refresh()
    pages = addresses(cited, citing_paper, author) | {
        "searched": f"/?q={HOSTILE}",
        "filtered": f"{cited.get_absolute_url()}?venue={HOSTILE.replace('&', '%26')}&x%3Cscript%3E=1",
        "empty": f"{cited.get_absolute_url()}?field=%3Cscript%3E",
    }
    for name, url in pages.items():
        text = client.get(url, follow=True).content.decode()
        page = html.document_fromstring(text)
        assert not page.xpath("//img | //style | //@onclick | //@onerror"), name
        assert not inline_scripts(page) and "alert(1)</script" not in text and "<img" not in text, name
        assert not [link for link in page.xpath("//@href") if link.lower().startswith("javascript")], name


@db
def test_pages_of_the_sample_say_that_it_is_invented(client, capsys):
    call_command("load_sample")
    capsys.readouterr()
    hub = HubSummary.objects.order_by("-known").first()
    citation = Citation.objects.incoming(hub.paper_id).filter(is_read=True).earliest("id")
    author = hub.paper.authorships.exclude(author=None).earliest("id").author
    for name, url in addresses(hub.paper, citation.citing_paper, author).items():
        if name in ("words", "accuracy", "disagreements", "nothing found", "no papers", "search"):
            continue
        page = get(client, url)
        assert "invented" in words(page.xpath("//aside[@class='fictional']")[0]), name
        lines = page.xpath("//p[@class='paper'] | //p[contains(@class, 'status')]")
        assert "empty" in name or any("fictional" in words(line) for line in lines), name
    german = client.get(hub.paper.get_absolute_url(), headers={"accept-language": "de"}).content
    assert b'<html lang="de">' in german and len(german) < 150_000
    content = client.get(hub.paper.get_absolute_url()).content
    assert len(content) < 150_000
    assert 4_000 < len(re.search(rb'<div class="map-box">.*?</svg>', content, re.DOTALL)[0]) < 6_000


@db
def test_real_papers_carry_no_banner(client, library):
    assert not hub_of(client, library[0]).xpath("//aside[@class='fictional']")


def test_the_style_sheet_is_small_and_self_contained():
    css = (HOUSE / "static/hub.css").read_text()
    assert len(css.encode()) < 40_000
    assert "@import" not in css and "url(" not in css


def test_the_scripts_of_the_site_are_small_and_htmx_is_its_own_file(client):
    sizes = {path.name: path.stat().st_size for path in (HOUSE / "static").glob("*.js")}
    assert sum(sizes.values()) <= 15_000 and sizes["explorer.js"] <= 7_000 and sizes["theme.js"] < 600
    assert client.get("/static/django_htmx/htmx-2.min.js").status_code == 200


@db
def test_only_the_theme_is_waited_for(client, library):
    for name, url in addresses(*library).items():
        page = get(client, url)
        waited_for = page.xpath("//script[not(@defer)]/@src")
        assert [Path(src).name for src in waited_for] == ["theme.js"], name
        has_htmx = any("htmx" in src for src in page.xpath("//script/@src"))
        assert has_htmx == bool(page.xpath("//*[@data-hx-boost]")), name


def test_no_template_sets_style_or_script():
    for path in (HOUSE / "templates").rglob("*.html"):
        if "admin" not in path.parts:
            assert not re.search(
                r"<script(?! src=\"{% static )|<style|\sstyle=|\son[a-z]+=", path.read_text()
            ), path


# -- the hub page ---------------------------------------------------------------------------------


@db
@pytest.mark.parametrize("cited", [True, False])
def test_a_hub_has_all_nine_parts_in_order(client, library, cited):
    page = hub_of(client, library[0] if cited else library[1])
    assert [one for one in page.xpath("//section/@id") if one in SECTIONS] == SECTIONS
    header = page.xpath("//header[contains(@class, 'hub-header')]")[0]
    everything = list(page.iter())
    assert everything.index(header) < everything.index(section(page, "abstract"))


@db
def test_an_uncited_paper_says_what_is_missing_everywhere(client):
    page = hub_of(client, make_paper())
    assert "No abstract is held." in words(section(page, "abstract"))
    for name in SECTIONS[2:]:
        assert section(page, name).xpath(".//*[contains(@class, 'missing')]"), name


@db
def test_the_header_names_the_paper_and_how_it_is_cited(client, library):
    paper, _citing, author = library
    page = hub_of(client, paper)
    header = page.xpath("//header[contains(@class, 'hub-header')]")[0]
    assert [words(chip) for chip in header.xpath(".//*[contains(@class, 'chip ') or @class='chip']")] == [
        "hub",
        "Mixed citations",
        "provisional",
    ]
    assert words(page.find(".//h1")) == "The lantern at the weir"
    assert header.xpath(".//ul[@class='authors']//a/@href") == [author.get_absolute_url()]
    assert "B. Unlinked" in words(header)
    assert "https://doi.org/10.5555/weir.1" in header.xpath(".//a/@href")
    assert words(header.xpath(".//p[@class='headline']")[0]) == (
        "Mixed citation behavior. Most common role is method (4 of 7)."
    )
    assert words(header.xpath(".//p[@class='base']")[0]) == (
        "4 of 7 labelled (57%, 95% interval 25–84%), 15 known"
    )
    assert "too few papers are labelled" in words(header)


@db
def test_each_step_of_coverage_opens_as_many_papers(client, library):
    page = hub_of(client, library[0])
    steps = page.xpath("//dl[@class='coverage']//a")
    assert [words(step) for step in steps] == ["15", "12", "7", "7", "3"]
    for step in steps:
        counted = words(
            get(client, step.get("href")).xpath("//*[@id='citing-papers-explorer']//*[@role='status']")[0]
        )
        assert counted == f"{words(step)} of 15 citing papers"
        assert step.get("href").endswith(ANCHOR)


@db
@pytest.mark.parametrize(
    "name", ["role-summary", "polarity-summary", "claims-ledger", "roles", "polarities", "depths"]
)
def test_each_number_opens_as_many_papers(client, library, name):
    paper = library[0]
    page = hub_of(client, paper)
    if name in ("roles", "polarities", "depths"):
        page = get(client, reverse("explorer:years", args=[paper.pk, paper.slug]))
    numbers = section(page, name).xpath(".//a[contains(@href, '?')]")
    assert numbers
    for number in numbers:
        count = re.search(r"\d+", words(number))[0]
        page = get(client, number.get("href"))
        assert words(page.xpath("//*[@role='status']")[0]).startswith(f"{count} of 15 "), number.get("href")


@db
def test_a_summary_gives_count_base_share_and_interval(client, library):
    rows = section(hub_of(client, library[0]), "role-summary").xpath(".//tbody/tr")
    assert [words(row) for row in rows] == ["method 4 of 7 57% 25–84%", "background 3 of 7 43% 16–75%"]


@db
def test_zero_unread_and_unlabelled_are_three_things(client, library):
    lines = [words(line) for line in section(hub_of(client, library[0]), "role-summary").xpath(".//li")]
    assert lines[0] == "5 read, no role yet"
    assert lines[1] == "3 unread: no citing sentence is held"
    assert lines[2].startswith("0 ") and "extension" in lines[2] and "method" not in lines[2]


@db
@pytest.mark.parametrize(
    ("source", "unread", "reason"),
    [
        (LabelSource.PROVIDER, 5, "12 of the 12 labels are a machine's"),
        (LabelSource.DATASET, 0, "every known citing paper is labelled"),
        (LabelSource.DATASET, 5, "not for wrong labels"),
    ],
)
def test_a_summary_says_what_its_interval_covers_or_why_there_is_none(client, source, unread, reason):
    paper = make_hub(roles={"method": 12}, unread=unread, source=source)
    part = section(hub_of(client, paper), "role-summary")
    assert reason in words(part)
    assert ("–" in words(part.find(".//tbody"))) is (reason == "not for wrong labels")


@db
def test_a_rare_word_is_not_printed_as_zero_percent(client):
    rows = section(hub_of(client, make_hub(roles={"method": 250, "dataset": 1})), "role-summary").xpath(
        ".//tbody/tr"
    )
    assert words(rows[1]).startswith("dataset 1 of 251 <1%")


@db
def test_without_a_dispute_the_bound_is_printed(client):
    for unread in (3, 0):
        paper = make_hub(polarities={"neutral": 12}, unread=unread)
        said = words(section(hub_of(client, paper), "polarity-summary"))
        assert "No dispute was found among the 12 papers" in said and "up to 22% (95% bound)" in said


@db
def test_machine_labels_make_a_status_provisional_and_say_so(client):
    page = hub_of(client, make_hub(roles={"method": 12}, source=LabelSource.PROVIDER))
    assert "provisional: labels of a machine take part" in words(
        page.xpath("//header[@class='hub-header']")[0]
    )


def test_every_source_has_a_title():
    assert set(components.SOURCE_TITLES) == set(importers.FORMATS)
    assert components.source_title("curator") == "curator"


@db
def test_a_status_that_no_machine_label_decides_gives_the_other_reason(client):
    paper = make_hub(polarities={"disputes": 4, "neutral": 16}, unread=9)
    make_hub(paper, roles={"method": 1}, source=LabelSource.PROVIDER)
    said = words(hub_of(client, paper).xpath("//header[@class='hub-header']")[0])
    assert "Contested. 4 of 20" in said and "provisional: too few papers are labelled" in said


@db
def test_a_retraction_stands_in_the_header_with_its_notice(client):
    paper = make_paper(retracted=True)
    notice = make_paper("Retraction of an earlier map")
    Notice.objects.create(paper=paper, kind=Notice.Kind.RETRACTION, notice_paper=notice)
    box = hub_of(client, paper).xpath("//header//*[contains(@class, 'notice')]")[0]
    assert words(box) == "This paper has been retracted. Retraction: Retraction of an earlier map"
    assert box.xpath(".//a/@href") == [notice.get_absolute_url()]


@db
@pytest.mark.parametrize("kinds", [("preprint",), ("preprint", "published")])
def test_versions_are_named_where_there_are_several(client, kinds):
    paper = make_paper()
    for kind in kinds:
        PaperVersion.objects.create(paper=paper, kind=kind, date="2014-05")
    shown = hub_of(client, paper).xpath("//ul[@class='versions']/li")
    assert len(shown) == (2 if len(kinds) == 2 else 0)


@db
def test_a_long_abstract_shows_whole_sentences_and_unfolds(client, library):
    part = section(hub_of(client, library[0]), "abstract")
    assert "A lantern was hung. (one sentence, as given by the source)" in words(part)
    assert words(part.xpath(".//details/p")[0]) == library[0].abstract.strip()
    part = section(hub_of(client, make_paper(abstract=library[0].abstract)), "abstract")
    shown, rest = (words(one) for one in part.xpath(".//div/p | .//details/p"))
    assert shown.endswith(". …")
    assert f"{shown.removesuffix(' …')} {rest}" == library[0].abstract.strip()


@db
def test_a_picture_and_its_table_hold_the_same_numbers(client, library):
    hub = section(hub_of(client, library[0]), "roles-over-time")
    links = hub.xpath(".//a[contains(., 'as a table')]/@href")
    assert [link.partition("#")[2] for link in links] == ["roles", "polarities", "depths"]
    page = get(client, links[0])
    charts, tables = page.xpath("//svg[@class='chart']"), page.xpath("//main//table")
    small = hub.xpath(".//svg[@class='chart']")
    assert len(charts) == len(tables) == len(small) == 3
    for chart, table, again in zip(charts, tables, small, strict=True):
        image = chart.xpath("./g[@role='img']")[0]
        assert image.find("title").text and image.find("desc").text.strip()
        counts = [one.xpath(".//g[@class='as-counts']")[0] for one in (chart, again)]
        assert html.tostring(counts[0]) == html.tostring(counts[1])
        rows = table.xpath(".//tbody/tr")[::-1]
        said = [words(title) for title in chart.xpath(".//path/title")]
        for title, row in zip(said, rows, strict=True):
            total, labelled = [words(cell) for cell in row.xpath("./td")][:2]
            assert title == f"{words(row.find('th'))}: {total} papers, {labelled} with a label"
        columns = zip(*([int(words(cell)) for cell in row.xpath("./td")][2:] for row in rows), strict=True)
        most = int(words(chart.xpath(".//g[@class='as-counts']/text")[0]))
        drawn = [
            [round(float(height) * most / 160) for height in re.findall(r"v([\d.]+)", path)]
            for path in chart.xpath(".//g[@class='as-counts']/path/@d")
        ]
        assert drawn == [[number for number in column if number] for column in columns]
        assert shares_drawn(chart) == shares_in(table)


def test_shares_of_few_papers_are_drawn_thin_and_their_legend_has_labels_alone():
    bars = charts.BarsByYear(
        key="roles",
        title="Roles",
        counts={"2019": {"method": 9, "unread": 4}, "2020": {"method": 10}},
        words=[("method", "method"), ("unread", "unread")],
        labels=frozenset(["method"]),
        base=charts.LABELLED,
        url=lambda word, **span: "/",
    )
    thin, broad = (float(width) for width in re.findall(r"h([\d.]+)", bars.as_shares))
    assert thin * 2 == pytest.approx(broad, abs=0.1)
    marks = html.fragment_fromstring(bars.legend, create_parent=True).findall("span")
    assert {words(mark): mark.get("class") for mark in marks} == {"method": None, "unread": "as-counts"}


def shares_drawn(chart):
    """{(word, place of the bar): percent} of the bars of shares, thin or not."""
    found = {}
    for path in chart.xpath(".//g[@class='as-shares']//path"):
        for x, height in re.findall(r"M([\d.]+) [\d.]+h[\d.]+v([\d.]+)", path.get("d")):
            found[path.get("class").split()[-1].removeprefix("depth-"), float(x)] = round(float(height) / 1.6)
    places = sorted({place for _word, place in found})
    return sorted((places.index(place), percent) for (_word, place), percent in found.items())


def shares_in(table):
    """The same of a table: of each row with labels the cells of its words, in percent of its labelled."""
    found, place = [], 0
    unlabelled = sum("read, no" in words(head) or words(head) == "unread" for head in table.xpath(".//th"))
    for row in table.xpath(".//tbody/tr")[::-1]:
        _all, labelled, *counts = (int(words(cell)) for cell in row.xpath("./td"))
        counts = counts[: len(counts) - unlabelled]
        assert sum(counts) == labelled
        found += [(place, round(100 * number / labelled)) for number in counts if number]
        place += bool(labelled)
    return sorted(found)


@db
def test_the_ledger_ties_citing_papers_to_claims_and_reconciles(client, library):
    part = section(hub_of(client, library[0]), "claims-ledger")
    claim = part.xpath(".//li[starts-with(@id, 'claim-')]")[0]
    assert "Lanterns are seen. It was seen. #" in words(claim)
    assert [words(cell) for cell in claim.xpath(".//ul[@class='cells']/li")] == [
        "+supports 0",
        "±qualifies 1",
        "−disputes 0",
    ]
    assert [words(row) for row in part.xpath(".//tbody/tr")] == [
        "+supports 2 0 2",
        "±qualifies 1 1 0",
        "−disputes 0 0 0",
    ]
    table = [[bool(cell.findall("a")) for cell in row.xpath("./td")] for row in part.xpath(".//tbody/tr")]
    assert table == [[True, False, True], [True, True, False], [False, False, False]]


@db
def test_the_ledger_of_a_paper_without_claims_says_so_and_nothing_else(client):
    part = section(hub_of(client, make_hub(polarities={"supports": 3})), "claims-ledger")
    assert words(part) == "Claims ledger No claim of this paper is held."


@db
def test_many_claims_fold_but_none_is_lost(client):
    paper = make_paper()
    for number in range(8):
        make_claim(paper, f"Claim {number}.", origin=Claim.Origin.ABSTRACT)
    part = section(hub_of(client, paper), "claims-ledger")
    assert len(part.xpath(".//li[starts-with(@id, 'claim-')]")) == 8
    assert len(part.xpath(".//details//li[starts-with(@id, 'claim-')]")) == 2


@db
def test_a_co_cited_work_opens_the_papers_that_cite_both_and_their_evidence(client, library):
    paper, citing_paper, _author = library
    part = section(hub_of(client, paper), "co-cited-works")
    assert "A second weir" in words(part) and "1 of 15 (7%)" in words(part)
    assert reverse("explorer:evidence", args=[paper.pk, citing_paper.pk]) in part.xpath(".//a/@href")


@db
def test_a_representative_paper_first_says_how_it_cites(client):
    paper = make_paper()
    citation = make_citation(make_paper("Later work", authors=["C. Oar"], summary="It rowed."), paper)
    context = make_context(citation, "We row as in [7] daily.", section="Methods", start=13, end=16)
    make_assertion(context, value="method")
    make_assertion(context, value="supports")
    make_pin(citation)
    refresh()
    part = section(hub_of(client, paper), "representative-citing-papers")
    said = words(part.find(".//li"))
    places = [
        said.index(one)
        for one in ("method", "supports", "[7]", "Evidence", "Later work", "C. Oar", "It rowed.")
    ]
    assert places == sorted(places)
    assert words(part.find(".//mark")) == "[7]"
    assert "1 of 1" in words(part)


@db
def test_tools_lead_to_json_explorer_and_words_and_curators_to_the_admin(client, library):
    paper = library[0]
    tools = section(hub_of(client, paper), "hub-tools")
    assert f"/api/v1/papers/{paper.pk}/hub" in tools.xpath(".//a/@href")
    assert reverse("explorer:citing", args=[paper.pk, paper.slug]) in tools.xpath(".//a/@href")
    assert not [link for link in tools.xpath(".//a/@href") if link.startswith("/admin/")]
    assert "Counted" in words(tools) and f"http://testserver{paper.get_absolute_url()}" in words(tools)
    client.force_login(make_staff())
    tools = section(hub_of(client, paper), "hub-tools")
    assert f"/admin/papers/paper/{paper.pk}/change/" in tools.xpath(".//a/@href")


# -- the explorer ---------------------------------------------------------------------------------


@db
def test_facets_switch_values_on_and_off(client, library):
    paper = library[0]
    part = section(hub_of(client, paper, "?role=method&q=leans"), "citing-papers-explorer")
    links = {words(link): link for link in part.xpath(".//section[@aria-labelledby='facet-role']//a")}
    assert links["✓method (selected)"].get("aria-current") == "true"
    assert links["✓method (selected)"].get("href") == f"{paper.get_absolute_url()}?q=leans{ANCHOR}"
    assert links["background"].get("href").endswith(f"?role=method&role=background&q=leans{ANCHOR}")
    assert links["background alone: 3"].get("href").endswith(f"?role=background&q=leans{ANCHOR}")
    assert "extension" not in links and "extension 0" in words(part)


@db
@pytest.mark.parametrize(
    "chosen", ["", "role=method&text=read", "role=method&role=background", "source=dataset"]
)
def test_each_number_of_a_facet_opens_as_many_papers(client, chosen):
    paper = make_hub(roles={"method": 4, "background": 3, "dataset": 1}, polarities={"neutral": 2}, unread=2)
    links = get(client, f"{paper.get_absolute_url()}citing/?{chosen}").xpath(
        "//section[@class='facet']//a[.//span[@class='number']]"
    )
    assert len(links) > 4
    for link in links:
        [number] = link.xpath(".//span[@class='number']/text()")
        query = link.get("href").partition("#")[0].partition("?")[2]
        answer = client.get(f"/api/v1/papers/{paper.pk}/citations?{query}").json()
        assert (link.get("href"), answer["count"]) == (link.get("href"), int(number))


@db
def test_the_form_keeps_what_it_does_not_show(client, library):
    form = hub_of(client, library[0], "?role=method&role=background&cites=5&per_page=50&page=2").xpath(
        "//section[@id='citing-papers-explorer']//form"
    )[0]
    hidden = [(one.get("name"), one.get("value")) for one in form.xpath(".//input[@type='hidden']")]
    assert hidden == [("role", "method"), ("role", "background"), ("cites", "5"), ("per_page", "50")]
    assert form.get("action") == f"{library[0].get_absolute_url()}{ANCHOR}"


@db
def test_active_filters_can_be_taken_away_one_by_one(client, library):
    page = hub_of(client, library[0], "?role=method&year_min=2010")
    chips = page.xpath("//*[@aria-label='Filters in force']/a")
    assert [words(chip) for chip in chips] == [
        "Remove filter Role: method×",
        "Remove filter From year: 2010×",
        "Clear all filters",
    ]
    assert [chip.get("href").partition("?")[2] for chip in chips] == [
        f"year_min=2010{ANCHOR}",
        f"role=method{ANCHOR}",
        "",
    ]


@db
def test_an_empty_result_explains_itself(client, library):
    page = hub_of(client, library[0], "?role=method&polarity=disputes")
    empty = page.xpath("//*[@class='empty']")[0]
    assert words(empty.find("p")) == "No citing papers match the current filters."
    assert "Role “method”; Polarity “disputes”" in words(empty)
    links = empty.xpath(".//a")
    assert [words(link) for link in links] == [
        "Without Role “method”: 0 papers",
        "Without Polarity “disputes”: 4 papers",
    ]
    for link, count in zip(links, (0, 4), strict=True):
        opened = get(client, link.get("href"))
        assert words(opened.xpath("//*[@role='status']")[0]) == f"{count} of 15 citing papers"


@db
def test_another_order_is_said_beside_the_count(client, library):
    """So that a screen reader tells of it: the count alone stays as it was."""
    listing = get(client, f"{library[0].get_absolute_url()}citing/?sort=-cited")
    assert words(listing.xpath("//*[@role='status']")[0]) == "15 of 15 citing papers – most cited first"
    listing = get(client, f"{library[0].get_absolute_url()}citing/?sort=-year")
    assert words(listing.xpath("//*[@role='status']")[0]) == "15 of 15 citing papers"


@db
def test_what_cannot_apply_is_named(client, library):
    page = hub_of(client, library[0], "?role=nonsense&colour=red&year_min=2015")
    notice = words(page.xpath("//*[@role='alert']")[0])
    assert "nonsense" in notice and "colour" in notice and "2015" not in notice


@db
def test_a_line_says_unread_unlabelled_or_how(client, library):
    lines = [words(one) for one in hub_of(client, library[0]).xpath("//ol[@class='results']/li")]
    assert len(lines) == 15
    assert sum("unread: no citing sentence is held" in line for line in lines) == 3
    assert sum("not labelled yet" in line for line in lines) == 2
    assert sum("method data set" in line for line in lines) == 4


@db
def test_more_than_three_sentences_are_left_to_the_evidence_page(client):
    citation = make_citation()
    for number in range(5):
        make_context(citation, f"Sentence {number} of them.")
    refresh()
    line = hub_of(client, citation.cited_paper).xpath("//ol[@class='results']/li")[0]
    assert len(line.xpath(".//blockquote")) == 3
    assert "2 more on the evidence page" in words(line)


@db
def test_pages_can_be_turned(client, library):
    page = hub_of(client, library[0], "?per_page=4&page=2")
    links = page.xpath("//nav[@aria-label='Pages']/a")
    assert [words(link) for link in links] == ["Page 1", "Page 2", "Page 3", "Page 4", "Next →"]
    assert links[1].get("aria-current") == "page"
    beyond = hub_of(client, library[0], "?per_page=4&page=9")
    assert "There is no page 9; this is the last one, 4." in words(beyond)


# -- evidence -------------------------------------------------------------------------------------


@pytest.fixture
def disputed():
    """A pair with a label of every kind: what its evidence page has to tell apart."""
    citation = make_citation(
        make_paper("A reply from the marsh"), make_paper("The first survey"), raw="[1] Survey, The first."
    )
    context = make_context(
        citation, "Unlike [1], we saw none.", section="4 Results", start=7, end=10, group_size=2
    )
    context.passage.before, context.passage.after = "We looked twice.", "It was dark."
    context.passage.save()
    curator = make_curator("mo", first_name="Mo", last_name="Reed")
    make_assertion(context, value="background", scheme="acl-arc", original_value="Background", confidence=0.5)
    make_assertion(context, value="comparison", source="curator", curator=curator, note="Read in full.")
    make_assertion(context, value="disputes", source="curator", curator=None)
    make_assertion(context, value="supports", source="classifier", model_version="v1", confidence=0.83)
    make_assertion(context, value="", scheme="other", original_value="puzzling", source="provider")
    make_assertion(context, value="method", source="dataset", withdrawn_at=timezone.now())
    make_assertion(citation=citation, value="method", source="provider", scheme="semantic-scholar")
    make_treatment(
        make_claim(citation.cited_paper, "There are many."), citation, treatment="disputes", curator=curator
    )
    refresh()
    return citation


def evidence_of(client, citation):
    return get(client, reverse("explorer:evidence", args=[citation.cited_paper_id, citation.citing_paper_id]))


@db
def test_evidence_shows_each_sentence_with_all_that_was_said_of_it(client, disputed):
    page = evidence_of(client, disputed)
    assert words(page.find(".//h1")) == "How A reply from the marsh cites The first survey"
    article = page.xpath("//article")[0]
    assert words(article.find(".//blockquote")) == "We looked twice. Unlike [1], we saw none. It was dark."
    assert words(article.find(".//mark")) == "[1]"
    assert "4 Results" in words(article) and "in a group of 2 references" in words(article)
    cards = [words(card) for card in article.xpath(".//ul[@class='assertions']/li")]
    assert len(cards) == 6
    for card, parts in zip(
        cards,
        [
            ("background", "overruled", "acl-arc: Background", "role background", "0.50"),
            ("comparison", "in force", "Mo Reed", "Read in full."),
            ("disputes", "in force", "name erased"),
            ("supports", "a suggestion, not counted", "v1", "0.83"),
            ("kept, not counted", "other: puzzling", "no word of ours"),
            ("method", "withdrawn"),
        ],
        strict=True,
    ):
        for part in parts:
            assert part in card
    assert "kept, not counted: no sentence" in words(section(page, "pair-labels"))
    assert "There are many." in words(section(page, "claims")) and "Mo Reed" in words(section(page, "claims"))
    assert "same doi" in words(section(page, "match")) and "[1] Survey, The first." in words(
        section(page, "match")
    )


@db
def test_a_suppressed_sentence_is_on_no_page(client, disputed):
    context = disputed.contexts.get()
    context.passage.suppressed_at, context.passage.suppressed_reason = (
        timezone.now(),
        "asked for by its author",
    )
    context.passage.save()
    cited = disputed.cited_paper
    for page in (
        evidence_of(client, disputed),
        hub_of(client, cited),
        get(client, reverse("explorer:citing", args=[cited.pk, cited.slug])),
    ):
        said = words(page)
        assert "text withheld: asked for by its author" in said
        assert "we saw none" not in said and "We looked twice." not in said and "It was dark." not in said


@db
@pytest.mark.parametrize("mail", ["", "desk@example.org"])
def test_evidence_says_whom_to_tell(client, disputed, settings, mail):
    settings.CONTACT_EMAIL = mail
    links = section(evidence_of(client, disputed), "wrong").xpath(".//a/@href")
    assert [link.startswith(f"mailto:{mail}?subject=") for link in links] == ([True] if mail else [])


@db
def test_a_reader_goes_on_from_evidence_to_evidence_in_the_list_he_came_from(client, library):
    paper = library[0]
    citing = reverse("explorer:citing", args=[paper.pk, paper.slug])
    listed = get(client, f"{citing}?role=method&sort=year&per_page=2")
    addresses = listed.xpath("//a[@data-open]/@href")
    seen, address = [], addresses[0]
    while address:
        page = get(client, address)
        seen.append(address)
        nav = page.xpath("//nav[@class='walk']")[0]
        assert f"{len(seen)} of 4 citing papers" in words(nav)
        assert "Role: method" in words(nav) and "oldest first" in words(nav)
        back = get(client, nav.xpath("./a[@class='place']/@href")[0])
        assert address in back.xpath("//a[@data-open]/@href"), "the page of the list does not hold the paper"
        [before] = nav.xpath("./a[@rel='prev']/@href") or [None]
        assert before == (seen[-2] if len(seen) > 1 else None)
        [address] = nav.xpath("./a[@rel='next']/@href") or [None]
    assert seen[:2] == addresses and len(seen) == 4
    canonical = page.xpath("//link[@rel='canonical']/@href")[0]
    assert seen[-1].startswith(canonical.removeprefix("http://testserver") + "?")


@db
def test_evidence_outside_the_list_it_is_asked_for_in_says_so(client, disputed):
    address = reverse("explorer:evidence", args=[disputed.cited_paper_id, disputed.citing_paper_id])
    nav = get(client, f"{address}?role=dataset").xpath("//nav[@class='walk']")[0]
    assert words(nav) == "No citing paper is in this list: Role: dataset" and not nav.xpath(".//a")
    make_context(make_citation(cited_paper=disputed.cited_paper))
    refresh()
    nav = get(client, f"{address}?role=unlabelled").xpath("//nav[@class='walk']")[0]
    assert words(nav).startswith("Not in this list of 1 citing paper:")
    [link] = nav.xpath(".//a")
    listed = get(client, link.get("href"))
    assert words(link) == "1" and words(listed.get_element_by_id("explorer-count")) == "1 of 2 citing papers"
    page = get(client, f"{address}?role=dataset&colour=red")
    assert "“colour” is not a parameter here." in words(page)
    assert "of 2 citing papers" in words(get(client, address).xpath("//nav[@class='walk']")[0])
    disputed.withdrawn_at = timezone.now()
    disputed.save()
    refresh()
    assert not get(client, address).xpath("//nav[@class='walk']")


@db
def test_an_unread_citation_says_so(client):
    assert "Unread: no citing sentence is held." in words(evidence_of(client, make_citation()))


@db
def test_a_curator_is_led_to_label_what_has_no_label_and_to_correct_what_has(client):
    pair = make_citation()
    make_assertion(make_context(pair, "Grain sinks (Moor)."), value="method")
    make_context(pair, "So Moor.")
    refresh()
    client.force_login(make_staff(is_superuser=True))
    links = section(evidence_of(client, pair), "sentences").xpath(".//a[contains(@href, '/change/')]")
    assert sorted(map(words, links)) == ["Correct this label", "Label this sentence"]


# -- the other pages ------------------------------------------------------------------------------


@db
def test_home_lists_hubs_with_how_they_are_cited(client, library):
    page = get(client, "/")
    first = words(page.xpath("//ol[contains(@class, 'hubs')]/li")[0])
    assert "The lantern at the weir" in first and "Mixed citation behavior." in first
    assert "cited by 15 papers here, 7 labelled for role" in first
    numbers = page.xpath("//ol[contains(@class, 'hubs')]/li[1]//*[@class='mini']//a")
    assert [words(number) for number in numbers] == ["15", "7"]
    for number in numbers:
        opened = get(client, number.get("href"))
        assert words(opened.xpath("//*[@role='status']")[0]) == f"{words(number)} of 15 citing papers"


@db
def test_search_says_how_each_paper_is_cited(client, library):
    page = get(client, "/?q=lantern+weir")
    assert words(page.xpath("//*[@role='status']")[0]) == "1 paper found"
    assert "Most common role is method" in words(page.xpath("//ol[@class='hubs']/li")[0])


@db
@pytest.mark.parametrize(
    ("words_given", "answer"),
    [
        ("of the", "“of the” holds no word that tells one paper from another."),
        ("xyzzy", "No title, author or abstract here has “xyzzy”, nor anything spelled like it."),
        ("doi:10.5555/none", "No paper here has the identifier"),
    ],
)
def test_search_without_result_says_so(client, words_given, answer):
    assert answer in words(get(client, f"/?q={words_given}"))


@db
def test_an_empty_library_says_how_to_fill_it(client):
    assert "The library is empty." in words(get(client, "/"))
    assert "No paper of this library is cited by another yet." in words(get(client, "/papers/"))


@db
def test_papers_can_be_narrowed_and_keep_their_field(client, library):
    make_hub(roles={"background": 12})
    page = get(client, "/papers/?status=canonical-reference&field=Hydrology&tier=nonsense")
    assert page.xpath("//input[@name='status'][@checked]/@value") == ["canonical-reference"]
    assert page.xpath("//form//input[@type='hidden'][@name='field']/@value") == ["Hydrology"]
    assert "nonsense" in words(page.xpath("//*[@role='alert']")[0])
    assert "No cited papers match the current filters." in words(page)
    links = page.xpath("//*[@class='empty']//a")
    assert [words(link) for link in links] == [
        "Without Status “Canonical reference”: 1 paper",
        "Without Field “Hydrology”: 1 paper",
    ]
    for link in links:
        assert "1 cited paper" in words(get(client, link.get("href")))


@db
def test_an_author_known_by_name_only_is_said_to_be(client, library):
    page = get(client, library[2].get_absolute_url())
    assert "several people may share this name" in words(page)
    assert "The lantern at the weir" in words(page)


@db
def test_a_paper_that_nobody_cites_has_the_same_status_in_a_list_as_on_its_page(client):
    author = make_author("Ada Uncited", key="orcid:0000-0002-1825-0097")
    paper = make_paper("Uncited", authors=[author])
    listed = get(client, author.get_absolute_url()).xpath("//ol[@class='hubs']/li")[0]
    status = ".//*[contains(@class, 'status')]"
    assert words(listed.xpath(status)[0]) == words(hub_of(client, paper).xpath(status)[0]) == "Few citations"


@db
def test_the_words_page_explains_every_word(client):
    page = get(client, "/about/labels/")
    listed = [link.removeprefix("#") for link in page.xpath("//nav[@class='toc']//a/@href")]
    assert listed == page.xpath("//div[@class='sections']/section/@id")
    said = words(page)
    for words_of in (labels.ROLE_DESCRIPTIONS, labels.POLARITY_DESCRIPTIONS, labels.SOURCE_DESCRIPTIONS):
        for word, description in words_of.items():
            assert str(description) in said and str(word.label) in said
    rows = {words(row.find("th")) for row in section(page, "tiers").xpath(".//tbody/tr")}
    assert rows == {str(status.label) for status in Status}
    codes = {words(code) for code in section(page, "parameters").xpath(".//th/code")}
    assert codes == set(facets.BY_NAME)
    tables = section(page, "crosswalk").xpath(".//details")
    assert [len(table.xpath(".//tbody/tr")) for table in tables] == [
        len(t) for t in labels.CROSSWALK.values()
    ]


@db
def test_an_unknown_address_gives_a_search(client):
    page = get(client, "/papers/123456/", status=404)
    assert page.xpath("//main//form[@role='search']//input[@name='q']")
    assert not page.xpath("//aside[@class='fictional']")


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "500"])
def test_an_error_page_needs_no_database_and_no_context(name):
    page = html.document_fromstring(render_to_string(f"{name}.html"))
    assert words(page.find(".//h1")) == words(page.find(".//title"))
    assert connection.connection is None or not connection.in_atomic_block


@db
def test_what_is_refused_is_a_page_of_the_site(client):
    answer = client.get("/", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400 and "names a site that is not served here" in answer.content.decode()
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "a"})
    assert answer.status_code == 403 and "This form was not accepted" in answer.content.decode()
    client.force_login(make_curator())
    assert "You may not do this" in words(get(client, "/admin/citations/merge/add/", status=403))


# -- the tags -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        ("as in [7].", 6, 9, "as in <mark>[7]</mark>."),
        ("𝛼𝛽 as [7]", 6, 9, "𝛼𝛽 as <mark>[7]</mark>"),
        ("a <b> & [7]", 8, 11, "a &lt;b&gt; &amp; <mark>[7]</mark>"),
        ("<mark>", 0, 6, "<mark>&lt;mark&gt;</mark>"),
        ("a < b", None, None, "a &lt; b"),
        ("short", 2, 99, "short"),
        ("short", 4, 2, "short"),
        ("", 0, 0, ""),
    ],
)
def test_a_span_is_marked_and_all_else_escaped(text, start, end, expected):
    assert components.mark_span(text, start, end) == expected


LONG = " ".join(f"Sentence number {number} stands here." for number in range(40))


@pytest.mark.parametrize("start", [0, 500, len(LONG) - 20])
def test_an_excerpt_is_whole_sentences_around_its_mark(start):
    part = components.excerpt(LONG, 200, start, start + 8)
    assert part.is_cut and part.whole.replace("<mark>", "").replace("</mark>", "") == LONG
    shown = part.shown.replace("<mark>", "").replace("</mark>", "")
    assert 150 <= len(shown) <= 200 + 2 * len("… ")
    inner = shown.removeprefix("… ").removesuffix(" …")
    assert inner.startswith("Sentence") and inner.endswith(".") and inner in LONG
    assert f"<mark>{LONG[start : start + 8]}</mark>" in part.shown


@pytest.mark.parametrize("text", ["", "One. Two.", "word " * 30])
def test_a_short_text_is_not_cut(text):
    part = components.excerpt(text, 200)
    assert not part.is_cut and part.shown == text


@pytest.mark.parametrize("limit", [60, 200])
def test_an_excerpt_is_the_same_whatever_stands_far_behind_it(limit):
    text = f"{LONG[:630]} The dyke (as of old, see p. 3) was under water until May. {LONG}"
    begins, ends = zip(*split_sentences(text), strict=True)
    for start in range(0, 900, 7):
        begin, end = components.window(text, limit, start, start + 5)
        assert begin in begins and end in ends and begin <= start and start + 5 <= end + 1
        for more in (" It went on.", f" {LONG} (and so on) {LONG}"):
            assert components.window(text + more, limit, start, start + 5) == (begin, end)


def test_a_sentence_without_end_is_cut_at_a_blank_around_its_mark():
    text = "and so on " * 500
    part = components.excerpt(text, 200, 2504, 2506)
    assert part.is_cut and "<mark>so</mark>" in part.shown and len(part.shown) < 300
    assert all(word in {"and", "so", "on", "…", "<mark>so</mark>"} for word in part.shown.split())


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", ' lang="de"'),
        ("pt-BR", ' lang="pt-BR"'),
        ("en", ""),
        ("", ""),
        ('de" onload="x', ""),
        ("english language", ""),
    ],
)
def test_only_a_language_code_becomes_an_attribute(language, expected):
    assert components.lang_attr(language) == expected
    with translation.override("de"):
        assert components.lang_attr("en") == ' lang="en"' and not components.lang_attr("de")


@pytest.mark.parametrize("language", ["en", "de", "fr", "hi"])  # by comma, stop, blank, and in another way
def test_a_count_is_grouped_as_its_language_does(language):
    with translation.override(language):
        for number in (999, 1000, 1_234_567):
            assert components.count(number) == number_format(number, force_grouping=True)
        assert components.count(None) == "0"


def test_what_every_page_says_is_made_once_for_each_language_and_knows_no_page():
    words = "{% load hub_tags i18n %}{% same_words %}[{% translate 'Search' %}{{ who }}]{% endsame_words %}"
    template = engines["django"].from_string(words)
    for language, said in (("en", "[Search]"), ("de", "[Suchen]"), ("en", "[Search]")):
        with translation.override(language):
            assert template.render({"who": "one reader"}) == said


@pytest.mark.parametrize(
    ("fraction", "expected"), [(0.5034, 50), (0.005, 1), (0.0049, 0), (1.0, 100), (0.125, 13)]
)
def test_percentages_are_rounded_half_up(fraction, expected):
    assert components.whole_percent(fraction) == expected


@pytest.mark.parametrize(
    ("ours", "expected"),
    [("comparison supports", "comparison, supports"), ("role:unclear", "unclear"), ("", "nothing")],
)
def test_crosswalk_words_are_ours(ours, expected):
    assert hub_tags.crosswalk_words(ours) == expected


@pytest.mark.parametrize("names", [0, 1, 5, 6, 30])
def test_a_byline_names_some_and_counts_the_rest(names):
    class Printed:
        author_names = [f"N. {number}" for number in range(names)]

    line = components.byline(Printed)
    assert line.count("N. ") == (names if names <= 5 else 4)
    assert ("and" in line) is (names > 5)


def test_every_word_has_a_mark_beside_it():
    sprite = render_to_string("_sprite.html")
    for role in [*labels.Role, "unlabelled", "unread"]:
        assert f'id="i-{role}"' in sprite
        assert str(components.label_of(labels.Role, role)) in components.role_chip(role)
    for polarity in labels.Polarity:
        assert labels.POLARITY_SIGNS[polarity] in components.polarity_chip(polarity)
        assert str(polarity.label) in components.polarity_chip(polarity)
    assert Dimension.UNMAPPED not in labels.POLARITY_SIGNS


@db
def test_the_page_of_components_shows_each_without_a_query(rf, django_assert_num_queries):
    request = rf.get("/about/design/")
    request.user = AnonymousUser()
    with django_assert_num_queries(0):
        page = html.document_fromstring(design.page(request).content)
    shown = words(page.xpath("//main")[0])
    for word in (*labels.Role, *labels.Polarity, *labels.LabelSource):
        assert str(word.label) in shown
    for state in ("retracted", "known from references only", "text withheld", "30 of 47 64% none", "×"):
        assert state in shown
    assert len(page.xpath("//svg[@class='chart']")) == 2
    assert len(page.xpath("//details[contains(., 'the whole passage')]")) == 1
    assert not any(pattern.name == "design" for pattern in urls.urlpatterns if hasattr(pattern, "name"))
