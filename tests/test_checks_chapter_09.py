"""Right and wrong answers to the exercises of chapter 9; `test_checks_answers.py` tries them."""

import numpy as np
import pytest
from frameworks import keras, layers, tf, without_weights

from cnn_course import counting

SIDES = {"conv_1": 55, "pool_1": 27, "pool_2": 13, "pool_5": 6, "flatten": 9_216}
MORE = {"block 3": 590_080, "block 4": 2_359_808, "block 5": 2_359_808, "together": 5_309_696}
WORK = {"directly": 112_896_000, "bottleneck": 5_268_480}
BLOCK = {
    "first conv": 73_728,
    "second conv": 147_456,
    "projection": 8_192,
    "normalizations": 1_536,
    "together": 230_912,
}
WEIGHTS = {"ordinary": 294_912, "separable": 33_920}


def residual(x, convolutions):
    return np.maximum(convolutions(x) + x, 0)


RIGHT = {
    "loudest-wins": [[0.894, 0, 0.447], np.array([2 / 5**0.5, 0, 1 / 5**0.5])],
    "overlapping-pooling": [SIDES],
    "three-more": [MORE],
    "bottleneck": [WORK],
    "projection": [BLOCK],
    "residual-block": [residual],
    "separable": [WEIGHTS],
}

WRONG = [
    ("loudest-wins", [0.894, 0], r"shape is \(2,\)"),
    ("loudest-wins", [0.4, 0, 0.1], "beta is 0.5"),
    ("loudest-wins", [2.0, 0, 0.5], "own sum as well"),
    ("loudest-wins", [1.155, 0, 0.816], "Square"),
    ("loudest-wins", [0.9, 0, 0.3], "root of three squares"),
    ("overlapping-pooling", SIDES | {"conv_1": 54}, "'conv_1': .*add 1"),
    ("overlapping-pooling", SIDES | {"pool_1": 28}, "'pool_1': .*must fit"),
    ("overlapping-pooling", SIDES | {"flatten": 1_536}, "Rows and columns"),
    ("three-more", MORE | {"block 3": 589_824}, "'block 3': .*bias"),
    ("three-more", MORE | {"block 4": 1_180_160}, "As many channels"),
    ("three-more", MORE | {"together": 2_949_888}, "Add the three"),
    ("bottleneck", WORK | {"directly": 235_200}, "480 channels"),
    ("bottleneck", WORK | {"bottleneck": 3_763_200}, "costs, too"),
    ("bottleneck", WORK | {"bottleneck": 1_505_280}, "comes behind it"),
    ("projection", BLOCK | {"first conv": 73_856}, "No biases"),
    ("projection", BLOCK | {"projection": 16_384}, "input of the block"),
    ("projection", BLOCK | {"normalizations": 1_024}, "projection is followed"),
    ("projection", BLOCK | {"normalizations": 768}, "two are kept"),
    ("projection", {"together": 230_912}, "dictionary"),
    ("residual-block", 3, "function"),
    ("residual-block", lambda x, f: f(x) + x, "ReLU is missing"),
    ("residual-block", lambda x, f: np.maximum(f(x), 0) + x, "Add first"),
    ("residual-block", lambda x, f: np.maximum(f(x), 0), "to be added"),
    ("residual-block", lambda *a: print(end=""), "return"),
    ("residual-block", lambda x, f: x.sum(), "shape"),
    ("residual-block", lambda x, f: x, "Add the input"),
    ("separable", WEIGHTS | {"ordinary": 295_168}, "No biases"),
    ("separable", WEIGHTS | {"separable": 32_768}, "comes before"),
    ("separable", WEIGHTS | {"separable": 35_072}, "each channel it gets"),
]
IN_KERAS = {"residual-block": lambda: ([lambda x, f: tf.nn.relu(x + f(x))], [])}


@pytest.mark.tensorflow
def test_the_counts_in_the_answers_are_those_of_keras() -> None:
    with without_weights():
        vgg16, vgg19 = (getattr(keras.applications, f"VGG{n}")(weights=None) for n in (16, 19))
    assert vgg19.count_params() - vgg16.count_params() == MORE["together"]
    maps = keras.Input((28, 28, 128))
    for count, layer in (
        (WEIGHTS["ordinary"], layers.Conv2D(256, 3, padding="same", use_bias=False)),
        (WEIGHTS["separable"], layers.SeparableConv2D(256, 3, padding="same", use_bias=False)),
    ):
        assert keras.Model(maps, layer(maps)).count_params() == count


@pytest.mark.tensorflow
def test_the_sides_in_the_answers_are_those_of_a_model() -> None:
    x = inputs = keras.Input((227, 227, 3))
    found = []
    for layer in (
        layers.Conv2D(4, 11, strides=4),
        *(layers.MaxPooling2D(3, strides=2) for _ in range(3)),
    ):
        x = layer(x)
        found.append(x.shape[1])
    assert found == list(SIDES.values())[:4]
    table = counting.table(keras.Model(inputs, x))
    assert table[-1].output_shape == (6, 6, 4)


@pytest.mark.tensorflow
def test_the_normalized_values_in_the_answers_are_those_of_tensorflow() -> None:
    place = np.array([1.0, 2, 0, 2, 4], dtype="float32").reshape(1, 1, 1, 5)
    result = tf.nn.local_response_normalization(
        place, depth_radius=1, bias=1e-9, alpha=1.0, beta=0.5
    )
    np.testing.assert_allclose(result[0, 0, 0, 1:4], RIGHT["loudest-wins"][1], atol=1e-5)
