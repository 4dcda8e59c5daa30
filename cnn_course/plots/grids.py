"""Grids: of numbers, of pictures, of filters, of feature maps."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from cnn_course.plots.palette import ACTIVATION, BRIGHTNESS, INPUT, SIGNED
from cnn_course.plots.showing import show

_SQUARE = 0.34  # inches
_SQUARE_OF_DECIMALS = 0.46
_GAP = 0.3
_GRIDS_A_LINE = 4


def number_grids(
    *grids: tuple[str, np.ndarray], alt: str, mark: tuple[int, int] | None = None
) -> None:
    """Show small arrays side by side, every value written into its square.

    Args:
        grids: pairs of a title and an array (H, W).
        alt: the message of the figure.
        mark: (row, column) of a square to frame in the last grid.
    """
    arrays = [np.asarray(array) for _, array in grids]
    # Every square of a figure has the same size, and a title may be wider than its grid.
    square = _SQUARE if all(map(_is_whole, arrays)) else _SQUARE_OF_DECIMALS
    widths = [
        max(square * array.shape[1], 0.085 * len(title))
        for (title, _), array in zip(grids, arrays, strict=True)
    ]
    height = square * max(len(array) for array in arrays) + 0.35
    width = sum(widths) + _GAP * (len(grids) + 1)
    figure = plt.figure(figsize=(width, height))
    left = _GAP
    for (title, _), array, taken in zip(grids, arrays, widths, strict=True):
        size = (square * array.shape[1], square * len(array))
        bottom = height - 0.3 - size[1]
        axis = figure.add_axes(
            (left / width, bottom / height, size[0] / width, size[1] / height), label=title
        )
        _number_grid(axis, title, array)
        left += taken + _GAP
    if mark is not None:
        row, column = mark
        frame = plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, linewidth=3, zorder=5)
        frame.set_clip_on(False)
        axis.add_patch(frame)
    show(figure, alt)


def _is_whole(array: np.ndarray) -> bool:
    return bool(np.allclose(array, np.round(array)))


def _number_grid(axis: Axes, title: str, array: np.ndarray) -> None:
    limit = max(float(np.abs(array).max()), 1e-9)
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
    width = min(len(grids), _GRIDS_A_LINE)
    height = -(-len(grids) // width)
    figure, axes = plt.subplots(
        height, width, figsize=(1.8 * width, 1.75 * height), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(grids) :]:
        axis.axis("off")
    for axis, (title, taking_part) in zip(axes.flat, grids.items(), strict=False):
        down, across = (other_axes or {}).get(title, (rows, columns))
        _squares(axis, taking_part)
        axis.set_title(title, fontsize=9)
        axis.set_xlabel(across, fontsize=9)
        axis.set_ylabel(down, fontsize=9)
    show(figure, alt)


def _squares(axis: Axes, taking_part: np.ndarray) -> None:
    for (row, column), takes_part in np.ndenumerate(taking_part):
        colour = INPUT if takes_part else "#E4E4E4"
        corner = (column - 0.45, row - 0.45)
        axis.add_patch(plt.Rectangle(corner, 0.9, 0.9, facecolor=colour, linewidth=0))
    frame = plt.Rectangle((-0.45, -0.45), 0.9, 0.9, fill=False, edgecolor="black", linewidth=2)
    axis.add_patch(frame)
    height, width = taking_part.shape
    axis.set(xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6), xticks=[], yticks=[])
    axis.set_aspect("equal")
    axis.spines[:].set_visible(False)


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
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    tallest = max(image.shape[0] / image.shape[1] for image in images)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(size * columns, (size * tallest + 0.28 * bool(titles)) * rows),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.axis("off")
    for index, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        # A fixed scale: dark pictures stay dark, and two in one figure can be compared.
        shown = np.squeeze(image) / (255 if np.max(image) > 1 else 1)
        axis.imshow(np.clip(shown, 0, 1), cmap=BRIGHTNESS, vmin=0, vmax=1)
        if titles:
            axis.set_title(titles[index], fontsize=9)
    show(figure, alt, kind="picture")


def filters(weights: np.ndarray, *, alt: str, columns: int = 8) -> None:
    """Show the kernels of a layer as small pictures, zero in the middle of the colours.

    Args:
        weights: (kh, kw, F): one input channel of a layer's weights.
        alt: the message of the figure.
        columns: kernels a row.
    """
    limit = float(np.abs(weights).max())
    _maps(np.moveaxis(weights, -1, 0), alt, columns, SIGNED, (-limit, limit))


def feature_maps(maps: np.ndarray, *, alt: str, columns: int = 8) -> None:
    """Show the channels of one layer's output for one picture.

    Args:
        maps: (H, W, C), not negative.
        alt: the message of the figure.
        columns: maps a row.
    """
    top = max(float(maps.max()), 1e-9)
    _maps(np.moveaxis(maps, -1, 0), alt, columns, ACTIVATION, (0.0, top))


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
    figure, axes = plt.subplots(
        len(images),
        1 + len(maps),
        figsize=(1.3 * (1 + len(maps)), 1.3 * len(images) + 0.25),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    for axis, image, name in zip(axes[:, 0], images, rows or [""] * len(images), strict=True):
        axis.imshow(np.clip(np.asarray(image) / 255, 0, 1))
        axis.set_ylabel(name, fontsize=9)
    for column, (title, shown) in zip(axes.T[1:], maps.items(), strict=True):
        column[0].set_title(title, fontsize=9)
        for axis, values in zip(column, shown, strict=True):
            axis.imshow(values, cmap=ACTIVATION, vmin=0, vmax=max(float(shown.max()), 1e-9))
    show(figure, alt, kind="picture")


def _maps(
    maps: np.ndarray, alt: str, columns: int, colours: str, limits: tuple[float, float]
) -> None:
    rows = -(-len(maps) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(0.95 * columns, 0.95 * rows),
        squeeze=False,
        # By hand: to compute the layout of so many axes would take a second.
        gridspec_kw={"left": 0, "right": 1, "bottom": 0, "top": 1, "wspace": 0.06, "hspace": 0.06},
    )
    for axis in axes.flat:
        axis.axis("off")
    for axis, values in zip(axes.flat, maps, strict=False):
        axis.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1])
    show(figure, alt, kind="picture")
