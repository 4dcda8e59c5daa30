"""The augmentation explorer: what Keras's layers make of a picture, and the code for them."""

import base64
import functools
import math
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import numpy as np

from cnn_course.explorers import augmented, stills
from cnn_course.explorers.explorer import Explorer

_Layer = tuple[str, tuple[Any, ...], dict[str, str]]  # class, and what it is given
_FILL_MODES: Final = ("reflect", "nearest", "wrap", "constant")
_DRAWS: Final = ("random", "ends")
_LARGEST: Final = 128  # rows or columns of a picture of one's own
_SEEDS: Final = 2**32
#: name of a factor -> how far the slider goes
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
        state = {
            **_chosen(picture),
            "flip": flip,
            **dict(zip(_MOST, factors, strict=True)),
            "fill_mode": fill_mode,
            "draws": draws,
            "seed": seed,
        }
        _check(state)  # says what is wrong before anything is shown
        choices = {"photographs": {"cat": _packed(_cat())}, "most": _MOST}
        super().__init__(state=state, choices=choices)

    def _part(self, name: str, value: Any) -> dict[str, Any]:
        return _chosen(value) if name == "picture" else {name: value}

    def _check(self, state: dict[str, Any]) -> None:
        _check(state)

    @staticmethod
    def result(state: dict[str, Any]) -> np.ndarray:
        """Return the nine pictures, float32, 0 to 255, (9, H, W, 3)."""
        _check(state)
        picture, changes = _picture(state), augmented.drawn_changes(state)
        fill_mode = state["fill_mode"]
        return np.stack([augmented.changed(picture, change, fill_mode) for change in changes])

    @property
    def picture(self) -> np.ndarray:
        """The picture as it is, uint8, (H, W, 3)."""
        return _picture(self.state)

    @property
    def code(self) -> str:
        """Keras code with these layers."""
        # A single factor of contrast means 1 to 1 + factor: it would only ever raise it.
        remarks = {"RandomContrast": "  # one number alone would only raise it"}
        lines = [
            f"    layers.{_written(*layer)},{remarks.get(layer[0], '')}"
            for layer in _layers_on(self.state)
        ]
        made = ["augment = layers.Identity()"]  # a Sequential needs a layer
        made = ["augment = keras.Sequential([", *lines, "])"] if lines else made
        return "\n".join(["import keras", "from keras import layers", "", *made])

    def layers(self) -> list[Any]:
        """Return these layers, made by Keras."""
        from keras import layers  # noqa: PLC0415 - takes seconds

        return [
            getattr(layers, kind)(*given, **named) for kind, given, named in _layers_on(self.state)
        ]

    def panels(self) -> list[stills.Panel]:
        """Return the nine draws, in a quarter of their rows and columns, and the layers."""
        edge = ((0, 1), (0, 1), (0, 0))
        small = [np.pad(_smaller(one, 4), edge, constant_values=255) for one in self.output]
        rows = [np.concatenate(small[at : at + 3], axis=1) for at in (0, 3, 6)]
        lines = [_written(*layer) for layer in _layers_on(self.state)] or ["none"]
        draws = stills.picture("nine draws", np.concatenate(rows), side=300)
        return [draws, stills.words("layers", lines)]

    def describe(self) -> str:
        """Return the layers in words."""
        height, width = self.picture.shape[:2]
        lines = "; ".join(_written(*layer) for layer in _layers_on(self.state)) or "no layer"
        return f"Augmentation explorer: nine draws of a picture of {height} x {width}: {lines}."


def _layers_on(state: dict[str, Any]) -> list[_Layer]:
    """Return what each layer that is on is called, and what it is made with."""
    fill, contrast = {"fill_mode": state["fill_mode"]}, (state["contrast"], state["contrast"])
    shift = (state["height"], state["width"])
    lines: list[tuple[Any, _Layer]] = [
        (state["flip"], ("RandomFlip", ("horizontal",), {})),
        (state["rotation"], ("RandomRotation", (state["rotation"],), fill)),
        (state["zoom"], ("RandomZoom", (state["zoom"],), fill)),
        (any(shift), ("RandomTranslation", shift, fill)),
        (state["shear"], ("RandomShear", (state["shear"],), fill)),
        (state["brightness"], ("RandomBrightness", (state["brightness"],), {})),
        (state["contrast"], ("RandomContrast", (contrast,), {})),
    ]
    return [layer for on, layer in lines if on]


def _written(kind: str, given: Sequence[Any], named: dict[str, str]) -> str:
    """Return a layer as code."""
    values = [*map(_value, given), *(f"{name}={_value(value)}" for name, value in named.items())]
    return f"{kind}({', '.join(values)})"


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"({', '.join(map(_value, value))})"
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _check(state: dict[str, Any]) -> None:
    """Raise ValueError for a state that cannot be shown."""
    for name, most in _MOST.items():
        value = state[name]
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not math.isfinite(value) or not 0 <= value <= most:
            raise ValueError(
                f"{name} is {value!r}. Give a number from 0 to {most}; the layer draws from both "
                "signs by itself."
            )
    for name, known in (("fill_mode", _FILL_MODES), ("draws", _DRAWS), ("flip", (True, False))):
        if not any(state[name] is one or state[name] == one for one in known):
            raise ValueError(f"{name} is {state[name]!r}. Choose one of: {_listed(known)}.")
    seed = state["seed"]
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < _SEEDS:
        raise ValueError(f"The seed is {seed!r}. Give a whole number from 0 to {_SEEDS - 1}.")
    _picture(state)


def _listed(known: Sequence[Any]) -> str:
    return ", ".join(map(str, known))


def _chosen(picture: Any) -> dict[str, Any]:
    """Return the part of a state that says which picture it is."""
    if isinstance(picture, str):
        return {"picture_name": picture, "picture": None}
    values = np.asarray(picture)
    values = np.repeat(values[..., None], 3, axis=2) if values.ndim == 2 else values
    numeric = np.issubdtype(values.dtype, np.number) and values.ndim == 3 and values.shape[2] == 3
    if not numeric or not values.size or not np.isfinite(values).all():
        raise ValueError(
            f"A picture must be numbers of shape (H, W) or (H, W, 3), not {values.shape}."
        )
    if max(values.shape) > _LARGEST:
        raise ValueError(
            f"The picture has {values.shape[0]} x {values.shape[1]} pixels; at most {_LARGEST} x "
            f"{_LARGEST} are shown. Make it smaller first, with keras.ops.image.resize."
        )
    if values.min() < 0 or values.max() > 255:
        raise ValueError(
            f"The picture's values run from {values.min():g} to {values.max():g}. "
            "Give values from 0 to 255."
        )
    return {"picture_name": "own", "picture": _packed(np.round(values).astype(np.uint8))}


def _packed(picture: np.ndarray) -> dict[str, Any]:
    """Return a picture as JSON, a third as long as lists of its numbers."""
    height, width = picture.shape[:2]
    return {"rows": height, "columns": width, "bytes": base64.b64encode(picture.tobytes()).decode()}


def _picture(state: dict[str, Any]) -> np.ndarray:
    """Return the picture that a state shows, uint8, (H, W, 3)."""
    if state["picture_name"] == "cat":
        return _cat()
    packed = state["picture"]
    if packed is None:
        raise ValueError(
            f"There is no picture {state['picture_name']!r}. There are: cat; or give an array."
        )
    values = np.frombuffer(base64.b64decode(packed["bytes"]), dtype=np.uint8)
    return values.reshape(packed["rows"], packed["columns"], 3)


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
