"""The trained model: what it learns, what it never learns from, and the file it lives in."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st

from citations.classifier import cues, features, labeller, trained
from citations.classifier.card import model_card
from citations.classifier.corpora import Example
from citations.classifier.cues import CueModel
from citations.classifier.evaluation import SeenInTraining, evaluate, polarity_report
from citations.classifier.sentences import Sentence, mask
from tests.citations.classifier.samples import invented

EXAMPLES = invented(150)
DATA = [{"name": "invented", "examples": len(EXAMPLES)}]


@pytest.fixture(scope="module")
def model():
    return trained.train(EXAMPLES, created="2026-11-26", data=DATA)


@pytest.fixture
def path(model, tmp_path):
    model.save(tmp_path / "model.skops")
    return tmp_path / "model.skops"


def test_it_learns_what_words_tell(model):
    found = evaluate(model, invented(90, seed=9, start=1000), resamples=50)
    assert found["macro_f1"] > 0.9
    assert found["n"] == 90


def test_an_answer_is_whole(model):
    found = model.predict([Sentence("We used the tide protocol of Marsh [3] for each of the nets.")])[0]
    assert found.likeliest == "method"
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=1e-6)
    assert set(found.probabilities) == {"background", "method", "comparison"}
    assert "we used" in found.reasons


def test_it_takes_sentences_with_and_without_a_section_together(model):
    sentences = [example.sentence for example in EXAMPLES[:40]]
    together = model.predict(sentences)
    for one, sentence in zip(together, sentences, strict=True):
        alone = model.predict([sentence])[0]
        assert one.probabilities == pytest.approx(alone.probabilities, abs=1e-5)


def test_the_twin_without_section_answers_where_none_is_known(model):
    text = "The nets and ropes were built of oak [3]."
    unknown, methods, other = (
        model.predict([Sentence(text, section=section)])[0].probabilities["method"]
        for section in ("", "Methods", "Discussion")
    )
    assert methods > other
    seen = trained._Seen.of([Sentence(text)])
    by_twin = model._probabilities(trained.TEXT_ONLY, seen)[0, model.roles.index("method")]
    by_the_other = model._probabilities(trained.WITH_SECTION, seen)[0, model.roles.index("method")]
    assert unknown == pytest.approx(by_twin) != pytest.approx(by_the_other)


@pytest.mark.parametrize(
    "text", ["", "word", "3.5 7.1 (4) 12 99 31 0.2", "we used nets [3] " * 4000, "潮汐 [3]"]
)
def test_what_cannot_be_read_gets_no_label(model, text):
    found = model.predict([Sentence(text)])[0]
    assert found.role == "" and found.why_abstained and found.likeliest


@settings(max_examples=40)
@given(st.text(max_size=200), st.text(max_size=20))
def test_any_text_gets_an_answer(model, text, section):
    found = model.predict([Sentence(text, section=section)])[0]
    assert sum(found.probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_no_sentences_no_answers(model):
    assert model.predict([]) == []


def test_below_its_threshold_it_abstains(model):
    threshold = model.manifest["variants"][trained.TEXT_ONLY]["threshold"]
    sentences = [replace(example.sentence, section="") for example in invented(60, seed=4)]
    sentences += [Sentence("The harbour and the lamps of the village are [3] of some old kind.")]
    for found in model.predict(sentences):
        assert (found.role == "") == (found.confidence < threshold)


@pytest.mark.parametrize("with_section", [False, True])
def test_every_number_has_its_name(with_section):
    masked = mask(Sentence("We used the nets of Reed [3].", section="Methods"))
    found = features.numbers(masked, cues.read(masked), with_section=with_section)
    names = features.TEXT_NUMBERS + (features.SECTION_NUMBERS if with_section else ())
    assert len(found) == len(names) == len(set(names))
    assert dict(zip(names, found, strict=True))["cue method"] > 0


def test_groups_never_leak_between_folds():
    groups = np.array([f"paper:{number % 17}" for number in range(200)], dtype=object)
    tested = []
    for train_on, test_on in trained._folds(groups, seed=3):
        assert not set(groups[train_on]) & set(groups[test_on])
        assert len(train_on) + len(test_on) == 200
        tested += test_on.tolist()
    assert sorted(tested) == list(range(200))


def test_what_is_only_true_within_a_paper_earns_no_threshold():
    """Every sentence of a paper is the same and its label is by chance: across papers nothing is known."""
    random = np.random.default_rng(1)
    examples = []
    for paper in range(30):
        role = str(random.choice(["background", "method"]))
        text = f"The {'abcdefghijklmnopqrstuvwxyzäöüß'[paper] * 6} of the pier is [3] old."
        examples += [Example(Sentence(text), role, "", f"paper:{paper}", "hub")] * 6
    manifest = trained.train(examples, created="2026-11-26").manifest
    measured = manifest["variants"][trained.TEXT_ONLY]
    assert measured["threshold"] is None
    assert measured["out_of_fold"]["accuracy"] < 0.75
    assert "none" in model_card(manifest)


def test_a_model_without_a_threshold_always_abstains():
    examples = invented(24)
    model = trained.train(examples, created="2026-11-26")
    assert {prediction.role for prediction in model.predict([e.sentence for e in examples])} == {""}


def test_the_same_examples_give_the_same_model(model):
    again = trained.train(EXAMPLES, created="2027-01-01", data=DATA)
    assert again.version == model.version
    assert trained.train(EXAMPLES[:-1], created="2026-11-26").version != model.version


def test_where_the_labels_tell_nothing_it_stays_with_the_cues():
    roles = ("background", "method", "comparison")
    dull = [
        Example(
            Sentence(f"The {number} lamps of the pier are old [3]."),
            roles[number % 3],
            "",
            str(number),
            "hub",
        )
        for number in range(30)
    ]
    sentences = [replace(example.sentence, section="") for example in invented(60, seed=8)]
    by_cues = [found.likeliest for found in CueModel().predict(sentences)]
    few = trained.train(dull, created="2026-11-26").predict(sentences)
    assert sum(one == other.likeliest for one, other in zip(by_cues, few, strict=True)) >= 50


@pytest.mark.parametrize(
    "examples",
    [
        [],
        invented(10),
        [replace(e, role="method") for e in invented(40)],
        [replace(e, group="x") for e in EXAMPLES],
    ],
)
def test_too_few_labels_are_refused(examples):
    with pytest.raises(trained.TooFewLabels, match="needed are"):
        trained.train(examples, created="2026-11-26")


def test_a_rare_role_is_left_out_and_named():
    odd = replace(EXAMPLES[0], role="dataset")
    manifest = trained.train([*EXAMPLES, odd], created="2026-11-26").manifest
    assert "dataset" not in manifest["roles"] and manifest["left_out"] == {"dataset": 1}


# -- the file ------------------------------------------------------------------------------


def test_a_loaded_model_is_the_saved_one(model, path):
    loaded = trained.load(path)
    sentences = [example.sentence for example in EXAMPLES]
    assert loaded.version == model.version
    assert loaded.manifest == model.manifest
    for one, other in zip(loaded.predict(sentences), model.predict(sentences), strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)
        assert one.role == other.role


def test_the_file_is_small_and_holds_no_sentence(path):
    assert path.stat().st_size < 200_000
    with zipfile.ZipFile(path) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert not any(example.sentence.text.encode() in content for example in EXAMPLES)


def test_saving_replaces_in_one_step(model, path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr(trained.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError):
        model.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("keep", [0, 10, 0.3, 0.9, 0.999])
def test_a_cut_file_is_refused(path, keep):
    data = path.read_bytes()
    path.write_bytes(data[: keep if isinstance(keep, int) else int(len(data) * keep)])
    with pytest.raises(trained.DamagedModel, match="model.skops: "):
        trained.load(path)


def test_a_changed_byte_is_noticed(path):
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(0)
    refused = 0
    for place in random.integers(0, len(data), 30):
        changed = bytearray(data)
        changed[place] ^= 0x41
        path.write_bytes(changed)
        try:
            same = trained.load(path).version
        except trained.DamagedModel:
            refused += 1
        else:  # what a zip archive says twice, or of its dates
            assert same == trained._from_bytes(bytes(data)).version
    assert refused > 15


@pytest.mark.parametrize("data", [b"", b"hello", b"\x80\x05]q\x00.", b"PK\x03\x04", b"{}"])
def test_a_foreign_file_is_refused(tmp_path, data):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(trained.DamagedModel, match="damaged or no model"):
        trained.load(tmp_path / "file")


def test_a_missing_file_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(trained.DamagedModel):
            trained.load(path)


def rewritten(model, **changes):
    """The bytes of the model's file with parts of its content changed."""
    content = skops.io.loads(model.as_bytes(), trusted=[])
    manifest = json.loads(content["manifest"]) | changes.pop("manifest", {})
    content |= {"manifest": json.dumps(manifest, sort_keys=True)} | changes
    return skops.io.dumps(content)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"manifest": {"format": 99}}, "its format is 99; this installation reads up to 1"),
        ({"manifest": {"format": "1"}}, "names no format"),
        ({"manifest": {"features": "0"}}, "trained with features 0"),
        ({"manifest": {"roles": ["background", "praise"]}}, "roles are not ours"),
        ({"manifest": {"examples": 9}}, "was changed or damaged"),
        ({"idf": np.zeros(3, dtype=np.float32)}, "shape"),
        ({"seen_groups": np.zeros(3)}, "not numbers of the kind"),
        ({"intercepts_0": np.full(3, np.nan, dtype=np.float32)}, "not finite"),
        ({"terms": 5}, "damaged or no model"),
    ],
)
def test_a_file_whose_parts_do_not_fit_is_refused(model, tmp_path, changes, reason):
    (tmp_path / "model").write_bytes(rewritten(model, **changes))
    with pytest.raises(trained.DamagedModel, match=reason):
        trained.load(tmp_path / "model")


