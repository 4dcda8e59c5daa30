"""Stored features are what the frozen part computes, whatever interrupts, spoils or changes."""

import errno
import io
import os
import shutil
import tracemalloc
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

from cnn_course.data import DataError
from cnn_course.transfer import StoredFeatures, split, store
from cnn_course.transfer.features import BATCH

pytestmark = pytest.mark.tensorflow

COUNT = 2 * BATCH + 8  # three batches, the last one smaller
SIZES = [BATCH, BATCH, 8]
COPIES = 2

random = np.random.default_rng(0)
PICTURES = random.integers(0, 256, (COUNT, 8, 8, 3), dtype=np.uint8)
LABELS = random.integers(0, 3, COUNT).astype("int32")


def dataset(pictures: np.ndarray = PICTURES, labels: np.ndarray = LABELS, size: int = 10) -> Any:
    return tf.data.Dataset.from_tensor_slices((pictures, labels)).batch(size)


def network(scale: float = 1 / 255, seed: int = 1) -> keras.Model:
    """Return a classifier on a frozen base, the same for the same seed."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(inputs)
    x = layers.BatchNormalization(name="norm1")(x)
    base = keras.Model(inputs, layers.Conv2D(4, 3, name="conv2")(x), name="base")
    base.trainable = False
    pictures = keras.Input((8, 8, 3))
    x = layers.Flatten()(base(layers.Rescaling(scale)(pictures)))
    return keras.Model(pictures, layers.Dense(3, activation="softmax", name="classes")(x))


def frozen_part(at: str = "norm1", **options: Any) -> keras.Model:
    return split(network(**options), at=at)[0]


def scaling(factor: float = 1.0) -> keras.Model:
    """Return a frozen part whose features are the pictures, times a factor."""
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, layers.Rescaling(factor)(inputs))


def augmentation(mode: str = "horizontal") -> keras.Sequential:
    return keras.Sequential([layers.RandomFlip(mode)])


def stored_in(folder: Path, **changed: Any) -> StoredFeatures:
    """Store two augmented copies of pictures, with some arguments changed."""
    options = {"frozen": scaling(), "pictures": dataset(), "name": "it", "copies": COPIES} | changed
    if "augmentation" not in options:
        options["augmentation"] = augmentation()
    return store(**options, folder=folder)


class Counter:
    """Keeps the sizes of the batches that are computed, and does something before one of them."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.before: dict[int, Callable[[], None]] = {}
        self.predict = keras.Model.predict_on_batch

    def count(self, model: keras.Model, x: Any) -> Any:
        self.before.pop(len(self.sizes), lambda: None)()
        self.sizes.append(len(x))
        return self.predict(model, x)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter = Counter()

    def counted(self: keras.Model, x: Any) -> Any:
        return counter.count(self, x)

    monkeypatch.setattr(keras.Model, "predict_on_batch", counted)
    return counter


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """The features when nothing goes wrong."""
    return np.array(stored_in(tmp_path_factory.mktemp("whole")).features)


def names(folder: Path) -> list[str]:
    return sorted("".join(file.suffixes) for file in folder.iterdir())


def test_features_are_what_the_frozen_part_predicts(tmp_path: Path):
    frozen = frozen_part()
    expected = frozen.predict(PICTURES, verbose=0)
    for dtype, tolerance in (("float32", 1e-6), ("float16", 1e-3)):
        stored = store(frozen, dataset(), name="plain", dtype=dtype, folder=tmp_path)
        assert stored.features.dtype == dtype
        assert stored.features.shape == (COUNT, 6, 6, 4)
        np.testing.assert_allclose(stored.features, expected, rtol=tolerance, atol=1e-6)
        np.testing.assert_array_equal(stored.labels, LABELS)
        assert isinstance(stored.features, np.memmap)
        assert not stored.features.flags.writeable


