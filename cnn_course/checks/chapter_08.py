"""Self-checks of chapter 8, the class test."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from cnn_course import classtest, counting
from cnn_course.checks import compare
from cnn_course.checks.exercises import exercise
from cnn_course.checks.verdicts import Verdict, right, wrong
from cnn_course.classtest import ClassTest, Mark, Marking

_LAYERS: Final = (
    counting.Input((8, 8, 1)),
    counting.Conv2D(1, 2, strides=2, name="conv_1"),
    counting.Conv2D(2, 2, padding="same", name="conv_2"),
    counting.MaxPooling2D(2, name="pool"),
    counting.Flatten(name="flatten"),
    counting.Dense(10, name="dense_1"),
    counting.Dense(10, name="dense_2"),
    counting.Dense(3, name="output"),
)
_ASKED: Final = (
    "shape",
    "parameters",
    "total parameters",
    "hidden activation",
    "output activation",
)
_TO_PASS_A_HARD_ONE: Final = 10
_CONVOLUTIONS: Final = 2
_SMALL: Final = 5_000


@exercise("conv-rule")
def _conv_rule(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong("Write a function that returns a number.")
    for height, width, channels, filters, bias in (
        (3, 3, 1, 1, True),
        (3, 3, 1, 8, True),
        (3, 3, 16, 8, True),
        (1, 7, 5, 3, True),
        (5, 5, 6, 16, False),
    ):
        layer = counting.Conv2D(filters, (height, width), use_bias=bias)
        (row,) = counting.table([counting.Input((9, 9, channels)), layer])
        given = answer(height, width, channels, filters, bias)
        if isinstance(given, bool) or given != row.parameters:
            hint = _what_of_a_convolution(given, row.parameters)
            if given in (row.parameters - filters, row.parameters + filters):
                hint = "Is there a bias for each filter? It depends on the last argument."
            return wrong(
                f"For a kernel of {height} x {width}, channels: {channels}, filters: {filters}, "
                f"bias={bias} it returned {given!r}. {hint}"
            )
    return right("A filter is as deep as its input; the size of the picture stands nowhere.")


def _what_of_a_convolution(given: object, expected: int) -> str:
    if given is None:
        return "Does it return what it computes?"
    if not isinstance(given, int | float):
        return "It should be a number."
    return f"That is too {'few' if given < expected else 'many'}. What has one filter?"


@exercise("three-dense")
def _three_dense(answer: Any) -> Verdict:
    marks = {
        "120 units": compare.number_as(
            401 * 120,
            hint="How many values come out of flatten?",
            slips={
                400 * 120: "Each unit has a bias, too.",
                17 * 120: "Flatten keeps every value: 5 x 5 x 16.",
                401: "That is one unit.",
            },
        ),
        "84 units": compare.number_as(
            121 * 84,
            hint="How many values does the layer before hand on?",
            slips={
                120 * 84: "Each unit has a bias, too.",
                48_121 * 84: "Count the values that come in, not the parameters before.",
                48_120 * 84 + 84: "Count the values that come in, not the parameters before.",
                401 * 84: "What comes in has passed the layer with 120 units.",
            },
        ),
        "10 units": compare.number_as(
            85 * 10,
            hint="How many values does the layer before hand on?",
            slips={
                84 * 10: "Each unit has a bias, too.",
                (10_164 + 1) * 10: "Count the values that come in, not the parameters before.",
                121 * 10: "What comes in has passed the layer with 84 units.",
            },
        ),
    }
    return compare.parts(answer, marks, "Four of five parameters sit in the first of the three.")


@exercise("modern-block")
def _modern_block(answer: Any) -> Verdict:
    statistics = "Two numbers of each channel are trained, and two are kept."
    marks = {
        "depthwise": compare.number_as(
            9 * 24,
            hint="One kernel for each channel.",
            slips={
                10 * 24: "It has no bias.",
                9 * 24 * 24: "Nothing is added up across channels.",
                9: "That is one kernel. Each channel has one.",
            },
        ),
        "norm_1": compare.number_as(
            4 * 24, hint="How many channels reach it?", slips={2 * 24: statistics}
        ),
        "conv": compare.number_as(
            24 * 48,
            hint="A 1 x 1 kernel has one weight for each channel of its input.",
            slips={25 * 48: "It has no bias.", 48: "A filter is as deep as its input."},
        ),
        "norm_2": compare.number_as(
            4 * 48,
            hint="How many channels reach it now?",
            slips={2 * 48: statistics, 4 * 24: "The 1 x 1 convolution made more channels."},
        ),
        "not trained": compare.number_as(
            2 * 24 + 2 * 48,
            hint="Only batch normalization keeps numbers that are not trained.",
            slips={
                4 * 24 + 4 * 48: "Half of them are trained.",
                2 * 24: "There are two layers of batch normalization.",
            },
        ),
    }
    reason = "Where batch normalization follows, a bias is for nothing: its shift does the same."
    return compare.parts(answer, marks, reason)


@exercise("work")
def _work(answer: Any) -> Verdict:
    weights = 5 * 5 * 32 * 64
    marks = {
        "parameters": compare.number_as(
            weights + 64,
            hint="(5 x 5 x channels in + 1) x filters.",
            slips={
                weights: "Each filter has a bias, too.",
                26 * 64: "A filter has weights for every channel of its input.",
            },
        ),
        "multiplications": compare.number_as(
            49 * weights,
            hint="Each weight is used once at every place of the output.",
            slips={
                14 * 14 * weights: "Count the places of the output, not those of the input.",
                25 * weights: "Padding is same: 14 / 2 rows and columns.",
                49 * (weights + 64): "A bias is added. That is no multiplication.",
                weights: "That is one place. How many are there?",
            },
        ),
    }
    return compare.parts(answer, marks, "The same weights, at each of 49 places.")


@exercise("small-network")
def _small_network(answer: Any) -> Verdict:
    if not isinstance(answer, counting.Table):
        return wrong("Hand in a table: that of the explorer, or counting.table([...]).")
    if answer.inputs != ((28, 28, 1),):
        return wrong("The pictures have 28 x 28 pixels and one channel.")
    if sum(row.kind == "Conv2D" for row in answer) < _CONVOLUTIONS:
        return wrong("It needs at least two convolutions.")
    last = [row for row in answer if row.kind in {"Dense", "Conv2D"}][-1]
    if last.kind != "Dense" or last.output_shape != (10,):
        return wrong("Its last layer with weights is a dense one with a unit for each class.")
    if answer.parameters >= _SMALL:
        most = max(answer, key=lambda row: row.parameters)
        return wrong(
            f"It has {answer.parameters:,} parameters, {most.parameters:,} of them in one layer, "
            f"{most.name}. What makes that layer large?"
        )
    return right(f"{answer.parameters:,} parameters. LeNet-5 has twelve times as many, or more.")


@exercise("mistake")
def _mistake(answer: Any) -> Verdict:
    marks = {
        "taken": compare.number_as(
            48_120,
            hint="Which number of the layer before stands in their product?",
            slips={400: "Look at the first product: what is multiplied by 84?"},
        ),
        "right": compare.number_as(
            120,
            hint="How many values does the layer before hand on?",
            slips={400: "Those come into the layer before.", 84: "Those are its own units."},
        ),
        "factor": compare.number_as(
            398,
            hint="Their count, divided by yours.",
            slips={
                397: "Rounded, not cut off.",
                round(4_042_164 / 10_164, 2): "Round it to a whole number.",
                401: "Divide the counts of the layer, biases included.",
                4_031_996: "That is a difference. Divide.",
            },
        ),
    }
    return compare.parts(answer, marks, "A layer sees values. How they were made, it cannot know.")


@exercise("slip")
def _slip(answer: Any) -> Verdict:
    hint = "They left one thing out, everywhere: compare 4 with 5, and 80 with 90."
    marks = {
        "dense_2": compare.number_as(100, hint=hint, slips={110: "That is right, but they erred."}),
        "output": compare.number_as(30, hint=hint, slips={33: "That is right, but they erred."}),
    }
    return compare.parts(answer, marks, "They forgot the biases, one for each filter and unit.")


@exercise("class-test", in_parts=True)
def _class_test(answer: Any) -> Verdict:
    test = classtest.about(_LAYERS, ask=_ASKED)
    return _marked(
        test,
        answer,
        lambda marking: marking.points == marking.possible,
        "All of them. That is the whole class test.",
    )


@exercise("hard", in_parts=True)
def _hard(answer: Any) -> Verdict:
    return _marked(
        classtest.generate(seed=55, level="hard"),
        answer,
        lambda marking: marking.points >= _TO_PASS_A_HARD_ONE,
        "Left-over rows, missing biases, kept statistics: that is as hard as it gets.",
    )


def _marked(
    test: ClassTest, answer: Any, passed: Callable[[Marking], bool], reason: str
) -> Verdict:
    """Mark the answers to a class test as one exercise."""
    if not isinstance(answer, Mapping):
        return wrong("Give a dictionary: the name of a question -> your answer.")
    marking = test.mark(answer)
    if marking.unknown:
        return wrong(
            f"The test has no question {marking.unknown[0]!r}. Leave the keys as they are."
        )
    if passed(marking):
        return right(f"{marking.points} of {marking.possible} points. {reason}")
    lost = [
        one for one in marking.marks if one.outcome != "open" and one.points < one.question.points
    ]
    look_at = f" Look at: {lost[0].question.name}. {_hint(lost[0])}" if lost else ""
    return wrong(f"{marking.points} of {marking.possible} points.{look_at.rstrip()}")


def _hint(mark: Mark) -> str:
    if mark.outcome == "unreadable":
        return "That cannot be read."
    if mark.hints:
        return " ".join(mark.hints)
    return f"A shape of {mark.question.points} sizes is asked for." if _is_map(mark) else ""


def _is_map(mark: Mark) -> bool:
    return mark.question.kind == "shape" and mark.question.points > 1
