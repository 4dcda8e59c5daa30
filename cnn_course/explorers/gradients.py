"""The explorer of gradients: what comes back to each layer of a stack that is not trained."""

import random
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np

from cnn_course import conv
from cnn_course.arguments import one_of, whole_number
from cnn_course.explorers.explorer import Explorer, Panel, picture_panel, text_panel

DEEPEST: Final = 20
_FILTERS, _CLASSES = 8, 10
_EXAMPLES: Final = (0, 1, 2, 3)  # of scikit-learn's digits
#: activation -> the function, and its slope from what goes in and what comes out
_ACTIVATIONS: Final[dict[str, tuple[Callable[..., Any], Callable[..., Any]]]] = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "ReLU": (conv.relu, lambda z, a: (z > 0).astype(float)),
}
#: start -> standard deviation of a weight, for n products in a sum and m sums with a value
_STARTS: Final = {
    "half of He's": lambda n, m: (2 / n) ** 0.5 / 2,
    "Glorot": lambda n, m: (2 / (n + m)) ** 0.5,
    "He": lambda n, m: (2 / n) ** 0.5,
    "twice He's": lambda n, m: 2 * (2 / n) ** 0.5,
}


class Layer(NamedTuple):
    """What a layer gives, (pictures, 8, 8, 8), and how the loss changes with it.

    `kernels` is the gradient for its kernels, (3, 3, channels, 8).
    """

    values: np.ndarray
    gradient: np.ndarray
    kernels: np.ndarray


class Gradients(Explorer):
    """A stack of convolutions: how large its values are, and what of the gradient comes back.

    Each layer has 8 kernels of 3 x 3 with padding same and no bias; behind them come global average
    pooling and a dense layer with softmax. Four digits go in; nothing is trained.

    Args:
        activation: `"sigmoid"`, `"tanh"` or `"ReLU"`.
        start: of the weights: `"half of He's"`, `"Glorot"`, `"He"` or `"twice He's"` standard
            deviation; the weights are uniform.
        depth: number of convolutions, at most 20.
        layer: the one to look at, 1 is the first; None is the last.
        seed: of the random weights.
        scale: of the colours, `"common"` to all layers or each layer's `"own"`.

    Raises:
        TypeError, ValueError: a name or a number that cannot be.
    """

    module: ClassVar[str] = "gradients.mjs"

    def __init__(
        self,
        activation: str = "sigmoid",
        start: str = "Glorot",
        *,
        depth: int = 10,
        layer: int | None = None,
        seed: int = 1,
        scale: str = "common",
    ) -> None:
        from sklearn import datasets  # noqa: PLC0415 - takes a second

        digits = datasets.load_digits()
        pixels, labels = digits.images[list(_EXAMPLES)], digits.target[list(_EXAMPLES)]
        text = "".join(f"{int(value):x}" for value in np.minimum(pixels, 15).ravel())
        self._pixels, self._labels = np.minimum(pixels, 15)[..., None] / 15, labels
        choices = {"digits": {"pixels": text, "labels": labels.tolist()}}
        layer = depth if layer is None else layer
        options = {"depth": depth, "layer": layer, "seed": seed, "scale": scale}
        super().__init__(choices, activation=activation, start=start, **options)

    def _check(self, state: dict[str, Any]) -> None:
        one_of("activation", state["activation"], _ACTIVATIONS)
        one_of("start", state["start"], _STARTS)
        one_of("scale", state["scale"], ("common", "own"))
        whole_number("seed", state["seed"], 1)
        for name, most in (("depth", DEEPEST), ("layer", state["depth"])):
            if whole_number(name, state[name], 1) > most:
                raise ValueError(f"{name} must be from 1 to {most}, not {state[name]}.")

    @property
    def weights(self) -> list[np.ndarray]:
        """The kernels of each layer, (3, 3, channels, 8), and the dense weights, (8, 10)."""
        state = self.state
        draw = random.Random(f"gradients {state['seed']}").random

        def drawn(shape: Sequence[int], deviation: float) -> np.ndarray:
            values = [(2 * draw() - 1) * 3**0.5 * deviation for _ in range(int(np.prod(shape)))]
            return np.reshape(values, shape)

        dense = drawn((_FILTERS, _CLASSES), _STARTS["Glorot"](_FILTERS, _CLASSES))
        channels = [1, *[_FILTERS] * (state["depth"] - 1)]
        deviation = _STARTS[state["start"]]
        shapes = [(3, 3, each, _FILTERS) for each in channels]
        kernels = [drawn(one, deviation(9 * one[2], 9 * one[3])) for one in shapes]
        return [*kernels, dense]

    @property
    def layers(self) -> list[Layer]:
        """Every layer, the first one first."""
        act, slope = _ACTIVATIONS[self.state["activation"]]
        *kernels, dense = self.weights
        inputs, sums = [self._pixels], []
        for kernel in kernels:
            sums.append(conv.conv2d(inputs[-1], kernel, padding="same"))
            inputs.append(act(sums[-1]))
        last, count = inputs[-1], len(self._labels)
        scores = last.mean(axis=(1, 2)) @ dense
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        wrong = powers / powers.sum(axis=1, keepdims=True) - np.eye(_CLASSES)[self._labels]
        upstream = np.broadcast_to((wrong @ dense.T / count / 64)[:, None, None], last.shape)
        found: list[Layer] = []
        for before, kernel, sum_, after in reversed(
            list(zip(inputs[:-1], kernels, sums, inputs[1:], strict=True))
        ):
            back = upstream * slope(sum_, after)
            dx, dkernel, _ = conv.conv2d_gradients(before, kernel, back, padding="same")
            found.append(Layer(after, upstream, dkernel))
            upstream = dx
        return found[::-1]

    @property
    def output(self) -> np.ndarray:
        """Length of the gradient for the kernels of each layer, (depth,)."""
        return np.array([np.linalg.norm(one.kernels) for one in self.layers])

    def panels(self) -> list[Panel]:
        """Return the values of the layers beside one another, and the lengths of the gradients."""
        layers = self.layers
        values = np.hstack([np.pad(one.values[0, :, :, 0], ((0, 0), (0, 1))) for one in layers])
        lines = [
            f"layer {at}: values {np.sqrt((one.values**2).mean()):.2g}, "
            f"gradient {np.linalg.norm(one.kernels):.1e}"
            for at, one in enumerate(layers, 1)
        ]
        return [
            picture_panel("one map of each layer", values, side=600),
            text_panel("size of the values, length of the gradient for the kernels", lines),
        ]

    def describe(self) -> str:
        """Return what of the gradient comes back to the first layer."""
        state, lengths = self.state, self.output
        return (
            f"Gradients explorer: a stack of {state['depth']} convolutions with "
            f"{state['activation']} and the start {state['start']}. The gradient for the "
            f"kernels of its first layer is {lengths[0] / lengths[-1]:.2g} times that of its last."
        )
