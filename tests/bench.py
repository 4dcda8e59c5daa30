"""Measures what the course costs against what one would do otherwise: `make bench`.

Two ways that lead to the same result are timed in turn, in one run: a ratio holds where seconds
do not. The record is what a page of the book shows.
"""

import gzip
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import keras
import nbformat
import numpy as np
import tensorflow as tf
from explorer_pages import show
from nbclient import NotebookClient
from playwright.sync_api import Page, sync_playwright
from scipy import signal
from surroundings import site_served
from tqdm import tqdm

from cnn_course import classtest, conv, data, explorers, transfer
from cnn_course.data.pictures import load_pictures
from cnn_course.files import write_json
from cnn_course.press import browser, notebooks
from cnn_course.press.costs import RECORD, Cost, Costs, Weight
from cnn_course.press.environment import hardware, versions
from cnn_course.press.execute import Job, run_jobs
from cnn_course.press.project import Project, find_project

_LEAST_SECONDS = 0.05  # of a round; what is shorter is done again and again
_ROUNDS = 7  # of what takes long, 3
close = partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-4)
Way = Callable[[], Any]


@dataclass(frozen=True)
class Measure:
    """Two ways to the same result, and what is known of the first one.

    `flops` are its floating-point operations, `number` says how many things it makes.
    """

    course: str
    instead: str
    ours: Way
    theirs: Way
    flops: float = 0
    number: int = 0
    rounds: int = _ROUNDS


def compared(one: Measure, peak: float) -> Cost:
    """Check that both ways give the same, then time them in turn."""
    ways = (one.ours, one.theirs)
    close(*(way() for way in ways))  # which compiles what is compiled
    repeats = [1 if one.rounds < _ROUNDS else _repeats(way) for way in ways]
    timed = [*zip(ways, repeats, strict=True)]
    seconds = [[_seconds(way, times) for way, times in timed] for _ in range(one.rounds)]
    ratios = [theirs / ours for ours, theirs in seconds]
    ours = statistics.median(pair[0] for pair in seconds)
    return {
        "course": one.course,
        "instead": one.instead,
        "ratio": round(statistics.median(ratios), 4),
        "least": round(min(ratios), 4),
        "most": round(max(ratios), 4),
        "rounds": one.rounds,
        "of_peak": round(one.flops / ours / peak, 4) if one.flops else None,
        "a_second": round(one.number / ours, 1) if one.number else None,
    }


