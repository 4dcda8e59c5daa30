"""What do stored features save? `python tests/bench/bench_features.py` measures it.

VGG16 with random weights, which cost as much time as trained ones, on drawn pictures of 180 x 180.
An epoch as chapters 5 and 6 write it, with the base and the augmentation in the model, is compared
with an epoch on stored features of the same pictures; the two take turns. Fails if stored features
are not 10 times faster for a classifier on the frozen base and 3 times for fine-tuning its last
four layers, or if the process ever takes 4 GiB.

It takes about 8 minutes on two cores. `--pictures 32 --side 48 --rounds 1` shows that it runs;
`--pictures 2000 --copies 5` is what the course asks for.
"""

import argparse
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from cnn_course import data  # before Keras: it keeps TensorFlow quiet
from cnn_course.data import drawings
from cnn_course.transfer import features

import keras  # isort: skip
from keras import layers  # isort: skip

BATCH = 32
MOST_MEMORY = 4 * 2**30


@dataclass(frozen=True)
class Training:
    """One of the two trainings that are compared.

    Attributes:
        name: what the table says.
        at: the last layer that stays frozen.
        unfrozen: layers of the base that are trained, counted from its end.
        least: the bound, seconds as taught divided by seconds on stored features.
    """

    name: str
    at: str
    unfrozen: int
    least: float


TRAININGS = [
    Training("feature extraction", "block5_pool", unfrozen=0, least=10),
    Training("fine-tuning", "block4_pool", unfrozen=4, least=3),
]


def augment() -> Any:
    """The augmentation of chapter 4."""
    return keras.Sequential(
        [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.2)]
    )


def classifier(base: Any, side: int, augmentation: Any = None) -> Any:
    """The listing of chapters 5 and 6."""
    inputs = keras.Input((side, side, 3))
    x = augmentation(inputs) if augmentation else inputs
    x = base(keras.applications.vgg16.preprocess_input(x))
    x = layers.Dense(256)(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(layers.Dropout(0.5)(x)))


def seconds(model: Any, batches: Any) -> float:
    """Return how long an epoch takes."""
    started = time.perf_counter()
    model.fit(batches, verbose=0)
    return time.perf_counter() - started


def ratio(training: Training, folder: Path, asked: argparse.Namespace) -> float:
    """Measure one of the trainings, print a line, return how much faster stored features are."""
    base = keras.applications.VGG16(
        weights=None, include_top=False, input_shape=(asked.side, asked.side, 3)
    )
    base.trainable = False
    for layer in base.layers[len(base.layers) - training.unfrozen :]:
        layer.trainable = True
    train, load = folder / "train", {"side": asked.side, "batch_size": BATCH}
    taught = classifier(base, asked.side, augment())
    frozen, trainable = features.split(classifier(base, asked.side), at=training.at)
    started = time.perf_counter()
    stored = features.store(
        frozen,
        data.load_pictures(train, **load),
        name=training.name,
        copies=asked.copies,
        augmentation=augment(),
        folder=folder / "features",
    )
    storing = time.perf_counter() - started
    ways = [
        (taught, data.load_pictures(train, **load, seed=1)),
        (trainable, stored.dataset(batch_size=BATCH, seed=1)),
    ]
    for model, batches in ways:
        model.compile(keras.optimizers.RMSprop(1e-5), "binary_crossentropy", metrics=["accuracy"])
        model.fit(batches.take(2), verbose=0)  # compiles
    for _ in ways[0][1]:
        pass  # decodes
    epochs = [[seconds(*way) for way in ways] for _ in range(asked.rounds)]
    slow, fast = (median(column) for column in zip(*epochs, strict=True))
    size = stored.file.stat().st_size / 1e6
    print(
        f"{training.name:18} {slow:6.2f} s an epoch as taught, {fast:6.2f} s on stored features: "
        f"{slow / fast:.1f} times faster, at least {training.least} asked for. "
        f"{asked.copies} copies: {storing:.1f} s, {size:,.0f} MB."
    )
    return slow / fast


def main() -> None:
    """Measure, print a table, fail if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=320)
    parser.add_argument("--copies", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="epochs of each, in turns")
    parser.add_argument("--side", type=int, default=180)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        parts = {"train": asked.pictures // 2}
        drawings.write(Path(name) / "drawn", {"cats": "cat", "dogs": "dog"}, parts)
        broken = [
            training.name
            for training in TRAININGS
            if ratio(training, Path(name) / "drawn", asked) < training.least
        ]
    unit = 1 if sys.platform == "darwin" else 1024
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(f"memory of the process, at most: {memory / 2**30:.2f} GiB")
    if memory >= MOST_MEMORY:
        broken.append("memory")
    if broken:
        sys.exit(f"Bounds are broken: {', '.join(broken)}.")


if __name__ == "__main__":
    main()
