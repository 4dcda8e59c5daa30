"""Self-checks of chapter 3, dogs vs. cats from scratch."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_course.checks import compare
from cnn_course.checks.exercises import exercise
from cnn_course.checks.verdicts import Verdict, right, wrong


@exercise("memory")
def _memory(answer: Any) -> Verdict:
    values = 2_000 * 180 * 180 * 3

    def megabytes(of_each: int) -> Callable[[Any], Verdict]:
        size = of_each * values
        return compare.number_as(
            size / 1e6,
            hint="Pictures x rows x columns x channels is the number of values.",
            slips={
                size / 3e6: "A colour picture has three channels.",
                float(size): "Those are bytes. A megabyte has 1,000,000 of them.",
                size / 2**20: "Here a megabyte has 1,000,000 bytes, not 2 to the power of 20.",
                size / 2_000 / 1e6: "That is one picture. There are 2,000.",
                (5 - of_each) * values / 1e6: "A byte takes 1, a floating-point number 4.",
            },
        )

    return compare.parts(
        answer,
        {"bytes": megabytes(1), "floats": megabytes(4)},
        reason="194.4 MB as bytes, 777.6 MB as floating-point numbers: so the cache keeps bytes.",
    )


@exercise("looks-whole")
def _looks_whole(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong("Give the function itself, without brackets behind its name.")
    start, end = b"\xff\xd8\xff", b"\xff\xd9"
    cases = {
        start + b"\xe0 and so on " + end: (True, "a whole JPEG is refused"),
        start + b"\xdb other" + end: (True, "the fourth byte of a JPEG may be another one"),
        start + b"\xe0 and so": (False, "a file that was cut off is accepted: look at its end"),
        b"<html>page</html>" + end: (False, "a web page is accepted: look at its beginning"),
        b"": (False, "an empty file is accepted"),
        b"page " + start + end + b" page": (
            False,
            "the bytes are looked for anywhere, and not at the beginning and the end",
        ),
    }
    for content, (expected, problem) in cases.items():
        given = answer(content)
        if given is None:
            return wrong("The function returns nothing. Write return before the result.")
        if bool(given) is not expected:
            return wrong(f"On one content, {problem}.")
    return right(
        "Both ends are looked at. A file may still be damaged in the middle: decode to be sure."
    )


@exercise("older-network")
def _older_network(answer: Any) -> Verdict:
    flatten = compare.number_as(
        6_272,
        hint="Follow the sizes: each kernel costs two rows, each pooling halves.",
        slips={
            15 * 15 * 128: "The fourth convolution is followed by a pooling, too.",
            8 * 8 * 128: "A pooling rounds down: what is left over at the border is not used.",
            9 * 9 * 128: "The kernels cost two rows each: nothing is padded.",
            7 * 7 * 256: "The last convolution has 128 filters here.",
            7 * 7: "That is one map. The last convolution makes 128.",
        },
    )
    convolutions = 896 + 18_496 + 73_856 + 147_584
    parameters = compare.number_as(
        convolutions + 6_273 * 512 + 513,
        hint="The values are right. Per layer: (inputs of one filter or unit + 1) x how many.",
        slips={
            convolutions: "Those are the convolutions. Two dense layers follow.",
            convolutions + 6_273: "There are two dense layers: 512 units, then 1.",
            convolutions + 6_273 * 512: "Is the last unit there, with 512 weights and a bias? And "
            "the biases of both dense layers?",
            convolutions + 6_273 * 512 + 513 - 576: "conv_1 sees three channels: 3 x 3 x 3 + 1.",
        },
    )
    return compare.parts(
        answer,
        {"flatten": flatten, "parameters": parameters},
        reason="240,832 in the convolutions, 3,211,776 in the first dense layer, 513 in the last: "
        "one layer holds 93 of 100 parameters.",
    )


@exercise("batch-loss")
def _batch_loss(answer: Any) -> Verdict:
    right_class = [0.9, 0.8, 0.4, 0.5]
    dogs = [0.9, 0.2, 0.6, 0.5]
    losses = [-math.log(p) for p in right_class]
    return compare.number(
        answer,
        expected=sum(losses) / 4,
        reason="0.105, 0.223, 0.916 and 0.693: the answer 0.6 for a cat costs most.",
        hint="Which probability did the right class of each picture get? Then -ln, then the mean.",
        slips={
            sum(losses): "That is the sum. The loss of a batch is the mean.",
            sum(-math.log(p) for p in dogs)
            / 4: "A cat's right class has the probability 1 - p, if p is the dog's.",
            -sum(losses) / 4: "A loss is not negative: mind the sign in -ln p.",
            sum(losses) / 4 / math.log(10): "Take the natural logarithm, math.log.",
            -math.log(sum(right_class) / 4): "Take the logarithm of each first, then the mean.",
            sum(right_class) / 4: "That is the mean probability. The loss is -ln of each.",
        },
    )


@exercise("kept-epoch")
def _kept_epoch(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong("Give the function itself, without brackets behind its name.")
    cases = {
        (0.7, 0.5, 0.6, 0.9): (2, "the lowest loss is the second of four"),
        (0.7, 0.6, 0.5): (3, "the loss falls to the end"),
        (0.4,): (1, "there is one epoch"),
        (0.7, 0.5, 0.6, 0.5): (2, "the lowest loss occurs twice: the first of them is kept"),
    }
    for losses, (expected, story) in cases.items():
        given = answer(list(losses))
        if given is None:
            return wrong("The function returns nothing. Write return before the result.")
        if np.isscalar(given) and np.isclose(float(given), expected):  # type: ignore[arg-type]
            continue
        off_by_one = np.isscalar(given) and np.isclose(float(given), expected - 1)  # type: ignore[arg-type]
        look = " Python counts from 0, epochs are counted from 1." if off_by_one else ""
        return wrong(f"For {list(losses)} it returns {given!r}: {story}.{look}")
    return right("The file is written whenever the loss is lower than ever before, and only then.")


@exercise("place-evidence")
def _place_evidence(answer: Any) -> Verdict:
    maps = np.array([[[1.0, 0.0], [0.0, 2.0]], [[3.0, 1.0], [0.0, 0.0]]])
    weights = np.array([1.0, -1.0, 0.5, -0.5, 1.0, 1.0, 4.0, -4.0])
    channels_first = weights.reshape(2, 2, 2).transpose(1, 2, 0)
    return compare.array(
        answer,
        expected=(maps * weights.reshape(2, 2, 2)).sum(axis=-1),
        reason="The third place speaks loudest. The last one has the largest weights and is silent,"
        " because nothing was found there.",
        hint="Give the weights the shape of the maps, multiply, and add up over the channels.",
        slips={
            "The weights stand in another order: Flatten goes through the channels of the first "
            "place, then of the second.": (maps * channels_first).sum(axis=-1),
            "Those are the maps. Multiply by the weights before you add up.": maps.sum(axis=-1),
            "Those are the weights. Multiply by the maps before you add up.": weights.reshape(
                2, 2, 2
            ).sum(axis=-1),
        },
    )
