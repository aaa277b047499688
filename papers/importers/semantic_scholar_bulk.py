"""Lines of the Semantic Scholar bulk data sets: papers, abstracts, summaries (TLDRs), citations.

Owns the reading of those lines, all named by corpus identifier. Answers of the service's API
are read by ``semantic_scholar.py``, whose words for kinds and identifiers hold here too.
"""

from __future__ import annotations

import re

import msgspec

from papers import text
from papers.importers.fields import (
    MAX_FIELD,
    MAX_LICENSE,
    Report,
    date_or_none,
    distinct,
    join_contexts,
    join_labels,
    merge_references,
    quoted,
    year_of,
    year_or_none,
)
from papers.importers.json_items import typed_items
from papers.importers.semantic_scholar import KINDS, MAX_LABEL, PROVIDER, SCHEME, SCHEMES
from papers.importers.source import BYTE_ORDER_MARK, Source
from papers.records import (
    AuthorRecord,
    ContextRecord,
    Identifiers,
    Items,
    LabelRecord,
    PaperRecord,
    ReferenceRecord,
)

# Citations of one paper that stand together become one record, up to this number of lines.
MAX_GROUP = 10_000

_CITATION = re.compile(rb'"citingcorpusid"\s*:')
_PAPER = re.compile(rb'"corpusid"\s*:')
_PAPER_KEYS = re.compile(rb'"(?:externalids|s2fieldsofstudy|abstract|model)"\s*:')
_FULL_TEXT = re.compile(rb'"(?:content|body|bibliography|pdf_parse|body_text)"\s*:\s*[{\[]')
_PAPER_URL = re.compile(r"https?://www\.semanticscholar\.org/paper/([0-9a-f]{40})")

Number = int | str | None
Text = str | None


class Person(msgspec.Struct, gc=False):
    authorId: Number = None  # noqa: N815 - the data set's own spelling
    name: Text = None


class Field(msgspec.Struct, gc=False):
    category: Text = None


class Journal(msgspec.Struct, gc=False):
    name: Text = None


class OpenAccess(msgspec.Struct, gc=False):
    license: Text = None


