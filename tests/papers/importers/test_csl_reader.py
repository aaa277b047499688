"""CSL-JSON as Zotero, pandoc and doi.org write it."""

import io
import json

import pytest

from papers.importers import csl
from papers.importers.source import Source
from tests.papers.importers.reading import sorted_out

ITEM = {
    "id": "http://zotero.org/users/1/items/ABCD",
    "type": "article-journal",
    "title": "On the <i>tides</i> of a made-up lake",
    "container-title": "Journal of Lakes",
    "abstract": "Lakes move.",
    "DOI": "10.5555/Tide.1",
    "PMID": 123456,
    "PMCID": "PMC77",
    "URL": "https://example.org/tide",
    "language": "en-US",
    "author": [
        {"family": "Moss", "given": "Anna", "ORCID": "https://orcid.org/0000-0002-1825-0097"},
        {"family": "Fern", "given": "Bo", "non-dropping-particle": "van der", "suffix": "Jr."},
        {"literal": "Institute of Lakes"},
    ],
    "issued": {"date-parts": [["2019", 10, "3"]]},
}


def read_bytes(data):
    return sorted_out(csl.read(Source(io.BytesIO(data)), {}))


def read(value):
    return read_bytes(json.dumps(value).encode())


def read_one(**changes):
    [record], problems = read([ITEM | changes])
    assert problems == []
    return record


def test_the_variables_of_an_item():
    record = read_one()
    assert record.identifiers == {"doi": "10.5555/tide.1", "pmid": "123456", "pmcid": "PMC77"}
    assert (record.title, record.venue, record.kind) == (
        "On the tides of a made-up lake",
        "Journal of Lakes",
        "article",
    )
    assert (record.year, record.date, record.language) == (2019, "2019-10-03", "en-us")
    assert [(a.name, a.family, a.given) for a in record.authors] == [
        ("Anna Moss", "Moss", "Anna"),
        ("Bo van der Fern Jr.", "van der Fern", "Bo"),
        ("Institute of Lakes", "", ""),
    ]
    assert record.authors[0].identifiers == {"orcid": "0000-0002-1825-0097"}
    assert record.abstract == "Lakes move." and record.references_complete is False


@pytest.mark.parametrize("wrap", [lambda i: i, lambda i: [i], lambda i: {"items": [i]}])
def test_items_alone_in_lists_and_in_answers(wrap):
    records, problems = read(wrap(ITEM))
    assert [record.title for record in records] == ["On the tides of a made-up lake"] and problems == []


def test_json_lines_have_their_numbers():
    data = f"{json.dumps(ITEM)}\nbroken\n{json.dumps(ITEM)}\n".encode()
    records, problems = read_bytes(data)
    assert [record.line for record in records] == [1, 3]
    assert [(problem.line, problem.skipped) for problem in problems] == [(2, True)]


@pytest.mark.parametrize(
    "issued, expected",
    [
        ({"date-parts": [[2019]]}, (2019, "2019")),
        ({"date-parts": [[2019, 10], [2019, 12]]}, (2019, "2019-10")),
        ({"date-parts": [[2019, None]]}, (2019, "2019")),
        ({"raw": "October 2019"}, (2019, "2019-10")),
        ({"literal": "3 Oct 2019"}, (2019, "2019-10-03")),
        ("2019-10", (2019, "2019-10")),
        (2019, (2019, "2019")),
        ({"date-parts": [[]]}, (None, "")),
        ({"date-parts": []}, (None, "")),
        ({"date-parts": None}, (None, "")),
        (None, (None, "")),
    ],
)
def test_dates(issued, expected):
    record = read_one(issued=issued)
    assert (record.year, record.date) == expected


@pytest.mark.parametrize(
    "theirs, ours",
    [
        ("paper-conference", "conference paper"),
        ("chapter", "book chapter"),
        ("thesis", "thesis"),
        ("journal-article", "article"),
        ("webpage", ""),
        ("entry-encyclopedia", "entry encyclopedia"),
        (None, ""),
    ],
)
def test_kinds(theirs, ours):
    assert read_one(type=theirs).kind == ours


@pytest.mark.parametrize(
    "changes, identifiers",
    [
        ({"note": "PMID: 88\nPMCID: PMC99\nread it"}, {"pmid": "88", "pmcid": "PMC99"}),
        ({"note": "arXiv: 2104.07143 [cs]"}, {"arxiv": "2104.07143"}),
        ({"number": "arXiv:2104.07143"}, {"arxiv": "2104.07143"}),
        ({"URL": "http://dx.doi.org/10.5555/B"}, {"doi": "10.5555/b"}),
    ],
)
def test_identifiers_in_other_places(changes, identifiers):
    assert read_one(DOI=None, PMID=None, PMCID=None, **changes).identifiers == identifiers


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"DOI": "none"}, "'none' is not a DOI"),
        ({"issued": {"date-parts": [["soon"]]}}, "'soon' is not a year"),
        ({"issued": {"date-parts": "2019"}}, "date-parts is not a list"),
        ({"author": {"family": "Moss"}}, "author is not a list"),
        ({"author": [{"family": "Moss", "ORCID": "1"}]}, "not a valid ORCID"),
        ({"title": 7}, "title is not"),
    ],
)
def test_a_bad_variable_is_a_warning(changes, said):
    [record], [problem] = read([ITEM | changes])
    assert said in problem.reason and not problem.skipped and record.identifiers["pmid"] == "123456"


@pytest.mark.parametrize("value", [None, 7, {}, {"type": "book"}, {"title": " "}])
def test_an_item_that_is_none_is_a_skip(value):
    records, [problem] = read([ITEM, value, ITEM])
    assert len(records) == 2 and problem.skipped and problem.reason.startswith("item 2: ")


@pytest.mark.parametrize(
    "value, expected",
    [
        ([ITEM], True),
        ({"items": [ITEM]}, True),
        ({"type": "book", "title": "T", "issued": {"date-parts": [[2001]]}}, True),
        ({"type": "book", "title": "T"}, False),
        ({"type": "paper-conference", "DOI": "10.5555/a"}, True),
        ({"type": "paper-conference", "name": "a room"}, False),
        ({"id": "https://openalex.org/W1", "type": "article", "title": "T"}, False),
        ({"identifiers": {"doi": "10.5555/a"}, "title": "T", "kind": "book"}, False),
    ],
)
def test_looks_like(value, expected):
    assert csl.looks_like(json.dumps(value, indent=1).encode("utf-8-sig"), "x.json") is expected
    assert csl.looks_like(b"x" + json.dumps(value).encode(), "x.json") is False
