"""Tables of papers: columns by name, delimiters, quotations, rows that do not fit."""

import io

import pytest

from papers.importers import csv_export
from papers.importers.source import Source
from tests.papers.importers.reading import sorted_out

HEADER = "Title,Authors,Year,DOI,Abstract,Source title,PubMed ID"
ROW = '"Tides, and lakes","Moss, A.; Fern, B.",2019,10.5555/Tide.1,Lakes move.,Journal of Lakes,123456'


def read_bytes(data):
    return sorted_out(csv_export.read(Source(io.BytesIO(data)), {}))


def read(*lines):
    return read_bytes("\n".join(lines).encode())


def read_one(**cells):
    """The record of a table of one row, given by its columns."""
    header = ",".join(f'"{name}"' for name in cells)
    [record], problems = read(
        header, ",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values())
    )
    assert problems == []
    return record


def test_the_columns_of_a_row():
    [record], problems = read(HEADER, ROW)
    assert problems == []
    assert record.identifiers == {"doi": "10.5555/tide.1", "pmid": "123456"}
    assert (record.title, record.venue, record.year) == ("Tides, and lakes", "Journal of Lakes", 2019)
    assert [author.name for author in record.authors] == ["A. Moss", "B. Fern"]
    assert record.abstract == "Lakes move." and record.line == 2 and record.references == []


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimiters_and_encodings(delimiter, encoding):
    lines = [
        delimiter.join(f'"{cell}"' for cell in cells)
        for cells in [("TITLE", "Author(s)", "doi"), ("Tides, and lakes", "Müller, A.", "10.5555/a")]
    ]
    [record], problems = read_bytes("\r\n".join(lines).encode(encoding))
    assert problems == [] and (record.title, record.authors[0].family) == ("Tides, and lakes", "Müller")


def test_an_encoding_that_is_guessed_is_reported():
    [record], [problem] = read_bytes(f"{HEADER}\n{ROW.replace('Moss', 'Müller')}".encode("latin-1"))
    assert record.authors[0].family == "Müller" and "not UTF-8" in problem.reason


@pytest.mark.parametrize(
    "names, expected",
    [
        ("Moss A., Fern B.", ["Moss A.", "Fern B."]),
        ("Moss A, Fern BC.", ["Moss A", "Fern BC."]),
        ("Moss, A., Fern, B.-C.", ["A. Moss", "B.-C. Fern"]),
        ("Anna Moss, Bo Fern", ["Anna Moss", "Bo Fern"]),
        ("Moss, Anna", ["Anna Moss"]),
        ("Moss, Anna B.", ["Anna B. Moss"]),
        ("Moss, Anna (57190000000); Fern, Bo (57190000001)", ["Anna Moss", "Bo Fern"]),
        ("Anna Moss and Bo Fern", ["Anna Moss", "Bo Fern"]),
        ("Moss, A.|Fern, B.", ["A. Moss", "B. Fern"]),
        ("", []),
    ],
)
def test_names_in_one_cell(names, expected):
    record = read_one(Title="T", Authors=names)
    assert [author.name for author in record.authors] == expected


def test_the_columns_of_embase():
    record = read_one(
        **{
            "Title": "Tides",
            "Original Title": "Gezeiten",
            "Author Names": "Moss A., Fern B.",
            "Source": "Journal of Lakes (2018) 45:4 (769-785). Date of Publication: 1 Dec 2018",
            "Open URL Link": "http://sfx.example/x?sid=EMBASE&id=doi:10.5555%2FTide.1&atitle=Tides",
        }
    )
    assert (record.venue, record.year, record.date) == ("Journal of Lakes", 2018, "2018-12-01")
    assert record.identifiers == {"doi": "10.5555/tide.1"} and record.title == "Tides"


def test_the_columns_of_scopus():
    record = read_one(
        **{
            "Authors": "Moss A.; Fern B.",
            "Author full names": "Moss, Anna (57190000000); Fern, Bo (57190000001)",
            "Title": "Tides",
            "Year": "2018",
            "Source title": "Journal of Lakes",
            "Link": "https://s.example/record.uri?eid=2-s2&doi=10.5555%2ftide.1&md5=a",
            "References": "Fern, B., Moons (2001) J. Lakes, 1; Reed, C., Suns (2002) J. Lakes, 2",
            "Language of Original Document": "English",
            "Document Type": "Conference paper",
            "Source": "Scopus",
        }
    )
    assert (record.venue, record.kind, record.language) == ("Journal of Lakes", "conference paper", "en")
    assert [author.name for author in record.authors] == ["Anna Moss", "Bo Fern"]
    assert record.identifiers == {"doi": "10.5555/tide.1"}
    assert [reference.title for reference in record.references] == ["Moons", "Suns"]
    assert record.references_complete is True


