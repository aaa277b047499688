"""Role shares of a hub that was read by a machine, anchored by random checks of curators. Pure.

A machine that reads every citing sentence is wrong in ways that its own counts do not show. A
curator who reads some of them, drawn at random, shows how wrong. The estimate of a share is the
mean of the machine's probabilities over all units of the hub, plus the mean of *truth minus
probability* over the checked ones. It is right on average whatever the machine is worth; a good
machine makes the interval narrow.

This is prediction-powered inference (Angelopoulos, Bates, Fannjiang, Jordan & Zrnic 2023, Science
382, 669–674) for a finite population, long known there as the difference estimator (Särndal,
Swensson & Wretman 1992, Model Assisted Survey Sampling, section 6.3). The weight of the machine is
1, not fitted to the checks (PPI++, Angelopoulos, Duchi & Zrnic 2023): with 20 checks fitting it gained
only where the machine was worthless (``docs/estimates.md``).

What may enter:

- **Checks are random draws** from the machine-read units, made before anyone saw their labels.
  Labels that curators chose to make never enter as checks: each counts for its own unit
  (``Population.stated``) and says nothing of the others.
- The model was **not trained on the checks**; else it looks better on them than it is.
- A unit is whatever the caller counts: one citing paper, or one citing sentence. A sentence on
  which the machine abstained belongs to the population if its probabilities are given.

Which interval is shown is fixed before a label is seen: see ``basis``.

What an interval does not cover: errors of the curators, papers that could not be read, several
shares at once (each interval covers its own share 95 times in 100, not all of them together).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum, sqrt

from citations.statistics import t_quantile, wilson_interval

MIN_CHECKS = 20
MIN_POOL_HUBS = 10
# The part of a share's own variance that is left after the machine, at the least.
FLOOR = 0.25


@dataclass(frozen=True, slots=True)
class Check:
    """A unit that was drawn at random and read by a curator.

    ``probabilities`` is what the machine had said of it, by role. ``inclusion`` is the
    probability with which it was drawn, None where all units were equally likely; only the
    ratios within a hub matter. ``hub`` tells hubs apart in a pool, ``unit`` the units of a hub.
    """

    role: str
    probabilities: Mapping[str, float]
    inclusion: float | None = None
    hub: Hashable = None
    unit: Hashable = None

    def error(self, role: str) -> float:
        """Truth minus probability."""
        return (self.role == role) - self.probabilities.get(role, 0.0)


@dataclass(frozen=True, slots=True)
class Population:
    """The units of a hub, as sums.

    ``size`` machine-read units, the checked ones included, with the ``sums`` of the machine's
    probabilities and of their ``squares``, by role. ``stated`` counts, by role, the further units
    whose label a person chose to make or a data set brought: they are known, and no check was
    drawn from them.
    """

    size: int
    sums: Mapping[str, float]
    squares: Mapping[str, float]
    stated: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, probabilities: Iterable[Mapping[str, float]], stated: Mapping[str, int] | None = None
    ) -> Population:
        """The population of machine-read units with these probabilities."""
        size = 0
        sums: dict[str, float] = {}
        squares: dict[str, float] = {}
        for unit in probabilities:
            size += 1
            for role, p in unit.items():
                sums[role] = sums.get(role, 0.0) + p
                squares[role] = squares.get(role, 0.0) + p * p
        return cls(size, sums, squares, stated or {})

    def mean(self, role: str) -> float:
        return self.sums.get(role, 0.0) / self.size

    def spread(self, role: str) -> float:
        """The standard deviation of the machine's probabilities of ``role`` over the units."""
        return sqrt(max(0.0, self.squares.get(role, 0.0) / self.size - self.mean(role) ** 2))


