"""PubMed XML: a set of ``<PubmedArticle>`` (and ``<PubmedBookArticle>``) elements.

Owns the way from such an element to a record: metadata, notices in both directions, the
reference list. A list's entries have no title of their own, only their printed text.
"""

from __future__ import annotations

import re

from lxml import etree

from papers import identifiers, text
from papers.importers.fields import (
    MAX_FIELD,
    Report,
    date_of,
    distinct,
    earliest_date,
    language_or_none,
    merge_references,
    printed_identifiers,
    quoted,
    says_retracted,
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
    ReferenceRecord,
)

RECORDS = ("PubmedArticle", "PubmedBookArticle")
MOST_FIELDS = 5
# IdType of an ArticleId -> scheme.
SCHEMES = {"doi": "doi", "pubmed": "pmid", "pmid": "pmid", "pmc": "pmcid", "pmcid": "pmcid"}
# In the order of preference: an article has several types. A name that is missing here is no kind.
KINDS = {
    "Retraction of Publication": "retraction",
    "Retraction Notice": "retraction",
    "Published Erratum": "correction",
    "Expression of Concern": "expression of concern",
    "Preprint": "preprint",
    "Meta-Analysis": "meta-analysis",
    "Systematic Review": "review",
    "Review": "review",
    "Randomized Controlled Trial": "clinical trial",
    "Controlled Clinical Trial": "clinical trial",
    "Clinical Trial": "clinical trial",
    "Practice Guideline": "guideline",
    "Guideline": "guideline",
    "Case Reports": "case report",
    "Editorial": "editorial",
    "Letter": "letter",
    "Comment": "comment",
    "News": "news",
    "Dataset": "dataset",
    "Journal Article": "article",
}
# RefType -> (what kind of notice, whether this article is the notice).
NOTICES = {
    "RetractionIn": ("retraction", False),
    "RetractionOf": ("retraction", True),
    # Part of the paper stands: "retracted" would say more than the notice does.
    "PartialRetractionIn": ("correction", False),
    "PartialRetractionOf": ("correction", True),
    "RetractedandRepublishedIn": ("retraction", False),
    "RetractedandRepublishedFrom": ("retraction", True),
    "ErratumIn": ("correction", False),
    "ErratumFor": ("correction", True),
    "CorrectedandRepublishedIn": ("correction", False),
    "CorrectedandRepublishedFrom": ("correction", True),
    "ExpressionOfConcernIn": ("concern", False),
    "ExpressionOfConcernFor": ("concern", True),
}
# PubMed's codes of ISO 639-2 (bibliographic) where ISO 639-1 has a shorter one.
LANGUAGES = dict(
    pair.split(":")
    for pair in (
        "afr:af ara:ar bul:bg cat:ca chi:zh cze:cs dan:da dut:nl eng:en est:et fin:fi fre:fr geo:ka ger:de "
        "gre:el heb:he hrv:hr hun:hu ice:is ind:id ita:it jpn:ja kor:ko lav:lv lit:lt mac:mk may:ms nor:no "
        "per:fa pol:pl por:pt rum:ro rus:ru slo:sk slv:sl spa:es srp:sr swe:sv tha:th tur:tr ukr:uk vie:vi"
    ).split()
)
NO_LANGUAGES = ("und", "mul")

