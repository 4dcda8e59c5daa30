"""Keras models: every layer against Keras's own shapes and counts, and what cannot be read."""

from math import prod

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from cnn_course import counting
from cnn_course.counting import Table, table

pytestmark = [pytest.mark.tensorflow, pytest.mark.usefixtures("without_weights")]


def trained(model: keras.Model) -> int:
    return sum(prod(weight.shape) for weight in model.trainable_weights)


def sequential(layer: keras.layers.Layer, shape: tuple = (8, 8, 3)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), layer])


def assert_equals_keras(counted: Table, model: keras.Model) -> None:
    """Compare layer by layer, in the order of the model."""
    own = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    assert [row.name for row in counted] == [layer.name for layer in own]
    for row, layer in zip(counted, own, strict=True):
        assert row.kind == type(layer).__name__
        assert row.output_shape == layer.output.shape[1:]
        assert row.parameters == layer.count_params()
        assert row.trainable_parameters == trained(layer)
    assert counted.parameters == model.count_params()
    assert counted.trainable_parameters == trained(model)


@pytest.mark.parametrize(
    ("name", "parameters", "millions", "layer", "field"),
    [
        ("ResNet50", 25_636_712, 3_858, "conv5_block3_out", 483),
        ("MobileNet", 4_253_864, 569, "conv_pw_13_relu", 315),
        ("MobileNetV2", 3_538_984, 301, None, None),
        ("DenseNet121", 8_062_504, None, None, None),
        ("Xception", 22_910_480, None, None, None),
        ("EfficientNetB0", 5_330_571, None, None, None),
        ("InceptionV3", 23_851_784, None, "mixed10", 1311),
    ],
)
def test_networks_of_keras_have_their_published_numbers(
    name: str, parameters: int, millions: int | None, layer: str | None, field: int | None
) -> None:
    """Multiplications: He et al. 2015, table 1: 3.8 x 10^9; Howard et al. 2017: 569; Sandler et
    al. 2018: 300. Receptive fields: Araujo et al. 2019.
    """
    model = getattr(keras.applications, name)(weights=None)
    counted = table(model)
    assert counted.parameters == parameters
    assert_equals_keras(counted, model)
    assert millions is None or round(counted.multiplications / 1e6) == millions
    assert layer is None or counted.row(layer).receptive_field == (field, field)


pairs = st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3)))
padding = {"padding": st.sampled_from(["valid", "same"])}
bias = {"use_bias": st.booleans()}
affine = {"center": st.booleans(), "scale": st.booleans()}
pool = {"pool_size": pairs, "strides": st.one_of(st.none(), pairs), **padding}
sides = st.tuples(st.integers(0, 2), st.integers(0, 2))
sided = st.one_of(st.integers(0, 2), sides, st.tuples(sides, sides))
two_or_four, one_or_two = st.sampled_from([2, 4]), st.integers(1, 2)


def described(kind: str, **arguments: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(st.just(kind), st.fixed_dictionaries(arguments))


def stepped(kind: str, **arguments: st.SearchStrategy) -> st.SearchStrategy:
    """Return a kernel with strides or with a dilation: Keras takes no layer with both."""
    window = {"kernel_size": pairs, **padding, **bias, **arguments}
    return described(kind, **window, strides=pairs) | described(
        kind, **window, dilation_rate=one_or_two
    )


FIXED = {
    "Dropout": {"rate": 0.5},
    "SpatialDropout2D": {"rate": 0.5},
    "GaussianNoise": {"stddev": 0.1},
    "Activation": {"activation": "relu"},
    "ReLU": {"max_value": 6.0},
    "Softmax": {"axis": -1},
    "Rescaling": {"scale": 1 / 255},
    "RandomFlip": {"mode": "horizontal"},
    "RandomRotation": {"factor": 0.1},
    "RandomZoom": {"height_factor": 0.2},
}
map_layers = st.one_of(
    stepped("Conv2D", filters=two_or_four, groups=one_or_two),
    stepped("DepthwiseConv2D", depth_multiplier=one_or_two),
    stepped("SeparableConv2D", filters=two_or_four, depth_multiplier=one_or_two),
    described("MaxPooling2D", **pool),
    described("AveragePooling2D", **pool),
    described("BatchNormalization", **affine),
    described("LayerNormalization", axis=st.sampled_from([-1, 1, [1, 2, 3]]), **affine),
    described("GroupNormalization", groups=st.sampled_from([1, 2, -1]), **affine),
    described("Normalization", axis=st.sampled_from([-1, None, (1, 3)])),
    described("ZeroPadding2D", padding=sided),
    described("Cropping2D", cropping=sided),
    described("Dense", units=two_or_four, **bias),
    described("Resizing", height=st.integers(9, 20), width=st.integers(9, 20)),
    st.sampled_from(sorted(FIXED.items())),
)
to_vector = st.one_of(
    described("Flatten"),
    described("GlobalAveragePooling2D", keepdims=st.booleans()),
    described("GlobalMaxPooling2D"),
    described("Reshape", target_shape=st.sampled_from([(-1,), (2, -1)])),
)
stacks = st.builds(
    lambda maps, flat: [*maps, flat, ("Dense", {"units": 3, "use_bias": False})],
    st.lists(map_layers, max_size=6),
    to_vector,
)


def build(module: object, stack: list, frozen: set[int]) -> list:
    """Make the same layers of Keras or of the descriptions, some of them frozen."""
    return [
        getattr(module, kind)(
            **arguments,
            name=f"layer_{place}",
            **({"trainable": False} if place in frozen and kind != "SpatialDropout2D" else {}),
        )
        for place, (kind, arguments) in enumerate(stack)
    ]


@settings(max_examples=40)
@given(
    height=st.integers(5, 32),
    width=st.integers(5, 32),
    stack=stacks,
    frozen=st.sets(st.integers(0, 8), max_size=3),
)
def test_random_stacks_are_counted_as_keras_counts_them(height, width, stack, frozen) -> None:
    shape = (height, width, 2)
    try:
        model = keras.Sequential([keras.Input(shape), *build(layers, stack, frozen)])
    except ValueError:  # a picture that has become smaller than the kernel, and the like
        with pytest.raises(ValueError, match=r"^Layer 'layer_\d+'"):
            table([counting.Input(shape), *build(counting, stack, frozen)])
        return
    counted = table([counting.Input(shape), *build(counting, stack, frozen)])
    assert_equals_keras(counted, model)
    assert table(model) == counted


def test_a_functional_model_with_branches_is_counted_in_its_own_order() -> None:
    x = keras.Input((28, 28, 3))
    one = layers.Conv2D(4, 1, padding="same")(x)
    three = layers.Conv2D(4, 3, padding="same")(layers.Conv2D(2, 1)(x))
    joined = layers.Concatenate()([one, three, layers.MaxPooling2D(3, 1, "same")(x)])
    added = layers.Add()([joined, layers.Conv2D(11, 1)(x)])
    model = keras.Model(x, [layers.Dense(3)(layers.Flatten()(added)), one])
    assert_equals_keras(table(model), model)
    part = keras.Model(x, joined)  # of intermediate outputs
    assert_equals_keras(table(part), part)


def test_a_base_of_unknown_size_inside_a_model_is_opened_and_sized() -> None:
    base = keras.applications.VGG16(weights=None, include_top=False)
    base.trainable = False
    x = keras.Input((180, 180, 3))
    y = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)])(x)
    y = base(keras.applications.vgg16.preprocess_input(y))
    model = keras.Model(x, layers.Dense(1)(layers.Dropout(0.5)(layers.Flatten()(y))))
    counted, head = table(model), 5 * 5 * 512 + 1
    assert counted.parameters == model.count_params() == 14_714_688 + head
    assert counted.trainable_parameters == trained(model) == head
    assert counted.row("block1_conv1").output_shape == (180, 180, 64)
    assert counted.row("block5_pool").output_shape == (5, 5, 512)
    assert counted.row("block5_pool").receptive_field == (212, 212)
    base.trainable = True
    for layer in base.layers[:-4]:
        layer.trainable = False
    assert table(model).trainable_parameters == 7_079_424 + head


