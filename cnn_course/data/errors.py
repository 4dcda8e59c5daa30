"""What is said of data: errors, files that are left out, and the findings of a check."""

import errno
import struct
import textwrap
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

State: TypeAlias = Literal["whole", "mended", "broken", "missing"]

CACHE_VARIABLE: Final = "CNN_COURSE_CACHE"
_SHOWN: Final = 20
# What systems say of a file that another program has open, or that one may not read.
_LOCKED: Final = (errno.EACCES, errno.EPERM, errno.EAGAIN, errno.EBUSY)
UNLOCK: Final = "Close the program that has it open, or see to it that you may read it."
MAKE_ROOM: Final = f"Make room on that disk, or set {CACHE_VARIABLE} to a folder on another one."
ANOTHER_ANSWER: Final = (
    "Try again, or from another network: a login page or a proxy may have answered."
)
_CANNOT_BE_READ: Final = "it cannot be read"
# RuntimeError is zipfile's for encrypted members, NotImplementedError for odd compressions.
_FAULTS: Final = (
    *(OSError, ValueError, EOFError, RuntimeError, MemoryError),
    *(struct.error, zipfile.BadZipFile, zlib.error),
)


class Fault(NamedTuple):
    """A file, and why it is not used as it is."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"

    @property
    def may_pass(self) -> bool:
        """Whether the file may be usable next time although nothing about it has changed."""
        return self.reason.startswith(_CANNOT_BE_READ)


class DataError(Exception):
    """Data that the course needs is missing, broken or out of reach.

    Attributes:
        problem: what is wrong, and with which file, folder or address.
        advice: what to do about it.
        left_out: the files that cannot be used, and why, where that is the problem.
    """

    def __init__(self, problem: str, advice: str = "", left_out: Sequence[Fault] = ()) -> None:
        super().__init__(problem, advice, left_out)
        self.problem = problem
        self.advice = advice
        self.left_out = left_out

    def __str__(self) -> str:
        return "\n".join(part for part in (self.problem, *told(self.left_out), self.advice) if part)


@dataclass(frozen=True)
class Finding:
    """Where a data set is, whether it is whole, and what to do if it is not.

    Attributes:
        name: the data set, as `get` takes it.
        state: `"whole"` (found, all of it right), `"mended"` (found with faults; what is left is
            usable and is used), `"broken"` (found, but not usable) or `"missing"`.
        path: the file or folder that was looked at last; where the data would be put, if it is
            missing; None where `CNN_COURSE_DATA` itself is wrong.
        size: bytes of the files that were found, 0 where none was.
        digest: sha256 of the arrays, once it was compared and is right; otherwise empty.
        problem: what is wrong; empty where all is well.
        advice: what to do; empty where all is well.
        lists: what to know of single files, a line for each, under headings.
    """

    name: str
    state: State
    path: Path | None
    size: int = 0
    digest: str = ""
    problem: str = ""
    advice: str = ""
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while `path` is read into a `DataError` that names it."""
    try:
        yield
    except _FAULTS as error:
        fault = (error.strerror if isinstance(error, OSError) else None) or str(error)
        if isinstance(error, EOFError | zipfile.BadZipFile | zlib.error):
            fault = f"it is cut off or damaged ({fault})"
        fault = textwrap.shorten(fault or type(error).__name__, 500)
        advice = UNLOCK if is_locked(error) else ""
        raise DataError(f"{path} cannot be used: {fault.rstrip('.')}.", advice) from error


def is_locked(error: Exception) -> bool:
    """Tell whether a file is not bad: another program has it open, or one may not read it."""
    return isinstance(error, OSError) and error.errno in _LOCKED


def unwritable(target: Path, error: OSError) -> DataError:
    """Return the error that says why `target` cannot be written, and what to do."""
    advice = f"Set {CACHE_VARIABLE} to a folder that you can write to."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        advice = MAKE_ROOM
    return DataError(f"{target} cannot be written: {error.strerror or error}.", advice)


def amount(size: int) -> str:
    """Return a number of bytes in the largest unit of which there is one: "1.2 MB"."""
    for unit, of in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= of:
            return f"{size / of:,.1f} {unit}"
    return f"{size} bytes"


def cannot_be_read(error: OSError) -> str:
    """Return the reason of a fault that lies with the system and not with the file's content."""
    return f"{_CANNOT_BE_READ}: {error.strerror or error}"


def told(faults: Sequence[Fault], what: str = "left out") -> list[str]:
    """Return the lines that tell how many files are left out, and why; none where none is."""
    if not faults:
        return []
    count = "1 file is" if len(faults) == 1 else f"{len(faults):,} files are"
    return [f"{count} {what}:", *listing(faults)]


def listing(lines: Sequence[object], most: int = _SHOWN) -> Iterator[str]:
    """Yield the first lines of a list, indented, and how many more there are."""
    yield from (f"  {line}" for line in lines[:most])
    if len(lines) > most:
        yield f"  and {len(lines) - most:,} more"


def printable(name: str, longest: int = 80) -> str:
    """Return a name that is safe to print: it may come from an archive or a broken disk."""
    return "".join(each if each.isprintable() else "?" for each in name)[:longest]
