"""Lists of layer descriptions: published counts, calculations, multiplications, errors."""

import re
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from frameworks import keras
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_course.counting import (
    Activation,
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Cropping2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GroupNormalization,
    Input,
    Layer,
    LayerNormalization,
    MaxPooling2D,
    Normalization,
    Rescaling,
    Reshape,
    Resizing,
    SeparableConv2D,
    Subtract,
    ZeroPadding2D,
    table,
)

MNIST = [
    Input((28, 28, 1)),
    Conv2D(32, 3, activation="relu"),
    MaxPooling2D(2),
    Conv2D(64, 3, activation="relu"),
    MaxPooling2D(2),
    Conv2D(128, 3, activation="relu"),
    Flatten(),
    Dense(10, activation="softmax"),
]


def vgg(*convolutions: int) -> list[Layer]:
    """Return VGG with that many convolutions in each of its five blocks."""
    layers: list[Layer] = [Input((224, 224, 3))]
    for filters, number in zip((64, 128, 256, 512, 512), convolutions, strict=True):
        layers += [Conv2D(filters, 3, padding="same") for _ in range(number)]
        layers.append(MaxPooling2D(2))
    return layers


CLASSIFIER = [Flatten(), Dense(4096), Dense(4096), Dense(1000)]


def parameters(layers: Sequence[Layer]) -> list[int]:
    return [row.parameters for row in table(layers)]


def test_the_mnist_convnet_has_104202_parameters() -> None:
    counted = table(MNIST)
    assert [row.parameters for row in counted] == [320, 0, 18_496, 0, 73_856, 0, 11_530]
    assert counted.parameters == counted.trainable_parameters == 104_202
    assert [row.output_shape[0] for row in counted] == [26, 13, 11, 5, 3, 1_152, 10]


def test_lenet_5_has_61706_parameters() -> None:
    lenet = [
        Input((32, 32, 1)), Conv2D(6, 5), AveragePooling2D(), Conv2D(16, 5), AveragePooling2D(),
        Flatten(), Dense(120), Dense(84), Dense(10),
    ]  # fmt: skip
    assert parameters(lenet) == [156, 0, 2_416, 0, 0, 48_120, 10_164, 850]
    assert table(lenet).parameters == 61_706


def test_the_class_test_has_248_parameters() -> None:
    test = [
        Input((8, 8, 1)), Conv2D(1, 2, strides=2), Conv2D(2, 2, padding="same"), MaxPooling2D(2),
        Flatten(), Dense(10), Dense(10), Dense(3),
    ]  # fmt: skip
    assert parameters(test) == [5, 10, 0, 0, 90, 110, 33]
    assert table(test).parameters == 248


def test_vgg16_and_vgg19_have_their_published_parameters() -> None:
    vgg16, vgg19 = vgg(2, 2, 3, 3, 3), vgg(2, 2, 4, 4, 4)
    assert table(vgg16).parameters == 14_714_688
    assert table(vgg16 + CLASSIFIER).parameters == 138_357_544
    assert table(vgg19).parameters == 20_024_384
    assert table(vgg19 + CLASSIFIER).parameters == 143_667_240


def test_a_bottleneck_takes_120422400_multiplications_to_12443648() -> None:
    plain = table([Input((28, 28, 192)), Conv2D(32, 5, padding="same")])
    assert plain.multiplications == 120_422_400
    assert plain[0].multiplications_derivation == "28 x 28 x 5 x 5 x 192 x 32 = 120,422,400"
    bottleneck = table([Input((28, 28, 192)), Conv2D(16, 1), Conv2D(32, 5, padding="same")])
    assert bottleneck.multiplications == 12_443_648