@dataclass(frozen=True, slots=True)
class Pool:
    """What the random checks of a stated pool of hubs, such as the library, say of a hub of its kind.

    By role, over ``hubs`` hubs: the ``means`` and the variances ``between`` the hubs' mean
    errors, and the variance ``within`` hubs. ``noise`` is the mean of 1/checks of a hub.
    """

    checked: int
    hubs: int
    means: Mapping[str, float]
    between: Mapping[str, float]
    within: Mapping[str, float]
    noise: float

    @classmethod
    def of(cls, checks: Iterable[Check], roles: Sequence[str]) -> Pool:
        """The pool of ``checks``, told apart by their ``hub``."""
        by_hub: dict[Hashable, list[Check]] = {}
        for check in checks:
            by_hub.setdefault(check.hub, []).append(check)
        groups = [(drawn, _weights(drawn)) for drawn in by_hub.values()]
        checked, hubs = sum(len(drawn) for drawn, _w in groups), len(groups)
        means, between, within = {}, {}, {}
        for role in roles:
            errors = [_mean([check.error(role) for check in drawn], w) for drawn, w in groups]
            means[role] = fsum(errors) / hubs if hubs else 0.0
            between[role] = fsum((e - means[role]) ** 2 for e in errors) / (hubs - 1) if hubs > 1 else 0.0
            squares = fsum(
                (check.error(role) - mean) ** 2
                for (drawn, _w), mean in zip(groups, errors, strict=True)
                for check in drawn
            )
            within[role] = squares / (checked - hubs) if checked > hubs else 0.0
        noise = fsum(1 / len(drawn) for drawn, _w in groups) / hubs if hubs else 0.0
        return cls(checked, hubs, means, between, within, noise)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated share of one role, with the interval that is shown and what it rests on.

    ``basis`` is one of ``basis()``. ``checked`` counts the checks of that basis; those of the hub
    where the basis is "". ``sample_low`` and ``sample_high`` are the Wilson interval of the hub's own
    checks alone, without the machine; of unequal draws, that of the weighted share with Kish's
    effective number. All are fractions of all units, the sample's of the machine-read ones; None
    where there is none.
    """

    role: str
    share: float | None
    low: float | None
    high: float | None
    checked: int
    basis: str
    sample_low: float | None = None
    sample_high: float | None = None


def basis(population: Population, checks: Sequence[Check], pool: Pool | None = None) -> str:
    """What the shown interval rests on; no label is looked at.

    - "all": every unit was read by a person. The shares are exact, there is no interval.
    - "hub": 20 random checks of this hub or more.
    - "pool": fewer, but 20 random checks or more in 10 hubs or more of a stated pool.
    - "": anything less. No share and no interval.

    Unequal draws count by Kish's effective number, (Σw)²/Σw².
    """
    if len(checks) == population.size:
        return "all" if population.size or population.stated else ""
    if _effective(_weights(checks)) >= MIN_CHECKS - 1e-9:
        return "hub"
    if pool and pool.checked >= MIN_CHECKS and pool.hubs >= MIN_POOL_HUBS:
        return "pool"
    return ""


def anchored_shares(
    population: Population, checks: Sequence[Check], *, order: Sequence[str], pool: Pool | None = None
) -> list[Estimate]:
    """The Estimate of each role in ``order``, largest first, ties in the given order.

    A role that neither machine nor people saw has share 0 and an upper end: not seen is not absent.
    ``checks`` are random draws from the population's machine-read units, each unit once. Shares
    and ends are clipped to what is possible given the labels that are known; so they need not
    sum to 1. Raises ValueError for more checks than units, roles that are not in ``order``, and draws
    of which only some state an inclusion probability or state none in (0, 1].

    **hub.** The mean error of the checks is their mean weighted by 1/inclusion (Hájek's form of the
    Horvitz–Thompson estimator; all weights equal where none is stated), its variance
    Σ (1 − π) a² (e − ē)² m/(m − 1), where a are the weights scaled to sum 1, and π the inclusion
    probabilities scaled to Σ 1/π = size: (1 − m/size) s²/m for equal draws. The half width is the t
    quantile of m − 1 times its root. Twenty checks may all agree with the machine by luck, so the
    variance of one error is at least FLOOR · p(1 − p), p being the estimate or the machine's mean,
    whichever gives more; and at least (√θ(1 − θ) − spread)², the least that probabilities with this
    spread leave of a true share θ. For a role that the machine never gives the latter makes the
    interval Wilson's.

    **pool.** The hub's mean error is taken to be a draw from the same distribution as those of the
    pool's hubs: *hubs*, not sentences, are exchangeable. The interval is the one that predicts a new
    hub, from the variance between the hubs' mean errors with the noise of few checks left in: wide,
    and wider than need be where hubs have few checks each. The floor is the same, for the mean of
    all checks. Treating all the pool's sentences as
    exchangeable gave intervals that covered 8 to 80 % instead of 95 %. A hub of another kind than
    the pool's is not covered by any of this.
    """
    _refuse_misfits(population, checks, order)
    found = basis(population, checks, pool)
    total = population.size + sum(population.stated.values())
    weights = _weights(checks)
    estimates = []
    for role in order:
        hits = sum(check.role == role for check in checks)
        stated = population.stated.get(role, 0)
        if found == "hub":
            parts, checked = _hub_anchored(population, checks, weights, role), len(checks)
        elif found == "pool" and pool:
            parts, checked = _pool_anchored(population, pool, role), pool.checked
        else:
            share = (stated + hits) / total if found == "all" else None
            estimates.append(Estimate(role, share, None, None, len(checks), found))
            continue
        least, most = hits / population.size, 1 - (len(checks) - hits) / population.size
        share, low, high = (
            (stated + population.size * min(max(part, least), most)) / total for part in parts
        )
        sample = _sample_interval(checks, weights, role) if found == "hub" else (None, None)
        estimates.append(Estimate(role, share, low, high, checked, found, *sample))
    return sorted(estimates, key=lambda estimate: -(estimate.share or 0.0))


def difference_estimate(population: Population, checks: Sequence[Check], role: str) -> float:
    """The share of ``role`` among the machine-read units before it is clipped; all roles sum to 1."""
    return population.mean(role) + _mean([check.error(role) for check in checks], _weights(checks))


def _hub_anchored(
    population: Population, checks: Sequence[Check], weights: Sequence[float], role: str
) -> tuple[float, float, float]:
    """Share, low and high among the machine-read units, from this hub's own checks."""
    m = len(checks)
    errors = [check.error(role) for check in checks]
    mean_error = _mean(errors, weights)
    whole = fsum(weights)
    # What each check adds to the variance where the variance of errors is 1.
    parts = [max(0.0, 1 - whole / (population.size * w)) * (w / whole) ** 2 for w in weights]
    variance = fsum(k * (e - mean_error) ** 2 for k, e in zip(parts, errors, strict=True)) * m / (m - 1)
    return _around(population, role, mean_error, variance, fsum(parts), t_quantile(m - 1))


