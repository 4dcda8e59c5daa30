"""AlexNet: chapter 9.

Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks"
(2012): ReLU, dropout, local response normalization, pooling windows that overlap. Three of its
convolutions were split over two graphics cards; here they have two groups.
"""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="cnn_course")
class LocalResponseNormalization(layers.Layer):
    """Divide each value by what the neighbouring channels show at the same place.

    b = a / (k + alpha x sum of squares over n neighbouring channels) ** beta, as in section 3.3 of
    the paper. Nothing is learned.

    Attributes:
        k: added to the sum.
        n: channels in the sum, an odd number; at the first and last channel there are fewer.
        alpha: weight of the sum.
        beta: the power.
    """

    def __init__(
        self, k: float = 2.0, n: int = 5, alpha: float = 1e-4, beta: float = 0.75, **named: Any
    ) -> None:
        super().__init__(**named)
        if n < 1 or n % 2 == 0:
            raise ValueError(f"n must be an odd number of channels, such as 5, but it is {n}.")
        self.k, self.n, self.alpha, self.beta = k, n, alpha, beta

    def call(self, inputs: Any) -> Any:
        """Return the normalized values; shape (N, H, W, C) in and out."""
        channels, reach = inputs.shape[-1], self.n // 2
        padded = ops.pad(ops.square(inputs), [[0, 0], [0, 0], [0, 0], [reach, reach]])
        squares = sum(padded[..., first : first + channels] for first in range(self.n))
        return inputs / (self.k + self.alpha * squares) ** self.beta

    def get_config(self) -> dict[str, Any]:
        """Return what `__init__` takes."""
        own = {"k": self.k, "n": self.n, "alpha": self.alpha, "beta": self.beta}
        return {**super().get_config(), **own}


def alexnet(classes: int = 1000) -> Any:
    """Return AlexNet for pictures of 227 x 227 pixels: 60,965,224 parameters for 1,000 classes.

    The paper says 224 x 224; its first convolution without padding needs 227.
    """
    inputs = keras.Input(shape=(227, 227, 3))
    x = layers.Conv2D(96, kernel_size=11, strides=4, activation="relu", name="conv_1")(inputs)
    x = LocalResponseNormalization(name="norm_1")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool_1")(x)
    x = layers.Conv2D(256, 5, padding="same", groups=2, activation="relu", name="conv_2")(x)
    x = LocalResponseNormalization(name="norm_2")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool_2")(x)
    x = layers.Conv2D(384, 3, padding="same", activation="relu", name="conv_3")(x)
    x = layers.Conv2D(384, 3, padding="same", groups=2, activation="relu", name="conv_4")(x)
    x = layers.Conv2D(256, 3, padding="same", groups=2, activation="relu", name="conv_5")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool_5")(x)
    x = layers.Flatten(name="flatten")(x)
    for name in ("dense_6", "dense_7"):
        x = layers.Dense(4096, activation="relu", name=name)(x)
        x = layers.Dropout(0.5)(x)
    outputs = layers.Dense(classes, activation="softmax", name="output")(x)
    return keras.Model(inputs, outputs, name="alexnet")
