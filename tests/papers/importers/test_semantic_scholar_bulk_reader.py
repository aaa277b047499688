"""Lines of the Semantic Scholar bulk data sets, with nulls of every kind."""

import io
import json

import pytest

from papers.importers import semantic_scholar_bulk
from papers.importers.source import Source
from papers.records import LabelRecord
from tests.papers.importers.reading import sorted_out

PAPER = {
    "corpusid": 77,
    "externalids": {
        "ACL": None,
        "DBLP": "x/y",
        "ArXiv": "2104.07143",
        "MAG": "1",
        "CorpusId": "77",
        "PubMed": "123",
        "DOI": "10.5555/POND",
        "PubMedCentral": "45",
    },
    "url": "https://www.semanticscholar.org/paper/" + "a" * 40,
    "title": "Ponds, too",
    "authors": [{"authorId": "1714004", "name": "A. Moss"}, {"authorId": None, "name": "B. Fern"}],
    "venue": "",
    "publicationvenueid": None,
    "year": 2022,
    "s2fieldsofstudy": [
        {"category": "Physics", "source": "external"},
        {"category": "Physics", "source": "s2-fos-model"},
    ],
    "publicationtypes": ["JournalArticle", "Review"],
    "publicationdate": "2022-02-03",
    "journal": {"name": "J Invent Waters", "pages": None, "volume": ""},
    "updated": "2022-01-27T02:09:51.713Z",
}
CITATION = {
    "citingcorpusid": "77",
    "citedcorpusid": "88",
    "isinfluential": False,
    "contexts": ["Lakes move [4].", "We use its spoon [4]."],
    "intents": [["background"], ["methodology", "background"]],
    "updated": "2020-09-13T15:59:00.392Z",
}


def read(*values):
    data = "\n".join(value if isinstance(value, str) else json.dumps(value) for value in values).encode()
    return sorted_out(semantic_scholar_bulk.read(Source(io.BytesIO(data)), {}))


def labels(*values):
    return [LabelRecord("semantic-scholar", value, "provider") for value in values]


def test_a_line_of_papers_is_a_record():
    [record], problems = read(PAPER)
    assert problems == []
    assert record.identifiers == {
        "doi": "10.5555/pond",
        "arxiv": "2104.07143",
        "pmid": "123",
        "pmcid": "PMC45",
        "s2": "a" * 40,
        "corpusid": "77",
    }
    assert (record.title, record.venue, record.year) == ("Ponds, too", "J Invent Waters", 2022)
    assert (record.date, record.kind, record.fields) == ("2022-02-03", "review", ["Physics"])
    assert [(author.name, author.identifiers) for author in record.authors] == [
        ("A. Moss", {"s2": "1714004"}),
        ("B. Fern", {}),
    ]
    assert record.references_complete is False and record.line == 1


def test_lines_of_abstracts_and_summaries_are_records_too():
    abstract = {
        "corpusid": 77,
        "openaccessinfo": {"externalids": {"DOI": None}, "license": "CCBY", "status": "GOLD"},
        "abstract": "Abstract\n\nPonds were measured.",
    }
    summary = {"corpusid": 78, "model": "tldr@v2.0.0", "text": "Ponds are wet."}
    [one, two], problems = read(abstract, summary)
    assert (one.identifiers, one.abstract, one.license) == (
        {"corpusid": "77"},
        "Ponds were measured.",
        "CCBY",
    )
    assert (two.identifiers, two.summary, two.abstract) == ({"corpusid": "78"}, "Ponds are wet.", "")
    assert problems == []


def test_a_citation_is_a_record_of_the_citing_paper_with_a_label_on_each_sentence():
    [record], problems = read(CITATION)
    assert record.identifiers == {"corpusid": "77"} and record.title == "" and problems == []
    [reference] = record.references
    assert reference.identifiers == {"corpusid": "88"} and reference.labels == []
    assert [(context.text, context.labels) for context in reference.contexts] == [
        ("Lakes move [4].", labels("background")),
        ("We use its spoon [4].", labels("methodology", "background")),
    ]


@pytest.mark.parametrize(
    "contexts, intents, by_sentence, of_the_pair",
    [
        (["a", "b"], [None, ["result"]], [[], labels("result")], []),
        (["a", "b"], ["background", "result"], [[], []], labels("background", "result")),
        (["a"], ["background", "result"], [labels("background", "result")], []),
        (["a", "b"], None, [[], []], []),
        (["a", "b"], [], [[], []], []),
        (None, ["background"], [], labels("background")),
        (["a", None, "b"], [["x"], None, ["y"]], [labels("x"), labels("y")], []),
        (["a", "a"], [["x"], ["y"]], [labels("x", "y")], []),
        ([], None, [], []),
        (None, None, [], []),
    ],
)
def test_intents_of_one_list_or_of_one_for_each_sentence(contexts, intents, by_sentence, of_the_pair):
    [record], problems = read(CITATION | {"contexts": contexts, "intents": intents})
    [reference] = record.references
    assert [context.labels for context in reference.contexts] == by_sentence
    assert reference.labels == of_the_pair and problems == []


