"""What is known about a picture besides its class: masks, boxes, captions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cvcourse.data.scenes.description import PLACES_IN_DEPTH, Scene, Scenes, Thing
from cvcourse.data.scenes.kinds import CLASS_NAMES
from cvcourse.data.scenes.words import CAPTION, Words, raw_words

VISIBLE = 12
"""A thing is visible from this many pixels on in a picture of 32x32; in others in proportion."""

_WHERE = {
    "sky": "in the sky",
    "sea": "on the sea",
    "underwater": "under water",
    "meadow": "in a meadow",
    "street": "in a street",
    "room": "in a room",
    "forest": "in a forest",
    "desert": "in the desert",
    "snow": "in the snow",
}


@dataclass(frozen=True, eq=False)
class Annotations:
    """Exact answers for N pictures; O = 5 things at most in each, from back to front.

    Attributes:
        classes: (N, O) int64, the class of each visible thing; -1 for one that is absent, hidden
            or of no class.
        boxes: (N, O, 4) int64, x0, y0, x1, y1 in pixels around what is visible of it, x1 and y1
            exclusive; zeros where classes is -1.
        instances: (N, H, W) uint8, j + 1 for a pixel of thing j, 0 for everything without a class.
        semantic: (N, H, W) uint8, class + 1, 0 for everything without a class.
        captions: N sentences in lower case, without a full stop.
    """

    classes: np.ndarray
    boxes: np.ndarray
    instances: np.ndarray
    semantic: np.ndarray
    captions: tuple[str, ...]


def annotate(scenes: Scenes, owner: np.ndarray) -> Annotations:
    """The annotations of pictures that were drawn from these descriptions.

    Args:
        scenes: the descriptions of N pictures.
        owner: (N, H, W) uint8 as `render` returns it.
    """
    classes = np.where(scenes.things.kind < len(CLASS_NAMES), scenes.things.kind, -1)
    boxes = np.zeros((*classes.shape, 4), np.int64)
    instances = np.zeros(owner.shape, np.uint8)
    semantic = np.zeros(owner.shape, np.uint8)
    enough = max(1, VISIBLE * owner.shape[1] * owner.shape[2] // (32 * 32))
    for j in range(PLACES_IN_DEPTH):
        mask = owner == j
        classes[mask.sum(axis=(1, 2)) < enough, j] = -1
        seen = classes[:, j] >= 0
        boxes[seen, j] = _boxes(mask[seen])
        mask &= seen[:, None, None]
        instances[mask] = j + 1
        semantic += mask * (classes[:, j, None, None] + 1).astype(np.uint8)
    return Annotations(classes, boxes, instances, semantic, _captions(scenes, classes))


def _boxes(mask: np.ndarray) -> np.ndarray:
    """(n, H, W) bool, each with a True -> (n, 4) int64."""
    columns, rows = np.asarray(mask.any(axis=1)), np.asarray(mask.any(axis=2))
    width, height = columns.shape[1], rows.shape[1]
    return np.stack(
        [
            columns.argmax(axis=1),
            rows.argmax(axis=1),
            width - columns[:, ::-1].argmax(axis=1),
            height - rows[:, ::-1].argmax(axis=1),
        ],
        axis=1,
    )


def _captions(scenes: Scenes, classes: np.ndarray) -> tuple[str, ...]:
    words = Words(raw_words(scenes.key, CAPTION, scenes.start, len(scenes), 4))
    forms = words.below(3, 1)[:, 0]
    return tuple(
        _caption(scenes[i], np.flatnonzero(classes[i] >= 0).tolist(), int(forms[i]))
        for i in range(len(scenes))
    )


def _caption(scene: Scene, visible: list[int], form: int) -> str:
    main = scene.main
    others = [thing for thing in scene.things if thing.place in visible and not thing.main]
    subject, where = _phrase(main), _WHERE[scene.place]
    behind = "".join(f" with {_phrase(thing)} behind it" for thing in others)
    if form == 0:
        return f"{subject} {where}{behind}"
    if form == 1:
        return f"{where} is {subject}{behind}"
    return f"a picture of {subject}{behind} {where}"


def _phrase(thing: Thing) -> str:
    article = "an" if thing.colour[0] in "aeiou" else "a"
    return f"{article} {thing.colour} {thing.kind}"
