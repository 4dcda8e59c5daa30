"""Tables as HTML; and tables of a network, a row for each layer, which are aligned text as well."""

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
        kind: its class for the styles of the page.
        rows: one for each layer, in the order of the network.
    """

    columns: ClassVar[tuple[str, ...]]
    numbers: ClassVar[tuple[str, ...]]
    kind: ClassVar[str] = "counting"
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
        rows = [self.columns, *map(self.cells, self.rows), self.totals()]
        return html_table(rows, self.summary(), self.numbers, total=True, kind=self.kind)


def html_table(
    rows: Sequence[Sequence[str]],
    caption: str = "",
    numbers: Sequence[str] = (),
    *,
    total: bool = False,
    kind: str = "",
) -> str:
    """Return a table as HTML; its first row is the head, the first cell of a row its heading.

    Args:
        rows: of texts; nothing in them is taken for markup.
        caption: stands above it.
        numbers: names of columns that stand to the right.
        total: whether the last row is the foot.
        kind: a class for styles.
    """
    head, *others = rows
    # JupyterLab puts what stands in a table to the right.
    sides = ["right" if name in numbers else "left" for name in head]

    def line(row: Sequence[str], first: str, rest: str) -> str:
        tags = [first, *[rest] * (len(row) - 1)]
        cells = (
            f'<{tag} style="text-align: {side}">{escape(text)}</{tag[:2]}>'
            for tag, side, text in zip(tags, sides, row, strict=True)
        )
        return f"<tr>{''.join(cells)}</tr>"

    lines = [line(row, 'th scope="row"', "td") for row in others]
    foot = f"\n<tfoot>\n{lines.pop()}\n</tfoot>" if total else ""
    above = f"<caption>{escape(caption)}</caption>\n" if caption else ""
    named, body = f' class="{kind}"' if kind else "", "\n".join(lines)
    columns = line(head, 'th scope="col"', 'th scope="col"')
    return (
        f"<table{named}>\n{above}<thead>\n{columns}\n</thead>\n"
        f"<tbody>\n{body}\n</tbody>{foot}\n</table>"
    )
