"""The model card: what a trained model says of itself, as Markdown.

Owns the wording. Everything in it comes from the manifest in the model file.
"""

from __future__ import annotations

from collections.abc import Mapping

# What the figures of a card do not say, whatever the model.
LIMITS = (
    "The figures hold for papers like the ones it was trained on. On another field they fall, often far.",
    "It reads the citing sentence and the kind of section, nothing else of the paper.",
    "It reads English. For other languages, tables and fragments it abstains.",
    "Polarity comes from hand-written cues and is a suggestion for a person to check.",
    "Agreement with the labels is not truth: people who label such sentences disagree on many.",
)


def model_card(manifest: Mapping) -> str:
    """The card of the model with this manifest (``TrainedModel.manifest``)."""
    lines = [
        f"# Citation role model {manifest['version']}",
        "",
        f"Trained {manifest['created']} on {manifest['examples']:,} labelled sentences in "
        f"{manifest['groups']:,} groups (citing papers, where the data names them). "
        f"Logistic regression over {manifest['terms']:,} n-grams of masked words and some numbers, "
        "with the cue model as its prior; file format "
        f"{manifest['format']}, cues {manifest['cues']}, crosswalk {manifest['crosswalk']}.",
        "",
        "## Training data",
        "",
    ]
    for row in manifest["data"] or [{"name": "not stated"}]:
        digest = f", SHA-256 {row['sha256'][:16]}…" if row.get("sha256") else ""
        count = f": {row['examples']:,} sentences" if "examples" in row else ""
        lines.append(f"- {row['name']}{count}{digest}")
    lines += ["", _table(["role", "sentences"], [[r, f"{n:,}"] for r, n in manifest["per_role"].items()])]
    if manifest["left_out"]:
        words = ", ".join(f"{role} ({count})" for role, count in manifest["left_out"].items())
        lines += ["", f"Left out, with too few examples: {words}."]
    lines += [
        "",
        f"## What it reaches on groups it did not see ({manifest['folds']}-fold cross-validation)",
        "",
        "95 % intervals by a bootstrap over groups.",
        "",
    ]
    rows = []
    for name, stated in manifest["variants"].items():
        measured = stated["out_of_fold"]
        low, high = measured["intervals"]["macro_f1"]
        rows.append(
            [
                name,
                f"{measured['macro_f1']:.3f} [{low:.3f}–{high:.3f}]",
                f"{measured['accuracy']:.3f}",
                f"{measured['ece']:.3f}",
                _threshold(stated["threshold"]),
                f"{measured['labelled']:.0%}",
                _share(measured["labelled_precision"]),
            ]
        )
    head = ["variant", "macro-F1", "accuracy", "ECE", "threshold", "labelled", "their precision"]
    lines += [_table(head, rows), ""]
    for name, stated in manifest["variants"].items():
        per_class = stated["out_of_fold"]["per_class"]
        rows = [
            [role, *(f"{row[key]:.3f}" for key in ("precision", "recall", "f1")), f"{row['n']:,}"]
            for role, row in per_class.items()
        ]
        lines += [f"{name.capitalize()}:", "", _table(["role", "precision", "recall", "F1", "n"], rows), ""]
    lines += [
        "Below its threshold the model abstains. The threshold is the lowest whose precision has a one-sided "
        f"95 % Clopper–Pearson bound of {manifest['precision_wanted']:.0%} on the answers above; “none” "
        "means that it always abstains.",
        "",
        "## What it does not say",
        "",
        *(f"- {sentence}" for sentence in LIMITS),
        "",
    ]
    return "\n".join(lines)


def _threshold(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
