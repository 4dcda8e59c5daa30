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
    ("name", "published"),
    [
        ("ResNet50", 25_636_712),
        ("MobileNet", 4_253_864),
        ("MobileNetV2", 3_538_984),
        ("DenseNet121", 8_062_504),
        ("Xception", 22_910_480),
        ("EfficientNetB0", 5_330_571),
    ],
)
def test_networks_of_keras_have_their_published_parameters(name: str, published: int) -> None:
    model = getattr(keras.applications, name)(weights=None)
    counted = table(model)
    assert counted.parameters == published
    assert_equals_keras(counted, model)


@pytest.mark.parametrize(
    ("name", "millions"), [("ResNet50", 3_858), ("MobileNet", 569), ("MobileNetV2", 301)]
)
def test_multiplications_are_those_of_the_papers(name: str, millions: int) -> None:
    """He et al. 2015, table 1: 3.8 x 10^9; Howard et al. 2017: 569; Sandler et al. 2018: 300."""
    model = getattr(keras.applications, name)(weights=None)
    assert round(table(model).multiplications / 1e6) == millions


def test_the_base_of_vgg16_has_14714688_parameters_at_any_size() -> None:
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(180, 180, 3))
    counted = table(base)
    assert counted.parameters == 14_714_688
    assert counted[-1].output_shape == (5, 5, 512)
    assert_equals_keras(counted, base)


pairs = st.one_of(st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3)))
paddings = st.sampled_from(["valid", "same"])
window = {"kernel_size": pairs, "padding": paddings, "use_bias": st.booleans()}
steps = st.one_of(
    st.fixed_dictionaries({"strides": pairs}),
    st.fixed_dictionaries({"dilation_rate": st.integers(1, 2)}),
)
pool = {"pool_size": pairs, "strides": st.one_of(st.none(), pairs), "padding": paddings}
affine = {"center": st.booleans(), "scale": st.booleans()}
sides = st.tuples(st.integers(0, 2), st.integers(0, 2))
sided = st.one_of(st.integers(0, 2), sides, st.tuples(sides, sides))


def described(kind: str, **arguments: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(st.just(kind), st.fixed_dictionaries(arguments))


def stepped(kind: str, **arguments: st.SearchStrategy) -> st.SearchStrategy:
    """Return a kernel with strides or with a dilation: Keras takes no layer with both."""
    whole = st.tuples(st.fixed_dictionaries({**window, **arguments}), steps)
    return st.tuples(st.just(kind), whole.map(lambda two: {**two[0], **two[1]}))


map_layers = st.one_of(
    stepped("Conv2D", filters=st.sampled_from([2, 4]), groups=st.sampled_from([1, 2])),
    stepped("DepthwiseConv2D", depth_multiplier=st.integers(1, 2)),
    stepped("SeparableConv2D", filters=st.sampled_from([2, 4]), depth_multiplier=st.integers(1, 2)),
    described("MaxPooling2D", **pool),
    described("AveragePooling2D", **pool),
    described("BatchNormalization", **affine),
    described("LayerNormalization", axis=st.sampled_from([-1, 1, [1, 2, 3]]), **affine),
    described("GroupNormalization", groups=st.sampled_from([1, 2, -1]), **affine),
    described("Normalization", axis=st.sampled_from([-1, None, (1, 3)])),
    described("ZeroPadding2D", padding=sided),
    described("Cropping2D", cropping=sided),
    described("Dense", units=st.sampled_from([2, 4]), use_bias=st.booleans()),
    described("Dropout", rate=st.just(0.5)),
    described("SpatialDropout2D", rate=st.just(0.5)),
    described("GaussianNoise", stddev=st.just(0.1)),
    described("Activation", activation=st.sampled_from(["relu", "tanh"])),
    described("ReLU", max_value=st.sampled_from([None, 6.0])),
    described("Softmax", axis=st.just(-1)),
    described("Rescaling", scale=st.just(1 / 255)),
    described("RandomFlip", mode=st.just("horizontal")),
    described("RandomRotation", factor=st.just(0.1)),
    described("RandomZoom", height_factor=st.just(0.2)),
    described("Resizing", height=st.integers(9, 20), width=st.integers(9, 20)),
)
to_vector = st.one_of(
    described("Flatten"),
    described("GlobalAveragePooling2D", keepdims=st.booleans()),
    described("GlobalMaxPooling2D"),
    described("Reshape", target_shape=st.sampled_from([(-1,), (2, -1)])),
)
heads = st.lists(described("Dense", units=st.integers(1, 5), use_bias=st.booleans()), max_size=2)
stacks = st.builds(
    lambda maps, flat, head: [*maps, flat, *head],
    st.lists(map_layers, max_size=6),
    to_vector,
    heads,
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


def transfer_model(base: keras.Model, size: int = 96) -> keras.Model:
    x = keras.Input((size, size, 3))
    y = keras.Sequential([layers.RandomFlip(), layers.RandomRotation(0.1)])(x)
    y = base(keras.applications.vgg16.preprocess_input(y))
    return keras.Model(x, layers.Dense(1)(layers.Dropout(0.5)(layers.Flatten()(y))))


def test_a_base_of_unknown_size_inside_a_model_is_opened_and_sized() -> None:
    base = keras.applications.VGG16(weights=None, include_top=False)
    base.trainable = False
    model = transfer_model(base)
    counted = table(model)
    assert counted.parameters == model.count_params()
    assert counted.trainable_parameters == trained(model) == 3 * 3 * 512 + 1
    assert counted.row("block1_conv1").output_shape == (96, 96, 64)
    assert counted.row("block5_pool").output_shape == (3, 3, 512)
    assert counted.row("block5_pool").receptive_field == (212, 212)


def test_freezing_all_but_the_last_block_leaves_7079424_parameters_to_train() -> None:
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(96, 96, 3))
    for layer in base.layers[:-4]:
        layer.trainable = False
    assert table(base).trainable_parameters == 7_079_424


def test_layers_added_to_a_frozen_model_are_frozen_with_it() -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3)])
    model.trainable = False
    model.add(layers.BatchNormalization())
    assert [row.trainable_parameters for row in table(model)] == [0, 0]
    assert trained(model) == 0


