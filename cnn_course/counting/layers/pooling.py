"""Pooling: a window that takes the maximum or the average. It has nothing to learn."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..receptive_field import Pair, ReceptiveField
from .base import Count, Layer, Shape, image
from .window import Sliding, Window, window


@dataclass(frozen=True)
class _Pooling2D(Sliding):
    pool_size: int | Pair = 2
    strides: int | Pair | None = None
    padding: str = "valid"

    @property
    def _window(self) -> Window:
        strides = self.pool_size if self.strides is None else self.strides
        return window(self.pool_size, strides, self.padding, what="pool_size")

    def _count(self, shapes: Sequence[Shape]) -> Count:
        height, width, channels = image(shapes)
        rows, columns = self._window.output((height, width))
        derivation = self._window.derivation((height, width))
        return Count((rows, columns, channels), shape_derivation=derivation)


@dataclass(frozen=True)
class MaxPooling2D(_Pooling2D):
    """The largest value of each window, channel by channel. No parameters.

    Attributes:
        pool_size: height and width of the window, one number for both or two.
        strides: steps down and right; `None` takes the size of the window.
        padding: `"valid"` or `"same"`.
    """


@dataclass(frozen=True)
class AveragePooling2D(_Pooling2D):
    """The average of each window, channel by channel. No parameters.

    Attributes:
        pool_size: height and width of the window, one number for both or two.
        strides: steps down and right; `None` takes the size of the window.
        padding: `"valid"` or `"same"`.
    """


@dataclass(frozen=True)
class _GlobalPooling2D(Layer):
    keepdims: bool = False

    def _count(self, shapes: Sequence[Shape]) -> Count:
        height, width, channels = image(shapes)
        text = f"{height:,} x {width:,} values to 1 in each of {channels:,} channels"
        shape = (1, 1, channels) if self.keepdims else (channels,)
        return Count(shape, shape_derivation=text)

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the whole input: every position goes into the one value of a channel."""
        return fields[0].whole()


@dataclass(frozen=True)
class GlobalAveragePooling2D(_GlobalPooling2D):
    """The average of each channel over all positions. No parameters.

    Attributes:
        keepdims: whether the output is (1, 1, channels) and not (channels,).
    """


@dataclass(frozen=True)
class GlobalMaxPooling2D(_GlobalPooling2D):
    """The largest value of each channel over all positions. No parameters.

    Attributes:
        keepdims: whether the output is (1, 1, channels) and not (channels,).
    """
