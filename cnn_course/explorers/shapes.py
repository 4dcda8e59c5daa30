"""The explorer of shapes: a list of layers, and what each of them has and costs."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import numpy as np

from cnn_course import counting
from cnn_course.arguments import one_of, whole_number
from cnn_course.explorers.explorer import Explorer, Panel, text_panel
from cnn_course.explorers.known_networks import KNOWN_NETWORKS

_MOST_LAYERS: Final = 100  # each takes a row that names all before it, as in layers.mjs
_LARGEST_NUMBER: Final = 2**53 - 1  # beyond, a browser rounds
_State = dict[str, Any]
_STEPS: Final = {"stride": "strides", "padding": "padding"}
_BIAS: Final = {"bias": "use_bias"}
_POOL: Final = {"size": "pool_size", **_STEPS}
_CONV: Final = {"size": "kernel_size", **_STEPS, **_BIAS}
#: kind in the state -> class in Keras and `counting`; name in the state -> argument
_LAYERS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "conv": ("Conv2D", {"filters": "filters", **_CONV}),
    "depthwise": ("DepthwiseConv2D", {**_CONV, "multiplier": "depth_multiplier"}),
    "max": ("MaxPooling2D", _POOL),
    "average": ("AveragePooling2D", _POOL),
    "norm": ("BatchNormalization", {}),
    "relu": ("ReLU", {}),
    "dropout": ("Dropout", {}),
    "flatten": ("Flatten", {}),
    "global": ("GlobalAveragePooling2D", {}),
    "dense": ("Dense", {"units": "units", **_BIAS}),
    "add": ("Add", {}),
    "concatenate": ("Concatenate", {}),
}


def _described(layer: counting.Layer) -> dict[str, Any]:
    """Return a layer as the state has it."""
    kinds = {name: (kind, fields) for kind, (name, fields) in _LAYERS.items()}
    if layer.kind not in kinds:
        raise ValueError(f"This explorer has no layer {layer.kind}.")
    kind, fields = kinds[layer.kind]
    found: dict[str, Any] = {"kind": kind}
    for name, argument in fields.items():
        value = getattr(layer, argument)
        value = found["size"] if argument == "strides" and value is None else value
        square = isinstance(value, tuple) and len(set(value)) == 1
        found[name] = value[0] if square else value
    if not all(isinstance(value, int | str) for value in found.values()):
        raise ValueError(f"This explorer has no {layer}.")
    return found


def _state(layers: Sequence[counting.Layer]) -> _State:
    """Return a list of layers, the input first, as the state has it.

    Raises:
        TypeError, ValueError: it cannot be counted, or this explorer does not have one of them.
    """
    rows = counting.table(list(layers))
    first, *others = layers
    places = {first.name or "input": 0}
    described: list[dict[str, Any]] = []
    for layer, row in zip(others, rows, strict=True):
        one = _described(layer)
        if layer.after is not None:
            names = (layer.after,) if isinstance(layer.after, str) else layer.after
            after = [places[name] for name in names]
            one |= {} if after == [len(described)] else {"after": after}
        described.append(one)
        places[row.name] = len(described)
    return {"input": [*rows.inputs[0]], "layers": described}


NETWORKS: Final = {name: _state(layers) for name, layers in KNOWN_NETWORKS.items()}


class Shapes(Explorer):
    """A list of layers, built by the reader and counted layer by layer.

    Args:
        network: a key of `known_networks.KNOWN_NETWORKS`, such as `"chapter 2"`, `"LeNet-5"` or
            `"MobileNet block"`; without it, `shape` and `layers`.
        shape: of one picture, (H, W, C).
        layers: dictionaries with `kind` (`"conv"`, `"depthwise"`, `"max"`, `"average"`, `"norm"`,
            `"relu"`, `"dropout"`, `"flatten"`, `"global"`, `"dense"`, `"add"`, `"concatenate"`) and
            what that kind has: `filters`, `units`, `size`, `stride`, `padding`, `bias`,
            `multiplier`. `after` says which outputs it takes, as a list of numbers, 0 the input,
            1 the first layer; without it, the one before.

    Raises:
        ValueError: no such network, or a layer that cannot follow the one before it; more than 100
            layers, or a number beyond 2**53, which no page can show exactly.
    """

    module: ClassVar[str] = "shapes.mjs"

    def __init__(
        self,
        network: str = "chapter 2",
        *,
        shape: Sequence[int] | None = None,
        layers: Sequence[dict[str, Any]] | None = None,
    ) -> None:
        state = dict(NETWORKS[one_of("network", network, NETWORKS)])
        state |= {} if shape is None else {"input": list(shape)}
        state |= {} if layers is None else {"layers": [dict(layer) for layer in layers]}
        super().__init__({"networks": NETWORKS}, **state)

    @classmethod
    def of(cls, layers: Sequence[counting.Layer]) -> "Shapes":
        """Return the explorer of a list of layers as `counting` describes them.

        Args:
            layers: the input first, such as `classtest.generate(7).layers`; with branches or not.

        Raises:
            TypeError: an element is no layer.
            ValueError: they cannot be counted, or this explorer does not have one of them.
        """
        state = _state(layers)
        explorer = cls(shape=state["input"], layers=state["layers"])
        expected, others = counting.table(list(layers)), layers[1:]
        for layer, mine, its in zip(others, explorer.table, expected, strict=True):
            if _numbers(mine) != _numbers(its):  # an argument that this explorer does not have
                raise ValueError(f"This explorer has no {layer}.")
        return explorer

    @classmethod
    def from_model(cls, model: Any) -> "Shapes":
        """Return the explorer of a Keras model, Sequential or functional.

        What comes behind a layer inside it, such as its activation, is not counted and not shown.

        Raises:
            ValueError: as `counting.layers_of`; or this explorer does not have one of its layers.
        """
        return cls.of(counting.layers_of(model))

    @property
    def table(self) -> counting.Table:
        """The stack, counted by `cnn_course.counting`."""
        return _table(**self.state)

    @staticmethod
    def result(state: dict[str, Any]) -> np.ndarray:
        """Return the parameters of each layer, (layers,)."""
        return np.array([row.parameters for row in _table(**state)])

    def panels(self) -> list[Panel]:
        """Return a line for the input and for each layer."""
        lines = [f"input: {_sizes(self.state['input'])}"]
        both = zip(self.state["layers"], self.table.rows, strict=True)
        for number, (layer, row) in enumerate(both, start=1):
            after = " and ".join(str(one or "the input") for one in layer.get("after") or ())
            lines.append(
                f"{number} {row.kind}{f' of {after}' if after else ''}: "
                f"{_sizes(row.output_shape)}, {row.parameters:,} parameters"
            )
        return [text_panel("layers", lines)]

    def describe(self) -> str:
        """Return the totals in words."""
        return f"Explorer of shapes. {self.table.summary()}."


def _sizes(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _numbers(row: counting.Row) -> tuple[Any, ...]:
    return row.output_shape, row.parameters, row.multiplications, row.receptive_field


def _table(input: Sequence[int], layers: Sequence[dict[str, Any]]) -> counting.Table:
    taken = [_taken(layer, place) for place, layer in enumerate(layers)]
    used = {number for numbers in taken for number in numbers}
    if len(layers) > _MOST_LAYERS or sum(len(one) or 1 for one in taken) > 2 * _MOST_LAYERS:
        raise ValueError(
            f"This explorer shows at most {_MOST_LAYERS} layers, "
            f"which take {2 * _MOST_LAYERS} outputs."
        )
    names = [f"layer {number}" if number in used else None for number in range(len(layers) + 1)]
    counted: list[counting.Layer] = [counting.Input(tuple(input), name=names[0])]
    for layer, name, numbers in zip(layers, names[1:], taken, strict=True):
        given: dict[str, Any] = {"multiplier": 1, **layer}
        try:
            kind, fields = _LAYERS[given["kind"]]
            arguments = {argument: given[field] for field, argument in fields.items()}
        except KeyError as missing:
            raise ValueError(f"A layer has no {missing}, or there is no such kind.") from None
        arguments |= {"rate": 0.5} if kind == "Dropout" else {}  # nothing depends on it
        after = tuple(str(names[number]) for number in numbers) or None
        counted.append(getattr(counting, kind)(**arguments, name=name, after=after))
    table = counting.table(counted)
    numbers = [table.parameters, table.multiplications]
    for row in table.rows:
        numbers += [*row.output_shape, *(row.receptive_field or ())]
    if max(numbers) > _LARGEST_NUMBER:
        raise ValueError(
            f"A number is larger than {_LARGEST_NUMBER:,}, and a page cannot show it exactly. "
            "Choose smaller layers."
        )
    return table


def _taken(layer: dict[str, Any], place: int) -> list[int]:
    """Return the numbers of the outputs that a layer says it takes; none: the one before.

    Raises:
        TypeError, ValueError: they are no whole numbers, or one does not stand before the layer.
    """
    after = layer.get("after")
    if after is None:
        return []
    if not isinstance(after, list | tuple) or not after:
        raise ValueError(
            f"Layer {place + 1} takes {after!r}. Write a list of numbers, such as [2]."
        )
    for one in after:
        if whole_number(f"What layer {place + 1} takes", one) > place:
            raise ValueError(
                f"Layer {place + 1} takes {one}, and before it stand 0 (the input) to {place}."
            )
    return list(after)
