"""The pooling explorer: which pixels win, and where a gradient would flow."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from cnn_course import conv, examples
from cnn_course.explorers import stills
from cnn_course.explorers.explorer import Explorer, chosen, images


class Pooling(Explorer):
    """A window keeps the largest or the mean of the pixels below it.

    Args:
        image: a name (`"4 x 4"`, `"9"`, `"shifted 9"`, `"cat"`) or an array (H, W).
        kind: `"max"` or `"average"`.
        size: rows and columns of the window.
        stride: step of the window.
        padding: `"valid"` or `"same"`, as in Keras; what lies in the padding does not count.

    Raises:
        ValueError: no such image or kind, or the window does not fit.
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
        state = {
            **chosen("image", image, choices["images"]),
            "kind": kind,
            "size": size,
            "stride": stride,
            "padding": padding,
        }
        self.result(state)  # says what is wrong before anything is shown
        super().__init__(state=state, choices=choices)

    @staticmethod
    def result(state: dict[str, Any]) -> np.ndarray:
        """Return the output, (H', W')."""
        return conv.pool2d(*_as_batch(state), **_window(state))[0, :, :, 0]

    @property
    def gradient(self) -> np.ndarray:
        """What each pixel gets when a gradient of 1 arrives at each output, (H, W)."""
        upstream = np.ones((1, *self.output.shape, 1))
        return conv.pool2d_gradient(*_as_batch(self.state), upstream, **_window(self.state))[
            0, :, :, 0
        ]

    def panels(self) -> list[stills.Panel]:
        """Return image, output and gradient."""
        return [
            stills.array("image", np.array(self.state["image"])),
            stills.array("output", self.output),
            stills.array("gradient", self.gradient),
        ]

    def describe(self) -> str:
        """Return sizes and result in words."""
        rows, columns = np.shape(self.state["image"])
        height, width = self.output.shape
        size = self.state["size"]
        return (
            f"Pooling explorer: windows of {size} x {size} turn an image of {rows} x {columns} "
            f"into {height} x {width} values, the largest of which is {self.output.max():.4g}."
        )


def _as_batch(state: dict[str, Any]) -> tuple[np.ndarray]:
    """Return the image with an axis for the picture and one for the channel."""
    return (np.array(state["image"], dtype=float)[None, :, :, None],)


def _window(state: dict[str, Any]) -> dict[str, Any]:
    return {name: state[name] for name in ("size", "stride", "padding", "kind")}
