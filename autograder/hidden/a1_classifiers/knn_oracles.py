"""What the answers of the kNN notebook must be, in float64 loops that are easy to believe.

Nothing here is fast or clever, and nothing here is a student's way to the answer: distances come
from differences and never from the expanded square, votes from plain counting.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable

import numpy as np

EPS = float(np.finfo(np.float64).eps)
Predict = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]


def distances(x_train: np.ndarray, x_test: np.ndarray) -> np.ndarray:
    """Euclidean distances by differences, one test point after the other.

    Args:
        x_train: (N, D) any real dtype.
        x_test: (M, D) any real dtype.

    Returns:
        (M, N) float64.
    """
    train, test = x_train.astype(np.float64), x_test.astype(np.float64)
    dists = np.empty((len(test), len(train)))
    for m, point in enumerate(test):
        dists[m] = np.sqrt(((train - point) ** 2).sum(axis=1))
    return dists


def cancellation_bound(x_train: np.ndarray, x_test: np.ndarray) -> float:
    """How far a distance from the expanded square may be off when the points nearly coincide.

    Each of the three terms of ||a||^2 - 2ab + ||b||^2 is a sum over D products with a rounding
    error of at most D eps / 2 of its size. Together they err by at most 2 D eps ||x||^2, and the
    root by at most sqrt(2 D eps) ||x||; the contract rounds this up to 2 sqrt(D eps) ||x||.
    """
    points = np.concatenate([x_train, x_test]).astype(np.float64)
    largest = math.sqrt(float((points**2).sum(axis=1).max()))
    return 2.0 * math.sqrt(x_train.shape[1] * EPS) * largest


def labels(dists: np.ndarray, y_train: np.ndarray, k: int) -> np.ndarray:
    """The most frequent label among the k nearest; the smallest of equally frequent ones.

    Args:
        dists: (M, N) float.
        y_train: (N,) integer.
        k: how many neighbours vote; of equally near points the smaller index is nearer.

    Returns:
        (M,) int64.
    """
    winners = []
    for row in dists.tolist():
        order = sorted(range(len(row)), key=lambda n: (row[n], n))
        votes = Counter(int(y_train[n]) for n in order[:k])
        most = max(votes.values())
        winners.append(min(label for label, count in votes.items() if count == most))
    return np.array(winners, dtype=np.int64)


def fold_bounds(num: int, num_folds: int) -> list[tuple[int, int]]:
    """First and one-past-last row of each fold: contiguous, the larger folds first."""
    bounds, start = [], 0
    for fold in range(num_folds):
        size = num // num_folds + (1 if fold < num % num_folds else 0)
        bounds.append((start, start + size))
        start += size
    return bounds


def accuracies(
    x: np.ndarray, y: np.ndarray, k_choices: Iterable[int], num_folds: int, predict: Predict
) -> dict[int, list[float]]:
    """For each k the accuracy on every fold, learned from all the other folds.

    Args:
        x: (N, D) any dtype.
        y: (N,) integer.
        k_choices: the values of k to try.
        num_folds: into how many folds the rows are cut.
        predict: the classifier, (x_train, y_train, x_test, k) -> labels.

    Returns:
        k -> list of num_folds floats in 0..1.
    """
    table: dict[int, list[float]] = {k: [] for k in k_choices}
    for k, row in table.items():
        for start, stop in fold_bounds(len(x), num_folds):
            rest = [n for n in range(len(x)) if not start <= n < stop]
            predicted = predict(x[rest], y[rest], x[start:stop], k)
            right = sum(int(a) == int(b) for a, b in zip(predicted, y[start:stop], strict=True))
            row.append(right / (stop - start))
    return table


def rows_without_doubt(dists: np.ndarray, k: int, gap: float) -> np.ndarray:
    """Which test points have a k-th neighbour that is nearer than the next by more than `gap`.

    Args:
        dists: (M, N) float64.
        k: how many neighbours vote.
        gap: the smallest difference that counts as one, as a part of the distance.

    Returns:
        (M,) bool.
    """
    if k == dists.shape[1]:
        return np.ones(len(dists), dtype=bool)
    ordered = np.sort(dists, axis=1)
    clear: np.ndarray = ordered[:, k] - ordered[:, k - 1] > gap * ordered[:, k]
    return clear
