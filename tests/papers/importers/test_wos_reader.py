"""Web of Science: tagged and tab-delimited exports with their cited references."""

import io

import pytest

from papers.importers import wos
from papers.importers.source import Source
from tests.papers.importers.reading import sorted_out

ENTRY = """PT J
AU Moss, A
   Fern, B
AF Moss, Anna
   Fern, Bo, Jr.
CA Institute of Lakes
TI On the tides of
   a made-up lake
SO JOURNAL OF LAKES
LA English
DT Article; Early Access
AB Lakes move.
OI Moss, Anna/0000-0002-1825-0097; Fern, Bo/0000-0001-0000-0000
CR *WHO, 1999, LAKE REPORT
   Fern B, 2001, J LAKES, V12, P34, DOI 10.5555/Lake.1
NR 2
PD OCT 3
PY 2019
DI 10.5555/Tide.1
UT WOS:000444108200009
PM 12345678
ER

"""
EXPORT = f"FN Clarivate Analytics Web of Science\nVR 1.0\n{ENTRY}EF"
TABLE = (
    "PT\tAU\tAF\tTI\tSO\tDT\tCR\tNR\tPY\tDI\tUT\t\n"
    'J\tMoss, A; Fern, B\tMoss, Anna; Fern, Bo\t"Tides" of a lake\tJOURNAL OF LAKES\tArticle\t'
    "*WHO, 1999, LAKE REPORT; Fern B, 2001, J LAKES, V12, P34, DOI [10.5555/Lake.1, 10.5555/b]\t"
    "2\t2019\t10.5555/T\tW\n"
)


def read_bytes(data):
    return sorted_out(wos.read(Source(io.BytesIO(data)), {}))


def read(text):
    return read_bytes(text.encode())


def test_the_tags_of_an_entry():
    [record], problems = read(EXPORT)
    assert problems == []
    assert record.identifiers == {"doi": "10.5555/tide.1", "pmid": "12345678"}
    assert (record.title, record.venue, record.kind) == (
        "On the tides of a made-up lake",
        "JOURNAL OF LAKES",
        "article",
    )
    assert (record.year, record.date, record.language) == (2019, "2019-10-03", "en")
    assert [(author.name, author.identifiers) for author in record.authors] == [
        ("Anna Moss", {"orcid": "0000-0002-1825-0097"}),
        ("Bo Fern Jr.", {}),
        ("Institute of Lakes", {}),
    ]
    assert record.abstract == "Lakes move." and record.line == 3
    assert record.references_complete is True and len(record.references) == 2


@pytest.mark.parametrize(
    "data",
    [
        EXPORT.encode("utf-8-sig"),
        EXPORT.encode("utf-16"),
        EXPORT.replace("\n", "\r\n").encode(),
        ENTRY.encode(),
        EXPORT.replace("ER\n", "").encode(),
    ],
)
def test_spellings_of_the_same_export(data):
    [record], problems = read_bytes(data)
    assert problems == [] and len(record.references) == 2


@pytest.mark.parametrize(
    "printed, expected",
    [
        ("Fern B, 2001, J LAKES, V12, P34, DOI 10.5555/A", ("Fern B", 2001, "J LAKES", "10.5555/a")),
        (
            "Fern B., 2001, P 3 C LAKES, DOI [10.5555/a, 10.5555/b]",
            ("Fern B.", 2001, "P 3 C LAKES", "10.5555/a"),
        ),
        ("Fern B, 2001, J LAKES, DOI DOI 10.5555/a", ("Fern B", 2001, "J LAKES", "10.5555/a")),
        ("Fern B, 2001, J LAKES, DOI 10.5555/a,b", ("Fern B", 2001, "J LAKES", "10.5555/a,b")),
        ("*WHO, 1999, LAKE REPORT", ("WHO", 1999, "LAKE REPORT", None)),
        ("[Anonymous], 1999, LAKE REPORT", (None, 1999, "LAKE REPORT", None)),
        ("Fern B, 2001, V12, P34", ("Fern B", 2001, "", None)),
        ("Fern B, IN PRESS J LAKES", (None, None, "", None)),
        ("Fern B, 2001", ("Fern B", 2001, "", None)),
        ("2001, J LAKES", (None, 2001, "J LAKES", None)),
    ],
)
def test_a_cited_reference(printed, expected):
    [record], problems = read(f"PT J\nTI T\nCR {printed}\nER\n")
    [reference] = record.references
    author = reference.authors[0].name if reference.authors else None
    assert (author, reference.year, reference.venue, reference.identifiers.get("doi")) == expected
    assert reference.raw == printed and reference.title == "" and problems == []


