"""In-text citations of a JATS article: which sentence cites which entry of the reference list.

Owns the way from running text with ``<xref ref-type="bibr">`` to sentences with marker spans:
paragraphs as plain text, marker groups, numeric ranges, sentences. Metadata and the entries
themselves are read in ``jats.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5

from papers import markers, text
from papers.records import ContextRecord, Problem
from papers.sentences import split_sentences

# Elements that stand as a text of their own within the text around them.
BLOCKS = frozenset(
    "p list list-item def-list def-item def term disp-quote verse-group verse-line speech statement title "
    "caption sec app ack notes fn-group glossary abstract body back floats-group attrib bio table-wrap-foot "
    "app-group subtitle question answer explanation "
    "fig fig-group table-wrap table-wrap-group boxed-text supplementary-material fn media table "
    "thead tbody tfoot chem-struct-wrap".split()
)
# Those that may be anchored in the middle of a sentence: they are read after its paragraph.
FLOATS = frozenset(
    "fig fig-group table-wrap table-wrap-group boxed-text supplementary-material fn media "
    "chem-struct-wrap".split()
)
SKIPPED = frozenset(
    "label tex-math object-id alt-text long-desc graphic inline-graphic permissions ref-list sub-article "
    "response copyright-statement annotation annotation-xml contrib-group author-notes sec-meta".split()
)
FORMULAS = frozenset("inline-formula disp-formula chem-struct math".split())
# Printed apart by style sheets where the file leaves no space between them.
NAME_PARTS = frozenset(["surname", "given-names"])
TITLED = frozenset("sec app ack notes fn-group glossary bio".split())
MAX_FORMULA = 120

_DASH = re.compile(r"[\])\s]*[\u2010-\u2015\u2212-][\[(\s]*")
_JOINT = re.compile(r"[\])\s]*(?:[,;&/+]|,?\s*and|or|as well as)?[\[(\s]*")
_NUMBER = re.compile(r"\W*(\d{1,4})\W*")
_NUMBERS = re.compile(r"[\s\d,;\[\]()\u2010-\u2015\u2212-]+")
_STOP = re.compile(r"[.!?][\"'”’)]?\s*$")
_ABBREVIATED = re.compile(r"\b(?:al|refs?|figs?|eqs?|secs?|nos?|e\.g|i\.e|cf|vs|ca)\.\s*$", re.IGNORECASE)
_NEXT_SENTENCE = re.compile(r"\s+[^\Wa-z_]|\s*$")
# How far apart two markers within one pair of brackets may stand: "(see A 2000, but also B 2001)".
_NEAR = 80


@dataclass(slots=True)
class ReferenceTable:
    """How markers find entries. ``by_id``: element id -> indices of the works that it stands for
    (several where one entry prints several works); ``by_number``: printed number -> element id."""

    by_id: dict[str, list[int]] = field(default_factory=dict)
    by_number: dict[int, str] = field(default_factory=dict)
    number_of: dict[str, int] = field(default_factory=dict)

    def add(self, element_id: str, works: list[int], number: int) -> None:
        """An entry with the number that it prints, else its place in the list."""
        self.by_id.setdefault(element_id, works)
        self.by_number.setdefault(number, element_id)
        self.number_of.setdefault(element_id, number)


@dataclass(slots=True)
class Anchor:
    """One ``<xref>`` in a block's text: its span, what it points to, and how it is set."""

    start: int
    end: int
    ids: list[str]
    raised: bool
    line: int | None


@dataclass(slots=True)
class Block:
    """A paragraph, a title or a table row as plain text, with its anchors in order."""

    text: str
    anchors: list[Anchor]
    section: str
    is_row: bool


@dataclass(slots=True)
class Mention:
    """One work cited at one place of a block; the span of a range where only that names it."""

    work: int
    start: int
    end: int
    group_size: int


def citing_sentences(article, table: ReferenceTable) -> tuple[list[tuple[int, ContextRecord]], list[Problem]]:
    """([(index of the cited work, its citing sentence)], problems) of an ``<article>`` element.

    One for each work and sentence, with the span of the work's first marker there.
    ``position`` numbers all sentences of the article from 0.
    """
    found: list[tuple[int, ContextRecord]] = []
    problems: list[Problem] = []
    reported: set[str] = set()
    position = 0
    for block in blocks(article, table):
        mentions = mentions_of(block, table, problems, reported)
        spans = _sentences(block, mentions)
        for index, (start, end) in enumerate(spans):
            cited = {}
            for mention in mentions:
                if start <= mention.start < end and mention.work not in cited:
                    cited[mention.work] = mention
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
    return found, problems


