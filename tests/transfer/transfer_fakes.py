"""A small base, a model around it, and what a training moves."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

random = np.random.default_rng(5)
PICTURES = random.random((12, 8, 8, 3)).astype("float32") * 9
LABELS = random.integers(0, 2, 12)


def small_base(name: str = "base") -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="conv_1"),
            layers.BatchNormalization(name="norm_1"),
            layers.ReLU(name="relu_1"),
            layers.Conv2D(4, 3, name="conv_2"),
            layers.BatchNormalization(name="norm_2"),
            layers.ReLU(name="relu_2"),
        ],
        name=name,
    )


def around(base: Any) -> Any:
    """A model with `base` inside of it, and augmentation before it, as in chapter 5."""
    inputs = keras.Input(base.input_shape[1:])
    flips = keras.Sequential([layers.RandomFlip("horizontal")], name="flips")
    x = layers.GlobalAveragePooling2D(name="average")(base(flips(inputs)))
    return keras.Model(inputs, layers.Dense(2, activation="softmax", name="classes")(x))


def compiled(model: Any) -> Any:
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model


def fit(model: Any, epochs: int = 1) -> None:
    pictures = np.resize(PICTURES, (12, *model.input_shape[1:]))
    model.fit(pictures, LABELS, epochs=epochs, batch_size=6, verbose=0)


def moved(model: Any, train: Callable[[], None]) -> set[str]:
    """The weights and statistics that a training changes, as "layer/weight"."""
    before = [weight.numpy().copy() for weight in model.weights]
    train()
    return {
        "/".join(weight.path.split("/")[-2:])
        for weight, old in zip(model.weights, before, strict=True)
        if not np.array_equal(weight.numpy(), old)
    }


HEAD = {"classes/kernel", "classes/bias"}
CONV_1 = {"conv_1/kernel", "conv_1/bias"}
CONV_2 = {"conv_2/kernel", "conv_2/bias"}
NORM_2 = {f"norm_2/{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")}
NORM_1 = {name.replace("norm_2", "norm_1") for name in NORM_2}
