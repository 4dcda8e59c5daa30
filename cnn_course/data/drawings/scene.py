"""The scene: the look of the animal, background, clutter, light, blur and noise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cnn_course.data.drawings.canvas import (
    SIDE,
    SIDES,
    Canvas,
    Colour,
    Fur,
    Outline,
    Pen,
    Pose,
    any_colour,
    any_colour_unlike,
    bow,
    curve,
    darker,
    distance,
    lighter,
    mix,
    oval,
    turn,
)

Background: TypeAlias = Callable[[Canvas, Generator, Colour], None]
Thing: TypeAlias = Callable[[Pen, Generator, Colour], None]

_PINK: Final = (236, 158, 160)
_COATS: Final = (
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
_EYES: Final = (
    (150, 184, 82),  # green
    (226, 170, 58),  # amber
    (104, 160, 206),  # blue
    (152, 96, 54),  # brown
)
_NOSES: Final = ((58, 44, 46), (110, 68, 60), (206, 116, 118))
_PATTERNS: Final = ("plain", "plain", "blaze", "patches", "spots", "stripes", "cap")


@dataclass(frozen=True)
class Look:
    """What animals of every kind share in one scene.

    Attributes:
        pose: place, size, tilt and turn.
        base, second: the colours of the coat, laid out by `pattern` and its random `marks`, numbers
            in [-1, 1) of shape (16, 4).
        light, skin: the colours of muzzles and bellies, of inner ears, snouts and bare faces.
        edge_width, shadow: of the outlines, and where the shadow falls; as `Fur` has them.
        asleep, merry: whether the eyes are closed, and the mouth is open.
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
    base, second = _any_coat(rng), _any_coat(rng)
    if distance(base, second) < 150:
        second = lighter(base, 0.7) if sum(base) < 450 else darker(base, 0.5)
    angle = rng.uniform(0, 2 * np.pi)
    return Look(
        pose=_any_pose(rng),
        base=base,
        second=second,
        light=lighter(mix(base, second, 0.3), rng.uniform(0.2, 0.8)),
        skin=mix(_PINK, base, rng.uniform(0.1, 0.45)),
        eye=_EYES[rng.integers(len(_EYES))],
        nose=_NOSES[rng.integers(len(_NOSES))],
        pattern=_PATTERNS[rng.integers(len(_PATTERNS))],
        marks=rng.uniform(-1, 1, (16, 4)),
        edge_width=float(rng.choice([0.0, 0.045, 0.065])),
        shadow=(float(2.4 * np.cos(angle)), float(-abs(2.4 * np.sin(angle)))),
        asleep=bool(rng.uniform() < 0.1),
        merry=bool(rng.uniform() < 0.4),
        gaze=float(rng.uniform(-1, 1)),
    )


def _any_coat(rng: Generator) -> Colour:
    """Return a colour of fur, a little different each time."""
    base = _COATS[rng.integers(len(_COATS))]
    other = _COATS[rng.integers(len(_COATS))]
    return mix(base, other, float(rng.uniform(0, 0.25)))


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


def _pattern(look: Look) -> list[Outline]:
    marks = look.marks
    if look.pattern == "blaze":
        w = 0.16 + 0.1 * marks[0, 0]
        return [curve(f"0,-1.1 {w},-0.3 0.7,0.5 0.9,3 -0.9,3 -0.7,0.5 {-w},-0.3")]
    if look.pattern == "cap":
        y = -0.3 + 0.25 * marks[0, 0]
        return [curve(f"-3,-3 3,-3 3,{y} 0.5,{y - 0.1} 0,{y + 0.2} -0.5,{y - 0.1} -3,{y}")]
    if look.pattern == "patches":
        return [
            oval(1.1 * a, 1.3 * b - 0.1, 0.4 + 0.12 * c, 0.42 + 0.1 * d, c)
            for a, b, c, d in marks[:5]
        ]
    if look.pattern == "spots":
        return [oval(1.2 * a, 1.4 * b + 0.2, 0.11 + 0.03 * c, 0.12, d) for a, b, c, d in marks]
    return _stripes(marks) if look.pattern == "stripes" else []


def _stripes(marks: np.ndarray) -> list[Outline]:
    """Return wedges that point inwards from both sides, and three on the forehead."""
    stripes = []
    for k, y in enumerate(np.arange(-1.4, 2.4, 0.36)):
        inner, droop = 0.62 + 0.12 * marks[k, 0], 0.12 * marks[k, 1]
        for side in SIDES:
            end = (inner * side, y + 0.1 + droop)
            stripes.append(np.array([(2.4 * side, y), end, (2.4 * side, y + 0.2)]))
    for x in (-0.24, 0.0, 0.24):
        end = (x * 0.7, -0.42 + 0.1 * marks[15, 0])
        stripes.append(np.array([(x - 0.07, -1.2), (x + 0.07, -1.2), end]))
    return stripes


