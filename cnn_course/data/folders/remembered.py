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

_RULES: Final = 2  # raise it when pictures are judged or written differently


def fingerprint(
    folders: Sequence[Path], depth: int, also: object = "", *, follow: bool = True
) -> tuple[str, int]:
    """Return a digest over what is in folders, and the bytes that the files take.

    Of folders, the names count; of files, names, sizes, times and rights: a file that becomes
    readable or is repaired is another one.

    Args:
        folders: the folders; their own places count as well.
        depth: how many levels are looked at; 1 for what lies directly in a folder.
        also: what else the outcome depends on.
        follow: whether links to folders are followed.

    Raises:
        DataError: a folder cannot be read.
    """
    digest, total = hashlib.sha256(repr((_RULES, also)).encode()), 0
    for folder in folders:
        digest.update(os.fsencode(f"\n{os.path.abspath(folder)}\n"))
        for name, entry in entries_below(folder, depth, follow=follow):
            state = _state_of(entry)
            digest.update(os.fsencode(f"{name} {state}\n"))
            total += state[0] if state else 0
    return digest.hexdigest()[:24], total


def _state_of(entry: "os.DirEntry[str]") -> tuple[int, ...]:
    if is_folder(entry):
        return ()
    try:
        status = entry.stat()
    except OSError:  # a link to nowhere
        return ()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode


def entries_below(
    folder: Path, depth: int, *, follow: bool = True, prefix: str = ""
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Yield what is in a folder and in its subfolders, each with its relative name, in order.

    Args:
        folder: the folder.
        depth: how many levels are looked at, which also ends a circle of links.
        follow: whether links to folders are followed; circles of several links take for ever.
        prefix: what to put before each name.

    Raises:
        DataError: a folder cannot be read.
    """
    for entry in entries_of(folder):
        name = f"{prefix}{entry.name}"
        yield name, entry
        if depth > 1 and is_folder(entry) and (follow or not entry.is_symlink()):
            yield from entries_below(Path(entry), depth - 1, follow=follow, prefix=f"{name}/")


def recall(key: str) -> Any:
    """Return what `remember` was given, or None."""
    try:
        return json.loads(_place_of(key).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def remember(key: str, content: Any) -> None:
    """Store content that JSON can hold; where the cache cannot be written, do nothing."""
    with contextlib.suppress(DataError):
        write_whole(_place_of(key), json.dumps(content).encode())


def _place_of(key: str) -> Path:
    return places.cache_folder("checked") / f"{key}.json"
