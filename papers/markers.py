"""Citation markers inside a sentence: numbers, author–year marks and placeholders.

Owns reading them: which numbers a numeric marker stands for, how many references share a
marker group, and where a known work is cited when the source does not say. Never guesses
between two marks. Spans are code points, end exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from papers.text import fold

LONGEST_RANGE = 200
_MOST_NUMBERS = 1000

_DASH = r"[-‐‑‒–—−]"
_RANGE = re.compile(rf"(?<!\d)(\d{{1,6}})(?!\d)(?:\s*\]?\s*{_DASH}\s*\[?\s*(\d{{1,6}})(?!\d))?")
# What data sets put in the place of the marker of the cited work.
_PLACEHOLDER = re.compile(r"\[CITED_AUTHOR\]|#AUTHOR_TAG|#TARGET_REF|<CIT>|TARGETCIT")
_MASK = "\x01"

_YEAR = r"(?<![\d.])(?:1[6-9]|20)\d\d(?P<suffix>[a-z])?(?![\w%])"
_PARTICLES = (
    r"(?:(?:[Vv]an|[Vv]on|[Dd]e[rnls]?|[Dd]i|[Dd]a|[Dd]os|[Dd]u|[Ll][ae]|[Tt]e[rn]|[Ee]l|[Aa]l|[Bb]in)"
    r"[\s-]+)*"
)
_NAME = rf"{_PARTICLES}[^\W\d_a-z][\w'’‐-]*[^\W\d_]"
_INITIALS = r"(?:(?:[^\W\d_a-z]\.[\s-]?)+)?"
_AND = r"(?:\s*,\s*|\s*,?\s+(?:and|&|und|et|y)\s+)"
_AUTHORS = re.compile(
    rf"{_NAME}(?:{_AND}{_INITIALS}{_NAME}){{0,9}}"
    r"(?P<others>\s*,?\s*et\.?\s*al\s*\.?|\s+and\s+(?:others|colleagues))?"
    r"(?:['’]s)?(?P<comma>\s*,)?\s*(?P<bracket>[(\[])?\s*$"
)
_YEARS = re.compile(_YEAR)
_NEXT_YEAR = re.compile(r"\s*[,;&]\s*(?:and\s+)?$")
_ANOTHER_LETTER = re.compile(r"\s*[,/&]\s*([a-z])(?!\w)")
_TO_BRACKET = re.compile(
    rf"(?:\s*[,;:&]\s*(?:pp?\.\s*)?(?:\d{{1,4}}[a-z]?|[a-z])(?!\w)|\s*{_DASH}\s*\d+){{0,9}}\s*[)\]]"
)
# How far left of a year its authors may begin.
_REACH = 120
# Words that stand before a year without naming anyone.
_NOT_NAMES = frozenset(
    "in since by from during until till after before around the of and at on for to between early late mid"
    " year"
    " january february march april may june july august september october november december jan feb mar apr"
    " jun jul aug sep sept oct nov dec spring summer autumn fall winter"
    " figure fig table section sec eq equation version copyright volume vol".split()
)


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    names: tuple[str, ...]
    year: int
    suffix: str
    firm: bool
    """Whether the form itself (comma, bracket, "and", "et al.") shows that it is a citation."""


def expand_numeric(text: str) -> list[int]:
    """The reference numbers that a numeric marker stands for, in order, each once.

    "[3]–[7]" is 3, 4, 5, 6, 7. A range that descends or is longer than ``LONGEST_RANGE`` gives
    only its two ends.
    """
    numbers: dict[int, None] = {}
    for found in _RANGE.finditer(text):
        first, last = int(found[1]), int(found[2] or found[1])
        if 0 <= last - first < LONGEST_RANGE:
            numbers |= dict.fromkeys(range(first, last + 1))
        else:
            numbers |= dict.fromkeys((first, last))
        if len(numbers) >= _MOST_NUMBERS:
            break
    return list(numbers)[:_MOST_NUMBERS]


_BRACKET = r"(?:\([^()\[\]]{1,1500}\)|\[[^()\[\]]{1,1500}\])"
_CHAIN = re.compile(rf"{_BRACKET}(?:\s*(?:[,;]|and|{_DASH})?\s*{_BRACKET})*")
_ONE_BRACKET = re.compile(_BRACKET)
_NUMERIC = re.compile(rf"[(\[]\s*\d{{1,4}}(?:\s*(?:[,;]|and|&|{_DASH})\s*\d{{1,4}})*\s*[,;]?\s*[)\]]")
_LOCATOR = re.compile(
    r"[,;]?\s*(?:pp?|pages?|sec|section|fig|figure|table|ch|chap|chapter|eq|thm|theorem|lemma)\b\.?\s*\d[\d.]*"
    rf"(?:\s*{_DASH}\s*\d+)?",
    re.IGNORECASE,
)
_KEY = re.compile(r"[A-Z][A-Za-z+]{0,8}\d{2}[a-z]?|[A-Z][A-Za-z+]*[:_]\d{2,4}[a-z]?")
_BARE_NUMBERS = re.compile(rf"\d{{1,4}}(?:\s?[,;]\s?\d{{1,4}}|\s?{_DASH}\s?\d{{1,4}}){{0,99}}")


def group_size_at(text: str, start: int, end: int) -> int | None:
    """How many references the marker group around the span holds; None where none is seen.

    Neighbouring brackets are one group: "[1], [2]" holds two, "[3]–[7]" five. A textual "Brown et
    al. (1991)" holds one.
    """
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        return None
    masked = _PLACEHOLDER.sub(lambda found: _MASK * len(found[0]), text)
    for chain in _CHAIN.finditer(masked):
        if chain.start() < end and start < chain.end():
            if size := _size_of(chain[0], start - chain.start(), end - chain.start()):
                return size
        elif chain.start() >= end:
            break
    if _MASK in masked[start:end] or any(m.start < end and start < m.end for m in _marks(masked)):
        return 1
    bare = next((f for f in _BARE_NUMBERS.finditer(masked) if f.start() <= start and end <= f.end()), None)
    return len(expand_numeric(bare[0])) if bare else None


def _size_of(chain: str, start: int, end: int) -> int:
    """The size of the group in a chain of brackets, 0 where the span's bracket holds no citation."""
    pieces = []
    for bracket in _ONE_BRACKET.finditer(chain):
        plain = _LOCATOR.sub("", bracket[0])
        if _NUMERIC.fullmatch(plain) and not _YEARS.search(plain):
            kind = "numeric"
        elif _MASK in plain or _YEARS.search(plain) or _KEY.search(plain):
            kind = "named"
        else:
            kind = ""
        pieces.append((kind, bracket, plain))
    touched = [index for index, (_, b, _) in enumerate(pieces) if b.start() < end and start < b.end()]
    if not touched:
        touched = [index for index, (_, b, _) in enumerate(pieces) if b.end() >= end][:1]
    kind = pieces[touched[0]][0]
    if not kind:
        return 0
    first = last = touched[0]
    while first and pieces[first - 1][0] == kind:
        first -= 1
    while last + 1 < len(pieces) and pieces[last + 1][0] == kind:
        last += 1
    if kind == "numeric":
        low, high = pieces[first][1].start(), pieces[last][1].end()
        return len(expand_numeric(_LOCATOR.sub("", chain[low:high])))
    return sum(_named(plain) for _, _, plain in pieces[first : last + 1])