@pytest.mark.parametrize(
    "cells, expected",
    [
        ({"Source": "Scopus"}, ("", "", None)),
        ({"Source": "Journal of Lakes", "Type": "Review"}, ("Journal of Lakes", "review", None)),
        ({"Publication Title": "Lakes", "Item Type": "journalArticle"}, ("Lakes", "article", None)),
        ({"Journal/Book": "Lakes", "Publication Year": "2001"}, ("Lakes", "", 2001)),
        ({"PubYear": "2001.0"}, ("", "", 2001)),
        ({"Date Published": "2001-02-03"}, ("", "", 2001)),
        ({"References": "35"}, ("", "", None)),
    ],
)
def test_columns_of_others(cells, expected):
    record = read_one(Title="T", Authors="Moss A.", **cells)
    assert (record.venue, record.kind, record.year) == expected and record.references == []


def test_numbers_that_went_through_a_calculation():
    assert read_one(Title="T", PMID="123456.0").identifiers == {"pmid": "123456"}


def test_a_preamble_before_the_header_is_passed_over():
    [record], problems = read('"About the data: exported, today"', "", HEADER, ROW)
    assert problems == [] and record.line == 4


def test_quoted_lines_stay_in_their_cell_and_blank_rows_are_nothing():
    records, problems = read(
        HEADER, ROW.replace("Lakes move.", '"First.\n\nSecond ""part""."'), "", ",,,,,,", ROW
    )
    assert problems == []
    assert [record.line for record in records] == [2, 7]
    assert records[0].abstract == 'First.\n\nSecond "part".'


@pytest.mark.parametrize(
    "row, cells", [(ROW + ",one,two", 9), ("Tides,Moss", 2), ('"Tides,\nand lakes",Moss', 2)]
)
def test_a_row_that_does_not_fit_its_header_is_a_skip(row, cells):
    records, [problem] = read(HEADER, row, ROW)
    assert len(records) == 1 and (problem.line, problem.skipped) == (2, True)
    assert f"the row has {cells} cells, the header 7" in problem.reason


def test_empty_cells_behind_the_last_column_are_nothing():
    records, problems = read(HEADER, ROW + ",,,")
    assert len(records) == 1 and problems == []


def test_a_quotation_that_is_never_closed_costs_its_row_only():
    records, [problem] = read(
        HEADER, ROW, ROW.replace("Lakes", '"Lakes', 1).replace('"Tides', "Tides"), ROW, ROW
    )
    assert [record.line for record in records] == [2, 4, 5]
    assert problem.line == 3 and "quotation mark may be missing" in problem.reason


def test_quotations_made_to_be_read_again_and_again_stay_within_bounds():
    records, problems = read("DOI,Year", *['x","'] * 20_000)
    assert records == [] and all(problem.skipped for problem in problems)


def test_a_bad_cell_is_a_warning_and_a_row_that_names_nothing_a_skip():
    records, problems = read(HEADER, ROW.replace("10.5555/Tide.1", "none"), ",Moss A.,2001,,,,")
    assert [record.identifiers for record in records] == [{"pmid": "123456"}]
    assert [(problem.line, problem.skipped) for problem in problems] == [(2, False), (3, True)]


def test_text_that_a_spreadsheet_would_take_for_a_formula_stays_text():
    assert read_one(Title="=1+1", Authors="@Moss A.").title == "=1+1"


def test_a_cell_longer_than_the_csv_module_allows():
    references = "; ".join(f"Fern, B., Moons {n} (2001) J. Lakes, {n}" for n in range(5000))
    record = read_one(Title="T", Authors="Moss A.", References=references)
    assert len(record.references) == 5000 and record.references_complete is False


def test_a_table_without_known_columns_is_a_skip():
    records, [problem] = read("one,two", "1,2")
    assert records == [] and problem.skipped and "no header" in problem.reason


@pytest.mark.parametrize(
    "head, expected",
    [
        (HEADER + "\n" + ROW, True),
        ("\ufeff" + HEADER, True),
        ("title;authors\n", True),
        ("PMID\tYear\n", True),
        ("pmid\n1\n", False),
        ("Title,Year\n", False),
        ("oci,citing,cited,creation,timespan,journal_sc,author_sc\n", False),
        ("citing,cited\n", False),
        ('{"title": "T", "authors": []}', False),
        ("A text, with commas.\n", False),
    ],
)
def test_looks_like(head, expected):
    assert csv_export.looks_like(head.encode(), "x.csv") is expected
