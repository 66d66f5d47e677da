"""What things look like: the parts of each kind, in the order in which they are painted.

Eight free numbers in 0..1, a thing's *form*, vary its parts within the kind. They come as columns,
form (8, n), so that one call makes the parts of n things.
"""

from __future__ import annotations

import numpy as np

from cvcourse.data.scenes.parts import (
    BODY,
    DARK,
    LIGHT,
    SECOND,
    THIRD,
    WOOD,
    Part,
    block,
    ellipse,
)


def _between(low: float, high: float, share: np.ndarray) -> np.ndarray:
    return low + (high - low) * share


def _chance(share: np.ndarray, part: float) -> np.ndarray:
    """1 for that part of the things, 0 for the others."""
    return (share < part).astype(np.float64)


def airplane(form: np.ndarray) -> list[Part]:
    """A plane from the side, or from above with both wings spread."""
    above = _chance(form[0], 0.4)
    girth = _between(0.12, 0.2, form[1])
    sweep = _between(0.2, 0.5, form[2])
    wing = _between(0.45, 0.75, form[3])
    return [
        block(-0.05, -0.38 * wing, 0.17, 0.62 * wing, BODY, -sweep, 0.35, 0.82, above),
        block(-0.12, -0.2, 0.12, 0.24, SECOND, -0.35, 0.3, 0.8, 1 - above),
        block(0.78, -0.27, 0.13, 0.26, SECOND, -0.3, 0.45, 1.0, 1 - above),
        block(0.76, 0.0, 0.09, 0.34, SECOND, 0.0, 0.0, 0.9, above),
        ellipse(0.0, 0.0, 0.97, girth, BODY),
        ellipse(0.1, 0.07, 0.8, girth * 0.55, BODY, 0.0, 1.0, 0.8),
        block(0.0, -girth * 0.3, 0.55, 0.028, DARK, 0.0, 0.0, 1.2, 1 - above),
        ellipse(-0.82, -0.03, 0.09, girth * 0.5, DARK, 0.0, 1.0, 1.5),
        block(0.12, 0.24, 0.15, 0.1 + 0.3 * wing, BODY, 0.45, -0.35, 0.72, 1 - above),
        block(-0.05, 0.38 * wing, 0.17, 0.62 * wing, BODY, sweep, -0.35, 0.9, above),
        ellipse(-0.08, 0.3, 0.16, 0.075, THIRD, 0.0, 1.0, 0.8),
    ]


def bird(form: np.ndarray) -> list[Part]:
    """A bird that sits with its wing folded, or flies with its wings up."""
    flies = _chance(form[0], 0.45)
    tail = _between(0.3, 0.55, form[1])
    head = _between(0.2, 0.28, form[2])
    lift = _between(0.15, 0.45, form[3])
    return [
        block(0.15, -0.42, 0.2, 0.5, BODY, lift, 0.75, 0.7, flies),
        block(0.72, 0.2, 0.12, tail, SECOND, -0.75, -0.5, 0.9),
        block(-0.05, 0.82, 0.025, 0.2, WOOD, 0.1, 0.0, 1.0, 1 - flies),
        block(0.14, 0.82, 0.025, 0.2, WOOD, 0.1, 0.0, 1.0, 1 - flies),
        ellipse(0.05, 0.2, 0.58, _between(0.3, 0.42, form[4]), BODY, 0.2),
        ellipse(-0.1, 0.36, 0.38, 0.2, THIRD, 0.2, 1.0, 1.1),
        ellipse(-0.5, -0.2, head, head, BODY),
        block(-0.8, -0.16, 0.08, 0.16, WOOD, -1.0, 0.9, 1.4),
        ellipse(-0.56, -0.26, 0.055, 0.055, DARK),
        ellipse(0.2, 0.14, 0.42, 0.2, SECOND, 0.3, 1.0, 0.85, 1 - flies),
        block(-0.02, -0.36, 0.22, 0.55, SECOND, -lift, 0.75, 0.95, flies),
    ]


