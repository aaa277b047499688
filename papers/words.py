"""The words that a search finds a text by, and what a reader's words ask for. Pure: no table, no setting.

The same folding makes both, so that every engine compares letters that are equal already:
no tokeniser, stemmer or collation of a database has a say. A word is what ``text.fold`` leaves
between two blanks. Scripts that are written without blanks have no such words: a stretch of them
goes by its pairs of neighbouring characters (and its last one), as search engines commonly do.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from papers.text import fold_afresh

MOST_WORDS = 12  # of a reader's, the others do not count
LONGEST = 60  # characters of a word that are compared, and of a stretch without blanks that is asked for
# Letters that a reader's word needs to stand for all words that begin with it: Latin ones, and others,
# of which one may be a syllable.
BEGINNING, BEGINNING_ELSEWHERE = 3, 2

# They stand in most English texts and tell none from another; a dozen of them in a pasted title
# would cost as much as all other words of a search together.
PASSED_OVER = frozenset(
    "a an and are as at be by for from in is it of on or that the this to was we were with".split()
)

# Thai, Lao, Burmese, Khmer, kana, Chinese characters.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U000323af"
)
_STRETCH = re.compile(f"([{_UNSPACED}]+)|[^{_UNSPACED}]+")


class Term(NamedTuple):
    """One entry of an index that is asked for: ``text`` itself, or all that ``begins`` with it."""

    text: str
    begins: bool


def index_words(*texts: str) -> str:
    """The distinct words of ``texts`` in their order, joined by blanks: the document that is indexed."""
    found: dict[str, None] = {}
    for text in texts:
        for word in dict.fromkeys(fold_afresh(text).split()):
            if not word.isascii():
                found.update(dict.fromkeys(_entries(word)))
            elif word not in PASSED_OVER:
                found[word[:LONGEST]] = None
    return " ".join(found)


def _entries(word: str) -> list[str]:
    entries = []
    for stretch in _STRETCH.finditer(word):
        if unspaced := stretch[1]:
            entries += [unspaced[place : place + 2] for place in range(len(unspaced))]
        else:
            entries.append(stretch[0][:LONGEST])
    return entries


def asked_words(typed: str, most: int = MOST_WORDS) -> list[list[Term]]:
    """What a reader's words ask for: of each word the terms that one document must hold, all of them.

    At most ``most`` words; empty where none is left. Whatever is typed is data: only letters, digits
    and marks come through.
    """
    asked: dict[tuple[Term, ...], None] = {}
    for word in fold_afresh(typed).split():
        if word not in PASSED_OVER:
            for stretch in _STRETCH.finditer(word):
                asked[tuple(_terms(stretch[0][:LONGEST], bool(stretch[1])))] = None
    return [list(terms) for terms in list(asked)[:most]]


def _terms(stretch: str, unspaced: bool) -> list[Term]:
    if not unspaced:
        return [Term(stretch, len(stretch) >= (BEGINNING if stretch.isascii() else BEGINNING_ELSEWHERE))]
    if len(stretch) == 1:
        return [Term(stretch, True)]
    return [Term(stretch[place : place + 2], False) for place in range(len(stretch) - 1)]


def holds(document: str, terms: list[Term]) -> bool:
    """Whether ``document``, as ``index_words`` gives it, holds every one of ``terms``."""
    padded = f" {document} "
    return all((f" {term.text}" if term.begins else f" {term.text} ") in padded for term in terms)
