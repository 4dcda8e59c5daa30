"""What every reader of files shares: bounded reading, and faults that name the file."""

import math
import struct
import textwrap
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnn_course.data.errors import DataError

Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = Mapping[str, Shape]
Bytes: TypeAlias = NDArray[np.uint8]
Arrays: TypeAlias = dict[str, Bytes]

_CHUNK: Final = 1 << 20
_FAULTS: Final = (
    OSError,  # among them gzip.BadGzipFile
    ValueError,
    EOFError,
    RuntimeError,  # among them NotImplementedError, both raised by zipfile
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong while `path` is read into a `DataError` that names it."""
    try:
        yield
    except _FAULTS as error:
        fault = (error.strerror if isinstance(error, OSError) else None) or str(error)
        # Some libraries quote the file, and the file need not be trusted: keep it short.
        fault = textwrap.shorten(fault or type(error).__name__, 500)
        raise DataError(f"{path} cannot be used: {fault}.") from error


def read_exactly(stream: BufferedIOBase, shape: Shape) -> Bytes:
    """Read the unsigned bytes of an array, and not one byte more than it has.

    Raises:
        ValueError: the stream ends before the array is full, or goes on after it.
    """
    values = np.empty(math.prod(shape), np.uint8)
    room, filled = values.data, 0
    while filled < len(room):
        count = stream.readinto(room[filled : filled + _CHUNK])
        if not count:
            raise ValueError(f"it ends after {filled:,} of {len(room):,} bytes of data")
        filled += count
    # The read at the end also makes gzip and zip compare their checksums.
    if stream.read(1):
        raise ValueError(f"it goes on after its {len(room):,} bytes of data")
    return values.reshape(shape)
