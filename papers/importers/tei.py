"""TEI full text as GROBID writes it: one or several ``<TEI>`` documents of XML.

Owns the way from such a document to a record: header, bibliography, running text with its
``<ref type="bibr">`` markers. Which sentences cite what is found by ``citing_sentences.py``;
markers without a target are the business of ``machine_markers.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from papers import identifiers, text
from papers.importers.citing_sentences import (
    MAX_FORMULA,
    Block,
    BlockText,
    Outline,
    ReferenceTable,
    citing_sentences,
)
from papers.importers.fields import (
    MAX_LICENSE,
    Report,
    date_or_none,
    language_or_none,
    merge_references,
    printed_identifiers,
    quoted,
    short_license,
    year_or_none,
)
from papers.importers.machine_markers import label_of, link, tidy
from papers.importers.source import Source
from papers.importers.xml_stream import all_text, entity_text, records, xml_start
from papers.records import (
    AuthorRecord,
    Identifiers,
    Items,
    PaperRecord,
    Problem,
    ReferenceRecord,
)

# idno type -> scheme; others (MD5, ISSN, a repository's own) have no place in the library.
SCHEMES = {
    "doi": "doi",
    "arxiv": "arxiv",
    "pmid": "pmid",
    "pmcid": "pmcid",
    "pmc": "pmcid",
    "acl": "acl",
    "openalex": "openalex",
}
# Elements that stand as a text of their own within the text around them.
BLOCKS = frozenset(
    "p head div div1 div2 div3 body back front list item label figDesc abstract quote cit floatingText "
    "lg l sp argument trailer bibl table".split()
)
# Those that may stand in the middle of a sentence: they are read after its paragraph.
FLOATS = frozenset("figure note table list".split())
SKIPPED = frozenset("listBibl biblStruct graphic fw teiHeader author meeting idno".split())
TITLED = frozenset("div div1 div2 div3".split())

_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SIGNS = re.compile(r"tei-c\.org|<(?:[\w.-]+:)?teiHeader[\s>]")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?!\d)")


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is XML whose root is a TEI document or a corpus of them."""
    root, start = xml_start(head)
    return root in ("TEI", "TEI.2", "teiCorpus") and bool(_SIGNS.search(start))


def read(source: Source, about: Identifiers) -> Items:
    """The documents of a file, one record each; ``about`` is not needed.

    XML that is not well-formed ends the file with a skip: nothing is guessed.
    """
    nothing = Problem("the file holds no TEI element", skipped=True)
    names = ("TEI", "TEI.2")
    yield from records(source, names, lambda document, report: _Document(document, report).record(), nothing)


def _line(element, limit: int) -> str:
    return text.clean_line(all_text(element), limit)


def _first(holder, paths: tuple[str, ...]):
    """The first element that one of the paths finds and that holds text."""
    if holder is None:
        return None
    found = (element for path in paths for element in holder.iterfind(path))
    return next((element for element in found if all_text(element).strip()), None)


