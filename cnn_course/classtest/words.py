"""Layers, shapes and numbers in words, as they stand on a sheet."""

from cnn_course.classtest.network import (
    Convolution,
    Pooling,
    size_of,
    sources,
    stride_of,
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

_SIMPLE: dict[type[Layer], str] = {
    Add: "add, value by value",
    BatchNormalization: "batch normalization",
    Concatenate: "concatenate along the channels",
    Flatten: "flatten",
    GlobalAveragePooling2D: "global average pooling",
}


def sizes(shape: Shape) -> str:
    """Return a shape as it is written: `13 x 13 x 6`."""
    return " x ".join(f"{size:,}" for size in shape)


def takes(layer: Layer) -> str:
    """Return where a layer's input comes from: `conv_1 and conv_2`."""
    return " and ".join(sources(layer))


def describe(layer: Layer) -> str:
    """Return what a layer is: `convolution, 6 filters of 5 x 5, stride 1, padding same`."""
    if isinstance(layer, Convolution):
        return ", ".join(_convolution(layer))
    if isinstance(layer, Pooling):
        kind = "max" if layer.kind == "MaxPooling2D" else "average"
        window = _square(layer.pool_size)
        return f"{kind} pooling {window}, stride {stride_of(layer)}, padding {layer.padding}"
    if isinstance(layer, Dense):
        units = "1 unit" if layer.units == 1 else f"{layer.units:,} units"
        return f"dense, {units}" + ("" if layer.use_bias else ", without bias")
    return _SIMPLE[type(layer)]


def _convolution(layer: Conv2D | DepthwiseConv2D) -> list[str]:
    window = _square(layer.kernel_size)
    if isinstance(layer, Conv2D):
        filters = "1 filter" if layer.filters == 1 else f"{layer.filters:,} filters"
        parts = ["convolution", f"{filters} of {window}"]
    else:
        parts = ["depthwise convolution", f"one kernel of {window} for each channel"]
    parts += [f"stride {stride_of(layer)}", f"padding {layer.padding}"]
    return parts + ([] if layer.use_bias else ["without bias"])


def _square(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"{value[0]} x {value[1]}"
    return f"{size_of(value)} x {size_of(value)}"
