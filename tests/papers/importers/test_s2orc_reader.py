"""S2ORC in its layouts of 2019, 2020 and 2021, and what doc2json writes."""

import io
import json

import pytest

from papers.importers import native, s2orc, unarxive
from papers.importers.source import Source
from papers.records import PaperRecord, Problem
from tests.papers.importers.reading import citing, sorted_out


def paragraph(text, *marks, section="Results", number=None, **others):
    """A paragraph in which each (words, ref_id) of ``marks`` is a span, in order."""
    spans, place = [], 0
    for words, ref_id in marks:
        start = text.index(words, place)
        place = start + len(words)
        spans.append({"start": start, "end": place, "text": words, "ref_id": ref_id})
    return {
        "text": text,
        "cite_spans": spans,
        "ref_spans": [],
        "section": section,
        "sec_num": number,
    } | others


def entry(number, family="Fern", year=2001, **others):
    return {
        "ref_id": f"b{number - 1}",
        "title": f"Work number {number}",
        "authors": [{"first": "B", "middle": ["C"], "last": family, "suffix": ""}],
        "year": year,
        "venue": "J Invent Waters",
        "other_ids": {},
    } | others


def parse(*body, entries=None, **others):
    entries = entries or [entry(number) for number in range(1, 5)]
    listed = {f"BIBREF{number}": one for number, one in enumerate(entries)}
    return {"abstract": [], "body_text": list(body), "back_matter": [], "bib_entries": listed} | others


BODY = paragraph("Lakes move [1] . Ponds do not.", ("[1]", "BIBREF0"))
METADATA = {
    "title": "On tides",
    "authors": [{"first": "Ada", "middle": ["B"], "last": "Moss", "suffix": "Jr"}],
    "abstract": "We move.",
    "year": "2021",
    "doi": "10.5555/Tide.1",
    "arxiv_id": None,
    "venue": "",
    "journal": "J Invent Waters",
}
LAYOUTS = {
    "2019": {"paper_id": "77", "metadata": METADATA, "grobid_parse": parse(BODY), "latex_parse": None},
    "2020": {"paper_id": "77", "_pdf_hash": "ab" * 20, **parse(BODY)},
    "2021": {"paper_id": "ab" * 20, "metadata": METADATA, **parse(BODY)},
    "doc2json": {
        "paper_id": "N18-3011",
        "header": {"generated_with": "S2ORC 1.0.0"},
        "title": "On tides",
        "authors": [],
        "year": "",
        "abstract": "We move.",
        "pdf_parse": parse(BODY),
    },
}


def read(*values, indent=None):
    data = "\n".join(json.dumps(value, indent=indent) for value in values).encode()
    return sorted_out(s2orc.read(Source(io.BytesIO(data)), {}))


def read_one(*body, entries=None, **others):
    [record], problems = read({"paper_id": "77"} | parse(*body, entries=entries) | others)
    assert problems == []
    return record


# Layouts


