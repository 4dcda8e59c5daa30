"""The usual mistakes, each as the calculation that makes it.

A wrong answer that equals what a slip gives is told which slip that is. The calculations are
those of `counting`, with one thing changed: a stride left out, a bias forgotten, the parameters of
the layer before taken for its units.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from types import MappingProxyType
from typing import Any, Final

from cnn_course.classtest.network import (
    Convolution,
    Network,
    Pooling,
    counted,
    size_of,
    sliding,
    sources,
)
from cnn_course.counting import (
    Add,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    Shape,
)

#: name of the slip -> what to look at
HINTS: Final = MappingProxyType(
    {
        "stride forgotten": "The window moves by the stride, so divide by it.",
        "padding confused": "Valid lets no window reach over the edge; same gives n / stride, "
        "rounded up.",
        "rounded up": "A window that does not fit completely is left out: round down.",
        "rounded down": "With same padding the last window is filled up with zeros: round up.",
        "first window forgotten": "The steps are counted, and the window before the first step "
        "is missing: + 1.",
        "channels of the input": "The output has one channel for each filter.",
        "channels multiplied": "A filter sums over all channels of its input, and gives one map.",
        "channels summed": "A depthwise convolution keeps the channels apart.",
        "added for joined": "Concatenated maps stand side by side: their channels add up.",
        "joined for added": "Values are added one by one: the number of channels stays.",
        "places forgotten": "Flatten keeps every value: height x width x channels.",
        "channels forgotten": "A filter has weights for every channel of its input.",
        "kernel area not squared": "A kernel of k x k has k times k weights.",
        "bias forgotten": "Each filter, and each unit, has a bias, too.",
        "bias counted": "This layer has no bias.",
        "one bias for all": "There is a bias for each filter, and for each unit.",
        "one filter only": "That is one filter. How many are there?",
        "channels exchanged": "The channels that come in and the filters have changed places.",
        "weights not shared": "All positions share the weights of a filter: no size of the map "
        "belongs in.",
        "pooling counted": "Pooling takes a maximum or an average. It learns nothing.",
        "statistics forgotten": "Besides what is trained, a mean and a variance are kept for "
        "each channel.",
        "only one of each": "Each channel has four numbers.",
        "values for channels": "The numbers are shared by all positions of a channel.",
        "previous parameters": "A dense layer counts the values that come in, not the parameters "
        "of the layer before.",
        "one unit only": "That is one unit. How many are there?",
        "positions forgotten": "The kernel is used at every position of the output.",
        "positions of the input": "Count the positions of the output, not those of the input.",
        "parameters counted": "Those are the parameters. How often is each weight used?",
        "biases multiplied": "A bias is added. That is no multiplication.",
        "additions counted": "Only multiplications are asked for.",
        "strides ignored": "Behind a stride, a step in the map is several pixels of the input.",
        "kernels added up": "Neighbouring windows overlap: each kernel adds k - 1 steps.",
        "last window only": "Each value of the map before has a receptive field itself.",
        "layer left out": "The sum lacks one layer.",
        "one probability for each": "The classes exclude each other: their probabilities have to "
        "add up to 1.",
        "softmax for one unit": "Softmax of a single value is always 1.",
        "no activation": "Without an activation between them, two layers are no more than one.",
        "saturated": "Deep in the network its slope is close to zero almost everywhere.",
        "output's activation": "That one makes probabilities, at the output only.",
    }
)


@dataclass
class Slips:
    """What each slip gives, for one question.

    Attributes:
        right: the right value.
        values: wrong value -> name of the slip.
        hidden: slips that give the right value: who makes one is not found out.
    """

    right: Any
    values: dict[Any, str] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)

    def add(self, name: str, value: Any) -> None:
        """Add what a slip gives. The first slip that gives a value names it."""
        assert name in HINTS, name
        if value == self.right:
            self.hidden.append(name)
        else:
            self.values.setdefault(value, name)


def of_places(layer: Layer, shapes: Mapping[str, Shape]) -> Slips:
    """Return slips about the height and width of a map."""
    right = counted(layer, shapes).output_shape
    slips = Slips(right[:2])
    if not isinstance(layer, Convolution | Pooling):
        return slips
    picture = shapes[sources(layer)[0]][:2]
    ((kernel, stride),) = sliding(layer)
    missing = kernel if layer.padding == "valid" else stride
    steps = [(n - missing) / stride for n in picture]
    if any(step % 1 for step in steps):  # before padding, which may give the same
        wrong, rounded = (
            ("rounded up", math.ceil) if layer.padding == "valid" else ("rounded down", math.floor)
        )
        slips.add(wrong, tuple(rounded(step) + 1 for step in steps))
    if stride > 1:
        slips.add("stride forgotten", _places(replace(layer, strides=1), shapes))
    other = "same" if layer.padding == "valid" else "valid"
    found = _places(replace(layer, padding=other), shapes)
    # A pooling window that divides the map exactly needs no padding: there is nothing to confuse.
    if kernel > 1 and found and (found != slips.right or isinstance(layer, Convolution)):
        slips.add("padding confused", found)
    if layer.padding == "valid":
        slips.add("first window forgotten", tuple(math.floor(step) for step in steps))
    return slips


def of_channels(layer: Layer, shapes: Mapping[str, Shape]) -> Slips:
    """Return slips about the channels of a map, or the length of a vector."""
    arriving = [shapes[name] for name in sources(layer)]
    slips = Slips(counted(layer, shapes).output_shape[-1])
    channels = arriving[0][-1]
    if isinstance(layer, Conv2D):
        slips.add("channels of the input", channels)
        if channels > 1:
            slips.add("channels multiplied", channels * layer.filters)
    elif isinstance(layer, DepthwiseConv2D) and channels > 1:
        slips.add("channels summed", layer.depth_multiplier)
    elif isinstance(layer, Concatenate):
        slips.add("added for joined", max(shape[-1] for shape in arriving))
    elif isinstance(layer, Add):
        slips.add("joined for added", sum(shape[-1] for shape in arriving))
    elif isinstance(layer, Flatten):
        slips.add("places forgotten", channels)
        if channels > 1:
            slips.add("channels forgotten", prod(arriving[0][:2]))
    return slips


def of_parameters(
    network: Network, layer: Layer, shapes: Mapping[str, Shape], known: Mapping[str, int]
) -> Slips:
    """Return slips about the parameters of a layer; `known` is name -> parameters."""
    shape = shapes[sources(layer)[0]]
    count = counted(layer, shapes)
    slips = Slips(count.parameters)
    if isinstance(layer, Conv2D | DepthwiseConv2D | Dense):
        _bias(slips, layer, shapes)
    if isinstance(layer, Convolution):
        _filters(slips, layer, shape, count.output_shape)
    elif isinstance(layer, Pooling):
        taps = size_of(layer.pool_size) ** 2
        slips.add("pooling counted", (taps + 1) * shape[-1])
        slips.add("pooling counted", taps * shape[-1])
        slips.add("pooling counted", taps)
    elif isinstance(layer, BatchNormalization):
        slips.add("statistics forgotten", 2 * shape[-1])
        slips.add("only one of each", 4)
        slips.add("values for channels", 4 * prod(shape))
    elif isinstance(layer, Dense):
        _units(slips, layer, network, shapes, known)
    return slips


def of_multiplications(layer: Layer, shapes: Mapping[str, Shape]) -> Slips:
    """Return slips about the multiplications of a layer with weights, for one picture.

    The places are those of the layer's own output in `shapes`: who got it wrong goes on from there.
    """
    count = counted(layer, shapes)
    output = shapes[str(layer.name)]
    positions = prod(output[:-1])
    weights = count.multiplications // prod(count.output_shape[:-1])
    slips = Slips(positions * weights)
    slips.add("additions counted", 2 * slips.right)
    if isinstance(layer, Convolution):
        arriving = shapes[sources(layer)[0]]
        slips.add("parameters counted", count.parameters)
        slips.add("positions forgotten", weights)
        if arriving[:2] != output[:2]:
            slips.add("positions of the input", prod(arriving[:2]) * weights)
        if layer.use_bias:
            slips.add("biases multiplied", positions * count.parameters)
        if isinstance(layer, Conv2D) and arriving[-1] > 1:
            slips.add("channels forgotten", slips.right // arriving[-1])
        if isinstance(layer, Conv2D) and layer.filters > 1:
            slips.add("one filter only", slips.right // layer.filters)
    elif isinstance(layer, Dense) and layer.use_bias:
        slips.add("biases multiplied", count.parameters)
    return slips


def of_receptive_field(network: Network, name: str) -> Slips:
    """Return slips about the receptive field of one value of a layer, along one side."""
    seen = network.table.row(name).receptive_field
    slips = Slips(seen[0] if seen else None)
    windows = network.windows(name)
    kernels = [kernel for kernel, _ in windows if kernel > 1]
    if any(stride > 1 for _, stride in windows[:-1]):
        slips.add("strides ignored", 1 + sum(kernel - 1 for kernel in kernels))
    if len(kernels) > 1:
        slips.add("kernels added up", sum(kernels))
        slips.add("last window only", kernels[-1])
    return slips


def of_total(known: Mapping[str, int], kept: int) -> Slips:
    """Return slips about the sum; `kept` are the statistics of batch normalization."""
    slips = Slips(sum(known.values()))
    if kept:
        slips.add("statistics forgotten", slips.right - kept)
    for parameters in known.values():
        if parameters:
            slips.add("layer left out", slips.right - parameters)
    return slips


def _places(layer: Layer, shapes: Mapping[str, Shape]) -> Shape | None:
    """Return height and width after a changed layer; None where its window does not fit."""
    try:
        return counted(layer, shapes).output_shape[:2]
    except ValueError:
        return None


def _bias(
    slips: Slips, layer: Conv2D | DepthwiseConv2D | Dense, shapes: Mapping[str, Shape]
) -> None:
    other = counted(replace(layer, use_bias=not layer.use_bias), shapes).parameters
    slips.add("bias forgotten" if layer.use_bias else "bias counted", other)
    outputs = counted(layer, shapes).output_shape[-1]
    if layer.use_bias and outputs > 1:
        slips.add("one bias for all", other + 1)


def _filters(slips: Slips, layer: Conv2D | DepthwiseConv2D, shape: Shape, output: Shape) -> None:
    """Add slips about kernels, channels and filters."""
    bias, outputs, channels = int(layer.use_bias), output[-1], shape[-1]
    side = size_of(layer.kernel_size)
    depth = channels if isinstance(layer, Conv2D) else 1
    if side > 1:
        slips.add("kernel area not squared", (side * depth + bias) * outputs)
    if outputs > 1:
        slips.add("one filter only", side * side * depth + bias)
    slips.add("weights not shared", (side * side * depth + bias) * outputs * prod(output[:2]))
    if isinstance(layer, DepthwiseConv2D):
        if channels > 1:
            slips.add("channels summed", (side * side * channels + bias) * outputs)
    elif channels > 1:
        slips.add("channels forgotten", (side * side + bias) * outputs)
        if bias:
            slips.add("channels exchanged", (side * side * outputs + bias) * channels)


def _units(
    slips: Slips,
    layer: Dense,
    network: Network,
    shapes: Mapping[str, Shape],
    known: Mapping[str, int],
) -> None:
    """Add slips about what comes into a dense layer."""
    bias = int(layer.use_bias)
    if layer.units > 1:
        slips.add("one unit only", shapes[sources(layer)[0]][-1] + bias)
    weighted = network.weighted_source(str(layer.name))
    if weighted:
        slips.add("previous parameters", (known[weighted] + bias) * layer.units)
        if bias:
            slips.add("previous parameters", known[weighted] * layer.units)
    before = network.layer(sources(layer)[0]) if sources(layer)[0] != "input" else None
    if isinstance(before, Flatten | GlobalAveragePooling2D):
        maps = shapes[sources(before)[0]]
        if isinstance(before, Flatten):
            slips.add("places forgotten", (maps[-1] + bias) * layer.units)
        else:
            slips.add("values for channels", (prod(maps) + bias) * layer.units)
