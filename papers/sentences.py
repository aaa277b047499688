"""Where the sentences of a scholarly text begin and end.

Owns the splitting: syntok proposes, and a guard for what papers are full of (references,
figures, initials, citations after the full stop) joins or parts what it gets wrong. Knows no
markup: the text is plain (``papers/text.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from syntok import segmenter

_OPEN = r"(?:^|[\s(\[{/\"'“‘=–—-])"
# A sentence does not end after one of these …
_NEVER_LAST = re.compile(
    _OPEN + r"(?:refs?|secs?|sects?|figs?|eqs?|eqns?|chap|chs|approx|ca|cf|c\.f|e\.g|eg|i\.e|vs|viz|al|nos"
    r"|vols?|pp|dr|prof|mr|mrs|ms|resp|suppl|supp|incl|subsp|bzw|vgl|z\.\s?b|d\.\s?h|abb|bspw|nr|s\.\s?a)\.$",
    re.IGNORECASE,
)
_NUMBERED_FIGURE = re.compile(r"\bS\d{1,2} Figs?\.$")
# … not after one of these before a number …
_COUNTED = re.compile(
    _OPEN + r"(?:no|p|ch|art|ex|app|col|pt|l|n|tab|st|thm|lem|prop|def|cor)\.$", re.IGNORECASE
)
# … and after one of these only before a word that opens a sentence.
_SELDOM_LAST = re.compile(
    _OPEN + r"(?:etc|spp?|var|str|st|univ|dept|inc|ltd|corp|co|eds?|ver)\.$"
    r"|(?:^|[\s(\[.])[^\W\d_a-z]\.$"
)
# Words that open a sentence and are hardly ever family names.
_STARTER = re.compile(
    r"(?:The|This|These|Those|That|There|Then|Therefore|Thus|They|Their|It|Its|We|Our|In|On|At|As|An|A|For|From|By"
    r"|With|To|Of|If|When|While|Where|Whereas|Although|Though|Because|Since|However|Moreover|Furthermore"
    r"|Additionally|Finally|First|Second|Third|Here|Hence|Both|Each|All|Some|Many|Most|Several|Such|Other|Another"
    r"|After|Before|During|Between|Among|Despite|Given|Using|Based|But|And|Or|So|Also|Note|Next|Again|Similarly"
    r"|Consequently|Indeed|Instead|Nevertheless|Nonetheless|Overall|Recently|Interestingly|Importantly|Notably"
    r"|Specifically|Subsequently|What|Which|Who|How|Why|No|Not|One|Two|Three|Only|Even|Under|Within|Without)\b(?!\.)"
)
_NUMBER_ALONE = re.compile(r"\(?(?:\d{1,3}|[ivx]{1,5}|[A-Za-z])(?:\.\d{1,3})*[.)]+\Z")
# Possessive: a blank on either side of the separator would double the ways to fail with each bracket.
_CITATION = r"\[\s?\d[\d\s,;–—-]{0,200}\](?:\s?[,–—-]?\s?\[\s?\d[\d\s,;–—-]{0,200}\]){0,20}+"
_LEADING_CITATION = re.compile(rf"(?:{_CITATION}|\(\d[\d\s,;–—-]{{0,200}}\))\.?(?:\s+(?=[^\W\d_a-z])|\s*\Z)")
# A full stop, what may hang on it (quotes, brackets, a citation), blanks, and a capital.
_STOP = re.compile(
    rf"[.!?][\"'”’)\]]*(?P<hung>{_CITATION}|\d{{1,3}}(?:[,–-]\s?\d{{1,3}}){{0,9}})?\s+(?=[\"'“‘(\[]?[^\W\d_a-z])"
)
_WORD_OR_BRACKET = re.compile(r"(?:[^\W\d_]{2}|[\])%”\"])$")
# A sentence has ended: syntok also parts long brackets and semicolons, where none has.
_STOPPED = re.compile(rf"[.!?…。！？｡．][\"'”’»)\]}}\s]*(?:{_CITATION}|(?<!\d\.)\d[\d\s,–-]{{0,30}})?$")
_QUANTITY = re.compile(
    r"\d\s?(?:[hsgmlLVKMNAJWCF]|min|sec|hr|hrs|[mcnkµμ]m|[mcµμ]?[lL]|[mkµμn]?g|[mµμn]M|k?Hz|kDa|bp|kb|Mb|°C|dB|yr)$"
)
_LONG_NUMBER = re.compile(r"(?:\d{3}|\d\.\d+)$")
_LOWER_WORD = re.compile(r"[a-z]{2,}[\s,.;:)]")
_NOT_OPENING = re.compile(r"[)\]},;:.!?%”’]")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_BRACKET = re.compile(r"[()\[\]{}]")
# A bracket that is not closed within so many characters was never meant to be.
_BRACKET_REACH = 500
_TAIL = 40
# A full stop between a lower-case word or a bracket and a capitalised word, or before a word that opens a
# sentence: no one doubts it, or the guard below does whatever syntok says.
_PLAIN_STOP = re.compile(
    r"(?:(?<=[ (-][a-z]{3})|(?<=[ (-][a-z]{4})|(?<=[a-z]{5})|(?<=[a-z]{4}\))|(?<=\d\]))\. (?=[A-Z][a-z])"
    rf"|(?<=[a-z0-9%)\]])\. (?={_STARTER.pattern})"
)
# What else may end a sentence: no decimal point, nothing before a comma or a lower-case word.
_OTHER_STOP = re.compile(r"[.!?…。！？｡．\n\r](?!\d)(?!\s*\Z)(?![,;:a-z])(?!\s*[a-z]{2,}[\s,.;:)])")
_PARAGRAPH = re.compile(r"\n\s*\n")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """The (start, end) of each sentence of ``text`` in code points, in order, end exclusive.

    No span begins or ends with a blank, none overlap, and only blanks lie outside of them. A
    blank line always ends a sentence; a citation behind the full stop belongs to the sentence
    before it. Never raises.
    """
    spans = []
    begin = 0
    for gap in [*_PARAGRAPH.finditer(text), None]:
        end = gap.start() if gap else len(text)
        paragraph = text[begin:end]
        starts = [0, *_boundaries(paragraph), len(paragraph)]
        for start, stop in zip(starts, starts[1:], strict=False):
            if sentence := paragraph[start:stop].strip():
                start += paragraph[start:stop].index(sentence[0])
                spans.append((begin + start, begin + start + len(sentence)))
        begin = gap.end() if gap else end
    return spans


def _boundaries(text: str) -> Iterator[int]:
    """Where the second and later sentences of a paragraph begin."""
    inside = _bracketed(text)
    last = 0
    for boundary in sorted(_proposed(text) | set(_missed(text))):
        tail = text[max(last, boundary - _TAIL) : boundary].rstrip()
        if hung := _LEADING_CITATION.match(text, boundary):
            if _abbreviates(tail, text[boundary : boundary + _TAIL]):
                continue
            boundary = hung.end()
        if boundary <= last or inside[boundary]:
            continue
        if not _one_sentence(text[last:boundary].strip(), tail, text[boundary : boundary + _TAIL]):
            yield boundary
            last = boundary


def _proposed(text: str) -> set[int]:
    """Where sentences begin: after each plain stop, and where syntok says in a stretch that has other stops.

    syntok takes some forty times as long as the search for plain stops.
    """
    starts = [0, *(stop.end() for stop in _PLAIN_STOP.finditer(text)), len(text)]
    found = set(starts[1:-1])
    for start, end in zip(starts, starts[1:], strict=False):
        if _OTHER_STOP.search(text, start, end):
            found.update(start + offset for offset in _asked(text[start:end]))
    return found


def _asked(text: str) -> Iterator[int]:
    for paragraph in segmenter.analyze(text):
        for sentence in paragraph:
            if sentence[0].offset:
                yield sentence[0].offset


def _missed(text: str) -> Iterator[int]:
    """Ends that syntok passes over: a citation glued to the full stop, a number before it."""
    for stop in _STOP.finditer(text):
        tail = text[max(0, stop.start() - _TAIL) : stop.start()]
        if (
            (stop["hung"] and _WORD_OR_BRACKET.search(tail))
            or _LONG_NUMBER.search(tail)
            or _QUANTITY.search(tail)
            or tail.endswith((")", "]"))
            or (_STARTER.match(text, stop.end()) and tail[-2:].strip())
        ):
            yield stop.end()


def _bracketed(text: str) -> bytearray:
    """For each position whether it lies inside a pair of brackets."""
    inside = bytearray(len(text) + 1)
    open_at: dict[str, list[int]] = {"(": [], "[": [], "{": []}
    for found in _BRACKET.finditer(text):
        if found[0] in open_at:
            open_at[found[0]].append(found.start())
        elif waiting := open_at[_PAIRS[found[0]]]:
            start, end = waiting.pop(), found.start()
            if end - start <= _BRACKET_REACH:
                inside[start + 1 : end + 1] = b"\x01" * (end - start)
    return inside


def _abbreviates(tail: str, rest: str) -> bool:
    """Whether the full stop at the end of ``tail`` belongs to an abbreviation, given what follows."""
    if _NEVER_LAST.search(tail):
        # "are shown in S3 Fig. The next"
        return not (_NUMBERED_FIGURE.search(tail) and _STARTER.match(rest))
    if _COUNTED.search(tail) and re.match(r"[\[(]?\s?\d", rest):
        return True
    return bool(_SELDOM_LAST.search(tail)) and not _STARTER.match(rest)


def _one_sentence(so_far: str, tail: str, rest: str) -> bool:
    """Whether what syntok would part belongs together."""
    return (
        not _STOPPED.search(tail)
        or bool(_NUMBER_ALONE.fullmatch(so_far))
        or bool(_NOT_OPENING.match(rest))
        or bool(_LOWER_WORD.match(rest))
        or _abbreviates(tail, rest)
    )
