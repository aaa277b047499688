"""``train_classifier`` and ``evaluate_classifier``: what they print, write and end with."""

import json

import pytest
from django.core.management import CommandError, call_command

from citations.classifier.cues import CueModel
from citations.labelled import library_examples
from citations.labels import LabelSource
from citations.models import Assertion
from tests import factories
from tests.citations.classifier.samples import invented

LABELS = {"background": "background", "method": "method", "comparison": "result"}


def scicite_rows(examples):
    for example in examples:
        sentence = example.sentence
        yield json.dumps(
            {
                "string": sentence.text,
                "citeStart": sentence.start,
                "citeEnd": sentence.end,
                "sectionName": sentence.section,
                "label": LABELS[example.role],
                "citingPaperId": example.group,
            }
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    (folder / "train.jsonl").write_text("\n".join(scicite_rows(invented(150))))
    (folder / "test.jsonl").write_text("\n".join(scicite_rows(invented(60, seed=3, start=900))))
    call_command("train_classifier", folder / "train.jsonl", out=folder / "model", card=folder / "card.md")
    return folder


def test_training_writes_a_model_and_its_card(folder, capsys):
    call_command("train_classifier", folder / "train.jsonl", out=folder / "second", json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["bytes"] == (folder / "second").stat().st_size
    assert said["card"]["data"][0]["name"] == "train.jsonl"
    assert said["card"]["data"][0]["examples"] == 150
    assert said["version"] in (folder / "card.md").read_text()


def test_evaluation_prints_one_line_of_json(folder, capsys):
    call_command("evaluate_classifier", folder / "test.jsonl", model=folder / "model", json=True)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    found = json.loads(printed)
    assert {"macro_f1", "per_class", "ece", "coverage_at_90", "n", "intervals"} <= found.keys()
    assert found["n"] == 60 and found["macro_f1"] > 0.9
    assert found["intervals"]["macro_f1"][0] <= found["macro_f1"] <= found["intervals"]["macro_f1"][1]


def test_the_cues_are_measured_too_and_the_section_can_be_hidden(folder, capsys):
    call_command("evaluate_classifier", folder / "test.jsonl", cues=True, json=True)
    call_command("evaluate_classifier", folder / "test.jsonl", cues=True, json=True, without_section=True)
    one, other = map(json.loads, capsys.readouterr().out.splitlines())
    assert one["model"] == other["model"] == CueModel.version
    assert one["ece"] != other["ece"]


def test_polarity_files_are_measured_by_polarity(folder, capsys):
    row = {"cited": "Z2", "polarity": "negative", "text": "Contrary to Reed (2004) we found no eels."}
    (folder / "polarity.jsonl").write_text(json.dumps(row))
    call_command("evaluate_classifier", folder / "polarity.jsonl", cues=True, json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["dimension"], found["macro_f1"]) == ("polarity", 1.0)


def ends(*words, **options):
    with pytest.raises(CommandError) as error:
        call_command(*words, **options)
    return error.value.returncode, str(error.value)


def test_a_skipped_line_ends_with_one(folder, capsys):
    bad = folder / "bad.jsonl"
    bad.write_text((folder / "test.jsonl").read_text() + "\n{broken")
    code, _reason = ends("evaluate_classifier", bad, cues=True, json=True)
    assert code == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["skipped"] == 1
    assert "bad.jsonl:61: skipped: the line is not a JSON object" in printed.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("train_classifier", "--out", "{}/m"), "name files"),
        (("train_classifier", "{}/test.jsonl", "--out", "{}/none/m"), "not a file in an existing folder"),
        (("train_classifier", "{}/test.jsonl", "--out", "{}/m", "--precision", "1.5"), "--precision"),
        (("train_classifier", "{}/nothing", "--out", "{}/m"), "nothing could be read"),
        (("evaluate_classifier", "{}/nothing", "--cues"), "nothing could be read"),
        (("evaluate_classifier", "{}/test.jsonl", "--model", "{}/test.jsonl"), "the model is refused"),
        (
            ("evaluate_classifier", "{}/train.jsonl", "--model", "{}/model"),
            "refused: the model was trained on",
        ),
        (("evaluate_classifier", "{}/test.jsonl", "--cues", "--groups-from", "{}/none"), "no such file"),
    ],
)
def test_what_cannot_be_done_ends_with_two(folder, words, reason):
    code, said = ends(*(word.replace("{}", str(folder)) for word in words))
    assert code == 2
    assert reason in said


def test_too_few_labels_end_with_two(folder):
    (folder / "few.jsonl").write_text("\n".join(scicite_rows(invented(10))))
    code, said = ends("train_classifier", folder / "few.jsonl", out=folder / "few")
    assert (code, "too few labels" in said) == (2, True)
    assert not (folder / "few").exists()


def fill(examples, *, source=LabelSource.CURATOR, **columns):
    cited = factories.make_paper()
    papers = {}
    for example in examples:
        citing = papers.setdefault(example.group, None) or factories.make_paper()
        papers[example.group] = citing
        sentence = example.sentence
        context = factories.make_context(
            factories.make_citation(citing, cited),
            sentence.text,
            section=sentence.section,
            start=sentence.start,
            end=sentence.end,
        )
        factories.make_assertion(context, value=example.role, source=source, **columns)
    factories.refresh()


@pytest.mark.django_db
def test_the_librarys_own_labels_train_a_model(tmp_path, capsys):
    fill(invented(45))
    call_command("train_classifier", from_library=True, out=tmp_path / "own", json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["card"]["data"] == [{"name": "this library, labels of curators", "examples": 45}]
    assert said["card"]["groups"] == 15


@pytest.mark.django_db
def test_only_curators_labels_that_were_chosen_are_given(django_assert_num_queries):
    chosen, drawn, imported, unclear = (invented(3, seed=seed, start=10 * seed) for seed in range(4))
    fill(chosen)
    fill(drawn, drawn=Assertion.Drawn.RANDOM)
    fill(imported, source=LabelSource.DATASET)
    fill([type(one)(one.sentence, "unclear", "", one.group, one.scheme) for one in unclear])
    with django_assert_num_queries(1):
        found = list(library_examples())
    assert {one.sentence.text for one in found} == {one.sentence.text for one in chosen}
    assert len({one.group for one in found}) == 1
    assert len(list(library_examples(include_random=True))) == 6
    both = list(library_examples(sources=(LabelSource.CURATOR, LabelSource.DATASET)))
    assert {one.sentence.text for one in both} == {one.sentence.text for one in [*chosen, *imported]}
