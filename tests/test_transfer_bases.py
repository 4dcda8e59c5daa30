"""Each base is the network that it claims to be, and its preprocessing goes where it goes."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from patience import HANGS

from cnn_course import transfer
from cnn_course.data import DataError
from cnn_course.data.download import Published
from cnn_course.transfer.weights import Packaged, Pretrained, WeightsFile

pytestmark = pytest.mark.tensorflow

NAMES = ("vgg16", "mobilenet", "mini_vgg16")
MEAN = np.array([103.939, 116.779, 123.68])  # of ImageNet: blue, green, red
PICTURES = np.random.default_rng(3).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)


def expected(name: str, pictures: np.ndarray) -> np.ndarray:
    """The preprocessing as its papers and Keras's documentation describe it."""
    if name == "vgg16":
        return pictures[..., ::-1].astype(np.float64) - MEAN
    return pictures.astype(np.float64) / 127.5 - 1


def random_base(name: str, side: int = 32) -> transfer.Base:
    return transfer.base(name, side=side, weights=None)


PREPROCESSING = {name: random_base(name).preprocess for name in NAMES}


@pytest.mark.parametrize(
    ("name", "side", "shape", "parameters"),
    [
        ("vgg16", 180, (5, 5, 512), 14_714_688),
        ("vgg16", 150, (4, 4, 512), 14_714_688),
        ("mobilenet", 160, (5, 5, 768), 1_832_976),
        ("mini_vgg16", 96, (3, 3, 96), 518_220),
        ("mini_vgg16", 32, (1, 1, 96), 518_220),
    ],
)
def test_a_base_has_the_published_size_and_no_classifier(
    name: str, side: int, shape: tuple[int, ...], parameters: int
) -> None:
    found = random_base(name, side)
    assert found.name == name
    assert found.model.input_shape == (None, side, side, 3)
    assert found.model.output_shape == (None, *shape)
    assert found.model.count_params() == parameters


def test_the_small_vgg16_is_vgg16_layer_by_layer_with_fewer_channels() -> None:
    small, large = (random_base(name).model.layers[1:] for name in ("mini_vgg16", "vgg16"))
    assert [layer.name for layer in small] == [layer.name for layer in large]
    for ours, theirs in zip(small, large, strict=True):
        assert type(ours) is type(theirs)
        assert ours.output.shape[:3] == theirs.output.shape[:3]
    filters = {layer.name[:6]: layer.filters for layer in small if "conv" in layer.name}
    assert list(filters.values()) == [12, 24, 48, 96, 96]


def test_the_small_vgg16_lets_a_signal_through_all_its_layers() -> None:
    """What He's initialisation is for: with Keras's usual one, it shrinks to a hundredth."""
    keras.utils.set_random_seed(1)
    found = random_base("mini_vgg16", 96)
    pictures = np.random.default_rng(1).integers(0, 256, (4, 96, 96, 3))
    inner = keras.Model(found.model.input, found.model.get_layer("block5_conv3").output)
    spread = float(np.std(inner.predict(found.preprocess(pictures), verbose=0)))
    assert spread > 0.1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_arrays_and_tensors_are_preprocessed_alike_and_stay_as_they_were(
    name: str, dtype: str
) -> None:
    preprocess = PREPROCESSING[name]
    pictures = PICTURES.astype(dtype)
    kept = pictures.copy()
    as_array = preprocess(pictures)
    as_tensor = preprocess(keras.ops.convert_to_tensor(pictures))
    np.testing.assert_array_equal(pictures, kept)
    np.testing.assert_allclose(as_array, expected(name, PICTURES), atol=1e-4)
    np.testing.assert_allclose(as_tensor, expected(name, PICTURES), atol=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_preprocessing_inside_a_model_is_the_same(name: str, dtype: str) -> None:
    inputs = keras.Input((32, 32, 3), dtype=dtype)
    model = keras.Model(inputs, PREPROCESSING[name](inputs))
    found = model.predict(PICTURES.astype(dtype), verbose=0)
    np.testing.assert_allclose(found, expected(name, PICTURES), atol=1e-4)


@settings(max_examples=25)
@given(arrays(np.uint8, st.tuples(st.integers(1, 3), *[st.integers(1, 6)] * 2, st.just(3))))
def test_any_picture_is_preprocessed_within_bounds(pictures: np.ndarray) -> None:
    for name, preprocess in PREPROCESSING.items():
        found = preprocess(pictures)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected(name, pictures), atol=1e-4)
        low, high = (-1, 1) if name != "vgg16" else (-MEAN.max(), 255 - MEAN.min())
        assert low - 1e-4 <= found.min() <= found.max() <= high + 1e-4


FRESH = """
import sys
import keras, numpy as np
data = np.load(sys.argv[1])
for name in data["names"]:
    model = keras.saving.load_model(f"{sys.argv[2]}/{name}.keras")
    found = model.predict(data["pictures"], verbose=0)
    np.testing.assert_allclose(found, data[name], rtol=1e-4, atol=1e-6)
    print(name)
assert "cnn_course" not in sys.modules
"""


