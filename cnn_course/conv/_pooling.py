"""Pooling, forward and backward, and ReLU.

Why this is fast: a 2x2 window has four places. Each visits one slice of the image (see `_windows`),
so the maximum over all windows is the maximum of four slices, and the average their mean. No window
is ever cut out.
"""

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from cnn_course.conv._arguments import (
    Array,
    check_shape,
    numbers,
    one_of,
    pair,
    same_type,
    with_axes,
)
from cnn_course.conv._exactness import compute
from cnn_course.conv._windows import Walk, pad, places, walks

KINDS = ("max", "average")


def relu(x: ArrayLike) -> Array:
    """Return `x` with zeros in place of negative numbers; any shape.

    Raises:
        TypeError: `x` holds no real numbers.
        ValueError: `x` is ragged or holds whole numbers too large for int64.
    """
    return np.maximum(numbers("x", x), 0)


def pool2d(
    x: ArrayLike,
    size: int | tuple[int, int] = 2,
    stride: int | tuple[int, int] | None = None,
    padding: str | int = "valid",
    kind: str = "max",
) -> Array:
    """Summarize each window of each channel by one number.

    `keras.layers.MaxPooling2D` and `AveragePooling2D` by hand. Padding never wins and is never
    counted: at the border the average is over the real pixels of the window. A window with NaN in
    it gives NaN (TensorFlow's maximum passes over it).

    Args:
        x: images or feature maps, `(N, H, W, C)`.
        size: the window; one number or (height, width).
        stride: pixels from one position to the next; None means the size of the window.
        padding: "valid", "same" or the number of pixels on every side, fewer than the window has.
        kind: "max" or "average". The average of whole numbers is float64.

    Returns:
        The pooled maps, `(N, H', W', C)`.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument has the wrong value or shape, or the window does not fit.
    """
    x = with_axes("x", x, "N, H, W, C")
    down, across = _window_walks(x, size, stride, padding)
    if one_of("kind", kind, KINDS) == "average":
        x = _as_floats(x)
        sums = np.zeros((len(x), down.positions, across.positions, x.shape[3]), x.dtype)
        with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinity are results
            for seen in places(pad(x, down, across), down, across):
                sums += seen
        return sums / _real_pixels(down, across).astype(x.dtype)
    lowest = _lowest(x)
    best = np.full((len(x), down.positions, across.positions, x.shape[3]), lowest, x.dtype)
    for seen in places(pad(x, down, across, fill=lowest), down, across):
        np.maximum(best, seen, out=best)
    return best


def pool2d_gradient(  # noqa: PLR0917 - the order of `pool2d`
    x: ArrayLike,
    upstream: ArrayLike,
    size: int | tuple[int, int] = 2,
    stride: int | tuple[int, int] | None = None,
    padding: str | int = "valid",
    kind: str = "max",
) -> Array:
    """Return the gradient of a loss with respect to what went into `pool2d`.

    Max pooling hands the whole gradient of a window to its winner; of several equal maxima the
    first one wins, row by row, as in TensorFlow on a CPU. Average pooling shares it equally among
    the real pixels of the window.

    Args:
        x: the images or feature maps, `(N, H, W, C)`.
        upstream: gradient of the loss with respect to the pooled maps, `(N, H', W', C)`.
        size: as given to `pool2d`.
        stride: as given to `pool2d`.
        padding: as given to `pool2d`.
        kind: as given to `pool2d`.

    Returns:
        The gradient, in the shape of `x`.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: as in `pool2d`, or `upstream` does not have the shape of the pooled maps.
    """
    x = with_axes("x", x, "N, H, W, C")
    down, across = _window_walks(x, size, stride, padding)
    upstream = with_axes("upstream", upstream, "N, H', W', C")
    pooled = (len(x), down.positions, across.positions, x.shape[3])
    check_shape("upstream", upstream, pooled, "that of the pooled maps")
    kind = one_of("kind", kind, KINDS)
    _, gradient = same_type(x, upstream)
    padded_shape = len(x), down.padded_length, across.padded_length, x.shape[3]
    if kind == "average":
        dpadded = _share(_as_floats(gradient), padded_shape, down, across)
    else:
        hand = partial(_hand_to_winners, _winners(x, down, across), padded_shape, down, across)
        dpadded = compute(hand, gradient, terms=down.window * across.window)
    return dpadded[:, down.image, across.image]


def _window_walks(x: Array, size: object, stride: object, padding: object) -> tuple[Walk, Walk]:
    window = pair("size", size)
    steps = window if stride is None else stride
    down, across = walks("window", x.shape[1:3], window, steps, padding)
    if isinstance(padding, int) and padding >= min(window):
        raise ValueError(
            f"A padding of {padding} leaves windows of size {window} without any pixel. "
            f"Take a padding below {min(window)}."
        )
    if any(axis.length == 0 and axis.positions > 0 for axis in (down, across)):
        raise ValueError(
            f"x of shape {x.shape} has no pixels, only padding, so there is nothing to pool. "
            "Pass images with pixels, or padding='same' for an empty result."
        )
    return down, across


def _as_floats(x: Array) -> Array:
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _lowest(x: Array) -> float | int:
    """Return what no pixel is below."""
    return -np.inf if x.dtype.kind == "f" else int(np.iinfo(x.dtype).min)


def _real_pixels(down: Walk, across: Walk) -> Array:
    """Return how many pixels that are no padding each window holds: `(H', W', 1)`."""
    return down.real_pixels[:, np.newaxis, np.newaxis] * across.real_pixels[:, np.newaxis]


def _winners(x: Array, down: Walk, across: Walk) -> Array:
    """Return the place in each window where its maximum is, the first of several."""
    lowest = _lowest(x)
    best = np.full((len(x), down.positions, across.positions, x.shape[3]), lowest, x.dtype)
    # Until something larger comes, the first pixel that is no padding: -inf may be a real maximum.
    rows, columns = np.maximum(-down.starts, 0), np.maximum(-across.starts, 0)
    first = rows[:, np.newaxis, np.newaxis] * across.window + columns[:, np.newaxis]
    winners = np.broadcast_to(first, best.shape).copy()
    for place, seen in enumerate(places(pad(x, down, across, fill=lowest), down, across)):
        better = (seen > best) | (np.isnan(seen) & ~np.isnan(best))
        np.copyto(winners, place, where=better)
        np.copyto(best, seen, where=better)
    return winners


def _hand_to_winners(
    winners: Array, shape: tuple[int, ...], down: Walk, across: Walk, upstream: Array
) -> Array:
    dpadded = np.zeros(shape, upstream.dtype)
    for place, received in enumerate(places(dpadded, down, across)):
        received[...] += np.where(winners == place, upstream, 0)
    return dpadded


def _share(upstream: Array, shape: tuple[int, ...], down: Walk, across: Walk) -> Array:
    share = upstream / _real_pixels(down, across).astype(upstream.dtype)
    dpadded = np.zeros(shape, upstream.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        for received in places(dpadded, down, across):
            received[...] += share
    return dpadded
