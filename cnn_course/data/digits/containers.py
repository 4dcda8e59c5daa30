"""Find arrays in a folder, in one `.npz` file or one IDX file each, told apart by content."""

import os
from collections.abc import Sequence
from pathlib import Path

from cnn_course.data.digits.idx import identify, read_idx
from cnn_course.data.digits.npz import looks_like_npz, read_npz
from cnn_course.data.errors import DataError
from cnn_course.data.reading import Arrays, Shapes, faults_of


def files_in(place: Path, shapes: Shapes) -> Sequence[Path]:
    """Return the files of a place that hold the arrays `shapes`; only their starts are read.

    Names do not matter, except that hidden files are passed over and that the first by name is
    taken where two files hold the same.

    Args:
        place: a folder, or an `.npz` file.
        shapes: the name and the shape of every array, no two shapes the same.

    Returns:
        One `.npz` file; or else one IDX file for each array, in the order of `shapes`.

    Raises:
        DataError: the folder has neither, or a file in it cannot be read.
    """
    if not os.path.isdir(place):
        return [place]
    with faults_of(place):
        files = sorted(file for file in place.iterdir() if file.is_file() and file.name[0] != ".")
    for file in files:
        if looks_like_npz(file):
            return [file]
    found: dict[str, Path] = {}
    others = []
    for file in files:
        name = identify(file, shapes)
        if name:
            found.setdefault(name, file)
        else:
            others.append(file.name)
    lacking = [name for name in shapes if name not in found]
    if lacking:
        raise DataError(
            f"{place} has no .npz file, and no IDX file of {_few(lacking)}. "
            f"Files of neither kind: {_few(others)}."
        )
    return [found[name] for name in shapes]


def read_arrays(files: Sequence[Path], shapes: Shapes) -> Arrays:
    """Read the arrays from what `files_in` returned.

    Raises:
        DataError: a file is cut off, damaged, too long, or holds anything else.
    """
    if len(files) == 1:
        return read_npz(files[0], shapes)
    pairs = zip(shapes.items(), files, strict=True)
    return {name: read_idx(file, shape) for (name, shape), file in pairs}


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "") if names else "none"
