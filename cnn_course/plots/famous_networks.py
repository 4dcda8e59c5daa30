"""Figures of when networks appeared, and of what they cost; no label hides another."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise, product
from math import cos, hypot, isfinite, pi, radians, sin, sqrt
from typing import Any, Final

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import Bbox

from cnn_course.plots.style import KERNEL, NEUTRAL, TEXT, pale, show, text_width

_WIDTH: Final = 5.8  # inches of a timeline: on a phone, letters of a wider one would be small
_AXIS, _YEAR, _EVENT = 0.6, 1.2, 1.65  # inches from the left
_LINE, _GAP = 0.165, 0.12  # inches of a line of text, and between two labels
_BOLD, _PLAIN = (FontProperties(size=9, weight="bold"), FontProperties(size=9))
_LARGEST: Final = 900.0  # area of the largest dot, in square points
_SMALLEST: Final = 12.0  # a dot that would be smaller is as large as this

#: multiplications for one picture, parameters, accuracy
Costs = tuple[float, float, float]


def timeline(events: Mapping[int, str] | Iterable[tuple[int, str]], *, alt: str) -> None:
    """Show events from the earliest, on top, to the latest. The dots are true to scale.

    Args:
        events: year -> what happened, or pairs of both when a year has several events.
        alt: the message of the figure.

    Raises:
        ValueError: there is no event, a year is not a whole number, or a text is empty.
    """
    pairs = _in_order(events)
    texts = [_wrapped(text, _WIDTH - _EVENT - 0.1) for _, text in pairs]
    sizes = [_LINE * len(lines) for lines in texts]
    # A figure is higher than its labels, so that they can be near their dots.
    height = 1.25 * sum(sizes) + _GAP * (len(sizes) + 1)
    figure = plt.figure(figsize=(_WIDTH, height))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.axis("off")
    axis.set(xlim=(0, _WIDTH), ylim=(height, 0))
    years = [year for year, _ in pairs]
    dots = _to_scale(axis, years, _GAP + _LINE / 2, height - _GAP - sizes[-1] + _LINE / 2)
    wanted = [dot + (size - _LINE) / 2 for dot, size in zip(dots, sizes, strict=True)]
    places = _apart(wanted, sizes, height)
    for year, lines, dot, place in zip(years, texts, dots, places, strict=True):
        first = place - (len(lines) - 1) * _LINE / 2
        way = [_AXIS, _YEAR - 0.15, _YEAR - 0.06]
        axis.plot(way, [dot, first, first], color=NEUTRAL, linewidth=0.8, zorder=1)
        axis.plot(_AXIS, dot, "o", color=KERNEL, markersize=6, zorder=2)
        axis.text(_YEAR, first, str(year), font=_BOLD, color=TEXT, va="center_baseline")
        for number, line in enumerate(lines):
            y = first + number * _LINE
            axis.text(_EVENT, y, line, font=_PLAIN, color=TEXT, va="center_baseline")
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


def _wrapped(text: str, width: float) -> list[str]:
    """Return a text in lines that are at most `width` inches wide, if its words allow it."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, _PLAIN) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


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


def _apart(wanted: Sequence[float], sizes: Sequence[float], height: float) -> np.ndarray:
    """Return the middles of labels of these sizes, as near to the wanted ones as can be.

    Labels that would overlap stand together where the sum of the squares of their distances is
    least. All stand between 0 and `height`, which must be enough for them.
    """
    from sklearn.isotonic import isotonic_regression  # noqa: PLC0415 - takes a second

    steps = [(one + other) / 2 + _GAP for one, other in pairwise(sizes)]
    stacked = np.array(list(accumulate(steps, initial=0.0)))  # middles when none is apart
    moves = isotonic_regression(np.array(wanted) - stacked)
    return stacked + moves.clip(_GAP + sizes[0] / 2, height - _GAP - sizes[-1] / 2 - stacked[-1])


def cost_and_accuracy(
    networks: Mapping[str, Costs], *, alt: str, measure: str = "top-1 accuracy (%)"
) -> None:
    """Show what networks reach against what one picture costs them.

    To the right are multiplications, on a logarithmic scale; upwards what was published. The area
    of a dot is proportional to the parameters, which are written below its name.

    Args:
        networks: name -> (multiplications for one picture, parameters, accuracy).
        alt: the message of the figure.
        measure: what the third number is, for the axis. It may be an error as well.

    Raises:
        ValueError: there is no network, or a number is not finite, or a cost is not positive.
    """
    if not networks:
        raise ValueError("There is nothing to show: networks is empty.")
    for name, numbers in networks.items():
        if len(numbers) != 3 or not all(map(isfinite, numbers)) or min(numbers[:2]) <= 0:
            raise ValueError(
                f"{name!r} needs three numbers (multiplications, parameters, accuracy), finite and "
                f"the first two above 0, but it has {numbers}."
            )
    most = max(parameters for _, parameters, _ in networks.values())
    figure, axis = plt.subplots(figsize=(7.2, 4.4), layout="constrained")
    _axes(axis, networks, measure)
    largest_first = sorted(networks.values(), key=lambda costs: -costs[1])  # hides no smaller one
    for work, parameters, height in largest_first:
        axis.plot(work, height, "o", **_dot(parameters, most))
    _legend(figure, most)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # labels are placed on what is there now
    _labels(axis, networks, most)
    show(figure, alt)


