"""What is in a picture, before a single pixel of it is drawn.

Everything that the course asks of a picture comes from its description: class, boxes, masks and
caption now; depth (each thing has a distance) and video (a film is a row of descriptions in which
things and camera have moved) where later assignments need them.

Lengths are in picture widths, x to the right and y downwards from the upper left corner, so that a
description can be drawn at any size. Distances are in units of the distance of the main thing: a
thing's real size is its size in the picture times its distance.

Descriptions of many pictures are held together as arrays; `scenes[i]` is one of them for reading.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcourse.data.scenes.kinds import ALL_KINDS, PLACES
from cvcourse.data.scenes.palette import COLOUR_NAMES

PLACES_IN_DEPTH = 5
"""The things of a picture, from back to front; some are absent."""
MAIN = 3
"""Which of them is the one that the picture shows, by its place in depth."""


@dataclass(frozen=True, eq=False)
class Things:
    """The things in N pictures, O = 5 in each, from back to front.

    Attributes:
        kind: (N, O) int64, index into ALL_KINDS; below 10 it is a class.
        shown: (N, O) bool, False for an absent thing.
        x: (N, O) float64, centre.
        y: (N, O) float64, centre.
        size: (N, O) float64, half its height.
        stretch: (N, O) float64, width relative to height.
        turn: (N, O) float64, tangent of half the angle it leans, clockwise.
        mirrored: (N, O) bool, whether it looks the other way.
        distance: (N, O) float64, 1 for the main thing.
        colour: (N, O, 3) int64, names of its first three colours, index into COLOUR_NAMES.
        rgb: (N, O, 6, 3) float64 in 0..1, the colours of its parts.
        form: (N, O, 8) float64 in 0..1, what varies within its kind.
        pattern: (N, O) float64, strength of its stripes.
        stripes: (N, O) float64, how many stripes.
    """

    kind: np.ndarray
    shown: np.ndarray
    x: np.ndarray
    y: np.ndarray
    size: np.ndarray
    stretch: np.ndarray
    turn: np.ndarray
    mirrored: np.ndarray
    distance: np.ndarray
    colour: np.ndarray
    rgb: np.ndarray
    form: np.ndarray
    pattern: np.ndarray
    stripes: np.ndarray


@dataclass(frozen=True, eq=False)
class Backdrop:
    """What lies behind the things of N pictures.

    Attributes:
        place: (N,) int64, index into PLACES.
        horizon: (N,) float64, where above and below meet; above 1 there is no ground in sight.
        above: (N, 2, 3) float64, colours at the top and at the horizon.
        below: (N, 2, 3) float64, colours at the horizon and at the lower edge.
        rough: (N, 2) float64, strength of the texture above and below the horizon.
        patches: (N, P, 5) float64: x, y, half width, half height, opacity of P soft patches.
        patch_rgb: (N, P, 3) float64, their colours.
    """

    place: np.ndarray
    horizon: np.ndarray
    above: np.ndarray
    below: np.ndarray
    rough: np.ndarray
    patches: np.ndarray
    patch_rgb: np.ndarray


@dataclass(frozen=True, eq=False)
class Light:
    """How N pictures are lit.

    Attributes:
        direction: (N, 2) float64, from which side and how steeply, each in -1..1.
        relief: (N,) float64, how much brighter the lit side is.
        shadow: (N,) float64 in 0..1, darkness of the shadow on the ground.
        tint: (N, 3) float64, factors on red, green and blue.
    """

    direction: np.ndarray
    relief: np.ndarray
    shadow: np.ndarray
    tint: np.ndarray


@dataclass(frozen=True, eq=False)
class Camera:
    """How N pictures are taken.

    Attributes:
        roll: (N,) float64, slope of the horizon.
        haze: (N,) float64 in 0..1, how far a thing at distance 2 fades.
        contrast: (N,) float64, factor about middle grey.
        brightness: (N,) float64, added at the end.
        blur: (N,) float64 in 0..1/3, weight of each neighbouring pixel.
        grain: (N,) float64, largest noise on a pixel.
    """

    roll: np.ndarray
    haze: np.ndarray
    contrast: np.ndarray
    brightness: np.ndarray
    blur: np.ndarray
    grain: np.ndarray


@dataclass(frozen=True)
class Thing:
    """One thing in one picture; lengths in picture widths.

    Attributes:
        kind: e.g. "car".
        colour: the name of its main colour.
        x: centre.
        y: centre.
        size: half its height.
        distance: 1 for the main thing, more for things behind it.
        main: whether it is the one that the picture shows.
        place: its place in depth, 0 at the back.
    """

    kind: str
    colour: str
    x: float
    y: float
    size: float
    distance: float
    main: bool
    place: int


@dataclass(frozen=True)
class Scene:
    """One picture's description for reading.

    Attributes:
        place: e.g. "meadow".
        things: from back to front, only those that are there.
    """

    place: str
    things: tuple[Thing, ...]

    @property
    def main(self) -> Thing:
        """The thing that the picture shows."""
        return next(thing for thing in self.things if thing.main)


@dataclass(frozen=True, eq=False)
class Scenes:
    """The descriptions of the pictures start..start+N-1 of a key.

    Attributes:
        key: 16 bytes; texture and grain are drawn from it.
        start: number of the first picture.
        things: what is in the pictures.
        backdrop: what is behind.
        light: how they are lit.
        camera: how they are taken.
    """

    key: bytes
    start: int
    things: Things
    backdrop: Backdrop
    light: Light
    camera: Camera

    def __len__(self) -> int:
        return len(self.backdrop.place)

    @property
    def labels(self) -> np.ndarray:
        """(N,) int64: the class of each picture's main thing."""
        return self.things.kind[:, MAIN].copy()

    def __getitem__(self, index: int) -> Scene:
        things = self.things
        return Scene(
            PLACES[int(self.backdrop.place[index])],
            tuple(
                Thing(
                    ALL_KINDS[int(things.kind[index, j])].name,
                    COLOUR_NAMES[int(things.colour[index, j, 0])],
                    float(things.x[index, j]),
                    float(things.y[index, j]),
                    float(things.size[index, j]),
                    float(things.distance[index, j]),
                    j == MAIN,
                    j,
                )
                for j in range(PLACES_IN_DEPTH)
                if things.shown[index, j]
            ),
        )
