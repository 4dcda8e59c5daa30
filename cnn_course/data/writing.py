"""Folders that appear whole or not at all, and words for a disk that takes nothing more."""

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from cnn_course.data.errors import DataError
from cnn_course.data.places import CACHE_VARIABLE

_DISK_IS_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_UNFINISHED: Final = ".unfinished-"
_FORGOTTEN: Final = 24 * 60 * 60  # seconds; nobody prepares pictures for a day


def unwritable(target: Path, error: OSError) -> DataError:
    """Return the error that says why `target` cannot be written, and what to do."""
    problem = f"{target} cannot be written: {error.strerror or error}."
    if error.errno in _DISK_IS_FULL:
        return DataError(
            problem,
            f"Make room on that disk, or set {CACHE_VARIABLE} to a folder on another one.",
        )
    return DataError(problem, f"Set {CACHE_VARIABLE} to a folder that you can write to.")


@contextlib.contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """Give an empty folder beside a path, on the same disk, and remove it afterwards.

    What processes that were killed left there a day ago or earlier is removed as well.

    Raises:
        DataError: there is no right to write.
    """
    parent = beside.parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _remove_forgotten(parent)
        made = tempfile.TemporaryDirectory(
            prefix=_UNFINISHED, dir=parent, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise unwritable(parent, error) from error
    with made as folder:
        yield Path(folder)


def _remove_forgotten(parent: Path) -> None:
    for left in parent.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):  # another process removes it at the same time
            if left.stat().st_mtime < time.time() - _FORGOTTEN:
                shutil.rmtree(left)


def make_folder(
    target: Path,
    fill: Callable[[Path], None],
    whole: Callable[[], bool],
    *,
    replace: bool = True,
) -> None:
    """Make the folder `target` by `fill`, under another name, and then give it its own.

    Two processes that make the same folder at once do no harm: the first one's stays.

    Args:
        target: the folder to make; nothing is done where it is whole already.
        fill: writes the content into the empty folder that it is given.
        whole: tells whether `target` is there and has everything in it.
        replace: whether a folder that is there and not whole is a damaged one of ours, to be
            replaced; otherwise only an empty one is.

    Raises:
        DataError: there is no room, or no right to write.
    """
    if whole():
        return
    try:
        with scratch(target) as folder:
            made = folder / "made"
            made.mkdir()
            fill(made)
            if replace and os.path.lexists(target) and not whole():
                os.replace(target, folder / "damaged")
            try:
                if os.path.isdir(target) and not os.listdir(target):
                    target.rmdir()  # Windows renames to no folder that exists
                os.replace(made, target)
            except OSError:
                if not whole():
                    raise
    except OSError as error:
        raise unwritable(target, error) from error


def write_whole(target: Path, content: bytes) -> None:
    """Write a small file beside `target`, then rename it.

    Raises:
        DataError: there is no room, or no right to write.
    """
    with scratch(target) as folder:
        part = folder / target.name
        try:
            part.write_bytes(content)
            os.replace(part, target)
        except OSError as error:
            raise unwritable(target, error) from error
