"""Reading a label off the log: which assertion decides, for a sentence and for a pair."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from citations.assertions import (
    NOTHING,
    Effective,
    effective_label,
    effective_polarity_of_pair,
    effective_role_of_pair,
)
from citations.labels import Dimension
from citations.models import Assertion

START = datetime(2026, 1, 1, tzinfo=UTC)
numbers = count(1)


def said(value, source="dataset", scheme="hub", minutes=0, dimension="role", withdrawn=False):
    return Assertion(
        pk=next(numbers),
        dimension=dimension,
        value=value,
        source=source,
        scheme=scheme,
        created_at=START + timedelta(minutes=minutes),
        withdrawn_at=START if withdrawn else None,
    )


def polarity(value, **more):
    return said(value, dimension="polarity", **more)


@pytest.mark.parametrize(
    "log, value, source",
    [
        ([], "", ""),
        # The strongest source, however old.
        (
            [said("background", "classifier", minutes=9), said("method", "provider", minutes=8)],
            "method",
            "provider",
        ),
        ([said("baseline", "dataset"), said("method", "provider", minutes=5)], "baseline", "dataset"),
        ([said("unclear", "curator"), said("method", "dataset", minutes=5)], "unclear", "curator"),
        # Within a scheme the newest.
        (
            [said("method", scheme="acl-arc"), said("background", scheme="acl-arc", minutes=1)],
            "background",
            "dataset",
        ),
        # Among schemes the finer, even when it is older and less specific.
        (
            [said("method", scheme="acl-arc", minutes=5), said("background", scheme="soft-function")],
            "background",
            "dataset",
        ),
        ([said("comparison", scheme="cito"), said("extension", scheme="scicite")], "comparison", "dataset"),
        ([said("method", scheme="scicite"), said("extension", scheme="of my own")], "method", "dataset"),
        # Of several values given at once the more specific.
        (
            [
                said("background", "provider", "semantic-scholar"),
                said("method", "provider", "semantic-scholar"),
                said("comparison", "provider", "semantic-scholar"),
            ],
            "method",
            "provider",
        ),
        # Unnamed schemes rank together, each with its newest.
        ([said("evidence", scheme="x"), said("dataset", scheme="y", minutes=3)], "dataset", "dataset"),
        # The newest curator wins, whatever is more specific.
        ([said("extension", "curator"), said("background", "curator", minutes=1)], "background", "curator"),
        # What is withdrawn or of the other dimension does not count.
        ([said("method", "curator", withdrawn=True), said("background")], "background", "dataset"),
        ([polarity("supports", source="curator")], "", ""),
    ],
)
def test_effective_role_of_a_sentence(log, value, source):
    assert effective_label(log, Dimension.ROLE) == Effective(value, source)


@pytest.mark.parametrize(
    "log, value",
    [
        ([polarity("disputes", source="classifier")], ""),
        ([polarity("neutral"), polarity("disputes", source="classifier", minutes=3)], "neutral"),
        ([polarity("supports", source="provider", scheme="scite")], "supports"),
        ([polarity("supports"), polarity("qualifies")], "qualifies"),
    ],
)
def test_effective_polarity_of_a_sentence_never_counts_a_classifier(log, value):
    assert effective_label(log, Dimension.POLARITY).value == value


def roles(*words):
    return [
        Effective(*word.split("/")) if "/" in word else Effective(word, word and "dataset") for word in words
    ]


@pytest.mark.parametrize(
    "contexts, pair, expected, also",
    [
        ([], [], NOTHING, []),
        (["", ""], [], NOTHING, []),
        (
            ["background", "background", "method", ""],
            [],
            Effective("background", "dataset"),
            ["method"],
        ),
        (["background", "method"], [], Effective("method", "dataset"), ["background"]),
        (["unclear", "background"], [], Effective("background", "dataset"), ["unclear"]),
        (
            ["method/provider", "method/curator", "background/dataset"],
            [],
            Effective("method", "curator"),
            ["background"],
        ),
        (
            ["background", "background"],
            [said("extension", "curator")],
            Effective("extension", "curator"),
            ["background"],
        ),
        # A provider's label of the bare pair is kept, not counted.
        (["background"], [said("extension", "provider")], Effective("background", "dataset"), []),
        ([""], [said("extension", "provider")], NOTHING, []),
    ],
)
def test_effective_role_of_a_pair(contexts, pair, expected, also):
    assert effective_role_of_pair(roles(*contexts), pair) == (expected, also)


@pytest.mark.parametrize(
    "contexts, pair, value",
    [
        ([], [], ""),
        (["neutral", "unclear"], [], "neutral"),
        (["unclear", ""], [], "unclear"),
        (["neutral", "supports"], [], "supports"),
        (["neutral", "disputes"], [], "disputes"),
        (["supports", "disputes"], [], "qualifies"),
        (["qualifies", "supports", "supports"], [], "qualifies"),
        (["disputes"], [polarity("neutral", source="curator")], "neutral"),
        (["neutral"], [polarity("disputes", source="provider")], "neutral"),
    ],
)
def test_effective_polarity_of_a_pair(contexts, pair, value):
    assert effective_polarity_of_pair(roles(*contexts), pair).value == value
