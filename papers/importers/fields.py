"""What every reader checks alike: years, dates, languages, kinds, licences, identifiers within
printed text, what is wrong with an item, a reference list without repeats and without the paper itself.

Pure. What a title or an identifier may hold is the business of ``papers/text.py`` and
``papers/identifiers.py``.
"""

from __future__ import annotations

import datetime
import re
import reprlib
from collections.abc import Mapping

from papers.identifiers import normalise_identifiers
from papers.records import ContextRecord, Identifiers, LabelRecord, Problem, ReferenceRecord

FIRST_YEAR = 1000
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
# Longest values of the columns that hold them.
MAX_KIND = 60
MAX_FIELD = 200
MAX_LICENSE = 200
# A record with thousands of bad fields is one bad record.
MAX_WARNINGS = 50

# Crossref's names of types, which OpenAlex used too; others are our words once the hyphens are spaces.
KINDS = {
    "journal-article": "article",
    "article-journal": "article",
    "proceedings-article": "conference paper",
    "paper-conference": "conference paper",
    "posted-content": "preprint",
    "chapter": "book chapter",
    "monograph": "book",
    "edited-book": "book",
    "reference-book": "book",
    "other": "",
}

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}")
_CC_URL = re.compile(r"creativecommons\.org/licenses/(by(?:-nc)?(?:-sa|-nd)?)(?:/(\d\.\d))?", re.IGNORECASE)
_CC_ZERO = re.compile(
    r"creativecommons\.org/publicdomain/zero|\bCC0\b|Creative Commons (Zero|public domain)", re.I
)
_CC_WORDS = re.compile(
    r"Creative Commons Attribution((?:[- ](?:Non-?Commercial|Share-?Alike|No-?Deriv(?:ative|atives|s)))*)"
    r"(?:\s+(\d\.\d)|\s+Licen[cs]e|\s+International|\W)",
    re.IGNORECASE,
)
_SAYS_RETRACTED = re.compile(r"\W*retracted(\s+(article|chapter|paper))?\s*[:\]]", re.IGNORECASE)
_PRINTED_DOI = re.compile(
    r"(?i:\bdoi\b|doi\.org/)[\s:]*(?:https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/[^\s,;]+)"
)
_PRINTED_ARXIV = re.compile(
    r"(?i:\barxiv(?:\s*:\s*|\.org/(?:abs|pdf)/))([a-z-]+(?:\.[A-Z]{2})?/\d{7}|\d{4}\.\d{4,5})"
)
_QUOTER = reprlib.Repr()
_QUOTER.maxstring = _QUOTER.maxother = 60
_QUOTER.maxlevel = 2
_QUOTER.maxlist = _QUOTER.maxdict = 3


class Report:
    """Collects what is wrong with one item, in ``problems``."""

    __slots__ = ("line", "where", "problems")

    def __init__(self, line: int | None, where: str = ""):
        self.line = line
        self.where = where
        self.problems: list[Problem] = []

    def warn(self, reason: str) -> None:
        """A field is left out."""
        if len(self.problems) == MAX_WARNINGS:
            reason = f"more than {MAX_WARNINGS} fields are left out: the others are not named"
        if len(self.problems) <= MAX_WARNINGS:
            self.problems.append(Problem(self.where + reason, self.line))

    def skip(self, reason: str) -> None:
        """The item is lost."""
        self.problems.append(Problem(self.where + reason, self.line, skipped=True))

    def identifiers(self, given: Mapping[str, object]) -> Identifiers:
        """Canonical identifiers of what the source states; invalid ones are warned of."""
        normal, reasons = normalise_identifiers(given)
        for reason in reasons:
            self.warn(reason)
        return normal


def last_year() -> int:
    """The latest year that a record may bear: two years ahead, for what is in press."""
    return datetime.date.today().year + 2


