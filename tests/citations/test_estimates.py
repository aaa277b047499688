"""Anchored shares: by hand, by their invariants, and by how often their intervals hold the truth."""

from math import sqrt
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations import estimates
from citations.estimates import (
    MIN_CHECKS,
    Check,
    Estimate,
    Pool,
    Population,
    anchored_shares,
    basis,
    difference_estimate,
)
from citations.statistics import t_quantile, wilson_interval

ROLES = ("method", "comparison", "background")
T19 = 2.093024  # tables of Student's t


def two(p):
    return {"method": p, "background": 1 - p}


def checks(method, background, p, **more):
    """Checks whose truth is known, all with probability ``p`` of method."""
    return [Check("method", two(p), **more)] * method + [Check("background", two(p), **more)] * background


def shares(population, drawn, **more):
    return {found.role: found for found in anchored_shares(population, drawn, order=ROLES, **more)}


# -- by hand ---------------------------------------------------------------------------------


def test_a_share_and_its_interval_as_computed_by_hand():
    # Mean of p is (20 · 0.5 + 80 · 0.375)/100 = 0.4; errors are +0.5 twelve times and −0.5 eight times.
    population = Population.of([two(0.5)] * 20 + [two(0.375)] * 80)
    found = shares(population, checks(12, 8, 0.5))["method"]
    variance = (12 * 0.4**2 + 8 * 0.6**2) / 19
    half = T19 * sqrt((1 - 0.2) * variance / 20)
    assert found.share == pytest.approx(0.4 + 0.1)
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-6)
    assert (found.checked, found.basis) == (20, "hub")
    assert (found.sample_low, found.sample_high) == wilson_interval(12, 20)


def test_checks_that_all_agree_leave_a_quarter_of_the_variance():
    population = Population.of([two(1.0)] * 30 + [two(0.0)] * 70)
    drawn = [Check("method", two(1.0))] * 6 + [Check("background", two(0.0))] * 14
    found = shares(population, drawn)["method"]
    half = T19 * sqrt(0.8 * 0.25 * 0.3 * 0.7 / 20)
    assert (found.share, found.low, found.high) == pytest.approx((0.3, 0.3 - half, 0.3 + half), abs=1e-6)


@pytest.mark.parametrize("seen", [0, 1, 7, 20])
def test_a_role_that_the_machine_never_gives_gets_wilsons_interval(seen):
    """With the quantile of t, and the finite population's factor, in place of 1.96 and 1."""
    population = Population.of([{"background": 1.0}] * 100)
    drawn = [Check("comparison", {"background": 1.0})] * seen
    drawn += [Check("background", {"background": 1.0})] * (20 - seen)
    found = shares(population, drawn)["comparison"]
    c2, p = T19**2 * 0.8 / 20, seen / 20
    low, high = ((2 * p + c2 + sign * sqrt(c2 * (c2 + 4 * p * (1 - p)))) / (2 * (1 + c2)) for sign in (-1, 1))
    least, most = seen / 100, 1 - (20 - seen) / 100
    wald = T19 * sqrt(0.8 * p * (1 - p) / 19)
    expected = (max(least, min(low, p - wald)), min(most, max(high, p + wald)))
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-6)


def test_labels_that_people_chose_to_make_count_for_their_own_units_only():
    machine = [two(0.5)] * 20 + [two(0.375)] * 80
    without = shares(Population.of(machine), checks(12, 8, 0.5))["method"]
    found = shares(Population.of(machine, {"method": 100}), checks(12, 8, 0.5))["method"]
    for name in ("share", "low", "high"):
        assert getattr(found, name) == pytest.approx((100 + 100 * getattr(without, name)) / 200)
    assert found.checked == 20
    assert found.sample_low == without.sample_low


def test_unequal_draws_are_weighted_by_one_over_their_inclusion():
    # 20 of 100 units were drawn with probability 0.2, 20 of 50 with 0.4; p is 0.5 throughout.
    population = Population.of([two(0.5)] * 150)
    drawn = checks(16, 4, 0.5, inclusion=0.2) + checks(5, 15, 0.5, inclusion=0.4)
    found = shares(population, drawn)["method"]
    errors = [0.5] * 16 + [-0.5] * 4 + [0.5] * 5 + [-0.5] * 15
    a = [5 / 150] * 20 + [2.5 / 150] * 20
    factor = [1 - 0.2] * 20 + [1 - 0.4] * 20
    mean = (5 * 6.0 + 2.5 * -5.0) / 150
    variance = sum(f * w * w * (e - mean) ** 2 for f, w, e in zip(factor, a, errors, strict=True)) * 40 / 39
    assert found.share == pytest.approx(0.5 + mean)
    assert found.high - found.share == pytest.approx(t_quantile(39) * sqrt(variance))
    effective = 150**2 / (20 * 25 + 20 * 6.25)
    assert found.sample_low == pytest.approx(wilson_interval(effective * (0.5 + mean), effective)[0])


