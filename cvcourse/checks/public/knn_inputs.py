"""Inputs of the kNN notebook's visible checks, and the ladders that several of them climb.

The outcome of each input is known from how it was made: from Pythagoras for points on
perpendicular lines, from the corner that a point was put into, or from a sum done by hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from cvcourse.checks.failures import CheckFailure
from cvcourse.checks.ladder import (
    expect,
    expect_array,
    expect_form,
    expect_number,
    expect_unchanged,
)
from cvcourse.checks.student import Student

RTOL = 1e-9  # measured over 600 inputs: float64 loses at most 4e-15 here, float32 at least 5e-8
FLAT = 1.2  # steps of code without a loop over an axis do not grow with it; 1.2 forgives branches
SMALL_BUDGET = 4 * 2**20  # bytes; the least that the contract of knn-q7 promises
GROWS = 1.5  # steps of code with a loop over an axis nearly double when the axis doubles

ROUNDED = (
    "The error is of the size of float32 rounding; convert the inputs to float64 before computing."
)
WRAPPED = "uint8 counts modulo 256, so 3 - 5 is 254; convert to float64 before you subtract."
SQUARED = "dists holds squared distances; take the square root."
ABSOLUTE = (
    "dists holds sums of absolute differences; Euclidean distance squares, sums, takes a root."
)

# Sums over the features of (a - b)^2 and of |a - b| for the points in expect_by_hand.
SQUARED_BY_HAND = [[62600, 2500, 125075], [25, 38845, 191530]]
ABSOLUTE_BY_HAND = [[260, 50, 505], [7, 203, 758]]


def pythagoras(
    rng: np.random.Generator, num_train: int, num_test: int, features: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points on two perpendicular lines that run in random directions: x_train, x_test, dists."""
    along_train, along_test = rng.uniform(1, 5, num_train), rng.uniform(1, 5, num_test)
    turn, _ = np.linalg.qr(rng.normal(size=(features, features)))
    crossing = rng.normal(size=features)
    x_train = crossing + along_train[:, None] * turn[0]
    x_test = crossing + along_test[:, None] * turn[1]
    return x_train, x_test, np.hypot(along_test[:, None], along_train)


def expect_pythagoras(student: Student, name: str, rng: np.random.Generator) -> None:
    """Climbs the ladder on perpendicular lines of two shapes; arguments must stay as they were."""
    for shape in ((7, 5, 3), (3, 11, 17)):
        x_train, x_test, expected = pythagoras(rng, *shape)
        dists, left = student.call_keeping_arguments(name, x_train, x_test)
        expect_distances(dists, expected)
        expect_unchanged(x_train, left[0], name="x_train")
        expect_unchanged(x_test, left[1], name="x_test")


def expect_by_hand(student: Student, name: str) -> None:
    """Climbs the ladder on points small enough for a sum by hand, as float64 and as uint8."""
    x_train = np.array([[0, 0, 0], [200, 10, 0], [255, 255, 255]], dtype=np.uint8)
    x_test = np.array([[250, 10, 0], [3, 4, 0]], dtype=np.uint8)
    expected = np.sqrt(np.array(SQUARED_BY_HAND, dtype=np.float64))
    dists = student.call(name, x_train.astype(np.float64), x_test.astype(np.float64))
    if isinstance(dists, np.ndarray) and dists.shape == expected.shape:
        expect(not np.allclose(dists, ABSOLUTE_BY_HAND), ABSOLUTE)
    expect_distances(dists, expected)
    expect_distances(student.call(name, x_train, x_test), expected, hint=WRAPPED)


def expect_distances(dists: Any, expected: np.ndarray, hint: str = "") -> None:
    """The ladder, with a word on the mistakes that many make."""
    if isinstance(dists, np.ndarray) and dists.ndim == 2 and dists.shape != expected.shape:
        expect(
            dists.shape != expected.T.shape,
            "dists has its axes swapped: it must be (M, N), a row for each test point.",
            f"Received shape {dists.shape}, expected {expected.shape}.",
        )
    expect_form(dists, expected, name="dists", axes="(M, N)")
    expect(not np.allclose(dists, expected**2, rtol=1e-4), SQUARED)
    if np.allclose(dists, expected, rtol=1e-4):
        hint = ROUNDED
    expect_array(dists, expected, name="dists", axes="(M, N)", rtol=RTOL, atol=0, hint=hint)