class _Document:
    """Reads one document; ``report`` takes what was wrong with it."""

    def __init__(self, document, report: Report):
        self._document = document
        self._report = report
        self._header = document.find("teiHeader")
        if self._header is None:
            self._header = etree.Element("teiHeader")
        source = self._header.find("fileDesc/sourceDesc/biblStruct")
        self._source = source if source is not None else etree.Element("biblStruct")

    def record(self) -> PaperRecord | None:
        """The document as a record, or None where it has neither a title nor an identifier."""
        own = self._identifiers()
        title = _first(self._header, ("fileDesc/titleStmt/title[@type='main']", "fileDesc/titleStmt/title"))
        if title is None:
            title = _first(self._source, ("analytic/title", "monogr/title"))
        title = _line(title, text.MAX_TITLE)
        if not own and not title:
            self._report.skip("the document has neither a title nor a valid identifier")
            return None
        date = self._date()
        references = self._references(own)
        return PaperRecord(
            identifiers=own,
            title=title,
            authors=self._authors(),
            year=int(date[:4]) if date else None,
            date=date,
            language=self._language(),
            venue=_line(_first(self._source, ("monogr/title",)), text.MAX_NAME),
            abstract=self._abstract(),
            license=self._license(),
            references=references,
            references_complete=bool(references),
            line=self._document.sourceline,
        )

    def _identifiers(self) -> Identifiers:
        stated: dict[str, str] = {}
        for element in self._source.iter("idno"):
            if pair := _scheme_and_value(element):
                stated.setdefault(*pair)
        return self._report.identifiers(stated)

    def _authors(self) -> list[AuthorRecord]:
        authors = []
        for element in self._source.iterfind("analytic/author"):
            author = _author(element)
            if author is None:
                continue
            for number in element.iterchildren("idno"):
                if "orcid" not in (number.get("type") or "").lower():
                    continue
                orcid = identifiers.normalise_orcid(all_text(number))
                if orcid:
                    author.identifiers["orcid"] = orcid
                else:
                    self._report.warn(f"{quoted(all_text(number))} is not a valid ORCID: it is left out")
            authors.append(author)
        return authors

    def _date(self) -> str:
        """The most exact date of publication, "" without any."""
        elements = [
            *self._header.iterfind("fileDesc/publicationStmt/date"),
            *self._source.iterfind("monogr/imprint/date"),
        ]
        return max((_date(element) for element in elements), key=len, default="")

    def _language(self) -> str:
        for element in (self._document.find("text"), self._header):
            language = language_or_none(element.get(_XML_LANG)) if element is not None else None
            if language:
                return language
        return ""

    def _abstract(self) -> str:
        abstract = self._header.find("profileDesc/abstract")
        if abstract is None:
            return ""
        paragraphs = [all_text(element) for element in abstract.iter("p")] or [all_text(abstract)]
        return text.clean_text("\n\n".join(paragraphs), text.MAX_ABSTRACT)

    def _license(self) -> str:
        element = self._header.find("fileDesc/publicationStmt/availability/licence")
        if element is None:
            return ""
        words = all_text(element)
        return short_license([element.get("target") or ""], words) or text.clean_line(words, MAX_LICENSE)

    def _references(self, own: Identifiers) -> list[ReferenceRecord]:
        """The bibliography with the sentences that cite each entry, the paper itself left out."""
        references, table, empty = _bibliography(self._document)
        if empty:
            self._report.warn(f"empty entries of the bibliography, left out: {empty}")
        blocks = list(_blocks(self._document))
        link(blocks, table, references)
        contexts, problems = citing_sentences(blocks, table)
        self._report.problems += problems
        for work, context in contexts:
            references[work].contexts.append(context)
        merged, to_itself = merge_references(references, own)
        if to_itself:
            self._report.warn("an entry of the bibliography is the paper itself: it is left out")
        return merged


# The bibliography


def _bibliography(document) -> tuple[list[ReferenceRecord], ReferenceTable, int]:
    """(the works of all lists in order, how markers find them, how many entries were empty)."""
    references: list[ReferenceRecord] = []
    table = ReferenceTable()
    empty = 0
    for place, entry in enumerate(document.iterfind("text//listBibl/biblStruct"), start=1):
        reference = _reference(entry)
        if reference is None:
            empty += 1
            continue
        table.add(entry.get(_XML_ID) or f"#{place}", [len(references)], label_of(reference.raw))
        references.append(reference)
    return references, table, empty


def _reference(entry) -> ReferenceRecord | None:
    raw = next((n for n in entry.iter("note") if n.get("type") == "raw_reference"), None)
    raw = _line(raw, text.MAX_RAW)
    title, venue = _title_and_venue(entry)
    found = _reference_identifiers(entry, raw)
    if not (raw or title or found):
        return None
    holders = [*entry.iterfind("analytic/author"), *entry.iterfind("monogr/author")]
    dates = [date for element in entry.iterfind("monogr/imprint/date") if (date := _date(element))]
    return ReferenceRecord(
        identifiers=found,
        title=title,
        authors=[author for element in holders if (author := _author(element))],
        year=int(dates[0][:4]) if dates else None,
        venue=venue,
        raw=raw,
    )


def _title_and_venue(entry) -> tuple[str, str]:
    title = _first(entry, ("analytic/title[@type='main']", "analytic/title"))
    container = _first(entry, ("monogr/title",))
    if title is not None:
        return _line(title, text.MAX_TITLE), _line(container, text.MAX_NAME)
    # A book's title stands in the place of a journal's name, which is no title.
    if container is not None and container.get("level") == "j":
        return "", _line(container, text.MAX_NAME)
    return _line(container, text.MAX_TITLE), ""


def _reference_identifiers(entry, raw: str) -> Identifiers:
    found = [pair for element in entry.iter("idno") if (pair := _scheme_and_value(element))]
    links = [element.get("target") or "" for element in entry.iter("ptr")]
    found += [pair for target in links if (pair := identifiers.parse_identifier(target))]
    found += printed_identifiers(raw)
    valid = {}
    for scheme, value in found:
        if scheme not in valid and identifiers.normalise(scheme, value):
            valid[scheme] = value
    return identifiers.normalise_identifiers(valid)[0]


def _scheme_and_value(idno) -> tuple[str, str] | None:
    scheme = SCHEMES.get((idno.get("type") or "").lower())
    value = all_text(idno).strip()
    return (scheme, value) if scheme and value else None


