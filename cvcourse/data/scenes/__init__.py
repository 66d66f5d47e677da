"""Small pictures of ten kinds of things, drawn by the machine that needs them.

A picture depends on a key and its number alone, bit for bit, on every processor. There is nothing
to download and no end to them, and every answer about them is exact, because the picture is drawn
from its description and not the other way round:

    describe      key, numbers -> Scenes      what is where, in which light, how taken
    render        Scenes -> pixels            and for each pixel the thing it shows
    annotate      Scenes, owners -> classes, boxes, masks, captions
    generate      key, numbers -> a Split     pictures and labels, on all cores

Keys have 128 bits. Those of the public splits stand in `store`; whoever knows a key has the labels
of its pictures, so a hidden split takes a secret one and never a small number.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from cvcourse.data.arrays import Split
from cvcourse.data.scenes.annotations import Annotations, annotate
from cvcourse.data.scenes.compose import describe as _describe
from cvcourse.data.scenes.description import MAIN, Scene, Scenes, Thing
from cvcourse.data.scenes.kinds import CLASS_NAMES
from cvcourse.data.scenes.rendering import render as _render
from cvcourse.data.scenes.words import KEY_BYTES

__all__ = [
    "CLASS_NAMES",
    "MAIN",
    "Annotations",
    "Scene",
    "Scenes",
    "Thing",
    "annotate",
    "describe",
    "generate",
    "render",
]

_BATCH = 500  # pictures at a time: what is drawn on stays in a core's cache


def describe(key: bytes, num: int, *, start: int = 0) -> Scenes:
    """The descriptions of the pictures start..start+num-1 of a key.

    Args:
        key: 16 bytes.
        num: how many pictures, at least 0.
        start: number of the first one, at least 0.

    Raises:
        TypeError: if the key is not bytes.
        ValueError: if it has another length, or num or start is negative.
    """
    if not isinstance(key, bytes):
        raise TypeError(f"key must be {KEY_BYTES} bytes; got {type(key).__name__}")
    if len(key) != KEY_BYTES:
        raise ValueError(f"key must be {KEY_BYTES} bytes; got {len(key)}")
    if num < 0 or start < 0:
        raise ValueError(f"num and start must not be negative; got num={num}, start={start}")
    return _describe(key, num, start)


def render(scenes: Scenes, *, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of some descriptions, and whose each pixel is.

    Args:
        scenes: the descriptions of N pictures.
        size: H = W in pixels, at least 8.

    Returns:
        images: (N, 3, H, W) uint8.
        owner: (N, H, W) uint8, the thing's place in depth, 255 for the backdrop.

    Raises:
        ValueError: if the size is too small for anything to be seen.
    """
    if size < 8:
        raise ValueError(f"size must be at least 8 pixels; got {size}")
    return _render(scenes, size)


def generate(key: bytes, num: int, *, start: int = 0, size: int = 32) -> Split:
    """The pictures start..start+num-1 of a key, with their labels.

    Args:
        key: 16 bytes.
        num: how many pictures, at least 0.
        start: number of the first one, at least 0.
        size: H = W in pixels, at least 8.

    Returns:
        images (num, 3, size, size) uint8 and labels (num,) int64 in 0..9, every class as likely as
        the others, independently from picture to picture.

    Raises:
        TypeError: if the key is not bytes.
        ValueError: if an argument is out of range.
    """
    describe(key, min(num, 0), start=start)  # refuses what is out of range, before any thread
    images = np.empty((num, 3, size, size), np.uint8)
    labels = np.empty(num, np.int64)

    def draw(first: int) -> None:
        scenes = describe(key, min(_BATCH, num - first), start=start + first)
        stop = first + len(scenes)
        images[first:stop], labels[first:stop] = render(scenes, size=size)[0], scenes.labels

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(draw, range(0, num, _BATCH)))
    return Split(images, labels)