def classifier(name: str, dtype: str) -> Any:
    """A base with its preprocessing and something trained behind it, as a chapter builds it."""
    found = random_base(name)
    if name == "mobilenet":  # through 27 untrained layers, nothing is left of a picture
        for weight in found.model.weights:
            if "kernel" in weight.path:
                weight.assign(6 * weight)
    transfer.freeze(found.model)
    inputs = keras.Input((32, 32, 3), dtype=dtype)
    x = keras.layers.Flatten()(found.model(found.preprocess(inputs)))
    x = keras.layers.LayerNormalization(epsilon=1e-12)(x)
    outputs = keras.layers.Dense(2, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(PICTURES, np.array([0, 1]), verbose=0)
    return model


def test_a_saved_model_predicts_the_same_in_a_process_that_knows_only_keras(
    tmp_path: Path,
) -> None:
    found = {}
    for name, dtype in zip(NAMES, ("uint8", "float32", "uint8"), strict=True):
        model = classifier(name, dtype)
        model.save(tmp_path / f"{name}.keras")
        found[name] = model.predict(PICTURES, verbose=0)
        assert np.ptp(found[name][:, 0]) > 0.001, "the two pictures differ"
    np.savez(tmp_path / "data.npz", names=NAMES, pictures=PICTURES, **found)
    run = subprocess.run(
        [sys.executable, "-c", FRESH, str(tmp_path / "data.npz"), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == list(NAMES)


def test_vgg16_loads_a_file_of_the_format_and_size_in_which_it_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    made = random_base("vgg16", 48).model
    (tmp_path / "weights").mkdir()
    file = tmp_path / "weights" / name
    made.save(file)
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path))
    digest = f"md5:{hashlib.md5(file.read_bytes()).hexdigest()}"
    published = Published("http://127.0.0.1:9/none", None, file.stat().st_size)
    weights = Pretrained("VGG16", (WeightsFile(name, digest, published=published),))
    found = transfer.base("vgg16", side=32, weights=weights)
    for ours, theirs in zip(found.model.weights, made.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_packaged_weights_are_half_as_large_and_the_same_to_a_2000th(tmp_path: Path) -> None:
    file = tmp_path / "mini_vgg16.weights.h5"
    trained = transfer.mini_vgg16(64)
    transfer.store_mini_vgg16(trained, file)
    assert file.stat().st_size < 2_000_000
    weights = Packaged("The small VGG16", file, "a command")
    found = transfer.base("mini_vgg16", side=32, weights=weights)
    assert "brings along" in found.source
    for ours, theirs in zip(found.model.get_weights(), trained.get_weights(), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs, rtol=1 / 2_000, atol=1e-7)


def test_packaged_weights_that_are_missing_or_broken_are_told_with_the_command(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mini_vgg16.weights.h5"
    weights = Packaged("The small VGG16", file, "cnn-course pretrain")
    with pytest.raises(DataError, match="the package has no file") as missing:
        transfer.base("mini_vgg16", side=32, weights=weights)
    assert "`cnn-course pretrain`" in missing.value.advice
    transfer.store_mini_vgg16(transfer.mini_vgg16(32), file)
    file.write_bytes(file.read_bytes()[:-1_000])
    with pytest.raises(DataError, match="cannot be used") as broken:
        transfer.base("mini_vgg16", side=32, weights=weights)
    assert str(file) in broken.value.problem
    assert "`cnn-course pretrain`" in broken.value.advice


def test_weights_that_cannot_be_stored_leave_those_that_were_there(tmp_path: Path) -> None:
    file = tmp_path / "mini_vgg16.weights.h5"
    file.write_bytes(b"before")
    with pytest.raises(ValueError, match="shape"):
        transfer.store_mini_vgg16(transfer.mini_vgg16(32, width=4), file)
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_misspelt_base_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"There is no base 'vgg19'.*vgg16, mobilenet, mini_vgg16"):
        transfer.base("vgg19", side=32)
    with pytest.raises(ValueError, match="Did you mean 'mobilenet'"):
        transfer.base("mobilnet", side=32)


def test_weights_that_a_base_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="There are no weights 'drawings' for vgg16"):
        transfer.base("vgg16", side=32, weights="drawings")
    with pytest.raises(ValueError, match='"imagenet" or "drawings"'):
        transfer.base("mini_vgg16", side=32, weights="mnist")
    with pytest.raises(TypeError, match="weights must be a name"):
        transfer.base("vgg16", side=32, weights=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_which_nothing_would_be_left_are_refused(name: str) -> None:
    for side in (31, 0, -5):
        with pytest.raises(ValueError, match=rf"The side is {side}.*32 x 32"):
            transfer.base(name, side=side, weights=None)
    for wrong in (32.0, "32", True):
        with pytest.raises(TypeError, match="whole number"):
            transfer.base(name, side=wrong, weights=None)  # type: ignore[arg-type]
