"""Identifiers of papers and people: one normal form each, and where they lead.

Owns the schemes, their order of strength, their normal forms and their addresses. Pure: no
table, no setting, no network; a value is judged by its form alone, so a well-formed
identifier may still name nothing. Every ``normalise_…`` takes any object, returns None
when it is not an identifier of that scheme, and leaves a normal form as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import quote, unquote

# Strongest first: what tells works apart most reliably.
SCHEMES: tuple[str, ...] = ("doi", "arxiv", "acl", "pmid", "pmcid", "openalex", "s2", "corpusid")

MAX_DOI = 255
_MAX_PASTED = 2000

_NOUNS = {
    "doi": "a DOI",
    "arxiv": "an arXiv identifier",
    "acl": "an ACL Anthology identifier",
    "pmid": "a PubMed identifier",
    "pmcid": "a PubMed Central identifier",
    "openalex": "an OpenAlex work",
    "s2": "a Semantic Scholar paper identifier",
    "corpusid": "a Semantic Scholar corpus identifier",
}
# Not IGNORECASE alone: it would take the long s and the Kelvin sign for letters.
_FLAGS = re.IGNORECASE | re.ASCII
_WEB = r"(?:https?://)?(?:www\.)?"
_DOI_PREFIX = re.compile(
    rf"(?:{_WEB}(?:dx\.)?doi\.org/+|info:doi/|urn:doi:|doi\s*[:=]\s*|doi\s+(?=10\.))", _FLAGS
)
_DOI = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*/\S+")
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}

_ARXIV_PREFIX = re.compile(
    rf"{_WEB}(?:export\.)?arxiv\.org/(?:abs|pdf|html|format|ps|src|e-print)/|(?:https?://)?(?:dx\.)?"
    r"(?:doi\.org/)?10\.48550/arxiv\.|arxiv\s*[:\s]\s*",
    _FLAGS,
)
# https://arxiv.org/archive lists the archives; the second half are the ones closed by now.
_ARCHIVES = (
    "astro-ph cond-mat cs econ eess gr-qc hep-ex hep-lat hep-ph hep-th math math-ph nlin nucl-ex nucl-th "
    "physics q-bio q-fin quant-ph stat "
    "acc-phys adap-org alg-geom ao-sci atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas dg-ga funct-an "
    "mtrl-th patt-sol plasm-ph q-alg solv-int supr-con"
).split()
_ARXIV = re.compile(
    r"(?:(?P<new>[0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5})"
    rf"|(?P<archive>{'|'.join(map(re.escape, _ARCHIVES))})(?:\.[a-z]{{2}})?/"
    r"(?P<number>[0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3}))"
    r"(?:v(?P<version>[1-9][0-9]{0,2}))?(?:\.pdf)?(?:\s*\[[a-z.-]+\])?/?",
    _FLAGS,
)
_ACL_PREFIX = re.compile(
    rf"{_WEB}(?:aclanthology\.(?:org|info)|aclweb\.org/anthology(?:-new)?)/(?:papers/)?(?:[a-z]/[a-z][0-9]{{2}}/)?"
    r"|acl\s*[:\s]\s*",
    _FLAGS,
)
_ACL_OLD = r"[a-z][0-9]{2}-[0-9]{4}"
_ACL_NEW = r"[0-9]{4}\.[a-z0-9]+(?:[-_][a-z0-9]+)+\.[0-9]{1,4}"
_ACL = re.compile(rf"(?:(?P<old>{_ACL_OLD})|(?P<new>{_ACL_NEW}))(?:v[0-9]{{1,2}})?", _FLAGS)
_ACL_TAIL = re.compile(r"(?:\.(?:pdf|bib|xml|html))?/?", _FLAGS)
_ACL_DOI = re.compile(rf"10\.(?:18653|3115)/v1/(?P<acl>{_ACL_OLD}|{_ACL_NEW})")

_PMID_PREFIX = re.compile(
    rf"{_WEB}(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/(?:m/)?pubmed)/|(?:pmid|pubmed)\s*[:\s]\s*",
    _FLAGS,
)
_PMCID_PREFIX = re.compile(
    rf"{_WEB}(?:pmc\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/(?:m/)?pmc|europepmc\.org)/articles?/"
    r"(?:pmc/)?(?=pmc)|(?:pmcid|pmc)\s*[:\s]\s*",
    _FLAGS,
)
_PMCID = re.compile(r"(?:PMC)?0*(?P<number>[1-9][0-9]{0,8})(?:\.[0-9]{1,2})?(?:/(?:pdf/?.*)?)?", _FLAGS)
_OPENALEX_PREFIX = re.compile(
    rf"{_WEB}(?:api\.|explore\.)?openalex\.org/(?:works/)?|openalex\s*[:\s]\s*", _FLAGS
)
_S2_PREFIX = re.compile(
    rf"{_WEB}(?:api\.)?semanticscholar\.org/(?:v1/|graph/v1/)?(?:paper/)?(?:[^/?#]*/)?|s2\s*[:\s]\s*",
    _FLAGS,
)
_CORPUSID_PREFIX = re.compile(
    rf"(?:{_WEB}(?:api\.)?semanticscholar\.org/(?:graph/v1/)?(?:paper/)?)?corpus\s?id\s*[:\s]\s*", _FLAGS
)
_NUMBER = re.compile(r"0*(?P<number>[1-9][0-9]{0,11})/?")
_OPENALEX = re.compile(r"[wW]0*(?P<number>[1-9][0-9]{0,14})/?")
_S2 = re.compile(r"[0-9a-fA-F]{40}")
_QUERY = re.compile(r"[?#].*", re.DOTALL)

_URLS = {
    "doi": "https://doi.org/{}",
    "arxiv": "https://arxiv.org/abs/{}",
    "acl": "https://aclanthology.org/{}/",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/{}/",
    "openalex": "https://openalex.org/{}",
    "s2": "https://www.semanticscholar.org/paper/{}",
    "corpusid": "https://api.semanticscholar.org/CorpusID:{}",
    "orcid": "https://orcid.org/{}",
}
_DISPLAYS = {
    "doi": "doi:{}",
    "arxiv": "arXiv:{}",
    "acl": "ACL {}",
    "pmid": "PMID {}",
    "pmcid": "{}",
    "openalex": "OpenAlex {}",
    "s2": "S2 {}",
    "corpusid": "CorpusID {}",
    "orcid": "ORCID {}",
}


def _plain(value: object) -> str:
    """``value`` as text without zero-width characters and outer blanks; "" for what holds no identifier."""
    if isinstance(value, int) and not isinstance(value, bool):
        # An absurdly long number cannot be printed (and names nothing).
        return str(value) if 0 < value < 10**15 else ""
    if not isinstance(value, str) or len(value) > _MAX_PASTED:
        return ""
    if value.isascii():
        return value.strip()
    return "".join(c for c in value if unicodedata.category(c) != "Cf").strip()


def _unprintable(value: str) -> bool:
    return any(c.isspace() or unicodedata.category(c)[0] == "C" for c in value)


def _after(prefix: re.Pattern[str], value: str) -> str:
    """``value`` without ``prefix`` and, where that was an address, without query and fragment."""
    found = prefix.match(value)
    if not found:
        return value
    rest = value[found.end() :].strip()
    return _QUERY.sub("", rest) if "/" in found[0] else rest


def normalise(scheme: str, value: object) -> str | None:
    """The normal form of ``value`` under ``scheme`` (any case), None when invalid or unknown."""
    function = _NORMALISERS.get(scheme.lower()) if isinstance(scheme, str) else None
    return function(value) if function else None


def normalise_doi(value: object) -> str | None:
    """A DOI in lower case without resolver, "doi:" and surrounding punctuation; at most 255 characters."""
    text = _plain(value)
    while found := _DOI_PREFIX.match(text):
        text = text[found.end() :]
        if "doi.org" in found[0].lower():
            text = unquote(text)
            # "#" and "?" end an address, except in the old Wiley form "…3.0.CO;2-#".
            text = re.sub(r"\?.*|(?<!2-)#.*", "", text, flags=re.DOTALL)
    if re.match(r"10\.[0-9.]+%2f", text, _FLAGS):
        text = unquote(text)
    text = _trim(text.lower())
    return text if len(text) <= MAX_DOI and _DOI.fullmatch(text) and not _unprintable(text) else None


def _trim(doi: str) -> str:
    """Without the punctuation that the sentence around a DOI left on it."""
    doi = doi.lstrip("([{<\"'“‘«")
    while doi:
        last = doi[-1]
        if last in ".,;:/\"'”’»" or (last in _BRACKETS and doi.count(last) > doi.count(_BRACKETS[last])):
            doi = doi[:-1]
        else:
            break
    return doi


def _arxiv(value: object) -> re.Match[str] | None:
    return _ARXIV.fullmatch(_after(_ARXIV_PREFIX, _plain(value)))


def normalise_arxiv_id(value: object) -> str | None:
    """A bare arXiv identifier without version: ``2104.07143``, ``hep-th/9901001``.

    A subject class is dropped ("math.GT/0309136" is ``math/0309136``), as arXiv itself does.
    """
    found = _arxiv(value)
    if not found:
        return None
    return found["new"] or f"{found['archive'].lower()}/{found['number']}"


def arxiv_version(value: object) -> int | None:
    """The version that an arXiv identifier or address names ("2104.07143v3" is 3), else None."""
    found = _arxiv(value)
    return int(found["version"]) if found and found["version"] else None


def normalise_acl(value: object) -> str | None:
    """An ACL Anthology identifier: ``J93-2004``, ``2020.acl-main.207``; revisions are dropped."""
    text = _after(_ACL_PREFIX, _plain(value))
    # The old site's addresses repeat the identifier: papers/P02-1040/p02-1040
    head, _, tail = text.partition("/")
    if tail.lower().startswith(head.lower()):
        text = tail
    found = _ACL.match(text)
    if not found or not _ACL_TAIL.fullmatch(text, found.end()):
        return None
    return found["old"].upper() if found["old"] else found["new"].lower()


def normalise_pmid(value: object) -> str | None:
    """A PubMed identifier: digits."""
    found = _NUMBER.fullmatch(_after(_PMID_PREFIX, _plain(value)))
    return found["number"] if found and len(found["number"]) <= 9 else None


def normalise_pmcid(value: object) -> str | None:
    """A PubMed Central identifier: ``PMC123``; digits alone are taken too, the version is dropped."""
    found = _PMCID.fullmatch(_after(_PMCID_PREFIX, _plain(value)))
    return f"PMC{found['number']}" if found else None


def normalise_openalex(value: object) -> str | None:
    """An OpenAlex work: ``W123``. People, places and concepts (A, I, C …) are not works."""
    found = _OPENALEX.fullmatch(_after(_OPENALEX_PREFIX, _plain(value)))
    return f"W{found['number']}" if found else None


def normalise_s2(value: object) -> str | None:
    """A Semantic Scholar paper: 40 hexadecimal digits in lower case."""
    text = _after(_S2_PREFIX, _plain(value)).rstrip("/")
    return text.lower() if _S2.fullmatch(text) else None


def normalise_corpusid(value: object) -> str | None:
    """A Semantic Scholar corpus identifier: digits."""
    found = _NUMBER.fullmatch(_after(_CORPUSID_PREFIX, _plain(value)))
    return found["number"] if found else None


def normalise_orcid(value: object) -> str | None:
    """A person's ORCID iD, ``0000-0002-1825-0097``, its check digit right (ISO 7064 MOD 11-2)."""
    text = re.sub(rf"^(?:{_WEB}orcid\.org/|orcid\s*[:\s]\s*)", "", _plain(value), flags=_FLAGS)
    text = re.sub(r"[\s‐‑–-]", "", text.rstrip("/")).upper()
    if not re.fullmatch(r"[0-9]{15}[0-9X]", text):
        return None
    total = 0
    for digit in text[:15]:
        total = (total + int(digit)) * 2
    if text[15] != "0123456789X"[(12 - total % 11) % 11]:
        return None
    return "-".join(text[begin : begin + 4] for begin in range(0, 16, 4))


