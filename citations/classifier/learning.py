"""The learning curve: how good a model is with so many labels, and what more of them would bring. Pure.

Owns which sizes are tried, the quick fit, and the extrapolation. What is fitted is the model of
``trained.py`` that sees sections, without calibration and threshold, which macro-F1 needs not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from threadpoolctl import threadpool_limits

from citations.classifier import cues, features, metrics, trained
from citations.classifier.corpora import Example
from citations.classifier.predictions import ROLES

SIZES = (25, 50, 100, 200, 400)
LEAST_LABELS = 30
MOST_LABELS = 500  # a curve of these takes some seconds


@dataclass(frozen=True, slots=True)
class Point:
    """Macro-F1 on papers not trained on, after training on ``labels``, with its 95 % interval."""

    labels: int
    macro_f1: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """``points`` from few labels to all; the first, of 0 labels, is the cue model.

    ``used`` of ``held`` labels went into it, of these ``roles``. ``gain`` is what ``more`` labels
    would add to macro-F1 if the curve goes on as it does.
    """

    points: tuple[Point, ...]
    used: int
    held: int
    roles: tuple[str, ...]
    more: int
    gain: float


def learning_curve(
    examples: Sequence[Example], *, sizes: Sequence[int] = SIZES, more: int = 50, seed: int = 0
) -> Curve:
    """The Curve of ``examples``; of more than ``MOST_LABELS``, of so many drawn at random.

    For each size and each of five folds over the groups, a model is trained on that many of the
    other folds' examples, smaller sets within larger ones, and asked of the fold; macro-F1 is
    over all answers of a size, its interval a bootstrap over groups. Small sizes are tried once,
    so their points jump. The gain is read off a straight line through the points against
    the logarithm of their size; never below 0.
    Raises TooFewLabels for fewer than 30 labels, two roles with two labels each, or two groups.
    """
    usable = [example for example in examples if example.role in ROLES]
    dice = np.random.default_rng(seed)
    chosen = [usable[n] for n in sorted(dice.permutation(len(usable))[:MOST_LABELS])]
    counts = Counter(example.role for example in chosen)
    roles = [role for role in ROLES if counts[role] >= trained.LEAST_OF_ROLE]
    chosen = [example for example in chosen if example.role in roles]
    groups = np.array([example.group for example in chosen], dtype=object)
    if len(chosen) < LEAST_LABELS or len(roles) < 2 or len(set(groups)) < 2:
        raise trained.TooFewLabels(
            f"{len(chosen)} usable labels of {len(roles)} roles in {len(set(groups))} papers; needed are "
            f"{LEAST_LABELS} labels, two roles with two labels each and two papers"
        )
    right = np.array([roles.index(example.role) for example in chosen])
    seen = trained._Seen.of(example.sentence for example in chosen)
    order = dice.permutation(len(chosen))
    folds = list(trained._folds(groups, seed))
    whole = round(sum(len(train_on) for train_on, _test_on in folds) / len(folds))
    points = []
    for size in [0, *(size for size in sizes if size < whole * 0.95), whole]:
        chances = np.zeros((len(chosen), len(roles)))
        for train_on, test_on in folds:
            inside = np.zeros(len(chosen), dtype=bool)
            inside[train_on] = True
            some = order[inside[order]]
            some = some if size == whole else some[:size]
            # Matrices this small are quicker on one core than shared out among several.
            with threadpool_limits(limits=1):
                chances[test_on] = _asked(seen.some(some), right[some], seen.some(test_on), roles)
        measured = metrics.report(
            [roles[n] for n in right],
            [roles[n] for n in chances.argmax(axis=1)],
            chances.max(axis=1),
            np.ones(len(chosen), dtype=bool),
            [*groups],
            seed=seed,
        )
        low, high = measured["intervals"]["macro_f1"]
        points.append(Point(size, measured["macro_f1"], low, high))
    gain = _slope(points[1:]) * (log(whole + more) - log(whole))
    return Curve(tuple(points), len(chosen), len(usable), tuple(roles), more, max(0.0, gain))


def _slope(points: Sequence[Point]) -> float:
    """By how much macro-F1 grows where the labels grow e-fold: least squares; 0 for one point."""
    x = np.log([point.labels for point in points])
    y = np.array([point.macro_f1 for point in points])
    away = x - x.mean()
    return float(away @ y / (away @ away)) if len(points) > 1 else 0.0


def _asked(seen: trained._Seen, right: NDArray, asked: trained._Seen, roles: Sequence[str]) -> NDArray:
    """The probabilities for ``asked`` of the model trained on ``seen``.

    The same minimum as ``trained._fitted`` finds, in fewer numbers: what the weights are away from
    the cue model's is a mix of the examples' rows (Kimeldorf & Wahba 1971), so with few examples
    and many terms it is quicker to look for the mix.
    """
    asked_offsets = _cue_logits(asked, roles)
    if not len(right):
        return trained._softmax(asked_offsets)
    offsets = _cue_logits(seen, roles)
    vocabulary = trained._vocabulary(seen.masked)
    rows, asked_rows = _rows(vocabulary, seen), _rows(vocabulary, asked)
    alike = (rows @ rows.T).toarray()
    values, vectors = np.linalg.eigh(alike)
    kept = values > values.max() * 1e-10
    roots, vectors = np.sqrt(values[kept]), vectors[:, kept]
    known = vectors * roots
    strength = trained.STRENGTH * min(1.0, len(right) / trained.FEW)
    is_right = np.zeros((len(right), len(roles)))
    is_right[np.arange(len(right)), right] = 1

    def loss(flat: NDArray) -> tuple[float, NDArray]:
        away = flat.reshape(len(roles), -1)
        chances = trained._softmax(offsets + known @ away.T)
        fit = -np.log(np.maximum(chances[is_right > 0], 1e-300)).sum()
        slope = (chances - is_right).T @ known + away / strength
        return float(fit + (away**2).sum() / (2 * strength)), slope.ravel()

    found = optimize.minimize(
        loss, np.zeros(len(roles) * len(roots)), jac=True, method="L-BFGS-B", options={"ftol": 1e-7}
    )
    away = found.x.reshape(len(roles), -1)
    new = (asked_rows @ rows.T).toarray() @ (vectors / roots)
    return trained._softmax(asked_offsets + new @ away.T)


def _rows(vocabulary: trained._Vocabulary, seen: trained._Seen) -> sparse.csr_matrix:
    numbers = seen.numbers(trained.WITH_SECTION) * trained.NUMBERS_WEIGHT
    ones = np.ones((len(seen.masked), 1))
    return sparse.hstack([vocabulary.rows(seen.masked), sparse.csr_matrix(numbers), ones]).tocsr()


def _cue_logits(seen: trained._Seen, roles: Sequence[str]) -> NDArray:
    """What the cue model says, from its scores among the numbers: where the training starts."""
    scores = seen.numbers(trained.WITH_SECTION)[:, -len(ROLES) :]
    chosen = [ROLES.index(role) for role in roles]
    return scores[:, chosen] * (features.POINTS_IN_ONE * cues.ROLE_SCALE)