def boat(form: np.ndarray) -> list[Part]:
    """A sailing boat, or a steamer with a cabin and a funnel."""
    sails = _chance(form[0], 0.5)
    mast = _between(-0.15, 0.15, form[1])
    sail = _between(0.45, 0.62, form[2])
    cabin = _between(0.3, 0.55, form[3])
    depth = _between(0.2, 0.3, form[4])
    return [
        block(mast, -0.15, 0.035, 0.8, WOOD, shown=sails),
        block(mast + 0.36, -0.12, 0.26, sail, SECOND, 0.12, 0.98, 1.0, sails),
        block(mast - 0.27, -0.02, 0.17, sail * 0.85, SECOND, -0.16, 0.98, 0.88, sails),
        block(0.2, -0.22, 0.13, 0.32, THIRD, -0.05, 0.0, 1.0, 1 - sails),
        block(0.2, -0.38, 0.13, 0.07, DARK, -0.05, 0.0, 1.0, 1 - sails),
        block(0.05, 0.18, cabin, 0.26, SECOND, 0.0, 0.1, 1.0, 1 - sails),
        block(0.05, 0.12, cabin * 0.8, 0.06, DARK, 0.0, 0.0, 1.6, 1 - sails),
        block(0.0, 0.42 + depth, 0.82, depth, BODY, 0.0, -0.2),
        block(0.0, 0.46, 0.96, 0.06, THIRD, 0.0, -0.05),
        block(0.0, 0.42 + depth * 1.75, 0.66, depth * 0.25, DARK, 0.0, -0.1, 2.0),
    ]


def car(form: np.ndarray) -> list[Part]:
    """A saloon, a van or a pickup from the side."""
    cabin = _between(0.38, 0.68, form[0])
    back = _between(-0.1, 0.22, form[1])
    roof = _between(0.2, 0.32, form[2])
    wheel = _between(0.2, 0.27, form[3])
    waist = _between(0.2, 0.28, form[4])
    top = 0.32 - waist - roof
    return [
        block(back, top + 0.02, cabin, roof, BODY, 0.0, _between(0.12, 0.4, form[5])),
        block(back - cabin * 0.42, top + 0.05, cabin * 0.36, roof * 0.62, DARK, 0.0, 0.3, 2.2),
        block(back + cabin * 0.42, top + 0.05, cabin * 0.36, roof * 0.62, DARK, 0.0, 0.3, 2.0),
        block(0.0, 0.34, 0.96, waist, BODY, 0.0, 0.03),
        block(0.0, 0.36 + waist * 0.8, 0.97, waist * 0.22, DARK, 0.0, 0.0, 1.5),
        ellipse(-0.9, 0.26, 0.07, 0.07, THIRD),
        ellipse(0.9, 0.26, 0.06, 0.08, SECOND),
        ellipse(-0.55, 0.62, wheel, wheel, DARK),
        ellipse(0.55, 0.62, wheel, wheel, DARK),
        ellipse(-0.55, 0.62, wheel * 0.45, wheel * 0.45, LIGHT, tint=0.7),
        ellipse(0.55, 0.62, wheel * 0.45, wheel * 0.45, LIGHT, tint=0.7),
    ]


def cat(form: np.ndarray) -> list[Part]:
    """A cat that sits, or stands on four legs."""
    sits = _chance(form[0], 0.55)
    x = -0.02 * sits - 0.55 * (1 - sits)
    y = -0.4 * sits - 0.3 * (1 - sits)
    ear = _between(0.2, 0.3, form[1])
    stout = _between(0.38, 0.5, form[2])
    tail = _between(0.0, 0.6, form[3])
    return [
        ellipse(0.58, 0.55, 0.1, 0.48, BODY, tail, 1.0, 0.85, sits),
        ellipse(0.85, -0.12, 0.08, 0.45, BODY, tail * 0.6, 1.0, 0.9, 1 - sits),
        ellipse(0.0, 0.5, stout, 0.52, BODY, 0.0, 1.0, 1.0, sits),
        ellipse(0.0, 0.55, stout * 0.5, 0.38, SECOND, 0.0, 1.0, 1.0, sits),
        block(-0.38, 0.68, 0.09, 0.32, BODY, 0.0, 0.0, 0.85, 1 - sits),
        block(0.62, 0.68, 0.09, 0.32, BODY, 0.0, 0.0, 0.85, 1 - sits),
        block(-0.2, 0.7, 0.09, 0.32, SECOND, 0.0, 0.0, 1.0, 1 - sits),
        block(0.45, 0.7, 0.09, 0.32, BODY, 0.0, 0.0, 1.0, 1 - sits),
        ellipse(0.12, 0.25, 0.66, 0.3, BODY, 0.0, 1.0, 1.0, 1 - sits),
        block(x - 0.25, y - 0.36, 0.1, ear, BODY, -0.12, 0.95, 0.9),
        block(x + 0.25, y - 0.36, 0.1, ear, BODY, 0.12, 0.95, 0.9),
        ellipse(x, y, 0.42, 0.36, BODY),
        ellipse(x, y + 0.18, 0.2, 0.14, SECOND),
        ellipse(x - 0.17, y - 0.04, 0.085, 0.1, THIRD),
        ellipse(x + 0.17, y - 0.04, 0.085, 0.1, THIRD),
        ellipse(x, y + 0.13, 0.06, 0.045, DARK),
    ]


