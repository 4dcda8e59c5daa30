"""The two animals that the course tells apart. Only their shapes differ."""

from typing import Final

from numpy.random import Generator

from cnn_course.data.drawings.canvas import FurPen, both_halves, curve, oval, symmetric
from cnn_course.data.drawings.colours import darker, lighter
from cnn_course.data.drawings.looks import Look
from cnn_course.data.drawings.parts import (
    SIDES,
    body,
    both,
    mouth,
    round_eyes,
    slit_eyes,
    whiskers,
)

_DOG_HEAD: Final = symmetric("0,-0.88 0.5,-0.82 0.84,-0.4 0.86,0.1 0.66,0.6 0.4,0.96 0,1.04")


def cat(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a cat: upright ears, slanted eyes with slits, a small muzzle, whiskers."""
    body(pen, look)
    tip_x, tip_y = rng.uniform(0.66, 1.02), rng.uniform(-1.5, -1.14)
    for side in SIDES:
        bent = rng.uniform(-0.08, 0.08)
        tip = (tip_x + bent, tip_y + abs(bent))
        ear = [(0.16, -0.78), tip, tip, (0.98, -0.2)]
        pen.coat(curve([(side * x, y) for x, y in ear]), -0.15)
        inner = [(0.36, -0.74), (0.94 * tip[0], 0.86 * tip[1]), (0.84, -0.4)]
        pen.fill([(side * x, y) for x, y in inner], look.skin, -0.15)
    tuft = rng.uniform(1.02, 1.14)
    half = [
        (0, -0.82),
        (0.5, -0.76),
        (0.92, -0.3),
        (tuft, 0.22),
        (0.86, 0.5),
        (0.48, 0.8),
        (0, 0.88),
    ]
    pen.coat(curve(both_halves(half)))
    apart, size = rng.uniform(0.39, 0.45), rng.uniform(0.18, 0.23)
    slant, slit = rng.uniform(0.04, 0.1), rng.uniform(0.22, 0.5)
    slit_eyes(pen, look, apart, -0.06, size, slant=slant, slit=slit)
    for side in SIDES:
        pen.fill(oval(0.18 * side, 0.42, 0.25, 0.2), look.light, 0.6)
    pen.fill(oval(0, 0.58, 0.17, 0.14), look.light, 0.6)
    width = rng.uniform(0.1, 0.14)
    pen.fill(
        curve([(-width, 0.22), (0, 0.2), (width, 0.22), (0.03, 0.34), (-0.03, 0.34)]),
        look.nose,
        0.75,
    )
    mouth(pen, look, 0.33, 0.2, rng.uniform(0.14, 0.24) if look.merry else 0.0)
    whiskers(pen, look, 0.34, 0.42, rng.uniform(0.6, 0.85))


def dog(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a dog: hanging or half-raised ears, round eyes, a long muzzle with a big nose."""
    body(pen, look)
    pen.coat(_DOG_HEAD)
    raised = rng.uniform() < 0.4
    alike = rng.uniform() < 0.8  # else one ear is up and one is down
    for side in SIDES:
        ear = _raised_ear(rng) if raised == (alike or side > 0) else _hanging_ear(rng)
        pen.coat(curve([(side * x, y) for x, y in ear]), -0.1)
    round_eyes(pen, look, rng.uniform(0.34, 0.4), -0.14, rng.uniform(0.15, 0.18), iris=look.eye)
    width = rng.uniform(0.36, 0.5)
    pen.fill(
        curve(both_halves([(0, 0.0), (0.2, 0.08), (width, 0.5), (0.3, 0.86), (0, 0.9)])),
        look.light,
        0.6,
    )
    mouth(pen, look, 0.38, 0.28, rng.uniform(0.3, 0.46) if look.merry else 0.0)
    big = rng.uniform(0.16, 0.23)
    nose = [(0, 0.14), (big, 0.2), (0.6 * big, 0.4), (0, 0.46)]
    pen.fill(curve(both_halves(nose)), look.nose, 0.8)
    pen.fill(oval(-0.3 * big, 0.22, 0.25 * big, 0.04), lighter(look.nose, 0.6), 0.8)
    for dots in both([(0.26, 0.56), (0.34, 0.66)]):
        for x, y in dots:
            pen.fill(oval(x, y, 0.025, 0.025), darker(look.light, 0.6), 0.6)


def _hanging_ear(rng: Generator) -> list[tuple[float, float]]:
    low, out = rng.uniform(0.3, 0.75), rng.uniform(1.08, 1.3)
    return [
        (0.42, -0.82),
        (0.8, -0.82),
        (out, -0.2),
        (out, low),
        (0.98, low + 0.1),
        (0.74, 0.0),
        (0.66, -0.45),
    ]


def _raised_ear(rng: Generator) -> list[tuple[float, float]]:
    top, out = rng.uniform(-1.25, -1.08), rng.uniform(1.15, 1.32)
    return [
        (0.34, -0.8),
        (0.6, top),
        (0.95, top + 0.08),
        (out, -0.55),
        (out, -0.55),
        (0.92, -0.62),
        (0.86, -0.3),
    ]