def test_layers_added_to_a_frozen_model_are_frozen_with_it() -> None:
    model = sequential(layers.Conv2D(2, 3))
    model.trainable = False
    model.add(layers.BatchNormalization())
    assert [row.trainable_parameters for row in table(model)] == [0, 0] == [trained(model)] * 2


def test_a_shared_model_is_counted_once_and_used_twice() -> None:
    tower = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten()])
    a, b = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    model = keras.Model([a, b], layers.Dense(1)(layers.Subtract()([tower(a), tower(b)])))
    counted = table(model)
    assert [row.kind for row in counted] == [*["Conv2D", "Flatten"] * 2, "Subtract", "Dense"]
    assert counted.parameters == model.count_params()
    assert counted[0].multiplications == counted[2].multiplications
    assert (counted[2].parameters, counted[2].derivation) == (0, "0 (shared, counted above)")


class LocalResponseNormalization(layers.Identity):
    """AlexNet's normalization: Keras does not have it, and it is known by its name."""


def test_arithmetic_and_a_known_name_have_rows_without_parameters() -> None:
    x = keras.Input((8, 8, 3))
    y = LocalResponseNormalization()(layers.Conv2D(3, 3, padding="same")(x) + x)
    kinds = [(row.kind, row.parameters) for row in table(keras.Model(x, keras.ops.relu(y) / 2.0))]
    own = [("LocalResponseNormalization", 0), ("Relu", 0), ("TrueDivide", 0)]
    assert kinds == [("Conv2D", 84), ("Add", 0), *own]


class Doubling(layers.Layer):
    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.concatenate([x, x])


class Conv2D(layers.Conv2D):
    """A layer that has the name of a known one and counts otherwise."""

    def build(self, shape: tuple[int, ...]) -> None:
        super().build(shape)
        self.gain = self.add_weight(shape=(1,))


class Subclassed(keras.Model):
    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return x


def rolled() -> keras.Model:
    x = keras.Input((8, 8, 3))
    return keras.Model(x, keras.ops.roll(x, 1, axis=1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sequential(Doubling(name="a")), "'a' is of the class Doubling.*Conv2D.*ZeroPadd"),
        (rolled, r"\(Roll\).*cannot be counted.*Use a layer"),
        (lambda: sequential(Conv2D(2, 3, name="a")), "'a'.*56 parameters.*Keras says.*57"),
        (
            lambda: sequential(layers.Conv2D(2, 3), (None, None, 3)),
            r"\(None, None, 3\).*input_shape=\(height, width",
        ),
        (
            lambda: sequential(layers.Conv2D(2, 3, data_format="channels_first", name="a")),
            "'a'.*channels_last",
        ),
        (lambda: Subclassed(name="a"), r"'a' \(Subclassed\) has no graph.*keras\.Model"),
    ],
)
def test_what_cannot_be_counted_is_named_with_what_to_do(make, message) -> None:
    with pytest.raises(ValueError, match=message):
        table(make())


def test_a_sequential_model_that_is_not_built_says_how_to_build_it() -> None:
    model = keras.Sequential([layers.Conv2D(2, 3)], name="early")
    with pytest.raises(ValueError, match=r"'early' is not built.*keras\.Input.*model\.build"):
        table(model)
    model.build((None, 8, 8, 3))
    assert table(model).parameters == 56
