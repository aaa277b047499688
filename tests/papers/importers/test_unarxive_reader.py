"""unarXive: lines with placeholders for citations, formulas and floats."""

import io
import json

import pytest

from papers.importers import native, s2orc, unarxive
from papers.importers.source import Source
from papers.records import VersionRecord
from tests.papers.importers.reading import citing, sorted_out

IDS = ("open_alex_id", "sem_open_alex_id", "pubmed_id", "pmc_id", "doi", "arxiv_id")


def cite(number):
    return f"{{{{cite:hash{number}}}}}"


def formula(name):
    return f"{{{{formula:{name}}}}}"


def entry(number, links=(), contained=(), **ids):
    return {
        "bib_entry_raw": f"B. Fern. Work number {number}. J. Inv., {2000 + number}.",
        "contained_arXiv_ids": [{"id": one, "text": one, "start": 0, "end": 5} for one in contained],
        "contained_links": [{"url": url, "text": "x", "start": 0, "end": 5} for url in links],
        "discipline": "Physics",
        "ids": dict.fromkeys(IDS, "") | ids,
    }


def paragraph(text, section="Results", number="2", kind="section"):
    return {
        "section": section,
        "sec_number": number,
        "sec_type": kind,
        "content_type": "paragraph",
        "text": text,
        "cite_spans": [],
        "ref_spans": [],
    }


METADATA = {
    "id": "2104.07143",
    "title": "On the tides of\n  a lake",
    "authors": "Ada Moss",
    "authors_parsed": [["Moss", "Ada", ""], ["Fern", "B.", "Jr"], ["", ""]],
    "abstract": "  Lakes\nmove.\n",
    "categories": "physics.flu-dyn math.CA",
    "doi": None,
    "journal-ref": None,
    "license": "http://creativecommons.org/licenses/by/4.0/",
    "versions": [
        {"version": "v1", "created": "Thu, 22 Apr 2021 17:01:56 GMT"},
        {"version": "v2", "created": "Mon, 3 May 2021 10:00:00 GMT"},
    ],
    "update_date": "2021-05-04",
}


def paper(*body, entries=4, formulas=None, **others):
    listed = [entry(number) for number in range(1, entries + 1)] if isinstance(entries, int) else entries
    return {
        "paper_id": "2104.07143",
        "_source_hash": "ab" * 20,
        "_source_name": "2104.07143.gz",
        "metadata": METADATA,
        "discipline": "Physics",
        "abstract": {"section": "Abstract", "text": "  Lakes\nmove.\n", "cite_spans": [], "ref_spans": []},
        "body_text": list(body),
        "bib_entries": {f"hash{number}": one for number, one in enumerate(listed, start=1)},
        "ref_entries": {
            name: {"latex": latex, "type": "formula"} for name, latex in (formulas or {}).items()
        },
    } | others


def read(*values):
    data = "\n".join(json.dumps(value) for value in values).encode()
    return sorted_out(unarxive.read(Source(io.BytesIO(data)), {}))


def read_one(*body, **options):
    [record], problems = read(paper(*body, **options))
    assert problems == []
    return record


def test_metadata_is_read_field_by_field():
    record = read_one()
    assert record.identifiers == {"arxiv": "2104.07143"}
    assert (record.title, record.abstract) == ("On the tides of a lake", "Lakes move.")
    assert [(a.name, a.family, a.given) for a in record.authors] == [
        ("Ada Moss", "Moss", "Ada"),
        ("B. Fern Jr", "Fern", "B."),
    ]
    assert (record.date, record.year, record.kind) == ("2021-04-22", 2021, "preprint")
    assert record.fields == ["Physics", "physics.flu-dyn", "math.CA"]
    assert record.license == "CC BY 4.0"
    assert record.versions == [] and record.references_complete


@pytest.mark.parametrize(
    "told, identifiers, versions",
    [
        (
            {"doi": "10.5555/TIDE.1", "journal-ref": "J. Inv. 3 (2021)"},
            {"arxiv": "2104.07143", "doi": "10.5555/tide.1"},
            [VersionRecord("published", {"doi": "10.5555/tide.1"}, venue="J. Inv. 3 (2021)")],
        ),
        (
            {"doi": "10.5555/a 10.5555/b"},
            {"arxiv": "2104.07143", "doi": "10.5555/a"},
            [VersionRecord("published", {"doi": "10.5555/a"})],
        ),
        (
            {"journal-ref": "J. Inv. 3 (2021)"},
            {"arxiv": "2104.07143"},
            [VersionRecord("published", venue="J. Inv. 3 (2021)")],
        ),
    ],
)
def test_the_published_version_is_a_version(told, identifiers, versions):
    record = read_one(metadata=METADATA | told)
    assert (record.identifiers, record.versions) == (identifiers, versions)


def test_without_versions_the_last_change_dates_the_paper():
    assert read_one(metadata=METADATA | {"versions": None}).date == "2021-05-04"


