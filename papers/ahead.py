"""Reading ahead: a second process reads a file and derives what follows from each record.

The process that writes then spends its time on matching and rows, and both cores work.
Owns that process and the bytes between the two; knows no format (``papers/importers/``) and
no database. A stopped or failed writer ends it; it writes nothing itself.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing, suppress
from multiprocessing.synchronize import Event

import msgspec

from papers import importers
from papers.deriving import derive
from papers.importers.source import MIB
from papers.records import Identifiers, PaperRecord, Problem, UnreadableFile

WORTH_BYTES = 2 * MIB  # of a file as it lies on disk: to start the process takes as long as to read these
RECORDS_A_CHUNK = 200
CHUNKS_AHEAD = 8  # of these wait in the process that reads


class Chunk(msgspec.Struct):
    """Some items of a file in order, and how far it is read.

    ``problems`` stand before the record of the given number in ``records``. ``unreadable`` and
    ``failed`` end the file: the words of an UnreadableFile, the traceback of anything else.
    """

    records: list[PaperRecord] = []
    problems: list[tuple[int, Problem]] = []
    bytes: int = 0
    unreadable: str = ""
    failed: str = ""
    is_last: bool = False


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
        if (os.cpu_count() or 1) < 2 or os.path.getsize(self._path) < WORTH_BYTES:
            yield from importers.read(self._path, format=self._format, about=self._about, place=self._place)
            return
        # A fresh interpreter: a fork would share the database's connection and the threads' locks.
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        self._is_skimmed = context.Event()
        arguments = (sender, os.fspath(self._path), self._format, self._about or {}, self._is_skimmed)
        process = context.Process(target=_read, args=arguments, daemon=True)
        process.start()
        sender.close()  # so that the end of the process is the end of what is received
        try:
            with closing(receiver):
                yield from self._received(receiver)
        finally:
            process.terminate()
            process.join()

    def _received(self, receiver) -> Iterator[PaperRecord | Problem]:
        decoder = msgspec.msgpack.Decoder(Chunk)
        while True:
            try:
                chunk = decoder.decode(receiver.recv_bytes())
            except (EOFError, OSError):  # between two chunks, within one
                raise RuntimeError(f"{self._path}: the process that read it ended early") from None
            yield from _in_order(chunk)
            self._place.bytes = chunk.bytes
            if chunk.unreadable:
                raise UnreadableFile(chunk.unreadable)
            if chunk.failed:
                raise RuntimeError(f"reading {self._path} failed:\n{chunk.failed}")
            if chunk.is_last:
                return


def _in_order(chunk: Chunk) -> Iterator[PaperRecord | Problem]:
    begin = 0
    for place, problem in chunk.problems:
        yield from chunk.records[begin:place]
        yield problem
        begin = place
    yield from chunk.records[begin:]


def _read(sender, path: str, format: str, about: Identifiers, is_skimmed) -> None:
    """What the second process does: read, derive, send."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that writes
    waiting: queue.Queue[bytes | None] = queue.Queue(CHUNKS_AHEAD)
    thread = threading.Thread(target=_send, args=(sender, waiting))
    thread.start()
    for chunk in _chunks(path, format, about, is_skimmed):
        waiting.put(msgspec.msgpack.encode(chunk))
    waiting.put(None)
    thread.join()


def _send(sender, waiting: queue.Queue) -> None:
    with suppress(BrokenPipeError):
        while (data := waiting.get()) is not None:
            sender.send_bytes(data)
        return
    os._exit(0)  # nobody listens any more


def _chunks(path: str, format: str, about: Identifiers, is_skimmed) -> Iterator[Chunk]:
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
    except Exception:
        chunk.failed = traceback.format_exc()
    chunk.bytes, chunk.is_last = place.bytes, True
    yield chunk
