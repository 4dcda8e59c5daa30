"""The table of a network, from a list of layer descriptions or from a Keras model.

Keras is not imported: its graph, each layer's config and its shapes are read. Nothing is taken on
trust: every layer is counted from its config, and the result must agree with the shape and the
number of parameters that Keras itself reports.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from itertools import chain, count
from math import prod
from typing import Any, Final

from cnn_course.arguments import is_a, parts_of, shown
from cnn_course.keras_graph import calls, ends
from cnn_course.tables import LayerTable

from .layers import KNOWN, Count, Input, Layer
from .shapes import Shape, checked_shape
from .windows import ReceptiveField, Span, union

#: Functions of `keras.ops` that a model may hold. They combine values and have no weights.
OPERATIONS: Final = frozenset(
    {
        *("Absolute", "Add", "Divide", "GetItem", "Maximum", "Minimum", "Multiply", "Negative"),
        *("Relu", "Sigmoid", "Softmax", "Square", "Stack", "Subtract", "Tanh", "TrueDivide"),
    }
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Row(Count):
    """One layer of a network: its name, its class as Keras calls it, and what `Count` has.

    A further use of a shared layer has no parameters of its own.
    """

    name: str
    kind: str

    def __repr__(self) -> str:
        own, counted = ("name", "kind", "output_shape"), ("multiplications", "derivation")
        shown = (*own, "parameters", "trainable_parameters", *counted, "receptive_field")
        return f"Row({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


@dataclass(frozen=True, repr=False)
class Table(LayerTable[Row]):
    """A network as a sequence of rows. Printing it gives aligned text, a notebook shows a table.

    Attributes:
        inputs: shape of each input, without the batch axis. Inputs have no row.
        rows: one for each layer, in the order of the network.
    """

    columns = (
        *("layer", "kind", "output", "parameters", "calculation"),
        *("multiplications", "receptive field"),
    )
    numbers = ("parameters", "multiplications")

    inputs: tuple[Shape, ...]
    rows: tuple[Row, ...]

    @property
    def multiplications(self) -> int:
        """The sum over all layers, for one picture."""
        return sum(row.multiplications for row in self.rows)

    def cells(self, row: Row) -> tuple[str, ...]:
        """Return the text of each column for one row."""
        # The result stands beside it, once; so a row is one line on a page, too.
        calculation = _compact(row.derivation).removesuffix(f" = {row.parameters:,}")
        return (
            row.name,
            row.kind,
            _compact(_sizes(row.output_shape)),
            f"{row.parameters:,}",
            calculation.removeprefix("0").strip(),
            f"{row.multiplications:,}",
            _compact(_sizes(row.receptive_field)) if row.receptive_field else "-",
        )

    def totals(self) -> tuple[str, ...]:
        """Return the text of each column for the last line."""
        return ("total", "", "", f"{self.parameters:,}", "", f"{self.multiplications:,}", "")

    def summary(self) -> str:
        """Return the sentence that stands above the table."""
        inputs = " and ".join(_sizes(shape) for shape in self.inputs)
        return (
            f"Input {inputs}: {self.parameters:,} parameters, "
            f"{self.trainable_parameters:,} of them trained; "
            f"{self.multiplications:,} multiplications for one picture"
        )


def table(model_or_layers: object) -> Table:
    """Count a network, layer by layer.

    Args:
        model_or_layers: a built Keras model (Sequential or functional, channels last), or a list
            of layer descriptions that starts with `Input`, each after the one before it or after
            those that its `after` names. Models inside a model are opened, and the parameters of
            a shared layer are counted once.

    Raises:
        TypeError: it is neither, or an element of the list is no layer description.
        ValueError: a layer is unknown or cannot take its input, sizes are unknown, or the model
            has no graph. The message names the layer.
    """
    if _is_model(model_or_layers):
        shapes, rows = _from_keras(model_or_layers)
    elif (layers := parts_of(model_or_layers)) is not None:
        shapes, rows = _from_list(layers)
    else:
        raise TypeError(
            "Hand in a Keras model, or a list of layers such as "
            f"[Input((28, 28, 1)), Conv2D(32, 3)], not {shown(model_or_layers)} "
            f"({type(model_or_layers).__name__})."
        )
    return Table(tuple(shapes), tuple(rows))


def layers_of(model: Any) -> list[Layer]:
    """Return what `table` counts of a Keras model as a list of layers, which it counts alike.

    Raises:
        ValueError: as `table`; or it has several inputs, a model inside, a function of `keras.ops`
            or a layer that is called twice, for which such a list has no words.
    """
    [shape, *more] = table(model).inputs
    if more:
        raise ValueError(f"The model {model.name!r} has {1 + len(more)} inputs; a list has one.")
    names: dict[int, str] = {}
    found: list[Layer] = []
    for node in calls(model):
        called = node.operation
        if not found:
            layer: Layer = Input(shape)
        elif _is_model(called) or not hasattr(called, "count_params"):
            kind = type(called).__name__
            raise ValueError(
                f"{called.name!r} ({kind}) is no single layer. Make the model of layers."
            )
        elif called.name in names.values():
            raise ValueError(f"Layer {called.name!r} is called twice; a list has each layer once.")
        else:
            layer = _layer(called, trainable=True)
        after = tuple(names[id(tensor)] for tensor in node.input_tensors)
        found.append(replace(layer, name=called.name, after=after or None))
        names[id(node.outputs[0])] = called.name
    return found


def _from_list(layers: Sequence[object]) -> tuple[list[Shape], list[Row]]:
    """Return the input shape and the rows of a list of layer descriptions."""
    described = [_description(layer, place) for place, layer in enumerate(layers)]
    if not described or not isinstance(described[0], Input):
        raise ValueError(
            "A list of layers starts with its input, for example Input((28, 28, 1))"
            + (f", but this one starts with {described[0].kind}." if described else ".")
        )
    names = _names(described)
    shapes = [described[0].count().output_shape]
    rows = dict(zip(names, _inputs(shapes), strict=False))
    for layer, name in zip(described[1:], names[1:], strict=True):
        after = list(rows)[-1] if layer.after is None else layer.after
        wanted = (after,) if (several := parts_of(after)) is None else several
        for one in wanted:
            if not is_a(one, str) or one not in rows:
                raise ValueError(
                    f"Layer {name!r} ({layer.kind}) comes after {shown(one)}, which does not stand "
                    f"before it. There are: {', '.join(rows)}."
                )
        rows[name] = _row(layer, name, [rows[one] for one in wanted])
    return shapes, list(rows.values())[1:]


def _description(layer: object, place: int) -> Layer:
    if is_a(layer, Layer):
        if not is_a(layer.name, str, type(None)):
            raise ValueError(f"Layer {place} cannot be called {shown(layer.name)}: not in quotes.")
        return layer
    if is_a(layer, type) and issubclass(layer, Layer):
        raise TypeError(
            f"Element {place} of the list is the class {layer.__name__}. "
            f"Make a layer of it: {layer.__name__}(...)."
        )
    raise TypeError(
        f"Element {place} of the list is {shown(layer)} ({type(layer).__name__}), not a layer of "
        "cnn_course.counting. Keras layers go into a keras.Sequential, which can be handed in "
        "as it is."
    )


def _names(layers: Sequence[Layer]) -> list[str]:
    """Return a name for each layer; those without one are numbered by kind, as Keras does."""
    given = [layer.name for layer in layers if layer.name is not None]
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise ValueError(f"Two layers are named {twice[0]!r}. Give each layer a name of its own.")
    taken, names = set(given), []
    for layer in layers:
        stem = re.sub(r"(?<=[a-z\d])(?=[A-Z][a-z])", "_", layer.kind).lower()
        candidates = chain([stem], (f"{stem}_{number}" for number in count(1)))
        names.append(layer.name or next(name for name in candidates if name not in taken))
        taken.add(names[-1])
    return names


def _inputs(shapes: Sequence[Shape]) -> list[Row]:
    """Return rows for the inputs of a network.

    A receptive field is counted for one input with a height and a width; of two inputs it would
    not be clear in which one.
    """
    seen = None
    if len(shapes) == 1 and len(shapes[0]) > 1:
        seen = ReceptiveField(Span(shapes[0][0]), Span(shapes[0][1]))
    return [Row(output_shape=shape, name="input", kind="Input", seen=seen) for shape in shapes]


def _row(layer: Layer, name: str, inputs: Sequence[Row]) -> Row:
    """Return the row of a layer that takes the outputs of other rows."""
    with _named(name, layer.kind):
        return Row(**vars(layer.count_after(inputs)), name=name, kind=layer.kind)


@contextmanager
def _named(name: str, kind: str) -> Iterator[None]:
    """Put the name of a layer in front of what is wrong with it."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise type(error)(f"Layer {name!r} ({kind}): {error}") from error


