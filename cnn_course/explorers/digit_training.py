"""A small network that learns digits in the page, from the same start in the same order as here."""

import base64
import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np

from cnn_course import conv
from cnn_course.explorers.explorer import Panel, array_panel, picture_panel, text_panel
from cnn_course.explorers.training import Training, pace

TRAINING, UNSEEN, BATCH = 360, 180, 20  # digits
_FILTERS, _VALUES, _CLASSES = 8, 3 * 3 * 8, 10


class DigitTraining(Training):
    """A small convnet learns scikit-learn's digits, 8 x 8 pixels, step by step.

    Convolution with 8 filters of 3 x 3, ReLU, max pooling, a dense layer with softmax: 810
    parameters, gradient descent with momentum as in `keras.optimizers.SGD`, 20 digits a step. It
    learns from 360 digits of the file, every third; the last 180, by other hands, it never sees.

    Args:
        rate: the learning rate.
        momentum: the share of the last move that is kept.
        steps: how many to take, at most 5,000.
        seed: of the random weights and of the order of the digits.
        past: what was set before, as `[until, rate, momentum]` for each period.

    Raises:
        TypeError, ValueError: a number that cannot be.
    """

    module: ClassVar[str] = "digit_training.mjs"

    def __init__(
        self,
        *,
        rate: float = 0.1,
        momentum: float = 0.0,
        steps: int = 0,
        seed: int = 1,
        past: Sequence[Sequence[float]] = (),
    ) -> None:
        pixels, labels = _digits()
        halves = pixels.reshape(-1, 2)
        packed = base64.b64encode((halves[:, 0] * 16 + halves[:, 1]).tobytes()).decode()
        digits = {"pixels": packed, "labels": "".join(map(str, labels)), "training": TRAINING}
        values = {"rate": rate, "momentum": momentum, "steps": steps, "seed": seed}
        super().__init__({"digits": digits}, **values, past=[list(one) for one in past])

    @property
    def weights(self) -> list[np.ndarray]:
        """What `model.get_weights()` of this network gives in Keras after these steps."""
        return _trained(self.state)

    @property
    def output(self) -> np.ndarray:
        """Ten probabilities for each digit that it has not seen, (180, 10)."""
        x, _ = _as_arrays()
        return _forward(x[TRAINING:], self.weights)[-1]

    @property
    def accuracy(self) -> float:
        """Share of the unseen digits that it reads rightly."""
        _, labels = _as_arrays()
        return float((self.output.argmax(axis=1) == labels[TRAINING:]).mean())

    def panels(self) -> list[Panel]:
        """Return some unseen digits, the kernels and the accuracy."""
        x, _ = _as_arrays()
        digits = np.hstack([np.pad(one[:, :, 0], ((0, 0), (0, 1))) for one in x[TRAINING:][:12]])
        kernels = np.hstack([*self.weights[0][:, :, 0].transpose(2, 0, 1)])
        return [
            picture_panel("digits that it has not seen", digits, side=600),
            array_panel("first kernels", kernels[:, :12].round(2)),
            text_panel("read rightly", [f"{self.accuracy:.0%} after {self.state['steps']} steps"]),
        ]

    def describe(self) -> str:
        """Return how far the network has come."""
        return (
            f"Digit training explorer: a network of 810 parameters learns digits of 8 x 8 pixels. "
            f"After {self.state['steps']} steps it reads {self.accuracy:.0%} of {UNSEEN} digits "
            "rightly that it has not seen."
        )


@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    """Return pixels from 0 to 15, (540, 8, 8), and labels: those to learn from, then the others."""
    from sklearn import datasets  # noqa: PLC0415 - takes a second

    digits = datasets.load_digits()
    taken = [*range(0, 3 * TRAINING, 3), *range(len(digits.target) - UNSEEN, len(digits.target))]
    return np.minimum(digits.images[taken], 15).astype(np.uint8), digits.target[taken]


def _as_arrays() -> tuple[np.ndarray, np.ndarray]:
    pixels, labels = _digits()
    return pixels[..., None] / 15, labels


def beginning(seed: int) -> tuple[list[np.ndarray], Callable[[], list[int]]]:
    """Return the first weights, and a function that returns which digits the next step takes."""
    draw = random.Random(f"digits {seed}").random

    def drawn(shape: tuple[int, ...], limit: float) -> np.ndarray:  # Glorot's, uniform
        return np.reshape([(2 * draw() - 1) * limit for _ in range(int(np.prod(shape)))], shape)

    kernels = drawn((3, 3, 1, _FILTERS), (6 / (9 + 9 * _FILTERS)) ** 0.5)
    dense = drawn((_VALUES, _CLASSES), (6 / (_VALUES + _CLASSES)) ** 0.5)
    order: list[int] = []

    def batch() -> list[int]:
        if not order:
            order.extend(range(TRAINING))
            for last in range(TRAINING - 1, 0, -1):
                other = int(draw() * (last + 1))
                order[last], order[other] = order[other], order[last]
        taken = order[:BATCH]
        del order[:BATCH]
        return taken

    return [kernels, np.zeros(_FILTERS), dense, np.zeros(_CLASSES)], batch


def _forward(x: np.ndarray, weights: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return maps after ReLU, the pooled ones, and the probabilities."""
    kernels, bias, dense, dense_bias = weights
    maps = conv.relu(conv.conv2d(x, kernels, bias))
    pooled = conv.pool2d(maps)
    scores = pooled.reshape(len(x), -1) @ dense + dense_bias
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return maps, pooled, powers / powers.sum(axis=1, keepdims=True)


def _trained(state: dict[str, Any]) -> list[np.ndarray]:
    """Return the weights after the steps of a state."""
    (x, labels), (weights, batch) = _as_arrays(), beginning(state["seed"])
    velocity = [np.zeros_like(one) for one in weights]
    for at in range(state["steps"]):
        taken = batch()
        maps, pooled, answers = _forward(x[taken], weights)
        wrong = (answers - np.eye(_CLASSES)[labels[taken]]) / BATCH
        back = (wrong @ weights[2].T).reshape(pooled.shape)
        upstream = conv.pool2d_gradient(maps, back) * (maps > 0)
        _, dkernels, dbias = conv.conv2d_gradients(x[taken], weights[0], upstream)
        gradients = [dkernels, dbias, pooled.reshape(BATCH, -1).T @ wrong, wrong.sum(axis=0)]
        rate, momentum = pace(state, at)
        moves = zip(velocity, gradients, strict=True)
        velocity = [momentum * old - rate * gradient for old, gradient in moves]
        weights = [weight + move for weight, move in zip(weights, velocity, strict=True)]
    return weights
