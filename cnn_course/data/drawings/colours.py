"""Colours: mixing them, and the palettes that coats and backgrounds are taken from."""

import colorsys
from typing import Final, TypeAlias

from numpy.random import Generator

Colour: TypeAlias = tuple[int, int, int]

WHITE: Final = (252, 250, 246)
INK: Final = (38, 32, 36)
PINK: Final = (236, 158, 160)
TONGUE: Final = (232, 112, 122)

COATS: Final = (
    (244, 238, 226),  # white
    (232, 208, 168),  # cream
    (232, 158, 84),  # ginger
    (198, 134, 82),  # caramel
    (146, 96, 64),  # brown
    (98, 68, 54),  # chocolate
    (168, 164, 164),  # grey
    (120, 130, 146),  # blue-grey
    (74, 72, 80),  # charcoal
    (212, 176, 164),  # rose
    (158, 148, 116),  # olive
)
EYES: Final = (
    (150, 184, 82),  # green
    (226, 170, 58),  # amber
    (104, 160, 206),  # blue
    (152, 96, 54),  # brown
)
NOSES: Final = ((58, 44, 46), (110, 68, 60), (206, 116, 118))

_FAR: Final = 210  # a distance between colours that can be told apart at a glance


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour that lies `share` of the way from the first to the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(colour: Colour, share: float) -> Colour:
    """Return the colour with `share` of ink in it."""
    return mix(colour, INK, share)


def lighter(colour: Colour, share: float) -> Colour:
    """Return the colour with `share` of white in it."""
    return mix(colour, WHITE, share)


def distance(first: Colour, second: Colour) -> float:
    """Return how different two colours look, roughly: 0 is equal, 765 is black and white."""
    weights = (0.9, 1.5, 0.6)  # the eye tells greens apart best
    return sum(w * abs(a - b) for w, a, b in zip(weights, first, second, strict=True))


def any_coat(rng: Generator) -> Colour:
    """Return a colour of fur, a little different each time."""
    base = COATS[rng.integers(len(COATS))]
    other = COATS[rng.integers(len(COATS))]
    return mix(base, other, float(rng.uniform(0, 0.25)))


def any_colour(rng: Generator, strong: float = 0.6) -> Colour:
    """Return any colour whose saturation is at most `strong`."""
    red, green, blue = colorsys.hsv_to_rgb(
        rng.uniform(), rng.uniform(0.08, strong), rng.uniform(0.45, 0.97)
    )
    return round(255 * red), round(255 * green), round(255 * blue)


def any_colour_unlike(rng: Generator, avoided: Colour) -> Colour:
    """Return a colour that an animal of the colour `avoided` stands out from."""
    colours = [any_colour(rng) for _ in range(4)]
    far = [one for one in colours if distance(one, avoided) > _FAR]
    return far[0] if far else max(colours, key=lambda one: distance(one, avoided))