def _is_model(thing: object) -> bool:
    try:
        return hasattr(thing, "layers") and hasattr(thing, "count_params")
    except (Exception, SystemExit):  # whatever an object of somebody's own raises
        return False


def _from_keras(model: Any) -> tuple[list[Shape], list[Row]]:
    """Return the input shapes of a Keras model and the rows of its layers, in the model's order.

    Models inside the model are opened. A layer that is called twice has two rows.
    """
    shapes = [tuple(tensor.shape[1:]) for tensor in ends(model, "inputs")]
    for shape in shapes:
        if None in shape:
            raise ValueError(
                f"The input of the model {model.name!r} has the shape {shape}, and with unknown "
                "sizes nothing can be counted. Make the model with input_shape=(height, width, "
                "channels), or call it on a keras.Input of known size."
            )
    uses, _ = _walk(model, _inputs(shapes), trainable=True)
    first = {layer: place for place, (layer, _) in reversed(list(enumerate(uses)))}
    return shapes, [
        row if first[layer] == place or not row.parameters else _shared(row)
        for place, (layer, row) in enumerate(uses)
    ]


def _shared(row: Row) -> Row:
    """Return the row of a further use of a layer: its parameters are counted at the first."""
    text = "0 (shared, counted above)"
    return replace(row, trainable_parameters=0, non_trainable_parameters=0, derivation=text)


