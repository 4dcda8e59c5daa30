"""Find, download, verify and read the course's data sets.

Importing this package imports neither TensorFlow nor scikit-learn nor scikit-image.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from cnn_course.arguments import one_of
from cnn_course.data import storage
from cnn_course.data.digits import MNIST, Mnist, load_digits
from cnn_course.data.dogs_vs_cats import PHOTOGRAPHS, DogsVsCats, cats_and_dogs
from cnn_course.data.errors import DataError, Finding
from cnn_course.data.own_folders import own_pictures, singular
from cnn_course.data.pictures import load_pictures, photograph

__all__ = [
    "DATA_SETS",
    "DataError",
    "Finding",
    "cats_and_dogs",
    "check",
    "get",
    "load_digits",
    "load_pictures",
    "own_pictures",
    "photograph",
    "singular",
]

DataSet: TypeAlias = Mnist | DogsVsCats

DATA_SETS: Final[Sequence[DataSet]] = (MNIST, PHOTOGRAPHS)


def check(data_sets: Sequence[DataSet] = DATA_SETS) -> list[Finding]:
    """Report on every data set: where it is, whether it is whole, what to do if it is not.

    Downloads nothing and raises nothing: what is broken is reported. Photographs are all decoded,
    with a progress bar on a terminal, and what was found out is remembered until a file changes.
    """
    storage.forget_killed()
    return [data_set.check() for data_set in data_sets]


def get(name: str, data_sets: Sequence[DataSet] = DATA_SETS) -> Path:
    """Make sure that a data set is on this machine, whole, and return its file or folder.

    It is downloaded into the course's cache, with a progress bar, if it is not there yet.

    Raises:
        ValueError: there is no data set of that name.
        DataError: it is broken, or it is not here and cannot be downloaded.
    """
    by_name: dict[str, DataSet] = {data_set.name: data_set for data_set in data_sets}
    found = by_name[one_of("The data set", name, by_name)].get()
    storage.forget_killed()
    return found