@pytest.mark.parametrize(
    ("layer", "shape", "derivation"),
    [
        (Conv2D(16, 5), (14, 14, 6), "(5 x 5 x 6 + 1) x 16 = 2,416"),
        (Conv2D(16, 5, use_bias=False), (14, 14, 6), "5 x 5 x 6 x 16 = 2,400"),
        (Conv2D(64, (3, 1), groups=4), (9, 9, 32), "(3 x 1 x 32 / 4 + 1) x 64 = 1,600"),
        (DepthwiseConv2D(3), (9, 9, 32), "(3 x 3 + 1) x 32 = 320"),
        (DepthwiseConv2D(3, depth_multiplier=2), (9, 9, 32), "(3 x 3 + 1) x 32 x 2 = 640"),
        (DepthwiseConv2D(3, use_bias=False), (9, 9, 32), "3 x 3 x 32 = 288"),
        (SeparableConv2D(64, 3), (9, 9, 32), "3 x 3 x 32 + (32 + 1) x 64 = 2,400"),
        (SeparableConv2D(64, 3, use_bias=False), (9, 9, 32), "3 x 3 x 32 + 32 x 64 = 2,336"),
        (Dense(120), (400,), "(400 + 1) x 120 = 48,120"),
        (Dense(120, use_bias=False), (400,), "400 x 120 = 48,000"),
        (Dense(1000), (4096,), "(4,096 + 1) x 1,000 = 4,097,000"),
        (BatchNormalization(), (9, 9, 64), "2 x 64 trained + 2 x 64 kept = 256"),
        (BatchNormalization(scale=False), (9, 9, 64), "1 x 64 trained + 2 x 64 kept = 192"),
        (LayerNormalization(), (9, 9, 64), "2 x 64 = 128"),
        (GroupNormalization(8), (9, 9, 64), "2 x 64 = 128"),
        (Normalization(), (9, 9, 3), "2 x 3 + 1 kept = 7"),
        (MaxPooling2D(), (9, 9, 64), "0"),
        (GlobalAveragePooling2D(), (9, 9, 64), "0"),
        (Flatten(), (9, 9, 64), "0"),
        (Dropout(0.5), (9, 9, 64), "0"),
        (Activation("relu"), (9, 9, 64), "0"),
        (Rescaling(1 / 255), (9, 9, 3), "0"),
    ],
)
def test_parameters_are_derived_as_a_person_writes_it(layer, shape, derivation) -> None:
    counted = layer.count(shape)
    assert counted.derivation == derivation
    assert f"{counted.parameters:,}" == derivation.rpartition(" = ")[2]


def test_batch_normalization_trains_half_and_keeps_half() -> None:
    counted = BatchNormalization().count((9, 9, 64))
    assert (counted.trained, counted.kept) == (128, 128)


def test_a_frozen_layer_keeps_its_parameters_and_trains_none() -> None:
    row = table([Input((9, 9, 3)), Conv2D(4, 3, trainable=False)])[0]
    assert (row.parameters, row.trainable_parameters) == (112, 0)


def value_of(derivation: str) -> tuple[int, int]:
    """Return both sides of a calculation, the left one worked out by Python."""
    left, _, right = derivation.rpartition(" = ")
    left = re.sub(r"trained|kept|,", "", left or right).replace(" x ", " * ")
    return eval(left), int(right.replace(",", ""))


layer_with_weights = st.one_of(
    st.builds(
        Conv2D,
        filters=st.sampled_from([4, 8, 1200]),
        kernel_size=st.tuples(st.integers(1, 4), st.integers(1, 4)),
        groups=st.sampled_from([1, 2, 4]),
        use_bias=st.booleans(),
    ),
    st.builds(
        DepthwiseConv2D,
        kernel_size=st.integers(1, 4),
        depth_multiplier=st.integers(1, 3),
        use_bias=st.booleans(),
    ),
    st.builds(
        SeparableConv2D,
        filters=st.sampled_from([3, 1200]),
        kernel_size=st.integers(1, 4),
        depth_multiplier=st.integers(1, 3),
        use_bias=st.booleans(),
    ),
    st.builds(Dense, units=st.sampled_from([1, 5000]), use_bias=st.booleans()),
    st.builds(BatchNormalization, center=st.booleans(), scale=st.booleans()),
)


