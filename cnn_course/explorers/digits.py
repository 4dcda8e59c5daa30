"""The digit network: chapter 2's convnet computes what the reader draws, layer by layer."""

import base64
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar, Final

import numpy as np

from cnn_course import conv, records
from cnn_course.arguments import one_of, whole_number
from cnn_course.explorers.explorer import Explorer, Panel, bars_panel, picture_panel

CHAPTER: Final = "02-mnist-convnet"
SIDE: Final = 28
LAYERS: Final = ("conv_1", "pool_1", "conv_2", "pool_2", "conv_3")
_SHAPES: Final = (
    *((3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (3, 3, 64, 128), (128,)),
    *((1152, 10), (10,)),
)
_REACH: Final = 1.3  # of the pen that drew the examples, in pixels
#: digit -> lines of points (row, column)
_STROKES: Final = {
    "0": [[(5, 13), (7, 9), (13, 8), (19, 9), (22, 13), (20, 18), (14, 19), (8, 18), (5, 13)]],
    "1": [[(8, 11), (5, 14), (22, 14)]],
    "2": [[(8, 9), (5, 13), (7, 18), (11, 18), (17, 12), (22, 8), (22, 19)]],
    "3": [[(6, 9), (5, 14), (8, 18), (12, 17), (13, 13)], [(13, 14), (16, 18), (20, 17), (22, 9)]],
    "4": [[(5, 10), (13, 8), (14, 18)], [(6, 18), (22, 16)]],
    "5": [[(5, 18), (5, 10), (12, 9), (12, 15), (16, 18), (20, 16), (22, 9)]],
    "6": [[(5, 16), (10, 10), (17, 8), (22, 12), (20, 18), (15, 17), (15, 10)]],
    "7": [[(6, 8), (6, 19), (14, 14), (22, 12)]],
    "8": [
        [(13, 13), (8, 9), (5, 13), (8, 18), (13, 13), (18, 9), (22, 13), (19, 18), (13, 13)],
    ],
    "9": [[(8, 18), (5, 13), (8, 9), (12, 12), (10, 18), (8, 18), (16, 17), (22, 15)]],
}


class DigitNetwork(Explorer):
    """The convnet of chapter 2, for a drawing: all maps, filters and the ten probabilities.

    Args:
        drawing: a digit as text, `"7"`, for an example; or an array (28, 28) of whole numbers from
            0, black, to 255, white, such as a picture of MNIST.
        layer: `"conv_1"`, `"pool_1"`, `"conv_2"`, `"pool_2"` or `"conv_3"`, the one to look into.
        map: number of the map there.
        weights: `model.get_weights()` of such a network, rounded to half precision; None takes
            those of the recorded full run of chapter 2, trained on MNIST.

    Raises:
        TypeError: the map is not a whole number.
        ValueError: no such drawing, layer or map, or weights of another network.
        FileNotFoundError: no full run of chapter 2 is recorded.
    """

    module: ClassVar[str] = "digits.mjs"

    def __init__(
        self,
        drawing: str | Sequence[Sequence[int]] | np.ndarray = "7",
        *,
        layer: str = "conv_1",
        map: int = 0,
        weights: Sequence[np.ndarray] | None = None,
    ) -> None:
        arrays = records.recorded_weights(CHAPTER) if weights is None else weights
        shapes = tuple(np.shape(array) for array in arrays)
        if shapes != _SHAPES:
            raise ValueError(f"The weights have the shapes {shapes}. The network needs {_SHAPES}.")
        halves = [np.asarray(array).astype("<f2") for array in arrays]
        self._weights = [half.astype(np.float32) for half in halves]
        content = base64.b64encode(b"".join(half.tobytes() for half in halves)).decode()
        choices = {
            "drawings": {digit: _drawn(lines).tobytes().hex() for digit, lines in _STROKES.items()},
            "weights": {"halves": content, "shapes": [list(shape) for shape in _SHAPES]},
        }
        super().__init__(choices, layer=layer, map=map, drawing=drawing)

    def _own(self, name: str, value: Any) -> str:
        array = np.asarray(value)
        if array.shape != (SIDE, SIDE):
            raise ValueError(f"A drawing has the shape ({SIDE}, {SIDE}), not {array.shape}.")
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > 255:
            raise ValueError("A drawing has whole numbers from 0, black, to 255, white.")
        return array.astype(np.uint8).tobytes().hex()

    def _check(self, state: dict[str, Any]) -> None:
        layer, number = one_of("layer", state["layer"], LAYERS), state["map"]
        known = self._weights[2 * int(layer[-1]) - 1].size
        if whole_number("map", number) >= known:
            raise ValueError(f"There is no map {number}: {layer} has 0 to {known - 1}.")

    @property
    def drawing(self) -> np.ndarray:
        """What is drawn, (28, 28), uint8 from 0, black, to 255, white."""
        return np.frombuffer(bytes.fromhex(self.state["drawing"]), np.uint8).reshape(SIDE, SIDE)

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """The maps of every layer, name -> (H, W, channels)."""
        x = self.drawing[None, :, :, None] / 255
        maps, weights = {}, iter(self._weights)
        for name in LAYERS:
            if name.startswith("conv"):
                x = conv.relu(conv.conv2d(x, next(weights), next(weights)))
            else:
                x = conv.pool2d(x)
            maps[name] = x[0]
        return maps

    @property
    def output(self) -> np.ndarray:
        """The ten probabilities, (10,)."""
        *_, kernel, bias = self._weights
        scores = self.maps["conv_3"].ravel() @ kernel + bias
        powers = np.exp(scores - scores.max())
        return powers / powers.sum()

    def panels(self) -> list[Panel]:
        """Return the drawing, the probabilities and the maps of the first layer."""
        maps = np.pad(self.maps["conv_1"], ((0, 1), (0, 1), (0, 0)))
        rows = [np.hstack([maps[:, :, row + k] for k in range(8)]) for row in range(0, 32, 8)]
        shares = {str(digit): float(share) for digit, share in enumerate(self.output)}
        return [
            picture_panel("drawing", self.drawing.astype(float)),
            bars_panel("probability", shares),
            picture_panel("conv_1: 32 maps", np.vstack(rows), side=430),
        ]

    def describe(self) -> str:
        """Return what the network takes the drawing for."""
        digit = int(self.output.argmax())
        article = "an" if digit == 8 else "a"
        return (
            f"Digit network: chapter 2's convnet takes the drawing for {article} {digit}, with a "
            f"probability of {self.output[digit]:.2f}."
        )


def _drawn(lines: Sequence[Sequence[tuple[int, int]]]) -> np.ndarray:
    """Draw lines from point to point with a soft pen, (28, 28), uint8."""
    places = np.moveaxis(np.mgrid[:SIDE, :SIDE].astype(float), 0, -1)
    ink = np.zeros((SIDE, SIDE))
    for line in lines:
        for start, end in pairwise(line):
            way = np.subtract(end, start)
            along = np.clip((places - start) @ way / (way @ way), 0, 1)
            distance = np.linalg.norm(places - start - along[..., None] * way, axis=-1)
            ink = np.maximum(ink, np.clip(_REACH + 0.5 - distance, 0, 1))
    return (ink * 255).round().astype(np.uint8)
