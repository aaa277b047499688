"""BibTeX and BibLaTeX files.

Owns what the parser (bibtexparser) leaves open: macros and concatenation, cross-references,
and the meaning of entry types and fields. The parser sets broken entries apart, and knows
how names are written. A file describes papers; whom they cite it does not say.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

from bibtexparser.exceptions import ParserStateException
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import (
    Block,
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    ParsingFailedBlock,
    String,
)
from bibtexparser.model import Entry as Parsed
from bibtexparser.splitter import Splitter

from papers import text
from papers.importers.entries import Entry, person, person_of_parts, record_of
from papers.importers.fields import Report, printed_identifiers, quoted
from papers.importers.source import Source
from papers.importers.text_files import head_text, read_text
from papers.records import AuthorRecord, Identifiers, Items, Problem

# Entry types -> our words; others are no kind of their own.
KINDS = {
    "article": "article",
    "periodical": "journal",
    "inproceedings": "conference paper",
    "conference": "conference paper",
    "proceedings": "proceedings",
    "incollection": "book chapter",
    "inbook": "book chapter",
    "suppbook": "book chapter",
    "inreference": "book chapter",
    "book": "book",
    "mvbook": "book",
    "collection": "book",
    "booklet": "booklet",
    "manual": "manual",
    "phdthesis": "thesis",
    "mastersthesis": "thesis",
    "thesis": "thesis",
    "techreport": "report",
    "report": "report",
    "unpublished": "manuscript",
    "preprint": "preprint",
    "dataset": "dataset",
    "software": "software",
    "patent": "patent",
}
MONTHS = {
    name[:3].lower(): name
    for name in "January February March April May June July August September October November"
    " December".split()
}
# What an entry takes from the one that it refers to, where it has none of its own.
INHERITED = (
    "author date year month journal journaltitle booktitle publisher organization language langid".split()
)
PARTS = frozenset("inproceedings conference incollection inbook suppbook inreference".split())
MAX_GENERATIONS = 10
MAX_OUTER_BRACES = 4
# Macros may double each other without end.
MAX_VALUE = 200_000
# With its accents and braces. The parser of names takes ever longer for what is none.
MAX_PRINTED_NAME = 1000

_COMMENTED = re.compile(r"^\s*%.*$", re.MULTILINE)
_TYPES = "|".join([*KINDS, "misc", "online", "electronic", "www"])
_ENTRY = re.compile(
    rf"^\s*@\s*(?:\w+\s*\{{|(?:{_TYPES})\s*\()\s*[^\s,={{}}()\"]*\s*,\s*[\w.:-]+\s*="
    r"|^\s*@\s*string\s*[{(]\s*[\w.:-]+\s*=|^\s*@\s*preamble\s*[{(]\s*\"",
    re.MULTILINE | re.IGNORECASE,
)
_NAMED = re.compile(rf"^\s*@\s*(?:{_TYPES}|string|preamble)\s*[{{(]", re.MULTILINE | re.IGNORECASE)
# Knuth's trick to sort by something that is not printed.
_NOT_PRINTED = re.compile(r"\\noopsort\s*\{[^{}]*\}")
_LATEX_ESCAPE = re.compile(r"\\([_%&#~$])")
_URL_COMMAND = re.compile(r"\\(?:url|href)\s*\{([^{}]*)\}")
_BRACE_OR_QUOTE = re.compile(r"(?<!\\)[{}\"]")
_UNKNOWN_COMMAND = re.compile(r"\\([^\W\d_]+)\*?[ ]?")
_CORR = re.compile(r"(?i)\s*abs/(\S+)")

# The parser logs each broken entry; here it becomes a Problem.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL + 1)


def looks_like(head: bytes, name: str) -> bool:
    """Whether a line begins an entry ("@article{key, title ="), or the name ends in .bib and one is near."""
    start = _COMMENTED.sub("", head_text(head))
    called_bib = name.lower().removesuffix(".gz").endswith((".bib", ".bibtex"))
    return bool(_ENTRY.search(start) or (called_bib and _NAMED.search(start)))


def read(source: Source, about: Identifiers) -> Items:
    """The entries of a file, one record each; ``about`` is not needed.

    A broken entry is a skip, and the parser goes on with the next line that begins one.
    Raises UnreadableFile for a file that is too large (``text_files.py``).
    """
    content, problems = read_text(source)
    yield from problems
    try:
        blocks = Splitter(content.replace("\r\n", "\n").replace("\r", "\n")).split().blocks
    except (ParserStateException, ValueError, IndexError, RecursionError) as error:
        yield Problem(text.clean_line(f"the file cannot be parsed as BibTeX: {error}", 300), skipped=True)
        return
    # The blocks hold it all again.
    del content
    yield from _Library(blocks).items()


class _Library:
    """The blocks of one file: its macros, and its entries by key for cross-references."""

    def __init__(self, blocks: list[Block]):
        self._blocks = blocks
        self._macros = dict(MONTHS)
        self._by_key: dict[str, Parsed] = {}
        self._values: dict[int, dict[str, str]] = {}
        self._reports: dict[int, Report] = {}

    def items(self) -> Items:
        entries = list(self._entries())
        if not entries and not any(isinstance(block, ParsingFailedBlock) for block in self._blocks):
            yield Problem("the file holds no entry of BibTeX", skipped=True)
        placed: list[Parsed | ParsingFailedBlock] = [*entries, *self._broken()]
        # By line: a broken entry is reported where it stands.
        for found in sorted(placed, key=lambda block: block.start_line or 0):
            if isinstance(found, ParsingFailedBlock):
                yield _broken(found)
                continue
            report = self._reports[id(found)]
            record = record_of(self._entry(found, report), report)
            yield from report.problems
            if record is not None:
                yield record

    def _broken(self) -> Iterator[ParsingFailedBlock]:
        for block in self._blocks:
            if isinstance(block, ParsingFailedBlock) and block.ignore_error_block is None:
                yield block

    def _entries(self) -> Iterator[Parsed]:
        """Each entry once its values are resolved: macros hold from where they are defined."""
        for block in self._blocks:
            warning = ""
            if isinstance(block, DuplicateFieldKeyBlock):
                names = ", ".join(sorted(block.duplicate_keys))
                warning = f"the entry has more than one field {quoted(names)}: the first one counts"
            elif isinstance(block, DuplicateBlockKeyBlock) and isinstance(block.ignore_error_block, Parsed):
                warning = f"the key {quoted(block.key)} is that of an earlier entry: both are read"
            found = block.ignore_error_block if isinstance(block, ParsingFailedBlock) else block
            if isinstance(found, String):
                self._macros[found.key.lower()] = self._printed(found.value, None)
            if not isinstance(found, Parsed):
                continue
            report = self._reports[id(found)] = Report((found.start_line or 0) + 1)
            if warning:
                report.warn(warning)
            values = self._values[id(found)] = {}
            for field in found.fields:
                values.setdefault(field.key.lower(), self._printed(field.value, report))
            # Held as values from here on.
            found.fields = []
            # What a cross-reference means: the first of its key.
            self._by_key.setdefault(found.key.lower(), found)
            yield found

    def _printed(self, value: str, report: Report | None) -> str:
        """The value of ``"Proc. " # STOC # {of lakes}``: the pieces joined, macros in place."""
        pieces = []
        for piece in _pieces(value):
            if piece[:1] in ("{", '"'):
                inner, rest = _unwrapped(piece)
                if rest and report:
                    report.warn(
                        f"{quoted(rest)} stands behind a value, a comma may be missing: it is left out"
                    )
                pieces.append(inner)
            elif piece.lower() in self._macros:
                pieces.append(self._macros[piece.lower()])
            else:
                if report and piece and not piece.isdigit() and re.fullmatch(r"[^\W\d][\w:+./-]*", piece):
                    report.warn(f"the macro {quoted(piece)} is not defined: its name stands in its place")
                pieces.append(piece)
        return _NOT_PRINTED.sub("", "".join(pieces)[:MAX_VALUE])

    def _inherited(self, entry: Parsed, report: Report) -> dict[str, str]:
        """The values of an entry, with those of the entries that it refers to, and they to others."""
        values = dict(self._values[id(entry)])
        met = {id(entry)}
        child = values
        for _ in range(MAX_GENERATIONS):
            key = child.get("crossref", "").strip()
            if not key:
                return values
            parent = self._by_key.get(key.lower())
            if parent is None:
                report.warn(f"the entry refers to {quoted(key)}, which is not in the file")
                return values
            if id(parent) in met:
                report.warn(f"the entry refers to {quoted(key)}, which leads back to it: that is left out")
                return values
            met.add(id(parent))
            child = self._values[id(parent)]
            for name in INHERITED:
                if not values.get(name, "").strip() and child.get(name):
                    values[name] = child[name]
            if entry.entry_type.lower() in PARTS and not values.get("booktitle"):
                values["booktitle"] = child.get("title", "")
        return values

    def _entry(self, parsed: Parsed, report: Report) -> Entry:
        values = self._inherited(parsed, report)

        def first(*names: str) -> str:
            return next((values[name] for name in names if values.get(name, "").strip()), "")

        venue = _tex(first("journal", "journaltitle", "booktitle"))
        kind = KINDS.get(parsed.entry_type.lower(), "")
        if venue.lower().startswith("arxiv") or venue == "CoRR":
            kind = "preprint"
        return Entry(
            title=": ".join(part for part in (_tex(first("title")), _tex(first("subtitle"))) if part),
            authors=_people(first("author")),
            year=first("year", "date"),
            dates=_dates(first),
            venue=venue,
            kind=kind,
            abstract=_tex(first("abstract"), text.clean_text),
            language=first("language", "langid"),
            identifiers=_identifiers(values, venue),
            links=[
                link
                for name in ("url", "ee", "link", "bdsk-url-1", "howpublished")
                for link in _links(values.get(name, ""))
            ],
        )


