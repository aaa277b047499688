"""The cue model: words that tell a role or a polarity, written down by hand (``patterns.py``).

Owns the search for them and the rule that adds their points up. Learns nothing: it works on a
new library, and each of its answers names the words that it rests on. English only; it abstains
elsewhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import exp

from citations.classifier.patterns import (
    POLARITY_CUES,
    POLARITY_START,
    ROLE_CUES,
    ROLE_START,
    SECTION_POINTS,
    WORDS,
)
from citations.classifier.predictions import ROLES, Prediction
from citations.classifier.sentences import MASKS, MAX_CHARACTERS, NUMBER, Masked, Sentence, mask

# How a point becomes odds. A further cue for the same word counts half of the one before.
ROLE_SCALE = 1.0
POLARITY_SCALE = 0.8
FURTHER = 0.5
# The cue model answers where it is surer than this.
LEAST_CONFIDENCE = 0.5
LEAST_POLARITY = 0.5
# Points from which support and dispute together make a qualification.
LEAST_OF_BOTH = 2.5
MOST_REASONS = 5
# How many words a gap in a pattern may be.
GAPS = {"..": 3, "...": 8}

# Another for each change of a pattern or a point: it stands in the log of labels and in model files.
_TABLES = (WORDS, ROLE_CUES, POLARITY_CUES, SECTION_POINTS, ROLE_START, POLARITY_START)
_RULES = (ROLE_SCALE, POLARITY_SCALE, FURTHER, LEAST_CONFIDENCE, LEAST_POLARITY, LEAST_OF_BOTH, GAPS)
VERSION = f"cues-{sha256(repr((_TABLES, _RULES)).encode()).hexdigest()[:8]}"

_SHORTEST = 3
_LEAST_LETTERS = 0.55
_KEY = 4
_ENGLISH = frozenset(
    "the of and in to is are was were with that for by we this these as on from has have been be our it not"
    " which at an or can their also using than between but its they".split()
)
_FOREIGN = frozenset(
    "der die das und ist nicht von mit für auf ein eine wurde wurden dass sich auch bei le la les des du et"
    " est une dans pour que qui sur par avec sont cette el los las y del en una por con para se como più il"
    " della di che è gli nel zijn het een van niet op voor de o os da do em não com uma är och att av som på"
    " til og af ikke".split()
)


@dataclass(frozen=True, slots=True)
class _Cue:
    word: str
    points: float
    search: re.Pattern[str]
    keys: frozenset[str]


def _slot(word: str) -> tuple[str, list[str], bool]:
    """(regular expression, alternatives, whether it may be missing) of one word of a pattern."""
    optional = word.endswith("?")
    alternatives: list[str] = []
    for part in word.removesuffix("?").split("|"):
        alternatives += WORDS[part].split("|") if part in WORDS else [part]
    stems = [
        re.escape(part[:-1]) + "[^ ]*" if part.endswith("*") else re.escape(part) for part in alternatives
    ]
    return f"(?:{'|'.join(stems)})", alternatives, optional


def _compile(pattern: str) -> tuple[re.Pattern[str], frozenset[str]]:
    """The search for a pattern in ``Masked.line``, and the word beginnings one of which it needs."""
    found = ""
    best: list[str] = []
    for word in pattern.split():
        if word in GAPS:
            found += f"(?: [^ ]+){{0,{GAPS[word]}}}?"
            continue
        expression, alternatives, optional = _slot(word)
        found += f"(?: {expression})?" if optional else f" {expression}"
        if not optional and min(map(_rarity, alternatives)) > min(map(_rarity, best), default=-1):
            best = alternatives
    return re.compile(found + "(?= )"), frozenset(_key(part) for part in best)


def _rarity(word: str) -> int:
    return 0 if word in _ENGLISH or word in MASKS else len(word.rstrip("*"))


def _key(word: str) -> str:
    """What of a word the index is made of; a stem must be as long."""
    stem = word.rstrip("*")
    if word.endswith("*") and len(stem) < _KEY:
        raise ValueError(f"the stem {word} is too short")
    return stem[:_KEY]


def _read(table: dict[str, str]) -> list[_Cue]:
    cues = []
    for word, lines in table.items():
        for line in re.sub(r"\n\s*\|", "|", lines).strip().splitlines():
            points, pattern = line.split(maxsplit=1)
            cues.append(_Cue(word, float(points), *_compile(pattern)))
    return cues


class _Table:
    """Cues by the beginnings of words, so that a sentence meets only those that may fit."""

    def __init__(self, table: dict[str, str]):
        self.words = list(table)
        self._index: dict[str, list[tuple[int, _Cue]]] = defaultdict(list)
        for number, cue in enumerate(_read(table)):
            for key in cue.keys:
                self._index[key].append((number, cue))

    def matches(self, line: str, keys: set[str]) -> list[tuple[_Cue, str]]:
        """(cue, the words that it found) for each that fits, in the order of the table."""
        fitting: dict[int, _Cue] = {}
        for key in keys & self._index.keys():
            fitting.update(self._index[key])
        found = []
        for _number, cue in sorted(fitting.items()):
            if match := cue.search.search(line):
                found.append((cue, match[0].strip()))
        return found


_ROLES = _Table(ROLE_CUES)
_POLARITIES = _Table(POLARITY_CUES)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the cues say of a masked sentence: points and the matched words, by role and polarity.

    ``unreadable`` is the reason why the sentence is not for them, empty where it is.
    """

    role_points: dict[str, float]
    role_words: dict[str, list[str]]
    polarity_points: dict[str, float]
    polarity_words: dict[str, list[str]]
    unreadable: str = ""


