"""Co-citation against a count by hand over random libraries."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citations import cocitation
from citations.cocitation import co_cited_works, stored_works
from citations.models import HubSummary
from tests.factories import make_citation, make_context, make_paper, make_passage, refresh

# Each citing paper: the works it cites, and which of them one of its sentences names together.
LIBRARY = st.lists(st.tuples(st.sets(st.integers(0, 5), max_size=6), st.booleans()), max_size=8)


def build(library):
    works = [make_paper(year=2000 + number % 3) for number in range(6)]
    for cites, together in library:
        citing = make_paper()
        passage = make_passage(citing) if together else None
        for number in cites:
            pair = make_citation(citing, works[number])
            if passage:
                make_context(pair, passage=passage)
    return works


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(library=LIBRARY)
def test_counts_equal_those_by_hand(library):
    works = build(library)
    tops, left_out = co_cited_works([work.pk for work in works])
    assert left_out == {}
    for number, work in enumerate(works):
        together, same_passage = Counter(), Counter()
        for cites, passage in library:
            if number in cites:
                together.update(cites - {number})
                same_passage.update(cites - {number} if passage else ())
        expected = sorted(
            ((-n, works[other].year, works[other].pk, same_passage[other]) for other, n in together.items())
        )
        lines = tops.get(work.pk, [])
        assert [line[:3] for line in lines] == [[pk, -n, same] for n, _year, pk, same in expected]
        for _other, count, _same_passage, *examples in lines:
            assert len(examples) == min(count, 3) == len(set(examples))


@pytest.mark.django_db
def test_citing_papers_with_too_many_references_are_left_out_and_told(monkeypatch):
    monkeypatch.setattr(cocitation, "MOST_REFERENCES", 3)
    hub, other = make_paper(), make_paper()
    for _each in range(10):
        citing = make_paper()
        make_citation(citing, hub)
        make_citation(citing, other)
    review = make_paper()
    for cited in (hub, other, make_paper(), make_paper()):
        make_citation(review, cited)
    refresh()
    assert [line[:2] for line in stored_works([hub.pk])[hub.pk]] == [[other.pk, 10]]
    assert HubSummary.objects.get(paper=hub).left_out == 1


@pytest.mark.django_db
def test_withdrawn_pairs_do_not_count(django_assert_num_queries):
    hub, other = make_paper(), make_paper()
    for _each in range(2):
        citing = make_paper()
        make_citation(citing, hub)
        pair = make_citation(citing, other)
    pair.withdrawn_at = "2026-01-01T00:00Z"
    pair.save()
    with django_assert_num_queries(1):
        tops, _left_out = co_cited_works([hub.pk])
    assert [line[:2] for line in tops[hub.pk]] == [[other.pk, 1]]
