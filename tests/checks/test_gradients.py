from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from cvcourse.checks import CheckFailure, expect_gradient
from cvcourse.gradients import numeric_gradient, numeric_gradient_at, sample_coordinates

X = np.random.default_rng(1).normal(size=(4, 3))
NUMERIC = numeric_gradient(lambda x: np.sum(x**3), X)
RIGHT = 3 * X**2


def compare(actual: object, **changes: object) -> None:
    settings = {"name": "dx", "axes": "(N, D)", "tolerance": 1e-6, **changes}
    expect_gradient(actual, settings.pop("numeric", NUMERIC), **settings)


def test_the_right_gradient_passes_in_both_libraries():
    compare(RIGHT)
    numeric = numeric_gradient(lambda x: (x**3).sum(), torch.from_numpy(X))
    compare(torch.from_numpy(RIGHT), numeric=numeric)


def test_a_float32_gradient_passes_at_the_tolerance_of_its_digits():
    compare(RIGHT.astype(np.float32), tolerance=1e-5)


@pytest.mark.parametrize(
    ("actual", "slip"),
    [
        (-RIGHT, ": its sign is the opposite everywhere."),
        (RIGHT / 4, ": it is off by the same factor everywhere."),
        (-1.01 * RIGHT, ": it is off by the same factor everywhere."),
        (0 * RIGHT, ": it is zero everywhere."),
        (RIGHT + 0.1, "."),
        (np.where(X > 0, RIGHT, 0), "."),
    ],
)
def test_the_usual_slips_are_named(actual, slip):
    says = f"dx disagrees with the numeric gradient{slip} See the chain rule.\nWorst at dx["
    with pytest.raises(CheckFailure, match="^" + re.escape(says)):
        compare(actual, hint="See the chain rule.")


def test_a_wrong_gradient_is_placed():
    actual = RIGHT.copy()
    actual[2, 1] += 7
    with pytest.raises(CheckFailure, match=r"Worst at dx\[2, 1\]: received .*, numeric .*; rel"):
        compare(actual)


@pytest.mark.parametrize(
    ("actual", "says"),
    [
        (None, "dx is None"),
        (RIGHT.T, "dx has the wrong shape"),
        (RIGHT.astype(int), "dx has the wrong dtype; it must be a floating type"),
        (RIGHT * np.nan, "dx holds NaN or infinity."),
    ],
)
def test_the_lower_rungs_come_first(actual, says):
    with pytest.raises(CheckFailure, match=says):
        compare(actual)


def test_a_gradient_that_is_zero_passes_and_its_absence_is_noticed():
    zero = numeric_gradient(lambda x: (x - x.mean(0)).sum(), X)
    compare(np.zeros_like(X), numeric=zero)
    with pytest.raises(CheckFailure, match=r"dx disagrees with the numeric gradient\."):
        compare(np.full_like(X, 1e-3), numeric=zero)


def test_sampled_coordinates_are_enough():
    coordinates = sample_coordinates(X.shape, np.random.default_rng(0), 5)
    numeric = numeric_gradient_at(lambda xs: [np.sum(x**3) for x in xs], X, None, coordinates)
    compare(RIGHT, numeric=numeric, x=X, coordinates=coordinates)
    wrong = RIGHT.copy()
    wrong[coordinates[3]] += 1
    place = re.escape(str(list(coordinates[3])))
    with pytest.raises(CheckFailure, match=f"Worst at dx{place}: received"):
        compare(wrong, numeric=numeric, x=X, coordinates=coordinates)
    with pytest.raises(CheckFailure, match="dx has the wrong shape"):
        compare(RIGHT.T, numeric=numeric, x=X, coordinates=coordinates)


def test_coordinates_and_x_go_together():
    with pytest.raises(ValueError, match="give both x and coordinates, or neither"):
        compare(RIGHT, x=X)
