"""Files as streams of bytes: opening, gzip, lines, folders.

Owns what every reader needs before it can look at a format: a binary stream that gunzips by
content, that keeps what a damaged archive still gives, and that stops at an archive bomb.
Formats are the business of the other modules here.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from isal import igzip_lib, isal_zlib

from papers.records import UnreadableFile

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MIB = 1024 * 1024
MAX_LINE_BYTES = 32 * MIB
# Text compresses 3 to 20 times; deflate can reach 1,032 times. Small archives are let through
# whatever their ratio: a few thousand alike lines are no attack.
MAX_EXPANSION = 200
EXPANSION_FLOOR_BYTES = 64 * MIB
CHUNK = 64 * 1024


class _Gunzip(io.RawIOBase):
    """Decompresses a gzip file member by member; ``damage`` says why it ended before its end.

    ``damage`` is set by the read that returns nothing, never earlier: a reader may take it
    as "the line that I hold is the last one, and it is cut".
    """

    def __init__(self, file: io.FileIO):
        self._file = file
        self._inflater = isal_zlib.decompressobj(wbits=31)
        self._pending = b""
        self.taken_in = 0
        self._given_out = 0
        self._stopped_by = ""
        self.damage = ""
        self.lines = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        data = b"" if self._stopped_by else self._next(len(buffer))
        if not data:
            self.damage = self._stopped_by
        self._given_out += len(data)
        self.lines += data.count(b"\n")
        if self._given_out > max(EXPANSION_FLOOR_BYTES, MAX_EXPANSION * self.taken_in):
            self._stopped_by = (
                f"the gzip data grows beyond {EXPANSION_FLOOR_BYTES // MIB} MiB and to more than "
                f"{MAX_EXPANSION} times its size, which is the limit"
            )
        buffer[: len(data)] = data
        return len(data)

    def _next(self, size: int) -> bytes:
        while True:
            if self._inflater.eof and not self._next_member():
                return b""
            at_end = not self._fill()
            try:
                data = self._inflater.decompress(self._pending, size)
            except igzip_lib.IsalError:  # type: ignore[misc]  # its stub declares an instance
                self._stopped_by = "the gzip data is damaged"
                return b""
            self._pending = self._inflater.unconsumed_tail
            if data:
                return data
            if at_end and not self._inflater.eof:
                self._stopped_by = "the gzip data ends early"
                return b""

    def _next_member(self) -> bool:
        # Padding with zeros, or anything else after the last member, is no part of the data.
        self._pending = self._inflater.unused_data
        while len(self._pending) < len(GZIP_MAGIC) and (more := self._file.read(CHUNK)):
            self.taken_in += len(more)
            self._pending += more
        if not self._pending.startswith(GZIP_MAGIC):
            return False
        self._inflater = isal_zlib.decompressobj(wbits=31)
        return True

    def _fill(self) -> bool:
        if not self._pending:
            self._pending = self._file.read(CHUNK) or b""
            self.taken_in += len(self._pending)
        return bool(self._pending)

    def close(self) -> None:
        self._file.close()
        super().close()


class Source(io.BufferedReader):
    """The bytes of a file, gunzipped where they are gzip.

    ``damage`` is empty, or once the end is reached the reason why the data stops before its
    end; ``lines_delivered`` counts the whole lines of a gzip file that came through.
    """

    @property
    def damage(self) -> str:
        return getattr(self.raw, "damage", "")

    @property
    def taken_in(self) -> int:
        """Bytes of the file as it lies on disk that have been read so far."""
        return self.raw.taken_in if isinstance(self.raw, _Gunzip) else self.raw.tell()

    @property
    def lines_delivered(self) -> int:
        return getattr(self.raw, "lines", 0)


@contextmanager
def open_source(path) -> Iterator[Source]:
    """A binary stream over the file at ``path``, gunzipped by its first bytes, not by its name.

    Raises UnreadableFile for a folder, an empty or a missing file, one that may not be
    opened, and for a read that the system refuses while the stream is in use.
    """
    try:
        with _open(Path(path)) as source:
            if not source.peek(1):
                reason = f"{source.damage} at its very start" if source.damage else "the file is empty"
                raise UnreadableFile(f"{path}: {reason}")
            yield source
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror or error}") from error


def _open(path: Path) -> Source:
    try:
        if not path.exists():
            raise UnreadableFile(f"{path}: there is no such file")
        if path.is_dir():
            raise UnreadableFile(f"{path}: this is a folder, not a file")
        if not path.is_file():
            raise UnreadableFile(f"{path}: this is not a regular file")
        file = path.open("rb", buffering=0)
    except PermissionError as error:
        raise UnreadableFile(f"{path}: permission to read it is denied") from error
    magic = file.read(len(GZIP_MAGIC))
    file.seek(0)
    return Source(_Gunzip(file) if magic == GZIP_MAGIC else file, buffer_size=2 * CHUNK)


def numbered_lines(stream) -> Iterator[tuple[int, bytes | None]]:
    """(line number from 1, the line without its end) of a binary stream; blank lines are left out.

    A line longer than MAX_LINE_BYTES comes as None and is never held as a whole. A byte order
    mark at the very start is removed.
    """
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = stream.readline(MIB)
            yield number, None
            continue
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        line = line.strip(b" \t\r\n")
        if line:
            yield number, line


def find_files(paths: Iterable) -> Iterator[Path]:
    """The files that ``paths`` name: a file as it is, a folder's files at any depth, sorted.

    Hidden files and folders are left out of folders; a path that does not exist comes
    through, so that opening it reports it. Links to folders are not followed.
    """
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        for folder, subfolders, names in os.walk(path):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))
