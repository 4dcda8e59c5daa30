"""Find, download, verify and read the course's data sets.

Importing this package imports neither TensorFlow nor scikit-learn nor scikit-image.
"""

from cnn_course.data.digits import load_digits
from cnn_course.data.errors import DataError
from cnn_course.data.finding import Finding
from cnn_course.data.photographs import cat_photograph
from cnn_course.data.report import check, get

__all__ = ["DataError", "Finding", "cat_photograph", "check", "get", "load_digits"]
