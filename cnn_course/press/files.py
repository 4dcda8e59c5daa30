"""Files and folders that are either whole or not there."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from filelock import FileLock, Timeout


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
    except BaseException:
        unfinished.unlink(missing_ok=True)
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


def tree(folder: Path) -> list[Path]:
    """Return every file below `folder`, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """Give a fresh folder `parent/scratch` and remove it afterwards.

    What a killed run left there is removed first, so the caller holds the lock of `parent`.
    """
    folder = parent / "scratch"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; say so when another one has it first.

    The system takes the lock back from a process that dies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        click.echo(
            f"Another cnn-course is working in {folder}. Waiting until it is done.", err=True
        )
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
