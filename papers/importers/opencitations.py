"""Citations of OpenCitations: the CSV of its indexes and of CROCI, and their Turtle or N-Triples.

Owns the reading of bare pairs of identifiers with the date of the citing work and the span of
time to the cited one. Turtle is parsed by pyoxigraph as a stream; CSV needs nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import pyoxigraph

from papers.identifiers import SCHEMES, normalise_identifiers, parse_identifier
from papers.importers.fields import date_or_none, merge_references, quoted, year_or_none
from papers.importers.source import BYTE_ORDER_MARK, MAX_LINE_BYTES, MIB, Source, numbered_lines
from papers.records import Identifiers, Items, PaperRecord, Problem, ReferenceRecord

# Citations by one work that stand together become one record, up to this number of them.
MAX_GROUP = 50_000
# Citations of a Turtle file whose parts are scattered and not yet all there.
MAX_WAITING = 100_000
MAX_SYNTAX_ERRORS = 100
# Several identifiers of a work in one cell; what is longer is none of them.
MAX_STATED = 2000

# A column of the files -> what it is; CROCI's submissions spell them out.
COLUMNS = {
    "citing": "citing",
    "citing_id": "citing",
    "cited": "cited",
    "cited_id": "cited",
    "creation": "date",
    "citing_publication_date": "date",
    "timespan": "span",
    "cited_publication_date": "cited_date",
}
# A predicate of the files -> what it is.
PREDICATES = {
    "http://purl.org/spar/cito/hasCitingEntity": "citing",
    "http://purl.org/spar/cito/hasCitedEntity": "cited",
    "http://purl.org/spar/cito/hasCitationCreationDate": "date",
    "http://purl.org/spar/cito/hasCitationTimeSpan": "span",
}

_SPAN = re.compile(r"(-?)P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,6})D)?", re.ASCII)


@dataclass(slots=True)
class Pair:
    """A citation as the file states it; ``place`` is its line where lines are known."""

    place: int | None = None
    citing: str = ""
    cited: str = ""
    date: str = ""
    span: str = ""
    cited_date: str = ""


def looks_like(head: bytes, name: str) -> bool:
    """Whether the first line names the columns of citations, or the head holds their triples."""
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if _columns(start.partition(b"\n")[0]):
        return True
    is_triples = start.startswith((b"<http", b"@", b"_:", b"#")) or start[:6].lower() in (
        b"prefix",
        b"base <",
    )
    return is_triples and b"purl.org/spar/cito/" in start


def read(source: Source, about: Identifiers) -> Items:
    """The citing works of a file, one record for those of their citations that stand together.

    ``about`` is not needed. No file says whether it holds all references of a work.
    """
    start = source.peek(MIB)[:MIB].removeprefix(BYTE_ORDER_MARK).lstrip()
    is_csv = _columns(start.partition(b"\n")[0]) or not start.startswith(
        (b"<", b"@", b"_:", b"#", b"P", b"p")
    )
    yield from _records(_csv_pairs(source) if is_csv else _turtle_pairs(source))


def _records(pairs: Iterable[Pair | Problem]) -> Items:
    record, held = None, 0
    for pair in pairs:
        found = pair if isinstance(pair, Problem) else _citation(pair)
        if isinstance(found, Problem):
            yield found
        elif record and found.identifiers == record.identifiers and held < MAX_GROUP:
            record.references += found.references
            record.date = record.date or found.date
            record.year = record.year or found.year
            held += 1
        else:
            if record:
                yield _whole(record)
            record, held = found, 1
    if record:
        yield _whole(record)


def _whole(record: PaperRecord) -> PaperRecord:
    record.references, _to_itself = merge_references(record.references, record.identifiers)
    return record


def _citation(pair: Pair) -> PaperRecord | Problem:
    """The citing work with the one reference of the pair, or why there is none."""
    citing, cited = _identifiers(pair.citing[:MAX_STATED]), _identifiers(pair.cited[:MAX_STATED])
    for side, found, stated in (("citing", citing, pair.citing), ("cited", cited, pair.cited)):
        if not found:
            reason = f"the {side} work has no identifier that the library knows: {quoted(stated)}"
            return Problem(reason, pair.place, skipped=True)
    if citing.items() & cited.items():
        return Problem("the work cites itself: the citation is left out", pair.place)
    date = date_or_none(pair.date[:10]) or ""
    return PaperRecord(
        identifiers=dict(citing),
        date=date,
        year=int(date[:4]) if date else None,
        references=[ReferenceRecord(identifiers=dict(cited), year=_cited_year(pair, date))],
        line=pair.place,
    )


@lru_cache(maxsize=4096)
def _identifiers(stated: str) -> Identifiers:
    """What "10.5555/a", "doi:10.5555/a pmid:7 omid:br/06" or an address names; OMIDs name nothing here."""
    found: Identifiers = {}
    for word in stated.split():
        scheme, colon, value = word.partition(":")
        if word.startswith("10."):
            found.setdefault("doi", word)
        elif colon and scheme.lower() in SCHEMES:
            found.setdefault(scheme.lower(), value)
        elif pair := parse_identifier(word):
            found.setdefault(*pair)
    return normalise_identifiers(found)[0]


def _cited_year(pair: Pair, date: str) -> int | None:
    """The year of the cited work: the date of the citing work less the span between the two.

    The span is as exact as the less exact of both dates, so that it is taken from as much
    of the date: P2Y from the year, P2Y9M from the month, P2Y9M1D from the day.
    """
    if stated := date_or_none(pair.cited_date[:10]):
        return int(stated[:4])
    span = _SPAN.fullmatch(pair.span.strip())
    if not date or not span or not any(span.groups()[1:]):
        return None
    sign = -1 if span[1] else 1
    years, months, days = (sign * int(part or 0) for part in span.groups()[1:])
    numbers = [int(part) for part in date.split("-")]
    if span[4] and len(numbers) == 3:
        # A day before the first, or after the last, of its month is in the month before or after.
        months += (numbers[2] - days < 1) - (numbers[2] - days > 31)
    if (span[3] or span[4]) and len(numbers) > 1:
        years += -((numbers[1] - 1 - months) // 12)
    return year_or_none(numbers[0] - years)


# ---------------------------------------------------------------- CSV


def _columns(line: bytes) -> list[str] | None:
    """What each column is ("" for one without use), None where the line does not name the two works."""
    if len(line) > 1000:
        return None
    try:
        names = next(csv.reader([line.decode("utf-8", "replace").strip()]), [])
    except csv.Error:
        return None
    columns = [COLUMNS.get(name.strip().lower(), "") for name in names]
    return columns if {"citing", "cited"} <= set(columns) else None


def _csv_pairs(source: Source) -> Iterator[Pair | Problem]:
    columns = header = None
    for number, line in numbered_lines(source):
        if line is None:
            reason = f"the line is longer than {MAX_LINE_BYTES // MIB} MiB, which is the limit"
            yield Problem(reason, number, skipped=True)
        elif columns is None:
            columns, header = _columns(line), line
            if columns is None:
                yield Problem("the first line does not name the columns citing and cited", number, True)
                return
        elif line != header:  # files joined together repeat their first line
            yield _row(line, number, columns)


def _row(line: bytes, number: int, columns: list[str]) -> Pair | Problem:
    try:
        [values] = csv.reader([line.decode()], strict=True)
    except (ValueError, csv.Error) as error:
        words = "UTF-8 text" if isinstance(error, UnicodeDecodeError) else "CSV"
        return Problem(f"the line is not {words}", number, skipped=True)
    if len(values) < len(columns):
        reason = f"the line has {len(values)} columns and the first one {len(columns)}"
        return Problem(reason, number, skipped=True)
    pair = Pair(number)
    for column, value in zip(columns, values, strict=False):
        if column:
            setattr(pair, column, value)
    return pair


# ---------------------------------------------------------------- Turtle


def _turtle_pairs(source: Source) -> Iterator[Pair | Problem]:
    """The citations of triples; those whose parts are scattered wait until all are there."""
    waiting: dict[str, Pair] = {}
    current = ""
    for triple in _triples(source):
        if isinstance(triple, Problem):
            yield triple
            continue
        subject, part, value = triple
        if subject != current:
            if current in waiting and waiting[current].citing and waiting[current].cited:
                yield waiting.pop(current)
            if len(waiting) >= MAX_WAITING:
                yield _incomplete(waiting.pop(next(iter(waiting))))
            current = subject
        setattr(waiting.setdefault(subject, Pair()), part, value)
    for pair in waiting.values():
        yield pair if pair.citing and pair.cited else _incomplete(pair)


def _incomplete(pair: Pair) -> Problem:
    stated = pair.citing or pair.cited
    return Problem(f"a citation names one work only: {quoted(stated)}", skipped=True)


def _triples(source: Source) -> Iterator[tuple[str, str, str] | Problem]:
    """(citation, what is said of it, value) of the triples that matter; broken statements as problems."""
    if source.peek(1).startswith(BYTE_ORDER_MARK):
        source.read(len(BYTE_ORDER_MARK))
    triples = pyoxigraph.parse(source, format=pyoxigraph.RdfFormat.TURTLE)
    errors = 0
    while errors <= MAX_SYNTAX_ERRORS:
        try:
            triple = next(triples)
        except StopIteration:
            return
        except SyntaxError as error:
            errors += 1
            # The last statement of a cut archive is reported with the archive.
            if not source.damage:
                yield Problem("the statement is not Turtle", error.lineno, skipped=True)
            continue
        if part := PREDICATES.get(triple.predicate.value):
            value = getattr(triple.object, "value", "")
            yield str(triple.subject), part, value
    yield Problem(
        f"more than {MAX_SYNTAX_ERRORS} broken statements: the rest of the file is lost", None, True
    )
