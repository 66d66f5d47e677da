"""Makes descriptions of pictures from random words: what, where, in which light, how taken.

The numbers here set how hard the pictures are to tell apart. They were tuned so that simple
classifiers find about as many right as they do on CIFAR-10.
"""

from __future__ import annotations

import numpy as np

from cvcourse.data.scenes.description import (
    MAIN,
    PLACES_IN_DEPTH,
    Backdrop,
    Camera,
    Light,
    Scenes,
    Things,
)
from cvcourse.data.scenes.kinds import ALL_KINDS, ANYWHERE, CLUTTER, KINDS, PLACES
from cvcourse.data.scenes.palette import COLOUR_TABLE, SLOTS
from cvcourse.data.scenes.parts import FORM
from cvcourse.data.scenes.words import DESCRIPTION, Words, raw_words

WORDS = 400
_STRAY = 0.4  # how often a thing is where its kind is not expected
PATCHES = 4

# chance, smallest and largest half height, nearest and farthest distance; from back to front
_PRESENT = np.array([0.6, 0.35, 0.5, 1.0, 0.35])
_SMALLEST = np.array([0.08, 0.10, 0.12, 0.18, 0.18])
_LARGEST = np.array([0.20, 0.20, 0.26, 0.44, 0.36])
_NEAREST = np.array([3.0, 2.0, 1.2, 1.0, 0.6])
_FARTHEST = np.array([6.0, 3.0, 2.0, 1.0, 0.9])

_CHOICES = np.array([[kind.body, kind.second, kind.third] for kind in ALL_KINDS])
_FLIES = np.array([kind.flies for kind in ALL_KINDS])
_TILT = np.array([kind.tilt for kind in ALL_KINDS])
_WHERE = np.array([kind.places for kind in ALL_KINDS])
_SHARED_RGB = np.array([[0.10, 0.10, 0.12], [0.88, 0.88, 0.86], [0.40, 0.27, 0.16]])

# colours at the top, above the horizon, below it and at the lower edge; horizon; roughness
_SCENERY = {
    "sky": ((0.32, 0.52, 0.82), (0.68, 0.80, 0.91), (0.60, 0.66, 0.62), (0.45, 0.52, 0.40),
            (0.95, 1.40), (0.16, 0.10)),
    "sea": ((0.50, 0.66, 0.84), (0.76, 0.82, 0.86), (0.36, 0.52, 0.60), (0.14, 0.32, 0.42),
            (0.30, 0.75), (0.10, 0.16)),
    "underwater": ((0.24, 0.56, 0.66), (0.14, 0.40, 0.54), (0.36, 0.44, 0.40), (0.24, 0.32, 0.30),
                   (0.70, 1.30), (0.14, 0.22)),
    "meadow": ((0.48, 0.64, 0.85), (0.76, 0.82, 0.84), (0.46, 0.56, 0.28), (0.27, 0.42, 0.14),
               (0.20, 0.75), (0.10, 0.22)),
    "street": ((0.56, 0.56, 0.58), (0.62, 0.58, 0.54), (0.44, 0.43, 0.42), (0.33, 0.33, 0.34),
               (0.35, 0.80), (0.26, 0.12)),
    "room": ((0.70, 0.64, 0.56), (0.66, 0.60, 0.52), (0.50, 0.38, 0.26), (0.42, 0.30, 0.20),
             (0.45, 1.00), (0.12, 0.16)),
    "forest": ((0.24, 0.34, 0.18), (0.18, 0.27, 0.12), (0.32, 0.32, 0.17), (0.30, 0.24, 0.14),
               (0.30, 0.80), (0.30, 0.26)),
    "desert": ((0.56, 0.68, 0.84), (0.82, 0.80, 0.74), (0.78, 0.66, 0.46), (0.68, 0.54, 0.34),
               (0.25, 0.75), (0.08, 0.16)),
    "snow": ((0.62, 0.70, 0.80), (0.82, 0.84, 0.87), (0.86, 0.88, 0.92), (0.74, 0.78, 0.86),
             (0.25, 0.80), (0.10, 0.10)),
}  # fmt: skip
_COLOURS = np.array([_SCENERY[place][:4] for place in PLACES])
_HORIZON = np.array([_SCENERY[place][4] for place in PLACES])
_ROUGH = np.array([_SCENERY[place][5] for place in PLACES])


def describe(key: bytes, num: int, start: int) -> Scenes:
    """The descriptions of the pictures start..start+num-1 of a key; labels evenly spread."""
    words = Words(raw_words(key, DESCRIPTION, start, num, WORDS))
    kind = _kinds(words)
    place = _place(words, kind[:, MAIN])
    backdrop = _backdrop(words, place)
    things = _things(words, kind, backdrop.horizon)
    return Scenes(key, start, things, backdrop, _light(words), _camera(words))


def _kinds(words: Words) -> np.ndarray:
    clutter = len(KINDS) + words.below(len(CLUTTER), PLACES_IN_DEPTH)
    classes = words.below(len(KINDS), PLACES_IN_DEPTH)
    return np.where(np.isin(np.arange(PLACES_IN_DEPTH), (1, MAIN)), classes, clutter)


