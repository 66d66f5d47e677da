"""Comparisons that climb a ladder: present, type, ndim, dtype, shape, finite, values.

Each `expect_*` stops at the first rung that fails and raises `CheckFailure`. The visible and the
hidden checks of the course use these same functions, so a mistake is named the same way in both.
Nothing here decides a tolerance: the check that calls states it, with its reason.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from cvcourse.checks.failures import CheckFailure

NUMBER_KINDS = {"floating": "f", "integer": "iu", "boolean": "b"}


def expect(condition: object, direction: str, detail: str = "") -> None:
    """Raises `CheckFailure` unless the condition is true.

    Args:
        condition: anything with a truth value.
        direction: the sentence for the student; no data in it.
        detail: the data; shown only where the inputs are public.
    """
    if not condition:
        raise CheckFailure(direction, detail)


def expect_array(
    actual: object,
    expected: Any,
    *,
    name: str,
    axes: str,
    rtol: float,
    atol: float,
    dtype: str | None = None,
    hint: str = "",
) -> None:
    """Climbs the whole ladder for an array or a torch tensor.

    Args:
        actual: what the student returned.
        expected: np.ndarray or torch.Tensor of any shape; its type is the type required.
        name: what the student calls it, e.g. "dists".
        axes: the shape in letters, e.g. "(M, N)".
        rtol: allowed error as a part of |expected|.
        atol: allowed error in units of the array.
        dtype: "floating", "integer" or "boolean" accepts any width of that kind; a name such as
            "float32" asks for exactly that; None asks for the dtype of `expected`.
        hint: a sentence added when the values are wrong: where to look.

    Raises:
        CheckFailure: at the first rung that fails.
    """
    expect_form(actual, expected, name=name, axes=axes, dtype=dtype)
    received, wanted = _as_numpy(actual), _as_numpy(expected)
    _expect_finite(received, wanted, name)
    error = np.abs(_wide(received) - _wide(wanted))
    error[~np.isfinite(wanted)] = 0.0  # the finite rung has compared these
    bound = atol + rtol * np.abs(np.where(np.isfinite(wanted), _wide(wanted), 0.0))
    wrong = error > bound
    if not wrong.any():
        return
    spread = "in every entry" if wrong.all() else "in some of its entries"
    worst = np.unravel_index(int(np.argmax(np.where(wrong, error - bound, -np.inf))), error.shape)
    raise CheckFailure(
        _join(f"{name} has the right form but wrong values {spread}.", hint),
        f"Worst at {name}{_index(worst)}: received {received[worst]!s}, "
        f"expected {wanted[worst]!s} (allowed difference {bound[worst]:.3g}); "
        f"{int(wrong.sum())} of {wrong.size} entries are off.",
    )


def expect_form(
    actual: object, expected: Any, *, name: str, axes: str, dtype: str | None = None
) -> None:
    """Climbs the rungs below the values: present, type, ndim, dtype, shape.

    Args:
        actual: what the student returned.
        expected: np.ndarray or torch.Tensor with the type, dtype and shape required.
        name: what the student calls it.
        axes: the shape in letters.
        dtype: as for `expect_array`.
    """
    kind = "torch.Tensor" if is_tensor(expected) else "numpy.ndarray"
    expect(
        actual is not None,
        f"{name} is None; it must be a {kind} of shape {axes}. Is there a return?",
    )
    right_type = is_tensor(actual) if is_tensor(expected) else isinstance(actual, np.ndarray)
    expect(
        right_type,
        f"{name} must be a {kind} of shape {axes}; it is something else.",
        f"Received {type(actual).__name__}.",
    )
    received, wanted = tuple(actual.shape), tuple(expected.shape)  # type: ignore[attr-defined]
    expect(
        len(received) == len(wanted),
        f"{name} must have {len(wanted)} axes, {axes}; it has another number of them.",
        f"Received shape {received}, expected {wanted}.",
    )
    _expect_dtype(actual, expected, name, dtype)
    expect(
        received == wanted,
        f"{name} has the wrong shape; it must be {axes}.",
        f"Received shape {received}, expected {wanted}.",
    )


def expect_number(
    actual: object, expected: float, *, name: str, rtol: float, atol: float, hint: str = ""
) -> None:
    """Checks a single number: present, a number, finite, value.

    Args:
        actual: a Python, numpy or zero-dimensional number.
        expected: the right value.
        name: what the student calls it.
        rtol: allowed error as a part of |expected|.
        atol: allowed error in units of the number.
        hint: a sentence added when the value is wrong.
    """
    expect(actual is not None, f"{name} is None; it must be a number. Is there a return?")
    value = _number(actual)
    expect(
        value is not None,
        f"{name} must be a single number; it is something else.",
        f"Received {type(actual).__name__}.",
    )
    assert value is not None
    expect(math.isfinite(value), f"{name} is not finite (NaN or infinity).", f"Received {value}.")
    bound = atol + rtol * abs(expected)
    expect(
        abs(value - expected) <= bound,
        _join(f"{name} is {'too large' if value > expected else 'too small'}.", hint),
        f"Received {value!r}, expected {expected!r} (allowed difference {bound:.3g}).",
    )


def expect_unchanged(before: Any, after: Any, *, name: str) -> None:
    """Checks that a function left an argument as it was.

    Args:
        before: array or tensor as it was handed in.
        after: the same argument as the call left it.
        name: the argument's name.
    """
    same = (
        type(before) is type(after)
        and before.shape == after.shape
        and before.dtype == after.dtype
        and np.array_equal(_as_numpy(before), _as_numpy(after), equal_nan=True)
    )
    expect(same, f"Your function changes its argument {name}; work on a copy or on a new array.")


def is_tensor(value: object) -> bool:
    """Whether a value is a torch tensor; does not import torch."""
    return any(c.__module__ == "torch" and c.__name__ == "Tensor" for c in type(value).__mro__)


def _expect_dtype(actual: Any, expected: Any, name: str, dtype: str | None) -> None:
    received = str(actual.dtype).removeprefix("torch.")
    wanted = dtype or str(expected.dtype).removeprefix("torch.")
    if wanted in NUMBER_KINDS:
        right = _as_numpy(actual).dtype.kind in NUMBER_KINDS[wanted]
        article = "an" if wanted == "integer" else "a"
        wanted = f"{article} {wanted} type"
    else:
        right = received == wanted
    expect(right, f"{name} has the wrong dtype; it must be {wanted}.", f"Received {received}.")


def _expect_finite(received: np.ndarray, wanted: np.ndarray, name: str) -> None:
    bad = ~np.isfinite(received)
    if bad.any():
        expected_too = np.isfinite(wanted) | ~(
            (received == wanted) | (np.isnan(received) & np.isnan(wanted))
        )
        bad &= expected_too
    if bad.any():
        first = np.unravel_index(int(np.argmax(bad)), bad.shape)
        raise CheckFailure(
            f"{name} holds NaN or infinity where a finite number is expected.",
            f"First at {name}{_index(first)}: {received[first]!s}; {int(bad.sum())} in all.",
        )


def _as_numpy(value: Any) -> np.ndarray:
    if is_tensor(value):
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
        return np.asarray(value.numpy())
    return np.asarray(value)


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _number(value: object) -> float | None:
    if isinstance(value, numbers.Real | np.bool_):
        return float(value)
    if (isinstance(value, np.ndarray) or is_tensor(value)) and _as_numpy(value).shape == ():
        return float(_as_numpy(value))
    return None


def _index(index: tuple[Any, ...]) -> str:
    return f"[{', '.join(str(int(i)) for i in index)}]" if index else ""


def _join(*sentences: str) -> str:
    return " ".join(s for s in sentences if s)
