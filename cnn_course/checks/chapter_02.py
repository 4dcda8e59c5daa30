"""Self-checks of chapter 2, a convnet for digits."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from cnn_course.checks import compare
from cnn_course.checks.exercises import exercise
from cnn_course.checks.verdicts import Verdict, right, wrong


@exercise("larger-kernels")
def _larger_kernels(answer: Any) -> Verdict:
    flatten = compare.number_as(
        512,
        hint="Follow the sizes: a 5 x 5 kernel costs four rows, a pooling halves.",
        slips={
            1152: "That is the network with 3 x 3 kernels. A 5 x 5 kernel costs more rows.",
            128: "Only 2 x 2 kernels of the last layer would leave one value a map. It has 3 x 3.",
            2048: "Two convolutions and two poolings lead to 4 x 4. One convolution follows.",
        },
    )
    parameters = compare.number_as(
        832 + 51_264 + 73_856 + 5_130,
        hint="The values are right. Per layer: (25 or 9 weights x channels in + 1) x filters.",
        slips={
            832 + 51_264 + 73_856 + 11_530: "The dense layer has other inputs now: 'flatten'.",
            832 + 51_264 + 204_928 + 5_130: "The third convolution keeps its 3 x 3 kernels.",
            800 + 51_200 + 73_728 + 5_120: "Those are the weights. Filters and units have biases.",
            832 + 1_664 + 73_856 + 5_130: "The filters of conv_2 are as deep as their input: 32.",
        },
    )
    return compare.parts(
        answer,
        {"flatten": flatten, "parameters": parameters},
        reason="28, 24, 12, 8, 4, 2: then 2 x 2 x 128 = 512 values; "
        "832 + 51,264 + 73,856 + 5,130 = 131,082 parameters.",
    )


@exercise("first-loss")
def _first_loss(answer: Any) -> Verdict:
    return compare.number(
        answer,
        expected=math.log(10),
        reason="Every class gets 0.1, and -ln 0.1 = ln 10 = 2.303.",
        hint="Which probability does the right class get? The loss is -ln of it.",
        slips={
            0.1: "That is the probability. The loss is -ln of it.",
            -math.log(10): "A loss is not negative: mind the sign in -ln p.",
            1.0: "That is the logarithm to the base 10. Take the natural one, math.log.",
            math.log2(10): "That is the logarithm to the base 2. Take the natural one, math.log.",
            10
            * math.log(10): "The loss looks at the right class alone. Do not add up ten classes.",
        },
    )


@exercise("weight-updates")
def _weight_updates(answer: Any) -> Verdict:
    return compare.number(
        answer,
        expected=5 * math.ceil(60_000 / 64),
        reason="938 batches an epoch, the last one half full, times 5 epochs: 4,690.",
        hint="How many batches has one epoch, and how many epochs are there?",
        slips={
            938: "That is one epoch.",
            937: "That is one epoch, and without its last batch.",
            5 * 937: "The last batch of an epoch is half full, but it is used.",
            5 * 60_000 / 64: "There is no half step: the last batch of each epoch is half full.",
            300_000: "A weight moves once for each batch, not for each picture.",
        },
    )


@exercise("dense-rival")
def _dense_rival(answer: Any) -> Verdict:
    return compare.number(
        answer,
        expected=785 * 128 + 129 * 10,
        reason="785 x 128 + 129 x 10 = 100,480 + 1,290 = 101,770: about as many as the convnet.",
        hint="Two layers: 784 inputs to 128 units, and 128 inputs to 10 units.",
        slips={
            784 * 128 + 128 * 10: "These are the weights. Every unit has a bias, too.",
            785 * 128: "That is the hidden layer. The ten outputs have parameters, too.",
            784 * 128 + 1 + 128 * 10 + 1: "One bias for each unit, not one for each layer.",
            785 * 128
            + 785 * 10: "The outputs are connected with the 128 hidden units, not the pixels.",
        },
    )


@exercise("global-pooling")
def _global_pooling(answer: Any) -> Verdict:
    return compare.number(
        answer,
        expected=320 + 18_496 + 73_856 + 129 * 10,
        reason="The dense layer sees 128 values, not 1,152: 1,290 parameters in place of 11,530.",
        hint="The convolutions stay as they are. How many values reach the dense layer?",
        slips={
            104_202: "That is the network with flatten. One value is left of each 3 x 3 map.",
            320 + 18_496 + 73_856: "Those are the convolutions. The dense layer is still there.",
            320 + 18_496 + 73_856 + 1_280: "Every unit of the dense layer has a bias.",
            1_290: "That is the dense layer. Add the convolutions.",
        },
    )


@exercise("rows-seen")
def _rows_seen(answer: Any) -> Verdict:
    return compare.number(
        answer,
        expected=24,
        reason="5, 6, 14, 16, 24: each kernel adds (size - 1) x the distance of its inputs.",
        hint="Go from layer to layer: a kernel of k adds k - 1 times the distance of neighbours.",
        slips={
            18: "That is the network with 3 x 3 kernels only.",
            32: "The third kernel is 3 x 3: it adds two distances, not four.",
            14: "That is what the second convolution sees.",
            16: "That is what the second pooling sees. One convolution follows.",
            13: "After a pooling, neighbours are twice as far apart as before.",
            3: "That is the kernel itself. Its inputs have seen more than one pixel each.",
        },
    )


@exercise("shifted-seven")
def _shifted_seven(answer: Any) -> Verdict:
    # What the recorded network answers; a test asks it again.
    right = compare.number_as(
        8,
        hint="Begin with the example. After each pixel, read the answer below the ten bars.",
        slips={7: "After 7 pixels it is still a 7, if not quite so surely."},
    )
    up = compare.number_as(
        2,
        hint="Choose the example again before you shift it up.",
        slips={1: "After 1 pixel it is still a 7, if not quite so surely."},
    )
    return compare.parts(
        answer,
        {"right": right, "up": up},
        reason="8 pixels to the right, and only 2 up. Flatten remembers the place. The ink of "
        "training digits is centred, and the middle of this 7's ink stands higher to begin with.",
    )


@exercise("right-by-digit")
def _right_by_digit(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong(f"A function is asked for, and this is a {type(answer).__name__}.")
    matrix = np.random.default_rng(2).integers(1, 9, size=(10, 10)) + 40 * np.eye(10, dtype=int)
    given = answer(matrix.copy())
    if given is None:
        return wrong("The function gives nothing back. Is there a return?")
    diagonal = np.diag(matrix)
    return compare.array(
        given,
        expected=diagonal / matrix.sum(axis=1),
        reason="Right answers divided by how often the digit occurs: a share for each true digit.",
        hint="For each true digit: how many right answers, of how many pictures?",
        slips={
            "You divide by the sum of the column: how often the network gave that answer. "
            "The true digits are the rows.": diagonal / matrix.sum(axis=0),
            "These are counts. Divide each by the number of pictures of that digit.": diagonal,
            "You divide by all pictures. Only those of one digit count here.": diagonal
            / matrix.sum(),
        },
    )


@exercise("three-architectures")
def _three_architectures(answer: Any) -> Verdict:
    if not isinstance(answer, Mapping) or len(answer) != 3:
        return wrong("Give a dictionary with three entries: a name and a Keras model each.")
    for name, model in answer.items():
        fault = _fault(model)
        if fault:
            return wrong(f"{name!r}: {fault}")
    kinds = [[type(layer).__name__ for layer in model.layers] for model in answer.values()]
    kernels = [
        {tuple(layer.kernel_size) for layer in model.layers if type(layer).__name__ == "Conv2D"}
        for model in answer.values()
    ]
    depths = [names.count("Conv2D") for names in kinds]
    if len(set(depths)) == 1:
        return wrong(f"All three have {depths[0]} convolutions. Let them differ in depth.")
    if all(sizes == kernels[0] for sizes in kernels):
        return wrong("All three have the same kernel sizes. Let them differ.")
    for kind in ("Dropout", "BatchNormalization"):
        having = sum(kind in names for names in kinds)
        if having in (0, 3):
            which = "All of them have" if having else "None of them has"
            return wrong(
                f"{which} {kind}. With one that has it and one that has not, you can compare."
            )
    return right(
        f"Depths {depths}, with and without dropout and batch normalization: now train them."
    )


def _fault(model: Any) -> str:
    """Return what keeps `model` from being a convnet for the digits, or nothing."""
    if not all(hasattr(model, name) for name in ("layers", "input_shape", "output_shape")):
        return f"this is a {type(model).__name__}, not a built Keras model."
    if tuple(model.input_shape) != (None, 28, 28, 1):
        return f"its input has the shape {model.input_shape}; a digit is (28, 28, 1)."
    if tuple(model.output_shape) != (None, 10):
        return f"its output has the shape {model.output_shape}; ten probabilities are needed."
    if not any(type(layer).__name__ == "Conv2D" for layer in model.layers):
        return "there is no convolution in it."
    last = model.layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", None)
    if activation != "softmax" and type(last).__name__ != "Softmax":
        return "its last layer gives scores. Softmax makes probabilities of them."
    return ""
