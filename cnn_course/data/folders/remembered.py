"""Remember what was found out about a folder, so that it is not looked through again."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from cnn_course.data import places
from cnn_course.data.errors import DataError
from cnn_course.data.folders.layouts import entries_of, is_folder
from cnn_course.data.writing import write_whole

_RULES: Final = 1  # raise it when pictures are judged or written differently


def fingerprint(folders: Sequence[Path], depth: int, also: object = "") -> tuple[str, int]:
    """Return a digest over the names, sizes and times of the files in folders, and their bytes.

    Args:
        folders: the folders; their own places count as well.
        depth: how many levels are looked at; 1 for a folder's own files.
        also: what else the outcome depends on.

    Raises:
        DataError: a folder cannot be read.
    """
    digest, total = hashlib.sha256(repr((_RULES, also)).encode()), 0
    for folder in folders:
        digest.update(os.fsencode(f"\n{os.path.abspath(folder)}\n"))
        for name, file in files_below(folder, depth):
            try:
                status = file.stat()
            except OSError:  # a link to nowhere
                digest.update(os.fsencode(f"{name}\n"))
                continue
            digest.update(os.fsencode(f"{name} {status.st_size} {status.st_mtime_ns}\n"))
            total += status.st_size
    return digest.hexdigest()[:24], total


def files_below(
    folder: Path, depth: int, prefix: str = ""
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Yield the files of a folder and of its subfolders, each with its relative name, in order.

    Args:
        folder: the folder.
        depth: how many levels are looked at, which also ends a circle of links.
        prefix: what to put before each name.

    Raises:
        DataError: a folder cannot be read.
    """
    for entry in entries_of(folder):
        name = f"{prefix}{entry.name}"
        if not is_folder(entry):
            yield name, entry
        elif depth > 1:
            yield from files_below(Path(entry), depth - 1, f"{name}/")


def recall(key: str) -> Any:
    """Return what `remember` was given, or None."""
    try:
        return json.loads(_place_of(key).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def remember(key: str, content: Any) -> None:
    """Store content that JSON can hold; where the cache cannot be written, do nothing."""
    with contextlib.suppress(DataError):
        write_whole(_place_of(key), json.dumps(content).encode())


def _place_of(key: str) -> Path:
    return places.cache_folder("checked") / f"{key}.json"
