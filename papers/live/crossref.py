"""What to ask the Crossref API for: one work by its DOI, with its reference list.

Crossref says how many works cite it, but names them to members alone.
https://api.crossref.org/swagger-ui/index.html
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from papers.live.client import Client, Service
from papers.live.pages import Page, Tally, first_page
from papers.records import Identifiers

NAME = "crossref"
INTERVAL = 0.25


class Work(msgspec.Struct, rename="kebab"):
    is_referenced_by_count: int | None = None
    reference_count: int | None = None
    reference: list | None = None


class Message(msgspec.Struct):
    message: Work


def service(url: str, key: str) -> Service:
    """The service at ``url``, with a key (of Metadata Plus) or ""."""
    headers = {"Crossref-Plus-API-Token": f"Bearer {key}"} if key else {}
    return Service(NAME, url, INTERVAL, "CROSSREF_API_KEY", key, key_headers=headers)


def address(known: Identifiers) -> tuple[str, str] | None:
    """("doi", the DOI), or None without one."""
    return ("doi", known["doi"]) if "doi" in known else None


def pages(
    client: Client, service: Service, known: Identifiers, tally: Tally, limit: int | None
) -> Iterator[Page]:
    """The work with its references; ``tally`` counts along. ``limit`` is of citing papers: none come.

    One request. Raises SourceError as ``Client.get`` does, UnreadableFile where the answer
    describes no work.
    """
    if "doi" not in known:
        return
    answer = client.get(service, f"works/{quote(known['doi'], safe='')}", {}, Message)
    work = answer.value.message
    tally.citing.stated = work.is_referenced_by_count
    tally.references.stated = work.reference_count
    tally.references.add(len(work.reference or ()))
    if work.reference is None:
        tally.references.reason = "the publisher has not deposited them openly"
    yield first_page(answer.path, NAME, {"doi": known["doi"]})