def blocks(article, table: ReferenceTable) -> Iterator[Block]:
    """The texts of an article in reading order: abstracts, body, back matter, floats."""
    for abstract in article.iterfind("front/article-meta/abstract"):
        yield from _Walk(table, "Abstract").read(abstract)
    for part in article.iterchildren("body", "back", "floats-group"):
        yield from _Walk(table).read(part)


def plain_text(element) -> str:
    """The text of an element and its children as one line, formulas short."""
    walk = _Walk(ReferenceTable())
    walk.inline(element)
    return walk.joined()


def entity_text(node) -> str:
    """The character of an entity that HTML knows by the same name (``&nbsp;``), "" for any other."""
    return html5.get((node.text or "").removeprefix("&"), "")


class _Walk:
    """Collects the blocks of one part of an article."""

    def __init__(self, table: ReferenceTable, section: str = ""):
        self._table = table
        self._titles = [section]
        self._blocks: list[Block] = []
        self._waiting: list = []
        self._begin()

    def _begin(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._last = " "
        self._raised = 0
        self._anchors: list[Anchor] = []

    def read(self, part) -> list[Block]:
        self._block(part)
        return self._blocks

    def joined(self) -> str:
        return "".join(self._pieces).rstrip()

    def _add(self, string: str | None) -> None:
        """Appends text with each run of white space as one space."""
        if not string:
            return
        string = re.sub(r"\s+", " ", string)
        if self._last == " ":
            string = string.lstrip(" ")
        if string:
            self._pieces.append(string)
            self._length += len(string)
            self._last = string[-1]

    def _block(self, element) -> None:
        self._flush()
        titled = element.tag in TITLED
        if titled:
            title = element.find("title")
            shown = plain_text(title) if title is not None else ""
            # The only heading that publishers' style sheets add themselves.
            self._titles.append(shown or ("Acknowledgements" if element.tag == "ack" else ""))
        self.inline(element)
        self._flush()
        if titled:
            self._titles.pop()

    def _flush(self, is_row: bool = False) -> None:
        string = self.joined()
        anchors = [self._trimmed(anchor, string) for anchor in self._anchors]
        if string:
            section = next((title for title in self._titles if title), "")
            self._blocks.append(Block(string, anchors, section, is_row))
        waiting, self._waiting = self._waiting, []
        self._begin()
        for element in waiting:
            self._block(element)

    @staticmethod
    def _trimmed(anchor: Anchor, string: str) -> Anchor:
        while anchor.start < anchor.end and string[anchor.start] == " ":
            anchor.start += 1
        while anchor.end > anchor.start and (anchor.end > len(string) or string[anchor.end - 1] == " "):
            anchor.end -= 1
        return anchor

    def inline(self, element) -> None:
        """The text of an element's content; blocks within it end the text before them."""
        self._add(element.text)
        for child in element:
            tag = child.tag
            if not isinstance(tag, str):
                # An entity that the file leaves to its DTD, such as &nbsp;
                self._add(entity_text(child))
            elif tag in SKIPPED:
                pass
            elif tag == "xref":
                self._xref(child)
            elif tag in FORMULAS:
                self._add(_formula(child))
            elif tag in FLOATS and self._length:
                self._waiting.append(child)
            elif tag in BLOCKS:
                self._block(child)
            elif tag == "tr":
                self._row(child)
            elif tag == "break":
                self._add(" ")
            elif tag == "sup":
                self._sup(child)
            else:
                self.inline(child)
            self._add(child.tail)
            if tag in NAME_PARTS and not child.tail and child.getnext() is not None:
                self._add(" ")

    def _row(self, row) -> None:
        # A cell that holds nothing but "[12]" says nothing: the row is what cites.
        self._flush()
        for number, cell in enumerate(row):
            if number:
                self._add(" | ")
            self._cell(cell)
        self._flush(is_row=True)

    def _cell(self, cell) -> None:
        for element in cell.iter():
            if isinstance(element.tag, str) and element.tag in BLOCKS:
                element.tag = "styled-content"
        if cell.tag in ("td", "th"):
            self.inline(cell)

    def _sup(self, element) -> None:
        cites = any(self._is_citation(xref) for xref in element.iter("xref"))
        if cites:
            self._set_apart()
        self._raised += cites
        self.inline(element)
        self._raised -= cites

    def _set_apart(self) -> None:
        # "in 2001" and a raised 3 must not become "in 20013".
        if self._last.isalnum():
            self._add(" ")

    def _is_citation(self, xref) -> bool:
        kind = xref.get("ref-type")
        return kind == "bibr" or (kind is None and (xref.get("rid") or "") in self._table.by_id)

    def _xref(self, xref) -> None:
        if not self._is_citation(xref):
            self.inline(xref)
            return
        ids = (xref.get("rid") or "").split()
        raised = bool(self._raised) or any(sup.getparent() is xref for sup in xref.iter("sup"))
        if raised and not self._raised:
            self._set_apart()
        start = self._length
        self.inline(xref)
        if self._length == start:
            numbers = [str(self._table.number_of.get(one, "?")) for one in ids] or ["?"]
            self._add(f"[{', '.join(numbers)}]")
        self._anchors.append(Anchor(start, self._length, ids, raised, xref.sourceline))


def _formula(element) -> str:
    """A formula as short plain text: its MathML where that is short, else a placeholder."""
    math = element if element.tag == "math" else next(element.iter("math"), None)
    if math is None:
        shown = "".join(element.itertext()) if not _has_picture(element) else ""
    else:
        shown = "".join(leaf.text or "" for leaf in math.iter("mi", "mn", "mo", "mtext", "ms"))
    shown = re.sub(r"\s+", " ", shown).strip()
    return shown if 0 < len(shown) <= MAX_FORMULA else "[formula]"


def _has_picture(element) -> bool:
    return next(element.iter("graphic", "inline-graphic", "tex-math", "alternatives"), None) is not None


def mentions_of(
    block: Block, table: ReferenceTable, problems: list[Problem], reported: set[str]
) -> list[Mention]:
    """The works that a block cites, by place; unknown targets go to ``problems``, each once."""
    mentions: list[Mention] = []
    for group in _groups(block):
        in_group: list[tuple[int, int, int]] = []
        for index, (anchor, follows_dash) in enumerate(group):
            if follows_dash:
                earlier = group[index - 1][0]
                between = _between(block, earlier, anchor, table)
                in_group += [(work, earlier.start, anchor.end) for work in between]
            in_group += [
                (work, anchor.start, anchor.end)
                for work in _targets(block, anchor, table, problems, reported)
            ]
        size = len({work for work, *_rest in in_group})
        mentions += [Mention(work, start, end, size) for work, start, end in in_group]
    mentions.sort(key=lambda mention: mention.start)
    return mentions


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
    start = block.text[: earlier.start]
    return start.rfind("(") > start.rfind(")") or start.rfind("[") > start.rfind("]")


def _printed_number(block: Block, anchor: Anchor) -> int | None:
    match = _NUMBER.fullmatch(block.text[anchor.start : anchor.end])
    return int(match[1]) if match else None


def _between(block: Block, first: Anchor, last: Anchor, table: ReferenceTable) -> list[int]:
    """The works that a range leaves unprinted, where both ends print their own list number."""
    low, high = _printed_number(block, first), _printed_number(block, last)
    if low is None or high is None:
        return []
    if low not in map(table.number_of.get, first.ids) or high not in map(table.number_of.get, last.ids):
        return []
    return _works(range(low + 1, high), table)


def _works(numbers, table: ReferenceTable) -> list[int]:
    ids = [table.by_number[number] for number in numbers if number in table.by_number]
    return [work for one in ids for work in table.by_id[one]]


def _targets(
    block: Block, anchor: Anchor, table: ReferenceTable, problems: list[Problem], reported: set[str]
) -> list[int]:
    """The works that one anchor points to or prints the numbers of, each once."""
    works: list[int] = []
    printed = block.text[anchor.start : anchor.end]
    for one in anchor.ids or [""]:
        if one in table.by_id:
            works += table.by_id[one]
        elif one not in reported:
            reported.add(one)
            target = (
                f'points to "{one[:60]}", which is not in the reference list' if one else "points nowhere"
            )
            problems.append(Problem(f'the citation "{printed[:60]}" {target}: it is left out', anchor.line))
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
    if not mentions:
        return split_sentences(block.text)
    spans: list[tuple[int, int]] = []
    for start, end in split_sentences(_masked(block)) or [(0, len(block.text))]:
        if any(mention.start < start < mention.end for mention in mentions) and spans:
            start = spans.pop()[0]
        spans.append((start, end))
    # What a splitter drops between two sentences belongs to the first of them.
    starts = [start for start, _end in spans[1:]]
    limits = [*starts, len(block.text)]
    spans = [(start, limit) for (start, _end), limit in zip(spans, limits, strict=True)]
    spans[0] = (0, spans[0][1])
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
        bracketed = block.text[start] in "[(" and _printed_number(block, group[0][0]) is not None
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
