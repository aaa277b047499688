"""JATS and NLM full text: one or several ``<article>`` elements of XML.

Owns the way from such an article to a record: metadata, notices, the reference list. The
sentences that cite the entries come from ``citing_sentences.py``. Nothing outside the file is
ever read: no DTD, no entity, no network.
"""

from __future__ import annotations

import re

from lxml import etree

from papers import identifiers, text
from papers.importers.citing_sentences import citing_sentences
from papers.importers.fields import (
    MAX_FIELD,
    MAX_KIND,
    MAX_LICENSE,
    Report,
    date_of,
    date_or_none,
    distinct,
    earliest_date,
    language_or_none,
    merge_references,
    quoted,
    says_retracted,
    short_license,
)
from papers.importers.jats_citations import blocks, plain_text
from papers.importers.jats_references import author_record, reference_list, scheme_and_value
from papers.importers.source import Source
from papers.importers.xml_stream import entity_text, records, xml_start
from papers.records import (
    AuthorRecord,
    Identifiers,
    Items,
    NoticeRecord,
    PaperRecord,
    Problem,
    ReferenceRecord,
)

KINDS = {"research-article": "article", "review-article": "review", "other": ""}
# article-type of a notice -> what kind of notice it is.
NOTICES = {
    "retraction": "retraction",
    "correction": "correction",
    "corrected-article": "correction",
    "erratum": "correction",
    "addendum": "correction",
    # Part of the paper stands: "retracted" would say more than the notice does.
    "partial-retraction": "correction",
    "expression-of-concern": "concern",
}
# related-article-type of a link between a paper and its notice, in either direction.
NOTICE_LINKS = {
    "retraction": "retraction",
    "retracted-article": "retraction",
    "retraction-forward": "retraction",
    "correction": "correction",
    "corrected-article": "correction",
    "correction-forward": "correction",
    "erratum": "correction",
    "addendum": "correction",
    "addended-article": "correction",
    "expression-of-concern": "concern",
    "object-of-concern": "concern",
    "concern-forward": "concern",
}
# These name the paper that is concerned. On an article that is no notice itself (a new
# edition of a retracted one, say) they speak of another paper, not of this one.
LINKS_TO_THE_CONCERNED = ("retracted-article", "corrected-article", "addended-article", "object-of-concern")
# Only on a notice, whose own kind says what the link means.
LINKS_OF_A_NOTICE = ("companion", "article-reference")
SUBJECT_GROUPS = ("discipline", "subject", "field", "topic", "hwp-journal-coll")
OTHER_ABSTRACTS = (
    "author-highlights author-summary editor editor-summary executive-summary graphical highlights "
    "key-points lay-summary plain-language-summary short stereochemical summary synopsis teaser toc "
    "video web-summary"
).split()
PUBLICATION_DATES = "epub ppub epub-ppub collection pub epreprint preprint ecorrected".split()

_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SIGNS = re.compile(
    r"//NLM//DTD|JATS|//jats\.nlm|article-type\s*=|<(?:[\w.-]+:)?(?:front|journal-meta|article-meta)[\s>]"
)


def looks_like(head: bytes, name: str) -> bool:
    """Whether the head is XML whose root is a JATS article or a set of them."""
    root, start = xml_start(head)
    return root == "pmc-articleset" or root in ("article", "OAI-PMH") and bool(_SIGNS.search(start))


def read(source: Source, about: Identifiers) -> Items:
    """The articles of a file, one record each; ``about`` is not needed.

    XML that is not well-formed ends the file with a skip: nothing is guessed.
    """
    nothing = Problem("the file holds no article element", skipped=True)
    yield from records(source, ["article"], lambda found, report: _Article(found, report).record(), nothing)


def _line(element, limit: int) -> str:
    """The text of an element as one clean line; empty for no element."""
    return text.clean_line(plain_text(element), limit) if element is not None else ""


