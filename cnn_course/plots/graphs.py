"""What a figure of a network says: its layers, or groups of them, and what flows between them.

A Keras model is asked for its attributes; Keras itself is not imported.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

#: The names of a group's layers begin with this, or with one of these.
Prefixes = str | Collection[str]

_SHORT: Final = {
    "Activation": "",  # which one is said
    "Add": "Add",
    "AveragePooling": "Average pool",
    "BatchNormalization": "BN",
    "Conv": "Conv",
    "ConvTranspose": "Transposed conv",
    "DepthwiseConv": "Depthwise conv",
    "GlobalAveragePooling": "Global average pool",
    "GlobalMaxPooling": "Global max pool",
    "InputLayer": "Input",
    "MaxPooling": "Max pool",
    "ReLU": "ReLU",
    "SeparableConv": "Separable conv",
    "UpSampling": "Upsampling",
    "ZeroPadding": "Zero padding",
}


@dataclass(frozen=True)
class Box:
    """One box of the figure: a call of a layer, or a group.

    Attributes:
        heading: the name of a layer or group, or what kind of layer it is.
        says: what else is known of it: kind, size of its window, stride, activation.
        shape: what comes out, without the batch axis.
        parameters: a layer that is called again has none of its own.
        role: "input", "output" or "between".
        layers: the kinds of those inside.
    """

    heading: str
    says: tuple[str, ...]
    shape: tuple[int | None, ...]
    parameters: int
    role: str
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """Boxes, and the arrows between them as pairs of their places in the list."""

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[int, int], ...]

    def sources(self) -> dict[int, list[int]]:
        """Return for each box those whose output goes into it, each after its own sources.

        Raises:
            CycleError: the arrows lead back to where they came from.
        """
        found: dict[int, list[int]] = {place: [] for place in range(len(self.boxes))}
        for source, target in self.arrows:
            found[target].append(source)
        return {place: found[place] for place in TopologicalSorter(found).static_order()}


def read(model: Any, groups: Mapping[str, Prefixes] | None = None) -> Graph:
    """Return the graph of a Keras model.

    Args:
        model: a functional `keras.Model`, or a `keras.Sequential` that is built. A model inside
            it is one box.
        groups: title -> how the names of its layers begin; each group becomes one box.

    Raises:
        ValueError: the model has no graph; a group has no layer, shares one with another, or has
            a layer that is not in it between its own.
    """
    outputs = _ends(model)
    calls = _calls(outputs)
    places = {call: place for place, call in enumerate(calls)}
    last = {places[_maker(tensor)] for tensor in outputs}
    seen: set[int] = set()
    boxes, names = [], []
    arrows: dict[tuple[int, int], None] = {}  # each once, in order
    for place, call in enumerate(calls):
        layer = call.operation
        box = _box(layer, tuple(call.outputs[0].shape[1:]), again=id(layer) in seen)
        seen.add(id(layer))
        boxes.append(replace(box, role="output") if place in last else box)
        names.append(layer.name)
        arrows |= {(places[_maker(tensor)], place): None for tensor in call.input_tensors}
    graph = Graph(tuple(boxes), tuple(arrows))
    return _grouped(graph, names, groups) if groups else graph


def _ends(model: Any) -> list[Any]:
    """Return the output tensors of a model's graph."""
    try:
        tensors = model.outputs
    except (AttributeError, ValueError):  # what Keras raises has changed between versions
        tensors = None
    if tensors:
        return list(tensors)
    kind = type(model).__name__
    raise ValueError(
        f"A model with a graph of layers is needed, but this {kind} has none. Make it with "
        "keras.Model(inputs, outputs), or start a keras.Sequential with "
        "keras.Input((height, width, channels))."
    )


def _maker(tensor: Any) -> Any:
    """Return the call that made a tensor; Keras records it with the tensor."""
    operation, place, _ = tensor._keras_history
    return operation._inbound_nodes[place]


def _calls(outputs: list[Any]) -> list[Any]:
    """Return the calls that lead to `outputs`, each after those it needs."""
    needs: dict[Any, list[Any]] = {}
    waiting = [_maker(tensor) for tensor in outputs]
    while waiting:
        call = waiting.pop()
        if call not in needs:
            needs[call] = [_maker(tensor) for tensor in call.input_tensors]
            waiting.extend(needs[call])
    return list(TopologicalSorter(needs).static_order())


