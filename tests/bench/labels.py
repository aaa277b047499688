"""How well labels are read: the cue model and trained models on published sets. Prints Markdown.

``python -m tests.bench.labels [FOLDER]`` reads the labelled sentences of FOLDER (SciCite, SOFT with
ACL-ARC's labels, Athar, clinical; none of them is part of the project) and prints the tables of
``docs/accuracy.md``. Without the folder it says so and ends well. Cues and settings were chosen on
SciCite's training file and on the halves that ``is_for_tuning`` names; all else is only measured.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from citations.classifier import metrics, trained
from citations.classifier.corpora import Example, read_examples
from citations.classifier.cues import CueModel
from citations.classifier.evaluation import evaluate, polarity_report, roles_report
from citations.classifier.predictions import Prediction
from tests.bench.tables import print_table

ROOT = Path(__file__).parents[2]
FOLDER = ROOT.parent / "shared/data/labels"
CREATED = "2026-11-26"
DRAWS = 5
SIZES = (50, 200, 1000)
SEED = 20261126
RANKED = (20, 50, 100)


class Majority:
    """The labeller that always says the commonest role of what it was given."""

    def __init__(self, examples):
        counts = Counter(example.role for example in examples)
        total = sum(counts.values())
        self.chances = {role: count / total for role, count in counts.items()}
        self.best = max(self.chances, key=self.chances.get)
        self.version = "majority"

    def predict(self, sentences):
        best, chances = self.best, self.chances
        return [Prediction(best, best, chances[best], chances) for _ in sentences]


def read(folder, name, **more):
    return [item for item in read_examples(folder / f"{name}.jsonl.gz", **more) if isinstance(item, Example)]


def is_for_tuning(example):
    """Whether the example belongs to the half of its corpus that cues were looked over on."""
    name = example.group.partition(":")[2]
    return int(hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(), 16) % 2 == 1


def papers(examples):
    return len({example.group for example in examples})


def without_section(examples):
    return [replace(example, sentence=replace(example.sentence, section="")) for example in examples]


def draws(examples, size):
    """``DRAWS`` lists of ``size`` examples, drawn at random without looking."""
    for draw in range(DRAWS):
        chosen = np.random.default_rng(SEED + draw).choice(len(examples), size, replace=False)
        yield [examples[number] for number in chosen]


# -- what is printed -------------------------------------------------------------------------

HEAD = ["", "n", "macro-F1", "F1 by role", "ECE", "labelled at 90 %"]


def row(name, found):
    by_role = ", ".join(f"{role} {values['f1']:.2f}" for role, values in found["per_class"].items())
    return [
        name,
        f"{found['n']:,}",
        with_interval(found["macro_f1"], found["intervals"]["macro_f1"]),
        by_role,
        with_interval(found["ece"], found["intervals"]["ece"]),
        f"{found['coverage_at_90']:.0%} ({found['precision_at_coverage']:.0%} right)",
    ]


def with_interval(value, ends):
    return f"{value:.3f} [{ends[0]:.3f}–{ends[1]:.3f}]"


def over_draws(found):
    scores = [one["macro_f1"] for one in found]
    return f"{np.mean(scores):.3f} ({min(scores):.3f}–{max(scores):.3f})"


def heading(text):
    print(f"\n## {text}\n", flush=True)


# -- the parts -------------------------------------------------------------------------------


def report_scicite(folder):
    train, dev = read(folder, "scicite-train"), read(folder, "scicite-dev")
    began = time.process_time()
    model = trained.train(train, created=CREATED)
    spent = time.process_time() - began
    size = len(model.as_bytes())
    known = {example.group for example in train}
    fresh = [example for example in dev if example.group not in known]
    heading("SciCite: trained on its training file, measured on its development file")
    shared = len({example.group for example in dev} & known)
    print(
        f"{len(train):,} training sentences of {len(known):,} papers. {shared} of the {papers(dev)} "
        "papers of the development file are among them, so a second table holds the other papers alone.\n"
    )
    for examples in (dev, fresh):
        print_table(
            HEAD,
            (
                row(name, report(labeller, some))
                for name, labeller, some in (
                    ("majority", Majority(train), examples),
                    ("cues, with section", CueModel(), examples),
                    ("cues, text only", CueModel(), without_section(examples)),
                    ("trained, with section", model, examples),
                    ("trained, text only", model, without_section(examples)),
                )
            ),
        )
        print()
    report_abstention(model, dev)
    report_confusions(model, dev)
    heading("Speed and size")
    sentences = [example.sentence for example in train]
    speeds = []
    for labeller in (model, CueModel()):
        began = time.process_time()
        labeller.predict(sentences)
        speeds.append(len(sentences) / (time.process_time() - began))
    print_table(
        ["", "sentences a CPU-second", "file", "training"],
        [
            ["trained", f"{speeds[0]:,.0f}", f"{size / 1e6:.2f} MB", f"{spent:.0f} CPU-seconds"],
            ["cues", f"{speeds[1]:,.0f}", "–", "–"],
        ],
    )
    return model


def report(labeller, examples):
    return evaluate(labeller, examples) if hasattr(labeller, "seen") else roles_report(labeller, examples)


def report_abstention(model, dev):
    print("Labels given at the threshold that training fixed, where the model does not abstain:\n")
    rows = []
    for name, examples in (("with section", dev), ("text only", without_section(dev))):
        found = roles_report(model, examples)
        rows.append(
            [
                name,
                f"{model.manifest['variants'][name]['threshold']:.3f}",
                f"{found['labelled']:.0%}",
                f"{found['labelled_precision']:.1%} (lower bound {found['labelled_precision_low']:.1%})",
                f"{found['coverage_at_90_observed']:.0%}",
            ]
        )
    cues = roles_report(CueModel(), dev)
    rows.append(
        [
            "cues, with section",
            "–",
            f"{cues['labelled']:.0%}",
            f"{cues['labelled_precision']:.1%} (lower bound {cues['labelled_precision_low']:.1%})",
            f"{cues['coverage_at_90_observed']:.0%}",
        ]
    )
    print_table(["", "threshold", "labelled", "right", "could be labelled at 90 % observed"], rows)


def report_confusions(model, dev):
    found = roles_report(model, dev)["confusion"]
    print("\nConfusions of the trained model with section (rows: labels, columns: answers):\n")
    rows = zip(found["classes"], found["counts"], strict=True)
    print_table(["", *found["classes"]], ([name, *map(str, counts)] for name, counts in rows))


def report_few(folder):
    train, dev = read(folder, "scicite-train"), read(folder, "scicite-dev")
    heading(
        "Few labels of SciCite's training file, on its development file: mean of five draws (lowest–highest)"
    )
    cues = (
        roles_report(CueModel(), dev)["macro_f1"],
        roles_report(CueModel(), without_section(dev))["macro_f1"],
    )
    print_table(["labels", "with section", "text only"], _few_rows(train, dev, cues))


def _few_rows(train, dev, cues):
    yield ["none (cues)", *(f"{value:.3f}" for value in cues)]
    for size in SIZES:
        models = [trained.train(some, created=CREATED) for some in draws(train, size)]
        both = [
            over_draws([roles_report(model, examples, resamples=1) for model in models])
            for examples in (dev, without_section(dev))
        ]
        yield [str(size), *both]


def report_acl(folder, scicite_model):
    for scheme in ("acl-arc", "soft-function"):
        examples = read(folder, "aclarc-soft", scheme=scheme)
        train = [example for example in examples if is_for_tuning(example)]
        test = [example for example in examples if not is_for_tuning(example)]
        heading(f"{scheme} labels of computational linguistics, halves by citing paper")
        print(
            f"{len(train)} sentences of {papers(train)} papers to tune and train on, {len(test)} of "
            f"{papers(test)} others to measure with.\n"
        )
        labellers = (
            ("majority", Majority(train)),
            ("cues", CueModel()),
            ("trained on SciCite", scicite_model),
            ("trained on the other half", trained.train(train, created=CREATED)),
        )
        print_table(HEAD, (row(name, report(labeller, test)) for name, labeller in labellers))
        few = [trained.train(some, created=CREATED) for some in draws(train, 50)]
        print(
            "\n50 labels of the other half, mean of five draws (lowest–highest): macro-F1 "
            f"{over_draws([roles_report(model, test, resamples=1) for model in few])}"
        )


def report_polarity(folder):
    heading("Polarity by cues alone: suggestions, on halves that the cues were not looked over on")
    for name, file in (
        ("Athar, by cited paper", "athar-polarity-train"),
        ("clinical, by article", "clinical-polarity-train"),
    ):
        test = [example for example in read(folder, file) if not is_for_tuning(example)]
        found = polarity_report(CueModel(), test)
        negatives = [example.polarity == "disputes" for example in test]
        predictions = CueModel().predict([example.sentence for example in test])
        doubts = np.array(
            [p.polarity_scores["disputes"] + p.polarity_scores["qualifies"] for p in predictions]
        )
        order = np.argsort(-doubts, kind="stable")
        hits = np.array(negatives)[order]
        precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
        print(
            f"{name}: {len(test):,} sentences of {papers(test)} groups, {sum(negatives)} negative "
            f"({np.mean(negatives):.1%}); macro-F1 "
            f"{with_interval(found['macro_f1'], found['intervals']['macro_f1'])}.\n"
        )
        print_table(
            ["", "precision", "recall", "F1", "n"],
            (
                [
                    word,
                    f"{values['precision']:.2f}",
                    f"{values['recall']:.2f}",
                    with_interval(values["f1"], (values["f1_low"], values["f1_high"])),
                    f"{values['n']:,}",
                ]
                for word, values in found["per_class"].items()
            ),
        )
        ranked = ", ".join(f"{int(hits[:n].sum())} of the first {n}" for n in RANKED)
        print(
            f"\nSorted by the probability of a dispute, negative are {ranked}; average precision "
            f"{float(precision[hits].mean()):.2f}. The highest precision with 20 or more suggestions is "
            f"{precision[19:].max():.0%}.\n"
        )


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench.labels", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--only", choices=("scicite", "few", "acl", "polarity"), help="this part alone")
    options = parser.parse_args()
    if not (options.folder / "scicite-train.jsonl.gz").exists():
        print(f"{options.folder} holds no labelled sentences: nothing is measured.")
        return
    print(f"Cues {CueModel.version}; intervals: 95 %, {metrics.RESAMPLES:,} resamples of citing papers.")
    model = report_scicite(options.folder) if options.only in (None, "scicite", "acl") else None
    if options.only in (None, "few"):
        report_few(options.folder)
    if options.only in (None, "acl"):
        report_acl(options.folder, model)
    if options.only in (None, "polarity"):
        report_polarity(options.folder)


if __name__ == "__main__":
    main()
