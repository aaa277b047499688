"""OpenAlex works: one object, a list answer of the API, or the lines of a snapshot.

Owns the reading of those fields that the library keeps. Snapshot lines are decoded straight
into typed structs (``json_items.py``), which name these fields and no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from papers import text
from papers.identifiers import normalise_arxiv_id, normalise_openalex, normalise_orcid
from papers.importers.fields import (
    MAX_FIELD,
    MAX_LICENSE,
    Report,
    date_or_none,
    distinct,
    kind_name,
    language_or_none,
    quoted,
    year_of,
    year_or_none,
)
from papers.importers.json_items import typed_records
from papers.importers.source import BYTE_ORDER_MARK, Source
from papers.records import (
    AuthorRecord,
    Identifiers,
    Items,
    PaperRecord,
    ReferenceRecord,
    VersionRecord,
)

MAX_POSITION = 20_000
MAX_FIELDS = 5

_WORK = re.compile(rb'"id"\s*:\s*"https?://(?:api\.)?openalex\.org/(?:works/)?[Ww]\d')
_WORK_KEYS = re.compile(rb'"(?:abstract_inverted_index|authorships|referenced_works)"\s*:')
_ANSWER = re.compile(rb'\{\s*"meta"\s*:[^}]*"db_response_time_ms"\s*:')
# The heading of an abstract has lost its markup: "Abstract Large language models …".
_HEADING = re.compile(r"(?:ABSTRACT|Abstract)[.:]? (?=[A-Z]\w* [a-z])")
_PERSON = re.compile(r"(?:https?://(?:api\.)?openalex\.org/(?:people/|authors/)?)?([Aa][1-9]\d{0,14})")
# OpenAlex writes no "PMC" before the number.
_PMC = "https://www.ncbi.nlm.nih.gov/pmc/articles/"
# A whole list checked in one go: a work may cite thousands.
_USUAL_REFERENCES = re.compile(r"(?:https://openalex\.org/W[1-9][0-9]{0,14}(?: |$))*")
_NUMBER_BEGINS = len("https://openalex.org/")


class Ids(msgspec.Struct, gc=False):
    openalex: str | None = None
    doi: str | None = None
    pmid: str | int | None = None
    pmcid: str | int | None = None
    arxiv: str | None = None


class Named(msgspec.Struct, gc=False):
    display_name: str | None = None


class Place(msgspec.Struct, gc=False):
    """A location; ``display_name`` is there in the older ``host_venue``."""

    source: Named | None = None
    license: str | None = None
    landing_page_url: str | None = None
    pdf_url: str | None = None
    display_name: str | None = None


class Person(msgspec.Struct, gc=False):
    id: str | None = None
    display_name: str | None = None
    orcid: str | None = None


class Authorship(msgspec.Struct, gc=False):
    author: Person | None = None
    raw_author_name: str | None = None


class Topic(msgspec.Struct, gc=False):
    field: Named | None = None


class Concept(msgspec.Struct, gc=False):
    display_name: str | None = None
    level: int | None = None


class Work(msgspec.Struct, gc=False):
    """What is read of a work; snapshot lines hold ten times as much."""

    id: str | None = None
    doi: str | None = None
    ids: Ids | None = None
    title: str | None = None
    display_name: str | None = None
    publication_year: int | str | None = None
    publication_date: str | None = None
    language: str | None = None
    type: str | None = None
    primary_location: Place | None = None
    host_venue: Place | None = None
    locations: list[Place | None] | None = None
    authorships: list[Authorship | None] | None = None
    topics: list[Topic | None] | None = None
    concepts: list[Concept | None] | None = None
    is_retracted: bool | None = None
    abstract_inverted_index: dict[str, list[int] | None] | None = None
    referenced_works: list[str | None] | None = None
    referenced_works_count: int | None = None


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is JSON with an OpenAlex work, or an answer of its API."""
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if not start.startswith((b"{", b"[")):
        return False
    return bool(_WORK.search(start) or _WORK_KEYS.search(start) or _ANSWER.match(start))


def read(source: Source, about: Identifiers) -> Items:
    """The works of a file, one record each; ``about`` is not needed.

    Raises UnreadableFile for a file that is neither in lines nor small enough (``json_items.py``).
    """
    yield from typed_records(source, Work, _record, inside=("results",))


@lru_cache(maxsize=4096)
def _name(printed: str | None, limit: int) -> str:
    """A clean line, for what many works share: venues, fields, types, licences."""
    return text.clean_line(printed, limit)


def _record(work: Work, report: Report) -> PaperRecord | None:
    own = _identifiers(work, report)
    title = text.clean_line(work.title or work.display_name, text.MAX_TITLE)
    if not own and not title:
        report.skip("the work has neither a title nor a valid identifier")
        return None
    place = work.primary_location or work.host_venue or Place()
    venue = place.source.display_name if place.source else place.display_name
    references, complete = _references(work, own, report)
    date = _checked(work.publication_date, date_or_none, "publication_date", report) or ""
    return PaperRecord(
        identifiers=own,
        title=title,
        authors=_authors(work, report),
        year=_checked(work.publication_year, year_or_none, "publication_year", report) or year_of(date),
        date=date,
        language=_checked(work.language, language_or_none, "language", report) or "",
        venue=_name(venue, text.MAX_NAME),
        kind=kind_name(_name(work.type, MAX_FIELD)),
        fields=_fields(work),
        abstract=_abstract(work.abstract_inverted_index, title, report),
        retracted=work.is_retracted,
        license=_license(place.license),
        references=references,
        references_complete=complete,
        versions=_versions(work, own),
        line=report.line,
    )


