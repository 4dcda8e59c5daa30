"""Files that appear under their name only when they are whole."""

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

try:
    import fcntl
except ImportError:  # Windows, which removes no file that is open
    fcntl = None  # type: ignore[assignment]


def write(file: Path, content: str | bytes | Iterable[str]) -> None:
    """Write `content`, whole or in parts, under a temporary name beside `file`, then rename it.

    A run that is killed in between leaves the previous file as it was, and what it had written is
    removed the next time that the file is written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    stream = _unfinished(file)
    unfinished = Path(stream.name)
    try:
        with stream:
            if isinstance(content, bytes):
                stream.write(content)
            else:
                stream.writelines(part.encode() for part in _parts(content))
            stream.flush()
            os.fsync(stream.fileno())
            if fcntl is None:
                stream.close()  # Windows does not rename what is open, either
            if file.exists():
                unfinished.chmod(file.stat().st_mode)
            unfinished.replace(file)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):  # a full disk does not say what could not be written
            error.filename = str(file)
        raise


def _parts(content: str | Iterable[str]) -> Iterable[str]:
    return [content] if isinstance(content, str) else content  # not sign by sign


def _unfinished(file: Path) -> BinaryIO:
    """Open a temporary file beside `file`; it is locked as long as it is open.

    Which ones there may be is known by name: to list a folder of thousands for each of them takes
    hours.
    """
    for number in count():
        unfinished = file.with_name(f".{file.name}.{number}.part")
        _remove_if_left(unfinished)
        try:
            stream = unfinished.open("xb")
        except FileExistsError:  # another one is writing
            continue
        _lock(stream, wait=True)
        if os.fstat(stream.fileno()).st_nlink:
            return stream
        stream.close()  # another writer took it for one that is left, before it was locked
    raise AssertionError("numbers do not end")


def _remove_if_left(unfinished: Path) -> None:
    """Remove what a killed writer has left, and nothing that one is writing."""
    with suppress(OSError), unfinished.open("rb") as found:
        _lock(found, wait=False)
        if fcntl is None:
            found.close()
        unfinished.unlink()


def _lock(stream: BinaryIO, *, wait: bool) -> None:
    """Lock a file; `BlockingIOError` if another process has it and this one does not wait."""
    if fcntl is not None:
        fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def write_json(file: Path, content: Any) -> None:
    """Write `content` as JSON that a person can read, whole or not at all."""
    write(file, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(file: Path) -> Any:
    """Return the content of a JSON file, or None where there is none that can be read."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, UnicodeDecodeError, json.JSONDecodeError):
        return None


def digest(content: bytes | str) -> str:
    """Return the SHA-256 digest of `content` as hexadecimal digits."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
