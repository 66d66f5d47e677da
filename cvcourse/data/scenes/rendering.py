"""Draws descriptions: pictures as bytes, and for each pixel the thing that it shows."""

from __future__ import annotations

import numpy as np

from cvcourse.data.scenes.backdrop import paint_backdrop
from cvcourse.data.scenes.canvas import Canvas, single
from cvcourse.data.scenes.description import PLACES_IN_DEPTH, Scenes
from cvcourse.data.scenes.figures import paint_things
from cvcourse.data.scenes.kinds import ALL_KINDS
from cvcourse.data.scenes.words import GRAIN, raw_bytes


def render(scenes: Scenes, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The pictures, and whose each pixel is.

    Args:
        scenes: the descriptions of N pictures.
        size: H = W in pixels.

    Returns:
        images: (N, 3, H, W) uint8.
        owner: (N, H, W) uint8, the thing's place in depth, 255 for the backdrop.
    """
    canvas = Canvas(scenes, size)
    paint_backdrop(canvas)
    things = scenes.things
    for place in range(PLACES_IN_DEPTH):
        for kind in range(len(ALL_KINDS)):
            chosen = np.flatnonzero(things.shown[:, place] & (things.kind[:, place] == kind))
            if len(chosen):
                paint_things(canvas, chosen, place, kind)
    return _develop(canvas), canvas.owner


def _develop(canvas: Canvas) -> np.ndarray:
    """Tint, contrast, blur and grain; then bytes."""
    scenes, camera, size = canvas.scenes, canvas.scenes.camera, canvas.size
    image = canvas.image
    gain = scenes.light.tint * camera.contrast[:, None]
    offset = 0.5 - 0.5 * camera.contrast + camera.brightness
    image *= single(gain)[:, :, None, None]
    image += single(offset)[:, None, None, None]
    side = single(camera.blur)[:, None, None, None]
    middle = np.float32(1.0) - side - side
    for axis in (2, 3):
        image = _blurred(image, axis, side, middle)
    grain = raw_bytes(scenes.key, GRAIN, scenes.start, len(scenes), 3 * size * size)
    noise = grain.reshape(image.shape).astype(np.float32)
    noise -= np.float32(127.5)
    noise *= single(camera.grain / 127.5)[:, None, None, None]
    image += noise
    image *= np.float32(255.0)
    image += np.float32(0.5)
    np.clip(image, 0.0, 255.0, out=image)
    return image.astype(np.uint8)


def _blurred(image: np.ndarray, axis: int, side: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Each pixel mixed with its two neighbours; the edge pixels repeat beyond the edge."""
    result: np.ndarray = image * middle
    spread = image * side
    ahead = [slice(None)] * 4
    behind = [slice(None)] * 4
    ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
    result[tuple(ahead)] += spread[tuple(behind)]
    result[tuple(behind)] += spread[tuple(ahead)]
    first, last = [slice(None)] * 4, [slice(None)] * 4
    first[axis], last[axis] = slice(0, 1), slice(-1, None)
    result[tuple(first)] += spread[tuple(first)]
    result[tuple(last)] += spread[tuple(last)]
    return result
