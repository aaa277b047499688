"""Citations of OpenCitations in CSV, old and new, and in Turtle."""

import io

import pytest

from papers.importers import opencitations
from papers.importers.source import Source
from tests.papers.importers.reading import sorted_out

HEADER = "oci,citing,cited,creation,timespan,journal_sc,author_sc"
ROW = "020-021,10.5555/Tide.1,10.5555/moon,2018-06-03,P1Y,no,no"
CITO = "http://purl.org/spar/cito/"


def read(*lines):
    data = lines[0] if isinstance(lines[0], bytes) else "\n".join(lines).encode()
    return sorted_out(opencitations.read(Source(io.BytesIO(data)), {}))


def cited(record):
    return [reference.identifiers for reference in record.references]


@pytest.mark.parametrize(
    "lines",
    [
        (HEADER, ROW),
        ("\ufeff" + HEADER, ROW, ""),
        ("oci,citing,cited,creation,timespan", "020-021,10.5555/tide.1,10.5555/moon,2018-06-03,P1Y"),
        ("citing,cited,creation,timespan,journal_sc,author_sc", ROW.partition(",")[2]),
        (
            '"oci","citing","cited","creation","timespan"',
            '"x","10.5555/tide.1","10.5555/moon","2018-06-03","P1Y"',
        ),
        (
            "citing_id,citing_publication_date,cited_id,cited_publication_date",
            "doi:10.5555/tide.1,2018-06-03,doi:10.5555/moon,2017-01",
        ),
        (HEADER, ROW.replace("10.5555/Tide.1", "https://doi.org/10.5555/tide.1"), HEADER),
    ],
)
def test_a_row_is_a_citing_work_with_a_reference_in_every_variant(lines):
    [record], problems = read(*lines)
    assert problems == []
    assert record.identifiers == {"doi": "10.5555/tide.1"} and record.line == 2
    assert (record.date, record.year, record.references_complete) == ("2018-06-03", 2018, False)
    assert cited(record) == [{"doi": "10.5555/moon"}] and record.references[0].year == 2017


@pytest.mark.parametrize(
    "stated, found",
    [
        (
            "doi:10.5555/A pmid:123 omid:br/0601 openalex:W5",
            {"doi": "10.5555/a", "pmid": "123", "openalex": "W5"},
        ),
        ("omid:br/0601 pmid:7", {"pmid": "7"}),
        ("10.5555/a(b)<c:d>e;f", {"doi": "10.5555/a(b)<c:d>e;f"}),
        ("arxiv:2104.07143", {"arxiv": "2104.07143"}),
        ("pmcid:PMC45", {"pmcid": "PMC45"}),
    ],
)
def test_a_cell_may_hold_several_identifiers(stated, found):
    [record], problems = read(HEADER, f"x,{stated},10.5555/moon,,,,")
    assert record.identifiers == found and problems == []
    assert (record.date, record.year, record.references[0].year) == ("", None, None)


def test_rows_of_one_citing_work_that_follow_each_other_are_one_record(monkeypatch):
    rows = [ROW.replace("moon", f"moon.{n}") for n in range(4)]
    other = ROW.replace("Tide.1", "tide.2")
    records, problems = read(HEADER, *rows, rows[0], other, ROW)
    assert [len(record.references) for record in records] == [4, 1, 1] and problems == []
    assert [record.line for record in records] == [2, 7, 8]
    monkeypatch.setattr(opencitations, "MAX_GROUP", 3)
    records, _problems = read(HEADER, *rows)
    assert [len(record.references) for record in records] == [3, 1]


@pytest.mark.parametrize(
    "creation, span, year",
    [
        ("2018", "P2Y", 2016),
        ("2018-06", "P1Y", 2017),
        ("2018-06", "P0Y6M", 2017),
        ("2018-06", "P0Y5M", 2018),
        ("2003-10-24", "P2Y9M", 2001),
        ("2008-01-15", "P0Y0M15D", 2007),
        ("2008-01-15", "P0Y0M14D", 2008),
        ("2008-01-15", "P0Y11M27D", 2007),
        ("2018-12-20", "-P0Y0M15D", 2019),
        ("2018-12-20", "-P1Y", 2019),
        ("2018", "P0Y6M", 2018),
        ("2018-06", "", None),
        ("", "P2Y", None),
        ("2018-06", "P", None),
        ("2018-06", "two years", None),
        ("2018-06", "P1200Y", None),
    ],
)
def test_the_year_of_the_cited_work_is_the_date_less_the_span(creation, span, year):
    [record], _problems = read(HEADER, f"x,10.5555/a,10.5555/b,{creation},{span},no,no")
    assert record.references[0].year == year


