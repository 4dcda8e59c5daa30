"""Receptive fields against published ones and against gradients of real networks."""

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


@pytest.mark.parametrize(
    ("name", "layer", "published"),
    [
        ("VGG16", "block5_pool", 212),
        ("ResNet50", "conv5_block3_out", 483),
        ("MobileNet", "conv_pw_13_relu", 315),
        ("InceptionV3", "mixed10", 1311),
    ],
)
def test_fields_of_famous_networks_are_those_of_araujo_et_al(name, layer, published) -> None:
    make = getattr(keras.applications, name)
    model = make(weights=None, include_top=False, input_shape=(224, 224, 3))
    assert table(model).row(layer).receptive_field == (published, published)


def test_the_field_of_alexnet_is_that_of_araujo_et_al() -> None:
    thirds = [Conv2D(384, 3, padding="same") for _ in range(3)]
    counted = table(
        [
            Input((227, 227, 3)), Conv2D(96, 11, strides=4), MaxPooling2D(3, 2),
            Conv2D(256, 5, padding="same"), MaxPooling2D(3, 2), *thirds, MaxPooling2D(3, 2),
        ]
    )  # fmt: skip
    assert counted[-1].receptive_field == (195, 195)


def gradient_extent(model: keras.Model, pictures: int = 1) -> tuple[int, int]:
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
sliding = st.one_of(
    st.builds(
        lambda k, s, p: positive(layers.Conv2D, 2, k, strides=s, padding=p),
        kernels,
        st.integers(1, 2),
        paddings,
    ),
    st.builds(
        lambda k, d, p: positive(layers.Conv2D, 2, k, dilation_rate=d, padding=p),
        kernels,
        st.integers(1, 3),
        paddings,
    ),
    st.builds(lambda k, p: positive(layers.DepthwiseConv2D, k, padding=p), kernels, paddings),
    st.builds(lambda k, p: positive(layers.SeparableConv2D, 2, k, padding=p), kernels, paddings),
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
    assert table(model)[-1].receptive_field == gradient_extent(model)


def branches(case: str, x: keras.KerasTensor) -> keras.KerasTensor:
    """Return one of several networks that branch and merge."""
    one = positive(layers.Conv2D, 2, 1)(x)
    if case == "residual":
        inner = positive(layers.Conv2D, 2, 3, strides=2, padding="same")(one)
        inner = positive(layers.Conv2D, 2, 3, padding="same")(inner)
        return layers.Add()([inner, positive(layers.Conv2D, 2, 1, strides=2)(one)])
    if case == "inception":
        five = positive(layers.Conv2D, 2, 5, padding="same")(one)
        pooled = layers.AveragePooling2D(3, 1, "same")(one)
        joined = layers.Concatenate()([one, five, pooled])
        return positive(layers.Conv2D, 1, 3, dilation_rate=2)(joined)
    # Two windows of two pixels, one looking up and left, the other down and right.
    before = positive(layers.Conv2D, 2, 2)(layers.ZeroPadding2D(((1, 0), (1, 0)))(one))
    after = positive(layers.Conv2D, 2, 2, padding="same")(one)
    return layers.Add()([before, after])


@pytest.mark.parametrize(("case", "field"), [("residual", 7), ("inception", 9), ("apart", 3)])
def test_merged_branches_see_what_their_gradient_reaches(case: str, field: int) -> None:
    x = keras.Input((SIDE, SIDE, 1))
    model = keras.Model(x, branches(case, x))
    assert table(model)[-1].receptive_field == gradient_extent(model) == (field, field)


def test_max_pooling_sees_as_far_as_its_window() -> None:
    """One picture shows only where the maximum was; forty of them show the whole window."""
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), layers.MaxPooling2D(2), layers.MaxPooling2D((3, 2), 1)]
    )
    assert table(model)[-1].receptive_field == gradient_extent(model, pictures=40) == (6, 4)


@pytest.mark.parametrize(
    "last",
    [layers.GlobalAveragePooling2D(keepdims=True), layers.GroupNormalization(2)],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_that_mixes_all_positions_sees_the_whole_input(last: keras.layers.Layer) -> None:
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), positive(layers.Conv2D, 2, 3, padding="same"), last]
    )
    assert table(model)[-1].receptive_field == gradient_extent(model) == (SIDE, SIDE)


def test_a_dense_layer_sees_the_whole_input_and_flatten_changes_nothing() -> None:
    counted = table([Input((28, 20, 1)), Conv2D(4, 3), Flatten(), Dense(10), Dense(2)])
    assert [row.receptive_field for row in counted] == [(3, 3), (3, 3), (28, 20), (28, 20)]


def test_a_dense_layer_at_each_position_and_a_norm_over_channels_add_nothing() -> None:
    counted = table([Input((28, 28, 1)), Conv2D(4, 3), Dense(8), LayerNormalization()])
    assert counted[-1].receptive_field == (3, 3)


def test_a_squeezed_branch_brings_the_whole_input_back_into_the_map() -> None:
    x = keras.Input((SIDE, SIDE, 1))
    y = layers.Conv2D(4, 3)(x)
    scale = layers.Reshape((1, 1, 4))(layers.Dense(4)(layers.GlobalAveragePooling2D()(y)))
    model = keras.Model(x, layers.Conv2D(4, 3)(layers.Multiply()([y, scale])))
    assert table(model)[-1].receptive_field == (SIDE, SIDE)


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