@settings(max_examples=100)
@given(layer=layer_with_weights, channels=st.sampled_from([4, 8, 1024]))
def test_every_calculation_is_right_when_it_is_worked_out(layer: Layer, channels: int) -> None:
    counted = layer.count((9, 7, channels))
    for derivation, number in [
        (counted.derivation, counted.parameters),
        (counted.multiplications_derivation, counted.multiplications),
    ]:
        assert value_of(derivation) == (number, number)


@pytest.mark.tensorflow
@settings(max_examples=30)
@given(
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.integers(1, 2),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 2]),
)
def test_multiplications_are_what_ones_times_ones_sum_to(kernel, stride, dilation, groups) -> None:
    """With ones everywhere each multiplication adds one to the sum of the output."""
    arguments = {"strides": stride, "dilation_rate": 1 if stride > 1 else dilation}
    ones = np.ones((1, 9, 8, 4), "float32")
    every = {"use_bias": False}
    for ours, theirs in [
        (
            Conv2D(6, kernel, groups=groups, **arguments),
            keras.layers.Conv2D(
                6, kernel, groups=groups, kernel_initializer="ones", **arguments, **every
            ),
        ),
        (
            DepthwiseConv2D(kernel, depth_multiplier=groups, **arguments),
            keras.layers.DepthwiseConv2D(
                kernel,
                depth_multiplier=groups,
                depthwise_initializer="ones",
                **arguments,
                **every,
            ),
        ),
        (Dense(5), keras.layers.Dense(5, kernel_initializer="ones", **every)),
    ]:
        assert ours.count((9, 8, 4)).multiplications == np.sum(theirs(ones))


def test_a_separable_convolution_costs_its_two_parts() -> None:
    both = SeparableConv2D(64, 3, strides=2, padding="same", depth_multiplier=2)
    parts = table(
        [
            Input((28, 28, 16)),
            DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, use_bias=False),
            Conv2D(64, 1),
        ]
    )
    counted = both.count((28, 28, 16))
    assert counted.output_shape == parts[-1].output_shape
    assert counted.parameters == parts.parameters
    assert counted.multiplications == parts.multiplications


def test_shapes_are_derived_too() -> None:
    counted = table(MNIST)
    assert counted[0].shape_derivation == "floor((28 - 3) / 1) + 1 = 26"
    assert counted[5].shape_derivation == "3 x 3 x 128 = 1,152"
    oblong = Conv2D(8, 3, strides=2, padding="same").count((30, 41, 3))
    assert oblong.shape_derivation == "height ceil(30 / 2) = 15; width ceil(41 / 2) = 21"
    padded = ZeroPadding2D(((0, 1), (0, 1))).count((224, 224, 3))
    assert padded.shape_derivation == "224 + 0 + 1 = 225"


def test_merging_layers_take_several_shapes() -> None:
    assert Add().count((7, 7, 8), (7, 7, 8)).output_shape == (7, 7, 8)
    assert Add().count((7, 7, 8), (1, 1, 8)).output_shape == (7, 7, 8)
    joined = Concatenate().count((7, 7, 8), (7, 7, 16), (7, 7, 1))
    assert joined.output_shape == (7, 7, 25)
    assert joined.shape_derivation == "8 + 16 + 1 = 25"


