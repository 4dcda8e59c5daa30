"""Receptive fields against published ones and against gradients of real networks."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from cnn_course.counting import (
    Conv2D,
    Dense,
    Flatten,
    Input,
    LayerNormalization,
    MaxPooling2D,
    Resizing,
    table,
)

pytestmark = pytest.mark.tensorflow

SIDE = 81


def test_the_field_of_alexnet_is_that_of_araujo_et_al() -> None:
    thirds = [Conv2D(384, 3, padding="same") for _ in range(3)]
    counted = table(
        [
            Input((227, 227, 3)), Conv2D(96, 11, strides=4), MaxPooling2D(3, 2),
            Conv2D(256, 5, padding="same"), MaxPooling2D(3, 2), *thirds, MaxPooling2D(3, 2),
        ]
    )  # fmt: skip
    assert counted[-1].receptive_field == (195, 195)


def gradient_extent(model: keras.Model, pictures: int) -> tuple[int, int]:
    """Return over how many rows and columns the middle output value has a gradient."""
    x = tf.Variable(
        np.random.default_rng(0).uniform(1, 2, (pictures, SIDE, SIDE, 1)), dtype="float32"
    )
    with tf.GradientTape() as tape:
        y = model(x)
        middle = y[:, y.shape[1] // 2, y.shape[2] // 2, 0]
    touched = np.any(tape.gradient(middle, x).numpy() != 0, axis=(0, 3))
    rows, columns = np.flatnonzero(touched.any(1)), np.flatnonzero(touched.any(0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def positive(kind: type, *arguments: object, **named: object) -> keras.layers.Layer:
    """Return a layer whose weights are positive, so that no gradient cancels."""
    some = keras.initializers.RandomUniform(0.1, 1.0, seed=1)
    names = {
        layers.Conv2D: ["kernel_initializer"],
        layers.DepthwiseConv2D: ["depthwise_initializer"],
        layers.SeparableConv2D: ["depthwise_initializer", "pointwise_initializer"],
    }
    return kind(*arguments, **named, **dict.fromkeys(names[kind], some))


kernels = st.tuples(st.integers(1, 4), st.integers(1, 4))
paddings = st.sampled_from(["valid", "same"])
steps, dilations = st.integers(1, 2), st.integers(1, 3)
sliding = st.one_of(
    st.builds(partial(positive, layers.Conv2D, 2), kernels, strides=steps, padding=paddings),
    st.builds(partial(positive, layers.Conv2D, 2), kernels, dilation_rate=dilations),
    st.builds(partial(positive, layers.DepthwiseConv2D), kernels, padding=paddings),
    st.builds(partial(positive, layers.SeparableConv2D, 2), kernels, padding=paddings),
    st.builds(layers.AveragePooling2D, kernels, st.integers(1, 2), paddings),
    st.just(layers.BatchNormalization()),
    st.just(layers.ZeroPadding2D(((1, 2), (0, 1)))),
    st.just(layers.Cropping2D(((2, 0), (1, 1)))),
)


@settings(max_examples=25)
@given(stack=st.lists(sliding, min_size=1, max_size=4))
def test_the_field_is_where_the_gradient_of_one_value_is_not_zero(stack: list) -> None:
    fresh = [type(layer).from_config(layer.get_config()) for layer in stack]
    for place, layer in enumerate(fresh):
        layer.name = f"layer_{place}"
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), *fresh])
    assert table(model)[-1].receptive_field == gradient_extent(model, 1)


def convolution(x: keras.KerasTensor, *arguments: object, **named: object) -> keras.KerasTensor:
    return positive(layers.Conv2D, *arguments, **named)(x)


def residual(x: keras.KerasTensor) -> keras.KerasTensor:
    inner = convolution(convolution(x, 2, 3, strides=2, padding="same"), 2, 3, padding="same")
    return layers.Add()([inner, convolution(x, 2, 1, strides=2)])


def inception(x: keras.KerasTensor) -> keras.KerasTensor:
    pooled = layers.AveragePooling2D(3, 1, "same")(x)
    joined = layers.Concatenate()([x, convolution(x, 2, 5, padding="same"), pooled])
    return convolution(joined, 1, 3, dilation_rate=2)


def apart(x: keras.KerasTensor) -> keras.KerasTensor:
    """Two windows of two pixels, one looking up and left, the other down and right."""
    before = convolution(layers.ZeroPadding2D(((1, 0), (1, 0)))(x), 2, 2)
    return layers.Add()([before, convolution(x, 2, 2, padding="same")])


def squeezed(x: keras.KerasTensor) -> keras.KerasTensor:
    """The whole input comes back into the map."""
    scale = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return convolution(layers.Multiply()([x, scale]), 2, 3, padding="same")


def pooled(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.MaxPooling2D((3, 2), 1)(layers.MaxPooling2D(2)(x))


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (residual, (7, 7)),
        (inception, (9, 9)),
        (apart, (3, 3)),
        (squeezed, (SIDE, SIDE)),
        (layers.GroupNormalization(1), (SIDE, SIDE)),
        (pooled, (6, 4)),
    ],
)
def test_what_a_value_sees_is_where_its_gradient_reaches(make, field) -> None:
    """One picture shows only where a maximum was; forty of them show the whole window."""
    x = keras.Input((SIDE, SIDE, 1))
    model = keras.Model(x, make(x))
    assert table(model)[-1].receptive_field == gradient_extent(model, 40) == field


def test_a_dense_layer_sees_the_whole_input_and_flatten_changes_nothing() -> None:
    counted = table([Input((28, 20, 1)), Conv2D(4, 3), Flatten(), Dense(10), Dense(2)])
    assert [row.receptive_field for row in counted] == [(3, 3), (3, 3), (28, 20), (28, 20)]


def test_a_dense_layer_at_each_position_and_a_norm_over_channels_add_nothing() -> None:
    counted = table([Input((28, 28, 1)), Conv2D(4, 3), Dense(8), LayerNormalization()])
    assert counted[-1].receptive_field == (3, 3)


def test_the_field_is_derived_step_by_step() -> None:
    counted = table(
        [Input((28, 28, 1)), Conv2D(4, 3), MaxPooling2D(2), Conv2D(4, (3, 1)), Flatten()]
    )
    assert [row.receptive_field_derivation for row in counted] == [
        "1 + (3 - 1) x 1 = 3",
        "3 + (2 - 1) x 1 = 4",
        "height 4 + (3 - 1) x 2 = 8; width 4 + (1 - 1) x 2 = 4",
        "unchanged: 8 x 4",
    ]


def test_there_is_no_field_to_count_after_resizing_or_for_two_inputs() -> None:
    resized = table([Input((28, 28, 1)), Conv2D(4, 3), Resizing(14, 14), Conv2D(4, 3)])
    assert [row.receptive_field for row in resized] == [(3, 3), None, None]
    a, b = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    assert table(keras.Model([a, b], layers.Add()([a, b])))[0].receptive_field is None
    assert table([Input((784,)), Dense(10)])[0].receptive_field is None
