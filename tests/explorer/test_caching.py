"""Kept pages: the same bytes until something is written, right from then on, and never another's."""

import gzip
import threading
import time

import pytest
from django.core.cache import caches
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from citations import curation
from citations.labels import LabelSource
from explorer import caching, limits
from papers import bulk
from papers.models import LibraryMark
from tests.factories import (
    make_assertion,
    make_citation,
    make_context,
    make_curator,
    make_paper,
    make_staff,
    refresh,
)

db = pytest.mark.django_db


@pytest.fixture
def hub():
    paper = make_paper("Of tides")
    for number in range(12):
        context = make_context(make_citation(make_paper(), paper), f"A sentence on tides, number {number}.")
        make_assertion(context, value="background", source=LabelSource.DATASET)
    refresh()
    return paper


def pages(hub):
    pair = hub.incoming_citations.first()
    return [
        "/",
        "/papers/",
        hub.get_absolute_url(),
        f"{hub.get_absolute_url()}citing/?role=background",
        f"/papers/{hub.pk}/citing/{pair.citing_paper_id}/",
        "/about/labels/",
    ]


@db
def test_a_page_is_answered_again_without_reading_the_library(client, hub, django_assert_num_queries):
    for address in pages(hub):
        first = client.get(address)
        with django_assert_num_queries(1):
            again = client.get(address)
        assert again.content == first.content and again["ETag"] == first["ETag"], address
        assert again["Cache-Control"] == "public, no-cache"
        assert {"Accept-Language", "Cookie"} <= {name.strip() for name in again["Vary"].split(",")}
        assert "Content-Security-Policy" in again


@db
def test_who_has_the_page_is_told_that_nothing_changed(client, hub, django_assert_num_queries):
    address = hub.get_absolute_url()
    first = client.get(address)
    with django_assert_num_queries(1):
        answer = client.get(address, headers={"if-none-match": first["ETag"]})
    assert answer.status_code == 304 and not answer.content
    assert answer["ETag"] == first["ETag"] and answer["Cache-Control"] == "public, no-cache"
    dated = client.get(address, headers={"if-modified-since": first["Last-Modified"]})
    assert dated.status_code == 304


@db
def test_a_relabelled_sentence_shows_at_once(client, hub):
    address = hub.get_absolute_url()
    before = client.get(address)
    context = hub.incoming_citations.first().contexts.get()
    curation.relabel_context(context=context, curator=make_curator(), role="extension")
    after = client.get(address, headers={"if-none-match": before["ETag"]})
    assert after.status_code == 200 and after["ETag"] != before["ETag"]
    assert "1 of 12" in after.content.decode() and "1 of 12" not in before.content.decode()


@db
def test_a_text_that_is_taken_down_is_gone_at_once(client, hub):
    pair = hub.incoming_citations.first()
    address = f"/papers/{hub.pk}/citing/{pair.citing_paper_id}/"
    passage = pair.contexts.get().passage
    assert passage.text in client.get(address).content.decode()
    curation.suppress_passage(passage=passage, curator=make_curator(), reason="asked for")
    assert passage.text not in client.get(address).content.decode()


@db
def test_a_form_of_the_admin_leaves_a_mark(admin_client, hub):
    before = LibraryMark.current()[0]
    admin_client.get("/admin/")
    assert LibraryMark.current()[0] == before
    admin_client.post("/admin/auth/group/add/", {"name": "Readers"})
    assert LibraryMark.current()[0] != before


@db
def test_marks_are_random_and_one_row(hub):
    marks = set()
    for _each in range(5):
        bulk.mark_library()
        marks.add(LibraryMark.current()[0])
    assert len(marks) == 5 and LibraryMark.objects.count() == 1
    assert (timezone.now() - LibraryMark.current()[1]).total_seconds() < 60


@db
def test_who_is_logged_in_gets_pages_of_their_own(client, hub):
    pair = hub.incoming_citations.first()
    address = f"/papers/{hub.pk}/citing/{pair.citing_paper_id}/"
    client.force_login(make_staff(is_superuser=True))
    own = client.get(address)
    assert "Correct this label" in own.content.decode() and own["Cache-Control"] == "private, no-cache"
    client.logout()
    assert "Correct this label" not in client.get(address).content.decode()


@db
def test_addresses_hosts_and_languages_are_told_apart(client, hub, settings):
    settings.ALLOWED_HOSTS = ["one.example", "two.example"]
    address = hub.get_absolute_url()
    tags = [
        client.get(f"{address}{query}", headers={"host": host, "accept-language": language})["ETag"]
        for host in settings.ALLOWED_HOSTS
        for language in ("en", "de")
        for query in ("", "?role=method")
    ]
    assert len(set(tags)) == 8
    for host, other in (settings.ALLOWED_HOSTS, settings.ALLOWED_HOSTS[::-1]):
        page = client.get(address, headers={"host": host}).content.decode()
        assert f"//{host}/" in page and other not in page


