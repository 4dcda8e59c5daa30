"""Are stored features as good? `python tests/bench/bench_features_accuracy.py` measures it.

MobileNet with its ImageNet weights on the 2,000 real photographs (`CNN_COURSE_DATA`): a classifier
on the frozen base, and then fine-tuning from `conv_dw_10` on, each in two ways with the same
augmentation, rate and epochs. As taught, the base and the augmentation are in the model; the other
way trains on stored features of augmented copies. Fails if the accuracies on the 2,000 test
photographs differ by more than 0.01, or stored features take more time.

It takes about 8 minutes on two cores.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cnn_course import data, transfer  # before Keras: it keeps TensorFlow quiet

import keras  # isort: skip
from keras import layers  # isort: skip

BATCH = 32
MOST = 0.01
FIRST_UNFROZEN, LAST_FROZEN = "conv_dw_10", "conv_pw_9_relu"


def augment() -> Any:
    """The augmentation of chapter 4."""
    return keras.Sequential(
        [layers.RandomFlip("horizontal"), layers.RandomRotation(0.1), layers.RandomZoom(0.2)]
    )


def network(side: int) -> tuple[Any, Any]:
    """Return a frozen base, and the network of chapter 5 on it."""
    keras.utils.set_random_seed(1)
    base = transfer.base("mobilenet", side=side).model
    transfer.freeze(base)
    inputs = keras.Input((side, side, 3))
    x = base(keras.applications.mobilenet.preprocess_input(inputs))
    x = layers.Dense(256, activation="relu")(layers.GlobalAveragePooling2D()(x))
    return base, keras.Model(inputs, layers.Dense(1, activation="sigmoid")(layers.Dropout(0.5)(x)))


def fit(model: Any, batches: Any, rate: float, epochs: int) -> None:
    """Train with a rate that falls to 0."""
    falling = keras.optimizers.schedules.CosineDecay(rate, epochs * len(batches))
    model.compile(keras.optimizers.Adam(falling), "binary_crossentropy", metrics=["accuracy"])
    model.fit(batches, epochs=epochs, verbose=0)


class Ways:
    """The two ways; each trains the part of the network that is not frozen."""

    def __init__(self, asked: argparse.Namespace, folder: Path) -> None:
        self.asked = asked
        self.folder = folder
        self.photographs = data.cats_and_dogs("full")

    def load(self, part: str, seed: int | None = None) -> Any:
        """Return batches of photographs."""
        where = self.photographs / part
        return data.load_pictures(where, side=self.asked.side, batch_size=BATCH, seed=seed)

    def as_taught(self, model: Any, at: str, rate: float, epochs: int) -> None:
        """Send every picture through augmentation and base in every epoch."""
        fit(keras.Sequential([augment(), model]), self.load("train", seed=1), rate, epochs)

    def stored(self, model: Any, at: str, rate: float, epochs: int) -> None:
        """Send every picture through the base once for each copy."""
        frozen, trainable = transfer.split(model, at=at)
        copies = transfer.store(
            frozen,
            self.load("train"),
            name=at,
            copies=self.asked.copies,
            augmentation=augment(),
            folder=self.folder,
        )
        fit(trainable, copies.dataset(batch_size=BATCH, seed=1), rate, epochs)


def measure(ways: Ways, way: Any) -> dict[str, tuple[float, float]]:
    """Return accuracy and seconds of both trainings in one way."""
    base, model = network(ways.asked.side)
    test = ways.load("test")
    measured = {}
    for name, at, rate in (
        ("feature extraction", base.layers[-1].name, 1e-3),
        ("fine-tuning", LAST_FROZEN, 1e-4),
    ):
        if at == LAST_FROZEN:
            transfer.unfreeze(base, from_layer=FIRST_UNFROZEN)
        started = time.perf_counter()
        way(model, at, rate, ways.asked.epochs)
        seconds = time.perf_counter() - started
        model.compile(loss="binary_crossentropy", metrics=["accuracy"])
        measured[name] = model.evaluate(test, verbose=0)[1], seconds
    return measured


def main() -> None:
    """Measure, print a table, fail if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--copies", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10, help="of each training")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        ways = Ways(asked, Path(name))
        taught, stored = (measure(ways, way) for way in (ways.as_taught, ways.stored))
    broken = []
    for training, (accuracy, seconds) in taught.items():
        other, less = stored[training]
        print(
            f"{training:18} as taught {accuracy:.4f} in {seconds:.0f} s, stored features "
            f"{other:.4f} in {less:.0f} s, storing included: {accuracy - other:+.4f}"
        )
        if abs(accuracy - other) > MOST or less > seconds:
            broken.append(training)
    if broken:
        sys.exit(f"Bounds are broken: {', '.join(broken)}.")


if __name__ == "__main__":
    main()
