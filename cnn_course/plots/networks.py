"""Figures of a network itself: the sizes between its layers, and what goes through them."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from cnn_course.plots.palette import ACTIVATION, INPUT, OUTPUT
from cnn_course.plots.showing import show

_SHEETS_AT_MOST = 9
_GAP = 0.6  # between two stages, in sheets of the largest size
_BAR = 0.12  # width of a vector, in the same unit


def sizes(stages: Mapping[str, tuple[int, ...]], *, alt: str) -> None:
    """Show what goes from layer to layer: a stack of maps is as large as it is, a vector a bar.

    Args:
        stages: name -> shape without the batch axis, (H, W, C) or (n,), in the network's order.
            The first is the input.
        alt: the message of the figure.
    """
    largest = max(max(shape[:2]) for shape in stages.values() if len(shape) > 1)
    figure, axis = plt.subplots(figsize=(1.15 * len(stages), 2.3), layout="constrained")
    left = 0.0
    for number, (name, shape) in enumerate(stages.items()):
        colour = OUTPUT if number else INPUT
        width = _stack(axis, shape, left, largest, colour)
        middle = left + width / 2
        text = " × ".join(f"{size:,}" for size in shape)
        axis.text(middle, -0.72, name, ha="center", va="top", fontsize=9, weight="bold")
        axis.text(middle, -0.92, text, ha="center", va="top", fontsize=9)
        left += width + _GAP
    axis.set_xlim(-_GAP, left)
    axis.set_ylim(-1.15, 0.85)
    axis.set_aspect("equal")
    axis.axis("off")
    show(figure, alt)


def _stack(axis: Axes, shape: tuple[int, ...], left: float, largest: int, colour: str) -> float:
    """Draw one stage around height 0 and return its width."""
    if len(shape) == 1:
        height = min(0.1 + 0.4 * np.log10(shape[0]), 1.3)
        box = plt.Rectangle((left, -height / 2), _BAR, height, facecolor=colour, edgecolor="white")
        axis.add_patch(box)
        return _BAR
    height, width = (size / largest for size in shape[:2])
    # As many sheets as the logarithm of the channels: 128 of them would hide each other.
    sheets = min(1 + int(np.log2(shape[2])), _SHEETS_AT_MOST)
    step = 0.05
    for sheet in reversed(range(sheets)):
        corner = (left + sheet * step, -height / 2 + sheet * step)
        axis.add_patch(
            plt.Rectangle(corner, width, height, facecolor=colour, edgecolor="white", linewidth=0.8)
        )
    return width + (sheets - 1) * step


def maps_by_layer(layers: Mapping[str, np.ndarray], *, alt: str, columns: int = 8) -> None:
    """Show some maps of several layers for one picture, a row for each layer.

    Args:
        layers: name -> maps (H, W, C), not negative. Those with the largest standard deviation
            are shown, and each row has its own scale.
        alt: the message of the figure.
        columns: maps a row.
    """
    width = 0.85 * columns + 0.8
    figure, axes = plt.subplots(
        len(layers),
        columns,
        figsize=(width, 0.9 * len(layers)),
        squeeze=False,
        # By hand: to compute the layout of so many axes would take a second.
        gridspec_kw={
            "left": 0.8 / width,
            "right": 1,
            "bottom": 0,
            "top": 1,
            "wspace": 0.06,
            "hspace": 0.1,
        },
    )
    for row, (name, maps) in zip(axes, layers.items(), strict=True):
        clearest = np.argsort(-maps.std(axis=(0, 1)), kind="stable")[:columns]
        for axis, channel in zip(row, clearest, strict=False):
            axis.imshow(maps[:, :, channel], cmap=ACTIVATION, vmin=0, vmax=max(maps.max(), 1e-9))
        for axis in row:
            axis.set_xticks([])
            axis.set_yticks([])
            axis.spines[:].set_visible(False)
        label = f"{name}\n{maps.shape[0]} × {maps.shape[1]}"
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9, labelpad=8)
    show(figure, alt, kind="picture")