@db
@pytest.mark.parametrize("first", ["page", "part"])
def test_a_page_and_its_part_are_never_mixed_up(client, hub, first, django_assert_num_queries):
    """The same address, asked by a browser and by htmx, in either order."""
    address = f"{hub.get_absolute_url()}?role=background"
    asked = {"page": {}, "part": {"HX-Request": "true"}}
    order = ["page", "part"] if first == "page" else ["part", "page"]
    made = {name: client.get(address, headers=asked[name]) for name in order}
    assert b"<html" in made["page"].content and b"<html" not in made["part"].content
    assert b'class="results"' in made["part"].content and made["page"]["ETag"] != made["part"]["ETag"]
    for name, other in (order, order[::-1]):
        with django_assert_num_queries(1):
            assert client.get(address, headers=asked[name]).content == made[name].content
        zipped = client.get(address, headers=asked[name] | {"accept-encoding": "gzip"})
        assert gzip.decompress(zipped.content) == made[name].content
        assert "HX-Request" in made[name]["Vary"] and "HX-Request" in zipped["Vary"]
        known = asked[name] | {"if-none-match": made[other]["ETag"]}
        assert client.get(address, headers=known).content == made[name].content


@db
def test_whole_pages_are_restored_and_parts_vary_for_staff_too(client, hub):
    address = hub.get_absolute_url()
    restored = client.get(address, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<html" in restored.content
    client.force_login(make_staff(is_superuser=True))
    own = client.get(address, headers={"HX-Request": "true"})
    assert b"<html" not in own.content and "HX-Request" in own["Vary"]
    assert own["Cache-Control"] == "private, no-cache"


@db
def test_what_is_not_there_is_not_kept(client, hub):
    missing = client.get("/papers/999999/")
    assert missing.status_code == 404 and "public" not in missing.get("Cache-Control", "")
    moved = client.get(f"/papers/{hub.pk}/")
    assert moved.status_code == 301 and "public" not in moved.get("Cache-Control", "")


def behind(view):
    """``view`` behind the middleware alone, as Django would call both."""

    def respond(request):
        return pages.process_view(request, view, (), {}) or view(request)

    pages = caching.KeptPages(respond)
    return pages


@pytest.fixture
def mark_seven(monkeypatch):
    monkeypatch.setattr(LibraryMark, "current", classmethod(lambda _cls: (7, None)))
    monkeypatch.setattr(LibraryMark, "current_number", classmethod(lambda _cls: 7))


def ask_at_once(pages, number):
    """The answers to ``number`` requests for one page at the same time."""
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(pages(RequestFactory().get("/cold/"))))
        for _each in range(number)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_a_burst_of_readers_of_a_cold_page_renders_it_once(mark_seven):
    rendered = []

    @caching.kept
    def slow(request):
        rendered.append(request)
        time.sleep(0.2)
        return HttpResponse("a page")

    answers = ask_at_once(behind(slow), limits.PLACES + 1)
    assert [answer.content for answer in answers] == [b"a page"] * (limits.PLACES + 1)
    assert len(rendered) == 1


def test_a_burst_larger_than_the_queue_is_told_to_come_again(mark_seven):
    @caching.kept
    def slow(request):
        time.sleep(0.5)
        return HttpResponse("a page")

    answers = ask_at_once(behind(slow), limits.PLACES + 4)
    turned_away = [answer for answer in answers if answer.status_code == 503]
    assert len(turned_away) == 3 and all(answer["Retry-After"] for answer in turned_away)
    assert [answer.content for answer in answers if answer.status_code == 200] == [b"a page"] * (
        limits.PLACES + 1
    )


def test_a_page_that_fails_keeps_nobody_waiting(mark_seven):
    @caching.kept
    def missing(request):
        raise Http404

    pages = behind(missing)
    for _each in range(2):
        begin = time.monotonic()
        with pytest.raises(Http404):
            pages(RequestFactory().get("/missing/"))
        assert time.monotonic() - begin < limits.PATIENCE / 2


def test_a_page_that_sets_a_cookie_is_nobody_elses(mark_seven):
    @caching.kept
    def greeting(request):
        response = HttpResponse(f"{len(asked)}")
        response.set_cookie("name", "value")
        asked.append(request)
        return response

    asked = []
    pages = behind(greeting)
    assert [pages(RequestFactory().get("/greeting/")).content for _each in range(2)] == [b"0", b"1"]


@db
def test_a_kept_page_is_compressed_for_who_takes_it(client, hub, django_assert_num_queries):
    address = hub.get_absolute_url()
    plain = client.get(address)
    for _each in range(2):
        with django_assert_num_queries(1):
            zipped = client.get(address, headers={"accept-encoding": "br, gzip"})
        assert zipped["Content-Encoding"] == "gzip" and gzip.decompress(zipped.content) == plain.content
        assert int(zipped["Content-Length"]) == len(zipped.content) and zipped["ETag"] != plain["ETag"]
        assert zipped["Content-Security-Policy"] == plain["Content-Security-Policy"]
    for held in (plain, zipped):
        for encoding in ("gzip", "identity"):
            headers = {"accept-encoding": encoding, "if-none-match": held["ETag"]}
            assert client.get(address, headers=headers).status_code == 304
    context = hub.incoming_citations.first().contexts.get()
    curation.relabel_context(context=context, curator=make_curator(), role="extension")
    headers = {"accept-encoding": "gzip", "if-none-match": zipped["ETag"]}
    assert "1 of 12" in client.get(address, headers=headers).content.decode()


@db
def test_questions_do_not_drive_out_the_pages_without_any(client, hub, django_assert_num_queries, settings):
    address = hub.get_absolute_url()
    client.get(address)
    for number in range(settings.CACHES["questions"]["OPTIONS"]["MAX_ENTRIES"] + 20):
        caches["questions"].set(str(number), b"a page")
    client.get(f"{address}?role=method")
    with django_assert_num_queries(1):
        client.get(address)
