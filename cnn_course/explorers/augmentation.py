"""The augmentation explorer: what Keras's layers make of a picture, and the code for them.

Coordinates are float32, in the order in which Keras 3 and TensorFlow compute them, so that a
pixel that falls on the border of two is the same pixel there and here. Source: `keras.src.layers.
preprocessing.image_preprocessing`, and `tensorflow/core/kernels/image/image_ops.h`.
"""

import base64
import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

import numpy as np

from cnn_course.arguments import one_of, whole_number
from cnn_course.explorers.explorer import Explorer, Panel, picture_panel, text_panel

_F = np.float32
_FILL_MODES: Final = ("reflect", "nearest", "wrap", "constant")
_DRAWS: Final = ("random", "ends")
_PICTURES: Final = 9
_LARGEST: Final = 128  # rows or columns of a picture of one's own
_SEEDS: Final = 2**32
#: name of a factor -> how far the slider goes; `height` and `width` are those of one translation
_MOST: Final = {
    **{"rotation": 0.5, "zoom": 0.9, "height": 0.5, "width": 0.5},
    **{"shear": 0.5, "brightness": 0.5, "contrast": 0.9},
}


class Augmentation(Explorer):
    """Nine draws of a picture under the augmentation layers of Keras, one after the other.

    Args:
        picture: `"cat"`, or values from 0 to 255, (H, W) or (H, W, 3), at most 128 x 128.
        flip: whether every other picture, on average, is flipped from left to right.
        rotation: factor of `RandomRotation`, 0 to 0.5: a fraction of a turn, either way.
        zoom: factor of `RandomZoom`, 0 to 0.9; above 0, a draw makes things smaller.
        height: first factor of `RandomTranslation`, 0 to 0.5 of the rows, either way.
        width: second factor of `RandomTranslation`, 0 to 0.5 of the columns, either way.
        shear: factor of `RandomShear`, 0 to 0.5: columns that a row moves for each row above it.
        brightness: factor of `RandomBrightness`, 0 to 0.5 of 255, either way.
        contrast: both factors of `RandomContrast`, 0 to 0.9.
        fill_mode: `"reflect"`, `"nearest"`, `"wrap"` or `"constant"`.
        draws: `"random"`, or `"ends"`: each factor at one end of its range.
        seed: of the draws. Keras draws other numbers from the same ranges.

    Raises:
        TypeError: the seed is not a whole number, or a mode not a string.
        ValueError: no such picture, or a value outside these ranges.
    """

    module: ClassVar[str] = "augmentation.mjs"

    def __init__(
        self,
        picture: str | Sequence[Any] | np.ndarray = "cat",
        *,
        flip: bool = True,
        rotation: float = 0.1,
        zoom: float = 0.2,
        height: float = 0.0,
        width: float = 0.0,
        shear: float = 0.0,
        brightness: float = 0.0,
        contrast: float = 0.0,
        fill_mode: str = "reflect",
        draws: str = "random",
        seed: int = 1,
    ) -> None:
        factors = (rotation, zoom, height, width, shear, brightness, contrast)
        super().__init__(
            {"photographs": {"cat": _packed(_cat())}, "most": _MOST},
            **{"picture": picture, "flip": flip, **dict(zip(_MOST, factors, strict=True))},
            **{"fill_mode": fill_mode, "draws": draws, "seed": seed},
        )

    def _part(self, name: str, value: Any, known: Any) -> dict[str, Any]:
        if name == "picture":
            return _chosen(value)
        return {name: whole_number(name, value) if name == "seed" else value}

    def _check(self, state: dict[str, Any]) -> None:
        for name, most in _MOST.items():
            value = state[name]
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0 <= value <= most:
                raise ValueError(
                    f"{name} is {value!r}. Give a number from 0 to {most}; the layer draws from "
                    "both signs by itself."
                )
        if not isinstance(state["flip"], bool):
            raise ValueError(f"flip is {state['flip']!r}. Choose one of: True, False.")
        one_of("fill_mode", state["fill_mode"], _FILL_MODES)
        one_of("draws", state["draws"], _DRAWS)
        if state["seed"] >= _SEEDS:
            raise ValueError(f"seed must be less than {_SEEDS}, not {state['seed']}.")

    @property
    def output(self) -> np.ndarray:
        """The nine pictures, float32, 0 to 255, (9, H, W, 3)."""
        changes, fill_mode = drawn_changes(self.state), self.state["fill_mode"]
        return np.stack([changed(self.picture, change, fill_mode) for change in changes])

    @property
    def picture(self) -> np.ndarray:
        """The picture as it is, uint8, (H, W, 3)."""
        packed = self.state["picture"]
        if packed is None:
            return _cat()
        values = np.frombuffer(base64.b64decode(packed["bytes"]), dtype=np.uint8)
        return values.reshape(packed["rows"], packed["columns"], 3)

    @property
    def code(self) -> str:
        """Keras code with these layers."""
        lines = [f"    layers.{line}," for line in _layers_on(self.state)]
        if self.state["contrast"]:  # a single factor means 1 to 1 + factor
            lines[-1] += "  # one number alone would only raise it"
        made = ["augment = layers.Identity()"]  # a Sequential needs a layer
        made = ["augment = keras.Sequential([", *lines, "])"] if lines else made
        return "\n".join(["import keras", "from keras import layers", "", *made])

    def layers(self) -> list[Any]:
        """Return these layers, made by Keras from the code that is shown."""
        names: dict[str, Any] = {}
        exec(self.code, names)
        return list(getattr(names["augment"], "layers", []))

    def panels(self) -> list[Panel]:
        """Return the nine draws, in a fifth of their rows and columns, and the layers."""
        edge = ((0, 1), (0, 1), (0, 0))
        small = [np.pad(_smaller(one, 5), edge, constant_values=255) for one in self.output]
        rows = [np.concatenate(small[at : at + 3], axis=1) for at in (0, 3, 6)]
        lines = _layers_on(self.state) or ["none"]
        draws = picture_panel("nine draws", np.concatenate(rows), side=300)
        return [draws, text_panel("layers", lines)]

    def describe(self) -> str:
        """Return the layers in words."""
        height, width = self.picture.shape[:2]
        lines = "; ".join(_layers_on(self.state)) or "no layer"
        return f"Augmentation explorer: nine draws of a picture of {height} x {width}: {lines}."


