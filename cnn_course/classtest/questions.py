"""What a class test asks about a network, what is right, and what each common mistake gives.

A wrong answer that equals what a mistake gives is told which one that is. The calculations are
those of `counting`, with one thing changed: a stride left out, a bias forgotten, the parameters of
the layer before taken for its units.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import chain
from math import prod
from typing import Any, Final

from cnn_course import counting
from cnn_course.counting import Count, Layer, Shape, Table

INPUT: Final = "input"
_WHOLE: Final = "total"  # begins the name of the question about all layers
KINDS: Final = (
    "shape",
    "parameters",
    "multiplications",
    "receptive field",
    "total parameters",
    "hidden activation",
    "output activation",
)
#: What a test can ask about -> how its name begins in a generated test, and what it is.
LAYERS: Final = {
    counting.Add: ("add", "add, value by value"),
    counting.AveragePooling2D: ("pool", "average pooling"),
    counting.BatchNormalization: ("norm", "batch normalization"),
    counting.Concatenate: ("join", "concatenate along the channels"),
    counting.Conv2D: ("conv", "convolution"),
    counting.Dense: ("dense", "dense"),
    counting.DepthwiseConv2D: ("depthwise", "depthwise convolution"),
    counting.Flatten: ("flatten", "flatten"),
    counting.GlobalAveragePooling2D: ("average", "global average pooling"),
    counting.MaxPooling2D: ("pool", "max pooling"),
}
Convolution = counting.Conv2D | counting.DepthwiseConv2D
Pooling = counting.MaxPooling2D | counting.AveragePooling2D


Wrong = Iterator[tuple[str, Any]]  # the name of a mistake, and what it gives

LEFT_OUT: Final = "size of 1 left out"
NO_CHANNELS: Final = "channels not written"
#: name of the mistake -> what to look at
HINTS: Final[Mapping[str, str]] = {
    LEFT_OUT: "A single channel is a size, too: write the 1.",
    NO_CHANNELS: "A map has three sizes: height x width x channels.",
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
    "channels left out": "Flatten keeps every value: height x width x channels.",
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
_HIDDEN_ACTIVATIONS: Final = {
    "sigmoid": "saturated",
    "tanh": "saturated",
    "hard sigmoid": "saturated",
    "softsign": "saturated",
    "softmax": "output's activation",
    "linear": "no activation",
}
_OUTPUT_ACTIVATIONS: Final = {
    "softmax": {"sigmoid": "one probability for each", "relu": "one probability for each"},
    "sigmoid": {"softmax": "softmax for one unit"},
}
#: Rectifiers: any of them keeps gradients alive in a deep network.
RECTIFIERS: Final = frozenset(
    {"relu", "relu6", "leaky relu", "prelu", "elu", "celu", "gelu", "selu", "silu", "hard silu"}
    | {"mish", "softplus"}
)
#: Every activation that an answer can name.
ACTIVATIONS: Final = RECTIFIERS | _HIDDEN_ACTIVATIONS.keys()


@lru_cache(50)
def _counted(layer: Layer, incoming: tuple[Shape, ...]) -> Count:
    """Count a layer once: its shape, parameters and mistakes are asked for one after the other."""
    return layer.count(*incoming)


@dataclass(frozen=True)
class Network:
    """The layers of a test in their order, with shapes and parameters as somebody counts them."""

    layers: tuple[Layer, ...]  # each with a name, and the names of its sources in `after`
    table: Table  # every layer counted rightly
    shapes: Mapping[str, Shape]  # name -> output shape, the input's included
    parameters: Mapping[str, int]  # name -> parameters

    @property
    def input(self) -> Shape:
        """The shape of one picture, (height, width, channels)."""
        return self.table.inputs[0]

    @cached_property
    def known(self) -> "dict[tuple[str, str | None], Expected]":
        """What is expected of a kind of question about a layer, once it was asked for."""
        return {}

    @property
    def output_activation(self) -> str | None:
        """The right activation of the last layer; None if it is not dense."""
        last = self.layers[-1]
        if not isinstance(last, counting.Dense):
            return None
        return "sigmoid" if last.units == 1 else "softmax"

    def layer(self, name: str | None) -> Layer:
        """Return the layer of that name."""
        return next(layer for layer in self.layers if layer.name == name)

    def incoming(self, layer: Layer) -> list[Shape]:
        """Return the shapes that a layer takes."""
        return [self.shapes[name] for name in sources(layer)]

    def count(self, layer: Layer) -> Count:
        """Return what a layer makes of the shapes that it takes.

        Raises:
            ValueError: it cannot take them.
        """
        incoming = tuple(self.incoming(layer))
        try:
            return _counted(layer, incoming)
        except TypeError:  # an argument that is a list
            return layer.count(*incoming)

    def windows(self, name: str) -> list[tuple[int, int]]:
        """Return (kernel, stride) of what slides on the way from the input to a layer.

        Where the way branches, the branch with the larger receptive field counts.
        """
        found: list[tuple[int, int]] = []
        while name != INPUT:
            layer = self.layer(name)
            found[:0] = sliding(layer)
            name = max(sources(layer), key=self.receptive_field)
        return found

    def receptive_field(self, name: str) -> int:
        """Return how many pixels of the input a value of a layer sees along one side."""
        seen = None if name == INPUT else self.table.row(name).receptive_field
        return seen[0] if seen else 1


@dataclass(frozen=True)
class Question:
    """One question of a test.

    Attributes:
        kind: what is asked for.
        layer: the layer it is about; None if it is about the whole network.
        text: the question as it stands on the sheet.
        points: what a right answer is worth: one for each size of a shape, two for a
            calculation, one for a word, for a sum, and for a layer that has no parameters.
    """

    kind: str
    layer: str | None
    text: str
    points: int

    @property
    def name(self) -> str:
        """The key of its answer, for example `"conv_1 shape"`."""
        return f"{self.layer} {self.kind}" if self.layer else self.kind


def network_of(layers: Sequence[object]) -> Network:
    """Return a list of `counting` layers as a network that a test can ask about.

    Raises:
        TypeError: an element is not a layer description.
        ValueError: it cannot be counted, or there are no questions about a layer of that kind.
    """
    table = counting.table(list(layers))
    first, *others = [layer for layer in layers if isinstance(layer, Layer)]
    before = first.name or INPUT
    renamed = {before: INPUT}
    described: list[Layer] = []
    for layer, row in zip(others, table, strict=True):
        _check_layer(layer, row.name)
        after = layer.after or before
        names = (after,) if isinstance(after, str) else after
        after = tuple(renamed.get(name, name) for name in names)
        described.append(replace(layer, name=row.name, after=after))
        before = row.name
    if not described:
        raise ValueError("A test needs at least one layer after the input.")
    shapes = {INPUT: table.inputs[0]} | {row.name: row.output_shape for row in table}
    return Network(tuple(described), table, shapes, {row.name: row.parameters for row in table})


def _check_layer(layer: Layer, name: str) -> None:
    """Refuse a layer that there are no questions about, or whose name something else has."""
    if name in (INPUT, _WHOLE):
        raise ValueError(f"A layer of a test cannot be called {name!r}. Write another name.")
    if not isinstance(layer, tuple(LAYERS)):
        raise ValueError(
            f"There are no questions about {name!r} ({layer.kind}). A test asks about: "
            f"{', '.join(kind.__name__ for kind in LAYERS)}. "
            "An activation belongs into the layer before it."
        )
    for argument in ("kernel_size", "pool_size", "strides", "dilation_rate", "groups"):
        value = getattr(layer, argument, None)
        unequal = isinstance(value, tuple | list) and len(set(value)) > 1
        if unequal or (argument in ("dilation_rate", "groups") and side_of(value or 1) > 1):
            raise ValueError(
                f"{name!r} ({layer.kind}) has {argument} {value}. A test asks about square "
                "windows and equal steps only, without dilation or groups: write one number."
            )


def sources(layer: Layer) -> tuple[str, ...]:
    """Return the names of the layers whose outputs a layer of a network takes."""
    assert isinstance(layer.after, tuple)
    return layer.after


def side_of(value: Any) -> int:
    """Return the side of a square window, or the step, from one number or two equal ones."""
    return int(value[0] if isinstance(value, tuple | list) else value)


def sliding(layer: Layer) -> list[tuple[int, int]]:
    """Return (kernel, stride) of a layer that slides a window, nothing for another one."""
    if isinstance(layer, Convolution):
        return [(side_of(layer.kernel_size), side_of(layer.strides))]
    if isinstance(layer, Pooling):
        strides = layer.pool_size if layer.strides is None else layer.strides
        return [(side_of(layer.pool_size), side_of(strides))]
    return []


def questions_about(network: Network) -> Iterator[Question]:
    """Yield every question in the order of the network.

    Multiplications are asked of the last convolution and the first dense layer, the receptive
    field of the last layer that keeps rows and columns, activations where the last layer is dense.
    """
    convolutions = [layer.name for layer in network.layers if isinstance(layer, Convolution)]
    dense = [layer.name for layer in network.layers if isinstance(layer, counting.Dense)]
    with_map = []
    for row in network.table:
        name, shape, seen = row.name, row.output_shape, row.receptive_field
        what = "Shape of the output" if len(shape) == 3 else "Number of output values"
        yield Question("shape", name, f"{what} of {name}", len(shape))
        text = f"Number of parameters of {name}"
        yield Question("parameters", name, text, 2 if row.parameters else 1)
        if name in (*convolutions[-1:], *dense[:1]):
            text = f"Multiplications of {name} for one picture"
            yield Question("multiplications", name, text, 2)
        if seen and len(shape) == 3 and len(set(seen)) == 1:
            with_map.append(name)
    for name in with_map[-1:]:
        text = f"Receptive field of one value of {name}: pixels along one side"
        yield Question("receptive field", name, text, 2)
    text = "Number of parameters of the whole network"
    yield Question("total parameters", None, text, 1)
    if dense[-1:] == [network.layers[-1].name]:
        if len(network.layers) > 1:
            text = "A suitable activation of the hidden layers, one that does not saturate"
            yield Question("hidden activation", None, text, 1)
        classes = max(2, network.table[-1].output_shape[-1])
        text = f"A suitable activation of the last layer, which tells {classes} classes apart"
        yield Question("output activation", None, text, 1)


@dataclass(frozen=True)
class Expected:
    """The right answer to a question, and what the common mistakes give."""

    right: Any  # a shape, a number or a word
    mistakes: Mapping[Any, str]  # wrong value, of a shape channels or (height, width) -> name
    hidden: tuple[str, ...] = ()  # mistakes that give the right value and are not found out


def expected(question: Question, network: Network) -> Expected:
    """Return what is right, and what is wrong in a known way, in a network as somebody counts it.

    Raises:
        ValueError: a layer cannot take the shapes that somebody has counted.
    """
    about = question.kind, question.layer
    if about not in network.known:  # a test is titled, weighted and printed, and it stays the same
        network.known[about] = _worked_out(question, network)
    return network.known[about]


def _worked_out(question: Question, network: Network) -> Expected:
    if question.kind == "hidden activation":
        return Expected("relu", _HIDDEN_ACTIVATIONS)
    if question.kind == "output activation":
        right = str(network.output_activation)
        return Expected(right, _OUTPUT_ACTIVATIONS[right])
    if question.kind == "total parameters":
        return _compared(sum(network.parameters.values()), _wrong_totals(network))
    return _compared(*_of_layer(question.kind, network, network.layer(question.layer)))


def _of_layer(kind: str, network: Network, layer: Layer) -> tuple[Any, Wrong]:
    """Return what is right of one layer, and the mistakes."""
    name = str(layer.name)
    if kind == "receptive field":
        return network.receptive_field(name), _wrong_receptive_fields(network, name)
    count = network.count(layer)
    if kind == "shape":
        sizes, channels = _wrong_sizes(network, layer), _wrong_channels(network, layer)
        return count.output_shape, chain(sizes, channels)
    if kind == "parameters":
        return count.parameters, _wrong_parameters(network, layer, count.output_shape)
    # The positions of the layer's own output: who got it wrong goes on from there.
    positions = prod(network.shapes[name][:-1])
    weights = count.multiplications // prod(count.output_shape[:-1])
    wrong = _wrong_multiplications(network, layer, positions, weights)
    return positions * weights, wrong


def _compared(right: Any, wrong: Wrong) -> Expected:
    """Tell mistakes that are found out from those that are not; the first one names a value."""
    rights = {right, right[:2], right[-1]} if isinstance(right, tuple) else {right}
    mistakes: dict[Any, str] = {}
    hidden = []
    for name, value in wrong:
        if value in rights:
            hidden.append(name)
        else:
            mistakes.setdefault(value, name)
    return Expected(right, mistakes, tuple(hidden))


def _wrong_sizes(network: Network, layer: Layer) -> Wrong:
    """Yield wrong heights and widths."""
    if not isinstance(layer, Convolution | Pooling):
        return
    picture = network.incoming(layer)[0][:2]
    ((kernel, stride),) = sliding(layer)
    valid = layer.padding == "valid"
    steps = [(n - (kernel if valid else stride)) / stride for n in picture]
    if any(step % 1 for step in steps):  # before padding, which may give the same
        name, rounded = ("rounded up", math.ceil) if valid else ("rounded down", math.floor)
        yield name, tuple(rounded(step) + 1 for step in steps)
    if stride > 1:
        yield "stride forgotten", network.count(replace(layer, strides=1)).output_shape[:2]
    if kernel > 1 and (valid or kernel <= min(picture)):
        other = replace(layer, padding="same" if valid else "valid")
        sizes = network.count(other).output_shape[:2]
        # A pooling window that divides the map exactly needs no padding: nothing to confuse.
        if isinstance(layer, Convolution) or sizes != network.count(layer).output_shape[:2]:
            yield "padding confused", sizes
    if valid:
        yield "first window forgotten", tuple(math.floor(step) for step in steps)


def _wrong_channels(network: Network, layer: Layer) -> Wrong:
    """Yield wrong numbers of channels of a map, or lengths of a vector."""
    incoming = network.incoming(layer)
    channels = incoming[0][-1]
    if isinstance(layer, counting.Conv2D):
        yield "channels of the input", channels
        if channels > 1:
            yield "channels multiplied", channels * layer.filters
    elif isinstance(layer, counting.DepthwiseConv2D) and channels > 1:
        yield "channels summed", layer.depth_multiplier
    elif isinstance(layer, counting.Concatenate):
        yield "added for joined", max(shape[-1] for shape in incoming)
    elif isinstance(layer, counting.Add):
        yield "joined for added", sum(shape[-1] for shape in incoming)
    elif isinstance(layer, counting.Flatten):
        yield "places forgotten", channels
        if channels > 1:
            yield "channels left out", prod(incoming[0][:2])


def _wrong_parameters(network: Network, layer: Layer, output: Shape) -> Wrong:
    """Yield wrong numbers of parameters."""
    shape = network.incoming(layer)[0]
    if isinstance(layer, counting.Conv2D | counting.DepthwiseConv2D | counting.Dense):
        other = network.count(replace(layer, use_bias=not layer.use_bias)).parameters
        yield "bias forgotten" if layer.use_bias else "bias counted", other
        if layer.use_bias and output[-1] > 1:
            yield "one bias for all", other + 1
    if isinstance(layer, Convolution):
        yield from _wrong_filters(layer, shape[-1], output)
    elif isinstance(layer, counting.Dense):
        yield from _wrong_units(network, layer, shape[-1])
    elif isinstance(layer, Pooling):
        area = side_of(layer.pool_size) ** 2
        for value in ((area + 1) * shape[-1], area * shape[-1], area):
            yield "pooling counted", value
    elif isinstance(layer, counting.BatchNormalization):
        yield "statistics forgotten", 2 * shape[-1]
        yield "only one of each", 4
        yield "values for channels", 4 * prod(shape)


def _wrong_filters(
    layer: counting.Conv2D | counting.DepthwiseConv2D, channels: int, output: Shape
) -> Wrong:
    """Yield mistakes about kernels, channels and filters."""
    bias, outputs, side = int(layer.use_bias), output[-1], side_of(layer.kernel_size)
    depth = channels if isinstance(layer, counting.Conv2D) else 1
    one_filter = side * side * depth + bias
    if side > 1:
        yield "kernel area not squared", (side * depth + bias) * outputs
    if outputs > 1:
        yield "one filter only", one_filter
    yield "weights not shared", one_filter * outputs * prod(output[:2])
    if channels == 1:
        return
    if isinstance(layer, counting.DepthwiseConv2D):
        yield "channels summed", (side * side * channels + bias) * outputs
        return
    yield "channels forgotten", (side * side + bias) * outputs
    if bias:
        yield "channels exchanged", (side * side * outputs + bias) * channels


def _wrong_units(network: Network, layer: counting.Dense, values: int) -> Wrong:
    """Yield mistakes about what comes into a dense layer, `values` numbers."""
    bias, units = int(layer.use_bias), layer.units
    if units > 1:
        yield "one unit only", values + bias
    source = weighted = sources(layer)[0]
    while weighted != INPUT and not network.table.row(weighted).parameters:
        weighted = sources(network.layer(weighted))[0]
    if weighted != INPUT:
        yield "previous parameters", (network.parameters[weighted] + bias) * units
        if bias:
            yield "previous parameters", network.parameters[weighted] * units
    before = None if source == INPUT else network.layer(source)
    if isinstance(before, counting.Flatten):
        yield "places forgotten", (network.incoming(before)[0][-1] + bias) * units
    elif isinstance(before, counting.GlobalAveragePooling2D):
        yield "values for channels", (prod(network.incoming(before)[0]) + bias) * units


def _wrong_multiplications(network: Network, layer: Layer, positions: int, weights: int) -> Wrong:
    """Yield wrong numbers of multiplications of a layer whose weights are used at `positions`."""
    parameters = network.count(layer).parameters
    yield "additions counted", 2 * positions * weights
    if isinstance(layer, Convolution):
        *picture, channels = network.incoming(layer)[0]
        yield "parameters counted", parameters
        yield "positions forgotten", weights
        if tuple(picture) != network.shapes[str(layer.name)][:2]:
            yield "positions of the input", prod(picture) * weights
        if layer.use_bias:
            yield "biases multiplied", positions * parameters
        if isinstance(layer, counting.Conv2D) and channels > 1:
            yield "channels forgotten", positions * weights // channels
        if isinstance(layer, counting.Conv2D) and layer.filters > 1:
            yield "one filter only", positions * weights // layer.filters
    elif isinstance(layer, counting.Dense) and layer.use_bias:
        yield "biases multiplied", parameters


def _wrong_receptive_fields(network: Network, name: str) -> Wrong:
    """Yield wrong receptive fields of one value of a layer, along one side."""
    windows = network.windows(name)
    kernels = [kernel for kernel, _ in windows if kernel > 1]
    if any(stride > 1 for _, stride in windows[:-1]):
        yield "strides ignored", 1 + sum(kernel - 1 for kernel in kernels)
    if len(kernels) > 1:
        yield "kernels added up", sum(kernels)
        yield "last window only", kernels[-1]


def _wrong_totals(network: Network) -> Wrong:
    """Yield wrong sums of all parameters."""
    total = sum(network.parameters.values())
    if untrained := sum(row.parameters - row.trainable_parameters for row in network.table):
        yield "statistics forgotten", total - untrained
    for parameters in filter(None, network.parameters.values()):
        yield "layer left out", total - parameters