@pytest.mark.fault(
    "Features of a model made from lists or names of tensors",
    "The same as of the tensors themselves",
    "One file for all of them",
)
def test_a_model_made_from_lists_gives_the_same_features(tmp_path: Path):
    frozen = frozen_part()
    (x,), (y,) = frozen.inputs, frozen.outputs
    plain = stored_in(tmp_path, frozen=keras.Model(x, y))
    listed = [keras.Model([x], [y]), keras.Model(x, [y]), keras.Model([x], y)]
    named = keras.Model({x.name: x}, {"features": y})
    for number, model in enumerate([*listed, named]):
        same = stored_in(tmp_path / str(number), frozen=model)
        assert same.file.name == plain.file.name
        np.testing.assert_array_equal(same.features, plain.features)
    assert plain.features.shape == (COPIES * COUNT, 6, 6, 4)


def test_each_copy_has_every_picture_augmented_in_a_way_of_its_own(tmp_path: Path):
    flip = layers.RandomFlip("horizontal")
    stored = stored_in(tmp_path, augmentation=flip, copies=4, dtype="float32")
    copies = stored.features.reshape(4, COUNT, 8, 8, 3)
    kept = np.isclose(copies, PICTURES, atol=1e-5).all(axis=(2, 3, 4))
    turned = np.isclose(copies, PICTURES[:, :, ::-1], atol=1e-5).all(axis=(2, 3, 4))
    assert (kept ^ turned).all()
    assert (np.abs(kept.mean(axis=1) - 0.5) < 0.25).all()
    assert len({row.tobytes() for row in kept}) == 4
    np.testing.assert_array_equal(stored.labels, np.tile(LABELS, 4))


def test_the_seed_alone_determines_what_is_drawn_and_nothing_else_draws_otherwise(tmp_path: Path):
    drawn = []
    for folder in (None, tmp_path / "one", tmp_path / "two"):
        keras.utils.set_random_seed(3)
        drawing = augmentation()
        if folder:
            stored = stored_in(folder, augmentation=drawing, pictures=dataset(size=7))
        drawn.append([drawing(PICTURES[:4] / 255, training=True), keras.random.normal((2,))])
    for one, *others in zip(*drawn, strict=True):
        for other in others:
            np.testing.assert_array_equal(one, other)
    again = stored_in(tmp_path / "three", augmentation=drawing)  # it has drawn before
    np.testing.assert_array_equal(again.features, stored.features)
    assert again.file.name == stored.file.name
    other = stored_in(tmp_path, seed=2)
    assert not np.allclose(other.features, stored.features)


@pytest.mark.parametrize("at", ["base", "norm1"], ids=["feature extraction", "fine-tuning"])
def test_training_on_stored_features_gives_the_weights_that_training_the_model_gives(
    tmp_path: Path, at: str
):
    whole, cut = (network() for _ in range(2))
    for model in (whole, cut):
        model.get_layer("base").get_layer("conv2").trainable = at != "base"
    frozen, trainable = split(cut, at=at)
    stored = store(frozen, dataset(), name="all", dtype="float32", folder=tmp_path)
    start = [weight.numpy() for weight in whole.trainable_weights]
    for model, data in ((whole, dataset()), (trainable, stored.dataset(batch_size=10))):
        model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy")
        model.fit(data, epochs=3, shuffle=False, verbose=0)
    assert len(start) == (2 if at == "base" else 4)
    for before, after in zip(start, whole.trainable_weights, strict=True):
        assert not np.allclose(before, after.numpy(), atol=1e-3)
    for one, other in zip(whole.get_weights(), cut.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def of_numbers(folder: Path, pictures: int, copies: int) -> StoredFeatures:
    """Return features of one value each, which is the number of the row, and so is the label."""
    rows = np.arange(pictures * copies)
    np.save(folder / "numbers.npy", rows.astype("float32")[:, np.newaxis])
    return StoredFeatures(folder / "numbers.npy", rows, copies)


def epoch(batches: Any) -> np.ndarray:
    pairs = [(x.numpy()[:, 0], y.numpy()) for x, y in batches]
    rows, labels = (np.concatenate(part) for part in zip(*pairs, strict=True))
    np.testing.assert_array_equal(rows, labels)
    return labels


@settings(max_examples=10)
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
    batches = stored.dataset(batch_size=batch_size, seed=seed)
    sizes = [len(y) for _, y in batches]
    assert len(batches) == len(sizes)
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)
    assert sum(sizes) == pictures
    epochs = [epoch(batches) for _ in range(copies)]  # from the second epoch on
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


