"""Files that appear under their name only when they are whole."""

import glob
import hashlib
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

try:
    import fcntl
except ImportError:  # Windows, which removes no file that is open
    fcntl = None  # type: ignore[assignment]


def write(file: Path, content: str | bytes) -> None:
    """Write `content` under a temporary name beside `file`, then rename it.

    A run that is killed in between leaves the previous file as it was, and what it had written is
    removed the next time that the file is written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    for left in file.parent.glob(f".{glob.escape(file.name)}.*.part"):
        with suppress(OSError), left.open("rb") as found:
            _lock(found, wait=False)
            if fcntl is None:
                found.close()
            left.unlink()
    stream = _unfinished(file)
    unfinished = Path(stream.name)
    try:
        with stream:
            stream.write(content.encode() if isinstance(content, str) else content)
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


def _unfinished(file: Path) -> BinaryIO:
    """Open a temporary file beside `file`; it is locked as long as it is open."""
    while True:
        stream = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part").open("xb")
        _lock(stream, wait=True)
        if os.fstat(stream.fileno()).st_nlink:
            return stream
        stream.close()  # another writer took it for one that is left, before it was locked


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
