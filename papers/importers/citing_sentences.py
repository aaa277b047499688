"""From a paper's running text with its citation markers to the sentences that cite each entry.

Owns what all full-text formats share: building the plain text of a paragraph with the places of
its markers, groups of markers, numeric ranges, sentences, outermost section titles. How a format
tags a marker and which entry it points to is the business of the readers.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from papers import markers, text
from papers.records import ContextRecord, Problem
from papers.sentences import split_sentences

MAX_FORMULA = 120

_DASH = re.compile(r"[\])\s]*[\u2010-\u2015\u2212-][\[(\s]*")
_JOINT = re.compile(r"[\])\s]*(?:[,;&/+]|,?\s*and|or|as well as)?[\[(\s]*")
_NUMBER = re.compile(r"\W*(\d{1,4})\W*")
_NUMBERS = re.compile(r"[\s\d,;\[\]()\u2010-\u2015\u2212-]+")
# What a marker that prints the first number of a range leaves untagged: "–7" of "[3–7]".
_UNTAGGED_END = re.compile(r"\s?[\u2010-\u2015\u2212-]\s?(?:\[(\d{1,4})\]|(\d{1,4})(?=\s?[\]),;]))")
# Raised numbers stand in no brackets, and no measure is written so.
_UNTAGGED_RAISED_END = re.compile(r"\s?[\u2010-\u2015\u2212-]\s?(?:\[(\d{1,4})\]|(\d{1,4})(?!\w))")
_STOP = re.compile(r"[.!?][\"'”’)]?\s*$")
_ABBREVIATED = re.compile(r"\b(?:al|refs?|figs?|eqs?|secs?|nos?|e\.g|i\.e|cf|vs|ca)\.\s*$", re.IGNORECASE)
_NEXT_SENTENCE = re.compile(r"\s+[^\Wa-z_]|\s*$")
_LOOSE_BLANK = re.compile(r"\A\s+(?=[.,;:)\]])")
# How far apart two markers within one pair of brackets may stand: "(see A 2000, but also B 2001)".
_NEAR = 80
# A bracket that opened further left was never meant to be closed.
_BRACKET_REACH = 2000

# "4.1", "A.2", "IV.", "B.", "2)" before a heading, or as its number.
_NUMBERING = re.compile(
    r"\s*(?:(?P<decimal>\d{1,2}(?:\.\d{1,2})*|[A-Z](?:\.\d{1,2})+)\.?|(?P<roman>[IVX]{1,5})\.|(?P<letter>[A-Z])\."
    r"|(?P<item>\d{1,2}|[a-z])\))(?:\s|$)"
)


@dataclass(slots=True)
class ReferenceTable:
    """How markers find entries. ``by_id``: element id -> indices of the works that it stands for
    (several where one entry prints several works); ``by_number``: printed number -> element id."""

    by_id: dict[str, list[int]] = field(default_factory=dict)
    by_number: dict[int, str] = field(default_factory=dict)
    number_of: dict[str, int] = field(default_factory=dict)

    def add(self, element_id: str, works: list[int], number: int | None) -> None:
        """An entry with its number, None where that is not known."""
        self.by_id.setdefault(element_id, works)
        if number is not None:
            self.add_number(element_id, number)

    def add_number(self, element_id: str, number: int) -> None:
        """The number that markers print for an entry; one that is known already stays."""
        self.by_number.setdefault(number, element_id)
        self.number_of.setdefault(element_id, number)


@dataclass(slots=True)
class Anchor:
    """One marker in a block's text: its span, what it points to, and how it is set.

    No ``ids``: the source saw a marker but does not say of what. ``line`` is for messages.
    """

    start: int
    end: int
    ids: list[str]
    raised: bool
    line: int | None


@dataclass(slots=True)
class Block:
    """A paragraph, a title or a table row as plain text, with its anchors in order.

    ``sentences`` holds the places where sentences begin, if the source tells; else it is empty.
    """

    text: str
    anchors: list[Anchor]
    section: str
    is_row: bool
    sentences: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Mention:
    """One work cited at one place of a block; the span of a range where only that names it."""

    work: int
    start: int
    end: int
    group_size: int


class BlockText:
    """Builds one block: text with each run of white space as one space, and the markers in it."""

    def __init__(self):
        self._pieces: list[str] = []
        self._anchors: list[Anchor] = []
        self._sentences: list[int] = []
        self.length = 0
        self.last = " "

    def add(self, string: str | None) -> None:
        if not string:
            return
        string = re.sub(r"\s+", " ", string)
        if self.last == " ":
            string = string.lstrip(" ")
        if string:
            self._pieces.append(string)
            self.length += len(string)
            self.last = string[-1]

    def anchor(self, start: int, ids: list[str], *, raised: bool = False, line: int | None = None) -> None:
        """A marker from ``start`` to where the text ends now."""
        self._anchors.append(Anchor(start, self.length, ids, raised, line))

    def add_after(self, string: str) -> None:
        """Adds what follows a marker or a formula, without a blank before its punctuation."""
        self.add(string if self.last == " " else _LOOSE_BLANK.sub("", string, count=1))

    @property
    def ends_with_anchor(self) -> bool:
        return bool(self._anchors) and self._anchors[-1].end == self.length

    def begin_sentence(self) -> None:
        self._sentences.append(self.length)

    def joined(self) -> str:
        return "".join(self._pieces).rstrip()

    def block(self, section: str, *, is_row: bool = False) -> Block | None:
        """What was built, None where there is no text."""
        string = self.joined()
        if not string:
            return None
        anchors = [_trimmed(anchor, string) for anchor in self._anchors]
        sentences = [start for start in self._sentences if start < len(string)]
        return Block(string, anchors, section, is_row, sentences)


def _trimmed(anchor: Anchor, string: str) -> Anchor:
    while anchor.start < anchor.end and string[anchor.start] == " ":
        anchor.start += 1
    while anchor.end > anchor.start and (anchor.end > len(string) or string[anchor.end - 1] == " "):
        anchor.end -= 1
    return anchor


class Outline:
    """The outermost section of headings that stand side by side, told by their numbers.

    "4.1 Corpora" is part of "4 Data"; "B. Corpora" and "2) Corpora" of the last "III. Data".
    """

    def __init__(self):
        self._tops: dict[str, str] = {}
        self._last_roman = ""

    def outermost(self, number: str, title: str) -> str:
        """The title of the outermost section; ``number`` is "" where the title begins with it."""
        found = _NUMBERING.match(number or title)
        if found is None:
            return title
        if found["roman"]:
            self._last_roman = title
        elif found["letter"] or found["item"]:
            return self._last_roman or title
        elif "." in found["decimal"]:
            return self._tops.get(found["decimal"].partition(".")[0], title)
        else:
            self._tops[found["decimal"]] = title
        return title


def citing_sentences(
    blocks: Iterable[Block], table: ReferenceTable
) -> tuple[list[tuple[int, ContextRecord]], list[Problem]]:
    """([(index of the cited work, its citing sentence)], problems) of blocks in reading order.

    One for each work and sentence, with the span of the work's first marker there.
    ``position`` numbers all sentences from 0. Unknown targets are named, each once; markers
    without any target are counted in one problem.
    """
    found: list[tuple[int, ContextRecord]] = []
    problems: dict[str, Problem] = {}
    loose: list[tuple[str, int | None]] = []
    position = 0
    for block in blocks:
        _report(block, table, problems, loose)
        mentions = mentions_of(block, table)
        spans = _sentences(block, mentions)
        starts = [mention.start for mention in mentions]
        for index, (start, end) in enumerate(spans):
            cited: dict[int, Mention] = {}
            for mention in mentions[bisect_left(starts, start) : bisect_left(starts, end)]:
                cited.setdefault(mention.work, mention)
            if not cited:
                continue
            before = block.text[slice(*spans[index - 1])] if index else ""
            after = block.text[slice(*spans[index + 1])] if index + 1 < len(spans) else ""
            for work, mention in cited.items():
                sentence, marker_start, marker_end = text.clean_passage(
                    block.text[start:end], mention.start - start, mention.end - start
                )
                context = ContextRecord(
                    text=sentence,
                    start=marker_start,
                    end=marker_end,
                    section=text.clean_line(block.section, text.MAX_SECTION),
                    group_size=mention.group_size,
                    before=text.clean_line(before, text.MAX_PASSAGE),
                    after=text.clean_line(after, text.MAX_PASSAGE),
                    position=position + index,
                )
                found.append((work, context))
        position += len(spans)
    return found, [*problems.values(), *_loose_ends(loose)]


def _report(
    block: Block, table: ReferenceTable, problems: dict[str, Problem], loose: list[tuple[str, int | None]]
) -> None:
    for anchor in block.anchors:
        printed = block.text[anchor.start : anchor.end][:60]
        if not anchor.ids:
            loose.append((printed, anchor.line))
        for one in anchor.ids:
            if one not in table.by_id and one not in problems:
                target = f'points to "{text.clean_line(one, 60)}", which is not in the reference list'
                problems[one] = Problem(f'the citation "{printed}" {target}: it is left out', anchor.line)


def _loose_ends(loose: list[tuple[str, int | None]]) -> list[Problem]:
    if not loose:
        return []
    examples = ", ".join(f'"{printed}"' for printed in list(dict.fromkeys(p for p, _line in loose))[:3])
    if len(loose) == 1:
        reason = f"the citation {examples} names no entry of the reference list: it is left out"
    else:
        reason = (
            f"{len(loose)} citations ({examples} …) name no entry of the reference list: they are left out"
        )
    return [Problem(reason, loose[0][1])]


def mentions_of(block: Block, table: ReferenceTable) -> list[Mention]:
    """The works that a block cites, by place."""
    mentions: list[Mention] = []
    for group in _groups(block):
        in_group: list[tuple[int, int, int]] = []
        unknown = 0
        for index, (anchor, follows_dash) in enumerate(group):
            if follows_dash:
                earlier = group[index - 1][0]
                between = _between(block, earlier, anchor, table)
                in_group += [(work, earlier.start, anchor.end) for work in between]
            works = _targets(block, anchor, table)
            in_group += [(work, anchor.start, anchor.end) for work in works]
            in_group += _untagged_range(block, anchor, table)
            unknown += not works and _looks_cited(block, anchor)
        size = len({work for work, *_rest in in_group}) + unknown
        mentions += [Mention(work, start, end, size) for work, start, end in in_group]
    mentions.sort(key=lambda mention: mention.start)
    return mentions


def _looks_cited(block: Block, anchor: Anchor) -> bool:
    """Whether a marker without a known entry is a citation all the same: no bare number, as of a footnote."""
    around = block.text[max(0, anchor.start - 1) : anchor.end + 1]
    return printed_number(block, anchor) is None or "[" in around or "]" in around


def _groups(block: Block) -> list[list[tuple[Anchor, bool]]]:
    """Anchors that stand together, each with whether a dash joins it to the one before."""
    groups: list[list[tuple[Anchor, bool]]] = []
    for index, anchor in enumerate(block.anchors):
        between = block.text[block.anchors[index - 1].end : anchor.start] if index else ""
        dash = bool(index and _DASH.fullmatch(between))
        if index and (dash or _JOINT.fullmatch(between) or _in_one_bracket(block, index)):
            groups[-1].append((anchor, dash))
        else:
            groups.append([(anchor, False)])
    return groups


def _in_one_bracket(block: Block, index: int) -> bool:
    earlier, anchor = block.anchors[index - 1], block.anchors[index]
    between = block.text[earlier.end : anchor.start]
    if len(between) > _NEAR or re.search(r"[()\[\]|]", between):
        return False
    if block.text[earlier.end - 1 : earlier.end] == ")" and block.text[anchor.start] == "(":
        return False
    start = block.text[max(0, earlier.start - _BRACKET_REACH) : earlier.start]
    return start.rfind("(") > start.rfind(")") or start.rfind("[") > start.rfind("]")


def printed_number(block: Block, anchor: Anchor) -> int | None:
    """The number that an anchor prints, None where it prints anything else."""
    match = _NUMBER.fullmatch(block.text[anchor.start : anchor.end])
    return int(match[1]) if match else None


def _between(block: Block, first: Anchor, last: Anchor, table: ReferenceTable) -> list[int]:
    """The works that a range leaves unprinted, where both ends print their own list number."""
    low, high = printed_number(block, first), printed_number(block, last)
    if low is None or high is None:
        return []
    if not _prints_its_own(low, first, table) or not _prints_its_own(high, last, table):
        return []
    return _works(range(low + 1, high), table)


def _untagged_range(block: Block, anchor: Anchor, table: ReferenceTable) -> list[tuple[int, int, int]]:
    """(work, start, end) of a range, in brackets or raised, of which only the first number is tagged."""
    pattern = _UNTAGGED_RAISED_END if anchor.raised else _UNTAGGED_END
    low, rest = printed_number(block, anchor), pattern.match(block.text, anchor.end)
    if rest is None or low is None or not _prints_its_own(low, anchor, table):
        return []
    if any(anchor.end < other.end and other.start < rest.end() for other in block.anchors):
        return []
    high = int(rest[1] or rest[2])
    if not low < high < low + markers.LONGEST_RANGE or high not in table.by_number:
        return []
    return [(work, anchor.start, rest.end()) for work in _works(range(low + 1, high + 1), table)]


def _prints_its_own(number: int, anchor: Anchor, table: ReferenceTable) -> bool:
    return number in map(table.number_of.get, anchor.ids)


def _works(numbers, table: ReferenceTable) -> list[int]:
    ids = [table.by_number[number] for number in numbers if number in table.by_number]
    return [work for one in ids for work in table.by_id[one]]


def _targets(block: Block, anchor: Anchor, table: ReferenceTable) -> list[int]:
    """The works that one anchor points to or prints the numbers of, each once."""
    works = [work for one in anchor.ids for work in table.by_id.get(one, ())]
    printed = block.text[anchor.start : anchor.end]
    if _NUMBERS.fullmatch(printed):
        numbers = markers.expand_numeric(printed)
        # "8–10" in one element that points to entry 8 alone.
        if len(numbers) > 1 and any(table.number_of.get(one) in numbers for one in anchor.ids):
            works += _works(numbers, table)
    return list(dict.fromkeys(works))


def _sentences(block: Block, mentions: list[Mention]) -> list[tuple[int, int]]:
    """Spans of the sentences of a block; no marker and no range is cut or left outside."""
    if block.is_row:
        return [(0, len(block.text))]
    starts = block.sentences
    if not starts and not mentions:
        return split_sentences(block.text)
    starts = starts or [start for start, _end in split_sentences(_masked(block))]
    kept = [0]
    begun, reach = 0, 0
    for start in sorted(starts):
        while begun < len(mentions) and mentions[begun].start < start:
            reach = max(reach, mentions[begun].end)
            begun += 1
        if start > kept[-1] and start >= reach:
            kept.append(start)
    # What a splitter drops between two sentences belongs to the first of them.
    spans = zip(kept, [*kept[1:], len(block.text)], strict=True)
    return [(start, start + len(block.text[start:limit].rstrip())) for start, limit in spans]


def _masked(block: Block) -> str:
    """The text with the same length, changed where a marker would mislead the splitter.

    A raised or bracketed marker after a full stop belongs to the sentence before it: the stop
    moves behind the marker. Such a marker begins no sentence ("Fern et al. [3] saw").
    """
    masked = list(block.text)
    for group in _groups(block):
        start, end = group[0][0].start, group[-1][0].end
        while start and block.text[start - 1] in "[(":
            start -= 1
        while end < len(block.text) and block.text[end] in "])":
            end += 1
        bracketed = block.text[start] in "[(" and printed_number(block, group[0][0]) is not None
        if not bracketed and not group[0][0].raised:
            continue
        masked[start:end] = "x" * (end - start)
        stop = _STOP.search(block.text, max(0, start - 4), start)
        if (
            stop
            and _NEXT_SENTENCE.match(block.text, end)
            and not _ABBREVIATED.search(block.text, max(0, start - 10), start)
        ):
            masked[stop.start() : end] = "x" * (end - stop.start() - 1) + "."
    return "".join(masked)
