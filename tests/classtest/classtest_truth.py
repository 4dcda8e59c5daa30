"""The networks of class tests, built in Keras from the words on the sheet, and counted there."""

import math
import re
from typing import Any

from frameworks import keras, layers, without_weights

_CLASSES = {
    "add": "Add",
    "average pooling": "AveragePooling2D",
    "batch normalization": "BatchNormalization",
    "concatenate along the channels": "Concatenate",
    "convolution": "Conv2D",
    "dense": "Dense",
    "depthwise convolution": "DepthwiseConv2D",
    "flatten": "Flatten",
    "global average pooling": "GlobalAveragePooling2D",
    "max pooling": "MaxPooling2D",
}


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
            tensors[name] = _layer(name, words)(taken if len(taken) > 1 else taken[0])
        return keras.Model(tensors["input"], tensors[name])


def _layer(name: str, words: str) -> Any:
    kind = re.sub(r" \d+ x \d+$", "", words.split(",", maxsplit=1)[0])
    arguments: dict[str, Any] = {"name": name}
    for argument, pattern in (
        ("filters", r"(\d+) filter"),
        ("units", r"(\d+) unit"),
        ("pool_size" if "pooling" in kind else "kernel_size", r"(\d+) x \1"),
        ("strides", r"stride (\d+)"),
    ):
        if found := re.search(pattern, words):
            arguments[argument] = int(found[1])
    if "padding" in words:
        arguments["padding"] = "same" if "padding same" in words else "valid"
    if "without bias" in words:
        arguments["use_bias"] = False
    return getattr(layers, _CLASSES[kind])(**arguments)


def answers(test: Any) -> dict[str, Any]:
    """Return what Keras says to every question about a network, by the question's name."""
    model = build(test)
    found: dict[str, Any] = {"total parameters": model.count_params()}
    for layer in model.layers[1:]:
        found[f"{layer.name} shape"] = tuple(layer.output.shape[1:])
        found[f"{layer.name} parameters"] = layer.count_params()
        kernels = [math.prod(one.shape) for one in layer.weights if "kernel" in one.path]
        positions = math.prod(layer.output.shape[1:-1])
        found[f"{layer.name} multiplications"] = sum(kernels) * positions
        found[f"{layer.name} receptive field"] = _receptive_field(layer)
    return found


def _receptive_field(layer: Any, size: int = 1) -> int:
    """Return how many pixels of the input `size` neighbouring values see, going backwards."""
    if isinstance(layer, layers.InputLayer):
        return size
    window = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
    if window is not None:
        size = (size - 1) * layer.strides[0] + window[0]
    (node,) = layer._inbound_nodes
    return max(_receptive_field(one.operation, size) for one in node.parent_nodes)
