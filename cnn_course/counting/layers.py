"""Descriptions of layers, named and with arguments as in Keras, that can be counted."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from functools import lru_cache, partial
from itertools import zip_longest
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Final, dataclass_transform

from cnn_course.arguments import one_of, pair, parts_of, shown, whole_number, yes_or_no

from .shapes import Shape, axes_of, checked_shape, one_axis_of
from .windows import (
    Pair,
    ReceptiveField,
    Span,
    Window,
    for_both,
    output_size,
    output_size_derivation,
    union,
    zeros_before,
)

#: A product of whole numbers and how it is written: (6, "2 x 3").
Product = tuple[int, str]
#: For each part of a layer how many inputs an output has, and how many outputs there are.
Weights = list[tuple[Product, Product]]


@dataclass(frozen=True)
class Count:
    """What one layer makes of its input, counted.

    Attributes:
        output_shape: shape of the output, without the batch axis.
        trainable_parameters: those that training changes; 0 in a frozen layer.
        non_trainable_parameters: running statistics, and everything in a frozen layer.
        derivation: the calculation of the parameters, for example `(5 x 5 x 6 + 1) x 16 = 2,416`.
        multiplications: products of a value and a weight in convolutions and dense layers, for
            one picture. Adding a bias, pooling, normalizing and activating are not counted.
        multiplications_derivation: their calculation.
        shape_derivation: the calculation of height and width, or of the length.
        seen: the receptive field of one value; `None` where there is none to count: more than one
            input, an input without height and width, or after `Resizing`.
    """

    output_shape: Shape
    trainable_parameters: int = 0
    non_trainable_parameters: int = 0
    derivation: str = "0"
    multiplications: int = 0
    multiplications_derivation: str = "0"
    shape_derivation: str = "unchanged"
    seen: ReceptiveField | None = field(default=None, repr=False)

    @property
    def parameters(self) -> int:
        """All parameters, trainable or not."""
        return self.trainable_parameters + self.non_trainable_parameters

    @property
    def receptive_field(self) -> Pair | None:
        """(height, width) in pixels of the input that one value can depend on, with padding."""
        return self.seen.size if self.seen else None

    @property
    def receptive_field_derivation(self) -> str:
        """The calculation of the receptive field."""
        return self.seen.derivation if self.seen else "not counted"


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
@dataclass(frozen=True)
class Layer:
    """A layer as it is described, without any weights; named as in Keras, with its arguments.

    Attributes:
        name: how the layer is called in a table; `table` gives it one where it is `None`.
        trainable: whether training changes the layer's weights; `False` is a frozen layer.
        after: in a list of layers, the name of the layer whose output it takes, or the names of
            several; `None` is the layer before it in the list. So a list can have branches.
    """

    #: Names of the arguments that are positive whole numbers.
    _WHOLE: ClassVar[tuple[str, ...]] = ()
    #: Names of the arguments that are true or false.
    _YES_OR_NO: ClassVar[tuple[str, ...]] = ()
    #: Whether its input is (height, width, channels).
    _TAKES_IMAGES: ClassVar[bool] = False

    _: KW_ONLY
    name: str | None = None
    trainable: bool = True
    after: str | tuple[str, ...] | None = None

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True)(cls)
        cls._YES_OR_NO = tuple(one.name for one in fields(cls) if isinstance(one.default, bool))

    def __post_init__(self) -> None:
        for name in self._WHOLE:
            self._set(name, whole_number(name, getattr(self, name), 1))
        for name in self._YES_OR_NO:
            self._set(name, yes_or_no(name, getattr(self, name)))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # Python's numbers: NumPy's small ones wrap around

    @property
    def kind(self) -> str:
        """The class, as Keras calls it."""
        return type(self).__name__

    def count(self, *shapes: Shape) -> Count:
        """Return output shape, parameters and multiplications for inputs of these shapes.

        The shapes are without the batch axis, one for each input of the layer.

        Raises:
            TypeError: a shape is not a tuple of whole numbers.
            ValueError: the layer cannot take inputs of these shapes.
        """
        return self.count_after([Count(checked_shape(shape)) for shape in shapes])

    def count_after(self, inputs: Sequence[Count]) -> Count:
        """Return the same as `count`, and the receptive field, after layers that are counted."""
        known = union([one.seen for one in inputs])
        seen = known or ReceptiveField(Span(1), Span(1))
        counted = self._count_all([one.output_shape for one in inputs], seen)
        if not known:
            counted = replace(counted, seen=None)
        if self.trainable:
            return counted
        return replace(counted, trainable_parameters=0, non_trainable_parameters=counted.parameters)

    def _count_all(self, shapes: Sequence[Shape], seen: ReceptiveField) -> Count:
        """Count the layer on all of its inputs, which for most layers are one."""
        if len(shapes) != 1:
            raise ValueError(f"The layer takes one input, but it was given {len(shapes)}.")
        if self._TAKES_IMAGES and len(shapes[0]) != 3:
            raise ValueError(
                f"The layer needs an input of (height, width, channels), but it is {shapes[0]}. "
                "It cannot come after Flatten; a grey picture has one channel, such as (28, 28, 1)."
            )
        return self._count(shapes[0], seen)

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        """Count the layer; `seen` is what one value of its input sees."""
        raise TypeError(f"{self.kind} does not say how it is counted. Take a kind such as Dense.")


class Input(Layer):
    """The input of a network: where a list of layers starts.

    Attributes:
        shape: (height, width, channels) of one picture, without the batch axis.
    """

    shape: Shape

    def __post_init__(self) -> None:
        super().__post_init__()
        self.count()

    def _count_all(self, shapes: Sequence[Shape], seen: ReceptiveField) -> Count:
        if shapes:
            raise ValueError("An Input starts a list of layers; it cannot follow a layer.")
        return Count(checked_shape(self.shape))


class _Unchanged(Layer):
    """The shape stays. No parameters, and the arguments are not counted."""

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        return Count(shape, seen=seen)


class _OverAxis(_Unchanged):
    """The sum or mean is taken over `axis`; the batch is axis 0. No parameters."""

    axis: int | Sequence[int] = -1

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        channels = len(shape) - 1
        return Count(
            shape, seen=seen if set(axes_of(shape, self.axis)) <= {channels} else seen.whole()
        )


class _Merging(Layer):
    """Value by value: shapes are equal, or a size of 1 is repeated. No parameters."""

    def _count_all(self, shapes: Sequence[Shape], seen: ReceptiveField) -> Count:
        if len(shapes) < 2:
            raise ValueError(
                f"The layer merges two inputs or more, but it was given {len(shapes)}. Name them, "
                'for example after=("conv_1", "conv_2").'
            )
        return self._merged(shapes, " and ".join(map(str, shapes)), seen)

    def _merged(self, shapes: Sequence[Shape], listed: str, seen: ReceptiveField) -> Count:
        aligned = zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1)
        sizes = [set(along_one_axis) for along_one_axis in aligned]
        if any(len(found - {1}) > 1 for found in sizes):
            raise ValueError(
                f"Inputs of the shapes {listed} cannot be combined value by value. "
                "Bring them to one shape, for example with a 1x1 convolution."
            )
        return Count(tuple(max(found) for found in reversed(sizes)), seen=seen)


class _Sliding(Layer):
    """A layer that slides a window over height and width.

    `dilation_rate` is the distance between neighbouring taps of a kernel; 1 has no holes.
    """

    _TAKES_IMAGES = True
    _SIZE: ClassVar[str] = "kernel_size"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._axes((1, 1))  # raises where an argument makes no window
        strides, dilation = self._pair("strides"), self._pair("dilation_rate")
        if max(strides) > 1 and max(dilation) > 1:
            raise ValueError(
                f"strides {strides} and dilation_rate {dilation} cannot both be larger than 1: "
                "Keras refuses it. Set one of them to 1."
            )

    def _pair(self, argument: str) -> Pair:
        """Return an argument for (height, width); strides of `None` are the size of the window."""
        value = getattr(self, argument)
        return pair(argument, getattr(self, self._SIZE) if value is None else value)

    def _axes(self, shape: Shape) -> list[tuple[int, int, int, str]]:
        """Return the arguments of `output_size` for both axes of a picture.

        `k` taps have `k - 1` gaps, so a kernel reaches over (k - 1) x dilation + 1 pixels.
        """
        otherwise = " (for a number of pixels put a ZeroPadding2D before the layer)"
        padding = one_of("padding", vars(self)["padding"], ("valid", "same"), otherwise)
        arguments = map(self._pair, (self._SIZE, "dilation_rate", "strides"))
        return [
            (n, (k - 1) * dilation + 1, stride, padding)
            for n, k, dilation, stride in zip(shape[:2], *arguments, strict=True)
        ]

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        (height, down, rows), (width, across, columns) = (
            _slid(*axis) for axis in self._axes(shape)
        )
        output = (height, width, shape[2])
        text = for_both(down, across)
        return Count(output, shape_derivation=text, seen=seen.slide(rows, columns))


@lru_cache(250)
def _slid(n: int, k: int, stride: int, padding: str) -> tuple[int, str, Window]:
    """Return the size after a window slid along an axis, its calculation, and the window."""
    axis = (n, k, stride, padding)
    return output_size(*axis), output_size_derivation(*axis), (k, stride, zeros_before(*axis))


class _Pooling2D(_Sliding):
    """Channel by channel. No parameters.

    Attributes:
        pool_size: height and width of the window, one number for both or two.
        strides: steps down and right; `None` takes the size of the window.
        padding: `"valid"` or `"same"`.
    """

    _SIZE = "pool_size"
    dilation_rate = 1

    pool_size: int | Pair = 2
    strides: int | Pair | None = None
    padding: str = "valid"


class _GlobalPooling2D(Layer):
    """Over all positions. No parameters.

    Attributes:
        keepdims: whether the output is (1, 1, channels) and not (channels,).
    """

    _TAKES_IMAGES = True

    keepdims: bool = False

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        height, width, channels = shape
        text = f"{height:,} x {width:,} values to 1 in each of {channels:,} channels"
        output = (1, 1, channels) if self.keepdims else (channels,)
        return Count(output, shape_derivation=text, seen=seen.whole())


def _layer(base: type, name: str, text: str, *needed: str, **optional: object) -> type[Any]:
    """Return a class of layers that are counted as those of `base`, and what they do as `text`.

    What they take besides, `needed` and `optional` with its defaults, is not counted.
    """
    annotations = dict.fromkeys([*needed, *optional], object)
    body = {"__doc__": f"{text}\n\n    {base.__doc__}", "__module__": __name__}
    return type(name, (base,), {**body, "__annotations__": annotations, **optional})


_same, _over_axis, _merged, _pool, _pool_all = (
    partial(_layer, base)
    for base in (_Unchanged, _OverAxis, _Merging, _Pooling2D, _GlobalPooling2D)
)

Identity = _same("Identity", "The input as it is.")
Activation = _same("Activation", 'A function of each value, such as `"relu"`.', "activation")
ReLU = _same("ReLU", "max(0, x).", max_value=None, negative_slope=0.0, threshold=0.0)
LeakyReLU = _same("LeakyReLU", "x, and a fraction of it where it is negative.", negative_slope=0.3)
ELU = _same("ELU", "x, and alpha (exp(x) - 1) where it is negative.", alpha=1.0)
Softmax = _over_axis("Softmax", "Positive values along `axis` that sum to one.")
UnitNormalization = _over_axis("UnitNormalization", "Values scaled to length one along `axis`.")
# Keras has no such layer; a layer class of this name is taken for it. See Krizhevsky et al.,
# "ImageNet Classification with Deep Convolutional Neural Networks" (2012), section 3.3.
LocalResponseNormalization = _same(
    "LocalResponseNormalization", "Values over the strength of neighbouring channels."
)
Rescaling = _same("Rescaling", "`scale` times each value, plus `offset`.", "scale", offset=0.0)

# In training only; at inference they do nothing.
Dropout = _same("Dropout", "Values set to zero with probability `rate`.", "rate")
SpatialDropout2D = _same("SpatialDropout2D", "Channels set to zero with this `rate`.", "rate")
GaussianDropout = _same("GaussianDropout", "Values times noise with mean one.", "rate")
GaussianNoise = _same("GaussianNoise", "Values plus noise.", "stddev")
RandomFlip = _same("RandomFlip", "Pictures turned over.", mode="horizontal_and_vertical")
RandomRotation = _same("RandomRotation", "Pictures turned by this part of a full turn.", "factor")
RandomZoom = _same("RandomZoom", "Made larger or smaller.", "height_factor", width_factor=None)
RandomTranslation = _same("RandomTranslation", "Pictures shifted.", "height_factor", "width_factor")
RandomShear = _same("RandomShear", "Pictures slanted.", x_factor=0.0, y_factor=0.0)
RandomContrast = _same("RandomContrast", "Contrast raised or lowered.", "factor")
RandomBrightness = _same("RandomBrightness", "Pictures made lighter or darker.", "factor")

Add = _merged("Add", "The sum of the inputs.")
Subtract = _merged("Subtract", "The first input minus the second.")
Multiply = _merged("Multiply", "The product of the inputs, not of weights: it is not counted.")
Average = _merged("Average", "The average of the inputs.")
Maximum = _merged("Maximum", "The largest of the inputs.")
Minimum = _merged("Minimum", "The smallest of the inputs.")

MaxPooling2D = _pool("MaxPooling2D", "The largest value of each window.")
AveragePooling2D = _pool("AveragePooling2D", "The average of each window.")
GlobalMaxPooling2D = _pool_all("GlobalMaxPooling2D", "The largest value of each channel.")
GlobalAveragePooling2D = _pool_all("GlobalAveragePooling2D", "The average of each channel.")


class Concatenate(_Merging):
    """The inputs one after the other along `axis`, whose sizes add up. No parameters.

    Attributes:
        axis: the axis to join along; the batch is axis 0, the channels are -1.
    """

    axis: int = -1

    def _merged(self, shapes: Sequence[Shape], listed: str, seen: ReceptiveField) -> Count:
        axis = one_axis_of(shapes[0], self.axis)
        others = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
        if len(others) > 1:
            raise ValueError(
                f"Inputs of the shapes {listed} cannot be joined along axis {self.axis}: "
                "their other sizes differ."
            )
        sizes = [shape[axis] for shape in shapes]
        text = f"{' + '.join(f'{size:,}' for size in sizes)} = {sum(sizes):,}"
        joined = (*shapes[0][:axis], sum(sizes), *shapes[0][axis + 1 :])
        if axis < len(joined) - 1:
            seen = seen.scattered([axis])  # pictures put side by side have no common grid there
        return Count(joined, shape_derivation=text, seen=seen)


class Conv2D(_Sliding):
    """A convolution. Parameters: (kh x kw x channels in + 1) x filters.

    A filter has kh x kw weights for every input channel and one bias; all positions share them.
    Multiplications: each of the height x width x filters output values takes kh x kw x channels
    in. With `groups`, a filter sees only channels / groups of the input.

    Attributes:
        filters: channels of the output.
        kernel_size: height and width of the kernel, one number for both or two.
        strides: steps down and right.
        padding: `"valid"` or `"same"`.
        dilation_rate: distance between neighbouring taps of the kernel.
        groups: into how many parts the input channels are split.
        activation: not counted: it has no parameters.
        use_bias: whether each filter adds a number.
    """

    _WHOLE = ("filters", "groups")

    filters: int
    kernel_size: int | Pair
    strides: int | Pair = 1
    padding: str = "valid"
    _: KW_ONLY
    dilation_rate: int | Pair = 1
    groups: int = 1
    activation: object = None
    use_bias: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        _divided(self.filters, "filters", self.groups)

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        _divided(shape[2], "input channels", self.groups)
        inputs, text = _product(*self._pair("kernel_size"), shape[2])
        if self.groups > 1:
            inputs, text = inputs // self.groups, f"{text} / {self.groups}"
        parts = [((inputs, text), _product(self.filters))]
        return _weighted(parts, self.use_bias, super()._count(shape, seen))


class DepthwiseConv2D(_Sliding):
    """A convolution of each channel by itself. Parameters: (kh x kw + 1) x channels x multiplier.

    Each channel has `depth_multiplier` kernels of kh x kw weights, each with one bias; nothing is
    summed over channels, so an output value takes kh x kw multiplications.

    Attributes:
        depth_multiplier: output channels for each input channel.
        kernel_size, strides, padding, dilation_rate, activation, use_bias: as in `Conv2D`.
    """

    _WHOLE = ("depth_multiplier",)

    kernel_size: int | Pair
    strides: int | Pair = 1
    padding: str = "valid"
    depth_multiplier: int = 1
    _: KW_ONLY
    dilation_rate: int | Pair = 1
    activation: object = None
    use_bias: bool = True

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        kernel = _product(*self._pair("kernel_size"))
        parts = [(kernel, _multiplied(shape[2], self.depth_multiplier))]
        return _weighted(parts, self.use_bias, super()._count(shape, seen))


class SeparableConv2D(_Sliding):
    """A depthwise convolution and then a 1x1 convolution over its channels.

    Parameters: kh x kw x channels without a bias for the first part, (channels + 1) x filters for
    the second; with a `depth_multiplier`, channels x multiplier stand between the two. The
    multiplications of both parts add up.

    Attributes:
        filters: channels of the output.
        depth_multiplier: channels between the two parts for each input channel.
        kernel_size, strides, padding, dilation_rate, activation, use_bias: as in `Conv2D`.
    """

    _WHOLE = ("filters", "depth_multiplier")

    filters: int
    kernel_size: int | Pair
    strides: int | Pair = 1
    padding: str = "valid"
    _: KW_ONLY
    dilation_rate: int | Pair = 1
    depth_multiplier: int = 1
    activation: object = None
    use_bias: bool = True

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        kernel = _product(*self._pair("kernel_size"))
        between = _multiplied(shape[2], self.depth_multiplier)
        parts = [(kernel, between), (between, _product(self.filters))]
        return _weighted(parts, self.use_bias, super()._count(shape, seen))


class Dense(Layer):
    """A dense layer. Parameters: (inputs + 1) x units.

    Each unit has one weight for each input value and one bias, and takes one multiplication per
    weight. On an input of more than one axis the same layer is applied at every position, over
    the last axis.

    Attributes:
        units: number of outputs.
        activation, use_bias: as in `Conv2D`.
    """

    _WHOLE = ("units",)

    units: int
    activation: object = None
    _: KW_ONLY
    use_bias: bool = True

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        parts = [(_product(shape[-1]), _product(self.units))]
        # Position by position nothing is added to what is seen.
        seen = seen.whole() if len(shape) == 1 else seen
        before = Count(shape, shape_derivation=f"{self.units:,} units", seen=seen)
        return _weighted(parts, self.use_bias, before)


class Flatten(Layer):
    """All values in one row: height x width x channels of them. No parameters."""

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        length, text = _product(*shape)
        return Count((length,), shape_derivation=f"{text} = {length:,}", seen=seen.scattered())


class Reshape(Layer):
    """The same values in another shape, so the product of the sizes stays. No parameters.

    Attributes:
        target_shape: the new shape without the batch axis; one size may be -1, to be computed.
    """

    target_shape: Shape

    def __post_init__(self) -> None:
        super().__post_init__()
        if (parts := parts_of(self.target_shape)) is None:
            raise TypeError(f"target_shape is a tuple of sizes, not {shown(self.target_shape)}.")
        sizes = [whole_number("Each size of target_shape", one, -1) for one in parts]
        self._set("target_shape", tuple(sizes))
        if 0 in sizes or sizes.count(-1) > 1:
            raise ValueError(
                f"target_shape {shown(self.target_shape)} has a 0 or more than one -1."
            )

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        values = prod(shape)
        known = prod(size for size in self.target_shape if size != -1)
        output = tuple(values // known if size == -1 else size for size in self.target_shape)
        if prod(output) != values:
            raise ValueError(
                f"{values:,} values of the shape {shape} do not fit into {self.target_shape}."
            )
        # Where rows and columns move, a kernel then sees all.
        seen = seen if output[:2] == shape[:2] else seen.scattered()
        return Count(output, shape_derivation=f"{values:,} values", seen=seen)


class _Bordered(Layer):
    """A layer that adds rows and columns at the sides of the picture, or cuts them off."""

    _TAKES_IMAGES = True
    _SIDES: ClassVar[str]
    _SIGN: ClassVar[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        self._sides()

    def _sides(self) -> list[Pair]:
        """Return [(above, below), (left, right)]; one number of an axis is for both its ends."""
        value = getattr(self, self._SIDES)
        two = parts_of(value) or ()
        return [pair(self._SIDES, one, 0) for one in (two if len(two) == 2 else (value, value))]

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        sign = "+" if self._SIGN > 0 else "-"
        sizes, texts = [], []
        for size, (before, after) in zip(shape[:2], self._sides(), strict=True):
            sizes.append(size + self._SIGN * (before + after))
            texts.append(f"{size:,} {sign} {before} {sign} {after} = {sizes[-1]:,}")
        if min(sizes) < 1:
            raise ValueError(
                f"{self._SIDES} {getattr(self, self._SIDES)} leaves nothing of a picture of "
                f"{shape[0]} x {shape[1]}."
            )
        rows, columns = ((1, 1, self._SIGN * before) for before, _ in self._sides())
        seen = seen.slide(rows, columns).unchanged()
        return Count((*sizes, shape[2]), shape_derivation=for_both(*texts), seen=seen)


class ZeroPadding2D(_Bordered):
    """Rows and columns of zeros around the picture: height + above + below. No parameters.

    Attributes:
        padding: one number for all sides, (rows, columns), or ((above, below), (left, right)).
    """

    _SIDES, _SIGN = "padding", 1

    padding: int | Pair | tuple[Pair, Pair] = 1


class Cropping2D(_Bordered):
    """Rows and columns cut off the picture: height - above - below. No parameters.

    Attributes:
        cropping: one number for all sides, (rows, columns), or ((above, below), (left, right)).
    """

    _SIDES, _SIGN = "cropping", -1

    cropping: int | Pair | tuple[Pair, Pair] = 0


class Resizing(Layer):
    """The picture drawn anew with `height` rows and `width` columns. No parameters.

    From here on no receptive field is counted: the new pixels are mixed from the old ones.

    Attributes:
        height, width: rows and columns of the output.
    """

    _WHOLE = ("height", "width")
    _TAKES_IMAGES = True

    height: int
    width: int

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        text = f"{self.height:,} x {self.width:,} as asked for"
        return Count((self.height, self.width, shape[2]), shape_derivation=text)


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

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        channels = shape[one_axis_of(shape, self.axis)]
        each = bool(self.center) + bool(self.scale)
        trained = f"{each} x {channels:,} trained + " if each else ""
        text = f"{trained}2 x {channels:,} kept = {(each + 2) * channels:,}"
        return Count(shape, each * channels, 2 * channels, text, seen=seen)


class LayerNormalization(_OverAxis):
    """Layer normalization. Parameters: 2 x channels, all trained.

    A gamma and a beta for each entry along `axis`; mean and variance are taken from the picture
    itself, so none are kept. See Ba, Kiros and Hinton, "Layer Normalization" (2016).

    Attributes:
        axis: the axis or axes that are normalized; the batch is axis 0.
        center, scale: as in `BatchNormalization`.
    """

    _: KW_ONLY
    center: bool = True
    scale: bool = True

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        axes = axes_of(shape, self.axis)
        return _gamma_and_beta(super()._count(shape, seen), axes, self.center, self.scale)


class GroupNormalization(Layer):
    """Group normalization. Parameters: 2 x channels, all trained.

    A gamma and a beta for each channel; mean and variance are taken from the picture itself, over
    all positions and the channels of a group. See Wu and He, "Group Normalization" (2018).

    Attributes:
        groups: into how many groups the channels are split; -1 is one group for each channel.
        axis, center, scale: as in `BatchNormalization`.
    """

    groups: int = 32
    axis: int = -1
    _: KW_ONLY
    center: bool = True
    scale: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        groups = whole_number("groups", self.groups, -1)
        self._set("groups", groups if groups == -1 else whole_number("groups", groups, 1))

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        axis = one_axis_of(shape, self.axis)
        _divided(shape[axis], "channels", self.groups)
        # The mean is taken over all positions.
        return _gamma_and_beta(Count(shape, seen=seen.whole()), (axis,), self.center, self.scale)


class Normalization(Layer):
    """Normalization by a known mean and variance. Parameters: 2 x channels + 1 kept, or none.

    Where `adapt` measures them, the layer keeps a mean and a variance for each channel, and how
    many values it has seen. Given as arguments they are constants, not parameters.

    Attributes:
        axis: the axis or axes with a mean of their own; the batch is axis 0; `None` for one mean.
        mean, variance: if they are given.
    """

    axis: int | Sequence[int] | None = -1
    mean: object = None
    variance: object = None

    def _count(self, shape: Shape, seen: ReceptiveField) -> Count:
        if self.mean is not None:
            return Count(shape, seen=seen)
        axes = () if self.axis is None else axes_of(shape, self.axis)
        each = prod(shape[axis] for axis in axes)
        kept = 2 * each + 1
        return Count(shape, 0, kept, f"2 x {each:,} + 1 kept = {kept:,}", seen=seen)


def _divided(number: int, what: str, groups: int) -> None:
    """Raise if `number` of something cannot be split into `groups`."""
    if number % groups:
        raise ValueError(
            f"{number} {what} cannot be split into {groups} groups. "
            "Take a number of groups that divides them."
        )


def _product(*factors: int) -> Product:
    return prod(factors), " x ".join(f"{factor:,}" for factor in factors)


def _multiplied(channels: int, multiplier: int) -> Product:
    return _product(channels) if multiplier == 1 else _product(channels, multiplier)


def _weighted(parts: Weights, use_bias: bool, before: Count) -> Count:
    """Count outputs that have a weight for each of their inputs, at each position of `before`.

    With a bias each output of the last part has one number more: (inputs + 1) x outputs.
    """
    (_, inputs_text), (outputs, outputs_text) = parts[-1]
    positions = before.output_shape[:-1]
    weights = sum(inputs * outputs for (inputs, _), (outputs, _) in parts)
    texts = [f"{inputs} x {outputs}" for (_, inputs), (_, outputs) in parts]
    biased = [*texts[:-1], f"({inputs_text} + 1) x {outputs_text}"] if use_bias else texts
    parameters = weights + outputs * bool(use_bias)
    multiplications = prod(positions) * weights
    at_each = "".join(f"{size:,} x " for size in positions)
    calculation = " + ".join(at_each + text for text in texts)
    return replace(
        before,
        output_shape=(*positions, outputs),
        trainable_parameters=parameters,
        derivation=f"{' + '.join(biased)} = {parameters:,}",
        multiplications=multiplications,
        multiplications_derivation=f"{calculation} = {multiplications:,}",
    )


def _gamma_and_beta(before: Count, axes: Shape, center: bool, scale: bool) -> Count:
    if not (each := bool(center) + bool(scale)):
        return before
    parameters, text = _product(each, *(before.output_shape[axis] for axis in axes))
    return replace(before, trainable_parameters=parameters, derivation=f"{text} = {parameters:,}")


#: Every kind of layer that can be counted, by the name of its Keras class.
KNOWN: Final[dict[str, type[Layer]]] = {
    name: value
    for name, value in sorted(globals().items())
    if isinstance(value, type) and issubclass(value, Layer) and not name.startswith("_")
    if value not in (Layer, Input)
}
if not TYPE_CHECKING:  # mypy reads no list that is computed
    __all__ = [*KNOWN, "Count", "Input", "Layer", "Shape"]  # noqa: PLE0604
