"""The oracles and inputs of the kNN checks hold against cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.hidden.a1_classifiers import knn_inputs as inputs
from autograder.hidden.a1_classifiers import knn_oracles as oracles
from cvcourse.checks import given


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_distances_of_a_right_triangle_are_three_four_and_five() -> None:
    x_train = np.array([[0, 0], [3, 0], [0, 4]], dtype=np.uint8)
    dists = oracles.distances(x_train, np.array([[3, 0], [0, 4]], dtype=np.uint8))
    np.testing.assert_array_equal(dists, [[3, 0, 5], [4, 5, 0]])


def test_the_bound_on_cancellation_is_of_the_size_of_root_eps() -> None:
    x = np.full((2, 4), 50.0)  # norm 100
    assert oracles.cancellation_bound(x, x) == pytest.approx(100 * 2 * 2 * 2.0**-26)


def test_a_tie_in_votes_goes_to_the_smallest_label() -> None:
    dists = np.array([[1.0, 2.0, 3.0, 4.0]])
    y_train = np.array([9, 4, 4, 9])
    assert [oracles.labels(dists, y_train, k).tolist() for k in (1, 2, 3, 4)] == [
        [9],
        [4],
        [4],
        [4],
    ]


def test_of_points_at_equal_distance_the_smaller_index_is_nearer() -> None:
    y_train = np.array([5, 1, 2])
    assert oracles.labels(np.array([[1.0, 0.5, 0.5]]), y_train, 1).tolist() == [1]


@pytest.mark.parametrize(("num", "num_folds"), [(23, 5), (11, 4), (12, 3), (7, 7), (5, 2)])
def test_folds_are_cut_as_array_split_cuts(num: int, num_folds: int) -> None:
    folds = [list(range(*bounds)) for bounds in oracles.fold_bounds(num, num_folds)]
    assert folds == [part.tolist() for part in np.array_split(np.arange(num), num_folds)]


def test_accuracies_are_shares_of_right_labels_by_fold() -> None:
    x = np.array([[0.0], [2.0], [0.0], [2.0], [2.0]])
    y = np.array([0, 1, 1, 1, 0])
    table = oracles.accuracies(x, y, [1, 5], 2, given.sign_of_first)
    assert table == {1: [2 / 3, 0.5], 5: [1 / 3, 0.5]}


def test_a_row_is_in_doubt_when_the_next_neighbour_is_as_near() -> None:
    dists = np.array([[1.0, 2.0, 2.0], [1.0, 2.0, 3.0]])
    assert oracles.rows_without_doubt(dists, 2, gap=1e-4).tolist() == [False, True]
    assert oracles.rows_without_doubt(dists, 3, gap=1e-4).tolist() == [True, True]


@pytest.mark.parametrize("shape", inputs.SHAPES)
def test_points_keep_apart(shape: tuple[int, int, int], rng: np.random.Generator) -> None:
    x_train, x_test = inputs.points(rng, shape)
    assert (x_test.shape, x_train.shape) == ((shape[0], shape[2]), (shape[1], shape[2]))
    assert oracles.distances(x_train, x_test).min() >= 0.25


@pytest.mark.parametrize("dtype", [*inputs.RANGES, "float16", "float32", "float64"])
def test_points_of_a_dtype_would_suffer_from_arithmetic_in_it(
    dtype: str, rng: np.random.Generator
) -> None:
    x_train, x_test = inputs.points_of(rng, dtype, (7, 5, 11))
    assert x_train.dtype == x_test.dtype == dtype
    with np.errstate(over="ignore"):
        narrow = ((x_test[:, None] - x_train) ** 2).sum(axis=2, dtype=dtype).astype(np.float64)
    right = oracles.distances(x_train, x_test) ** 2
    agrees = np.allclose(narrow, right, rtol=1e-9, atol=0)
    assert agrees == (dtype == "float64")


def test_pictures_are_all_different(rng: np.random.Generator) -> None:
    assert len(np.unique(inputs.pictures(rng, 256, 5), axis=0)) == 256


@pytest.mark.parametrize("shape", [(7, 101, 64), (101, 7, 64), (31, 37, 257)])
def test_a_planted_search_has_the_answer_that_searching_finds(
    shape: tuple[int, int, int], rng: np.random.Generator
) -> None:
    x_train, y_train, x_test, expected = inputs.planted(rng, shape, 3, 10)
    dists = oracles.distances(x_train, x_test)
    np.testing.assert_array_equal(oracles.labels(dists, y_train, 3), expected)
    assert oracles.rows_without_doubt(dists, 3, gap=0.5).all()
    assert (oracles.labels(dists, y_train, 1) != expected).any() or len(set(expected)) == 1


def test_rows_with_twins_have_them_in_other_folds(rng: np.random.Generator) -> None:
    x, y = inputs.rows_with_twins(rng)
    for num_folds in (3, 5):
        table = oracles.accuracies(x, y, [1], num_folds, given.copycat)
        assert sum(row * len(x) / num_folds for row in table[1]) >= 4 - 1e-9


def test_a_fingerprint_notices_every_swap_of_rows_or_labels(rng: np.random.Generator) -> None:
    x, y = rng.integers(0, 256, size=(36, 3), dtype=np.uint8), rng.integers(0, 3, size=36)
    x_test = rng.integers(0, 256, size=(40, 3), dtype=np.uint8)
    before = given.fingerprint(x, y, x_test, 3)
    rolled = given.fingerprint(np.roll(x, 9, axis=0), np.roll(y, 9), x_test, 3)
    other_k = given.fingerprint(x, y, x_test, 4)
    y[5] += 1
    other_label = given.fingerprint(x, y, x_test, 3)
    for after in (rolled, other_k, other_label):
        assert 0.4 < np.mean(before != after) < 0.9
