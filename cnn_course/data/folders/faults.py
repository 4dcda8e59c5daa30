"""Files that are left out, and how a list of them is said."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from cnn_course.data.errors import DataError

_SHOWN: Final = 20
_CANNOT_BE_READ: Final = "it cannot be read"


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


class TooFewError(DataError):
    """Too few files of a folder or an archive can be used.

    Attributes:
        summary: the problem without the list of files.
        left_out: those that cannot be used, and why.
    """

    def __init__(self, summary: str, advice: str, left_out: Sequence[Fault]) -> None:
        super().__init__("\n".join([summary, *told(left_out)]), advice)
        self.summary = summary
        self.left_out = left_out


def cannot_be_read(error: OSError) -> str:
    """Return the reason of a fault that lies with the system and not with the file's content."""
    return f"{_CANNOT_BE_READ}: {error.strerror or error}"


def told(faults: Sequence[Fault], what: str = "left out") -> list[str]:
    """Return the lines that tell how many files are left out, and why; none where none is."""
    if not faults:
        return []
    count = "1 file is" if len(faults) == 1 else f"{len(faults):,} files are"
    return [f"{count} {what}:", *listing(faults)]


def listing(lines: Sequence[object]) -> Iterator[str]:
    """Yield the first 20 lines of a list, indented, and how many more there are."""
    yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  and {len(lines) - _SHOWN:,} more"


def printable(name: str, longest: int = 80) -> str:
    """Return a name that is safe to print: it may come from an archive or a broken disk."""
    return "".join(each if each.isprintable() else "?" for each in name)[:longest]
