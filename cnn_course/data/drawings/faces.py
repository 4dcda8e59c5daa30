"""Animals that one knows by their faces."""

from typing import Final

import numpy as np
from numpy.random import Generator

from cnn_course.data.drawings.canvas import FurPen, both_halves, bow, curve, oval, symmetric
from cnn_course.data.drawings.colours import INK, WHITE, darker, lighter, mix
from cnn_course.data.drawings.looks import Look
from cnn_course.data.drawings.parts import (
    SIDES,
    body,
    both,
    cheeks,
    closed_eye,
    mouth,
    round_eyes,
    slit_eyes,
    whiskers,
)

_RABBIT_HEAD: Final = symmetric("0,-0.86 0.6,-0.66 0.84,0.0 0.88,0.45 0.5,0.84 0,0.9")
_MOUSE_HEAD: Final = symmetric("0,-0.78 0.55,-0.65 0.8,-0.1 0.5,0.5 0.16,0.84 0,0.88")
_MONKEY_FACE: Final = symmetric("0,-0.36 0.34,-0.54 0.66,-0.18 0.5,0.2 0.66,0.5 0.36,0.86 0,0.92")
_FROG_HEAD: Final = symmetric("0,-0.56 0.5,-0.55 1.05,-0.1 1.22,0.28 0.8,0.7 0,0.82")
_LION_HEAD: Final = symmetric("0,-0.8 0.58,-0.7 0.84,-0.1 0.66,0.5 0.36,0.86 0,0.92")
_ELEPHANT_HEAD: Final = symmetric("0,-0.92 0.6,-0.78 0.86,-0.2 0.7,0.4 0.4,0.66 0,0.7")