def test_a_machine_that_expects_what_was_not_seen_keeps_its_part_of_the_variance():
    population = Population.of([two(0.6), two(0.0)] * 50)
    found = shares(population, checks(0, 20, 0.3))["method"]
    high = T19 * sqrt(0.8 * 0.25 * 0.3 * 0.7 / 20)
    assert (found.share, found.low, found.high) == pytest.approx((0, 0, high), abs=1e-6)


def test_a_pool_predicts_a_new_hub_from_the_differences_between_hubs():
    # Ten hubs with four checks each. Mean errors: 0.25 in five hubs, 0 in five.
    pool = Pool.of(
        [check for hub in range(5) for check in checks(3, 1, 0.5, hub=hub)]
        + [check for hub in range(5, 10) for check in checks(2, 2, 0.5, hub=hub)],
        ROLES,
    )
    assert (pool.checked, pool.hubs, pool.noise) == (40, 10, 0.25)
    assert pool.means["method"] == pytest.approx(0.125)
    assert pool.between["method"] == pytest.approx(10 * 0.125**2 / 9)
    assert pool.within["method"] == pytest.approx((5 * 0.75 + 5 * 1.0) / 30)
    found = shares(Population.of([two(0.375)] * 100), [], pool=pool)["method"]
    variance = 10 * 0.125**2 / 9 * 1.1
    half = 2.262157 * sqrt(variance)
    assert (found.share, found.low, found.high) == pytest.approx((0.5, 0.5 - half, 0.5 + half), abs=1e-4)
    assert (found.checked, found.basis, found.sample_low) == (40, "pool", None)
    # A hub of three units is noisier than hubs of four checks.
    smaller = shares(Population.of([two(0.375)] * 3), [], pool=pool)["method"]
    half = 2.262157 * sqrt(variance + (1 / 3 - 1 / 4) * 8.75 / 30)
    assert (smaller.low, smaller.high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-4)


# -- which interval is shown -----------------------------------------------------------------


def pool_of(hubs, each):
    return Pool.of([check for hub in range(hubs) for check in checks(each, 0, 0.5, hub=hub)], ROLES)


@pytest.mark.parametrize(
    ("size", "drawn", "pool", "expected"),
    [
        (100, 20, None, "hub"),
        (100, 20, pool_of(50, 10), "hub"),
        (100, 19, None, ""),
        (100, 19, pool_of(10, 2), "pool"),
        (100, 0, pool_of(20, 1), "pool"),
        (100, 0, pool_of(19, 1), ""),
        (100, 0, pool_of(9, 10), ""),
        (100, 0, Pool.of([], ROLES), ""),
        (20, 20, None, "all"),
        (3, 3, pool_of(10, 2), "all"),
        (0, 0, pool_of(10, 2), ""),
    ],
)
def test_the_rule_that_decides_which_interval_is_shown(size, drawn, pool, expected):
    population = Population.of([two(0.5)] * size)
    for method in {0, drawn}:  # whatever the labels are
        found = checks(method, drawn - method, 0.5)
        assert basis(population, found, pool) == expected
        assert {line.basis for line in anchored_shares(population, found, order=ROLES, pool=pool)} <= {
            expected
        }


def test_nothing_is_said_below_twenty_checks():
    found = anchored_shares(Population.of([two(0.25)] * 100), checks(4, 15, 0.5), order=ROLES)
    assert found == [Estimate(role, None, None, None, 19, "") for role in ROLES]


def test_very_unequal_draws_need_more_than_twenty():
    population = Population.of([two(0.5)] * 1000)
    drawn = checks(1, 1, 0.5, inclusion=0.002) + checks(10, 10, 0.5, inclusion=0.5)
    assert basis(population, drawn) == ""


def test_what_was_all_read_is_exact_and_has_no_interval():
    population = Population.of([two(0.9)] * 30, {"comparison": 10})
    found = shares(population, checks(6, 24, 0.9))
    assert {role: line.share for role, line in found.items()} == {
        "background": 24 / 40,
        "comparison": 10 / 40,
        "method": 6 / 40,
    }
    assert all((line.low, line.high, line.sample_low) == (None, None, None) for line in found.values())
    assert list(found) == ["background", "comparison", "method"]  # largest first


def test_only_stated_labels_are_exact_too():
    found = anchored_shares(Population(0, {}, {}, {"method": 4}), [], order=ROLES)[0]
    assert (found.share, found.basis, found.checked) == (1.0, "all", 0)


NINE = Population.of([two(0.5)] * 9)


@pytest.mark.parametrize(
    ("population", "drawn", "said"),
    [
        (Population.of([two(0.5)]), checks(1, 1, 0.5), "2 checks of 1 units"),
        (Population.of([{"other": 1.0}]), [], "not in the order of roles: other"),
        (NINE, [Check("method", two(0.5), 0.1), Check("method", two(0.5))], "each check or none"),
        (NINE, [Check("method", two(0.5), 0.0)], "each check or none"),
        (NINE, [Check("method", two(0.5), 1.5)], "each check or none"),
    ],
)
def test_what_cannot_be_is_refused(population, drawn, said):
    with pytest.raises(ValueError, match=said):
        anchored_shares(population, drawn, order=ROLES)