def one_weight_changed() -> keras.Model:
    frozen = frozen_part()
    kernel = frozen.weights[0]
    kernel.assign(np.nextafter(kernel.numpy(), np.float32(1)))
    return frozen


def with_one_changed(values: np.ndarray) -> np.ndarray:
    changed = values.copy()
    changed.flat[-1] ^= 1
    return changed


CHANGES: dict[str, Callable[[], dict[str, Any]]] = {
    "a weight": lambda: {"frozen": one_weight_changed()},
    "preprocessing": lambda: {"frozen": frozen_part(scale=1 / 256)},
    "split": lambda: {"frozen": frozen_part(at="conv1")},
    "a pixel": lambda: {"pictures": dataset(with_one_changed(PICTURES))},
    "a label": lambda: {"pictures": dataset(labels=with_one_changed(LABELS))},
    "order": lambda: {"pictures": dataset(PICTURES[::-1], LABELS[::-1])},
    "type of pictures": lambda: {"pictures": dataset(PICTURES.astype("float32"))},
    "no augmentation": lambda: {"augmentation": None, "copies": 1},
    "augmentation": lambda: {"augmentation": augmentation("vertical")},
    "copies": lambda: {"copies": 1},
    "seed": lambda: {"seed": 2},
    "dtype": lambda: {"dtype": "float32"},
}


def test_what_was_stored_is_read_until_something_changes_that_it_depends_on(
    tmp_path: Path, computed: Counter
):
    first = stored_in(tmp_path, frozen=frozen_part())
    # A cell that runs again makes layers with other names; a network may be frozen or compiled.
    frozen, trainable = split(network(), at="norm1")
    trainable.compile("sgd", "sparse_categorical_crossentropy")
    frozen.trainable = False
    frozen.compile("sgd", "mse")
    again = stored_in(tmp_path, frozen=frozen, pictures=dataset(size=9))
    assert computed.sizes == SIZES * COPIES
    assert again.file == first.file
    found = {first.file}
    for change in CHANGES.values():
        computed.sizes.clear()
        found.add(stored_in(tmp_path, **{"frozen": frozen_part()} | change()).file)
        assert computed.sizes
    assert len(found) == 1 + len(CHANGES)
    assert all(file.is_file() for file in found)


def test_features_lie_in_the_cache_of_the_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path))
    stored = store(scaling(), dataset(), name="Cats & dogs: training!")
    assert stored.file.parent == tmp_path / "features"
    assert stored.file.name.startswith("cats-dogs-training-")


def test_a_large_store_is_never_in_memory(tmp_path: Path):
    inputs = keras.Input((8, 8, 3))
    large = keras.Model(inputs, layers.UpSampling2D(16)(inputs))
    tracemalloc.start()  # it knows of each array of NumPy's
    stored = stored_in(tmp_path, frozen=large, copies=8)
    for _ in stored.dataset(batch_size=8, seed=1):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    size = stored.file.stat().st_size
    assert size > 50 * 2**20
    assert peak < size / 2


def interrupt() -> None:
    raise KeyboardInterrupt


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("spoil", "lost"),
    [
        (lambda content: content, 0),
        (lambda content: flipped(content, 500), 1),
        (lambda content: content[:BATCH * 1_000], 4),
        (lambda content: b"", 4),
    ],
    ids=["nothing", "a bit", "cut short", "all of it"],
)  # fmt: skip
def test_what_an_interrupt_leaves_is_gone_on_with_but_for_what_is_spoilt(
    tmp_path: Path, computed: Counter, expected: np.ndarray, spoil: Any, lost: int
):
    computed.before[4] = interrupt
    with pytest.raises(KeyboardInterrupt):
        stored_in(tmp_path)
    (part,) = tmp_path.iterdir()
    assert part.name.endswith(".npy.part")
    part.write_bytes(spoil(part.read_bytes()))
    np.testing.assert_array_equal(stored_in(tmp_path).features, expected)
    assert len(computed.sizes) == 3 * COPIES + lost
    assert names(tmp_path) == [".npy"]