def paint_background(canvas: Canvas, rng: Generator, coat: Colour) -> None:
    """Paint one of several backgrounds, in colours that a coat stands out from."""
    colour = any_colour_unlike(rng, coat)
    _BACKGROUNDS[rng.integers(len(_BACKGROUNDS))](canvas, rng, colour)


def strew(canvas: Canvas, rng: Generator, count: int, sizes: tuple[float, float]) -> None:
    """Strew things over the picture, each of a size from a range in picture units."""
    for _ in range(count):
        thing = _THINGS[rng.integers(len(_THINGS))]
        x, y = rng.uniform(0, SIDE, 2)
        pose = Pose(x, y, unit=rng.uniform(*sizes), tilt=rng.uniform(-0.8, 0.8))
        thing(Pen(canvas, pose), rng, any_colour(rng, 0.75))


def develop(canvas: Canvas, rng: Generator) -> NDArray[np.uint8]:
    """Return the finished picture: reduced, perhaps blurred, lit from one side, with noise."""
    blur = rng.uniform(0.4, 0.9) if rng.uniform() < 0.3 else 0.0
    picture = np.asarray(canvas.reduced(blur), dtype=np.float32)
    across, down = rng.uniform(-0.16, 0.16, 2)
    ramp = np.linspace(-1, 1, len(picture), dtype=np.float32)
    light = 1 + np.float32(across) * ramp[None, :] + np.float32(down) * ramp[:, None]
    tint = rng.uniform(0.95, 1.05, 3) * rng.uniform(0.86, 1.12)
    contrast = np.float32(rng.uniform(0.86, 1.1))
    picture = (picture - 128) * contrast + 128
    picture = picture * light[..., None] * tint.astype(np.float32)
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    picture += noise * np.float32(rng.uniform(0, 7))
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _plain(canvas: Canvas, rng: Generator, colour: Colour) -> None:
    canvas.flood(colour)


def _gradient(canvas: Canvas, rng: Generator, colour: Colour) -> None:
    other, bands = mix(colour, any_colour(rng), 0.6), 24
    for k in range(bands):
        top = SIDE * k / bands
        canvas.fill(_box(0, top, SIDE, SIDE), mix(colour, other, k / (bands - 1)))


def _blobs(canvas: Canvas, rng: Generator, colour: Colour) -> None:
    canvas.flood(colour)
    for x, y, size in rng.uniform(0, 1, (12, 3)):
        shade = mix(colour, any_colour(rng), 0.35)
        canvas.fill(oval(SIDE * x, SIDE * y, 5 + 15 * size, 5 + 15 * size), shade)


def _meadow(canvas: Canvas, rng: Generator, colour: Colour) -> None:
    sky = mix(colour, (150, 200, 236), 0.6)
    canvas.flood(sky)
    x, y = rng.uniform(5, 91), rng.uniform(4, 30)
    canvas.fill(oval(x, y, 7, 7), mix((255, 226, 120), sky, 0.2))
    for x, y, size in rng.uniform(0, 1, (2, 3)):
        for dx in (-6, 0, 6):
            canvas.fill(oval(SIDE * x + dx, 35 * y, 7, 3 + 2 * size), lighter(sky, 0.7))
    far, near = mix(colour, (120, 170, 110), 0.75), mix(colour, (96, 150, 84), 0.75)
    for base, hill in ((rng.uniform(45, 62), far), (rng.uniform(60, 76), near)):
        heights = base + rng.uniform(-6, 6, 5)
        ridge = bow([(SIDE * k / 4, height) for k, height in enumerate(heights)])
        canvas.fill(np.concatenate([ridge, [(SIDE, SIDE), (0, SIDE)]]), hill)


def _room(canvas: Canvas, rng: Generator, colour: Colour) -> None:
    canvas.flood(colour)
    floor = rng.uniform(60, 80)
    canvas.fill(_box(0, floor, SIDE, SIDE), mix(colour, (150, 108, 76), 0.6))
    canvas.fill(_box(0, floor - 3, SIDE, floor), lighter(colour, 0.6))
    x, y = rng.uniform(0, 66), rng.uniform(2, 24)
    wide, high = rng.uniform(16, 34, 2)
    canvas.fill(_box(x - 2, y - 2, x + wide + 2, y + high + 2), darker(colour, 0.35))
    canvas.fill(_box(x, y, x + wide, y + high), any_colour(rng))
    if rng.uniform() < 0.5:  # a window rather than a painting
        canvas.line([(x + wide / 2, y), (x + wide / 2, y + high)], 1.6, darker(colour, 0.35))
        canvas.line([(x, y + high / 2), (x + wide, y + high / 2)], 1.6, darker(colour, 0.35))


