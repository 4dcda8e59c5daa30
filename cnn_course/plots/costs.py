"""The figure of what networks cost and how good they are."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import cos, isfinite, pi, sin, sqrt
from typing import Any, Final

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import Bbox

from cnn_course.plots.palette import KERNEL, NEUTRAL, TEXT, pale
from cnn_course.plots.showing import show

#: multiplications for one picture, parameters, accuracy
Costs = tuple[float, float, float]

_LARGEST: Final = 900.0  # area of the largest dot, in square points
_SMALLEST: Final = 12.0  # a dot that would be smaller is as large as this
_NAMES: Final = ((10**9, " billion"), (10**6, " million"), (1, ""))
_NEAR: Final = 3.0  # points between a dot and its label
_LED: Final = 8.0  # points; a label that is farther away is led to its dot by a line
_FARTHEST: Final = 160  # points


def cost_and_accuracy(
    networks: Mapping[str, Costs],
    *,
    alt: str,
    measure: str = "top-1 accuracy (%)",
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
    _check(networks)
    most = max(parameters for _, parameters, _ in networks.values())
    figure, axis = plt.subplots(figsize=(7.2, 4.4), layout="constrained")
    works, _, heights = zip(*networks.values(), strict=True)
    axis.set_xscale("log")
    axis.set_xlim(min(works) / 2.2, max(works) * 3)
    room = 0.14 * (max(heights) - min(heights)) or 1
    axis.set_ylim(min(heights) - room, max(heights) + room)
    _axes(axis, measure)
    largest_first = sorted(networks.values(), key=lambda costs: -costs[1])  # hides no smaller one
    for work, parameters, height in largest_first:
        axis.plot(work, height, "o", **_dot(parameters, most))
    _legend(figure, most)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # labels are placed on what is there now
    _labels(axis, networks, most)
    show(figure, alt)


def _check(networks: Mapping[str, Costs]) -> None:
    if not networks:
        raise ValueError("There is nothing to show: networks is empty.")
    for name, numbers in networks.items():
        if len(numbers) != 3 or not all(map(isfinite, numbers)) or min(numbers[:2]) <= 0:
            raise ValueError(
                f"{name!r} needs three numbers (multiplications, parameters, accuracy), finite and "
                f"the first two above 0, but it has {numbers}."
            )


def amount(number: float) -> str:
    """Return `25.6 million` for 25,610,152, and `61,706` as it is."""
    size, name = next(((s, n) for s, n in _NAMES if number >= s), _NAMES[-1])
    if size == 1:
        return f"{number:,.0f}"
    share = number / size
    return f"{share:.3g}{name}" if share < 1000 else f"{share:,.0f}{name}"


def _diameter(parameters: float, most: float) -> float:
    """Return how many points a dot is wide: it is its area that counts."""
    return 2 * sqrt(max(_LARGEST * parameters / most, _SMALLEST) / pi)


def _dot(parameters: float, most: float) -> dict[str, Any]:
    return {
        "markersize": _diameter(parameters, most),
        "markerfacecolor": pale(KERNEL),
        "markeredgecolor": KERNEL,
        "markeredgewidth": 1.2,
        "alpha": 0.9,
    }


def _axes(axis: Axes, measure: str) -> None:
    axis.set_xlabel("multiplications for one picture (logarithmic scale)", fontsize=9)
    axis.set_ylabel(measure, fontsize=9)
    lowest, highest = axis.get_xlim()
    # A short axis may have no power of ten on it.
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if highest < 100 * lowest else (1,)))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: amount(value)))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.tick_params(labelsize=8.5)
    axis.set_axisbelow(True)
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)


def _legend(figure: Figure, most: float) -> None:
    """Show what three areas mean, in a row below the axes."""
    digits = 10 ** (len(str(int(most))) - 1)
    top = int(most / digits) * digits or 1
    handles = [plt.Line2D([], [], linestyle="", label="parameters (the area of a dot):")]
    handles += [
        plt.Line2D([], [], linestyle="", marker="o", label=amount(size), **_dot(size, most))
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
    points = axis.figure.dpi / 72
    radii = [_diameter(parameters, most) / 2 for _, parameters, _ in networks.values()]
    middles = [axis.transData.transform((work, height)) for work, _, height in networks.values()]
    taken = [
        Bbox.from_extents(x - r * points, y - r * points, x + r * points, y + r * points)
        for (x, y), r in zip(middles, radii, strict=True)
    ]
    for (name, (work, parameters, height)), radius in zip(networks.items(), radii, strict=True):
        text = axis.annotate(
            f"{name}\n{amount(parameters)}",
            (work, height),
            (0, 0),
            textcoords="offset points",
            fontsize=8.5,
            color=TEXT,
            linespacing=1.1,
            annotation_clip=False,
        )
        taken.append(_place(text, axis.get_window_extent(), radius, taken))
        x, y = text.xyann
        if sqrt(x * x + y * y) > radius + _LED:
            axis.annotate(
                "",
                (work, height),
                text.xyann,
                textcoords="offset points",
                arrowprops={"arrowstyle": "-", "color": NEUTRAL, "lw": 0.8, "shrinkB": radius},
            )


def _place(text: Annotation, inside: Bbox, radius: float, taken: Sequence[Bbox]) -> Bbox:
    """Move a label to the nearest free place around its dot, and return what it covers there."""
    for far, angle in product(range(0, _FARTHEST, 4), (0, 180, 90, 270, 45, 315, 135, 225)):
        right, up = cos(angle * pi / 180), sin(angle * pi / 180)
        reach = radius + _NEAR + far
        text.set(
            position=(right * reach, up * reach),
            ha="center" if abs(right) < 0.1 else "left" if right > 0 else "right",
            va="center" if abs(up) < 0.1 else "bottom" if up > 0 else "top",
        )
        box = text.get_window_extent()
        within = inside.x0 <= box.x0 and box.x1 <= inside.x1
        within = within and inside.y0 <= box.y0 and box.y1 <= inside.y1
        if within and not any(box.overlaps(other) for other in taken):
            break
    return box
