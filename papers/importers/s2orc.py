"""S2ORC full text: the releases of 2019, 2020 and 2021, and what doc2json writes (JSON).

Owns the way from a parsed PDF or LaTeX file, with or without metadata around it, to a record.
Which sentences cite what is found by ``citing_sentences.py``; markers without a target are the
business of ``machine_markers.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from papers import identifiers, text
from papers.importers.citing_sentences import Block, BlockText, Outline, ReferenceTable, citing_sentences
from papers.importers.fields import (
    MAX_FIELD,
    Report,
    date_or_none,
    distinct,
    merge_references,
    printed_identifiers,
    quoted,
    year_or_none,
)
from papers.importers.json_items import typed_records
from papers.importers.machine_markers import label_of, link, tidy
from papers.importers.source import BYTE_ORDER_MARK, Source
from papers.records import AuthorRecord, Identifiers, Items, PaperRecord, ReferenceRecord

# Keys of other_ids (in lower case) -> scheme.
SCHEMES = {"doi": "doi", "arxiv": "arxiv", "pmid": "pmid", "pmcid": "pmcid", "acl": "acl"}

_PAPER_ID = re.compile(rb'"paper_id"\s*:')
_SIGNS = re.compile(
    rb'"(?:_pdf_hash|pdf_hash|pdf_parse|grobid_parse|latex_parse|body_text|bib_entries|cite_spans'
    rb'|has_pdf_parse|outbound_citations)"\s*:'
)
# What stands for a citation, a formula or a float in the text of a LaTeX file.
_TOKEN = re.compile(
    r"\b(?:(?P<kind>BIB|FIG|TAB|SEC|EQ)REF(?P<number>\d+)|(?:INLINE|DISPLAY)FORM\d+)\b(?:\s+(?=[.,;:)\]]))?"
)
_SHOWN = {"FIG": "[figure]", "TAB": "[table]", "SEC": "[section]"}
_YEAR = re.compile(r"(?<!\d)(\d{4})(?!\d)")


class Author(msgspec.Struct):
    first: str | None = None
    middle: list[str] | str | None = None
    last: str | None = None
    suffix: str | None = None


class Span(msgspec.Struct):
    start: int | None = None
    end: int | None = None
    text: str | None = None
    ref_id: str | None = None


class Paragraph(msgspec.Struct):
    text: str | None = None
    cite_spans: list[Span] | None = None
    section: str | list | None = None
    sec_num: str | int | float | None = None


class Entry(msgspec.Struct):
    title: str | None = None
    authors: list[Author | str] | None = None
    year: int | str | None = None
    venue: str | None = None
    other_ids: dict[str, list | str | None] | None = None
    link: str | int | None = None
    links: str | int | list | None = None
    num: int | str | None = None
    raw_text: str | None = None


class Parse(msgspec.Struct):
    abstract: list[Paragraph] | str | None = None
    body_text: list[Paragraph] | None = None
    back_matter: list[Paragraph] | None = None
    bib_entries: dict[str, Entry] | None = None


class Told(msgspec.Struct):
    """What stands of a paper beside its parse in some layouts, within ``metadata`` in others."""

    title: str | None = None
    authors: list[Author | str] | None = None
    year: int | str | None = None
    venue: str | None = None
    journal: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    acl_id: str | None = None
    pmc_id: str | int | None = None
    pubmed_id: str | int | None = None
    mag_field_of_study: list[str] | None = None


class Metadata(Told):
    abstract: str | None = None


class Paper(Told):
    """All layouts in one: metadata beside or within, the parse as a whole or under a key."""

    paper_id: str | int | None = None
    metadata: Metadata | None = None
    grobid_parse: Parse | None = None
    pdf_parse: Parse | None = None
    latex_parse: Parse | None = None
    abstract: list[Paragraph] | str | None = None
    body_text: list[Paragraph] | None = None
    back_matter: list[Paragraph] | None = None
    bib_entries: dict[str, Entry] | None = None
    outbound_citations: list[str | int] | None = None


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is JSON with a ``paper_id`` and a key of one of the layouts."""
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    return start.startswith((b"{", b"[")) and bool(_PAPER_ID.search(start) and _SIGNS.search(start))


def read(source: Source, about: Identifiers) -> Items:
    """The papers of a file, one record each; ``about`` is not needed."""
    yield from typed_records(source, Paper, _record)


