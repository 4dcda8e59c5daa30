"""The animals: one function draws one kind, and the parts that several kinds have."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.random import Generator

from cnn_course.data.drawings.canvas import (
    INK,
    SIDES,
    WHITE,
    Colour,
    FurPen,
    Pen,
    as_points,
    both,
    bow,
    curve,
    darker,
    lighter,
    mix,
    oval,
    symmetric,
)
from cnn_course.data.drawings.scene import Look

_TONGUE: Final[Colour] = (232, 112, 122)
_BEAK: Final[Colour] = (240, 170, 62)
_OWL: Final = symmetric("0,-0.72 0.5,-0.76 0.86,-1.2 0.86,-1.2 0.98,-0.3 1.02,0.7 0.7,1.5 0,1.7")
_BIRD: Final = curve(
    "0.55,-1.05 0.98,-0.78 1.08,-0.4 0.98,0.2 0.5,0.82 "
    "-0.2,0.9 -0.85,0.5 -0.95,0.1 -0.4,-0.2 0.1,-0.75"
)
_FISH: Final = curve(
    "1.3,0.02 0.95,-0.42 0.3,-0.68 -0.4,-0.5 -1.0,-0.1 -1.0,0.12 -0.4,0.5 0.3,0.66 0.95,0.42"
)


def _body(pen: FurPen, look: Look) -> None:
    """Draw what sits below a head, which hardly tilts and does not turn."""
    upright = replace(pen.pose, tilt=0.25 * pen.pose.tilt, yaw=0.0, nod=0.0)
    torso = FurPen(pen.canvas, upright, pen.fur)
    torso.coat(symmetric("0,0.3 0.5,0.55 0.86,1.3 0.98,2.1 0.6,2.5 0,2.55"))
    torso.fill(oval(0, 1.55, 0.42, 0.62), look.light)
    for side in SIDES:
        torso.coat(oval(0.45 * side, 2.42, 0.34, 0.22))


def _round_eyes(
    pen: Pen, look: Look, x: float, y: float, size: float, *, iris: Colour | None = None
) -> None:
    """Draw round eyes: dark, or with an iris of some colour."""
    for side in SIDES:
        centre = side * x
        if look.asleep:
            _closed_eye(pen, look, centre, y, size * 1.2)
            continue
        if iris is not None:
            pen.fill(oval(centre, y, size * 1.22, size * 1.22), darker(look.base, 0.65), 0.4)
            pen.fill(oval(centre, y, size * 1.08, size * 1.08), iris, 0.4)
            pen.fill(oval(centre + 0.2 * size * look.gaze, y, size * 0.72, size * 0.74), INK, 0.4)
        else:
            pen.fill(oval(centre, y, size, size * 1.12), INK, 0.4)
        _gleam(pen, centre, y, size)


def _slit_eyes(
    pen: Pen, look: Look, x: float, y: float, size: float, *, slant: float, slit: float
) -> None:
    """Draw almond eyes with upright pupils, their outer corners raised by `slant`."""
    inner, outer = (x - 1.2 * size, y + slant), (x + 1.25 * size, y - slant)
    above, below = (x, y - 0.95 * size), (x + 0.1 * size, y + 0.9 * size)
    almond = [inner, inner, above, outer, outer, below]
    for side in SIDES:
        if look.asleep:
            _closed_eye(pen, look, side * x, y, size * 1.1)
            continue
        for grown, colour in ((1.16, darker(look.base, 0.65)), (1.0, look.eye)):
            lid = [(side * (x + grown * (px - x)), y + grown * (py - y)) for px, py in almond]
            pen.fill(curve(lid), colour, 0.4)
        pupil = side * x + 0.2 * size * look.gaze
        pen.fill(oval(pupil, y, size * slit, size * 0.86), INK, 0.4)
        _gleam(pen, side * x, y, size)


def _closed_eye(pen: Pen, look: Look, x: float, y: float, size: float) -> None:
    pen.line(bow([(x - size, y), (x, y + 0.5 * size), (x + size, y)]), look.ink, 0.06, 0.4)


def _gleam(pen: Pen, x: float, y: float, size: float) -> None:
    """Draw the small reflection that makes an eye alive."""
    pen.fill(oval(x - 0.3 * size, y - 0.36 * size, 0.27 * size, 0.27 * size), WHITE, 0.4)


def _mouth(pen: Pen, look: Look, y: float, width: float, tongue: float = 0.0) -> None:
    """Draw a mouth below a nose at `y`: a line down, two bows, perhaps a tongue of some length."""
    depth, low = 0.7, y + 0.6 * width
    ink = darker(look.light, 0.72)
    if tongue:
        root, tip = (0.42 * width, low - 0.05), (0.46 * width, low + 0.6 * tongue)
        shape = [(-root[0], root[1]), root, tip, (0, low + tongue), (-tip[0], tip[1])]
        pen.fill(curve(shape), _TONGUE, depth)
        pen.line([(0, low), (0, low + 0.6 * tongue)], darker(_TONGUE, 0.3), 0.04, depth)
    pen.line([(0, y), (0, low)], ink, 0.05, depth)
    for side in SIDES:
        middle, end = (0.45 * width * side, low + 0.2 * width), (width * side, low - 0.15 * width)
        pen.line(bow([(0, low), middle, end]), ink, 0.05, depth)


def _whiskers(pen: Pen, look: Look, x: float, y: float, length: float) -> None:
    """Draw three whiskers on each side."""
    colour = WHITE if sum(look.base) < 400 else darker(look.base, 0.55)
    for side in SIDES:
        for k in (-1, 0, 1):
            ends = [(side * x, y + 0.09 * k), (side * (x + length), y + 0.2 * k - 0.04)]
            pen.line(ends, colour, 0.03, 0.6)


def cat(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a cat: upright ears, slanted eyes with slits, a small muzzle, whiskers."""
    _body(pen, look)
    tip_x, tip_y = rng.uniform(0.66, 1.02), rng.uniform(-1.5, -1.14)
    for side in SIDES:
        bent = rng.uniform(-0.08, 0.08)
        tip = (tip_x + bent, tip_y + abs(bent))
        ear = [(0.16, -0.78), tip, tip, (0.98, -0.2)]
        pen.coat(curve([(side * x, y) for x, y in ear]), -0.15)
        inner = [(0.36, -0.74), (0.94 * tip[0], 0.86 * tip[1]), (0.84, -0.4)]
        pen.fill([(side * x, y) for x, y in inner], look.skin, -0.15)
    tuft = rng.uniform(1.02, 1.14)
    head = f"0,-0.82 0.5,-0.76 0.92,-0.3 {tuft},0.22 0.86,0.5 0.48,0.8 0,0.88"
    pen.coat(symmetric(head))
    apart, size = rng.uniform(0.39, 0.45), rng.uniform(0.18, 0.23)
    slant, slit = rng.uniform(0.04, 0.1), rng.uniform(0.22, 0.5)
    _slit_eyes(pen, look, apart, -0.06, size, slant=slant, slit=slit)
    pen.ovals((0.18, 0.42), (0.25, 0.2), look.light, 0.6)
    pen.fill(oval(0, 0.58, 0.17, 0.14), look.light, 0.6)
    width = rng.uniform(0.1, 0.14)
    nose = f"{-width},0.22 0,0.2 {width},0.22 0.03,0.34 -0.03,0.34"
    pen.fill(curve(nose), look.nose, 0.75)
    _mouth(pen, look, 0.33, 0.2, rng.uniform(0.14, 0.24) if look.merry else 0.0)
    _whiskers(pen, look, 0.34, 0.42, rng.uniform(0.6, 0.85))


