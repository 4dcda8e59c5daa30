"""Stored features are those that the frozen part computes, and training on them is the same."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from patience import HANGS

from cnn_course.transfer.features import BATCH, StoredFeatures, split, store

pytestmark = pytest.mark.tensorflow

HERE = Path(__file__).resolve().parent
COUNT = 2 * BATCH + 8  # three batches, the last one smaller

random = np.random.default_rng(0)
PICTURES = random.integers(0, 256, (COUNT, 12, 12, 3), dtype=np.uint8)
LABELS = random.integers(0, 3, COUNT).astype("int32")


def batches(pictures: np.ndarray = PICTURES, labels: np.ndarray = LABELS, size: int = 10) -> Any:
    return tf.data.Dataset.from_tensor_slices((pictures, labels)).batch(size)


def network(scale: float = 1 / 255, seed: int = 1) -> keras.Model:
    """Return a classifier on a frozen base, the same for the same seed."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)
    x = layers.BatchNormalization(name="norm1")(x)
    x = layers.Conv2D(4, 3, activation="relu", name="conv2")(x)
    base = keras.Model(inputs, layers.MaxPooling2D(name="pool2")(x), name="base")
    base.trainable = False
    pictures = keras.Input((12, 12, 3))
    x = layers.Flatten()(base(layers.Rescaling(scale)(pictures)))
    return keras.Model(pictures, layers.Dense(3, activation="softmax", name="classes")(x))


def frozen_part(at: str = "norm1", **options: Any) -> keras.Model:
    return split(network(**options), at=at)[0]


