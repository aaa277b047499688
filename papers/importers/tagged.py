"""An entry of tagged lines: what RIS, EndNote's tagged export and that of Web of Science have in common.

Owns the entry that is being collected, line by line. How a tag is written, and where an entry
begins and ends, is the business of each reader.
"""

from __future__ import annotations


class TaggedEntry:
    """Tags with their values, in the order of the file; ``line`` is where the entry began."""

    __slots__ = ("line", "_values", "_open")

    def __init__(self, line: int):
        self.line = line
        self._values: dict[str, list[list[str]]] = {}
        self._open: list[str] = []

    def __contains__(self, tag: str) -> bool:
        return tag in self._values

    def add(self, tag: str, value: str) -> None:
        """A line with a tag."""
        self._open = [value]
        self._values.setdefault(tag, []).append(self._open)

    def extend(self, line: str) -> None:
        """A line that goes on with the value of the last tag."""
        self._open.append(line)

    def all(self, *tags: str) -> list[str]:
        """The values of these tags that say something, their lines kept apart, first tag first."""
        found = ("\n".join(lines).strip() for tag in tags for lines in self._values.get(tag, ()))
        return [value for value in found if value]

    def first(self, *tags: str) -> str:
        """The first of them, "" without any."""
        return next(iter(self.all(*tags)), "")
