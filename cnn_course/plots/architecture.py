"""The figure of an architecture, drawn from the Keras model itself."""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from cnn_course.plots.graphs import Box, Graph, Prefixes, read
from cnn_course.plots.layout import Frame, Plan, Point, downwards, fitting, in_lines, is_chain
from cnn_course.plots.lettering import width
from cnn_course.plots.palette import INPUT, KERNEL, NEUTRAL, OUTPUT, TEXT, pale
from cnn_course.plots.showing import show

_PAGE: Final = 7.7  # inches that a page of the book has
_MARGIN: Final = 0.05
_BETWEEN: Final = 0.5  # two networks of a figure
_TITLE: Final = 0.28
_LINE: Final = 0.155
_PAD: Final = 0.1  # between a text and the side of its box
_LETTERS: Final = 20  # of a line, before it is broken
_HEADING, _PLAIN = (FontProperties(size=9, weight="bold"), FontProperties(size=8.5))
_TITLES: Final = FontProperties(size=10, weight="bold")

Line = tuple[str, FontProperties]
Groups = Mapping[str, Prefixes]


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
    if columns is not None and columns < 1:
        raise ValueError(f"columns must be 1 or more, but it is {columns}.")
    _show([_Drawing.of("", read(model, groups), columns)], alt)


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
    drawings = [
        _Drawing.of(title, read(model, own.get(title)), columns=1)
        for title, model in models.items()
    ]
    _show(drawings, alt)


@dataclass(frozen=True)
class _Drawing:
    """A network, ready to be drawn."""

    title: str
    graph: Graph
    plan: Plan

    @classmethod
    def of(cls, title: str, graph: Graph, columns: int | None) -> "_Drawing":
        texts = [_lines(box) for box in graph.boxes]
        wide = max(width(*line) for lines in texts for line in lines) + 2 * _PAD
        heights = [len(lines) * _LINE + 2 * _PAD for lines in texts]
        if columns == 1 or not is_chain(graph):
            return cls(title, graph, downwards(graph, wide, heights))
        boxes = len(graph.boxes)
        if columns is None:
            lines = -(-boxes // fitting(wide, _PAGE - 2 * _MARGIN))
            columns = -(-boxes // lines)  # no line is much shorter than the others
        return cls(title, graph, in_lines(graph, wide, heights, columns))

    @property
    def width(self) -> float:
        """Inches, of its title too."""
        return max(self.plan.width, width(self.title, _TITLES))

    @property
    def height(self) -> float:
        """Inches, with its title."""
        return self.plan.height + self.above

    @property
    def above(self) -> float:
        """Room for the title."""
        return _TITLE if self.title else 0


def _lines(box: Box) -> list[Line]:
    """Return what stands in a box, line by line."""
    kind, *settings = box.says or ("",)
    unbroken = [part.replace(" ", "\N{NO-BREAK SPACE}") for part in settings]
    says = ", ".join([kind, *unbroken])
    shape = " × ".join("?" if size is None else f"{size:,}" for size in box.shape)
    texts = [*textwrap.wrap(says, _LETTERS), shape]
    if box.parameters:
        texts.append(f"{box.parameters:,} parameter{'s' if box.parameters > 1 else ''}")
    heading = [(line, _HEADING) for line in textwrap.wrap(box.heading, _LETTERS)]
    plain = [(line.replace("\N{NO-BREAK SPACE}", " "), _PLAIN) for line in texts if line]
    return heading + plain


def _show(drawings: list[_Drawing], alt: str) -> None:
    """Draw networks side by side, or one below the other where the page is too narrow for it."""
    steps = [drawing.width + _BETWEEN for drawing in drawings]
    beside = sum(steps) - _BETWEEN <= _PAGE - 2 * _MARGIN
    if beside:
        corners = [(x, 0.0) for x in accumulate(steps[:-1], initial=0.0)]
    else:
        falls = [drawing.height + _BETWEEN for drawing in drawings[:-1]]
        corners = [(0.0, y) for y in accumulate(falls, initial=0.0)]
    ends = [(x + d.width, y + d.height) for d, (x, y) in zip(drawings, corners, strict=True)]
    wide, high = (max(end[side] for end in ends) + 2 * _MARGIN for side in (0, 1))
    figure = plt.figure(figsize=(wide, high))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(-_MARGIN, wide - _MARGIN), ylim=(high - _MARGIN, -_MARGIN))
    axis.axis("off")
    for drawing, (x, y) in zip(drawings, corners, strict=True):
        _draw(axis, drawing, (x, y), drawing.width if beside else wide - 2 * _MARGIN)
    show(figure, alt)


def _draw(axis: Axes, drawing: _Drawing, corner: Point, room: float) -> None:
    """Draw one network in the middle of its room."""
    left, top = corner[0] + (room - drawing.plan.width) / 2, corner[1] + drawing.above
    if drawing.title:
        middle = corner[0] + room / 2, corner[1] + _LINE / 2
        axis.text(*middle, drawing.title, ha="center", va="center", font=_TITLES, color=TEXT)
    for way in drawing.plan.ways:
        axis.add_patch(_arrow([(x + left, y + top) for x, y in way]))
    for box, frame in zip(drawing.graph.boxes, drawing.plan.frames, strict=True):
        _draw_box(axis, box, Frame(frame.left + left, frame.top + top, frame.width, frame.height))


def _arrow(way: Iterable[Point]) -> FancyArrowPatch:
    return FancyArrowPatch(
        path=Path(list(way)),
        arrowstyle="-|>",
        mutation_scale=8,
        color=NEUTRAL,
        linewidth=1.2,
        joinstyle="round",
        shrinkA=0,
        shrinkB=0,
    )


def _draw_box(axis: Axes, box: Box, frame: Frame) -> None:
    learned = KERNEL if box.parameters else NEUTRAL
    colour = {"input": INPUT, "output": OUTPUT}.get(box.role, learned)
    axis.add_patch(
        FancyBboxPatch(
            (frame.left, frame.top),
            frame.width,
            frame.height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=pale(colour),
            edgecolor=colour,
            linewidth=1.2,
        )
    )
    lines = _lines(box)
    x, y = frame.middle
    for place, (text, font) in enumerate(lines):
        height = y + (place - (len(lines) - 1) / 2) * _LINE
        axis.text(x, height, text, font=font, color=TEXT, ha="center", va="center_baseline")
