"""OpenAlex works: single, in an answer of the API, in snapshot lines."""

import gzip
import io
import json

import pytest

from papers.importers import openalex
from papers.importers.source import Source, open_source
from papers.records import VersionRecord
from tests.papers.importers.reading import sorted_out

BASE = "https://openalex.org/"
WORK = {
    "id": BASE + "W11",
    "doi": "https://doi.org/10.5555/Tide.1",
    "ids": {
        "openalex": BASE + "W11",
        "doi": "https://doi.org/10.5555/tide.1",
        "mag": "11",
        "pmid": "https://pubmed.ncbi.nlm.nih.gov/123",
        "pmcid": "https://www.ncbi.nlm.nih.gov/pmc/articles/45",
    },
    "title": "On <i>tides</i>",
    "display_name": "Another name",
    "publication_year": 2021,
    "publication_date": "2021-04-21",
    "language": "en",
    "type": "book-chapter",
    "primary_location": {"source": {"display_name": "J Invent Waters"}, "license": "cc-by-nc"},
    "locations": [
        {"landing_page_url": "https://doi.org/10.5555/tide.1"},
        {
            "landing_page_url": "http://arxiv.org/abs/2104.07143",
            "pdf_url": "https://arxiv.org/pdf/2104.07143v2",
        },
    ],
    "authorships": [
        {
            "author": {
                "id": BASE + "A7",
                "display_name": "A. Moss",
                "orcid": "https://orcid.org/0000-0002-1825-0097",
            }
        },
        {"author": {"id": None, "display_name": None, "orcid": None}, "raw_author_name": "B. Fern"},
    ],
    "topics": [{"field": {"display_name": "Physics"}}, {"field": {"display_name": "Physics"}}],
    "concepts": [{"display_name": "Geology", "level": 0}, {"display_name": "Tide", "level": 2}],
    "is_retracted": True,
    "abstract_inverted_index": {"Spoons": [0], "pull": [1, 4], "water.": [2, 5], "Moons": [3]},
    "referenced_works": [BASE + "W3", BASE + "W4", BASE + "W3"],
    "referenced_works_count": 3,
}


def read_bytes(data):
    return sorted_out(openalex.read(Source(io.BytesIO(data)), {}))


def read(value):
    return read_bytes(json.dumps(value).encode())


def test_a_work_is_a_record_with_all_that_the_library_keeps():
    [record], problems = read(WORK)
    assert problems == []
    assert record.identifiers == {
        "doi": "10.5555/tide.1",
        "pmid": "123",
        "pmcid": "PMC45",
        "openalex": "W11",
    }
    assert (record.title, record.venue, record.year) == ("On tides", "J Invent Waters", 2021)
    assert (record.date, record.language, record.kind) == ("2021-04-21", "en", "book chapter")
    assert record.fields == ["Physics"] and record.license == "CC BY-NC" and record.retracted is True
    assert record.abstract == "Spoons pull water. Moons pull water."
    assert [(author.name, author.identifiers) for author in record.authors] == [
        ("A. Moss", {"orcid": "0000-0002-1825-0097", "openalex": "A7"}),
        ("B. Fern", {}),
    ]
    assert [reference.identifiers for reference in record.references] == [
        {"openalex": "W3"},
        {"openalex": "W4"},
    ]
    assert record.references_complete is True
    assert record.versions == [
        VersionRecord(kind="preprint", identifiers={"arxiv": "2104.07143"}, venue="arXiv")
    ]


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"meta": {"count": 2}, "results": [WORK, WORK], "group_by": []}),
        json.dumps({"meta": {"count": 2}, "results": [WORK, WORK]}, indent=1),
        json.dumps([WORK, WORK]),
        json.dumps([WORK, WORK], indent=2),
        json.dumps(WORK) + "\n\n" + json.dumps(WORK) + "\n",
        "[\n" + json.dumps(WORK) + ",\n" + json.dumps(WORK) + "\n]\n",
        json.dumps({"results": [WORK]}) + "\n" + json.dumps({"results": [WORK]}),
        "\ufeff\n" + json.dumps(WORK) + "\n" + json.dumps(WORK),
    ],
)
def test_answers_lists_and_lines_are_read_alike(data):
    records, problems = read_bytes(data.encode())
    assert [record.title for record in records] == ["On tides"] * 2 and problems == []


