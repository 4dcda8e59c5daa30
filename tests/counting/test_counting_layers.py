"""Lists of layer descriptions: published counts, calculations, multiplications, errors."""

import re
from dataclasses import replace

import numpy as np
import pytest
from frameworks import keras
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_course import counting as c
from cnn_course.counting import table

MNIST = [
    c.Input((28, 28, 1)), c.Conv2D(32, 3, activation="relu"), c.MaxPooling2D(2), c.Conv2D(64, 3),
    c.MaxPooling2D(2), c.Conv2D(128, 3), c.Flatten(), c.Dense(10, activation="softmax"),
]  # fmt: skip
LENET_5 = [
    c.Input((32, 32, 1)), c.Conv2D(6, 5), c.AveragePooling2D(), c.Conv2D(16, 5),
    c.AveragePooling2D(), c.Flatten(), c.Dense(120), c.Dense(84), c.Dense(10),
]  # fmt: skip
CLASS_TEST = [
    c.Input((8, 8, 1)), c.Conv2D(1, 2, strides=2), c.Conv2D(2, 2, padding="same"),
    c.MaxPooling2D(2), c.Flatten(), c.Dense(10), c.Dense(10), c.Dense(3),
]  # fmt: skip


VGG16 = [
    c.Input((224, 224, 3)),
    *(
        layer
        for filters, number in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
        for layer in [c.Conv2D(filters, 3, padding="same")] * number + [c.MaxPooling2D(2)]
    ),
    *(c.Flatten(), c.Dense(4096), c.Dense(4096), c.Dense(1000)),
]
INPUT = c.Input((8, 8, 1))


@pytest.mark.parametrize(
    ("layers", "parameters", "by_layer"),
    [
        (MNIST, 104_202, [320, 0, 18_496, 0, 73_856, 0, 11_530]),
        (LENET_5, 61_706, [156, 0, 2_416, 0, 0, 48_120, 10_164, 850]),
        (CLASS_TEST, 248, [5, 10, 0, 0, 90, 110, 33]),
        (VGG16, 138_357_544, None),
    ],
)
def test_networks_have_their_published_parameters(layers, parameters, by_layer) -> None:
    counted = table(layers)
    assert counted.parameters == counted.trainable_parameters == parameters
    assert by_layer is None or [row.parameters for row in counted] == by_layer


@pytest.mark.parametrize(
    ("layer", "shape", "derivation"),
    [
        (c.Conv2D(16, 5), (14, 14, 6), "(5 x 5 x 6 + 1) x 16 = 2,416"),
        (c.Conv2D(64, (3, 1), groups=4), (9, 9, 32), "(3 x 1 x 32 / 4 + 1) x 64 = 1,600"),
        (c.DepthwiseConv2D(3, depth_multiplier=2), (9, 9, 32), "(3 x 3 + 1) x 32 x 2 = 640"),
        (c.DepthwiseConv2D(3, use_bias=False), (9, 9, 32), "3 x 3 x 32 = 288"),
        (c.SeparableConv2D(64, 3), (9, 9, 32), "3 x 3 x 32 + (32 + 1) x 64 = 2,400"),
        (c.SeparableConv2D(64, 3, use_bias=False), (9, 9, 32), "3 x 3 x 32 + 32 x 64 = 2,336"),
        (c.Dense(1000), (4096,), "(4,096 + 1) x 1,000 = 4,097,000"),
        (c.BatchNormalization(), (9, 9, 64), "2 x 64 trained + 2 x 64 kept = 256"),
        (c.BatchNormalization(scale=False), (9, 9, 64), "1 x 64 trained + 2 x 64 kept = 192"),
        (c.GroupNormalization(8), (9, 9, 64), "2 x 64 = 128"),
        (c.Normalization(), (9, 9, 3), "2 x 3 + 1 kept = 7"),
        (c.MaxPooling2D(), (9, 9, 64), "0"),
    ],
)
def test_parameters_are_derived_as_a_person_writes_it(layer, shape, derivation) -> None:
    counted = layer.count(shape)
    assert counted.derivation == derivation
    assert not replace(layer, trainable=False).count(shape).trainable_parameters
    assert f"{counted.parameters:,}" == derivation.rpartition(" = ")[2]


