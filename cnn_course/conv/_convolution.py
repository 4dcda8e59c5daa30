"""Convolution: forward for one channel and for many, and backward.

Why this is fast: what the window sees along one row of the output becomes the lines of a matrix.
One matrix product with the filters, as columns, then gives this row of all feature maps. That is
im2col (K. Chellapilla, S. Puri and P. Simard, "High performance convolutional neural networks for
document processing", 2006) for one row at a time, whose matrix stays in the cache.
"""

from collections.abc import Iterator
from functools import partial
from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from cnn_course.arguments import one_of
from cnn_course.conv._arrays import Array, compute, is_exact, same_type, with_axes, with_shape
from cnn_course.conv._windows import Walk, pad, places, walks

# "empty" is missing: it leaves arbitrary numbers around the image.
_COMPUTED = ("linear_ramp", "mean", "median")
_PAD_MODES = "constant edge linear_ramp maximum mean median minimum reflect symmetric wrap"


def correlate2d(
    image: ArrayLike,
    kernel: ArrayLike,
    stride: int | tuple[int, int] = 1,
    padding: str | int = "valid",
    pad_mode: str = "constant",
) -> Array:
    """Slide a kernel over a grey image; multiply and add at each position.

    This is what a convolutional layer computes. Mathematics calls it cross-correlation; its
    convolution turns the kernel first, see `convolve2d`.

    Args:
        image: grey values, `(H, W)`.
        kernel: weights, `(kh, kw)`.
        stride: pixels from one position to the next; one number or (vertical, horizontal).
        padding: "valid" for none, "same" for `ceil(H / stride)` rows and `ceil(W / stride)`
            columns of output with an odd extra pixel at the bottom or right, or the number of
            pixels on every side.
        pad_mode: what to pad with, as in `numpy.pad`: "constant" for zeros, "edge" for the
            nearest pixel, "reflect", "symmetric", "wrap" and so on.

    Returns:
        The responses, `(H', W')`.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument has the wrong value or shape, or the kernel does not fit.
    """
    image = with_axes("image", image, "H, W")
    kernel = _kernel("kernel", kernel, "kh, kw")
    image, kernel = same_type(image, kernel)
    down, across = walks("kernel", image.shape, kernel.shape, stride, padding)
    mode = one_of("pad_mode", pad_mode, _PAD_MODES.split())
    if image.size == 0 and mode != "constant":
        raise ValueError(
            f"pad_mode={mode!r} needs pixels to pad with, but the shape of image is "
            f"{image.shape}. Pass an image with pixels, or pad_mode='constant'."
        )
    if mode in _COMPUTED and not is_exact(image):
        raise ValueError(
            f"pad_mode={mode!r} computes with float64, which does not hold every whole number "
            "beyond 2**53. Convert the image to float64 first."
        )
    # One image with one channel, one filter without bias.
    padded = pad(image[np.newaxis, :, :, np.newaxis], down, across, mode)
    weights, bias = kernel[:, :, np.newaxis, np.newaxis], np.zeros(1, kernel.dtype)
    return _correlate(padded, weights, bias, down, across)[0, :, :, 0]


def convolve2d(
    image: ArrayLike,
    kernel: ArrayLike,
    stride: int | tuple[int, int] = 1,
    padding: str | int = "valid",
    pad_mode: str = "constant",
) -> Array:
    """Convolve a grey image as mathematics does: `correlate2d` with the kernel turned by 180°.

    Arguments, result and errors are those of `correlate2d`.
    """
    return correlate2d(
        image, with_axes("kernel", kernel, "kh, kw")[::-1, ::-1], stride, padding, pad_mode
    )


def conv2d(
    x: ArrayLike,
    kernels: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int | tuple[int, int] = 1,
    padding: str | int = "valid",
) -> Array:
    """Apply a convolutional layer to a batch of images; `keras.layers.Conv2D` by hand.

    Args:
        x: images, `(N, H, W, C)`.
        kernels: `F` filters, each as deep as the images, `(kh, kw, C, F)`. This is how
            `Conv2D.get_weights()[0]` stores them.
        bias: one number per filter, `(F,)`, or None.
        stride: pixels from one position to the next; one number or (vertical, horizontal).
        padding: "valid", "same" or the number of zeros on every side, as in `correlate2d`.

    Returns:
        Feature maps, `(N, H', W', F)`.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an argument has the wrong value or shape, the channels do not match, or the
            kernel does not fit.
    """
    x, kernels = _images_and_kernels(x, kernels)
    filters = kernels.shape[3]
    bias = np.zeros(filters, kernels.dtype) if bias is None else bias
    bias = with_shape("bias", bias, (filters,), "one number per filter")
    x, kernels, bias = same_type(x, kernels, bias)
    down, across = walks("kernel", x.shape[1:3], kernels.shape[:2], stride, padding)
    return _correlate(pad(x, down, across), kernels, bias, down, across)


