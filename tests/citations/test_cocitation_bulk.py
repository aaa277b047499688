"""The count in bulk against the statement, over random libraries; and a refresh while others write."""

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citations import cocitation, cocitation_bulk, rollups, spool
from citations.checks import check_library
from citations.cocitation import co_cited_works, stored_works
from citations.cocitation_bulk import Counter, Places, count_some
from citations.columns import read_pairs
from citations.models import Citation, CoCitedWorks, StaleHub
from citations.rollups import mark_stale, refresh_pairs, refresh_stale
from papers.models import Paper
from tests.factories import make_citation, make_context, make_hub, make_paper, make_passage, refresh

pytestmark = pytest.mark.django_db

WORKS = 9
YEARS = st.sampled_from([None, 1999, 2000, 2001])
# A citing paper: its year; the works it cites; of these the ones withdrawn; its passages, each
# the works it names together and of these the ones whose sentence is withdrawn.
SOME = st.sets(st.integers(0, WORKS - 1), max_size=WORKS)
CITING = st.tuples(YEARS, SOME, SOME, st.lists(st.tuples(SOME, SOME), max_size=3))
LIBRARIES = st.tuples(st.lists(YEARS, min_size=WORKS, max_size=WORKS), st.lists(CITING, max_size=9))


def build(library):
    years, citing_papers = library
    works = [make_paper(year=year) for year in years]
    cite(works, citing_papers)
    return works


def cite(works, citing_papers):
    now = timezone.now()
    for year, cites, withdrawn, passages in citing_papers:
        citing = make_paper(year=year)
        pairs = {number: make_citation(citing, works[number]) for number in sorted(cites)}
        for named, taken_back in passages:
            passage = make_passage(citing)
            for number in sorted(named & cites):
                context = make_context(pairs[number], passage=passage)
                if number in taken_back:
                    context.withdrawn_at = now
                    context.save()
        gone = [pairs[number].pk for number in withdrawn & cites]
        Citation.objects.filter(pk__in=gone).update(withdrawn_at=now)
    refresh_pairs(Citation.objects.values_list("pk", flat=True))


def as_it_is(patch):
    pass


def narrow(patch):
    """Limits that a library of nine works reaches."""
    patch.setattr(cocitation, "MOST_REFERENCES", 5)
    patch.setattr(cocitation_bulk, "MEETINGS_AT_ONCE", 7)


def counted_by_ones(patch):
    """Every hub as if too many papers cited it for the bits of a number; examples searched one by one."""
    patch.setattr(cocitation_bulk, "BITS", 0)
    patch.setattr(cocitation_bulk, "WINDOWS", (1, 2))
    patch.setattr(cocitation_bulk, "SLOTS", 1)


def few_at_the_top(patch):
    patch.setattr(cocitation, "STATEMENT", cocitation.STATEMENT.replace("place <= 20", "place <= 2"))
    patch.setattr(cocitation_bulk, "TOP", 2)


@pytest.mark.parametrize("limits", [as_it_is, narrow, counted_by_ones, few_at_the_top])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(library=LIBRARIES)
def test_the_count_in_bulk_equals_the_statement(limits, library):
    build(library)
    papers = list(Paper.objects.values_list("pk", flat=True))
    with pytest.MonkeyPatch.context() as patch:
        limits(patch)
        assert Counter.of_library().co_cited_works(papers) == co_cited_works(papers)


@pytest.mark.parametrize("limits", [as_it_is, narrow, few_at_the_top])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(library=LIBRARIES)
def test_the_count_of_a_large_hub_equals_the_statement(limits, library):
    build(library)
    pairs = read_pairs(Paper.objects.values_list("pk", flat=True))
    papers = dict.fromkeys(pairs.papers.tolist(), 10)
    with pytest.MonkeyPatch.context() as patch:
        limits(patch)
        patch.setattr(cocitation_bulk, "LARGE", 9)
        assert count_some(pairs, papers) == co_cited_works(papers)


