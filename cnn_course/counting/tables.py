"""The table of a network: one row for each layer, with its calculation and the totals."""

import re
from dataclasses import dataclass, field
from reprlib import repr as shortened
from typing import ClassVar

from cnn_course.tables import LayerTable

from .keras_models import is_keras_model, read
from .layers import Shape
from .network import Use, listed, once
from .receptive_field import Pair

COLUMNS = (
    "layer",
    "kind",
    "output",
    "parameters",
    "calculation",
    "multiplications",
    "receptive field",
)
NUMBERS = ("parameters", "multiplications")


@dataclass(frozen=True)
class Row:
    """One layer of a network, counted.

    Attributes:
        name: the layer's name.
        kind: its class, as Keras calls it.
        output_shape: shape of the output, without the batch axis.
        parameters: all parameters, trained and kept; 0 for a further use of a shared layer.
        trainable_parameters: those that training changes; 0 in a frozen layer.
        multiplications: products of a value and a weight in convolutions and dense layers, for
            one picture. Adding a bias, pooling, normalizing and activating are not counted.
        derivation: the calculation of the parameters.
        receptive_field: (height, width) in pixels of the input that one value can depend on,
            padding included; `None` where there is none to count: more than one input, an input
            without height and width, or after `Resizing`.
        shape_derivation: the calculation of height and width, or of the length.
        multiplications_derivation: the calculation of the multiplications.
        receptive_field_derivation: the calculation of the receptive field.
    """

    name: str
    kind: str
    output_shape: Shape
    parameters: int
    trainable_parameters: int
    multiplications: int
    derivation: str
    receptive_field: Pair | None
    shape_derivation: str = field(repr=False)
    multiplications_derivation: str = field(repr=False)
    receptive_field_derivation: str = field(repr=False)


@dataclass(frozen=True, repr=False)
class Table(LayerTable[Row]):
    """A network as a sequence of rows. Printing it gives aligned text, a notebook shows a table.

    Attributes:
        inputs: shape of each input, without the batch axis. Inputs have no row.
        rows: one for each layer, in the order of the network.
    """

    columns: ClassVar[tuple[str, ...]] = COLUMNS
    numbers: ClassVar[tuple[str, ...]] = NUMBERS

    inputs: tuple[Shape, ...]
    rows: tuple[Row, ...]

    @property
    def parameters(self) -> int:
        """The sum over all layers."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable_parameters(self) -> int:
        """The sum over all layers of those that training changes."""
        return sum(row.trainable_parameters for row in self.rows)

    @property
    def multiplications(self) -> int:
        """The sum over all layers, for one picture."""
        return sum(row.multiplications for row in self.rows)

    def cells(self, row: Row) -> tuple[str, ...]:
        """Return the text of each column for one row."""
        return (
            row.name,
            row.kind,
            _compact(_sizes(row.output_shape)),
            f"{row.parameters:,}",
            # The result stands beside it, once; so a row is one line on a page, too.
            _compact(row.derivation)
            .removesuffix(f" = {row.parameters:,}")
            .removeprefix("0")
            .strip(),
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
    if is_keras_model(model_or_layers):
        shapes, uses = read(model_or_layers)
    elif isinstance(model_or_layers, list | tuple):
        shapes, uses = listed(model_or_layers)
    else:
        raise TypeError(
            "Hand in a Keras model, or a list of layers such as "
            f"[Input((28, 28, 1)), Conv2D(32, 3)], not {shortened(model_or_layers)} "
            f"({type(model_or_layers).__name__})."
        )
    return Table(tuple(shapes), tuple(_row(one) for one in once(uses)))


def _row(one: Use) -> Row:
    count, seen = one.count, one.seen
    return Row(
        name=one.name,
        kind=one.kind,
        output_shape=count.output_shape,
        parameters=count.parameters,
        trainable_parameters=count.trained,
        multiplications=count.multiplications,
        derivation=count.derivation,
        receptive_field=seen.size if seen else None,
        shape_derivation=count.shape_derivation,
        multiplications_derivation=count.multiplications_derivation,
        receptive_field_derivation=seen.derivation if seen else "not counted",
    )


def _compact(calculation: str) -> str:
    """Return a calculation with "3x3" where it says "3 x 3"."""
    return re.sub(r"(?<=\d) x (?=\d)", "x", calculation)


def _sizes(shape: Shape) -> str:
    return " x ".join(f"{size:,}" for size in shape)
