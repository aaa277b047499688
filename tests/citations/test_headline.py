"""The contract's rules of a hub: tiers, statuses, headlines, provisional or not, shares."""

import pytest

from citations.headline import (
    Counts,
    Status,
    headline,
    is_provisional,
    most_common_role,
    shares,
    status,
    tier,
)
from citations.labels import POLARITY_ORDER, ROLE_ORDER


def counts(known=200, read=None, roles=None, polarities=None, **more):
    roles, polarities = roles or {}, polarities or {}
    if read is None:
        read = max(sum(roles.values()), sum(polarities.values()))
    return Counts(known=known, read=read, roles=roles, polarities=polarities, **more)


@pytest.mark.parametrize(
    "known, word",
    [
        (0, None),
        (9, None),
        (10, "hub"),
        (99, "hub"),
        (100, "super-hub"),
        (999, "super-hub"),
        (1000, "mega-hub"),
    ],
)
def test_tier_by_known(known, word):
    assert tier(known) == word


@pytest.mark.parametrize(
    "given, expected, sentence",
    [
        (counts(known=0), "few-citations", "0 papers here cite this work."),
        (counts(known=1), "few-citations", "1 paper here cites this work."),
        (counts(known=9, roles={"method": 9}), "few-citations", "9 papers here cite this work."),
        (counts(known=10), "unread", "10 papers here cite this work. None of them has been read yet."),
        (
            counts(roles={"background": 4}, polarities={"neutral": 4}),
            "still-indexing",
            "Still indexing. 4 of 200 citing papers have been read and labelled.",
        ),
        (
            counts(roles={"background": 4}, polarities={"neutral": 5}),
            "polarity-only",
            "5 of 200 citing papers were read for polarity; roles are not labelled yet.",
        ),
        # The status counts that the reference page shows.
        (
            counts(roles={"background": 68, "method": 14, "unclear": 2, "dataset": 1}),
            "canonical-reference",
            "Canonical reference. 80% of labelled citing papers cite this work as background.",
        ),
        (
            counts(roles={"background": 18, "method": 6, "baseline": 1, "dataset": 1}),
            "mixed-citations",
            "Mixed citation behavior. Most common role is background (69%).",
        ),
        (
            counts(roles={"dataset": 5, "background": 2, "method": 2}),
            "tool-reference",
            "Tool reference. 7 of 9 of labelled citing papers use this work as a method or dataset.",
        ),
        (
            counts(known=11, roles={"background": 5}),
            "canonical-reference",
            "Canonical reference. 5 of 5 of labelled citing papers cite this work as background.",
        ),
        # Exactly at the cuts, and one below.
        (
            counts(roles={"method": 3, "dataset": 3, "background": 4}),
            "tool-reference",
            "Tool reference. 60% of labelled citing papers use this work as a method or dataset.",
        ),
        (
            counts(roles={"method": 5, "baseline": 5}),
            "baseline-reference",
            "Baseline reference. 50% of labelled citing papers compare against this work.",
        ),
        (
            counts(roles={"background": 7, "method": 3}),
            "canonical-reference",
            "Canonical reference. 70% of labelled citing papers cite this work as background.",
        ),
        (
            counts(roles={"background": 6999, "method": 3001}),
            "mixed-citations",
            "Mixed citation behavior. Most common role is background (70%).",
        ),
        (
            counts(roles={"background": 2, "method": 2, "evidence": 2}),
            "mixed-citations",
            "Mixed citation behavior. Most common role is method (2 of 6).",
        ),
        # Contested comes before every role rule.
        (
            counts(roles={"background": 90}, polarities={"disputes": 3, "neutral": 27}),
            "contested",
            "Contested. 3 of 30 citing papers labelled for polarity (10%) dispute this work.",
        ),
        (
            counts(roles={"background": 90}, polarities={"disputes": 3, "neutral": 28}),
            "canonical-reference",
            "Canonical reference. 100% of labelled citing papers cite this work as background.",
        ),
        (
            counts(roles={"background": 90}, polarities={"disputes": 2, "neutral": 8}),
            "canonical-reference",
            "Canonical reference. 100% of labelled citing papers cite this work as background.",
        ),
        (
            counts(roles={"background": 90}, polarities={"disputes": 9}),
            "canonical-reference",
            "Canonical reference. 100% of labelled citing papers cite this work as background.",
        ),
    ],
)
def test_status_and_headline(given, expected, sentence):
    said = headline(given)
    assert (said.status, said.english) == (expected, sentence)
    assert status(given) == expected


@pytest.mark.parametrize(
    "roles, role",
    [
        ({"background": 3, "method": 3}, "method"),
        ({"extension": 1, "baseline": 1}, "extension"),
        ({"unclear": 4, "background": 4}, "background"),
        ({"background": 5, "extension": 4}, "background"),
    ],
)
def test_a_tie_for_the_most_common_role_goes_to_the_more_specific(roles, role):
    assert most_common_role(roles) == role


@pytest.mark.parametrize(
    "given, provisional",
    [
        (counts(known=5), False),
        (counts(known=50), False),
        (counts(roles={"background": 85, "method": 15}), False),  # low end 77 %
        (counts(roles={"background": 18, "method": 8}), True),  # high end 83 % is canonical
        (counts(roles={"background": 50, "method": 25, "comparison": 25}), False),
        (counts(roles={"background": 5}), True),  # low end 57 %
        (counts(known=5, roles={"background": 5}), False),
        (counts(known=26, roles={"background": 18, "method": 8}), False),  # all are labelled
        (counts(roles={"background": 85, "method": 15}, machine_roles=1), True),
        (counts(known=26, roles={"background": 18, "method": 8}, machine_polarities=1), True),
        (counts(polarities={"disputes": 4, "neutral": 16}), True),  # low end 8 %
        (counts(polarities={"disputes": 50, "neutral": 50}), False),
        (counts(known=20, polarities={"disputes": 4, "neutral": 16}), False),
    ],
)
def test_provisional_where_an_end_of_an_interval_would_change_the_status(given, provisional):
    assert is_provisional(given) is provisional


def test_shares_add_up_and_come_largest_first_without_zeros():
    lines = shares({"background": 8, "method": 18, "dataset": 0}, known=126, machine=0, order=ROLE_ORDER)
    assert [(line.word, line.count, line.base) for line in lines] == [
        ("method", 18, 26),
        ("background", 8, 26),
    ]
    assert sum(line.share for line in lines) == 1
    assert lines[0].low == pytest.approx(0.5001, abs=1e-4)


@pytest.mark.parametrize("known, machine", [(26, 0), (126, 1)])
def test_no_interval_when_all_are_labelled_or_machines_take_part(known, machine):
    lines = shares({"supports": 20, "disputes": 6}, known=known, machine=machine, order=POLARITY_ORDER)
    assert {(line.low, line.high) for line in lines} == {(None, None)}


def test_every_status_has_its_sentence():
    from citations.headline import MESSAGES

    assert set(Status.values) <= {str(key) for key in MESSAGES}
