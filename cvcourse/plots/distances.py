"""Figures about distances between points: their matrix, their digits, their blocks in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvcourse.plots.style import (
    HEAT,
    PREDICTED,
    TRAINING,
    VALIDATION,
    WRONG,
    axes_or_new,
    described,
)

EPS = float(np.finfo(np.float64).eps)


def distance_matrix(dists: np.ndarray, *, axes: Axes | None = None) -> Figure:
    """A distance matrix as a picture, brighter where two points are farther apart.

    Args:
        dists: (M, N) distances.
        axes: where to draw; a new figure if None.

    Returns:
        The figure.

    Raises:
        ValueError: if dists has not two axes.
    """
    if dists.ndim != 2:
        raise ValueError(f"dists must be (M, N); got shape {dists.shape}")
    num_test, num_train = dists.shape
    axes = axes_or_new(axes, 9.0, 1.2 + 7.2 * num_test / num_train)
    shown = axes.imshow(dists, cmap=HEAT, interpolation="nearest")
    axes.set_xlabel("training picture")
    axes.set_ylabel("test picture")
    axes.figure.colorbar(shown, ax=axes, label="distance", shrink=0.85, pad=0.02)
    rows, columns = dists.mean(axis=1), dists.mean(axis=0)
    return described(
        axes.figure,
        f"Distance matrix of {num_test} test pictures (rows) and {num_train} training pictures "
        f"(columns). Whole rows and whole columns stand out: the mean of a row goes from "
        f"{rows.min():.0f} to {rows.max():.0f}, that of a column from {columns.min():.0f} to "
        f"{columns.max():.0f}.",
    )


def lost_digits(
    gaps: Sequence[float],
    direct_error: Sequence[float],
    expanded_error: Sequence[float],
    *,
    axes: Axes | None = None,
) -> Figure:
    """Relative errors of a squared distance by two formulas, against the distance.

    Args:
        gaps: (G,) distance of the two points, as a part of their distance from the origin.
        direct_error: (G,) relative error of the sum of squared differences, with its sign.
        expanded_error: (G,) the same of the expanded square; below -1 its result is negative, at
            -1 it is 0.
        axes: where to draw; a new figure if None.

    Returns:
        The figure.
    """
    gap, direct, expanded = (np.asarray(a, float) for a in (gaps, direct_error, expanded_error))
    axes = axes_or_new(axes, 7.5, 4.2)
    negative = expanded < -1
    floor = EPS / 8  # where an error of exactly 0 is drawn
    axes.loglog(gap, EPS / gap**2, "--", color=PREDICTED, label=r"foretold: $\varepsilon/$gap$^2$")
    axes.loglog(
        gap[~negative],
        np.maximum(np.abs(expanded[~negative]), floor),
        "o",
        color=TRAINING,
        label="expanded square",
    )
    axes.loglog(
        gap[negative],
        np.abs(expanded[negative]),
        "x",
        color=WRONG,
        label="expanded, negative",
    )
    axes.loglog(
        gap,
        np.maximum(np.abs(direct), floor),
        "s",
        markerfacecolor="none",
        color=VALIDATION,
        label="sum of squared differences",
    )
    axes.axhline(1, color="black", linewidth=0.8)
    axes.text(gap.max(), 1.6, "no digit is right above this line", ha="right", va="bottom")
    axes.set_xlabel("gap: distance of b from a / length of a")
    axes.set_ylabel("relative error of the squared distance")
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.12))
    lost = gap[np.abs(expanded) >= 1]
    return described(
        axes.figure,
        "Relative error of a squared distance against the gap between the points, both on "
        "logarithmic scales. The sum of squared differences stays at the size of one rounding, "
        f"at most {np.abs(direct).max():.0e}. The expanded square follows the line epsilon / gap "
        f"squared upwards as the gap shrinks"
        + (f", and has no right digit at gaps up to {lost.max():.0e}" if lost.size else "")
        + f"; it is negative at {int(negative.sum())} of {gap.size} gaps.",
    )


def blocks(*, axes: Axes | None = None) -> Figure:
    """How a distance matrix is gone through in blocks, and what is kept of it.

    Args:
        axes: where to draw; a new figure if None.

    Returns:
        The figure.
    """
    axes = axes_or_new(axes, 7.5, 3.4)
    widths, heights = [3, 3, 3, 1.4], [2, 2, 1.2]
    for row, height in enumerate(heights):
        for column, width in enumerate(widths):
            corner = (sum(widths[:column]), sum(heights[:row]))
            done = row == 0 or (row == 1 and column < 2)
            now = (row, column) == (1, 2)
            axes.add_patch(
                Rectangle(
                    corner,
                    width,
                    height,
                    facecolor=TRAINING if now else "white",
                    edgecolor="black",
                    linewidth=0.8,
                    hatch="///" if done else None,
                    alpha=0.9 if now or not done else 0.35,
                )
            )
    total = sum(widths)
    axes.add_patch(Rectangle((total + 0.9, 2), 0.5, 2, facecolor=VALIDATION, edgecolor="black"))
    axes.text(7.5, 3.0, "now", color="white", ha="center", va="center")
    axes.text(4.5, 1.0, "forgotten", ha="center", va="center", backgroundcolor="white")
    axes.text(total + 1.6, 3.0, "k best\nso far", va="center")
    axes.text(total / 2, -0.25, "N training points", ha="center", va="bottom")
    axes.text(-0.25, sum(heights) / 2, "M test points", ha="right", va="center", rotation=90)
    axes.set_xlim(-0.8, total + 3.2)
    axes.set_ylim(sum(heights) + 0.1, -0.9)
    axes.set_aspect("equal")
    axes.axis("off")
    return described(
        axes.figure,
        "The distance matrix cut into three rows and four columns of blocks, the last ones "
        "smaller. One block in the second row is being worked on; those before it are forgotten. "
        "Beside its row stands a narrow strip: the k best so far of these test points.",
    )