def test_a_snapshot_is_read_line_by_line_and_an_abstract_with_the_word_results_is_no_answer(tmp_path):
    path = tmp_path / "part_000.gz"
    work = WORK | {"abstract_inverted_index": {"Some": [0], "results": [1]}}
    path.write_bytes(gzip.compress((json.dumps(work) + "\n").encode() * 3))
    with open_source(path) as source:
        records = list(openalex.read(source, {}))
    assert [(record.line, record.abstract) for record in records] == [
        (1, "Some results"),
        (2, "Some results"),
        (3, "Some results"),
    ]


@pytest.mark.parametrize(
    "changes, complete",
    [
        ({}, True),
        ({"referenced_works": [], "referenced_works_count": 0}, True),
        ({"referenced_works_count": 40}, False),
        ({"referenced_works_count": None}, False),
        ({"referenced_works": None}, False),
        ({"referenced_works": WORK["referenced_works"][:2] + [7]}, False),
    ],
)
def test_references_are_complete_where_the_list_is_as_long_as_the_stated_count(changes, complete):
    [record], _problems = read(WORK | changes)
    assert record.references_complete is complete


@pytest.mark.parametrize(
    "addresses, cited, warnings",
    [
        (["https://openalex.org/W5", "W6", "https://api.openalex.org/works/w7"], ["W5", "W6", "W7"], 0),
        (["https://openalex.org/W5", None, "https://openalex.org/A5", "W0"], ["W5"], 3),
        (["https://openalex.org/W11", "https://openalex.org/W5"], ["W5"], 1),
    ],
)
def test_references_in_other_spellings_and_to_the_work_itself(addresses, cited, warnings):
    [record], problems = read(WORK | {"referenced_works": addresses})
    assert [reference.identifiers["openalex"] for reference in record.references] == cited
    assert len(problems) == warnings and not any(problem.skipped for problem in problems)


@pytest.mark.parametrize(
    "index, abstract, said",
    [
        (None, "", None),
        ({}, "", None),
        ({"A": [0], "b": None, "c.": [1]}, "A c.", None),
        ({"A": [0], "far": [20_000], "before": [-1], "b.": [9]}, "A b.", "positions beyond"),
        ({"A": [0], "b": ["1", 2.5], "c.": [1]}, "A c.", "'b'[0] is not a whole number but '1'"),
        ({"A": [0, None], "b.": [1]}, "A b.", "is not a whole number but None"),
        ({"A": [0], "b": 7}, "A", "'b' is not a list but 7"),
        (["A"], "", "abstract_inverted_index is not an object"),
        ({"Abstract": [0], "Large": [1], "lakes": [2]}, "Large lakes", None),
        ({"Abstract": [0], "Meaning": [1], "Graphs": [2]}, "Abstract Meaning Graphs", None),
        ({"<p>Spoons": [0], "&lt;": [1], "moons</p>": [2]}, "Spoons < moons", None),
    ],
)
def test_an_inverted_abstract_becomes_text_and_malformed_positions_are_skipped(index, abstract, said):
    [record], problems = read(WORK | {"abstract_inverted_index": index})
    assert record.abstract == abstract
    assert (said in problems[0].reason and not problems[0].skipped) if said else problems == []


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"publication_year": 20222}, "publication_year 20222"),
        ({"publication_year": [2022]}, "publication_year is not"),
        ({"publication_date": "2022-02-31"}, "publication_date '2022-02-31'"),
        ({"doi": "nonsense"}, "nonsense"),
        ({"title": ["T"]}, "title is not text"),
        ({"authorships": {"author": 1}}, "authorships is not a list"),
        (
            {"authorships": [{"author": {"display_name": 7}}]},
            "authorships[0].author.display_name is not text",
        ),
        ({"authorships": [{"author": {"display_name": "A", "orcid": "7"}}]}, "'7' is not a valid ORCID"),
        ({"is_retracted": "no"}, "is_retracted is not true or false"),
        ({"primary_location": "here"}, "primary_location is not an object"),
    ],
)
def test_a_bad_field_is_a_warning_and_the_work_is_kept(changes, said):
    records, [problem] = read_bytes(json.dumps(WORK | changes).encode() + b"\n" + json.dumps(WORK).encode())
    assert len(records) == 2 and records[0].identifiers["openalex"] == "W11"
    assert said in problem.reason and not problem.skipped and problem.line == 1


