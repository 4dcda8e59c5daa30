"""Checks of exercises about models: Keras models and layers, counted networks, class tests."""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

import numpy as np

from cnn_course import classtest, counting
from cnn_course.checks.marking import exercise, wrong

_POINTS_OF_A_HARD_TEST: Final = 16  # of the 21 that the chapter asks for
_SMALL: Final = 5_000  # parameters of a network that is not small any more


@exercise("three-architectures")
def _three_architectures(answer: Any) -> str:
    if not isinstance(answer, Mapping) or len(answer) != 3:
        wrong("Give a dictionary with three entries: a name and a Keras model each.")
    for name, model in answer.items():
        problem = _problem(model)
        if problem:
            wrong(f"{name!r}: {problem}")
    convolutions = [_of_kind("Conv2D", model) for model in answer.values()]
    kernels = [{tuple(layer.kernel_size) for layer in found} for found in convolutions]
    depths = [len(found) for found in convolutions]
    if len(set(depths)) < 3:
        wrong(f"Their depths are {depths}. Let all three have another number of convolutions.")
    if any(kernels.count(sizes) > 1 for sizes in kernels):
        wrong("Two of them have the same kernel sizes. Let all three differ.")
    for kind in ("Dropout", "BatchNormalization"):
        having = sum(bool(_of_kind(kind, model)) for model in answer.values())
        if having in (0, 3):
            which = "All of them have" if having else "None of them has"
            wrong(f"{which} {kind}. With one that has it and one that has not, you can compare.")
    return f"Depths {depths}, with and without dropout and batch normalization: now train them."


