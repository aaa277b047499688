"""Tables that databases and managers export: CSV, TSV or semicolons, one paper a row.

Owns the table of column names (Scopus, Embase, PubMed, Dimensions, Lens, IEEE, Zotero, Publish
or Perish …), which delimiter a file has, and rows that do not fit their header. Tables of
citations (citing, cited) are another format.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from papers.importers.entries import Entry, kind_of, people, record_of
from papers.importers.fields import Report
from papers.importers.scopus_references import scopus_references
from papers.importers.source import Source
from papers.importers.text_files import MAX_TEXT_BYTES, head_text, numbered, read_text
from papers.records import Identifiers, Items, Problem

DELIMITERS = ",;\t|"
# "About the data: …" comes before the header in some exports.
MAX_LINES_BEFORE_HEADER = 5
# Only a file that is made for it needs more.
MAX_LINES_READ_AGAIN = 1_000_000
# Where Excel has cut a list of references, it is not the whole one.
LONGEST_EXCEL_CELL = 32_700
# What we keep -> the names of its columns, letters and digits only, the best first.
COLUMNS = {
    "title": "title documenttitle articletitle papertitle titleofpaper itemtitle maintitle",
    "authors": "authorfullnames authors authornames author authorss authorlist creators byline",
    "year": "year publicationyear pubyear yearpublished datepublishedyear py",
    "date": "date publicationdate datepublished dateofpublication publicationdateonline coverdate pubdate",
    "venue": "sourcetitle publicationtitle journalbook journaltitle journalname journal containertitle"
    " sourcetitlejournal conferencename booktitle venue publicationname source publication",
    "abstract": "abstract abstractnote abstracts summary",
    "doi": "doi digitalobjectidentifier articledoi paperdoi doilink",
    "pmid": "pmid pubmedid medlinepmid pubmed",
    "pmcid": "pmcid pmc pubmedcentralid",
    "arxiv": "arxiv arxivid",
    "openalex": "openalexid openalex",
    "kind": "documenttype publicationtype itemtype doctype contenttype articletype type",
    "language": "language languageoforiginaldocument articlelanguage",
    "link": "openurllink externalurl url link articleurl fulltexturl id",
    "references": "references citedreferences",
}
# Not what their names say: what a database calls itself in its column "Source".
DATABASES = frozenset("scopus embase medline pubmed wos webofscience crossref lens dimensions".split())

_KNOWN = {name: field for field, names in COLUMNS.items() for name in names.split()}
_NOT_NAME = re.compile(r"[\W_]+")
_EMBASE_SOURCE = re.compile(
    r"(?P<venue>.+?) \((?P<year>\d{4})\)(?: [^.]*)?\.?(?: Date of Publication: (?P<date>.+))?", re.DOTALL
)
_REFERENCE_YEAR = re.compile(r"\([12]\d{3}\)", re.ASCII)
# What a table that went through a calculation makes of a whole number.
_NUMBER_WITH_POINT = re.compile(r"^(\d+)\.0$", re.ASCII)
# "Moss, Anna (57190000000)": Scopus's number of a person.
_SCOPUS_NUMBER = re.compile(r"(?<!\s)\s*\(\d{8,}\)", re.ASCII)
_INITIALS = re.compile(r"(?:[^\W\d_]\.[ -]?)+")
_SHORT_NAME = re.compile(r"[^,]*\s(?:[^\W\d_a-z]\.?-?){1,4}")


def looks_like(head: bytes, name: str) -> bool:
    """Whether one of the first lines is a header with titles and authors, or identifiers and more."""
    start = head_text(head)
    if "\0" in start:
        return False
    return _header(start) is not None


def read(source: Source, about: Identifiers) -> Items:
    """The rows of a table, one record each; ``about`` is not needed.

    Raises UnreadableFile for a file that is too large (``text_files.py``).
    """
    content, problems = read_text(source)
    yield from problems
    header = _header(content)
    if header is None:
        reason = "the table has no header with columns for titles and authors, DOIs or PMIDs"
        yield Problem(reason, skipped=True)
        return
    for number, cells in _rows(content, header):
        if isinstance(cells, Problem):
            yield cells
            continue
        report = Report(number)
        record = record_of(_entry(_Row(header, cells), report), report)
        yield from report.problems
        if record is not None:
            yield record


@dataclass(frozen=True, slots=True)
class _Header:
    """``columns``: for each field of COLUMNS the places of its columns, the best first."""

    line: int
    delimiter: str
    width: int
    columns: dict[str, list[int]]


def _header(content: str) -> _Header | None:
    for number, line in numbered(content):
        if number > MAX_LINES_BEFORE_HEADER:
            return None
        found = [_header_of(line.removeprefix("\ufeff"), number, delimiter) for delimiter in DELIMITERS]
        best = max(found, key=lambda header: sum(map(len, header.columns.values())))
        names_papers = best.columns.keys() & {"doi", "pmid"} and len(best.columns) > 1
        if names_papers or best.columns.keys() >= {"title", "authors"}:
            return best
    return None


def _header_of(line: str, number: int, delimiter: str) -> _Header:
    names = [_NOT_NAME.sub("", cell).lower() for cell in _cells([line], delimiter)]
    columns: dict[str, list[int]] = {}
    for field, known in COLUMNS.items():
        if places := [names.index(name) for name in known.split() if name in names]:
            columns[field] = places
    return _Header(number, delimiter, len(names), columns)


def _cells(lines: Iterable[str], delimiter: str) -> list[str]:
    """The cells of the first row; it takes as many of the lines as its quotations run over."""
    # The limit of the csv module, for the whole process, is lower than a list of references is long.
    csv.field_size_limit(MAX_TEXT_BYTES)
    # What the csv module takes for the end of a line in its middle is none to the lines given.
    return next(csv.reader((line.replace("\r", " ") for line in lines), delimiter=delimiter), [])


def _rows(content: str, header: _Header) -> Iterator[tuple[int, list[str] | Problem]]:
    """(line number, the cells of a row or why it is skipped) of what follows the header.

    A row with a quotation that is never closed would take what follows for its own: such a row
    ends before the first line that is a row by itself.
    """
    lines = numbered(content)
    waiting: deque[tuple[int, str]] = deque()
    read_again = 0

    def taken(into: list[tuple[int, str]]) -> Iterator[str]:
        while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
            into.append(line)
            yield line[1] + "\n"

    for _ in range(header.line):
        next(lines, None)
    while True:
        used: list[tuple[int, str]] = []
        cells = _cells(taken(used), header.delimiter)
        if not used:
            return
        number = used[0][0]
        while len(cells) > header.width and not cells[-1].strip():
            cells.pop()
        if len(cells) == header.width:
            if any(cell.strip() for cell in cells):
                yield number, cells
            continue
        if not any(cell.strip() for cell in cells):
            continue
        reason = f"the row has {len(cells)} cells, the header {header.width}"
        again = _next_row(used, header) if read_again < MAX_LINES_READ_AGAIN else len(used)
        if again < len(used):
            reason += "; a quotation mark may be missing"
            read_again += len(used) - again
            waiting.extendleft(reversed(used[again:]))
        yield number, Problem(reason, number, skipped=True)


def _next_row(lines: list[tuple[int, str]], header: _Header) -> int:
    """The place of the first line, behind the first, that is a whole row by itself; else their count."""
    for place, (_number, line) in enumerate(lines[1:], start=1):
        if line.count('"') % 2 == 0 and len(_cells([line], header.delimiter)) == header.width:
            return place
    return len(lines)


class _Row:
    """The cells of a row by the names of our fields."""

    def __init__(self, header: _Header, cells: list[str]):
        self._columns = header.columns
        self._cells = cells

    def all(self, field: str) -> list[str]:
        found = (self._cells[place].strip() for place in self._columns.get(field, ()))
        return [value for value in found if value]

    def first(self, field: str) -> str:
        return next(iter(self.all(field)), "")


def _entry(row: _Row, report: Report) -> Entry:
    venues = [name for name in row.all("venue") if _NOT_NAME.sub("", name).lower() not in DATABASES]
    venue, year, dates = next(iter(venues), ""), row.first("year"), row.all("date")
    if source := _EMBASE_SOURCE.fullmatch(venue):
        venue, year = source["venue"], year or source["year"]
        dates.append(source["date"] or "")
    references = row.first("references")
    is_list = bool(_REFERENCE_YEAR.search(references))
    return Entry(
        title=row.first("title"),
        authors=people(_names(row.first("authors"))),
        year=year or next(iter(dates), ""),
        dates=dates,
        venue=venue,
        kind=next((kind for printed in row.all("kind") if (kind := kind_of(printed))), ""),
        abstract=_without_placeholder(row.first("abstract")),
        language=row.first("language"),
        identifiers=[
            (scheme, _NUMBER_WITH_POINT.sub(r"\1", value))
            for scheme in ("doi", "pmid", "pmcid", "arxiv", "openalex")
            for value in row.all(scheme)
        ],
        links=[link for value in row.all("link") for link in value.split()],
        references=scopus_references(references, report) if is_list else [],
        references_complete=is_list and len(references) < LONGEST_EXCEL_CELL,
    )


def _without_placeholder(abstract: str) -> str:
    return "" if abstract.lower().strip("[]. ") in ("no abstract available", "n/a", "nan") else abstract


def _names(printed: str) -> list[str]:
    """The names in a cell: semicolons or bars part them for certain, "and" and commas where it fits."""
    printed = _SCOPUS_NUMBER.sub("", printed)
    for mark in (";", "|", "\n"):
        if mark in printed:
            return printed.split(mark)
    if " and " in printed:
        return [name for part in printed.split(" and ") for name in _names(part)]
    parts = [part.strip() for part in printed.split(",")]
    if len(parts) % 2 == 0 and all(_INITIALS.fullmatch(part) for part in parts[1::2]):
        return [f"{family}, {initials}" for family, initials in zip(parts[::2], parts[1::2], strict=True)]
    # "Moss A., Fern B." and "Anna Moss, Bo Fern", not "Moss, Anna" and not "Moss, Anna B.".
    each_is_whole = all(_SHORT_NAME.fullmatch(part) for part in parts) or (
        all(" " in part for part in parts) and len(parts) > 1
    )
    return parts if each_is_whole else [printed]