_NORMALISERS = {
    "doi": normalise_doi,
    "arxiv": normalise_arxiv_id,
    "acl": normalise_acl,
    "pmid": normalise_pmid,
    "pmcid": normalise_pmcid,
    "openalex": normalise_openalex,
    "s2": normalise_s2,
    "corpusid": normalise_corpusid,
}


def canonical(identifiers: Mapping[str, str]) -> dict[str, str]:
    """Normalised identifiers with what they imply, strongest scheme first.

    An arXiv DOI (10.48550/arxiv.X) becomes the arXiv identifier, so that the work has one name
    for one thing; an ACL DOI stays and gives the Anthology identifier as well. What the
    mapping states itself is never replaced.
    """
    found = dict(identifiers)
    doi = found.get("doi", "")
    if doi.startswith("10.48550/arxiv.") and (arxiv := normalise_arxiv_id(doi)):
        del found["doi"]
        found.setdefault("arxiv", arxiv)
    if (named := _ACL_DOI.fullmatch(doi)) and (acl := normalise_acl(named["acl"])):
        found.setdefault("acl", acl)
    return {scheme: found[scheme] for scheme in sorted(found, key=_rank)}


def _rank(scheme: str) -> int:
    return SCHEMES.index(scheme) if scheme in SCHEMES else len(SCHEMES)


