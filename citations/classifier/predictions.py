"""What a labeller says of a sentence, and what a labeller is.

Owns the shape of an answer and how answers in our roles are read where a scheme knows fewer
of them. Decides nothing about any sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from citations.classifier.sentences import Sentence
from citations.labels import Role

# What a labeller can say; "unclear" is what it says by abstaining.
ROLES: tuple[str, ...] = tuple(str(role.value) for role in Role if role != Role.UNCLEAR)

# Where a scheme has no word for a role, the wider word that its sentences fall under.
WIDER = {
    "dataset": "method",
    "extension": "method",
    "baseline": "comparison",
    "comparison": "background",
    "evidence": "background",
    "motivation": "background",
    "method": "background",
}


@dataclass(frozen=True, slots=True)
class Prediction:
    """A labeller's answer for one sentence.

    ``role`` is empty where it abstains; ``likeliest`` never is. ``probabilities`` holds every
    role that the labeller knows and sums to 1; ``confidence`` is that of ``likeliest``.
    ``reasons`` are the matched words. ``polarity`` is a suggestion for a person to check, empty
    for none, with its probability (for disputes and qualifies that of either) and reasons;
    ``polarity_scores`` are the probabilities of all. ``why_abstained`` is a short sentence, for
    pages and logs.
    """

    role: str
    likeliest: str
    confidence: float
    probabilities: Mapping[str, float]
    reasons: tuple[str, ...] = ()
    polarity: str = ""
    polarity_probability: float = 0.0
    polarity_reasons: tuple[str, ...] = ()
    polarity_scores: Mapping[str, float] = field(default_factory=dict)
    why_abstained: str = ""


class Labeller(Protocol):
    """What reads sentences: the cue model, a trained model, or one to come."""

    @property
    def version(self) -> str:
        """Names what answered, for the log of labels; another text for each change of answers."""

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction]:
        """One Prediction for each sentence, in order. Never raises for a text."""


def narrowed(probabilities: Mapping[str, float], roles: Collection[str]) -> dict[str, float]:
    """The probabilities over ``roles`` alone, as a scheme with just these words would have them.

    A role that is not among them counts for the wider word that is; one with none is left out and
    the rest scaled to sum to 1. Even over all of ``roles`` where nothing is left.
    """
    found = dict.fromkeys(roles, 0.0)
    for role, probability in probabilities.items():
        word: str | None = role
        while word is not None and word not in found:
            word = WIDER.get(word)
        if word is not None:
            found[word] += probability
    total = sum(found.values())
    if total <= 0:
        return {role: 1 / len(found) for role in found}
    return {role: value / total for role, value in found.items()}