def _record(paper: Paper, report: Report) -> PaperRecord | None:
    told = [part for part in (paper.metadata, paper) if part is not None]
    own = _identifiers(paper, told, report)
    title = _said(told, "title", text.MAX_TITLE)
    if not own and not title:
        report.skip("the paper has neither a title nor a valid identifier")
        return None
    date = _date(next((part.year for part in told if part.year), None), report)
    parse = _parse(paper)
    references = _references(parse, paper.outbound_citations or [], own, report)
    return PaperRecord(
        identifiers=own,
        title=title,
        authors=next((found for part in told if (found := _authors(part.authors))), []),
        year=int(date[:4]) if date else None,
        date=date,
        venue=_said(told, "venue", text.MAX_NAME) or _said(told, "journal", text.MAX_NAME),
        fields=distinct(
            text.clean_line(name, MAX_FIELD) for part in told for name in part.mag_field_of_study or []
        ),
        abstract=_abstract(told, parse),
        references=references,
        references_complete=bool(parse.bib_entries),
        line=report.line,
    )


def _said(told: list, name: str, limit: int) -> str:
    return next((found for part in told if (found := text.clean_line(getattr(part, name), limit))), "")


def _parse(paper: Paper) -> Parse | Paper:
    """The parse with the most markers that point to an entry: PDF and LaTeX may both be there."""
    parses = [paper.grobid_parse, paper.pdf_parse, paper, paper.latex_parse]
    return max((parse for parse in parses if parse is not None), key=_linked)


def _linked(parse: Parse | Paper) -> tuple[int, int]:
    spans = [span for part in parse.body_text or [] for span in part.cite_spans or [] if span.ref_id]
    return len(spans), len(parse.bib_entries or {})


def _identifiers(paper: Paper, told: list, report: Report) -> Identifiers:
    stated: dict[str, object] = {}
    names = {"doi": "doi", "arxiv_id": "arxiv", "acl_id": "acl", "pubmed_id": "pmid", "pmc_id": "pmcid"}
    for part in told:
        for name, scheme in names.items():
            stated[scheme] = stated.get(scheme) or getattr(part, name)
    number = str(paper.paper_id or "") if not isinstance(paper.paper_id, int) else f"{paper.paper_id:d}"[:30]
    if number.isascii() and number.isdigit():
        stated["corpusid"] = number
    # doc2json puts the name of the file here, which is often an identifier; a hash is none.
    elif (named := identifiers.parse_identifier(number)) and named[0] != "s2":
        stated[named[0]] = stated.get(named[0]) or named[1]
    return report.identifiers(stated)


def _date(year: int | str | None, report: Report) -> str:
    """ISO text of a year or a date; CORD-19 and doc2json print dates here too."""
    if year is None or year == "":
        return ""
    printed = str(year) if isinstance(year, str) or 0 < year < 10_000 else ""
    date = date_or_none(printed)
    if date is None and (found := _YEAR.search(printed)):
        date = date_or_none(found[1])
    if date is None:
        report.warn(f"year {quoted(year)} is not valid: it is left out")
    return date or ""


def _authors(authors: list[Author | str] | None) -> list[AuthorRecord]:
    return [record for author in authors or [] if (record := _author(author))]


def _author(author: Author | str) -> AuthorRecord | None:
    if isinstance(author, str):
        name = text.clean_line(author, text.MAX_NAME)
        return AuthorRecord(name=name) if name else None
    middle = author.middle if isinstance(author.middle, str) else " ".join(author.middle or [])
    given = text.clean_line(f"{author.first or ''} {middle}", text.MAX_NAME)
    family = text.clean_line(author.last, text.MAX_NAME)
    name = text.clean_line(f"{given} {family} {author.suffix or ''}", text.MAX_NAME)
    return AuthorRecord(name=name, family=family, given=given) if name else None


def _abstract(told: list, parse: Parse | Paper) -> str:
    for part in told:
        if isinstance(part.abstract, str) and part.abstract.strip():
            # Structured abstracts keep their breaks as ":::".
            return text.clean_text(part.abstract.replace(":::", "\n\n"), text.MAX_ABSTRACT)
    if isinstance(parse.abstract, str):
        return text.clean_text(parse.abstract, text.MAX_ABSTRACT)
    paragraphs = [part.text for part in parse.abstract or [] if part.text]
    return text.clean_text("\n\n".join(paragraphs), text.MAX_ABSTRACT)


# References and the text that cites them


def _references(
    parse: Parse | Paper, outbound: list[str | int], own: Identifiers, report: Report
) -> list[ReferenceRecord]:
    references: list[ReferenceRecord] = []
    table = ReferenceTable()
    empty = 0
    for one, entry in (parse.bib_entries or {}).items():
        reference = _reference(entry)
        if reference is None:
            empty += 1
            continue
        table.add(one, [len(references)], _number(entry))
        references.append(reference)
    if empty:
        report.warn(f"empty entries of bib_entries, left out: {empty}")
    blocks = list(_blocks(parse, report))
    link(blocks, table, references)
    contexts, problems = citing_sentences(blocks, table)
    for problem in problems:
        report.warn(problem.reason)
    for work, context in contexts:
        references[work].contexts.append(context)
    if not references:
        numbers = [number for cited in outbound if (number := identifiers.normalise("corpusid", cited))]
        references = [ReferenceRecord(identifiers={"corpusid": number}) for number in numbers]
    merged, to_itself = merge_references(references, own)
    if to_itself:
        report.warn("an entry of bib_entries is the paper itself: it is left out")
    return merged