@pytest.mark.parametrize(
    "row, said",
    [
        ("x,omid:br/1,10.5555/b,,,,", "the citing work has no identifier"),
        ("x,10.5555/a,nonsense,,,,", "the cited work has no identifier"),
        ("x,10.5555/a", "2 columns and the first one 7"),
        ('x,"10.5555/a"b,10.5555/b,,,,', "not CSV"),
    ],
)
def test_a_bad_row_is_a_skip_with_its_number(row, said):
    records, [problem] = read(HEADER, ROW, row, ROW.replace("Tide.1", "tide.2"))
    assert len(records) == 2
    assert said in problem.reason and problem.skipped and problem.line == 3


def test_a_row_that_is_not_utf_8_is_a_skip():
    records, [problem] = read(f"{HEADER}\n{ROW}\n".encode() + b"x,10.5555/\xff,10.5555/b,,,,\n")
    assert len(records) == 1 and problem.skipped and "not UTF-8" in problem.reason


def test_a_work_that_cites_itself_is_left_out_with_a_warning():
    records, [problem] = read(HEADER, "x,10.5555/A,doi:10.5555/a,,,,")
    assert records == [] and "cites itself" in problem.reason and not problem.skipped


def test_a_bad_date_costs_the_date_only():
    [record], problems = read(HEADER, "x,10.5555/a,10.5555/b,2018-13,P1Y,,")
    assert record.date == "" and record.references[0].year is None and problems == []


TURTLE = f"""@prefix cito: <{CITO}> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://example.org/ci/1> a cito:Citation ;
    cito:hasCitingEntity <http://dx.doi.org/10.5555/Tide.1%28a%29> ;
    cito:hasCitedEntity <https://doi.org/10.5555/moon> ;
    cito:hasCitationCreationDate "2018-06"^^xsd:gYearMonth ;
    cito:hasCitationTimeSpan "P0Y6M"^^xsd:duration .
<https://example.org/ci/2> cito:hasCitingEntity <http://dx.doi.org/10.5555/tide.1(a)> ;
    cito:hasCitedEntity <https://pubmed.ncbi.nlm.nih.gov/7> .
"""


def test_turtle_gives_the_same_as_csv():
    [record], problems = read(TURTLE)
    assert record.identifiers == {"doi": "10.5555/tide.1(a)"} and problems == []
    assert (record.date, record.references_complete) == ("2018-06", False)
    assert cited(record) == [{"doi": "10.5555/moon"}, {"pmid": "7"}]
    assert [reference.year for reference in record.references] == [2017, None]


def triple(number, part, value):
    return f"<https://example.org/ci/{number}> <{CITO}{part}> <https://doi.org/10.5555/{value}> .\n"


def test_statements_may_be_scattered_over_the_file():
    parts = [triple(n, "hasCitingEntity", "a") for n in range(3)]
    parts += [triple(n, "hasCitedEntity", f"b{n}") for n in range(3)]
    records, problems = read("".join(parts))
    assert sum(len(record.references) for record in records) == 3 and problems == []


def test_scattered_statements_wait_in_a_bounded_number(monkeypatch):
    monkeypatch.setattr(opencitations, "MAX_WAITING", 2)
    records, problems = read("".join(triple(n, "hasCitingEntity", f"a{n}") for n in range(5)))
    assert records == [] and len(problems) == 5
    assert all("names one work only" in problem.reason and problem.skipped for problem in problems)
    parts = [triple(n, "hasCitingEntity", f"a{n}") for n in range(5)]
    parts += [triple(n, "hasCitedEntity", "b") for n in range(5)]
    records, _problems = read("".join(parts))
    assert len(records) <= 2


def test_a_broken_statement_is_a_skip_and_the_next_one_is_read():
    broken = f"<https://example.org/ci/9> <{CITO}hasCitedEntity> oops oops .\n"
    whole = triple(1, "hasCitingEntity", "a") + triple(1, "hasCitedEntity", "b")
    records, problems = read(broken + whole)
    assert [cited(record) for record in records] == [[{"doi": "10.5555/b"}]]
    assert problems[0].skipped and problems[0].line == 1 and "not Turtle" in problems[0].reason


def test_turtle_that_is_broken_throughout_is_given_up_with_the_reason():
    _records, problems = read("<https://example.org/> oops .\n" * 1000)
    assert len(problems) == opencitations.MAX_SYNTAX_ERRORS + 2
    assert "the rest of the file is lost" in problems[-1].reason and problems[-1].skipped


@pytest.mark.parametrize(
    "head, expected",
    [
        (HEADER, True),
        ("\ufeff" + HEADER + "\n" + ROW, True),
        ("citing_id,citing_publication_date,cited_id,cited_publication_date\n", True),
        (TURTLE, True),
        (triple(1, "hasCitingEntity", "a"), True),
        ("Title,Year,Cited by\n", False),
        ("citing,date\n", False),
        ("@article{citing, cited}", False),
        (f'<TEI xmlns="http://www.tei-c.org/ns/1.0">{CITO}', False),
        ('{"citing": 1, "cited": 2}', False),
    ],
)
def test_the_sniffer_knows_citations(head, expected):
    assert opencitations.looks_like(head.encode(), "") is expected
