"""Citation markers that a machine found in a PDF (GROBID, S2ORC): ragged edges, missing targets.

Owns what makes them usable: marks without loose brackets and commas, and the entry of a marker
whose target is missing or names too few entries, where the paper itself leaves no doubt: by the
number that other markers show it to have, or by its first author and year. Never guesses
between two entries.
"""

from __future__ import annotations

import re
from collections import defaultdict

from papers import markers
from papers.importers.citing_sentences import Anchor, Block, ReferenceTable, printed_number
from papers.records import ReferenceRecord
from papers.text import fold

# How many different linked markers must show that bracketed (or bare) numbers are citations here.
LEAST_NUMBERED = 3
# How far left of a lone "(1993)" its author may stand, and of "12]" its bracket.
_REACH = 60
# A longer marker is no marker.
_LONGEST = 500
_MOST_ALIKE = 26

_NUMBERS = re.compile(r"(?=\D*\d)[\s\d,;\[\]()\u2010-\u2015\u2212-]+")
_YEAR = re.compile(r"(?<!\d)(1[6-9]\d\d|20\d\d)(?!\d)((?:\s?[,/&]?\s?[a-z](?![\w]))*)")
_NAME_WORD = re.compile(r"[^\W\d_a-z][\w'’‐-]+")
_LABEL = re.compile(r"\s*(?:\[(\d{1,4})\]|(\d{1,3})\.(?=\s))")
_CONNECTING = frozenset("and und et al y e see also in by cf eg ie others colleagues".split())
_OPENING = {")": "(", "]": "["}
_CLOSING = {"(": ")", "[": "]"}
_LEAD = re.compile(r"(?:e\.g\.|i\.e\.|cf\.|see(?: also)?|in)[,\s]\s*(?=[^\W\d_])", re.IGNORECASE)


def tidy(block: Block) -> Block:
    """The block, its markers without separators, unpaired brackets and "see" at their ends.

    A bare number is taken to be raised: nothing tells a superscript any more.
    """
    for anchor in block.anchors:
        anchor.start, anchor.end = _tidied(block.text, anchor.start, anchor.end)
        bare = not re.search(r"[\[\](]", block.text[max(0, anchor.start - 1) : anchor.end + 1])
        anchor.raised = anchor.raised or (bare and _numeric(block.text[anchor.start : anchor.end]))
    return block


