"""Figures of what was measured: curves of a training, confusions, comparisons."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from cnn_course.plots.palette import INPUT, KERNEL, OUTPUT, TRAINING, VALIDATION
from cnn_course.plots.showing import show

Curves = Mapping[str, Sequence[float]]
# Told apart by dashes and marks; a pair has its own shade of the colour for training.
_SHADES = (TRAINING, "#4A1633", "#D070A8")
_LINES = ("--o", "-o", "--s", "-s", "--^", "-^")


def histories(runs: Mapping[str, Curves], *, alt: str, metric: str = "accuracy") -> None:
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
    for axis, (title, curves) in zip(axes[0], runs.items(), strict=True):
        epochs = np.arange(1, len(curves[metric]) + 1)
        axis.plot(epochs, curves[metric], "o-", color=TRAINING, markersize=3, label="training")
        axis.plot(
            epochs,
            curves[f"val_{metric}"],
            "s-",
            color=VALIDATION,
            markersize=3,
            label="validation",
        )
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel(metric)
    axes[0][-1].legend(frameon=False)
    show(figure, alt)


def lines(series: Mapping[str, Sequence[float]], *, x: str, y: str, alt: str) -> None:
    """Show several series on one logarithmic axis: losses by epoch, gradients by layer.

    Args:
        series: name -> values above zero, the first of them at 1 of the x axis.
        x: what is counted along the axis, for example `"epoch"`.
        y: what is shown.
        alt: the message of the figure.

    Raises:
        ValueError: more series than there are kinds of lines.
    """
    if len(series) > len(_LINES):
        raise ValueError(f"{len(series)} series are too many for one figure; {len(_LINES)} fit.")
    figure, axis = plt.subplots(figsize=(6.6, 3.2), layout="constrained")
    for place, ((name, values), line) in enumerate(zip(series.items(), _LINES, strict=False)):
        counted = np.arange(1, len(values) + 1)
        axis.plot(counted, values, line, color=_SHADES[place // 2], markersize=5, label=name)
    axis.set_yscale("log")
    axis.set_xlabel(x)
    axis.set_ylabel(f"{y}\n(logarithmic)")
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
    axis.set_xlabel("answer of the network")
    axis.set_ylabel("true class")
    show(figure, alt)


def points_by_shift(
    shifts: Sequence[int], accuracies: Mapping[str, Sequence[float]], *, alt: str
) -> None:
    """Show accuracy against how far the test pictures were shifted.

    Args:
        shifts: pixels.
        accuracies: name of a network -> its accuracy at each shift; three networks at most.
        alt: the message of the figure.
    """
    figure, axis = plt.subplots(figsize=(5.4, 3.0), layout="constrained")
    styles = zip((OUTPUT, KERNEL, INPUT), ("o-", "s--", "^:"), strict=True)
    for (name, values), (colour, line) in zip(accuracies.items(), styles, strict=False):
        axis.plot(shifts, values, line, color=colour, label=name)
    axis.set_xlabel("shift of the test digits (pixels)")
    axis.set_ylabel("accuracy")
    axis.set_ylim(0, 1.02)
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
