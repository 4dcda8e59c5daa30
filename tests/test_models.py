"""The famous architectures: totals that were published or that Keras has, and blocks."""

import numpy as np
import pytest

from cnn_course import counting, data, models

import keras  # isort: skip - after cnn_course, which keeps TensorFlow quiet
import tensorflow as tf
from keras import layers

pytestmark = pytest.mark.tensorflow


@pytest.mark.usefixtures("without_weights")
@pytest.mark.parametrize(
    ("build", "parameters"),
    [
        (models.lenet, 61_706),
        (models.alexnet, 60_965_224),
        (lambda: models.vgg(16), 138_357_544),
        (lambda: models.vgg(19), 143_667_240),
        (models.resnet50, 25_636_712),
    ],
    ids=["lenet", "alexnet", "vgg16", "vgg19", "resnet50"],
)
def test_a_network_has_the_number_of_parameters_that_is_known_of_it(
    build: object, parameters: int
) -> None:
    model = build()
    assert model.count_params() == parameters
    assert counting.table(model).parameters == parameters


@pytest.mark.usefixtures("without_weights")
@pytest.mark.parametrize(
    ("build", "original"),
    [
        (lambda: models.vgg(16), keras.applications.VGG16),
        (lambda: models.vgg(19), keras.applications.VGG19),
        (models.resnet50, keras.applications.ResNet50),
    ],
    ids=["vgg16", "vgg19", "resnet50"],
)
def test_a_network_has_the_layers_of_keras_applications(build: object, original: object) -> None:
    def weighted(model: keras.Model) -> list[tuple[str, tuple[int, ...], int]]:
        return sorted(
            (type(layer).__name__, tuple(layer.output.shape), layer.count_params())
            for layer in model.layers
            if layer.count_params()
        )

    assert weighted(build()) == weighted(original(weights=None))


@pytest.mark.usefixtures("without_weights")
def test_the_layers_of_resnet50_have_the_names_of_keras_applications() -> None:
    own, original = models.resnet50(), keras.applications.ResNet50(weights=None)
    names, originals = ([one.name for one in model.layers[1:]] for model in (own, original))
    assert sorted(names) == sorted(originals)


@pytest.mark.usefixtures("without_weights")
def test_the_biases_of_resnet50_are_needless_and_as_many_as_it_says() -> None:
    model = models.resnet50()
    convolutions = [one for one in model.layers if isinstance(one, layers.Conv2D)]
    biases = sum(one.filters for one in convolutions if one.use_bias)
    assert biases == 26_560
    assert f"{biases:,}" in models.resnet50.__doc__


@pytest.mark.parametrize(("k", "n", "alpha", "beta"), [(2, 5, 1e-4, 0.75), (1, 3, 0.5, 0.5)])
def test_local_response_normalization_equals_tensorflows(
    k: float, n: int, alpha: float, beta: float
) -> None:
    x = np.random.default_rng(0).normal(scale=30, size=(2, 4, 5, 11)).astype("float32")
    mine = models.LocalResponseNormalization(k=k, n=n, alpha=alpha, beta=beta)(x)
    theirs = tf.nn.local_response_normalization(
        x, depth_radius=n // 2, bias=k, alpha=alpha, beta=beta
    )
    np.testing.assert_allclose(np.array(mine), theirs.numpy(), rtol=1e-5)


def test_local_response_normalization_is_saved_with_its_numbers(tmp_path) -> None:
    inputs = keras.Input((4, 4, 6))
    layer = models.LocalResponseNormalization(k=1.0, n=3, alpha=0.1, beta=0.5)
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
    assert (again.k, again.n, again.alpha, again.beta) == (1.0, 3, 0.1, 0.5)


def test_an_even_number_of_neighbours_is_refused() -> None:
    with pytest.raises(ValueError, match="odd number of channels, such as 5, but it is 4"):
        models.LocalResponseNormalization(n=4)


