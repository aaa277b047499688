"""What to ask the Semantic Scholar Graph API for: a paper, its citing papers, its references.

https://api.semanticscholar.org/api-docs/graph
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from papers.live.client import Client, Service
from papers.live.pages import Count, Page, Tally, first_page
from papers.records import Identifiers

NAME = "semantic-scholar"
# One request a second is what a key allows; without one, all share what is left.
INTERVAL = 1.1
# The service takes 1,000, but refuses answers beyond 10 MB: citing sentences make them long.
CITATIONS_A_PAGE = 500
REFERENCES_A_PAGE = 1000
# offset + limit must stay below 10,000.
MOST = 9_999

NAMES = {
    "s2": "{}",
    "doi": "DOI:{}",
    "arxiv": "ARXIV:{}",
    "acl": "ACL:{}",
    "pmid": "PMID:{}",
    "pmcid": "PMCID:{}",
    "corpusid": "CorpusId:{}",
}
OF_A_PAPER = (
    "paperId,corpusId,externalIds,title,abstract,venue,publicationVenue,journal,year,publicationDate,"
    "publicationTypes,openAccessPdf,s2FieldsOfStudy,authors"
)
ASKED_PAPER = f"{OF_A_PAPER},tldr,citationCount,referenceCount"
LINK = f"contexts,intents,contextsWithIntent,isInfluential,{OF_A_PAPER}"


class Paper(msgspec.Struct):
    paperId: str
    citationCount: int | None = None
    referenceCount: int | None = None


class Listing(msgspec.Struct):
    data: list | None = None
    next: int | None = None


def service(url: str, key: str) -> Service:
    """The service at ``url``, with a key or ""."""
    headers = {"x-api-key": key} if key else {}
    return Service(NAME, url, INTERVAL, "SEMANTIC_SCHOLAR_API_KEY", key, key_headers=headers)


def address(known: Identifiers) -> tuple[str, str] | None:
    """(scheme, the service's name) for the first of the identifiers that it knows, or None."""
    for scheme, value in known.items():
        if scheme in NAMES:
            return scheme, NAMES[scheme].format(value.removeprefix("PMC") if scheme == "pmcid" else value)
    return None


def pages(
    client: Client, service: Service, known: Identifiers, tally: Tally, limit: int | None
) -> Iterator[Page]:
    """The paper, its citing papers (at most ``limit`` of them), its references; ``tally`` counts along.

    One request for the paper and one for each page. Raises SourceError as ``Client.get`` does,
    UnreadableFile where the first answer describes no paper.
    """
    found = address(known)
    if found is None:
        return
    scheme, name = found
    answer = client.get(service, f"paper/{quote(name, safe='/:')}", {"fields": ASKED_PAPER}, Paper)
    tally.citing.stated = answer.value.citationCount
    tally.references.stated = answer.value.referenceCount
    page = first_page(answer.path, NAME, {scheme: known[scheme]})
    yield page
    paper = f"paper/{quote(answer.value.paperId, safe='')}"
    most = MOST if limit is None else min(MOST, limit)
    why = f"--limit {limit}" if most != MOST else f"the service gives no more than {MOST:,}"
    yield from _list(
        client, service, f"{paper}/citations", page.about, tally.citing, CITATIONS_A_PAGE, most, why
    )
    why = f"the service gives no more than {MOST:,}"
    yield from _list(
        client, service, f"{paper}/references", page.about, tally.references, REFERENCES_A_PAGE, MOST, why
    )


def _list(
    client: Client,
    service: Service,
    path: str,
    about: Identifiers,
    count: Count,
    page_size: int,
    most: int,
    why: str,
) -> Iterator[Page]:
    """The pages of a list until it ends or ``most`` items were asked for; ``why`` names that bound."""
    offset: int | None = 0
    while offset is not None and offset < most:
        size = min(page_size, most - offset)
        asked = {"fields": LINK, "offset": str(offset), "limit": str(size)}
        answer = client.get(service, path, asked, Listing)
        items, following = answer.value.data or [], answer.value.next
        count.add(len(items))
        if items:
            yield Page(answer.path, NAME, about)
        # A service that points back would be asked for ever.
        offset = following if following is not None and following > offset else None
    if offset is not None:
        count.reason = why
