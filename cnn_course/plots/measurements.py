"""Figures of what was measured: curves of a training, confusions, comparisons."""

from collections.abc import Collection, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cnn_course.arguments import one_of
from cnn_course.plots.style import INPUT, KERNEL, OUTPUT, TRAINING, VALIDATION, show

# Told apart by dashes and marks; a pair has its own shade of the colour for training.
_SHADES = (TRAINING, "#4A1633", "#D070A8")
_MOST_MARKED = 20  # of more points in a row, marks would hide the line
_LINES = ("--o", "-o", "--s", "-s", "--^", "-^")


def histories(
    runs: Mapping[str, Mapping[str, Sequence[float]]], *, alt: str, metric: str = "accuracy"
) -> None:
    """Show the curves of one or more trainings side by side.

    Args:
        runs: title -> curves, as `fit(...).history` has them: `metric` and `val_` + `metric`.
        alt: the message of the figure.
        metric: which curve.
    """
    figure, axes = plt.subplots(
        1,
        len(runs),
        figsize=(3.6 * len(runs), 2.9),
        squeeze=False,
        sharey=True,
        layout="constrained",
    )
    kinds = (("", "o-", TRAINING, "training"), ("val_", "s-", VALIDATION, "validation"))
    for axis, (title, curves) in zip(axes[0], runs.items(), strict=True):
        epochs = np.arange(1, len(curves[metric]) + 1)
        for prefix, line, colour, label in kinds:
            values = curves[prefix + metric]
            axis.plot(epochs, values, line, color=colour, markersize=3, label=label)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel(metric)
    axes[0][-1].legend(frameon=False)
    show(figure, alt)


