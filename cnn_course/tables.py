"""Tables of a network, one row for each layer: aligned text, and a table in a notebook."""

from abc import abstractmethod
from collections.abc import Sequence
from html import escape
from typing import Any, ClassVar, TypeVar, overload

R = TypeVar("R", bound=Any)


class LayerTable(Sequence[R]):
    """Rows with totals below them. Printing them gives aligned text, a notebook shows a table.

    A row has at least `name`, `parameters` and `trainable_parameters`.

    Attributes:
        columns: their names.
        numbers: those of them that hold numbers.
        rows: one for each layer, in the order of the network.
    """

    columns: ClassVar[tuple[str, ...]]
    numbers: ClassVar[tuple[str, ...]]
    rows: tuple[R, ...]

    @abstractmethod
    def cells(self, row: R) -> tuple[str, ...]:
        """Return the text of each column for one row."""

    @abstractmethod
    def totals(self) -> tuple[str, ...]:
        """Return the text of each column for the last line."""

    @abstractmethod
    def summary(self) -> str:
        """Return the sentence that stands above the table."""

    @property
    def parameters(self) -> int:
        """All parameters, as `model.count_params()` gives them."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable_parameters(self) -> int:
        """The parameters that training changes."""
        return sum(row.trainable_parameters for row in self.rows)

    def row(self, name: str) -> R:
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
    def __getitem__(self, place: int) -> R: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[R, ...]: ...
    def __getitem__(self, place: int | slice) -> R | tuple[R, ...]:
        return self.rows[place]

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        lines = [self.columns, *map(self.cells, self.rows), self.totals()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        head, *body, total = (
            " | ".join(
                cell.rjust(width) if name in self.numbers else cell.ljust(width)
                for name, cell, width in zip(self.columns, line, widths, strict=True)
            ).rstrip()
            for line in lines
        )
        rule = "-+-".join("-" * width for width in widths)
        return "\n".join([self.summary(), "", head, rule, *body, rule, total])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col"{self._aligned(name)}>{name}</th>' for name in self.columns)
        body = "\n".join(self._html_row(self.cells(row)) for row in self.rows)
        return (
            f'<table class="counting">\n<caption>{escape(self.summary())}</caption>\n'
            f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{body}\n</tbody>\n"
            f"<tfoot>\n{self._html_row(self.totals())}\n</tfoot>\n</table>"
        )

    def _html_row(self, cells: Sequence[str]) -> str:
        first, *others = cells
        row = f'<th scope="row"{self._aligned(self.columns[0])}>{escape(first)}</th>'
        for name, cell in zip(self.columns[1:], others, strict=True):
            row += f"<td{self._aligned(name)}>{escape(cell)}</td>"
        return f"<tr>{row}</tr>"

    def _aligned(self, name: str) -> str:
        return f' style="text-align: {"right" if name in self.numbers else "left"}"'
