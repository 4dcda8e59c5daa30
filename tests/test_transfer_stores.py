"""Nothing that was computed is lost or mixed: kills, two processes, spoilt files, full disks."""

import errno
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from patience import HANGS, until

from cnn_course.data import DataError
from cnn_course.transfer.features import BATCH, StoredFeatures, store

pytestmark = pytest.mark.tensorflow

HERE = Path(__file__).resolve().parent
COUNT = 2 * BATCH + 8  # three batches, the last one smaller
SIZES = [BATCH, BATCH, 8]
COPIES = 3

random = np.random.default_rng(0)
PICTURES = random.integers(0, 256, (COUNT, 8, 8, 3), dtype=np.uint8)
LABELS = random.integers(0, 2, COUNT)


def dataset() -> Any:
    return tf.data.Dataset.from_tensor_slices((PICTURES, LABELS)).batch(10)


def enlarging(factor: float = 1.0) -> keras.Model:
    """Return a frozen part whose features are the pictures, times a factor."""
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, layers.Rescaling(factor)(inputs))


def stored_in(folder: Path, **options: Any) -> StoredFeatures:
    turns = layers.RandomRotation(0.1)
    options = {"frozen": enlarging(), "pictures": dataset(), "augmentation": turns} | options
    return store(name="it", copies=COPIES, folder=folder, **options)


def count_batches(then: Callable[[int], None] = lambda _: None) -> list[int]:
    """Return a list that gets the size of each batch that is computed, after `then`."""
    sizes: list[int] = []
    predict = keras.Model.predict_on_batch

    def counted(self: keras.Model, x: Any) -> Any:
        then(len(sizes))
        sizes.append(len(x))
        return predict(self, x)

    keras.Model.predict_on_batch = counted
    return sizes


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(keras.Model, "predict_on_batch", keras.Model.predict_on_batch)
    return count_batches()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """The features when nothing goes wrong."""
    return np.array(stored_in(tmp_path_factory.mktemp("whole")).features)


def names(folder: Path) -> list[str]:
    """Return the kinds of files in a folder, but for locks, which are empty."""
    return sorted(
        "".join(f.suffixes) for f in folder.iterdir() if f.suffix not in (".lock", ".said")
    )


def begin(call: str, folder: Path) -> subprocess.Popen[str]:
    program = (
        f"import pathlib, sys; sys.path.insert(0, {str(HERE)!r}); import test_transfer_stores as t;"
        f"t.{call}(pathlib.Path(sys.argv[1]))"
    )
    with (folder / f"{time.monotonic_ns()}.said").open("w") as said:
        return subprocess.Popen(
            [sys.executable, "-c", program, folder], stdout=subprocess.PIPE, stderr=said, text=True
        )


def kill_in_the_second_copy(folder: Path) -> None:
    count_batches(lambda done: done == 4 and os.kill(os.getpid(), signal.SIGKILL))
    stored_in(folder)


WAITING = "it: another process is at it. Waiting"


def store_when_the_other_waits(folder: Path) -> None:
    """Compute nothing before the other process has said that it waits."""

    def said() -> bool:
        return any(WAITING in file.read_text() for file in folder.glob("*.said"))

    sizes = count_batches(lambda _: until(said, "no process has waited for the other"))
    print(stored_in(folder / "features").file, len(sizes))


def test_after_a_kill_only_what_is_missing_is_computed(
    tmp_path: Path, computed: list[int], expected: np.ndarray
):
    killed = begin("kill_in_the_second_copy", tmp_path)
    assert killed.wait(timeout=HANGS) == -signal.SIGKILL
    assert names(tmp_path) == [".json", ".npy.part"]
    stored = stored_in(tmp_path)
    assert computed == SIZES[1:] + SIZES
    np.testing.assert_allclose(stored.features, expected, rtol=1e-3)
    assert names(tmp_path) == [".json", ".npy"]


def test_two_processes_share_the_work_of_one(tmp_path: Path, expected: np.ndarray):
    both = [begin("store_when_the_other_waits", tmp_path) for _ in range(2)]
    told = [process.communicate(timeout=HANGS)[0] for process in both]
    said = [file.read_text() for file in tmp_path.glob("*.said")]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum(WAITING in errors for errors in said) == 1
    files, batches = zip(*(out.split() for out in told), strict=True)
    assert len(set(files)) == 1
    assert sorted(batches) == ["0", str(3 * COPIES)]
    np.testing.assert_allclose(np.load(files[0]), expected, rtol=1e-3)