def normalise_identifiers(mapping: Mapping[str, object]) -> tuple[dict[str, str], list[str]]:
    """(canonical identifiers, problems in words). Never raises; None and "" are left out silently."""
    found: dict[str, str] = {}
    problems = []
    for name, value in mapping.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        scheme = name.strip().lower() if isinstance(name, str) else ""
        if scheme not in SCHEMES:
            problems.append(f"unknown identifier scheme {_shown(name)}")
            continue
        normal = normalise(scheme, value)
        if normal is None:
            problems.append(f"{scheme} {_shown(value)} is not {_NOUNS[scheme]}")
        elif found.setdefault(scheme, normal) != normal:
            problems.append(f"{scheme} {_shown(value)} is a second one and left out")
    return canonical(found), problems


def _shown(value: object) -> str:
    """``value`` for a message: short, on one line, whatever it is."""
    if isinstance(value, str):
        return ascii(value[:60]) if _unprintable(value[:60].replace(" ", "")) else repr(value[:60])
    if isinstance(value, int) and value.bit_length() > 200:
        return "(a very long number)"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return f"({type(value).__name__})"


# What names its scheme: a bare number never does, so these two need their prefix.
_NUMBERED = ((_PMID_PREFIX, "pmid"), (_CORPUSID_PREFIX, "corpusid"))
_DOI_IN_ADDRESS = re.compile(r"10\.[0-9]{4,9}(?:\.[0-9]+)*(?:/|%2f)[^\s?#&]+", _FLAGS)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[a-z0-9.-]+\.[a-z]{2,}/\S+", _FLAGS)
# What publishers' addresses hang on a DOI; bioRxiv adds the version of the preprint.
_ADDRESS_TAIL = re.compile(
    r"(?:/(?:full|fulltext|abstract|abs|pdf|epdf|meta|html|summary|references|xml|tables/.*|figures/.*))+$"
    r"|(?:v[0-9]+)?\.(?:full|abstract|full\.pdf|full-text)$|\.pdf$|\.html?$",
    _FLAGS,
)
_BIORXIV_VERSION = re.compile(r"^(10\.1101/[0-9.]+)v[0-9]+$")


