"""The boxes of a figure of a Keras model: its layers or groups of them, and what leads to each."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, Final

from cnn_course.keras_graph import calls, ends

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
    """One box of the figure: a call of a layer, or a group."""

    heading: str  # the name of the layer or group, or what kind of layer it is
    details: Sequence[str]  # kind, size of its window, stride, activation
    shape: Sequence[int | None]  # of what comes out, without the batch axis
    parameters: int  # a layer that is called again has none of its own
    role: str  # "input", "output" or "between"
    sources: Sequence[int]  # places in the list of the boxes whose output goes into this one


def read(model: Any, groups: Groups | None = None) -> list[Box]:
    """Return the boxes of a Keras model, each after its sources. A model inside it is one box.

    Raises:
        ValueError: the model has no graph; a group has no layer, shares one with another, or has
            a layer that is not in it between its own.
    """
    outputs = {id(tensor) for tensor in ends(model, "outputs")}
    places: dict[Any, int] = {}
    boxes: list[Box] = []
    layers: list[Any] = []
    for place, call in enumerate(calls(model)):
        places[call] = place
        layer = call.operation
        own = list(dict.fromkeys(places[parent] for parent in call.parent_nodes))
        heading, details = _texts(layer)
        again = any(layer is one for one in layers)
        counts = hasattr(layer, "count_params") and not again
        parameters = layer.count_params() if counts else 0
        inner = "input" if type(layer).__name__ == "InputLayer" else "between"
        role = "output" if any(id(tensor) in outputs for tensor in call.outputs) else inner
        shape = call.outputs[0].shape[1:]
        boxes.append(Box(heading, details + ["again"] * again, shape, parameters, role, own))
        layers.append(layer)
    return _grouped(boxes, layers, groups) if groups else boxes


def _texts(layer: Any) -> tuple[str, list[str]]:
    """Return the heading and the details of a layer."""
    kind = type(layer).__name__
    details = list(_settings(layer))
    if not hasattr(layer, "layers"):  # a model in the model has a name of its own
        details[0] = f"{_short(kind)} {details[0]}".strip()
    details = [part for part in details if part]
    automatic = re.sub(r"(_\d+)?$", "", layer.name).replace("_", "") == kind.lower()
    return (details.pop(0) if automatic and details else layer.name), details


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


def _grouped(boxes: Sequence[Box], layers: Sequence[Any], groups: Groups) -> list[Box]:
    """Return one box for each group, and the boxes of all layers that are in none."""
    keys = [_key(place, layer.name, groups) for place, layer in enumerate(layers)]
    if missing := [title for title in groups if title not in keys]:
        raise ValueError(
            f"The group {missing[0]!r} has no layer: no name begins with {groups[missing[0]]!r}. "
            f"The names are {', '.join(layer.name for layer in layers)}."
        )
    sources: dict[str | int, dict[str | int, None]] = {key: {} for key in keys}
    for key, box in zip(keys, boxes, strict=True):
        sources[key] |= {keys[source]: None for source in box.sources if keys[source] != key}
    try:
        order = list(TopologicalSorter(sources).static_order())
    except CycleError as error:
        around = [key if isinstance(key, str) else boxes[key].heading for key in error.args[1]]
        raise ValueError(
            "A group has to be in one piece, but another layer lies between its layers: "
            f"{' → '.join(around)}. Take that layer into the group, or make two groups."
        ) from None
    found = []
    for key in order:
        inside = [place for place, own in enumerate(keys) if own == key]
        box = boxes[inside[0]]
        if isinstance(key, str):
            box = _together(key, [boxes[p] for p in inside], [layers[p] for p in inside])
        found.append(replace(box, sources=[order.index(source) for source in sources[key]]))
    return found


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
    return Box(title, details, boxes[-1].shape, parameters, role, ())
