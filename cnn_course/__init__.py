"""The helper package of a course on convolutional networks for computer vision.

The concept is in the notebooks; the plumbing is here. Importing this package makes the import of
TensorFlow quiet, so it comes before `import keras` in every chapter.
"""

import os

from cnn_course._quiet import quiet_tensorflow

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
quiet_tensorflow()
