"""Layers that change values and leave the shape: no parameters, and nothing that is counted.

The random ones change pictures in training only; at inference they do nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..receptive_field import ReceptiveField
from .base import Count, Layer, Shape, only, over_axes

Factor = float | tuple[float, float]


@dataclass(frozen=True)
class _Elementwise(Layer):
    def _count(self, shapes: Sequence[Shape]) -> Count:
        return Count(only(shapes))


@dataclass(frozen=True)
class Identity(_Elementwise):
    """The input as it is."""


@dataclass(frozen=True)
class Activation(_Elementwise):
    """A function of each value, such as `"relu"`."""

    activation: object


@dataclass(frozen=True)
class ReLU(_Elementwise):
    """max(0, x), up to `max_value`."""

    max_value: float | None = None
    negative_slope: float = 0.0
    threshold: float = 0.0


@dataclass(frozen=True)
class LeakyReLU(_Elementwise):
    """x where it is positive, a fraction of it elsewhere."""

    negative_slope: float = 0.3


@dataclass(frozen=True)
class ELU(_Elementwise):
    """x where it is positive, alpha (exp(x) - 1) elsewhere."""

    alpha: float = 1.0


@dataclass(frozen=True)
class Softmax(_Elementwise):
    """Positive values along `axis` that sum to one."""

    axis: int | Sequence[int] = -1

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the whole input if the sum is taken over positions, else the field unchanged."""
        return over_axes(fields[0], shapes[0], self.axis)


@dataclass(frozen=True)
class Dropout(_Elementwise):
    """In training, values set to zero with probability `rate`."""

    rate: float


@dataclass(frozen=True)
class SpatialDropout2D(_Elementwise):
    """In training, whole channels set to zero with probability `rate`."""

    rate: float


@dataclass(frozen=True)
class GaussianDropout(_Elementwise):
    """In training, values times noise with mean one."""

    rate: float


@dataclass(frozen=True)
class GaussianNoise(_Elementwise):
    """In training, noise added."""

    stddev: float


@dataclass(frozen=True)
class Rescaling(_Elementwise):
    """Each value times `scale`, plus `offset`: constants, not weights."""

    scale: object
    offset: object = 0.0


@dataclass(frozen=True)
class LocalResponseNormalization(_Elementwise):
    """A value over the strength of its neighbouring channels, at one position.

    Keras has no such layer; a layer class of this name is taken for it. See Krizhevsky et al.,
    "ImageNet Classification with Deep Convolutional Neural Networks" (2012), section 3.3.
    """


@dataclass(frozen=True)
class UnitNormalization(_Elementwise):
    """The input scaled to length one along `axis`."""

    axis: int | Sequence[int] = -1

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the whole input if the sum is taken over positions, else the field unchanged."""
        return over_axes(fields[0], shapes[0], self.axis)


@dataclass(frozen=True)
class RandomFlip(_Elementwise):
    """In training, pictures turned over."""

    mode: str = "horizontal_and_vertical"


@dataclass(frozen=True)
class RandomRotation(_Elementwise):
    """In training, pictures turned by up to `factor` of a full turn."""

    factor: Factor


@dataclass(frozen=True)
class RandomZoom(_Elementwise):
    """In training, pictures made larger or smaller."""

    height_factor: Factor
    width_factor: Factor | None = None


@dataclass(frozen=True)
class RandomTranslation(_Elementwise):
    """In training, pictures shifted."""

    height_factor: Factor
    width_factor: Factor


@dataclass(frozen=True)
class RandomShear(_Elementwise):
    """In training, pictures slanted."""

    x_factor: Factor = 0.0
    y_factor: Factor = 0.0


@dataclass(frozen=True)
class RandomContrast(_Elementwise):
    """In training, contrast raised or lowered."""

    factor: Factor


@dataclass(frozen=True)
class RandomBrightness(_Elementwise):
    """In training, pictures made lighter or darker."""

    factor: Factor
