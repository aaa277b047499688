"""Papers that may be one: which titles are alike, what speaks against a pair, what stays settled."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from papers import duplicates
from papers.duplicates import (
    compare_new,
    contradicting_schemes,
    mark_uncompared,
    numbers,
    queue,
    settle,
    told_apart,
)
from papers.models import Paper, PaperRedirect, PossibleDuplicate, Uncompared
from tests.factories import make_curator, make_paper

pytestmark = pytest.mark.django_db

TIDES = "A ledger of tides and moorings in the northern marshes"
TIDE = "A ledger of tide and mooring in the northern marshes"


def compare(*papers):
    mark_uncompared([paper.pk for paper in papers])
    return compare_new()


def two(
    title=TIDES, other=TIDE, *, years=(2019, 2020), authors=("Ida Moor", "I. Moor"), identifiers=(None, None)
):
    return [
        make_paper(*line[:1], year=line[1], authors=[line[2]] if line[2] else [], identifiers=line[3])
        for line in zip((title, other), years, authors, identifiers, strict=True)
    ]


# -- marks -----------------------------------------------------------------------------------


def test_a_mark_is_one_however_often_and_gone_with_the_comparison():
    papers = two()
    for _each in range(2):
        mark_uncompared({paper.pk for paper in papers})
    assert Uncompared.objects.count() == 2
    assert compare_new() == 1
    assert not Uncompared.objects.exists()
    assert compare_new() == 0


def test_only_marked_papers_are_compared_but_with_all_others():
    old, new = two()
    two("Counting lanterns by ear in the winter", "Counting lanterns by ears in the winter")
    assert compare(new) == 1
    pair = PossibleDuplicate.objects.get()
    assert (pair.paper, pair.other) == (old, new)


def test_a_title_that_changes_meanwhile_stays_marked():
    old, new = two(other="Something else that nobody has written about")

    def also(papers):
        if new.title != TIDE:
            new.title, new.title_folded = TIDE, TIDE.lower()
            new.save()
        seen.append({paper.id for paper in papers})

    seen = []
    mark_uncompared([new.pk, old.pk])
    assert compare_new(also=also) == 1
    assert seen == [{old.pk, new.pk}, {new.pk}]
    assert not Uncompared.objects.exists()


def test_a_run_that_breaks_leaves_its_marks():
    def also(_papers):
        raise KeyboardInterrupt

    papers = two()
    mark_uncompared([paper.pk for paper in papers])
    with pytest.raises(KeyboardInterrupt):
        compare_new(also=also)
    assert Uncompared.objects.count() == 2
    compare_new()
    assert PossibleDuplicate.objects.count() == 1


def test_the_mark_of_a_merged_paper_counts_for_the_one_it_went_into():
    old, new = two()
    gone = make_paper("A title that went away with its paper")
    mark_uncompared([gone.pk])
    gone_id = gone.pk
    gone.delete()
    PaperRedirect.objects.create(old_id=gone_id, paper=new)
    assert compare_new() == 1
    assert not Uncompared.objects.exists()


@pytest.mark.parametrize(
    "title, other, apart",
    [
        ("limits of the demon", "limits of the demons", False),
        ("comment on limits of the demon", "limits of the demon", True),
        ("reply to limits of the demon", "comment on limits of the demon", False),
        ("erratum limits of the demon", "limits of the demon", True),
        ("reviews and limits", "review and limits", False),
        ("the demon part i", "the demon part ii", True),
    ],
)
def test_what_tells_two_titles_apart(title, other, apart):
    assert told_apart(title, other) is told_apart(other, title) is apart


def test_progress_tells_papers_and_their_number():
    told = []
    mark_uncompared([paper.pk for paper in two(years=(2019, 2019))])
    compare_new(progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 2)]


# -- what is alike -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "score", "reason"),
    [
        ({}, 98, "title 98 % alike, same first author, 2019 and 2020"),
        ({"years": (2019, 2019)}, 98, "title 98 % alike, same first author, both 2019"),
        ({"other": TIDES}, 100, "same title, same first author, 2019 and 2020"),
        (
            {"other": TIDES, "authors": ("Ida Moor", "")},
            100,
            "same title, first author not known of both, 2019 and 2020",
        ),
        (
            {"other": TIDES, "years": (2019, None)},
            100,
            "same title, same first author, year not known of both",
        ),
        (
            {"identifiers": ({"arxiv": "1901.00001"}, {"doi": "10.5555/tides"})},
            98,
            "title 98 % alike, same first author, 2019 and 2020, preprint and published version?",
        ),
        (
            {"identifiers": ({"doi": "10.1101/2019.01.01.123456"}, {"doi": "10.5555/tides"})},
            98,
            "title 98 % alike, same first author, 2019 and 2020, preprint and published version?",
        ),
        (
            {"other": TIDES, "identifiers": ({"doi": "10.5555/conf.1"}, {"doi": "10.5555/tides"})},
            100,
            "same title, same first author, 2019 and 2020, different DOIs: conference and journal version?",
        ),
    ],
)
def test_a_pair_is_queued_with_its_reason(columns, score, reason):
    papers = two(**columns)
    compare(*papers)
    pair = PossibleDuplicate.objects.get()
    assert (pair.paper_id, pair.other_id) == (papers[0].pk, papers[1].pk)
    assert (pair.score, pair.reason, pair.verdict) == (score, reason, "")


@pytest.mark.parametrize(
    "columns",
    [
        {"other": "A ledger of winds and anchors of the southern isles"},
        {"years": (2018, 2020)},
        {"other": TIDES, "years": (2018, 2020)},
        {"years": (2019, None)},
        {"authors": ("Ida Moor", "Tom Weir")},
        {"other": TIDES, "authors": ("Ida Moor", "Tom Weir")},
        {"authors": ("", "")},
        {"title": "Tides and moorings", "other": "Tides and mooring"},
        {"title": "Tides and moorings", "other": "Tides and moorings"},
        {"title": f"{TIDES}, part I", "other": f"{TIDES}, part II"},
        {"title": f"{TIDES}, part 1", "other": f"{TIDES}, part two"},
        {"title": f"{TIDES} in 2019", "other": f"{TIDES} in 2020"},
        {"title": TIDES, "other": f"{TIDES} II"},
        {"identifiers": ({"doi": "10.5555/conf.1"}, {"doi": "10.5555/tides"})},
        {"other": TIDES, "identifiers": ({"pmid": "1"}, {"pmid": "2"})},
        {"other": TIDES, "identifiers": ({"arxiv": "1901.00001"}, {"arxiv": "1901.00002"})},
        {
            "other": TIDES,
            "authors": ("Ida Moor", ""),
            "identifiers": ({"doi": "10.5555/conf.1"}, {"doi": "10.5555/tides"}),
        },
    ],
)
def test_what_is_no_pair(columns):
    assert compare(*two(**columns)) == 0
    assert not PossibleDuplicate.objects.exists()


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("the tides part iv", [4]),
        ("the tides part xix and xxiii", [19, 23]),
        ("h2o at 0 05 bar in 2019", [2, 0, 5, 2019]),
        ("x ray tides", []),
        ("a second look at three mixed civic dimensions", [2, 3]),
        ("", []),
    ],
)
def test_numbers_of_a_title(title, expected):
    assert numbers(title) == expected


@pytest.mark.parametrize(
    ("some", "others", "expected"),
    [
        ({("doi", "10.5555/a")}, {("doi", "10.5555/b")}, ["doi"]),
        ({("doi", "10.5555/a"), ("pmid", "1")}, {("doi", "10.5555/b"), ("pmid", "2")}, ["doi", "pmid"]),
        ({("doi", "10.1101/123456"), ("pmid", "1")}, {("doi", "10.5555/b"), ("pmid", "2")}, []),
        ({("doi", "10.21203/rs.3.rs-123/v1")}, {("doi", "10.21203/rs.3.rs-123/v2")}, []),
        ({("doi", "10.21203/rs.3.rs-123/v1")}, {("doi", "10.21203/rs.3.rs-124/v1")}, ["doi"]),
        ({("arxiv", "1901.00001")}, {("doi", "10.5555/b")}, []),
        ({("arxiv", "1901.00001")}, {("doi", "10.5555/b"), ("arxiv", "1901.00002")}, ["arxiv"]),
        ({("doi", "10.5281/zenodo.1")}, {("doi", "10.5555/b")}, ["doi"]),
        ({("openalex", "W1")}, {("openalex", "W2")}, []),
        (set(), {("doi", "10.5555/b")}, []),
    ],
)
def test_the_schemes_that_contradict(some, others, expected):
    assert contradicting_schemes(some, others) == contradicting_schemes(others, some) == expected


def test_a_large_block_still_finds_titles_with_the_same_beginning_or_end(monkeypatch):
    monkeypatch.setattr(duplicates, "LARGE_BLOCK", 2)
    papers = [make_paper(title, year=2019, authors=["Ida Moor"]) for title in (TIDES, TIDE, TIDES[:-1])]
    papers.append(make_paper("The weight of winter grain in spring", year=2019, authors=["Ida Moor"]))
    compare(*papers)
    papers.append(make_paper(f"The {TIDES[2:]}", year=2019, authors=["Ida Moor"]))
    compare(papers[-1])
    pairs = set(PossibleDuplicate.objects.values_list("paper_id", "other_id"))
    one, other, third, _grain, last = [paper.pk for paper in papers]
    by_beginning, by_end = {(one, other), (one, third), (other, third)}, {(one, last), (other, last)}
    assert pairs == by_beginning | by_end


def test_a_paper_gets_few_pairs_and_a_title_of_many_papers_none(monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_OF_A_PAPER", 2)
    papers = [make_paper(f"{TIDES}{'s' * count}", year=2019, authors=["Ida Moor"]) for count in range(5)]
    assert compare(papers[0]) == 2
    monkeypatch.setattr(duplicates, "MOST_OF_A_TITLE", 3)
    notes = [make_paper("Notes and queries of the season", year=None) for _each in range(4)]
    assert compare(*notes) == 0
    notes.pop().delete()
    assert compare(*notes) == 3


def test_a_group_costs_the_same_whatever_its_length(django_assert_max_num_queries):
    papers = [
        make_paper(f"{title} {word * 8}", year=2019, authors=[name])
        for title in (TIDES, TIDE)
        for word in ("alpha", "beta", "gamma", "delta")
        for name in ("Ida Moor", "Tom Weir", "Rosa Ford")
    ]
    mark_uncompared([paper.pk for paper in papers])
    with django_assert_max_num_queries(25):
        assert compare_new() == 12


# -- what was said -----------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_a_settled_pair_is_not_asked_again(verdict):
    one, other = two()
    compare(one, other)
    user = make_curator()
    settle(other.pk, one.pk, verdict=verdict, by=user)
    pair = PossibleDuplicate.objects.get()
    assert (pair.verdict, pair.settled_by) == (verdict, user) and pair.settled_at
    assert "alike" in pair.reason
    assert compare(one, other) == 0
    assert PossibleDuplicate.objects.get().verdict == verdict
    assert not duplicates.waiting().exists()


def test_a_pair_that_was_never_queued_can_be_settled():
    one, other = two()
    settle(one.pk, other.pk, verdict="different", by=None, reason="merge undone")
    pair = PossibleDuplicate.objects.get()
    assert (pair.score, pair.reason) == (98, "merge undone")
    assert compare(one, other) == 0


def merged(lose, keep):
    number = lose.pk
    lose.delete()
    PaperRedirect.objects.create(old_id=number, paper=keep)
    return number


def test_what_was_said_of_a_merged_paper_holds_for_the_one_it_went_into():
    one, other = two()
    third = make_paper(TIDES + "s", year=2019, authors=["Ida Moor"])
    settle(one.pk, other.pk, verdict="different", by=None)
    merged(one, third)
    assert duplicates.verdicts([(other.pk, third.pk)]) == {(other.pk, third.pk): "different"}
    assert queue({(other.pk, third.pk): (99, "again")}) == 0


def test_the_queue_shows_a_pair_under_its_ids_of_today_and_once():
    one, other, third = (make_paper() for _each in range(3))
    for pair in ((one, other), (one, third), (other, third)):
        queue({(pair[0].pk, pair[1].pk): (95, "alike")})
    assert duplicates.waiting().count() == 3
    merged(other, one)
    [row] = duplicates.waiting()
    assert (row.now_paper, row.now_other) == (one.pk, third.pk)
    settle(one.pk, third.pk, verdict="different", by=None)
    assert not duplicates.waiting().exists()
    words = PossibleDuplicate.objects.values_list("verdict", flat=True).order_by("pk")
    assert list(words) == ["", "different", "different"]


def test_a_row_moves_with_its_paper_even_where_no_direct_one_stands():
    one, other, third = (make_paper() for _each in range(3))
    queue({(one.pk, other.pk): (95, "alike")})
    merged(other, third)
    [row] = duplicates.waiting()
    assert (row.now_paper, row.now_other) == (one.pk, third.pk)
    settle(third.pk, one.pk, verdict="different", by=None)
    assert not duplicates.waiting().exists()


@pytest.mark.parametrize(
    "columns",
    [
        {"paper_id": 2, "other_id": 1},
        {"paper_id": 1, "other_id": 1},
        {"score": 101},
        {"verdict": "same"},
        {"verdict": "maybe", "settled_at": timezone.now()},
        {"settled_at": timezone.now()},
    ],
)
def test_the_database_refuses_what_cannot_be(columns):
    columns = {"paper_id": 1, "other_id": 2, "score": 90, **columns}
    with pytest.raises(IntegrityError), transaction.atomic():
        PossibleDuplicate.objects.create(**columns)


def test_a_pair_has_one_row():
    PossibleDuplicate.objects.create(paper_id=1, other_id=2, score=90)
    with pytest.raises(IntegrityError), transaction.atomic():
        PossibleDuplicate.objects.create(paper_id=1, other_id=2, score=95)


def test_deleting_a_paper_takes_no_row_along():
    one, other = two()
    compare(one, other)
    mark_uncompared([one.pk])
    assert Paper.objects.filter(pk=one.pk).delete()[1].get("papers.PossibleDuplicate") is None
    assert PossibleDuplicate.objects.exists() and Uncompared.objects.exists()
