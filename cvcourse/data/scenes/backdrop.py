"""Paints what lies behind the things: sky or wall, ground, texture and soft patches."""

from __future__ import annotations

import numpy as np

from cvcourse.data.scenes.canvas import SKIP, Canvas, each, single


def paint_backdrop(canvas: Canvas) -> None:
    """Fills the whole canvas; both halves of a picture fade from one colour to another."""
    backdrop, size = canvas.scenes.backdrop, canvas.size
    x, y = canvas.centres[None, None, :], canvas.centres[None, :, None]
    drop = y - (
        backdrop.horizon[:, None, None] + single(each(canvas.scenes.camera.roll)) * (x - 0.5)
    )
    drop = drop.astype(np.float32)
    ground = np.clip(drop * np.float32(size) + np.float32(0.5), 0.0, 1.0)
    high = np.clip(drop * np.float32(1.5) + np.float32(1.0), 0.0, 1.0)
    low = np.clip(drop * np.float32(1.5), 0.0, 1.0)
    rough = single(each(backdrop.rough[:, 0])) + ground * single(
        each(backdrop.rough[:, 1] - backdrop.rough[:, 0])
    )
    rough *= canvas.texture
    for c in range(3):
        top, far = backdrop.above[:, 0, c], backdrop.above[:, 1, c]
        near, edge = backdrop.below[:, 0, c], backdrop.below[:, 1, c]
        sky = high * single(each(far - top))
        sky += single(each(top))
        earth = low * single(each(edge - near))
        earth += single(each(near))
        earth -= sky
        earth *= ground
        earth += sky
        np.add(earth, rough, out=canvas.image[:, c])
    for p in range(backdrop.patches.shape[1]):
        _paint_patch(canvas, p)


def _paint_patch(canvas: Canvas, p: int) -> None:
    """A soft ellipse; its edge fades over half its radius."""
    patches = canvas.scenes.backdrop.patches[:, p]
    chosen = np.flatnonzero(patches[:, 4] > SKIP)
    x, y, width, height, opacity = patches[chosen].T
    u = single((canvas.centres - x[:, None]) / width[:, None])
    v = single((canvas.centres - y[:, None]) / height[:, None])
    cover = (u * u)[:, None, :] + (v * v)[:, :, None]
    np.subtract(np.float32(1.0), cover, out=cover)
    cover *= np.float32(2.0)
    np.clip(cover, 0.0, 1.0, out=cover)
    cover *= single(each(opacity))
    for c in range(3):
        _blend(canvas.image, chosen, c, cover, canvas.scenes.backdrop.patch_rgb[chosen, p, c])


def _blend(
    image: np.ndarray, chosen: np.ndarray, c: int, cover: np.ndarray, value: np.ndarray
) -> None:
    layer = image[chosen, c]
    change = single(each(value)) - layer
    change *= cover
    layer += change
    image[chosen, c] = layer
