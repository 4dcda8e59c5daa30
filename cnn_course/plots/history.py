"""The figure of a history: what happened when."""

from collections.abc import Iterable, Mapping
from typing import Final

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties

from cnn_course.plots.lettering import apart, wrapped
from cnn_course.plots.palette import KERNEL, NEUTRAL, TEXT
from cnn_course.plots.showing import show

_WIDTH: Final = 5.8  # inches: on a phone, the letters of a wider figure would be small
_AXIS, _YEAR, _TEXT = 0.6, 1.2, 1.65  # inches from the left
_LINE: Final = 0.165  # inches
_GAP: Final = 0.12  # inches between two labels
_ROOMIER: Final = 1.25  # a figure is higher than its labels, so that they can be near their dots
_BOLD, _PLAIN = (FontProperties(size=9, weight="bold"), FontProperties(size=9))


def timeline(events: Mapping[int, str] | Iterable[tuple[int, str]], *, alt: str) -> None:
    """Show events from the earliest, on top, to the latest. The dots are true to scale.

    Args:
        events: year -> what happened, or pairs of both when a year has several events.
        alt: the message of the figure.

    Raises:
        ValueError: there is no event, a year is not a whole number, or a text is empty.
    """
    pairs = _in_order(events)
    texts = [wrapped(text, _PLAIN, _WIDTH - _TEXT - 0.1) for _, text in pairs]
    sizes = [_LINE * len(lines) for lines in texts]
    height = _ROOMIER * sum(sizes) + _GAP * (len(sizes) + 1)
    figure = plt.figure(figsize=(_WIDTH, height))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.axis("off")
    axis.set(xlim=(0, _WIDTH), ylim=(height, 0))
    years = [year for year, _ in pairs]
    lower = [(size - _LINE) / 2 for size in sizes]  # from a label's first line to its middle
    dots = _to_scale(axis, years, _GAP + _LINE / 2, height - _GAP - sizes[-1] + _LINE / 2)
    wanted = [dot + more for dot, more in zip(dots, lower, strict=True)]
    places = apart(wanted, sizes, _GAP, height)
    for year, lines, dot, place in zip(years, texts, dots, places, strict=True):
        first = place - (len(lines) - 1) * _LINE / 2
        way = [_AXIS, _YEAR - 0.15, _YEAR - 0.06]
        axis.plot(way, [dot, first, first], color=NEUTRAL, linewidth=0.8, zorder=1)
        axis.plot(_AXIS, dot, "o", color=KERNEL, markersize=6, zorder=2)
        axis.text(_YEAR, first, str(year), font=_BOLD, color=TEXT, va="center_baseline")
        for number, line in enumerate(lines):
            y = first + number * _LINE
            axis.text(_TEXT, y, line, font=_PLAIN, color=TEXT, va="center_baseline")
    show(figure, alt)


def _in_order(events: Mapping[int, str] | Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    pairs = list(events.items() if isinstance(events, Mapping) else events)
    if not pairs:
        raise ValueError("There is nothing to show: events is empty. Give a year and a text.")
    for year, text in pairs:
        if not isinstance(year, int) or isinstance(year, bool):
            raise ValueError(f"A year must be a whole number such as 1998, but it is {year!r}.")
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"The event of {year} needs a text, but it is {text!r}.")
    return sorted(pairs, key=lambda event: event[0])


def _to_scale(axis: Axes, years: list[int], top: float, bottom: float) -> list[float]:
    """Draw the line of time with its decades and return the height of each year on it."""
    first, last = years[0], years[-1]
    inches = (bottom - top) / max(last - first, 1)
    axis.plot([_AXIS, _AXIS], [top, top + inches * (last - first)], color=NEUTRAL, linewidth=1.5)
    for year in range(first, last + 1):
        if year % 10 == 0 and inches * 10 > _LINE:
            y = top + inches * (year - first)
            axis.plot([_AXIS - 0.06, _AXIS], [y, y], color=NEUTRAL, linewidth=1)
            axis.text(_AXIS - 0.12, y, str(year), fontsize=8, ha="right", va="center_baseline")
    return [top + inches * (year - first) for year in years]