class Line(msgspec.Struct, gc=False):
    """What is read of a line of any of the data sets."""

    corpusid: Number = None
    externalids: dict[str, Number] | None = None
    url: Text = None
    title: Text = None
    authors: list[Person | None] | None = None
    venue: Text = None
    journal: Journal | None = None
    year: Number = None
    publicationdate: Text = None
    publicationtypes: list[Text] | None = None
    s2fieldsofstudy: list[Field | None] | None = None
    abstract: Text = None
    openaccessinfo: OpenAccess | None = None
    # A summary line has a model and its text.
    model: Text = None
    text: Text = None

    citingcorpusid: Number = None
    citedcorpusid: Number = None
    contexts: list[Text] | None = None
    # One list for all sentences, or one (or null) for each.
    intents: list[list[Text] | Text] | None = None
    isinfluential: bool | None = None


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is JSON with a line of citations, papers, abstracts or summaries."""
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if not start.startswith((b"{", b"[")):
        return False
    if _CITATION.search(start):
        return True
    return bool(_PAPER.search(start) and _PAPER_KEYS.search(start) and not _FULL_TEXT.search(start))


def read(source: Source, about: Identifiers) -> Items:
    """The records of a file; ``about`` is not needed.

    A line of papers, abstracts or summaries is a record. Lines of citations by the same paper
    that follow each other are one record, of MAX_GROUP lines at most; no data set says
    whether a list of references is whole.
    """
    citing: PaperRecord | None = None
    lines = 0
    for line, report in typed_items(source, Line):
        is_citation = line is not None and line.citingcorpusid is not None
        record = None
        if line is not None:
            record = _citation(line, report) if is_citation else _paper(line, report)
        yield from report.problems
        if record is None:
            continue
        if is_citation and citing and record.identifiers == citing.identifiers and lines < MAX_GROUP:
            citing.references += record.references
            lines += 1
            continue
        if citing:
            yield _whole(citing)
        citing, lines = (record, 1) if is_citation else (None, 0)
        if not is_citation:
            yield record
    if citing:
        yield _whole(citing)


def _whole(citing: PaperRecord) -> PaperRecord:
    citing.references, _to_itself = merge_references(citing.references, citing.identifiers)
    return citing


# ---------------------------------------------------------------- citations


def _citation(line: Line, report: Report) -> PaperRecord | None:
    """The citing paper with the one reference of the line."""
    citing = report.identifiers({"corpusid": line.citingcorpusid})
    if line.citedcorpusid is None:
        report.skip("the line does not say which paper is cited")
        return None
    cited = report.identifiers({"corpusid": line.citedcorpusid})
    if not citing or not cited:
        report.skip("the line does not name two papers")
        return None
    if citing == cited:
        report.warn("the paper cites itself: the line is left out")
        return None
    reference = ReferenceRecord(identifiers=cited)
    passages, intents = line.contexts or [], line.intents or []
    by_sentence = any(isinstance(entry, list) for entry in intents)
    if by_sentence and len(intents) != len(passages):
        report.warn(f"{len(intents)} lists of intents for {len(passages)} sentences: they label the pair")
        by_sentence = False
    if by_sentence:
        labels = [_labels([entry]) for entry in intents]
    elif len(passages) == 1:
        labels = [_labels(intents)]
    else:
        labels = [[] for _passage in passages]
        reference.labels = _labels(intents)
    contexts = [_context(*pair) for pair in zip(passages, labels, strict=True)]
    reference.contexts = join_contexts([], [context for context in contexts if context])
    if line.isinfluential:
        reference.labels = join_labels(reference.labels, [LabelRecord(SCHEME, "influential", PROVIDER)])
    return PaperRecord(identifiers=citing, references=[reference], line=report.line)


def _context(passage: Text, labels: list[LabelRecord]) -> ContextRecord | None:
    cleaned, _start, _end = text.clean_passage(passage, None, None)
    return ContextRecord(text=cleaned, labels=labels) if cleaned else None


def _labels(intents: list) -> list[LabelRecord]:
    names = []
    for entry in intents:
        names += entry if isinstance(entry, list) else [entry]
    return [
        LabelRecord(SCHEME, name, PROVIDER)
        for name in distinct(text.clean_line(name, MAX_LABEL) for name in names)
    ]


# ---------------------------------------------------------------- papers


def _paper(line: Line, report: Report) -> PaperRecord | None:
    own = _identifiers(line, report)
    title = text.clean_line(line.title, text.MAX_TITLE)
    if not own and not title:
        report.skip("the line names no paper")
        return None
    venue = line.venue or (line.journal.name if line.journal else None)
    types = line.publicationtypes or ()
    fields = [entry.category for entry in line.s2fieldsofstudy or () if entry]
    date = _checked(line.publicationdate, date_or_none, "publicationdate", report) or ""
    return PaperRecord(
        identifiers=own,
        title=title,
        authors=_authors(line),
        year=_checked(line.year, year_or_none, "year", report) or year_of(date),
        date=date,
        venue=text.clean_line(venue, text.MAX_NAME),
        kind=next((kind for name, kind in KINDS.items() if name in types), ""),
        fields=distinct(text.clean_line(name, MAX_FIELD) for name in fields),
        abstract=text.clean_text(line.abstract, text.MAX_ABSTRACT),
        summary=text.clean_line(line.text, text.MAX_PASSAGE) if line.model else "",
        license=text.clean_line(line.openaccessinfo and line.openaccessinfo.license, MAX_LICENSE),
        line=report.line,
    )


def _identifiers(line: Line, report: Report) -> Identifiers:
    external = line.externalids or {}
    given = {ours: external.get(theirs) for theirs, ours in SCHEMES.items()}
    given["corpusid"] = line.corpusid if line.corpusid is not None else given["corpusid"]
    address = _PAPER_URL.fullmatch(line.url or "")
    given["s2"] = address[1] if address else None
    return report.identifiers(given)


def _authors(line: Line) -> list[AuthorRecord]:
    authors = []
    for entry in line.authors or ():
        name = text.clean_line(entry.name, text.MAX_NAME) if entry else ""
        number = str(entry.authorId) if entry and entry.authorId is not None else ""
        known = number.isascii() and number.isdigit() and len(number) < 20
        if name:
            authors.append(AuthorRecord(name=name, identifiers={"s2": number} if known else {}))
    return authors


def _checked(value, accept, key: str, report: Report):
    if value is None or value == "":
        return None
    accepted = accept(value)
    if accepted is None:
        report.warn(f"{key} {quoted(value)} is not valid: it is left out")
    return accepted