def conv2d_gradients(
    x: ArrayLike,
    kernels: ArrayLike,
    upstream: ArrayLike,
    stride: int | tuple[int, int] = 1,
    padding: str | int = "valid",
) -> tuple[Array, Array, Array]:
    """Return the gradients of a loss with respect to what went into `conv2d`.

    The backward pass of a convolution is a convolution again: each output pixel hands its
    gradient back to the pixels it was computed from, weighted by the kernel; each weight collects
    gradient times pixel over all positions (I. Goodfellow, Y. Bengio and A. Courville, "Deep
    Learning", 2016, section 9.5).

    `upstream`, `(N, H', W', F)`, is the gradient of the loss with respect to the feature maps; the
    other arguments are those given to `conv2d`, and errors are its errors.

    Returns:
        `(dx, dkernels, dbias)` with the shapes of `x`, `kernels` and the bias, `(F,)`.
    """
    x, kernels = _images_and_kernels(x, kernels)
    down, across = walks("kernel", x.shape[1:3], kernels.shape[:2], stride, padding)
    maps = (len(x), down.positions, across.positions, kernels.shape[3])
    upstream = with_shape("upstream", upstream, maps, "that of the feature maps")
    x, kernels, upstream = same_type(x, kernels, upstream)
    padded = pad(x, down, across)
    return (
        _image_gradient(padded.shape, upstream, kernels, down, across),
        _kernel_gradient(padded, upstream, down, across),
        compute(partial(np.sum, axis=(0, 1, 2)), upstream, terms=upstream.size),
    )


def _kernel(name: str, value: ArrayLike, axes: str) -> Array:
    kernel = with_axes(name, value, axes)
    if kernel.size == 0:
        raise ValueError(
            f"{name} holds no weights: its shape is {kernel.shape}. "
            "Every axis must have a length of 1 or more."
        )
    return kernel


def _images_and_kernels(x: ArrayLike, kernels: ArrayLike) -> tuple[Array, Array]:
    x = with_axes("x", x, "N, H, W, C")
    kernels = _kernel("kernels", kernels, "kh, kw, C, F")
    if x.shape[3] != kernels.shape[2]:
        raise ValueError(
            f"The channels do not match: x of shape {x.shape} has {x.shape[3]}, kernels of shape "
            f"{kernels.shape} are made for {kernels.shape[2]}. The third axis of kernels must be "
            "as long as the last axis of x."
        )
    return x, kernels


def _rows_of_windows(padded: Array, down: Walk, across: Walk) -> Iterator[Array]:
    """Yield for each row of the output what its windows see, `(N * W', kh * kw * C)`.

    The windows are a view that overlaps itself; the only copy is that of one row at a time.
    """
    if down.positions == 0 or across.positions == 0:
        return
    windows = sliding_window_view(padded, (down.window, across.window), axis=(1, 2))
    windows = np.moveaxis(windows, 3, -1)[:, down.visited_by(0), across.visited_by(0)]
    images, rows, columns, *window = windows.shape
    for row in range(rows):
        yield windows[:, row].reshape(images * columns, prod(window))


def _correlate(padded: Array, kernels: Array, bias: Array, down: Walk, across: Walk) -> Array:
    """Return the feature maps `(N, H', W', F)`."""

    def forward(padded: Array, kernels: Array, bias: Array) -> Array:
        filters = len(bias)
        maps = np.empty((len(padded), down.positions, across.positions, filters), padded.dtype)
        weights = kernels.reshape(-1, filters)  # one filter per column
        for row, seen in enumerate(_rows_of_windows(padded, down, across)):
            maps[:, row] = (seen @ weights + bias).reshape(maps[:, row].shape)
        return maps

    return compute(forward, padded, kernels, bias, terms=kernels[..., 0].size + 1)


def _kernel_gradient(padded: Array, upstream: Array, down: Walk, across: Walk) -> Array:
    """Return the gradient of the weights: what each one saw, times what became of it, summed."""

    def backward(padded: Array, upstream: Array) -> Array:
        channels, filters = padded.shape[3], upstream.shape[3]
        weights = np.zeros((down.window * across.window * channels, filters), padded.dtype)
        for row, seen in enumerate(_rows_of_windows(padded, down, across)):
            weights += seen.T @ upstream[:, row].reshape(-1, filters)
        return weights.reshape(down.window, across.window, channels, filters)

    return compute(backward, padded, upstream, terms=upstream.size)


def _image_gradient(
    padded: tuple[int, ...], upstream: Array, kernels: Array, down: Walk, across: Walk
) -> Array:
    """Return the gradient of the images: each output hands back to what it was made of."""

    def backward(upstream: Array, kernels: Array) -> Array:
        dpadded = np.zeros(padded, upstream.dtype)
        weights = kernels.reshape(-1, *kernels.shape[2:])
        for received, place in zip(places(dpadded, down, across), weights, strict=True):
            received[...] += upstream @ place.T
        return dpadded[:, down.image, across.image]

    return compute(backward, upstream, kernels, terms=kernels.size)
