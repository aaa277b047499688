"""The client against a real server on loopback: waiting, giving up, keeping, and what it never tells."""

import logging
import os
import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import msgspec
import pytest

from papers.live import client as module
from papers.live.client import Client, NotKnown, Service, SourceDown, SourceError
from tests.papers.live.stand_in import Reply, stand_in

KEY = "made-up-key-0123456789"


class Shape(msgspec.Struct):
    number: int


def named(url, *, interval=0.0, key=KEY):
    headers, parameters = ({"x-api-key": key}, {"api_key": key}) if key else ({}, {})
    return Service("a-source", url, interval, "A_SOURCE_API_KEY", key, headers, parameters)


@pytest.fixture
def client(tmp_path):
    with Client(tmp_path / "fetched", contact="ada@example.org") as client:
        yield client


def get(client, service, path="paper/1", **parameters):
    return client.get(named(service.url), path, parameters, Shape)


def busy(status=429, **headers):
    return Reply(status, b'{"message": "Too many questions"}', headers)


def test_an_answer_is_kept_as_it_came_and_not_asked_for_again(client, service):
    service.answers["/paper/1?page=2"] = b'{"number": 7, "more": [1]}'
    first, second = get(client, service, page="2"), get(client, service, page="2")
    assert first == second and first.value.number == 7
    assert first.path.read_bytes() == b'{"number": 7, "more": [1]}'
    assert [path.name for path in first.path.parent.iterdir()] == [first.path.name]
    assert len(service.requests) == 1
    assert (client.asked["a-source"], client.kept["a-source"]) == (1, 1)


def test_who_asks_is_said_and_the_key_goes_along(client, service):
    service.answers["/paper/1"] = service.answers[f"/paper/1?api_key={KEY}"] = {"number": 1}
    get(client, service)
    [request] = service.requests
    assert request.headers["User-Agent"] == "citation-hub (mailto:ada@example.org)"
    assert request.headers["x-api-key"] == KEY and request.path == f"/paper/1?api_key={KEY}"


@pytest.fixture(autouse=True)
def key_in_the_address(service):
    """Let the tests name their answers without the key."""
    plain = service.reply
    service.reply = lambda address: plain(
        address.replace(f"?api_key={KEY}", "").replace(f"&api_key={KEY}", "")
    )


@pytest.mark.parametrize(
    ("age_days", "fresh", "requests"), [(6.9, False, 1), (7.1, False, 2), (0, True, 2), (6.9, True, 2)]
)
def test_an_old_answer_is_asked_for_again_and_so_is_any_when_wished(
    tmp_path, service, age_days, fresh, requests
):
    service.answers["/paper/1"] = [{"number": 1}, {"number": 2}]
    with Client(tmp_path) as client:
        kept = get(client, service).path
    then = time.time() - age_days * 86400
    os.utime(kept, (then, then))
    with Client(tmp_path, days=7, fresh=fresh) as client:
        assert get(client, service).value.number == requests
    assert len(service.requests) == requests


def test_a_kept_answer_that_was_damaged_is_asked_for_again(client, service):
    service.answers["/paper/1"] = {"number": 1}
    get(client, service).path.write_bytes(b'{"num')
    assert get(client, service).value.number == 1
    assert len(service.requests) == 2


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_service_is_asked_again(client, service, status):
    service.answers["/paper/1"] = [busy(status), busy(status), {"number": 3}]
    assert get(client, service).value.number == 3
    assert client.asked["a-source"] == len(service.requests) == 3


def test_retry_after_in_seconds_is_waited_and_said(tmp_path, service):
    service.answers["/paper/1"] = [busy(**{"Retry-After": "1"}), {"number": 1}]
    said, begun = [], time.monotonic()
    with Client(tmp_path, on_wait=said.append) as client:
        get(client, service)
    assert time.monotonic() - begun >= 1
    assert said == ["a-source: HTTP 429: Too many questions: again in 1 s"]


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("7", 7, 7),
        (" 0 ", 0, 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("soon", None, None),
        ("-5", None, None),
        ("1.5", None, None),
        ("٧", None, None),
        ("9" * 400, None, None),
        ("", None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value, low, high):
    seconds = module.retry_after(value)
    assert seconds is None if low is None else low <= seconds <= high


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-5)), None])
def test_a_date_to_wait_for_is_counted_from_now(zone):
    moment = datetime.now(UTC) + timedelta(seconds=60)
    # Without a zone the time is universal time: "-0000".
    header = format_datetime(moment.astimezone(zone) if zone else moment.replace(tzinfo=None))
    assert 50 < module.retry_after(header) <= 60


def test_a_wait_beyond_the_limit_is_not_waited(client, service):
    service.answers["/paper/1"] = busy(**{"Retry-After": "3600"})
    with pytest.raises(SourceDown, match=r"asks to wait 3,600 s .*more than 120 s .*later"):
        get(client, service)
    assert len(service.requests) == 1


def test_a_service_that_stays_busy_is_given_up_with_its_reason(client, service):
    service.answers["/paper/1"] = busy()
    with pytest.raises(SourceDown, match="no answer after 5 tries, the last time: HTTP 429: Too many"):
        get(client, service)
    assert len(service.requests) == module.TRIES


