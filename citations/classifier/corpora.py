"""Labelled citing sentences from files: what a model is trained on and measured with.

Owns the reading of five published layouts and of the hub's own records into ``Example``s, and the
groups by which they may be split. A layout is known by its content; a line that cannot be used is
reported with its number. Labels go through the crosswalk (``citations/labels.py``).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from citations import labels
from citations.classifier.sentences import MASKS, NUMBER, Sentence, mask
from citations.labels import Dimension, Role
from papers import importers
from papers.importers.source import numbered_lines, open_source
from papers.records import ContextRecord, PaperRecord, Problem, UnreadableFile

HEAD_LINES = 20


@dataclass(frozen=True, slots=True)
class Example:
    """A citing sentence with its label in our words; ``role`` or ``polarity`` may be empty.

    ``group`` is what must stay together in a split: the citing paper where the file names it,
    else what the corpus is grouped by, else the sentence itself. ``scheme`` is the label's own.
    """

    sentence: Sentence
    role: str
    polarity: str
    group: str
    scheme: str


def fingerprint(sentence: Sentence) -> str:
    """The words of a sentence without citations, numbers and punctuation, as 16 hexadecimal digits.

    The same sentence in two data sets, with its citations printed or replaced, has one.
    """
    return _digest("".join(word for word in mask(sentence).tokens if word not in MASKS and word != NUMBER))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def read_examples(
    path, *, scheme: str = "", groups: Mapping[str, str] | None = None
) -> Iterator[Example | Problem]:
    """The Examples and Problems of one file, in its order, gunzipped where it is gzip.

    ``scheme`` takes only the labels of this scheme, where a file has several (SOFT files carry
    ``soft-function``, taken by default, and ``acl-arc``). ``groups`` maps fingerprints to groups,
    for files that name no citing paper. Raises UnreadableFile for what is no such file.
    """
    layout = _layout(path)
    if layout is None:
        items = _native(path, scheme)
    else:
        items = _lines(path, _LAYOUTS[layout], scheme)
    for item in items:
        if isinstance(item, Example) and not item.group:
            key = fingerprint(item.sentence)
            item = replace(item, group=(groups or {}).get(key, f"sentence:{key}"))
        yield item


def groups_of(paths: Iterable) -> dict[str, str]:
    """Fingerprint -> group of every sentence of ``paths``: for files that name no citing paper."""
    found = {}
    for path in paths:
        for item in read_examples(path):
            if isinstance(item, Example):
                found[fingerprint(item.sentence)] = item.group
    return found


def _layout(path) -> str | None:
    """The name of the file's layout, None for native records. Raises UnreadableFile for neither."""
    with open_source(path) as source:
        for count, (_number, line) in enumerate(numbered_lines(source)):
            if count >= HEAD_LINES:
                break
            value = _decoded(line)
            if not isinstance(value, dict):
                continue
            for name, row in _LAYOUTS.items():
                if row.keys <= value.keys():
                    return name
    if importers.identify(path) == "native":
        return None
    raise UnreadableFile(f"{path}: no labelled sentences are known here in this format")


def _decoded(line: bytes | None) -> object:
    try:
        return json.loads(line) if line is not None else None
    except (ValueError, RecursionError):
        return None


def _lines(path, layout: _Layout, scheme: str) -> Iterator[Example | Problem]:
    with open_source(path) as source:
        for number, line in numbered_lines(source):
            value = _decoded(line)
            if not isinstance(value, dict):
                yield Problem("the line is not a JSON object", number, skipped=True)
                continue
            try:
                yield layout.read(value, labels.known_scheme(scheme))
            except _Unusable as reason:
                yield Problem(str(reason), number, skipped=True)
        if source.damage:
            yield Problem(f"{source.damage}: what follows is lost", skipped=True)


class _Unusable(Exception):
    """Why a line cannot be used."""


