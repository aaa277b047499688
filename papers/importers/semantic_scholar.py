"""Answers of the Semantic Scholar Graph API: ``/paper/…``, its ``/citations`` and its ``/references``.

Owns the reading of their items, alone, in a list, as JSON Lines or in an answer with
``offset`` and ``next``. No list names the paper it is about: the caller does. Asking the
service is the business of ``papers/live/``.
"""

from __future__ import annotations

import io
import json
import re

import msgspec

from papers import identifiers, text
from papers.importers.fields import (
    MAX_FIELD,
    MAX_LICENSE,
    date_or_none,
    distinct,
    join_contexts,
    join_labels,
    merge_references,
    quoted,
    year_of,
    year_or_none,
)
from papers.importers.source import BYTE_ORDER_MARK, MIB, Source, numbered_lines
from papers.records import (
    AuthorRecord,
    ContextRecord,
    Identifiers,
    Items,
    LabelRecord,
    PaperRecord,
    Problem,
    ReferenceRecord,
    UnreadableFile,
)

MAX_ANSWER_BYTES = 64 * MIB
SCHEME = "semantic-scholar"
PROVIDER = "provider"
MAX_LABEL = 60

# The service's names of identifiers -> ours; others (MAG, DBLP) have no place in the library.
SCHEMES = {
    "DOI": "doi",
    "ArXiv": "arxiv",
    "PubMed": "pmid",
    "PubMedCentral": "pmcid",
    "ACL": "acl",
    "CorpusId": "corpusid",
}
# In the order of preference: a paper often has several.
KINDS = {
    "Review": "review",
    "MetaAnalysis": "meta-analysis",
    "Editorial": "editorial",
    "LettersAndComments": "letter",
    "CaseReport": "case report",
    "ClinicalTrial": "clinical trial",
    "Dataset": "dataset",
    "News": "news",
    "BookSection": "book chapter",
    "Book": "book",
    "JournalArticle": "article",
    "Conference": "conference paper",
    "Study": "study",
}

ANSWER_KEYS = frozenset(["citingPaper", "citedPaper", "data"])

