"""What follows from one record alone, before any library is asked.

Its key, its digest, its payload, author list and search words, what its abstract says. Pure, so that
the process which reads ahead (``papers/ahead.py``) can work it out beside the one that writes.
"""

from __future__ import annotations

import dataclasses
from functools import wraps
from hashlib import blake2b

import msgspec

from papers import identifiers, text
from papers.records import AuthorLine, AuthorRecord, Derived, PaperRecord, ReferenceRecord
from papers.words import index_words

MOST_NAMES = 200  # of an author list, that a paper is found by


def derive(record: PaperRecord, *, known: bool) -> Derived:
    """The Derived of a record; its key and digest alone where it is likely ``known`` to the library."""
    derived = Derived(record_key(record), record_digest(record))
    if not known:
        derived.payload, derived.authors = payload(record), authors(record)
        derived.names, derived.words = names(record), words(record)
        if record.abstract:
            derived.contribution = text.contribution_sentence(record.abstract)
            derived.results = text.result_sentences(record.abstract)
    return derived


def record_digest(record: PaperRecord) -> str:
    """32 hex characters over everything the record says; where it stood in the file is left out."""
    plain = dataclasses.replace(record, line=None, derived=None)
    return blake2b(msgspec.json.encode(plain), digest_size=16).hexdigest()


def record_key(record: PaperRecord) -> str:
    """The record's own identity within its source: its strongest identifier, else title and year."""
    for scheme in identifiers.SCHEMES:
        if scheme in record.identifiers:
            return f"{scheme}:{record.identifiers[scheme]}"
    return f"title:{text.fold(record.title)[:200]}:{record.year or ''}"


# -- taken from the record's Derived where that holds it, of which they have the names -----------------


def _once(work_out):
    """``work_out``, unless the process that read ahead has done so."""

    @wraps(work_out)
    def told(record):
        derived = getattr(record, "derived", None)
        value = derived and getattr(derived, work_out.__name__)
        return work_out(record) if value is None else value

    return told


@_once
def payload(record: PaperRecord) -> str:
    """The record's metadata as JSON, without its references and without empty fields."""
    plain = msgspec.to_builtins(dataclasses.replace(record, references=[], line=None, derived=None))
    said = {name: value for name, value in plain.items() if value not in ("", None, [], {}, False)}
    return msgspec.json.encode(said).decode()


@_once
def names(record: PaperRecord | ReferenceRecord) -> str:
    """The names of its authors as searches compare them."""
    return " ".join(text.fold_name(author.name) for author in record.authors[:MOST_NAMES])


@_once
def words(record: PaperRecord) -> str:
    """What searches find a paper by that is just as this record tells it."""
    return index_words(search_text(record.title, names(record)), record.abstract)


@_once
def authors(record: PaperRecord | ReferenceRecord) -> list[AuthorLine]:
    """The author list as it is stored."""
    abbreviated = isinstance(record, ReferenceRecord)
    return [_author_line(author, abbreviated) for author in record.authors]


def search_text(title: str, folded_names: str) -> str:
    """What searches for a title or for people look through: a paper's, or a record's."""
    return f"{text.fold(title)}\n{folded_names}"


def _author_line(author: AuthorRecord, abbreviated: bool) -> AuthorLine:
    family, initial = text.family_and_initial(author.name)
    if author.family:
        family = text.fold(author.family) or family
    if author.given:
        initial = text.fold(author.given)[:1] or initial
    return author.name[:300], family[:200], initial[:10], *_person(author, abbreviated)


def _person(author: AuthorRecord, abbreviated: bool) -> tuple[str, str]:
    """(key of the Author this name is linked to, reason as ``Authorship.LinkReason``), or ("", "").

    A name alone links only where the given name is spelled out, and never from a
    reference list, where names are abbreviated.
    """
    if author.identifiers.get("orcid"):
        return f"orcid:{author.identifiers['orcid']}", "orcid"
    for scheme, value in sorted(author.identifiers.items()):
        return f"{scheme}:{value}"[:320], "identifier"
    folded = text.fold_name(author.name)
    if not abbreviated and sum(len(part) > 1 for part in folded.split()) >= 2:
        return f"name:{folded}"[:320], "name"
    return "", ""
