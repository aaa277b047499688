"""Crossref works as JSON: an answer of the API (one work or a list), bare works, JSON Lines.

Owns the reading of those fields that the library keeps, and what Crossref's words for notices
and versions mean here; its deposit XML is read by ``crossref_xml.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from papers import text
from papers.identifiers import normalise, normalise_doi, normalise_identifiers, normalise_orcid
from papers.importers.fields import (
    MAX_FIELD,
    MAX_LICENSE,
    Report,
    date_or_none,
    distinct,
    earliest_date,
    kind_name,
    language_or_none,
    merge_references,
    printed_identifiers,
    quoted,
    says_retracted,
    short_license,
    year_or_none,
)
from papers.importers.json_items import typed_records
from papers.importers.source import BYTE_ORDER_MARK, Source
from papers.records import (
    AuthorRecord,
    Identifiers,
    Items,
    NoticeRecord,
    PaperRecord,
    ReferenceRecord,
    VersionRecord,
)

# https://www.crossref.org/documentation/crossmark/version-control-corrections-and-retractions/
# names the types of updates; what is not here (a new version, a new edition) is no notice.
NOTICES = {
    "retraction": "retraction",
    "withdrawal": "retraction",
    "removal": "retraction",
    # Part of the paper stands: "retracted" would say more than the notice does.
    "partialretraction": "correction",
    "correction": "correction",
    "corrigendum": "correction",
    "erratum": "correction",
    "addendum": "correction",
    "clarification": "correction",
    "expressionofconcern": "concern",
}
# The relation that a work states -> what the other work is.
VERSIONS = {"ispreprintof": "published", "haspreprint": "preprint"}
PLAIN_HEADINGS = ("abstract", "summary")
# Licences of these: the accepted manuscript, mining by machines, sharing by article.
OTHER_CONTENT = ("am", "tdm", "stm-asf")

Text = str | None
Texts = list[Text] | str | None

_NOT_LETTERS = re.compile(r"[^a-z]")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_SECTION_TITLE = re.compile(r"<((?:jats:)?title)>\s*([^<>]{1,100}?)[\s:.]*</\1>\s*<((?:jats:)?p)>")
_WORK_KEYS = re.compile(
    rb'"(?:is-referenced-by-count|references?-count|content-domain|reference)"\s*:|"message-type"\s*:\s*"work'
)


class Date(msgspec.Struct, gc=False, rename="kebab"):
    date_parts: list[list[int | str | None] | None] | None = None


class Person(msgspec.Struct, gc=False):
    given: Text = None
    family: Text = None
    suffix: Text = None
    name: Text = None
    orcid: Text = msgspec.field(default=None, name="ORCID")


class Reference(msgspec.Struct, gc=False, rename="kebab"):
    doi: Text = msgspec.field(default=None, name="DOI")
    article_title: Text = None
    volume_title: Text = None
    series_title: Text = None
    journal_title: Text = None
    author: Text = None
    year: str | int | None = None
    volume: Text = None
    first_page: Text = None
    unstructured: Text = None


class Update(msgspec.Struct, gc=False):
    doi: Text = msgspec.field(default=None, name="DOI")
    type: Text = None


class Relation(msgspec.Struct, gc=False, rename="kebab"):
    id_type: Text = None
    id: Text = None


class License(msgspec.Struct, gc=False, rename="kebab"):
    url: Text = msgspec.field(default=None, name="URL")
    content_version: Text = None


class Work(msgspec.Struct, gc=False, rename="kebab"):
    """What is read of a work. Some answers give texts where the API gives lists of texts."""

    doi: Text = msgspec.field(default=None, name="DOI")
    title: Texts = None
    author: list[Person | None] | None = None
    issued: Date | None = None
    published: Date | None = None
    published_online: Date | None = None
    published_print: Date | None = None
    posted: Date | None = None
    container_title: Texts = None
    institution: list[Person | None] | None = None
    group_title: Text = None
    type: Text = None
    language: Text = None
    abstract: Text = None
    subject: Texts = None
    license: list[License | None] | None = None
    reference: list[Reference | None] | None = None
    reference_count: int | None = None
    update_to: list[Update | None] | None = None
    updated_by: list[Update | None] | None = None
    relation: dict[str, list[Relation | None] | None] | None = None


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is JSON with a work of Crossref, or with an answer that holds works."""
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if not start.startswith((b"{", b"[")):
        return False
    keys = set(_WORK_KEYS.findall(start))
    return any(key.startswith(b'"message-type"') for key in keys) or bool(keys) and b'"DOI"' in start


