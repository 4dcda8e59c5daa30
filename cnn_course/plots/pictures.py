"""Figures of arrays: numbers in a grid, pictures, kernels, feature maps."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from cnn_course.plots.style import ACTIVATION, BRIGHTNESS, INPUT, SIGNED, show

_GAP = 0.3  # inches between two grids of numbers
_WIDEST = 6.6  # inches that a line of grids takes at most; a phone shows them at half the size
_TINY = 1e-9  # in place of a largest value of 0


def number_grids(
    *grids: tuple[str, np.ndarray], alt: str, mark: tuple[int, int] | None = None
) -> None:
    """Show small arrays side by side, every value written into its square.

    What is too wide for one line, or for a phone, takes two.

    Args:
        grids: pairs of a title and an array (H, W).
        alt: the message of the figure.
        mark: (row, column) of a square to frame in the last grid.
    """
    titles, arrays = [title for title, _ in grids], [np.asarray(array) for _, array in grids]
    # Every square of a figure has the same size, and a title may be wider than its grid.
    square = 0.34 if all(map(_is_whole, arrays)) else 0.46  # inches
    widths = [
        max(square * array.shape[1], 0.085 * len(title)) + _GAP
        for title, array in zip(titles, arrays, strict=True)
    ]
    lines = math.ceil((sum(widths) + _GAP) / _WIDEST)
    columns = math.ceil(len(grids) / lines)
    wide = max(sum(widths[at : at + columns]) for at in range(0, len(grids), columns)) + _GAP
    line = square * max(map(len, arrays)) + 0.35
    high = line * lines
    figure = plt.figure(figsize=(wide, high))
    for at, (title, array) in enumerate(zip(titles, arrays, strict=True)):
        left = _GAP + sum(widths[at - at % columns : at])
        across, down = square * array.shape[1], square * len(array)
        bottom = high - line * (at // columns) - 0.3 - down
        place = (left / wide, bottom / high, across / wide, down / high)
        axis = figure.add_axes(place, label=title)
        _number_grid(axis, title, array)
    if mark is not None:
        corner = (mark[1] - 0.5, mark[0] - 0.5)
        frame = plt.Rectangle(corner, 1, 1, fill=False, linewidth=3, zorder=5, clip_on=False)
        axis.add_patch(frame)
    show(figure, alt)


def _is_whole(array: np.ndarray) -> bool:
    return bool(np.allclose(array, np.round(array)))


def _number_grid(axis: Axes, title: str, array: np.ndarray) -> None:
    limit = max(float(np.abs(array).max()), _TINY)
    axis.imshow(array, cmap=SIGNED, vmin=-2 * limit, vmax=2 * limit)  # pale: the numbers are read
    whole = _is_whole(array)
    for (row, column), value in np.ndenumerate(array):
        text = f"{value:.0f}" if whole else f"{value:.2f}"
        axis.text(column, row, text, ha="center", va="center", fontsize=9 if whole else 8)
    axis.set_xticks(np.arange(-0.5, array.shape[1]), labels=[])
    axis.set_yticks(np.arange(-0.5, array.shape[0]), labels=[])
    axis.grid(color="white", linewidth=1.5)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title(title, fontsize=10, loc="left")


def averaged_over(
    grids: Mapping[str, np.ndarray],
    *,
    rows: str,
    columns: str,
    alt: str,
    other_axes: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Show which squares of a grid take part in the value that stands in the first one.

    Args:
        grids: title -> (rows, columns), True where a square takes part. The first one is framed.
        rows: what the rows are.
        columns: what the columns are.
        alt: the message of the figure.
        other_axes: title -> what rows and columns of that grid are, where it differs.
    """
    figure, axes = _subplots(len(grids), min(len(grids), 4), (1.8, 1.75))
    for axis, (title, taking_part) in zip(axes.flat, grids.items(), strict=False):
        down, across = (other_axes or {}).get(title, (rows, columns))
        for (row, column), takes_part in np.ndenumerate(taking_part):
            colour = INPUT if takes_part else "#E4E4E4"
            corner = (column - 0.45, row - 0.45)
            axis.add_patch(plt.Rectangle(corner, 0.9, 0.9, facecolor=colour, linewidth=0))
        first = plt.Rectangle((-0.45, -0.45), 0.9, 0.9, fill=False, edgecolor="black", linewidth=2)
        axis.add_patch(first)
        high, wide = taking_part.shape
        axis.set(xlim=(-0.6, wide - 0.4), ylim=(high - 0.4, -0.6), aspect="equal")
        axis.set_title(title, fontsize=9)
        axis.set_xlabel(across, fontsize=9)
        axis.set_ylabel(down, fontsize=9)
    show(figure, alt)


