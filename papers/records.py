"""The neutral record: what every reader yields and what the library takes in.

One citing paper is one ``PaperRecord`` with its ``ReferenceRecord``s, each with the
``ContextRecord``s (citing sentences) that carry ``LabelRecord``s. Readers in
``papers/importers/`` build these from bytes; ``papers/ingest.py`` and
``citations/ingest.py`` write them. Nothing here knows a file format, a setting or a table.

Text in a record is already clean: safe plain text, no NUL, no markup, bounded length
(``papers/text.py``). Identifiers are already normalised (``papers/identifiers.py``): a
``dict`` of scheme to value, at most one value a scheme.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

Identifiers = dict[str, str]


@dataclass(slots=True)
class AuthorRecord:
    """A person as the source prints it. ``identifiers`` may hold ``orcid``, ``s2``, ``openalex``."""

    name: str
    family: str = ""
    given: str = ""
    identifiers: Identifiers = field(default_factory=dict)


@dataclass(slots=True)
class LabelRecord:
    """A label that the file carries, in its own scheme and value.

    ``source`` is ``dataset``, ``provider``, ``classifier`` or empty (then the scheme
    decides); ``confidence`` lies in 0..1 where the file states one.
    """

    scheme: str
    value: str
    source: str = ""
    confidence: float | None = None


@dataclass(slots=True)
class ContextRecord:
    """One citing sentence (or a few), for one cited work.

    ``start`` and ``end`` mark the citation in ``text``, in code points, end exclusive.
    ``section`` is the title as printed. ``before`` and ``after`` are the neighbouring
    sentences where the source has them. ``position`` orders the passages of one paper.
    ``group_size`` counts the references in the same marker group.
    """

    text: str
    start: int | None = None
    end: int | None = None
    section: str = ""
    group_size: int | None = None
    labels: list[LabelRecord] = field(default_factory=list)
    before: str = ""
    after: str = ""
    position: int | None = None
    language: str = ""


@dataclass(slots=True)
class ReferenceRecord:
    """One entry of a reference list. ``labels`` belong to the pair, not to a sentence."""

    identifiers: Identifiers = field(default_factory=dict)
    title: str = ""
    authors: list[AuthorRecord] = field(default_factory=list)
    year: int | None = None
    venue: str = ""
    raw: str = ""
    contexts: list[ContextRecord] = field(default_factory=list)
    labels: list[LabelRecord] = field(default_factory=list)
    # What a source with full metadata of the cited paper adds (the Semantic Scholar API).
    abstract: str = ""
    fields: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ClaimRecord:
    text: str
    quote: str = ""
    section: str = ""


@dataclass(slots=True)
class VersionRecord:
    """A preprint, published or corrected version of the same work."""

    kind: str
    identifiers: Identifiers = field(default_factory=dict)
    date: str = ""
    venue: str = ""
    title: str = ""


@dataclass(slots=True)
class NoticeRecord:
    """A notice about this paper, or (``target`` set) a notice that this paper is about another.

    ``kind`` is ``retraction``, ``correction`` or ``concern``.
    """

    kind: str
    identifiers: Identifiers = field(default_factory=dict)
    title: str = ""
    outgoing: bool = False


# A name of an author list as it is stored: name, family and initial (folded), key of the person, reason.
AuthorLine = tuple[str, str, str, str, str]


@dataclass(slots=True)
class Derived:
    """What follows from a record alone (``papers/deriving.py``); None where nobody has looked.

    ``contribution`` and ``results``: what its abstract presents, and states as found. ``payload``: the
    record as it is kept. ``names``: its authors, folded; ``words``: those it is found by.
    """

    key: str
    digest: str
    contribution: str | None = None
    results: list[str] | None = None
    payload: str | None = None
    authors: list[AuthorLine] | None = None
    names: str | None = None
    words: str | None = None


@dataclass(slots=True)
class PaperRecord:
    """A paper as one source describes it. Either ``title`` or one identifier is present.

    ``date`` is ISO text of any precision (``2021``, ``2021-04``, ``2021-04-21``).
    ``retracted`` is True, False or None for unknown. ``references_complete`` says that
    ``references`` is the whole list, so what is missing from it is gone.
    """

    identifiers: Identifiers = field(default_factory=dict)
    title: str = ""
    authors: list[AuthorRecord] = field(default_factory=list)
    year: int | None = None
    date: str = ""
    language: str = ""
    venue: str = ""
    kind: str = ""
    fields: list[str] = field(default_factory=list)
    abstract: str = ""
    summary: str = ""
    retracted: bool | None = None
    license: str = ""
    claims: list[ClaimRecord] = field(default_factory=list)
    references: list[ReferenceRecord] = field(default_factory=list)
    references_complete: bool = False
    versions: list[VersionRecord] = field(default_factory=list)
    notices: list[NoticeRecord] = field(default_factory=list)
    # What of the record could not be taken, in words: an identifier that is none, a date that never was.
    remarks: list[str] = field(default_factory=list)
    # Where in the file the record began: a line number, 1-based, where the format has lines.
    line: int | None = None
    # Where the reading process has worked it out; the record itself does not say it.
    derived: Derived | None = None


@dataclass(slots=True)
class Problem:
    """Something a reader could not use.

    ``skipped`` is True when a whole record is lost, False when one field of a record is
    left out (a warning). ``line`` is 1-based, None where the format has no lines.
    """

    reason: str
    line: int | None = None
    skipped: bool = False


# What a reader yields: records as they come, problems as they are met.
Items = Iterator[PaperRecord | Problem]


class UnreadableFile(Exception):
    """The file as a whole cannot be read; the message says why, for a person."""
