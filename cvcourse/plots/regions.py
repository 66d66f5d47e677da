"""Figures of the plane coloured by what a classifier predicts there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from cvcourse.plots.style import CLASS_MARKERS, CLASSES, described, new_figure


def decision_regions(
    points: np.ndarray, labels: np.ndarray, side: np.ndarray, regions: Mapping[int, np.ndarray]
) -> Figure:
    """Points of up to three classes in the plane, over the classes predicted for each k.

    Args:
        points: (N, 2).
        labels: (N,) integer from 0 to 2.
        side: (G,) the coordinates of the grid, the same on both axes.
        regions: leads from k to the labels (G, G) predicted on the grid; rows go upwards.

    Returns:
        The figure.

    Raises:
        ValueError: if there are more classes than colours.
    """
    num_classes = int(labels.max()) + 1
    if num_classes > len(CLASSES):
        raise ValueError(f"labels must be below {len(CLASSES)}; got {num_classes - 1}")
    figure = new_figure(3.6 * len(regions), 3.9)
    panels = figure.subplots(1, len(regions), squeeze=False)[0]
    wrong = {}
    for axes, (k, region) in zip(panels, regions.items(), strict=True):
        axes.pcolormesh(
            side, side, region, cmap=ListedColormap(CLASSES), vmin=-0.5, vmax=2.5, alpha=0.3
        )
        for label in range(num_classes):
            axes.contour(side, side, region == label, [0.5], colors="black", linewidths=0.4)
            own = points[labels == label]
            axes.scatter(
                *own.T,
                color=CLASSES[label],
                marker=CLASS_MARKERS[label],
                s=24,
                edgecolor="black",
                linewidth=0.6,
                label=f"class {label}",
            )
        axes.set(title=f"k = {k}", xlabel="feature 0", aspect="equal")
        axes.set_xlim(side[0], side[-1])
        axes.set_ylim(side[0], side[-1])
        columns, rows = (np.abs(side - points[:, axis, None]).argmin(axis=1) for axis in (0, 1))
        wrong[k] = int((region[rows, columns] != labels).sum())
    panels[0].set_ylabel("feature 1")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=num_classes
    )
    counts = ", ".join(f"{count} with k = {k}" for k, count in wrong.items())
    return described(
        figure,
        f"{len(points)} points of {num_classes} classes in the plane, coloured by the class "
        f"predicted at each place, one panel for each k. Training points in a region of another "
        f"class: {counts}.",
    )