def _author(element) -> AuthorRecord | None:
    """The person or group of an ``<author>``; None where it holds an affiliation alone."""
    person = element.find("persName")
    if person is None:
        group = next(element.iterchildren("orgName"), None)
        name = _line(group, text.MAX_NAME) or text.clean_line(element.text, text.MAX_NAME)
        return AuthorRecord(name=name) if name else None
    family = " ".join(_parts(person, "surname"))[: text.MAX_NAME]
    given = " ".join(_parts(person, "forename"))[: text.MAX_NAME]
    name = " ".join(part for part in (given, family, *_parts(person, "genName")) if part)
    name = name or _line(person, text.MAX_NAME)
    return AuthorRecord(name=name[: text.MAX_NAME], family=family, given=given) if name else None


def _parts(person, tag: str) -> list[str]:
    return [part for element in person.iter(tag) if (part := _line(element, text.MAX_NAME))]


def _date(element) -> str:
    """ISO text of a ``<date>``, as exact as it is; "" without a valid one."""
    when = (element.get("when") or "").strip()
    for stated in (when[:10], when[:7], when[:4]):
        if date := date_or_none(stated):
            return date
    printed = _YEAR.search(all_text(element))
    year = year_or_none(printed[1]) if printed else None
    return str(year) if year else ""


# The running text


def _blocks(document) -> Iterator[Block]:
    """The texts of a document in reading order: abstract, body, back matter."""
    outline = Outline()
    for abstract in document.iterfind("teiHeader/profileDesc/abstract"):
        yield from _Walk(outline, "Abstract").read(abstract)
    for part in document.iterfind("text/*"):
        if part.tag in ("front", "body", "back"):
            yield from _Walk(outline).read(part)


class _Walk:
    """Collects the blocks of one part of a document."""

    def __init__(self, outline: Outline, section: str = ""):
        self._outline = outline
        self._titles = [section]
        self._blocks: list[Block] = []
        self._waiting: list = []
        self._built = BlockText()

    def read(self, part) -> list[Block]:
        self._block(part)
        return self._blocks

    def _block(self, element) -> None:
        self._flush()
        titled = element.tag in TITLED
        if titled:
            self._titles.append(self._title(element))
        self._inline(element)
        self._flush()
        if titled:
            self._titles.pop()

    def _title(self, div) -> str:
        head = div.find("head")
        title = " ".join(all_text(head).split())
        if not title:
            return "Acknowledgements" if div.get("type") == "acknowledgement" else ""
        return self._outline.outermost((head.get("n") or "").strip(), title)

    def _flush(self, is_row: bool = False) -> None:
        section = next((title for title in self._titles if title), "")
        if block := self._built.block(section, is_row=is_row):
            self._blocks.append(tidy(block))
        waiting, self._waiting = self._waiting, []
        self._built = BlockText()
        for element in waiting:
            self._block(element)

    def _inline(self, element) -> None:
        """The text of an element's content; blocks within it end the text before them."""
        self._built.add(element.text)
        for child in element:
            tag = child.tag
            if not isinstance(tag, str):
                self._built.add(entity_text(child))
            elif tag in SKIPPED or (tag == "label" and element.tag in ("figure", "formula")):
                pass
            elif tag == "ref" and child.get("type") == "bibr":
                self._marker(child)
            elif tag == "formula":
                self._built.add(_formula(child))
            elif tag in FLOATS and self._built.length:
                self._waiting.append(child)
            elif tag in BLOCKS or tag in FLOATS:
                self._block(child)
            elif tag == "row":
                self._row(child)
            elif tag == "s":
                self._built.add(" ")
                self._built.begin_sentence()
                self._inline(child)
                self._built.add(" ")
            elif tag in ("lb", "pb", "cb"):
                self._built.add(" ")
            else:
                self._inline(child)
            self._built.add(child.tail)

    def _row(self, row) -> None:
        # A cell that holds nothing but "[12]" says nothing: the row is what cites.
        self._flush()
        for number, cell in enumerate(row.iterchildren("cell")):
            if number:
                self._built.add(" | ")
            self._inline(cell)
        self._flush(is_row=True)

    def _marker(self, ref) -> None:
        raised = any(
            "sup" in (node.get("rend") or "") for node in (ref, *ref.iterancestors("hi"), *ref.iter("hi"))
        )
        if self._built.ends_with_anchor:
            # "(Fern, 2001;" and "Moss, 2002)" stand in two elements without a blank between them.
            self._built.add(" ")
        start = self._built.length
        self._built.add(all_text(ref))
        if self._built.length > start:
            ids = [target.removeprefix("#") for target in (ref.get("target") or "").split()]
            self._built.anchor(start, ids, raised=raised, line=ref.sourceline)


def _formula(element) -> str:
    shown = " ".join("".join(element.itertext()).split())
    return shown if 0 < len(shown) <= MAX_FORMULA else "[formula]"
