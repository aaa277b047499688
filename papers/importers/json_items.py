"""JSON files as items: one object, a list, an answer around a list, or JSON Lines of any length.

Owns how a file is cut into items with a bounded part of it in memory, and how an item becomes
a typed struct: at once where it fits, else field by field, with what does not fit reported.
What the fields mean is the business of the readers.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from types import NoneType, UnionType
from typing import NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

from papers.importers.fields import Report, quoted
from papers.importers.source import BYTE_ORDER_MARK, MAX_LINE_BYTES, MIB, Source, numbered_lines
from papers.records import Items, PaperRecord, Problem, UnreadableFile

MAX_DOCUMENT_BYTES = 64 * MIB
NO_ITEMS = "the answer holds no items"

Wanted = TypeVar("Wanted", bound=msgspec.Struct)

_BETWEEN_ITEMS = re.compile(r"[\s,]*")
_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_WORDS |= {list: "a list", dict: "an object"}


class Item(NamedTuple):
    """The bytes of one JSON value; ``where`` begins a message about it ("item 3: " or "")."""

    data: bytes
    line: int | None
    where: str


def typed_items(
    source: Source, wanted: type[Wanted], inside: tuple[str, ...] = ()
) -> Iterator[tuple[Wanted | None, Report]]:
    """(an item as ``wanted`` or None, what is wrong with it) for each item of a file.

    ``inside`` names the keys under which an answer keeps its items, from the outside in;
    a value without them is an item itself. Every field of ``wanted`` and of the structs in it
    must allow None, which stands for what is missing and for what did not fit.
    Raises UnreadableFile for a file beyond MAX_DOCUMENT_BYTES that is not JSON Lines.
    """
    decoder = msgspec.json.Decoder(wanted)
    for item in _items(source, inside):
        if isinstance(item, Problem):
            report = Report(item.line)
            report.problems.append(item)
            yield None, report
            continue
        report = Report(item.line, item.where)
        try:
            value = _fitted(item.data, decoder, wanted, report)
        except (ValueError, RecursionError) as error:
            # The last line of a cut archive is reported with the archive.
            if source.damage:
                continue
            report.skip(why_not_json(error))
            value = None
        yield value, report


def typed_records(
    source: Source,
    wanted: type[Wanted],
    read_one: Callable[[Wanted, Report], PaperRecord | None],
    inside: tuple[str, ...] = (),
) -> Items:
    """What ``read_one(item, report)`` makes of each of the ``typed_items``, its problems first."""
    for value, report in typed_items(source, wanted, inside):
        record = read_one(value, report) if value is not None else None
        yield from report.problems
        if record is not None:
            yield record


def decode_json(data: bytes):
    """The value of JSON bytes; half a surrogate pair is let through. Raises ValueError, RecursionError."""
    try:
        return msgspec.json.decode(data)
    except UnicodeDecodeError:
        raise
    except msgspec.DecodeError:
        # By the grammar of JSON half a surrogate pair, 1e999 and any number of digits are allowed: then
        # one field is bad, not the line. This decoder reads them, and words its errors for people.
        return json.loads(data.decode(), parse_constant=_refuse_constant, parse_int=_whole_number)


def _whole_number(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more of them than Python reads: infinite, as 1e999 is
        return float(digits)


def _refuse_constant(name: str):
    raise ValueError(f"{name} is no JSON")


def why_not_json(error: Exception) -> str:
    """What ``decode_json`` met, in words about a line."""
    if isinstance(error, UnicodeDecodeError):
        return "the line is not UTF-8 text"
    if isinstance(error, RecursionError):
        return "the line is nested too deeply"
    return f"the line is not JSON: {error}"


# ---------------------------------------------------------------- from a file to items


def _items(source: Source, inside: tuple[str, ...]) -> Iterator[Item | Problem]:
    number, start = 0, b""
    while not start and (line := source.readline(MAX_DOCUMENT_BYTES + 1)):
        number += 1
        start = (line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line).strip()
    if _is_whole(start):
        yield from _line_items(start, number, inside)
        yield from _lines(source, number, inside)
        return
    room = MAX_DOCUMENT_BYTES + 1 - len(line)
    document = line.removeprefix(BYTE_ORDER_MARK) + (source.read(room) if room > 0 else b"")
    too_large = len(document) > MAX_DOCUMENT_BYTES
    if not too_large and (values := _unwrapped(document, inside)) is not None:
        for place, value in enumerate(values, start=1):
            yield Item(value, None, f"item {place}: ")
        if not values:
            yield Problem(NO_ITEMS)
        return
    if any(_is_object(line) for _number, line in numbered_lines(io.BytesIO(document))):
        document += source.readline(MAX_LINE_BYTES)
        yield from _lines(io.BytesIO(document), number - 1, inside)
        yield from _lines(source, number - 1 + document.count(b"\n"), inside)
    elif too_large:
        raise UnreadableFile(
            f"the file is larger than {MAX_DOCUMENT_BYTES // MIB} MiB and not in lines: "
            "ask for smaller pages, or write one item a line"
        )
    else:
        yield from _up_to_the_break(document.decode("utf-8", "replace"), inside, source)


def _is_whole(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (ValueError, RecursionError):
        return False
    return True


def _is_object(line: bytes | None) -> bool:
    line = _without_commas(line or b"")
    return line.startswith(b"{") and _is_whole(line)


def _without_commas(line: bytes) -> bytes:
    """A line of a list with one item a line, without what joins it to the others."""
    if line.startswith(b"[") and not line.endswith(b"]"):
        line = line[1:]
    elif line.endswith(b"]") and not line.startswith(b"["):
        line = line[:-1]
    return line.strip(b" \t\r,")


def _lines(stream, lines_before: int, inside: tuple[str, ...]) -> Iterator[Item | Problem]:
    for number, line in numbered_lines(stream):
        if line is None:
            reason = f"the line is longer than {MAX_LINE_BYTES // MIB} MiB, which is the limit"
            yield Problem(reason, lines_before + number, skipped=True)
        elif line := _without_commas(line):
            yield from _line_items(line, lines_before + number, inside)


def _line_items(line: bytes, number: int, inside: tuple[str, ...]) -> Iterator[Item | Problem]:
    is_item = line.startswith(b"{") and not any(b'"%s"' % key.encode() in line for key in inside)
    values = None if is_item else _unwrapped(line, inside)
    if values is None or values == [line]:
        yield Item(line, number, "")
    elif not values:
        yield Problem(NO_ITEMS, number)
    else:
        for place, value in enumerate(values, start=1):
            yield Item(value, number, f"item {place}: ")


def _unwrapped(data: bytes, inside: tuple[str, ...]) -> list[bytes] | None:
    """The items of a list or of an answer, or the one object; None for what is no whole JSON.

    An answer that says null instead of its list has no items.
    """
    try:
        if data.lstrip().startswith(b"["):
            return [bytes(value) for value in msgspec.json.decode(data, type=list[msgspec.Raw])]
        for place, key in enumerate(inside):
            if not data.lstrip().startswith(b"{"):
                break
            parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
            if key in parts:
                within = bytes(parts[key])
                return [] if within == b"null" else _unwrapped(within, inside[place + 1 :])
        return [data] if _is_whole(data) else None
    except (ValueError, RecursionError):
        return None


def _up_to_the_break(document: str, inside: tuple[str, ...], source: Source) -> Iterator[Item | Problem]:
    """The whole items of a document that breaks off or is broken somewhere."""
    opening = re.search(rf'"{inside[-1]}"\s*:\s*\[', document) if inside else None
    opening = opening or re.match(r"\s*\[", document)
    decoder, found, closed = json.JSONDecoder(), 0, False
    place = opening.end() if opening else len(document)
    while True:
        between = _BETWEEN_ITEMS.match(document, place)
        place = between.end() if between else place
        try:
            _value, end = decoder.raw_decode(document, place)
        except (ValueError, RecursionError):
            closed = document.startswith("]", place)
            break
        found += 1
        yield Item(document[place:end].encode(), None, f"item {found}: ")
        place = end
    if not closed and not source.damage:
        lost = f"what follows item {found} is lost" if found else "no item could be read"
        yield Problem(f"the file is not whole JSON: {lost}", skipped=True)


# ---------------------------------------------------------------- from an item to a struct


def _fitted(data: bytes, decoder: msgspec.json.Decoder, wanted: type, report: Report):
    try:
        return decoder.decode(data)
    except (ValueError, RecursionError):
        value = decode_json(data)
    if isinstance(value, dict):
        return _salvaged(value, wanted, "", report)
    report.skip(f"this is not an object but {quoted(value)}")
    return None


def _salvaged(value, wanted, place: str, report: Report):
    """``value`` as ``wanted``, without its parts that do not fit, which are reported."""
    try:
        return msgspec.convert(value, wanted)
    except (ValueError, OverflowError):
        options = get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,)
    prefix = f"{place}." if place else ""
    for option in options:
        kind = get_origin(option) or option
        if kind is list and isinstance(value, list):
            [part_type] = get_args(option)
            parts = [_salvaged(part, part_type, f"{place}[{n}]", report) for n, part in enumerate(value)]
            # What was null stays where it may, so that lists side by side keep step.
            nulls = NoneType in get_args(part_type)
            return [
                part
                for part, given in zip(parts, value, strict=True)
                if part is not None or (nulls and given is None)
            ]
        if kind is dict and isinstance(value, dict):
            part_type = get_args(option)[1]
            salvaged = {
                key: _salvaged(part, part_type, f"{prefix}{quoted(key)}", report)
                for key, part in value.items()
            }
            return {key: part for key, part in salvaged.items() if part is not None}
        if isinstance(value, dict) and issubclass(kind, msgspec.Struct):
            known = [field for field in msgspec.structs.fields(option) if field.encode_name in value]
            return option(
                **{
                    field.name: _salvaged(
                        value[field.encode_name], field.type, f"{prefix}{field.encode_name}", report
                    )
                    for field in known
                }
            )
    words = " or ".join(
        dict.fromkeys(_WORDS.get(get_origin(o) or o, "an object") for o in options if o is not NoneType)
    )
    report.warn(f"{place} is not {words} but {quoted(value)}: it is left out")
    return None
