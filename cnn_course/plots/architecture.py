"""Figures of a network: its architecture, drawn from the Keras model, and the sizes of its maps."""

import textwrap
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import BoxStyle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from cnn_course.arguments import whole_number
from cnn_course.plots.boxes import Box, Groups, read
from cnn_course.plots.layout import Point, downwards, in_lines, middle
from cnn_course.plots.style import INPUT, KERNEL, NEUTRAL, OUTPUT, TEXT, pale, show, text_width

_PAGE: Final = 7.7  # inches that a page of the book has
_MARGIN: Final = 0.05
_BETWEEN: Final = 0.5  # two networks of a figure
_LINE: Final = 0.155
_PAD: Final = 0.1  # between a text and the side of its box
_ROUND: Final = BoxStyle.Round(pad=0, rounding_size=0.06)
_LETTERS: Final = 20  # of a line, before it is broken
_HEADING, _PLAIN = (FontProperties(size=9, weight="bold"), FontProperties(size=8.5))
_TITLE: Final = FontProperties(size=10, weight="bold")


def architecture(
    model: Any, *, alt: str, groups: Groups | None = None, columns: int | None = None
) -> None:
    """Show the layers of a network: a box for each, and an arrow for each tensor between two.

    A box has what the layer is, the shape that comes out and the number of its parameters, if any.
    Orange boxes have learned something, grey ones learn nothing; the input is blue, the end green.
    Branches stand side by side, and a shortcut passes on the right. A network without branches is
    read like a text: from left to right, then on in the next line.

    Args:
        model: a functional `keras.Model`, or a `keras.Sequential` that is built.
        alt: the message of the figure.
        groups: title -> how the names of its layers begin, one or several; each group is one box,
            with the sum of its parameters. Other layers have a box each.
        columns: boxes in a line, for a network without branches; without it, as many as fit and
            make the lines alike. With 1, the network goes from top to bottom.

    Raises:
        ValueError: the model has no graph of layers, a group is not one piece, or `columns` is
            less than 1.
    """
    if columns is not None:
        whole_number("columns", columns, least=1)
    _show([_Drawing("", read(model, groups), columns)], alt)


def architectures(
    models: Mapping[str, Any], *, alt: str, groups: Mapping[str, Groups] | None = None
) -> None:
    """Show several networks from top to bottom, side by side where the page is wide enough.

    Args:
        models: title -> model, as `architecture` takes it.
        alt: the message of the figure.
        groups: title of a model -> its groups, as `architecture` takes them.

    Raises:
        ValueError: there is no model, or as `architecture`.
    """
    if not models:
        raise ValueError("There is nothing to show: models is empty. Give a title and a model.")
    own = groups or {}
    if unknown := [title for title in own if title not in models]:
        raise ValueError(f"There are groups for {unknown[0]!r}, which is no title of a model.")
    _show([_Drawing(title, read(m, own.get(title)), 1) for title, m in models.items()], alt)


class _Drawing:
    """A network, ready to be drawn. Its width and height are in inches and include its title."""

    def __init__(self, title: str, boxes: Sequence[Box], columns: int | None) -> None:
        self.title, self.boxes = title, boxes
        self.texts = [_lines(box) for box in boxes]
        wide = max(text_width(*line) for lines in self.texts for line in lines) + 2 * _PAD
        heights = [len(lines) * _LINE + 2 * _PAD for lines in self.texts]
        sources = [list(box.sources) for box in boxes]
        is_chain = sources == [[], *([place] for place in range(len(boxes) - 1))]
        if is_chain and columns != 1:
            self.layout = in_lines(wide, heights, columns, _PAGE - 2 * _MARGIN)
        else:
            self.layout = downwards(sources, wide, heights)
        self.top = 0.28 if title else 0
        self.width = max(self.layout.width, text_width(title, _TITLE))
        self.height = self.layout.height + self.top

    def draw(self, axis: Axes, corner: Point, space: float) -> None:
        """Draw the network in the middle of a `space` that begins at `corner`."""
        left, top = corner[0] + (space - self.layout.width) / 2, corner[1] + self.top
        if self.title:
            place = corner[0] + space / 2, corner[1] + _LINE / 2
            axis.text(*place, self.title, ha="center", va="center", font=_TITLE, color=TEXT)
        for way in self.layout.ways:
            arrow = FancyArrowPatch(
                path=Path([(x + left, y + top) for x, y in way]),
                arrowstyle="-|>",
                mutation_scale=8,
                color=NEUTRAL,
                linewidth=1.2,
                joinstyle="round",
                shrinkA=0,
                shrinkB=0,
            )
            axis.add_patch(arrow)
        for box, lines, frame in zip(self.boxes, self.texts, self.layout.frames, strict=True):
            learned = KERNEL if box.parameters else NEUTRAL
            colour = {"input": INPUT, "output": OUTPUT}.get(box.role, learned)
            moved = frame.translated(left, top)
            outline = FancyBboxPatch(moved.min, moved.width, moved.height, _ROUND)
            outline.set(facecolor=pale(colour), edgecolor=colour, linewidth=1.2)
            axis.add_patch(outline)
            x, y = middle(moved)
            for number, (text, font) in enumerate(lines):
                down = y + (number - (len(lines) - 1) / 2) * _LINE
                axis.text(x, down, text, font=font, color=TEXT, ha="center", va="center_baseline")


