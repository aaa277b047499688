"""Answers of the Semantic Scholar Graph API, in every shape in which people keep them."""

import gzip
import io
import json

import pytest

from papers import importers
from papers.importers import semantic_scholar
from papers.importers.source import Source
from papers.records import LabelRecord, PaperRecord, UnreadableFile
from tests.papers.importers.reading import sorted_out

ABOUT = {"doi": "10.5555/tide.1"}
CITING = {
    "isInfluential": False,
    "intents": ["background", "methodology"],
    "contexts": ["Lakes move [4].", "We use its spoon [4]."],
    "contextsWithIntent": [
        {"context": "Lakes move [4].", "intents": ["background"]},
        {"context": "We use its spoon [4].", "intents": ["methodology", "background"]},
    ],
    "citingPaper": {
        "paperId": "a" * 40,
        "corpusId": 77,
        "externalIds": {"DOI": "10.5555/Pond", "MAG": "1", "DBLP": "x/y", "PubMed": "123"},
        "title": "Ponds, too",
        "abstract": "Ponds were measured.",
        "venue": "",
        "publicationVenue": None,
        "journal": {"name": "J Invent Waters"},
        "year": 2022,
        "publicationDate": "2022-02-03",
        "publicationTypes": ["JournalArticle", "Review"],
        "openAccessPdf": {"url": "https://example.org/x.pdf", "license": "CCBY"},
        "fieldsOfStudy": ["Physics"],
        "s2FieldsOfStudy": [{"category": "Physics"}, {"category": "Geology"}, {"category": None}],
        "authors": [{"authorId": "1714004", "name": "A. Moss"}, {"authorId": None, "name": "B. Fern"}],
    },
}
CITED = {
    "isInfluential": True,
    "contexts": [],
    "intents": [],
    "citedPaper": {"paperId": "b" * 40, "title": "Moon"},
}


def answer(*items, **envelope):
    return {"offset": 0, "data": list(items)} | envelope


def read_bytes(data, about=ABOUT):
    return sorted_out(semantic_scholar.read(Source(io.BytesIO(data)), about))


def read(value):
    return read_bytes(json.dumps(value).encode())


def labels(*values):
    return [LabelRecord("semantic-scholar", value, "provider") for value in values]


def test_a_citing_paper_is_a_record_whose_one_reference_is_the_paper_asked_about():
    [record], problems = read(answer(CITING, next=1))
    assert problems == []
    assert record.identifiers == {"doi": "10.5555/pond", "pmid": "123", "corpusid": "77", "s2": "a" * 40}
    assert (record.title, record.venue, record.year) == ("Ponds, too", "J Invent Waters", 2022)
    assert (record.date, record.kind, record.license) == ("2022-02-03", "review", "CCBY")
    assert record.fields == ["Physics", "Geology"] and record.references_complete is False
    assert [(author.name, author.identifiers) for author in record.authors] == [
        ("A. Moss", {"s2": "1714004"}),
        ("B. Fern", {}),
    ]
    [reference] = record.references
    assert reference.identifiers == ABOUT and reference.labels == []
    assert [(context.text, context.labels) for context in reference.contexts] == [
        ("Lakes move [4].", labels("background")),
        ("We use its spoon [4].", labels("methodology", "background")),
    ]


def test_intents_without_their_sentences_belong_to_the_pair():
    item = CITING | {"contextsWithIntent": None, "isInfluential": True}
    [record], _problems = read(answer(item))
    [reference] = record.references
    assert reference.labels == labels("background", "methodology", "influential")
    assert [context.labels for context in reference.contexts] == [[], []]


def test_sentences_with_and_without_intents_are_joined():
    item = CITING | {
        "contexts": ["Lakes move [4].", "A third [4]."],
        "contextsWithIntent": CITING["contextsWithIntent"][:1],
    }
    [record], _problems = read(item)
    assert [(context.text, context.labels) for context in record.references[0].contexts] == [
        ("Lakes move [4].", labels("background")),
        ("A third [4].", []),
    ]


