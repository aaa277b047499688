"""XML files as streams of elements: safe settings, the root's name, one element at a time.

Nothing outside the file is ever read: no DTD, no entity, no network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from html.entities import html5

from lxml import etree

from papers import text
from papers.importers.fields import Report
from papers.importers.source import MIB, Source
from papers.records import Items, PaperRecord, Problem, UnreadableFile

# Of one record. A tree takes up to thirty times the bytes of the file, most for many small elements.
MAX_ELEMENT_BYTES = 64 * MIB
MAX_ELEMENT_TAGS = 4_000_000
SETTINGS = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}

_PROLOG = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)[\s/>]")


def xml_start(head: bytes) -> tuple[str, str]:
    """(local name of the root element, the head as text); ("", "") for what is no XML.

    UTF-16 is read too; a declaration, comments and a DOCTYPE may come first.
    """
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    start = head.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if not start.startswith("<"):
        return "", ""
    place = 0
    while match := _PROLOG.match(start, place):
        place = match.end()
    root = _ROOT.match(start[place : place + 1000].lstrip())
    return (root[1], start) if root else ("", "")


def local_name(element) -> str:
    """The name of an element without its namespace, "" for an entity."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def entity_text(node) -> str:
    """The character of an entity that HTML knows by the same name (``&nbsp;``), "" for any other."""
    return html5.get((node.text or "").removeprefix("&"), "")


def all_text(element) -> str:
    """The text of an element and its children as it stands, named entities read; "" for no element."""
    if element is None:
        return ""
    pieces = [element.text or ""]
    for child in element:
        pieces.append(all_text(child) if isinstance(child.tag, str) else entity_text(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


class _Bounded:
    """The bytes of a source, within the limits of one record from one element to the next."""

    def __init__(self, source: Source):
        self._source = source
        self.begin()

    def begin(self) -> None:
        """Counts from here."""
        self._bytes = self._tags = 0

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._bytes += len(data)
        self._tags += data.count(b"<")
        if self._bytes > MAX_ELEMENT_BYTES or self._tags > MAX_ELEMENT_TAGS:
            raise UnreadableFile(
                f"one record is larger than {MAX_ELEMENT_BYTES // MIB} MiB or has more than "
                f"{MAX_ELEMENT_TAGS:,} tags, which are the limits"
            )
        return data


def outermost(source: Source, names: Collection[str], kept: Collection[str] = ()) -> Iterator[etree._Element]:
    """Each element with one of these local names that is in none of them, freed when the next is asked for.

    The names in it are without namespaces. Other elements stay, and those ``kept``: a journal's
    own data before its articles, say.
    Raises etree.XMLSyntaxError where the XML is not well-formed, UnreadableFile where one element
    is larger than MAX_ELEMENT_BYTES or has more tags than MAX_ELEMENT_TAGS.
    """
    wanted = frozenset(names)
    freed = wanted.difference(kept)
    stream = _Bounded(source)
    events = etree.iterparse(stream, events=("end",), tag=[f"{{*}}{name}" for name in names], **SETTINGS)
    for element in _until_the_end(events):
        if any(local_name(parent) in wanted for parent in element.iterancestors()):
            continue
        for part in element.iter():
            if isinstance(part.tag, str) and part.tag.startswith("{"):
                part.tag = local_name(part)
        yield element
        stream.begin()
        if local_name(element) in kept:
            continue
        element.clear()
        while (previous := element.getprevious()) is not None and local_name(previous) in freed:
            previous.getparent().remove(previous)


def _until_the_end(events: etree.iterparse) -> Iterator[etree._Element]:
    try:
        for _event, element in events:
            yield element
    except etree.XMLSyntaxError as error:
        # Two documents in one file may well use the same xml:id: libxml2 complains of it at the end.
        others = [entry for entry in events.error_log if entry.type != etree.ErrorTypes.DTD_ID_REDEFINED]
        if others:
            first = others[0]
            raise etree.XMLSyntaxError(first.message, first.type, first.line, first.column) from error
        if not events.error_log:
            raise


def records(
    source: Source,
    names: Collection[str],
    read_one: Callable[[etree._Element, Report], PaperRecord | None],
    nothing: Problem,
    kept: Collection[str] = (),
) -> Items:
    """What ``read_one(element, report)`` makes of each of the ``outermost`` elements, its problems first.

    ``nothing`` is said of a file without one. XML that is not well-formed ends the file with a
    skip: nothing is guessed.
    """
    found = False
    try:
        for element in outermost(source, names, kept):
            found = True
            report = Report(element.sourceline)
            record = read_one(element, report)
            yield from report.problems
            if record is not None:
                yield record
    except etree.XMLSyntaxError as error:
        if not source.damage:
            reason = f"the XML is not well-formed: {error.msg or 'it holds no element'}"
            yield Problem(text.clean_line(reason, 300), error.lineno or None, skipped=True)
        return
    if not found:
        yield nothing
