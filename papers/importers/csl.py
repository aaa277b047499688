"""CSL-JSON, the items of citation processors: one item, a list, ``{"items": [...]}`` or JSON Lines.

Owns the reading of those variables that the library keeps, as Zotero, pandoc and doi.org write
them. What Crossref serves under this name with its reference list is read by ``crossref.py``.
"""

from __future__ import annotations

import re

import msgspec

from papers import text
from papers.identifiers import normalise_orcid
from papers.importers.entries import Entry, person_of_parts, record_of
from papers.importers.fields import Report, kind_name, printed_identifiers, quoted
from papers.importers.json_items import typed_records
from papers.importers.source import BYTE_ORDER_MARK, Source
from papers.records import AuthorRecord, Identifiers, Items, PaperRecord

# Types that no other JSON of scholarly works has; the others are told by what stands beside them.
OWN_TYPES = (
    "article-journal|article-magazine|article-newspaper|paper-conference|entry-encyclopedia|entry-dictionary"
    "|motion_picture|personal_communication|post-weblog|review-book|legal_case|musical_score"
)
OTHER_TYPES = (
    "article|book|chapter|dataset|document|entry|event|figure|graphic|interview|legislation|manuscript|map"
    "|pamphlet|patent|periodical|post|regulation|report|review|software|song|speech|standard|thesis|treaty"
    "|webpage|journal-article|proceedings-article|book-chapter|posted-content|monograph|dissertation"
)
KINDS = {
    "article-magazine": "article",
    "article-newspaper": "article",
    "dissertation": "thesis",
    "review-book": "review",
    "webpage": "",
    "document": "",
    "entry": "",
}

Text = str | None
Number = str | int | None
Texts = str | list[Text] | None

_OWN = re.compile(rf'"type"\s*:\s*"(?:{OWN_TYPES})"'.encode())
_OTHER = re.compile(rf'"type"\s*:\s*"(?:{OTHER_TYPES})"'.encode())
_BESIDE = re.compile(
    rb'"issued"\s*:\s*\{|"date-parts"\s*:|"container-title"\s*:|\{\s*"(?:family|given|literal)"\s*:'
)
_NOTED = re.compile(r"(?i)^\s*(PMID|PMCID|DOI|arXiv)\s*:\s*(\S+)", re.MULTILINE)


class Date(msgspec.Struct, gc=False, rename="kebab"):
    date_parts: list[list[Number] | None] | None = None
    literal: Text = None
    raw: Text = None


class Person(msgspec.Struct, gc=False, rename="kebab"):
    family: Text = None
    given: Text = None
    suffix: Text = None
    dropping_particle: Text = None
    non_dropping_particle: Text = None
    literal: Text = None
    name: Text = None
    orcid: Text = msgspec.field(default=None, name="ORCID")


class Item(msgspec.Struct, gc=False, rename="kebab"):
    """What is read of an item."""

    type: Text = None
    title: Texts = None
    author: list[Person | None] | None = None
    issued: Date | str | int | None = None
    container_title: Texts = None
    abstract: Text = None
    language: Text = None
    doi: Text = msgspec.field(default=None, name="DOI")
    pmid: Number = msgspec.field(default=None, name="PMID")
    pmcid: Number = msgspec.field(default=None, name="PMCID")
    url: Text = msgspec.field(default=None, name="URL")
    number: Number = None
    note: Text = None


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is JSON with an item: a type of CSL's and a variable of CSL's."""
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if not start.startswith((b"{", b"[")):
        return False
    if _OWN.search(start):
        return b'"title"' in start or b'"DOI"' in start
    return bool(_OTHER.search(start) and _BESIDE.search(start))


def read(source: Source, about: Identifiers) -> Items:
    """The items of a file, one record each; ``about`` is not needed.

    Raises UnreadableFile for a file that is neither in lines nor small enough (``json_items.py``).
    """

    def read_one(item: Item, report: Report) -> PaperRecord | None:
        return record_of(_entry(item, report), report)

    yield from typed_records(source, Item, read_one, inside=("items",))


def _entry(item: Item, report: Report) -> Entry:
    kind = (item.type or "").strip().lower()
    date = _printed(item.issued)
    return Entry(
        title=_first(item.title),
        authors=[author for person in item.author or () if person and (author := _author(person, report))],
        year=date,
        dates=[date],
        venue=_first(item.container_title),
        kind=KINDS[kind] if kind in KINDS else kind_name(text.clean_line(kind, text.MAX_NAME)),
        abstract=item.abstract or "",
        language=item.language or "",
        identifiers=_identifiers(item),
        links=[item.url] if item.url else [],
    )


def _first(texts: Texts) -> str:
    if isinstance(texts, list):
        return next((entry for entry in texts if entry), "")
    return texts or ""


def _printed(date: Date | str | int | None) -> str:
    """A date as it would be printed: "2019-10-3" of the first date-parts."""
    if not isinstance(date, Date):
        return str(date or "")[:100]
    parts = (date.date_parts or [None])[0] or []
    return "-".join(str(part) for part in parts if part is not None)[:100] or date.raw or date.literal or ""


def _author(person: Person, report: Report) -> AuthorRecord | None:
    given, particle, family, suffix = (
        text.clean_line(" ".join(part for part in parts if part), text.MAX_NAME)
        for parts in (
            (person.given, person.dropping_particle),
            (person.non_dropping_particle,),
            (person.family,),
            (person.suffix,),
        )
    )
    author = person_of_parts(f"{particle} {family}".strip(), given, suffix)
    author = author or person_of_parts(text.clean_line(person.literal or person.name, text.MAX_NAME), "")
    if author and person.orcid:
        if orcid := normalise_orcid(person.orcid):
            author.identifiers["orcid"] = orcid
        else:
            report.warn(f"{quoted(person.orcid)} is not a valid ORCID: it is left out")
    return author


def _identifiers(item: Item) -> list[tuple[str, str]]:
    stated = (("doi", item.doi), ("pmid", item.pmid), ("pmcid", item.pmcid))
    found = [(scheme, str(value)[:500]) for scheme, value in stated if value]
    found += [(noted[1].lower(), noted[2].rstrip(".,;")) for noted in _NOTED.finditer(item.note or "")]
    return found + printed_identifiers(str(item.number or "")[:500])