def test_after_a_kill_only_what_is_missing_is_computed(
    tmp_path: Path, computed: Counter, expected: np.ndarray
):
    killed = tmp_path / "killed"  # what another process would find at this moment
    computed.before[4] = lambda: shutil.copytree(tmp_path / "running", killed) and None
    stored_in(tmp_path / "running")
    assert names(killed) == [".npy.part"]
    computed.sizes.clear()
    np.testing.assert_array_equal(stored_in(killed).features, expected)
    assert computed.sizes == SIZES[1:]


def test_two_who_store_the_same_at_once_do_no_harm(
    tmp_path: Path, computed: Counter, expected: np.ndarray
):
    other: list[StoredFeatures] = []
    computed.before[4] = lambda: other.append(stored_in(tmp_path))
    stored = stored_in(tmp_path)
    np.testing.assert_array_equal(stored.features, expected)
    assert stored.file == other[0].file
    assert names(tmp_path) == [".npy"]
    computed.sizes.clear()
    np.testing.assert_array_equal(stored_in(tmp_path).features, expected)
    assert computed.sizes == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: content[:-5000],
        lambda content: content + b"\0",
        lambda content: flipped(content, 3),
        lambda content: flipped(content, len(content) // 2),
        lambda content: b"",
    ],
    ids=["a byte short", "truncated", "too long", "header", "a bit", "empty"],
)
def test_a_spoilt_store_is_noticed_and_mended(
    tmp_path: Path, expected: np.ndarray, spoil: Callable[[bytes], bytes]
):
    file = stored_in(tmp_path).file
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.warns(UserWarning, match=r"\.npy is damaged. It is mended"):
        again = stored_in(tmp_path)
    assert again.file == file
    np.testing.assert_array_equal(again.features, expected)
    assert names(tmp_path) == [".npy"]


class FullDisk(io.BufferedRandom):
    """A file on a disk that takes so many bytes and no more."""

    room = 40_000

    def write(self, content: Any) -> int:
        self.room -= len(content)
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(content)


def test_a_disk_that_fills_up_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, computed: Counter
):
    really_open = io.open

    def open_on_full_disk(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if mode == "r+b":
            return FullDisk(io.FileIO(file, "r+b"))
        return really_open(file, mode, *args, **options)

    monkeypatch.setattr(io, "open", open_on_full_disk)
    with pytest.raises(DataError) as told:
        stored_in(tmp_path)
    assert len(computed.sizes) > 1
    assert os.strerror(errno.ENOSPC) in told.value.problem
    assert "Make room on that disk" in told.value.advice
    assert names(tmp_path) == []


def test_a_place_without_room_or_rights_is_told_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, computed: Counter
):
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(DataError, match="Set CNN_COURSE_CACHE to a folder that you can write to"):
        stored_in(tmp_path / "file" / "features")
    few = shutil.disk_usage(tmp_path)._replace(free=10_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: few)
    with pytest.raises(
        DataError, match=r"needs 55\.\d kB, and .* 10\.0 kB left[^$]*\n.*CNN_COURSE_CACHE"
    ):
        stored_in(tmp_path / "small")
    assert computed.sizes == []
    assert names(tmp_path / "small") == []


class Fewer:
    """Goes through a dataset once, and then through less of it."""

    def __init__(self) -> None:
        self.passes = 0

    def __call__(self) -> Any:
        self.passes += 1
        end = COUNT if self.passes == 1 else 2 * BATCH
        yield from zip(PICTURES[:end], LABELS[:end], strict=True)


