"""A prepared queryset against the queryset itself: rows, types, deferred columns, queries, threads."""

import sys
import threading

import pytest
from django.db import connections
from django.db.models import F

from papers.models import Paper, Venue
from papers.prepared import Prepared
from tests.factories import make_paper

pytestmark = pytest.mark.django_db


def in_venue(venue_id, ids):
    papers = Paper.objects.filter(venue_id=venue_id, pk__among=ids, year__gt=1900)
    return papers.select_related("venue").annotate(named=F("venue__name")).order_by("-year")


@pytest.fixture
def papers():
    return [make_paper(year=2000 + number, venue=f"Journal {number % 2}") for number in range(6)]


def test_it_gives_what_the_queryset_gives_each_time_it_is_asked(papers, django_assert_num_queries):
    prepared = Prepared(in_venue)
    for venue in Venue.objects.all():
        for some in ({paper.pk for paper in papers}, [papers[0].pk, papers[1].pk], [10**9]):
            expected = list(in_venue(venue.pk, some))
            with django_assert_num_queries(1):
                found = prepared(venue.pk, some)
                assert [paper.venue.name for paper in found] == [venue.name] * len(expected)
            assert [vars(one) | {"_state": None} for one in found] == [
                vars(one) | {"_state": None} for one in expected
            ]
            assert all(one._state.db == "default" and not one._state.adding for one in found)


def test_columns_that_are_left_out_are_read_when_they_are_wanted(papers, django_assert_num_queries):
    [found] = Prepared(lambda number: Paper.objects.filter(pk=number).only("year"))(papers[0].pk)
    assert found.get_deferred_fields() >= {"title", "field_sources"}
    with django_assert_num_queries(1):
        assert found.title == papers[0].title


def test_an_empty_list_asks_nothing(papers, django_assert_num_queries):
    prepared = Prepared(in_venue)
    with django_assert_num_queries(0):
        assert prepared(papers[0].venue_id, []) == []
    assert prepared(papers[0].venue_id, [papers[0].pk]) == [papers[0]]


def test_what_is_no_instance_or_takes_more_queries_is_refused():
    with pytest.raises(TypeError):
        Prepared(lambda number: Paper.objects.filter(pk=number).values_list("year"))(1)
    with pytest.raises(TypeError):
        Prepared(lambda number: Paper.objects.filter(pk=number).prefetch_related("fields"))(1)


@pytest.mark.django_db(transaction=True)
def test_threads_read_by_their_own_connections(papers):
    prepared, found = Prepared(in_venue), {}
    venue_id = papers[0].venue_id
    prepared(venue_id, [papers[0].pk])

    def read(place):
        for _again in range(50):
            found.setdefault(place, []).extend(prepared(venue_id, [papers[place].pk]))
        connections.close_all()

    threads = [threading.Thread(target=read, args=(place,)) for place in (0, 2, 4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that they do get into each other's way
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert found == {place: [papers[place]] * 50 for place in (0, 2, 4)}
