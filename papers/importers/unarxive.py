"""unarXive: papers of arXiv as structured full text, one JSON object a line.

Owns the way from such a line to a record, with ``{{cite:…}}`` shown as the number of its entry
and formulas as text. Which sentences cite what is found by ``citing_sentences.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from papers import identifiers, text
from papers.importers.citing_sentences import (
    MAX_FORMULA,
    Block,
    BlockText,
    Outline,
    ReferenceTable,
    citing_sentences,
)
from papers.importers.fields import (
    MAX_FIELD,
    MAX_LICENSE,
    Report,
    date_of,
    date_or_none,
    distinct,
    earliest_date,
    merge_references,
    printed_identifiers,
    short_license,
)
from papers.importers.json_items import typed_records
from papers.importers.source import BYTE_ORDER_MARK, Source
from papers.records import AuthorRecord, Identifiers, Items, PaperRecord, ReferenceRecord, VersionRecord

# Keys of an entry's ids -> scheme.
SCHEMES = {
    "doi": "doi",
    "arxiv_id": "arxiv",
    "pubmed_id": "pmid",
    "pmc_id": "pmcid",
    "open_alex_id": "openalex",
}

# A shorter text may well stand in a paper twice ("This proves the claim.").
LEAST_REPEAT = 40

_PAPER_ID = re.compile(rb'"paper_id"\s*:')
_SIGNS = re.compile(
    rb'"(?:_source_hash|_source_name|sec_type|sec_number|bib_entry_raw|open_alex_id)"\s*:|\{\{cite:'
)
_PLACEHOLDER = re.compile(r"\{\{(?P<kind>[a-z_]+):(?P<id>[^{}]*)\}\}")
_PARAGRAPH = re.compile(r"\n\s*\n")
_CREATED = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2}) (\d{4})")
_WORDS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}")


class Placed(msgspec.Struct):
    """A paragraph, or the abstract."""

    text: str | None = None
    section: str | None = None
    sec_number: str | int | float | None = None
    sec_type: str | None = None


class ContainedId(msgspec.Struct):
    id: str | None = None


class ContainedLink(msgspec.Struct):
    url: str | None = None


class Entry(msgspec.Struct):
    bib_entry_raw: str | None = None
    ids: dict[str, str | int | None] | None = None
    contained_arXiv_ids: list[ContainedId] | None = None
    contained_links: list[ContainedLink] | None = None


class Float(msgspec.Struct):
    """A formula, a figure or a table that the text refers to."""

    latex: str | None = None
    type: str | None = None


class Version(msgspec.Struct):
    created: str | None = None


class Metadata(msgspec.Struct, rename={"journal_ref": "journal-ref"}):
    id: str | None = None
    title: str | None = None
    authors: str | None = None
    authors_parsed: list[list[str]] | None = None
    abstract: str | None = None
    categories: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    license: str | None = None
    versions: list[Version] | None = None
    update_date: str | None = None


class Paper(msgspec.Struct):
    paper_id: str | None = None
    metadata: Metadata | None = None
    discipline: str | None = None
    abstract: Placed | str | None = None
    body_text: list[Placed] | None = None
    bib_entries: dict[str, Entry] | None = None
    ref_entries: dict[str, Float] | None = None


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is JSON with a ``paper_id`` and what only unarXive has."""
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    return start.startswith((b"{", b"[")) and bool(_PAPER_ID.search(start) and _SIGNS.search(start))


def read(source: Source, about: Identifiers) -> Items:
    """The papers of a file, one record each; ``about`` is not needed."""
    yield from typed_records(source, Paper, _record)


def _record(paper: Paper, report: Report) -> PaperRecord | None:
    told = paper.metadata or Metadata()
    own = report.identifiers({"arxiv": paper.paper_id or told.id, "doi": _first_word(told.doi)})
    title = text.clean_line(told.title, text.MAX_TITLE)
    if not own and not title:
        report.skip("the paper has neither a title nor a valid identifier")
        return None
    date = _date(told)
    references = _references(paper, own, report)
    abstract = paper.abstract.text if isinstance(paper.abstract, Placed) else paper.abstract
    return PaperRecord(
        identifiers=own,
        title=title,
        authors=_authors(told),
        year=int(date[:4]) if date else None,
        date=date,
        kind="preprint",
        fields=distinct(
            text.clean_line(name, MAX_FIELD) for name in (paper.discipline, *(told.categories or "").split())
        ),
        abstract=text.clean_text(told.abstract or abstract, text.MAX_ABSTRACT),
        license=short_license([told.license or ""]) or text.clean_line(told.license, MAX_LICENSE),
        references=references,
        references_complete=bool(references),
        versions=_versions(told, own),
        line=report.line,
    )


def _first_word(value: str | None) -> str:
    # arXiv's metadata puts several DOIs of a paper into one field.
    return (value or "").split(maxsplit=1)[0] if (value or "").strip() else ""


def _date(told: Metadata) -> str:
    """The day of the first version, else of the last change."""
    days = []
    for version in told.versions or []:
        if found := _CREATED.search(version.created or ""):
            days.append(date_of(found[3], found[2], found[1]))
    return earliest_date(distinct(days)) or date_or_none(told.update_date) or ""


def _authors(told: Metadata) -> list[AuthorRecord]:
    authors = []
    for parts in told.authors_parsed or []:
        family, given, suffix, *_rest = [*(text.clean_line(p, text.MAX_NAME) for p in parts), "", "", ""]
        if name := " ".join(part for part in (given, family, suffix) if part):
            authors.append(AuthorRecord(name=name[: text.MAX_NAME], family=family, given=given))
    return authors


