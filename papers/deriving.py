"""What follows from one record alone, before any library is asked.

Its key, its digest, what its abstract says. Pure, so that the process which reads ahead
(``papers/ahead.py``) can work it out beside the one that writes.
"""

from __future__ import annotations

import dataclasses
from hashlib import blake2b

import msgspec

from papers import identifiers, text
from papers.records import Derived, PaperRecord


def derive(record: PaperRecord, *, abstract: bool) -> Derived:
    """The Derived of a record; what its abstract says is left out unless ``abstract``: it costs the most."""
    derived = Derived(record_key(record), record_digest(record))
    if abstract and record.abstract:
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
