"""The stand-in for outside services, and a client that waits for nobody."""

import pytest

from papers.live import client, crossref, openalex, semantic_scholar
from tests.papers.live.stand_in import stand_in


@pytest.fixture
def service():
    with stand_in() as running:
        yield running


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(client, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(client, "JITTER", 0.01)
    for source in (crossref, openalex, semantic_scholar):
        monkeypatch.setattr(source, "INTERVAL", 0)
