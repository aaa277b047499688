"""CiTO labels that authors print themselves: "[cito:usesMethodIn]" in a reference or behind a mark.

Owns the finding of these words, whatever the format: a journal prints them at the end of a
reference, a manuscript behind the mark in the sentence. What they mean is the crosswalk's.
"""

from __future__ import annotations

import re

from papers.records import ContextRecord, LabelRecord, PaperRecord

SCHEME = "cito"
# "[cito:extends]", "[cito:usesMethodIn, cito:usesDataFrom]", "[cito:extends] [cito:usesDataFrom]"
_LABEL = r"cito:\s?([A-Za-z]{3,40})"
_BRACKET = rf"[\[(]\s?{_LABEL}(?:\s?[,;]?\s?{_LABEL}){{0,9}}\s?[\])]"
_ONE = re.compile(_LABEL, re.IGNORECASE)
_BRACKETS = re.compile(rf"\s?{_BRACKET}", re.IGNORECASE)
_BEHIND = re.compile(rf"(?:[\s,;]{{0,2}}{_BRACKET}){{1,9}}", re.IGNORECASE)


def read_printed_labels(record: PaperRecord) -> None:
    """Add the labels that a record's references and sentences print; titles lose them, sentences keep them.

    Those of a reference belong to the pair; those directly behind a mark, or in it, to that sentence.
    """
    for reference in record.references:
        printed = f"{reference.title} {reference.raw}" if reference.title or reference.raw else ""
        if printed and "cito:" in printed.lower():
            _add(reference.labels, " ".join(found[0] for found in _BRACKETS.finditer(printed)))
            reference.title = _BRACKETS.sub("", reference.title).strip()
        for context in reference.contexts:
            if context.end is not None and "cito:" in context.text.lower():
                _add(context.labels, _at_the_mark(context))


def _at_the_mark(context: ContextRecord) -> str:
    behind = _BEHIND.match(context.text, context.end or 0)
    return context.text[context.start : behind.end() if behind else context.end]


def _add(labels: list[LabelRecord], printed: str) -> None:
    held = {(label.scheme, label.value) for label in labels}
    for name in dict.fromkeys(_ONE.findall(printed)):
        if (SCHEME, name) not in held:
            labels.append(LabelRecord(scheme=SCHEME, value=name))
