"""A large array on disk that grows batch by batch, survives a kill and is verified when found.

Beside `NAME.npy`, which is called `NAME.npy.part` as long as rows are missing, lies `NAME.json`. It
says how many rows there are, and the digest of the file up to there. It is written anew after each
batch, so whatever a kill or a power cut leaves behind is compared with it before it is used.

Rows are written by ordinary means: in a mapped file, a disk without room would end the process.
"""

import contextlib
import hashlib
import io
import json
import math
import os
import shutil
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from cnn_course.data.errors import DataError
from cnn_course.data.places import CACHE_VARIABLE
from cnn_course.data.writing import unwritable, write_whole

_CHUNK: Final = 1 << 20
_LOOK_AGAIN: Final = 0.2  # seconds between two looks at a lock
_QUICK: Final = 30.0  # seconds; what takes less shows no progress bar


@dataclass(frozen=True)
class Store:
    """An array on disk, there or still to be made.

    Attributes:
        file: where it is or will be; its name ends in `.npy`.
        key: digest of what it is computed from; what was computed from anything else is not used.
        shape: of the whole array, rows first.
        dtype: of its values.
    """

    file: Path
    key: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def is_whole(self) -> bool:
        """Return whether the array is there, every row and every bit as it was written."""
        rows, expected = self._recorded()
        if rows != self.shape[0]:
            return False
        found = _hash_of(self.file, self._size(rows))
        return (
            found is not None
            and found.hexdigest() == expected
            and self.file.stat().st_size == self._size(rows)
        )

    def make(self, compute: Callable[[int], Iterable[NDArray[Any]]], what: str) -> None:
        """Compute the rows that are missing and write them; do nothing where none is.

        A second process that wants the same array waits, and then finds it.

        Args:
            compute: takes the number of a row and yields the rows from there on, in batches. It is
                asked for row 0, or for one with which a batch begins.
            what: words for the progress bar.

        Raises:
            DataError: there is no room for the array, or no right to write.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with _alone(self.file.with_name(f".{self.file.stem}.lock"), what):
                if self.is_whole():
                    return
                if self.file.exists():
                    warnings.warn(f"{self.file} is damaged. It is made anew.", stacklevel=3)
                self._write(compute, what)
        except OSError as error:
            raise unwritable(self.file, error) from error

    @property
    def _part(self) -> Path:
        return self.file.with_name(f"{self.file.name}.part")

    @property
    def _record(self) -> Path:
        return self.file.with_suffix(".json")

    def _write(self, compute: Callable[[int], Iterable[NDArray[Any]]], what: str) -> None:
        from tqdm import tqdm  # noqa: PLC0415

        self._refuse_a_disk_without_room()
        total = self.shape[0]
        try:
            rows, digest = self._begun()
            bar = tqdm(desc=what, total=total, initial=rows, unit="", leave=False, delay=_QUICK)
            with self._part.open("ab") as file, bar:
                for batch in compute(rows):
                    if batch.shape[1:] != self.shape[1:]:
                        raise ValueError(f"{what}: a batch has the shape {batch.shape}.")
                    content = np.ascontiguousarray(batch, self.dtype).tobytes()
                    file.write(content)
                    file.flush()
                    digest.update(content)
                    rows += len(batch)
                    self._keep(rows, digest)
                    bar.update(len(batch))
            if rows != total:
                raise ValueError(f"{what}: {rows} rows were computed where {total} were expected.")
            os.replace(self._part, self.file)
        except Exception:  # an interrupt is none: what it leaves is gone on with
            self._part.unlink(missing_ok=True)
            self._record.unlink(missing_ok=True)
            raise

    def _begun(self) -> tuple[int, Any]:
        """Return how many rows are in the part and its hash, what cannot be trusted cut off."""
        rows, expected = self._recorded()
        digest = _hash_of(self._part, self._size(rows)) if rows else None
        if digest is None or digest.hexdigest() != expected:
            rows, digest = 0, hashlib.sha256(self._header())
            self._part.write_bytes(self._header())
        os.truncate(self._part, self._size(rows))
        return rows, digest

    def _recorded(self) -> tuple[int, str]:
        """Return how many rows are said to be there, and the digest of the file up to them."""
        try:
            record = json.loads(self._record.read_bytes())
            if record["key"] == self.key:
                return int(record["rows"]), str(record["sha256"])
        except (OSError, KeyError, TypeError, ValueError):
            pass  # there is no record, or none that can be read
        return 0, ""

    def _keep(self, rows: int, digest: Any) -> None:
        record = {"key": self.key, "rows": rows, "sha256": digest.hexdigest()}
        write_whole(self._record, json.dumps(record).encode())

    def _header(self) -> bytes:
        stream = io.BytesIO()
        kind = np.lib.format.dtype_to_descr(self.dtype)
        about = {"descr": kind, "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_1_0(stream, about)
        return stream.getvalue()

    def _size(self, rows: int) -> int:
        """Return how many bytes the file has with its first rows."""
        return len(self._header()) + rows * math.prod(self.shape[1:]) * self.dtype.itemsize

    def _refuse_a_disk_without_room(self) -> None:
        there = self._part.stat().st_size if self._part.exists() else 0
        needed = self._size(self.shape[0]) - there
        free = shutil.disk_usage(self.file.parent).free
        if needed > free:
            raise DataError(
                f"{self.file} needs {needed / 1e9:,.1f} GB more, and its disk has "
                f"{free / 1e9:,.1f} GB left.",
                f"Make room on that disk, or set {CACHE_VARIABLE} to a folder on another one.",
            )


def _hash_of(file: Path, size: int) -> Any:
    """Return the hash of the first bytes of a file, or None where it has fewer."""
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while size and (chunk := stream.read(min(size, _CHUNK))):
                digest.update(chunk)
                size -= len(chunk)
    except FileNotFoundError:
        return None
    return None if size else digest


@contextlib.contextmanager
def _alone(lock: Path, what: str) -> Iterator[None]:
    """Wait until no other process holds the lock; the operating system frees that of a dead one."""
    with lock.open("ab") as file:
        if not _taken(file):
            print(f"{what}: another process is at it. Waiting for it.", file=sys.stderr)
            while not _taken(file):
                time.sleep(_LOOK_AGAIN)
        yield


if sys.platform == "win32":
    import msvcrt

    def _taken(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _taken(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
