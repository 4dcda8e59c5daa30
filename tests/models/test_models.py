"""The famous architectures: totals that were published or that Keras has, and blocks."""

from typing import Any

import numpy as np
import pytest

from cnn_course import counting, data, models

import keras  # isort: skip - after cnn_course, which keeps TensorFlow quiet
import tensorflow as tf
from keras import layers

pytestmark = pytest.mark.tensorflow
without_weights = pytest.mark.usefixtures("without_weights")


def on(shape: tuple[int, ...], block: Any, **named: Any) -> Any:
    inputs = keras.Input(shape)
    return keras.Model(inputs, block(inputs, **named))


@without_weights
@pytest.mark.parametrize(
    ("build", "parameters"), [(models.lenet, 61_706), (models.alexnet, 60_965_224)]
)
def test_a_network_has_the_number_of_parameters_that_is_known_of_it(
    build: Any, parameters: int
) -> None:
    model = build()
    assert model.count_params() == parameters
    assert counting.table(model).parameters == parameters


@without_weights
@pytest.mark.parametrize(
    ("model", "original", "parameters"),
    [
        (lambda: models.vgg(16), keras.applications.VGG16, 138_357_544),
        (lambda: models.vgg(19), keras.applications.VGG19, 143_667_240),
        (models.resnet50, keras.applications.ResNet50, 25_636_712),
    ],
    ids=["vgg16", "vgg19", "resnet50"],
)
def test_a_network_has_the_layers_of_keras_applications_with_their_names(
    model: Any, original: Any, parameters: int
) -> None:
    def described(network: Any) -> list[tuple[str, tuple[int, ...], int]]:
        found = [(one.name, one.output.shape, one.count_params()) for one in network.layers[1:]]
        return sorted(found)

    own = model()
    assert described(own) == described(original(weights=None))
    assert own.count_params() == parameters
    assert counting.table(own).parameters == parameters
    if original is keras.applications.ResNet50:
        biased = [one for one in own.layers if getattr(one, "use_bias", False)]
        biases = sum(one.filters for one in biased if isinstance(one, layers.Conv2D))
        assert f"{biases:,} of them are biases" in models.resnet50.__doc__


@pytest.mark.parametrize(("k", "n", "alpha", "beta"), [(2, 5, 1e-4, 0.75), (1, 3, 0.5, 0.5)])
def test_local_response_normalization_equals_tensorflows_and_is_saved_with_its_numbers(
    tmp_path: Any, k: float, n: int, alpha: float, beta: float
) -> None:
    x = np.random.default_rng(0).normal(scale=30, size=(2, 4, 5, 11)).astype("float32")
    model = on(x.shape[1:], models.LocalResponseNormalization(k=k, n=n, alpha=alpha, beta=beta))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    theirs = tf.nn.local_response_normalization(
        x, depth_radius=n // 2, bias=k, alpha=alpha, beta=beta
    )
    for own in (model, again):
        np.testing.assert_allclose(np.array(own(x)), theirs.numpy(), rtol=1e-5)


def test_what_a_network_cannot_have_is_refused() -> None:
    with pytest.raises(ValueError, match="odd number of channels, such as 5, but it is 4"):
        models.LocalResponseNormalization(n=4)
    with pytest.raises(ValueError, match=r"There is no VGG17. Its depth is 16 or 19."):
        models.vgg(17)


@pytest.mark.parametrize(("stride", "filters"), [(1, 8), (1, 12), (2, 8)])
def test_a_residual_block_projects_only_where_shapes_differ(stride: int, filters: int) -> None:
    model = on((9, 9, 8), models.residual_block, filters=filters, stride=stride)
    assert model.output_shape == (None, -(-9 // stride), -(-9 // stride), filters)
    convolutions = sum(isinstance(layer, layers.Conv2D) for layer in model.layers)
    assert convolutions == (2 if (stride, filters) == (1, 8) else 3)
    assert isinstance(model.layers[-1], layers.ReLU), "the last ReLU comes after the addition"
    assert isinstance(model.layers[-2], layers.Add)


def test_a_residual_block_of_zeros_passes_what_is_positive_on_and_a_plain_block_nothing() -> None:
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("float32")
    for shortcut, expected in ((True, np.maximum(x, 0)), (False, np.zeros_like(x))):
        model = on((6, 6, 3), models.residual_block, filters=3, shortcut=shortcut)
        for layer in model.layers:
            if isinstance(layer, layers.Conv2D):
                layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
        np.testing.assert_allclose(model(x), expected, atol=1e-5)


INCEPTION_3A = {  # the first module of the paper's network, with the numbers of its table 1
    "ones": 64,
    "before_threes": 96,
    "threes": 128,
    "before_fives": 16,
    "fives": 32,
    "pooled": 32,
}
NAIVE = {"ones": 64, "threes": 128, "fives": 32}


@without_weights
@pytest.mark.parametrize(
    ("block", "sizes", "channels", "parameters"),
    [
        (models.naive_inception_module, NAIVE, 416, 193 * 64 + 1_729 * 128 + 4_801 * 32),
        (models.inception_module, INCEPTION_3A, 256, 163_696),
        (models.separable_block, {"filters": 64}, 64, 9 * 192 + 4 * 192 + 192 * 64 + 4 * 64),
    ],
)
def test_a_block_has_the_channels_and_parameters_that_are_counted_by_hand(
    block: Any, sizes: dict[str, int], channels: int, parameters: int
) -> None:
    model = on((28, 28, 192), block, **sizes)
    assert model.output_shape == (None, 28, 28, channels)
    assert model.count_params() == parameters


def test_lenet_learns_digits() -> None:
    (x, y), (x_test, y_test) = data.load_digits("tiny")
    keras.utils.set_random_seed(1)
    model = models.lenet()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[:600, ..., None] / 255, y[:600], batch_size=16, epochs=3, verbose=0)
    assert model.evaluate(x_test[..., None] / 255, y_test, verbose=0)[1] > 0.8
