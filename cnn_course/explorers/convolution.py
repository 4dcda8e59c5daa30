"""The convolution explorer: image, kernel, stride, padding, and every product written out."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from cnn_course import conv, examples
from cnn_course.explorers import stills
from cnn_course.explorers.explorer import Explorer, chosen, images

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
    """A kernel slides over an image; the reader changes both, and everything else.

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
        ValueError: no such image or kernel, or the kernel does not fit.
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
        kernels = {name: np.asarray(array).tolist() for name, array in _KERNELS.items()}
        choices = {"images": images(), "kernels": kernels}
        state = {
            **chosen("image", image, choices["images"]),
            **chosen("kernel", kernel, kernels),
            "stride": stride,
            "padding": padding,
            "pad_mode": pad_mode,
            "divide": divide,
            "relu": relu,
        }
        self.result(state)  # says what is wrong before anything is shown
        super().__init__(state=state, choices=choices)

    @staticmethod
    def result(state: dict[str, Any]) -> np.ndarray:
        """Return the output, (H', W')."""
        kernel = np.array(state["kernel"], dtype=float)
        output = conv.correlate2d(
            np.array(state["image"], dtype=float),
            kernel,
            stride=state["stride"],
            padding=state["padding"],
            pad_mode=state["pad_mode"],
        )
        output = output / kernel.size if state["divide"] else output
        return conv.relu(output) if state["relu"] else output

    def panels(self) -> list[stills.Panel]:
        """Return image, kernel and output."""
        arrays = {"image": self.state["image"], "kernel": self.state["kernel"]}
        arrays["output"] = self.output
        return [stills.array(name, np.array(values)) for name, values in arrays.items()]

    def describe(self) -> str:
        """Return sizes and result in words."""
        shapes = [np.shape(self.state[what]) for what in ("image", "kernel")]
        image, kernel, output = (f"{r} x {c}" for r, c in (*shapes, self.output.shape))
        return (
            f"Convolution explorer: an image of {image} and a kernel of {kernel} give {output} "
            f"values, the largest of which is {self.output.max():.4g}."
        )