def test_layers_without_a_name_are_numbered_and_names_are_kept() -> None:
    layers = [Input((9, 9, 1)), Conv2D(2, 3), Conv2D(2, 3), MaxPooling2D(), Flatten(name="row")]
    assert [row.name for row in table(layers)] == ["conv2d", "conv2d_1", "max_pooling2d", "row"]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Conv2D(4, 9, name="big")], r"'big' \(Conv2D\): A kernel of 9 .* image of 8"),
        ([Flatten(), Conv2D(4, 3)], r"'conv2d' \(Conv2D\): .*\(height, width, channels\).*\(64,\)"),
        ([Conv2D(4, 3, groups=2)], "1 input channels cannot be split into 2 groups"),
        ([Reshape((5, -1))], r"64 values .* do not fit into \(5, -1\)"),
        ([Cropping2D(4)], "leaves nothing of a picture of 8 x 8"),
        ([GroupNormalization(3)], "1 channels cannot be split into 3 groups"),
        ([BatchNormalization(axis=4)], "no axis 4"),
        ([LayerNormalization(axis=0)], "no axis 0"),
        ([Add()], "two inputs or more, but it was given 1. Name them, for example after="),
        ([Input((8, 8, 1))], "cannot follow a layer"),
        ([Conv2D(1, 1, name="a"), Conv2D(1, 1, name="a")], "Two layers are named 'a'"),
    ],
)
def test_a_layer_that_cannot_take_its_input_is_named_with_the_reason(layers, message) -> None:
    with pytest.raises(ValueError, match=message):
        table([Input((8, 8, 1)), *layers])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Conv2D(4, 3, padding="samee"), ValueError, "'samee'"),
        (lambda: Conv2D(4, 3, padding=1), ValueError, "ZeroPadding2D"),
        (lambda: Conv2D(4, (3, 3, 3)), ValueError, "kernel_size must be one number or two"),
        (lambda: Conv2D(4.0, 3), TypeError, "filters must be a whole number"),
        (lambda: Conv2D(5, 3, groups=2), ValueError, "5 filters cannot be split into 2"),
        (lambda: Conv2D(4, 3, 2, dilation_rate=2), ValueError, "Keras refuses it"),
        (lambda: MaxPooling2D(0), ValueError, "pool_size must be at least 1"),
        (lambda: Dense(True), TypeError, "units must be a whole number"),
        (lambda: DepthwiseConv2D(3, depth_multiplier=0), ValueError, "depth_multiplier"),
        (lambda: Resizing(8, 0), ValueError, "width must be at least 1"),
        (lambda: ZeroPadding2D(-1), ValueError, "padding must be at least 0"),
        (lambda: Reshape((-1, -1)), ValueError, "more than one -1"),
        (lambda: Reshape(8), TypeError, "target_shape is a tuple"),
        (lambda: Input((None, 28, 1)), ValueError, "unknown sizes"),
        (lambda: Input(28), TypeError, r"a tuple such as \(28, 28, 1\)"),
        (lambda: Input((28, 28.0, 1)), TypeError, "28.0"),
        (lambda: Conv2D(4, 3).count((8, 8, 1), (8, 8, 1)), ValueError, "one input, .* given 2"),
        (lambda: Add().count((8, 8, 1), (8, 7, 1)), ValueError, "cannot be combined"),
        (lambda: Subtract().count((8, 8, 1)), ValueError, "given 1"),
        (lambda: Concatenate().count((8, 8, 1), (8, 7, 1)), ValueError, "cannot be joined"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_with_its_name(make, error, message) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("thing", "error", "message"),
    [
        (3, TypeError, r"not 3 \(int\)"),
        ("model", TypeError, r"'model' \(str\)"),
        (None, TypeError, "NoneType"),
        (Conv2D(4, 3), TypeError, r"\(Conv2D\)"),
        ([], ValueError, "starts with its input"),
        ([Conv2D(4, 3)], ValueError, "starts with Conv2D"),
        ([Input((8, 8, 1)), Flatten], TypeError, r"the class Flatten.*Flatten\(\.\.\.\)"),
        ([Input((8, 8, 1)), 3], TypeError, "Element 1 of the list is 3"),
    ],
)
def test_what_is_no_network_is_refused_with_what_to_hand_in(thing, error, message) -> None:
    with pytest.raises(error, match=message):
        table(thing)


@pytest.mark.tensorflow
def test_a_layer_of_keras_in_a_list_is_refused_with_where_it_belongs() -> None:
    with pytest.raises(TypeError, match=r"keras\.Sequential"):
        table([Input((8, 8, 1)), keras.layers.Flatten()])


def test_counting_imports_no_tensorflow_no_keras_and_no_matplotlib() -> None:
    code = (
        "import sys, cnn_course.counting as c\n"
        "str(c.table([c.Input((8, 8, 1)), c.Conv2D(2, 3)]))\n"
        "print([m for m in ('tensorflow', 'keras', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
