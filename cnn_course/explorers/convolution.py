"""The convolution explorer: image, kernel, stride, padding, and every product written out."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from cnn_course import conv, examples
from cnn_course.explorers.explorer import Explorer

_KERNELS = {
    "loop": examples.LOOP,
    "vertical": examples.VERTICAL,
    "diagonal": examples.DIAGONAL,
    "Sobel x": examples.SOBEL_X,
    "Sobel y": examples.SOBEL_Y,
    "blur": np.ones((3, 3)),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
}
_CAT_SIDE = 64


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
        images = {"9": examples.NINE, "shifted 9": examples.SHIFTED_NINE, "cat": _cat()}
        state = {
            **_chosen("image", image, images),
            **_chosen("kernel", kernel, _KERNELS),
            "stride": stride,
            "padding": padding,
            "pad_mode": pad_mode,
            "divide": divide,
            "relu": relu,
        }
        _result(state)  # says what is wrong before anything is shown
        choices = {"images": _lists(images), "kernels": _lists(_KERNELS)}
        super().__init__(state=state, choices=choices)

    @property
    def output(self) -> np.ndarray:
        """What comes out now, (H', W'), as `cnn_course.conv` computes it."""
        return _result(self.state)

    def set(self, **changes: Any) -> None:
        """Change the state from Python; the arguments are those of the class.

        Raises:
            ValueError: as there; the state is as it was.
        """
        state = {**self.state, **changes}
        for what in ("image", "kernel"):
            if what in changes:
                state |= _chosen(what, changes[what], self.choices[f"{what}s"])
        _result(state)
        self.state = state

    def describe(self) -> str:
        """Return sizes and result in words."""
        shapes = [np.shape(self.state[what]) for what in ("image", "kernel")]
        image, kernel, output = (f"{r} x {c}" for r, c in (*shapes, self.output.shape))
        return (
            f"Convolution explorer: an image of {image} and a kernel of {kernel} give {output} "
            f"values, the largest of which is {self.output.max():.4g}."
        )


def _chosen(what: str, value: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Return name and values of an image or a kernel."""
    if isinstance(value, str):
        if value not in known:
            raise ValueError(f"There is no {what} {value!r}. There are: {', '.join(known)}.")
        return {f"{what}_name": value, what: np.asarray(known[value]).tolist()}
    array = np.asarray(value, dtype=float)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise ValueError(f"The {what} must be rows and columns of numbers, not {array.shape}.")
    return {f"{what}_name": "own", what: array.tolist()}


def _result(state: dict[str, Any]) -> np.ndarray:
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


def _lists(arrays: dict[str, np.ndarray]) -> dict[str, list[list[float]]]:
    return {name: np.asarray(array).tolist() for name, array in arrays.items()}


def _cat() -> np.ndarray:
    """The face of scikit-image's cat, grey, 0 to 1."""
    from skimage import color, data, transform  # noqa: PLC0415 - takes a moment

    face = color.rgb2gray(data.chelsea()[15:285, 95:365])
    return transform.resize(face, (_CAT_SIDE, _CAT_SIDE), anti_aliasing=True).round(2)
