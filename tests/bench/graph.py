"""Who cites whom in a made-up library: ages, a heavy tail of cited works, reviews among the citing ones.

Pure numpy; the same seed gives the same graph. Papers are told by their place in the order of
age, the oldest 0; ``library.py`` gives them keys, texts and people.
"""

from typing import NamedTuple

import numpy as np

FIRST_YEAR, LAST_YEAR = 1950, 2026
DOUBLING = 14.0  # years in which the number of papers a year doubles
REFERENCES = 18.0  # mean of the papers that cite, where the largest hub leaves that many
SPREAD = 0.75  # sigma of the logarithm of their number
ORDINARY = 450  # references of a paper that is no review, at most
LARGEST_REVIEW = 4000
ONE_REVIEW_IN = 3000  # citing papers has more than 500 references
TAIL = 0.85  # a work's weight falls with its rank to this power
ROUNDS = 200


class Graph(NamedTuple):
    """``years`` of the papers, oldest first (int16), and the pairs by citing paper (two int32 columns)."""

    years: np.ndarray
    citing: np.ndarray
    cited: np.ndarray


def make_graph(rng, *, papers, citations, largest):
    """A Graph of so many papers and pairs, whose most cited paper is cited by exactly ``largest``.

    A paper cites only papers before it; no pair comes twice; every other paper is cited by half
    of ``largest`` at most. Memory some 60 bytes a pair, 2 s for a million pairs. Raises ValueError where
    no such graph is found.
    """
    if not 2 <= largest <= citations:
        raise ValueError(f"largest must be 2 to {citations}, the number of citations, not {largest}")
    number = min(int(0.95 * papers), max(round(citations / REFERENCES), int(1.15 * largest) + 1))
    citing = np.sort(rng.choice(np.arange(papers // 50 + 1, papers), size=number, replace=False))
    hub = papers // 60
    if largest > 0.9 * number or citations > number * papers // 20:
        raise ValueError(
            f"{papers} papers are too few for {citations} citations and a hub of {largest}: "
            f"at most {int(0.95 * papers)} of them cite"
        )
    wanted = _reference_counts(rng, citing, citations)
    order = rng.exponential(size=number) / wanted  # the least ones: a draw without replacement by weight
    citers = np.argpartition(order, largest - 1)[:largest]
    wanted[citers] -= 1
    keys = np.sort(_fill(rng, citing, wanted, papers, hub, citations - largest, most=largest // 2))
    keys = np.sort(np.concatenate([keys, citing[citers].astype(np.int64) * papers + hub]), kind="stable")
    return Graph(_years(papers), (keys // papers).astype(np.int32), (keys % papers).astype(np.int32))


def _years(papers):
    """Years that grow in number exponentially, as literature does."""
    span = LAST_YEAR - FIRST_YEAR + 1
    share = (np.arange(papers) + 0.5) / papers
    growth = np.log(2) / DOUBLING
    years = FIRST_YEAR + np.log1p(share * np.expm1(growth * span)) / growth
    return np.minimum(years, LAST_YEAR).astype(np.int16)


def _reference_counts(rng, citing, citations):
    """How many references each citing paper shall have; they sum to ``citations``."""
    number = len(citing)
    room = np.minimum(citing // 2, ORDINARY)  # so many papers are older, halved: none is cited by all
    reviews = _reviews(rng, citing, citations)
    wanted = rng.lognormal(0.0, SPREAD, size=number)
    wanted[list(reviews)] = 0
    scale = (citations - sum(reviews.values())) / wanted.sum()
    counts = np.clip(np.floor(wanted * scale + rng.random(number)), 1, np.maximum(room, 1)).astype(np.int64)
    for place, size in reviews.items():
        counts[place] = size
    ordinary = np.setdiff1d(np.arange(number), list(reviews))
    while difference := citations - int(counts.sum()):
        chosen = rng.choice(ordinary, size=min(abs(difference), number // 4 + 1), replace=False)
        fits = counts[chosen] < np.maximum(room[chosen], 1) if difference > 0 else counts[chosen] > 1
        counts[chosen[fits]] += np.sign(difference)
        if not fits.any():
            break  # _fill finds room for the rest, or says that there is none
    return counts


def _reviews(rng, citing, citations):
    """{place among the citing papers: references} of the reviews; they have at most a tenth of all."""
    sizes = [min(LARGEST_REVIEW, int(citing[-1]) // 3)]
    sizes += rng.integers(510, 1200, size=max(3, len(citing) // ONE_REVIEW_IN)).tolist()
    kept, total = [], 0
    for size in sizes:
        if size > 500 and size < citing[-1] // 2 and total + size <= citations // 10:
            kept.append(size)
            total += size
    late = np.arange(len(citing) // 2, len(citing))
    return dict(zip(rng.choice(late, size=len(kept), replace=False).tolist(), kept, strict=True))


def _fill(rng, citing, wanted, papers, hub, total, *, most):
    """Distinct pairs as ``citing * papers + cited`` that give each citing paper its references.

    ``total`` of them; the paper ``hub`` is left out, no other is cited more than ``most`` times.
    """
    weights = _weights(rng, papers, total, most)
    weights[hub] = 0
    wanted_of = np.zeros(papers, dtype=np.int64)
    wanted_of[citing] = wanted
    keys = np.empty(0, dtype=np.int64)
    for turn in range(ROUNDS):
        missing = total - len(keys)
        if not missing:
            return keys
        if turn < 12:
            lacking = np.maximum(wanted_of - np.bincount(keys // papers, minlength=papers), 0)
            drawing = np.repeat(np.arange(papers), lacking)
        else:  # whoever has few older papers to cite leaves the rest to others
            drawing = rng.choice(citing, size=missing + 8)
        fresh = np.unique(drawing * papers + _older(rng, drawing, weights))
        fresh = fresh[fresh % papers != hub]
        fresh = fresh[~_among(fresh, keys)]
        if len(fresh) > missing:
            fresh = rng.choice(fresh, size=missing, replace=False)
        keys = np.sort(np.concatenate([keys, fresh]), kind="stable")
        keys = _thin(rng, keys, papers, weights, most)
    raise ValueError(f"no room for {total - len(keys)} of the citations: more papers or fewer citations")


def _weights(rng, papers, total, most):
    """How readily each paper is cited: a rank law, flat at its top so that none outgrows the largest hub."""
    ranks, flat = np.arange(1, papers + 1, dtype=np.float64), 0.0
    while True:
        weights = (ranks + flat) ** -TAIL
        if weights[0] / weights.sum() * total <= 0.6 * most or flat > papers:
            return rng.permutation(weights)
        flat = 2 * flat + 1


def _older(rng, citing, weights):
    """A cited paper for each of ``citing``: by weight, from a stretch before it of random length.

    So most references are young, as literature's are, and some go back to the beginning.
    """
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    oldest = (citing * 0.97 * rng.random(len(citing)) ** 2).astype(np.int64)
    low, high = sums[oldest], sums[citing]
    cited = np.searchsorted(sums, low + (high - low) * rng.random(len(citing)), side="right") - 1
    return np.clip(cited, 0, citing - 1)


def _among(values, held):
    """Which of ``values`` stand in ``held``, both sorted."""
    if not len(held):
        return np.zeros(len(values), dtype=bool)
    places = np.minimum(np.searchsorted(held, values), len(held) - 1)
    return held[places] == values


def _thin(rng, keys, papers, weights, most):
    """``keys`` without what is above ``most`` citing papers of one work; such a work is drawn no more."""
    counts = np.bincount(keys % papers, minlength=papers)
    full = np.flatnonzero(counts >= most)
    weights[full] = 0
    gone = [
        rng.choice(np.flatnonzero(keys % papers == work), size=counts[work] - most, replace=False)
        for work in full
        if counts[work] > most
    ]
    return np.delete(keys, np.concatenate(gone)) if gone else keys
