"""Labelled sentences from files: each layout, what is wrong with a line, and how rows may be split."""

import gzip
import json

import pytest

from citations.classifier.corpora import Example, fingerprint, groups_of, read_examples
from citations.classifier.sentences import Sentence
from papers.records import Problem, UnreadableFile

SCICITE = {
    "string": "We used the nets of Reed [3].",
    "label": "method",
    "label2": "not_supportive",
    "citeStart": 25,
    "citeEnd": 28.0,
    "sectionName": "2. Methods",
    "citingPaperId": "p1",
}
SOFT = {
    "citation_context": "As in ( [CITED_AUTHOR] ) , eels count .",
    "citation_function": "Highlight Limitation",
    "aclarc_label": "USES",
    "citing_ACL_id": "Z99-1001",
    "section_title": "method",
}
ARC = {"text": "As in ( Reed , 2004 ) , eels count .", "label": "CompareOrContrast", "metadata": {}}
ATHAR = {"citing": "Z1", "cited": "Z2", "polarity": "negative", "text": "Reed (2004) fails on eels."}
CLINICAL = {"article": "PMC0", "marker": "[ 3]", "polarity": "positive", "text": "Salt heals [ 3] well."}
NATIVE = {
    "identifiers": {"doi": "10.1234/tide"},
    "title": "Tides",
    "references": [
        {
            "title": "A ledger of eels and moorings",
            "contexts": [
                {
                    "text": "We used the nets of Reed [3].",
                    "start": 25,
                    "end": 28,
                    "section": "Methods",
                    "labels": [
                        {"scheme": "scicite", "value": "background"},
                        {"scheme": "acl-arc", "value": "Uses"},
                        {"scheme": "athar-sentiment", "value": "positive"},
                    ],
                },
                {"text": "Nobody has labelled this one [4]."},
                {"text": "A machine did [5].", "labels": [{"scheme": "semantic-scholar", "value": "result"}]},
            ],
        }
    ],
}


@pytest.fixture
def write(tmp_path):
    def write(*rows, name="rows.jsonl", zipped=False):
        lines = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode()
        (tmp_path / name).write_bytes(gzip.compress(lines) if zipped else lines)
        return tmp_path / name

    return write


def first(path, **more):
    return next(iter(read_examples(path, **more)))


@pytest.mark.parametrize("zipped", [False, True])
def test_scicite(write, zipped):
    assert first(write(SCICITE, zipped=zipped)) == Example(
        Sentence(SCICITE["string"], 25, 28, "2. Methods"), "method", "", "scicite:p1", "scicite"
    )


@pytest.mark.parametrize("ends", [(None, None), (float("nan"), 3), (9, 9), (5, 900), ("a", 2), (True, 4)])
def test_scicite_without_a_usable_span(write, ends):
    row = SCICITE | {"citeStart": ends[0], "citeEnd": ends[1], "sectionName": float("nan")}
    assert first(write(row)).sentence == Sentence(SCICITE["string"])


def test_the_inverted_second_label_is_never_read(write):
    assert {
        first(write(SCICITE | {"label2": word})).polarity for word in ("supportive", "not_supportive")
    } == {""}


@pytest.mark.parametrize(
    ("scheme", "role", "polarity", "named"),
    [
        ("", "comparison", "qualifies", "soft-function"),
        ("soft-function", "comparison", "qualifies", "soft-function"),
        ("ACL_ARC", "method", "", "acl-arc"),
    ],
)
def test_soft_has_two_schemes(write, scheme, role, polarity, named):
    found = first(write(SOFT), scheme=scheme)
    assert (found.role, found.polarity, found.scheme, found.group) == (role, polarity, named, "acl:Z99-1001")


def test_acl_arc_takes_its_groups_from_soft(write):
    arc, soft = write(ARC, name="arc"), write(SOFT, name="soft")
    assert first(arc).group.startswith("sentence:")
    assert first(arc, groups=groups_of([soft])).group == "acl:Z99-1001"


def test_the_same_sentence_has_one_fingerprint_however_its_citations_are_written():
    printed, replaced = Sentence(ARC["text"]), Sentence(SOFT["citation_context"])
    assert fingerprint(printed) == fingerprint(replaced)
    assert fingerprint(printed) != fingerprint(Sentence("As in ( Reed , 2004 ) , eels swim ."))


def test_it_does_not_matter_for_it_which_of_two_citations_is_meant():
    nobody_knows = Sentence("Eels swim ( Reed , 2004 ) and count ( Vole , 2011 ) in 1999 .")
    the_second = Sentence("Eels swim ( Reed , 2004 ) and count ( [CITED_AUTHOR] ) in 1998 .")
    assert fingerprint(nobody_knows) == fingerprint(the_second)


def test_sentiment_by_cited_paper_and_by_article(write):
    athar, clinical = first(write(ATHAR)), first(write(CLINICAL))
    assert (athar.polarity, athar.role, athar.group) == ("disputes", "", "paper:Z2")
    assert (clinical.polarity, clinical.group) == ("supports", "paper:PMC0")
    assert (clinical.sentence.start, clinical.sentence.end) == (11, 15)


def test_native_records_give_their_finest_human_label(write):
    found = list(read_examples(write(NATIVE)))
    assert found == [
        Example(
            Sentence("We used the nets of Reed [3].", 25, 28, "Methods"),
            "method",
            "supports",
            "doi:10.1234/tide",
            "acl-arc",
        )
    ]
    assert first(write(NATIVE), scheme="scicite").role == "background"


def test_a_bad_line_is_named_and_the_others_are_read(write):
    found = list(
        read_examples(
            write(
                SCICITE, "{broken", "[1]", SCICITE | {"label": "praise"}, SCICITE | {"string": " "}, SCICITE
            )
        )
    )
    assert [item.line for item in found if isinstance(item, Problem)] == [2, 3, 4, 5]
    assert all(item.skipped for item in found if isinstance(item, Problem))
    assert sum(isinstance(item, Example) for item in found) == 2
    assert "praise" in found[3].reason


def test_a_cut_archive_gives_what_is_there(tmp_path):
    lines = "\n".join(json.dumps(SCICITE | {"citingPaperId": str(number)}) for number in range(3000))
    (tmp_path / "cut.gz").write_bytes(gzip.compress(lines.encode())[:-2000])
    found = list(read_examples(tmp_path / "cut.gz"))
    assert isinstance(found[0], Example)
    assert "what follows is lost" in found[-1].reason


@pytest.mark.parametrize("rows", [["hello"], [{"a": 1}], [{"@article": 1}]])
def test_what_holds_no_labelled_sentence_is_refused(write, rows):
    with pytest.raises(UnreadableFile):
        list(read_examples(write(*rows, name="file.txt")))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="no such file"):
        list(read_examples(tmp_path / "none"))