def fish(form: np.ndarray) -> list[Part]:
    """A fish from the side, slim or tall, plain or with bands."""
    height = _between(0.26, 0.52, form[0])
    bands = _chance(form[1], 0.5)
    tail = _between(0.25, 0.42, form[2])
    return [
        block(0.72, 0.0, tail, 0.24, SECOND, -1.0, 0.95),
        block(0.05, -height * 0.95, 0.3, 0.2, SECOND, -0.1, 0.6, 0.9),
        block(0.1, height * 0.95, 0.18, 0.16, SECOND, 0.1, -0.6, 0.85),
        ellipse(-0.1, 0.0, 0.72, height, BODY),
        ellipse(-0.12, height * 0.42, 0.55, height * 0.5, LIGHT, 0.0, 1.0, 0.85),
        block(-0.12, 0.0, 0.06, height * 0.88, THIRD, 0.06, shown=bands),
        block(0.2, 0.0, 0.06, height * 0.78, THIRD, 0.06, shown=bands),
        ellipse(0.0, 0.06, 0.14, 0.09, SECOND, 0.3, 1.0, 0.9),
        ellipse(-0.52, -0.1, 0.1, 0.1, LIGHT),
        ellipse(-0.54, -0.1, 0.055, 0.055, DARK),
    ]


def flower(form: np.ndarray) -> list[Part]:
    """A blossom of six petals on a stem with two leaves."""
    reach = _between(0.3, 0.42, form[0])
    length = _between(0.22, 0.34, form[1])
    breadth = _between(0.14, 0.25, form[2])
    y = -0.32
    petals = [
        ellipse(reach * dx, y + reach * dy, length, breadth, BODY, turn, 1.0, tint)
        for dx, dy, turn, tint in _PETALS
    ]
    leaf = _between(0.2, 0.38, form[3])
    return [
        block(0.0, 0.4, 0.045, 0.62, SECOND),
        ellipse(-0.28, 0.6, leaf, 0.1, SECOND, 0.25, 1.0, 0.9),
        ellipse(0.26, 0.72, leaf, 0.1, SECOND, -0.25, 1.0, 1.1),
        *petals,
        ellipse(0.0, y, _between(0.12, 0.24, form[4]), _between(0.12, 0.24, form[4]), THIRD),
    ]


_PETALS = (  # direction, tangent of half its angle, brightness; 60 degrees apart
    (1.0, 0.0, 0.0, 0.9),
    (0.5, 0.866025, 0.577350, 0.82),
    (-0.5, 0.866025, -0.577350, 0.88),
    (-1.0, 0.0, 0.0, 1.0),
    (-0.5, -0.866025, 0.577350, 1.06),
    (0.5, -0.866025, -0.577350, 1.0),
)


def house(form: np.ndarray) -> list[Part]:
    """A house with a pitched roof, a door, windows and sometimes a chimney."""
    half = _between(0.6, 0.85, form[0])
    eaves = _between(-0.25, 0.15, form[1])
    door = _between(-0.4, 0.4, form[2])
    tall = (1.0 - eaves) * 0.5
    return [
        block(half * 0.5, eaves - 0.4, 0.09, 0.3, SECOND, 0.0, 0.0, 0.7, _chance(form[3], 0.6)),
        block(0.0, eaves + tall, half, tall, BODY),
        block(0.0, eaves - 0.3, 0.5 + 0.12 * half, 0.36, SECOND, 0.0, _between(0.5, 0.95, form[4])),
        block(door, 0.72, 0.13, 0.28, WOOD, 0.0, 0.0, 0.8),
        block(-half * 0.55, eaves + 0.3, 0.14, 0.14, DARK, 0.0, 0.0, 2.0),
        block(half * 0.55, eaves + 0.3, 0.14, 0.14, DARK, 0.0, 0.0, 2.0),
        block(-half * 0.55, eaves + 0.3, 0.025, 0.14, LIGHT),
        block(half * 0.55, eaves + 0.3, 0.025, 0.14, LIGHT),
        block(0.0, eaves + 0.3, 0.12, 0.14, THIRD, 0.0, 0.0, 1.0, _chance(form[5], 0.4)),
    ]


