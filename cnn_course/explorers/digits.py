"""The digit network: chapter 2's convnet computes what the reader draws, layer by layer."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar, Final

import numpy as np

from cnn_course import records
from cnn_course.arguments import one_of, whole_number
from cnn_course.explorers.digit_network import SIDE, layers_of_model, layers_of_weights, packed
from cnn_course.explorers.explorer import Explorer, Panel, bars_panel, picture_panel

CHAPTER: Final = "02-mnist-convnet"
SCALES: Final = ("layer", "map")
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
    """The convnet of chapter 2, for a drawing: all maps, and how each value in them comes about.

    Args:
        drawing: a digit as text, `"7"`, for an example; or an array (28, 28) of whole numbers from
            0, black, to 255, white, such as a picture of MNIST.
        layer: `"conv_1"`, `"pool_1"`, `"conv_2"`, `"pool_2"`, `"conv_3"` or `"dense"`, the one to
            look into.
        map: number of the map there; of `"dense"`, the digit whose score is looked at.
        place: row and column of the value there; None takes the largest.
        channel: number of the map before whose products are written out; None takes the one that
            adds most.
        scale: of brightness: `"layer"`, one for all maps of a layer, or `"map"`, one for each.
        weights: a trained Keras model, a chain of convolutions, poolings and dense layers for
            pictures (28, 28, 1), whose layers are then called as above; or
            `model.get_weights()` of a network like chapter 2's. Both are rounded to half precision.
            None takes those of the recorded full run of chapter 2, trained on MNIST.

    Raises:
        TypeError: the map, place or channel is not whole numbers.
        ValueError: no such drawing, layer, map, place or channel, or another kind of network.
        FileNotFoundError: no full run of chapter 2 is recorded.
    """

    module: ClassVar[str] = "digits.mjs"

    def __init__(
        self,
        drawing: str | Sequence[Sequence[int]] | np.ndarray = "7",
        *,
        layer: str = "conv_1",
        map: int = 0,
        place: tuple[int, int] | None = None,
        channel: int | None = None,
        scale: str = "layer",
        weights: Any = None,
    ) -> None:
        if hasattr(weights, "get_weights"):
            self._layers = layers_of_model(weights)
        else:
            arrays = records.recorded_weights(CHAPTER) if weights is None else weights
            self._layers = layers_of_weights(arrays)
        choices = {
            "drawings": {digit: _drawn(lines).tobytes().hex() for digit, lines in _STROKES.items()},
            "weights": packed(self._layers),
        }
        chosen = {"layer": layer, "map": map, "place": place, "channel": channel, "scale": scale}
        super().__init__(choices, **chosen, drawing=drawing)

    def _changed(
        self, state: dict[str, Any], changes: dict[str, Any], choices: dict[str, Any]
    ) -> dict[str, Any]:
        # Another map is looked at where it is largest, as in the module.
        if not changes.keys().isdisjoint(("layer", "map")):
            changes = {"place": None, "channel": None} | changes
        return super()._changed(state, changes, choices)

    def _part(self, name: str, value: Any, known: dict[str, Any] | None) -> dict[str, Any]:
        if name == "place" and value is not None:
            value = [whole_number("A row or column of place", one) for one in np.atleast_1d(value)]
        return super()._part(name, value, known)

    def _own(self, name: str, value: Any) -> str:
        array = np.asarray(value)
        if array.shape != (SIDE, SIDE):
            raise ValueError(f"A drawing has the shape ({SIDE}, {SIDE}), not {array.shape}.")
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > 255:
            raise ValueError("A drawing has whole numbers from 0, black, to 255, white.")
        return array.astype(np.uint8).tobytes().hex()

    def _check(self, state: dict[str, Any]) -> None:
        names = [layer.name for layer in self._layers]
        layer = self._layers[names.index(one_of("layer", state["layer"], names))]
        *shape, count = layer.maps
        if whole_number("map", state["map"]) >= count:
            raise ValueError(f"There is no map {state['map']}: {layer.name} has 0 to {count - 1}.")
        place, channel = state["place"], state["channel"]
        if place is not None and (len(place) != 2 or not (np.array(place) < shape).all()):
            raise ValueError(
                f"There is no place {place}: a map of {layer.name} has {shape[0]} rows and "
                f"{shape[1]} columns, counted from 0."
            )
        depth = 1 if layer is self._layers[0] else self._layers[names.index(layer.name) - 1].maps[2]
        if channel is not None and whole_number("channel", channel) >= depth:
            raise ValueError(f"There is no channel {channel}: {layer.name} sees 0 to {depth - 1}.")
        one_of("scale", state["scale"], SCALES)

    @property
    def drawing(self) -> np.ndarray:
        """What is drawn, (28, 28), uint8 from 0, black, to 255, white."""
        return np.frombuffer(bytes.fromhex(self.state["drawing"]), np.uint8).reshape(SIDE, SIDE)

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """The maps of every layer, name -> (H, W, channels)."""
        x = self.drawing[None, :, :, None] / 255
        return {layer.name: (x := layer(x))[0] for layer in self._layers}

    @property
    def scores(self) -> np.ndarray:
        """The ten scores before softmax, (10,)."""
        return self.maps[self._layers[-1].name].ravel()

    @property
    def output(self) -> np.ndarray:
        """The ten probabilities, (10,)."""
        scores = self.scores
        powers = np.exp(scores - scores.max())
        return powers / powers.sum()

    def panels(self) -> list[Panel]:
        """Return the drawing, the probabilities and the maps of all layers."""
        maps = list(self.maps.items())[:-1]  # the last are the scores
        shares = {str(digit): float(share) for digit, share in enumerate(self.output)}
        return [
            picture_panel("drawing", self.drawing.astype(float)),
            bars_panel("probability", shares),
            *(
                picture_panel(f"{name}: {made.shape[2]} maps", _side_by_side(made), side)
                for side, (name, made) in zip([300, *[162] * len(maps)], maps, strict=False)
            ),
        ]

    def describe(self) -> str:
        """Return what the network takes the drawing for."""
        digit = int(self.output.argmax())
        article = "an" if digit == 8 else "a"
        return (
            f"Digit network: chapter 2's convnet takes the drawing for {article} {digit}, with a "
            f"probability of {self.output[digit]:.2f}."
        )


def _side_by_side(maps: np.ndarray) -> np.ndarray:
    """Return maps (H, W, C) beside and below one another, with a line between them, uint8."""
    height, width, count = maps.shape
    across = next(n for n in range(math.ceil(math.sqrt(count)), count + 1) if count % n == 0)
    grey = np.uint8(np.clip(maps * (255 / max(float(maps.max()), 1e-9)), 0, 255))
    lined = np.pad(grey, ((0, 1), (0, 1), (0, 0)), constant_values=90)
    rows = lined.reshape(height + 1, width + 1, count // across, across).transpose(2, 0, 3, 1)
    return rows.reshape(count // across * (height + 1), across * (width + 1))[:-1, :-1]


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