# -- what holds always -----------------------------------------------------------------------


def scaled(odds):
    return {role: number / sum(odds) for role, number in zip(ROLES, odds, strict=True)}


odds = st.tuples(*[st.integers(1, 50)] * 3)
units = st.tuples(st.sampled_from(ROLES), odds.map(scaled))
hubs = st.lists(units, min_size=MIN_CHECKS, max_size=30)


def drawn_from(hub, m):
    return [Check(role, p) for role, p in hub[:m]]


@given(hubs, st.integers(MIN_CHECKS, 30))
def test_shares_sum_to_one_before_clipping(hub, m):
    population = Population.of(p for _role, p in hub)
    drawn = drawn_from(hub, m)
    assert sum(difference_estimate(population, drawn, role) for role in ROLES) == pytest.approx(1)


@given(hubs)
def test_all_checked_is_exact_and_one_less_leaves_one_unit_open(hub):
    population = Population.of(p for _role, p in hub)
    exact = shares(population, drawn_from(hub, len(hub)))
    for role in ROLES:
        count = sum(truth == role for truth, _p in hub)
        assert exact[role].share == count / len(hub)
        assert difference_estimate(population, drawn_from(hub, len(hub)), role) == pytest.approx(
            count / len(hub)
        )
    if len(hub) > MIN_CHECKS:
        for found in shares(population, drawn_from(hub, len(hub) - 1)).values():
            assert found.high - found.low <= 1 / len(hub) + 1e-9


@given(hubs, st.integers(MIN_CHECKS, 30))
def test_a_perfect_machine_is_believed(hub, m):
    population = Population.of({role: 1.0} for role, _p in hub)
    drawn = [Check(role, {role: 1.0}) for role, _p in hub[:m]]
    for role, found in shares(population, drawn).items():
        assert found.share == pytest.approx(sum(truth == role for truth, _p in hub) / len(hub))


@given(hubs, st.integers(MIN_CHECKS, 30), st.lists(st.floats(0.3, 1), min_size=30, max_size=30))
def test_an_interval_holds_its_share_and_what_is_known(hub, m, inclusions):
    population = Population.of(p for _role, p in hub)
    drawn = [Check(role, p, inclusion) for (role, p), inclusion in zip(hub[:m], inclusions, strict=False)]
    for found in anchored_shares(population, drawn, order=ROLES):
        hits = sum(check.role == found.role for check in drawn)
        if found.basis == "hub":
            assert 0 <= hits / len(hub) <= found.low + 1e-9
            assert found.low <= found.share <= found.high
            assert found.high <= 1 - (len(drawn) - hits) / len(hub) + 1e-9


# -- how often the intervals hold the truth --------------------------------------------------


def simulated_hub(rng, *, size=100, wrong=0.05, sure=0.97):
    """Truths and probabilities of a machine that is ``sure``, and wrong in 5 of 100 cases."""
    roles = rng.choice(3, size, p=rng.dirichlet([1, 1, 1]))
    told = np.where(rng.random(size) < wrong, rng.choice(3, size), roles)
    p = np.full((size, 3), (1 - sure) / 2)
    p[np.arange(size), told] = sure
    return [ROLES[k] for k in roles], [dict(zip(ROLES, map(float, row), strict=True)) for row in p]


def coverage(seed, simulations=300, m=20):
    rng = np.random.default_rng(seed)
    covered = []
    for _ in range(simulations):
        roles, p = simulated_hub(rng)
        drawn = [Check(roles[k], p[k]) for k in rng.permutation(len(roles))[:m]]
        for found in anchored_shares(Population.of(p), drawn, order=ROLES):
            covered.append(found.low - 1e-9 <= roles.count(found.role) / len(roles) <= found.high + 1e-9)
    return sum(covered) / len(covered)


def test_intervals_of_twenty_checks_hold_the_truth():
    assert coverage(seed=20) >= 0.92


def test_without_the_floor_they_would_not():
    with mock.patch.object(estimates, "FLOOR", 0.0):
        assert coverage(seed=20) < 0.85


def test_intervals_of_unequal_draws_hold_the_truth_and_their_shares_are_not_biased():
    """Sentences called method are drawn three times as often as the others."""
    rng = np.random.default_rng(7)
    covered, errors = [], []
    for _ in range(200):
        roles, p = simulated_hub(rng, wrong=0.3, sure=0.8)
        chance = np.array([0.6 if unit["method"] > 0.5 else 0.2 for unit in p])
        drawn = [Check(roles[k], p[k], float(chance[k])) for k in np.flatnonzero(rng.random(len(p)) < chance)]
        for found in anchored_shares(Population.of(p), drawn, order=ROLES):
            if found.basis == "hub":
                truth = roles.count(found.role) / len(roles)
                covered.append(found.low <= truth <= found.high)
                errors.append((found.share - truth) * (found.role == "method"))
    assert len(covered) > 300
    assert np.mean(covered) >= 0.92
    assert abs(np.mean(errors)) < 0.01
