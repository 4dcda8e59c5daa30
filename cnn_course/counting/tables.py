"""The table of a network: one row for each layer, with its calculation and the totals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from io import StringIO
from reprlib import repr as shortened
from typing import Any, overload

from .keras_models import is_keras_model, read
from .layers import Shape
from .network import Use, chain, once
from .receptive_field import Pair

COLUMNS = (
    "layer",
    "kind",
    "output",
    "parameters",
    "multiplications",
    "receptive field",
    "calculation of the parameters",
)
NUMBERS = COLUMNS[3:5]


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
class Table(Sequence[Row]):
    """A network as a sequence of rows. Printing it gives aligned text, a notebook shows a table.

    Attributes:
        inputs: shape of each input, without the batch axis. Inputs have no row.
        rows: one for each layer, in the order of the network.
    """

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
        # Imported here: reading a table's numbers must not wait for it.
        from rich import box  # noqa: PLC0415
        from rich.console import Console  # noqa: PLC0415
        from rich.table import Table as Grid  # noqa: PLC0415

        grid = Grid(box=box.ASCII2, show_footer=True, show_edge=False, pad_edge=False)
        for name, total in zip(COLUMNS, self._totals(), strict=True):
            justify: Any = "right" if name in NUMBERS else "left"
            grid.add_column(name, total, justify=justify, no_wrap=True)
        for row in self.rows:
            grid.add_row(*_cells(row))
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
        return "\n".join([self._summary(), "", *lines])

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
        return ("total", "", "", f"{self.parameters:,}", f"{self.multiplications:,}", "", "")

    def _summary(self) -> str:
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
            of layer descriptions that starts with `Input`. Models inside a model are opened, and
            the parameters of a shared layer are counted once.

    Raises:
        TypeError: it is neither, or an element of the list is no layer description.
        ValueError: a layer is unknown or cannot take its input, sizes are unknown, or the model
            has no graph. The message names the layer.
    """
    if is_keras_model(model_or_layers):
        shapes, uses = read(model_or_layers)
    elif isinstance(model_or_layers, list | tuple):
        shapes, uses = chain(model_or_layers)
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


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        row.kind,
        _sizes(row.output_shape),
        f"{row.parameters:,}",
        f"{row.multiplications:,}",
        _sizes(row.receptive_field) if row.receptive_field else "-",
        row.derivation,
    )


def _sizes(shape: Shape) -> str:
    return " x ".join(f"{size:,}" for size in shape)


def _html_row(cells: Sequence[str]) -> str:
    first, *others = cells
    row = f'<th scope="row"{_aligned(COLUMNS[0])}>{escape(first)}</th>'
    for name, cell in zip(COLUMNS[1:], others, strict=True):
        row += f"<td{_aligned(name)}>{escape(cell)}</td>"
    return f"<tr>{row}</tr>"


def _aligned(name: str) -> str:
    return f' style="text-align: {"right" if name in NUMBERS else "left"}"'
