"""The kinds of things: their parts, their colours, where they are found, how they stand.

The first ten are the classes; the others are clutter, which has no label and no caption.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from cvcourse.data.scenes import shapes
from cvcourse.data.scenes.palette import colours, slots
from cvcourse.data.scenes.parts import Part


class Kind(NamedTuple):
    """What is known of a kind of thing.

    Attributes:
        name: for labels and captions.
        parts: makes the parts of things of this kind from their forms (8, n).
        body: (32,) the choice of colour for BODY; the colour that a caption names.
        second: (32,) the choice for SECOND.
        third: (32,) the choice for THIRD.
        places: (32,) the choice of a place where it is found.
        flies: floats freely, without touching the ground or casting a shadow on it.
        tilt: the tangent of half the largest angle it leans.
    """

    name: str
    parts: Callable[[np.ndarray], list[Part]]
    body: np.ndarray
    second: np.ndarray
    third: np.ndarray
    places: np.ndarray
    flies: bool = False
    tilt: float = 0.05


PLACES = ("sky", "sea", "underwater", "meadow", "street", "room", "forest", "desert", "snow")


def _places(**weights: int) -> np.ndarray:
    return slots(PLACES, **weights)


KINDS = (
    Kind(
        "airplane", shapes.airplane,
        colours(white=12, grey=9, blue=3, red=3, yellow=2, black=1, green=2),
        colours(white=8, grey=7, blue=6, red=7, yellow=4),
        colours(grey=16, white=8, black=8),
        _places(sky=16, street=5, desert=3, snow=3, sea=3, meadow=2), True, 0.7,
    ),
    Kind(
        "bird", shapes.bird,
        colours(brown=8, black=5, white=5, grey=5, blue=3, red=3, yellow=3),
        colours(brown=9, black=8, grey=7, white=4, blue=4),
        colours(white=12, yellow=6, orange=6, grey=4, brown=4),
        _places(sky=8, forest=7, meadow=6, sea=4, street=3, snow=4), True, 0.5,
    ),
    Kind(
        "boat", shapes.boat,
        colours(white=8, red=6, blue=6, brown=6, black=3, green=3),
        colours(white=20, red=3, yellow=3, grey=3, blue=3),
        colours(red=10, white=8, blue=6, yellow=4, black=4),
        _places(sea=24, street=2, snow=2, desert=2, meadow=2), False, 0.2,
    ),
    Kind(
        "car", shapes.car,
        colours(red=7, white=6, black=5, grey=5, blue=5, yellow=2, green=2),
        colours(red=24, orange=8),
        colours(yellow=16, white=16),
        _places(street=17, desert=4, meadow=4, snow=3, forest=3, room=1), False, 0.12,
    ),
    Kind(
        "cat", shapes.cat,
        colours(orange=7, grey=8, black=6, white=5, brown=6),
        colours(white=16, orange=5, grey=5, brown=6),
        colours(green=14, yellow=12, blue=6),
        _places(room=17, meadow=5, street=5, forest=3, snow=2), False, 0.2,
    ),
    Kind(
        "fish", shapes.fish,
        colours(orange=7, blue=5, grey=7, yellow=4, red=4, green=3, purple=2),
        colours(orange=7, blue=5, yellow=6, red=5, grey=5, white=4),
        colours(white=12, black=12, blue=8),
        _places(underwater=22, sea=4, room=4, desert=1, snow=1), True, 0.5,
    ),
    Kind(
        "flower", shapes.flower,
        colours(red=7, yellow=7, pink=7, white=5, purple=4, orange=2),
        colours(green=32),
        colours(yellow=16, orange=6, brown=6, black=4),
        _places(meadow=15, forest=6, room=7, street=2, desert=2), False, 0.35,
    ),
    Kind(
        "house", shapes.house,
        colours(white=8, yellow=5, brown=6, red=5, grey=6, blue=2),
        colours(red=12, brown=9, grey=7, black=4),
        colours(blue=12, white=10, yellow=10),
        _places(meadow=11, street=8, snow=6, forest=4, desert=3), False, 0.08,
    ),
    Kind(
        "mushroom", shapes.mushroom,
        colours(red=11, brown=11, orange=4, white=3, yellow=3),
        colours(white=24, yellow=4, brown=4),
        colours(white=28, yellow=4),
        _places(forest=20, meadow=8, room=2, desert=1, snow=1), False, 0.3,
    ),
    Kind(
        "tree", shapes.tree,
        colours(green=23, orange=4, yellow=2, brown=2, red=1),
        colours(green=32),
        colours(red=14, white=10, yellow=8),
        _places(meadow=13, forest=7, snow=5, street=4, desert=3), False, 0.15,
    ),
)  # fmt: skip
CLASS_NAMES = tuple(kind.name for kind in KINDS)

ANYWHERE = _places(
    sky=3, sea=3, underwater=3, meadow=4, street=4, room=4, forest=4, desert=4, snow=3
)
_ANY_COLOUR = colours(
    red=3, orange=3, yellow=3, green=3, blue=3, purple=2, pink=2, brown=4, white=3, grey=3, black=3
)
CLUTTER = (
    Kind("rock", shapes.rock, colours(grey=20, brown=12), _ANY_COLOUR, _ANY_COLOUR, ANYWHERE),
    Kind(
        "bush",
        shapes.bush,
        colours(green=24, brown=5, yellow=3),
        _ANY_COLOUR,
        _ANY_COLOUR,
        ANYWHERE,
    ),
    Kind(
        "post", shapes.post, colours(brown=14, grey=12, white=6), _ANY_COLOUR, _ANY_COLOUR, ANYWHERE
    ),
    Kind("crate", shapes.crate, _ANY_COLOUR, _ANY_COLOUR, _ANY_COLOUR, ANYWHERE),
    Kind("ball", shapes.ball, _ANY_COLOUR, _ANY_COLOUR, _ANY_COLOUR, ANYWHERE),
)
ALL_KINDS = KINDS + CLUTTER
