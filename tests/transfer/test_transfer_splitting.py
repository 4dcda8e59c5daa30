"""A model cut in two computes what it did before, and what would not stand still is refused."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from cnn_course.transfer import split

pytestmark = pytest.mark.tensorflow

PICTURES = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3)).astype("float32")


def outputs(model: keras.Model, given: Any, **options: Any) -> np.ndarray:
    return model(given, **options).numpy()


def assert_parts_make(model: keras.Model, frozen: keras.Model, trainable: keras.Model) -> None:
    together = outputs(trainable, outputs(frozen, PICTURES))
    np.testing.assert_allclose(together, outputs(model, PICTURES), rtol=1e-4, atol=1e-6)


def small_base() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)
    x = layers.MaxPooling2D(name="pool1")(x)
    x = layers.Conv2D(5, 3, name="conv2")(x)
    x = layers.BatchNormalization(name="norm2")(x)
    return keras.Model(inputs, layers.MaxPooling2D(name="pool2")(x), name="base")


def on(base: Any, before: Any = keras.applications.vgg16.preprocess_input) -> keras.Model:
    """Return a classifier on a frozen base, as chapters write it."""
    base.trainable = False
    inputs = keras.Input((32, 32, 3))
    x = base(before(inputs), training=False)
    x = layers.Dropout(0.5)(layers.Flatten(name="flat")(x))
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="classes")(x))


def nested() -> keras.Model:
    return on(small_base())


def layer_by_layer() -> keras.Model:
    base = small_base()

    def call_each(x: Any, **_: Any) -> Any:
        for layer in base.layers[1:]:
            x = layer(x)
        return x

    call_each.trainable = False
    base.trainable = False
    return on(call_each)


def in_sequence() -> keras.Model:
    base = small_base()
    base.trainable = False
    head = [layers.Flatten(name="flat"), layers.Dense(3, name="classes")]
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 255), base, *head])


def of_sequences() -> keras.Model:
    parts = small_base().layers
    return on(keras.Sequential([keras.Input((32, 32, 3)), *parts[1:]], name="base"))


def nested_twice() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    return on(keras.Model(inputs, small_base()(inputs), name="around"))


def residual() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = first = layers.Conv2D(4, 3, padding="same", name="conv1")(inputs)
    x = layers.Conv2D(4, 3, padding="same", name="conv2")(x)
    x = layers.Add(name="sum")([first, x])
    return on(keras.Model(inputs, layers.MaxPooling2D(name="pool2")(x), name="base"))


@pytest.mark.parametrize("build", [nested, layer_by_layer, in_sequence, of_sequences, nested_twice])
def test_the_two_parts_together_compute_what_the_model_computes(build: Callable[[], keras.Model]):
    model = build()
    for at in ("conv1", "norm2", "pool2", "flat"):
        frozen, trainable = split(model, at=at)
        assert_parts_make(model, frozen, trainable)
        assert frozen.output_shape == trainable.input_shape
        # In training, too, the frozen part gives the same, which is why it can be stored.
        in_training = outputs(frozen, PICTURES, training=True)
        np.testing.assert_array_equal(in_training, outputs(frozen, PICTURES))


def test_a_base_of_keras_is_cut_at_its_own_layers_and_behind_itself():
    base = keras.applications.MobileNet(
        input_shape=(32, 32, 3), alpha=0.25, include_top=False, weights=None
    )
    model = on(base, keras.applications.mobilenet.preprocess_input)
    for at in ("conv_pw_6_relu", base.name):
        assert_parts_make(model, *split(model, at=at))


@pytest.mark.usefixtures("without_weights")
def test_fine_tuning_vgg16_from_its_last_block_trains_the_published_number_of_weights():
    base = keras.applications.VGG16(input_shape=(32, 32, 3), include_top=False, weights=None)
    model = on(base)
    for layer in base.layers[-4:]:
        layer.trainable = True
    frozen, trainable = split(model, at="block4_pool")
    head = 512 * 3 + 3
    assert sum(math.prod(w.shape) for w in trainable.trainable_weights) == 7_079_424 + head
    assert frozen.count_params() + trainable.count_params() == 14_714_688 + head
    assert trainable.input_shape == (None, 2, 2, 512)


def test_what_the_trainable_part_learns_the_model_knows_and_the_frozen_part_stays():
    model = nested()
    frozen, trainable = split(model, at="pool1")
    features, before = outputs(frozen, PICTURES), outputs(model, PICTURES)
    trainable.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    trainable.fit(features, np.arange(6) % 3, epochs=1, verbose=0)
    np.testing.assert_array_equal(outputs(frozen, PICTURES), features)
    assert_parts_make(model, frozen, trainable)
    assert not np.allclose(outputs(model, PICTURES), before)


def test_a_model_that_was_cut_is_saved_and_loaded_as_before(tmp_path: Path):
    model = nested()
    config, expected = model.to_json(), outputs(model, PICTURES)
    frozen, trainable = split(model, at="pool1")
    assert model.to_json() == config
    for whole, given in ((model, PICTURES), (trainable, outputs(frozen, PICTURES))):
        whole.save(tmp_path / "saved.keras")
        loaded = keras.models.load_model(tmp_path / "saved.keras")
        np.testing.assert_allclose(outputs(loaded, given), expected, rtol=1e-5, atol=1e-6)


def test_a_cut_that_a_connection_passes_by_is_refused_and_one_behind_it_is_not():
    model = residual()
    with pytest.raises(ValueError, match="'sum' joins what comes behind 'conv2'"):
        split(model, at="conv2")
    assert_parts_make(model, *split(model, at="sum"))
    first, _ = split(model, at="conv1")  # both ways go through it
    assert first.output_shape == (None, 32, 32, 4)


def with_a(layer: keras.Layer) -> keras.Model:
    """Return a network with a layer in front of a frozen base."""
    return on(small_base(), layer)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (layers.Conv2D(3, 1, name="mine"), "Conv2D layer 'mine' is trained. Freeze it"),
        (layers.RandomFlip(name="mine"), "RandomFlip layer 'mine' draws .*let `store` augment"),
        (layers.Dropout(0.1, name="mine"), "Dropout layer 'mine' draws at random"),
        (layers.BatchNormalization(name="mine"), "BatchNormalization layer 'mine' is trained"),
        (layers.BatchNormalization(center=False, scale=False), "gathers statistics"),
        (keras.Sequential([layers.RandomZoom(0.1, name="mine")]), "RandomZoom layer 'mine' draws"),
    ],
    ids=lambda value: value.name if isinstance(value, keras.Layer) else "",
)
def test_what_does_not_stand_still_before_the_cut_is_refused_by_name(
    layer: keras.Layer, words: str
):
    with pytest.raises(ValueError, match=words):
        split(with_a(layer), at="pool1")


def test_what_stands_still_before_the_cut_is_not_refused():
    fitted = layers.Normalization()
    fitted.adapt(PICTURES)
    frozen, _ = split(with_a(fitted), at="pool1")
    in_training = outputs(frozen, PICTURES, training=True)
    np.testing.assert_array_equal(in_training, outputs(frozen, PICTURES))


def test_one_layer_that_was_unfrozen_is_found_and_a_cut_before_it_is_not_refused():
    model = nested()
    model.get_layer("base").get_layer("conv2").trainable = True
    with pytest.raises(ValueError, match=r"Features behind 'base' cannot .* 'conv2' is trained"):
        split(model, at="base")
    _, trainable = split(model, at="pool1")
    assert len(trainable.trainable_weights) == 4


def two_inputs() -> keras.Model:
    pair = [keras.Input((4,)), keras.Input((4,))]
    return keras.Model(pair, layers.Dense(2, name="flat")(layers.Add()(pair)))


def beginning_with(name: str) -> keras.Model:
    inputs = keras.Input((4,), name=name)
    return keras.Model(inputs, layers.Dense(2)(inputs))


def one_layer_twice() -> keras.Model:
    dense = layers.Dense(4, name="flat", trainable=False)
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(2)(dense(dense(inputs))))


def one_name_twice() -> keras.Model:
    return on(keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(name="flat")]))


class Subclassed(keras.Model):
    """A model whose layers Keras does not know to be connected."""


@pytest.mark.parametrize(
    ("model", "at", "error", "words"),
    [
        (nested(), "pool_1", ValueError, "No layer is named 'pool_1' .*Did you mean 'pool1'"),
        (nested(), 5, ValueError, "No layer is named 5"),
        (one_name_twice(), "flat", ValueError, "2 layers are named 'flat'"),
        (one_layer_twice(), "flat", ValueError, "as one tensor and only once"),
        (two_inputs(), "flat", ValueError, "several inputs or outputs"),
        (beginning_with("given"), "given", ValueError, "as one tensor and only once"),
        (Subclassed(), "flat", TypeError, "Only a functional model"),
        (keras.Sequential([layers.Dense(3, name="flat")]), "flat", TypeError, "shape of its input"),
        (None, "flat", TypeError, "This is None"),
    ],
)
def test_a_cut_that_cannot_be_is_refused_with_the_reason(
    model: Any, at: Any, error: type[Exception], words: str
):
    with pytest.raises(error, match=words):
        split(model, at=at)


def test_a_cut_with_nothing_behind_it_is_refused():
    base = small_base()
    base.trainable = False
    with pytest.raises(ValueError, match="Nothing comes behind 'pool2'"):
        split(base, at="pool2")
