"""The helper package of a course on convolutional networks for computer vision.

The concept is in the notebooks; the plumbing is here. Importing this package makes the import of
TensorFlow quiet, so it comes before `import keras` in every chapter. In a notebook it says which
settings of a person are in the way.
"""

import os

from cnn_course._quiet import quiet_tensorflow
from cnn_course._settings import check_settings, find_home

find_home()
check_settings()
os.environ["KERAS_BACKEND"] = os.environ.get("KERAS_BACKEND") or "tensorflow"
quiet_tensorflow()
