"""The hub's own record format: JSON Lines, one citing paper a line (DESIGN.md, section 5).

Owns the reading of that format, field by field: a bad field is left out with a warning and
the rest of its record is kept; a line that holds no record is skipped with its reason.
"""

from __future__ import annotations

import re

import msgspec

from papers import identifiers, text
from papers.importers.fields import (
    FIRST_YEAR,
    MAX_FIELD,
    MAX_KIND,
    MAX_LICENSE,
    date_or_none,
    distinct,
    language_or_none,
    last_year,
    merge_references,
    quoted,
    year_of,
    year_or_none,
)
from papers.importers.json_items import decode_json, why_not_json
from papers.importers.source import BYTE_ORDER_MARK, MAX_LINE_BYTES, MIB, Source, numbered_lines
from papers.records import (
    AuthorRecord,
    ClaimRecord,
    ContextRecord,
    Identifiers,
    Items,
    LabelRecord,
    PaperRecord,
    Problem,
    ReferenceRecord,
)

PAPER_KEYS = frozenset(
    "identifiers title authors year date language venue kind fields abstract summary retracted license "
    "claims references_complete references".split()
)
REFERENCE_KEYS = frozenset("identifiers title authors year raw contexts".split())
CONTEXT_KEYS = frozenset("text start end section group_size labels".split())
LABEL_KEYS = frozenset("scheme value source confidence".split())
AUTHOR_KEYS = frozenset("name orcid".split())
CLAIM_KEYS = frozenset("text quote section".split())
LABEL_SOURCES = ("dataset", "provider", "classifier")
MAX_LABEL = 60
# A file of another kind could bring a new unknown key with each line.
MAX_UNKNOWN_KEYS = 100
# Keys by which records of other services are known; "title" alone would not tell them apart.
FOREIGN_KEYS = frozenset("paperId paper_id corpusid DOI body_text message display_name".split())

_INDEX = re.compile(r"\[\d+\]")
_KEY = re.compile(r'"([A-Za-z_]+)"\s*:')


def looks_like(head: bytes, name: str) -> bool:
    """Whether one of the first lines is a native record, or all are broken and the name says so."""
    lines = head.removeprefix(BYTE_ORDER_MARK).splitlines()
    objects = 0
    for number, line in enumerate(lines):
        if not line.lstrip().startswith(b"{"):
            continue
        try:
            record = msgspec.json.decode(line)
        except (ValueError, RecursionError):
            if number < len(lines) - 1 or head.endswith(b"\n"):
                continue
            # The head is cut within this line: judge by the keys that are there.
            record = dict.fromkeys(_KEY.findall(line.decode("utf-8", "replace")))
        objects += 1
        if _is_native(record):
            return True
    return not objects and name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson"))


def _is_native(record: dict) -> bool:
    if "identifiers" in record:
        return True
    if record.keys().isdisjoint(("title", "references")) or not record.keys().isdisjoint(FOREIGN_KEYS):
        return False
    # A number of its own beside authors or references that are words is another service's.
    lists = [value for name in ("authors", "references") if isinstance(value := record.get(name), list)]
    words = any(not isinstance(item, dict) for value in lists for item in value[:1])
    return not words or record.keys().isdisjoint(("id", "_id"))


def read(source: Source, about: Identifiers) -> Items:
    """The records of a native file, line by line; ``about`` is not needed."""
    unknown_keys: set[str] = set()
    for number, line in numbered_lines(source):
        if line is None:
            reason = f"the line is longer than {MAX_LINE_BYTES // MIB} MiB, which is the limit"
            yield Problem(reason, number, skipped=True)
            continue
        try:
            value = decode_json(line)
        except (ValueError, RecursionError) as error:
            # The last line of a cut archive is reported with the archive.
            if not source.damage:
                yield Problem(why_not_json(error), number, skipped=True)
            continue
        line_reader = _Line(number, unknown_keys)
        record = line_reader.paper(value)
        yield from line_reader.problems
        if record is not None:
            yield record


