"""Where the drawings are drawn: outlines, a canvas, and a pen that knows the animal's pose.

Pillow draws without softening edges, so the canvas is larger than the picture and reduced at last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnn_course.data.drawings.colours import INK, Colour

if TYPE_CHECKING:
    from PIL import Image

Outline: TypeAlias = NDArray[np.float64]  # (points, 2): x to the right, y down
Points: TypeAlias = Sequence[tuple[float, float]] | Outline

SIDE: Final = 96  # a picture's side in the units that places in it are given in
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


def curve(points: Points) -> Outline:
    """Return a smooth closed outline through the points; a point given twice is a corner."""
    p = np.asarray(points, dtype=float)
    before, after = np.roll(p, 1, axis=0), np.roll(p, -1, axis=0)
    corner = (p == before).all(axis=1) | (p == after).all(axis=1)
    along = np.where(corner[:, None], 0, (after - before) / 2)
    kept = (p != after).any(axis=1)
    ends = np.stack([p, after, along, np.roll(along, -1, axis=0)])[:, kept]
    return np.einsum("sk,knc->nsc", _CUBIC, ends).reshape(-1, 2)


def bow(points: Points) -> Outline:
    """Return a smooth open line through the points."""
    p = np.asarray(points, dtype=float)
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


def points(text: str) -> Outline:
    """Return points from SVG's notation, `"x,y x,y"`."""
    return np.array([pair.split(",") for pair in text.split()], dtype=float)


def symmetric(right: str) -> Outline:
    """Return a smooth outline whose right half, from top to bottom, is given in SVG's notation."""
    return curve(both_halves(points(right)))


def both_halves(right: Points) -> list[tuple[float, float]]:
    """Return the right half of an outline, from top to bottom, with its mirror image."""
    half = [(float(x), float(y)) for x, y in right]
    return half + [(-x, y) for x, y in reversed(half) if x]


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
        p = np.asarray(points, dtype=float) + np.array([depth * self.yaw, depth * self.nod])
        p = p * (self.unit * self.stretch * self.facing, self.unit / self.stretch)
        return turn(p, self.tilt) + np.array([self.x, self.y])


class Canvas:
    """A picture in the making. Places are in picture units, `SIDE` to a side."""

    def __init__(self, size: int) -> None:
        """Make an empty canvas for a picture of `size` x `size` pixels."""
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

    def inlay(
        self,
        outline: Points,
        lit: "Image.Image",
        shaded: "Image.Image",
        shadow: tuple[float, float],
    ) -> None:
        """Fill an outline from a picture, and what lies in its shadow from a darker one."""
        from PIL import Image, ImageChops, ImageDraw  # noqa: PLC0415

        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon(self._flat(outline), fill=255)
        self.image.paste(shaded, mask=mask)
        dx, dy = (round(part * self.scale) for part in shadow)
        bright = ImageChops.darker(mask, ImageChops.offset(mask, dx, dy))
        self.image.paste(lit, mask=bright)

    def reduced(self, blur: float) -> "Image.Image":
        """Return the picture in its final size, blurred by a radius in picture units."""
        from PIL import ImageFilter  # noqa: PLC0415

        picture = self.image.reduce(_FINER)
        if blur > 0:
            radius = blur * self.scale / _FINER
            picture = picture.filter(ImageFilter.GaussianBlur(radius))
        return picture

    def _flat(self, points: Points) -> list[float]:
        flat: list[float] = (np.asarray(points, dtype=float) * self.scale).ravel().tolist()
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


class Pen:
    """Draws a thing in its own units: its centre is (0, 0), its radius about 1."""

    def __init__(self, canvas: Canvas, pose: Pose) -> None:
        """Make a pen for a thing in a pose."""
        self.canvas = canvas
        self.pose = pose

    def fill(self, outline: Points, colour: Colour, depth: float = 0.0) -> None:
        """Fill an outline with one colour."""
        self.canvas.fill(self.pose.place(outline, depth), colour)

    def line(
        self, points: Points, colour: Colour = INK, width: float = 0.05, depth: float = 0.0
    ) -> None:
        """Draw a line of a width in the thing's units."""
        self.canvas.line(self.pose.place(points, depth), width * self.pose.unit, colour)


class FurPen(Pen):
    """Draws an animal: the head's centre is (0, 0), its radius about 1."""

    def __init__(self, canvas: Canvas, pose: Pose, fur: Fur) -> None:
        """Make a pen for an animal in a pose, with its fur at hand."""
        super().__init__(canvas, pose)
        self.fur = fur

    def coat(self, outline: Points, depth: float = 0.0) -> None:
        """Fill an outline with fur: pattern, shadow and edge."""
        placed = self.pose.place(outline, depth)
        fur = self.fur
        self.canvas.inlay(placed, fur.lit, fur.shaded, fur.shadow)
        if fur.edge_width:
            closed = np.concatenate([placed, placed[:2]])
            self.canvas.line(closed, fur.edge_width * self.pose.unit, fur.edge)