def read(masked: Masked, *, length: int = 0) -> Reading:
    """The Reading of a masked sentence whose text had ``length`` characters."""
    if reason := why_unreadable(masked, length):
        return Reading({}, {}, {}, {}, reason)
    keys = {token[:_KEY] for token in masked.tokens}
    return Reading(
        *_added(_ROLES.matches(masked.line, keys)), *_added(_POLARITIES.matches(masked.line, keys))
    )


def why_unreadable(masked: Masked, length: int = 0) -> str:
    """Why a text cannot be judged, in a few words; "" where it can."""
    if length > MAX_CHARACTERS:
        return f"longer than {MAX_CHARACTERS:,} characters"
    words = [token for token in masked.tokens if token not in MASKS and token != NUMBER]
    if not masked.tokens:
        return "no words"
    if len(words) < _SHORTEST:
        return "too few words"
    if masked.letters < _LEAST_LETTERS or len(words) < len(masked.tokens) - len(words):
        return "mostly numbers and signs"
    ours = sum(word in _ENGLISH for word in words)
    others = sum(word in _FOREIGN for word in words)
    if others >= 2 and others > ours or (ours == 0 and len(words) >= 12):
        return "not an English sentence"
    if ours == 0 and sum(not word.isascii() for word in words) > len(words) / 3:
        return "not an English sentence"
    return ""


def _added(matches: list[tuple[_Cue, str]]) -> tuple[dict[str, float], dict[str, list[str]]]:
    """Points and words by role: the strongest cue counts whole, each further one half of the last."""
    by_word: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for cue, words in matches:
        by_word[cue.word].append((cue.points, words))
    points = {}
    for word, found in by_word.items():
        found.sort(key=lambda pair: -pair[0])
        points[word] = sum(value * FURTHER**number for number, (value, _) in enumerate(found[:6]))
    return points, {word: [words for _, words in found] for word, found in by_word.items()}


def role_scores(reading: Reading, kind: str) -> dict[str, float]:
    """Points of every role, the start and the kind of section included."""
    section = SECTION_POINTS.get(kind, {})
    return {
        role: ROLE_START[role] + reading.role_points.get(role, 0.0) + section.get(role, 0.0) for role in ROLES
    }


def polarity_scores(reading: Reading) -> dict[str, float]:
    points = dict(reading.polarity_points)
    # Support and dispute in one sentence is what a qualification sounds like.
    both = min(points.get("supports", 0.0), points.get("disputes", 0.0))
    if both >= LEAST_OF_BOTH:
        points["qualifies"] = points.get("qualifies", 0.0) + both
        points["supports"] -= both
        points["disputes"] -= both
    return {word: start + points.get(word, 0.0) for word, start in POLARITY_START.items()}


def softmax(scores: dict[str, float], scale: float) -> dict[str, float]:
    highest = max(scores.values())
    weights = {word: exp(scale * (score - highest)) for word, score in scores.items()}
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items()}


class CueModel:
    """The labeller that needs no training."""

    version = VERSION

    def predict(self, sentences: Sequence[Sentence]) -> list[Prediction]:
        """One Prediction for each sentence. Bounded time for any text; never raises."""
        return [self._predict(sentence) for sentence in sentences]

    def _predict(self, sentence: Sentence) -> Prediction:
        masked = mask(sentence)
        reading = read(masked, length=len(sentence.text))
        probabilities = softmax(role_scores(reading, masked.kind), ROLE_SCALE)
        likeliest = max(probabilities, key=probabilities.__getitem__)
        reasons = tuple(reading.role_words.get(likeliest, ())[:MOST_REASONS])
        why = reading.unreadable
        if not why and not reading.role_words:
            why = "no cue speaks"
        elif not why and not reasons:
            why = "no cue speaks for the likeliest role"
        elif not why and probabilities[likeliest] < LEAST_CONFIDENCE:
            why = "the cues do not decide"
        polarity, chance, words, scores = suggested_polarity(reading)
        return Prediction(
            role="" if why else likeliest,
            likeliest=likeliest,
            confidence=probabilities[likeliest],
            probabilities=probabilities,
            reasons=reasons,
            polarity=polarity,
            polarity_probability=chance,
            polarity_reasons=words,
            polarity_scores=scores,
            why_abstained=why,
        )


def suggested_polarity(reading: Reading) -> tuple[str, float, tuple[str, ...], dict[str, float]]:
    """(polarity or "", its probability, matched words, all probabilities) that the cues suggest.

    Disputes and qualifications both ask a person to look: they are suggested where either is
    likely enough, and the probability is that of either.
    """
    chances = softmax(polarity_scores(reading), POLARITY_SCALE)
    doubt = chances["disputes"] + chances["qualifies"]
    best, chance = "supports", chances["supports"]
    if doubt > chance:
        best, chance = max(("disputes", "qualifies"), key=chances.__getitem__), doubt
    if chance < LEAST_POLARITY or reading.unreadable:
        return "", 0.0, (), chances
    words = tuple(reading.polarity_words.get(best, ())[:MOST_REASONS])
    if not words:  # both sides speak
        words = tuple(
            word for side in ("supports", "disputes") for word in reading.polarity_words.get(side, [])[:2]
        )
    return best, chance, words, chances