def augmentation(angle: float = 0.1) -> keras.Sequential:
    return keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(angle)])


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that were computed."""
    return count_batches(monkeypatch.setattr)


def count_batches(set_attribute: Callable[..., None] = setattr, then: Any = None) -> list[int]:
    sizes: list[int] = []
    predict = keras.Model.predict_on_batch

    def counted(self: keras.Model, x: Any) -> Any:
        if then:
            then(len(sizes))
        sizes.append(len(x))
        return predict(self, x)

    set_attribute(keras.Model, "predict_on_batch", counted)
    return sizes


def test_features_are_what_the_frozen_part_predicts(tmp_path: Path):
    frozen = frozen_part()
    expected = frozen.predict(PICTURES, verbose=0)
    for dtype, tolerance in (("float32", 1e-6), ("float16", 1e-3)):
        stored = store(frozen, batches(), name="plain", dtype=dtype, folder=tmp_path)
        assert stored.features.dtype == dtype
        assert stored.features.shape == (COUNT, 10, 10, 4)
        np.testing.assert_allclose(stored.features, expected, rtol=tolerance, atol=1e-6)
        np.testing.assert_array_equal(stored.labels, LABELS)
        assert isinstance(stored.features, np.memmap)
        assert not stored.features.flags.writeable


def test_each_copy_has_every_picture_augmented_in_a_way_of_its_own(tmp_path: Path):
    frozen = frozen_part()
    flip = layers.RandomFlip("horizontal")
    stored = store(
        frozen, batches(), name="flips", copies=4, augmentation=flip, dtype="float32",
        folder=tmp_path,
    )  # fmt: skip
    as_it_is, mirrored = (
        frozen.predict(given, verbose=0) for given in (PICTURES, PICTURES[:, :, ::-1])
    )
    copies = stored.features.reshape(4, COUNT, 10, 10, 4)
    kept = np.isclose(copies, as_it_is, atol=1e-5).all(axis=(2, 3, 4))
    turned = np.isclose(copies, mirrored, atol=1e-5).all(axis=(2, 3, 4))
    assert (kept ^ turned).all()
    assert (kept.mean(axis=1) > 0.25).all()
    assert (kept.mean(axis=1) < 0.75).all()
    assert len({row.tobytes() for row in kept}) == 4
    np.testing.assert_array_equal(stored.labels, np.tile(LABELS, 4))


def test_the_seed_alone_determines_what_is_drawn(tmp_path: Path):
    frozen, drawing = frozen_part(), augmentation()
    options = {"name": "drawn", "copies": 2, "augmentation": drawing}
    first = store(frozen, batches(), folder=tmp_path / "one", **options)
    drawing(PICTURES[:3].astype("float32"), training=True)  # what was drawn before is no matter
    again = store(frozen, batches(size=7), folder=tmp_path / "two", **options)
    other = store(frozen, batches(), seed=2, folder=tmp_path / "two", **options)
    np.testing.assert_array_equal(first.features, again.features)
    assert not np.allclose(first.features, other.features)
    assert first.file.name == again.file.name != other.file.name


def test_storing_draws_nothing_from_what_the_learner_draws_later(tmp_path: Path):
    frozen, pictures = frozen_part(), PICTURES[:4].astype("float32")
    drawn = []
    for storing in (False, True, True):
        keras.utils.set_random_seed(3)
        drawing = augmentation()
        if storing:
            store(frozen, batches(), name="drawn", copies=2, augmentation=drawing, folder=tmp_path)
        drawn.append([drawing(pictures, training=True).numpy(), keras.random.normal((2,)).numpy()])
    for one, *others in zip(*drawn, strict=True):
        for other in others:
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("at", ["base", "norm1"], ids=["feature extraction", "fine-tuning"])
def test_training_on_stored_features_gives_the_weights_that_training_the_model_gives(
    tmp_path: Path, at: str
):
    whole, cut = (network() for _ in range(2))
    for model in (whole, cut):
        model.get_layer("base").get_layer("conv2").trainable = at != "base"
    frozen, trainable = split(cut, at=at)
    stored = store(frozen, batches(), name="all", dtype="float32", folder=tmp_path)
    start = [weight.numpy() for weight in whole.trainable_weights]
    for model, data in ((whole, batches()), (trainable, stored.dataset(batch_size=10))):
        model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
        model.fit(data, epochs=3, shuffle=False, verbose=0)
    assert len(start) == (2 if at == "base" else 4)
    for before, after, other in zip(
        start, whole.trainable_weights, cut.trainable_weights, strict=True
    ):
        assert not np.allclose(before, after.numpy(), atol=1e-3)
        np.testing.assert_allclose(after.numpy(), other.numpy(), rtol=1e-3, atol=1e-5)
    for one, other in zip(whole.get_weights(), cut.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def of_numbers(folder: Path, pictures: int, copies: int) -> StoredFeatures:
    """Return features of one value each, which is the number of the row, and so is the label."""
    rows = np.arange(pictures * copies)
    np.save(folder / "numbers.npy", rows.astype("float32")[:, np.newaxis])
    return StoredFeatures(folder / "numbers.npy", rows, copies)


def epoch(dataset: Any) -> np.ndarray:
    pairs = [(x.numpy()[:, 0], y.numpy()) for x, y in dataset]
    rows, labels = (np.concatenate(part) for part in zip(*pairs, strict=True))
    np.testing.assert_array_equal(rows, labels)
    return labels


@settings(max_examples=15)
@given(
    pictures=st.integers(1, 20),
    copies=st.integers(1, 4),
    batch_size=st.integers(1, 25),
    seed=st.none() | st.integers(0, 2**32),
)
def test_an_epoch_has_each_picture_once_and_the_copies_take_turns(
    tmp_path_factory: pytest.TempPathFactory,
    pictures: int,
    copies: int,
    batch_size: int,
    seed: int | None,
):
    stored = of_numbers(tmp_path_factory.mktemp("numbers"), pictures, copies)
    dataset = stored.dataset(batch_size=batch_size, seed=seed)
    sizes = [len(y) for _, y in dataset]
    assert len(dataset) == len(sizes)
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)
    assert sum(sizes) == pictures
    epochs = [epoch(dataset) for _ in range(copies)]  # from the second epoch on
    for rows in epochs:
        assert sorted(rows % pictures) == list(range(pictures))
    assert sorted(np.concatenate(epochs)) == list(range(pictures * copies))
    if seed is None:
        assert (epochs[-1] == np.arange(pictures)).all()  # a turn is over


def test_a_seed_shuffles_each_epoch_anew_and_in_the_same_way_each_time(tmp_path: Path):
    stored = of_numbers(tmp_path, pictures=50, copies=3)
    one, same, other = (stored.dataset(batch_size=8, seed=seed) for seed in (1, 1, 2))
    first, second = epoch(one), epoch(one)
    assert (first % 50 != second % 50).any()
    np.testing.assert_array_equal(first, epoch(same))
    np.testing.assert_array_equal(second, epoch(same))
    assert (first != epoch(other)).any()
    assert set(first // 50) == {0, 1, 2}  # an epoch mixes the copies
    plain = stored.dataset(batch_size=8)
    for copy in (0, 1, 2, 0):
        np.testing.assert_array_equal(epoch(plain), copy * 50 + np.arange(50))


def test_what_was_stored_is_read_and_nothing_is_computed(tmp_path: Path, computed: list[int]):
    options = {"name": "again", "copies": 2, "folder": tmp_path}
    first = store(frozen_part(), batches(), augmentation=augmentation(), **options)
    assert computed == [32, 32, 8] * 2
    # A cell that runs again makes layers with other names; a network may be frozen or compiled.
    model = network()
    frozen, trainable = split(model, at="norm1")
    trainable.compile("sgd", "sparse_categorical_crossentropy")
    frozen.trainable = False
    frozen.compile("sgd", "mse")
    drawing = augmentation()
    drawing(PICTURES[:3].astype("float32"))
    again = store(frozen, batches(size=9), augmentation=drawing, **options)
    assert len(computed) == 6
    assert again.file == first.file
    np.testing.assert_array_equal(again.features, first.features)


def otherwise(**changed: Any) -> dict[str, Any]:
    """Return arguments of `store`, some of them changed."""
    options = {
        "frozen": frozen_part(), "pictures": batches(), "name": "it", "copies": 1,
        "augmentation": augmentation(), "seed": 1, "dtype": "float16",
    }  # fmt: skip
    return options | changed


def one_weight_changed() -> keras.Model:
    frozen = frozen_part()
    kernel = frozen.weights[0]
    kernel.assign(np.nextafter(kernel.numpy(), np.float32(1)))
    return frozen


def with_one_changed(values: np.ndarray) -> np.ndarray:
    changed = values.copy()
    changed.flat[-1] ^= 1
    return changed


@pytest.mark.parametrize(
    "change",
    [
        lambda: {"frozen": one_weight_changed()},
        lambda: {"frozen": frozen_part(scale=1 / 256)},
        lambda: {"frozen": frozen_part(at="conv1")},
        lambda: {"pictures": batches(with_one_changed(PICTURES))},
        lambda: {"pictures": batches(labels=with_one_changed(LABELS))},
        lambda: {"pictures": batches(PICTURES[::-1], LABELS[::-1])},
        lambda: {"pictures": batches(PICTURES.astype("float32"))},
        lambda: {"augmentation": None},
        lambda: {"augmentation": augmentation(angle=0.2)},
        lambda: {"copies": 2},
        lambda: {"seed": 2},
        lambda: {"dtype": "float32"},
    ],
    ids=[
        "a weight", "preprocessing", "cut", "a pixel", "a label", "order", "type of pictures",
        "no augmentation", "augmentation", "copies", "seed", "dtype",
    ],
)  # fmt: skip
def test_whatever_features_depend_on_is_noticed_when_it_changes(
    tmp_path: Path, computed: list[int], change: Callable[[], dict[str, Any]]
):
    first = store(**otherwise(), folder=tmp_path)
    assert store(**otherwise(), folder=tmp_path).file == first.file
    assert len(computed) == 3
    changed = store(**otherwise(**change()), folder=tmp_path)
    assert len(computed) > 3
    assert changed.file != first.file
    assert first.file.is_file()


def test_features_lie_in_the_cache_of_the_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path))
    stored = store(frozen_part(), batches(), name="Cats & dogs: training!")
    assert stored.file.parent == tmp_path / "features"
    assert stored.file.name.startswith("cats-dogs-training-")


def test_a_large_store_is_never_in_memory(tmp_path: Path):
    program = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import test_transfer_features as t;"
        "t.print_memory(sys.argv[1])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, tmp_path],
        capture_output=True, text=True, check=True, timeout=HANGS,
    )  # fmt: skip
    grown, size = map(int, run.stdout.split())
    assert size > 200 * 2**20
    assert grown < size / 5


def print_memory(folder: str) -> None:
    """Print by how many bytes the process grew at most, and the size of the file that it made."""
    import resource  # noqa: PLC0415

    def peak() -> int:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    inputs = keras.Input((12, 12, 3))
    large = keras.Model(inputs, layers.UpSampling2D(16)(inputs))
    options = {"augmentation": augmentation(), "name": "large"}
    store(large, batches(), copies=1, folder=Path(folder) / "first", **options)  # warms up
    before = peak()
    stored = store(large, batches(), copies=14, folder=Path(folder), **options)
    for _ in range(14):
        for _ in stored.dataset(batch_size=8, seed=1):
            pass
    print(peak() - before, os.path.getsize(stored.file))
