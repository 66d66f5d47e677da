"""Numeric gradients by central differences, and the measure that compares them with derived ones.

Holds no analytic gradient of anything. All arithmetic is float64, whatever the input's dtype:
in float32 a central difference keeps two or three digits at best.

With a step h the difference (f(x + h) - f(x - h)) / 2h is off by about h^2 |f'''| / 6, because a
parabola is all it can follow, and by about eps |f| / h, because the two values of f are rounded
(eps = 2.2e-16). With h = 1e-5 and values near one that is 2e-11 each: neither a larger nor a
smaller step is better on the whole. At a kink, such as relu at 0, there is no gradient to compare
with; keep inputs farther than h from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cvcourse.arrays import as_numpy, is_tensor

Coordinate = tuple[int, ...]
MAX_COORDINATES = 50  # two evaluations each; more would cost a grader time and find little more


def numeric_gradient(
    f: Callable[[Any], Any], x: Any, dout: Any = None, *, h: float = 1e-5
) -> np.ndarray | Any:
    """The gradient of sum(f(x) * dout) with respect to x, by central differences in every entry.

        dx[i] = sum((f(x + h e_i) - f(x - h e_i)) * dout) / 2h

    f gets its own float64 copy of x each time, so x stays as it is, and an f that overlooks its
    argument shows up with a gradient of zero.

    Args:
        f: takes an array like x; returns a number or an array of any shape.
        x: np.ndarray or torch.Tensor of any shape and real dtype.
        dout: the shape of f(x); the upstream gradient. None if f(x) is a single number.
        h: the step.

    Returns:
        float64, the shape of x; a tensor on x's device if x is a tensor.

    Raises:
        ValueError: if dout is missing or of another shape than f(x), or h is lost beside x.

    Source: Burden and Faires, Numerical Analysis, section 4.1 (three-point midpoint formula).
    """
    coordinates = list(np.ndindex(*x.shape))

    def evaluate_many(inputs: list[Any]) -> list[Any]:
        return [f(one) for one in inputs]

    parts = [_differences(evaluate_many, x, dout, [c], h) for c in coordinates]
    gradient = np.array(parts, dtype=np.float64).reshape(tuple(x.shape))
    return _like(gradient, x)


def numeric_gradient_at(
    evaluate_many: Callable[[list[Any]], Sequence[Any]],
    x: Any,
    dout: Any,
    coordinates: Sequence[Coordinate],
    h: float = 1e-5,
) -> np.ndarray:
    """`numeric_gradient` at a few coordinates, with all evaluations in one call.

    One call is one message when the function lives in a sandbox:
    `numeric_gradient_at(lambda xs: student.call_many("f", [(x, w) for x in xs]), x, dout, at)`.

    Args:
        evaluate_many: takes a list of float64 arrays like x, returns f of each, in order.
        x: np.ndarray or torch.Tensor of any shape and real dtype.
        dout: the shape of f(x), or None if f(x) is a single number.
        coordinates: P indices into x, at most 50; see `sample_coordinates`.
        h: the step.

    Returns:
        (P,) float64.

    Raises:
        ValueError: as `numeric_gradient`; also for more than 50 coordinates, or if evaluate_many
            returns another number of results than it got inputs.
    """
    if len(coordinates) > MAX_COORDINATES:
        raise ValueError(
            f"at most {MAX_COORDINATES} coordinates in one gradient check; got {len(coordinates)}"
        )
    return _differences(evaluate_many, x, dout, coordinates, h)


def sample_coordinates(
    shape: tuple[int, ...], rng: np.random.Generator, num: int = MAX_COORDINATES
) -> list[Coordinate]:
    """Distinct indices into an array of this shape, in ascending order.

    Args:
        shape: the array's shape.
        rng: draws without replacement.
        num: how many; all of them if the array has no more.
    """
    size = math.prod(shape)
    flat = np.sort(rng.choice(size, size=min(num, size), replace=False)) if size else ()
    return [tuple(int(i) for i in np.unravel_index(one, shape)) for one in flat]


def rel_error(a: Any, b: Any, *, floor: float = 1e-4) -> float:
    """How far two arrays are apart, beside the larger of them: one number for both as a whole.

        max|a - b| / max(floor, max|a|, max|b|)

    Not entry by entry: an entry whose true gradient is zero would then compare rounding with
    rounding and read 1. The floor serves the case where the whole gradient is zero, such as that
    of a bias before batch normalisation. The numeric gradient is then noise of about eps |f| / h
    = 2e-11 |f|, which over 1e-4 reads 2e-7 |f|: below a tolerance of 1e-6 for |f| up to 5, while
    a wrong gradient of 1e-4 still reads 1. Choose a larger floor where |f| is larger.

    Args:
        a: array or tensor of any shape.
        b: the same shape.
        floor: what counts as zero; above zero.

    Returns:
        0 for equal and for empty arrays; infinity if one of the two holds NaN or an infinity.

    Raises:
        ValueError: if the shapes differ, or floor is not above zero.
    """
    if not floor > 0:
        raise ValueError(f"floor must be above zero; got {floor}")
    first, second = _double(a), _double(b)
    if first.shape != second.shape:
        raise ValueError(f"a and b must have one shape; got {first.shape} and {second.shape}")
    if first.size == 0:
        return 0.0
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return math.inf
    scale = max(floor, float(np.abs(first).max()), float(np.abs(second).max()))
    return float(np.abs(first / scale - second / scale).max())  # divided first: no overflow


def _differences(
    evaluate_many: Callable[[list[Any]], Sequence[Any]],
    x: Any,
    dout: Any,
    coordinates: Sequence[Coordinate],
    h: float,
) -> np.ndarray:
    base = _double(x)
    inputs, steps = [], []
    for coordinate in coordinates:
        up, down = base.copy(), base.copy()
        up[coordinate] += h
        down[coordinate] -= h
        step = float(up[coordinate] - down[coordinate])  # as stored, which is not quite 2h
        if not step > 0:
            raise ValueError(f"h must be felt beside x; x{list(coordinate)} + {h:g} rounds to x")
        inputs += [_like(up, x), _like(down, x)]
        steps.append(step)
    outputs = evaluate_many(inputs)
    if len(outputs) != len(inputs):
        raise ValueError(f"evaluate_many must return {len(inputs)} results; got {len(outputs)}")
    weight = None if dout is None else _double(dout)
    sums = [
        _weighted(outputs[2 * i], outputs[2 * i + 1], weight) / step for i, step in enumerate(steps)
    ]
    return np.array(sums, dtype=np.float64)


def _weighted(up: Any, down: Any, dout: np.ndarray | None) -> float:
    """The sum of (up - down) * dout."""
    rise = _double(up) - _double(down)  # subtracted entry by entry: summing first loses digits
    if dout is None:
        if rise.size != 1:
            raise ValueError(f"f returns shape {rise.shape}; give dout of that shape")
        return float(rise.reshape(()))
    if rise.shape != dout.shape:
        raise ValueError(f"dout must have the shape of f(x), {rise.shape}; got {dout.shape}")
    return float((rise * dout).sum())


def _double(value: Any) -> np.ndarray:
    """A float64 copy."""
    return np.array(as_numpy(value), dtype=np.float64)


def _like(array: np.ndarray, x: Any) -> Any:
    """A float64 copy: a tensor on x's device if x is a tensor, else an array."""
    if not is_tensor(x):
        return array.copy()
    import torch

    return torch.tensor(array, device=x.device)
