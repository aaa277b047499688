"""From an entry of a reference manager to a record: what all of those formats print alike.

Owns printed names, dates, languages, kinds of work, identifiers inside links, and the last step
from an ``Entry`` of printed values to a ``PaperRecord``. Which tag or column holds what is
the business of the readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from papers import text
from papers.identifiers import normalise, parse_identifier
from papers.importers.fields import (
    Report,
    date_or_none,
    distinct,
    earliest_date,
    language_or_none,
    merge_references,
    quoted,
    says_retracted,
    year_or_none,
)
from papers.records import AuthorRecord, Identifiers, PaperRecord, ReferenceRecord

# Names and three-letter codes of languages as exports print them -> our two-letter codes.
LANGUAGES = {
    word: code
    for code, words in {
        "ar": "arabic ara",
        "cs": "czech cze ces",
        "da": "danish dan",
        "de": "german ger deu deutsch ngerman",
        "en": "english eng american british usenglish ukenglish",
        "es": "spanish spa castilian español",
        "fa": "persian per fas",
        "fr": "french fre fra français",
        "hu": "hungarian hun",
        "it": "italian ita italiano",
        "ja": "japanese jpn",
        "ko": "korean kor",
        "nl": "dutch dut nld",
        "no": "norwegian nor",
        "pl": "polish pol",
        "pt": "portuguese por português",
        "ru": "russian rus",
        "sv": "swedish swe",
        "tr": "turkish tur",
        "uk": "ukrainian ukr",
        "zh": "chinese chi zho",
    }.items()
    for word in words.split()
}
# Types of work as databases print them, letters only and in lower case -> our words.
KINDS = {
    word: kind
    for kind, words in {
        "article": "article journalarticle magazinearticle newspaperarticle electronicarticle articleinpress"
        " researcharticle journal originalarticle dissertationabstract casereports datapaper note",
        "book": "book editedbook classicalwork wholebook electronicbook ebook monograph",
        "book chapter": "bookchapter booksection electronicbooksection chapter inbook",
        "conference paper": "conferencepaper conferenceproceedings proceedingspaper proceedings"
        " conferencearticle inproceedings",
        "conference abstract": "conferenceabstract meetingabstract",
        "correction": "erratum correction corrigendum publishederratum",
        "dataset": "dataset data",
        "editorial": "editorial editorialmaterial",
        "letter": "letter comment",
        "patent": "patent",
        "preprint": "preprint",
        "report": "report governmentdocument technicalreport",
        "review": "review shortsurvey reviewarticle systematicreview conferencereview",
        "software": "computerprogram software",
        "thesis": "thesis dissertation dissertationthesis",
    }.items()
    for word in words.split()
}

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)", re.ASCII)
_NUMERIC = re.compile(r"(?<!\d)(\d{4})\s?[-/.]\s?(\d\d?)(?!\d)(?:\s?[-/.]\s?(\d\d?)(?!\d))?", re.ASCII)
_COMPACT = re.compile(r"(?<!\d)(\d{4})(\d\d)(\d\d)(?!\d)", re.ASCII)
_MONTH = (
    r"(?<![a-z])(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])\.?"
)
_DAY_FIRST = re.compile(rf"(?<!\d)(\d\d?)(?:st|nd|rd|th)?[\s.~-]*(?:of )?{_MONTH}", re.IGNORECASE | re.ASCII)
_MONTH_FIRST = re.compile(rf"{_MONTH}(?:[\s~-]*(\d\d?)(?!\d))?", re.IGNORECASE | re.ASCII)
_LONGEST_DATE = 100

_SUFFIX = re.compile(r"(?i)(?:jr|sr|ii|iii|iv)\.?")
_NOBODY = re.compile(r"(?i)(?:et\.? al\.?|and others|others|anonymous|anon\.?|\[anonymous\]|n/?a)")
# The DOI that a link resolver is asked for: "…&id=doi:10.1000%2Fx&…", "…&doi=10.1000%2fx&…".
_OPEN_URL = re.compile(r"[?&](?:id=doi(?::|%3A)|(?:rft_id=info:)?doi(?:=|/|%2F))(10\.[^&\s]+)", re.IGNORECASE)


@dataclass(slots=True)
class Entry:
    """One entry, its values as printed.

    ``dates`` may lack the year ("SEP", "Mar 1") that ``year`` states. ``identifiers`` are
    pairs of scheme and value, the first valid one of a scheme counts; ``links`` are addresses
    that may hold more of them. ``kind`` is our word. Authors and references are records already.
    """

    title: str = ""
    authors: list[AuthorRecord] = field(default_factory=list)
    year: str = ""
    dates: list[str] = field(default_factory=list)
    venue: str = ""
    kind: str = ""
    abstract: str = ""
    language: str = ""
    identifiers: list[tuple[str, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    retracted: bool | None = None
    references: list[ReferenceRecord] = field(default_factory=list)
    references_complete: bool = False


def record_of(entry: Entry, report: Report) -> PaperRecord | None:
    """The record of an entry; None, and a skip in ``report``, without a title and an identifier."""
    title = text.clean_line(entry.title, text.MAX_TITLE)
    own = _identifiers(entry, report)
    if not title and not own:
        report.skip("the entry has neither a title nor a valid identifier")
        return None
    year, date = _year_and_date(entry, report)
    references, to_itself = merge_references(entry.references, own)
    if to_itself:
        report.warn("a reference has an identifier of the paper itself: it is left out")
    return PaperRecord(
        identifiers=own,
        title=title,
        authors=entry.authors,
        year=year,
        date=date,
        language=language_code(entry.language),
        venue=text.clean_line(entry.venue, text.MAX_NAME),
        kind=entry.kind,
        abstract=text.clean_text(entry.abstract, text.MAX_ABSTRACT),
        retracted=True if says_retracted(title) else entry.retracted,
        references=references,
        references_complete=entry.references_complete,
        line=report.line,
    )


def _identifiers(entry: Entry, report: Report) -> Identifiers:
    chosen: dict[str, str] = {}
    for scheme in distinct(scheme for scheme, _value in entry.identifiers):
        values = [value for name, value in entry.identifiers if name == scheme and value.strip()]
        valid = distinct(normalise(scheme, value) for value in values)
        if values:
            chosen[scheme] = valid[0] if valid else values[0]
        for other in valid[1:]:
            report.warn(f"{scheme} {quoted(other)} is a second one: it is left out")
    found = report.identifiers(chosen)
    for link in entry.links:
        pair = linked_identifier(link)
        if pair and pair[0] not in found:
            found = report.identifiers(found | {pair[0]: pair[1]})
    return found


def linked_identifier(link: str) -> tuple[str, str] | None:
    """(scheme, value) of the paper that an address leads to, None where it does not say."""
    link = link.strip()
    if asked := _OPEN_URL.search(link):
        doi = normalise("doi", unquote(asked[1]))
        return ("doi", doi) if doi else None
    return parse_identifier(link)


def _year_and_date(entry: Entry, report: Report) -> tuple[int | None, str]:
    stated = iso_date(entry.year)
    if entry.year.strip() and not stated:
        report.warn(f"year {quoted(entry.year)} is not a year: it is left out")
    dates = [iso_date(date) or iso_date(f"{date} {stated[:4]}") for date in entry.dates if date.strip()]
    dates = [date for date in [*dates, stated] if date]
    if not dates:
        return None, ""
    year = (stated or dates[0])[:4]
    return int(year), earliest_date(date for date in dates if date.startswith(year))


def iso_date(printed: str) -> str:
    """ISO text of a printed date, as exact as it is: "2019/10//", "1 Dec 2018", "SEP 2018"; else "".

    Of a span of dates, the first. "03/04/2019" says only its year: day and month are in doubt.
    """
    printed = printed.strip()[:_LONGEST_DATE]
    if found := _NUMERIC.search(printed) or _COMPACT.search(printed):
        year, month, day = found[1], found[2], found[3]
        if exact := _most_exact(year, int(month), int(day or 0)):
            return exact
    years = [found[0] for found in _YEAR.finditer(printed) if year_or_none(found[0])]
    if not years:
        return ""
    day_first, month_first = _DAY_FIRST.search(printed), _MONTH_FIRST.search(printed)
    if day_first and month_first and day_first.start(2) == month_first.start(1):
        return _most_exact(years[0], _month_number(day_first[2]), int(day_first[1]))
    if month_first:
        return _most_exact(years[0], _month_number(month_first[1]), int(month_first[2] or 0))
    return years[0]


def _month_number(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _most_exact(year: str, month: int, day: int) -> str:
    """The day if there is such a day, else the month, else the year, else ""."""
    wanted = (f"{year}-{month:02}-{day:02}", f"{year}-{month:02}", year)
    return next((date for date in wanted if date_or_none(date)), "")


def language_code(printed: str) -> str:
    """A language tag of a printed language ("English", "eng", "en-US"), "" for one that is not known."""
    name = re.split(r"[;,(/]", printed.strip().lower(), maxsplit=1)[0].strip()
    return LANGUAGES.get(name) or language_or_none(name) or ""


def kind_of(printed: str) -> str:
    """Our word for a type of work as a database prints it ("Article; Early Access"), else ""."""
    for part in re.split(r"[;,|]", printed.lower()):
        if kind := KINDS.get(re.sub(r"[^a-z]", "", part)):
            return kind
    return ""


def person(printed: str) -> AuthorRecord | None:
    """An author printed as "Family, Given", "Family, Given, Jr." or in one piece ("Family GI").

    "World Health Organization," is a body; "et al." and "Anonymous" are nobody.
    """
    parts = [part for part in (text.clean_line(p, text.MAX_NAME) for p in printed.split(",")) if part]
    if not parts or _NOBODY.fullmatch(", ".join(parts)):
        return None
    if len(parts) == 1:
        return AuthorRecord(name=parts[0])
    suffixes = [part for part in parts[1:] if _SUFFIX.fullmatch(part)]
    given = ", ".join(part for part in parts[1:] if part not in suffixes)
    return person_of_parts(parts[0], given, " ".join(suffixes))


def person_of_parts(family: str, given: str, suffix: str = "") -> AuthorRecord | None:
    """An author of clean parts, named as one is addressed: "Given Family Jr."."""
    family, given = family[: text.MAX_NAME].rstrip(), given[: text.MAX_NAME].rstrip()
    name = " ".join(part for part in (given, family, suffix) if part)[: text.MAX_NAME].rstrip()
    if not name:
        return None
    return AuthorRecord(name=name, family=family if given else "", given=given if family else "")


def people(printed: Iterable[str]) -> list[AuthorRecord]:
    """The authors of a list of printed names, nobody left out but those that name nobody."""
    return [author for name in printed if (author := person(name))]
