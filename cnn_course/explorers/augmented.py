"""What Keras's augmentation layers make of a picture, number by number.

Coordinates are float32, in the order in which Keras 3 and TensorFlow compute them, so that a
pixel that falls on the border of two is the same pixel there and here. Source: `keras.src.layers.
preprocessing.image_preprocessing`, and `tensorflow/core/kernels/image/image_ops.h`.
"""

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

PICTURES: Final = 9
#: in the order in which they are drawn; `height` and `width` are those of one translation
CHANGES: Final = (
    *("flip", "rotation", "zoom", "height", "width", "shear", "brightness", "contrast"),
)
_WHOLE: Final = 2**32
_F = np.float32


def random_numbers(seed: int) -> Iterator[float]:
    """Yield numbers from 0 to 1: mulberry32, which is as short in JavaScript as in Python."""
    state = seed % _WHOLE
    while True:
        state = (state + 0x6D2B79F5) % _WHOLE
        mixed = (state ^ state >> 15) * (1 | state) % _WHOLE
        mixed ^= (mixed + (mixed ^ mixed >> 7) * (61 | mixed)) % _WHOLE
        yield (mixed ^ mixed >> 14) / _WHOLE


def drawn_changes(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is done to each of the pictures: name of the change -> how far it goes.

    Each change has its own random number, whether it is on or not: who turns one on does not
    change what the others draw. At the ends, a number says which end of the range it is.
    """
    numbers = random_numbers(state["seed"])
    changes = []
    for _ in range(PICTURES):
        drawn = {name: next(numbers) for name in CHANGES}
        if state["draws"] == "ends":
            drawn = {name: float(number >= 0.5) for name, number in drawn.items()}
        far = {name: state[name] * (2 * drawn[name] - 1) for name in CHANGES[1:]}
        changes.append({"flip": state["flip"] and drawn["flip"] <= 0.5, **far})
    return changes


def changed(picture: np.ndarray, change: dict[str, Any], fill_mode: str) -> np.ndarray:
    """Return a picture after one layer after the other, each of which reads what the last wrote.

    Args:
        picture: 0 to 255, (H, W, 3).
        change: one of `drawn_changes`.
        fill_mode: of Keras: `"reflect"`, `"nearest"`, `"wrap"` or `"constant"`.

    Returns:
        The picture, float32, (H, W, 3).
    """
    result = picture.astype(_F)
    result = result[:, ::-1] if change["flip"] else result
    for matrix in _matrices(change, *picture.shape[:2]):
        result = _resampled(result, matrix, fill_mode)
    if change["brightness"]:
        result = np.clip(result + _F(change["brightness"] * 255), 0, 255)
    if change["contrast"]:
        mean = result.mean(axis=(0, 1), dtype=float).astype(_F)
        result = np.clip((result - mean) * _F(1 + change["contrast"]) + mean, 0, 255)
    return result


def _matrices(change: dict[str, Any], height: int, width: int) -> Iterator[list[np.float32]]:
    """Yield six numbers for each layer: pixel (x, y) comes from (ax + by + c, dx + ey + f)."""
    one, none = _F(1), _F(0)
    middle_x, middle_y = _F((width - 1) / 2), _F((height - 1) / 2)
    if change["rotation"]:
        angle = float(_F(change["rotation"] * 360) * _F(math.pi / 180))
        cos, sin = _F(math.cos(angle)), _F(math.sin(angle))
        x = middle_x - middle_x * cos - middle_y * -sin
        y = middle_y - middle_x * sin - middle_y * cos
        yield [cos, -sin, x, sin, cos, y]
    if change["zoom"]:
        zoom = _F(1 + change["zoom"])
        yield [zoom, none, middle_x * (one - zoom), none, zoom, middle_y * (one - zoom)]
    if change["height"] or change["width"]:
        right, down = _F(change["width"]) * _F(width), _F(change["height"]) * _F(height)
        yield [one, none, -right, none, one, -down]
    if change["shear"]:
        yield [one, _F(change["shear"]), none, none, one, none]


def _resampled(picture: np.ndarray, matrix: list[np.float32], fill_mode: str) -> np.ndarray:
    """Return what is seen where each pixel comes from, between four pixels in proportion."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(_F)
    a, b, c, d, e, f = matrix
    x, y = (
        _inside((a * x + b * y) + c, width, fill_mode),
        _inside((d * x + e * y) + f, height, fill_mode),
    )
    left, top = np.floor(x), np.floor(y)
    right, below = (x - left)[..., None], (y - top)[..., None]
    upper = _read(picture, top, left) * (1 - right) + _read(picture, top, left + 1) * right
    lower = _read(picture, top + 1, left) * (1 - right) + _read(picture, top + 1, left + 1) * right
    return np.asarray(upper * (1 - below) + lower * below, dtype=_F)


def _read(picture: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return pixels, black where there are none."""
    height, width = picture.shape[:2]
    there = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    r, c = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    return np.where(there[..., None], picture[r.astype(int), c.astype(int)], 0.0)


def _inside(places: np.ndarray, size: int, fill_mode: str) -> np.ndarray:
    """Return where places outside a picture are looked up, as TensorFlow maps coordinates."""
    if fill_mode == "constant":
        return places
    if size > 1 and fill_mode == "reflect":
        turns = _F(2 * size)
        before = turns * np.trunc(-places / turns) + places
        before = np.where(before < -size, before + turns, -before - _F(1))
        behind = places - turns * np.trunc(places / turns)
        behind = np.where(behind >= size, turns - behind - _F(1), behind)
        places = np.where(places < 0, before, np.where(places > size - 1, behind, places))
    elif size > 1 and fill_mode == "wrap":
        step, whole = _F(size - 1), _F(size)
        before = places + whole * (np.trunc(-places / step) + _F(1))
        behind = places - whole * np.trunc(places / step)
        places = np.where(places < 0, before, np.where(places > size - 1, behind, places))
    return np.clip(places, _F(0), _F(size - 1))
