"""The table of what trains: one row for each layer, and the totals."""

from dataclasses import dataclass
from typing import ClassVar

from cnn_course.tables import LayerTable


@dataclass(frozen=True)
class Row:
    """One layer of a network.

    Attributes:
        name: the layer's name.
        kind: its class, as Keras calls it.
        parameters: all of its numbers, those that batch normalization only keeps among them.
        trainable_parameters: those that training changes; 0 in a frozen layer.
        tensors: arrays that hold the parameters, for example a kernel and a bias.
        trainable_tensors: those that training changes.
    """

    name: str
    kind: str
    parameters: int
    trainable_parameters: int
    tensors: int
    trainable_tensors: int

    @property
    def trains(self) -> str:
        """In words: `"yes"`, `"frozen"`, `"812 of 1,624"`; empty where there are no parameters."""
        if not self.parameters:
            return ""
        if not self.trainable_parameters:
            return "frozen"
        if self.trainable_parameters == self.parameters:
            return "yes"
        return f"{self.trainable_parameters:,} of {self.parameters:,}"


@dataclass(frozen=True, repr=False)
class Table(LayerTable[Row]):
    """What trains in a network. Printing it gives aligned text, a notebook shows a table.

    Attributes:
        name: of the model.
        rows: one for each layer, in the order of the network. A shared layer has one row.
    """

    columns: ClassVar[tuple[str, ...]] = ("layer", "kind", "parameters", "trains")
    numbers: ClassVar[tuple[str, ...]] = ("parameters",)

    name: str
    rows: tuple[Row, ...]

    @property
    def parameters(self) -> int:
        """All parameters, as `model.count_params()` gives them."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable_parameters(self) -> int:
        """The parameters that training changes."""
        return sum(row.trainable_parameters for row in self.rows)

    @property
    def tensors(self) -> int:
        """All arrays of parameters, as many as `model.weights` has."""
        return sum(row.tensors for row in self.rows)

    @property
    def trainable_tensors(self) -> int:
        """The arrays that training changes, as many as `model.trainable_weights` has."""
        return sum(row.trainable_tensors for row in self.rows)

    def cells(self, row: Row) -> tuple[str, ...]:
        """Return the text of each column for one row."""
        return (row.name, row.kind, f"{row.parameters:,}", row.trains)

    def totals(self) -> tuple[str, ...]:
        """Return the text of each column for the last line."""
        return ("total", "", f"{self.parameters:,}", f"{self.trainable_parameters:,}")

    def summary(self) -> str:
        """Return the sentence that stands above the table."""
        return (
            f"{self.name}: {self.parameters:,} parameters, {self.trainable_parameters:,} of them "
            f"trained; {self.tensors} weight tensors, {self.trainable_tensors} of them trained"
        )
