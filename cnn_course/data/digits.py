"""Handwritten digits: MNIST, or 1,797 small ones that need no download.

Yann LeCun, Corinna Cortes and Christopher Burges, "The MNIST database of handwritten digits":
60,000 training and 10,000 test pictures, CC BY-SA 3.0.
"""

import contextlib
import gzip
import hashlib
import io
import math
import os
import struct
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnn_course.data import storage
from cnn_course.data.download import Published, fetch
from cnn_course.data.errors import DataError, Finding, faults_of, printable
from cnn_course.profiles import check_profile

Bytes: TypeAlias = NDArray[np.uint8]
Part: TypeAlias = tuple[Bytes, Bytes]
Arrays: TypeAlias = dict[str, Bytes]

# The file that Keras loads: https://keras.io/api/datasets/mnist/
KERAS_FILE: Final = Published(
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
)
TINY_TRAIN: Final = 1_297
_SIDE: Final = 28
_BOX: Final = 20  # MNIST's digits are drawn in 20 x 20 pixels, with a margin of 4
_MARGIN: Final = (_SIDE - _BOX) // 2
_ZIP: Final = b"PK"
_GZIP: Final = b"\x1f\x8b"
_IDX: Final = b"\0\0"
_UNSIGNED_BYTE: Final = 0x08
_HEADER: Final = 10_000  # bytes; more than any array of MNIST has before its values