def parse_identifier(text: str) -> tuple[str, str] | None:
    """(scheme, value) of what a person pastes: an identifier, with or without its prefix, or an address.

    The pair is canonical: "10.48550/arXiv.2104.07143" gives ("arxiv", "2104.07143"). None when
    the text as a whole names no paper; a bare number names none.
    """
    text = _plain(text) if isinstance(text, str) else ""
    text = text.strip("<>\"'“”‘’ ,;")
    if not text:
        return None
    scheme, colon, rest = text.partition(":")
    scheme = scheme.strip().lower()
    if colon and scheme in SCHEMES and (value := normalise(scheme, rest)):
        return _canonical_pair(scheme, value)
    for prefix, scheme in _NUMBERED:
        if prefix.match(text) and (value := normalise(scheme, text)):
            return scheme, value
    if re.match(rf"pmc|{_WEB}[a-z.]*(?:nih\.gov|europepmc\.org)/", text, _FLAGS) and (
        value := normalise_pmcid(text)
    ):
        return "pmcid", value
    for scheme in ("arxiv", "acl", "openalex", "s2", "doi"):
        if value := normalise(scheme, text):
            return _canonical_pair(scheme, value)
    value = _doi_in_address(text)
    return _canonical_pair("doi", value) if value else None


_PASTED_WORDS = 100
_TELLING = ("doi", "arxiv", "acl", "s2")  # an identifier that no other word of a sentence looks like