def _named(content: str) -> int:
    """How many works an author–year bracket names: its years, its "1991a,b" letters, its placeholders."""
    count = len(re.findall(f"{_MASK}+", content))
    for year in _YEARS.finditer(content):
        count += 1 + sum(1 for _ in _more_letters(content, year))
    return count or len(_KEY.findall(content))


def locate_marker(
    text: str, *, family_names: Sequence[str] = (), year: int | None = None
) -> tuple[int, int] | None:
    """Where ``text`` cites the work of ``family_names`` (first author first) and ``year``, or None.

    A placeholder that a data set put there; else the author–year mark with the first author's
    family name (and the year, where given); else, with no name to go by or with one that is
    spelled almost alike, the only author–year mark of that year. None when two marks fit.
    """
    if placeholder := _PLACEHOLDER.search(text):
        return placeholder.span()
    families = [folded for name in family_names if (folded := fold(name))]
    if not families and year is None:
        return None
    marks = list(_marks(text))
    if year is not None:
        marks = [mark for mark in marks if mark.year == year]
    if families:
        named = [mark for mark in marks if mark.names[0] == families[0]]
        if not named:
            marks = [mark for mark in marks if mark.firm and _alike(mark.names[0], families[0])]
        else:
            marks = named
        # "Brown and Mercer, 1991" is not a work of Brown and Cocke.
        if len(families) > 1 and _distinct(marks) > 1:
            marks = [mark for mark in marks if set(mark.names) <= set(families)]
    else:
        marks = [mark for mark in marks if mark.firm]
    return (marks[0].start, marks[0].end) if _distinct(marks) == 1 else None