@pytest.fixture
def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, computed: list[int]) -> list[int]:
    """The sizes of the batches that were computed, after the learner interrupted the fifth."""

    def interrupt(done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "predict_on_batch", keras.Model.predict_on_batch)
        count_batches(interrupt)
        with pytest.raises(KeyboardInterrupt):
            stored_in(tmp_path)
    return computed


@pytest.mark.parametrize(
    ("spoil", "lost"),
    [
        (lambda part: None, 0),
        (lambda part: part.write_bytes(part.read_bytes() + b"half a batch"), 0),
        (lambda part: part.write_bytes(part.read_bytes()[:-1]), 4),
        (lambda part: part.write_bytes(flipped(part.read_bytes(), 500)), 4),
        (lambda part: part.unlink(), 4),
        (lambda part: next(part.parent.glob("*.json")).write_text("{"), 4),
        (lambda part: next(part.parent.glob("*.json")).unlink(), 4),
    ],
    ids=["nothing", "a torn batch", "cut short", "a bit", "the part", "the record", "no record"],
)
def test_what_an_interrupt_leaves_is_gone_on_with_unless_it_is_spoilt(
    tmp_path: Path,
    interrupted: list[int],
    expected: np.ndarray,
    spoil: Callable[[Path], None],
    lost: int,
):
    (part,) = tmp_path.glob("*.part")
    spoil(part)
    stored = stored_in(tmp_path)
    assert interrupted == SIZES + SIZES[:1] + (SIZES * COPIES)[4 - lost :]
    np.testing.assert_allclose(stored.features, expected, rtol=1e-3)
    assert names(tmp_path) == [".json", ".npy"]


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def test_an_interrupt_before_the_last_rename_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, computed: list[int], expected: np.ndarray
):
    rename = os.replace

    def interrupt(source: Any, target: Any) -> None:
        if str(target).endswith(".npy"):
            raise KeyboardInterrupt
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            stored_in(tmp_path)
    assert names(tmp_path) == [".json", ".npy.part"]
    np.testing.assert_allclose(stored_in(tmp_path).features, expected, rtol=1e-3)
    assert computed == SIZES * COPIES


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: content[:-5000],
        lambda content: content + b"\0",
        lambda content: flipped(content, 3),
        lambda content: flipped(content, len(content) - 1),
        lambda content: b"",
    ],
    ids=["a byte short", "truncated", "too long", "header", "last byte", "empty"],
)
def test_a_spoilt_store_is_noticed_and_made_anew(
    tmp_path: Path, computed: list[int], expected: np.ndarray, spoil: Callable[[bytes], bytes]
):
    file = stored_in(tmp_path).file
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.warns(UserWarning, match=r"\.npy is damaged. It is made anew"):
        again = stored_in(tmp_path)
    assert again.file == file
    assert computed == SIZES * COPIES * 2
    np.testing.assert_allclose(again.features, expected, rtol=1e-3)


class FullDisk(io.BufferedWriter):
    """A file on a disk that takes so many bytes and no more."""

    room = 40_000

    def write(self, content: Any) -> int:
        if self.tell() + len(content) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(content)


