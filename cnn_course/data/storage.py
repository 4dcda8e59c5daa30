"""Where data lies, how it is written whole or not at all, and what is remembered of it."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from cnn_course import files
from cnn_course.data.errors import (
    CACHE_VARIABLE,
    MAKE_ROOM,
    DataError,
    Finding,
    amount,
    faults_of,
    unwritable,
)

OWN_VARIABLE: Final = "CNN_COURSE_DATA"
_UNFINISHED: Final = ".unfinished-"
_TEMPORARY: Final = "cnn-course-temporary-"
_BEGUN: Final = ".begun-"
_LOCK: Final = ".lock"
_NEW: Final = 60.0  # seconds; what is younger may not have its lock yet
_FORGOTTEN: Final = 24 * 60 * 60
_ATTEMPTS: Final = 10
# What renaming says where another process was faster.
_OVERTAKEN: Final = (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY)
_RULES: Final = 3  # raise it when pictures are judged or written differently
_SYSTEM_FILES: Final = ("thumbs.db", "desktop.ini", "icon\r")
_PICTURES: Final = (".jpg", ".jpeg", ".png", ".gif", ".bmp")


def own_folder(name: str) -> Path | None:
    """Return the user's own folder of a data set, `$CNN_COURSE_DATA/name`, or None.

    It is only read; None where the variable is not set or has no such folder in it.

    Raises:
        DataError: the variable names something that is not a folder or may not be looked into, or
            `name` in it is not a folder.
    """
    root = _folder_from(OWN_VARIABLE)
    if root is None:
        return None
    folder, fault = root / name, ""
    if not os.path.isdir(root):
        there = os.path.lexists(root)
        fault = "that is not a folder" if there else "there is no such folder"
    try:
        os.lstat(folder)
    except PermissionError:
        fault = "you have no right to look into it"
    except OSError:
        pass  # it is not there, which is no fault
    if fault:
        raise DataError(
            f"{OWN_VARIABLE} is set to {root}, and {fault}.",
            f"Correct {OWN_VARIABLE}, or unset it to use the course's cache and the network.",
        )
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise DataError(
            f"{folder} is not a folder.",
            f"Make it a folder with the files of {name} in it, or take it away.",
        )
    return folder if os.path.isdir(folder) else None


def cache_folder(name: str) -> Path:
    """Return the folder of a data set in the course's cache, whether it exists or not.

    The cache is `$CNN_COURSE_CACHE`, or else the operating system's folder for such files.
    It is laid out like `$CNN_COURSE_DATA`, so a copy of it can serve as one.
    """
    # Pooch takes a while to import, and who only asks for the small digits does not need it.
    import pooch  # noqa: PLC0415

    return (_folder_from(CACHE_VARIABLE) or Path(pooch.os_cache("cnn-course"))) / name


def keras_cache(name: str) -> Path:
    """Return where Keras keeps `"datasets"` or `"models"`, whether it exists or not."""
    # Keras has no public name for it. `KERAS_HOME` is its own variable.
    return (_folder_from("KERAS_HOME") or Path(os.path.expanduser("~")) / ".keras") / name


def _folder_from(variable: str) -> Path | None:
    # os.path.expanduser leaves "~nobody" as it is, where Path.expanduser raises.
    value = os.path.expanduser(os.environ.get(variable, ""))
    return Path(os.path.abspath(value)) if value else None


def missing(name: str, place: Path, advice: str) -> Finding:
    """Return the finding on a data set that is neither the user's own nor at its cached place."""
    problem = (
        f"There is no folder {name} in {OWN_VARIABLE} and no {place}."
        if os.environ.get(OWN_VARIABLE)
        else f"{OWN_VARIABLE} is not set, and there is no {place}."
    )
    return Finding(name, "missing", place, problem=problem, advice=advice)


def ways(name: str, content: str, what: str, place: Path, url: str) -> str:
    """Return the three ways to get a data set: one's own folder, the cache, and the network."""
    return (
        "Do one of these:\n"
        f"1. Set {OWN_VARIABLE} to a folder with a folder {name} in it that has {content}.\n"
        f"2. Put {what} here: {place}\n"
        f"3. Connect to the network and try again: the download is {url}"
    )