class _Article:
    """Reads one article; ``report`` takes what was wrong with it."""

    def __init__(self, article, report: Report):
        self._article = article
        self._front = article.find("front")
        self._meta = article.find("front/article-meta")
        if self._meta is None:
            self._meta = etree.Element("article-meta")
        self._type = (article.get("article-type") or "").strip().lower()
        self._problems = report.problems

    def _warn(self, reason: str, element=None, skipped: bool = False) -> None:
        line = element.sourceline if element is not None else self._article.sourceline
        self._problems.append(Problem(reason, line, skipped))

    def record(self) -> PaperRecord | None:
        """The article as a record, or None where it has neither a title nor an identifier."""
        self._report_entities()
        own = self._identifiers()
        title = _line(self._meta.find("title-group/article-title"), text.MAX_TITLE)
        if not own and not title:
            self._warn("the article has neither a title nor a valid identifier", skipped=True)
            return None
        date = self._date()
        notices = self._notices()
        references = self._references(own)
        self._report_parts()
        return PaperRecord(
            identifiers=own,
            title=title,
            authors=self._authors(),
            year=int(date[:4]) if date else None,
            date=date,
            language=language_or_none(self._article.get(_XML_LANG)) or "",
            venue=self._venue(),
            kind=self._kind(),
            fields=self._fields(),
            abstract=self._abstract(),
            retracted=self._retracted(title),
            license=self._license(),
            references=references,
            references_complete=True,
            notices=notices,
            line=self._article.sourceline,
        )

    def _report_entities(self) -> None:
        for entity in {node.text: node for node in self._article.iter(etree.Entity)}.values():
            if not entity_text(entity):
                self._warn(f"the entity {quoted(entity.text)} is declared by a DTD: it is left out", entity)

    def _report_parts(self) -> None:
        parts = list(self._article.iter("sub-article", "response"))
        if parts:
            self._warn(
                f"{len(parts)} articles within the article (replies, translations) are left out", parts[0]
            )

    def _identifiers(self) -> Identifiers:
        stated: dict[str, str] = {}
        for element in self._meta.iterchildren("article-id"):
            if pair := scheme_and_value(element.get("pub-id-type"), plain_text(element)):
                stated.setdefault(*pair)
        found, reasons = identifiers.normalise_identifiers(stated)
        for reason in reasons:
            self._warn(f"article-id: {reason}")
        return found

    def _authors(self) -> list[AuthorRecord]:
        authors = []
        for contributor in self._meta.iterfind("contrib-group/contrib"):
            if contributor.get("contrib-type", "author") not in ("author", ""):
                continue
            element = next(contributor.iter("name", "string-name", "collab"), None)
            author = author_record(element) if element is not None else None
            if author is None:
                continue
            for number in contributor.iterchildren("contrib-id"):
                if "orcid" not in ((number.get("contrib-id-type") or "") + (number.text or "")).lower():
                    continue
                orcid = identifiers.normalise_orcid(plain_text(number))
                if orcid:
                    author.identifiers["orcid"] = orcid
                else:
                    self._warn(f"{quoted(plain_text(number))} is not a valid ORCID: it is left out", number)
            authors.append(author)
        return authors

    def _references(self, own: Identifiers) -> list[ReferenceRecord]:
        """The reference lists with the sentences that cite each entry, the paper itself left out."""
        references, table, empty = reference_list(self._article)
        for ref in empty:
            self._warn("an entry of the reference list is empty: it is left out", ref)
        contexts, problems = citing_sentences(blocks(self._article, table), table)
        self._problems += problems
        for work, context in contexts:
            references[work].contexts.append(context)
        merged, to_itself = merge_references(references, own)
        if to_itself:
            self._warn("an entry of the reference list is the article itself: it is left out")
        for reference in merged:
            # Two entries that are one work, cited in one sentence: one context, its first marker.
            in_order = sorted(reference.contexts, key=lambda context: (context.position, context.start))
            reference.contexts = list({c.position: c for c in reversed(in_order)}.values())[::-1]
        return merged

    def _venue(self) -> str:
        paths = (
            "journal-title-group/journal-title",
            "journal-title",
            "journal-title-group/abbrev-journal-title",
        )
        for path in paths:
            if venue := _line(self._article.find(f"front/journal-meta/{path}"), text.MAX_NAME):
                return venue
        return ""

    def _kind(self) -> str:
        return text.clean_line(KINDS.get(self._type, self._type.replace("-", " ")), MAX_KIND)

    def _date(self) -> str:
        """The earliest full date of publication, else the most exact one; "" without any."""
        dates = []
        for element in self._meta.iterchildren("pub-date"):
            kind = element.get("pub-type") or element.get("date-type") or ""
            if (not kind or kind in PUBLICATION_DATES) and (date := _date(element)):
                dates.append(date)
        return earliest_date(dates)

    def _fields(self) -> list[str]:
        """The outermost subjects of each group that names a discipline."""
        names = []
        for group in self._meta.iterfind("article-categories/subj-group"):
            kind = (group.get("subj-group-type") or "").lower()
            if kind.startswith(SUBJECT_GROUPS):
                # "Infectious Diseases/Bacterial Infections": the path is in the words.
                names += [
                    _line(subject, MAX_FIELD).partition("/")[0].strip()
                    for subject in group.iterchildren("subject")
                ]
        return distinct(names)

    def _abstract(self) -> str:
        found = [
            element
            for element in self._meta.iterchildren("abstract")
            if (element.get("abstract-type") or "").lower() not in OTHER_ABSTRACTS
        ]
        if not found:
            return ""
        return text.clean_text("\n\n".join(_paragraphs(found[0])), text.MAX_ABSTRACT)

    def _license(self) -> str:
        element = self._meta.find("permissions/license")
        if element is None:
            return ""
        words = plain_text(element)
        links = [link for node in element.iter() if (link := node.get(_XLINK_HREF))]
        links += [plain_text(node) for node in element.iter("license_ref")]
        links += [plain_text(node) for node in self._meta.iterfind("permissions/license_ref")]
        return short_license(links, words) or text.clean_line(words, MAX_LICENSE)

    def _retracted(self, title: str) -> bool | None:
        if self._type in NOTICES:
            return None
        forward = self._meta.xpath("related-article[@related-article-type='retraction-forward']")
        if self._type == "retracted-article" or forward or says_retracted(title):
            return True
        return None

    def _notices(self) -> list[NoticeRecord]:
        """Links between a paper and its notices: outgoing on the notice, incoming on the paper."""
        notices = []
        own_kind = NOTICES.get(self._type)
        for element in self._meta.iterchildren("related-article"):
            link = (element.get("related-article-type") or "").lower()
            kind = NOTICE_LINKS.get(link)
            if own_kind and (kind or link in LINKS_OF_A_NOTICE):
                kind = own_kind
            if kind is None or not own_kind and link in LINKS_TO_THE_CONCERNED:
                continue
            notice = NoticeRecord(
                kind=kind,
                identifiers=_linked(element),
                title=_line(element.find("article-title"), text.MAX_TITLE),
                outgoing=bool(own_kind) and not link.endswith("-forward"),
            )
            if notice.identifiers or notice.title:
                notices.append(notice)
            else:
                self._warn(f"a {link} link names no paper that can be identified: it is left out", element)
        return notices


