"""Pooling, forward and backward, and ReLU.

Why this is fast: a 2x2 window has four places. Each visits one slice of the image (see `_windows`),
so the maximum over all windows is the maximum of four slices, and the average their mean. No window
is ever cut out.
"""

import numpy as np
from numpy.typing import ArrayLike

from cnn_course.arguments import one_of, pair
from cnn_course.conv._arrays import Array, compute, numbers, same_type, with_axes, with_shape
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
    lowest = -np.inf if x.dtype.kind == "f" else int(np.iinfo(x.dtype).min)
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
    """Return the gradient of a loss with respect to what went into `pool2d`, in its shape.

    `upstream`, `(N, H', W', C)`, is the gradient of the loss with respect to the pooled maps; the
    other arguments are those given to `pool2d`, and errors are its errors. Max pooling hands the
    whole gradient of a window to its winner; of several equal maxima the first one wins, row by
    row, as in TensorFlow on a CPU. Average pooling shares it equally among the real pixels of the
    window.
    """
    x = with_axes("x", x, "N, H, W, C")
    down, across = _window_walks(x, size, stride, padding)
    pooled = (len(x), down.positions, across.positions, x.shape[3])
    upstream = with_shape("upstream", upstream, pooled, "that of the pooled maps")
    _, gradient = same_type(x, upstream)
    padded = pad(x, down, across)
    if one_of("kind", kind, KINDS) == "average":
        gradient = _as_floats(gradient)
        gradient = gradient / _real_pixels(down, across).astype(gradient.dtype)
        winners = None
    else:
        winners = _winners(padded, down, across)

    def backward(gradient: Array) -> Array:
        dpadded = np.zeros(padded.shape, gradient.dtype)
        for place, received in enumerate(places(dpadded, down, across)):
            won = gradient if winners is None else np.where(winners == place, gradient, 0)
            received[...] += won
        return dpadded

    dpadded = compute(backward, gradient, terms=down.window * across.window)
    return dpadded[:, down.image, across.image]


def _window_walks(x: Array, size: object, stride: object, padding: object) -> tuple[Walk, Walk]:
    window = pair("size", size)
    steps = window if stride is None else stride
    down, across = walks("window", x.shape[1:3], window, steps, padding)
    if not isinstance(padding, str) and down.before >= min(window):
        raise ValueError(
            f"A padding of {down.before} leaves windows of size {window} without any pixel. "
            f"Take a padding below {min(window)}."
        )
    if any(axis.length == 0 and axis.positions > 0 for axis in (down, across)):
        raise ValueError(
            f"x of shape {x.shape} has no pixels, only padding, so there is nothing to pool. "
            "Pass images with pixels, or padding='same' for an empty result."
        )
    return down.over_pixels(), across.over_pixels()


def _as_floats(x: Array) -> Array:
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _real_pixels(down: Walk, across: Walk) -> Array:
    """Return how many pixels that are no padding each window holds: `(1, H', W', 1)`."""
    image = np.ones((1, down.length, across.length, 1), int)
    counts = np.zeros((1, down.positions, across.positions, 1), int)
    for seen in places(pad(image, down, across), down, across):
        counts += seen
    return counts


def _winners(padded: Array, down: Walk, across: Walk) -> Array:
    """Return the place in each window where its maximum is, the first of several."""
    image = np.ones((1, down.length, across.length, 1), bool)
    real = places(pad(image, down, across), down, across)  # padding never wins
    best = np.zeros((len(padded), down.positions, across.positions, padded.shape[3]), padded.dtype)
    winners = np.full(best.shape, -1)
    for place, (seen, is_real) in enumerate(zip(places(padded, down, across), real, strict=True)):
        better = (seen > best) | (np.isnan(seen) & ~np.isnan(best)) | (winners < 0)
        np.copyto(winners, place, where=better & is_real)
        np.copyto(best, seen, where=better & is_real)
    return winners