def pictures(
    images: Sequence[np.ndarray] | np.ndarray,
    titles: Sequence[str] = (),
    *,
    alt: str,
    columns: int = 5,
    size: float = 1.5,
) -> None:
    """Show pictures in a grid.

    Args:
        images: grey (H, W) or (H, W, 1), or colour (H, W, 3); 0 to 255, or 0 to 1.
        titles: one a picture, or none at all.
        alt: the message of the figure.
        columns: pictures a row.
        size: inches a picture.
    """
    if len(images) == 0:
        print("There are no pictures to show.")
        return
    tallest = max(image.shape[0] / image.shape[1] for image in images)
    height = size * tallest + 0.28 * bool(titles)
    figure, axes = _subplots(len(images), min(columns, len(images)), (size, height))
    for index, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        # A fixed scale: dark pictures stay dark, and two in one figure can be compared.
        shown = np.squeeze(image) / (255 if np.max(image) > 1 else 1)
        axis.imshow(np.clip(shown, 0, 1), cmap=BRIGHTNESS, vmin=0, vmax=1)
        if titles:
            axis.set_title(titles[index], fontsize=9)
    show(figure, alt, kind="picture")


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
    figure, axes = _subplots(len(pictures), min(4, len(pictures)), (1.6, 1.6), (0, 0.5))
    start = (window - 1) / 2 - stride / 2  # without padding, the first place sees the first window
    for axis, picture, values in zip(axes.flat, pictures, places, strict=False):
        shares = values / max(float(np.abs(values).max()), _TINY)
        high, wide = (start + stride * size for size in values.shape)
        axis.imshow(picture.mean(axis=-1) / 255, cmap="gray", vmin=-0.3, vmax=1.3)
        axis.imshow(
            shares,
            cmap=SIGNED,
            vmin=-1,
            vmax=1,
            alpha=0.85 * np.abs(shares),  # what says nothing hides nothing
            interpolation="bilinear",
            extent=(start, wide, high, start),
        )
        height, width = picture.shape[:2]
        axis.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    scale = ScalarMappable(Normalize(-1, 1), cmap=SIGNED)
    bar = figure.colorbar(scale, ax=axes, location="bottom", fraction=0.05, aspect=40)
    bar.set_ticks([-1, 1], labels=[f"for {classes[0]}", f"for {classes[1]}"])
    show(figure, alt, kind="picture")


def pictures_and_maps(
    images: Sequence[np.ndarray] | np.ndarray,
    maps: Mapping[str, np.ndarray],
    *,
    alt: str,
    rows: Sequence[str] = (),
) -> None:
    """Show pictures below each other, and beside each what layers answer to it.

    Args:
        images: colour (H, W, 3), 0 to 255.
        maps: title of a column -> (n, h, w), a map for each picture. The colours of a column go
            from 0 to its largest value.
        alt: the message of the figure.
        rows: a name for each picture, or none at all.
    """
    count, columns = len(images), 1 + len(maps)
    figure, axes = _subplots(count * columns, columns, (1.3, 1.3), (0, 0.25))
    for axis, image, name in zip(axes[:, 0], images, rows or [""] * count, strict=True):
        axis.imshow(np.clip(np.asarray(image) / 255, 0, 1))
        axis.set_ylabel(name, fontsize=9)
    for column, (title, shown) in zip(axes.T[1:], maps.items(), strict=True):
        column[0].set_title(title, fontsize=9)
        for axis, values in zip(column, shown, strict=True):
            axis.imshow(values, cmap=ACTIVATION, vmin=0, vmax=max(float(shown.max()), _TINY))
    show(figure, alt, kind="picture")


def filters(weights: np.ndarray, *, alt: str, columns: int = 8) -> None:
    """Show the kernels of a layer as small pictures, zero in the middle of the colours.

    Args:
        weights: (kh, kw, F): one input channel of a layer's weights.
        alt: the message of the figure.
        columns: kernels a row.
    """
    limit = float(np.abs(weights).max())
    _maps(weights, alt, columns, cmap=SIGNED, vmin=-limit, vmax=limit)


def feature_maps(maps: np.ndarray, *, alt: str, columns: int = 8) -> None:
    """Show the channels of one layer's output for one picture.

    Args:
        maps: (H, W, C), not negative.
        alt: the message of the figure.
        columns: maps a row.
    """
    _maps(maps, alt, columns, cmap=ACTIVATION, vmin=0, vmax=max(float(maps.max()), _TINY))


def _maps(maps: np.ndarray, alt: str, columns: int, **scale: Any) -> None:
    """Show the channels of maps (H, W, C) in a grid."""
    figure, axes = _subplots(maps.shape[-1], columns, (0.95, 0.95), places=_BY_HAND)
    for axis, values in zip(axes.flat, np.moveaxis(maps, -1, 0), strict=False):
        axis.imshow(values, **scale)
    show(figure, alt, kind="picture")


def maps_by_layer(layers: Mapping[str, np.ndarray], *, alt: str, columns: int = 8) -> None:
    """Show some maps of several layers for one picture, a row for each layer.

    Args:
        layers: name -> maps (H, W, C), not negative. Those with the largest standard deviation
            are shown, and each row has its own scale.
        alt: the message of the figure.
        columns: maps a row.
    """
    places = _BY_HAND | {"left": 0.8 / (0.85 * columns + 0.8), "hspace": 0.1}
    figure, axes = _subplots(len(layers) * columns, columns, (0.85, 0.9), (0.8, 0), places)
    for row, (name, maps) in zip(axes, layers.items(), strict=True):
        clearest = np.argsort(-maps.std(axis=(0, 1)), kind="stable")[:columns]
        for axis, channel in zip(row, clearest, strict=False):
            axis.imshow(maps[:, :, channel], cmap=ACTIVATION, vmin=0, vmax=max(maps.max(), _TINY))
        label = f"{name}\n{maps.shape[0]} × {maps.shape[1]}"
        row[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=9, labelpad=8)
    show(figure, alt, kind="picture")


# To compute the layout of very many axes would take a second.
_BY_HAND = {"left": 0, "right": 1, "bottom": 0, "top": 1, "wspace": 0.06, "hspace": 0.06}


def _subplots(
    count: int,
    columns: int,
    size: tuple[float, float],
    more: tuple[float, float] = (0, 0),
    places: dict[str, float] | None = None,
) -> tuple[Figure, Any]:
    """Return a figure with at least `count` bare axes.

    An axis has `size` inches, and the figure has `more` to the right and below.
    """
    rows = -(-count // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(size[0] * columns + more[0], size[1] * rows + more[1]),
        squeeze=False,
        layout=None if places else "constrained",
        gridspec_kw=places,
    )
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
        axis.patch.set_visible(False)
    return figure, axes
