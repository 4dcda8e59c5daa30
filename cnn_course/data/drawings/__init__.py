"""Drawn animals, which a network can be trained on where there are no photographs.

The same seed puts every kind of animal into the same scene, so colours, poses, sizes and
backgrounds tell nothing about the kind. Only the shape does. Pillow is imported by drawing only.
"""

import contextlib
import itertools
import json
import os
import stat
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cnn_course.arguments import one_of, whole_number
from cnn_course.data.drawings import animals
from cnn_course.data.drawings.canvas import Canvas, FurPen
from cnn_course.data.drawings.scene import (
    Look,
    any_look,
    develop,
    fur_of,
    paint_background,
    strew,
)
from cnn_course.data.errors import DataError
from cnn_course.data.storage import make_folder

__all__ = ["KINDS", "VERSION", "draw", "write"]

_Artist: TypeAlias = Callable[[FurPen, Look, Generator], None]

# Raise it whenever pixels change: folders that hold older drawings are then written again.
VERSION: Final = 1
KINDS: Final = (
    *("cat", "dog", "bear", "rabbit", "mouse", "pig", "bird"),
    *("fish", "owl", "monkey", "frog", "fox", "lion", "elephant"),
)
_STAMP: Final = "drawings.json"  # tells with what a folder was written
_IGNORED: Final = (".DS_Store", "Thumbs.db", "desktop.ini")  # what file managers leave behind
_QUALITY: Final = 90  # of the JPEG files: noise and edges survive


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
    artist: _Artist = getattr(animals, one_of("kind", kind, KINDS))
    seed, size = whole_number("seed", seed), whole_number("size", size, 16)
    if size > 1024:
        raise ValueError(f"size must be at most 1024, not {size}.")
    scene = np.random.default_rng(seed)
    shape = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    look, canvas = any_look(scene), Canvas(size)
    paint_background(canvas, scene, look.base)
    strew(canvas, scene, int(scene.integers(1, 9)), (6, 17))
    artist(FurPen(canvas, look.pose, fur_of(look, canvas)), look, shape)
    in_front = int(scene.integers(2, 6)) if scene.uniform() < 0.5 else 0
    strew(canvas, scene, in_front, (5, 11))
    return develop(canvas, scene)


def write(
    folder: Path, classes: Mapping[str, str], parts: Mapping[str, int], seed: int = 0
) -> None:
    """Write drawings as JPEG files, laid out like the photographs of Dogs vs. Cats.

    `write(folder, {"cats": "cat"}, {"train": 200, "test": 300})` writes
    `folder/train/cats/cat.0.jpg` to `cat.199.jpg` and `folder/test/cats/cat.200.jpg` to
    `cat.499.jpg`. Every picture has a scene of its own. A folder that holds exactly this already is
    left alone; one that an older version drew, or that lacks a picture, is written again, whole or
    not at all.

    Args:
        folder: where; the folders above it are made.
        classes: the kind of animal in each class folder, one of `KINDS`.
        parts: how many pictures each class has in each part.
        seed: other pictures for every other seed.

    Raises:
        ValueError: an unknown kind, a negative number, or a name that is not that of a folder.
        TypeError: a number that is not a whole one.
        DataError: the folder cannot be written, or holds files that are not drawings of this
            course.
    """
    order = {
        "version": VERSION,
        "classes": {
            _folder_name(name): one_of("kind", kind, KINDS) for name, kind in classes.items()
        },
        "parts": {
            _folder_name(name): whole_number(f"The number of pictures for {name!r}", count)
            for name, count in parts.items()
        },
        "seed": whole_number("seed", seed),
    }
    stamp = json.dumps(order, indent=2) + "\n"
    pictures = _pictures(order)
    folder = Path(os.path.realpath(folder))  # what a link leads to is replaced, not the link

    def fill(made: Path) -> None:
        from PIL import Image  # noqa: PLC0415

        for part, name in itertools.product(parts, classes):
            (made / part / name).mkdir(parents=True)
        for path, (kind, number) in pictures.items():
            Image.fromarray(draw(kind, number)).save(made / path, quality=_QUALITY)
        (made / _STAMP).write_text(stamp, encoding="utf-8")

    make_folder(folder, fill, lambda: _holds(folder, stamp, pictures))


def _folder_name(name: str) -> str:
    if not isinstance(name, str) or name in ("", ".", "..") or set(name) & set('/\\:\0<>"|?*'):
        raise ValueError(f"{name!r} cannot be the name of a folder; choose a plain word.")
    return name


def _pictures(order: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """Return the kind and the seed of each picture, by its path within the folder."""
    pictures = {}
    for name, kind in order["classes"].items():
        index = itertools.count()  # numbers go on from part to part
        for part, count in order["parts"].items():
            for number in itertools.islice(index, count):
                # Read as one long number, this text is a seed that no other picture has.
                seed = int.from_bytes(f"{order['seed']}/{name}/{number}".encode())
                pictures[f"{part}/{name}/{kind}.{number}.jpg"] = kind, seed
    return pictures


def _holds(folder: Path, stamp: str, pictures: Mapping[str, Any]) -> bool:
    """Tell whether a folder holds these pictures.

    Raises:
        DataError: it holds something that this course did not write.
    """
    try:
        status = folder.stat()
        found = {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.name not in _IGNORED and (path.is_symlink() or not path.is_dir())
        }
        written = "" if found else stamp
        if _STAMP in found:
            written = (folder / _STAMP).read_text(encoding="utf-8")
        if folder.stat().st_ino != status.st_ino:
            return False
    except (FileNotFoundError, NotADirectoryError):  # or it is just being written again
        return False
    if written == stamp and pictures.keys() <= found:
        return True
    reason = f"it has no readable {_STAMP}"
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
        strange = found - {_STAMP, *_pictures(json.loads(written))}
        reason = f"{min(strange)} is not one of its drawings" if strange else ""
    if not stat.S_ISDIR(status.st_mode):
        reason = "it is not a folder"
    if reason:
        raise DataError(
            f"{folder} exists and is not a folder of drawings that may be written again: {reason}.",
            "Choose another folder, or take away what is there.",
        )
    return False
