"""One drawing: a scene that depends on the seed alone, and an animal in it."""

import operator
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cnn_course.data.drawings import faces, figures, pets
from cnn_course.data.drawings.canvas import Canvas, FurPen
from cnn_course.data.drawings.looks import Look, any_look, fur_of
from cnn_course.data.drawings.scene import develop, paint_background, strew

Artist: TypeAlias = Callable[[FurPen, Look, Generator], None]

# Raise it whenever pixels change: folders that hold older drawings are then written again.
VERSION: Final = 1

_ARTISTS: Final[Mapping[str, Artist]] = MappingProxyType(
    {
        artist.__name__: artist
        for artist in (
            pets.cat,
            pets.dog,
            faces.bear,
            faces.rabbit,
            faces.mouse,
            faces.pig,
            figures.bird,
            figures.fish,
            figures.owl,
            faces.monkey,
            faces.frog,
            faces.fox,
            faces.lion,
            faces.elephant,
        )
    }
)
KINDS: Final = tuple(_ARTISTS)


def draw(kind: str, seed: int, size: int = 96) -> NDArray[np.uint8]:
    """Draw an animal.

    The seed decides the scene: coat, pose, background, clutter, light, blur and noise. Two kinds
    with the same seed are drawn in the same scene and differ in their shapes alone.

    Args:
        kind: one of `KINDS`.
        seed: any whole number from 0; the same one gives the same pixels.
        size: the side of the picture in pixels, 16 to 1024.

    Returns:
        The picture, uint8 of shape (size, size, 3), red, green, blue.

    Raises:
        ValueError: there is no such kind, or the seed or the size is out of range.
        TypeError: the seed or the size is not a whole number.
    """
    artist = _ARTISTS[check_kind(kind)]
    seed, size = whole_number("seed", seed), whole_number("size", size)
    if not 16 <= size <= 1024:
        raise ValueError(f"size is {size}; choose 16 to 1024 pixels")
    scene = np.random.default_rng(seed)
    shape = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    look, canvas = any_look(scene), Canvas(size)
    paint_background(canvas, scene, look.base)
    strew(canvas, scene, int(scene.integers(1, 9)), (6, 17))
    artist(FurPen(canvas, look.pose, fur_of(look, canvas)), look, shape)
    in_front = int(scene.integers(2, 6)) if scene.uniform() < 0.5 else 0
    strew(canvas, scene, in_front, (5, 11))
    return develop(canvas, scene)


def check_kind(kind: str) -> str:
    """Return a kind of animal that can be drawn, as it is.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in _ARTISTS:
        raise ValueError(f"there is no drawing of {kind!r}; choose one of {', '.join(KINDS)}")
    return kind


def whole_number(name: str, value: object) -> int:
    """Return a whole number from 0 as an int.

    Raises:
        TypeError: it is not a whole number.
        ValueError: it is negative.
    """
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} is {value!r}; give a whole number")
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} is {value!r}; give a whole number") from None
    if number < 0:
        raise ValueError(f"{name} is {number}; give 0 or more")
    return number
