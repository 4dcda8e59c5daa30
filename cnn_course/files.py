"""Files that appear under their name only when they are whole."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write(file: Path, content: str | bytes) -> None:
    """Write `content` under a temporary name beside `file`, then rename it.

    A run that is killed in between leaves the previous file as it was.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
    unfinished = Path(name)
    try:
        with open(handle, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes files that only their owner can read.
        unfinished.chmod(file.stat().st_mode if file.exists() else 0o644)
        unfinished.replace(file)
    except BaseException as error:
        unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):  # a full disk does not say what could not be written
            error.filename = str(file)
        raise


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
