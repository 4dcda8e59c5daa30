"""Class tests: one about a network of your own, or as many as you like from a seed."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from cnn_course.classtest import lots, sheets
from cnn_course.classtest.documents import Document
from cnn_course.classtest.marking import Marker, Marking
from cnn_course.classtest.network import (
    INPUT,
    Convolution,
    Network,
    network_of,
    size_of,
    sliding,
    sources,
)
from cnn_course.classtest.questions import (
    KINDS,
    Kind,
    Question,
    hidden_mistakes,
    questions_about,
)
from cnn_course.counting import Add, Conv2D, Dense, Input, Layer

LEVELS: Final = tuple(lots.LEVELS)

_ASKED: Final[dict[str, tuple[Kind, ...]]] = {
    "first": ("shape", "parameters", "total parameters"),
    "exam": KINDS,
    "hard": ("shape", "parameters", "multiplications", "receptive field", "total parameters"),
}


@dataclass(frozen=True, repr=False)
class ClassTest:
    """Questions about one network, with their answers.

    Attributes:
        title: what stands above it, for example `"Class test exam-7"`.
        network: what it asks about.
        output: the right activation of the last layer; None if the test does not ask.
        questions: in the order of the network.
    """

    title: str
    network: Network
    output: str | None
    questions: tuple[Question, ...]

    @property
    def layers(self) -> list[Layer]:
        """The network as a list that `counting.table` takes; it starts with its `Input`."""
        return [Input(self.network.input, name=INPUT), *self.network.layers]

    @property
    def key(self) -> dict[str, Any]:
        """Name of a question -> right answer: a shape, a number or a word."""
        return self._marker.key

    @property
    def blank(self) -> dict[str, Any]:
        """Name of a question -> `...`, to be filled in."""
        return {question.name: ... for question in self.questions}

    def mark(self, answers: object) -> Marking:
        """Mark answers. Whatever they are, this raises nothing.

        Args:
            answers: name of a question, or its number -> answer; or the answers in order. A
                shape is a tuple or text such as `"13 x 13 x 6"`. What is missing, None or `...`
                counts as not answered.
        """
        return self._marker.mark(answers)

    def sheet(self, student: str = "") -> Document:
        """Return the network and the questions, with room for answers."""
        return sheets.sheet(self.title, self.network, self.questions, student)

    def worked_solution(self) -> Document:
        """Return every answer with its calculation."""
        return sheets.worked_solution(self.title, self.network, self.questions, self.key)

    @cached_property
    def _marker(self) -> Marker:
        return Marker(self.network, self.questions, self.output)

    def __repr__(self) -> str:
        return str(self.sheet())

    def _repr_html_(self) -> str:
        return self.sheet()._repr_html_()


def about(
    layers: Sequence[object], title: str = "Class test", ask: Sequence[str] = KINDS
) -> ClassTest:
    """Return a test about a network of your own.

    Args:
        layers: descriptions from `counting`, starting with its `Input`; for branches name the
            sources with `after`. The last layer is the output: one unit for two classes, or one
            for each.
        title: what stands above it.
        ask: kinds of questions, out of `"shape"`, `"parameters"`, `"multiplications"`,
            `"receptive field"`, `"total parameters"`, `"hidden activation"` and
            `"output activation"`.

    Raises:
        TypeError: an element is not a layer of `counting`.
        ValueError: the network cannot be counted, there are no questions about one of its layers,
            or no such kind of question.
    """
    for kind in ask:
        if kind not in KINDS:
            raise ValueError(f"There are no questions of the kind {kind!r}. {_near(kind, KINDS)}")
    network = network_of(layers)
    last = network.layers[-1]
    output = ("sigmoid" if last.units == 1 else "softmax") if isinstance(last, Dense) else None
    kinds = tuple(kind for kind in KINDS if kind in ask)
    asked = tuple(questions_about(network, kinds, output))
    return ClassTest(title, network, output, asked)


def generate(seed: int, level: str = "exam") -> ClassTest:
    """Return the test of a seed: the same one in every version of Python and of this course.

    Args:
        seed: any whole number.
        level: `"first"` (a convolution, perhaps a pooling, a dense layer), `"exam"` (like the
            class test of chapter 8, with multiplications and a receptive field) or `"hard"`
            (strides that leave rows over, batch normalization, depthwise and 1x1 convolutions, a
            branch).

    In a generated test no usual mistake happens to give the right answer where it can be made (of
    a single channel, none can be forgotten), and no two numbers that a mistake would exchange are
    equal.

    Raises:
        TypeError: the seed is not a whole number.
        ValueError: there is no such level.
    """
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise TypeError(f"A seed is a whole number, but it is {seed!r} ({type(seed).__name__}).")
    if level not in LEVELS:
        raise ValueError(f"There is no level {level!r}. {_near(str(level), LEVELS)}")
    number = seed.__index__()
    for layers in lots.networks(number, level):
        if _repeats_a_width(layers):  # before anything is counted: most are drawn in vain for that
            continue
        try:
            test = about(layers, f"Class test {level}-{number}", _ASKED[level])
        except ValueError:  # a kernel larger than what is left of the picture
            continue
        if _tells_mistakes(test, level):
            return test
    raise AssertionError("unreachable: networks are drawn without end")


def _tells_mistakes(test: ClassTest, level: str) -> bool:
    """Return whether every usual mistake gives a wrong answer."""
    network = test.network
    if _exchangeable(network) or _sees_too_far(network):
        return False
    if level == "hard" and not _leaves_rows_over(network):
        return False
    return not any(hidden_mistakes(question, network) for question in test.questions)


def _repeats_a_width(layers: Sequence[Layer]) -> bool:
    """Return whether two layers have as many filters or units, or as the picture has pixels.

    Of what is added, both have the same number, and one counts.
    """
    first, *others = layers
    assert isinstance(first, Input)
    height, width, channels = first.shape
    added = {str(name) for one in others if isinstance(one, Add) for name in (one.after or ())[1:]}
    chosen = [channels]
    for layer in others:
        if isinstance(layer, Conv2D) and layer.name not in added:
            chosen.append(layer.filters)
        elif isinstance(layer, Dense):
            chosen.append(layer.units)
    return len(set(chosen)) < len(chosen) or height in chosen or width in chosen


def _exchangeable(network: Network) -> bool:
    """Return whether numbers that meet in a layer, and a mistake would exchange, are equal."""
    for layer in network.layers:
        *places, channels = network.shapes[sources(layer)[0]]
        if channels in places:
            return True
        if isinstance(layer, Dense) and layer.units == channels:
            return True
        if isinstance(layer, Convolution):
            outputs = network.shapes[str(layer.name)][-1]
            if size_of(layer.kernel_size) in (channels, outputs):
                return True
    return False


def _sees_too_far(network: Network) -> bool:
    """Return whether a receptive field is larger than the picture: then it is a matter of words."""
    with_places = [row for row in network.table if len(row.output_shape) == 3]
    seen = [max(row.receptive_field) for row in with_places if row.receptive_field]
    return max(seen, default=0) > min(network.input[:2])


def _leaves_rows_over(network: Network) -> bool:
    """Return whether somewhere the window does not fit evenly, so that rounding matters."""
    for layer in network.layers:
        for kernel, stride in sliding(layer):
            missing = kernel if getattr(layer, "padding", "") == "valid" else 0
            height, width, _ = network.shapes[sources(layer)[0]]
            if (height - missing) % stride or (width - missing) % stride:
                return True
    return False


def _near(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return (f"Did you mean {near[0]!r}? " if near else "") + f"There are: {', '.join(known)}."
