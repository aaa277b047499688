"""EndNote: the tagged export ("%A Moss, Anna"), which BibIX and refer share, and EndNote's XML.

Owns the reading of both. EndNote's library itself (.enl, .enlx) is a database of its own and is
refused with what to do; many an export is called .enl all the same and is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from papers.importers.entries import Entry, kind_of, people, record_of
from papers.importers.fields import Report
from papers.importers.source import Source
from papers.importers.tagged import TaggedEntry
from papers.importers.text_files import head_text, numbered, read_text
from papers.importers.xml_stream import records, xml_start
from papers.records import Identifiers, Items, Problem, UnreadableFile

PEEKED = 4096

_TAG = re.compile(r"%([A-Z0-9@!#$&()*+,\-./:;<=>?\[\]^_~|])(?:[ \t]+(.*)|$)", re.DOTALL)
_HEAD = re.compile(r"(?:^|[\n\r])%[0AT] \S[^\n\r]*[\n\r]+(?:[^\n\r%][^\n\r]*[\n\r]+)*%[A-Z0-9@!+>\[(&~] ?")
# With which an entry begins behind a blank line: type, title, author, editor.
_OPENING = frozenset("0TAE")
_ONCE = frozenset("0T")
_PUBMED = re.compile(r"(?i)pubmed|medline|\bnlm\b")
_DIGITS = re.compile(r"[1-9]\d{3,8}", re.ASCII)
_FIRST_XML = re.compile(r"<records\b|<record\b")


def looks_like(head: bytes, name: str) -> bool:
    """Whether two lines with tags follow each other, the root is EndNote's, or it is EndNote's database."""
    root, start = xml_start(head)
    if root:
        return root == "xml" and bool(_FIRST_XML.search(start)) or root == "records" and "<ref-type" in start
    return bool(_HEAD.search(head_text(head))) or _is_database(head, name)


def _is_database(head: bytes, name: str) -> bool:
    return name.lower().endswith((".enl", ".enlx")) and _is_binary(head)


def _is_binary(head: bytes) -> bool:
    """Whether the head is a packed library, or holds NUL and no entry, which text does not."""
    return head.startswith(b"PK\x03\x04") or (b"\0" in head and not _HEAD.search(head_text(head)))


def read(source: Source, about: Identifiers) -> Items:
    """The entries of a file, one record each; ``about`` is not needed.

    Raises UnreadableFile for EndNote's own database, and for a tagged file that is too large.
    """
    head = source.peek(PEEKED)[:PEEKED]
    if xml_start(head)[0]:
        yield from _read_xml(source)
        return
    if _is_binary(head):
        raise UnreadableFile(
            "this is a database of EndNote, not an export: in EndNote choose File, Export, "
            "with the output style RefMan (RIS) or EndNote Export"
        )
    yield from _read_tagged(source)


# ---------------------------------------------------------------- tagged


def _read_tagged(source: Source) -> Items:
    content, problems = read_text(source)
    yield from problems
    found = False
    for tagged in _entries(content):
        found = True
        report = Report(tagged.line)
        record = record_of(_tagged_entry(tagged), report)
        yield from report.problems
        if record is not None:
            yield record
    if not found:
        yield Problem("the file holds no entry of EndNote's tagged format", skipped=True)


def _entries(content: str) -> Iterator[TaggedEntry]:
    """Entries are parted by blank lines; an abstract may hold blank lines too, and some files have none."""
    current: TaggedEntry | None = None
    behind_blank = True
    for number, line in numbered(content):
        match = _TAG.match(line.removeprefix("\ufeff"))
        if match is None:
            if current is not None:
                current.extend(line)
            behind_blank = behind_blank or not line.strip()
            continue
        tag, value = match[1], match[2] or ""
        begins = (behind_blank and tag in _OPENING) or (
            tag in _ONCE and current is not None and tag in current
        )
        if begins and current is not None:
            yield current
        if begins or current is None:
            current = TaggedEntry(number)
        current.add(tag, value)
        behind_blank = False
    if current is not None:
        yield current


def _tagged_entry(tagged: TaggedEntry) -> Entry:
    number, database = tagged.first("M"), " ".join(tagged.all("~", "W"))
    identifiers = [("doi", value) for value in tagged.all("R")]
    if _PUBMED.search(database) and _DIGITS.fullmatch(number):
        identifiers.append(("pmid", number))
    identifiers += [("pmcid", value) for value in tagged.all("2") if value.upper().startswith("PMC")]
    kind = kind_of(tagged.first("0"))
    return Entry(
        title=tagged.first("T"),
        authors=people(name for value in tagged.all("A") for name in value.split("\n")),
        year=tagged.first("D"),
        dates=tagged.all("8"),
        venue=tagged.first("J", "B", "S"),
        kind=kind_of(tagged.first("9")) or kind if kind in ("", "article") else kind,
        abstract=tagged.first("X"),
        language=tagged.first("G"),
        identifiers=identifiers,
        links=[link for value in tagged.all("U", ">") for link in value.split()],
    )


# ---------------------------------------------------------------- XML


def _read_xml(source: Source) -> Items:
    nothing = Problem("the file holds no record of EndNote", skipped=True)
    yield from records(
        source, ["record"], lambda element, report: record_of(_xml_entry(element), report), nothing
    )


def _xml_entry(element: etree._Element) -> Entry:
    def texts(path: str) -> list[str]:
        return [value for part in element.iterfind(path) if (value := _text(part))]

    def first(*paths: str) -> str:
        return next((value for path in paths for value in texts(path)), "")

    kind = element.find("ref-type")
    number, database = first("accession-num"), first("remote-database-name", "remote-database-provider")
    identifiers = [("doi", value) for value in texts("electronic-resource-num")]
    if _PUBMED.search(f"{database} {first('remote-database-provider')}") and _DIGITS.fullmatch(number):
        identifiers.append(("pmid", number))
    identifiers += [("pmcid", value) for value in texts("custom2") if value.upper().startswith("PMC")]
    return Entry(
        title=first("titles/title"),
        authors=people(texts("contributors/authors/author")),
        year=first("dates/year"),
        dates=texts("dates/pub-dates/date"),
        venue=first("periodical/full-title", "titles/secondary-title", "periodical/abbr-1"),
        kind=kind_of(kind.get("name") or "") if kind is not None else "",
        abstract=first("abstract"),
        language=first("language"),
        identifiers=identifiers,
        links=[link for value in texts("urls/*/url") for link in value.split()],
    )


def _text(element: etree._Element) -> str:
    """The text of an element; in a library's own export it stands in <style> elements."""
    return "".join(element.itertext()).strip()
