"""The two figures that everything is made of: ellipses and blocks, in the frame of a thing.

A thing fills the square -1..1 in its own frame, x to the right, y downwards, its feet at y = 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FORM = 8
BODY, SECOND, THIRD, DARK, LIGHT, WOOD = range(6)
"""The colours that a thing carries: three of its own and three that all things share."""

Number = float | np.ndarray


class Part(NamedTuple):
    """An ellipse or a block, in the frame of its thing.

    Attributes:
        shape: "ellipse" or "block".
        x: the centre.
        y: the centre.
        width: half of it, at mid-height.
        height: half of it.
        colour: BODY ... WOOD.
        turn: the tangent of half the angle, clockwise.
        bend: a block's widening downwards (1 is a triangle that points up, -1 one that points
            down); an ellipse is cut off below this height (1 is whole, 0 a dome).
        tint: brightness relative to the colour.
        shown: 0 hides the part.
    """

    shape: str
    x: Number
    y: Number
    width: Number
    height: Number
    colour: int
    turn: Number = 0.0
    bend: Number = 0.0
    tint: Number = 1.0
    shown: Number = 1.0


def ellipse(
    x: Number, y: Number, width: Number, height: Number, colour: int, turn: Number = 0.0,
    cut: Number = 1.0, tint: Number = 1.0, shown: Number = 1.0,
) -> Part:  # fmt: skip
    """An ellipse; `cut` below 1 leaves only what lies above that height."""
    return Part("ellipse", x, y, width, height, colour, turn, cut, tint, shown)


def block(
    x: Number, y: Number, width: Number, height: Number, colour: int, turn: Number = 0.0,
    widen: Number = 0.0, tint: Number = 1.0, shown: Number = 1.0,
) -> Part:  # fmt: skip
    """A rectangle, trapezoid or triangle."""
    return Part("block", x, y, width, height, colour, turn, widen, tint, shown)