def bear(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a bear: a round head with small round ears."""
    body(pen, look)
    size = rng.uniform(0.32, 0.4)
    for side in SIDES:
        pen.coat(oval(0.74 * side, -0.72, size, size), -0.15)
        pen.fill(oval(0.74 * side, -0.7, 0.55 * size, 0.55 * size), look.skin, -0.15)
    pen.coat(oval(0, 0, 1.05, 0.94))
    round_eyes(pen, look, 0.38, -0.14, rng.uniform(0.1, 0.13))
    pen.fill(oval(0, 0.4, rng.uniform(0.4, 0.46), 0.35), look.light, 0.6)
    mouth(pen, look, 0.36, 0.2, 0.2 if look.merry else 0.0)
    pen.fill(oval(0, 0.26, 0.19, 0.13), look.nose, 0.75)


def rabbit(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a rabbit: two very long ears, sometimes one of them bent, and two teeth."""
    body(pen, look)
    bent = rng.uniform() < 0.3
    long = rng.uniform(1.2, 1.45)
    for side in SIDES:
        lean = rng.uniform(0.05, 0.3) * side
        x, y = 0.4 * side + 0.5 * long * lean, -0.7 - 0.45 * long
        pen.coat(oval(x, y, 0.25, 0.58 * long, lean), -0.15)
        pen.fill(oval(x, y + 0.05, 0.13, 0.44 * long, lean), look.skin, -0.15)
        if bent and side > 0:
            tip = [
                (x - 0.2, y - 0.28),
                (x + 0.22, y - 0.55),
                (x + 0.75, y - 0.1),
                (x + 0.5, y + 0.1),
            ]
            pen.coat(curve(tip), -0.15)
    pen.coat(_RABBIT_HEAD)
    round_eyes(pen, look, 0.46, -0.12, rng.uniform(0.14, 0.17))
    for side in SIDES:
        pen.fill(oval(0.2 * side, 0.42, 0.27, 0.22), look.light, 0.6)
    for side in SIDES:
        tooth = [(0.01, 0.5), (0.12, 0.5), (0.11, 0.74), (0.01, 0.74)]
        pen.fill([(side * x, y) for x, y in tooth], WHITE, 0.65)
    mouth(pen, look, 0.3, 0.2)
    pen.fill(curve([(-0.11, 0.2), (0.11, 0.2), (0, 0.34)]), look.nose, 0.75)
    whiskers(pen, look, 0.36, 0.42, 0.5)


def mouse(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a mouse: huge round ears and a pointed face."""
    body(pen, look)
    size = rng.uniform(0.55, 0.68)
    for side in SIDES:
        pen.coat(oval(0.9 * side, -0.72, size, size), -0.15)
        pen.fill(oval(0.9 * side, -0.7, 0.7 * size, 0.7 * size), look.skin, -0.15)
    pen.coat(_MOUSE_HEAD)
    round_eyes(pen, look, 0.33, -0.05, rng.uniform(0.12, 0.15))
    pen.fill(oval(0, 0.6, 0.26, 0.22), look.light, 0.6)
    whiskers(pen, look, 0.2, 0.58, rng.uniform(0.55, 0.75))
    mouth(pen, look, 0.6, 0.12)
    pen.fill(oval(0, 0.54, 0.13, 0.11), look.nose, 0.75)


def pig(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a pig: a flat snout with two nostrils, and ears that fold forward."""
    body(pen, look)
    pen.coat(oval(0, 0, 1.06, 0.92))
    for side in SIDES:
        droop = rng.uniform(-0.5, -0.3)
        ear = [(0.3, -0.78), (0.3, -0.78), (0.75, -1.12), (1.0, droop), (1.0, droop), (0.66, -0.5)]
        pen.coat(curve([(side * x, y) for x, y in ear]), 0.0)
    round_eyes(pen, look, 0.42, -0.12, rng.uniform(0.1, 0.13))
    cheeks(pen, look, 0.74, 0.3)
    wide = rng.uniform(0.38, 0.46)
    pen.fill(oval(0, 0.3, wide + 0.05, 0.34), darker(look.skin, 0.3), 0.6)
    pen.fill(oval(0, 0.28, wide, 0.3), look.skin, 0.7)
    for side in SIDES:
        pen.fill(oval(0.16 * side, 0.28, 0.075, 0.13), darker(look.skin, 0.65), 0.75)
    pen.line(bow([(-0.28, 0.7), (0, 0.79), (0.28, 0.7)]), look.ink, 0.05, 0.5)


def monkey(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a monkey: ears at the sides and a bare face shaped like a heart."""
    body(pen, look)
    bare, size = lighter(look.skin, 0.3), rng.uniform(0.34, 0.42)
    for side in SIDES:
        pen.coat(oval(1.02 * side, 0.02, size, size), -0.1)
        pen.fill(oval(1.02 * side, 0.04, 0.62 * size, 0.62 * size), bare, -0.1)
    pen.coat(oval(0, -0.02, 0.95, 0.95))
    pen.fill(_MONKEY_FACE, bare, 0.35)
    round_eyes(pen, look, 0.3, -0.16, rng.uniform(0.11, 0.14))
    for side in SIDES:
        pen.fill(oval(0.08 * side, 0.22, 0.045, 0.06), darker(bare, 0.6), 0.6)
    smile = [(-0.38, 0.48), (0, 0.66), (0.38, 0.48)]
    if look.merry:
        pen.fill(curve([*smile[:1], *smile, *smile[-1:], (0, 0.54)]), darker(bare, 0.6), 0.55)
    pen.line(bow(smile), darker(bare, 0.65), 0.05, 0.55)


def frog(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a frog: eyes on top of a broad head, and a very wide mouth."""
    body(pen, look)
    size = rng.uniform(0.3, 0.38)
    for side in SIDES:
        pen.coat(oval(0.6 * side, -0.62, size + 0.08, size + 0.08))
    pen.coat(_FROG_HEAD)
    for side in SIDES:
        if look.asleep:
            closed_eye(pen, look, 0.6 * side, -0.64, 0.24)
            continue
        pen.fill(oval(0.6 * side, -0.66, size * 0.78, size * 0.78), WHITE, 0.1)
        pupil = 0.6 * side + 0.08 * look.gaze
        pen.fill(oval(pupil, -0.66, size * 0.55, size * 0.55), look.eye, 0.1)
        pen.fill(oval(pupil, -0.66, size * 0.46, size * 0.28), INK, 0.1)
    low = [(-0.95, 0.22), (-0.5, 0.42), (0, 0.48), (0.5, 0.42), (0.95, 0.22)]
    chin = [(0.7, 0.62), (0, 0.76), (-0.7, 0.62)]
    pen.fill(curve([*low, *chin]), look.light, 0.15)
    pen.line(bow(low), look.ink, 0.06, 0.15)
    for side in SIDES:
        pen.fill(oval(0.13 * side, 0.02, 0.04, 0.05), look.ink, 0.4)
    cheeks(pen, look, 0.86, 0.1)


def fox(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a fox: tall ears with dark tips, white cheeks, a face that ends in a point."""
    body(pen, look)
    tip_y = rng.uniform(-1.6, -1.38)
    for side in SIDES:
        tip = (0.84, tip_y)
        pen.coat(curve([(side * x, y) for x, y in [(0.14, -0.66), tip, tip, (1.02, -0.25)]]), -0.15)
        inner = [(0.38, -0.62), (0.8, 0.86 * tip_y), (0.88, -0.36)]
        pen.fill([(side * x, y) for x, y in inner], darker(look.base, 0.72), -0.15)
    out = rng.uniform(1.16, 1.3)
    half = [
        (0, -0.72),
        (0.5, -0.68),
        (0.92, -0.26),
        (out, 0.26),
        (out, 0.26),
        (0.62, 0.6),
        (0.2, 0.98),
        (0, 1.06),
    ]
    pen.coat(curve(both_halves(half)))
    for cheek in both(
        [
            (0.03, 0.36),
            (0.4, 0.06),
            (out - 0.1, 0.27),
            (out - 0.1, 0.27),
            (0.56, 0.58),
            (0.1, 0.98),
            (0.0, 0.9),
        ]
    ):
        pen.fill(curve(cheek), lighter(look.light, 0.5), 0.1)
    bridge = [(0, -0.1), (0.16, 0.3), (0.1, 0.8), (0, 0.9)]
    pen.fill(curve(both_halves(bridge)), look.base, 0.3)
    slit_eyes(pen, look, 0.4, -0.04, rng.uniform(0.13, 0.16), slant=0.08, slit=0.42)
    pen.fill(oval(0, 0.88, 0.16, 0.13), darker(look.nose, 0.4), 0.4)


def lion(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a lion: long hair all around the face."""
    body(pen, look)
    hair, locks = mix(look.second, look.base, 0.2), int(rng.integers(13, 18))
    for reach, colour in ((1.48, darker(hair, 0.28)), (1.3, hair)):
        angles = np.arange(2 * locks) * np.pi / locks
        radius = np.where(np.arange(2 * locks) % 2, 0.86 * reach, reach)
        pen.fill(
            curve(np.stack([radius * np.sin(angles), radius * np.cos(angles)], axis=1)),
            colour,
            -0.1,
        )
    for side in SIDES:
        pen.coat(oval(0.68 * side, -0.78, 0.27, 0.27), -0.1)
        pen.fill(oval(0.68 * side, -0.76, 0.14, 0.14), look.skin, -0.1)
    pen.coat(_LION_HEAD)
    round_eyes(pen, look, 0.36, -0.16, rng.uniform(0.11, 0.14), iris=look.eye)
    for side in SIDES:
        pen.fill(oval(0.2 * side, 0.5, 0.28, 0.22), look.light, 0.6)
    pen.fill(oval(0, 0.72, 0.2, 0.18), look.light, 0.5)
    mouth(pen, look, 0.4, 0.22, 0.2 if look.merry else 0.0)
    pen.fill(
        curve([(-0.2, 0.2), (0, 0.17), (0.2, 0.2), (0.05, 0.42), (-0.05, 0.42)]), look.nose, 0.75
    )


def elephant(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw an elephant: ears like sails and a trunk that swings to one side."""
    body(pen, look)
    out = rng.uniform(1.6, 1.85)
    for ear in both(
        [(0.5, -0.7), (1.1, -0.95), (out, -0.5), (out - 0.1, 0.35), (1.15, 0.75), (0.6, 0.4)]
    ):
        pen.coat(curve(ear), -0.2)
    for ear in both(
        [(0.7, -0.5), (1.1, -0.7), (out - 0.22, -0.36), (out - 0.32, 0.25), (1.1, 0.5)]
    ):
        pen.fill(curve(ear), look.skin, -0.2)
    pen.coat(_ELEPHANT_HEAD)
    round_eyes(pen, look, 0.44, -0.12, rng.uniform(0.1, 0.13))
    for tusk in both([(0.26, 0.46), (0.48, 0.42), (0.62, 0.92), (0.62, 0.92)]):
        pen.fill(curve(tusk), WHITE, 0.4)
    swing, low = rng.uniform(-0.5, 0.5), rng.uniform(1.25, 1.5)
    trunk = [
        (-0.3, 0.1),
        (0.3, 0.1),
        (0.27, 0.6),
        (swing + 0.2, low - 0.1),
        (swing, low),
        (swing - 0.2, low - 0.1),
        (-0.27, 0.6),
    ]
    pen.coat(curve(trunk), 0.5)
    for y in (0.42, 0.62, 0.82):
        x = swing * max(0.0, y - 0.5) / (low - 0.5)
        pen.line(bow([(x - 0.2, y), (x, y + 0.06), (x + 0.2, y)]), look.ink, 0.035, 0.5)
