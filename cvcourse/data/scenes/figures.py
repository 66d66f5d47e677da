"""Paints things: shadow, parts, light, pattern, and whose each pixel then is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cvcourse.data.scenes.canvas import SKIP, Canvas, each, single
from cvcourse.data.scenes.description import Things
from cvcourse.data.scenes.kinds import ALL_KINDS
from cvcourse.data.scenes.parts import Part


class _Frame(NamedTuple):
    """The map from the picture to the frames of n things; each field is (n,) float64.

    Attributes:
        x: the centre, in picture widths.
        y: the centre.
        xx: the local x is xx (X - x) + xy (Y - y).
        xy: see xx.
        yx: the local y is yx (X - x) + yy (Y - y).
        yy: see yx.
        width: half of it, in picture widths.
        height: half of it.
    """

    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yx: np.ndarray
    yy: np.ndarray
    width: np.ndarray
    height: np.ndarray


def paint_things(canvas: Canvas, chosen: np.ndarray, place: int, kind: int) -> None:
    """All things of one kind at one place in depth, with shadow, parts, light and pattern."""
    scenes, things = canvas.scenes, canvas.scenes.things
    image = canvas.image[chosen]
    if not ALL_KINDS[kind].flies:
        _paint_shadow(canvas, image, chosen, place)
    parts = ALL_KINDS[kind].parts(np.ascontiguousarray(things.form[chosen, place].T))
    frame = _frame_of(things, chosen, place)
    haze = scenes.camera.haze[chosen] * (things.distance[chosen, place] - 1.0)
    haze = haze.clip(0.0, 0.75)[:, None, None]
    air = scenes.backdrop.above[chosen, 1][:, None]
    rgb = things.rgb[chosen, place] * (1.0 - haze) + air * haze
    whole = np.zeros(image[:, 0].shape, np.float32)
    for part in parts:
        cover = _cover(part, frame, canvas)
        whole += cover * (np.float32(1.0) - whole)
        colour = rgb[:, part.colour] * _column(part.tint, len(chosen))
        for c in range(3):
            change = single(each(colour[:, c])) - image[:, c]
            change *= cover
            image[:, c] += change
    shade = _shade(canvas, frame, chosen, place)
    shade *= whole
    shade += np.float32(1.0)
    image *= shade[:, None]
    canvas.image[chosen] = image
    owner = canvas.owner[chosen]
    owner[whole > np.float32(0.5)] = place
    canvas.owner[chosen] = owner


def _frame_of(things: Things, chosen: np.ndarray, place: int) -> _Frame:
    cos, sin = _rotation(things.turn[chosen, place])
    height = things.size[chosen, place]
    width = height * things.stretch[chosen, place]
    flip = np.where(things.mirrored[chosen, place], -1.0, 1.0)
    return _Frame(
        x=things.x[chosen, place],
        y=things.y[chosen, place],
        xx=cos * flip / width,
        xy=sin * flip / width,
        yx=-sin / height,
        yy=cos / height,
        width=width,
        height=height,
    )


def _rotation(turn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine from the tangent of half the angle, by arithmetic alone."""
    square = turn * turn
    return (1.0 - square) / (1.0 + square), 2.0 * turn / (1.0 + square)


def _cover(part: Part, frame: _Frame, canvas: Canvas) -> np.ndarray:
    """(n, H, W) float32 in 0..1: how much of each pixel the part covers."""
    x, y, xx, xy, yx, yy, width, height = frame
    n = len(x)
    cos, sin = _rotation(_column(part.turn, n)[:, 0])
    half_width, half_height = _column(part.width, n)[:, 0], _column(part.height, n)[:, 0]
    left, up = _column(part.x, n)[:, 0], _column(part.y, n)[:, 0]
    ux, uy = (cos * xx + sin * yx) / half_width, (cos * xy + sin * yy) / half_width
    vx, vy = (cos * yx - sin * xx) / half_height, (cos * yy - sin * xy) / half_height
    u0 = -(cos * left + sin * up) / half_width - ux * x - uy * y
    v0 = -(cos * up - sin * left) / half_height - vx * x - vy * y
    u, v = _plane(canvas, ux, uy, u0), _plane(canvas, vx, vy, v0)
    wide = half_width * width * canvas.size  # in pixels
    tall = half_height * height * canvas.size
    bend = _column(part.bend, n)[:, 0]
    if part.shape == "ellipse":
        edge = _ellipse_edge(u, v, wide, tall, bend)
    else:
        edge = _block_edge(u, v, wide, tall, bend)
    np.subtract(np.float32(0.5), edge, out=edge)
    np.clip(edge, 0.0, 1.0, out=edge)
    if not isinstance(part.shown, float):
        edge *= single(each(part.shown))
    return edge


