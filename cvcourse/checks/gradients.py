"""The rung for gradients: a derived gradient against a numeric one, with the usual slips named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cvcourse.arrays import as_numpy
from cvcourse.checks.failures import CheckFailure
from cvcourse.checks.ladder import expect, expect_form, index_text, join
from cvcourse.gradients import Coordinate, rel_error


def expect_gradient(
    actual: object,
    numeric: Any,
    *,
    name: str,
    axes: str,
    tolerance: float,
    hint: str = "",
    x: Any = None,
    coordinates: Sequence[Coordinate] | None = None,
) -> None:
    """Climbs the ladder for a gradient; its values are compared by `rel_error`.

    Args:
        actual: the gradient that the student's function returned.
        numeric: from `numeric_gradient`, the shape of x; or (P,) from `numeric_gradient_at`.
        name: what the student calls it, e.g. "dw".
        axes: the shape in letters, e.g. "(D, K)".
        tolerance: the largest `rel_error` that passes.
        hint: a sentence added when the values are wrong: where to look.
        x: what the gradient is taken with respect to; needed with `coordinates` only.
        coordinates: the P indices at which `numeric` was taken; None if it was taken at all.

    Raises:
        CheckFailure: at the first rung that fails.
        ValueError: if only one of x and coordinates is given.
    """
    if (x is None) != (coordinates is None):
        raise ValueError("give both x and coordinates, or neither")
    expect_form(actual, numeric if x is None else x, name=name, axes=axes, dtype="floating")
    received, wanted = as_numpy(actual).astype(np.float64), as_numpy(numeric)
    expect(np.isfinite(received).all(), f"{name} holds NaN or infinity.")
    if coordinates is not None:
        received = np.array([received[coordinate] for coordinate in coordinates])
    error = rel_error(received, wanted)
    if error <= tolerance:
        return
    worst = np.unravel_index(int(np.argmax(np.abs(received - wanted))), wanted.shape)
    place = worst if coordinates is None else coordinates[int(worst[0])]
    raise CheckFailure(
        join(f"{name} disagrees with the numeric gradient{_slip(received, wanted)}.", hint),
        f"Worst at {name}{index_text(place)}: received {received[worst]!s}, "
        f"numeric {wanted[worst]!s}; relative error {error:.2g}, allowed {tolerance:.2g}.",
    )


def _slip(received: np.ndarray, wanted: np.ndarray) -> str:
    """A clause for a gradient that is wrong by one factor throughout; else nothing.

    One in a thousand is far above the noise of a numeric gradient and far below the factors that
    slips bring in: -1, 2, 1/2, 1/N.
    """
    power = float((wanted * wanted).sum())
    if not received.any():
        return ": it is zero everywhere"
    if power == 0.0 or wanted.size == 1:
        return ""
    factor = float((received * wanted).sum()) / power
    if rel_error(received, factor * wanted) > 1e-3:
        return ""
    if abs(factor + 1) < 1e-3:
        return ": its sign is the opposite everywhere"
    return ": it is off by the same factor everywhere"