def test_a_file_that_would_run_code_is_refused(tmp_path):
    class Trap:
        def __init__(self):
            self.sprung = True

    for number, content in enumerate(({"manifest": Trap()}, ["no", "model"], {"manifest": "{}"})):
        (tmp_path / "trap").write_bytes(skops.io.dumps(content))
        with pytest.raises(trained.DamagedModel, match="types that no model" if number == 0 else "no"):
            trained.load(tmp_path / "trap")


# -- which labeller ------------------------------------------------------------------------


def test_the_labeller_is_the_model_where_it_is_good(path):
    chosen = labeller(path)
    assert chosen.labeller.version.startswith("lr-")
    assert "trained model" in chosen.why


def test_else_the_cues_and_it_says_why(path, tmp_path):
    assert labeller().labeller.version == CueModel.version
    assert "no such file" in labeller(tmp_path / "none").why
    path.write_bytes(b"broken")
    chosen = labeller(path)
    assert chosen.labeller.version == CueModel.version
    assert "damaged" in chosen.why


# -- the card and the guard ----------------------------------------------------------------


def test_the_card_says_what_it_was_trained_on_and_reaches(model):
    card = model_card(model.manifest)
    assert model.version in card
    assert "- invented: 150 sentences" in card
    assert "| with section |" in card and "| text only |" in card
    assert "suggestion for a person to check" in card