def test_nulls_of_every_kind_are_silent():
    nulls = dict.fromkeys(WORK) | {"id": BASE + "W1"}
    inner = nulls | {
        "ids": dict.fromkeys(WORK["ids"]),
        "primary_location": {"source": None, "license": None},
        "locations": [None, {"landing_page_url": None}],
        "authorships": [None, {"author": None}],
        "topics": [None, {"field": None}],
        "concepts": [None, {"display_name": None, "level": 0}],
    }
    records, problems = read([nulls, inner])
    assert len(records) == 2 and problems == []


def test_older_works_have_a_host_venue_and_concepts():
    older = WORK | {"topics": None, "primary_location": None}
    older |= {"host_venue": {"display_name": "Old J", "license": "publisher-specific-oa"}}
    [record], _problems = read(older)
    assert (record.venue, record.license, record.fields) == ("Old J", "publisher specific oa", ["Geology"])


def test_at_most_five_fields_are_kept():
    topics = [{"field": {"display_name": f"Field {n}"}} for n in range(9)]
    [record], _problems = read(WORK | {"topics": topics})
    assert record.fields == [f"Field {n}" for n in range(5)]


def test_the_word_abstract_stays_where_the_title_has_it():
    index = {"Abstract": [0], "Lakes": [1], "are": [2], "cold.": [3]}
    [record], _problems = read(WORK | {"title": "Abstract lakes", "abstract_inverted_index": index})
    assert record.abstract == "Abstract Lakes are cold."


def test_a_preprint_is_no_version_of_itself():
    [record], _problems = read(WORK | {"doi": "https://doi.org/10.48550/arxiv.2104.07143", "ids": None})
    assert record.identifiers["arxiv"] == "2104.07143" and record.versions == []


def test_seven_thousand_authors_and_forty_thousand_references_are_kept():
    work = WORK | {
        "authorships": WORK["authorships"] * 3500,
        "referenced_works": [f"{BASE}W{n}" for n in range(100, 40_100)],
        "referenced_works_count": 40_000,
    }
    [record], problems = read(work)
    assert len(record.authors) == 7000 and len(record.references) == 40_000 and problems == []


@pytest.mark.parametrize("bad", [{}, {"title": None, "id": "A5"}, [1, 2], 7, "text"])
def test_a_line_that_is_no_work_is_a_skip_with_its_number(bad):
    lines = [json.dumps(value).encode() for value in (WORK, bad, WORK)]
    records, problems = read_bytes(b"\n".join(lines))
    assert [record.line for record in records] == [1, 3]
    assert problems[-1].skipped and problems[-1].line == 2


@pytest.mark.parametrize(
    "head, expected",
    [
        (json.dumps(WORK), True),
        (json.dumps({"meta": {"count": 1}, "results": [WORK]}), True),
        ('{"meta": {"count": 0, "db_response_time_ms": 5}, "results": []}', True),
        ('{"id": "W5", "referenced_works": []}', True),
        ('{"identifiers": {"openalex": "https://openalex.org/W1"}, "title": "T"}', False),
        ('{"id": "https://openalex.org/A1", "display_name": "A person"}', False),
        ("see https://openalex.org/W1", False),
    ],
)
def test_the_sniffer_knows_works(head, expected):
    assert openalex.looks_like(head.encode(), "") is expected
