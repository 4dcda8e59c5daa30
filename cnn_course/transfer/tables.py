"""The table of what trains: one row for each layer, and the totals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, overload

COLUMNS: Final = ("layer", "kind", "parameters", "trains")
_NUMBERS: Final = ("parameters",)


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
class Table(Sequence[Row]):
    """What trains in a network. Printing it gives aligned text, a notebook shows a table.

    Attributes:
        name: of the model.
        rows: one for each layer, in the order of the network. A shared layer has one row.
    """

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

    def row(self, name: str) -> Row:
        """Return the first row of that name.

        Raises:
            ValueError: there is none; the message lists those that there are.
        """
        for row in self.rows:
            if row.name == name:
                return row
        names = ", ".join(row.name for row in self.rows)
        raise ValueError(f"There is no layer {name!r} in the table. There are: {names}.")

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, place: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[place]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __str__(self) -> str:
        lines = [COLUMNS, *map(_cells, self.rows), self._totals()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            " | ".join(
                f"{cell:{'>' if name in _NUMBERS else '<'}{width}}"
                for name, cell, width in zip(COLUMNS, line, widths, strict=True)
            ).rstrip()
            for line in lines
        ]
        rule = "-+-".join("-" * width for width in widths)
        return "\n".join([self._summary(), "", text[0], rule, *text[1:-1], rule, text[-1]])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col"{_aligned(name)}>{name}</th>' for name in COLUMNS)
        body = "\n".join(_html_row(_cells(row)) for row in self.rows)
        return (
            f'<table class="counting">\n<caption>{escape(self._summary())}</caption>\n'
            f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{body}\n</tbody>\n"
            f"<tfoot>\n{_html_row(self._totals())}\n</tfoot>\n</table>"
        )

    def _totals(self) -> tuple[str, ...]:
        return ("total", "", f"{self.parameters:,}", f"{self.trainable_parameters:,}")

    def _summary(self) -> str:
        return (
            f"{self.name}: {self.parameters:,} parameters, {self.trainable_parameters:,} of them "
            f"trained; {self.tensors} weight tensors, {self.trainable_tensors} of them trained"
        )


def _cells(row: Row) -> tuple[str, ...]:
    return (row.name, row.kind, f"{row.parameters:,}", row.trains)


def _html_row(cells: Sequence[str]) -> str:
    first, *others = cells
    row = f'<th scope="row"{_aligned(COLUMNS[0])}>{escape(first)}</th>'
    for name, cell in zip(COLUMNS[1:], others, strict=True):
        row += f"<td{_aligned(name)}>{escape(cell)}</td>"
    return f"<tr>{row}</tr>"


def _aligned(name: str) -> str:
    return f' style="text-align: {"right" if name in _NUMBERS else "left"}"'