def _broken(block: ParsingFailedBlock) -> Problem:
    reason = text.clean_line(str(getattr(block.error, "abort_reason", block.error)), 200).rstrip(". ")
    opening = text.clean_line((block.raw or "").strip().partition("\n")[0], 40)
    return Problem(
        f"the entry {quoted(opening)} is broken: {reason}", (block.start_line or 0) + 1, skipped=True
    )


def _pieces(value: str) -> list[str]:
    """The parts of a value between the "#" that are in no braces and no quotation marks."""
    pieces, start, depth, quoting = [], 0, 0, False
    if "#" not in value:
        return [value.strip()]
    for place, sign in enumerate(value):
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
        elif sign == '"' and depth == 0:
            quoting = not quoting
        elif sign == "#" and depth == 0 and not quoting:
            pieces.append(value[start:place].strip())
            start = place + 1
    return [*pieces, value[start:].strip()]


def _unwrapped(piece: str) -> tuple[str, str]:
    """(what is in the first braces or quotation marks, what stands behind them)."""
    depth = 0
    for found in _BRACE_OR_QUOTE.finditer(piece):
        sign = found[0]
        if sign == '"' and depth == 0 and found.start() > 0 and piece[0] == '"':
            return piece[1 : found.start()], piece[found.end() :].strip()
        depth += (sign == "{") - (sign == "}")
        if depth == 0 and piece[0] == "{":
            return piece[1 : found.start()], piece[found.end() :].strip()
    return piece[1:], ""


