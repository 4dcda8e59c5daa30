"""Rows and results of a class that may be too large for the memory."""

import pickle
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import eq
from tempfile import SpooledTemporaryFile
from typing import Any, Final, TypeVar, overload

T = TypeVar("T")
_IN_MEMORY: Final = 2**16  # bytes; what is smaller touches no disk


class OnDisk(Sequence[T]):
    """A sequence in a temporary file, with one element in memory at a time.

    An element is a copy: what is changed in it is not kept.

    Args:
        elements: are taken one after the other.

    Raises:
        OSError: the folder for temporary files is full.
    """

    def __init__(self, elements: Iterable[T]) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - it ends with this sequence
        self._ends = array("Q", [0])
        for one in elements:
            self._file.write(pickle.dumps(one, pickle.HIGHEST_PROTOCOL))
            self._ends.append(self._file.tell())

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[T]:
        return map(self._read, range(len(self)))

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        places = range(len(self))[place]
        return self._read(places) if isinstance(places, int) else [*map(self._read, places)]

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OnDisk) and len(self) == len(other) and all(map(eq, self, other))

    def _read(self, place: int) -> Any:
        begin, end = self._ends[place : place + 2]
        self._file.seek(begin)  # each time: one loop may stand within another
        return pickle.loads(self._file.read(end - begin))
