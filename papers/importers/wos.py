"""Web of Science: the tagged export ("PT J" to "ER") and the tab-delimited one, with cited references.

Owns the reading of its tags, and of a cited reference as Web of Science prints it: first
author, year, abbreviated source, volume, page, DOI; a title it has none. What Web of Science
exports as RIS is read by ``ris.py``. Its accession number names a paper nowhere else and is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from papers import text
from papers.identifiers import normalise_orcid
from papers.importers.entries import Entry, kind_of, people, person, record_of
from papers.importers.fields import Report, year_or_none
from papers.importers.source import Source
from papers.importers.tagged import TaggedEntry
from papers.importers.text_files import head_text, numbered, read_text
from papers.records import AuthorRecord, Identifiers, Items, Problem, ReferenceRecord

# Types of publication, where there is no type of document.
KINDS = {"J": "article", "B": "book", "S": "book", "P": "patent", "C": "conference paper"}

_TAG = re.compile(r"\ufeff?([A-Z][A-Z0-9])(?: (.*)|\s*$)", re.DOTALL)
_HEAD = re.compile(
    r"(?:^|[\n\r])\ufeff?(?:FN (?:Clarivate|Thomson|ISI|Web of)|PT [JBSPC][\n\r]+(?:AU|AF|TI|BA|CA|GP) )"
)
_TABLE = re.compile(r"\ufeff?\"?PT\"?\t\"?(?:AU|BA|AF|TI)\"?\t")
_LIST_TAGS = frozenset(["AU", "AF", "CR", "OI", "RI", "CA"])
_DOI = re.compile(r"\bDOI \[?(?:DOI )?(10\.[^\s\],]+(?:,\S[^\s\],]*)*)", re.IGNORECASE)
_YEAR = re.compile(r"[12]\d{3}", re.ASCII)
_PLACE = re.compile(r"(?:[VP][\w-]+|DOI .*|\[.*|ARTN .*|UNSP .*|PMID .*)")


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head has the line FN of an export, or PT and AU; or the header of the table."""
    start = head_text(head)
    return bool(_HEAD.search(start) or _TABLE.match(start))


def read(source: Source, about: Identifiers) -> Items:
    """The entries of a file, one record each with its cited references; ``about`` is not needed.

    Raises UnreadableFile for a file that is too large (``text_files.py``).
    """
    content, problems = read_text(source)
    yield from problems
    entries = _rows(content) if _TABLE.match(content) else _entries(content)
    found = False
    for item in entries:
        found = True
        if isinstance(item, Problem):
            yield item
            continue
        report = Report(item.line)
        record = record_of(_entry(item, report), report)
        yield from report.problems
        if record is not None:
            yield record
    if not found:
        yield Problem("the file holds no entry of Web of Science", skipped=True)


def _entries(content: str) -> Iterator[TaggedEntry]:
    """From PT to ER; where ER is missing, to the next PT. Lines that go on begin with blanks."""
    current: TaggedEntry | None = None
    for number, line in numbered(content):
        match = _TAG.match(line)
        if match is None:
            if current is not None:
                current.extend(line.strip())
            continue
        tag, value = match[1], match[2] or ""
        if tag in ("ER", "PT", "EF"):
            if current is not None:
                yield current
            current = TaggedEntry(number) if tag == "PT" else None
        if current is not None:
            current.add(tag, value)
    if current is not None:
        yield current


def _rows(content: str) -> Iterator[TaggedEntry | Problem]:
    """The rows of the table, as entries: a list in a cell becomes lines."""
    # The export knows no quotation: a cell may begin with a quotation mark of its own.
    lines = numbered(content.removeprefix("\ufeff"))
    tags = [cell.strip().strip('"') for cell in next(lines, (1, ""))[1].split("\t")]
    for number, line in lines:
        if not line.strip():
            continue
        cells = line.rstrip("\t").split("\t")
        if len(cells) > len(tags):
            reason = f"the row has {len(cells)} cells, the header {len(tags)}"
            yield Problem(reason, number, skipped=True)
            continue
        entry = TaggedEntry(number)
        for tag, cell in zip(tags, cells, strict=False):
            entry.add(tag, cell.replace("; ", "\n") if tag in _LIST_TAGS else cell)
        yield entry


def _entry(tagged: TaggedEntry, report: Report) -> Entry:
    documents = tagged.first("DT")
    lines = (line for value in tagged.all("CR") for line in value.split("\n"))
    cited = [printed for line in lines if (printed := text.clean_line(line, text.MAX_RAW))]
    return Entry(
        title=_joined(tagged.first("TI")),
        authors=_authors(tagged),
        year=tagged.first("PY"),
        dates=tagged.all("PD"),
        venue=_joined(tagged.first("SO", "JI", "J9")),
        kind=kind_of(documents) or KINDS.get(tagged.first("PT"), ""),
        abstract=_joined(tagged.first("AB")),
        language=tagged.first("LA"),
        identifiers=[
            *(("doi", value) for value in tagged.all("DI")),
            *(("pmid", value) for value in tagged.all("PM")),
        ],
        retracted=True if "retracted publication" in documents.lower() else None,
        references=[_reference(printed, report) for printed in cited],
        references_complete=bool(cited) and _are_all(len(cited), tagged.first("NR"), report),
    )


def _joined(value: str) -> str:
    """Wrapped lines as one: they are broken at any word."""
    return " ".join(value.split())


def _are_all(count: int, stated: str, report: Report) -> bool:
    """Whether the export has as many references as it says (NR), if it says so."""
    if not (stated.isascii() and stated.isdigit()) or int(stated[:9]) <= count:
        return True
    report.warn(f"the entry says it has {stated[:9]} cited references: {count} are here")
    return False


def _authors(tagged: TaggedEntry) -> list[AuthorRecord]:
    """The authors by their full names, with the ORCID iDs that stand beside those names."""
    names = tagged.first("AF") or tagged.first("AU")
    bodies = tagged.first("CA")
    authors = people([*names.split("\n"), *(f"{body}," for body in bodies.split("\n"))])
    known = {
        (found.name, orcid)
        for name, _slash, number in (pair.rpartition("/") for pair in _joined(tagged.first("OI")).split(";"))
        if (orcid := normalise_orcid(number)) and (found := person(name))
    }
    orcids: dict[str, set[str]] = {}
    for name, orcid in known:
        orcids.setdefault(name, set()).add(orcid)
    for author in authors:
        if len(orcids.get(author.name, ())) == 1:
            author.identifiers["orcid"] = next(iter(orcids[author.name]))
    return authors


def _reference(raw: str, report: Report) -> ReferenceRecord:
    """An entry such as "Moss A, 2001, J LAKES, V12, P34, DOI 10.5555/x"; its parts may be missing."""
    reference = ReferenceRecord(raw=raw)
    if doi := _DOI.search(raw):
        reference.identifiers = report.identifiers({"doi": doi[1]})
    parts = raw.split(", ")
    year = next((place for place, part in enumerate(parts[:4]) if _YEAR.fullmatch(part)), None)
    if year is None:
        return reference
    reference.year = year_or_none(parts[year])
    first_author = ", ".join(parts[:year]).lstrip("*")
    if author := person(first_author):
        reference.authors = [author]
    if year + 1 < len(parts) and not _PLACE.fullmatch(parts[year + 1]):
        reference.venue = text.clean_line(parts[year + 1], text.MAX_NAME)
    return reference
