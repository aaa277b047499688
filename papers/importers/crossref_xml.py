"""Crossref deposits and query results in XML: articles, chapters, conference papers, preprints.

Owns the way from such an element to a record. What Crossref's words for notices and versions
mean is in ``crossref.py``, which reads the same works as JSON.
"""

from __future__ import annotations

from lxml import etree

from papers import text
from papers.importers.crossref import (
    Person,
    Reference,
    author_record,
    checked_references,
    clean_abstract,
    notice_record,
    reference_record,
    sort_out_notices,
    version_records,
)
from papers.importers.fields import (
    MAX_LICENSE,
    Report,
    date_or_none,
    earliest_date,
    kind_name,
    language_or_none,
    says_retracted,
    short_license,
)
from papers.importers.source import Source
from papers.importers.xml_stream import all_text, records, xml_start
from papers.records import (
    AuthorRecord,
    Identifiers,
    Items,
    NoticeRecord,
    PaperRecord,
    Problem,
    VersionRecord,
)

ROOTS = ("doi_batch", "crossref_result", "doi_records")
# The elements that describe a work -> its kind.
WORKS = {
    "journal_article": "article",
    "conference_paper": "conference paper",
    "content_item": "book chapter",
    "posted_content": "preprint",
    "book_metadata": "book",
    "book_series_metadata": "book",
    "book_set_metadata": "book",
    "report-paper_metadata": "report",
    "report-paper_series_metadata": "report",
    "standard_metadata": "standard",
    "dissertation": "dissertation",
    "dataset": "dataset",
    "peer_review": "peer review",
    # Only references, for a DOI that was registered before.
    "doi_citations": "",
}
METADATA = tuple(name for name in WORKS if name.endswith("_metadata"))
# Where the work that a part belongs to has its own title.
CONTAINERS = (
    "journal_metadata/full_title",
    "proceedings_metadata/proceedings_title",
    "proceedings_series_metadata/proceedings_title",
    "event_metadata/conference_name",
    "book_metadata/titles/title",
    "book_series_metadata/titles/title",
    "book_set_metadata/titles/title",
    "database_metadata/titles/title",
)
CONTAINER_DATES = (
    "journal_issue/publication_date",
    "proceedings_metadata/publication_date",
    "proceedings_series_metadata/publication_date",
    "book_metadata/publication_date",
    "book_series_metadata/publication_date",
    "book_set_metadata/publication_date",
)
DATES = ("publication_date", "posted_date", "approval_date", "review_date", "database_date/publication_date")


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is XML whose root is a deposit or a query result of Crossref."""
    root, start = xml_start(head)
    return root == "doi_batch" or root in ROOTS and "crossref" in start


def read(source: Source, about: Identifiers) -> Items:
    """The works of a file, one record each; ``about`` is not needed.

    XML that is not well-formed ends the file with a skip: nothing is guessed.
    """
    nothing = Problem("the file holds no work", skipped=True)
    yield from records(source, WORKS, _record, nothing, kept=METADATA)


def _record(element, report: Report) -> PaperRecord | None:
    doi = _line(element, "doi_data/doi", 300) or _line(element, "doi", 300)
    own = report.identifiers({"doi": doi})
    title = _line(element, "titles/title", text.MAX_TITLE)
    if not own and not title:
        # A book whose chapters alone are registered is their container, not a lost work.
        if element.tag not in METADATA:
            report.skip("the work has neither a title nor a valid DOI")
        return None
    date = _date(element)
    notices, retracted = sort_out_notices(_notices(element, report), own)
    references, complete = _references(element, own, report)
    return PaperRecord(
        identifiers=own,
        title=title,
        authors=_authors(element, report),
        year=int(date[:4]) if date else None,
        date=date,
        language=language_or_none(element.get("language")) or "",
        venue=_venue(element),
        kind=_kind(element),
        abstract=_abstract(element),
        retracted=True if retracted or says_retracted(title) else None,
        license=_license(element),
        references=references,
        references_complete=complete,
        versions=_versions(element, own),
        notices=notices,
        line=report.line,
    )


def _line(element, path: str, limit: int) -> str:
    return text.clean_line(all_text(element.find(path)), limit)


def _container(element):
    """What holds a part: the element around it, whose names keep their namespaces."""
    return element.getparent() if element.getparent() is not None else element


def _in_container(element, paths: tuple[str, ...]) -> list:
    container = _container(element)
    spelled = ("/".join(f"{{*}}{name}" for name in path.split("/")) for path in paths)
    return [found for path in spelled for found in container.findall(path)]


def _venue(element) -> str:
    if element.tag in METADATA:
        return _line(element, "series_metadata/titles/title", text.MAX_NAME)
    own = element.find("institution/institution_name")
    for place in [*_in_container(element, CONTAINERS), *([own] if own is not None else [])]:
        if venue := text.clean_line(all_text(place), text.MAX_NAME):
            return venue
    return ""


def _kind(element) -> str:
    if element.tag == "content_item" and (part := element.get("component_type")):
        return kind_name(part)
    return WORKS[element.tag]


def _date(element) -> str:
    """The earliest of the most exact dates of publication, its own before those of the issue."""
    own = [date for path in DATES for found in element.iterfind(path) if (date := _iso(found))]
    issue = (_iso(found) for found in _in_container(element, CONTAINER_DATES))
    return earliest_date(own) or earliest_date([date for date in issue if date])


def _iso(element) -> str:
    iso = ""
    for part in ("year", "month", "day"):
        number = all_text(element.find(f"{{*}}{part}")).strip()
        longer = f"{iso}-{number:0>2}" if iso else number
        if date_or_none(longer) is None:
            break
        iso = longer
    return iso


def _authors(element, report: Report) -> list[AuthorRecord]:
    authors = []
    for person in element.iterfind("contributors/*"):
        if person.tag not in ("person_name", "organization") or person.get("contributor_role") not in (
            "author",
            None,
        ):
            continue
        orcid = person.find("ORCID")
        stated = Person(
            given=all_text(person.find("given_name")),
            family=all_text(person.find("surname")),
            suffix=all_text(person.find("suffix")),
            name=all_text(person) if person.tag == "organization" else None,
            orcid=all_text(orcid).strip() or None,
        )
        if author := author_record(stated, report):
            authors.append(author)
    return authors


def _abstract(element) -> str:
    abstract = element.find("abstract")
    return clean_abstract(etree.tostring(abstract, encoding="unicode")) if abstract is not None else ""


def _license(element) -> str:
    links = [
        link
        for program in element.iter("program")
        for reference in program.iter("license_ref")
        if (link := text.clean_line(all_text(reference), MAX_LICENSE))
        and reference.get("applies_to") != "tdm"
    ]
    return short_license(links) or next(iter(links), "")


def _references(element, own: Identifiers, report: Report):
    """(the entries of the reference list, whether there is one)."""
    found = element.find("citation_list")
    if found is None:
        return [], False
    entries = [reference_record(_entry(citation), report) for citation in found.iterchildren("citation")]
    return checked_references(entries, own, report), True


def _entry(citation) -> Reference:
    def part(name: str) -> str | None:
        return all_text(citation.find(name)) or None

    return Reference(
        doi=part("doi"),
        article_title=part("article_title"),
        volume_title=part("volume_title"),
        series_title=part("series_title"),
        journal_title=part("journal_title"),
        author=part("author"),
        year=part("cYear"),
        volume=part("volume"),
        first_page=part("first_page"),
        unstructured=part("unstructured_citation"),
    )


def _notices(element, report: Report) -> list[NoticeRecord]:
    """A deposit speaks of the works that it updates; who updates it is not in it."""
    updates = element.iterfind("crossmark/updates/update")
    found = (notice_record(update.get("type"), all_text(update).strip(), True, report) for update in updates)
    return [notice for notice in found if notice is not None]


def _versions(element, own: Identifiers) -> list[VersionRecord]:
    stated = [
        (
            relation.get("relationship-type"),
            relation.get("identifier-type"),
            all_text(relation).strip(),
        )
        for relation in element.iter("intra_work_relation")
    ]
    return version_records(stated, own)