def test_a_service_that_is_not_there_is_given_up(client):
    with stand_in() as gone:
        pass
    with pytest.raises(SourceDown, match="no answer after 5 tries.*refused"):
        get(client, gone)


def test_silence_is_given_up(client, service, monkeypatch):
    monkeypatch.setattr(module, "TRIES", 2)
    service.answers["/paper/1"] = Reply(200, b"{}", before=lambda: time.sleep(0.5))
    client._http.timeout = 0.1
    with pytest.raises(SourceDown, match="no answer after 2 tries, the last time: nothing came within"):
        get(client, service)


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (404, NotKnown, "does not know this paper"),
        (401, SourceDown, "refuses to answer .HTTP 401: Too many questions.; check A_SOURCE_API_KEY"),
        (403, SourceDown, "check A_SOURCE_API_KEY"),
        (400, SourceError, "refuses the question .HTTP 400: Too many questions"),
        (204, SourceError, "HTTP 204"),
    ],
)
def test_a_plain_no_is_not_asked_again(client, service, status, error, said):
    service.answers["/paper/1"] = busy(status)
    with pytest.raises(error, match=said):
        get(client, service)
    assert len(service.requests) == 1


def test_a_missing_key_is_named_where_it_would_help(client, service):
    service.answers["/paper/1"] = busy()
    with pytest.raises(SourceDown, match="A_SOURCE_API_KEY is not set"):
        client.get(named(service.url, key=""), "paper/1", {}, Shape)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<!DOCTYPE html><p>Sorry", "it answered HTML"),
        (b'{"number": 1', "not whole JSON"),
        (b"", "not whole JSON"),
        (b"\xff\xfe", "not whole JSON"),
        (b"[" * 100_000, "not whole JSON"),
        (b'{"number": "one"}', "not of the shape.*Expected `int`"),
        (b"[]", "not of the shape"),
        (b'{"error": "no"}', "not of the shape.*number"),
    ],
)
def test_an_answer_that_cannot_be_used_is_not_kept(client, tmp_path, service, body, said):
    service.answers["/paper/1"] = body
    with pytest.raises(SourceError, match=said):
        get(client, service)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_half_a_character_in_a_sentence_does_not_cost_the_page(client, service):
    service.answers["/paper/1"] = b'{"number": 1, "context": "\\ud800"}'
    assert get(client, service).value.number == 1


def test_an_answer_without_end_is_stopped(client, service, monkeypatch):
    monkeypatch.setattr(module, "MAX_ANSWER_BYTES", 1000)
    service.answers["/paper/1"] = b'{"number": 1, "more": "' + b"x" * 2000 + b'"}'
    with pytest.raises(SourceError, match="larger than"):
        get(client, service)


def test_a_redirect_within_the_service_is_followed(client, service):
    service.answers["/paper/1"] = Reply(301, headers={"Location": "/paper/2?page=1"})
    service.answers["/paper/2?page=1"] = {"number": 2}
    assert get(client, service).value.number == 2
    assert service.requests[1].headers["x-api-key"] == KEY


def test_a_redirect_elsewhere_is_not_followed_and_the_key_does_not_go_there(client, service):
    with stand_in() as other:
        service.answers["/paper/1"] = Reply(302, headers={"Location": f"{other.url}/paper/1"})
        with pytest.raises(SourceError, match="redirects to http://127.0.0.1, which is not followed"):
            get(client, service)
        assert other.requests == []
    service.answers["/paper/2"] = Reply(302, headers={"Location": service.url.replace("http", "https")})
    with pytest.raises(SourceError, match="redirects to https://127.0.0.1"):
        get(client, service, "paper/2")


def test_a_circle_of_redirects_is_left(client, service):
    service.answers["/paper/1"] = Reply(302, headers={"Location": "/paper/1"})
    with pytest.raises(SourceError, match="redirects more than 3 times"):
        get(client, service)


def test_requests_to_one_source_keep_their_distance(client, service):
    service.answers["/paper/1"] = service.answers["/paper/2"] = {"number": 1}
    begun = time.monotonic()
    for path in ("paper/1", "paper/2"):
        client.get(named(service.url, interval=0.3), path, {}, Shape)
    assert time.monotonic() - begun >= 0.3


def test_the_key_is_in_no_file_no_message_and_no_log(client, tmp_path, service, caplog):
    caplog.set_level(logging.WARNING)
    service.answers["/paper/1"] = {"number": 1}
    echo = Reply(400, b'{"error": "bad api_key=%s"}' % KEY.encode())
    service.answers["/paper/2"] = echo
    service.answers["/paper/3"] = Reply(503, echo.body)
    kept = get(client, service).path
    told = []
    for path in ("paper/2", "paper/3"):
        with pytest.raises(SourceError) as error:
            get(client, service, path)
        told.append(str(error.value))
    assert "bad api_key=…" in told[0] and "bad api_key=…" in told[1]
    assert KEY not in "".join(told) + caplog.text + str(kept) + kept.read_text() + repr(named(service.url))
