"""What does chapter 2 cost beside its listing? `python tests/bench/bench_mnist.py` measures it.

Needs MNIST (`CNN_COURSE_DATA`, the cache or the network) and a few minutes. The bare listing is the
network of the chapter, trained on all 60,000 digits and evaluated, as a script with nothing else.
The chapter runs from its first to its last cell under the full profile, with every figure, rival
network and solution. Fails if it takes more than 1.5 times as long or its test accuracy is below
0.990.

`--rounds 3` measures three times, in turns, and compares the medians: for a busy machine.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
from nbclient import NotebookClient

CHAPTER = Path(__file__).resolve().parents[2] / "notebooks" / "02-mnist-convnet.ipynb"
LONGEST = 1.5
LEAST_ACCURATE = 0.990

LISTING = """
import cnn_course  # keeps TensorFlow quiet
from cnn_course import data
import json
import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = data.load_digits("full")
x_train = x_train.reshape(60000, 28, 28, 1).astype("float32") / 255
x_test = x_test.reshape(10000, 28, 28, 1).astype("float32") / 255

keras.utils.set_random_seed(1)
inputs = keras.Input(shape=(28, 28, 1))
x = layers.Conv2D(filters=32, kernel_size=3, activation="relu")(inputs)
x = layers.MaxPooling2D(pool_size=2)(x)
x = layers.Conv2D(filters=64, kernel_size=3, activation="relu")(x)
x = layers.MaxPooling2D(pool_size=2)(x)
x = layers.Conv2D(filters=128, kernel_size=3, activation="relu")(x)
x = layers.Flatten()(x)
outputs = layers.Dense(units=10, activation="softmax")(x)
model = keras.Model(inputs, outputs)

model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=5, batch_size=64, verbose=0)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(json.dumps(accuracy))
"""


def run_listing() -> tuple[float, float]:
    """Return seconds and test accuracy of the bare listing."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", LISTING], check=True, stdout=subprocess.PIPE, text=True
    )
    return time.perf_counter() - started, json.loads(done.stdout.splitlines()[-1])


def run_chapter() -> tuple[float, float]:
    """Return seconds and test accuracy of the whole chapter under the full profile."""
    notebook = nbformat.read(CHAPTER, as_version=4)
    (parameters,) = (
        cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])
    )
    parameters.source = 'profile = "full"'
    started = time.perf_counter()
    NotebookClient(notebook, timeout=1800, kernel_name="python3").execute()
    return time.perf_counter() - started, _results(notebook)["test_accuracy"]


def _results(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    (results,) = (
        output.metadata["cnn_course_results"]["results"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "cnn_course_results" in output.get("metadata", {})
    )
    return results


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1, help="measurements of each, in turns")
    rounds = parser.parse_args().rounds
    listings, chapters = [], []
    for _ in range(rounds):
        listings.append(run_listing())
        chapters.append(run_chapter())
        for name, (seconds, accuracy) in [("listing", listings[-1]), ("chapter", chapters[-1])]:
            print(f"{name}: {seconds:6.1f} s, test accuracy {accuracy:.4f}", flush=True)
    ratio = median(s for s, _ in chapters) / median(s for s, _ in listings)
    worst = min(accuracy for _, accuracy in chapters)
    print(f"chapter / listing: {ratio:.2f} (at most {LONGEST});", end=" ")
    print(f"test accuracy of the chapter: {worst:.4f} (at least {LEAST_ACCURATE})")
    return int(ratio > LONGEST or worst < LEAST_ACCURATE)


if __name__ == "__main__":
    sys.exit(main())
