"""Citing sentences as the classifier takes them, and what is left of one once its citations are masked.

Owns ``Sentence`` and the masking: the target citation becomes one token, every other citation
another, so that no model can learn who was cited. Knows no label.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from papers import sections

TARGET = "TARGET"
OTHER = "OTHER"
NUMBER = "0"
MASKS = frozenset({TARGET, OTHER})
# No citing sentence is that long; a passage of a few sentences is not either.
MAX_CHARACTERS = 5_000

_DASH = "[-‐‑‒–—−]"
# A family name; all that repeats is bounded, so that no text takes long.
_NAME = r"(?<![\w'’-])[^\W\d_a-z][\w'’‐-]{1,30}"
_AND = r"\s?,?\s{1,3}(?:and|&|und|et|y)\s{1,3}"
_ET_AL = r"\s?,?\s{0,3}et\.?\s{0,3}al\b\s?\.?"
_YEAR = r"(?:1[6-9]|20)\d\d[a-z]?(?!\w)"
_NUMBERS = rf"\d{{1,4}}(?:\s?(?:[,;]|{_DASH})\s?\d{{1,4}}){{0,40}}\s?"
_NUMERIC = rf"\[\s?{_NUMBERS}\]"
_CHAIN = rf"{_NUMERIC}(?:\s?(?:[,;]|{_DASH})?\s?{_NUMERIC}){{0,20}}+"
_YEAR_BRACKET = rf"[(\[][^()\[\]]{{0,600}}?{_YEAR}[^()\[\]]{{0,600}}[)\]]"
# What data sets put in the place of the cited work, and of other works.
_TARGET_SIGN = r"\[CITED_AUTHOR\]|@@CITATION|#AUTHOR_TAG|#TARGET_REF|#CITATION_TAG|TARGETCIT|<CIT>"
_OTHER_SIGN = r"\[OTHER_AUTHOR\]|#OTHERS_TAG|OTHERCIT|<cit\.>|\[CITATION\]|#REFR\b"
_CITATION = re.compile(
    rf"(?P<target>(?:[(\[]\s?){{0,2}}(?:{_TARGET_SIGN})(?:\s?[)\]]){{0,2}})"
    rf"|(?P<other>{_OTHER_SIGN})"
    rf"|(?P<textual>{_NAME}(?:(?:{_AND}{_NAME}|{_ET_AL})(?:['’]s)?(?:\s?,?\s?{_YEAR}(?:\s?[,;]\s?{_YEAR}){{0,5}}"
    rf"|\s?{_CHAIN}|\s?\(\s?{_NUMBERS}\)|\s?{_YEAR_BRACKET})|(?:['’]s)?\s?[(\[]\s?{_YEAR}[^()\[\]]{{0,60}}[)\]]"
    rf"|{_ET_AL}))"
    rf"|(?P<numeric>{_CHAIN})"
    rf"|(?P<named>{_YEAR_BRACKET})"
    rf"|(?P<round>\(\s?{_NUMBERS}\))"
)
_LIST_OF_NUMBERS = re.compile(rf"\d\s?(?:[,;]|{_DASH})\s?\d")
_YEARS = re.compile(_YEAR)
_INTEGERS = re.compile(rf"(\d{{1,4}})(?:\s?\]?\s?{_DASH}\s?\[?\s?(\d{{1,4}}))?")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+){0,3}|\d[\d.,]{0,20}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One citing sentence, for one cited work.

    ``start`` and ``end`` mark the citation of that work in ``text``, in code points, end
    exclusive; both None where they are not known. ``section`` is the title as printed or a
    kind. ``group_size`` counts the references in the same marker group. ``before`` and
    ``after`` are the neighbouring sentences.
    """

    text: str
    start: int | None = None
    end: int | None = None
    section: str = ""
    group_size: int | None = None
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Masked:
    """A sentence without its citations.

    ``tokens``: lower-case words, ``NUMBER`` for each number, ``TARGET``, ``OTHER``.
    ``line``: the tokens with single blanks between, one before and one after.
    ``place``: where the target stands, from 0 (first) to 1 (last); None where it is not known.
    ``others``: how many other citation marks there are. ``group``: references in the target's
    group. ``textual``: the target is named in the sentence ("Brown et al. (1991) show").
    ``kind``: the section's kind, "" for unknown. ``letters``: share of letters among the
    characters that are neither blanks nor part of a citation.
    """

    tokens: tuple[str, ...]
    line: str
    place: float | None
    others: int
    group: int
    textual: bool
    kind: str
    letters: float


