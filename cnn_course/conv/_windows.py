"""Where a window stands when it walks over an image: the geometry that all operations share.

The idea that replaces the loops over pixels: fix one *place* in the window, say row 0, column 2.
While the window takes all its positions, that place visits the pixels `image[0::stride,
2::stride]`, one slice. So a loop over the few places of a window does the work of a loop over the
many positions.

Source of the arithmetic: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep
learning", 2016; for "same", Keras's documentation of `Conv2D`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn_course.arguments import one_of, pair, whole_number
from cnn_course.conv._arrays import Array


@dataclass(frozen=True)
class Walk:
    """A window that walks along one axis; all lengths are in pixels."""

    length: int  # of the image along this axis
    window: int  # that the window covers
    stride: int  # from one position to the next
    positions: int  # how many there are, which is the length of the output
    before: int  # padding at the top or on the left
    after: int  # padding at the bottom or on the right

    def visited_by(self, place: int) -> slice:
        """Return the padded pixels that one place of the window visits, in order of position."""
        return slice(place, place + self.positions * self.stride, self.stride)

    @property
    def image(self) -> slice:
        """Where the image lies in the padded image."""
        return slice(self.before, self.before + self.length)


def walks(
    name: str, lengths: tuple[int, ...], window: tuple[int, ...], stride: object, padding: object
) -> tuple[Walk, Walk]:
    """Return the walks of a window down and across an image.

    Args:
        name: what the window is, for the message: "kernel" or "window".
        lengths: height and width of the image.
        window: height and width of the window.
        stride: what the caller wrote: a step, or two, (vertical, horizontal).
        padding: what the caller wrote: "valid", "same" or a whole number of pixels.

    Raises:
        TypeError: the stride or the padding has the wrong type.
        ValueError: one of them has a wrong value, or the window is larger than the padded image.
    """
    steps, pixels = pair("stride", stride), _pixels(padding)
    around = pixels or 0
    padded = lengths[0] + 2 * around, lengths[1] + 2 * around
    if pixels is not None and (window[0] > padded[0] or window[1] > padded[1]):
        size = "{}x{}".format
        grown = f", {size(*padded)} with its padding of {pixels}" if pixels else ""
        raise ValueError(
            f"A {size(*window)} {name} does not fit into a {size(*lengths)} image{grown}. "
            f"Take a smaller {name}, a larger image or padding='same'."
        )
    down, across = map(_walk, lengths, window, steps, (pixels, pixels))
    return down, across


def _walk(length: int, window: int, stride: int, pixels: int | None) -> Walk:
    if pixels is not None:
        positions = (length + 2 * pixels - window) // stride + 1
        return Walk(length, window, stride, positions, pixels, pixels)
    # "same": where the padding is odd, the bottom or the right gets one more, as in Keras.
    positions = -(-length // stride)
    missing = max((positions - 1) * stride + window - length, 0)
    return Walk(length, window, stride, positions, missing // 2, missing - missing // 2)


def _pixels(padding: object) -> int | None:
    """Return the pixels of padding on every side; None for "same", which computes them."""
    if isinstance(padding, str):
        one_of("padding", padding, ("valid", "same"), " or a whole number of pixels")
        return None if padding == "same" else 0
    try:
        return whole_number("padding", padding)
    except TypeError:
        raise TypeError(
            f"padding must be 'valid', 'same' or a whole number of pixels, not {padding!r}."
        ) from None


def pad(x: Array, down: Walk, across: Walk, mode: str = "constant", fill: Any = 0) -> Array:
    """Return images `(N, H, W, C)` with the padding of two walks around them."""
    widths = ((0, 0), (down.before, down.after), (across.before, across.after), (0, 0))
    if not any(map(any, widths)):
        return x
    settings = {"constant_values": fill} if mode == "constant" else {}
    return np.pad(x, widths, mode=mode, **settings)  # type: ignore[call-overload]


def places(padded: Array, down: Walk, across: Walk) -> Iterator[Array]:
    """Yield, place by place of the window, the pixels it visits: views of `padded`."""
    for i in range(down.window):
        for j in range(across.window):
            yield padded[:, down.visited_by(i), across.visited_by(j)]