def test_an_export_with_fewer_references_than_it_says_is_not_complete():
    [record], [problem] = read(EXPORT.replace("NR 2", "NR 30"))
    assert record.references_complete is False and len(record.references) == 2
    assert "30 cited references: 2 are here" in problem.reason and not problem.skipped


def test_an_entry_without_references_says_nothing_about_them():
    [record], _problems = read("PT J\nTI T\nNR 0\nER\n")
    assert record.references == [] and record.references_complete is False


def test_a_reference_to_the_paper_itself_and_a_bad_doi_are_warnings():
    text = EXPORT.replace("10.5555/Lake.1", "10.5555/TIDE.1").replace("*WHO, 1999", "X Y, 1999, DOI 10.5/1")
    [record], problems = read(text)
    assert record.references[0].identifiers == {}
    assert len(record.references) == 1 and [problem.skipped for problem in problems] == [False] * 2
    assert "not a DOI" in problems[0].reason and "of the paper itself" in problems[1].reason


@pytest.mark.parametrize(
    "lines, kind, retracted",
    [
        ("PT J\nDT Review", "review", None),
        ("PT C\nDT Proceedings Paper", "conference paper", None),
        ("PT B", "book", None),
        ("PT J\nDT Article; Retracted Publication", "article", True),
    ],
)
def test_kinds_and_retractions(lines, kind, retracted):
    [record], _problems = read(f"{lines}\nTI T\nER\n")
    assert (record.kind, record.retracted) == (kind, retracted)


def test_an_entry_without_title_is_a_skip_beside_good_ones():
    records, [problem] = read("PT J\nAU Moss, A\nER\n\n" + ENTRY)
    assert [record.line for record in records] == [5]
    assert (problem.line, problem.skipped) == (1, True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_table(encoding):
    [record], problems = read_bytes(TABLE.replace("\n", "\r\n").encode(encoding))
    assert problems == []
    assert (record.title, record.identifiers, record.line) == ('"Tides" of a lake', {"doi": "10.5555/t"}, 2)
    assert [author.name for author in record.authors] == ["Anna Moss", "Bo Fern"]
    assert [reference.identifiers for reference in record.references] == [{}, {"doi": "10.5555/lake.1"}]
    assert record.references_complete is True


def test_a_row_of_the_table_with_too_many_cells_is_a_skip():
    row = TABLE.splitlines()[1]
    records, [problem] = read(TABLE + row + "\ta\tb\n\n" + row)
    assert [record.line for record in records] == [2, 5]
    assert (problem.line, problem.skipped) == (3, True) and "13 cells, the header 12" in problem.reason


def test_40_000_references_in_one_entry():
    cited = "\n   ".join(f"Fern B, 2001, J LAKES, V{n}, P1, DOI 10.5555/{n}" for n in range(40_000))
    [record], problems = read(f"PT J\nTI T\nCR {cited}\nER\n")
    assert len(record.references) == 40_000 and problems == []


def test_a_file_without_entries_is_a_skip():
    records, [problem] = read("nothing of the kind")
    assert records == [] and problem.skipped and "no entry of Web of Science" in problem.reason


@pytest.mark.parametrize(
    "head, expected",
    [
        (EXPORT, True),
        (ENTRY, True),
        ("\ufeff" + EXPORT, True),
        ("FN Thomson Reuters Web of Science\nVR 1.0\n", True),
        (TABLE, True),
        ("TY  - JOUR\nAU  - Moss, A\n", False),
        ("PT is a word\nAU Moss\n", False),
        ("Title\tAuthors\tDOI\n", False),
    ],
)
def test_looks_like(head, expected):
    assert wos.looks_like(head.encode(), "x.txt") is expected
    assert wos.looks_like(head.encode("utf-16"), "x.txt") is expected
