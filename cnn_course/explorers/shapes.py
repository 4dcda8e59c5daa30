"""The explorer of shapes: a list of layers, and what each of them has and costs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

import numpy as np

from cnn_course import counting
from cnn_course.explorers import stills
from cnn_course.explorers.explorer import Explorer

_Describe = Callable[[dict[str, Any]], counting.Layer]


def _window(layer: dict[str, Any]) -> dict[str, Any]:
    return {"strides": layer["stride"], "padding": layer["padding"]}


#: kind in the state -> the layer that `counting` counts
_LAYERS: Final[dict[str, _Describe]] = {
    "conv": lambda one: counting.Conv2D(
        one["filters"], one["size"], use_bias=one["bias"], **_window(one)
    ),
    "depthwise": lambda one: counting.DepthwiseConv2D(
        one["size"],
        use_bias=one["bias"],
        depth_multiplier=one.get("multiplier", 1),
        **_window(one),
    ),
    "max": lambda one: counting.MaxPooling2D(one["size"], **_window(one)),
    "average": lambda one: counting.AveragePooling2D(one["size"], **_window(one)),
    "norm": lambda _: counting.BatchNormalization(),
    "relu": lambda _: counting.ReLU(),
    "dropout": lambda _: counting.Dropout(0.5),
    "flatten": lambda _: counting.Flatten(),
    "global": lambda _: counting.GlobalAveragePooling2D(),
    "dense": lambda one: counting.Dense(one["units"], use_bias=one["bias"]),
    "add": lambda _: counting.Add(),
    "concatenate": lambda _: counting.Concatenate(),
}


#: class of `counting` -> kind in the state
_KINDS: Final = {
    "Conv2D": "conv",
    "DepthwiseConv2D": "depthwise",
    "MaxPooling2D": "max",
    "AveragePooling2D": "average",
    "BatchNormalization": "norm",
    "ReLU": "relu",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "GlobalAveragePooling2D": "global",
    "Dense": "dense",
    "Add": "add",
    "Concatenate": "concatenate",
}
#: name in the state -> what `counting` calls it
_FIELDS: Final = {
    "filters": ("filters",),
    "units": ("units",),
    "size": ("kernel_size", "pool_size"),
    "stride": ("strides",),
    "padding": ("padding",),
    "bias": ("use_bias",),
    "multiplier": ("depth_multiplier",),
}


def _conv(filters: int, size: int, padding: str = "valid", stride: int = 1) -> dict[str, Any]:
    window = {"size": size, "stride": stride, "padding": padding}
    return {"kind": "conv", "filters": filters, **window, "bias": True}


def _pool(kind: str = "max") -> dict[str, Any]:
    return {"kind": kind, "size": 2, "stride": 2, "padding": "valid"}


def _dense(units: int) -> dict[str, Any]:
    return {"kind": "dense", "units": units, "bias": True}


_FLATTEN: Final = {"kind": "flatten"}
NETWORKS: Final[dict[str, dict[str, Any]]] = {
    "chapter 2": {
        "input": [28, 28, 1],
        "layers": [
            *(_conv(32, 3), _pool(), _conv(64, 3), _pool(), _conv(128, 3)),
            *(_FLATTEN, _dense(10)),
        ],
    },
    "LeNet-5": {
        "input": [28, 28, 1],
        "layers": [
            *(_conv(6, 5, "same"), _pool("average"), _conv(16, 5), _pool("average")),
            *(_FLATTEN, _dense(120), _dense(84), _dense(10)),
        ],
    },
    "the class test": {
        "input": [8, 8, 1],
        "layers": [
            *(_conv(1, 2, stride=2), _conv(2, 2, "same"), _pool()),
            *(_FLATTEN, _dense(10), _dense(10), _dense(3)),
        ],
    },
}


class Shapes(Explorer):
    """A list of layers, built by the reader and counted layer by layer.

    Args:
        network: `"chapter 2"`, `"LeNet-5"` or `"the class test"`; without it, `shape` and `layers`.
        shape: of one picture, (H, W, C).
        layers: dictionaries with `kind` (`"conv"`, `"depthwise"`, `"max"`, `"average"`, `"norm"`,
            `"relu"`, `"dropout"`, `"flatten"`, `"global"`, `"dense"`, `"add"`, `"concatenate"`) and
            what that kind has: `filters`, `units`, `size`, `stride`, `padding`, `bias`,
            `multiplier`. `after` says which outputs it takes, as a list of numbers, 0 the input,
            1 the first layer; without it, the one before.

    Raises:
        ValueError: no such network, or a layer that cannot follow the one before it.
    """

    module: ClassVar[str] = "shapes.mjs"

    def __init__(
        self,
        network: str = "chapter 2",
        *,
        shape: Sequence[int] | None = None,
        layers: Sequence[dict[str, Any]] | None = None,
    ) -> None:
        if network not in NETWORKS:
            raise ValueError(f"There is no network {network!r}. There are: {', '.join(NETWORKS)}.")
        state = dict(NETWORKS[network])
        state |= {} if shape is None else {"input": list(shape)}
        state |= {} if layers is None else {"layers": [dict(layer) for layer in layers]}
        self.result(state)  # says what is wrong before anything is shown
        super().__init__(state=state, choices={"networks": NETWORKS})

    @classmethod
    def of(cls, layers: Sequence[counting.Layer]) -> "Shapes":
        """Return the explorer of a list of layers as `counting` describes them.

        Args:
            layers: the input first, such as `classtest.generate(7).layers`; with branches or not.

        Raises:
            TypeError: an element is no layer.
            ValueError: they cannot be counted, or this explorer does not have one of them.
        """
        expected = counting.table(list(layers))
        first, *others = layers
        places = {first.name or "input": 0}
        described: list[dict[str, Any]] = []
        for layer, row in zip(others, expected, strict=True):
            one = _described(layer)
            if layer.after is not None:
                names = (layer.after,) if isinstance(layer.after, str) else layer.after
                after = [places[name] for name in names]
                one |= {} if after == [len(described)] else {"after": after}
            described.append(one)
            places[row.name] = len(described)
        explorer = cls(shape=expected.inputs[0], layers=described)
        for layer, mine, its in zip(others, explorer.table, expected, strict=True):
            if _numbers(mine) != _numbers(its):  # an argument that this explorer does not have
                raise ValueError(f"This explorer has no {layer}.")
        return explorer

    @property
    def table(self) -> counting.Table:
        """The stack, counted by `cnn_course.counting`."""
        return _table(self.state)

    @staticmethod
    def result(state: dict[str, Any]) -> np.ndarray:
        """Return the parameters of each layer, (layers,)."""
        return np.array([row.parameters for row in _table(state)])

    def panels(self) -> list[stills.Panel]:
        """Return a line for the input and for each layer."""
        lines = [f"input: {_sizes(self.state['input'])}"]
        for number, (layer, row) in enumerate(
            zip(self.state["layers"], self.table.rows, strict=True), start=1
        ):
            after = " and ".join(str(one or "the input") for one in layer.get("after") or ())
            lines.append(
                f"{number} {row.kind}{f' of {after}' if after else ''}: "
                f"{_sizes(row.output_shape)}, {row.parameters:,} parameters"
            )
        return [stills.words("layers", lines)]

    def describe(self) -> str:
        """Return the totals in words."""
        return f"Explorer of shapes. {self.table.summary()}."


def _described(layer: counting.Layer) -> dict[str, Any]:
    """Return a layer as the state has it."""
    found: dict[str, Any] = {"kind": _KINDS.get(layer.kind)}
    for name, words in _FIELDS.items():
        for word in words:
            value = getattr(layer, word, None)
            value = found.get("size") if name == "stride" and value is None else value
            if hasattr(layer, word):
                square = isinstance(value, tuple) and len(set(value)) == 1
                found[name] = value[0] if square and isinstance(value, tuple) else value
    if found["kind"] is None:
        raise ValueError(f"This explorer has no layer {layer.kind}.")
    if not all(isinstance(value, int | str) for value in found.values()):
        raise ValueError(f"This explorer has no {layer}.")
    return found


def _sizes(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _numbers(row: counting.Row) -> tuple[Any, ...]:
    return row.output_shape, row.parameters, row.multiplications, row.receptive_field


def _table(state: dict[str, Any]) -> counting.Table:
    try:
        layers = [_LAYERS[layer["kind"]](layer) for layer in state["layers"]]
    except KeyError as missing:
        raise ValueError(f"A layer has no {missing}, or there is no such kind.") from None
    taken = [_taken(layer, place) for place, layer in enumerate(state["layers"])]
    used = {number for numbers in taken for number in numbers}
    names = [f"layer {number}" if number in used else None for number in range(len(layers) + 1)]
    named = [
        replace(layer, name=names[place + 1], after=tuple(str(names[one]) for one in after) or None)
        for place, (layer, after) in enumerate(zip(layers, taken, strict=True))
    ]
    return counting.table([counting.Input(tuple(state["input"]), name=names[0]), *named])


def _taken(layer: dict[str, Any], place: int) -> list[int]:
    """Return the numbers of the outputs that a layer says it takes; none: the one before.

    Raises:
        ValueError: one does not stand before it.
    """
    after = layer.get("after")
    if after is None:
        return []
    if not isinstance(after, list | tuple) or not after:
        raise ValueError(
            f"Layer {place + 1} takes {after!r}. Write a list of numbers, such as [2]."
        )
    for one in after:
        if isinstance(one, bool) or not isinstance(one, int) or not 0 <= one <= place:
            raise ValueError(
                f"Layer {place + 1} takes {one!r}, and before it stand 0 (the input) to {place}."
            )
    return list(after)