_MEDLINE_DATE = re.compile(r"(?<!\d)(\d{4})(?!\d)(?:\s+([A-Z][a-z]{2}))?(?:\s+(\d{1,2})(?!\d))?")
_TRANSLATED = re.compile(r"\[(.*)\]\.?", re.DOTALL)


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is XML whose root is an article of PubMed or a set of them."""
    return xml_start(head)[0] in ("PubmedArticleSet", "PubmedBookArticleSet", *RECORDS)


def read(source: Source, about: Identifiers) -> Items:
    """The articles of a file, one record each; ``about`` is not needed.

    XML that is not well-formed ends the file with a skip: nothing is guessed.
    """
    nothing = Problem("the file holds no PubmedArticle element", skipped=True)
    yield from records(source, RECORDS, lambda element, report: _Article(element, report).record(), nothing)


def _line(element, limit: int) -> str:
    return text.clean_line(all_text(element), limit)


class _Article:
    """Reads one article or book chapter; ``report`` takes what was wrong with it."""

    def __init__(self, element, report: Report):
        self._report = report
        citation = _child(element, "MedlineCitation", "BookDocument")
        self._citation = citation
        # A book document has the parts of an article without the element around them.
        self._article = _child(citation, "Article") if citation.tag == "MedlineCitation" else citation
        self._data = _child(element, "PubmedData", "PubmedBookData")
        self._types = [_line(kind, 100) for kind in self._article.iter("PublicationType")]

    def record(self) -> PaperRecord | None:
        """The article as a record, or None where it has neither a title nor an identifier."""
        own = self._identifiers()
        title = self._title()
        if not own and not title:
            self._report.skip("the article has neither a title nor a valid identifier")
            return None
        date = self._date()
        references = self._references(own)
        return PaperRecord(
            identifiers=own,
            title=title,
            authors=self._authors(),
            year=int(date[:4]) if date else None,
            date=date,
            language=self._language(),
            venue=self._venue(),
            kind=next((kind for name, kind in KINDS.items() if name in self._types), ""),
            fields=self._fields(),
            abstract=self._abstract(),
            retracted=self._retracted(title),
            references=references,
            references_complete=bool(references),
            notices=self._notices(),
            line=self._report.line,
        )

    def _identifiers(self) -> Identifiers:
        stated: dict[str, str] = {"pmid": all_text(self._citation.find("PMID"))}
        listed = [*self._data.iterfind("ArticleIdList/ArticleId")]
        listed += self._citation.iterfind("ArticleIdList/ArticleId")
        for element in listed:
            if pair := _scheme_and_value(element):
                stated.setdefault(*pair)
        for element in self._article.iterchildren("ELocationID"):
            if element.get("EIdType") == "doi" and element.get("ValidYN") != "N":
                stated.setdefault("doi", all_text(element))
        return self._report.identifiers(stated)

    def _title(self) -> str:
        title = _line(self._article.find("ArticleTitle"), text.MAX_TITLE)
        # Titles in other languages are translated, within brackets.
        if translated := _TRANSLATED.fullmatch(title):
            title = translated[1]
        title = title or _line(self._article.find("VernacularTitle"), text.MAX_TITLE)
        title = title or _line(self._article.find("Book/BookTitle"), text.MAX_TITLE)
        return title.removesuffix(".") if not title.endswith("..") else title

    def _authors(self) -> list[AuthorRecord]:
        authors = []
        lists = [part for part in self._article.iterchildren("AuthorList") if part.get("Type") != "editors"]
        for element in (author for part in lists[:1] for author in part.iterchildren("Author")):
            author = _author(element)
            if author is None or element.get("ValidYN") == "N":
                continue
            for number in element.iterchildren("Identifier"):
                if number.get("Source") != "ORCID":
                    continue
                orcid = identifiers.normalise_orcid(all_text(number))
                if orcid:
                    author.identifiers["orcid"] = orcid
                else:
                    self._report.warn(f"{quoted(all_text(number))} is not a valid ORCID: it is left out")
            authors.append(author)
        return authors

    def _date(self) -> str:
        """The earliest full date of publication, else the most exact one; "" without any."""
        elements = [
            *self._article.iterfind("Journal/JournalIssue/PubDate"),
            *self._article.iterchildren("ArticleDate"),
            *self._article.iterchildren("ContributionDate"),
            *self._article.iterfind("Book/PubDate"),
        ]
        return earliest_date(date for element in elements if (date := _date(element)))

    def _language(self) -> str:
        code = _line(self._article.find("Language"), 10).lower()
        return "" if code in NO_LANGUAGES else language_or_none(LANGUAGES.get(code, code)) or ""

    def _venue(self) -> str:
        paths = ["Journal/Title", "Journal/ISOAbbreviation"]
        if self._article.find("ArticleTitle") is not None:
            paths.append("Book/BookTitle")
        venues = (_line(self._article.find(path), text.MAX_NAME) for path in paths)
        return next((venue for venue in venues if venue), "")

    def _fields(self) -> list[str]:
        """The major subject headings, without any the keywords; at most MOST_FIELDS."""
        headings = [
            _line(heading.find("DescriptorName"), MAX_FIELD)
            for heading in self._citation.iterfind("MeshHeadingList/MeshHeading")
            if any(part.get("MajorTopicYN") == "Y" for part in heading)
        ]
        keywords = [*self._citation.iterfind("KeywordList/Keyword")]
        keywords.sort(key=lambda keyword: keyword.get("MajorTopicYN") != "Y")
        return distinct(headings or [_line(keyword, MAX_FIELD) for keyword in keywords])[:MOST_FIELDS]

    def _abstract(self) -> str:
        """The paragraphs of the abstract; a labelled one begins "RESULTS: "."""
        paragraphs = []
        for element in self._article.iterfind("Abstract/AbstractText"):
            label = " ".join((element.get("Label") or "").split()).rstrip(" :.").upper()
            words = all_text(element)
            paragraphs.append(f"{label}: {words}" if label and label != "UNLABELLED" else words)
        return text.clean_text("\n\n".join(paragraphs), text.MAX_ABSTRACT)

    def _retracted(self, title: str) -> bool | None:
        if "Retracted Publication" in self._types or says_retracted(title):
            return True
        kinds = [part.get("RefType") for part in self._corrections()]
        return True if {"RetractionIn", "RetractedandRepublishedIn"} & set(kinds) else None

    def _corrections(self) -> list:
        return [*self._citation.iterfind("CommentsCorrectionsList/CommentsCorrections")]

    def _notices(self) -> list[NoticeRecord]:
        """Links between an article and its notices: outgoing on the notice, incoming on the article."""
        notices = []
        for element in self._corrections():
            link = element.get("RefType") or ""
            if link not in NOTICES:
                continue
            kind, outgoing = NOTICES[link]
            printed = dict(printed_identifiers(all_text(element.find("RefSource"))))
            named = {"pmid": all_text(element.find("PMID")), "doi": printed.get("doi")}
            valid = {scheme: value for scheme, value in named.items() if identifiers.normalise(scheme, value)}
            found = identifiers.normalise_identifiers(valid)[0]
            if found:
                notices.append(NoticeRecord(kind=kind, identifiers=found, outgoing=outgoing))
            else:
                self._report.warn(f"a link {link} names no article by an identifier: it is left out")
        return notices

    def _references(self, own: Identifiers) -> list[ReferenceRecord]:
        references = []
        empty = 0
        for element in (
            *self._data.iterfind(".//Reference"),
            *self._article.iterfind("ReferenceList//Reference"),
        ):
            raw = _line(element.find("Citation"), text.MAX_RAW)
            found = _reference_identifiers(element, raw)
            empty += not (raw or found)
            if raw or found:
                references.append(ReferenceRecord(identifiers=found, raw=raw))
        if empty:
            self._report.warn(f"empty entries of the reference list, left out: {empty}")
        merged, to_itself = merge_references(references, own)
        if to_itself:
            self._report.warn("an entry of the reference list is the article itself: it is left out")
        return merged


def _child(element, *tags: str):
    """The first child with one of these names, else an empty element."""
    found = next(element.iterchildren(*tags), None)
    return found if found is not None else etree.Element(tags[0])


def _scheme_and_value(article_id) -> tuple[str, str] | None:
    scheme = SCHEMES.get((article_id.get("IdType") or "").lower())
    value = all_text(article_id).strip()
    return (scheme, value) if scheme and value else None


def _reference_identifiers(reference, raw: str) -> Identifiers:
    found = [pair for element in reference.iter("ArticleId") if (pair := _scheme_and_value(element))]
    valid: dict[str, str] = {}
    for scheme, value in (*found, *printed_identifiers(raw)):
        if scheme not in valid and identifiers.normalise(scheme, value):
            valid[scheme] = value
    return identifiers.normalise_identifiers(valid)[0]


def _author(element) -> AuthorRecord | None:
    """The person or group of an ``<Author>``; None without a name."""
    family = _line(element.find("LastName"), text.MAX_NAME)
    if not family:
        name = _line(element.find("CollectiveName"), text.MAX_NAME)
        return AuthorRecord(name=name) if name else None
    given = _line(element.find("ForeName"), text.MAX_NAME) or _line(element.find("Initials"), 20)
    suffix = _line(element.find("Suffix"), 20)
    name = " ".join(part for part in (given, family, suffix) if part)
    return AuthorRecord(name=name[: text.MAX_NAME], family=family, given=given)


def _date(element) -> str:
    """ISO text of a date, as exact as its valid parts are; of a span or a season its beginning."""
    parts = [_line(element.find(tag), 20) for tag in ("Year", "Month", "Day")]
    if parts[0]:
        return date_of(*parts)
    found = _MEDLINE_DATE.search(_line(element.find("MedlineDate"), 100))
    return date_of(*(part or "" for part in found.groups())) if found else ""