_ITEMS_BEGIN = re.compile(r'\s*(?:\{.*?"data"\s*:\s*)?\[', re.DOTALL)
_BETWEEN_ITEMS = re.compile(r"[\s,]*")
_ITEM = re.compile(rb'"(?:citingPaper|citedPaper|contextsWithIntent)"\s*:')
_EMPTY_ANSWER = re.compile(rb'\{(?=[^{}]*"offset"\s*:)(?=[^{}]*"data"\s*:\s*(?:\[|null))')


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is JSON with an item of such an answer, or an answer without items."""
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if not start.startswith((b"{", b"[")):
        return False
    return bool(_ITEM.search(start) or _EMPTY_ANSWER.match(start))


def read(source: Source, about: Identifiers) -> Items:
    """The records of one answer; ``about`` identifies the paper that was asked about.

    ``/citations``: a record for each citing paper, whose one reference is ``about``.
    ``/references``: one record for ``about`` with its references, the last to come.
    ``/paper/…``: one record, of the paper itself, which ``about`` identifies too.
    Raises UnreadableFile beyond MAX_ANSWER_BYTES.
    """
    data = source.read(MAX_ANSWER_BYTES + 1)
    if len(data) > MAX_ANSWER_BYTES:
        raise UnreadableFile(
            f"the answer is larger than {MAX_ANSWER_BYTES // MIB} MiB: ask for smaller pages"
        )
    answer = _Answer(about)
    for line, value in _values(data.removeprefix(BYTE_ORDER_MARK), source):
        if isinstance(value, Problem):
            answer.lose()
            yield value
        else:
            yield from answer.take(value, line)
    if source.damage:
        answer.lose()
    yield from answer.references()


def _values(data: bytes, source: Source):
    """(line or None, decoded value or Problem): the whole as one value, else each line as one.

    Of an answer that breaks off, the whole items before the break.
    """
    try:
        yield None, msgspec.json.decode(data)
        return
    except (ValueError, RecursionError) as error:
        broken = error
    lines = [(number, _decoded(line)) for number, line in numbered_lines(io.BytesIO(data))]
    if any(value is not None for _number, value in lines):
        for number, value in lines:
            if value is not None:
                yield number, value
            elif not (source.damage and number > source.lines_delivered):
                yield number, Problem("the line is not an item or an answer", number, skipped=True)
        return
    items = _whole_items(data.decode("utf-8", "replace"))
    if items:
        yield None, items
    if not source.damage:
        reason = f"the answer is not whole JSON ({broken}): what follows item {len(items)} is lost"
        yield None, Problem(reason, skipped=True)


def _decoded(line: bytes | None):
    try:
        value = msgspec.json.decode(line or b"")
    except (ValueError, RecursionError):
        return None
    parts = value if isinstance(value, list) else [value]
    return value if any(isinstance(part, dict) and part.keys() & ANSWER_KEYS for part in parts) else None


def _whole_items(answer: str) -> list:
    opening = _ITEMS_BEGIN.match(answer)
    decoder, items = json.JSONDecoder(), []
    place = opening.end() if opening else len(answer)
    while (item_start := _BETWEEN_ITEMS.match(answer, place)) and item_start.end() < len(answer):
        try:
            item, place = decoder.raw_decode(answer, item_start.end())
        except (ValueError, RecursionError):
            break
        items.append(item)
    return items


class _Answer:
    """Takes the values of one file; keeps the references of ``about`` until the end."""

    def __init__(self, about: Identifiers):
        self._about = about
        self._items = 0
        self._references: list[ReferenceRecord] = []
        self._complete = False
        self._lost = False
        self._problems: list[Problem] = []
        self._line: int | None = None

    def take(self, value, line: int | None) -> Items:
        """The citing papers among the items of one decoded value, and what was wrong."""
        self._line = line
        is_first, self._complete = self._items == 0, False
        if isinstance(value, dict) and "data" in value:
            self._complete = is_first and value.get("next") is None and value.get("offset") in (None, 0)
            value = value["data"]
            if not value:
                self._warn("the answer holds no items")
                value = []
        for item in value if isinstance(value, list) else [value]:
            self._items += 1
            record = self._item(item)
            yield from self._problems
            self._problems = []
            if record is not None:
                yield record
        yield from self._problems
        self._problems = []

    def lose(self) -> None:
        """Part of the answer could not be read: the references are not all there are."""
        self._lost = True

    def references(self) -> Items:
        """The record of ``about`` with the references met, if there were any."""
        if not self._references:
            return
        references, to_itself = merge_references(self._references, self._about)
        if to_itself:
            yield Problem("a reference is the paper itself: it is left out")
        complete = self._complete and not self._lost
        yield PaperRecord(identifiers=dict(self._about), references=references, references_complete=complete)

    def _warn(self, reason: str, skipped: bool = False) -> None:
        self._problems.append(Problem(reason, self._line, skipped))
        self._lost = self._lost or skipped

    def _item(self, item) -> PaperRecord | None:
        where = f"item {self._items}"
        if not isinstance(item, dict):
            self._warn(f"{where}: this is not an object but {quoted(item)}", skipped=True)
            return None
        citing, cited = item.get("citingPaper"), item.get("citedPaper")
        other = citing if isinstance(citing, dict) else cited
        if not isinstance(other, dict) and "paperId" in item:
            paper = self._paper(item, "the paper")
            paper.identifiers = identifiers.canonical({**self._about, **paper.identifiers})
            return paper
        if not isinstance(other, dict):
            self._warn(f"{where}: it has neither a citingPaper nor a citedPaper", skipped=True)
            return None
        paper = self._paper(other, where)
        if not paper.title and not paper.identifiers:
            self._warn(f"{where}: the paper has neither a title nor a valid identifier", skipped=True)
            return None
        if other is not citing:
            self._references.append(self._link(item, where, _as_reference(paper)))
            return None
        if paper.identifiers.items() & self._about.items():
            self._warn(f"{where}: the paper cites itself: the item is left out")
            return None
        paper.references = [self._link(item, where, ReferenceRecord(identifiers=dict(self._about)))]
        return paper

    def _link(self, item: dict, where: str, reference: ReferenceRecord) -> ReferenceRecord:
        """The reference with the item's citing sentences and labels."""
        labelled = [
            self._context(entry.get("context"), _labels(entry.get("intents")), where)
            for entry in self._list(item, "contextsWithIntent", dict, where)
        ]
        plain = [self._context(entry, [], where) for entry in self._list(item, "contexts", str, where)]
        with_intent = [context for context in labelled if context]
        reference.contexts = join_contexts(
            join_contexts([], with_intent), [context for context in plain if context]
        )
        if not any(context.labels for context in reference.contexts):
            reference.labels = _labels(item.get("intents"))
        if item.get("isInfluential") is True:
            reference.labels = join_labels(reference.labels, [LabelRecord(SCHEME, "influential", PROVIDER)])
        return reference

    def _context(self, passage, labels: list[LabelRecord], where: str) -> ContextRecord | None:
        if not isinstance(passage, str):
            return None
        cleaned, _start, _end = text.clean_passage(passage, None, None)
        if not cleaned:
            self._warn(f"{where}: a citing sentence is empty: it is left out")
            return None
        return ContextRecord(text=cleaned, labels=labels)

    def _paper(self, paper: dict, where: str) -> PaperRecord:
        venue = self._text(paper, "venue", text.MAX_NAME, where)
        for key in ("publicationVenue", "journal"):
            venue = venue or self._text(_dict(paper, key), "name", text.MAX_NAME, where)
        categories = [
            entry.get("category") for entry in self._list(paper, "s2FieldsOfStudy", dict, where)
        ] + self._list(paper, "fieldsOfStudy", str, where)
        types = self._list(paper, "publicationTypes", str, where)
        date = self._checked(paper, "publicationDate", date_or_none, where) or ""
        return PaperRecord(
            identifiers=self._identifiers(paper, where),
            title=self._text(paper, "title", text.MAX_TITLE, where),
            authors=self._authors(paper, where),
            year=self._checked(paper, "year", year_or_none, where) or year_of(date),
            date=date,
            venue=venue,
            kind=next((kind for name, kind in KINDS.items() if name in types), ""),
            fields=distinct(text.clean_line(name, MAX_FIELD) for name in categories if isinstance(name, str)),
            abstract=self._text(paper, "abstract", text.MAX_ABSTRACT, where, text.clean_text),
            summary=self._text(_dict(paper, "tldr"), "text", text.MAX_PASSAGE, where),
            license=self._text(_dict(paper, "openAccessPdf"), "license", MAX_LICENSE, where),
            line=self._line,
        )

    def _identifiers(self, paper: dict, where: str) -> Identifiers:
        external = _dict(paper, "externalIds")
        given = {ours: external.get(theirs) for theirs, ours in SCHEMES.items()}
        given["corpusid"] = given["corpusid"] or paper.get("corpusId")
        given["s2"] = paper.get("paperId")
        # Numbers and words only: a list or a flag is no identifier of any scheme.
        usable = {
            scheme: str(value)[:500]
            for scheme, value in given.items()
            if isinstance(value, str) or type(value) is int and value < 10**18
        }
        normal, reasons = identifiers.normalise_identifiers(usable)
        for reason in reasons:
            self._warn(f"{where}: {reason}")
        for scheme in given.keys() - usable.keys():
            if given[scheme] is not None:
                self._warn(f"{where}: {quoted(given[scheme])} is not a valid {scheme}: it is left out")
        return normal

    def _authors(self, paper: dict, where: str) -> list[AuthorRecord]:
        authors = []
        for entry in self._list(paper, "authors", dict, where):
            name = self._text(entry, "name", text.MAX_NAME, where)
            number = entry.get("authorId")
            known = isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 20
            if name:
                authors.append(AuthorRecord(name=name, identifiers={"s2": number} if known else {}))
        return authors

    def _checked(self, paper: dict, key: str, accept, where: str):
        given = paper.get(key)
        if given is None:
            return None
        accepted = accept(given)
        if accepted is None:
            self._warn(f"{where}: {key} {quoted(given)} is not valid: it is left out")
        return accepted

    def _text(self, holder: dict, key: str, limit: int, where: str, cleaner=text.clean_line) -> str:
        given = holder.get(key)
        if given is None or isinstance(given, str):
            return cleaner(given, limit) if given else ""
        self._warn(f"{where}: {key} is not text but {quoted(given)}: it is left out")
        return ""

    def _list(self, holder: dict, key: str, wanted: type, where: str) -> list:
        given = holder.get(key)
        if given is None:
            return []
        if not isinstance(given, list):
            self._warn(f"{where}: {key} is not a list but {quoted(given)}: it is left out")
            return []
        return [entry for entry in given if isinstance(entry, wanted)]


def _dict(holder: dict, key: str) -> dict:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def _labels(intents) -> list[LabelRecord]:
    names = [name for name in intents if isinstance(name, str)] if isinstance(intents, list) else []
    cleaned = distinct(text.clean_line(name, MAX_LABEL) for name in names)
    return [LabelRecord(SCHEME, name, PROVIDER) for name in cleaned]


def _as_reference(paper: PaperRecord) -> ReferenceRecord:
    return ReferenceRecord(
        identifiers=paper.identifiers,
        title=paper.title,
        authors=paper.authors,
        year=paper.year,
        venue=paper.venue,
        abstract=paper.abstract,
        fields=paper.fields,
    )
