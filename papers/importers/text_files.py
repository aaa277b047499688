"""Text files in an encoding that nobody states, whole: what the old reference managers write.

Owns how bytes become text and how text becomes numbered lines. In this order: what a byte order
mark says; UTF-8; UTF-8 with some lines in another encoding; else the encoding under which
most of the letters make sense (``_guess``). A guess is a guess: ``read_text`` reports it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from papers.importers.source import MIB, Source
from papers.records import Problem, UnreadableFile

MAX_TEXT_BYTES = 64 * MIB
# Below this share of letters that make sense no other encoding is believed.
_BELIEVED = 0.5
# What is looked at of a file whose encoding is guessed.
_JUDGED_BYTES = 64 * 1024

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HIGH = re.compile(rb"[\x80-\xff]")
_WORD = re.compile(r"[^\W\d_]+")
_RUSSIAN = re.compile("[А-ЯЁІЇЄҐЎЈЉЊЋЂЏ]?[а-яёіїєґўјљњћђџ]+|[А-ЯЁІЇЄҐЎЈЉЊЋЂЏ]+")
# Encoding -> the national set and the first bytes in it under which the frequent characters stand.
_EAST_ASIAN = {
    "euc_kr": ("euc_kr", (0xB0, 0xC8)),
    "gb18030": ("gb2312", (0xB0, 0xD7)),
    "euc_jp": ("euc_jp", (0xB0, 0xCF)),
    "cp932": ("euc_jp", (0xB0, 0xCF)),
    "big5": ("big5", (0xA4, 0xC6)),
}
# The earlier wins a tie. Korean bytes are good Chinese, seldom the reverse; Chinese without what
# only Japanese has (kana) is good Japanese.
_GUESSES = ("cp1252", "cp1251", "koi8_r", *_EAST_ASIAN)
_NAMES = {
    "cp1252": "Western European (Windows-1252)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8_r": "Cyrillic (KOI8-R)",
    "euc_kr": "Korean (EUC-KR)",
    "euc_jp": "Japanese (EUC-JP)",
    "cp932": "Japanese (Shift JIS)",
    "gb18030": "Chinese (GBK)",
    "big5": "Chinese (Big5)",
}


def read_text(source: Source) -> tuple[str, list[Problem]]:
    """(the text of a whole file, a warning where its encoding is guessed or its bytes are broken).

    Raises UnreadableFile beyond MAX_TEXT_BYTES.
    """
    data = source.read(MAX_TEXT_BYTES + 1)
    if len(data) > MAX_TEXT_BYTES:
        raise UnreadableFile(f"the file is larger than {MAX_TEXT_BYTES // MIB} MiB: split it")
    text, reason = _decoded(data)
    return text, [Problem(reason)] if reason else []


def head_text(head: bytes) -> str:
    """The first bytes of a file as text whose ASCII is right, for recognising a format."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "replace")
    return head.decode("latin-1")


def numbered(text: str) -> Iterator[tuple[int, str]]:
    """(line number from 1, the line without its end). Ends are LF, CR LF or, without any LF, CR."""
    end = "\n" if "\n" in text else "\r"
    start = number = 0
    while start < len(text):
        number += 1
        stop = text.find(end, start)
        stop = len(text) if stop < 0 else stop
        yield number, text[start:stop].removesuffix("\r")
        start = stop + 1


def _decoded(data: bytes) -> tuple[str, str]:
    """(text, a reason to doubt it or "")."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, "replace")
            broken = "\ufffd" in text and "\ufffd".encode(encoding) not in data
            return text, f"some bytes are not valid {encoding}: they show as \ufffd" if broken else ""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        pass
    lines = data.split(b"\n")
    foreign = [line for line in lines if not _is_utf8(line)]
    mixed = len(foreign) <= sum(1 for line in lines if _HIGH.search(line)) - len(foreign)
    encoding = _guess(b"\n".join(foreign)[:_JUDGED_BYTES])
    if not mixed:
        return data.decode(encoding, "replace"), f"the file is not UTF-8: it is read as {_NAMES[encoding]}"
    text = "\n".join(line.decode("utf-8" if _is_utf8(line) else encoding, "replace") for line in lines)
    return text, f"{len(foreign)} lines are not UTF-8: they are read as {_NAMES[encoding]}"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guess(sample: bytes) -> str:
    """The encoding under which the largest share of the letters beyond ASCII makes sense.

    Judged by letters that stand in words of one script with the case of a word, and by
    characters that are frequent in their language.
    """
    found = {encoding: _sense(sample.decode(encoding, "replace"), encoding) for encoding in _GUESSES}
    best = max(found, key=found.__getitem__)
    return best if found[best] >= _BELIEVED else _GUESSES[0]


def _sense(text: str, encoding: str) -> float:
    words = _WORD.findall(text)
    letters = sum(1 for word in words for letter in word if not letter.isascii())
    if encoding in _EAST_ASIAN:
        good = sum(1 for word in words for letter in word if _is_frequent(letter, encoding))
    elif encoding == "cp1252":
        good = sum(_foreign(word) for word in words if _is_western(word))
    else:
        good = sum(_foreign(word) for word in words if _RUSSIAN.fullmatch(word))
    # Signs that no bibliography holds: frames, blocks, what could not be decoded.
    strange = sum(1 for character in text if character == "\ufffd" or "\u2500" <= character <= "\u25ff")
    return good / (letters + strange) if letters + strange else 0.0


def _foreign(word: str) -> int:
    return sum(1 for letter in word if not letter.isascii())


def _is_western(word: str) -> bool:
    """Mostly ASCII letters, in the case of a word; or one letter, as in "à"."""
    usual_case = word[1:].islower() or word.isupper() or len(word) == 1
    return usual_case and (len(word) == 1 or 2 * _foreign(word) <= len(word))


def _is_frequent(letter: str, encoding: str) -> bool:
    if "\u3041" <= letter <= "\u30ff":
        return encoding in ("euc_jp", "cp932")
    national, (low, high) = _EAST_ASIAN[encoding]
    try:
        code = letter.encode(national)
    except UnicodeEncodeError:
        return False
    return len(code) == 2 and low <= code[0] <= high
