"""VGG16 and VGG19: chapter 9.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2014).
"""

from typing import Any

import keras
from keras import layers

#: depth -> convolutions in each of the five blocks
_CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def vgg(depth: int = 16, classes: int = 1000, side: int = 224) -> Any:
    """Return VGG16 (138,357,544 parameters for 1,000 classes) or VGG19 (143,667,240).

    Args:
        depth: layers with weights, 16 or 19.
        classes: units of the softmax at the end.
        side: pixels along each side; at least 32.

    Raises:
        ValueError: another depth.
    """
    if depth not in _CONVOLUTIONS:
        raise ValueError(f"There is no VGG{depth}. Its depth is 16 or 19.")
    x = inputs = keras.Input(shape=(side, side, 3))
    for block, number in enumerate(_CONVOLUTIONS[depth], start=1):
        filters = min(64 * 2 ** (block - 1), 512)
        for conv in range(1, number + 1):
            name = f"block{block}_conv{conv}"
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(4096, activation="relu", name="fc1")(x)
    x = layers.Dense(4096, activation="relu", name="fc2")(x)
    outputs = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, outputs, name=f"vgg{depth}")
