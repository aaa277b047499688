"""The preview picture of a hub and what tells other sites of it."""

import re
from pathlib import Path

import pytest
import resvg_py
from django.utils.html import format_html
from lxml import etree, html

from explorer import card
from explorer.hub import Hub
from tests.factories import make_hub, make_paper, refresh

CSS = (Path(__file__).parent.parent.parent / "static/hub.css").read_text()
TITLES = [
    "Of weirs",
    "A measurement of Mediterranean wetlands, MMMM and WWWW, with an appendix on instruments and observers "
    * 3,
    "ΩΜΦШЩЮЖжшщю " * 30,
    "X" * 400,
    "Донаучные измерения приливов и отливов в северных болотах " * 4,
    "iiiiiiiiillllllll.,;: " * 40,
]
db = pytest.mark.django_db


def drawn(svg, **options):
    return resvg_py.svg_to_bytes(
        svg_string=str(svg), font_files=[card.FONT], skip_system_fonts=True, **options
    )


def texts(svg):
    root = etree.fromstring(str(svg).encode())
    return [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.fixture
def hub(db):
    paper = make_paper("The lantern <at> & the “weir”")
    make_hub(paper, roles={"method": 8, "background": 3}, unlabelled=2, unread=5)
    return Hub(paper, paper.get_absolute_url())


# -- addresses and headers --------------------------------------------------------------------------


def test_a_hub_has_its_picture_in_two_forms_and_they_are_kept(client, hub, django_assert_num_queries):
    for kind, content_type in (("png", "image/png"), ("svg", "image/svg+xml")):
        first = client.get(f"{hub.path}card.{kind}")
        assert (first.status_code, first["Content-Type"]) == (200, content_type)
        with django_assert_num_queries(1):
            again = client.get(f"{hub.path}card.{kind}", headers={"Accept-Encoding": "gzip"})
        assert again["ETag"].removeprefix("W/") == first["ETag"]
        assert ("Content-Encoding" in again) == (kind == "svg")  # a PNG is compressed already
        known = client.get(f"{hub.path}card.{kind}", headers={"If-None-Match": first["ETag"]})
        assert known.status_code == 304
    assert first.content.startswith(b"<svg")
    png = client.get(f"{hub.path}card.png").content
    assert png.startswith(b"\x89PNG") and len(png) < 200_000
    assert int.from_bytes(png[16:20], "big") == 1200 and int.from_bytes(png[20:24], "big") == 630


def test_the_picture_follows_the_library(client, hub):
    before = client.get(f"{hub.path}card.svg").content
    make_hub(hub.paper, roles={"baseline": 30})
    assert client.get(f"{hub.path}card.svg").content != before


def test_other_addresses_lead_to_it_or_to_nothing(client, hub):
    moved = client.get(f"/papers/{hub.paper.pk}/card.png")
    assert (moved.status_code, moved["Location"]) == (301, f"{hub.path}card.png")
    assert client.get(f"{hub.path}card.gif").status_code == 404
    assert client.get("/papers/99999-nothing/card.png").status_code == 404


@pytest.mark.parametrize("public", [None, "https://hub.example.org"])
def test_a_hub_names_itself_and_its_picture_by_absolute_addresses(client, hub, settings, public):
    settings.PUBLIC_URL_IS_SET = bool(public)
    settings.PUBLIC_URL = public or settings.PUBLIC_URL
    site = public or "http://testserver"
    page = html.document_fromstring(client.get(hub.path).content.decode())
    said = {
        tag.get("property") or tag.get("name"): tag.get("content") for tag in page.xpath("//meta[@content]")
    }
    assert said["og:url"] == f"{site}{hub.path}" == page.xpath("//link[@rel='canonical']/@href")[0]
    assert said["og:image"] == f"{site}{hub.path}card.png"
    assert said["og:title"] == "How “The lantern <at> & the “weir”” is cited"
    assert said["og:description"] == hub.sentence
    assert said["twitter:card"] == "summary_large_image"
    assert client.get(said["og:image"].removeprefix(site)).status_code == 200


# -- what it says -------------------------------------------------------------------------------------


def test_the_picture_says_what_the_page_says(hub):
    said = texts(card.svg(hub, "The marsh library")[0])
    assert said[0] == "The marsh library"
    assert re.fullmatch(r"counted .*\d{4}", said[1])
    assert said[2] == "The lantern <at> & the “weir”"
    assert "8 of 11 labelled (73%, 95% interval 43–90%), 18 known" in said
    assert said[-4:] == ["method 8", "background 3", "read, no role yet 2", "unread 5"]


@db
def test_the_bar_is_as_long_as_its_counts(hub):
    root = etree.fromstring(str(card.svg(hub, "")[0]).encode())
    bar = [one for one in root.iter("{*}rect") if one.get("y") == str(card.BAR)]
    widths = [float(one.get("width")) for one in bar]
    assert widths == pytest.approx([1072 * n / 18 for n in (8, 3, 2, 5)], abs=1)
    assert float(bar[-1].get("x")) + widths[-1] == pytest.approx(1200 - card.MARGIN, abs=1)


@db
@pytest.mark.parametrize(
    ("columns", "warning"),
    [
        ({"retracted": True}, "This paper has been retracted."),
        ({"is_fictional": True}, "Sample library: the paper is invented."),
        ({}, None),
    ],
)
def test_a_retraction_and_an_invention_are_said(columns, warning):
    paper = make_paper("Of weirs", **columns)
    refresh()
    said = texts(card.svg(Hub(paper, "/"), "Library")[0])
    assert said[1:3] == ([warning, "Of weirs"] if warning else ["Of weirs", "0 papers here cite this work."])
    assert said[-1] == "No citing paper is known here."


def test_colours_are_those_of_the_pages():
    for name, value in card.COLOURS.items():
        assert f"--{name}: light-dark({value}, " in CSS, name


# -- lines and letters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("size", [46, 56])
def test_a_line_is_no_wider_than_the_picture(title, size):
    lines, whole = card.wrapped(title, size, 1072, 3)
    assert 1 <= len(lines) <= 3
    for bold in (True, False):
        look = "" if not bold else ' font-weight="700"'
        written = format_html(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="1136 0 64 630" width="64" height="630"'
            f' font-family="Noto Sans" font-size="{size}"{look}>{{}}</svg>',
            format_html("".join("<text x='64' y='99'>{}</text>" for _line in lines), *lines),
        )
        assert drawn(written) == drawn(re.sub("<text.*?</text>", "", written))


@pytest.mark.parametrize("title", TITLES)
def test_what_is_cut_ends_in_an_ellipsis_and_nothing_else_is_lost(title):
    lines, whole = card.wrapped(title, 46, 1072, 3)
    assert whole != lines[-1].endswith("…")
    joined = "".join(lines).rstrip("…").replace(" ", "")
    assert title.replace(" ", "").startswith(joined)
    assert not whole or joined == title.replace(" ", "")


def test_scripts_without_blanks_are_broken_anywhere():
    lines, whole = card.wrapped("漢字" * 30, 46, 1072, 3)
    assert whole and "".join(lines) == "漢字" * 30 and len(lines) == 3


def test_letters_that_no_font_has_become_latin_and_never_boxes(monkeypatch):
    monkeypatch.setattr(card, "_has", lambda script, char, machine: False)
    assert card.drawable("Łódź, 日本\x00, Ωμ…") == ("Łódź, RiBen, Ωμ…", False)


def test_fonts_of_the_machine_are_used_only_where_they_are_needed(monkeypatch):
    monkeypatch.setattr(card, "_has", lambda script, char, machine: machine or script == "DEVANAGARI")
    assert card.drawable("Of weirs") == ("Of weirs", False)
    assert card.drawable("हिन्दी") == ("हिन्दी", False)
    assert card.drawable("日本") == ("日本", True)


def test_the_font_of_the_package_has_the_scripts_that_it_is_taken_for():
    assert card._has("TEST Ж", "Ж", False) and card._has("TEST ế", "ế", False)
    assert card._has("TEST ह", "ह", False)
    assert not card._has("TEST 語", "語", False)
    for char in "–—‘’“”„•…−":
        assert card._has(f"TEST {char}", char, False), char
