"""Inputs that the hidden checks of the kNN notebook draw; every draw comes from the check's rng.

The sizes are distinct primes wherever they can be, so that no two axes can be mixed up.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from cvcourse.data import flatten, scenes

SHAPES = ((7, 11, 5), (13, 3, 17), (1, 5, 3), (5, 1, 2), (3, 7, 1), (1, 1, 1))  # (M, N, D)

RANGES = {  # wide enough that a difference, a square or a sum leaves the dtype
    "uint8": (0, 256),
    "int8": (-128, 128),
    "int16": (-30_000, 30_001),
    "int64": (-(2**31), 2**31),
}


def points(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Training points (N, D) and test points (M, D), float64, no two closer than 0.25.

    The least distance keeps the expanded square, whose error grows as points come together,
    within any tolerance that float64 arithmetic deserves.
    """
    num_test, num_train, dim = shape
    grid = np.stack([rng.permutation(num_test + num_train) for _ in range(dim)], axis=1)
    values = 0.5 * (grid - grid.mean()) + rng.uniform(0, 0.25, size=grid.shape)
    return values[:num_train], values[num_train:]


def points_of(
    rng: np.random.Generator, dtype: str, shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Training points (N, D) and test points (M, D) of one dtype, over its whole range."""
    num_test, num_train, dim = shape
    size = (num_test + num_train, dim)
    if dtype in RANGES:
        values = rng.integers(*RANGES[dtype], size=size).astype(dtype)
    elif dtype == "float16":
        values = rng.uniform(-2000, 2000, size=size).astype(dtype)  # squares leave float16
    else:
        values = (rng.normal(size=size) * 30 + 1000).astype(dtype)
    return values[:num_train], values[num_train:]


def pictures(rng: np.random.Generator, num: int, dim: int) -> np.ndarray:
    """Random (num, dim) uint8 rows, no two alike; num at most 256."""
    rows = rng.integers(0, 256, size=(num, dim), dtype=np.uint8)
    rows[:, 0] = rng.permutation(256)[:num]
    return rows


def distinct_distances(rng: np.random.Generator, num_test: int, num_train: int) -> np.ndarray:
    """(M, N) float64 distances, no two alike in a row and in no order."""
    ranks = np.stack([rng.permutation(num_train) for _ in range(num_test)])
    return (ranks + 1) * rng.uniform(0.5, 2.0, size=(num_test, 1))


def planted(
    rng: np.random.Generator, shape: tuple[int, int, int], k: int, num_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A search whose answer is known without searching, for sizes that an oracle is too slow for.

    Clusters of k training points lie within 2 of a centre in every feature, and so does every
    test point of its own centre; all else is random over the whole range. With D of 64 and more
    no two random rows come nearly as close, so the k nearest are those of the cluster.

    Args:
        rng: where the numbers come from.
        shape: (M, N, D), N >= k and D >= 64.
        k: how many neighbours vote; odd.
        num_classes: K; two of them compete in each cluster.

    Returns:
        x_train (N, D) uint8, y_train (N,) int64, x_test (M, D) uint8, labels (M,) int64.
    """
    num_test, num_train, dim = shape
    clusters = min(num_test, num_train // k)
    centres = rng.integers(4, 252, size=(clusters, dim), dtype=np.uint8)
    winners = rng.integers(0, num_classes, size=clusters)
    losers = (winners + rng.integers(1, num_classes, size=clusters)) % num_classes
    x_train = rng.integers(0, 256, size=(num_train, dim), dtype=np.uint8)
    y_train = rng.integers(0, num_classes, size=num_train)
    places = rng.permutation(num_train)[: clusters * k].reshape(k, clusters)
    for copy, rows in enumerate(places):
        x_train[rows] = _near(rng, centres)
        y_train[rows] = winners if copy <= k // 2 else losers
    own = np.arange(num_test) % clusters
    return x_train, y_train, _near(rng, centres[own]), winners[own]


def _near(rng: np.random.Generator, centres: np.ndarray) -> np.ndarray:
    return centres + rng.integers(0, 5, size=centres.shape, dtype=np.uint8) - np.uint8(2)


def rows_with_twins(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows of which each occurs once, but for some that have a twin in another fold."""
    x = points(rng, (1, 30, 3))[0]
    x[[28, 21, 17]] = x[[2, 9, 6]]
    y = rng.integers(0, 4, size=30)
    y[[28, 21]] = y[[2, 9]]
    return x, y


@lru_cache(maxsize=1)  # drawn once, for a whole class
def hidden_pictures(key: bytes) -> tuple[np.ndarray, ...]:
    """A hidden split of generated scenes: 2,000 pictures to learn from, 1,000 to judge by.

    Args:
        key: 16 bytes that nobody but staff can know.

    Returns:
        x_train (2000, 3072) uint8, y_train (2000,) int64, x_test (1000, 3072), y_test (1000,).
    """
    learn, judge = scenes.generate(key, 2000), scenes.generate(key, 1000, start=2000)
    return flatten(learn.images), learn.labels, flatten(judge.images), judge.labels
