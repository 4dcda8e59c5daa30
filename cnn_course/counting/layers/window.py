"""A window that slides over height and width: what convolution and pooling have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..receptive_field import Pair, ReceptiveField
from ..sizes import Padding, checked_padding, output_size, output_size_derivation, zeros_before
from .base import Layer, Shape, image, pair


@dataclass(frozen=True)
class Window:
    """A window that slides over height and width.

    Attributes:
        kernel: (height, width) of the window.
        strides: steps (down, right).
        padding: `"valid"` or `"same"`.
        dilation: distance between neighbouring taps of the kernel (down, right); 1 has no holes.
    """

    kernel: Pair
    strides: Pair
    padding: Padding
    dilation: Pair = (1, 1)

    @property
    def reach(self) -> Pair:
        """Rows and columns covered: `k` taps have `k - 1` gaps, so (k - 1) x dilation + 1."""
        down, right = ((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))
        return down, right

    def output(self, image: Pair) -> Pair:
        """Return height and width of the output."""
        rows, columns = (output_size(*axis) for axis in self._axes(image))
        return rows, columns

    def derivation(self, image: Pair) -> str:
        """Return the calculation of height and width as text."""
        rows, columns = (output_size_derivation(*axis) for axis in self._axes(image))
        return rows if rows == columns else f"height {rows}; width {columns}"

    def slide(self, seen: ReceptiveField, image: Pair) -> ReceptiveField:
        """Return the receptive field after this window."""
        above, left = (zeros_before(*axis) for axis in self._axes(image))
        return seen.slide(self.reach, self.strides, (above, left))

    def _axes(self, image: Pair) -> list[tuple[int, int, int, Padding]]:
        return [
            (n, k, stride, self.padding)
            for n, k, stride in zip(image, self.reach, self.strides, strict=True)
        ]


def window(
    kernel: object,
    strides: object,
    padding: object,
    dilation: object = 1,
    what: str = "kernel_size",
) -> Window:
    """Return the window of a layer's arguments, checked.

    Raises:
        TypeError: a size is not a whole number or a pair of them.
        ValueError: a size is not positive, or the padding is not `"valid"` or `"same"`.
    """
    checked = checked_padding(padding)
    if not isinstance(checked, str):
        raise ValueError(
            f'padding of a layer is "valid" or "same", as in Keras, but it is {padding!r}. '
            "For a number of pixels put a ZeroPadding2D before the layer."
        )
    return Window(
        pair(kernel, what), pair(strides, "strides"), checked, pair(dilation, "dilation_rate")
    )


@dataclass(frozen=True)
class Sliding(Layer):
    """A layer that slides a window. Each step of the window gives one row or column of output."""

    def __post_init__(self) -> None:
        of_layer = self._window  # raises where an argument makes no window
        if max(of_layer.strides) > 1 and max(of_layer.dilation) > 1:
            raise ValueError(
                f"strides {of_layer.strides} and dilation_rate {of_layer.dilation} cannot both be "
                "larger than 1: Keras refuses it. Set one of them to 1."
            )

    @property
    def _window(self) -> Window:
        raise NotImplementedError(f"{self.kind} does not say what its window is.")

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the field of the input, grown by the window."""
        return self._window.slide(fields[0], image(shapes)[:2])
