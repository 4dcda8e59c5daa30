"""Tables of a network, one row for each layer: aligned text, and a table in a notebook."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from html import escape
from io import StringIO
from typing import Any, ClassVar, Protocol, TypeVar, overload


class NamedRow(Protocol):
    """A row, which has at least the name of its layer."""

    @property
    def name(self) -> str:
        """The layer's name."""


R = TypeVar("R", bound=NamedRow)


class LayerTable(Sequence[R]):
    """Rows with totals below them. Printing them gives aligned text, a notebook shows a table.

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

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows)

    def __str__(self) -> str:
        # Imported here: reading a table's numbers must not wait for it.
        from rich import box  # noqa: PLC0415
        from rich.console import Console  # noqa: PLC0415
        from rich.table import Table as Grid  # noqa: PLC0415

        grid = Grid(box=box.ASCII2, show_footer=True, show_edge=False, pad_edge=False)
        for name, total in zip(self.columns, self.totals(), strict=True):
            justify: Any = "right" if name in self.numbers else "left"
            grid.add_column(name, total, justify=justify, no_wrap=True)
        for row in self.rows:
            grid.add_row(*self.cells(row))
        text = StringIO()
        # A width that nothing reaches and no colours: the same text in every terminal. In a
        # notebook rich would display the text itself instead of writing it.
        console = Console(
            file=text,
            width=10_000,
            color_system=None,
            markup=False,
            emoji=False,
            highlight=False,
            force_jupyter=False,
        )
        console.print(grid)
        lines = [line.rstrip() for line in text.getvalue().splitlines()]
        return "\n".join([self.summary(), "", *lines])

    def __repr__(self) -> str:
        return str(self)

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