def _place(words: Words, kind: np.ndarray) -> np.ndarray:
    usual = _take_along(_WHERE[kind], words.below(SLOTS))
    return np.where(words.uniform(0.0, 1.0) < _STRAY, ANYWHERE[words.below(SLOTS)], usual)


def _backdrop(words: Words, place: np.ndarray) -> Backdrop:
    colours = _COLOURS[place] + words.bell(0.0, 0.14, 1, 3) + words.bell(0.0, 0.10, 4, 3)
    low, high = _HORIZON[place, 0], _HORIZON[place, 1]
    patches = np.stack(
        [
            words.uniform(0.0, 1.0, PATCHES),
            words.uniform(0.0, 1.0, PATCHES),
            words.uniform(0.05, 0.40, PATCHES),
            words.uniform(0.05, 0.30, PATCHES),
            words.uniform(-0.3, 0.7, PATCHES).clip(0.0, None),
        ],
        axis=-1,
    )
    around = colours[:, 1:3, None, :].reshape(-1, 2, 3)
    base = np.where(words.below(2, PATCHES)[..., None] == 0, around[:, :1], around[:, 1:])
    return Backdrop(
        place=place,
        horizon=low + (high - low) * words.uniform(0.0, 1.0),
        above=colours[:, :2],
        below=colours[:, 2:],
        rough=_ROUGH[place] * words.uniform(0.35, 1.1, 2),
        patches=patches,
        patch_rgb=base + words.uniform(-0.3, 0.3, PATCHES, 1) + words.bell(0.0, 0.2, PATCHES, 3),
    )


def _things(words: Words, kind: np.ndarray, horizon: np.ndarray) -> Things:
    each = PLACES_IN_DEPTH
    share = words.uniform(0.0, 1.0, each)
    size = _SMALLEST + (_LARGEST - _SMALLEST) * share
    distance = _NEAREST + (_FARTHEST - _NEAREST) * words.uniform(0.0, 1.0, each)
    colour = _take_along(_CHOICES[kind], words.below(SLOTS, each, 3))
    own = COLOUR_TABLE[colour] * words.uniform(0.75, 1.2, each, 3, 1)
    own = own + words.bell(0.0, 0.08, each, 3, 3)
    shared = np.broadcast_to(_SHARED_RGB, (len(kind), each, 3, 3)) * words.uniform(
        0.8, 1.2, each, 3, 1
    )
    x = words.uniform(0.0, 1.0, each)
    y = words.uniform(0.1, 0.9, each)
    x[:, MAIN] = words.bell(0.5, 0.22)
    y[:, MAIN] = words.bell(0.52, 0.22)
    # what stands in front stands aside, so that some of the main thing is left to see
    aside = words.uniform(0.2, 0.6) * np.where(words.below(2) == 1, 1.0, -1.0)
    x[:, MAIN + 1] = x[:, MAIN] + aside
    return Things(
        kind=kind,
        shown=words.uniform(0.0, 1.0, each) < _PRESENT,
        x=x,
        y=_grounded(kind, y, size, distance, horizon),
        size=size,
        stretch=words.uniform(0.75, 1.2, each),
        turn=words.bell(0.0, 1.0, each) * _TILT[kind],
        mirrored=words.below(2, each) == 1,
        distance=distance,
        colour=colour,
        rgb=np.concatenate([own, shared], axis=2),
        form=words.uniform(0.0, 1.0, each, FORM),
        pattern=words.uniform(-0.25, 0.3, each).clip(0.0, None),
        stripes=words.uniform(1.5, 5.0, each),
    )


def _grounded(
    kind: np.ndarray, y: np.ndarray, size: np.ndarray, distance: np.ndarray, horizon: np.ndarray
) -> np.ndarray:
    """The heights of the centres, once what cannot fly stands on the ground.

    The main thing stays where it is and so fixes how high the camera is; the feet of the others
    follow from their distance, as all feet on a plane rise towards the horizon with distance.
    """
    feet = y[:, MAIN] + size[:, MAIN]
    far = np.minimum(horizon, feet - 0.1)
    standing = far[:, None] + (feet - far)[:, None] / distance - size
    free = _FLIES[kind] | (np.arange(PLACES_IN_DEPTH) == MAIN)
    return np.where(free, y, standing)


def _light(words: Words) -> Light:
    return Light(
        direction=words.uniform(-1.0, 1.0, 2),
        relief=words.uniform(0.05, 0.4),
        shadow=words.uniform(0.1, 0.6),
        tint=words.uniform(0.6, 1.2, 1) * (1.0 + words.bell(0.0, 0.14, 3)),
    )


def _camera(words: Words) -> Camera:
    return Camera(
        roll=words.bell(0.0, 0.12),
        haze=words.uniform(0.0, 0.35),
        contrast=words.uniform(0.7, 1.25),
        brightness=words.bell(0.0, 0.12),
        blur=words.uniform(0.0, 0.17),
        grain=words.uniform(0.003, 0.03),
    )


def _take_along(table: np.ndarray, index: np.ndarray) -> np.ndarray:
    """table[..., index] with one index for each of table's leading entries."""
    return np.take_along_axis(table, index[..., None], axis=-1)[..., 0]
