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

from cvcourse.arrays import as_numpy, is_tensor
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
    received, wanted = as_numpy(actual), as_numpy(expected)
    _expect_finite(received, wanted, name)
    finite = np.isfinite(wanted)  # the finite rung has compared the others
    values = np.where(finite, _wide(wanted), 0.0)
    error = np.abs(np.where(finite, _wide(received), 0.0) - values)
    bound = atol + rtol * np.abs(values)
    wrong = error > bound
    if received.dtype.kind in "iu" and wanted.dtype.kind in "iu":
        # float64 cannot tell neighbouring integers above 2**53 apart
        wrong |= (received != wanted) & (bound < 1)
    if not wrong.any():
        return
    spread = "in every entry" if wrong.all() else "in some of its entries"
    worst = np.unravel_index(int(np.argmax(np.where(wrong, error - bound, -np.inf))), error.shape)
    raise CheckFailure(
        join(f"{name} has the right form but wrong values {spread}.", hint),
        f"Worst at {name}{index_text(worst)}: received {received[worst]!s}, "
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
    right_type = _is_dense(actual) if is_tensor(expected) else isinstance(actual, np.ndarray)
    expect(
        right_type,
        f"{name} must be a {kind} of shape {axes}; it is something else.",
        f"Received {type(actual).__name__}{_layout(actual)}.",
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
        f"Received {type(actual).__name__}{_shape(actual)}.",
    )
    assert value is not None
    expect(math.isfinite(value), f"{name} is not finite (NaN or infinity).", f"Received {value}.")
    bound = atol + rtol * abs(expected)
    expect(
        abs(value - expected) <= bound,
        join(f"{name} is {'too large' if value > expected else 'too small'}.", hint),
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
        and np.array_equal(as_numpy(before), as_numpy(after), equal_nan=True)
    )
    expect(same, f"Your function changes its argument {name}; work on a copy or on a new array.")


def _expect_dtype(actual: Any, expected: Any, name: str, dtype: str | None) -> None:
    received = str(actual.dtype).removeprefix("torch.")
    wanted = dtype or str(expected.dtype).removeprefix("torch.")
    if wanted in NUMBER_KINDS:
        right = _kind(actual) in NUMBER_KINDS[wanted]
        article = "an" if wanted == "integer" else "a"
        wanted = f"{article} {wanted} type"
    else:
        right = received == wanted
    expect(right, f"{name} has the wrong dtype; it must be {wanted}.", f"Received {received}.")


def _expect_finite(received: np.ndarray, wanted: np.ndarray, name: str) -> None:
    finite, should = np.isfinite(received), np.isfinite(wanted)
    same = (received == wanted) | (np.isnan(received) & np.isnan(wanted))
    rungs = [
        (should & ~finite, "holds NaN or infinity where a finite number is expected"),
        (~should & ~same, "lacks a NaN or an infinity where one is expected"),
    ]
    for bad, says in rungs:
        if bad.any():
            first = np.unravel_index(int(np.argmax(bad)), bad.shape)
            raise CheckFailure(
                f"{name} {says}.",
                f"First at {name}{index_text(first)}: received {received[first]!s}, "
                f"expected {wanted[first]!s}; {int(bad.sum())} in all.",
            )


def _is_dense(value: Any) -> bool:
    """Whether a value is a tensor with numbers in it: neither sparse nor without memory."""
    return is_tensor(value) and str(value.layout) == "torch.strided" and not value.is_meta


def _kind(value: Any) -> str:
    """The letter of NumPy for the dtype of an array or a tensor."""
    if not is_tensor(value):
        return str(value.dtype.kind)
    if value.dtype.is_floating_point:  # also bfloat16 and others that NumPy lacks
        return "f"
    return {"torch.bool": "b"}.get(str(value.dtype), "c" if value.dtype.is_complex else "i")


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _number(value: Any) -> float | None:
    if isinstance(value, np.ndarray) or _is_dense(value):
        array = as_numpy(value)
        value = array.item() if array.shape == () and array.dtype.kind in "fiub" else None
    if isinstance(value, np.bool_):
        return float(value)
    if not isinstance(value, numbers.Real):
        return None
    try:
        return float(value)
    except OverflowError:  # an int beyond the range of float
        return -math.inf if value < 0 else math.inf


def _shape(value: object) -> str:
    return f" of shape {tuple(value.shape)}" if hasattr(value, "shape") else ""


def _layout(value: Any) -> str:
    return f" ({value.layout} on {value.device})" if is_tensor(value) else ""


def index_text(index: tuple[Any, ...]) -> str:
    """An index as it is written: "[3, 1]"; nothing for a zero-dimensional array."""
    return f"[{', '.join(str(int(i)) for i in index)}]" if index else ""


def join(*sentences: str) -> str:
    """The sentences that are not empty, in one line."""
    return " ".join(s for s in sentences if s)
