"""Read IDX files, the format in which MNIST was published, gzipped or not.

The format is described on MNIST's page: two zero bytes, a type code, the number of dimensions,
each dimension as four bytes (big end first), then the values.
"""

import gzip
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import Final

from cnn_course.data.reading import Bytes, Shape, Shapes, faults_of, read_exactly

_UNSIGNED_BYTE: Final = 0x08
_MOST_DIMENSIONS: Final = 3


def identify(path: Path, shapes: Shapes) -> str | None:
    """Tell which of some arrays an IDX file holds, from its header alone.

    Args:
        path: any file.
        shapes: the name and the shape of every array that it may hold.

    Returns:
        The array's name, or None where the file is not an IDX file.

    Raises:
        DataError: it is an IDX file, but of none of these arrays, or it cannot be read.
    """
    with faults_of(path), _opened(path) as stream:
        shape = _read_header(stream)
        if shape is None:
            return None
        for name, expected in shapes.items():
            if shape == expected:
                return name
        expected_sizes = ", ".join(map(_sizes, shapes.values()))
        raise ValueError(f"its header says {_sizes(shape)}; expected was one of {expected_sizes}")


def read_idx(path: Path, shape: Shape) -> Bytes:
    """Read the array of an IDX file of unsigned bytes.

    Raises:
        DataError: the file has another shape or type, is cut off, damaged or too long.
    """
    with faults_of(path), _opened(path) as stream:
        found = _read_header(stream)
        if found != shape:
            raise ValueError(f"it is not an IDX file of {_sizes(shape)} unsigned bytes")
        return read_exactly(stream, shape)


@contextmanager
def _opened(path: Path) -> Iterator[BufferedIOBase]:
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        if not zipped:
            yield stream
            return
        with gzip.GzipFile(fileobj=stream) as unzipped:
            yield unzipped


def _read_header(stream: BufferedIOBase) -> Shape | None:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        return None
    code, dimensions = magic[2:]
    if code != _UNSIGNED_BYTE:
        raise ValueError(f"its values are of type 0x{code:02X}; expected was 0x08, unsigned bytes")
    if not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise ValueError(f"it has {dimensions} dimensions; expected were 1 to {_MOST_DIMENSIONS}")
    sizes = stream.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise ValueError("it ends inside its header")
    return struct.unpack(f">{dimensions}I", sizes)


def _sizes(shape: Shape) -> str:
    return " x ".join(f"{size:,}" for size in shape)