def growth(student: Student, name: str, rng: np.random.Generator) -> list[float]:
    """How the executed steps grow when M, N or D doubles."""
    sizes = {"M": 16, "N": 16, "D": 16}

    def steps(doubled: str = "") -> int:
        m, n, d = (2 * size if axis == doubled else size for axis, size in sizes.items())
        return student.count_steps(name, rng.normal(size=(n, d)), rng.normal(size=(m, d)))[0]

    base = max(steps(), 1)
    return [steps(axis) / base for axis in sizes]


def expect_flat(growth: float, axis: str) -> None:
    """Checks that the steps did not grow when one axis doubled."""
    expect(
        growth <= FLAT,
        f"The work of your Python code grows with the number of {axis}: a loop, a comprehension "
        "or a call for each of them is left. Let one array operation take them all.",
        f"Twice the {axis} took {growth:.2f} times the steps; {FLAT} is allowed.",
    )


def expect_labels(
    student: Student, dists: np.ndarray, y_train: np.ndarray, outcomes: dict[int, list[int]]
) -> None:
    """Climbs the ladder for each k, with a word on the mistake of not using k."""
    for k, wanted in outcomes.items():
        received = student.predict_labels(dists, y_train, k)
        expected = np.array(wanted)
        hint = f"With k = {k}, count the labels of the {k} smallest distances in each row."
        if k > 1 and np.array_equal(received, outcomes[1]):
            hint = "These are the labels of the single nearest points: k is not used."
        expect_array(
            received,
            expected,
            name="labels",
            axes="(M,)",
            rtol=0,
            atol=0,
            dtype="integer",
            hint=hint,
        )


def expect_form_of_accuracies(accuracies: Any, expected: dict[int, list[float]]) -> None:
    """Checks that a dict leads from each k to a list of one accuracy per fold."""
    expect(
        isinstance(accuracies, dict),
        "cross_validate must return a dict that leads from each k to its list of accuracies.",
        f"Received {type(accuracies).__name__}.",
    )
    expect(
        set(accuracies) == set(expected),
        "The dict must have one entry for each k of k_choices, and no other.",
        f"Received keys {list(accuracies)}, expected {list(expected)}.",
    )
    for k, wanted in expected.items():
        expect(
            isinstance(accuracies[k], list),
            "Each k must lead to a list with the accuracy of each fold, not to their mean.",
            f"For k = {k} received {type(accuracies[k]).__name__}.",
        )
        expect(
            len(accuracies[k]) == len(wanted),
            "Each k must lead to one accuracy per fold.",
            f"For k = {k} received {len(accuracies[k])} numbers, expected {len(wanted)}.",
        )


def expect_accuracies(accuracies: Any, expected: dict[int, list[float]], *, hint: str) -> None:
    """Checks the form of the accuracies, then each of them."""
    expect_form_of_accuracies(accuracies, expected)
    for k, wanted in expected.items():
        for fold, (received, right) in enumerate(zip(accuracies[k], wanted, strict=True)):
            expect(
                not isinstance(received, int | float) or received <= 1,
                "An accuracy is a part of 1: neither a count nor a percentage.",
                f"k = {k}, fold {fold}. Received {received!r}.",
            )
            try:  # 1e-12: an accuracy is a quotient of two small integers, exact but for rounding
                expect_number(received, right, name="an accuracy", rtol=0, atol=1e-12, hint=hint)
            except CheckFailure as failure:
                raise CheckFailure(
                    failure.direction, f"k = {k}, fold {fold}. {failure.detail}"
                ) from None


def corners(
    rng: np.random.Generator,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Five clusters of uint8 points far apart: x_train, y_train, x_test, y_test.

    All distances in float64 take 13 MiB and the training points alone 4.6 MiB: more than allowed.
    """
    num_train, num_test, features = 3001, 569, 200
    centers = rng.choice(np.array([20, 220]), size=(5, features))
    corner, asked = rng.integers(0, 5, num_train), rng.integers(0, 5, num_test)
    labels = np.array([3, 11, 0, 7, 5])
    x_train = centers[corner] + rng.integers(-15, 16, size=(num_train, features))
    x_test = centers[asked] + rng.integers(-15, 16, size=(num_test, features))
    return (
        torch.from_numpy(x_train.astype(np.uint8)),
        torch.from_numpy(labels[corner]),
        torch.from_numpy(x_test.astype(np.uint8)),
        torch.from_numpy(labels[asked]),
    )


def expect_torch_labels(received: Any, wanted: list[int], *, hint: str) -> None:
    """Climbs the ladder for a tensor of labels."""
    expected = torch.tensor(wanted, dtype=torch.int64)
    expect_array(received, expected, name="labels", axes="(M,)", rtol=0, atol=0, hint=hint)