def year_or_none(value) -> int | None:
    """A whole number or a string of digits as a year from 1000 to ``last_year()``, else None."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value.strip()[:10])
    return value if isinstance(value, int) and FIRST_YEAR <= value <= last_year() else None


def year_of(date: str) -> int | None:
    """The year of an ISO date, None for ""."""
    return int(date[:4]) if date else None


def date_or_none(value) -> str | None:
    """ISO text of a year, a month or a day that exists (``2021``, ``2021-04``, ``2021-04-21``)."""
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or year_or_none(match[1]) is None:
        return None
    try:
        datetime.date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return None
    return match[0]


def date_of(year: object, month: str = "", day: str = "") -> str:
    """ISO text of the printed parts of a date, as exact as they are valid; "" without a valid year.

    A month is a number or an English name; of several ("Jul-Aug") it is the first.
    """
    number = year_or_none(year)
    date = f"{number:04}" if number else ""
    name = month.strip()[:3].lower()
    month = str(MONTHS.index(name) + 1) if name in MONTHS else month.strip()
    for part in (month, day.strip()):
        longer = date_or_none(f"{date}-{part:0>2}")
        if longer is None:
            break
        date = longer
    return date


def language_or_none(value) -> str | None:
    """A language tag in lower case (``en``, ``pt-br``), or None."""
    if isinstance(value, str) and _LANGUAGE.fullmatch(value.strip()):
        return value.strip().lower()
    return None


def kind_name(registered: str) -> str:
    """Our word for a type of work as Crossref or OpenAlex registers it ("book-chapter")."""
    name = registered.strip().lower()
    return KINDS.get(name, name.replace("-", " ").replace("_", " "))[:MAX_KIND]


def earliest_date(dates) -> str:
    """The earliest full date among ISO dates, else the earliest of the most exact ones; "" without any."""
    return min(dates, key=lambda date: (-len(date), date), default="")


def short_license(links: list[str], words: str = "") -> str:
    """The usual short name of a Creative Commons licence that a link or the words name, else ""."""
    sources = " ".join([*links, words])
    if url := _CC_URL.search(sources):
        version = f" {url[2]}" if url[2] else ""
        return f"CC {url[1].upper()}{version}"
    if named := _CC_WORDS.search(words):
        parts = {"noncommercial": "-NC", "sharealike": "-SA", "noderiv": "-ND"}
        squeezed = re.sub(r"[- ]", "", named[1]).lower()
        version = f" {named[2]}" if named[2] else ""
        return "CC BY" + "".join(short for word, short in parts.items() if word in squeezed) + version
    return "CC0 1.0" if _CC_ZERO.search(sources) else ""


def says_retracted(title: str) -> bool:
    """Whether a title is marked as that of a retracted work ("RETRACTED: …")."""
    return bool(_SAYS_RETRACTED.match(title))


def printed_identifiers(printed: str) -> list[tuple[str, str]]:
    """(scheme, value unchecked) of the DOI and the arXiv identifier that a printed reference names."""
    found = (("doi", _PRINTED_DOI.search(printed)), ("arxiv", _PRINTED_ARXIV.search(printed)))
    return [(scheme, match[1].rstrip(".)]")) for scheme, match in found if match]


def quoted(value) -> str:
    """A value as a message shows it: on one line, some 60 characters at most."""
    try:
        shown = _QUOTER.repr(value)
    except (ValueError, RecursionError):  # an int of thousands of digits
        shown = f"a {type(value).__name__} too large to show"
    return shown if len(shown) <= 100 else shown[:97] + "..."


def distinct(values) -> list:
    """The values in their order, repeats and empty ones left out."""
    return [value for value in dict.fromkeys(values) if value]


def merge_references(
    references: list[ReferenceRecord], own: Identifiers
) -> tuple[list[ReferenceRecord], int]:
    """(references without repeats, how many were the paper itself and are left out).

    Two entries are one where they share an identifier and contradict each other in none, or
    where neither has one and title, year and printed text are equal. Contexts are joined.
    """
    kept: list[ReferenceRecord] = []
    by_key: dict[tuple, ReferenceRecord] = {}
    to_itself = 0
    for reference in references:
        if reference.identifiers.items() & own.items():
            to_itself += 1
            continue
        keys = _keys(reference)
        earlier = next((by_key[key] for key in keys if key in by_key), None)
        if earlier is not None and not _contradict(earlier.identifiers, reference.identifiers):
            _merge(earlier, reference)
            reference = earlier
        else:
            kept.append(reference)
        for key in keys:
            by_key.setdefault(key, reference)
    return kept, to_itself


def _keys(reference: ReferenceRecord) -> list[tuple]:
    if reference.identifiers:
        return list(reference.identifiers.items())
    return [(reference.title.casefold(), reference.year, reference.raw)]


def _contradict(one: Identifiers, other: Identifiers) -> bool:
    return any(other.get(scheme, value) != value for scheme, value in one.items())


def _merge(into: ReferenceRecord, other: ReferenceRecord) -> None:
    into.identifiers = other.identifiers | into.identifiers
    for name in ("title", "authors", "year", "venue", "raw", "abstract"):
        if not getattr(into, name):
            setattr(into, name, getattr(other, name))
    into.fields = distinct([*into.fields, *other.fields])
    into.labels = join_labels(into.labels, other.labels)
    into.contexts = join_contexts(into.contexts, other.contexts)


def join_labels(one: list[LabelRecord], other: list[LabelRecord]) -> list[LabelRecord]:
    """Both lists in one, equal labels once."""
    return one + [label for label in other if label not in one]


def join_contexts(one: list[ContextRecord], other: list[ContextRecord]) -> list[ContextRecord]:
    """Both lists in one; a sentence that both hold at the same place carries the labels of both."""
    joined = {_place(context): context for context in one}
    for context in other:
        same = joined.setdefault(_place(context), context)
        if same is not context:
            same.labels = join_labels(same.labels, context.labels)
    return list(joined.values())


def _place(context: ContextRecord) -> tuple:
    return (context.text, context.start, context.end, context.section, context.position)
