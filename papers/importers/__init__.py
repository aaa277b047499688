"""The table of formats: what a file can be, how it is recognised, who reads it.

Owns the table, ``sniff`` and ``read``. A reader turns bytes into ``PaperRecord`` and
``Problem`` items; it knows no table, no setting and no other reader. To add a format, write
its module and add its row.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from papers.importers import (
    arxiv_atom,
    bibtex,
    crossref,
    crossref_xml,
    csl,
    csv_export,
    endnote,
    jats,
    native,
    openalex,
    opencitations,
    pdf,
    pubmed,
    ris,
    s2orc,
    semantic_scholar,
    semantic_scholar_bulk,
    tei,
    unarxive,
    wos,
)
from papers.importers.cito import read_printed_labels
from papers.importers.source import MAX_LINE_BYTES, Source, find_files, open_source
from papers.records import Identifiers, Items, Problem, UnreadableFile

__all__ = [
    "FORMATS",
    "MAX_LINE_BYTES",
    "Format",
    "Place",
    "find_files",
    "identify",
    "open_source",
    "read",
    "sniff",
]

HEAD_BYTES = 64 * 1024
LONG_HEAD_BYTES = 2 * 1024 * 1024  # for a file whose first line tells what it is later than that
MOST_REMARKS = 20


@dataclass(frozen=True, slots=True)
class Format:
    """A row of the table.

    ``sniff(head, name)`` says whether the first bytes look like this format; ``read(stream,
    about)`` yields the items. ``needs_about``: the file speaks of a paper without naming it.
    """

    name: str
    sniff: Callable[[bytes, str], bool]
    read: Callable[[Source, Identifiers], Items]
    needs_about: bool
    description: str


# In the order in which they are tried: the narrower sniffer first.
FORMATS: dict[str, Format] = {
    row.name: row
    for row in (
        Format("jats", jats.looks_like, jats.read, False, "JATS or NLM full text (XML)"),
        Format("tei", tei.looks_like, tei.read, False, "TEI full text as GROBID writes it (XML)"),
        Format(
            "pdf", pdf.looks_like, pdf.read, False, "PDF, through the GROBID server that GROBID_URL names"
        ),
        Format("pubmed", pubmed.looks_like, pubmed.read, False, "PubMed articles (XML)"),
        Format("arxiv", arxiv_atom.looks_like, arxiv_atom.read, False, "a feed of the arXiv API (Atom)"),
        Format("unarxive", unarxive.looks_like, unarxive.read, False, "unarXive full text (JSON Lines)"),
        Format("s2orc", s2orc.looks_like, s2orc.read, False, "S2ORC or doc2json full text (JSON)"),
        Format(
            "openalex", openalex.looks_like, openalex.read, False, "OpenAlex works (JSON, snapshot lines)"
        ),
        Format("crossref", crossref.looks_like, crossref.read, False, "Crossref works (JSON)"),
        Format("crossref-xml", crossref_xml.looks_like, crossref_xml.read, False, "Crossref deposits (XML)"),
        Format(
            "semantic-scholar-bulk",
            semantic_scholar_bulk.looks_like,
            semantic_scholar_bulk.read,
            False,
            "lines of the Semantic Scholar bulk data sets: papers, abstracts, citations (JSON Lines)",
        ),
        Format(
            "opencitations",
            opencitations.looks_like,
            opencitations.read,
            False,
            "citations of OpenCitations (CSV, Turtle)",
        ),
        Format(
            "semantic-scholar",
            semantic_scholar.looks_like,
            semantic_scholar.read,
            True,
            "a /citations or /references answer of the Semantic Scholar Graph API (JSON)",
        ),
        Format("csl-json", csl.looks_like, csl.read, False, "items of citation processors (CSL-JSON)"),
        Format("ris", ris.looks_like, ris.read, False, "RIS of databases and reference managers"),
        Format("wos", wos.looks_like, wos.read, False, "Web of Science, tagged or tab-delimited"),
        Format("endnote", endnote.looks_like, endnote.read, False, "EndNote, tagged or XML"),
        Format("bibtex", bibtex.looks_like, bibtex.read, False, "BibTeX or BibLaTeX"),
        Format("csv", csv_export.looks_like, csv_export.read, False, "a table of papers (CSV, TSV)"),
        Format("native", native.looks_like, native.read, False, "the hub's own records (JSON Lines)"),
    )
}


@dataclass
class Place:
    """How many bytes of a file, as it lies on disk, have been read."""

    bytes: int = 0


def sniff(head: bytes, name: str = "") -> str | None:
    """The name of the format that the first bytes of a file (some 64 kB) show, or None.

    ``name`` is the file's name; it decides only where the content does not.
    """
    return next((row.name for row in FORMATS.values() if row.sniff(head, name)), None)


def identify(path, *, format: str | None = None, about: Identifiers | None = None) -> str:
    """The name of a file's format. Raises UnreadableFile where it cannot be opened or read here."""
    with open_source(path) as source:
        head, file_name = source.read(HEAD_BYTES), os.path.basename(path)
        name = format or sniff(head, file_name)
        if name is None and b"\n" not in head:
            name = sniff(head + source.read(LONG_HEAD_BYTES - HEAD_BYTES), file_name)
    if name not in FORMATS:
        known = "; ".join(f"{row.name} ({row.description})" for row in FORMATS.values())
        reason = f"there is no format named {format!r}" if format else "the format is not known"
        raise UnreadableFile(f"{path}: {reason}. Known formats: {known}")
    if FORMATS[name].needs_about and not about:
        raise UnreadableFile(f"{path} does not name the paper it is about: add --about IDENTIFIER")
    return name


def read(
    path, *, format: str | None = None, about: Identifiers | None = None, place: Place | None = None
) -> Items:
    """The records and problems of one file, as a stream.

    ``about`` holds the identifiers of the paper that the file speaks of, for formats that do
    not name it; others ignore it. ``place`` follows how far the file is read. Raises
    UnreadableFile at once as ``identify`` does, and later where reading fails.
    """
    row = FORMATS[identify(path, format=format, about=about)]
    return _stream(path, row, about or {}, place or Place())


def _stream(path, row: Format, about: Identifiers, place: Place) -> Items:
    with open_source(path) as source:
        remarks: list[str] = []  # problems come before the record that they are about
        try:
            for item in row.read(source, about):
                place.bytes = source.taken_in
                if isinstance(item, Problem):
                    remarks = [] if item.skipped else [*remarks, item.reason][:MOST_REMARKS]
                else:
                    item.remarks, remarks = remarks, []
                    read_printed_labels(item)
                yield item
        except UnreadableFile as error:
            raise UnreadableFile(f"{path}: {error}") from error
        if source.damage:
            yield Problem(
                f"{source.damage}: what follows line {source.lines_delivered} is lost", skipped=True
            )
