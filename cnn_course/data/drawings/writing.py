"""Drawings as files, in the folders of a data set: whole or not at all."""

import errno
import itertools
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cnn_course.data.drawings.drawing import VERSION, check_kind, draw, whole_number
from cnn_course.data.errors import DataError

STAMP: Final = "drawings.json"
_QUALITY: Final = 90  # of the JPEG files: noise and edges survive
_LITTER: Final = (".DS_Store", "Thumbs.db", "desktop.ini")  # what file managers leave behind
_ATTEMPTS: Final = 10
# What renaming says where another process was faster.
_OVERTAKEN: Final = (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY)
_DISK_IS_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class _Order:
    """What a folder is written with; its stamp says the same."""

    version: int
    classes: dict[str, str]
    parts: dict[str, int]
    seed: int

    def stamp(self) -> str:
        """Return the text of the stamp. The order of the parts matters: numbers go on in it."""
        return json.dumps(asdict(self), indent=2) + "\n"

    def pictures(self) -> Iterator[tuple[str, str, int]]:
        """Yield the path of each picture within the folder, its kind and its seed."""
        for name, kind in self.classes.items():
            index = itertools.count()
            for part, count in self.parts.items():
                for number in itertools.islice(index, count):
                    # Read as one long number, this name is a seed that no other picture has.
                    seed = int.from_bytes(f"{self.seed}/{name}/{number}".encode())
                    yield f"{part}/{name}/{kind}.{number}.jpg", kind, seed


def write(
    folder: Path, classes: Mapping[str, str], parts: Mapping[str, int], seed: int = 0
) -> None:
    """Write drawings as JPEG files, laid out like the photographs of Dogs vs. Cats.

    `write(folder, {"cats": "cat"}, {"train": 200, "test": 300})` writes
    `folder/train/cats/cat.0.jpg` to `cat.199.jpg` and `folder/test/cats/cat.200.jpg` to
    `cat.499.jpg`. Every picture has a scene of its own. A folder that holds exactly this already is
    left alone; one that an older version drew, or that lacks a picture, is written again.

    The folder gets its name when it is whole, so an interrupt or a full disk leaves what was there
    before, and two processes may write the same one at once.

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
    order = _Order(
        VERSION,
        {_folder_name("class", name): check_kind(kind) for name, kind in classes.items()},
        {
            _folder_name("part", name): whole_number(f"the number of pictures for {name!r}", count)
            for name, count in parts.items()
        },
        whole_number("seed", seed),
    )
    folder = Path(os.path.realpath(folder))  # what a link leads to is replaced, not the link
    try:
        if _is_done(folder, order):
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=".drawings-", dir=folder.parent, ignore_cleanup_errors=True
        ) as workplace:
            whole = Path(workplace, "whole")
            _write_all(whole, order)
            _put_in_place(whole, folder, order)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _folder_name(what: str, name: str) -> str:
    if not isinstance(name, str) or name in ("", ".", "..") or set(name) & set('/\\:\0<>"|?*'):
        raise ValueError(f"the {what} {name!r} cannot be the name of a folder; choose a plain word")
    return name


def _write_all(folder: Path, order: _Order) -> None:
    from PIL import Image  # noqa: PLC0415

    for part in order.parts:
        for name in order.classes:
            Path(folder, part, name).mkdir(parents=True)
    folder.mkdir(exist_ok=True)
    for path, kind, seed in order.pictures():
        Image.fromarray(draw(kind, seed)).save(folder / path, quality=_QUALITY)
    (folder / STAMP).write_text(order.stamp(), encoding="utf-8")


def _put_in_place(whole: Path, folder: Path, order: _Order) -> None:
    """Give a whole folder its final name, unless another process has just done the same."""
    for attempt in range(_ATTEMPTS):
        if _is_done(folder, order):
            return
        old = whole.with_name(f"old-{attempt}")
        try:
            if folder.exists():
                os.rename(folder, old)
            os.rename(whole, folder)
            return
        except OSError as error:
            if error.errno not in _OVERTAKEN or attempt == _ATTEMPTS - 1:
                raise
        finally:
            if old.exists() and not folder.exists():
                os.rename(old, folder)


def _is_done(folder: Path, order: _Order) -> bool:
    """Tell whether a folder holds what was ordered.

    Raises:
        DataError: it holds something that this course did not write.
    """
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise _strange(folder, "it is not a folder")
    try:
        found = set(_files(folder))
        if not found:
            return False
        written = _order_of(folder) if STAMP in found else None
    except FileNotFoundError:  # another process has just taken it away, to write it again
        return False
    if written is None:
        raise _strange(folder, f"it has no readable {STAMP}")
    ours = {STAMP, *(path for path, _, _ in written.pictures())}
    if written.stamp() == order.stamp() and ours <= found:
        return True
    if found - ours:
        raise _strange(folder, f"{min(found - ours)} is not one of its drawings")
    return False


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.name not in _LITTER and (path.is_symlink() or not path.is_dir()):
            yield path.relative_to(folder).as_posix()


def _order_of(folder: Path) -> _Order | None:
    """Return what a folder's stamp says, or None where it says nothing that we wrote."""
    text = (folder / STAMP).read_bytes()
    try:
        stamp = json.loads(text)
        return _Order(
            whole_number("version", stamp["version"]),
            {str(name): str(kind) for name, kind in stamp["classes"].items()},
            {str(name): whole_number(name, count) for name, count in stamp["parts"].items()},
            whole_number("seed", stamp["seed"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _strange(folder: Path, reason: str) -> DataError:
    return DataError(
        f"{folder} exists and is not a folder of drawings that may be written again: {reason}.",
        "Choose another folder, or take away what is there.",
    )


def _unwritable(folder: Path, error: OSError) -> DataError:
    problem = f"The drawings cannot be written to {folder}: {error.strerror or error}."
    if error.errno in _DISK_IS_FULL:
        return DataError(problem, "Make room on that disk, or choose a folder on another one.")
    return DataError(problem, "Choose a folder that you can write to.")
