"""What every layer description shares: shapes in, counts out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod

from ..receptive_field import Pair, ReceptiveField, union
from ..sizes import whole_number

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Count:
    """What one layer makes of its input, counted.

    Attributes:
        output_shape: shape of the output, without the batch axis.
        trained: parameters that training changes.
        kept: parameters that training by gradients leaves alone: the running statistics of batch
            normalization, and everything in a frozen layer.
        derivation: the calculation of the parameters, for example `(5 x 5 x 6 + 1) x 16 = 2,416`.
        multiplications: products of a value and a weight, for one picture.
        multiplications_derivation: their calculation.
        shape_derivation: the calculation of height and width, or of the length.
    """

    output_shape: Shape
    trained: int = 0
    kept: int = 0
    derivation: str = "0"
    multiplications: int = 0
    multiplications_derivation: str = "0"
    shape_derivation: str = "unchanged"

    @property
    def parameters(self) -> int:
        """All parameters, trained and kept."""
        return self.trained + self.kept


@dataclass(frozen=True)
class Layer:
    """A layer as it is described, without any weights; named as in Keras, with its arguments.

    Attributes:
        name: how the layer is called in a table; `table` gives it one where it is `None`.
        trainable: whether training changes the layer's weights; `False` is a frozen layer.
        after: in a list of layers, the name of the layer whose output it takes, or the names of
            several; `None` is the layer before it in the list. So a list can have branches.
    """

    name: str | None = field(default=None, kw_only=True)
    trainable: bool = field(default=True, kw_only=True)
    after: str | tuple[str, ...] | None = field(default=None, kw_only=True)

    @property
    def kind(self) -> str:
        """The class, as Keras calls it."""
        return type(self).__name__

    def count(self, *shapes: Shape) -> Count:
        """Return output shape, parameters and multiplications for inputs of these shapes.

        Args:
            shapes: shapes without the batch axis, one for each input of the layer.

        Raises:
            TypeError: a shape is not a tuple of whole numbers.
            ValueError: the layer cannot take inputs of these shapes.
        """
        counted = self._count([checked_shape(shape) for shape in shapes])
        if self.trainable:
            return counted
        return replace(counted, trained=0, kept=counted.parameters)

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the receptive field of one output value.

        Unless a layer says otherwise, an output value sees what the input values at its own
        position see.

        Args:
            fields: receptive field of each input.
            shapes: shape of each input, without the batch axis.

        Returns:
            The field, or `None` where the layer moves pixels so that there is none to count.
        """
        return union(fields)

    def _count(self, shapes: Sequence[Shape]) -> Count:
        raise NotImplementedError(f"{self.kind} does not say how it is counted.")


@dataclass(frozen=True)
class Input(Layer):
    """The input of a network: where a list of layers starts.

    Attributes:
        shape: (height, width, channels) of one picture, without the batch axis.
    """

    shape: Shape

    def __post_init__(self) -> None:
        checked_shape(self.shape)

    def _count(self, shapes: Sequence[Shape]) -> Count:
        if shapes:
            raise ValueError("An Input starts a list of layers; it cannot follow a layer.")
        return Count(checked_shape(self.shape))


def pair(value: object, what: str, least: int = 1) -> Pair:
    """Return (height, width) from one number for both or from two numbers.

    Raises:
        TypeError: a number is not a whole number.
        ValueError: a number is smaller than `least`, or there are not two.
    """
    if not isinstance(value, tuple | list):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(f"{what} must be one number or two, but it is {value!r}.")
    return whole_number(value[0], what, least), whole_number(value[1], what, least)


def checked_shape(shape: object) -> Shape:
    """Return `shape` as a tuple of positive whole numbers.

    Raises:
        TypeError: it is not a tuple or list of whole numbers.
        ValueError: it is empty, or a size is unknown or not positive.
    """
    if not isinstance(shape, tuple | list):
        raise TypeError(
            f"A shape is a tuple such as (28, 28, 1), but it is {shape!r} ({type(shape).__name__})."
        )
    if not shape or None in shape:
        raise ValueError(
            f"The shape {tuple(shape)} has unknown sizes, and without them nothing can be counted. "
            "Give every size, for example (28, 28, 1)."
        )
    return tuple(whole_number(size, f"Each size of the shape {tuple(shape)}") for size in shape)


def only(shapes: Sequence[Shape]) -> Shape:
    """Return the shape of a layer's only input.

    Raises:
        ValueError: there is none, or more than one.
    """
    if len(shapes) != 1:
        raise ValueError(f"The layer takes one input, but it was given {len(shapes)}.")
    return shapes[0]


def image(shapes: Sequence[Shape]) -> tuple[int, int, int]:
    """Return (height, width, channels) of a layer's only input.

    Raises:
        ValueError: there is not one input, or it is not a picture.
    """
    shape = only(shapes)
    if len(shape) != 3:
        raise ValueError(
            f"The layer needs an input of (height, width, channels), but the input is {shape}. "
            "It cannot come after Flatten; a grey picture has one channel, such as (28, 28, 1)."
        )
    height, width, channels = shape
    return height, width, channels


def axes(shape: Shape, axis: object) -> tuple[int, ...]:
    """Return where Keras's `axis` points to in a shape without the batch axis.

    Keras counts the batch as axis 0; here axis 1 is the first entry of the shape, -1 the last.

    Raises:
        TypeError: an axis is not a whole number.
        ValueError: there is no such axis.
    """
    wanted = axis if isinstance(axis, tuple | list) else (axis,)
    found = []
    for one in wanted:
        number = whole_number(one, "axis", least=-len(shape))
        if number == 0 or number > len(shape):
            raise ValueError(f"There is no axis {one} to use in an input of shape {shape}.")
        found.append(number - 1 if number > 0 else len(shape) + number)
    return tuple(found)


def over_axes(seen: ReceptiveField, shape: Shape, axis: int | Sequence[int]) -> ReceptiveField:
    """Return the field of a layer that computes one mean or sum over `axis`.

    It is the whole input as soon as positions are among the axes; channels alone change nothing.
    """
    over_positions = any(one != len(shape) - 1 for one in axes(shape, axis))
    return seen.whole() if over_positions else seen.unchanged()


def times(*factors: int | str) -> str:
    """Return the factors as a product is written: `5 x 5 x 1,024`."""
    return " x ".join(f if isinstance(f, str) else f"{f:,}" for f in factors)


def product(*factors: int) -> tuple[int, str]:
    """Return a product and its calculation: `6, "2 x 3 = 6"`."""
    value = prod(factors)
    return value, f"{times(*factors)} = {value:,}"


def weights_and_bias(
    inputs: int, inputs_text: str, outputs: int, use_bias: bool
) -> tuple[int, str]:
    """Return the parameters of `outputs` units with `inputs` weights each, and their text.

    Each unit has a weight for each of its inputs and, with a bias, one number more:
    (inputs + 1) x outputs.
    """
    if use_bias:
        return (inputs + 1) * outputs, f"({inputs_text} + 1) x {outputs:,}"
    return inputs * outputs, f"{inputs_text} x {outputs:,}"
