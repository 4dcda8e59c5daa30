"""What an animal looks like whatever its kind: pose, coat, colours, mood."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.random import Generator

from cnn_course.data.drawings.canvas import Canvas, Fur, Pen, Points, Pose, curve, oval
from cnn_course.data.drawings.colours import (
    EYES,
    NOSES,
    PINK,
    Colour,
    any_coat,
    darker,
    distance,
    lighter,
    mix,
)

_PATTERNS: Final = ("plain", "plain", "blaze", "patches", "spots", "stripes", "cap")


@dataclass(frozen=True)
class Look:
    """What animals of every kind share in one scene.

    Attributes:
        pose: place, size, tilt and turn.
        base, second: the colours of the coat.
        light: the colour of muzzles and bellies.
        skin: the colour of inner ears, snouts and bare faces.
        eye, nose: their colours.
        pattern: how the two colours of the coat are laid out.
        marks: random numbers in [-1, 1) for the pattern, of shape (16, 4).
        edge_width: of the outlines, in the animal's units.
        shadow: where the shadow falls, in picture units.
        asleep: whether the eyes are closed.
        merry: whether the mouth is open.
        gaze: where the eyes look, in [-1, 1).
    """

    pose: Pose
    base: Colour
    second: Colour
    light: Colour
    skin: Colour
    eye: Colour
    nose: Colour
    pattern: str
    marks: np.ndarray
    edge_width: float
    shadow: tuple[float, float]
    asleep: bool
    merry: bool
    gaze: float

    @property
    def ink(self) -> Colour:
        """The colour of lines on the coat, which can be told from it."""
        return darker(self.base, 0.75) if sum(self.base) > 300 else (22, 18, 22)


def any_look(rng: Generator) -> Look:
    """Return a look for the animal of a scene."""
    base, second = any_coat(rng), any_coat(rng)
    if distance(base, second) < 150:
        second = lighter(base, 0.7) if sum(base) < 450 else darker(base, 0.5)
    angle = rng.uniform(0, 2 * np.pi)
    return Look(
        pose=_any_pose(rng),
        base=base,
        second=second,
        light=lighter(mix(base, second, 0.3), rng.uniform(0.2, 0.8)),
        skin=mix(PINK, base, rng.uniform(0.1, 0.45)),
        eye=EYES[rng.integers(len(EYES))],
        nose=NOSES[rng.integers(len(NOSES))],
        pattern=_PATTERNS[rng.integers(len(_PATTERNS))],
        marks=rng.uniform(-1, 1, (16, 4)),
        edge_width=float(rng.choice([0.0, 0.045, 0.065])),
        shadow=(float(2.4 * np.cos(angle)), float(-abs(2.4 * np.sin(angle)))),
        asleep=bool(rng.uniform() < 0.1),
        merry=bool(rng.uniform() < 0.4),
        gaze=float(rng.uniform(-1, 1)),
    )


def _any_pose(rng: Generator) -> Pose:
    size = rng.uniform(0.56, 1.12)
    room = 20 - 9 * size
    return Pose(
        x=48 + rng.uniform(-room, room),
        y=50 + rng.uniform(-room, room) * 0.9,
        unit=27 * size,
        tilt=float(np.radians(rng.uniform(-25, 25))),
        yaw=rng.uniform(-0.34, 0.34),
        nod=rng.uniform(-0.1, 0.12),
        stretch=rng.uniform(0.91, 1.1),
        facing=1 if rng.uniform() < 0.5 else -1,
    )


def fur_of(look: Look, canvas: Canvas) -> Fur:
    """Paint the coat of a look as large as the canvas."""
    sheet = Canvas(canvas.size)
    sheet.flood(look.base)
    pen = Pen(sheet, look.pose)
    for outline in _pattern(look):
        pen.fill(outline, look.second)
    shaded = sheet.image.point([round(0.84 * value) for value in range(256)] * 3)
    return Fur(sheet.image, shaded, look.shadow, darker(look.base, 0.6), look.edge_width)


def _pattern(look: Look) -> list[Points]:
    marks = look.marks
    if look.pattern == "blaze":
        w = 0.16 + 0.1 * marks[0, 0]
        return [
            curve([(0, -1.1), (w, -0.3), (0.7, 0.5), (0.9, 3), (-0.9, 3), (-0.7, 0.5), (-w, -0.3)])
        ]
    if look.pattern == "cap":
        y = -0.3 + 0.25 * marks[0, 0]
        return [
            curve(
                [(-3, -3), (3, -3), (3, y), (0.5, y - 0.1), (0, y + 0.2), (-0.5, y - 0.1), (-3, y)]
            )
        ]
    if look.pattern == "patches":
        return [
            oval(1.1 * a, 1.3 * b - 0.1, 0.4 + 0.12 * c, 0.42 + 0.1 * d, c)
            for a, b, c, d in marks[:5]
        ]
    if look.pattern == "spots":
        return [oval(1.2 * a, 1.4 * b + 0.2, 0.11 + 0.03 * c, 0.12, d) for a, b, c, d in marks]
    if look.pattern == "stripes":
        return _stripes(marks)
    return []


def _stripes(marks: np.ndarray) -> list[Points]:
    """Return wedges that point inwards from both sides, and three on the forehead."""
    stripes: list[Points] = []
    for k, y in enumerate(np.arange(-1.4, 2.4, 0.36)):
        inner, droop = 0.62 + 0.12 * marks[k, 0], 0.12 * marks[k, 1]
        for side in (-1, 1):
            stripes.append(
                [(2.4 * side, y), (inner * side, y + 0.1 + droop), (2.4 * side, y + 0.2)]
            )
    for x in (-0.24, 0.0, 0.24):
        stripes.append([(x - 0.07, -1.2), (x + 0.07, -1.2), (x * 0.7, -0.42 + 0.1 * marks[15, 0])])
    return stripes


def upright(pose: Pose) -> Pose:
    """Return the pose of the body below a head: it hardly tilts and does not turn."""
    return replace(pose, tilt=0.25 * pose.tilt, yaw=0.0, nod=0.0)