def _tidied(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end:
        marked = text[start:end]
        first, last = marked[0], marked[-1]
        if last in " ,;:" or marked.count(last) > marked.count(_OPENING.get(last, last)):
            end -= 1
        elif first in " ,;:" or marked.count(first) > marked.count(_CLOSING.get(first, first)):
            start += 1
        elif lead := _LEAD.match(marked):
            start += lead.end()
        else:
            break
    return start, end


def _numeric(printed: str) -> bool:
    return bool(_NUMBERS.fullmatch(printed))


def label_of(printed: str) -> int | None:
    """The number that a printed reference begins with ("[12] Fern B. …", "12. Fern"), else None."""
    found = _LABEL.match(printed)
    return int(found[1] or found[2]) if found else None


def link(blocks: list[Block], table: ReferenceTable, references: list[ReferenceRecord]) -> None:
    """Gives markers the targets that the source left out, and the table the numbers that entries have.

    ``table`` holds the entries by id, in the order of the list; its numbers are those printed
    with the entries.
    """
    styles = _number_styles(blocks, table)
    if styles:
        _learn_numbers(blocks, table, styles)
    by_year = _ByYear(references, table)
    for block in blocks:
        for index, anchor in enumerate(block.anchors):
            printed = block.text[anchor.start : anchor.end]
            if _numeric(printed) and not _YEAR.search(printed):
                style = _style(block, anchor)
                if not anchor.ids and style in styles:
                    numbers = markers.expand_numeric(printed)
                    if all(number in table.by_number for number in numbers):
                        anchor.ids = [table.by_number[number] for number in numbers]
                elif styles == {"["} and style == "(":
                    # Where citations are "[3]", "(3)" is an equation.
                    anchor.ids = []
                continue
            named = by_year.entries(_with_author(block, index), len(printed))
            if not anchor.ids or set(anchor.ids) <= set(named):
                anchor.ids = named or anchor.ids


def _with_author(block: Block, index: int) -> str:
    """What a marker prints; a lone year with the words before it, in which its author may be named."""
    anchor = block.anchors[index]
    printed = block.text[anchor.start : anchor.end]
    if _NAME_WORD.search(printed):
        return printed
    begin = max(block.anchors[index - 1].end if index else 0, anchor.start - _REACH)
    return block.text[begin : anchor.end]


def _style(block: Block, anchor: Anchor) -> str:
    """How a number is set: the bracket that opens its group, "" for none."""
    before = block.text[max(0, anchor.start - _REACH) : anchor.start + 1]
    opening = re.search(r"([\[(])[\s\d,;\u2010-\u2015\u2212-]*$", before)
    return opening[1] if opening else ""


def _number_styles(blocks: list[Block], table: ReferenceTable) -> set[str]:
    """The styles in which enough linked markers print a number."""
    seen: dict[str, set[int]] = defaultdict(set)
    for block in blocks:
        for anchor in block.anchors:
            number = printed_number(block, anchor)
            if number is not None and any(one in table.by_id for one in anchor.ids):
                seen[_style(block, anchor)].add(number)
    return {style for style, numbers in seen.items() if len(numbers) >= LEAST_NUMBERED}


def _learn_numbers(blocks: list[Block], table: ReferenceTable, styles: set[str]) -> None:
    """Numbers of entries as their markers print them, and of those between two that agree."""
    shown: dict[int, set[str]] = defaultdict(set)
    for block in blocks:
        for anchor in block.anchors:
            number = printed_number(block, anchor)
            if number is not None and len(anchor.ids) == 1 and _style(block, anchor) in styles:
                shown[number].update(one for one in anchor.ids if one in table.by_id)
    for number, ids in shown.items():
        if len(ids) == 1:
            one = min(ids)
            table.by_number[number], table.number_of[one] = one, number
    order = list(table.by_id)
    place = {one: index for index, one in enumerate(order)}
    known = sorted((number, place[one]) for number, one in table.by_number.items())
    # The list begins with number 1; from there and from each known entry to the next, where the
    # count of numbers equals the count of entries, those between are certain.
    for (low, first), (high, last) in zip([(0, -1), *known], known, strict=False):
        if high - low == last - first:
            for step in range(1, high - low):
                table.add_number(order[first + step], low + step)


class _ByYear:
    """Finds entries by the first author and the year that a marker prints."""

    def __init__(self, references: list[ReferenceRecord], table: ReferenceTable):
        self._entries: dict[tuple[int, str], list[tuple[str, ReferenceRecord]]] = defaultdict(list)
        for one, works in table.by_id.items():
            for work in works:
                reference = references[work]
                if reference.year and (name := _first_family(reference)):
                    self._entries[reference.year, name].append((one, reference))

    def entries(self, printed: str, tail: int) -> list[str]:
        """The ids of the entries that ``printed`` names without doubt, in order.

        Only marks that reach into its last ``tail`` characters count.
        """
        found: list[str] = []
        if len(printed) > _LONGEST:
            return found
        words = dict.fromkeys(fold(printed).split())
        # With its letters "2019a,b" would be two marks.
        plain = _YEAR.sub(lambda year: year[1] + " " * len(year[2]), printed)
        for year in _YEAR.finditer(printed):
            if year.end() <= len(printed) - tail:
                continue
            number, letters = int(year[1]), re.findall("[a-z]", year[2])
            candidates = [
                (one, reference)
                for word in words
                for one, reference in self._alike(number, word)
                if _names(plain, reference, year.end(1))
            ]
            found += _certain(candidates, number, letters)
        return list(dict.fromkeys(found))

    def _alike(self, year: int, family: str) -> list[tuple[str, ReferenceRecord]]:
        """The entries of a year and a first author, none where there are more than letters to tell them."""
        entries = self._entries.get((year, family), [])
        return entries if len(entries) <= _MOST_ALIKE else []


def _first_family(reference: ReferenceRecord) -> str:
    """The last word of the first author's folded family name: "long" of "Van Long"."""
    author = reference.authors[0] if reference.authors else None
    return "".join(fold(author.family or author.name).split()[-1:]) if author else ""


def _names(printed: str, reference: ReferenceRecord, end: int) -> bool:
    """Whether the mark with the year that ends at ``end`` prints no names but the reference's authors'."""
    families = [author.family or author.name for author in reference.authors]
    span = markers.locate_marker(printed, family_names=families, year=reference.year)
    if span is None or not span[0] < end <= span[1]:
        return False
    authors = {word for author in reference.authors for word in fold(author.name).split()}
    words = {word for name in _NAME_WORD.findall(printed[slice(*span)]) for word in fold(name).split()}
    return _first_family(reference) in words and words - _CONNECTING <= authors


def _certain(candidates: list[tuple[str, ReferenceRecord]], year: int, letters: list[str]) -> list[str]:
    if not letters:
        return [candidates[0][0]] if len(candidates) == 1 else []
    lettered = {
        letter: [one for one, reference in candidates if f"{year}{letter}" in reference.raw]
        for letter in letters
    }
    if all(len(ids) == 1 for ids in lettered.values()):
        return [ids[0] for ids in lettered.values()]
    # "2017a,b" of an author with exactly two entries of that year
    return [one for one, _reference in candidates] if len(candidates) == len(letters) else []
