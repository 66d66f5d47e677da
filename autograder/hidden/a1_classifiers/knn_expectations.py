"""What the hidden checks of the kNN notebook expect, in steps that several of them share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from autograder.hidden.a1_classifiers import knn_inputs as inputs
from autograder.hidden.a1_classifiers import knn_oracles as oracles
from cvcourse.checks import (
    Student,
    expect,
    expect_array,
    expect_form,
    expect_number,
    expect_unchanged,
)

# On these inputs float64 arithmetic, the expanded square included, errs by less than 1e-11 and
# float32 arithmetic by more than 1e-8.
RTOL = 1e-9
ATOL = 1e-9
ABOUT = 1e-4  # far above the errors of float32, far below any wrong formula

# Accuracy with k = 20 on hidden splits of five keys: the notebook's and the other right answers
# reach 24.9 to 27.1 % (standard deviation 1.0), answers that mix up neighbours, labels or numbers
# 6 to 13.4 %. The higher threshold lies three standard deviations below the lowest.
SOME_ACCURACY = 0.17
FULL_ACCURACY = 0.21

Secret = Callable[..., bytes]
TWO_LABELS = np.array([0, 1])
SEARCH_HINT = (
    "Does every test point meet every training point, whatever the block sizes, and are the k "
    "nearest of a block joined with the k nearest found before it? Positions in a block are "
    "not yet positions in x_train."
)


def expect_agreement(student: Student, name: str, rng: np.random.Generator) -> None:
    """Compares with the oracle on all shapes, float64, by position and by name."""
    for shape in inputs.SHAPES:
        x_train, x_test = inputs.points(rng, shape)
        expect_distances(getattr(student, name)(x_train, x_test), x_train, x_test)
    by_name = getattr(student, name)(x_test=x_test, x_train=x_train)
    expect_distances(by_name, x_train, x_test)


def expect_agreement_for_dtypes(student: Student, name: str, rng: np.random.Generator) -> None:
    """Compares with the oracle for every dtype and for a pair of two dtypes."""
    shape = (7, 5, 11)
    pairs = [inputs.points_of(rng, d, shape) for d in (*inputs.RANGES, "float16", "float32")]
    pairs.append((pairs[0][0], inputs.points_of(rng, "float64", shape)[1]))  # uint8 and float64
    for x_train, x_test in pairs:
        expect_distances(
            getattr(student, name)(x_train, x_test),
            x_train,
            x_test,
            "The inputs here are not float64. uint8 numbers wrap below 0 and above 255, and small "
            "integer and float types run over in a square or lose digits in a sum: convert "
            "before you compute.",
        )


def expect_distances(
    dists: object, x_train: np.ndarray, x_test: np.ndarray, hint: str = ""
) -> None:
    """Climbs the ladder for one matrix of distances, whose points must keep apart."""
    expect_array(
        dists,
        oracles.distances(x_train, x_test),
        name="dists",
        axes="(M, N)",
        rtol=RTOL,
        atol=ATOL,
        hint=hint
        or "Entry [m, n] is the square root of the sum over all features of the squared "
        "differences between test point m and training point n.",
    )


def expect_about_right(dists: object, x_train: np.ndarray, x_test: np.ndarray) -> None:
    """Distances to four digits, of any floating dtype, where a check is about something else.

    A mistake in dtype or in the last digits is paid for in the checks that look for it.
    """
    expected = oracles.distances(x_train, x_test)
    expect_array(
        dists, expected, name="dists", axes="(M, N)", rtol=ABOUT, atol=ABOUT, dtype="floating"
    )


def expect_loops(
    student: Student,
    name: str,
    rng: np.random.Generator,
    *,
    size: int,
    asked: tuple[str, ...],
    free: tuple[str, ...] = (),
) -> None:
    """Counts executed bytecodes at one size and with each axis doubled in turn.

    One pass of the shortest Python loop executes three bytecodes (next item, store, jump), so a
    loop shows as at least three more for every further pass; without a loop the count may grow
    at most 1.2 times, which leaves room for a branch on the size.

    Args:
        student: whose function.
        name: of the function.
        rng: draws the points.
        size: of each axis; large enough that the steps outside of a loop asked for do not matter.
        asked: the axes to loop over, of "test points", "training points" and "features".
        free: the axes where either is right.
    """

    def steps(num_test: int, num_train: int, dim: int) -> int:
        x_train, x_test = inputs.points(rng, (num_test, num_train, dim))
        count, dists = student.count_steps(name, x_train, x_test)
        expect_about_right(dists, x_train, x_test)
        return count

    base = steps(size, size, size)
    for place, axis in enumerate(("test points", "training points", "features")):
        if axis in free:
            continue
        more = steps(*(2 * size if axis_place == place else size for axis_place in range(3)))
        if axis in asked:
            expect(
                more - base >= 3 * size,
                f"This question asks for a Python loop over the {axis}; there is none.",
            )
        else:
            expect(
                more <= 1.2 * base,
                f"Your code takes more Python steps when there are more {axis}. A loop, a "
                "comprehension or a function called once for each of them does that; let one "
                "NumPy operation work on all of them.",
            )


def expect_arguments_kept(student: Student, name: str, rng: np.random.Generator) -> None:
    """Compares the arguments before and after a call, and the distances too."""
    x_train, x_test = inputs.points(rng, (7, 11, 5))
    dists, left = student.call_keeping_arguments(name, x_train, x_test)
    expect_about_right(dists, x_train, x_test)
    expect_unchanged(x_train, left[0], name="x_train")
    expect_unchanged(x_test, left[1], name="x_test")


def expect_labels(predicted: object, expected: np.ndarray, hint: str) -> None:
    """Climbs the ladder for the labels of `predict_labels`, of any integer dtype."""
    expect_array(
        predicted, expected, name="labels", axes="(M,)", rtol=0, atol=0, dtype="integer", hint=hint
    )


def expect_accuracies(table: Any, expected: dict[int, list[float]], hint: str) -> None:
    """Checks the dict, its keys, its lists and its numbers, in this order."""
    expect(isinstance(table, dict), "cross_validate must return a dict.")
    expect(
        set(table) == set(expected),
        "The keys of the dict must be the values in k_choices, each of them and no other.",
    )
    for k, row in expected.items():
        expect(
            isinstance(table[k], list) and len(table[k]) == len(row),
            "Each value of the dict must be a list with one accuracy for every fold.",
        )
        for actual, right in zip(table[k], row, strict=True):
            expect_number(actual, right, name="an accuracy", rtol=0, atol=1e-9, hint=hint)


def expect_k(actual: object, expected: int, hint: str) -> None:
    """Checks that the k expected is returned."""
    expect_number(actual, expected, name="best_k's result", rtol=0, atol=0, hint=hint)


def as_tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    """The arrays as torch tensors of the same dtype, copied."""
    return [torch.tensor(array) for array in arrays]


def expect_search(
    student: Student,
    rng: np.random.Generator,
    pair: tuple[np.ndarray, np.ndarray],
    k: int,
    *,
    max_bytes: int,
    values: np.ndarray = TWO_LABELS,
    copies: int = 1,
    hint: str = SEARCH_HINT,
) -> None:
    """Holds `predict_torch` against the oracle where rounding cannot decide who the k nearest are.

    Args:
        student: whose function.
        rng: draws the labels.
        pair: x_train (N, D) and x_test (M, D).
        k: how many neighbours vote.
        max_bytes: as in the question.
        copies: how often every feature is repeated, for large D; it changes no neighbour.
        values: the labels to draw from. With the two of the default and k odd, no vote is tied.
        hint: for the student when labels are wrong.
    """
    x_train, x_test = pair
    y_train = rng.choice(values, size=len(x_train))
    dists = oracles.distances(x_train, x_test)
    clear = oracles.rows_without_doubt(dists, k, gap=1e-4)
    x_train, x_test = np.tile(x_train, copies), np.tile(x_test[clear], copies)
    found = search(student, x_train, y_train, x_test, k, max_bytes=max_bytes)
    expect_found(found, oracles.labels(dists[clear], y_train, k), hint)


def search(
    student: Student,
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    k: int,
    *,
    max_bytes: int,
) -> object:
    """Calls `predict_torch` with tensors, the last three arguments by name."""
    tensors = as_tensors(x_train, y_train, x_test)
    return student.predict_torch(*tensors, k=k, max_bytes=max_bytes, device="cpu")


def expect_found(found: object, expected: np.ndarray, hint: str) -> None:
    """Climbs the ladder for the labels of `predict_torch`, which are int64 on the CPU."""
    wanted = torch.tensor(expected, dtype=torch.int64)
    expect_array(found, wanted, name="labels", axes="(M,)", rtol=0, atol=0, hint=hint)


def expect_accuracy(student: Student, secret: Secret, threshold: float) -> None:
    """Checks the share of right labels that `predict_torch` reaches on the hidden pictures."""
    key = secret("scenes", "knn-q7")[:16]
    x_train, y_train, x_test, y_test = inputs.hidden_pictures(key)
    found = search(student, x_train, y_train, x_test, 20, max_bytes=8 * 2**20)
    expect_form(found, torch.tensor(y_test), name="labels", axes="(M,)")
    expect(
        np.mean(np.asarray(found) == y_test) >= threshold,
        f"Fewer than {100 * threshold:.0f} % of the labels are right on pictures that are new "
        "to your notebook, searched in many blocks. Compare predict_torch with your NumPy "
        "functions on 200 of the notebook's pictures, with a small max_bytes.",
    )
