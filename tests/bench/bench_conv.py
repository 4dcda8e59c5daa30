"""How fast is `conv2d`? `python tests/bench/bench_conv.py` prints it and fails if it got slow.

One picture of 256x256x3, 16 filters of 3x3, float32, on the CPU. Every rival is timed in turns with
`conv2d` and the best of many rounds counts, so that a busy machine disturbs both alike.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import signal

from cnn_course.conv import conv2d

import keras  # isort: skip - after cnn_course, which keeps TensorFlow quiet

SIZE, SMALL, CHANNELS, FILTERS = 256, 32, 3, 16

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1, SIZE, SIZE, CHANNELS)).astype(np.float32)
KERNELS = RNG.normal(size=(3, 3, CHANNELS, FILTERS)).astype(np.float32)


@dataclass(frozen=True)
class Rival:
    """Another way to the same feature maps.

    Attributes:
        name: what the table says.
        run: returns the feature maps, `(N, H', W', F)`, or the upper left part of them.
        slowest: the bound: time of `conv2d` divided by time of the rival.
        rounds: how often it runs.
    """

    name: str
    run: Callable[[], np.ndarray]
    slowest: float
    rounds: int = 30


def measure(rival: Rival) -> tuple[float, float]:
    """Return the seconds that the rival and `conv2d` need for the whole picture."""
    ours, theirs = conv2d(X, KERNELS), rival.run()  # also warms up
    part = ours[:, : theirs.shape[1], : theirs.shape[2]]
    np.testing.assert_allclose(part, theirs, atol=1e-3)
    times = [(seconds(rival.run), seconds(lambda: conv2d(X, KERNELS))) for _ in range(rival.rounds)]
    best = [min(column) for column in zip(*times, strict=True)]
    return best[0] * ours.size / theirs.size, best[1]


def loops(x: np.ndarray) -> np.ndarray:
    """Four nested loops over one channel and one filter, on Python's own numbers."""
    maps = np.zeros((1, x.shape[1] - 2, x.shape[2] - 2, FILTERS))
    for channel in range(CHANNELS):
        image = x[0, :, :, channel].tolist()
        for index in range(FILTERS):
            kernel = KERNELS[:, :, channel, index].tolist()
            for row in range(maps.shape[1]):
                for column in range(maps.shape[2]):
                    total = 0.0
                    for i in range(3):
                        for j in range(3):
                            total += image[row + i][column + j] * kernel[i][j]
                    maps[0, row, column, index] += total
    return maps


def scipy_calls() -> np.ndarray:
    """One call per channel and filter, summed over the channels."""
    maps = [
        sum(
            signal.correlate2d(X[0, :, :, channel], KERNELS[:, :, channel, index], "valid")
            for channel in range(CHANNELS)
        )
        for index in range(FILTERS)
    ]
    return np.stack(maps, axis=-1)[np.newaxis]


def rivals() -> list[Rival]:
    """Return all of them; TensorFlow's get tensors, so that no copying is counted."""
    tensor, weights = keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(KERNELS)
    layer = keras.layers.Conv2D(FILTERS, 3, use_bias=False)
    layer.build(X.shape)
    layer.set_weights([KERNELS])
    return [
        Rival("four nested loops", lambda: loops(X[:, :SMALL, :SMALL]), 1 / 50, rounds=3),
        Rival("scipy.signal.correlate2d x 48", scipy_calls, 3, rounds=5),
        Rival("keras.ops.conv", lambda: np.asarray(keras.ops.conv(tensor, weights)), 10),
        Rival("keras.layers.Conv2D", lambda: np.asarray(layer(tensor)), 10),
    ]


def seconds(run: Callable[[], np.ndarray]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> int:
    """Print the table; return 1 if a bound is broken."""
    table = Table(title=f"conv2d, {SIZE}x{SIZE}x{CHANNELS}, {FILTERS} filters 3x3, float32")
    for column in ("rival", "ms", "conv2d ms", "ratio", "bound", ""):
        table.add_column(column, justify="left" if column == "rival" else "right")
    broken = 0
    with keras.device("cpu"):
        for rival in rivals():
            theirs, ours = measure(rival)
            ratio = ours / theirs
            kept = ratio <= rival.slowest
            broken += not kept
            table.add_row(
                rival.name,
                f"{theirs * 1e3:.2f}",
                f"{ours * 1e3:.2f}",
                f"{ratio:.4g}",
                f"{rival.slowest:.4g}",
                "kept" if kept else "[bold red]broken[/]",
            )
    Console().print(table)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
