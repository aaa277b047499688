"""Measures of a labeller against values worked out by hand, and against their definitions."""

import numpy as np
import pytest

from citations.classifier import metrics
from citations.statistics import clopper_pearson_lower

RIGHT = ["a", "a", "a", "b", "b", "c"]
SAID = ["a", "a", "b", "b", "c", "a"]


def report(right, said, *, confidence=None, labelled=None, groups=None, **more):
    size = len(right)
    return metrics.report(
        right,
        said,
        confidence or [0.9] * size,
        labelled or [True] * size,
        groups or [str(number) for number in range(size)],
        resamples=more.pop("resamples", 50),
        **more,
    )


def test_f1_by_class():
    found = report(RIGHT, SAID)
    # a: 2 of 3 said right, 2 of 3 found; b: 1 of 2 and 1 of 2; c: nothing.
    assert found["per_class"]["a"] | {"f1_low": 0, "f1_high": 0} == {
        "precision": 0.6667,
        "recall": 0.6667,
        "f1": 0.6667,
        "f1_low": 0,
        "f1_high": 0,
        "n": 3,
    }
    assert found["per_class"]["b"]["f1"] == 0.5
    assert found["per_class"]["c"]["f1"] == 0.0
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3, abs=1e-4)
    assert found["accuracy"] == 0.5
    assert found["n"] == 6


def test_a_class_that_never_occurs_is_wrong_but_has_no_f1():
    found = report(["a", "a", "b", "b"], ["a", "z", "b", "b"])
    assert set(found["per_class"]) == {"a", "b"}
    assert found["per_class"]["a"]["recall"] == 0.5
    assert found["macro_f1"] == pytest.approx((2 / 3 + 1) / 2, abs=1e-4)
    assert found["confusion"]["classes"] == ["a", "b", "z"]


def test_calibration_error():
    # Bin of .6 to .667: two, one right; bin of .867 to .933: two, both right; .95 alone, wrong.
    confidence = np.array([0.61, 0.65, 0.9, 0.92, 0.95])
    correct = np.array([True, False, True, True, False])
    expected = (abs(1 - 1.26) + abs(2 - 1.82) + abs(0 - 0.95)) / 5
    assert metrics.calibration_error(confidence, correct) == pytest.approx(expected)


def test_calibration_error_at_the_ends():
    assert metrics.calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0
    assert metrics.calibration_error(np.array([1.0]), np.array([False])) == 1


def test_coverage_is_the_largest_cut_whose_bound_holds():
    # 40 right, then 10 wrong: the bound of 40 + w of 40 + w falls below .9 somewhere on the way.
    confidence = np.linspace(0.99, 0.5, 50)
    correct = np.array([True] * 40 + [False] * 10)
    coverage, reached, threshold = metrics.coverage_at(confidence, correct)
    n = round(coverage * 50)
    assert clopper_pearson_lower(40, n) >= 0.9 > clopper_pearson_lower(40, n + 1)
    assert reached == 40 / n
    assert threshold == confidence[n - 1]


def test_too_few_can_never_be_sure():
    assert metrics.coverage_at([0.9] * 28, [True] * 28) == (0.0, 0.0, None)
    assert metrics.coverage_at([0.9] * 29, [True] * 29) == (1.0, 1.0, 0.9)


def test_what_is_equally_sure_is_not_parted():
    coverage, _reached, _threshold = metrics.coverage_at([0.9] * 100, [True] * 60 + [False] * 40)
    assert coverage == 0


def test_observed_coverage_has_no_bound():
    assert metrics.observed_coverage_at(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 1, 0, 0])) == 0.5
    assert metrics.observed_coverage_at(np.array([0.9]), np.array([0])) == 0


def test_what_was_labelled_is_counted_apart():
    found = report(RIGHT, SAID, labelled=[True, True, False, False, False, True])
    assert (found["labelled"], found["labelled_precision"]) == (0.5, 0.6667)
    assert found["labelled_precision_low"] == pytest.approx(clopper_pearson_lower(2, 3), abs=1e-4)
    nothing = report(RIGHT, SAID, labelled=[False] * 6)
    assert (nothing["labelled"], nothing["labelled_precision"]) == (0.0, None)


def test_intervals_are_the_same_twice_and_hold_the_value():
    right, said = RIGHT * 20, SAID * 20
    groups = [str(number % 30) for number in range(120)]
    one = report(right, said, groups=groups, resamples=300)
    assert one == report(right, said, groups=groups, resamples=300)
    low, high = one["intervals"]["macro_f1"]
    assert low < one["macro_f1"] < high
    assert one["groups"] == 30


def test_sentences_of_one_paper_count_as_one_draw():
    """Alike sentences within a paper: the interval over papers is wider than one over sentences."""
    right = ["a", "b"] * 100
    said = ["a", "b"] * 50 + ["b", "a"] * 50
    by_sentence = report(right, said, resamples=400)["intervals"]["accuracy"]
    papers = [str(number // 20) for number in range(200)]
    by_paper = report(right, said, groups=papers, resamples=400)["intervals"]["accuracy"]
    assert by_paper[1] - by_paper[0] > 2 * (by_sentence[1] - by_sentence[0])


def test_a_resample_counts_whole_groups():
    """With two papers, one all right and one all wrong, a resample is all, half or nothing right."""
    found = report(
        ["a", "b", "a", "b"], ["a", "b", "b", "a"], groups=["one", "one", "two", "two"], resamples=200
    )
    assert found["intervals"]["accuracy"] == [0.0, 1.0]


def test_nothing_to_measure():
    with pytest.raises(ValueError, match="no sentences"):
        report([], [])
