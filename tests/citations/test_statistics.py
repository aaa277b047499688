"""Intervals and bounds against published values and against their own definition."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.statistics import (
    Z_95,
    clopper_pearson_lower,
    difference_interval,
    is_surely_at_least,
    percent,
    t_quantile,
    upper_bound_when_none_seen,
    wilson_interval,
)


@pytest.mark.parametrize(
    "k, n, low, high",
    [
        # Newcombe, R. G. (1998), Statistics in Medicine 17, 857–872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # DESIGN: 18 of 26 labelled (69%, 95% interval 50–84%).
        (18, 26, 0.5001, 0.8350),
    ],
)
def test_wilson_interval_equals_published_values(k, n, low, high):
    found = wilson_interval(k, n)
    assert found == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_holds_the_share_and_solves_its_equation(pair):
    k, n = pair
    low, high = wilson_interval(k, n)
    assert 0 <= low <= k / n <= high <= 1
    for end in (low, high):
        if 0 < end < 1:  # the score test is just not rejected at the ends
            assert abs(k / n - end) == pytest.approx(Z_95 * (end * (1 - end) / n) ** 0.5, rel=1e-6)


@pytest.mark.parametrize(
    "k, m, j, n, low, high",
    [
        # Newcombe, R. G. (1998), Statistics in Medicine 17, 873–890, table II, method 10.
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_equals_published_values(k, m, j, n, low, high):
    one, other = ((a / b, *wilson_interval(a, b)) for a, b in ((k, m), (j, n)))
    assert difference_interval(one, other) == pytest.approx((low, high), abs=5e-5)
    assert difference_interval(other, one) == pytest.approx((-high, -low), abs=5e-5)


def test_a_share_without_error_adds_nothing_to_the_interval_of_a_difference():
    low, high = wilson_interval(18, 26)
    assert difference_interval((18 / 26, low, high), (0.5, 0.5, 0.5)) == pytest.approx(
        (low - 0.5, high - 0.5)
    )


def test_single_intervals_may_overlap_where_that_of_the_difference_leaves_out_zero():
    one, other = ((k / 100, *wilson_interval(k, 100)) for k in (50, 35))
    assert one[1] < other[2] and difference_interval(one, other)[0] > 0


@pytest.mark.parametrize("k, n", [(0, 0), (1, 0), (-1, 5), (6, 5)])
def test_wilson_interval_refuses_what_is_no_share(k, n):
    with pytest.raises(ValueError):
        wilson_interval(k, n)


@pytest.mark.parametrize("n, bound", [(1, 0.95), (10, 0.2589), (59, 0.0495), (100, 0.0295)])
def test_upper_bound_when_none_seen(n, bound):
    assert upper_bound_when_none_seen(n) == pytest.approx(bound, abs=5e-5)


def test_upper_bound_needs_a_look():
    with pytest.raises(ValueError):
        upper_bound_when_none_seen(0)


@pytest.mark.parametrize(
    "df, point",
    [(4, 2.776), (5, 2.571), (9, 2.26216), (19, 2.0930), (49, 2.0096), (99, 1.9842), (10**9, Z_95)],
)
def test_t_quantile_equals_tables(df, point):
    assert t_quantile(df) == pytest.approx(point, abs=1e-3 if df < 9 else 5e-5)


def test_t_quantile_refuses_what_it_cannot_tell():
    with pytest.raises(ValueError, match="3 degrees of freedom"):
        t_quantile(3)


@pytest.mark.parametrize(
    "k, n, low",
    [
        # Newcombe, R. G. (1998), table I, method 5: the lower ends of the two-sided 95 % interval.
        (81, 263, 0.2527),
        (15, 148, 0.0578),
        (1, 29, 0.0009),
        (0, 20, 0.0),
        (29, 29, 0.8806),
    ],
)
def test_clopper_pearson_equals_published_values(k, n, low):
    assert clopper_pearson_lower(k, n, 0.975) == pytest.approx(low, abs=5e-5)


@given(st.integers(1, 120).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_at_the_bound_so_many_or_more_have_five_percent(pair):
    k, n = pair
    p = clopper_pearson_lower(k, n)
    tail = sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))
    assert tail == pytest.approx(0.05, abs=1e-9)


@given(
    st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 0.99)
)
def test_the_quick_answer_agrees_with_the_bound(pair, share):
    bound = clopper_pearson_lower(*pair)
    if abs(bound - share) > 1e-9:
        assert is_surely_at_least(*pair, share) == (bound >= share)


@pytest.mark.parametrize("k, n, confidence", [(0, 0, 0.95), (2, 1, 0.95), (-1, 4, 0.95), (1, 4, 1.0)])
def test_clopper_pearson_refuses_what_is_no_share(k, n, confidence):
    with pytest.raises(ValueError):
        clopper_pearson_lower(k, n, confidence)


@pytest.mark.parametrize(
    "k, n, number", [(18, 26, 69), (1, 200, 1), (1, 201, 0), (5, 8, 63), (1, 8, 13), (0, 7, 0), (7, 7, 100)]
)
def test_percent_rounds_half_up(k, n, number):
    assert percent(k, n) == number