def _date(element) -> str:
    """ISO text of a ``pub-date``, as exact as its valid parts are."""
    stated = date_or_none((element.get("iso-8601-date") or "")[:10]) or ""
    date = date_of(
        _line(element.find("year"), 10), _line(element.find("month"), 20), _line(element.find("day"), 10)
    )
    return max(date, stated, key=len)


def _paragraphs(abstract) -> list[str]:
    """The paragraphs of an abstract; the first of a titled section begins "RESULTS: "."""
    paragraphs = []
    for element in abstract.iter("p", "list-item"):
        if next(element.iterancestors("p", "list-item"), None) is not None:
            continue
        words = plain_text(element)
        section = element.getparent()
        title = section.find("title") if section.tag == "sec" else None
        if title is not None and element.getprevious() is title:
            words = f"{plain_text(title).rstrip(' :.').upper()}: {words}"
        paragraphs.append(words)
    return paragraphs or [plain_text(abstract)]


def _linked(element) -> Identifiers:
    """The identifier that a ``related-article`` points to."""
    href = (element.get(_XLINK_HREF) or "").strip()
    stated = scheme_and_value(element.get("ext-link-type"), href)
    if stated and identifiers.normalise(*stated):
        return identifiers.normalise_identifiers(dict([stated]))[0]
    parsed = identifiers.parse_identifier(href.removeprefix("info:doi/")) if href else None
    return {parsed[0]: parsed[1]} if parsed else {}