def test_a_depth_that_vgg_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match=r"There is no VGG17. Its depth is 16 or 19."):
        models.vgg(17)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("filters", [8, 12])
def test_a_residual_block_projects_only_where_shapes_differ(stride: int, filters: int) -> None:
    inputs = keras.Input((9, 9, 8))
    model = keras.Model(inputs, models.residual_block(inputs, filters, stride))
    assert model.output_shape == (None, -(-9 // stride), -(-9 // stride), filters)
    convolutions = sum(isinstance(layer, layers.Conv2D) for layer in model.layers)
    assert convolutions == (2 if (stride, filters) == (1, 8) else 3)
    assert isinstance(model.layers[-1], layers.ReLU), "the last ReLU comes after the addition"
    assert isinstance(model.layers[-2], layers.Add)


def test_a_plain_block_is_the_same_without_the_shortcut() -> None:
    inputs = keras.Input((8, 8, 4))
    plain = keras.Model(inputs, models.residual_block(inputs, 4, shortcut=False))
    residual = keras.Model(inputs, models.residual_block(inputs, 4))
    assert plain.count_params() == residual.count_params()
    assert not any(isinstance(layer, layers.Add) for layer in plain.layers)


def test_the_bottleneck_of_an_inception_module_saves_nine_of_ten_multiplications() -> None:
    inputs = keras.Input((28, 28, 192))
    wide = layers.Conv2D(32, 5, padding="same")(inputs)
    narrow = layers.Conv2D(32, 5, padding="same")(layers.Conv2D(16, 1)(inputs))
    counts = [
        counting.table(keras.Model(inputs, outputs)).multiplications for outputs in (wide, narrow)
    ]
    assert counts == [120_422_400, 12_443_648]
    # In the modules, the same two branches stand among the others.
    naive = keras.Model(inputs, models.naive_inception_module(inputs, 64, 128, 32))
    module = keras.Model(inputs, _inception_3a(inputs))
    assert naive.output_shape[1:] == (28, 28, 64 + 128 + 32 + 192)
    assert module.output_shape[1:] == (28, 28, 256)  # inception (3a) of the paper
    rows = [row.multiplications for row in counting.table(naive)]
    assert 120_422_400 in rows
    rows = [row.multiplications for row in counting.table(module)]
    assert {28 * 28 * 192 * 16, 12_443_648 - 28 * 28 * 192 * 16} <= set(rows)


def _inception_3a(inputs: object) -> object:
    """Return the first module of the paper's network, with the numbers of its table 1."""
    return models.inception_module(
        inputs, ones=64, before_threes=96, threes=128, before_fives=16, fives=32, pooled=32
    )


@pytest.mark.usefixtures("without_weights")
def test_mobilenets_block_is_that_of_keras_applications() -> None:
    original = keras.applications.MobileNet(weights=None, input_shape=(224, 224, 3))
    first = original.get_layer("conv_dw_1").input
    theirs = sum(
        layer.count_params() for layer in original.layers if layer.name.endswith(("_dw_1", "_pw_1"))
    ) + sum(original.get_layer(f"conv_{kind}_1_bn").count_params() for kind in ("dw", "pw"))
    inputs = keras.Input(first.shape[1:])
    assert keras.Model(inputs, models.separable_block(inputs, 64)).count_params() == theirs


def test_a_residual_block_of_zeros_passes_what_is_positive_on() -> None:
    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, models.residual_block(inputs, 3))
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("float32")
    np.testing.assert_allclose(model(x), np.maximum(x, 0), atol=1e-5)


def test_lenet_learns_digits() -> None:
    (x, y), (x_test, y_test) = data.load_digits("tiny")
    keras.utils.set_random_seed(1)
    model = models.lenet()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[..., None] / 255, y, epochs=4, verbose=0)
    assert model.evaluate(x_test[..., None] / 255, y_test, verbose=0)[1] > 0.8
