"""Trains the weights of `mini_vgg16`, which the package carries.

It sees drawings of every kind of animal that the course draws, but no cat and no dog: to tell those
apart is what the chapters use it for.
"""

import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from cnn_course import data, training, transfer  # before Keras: it keeps TensorFlow quiet
from cnn_course.data import drawings
from cnn_course.files import write_json
from cnn_course.press.environment import hardware, versions
from cnn_course.press.fingerprint import COMPUTED_WITH
from cnn_course.press.project import Project
from cnn_course.training.state import FOLDER_VARIABLE
from cnn_course.transfer.weights import MINI_VGG16_FILE

import keras  # isort: skip
from keras import layers  # isort: skip

KINDS: Final = tuple(kind for kind in drawings.KINDS if kind not in ("cat", "dog"))
PICTURES: Final = 1_500  # of each kind
EPOCHS: Final = 12
RECORD: Final = "mini-vgg16.json"

_DRAWINGS_SEED: Final = 5_000_000  # other scenes than those of any chapter
_BATCH: Final = 32
_RATE: Final = 1e-3


def pretrain(
    project: Project,
    *,
    kinds: Sequence[str] = KINDS,
    pictures: int = PICTURES,
    epochs: int = EPOCHS,
    side: int = 64,
    seed: int = 1,
    fresh: bool = False,
    file: Path | None = None,
) -> dict[str, Any]:
    """Train `mini_vgg16` to name drawn animals, store the weights of its base, and return a record.

    A training that was killed goes on after its last epoch. The record has the settings,
    `test_accuracy` on drawings that were not trained on, seconds, date, versions and hardware.

    Args:
        project: the clone of the course; drawings and backups are kept in its `_build`.
        kinds: the animals.
        pictures: drawings of each kind to train on. A tenth as many again are the test.
        epochs: passes over them.
        side: rows and columns of the pictures.
        seed: of the initial weights, the order of the pictures and the augmentation.
        fresh: begin anew, also where an earlier training was killed.
        file: where the weights are stored; None means in the package, with the record in
            `book/measured`.
    """
    folder = project.build / "pretrain"
    if fresh:
        shutil.rmtree(folder / "backups", ignore_errors=True)
    drawn = folder / f"drawings-{len(kinds)}-{pictures}"
    parts = {"train": pictures, "test": max(1, pictures // 10)}
    drawings.write(drawn, {kind: kind for kind in kinds}, parts, seed=_DRAWINGS_SEED)
    keras.utils.set_random_seed(seed)
    base = transfer.mini_vgg16(side)
    network = _network(base, len(kinds), side)
    train = data.load_pictures(drawn / "train", side=side, batch_size=_BATCH, seed=seed)
    seconds = _fit(network, train, epochs, folder / "backups")
    test = data.load_pictures(drawn / "test", side=side, batch_size=100)
    record = {
        "kinds": list(kinds),
        "pictures_of_each_kind": pictures,
        "epochs": epochs,
        "side": side,
        "seed": seed,
        "test_accuracy": round(network.evaluate(test, verbose=0)[1], 4),
        "seconds": round(seconds, 1),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": versions(COMPUTED_WITH),
        "hardware": hardware(),
    }
    transfer.store_mini_vgg16(base, file or MINI_VGG16_FILE)
    if file is None:
        write_json(project.measured / RECORD, record)
    return record


def _network(base: Any, kinds: int, side: int) -> Any:
    """Return the base with augmentation and preprocessing before, and a classifier behind it."""
    inputs = x = keras.Input((side, side, 3))
    for layer in (
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(0.05),
        layers.RandomZoom(0.2),
        layers.RandomTranslation(0.1, 0.1),
    ):
        x = layer(x)
    x = base(transfer.base("mini_vgg16", side=side, weights=None).preprocess(x))
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(kinds, activation="softmax")(x))


def _fit(network: Any, train: Any, epochs: int, backups: Path) -> float:
    """Train with a rate that rises in the first epoch and then falls to 0; return the seconds.

    Without the rise, thirteen layers of so few filters often stay at chance.
    """
    rate = keras.optimizers.schedules.CosineDecay(
        _RATE / 100,
        decay_steps=max(1, (epochs - 1) * len(train)),
        warmup_target=_RATE,
        warmup_steps=len(train),
    )
    network.compile(
        keras.optimizers.Adam(rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=10,
    )
    # For this training alone: whatever this process starts next keeps nothing there.
    with patch.dict(os.environ, {FOLDER_VARIABLE: str(backups)}):
        backup = training.Backup("pretraining")
    network.fit(train, epochs=epochs, callbacks=[backup], verbose=2)
    return backup.seconds
