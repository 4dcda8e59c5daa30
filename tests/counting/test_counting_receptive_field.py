"""Receptive fields against published ones and against gradients of real networks."""

from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from cnn_course import counting as c
from cnn_course.counting import table

pytestmark = pytest.mark.tensorflow

SIDE = 81


def gradient_extent(model: keras.Model, pictures: int = 1) -> tuple[int, int]:
    """Return over how many rows and columns the middle output value has a gradient.

    All weights are positive, so that no gradient cancels.
    """
    random = np.random.default_rng(0)
    model.set_weights([random.uniform(0.1, 1, one.shape) for one in model.get_weights()])
    x = tf.Variable(random.uniform(1, 2, (pictures, SIDE, SIDE, 1)), dtype="float32")
    with tf.GradientTape() as tape:
        y = model(x)
        middle = y[:, y.shape[1] // 2, y.shape[2] // 2, 0]
    touched = np.any(tape.gradient(middle, x).numpy() != 0, axis=(0, 3))
    rows, columns = np.flatnonzero(touched.any(1)), np.flatnonzero(touched.any(0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


kernels = st.tuples(st.integers(1, 4), st.integers(1, 4))
paddings = st.sampled_from(["valid", "same"])
two, steps, dilations = st.just(2), st.integers(1, 2), st.integers(1, 3)


def made(
    kind: type, *arguments: st.SearchStrategy, **named: st.SearchStrategy
) -> st.SearchStrategy:
    """Return calls that make a layer of Keras."""
    return st.builds(partial, st.just(kind), *arguments, **named)


sliding = st.one_of(
    made(layers.Conv2D, two, kernels, strides=steps, padding=paddings),
    made(layers.Conv2D, two, kernels, dilation_rate=dilations, padding=paddings),
    made(layers.DepthwiseConv2D, kernels, padding=paddings),
    made(layers.SeparableConv2D, two, kernels, padding=paddings),
    made(layers.AveragePooling2D, kernels, steps, paddings),
    made(layers.BatchNormalization),
    made(layers.ZeroPadding2D, st.just(((1, 2), (0, 1)))),
    made(layers.Cropping2D, st.just(((2, 0), (1, 1)))),
)


@settings(max_examples=25)
@given(stack=st.lists(sliding, min_size=1, max_size=4))
def test_the_field_is_where_the_gradient_of_one_value_is_not_zero(stack: list) -> None:
    model = keras.Sequential([keras.Input((SIDE, SIDE, 1)), *(make() for make in stack)])
    assert table(model)[-1].receptive_field == gradient_extent(model)


def apart(x: keras.KerasTensor) -> keras.KerasTensor:
    """Two windows of two pixels, one looking up and left, the other down and right."""
    before = layers.Conv2D(2, 2)(layers.ZeroPadding2D(((1, 0), (1, 0)))(x))
    return layers.Add()([before, layers.Conv2D(2, 2, padding="same")(x)])


def squeezed(x: keras.KerasTensor) -> keras.KerasTensor:
    """A branch of one value per channel brings the whole input back into the map."""
    scale = layers.GlobalAveragePooling2D(keepdims=True)(x)
    return layers.Conv2D(2, 3, padding="same")(layers.Multiply()([x, scale]))


def stacked(x: keras.KerasTensor) -> keras.KerasTensor:
    """Two copies one below the other: the middle kernel sees the end of one, the other's start."""
    below = layers.Concatenate(axis=1)([layers.Conv2D(2, 1)(x), layers.Conv2D(2, 1)(x)])
    return layers.Conv2D(2, 3)(below)


def shortcut(x: keras.KerasTensor) -> keras.KerasTensor:
    """A wide window, and shortcuts around it that see one pixel: one comes first, one last."""
    one, two, seven = (layers.Conv2D(2, side, strides=2, padding="same")(x) for side in (1, 5, 7))
    added = layers.Add()([layers.Add()([one, two]), seven, one])
    return layers.Conv2D(2, 3)(added)


def rearranged(x: keras.KerasTensor) -> keras.KerasTensor:
    """Maps of two windows in another shape; its middle value is that of the picture."""
    maps = [layers.Conv2D(2, side, padding="same")(x) for side in (3, 5)]
    return layers.Add()([layers.Reshape((SIDE // 3, SIDE * 3, 2))(one) for one in maps])


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (apart, (3, 3)),
        (stacked, (SIDE, 3)),
        (shortcut, (11, 11)),
        (rearranged, (5, 5)),
        (squeezed, (SIDE, SIDE)),
        (layers.GroupNormalization(1), (SIDE, SIDE)),
        (layers.MaxPooling2D((3, 2), 1), (3, 2)),
    ],
)
def test_what_a_value_sees_is_where_its_gradient_reaches(make, field) -> None:
    """One picture shows only where a maximum was; forty of them show the whole window."""
    x = keras.Input((SIDE, SIDE, 1))
    model = keras.Model(x, make(x))
    assert table(model)[-1].receptive_field == gradient_extent(model, pictures=40) == field


@pytest.mark.parametrize(
    ("layers", "derivations"),
    [
        (
            [c.MaxPooling2D(2), c.Conv2D(4, (3, 1)), c.Flatten(), c.Dense(2)],
            [
                "3 + (2 - 1) x 1 = 4",
                "height 4 + (3 - 1) x 2 = 8; width 4 + (1 - 1) x 2 = 4",
                "unchanged: 8 x 4",
                "the whole input: 28 x 20",
            ],
        ),
        ([c.Dense(8), c.LayerNormalization()], ["unchanged: 3 x 3"] * 2),  # at each position
        ([c.Resizing(14, 14), c.Conv2D(4, 3)], ["not counted"] * 2),
        ([c.Resizing(26, 18), c.Add(after=("conv2d", "resizing"))], ["not counted"] * 2),
        ([c.Softmax(axis=1)], ["the whole input: 28 x 20"]),  # the sum is over the rows
        ([c.Reshape((18, 26, 4)), c.Conv2D(1, 2)], ["unchanged: 3 x 3", "height 28; width 20"]),
    ],
)
def test_the_field_is_derived_step_by_step(layers, derivations) -> None:
    counted = table([c.Input((28, 20, 1)), c.Conv2D(4, 3), *layers])
    derived = [row.receptive_field_derivation for row in counted]
    assert derived == ["1 + (3 - 1) x 1 = 3", *derivations]


def test_there_is_no_field_to_count_without_a_picture() -> None:
    assert table([c.Input((784,)), c.Dense(10)])[0].receptive_field is None
