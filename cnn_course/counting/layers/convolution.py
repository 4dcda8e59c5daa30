"""Layers with kernels: convolutions and the dense layer.

One output value of a kernel costs one multiplication per weight; adding the bias costs none.
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from ..receptive_field import Pair, ReceptiveField
from ..sizes import whole_number
from .base import Count, Layer, Shape, image, only, product, times, weights_and_bias
from .window import Sliding, Window, window


@dataclass(frozen=True)
class Conv2D(Sliding):
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
        activation: taken and not counted: it has no parameters.
        use_bias: whether each filter adds a number.
    """

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
        whole_number(self.filters, "filters")
        whole_number(self.groups, "groups")
        if self.filters % self.groups:
            raise ValueError(
                f"{self.filters} filters cannot be split into {self.groups} groups. "
                "Take a number of filters that the groups divide."
            )

    @property
    def _window(self) -> Window:
        return window(self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def _count(self, shapes: Sequence[Shape]) -> Count:
        height, width, channels = image(shapes)
        if channels % self.groups:
            raise ValueError(
                f"{channels} input channels cannot be split into {self.groups} groups. "
                "Take a number of groups that divides the channels."
            )
        kernel = self._window.kernel
        depth = channels // self.groups
        depth_text = f"{channels:,} / {self.groups}" if self.groups > 1 else f"{channels:,}"
        rows, columns = self._window.output((height, width))
        parameters, text = weights_and_bias(
            kernel[0] * kernel[1] * depth, times(*kernel, depth_text), self.filters, self.use_bias
        )
        multiplications = rows * columns * kernel[0] * kernel[1] * depth * self.filters
        calculation = times(rows, columns, *kernel, depth_text, self.filters)
        return Count(
            (rows, columns, self.filters),
            trained=parameters,
            derivation=f"{text} = {parameters:,}",
            multiplications=multiplications,
            multiplications_derivation=f"{calculation} = {multiplications:,}",
            shape_derivation=self._window.derivation((height, width)),
        )


@dataclass(frozen=True)
class DepthwiseConv2D(Sliding):
    """A convolution of each channel by itself. Parameters: (kh x kw + 1) x channels x multiplier.

    Each channel has `depth_multiplier` kernels of kh x kw weights, each with one bias; nothing is
    summed over channels, so an output value takes kh x kw multiplications.

    Attributes:
        kernel_size: height and width of the kernel, one number for both or two.
        strides: steps down and right.
        padding: `"valid"` or `"same"`.
        depth_multiplier: output channels for each input channel.
        dilation_rate: distance between neighbouring taps of the kernel.
        activation: taken and not counted: it has no parameters.
        use_bias: whether each kernel adds a number.
    """

    kernel_size: int | Pair
    strides: int | Pair = 1
    padding: str = "valid"
    depth_multiplier: int = 1
    _: KW_ONLY
    dilation_rate: int | Pair = 1
    activation: object = None
    use_bias: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number(self.depth_multiplier, "depth_multiplier")

    @property
    def _window(self) -> Window:
        return window(self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def _count(self, shapes: Sequence[Shape]) -> Count:
        height, width, channels = image(shapes)
        kernel = self._window.kernel
        rows, columns = self._window.output((height, width))
        outputs, outputs_text = _multiplied(channels, self.depth_multiplier)
        taps = kernel[0] * kernel[1]
        parameters = (taps + self.use_bias) * outputs
        one = f"({times(*kernel)} + 1)" if self.use_bias else times(*kernel)
        multiplications = rows * columns * taps * outputs
        calculation = times(rows, columns, *kernel, outputs_text)
        return Count(
            (rows, columns, outputs),
            trained=parameters,
            derivation=f"{one} x {outputs_text} = {parameters:,}",
            multiplications=multiplications,
            multiplications_derivation=f"{calculation} = {multiplications:,}",
            shape_derivation=self._window.derivation((height, width)),
        )


@dataclass(frozen=True)
class SeparableConv2D(Sliding):
    """A depthwise convolution and then a 1x1 convolution over its channels.

    Parameters: kh x kw x channels without a bias for the first part, (channels + 1) x filters for
    the second; with a `depth_multiplier`, channels x multiplier stand between the two. The
    multiplications of both parts add up.

    Attributes:
        filters: channels of the output.
        kernel_size: height and width of the depthwise kernel, one number for both or two.
        strides: steps down and right.
        padding: `"valid"` or `"same"`.
        dilation_rate: distance between neighbouring taps of the kernel.
        depth_multiplier: channels between the two parts for each input channel.
        activation: taken and not counted: it has no parameters.
        use_bias: whether each filter of the second part adds a number.
    """

    filters: int
    kernel_size: int | Pair
    strides: int | Pair = 1
    padding: str = "valid"
    _: KW_ONLY
    dilation_rate: int | Pair = 1
    depth_multiplier: int = 1
    activation: object = None
    use_bias: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        whole_number(self.filters, "filters")
        whole_number(self.depth_multiplier, "depth_multiplier")

    @property
    def _window(self) -> Window:
        return window(self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def _count(self, shapes: Sequence[Shape]) -> Count:
        height, width, channels = image(shapes)
        kernel = self._window.kernel
        rows, columns = self._window.output((height, width))
        between, between_text = _multiplied(channels, self.depth_multiplier)
        depthwise = kernel[0] * kernel[1] * between
        depthwise_text = times(*kernel, between_text)
        pointwise, pointwise_text = weights_and_bias(
            between, between_text, self.filters, self.use_bias
        )
        multiplications = rows * columns * (depthwise + between * self.filters)
        calculation = " + ".join(
            times(rows, columns, part)
            for part in (depthwise_text, times(between_text, self.filters))
        )
        return Count(
            (rows, columns, self.filters),
            trained=depthwise + pointwise,
            derivation=f"{depthwise_text} + {pointwise_text} = {depthwise + pointwise:,}",
            multiplications=multiplications,
            multiplications_derivation=f"{calculation} = {multiplications:,}",
            shape_derivation=self._window.derivation((height, width)),
        )


@dataclass(frozen=True)
class Dense(Layer):
    """A dense layer. Parameters: (inputs + 1) x units.

    Each unit has one weight for each input value and one bias, and takes one multiplication per
    weight. On an input of more than one axis the same layer is applied at every position, over
    the last axis.

    Attributes:
        units: number of outputs.
        activation: taken and not counted: it has no parameters.
        use_bias: whether each unit adds a number.
    """

    units: int
    activation: object = None
    _: KW_ONLY
    use_bias: bool = True

    def __post_init__(self) -> None:
        whole_number(self.units, "units")

    def _count(self, shapes: Sequence[Shape]) -> Count:
        *positions, inputs = only(shapes)
        parameters, text = weights_and_bias(inputs, f"{inputs:,}", self.units, self.use_bias)
        multiplications, calculation = product(*positions, inputs, self.units)
        return Count(
            (*positions, self.units),
            trained=parameters,
            derivation=f"{text} = {parameters:,}",
            multiplications=multiplications,
            multiplications_derivation=calculation,
            shape_derivation=f"{self.units:,} units",
        )

    def receptive_field(
        self, fields: Sequence[ReceptiveField], shapes: Sequence[Shape]
    ) -> ReceptiveField | None:
        """Return the whole input for a vector; position by position nothing is added."""
        return fields[0].whole() if len(shapes[0]) == 1 else fields[0].unchanged()


def _multiplied(channels: int, multiplier: int) -> tuple[int, str]:
    if multiplier == 1:
        return channels, f"{channels:,}"
    return channels * multiplier, times(channels, multiplier)
