"""Named colours and weighted choices, as tables of plain numbers."""

from __future__ import annotations

import numpy as np

COLOURS = {
    "red": (0.72, 0.14, 0.12),
    "orange": (0.84, 0.46, 0.14),
    "yellow": (0.88, 0.77, 0.24),
    "green": (0.27, 0.47, 0.17),
    "blue": (0.17, 0.31, 0.66),
    "purple": (0.44, 0.24, 0.54),
    "pink": (0.88, 0.55, 0.64),
    "brown": (0.42, 0.28, 0.17),
    "white": (0.90, 0.89, 0.86),
    "grey": (0.52, 0.52, 0.53),
    "black": (0.12, 0.12, 0.13),
}
COLOUR_NAMES = tuple(COLOURS)
COLOUR_TABLE = np.array([COLOURS[name] for name in COLOUR_NAMES])

SLOTS = 32
"""A weighted choice is a row of 32 slots; the weights of a choice sum to it."""


def slots(names: tuple[str, ...], **weights: int) -> np.ndarray:
    """(32,) int64: the index of each name as often as its weight says.

    Args:
        names: what there is to choose from.
        weights: whole numbers that sum to 32.

    Raises:
        ValueError: if they do not.
    """
    row = [names.index(name) for name, weight in weights.items() for _ in range(weight)]
    if len(row) != SLOTS:
        raise ValueError(f"weights must sum to {SLOTS}; got {len(row)} from {weights}")
    return np.array(row, dtype=np.int64)


def colours(**weights: int) -> np.ndarray:
    """(32,) int64: a weighted choice of named colours."""
    return slots(COLOUR_NAMES, **weights)
