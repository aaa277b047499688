"""What every reader checks alike: years, dates, languages, a value quoted in a message, and
a reference list without repeats and without the paper itself.

Pure. What a title or an identifier may hold is the business of ``papers/text.py`` and
``papers/identifiers.py``.
"""

from __future__ import annotations

import datetime
import re
import reprlib

from papers.records import ContextRecord, Identifiers, LabelRecord, ReferenceRecord

FIRST_YEAR = 1000
# Longest values of the columns that hold them.
MAX_KIND = 60
MAX_FIELD = 200
MAX_LICENSE = 200

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,2}")
_QUOTER = reprlib.Repr()
_QUOTER.maxstring = _QUOTER.maxother = 60
_QUOTER.maxlevel = 2
_QUOTER.maxlist = _QUOTER.maxdict = 3


def last_year() -> int:
    """The latest year that a record may bear: two years ahead, for what is in press."""
    return datetime.date.today().year + 2


def year_or_none(value) -> int | None:
    """A whole number or a string of digits as a year from 1000 to ``last_year()``, else None."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value.strip()[:10])
    return value if isinstance(value, int) and FIRST_YEAR <= value <= last_year() else None


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


def language_or_none(value) -> str | None:
    """A language tag in lower case (``en``, ``pt-br``), or None."""
    if isinstance(value, str) and _LANGUAGE.fullmatch(value.strip()):
        return value.strip().lower()
    return None


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