def read(source: Source, about: Identifiers) -> Items:
    """The works of a file, one record each; ``about`` is not needed.

    Raises UnreadableFile for a file that is neither in lines nor small enough (``json_items.py``).
    """
    yield from typed_records(source, Work, _record, inside=("message", "items"))


def _record(work: Work, report: Report) -> PaperRecord | None:
    own = report.identifiers({"doi": work.doi})
    title = text.clean_line(_first(work.title), text.MAX_TITLE)
    if not own and not title:
        report.skip("the work has neither a title nor a valid DOI")
        return None
    date = _date(work)
    notices = [*_notices(work.update_to, True, report), *_notices(work.updated_by, False, report)]
    notices, retracted = sort_out_notices(notices, own)
    references, complete = _references(work, own, report)
    language = language_or_none(work.language)
    if work.language and not language:
        report.warn(f"language {quoted(work.language)} is not a language code: it is left out")
    return PaperRecord(
        identifiers=own,
        title=title,
        authors=_authors(work, report),
        year=int(date[:4]) if date else None,
        date=date,
        language=language or "",
        venue=_venue(work),
        kind=kind_name(text.clean_line(work.type, MAX_FIELD)),
        fields=_fields(work),
        abstract=clean_abstract(work.abstract or ""),
        retracted=True if retracted or says_retracted(title) else None,
        license=_license(work),
        references=references,
        references_complete=complete,
        versions=_versions(work, own),
        notices=notices,
        line=report.line,
    )


def _first(texts: Texts) -> str:
    if isinstance(texts, list):
        return next((entry for entry in texts if entry), "")
    return texts or ""


def _date(work: Work) -> str:
    """The earliest of the most exact dates of publication: ``issued`` alone may be a bare year."""
    stated = (work.issued, work.published, work.published_online, work.published_print, work.posted)
    return earliest_date([iso for date in stated if date and (iso := _iso(date))])


def _iso(date: Date) -> str:
    """ISO text of the first ``date-parts``, as exact as its valid parts are."""
    parts = (date.date_parts or [None])[0] or []
    iso = ""
    for width, part in zip((4, 2, 2), parts, strict=False):
        longer = f"{iso}-{part!s:0>{width}}" if iso else f"{part!s:0>{width}}"
        if date_or_none(longer) is None:
            break
        iso = longer
    return iso


def _authors(work: Work, report: Report) -> list[AuthorRecord]:
    authors = [author_record(person, report) for person in work.author or () if person]
    return [author for author in authors if author is not None]


def author_record(person: Person, report: Report) -> AuthorRecord | None:
    """A person, or a group with a ``name`` alone; None without any name."""
    family = text.clean_line(person.family, text.MAX_NAME)
    given = text.clean_line(person.given, text.MAX_NAME)
    suffix = text.clean_line(person.suffix, 20)
    name = " ".join(part for part in (given, family, suffix) if part)
    name = name[: text.MAX_NAME] or text.clean_line(person.name, text.MAX_NAME)
    if not name:
        return None
    known = {}
    if person.orcid:
        if orcid := normalise_orcid(person.orcid):
            known["orcid"] = orcid
        else:
            report.warn(f"{quoted(person.orcid)} is not a valid ORCID: it is left out")
    return AuthorRecord(name=name, family=family, given=given if family else "", identifiers=known)


def _venue(work: Work) -> str:
    """The container, or the repository of a preprint: bioRxiv is an ``institution``."""
    names = [_first(work.container_title), *(place.name for place in work.institution or () if place)]
    return next((name for entry in names if (name := text.clean_line(entry, text.MAX_NAME))), "")


def _fields(work: Work) -> list[str]:
    names = work.subject if isinstance(work.subject, list) else [work.subject]
    return distinct(text.clean_line(name, MAX_FIELD) for name in [*names, work.group_title])


def clean_abstract(markup: str) -> str:
    """The text of an abstract in JATS; the first paragraph of a titled section begins "AIM: "."""

    def heading(found: re.Match[str]) -> str:
        _title, words, paragraph = found.groups()
        if words.casefold() in PLAIN_HEADINGS:
            return f"<{paragraph}>"
        return f"<{paragraph}>{words.upper()}: "

    return text.clean_text(_SECTION_TITLE.sub(heading, markup), text.MAX_ABSTRACT)


def _license(work: Work) -> str:
    """The short name or address of a licence; the version of record comes before other versions."""
    stated = [entry for entry in work.license or () if entry and entry.url]
    stated.sort(key=lambda entry: entry.content_version in OTHER_CONTENT)
    link = (stated[0].url if stated else "") or ""
    return short_license([link]) or text.clean_line(link, MAX_LICENSE)


# ---------------------------------------------------------------- references


