"""Figures about cross-validation: how points are cut into folds, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cvcourse.plots.style import PREDICTED, TRAINING, VALIDATION, axes_or_new, described


def folds(num_points: int, num_folds: int, *, axes: Axes | None = None) -> Figure:
    """Which points validate in each round of cross-validation.

    Args:
        num_points: how many points there are.
        num_folds: into how many folds they are cut.
        axes: where to draw; a new figure if None.

    Returns:
        The figure.

    Raises:
        ValueError: if there are fewer points than folds, or fewer than two folds.
    """
    if not 2 <= num_folds <= num_points:
        raise ValueError(f"num_folds must be from 2 to {num_points}; got {num_folds}")
    axes = axes_or_new(axes, 8.0, 0.9 + 0.42 * num_folds)
    ends = np.cumsum([len(part) for part in np.array_split(np.arange(num_points), num_folds)])
    starts = np.concatenate([[0], ends[:-1]])
    for fold in range(num_folds):
        for point in range(num_points):
            validates = starts[fold] <= point < ends[fold]
            axes.add_patch(
                Rectangle(
                    (point - 0.45, fold - 0.4),
                    0.9,
                    0.8,
                    facecolor=VALIDATION if validates else TRAINING,
                    edgecolor="black" if validates else "none",
                    hatch="///" if validates else None,
                )
            )
    axes.set_xlim(-0.6, num_points - 0.4)
    axes.set_ylim(num_folds - 0.5, -0.6)
    axes.set_xticks(range(0, num_points, max(1, num_points // 16)))
    axes.set_yticks(range(num_folds), [f"round {fold}" for fold in range(num_folds)])
    axes.set_xlabel("point")
    axes.spines[:].set_visible(False)
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=VALIDATION, edgecolor="black", hatch="///"),
        Rectangle((0, 0), 1, 1, facecolor=TRAINING),
    ]
    axes.figure.legend(handles, ["validation", "training"], loc="outside upper center", ncols=2)
    sizes = ", ".join(str(size) for size in ends - starts)
    return described(
        axes.figure,
        f"{num_points} points in {num_folds} rounds. In each round one contiguous fold validates "
        f"and all other points train; the folds hold {sizes} points, in the order given.",
    )


def cross_validation(
    accuracies: Mapping[int, Sequence[float]], chosen: int, *, axes: Axes | None = None
) -> Figure:
    """Accuracy against k: a dot for each fold, the means, and bars of one standard error.

    Args:
        accuracies: leads from each k to its accuracies from 0 to 1, at least two.
        chosen: the k that was chosen; marked.
        axes: where to draw; a new figure if None.

    Returns:
        The figure.

    Raises:
        ValueError: if chosen is none of the k, or a k has fewer than two accuracies.
    """
    if chosen not in accuracies:
        raise ValueError(f"chosen must be one of {sorted(accuracies)}; got {chosen}")
    if any(len(values) < 2 for values in accuracies.values()):
        raise ValueError("each k needs at least two accuracies to have a spread")
    ks = sorted(accuracies)
    percent = [100 * np.asarray(accuracies[k], dtype=float) for k in ks]
    means = [float(values.mean()) for values in percent]
    errors = [float(values.std(ddof=1) / np.sqrt(len(values))) for values in percent]
    axes = axes_or_new(axes, 7.5, 4.2)
    for k, values in zip(ks, percent, strict=True):
        axes.plot([k] * len(values), values, ".", color=PREDICTED, zorder=1)
    axes.plot([], [], ".", color=PREDICTED, label="one fold")
    axes.errorbar(
        ks,
        means,
        yerr=errors,
        color=VALIDATION,
        capsize=4,
        linewidth=2,
        zorder=2,
        label="mean, one standard error to each side",
    )
    best = means[ks.index(chosen)]
    label = f"chosen: k = {chosen}, {best:.1f} %"
    axes.plot([chosen], [best], "D", color=TRAINING, markersize=8, zorder=3, label=label)
    axes.set_xscale("log")
    axes.set_xticks(ks, [str(k) for k in ks])
    axes.minorticks_off()
    axes.set_xlabel("k, number of neighbours (logarithmic)")
    axes.set_ylabel("validation accuracy (%)")
    axes.figure.legend(loc="outside upper center", ncols=3)
    table = ", ".join(
        f"k = {k}: {m:.1f} ± {e:.1f}" for k, m, e in zip(ks, means, errors, strict=True)
    )
    return described(
        axes.figure,
        f"Validation accuracy in percent against k, mean and standard error over the folds: "
        f"{table}. Chosen: k = {chosen}.",
    )