def _distinct(marks: list[_Mark]) -> int:
    """How many different works the marks can mean: the same mark printed twice is one."""
    return len({(mark.names, mark.year, mark.suffix) for mark in marks})


def _alike(name: str, family: str) -> bool:
    return min(len(name), len(family)) > 3 and SequenceMatcher(None, name, family).ratio() >= 0.8


def _marks(text: str) -> Iterator[_Mark]:
    """The author–year marks of a text: "Brown et al., 1991", "Gale and Church (1991)"."""
    before: _Mark | None = None
    for year in _YEARS.finditer(text):
        left = max(0, year.start() - _REACH)
        authors = _AUTHORS.search(text[left : year.start()])
        suffix = year["suffix"] or ""
        if authors:
            start = left + authors.start()
            names = _names(authors[0])
            bracketed = bool(authors["bracket"])
            alone = len(names) == 1 and not authors["others"]
            # "WMT 2009", "ACL (2010)" name a venue, not a person.
            firm = not alone or (
                bool(authors["comma"] or bracketed or _in_brackets(text, start))
                and not _is_acronym(authors[0])
            )
        elif (
            before
            and year.start() - before.start < _REACH
            and _NEXT_YEAR.fullmatch(text[before.end : year.start()])
        ):
            start, names, firm = before.start, before.names, before.firm
            bracketed = _in_brackets(text[start : year.start()], year.start() - start)
        else:
            continue
        if not names or (len(names) == 1 and names[0] in _NOT_NAMES):
            continue
        before = _Mark(start, year.end(), names, int(year[0][:4]), suffix, firm)
        yield _closed(text, before) if bracketed else before
        for letter in _more_letters(text, year):
            yield _Mark(start, letter.end(), names, before.year, letter[1], firm)


def _names(authors: str) -> tuple[str, ...]:
    """The folded family names of the authors part of a mark."""
    plain = re.sub(r"(?s)\bet\.?\s*al\b.*|\band\s+(?:others|colleagues)\b.*|['’]s\b", "", authors)
    plain = re.sub(r"(?<!\w)[^\W\d_a-z]\.[\s-]?", "", plain)
    parts = (fold(part) for part in re.split(r",|&|\b(?:and|und|et|y)\b|[(\[]", plain))
    return tuple(part for part in parts if part)


def _is_acronym(authors: str) -> bool:
    word = authors.strip(" ,([")
    return len(word) > 2 and word.isupper()


def _in_brackets(text: str, position: int) -> bool:
    left = text[max(0, position - 200) : position]
    return left.rfind("(") > left.rfind(")") or left.rfind("[") > left.rfind("]")


def _closed(text: str, mark: _Mark) -> _Mark:
    """The mark with its closing bracket, where only years, letters and pages stand before it."""
    rest = _TO_BRACKET.match(text, mark.end)
    return replace(mark, end=rest.end()) if rest else mark


def _more_letters(text: str, year: re.Match[str]) -> Iterator[re.Match[str]]:
    """The further letters of "1991a,b"."""
    position = year.end()
    while year["suffix"] and (letter := _ANOTHER_LETTER.match(text, position)):
        yield letter
        position = letter.end()
