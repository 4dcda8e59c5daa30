"""The graph of a Keras model: its inputs and outputs, and the calls of layers between them.

Keras is not imported. What a model keeps of its calls (`keras.src.ops.node.Node`) is read: a call
has the `operation`, which is a layer, a model or a function of `keras.ops`, its `input_tensors` and
`outputs`, and as `parent_nodes` the calls that made its inputs.
"""

from graphlib import TopologicalSorter
from typing import Any, Literal


def ends(model: Any, which: Literal["inputs", "outputs"]) -> list[Any]:
    """Return the input or output tensors of a model's graph.

    Raises:
        ValueError: it has no graph, or is not built yet; the message says what to do.
    """
    try:
        tensors = getattr(model, which)
    except (AttributeError, ValueError):  # what Keras raises has changed between versions
        tensors = None
    if isinstance(tensors, list | tuple) and tensors:  # anything else could go on for ever
        return list(tensors)
    kind, name = type(model).__name__, getattr(model, "name", model)
    if kind == "Sequential" and not model.built:
        raise ValueError(
            f"The Sequential model {name!r} is not built, so its shapes are unknown. Start "
            "it with keras.Input((height, width, channels)), or call "
            "model.build((None, height, width, channels))."
        )
    raise ValueError(
        f"The model {name!r} ({kind}) has no graph of layers to read. Make it with "
        "keras.Sequential or keras.Model(inputs, outputs)."
    )


def calls(model: Any) -> list[Any]:
    """Return the calls that lead to the outputs of a model, each after those that it needs.

    They begin with those of its `InputLayer`s. A model inside the model is one call.

    Raises:
        ValueError: as `ends`.
    """
    made = [tensor._keras_history for tensor in ends(model, "outputs")]
    waiting = [operation._inbound_nodes[place] for operation, place, _ in made]
    needs: dict[Any, list[Any]] = {}
    while waiting:
        call = waiting.pop()
        if call not in needs:
            needs[call] = call.parent_nodes
            waiting.extend(needs[call])
    return list(TopologicalSorter(needs).static_order())
