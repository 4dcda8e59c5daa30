"""Right and wrong answers to the exercises of chapter 2; `test_checks_answers.py` tries them."""

import math

import numpy as np
import pytest
from frameworks import keras, layers


def network(*kernel_sizes, dropout=False, normalize=False, shape=(28, 28, 1), last="softmax"):
    """A small convnet with one convolution for each kernel size."""
    x = inputs = keras.Input(shape)
    for size in kernel_sizes:
        x = layers.Conv2D(2, size, activation="relu")(x)
        if normalize:
            x = layers.BatchNormalization()(x)
    x = layers.Flatten()(x)
    if dropout:
        x = layers.Dropout(0.5)(x)
    return keras.Model(inputs, layers.Dense(10, activation=last)(x))


def three(first=None, second=None, third=None):
    """Three architectures as the exercise wants them, unless one is given."""
    return {
        "a": network(7, dropout=True) if first is None else first,
        "b": network(5, 5) if second is None else second,
        "c": network(3, 3, 3, normalize=True) if third is None else third,
    }


def without_softmax():
    inputs = keras.Input((28, 28, 1))
    x = layers.Flatten()(layers.Conv2D(2, 3)(inputs))
    return keras.Model(inputs, layers.Softmax()(layers.Dense(10)(x)))


def by_row(matrix):
    return np.diag(matrix) / matrix.sum(axis=1)


RIGHT = {
    "larger-kernels": [{"flatten": 512, "parameters": 131_082}],
    "first-loss": [math.log(10), 2.303, np.float32(2.3026)],
    "weight-updates": [4690, np.int64(4690), 4690.0],
    "dense-rival": [101_770],
    "global-pooling": [93_962],
    "rows-seen": [24],
    "shifted-seven": [{"right": 8, "up": 2}],
    "right-by-digit": [by_row, lambda m: [m[i][i] / sum(m[i]) for i in range(10)]],
}

WRONG = [
    ("larger-kernels", {"flatten": 1152, "parameters": 131_082}, "3 x 3 kernels"),
    ("larger-kernels", {"flatten": 2048, "parameters": 131_082}, "One convolution follows"),
    ("larger-kernels", {"flatten": 500, "parameters": 131_082}, "Follow the sizes"),
    ("larger-kernels", {"flatten": 512, "parameters": 137_482}, "dense layer has other inputs"),
    ("larger-kernels", {"flatten": 512, "parameters": 262_154}, "keeps its 3 x 3"),
    ("larger-kernels", {"flatten": 512, "parameters": 130_848}, "bias"),
    ("larger-kernels", {"flatten": 512, "parameters": 81_482}, "as deep as their input"),
    ("larger-kernels", {"flatten": 512, "parameters": 1}, "channels in"),
    ("larger-kernels", {"flatten": 512}, "keys"),
    ("larger-kernels", 512, "dictionary"),
    ("first-loss", 0.1, "the probability"),
    ("first-loss", -2.303, "sign"),
    ("first-loss", 1.0, "base 10"),
    ("first-loss", 3.322, "base 2"),
    ("first-loss", 23.03, "right class alone"),
    ("first-loss", 2.2, "right class get"),
    ("weight-updates", 938, "one epoch"),
    ("weight-updates", 937, "without its last batch"),
    ("weight-updates", 4685, "half full, but it is used"),
    ("weight-updates", 4687.5, "no half step"),
    ("weight-updates", 300_000, "for each batch"),
    ("weight-updates", 64, "How many batches"),
    ("dense-rival", 101_632, "bias"),
    ("dense-rival", 100_480, "ten outputs"),
    ("dense-rival", 101_634, "for each unit"),
    ("dense-rival", 108_330, "not the pixels"),
    ("dense-rival", 7840, "Two layers"),
    ("global-pooling", 104_202, "with flatten"),
    ("global-pooling", 92_672, "still there"),
    ("global-pooling", 93_952, "bias"),
    ("global-pooling", 1290, "Add the convolutions"),
    ("global-pooling", 0, "stay as they are"),
    ("rows-seen", 18, "only"),
    ("rows-seen", 32, "third kernel"),
    ("rows-seen", 14, "second convolution"),
    ("rows-seen", 16, "second pooling"),
    ("rows-seen", 13, "twice as far"),
    ("rows-seen", 3, "kernel itself"),
    ("rows-seen", 25, "from layer to layer"),
    ("shifted-seven", {"right": 7, "up": 2}, "'right'.*still a 7"),
    ("shifted-seven", {"right": 8, "up": 1}, "'up'.*still a 7"),
    ("shifted-seven", {"right": 8, "up": 10}, "Choose the example again"),
    ("shifted-seven", {"right": 3, "up": 2}, "below the ten bars"),
    ("shifted-seven", 8, "dictionary"),
    ("right-by-digit", lambda m: np.diag(m) / m.sum(axis=0), "column"),
    ("right-by-digit", np.diag, "counts"),
    ("right-by-digit", lambda m: np.diag(m) / m.sum(), "all pictures"),
    ("right-by-digit", lambda m: np.trace(m) / m.sum(), r"shape is \(\)"),
    ("right-by-digit", lambda m: by_row(m)[::-1], "true digit"),
    ("right-by-digit", lambda m: print(end=""), "return"),
    ("right-by-digit", np.eye(10), "function"),
]


def architectures():
    """Right and wrong answers that need Keras."""
    right = [
        three(),
        three(first=without_softmax(), second=network(5, 5, dropout=True)),
    ]
    wrong = [
        ([network(3)] * 3, "dictionary"),
        ({"a": network(3)}, "three entries"),
        (three(first="a network"), "'a'.*str"),
        (three(first=network(7, shape=(28, 28, 3))), "28, 28, 3"),
        (three(first=network(7, last=None)), "scores"),
        (three(first=network(dropout=True)), "no convolution"),
        (three(first=network(7), second=network(5, 5)), "None.*Dropout"),
        (three(third=network(3, 3, 3)), "None.*BatchNormalization"),
        (three(network(3, dropout=True), network(5), network(7, normalize=True)), "depth"),
        (
            three(network(3, dropout=True), network(3, 3), network(3, 3, 3, normalize=True)),
            "kernel sizes",
        ),
        (
            three(
                network(7, dropout=True),
                network(5, 5, dropout=True),
                network(3, 3, 3, normalize=True, dropout=True),
            ),
            "All.*Dropout",
        ),
    ]
    return right, wrong


IN_KERAS = {"three-architectures": architectures}


@pytest.mark.tensorflow
def test_the_counts_in_the_answers_are_those_of_keras():
    def chain(first, last):
        x = inputs = keras.Input((28, 28, 1))
        for filters, size in [(32, first), (64, first), (128, 3)]:
            x = layers.Conv2D(filters, size, activation="relu")(x)
            if filters < 128:
                x = layers.MaxPooling2D(2)(x)
        x = last()(x)
        return keras.Model(inputs, layers.Dense(10)(x)), x

    larger, flat = chain(5, layers.Flatten)
    assert larger.count_params() == RIGHT["larger-kernels"][0]["parameters"]
    assert flat.shape == (None, RIGHT["larger-kernels"][0]["flatten"])
    pooled, _ = chain(3, layers.GlobalMaxPooling2D)
    assert pooled.count_params() == RIGHT["global-pooling"][0]
    dense = keras.Sequential([keras.Input((784,)), layers.Dense(128), layers.Dense(10)])
    assert dense.count_params() == RIGHT["dense-rival"][0]
