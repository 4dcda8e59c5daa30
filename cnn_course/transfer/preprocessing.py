"""What pictures go through before a base sees them: the same as when it was trained.

Both functions take pictures of shape (..., height, width, 3) with values from 0 to 255, as a NumPy
array, a tensor or a symbolic tensor of a model, and return them as floating-point numbers. In a
model they become operations of Keras, so that a saved model carries them along.
"""

from typing import Any

import keras
import numpy as np


def for_vgg16(pictures: Any) -> Any:
    """Turn red, green, blue into blue, green, red and subtract ImageNet's mean of each channel.

    That is `keras.applications.vgg16.preprocess_input`, as the network was trained in Caffe.
    """
    return keras.applications.vgg16.preprocess_input(_as_floats(pictures))


def between_minus_one_and_one(pictures: Any) -> Any:
    """Divide by 127.5 and subtract 1, as MobileNet and the small VGG16 were trained.

    That is `keras.applications.mobilenet.preprocess_input`.
    """
    return keras.applications.mobilenet.preprocess_input(_as_floats(pictures))


def _as_floats(pictures: Any) -> Any:
    """Return floating-point pictures; of a NumPy array, always a copy.

    Keras changes the array that it is given, and it computes with the whole numbers of a tensor,
    where a pixel less than the mean turns into a bright one.
    """
    if not (keras.ops.is_tensor(pictures) or isinstance(pictures, keras.KerasTensor)):
        return np.array(pictures, dtype=np.float32)
    if keras.backend.is_float_dtype(pictures.dtype):
        return pictures
    return keras.ops.cast(pictures, "float32")
