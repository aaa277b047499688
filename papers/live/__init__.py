"""Live sources: outside services that are asked for a paper, its citing papers, its references.

Owns the table of sources. A source turns identifiers into pages kept on disk, which the
readers of ``papers/importers/`` read like any other file: there is no second parser. No table
of the database and no setting is known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from papers.live import crossref, openalex, semantic_scholar
from papers.live.client import Client, NotKnown, Service, SourceDown, SourceError
from papers.live.pages import Count, Page, Tally
from papers.records import Identifiers

__all__ = [
    "SOURCES",
    "Client",
    "Count",
    "LiveSource",
    "NotKnown",
    "Page",
    "Service",
    "SourceDown",
    "SourceError",
    "Tally",
]


@dataclass(frozen=True, slots=True)
class LiveSource:
    """A row of the table.

    ``service(url, key)`` is the service to ask; ``address(known)`` tells whether it knows one
    of these identifiers (None: it does not); ``pages(client, service, known, tally, limit)``
    yields its answers, the paper itself first.
    """

    name: str
    service: Callable[[str, str], Service]
    address: Callable[[Identifiers], tuple[str, str] | None]
    pages: Callable[[Client, Service, Identifiers, Tally, int | None], Iterator[Page]]


# In the order in which they are asked: Semantic Scholar first, since it knows most schemes and
# names the DOI that the others need.
SOURCES: dict[str, LiveSource] = {
    module.NAME: LiveSource(module.NAME, module.service, module.address, module.pages)
    for module in (semantic_scholar, openalex, crossref)
}