def mushroom(form: np.ndarray) -> list[Part]:
    """A domed or flat cap with dots on a stem."""
    cap = _between(0.55, 0.9, form[0])
    dome = _between(0.5, 0.85, form[1])
    stem = _between(0.14, 0.28, form[2])
    dots = _chance(form[3], 0.55)
    y = 0.05
    return [
        block(0.0, 0.5, stem, 0.5, SECOND, 0.0, _between(-0.1, 0.3, form[4])),
        block(0.0, 0.22, stem * 1.25, 0.06, SECOND, 0.0, 0.3, 0.8),
        ellipse(0.0, y, cap * 0.96, 0.14, SECOND, 0.0, 1.0, 0.62),
        ellipse(0.0, y, cap, dome, BODY, 0.0, 0.06),
        ellipse(-cap * 0.45, y - dome * 0.38, 0.13, 0.1, THIRD, shown=dots),
        ellipse(cap * 0.1, y - dome * 0.62, 0.14, 0.1, THIRD, shown=dots),
        ellipse(cap * 0.52, y - dome * 0.3, 0.11, 0.09, THIRD, shown=dots),
    ]


def tree(form: np.ndarray) -> list[Part]:
    """A tree with a round crown, or a conifer of three tiers."""
    round_crown = _chance(form[0], 0.55)
    spread = _between(0.3, 0.46, form[1])
    trunk = _between(0.07, 0.14, form[2])
    lean = _between(-0.15, 0.15, form[3])
    pointed = 1 - round_crown
    return [
        block(0.0, 0.6, trunk, 0.42, WOOD, 0.0, 0.25),
        ellipse(-spread * 0.8, 0.0, spread, spread, BODY, 0.0, 1.0, 0.8, round_crown),
        ellipse(spread * 0.8, -0.05, spread, spread * 1.05, BODY, 0.0, 1.0, 0.9, round_crown),
        ellipse(lean, -0.42, spread * 1.15, spread * 1.15, BODY, 0.0, 1.0, 1.1, round_crown),
        ellipse(lean - 0.12, -0.1, spread, spread * 0.8, BODY, 0.0, 1.0, 1.0, round_crown),
        block(0.0, 0.2, spread * 0.95, 0.34, BODY, 0.0, 0.9, 0.75, pointed),
        block(0.0, -0.2, spread * 0.75, 0.32, BODY, 0.0, 0.92, 0.9, pointed),
        block(0.0, -0.6, spread * 0.5, 0.34, BODY, 0.0, 0.95, 1.05, pointed),
        ellipse(lean + 0.25, -0.2, 0.08, 0.08, THIRD, 0.0, 1.0, 1.0, _chance(form[4], 0.35)),
        ellipse(lean - 0.3, 0.05, 0.08, 0.08, THIRD, 0.0, 1.0, 1.0, _chance(form[4], 0.35)),
    ]


def rock(form: np.ndarray) -> list[Part]:
    """Two boulders."""
    return [
        ellipse(
            -0.2, 1.0, _between(0.5, 0.8, form[0]), _between(0.6, 1.3, form[1]), BODY, 0.0, 0.0
        ),
        ellipse(0.45, 1.0, 0.5, _between(0.4, 0.9, form[2]), BODY, 0.0, 0.0, 0.8),
    ]


def bush(form: np.ndarray) -> list[Part]:
    """Three round clumps of leaves."""
    return [
        ellipse(-0.45, 0.6, 0.5, _between(0.4, 0.7, form[0]), BODY, tint=0.8),
        ellipse(0.45, 0.65, 0.5, _between(0.4, 0.6, form[1]), BODY, tint=0.9),
        ellipse(0.0, 0.4, 0.55, _between(0.5, 0.9, form[2]), BODY),
    ]


def post(form: np.ndarray) -> list[Part]:
    """An upright post, sometimes with a board."""
    board = _chance(form[0], 0.5)
    return [
        block(0.0, 0.1, _between(0.05, 0.14, form[1]), 1.1, BODY),
        block(0.0, -0.6, _between(0.3, 0.7, form[2]), 0.3, SECOND, shown=board),
    ]


def crate(form: np.ndarray) -> list[Part]:
    """A box with a band."""
    half = _between(0.5, 0.9, form[0])
    return [
        block(0.0, 1.0 - half * 0.8, half, half * 0.8, BODY),
        block(0.0, 1.0 - half * 0.8, half, 0.1, SECOND),
    ]


def ball(form: np.ndarray) -> list[Part]:
    """A ball with a band."""
    return [
        ellipse(0.0, 0.3, 0.7, 0.7, BODY),
        block(0.0, 0.3, 0.66, 0.12, SECOND, _between(-0.6, 0.6, form[0])),
    ]