def identifiers_in(text: str) -> list[tuple[str, str]]:
    """The (scheme, value)s that stand somewhere in a text, as in a pasted citation; strongest first.

    A word counts that is an identifier by its form or names its scheme ("PMID: 123", an address);
    the first hundred words are looked at.
    """
    words = text.split()[:_PASTED_WORDS] if isinstance(text, str) else []
    found: dict[tuple[str, str], None] = {}
    for place, word in enumerate(words):
        named = " ".join(words[place : place + 2]) if word.endswith(":") or word.isalpha() else ""
        for part in (word, named):
            for stripped in dict.fromkeys((part, part.strip("()[]{}.,;"))):
                pair = parse_identifier(stripped)
                if pair and (pair[0] in _TELLING or ":" in stripped or "/" in stripped or " " in stripped):
                    found[pair] = None
                    break
    return sorted(found, key=lambda pair: _rank(pair[0]))


def _canonical_pair(scheme: str, value: str) -> tuple[str, str]:
    found = canonical({scheme: value})
    # An ACL DOI gives two: the pair is the one that was pasted.
    return (scheme, value) if scheme in found else next(iter(found.items()))


def _doi_in_address(text: str) -> str | None:
    """The DOI inside a publisher's address."""
    if not _ADDRESS.fullmatch(text) or not (found := _DOI_IN_ADDRESS.search(text)):
        return None
    doi = unquote(found[0])
    while (shorter := _ADDRESS_TAIL.sub("", doi)) != doi and _DOI.fullmatch(shorter):
        doi = shorter
    return normalise_doi(_BIORXIV_VERSION.sub(r"\1", doi))


# Registrants that give DOIs to preprints only. Zenodo and figshare give them to all sorts of things.
_PREPRINT_DOI = re.compile(
    r"10\.(?:48550/arxiv\.|1101/(?:2\d{3}\.\d\d\.\d\d\.)?\d{6,}|64898/|21203/rs\.|26434/chemrxiv|2139/ssrn\."
    r"|3123[45]/osf\.io|31219/osf\.io|20944/preprints|36227/techrxiv|22541/au\.|7287/peerj\.preprints)"
)


def is_preprint_doi(doi: str) -> bool:
    """Whether a DOI in normal form is one that a preprint server gave: arXiv, bioRxiv, SSRN, OSF and others.

    bioRxiv shares its prefix with a publisher's journals, whose DOIs hold letters.
    """
    return bool(_PREPRINT_DOI.match(doi))


def identifier_url(scheme: str, value: str) -> str:
    """The public https address of an identifier, "" for one that is invalid or has none."""
    scheme = scheme.lower()
    normal = normalise_orcid(value) if scheme == "orcid" else normalise(scheme, value)
    return _URLS[scheme].format(quote(normal, safe="/:;(),._-~!*'@$=+")) if normal else ""


def display(scheme: str, value: str) -> str:
    """An identifier as it is printed: "doi:10.…", "arXiv:2104.07143", "ACL J93-2004", "PMID 123"."""
    return _DISPLAYS.get(scheme.lower(), f"{scheme}:{{}}").format(value)
