"""What the drawings are made with: colours, outlines, a canvas, and pens that know a pose.

Pillow draws without softening edges, so the canvas is larger than the picture and reduced at last.
"""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

Colour: TypeAlias = tuple[int, int, int]
Outline: TypeAlias = NDArray[np.float64]  # (points, 2): x to the right, y down
# Points may also be given in SVG's notation, "x,y x,y".
Points: TypeAlias = Sequence[tuple[float, float]] | Outline | str

WHITE: Final = (252, 250, 246)
INK: Final = (38, 32, 36)
SIDES: Final = (-1, 1)
SIDE: Final = 96  # a picture's side in the units that places in it are given in
_FAR: Final = 210  # a distance between colours that can be told apart at a glance
_FINER: Final = 2  # canvas pixels per picture pixel
_STEPS: Final = np.linspace(0, 1, 6, endpoint=False)
# Hermite's cubic: the weights of both ends, then of the directions there.
_CUBIC: Final = np.stack(
    [
        1 - 3 * _STEPS**2 + 2 * _STEPS**3,
        3 * _STEPS**2 - 2 * _STEPS**3,
        _STEPS - 2 * _STEPS**2 + _STEPS**3,
        _STEPS**3 - _STEPS**2,
    ],
    axis=1,
)
_ANGLES: Final = np.linspace(0, 2 * np.pi, 28, endpoint=False)
_CIRCLE: Final = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


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


def as_points(points: Points) -> Outline:
    """Return points as an array of shape (points, 2)."""
    if isinstance(points, str):
        return np.array([pair.split(",") for pair in points.split()], dtype=float)
    return np.asarray(points, dtype=float)


def curve(points: Points) -> Outline:
    """Return a smooth closed outline through the points; a point given twice is a corner."""
    p = as_points(points)
    before, after = np.roll(p, 1, axis=0), np.roll(p, -1, axis=0)
    corner = (p == before).all(axis=1) | (p == after).all(axis=1)
    along = np.where(corner[:, None], 0, (after - before) / 2)
    kept = (p != after).any(axis=1)
    ends = np.stack([p, after, along, np.roll(along, -1, axis=0)])[:, kept]
    return np.einsum("sk,knc->nsc", _CUBIC, ends).reshape(-1, 2)


def bow(points: Points) -> Outline:
    """Return a smooth open line through the points."""
    p = as_points(points)
    along = np.gradient(p, axis=0)
    ends = np.stack([p[:-1], p[1:], along[:-1], along[1:]])
    bent = np.einsum("sk,knc->nsc", _CUBIC, ends).reshape(-1, 2)
    return np.concatenate([bent, p[-1:]])


def oval(x: float, y: float, rx: float, ry: float, turned: float = 0.0) -> Outline:
    """Return an ellipse around (x, y), turned by an angle in radians."""
    return turn(_CIRCLE * (rx, ry), turned) + np.array([x, y])


def turn(points: Outline, angle: float) -> Outline:
    """Return the points turned clockwise about the origin by an angle in radians."""
    if not angle:
        return points
    cosine, sine = np.cos(angle), np.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def symmetric(right: Points) -> Outline:
    """Return a smooth outline whose right half, from top to bottom, is given."""
    half = as_points(right)
    return curve(np.concatenate([half, [(-x, y) for x, y in half[::-1] if x]]))


def both(outline: Points) -> list[Outline]:
    """Return the mirror image, for the left, of an outline of the right side, and the outline."""
    return [as_points(outline) * (side, 1) for side in SIDES]


@dataclass(frozen=True)
class Pose:
    """Where an animal is and how it holds its head.

    Attributes:
        x, y: the centre of the head, in picture units.
        unit: half a head's width, in picture units.
        tilt: radians, clockwise.
        yaw, nod: how far what is one unit in front of the head moves to the side and down.
        stretch: width over height.
        facing: 1, or -1 for the mirror image.
    """

    x: float
    y: float
    unit: float
    tilt: float = 0.0
    yaw: float = 0.0
    nod: float = 0.0
    stretch: float = 1.0
    facing: int = 1

    def place(self, points: Points, depth: float) -> Outline:
        """Return points of the animal as points of the picture, `depth` in front of the head."""
        p = as_points(points) + np.array([depth * self.yaw, depth * self.nod])
        p = p * (self.unit * self.stretch * self.facing, self.unit / self.stretch)
        return turn(p, self.tilt) + np.array([self.x, self.y])


