"""The table of a network: one row for each layer, with its calculation and the totals."""

import re
from dataclasses import dataclass
from reprlib import repr as shortened

from cnn_course.tables import LayerTable

from .layers import Shape
from .network import Row, from_keras, from_list, is_keras_model


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
    if is_keras_model(model_or_layers):
        shapes, rows = from_keras(model_or_layers)
    elif isinstance(model_or_layers, list | tuple):
        shapes, rows = from_list(model_or_layers)
    else:
        raise TypeError(
            "Hand in a Keras model, or a list of layers such as "
            f"[Input((28, 28, 1)), Conv2D(32, 3)], not {shortened(model_or_layers)} "
            f"({type(model_or_layers).__name__})."
        )
    return Table(tuple(shapes), tuple(rows))


def _compact(calculation: str) -> str:
    """Return a calculation with "3x3" where it says "3 x 3"."""
    return re.sub(r"(?<=\d) x (?=\d)", "x", calculation)


def _sizes(shape: Shape) -> str:
    return " x ".join(f"{size:,}" for size in shape)
