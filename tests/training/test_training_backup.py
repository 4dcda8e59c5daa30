"""A training that is killed goes on where it was, and comes out as if nothing had happened."""

import os
import shutil
import time
import warnings
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

from cnn_course import training
from cnn_course.training.state import State, read_progress, read_state

pytestmark = pytest.mark.tensorflow

EPOCHS = 4

random = np.random.default_rng(0)
PICTURES = random.random((8, 8, 8, 3)).astype("float32")
LABELS = random.integers(0, 2, 8)
# Made once: to make one of arrays takes `fit` longer than an epoch.
BATCHES = tf.data.Dataset.from_tensor_slices((PICTURES, LABELS)).batch(4)


class Power(keras.callbacks.Callback):
    """Counts epochs, and does something in the middle of one: cuts the power, if not told what."""

    def __init__(self, cut_in: int | None = None, cut: Callable[[], object] | None = None) -> None:
        super().__init__()
        self.cut_in, self.cut = cut_in, cut or interrupt
        self.begun: list[int] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.begun.append(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.begun[-1] == self.cut_in and batch >= 1:
            self.cut()


def interrupt() -> None:
    raise KeyboardInterrupt


def augmented(optimizer: Any, **options: Any) -> keras.Model:
    """Return a network with everything that has a state, the same for the same arguments."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.RandomFlip("horizontal"),
            layers.Conv2D(4, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"], **options)
    return model


def plain(optimizer: Any = None, seed: int = 1, units: int = 4) -> keras.Model:
    """Return a network that is quickly made."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer or "rmsprop", "binary_crossentropy", run_eagerly=True)
    return model


def fit(model: keras.Model, *callbacks: Any, epochs: int = EPOCHS) -> keras.callbacks.History:
    options = {"validation_data": BATCHES.take(1), "shuffle": False, "verbose": 0}
    return model.fit(BATCHES, epochs=epochs, callbacks=list(callbacks), **options)


def begin(folder: Path, model: keras.Model, cut_in: int = 2) -> None:
    """Train until the power is cut."""
    with pytest.raises(KeyboardInterrupt):
        fit(model, training.Backup("long"), Power(cut_in))
    assert (folder / "long.state").is_file()


def begun(model: keras.Model, *callbacks: Any, **options: Any) -> list[int]:
    """Train to the end; return the epochs that were trained."""
    power = Power()
    fit(model, power, training.Backup("long"), *callbacks, **options)
    return power.begun


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CNN_COURSE_BACKUPS", str(tmp_path / "backups"))
    return tmp_path / "backups"


@pytest.fixture
def killed(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what keeps the files of this moment, as a kill leaves them, and goes on with those.

    A name may end once in a process, and it is known by its place.
    """

    def kill() -> None:
        monkeypatch.setenv("CNN_COURSE_BACKUPS", str(shutil.copytree(folder, tmp_path / "left")))

    return kill


def best_in(file: Path) -> keras.callbacks.ModelCheckpoint:
    return keras.callbacks.ModelCheckpoint(str(file), monitor="val_loss", save_best_only=True)


def averaging() -> keras.optimizers.Optimizer:
    decay = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=30)
    return keras.optimizers.AdamW(decay, use_ema=True, ema_momentum=0.9)


def accumulating() -> keras.optimizers.Optimizer:
    return keras.optimizers.RMSprop(0.01, momentum=0.5, gradient_accumulation_steps=4)


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [(averaging, {"steps_per_execution": 2}), (accumulating, {"run_eagerly": True})],
    ids=["averaging, with a schedule", "accumulating"],
)
def test_a_training_that_was_interrupted_ends_as_one_that_was_not(
    folder: Path, optimizer: Callable[[], keras.optimizers.Optimizer], options: dict[str, Any]
):
    whole = augmented(optimizer(), **options)
    expected = fit(whole)
    begin(folder, augmented(optimizer(), **options))
    model = augmented(optimizer(), **options)
    power = Power()
    history = fit(model, training.Backup("long"), power)
    assert power.begun == [2, 3]
    assert history.epoch == [0, 1, 2, 3]
    assert history.history.keys() == expected.history.keys()
    for curve, values in expected.history.items():
        np.testing.assert_allclose(history.history[curve], values, rtol=1e-4, err_msg=curve)
    for one, other in zip(model.variables, whole.variables, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-6)


def two_trainings(place: Path, cut: Callable[[], None] | None = None) -> list[Any]:
    """Train twice as a chapter would, with a kill in the second; return what came out."""
    found: list[Any] = []
    for name in ("first", "second"):
        power = Power(2 if name == "second" and cut else None, cut)
        backup = training.Backup(name)
        model = plain(seed=2 if name == "second" else 1)
        best = best_in(place / name / "best.keras")
        order = [backup, best, power] if name == "first" else [power, best, backup]
        history = fit(model, *order)
        found.append((power.begun, history, model, best, backup.seconds))
    return found


def test_a_chapter_killed_in_its_second_training_repeats_no_epoch_and_loses_no_best_model(
    folder: Path, tmp_path: Path, killed: Callable[[], None]
):
    whole = two_trainings(tmp_path / "whole", killed)
    resumed = two_trainings(tmp_path / "new")
    assert [epochs for epochs, *_ in resumed] == [[], [2, 3]]
    for (_, history, model, best, seconds), (_, expected, reference, its_best, _) in zip(
        resumed, whole, strict=True
    ):
        assert history.epoch == expected.epoch == list(range(EPOCHS))
        np.testing.assert_allclose(history.history["val_loss"], expected.history["val_loss"], 1e-4)
        for one, other in zip(model.get_weights(), reference.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
        assert best.best == pytest.approx(its_best.best, rel=1e-4)
        kept, its = (keras.models.load_model(item.filepath) for item in (best, its_best))
        np.testing.assert_allclose(kept(PICTURES), its(PICTURES), rtol=1e-3)
        assert seconds > 0


def test_the_best_model_of_the_last_epoch_before_the_kill_is_kept(folder: Path, tmp_path: Path):
    best = best_in(tmp_path / "one.keras")
    with pytest.raises(KeyboardInterrupt):
        fit(plain(keras.optimizers.SGD(0.001)), training.Backup("long"), best, Power(1))
    (tmp_path / "one.keras").unlink()

    # From here on the network only gets worse, so the best stays that of the first epoch.
    again = best_in(tmp_path / "another place" / "best.keras")
    worse = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: ruin(again.model))
    fit(plain(keras.optimizers.SGD(0.001)), training.Backup("long"), again, worse)
    assert again.best == best.best
    kept = keras.models.load_model(again.filepath)
    loss = kept.evaluate(PICTURES[:4], LABELS[:4], verbose=0)
    assert loss == pytest.approx(best.best, rel=1e-4)


def ruin(model: keras.Model) -> None:
    model.layers[-1].set_weights([np.full((4, 1), 50.0), np.full(1, 50.0)])


@pytest.mark.parametrize(
    ("change", "epochs"),
    [({"seed": 2}, EPOCHS), ({"units": 5}, EPOCHS), ({"optimizer": "adam"}, EPOCHS), ({}, 5)],
    ids=["seed", "architecture", "optimizer", "epochs"],
)
def test_another_training_does_not_go_on_with_this_one(
    folder: Path, change: dict[str, Any], epochs: int
):
    begin(folder, plain(), cut_in=1)
    with pytest.warns(UserWarning, match=r"long\.state is of another training") as said:
        assert begun(plain(**change), epochs=epochs) == list(range(epochs))
    assert "\n" not in str(said[0].message)
    assert (folder / "long.aside").is_file()


def test_a_spoilt_state_is_set_aside_and_the_training_begins_anew(folder: Path):
    begin(folder, plain(), cut_in=1)
    file = folder / "long.state"
    spoilt = file.read_bytes()[:-100]
    file.write_bytes(spoilt)
    with pytest.warns(UserWarning, match=r"long\.state cannot be read"):
        assert begun(plain(), epochs=2) == [0, 1]
    assert (folder / "long.aside").read_bytes() == spoilt


KNOWN = State(
    identity="one",
    epochs=[0, 1],
    history={"loss": [0.5, float("inf")]},
    seconds=1.5,
    ended=False,
    runs=["a"],
    best=[0.5, None],
    files=[b"the best network", None],
    variables=[np.arange(6, dtype="float32").reshape(2, 3), np.array(7, dtype="uint32")],
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("states") / "it.state"
    KNOWN.write(file)
    assert described(read_state(file)) == described(KNOWN)
    return file


@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_state_with_a_bit_turned_is_the_same_or_none(written: Path, place: float, bit: int):
    content = bytearray(written.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    spoilt = written.with_name("spoilt.state")
    spoilt.write_bytes(content)
    found = read_state(spoilt)
    assert found is None or described(found) == described(KNOWN)
    spoilt.write_bytes(written.read_bytes()[: int(place * len(content))])
    assert read_state(spoilt) is None


def described(known: State | None) -> list[Any]:
    assert known is not None
    about = vars(known) | {"variables": [(v.dtype, v.tolist()) for v in known.variables]}
    return sorted(about.items())


@pytest.mark.parametrize("break_off", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_write_that_breaks_off_leaves_the_state_before_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, killed: Callable[[], None], break_off: Any
):
    begin(folder, plain(), cut_in=1)

    def break_it(*_: Any) -> None:
        raise break_off

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", break_it)
        if break_off is KeyboardInterrupt:
            with pytest.raises(KeyboardInterrupt):
                begun(plain())
        else:  # the training is worth more than its backup
            with pytest.warns(UserWarning, match="no backup after epoch 2: .*No space left"):
                assert begun(plain()) == [1, 2, 3]
    assert sorted(file.name for file in folder.iterdir()) == ["long.progress", "long.state"]
    killed()
    assert begun(plain()) == [1, 2, 3]


def test_a_kill_in_the_middle_of_a_write_leaves_the_state_before_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: Callable[[], None]
):
    rename = os.replace
    states: list[Any] = []

    def replace(one: Any, other: Any) -> None:
        if str(other).endswith(".state"):
            states.append(other)
            if len(states) == 3:  # it lies on the disk and does not bear its name yet
                killed()
        rename(one, other)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        assert begun(plain()) == [0, 1, 2, 3]
    assert list((tmp_path / "left").glob(".long.state.*.part"))
    monkeypatch.setenv("CNN_COURSE_BACKUPS", str(tmp_path / "left"))
    assert begun(plain()) == [2, 3]


def test_a_training_that_stopped_early_stays_ended(folder: Path, killed: Callable[[], None]):
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(stop.model, "stop_training", epoch == 1)
    )
    assert begun(plain(), stop) == [0, 1]
    killed()
    history = fit(plain(), training.Backup("long"), power := Power())
    assert power.begun == []
    assert history.epoch == [0, 1]
    assert len(history.history["val_loss"]) == 2


def test_a_second_fit_of_a_resumed_model_begins_at_its_own_beginning(folder: Path):
    begin(folder, plain())
    model = plain()
    assert begun(model) == [2, 3]
    fit(model, training.Backup("fine-tuning"), power := Power(), epochs=2)
    assert power.begun == [0, 1]
    assert fit(model, epochs=1).epoch == [0]


def test_seconds_are_those_of_all_epochs_whichever_run_did_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    first = training.Backup("long")
    with pytest.raises(KeyboardInterrupt):
        fit(plain(), first, Power(2))
    monkeypatch.setattr("cnn_course.training.backup.RUN", "the next run")
    second = training.Backup("long")
    fit(plain(), second)
    assert second.seconds > first.seconds > 0
    (told,) = read_progress(folder)  # which the record of a full run reads
    assert (told.done, told.epochs, told.seconds_before) == (EPOCHS, EPOCHS, first.seconds)
    assert len(told.runs_before) == 1
    monkeypatch.delenv("CNN_COURSE_BACKUPS")
    third, start = training.Backup("long"), time.perf_counter()
    fit(plain(), third, epochs=1)
    # On one clock, a time within another one: it is shorter however slow the machine is.
    assert 0 < third.seconds < time.perf_counter() - start


def test_without_the_variable_nothing_is_written_and_every_training_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("CNN_COURSE_BACKUPS", raising=False)
    monkeypatch.chdir(tmp_path)
    early = keras.callbacks.EarlyStopping(patience=9)
    late = keras.Sequential([layers.Flatten(), layers.Dense(1, activation="sigmoid")])
    late.compile("adam", "binary_crossentropy", run_eagerly=True)  # built by its first batch
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        for model in (plain(), plain(), late):
            assert begun(model, early, epochs=2) == [0, 1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut_in", [1, 3, 5])
def test_early_stopping_stops_where_it_would_have_stopped_without_a_kill(folder: Path, cut_in: int):
    def stopped(*others: keras.callbacks.Callback) -> list[int]:
        # No loss falls by 100: it has patience for five epochs after the first one.
        early = keras.callbacks.EarlyStopping("val_loss", patience=5, min_delta=100)
        return fit(plain(), training.Backup("long"), early, *others, epochs=20).epoch

    with pytest.raises(KeyboardInterrupt):
        stopped(Power(cut_in))
    again = Power()
    assert stopped(again) == [0, 1, 2, 3, 4, 5]
    assert again.begun == list(range(cut_in, 6))


def test_half_precision_is_asked_of_tensorflow_and_makes_another_training(
    folder: Path, killed: Callable[[], None], monkeypatch: pytest.MonkeyPatch
):
    begin(folder, plain())
    killed()
    monkeypatch.setenv("CNN_COURSE_PRECISION", "bfloat16")
    try:
        with pytest.warns(UserWarning, match="is of another training"):
            assert begun(plain()) == [*range(EPOCHS)]
        asked = tf.config.optimizer.get_experimental_options()
        assert asked["auto_mixed_precision_onednn_bfloat16"]
    finally:
        off = {"auto_mixed_precision_onednn_bfloat16": False}
        tf.config.optimizer.set_experimental_options(off)


def test_one_name_for_two_trainings_is_refused(folder: Path):
    assert begun(plain(), epochs=1) == [0]
    with pytest.raises(ValueError, match=r"'long' has ended before\. Give each a name"):
        begun(plain(seed=2), epochs=1)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (keras.callbacks.EarlyStopping(restore_best_weights=True), "keeps the best weights"),
        (keras.callbacks.EarlyStopping("accuracy"), "monitor='accuracy'"),
        (keras.callbacks.ReduceLROnPlateau(), "what ReduceLROnPlateau remembers"),
        (keras.callbacks.ModelCheckpoint("at-{epoch}.keras"), "names many"),
    ],
)
def test_a_callback_that_it_cannot_keep_is_refused(folder: Path, other: Any, words: str):
    with pytest.raises(ValueError, match=words):
        begun(plain(), other)


@pytest.mark.parametrize("name", ["  ", "!", None, 3])
def test_a_training_without_a_name_is_refused(name: Any):
    with pytest.raises(ValueError, match="Write a text"):
        training.Backup(name)