def lines(
    series: Mapping[str, Sequence[float]], *, x: str, y: str, alt: str, scale: str = "log"
) -> None:
    """Show several series on one axis: losses by epoch, gradients by layer.

    Args:
        series: name -> values, the first of them at 1 of the x axis; above zero on `"log"`.
        x: what is counted along the axis, for example `"epoch"`.
        y: what is shown.
        alt: the message of the figure.
        scale: of the y axis, `"log"` or `"linear"`.

    Raises:
        ValueError: more series than there are kinds of lines, or there is no such scale.
    """
    one_of("scale", scale, ("log", "linear"))
    if len(series) > len(_LINES):
        raise ValueError(f"{len(series)} series are too many for one figure; {len(_LINES)} fit.")
    figure, axis = plt.subplots(figsize=(6.6, 3.2), layout="constrained")
    for place, (name, values) in enumerate(series.items()):
        counted = np.arange(1, len(values) + 1)
        # Each its own shade; where these do not suffice, two in a row share one.
        shade = _SHADES[place if len(series) <= len(_SHADES) else place // 2]
        size = 5 if len(values) <= _MOST_MARKED else 0
        axis.plot(counted, values, _LINES[place], color=shade, markersize=size, label=name)
    note = "\n(logarithmic)" if scale == "log" else ""
    axis.set(yscale=scale, xlabel=x, ylabel=f"{y}{note}")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.grid(alpha=0.3)
    figure.legend(frameon=False, loc="outside right center")
    show(figure, alt)


def confusion_matrix(matrix: np.ndarray, names: Sequence[str], *, alt: str) -> None:
    """Show how often each class was taken for which other.

    Args:
        matrix: (classes, classes): rows are the true classes, columns the answers.
        names: of the classes.
        alt: the message of the figure.
    """
    side = 1.8 + 0.28 * len(names)
    figure, axis = plt.subplots(figsize=(side + 0.2, side), layout="constrained")
    mistakes = matrix * (1 - np.eye(len(matrix)))  # right answers would drown the rest
    axis.imshow(mistakes, cmap="Purples", vmax=max(mistakes.max() * 1.6, 1))
    for (row, column), count in np.ndenumerate(matrix):
        weight = "bold" if row == column else "normal"
        axis.text(column, row, f"{count:d}", ha="center", va="center", fontsize=8, weight=weight)
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks(range(len(names)), names)
    axis.set(xlabel="answer of the network", ylabel="true class")
    show(figure, alt)


def points_by_shift(
    shifts: Sequence[int], accuracies: Mapping[str, Sequence[float]], *, alt: str
) -> None:
    """Show accuracy against how far the test pictures were shifted.

    Args:
        shifts: pixels.
        accuracies: name of a network -> its accuracy at each shift; four networks at most.
        alt: the message of the figure.
    """
    figure, axis = plt.subplots(figsize=(5.4, 3.0), layout="constrained")
    styles = zip((OUTPUT, KERNEL, INPUT, TRAINING), ("o-", "s--", "^:", "v-."), strict=True)
    for (name, values), (colour, line) in zip(accuracies.items(), styles, strict=False):
        axis.plot(shifts, values, line, color=colour, label=name)
    axis.set(xlabel="shift of the test digits (pixels)", ylabel="accuracy", ylim=(0, 1.02))
    axis.grid(alpha=0.3)
    axis.legend(frameon=False)
    show(figure, alt)


def scores(
    accuracies: Mapping[str, float],
    pictures: int | Sequence[int],
    *,
    alt: str,
    kind: str = "digits",
) -> None:
    """Show the accuracies of several networks, each with what chance alone allows.

    Args:
        accuracies: name of a network -> its share of right answers.
        pictures: on how many pictures it was measured, one number for all or one for each. The
            bars reach two standard errors to each side, sqrt(accuracy x (1 - accuracy) / pictures)
            being one.
        alt: the message of the figure.
        kind: what the pictures show, for the axis.
    """
    counts = [pictures] * len(accuracies) if isinstance(pictures, int) else list(pictures)
    figure, axis = plt.subplots(figsize=(5.6, 0.5 * len(accuracies) + 1.0), layout="constrained")
    for place, (accuracy, count) in enumerate(zip(accuracies.values(), counts, strict=True)):
        error = 2 * np.sqrt(accuracy * (1 - accuracy) / count)
        axis.errorbar(accuracy, place, xerr=error, fmt="o", color=VALIDATION, capsize=4)
        axis.annotate(
            f"{accuracy:.3f}", (accuracy, place), (0, 6), textcoords="offset points", ha="center"
        )
    axis.set_yticks(range(len(accuracies)), list(accuracies))
    axis.set_ylim(len(accuracies) - 0.5, -0.6)  # the first on top
    on = f"{counts[0]:,} {kind}" if len(set(counts)) == 1 else kind
    axis.set_xlabel(f"accuracy on {on}\n± two standard errors")  # two lines: the axis is narrow
    axis.grid(alpha=0.3, axis="x")
    show(figure, alt)


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
        values = [value for cell in cells.values() for seeds in cell.values() for value in seeds]
        margin = 0.1 * max(max(values, default=0) - min(values, default=0), 0.05)
        for axis, column in zip(line, columns, strict=True):
            if cells.get(column):
                axis.set_title(f"{row}, {column}", fontsize=9)
                axis.set_xlim(min(values) - margin, max(values) + margin)
                _cell(axis, cells[column], names, ruled.get((row, column), ()))
            else:
                axis.axis("off")
    axes[0][0].set_ylim(len(names) - 0.4, -0.6)  # the first on top
    figure.supxlabel("accuracy on test pictures; large dot: best; grey: rule of thumb", fontsize=9)
    show(figure, alt)


def _cell(axis: Axes, cell: Cell, names: Sequence[str], ruled: Collection[str]) -> None:
    for place in (names.index(name) for name in ruled if name in names):
        axis.axhspan(place - 0.45, place + 0.45, color="#DDDDDD", lw=0)
    means = {name: sum(seeds) / len(seeds) for name, seeds in cell.items()}
    best = max(means, key=means.__getitem__)
    for name, value in means.items():
        place = names.index(name)
        axis.plot([min(cell[name]), max(cell[name])], [place, place], color=VALIDATION, lw=1.5)
        axis.plot(value, place, "o", color=VALIDATION, markersize=8 if name == best else 4)
    lowest, highest = min(cell[best]), max(cell[best])
    left = lowest - axis.get_xlim()[0] > axis.get_xlim()[1] - highest  # more space than right
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