@contextlib.contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """Give a folder beside a path, on the same disk, and remove it afterwards; its lock lies in it.

    What processes that were killed left there is removed as well. A `DataError` says that there is
    no right to write.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(_scratch(beside.parent, _UNFINISHED))
        except OSError as error:
            raise unwritable(beside.parent, error) from error
        yield folder


@contextlib.contextmanager
def temporary() -> Iterator[Path]:
    """Give such a folder where the system has temporary ones; `OSError` says that it has none."""
    with _scratch(Path(tempfile.gettempdir()), _TEMPORARY) as folder:
        yield folder


@contextlib.contextmanager
def _scratch(parent: Path, prefix: str) -> Iterator[Path]:
    _clear(parent, {prefix: _NEW})
    made = tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True)
    with made as name, _locked(Path(name)):
        yield Path(name)


@contextlib.contextmanager
def begun(target: Path) -> Iterator[Path]:
    """Give the folder for what there is of a file so far; it stays while something is in it.

    What a process that was killed has put there is still there, for a day. While another process
    works on the same file, the folder is one for this time only. A `DataError` says that there is
    no right to write.
    """
    folder = target.with_name(f"{_BEGUN}{target.name}")
    with contextlib.ExitStack() as stack:
        try:
            _clear(target.parent, {_UNFINISHED: _NEW, _BEGUN: _FORGOTTEN})
            folder.mkdir(exist_ok=True)
            stack.enter_context(_locked(folder))
        except (PermissionError, Timeout):  # it may be another user's
            yield stack.enter_context(scratch(target))
            return
        except OSError as error:
            raise unwritable(target, error) from error
        stack.callback(_remove_if_empty, folder)
        yield folder


def _remove_if_empty(folder: Path) -> None:
    """Remove a folder with nothing but its lock in it, unless another process has taken that."""
    with contextlib.suppress(OSError):
        if os.listdir(folder) == [_LOCK]:
            (folder / _LOCK).unlink()
            folder.rmdir()


def _locked(folder: Path) -> FileLock:
    """Return the lock of a folder, to be taken at once; the system takes it from the dead."""
    return FileLock(folder / _LOCK, timeout=0)


def forget_killed() -> None:
    """Remove from the cache what processes that were killed left there, if nobody goes on with it.

    Where a data set is whole, nothing else looks there any more.
    """
    cache = cache_folder("any").parent
    for folder in (cache, *cache.glob("*")):
        with contextlib.suppress(OSError):
            if folder.is_dir():
                _clear(folder, {_UNFINISHED: _NEW, _BEGUN: _FORGOTTEN})


def _clear(parent: Path, forgotten: Mapping[str, float]) -> None:
    """Make a folder, and remove from it what processes that were killed left there.

    `forgotten` is how names begin -> after how many seconds nobody works there any more.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for prefix, age in forgotten.items():
        for left in parent.glob(f"{prefix}*"):
            with contextlib.suppress(OSError, Timeout):  # somebody works there, or removes it
                if left.lstat().st_mtime < time.time() - age and not left.is_symlink():
                    with _locked(left):
                        pass
                    shutil.rmtree(left)


def check_room(file: Path, needed: int) -> None:
    """Raise a `DataError` if a file needs more room than the disk of its folder has."""
    free = shutil.disk_usage(file.parent).free
    if needed > free:
        problem = f"{file} needs {amount(needed)}, and its disk has {amount(free)} left."
        raise DataError(problem, MAKE_ROOM) from OSError(errno.ENOSPC, problem)


