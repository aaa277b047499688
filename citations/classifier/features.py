"""What a trained model sees of a sentence: n-grams of its masked words, and a few cheap numbers.

Owns the names and order of the numbers, which a model file depends on: another order is another
``VERSION``. Knows no model.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log1p

from citations.classifier import cues
from citations.classifier.cues import Reading
from citations.classifier.predictions import ROLES
from citations.classifier.sentences import NUMBER, OTHER, Masked
from papers.sections import SECTION_KINDS

VERSION = "1"
LONGEST_NGRAM = 3
# What follows in a passage of many sentences says little about the citation.
MOST_TOKENS = 300
# Points of the cue model that make 1 among the numbers.
POINTS_IN_ONE = 3

_POLARITIES = ("supports", "disputes", "qualifies")
TEXT_NUMBERS = (
    *(f"cue {role}" for role in ROLES),
    *(f"cue {polarity}" for polarity in _POLARITIES),
    "target near the beginning",
    "target near the end",
    "target's place unknown",
    "target named in the sentence",
    "other citations",
    "no other citation",
    "references in the group",
    "alone in its group",
    "length in words",
    "share of numbers",
    "share of letters",
    "another citation beside",
)
SECTION_NUMBERS = (
    *(f"section {kind}" for kind in SECTION_KINDS),
    *(f"cue and section {role}" for role in ROLES),
)


def ngrams(masked: Masked) -> Iterator[str]:
    """The 1- to 3-grams of the masked words, in the order of their ends."""
    tokens = masked.tokens[:MOST_TOKENS]
    for end in range(1, len(tokens) + 1):
        gram = tokens[end - 1]
        yield gram
        for start in range(end - 2, max(end - 1 - LONGEST_NGRAM, -1), -1):
            gram = f"{tokens[start]} {gram}"
            yield gram


def numbers(masked: Masked, reading: Reading, *, with_section: bool) -> list[float]:
    """The values of ``TEXT_NUMBERS``, then of ``SECTION_NUMBERS`` where asked for. All within about -2..2."""
    points = reading.role_points
    place = masked.place
    tokens = masked.tokens
    values = [points.get(role, 0.0) / POINTS_IN_ONE for role in ROLES]
    values += [reading.polarity_points.get(polarity, 0.0) / POINTS_IN_ONE for polarity in _POLARITIES]
    values += [
        1.0 if place is not None and place < 0.2 else 0.0,
        1.0 if place is not None and place > 0.8 else 0.0,
        1.0 if place is None else 0.0,
        1.0 if masked.textual else 0.0,
        min(log1p(masked.others), 3.0) / 2,
        1.0 if masked.others == 0 else 0.0,
        min(log1p(masked.group), 3.0) / 2,
        1.0 if masked.group == 1 else 0.0,
        min(log1p(len(tokens)), 6.0) / 6,
        tokens.count(NUMBER) / max(1, len(tokens)),
        masked.letters,
        1.0 if f"{OTHER} TARGET" in masked.line or f"TARGET {OTHER}" in masked.line else 0.0,
    ]
    if with_section:
        values += [1.0 if kind == masked.kind else 0.0 for kind in SECTION_KINDS]
        scores = cues.role_scores(reading, masked.kind)
        values += [scores[role] / POINTS_IN_ONE for role in ROLES]
    return values
