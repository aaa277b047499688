"""Crossref works as JSON: answers, lists, lines, and what Crossref says of notices and versions."""

import io
import json

import pytest

from papers.importers import crossref
from papers.importers.source import Source
from papers.records import NoticeRecord, VersionRecord
from tests.papers.importers.reading import sorted_out

WORK = {
    "DOI": "10.5555/Tide.1",
    "type": "journal-article",
    "title": ["On <i>tides</i>"],
    "author": [
        {
            "given": "Ada",
            "family": "Moss",
            "suffix": "Jr",
            "ORCID": "http://orcid.org/0000-0002-1825-0097",
            "sequence": "first",
        },
        {"name": "The Spoon Collaboration"},
    ],
    "issued": {"date-parts": [[2021]]},
    "published-online": {"date-parts": [[2021, 4, 21]]},
    "container-title": ["J Invent Waters"],
    "language": "en",
    "subject": ["Physics", "Physics", "Geology"],
    "abstract": "<jats:title>Abstract</jats:title><jats:sec><jats:title>Aim</jats:title>"
    "<jats:p>Spoons pull.</jats:p></jats:sec><jats:sec><jats:p>Water &lt; moons.</jats:p></jats:sec>",
    "license": [
        {"URL": "https://example.org/mining", "content-version": "tdm"},
        {"URL": "http://creativecommons.org/licenses/by/4.0/", "content-version": "vor"},
    ],
    "is-referenced-by-count": 3,
    "reference-count": 2,
    "reference": [
        {
            "key": "r1",
            "DOI": "10.5555/MOON",
            "article-title": "Moon",
            "author": "B Fern",
            "year": "1999a",
            "journal-title": "J Moons",
        },
        {"key": "r2", "volume-title": "A book of lakes", "year": "2001"},
    ],
}


def read_bytes(data):
    return sorted_out(crossref.read(Source(io.BytesIO(data)), {}))


def read(value):
    return read_bytes(json.dumps(value).encode())


def answer(*works):
    return {
        "status": "ok",
        "message-type": "work-list",
        "message": {"total-results": 9, "items": list(works)},
    }


def test_a_work_is_a_record_with_all_that_the_library_keeps():
    [record], problems = read({"status": "ok", "message-type": "work", "message": WORK})
    assert problems == []
    assert record.identifiers == {"doi": "10.5555/tide.1"}
    assert (record.title, record.venue, record.kind) == ("On tides", "J Invent Waters", "article")
    assert (record.year, record.date, record.language) == (2021, "2021-04-21", "en")
    assert record.fields == ["Physics", "Geology"] and record.license == "CC BY 4.0"
    assert record.abstract == "AIM: Spoons pull.\n\nWater < moons."
    assert [(author.name, author.family, author.identifiers) for author in record.authors] == [
        ("Ada Moss Jr", "Moss", {"orcid": "0000-0002-1825-0097"}),
        ("The Spoon Collaboration", "", {}),
    ]
    moon, lakes = record.references
    assert moon.identifiers == {"doi": "10.5555/moon"} and moon.authors[0].name == "B Fern"
    assert (moon.title, moon.year, moon.venue) == ("Moon", 1999, "J Moons")
    assert (lakes.title, lakes.year, lakes.identifiers) == ("A book of lakes", 2001, {})
    assert record.references_complete is True and record.retracted is None


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(answer(WORK, WORK)),
        json.dumps(answer(WORK, WORK), indent=1),
        json.dumps([WORK, WORK]),
        json.dumps({"items": [WORK, WORK]}),
        json.dumps(WORK) + "\n" + json.dumps(WORK),
        json.dumps({"message": WORK}) + "\n" + json.dumps({"message": WORK}),
    ],
)
def test_answers_lists_and_lines_are_read_alike(data):
    records, problems = read_bytes(data.encode())
    assert [record.title for record in records] == ["On tides"] * 2 and problems == []


def test_texts_may_stand_where_the_service_gives_lists():
    [record], problems = read(
        WORK | {"title": "Plain", "container-title": "J", "subject": "S", "type": "article-journal"}
    )
    assert (record.title, record.venue, record.fields, record.kind) == ("Plain", "J", ["S"], "article")
    assert problems == []


@pytest.mark.parametrize(
    "parts, date",
    [
        ([[2021]], "2021"),
        ([[2021, 4]], "2021-04"),
        ([[2021, 4, 5]], "2021-04-05"),
        ([["2021", "4", "5"]], "2021-04-05"),
        ([[2021, 13, 5]], "2021"),
        ([[2021, 2, 30]], "2021-02"),
        ([[2021, 0]], "2021"),
        ([[None]], ""),
        ([], ""),
        ([None], ""),
        ([[20211]], ""),
    ],
)
def test_dates_come_in_every_precision(parts, date):
    [record], problems = read(WORK | {"issued": {"date-parts": parts}, "published-online": None})
    assert record.date == date and problems == []
    assert record.year == (2021 if date else None)


