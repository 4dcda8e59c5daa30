"""Networks drawn from a seed, at three levels. The same seed gives the same network for ever."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from cnn_course.counting import (
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Layer,
    MaxPooling2D,
)

T = TypeVar("T")


class Lots:
    """Draws from a seed. Python promises that `random()` gives the same numbers in every version.

    What it does not promise is that `choice` and the like do, so they are not used.
    """

    def __init__(self, seed: str):
        self._random = random.Random(seed).random

    def number(self, low: int, high: int) -> int:
        """Draw a whole number from `low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def one_of(self, things: Sequence[T]) -> T:
        """Draw one of several things."""
        return things[self.number(0, len(things) - 1)]

    def heads(self) -> bool:
        """Toss a coin."""
        return self._random() < 0.5


class Stack:
    """A list of layers that grows; each new layer comes after the one before unless it says so."""

    def __init__(self, height: int, width: int, channels: int):
        self.layers: list[Layer] = [Input((height, width, channels), name="input")]

    @property
    def top(self) -> str:
        """The name of the last layer."""
        return str(self.layers[-1].name)

    def add(self, kind: Callable[..., Layer], *arguments: object, **named: object) -> str:
        """Put a layer on top and return its name; names are numbered by kind."""
        stem = _STEMS[kind]
        number = 1 + sum(_STEMS.get(type(layer)) == stem for layer in self.layers)
        self.layers.append(kind(*arguments, name=f"{stem}_{number}", **named))
        return self.top


_STEMS: Final[dict[Callable[..., Layer], str]] = {
    Add: "add",
    AveragePooling2D: "pool",
    BatchNormalization: "norm",
    Concatenate: "join",
    Conv2D: "conv",
    Dense: "dense",
    DepthwiseConv2D: "depthwise",
    Flatten: "flatten",
    GlobalAveragePooling2D: "average",
    MaxPooling2D: "pool",
}


def first(lots: Lots) -> list[Layer]:
    """Draw a convolution, perhaps a pooling, and a dense layer."""
    side = lots.number(6, 14)
    stack = Stack(side, side, lots.one_of((1, 3)))
    stack.add(Conv2D, lots.number(2, 9), lots.one_of((2, 3, 5)))
    if lots.heads():
        stack.add(MaxPooling2D, 2)
    stack.add(Flatten)
    stack.add(Dense, lots.number(3, 8))
    return stack.layers


def exam(lots: Lots) -> list[Layer]:
    """Draw two convolutions, a pooling and three dense layers, as in the class test."""
    side = lots.number(8, 32)
    stack = Stack(side, side, lots.one_of((1, 3)))
    stack.add(Conv2D, lots.number(2, 12), lots.one_of((2, 3, 4, 5)), lots.one_of((1, 2)))
    stack.add(Conv2D, lots.number(2, 16), lots.one_of((2, 3, 5)), padding="same")
    stack.add(MaxPooling2D, lots.one_of((2, 2, 3)))
    stack.add(Flatten)
    stack.add(Dense, lots.number(8, 40))
    stack.add(Dense, lots.number(8, 40))
    stack.add(Dense, lots.one_of((1, 3, 4, 5, 6, 7, 10)))
    return stack.layers


def hard(lots: Lots) -> list[Layer]:
    """Draw strides that leave rows over, batch normalization, 1x1 and depthwise, a branch."""
    stack = Stack(lots.number(28, 60), lots.number(28, 60), lots.one_of((1, 3)))
    kernel, stride = lots.one_of((3, 5, 7)), lots.one_of((2, 2, 3))
    padding = lots.one_of(("valid", "same"))
    stack.add(Conv2D, lots.number(4, 12), kernel, stride, padding, use_bias=False)
    stack.add(BatchNormalization)
    pool = lots.one_of((MaxPooling2D, AveragePooling2D))
    stack.add(pool, lots.one_of((2, 3)), 2, lots.one_of(("valid", "same")))
    stack.add(DepthwiseConv2D, 3, lots.one_of((1, 2)), "same", use_bias=lots.heads())
    stack.add(Conv2D, lots.number(6, 16), 1, use_bias=lots.heads())
    (_joined if lots.heads() else _added)(stack, lots)
    stack.add(lots.one_of((GlobalAveragePooling2D, Flatten)))
    stack.add(Dense, lots.one_of((1, 3, 4, 5, 6, 7, 9, 10)))
    return stack.layers


def _joined(stack: Stack, lots: Lots) -> None:
    """Add parallel convolutions whose maps stand side by side."""
    below = stack.top
    one = stack.add(Conv2D, lots.number(2, 9), 1, after=below)
    side = lots.one_of((3, 5))
    other = stack.add(Conv2D, lots.number(2, 9), side, padding="same", after=below)
    stack.add(Concatenate, after=(one, other))


def _added(stack: Stack, lots: Lots) -> None:
    """Add a convolution and a shortcut: the values themselves, or a 1x1 convolution of them."""
    below = stack.top
    filters = lots.number(4, 16)
    stride = lots.one_of((1, 2))
    main = stack.add(Conv2D, filters, 3, stride, "same", after=below)
    shortcut = stack.add(Conv2D, filters, 1, stride, "same", use_bias=False, after=below)
    stack.add(Add, after=(main, shortcut))


LEVELS: Final[dict[str, Callable[[Lots], list[Layer]]]] = {
    "first": first,
    "exam": exam,
    "hard": hard,
}


def networks(seed: int, level: str) -> Iterator[list[Layer]]:
    """Yield networks of a level without end, the same ones for the same seed."""
    lots = Lots(f"class test {level} {seed}")
    while True:
        yield LEVELS[level](lots)
