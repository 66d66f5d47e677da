"""Pictures in the making, and the arithmetic that the painters share.

Only + - * / sqrt, comparisons and rounding touch a pixel, one array operation at a time, in single
precision. IEEE 754 fixes the result of each of them to the last bit, so the bytes are the same on
every processor; exp, pow or a sum over an axis would not be. This holds for all painters here.
"""

from __future__ import annotations

import numpy as np

from cvcourse.data.scenes.description import Scenes
from cvcourse.data.scenes.words import TEXTURE, raw_bytes

NOTHING = 255
"""In a map of owners: a pixel of the backdrop."""
SKIP = 0.02
"""Opacities and strengths below this are invisible."""
_LATTICES = (5, 10, 18)  # knots a side of the texture, from coarse to fine
_SHARES = (0.5, 0.3, 0.2)


class Canvas:
    """Pictures in the making.

    Args:
        scenes: the descriptions of N pictures.
        size: H = W in pixels.
    """

    def __init__(self, scenes: Scenes, size: int) -> None:
        self.scenes = scenes
        self.size = size
        self.image = np.empty((len(scenes), 3, size, size), np.float32)
        self.owner = np.full((len(scenes), size, size), NOTHING, np.uint8)
        self.centres = ((np.arange(size) + 0.5) / size).astype(np.float32)
        self.texture = _texture(scenes, size)


def each(value: np.ndarray) -> np.ndarray:
    """(N,) -> (N, 1, 1): one value for each picture."""
    return value[:, None, None]


def single(value: np.ndarray) -> np.ndarray:
    """The values in single precision."""
    return np.asarray(value, dtype=np.float32)


def _texture(scenes: Scenes, size: int) -> np.ndarray:
    """(N, H, W) float32 in -1..1: smooth noise, from coarse to fine."""
    per_picture = sum(knots * knots for knots in _LATTICES)
    values = raw_bytes(scenes.key, TEXTURE, scenes.start, len(scenes), per_picture)
    field = np.zeros((len(scenes), size, size), np.float32)
    used = 0
    for knots, share in zip(_LATTICES, _SHARES, strict=True):
        lattice = values[:, used : used + knots * knots].reshape(-1, knots, knots)
        used += knots * knots
        scaled = (lattice.astype(np.float32) - np.float32(127.5)) * np.float32(share / 127.5)
        field += _stretched(_stretched(scaled, size, 1), size, 2)
    return field


def _stretched(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Values between knots, by smooth blending along one axis."""
    position = (np.arange(size) + 0.5) / size * (values.shape[axis] - 1)
    left = np.floor(position).astype(np.int64)
    t = position - left
    weight = (t * t * (3.0 - 2.0 * t)).astype(np.float32)
    weight = weight[:, None] if axis == 1 else weight
    first: np.ndarray = np.take(values, left, axis)
    second: np.ndarray = np.take(values, left + 1, axis)
    second -= first
    second *= weight
    second += first
    return second
