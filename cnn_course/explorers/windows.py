"""The explorers of convolution and pooling: a window slides over an image."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

import numpy as np

from cnn_course import conv, examples
from cnn_course.explorers.explorer import Explorer, Panel, array_panel, images

_LARGEST_WINDOW: Final = 12  # rows and columns: each number of it is written out, as in windows.mjs
_KERNELS = {
    "loop": examples.LOOP,
    "vertical": examples.VERTICAL,
    "diagonal": examples.DIAGONAL,
    "Sobel x": examples.SOBEL_X,
    "Sobel y": examples.SOBEL_Y,
    "blur": np.ones((3, 3)),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
}


class Convolution(Explorer):
    """A kernel slides over an image; the reader changes both, and every product is written out.

    Args:
        image: a name (`"9"`, `"shifted 9"`, `"cat"`) or an array (H, W).
        kernel: a name (`"loop"`, `"vertical"`, `"diagonal"`, `"Sobel x"`, `"Sobel y"`, `"blur"`,
            `"sharpen"`) or an array (kh, kw).
        stride: step of the window, in rows and columns.
        padding: `"valid"`, `"same"` or a number of rows and columns, as in Keras.
        pad_mode: `"constant"` for zeros, `"edge"` for the pixel next to it.
        divide: by the number of weights: a mean in place of a sum.
        relu: set to zero what is negative.

    Raises:
        ValueError: no such image or kernel, or the kernel does not fit, or is larger than 12 x 12.
    """

    module: ClassVar[str] = "convolution.mjs"

    def __init__(
        self,
        image: str | Sequence[Sequence[float]] | np.ndarray = "9",
        kernel: str | Sequence[Sequence[float]] | np.ndarray = "loop",
        *,
        stride: int = 1,
        padding: str | int = "valid",
        pad_mode: str = "constant",
        divide: bool = False,
        relu: bool = False,
    ) -> None:
        kernels = {name: array.tolist() for name, array in _KERNELS.items()}
        window = {"stride": stride, "padding": padding, "pad_mode": pad_mode}
        super().__init__(
            {"images": images(), "kernels": kernels},
            **{"image": image, "kernel": kernel, **window, "divide": divide, "relu": relu},
        )

    @staticmethod
    def result(state: dict[str, Any]) -> np.ndarray:
        """Return the output, (H', W')."""
        image, kernel = (np.array(state[name], dtype=float) for name in ("image", "kernel"))
        _check_window("kernel", *kernel.shape)
        window = {name: state[name] for name in ("stride", "padding", "pad_mode")}
        output = conv.correlate2d(image, kernel, **window)
        output = output / kernel.size if state["divide"] else output
        return conv.relu(output) if state["relu"] else output

    def panels(self) -> list[Panel]:
        """Return image, kernel and output."""
        shown = {name: np.array(self.state[name]) for name in ("image", "kernel")}
        return [array_panel(*one) for one in {**shown, "output": self.output}.items()]

    def describe(self) -> str:
        """Return sizes and result in words."""
        shapes = [np.shape(self.state[what]) for what in ("image", "kernel")]
        image, kernel, output = (f"{r} x {c}" for r, c in (*shapes, self.output.shape))
        return (
            f"Convolution explorer: an image of {image} and a kernel of {kernel} give {output} "
            f"values, the largest of which is {self.output.max():.4g}."
        )


class Pooling(Explorer):
    """A window keeps the largest or the mean of its pixels: which win, and get the gradient.

    Args:
        image: a name (`"4 x 4"`, `"9"`, `"shifted 9"`, `"cat"`) or an array (H, W).
        kind: `"max"` or `"average"`.
        size: rows and columns of the window.
        stride: step of the window.
        padding: `"valid"` or `"same"`, as in Keras; what lies in the padding does not count.

    Raises:
        ValueError: no such image or kind, or the window does not fit, or is larger than 12 x 12.
    """

    module: ClassVar[str] = "pooling.mjs"

    def __init__(
        self,
        image: str | Sequence[Sequence[float]] | np.ndarray = "4 x 4",
        kind: str = "max",
        *,
        size: int = 2,
        stride: int = 2,
        padding: str = "valid",
    ) -> None:
        choices = {"images": {"4 x 4": examples.POOLING_IMAGE.tolist(), **images()}}
        window = {"size": size, "stride": stride, "padding": padding}
        super().__init__(choices, image=image, kind=kind, **window)

    @staticmethod
    def result(state: dict[str, Any]) -> np.ndarray:
        """Return the output, (H', W')."""
        if isinstance(state["size"], int):  # of all else, `conv` says what it is
            _check_window("window", state["size"], state["size"])
        return conv.pool2d(_batch(state), **_window(state))[0, :, :, 0]

    @property
    def gradient(self) -> np.ndarray:
        """What each pixel gets when a gradient of 1 arrives at each output, (H, W)."""
        upstream = np.ones((1, *self.output.shape, 1))
        found = conv.pool2d_gradient(_batch(self.state), upstream, **_window(self.state))
        return found[0, :, :, 0]

    def panels(self) -> list[Panel]:
        """Return image, output and gradient."""
        shown = {"image": np.array(self.state["image"]), "output": self.output}
        return [array_panel(*one) for one in {**shown, "gradient": self.gradient}.items()]

    def describe(self) -> str:
        """Return sizes and result in words."""
        rows, columns = np.shape(self.state["image"])
        height, width = self.output.shape
        size = self.state["size"]
        return (
            f"Pooling explorer: windows of {size} x {size} turn an image of {rows} x {columns} "
            f"into {height} x {width} values, the largest of which is {self.output.max():.4g}."
        )


def _check_window(what: str, rows: int, columns: int) -> None:
    if max(rows, columns) > _LARGEST_WINDOW:
        raise ValueError(
            f"The {what} has {rows} x {columns} values, and this explorer shows at most "
            f"{_LARGEST_WINDOW} x {_LARGEST_WINDOW}."
        )


def _batch(state: dict[str, Any]) -> np.ndarray:
    """Return the image with an axis for the picture and one for the channel."""
    return np.array(state["image"], dtype=float)[None, :, :, None]


def _window(state: dict[str, Any]) -> dict[str, Any]:
    return {name: state[name] for name in ("size", "stride", "padding", "kind")}
