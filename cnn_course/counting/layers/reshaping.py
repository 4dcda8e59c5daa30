"""Layers that put the same values into another shape, or add and cut rows and columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ..receptive_field import Pair, ReceptiveField
from ..sizes import whole_number
from .base import Count, Layer, Shape, image, only, pair, product

Sides = tuple[Pair, Pair]


@dataclass(frozen=True)
class Flatten(Layer):
    """All values in one row: height x width x channels of them. No parameters."""

    def _count(self, shapes: Sequence[Shape]) -> Count:
        length, derivation = product(*only(shapes))
        return Count((length,), shape_derivation=derivation)

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the field of the input: each value is still the same value."""
        return fields[0].scattered()


@dataclass(frozen=True)
class Reshape(Layer):
    """The same values in another shape, so the product of the sizes stays. No parameters.

    Attributes:
        target_shape: the new shape without the batch axis; one size may be -1, to be computed.
    """

    target_shape: Shape

    def __post_init__(self) -> None:
        if not isinstance(self.target_shape, tuple | list):
            raise TypeError(f"target_shape is a tuple of sizes, but it is {self.target_shape!r}.")
        for size in self.target_shape:
            if size != -1:
                whole_number(size, "Each size of target_shape other than -1")
        if list(self.target_shape).count(-1) > 1:
            raise ValueError(f"target_shape {self.target_shape} has more than one -1.")

    def _count(self, shapes: Sequence[Shape]) -> Count:
        values = prod(only(shapes))
        known = prod(size for size in self.target_shape if size != -1)
        shape = tuple(values // known if size == -1 else size for size in self.target_shape)
        if prod(shape) != values:
            raise ValueError(
                f"{values:,} values of the shape {shapes[0]} do not fit into {self.target_shape}."
            )
        return Count(shape, shape_derivation=f"{values:,} values")

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the field of the input; where rows and columns move, a kernel then sees all."""
        moved = self._count(shapes).output_shape[:2] != shapes[0][:2]
        return fields[0].scattered() if moved else fields[0].unchanged()


@dataclass(frozen=True)
class ZeroPadding2D(Layer):
    """Rows and columns of zeros around the picture: height + above + below. No parameters.

    Attributes:
        padding: one number for all sides, (rows, columns), or ((above, below), (left, right)).
    """

    padding: int | Pair | Sides = 1

    def __post_init__(self) -> None:
        _sides(self.padding, "padding")

    def _count(self, shapes: Sequence[Shape]) -> Count:
        height, width, channels = image(shapes)
        (above, below), (left, right) = _sides(self.padding, "padding")
        rows, columns = height + above + below, width + left + right
        text = f"{height:,} + {above} + {below} = {rows:,}"
        if (height, above, below) != (width, left, right):
            text = f"height {text}; width {width:,} + {left} + {right} = {columns:,}"
        return Count((rows, columns, channels), shape_derivation=text)

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the field of the input, which now starts in the zeros."""
        (above, _), (left, _) = _sides(self.padding, "padding")
        return fields[0].shift(above, left)


@dataclass(frozen=True)
class Cropping2D(Layer):
    """Rows and columns cut off the picture: height - above - below. No parameters.

    Attributes:
        cropping: one number for all sides, (rows, columns), or ((above, below), (left, right)).
    """

    cropping: int | Pair | Sides = 0

    def __post_init__(self) -> None:
        _sides(self.cropping, "cropping")

    def _count(self, shapes: Sequence[Shape]) -> Count:
        height, width, channels = image(shapes)
        (above, below), (left, right) = _sides(self.cropping, "cropping")
        rows, columns = height - above - below, width - left - right
        if rows < 1 or columns < 1:
            raise ValueError(
                f"cropping {self.cropping} leaves nothing of a picture of {height} x {width}."
            )
        text = f"{height:,} - {above} - {below} = {rows:,}"
        if (height, above, below) != (width, left, right):
            text = f"height {text}; width {width:,} - {left} - {right} = {columns:,}"
        return Count((rows, columns, channels), shape_derivation=text)

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the field of the input, which now starts further in."""
        (above, _), (left, _) = _sides(self.cropping, "cropping")
        return fields[0].shift(-above, -left)


@dataclass(frozen=True)
class Resizing(Layer):
    """The picture drawn anew with `height` rows and `width` columns. No parameters.

    From here on no receptive field is counted: the new pixels are mixed from the old ones.

    Attributes:
        height: rows of the output.
        width: columns of the output.
    """

    height: int
    width: int

    def __post_init__(self) -> None:
        whole_number(self.height, "height")
        whole_number(self.width, "width")

    def _count(self, shapes: Sequence[Shape]) -> Count:
        *_, channels = image(shapes)
        text = f"{self.height:,} x {self.width:,} as asked for"
        return Count((self.height, self.width, channels), shape_derivation=text)

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return `None`."""
        return None


def _sides(value: object, what: str) -> Sides:
    """Return ((above, below), (left, right)); a single number of an axis is for both its ends."""
    rows, columns = value if isinstance(value, tuple | list) and len(value) == 2 else (value, value)
    return pair(rows, what, least=0), pair(columns, what, least=0)
