"""TensorFlow, as importing the package prepares it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from frameworks import keras, layers, tf

from cnn_course import data
from cnn_course.transfer.features import StoredFeatures

pytestmark = pytest.mark.tensorflow


def has_tuner(batches: tf.data.Dataset) -> bool:
    iterator = iter(batches)
    next(iterator)
    try:
        tf.data.experimental.get_model_proto(iterator)
    except tf.errors.NotFoundError:
        return False
    return True


def test_batches_of_the_package_have_no_tuner_that_their_end_waits_for(tmp_path: Path):
    np.save(tmp_path / "features.npy", np.zeros((6, 2), np.float16))
    stored = StoredFeatures(tmp_path / "features.npy", np.zeros(6))
    assert not has_tuner(stored.dataset(batch_size=2))
    folder = data.cats_and_dogs("tiny") / "validation"
    assert not has_tuner(data.load_pictures(folder, side=8, batch_size=2))


def test_batches_that_keras_makes_of_arrays_have_none_either(monkeypatch: pytest.MonkeyPatch):
    tuners: list[bool] = []
    begin = tf.data.Dataset.__iter__

    def begin_and_look(batches: tf.data.Dataset) -> Any:
        tuners.append(batches.options().autotune.enabled)
        return begin(batches)

    monkeypatch.setattr(tf.data.Dataset, "__iter__", begin_and_look)
    arrays = np.zeros((4, 2)), np.zeros(4)
    network = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    network.compile(loss="mse")
    network.fit(*arrays, validation_data=arrays, epochs=2, verbose=0)
    network.predict(arrays[0], verbose=0)
    assert tuners == [False] * len(tuners)
    assert len(tuners) > 3
    assert not has_tuner(tf.data.Dataset.range(3).with_options(tf.data.Options()))


def test_who_asks_for_a_tuner_gets_one():
    options = tf.data.Options()
    options.autotune.enabled = True
    assert has_tuner(tf.data.Dataset.range(3).with_options(options))


def test_where_tensorflow_is_there_already_nothing_of_it_is_changed():
    program = "import tensorflow as tf, cnn_course; print(tf.data.Options().autotune.enabled)"
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, encoding="utf-8"
    )
    assert run.stdout == "None\n"
