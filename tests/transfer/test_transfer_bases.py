"""Each base is the network that it claims to be, and its preprocessing goes where it goes."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnn_course import transfer

pytestmark = pytest.mark.tensorflow

NAMES = ("vgg16", "mobilenet", "mini_vgg16")
MEAN = np.array([103.939, 116.779, 123.68])  # of ImageNet: blue, green, red
PICTURES = np.random.default_rng(3).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)


def expected(name: str, pictures: np.ndarray) -> np.ndarray:
    """The preprocessing as its papers and Keras's documentation describe it."""
    if name == "vgg16":
        return pictures[..., ::-1].astype(np.float64) - MEAN
    return pictures.astype(np.float64) / 127.5 - 1


@pytest.fixture(scope="module")
def bases() -> dict[str, transfer.Base]:
    """The three bases with random weights, for pictures of 32 x 32."""
    return {name: transfer.base(name, side=32, weights=None) for name in NAMES}


@pytest.mark.parametrize(
    ("name", "side", "shape", "parameters"),
    [
        ("vgg16", 150, (4, 4, 512), 14_714_688),
        ("mobilenet", 160, (5, 5, 768), 1_832_976),
        ("mini_vgg16", 96, (3, 3, 96), 518_220),
        ("mini_vgg16", 32, (1, 1, 96), 518_220),
    ],
)
@pytest.mark.usefixtures("without_weights")
def test_a_base_has_the_published_size_and_no_classifier(
    name: str, side: int, shape: tuple[int, ...], parameters: int
) -> None:
    found = transfer.base(name, side=side, weights=None)
    assert found.name == name
    assert found.model.input_shape == (None, side, side, 3)
    assert found.model.output_shape == (None, *shape)
    assert found.model.count_params() == parameters


def test_the_small_vgg16_is_vgg16_layer_by_layer_with_fewer_channels(bases: Any) -> None:
    small, large = (bases[name].model.layers[1:] for name in ("mini_vgg16", "vgg16"))
    assert [layer.name for layer in small] == [layer.name for layer in large]
    for ours, theirs in zip(small, large, strict=True):
        assert type(ours) is type(theirs)
        assert ours.output.shape[:3] == theirs.output.shape[:3]
    filters = {layer.name[:6]: layer.filters for layer in small if "conv" in layer.name}
    assert list(filters.values()) == [12, 24, 48, 96, 96]


def test_the_small_vgg16_lets_a_signal_through_all_its_layers() -> None:
    """What He's initialisation is for: with Keras's usual one, it shrinks to a hundredth."""
    keras.utils.set_random_seed(1)
    found = transfer.base("mini_vgg16", side=96, weights=None)
    pictures = np.random.default_rng(1).integers(0, 256, (4, 96, 96, 3))
    inner = keras.Model(found.model.input, found.model.get_layer("block5_conv3").output)
    assert float(np.std(inner(found.preprocess(pictures)))) > 0.1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_arrays_and_tensors_are_preprocessed_alike_and_stay_as_they_were(
    bases: Any, name: str, dtype: str
) -> None:
    preprocess = bases[name].preprocess
    pictures = PICTURES.astype(dtype)
    kept = pictures.copy()
    as_array = preprocess(pictures)
    as_tensor = preprocess(keras.ops.convert_to_tensor(pictures))
    np.testing.assert_array_equal(pictures, kept)
    np.testing.assert_allclose(as_array, expected(name, PICTURES), atol=1e-4)
    np.testing.assert_allclose(as_tensor, expected(name, PICTURES), atol=1e-4)


@settings(max_examples=25)
@given(
    st.sampled_from(NAMES),
    arrays(np.uint8, st.tuples(st.integers(1, 3), *[st.integers(1, 6)] * 2, st.just(3))),
)
def test_any_picture_is_preprocessed_within_bounds(
    bases: Any, name: str, pictures: np.ndarray
) -> None:
    found = bases[name].preprocess(pictures)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected(name, pictures), atol=1e-4)
    low, high = (-1, 1) if name != "vgg16" else (-MEAN.max(), 255 - MEAN.min())
    assert low - 1e-4 <= found.min() <= found.max() <= high + 1e-4


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_a_saved_model_carries_its_preprocessing_and_needs_nothing_of_the_course(
    bases: Any, tmp_path: Path, name: str, dtype: str
) -> None:
    inputs = keras.Input((32, 32, 3), dtype=dtype)
    prepared = bases[name].preprocess(inputs)
    outputs = [prepared, keras.layers.Dense(2)(keras.layers.Flatten()(prepared))]
    model = keras.Model(inputs, outputs)
    assert "cnn_course" not in model.to_json()
    model.save(tmp_path / "saved.keras")
    loaded = keras.saving.load_model(tmp_path / "saved.keras")
    found, features = loaded(PICTURES.astype(dtype))
    np.testing.assert_allclose(found, expected(name, PICTURES), atol=1e-4)
    np.testing.assert_allclose(features, model(PICTURES.astype(dtype))[1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"name": "vgg19"}, ValueError, "'vgg16', 'mobilenet', 'mini_vgg16', not 'vgg19'"),
        ({"name": "mobilnet"}, ValueError, "Did you mean 'mobilenet'"),
        ({"weights": "drawings"}, ValueError, "weights of vgg16 must be .*, not 'drawings'"),
        ({"name": "mini_vgg16", "weights": "mnist"}, ValueError, "'imagenet', 'drawings', or None"),
        ({"weights": 3}, TypeError, "weights must be a name"),
        ({"side": 31}, ValueError, "side must be at least 32, not 31"),
        ({"side": 32.0}, TypeError, "side must be a whole number"),
        ({"side": True}, TypeError, "side must be a whole number"),
    ],
)
def test_a_base_that_there_is_not_is_refused_with_those_that_there_are(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        transfer.base(**{"name": "vgg16", "side": 32, "weights": None} | arguments)
