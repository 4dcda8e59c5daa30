"""Which data sets are on this machine, and how to get one; the command line stands on this."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from cnn_course.data.digits.mnist import MNIST
from cnn_course.data.finding import Finding
from cnn_course.data.folders.dogs_vs_cats import PHOTOGRAPHS


class DataSet(Protocol):
    """A data set that may have to be downloaded."""

    @property
    def name(self) -> str:
        """The name of its folder, and of the data set on the command line."""

    def check(self) -> Finding:
        """Report on it; download nothing, raise nothing."""

    def get(self) -> Path:
        """Make sure that it is on this machine, and return where."""


DATA_SETS: Final[Sequence[DataSet]] = (MNIST, PHOTOGRAPHS)


def check(data_sets: Sequence[DataSet] = DATA_SETS) -> list[Finding]:
    """Report on every data set: where it is, whether it is whole, what to do if it is not.

    Downloads nothing and raises nothing: what is broken is reported. Photographs are all decoded,
    with a progress bar on a terminal, and the verdict is remembered until a file changes.
    """
    return [data_set.check() for data_set in data_sets]


def get(name: str, data_sets: Sequence[DataSet] = DATA_SETS) -> Path:
    """Make sure that a data set is on this machine, whole, and return its file or folder.

    It is downloaded into the course's cache, with a progress bar, if it is not there yet.

    Raises:
        ValueError: there is no data set of that name.
        DataError: it is broken, or it is not here and cannot be downloaded.
    """
    for data_set in data_sets:
        if data_set.name == name:
            return data_set.get()
    known = ", ".join(data_set.name for data_set in data_sets)
    raise ValueError(f"There is no data set {name!r}. Write one of: {known}.")
