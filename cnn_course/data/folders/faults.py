"""Files that are left out, and how a list of them is said."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_SHOWN: Final = 20


class Fault(NamedTuple):
    """A file, and why it is not used as it is."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


def listing(lines: Sequence[object]) -> Iterator[str]:
    """Yield the first 20 lines of a list, indented, and how many more there are."""
    yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  and {len(lines) - _SHOWN:,} more"


def printable(name: str) -> str:
    """Return a name that is safe to print: it may come from an archive or a broken disk."""
    return "".join(each if each.isprintable() else "?" for each in name)[:80]
