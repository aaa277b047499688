"""What a reader promises of everything that it yields: it can be stored as it is.

Owns the check of one item against ``papers/records.py``, the normal forms of identifiers, the
limits of ``papers/text.py`` and the lengths of the columns that take the values in.
"""

import dataclasses
import re

from papers import identifiers, text
from papers.importers.fields import MAX_FIELD, MAX_KIND, MAX_LICENSE
from papers.records import (
    AuthorRecord,
    ContextRecord,
    LabelRecord,
    PaperRecord,
    Problem,
    ReferenceRecord,
    VersionRecord,
)

YEARS = range(1000, 2201)
DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
NOTICES = ("retraction", "correction", "concern")
VERSIONS = ("preprint", "published", "corrected")
LABEL_SOURCES = ("", "dataset", "provider", "classifier")
# Name of a field -> the most characters in it.
LONGEST = {
    "title": text.MAX_TITLE,
    "name": text.MAX_NAME,
    "family": text.MAX_NAME,
    "given": text.MAX_NAME,
    "venue": text.MAX_NAME,
    "abstract": text.MAX_ABSTRACT,
    "summary": text.MAX_PASSAGE,
    "raw": text.MAX_RAW,
    "text": text.MAX_PASSAGE,
    "quote": text.MAX_PASSAGE,
    "before": text.MAX_PASSAGE,
    "after": text.MAX_PASSAGE,
    "section": text.MAX_SECTION,
    "kind": MAX_KIND,
    "license": MAX_LICENSE,
    "language": 20,
    "date": 10,
    "scheme": 60,
    "value": 200,
    "source": 10,
}


def assert_storable(item):
    """Fails where a record or a problem breaks a promise; the message names the value."""
    if isinstance(item, Problem):
        assert item.reason and "\n" not in item.reason and len(item.reason) < 1000, item
        assert_clean(item.reason)
        assert item.line is None or item.line > 0, item
        return
    assert isinstance(item, PaperRecord), item
    assert item.title or item.identifiers
    for reference in item.references:
        assert reference.raw or reference.title or reference.identifiers
        assert not reference.identifiers.items() & item.identifiers.items(), "the paper cites itself"
    for record in parts(item):
        assert_part(record)


def parts(value):
    """The record and all records within it."""
    if dataclasses.is_dataclass(value):
        yield value
        for field in dataclasses.fields(value):
            yield from parts(getattr(value, field.name))
    elif isinstance(value, list):
        for one in value:
            yield from parts(one)


def assert_clean(value):
    assert not text.has_forbidden(value), repr(value)
    assert "\x00" not in value, repr(value)
    value.encode()  # half a surrogate pair raises


def assert_part(record):
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if isinstance(value, str):
            assert_clean(value)
            assert len(value) <= LONGEST[field.name], (type(record), field.name, len(value))
        elif field.name == "identifiers":
            for scheme, one in value.items():
                assert_clean(one)
                assert len(one) <= identifiers.MAX_DOI
                assert_normal(record, scheme, one)
        elif field.name == "fields":
            for one in value:
                assert_clean(one)
                assert 0 < len(one) <= MAX_FIELD
        elif field.name == "year":
            assert value is None or (type(value) is int and value in YEARS), value
    match record:
        case PaperRecord():
            # A printed year and the date of the web page may differ, as sources have it.
            assert not record.date or (DATE.fullmatch(record.date) and record.year)
            assert record.retracted in (True, False, None)
            assert all(notice.kind in NOTICES for notice in record.notices)
            assert all(claim.text for claim in record.claims)
        case AuthorRecord():
            assert record.name
        case VersionRecord():
            assert record.kind in VERSIONS and (not record.date or DATE.fullmatch(record.date))
        case ContextRecord():
            assert record.text
            assert (record.start is None) == (record.end is None)
            assert record.start is None or 0 <= record.start < record.end <= len(record.text)
            assert record.group_size is None or 0 < record.group_size < 2**31
            assert record.position is None or 0 <= record.position < 2**31
        case LabelRecord():
            assert record.scheme and record.value and record.source in LABEL_SOURCES
            assert record.confidence is None or 0 <= record.confidence <= 1
        case ReferenceRecord():
            sentences = [(c.text, c.start, c.end, c.position) for c in record.contexts]
            assert len(sentences) == len(set(sentences))


def assert_normal(record, scheme, value):
    if isinstance(record, AuthorRecord):
        if scheme == "orcid":
            assert identifiers.normalise_orcid(value) == value
        else:
            assert scheme in ("s2", "openalex") and re.fullmatch(r"A?\d{1,20}", value), (scheme, value)
    else:
        assert identifiers.normalise(scheme, value) == value, (scheme, value)
