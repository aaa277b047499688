"""EndNote's tagged export and its XML; its database is refused."""

import io

import pytest

from papers.importers import endnote
from papers.importers.source import Source
from papers.records import UnreadableFile
from tests.papers.importers.reading import sorted_out

ENTRY = """%0 Journal Article
%T On the tides of a made-up lake
%A Moss, Anna
%A Institute of Lakes,
%J Journal of Lakes
%D 2019
%8 October 3
%R 10.5555/Tide.1
%G English
%X Lakes move.
%U https://example.org/tide
"""
XML = """<?xml version="1.0" encoding="UTF-8"?><xml><records><record>
<ref-type name="Journal Article">17</ref-type>
<contributors><authors><author><style face="normal">Moss, Anna</style></author>
<author>Fern, Bo</author></authors>
<secondary-authors><author>Editor, E.</author></secondary-authors></contributors>
<titles><title><style face="normal">On the </style><style face="italic">tides</style></title>
<secondary-title>J. Lakes</secondary-title></titles>
<periodical><full-title><style>Journal of Lakes</style></full-title></periodical>
<dates><year><style>2019</style></year><pub-dates><date>Oct 3</date></pub-dates></dates>
<accession-num>12345678</accession-num><remote-database-provider>NLM</remote-database-provider>
<electronic-resource-num><style>10.5555/Tide.1</style></electronic-resource-num>
<custom2>PMC77</custom2><language>eng</language><abstract><style>Lakes move.</style></abstract>
<urls><related-urls><url><style>https://example.org/tide</style></url></related-urls></urls>
</record><record><titles/></record><record><titles><title>Second</title></titles></record></records></xml>"""


def read_bytes(data):
    return sorted_out(endnote.read(Source(io.BytesIO(data)), {}))


def read(text):
    return read_bytes(text.encode())


def read_one(*lines):
    [record], problems = read("\n".join(lines) + "\n")
    assert problems == []
    return record


def test_the_tags_of_an_entry():
    [record], problems = read(ENTRY)
    assert problems == []
    assert record.identifiers == {"doi": "10.5555/tide.1"}
    assert (record.title, record.venue, record.kind) == (
        "On the tides of a made-up lake",
        "Journal of Lakes",
        "article",
    )
    assert (record.year, record.date, record.language) == (2019, "2019-10-03", "en")
    assert [(a.name, a.family) for a in record.authors] == [("Anna Moss", "Moss"), ("Institute of Lakes", "")]
    assert record.abstract == "Lakes move." and record.line == 1 and record.references == []


@pytest.mark.parametrize(
    "data",
    [
        ENTRY.encode("utf-8-sig"),
        ENTRY.encode("utf-16"),
        ENTRY.replace("\n", "\r\n").encode(),
        ENTRY.replace("\n", "\r").encode(),
        ("\n\n" + ENTRY).encode(),
    ],
)
def test_byte_order_marks_and_ends_of_lines(data):
    [record], problems = read_bytes(data)
    assert problems == [] and record.title == "On the tides of a made-up lake"


@pytest.mark.parametrize(
    "text",
    [
        "%0 Journal Article\n%T One\n%X First.\n\nSecond.\n\n%K lakes\n%0 Book\n%A Moss, A.\n%T Two\n",
        "\n%T One\n%0 Journal Article\n%X First.\n\nSecond.\n\n\n%T Two\n%0 Book\n%A Moss, A.\n",
        "%T One\n%0 Journal Article\n%X First.\n\nSecond.\n%T Two\n%0 Book\n%A Moss, A.",
    ],
)
def test_entries_are_parted_by_blank_lines_or_by_a_tag_that_comes_again(text):
    records, problems = read(text)
    assert problems == []
    assert [(r.title, r.kind, r.abstract) for r in records] == [
        ("One", "article", "First.\n\nSecond."),
        ("Two", "book", ""),
    ]


