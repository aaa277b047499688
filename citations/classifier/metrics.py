"""How good a labeller is: F1 by class, calibration, coverage at a precision, and intervals.

Owns the arithmetic over (what is right, what was said, how surely, whose paper). Intervals
resample whole groups (citing papers), since sentences of one paper are alike. Needs numpy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from citations.statistics import clopper_pearson_lower, is_surely_at_least

BINS = 15
RESAMPLES = 1000
_CHUNK = 100


def f1_scores(counts: NDArray) -> NDArray[np.float64]:
    """(…, 3, classes): precision, recall and F1 of each class of confusion tables (…, classes, classes).

    0 where a class was never said or never right (as precision or recall of nothing).
    """
    hits = np.diagonal(counts, axis1=-2, axis2=-1).astype(float)
    said, right = counts.sum(axis=-2), counts.sum(axis=-1)
    precision = np.divide(hits, said, out=np.zeros_like(hits), where=said > 0)
    recall = np.divide(hits, right, out=np.zeros_like(hits), where=right > 0)
    both = said + right
    f1 = np.divide(2 * hits, both, out=np.zeros_like(hits), where=both > 0)
    return np.stack([precision, recall, f1], axis=-2)


def calibration_error(confidence: NDArray, correct: NDArray) -> float:
    """Expected calibration error of the likeliest class over 15 bins of equal width.

    Guo, C. et al. (2017), ICML, equation 3: the mean over bins, weighted by their size, of
    |share correct − mean confidence|.
    """
    return float(_error_of(_bin_sums(confidence, correct, np.zeros(len(confidence), dtype=int), 1))[0])


def _bin_sums(confidence: NDArray, correct: NDArray, group: NDArray, groups: int) -> NDArray:
    """(groups, bins, 2): in each bin how many, and the sum of correct − confidence."""
    bins = np.minimum((np.asarray(confidence) * BINS).astype(int), BINS - 1)
    cells = group * BINS + bins
    away = np.asarray(correct, dtype=float) - confidence
    sums = [np.bincount(cells, weights, groups * BINS) for weights in (np.ones(len(cells)), away)]
    return np.stack(sums, axis=-1).reshape(groups, BINS, 2)


def _error_of(sums: NDArray) -> NDArray:
    return np.abs(sums[..., 1]).sum(axis=-1) / sums[..., 0].sum(axis=-1)


def coverage_at(
    confidence: Sequence[float] | NDArray, correct: Sequence[bool] | NDArray, *, precision: float = 0.9
) -> tuple[float, float, float | None]:
    """(coverage, precision reached, threshold): the largest share that can be labelled at ``precision``.

    Sentences are labelled from the surest downwards, those of one confidence together. Of all such
    cuts the largest counts whose precision has a one-sided 95 % Clopper–Pearson lower bound of
    ``precision`` or more. (0, 0, None) where none has. The bound holds for one cut; choosing the
    largest of many makes it a little too good, the more so the fewer sentences there are.
    """
    confidence, correct = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=bool)
    order = np.argsort(-confidence, kind="stable")
    hits = np.cumsum(correct[order])
    for n in range(len(order), 0, -1):
        if n < len(order) and confidence[order[n]] == confidence[order[n - 1]]:
            continue
        k = int(hits[n - 1])
        if is_surely_at_least(k, n, precision):
            return n / len(order), k / n, float(confidence[order[n - 1]])
    return 0.0, 0.0, None


def observed_coverage_at(confidence: NDArray, correct: NDArray, *, precision: float = 0.9) -> float:
    """The largest share, surest first, whose observed precision is ``precision`` or more; no bound."""
    order = np.argsort(-np.asarray(confidence), kind="stable")
    hits = np.cumsum(np.asarray(correct, dtype=bool)[order])
    sizes = np.arange(1, len(order) + 1)
    fitting = np.flatnonzero(hits >= precision * sizes)
    return float(sizes[fitting[-1]] / len(order)) if len(fitting) else 0.0


def report(
    right: Sequence[str],
    said: Sequence[str],
    confidence: Sequence[float] | NDArray,
    labelled: Sequence[bool] | NDArray,
    groups: Sequence[str],
    *,
    seed: int = 20261126,
    resamples: int = RESAMPLES,
) -> dict:
    """Everything that is reported of one labeller on one set; plain numbers, ready for JSON.

    ``said`` is the likeliest class of each sentence, ``labelled`` whether the labeller did not
    abstain. ``macro_f1`` is the mean F1 over the classes that occur in ``right``, abstentions
    counted by their likeliest class. ``intervals`` are 95 % percentile intervals of a bootstrap
    over ``groups``. Raises ValueError for no sentences.
    """
    if not right:
        raise ValueError("no sentences to measure with")
    classes = sorted(set(right))
    # What was said outside of these is wrong whatever it is; it takes a column of its own.
    columns = [*classes, *sorted(set(said) - set(classes))]
    correct = np.array([one == other for one, other in zip(right, said, strict=True)])
    sure = np.asarray(confidence, dtype=float)
    names, group = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    size = len(columns)
    place = {word: number for number, word in enumerate(columns)}
    rows = np.array([place[word] for word in right])
    cells = (group * size + rows) * size + np.array([place[word] for word in said])
    tables = np.bincount(cells, minlength=len(names) * size * size).reshape(-1, size, size).astype(float)
    sums = _bin_sums(sure, correct, group, len(names))
    draws_f1, draws_ece, draws_accuracy = _bootstrap(tables, sums, seed, resamples)
    whole = tables.sum(axis=0)
    scores = f1_scores(whole)
    kept = len(classes)
    coverage, reached, _threshold = coverage_at(sure, correct)
    answered = np.asarray(labelled, dtype=bool)
    k, n = int(correct[answered].sum()), int(answered.sum())
    per_class = {}
    for number, word in enumerate(classes):
        low, high = _interval(draws_f1[:, number])
        per_class[word] = {
            "precision": _round(scores[0, number]),
            "recall": _round(scores[1, number]),
            "f1": _round(scores[2, number]),
            "f1_low": low,
            "f1_high": high,
            "n": int(whole[number].sum()),
        }
    return {
        "macro_f1": _round(scores[2, :kept].mean()),
        "accuracy": _round(correct.mean()),
        "ece": _round(_error_of(sums.sum(axis=0))),
        "coverage_at_90": _round(coverage),
        "precision_at_coverage": _round(reached),
        "coverage_at_90_observed": _round(observed_coverage_at(sure, correct)),
        "labelled": _round(n / len(right)),
        "labelled_precision": _round(k / n) if n else None,
        "labelled_precision_low": _round(clopper_pearson_lower(k, n)) if n else None,
        "n": len(right),
        "groups": len(names),
        "per_class": per_class,
        "intervals": {
            "macro_f1": _interval(draws_f1[:, :kept].mean(axis=1)),
            "accuracy": _interval(draws_accuracy),
            "ece": _interval(draws_ece),
        },
        "confusion": {"classes": columns, "counts": whole.astype(int).tolist()},
    }


def _bootstrap(tables: NDArray, sums: NDArray, seed: int, resamples: int) -> tuple[NDArray, NDArray, NDArray]:
    """F1 by class, calibration error and accuracy of each resample of whole groups."""
    random = np.random.default_rng(seed)
    groups, size = len(tables), tables.shape[1]
    flat_tables, flat_sums = tables.reshape(groups, -1), sums.reshape(groups, -1)
    f1, errors, accuracy = [], [], []
    for begin in range(0, resamples, _CHUNK):
        count = min(_CHUNK, resamples - begin)
        times = random.multinomial(groups, np.full(groups, 1 / groups), size=count).astype(float)
        drawn = (times @ flat_tables).reshape(count, size, size)
        f1.append(f1_scores(drawn)[:, 2])
        errors.append(_error_of((times @ flat_sums).reshape(count, BINS, 2)))
        accuracy.append(np.trace(drawn, axis1=1, axis2=2) / drawn.sum(axis=(1, 2)))
    return np.concatenate(f1), np.concatenate(errors), np.concatenate(accuracy)


def _interval(draws: NDArray) -> list[float]:
    low, high = np.percentile(draws, [2.5, 97.5])
    return [_round(low), _round(high)]


def _round(value) -> float:
    return round(float(value), 4)