def test_references_become_one_record_of_the_paper_asked_about():
    [record], problems = read(answer(CITED, {"citedPaper": {"paperId": None, "title": "Unknown to them"}}))
    assert problems == []
    assert record.identifiers == ABOUT and record.title == "" and record.references_complete is True
    assert [(reference.title, reference.identifiers) for reference in record.references] == [
        ("Moon", {"s2": "b" * 40}),
        ("Unknown to them", {}),
    ]
    assert record.references[0].labels == labels("influential")


@pytest.mark.parametrize(
    "value, complete",
    [
        (answer(CITED), True),
        (answer(CITED, next=None), True),
        ({"data": [CITED]}, True),
        (answer(CITED, next=1), False),
        (answer(CITED, offset=50), False),
        (answer(CITED, {"citedPaper": None}), False),
        ([CITED], False),
        (CITED, False),
    ],
)
def test_references_are_complete_only_in_a_whole_answer(value, complete):
    [record], _problems = read(value)
    assert record.references_complete is complete and len(record.references) == 1


def test_the_answer_of_a_paper_is_the_record_of_the_paper_asked_about():
    paper = {**CITING["citingPaper"], "tldr": {"model": "m", "text": "Ponds  move."}, "citationCount": 3}
    [record], problems = read_bytes(json.dumps(paper).encode(), {"arxiv": "2104.07143", "s2": "c" * 40})
    assert problems == [] and record.references == [] and record.references_complete is False
    assert (record.title, record.summary, record.kind) == ("Ponds, too", "Ponds move.", "review")
    assert record.identifiers["arxiv"] == "2104.07143" and record.identifiers["s2"] == "a" * 40


@pytest.mark.parametrize("tldr", [None, "Ponds.", {"text": None}, {"text": 7}, {}])
def test_a_summary_that_is_none_is_left_out(tldr):
    [record], _problems = read({"paperId": "a" * 40, "title": "T", "tldr": tldr})
    assert record.summary == ""


def test_the_answer_of_a_paper_without_a_title_goes_by_what_was_asked():
    [record], _problems = read({"paperId": None, "title": None})
    assert record.identifiers == ABOUT


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(answer(CITING, CITING | {"contexts": None})),
        json.dumps([CITING, CITING], indent=2),
        json.dumps(CITING) + "\n\n" + json.dumps(CITING) + "\n",
        "\ufeff" + json.dumps(answer(CITING)) + "\n" + json.dumps(answer(CITING, offset=1)),
    ],
)
def test_answers_lists_and_lines_are_read_alike(data):
    records, problems = read_bytes(data.encode())
    assert [record.title for record in records] == ["Ponds, too"] * 2 and not problems


def test_a_bad_line_between_items_is_a_skip_with_its_number():
    records, problems = read_bytes(f"{json.dumps(CITING)}\n{{broken\n{json.dumps(CITING)}".encode())
    assert [record.line for record in records] == [1, 3]
    assert [(problem.line, problem.skipped) for problem in problems] == [(2, True)]


@pytest.mark.parametrize(
    "item, said",
    [
        (None, "item 2: this is not an object"),
        ({}, "item 2: it has neither a citingPaper nor a citedPaper"),
        ({"citingPaper": None, "contexts": ["x"]}, "item 2: it has neither"),
        ({"citingPaper": {"paperId": None, "title": None}}, "item 2: the paper has neither a title"),
    ],
)
def test_an_unusable_item_is_a_skip_that_names_it(item, said):
    records, [problem] = read(answer(CITING, item, CITING))
    assert len(records) == 2
    assert problem.reason.startswith(said) and problem.skipped and problem.line is None