def _plane(canvas: Canvas, by_x: np.ndarray, by_y: np.ndarray, at: np.ndarray) -> np.ndarray:
    across = single(by_x)[:, None] * canvas.centres + single(at)[:, None]
    down = single(by_y)[:, None] * canvas.centres
    return np.asarray(across[:, None, :] + down[:, :, None])


def _ellipse_edge(
    u: np.ndarray, v: np.ndarray, wide: np.ndarray, tall: np.ndarray, cut: np.ndarray
) -> np.ndarray:
    """The distance outside the edge in pixels, nearly."""
    u *= u
    whole = (cut >= 1.0).all()
    below = None if whole else (v - single(each(cut))) * single(each(tall))
    v *= v
    u += v
    np.sqrt(u, out=u)
    u -= np.float32(1.0)
    u *= single(each(2.0 * wide * tall / (wide + tall)))
    return u if below is None else np.maximum(u, below, out=u)


def _block_edge(
    u: np.ndarray, v: np.ndarray, wide: np.ndarray, tall: np.ndarray, widen: np.ndarray
) -> np.ndarray:
    """The distance outside the edge in pixels, nearly."""
    np.abs(u, out=u)
    u -= np.float32(1.0)
    if (widen != 0.0).any():
        u -= v * single(each(widen))
    u *= single(each(wide))
    np.abs(v, out=v)
    v -= np.float32(1.0)
    v *= single(each(tall))
    np.maximum(u, v, out=u)
    return u


def _shade(canvas: Canvas, frame: _Frame, chosen: np.ndarray, place: int) -> np.ndarray:
    """(n, H, W) float32: by how much a thing's surface is lighter or darker, around 0."""
    scenes = canvas.scenes
    x, y, xx, xy, _, _, width, height = frame
    relief = scenes.light.relief[chosen]
    by_x = relief * scenes.light.direction[chosen, 0] / width
    by_y = relief * scenes.light.direction[chosen, 1] / height
    shade: np.ndarray = np.clip(_plane(canvas, by_x, by_y, -by_x * x - by_y * y), -0.5, 0.5)
    shade += canvas.texture[chosen] * np.float32(0.35)
    strength = scenes.things.pattern[chosen, place]
    striped = np.flatnonzero(strength > SKIP)
    if len(striped):
        often = scenes.things.stripes[chosen, place]
        wave = _plane(canvas, xx * often, xy * often, -(xx * x + xy * y) * often)[striped]
        wave -= np.floor(wave)
        wave = np.abs(wave - np.float32(0.5)) * np.float32(4.0) - np.float32(1.0)
        shade[striped] += wave * single(each(strength[striped]))
    return shade


def _paint_shadow(canvas: Canvas, image: np.ndarray, chosen: np.ndarray, place: int) -> None:
    """A soft dark ellipse on the ground at the feet, on the side away from the light."""
    scenes, things = canvas.scenes, canvas.scenes.things
    height = things.size[chosen, place]
    width = height * things.stretch[chosen, place]
    x = things.x[chosen, place] - 0.4 * width * scenes.light.direction[chosen, 0]
    y = things.y[chosen, place] + 0.97 * height
    u = single((canvas.centres - x[:, None]) / (1.1 * width)[:, None])
    v = single((canvas.centres - y[:, None]) / (0.22 * height)[:, None])
    dark = (u * u)[:, None, :] + (v * v)[:, :, None]
    np.subtract(np.float32(1.0), dark, out=dark)
    np.clip(dark, 0.0, 1.0, out=dark)
    dark *= single(each(scenes.light.shadow[chosen]))
    np.subtract(np.float32(1.0), dark, out=dark)
    image *= dark[:, None]


def _column(value: float | np.ndarray, n: int) -> np.ndarray:
    return np.broadcast_to(np.asarray(value, dtype=np.float64), (n,))[:, None]
