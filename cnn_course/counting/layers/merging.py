"""Layers that make one value of several branches. They have nothing to learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ..receptive_field import ReceptiveField, union
from .base import Count, Layer, Shape, axes


@dataclass(frozen=True)
class _Merging(Layer):
    """Value by value: shapes are equal, or a size of 1 is repeated. No parameters."""

    def _count(self, shapes: Sequence[Shape]) -> Count:
        _at_least_two(shapes)
        aligned = zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1)
        sizes = [set(along_one_axis) for along_one_axis in aligned]
        if any(len(found - {1}) > 1 for found in sizes):
            raise ValueError(
                f"Inputs of the shapes {_listed(shapes)} cannot be combined value by value. "
                "Bring them to one shape, for example with a 1x1 convolution."
            )
        return Count(tuple(max(found) for found in reversed(sizes)))


@dataclass(frozen=True)
class Add(_Merging):
    """The sum of the inputs, value by value. No parameters."""


@dataclass(frozen=True)
class Subtract(_Merging):
    """The first input minus the second, value by value. No parameters."""


@dataclass(frozen=True)
class Multiply(_Merging):
    """The product of the inputs, value by value. No parameters.

    Its products are of values with values, not with weights, and are not counted.
    """


@dataclass(frozen=True)
class Average(_Merging):
    """The average of the inputs, value by value. No parameters."""


@dataclass(frozen=True)
class Maximum(_Merging):
    """The largest of the inputs, value by value. No parameters."""


@dataclass(frozen=True)
class Minimum(_Merging):
    """The smallest of the inputs, value by value. No parameters."""


@dataclass(frozen=True)
class Concatenate(Layer):
    """The inputs one after the other along `axis`, whose sizes add up. No parameters.

    Attributes:
        axis: the axis to join along; the batch is axis 0, the channels are -1.
    """

    axis: int = -1

    def _count(self, shapes: Sequence[Shape]) -> Count:
        _at_least_two(shapes)
        (axis,) = axes(shapes[0], self.axis)
        others = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
        if len(others) > 1:
            raise ValueError(
                f"Inputs of the shapes {_listed(shapes)} cannot be joined along axis {self.axis}: "
                "their other sizes differ."
            )
        sizes = [shape[axis] for shape in shapes]
        text = f"{' + '.join(f'{size:,}' for size in sizes)} = {sum(sizes):,}"
        joined = (*shapes[0][:axis], sum(sizes), *shapes[0][axis + 1 :])
        return Count(joined, shape_derivation=text)

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the field over all branches; pictures put side by side have no common grid."""
        merged = union(fields)
        (axis,) = axes(shapes[0], self.axis)
        return merged if axis == len(shapes[0]) - 1 else merged.scattered()


def _at_least_two(shapes: Sequence[Shape]) -> None:
    if len(shapes) < 2:
        raise ValueError(
            f"The layer merges two inputs or more, but it was given {len(shapes)}. Name them, for "
            'example after=("conv_1", "conv_2").'
        )


def _listed(shapes: Sequence[Shape]) -> str:
    return " and ".join(str(shape) for shape in shapes)
