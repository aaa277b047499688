"""The reference list of a JATS article: each ``<ref>`` as one or several ``ReferenceRecord``s.

Owns how a printed or tagged entry becomes identifiers, title, authors, year and venue, and how
in-text markers find it. Which sentences cite it is the business of ``citing_sentences.py``.
"""

from __future__ import annotations

import re

from papers import identifiers, text
from papers.importers.citing_sentences import ReferenceTable
from papers.importers.fields import printed_identifiers, year_or_none
from papers.importers.jats_citations import plain_text
from papers.records import AuthorRecord, Identifiers, ReferenceRecord

CITATIONS = ("element-citation", "mixed-citation", "nlm-citation", "citation", "citation-alternatives")
# pub-id-type -> scheme
SCHEMES = {"doi": "doi", "pmid": "pmid", "pmc": "pmcid", "pmcid": "pmcid", "arxiv": "arxiv"}
TITLES = ("article-title", "chapter-title", "part-title", "data-title", "trans-title")
NO_AUTHORS = ("editor", "translator", "compiler", "transed", "guest-editor", "assignee")

_NUMBER = re.compile(r"\W*(\d{1,4})\W*")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"


def reference_list(article) -> tuple[list[ReferenceRecord], ReferenceTable, list]:
    """(the works of all reference lists in order, how markers find them, empty ``<ref>`` elements).

    An entry that prints several works (a, b, c) gives several, found by the same markers.
    """
    references: list[ReferenceRecord] = []
    table = ReferenceTable()
    empty = []
    entries = [
        ref for ref in article.iter("ref") if next(ref.iterancestors("sub-article", "response"), None) is None
    ]
    for place, ref in enumerate(entries, start=1):
        works = []
        for citation in list(ref.iterchildren(*CITATIONS)) or [ref]:
            reference = _reference(citation)
            if reference is None:
                continue
            works.append(len(references))
            references.append(reference)
            if citation is not ref and citation.get("id"):
                table.by_id.setdefault(citation.get("id"), works[-1:])
        if not works:
            empty.append(ref)
            continue
        label = _NUMBER.fullmatch(_label(ref))
        # An entry without an id cannot be pointed to, but a range can include it.
        table.add(ref.get("id") or f"#{place}", works, int(label[1]) if label else place)
    return references, table, empty


def _label(ref) -> str:
    label = next(ref.iter("label"), None)
    return plain_text(label) if label is not None else ""


def _reference(citation) -> ReferenceRecord | None:
    """The record of one citation element; None where it holds nothing at all."""
    tagged = citation
    if citation.tag == "citation-alternatives":
        tagged = next(citation.iterchildren("element-citation"), citation)
    printed = next(citation.iterchildren("mixed-citation"), citation)
    raw = _printed(printed)
    title, venue = _title_and_venue(tagged)
    found = _identifiers(citation, raw)
    if not (raw or title or found):
        return None
    return ReferenceRecord(
        identifiers=found,
        title=title,
        authors=_authors(tagged),
        year=_year(tagged),
        venue=venue,
        raw=text.clean_line(raw, text.MAX_RAW),
    )


def _printed(citation) -> str:
    """The entry as printed; where only its parts are tagged, the parts with spaces between."""
    if citation.tag == "mixed-citation" or (citation.text or "").strip() or _has_loose_text(citation):
        return plain_text(citation)
    pieces = [piece for child in citation if child.tag != "label" for piece in _pieces(child)]
    return " ".join(" ".join(pieces).split())


def _has_loose_text(citation) -> bool:
    return any(child.tag != "label" and (child.tail or "").strip(" \t\r\n,.;:()") for child in citation)


def _pieces(element) -> list[str]:
    if not isinstance(element.tag, str):
        return []
    if element.tag in ("person-group", "name", "string-name", "collab"):
        return [piece for piece in element.itertext() if piece.strip()]
    return [plain_text(element)]


def _title_and_venue(citation) -> tuple[str, str]:
    source = _first(citation, "source", text.MAX_TITLE)
    for tag in TITLES:
        if title := _first(citation, tag, text.MAX_TITLE):
            return title, source[: text.MAX_NAME] or _first(citation, "conf-name", text.MAX_NAME)
    # A book's title is its source; a journal's name is no title.
    kind = (citation.get("publication-type") or citation.get("citation-type") or "").lower()
    if kind == "journal" or citation.find(".//volume") is not None:
        return "", source[: text.MAX_NAME]
    return source, ""


def _first(citation, tag: str, limit: int) -> str:
    element = next(citation.iter(tag), None)
    return text.clean_line(plain_text(element), limit) if element is not None else ""


def _year(citation) -> int | None:
    for element in citation.iter("year"):
        for candidate in (plain_text(element), element.get("iso-8601-date") or ""):
            if (match := _YEAR.search(candidate)) and (year := year_or_none(match[1])):
                return year
    return None


def _authors(citation) -> list[AuthorRecord]:
    names = [
        element
        for element in citation.iter("name", "string-name", "collab")
        if not any(
            (group.get("person-group-type") or "") in NO_AUTHORS
            for group in element.iterancestors("person-group")
        )
    ]
    return [author for element in names if (author := author_record(element))]


def author_record(element) -> AuthorRecord | None:
    """The person or group of a ``name``, ``string-name`` or ``collab`` element; None without a name."""
    family = _first(element, "surname", text.MAX_NAME)
    given = _first(element, "given-names", text.MAX_NAME)
    if element.tag == "collab" or not family:
        name = text.clean_line(plain_text(element), text.MAX_NAME)
        return AuthorRecord(name=name) if name else None
    suffix = _first(element, "suffix", 20)
    name = " ".join(part for part in (given, family, suffix) if part)
    return AuthorRecord(name=name[: text.MAX_NAME], family=family, given=given)


def scheme_and_value(kind: str | None, value: str) -> tuple[str, str] | None:
    """(our scheme, the value unchecked) of a ``pub-id-type`` and its text; None for a type that
    has no place in the library."""
    scheme = SCHEMES.get((kind or "").lower())
    return (scheme, value) if scheme and value else None


def _identifiers(citation, raw: str) -> Identifiers:
    found: list[tuple[str, str]] = []
    for element in citation.iter("pub-id", "object-id"):
        stated = scheme_and_value(element.get("pub-id-type"), plain_text(element))
        found += [stated] if stated else []
    for element in citation.iter("ext-link", "uri"):
        for candidate in (element.get(_XLINK_HREF) or "", plain_text(element)):
            parsed = identifiers.parse_identifier(candidate.removeprefix("info:doi/"))
            found += [parsed] if parsed else []
    found += printed_identifiers(raw)
    valid = {}
    for scheme, value in found:
        if scheme not in valid and identifiers.normalise(scheme, value):
            valid[scheme] = value
    return identifiers.normalise_identifiers(valid)[0]