def make_folder(
    target: Path,
    fill: Callable[[Path], None],
    is_whole: Callable[[], bool],
    *,
    replace: bool = True,
) -> None:
    """Make the folder `target` under another name, by `fill`, and then give it its own.

    Several processes that make the same folder at once do no harm: one whole folder stays.

    Args:
        target: the folder to make; nothing is done where it is whole already.
        fill: writes the content into the empty folder that it is given.
        is_whole: tells whether `target` is there and has everything in it.
        replace: whether what is there and not whole is a damaged folder of ours, to be replaced;
            otherwise only an empty one is.

    Raises:
        DataError: there is no room, or no right to write.
    """
    if is_whole():
        return
    try:
        with scratch(target) as folder:
            made = folder / "made"
            made.mkdir()
            fill(made)
            for attempt in range(_ATTEMPTS):
                if is_whole():
                    return
                try:
                    if os.path.lexists(target) and replace:
                        os.replace(target, folder / f"damaged-{attempt}")
                    elif os.path.lexists(target):
                        target.rmdir()  # Windows renames to no folder that exists
                    os.replace(made, target)
                    return
                except OSError as error:
                    if error.errno not in _OVERTAKEN or attempt == _ATTEMPTS - 1:
                        raise
    except OSError as error:
        raise unwritable(target, error) from error


def write_whole(target: Path, content: bytes) -> None:
    """Write a small file, whole or not at all; a `DataError` says why it cannot be written."""
    try:
        files.write(target, content)
    except OSError as error:
        raise unwritable(target, error) from error


def is_folder(entry: "os.DirEntry[str]") -> bool:
    """Tell whether an entry is a folder or a link to one; a link in a circle is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_ignored(name: str) -> bool:
    """Tell whether a file is one that systems leave in folders and nobody reads as picture."""
    hidden = name.startswith(".") and not name.lower().endswith(_PICTURES)
    return hidden or name.lower() in _SYSTEM_FILES


def entries_of(folder: Path) -> list["os.DirEntry[str]"]:
    """Return what is in a folder, by name; a `DataError` says why it cannot be read."""
    with faults_of(folder), os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def entries_below(
    folder: Path, depth: int, *, follow: bool = True, prefix: str = ""
) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Yield what is in a folder and its subfolders, each with its relative name, in order.

    `depth` levels are looked at, which also ends a circle of links; `follow` tells whether links to
    folders are followed, since circles of several links take for ever.
    """
    for entry in entries_of(folder):
        name = f"{prefix}{entry.name}"
        yield name, entry
        if depth > 1 and is_folder(entry) and (follow or not entry.is_symlink()):
            yield from entries_below(Path(entry), depth - 1, follow=follow, prefix=f"{name}/")


def has_files(folder: Path, names: Collection[str]) -> bool:
    """Tell whether a folder has these files, none of them empty, and no others."""
    try:
        found = {
            name
            for name, entry in entries_below(folder, 3)
            if not is_ignored(entry.name) and not is_folder(entry) and entry.stat().st_size
        }
    except (DataError, OSError):
        return False
    return bool(found) and found == set(names)


def fingerprint(
    folders: Sequence[Path], depth: int, also: object = "", *, follow: bool = True
) -> tuple[str, int]:
    """Return a digest over what is in folders, and the bytes that the files take.

    Of folders, the names count; of files, names, sizes, times and rights: a file that becomes
    readable or is repaired is another one. `also` is what else the outcome depends on.
    """
    digest, total = hashlib.sha256(repr((_RULES, also)).encode()), 0
    for folder in folders:
        digest.update(os.fsencode(f"\n{os.path.abspath(folder)}\n"))
        for name, entry in entries_below(folder, depth, follow=follow):
            state: tuple[int, ...] = ()
            with contextlib.suppress(OSError):  # a link to nowhere
                if not is_folder(entry):
                    status = entry.stat()
                    total += status.st_size
                    state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode)
            digest.update(os.fsencode(f"{name} {state}\n"))
    return digest.hexdigest()[:24], total


def recall(key: str) -> Any:
    """Return what `remember` was given, or None."""
    try:
        return json.loads(_remembered(key).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def remember(key: str, content: Any) -> None:
    """Store content that JSON can hold; where the cache cannot be written, do nothing."""
    with contextlib.suppress(DataError):
        write_whole(_remembered(key), json.dumps(content).encode())


def _remembered(key: str) -> Path:
    return cache_folder("checked") / f"{key}.json"
