"""Networks that the digit explorer can look into: read from a Keras model, or from weights alone.

Each layer is a convolution or a max pooling: a dense layer is a convolution whose kernels are as
large as the maps, and batch normalization is multiplied into the convolution before it.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cnn_course import conv
from cnn_course.keras_graph import calls

SIDE: Final = 28
CLASSES: Final = 10
SHAPES: Final = (
    *((3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (3, 3, 64, 128), (128,)),
    *((1152, 10), (10,)),
)


@dataclass
class Layer:
    """One layer: square kernels `(size, size, C, F)` and biases `(F,)`, or neither if it pools."""

    name: str
    size: int
    maps: tuple[int, int, int]
    kernel: np.ndarray | None = None
    bias: np.ndarray | None = None
    relu: bool = False
    same: bool = False

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return the maps (N, H, W, F) that the layer makes of maps (N, H, W, C)."""
        if self.kernel is None:
            return conv.pool2d(x, self.size)
        made = conv.conv2d(x, self.kernel, self.bias, padding="same" if self.same else "valid")
        return conv.relu(made) if self.relu else made

    def described(self) -> dict[str, Any]:
        """Return as JSON what the module in the page needs besides the weights."""
        return {
            **{"name": self.name, "size": self.size, "maps": list(self.maps)},
            **{"pool": self.kernel is None, "relu": self.relu, "same": self.same},
        }


