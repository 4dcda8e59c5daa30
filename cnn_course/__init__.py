"""The helper package of a course on convolutional networks for computer vision.

The concept is in the notebooks; the plumbing is here. Importing this package makes the import of
TensorFlow quiet and leaves out a part of it that `fit` would wait for, so it comes before
`import keras` in every chapter. In a notebook it says which settings of a person are in the way.
"""

import os

from cnn_course._settings import check_settings, find_home
from cnn_course._tensorflow import prepare_tensorflow

find_home()
check_settings()
os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"
prepare_tensorflow()
