"""Find, download, verify and read the course's data sets.

Importing this package imports neither TensorFlow nor scikit-learn nor scikit-image.
"""

from cnn_course.data.digits.loading import load_digits
from cnn_course.data.errors import DataError
from cnn_course.data.finding import Finding
from cnn_course.data.folders.batches import load_pictures
from cnn_course.data.folders.dogs_vs_cats import cats_and_dogs
from cnn_course.data.folders.two_folders import own_pictures
from cnn_course.data.photographs import photograph
from cnn_course.data.report import check, get

__all__ = [
    "DataError",
    "Finding",
    "cats_and_dogs",
    "check",
    "get",
    "load_digits",
    "load_pictures",
    "own_pictures",
    "photograph",
]
