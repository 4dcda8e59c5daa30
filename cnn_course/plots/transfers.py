"""The figure of a grid of measurements: several strategies in each cell, and a rule over it."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cnn_course.plots.palette import VALIDATION
from cnn_course.plots.showing import show

_RULED = "#DDDDDD"

Cell = Mapping[str, Sequence[float]]


def strategies(
    grid: Mapping[str, Mapping[str, Cell]],
    ruled: Mapping[tuple[str, str], Collection[str]],
    *,
    alt: str,
) -> None:
    """Show a grid of comparisons, and over it what a rule of thumb names.

    In each cell, a strategy has a dot for its mean over the seeds and a bar from the lowest to the
    highest. The best one has a large dot with its value; those that the rule names have a band.

    Args:
        grid: row -> column -> strategy -> one accuracy for each seed. Cells and strategies may be
            missing.
        ruled: (row, column) -> the strategies that the rule names there.
        alt: the message of the figure.

    Raises:
        ValueError: nothing is in the grid.
    """
    columns = list(dict.fromkeys(column for row in grid.values() for column in row))
    names = list(dict.fromkeys(n for row in grid.values() for cell in row.values() for n in cell))
    if not names:
        raise ValueError("There is nothing to show: the grid has no cell with a strategy.")
    figure, axes = plt.subplots(
        len(grid),
        len(columns),
        figsize=(1.9 + 1.4 * len(columns), (0.2 * len(names) + 0.55) * len(grid) + 0.45),
        squeeze=False,
        sharex="row",
        sharey=True,
        layout="constrained",
    )
    for line, (row, cells) in zip(axes, grid.items(), strict=True):
        limits = _limits(cells.values())
        for axis, column in zip(line, columns, strict=True):
            if cells.get(column):
                axis.set_title(f"{row}, {column}", fontsize=9)
                axis.set_xlim(limits)
                _cell(axis, cells[column], names, ruled.get((row, column), ()))
            else:
                axis.axis("off")
    axes[0][0].set_ylim(len(names) - 0.4, -0.6)  # the first on top
    figure.supxlabel("accuracy on test pictures; large dot: best; grey: rule of thumb", fontsize=9)
    show(figure, alt)


def _limits(cells: Iterable[Cell]) -> tuple[float, float]:
    """Return where an axis begins and ends that all cells of a row share."""
    values = [value for cell in cells for seeds in cell.values() for value in seeds] or [0.0, 1.0]
    room = 0.1 * max(max(values) - min(values), 0.05)
    return min(values) - room, max(values) + room


def _cell(axis: Axes, cell: Cell, names: Sequence[str], ruled: Collection[str]) -> None:
    for place in (names.index(name) for name in ruled if name in names):
        axis.axhspan(place - 0.45, place + 0.45, color=_RULED, lw=0)
    means = {name: sum(seeds) / len(seeds) for name, seeds in cell.items()}
    best = max(means, key=means.__getitem__)
    for name, value in means.items():
        place = names.index(name)
        axis.plot([min(cell[name]), max(cell[name])], [place, place], color=VALIDATION, lw=1.5)
        axis.plot(value, place, "o", color=VALIDATION, markersize=8 if name == best else 4)
    lowest, highest = min(cell[best]), max(cell[best])
    left = lowest - axis.get_xlim()[0] > axis.get_xlim()[1] - highest  # there is more room
    axis.annotate(
        f"{means[best]:.2f}",
        (lowest if left else highest, names.index(best)),
        (-7 if left else 7, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        fontsize=9,
    )
    axis.set_yticks(range(len(names)), names, fontsize=9)
    axis.tick_params(axis="x", labelsize=8)
    axis.xaxis.set_major_locator(MaxNLocator(nbins=3))
    axis.grid(alpha=0.3, axis="x")
