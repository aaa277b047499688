"""CiTO labels that authors print in a reference or behind a mark."""

import json

import pytest

from papers import importers
from papers.importers.cito import read_printed_labels
from papers.records import ContextRecord, LabelRecord, PaperRecord, ReferenceRecord


def labels_of(reference):
    read_printed_labels(PaperRecord(title="A paper", references=[reference]))
    return [label.value for label in reference.labels]


@pytest.mark.parametrize(
    "raw, expected",
    [
        ("Moor A. Tides. 1999. [cito:usesMethodIn]", ["usesMethodIn"]),
        ("Moor A. Tides. 1999. [cito:usesMethodIn] [cito:extends]", ["usesMethodIn", "extends"]),
        ("Moor A. Tides. [CiTO:usesDataFrom, cito:agreesWith]", ["usesDataFrom", "agreesWith"]),
        ("Moor A. Tides. (cito:extends)", ["extends"]),
        ("Moor A. What cito:extends means. 1999.", []),
        ("Moor A. Tides. [cito:extends] again [cito:extends]", ["extends"]),
        ("Moor A. Tides. [1999]", []),
    ],
)
def test_labels_of_a_reference_belong_to_the_pair(raw, expected):
    assert labels_of(ReferenceRecord(raw=raw)) == expected


def test_a_title_loses_them():
    reference = ReferenceRecord(title="Tides of the north [cito:extends]")
    assert labels_of(reference) == ["extends"]
    assert reference.title == "Tides of the north"


@pytest.mark.parametrize(
    "text, mark, expected",
    [
        ("We follow Moor [3] [cito:usesMethodIn] here.", "[3]", ["usesMethodIn"]),
        ("We follow Moor [3][cito:usesMethodIn, cito:extends].", "[3]", ["usesMethodIn", "extends"]),
        ("We follow Moor [3, cito:extends] here.", "[3, cito:extends]", ["extends"]),
        ("We follow Moor [3] and Lind [4] [cito:extends].", "[3]", []),
        ("We follow Moor [3] and Lind [4] [cito:extends].", "[4]", ["extends"]),
        ("We follow Moor [3] here.", "[3]", []),
    ],
)
def test_labels_behind_a_mark_belong_to_that_citation(text, mark, expected):
    start = text.index(mark)
    context = ContextRecord(text=text, start=start, end=start + len(mark))
    read_printed_labels(PaperRecord(references=[ReferenceRecord(contexts=[context])]))
    assert [label.value for label in context.labels] == expected
    assert context.text == text


def test_a_label_that_the_source_states_already_is_not_doubled():
    held = LabelRecord("cito", "extends", source="dataset")
    reference = ReferenceRecord(raw="Tides. [cito:extends]", labels=[held])
    read_printed_labels(PaperRecord(references=[reference]))
    assert reference.labels == [held]


def test_every_format_passes_through_it(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"title": "A paper", "references": [{"raw": "Tides. [cito:extends]"}]}))
    [record] = importers.read(path)
    assert [label.value for label in record.references[0].labels] == ["extends"]