def _text(value: dict, key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or not text.strip():
        raise _Unusable(f"{key} is missing or no text")
    return text


def _optional(value: dict, key: str) -> str:
    text = value.get(key)
    return text if isinstance(text, str) else ""


def _integer(number: object) -> int | None:
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        return None
    return int(number) if number >= 0 else None


def _words(scheme: str, value: str) -> tuple[str, str]:
    """(role, polarity) that the crosswalk gives."""
    ours = labels.translate(scheme, value)
    if ours is None:
        raise _Unusable(f"the label {value[:60]!r} is not known in the scheme {scheme}")
    words = dict(ours)
    role = str(words.get(Dimension.ROLE, ""))
    return ("" if role == Role.UNCLEAR else role), str(words.get(Dimension.POLARITY, ""))


def _scicite(value: dict, _scheme: str) -> Example:
    # Its second label is inverted in two of its splits and is never read.
    text = _text(value, "string")
    start, end = _integer(value.get("citeStart")), _integer(value.get("citeEnd"))
    if start is None or end is None or not start < end <= len(text):
        start = end = None
    role, polarity = _words("scicite", _text(value, "label"))
    sentence = Sentence(text, start, end, _optional(value, "sectionName"))
    paper = _optional(value, "citingPaperId")
    return Example(sentence, role, polarity, f"scicite:{paper}" if paper else "", "scicite")


def _acl_arc(value: dict, _scheme: str) -> Example:
    role, polarity = _words("acl-arc", _text(value, "label"))
    return Example(Sentence(_text(value, "text")), role, polarity, "", "acl-arc")


def _soft(value: dict, scheme: str) -> Example:
    scheme = scheme or "soft-function"
    keys = {"soft-function": "citation_function", "acl-arc": "aclarc_label"}
    if scheme not in keys:
        raise _Unusable(f"a SOFT file has no labels of the scheme {scheme}")
    role, polarity = _words(scheme, _text(value, keys[scheme]))
    sentence = Sentence(_text(value, "citation_context"), section=_optional(value, "section_title"))
    paper = _optional(value, "citing_ACL_id")
    return Example(sentence, role, polarity, f"acl:{paper}" if paper else "", scheme)


def _sentiment(value: dict, _scheme: str) -> Example:
    text, marker = _text(value, "text"), _optional(value, "marker")
    role, polarity = _words("athar-sentiment", _text(value, "polarity"))
    start = text.find(marker) if marker else -1
    span = (start, start + len(marker)) if start >= 0 else (None, None)
    group = _optional(value, "cited") or _optional(value, "article")
    return Example(
        Sentence(text, *span), role, polarity, f"paper:{group}" if group else "", "athar-sentiment"
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    """A layout: the keys that show it, and what reads a line of it."""

    keys: frozenset[str]
    read: Callable[[dict, str], Example]


_LAYOUTS = {
    "scicite": _Layout(frozenset({"string", "label", "citingPaperId"}), _scicite),
    "soft": _Layout(frozenset({"citation_context", "citation_function"}), _soft),
    "sentiment": _Layout(frozenset({"text", "polarity"}), _sentiment),
    "acl-arc": _Layout(frozenset({"text", "label"}), _acl_arc),
}


def _native(path: Path, scheme: str) -> Iterator[Example | Problem]:
    wanted = labels.known_scheme(scheme) if scheme else ""
    for item in importers.read(path, format="native"):
        if isinstance(item, Problem):
            yield item
            continue
        group = _paper_name(item)
        for reference in item.references:
            for context in reference.contexts:
                if example := _of_context(context, wanted, group):
                    yield example


def _paper_name(record: PaperRecord) -> str:
    if record.identifiers:
        kind, value = min(record.identifiers.items())
        return f"{kind}:{value}"
    return f"title:{record.title}"


def _of_context(context: ContextRecord, wanted: str, group: str) -> Example | None:
    """The context's human label of the finest scheme; None where it has none."""
    found = []
    for label in context.labels:
        scheme = labels.known_scheme(label.scheme)
        ours = labels.translate(scheme, label.value)
        is_human = labels.source_of(scheme, label.source) in labels.HUMAN_SOURCES
        if ours and is_human and (not wanted or scheme == wanted):
            found.append((labels.scheme_rank(scheme), scheme, dict(ours)))
    role = polarity = best = ""
    for _rank, scheme, words in sorted(found, key=lambda row: row[0]):
        best = best or scheme
        role = role or str(words.get(Dimension.ROLE, ""))
        polarity = polarity or str(words.get(Dimension.POLARITY, ""))
    role = "" if role == Role.UNCLEAR else role
    if not role and not polarity:
        return None
    sentence = Sentence(
        context.text,
        context.start,
        context.end,
        context.section,
        context.group_size,
        context.before,
        context.after,
    )
    return Example(sentence, role, polarity, group, best)
