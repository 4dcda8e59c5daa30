"""Where a window stands when it walks over an image: the geometry that all operations share.

The idea that replaces the loops over pixels: fix one *place* in the window, say row 0, column 2.
While the window takes all its positions, that place visits the pixels `image[0::stride,
2::stride]`, one slice. So a loop over the few places of a window does the work of a loop over the
many positions.

Source of the arithmetic: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep
learning", 2016; for "same", Keras's documentation of `Conv2D`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from cnn_course.arguments import is_a, one_of, pair, shown, whole_number
from cnn_course.conv._arrays import Array

_LARGEST = 100_000_000  # pixels, a gigabyte; only a large image has more with its padding
_MOST_TIMES = 10  # as many as without


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

    def over_pixels(self) -> "Walk":
        """Return the walk of those places of the window that meet the image, and no others.

        A window larger than the image has many that only ever see padding.
        """
        if self.positions == 0:
            return self
        first = max(self.before - (self.positions - 1) * self.stride, 0)
        end = min(self.before + self.length, self.window)
        return replace(
            self,
            window=end - first,
            before=self.before - first,
            after=self.after - (self.window - end),
        )


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
        ValueError: one of them has a wrong value, the window is larger than the padded image, or
            nearly all of that is padding and it takes a gigabyte.
    """
    steps, pixels = pair("stride", stride), _pixels(padding)
    around = pixels or 0
    padded = lengths[0] + 2 * around, lengths[1] + 2 * around
    size = "{}x{}".format
    if pixels is not None and (window[0] > padded[0] or window[1] > padded[1]):
        grown = f", {size(*padded)} with its padding of {pixels}" if pixels else ""
        raise ValueError(
            f"A {size(*window)} {name} does not fit into a {size(*lengths)} image{grown}. "
            f"Take a smaller {name}, a larger image or padding='same'."
        )
    if prod(padded) > max(_LARGEST, _MOST_TIMES * prod(lengths)):
        raise ValueError(
            f"With a padding of {pixels}, a {size(*lengths)} image has {size(*padded)} pixels, "
            "more than fit into memory. Take a smaller padding."
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
    if is_a(padding, str):
        one_of("padding", padding, ("valid", "same"), " or a whole number of pixels")
        return None if padding == "same" else 0
    try:
        return whole_number("padding", padding)
    except TypeError:
        raise TypeError(
            f"padding must be 'valid', 'same' or a whole number of pixels, not {shown(padding)}."
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