def dog(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a dog: hanging or half-raised ears, round eyes, a long muzzle with a big nose."""
    _body(pen, look)
    pen.coat(symmetric("0,-0.88 0.5,-0.82 0.84,-0.4 0.86,0.1 0.66,0.6 0.4,0.96 0,1.04"))
    raised = rng.uniform() < 0.4
    alike = rng.uniform() < 0.8  # else one ear is up and one is down
    for side in SIDES:
        ear = _raised_ear(rng) if raised == (alike or side > 0) else _hanging_ear(rng)
        pen.coat(curve([(side * x, y) for x, y in ear]), -0.1)
    _round_eyes(pen, look, rng.uniform(0.34, 0.4), -0.14, rng.uniform(0.15, 0.18), iris=look.eye)
    width = rng.uniform(0.36, 0.5)
    pen.fill(symmetric(f"0,0.0 0.2,0.08 {width},0.5 0.3,0.86 0,0.9"), look.light, 0.6)
    _mouth(pen, look, 0.38, 0.28, rng.uniform(0.3, 0.46) if look.merry else 0.0)
    big = rng.uniform(0.16, 0.23)
    pen.fill(symmetric([(0, 0.14), (big, 0.2), (0.6 * big, 0.4), (0, 0.46)]), look.nose, 0.8)
    pen.fill(oval(-0.3 * big, 0.22, 0.25 * big, 0.04), lighter(look.nose, 0.6), 0.8)
    for dots in both("0.26,0.56 0.34,0.66"):
        for x, y in dots:
            pen.fill(oval(x, y, 0.025, 0.025), darker(look.light, 0.6), 0.6)


def _hanging_ear(rng: Generator) -> list[tuple[float, float]]:
    low, out = rng.uniform(0.3, 0.75), rng.uniform(1.08, 1.3)
    outer = [(0.42, -0.82), (0.8, -0.82), (out, -0.2), (out, low)]
    return [*outer, (0.98, low + 0.1), (0.74, 0.0), (0.66, -0.45)]


def _raised_ear(rng: Generator) -> list[tuple[float, float]]:
    top, out = rng.uniform(-1.25, -1.08), rng.uniform(1.15, 1.32)
    outer = [(0.34, -0.8), (0.6, top), (0.95, top + 0.08), (out, -0.55), (out, -0.55)]
    return [*outer, (0.92, -0.62), (0.86, -0.3)]


def bear(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a bear: a round head with small round ears."""
    _body(pen, look)
    size = rng.uniform(0.32, 0.4)
    for side in SIDES:
        pen.coat(oval(0.74 * side, -0.72, size, size), -0.15)
        pen.fill(oval(0.74 * side, -0.7, 0.55 * size, 0.55 * size), look.skin, -0.15)
    pen.coat(oval(0, 0, 1.05, 0.94))
    _round_eyes(pen, look, 0.38, -0.14, rng.uniform(0.1, 0.13))
    pen.fill(oval(0, 0.4, rng.uniform(0.4, 0.46), 0.35), look.light, 0.6)
    _mouth(pen, look, 0.36, 0.2, 0.2 if look.merry else 0.0)
    pen.fill(oval(0, 0.26, 0.19, 0.13), look.nose, 0.75)


def rabbit(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a rabbit: two very long ears, sometimes one of them bent, and two teeth."""
    _body(pen, look)
    bent = rng.uniform() < 0.3
    long = rng.uniform(1.2, 1.45)
    for side in SIDES:
        lean = rng.uniform(0.05, 0.3) * side
        x, y = 0.4 * side + 0.5 * long * lean, -0.7 - 0.45 * long
        pen.coat(oval(x, y, 0.25, 0.58 * long, lean), -0.15)
        pen.fill(oval(x, y + 0.05, 0.13, 0.44 * long, lean), look.skin, -0.15)
        if bent and side > 0:
            inner, outer = (x - 0.2, y - 0.28), (x + 0.22, y - 0.55)
            pen.coat(curve([inner, outer, (x + 0.75, y - 0.1), (x + 0.5, y + 0.1)]), -0.15)
    pen.coat(symmetric("0,-0.86 0.6,-0.66 0.84,0.0 0.88,0.45 0.5,0.84 0,0.9"))
    _round_eyes(pen, look, 0.46, -0.12, rng.uniform(0.14, 0.17))
    pen.ovals((0.2, 0.42), (0.27, 0.22), look.light, 0.6)
    for tooth in both("0.01,0.5 0.12,0.5 0.11,0.74 0.01,0.74"):
        pen.fill(tooth, WHITE, 0.65)
    _mouth(pen, look, 0.3, 0.2)
    pen.fill(curve("-0.11,0.2 0.11,0.2 0,0.34"), look.nose, 0.75)
    _whiskers(pen, look, 0.36, 0.42, 0.5)


def mouse(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a mouse: huge round ears and a pointed face."""
    _body(pen, look)
    size = rng.uniform(0.55, 0.68)
    for side in SIDES:
        pen.coat(oval(0.9 * side, -0.72, size, size), -0.15)
        pen.fill(oval(0.9 * side, -0.7, 0.7 * size, 0.7 * size), look.skin, -0.15)
    pen.coat(symmetric("0,-0.78 0.55,-0.65 0.8,-0.1 0.5,0.5 0.16,0.84 0,0.88"))
    _round_eyes(pen, look, 0.33, -0.05, rng.uniform(0.12, 0.15))
    pen.fill(oval(0, 0.6, 0.26, 0.22), look.light, 0.6)
    _whiskers(pen, look, 0.2, 0.58, rng.uniform(0.55, 0.75))
    _mouth(pen, look, 0.6, 0.12)
    pen.fill(oval(0, 0.54, 0.13, 0.11), look.nose, 0.75)


def pig(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a pig: a flat snout with two nostrils, and ears that fold forward."""
    _body(pen, look)
    pen.coat(oval(0, 0, 1.06, 0.92))
    for side in SIDES:
        droop = rng.uniform(-0.5, -0.3)
        ear = [(0.3, -0.78), (0.3, -0.78), (0.75, -1.12), (1.0, droop), (1.0, droop), (0.66, -0.5)]
        pen.coat(curve([(side * x, y) for x, y in ear]), 0.0)
    _round_eyes(pen, look, 0.42, -0.12, rng.uniform(0.1, 0.13))
    pen.ovals((0.74, 0.3), (0.16, 0.11), look.skin, 0.35)
    wide = rng.uniform(0.38, 0.46)
    pen.fill(oval(0, 0.3, wide + 0.05, 0.34), darker(look.skin, 0.3), 0.6)
    pen.fill(oval(0, 0.28, wide, 0.3), look.skin, 0.7)
    pen.ovals((0.16, 0.28), (0.075, 0.13), darker(look.skin, 0.65), 0.75)
    pen.line(bow("-0.28,0.7 0,0.79 0.28,0.7"), look.ink, 0.05, 0.5)


def monkey(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a monkey: ears at the sides and a bare face shaped like a heart."""
    _body(pen, look)
    bare, size = lighter(look.skin, 0.3), rng.uniform(0.34, 0.42)
    for side in SIDES:
        pen.coat(oval(1.02 * side, 0.02, size, size), -0.1)
        pen.fill(oval(1.02 * side, 0.04, 0.62 * size, 0.62 * size), bare, -0.1)
    pen.coat(oval(0, -0.02, 0.95, 0.95))
    pen.fill(
        symmetric("0,-0.36 0.34,-0.54 0.66,-0.18 0.5,0.2 0.66,0.5 0.36,0.86 0,0.92"), bare, 0.35
    )
    _round_eyes(pen, look, 0.3, -0.16, rng.uniform(0.11, 0.14))
    pen.ovals((0.08, 0.22), (0.045, 0.06), darker(bare, 0.6), 0.6)
    if look.merry:
        smile = "-0.38,0.48 -0.38,0.48 0,0.66 0.38,0.48 0.38,0.48 0,0.54"
        pen.fill(curve(smile), darker(bare, 0.6), 0.55)
    pen.line(bow("-0.38,0.48 0,0.66 0.38,0.48"), darker(bare, 0.65), 0.05, 0.55)


def frog(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a frog: eyes on top of a broad head, and a very wide mouth."""
    _body(pen, look)
    size = rng.uniform(0.3, 0.38)
    for side in SIDES:
        pen.coat(oval(0.6 * side, -0.62, size + 0.08, size + 0.08))
    pen.coat(symmetric("0,-0.56 0.5,-0.55 1.05,-0.1 1.22,0.28 0.8,0.7 0,0.82"))
    for side in SIDES:
        if look.asleep:
            _closed_eye(pen, look, 0.6 * side, -0.64, 0.24)
            continue
        pen.fill(oval(0.6 * side, -0.66, size * 0.78, size * 0.78), WHITE, 0.1)
        pupil = 0.6 * side + 0.08 * look.gaze
        pen.fill(oval(pupil, -0.66, size * 0.55, size * 0.55), look.eye, 0.1)
        pen.fill(oval(pupil, -0.66, size * 0.46, size * 0.28), INK, 0.1)
    low = "-0.95,0.22 -0.5,0.42 0,0.48 0.5,0.42 0.95,0.22"
    pen.fill(curve(f"{low} 0.7,0.62 0,0.76 -0.7,0.62"), look.light, 0.15)
    pen.line(bow(low), look.ink, 0.06, 0.15)
    pen.ovals((0.13, 0.02), (0.04, 0.05), look.ink, 0.4)
    pen.ovals((0.86, 0.1), (0.16, 0.11), look.skin, 0.35)


def fox(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a fox: tall ears with dark tips, white cheeks, a face that ends in a point."""
    _body(pen, look)
    tip_y = rng.uniform(-1.6, -1.38)
    for side in SIDES:
        tip = (0.84, tip_y)
        pen.coat(curve([(side * x, y) for x, y in [(0.14, -0.66), tip, tip, (1.02, -0.25)]]), -0.15)
        inner = [(0.38, -0.62), (0.8, 0.86 * tip_y), (0.88, -0.36)]
        pen.fill([(side * x, y) for x, y in inner], darker(look.base, 0.72), -0.15)
    out = rng.uniform(1.16, 1.3)
    head = f"0,-0.72 0.5,-0.68 0.92,-0.26 {out},0.26 {out},0.26 0.62,0.6 0.2,0.98 0,1.06"
    pen.coat(symmetric(head))
    corner = f"{out - 0.1},0.27"
    for cheek in both(f"0.03,0.36 0.4,0.06 {corner} {corner} 0.56,0.58 0.1,0.98 0.0,0.9"):
        pen.fill(curve(cheek), lighter(look.light, 0.5), 0.1)
    pen.fill(symmetric("0,-0.1 0.16,0.3 0.1,0.8 0,0.9"), look.base, 0.3)
    _slit_eyes(pen, look, 0.4, -0.04, rng.uniform(0.13, 0.16), slant=0.08, slit=0.42)
    pen.fill(oval(0, 0.88, 0.16, 0.13), darker(look.nose, 0.4), 0.4)


def lion(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a lion: long hair all around the face."""
    _body(pen, look)
    hair, locks = mix(look.second, look.base, 0.2), int(rng.integers(13, 18))
    for reach, colour in ((1.48, darker(hair, 0.28)), (1.3, hair)):
        angles = np.arange(2 * locks) * np.pi / locks
        radius = np.where(np.arange(2 * locks) % 2, 0.86 * reach, reach)
        mane = np.stack([radius * np.sin(angles), radius * np.cos(angles)], axis=1)
        pen.fill(curve(mane), colour, -0.1)
    for side in SIDES:
        pen.coat(oval(0.68 * side, -0.78, 0.27, 0.27), -0.1)
        pen.fill(oval(0.68 * side, -0.76, 0.14, 0.14), look.skin, -0.1)
    pen.coat(symmetric("0,-0.8 0.58,-0.7 0.84,-0.1 0.66,0.5 0.36,0.86 0,0.92"))
    _round_eyes(pen, look, 0.36, -0.16, rng.uniform(0.11, 0.14), iris=look.eye)
    pen.ovals((0.2, 0.5), (0.28, 0.22), look.light, 0.6)
    pen.fill(oval(0, 0.72, 0.2, 0.18), look.light, 0.5)
    _mouth(pen, look, 0.4, 0.22, 0.2 if look.merry else 0.0)
    pen.fill(curve("-0.2,0.2 0,0.17 0.2,0.2 0.05,0.42 -0.05,0.42"), look.nose, 0.75)


def elephant(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw an elephant: ears like sails and a trunk that swings to one side."""
    _body(pen, look)
    out = rng.uniform(1.6, 1.85)
    for ear in both(f"0.5,-0.7 1.1,-0.95 {out},-0.5 {out - 0.1},0.35 1.15,0.75 0.6,0.4"):
        pen.coat(curve(ear), -0.2)
    for ear in both(f"0.7,-0.5 1.1,-0.7 {out - 0.22},-0.36 {out - 0.32},0.25 1.1,0.5"):
        pen.fill(curve(ear), look.skin, -0.2)
    pen.coat(symmetric("0,-0.92 0.6,-0.78 0.86,-0.2 0.7,0.4 0.4,0.66 0,0.7"))
    _round_eyes(pen, look, 0.44, -0.12, rng.uniform(0.1, 0.13))
    for tusk in both("0.26,0.46 0.48,0.42 0.62,0.92 0.62,0.92"):
        pen.fill(curve(tusk), WHITE, 0.4)
    swing, low = rng.uniform(-0.5, 0.5), rng.uniform(1.25, 1.5)
    end = f"{swing + 0.2},{low - 0.1} {swing},{low} {swing - 0.2},{low - 0.1}"
    pen.coat(curve(f"-0.3,0.1 0.3,0.1 0.27,0.6 {end} -0.27,0.6"), 0.5)
    for y in (0.42, 0.62, 0.82):
        x = swing * max(0.0, y - 0.5) / (low - 0.5)
        pen.line(bow([(x - 0.2, y), (x, y + 0.06), (x + 0.2, y)]), look.ink, 0.035, 0.5)


def owl(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw an owl: two great discs around the eyes, a small beak, feathers on the breast."""
    for toes in both("0.22,1.66 0.38,1.7 0.54,1.62"):
        for x, y in toes:
            pen.fill(oval(x, y, 0.09, 0.15), _BEAK)
    pen.coat(_OWL)
    pen.fill(oval(0, 0.95, 0.64, 0.62), look.light, 0.2)
    feathers = {0.68: (-0.3, 0, 0.3), 0.95: (-0.42, -0.14, 0.14, 0.42), 1.22: (-0.28, 0, 0.28)}
    for y, row in feathers.items():
        for x in row:
            feather = bow([(x - 0.1, y), (x, y + 0.1), (x + 0.1, y)])
            pen.line(feather, darker(look.light, 0.45), 0.045, 0.2)
    for wing in both("0.82,0.1 1.14,0.5 1.0,1.3 0.78,0.8"):
        pen.coat(curve(wing))
    size = rng.uniform(0.4, 0.46)
    for side in SIDES:
        pen.fill(oval(0.43 * side, -0.22, size, size), look.light, 0.3)
        if look.asleep:
            _closed_eye(pen, look, 0.43 * side, -0.22, 0.25)
            continue
        pen.fill(oval(0.43 * side, -0.22, 0.29, 0.29), look.eye, 0.4)
        pen.fill(oval(0.43 * side + 0.06 * look.gaze, -0.22, 0.17, 0.17), INK, 0.4)
        _gleam(pen, 0.43 * side, -0.22, 0.24)
    pen.fill(curve("-0.12,0.02 0.12,0.02 0,0.32 0,0.32"), _BEAK, 0.6)


def bird(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a bird from the side: beak, wing, tail and two thin legs."""
    for x in (-0.05, 0.3):
        pen.line([(x, 0.8), (x + 0.02, 1.35)], _BEAK, 0.07)
        pen.line([(x - 0.1, 1.38), (x + 0.02, 1.33), (x + 0.18, 1.38)], _BEAK, 0.07)
    rise = rng.uniform(-0.3, 0.25)
    end = f"-1.75,{rise - 0.2} -1.75,{rise - 0.2} -1.7,{rise + 0.2} -1.7,{rise + 0.2}"
    pen.coat(curve(f"-0.7,0.0 {end} -0.6,0.5"))
    open_by = 0.12 if look.merry else 0.0
    reach = rng.uniform(1.5, 1.8)
    pen.fill([(0.98, -0.62), (reach, -0.44 - open_by), (1.0, -0.38)], _BEAK)
    pen.fill([(1.0, -0.42), (reach - 0.1, -0.36 + open_by), (0.92, -0.25)], darker(_BEAK, 0.25))
    pen.coat(_BIRD)
    pen.fill(curve("0.96,-0.1 0.94,0.2 0.5,0.76 -0.1,0.82 0.3,0.4 0.7,0.0"), look.light)
    lift = rng.uniform(-0.35, 0.1)
    tip = f"-1.1,{0.4 + lift}"
    wing = f"0.25,-0.05 0.3,0.3 -0.3,0.56 {tip} {tip} -0.4,0.0"
    pen.fill(curve(wing), darker(mix(look.second, look.base, 0.3), 0.15))
    pen.line(bow([(0.1, 0.26), (-0.4, 0.38), (-0.8, 0.34 + lift)]), look.ink, 0.04)
    if look.asleep:
        _closed_eye(pen, look, 0.62, -0.6, 0.15)
        return
    pen.fill(oval(0.62, -0.6, 0.17, 0.17), look.eye)
    pen.fill(oval(0.64, -0.6, 0.11, 0.11), INK)
    _gleam(pen, 0.62, -0.6, 0.15)


def fish(pen: FurPen, look: Look, rng: Generator) -> None:
    """Draw a fish from the side: fins, a forked tail, a gill and scales."""
    fin = darker(mix(look.second, look.base, 0.3), 0.1)
    wide = rng.uniform(0.6, 0.85)
    tail = f"-0.8,0 -1.75,{-wide} -1.75,{-wide} -1.42,0 -1.75,{wide} -1.75,{wide}"
    pen.fill(curve(tail), fin)
    high = rng.uniform(-1.15, -0.9)
    tip = f"-0.55,{high + 0.1}"
    pen.fill(curve(f"0.45,-0.55 0.1,{high} {tip} {tip} -0.5,-0.4"), fin)
    pen.fill(curve("0.2,0.55 -0.15,1.0 -0.4,0.95 -0.25,0.5"), fin)
    pen.coat(_FISH)
    edge = darker(look.base, 0.4)
    pen.line(bow("0.6,-0.45 0.42,0.0 0.6,0.45"), edge, 0.06)
    scales = "0.15,-0.25 0.15,0.15 -0.15,-0.05 -0.15,0.33 -0.45,-0.22 -0.45,0.15 -0.15,-0.4"
    for x, y in as_points(scales):
        pen.line(bow([(x + 0.08, y - 0.13), (x - 0.06, y), (x + 0.08, y + 0.13)]), edge, 0.045)
    pen.fill(curve("0.3,0.12 -0.15,0.1 -0.2,0.42 0.1,0.36"), fin)
    pen.line(bow("1.28,0.1 1.1,0.18 1.0,0.14"), edge, 0.06)
    if look.asleep:
        _closed_eye(pen, look, 0.88, -0.12, 0.15)
        return
    pen.fill(oval(0.88, -0.14, 0.19, 0.19), WHITE)
    pen.fill(oval(0.9 + 0.03 * look.gaze, -0.14, 0.12, 0.12), INK)
    _gleam(pen, 0.9, -0.14, 0.15)