def test_a_blank_line_before_another_tag_parts_nothing():
    record = read_one("%0 Journal Article", "%T One", "%X First.", "", "%D 2001", "%J Lakes")
    assert (record.title, record.abstract, record.year, record.venue) == ("One", "First.", 2001, "Lakes")


@pytest.mark.parametrize(
    "lines, identifiers",
    [
        (["%M 12345678", "%~ PubMed"], {"pmid": "12345678"}),
        (["%M 12345678", "%W NLM"], {"pmid": "12345678"}),
        (["%M 12345678"], {}),
        (["%2 PMC77"], {"pmcid": "PMC77"}),
        (["%U https://arxiv.org/abs/2104.07143"], {"arxiv": "2104.07143"}),
        (["%R http://dx.doi.org/10.5555/a"], {"doi": "10.5555/a"}),
    ],
)
def test_where_identifiers_stand(lines, identifiers):
    assert read_one("%0 Journal Article", "%T T", *lines).identifiers == identifiers


@pytest.mark.parametrize(
    "lines, kind",
    [
        (["%0 Conference Proceedings"], "conference paper"),
        (["%0 Book Section"], "book chapter"),
        (["%0 Thesis"], "thesis"),
        (["%0 Journal Article", "%9 Review"], "review"),
        (["%0 Generic"], ""),
        ([], ""),
    ],
)
def test_kinds(lines, kind):
    assert read_one("%T T", *lines).kind == kind


def test_an_entry_without_a_title_is_a_skip_and_a_bad_doi_a_warning():
    records, problems = read("%0 Book\n%K lakes\n\n" + ENTRY.replace("10.5555/Tide.1", "none"))
    assert [record.line for record in records] == [4]
    assert [(problem.line, problem.skipped) for problem in problems] == [(1, True), (4, False)]


def test_a_file_without_entries_is_a_skip():
    records, [problem] = read("nothing of the kind")
    assert records == [] and problem.skipped and "no entry of EndNote" in problem.reason


def test_xml():
    records, [problem] = read(XML)
    assert [record.title for record in records] == ["On the tides", "Second"]
    record = records[0]
    assert record.identifiers == {"doi": "10.5555/tide.1", "pmid": "12345678", "pmcid": "PMC77"}
    assert (record.venue, record.kind, record.date) == ("Journal of Lakes", "article", "2019-10-03")
    assert [author.name for author in record.authors] == ["Anna Moss", "Bo Fern"]
    assert (record.abstract, record.language, record.line) == ("Lakes move.", "en", 1)
    assert problem.skipped and problem.line == 14


def test_broken_xml_gives_what_came_before():
    records, problems = read(XML[: XML.index("Second")])
    assert [record.title for record in records] == ["On the tides"]
    assert "not well-formed" in problems[-1].reason and problems[-1].skipped


@pytest.mark.parametrize(
    "data", [b"SQLite format 3\0" + b"\x10\0" * 50, b"PK\x03\x04" + b"x" * 100, b"\0\x01\x02\xfe" * 50]
)
def test_a_database_is_refused_with_what_to_do(data):
    assert endnote.looks_like(data, "My Library.enl") and not endnote.looks_like(data, "x.bin")
    with pytest.raises(UnreadableFile, match="database of EndNote.*Export"):
        read_bytes(data)


@pytest.mark.parametrize(
    "head, name, expected",
    [
        (ENTRY, "x.enw", True),
        ("\ufeff" + ENTRY, "", True),
        ("%T On tides\n%A Moss, A.\n", "", True),
        ("%T On tides\r%0 Book\r", "", True),
        (XML, "", True),
        ("<xml><a/></xml>", "", False),
        ("%%% ------\n%%% A comment\n", "x.enl", False),
        ("%0 percent of it\nof it\n", "x.txt", False),
        ("% A comment of TeX\n\\documentclass{article}", "", False),
    ],
)
def test_looks_like(head, name, expected):
    assert endnote.looks_like(head.encode(), name) is expected
