"""Reads a Keras model without importing Keras: its graph, each layer's config, its shapes.

Nothing is taken on trust: every layer is counted from its config, and the result must agree with
the shape and the number of parameters that Keras itself reports.
"""

from collections.abc import Sequence
from dataclasses import fields
from graphlib import TopologicalSorter
from math import prod
from typing import Any, Final

from .layers import KNOWN, Count, Layer, Shape
from .layers.base import checked_shape
from .network import Use, Value, inputs_of, named, use
from .receptive_field import union

#: Functions of `keras.ops` that a model may hold. They combine values and have no weights.
OPERATIONS: Final = frozenset(
    {
        *("Absolute", "Add", "Divide", "GetItem", "Maximum", "Minimum", "Multiply", "Negative"),
        *("Relu", "Sigmoid", "Softmax", "Square", "Stack", "Subtract", "Tanh", "TrueDivide"),
    }
)


def is_keras_model(thing: object) -> bool:
    """Return whether `thing` looks like a Keras model."""
    return hasattr(thing, "layers") and hasattr(thing, "count_params")


def read(model: Any) -> tuple[list[Shape], list[Use]]:
    """Return the input shapes of a Keras model and the uses of its layers, in the model's order.

    Models inside the model are opened. A layer that is called twice is used twice.

    Args:
        model: a built `keras.Sequential` or a functional `keras.Model`, channels last.

    Raises:
        ValueError: the model has no graph or unknown sizes, or a layer cannot be counted.
    """
    shapes = [tuple(tensor.shape[1:]) for tensor in _ends(model, "inputs")]
    for shape in shapes:
        if None in shape:
            raise ValueError(
                f"The input of the model {model.name!r} has the shape {shape}, and with unknown "
                "sizes nothing can be counted. Make the model with input_shape=(height, width, "
                "channels), or call it on a keras.Input of known size."
            )
    uses, _ = _walk(model, inputs_of(shapes), trainable=True)
    return shapes, uses


def _walk(model: Any, values: Sequence[Value], trainable: bool) -> tuple[list[Use], list[Value]]:
    """Return the uses inside `model` and its outputs when it is called on `values`."""
    known = {id(t): value for t, value in zip(_ends(model, "inputs"), values, strict=True)}
    outputs = _ends(model, "outputs")
    trainable = trainable and model.trainable
    order = {id(o): place for place, o in enumerate(getattr(model, "operations", model.layers))}
    found: list[tuple[int, list[Use]]] = []
    for node in _calls(outputs, set(known)):
        arriving = [known[id(tensor)] for tensor in node.input_tensors]
        uses, leaving = _call(node, arriving, trainable)
        known |= {id(t): value for t, value in zip(node.outputs, leaving, strict=True)}
        found.append((order[id(node.operation)], uses))
    found.sort(key=lambda place_and_uses: place_and_uses[0])
    return [one for _, uses in found for one in uses], [known[id(tensor)] for tensor in outputs]


def _call(node: Any, values: Sequence[Value], trainable: bool) -> tuple[list[Use], list[Value]]:
    """Return the uses behind one call in the graph, and its outputs."""
    called = node.operation
    if is_keras_model(called):
        return _walk(called, values, trainable)
    if hasattr(called, "count_params"):
        one = use(_described(called, trainable), called.name, values, id(called))
        _compare(one, node, trainable)
    else:
        one = _operation(node, values)
    return [one], [one.value]


def _described(layer: Any, trainable: bool) -> Layer:
    """Return the description of a Keras layer, from its config."""
    kind = type(layer).__name__
    if kind not in KNOWN:
        raise ValueError(
            f"Layer {layer.name!r} is of the class {kind}, which cannot be counted. "
            f"Those that can: {', '.join(KNOWN)}."
        )
    if getattr(layer, "data_format", None) == "channels_first":
        raise ValueError(
            f"Layer {layer.name!r} ({kind}) has its channels first, and only channels last are "
            'counted. Build the model with data_format="channels_last".'
        )
    own = {argument.name for argument in fields(KNOWN[kind])} - {"name", "trainable"}
    config = layer.get_config() if own else {}
    with named(layer.name, kind):
        arguments = {name: config[name] for name in own & config.keys()}
        return KNOWN[kind](**arguments, trainable=trainable and layer.trainable)


def _compare(one: Use, node: Any, trainable: bool) -> None:
    """Raise if Keras counts otherwise, as it would for an argument that is not known here."""
    layer, count = node.operation, one.count
    reported = tuple(node.outputs[0].shape[1:])
    same_shape = len(reported) == len(count.output_shape) and all(
        theirs in (None, ours) for theirs, ours in zip(reported, count.output_shape, strict=True)
    )
    trained = sum(prod(weight.shape) for weight in layer.trainable_weights) if trainable else 0
    if not same_shape or (count.parameters, count.trained) != (layer.count_params(), trained):
        raise ValueError(
            f"Layer {one.name!r} ({one.kind}) was counted as {count.output_shape} with "
            f"{count.parameters:,} parameters, {count.trained:,} of them trained, but Keras says "
            f"{reported} with {layer.count_params():,}, {trained:,} of them trained. "
            "The layer does something that is not counted here."
        )


def _operation(node: Any, values: Sequence[Value]) -> Use:
    """Return the use of a function of `keras.ops`, with the shape that Keras reports."""
    operation = node.operation
    kind = type(operation).__name__
    if kind not in OPERATIONS:
        raise ValueError(
            f"The operation {operation.name!r} ({kind}) of the model cannot be counted. "
            f"Those that can: {', '.join(sorted(OPERATIONS))}. Use a layer instead."
        )
    with named(operation.name, kind):
        shape = checked_shape(tuple(node.outputs[0].shape[1:]))
    seen = [value.seen for value in values if value.seen is not None]
    merged = union(seen) if len(seen) == len(values) else None
    if merged and any(value.shape[:2] != shape[:2] for value in values):
        merged = merged.scattered()
    return Use(operation.name, kind, id(operation), Count(shape), merged)


def _ends(model: Any, which: str) -> list[Any]:
    """Return the input or output tensors of a model's graph."""
    try:
        tensors = getattr(model, which)
    except (AttributeError, ValueError):  # what Keras raises has changed between versions
        tensors = None
    if tensors:
        return list(tensors)
    kind = type(model).__name__
    if kind == "Sequential" and not model.built:
        raise ValueError(
            f"The Sequential model {model.name!r} is not built, so its shapes are unknown. Start "
            "it with keras.Input((height, width, channels)), or call "
            "model.build((None, height, width, channels))."
        )
    raise ValueError(
        f"The model {model.name!r} ({kind}) has no graph of layers to read. Make it with "
        "keras.Sequential or keras.Model(inputs, outputs)."
    )


def _calls(outputs: Sequence[Any], known: set[int]) -> list[Any]:
    """Return the calls that lead from the known tensors to `outputs`, each after those it needs.

    Keras records with each tensor which call made it, and with each call which tensors went in.
    """
    needs: dict[Any, list[Any]] = {}
    waiting = list(outputs)
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in known or (node := _maker(tensor)) in needs:
            continue
        needs[node] = [_maker(t) for t in node.input_tensors if id(t) not in known]
        waiting.extend(node.input_tensors)
    return list(TopologicalSorter(needs).static_order())


def _maker(tensor: Any) -> Any:
    operation, place, _ = tensor._keras_history
    return operation._inbound_nodes[place]
