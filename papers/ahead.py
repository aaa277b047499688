"""Reading ahead: a second process reads a file and derives what follows from each record.

The process that writes then spends its time on matching and rows, and both cores work.
Owns what the two say to each other (``beside.py`` owns the process); knows no format (``papers/importers/``)
and no database.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.synchronize import Event

import msgspec

from papers import beside, importers
from papers.deriving import derive
from papers.importers.source import MIB
from papers.records import Identifiers, PaperRecord, Problem, UnreadableFile

WORTH_BYTES = 2 * MIB  # of a file as it lies on disk: to start the process takes as long as to read these
RECORDS_A_CHUNK = 200
CHUNKS_AHEAD = 8  # of these wait in the process that reads


class Chunk(msgspec.Struct):
    """Some items of a file in order, and how far it is read.

    ``problems`` stand before the record of the given number in ``records``. ``unreadable``, the words
    of an UnreadableFile, ends the file.
    """

    records: list[PaperRecord] = []
    problems: list[tuple[int, Problem]] = []
    bytes: int = 0
    unreadable: str = ""


class Reading:
    """The items of one file: iterate over it, and close the iterator when done.

    ``place`` follows how far the file is read. Raises UnreadableFile as the reader does.
    Small files are read in this process.
    """

    def __init__(self, path, *, format: str, about: Identifiers | None, place: importers.Place):
        self._path, self._format, self._about, self._place = path, format, about, place
        self._is_skimmed: Event | None = None

    def skim(self, yes: bool) -> None:
        """Whether what comes is likely known already, so that nobody will ask what follows from it."""
        if self._is_skimmed is not None:
            (self._is_skimmed.set if yes else self._is_skimmed.clear)()

    def __iter__(self) -> Iterator[PaperRecord | Problem]:
        if not beside.is_worth(os.path.getsize(self._path), WORTH_BYTES):
            yield from importers.read(self._path, format=self._format, about=self._about, place=self._place)
            return
        self._is_skimmed = beside.CONTEXT.Event()
        arguments = (os.fspath(self._path), self._format, self._about or {}, self._is_skimmed)
        pieces = beside.pieces(_encoded, *arguments, what=f"reading {self._path}", ahead=CHUNKS_AHEAD)
        decoder = msgspec.msgpack.Decoder(Chunk)
        with closing(pieces):
            for data in pieces:
                chunk = decoder.decode(data)
                yield from _in_order(chunk)
                self._place.bytes = chunk.bytes
                if chunk.unreadable:
                    raise UnreadableFile(chunk.unreadable)


def _in_order(chunk: Chunk) -> Iterator[PaperRecord | Problem]:
    begin = 0
    for place, problem in chunk.problems:
        yield from chunk.records[begin:place]
        yield problem
        begin = place
    yield from chunk.records[begin:]


def _encoded(path: str, format: str, about: Identifiers, is_skimmed: Event) -> Iterator[bytes]:
    for chunk in _chunks(path, format, about, is_skimmed):
        yield msgspec.msgpack.encode(chunk)


def _chunks(path: str, format: str, about: Identifiers, is_skimmed: Event) -> Iterator[Chunk]:
    place, chunk = importers.Place(), Chunk()
    try:
        for item in importers.read(path, format=format, about=about, place=place):
            if isinstance(item, Problem):
                chunk.problems.append((len(chunk.records), item))
                continue
            item.derived = derive(item, known=is_skimmed.is_set())
            chunk.records.append(item)
            if len(chunk.records) >= RECORDS_A_CHUNK:
                chunk.bytes = place.bytes
                yield chunk
                chunk = Chunk()
    except UnreadableFile as error:
        chunk.unreadable = str(error)
    except Exception:  # what was read before it is not lost
        yield chunk
        raise
    chunk.bytes = place.bytes
    yield chunk
