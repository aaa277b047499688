"""What reference managers print alike: names, dates, languages, kinds, links."""

import pytest

from papers.importers.entries import (
    Entry,
    iso_date,
    kind_of,
    language_code,
    linked_identifier,
    people,
    person,
    record_of,
)
from papers.importers.fields import Report
from papers.importers.scopus_references import scopus_references


@pytest.mark.parametrize(
    "printed, expected",
    [
        ("2019", "2019"),
        ("2019///", "2019"),
        ("2019//", "2019"),
        ("2019/10//undefined", "2019-10"),
        ("2019/07/02/", "2019-07-02"),
        ("2019-7-2", "2019-07-02"),
        ("20190702", "2019-07-02"),
        ("2019-02-31", "2019-02"),
        ("2019-13", "2019"),
        ("2019-2020", "2019"),
        ("1 Dec 2018", "2018-12-01"),
        ("December  1, 2018", "2018-12-01"),
        ("2018 Dec 1", "2018-12-01"),
        ("3rd of March 2018", "2018-03-03"),
        ("SEP 2018", "2018-09"),
        ("Sep-Oct 2018", "2018-09"),
        ("10 January 1973", "1973-01-10"),
        ("MAR 15 2010", "2010-03-15"),
        ("31 Feb 2018", "2018-02"),
        ("03/04/2019", "2019"),
        ("c2001", "2001"),
        ("2001a", "2001"),
        ("Spring 2001", "2001"),
        ("2019.0", "2019"),
        ("9999", ""),
        ("in press", ""),
        ("SEP", ""),
        ("", ""),
        ("1" * 5000, ""),
    ],
)
def test_a_printed_date_is_as_exact_as_it_is(printed, expected):
    assert iso_date(printed) == expected


@pytest.mark.parametrize(
    "year, dates, expected",
    [
        ("2018", ["SEP"], (2018, "2018-09")),
        ("2018", ["Mar 1"], (2018, "2018-03-01")),
        ("2018", ["2018/03/01"], (2018, "2018-03-01")),
        ("2018", ["2018-03", "2018-03-09"], (2018, "2018-03-09")),
        ("2018", ["2017-12-30"], (2018, "2018")),
        ("", ["2017-12-30"], (2017, "2017-12-30")),
        ("", [], (None, "")),
        ("", ["SEP"], (None, "")),
    ],
)
def test_year_and_date_agree(year, dates, expected):
    report = Report(7)
    record = record_of(Entry(title="T", year=year, dates=dates), report)
    assert (record.year, record.date) == expected and report.problems == []


def test_a_year_that_is_none_is_a_warning():
    report = Report(7)
    assert record_of(Entry(title="T", year="in press"), report).year is None
    [problem] = report.problems
    assert "'in press' is not a year" in problem.reason and (problem.line, problem.skipped) == (7, False)


@pytest.mark.parametrize(
    "printed, name, family, given",
    [
        ("Moss, Anna", "Anna Moss", "Moss", "Anna"),
        ("van der Moss, A. B.", "A. B. van der Moss", "van der Moss", "A. B."),
        ("Moss, Anna, Jr.", "Anna Moss Jr.", "Moss", "Anna"),
        ("Moss, Jr., Anna", "Anna Moss Jr.", "Moss", "Anna"),
        ("Moss A.", "Moss A.", "", ""),
        ("Anna Moss", "Anna Moss", "", ""),
        ("Institute of Lakes,", "Institute of Lakes", "", ""),
        ("M&uuml;ller, J", "J Müller", "Müller", "J"),
    ],
)
def test_a_printed_name(printed, name, family, given):
    author = person(printed)
    assert (author.name, author.family, author.given) == (name, family, given)


def test_names_that_name_nobody_are_left_out():
    assert people(["", ",", " et al.", "others", "[Anonymous]", "Moss, A."]) == [person("Moss, A.")]


@pytest.mark.parametrize(
    "printed, code",
    [
        ("English", "en"),
        ("eng", "en"),
        ("English; French", "en"),
        ("en-US", "en-us"),
        ("Deutsch", "de"),
        ("Klingon of the lakes", ""),
        ("", ""),
    ],
)
def test_a_printed_language(printed, code):
    assert language_code(printed) == code


