"""A Keras model as a graph: its layers, or groups of them, and the tensors between them.

A model is asked for its attributes; Keras itself is not imported.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

#: The names of a group's layers begin with this, or with one of these.
Prefixes = str | Collection[str]
Groups = Mapping[str, Prefixes]

_SHORT: Final = {
    "Activation": "",  # which one is said
    "BatchNormalization": "BN",
    "ConvTranspose": "Transposed conv",
    "InputLayer": "Input",
    "ReLU": "ReLU",
    "UpSampling": "Upsampling",
}


@dataclass(frozen=True)
class Box:
    """One box of the figure: a call of a layer, or a group.

    Attributes:
        heading: the name of a layer or group, or what kind of layer it is.
        details: what else is known of it: kind, size of its window, stride, activation.
        shape: what comes out, without the batch axis.
        parameters: a layer that is called again has none of its own.
        role: "input", "output" or "between".
    """

    heading: str
    details: tuple[str, ...]
    shape: tuple[int | None, ...]
    parameters: int
    role: str


@dataclass(frozen=True)
class Graph:
    """Boxes, and the arrows between them as pairs of their places in the list."""

    boxes: list[Box]
    arrows: list[tuple[int, int]]

    def sources(self) -> dict[int, list[int]]:
        """Return for each box those whose output goes into it, each after its own sources.

        Raises:
            CycleError: the arrows lead back to where they came from.
        """
        found: dict[int, list[int]] = {place: [] for place in range(len(self.boxes))}
        for source, target in self.arrows:
            found[target].append(source)
        return {place: found[place] for place in TopologicalSorter(found).static_order()}


def read(model: Any, groups: Groups | None = None) -> Graph:
    """Return the graph of a Keras model.

    Args:
        model: a functional `keras.Model`, or a `keras.Sequential` that is built. A model inside
            it is one box.
        groups: title -> how the names of its layers begin; each group becomes one box.

    Raises:
        ValueError: the model has no graph; a group has no layer, shares one with another, or has
            a layer that is not in it between its own.
    """
    last = _last_calls(model)
    needs: dict[Any, list[Any]] = {}
    waiting = list(last)
    while waiting:
        call = waiting.pop()
        if call not in needs:
            needs[call] = call.parent_nodes
            waiting.extend(needs[call])
    places: dict[Any, int] = {}
    boxes: list[Box] = []
    layers: list[Any] = []
    arrows: dict[tuple[int, int], None] = {}  # each once, in order
    for place, call in enumerate(TopologicalSorter(needs).static_order()):
        places[call] = place
        arrows |= {(places[source], place): None for source in needs[call]}
        again = any(call.operation is layer for layer in layers)
        boxes.append(_box(call, again=again, role="output" if call in last else None))
        layers.append(call.operation)
    graph = Graph(boxes, list(arrows))
    return _grouped(graph, layers, groups) if groups else graph


def _last_calls(model: Any) -> list[Any]:
    """Return the calls of layers that made the outputs of a model; Keras keeps them as nodes."""
    try:
        outputs = model.outputs
    except (AttributeError, ValueError):  # what Keras raises has changed between versions
        outputs = None
    if not outputs:
        raise ValueError(
            f"A model with a graph of layers is needed, but this {type(model).__name__} has none. "
            "Make it with keras.Model(inputs, outputs), or start a keras.Sequential with "
            "keras.Input((height, width, channels))."
        )
    made = [tensor._keras_history for tensor in outputs]
    return [operation._inbound_nodes[place] for operation, place, _ in made]


def _box(call: Any, *, again: bool, role: str | None) -> Box:
    """Return the box of one call of a layer, maybe not the first."""
    layer, kind = call.operation, type(call.operation).__name__
    details = list(_settings(layer))
    if not hasattr(layer, "layers"):  # a model in the model has a name of its own
        details[0] = f"{_short(kind)} {details[0]}".strip()
    if again:
        details.append("again")
    details = [part for part in details if part]
    automatic = re.sub(r"(_\d+)?$", "", layer.name).replace("_", "") == kind.lower()
    heading = details.pop(0) if automatic and details else layer.name
    parameters = layer.count_params() if hasattr(layer, "count_params") and not again else 0
    role = role or ("input" if kind == "InputLayer" else "between")
    return Box(heading, tuple(details), tuple(call.outputs[0].shape[1:]), parameters, role)


def _short(kind: str) -> str:
    """Return what a kind of layer is called: `GlobalMaxPooling2D` is "Global max pool"."""
    plain = re.sub(r"[123]D", "", kind)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain.replace("Pooling", "Pool"))
    return _SHORT.get(plain, words[:1].upper() + words[1:].lower())


def _settings(layer: Any) -> Iterator[str]:
    """Yield the window and size of a layer, maybe empty, then each setting that is unusual."""
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    size = getattr(layer, "filters", None) or getattr(layer, "units", None)
    rate = getattr(layer, "rate", None)
    first = ["×".join(_sides(window))] if window else []
    if size or rate:
        first.append(f"{size:,}" if size else f"{rate:g}")
    yield ", ".join(first)
    stride = _either(getattr(layer, "strides", None) or 1)
    if stride != "1" or (hasattr(layer, "pool_size") and hasattr(layer, "strides")):
        yield f"stride {stride}"
    dilation = _either(getattr(layer, "dilation_rate", 1))
    if dilation != "1":
        yield f"dilation {dilation}"
    if window and getattr(layer, "groups", 1) not in (1, None):
        yield f"{layer.groups} groups"
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if activation != "linear":
        yield {"relu": "ReLU"}.get(activation, activation)


def _sides(value: Any) -> list[str]:
    return [str(side) for side in ([value] if isinstance(value, int) else value)]


def _either(value: Any) -> str:
    """Return `2` for (2, 2), and `2×1` for (2, 1)."""
    sides = _sides(value)
    return sides[0] if len(set(sides)) == 1 else "×".join(sides)


def _grouped(graph: Graph, layers: Sequence[Any], groups: Groups) -> Graph:
    """Return the graph with one box for each group, at the place of its first layer."""
    keys = [_key(place, layer.name, groups) for place, layer in enumerate(layers)]
    if missing := [title for title in groups if title not in keys]:
        raise ValueError(
            f"The group {missing[0]!r} has no layer: no name begins with {groups[missing[0]]!r}. "
            f"The names are {', '.join(layer.name for layer in layers)}."
        )
    members: dict[str | int, list[int]] = {}
    for place, key in enumerate(keys):
        members.setdefault(key, []).append(place)
    boxes = [
        _together(key, [graph.boxes[place] for place in own], [layers[place] for place in own])
        if isinstance(key, str)
        else graph.boxes[key]
        for key, own in members.items()
    ]
    order = {key: place for place, key in enumerate(members)}
    arrows = dict.fromkeys((order[keys[source]], order[keys[to]]) for source, to in graph.arrows)
    merged = Graph(boxes, [(source, to) for source, to in arrows if source != to])
    try:
        merged.sources()
    except CycleError as error:
        around = [boxes[place].heading for place in error.args[1]]
        raise ValueError(
            "A group has to be in one piece, but another layer lies between its layers: "
            f"{' → '.join(around)}. Take that layer into the group, or make two groups."
        ) from None
    return merged


def _key(place: int, name: str, groups: Groups) -> str | int:
    """Return the title of the group that a layer is in, or else the layer's own place."""
    found = [
        title
        for title, prefixes in groups.items()
        if name.startswith((prefixes,) if isinstance(prefixes, str) else tuple(prefixes))
    ]
    if len(found) > 1:
        raise ValueError(
            f"Layer {name!r} is in the groups {found[0]!r} and {found[1]!r}. "
            "Choose prefixes that no two groups share."
        )
    return found[0] if found else place


def _together(title: str, boxes: Sequence[Box], layers: Sequence[Any]) -> Box:
    """Return the box of a group. What comes out of it comes out of its last layer."""
    kinds = [type(layer).__name__ for layer in layers]
    counts = {
        "convolution": sum("Conv" in kind for kind in kinds),
        "dense layer": kinds.count("Dense"),
    }
    said = {word: count for word, count in counts.items() if count} or {"layer": len(boxes)}
    details = [f"{count} {word}{'s' if count > 1 else ''}" for word, count in said.items()]
    roles = {box.role for box in boxes}
    role = next((role for role in ("output", "input") if role in roles), "between")
    parameters = sum(box.parameters for box in boxes)
    return Box(title, tuple(details), boxes[-1].shape, parameters, role)
