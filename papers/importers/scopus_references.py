"""The reference list of a Scopus export: the text after "References:" in RIS, a column in CSV.

Owns the reading of that one text. Since 2023 Scopus prints the year last, where title and
journal cannot be told apart: then the printed text, the authors and the year are all there is.
"""

from __future__ import annotations

import re

from papers import text
from papers.importers.entries import person
from papers.importers.fields import Report, printed_identifiers, year_or_none
from papers.records import AuthorRecord, ReferenceRecord

_YEAR = re.compile(r"\((\d{4})\)", re.ASCII)
_INITIALS = re.compile(r"(?:[^\W\d_]{1,3}\.-?)+")


def scopus_references(printed: str, report: Report) -> list[ReferenceRecord]:
    """The entries of the list, each with its printed text and what can be told of it.

    One entry a line; of a list in one line, semicolons part the entries.
    """
    printed = printed.strip()
    parts = printed.split("\n" if "\n" in printed else "; ")
    entries = (text.clean_line(part, text.MAX_RAW).rstrip("; ") for part in parts)
    return [_reference(entry, report) for entry in entries if entry]


def _reference(raw: str, report: Report) -> ReferenceRecord:
    reference = ReferenceRecord(identifiers=report.identifiers(dict(printed_identifiers(raw))), raw=raw)
    year = next((found for found in _YEAR.finditer(raw) if year_or_none(found[1])), None)
    if year is None:
        return reference
    reference.year = int(year[1])
    behind = raw[year.end() :].strip()
    reference.authors, rest = _authors(raw[: year.start()].strip().rstrip(",").split(", "))
    title, named_behind = ", ".join(rest), behind.split(", ")[0]
    if not title:
        # A book: "Moss, A., (2010) Title of the book, , City: Publisher".
        reference.title = text.clean_line(named_behind, text.MAX_TITLE)
        return reference
    if behind and reference.authors:
        reference.title = text.clean_line(title, text.MAX_TITLE)
    reference.venue = text.clean_line(named_behind.rstrip("."), text.MAX_NAME)
    return reference


def _authors(parts: list[str]) -> tuple[list[AuthorRecord], list[str]]:
    """(the authors that the parts begin with, the parts after them): "Moss, A.B., Fern, C., Title"."""
    authors = []
    place = 0
    while place + 1 < len(parts) and _INITIALS.fullmatch(parts[place + 1]):
        if author := person(f"{parts[place]}, {parts[place + 1]}"):
            authors.append(author)
        place += 2
    return authors, parts[place:]