def test_nulls_of_every_kind_are_silent():
    paper = dict.fromkeys(CITING["citingPaper"]) | {"title": "T"}
    item = dict.fromkeys(CITING) | {"citingPaper": paper}
    inner = item | {
        "contexts": [None],
        "contextsWithIntent": [None, {"context": None, "intents": None}],
        "intents": [None],
        "citingPaper": paper
        | {
            "authors": [None, {"authorId": None, "name": None}],
            "externalIds": {"DOI": None},
            "s2FieldsOfStudy": [None],
            "publicationTypes": [None],
            "journal": {"name": None},
            "openAccessPdf": {"license": None},
        },
    }
    records, problems = read(answer(item, inner))
    assert len(records) == 2 and problems == []
    assert all(record.references[0].contexts == [] for record in records)


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"year": 20222}, "year 20222"),
        ({"publicationDate": "2022-02-31"}, "publicationDate '2022-02-31'"),
        ({"externalIds": {"DOI": "nonsense"}}, "nonsense"),
        ({"externalIds": {"PubMed": [1]}}, "is not a valid pmid"),
        ({"title": ["T"]}, "title is not text"),
        ({"authors": {"name": "A"}}, "authors is not a list"),
    ],
)
def test_a_bad_field_is_a_warning_and_the_item_is_kept(changes, said):
    [record], [problem] = read(answer(CITING | {"citingPaper": CITING["citingPaper"] | changes}))
    assert said in problem.reason and not problem.skipped
    assert record.identifiers["s2"] == "a" * 40


def test_an_empty_citing_sentence_is_left_out_with_a_warning():
    [record], [problem] = read(CITING | {"contexts": [" "], "contextsWithIntent": []})
    assert record.references[0].contexts == []
    assert "a citing sentence is empty" in problem.reason and not problem.skipped


def test_a_paper_that_cites_itself_is_left_out_with_a_warning():
    records, [problem] = read(CITING | {"citingPaper": {"externalIds": {"DOI": "10.5555/TIDE.1"}}})
    assert records == [] and "cites itself" in problem.reason and not problem.skipped
    records, [problem] = read(answer({"citedPaper": {"externalIds": {"DOI": "10.5555/tide.1"}}}, CITED))
    assert len(records[0].references) == 1 and "the paper itself" in problem.reason


def test_an_answer_without_items_says_so():
    for value in (answer(), {"data": None, "citingPaperInfo": {"title": "T"}}):
        records, [problem] = read(value)
        assert records == [] and "holds no items" in problem.reason and not problem.skipped


@pytest.mark.parametrize("cut", [0.4, 0.9])
def test_an_answer_that_breaks_off_gives_its_whole_items(cut):
    data = json.dumps(answer(*[CITED | {"citedPaper": {"title": f"Moon {n}"}} for n in range(100)])).encode()
    [record], [problem] = read_bytes(data[: int(len(data) * cut)])
    assert len(record.references) == pytest.approx(100 * cut, abs=2)
    assert record.references_complete is False
    assert problem.skipped and f"what follows item {len(record.references)} is lost" in problem.reason


def test_a_cut_archive_gives_its_whole_items_and_one_skip(tmp_path):
    path = tmp_path / "x.json.gz"
    lines = "\n".join(json.dumps(CITING | {"citingPaper": {"title": f"Pond {n * n}"}}) for n in range(3000))
    packed = gzip.compress(lines.encode())
    path.write_bytes(packed[: len(packed) // 2])
    items = list(importers.read(path, about=ABOUT))
    assert len(items) > 500 and all(isinstance(item, PaperRecord) for item in items[:-1])
    assert f"what follows line {len(items) - 1} is lost" in items[-1].reason


@pytest.mark.parametrize("data", [b"no json", b'{"data": ', b"\xff\xfe", b"[" * 100_000])
def test_an_answer_that_is_no_json_is_one_skip(data):
    records, [problem] = read_bytes(data)
    assert records == [] and problem.skipped and "not whole JSON" in problem.reason


def test_a_very_large_answer_is_refused_with_the_limit(monkeypatch):
    monkeypatch.setattr(semantic_scholar, "MAX_ANSWER_BYTES", 1000)
    with pytest.raises(UnreadableFile, match="larger than"):
        read(answer(CITING))