def _axes(axis: Axes, networks: Mapping[str, Costs], measure: str) -> None:
    works, _, heights = zip(*networks.values(), strict=True)
    lowest, highest = min(works) / 2.2, max(works) * 3
    margin = 0.14 * (max(heights) - min(heights)) or 1
    axis.set(xscale="log", xlim=(lowest, highest))
    axis.set_ylim(min(heights) - margin, max(heights) + margin)
    axis.set_xlabel("multiplications for one picture (logarithmic scale)", fontsize=9)
    axis.set_ylabel(measure, fontsize=9)
    # A short axis may have no power of ten on it.
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if highest < 100 * lowest else (1,)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _amount(value)))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.tick_params(labelsize=8.5)
    axis.set_axisbelow(True)
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)


def _amount(number: float) -> str:
    """Return `25.6 million` for 25,610,152, and `61,706` as it is."""
    for size, name in ((10**9, "billion"), (10**6, "million")):
        if number >= size:
            share = number / size
            return f"{share:.3g} {name}" if share < 1000 else f"{share:,.0f} {name}"
    return f"{number:,.0f}"


def _dot(parameters: float, most: float) -> dict[str, Any]:
    """Return the look of a dot, whose area counts; `markersize` is its diameter in points."""
    return {
        "markersize": 2 * sqrt(max(_LARGEST * parameters / most, _SMALLEST) / pi),
        "markerfacecolor": pale(KERNEL),
        "markeredgecolor": KERNEL,
        "markeredgewidth": 1.2,
        "alpha": 0.9,
    }


def _legend(figure: Figure, most: float) -> None:
    """Show what three areas mean, in a row below the axes."""
    digits = 10 ** (len(str(int(most))) - 1)
    top = int(most / digits) * digits or 1
    handles = [plt.Line2D([], [], linestyle="", label="parameters (the area of a dot):")]
    handles += [
        plt.Line2D([], [], linestyle="", marker="o", label=_amount(size), **_dot(size, most))
        for size in (top / 10, top / 2, top)
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=4,
        fontsize=8.5,
        frameon=False,
        handlelength=3.6,
        columnspacing=1.2,
        borderpad=1.8,  # the largest dot is higher than a line
    )


def _labels(axis: Axes, networks: Mapping[str, Costs], most: float) -> None:
    """Write name and parameters at each dot, where they hide no dot and no other label."""
    pixels = axis.figure.dpi / 72  # of a point
    radii = [_dot(parameters, most)["markersize"] / 2 for _, parameters, _ in networks.values()]
    taken = []
    for (work, _, height), radius in zip(networks.values(), radii, strict=True):
        x, y = axis.transData.transform((work, height))
        taken.append(Bbox([[x, y], [x, y]]).padded(radius * pixels))
    for (name, (work, parameters, height)), radius in zip(networks.items(), radii, strict=True):
        text = axis.annotate(
            f"{name}\n{_amount(parameters)}",
            (work, height),
            (0, 0),
            textcoords="offset points",
            fontsize=8.5,
            color=TEXT,
            linespacing=1.1,
            annotation_clip=False,
        )
        taken.append(_place(text, axis.get_window_extent(), radius, taken))
        if hypot(*text.xyann) > radius + 8:  # points; a line leads from the dot to its label
            axis.annotate(
                "",
                (work, height),
                text.xyann,
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": NEUTRAL, "lw": 0.8, "shrinkB": radius},
            )


def _place(text: Annotation, inside: Bbox, radius: float, taken: Sequence[Bbox]) -> Bbox:
    """Move a label to the nearest free place around its dot, and return what it covers there."""
    for far, angle in product(range(3, 163, 4), (0, 180, 90, 270, 45, 315, 135, 225)):
        right, up = cos(radians(angle)), sin(radians(angle))
        text.set(
            position=(right * (radius + far), up * (radius + far)),
            ha="center" if abs(right) < 0.1 else "left" if right > 0 else "right",
            va="center" if abs(up) < 0.1 else "bottom" if up > 0 else "top",
        )
        box = text.get_window_extent()
        within = inside.contains(*box.min) and inside.contains(*box.max)
        if within and not any(box.overlaps(other) for other in taken):
            break
    return box