def _versions(told: Metadata, own: Identifiers) -> list[VersionRecord]:
    """The published version, where arXiv knows of one."""
    venue = text.clean_line(told.journal_ref, text.MAX_NAME)
    if "doi" not in own and not venue:
        return []
    return [VersionRecord("published", {k: v for k, v in own.items() if k == "doi"}, venue=venue)]


# References and the text that cites them


def _references(paper: Paper, own: Identifiers, report: Report) -> list[ReferenceRecord]:
    references: list[ReferenceRecord] = []
    table = ReferenceTable()
    empty = 0
    for place, (one, entry) in enumerate((paper.bib_entries or {}).items(), start=1):
        reference = _reference(entry)
        if reference is None:
            empty += 1
            continue
        table.add(one, [len(references)], place)
        references.append(reference)
    if empty:
        report.warn(f"empty entries of bib_entries, left out: {empty}")
    contexts, problems = citing_sentences(_blocks(paper, table), table)
    for problem in problems:
        report.warn(problem.reason)
    for work, context in contexts:
        references[work].contexts.append(context)
    merged, to_itself = merge_references(references, own)
    if to_itself:
        report.warn("an entry of bib_entries is the paper itself: it is left out")
    return merged


def _reference(entry: Entry) -> ReferenceRecord | None:
    raw = text.clean_line(entry.bib_entry_raw, text.MAX_RAW)
    found: list[tuple[str, object]] = [
        (SCHEMES[name], value) for name, value in (entry.ids or {}).items() if name in SCHEMES
    ]
    # An entry that prints two works cannot say which of them its text is.
    contained = distinct(identifiers.normalise_arxiv_id(one.id) for one in entry.contained_arXiv_ids or [])
    found += [("arxiv", contained[0])] if len(contained) == 1 else []
    linked = distinct(identifiers.parse_identifier(one.url or "") for one in entry.contained_links or [])
    found += linked if len(linked) == 1 else []
    found += printed_identifiers(raw)
    valid = {}
    for scheme, value in found:
        if scheme not in valid and identifiers.normalise(scheme, value):
            valid[scheme] = value
    own = identifiers.normalise_identifiers(valid)[0]
    return ReferenceRecord(identifiers=own, raw=raw) if raw or own else None


def _blocks(paper: Paper, table: ReferenceTable) -> Iterator[Block]:
    """The paragraphs in reading order; the abstract of the metadata has no markers."""
    outline = Outline()
    reader = _Reader(table, paper.ref_entries or {})
    if isinstance(paper.abstract, Placed):
        yield from reader.blocks(paper.abstract.text or "", "Abstract")
    for paragraph in paper.body_text or []:
        yield from reader.blocks(paragraph.text or "", _section(paragraph, outline))


def _section(paragraph: Placed, outline: Outline) -> str:
    """The title of the section that a subsection belongs to, where the file has it."""
    title = " ".join((paragraph.section or "").split())
    number = str(paragraph.sec_number) if paragraph.sec_number is not None else ""
    # Subsections may count from 1 again; "-1" is no number at all.
    is_top = paragraph.sec_type in (None, "section")
    return outline.outermost(number, title) if title and (is_top or "." in number) else title


class _Reader:
    """Turns placeholders into what a reader can take."""

    def __init__(self, table: ReferenceTable, floats: dict[str, Float]):
        self._table = table
        self._floats = floats
        self._seen: set[str] = set()

    def blocks(self, paragraphs: str, section: str) -> Iterator[Block]:
        for paragraph in _PARAGRAPH.split(paragraphs):
            block = self._block(paragraph, section)
            # The conversion repeats what follows a proof: a sentence would count twice.
            if block is None or block.text in self._seen:
                continue
            if len(block.text) >= LEAST_REPEAT:
                self._seen.add(block.text)
            yield block

    def _block(self, paragraph: str, section: str) -> Block | None:
        built = BlockText()
        place = 0
        for found in _PLACEHOLDER.finditer(paragraph):
            built.add_after(paragraph[place : found.start()])
            place = found.end()
            if found["kind"] == "cite":
                # "solids{{cite:…}}" is a raised number: the full stop may stand before it.
                raised = built.last not in " ([,;" and not built.ends_with_anchor
                built.add(" " if raised and built.last.isalnum() else "")
                start = built.length
                built.add(f"[{self._table.number_of.get(found['id'], '?')}]")
                built.anchor(start, [found["id"]] if found["id"] else [], raised=raised)
            elif found["kind"] == "formula":
                built.add(_formula(self._floats.get(found["id"])))
            else:
                built.add(f"[{found['kind']}]")
        built.add_after(paragraph[place:])
        return built.block(section)


def _formula(entry: Float | None) -> str:
    """A formula as short plain text where it can be read, else a placeholder."""
    latex = (entry.latex or "").strip() if entry else ""
    # What the conversion took for a formula may be the words between two of them.
    if not latex or len(latex) > 2 * MAX_FORMULA or len(_WORDS.findall(latex)) > 2:
        return "[formula]"
    shown = text.clean_line(f"${latex}$", MAX_FORMULA)
    unread = set(shown) & set("\\${}") or "<cit" in shown
    return "[formula]" if unread or not shown.strip("_^") else shown
