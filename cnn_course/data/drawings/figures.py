"""Animals that one knows by their whole figures."""

from typing import Final

from numpy.random import Generator

from cnn_course.data.drawings.canvas import FurPen, bow, curve, oval, points, symmetric
from cnn_course.data.drawings.colours import INK, WHITE, Colour, darker, mix
from cnn_course.data.drawings.looks import Look
from cnn_course.data.drawings.parts import SIDES, both, closed_eye, gleam

_BEAK: Final[Colour] = (240, 170, 62)

_OWL: Final = symmetric("0,-0.72 0.5,-0.76 0.86,-1.2 0.86,-1.2 0.98,-0.3 1.02,0.7 0.7,1.5 0,1.7")
_BIRD: Final = curve(
    points(
        "0.55,-1.05 0.98,-0.78 1.08,-0.4 0.98,0.2 0.5,0.82 "
        "-0.2,0.9 -0.85,0.5 -0.95,0.1 -0.4,-0.2 0.1,-0.75"
    )
)
_BIRD_BREAST: Final = curve(points("0.96,-0.1 0.94,0.2 0.5,0.76 -0.1,0.82 0.3,0.4 0.7,0.0"))
_FISH: Final = curve(
    points(
        "1.3,0.02 0.95,-0.42 0.3,-0.68 -0.4,-0.5 -1.0,-0.1 -1.0,0.12 -0.4,0.5 0.3,0.66 0.95,0.42"
    )
)
_FISH_SCALES: Final = points(
    "0.15,-0.25 0.15,0.15 -0.15,-0.05 -0.15,0.33 -0.45,-0.22 -0.45,0.15 -0.15,-0.4"
)


def owl(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw an owl: two great discs around the eyes, a small beak, feathers on the breast."""
    for toes in both([(0.22, 1.66), (0.38, 1.7), (0.54, 1.62)]):
        for x, y in toes:
            pen.fill(oval(x, y, 0.09, 0.15), _BEAK)
    pen.coat(_OWL)
    pen.fill(oval(0, 0.95, 0.64, 0.62), look.light, 0.2)
    for y, row in (
        (0.68, (-0.3, 0, 0.3)),
        (0.95, (-0.42, -0.14, 0.14, 0.42)),
        (1.22, (-0.28, 0, 0.28)),
    ):
        for x in row:
            pen.line(
                bow([(x - 0.1, y), (x, y + 0.1), (x + 0.1, y)]),
                darker(look.light, 0.45),
                0.045,
                0.2,
            )
    for wing in both([(0.82, 0.1), (1.14, 0.5), (1.0, 1.3), (0.78, 0.8)]):
        pen.coat(curve(wing))
    size = rng.uniform(0.4, 0.46)
    for side in SIDES:
        pen.fill(oval(0.43 * side, -0.22, size, size), look.light, 0.3)
        if look.asleep:
            closed_eye(pen, look, 0.43 * side, -0.22, 0.25)
            continue
        pen.fill(oval(0.43 * side, -0.22, 0.29, 0.29), look.eye, 0.4)
        pen.fill(oval(0.43 * side + 0.06 * look.gaze, -0.22, 0.17, 0.17), INK, 0.4)
        gleam(pen, 0.43 * side, -0.22, 0.24)
    pen.fill(curve([(-0.12, 0.02), (0.12, 0.02), (0, 0.32), (0, 0.32)]), _BEAK, 0.6)


def bird(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a bird from the side: beak, wing, tail and two thin legs."""
    for x in (-0.05, 0.3):
        pen.line([(x, 0.8), (x + 0.02, 1.35)], _BEAK, 0.07)
        pen.line([(x - 0.1, 1.38), (x + 0.02, 1.33), (x + 0.18, 1.38)], _BEAK, 0.07)
    rise = rng.uniform(-0.3, 0.25)
    pen.coat(
        curve(
            [
                (-0.7, 0.0),
                (-1.75, rise - 0.2),
                (-1.75, rise - 0.2),
                (-1.7, rise + 0.2),
                (-1.7, rise + 0.2),
                (-0.6, 0.5),
            ]
        )
    )
    open_by = 0.12 if look.merry else 0.0
    reach = rng.uniform(1.5, 1.8)
    pen.fill([(0.98, -0.62), (reach, -0.44 - open_by), (1.0, -0.38)], _BEAK)
    pen.fill([(1.0, -0.42), (reach - 0.1, -0.36 + open_by), (0.92, -0.25)], darker(_BEAK, 0.25))
    pen.coat(_BIRD)
    pen.fill(_BIRD_BREAST, look.light)
    lift = rng.uniform(-0.35, 0.1)
    wing = [
        (0.25, -0.05),
        (0.3, 0.3),
        (-0.3, 0.56),
        (-1.1, 0.4 + lift),
        (-1.1, 0.4 + lift),
        (-0.4, 0.0),
    ]
    pen.fill(curve(wing), darker(mix(look.second, look.base, 0.3), 0.15))
    pen.line(bow([(0.1, 0.26), (-0.4, 0.38), (-0.8, 0.34 + lift)]), look.ink, 0.04)
    if look.asleep:
        closed_eye(pen, look, 0.62, -0.6, 0.15)
        return
    pen.fill(oval(0.62, -0.6, 0.17, 0.17), look.eye)
    pen.fill(oval(0.64, -0.6, 0.11, 0.11), INK)
    gleam(pen, 0.62, -0.6, 0.15)


def fish(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a fish from the side: fins, a forked tail, a gill and scales."""
    fin = darker(mix(look.second, look.base, 0.3), 0.1)
    spread = rng.uniform(0.6, 0.85)
    tail = [
        (-0.8, 0),
        (-1.75, -spread),
        (-1.75, -spread),
        (-1.42, 0),
        (-1.75, spread),
        (-1.75, spread),
    ]
    pen.fill(curve(tail), fin)
    high = rng.uniform(-1.15, -0.9)
    pen.fill(
        curve([(0.45, -0.55), (0.1, high), (-0.55, high + 0.1), (-0.55, high + 0.1), (-0.5, -0.4)]),
        fin,
    )
    pen.fill(curve([(0.2, 0.55), (-0.15, 1.0), (-0.4, 0.95), (-0.25, 0.5)]), fin)
    pen.coat(_FISH)
    edge = darker(look.base, 0.4)
    pen.line(bow([(0.6, -0.45), (0.42, 0.0), (0.6, 0.45)]), edge, 0.06)
    for x, y in _FISH_SCALES:
        pen.line(bow([(x + 0.08, y - 0.13), (x - 0.06, y), (x + 0.08, y + 0.13)]), edge, 0.045)
    pen.fill(curve([(0.3, 0.12), (-0.15, 0.1), (-0.2, 0.42), (0.1, 0.36)]), fin)
    pen.line(bow([(1.28, 0.1), (1.1, 0.18), (1.0, 0.14)]), edge, 0.06)
    if look.asleep:
        closed_eye(pen, look, 0.88, -0.12, 0.15)
        return
    pen.fill(oval(0.88, -0.14, 0.19, 0.19), WHITE)
    pen.fill(oval(0.9 + 0.03 * look.gaze, -0.14, 0.12, 0.12), INK)
    gleam(pen, 0.9, -0.14, 0.15)