class Chain:
    """Layers one after the other, from a drawing (28, 28, 1) on."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.flat = False  # whether a Flatten, or what does the same, came before

    @property
    def maps(self) -> tuple[int, int, int]:
        """Height, width and number of the maps that come out so far."""
        return self.layers[-1].maps if self.layers else (SIDE, SIDE, 1)

    def _name(self, kind: str) -> str:
        return f"{kind}_{1 + sum(layer.name.startswith(kind) for layer in self.layers)}"

    def convolve(
        self, kernel: np.ndarray, bias: np.ndarray, relu: bool = True, same: bool = False
    ) -> None:
        """Add a convolution."""
        size, smaller = len(kernel), 0 if same else len(kernel) - 1
        maps = (self.maps[0] - smaller, self.maps[1] - smaller, kernel.shape[3])
        self.layers.append(Layer(self._name("conv"), size, maps, kernel, bias, relu, same))

    def pool(self, size: int) -> None:
        """Add a max pooling whose windows lie side by side."""
        height, width, count = self.maps
        self.layers.append(Layer(self._name("pool"), size, (height // size, width // size, count)))

    def connect(self, weights: np.ndarray, bias: np.ndarray, relu: bool = False) -> None:
        """Add a dense layer, (inputs, units): a kernel over the whole of all maps."""
        kernel = weights.reshape(*self.maps, -1)
        maps = (1, 1, kernel.shape[3])
        self.layers.append(Layer(self._name("dense"), len(kernel), maps, kernel, bias, relu))
        self.flat = True

    def finished(self) -> list[Layer]:
        """Return the layers, in half precision; the last one gives ten scores."""
        if not self.layers or self.maps != (1, 1, CLASSES) or self.layers[-1].relu:
            raise ValueError("The network must end with a dense layer of 10 units, for 10 digits.")
        dense = [layer for layer in self.layers if layer.name.startswith("dense")]
        if len(dense) == 1:
            dense[0].name = "dense"
        for layer in self.layers:
            if layer.kernel is not None and layer.bias is not None:
                layer.kernel, layer.bias = _half(layer.kernel), _half(layer.bias)
        return self.layers


def _half(values: np.ndarray) -> np.ndarray:
    return np.asarray(values).astype("<f2").astype(np.float32)


def packed(layers: Sequence[Layer]) -> dict[str, Any]:
    """Return a network as JSON: its layers, and all weights in half precision as one text."""
    arrays = [array for one in layers for array in (one.kernel, one.bias) if array is not None]
    content = b"".join(array.astype("<f2").tobytes() for array in arrays)
    return {
        "halves": base64.b64encode(content).decode(),
        "layers": [layer.described() for layer in layers],
    }


def layers_of_weights(weights: Sequence[np.ndarray]) -> list[Layer]:
    """Return the layers of chapter 2's network with these weights.

    Raises:
        ValueError: they are those of another network.
    """
    shapes = tuple(np.shape(array) for array in weights)
    if shapes != SHAPES:
        raise ValueError(
            f"The weights have the shapes {shapes}. Chapter 2's network has {SHAPES}. "
            "For another network, hand in the model itself: weights=model."
        )
    chain, arrays = Chain(), [np.asarray(array) for array in weights]
    for at in (0, 2, 4):
        if at:
            chain.pool(2)
        chain.convolve(arrays[at], arrays[at + 1])
    chain.connect(arrays[6], arrays[7])
    return chain.finished()


def layers_of_model(model: Any) -> list[Layer]:
    """Return the layers of a Keras model for digits (28, 28, 1), in its order.

    Raises:
        ValueError: it branches, or has a layer that cannot be looked into; the message names it.
    """
    chain = Chain()
    for call in calls(model):
        layer = call.operation
        read = _READERS.get(type(layer).__name__)
        if read is None or len(call.parent_nodes) > 1 or not read(chain, layer):
            raise ValueError(
                f"This explorer cannot look into the layer {layer.name!r} "
                f"({type(layer).__name__}) as it is used here. It takes a chain of Conv2D "
                "(square, stride 1), BatchNormalization after it, ReLU, MaxPooling2D, Dropout, "
                f"Flatten and Dense, for pictures ({SIDE}, {SIDE}, 1)."
            )
    return chain.finished()


def _begin(chain: Chain, layer: Any) -> bool:
    return not chain.layers and tuple(layer.batch_shape[1:]) == (SIDE, SIDE, 1)


def _flatten(chain: Chain, layer: Any) -> bool:
    chain.flat = True
    return True


def _weights(layer: Any) -> tuple[np.ndarray, np.ndarray]:
    kernel, *bias = layer.get_weights()
    return kernel, bias[0] if bias else np.zeros(kernel.shape[-1])


def _activation(layer: Any) -> str:
    return str(getattr(layer.activation, "__name__", ""))


def _convolve(chain: Chain, layer: Any) -> bool:
    used, settings = _activation(layer), layer.get_config()
    plain = set(settings["strides"]) | set(settings["dilation_rate"]) == {1}
    kernel, bias = _weights(layer)
    if not plain or len(kernel) != kernel.shape[1] or used not in ("relu", "linear"):
        return False
    if settings["groups"] != 1 or settings["data_format"] != "channels_last":
        return False
    chain.convolve(kernel, bias, used == "relu", settings["padding"] == "same")
    return True


def _connect(chain: Chain, layer: Any) -> bool:
    used = _activation(layer)
    if not chain.flat or used not in ("relu", "linear", "softmax"):
        return False
    chain.connect(*_weights(layer), used == "relu")
    return used != "softmax" or chain.maps[2] == CLASSES


def _pool(chain: Chain, layer: Any) -> bool:
    settings = layer.get_config()
    sizes = {*settings["pool_size"], *settings["strides"]}
    if len(sizes) > 1 or settings["padding"] != "valid":
        return False
    chain.pool(sizes.pop())
    return True


def _pool_all(chain: Chain, layer: Any) -> bool:
    chain.pool(chain.maps[0])
    return _flatten(chain, layer)


def _activate(chain: Chain, layer: Any) -> bool:
    """ReLU belongs to the convolution before it; softmax, at the end, to the explorer."""
    used = "relu" if type(layer).__name__ == "ReLU" else _activation(layer)
    if used == "softmax":
        return chain.maps == (1, 1, CLASSES)
    if used != "relu" or not chain.layers or chain.layers[-1].kernel is None:
        return False
    chain.layers[-1].relu = True
    return True


def _normalize(chain: Chain, layer: Any) -> bool:
    """Multiply what a trained normalization does into the weights before it."""
    last = chain.layers[-1] if chain.layers else None
    if last is None or last.kernel is None or last.bias is None or last.relu:
        return False
    *learned, mean, variance = layer.get_weights()
    scale = (learned.pop(0) if layer.scale else 1) / np.sqrt(variance + layer.epsilon)
    shift = learned.pop() if layer.center else 0
    last.kernel, last.bias = last.kernel * scale, (last.bias - mean) * scale + shift
    return True


def _nothing(chain: Chain, layer: Any) -> bool:
    """What acts only while a network is trained."""
    return True


_READERS: Final[dict[str, Callable[[Chain, Any], bool]]] = {
    "InputLayer": _begin,
    "Conv2D": _convolve,
    "BatchNormalization": _normalize,
    "Activation": _activate,
    "ReLU": _activate,
    "MaxPooling2D": _pool,
    "GlobalMaxPooling2D": _pool_all,
    "Flatten": _flatten,
    "Dense": _connect,
    "Dropout": _nothing,
    "SpatialDropout2D": _nothing,
}
