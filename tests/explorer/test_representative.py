"""The choice of representative citing papers, rule by rule."""

import pytest

from citations.models import Citation
from explorer import representative
from explorer.citing import Citing
from explorer.representative import candidates
from tests.factories import make_hub, make_pin


def one(number, role="background", polarity="", depth=2, year=2020, author=None, **more):
    citation = Citation(
        pk=number,
        citing_paper_id=number,
        role=role,
        polarity=polarity,
        depth=depth,
        citing_year=year,
        citing_retracted=more.get("retracted"),
    )
    citation.first_author = f"author{number}" if author is None else author
    citation.pinned = more.get("pinned", False)
    return citation


def choose(found):
    return [citation.pk for citation in representative.choose(found)]


def test_every_role_and_polarity_present_has_its_paper():
    found = [one(n) for n in range(1, 20)] + [
        one(30, "method", depth=1),
        one(31, "extension", depth=1),
        one(32, "", "disputes", depth=1),
        one(33, "", "qualifies", depth=1),
    ]
    chosen = choose(found)
    assert {30, 31, 32, 33} <= set(chosen) and len(chosen) == 9


def test_the_deeper_and_then_the_newer_comes_first():
    assert choose([one(1, depth=2, year=2024), one(2, depth=4, year=2001), one(3, depth=4, year=2002)]) == [
        3,
        2,
        1,
    ]


def test_no_first_author_twice_while_others_are_left():
    found = [one(n, author="moor", depth=4) for n in range(1, 9)] + [one(n, depth=1) for n in range(20, 28)]
    assert choose(found) == [8, 27, 26, 25, 24, 23, 22, 21, 20]
    assert len(choose(found[:8])) == 8


def test_unknown_first_authors_are_not_taken_for_one_person():
    assert len(choose([one(n, author="") for n in range(1, 5)])) == 4


def test_pins_come_first_and_a_retracted_paper_last():
    found = [one(1, depth=4, retracted=True), one(2, depth=1, pinned=True), one(3, depth=2)]
    assert choose(found) == [2, 3, 1]


def test_labelled_papers_come_before_unlabelled_ones():
    assert choose([one(1, role="", depth=4), one(2), one(3)]) == [3, 2, 1]


def test_nothing_to_choose_from():
    assert choose([]) == []


@pytest.mark.django_db
def test_candidates_are_read_papers_in_one_query(django_assert_num_queries):
    hub = make_hub(roles={"background": 20, "method": 1}, unread=3)
    pinned = hub.incoming_citations.filter(role="background").order_by("id").first()
    make_pin(pinned)
    strongest = Citing(hub.pk, 24).strongest()
    assert len(strongest) == 13  # twelve and the method
    with django_assert_num_queries(1):
        found = candidates(hub.pk, strongest)
    assert sorted(candidate.role for candidate in found).count("background") == 13  # twelve and the pin
    assert [candidate.pk for candidate in found if candidate.pinned] == [pinned.pk]
    assert [candidate.pk for candidate in candidates(hub.pk, [])] == [pinned.pk]
    assert len(candidates(hub.pk, [*strongest, pinned.citing_paper_id])) == len(found)
