"""Figures made of pictures: samples of a data set, differences, nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cvcourse.plots.style import HEAT, RIGHT, WRONG, described, new_figure, without_ticks


class Labelled(Protocol):
    """A part of a data set: images (N, C, H, W) uint8 and labels (N,) int64."""

    @property
    def images(self) -> np.ndarray: ...
    @property
    def labels(self) -> np.ndarray: ...


def samples(
    images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], *, per_class: int = 7
) -> Figure:
    """The first pictures of each class, a column for each.

    Args:
        images: (N, C, H, W) uint8.
        labels: (N,) integer, positions in class_names.
        class_names: K names.
        per_class: how many pictures of each class.

    Returns:
        The figure.
    """
    num_classes, (channels, height, width) = len(class_names), images.shape[1:]
    gap = max(1, width // 16)
    rows, columns = height + gap, width + gap
    sheet = np.full((channels, per_class * rows - gap, num_classes * columns - gap), 255, np.uint8)
    for column in range(num_classes):
        for row, index in enumerate(np.flatnonzero(labels == column)[:per_class]):
            top, left = row * rows, column * columns
            sheet[:, top : top + height, left : left + width] = images[index]
    figure = new_figure(0.95 * num_classes, 0.95 * per_class + 0.3)
    axes = figure.add_subplot()
    _show(axes, sheet)
    axes.spines[:].set_visible(False)
    for column, name in enumerate(class_names):
        axes.text(column * columns + width / 2, -gap, name, ha="center", va="bottom")
    return described(
        figure,
        f"Pictures of {num_classes} classes, {per_class} of each, in columns: "
        f"{', '.join(class_names)}.",
    )


def pixel_differences(first: np.ndarray, second: np.ndarray) -> Figure:
    """Two pictures, and the squared difference of their pixels summed over the channels.

    Args:
        first: (C, H, W) uint8.
        second: (C, H, W) uint8.

    Returns:
        The figure.

    Raises:
        ValueError: if the shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"both pictures must have one shape; got {first.shape} and {second.shape}")
    figure = new_figure(8.0, 2.8)
    left, middle, right = figure.subplots(1, 3)
    _show(left, first)
    left.set_title("a")
    _show(middle, second)
    middle.set_title("b")
    squares = ((first.astype(float) - second.astype(float)) ** 2).sum(axis=0)
    shown = right.imshow(squares, cmap=HEAT, interpolation="nearest")
    without_ticks(right)
    right.set_title("squared difference")
    figure.colorbar(shown, ax=right, label="squared pixel values")
    half = np.sort(squares, axis=None)[::-1].cumsum() >= squares.sum() / 2
    share = (int(np.argmax(half)) + 1) / squares.size
    return described(
        figure,
        "Two pictures and a map of the squared difference of their pixels, summed over the "
        f"channels. Half of the sum comes from {share:.0%} of the places.",
    )


def neighbours(
    queries: Labelled,
    memory: Labelled,
    rows: Sequence[int] | np.ndarray,
    nearest: np.ndarray,
    class_names: Sequence[str],
) -> Figure:
    """Pictures, and beside each its nearest neighbours, framed by whether the class agrees.

    Args:
        queries: where the pictures come from.
        memory: where the neighbours come from.
        rows: (R,) which pictures of queries.
        nearest: (R, k) which pictures of memory, the nearest first.
        class_names: K names.

    Returns:
        The figure.

    Raises:
        ValueError: if nearest has not one row for each picture.
    """
    if nearest.ndim != 2 or len(nearest) != len(rows):
        raise ValueError(f"nearest must be (R, k) with R={len(rows)}; got {nearest.shape}")
    num_rows, k = nearest.shape
    figure = new_figure(1.15 * (k + 1), 1.2 * num_rows)
    grid = figure.subplots(num_rows, k + 1, squeeze=False)
    agreeing = 0
    for line, (row, found) in enumerate(zip(rows, nearest, strict=True)):
        label = int(queries.labels[row])
        _show(grid[line, 0], queries.images[row])
        grid[line, 0].set_title(class_names[label], fontsize=9, fontweight="bold")
        for axes, index in zip(grid[line, 1:], found, strict=True):
            right = int(memory.labels[index]) == label
            agreeing += right
            _show(axes, memory.images[index])
            axes.set_title(class_names[int(memory.labels[index])], fontsize=9)
            axes.spines[:].set(
                color=RIGHT if right else WRONG,
                linewidth=3,
                linestyle="solid" if right else (0, (1.5, 1.5)),
            )
    return described(
        figure,
        f"{num_rows} pictures, each with its {k} nearest neighbours. {agreeing} of "
        f"{num_rows * k} neighbours have the class of their picture (solid frame), "
        "the others have not (dashed frame).",
    )


def _show(axes: Axes, image: np.ndarray) -> None:
    picture = image.transpose(1, 2, 0)
    grey = picture.shape[2] == 1
    axes.imshow(
        picture[:, :, 0] if grey else picture,
        cmap="gray" if grey else None,
        vmin=0,
        vmax=255,
        interpolation="nearest",
    )
    without_ticks(axes)