@pytest.mark.parametrize(
    "printed, kind",
    [
        ("Journal Article", "article"),
        ("journalArticle", "article"),
        ("Article; Early Access", "article"),
        ("Proceedings Paper", "conference paper"),
        ("Conference-paper", "conference paper"),
        ("Review", "review"),
        ("Something of its own", ""),
        ("", ""),
    ],
)
def test_a_printed_kind(printed, kind):
    assert kind_of(printed) == kind


@pytest.mark.parametrize(
    "link, pair",
    [
        ("https://doi.org/10.5555/Lake.1", ("doi", "10.5555/lake.1")),
        ("http://sfx.example/x?sid=a&id=doi:10.5555%2FLake.1&atitle=b", ("doi", "10.5555/lake.1")),
        ("https://s.example/r.uri?eid=2-s2&doi=10.5555%2flake.1&md5=c", ("doi", "10.5555/lake.1")),
        ("https://pubmed.ncbi.nlm.nih.gov/123456/", ("pmid", "123456")),
        ("https://arxiv.org/abs/2104.07143v2", ("arxiv", "2104.07143")),
        ("https://example.org/10", None),
        ("http://sfx.example/x?id=doi:nonsense", None),
        ("", None),
    ],
)
def test_the_identifier_within_a_link(link, pair):
    assert linked_identifier(link) == pair


def test_stated_identifiers_come_before_those_in_links():
    entry = Entry(
        identifiers=[("doi", " "), ("doi", "https://doi.org/10.5555/A"), ("pmid", "PMID: 77")],
        links=["https://doi.org/10.5555/other", "https://arxiv.org/abs/2104.07143"],
    )
    report = Report(1)
    record = record_of(entry, report)
    assert record.identifiers == {"doi": "10.5555/a", "arxiv": "2104.07143", "pmid": "77"}
    assert report.problems == []


def test_an_invalid_and_a_second_identifier_are_warnings():
    report = Report(1)
    entry = Entry(identifiers=[("doi", "10.5555/a"), ("doi", "10.5555/b"), ("pmid", "x")])
    assert record_of(entry, report).identifiers == {"doi": "10.5555/a"}
    assert [problem.skipped for problem in report.problems] == [False, False]
    assert "'10.5555/b' is a second one" in report.problems[0].reason
    assert "not a PubMed identifier" in report.problems[1].reason


def test_an_entry_without_title_and_identifier_is_a_skip():
    report = Report(3)
    assert record_of(Entry(title=" ", links=["https://example.org"]), report) is None
    assert [(problem.line, problem.skipped) for problem in report.problems] == [(3, True)]


def test_a_title_may_say_that_the_work_is_retracted():
    assert record_of(Entry(title="RETRACTED: On lakes"), Report(1)).retracted is True
    assert record_of(Entry(title="On lakes"), Report(1)).retracted is None


SCOPUS = """ Moss, A.B., van Fern, C.-D., On tides; and lakes, again (2001) J. Lakes, 12, pp. 1-2;
Moss, A., Moons, doi: 10.5555/moon (2003) Sky;
Institute of Lakes, Yearbook (2002) , 4;
Reed, C., (2010) The book of ponds, , Pond City: Pond Press;

Reed, C., Ponds of late, Pond Letters, 3, pp. 4-5, (2023)
Reed, C., no year at all"""


def test_a_list_of_references_as_scopus_prints_it():
    report = Report(1)
    references = scopus_references(SCOPUS, report)
    told = [(r.title, [author.name for author in r.authors], r.year, r.venue) for r in references]
    assert told == [
        ("On tides; and lakes, again", ["A.B. Moss", "C.-D. van Fern"], 2001, "J. Lakes"),
        ("Moons, doi: 10.5555/moon", ["A. Moss"], 2003, "Sky"),
        ("", [], 2002, ""),
        ("The book of ponds", ["C. Reed"], 2010, ""),
        ("", ["C. Reed"], 2023, ""),
        ("", [], None, ""),
    ]
    assert references[1].identifiers == {"doi": "10.5555/moon"}
    assert references[0].raw.startswith("Moss, A.B.") and references[0].raw.endswith("pp. 1-2")
    assert report.problems == []


def test_in_one_line_semicolons_part_the_references():
    printed = "Moss, A., Tides (2001) J. Lakes, 1; Fern, B., Moons (2002) Sky, 2"
    assert [r.title for r in scopus_references(printed, Report(1))] == ["Tides", "Moons"]