def value_of(derivation: str) -> tuple[int, int]:
    """Return both sides of a calculation, the left one worked out by Python."""
    left, _, right = derivation.rpartition(" = ")
    left = re.sub(r"trained|kept|,", "", left or right).replace(" x ", " * ")
    return eval(left), int(right.replace(",", ""))


filters, groups = st.sampled_from([4, 8, 1200]), st.sampled_from([1, 2, 4])
sides, biases = st.integers(1, 4), st.booleans()
kernels, multipliers = st.tuples(sides, sides), st.integers(1, 3)
layer_with_weights = st.one_of(
    st.builds(c.Conv2D, filters, kernels, groups=groups, use_bias=biases),
    st.builds(c.DepthwiseConv2D, kernels, depth_multiplier=multipliers, use_bias=biases),
    st.builds(c.SeparableConv2D, filters, kernels, depth_multiplier=multipliers, use_bias=biases),
    st.builds(c.Dense, filters, use_bias=biases),
    st.builds(c.BatchNormalization, center=biases, scale=biases),
)


@settings(max_examples=100)
@given(layer=layer_with_weights, channels=st.sampled_from([4, 8, 1024]))
def test_every_calculation_is_right_when_it_is_worked_out(layer: c.Layer, channels: int) -> None:
    counted = layer.count((9, 7, channels))
    for derivation, number in [
        (counted.derivation, counted.parameters),
        (counted.multiplications_derivation, counted.multiplications),
    ]:
        assert value_of(derivation) == (number, number)


@pytest.mark.tensorflow
@settings(max_examples=15)
@given(
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    window=st.sampled_from([{"strides": 2}, {"dilation_rate": 2}, {}]),
    groups=st.sampled_from([1, 2]),
)
def test_multiplications_are_what_ones_times_ones_sum_to(kernel, window, groups) -> None:
    """With ones everywhere each multiplication adds one to the sum of the output."""
    ones = np.ones((1, 9, 8, 4), "float32")
    for kind, start, arguments in [
        ("Conv2D", "kernel_initializer", {"filters": 6, "groups": groups}),
        ("DepthwiseConv2D", "depthwise_initializer", {"depth_multiplier": groups}),
    ]:
        arguments |= {"kernel_size": kernel, **window, "use_bias": False}
        in_keras = getattr(keras.layers, kind)(**arguments, **{start: "ones"})
        counted = getattr(c, kind)(**arguments).count((9, 8, 4))
        assert counted.multiplications == np.sum(in_keras(ones))


def test_a_separable_convolution_costs_its_two_parts() -> None:
    window = {"strides": 2, "padding": "same", "depth_multiplier": 2}
    both = c.SeparableConv2D(64, 3, **window).count((28, 28, 16))
    first = c.DepthwiseConv2D(3, **window, use_bias=False)
    parts = table([c.Input((28, 28, 16)), first, c.Conv2D(64, 1)])
    assert both.output_shape == parts[-1].output_shape
    assert (both.parameters, both.multiplications) == (parts.parameters, parts.multiplications)


@pytest.mark.parametrize(
    ("layer", "shapes", "output", "derivation"),
    [
        (c.Flatten(), [(3, 3, 128)], (1152,), "3 x 3 x 128 = 1,152"),
        (c.ZeroPadding2D(((0, 1), (0, 1))), [(9, 9, 3)], (10, 10, 3), "9 + 0 + 1 = 10"),
        (c.Add(), [(7, 7, 8), (1, 1, 8)], (7, 7, 8), "unchanged"),
        (c.Concatenate(), [(7, 7, 8), (7, 7, 16), (7, 7, 1)], (7, 7, 25), "8 + 16 + 1 = 25"),
    ],
)
def test_shapes_are_derived_too(layer, shapes, output, derivation) -> None:
    counted = layer.count(*shapes)
    assert (counted.output_shape, counted.shape_derivation) == (output, derivation)


