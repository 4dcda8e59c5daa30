"""Figures of what a network looks at."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from cnn_course.plots.palette import SIGNED
from cnn_course.plots.showing import show

_SIZE = 1.6  # inches a picture


def evidence(
    pictures: np.ndarray,
    places: np.ndarray,
    classes: Sequence[str],
    *,
    window: int,
    stride: int,
    alt: str,
) -> None:
    """Lay over pictures what each of their places says: purple for class 0, orange for class 1.

    Args:
        pictures: (n, H, W, 3), 0 to 255.
        places: (n, h, w): what each place of the last maps adds to the score, negative for class 0
            and positive for class 1. It is drawn around the centre of what the place sees; each
            picture has its own scale.
        classes: the names of class 0 and class 1.
        window: rows, and columns, of the picture that a place sees: its receptive field.
        stride: pixels between two neighbouring places.
        alt: the message of the figure.

    Raises:
        ValueError: there is not one map of places for each picture.
    """
    if len(pictures) != len(places) or np.ndim(places) != 3:
        raise ValueError(
            f"One map of places for each picture is needed: pictures {np.shape(pictures)}, "
            f"places {np.shape(places)}."
        )
    columns = min(4, len(pictures))
    rows = -(-len(pictures) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(_SIZE * columns, _SIZE * rows + 0.5),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.axis("off")
    for axis, picture, values in zip(axes.flat, pictures, places, strict=False):
        _lay_over(axis, picture, values, window, stride)
    scale = ScalarMappable(Normalize(-1, 1), cmap=SIGNED)
    bar = figure.colorbar(scale, ax=axes, location="bottom", fraction=0.05, aspect=40)
    bar.set_ticks([-1, 1], labels=[f"for {classes[0]}", f"for {classes[1]}"])
    show(figure, alt, kind="picture")


def _lay_over(
    axis: Axes, picture: np.ndarray, values: np.ndarray, window: int, stride: int
) -> None:
    shares = values / max(float(np.abs(values).max()), 1e-9)
    height, width = picture.shape[:2]
    start = (window - 1) / 2 - stride / 2  # without padding, the first place sees the first window
    rows, columns = values.shape
    axis.imshow(picture.mean(axis=-1) / 255, cmap="gray", vmin=-0.3, vmax=1.3)
    axis.imshow(
        shares,
        cmap=SIGNED,
        vmin=-1,
        vmax=1,
        alpha=0.85 * np.abs(shares),  # what says nothing hides nothing
        interpolation="bilinear",
        extent=(start, start + stride * columns, start + stride * rows, start),
    )
    axis.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
