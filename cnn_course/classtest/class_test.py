"""Class tests: one about a network of your own, or as many as you like from a seed."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from cnn_course import counting
from cnn_course.arguments import one_of
from cnn_course.classtest.marks import Marking, mark_answers
from cnn_course.classtest.printing import Document, calculation, network_blocks, written
from cnn_course.classtest.questions import (
    INPUT,
    KINDS,
    LAYERS,
    LEFT_OUT,
    NO_CHANNELS,
    Convolution,
    Expected,
    Network,
    Question,
    expected,
    network_of,
    questions_about,
    side_of,
    sliding,
    sources,
)
from cnn_course.counting import Layer

_POOLINGS: Final = (counting.MaxPooling2D, counting.AveragePooling2D)
Choose = Callable[[Sequence[Any]], Any]
RULES: Final = (
    "Shapes are height x width x channels, without the batch. Unless it says otherwise, a layer "
    "has a bias. Parameters are all numbers that a layer keeps, trained or not; write 0 where "
    "there are none. Multiplications are those of a value with a weight."
)


@dataclass(frozen=True, repr=False)
class ClassTest:
    """Questions about one network, with their answers.

    Attributes:
        title: what stands above it, for example `"Class test exam-7"`.
        network: what it asks about.
        questions: in the order of the network.
    """

    title: str
    network: Network
    questions: tuple[Question, ...]

    @property
    def layers(self) -> list[Layer]:
        """The network as a list that `counting.table` takes; it starts with its `Input`."""
        return [counting.Input(self.network.input, name=INPUT), *self.network.layers]

    @property
    def key(self) -> dict[str, Any]:
        """Name of a question -> right answer: a shape, a number or a word."""
        return {name: one.right for name, one in self._expected.items()}

    @property
    def slips(self) -> frozenset[str]:
        """The names of the common mistakes that an answer can show."""
        every = self._expected.values()
        maps = [one.right for one in every if isinstance(one.right, tuple) and len(one.right) > 1]
        short = {LEFT_OUT if 1 in shape else NO_CHANNELS for shape in maps}
        return frozenset(short.union(*(one.mistakes.values() for one in every)))

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
        return mark_answers(answers, self.network, self.questions, self._expected)

    def sheet(self, student: str = "", column: str = "answer") -> Document:
        """Return the network and the questions; what the last column is for, its head says."""
        joiners = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # names need them
        seen = (sign if sign.isprintable() or sign in joiners else " " for sign in student)
        name = " ".join("".join(seen).split())[:200] or "." * 60
        rows = [("number", "question", "points", column)]
        for number, question in enumerate(self.questions, start=1):
            rows.append((str(number), question.text, str(question.points), ""))
        points = sum(question.points for question in self.questions)
        questions = (("h2", f"Questions ({points} points)"), ("table", rows))
        opening = (("h1", self.title), ("p", f"Name: {name}"), *network_blocks(self.network))
        return Document((*opening, ("p", RULES), *questions))

    def worked_solution(self) -> Document:
        """Return every answer with its calculation."""
        rows = [("number", "question", "answer", "calculation", "points")]
        for number, question in enumerate(self.questions, start=1):
            answer = written(self.key[question.name])
            how = calculation(question, self.network)
            rows.append((str(number), question.text, answer, how, str(question.points)))
        opening = (("h1", f"{self.title}: worked solution"), *network_blocks(self.network))
        return Document((*opening, ("h2", "Answers"), ("table", rows)))

    @cached_property
    def _expected(self) -> dict[str, Expected]:
        return {question.name: expected(question, self.network) for question in self.questions}

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
        one_of("Each kind of question in ask", kind, KINDS)
    network = network_of(layers)
    asked = tuple(question for question in questions_about(network) if question.kind in ask)
    if not asked:
        raise ValueError(f"Of this network, nothing is asked with ask = {list(ask)}.")
    return ClassTest(title, network, asked)


def generate(seed: int, level: str = "exam", salt: str = "") -> ClassTest:
    """Return the test of a seed: the same one in every version of Python.

    In a generated test no common mistake happens to give the right answer where it can be made (of
    a single channel, none can be forgotten), and no two numbers that a mistake would exchange are
    equal.

    Args:
        seed: any whole number.
        level: `"first"` (a convolution, a pooling, a dense layer), `"exam"` (like the
            class test of chapter 8, with multiplications and a receptive field) or `"hard"`
            (strides that leave rows over, batch normalization, depthwise and 1x1 convolutions, a
            branch). All tests of a level are worth the same points.
        salt: a secret. Without it, nobody can make the tests that belong to it.

    Raises:
        TypeError: the seed is not a whole number.
        ValueError: there is no such level.
    """
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise TypeError(f"seed must be a whole number, not {seed!r}.")
    layers_of, kinds = _LEVELS[one_of("level", level, LEVELS)]
    # Python promises that `random()` gives the same numbers in every version, and of nothing else.
    draw = random.Random(f"class test {level} {int(seed)}{salt and f' {salt}'}").random

    def choose(options: Sequence[Any]) -> Any:
        return options[int(draw() * len(options))]

    while True:
        layers = list(layers_of(choose))
        if _repeats_a_width(layers):  # before anything is counted: most are drawn in vain for that
            continue
        try:
            test = about(_named(layers), f"Class test {level}-{int(seed)}", kinds)
        except ValueError:  # a kernel larger than what is left of the picture
            continue
        if _tells_mistakes(test, level):
            return test


def _first(choose: Choose) -> Iterator[Layer]:
    """Draw a convolution, a pooling and a dense layer: 15 points."""
    side = choose(range(6, 21))
    yield counting.Input((side, side, choose((1, 3))))
    yield counting.Conv2D(choose(range(2, 10)), choose((2, 3, 4, 5)))
    yield choose(_POOLINGS)(2)
    yield counting.Flatten()
    yield counting.Dense(choose(range(3, 11)))


def _exam(choose: Choose) -> Iterator[Layer]:
    """Draw two convolutions, a pooling and three dense layers, as in the class test: 34 points.

    Which convolution is padded, which one may have a stride, and whether the pooling stands
    behind the first or the second is drawn, so that no answer can be learned by its place.
    """
    side = choose(range(8, 33))
    yield counting.Input((side, side, choose((1, 3))))
    padded, strided, pooled = (choose((0, 1)) for _ in range(3))
    for place, (filters, kernels) in enumerate(
        ((range(2, 13), (2, 3, 4, 5)), (range(2, 17), (2, 3, 5)))
    ):
        stride = choose((1, 2)) if place == strided else 1
        padding = "same" if place == padded else "valid"
        yield counting.Conv2D(choose(filters), choose(kernels), stride, padding)
        if place == pooled:
            yield choose(_POOLINGS)(choose((2, 2, 3)))
    yield counting.Flatten()
    yield counting.Dense(choose(range(8, 41)))
    yield counting.Dense(choose(range(8, 41)))
    yield counting.Dense(choose((1, 3, 4, 5, 6, 7, 10)))


def _hard(choose: Choose) -> Iterator[Layer]:
    """Draw left-over rows, batch normalization, 1x1 and depthwise, a branch: 50 points."""
    yield counting.Input((choose(range(28, 61)), choose(range(28, 61)), choose((1, 3))))
    kernel, stride = choose((3, 5, 7)), choose((2, 2, 3))
    padding = choose(("valid", "same"))
    yield counting.Conv2D(choose(range(4, 13)), kernel, stride, padding, use_bias=False)
    yield counting.BatchNormalization()
    yield choose(_POOLINGS)(choose((2, 3)), 2, choose(("valid", "same")))
    yield counting.DepthwiseConv2D(3, choose((1, 2)), "same", use_bias=choose((True, False)))
    yield counting.Conv2D(choose(range(6, 17)), 1, use_bias=choose((True, False)))
    branches: dict[str, Any] = {"padding": "same", "after": "conv_2"}
    if choose((True, False)):  # maps of parallel convolutions stand side by side
        yield counting.Conv2D(choose(range(2, 10)), 1, name="conv_3", after="conv_2")
        side = choose((3, 5))
        yield counting.Conv2D(choose(range(2, 10)), side, name="conv_4", **branches)
        yield counting.Concatenate(after=("conv_3", "conv_4"))
    else:  # a convolution and a shortcut, which is a 1x1 convolution
        filters, stride = choose(range(4, 17)), choose((1, 2))
        yield counting.Conv2D(filters, 3, stride, name="conv_3", **branches)
        yield counting.Conv2D(filters, 1, stride, name="conv_4", use_bias=False, **branches)
        yield counting.Add(after=("conv_3", "conv_4"))
    yield choose((counting.GlobalAveragePooling2D, counting.Flatten))()
    yield counting.Dense(choose((1, 3, 4, 5, 6, 7, 9, 10)))


#: level -> what draws its networks, and the kinds of questions about them
_LEVELS: Final = {
    "first": (_first, ("shape", "parameters", "total parameters")),
    "exam": (_exam, KINDS),
    "hard": (_hard, tuple(kind for kind in KINDS if "activation" not in kind)),
}
LEVELS: Final = tuple(_LEVELS)


def _named(layers: Sequence[Layer]) -> list[Layer]:
    """Number the layers by kind; names that a branch relies on are there already."""
    numbers: Counter[str] = Counter()
    named = [layers[0]]
    for layer in layers[1:]:
        begins = LAYERS[type(layer)][0]
        numbers[begins] += 1
        named.append(replace(layer, name=f"{begins}_{numbers[begins]}"))
    return named


def _repeats_a_width(layers: Sequence[Layer]) -> bool:
    """Return whether two layers have as many filters or units, or as the picture has pixels.

    Of what is added, both have the same number, and one counts.
    """
    first, *others = layers
    assert isinstance(first, counting.Input)
    height, width, channels = first.shape
    added = {sources(layer)[1] for layer in others if isinstance(layer, counting.Add)}
    convolutions = [layer for layer in others if isinstance(layer, counting.Conv2D)]
    chosen = [layer.filters for layer in convolutions if layer.name not in added]
    chosen += [layer.units for layer in others if isinstance(layer, counting.Dense)]
    chosen.append(channels)
    return len(set(chosen)) < len(chosen) or height in chosen or width in chosen


def _tells_mistakes(test: ClassTest, level: str) -> bool:
    """Return whether every common mistake gives a wrong answer."""
    network = test.network
    if _exchangeable(network):
        return False
    # A receptive field larger than the picture is a matter of words.
    maps = [row for row in network.table if len(row.output_shape) == 3]
    if max(max(row.receptive_field or (0,)) for row in maps) > min(network.input[:2]):
        return False
    if level == "hard" and not _leaves_rows_over(network):
        return False
    return not any(one.hidden for one in test._expected.values())


def _exchangeable(network: Network) -> bool:
    """Return whether numbers that meet in a layer, and a mistake would exchange, are equal."""
    for layer in network.layers:
        *places, channels = network.incoming(layer)[0]
        if channels in places:
            return True
        if isinstance(layer, counting.Dense) and layer.units == channels:
            return True
        if isinstance(layer, Convolution):
            outputs = network.shapes[str(layer.name)][-1]
            if side_of(layer.kernel_size) in (channels, outputs):
                return True
    return False


def _leaves_rows_over(network: Network) -> bool:
    """Return whether somewhere the window does not fit evenly, so that rounding matters."""
    return any(
        (n - (kernel if getattr(layer, "padding", "") == "valid" else 0)) % stride
        for layer in network.layers
        for kernel, stride in sliding(layer)
        for n in network.incoming(layer)[0][:2]
    )