@lru_cache(maxsize=4096)
def kind_of(section: str) -> str:
    """The kind of section; "" where it is unknown."""
    return sections.section_kind(section[:300])


def mask(sentence: Sentence) -> Masked:
    """The sentence with its citations masked. Never raises; linear in the length of the text.

    Where no span is given, a data set's placeholder is the target, else the only citation
    there is. With several and nothing to choose by, each is masked as the target and ``place``
    is None.
    """
    text = sentence.text[:MAX_CHARACTERS]
    span = _span(sentence, len(text))
    marks = _marks(text, span)
    targets = _targets(marks, span)
    if span and not targets:
        marks = sorted([*marks, (span[0], span[1], "span")])
        targets = {(span[0], span[1])}
    tokens: list[str] = []
    letters = characters = 0
    end = 0
    textual = False
    first = last = None
    for start, stop, form in [*marks, (len(text), len(text), "end")]:
        piece = text[end:start]
        for found in _TOKEN.findall(piece):
            if found[0].isdecimal():
                tokens.append(NUMBER)
            else:
                letters += len(found)
                tokens.append(found.lower().replace("’", "'"))
        characters += len(piece) - piece.count(" ")
        if form != "end":
            is_target = (start, stop) in targets
            if is_target:
                first = len(tokens) if first is None else first
                last = len(tokens)
                textual = textual or form == "textual"
            tokens.append(TARGET if is_target else OTHER)
        end = max(end, stop)
    known = first is not None and first == last
    return Masked(
        tokens=tuple(tokens),
        line=f" {' '.join(tokens)} ",
        place=first / max(1, len(tokens) - 1) if known and first is not None else None,
        others=len(marks) - (1 if targets else 0),
        group=sentence.group_size or _group(text, targets),
        textual=textual,
        kind=kind_of(sentence.section),
        letters=letters / characters if characters else 0.0,
    )


def _span(sentence: Sentence, length: int) -> tuple[int, int] | None:
    start, end = sentence.start, sentence.end
    if start is None or end is None or not 0 <= start < end <= length:
        return None
    return start, end


def _marks(text: str, span: tuple[int, int] | None) -> list[tuple[int, int, str]]:
    """(start, end, form) of each citation, in order, none overlapping."""
    marks = []
    # "(4)" is a citation only where the target is one of the kind: it may number a list.
    round_target = span is not None and re.fullmatch(r"[(]?[\d\s,;–-]{1,60}[)]?", text[slice(*span)])
    for found in _CITATION.finditer(text):
        form = found.lastgroup or ""
        if form == "round" and not (round_target or _LIST_OF_NUMBERS.search(found[0])):
            continue
        marks.append((found.start(), found.end(), form))
    return marks


def _targets(marks: list[tuple[int, int, str]], span: tuple[int, int] | None) -> set[tuple[int, int]]:
    if span:
        touched = [(start, end) for start, end, _ in marks if start < span[1] and span[0] < end]
        return set(touched[:1])
    if signs := [(start, end) for start, end, form in marks if form == "target"]:
        return set(signs)
    return {(start, end) for start, end, _ in marks}


def _group(text: str, targets: set[tuple[int, int]]) -> int:
    """How many works the target's mark names, 1 at least."""
    if len(targets) != 1:
        return 1
    mark = text[slice(*next(iter(targets)))]
    if years := len(_YEARS.findall(mark)):
        return years
    count = 0
    for first, last in _INTEGERS.findall(mark):
        count += min(max(int(last) - int(first), 0), 50) + 1 if last else 1
    return max(1, count)