def _identifiers(work: Work, report: Report) -> Identifiers:
    ids = work.ids or Ids()
    return report.identifiers(
        {
            "doi": work.doi or ids.doi,
            "arxiv": ids.arxiv,
            "pmid": ids.pmid,
            "pmcid": ids.pmcid.removeprefix(_PMC) if isinstance(ids.pmcid, str) else ids.pmcid,
            "openalex": work.id or ids.openalex,
        }
    )


def _checked(value, accept, key: str, report: Report):
    if value is None or value == "":
        return None
    accepted = accept(value)
    if accepted is None:
        report.warn(f"{key} {quoted(value)} is not valid: it is left out")
    return accepted


def _authors(work: Work, report: Report) -> list[AuthorRecord]:
    authors = []
    for place, authorship in enumerate(work.authorships or ()):
        if authorship is None:
            continue
        person = authorship.author or Person()
        name = text.clean_line(person.display_name or authorship.raw_author_name, text.MAX_NAME)
        if not name:
            continue
        known = {}
        if person.orcid:
            if orcid := normalise_orcid(person.orcid):
                known["orcid"] = orcid
            else:
                report.warn(f"authorships[{place}]: {quoted(person.orcid)} is not a valid ORCID")
        if person.id and (number := _PERSON.fullmatch(person.id)):
            known["openalex"] = number[1].upper()
        authors.append(AuthorRecord(name=name, identifiers=known))
    return authors


def _fields(work: Work) -> list[str]:
    """The fields of the topics; of an older work without topics, its concepts of the top level."""
    names = [topic.field.display_name for topic in work.topics or () if topic and topic.field]
    if not any(names):
        names = [concept.display_name for concept in work.concepts or () if concept and concept.level == 0]
    return distinct(_name(name, MAX_FIELD) for name in names)[:MAX_FIELDS]


def _license(name: str | None) -> str:
    """ "CC BY-NC-ND" of "cc-by-nc-nd"; other names with their hyphens as spaces."""
    name = _name(name, MAX_LICENSE)
    if name.lower() in ("cc0", "cc-0"):
        return "CC0 1.0"
    if name.lower().startswith("cc-by"):
        return "CC " + name[3:].upper()
    return name.replace("-", " ")


def _versions(work: Work, own: Identifiers) -> list[VersionRecord]:
    """The arXiv preprint of a work that has another identity of its own."""
    found = {}
    for place in work.locations or ():
        for address in (place.landing_page_url, place.pdf_url) if place else ():
            if address and "arxiv" in address.lower() and (number := normalise_arxiv_id(address)):
                found[number] = VersionRecord(kind="preprint", identifiers={"arxiv": number}, venue="arXiv")
    found.pop(own.get("arxiv", ""), None)
    return list(found.values())


def _abstract(index: dict[str, list[int] | None] | None, title: str, report: Report) -> str:
    """The text of an inverted index: a dict of word to the positions at which it stands."""
    if not index:
        return ""
    placed = [(position, word) for word, positions in index.items() for position in positions or ()]
    placed.sort()
    if placed and not 0 <= placed[0][0] <= placed[-1][0] < MAX_POSITION:
        report.warn(
            f"abstract_inverted_index has positions beyond 0 to {MAX_POSITION}: their words are left out"
        )
        placed = [pair for pair in placed if 0 <= pair[0] < MAX_POSITION]
    abstract = " ".join([word for _position, word in placed])
    if _HEADING.match(abstract) and "abstract" not in title.lower():
        abstract = abstract.partition(" ")[2]
    return text.clean_text(abstract, text.MAX_ABSTRACT)


def _references(work: Work, own: Identifiers, report: Report) -> tuple[list[ReferenceRecord], bool]:
    """(the works that this one cites, whether they are all)."""
    given = work.referenced_works
    if given is None:
        return [], False
    numbers = dict.fromkeys(_numbers(given, report))
    complete = len(given) == work.referenced_works_count
    if own.get("openalex") in numbers:
        report.warn("a referenced work is the work itself: it is left out")
        del numbers[own["openalex"]]
    return [ReferenceRecord(identifiers={"openalex": number}) for number in numbers], complete


def _numbers(given: list[str | None], report: Report) -> Iterator[str]:
    usual = None if None in given else _USUAL_REFERENCES.fullmatch(" ".join(map(str, given)))
    if usual:
        yield from (address[_NUMBER_BEGINS:] for address in usual[0].split())
        return
    for place, address in enumerate(given):
        if normal := normalise_openalex(address):
            yield normal
        else:
            report.warn(f"referenced_works[{place}]: {quoted(address)} is not an OpenAlex work")
