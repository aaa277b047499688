"""Bounded work: too long, too many, too slow; each a clear answer, and kept pages go on."""

import pytest
from django.db import OperationalError, connection

from explorer import finding, limits
from papers.models import Paper
from tests.factories import make_citation, make_paper, make_staff, refresh

db = pytest.mark.django_db
COUNT_FOREVER = """
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 1000000000)
    SELECT count(*) FROM counted
"""


@pytest.fixture
def hub():
    paper = make_paper("Of tides")
    make_citation(make_paper(), paper)
    refresh()
    return paper


@pytest.fixture
def full(monkeypatch):
    """A gate whose slots and places are taken."""
    gate = limits.Gate(slots=1, places=0)
    monkeypatch.setattr(limits, "gate", gate)
    assert gate.enter()
    return gate


def count_forever(*_arguments):
    with connection.cursor() as cursor:
        cursor.execute(COUNT_FOREVER)


@db
@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("&".join(f"role=r{number}" for number in range(10_000)), 414, "8000 characters"),
        ("q=" + "x" * 100_000, 414, "8000 characters"),
        ("&" * 1000, 400, "1000 values"),
        ("a&" * 1000, 400, "1000 values"),
    ],
)
def test_too_long_a_question_is_refused_in_words(client, hub, query, status, words):
    page = client.get(f"{hub.get_absolute_url()}citing/?{query}")
    assert page.status_code == status and words in page.content.decode()
    answer = client.get(f"/api/v1/papers/{hub.pk}/citations?{query}")
    assert answer.status_code == status and answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status and words in answer.json()["detail"]


@db
def test_as_much_as_is_allowed_is_answered(client, hub):
    query = "&".join(f"role=r{number}" for number in range(700))
    page = client.get(f"{hub.get_absolute_url()}citing/?{query}")
    assert page.status_code == 200 and "at most 50 values" in page.content.decode()


@db
def test_beyond_the_gate_readers_are_told_to_come_again(client, hub, full):
    address = hub.get_absolute_url()
    page = client.get(address)
    assert page.status_code == 503 and page["Retry-After"] and "Try again" in page.content.decode()
    assert client.get(f"/api/v1/papers/{hub.pk}/hub").json()["status"] == 503
    assert client.post("/admin/login/", {"username": "a", "password": "b"}).status_code == 503
    full.leave()
    assert client.get(address).status_code == 200
    assert full.enter(), "the page has not given its slot back"


@db
def test_a_kept_page_needs_no_slot(client, hub, monkeypatch):
    address = hub.get_absolute_url()
    first = client.get(address)
    monkeypatch.setattr(limits, "gate", limits.Gate(slots=1, places=0))
    assert limits.gate.enter()
    assert client.get(address).content == first.content
    assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 304


@db
def test_who_is_logged_in_needs_no_slot_and_a_made_up_session_does(client, hub, full, settings):
    client.cookies[settings.SESSION_COOKIE_NAME] = "made-up"
    assert client.get(hub.get_absolute_url()).status_code == 503
    client.force_login(make_staff(is_superuser=True))
    assert client.get(hub.get_absolute_url()).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_read_that_takes_too_long_is_given_up(client, monkeypatch):
    monkeypatch.setattr(limits, "READING_SECONDS", 0.2)
    monkeypatch.setattr(Paper.objects, "search", count_forever)
    monkeypatch.setattr(finding, "find", count_forever)
    page = client.get("/?q=tides")
    assert page.status_code == 503 and "took too long" in page.content.decode()
    assert "took too long" in client.get("/api/v1/search?q=tides").json()["detail"]


@pytest.mark.django_db(transaction=True)
def test_the_bound_goes_with_the_page():
    limits.bind(connection, 0.2)
    with pytest.raises(OperationalError) as ended:
        count_forever()
    assert limits.took_too_long(ended.value)
    limits.unbind(connection)
    with connection.cursor() as cursor:
        cursor.execute(COUNT_FOREVER.replace("1000000000", "2000000"))
        assert cursor.fetchone() == (2_000_000,)