def test_a_shared_layer_has_a_row_for_each_use_and_its_parameters_once() -> None:
    shared = layers.Conv2D(3, 3, padding="same")
    x = keras.Input((8, 8, 3))
    model = keras.Model(x, shared(shared(x)))
    first, second = table(model)
    assert (first.parameters, second.parameters) == (84, 0)
    assert first.multiplications == second.multiplications
    assert second.derivation == "0 (shared, counted above)"
    assert second.receptive_field == (5, 5)
    assert table(model).parameters == model.count_params()


def test_a_shared_model_is_counted_once_and_used_twice() -> None:
    tower = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten()])
    a, b = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    model = keras.Model([a, b], layers.Dense(1)(layers.Subtract()([tower(a), tower(b)])))
    counted = table(model)
    assert [row.kind for row in counted] == [*["Conv2D", "Flatten"] * 2, "Subtract", "Dense"]
    assert counted.parameters == model.count_params()


def test_a_model_of_intermediate_outputs_is_counted_as_far_as_it_goes() -> None:
    whole = keras.applications.MobileNet(weights=None, input_shape=(64, 64, 3))
    part = keras.Model(whole.inputs, [whole.get_layer("conv_pw_3_relu").output])
    assert_equals_keras(table(part), part)


def test_arithmetic_on_tensors_has_rows_without_parameters() -> None:
    x = keras.Input((8, 8, 3))
    y = keras.ops.relu(layers.Conv2D(3, 3, padding="same")(x) + x) / 2.0
    kinds = [(row.kind, row.parameters) for row in table(keras.Model(x, y))]
    assert kinds == [("Conv2D", 84), ("Add", 0), ("Relu", 0), ("TrueDivide", 0)]


class LocalResponseNormalization(layers.Layer):
    """AlexNet's normalization, which Keras does not have."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return x


class Doubling(layers.Layer):
    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.concatenate([x, x])


class Conv2D(layers.Conv2D):
    """A layer that has the name of a known one and counts otherwise."""

    def build(self, shape: tuple[int, ...]) -> None:
        super().build(shape)
        self.gain = self.add_weight(shape=(1,))


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="mine")
        self.dense = layers.Dense(3)

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return self.dense(x)


def test_local_response_normalization_of_ones_own_is_known_by_its_name() -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), LocalResponseNormalization()])
    assert table(model)[0].output_shape == (8, 8, 3)


def test_an_unknown_layer_is_named_with_its_class_and_with_the_known_ones() -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), Doubling(name="twice")])
    with pytest.raises(
        ValueError, match=r"'twice' is of the class Doubling.*Conv2D.*ZeroPadding2D"
    ):
        table(model)


def test_an_unknown_operation_is_named() -> None:
    x = keras.Input((8, 8, 3))
    with pytest.raises(ValueError, match=r"\(Roll\).*cannot be counted.*Use a layer"):
        table(keras.Model(x, keras.ops.roll(x, 1, axis=1)))


def test_a_layer_that_keras_counts_otherwise_is_not_given_a_wrong_number() -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), Conv2D(2, 3, name="odd")])
    with pytest.raises(ValueError, match=r"'odd'.*56 parameters.*Keras says.*57"):
        table(model)


def test_a_sequential_model_that_is_not_built_says_how_to_build_it() -> None:
    model = keras.Sequential([layers.Conv2D(2, 3)], name="early")
    with pytest.raises(ValueError, match=r"'early' is not built.*keras\.Input.*model\.build"):
        table(model)
    model.build((None, 8, 8, 3))
    assert table(model).parameters == 56


def test_a_model_of_unknown_size_says_how_to_give_it() -> None:
    base = keras.applications.MobileNet(weights=None, include_top=False)
    with pytest.raises(ValueError, match=r"\(None, None, 3\).*input_shape=\(height, width"):
        table(base)


def test_channels_first_are_refused_by_the_layer_s_name() -> None:
    first = layers.Conv2D(2, 3, data_format="channels_first", name="old")
    with pytest.raises(ValueError, match=r"'old'.*channels_last"):
        table(keras.Sequential([keras.Input((3, 8, 8)), first]))


def test_a_model_without_a_graph_says_how_to_make_one() -> None:
    model = Subclassed()
    model(keras.ops.ones((1, 4)))
    with pytest.raises(ValueError, match=r"'mine' \(Subclassed\) has no graph.*keras\.Model"):
        table(model)