@pytest.mark.parametrize(
    "changes, kind, venue, fields",
    [
        (
            {"type": "posted-content", "institution": [{"name": "bioInvent"}], "group-title": "Ecology"},
            "preprint",
            "bioInvent",
            ["Ecology"],
        ),
        ({"type": "book-chapter"}, "book chapter", "", []),
        ({"type": "proceedings-article"}, "conference paper", "", []),
        ({"type": None}, "", "", []),
    ],
)
def test_kinds_and_the_repository_of_a_preprint(changes, kind, venue, fields):
    [record], _problems = read(WORK | {"container-title": [], "subject": []} | changes)
    assert (record.kind, record.venue, record.fields) == (kind, venue, fields)


@pytest.mark.parametrize(
    "entry, identifiers, title, raw",
    [
        ({"unstructured": "Moss. Tides. doi:10.5555/x.9."}, {"doi": "10.5555/x.9"}, "", None),
        ({"unstructured": "Moss. arXiv:2104.07143"}, {"arxiv": "2104.07143"}, "", None),
        ({"unstructured": "See https://arxiv.org/abs/2104.07143."}, {"arxiv": "2104.07143"}, "", None),
        ({"DOI": "10.48550/ARXIV.2104.07143"}, {"arxiv": "2104.07143"}, "", ""),
        ({"article-title": "A", "volume-title": "V"}, {}, "A", ""),
        (
            {"author": "Moss", "year": "1999", "journal-title": "J", "volume": "3", "first-page": "7"},
            {},
            "",
            "Moss, 1999, J, 3, 7",
        ),
    ],
)
def test_references_in_their_many_shapes(entry, identifiers, title, raw):
    [record], problems = read(WORK | {"reference": [entry]})
    [reference] = record.references
    assert (reference.identifiers, reference.title) == (identifiers, title) and problems == []
    assert reference.raw == (entry.get("unstructured") if raw is None else raw)


@pytest.mark.parametrize(
    "markup, abstract",
    [
        ("<jats:title>Summary</jats:title><jats:p>Spoons.</jats:p>", "Spoons."),
        (
            "<title>Aim:</title>\n<p>Pull.</p><title>Result</title><p>Water.</p>",
            "AIM: Pull.\n\nRESULT: Water.",
        ),
        ("Plain &amp; simple", "Plain & simple"),
        ("", ""),
    ],
)
def test_abstracts_lose_their_markup_and_keep_their_headings(markup, abstract):
    [record], _problems = read(WORK | {"abstract": markup})
    assert record.abstract == abstract


def test_the_book_is_the_venue_of_a_chapter_and_the_title_of_a_book():
    entries = [{"article-title": "A", "volume-title": "V"}, {"volume-title": "V", "year": 1999}]
    [record], _problems = read(WORK | {"reference": entries})
    assert [(entry.title, entry.venue) for entry in record.references] == [("A", "V"), ("V", "")]


def test_references_that_name_nothing_or_the_work_itself_are_left_out_with_one_warning_each_kind():
    entries = [{"key": "a"}, {"key": "b"}, {"DOI": "10.5555/tide.1"}, {"DOI": "nonsense", "year": "1999"}]
    [record], problems = read(WORK | {"reference": entries})
    assert [reference.raw for reference in record.references] == ["1999"]
    assert [problem.skipped for problem in problems] == [False] * 3
    assert "nonsense" in problems[0].reason and "name nothing: 2 left out" in problems[1].reason
    assert "the work itself" in problems[2].reason


@pytest.mark.parametrize(
    "changes, complete",
    [
        ({}, True),
        ({"reference": [], "reference-count": 0}, True),
        ({"reference": None, "reference-count": 2}, False),
        ({"reference": [*WORK["reference"][:1], 7]}, False),
    ],
)
def test_references_are_complete_where_the_list_is_there_and_whole(changes, complete):
    [record], _problems = read(WORK | changes)
    assert record.references_complete is complete


@pytest.mark.parametrize(
    "said, kind",
    [
        ("retraction", "retraction"),
        ("Retraction", "retraction"),
        ("withdrawal", "retraction"),
        ("partial_retraction", "correction"),
        ("erratum", "correction"),
        ("corrigendum", "correction"),
        ("expression_of_concern", "concern"),
        ("new_version", None),
        (None, None),
    ],
)
def test_updates_become_notices(said, kind):
    update = {"DOI": "10.5555/Other", "type": said, "label": "x"}
    [notice], problems = read(WORK | {"update-to": [update]})
    [paper], more = read(WORK | {"updated-by": [update, update]})
    expected = [NoticeRecord(kind, {"doi": "10.5555/other"}, outgoing=True)] if kind else []
    assert notice.notices == expected and notice.retracted is None
    assert paper.notices == [NoticeRecord(kind, {"doi": "10.5555/other"})] * bool(kind)
    assert paper.retracted is (True if kind == "retraction" else None)
    assert problems == more == []