def _lines(box: Box) -> list[tuple[str, FontProperties]]:
    """Return what stands in a box, line by line."""
    kind, *settings = box.details or ("",)
    unbroken = [part.replace(" ", "\N{NO-BREAK SPACE}") for part in settings]
    shape = " × ".join("?" if size is None else f"{size:,}" for size in box.shape)
    texts = [*textwrap.wrap(", ".join([kind, *unbroken]), _LETTERS), shape]
    if box.parameters:
        texts.append(f"{box.parameters:,} parameter{'s' if box.parameters > 1 else ''}")
    heading = [(line, _HEADING) for line in textwrap.wrap(box.heading, _LETTERS)]
    plain = [(line.replace("\N{NO-BREAK SPACE}", " "), _PLAIN) for line in texts if line]
    return heading + plain


def _show(drawings: Sequence[_Drawing], alt: str) -> None:
    """Show networks side by side, or one below the other where the page is too narrow for it."""
    widths, heights = [one.width for one in drawings], [one.height for one in drawings]
    gaps = _BETWEEN * (len(drawings) - 1)
    beside = sum(widths) + gaps <= _PAGE - 2 * _MARGIN
    sizes = widths if beside else heights
    starts = accumulate((size + _BETWEEN for size in sizes[:-1]), initial=0.0)
    corners = [(start, 0.0) if beside else (0.0, start) for start in starts]
    length = sum(sizes) + gaps
    wide, high = (length, max(heights)) if beside else (max(widths), length)
    figure = plt.figure(figsize=(wide + 2 * _MARGIN, high + 2 * _MARGIN))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(-_MARGIN, wide + _MARGIN), ylim=(high + _MARGIN, -_MARGIN))
    axis.axis("off")
    for drawing, corner in zip(drawings, corners, strict=True):
        drawing.draw(axis, corner, drawing.width if beside else wide)
    show(figure, alt)


def sizes(stages: Mapping[str, tuple[int, ...]], *, alt: str) -> None:
    """Show what goes from layer to layer: a stack of maps is as large as it is, a vector a bar.

    Args:
        stages: name -> shape without the batch axis, (H, W, C) or (n,), in the network's order.
            The first is the input.
        alt: the message of the figure.
    """
    largest = max(max(shape[:2]) for shape in stages.values() if len(shape) > 1)
    figure, axis = plt.subplots(figsize=(1.15 * len(stages), 2.3), layout="constrained")
    gap, step, left = 0.6, 0.05, 0.0  # in units of the largest side
    for number, (name, shape) in enumerate(stages.items()):
        look: dict[str, Any] = {"facecolor": OUTPUT if number else INPUT, "edgecolor": "white"}
        if len(shape) == 1:
            sheets, width, height = 1, 0.12, min(0.1 + 0.4 * np.log10(shape[0]), 1.3)
        else:
            # As many sheets as the logarithm of the channels: 128 of them would hide each other.
            sheets = min(1 + int(np.log2(shape[2])), 9)
            height, width = (size / largest for size in shape[:2])
            look["linewidth"] = 0.8
        for sheet in reversed(range(sheets)):
            corner = (left + sheet * step, -height / 2 + sheet * step)
            axis.add_patch(plt.Rectangle(corner, width, height, **look))
        width += (sheets - 1) * step
        text = " × ".join(f"{size:,}" for size in shape)
        centre = left + width / 2
        axis.text(centre, -0.72, name, ha="center", va="top", fontsize=9, weight="bold")
        axis.text(centre, -0.92, text, ha="center", va="top", fontsize=9)
        left += width + gap
    axis.set(xlim=(-gap, left), ylim=(-1.15, 0.85), aspect="equal")
    axis.axis("off")
    show(figure, alt)