@pytest.mark.parametrize(
    "layout, identifiers, title",
    [
        ("2019", {"doi": "10.5555/tide.1", "corpusid": "77"}, "On tides"),
        ("2020", {"corpusid": "77"}, ""),
        ("2021", {"doi": "10.5555/tide.1"}, "On tides"),
        ("doc2json", {"acl": "N18-3011"}, "On tides"),
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_each_layout_gives_the_paper_its_entries_and_their_sentences(layout, identifiers, title, indent):
    [record], problems = read(LAYOUTS[layout], indent=indent)
    assert problems == []
    assert (record.identifiers, record.title) == (identifiers, title)
    assert len(record.references) == 4 and record.references_complete
    assert citing(record) == {1: [("Lakes move {[1]}.", 1, "Results")]}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_recognised(layout):
    for indent in (None, 1):
        head = json.dumps(LAYOUTS[layout], indent=indent).encode()
        assert s2orc.looks_like(head, "x.json")
        assert not unarxive.looks_like(head, "x.json") and not native.looks_like(head, "x.json")


@pytest.mark.parametrize(
    "head", [b'{"paper_id": 1, "title": "x"}', b'{"body_text": []}', b"<paper_id>", b'{"identifiers": {}}']
)
def test_other_files_are_not_s2orc(head):
    assert not s2orc.looks_like(head, "x.json")


def test_metadata_is_read_field_by_field():
    record = read(LAYOUTS["2019"])[0][0]
    assert [(a.name, a.family, a.given) for a in record.authors] == [("Ada B Moss Jr", "Moss", "Ada B")]
    assert (record.year, record.venue, record.abstract) == (2021, "J Invent Waters", "We move.")


def test_a_line_of_metadata_alone_gives_its_outbound_citations():
    line = METADATA | {
        "paper_id": "77",
        "outbound_citations": ["5", "6", "x", "77"],
        "abstract": "One.:::Two.",
        "mag_field_of_study": ["Physics"],
        "has_pdf_parse": False,
    }
    [record], [problem] = read(line)
    assert [reference.identifiers for reference in record.references] == [
        {"corpusid": "5"},
        {"corpusid": "6"},
    ]
    assert not record.references_complete
    assert record.abstract == "One.\n\nTwo." and record.fields == ["Physics"]
    assert "is the paper itself" in problem.reason


@pytest.mark.parametrize(
    "year, date", [("2011-11", "2011-11"), (2011, "2011"), ("2011 Nov", "2011"), ("", ""), (None, "")]
)
def test_years_come_in_several_forms(year, date):
    record = read({"paper_id": "77", "metadata": METADATA | {"year": year}, **parse(BODY)})[0][0]
    assert record.date == date and record.year == (int(date[:4]) if date else None)


def test_the_parse_with_more_linked_markers_is_taken():
    latex = parse(
        paragraph(
            "Both BIBREF0 and BIBREF1 use INLINEFORM3 .", ("BIBREF0", "BIBREF0"), ("BIBREF1", "BIBREF1")
        )
    )
    [record], _ = read(LAYOUTS["2019"] | {"latex_parse": latex})
    assert citing(record) == {
        1: [("Both {[1]} and [2] use [formula].", 2, "Results")],
        2: [("Both [1] and {[2]} use [formula].", 2, "Results")],
    }


# Entries


@pytest.mark.parametrize(
    "others, identifiers",
    [
        ({"link": "123"}, {"corpusid": "123"}),
        ({"links": "123"}, {"corpusid": "123"}),
        ({"links": ["123"]}, {"corpusid": "123"}),
        (
            {"other_ids": {"DOI": ["10.5555/A"], "arXiv": ["2101.00001"]}},
            {"doi": "10.5555/a", "arxiv": "2101.00001"},
        ),
        ({"other_ids": {"PMID": "77", "PMCID": ["PMC5"]}}, {"pmid": "77", "pmcid": "PMC5"}),
        ({"other_ids": {"DOI": ["none", None]}, "link": None}, {}),
        ({"raw_text": "Fern B. doi:10.5555/raw."}, {"doi": "10.5555/raw"}),
    ],
)
def test_identifiers_of_an_entry_are_found_where_the_releases_put_them(others, identifiers):
    assert read_one(entries=[entry(1, **others)]).references[0].identifiers == identifiers


def test_an_entry_is_read_field_by_field():
    reference = read_one(entries=[entry(1, year="1999", raw_text="Fern. Work. 1999")]).references[0]
    assert (reference.title, reference.year, reference.venue) == ("Work number 1", 1999, "J Invent Waters")
    assert [(a.name, a.family, a.given) for a in reference.authors] == [("B C Fern", "Fern", "B C")]
    assert reference.raw == "Fern. Work. 1999"


def test_an_empty_entry_is_counted_and_left_out():
    empty = {"title": "", "authors": [], "year": None, "venue": ""}
    [record], [problem] = read({"paper_id": "77"} | parse(BODY, entries=[entry(1), empty]))
    assert len(record.references) == 1 and "left out: 1" in problem.reason


# Text


def test_grouped_author_year_markers_get_clean_marks():
    text = "Lakes move (Fern, 2001; Moss, 2002) . Ponds (e.g. Kelp, 2003) do."
    body = paragraph(
        text, ("(Fern, 2001;", "BIBREF0"), ("Moss, 2002)", "BIBREF1"), ("Kelp, 2003)", "BIBREF2")
    )
    assert citing(read_one(body)) == {
        1: [("Lakes move ({Fern, 2001}; Moss, 2002).", 2, "Results")],
        2: [("Lakes move (Fern, 2001; {Moss, 2002}).", 2, "Results")],
        3: [("Ponds (e.g. {Kelp, 2003}) do.", 1, "Results")],
    }


@pytest.mark.parametrize("num", [True, False])
def test_a_range_cites_the_entries_between_its_ends(num):
    text = "Lakes move [1] . Boats [2] sink. All [1]-[4] were seen, and [3]."
    marks = [("[1]", 0), ("[2]", 1), ("[1]", 0), ("[4]", 3), ("[3]", 2)]
    body = paragraph(text, *((words, f"BIBREF{number}") for words, number in marks))
    entries = [entry(number, num=number if num else None) for number in range(1, 5)]
    found = citing(read_one(body, entries=entries))
    assert "All {[1]-[4]} were seen, and [3]." in [sentence for sentence, *_ in found[2]]


@pytest.mark.parametrize(
    "words, found", [("(Kelp, 2015)", [2]), ("(Kelp, 2016)", []), ("(Kelp and Moss, 2015)", [])]
)
def test_a_span_without_entry_finds_it_by_author_and_year(words, found):
    body = paragraph(f"Lakes move {words} .", (words, None))
    [record], problems = read({"paper_id": "7"} | parse(body, entries=[entry(1), entry(2, "Kelp", 2015)]))
    assert sorted(citing(record)) == found and len(problems) == (not found)


def test_spans_that_mark_nothing_are_counted_and_left_out():
    body = BODY | {
        "cite_spans": [
            {"start": 11, "end": 14, "text": "[1]", "ref_id": "BIBREF0"},
            {"start": 12, "end": 13, "text": "1", "ref_id": "BIBREF1"},
            {"start": 3, "end": 6, "text": "[9]", "ref_id": "BIBREF1"},
            {"start": 50, "end": 60, "ref_id": "BIBREF2"},
            {"start": -1, "end": 3, "ref_id": "BIBREF3"},
            {"start": None, "end": 3, "ref_id": "BIBREF3"},
        ]
    }
    [record], [problem] = read({"paper_id": "77"} | parse(body))
    assert citing(record) == {1: [("Lakes move {[1]}.", 1, "Results")]}
    assert "left out: 4" in problem.reason


@pytest.mark.parametrize(
    "sections, expected",
    [
        ([("Data", "4"), ("Boats", "4.1")], "Data"),
        ([("Data", None), ("Boats", None)], "Boats"),
        ([("Data::Boats", "4.1")], "Data"),
        ([([["4", "Data"], ["4.1", "Boats"]], None)], "Data"),
        ([("II. DATA", None), ("A. Boats", None)], "II. DATA"),
        ([("II. DATA", None), ("1) Boats", None)], "II. DATA"),
        ([("Boats", "4.1")], "Boats"),
        ([(None, None)], ""),
        ([(7, None)], ""),
    ],
)
def test_the_section_is_the_outermost_title(sections, expected):
    body = [paragraph("Words.", section=title, number=number) for title, number in sections[:-1]]
    body.append(BODY | {"section": sections[-1][0], "sec_num": sections[-1][1]})
    [record], _ = read({"paper_id": "77"} | parse(*body))
    assert record.references[0].contexts[0].section == expected


def test_abstract_and_back_matter_are_read_in_order():
    parts = {"abstract": [BODY], "back_matter": [BODY | {"section": "Thanks"}]}
    [first, last] = read_one(**parts).references[0].contexts
    assert (first.section, last.section) == ("Abstract", "Thanks")
    assert first.position < last.position
    assert (first.before, first.after) == ("", "Ponds do not.")


# Bad input


def test_lines_are_read_one_by_one_and_bad_ones_skipped():
    good = json.dumps(LAYOUTS["2020"])
    data = "\n".join([good, '{"paper_id": ', "[1]", '{"paper_id": null}', good]).encode()
    items = list(s2orc.read(Source(io.BytesIO(data)), {}))
    assert [item.line for item in items if isinstance(item, PaperRecord)] == [1, 5]
    assert [(item.line, item.skipped) for item in items if isinstance(item, Problem)] == [
        (2, True),
        (3, True),
        (4, True),
    ]


def test_fields_of_a_wrong_type_are_left_out_with_a_warning():
    broken = LAYOUTS["2019"] | {
        "metadata": METADATA | {"title": 7, "authors": "Moss", "year": []},
        "grobid_parse": parse(BODY, {"text": 7, "cite_spans": {}}, back_matter=None),
    }
    [record], problems = read(broken)
    assert record.title == "" and record.authors == [] and sorted(citing(record)) == [1]
    assert len(problems) == 5 and not any(problem.skipped for problem in problems)