@dataclass(frozen=True)
class Mnist:
    """MNIST's identity and how to get hold of it; the defaults are the real one's.

    It is known by its arrays, not by its file: the same pictures may come as `mnist.npz` or as
    four IDX files, compressed by whatever program.

    Attributes:
        train: training pictures.
        test: test pictures; another number than `train`, since IDX files are told apart by it.
        digest: sha256 over the four arrays, see `arrays_digest`.
        published: the file to download.
    """

    name: ClassVar[str] = "mnist"

    train: int = 60_000
    test: int = 10_000
    digest: str = "e5ea4841dd6fde90b155843179ce5756a4864227194eec7fb09d7cfc4cf702a5"
    published: Published = KERAS_FILE

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The name and the shape of each array."""
        return {
            "x_train": (self.train, _SIDE, _SIDE),
            "y_train": (self.train,),
            "x_test": (self.test, _SIDE, _SIDE),
            "y_test": (self.test,),
        }

    def get(self) -> Path:
        """Make sure that MNIST is on this machine, and return its file or folder.

        Raises:
            DataError: as `load`.
        """
        return self.load()[0]

    def load(self) -> tuple[Path, Arrays]:
        """Return where MNIST is and its four arrays, downloaded if it is not on this machine.

        Raises:
            DataError: what was found is broken, or nothing was found and nothing could be
                downloaded.
        """
        own = storage.own_folder(self.name)
        if own:
            try:
                return own, self._read(own)[0]
            except DataError as error:
                raise DataError(error.problem, error.advice or self._advice(own)) from error
        cached, reason = self._cached(), "MNIST is not on this machine."
        for file, told in (
            (self._of_keras(), "It is passed over."),
            (cached, "It is downloaded again."),
        ):
            if os.path.lexists(file):
                try:
                    return file, self._read(file)[0]
                except DataError as error:
                    reason = error.problem
                    warnings.warn(f"{reason} {told}", stacklevel=3)
        try:
            fetch(self.published, cached)
        except DataError as error:
            raise DataError(
                f"{reason} {error.problem}", f"{error.advice}\n{self._ways()}"
            ) from error
        return cached, self._read(cached)[0]

    def check(self) -> Finding:
        """Report what `load` would find on this machine. Downloads nothing, raises nothing."""
        path, size = None, 0
        try:
            path = storage.own_folder(self.name) or self._in_a_cache()
            if not os.path.lexists(path):
                return storage.missing(self.name, path, self._ways())
            with faults_of(path):
                size = sum(file.stat().st_size for file in _files_in(path))
            _, files = self._read(path)
            size = sum(file.stat().st_size for file in files)
        except DataError as error:
            advice = error.advice or self._advice(path)
            return Finding(self.name, "broken", path, size, "", error.problem, advice)
        return Finding(self.name, "whole", path, size, digest=self.digest)

    def _in_a_cache(self) -> Path:
        """Return Keras's file, if it is whole, or else the place in the course's cache."""
        if os.path.lexists(of_keras := self._of_keras()):
            with contextlib.suppress(DataError):
                self._read(of_keras)
                return of_keras
        return self._cached()

    def _of_keras(self) -> Path:
        return storage.keras_cache("datasets") / "mnist.npz"

    def _cached(self) -> Path:
        return storage.cache_folder(self.name) / "mnist.npz"

    def _read(self, place: Path) -> tuple[Arrays, set[Path]]:
        """Return the arrays, known by their shapes and compared with MNIST's digest, and the files.

        Of two that hold the same, the first by name is taken. What is not MNIST and only lies
        beside it does no harm; in place of a file that is called so, nothing is taken in silence.
        """
        files = _files_in(place)
        where = files[0] if len(files) == 1 else place
        found: dict[str, tuple[Bytes, Path]] = {}
        faults: list[DataError] = []
        for file in files:
            if len(found) == len(self.shapes):
                break
            try:
                for name, array in self._named_arrays(file):
                    found.setdefault(name, (array, file))
            except DataError as error:
                if "mnist" in file.name.lower():
                    raise
                faults.append(error)
        lacking = ", ".join(name for name in self.shapes if name not in found)
        if lacking:
            there = ", ".join(sorted(os.listdir(place))[:5]) if os.path.isdir(place) else where.name
            problem = (
                f"{place} has no .npz file of MNIST, and no IDX file of {lacking}. "
                f"There is: {printable(there, 400) or 'nothing'}."
            )
            told = " ".join([problem, *(fault.problem for fault in faults[:3])])
            raise DataError(told, next((fault.advice for fault in faults), ""))
        used = {file for _, file in found.values()}
        arrays = {name: found[name][0] for name in self.shapes}
        digest = arrays_digest(arrays)
        if digest != self.digest:
            raise DataError(
                f"{where} cannot be used: its arrays have the shapes of MNIST's, but not their "
                f"values. Their sha256 is {digest}, expected was {self.digest}."
            )
        return arrays, used

    def _named_arrays(self, file: Path) -> list[tuple[str, Bytes]]:
        """Return the arrays in a file with their names in MNIST; others are an error."""
        names = {shape: name for name, shape in self.shapes.items()}
        # Other types take up to 8 bytes a value, and are told by name.
        largest = _HEADER + 8 * max(math.prod(shape) for shape in names)
        with faults_of(file):
            arrays = _arrays_in(file, largest)
            for array in arrays:
                if array.dtype != np.uint8 or array.shape not in names:
                    raise ValueError(
                        f"it holds an array of {array.dtype}, {array.shape}; expected were "
                        f"uint8 and one of {', '.join(map(str, names))}"
                    )
        return [(names[array.shape], array) for array in arrays]

    def _advice(self, place: Path | None) -> str:
        if place == self._cached():
            return "Connect to the network and load it again: a new download replaces it."
        return f"Put a whole copy there, or take {place} away to use the course's cache."

    def _ways(self) -> str:
        content = "mnist.npz or the four IDX files"
        return storage.ways(self.name, content, "mnist.npz", self._cached(), self.published.url)


MNIST: Final = Mnist()


def _files_in(place: Path) -> list[Path]:
    """Return the files of a place that may hold MNIST: zip files, as `.npz` is one, then IDX files.

    They are told apart by their content; hidden files are passed over.
    """
    if not os.path.isdir(place):
        return [place]
    with faults_of(place):
        files = sorted(file for file in place.iterdir() if file.is_file() and file.name[0] != ".")
    starts = {file: _start_of(file) for file in files}
    return [file for kind in (_ZIP, _IDX, _GZIP) for file in files if starts[file] == kind]


def _start_of(file: Path) -> bytes:
    with faults_of(file), file.open("rb") as stream:
        return stream.read(2)


def _arrays_in(file: Path, largest: int) -> list[NDArray[Any]]:
    """Return the arrays of a zip file, as `.npz` is one, or the one of an IDX file, gzipped or not.

    No more than `largest` bytes are read of any: the others are none of MNIST's.
    """
    if _start_of(file) in (_IDX, _GZIP):
        with file.open("rb") as stream:
            return [_idx_array(stream.read(largest + 1), largest)]
    with zipfile.ZipFile(file) as archive:
        arrays = []
        for member in archive.infolist():
            with archive.open(member) as stream:
                content = stream.read(2)
                is_npy, is_idx = member.filename.endswith(".npy"), content == _IDX
                content += stream.read(largest) if is_npy or is_idx else b""
            try:
                if is_npy:
                    arrays.append(np.lib.format.read_array(io.BytesIO(content)))
                elif is_idx:
                    arrays.append(_idx_array(content, largest))
            except Exception as error:  # NumPy runs Python's parser on what a file says
                raise ValueError(f"an array in it cannot be read: {error}") from error
        return arrays


def _idx_array(content: bytes, largest: int) -> Bytes:
    """Return the array in the content of an IDX file, gzipped or not.

    MNIST's page describes them: two zero bytes, a type code, the number of dimensions, each
    dimension as four bytes (big end first), then the values.
    """
    if content.startswith(_GZIP):
        with gzip.open(io.BytesIO(content)) as stream:
            content = stream.read(largest + 1)
    start, code, dimensions = struct.unpack_from("2sBB", content)
    if start != _IDX or code != _UNSIGNED_BYTE:
        raise ValueError(f"its values are of type 0x{code:02X}; expected was 0x08, unsigned bytes")
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    values = np.array(bytearray(content[4 + 4 * dimensions :]), np.uint8)
    if len(values) != math.prod(shape):
        raise ValueError(f"it has {len(values):,} bytes of data; its header says {shape}")
    return values.reshape(shape)


def arrays_digest(arrays: Arrays) -> str:
    """Return the sha256 over the names, types, shapes and bytes of arrays, in their order.

    For each array, the line `"x_train |u1 (60000, 28, 28)"` and then its bytes, row by row.
    """
    total = hashlib.sha256()
    for name, array in arrays.items():
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()


def load_digits(profile: str, mnist: Mnist = MNIST) -> tuple[Part, Part]:
    """Return pictures of handwritten digits and their labels, for training and for testing.

    `"full"` is MNIST: 60,000 and 10,000 pictures, looked for in `$CNN_COURSE_DATA/mnist/`, then in
    the caches of Keras and of the course, then downloaded. Whatever its container, its arrays are
    compared with a digest.

    `"tiny"` is scikit-learn's copy of the test set of "Optical Recognition of Handwritten Digits"
    (E. Alpaydin and C. Kaynak, 1998): 1,797 real digits of 13 people, 8 x 8 pixels, enlarged so
    that they look like MNIST's. The first 1,297 are for training and the last 500 for testing,
    in the order of the file. Neighbours there were written by the same hand (see "Sample
    grouping" in Inria's scikit-learn course), so the test pictures come from hands that the
    network has not seen, as MNIST's do; a shuffled split would mix the hands and promise too
    much. One hand is in both parts: it wrote the last ten training pictures and the first
    hundred or so for testing.

    Args:
        profile: `"tiny"` or `"full"`.
        mnist: which data set `"full"` means; for tests.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: pictures, uint8 of shape (n, 28, 28), 0 is black
        and 255 is white, white digits on black; labels, uint8 of shape (n,), 0 to 9.

    Raises:
        ValueError: there is no such profile.
        DataError: MNIST is broken, or is not here and cannot be downloaded.
    """
    if check_profile(profile) == "tiny":
        return _tiny_digits()
    _, arrays = mnist.load()
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def _tiny_digits() -> tuple[Part, Part]:
    # scikit-learn takes a second to import, which nobody should pay for MNIST.
    from sklearn import datasets  # noqa: PLC0415

    digits = datasets.load_digits()
    x = np.stack([_like_mnist(picture) for picture in digits.images / 16])
    y = digits.target.astype(np.uint8)
    return (x[:TINY_TRAIN], y[:TINY_TRAIN]), (x[TINY_TRAIN:], y[TINY_TRAIN:])


def _like_mnist(picture: NDArray[np.float64]) -> Bytes:
    """Enlarge an 8 x 8 picture with values in [0, 1] as MNIST's were made: box, margin, centre."""
    from PIL import Image  # noqa: PLC0415

    small = Image.fromarray(picture.astype(np.float32))
    box = np.asarray(small.resize((_BOX, _BOX), Image.Resampling.BICUBIC))
    # Enlarging blurs. More contrast gives as many grey pixels as MNIST has: 19 of 100.
    box = np.clip((box - 0.15) / 0.7, 0, 1)
    canvas = np.pad(box / box.max(), _MARGIN)
    rows, columns = (_to_centre(canvas.sum(axis=axis)) for axis in (1, 0))
    return np.rint(255 * np.roll(canvas, (rows, columns), axis=(0, 1))).astype(np.uint8)


def _to_centre(sums: NDArray[np.float32]) -> int:
    """Return the pixels to shift by, so that the centre of mass comes to the picture's centre."""
    centre = np.average(np.arange(_SIDE), weights=sums)
    return int(np.clip(np.rint((_SIDE - 1) / 2 - centre), -_MARGIN, _MARGIN))
