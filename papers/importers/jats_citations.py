"""The running text of a JATS article: its paragraphs as plain text, with their citation markers.

Owns the way from elements and ``<xref ref-type="bibr">`` to blocks; ``citing_sentences.py`` finds
the sentences in them. Metadata and the entries themselves are read in ``jats.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from papers.importers.citing_sentences import MAX_FORMULA, Block, BlockText, ReferenceTable
from papers.importers.xml_stream import entity_text

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


class _Walk:
    """Collects the blocks of one part of an article."""

    def __init__(self, table: ReferenceTable, section: str = ""):
        self._table = table
        self._titles = [section]
        self._blocks: list[Block] = []
        self._waiting: list = []
        self._begin()

    def _begin(self) -> None:
        self._built = BlockText()
        self._raised = 0

    def read(self, part) -> list[Block]:
        self._block(part)
        return self._blocks

    def joined(self) -> str:
        return self._built.joined()

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
        section = next((title for title in self._titles if title), "")
        if block := self._built.block(section, is_row=is_row):
            self._blocks.append(block)
        waiting, self._waiting = self._waiting, []
        self._begin()
        for element in waiting:
            self._block(element)

    def inline(self, element) -> None:
        """The text of an element's content; blocks within it end the text before them."""
        self._built.add(element.text)
        for child in element:
            tag = child.tag
            if not isinstance(tag, str):
                # An entity that the file leaves to its DTD, such as &nbsp;
                self._built.add(entity_text(child))
            elif tag in SKIPPED:
                pass
            elif tag == "xref":
                self._xref(child)
            elif tag in FORMULAS:
                self._built.add(_formula(child))
            elif tag in FLOATS and self._built.length:
                self._waiting.append(child)
            elif tag in BLOCKS:
                self._block(child)
            elif tag == "tr":
                self._row(child)
            elif tag == "break":
                self._built.add(" ")
            elif tag == "sup":
                self._sup(child)
            else:
                self.inline(child)
            self._built.add(child.tail)
            if tag in NAME_PARTS and not child.tail and child.getnext() is not None:
                self._built.add(" ")

    def _row(self, row) -> None:
        # A cell that holds nothing but "[12]" says nothing: the row is what cites.
        self._flush()
        for number, cell in enumerate(row):
            if number:
                self._built.add(" | ")
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
        if self._built.last.isalnum():
            self._built.add(" ")

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
        start = self._built.length
        self.inline(xref)
        if self._built.length == start:
            numbers = [str(self._table.number_of.get(one, "?")) for one in ids] or ["?"]
            self._built.add(f"[{', '.join(numbers)}]")
        self._built.anchor(start, ids, raised=raised, line=xref.sourceline)


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
