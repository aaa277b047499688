"""Atom feeds of the arXiv API: one preprint an ``<entry>``.

Owns the way from an entry to a record, with the published version that arXiv knows of.
Asking the service is not the business of this module.
"""

from __future__ import annotations

import re

from papers import identifiers, text
from papers.importers.fields import MAX_FIELD, Report, date_or_none, distinct, quoted
from papers.importers.source import Source
from papers.importers.xml_stream import all_text, records, xml_start
from papers.records import AuthorRecord, Identifiers, Items, PaperRecord, Problem, VersionRecord

# "cs.CL", "hep-th"; other terms are classes of ACM and MSC.
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]{2}|\.[a-z]+(?:-[a-z]+)+)?")


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is an Atom feed (or entry) of arXiv."""
    root, start = xml_start(head)
    return root in ("feed", "entry") and "arxiv.org" in start


def read(source: Source, about: Identifiers) -> Items:
    """The preprints of a feed, one record each; ``about`` is not needed.

    A feed without entries is an answer without results: it yields nothing but a warning. XML
    that is not well-formed ends the file with a skip: nothing is guessed.
    """
    yield from records(source, ["entry"], _record, Problem("the feed holds no entries"))


def _line(element, limit: int) -> str:
    return text.clean_line(all_text(element), limit)


def _record(entry, report: Report) -> PaperRecord | None:
    address = all_text(entry.find("id")).strip()
    title = _line(entry.find("title"), text.MAX_TITLE)
    if "/api/errors" in address:
        report.skip(f"arXiv answers with an error: {_line(entry.find('summary'), 200) or title}")
        return None
    own = report.identifiers({"arxiv": address, "doi": _first_doi(entry, report)})
    if not own and not title:
        report.skip("the entry has neither a title nor a valid identifier")
        return None
    date = _date(entry, report)
    return PaperRecord(
        identifiers=own,
        title=title,
        authors=_authors(entry),
        year=int(date[:4]) if date else None,
        date=date,
        kind="preprint",
        fields=_fields(entry),
        abstract=text.clean_text(all_text(entry.find("summary")), text.MAX_ABSTRACT),
        versions=_versions(entry, own),
        line=report.line,
    )


def _first_doi(entry, report: Report) -> str | None:
    """The DOI of the published version; authors may have entered several, with blanks between them."""
    given = all_text(entry.find("doi")).strip()
    found = [doi for part in re.split(r"[\s;]+", given) if (doi := identifiers.normalise_doi(part))]
    if given and not found:
        report.warn(f"doi {quoted(given)} is not a DOI: it is left out")
    return found[0] if found else None


def _date(entry, report: Report) -> str:
    """The day of the first version."""
    given = all_text(entry.find("published")).strip()
    date = date_or_none(given[:10])
    if given and date is None:
        report.warn(f"published {quoted(given)} is not a date: it is left out")
    return date or ""


def _authors(entry) -> list[AuthorRecord]:
    names = (_line(author.find("name"), text.MAX_NAME) for author in entry.iterchildren("author"))
    return [AuthorRecord(name=name) for name in names if name]


def _fields(entry) -> list[str]:
    """The categories, the primary one first."""
    terms = [element.get("term") or "" for element in entry.iterchildren("primary_category", "category")]
    primary = [element.get("term") or "" for element in entry.iterchildren("primary_category")]
    return distinct(term[:MAX_FIELD] for term in primary + terms if _CATEGORY.fullmatch(term))


def _versions(entry, own: Identifiers) -> list[VersionRecord]:
    """The published version, where arXiv knows of one."""
    venue = _line(entry.find("journal_ref"), text.MAX_NAME)
    published = {scheme: value for scheme, value in own.items() if scheme in ("doi", "acl")}
    return [VersionRecord("published", published, venue=venue)] if published or venue else []