def _bands(canvas: Canvas, rng: Generator, colour: Colour) -> None:
    canvas.flood(colour)
    other = mix(colour, any_colour(rng), 0.35)
    angle, width = rng.uniform(0, np.pi), rng.uniform(4, 10)
    for offset in np.arange(-80, 80, 2 * width):
        canvas.fill(turn(np.array(_box(-80, offset, 80, offset + width)), angle) + 48, other)


def _dots(canvas: Canvas, rng: Generator, colour: Colour) -> None:
    canvas.flood(colour)
    other, step = lighter(colour, 0.35), rng.uniform(11, 18)
    for row, y in enumerate(np.arange(0, SIDE + step, step)):
        for x in np.arange(step / 2 * (row % 2), SIDE + step, step):
            canvas.fill(oval(x, y, step / 5, step / 5)[::2], other)


def _hangings(canvas: Canvas, rng: Generator, colour: Colour) -> None:
    """Paint peaks below and drops above, whose outlines are like ears of many kinds."""
    canvas.flood(colour)
    for x in np.arange(rng.uniform(-20, 0), SIDE, rng.uniform(18, 30)):
        shade = mix(colour, any_colour(rng), 0.4)
        top, wide = rng.uniform(30, 70), rng.uniform(9, 18)
        canvas.fill([(x - wide, SIDE), (x, top), (x + wide, SIDE)], shade)
        low = rng.uniform(8, 34)
        canvas.fill(oval(x + wide, 0, 0.6 * wide, low), mix(colour, shade, 0.7))


def _leaf(pen: Pen, rng: Generator, colour: Colour) -> None:
    green = mix(colour, (96, 148, 84), 0.5)
    pen.fill(curve([(-1, 0), (-1, 0), (0, -0.42), (1, 0), (1, 0), (0, 0.42)]), green)
    pen.line([(-1.2, 0), (0.8, 0)], darker(green, 0.3), 0.08)


def _ball(pen: Pen, rng: Generator, colour: Colour) -> None:
    pen.fill(oval(0, 0, 0.75, 0.75), colour)
    pen.line(oval(0, 0, 0.75, 0.26), lighter(colour, 0.6), 0.1)


def _bar(pen: Pen, rng: Generator, colour: Colour) -> None:
    pen.fill(_box(-3.5, -0.14, 3.5, 0.14), colour)


def _grass(pen: Pen, rng: Generator, colour: Colour) -> None:
    green = mix(colour, (92, 150, 80), 0.6)
    for lean in rng.uniform(-0.7, 0.7, 5):
        tip, root = (1.3 * lean, abs(lean) - 1.2), 0.5 * lean
        pen.fill([(root - 0.1, 0.5), tip, (root + 0.12, 0.5)], green)


def _writing(pen: Pen, rng: Generator, colour: Colour) -> None:
    for left, length in zip(np.arange(-1.4, 1.4, 0.7), rng.uniform(0.2, 0.6, (4, 2)), strict=True):
        for y, wide in zip((-0.25, 0.25), length, strict=True):
            pen.line([(left, y), (left + wide, y)], darker(colour, 0.6), 0.11)


def _parcel(pen: Pen, rng: Generator, colour: Colour) -> None:
    pen.fill(_box(-0.65, -0.65, 0.65, 0.65), colour)
    pen.line([(0, -0.65), (0, 0.65)], lighter(colour, 0.5), 0.2)


def _flower(pen: Pen, rng: Generator, colour: Colour) -> None:
    for angle in np.arange(5) * 2 * np.pi / 5:
        petal = oval(0.42 * np.cos(angle), 0.42 * np.sin(angle), 0.32, 0.32)
        pen.fill(petal, lighter(colour, 0.25))
    pen.fill(oval(0, 0, 0.26, 0.26), (246, 208, 110))


def _flag(pen: Pen, rng: Generator, colour: Colour) -> None:
    pen.fill([(-0.7, 0.6), (0.0, -0.9), (0.7, 0.6)], colour)


def _cushion(pen: Pen, rng: Generator, colour: Colour) -> None:
    pen.fill(oval(0, 0, 0.45, 1), colour)


def _box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


_BACKGROUNDS: Final[tuple[Background, ...]] = (
    *(_plain, _gradient, _blobs, _meadow),
    *(_room, _bands, _dots, _hangings),
)
_THINGS: Final[tuple[Thing, ...]] = (
    *(_leaf, _ball, _bar, _grass, _writing),
    *(_parcel, _flower, _flag, _cushion),
)