def huge(patch):
    """Every hub as if it were too large to read each reference of its citing papers."""
    few_at_the_top(patch)
    patch.setattr(cocitation, "STORED_FROM", 1)
    patch.setattr(cocitation_bulk, "LARGE", 0)
    patch.setattr(cocitation_bulk, "ALL", 10**9)
    patch.setattr(cocitation_bulk, "LISTS", WORKS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(library=LIBRARIES, more=st.lists(CITING, max_size=4), gone=SOME)
def test_the_works_stored_of_a_huge_hub_tell_which_others_to_count(library, more, gone):
    works = build(library)
    with pytest.MonkeyPatch.context() as patch:
        huge(patch)
        rollups.refresh_all()
        cite(works, more)
        citing = sorted({*Citation.objects.values_list("citing_paper_id", flat=True)})
        withdrawn = Citation.objects.filter(
            citing_paper_id__in=citing[:4], cited_paper__in=[works[n] for n in gone]
        )
        withdrawn.update(withdrawn_at=timezone.now())
        pairs = read_pairs(Paper.objects.values_list("pk", flat=True))
        papers = dict.fromkeys(pairs.papers.tolist(), 10)
        assert count_some(pairs, papers) == co_cited_works(papers)


def test_of_a_huge_hub_only_works_cited_often_enough_are_counted(monkeypatch):
    works = build(
        (
            [2000] * WORKS,
            [(2001, {0, 1, 2}, set(), [({0, 1}, set())])] * 2 + [(2002, {0, 1, 2, 3}, set(), [])] * 2,
        )
    )
    huge(monkeypatch)
    rollups.refresh_all()
    read, counted = cocitation_bulk._references_to, []
    monkeypatch.setattr(
        cocitation_bulk, "_references_to", lambda works, papers: counted.append(works) or read(works, papers)
    )
    hub = {works[0].pk: 4}
    assert count_some(read_pairs(hub), hub) == co_cited_works(hub)
    assert [sorted(ids.tolist()) for ids in counted] == [[works[1].pk, works[2].pk]]
    # The two share less than the third by now: the guess fails, and everything is read.
    for work in works[1:3]:
        pairs = Citation.objects.filter(cited_paper=work).order_by("pk")
        Citation.objects.filter(pk__in=pairs.values_list("pk", flat=True)[1:]).update(
            withdrawn_at=timezone.now()
        )
    assert count_some(read_pairs(hub), hub) == co_cited_works(hub)
    assert len(counted) == 2


def test_it_answers_for_a_part_for_nobody_and_for_papers_that_are_not_there():
    works = build(([2000] * WORKS, [(2001, {0, 1, 2}, set(), [])] * 2))
    counter = Counter.of_library()
    assert counter.co_cited_works([]) == ({}, {})
    assert counter.co_cited_works([10**9, works[5].pk]) == ({}, {})
    assert counter.co_cited_works([works[1].pk]) == co_cited_works([works[1].pk])


def test_a_pair_whose_paper_is_gone_is_not_counted():
    build(([2000] * WORKS, [(2001, {0, 1, 2}, set(), [({0, 1}, set())])] * 2))
    pair = Citation.objects.order_by("pk").last()
    Citation.objects.filter(pk=pair.pk).update(cited_paper_id=10**6)
    papers = list(Paper.objects.values_list("pk", flat=True))
    assert Counter.of_library().co_cited_works(papers) == co_cited_works(papers)


def test_places_are_found_among_numbers_with_gaps_and_without():
    for numbers in ([], [3], [3, 4, 6], [5, 10**12]):
        asked = [*range(-2, 9), 10**12, 10**15]
        expected = [numbers.index(one) if one in numbers else -1 for one in asked]
        assert Places(np.array(numbers, np.int64))(np.array(asked)).tolist() == expected


# -- refreshing ------------------------------------------------------------------------------------


def big_and_small(patch):
    """A library whose hubs count as many; returns two hubs that share citing papers."""
    hub, other = make_hub(unread=12), make_paper()
    for pair in hub.incoming_citations.all()[:11]:
        make_citation(pair.citing_paper, other)
    refresh_pairs(Citation.objects.values_list("pk", flat=True))
    patch.setattr(rollups, "MANY", 0)
    return hub, other


def test_a_refresh_in_bulk_leaves_what_one_by_one_leaves(monkeypatch):
    hub, other = big_and_small(monkeypatch)
    refresh()
    assert stored_works([hub.pk])[hub.pk][0][:2] == [other.pk, 11]
    assert stored_works([other.pk])[other.pk][0][:2] == [hub.pk, 11]
    assert list(check_library()) == []
    in_bulk = sorted(CoCitedWorks.objects.values_list())
    monkeypatch.setattr(rollups, "MANY", 10**9)
    CoCitedWorks.objects.all().delete()
    refresh()
    assert sorted(CoCitedWorks.objects.values_list()) == in_bulk


def test_rows_that_stay_the_same_are_not_written(monkeypatch, django_assert_num_queries):
    hub, _other = big_and_small(monkeypatch)
    refresh()
    works, _left_out = co_cited_works([hub.pk])
    with django_assert_num_queries(1):
        cocitation.store_co_cited([hub.pk], works)


def test_what_is_written_while_a_refresh_in_bulk_runs_is_not_lost(monkeypatch):
    """Another import marks one hub anew, and a curator's act refreshes the other: neither is overwritten."""
    hub, other = big_and_small(monkeypatch)
    fill = spool.Spool._fill

    def fill_and_be_overtaken(whole):
        fill(whole)
        third = make_paper()
        for pair in hub.incoming_citations.all()[:5]:
            refresh_pairs([make_citation(pair.citing_paper, third).pk])
        rollups.refresh_hubs([other.pk])
        mark_stale([hub.pk, third.pk])

    mark_stale([hub.pk, other.pk])
    monkeypatch.setattr(spool.Spool, "_fill", fill_and_be_overtaken)
    refresh_stale()
    assert len(stored_works([hub.pk])[hub.pk]) == 2
    assert len(stored_works([other.pk])[other.pk]) == 2
    assert list(check_library()) == []


def test_a_refresh_that_is_stopped_leaves_whole_hubs_and_the_marks_of_the_others(monkeypatch):
    hub, other = big_and_small(monkeypatch)
    mark_stale([hub.pk, other.pk])
    monkeypatch.setattr(rollups, "HUBS_FROM_SPOOL", 1)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh_stale(progress=stop)
    assert set(stored_works([hub.pk, other.pk])) == {hub.pk}
    assert list(StaleHub.objects.values_list("paper_id", flat=True)) == [other.pk]
    refresh_stale()
    assert list(check_library()) == []
