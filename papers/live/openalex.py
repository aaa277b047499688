"""What to ask the OpenAlex API for: a work, the works that cite it, the works that it cites.

https://developers.openalex.org
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from papers.identifiers import normalise_openalex
from papers.live.client import Client, Service, SourceError
from papers.live.pages import Page, Tally, first_page
from papers.records import Identifiers

NAME = "openalex"
INTERVAL = 0.15
# The service's own bound; larger pages are refused.
WORKS_A_PAGE = 100
WORKS_A_BATCH = 50

NAMES = {
    "openalex": "{}",
    "doi": "doi:{}",
    "pmid": "pmid:{}",
    "pmcid": "pmcid:{}",
    "arxiv": "doi:10.48550/arxiv.{}",
}
CITED_WORK = (
    "id,doi,ids,title,display_name,publication_year,publication_date,language,type,primary_location,locations,"
    "authorships,topics,is_retracted,abstract_inverted_index"
)
# The works that the asked one cites are described, not followed further.
WORK = f"{CITED_WORK},referenced_works,referenced_works_count"
ASKED_WORK = f"{WORK},cited_by_count"


class Work(msgspec.Struct):
    id: str
    cited_by_count: int | None = None
    referenced_works: list[str | None] | None = None
    referenced_works_count: int | None = None


class Meta(msgspec.Struct):
    count: int | None = None
    next_cursor: str | None = None


class Listing(msgspec.Struct):
    meta: Meta
    results: list


def service(url: str, key: str) -> Service:
    """The service at ``url``, with a key or "". It takes its key in the address only."""
    parameters = {"api_key": key} if key else {}
    return Service(NAME, url, INTERVAL, "OPENALEX_API_KEY", key, key_parameters=parameters)


def address(known: Identifiers) -> tuple[str, str] | None:
    """(scheme, the service's name) for the first of the identifiers that it knows, or None."""
    for scheme, value in known.items():
        if scheme in NAMES:
            return scheme, NAMES[scheme].format(value)
    return None


def pages(
    client: Client, service: Service, known: Identifiers, tally: Tally, limit: int | None
) -> Iterator[Page]:
    """The work, the works that cite it (at most ``limit``), those it cites; ``tally`` counts along.

    One request for the work, one for each 100 citing works, one for each 50 cited ones. Raises
    SourceError as ``Client.get`` does, UnreadableFile where the first answer describes no work.
    """
    found = address(known)
    if found is None:
        return
    scheme, name = found
    answer = client.get(service, f"works/{quote(name, safe='/:')}", {"select": ASKED_WORK}, Work)
    work = answer.value
    number = normalise_openalex(work.id)
    if number is None:
        raise SourceError("its answer names no work")
    cited = [normal for given in work.referenced_works or () if (normal := normalise_openalex(given))]
    tally.citing.stated = work.cited_by_count
    tally.references.stated = work.referenced_works_count
    if tally.references.stated is None and work.referenced_works is not None:
        tally.references.stated = len(work.referenced_works)
    page = first_page(answer.path, NAME, {scheme: known[scheme]})
    yield page
    yield from _citing(client, service, number, page.about, tally, limit)
    for start in range(0, len(cited), WORKS_A_BATCH):
        batch = "|".join(cited[start : start + WORKS_A_BATCH])
        asked = {"filter": f"openalex_id:{batch}", "per_page": str(WORKS_A_BATCH), "select": CITED_WORK}
        listing = client.get(service, "works", asked, Listing)
        tally.references.add(len(listing.value.results))
        if listing.value.results:
            yield Page(listing.path, NAME, page.about)
    if work.referenced_works is not None:
        tally.references.add(0)
        tally.references.reason = "the others are no longer in OpenAlex"


def _citing(
    client: Client, service: Service, number: str, about: Identifiers, tally: Tally, limit: int | None
) -> Iterator[Page]:
    cursor: str | None = "*"
    while cursor and (limit is None or (tally.citing.received or 0) < limit):
        left = WORKS_A_PAGE if limit is None else limit - (tally.citing.received or 0)
        asked = {
            "filter": f"cites:{number}",
            "per_page": str(min(WORKS_A_PAGE, left)),
            "cursor": cursor,
            "select": WORK,
        }
        listing = client.get(service, "works", asked, Listing)
        meta, works = listing.value.meta, listing.value.results
        if meta.count is not None:
            tally.citing.stated = meta.count
        tally.citing.add(len(works))
        if works:
            yield Page(listing.path, NAME, about)
        cursor = meta.next_cursor if works and meta.next_cursor != cursor else None
    if cursor:
        tally.citing.reason = f"--limit {limit}"
