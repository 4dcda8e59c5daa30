"""Normalization: parameters for each channel, none for each position."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from math import prod

from ..receptive_field import ReceptiveField
from ..sizes import whole_number
from .base import Count, Layer, Shape, axes, only, over_axes, times


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """Batch normalization. Parameters: 2 x channels trained + 2 x channels kept.

    Each channel has a scale (gamma) and a shift (beta) that are trained, and a running mean and
    variance that are only kept. See Ioffe and Szegedy, "Batch Normalization" (2015).

    Attributes:
        axis: the axis of the channels; the batch is axis 0.
        center: whether there is a beta.
        scale: whether there is a gamma.
    """

    axis: int = -1
    _: KW_ONLY
    center: bool = True
    scale: bool = True

    def _count(self, shapes: Sequence[Shape]) -> Count:
        shape = only(shapes)
        (axis,) = axes(shape, self.axis)
        channels = shape[axis]
        each = int(self.center) + int(self.scale)
        trained = f"{each} x {channels:,} trained + " if each else ""
        total = (each + 2) * channels
        return Count(
            shape,
            trained=each * channels,
            kept=2 * channels,
            derivation=f"{trained}2 x {channels:,} kept = {total:,}",
        )


@dataclass(frozen=True)
class LayerNormalization(Layer):
    """Layer normalization. Parameters: 2 x channels, all trained.

    A gamma and a beta for each entry along `axis`; mean and variance are taken from the picture
    itself, so none are kept. See Ba, Kiros and Hinton, "Layer Normalization" (2016).

    Attributes:
        axis: the axis or axes that are normalized; the batch is axis 0.
        center: whether there is a beta.
        scale: whether there is a gamma.
    """

    axis: int | Sequence[int] = -1
    _: KW_ONLY
    center: bool = True
    scale: bool = True

    def _count(self, shapes: Sequence[Shape]) -> Count:
        shape = only(shapes)
        return _gamma_and_beta(
            shape, [shape[axis] for axis in axes(shape, self.axis)], self.center, self.scale
        )

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the whole input if the mean is taken over positions, else the field unchanged."""
        return over_axes(fields[0], shapes[0], self.axis)


@dataclass(frozen=True)
class GroupNormalization(Layer):
    """Group normalization. Parameters: 2 x channels, all trained.

    A gamma and a beta for each channel; mean and variance are taken from the picture itself, over
    all positions and the channels of a group. See Wu and He, "Group Normalization" (2018).

    Attributes:
        groups: into how many groups the channels are split; -1 is one group for each channel.
        axis: the axis of the channels; the batch is axis 0.
        center: whether there is a beta.
        scale: whether there is a gamma.
    """

    groups: int = 32
    axis: int = -1
    _: KW_ONLY
    center: bool = True
    scale: bool = True

    def __post_init__(self) -> None:
        if self.groups != -1:
            whole_number(self.groups, "groups")

    def _count(self, shapes: Sequence[Shape]) -> Count:
        shape = only(shapes)
        (axis,) = axes(shape, self.axis)
        if shape[axis] % self.groups:
            raise ValueError(
                f"{shape[axis]} channels cannot be split into {self.groups} groups. "
                "Take a number of groups that divides the channels."
            )
        return _gamma_and_beta(shape, [shape[axis]], self.center, self.scale)

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the whole input: the mean is taken over all positions."""
        return fields[0].whole()


@dataclass(frozen=True)
class Normalization(Layer):
    """Normalization by a known mean and variance. Parameters: 2 x channels + 1 kept, or none.

    Where `adapt` measures them, the layer keeps a mean and a variance for each channel, and how
    many values it has seen. Given as arguments they are constants, not parameters.

    Attributes:
        axis: the axis or axes with a mean of their own; the batch is axis 0; `None` for one mean.
        mean: the mean, if it is given.
        variance: the variance, if it is given.
    """

    axis: int | Sequence[int] | None = -1
    mean: object = None
    variance: object = None

    def _count(self, shapes: Sequence[Shape]) -> Count:
        shape = only(shapes)
        if self.mean is not None:
            return Count(shape)
        found = () if self.axis is None else axes(shape, self.axis)
        each = prod(shape[axis] for axis in found)
        kept = 2 * each + 1
        return Count(shape, kept=kept, derivation=f"2 x {each:,} + 1 kept = {kept:,}")


def _gamma_and_beta(shape: Shape, sizes: Sequence[int], center: bool, scale: bool) -> Count:
    each = int(center) + int(scale)
    if not each:
        return Count(shape)
    parameters = each * prod(sizes)
    return Count(shape, trained=parameters, derivation=f"{times(each, *sizes)} = {parameters:,}")
