"""MNIST: find it on this machine or download it, and be sure that it is MNIST.

Yann LeCun, Corinna Cortes and Christopher Burges, "The MNIST database of handwritten digits":
60,000 training and 10,000 test pictures, CC BY-SA 3.0.
"""

import hashlib
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np

from cnn_course.data import places
from cnn_course.data.digits.containers import files_in, read_arrays
from cnn_course.data.download import Published, fetch
from cnn_course.data.errors import DataError
from cnn_course.data.finding import Finding
from cnn_course.data.reading import Arrays, Shapes, faults_of

# The file that Keras loads: https://keras.io/api/datasets/mnist/
KERAS_FILE: Final = Published(
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    size=11_490_434,
)


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
    def shapes(self) -> Shapes:
        """The name and the shape of each array."""
        return {
            "x_train": (self.train, 28, 28),
            "y_train": (self.train,),
            "x_test": (self.test, 28, 28),
            "y_test": (self.test,),
        }

    def load(self) -> Arrays:
        """Return the four arrays, from this machine or else from the network.

        Raises:
            DataError: what was found is broken, or nothing was found and nothing could be
                downloaded.
        """
        return self._obtain()[1]

    def get(self) -> Path:
        """Make sure that MNIST is on this machine, and return its file or folder.

        Raises:
            DataError: as `load`.
        """
        return self._obtain()[0]

    def check(self) -> Finding:
        """Report what `load` would find on this machine. Downloads nothing, raises nothing."""
        path, size = None, 0
        try:
            path = places.own_folder(self.name) or self._cached()
            if not os.path.lexists(path):
                return self._missing(path)
            files = files_in(path, self.shapes)
            with faults_of(path):
                size = sum(file.stat().st_size for file in files)
            self._verified(files)
        except DataError as error:
            advice = error.advice or self._advice(path)
            return Finding(self.name, "broken", path, size, problem=error.problem, advice=advice)
        return Finding(self.name, "whole", path, size, digest=self.digest)

    def _cached(self) -> Path:
        return places.cache_folder(self.name) / "mnist.npz"

    def _obtain(self) -> tuple[Path, Arrays]:
        own = places.own_folder(self.name)
        if own:
            try:
                return own, self._read(own)
            except DataError as error:
                raise DataError(error.problem, self._advice(own)) from error
        cached, reason = self._cached(), "MNIST is not on this machine."
        if os.path.lexists(cached):
            try:
                return cached, self._read(cached)
            except DataError as error:
                reason = error.problem
                warnings.warn(f"{reason} It is downloaded again.", stacklevel=4)
        self._download(cached, reason)
        return cached, self._read(cached)

    def _download(self, target: Path, reason: str) -> None:
        try:
            fetch(self.published, target)
        except DataError as error:
            raise DataError(
                f"{reason} {error.problem}", f"{error.advice}\n{self._ways()}"
            ) from error

    def _read(self, place: Path) -> Arrays:
        return self._verified(files_in(place, self.shapes))

    def _verified(self, files: Sequence[Path]) -> Arrays:
        """Read the arrays and compare them with MNIST's digest."""
        arrays = read_arrays(files, self.shapes)
        where = files[0] if len(files) == 1 else files[0].parent
        for name in ("y_train", "y_test"):
            if arrays[name].max() > 9:
                raise DataError(
                    f"{where} cannot be used: {name} has a label {arrays[name].max()}; "
                    "labels go from 0 to 9."
                )
        found = arrays_digest(arrays)
        if found != self.digest:
            raise DataError(
                f"{where} cannot be used: its arrays have the shapes of MNIST's, but not their "
                f"values. Their sha256 is {found}, expected was {self.digest}."
            )
        return arrays

    def _missing(self, path: Path) -> Finding:
        problem = (
            f"There is no folder {self.name} in {places.OWN_VARIABLE} and no {path}."
            if os.environ.get(places.OWN_VARIABLE)
            else f"{places.OWN_VARIABLE} is not set, and there is no {path}."
        )
        return Finding(self.name, "missing", path, problem=problem, advice=self._ways())

    def _advice(self, place: Path | None) -> str:
        if place == self._cached():
            return "Connect to the network and load it again: a new download replaces it."
        return f"Put a whole copy there, or take {place} away to use the course's cache."

    def _ways(self) -> str:
        return (
            "Do one of these:\n"
            f"1. Set {places.OWN_VARIABLE} to a folder with a folder {self.name} in it that has "
            "mnist.npz or the four IDX files.\n"
            f"2. Put mnist.npz here: {self._cached()}\n"
            "3. Connect to the network and load it again: it is downloaded from "
            f"{self.published.url}"
        )


MNIST: Final = Mnist()


def arrays_digest(arrays: Arrays) -> str:
    """Return the sha256 over the names, types, shapes and bytes of arrays, in their order.

    For each array, the line `"x_train |u1 (60000, 28, 28)"` and then its bytes, row by row.
    """
    total = hashlib.sha256()
    for name, array in arrays.items():
        total.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(np.ascontiguousarray(array).data)
    return total.hexdigest()