def test_layers_without_a_name_are_numbered_and_names_are_kept() -> None:
    layers = [
        c.Input((9, 9, 1)),
        c.Conv2D(2, 3),
        c.Conv2D(2, 3),
        c.MaxPooling2D(),
        c.Flatten(name="row"),
    ]
    assert [row.name for row in table(layers)] == ["conv2d", "conv2d_1", "max_pooling2d", "row"]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([c.Conv2D(4, 9, name="big")], r"'big' \(Conv2D\): A kernel of 9 .* image of 8"),
        ([c.Flatten(), c.Conv2D(4, 3)], r"\(Conv2D\): .*\(height, width, channels\).*\(64,\)"),
        ([c.Conv2D(4, 3, groups=2)], "1 input channels cannot be split into 2 groups"),
        ([c.Reshape((5, -1))], r"64 values .* do not fit into \(5, -1\)"),
        ([c.Cropping2D(4)], "leaves nothing of a picture of 8 x 8"),
        ([c.GroupNormalization(3)], "1 channels cannot be split into 3 groups"),
        ([c.BatchNormalization(axis=4)], "no axis 4"),
        ([c.Add()], "two inputs or more, but it was given 1. Name them, for example after="),
        ([c.Input((8, 8, 1))], "cannot follow a layer"),
        ([c.Conv2D(1, 1, name="a"), c.Conv2D(1, 1, name="a")], "Two layers are named 'a'"),
        ([c.Flatten(name="a"), c.Flatten(after="b")], "after 'b', .* There are: input, a"),
        ([c.Flatten(name="a", after="a")], "comes after 'a', which does not stand before it"),
    ],
)
def test_a_layer_that_cannot_take_its_input_is_named_with_the_reason(layers, message) -> None:
    with pytest.raises(ValueError, match=message):
        table([INPUT, *layers])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: c.Conv2D(4, 3, padding="samee"), ValueError, "'samee'. Did you mean 'same'"),
        (lambda: c.Conv2D(4, 3, padding=1), TypeError, "ZeroPadding2D"),
        (lambda: c.Conv2D(4, (3, 3, 3)), ValueError, "kernel_size must be one number or two"),
        (lambda: c.Conv2D(4.0, 3), TypeError, "filters must be a whole number"),
        (lambda: c.Conv2D(5, 3, groups=2), ValueError, "5 filters cannot be split into 2"),
        (lambda: c.Conv2D(4, 3, 2, dilation_rate=2), ValueError, "Keras refuses it"),
        (lambda: c.MaxPooling2D(0), ValueError, "pool_size must be at least 1"),
        (lambda: c.Dropout(share=0.5), TypeError, "share"),
        (lambda: c.Resizing(8, 0), ValueError, "width must be at least 1"),
        (lambda: c.ZeroPadding2D(-1), ValueError, "padding must be at least 0"),
        (lambda: c.Reshape((-1, -1)), ValueError, "more than one -1"),
        (lambda: c.Reshape(8), TypeError, "target_shape is a tuple"),
        (lambda: c.Input((None, 28, 1)), ValueError, "unknown sizes"),
        (lambda: c.Input(28), TypeError, r"a tuple such as \(28, 28, 1\)"),
        (lambda: c.Input((28, 28.0, 1)), TypeError, "28.0"),
        (lambda: c.Conv2D(4, 3).count((8, 8, 1), (8, 8, 1)), ValueError, "one input, .* given 2"),
        (lambda: c.Add().count((8, 8, 1), (8, 7, 1)), ValueError, "cannot be combined"),
        (lambda: c.Concatenate().count((8, 8, 1), (8, 7, 1)), ValueError, "cannot be joined"),
        (lambda: table("model"), TypeError, r"Hand in a Keras model, or a list.*'model' \(str\)"),
        (lambda: table([]), ValueError, "starts with its input"),
        (lambda: table([c.Conv2D(4, 3)]), ValueError, "starts with Conv2D"),
        (lambda: table([INPUT, c.Flatten]), TypeError, r"the class Flatten.*Flatten\(\.\.\.\)"),
        (lambda: table([INPUT, 3]), TypeError, r"Element 1 of the list is 3.*keras\.Sequential"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(make, error, message) -> None:
    with pytest.raises(error, match=message):
        make()
