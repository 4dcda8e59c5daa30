"""Does the processor wait for pictures? `python tests/bench/bench_loading.py` measures it.

The network of chapters 3 and 4 at 180 x 180, in batches of 32. What a training step costs alone, on
one batch that lies in memory, is compared with an epoch as the chapters write it: decoded and
resized once, cached, shuffled; then without augmentation, with augmentation in the model, and with
augmentation in the pipeline. The ways take turns, and medians are compared, because a machine has
other things to do. Fails if an epoch with augmentation takes more than 1.15 times as long as the
bare steps, in the better of the two ways.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from cnn_course import data  # before Keras: it keeps TensorFlow quiet
from cnn_course.data import drawings

import keras  # isort: skip
import tensorflow as tf  # isort: skip
from keras import layers  # isort: skip

LONGEST = 1.15
SIDE = 180
BATCH = 32
BATCHES = 12


def network(augmentation: Any = None) -> Any:
    """The listing of chapter 4, compiled."""
    inputs = keras.Input(shape=(SIDE, SIDE, 3))
    x = augmentation(inputs) if augmentation else inputs
    x = layers.Rescaling(1 / 255)(x)
    for number, count in enumerate((32, 64, 128, 256, 256), start=1):
        x = layers.Conv2D(count, kernel_size=3, activation="relu")(x)
        if number < 5:
            x = layers.MaxPooling2D(pool_size=2)(x)
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def augment() -> Any:
    """The augmentation of chapter 4."""
    return keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1),
            layers.RandomZoom(0.2),
        ]
    )


def pictures(folder: Path) -> Any:
    """Batches as the chapters load them."""
    parts = {"train": BATCHES * BATCH // 2}
    drawings.write(folder / "drawn", {"cats": "cat", "dogs": "dog"}, parts)
    return data.load_pictures(folder / "drawn" / "train", side=SIDE, batch_size=BATCH, seed=1)


def ways(folder: Path) -> dict[str, Callable[[], object]]:
    """Name -> one epoch."""
    batches = pictures(folder)
    images, labels = next(iter(batches))
    one_batch = tf.data.Dataset.from_tensors((tf.cast(images, "float32"), labels)).repeat(BATCHES)
    plain, inside = network(), network(augment())
    layer = augment()
    mapped = batches.map(lambda x, y: (layer(x, training=True), y), num_parallel_calls=2)
    return {
        "bare training steps": lambda: plain.fit(one_batch, verbose=0),
        "cached pictures": lambda: plain.fit(batches, verbose=0),
        "augmented in the model": lambda: inside.fit(batches, verbose=0),
        "augmented in the pipeline": lambda: plain.fit(mapped.prefetch(2), verbose=0),
    }


def main() -> None:
    """Measure, print a table, fail if the pictures are too slow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        epochs = ways(Path(folder))
        for epoch in epochs.values():  # compiles, decodes, fills the cache
            epoch()
        for _ in range(rounds):
            for name, epoch in epochs.items():
                started = time.perf_counter()
                epoch()
                seconds.setdefault(name, []).append(time.perf_counter() - started)
    bare = median(seconds["bare training steps"])
    ratios = {name: median(values) / bare for name, values in seconds.items()}
    for name, values in seconds.items():
        each = 1_000 * median(values) / (BATCH * BATCHES)
        print(f"{name:26} {each:6.1f} ms a picture, {ratios[name]:.2f} times the bare step")
    best = min(ratios["augmented in the model"], ratios["augmented in the pipeline"])
    if best > LONGEST:
        sys.exit(f"Too slow: {best:.2f} times the bare steps; {LONGEST} are allowed.")


if __name__ == "__main__":
    main()