def _layers_on(state: dict[str, Any]) -> list[str]:
    """Return each layer that is on, as code."""
    far = {name: f"{state[name]:.6f}".rstrip("0").rstrip(".") for name in _MOST}
    fill = f'fill_mode="{state["fill_mode"]}"'
    shift, contrast = f"{far['height']}, {far['width']}", far["contrast"]
    lines = [
        (state["flip"], 'RandomFlip("horizontal")'),
        (state["rotation"], f"RandomRotation({far['rotation']}, {fill})"),
        (state["zoom"], f"RandomZoom({far['zoom']}, {fill})"),
        (state["height"] or state["width"], f"RandomTranslation({shift}, {fill})"),
        (state["shear"], f"RandomShear({far['shear']}, {fill})"),
        (state["brightness"], f"RandomBrightness({far['brightness']})"),
        (state["contrast"], f"RandomContrast(({contrast}, {contrast}))"),
    ]
    return [line for on, line in lines if on]


def _chosen(picture: Any) -> dict[str, Any]:
    """Return the part of a state that says which picture it is."""
    if isinstance(picture, str):
        name = one_of("picture", picture, ["cat"], ", or an array")
        return {"picture_name": name, "picture": None}
    values = np.asarray(picture)
    shape, numeric = values.shape, values.size and np.issubdtype(values.dtype, np.number)
    values = np.repeat(values[..., None], 3, axis=2) if values.ndim == 2 else values
    fits = values.ndim == 3 and values.shape[2] == 3 and max(values.shape) <= _LARGEST
    # NaN is in no range.
    if not numeric or not fits or not (values.min() >= 0 and values.max() <= 255):
        content = f"from {values.min():g} to {values.max():g}" if numeric else f"{values.dtype}"
        raise ValueError(
            f"A picture must be numbers from 0 to 255 of shape (H, W) or (H, W, 3), with at most "
            f"{_LARGEST} x {_LARGEST} pixels; this one has the shape {shape} and values {content}. "
            "keras.ops.image.resize makes it smaller."
        )
    return {"picture_name": "own", "picture": _packed(np.round(values).astype(np.uint8))}


def _packed(picture: np.ndarray) -> dict[str, Any]:
    """Return a picture as JSON, a third as long as lists of its numbers."""
    height, width = picture.shape[:2]
    return {"rows": height, "columns": width, "bytes": base64.b64encode(picture.tobytes()).decode()}


@functools.cache
def _cat() -> np.ndarray:
    """Return the face of scikit-image's cat, (96, 96, 3)."""
    from skimage import data  # noqa: PLC0415 - takes a moment

    return _smaller(data.chelsea()[6:294, 86:374], 3)


def _smaller(picture: np.ndarray, by: int) -> np.ndarray:
    """Return so many times fewer rows and columns, uint8: means of blocks of pixels.

    Whole numbers throughout, so that it is the same on every machine.
    """
    parts = np.round(picture).astype(int)
    rows, columns = (size // by for size in picture.shape[:2])
    if not rows or not columns:
        return parts.astype(np.uint8)
    blocks = parts[: rows * by, : columns * by].reshape(rows, by, columns, by, 3)
    return ((2 * blocks.sum(axis=(1, 3)) + by * by) // (2 * by * by)).astype(np.uint8)


def _random_numbers(seed: int) -> Iterator[float]:
    """Yield numbers from 0 to 1: mulberry32, which is as short in JavaScript as in Python."""
    state = seed
    while True:
        state = (state + 0x6D2B79F5) % 2**32
        mixed = (state ^ state >> 15) * (1 | state) % 2**32
        mixed ^= (mixed + (mixed ^ mixed >> 7) * (61 | mixed)) % 2**32
        yield (mixed ^ mixed >> 14) / 2**32


def drawn_changes(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is done to each of the nine pictures: name of the change -> how far it goes.

    Each change has its own random number, whether it is on or not: who turns one on does not
    change what the others draw. At the ends, a number says which end of the range it is.
    """
    numbers = _random_numbers(state["seed"])
    changes = []
    for _ in range(_PICTURES):
        drawn = {name: next(numbers) for name in ("flip", *_MOST)}
        if state["draws"] == "ends":
            drawn = {name: float(number >= 0.5) for name, number in drawn.items()}
        far = {name: state[name] * (2 * drawn[name] - 1) for name in _MOST}
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
    edged = np.pad(picture, ((1, 1), (1, 1), (0, 0)))  # black where there is no pixel
    rows = [np.clip(top + step, -1, height).astype(int) + 1 for step in (0, 1)]
    columns = [np.clip(left + step, -1, width).astype(int) + 1 for step in (0, 1)]
    upper, lower = (
        edged[row, columns[0]] * (1 - right) + edged[row, columns[1]] * right for row in rows
    )
    return np.asarray(upper * (1 - below) + lower * below, dtype=_F)


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