def _walk(
    model: Any, inputs: Sequence[Row], trainable: bool
) -> tuple[list[tuple[int, Row]], list[Row]]:
    """Return what is used inside `model`, as (id of the layer, row), and the rows of its outputs.

    It is called on `inputs`; `trainable` says whether the models around it are trainable.
    """
    known = {id(t): row for t, row in zip(ends(model, "inputs"), inputs, strict=True)}
    trainable = trainable and model.trainable
    order = {id(o): place for place, o in enumerate(getattr(model, "operations", model.layers))}
    found: list[tuple[int, list[tuple[int, Row]]]] = []
    for node in calls(model):
        called = node.operation
        if id(node.outputs[0]) in known:  # an input
            continue
        arriving = [known[id(tensor)] for tensor in node.input_tensors]
        if _is_model(called):
            uses, leaving = _walk(called, arriving, trainable)
        else:
            leaving = [_called(node, arriving, trainable)]
            uses = [(id(called), leaving[0])]
        known |= {id(t): row for t, row in zip(node.outputs, leaving, strict=True)}
        found.append((order[id(called)], uses))
    found.sort(key=lambda place_and_uses: place_and_uses[0])
    leaving = [known[id(tensor)] for tensor in ends(model, "outputs")]
    return [use for _, uses in found for use in uses], leaving


def _called(node: Any, inputs: Sequence[Row], trainable: bool) -> Row:
    """Return the row of one call of a layer or of a function of `keras.ops`."""
    called, kind = node.operation, type(node.operation).__name__
    if hasattr(called, "count_params"):
        row = _row(_layer(called, trainable), called.name, inputs)
        _compare(row, node, trainable)
        return row
    if kind not in OPERATIONS:
        raise ValueError(
            f"The operation {called.name!r} ({kind}) of the model cannot be counted. "
            f"Those that can: {', '.join(sorted(OPERATIONS))}. Use a layer instead."
        )
    with _named(called.name, kind):
        shape = checked_shape(tuple(node.outputs[0].shape[1:]))
    seen = union([row.seen for row in inputs])
    if seen and any(row.output_shape[:2] != shape[:2] for row in inputs):
        seen = seen.scattered()
    return Row(output_shape=shape, name=called.name, kind=kind, seen=seen)


def _layer(layer: Any, trainable: bool) -> Layer:
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
    config = layer.get_config()
    with _named(layer.name, kind):
        arguments = {name: config[name] for name in own & config.keys()}
        return KNOWN[kind](**arguments, trainable=trainable and layer.trainable)


def _compare(row: Row, node: Any, trainable: bool) -> None:
    """Raise if Keras counts otherwise, as it would for an argument that is not known here."""
    layer = node.operation
    reported = tuple(node.outputs[0].shape[1:])
    same_shape = len(reported) == len(row.output_shape) and all(
        theirs in (None, ours) for theirs, ours in zip(reported, row.output_shape, strict=True)
    )
    total = layer.count_params()
    trained = sum(prod(weight.shape) for weight in layer.trainable_weights) if trainable else 0
    if not same_shape or (row.parameters, row.trainable_parameters) != (total, trained):
        raise ValueError(
            f"Layer {row.name!r} ({row.kind}) was counted as {row.output_shape} with "
            f"{row.parameters:,} parameters, {row.trainable_parameters:,} of them trained, but "
            f"Keras says {reported} with {total:,}, {trained:,} of them trained. "
            "The layer does something that is not counted here."
        )


def _compact(calculation: str) -> str:
    """Return a calculation with "3x3" where it says "3 x 3"."""
    return re.sub(r"(?<=\d) x (?=\d)", "x", calculation)


def _sizes(shape: Shape) -> str:
    return " x ".join(f"{size:,}" for size in shape)