def _box(layer: Any, shape: tuple[int | None, ...], *, again: bool) -> Box:
    """Return the box of one call of a layer."""
    kind = type(layer).__name__
    is_model = hasattr(layer, "layers")
    automatic = re.sub(r"(_\d+)?$", "", layer.name).replace("_", "") == kind.lower()
    says = list(_settings(layer))
    if not is_model and (short := _short(kind)):
        says[:1] = [f"{short} {says[0]}".strip()]
    if again:
        says.append("again")
    says = [part for part in says if part]
    heading = layer.name
    if automatic and says:
        heading = says.pop(0)
    parameters = layer.count_params() if hasattr(layer, "count_params") and not again else 0
    role = "input" if kind == "InputLayer" else "between"
    return Box(heading, tuple(says), shape, parameters, role, (kind,))


def _short(kind: str) -> str:
    """Return what a kind of layer is called: `LayerNormalization` is "Layer normalization"."""
    plain = re.sub(r"[123]D", "", kind)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    return _SHORT.get(plain, words[:1].upper() + words[1:].lower())


def _settings(layer: Any) -> Iterator[str]:
    """Yield the window and size of a layer, maybe empty, then each setting that is unusual."""
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    pooling = hasattr(layer, "pool_size")
    size = getattr(layer, "filters", None) or getattr(layer, "units", None)
    rate = getattr(layer, "rate", None)
    first = [_sides(window)] if window else []
    if size or rate:
        first.append(f"{size:,}" if size else f"{rate:g}")
    yield ", ".join(first)
    strides = getattr(layer, "strides", None)
    if strides and (pooling or set(_pair(strides)) != {1}):
        yield f"stride {_either(strides)}"
    if set(_pair(getattr(layer, "dilation_rate", 1))) != {1}:
        yield f"dilation {_either(layer.dilation_rate)}"
    if getattr(layer, "groups", 1) not in (1, None) and window:
        yield f"{layer.groups} groups"
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if activation != "linear":
        yield {"relu": "ReLU"}.get(activation, activation)


def _pair(value: Any) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)


def _sides(value: Any) -> str:
    """Return `3×3` for a window of (3, 3)."""
    return "×".join(str(side) for side in _pair(value))


def _either(value: Any) -> str:
    """Return `2` for (2, 2), and `2×1` for (2, 1)."""
    return str(_pair(value)[0]) if len(set(_pair(value))) == 1 else _sides(value)


def _grouped(graph: Graph, names: list[str], groups: Mapping[str, Prefixes]) -> Graph:
    """Return the graph with one box for each group, at the place of its first layer."""
    homes = [_home(name, groups) for name in names]
    if missing := [title for title in groups if title not in homes]:
        raise ValueError(
            f"The group {missing[0]!r} has no layer: no name begins with {groups[missing[0]]!r}. "
            f"The names are {', '.join(names)}."
        )
    keys = [place if home is None else home for place, home in enumerate(homes)]
    order = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    boxes = []
    for key in order:
        inside = [box for box, own in zip(graph.boxes, keys, strict=True) if own == key]
        boxes.append(_together(key, inside) if isinstance(key, str) else inside[0])
    arrows = dict.fromkeys((order[keys[a]], order[keys[b]]) for a, b in graph.arrows)
    merged = Graph(tuple(boxes), tuple((a, b) for a, b in arrows if a != b))
    try:
        merged.sources()
    except CycleError as error:
        around = [boxes[place].heading for place in error.args[1]]
        raise ValueError(
            "A group has to be in one piece, but another layer lies between its layers: "
            f"{' → '.join(around)}. Take that layer into the group, or make two groups."
        ) from None
    return merged


def _home(name: str, groups: Mapping[str, Prefixes]) -> str | None:
    """Return the group that a layer belongs to."""
    found = []
    for title, prefixes in groups.items():
        starts = (prefixes,) if isinstance(prefixes, str) else tuple(prefixes)
        if name.startswith(starts):
            found.append(title)
    if len(found) > 1:
        raise ValueError(
            f"Layer {name!r} is in the groups {found[0]!r} and {found[1]!r}. "
            "Choose prefixes that no two groups share."
        )
    return found[0] if found else None


def _together(title: str, inside: list[Box]) -> Box:
    """Return the box of a group. What comes out of it comes out of its last layer."""
    kinds = tuple(kind for box in inside for kind in box.layers)
    convolutions, dense = sum("Conv" in kind for kind in kinds), kinds.count("Dense")
    says = [
        f"{number} {word}{'s' if number > 1 else ''}"
        for number, word in ((convolutions, "convolution"), (dense, "dense layer"))
        if number
    ] or [f"{len(inside)} layer{'s' if len(inside) > 1 else ''}"]
    roles = {box.role for box in inside}
    role = next((role for role in ("output", "input") if role in roles), "between")
    parameters = sum(box.parameters for box in inside)
    return Box(title, tuple(says), inside[-1].shape, parameters, role, kinds)