def _tex(value: str, cleaner=text.clean_line) -> str:
    """A value as plain text. It is TeX for certain: braces, dashes and ties mean what they mean there."""
    value = _without_outer_braces(value.strip())
    has_sets = "$" in value or "\\{" in value
    cleaned = _UNKNOWN_COMMAND.sub(r"\1", cleaner(value, text.MAX_ABSTRACT))
    if not has_sets:
        cleaned = cleaned.replace("{", "").replace("}", "")
    return cleaned.replace("---", "—").replace("--", "–").replace("~", " ")


def _without_outer_braces(value: str) -> str:
    """ "{{On lakes}}" without them, and "{A} and {B}" as it is."""
    for _ in range(MAX_OUTER_BRACES):
        inner = value[1:-1].strip()
        if not (value.startswith("{") and value.endswith("}")) or not _is_balanced(inner):
            break
        value = inner
    return value


def _is_balanced(value: str) -> bool:
    depth = 0
    for sign in value:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0


def _people(printed: str) -> list[AuthorRecord]:
    names = split_multiple_persons_names(printed)
    if len(names) == 1 and ";" in printed and "&" not in printed:
        names = printed.split(";")
    return [author for name in names if (author := _person(name.strip()[:MAX_PRINTED_NAME]))]


def _person(name: str) -> AuthorRecord | None:
    try:
        parts = parse_single_name_into_parts(name, strict=False)
    except (ValueError, IndexError):
        return person(name)
    given, von, last, suffix = (
        _tex(" ".join(words)) for words in (parts.first, parts.von, parts.last, parts.jr)
    )
    family = f"{von} {last}".strip()
    return person_of_parts(family, given, suffix) if given else person(family)


def _dates(first) -> list[str]:
    date, month, day = first("date"), first("month").strip(), first("day").strip()
    if month.isascii() and month.isdigit():
        month = MONTHS.get(list(MONTHS)[int(month[:2]) - 1], "") if 1 <= int(month[:2]) <= 12 else ""
    return [date, f"{day} {month}".strip().replace("~", " ")]


def _identifiers(values: dict[str, str], venue: str) -> list[tuple[str, str]]:
    found = [("doi", _plain(values.get("doi", "")))]
    eprint = _plain(values.get("eprint", ""))
    archive = (values.get("archiveprefix") or values.get("eprinttype") or "").strip().lower()
    scheme = {"arxiv": "arxiv", "pubmed": "pmid", "pmid": "pmid", "pmcid": "pmcid"}.get(archive)
    if scheme and eprint:
        found.append((scheme, eprint))
    found += [(name, _plain(values.get(name, ""))) for name in ("arxiv", "pmid", "pmcid")]
    found += printed_identifiers(venue)
    volume = _CORR.match(values.get("volume", ""))
    if venue == "CoRR" and volume:
        found.append(("arxiv", volume[1]))
    return found


def _plain(value: str) -> str:
    """A value without the escapes that TeX needs ("10.1007/x{\\_}y")."""
    return _LATEX_ESCAPE.sub(r"\1", value).replace("{", "").replace("}", "").strip()


def _links(value: str) -> list[str]:
    return [_plain(link) for link in _URL_COMMAND.findall(value) or value.split()]