def _references(work: Work, own: Identifiers, report: Report) -> tuple[list[ReferenceRecord], bool]:
    """(the entries of the reference list, whether they are all)."""
    if work.reference is None:
        return [], False
    entries = [reference_record(entry, report) for entry in work.reference if entry]
    return checked_references(entries, own, report), len(work.reference) >= (work.reference_count or 0)


def checked_references(
    entries: list[ReferenceRecord | None], own: Identifiers, report: Report
) -> list[ReferenceRecord]:
    """The entries that name something, without repeats and without the work itself."""
    if empty := entries.count(None):
        report.warn(f"entries of the reference list that name nothing: {empty} left out")
    references, to_itself = merge_references([entry for entry in entries if entry], own)
    if to_itself:
        report.warn("an entry of the reference list is the work itself: it is left out")
    return references


def reference_record(entry: Reference, report: Report) -> ReferenceRecord | None:
    """An entry of a reference list; None where nothing in it can be shown or looked up.

    An entry without identifier, title and printed text is printed from its parts.
    """
    title = text.clean_line(entry.article_title or entry.volume_title, text.MAX_TITLE)
    container = entry.journal_title or entry.series_title
    if entry.article_title:
        container = container or entry.volume_title
    raw = text.clean_line(entry.unstructured, text.MAX_RAW)
    found = {}
    if entry.doi:
        found = report.identifiers({"doi": entry.doi})
    stated = [(scheme, value) for scheme, value in printed_identifiers(raw) if normalise(scheme, value)]
    found = found or normalise_identifiers(dict(stated))[0]
    if not (found or title or raw):
        parts = (entry.author, str(entry.year or ""), container, entry.volume, entry.first_page)
        raw = ", ".join(text.clean_line(part, text.MAX_NAME) for part in parts if part)
    if not (found or title or raw):
        return None
    author = text.clean_line(entry.author, text.MAX_NAME)
    year = _YEAR.search(str(entry.year)[:40]) if entry.year is not None else None
    return ReferenceRecord(
        identifiers=found,
        title=title,
        authors=[AuthorRecord(name=author)] if author else [],
        year=year_or_none(year[1]) if year else None,
        venue=text.clean_line(container, text.MAX_NAME),
        raw=raw,
    )


# ---------------------------------------------------------------- notices and versions


def _notices(updates: list[Update | None] | None, outgoing: bool, report: Report) -> list[NoticeRecord]:
    return [
        notice
        for update in updates or ()
        if update and (notice := notice_record(update.type, update.doi, outgoing, report)) is not None
    ]


def notice_record(kind: Text, doi: Text, outgoing: bool, report: Report) -> NoticeRecord | None:
    """An update as a notice; None for what is none (a new version) and for one without a valid DOI."""
    meaning = NOTICES.get(letters(kind))
    if meaning is None:
        return None
    normal = normalise_doi(doi)
    if normal is None:
        report.warn(f"a notice of {meaning} names {quoted(doi)}, which is no DOI: it is left out")
        return None
    return NoticeRecord(kind=meaning, identifiers={"doi": normal}, outgoing=outgoing)


def sort_out_notices(notices: list[NoticeRecord], own: Identifiers) -> tuple[list[NoticeRecord], bool]:
    """(the notices that join two works, each once; whether one says that this work is retracted).

    Some publishers register a retraction as an update of the work by itself.
    """
    retracted = False
    kept = []
    for notice in notices:
        to_itself = notice.identifiers.items() <= own.items()
        if notice.kind == "retraction" and (to_itself or not notice.outgoing):
            retracted = True
        if not to_itself and notice not in kept:
            kept.append(notice)
    return kept, retracted


def _versions(work: Work, own: Identifiers) -> list[VersionRecord]:
    stated = [
        (name, relation.id_type, relation.id)
        for name, relations in (work.relation or {}).items()
        for relation in relations or ()
        if relation
    ]
    return version_records(stated, own)


def version_records(relations: Iterable[tuple[Text, Text, Text]], own: Identifiers) -> list[VersionRecord]:
    """The other versions among (name of a relation, type of identifier, identifier), each once."""
    versions = []
    for name, scheme, value in relations:
        kind = VERSIONS.get(letters(name))
        normal = normalise_identifiers({letters(scheme): value})[0] if kind else {}
        version = VersionRecord(kind=kind or "", identifiers=normal)
        if normal and not normal.items() <= own.items() and version not in versions:
            versions.append(version)
    return versions


def letters(name: Text) -> str:
    """A name of Crossref's in lower case without signs: "is-preprint-of" is "ispreprintof"."""
    return _NOT_LETTERS.sub("", (name or "")[:60].lower())