class Canvas:
    """A picture in the making, empty at first. Places are in picture units, `SIDE` to a side."""

    def __init__(self, size: int) -> None:
        from PIL import Image, ImageDraw  # noqa: PLC0415

        self.size = size
        self.scale = size * _FINER / SIDE
        self.image = Image.new("RGB", (size * _FINER, size * _FINER))
        self._draw = ImageDraw.Draw(self.image)

    def flood(self, colour: Colour) -> None:
        """Give the whole canvas one colour."""
        self.image.paste(colour, (0, 0, *self.image.size))

    def fill(self, outline: Points, colour: Colour) -> None:
        """Fill an outline."""
        self._draw.polygon(self._flat(outline), fill=colour)

    def line(self, points: Points, width: float, colour: Colour) -> None:
        """Draw a line of a width in picture units."""
        pixels = max(1, round(width * self.scale))
        self._draw.line(self._flat(points), fill=colour, width=pixels, joint="curve")

    def inlay(self, outline: Points, fur: "Fur") -> None:
        """Fill an outline with fur, and what lies in its shadow with the darker one."""
        from PIL import Image, ImageChops, ImageDraw  # noqa: PLC0415

        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon(self._flat(outline), fill=255)
        self.image.paste(fur.shaded, mask=mask)
        dx, dy = (round(part * self.scale) for part in fur.shadow)
        bright = ImageChops.darker(mask, ImageChops.offset(mask, dx, dy))
        self.image.paste(fur.lit, mask=bright)

    def reduced(self, blur: float) -> "Image.Image":
        """Return the picture in its final size, blurred by a radius in picture units."""
        from PIL import ImageFilter  # noqa: PLC0415

        picture = self.image.reduce(_FINER)
        if blur > 0:
            picture = picture.filter(ImageFilter.GaussianBlur(blur * self.scale / _FINER))
        return picture

    def _flat(self, points: Points) -> list[float]:
        flat: list[float] = (as_points(points) * self.scale).ravel().tolist()
        return flat


@dataclass(frozen=True)
class Fur:
    """A coat as two pictures as large as the canvas, in the light and in the shadow.

    Attributes:
        lit, shaded: the two pictures.
        shadow: where the shadow falls from the light, in picture units.
        edge: the colour of outlines.
        edge_width: in the animal's units; 0 draws none.
    """

    lit: "Image.Image"
    shaded: "Image.Image"
    shadow: tuple[float, float]
    edge: Colour
    edge_width: float


@dataclass(frozen=True)
class Pen:
    """Draws a thing in its own units: its centre is (0, 0), its radius about 1."""

    canvas: Canvas
    pose: Pose

    def fill(self, outline: Points, colour: Colour, depth: float = 0.0) -> None:
        """Fill an outline with one colour."""
        self.canvas.fill(self.pose.place(outline, depth), colour)

    def ovals(
        self,
        centre: tuple[float, float],
        radii: tuple[float, float],
        colour: Colour,
        depth: float = 0.0,
    ) -> None:
        """Fill the mirror image of an ellipse of the right side, and then the ellipse."""
        for side in SIDES:
            self.fill(oval(side * centre[0], centre[1], *radii), colour, depth)

    def line(
        self, points: Points, colour: Colour = INK, width: float = 0.05, depth: float = 0.0
    ) -> None:
        """Draw a line of a width in the thing's units."""
        self.canvas.line(self.pose.place(points, depth), width * self.pose.unit, colour)


@dataclass(frozen=True)
class FurPen(Pen):
    """Draws an animal: the head's centre is (0, 0), its radius about 1."""

    fur: Fur

    def coat(self, outline: Points, depth: float = 0.0) -> None:
        """Fill an outline with fur: pattern, shadow and edge."""
        placed = self.pose.place(outline, depth)
        self.canvas.inlay(placed, self.fur)
        if self.fur.edge_width:
            closed = np.concatenate([placed, placed[:2]])
            self.canvas.line(closed, self.fur.edge_width * self.pose.unit, self.fur.edge)
