from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from cvcourse.gradients import (
    MAX_COORDINATES,
    numeric_gradient,
    numeric_gradient_at,
    rel_error,
    sample_coordinates,
)

RNG = np.random.default_rng(3)


def autograd(f, x: np.ndarray, dout: np.ndarray | None) -> np.ndarray:
    leaf = torch.tensor(x, requires_grad=True)
    out = f(leaf)
    out.backward(torch.ones_like(out) if dout is None else torch.from_numpy(dout))
    return leaf.grad.numpy()


@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (2, 1, 3)])
def test_it_agrees_with_autograd_for_arrays_and_tensors_of_any_shape(shape):
    x, dout = RNG.normal(size=shape), RNG.normal(size=shape)
    expected = autograd(lambda t: torch.tanh(t) * t.sum(), x, dout)
    of_array = numeric_gradient(lambda a: np.tanh(a) * a.sum(), x, dout)
    of_tensor = numeric_gradient(lambda t: torch.tanh(t) * t.sum(), torch.from_numpy(x), dout)
    # 1e-9: truncation and rounding are 2e-11 each where f and its derivatives are of order one
    assert rel_error(of_array, expected) < 1e-9
    assert isinstance(of_tensor, torch.Tensor)
    assert of_tensor.dtype == torch.float64
    assert rel_error(of_tensor, expected) < 1e-9


def test_dout_weights_an_output_of_another_shape():
    x, w, dout = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=(3, 2))
    assert rel_error(numeric_gradient(lambda a: a @ w, x, dout), dout @ w.T) < 1e-9


@pytest.mark.parametrize("out", [np.sum, np.array, torch.DoubleTensor])
def test_without_dout_any_single_number_will_do(out):
    assert numeric_gradient(lambda a: out([float(a) ** 2]), np.array(3.0)) == pytest.approx(6.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8])
def test_arithmetic_is_float64_whatever_the_input(dtype):
    x = np.array([1, 2, 3], dtype=dtype)
    gradient = numeric_gradient(lambda a: np.sum(a**2), x)
    assert gradient.dtype == np.float64
    assert rel_error(gradient, 2.0 * x) < 1e-9


def test_x_is_unchanged_even_by_a_function_that_writes_into_its_argument():
    def destructive(a: np.ndarray) -> float:
        total = float((a**2).sum())
        a[:] = 0
        return total

    x = RNG.normal(size=4)
    before = x.copy()
    assert rel_error(numeric_gradient(destructive, x), 2 * before) < 1e-9
    np.testing.assert_array_equal(x, before)


def test_a_function_that_overlooks_its_argument_has_no_gradient():
    x = RNG.normal(size=4)
    np.testing.assert_array_equal(numeric_gradient(lambda _: np.sum(x**2), x), np.zeros(4))


def test_an_empty_array_has_an_empty_gradient():
    assert numeric_gradient(lambda a: a.sum(), np.zeros((0, 3))).shape == (0, 3)


def test_the_step_can_be_chosen():
    error = [
        abs(float(numeric_gradient(lambda a: np.sum(a**3), np.array([1.0]), h=h)[0]) - 3)
        for h in (1e-1, 1e-2)
    ]
    np.testing.assert_allclose(error, [1e-2, 1e-4], rtol=1e-6)  # h^2 f''' / 6, with f''' = 6


def test_a_missing_dout_is_asked_for():
    with pytest.raises(ValueError, match=r"f returns shape \(2, 3\); give dout of that shape"):
        numeric_gradient(lambda a: 2 * a, np.ones((2, 3)))


def test_a_dout_of_another_shape_is_refused():
    says = r"dout must have the shape of f\(x\), \(2, 3\); got \(3,\)"
    with pytest.raises(ValueError, match=says):
        numeric_gradient(lambda a: 2 * a, np.ones((2, 3)), np.ones(3))


def test_a_step_that_is_lost_beside_x_is_refused():
    with pytest.raises(ValueError, match=r"h must be felt beside x; x\[1\] \+ 1e-05 rounds to x"):
        numeric_gradient(np.sum, np.array([0.0, 1e15]))


