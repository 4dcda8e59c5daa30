"""LeNet-5, as it is usually taught: chapter 9, and counted in chapter 8.

LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition" (1998).
The published network connected only some maps of its third layer and had trained pooling: 60,000
parameters. With full connections and plain averages it has 61,706.
"""

from typing import Any

import keras
from keras import layers


def lenet(classes: int = 10, side: int = 28) -> Any:
    """Return LeNet-5 for grey pictures of `side` x `side` pixels: 61,706 parameters for 28.

    Args:
        classes: units of the softmax at the end.
        side: pixels along each side; at least 12.
    """
    inputs = keras.Input(shape=(side, side, 1))
    x = layers.Conv2D(6, kernel_size=5, padding="same", activation="tanh", name="C1")(inputs)
    x = layers.AveragePooling2D(2, name="S2")(x)
    x = layers.Conv2D(16, kernel_size=5, activation="tanh", name="C3")(x)
    x = layers.AveragePooling2D(2, name="S4")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(120, activation="tanh", name="F5")(x)
    x = layers.Dense(84, activation="tanh", name="F6")(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="lenet")