def test_measuring_on_the_training_sentences_is_refused(model):
    with pytest.raises(SeenInTraining, match="150 of these 150"):
        evaluate(model, EXAMPLES)
    disguised = [
        replace(e, sentence=Sentence(f"{e.sentence.text[: e.sentence.start]}[CITED_AUTHOR]."), group="other")
        for e in EXAMPLES
        if e.sentence.end == len(e.sentence.text) - 1
    ]
    with pytest.raises(SeenInTraining):
        evaluate(model, disguised)
    assert evaluate(model, EXAMPLES, allow_seen=True, resamples=20)["seen_sentences"] == 150


def test_papers_that_were_seen_are_counted_and_left_out_beside(model):
    fresh = invented(60, seed=5, start=49)  # papers 49 to 68, of which 49 is known
    found = evaluate(model, fresh, resamples=20)
    assert found["seen_groups"] == 3
    assert found["unseen"]["n"] <= 57 < found["n"]


def test_polarity_suggestions_are_measured():
    examples = [
        Example(Sentence("Our results are consistent with those of Reed [3]."), "", "supports", "a", "hub"),
        Example(Sentence("Contrary to Reed [3], we did not find any eels."), "", "disputes", "b", "hub"),
        Example(Sentence("Eels live in the rivers of the north [3]."), "", "neutral", "c", "hub"),
    ]
    found = polarity_report(CueModel(), examples, resamples=20)
    assert found["macro_f1"] == 1.0
