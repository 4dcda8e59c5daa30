"""Read arrays of known shapes from an `.npz` file that need not be trusted.

NumPy's format is described in `numpy.lib.format`. `numpy.load` is not used: it has no bound on
memory and looks at a member's shape only when it has read it.
"""

import math
import os
import struct
import zipfile
from collections.abc import Iterable
from contextlib import closing
from io import BufferedIOBase
from pathlib import Path
from typing import BinaryIO, Final, cast

import numpy as np

from cnn_course.data.reading import Arrays, Shape, Shapes, faults_of, read_exactly

_END_RECORD: Final = 22  # bytes of the record that ends a zip file without a comment
_ZIP64_LOCATOR: Final = 20  # bytes of the record before it in a zip file of more than 4 GB
_LARGEST_DIRECTORY: Final = 1 << 16
_LARGEST_HEADER: Final = 1 << 10


def looks_like_npz(path: Path) -> bool:
    """Tell from its first bytes whether a file is a zip file, as every `.npz` file is.

    Raises:
        DataError: the file cannot be read.
    """
    with faults_of(path), path.open("rb") as stream:
        return stream.read(2) == b"PK"


def read_npz(path: Path, shapes: Shapes) -> Arrays:
    """Read exactly the arrays `shapes` from an `.npz` file, each of unsigned bytes.

    Members, types and shapes are checked before any data is read, no pickle is ever opened, and
    no more memory is taken than the arrays need.

    Args:
        path: the file.
        shapes: the name and the shape of every array that the file must hold.

    Returns:
        The arrays, by name.

    Raises:
        DataError: the file cannot be read, is cut off or damaged, or holds anything else.
    """
    with faults_of(path), path.open("rb") as stream:
        _check_extent(stream, shapes)
        with zipfile.ZipFile(stream) as archive:
            members = _members(archive, shapes)
            for name, shape in shapes.items():
                _open_member(archive, members[name], shape).close()
            arrays = {}
            for name, shape in shapes.items():
                with closing(_open_member(archive, members[name], shape)) as member:
                    try:
                        arrays[name] = read_exactly(member, shape)
                    except ValueError as error:
                        raise ValueError(f"in {name}.npy, {error}") from error
            return arrays


def _check_extent(stream: BinaryIO, shapes: Shapes) -> None:
    """Refuse a file, or a table of contents, that is far too long before it is read."""
    size = stream.seek(0, os.SEEK_END)
    largest = sum(math.prod(shape) for shape in shapes.values()) + _LARGEST_DIRECTORY
    if size > largest:
        raise ValueError(f"it is {size:,} bytes long; such a file has {largest:,} at most")
    stream.seek(max(0, size - _END_RECORD - _ZIP64_LOCATOR))
    tail = stream.read()
    end = tail[-_END_RECORD:]
    if len(end) < _END_RECORD or end[:4] != b"PK\5\6" or end[-2:] != b"\0\0":
        raise ValueError("it does not end as an .npz file does, so it is cut off or damaged")
    (directory,) = struct.unpack_from("<I", end, 12)
    if directory > _LARGEST_DIRECTORY or tail.startswith(b"PK\6\7"):
        raise ValueError("its table of contents is far longer than an .npz file's")


def _members(archive: zipfile.ZipFile, shapes: Shapes) -> dict[str, zipfile.ZipInfo]:
    """Return the members by array name; there must be exactly one for each."""
    expected = {f"{name}.npy": name for name in shapes}
    found = [info.filename for info in archive.infolist()]
    if sorted(found) != sorted(expected):
        raise ValueError(f"it holds {_named(found)}; expected were {_named(expected)}")
    for info in archive.infolist():
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{info.filename} is compressed in a way that NumPy does not use")
    return {expected[info.filename]: info for info in archive.infolist()}


def _named(names: Iterable[str]) -> str:
    """List a few names, each cut short: they come from a file that need not be trusted."""
    names = sorted(names)
    shown = ", ".join(repr(name[:40]) for name in names[:6])
    return (shown + (", ..." if len(names) > 6 else "")) or "nothing"


def _open_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, shape: Shape) -> BufferedIOBase:
    """Open a member and stop behind its header, which must announce unsigned bytes of `shape`."""
    member = cast(BufferedIOBase, archive.open(info))
    # Version 1.0 is what NumPy writes for such arrays; later ones allow headers of 4 GB.
    if member.read(8) != b"\x93NUMPY\1\0":
        raise ValueError(f"{info.filename} is not an array in NumPy's format 1.0")
    try:
        found, by_columns, dtype = np.lib.format.read_array_header_1_0(
            member, max_header_size=_LARGEST_HEADER
        )
    except Exception as error:  # NumPy runs Python's parser here, which fails in many ways
        raise ValueError(f"{info.filename} has a header that NumPy cannot read") from error
    if dtype.hasobject:
        raise ValueError(
            f"{info.filename} holds Python objects, that is pickles, which could run any code"
        )
    if dtype != np.uint8 or found != shape:
        raise ValueError(
            f"{info.filename} is an array of {dtype}, {found}; expected was uint8, {shape}"
        )
    if by_columns:
        raise ValueError(f"{info.filename} is stored by columns; expected was by rows")
    return member
