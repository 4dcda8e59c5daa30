"""The networks of class tests, built in Keras from the words on the sheet, and counted there."""

import math
import re
from typing import Any

from frameworks import keras, layers, without_weights


def build(test: Any) -> Any:
    """Build a test's network from the text that a student reads, not from its descriptions."""
    text = str(test.sheet()).replace("\\", "")
    height, width, channels = map(int, re.search(r"A picture of (.*?),", text)[1].split(" x "))
    tensors = {"input": keras.Input((height, width, channels), name="input")}
    table = text.split("| layer | takes | what it is |")[1].split("\n\n")[0]
    with without_weights():
        for line in table.splitlines()[2:]:
            name, takes, words = (cell.strip() for cell in line.strip("|").split("|"))
            taken = [tensors[one] for one in takes.split(" and ")]
            layer = _layer(name, words)
            tensors[name] = layer(taken if len(taken) > 1 else taken[0])
        return keras.Model(tensors["input"], tensors[name])


def _layer(name: str, words: str) -> Any:
    number = {key: int(value) for value, key in re.findall(r"(\d+) (filters?|units?)", words)}
    side = re.search(r"(\d+) x \1", words)
    common = {
        "strides": int((re.search(r"stride (\d+)", words) or [0, 1])[1]),
        "padding": "same" if "padding same" in words else "valid",
    }
    bias = "without bias" not in words
    kind = words.split(",", maxsplit=1)[0]
    count = next(iter(number.values()), 0)
    if kind == "convolution":
        return layers.Conv2D(count, int(side[1]), use_bias=bias, name=name, **common)
    if kind == "depthwise convolution":
        return layers.DepthwiseConv2D(int(side[1]), use_bias=bias, name=name, **common)
    if kind.startswith("max pooling"):
        return layers.MaxPooling2D(int(side[1]), name=name, **common)
    if kind.startswith("average pooling"):
        return layers.AveragePooling2D(int(side[1]), name=name, **common)
    if kind == "dense":
        return layers.Dense(count, use_bias=bias, name=name)
    return {
        "add": layers.Add,
        "batch normalization": layers.BatchNormalization,
        "concatenate along the channels": layers.Concatenate,
        "flatten": layers.Flatten,
        "global average pooling": layers.GlobalAveragePooling2D,
    }[kind](name=name)


def answers(test: Any) -> dict[str, Any]:
    """Return what Keras says to every question about a network, by the question's name."""
    model = build(test)
    found: dict[str, Any] = {"total parameters": model.count_params()}
    for layer in model.layers[1:]:
        found[f"{layer.name} shape"] = tuple(layer.output.shape[1:])
        found[f"{layer.name} parameters"] = layer.count_params()
        found[f"{layer.name} multiplications"] = _multiplications(layer)
        found[f"{layer.name} receptive field"] = _receptive_field(layer)
    return found


def _multiplications(layer: Any) -> int:
    """Use each weight of the kernel at each position of the output."""
    kernels = [math.prod(one.shape) for one in layer.weights if "kernel" in one.path]
    return sum(kernels) * math.prod(layer.output.shape[1:-1])


def _receptive_field(layer: Any, size: int = 1) -> int:
    """Return how many pixels of the input `size` neighbouring values see, going backwards."""
    if isinstance(layer, layers.InputLayer):
        return size
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", (1, 1)))
    if isinstance(window, tuple) and not isinstance(layer, layers.Dense):
        size = (size - 1) * getattr(layer, "strides", (1, 1))[0] + window[0]
    (node,) = layer._inbound_nodes
    return max(_receptive_field(one.operation, size) for one in node.parent_nodes)