def _problem(model: Any) -> str:
    """Return what keeps `model` from being a convnet for the digits, or nothing."""
    if not all(hasattr(model, name) for name in ("layers", "input_shape", "output_shape")):
        return f"this is a {type(model).__name__}, not a built Keras model."
    if tuple(model.input_shape) != (None, 28, 28, 1):
        return f"its input has the shape {model.input_shape}; a digit is (28, 28, 1)."
    if tuple(model.output_shape) != (None, 10):
        return f"its output has the shape {model.output_shape}; ten probabilities are needed."
    if not _of_kind("Conv2D", model):
        return "there is no convolution in it."
    last = _layers(model)[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", None)
    if activation != "softmax" and type(last).__name__ != "Softmax":
        return "its last layer gives scores. Softmax makes probabilities of them."
    return ""


def _layers(model: Any) -> list[Any]:
    """Return the layers of a model, and of models in it, in their order."""
    inside = [_layers(layer) if hasattr(layer, "layers") else [layer] for layer in model.layers]
    return [layer for layers in inside for layer in layers]


def _of_kind(kind: str, model: Any) -> list[Any]:
    """Return the layers of a kind: a separable convolution is one, and a spatial dropout."""
    return [layer for layer in _layers(model) if kind in type(layer).__name__]


@exercise("todays-layers")
def _todays_layers(answer: Any) -> str:
    if not isinstance(answer, Iterable) or isinstance(answer, str | Mapping):
        wrong("Give a list of layers.")
    layers = list(islice(answer, 100))  # it may be endless
    by_kind = {type(layer).__name__: layer for layer in layers}
    wanted = {"RandomRotation", "RandomTranslation", "RandomFlip"}
    if len(layers) != len(by_kind) or set(by_kind) != wanted:
        found = ", ".join(type(layer).__name__ for layer in layers) or "none"
        wrong(f"Three kinds of layers do it. Yours: {found}. Which does each argument need?")
    configs = {kind: layer.get_config() for kind, layer in by_kind.items()}
    rotation, translation = configs["RandomRotation"], configs["RandomTranslation"]
    least, most = (360 * end for end in _ends(rotation["factor"]))
    if not np.allclose((least, most), (-18, 18)):
        wrong(f"RandomRotation turns by {least:g} to {most:g} degrees; -18 to 18 are wanted.")
    height, width = _ends(translation["height_factor"]), _ends(translation["width_factor"])
    if np.allclose(height, 0) and np.allclose(width, (-0.1, 0.1)):
        wrong("height_shift_range moves pictures up and down: it is the first factor.")
    if height[0] == height[1] != 0:
        wrong("RandomTranslation with two equal ends always shifts the same way.")
    if not np.allclose(height, (-0.1, 0.1)) or not np.allclose(width, 0):
        wrong("RandomTranslation has two factors. One is 0.1 here, and the other is 0.")
    for kind in ("RandomRotation", "RandomTranslation"):
        mode = configs[kind]["fill_mode"]
        if mode != "nearest":
            wrong(f'{kind} fills with "{mode}". The tutorial fills with "nearest".')
    mode = configs["RandomFlip"].get("mode", "horizontal")
    if mode != "horizontal":
        wrong(f'RandomFlip has the mode "{mode}". Look at it again.')
    return "The same changes, and they run inside the model."


def _ends(factor: Any) -> tuple[float, float]:
    """Return the range that a factor means: one number counts in both directions."""
    if isinstance(factor, list | tuple):
        return float(factor[0]), float(factor[1])
    return -abs(float(factor)), abs(float(factor))


@exercise("small-network")
def _small_network(answer: Any) -> str:
    if not isinstance(answer, counting.Table):
        wrong("Hand in a table: that of the explorer, or counting.table([...]).")
    if answer.inputs != ((28, 28, 1),):
        wrong("The pictures have 28 x 28 pixels and one channel.")
    if sum(row.kind.endswith("Conv2D") for row in answer) < 2:
        wrong("It needs at least two convolutions.")
    last = [row for row in answer if row.kind == "Dense" or row.kind.endswith("Conv2D")][-1]
    if last.kind != "Dense" or last.output_shape != (10,):
        wrong("Its last layer with weights is a dense one with a unit for each class.")
    if answer.parameters >= _SMALL:
        most = max(answer, key=lambda row: row.parameters)
        wrong(
            f"It has {answer.parameters:,} parameters, {most.parameters:,} of them in one layer, "
            f"{most.name}. What makes that layer large?"
        )
    return f"{answer.parameters:,} parameters. LeNet-5 has twelve times as many, or more."


@exercise("class-test", in_parts=True)
def _class_test(answer: Any) -> str:
    points = _marked(classtest.read(classtest.CHAPTER_8), answer, enough=None)
    return f"{points} All of them. That is the whole class test."


@exercise("hard", in_parts=True)
def _hard(answer: Any) -> str:
    test = classtest.generate(seed=55, level="hard")
    points = _marked(test, answer, enough=_POINTS_OF_A_HARD_TEST)
    return f"{points} Left-over rows, missing biases, kept statistics, a branch: all of it."


def _marked(test: classtest.ClassTest, answer: Any, enough: int | None) -> str:
    """Return how many points the answers to a class test have; all are needed if not `enough`."""
    if not isinstance(answer, Mapping):
        wrong("Give a dictionary: the name of a question -> your answer.")
    marking = test.mark(answer)
    if marking.unknown:
        wrong(f"The test has no question {marking.unknown[0]!r}. Leave the keys as they are.")
    points = f"{marking.points} of {marking.possible} points."
    if marking.points >= (enough or marking.possible):
        return points
    lost = [mark for mark in marking.marks if mark.points < mark.question.points]
    answered = [mark for mark in lost if mark.outcome != "open"]
    if not answered:
        wrong(points)
    first = answered[0]
    wrong(f"{points} Look first at: {first.question.name}. {_hint(first, answer)}".rstrip())


def _hint(mark: classtest.Mark, answer: Mapping[str, Any]) -> str:
    if mark.outcome == "unreadable":
        return "That cannot be read."
    if not mark.hints and mark.question.kind == "shape" and mark.question.points > 1:
        sizes = mark.question.points
        if len(re.findall(r"\d+", str(answer[mark.question.name]))) != sizes:
            return f"A shape of {sizes} sizes is asked for."
        return f"Sizes that are right: {mark.points} of {sizes}."
    return " ".join(mark.hints)