def _reference(entry: Entry) -> ReferenceRecord | None:
    raw = text.clean_line(entry.raw_text, text.MAX_RAW)
    title = text.clean_line(entry.title, text.MAX_TITLE)
    found = _entry_identifiers(entry, raw)
    authors = _authors(entry.authors)
    venue = text.clean_line(entry.venue, text.MAX_NAME)
    if not (raw or title or found):
        return None
    return ReferenceRecord(
        identifiers=found,
        title=title,
        authors=authors,
        year=year_or_none(entry.year),
        venue=venue,
        raw=raw,
    )


def _entry_identifiers(entry: Entry, raw: str) -> Identifiers:
    found: list[tuple[str, object]] = []
    for name, values in (entry.other_ids or {}).items():
        scheme = SCHEMES.get(name.lower())
        for value in values if isinstance(values, list) else [values]:
            found += [(scheme, value)] if scheme else []
    linked = entry.links[0] if isinstance(entry.links, list) and entry.links else entry.links
    found += [("corpusid", entry.link), ("corpusid", linked), *printed_identifiers(raw)]
    valid = {}
    for scheme, value in found:
        if scheme not in valid and identifiers.normalise(scheme, value):
            valid[scheme] = value
    return identifiers.normalise_identifiers(valid)[0]


def _number(entry: Entry) -> int | None:
    """The number that the entry prints, where the file says so."""
    if isinstance(entry.num, str):
        return int(entry.num) if re.fullmatch("[0-9]{1,4}", entry.num) else None
    return entry.num if entry.num and 0 < entry.num < 10_000 else label_of(entry.raw_text or "")


def _blocks(parse: Parse | Paper, report: Report) -> Iterator[Block]:
    """The paragraphs in reading order."""
    outline = Outline()
    lost = 0
    abstract = parse.abstract if isinstance(parse.abstract, list) else []
    parts = [(abstract, "Abstract"), (parse.body_text or [], ""), (parse.back_matter or [], "")]
    for paragraphs, section in parts:
        for paragraph in paragraphs:
            title = section or _section(paragraph, outline)
            spans = _fitting(paragraph.cite_spans or [], paragraph.text or "")
            lost += len(paragraph.cite_spans or []) - len(spans)
            if block := _block(paragraph.text or "", spans, title):
                yield block
    if lost:
        report.warn(f"cite_spans that mark no part of their text, left out: {lost}")


def _section(paragraph: Paragraph, outline: Outline) -> str:
    """The outermost title: of "Methods::Boats" the first, of "4.1 Boats" that of section 4."""
    section = paragraph.section
    if isinstance(section, list):
        # A path of titles, or of [number, title].
        first = section[0] if section else ""
        section = first[-1] if isinstance(first, list) and first else first
    title = " ".join(section.partition("::")[0].split()) if isinstance(section, str) else ""
    if not title or "::" in str(paragraph.section) or paragraph.sec_num is None:
        return outline.outermost("", title) if title else ""
    return outline.outermost(str(paragraph.sec_num), title)


def _fitting(spans: list[Span], paragraph: str) -> list[tuple[int, int, str]]:
    """(start, end, entry or "") of the spans that mark a part of the paragraph, in its order."""
    fitting = []
    for span in spans:
        start, end = span.start, span.end
        if start is None or end is None or not 0 <= start < end <= len(paragraph):
            continue
        if not span.text or paragraph[start:end] == span.text:
            fitting.append((start, end, span.ref_id or ""))
    return sorted(fitting)


def _block(paragraph: str, spans: list[tuple[int, int, str]], section: str) -> Block | None:
    built = BlockText()
    place = 0
    for begin, end, entry in spans:
        if begin < place:
            continue
        built.add_after(_readable(paragraph[place:begin]))
        start = built.length
        built.add(_readable(paragraph[begin:end]))
        if built.length > start:
            built.anchor(start, [entry] if entry else [])
        place = end
    built.add_after(_readable(paragraph[place:]))
    block = built.block(section)
    return tidy(block) if block else None


def _readable(words: str) -> str:
    """LaTeX tokens as a reader can take them: BIBREF4 is [5], INLINEFORM0 a formula."""
    return _TOKEN.sub(_shown, words)


def _shown(token: re.Match[str]) -> str:
    if token["kind"] == "BIB":
        return f"[{int(token['number']) + 1}]"
    return _SHOWN.get(token["kind"] or "", "[formula]")
