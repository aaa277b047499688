"""RIS, as reference managers and databases write it: lines such as "AU  - Moss, A." from TY to ER.

Owns the reading of its tags in the flavours of EndNote, Zotero, Ovid, ProQuest, Embase, Scopus,
PubMed and Web of Science. Scopus prints the list of references into a note; the others give
papers without references.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from papers.importers.entries import Entry, kind_of, people, record_of
from papers.importers.fields import Report
from papers.importers.scopus_references import scopus_references
from papers.importers.source import Source
from papers.importers.tagged import TaggedEntry
from papers.importers.text_files import head_text, numbered, read_text
from papers.records import Identifiers, Items, Problem

# Types of reference -> our words; the others (GEN, ELEC, VIDEO …) say nothing of use.
KINDS = {
    "JOUR": "article",
    "JFULL": "article",
    "MGZN": "article",
    "NEWS": "article",
    "EJOUR": "article",
    "ABST": "conference abstract",
    "CONF": "conference paper",
    "CPAPER": "conference paper",
    "BOOK": "book",
    "EBOOK": "book",
    "EDBOOK": "book",
    "CHAP": "book chapter",
    "ECHAP": "book chapter",
    "THES": "thesis",
    "RPRT": "report",
    "GOVDOC": "report",
    "STAND": "standard",
    "UNPB": "manuscript",
    "INPR": "article",
    "DATA": "dataset",
    "AGGR": "dataset",
    "COMP": "software",
    "PAT": "patent",
    "UNPD": "manuscript",
    "PREPRINT": "preprint",
}

_START = re.compile(r"^\ufeff?TY {1,2}-", re.MULTILINE)
_STRICT_START = re.compile(r"^\s?TY  -", re.MULTILINE)
_HEAD_START = re.compile(r"(?:^|\n|\r)TY {1,2}-[^\n\r]*[\n\r]+(?:[A-Z][A-Z0-9] {1,2}-|\s)")
# A wrapped abstract may well hold a line "IL - 6 …": with the two blanks of the norm it cannot be a tag.
_TAGS = {
    "  ": re.compile(r"\s?([A-Z][A-Z0-9])  -\s?(.*)", re.DOTALL),
    " ": re.compile(r"\s?([A-Z][A-Z0-9]) -\s(.*)", re.DOTALL),
}
_BEGINS_UNTYPED = frozenset(["TI", "T1", "AU", "A1"])
_PUBMED = re.compile(r"(?i)pubmed|medline|\bnlm\b")
_NOTED = re.compile(r"(?i)^\s*(PMID|PMCID)\s*:\s*(\S+)", re.MULTILINE)
_DIGITS = re.compile(r"[1-9]\d{3,8}", re.ASCII)


def looks_like(head: bytes, name: str) -> bool:
    """Whether a line with TY is followed by another line of RIS, or TY begins a file that is called .ris."""
    start = head_text(head)
    called_ris = name.lower().removesuffix(".gz").endswith(".ris")
    return bool(_HEAD_START.search(start) or (called_ris and _START.search(start)))


def read(source: Source, about: Identifiers) -> Items:
    """The entries of a file, one record each; ``about`` is not needed.

    Raises UnreadableFile for a file that is too large (``text_files.py``).
    """
    content, problems = read_text(source)
    yield from problems
    found = False
    for tagged, warning in _entries(content):
        found = True
        report = Report(tagged.line)
        if warning:
            report.warn(warning)
        record = record_of(_entry(tagged, report), report)
        yield from report.problems
        if record is not None:
            yield record
    if not found:
        yield Problem("the file holds no entry of RIS (a line that begins with TY)", skipped=True)


def _entries(content: str) -> Iterator[tuple[TaggedEntry, str]]:
    """(an entry, what is wrong with its lines or ""). What stands between ER and TY is no entry."""
    pattern = _TAGS["  " if _STRICT_START.search(content) else " "]
    current: TaggedEntry | None = None
    warning = ""
    for number, line in numbered(content):
        match = pattern.match(line.removeprefix("\ufeff"))
        if match is None:
            if current is not None:
                current.extend(line)
            continue
        tag, value = match.groups()
        if tag == "ER":
            if current is not None:
                yield current, warning
            current = None
            continue
        if tag == "TY":
            if current is not None:
                yield current, warning or f"the entry has no ER: it ends where the next begins, line {number}"
            current, warning = TaggedEntry(number), ""
        elif current is None and tag in _BEGINS_UNTYPED:
            current, warning = TaggedEntry(number), "the entry has no TY: its type is not known"
        if current is not None:
            current.add(tag, value)
    if current is not None:
        yield current, warning or "the entry has no ER: the file may be cut"


def _entry(tagged: TaggedEntry, report: Report) -> Entry:
    kind = KINDS.get(tagged.first("TY").upper(), "")
    if kind in ("", "article", "book"):
        kind = kind_of(tagged.first("M3")) or kind
    is_part = kind in ("book chapter", "conference paper")
    authors = [name for value in tagged.all("AU", "A1") for name in re.split(r"[;\n]", value)]
    references = [note for note in tagged.all("N1") if note.startswith("References:")]
    return Entry(
        title=tagged.first("TI", "T1", "CT", *(() if is_part else ("BT",))),
        authors=people(authors),
        year=tagged.first("PY", "Y1"),
        dates=tagged.all("DA", "Y1", "PY"),
        venue=tagged.first(*(("BT",) if is_part else ()), "JF", "T2", "JO", "J2", "JA", "T3"),
        kind=kind,
        abstract=tagged.first("AB", "N2"),
        language=tagged.first("LA"),
        identifiers=_identifiers(tagged),
        links=[link for value in tagged.all("UR", "L1", "L2", "L3", "LK", "M3") for link in value.split()],
        references=[r for note in references for r in scopus_references(note[len("References:") :], report)],
        references_complete=bool(references),
    )


def _identifiers(tagged: TaggedEntry) -> list[tuple[str, str]]:
    found = [("doi", value) for value in tagged.all("DO", "DI")]
    number, database = tagged.first("AN"), " ".join(tagged.all("DB", "DP"))
    if _PUBMED.search(database) and _DIGITS.fullmatch(number):
        found.append(("pmid", number))
    # EndNote keeps the number of PubMed Central here, Scopus that of PubMed.
    custom = tagged.first("C2")
    if custom.upper().startswith("PMC"):
        found.append(("pmcid", custom))
    elif "scopus" in database.lower() and _DIGITS.fullmatch(custom):
        found.append(("pmid", custom))
    for note in tagged.all("N1"):
        found += [(noted[1].lower(), noted[2].rstrip(".,;")) for noted in _NOTED.finditer(note[:2000])]
    return found