class _Line:
    """Reads one decoded line; collects what was wrong with it in ``problems``.

    Each method takes a value of any type and the words that name its place
    (``references[3].year``), and returns what is usable of it.
    """

    def __init__(self, number: int, unknown_keys: set[str]):
        self.number = number
        self.problems: list[Problem] = []
        self._unknown_keys = unknown_keys

    def warn(self, reason: str) -> None:
        self.problems.append(Problem(reason, self.number))

    def paper(self, value) -> PaperRecord | None:
        if not isinstance(value, dict):
            return self._skip(f"the line is not an object but {quoted(value)}")
        self.known_keys(value, PAPER_KEYS, "")
        date = self.one_of(value, "date", date_or_none, "a date such as 2021, 2021-04 or 2021-04-21") or ""
        record = PaperRecord(
            identifiers=self.identifiers_of(value.get("identifiers"), "identifiers"),
            title=self.field_text(value, "title", "", text.MAX_TITLE),
            authors=self.authors(value.get("authors"), "authors"),
            year=self.year(value.get("year"), "year") or year_of(date),
            date=date,
            language=self.one_of(value, "language", language_or_none, "a language code such as en") or "",
            venue=self.field_text(value, "venue", "", text.MAX_NAME),
            kind=self.field_text(value, "kind", "", MAX_KIND),
            abstract=self.field_text(value, "abstract", "", text.MAX_ABSTRACT, text.clean_text),
            summary=self.field_text(value, "summary", "", text.MAX_PASSAGE),
            retracted=self.boolean(value, "retracted"),
            license=self.field_text(value, "license", "", MAX_LICENSE),
            references_complete=bool(self.boolean(value, "references_complete")),
            line=self.number,
        )
        if not record.title and not record.identifiers:
            return self._skip("the record has neither a title nor a valid identifier")
        names = self.list_of(value.get("fields"), "fields", str, "text")
        record.fields = distinct(self.cleaned(name, place, MAX_FIELD) for name, place in names)
        claims = self.list_of(value.get("claims"), "claims", dict, "an object")
        record.claims = [claim for item, place in claims if (claim := self.claim(item, place))]
        entries = self.list_of(value.get("references"), "references", dict, "an object")
        references = [entry for item, place in entries if (entry := self.reference(item, place))]
        record.references, to_itself = merge_references(references, record.identifiers)
        if to_itself:
            self.warn("a reference has an identifier of the paper itself: it is left out")
        return record

    def reference(self, value: dict, where: str) -> ReferenceRecord | None:
        self.known_keys(value, REFERENCE_KEYS, where)
        reference = ReferenceRecord(
            identifiers=self.identifiers_of(value.get("identifiers"), f"{where}.identifiers"),
            title=self.field_text(value, "title", where, text.MAX_TITLE),
            authors=self.authors(value.get("authors"), f"{where}.authors"),
            year=self.year(value.get("year"), f"{where}.year"),
            raw=self.field_text(value, "raw", where, text.MAX_RAW),
        )
        if not (reference.identifiers or reference.title or reference.raw):
            self.warn(f"{where} has no valid identifier, no title and no printed text: it is left out")
            return None
        items = self.list_of(value.get("contexts"), f"{where}.contexts", dict, "an object")
        reference.contexts = [context for item, place in items if (context := self.context(item, place))]
        return reference

    def context(self, value: dict, where: str) -> ContextRecord | None:
        self.known_keys(value, CONTEXT_KEYS, where)
        passage = self._string(value.get("text"), f"{where}.text")
        start, end = self.span(value, where, len(passage))
        cleaned, start, end = text.clean_passage(passage, start, end)
        if not cleaned:
            self.warn(f"{where} has no text: it is left out")
            return None
        self._report_cut(passage, f"{where}.text", text.MAX_PASSAGE)
        labels = self.list_of(value.get("labels"), f"{where}.labels", dict, "an object")
        return ContextRecord(
            text=cleaned,
            start=start,
            end=end,
            section=self.field_text(value, "section", where, text.MAX_SECTION),
            group_size=self.group_size(value.get("group_size"), f"{where}.group_size"),
            labels=[label for item, place in labels if (label := self.label(item, place))],
        )

    def span(self, value: dict, where: str, length: int) -> tuple[int | None, int | None]:
        start, end = value.get("start"), value.get("end")
        if start is None and end is None:
            return None, None
        if type(start) is int and type(end) is int and 0 <= start < end <= length:
            return start, end
        self.warn(
            f"{where}: start {quoted(start)} and end {quoted(end)} mark no part of a text of {length} "
            "characters: they are left out"
        )
        return None, None

    def label(self, value: dict, where: str) -> LabelRecord | None:
        self.known_keys(value, LABEL_KEYS, where)
        scheme = self.field_text(value, "scheme", where, MAX_LABEL)
        label_value = self.field_text(value, "value", where, MAX_LABEL)
        if not scheme or not label_value:
            self.warn(f"{where} has no scheme or no value: it is left out")
            return None
        source = self.field_text(value, "source", where, MAX_LABEL)
        if source and source not in LABEL_SOURCES:
            self.warn(
                f"{where}.source {quoted(source)} is none of {', '.join(LABEL_SOURCES)}: it is left out"
            )
            source = ""
        return LabelRecord(scheme, label_value, source, self.confidence(value.get("confidence"), where))

    def confidence(self, value, where: str) -> float | None:
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        self.warn(f"{where}.confidence {quoted(value)} is not a number from 0 to 1: it is left out")
        return None

    def group_size(self, value, where: str) -> int | None:
        if value is None:
            return None
        if type(value) is int and 1 <= value < 10_000:
            return value
        self.warn(f"{where} {quoted(value)} is not a count of one or more: it is left out")
        return None

    def claim(self, value: dict, where: str) -> ClaimRecord | None:
        self.known_keys(value, CLAIM_KEYS, where)
        claim = ClaimRecord(
            text=self.field_text(value, "text", where, text.MAX_PASSAGE),
            quote=self.field_text(value, "quote", where, text.MAX_PASSAGE),
            section=self.field_text(value, "section", where, text.MAX_SECTION),
        )
        if not claim.text:
            self.warn(f"{where} has no text: it is left out")
            return None
        return claim

    def authors(self, value, where: str) -> list[AuthorRecord]:
        items = self.list_of(value, where, dict, "an object")
        return [author for item, place in items if (author := self.author(item, place))]

    def author(self, value: dict, where: str) -> AuthorRecord | None:
        self.known_keys(value, AUTHOR_KEYS, where)
        name = self.field_text(value, "name", where, text.MAX_NAME)
        if not name:
            self.warn(f"{where} has no name: it is left out")
            return None
        orcid = value.get("orcid")
        normal = identifiers.normalise_orcid(orcid) if isinstance(orcid, str) else None
        if orcid and not normal:
            self.warn(f"{where}.orcid {quoted(orcid)} is not a valid ORCID: it is left out")
        return AuthorRecord(name=name, identifiers={"orcid": normal} if normal else {})

    def identifiers_of(self, value, where: str) -> Identifiers:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.warn(f"{where} is not an object but {quoted(value)}: it is left out")
            return {}
        normal, reasons = identifiers.normalise_identifiers(value)
        for reason in reasons:
            self.warn(f"{where}: {reason}")
        return normal

    def year(self, value, where: str) -> int | None:
        if value is None:
            return None
        year = year_or_none(value)
        if year is None:
            span = f"from {FIRST_YEAR} to {last_year()}"
            self.warn(f"{where} {quoted(value)} is not a year {span}: it is left out")
        return year

    def boolean(self, value: dict, key: str) -> bool | None:
        flag = value.get(key)
        if flag is None or isinstance(flag, bool):
            return flag
        self.warn(f"{key} {quoted(flag)} is neither true nor false: it is left out")
        return None

    def one_of(self, value: dict, key: str, accept, wanted: str):
        given = value.get(key)
        if given is None or given == "":
            return None
        accepted = accept(given)
        if accepted is None:
            self.warn(f"{key} {quoted(given)} is not {wanted}: it is left out")
        return accepted

    def field_text(self, value: dict, key: str, where: str, limit: int, cleaner=text.clean_line) -> str:
        return self.cleaned(value.get(key), f"{where}.{key}" if where else key, limit, cleaner)

    def cleaned(self, value, where: str, limit: int, cleaner=text.clean_line) -> str:
        raw = self._string(value, where)
        self._report_cut(raw, where, limit)
        return cleaner(raw, limit) if raw else ""

    def list_of(self, value, where: str, wanted: type, words: str) -> list[tuple]:
        """(item, its place) of each item of the wanted type; the others are reported."""
        if value is None:
            return []
        if not isinstance(value, list):
            self.warn(f"{where} is not a list but {quoted(value)}: it is left out")
            return []
        items = []
        for index, item in enumerate(value):
            if isinstance(item, wanted):
                items.append((item, f"{where}[{index}]"))
            else:
                self.warn(f"{where}[{index}] is not {words} but {quoted(item)}: it is left out")
        return items

    def known_keys(self, value: dict, known: frozenset[str], where: str) -> None:
        for key in value.keys() - known:
            place = f"{_INDEX.sub('[]', where)}.{key}".lstrip(".")
            if place in self._unknown_keys or len(self._unknown_keys) > MAX_UNKNOWN_KEYS:
                continue
            self._unknown_keys.add(place)
            if len(self._unknown_keys) > MAX_UNKNOWN_KEYS:
                self.warn(f"more than {MAX_UNKNOWN_KEYS} unknown keys: the others are ignored unreported")
            else:
                self.warn(f"the key {quoted(place)} is not known: it is ignored in the whole file")

    def _string(self, value, where: str) -> str:
        if value is None:
            return ""
        if not isinstance(value, str):
            self.warn(f"{where} is not text but {quoted(value)}: it is left out")
            return ""
        if text.has_forbidden(value):
            self.warn(f"{where} holds characters that no text may hold (such as NUL): they are taken out")
        return value

    def _report_cut(self, raw: str, where: str, limit: int) -> None:
        # Markup and white space do not count: only what is left of the text can be too long.
        if len(raw) > limit and len(text.clean_line(raw, len(raw))) > limit:
            self.warn(f"{where} is {len(raw)} characters long: it is cut after {limit}")

    def _skip(self, reason: str) -> None:
        self.problems.append(Problem(reason, self.number, skipped=True))