def test_a_retraction_of_the_work_by_itself_or_in_its_title_marks_it():
    itself = WORK | {"update-to": [{"DOI": "10.5555/tide.1", "type": "retraction"}]}
    records, _problems = read([itself, WORK | {"title": ["RETRACTED: On tides"]}])
    assert [(record.retracted, record.notices) for record in records] == [(True, []), (True, [])]


def test_a_notice_without_a_doi_is_a_warning():
    [record], [problem] = read(WORK | {"update-to": [{"DOI": None, "type": "retraction"}]})
    assert record.notices == [] and "which is no DOI" in problem.reason and not problem.skipped


@pytest.mark.parametrize(
    "relation, versions",
    [
        ({"is-preprint-of": [{"id-type": "doi", "id": "10.5555/B"}]}, [("published", {"doi": "10.5555/b"})]),
        (
            {
                "has-preprint": [
                    {"id-type": "doi", "id": "10.48550/arXiv.2104.07143", "asserted-by": "object"}
                ]
                * 2
            },
            [("preprint", {"arxiv": "2104.07143"})],
        ),
        ({"has-preprint": [{"id-type": "doi", "id": "10.5555/tide.1"}]}, []),
        ({"has-preprint": [{"id-type": "uri", "id": "https://example.org/x"}, None]}, []),
        ({"has-review": [{"id-type": "doi", "id": "10.5555/r"}]}, []),
        ({}, []),
    ],
)
def test_preprints_and_published_versions(relation, versions):
    [record], problems = read(WORK | {"relation": relation})
    assert record.versions == [VersionRecord(kind, identifiers) for kind, identifiers in versions]
    assert problems == []


@pytest.mark.parametrize(
    "licences, shown",
    [
        ([("https://creativecommons.org/licenses/by-nc-nd/4.0/", "am"), ("https://example.org/l", "vor")], 1),
        ([("https://example.org/l", "unspecified")], 0),
        ([], None),
    ],
)
def test_a_licence_that_is_not_of_the_commons_stays_an_address(licences, shown):
    stated = [{"URL": url, "content-version": version} for url, version in licences]
    [record], _problems = read(WORK | {"license": stated})
    assert record.license == (licences[shown][0] if shown is not None else "")


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"title": {"x": 1}}, "title is not a list or text"),
        ({"author": [{"family": 7}, {"name": "A"}]}, "author[0].family is not text"),
        ({"author": [{"family": "A", "ORCID": "7"}]}, "'7' is not a valid ORCID"),
        ({"language": "the tongue"}, "language 'the tongue'"),
        ({"issued": "2021"}, "issued is not an object"),
        ({"relation": []}, "relation is not an object"),
        ({"reference": [{"DOI": 7, "year": 1999}]}, "reference[0].DOI is not text"),
    ],
)
def test_a_bad_field_is_a_warning_and_the_work_is_kept(changes, said):
    records, [problem] = read([WORK | changes, WORK])
    assert len(records) == 2 and records[0].identifiers == {"doi": "10.5555/tide.1"}
    assert said in problem.reason and problem.reason.startswith("item 1: ") and not problem.skipped


def test_a_work_without_title_and_doi_is_a_skip_that_names_it():
    records, problems = read(answer(WORK, {"DOI": "nonsense", "title": []}, WORK))
    assert len(records) == 2 and problems[-1].skipped
    assert problems[-1].reason == "item 2: the work has neither a title nor a valid DOI"


@pytest.mark.parametrize("cut", [0.4, 0.9])
def test_an_answer_that_breaks_off_gives_its_whole_items(cut):
    data = json.dumps(answer(*[WORK | {"title": [f"Moon {n}"]} for n in range(50)])).encode()
    records, [problem] = read_bytes(data[: int(len(data) * cut)])
    assert len(records) == pytest.approx(50 * cut, abs=2)
    assert problem.skipped and f"what follows item {len(records)} is lost" in problem.reason


def test_an_answer_without_items_says_so():
    records, [problem] = read(answer())
    assert records == [] and problem.reason == "the answer holds no items" and not problem.skipped


@pytest.mark.parametrize(
    "head, expected",
    [
        (json.dumps(WORK), True),
        (json.dumps(answer(WORK)), True),
        (json.dumps(answer()), True),
        ('[{"DOI": "10.5555/a", "reference-count": 3}]', True),
        ('{"DOI": "10.5555/a", "container-title": "J", "type": "article-journal"}', False),
        ('{"title": "T", "references": []}', False),
        ('{"citingPaper": {"externalIds": {"DOI": "10.5555/a"}}}', False),
        ("DOI", False),
    ],
)
def test_the_sniffer_knows_works(head, expected):
    assert crossref.looks_like(head.encode(), "") is expected