def test_a_disk_that_fills_up_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, computed: list[int], expected: np.ndarray
):
    really_open = io.open

    def open_on_full_disk(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if str(file).endswith(".part") and "a" in mode:
            return FullDisk(io.FileIO(file, "ab"))
        return really_open(file, mode, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(io, "open", open_on_full_disk)
        with pytest.raises(DataError) as told:
            stored_in(tmp_path)
    assert len(computed) > 1
    assert os.strerror(errno.ENOSPC) in told.value.problem
    assert "Make room on that disk" in told.value.advice
    assert names(tmp_path) == []
    np.testing.assert_allclose(stored_in(tmp_path).features, expected, rtol=1e-3)


def test_a_disk_that_is_too_small_is_told_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, computed: list[int]
):
    few = shutil.disk_usage(tmp_path)._replace(free=10_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: few)
    with pytest.raises(DataError, match=r"needs 0\.0 GB more[^$]*\n.*CNN_COURSE_CACHE"):
        stored_in(tmp_path)
    assert computed == []
    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(DataError, match="Set CNN_COURSE_CACHE to a folder that you can write to"):
        stored_in(tmp_path / "file" / "features")


@pytest.mark.parametrize(
    "changing",
    [
        lambda: dataset().unbatch().shuffle(COUNT).batch(10),
        lambda: dataset().map(lambda x, y: (x, tf.random.shuffle(y))),
        lambda: dataset().map(lambda x, y: (tf.image.random_flip_left_right(x), y)),
    ],
    ids=["order", "labels", "pictures"],
)
def test_pictures_that_change_each_time_are_refused_and_nothing_is_left(
    tmp_path: Path, changing: Callable[[], Any]
):
    tf.random.set_seed(None)  # with one, a random `map` does the same in each pass
    with pytest.raises(ValueError, match="Load them without a seed"):
        stored_in(tmp_path, pictures=changing())
    assert names(tmp_path) == []


def test_values_that_do_not_fit_are_refused_and_fit_into_more_bits(tmp_path: Path):
    large = enlarging(factor=1_000.0)
    with pytest.raises(ValueError, match=r'25\d,\d00, and float16 ends at 65,504.*dtype="float32"'):
        stored_in(tmp_path, frozen=large)
    assert names(tmp_path) == []
    assert stored_in(tmp_path, frozen=large, dtype="float32").features.max() > 200_000
    with pytest.raises(ValueError, match="values that are no numbers"):
        stored_in(tmp_path, frozen=enlarging(factor=float("inf")), dtype="float32")


def without_labels() -> Any:
    return tf.data.Dataset.from_tensor_slices(PICTURES).batch(10)


class Silent(keras.Layer):
    """A layer that draws and does not tell with which settings."""

    def __init__(self, factor: object) -> None:
        super().__init__()
        self.factor = factor
        self.generator = keras.random.SeedGenerator(1)

    def call(self, inputs: Any) -> Any:
        return inputs


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"frozen": PICTURES}, TypeError, "must be a functional model"),
        ({"pictures": (PICTURES, LABELS)}, TypeError, r"tf\.data\.Dataset.*This is tuple"),
        ({"pictures": without_labels()}, ValueError, "pairs of pictures and labels"),
        ({"pictures": dataset().repeat()}, ValueError, "has no end"),
        ({"pictures": dataset().take(0)}, ValueError, "no pictures"),
        ({"pictures": dataset().unbatch()}, ValueError, r"shape \(None, 8, 8, 3\).*\(8, 8, 3\)"),
        ({"pictures": dataset().map(lambda x, y: (x[:, 1:], y))}, ValueError, r"None, 7, 8, 3"),
        ({"augmentation": None}, ValueError, "3 copies without an augmentation"),
        ({"augmentation": lambda x: x}, TypeError, "must be a layer"),
        ({"augmentation": layers.Rescaling(2)}, ValueError, "draws nothing"),
        ({"augmentation": Silent(object())}, ValueError, "get_config"),
        ({"copies": 0}, ValueError, "copies is 0. It must be at least 1"),
        ({"copies": 2.0}, TypeError, r"copies must be a whole number, and it is 2\.0"),
        ({"seed": -1}, ValueError, "seed is -1. It must be at least 0"),
        ({"seed": None}, TypeError, "seed must be a whole number"),
        ({"dtype": "bfloat16"}, ValueError, "dtype is 'bfloat16'. Write"),
        ({"name": " "}, ValueError, "The name is ' '. Write a text"),
        ({"name": None}, ValueError, "The name is None"),
    ],
)
def test_a_wrong_argument_is_refused_with_the_reason(
    tmp_path: Path, arguments: dict[str, Any], error: type[Exception], words: str
):
    options: dict[str, Any] = {
        "frozen": enlarging(),
        "pictures": dataset(),
        "augmentation": layers.RandomRotation(0.1),
        "copies": COPIES,
        "name": "it",
    }
    with pytest.raises(error, match=words):
        store(**options | arguments, folder=tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"batch_size": 0}, ValueError),
        ({"batch_size": "8"}, TypeError),
        ({"batch_size": 8, "seed": -1}, ValueError),
        ({"batch_size": 8, "seed": 0.5}, TypeError),
    ],
)
def test_batches_that_cannot_be_are_refused(
    tmp_path: Path, arguments: dict[str, Any], error: type[Exception]
):
    with pytest.raises(error, match="must be"):
        stored_in(tmp_path).dataset(**arguments)
