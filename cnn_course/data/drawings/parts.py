"""Parts that several animals have: a body, eyes, a mouth, whiskers."""

from typing import Final

from cnn_course.data.drawings.canvas import FurPen, Pen, Points, bow, curve, oval, symmetric
from cnn_course.data.drawings.colours import INK, TONGUE, WHITE, Colour, darker
from cnn_course.data.drawings.looks import Look, upright

SIDES: Final = (-1, 1)
_TORSO: Final = symmetric("0,0.3 0.5,0.55 0.86,1.3 0.98,2.1 0.6,2.5 0,2.55")


def body(pen: FurPen, look: Look) -> None:
    """Draw what sits below a head: shoulders, a lighter chest, two paws."""
    torso = FurPen(pen.canvas, upright(pen.pose), pen.fur)
    torso.coat(_TORSO)
    torso.fill(oval(0, 1.55, 0.42, 0.62), look.light)
    for side in SIDES:
        torso.coat(oval(0.45 * side, 2.42, 0.34, 0.22))


def both(outline: Points) -> list[list[tuple[float, float]]]:
    """Return an outline of the right side, and its mirror image for the left."""
    return [[(side * x, y) for x, y in outline] for side in SIDES]


def round_eyes(
    pen: Pen, look: Look, x: float, y: float, size: float, *, iris: Colour | None = None
) -> None:
    """Draw round eyes: dark, or with an iris of some colour."""
    for side in SIDES:
        if look.asleep:
            closed_eye(pen, look, side * x, y, size * 1.2)
            continue
        centre = side * x
        if iris is not None:
            pen.fill(oval(centre, y, size * 1.22, size * 1.22), darker(look.base, 0.65), 0.4)
            pen.fill(oval(centre, y, size * 1.08, size * 1.08), iris, 0.4)
            pen.fill(oval(centre + 0.2 * size * look.gaze, y, size * 0.72, size * 0.74), INK, 0.4)
        else:
            pen.fill(oval(centre, y, size, size * 1.12), INK, 0.4)
        gleam(pen, centre, y, size)


def slit_eyes(
    pen: Pen, look: Look, x: float, y: float, size: float, *, slant: float, slit: float
) -> None:
    """Draw almond eyes with upright pupils, their outer corners raised by `slant`."""
    for side in SIDES:
        if look.asleep:
            closed_eye(pen, look, side * x, y, size * 1.1)
            continue
        inner, outer = (x - 1.2 * size, y + slant), (x + 1.25 * size, y - slant)
        almond = [
            inner,
            inner,
            (x, y - 0.95 * size),
            outer,
            outer,
            (x + 0.1 * size, y + 0.9 * size),
        ]
        for grown, colour in ((1.16, darker(look.base, 0.65)), (1.0, look.eye)):
            lid = [(side * (x + grown * (px - x)), y + grown * (py - y)) for px, py in almond]
            pen.fill(curve(lid), colour, 0.4)
        pupil = side * x + 0.2 * size * look.gaze
        pen.fill(oval(pupil, y, size * slit, size * 0.86), INK, 0.4)
        gleam(pen, side * x, y, size)


def closed_eye(pen: Pen, look: Look, x: float, y: float, size: float) -> None:
    """Draw the eye of an animal that sleeps."""
    pen.line(bow([(x - size, y), (x, y + 0.5 * size), (x + size, y)]), look.ink, 0.06, 0.4)


def gleam(pen: Pen, x: float, y: float, size: float) -> None:
    """Draw the small reflection that makes an eye alive."""
    pen.fill(oval(x - 0.3 * size, y - 0.36 * size, 0.27 * size, 0.27 * size), WHITE, 0.4)


def mouth(pen: Pen, look: Look, y: float, width: float, tongue: float = 0.0) -> None:
    """Draw a mouth below a nose at `y`: a line down, two bows, perhaps a tongue of some length."""
    depth, low = 0.7, y + 0.6 * width
    ink = darker(look.light, 0.72)
    if tongue:
        half = [(0.42 * width, low - 0.05), (0.46 * width, low + 0.6 * tongue), (0, low + tongue)]
        pen.fill(
            curve([(-0.42 * width, low - 0.05), *half, (-0.46 * width, low + 0.6 * tongue)]),
            TONGUE,
            depth,
        )
        pen.line([(0, low), (0, low + 0.6 * tongue)], darker(TONGUE, 0.3), 0.04, depth)
    pen.line([(0, y), (0, low)], ink, 0.05, depth)
    for side in SIDES:
        bent = [
            (0, low),
            (0.45 * width * side, low + 0.2 * width),
            (width * side, low - 0.15 * width),
        ]
        pen.line(bow(bent), ink, 0.05, depth)


def whiskers(pen: Pen, look: Look, x: float, y: float, length: float) -> None:
    """Draw three whiskers on each side."""
    colour = WHITE if sum(look.base) < 400 else darker(look.base, 0.55)
    for side in SIDES:
        for k in (-1, 0, 1):
            ends = [(side * x, y + 0.09 * k), (side * (x + length), y + 0.2 * k - 0.04)]
            pen.line(ends, colour, 0.03, 0.6)


def cheeks(pen: Pen, look: Look, x: float, y: float) -> None:
    """Draw rosy cheeks."""
    for side in SIDES:
        pen.fill(oval(side * x, y, 0.16, 0.11), look.skin, 0.35)