def _seconds(way: Way, times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        way()
    return (time.perf_counter() - start) / times


def _repeats(way: Way) -> int:
    return max(1, int(_LEAST_SECONDS / _seconds(way, 1)))


def peak() -> float:
    """Return the floating-point operations a second of a float32 matrix product: the best one."""
    n = 1024
    matrix = np.ones((n, n), np.float32)
    return 2 * n**3 / min(_seconds(lambda: matrix @ matrix, 3) for _ in range(10))


# Convolution


def four_loops(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Correlate as chapter 1 begins it."""
    (height, width), (rows, columns) = image.shape, kernel.shape
    output = np.zeros((height - rows + 1, width - columns + 1))
    for row in range(output.shape[0]):
        for column in range(output.shape[1]):
            for i in range(rows):
                for j in range(columns):
                    output[row, column] += image[row + i, column + j] * kernel[i, j]
    return output


def convolutions() -> Iterator[Measure]:
    random = np.random.default_rng(1)
    small, large = (random.normal(size=(side, side)) for side in (64, 256))
    kernel = random.normal(size=(5, 5))
    flops = 2 * 25 * 252**2
    yield Measure(
        "correlate2d of conv",
        "four loops in Python",
        lambda: conv.correlate2d(small, kernel),
        lambda: four_loops(small, kernel),
    )
    yield Measure(
        "correlate2d of conv",
        "SciPy's correlate2d",
        lambda: conv.correlate2d(large, kernel),
        lambda: signal.correlate2d(large, kernel, mode="valid"),
        flops,
    )
    x = random.normal(size=(16, 64, 64, 16)).astype(np.float32)
    kernels = random.normal(size=(3, 3, 16, 32)).astype(np.float32)
    yield Measure(
        "conv2d of conv",
        "Keras on the same cores",
        lambda: conv.conv2d(x, kernels),
        lambda: np.asarray(keras.ops.conv(x, kernels)),
        2 * 16 * 62**2 * 9 * 16 * 32,
    )


# Training and loading


def stored_features(folder: Path, epochs: int = 10) -> Measure:
    """A new head is trained on features of a frozen base, or with the base inside."""
    keras.utils.set_random_seed(1)
    base = transfer.base("mini_vgg16", side=128)
    base.model.trainable = False
    given = keras.Input((128, 128, 3))
    flat = keras.layers.Flatten()(base.model(base.preprocess(given)))
    model = keras.Model(given, keras.layers.Dense(1, name="head")(flat))
    frozen, head = transfer.split(model, at=base.model.layers[-1].name)
    for one in (model, head):
        one.compile(keras.optimizers.SGD(1e-4), "mse")
    pixels = np.random.default_rng(1).integers(0, 256, (64, 128, 128, 3)).astype("float32")
    pictures = tf.data.Dataset.from_tensor_slices((pixels, np.arange(64.0) % 2)).batch(32)
    weights = model.get_layer("head").get_weights()

    def stored() -> np.ndarray:
        model.get_layer("head").set_weights(weights)
        with tempfile.TemporaryDirectory(dir=folder) as own:
            features = transfer.store(
                frozen, pictures, name="bench", dtype="float32", folder=Path(own)
            )
            head.fit(features.dataset(batch_size=32), epochs=epochs, verbose=0)
        return np.asarray(model.get_layer("head").kernel)

    def as_taught() -> np.ndarray:
        model.get_layer("head").set_weights(weights)
        model.fit(pictures, epochs=epochs, verbose=0)
        return np.asarray(model.get_layer("head").kernel)

    name = f"features stored, {epochs} epochs"
    return Measure(name, "the base inside the model", stored, as_taught, rounds=3)


def loaded_pictures(epochs: int = 3) -> Measure:
    """An epoch reads each picture; the course's loader keeps what it has decoded."""
    folder = data.cats_and_dogs("tiny") / "validation"

    def sums(pairs: Any) -> list[float]:
        return [
            sum(float(x.numpy().astype("uint8").sum()) for x, _ in pairs) for _ in range(epochs)
        ]

    def plain() -> Any:
        return keras.utils.image_dataset_from_directory(
            folder, image_size=(64, 64), batch_size=32, shuffle=False, verbose=False
        )

    return Measure(
        f"pictures loaded, {epochs} epochs",
        "Keras's loader alone",
        lambda: sums(load_pictures(folder, side=64, batch_size=32)),
        lambda: sums(plain()),
        rounds=3,
    )


# Class tests


def class_tests() -> Iterator[Measure]:
    tests = [classtest.generate(seed) for seed in range(20)]
    yield Measure(
        "class tests made, with keys",
        "the networks built in Keras",
        lambda: [_total(classtest.generate(seed)) for seed in range(20)],
        lambda: [_in_keras(test).count_params() for test in tests],
        number=20,
        rounds=3,
    )
    yield Measure(
        "class tests marked, with slips named",
        "== with the key",
        lambda: [sum(m.outcome == "right" for m in test.mark(test.key).marks) for test in tests],
        lambda: [
            sum(test.key[name] == given for name, given in test.key.items()) for test in tests
        ],
        number=20,
    )


def _total(test: classtest.ClassTest) -> int:
    return test.key["total parameters"]


def _in_keras(test: classtest.ClassTest) -> keras.Model:
    """Build the network of a test of level "exam", which is a chain."""
    first, *others = test.layers
    output = given = keras.Input(first.shape)
    for layer in others:
        kind = getattr(keras.layers, type(layer).__name__)
        names = {"filters", "kernel_size", "strides", "padding", "pool_size", "units"}
        known = {name: value for name, value in vars(layer).items() if name in names}
        output = kind(**known)(output)
    return keras.Model(given, output)


# Chapters and the book


def chapters(project: Project, folder: Path) -> Iterator[Measure]:
    chapter = next(one for one in project.chapters if one.name == "08-class-test")

    def ours() -> int:
        found = []
        job = Job(chapter.name, notebooks.for_profile(chapter, "tiny"), chapter.file.parent, 600)
        with tempfile.TemporaryDirectory(dir=folder) as own:
            keep = lambda _job, outcome: found.append(outcome)  # noqa: E731
            run_jobs([job], 1, Path(own), project.build / "cache", keep)
        return _outputs(found[0].result)

    def theirs() -> int:
        notebook = nbformat.read(chapter.file, as_version=4)
        NotebookClient(notebook, resources={"metadata": {"path": chapter.file.parent}}).execute()
        return _outputs(notebook)

    yield Measure("chapter 8 run and checked", "nbclient alone", ours, theirs, rounds=3)


def rebuilt(project: Project) -> Cost:
    """Compare a build where nothing changed with the times that the chapters have stored."""
    build = [Path(sys.executable).with_name("cnn-course"), "build", "--compared"]
    subprocess.run(build, cwd=project.root, check=True, capture_output=True)  # what has changed
    stored = sum(
        notebooks.read(chapter.file)["metadata"]["cnn_course"]["seconds"]
        for chapter in project.chapters
    )
    way = partial(subprocess.run, build, cwd=project.root, check=True, capture_output=True)
    ratios = [stored / _seconds(way, 1) for _ in range(3)]
    return {
        "course": "the book built, nothing changed",
        "instead": "its chapters run (times stored in them)",
        "ratio": round(statistics.median(ratios), 4),
        "least": round(min(ratios), 4),
        "most": round(max(ratios), 4),
        "rounds": len(ratios),
        "of_peak": None,
        "a_second": None,
    }


def _outputs(notebook: Any) -> int:
    """Return how many cells gave something."""
    return sum(bool(cell.get("outputs")) for cell in notebook["cells"])


# Explorers

_REDRAWN = """([_, kernels, times]) => {
    const [select] = document.querySelectorAll("[data-name=kernel_name]");
    const start = performance.now();
    for (let n = 0; n < times; n++) {
        select.value = kernels[n % 2];
        select.dispatchEvent(new Event("change"));
    }
    return (performance.now() - start) / times / 1000;
}"""
_BARE = """([image, kernels, times]) => {
    const cells = document.createElement("table");
    const start = performance.now();
    for (let n = 0; n < times; n++) {
        const kernel = kernels[n % 2], rows = [];
        for (let r = 0; r + kernel.length <= image.length; r++) {
            const row = document.createElement("tr");
            for (let c = 0; c + kernel[0].length <= image[0].length; c++) {
                let sum = 0;
                kernel.forEach((weights, i) =>
                    weights.forEach((weight, j) => { sum += image[r + i][c + j] * weight; }));
                row.appendChild(document.createElement("td")).textContent = String(sum);
            }
            rows.push(row);
        }
        cells.replaceChildren(...rows);
    }
    globalThis.bare = [...cells.rows].map((row) => [...row.cells].map((one) => +one.textContent));
    return (performance.now() - start) / times / 1000;
}"""


def redrawn(page: Page, folder: Path) -> Measure:
    """An explorer shows another kernel: every number, sum and picture of it."""
    image = np.arange(100).reshape(10, 10) % 7
    explorer = explorers.Convolution(image)
    shown = show(page, folder, explorer)
    names = ("Sobel y", "Sobel x")
    kernels = [explorer.choices["kernels"][name] for name in names]

    def ours() -> np.ndarray:
        page.evaluate(_REDRAWN, [None, names, 50])
        return shown.numbers()

    def theirs() -> np.ndarray:
        page.evaluate(_BARE, [image.tolist(), kernels, 50])
        return np.array(page.evaluate("globalThis.bare"))

    return Measure("an explorer redrawn", "a bare loop and a table", ours, theirs)


# What a page weighs

_LOADED = """() => performance.getEntriesByType("resource").concat(
    performance.getEntriesByType("navigation")).map((one) => [one.name, one.encodedBodySize])"""
_NAMED = re.compile(r"[?&](digest|v)=|[0-9a-f]{32}")


def weights(page: Page, site: Path, names: list[str]) -> list[Weight]:
    """Return what pages bring along, as a browser loads them for the first time."""
    found = []
    with site_served(site) as address:
        for name in names:
            page.goto(f"{address}/{name}", wait_until="networkidle")
            found.append(weight(name, page.evaluate(_LOADED), (site / name).read_bytes()))
    return found


def weight(name: str, loaded: list[tuple[str, int]], content: bytes) -> Weight:
    """Return what a page brings along, from the addresses and sizes of what it loads."""
    sizes = {"itself": 0, "pictures": 0, "named": 0, "changing": 0}
    for address, size in loaded:
        path = urlsplit(address).path
        if path.endswith(name):
            sizes["itself"] += size
        elif "/_images/" in path:
            sizes["pictures"] += size
        else:
            sizes["named" if _NAMED.search(address) else "changing"] += size
    number = re.search(r"/(\d\d)-", name)
    page = f"chapter {int(number[1])}" if number else "start page"
    return {"page": page, "packed": len(gzip.compress(content)), **sizes}


# All of it


def measures(project: Project, page: Page, folder: Path) -> Iterator[Measure]:
    """Yield every comparison, each made when it is its turn."""
    yield from convolutions()
    yield stored_features(folder)
    yield loaded_pictures()
    yield from class_tests()
    yield from chapters(project, folder)
    yield redrawn(page, folder)


def pages(project: Project) -> list[str]:
    """Return the start page, and the chapters whose own file is the smallest and the largest."""
    site = project.build / "html"
    chapters = sorted((site / "notebooks").glob("*.html"), key=lambda one: one.stat().st_size)
    return ["book/index.html", *(f"notebooks/{chapters[at].name}" for at in (0, -1))]


def main() -> None:
    """Measure, and write the record."""
    project = find_project()
    highest = peak()
    with ExitStack() as until:
        folder = Path(until.enter_context(tempfile.TemporaryDirectory()))
        chromium = until.enter_context(sync_playwright()).chromium
        options = ["--no-sandbox", "--disable-gpu"]
        page = chromium.launch(executable_path=browser.find(), args=options).new_page()
        progress = tqdm(measures(project, page, folder), unit="measure")
        record: Costs = {
            "date": datetime.now(UTC).date().isoformat(),
            "hardware": hardware(),
            "versions": versions(("numpy", "scipy", "keras", "tensorflow", "playwright")),
            "peak": highest,
            "costs": [*(compared(one, highest) for one in progress), rebuilt(project)],
            "pages": weights(page, project.build / "html", pages(project)),
        }
    write_json(project.measured / RECORD, record)
    print(f"Written: {project.measured / RECORD}")


if __name__ == "__main__":
    main()