def test_lists_of_intents_that_do_not_fit_the_sentences_label_the_pair_with_a_warning():
    [record], [problem] = read(CITATION | {"intents": [["background"], None, ["result"]]})
    assert record.references[0].labels == labels("background", "result")
    assert "3 lists of intents for 2 sentences" in problem.reason and not problem.skipped


def test_an_influential_citation_is_a_label_of_the_pair():
    [record], _problems = read(CITATION | {"isinfluential": True})
    assert record.references[0].labels == labels("influential")


def test_lines_of_one_citing_paper_that_follow_each_other_are_one_record(monkeypatch):
    others = [CITATION | {"citedcorpusid": number} for number in (89, 90, "88")]
    [one, two, three], problems = read(CITATION, *others, CITATION | {"citingcorpusid": 5}, CITATION)
    assert [reference.identifiers["corpusid"] for reference in one.references] == ["88", "89", "90"]
    assert (one.line, two.line, three.line) == (1, 5, 6) and problems == []
    monkeypatch.setattr(semantic_scholar_bulk, "MAX_GROUP", 2)
    records, _problems = read(CITATION, *others)
    assert [len(record.references) for record in records] == [2, 2]


def test_papers_and_citations_may_stand_in_one_file():
    records, problems = read(CITATION, PAPER, CITATION)
    assert [(record.title, len(record.references)) for record in records] == [
        ("", 1),
        ("Ponds, too", 0),
        ("", 1),
    ]
    assert problems == []


@pytest.mark.parametrize(
    "line, said",
    [
        (CITATION | {"citedcorpusid": None}, "does not say which paper is cited"),
        (CITATION | {"citedcorpusid": "x"}, "does not name two papers"),
        (CITATION | {"citingcorpusid": None}, "names no paper"),
        ({"corpusid": None, "title": None}, "names no paper"),
        ([1], "not an object"),
        ('{"citingcorpusid": ', "not JSON"),
    ],
)
def test_an_unusable_line_is_a_skip_with_its_number(line, said):
    records, problems = read(CITATION, line, PAPER)
    assert len(records) == 2
    assert said in problems[-1].reason and problems[-1].skipped and problems[-1].line == 2


def test_a_paper_that_cites_itself_is_left_out_with_a_warning():
    records, [problem] = read(CITATION | {"citedcorpusid": 77})
    assert records == [] and "cites itself" in problem.reason and not problem.skipped


def test_nulls_of_every_kind_are_silent():
    nulls = dict.fromkeys(PAPER) | {"corpusid": 77}
    inner = nulls | {
        "authors": [None, {"authorId": None, "name": None}],
        "externalids": {"DOI": None},
        "s2fieldsofstudy": [None, {"category": None}],
        "publicationtypes": [None],
        "journal": {"name": None},
    }
    citation = dict.fromkeys(CITATION) | {"citingcorpusid": 1, "citedcorpusid": 2}
    records, problems = read(nulls, inner, citation)
    assert len(records) == 3 and problems == []


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"year": 20222}, "year 20222"),
        ({"publicationdate": "2022-02-31"}, "publicationdate '2022-02-31'"),
        ({"externalids": {"DOI": "nonsense"}}, "nonsense"),
        ({"externalids": {"PubMed": [1]}}, "externalids.'PubMed' is not"),
        ({"title": ["T"]}, "title is not text"),
        ({"authors": {"name": "A"}}, "authors is not a list"),
    ],
)
def test_a_bad_field_is_a_warning_and_the_line_is_kept(changes, said):
    [record], [problem] = read(PAPER | changes)
    assert said in problem.reason and not problem.skipped
    assert record.identifiers["s2"] == "a" * 40


@pytest.mark.parametrize(
    "head, expected",
    [
        (json.dumps(PAPER), True),
        (json.dumps(CITATION), True),
        ('{"corpusid": 7, "openaccessinfo": null, "abstract": "A"}', True),
        ('{"corpusid": 7, "model": "tldr@v2.0.0", "text": "A"}', True),
        ('{"corpusid": 7, "externalids": {}, "content": {"text": "A"}}', False),
        ('{"corpusid": 7, "title": "A line of a dump"}', False),
        ('{"corpusId": 7, "externalIds": {}, "abstract": "An API paper"}', False),
        ("citingcorpusid", False),
    ],
)
def test_the_sniffer_knows_lines(head, expected):
    assert semantic_scholar_bulk.looks_like(head.encode(), "") is expected