@pytest.mark.parametrize(
    "one, identifiers",
    [
        (
            entry(1, doi="10.5555/A", open_alex_id="https://openalex.org/W7", arxiv_id="2101.00001"),
            {"doi": "10.5555/a", "arxiv": "2101.00001", "openalex": "W7"},
        ),
        (entry(1, pubmed_id="77", pmc_id="PMC5"), {"pmid": "77", "pmcid": "PMC5"}),
        (entry(1, contained=["2101.00001v2"]), {"arxiv": "2101.00001"}),
        (entry(1, contained=["2101.00001", "2101.00002"]), {}),
        (entry(1, links=["http://doi.org/10.5555/B", "https://doi.org/10.5555/b"]), {"doi": "10.5555/b"}),
        (entry(1, links=["http://doi.org/10.5555/b", "http://doi.org/10.5555/c"]), {}),
        (entry(1) | {"bib_entry_raw": "Fern, doi: 10.5555/raw"}, {"doi": "10.5555/raw"}),
        (entry(1, doi="none"), {}),
    ],
)
def test_identifiers_of_an_entry_come_from_ids_links_and_print(one, identifiers):
    assert read_one(entries=[one]).references[0].identifiers == identifiers


def test_citations_are_shown_as_the_numbers_of_their_entries():
    text = f"Lakes\nmove {cite(2)}, {cite(3)}. Ponds {cite(4)} do not."
    assert citing(read_one(paragraph(text))) == {
        2: [("Lakes move {[2]}, [3].", 2, "Results")],
        3: [("Lakes move [2], {[3]}.", 2, "Results")],
        4: [("Ponds {[4]} do not.", 1, "Results")],
    }


@pytest.mark.parametrize(
    "text, shown",
    [
        (f"Lakes move{cite(1)}. Ponds do.", "Lakes move {[1]}."),
        (f"Lakes move.{cite(1)} Ponds do.", "Lakes move.{[1]}"),
        (f"Lakes move ({cite(1)}).", "Lakes move ({[1]})."),
        (f"Lakes move by {formula('f')} , as in {cite(1)} .", "Lakes move by μ, as in {[1]}."),
        (f"Lakes move{formula('f')}{cite(1)}.", "Lakes moveμ {[1]}."),
        (
            f"Fig. {{{{figure:x}}}} and {{{{table:y}}}} show {cite(1)}.",
            "Fig. [figure] and [table] show {[1]}.",
        ),
        (f"One point.\n\nLakes move {cite(1)}.", "Lakes move {[1]}."),
    ],
)
def test_placeholders_become_readable_and_the_mark_stays_right(text, shown):
    record = read_one(paragraph(text), formulas={"f": r"\mu "})
    assert citing(record)[1][0][0] == shown


@pytest.mark.parametrize(
    "latex, shown",
    [
        (r"\mu _n", "μ _n"),
        ("1/n", "1/n"),
        ("a < b", "a < b"),
        (r"x \cite {a}", "[formula]"),
        ("_", "[formula]"),
        ("", "[formula]"),
        ("x" * 300, "[formula]"),
        # the conversion took the words between two formulas for one
        (" chosen from a probability measure ", "[formula]"),
    ],
)
def test_formulas_stay_short_and_readable(latex, shown):
    text = f"Here {formula('f')} holds {cite(1)}."
    record = read_one(paragraph(text), formulas={"f": latex})
    assert citing(record)[1][0][0] == f"Here {shown} holds {{[1]}}."


def test_a_paragraph_that_the_conversion_repeats_counts_once():
    words = paragraph(f"A paragraph that is long enough to stand only once {cite(1)}.")
    assert len(read_one(words, paragraph("Proof."), words).references[0].contexts) == 1


@pytest.mark.parametrize(
    "places, section",
    [
        ([("Data", "4", "section"), ("Boats", "4.1", "subsection")], "Data"),
        ([("Boats", "4.1", "subsection")], "Boats"),
        # subsections that count from 1 again are no part of section 1
        ([("Data", "1", "section"), ("Boats", "1", "subsection")], "Boats"),
        ([("Thanks", "-1", "section")], "Thanks"),
    ],
)
def test_the_section_is_the_outermost_title_that_is_known(places, section):
    texts = [*("Words." for _ in places[1:]), f"Lakes move {cite(1)}."]
    record = read_one(*(paragraph(text, *place) for text, place in zip(texts, places, strict=True)))
    assert record.references[0].contexts[0].section == section


def test_a_citation_of_an_unknown_entry_is_shown_and_reported():
    [record], [problem] = read(paper(paragraph(f"Lakes move {cite(1)}, {cite(9)}.")))
    assert citing(record) == {1: [("Lakes move {[1]}, [?].", 2, "Results")]}
    assert '"hash9", which is not in the reference list' in problem.reason and problem.line == 1


def test_bad_lines_are_skipped_and_bad_fields_left_out():
    broken = paper(paragraph(f"Lakes move {cite(1)}."), metadata=METADATA | {"title": 7, "versions": {}})
    nothing = paper(paper_id="x", metadata=None)
    records, problems = read(broken, nothing, [])
    assert [record.line for record in records] == [1]
    assert records[0].title == "" and sorted(citing(records[0])) == [1]
    assert [(problem.line, problem.skipped) for problem in problems if problem.skipped] == [(2, True)]
    assert len([problem for problem in problems if problem.line == 1]) == 2


def test_unarxive_is_told_from_s2orc_and_native():
    head = json.dumps(paper(paragraph(f"Lakes {cite(1)}."))).encode()
    assert unarxive.looks_like(head, "x.jsonl") and not native.looks_like(head, "x.jsonl")
    assert not unarxive.looks_like(b'{"paper_id": "1", "_pdf_hash": "", "body_text": []}', "x.jsonl")
    assert s2orc.looks_like(b'{"paper_id": "1", "_pdf_hash": "", "body_text": []}', "x.jsonl")