def test_sampled_entries_are_those_of_the_whole_gradient_and_take_one_call():
    calls = []

    def evaluate_many(inputs: list[np.ndarray]) -> list[np.ndarray]:
        calls.append(len(inputs))
        return [np.sin(a) for a in inputs]

    x, dout = RNG.normal(size=(7, 11)), RNG.normal(size=(7, 11))
    coordinates = sample_coordinates(x.shape, RNG, 9)
    some = numeric_gradient_at(evaluate_many, x, dout, coordinates)
    whole = numeric_gradient(np.sin, x, dout)
    np.testing.assert_array_equal(some, [whole[c] for c in coordinates])
    assert calls == [18]


def test_too_many_coordinates_are_refused():
    coordinates = [(0,)] * (MAX_COORDINATES + 1)
    with pytest.raises(ValueError, match="at most 50 coordinates in one gradient check; got 51"):
        numeric_gradient_at(lambda xs: [x.sum() for x in xs], np.ones(3), None, coordinates)


def test_a_result_too_few_is_refused():
    with pytest.raises(ValueError, match="evaluate_many must return 2 results; got 1"):
        numeric_gradient_at(lambda xs: [0.0], np.ones(3), None, [(0,)])


def test_sampled_coordinates_are_distinct_sorted_and_inside():
    shape = (6, 5, 4)
    found = sample_coordinates(shape, np.random.default_rng(0), 40)
    assert len(set(found)) == 40
    assert found == sorted(found)
    assert all(0 <= i < n for c in found for i, n in zip(c, shape, strict=True))
    assert found == sample_coordinates(shape, np.random.default_rng(0), 40)


def test_a_small_array_is_taken_whole():
    assert sample_coordinates((2, 2), RNG) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert sample_coordinates((), RNG) == [()]
    assert sample_coordinates((0, 3), RNG) == []


def test_rel_error_is_beside_the_largest_entry():
    assert rel_error(np.array([1.0, 2.0]), np.array([1.5, 2.0])) == pytest.approx(0.25)
    assert rel_error(torch.tensor([1.0, 2.0]), np.array([1.5, 2.0])) == pytest.approx(0.25)


def test_a_zero_entry_beside_others_does_not_explode():
    assert rel_error(np.array([1.0, 0.0]), np.array([1.0, 1e-11])) == pytest.approx(1e-11)


def test_the_floor_keeps_the_noise_of_a_gradient_that_is_zero_below_the_usual_tolerance():
    x = RNG.normal(size=(8, 5))
    dout = RNG.normal(size=(8, 5))

    def of_bias(b: np.ndarray) -> np.ndarray:
        shifted = x + b
        return (shifted - shifted.mean(0)) / shifted.std(0)

    noise = numeric_gradient(of_bias, np.zeros(5), dout)
    assert 0 < np.abs(noise).max() < 1e-9  # rounding, and nothing else
    assert rel_error(noise, np.zeros(5)) < 1e-6
    assert rel_error(noise, np.zeros(5), floor=1e-300) == pytest.approx(1.0)


def test_rel_error_of_equal_and_of_empty_arrays_is_zero():
    assert rel_error(np.zeros(3), np.zeros(3)) == 0.0
    assert rel_error(np.zeros((0, 2)), np.zeros((0, 2))) == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rel_error_of_what_is_not_finite_is_infinite(value):
    assert rel_error(np.array([value]), np.array([value])) == math.inf
    assert rel_error(np.array([1.0]), np.array([value])) == math.inf


def test_rel_error_of_huge_values_does_not_overflow():
    assert rel_error(np.array([1.7e308]), np.array([-1.7e308])) == pytest.approx(2.0)


def test_rel_error_of_two_shapes_is_refused():
    says = r"a and b must have one shape; got \(3,\) and \(3, 1\)"
    with pytest.raises(ValueError, match=says):
        rel_error(np.ones(3), np.ones((3, 1)))


def test_a_floor_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"floor must be above zero; got 0"):
        rel_error(np.ones(3), np.ones(3), floor=0)
