"""What a live source hands over: pages for the readers, and counts to check them by.

Owns these shapes, and how a page's own reader tells what paper it is about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from papers import importers
from papers.identifiers import canonical
from papers.records import Identifiers, PaperRecord, UnreadableFile


@dataclass(frozen=True, slots=True)
class Page:
    """A kept answer: ``importers.read(path, format=format, about=about)`` gives its records.

    ``about`` identifies the paper that was asked for, as far as the source told by then.
    """

    path: Path
    format: str
    about: Identifiers


@dataclass(slots=True)
class Count:
    """Papers received and stated; None for what the source does not give or has not given yet.

    ``reason`` says why fewer may come than are stated, where that is known.
    """

    received: int | None = None
    stated: int | None = None
    reason: str = ""

    def add(self, number: int) -> None:
        self.received = (self.received or 0) + number

    def difference(self) -> str:
        """What there is to say of received against stated, "" where they agree or one is not known."""
        if self.received is None or self.stated is None or self.received == self.stated:
            return ""
        return f"{self.received:,} received, {self.stated:,} stated" + (
            f" ({self.reason})" if self.reason else ""
        )


@dataclass(slots=True)
class Tally:
    """What one source gave for one paper."""

    citing: Count = field(default_factory=Count)
    references: Count = field(default_factory=Count)


def first_page(path: Path, format: str, asked: Identifiers) -> Page:
    """The page that describes the paper itself; its ``about`` joins what was asked with what it says.

    Raises UnreadableFile where the reader finds no paper in it.
    """
    for item in importers.read(path, format=format, about=asked):
        if isinstance(item, PaperRecord):
            return Page(path, format, canonical({**asked, **item.identifiers}))
    raise UnreadableFile(f"{path}: the answer describes no paper")