def fewer() -> Any:
    spec = (tf.TensorSpec((8, 8, 3), tf.uint8), tf.TensorSpec((), tf.int32))
    return tf.data.Dataset.from_generator(Fewer(), output_signature=spec).batch(10)


@pytest.mark.parametrize(
    "changing",
    [
        lambda: dataset().unbatch().shuffle(COUNT).batch(10),
        lambda: dataset().map(lambda x, y: (x, tf.random.shuffle(y))),
        lambda: dataset().map(lambda x, y: (tf.image.random_flip_left_right(x), y)),
        fewer,
    ],
    ids=["order", "labels", "pictures", "fewer"],
)
def test_pictures_that_change_each_time_are_refused_and_nothing_is_left(
    tmp_path: Path, changing: Callable[[], Any]
):
    tf.random.set_seed(None)  # with one, a random `map` does the same in each pass
    with pytest.raises(ValueError, match="Load them without a seed"):
        stored_in(tmp_path, pictures=changing())
    assert names(tmp_path) == []


def test_values_that_do_not_fit_are_refused_and_fit_into_more_bits(tmp_path: Path):
    large = scaling(1_000.0)
    with pytest.raises(ValueError, match=r'25\d,\d+, and float16 ends at 65,504.*dtype="float32"'):
        stored_in(tmp_path, frozen=large)
    assert names(tmp_path) == []
    assert stored_in(tmp_path, frozen=large, dtype="float32").features.max() == 255_000
    with pytest.raises(ValueError, match="values that are no numbers"):
        stored_in(tmp_path, frozen=scaling(float("inf")), dtype="float32")


class Silent(keras.Layer):
    """A layer that draws and does not tell with which settings."""

    def __init__(self, factor: object) -> None:
        super().__init__()
        self.factor = factor
        self.generator = keras.random.SeedGenerator(1)

    def call(self, inputs: Any) -> Any:
        return inputs


WITHOUT_LABELS = tf.data.Dataset.from_tensor_slices(PICTURES).batch(10)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"frozen": PICTURES}, TypeError, "must be a functional model"),
        ({"pictures": (PICTURES, LABELS)}, TypeError, r"tf\.data\.Dataset.*This is tuple"),
        ({"pictures": WITHOUT_LABELS}, ValueError, "pairs of pictures and labels"),
        ({"pictures": dataset().repeat()}, ValueError, "has no end"),
        ({"pictures": dataset().take(0)}, ValueError, "no pictures"),
        ({"pictures": dataset().unbatch()}, ValueError, r"shape \(None, 8, 8, 3\).*\(8, 8, 3\)"),
        ({"augmentation": None}, ValueError, "2 copies without an augmentation"),
        ({"augmentation": lambda x: x}, TypeError, "must be a layer"),
        ({"augmentation": layers.Rescaling(2)}, ValueError, "draws nothing"),
        ({"augmentation": Silent(object())}, ValueError, "get_config"),
        ({"copies": 0}, ValueError, "copies must be at least 1, not 0"),
        ({"copies": 2.0}, TypeError, r"copies must be a whole number, not 2\.0"),
        ({"seed": -1}, ValueError, "seed must be at least 0, not -1"),
        ({"dtype": "bfloat16"}, ValueError, "dtype must be one of 'float16', 'float32'"),
        ({"name": " "}, ValueError, "The name is ' '. Write a text"),
    ],
)
def test_a_wrong_argument_is_refused_with_the_reason(
    tmp_path: Path, arguments: dict[str, Any], error: type[Exception], words: str
):
    with pytest.raises(error, match=words):
        stored_in(tmp_path, **arguments)
    assert names(tmp_path) == []


def test_batches_that_cannot_be_are_refused(tmp_path: Path):
    stored = of_numbers(tmp_path, pictures=4, copies=1)
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        stored.dataset(batch_size=0)
    with pytest.raises(TypeError, match="seed must be a whole number"):
        stored.dataset(batch_size=8, seed=0.5)  # type: ignore[arg-type]