def _pool_anchored(population: Population, pool: Pool, role: str) -> tuple[float, float, float]:
    """Share, low and high among the machine-read units, from the checks of other hubs."""
    # A hub with fewer units than the pool's hubs have checks is noisier than they are.
    smaller = max(0.0, 1 / population.size - pool.noise) * pool.within.get(role, 0.0)
    new = 1 + 1 / pool.hubs
    variance = pool.between.get(role, 0.0) * new + smaller
    mean_error = pool.means.get(role, 0.0)
    return _around(population, role, mean_error, variance, new / pool.checked, t_quantile(pool.hubs - 1))


def _around(
    population: Population, role: str, mean_error: float, variance: float, unit: float, quantile: float
) -> tuple[float, float, float]:
    """Share, low and high: the machine's mean corrected, with an interval of at least the floor.

    ``variance`` is that of the correction as the checks show it, ``unit`` what it would be if single
    errors had the variance 1.
    """
    machine = population.mean(role)
    share = min(max(machine + mean_error, 0.0), 1.0)
    floor = FLOOR * max(share * (1 - share), machine * (1 - machine)) * unit
    half = quantile * sqrt(max(variance, floor))
    low, high = _least_ends(share, population.spread(role), quantile * sqrt(unit))
    return share, min(share - half, low), max(share + half, high)


def _least_ends(share: float, spread: float, c: float) -> tuple[float, float]:
    """The ends of {θ: |θ − share| <= c (√θ(1 − θ) − spread)}, the share itself where it is empty.

    By the Cauchy–Schwarz inequality the standard deviation of truth minus probability is at least
    that of the truth less that of the probabilities. Wilson's interval about a shifted share.
    """
    ends = []
    for sign in (-1, 1):
        a = share - sign * c * spread
        root = c * c + 4 * a * (1 - a)
        ends.append((2 * a + c * c + sign * c * sqrt(root)) / (2 * (1 + c * c)) if root >= 0 else share)
    return ends[0], ends[1]


def _weights(checks: Sequence[Check]) -> list[float]:
    """The weights of the checks, 1/inclusion; all 1 where the draws are equal. Raises ValueError."""
    stated = [check.inclusion for check in checks if check.inclusion is not None]
    if len(stated) not in (0, len(checks)) or not all(0 < inclusion <= 1 for inclusion in stated):
        raise ValueError("each check or none states an inclusion probability in (0, 1]")
    return [1 / inclusion for inclusion in stated] if len(set(stated)) > 1 else [1.0] * len(checks)


def _effective(weights: Sequence[float]) -> float:
    """Kish's effective number of checks; their number where the weights are equal."""
    return fsum(weights) ** 2 / fsum(w * w for w in weights) if weights else 0.0


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return fsum(w * v for v, w in zip(values, weights, strict=True)) / fsum(weights)


def _sample_interval(checks: Sequence[Check], weights: Sequence[float], role: str) -> tuple[float, float]:
    """The Wilson interval of the checks alone."""
    n = _effective(weights)
    k = n * _mean([float(check.role == role) for check in checks], weights)
    return wilson_interval(min(k, n), n)


def _refuse_misfits(population: Population, checks: Sequence[Check], order: Sequence[str]) -> None:
    if len(checks) > population.size:
        raise ValueError(f"{len(checks)} checks of {population.size} units")
    words = {check.role for check in checks} | set(population.sums) | set(population.stated)
    if unknown := sorted(words - set(order)):
        raise ValueError(f"not in the order of roles: {', '.join(unknown)}")
