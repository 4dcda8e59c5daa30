"""Self-checks of chapter 6, fine-tuning."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnn_course.checks import compare
from cnn_course.checks.exercises import exercise
from cnn_course.checks.verdicts import Verdict, right, wrong

Mark = Callable[[Any], Verdict]

# The layers of VGG16's base that have a name of their own, from the first to the last.
VGG16_LAYERS = [
    f"block{block}_{layer}"
    for block, convolutions in enumerate((2, 2, 3, 3, 3), start=1)
    for layer in [*(f"conv{number + 1}" for number in range(convolutions)), "pool"]
]


@exercise("five-steps")
def _five_steps(answer: Any) -> Verdict:
    if not isinstance(answer, str | list | tuple):
        return wrong(f"Give a list of five letters. This is a {type(answer).__name__}.")
    given = "".join(map(str, answer)).upper()
    steps = [sign for sign in given if sign.isalnum()]
    if sorted(steps) != list("ABCDE"):
        return wrong("Each of the letters A, B, C, D and E is needed, and each once.")
    rules = {
        ("C", "A"): "What would A train, before C?",
        ("C", "D"): "D trains the classifier, too. Is there one by then?",
        ("B", "D"): "When D comes, have the last layers been unfrozen?",
        ("E", "B"): "E freezes all of the base, also what B has unfrozen before.",
        ("A", "B"): "When B comes, the classifier is still random. What would it do to the base?",
        ("E", "A"): "While A trains the classifier, does the base stand still?",
    }
    for (earlier, later), question in rules.items():
        if steps.index(earlier) > steps.index(later):
            return wrong(question)
    if steps[0] == "E":
        return right("You froze first, which is as good: what counts is that it is before A.")
    return right("First the classifier learns on a base that stands still; then both move.")


@exercise("two-blocks")
def _two_blocks(answer: Any) -> Verdict:
    first, other = (9 * 256 + 1) * 512, (9 * 512 + 1) * 512
    total = first + 5 * other
    parameters = compare.number_as(
        total,
        hint="For each of the six: (9 x channels in + 1) x filters. Then add up.",
        slips={
            6 * other: "The first of the six convolutions sees fewer channels.",
            6 * first: "Only the first of the six sees 256 channels. What do the others see?",
            3 * first
            + 3 * other: "Within block 4, the second convolution sees what the first made.",
            total - 6 * 512: "Those are the weights. Every filter has a bias, too.",
            total - 6 * 512 + 6: "One bias for each filter, not one for each convolution.",
            6 * (9 + 1) * 512: "A filter is as deep as its input: it has nine weights a channel.",
            3 * other: "That is block 5. Block 4 moves, too.",
            first + 2 * other: "That is block 4. Block 5 comes after it, and moves, too.",
            14_714_688: "That is the whole base. The first three blocks stand still.",
            14_714_688 - total: "That is what stands still.",
        },
    )
    tensors = compare.number_as(
        12,
        hint="How many layers have weights, and how many tensors has each?",
        slips={
            6: "Those are the convolutions. Each has a kernel and a bias.",
            8: "Those are the layers. Pooling has no weights, and a convolution has two tensors.",
            16: "Pooling has no weights.",
            26: "That is the whole base.",
            14: "That is what stands still.",
            10: "The base alone is asked for, and six of its convolutions.",
        },
    )
    return compare.parts(
        answer,
        {"parameters": parameters, "tensors": tensors},
        reason="1,180,160 in block4_conv1 and five times 2,359,808: 12,979,200, in 6 x 2 tensors.",
    )


@exercise("where-to-cut")
def _where_to_cut(answer: Any) -> Verdict:
    shape = compare.maps_as(
        (22, 22, 256),
        hint="The layer is right. How often has 180 been halved there, and how many maps are made?",
        slips={
            "A pooling rounds down: the row that is left over is dropped.": (23, 23, 256),
            "There is no half of a row. Pooling drops it.": (22.5, 22.5, 256),
            "That is before the pooling that you cut behind.": (45, 45, 256),
            "Block 4 has 512 filters, and it stands behind the cut.": (22, 22, 512),
            "That is what comes out of block 4, and it stands behind the cut.": (11, 11, 512),
            "That is what comes out of the whole base.": (5, 5, 512),
            "The third block has more filters than the second.": (22, 22, 128),
            "The channels come last in Keras.": (256, 22, 22),
        },
    )
    return compare.parts(
        answer,
        {"layer": _cut, "shape": shape},
        reason="All up to block3_pool stands still, and is computed once: 180, 90, 45, 22.",
    )


def _cut(answer: Any) -> Verdict:
    """Mark the name of the last layer that stands still."""
    if not isinstance(answer, str):
        return wrong(f"The name of a layer is asked for, and this is a {type(answer).__name__}.")
    name = answer.strip().lower()
    if name not in VGG16_LAYERS:
        return wrong(
            f"No layer is called {answer!r}. Names look like block1_conv2 and block1_pool."
        )
    place, moves = VGG16_LAYERS.index(name), VGG16_LAYERS.index("block4_conv1")
    if place == moves:
        return wrong("That is the first layer that moves. The cut is before it.")
    if place > moves:
        return wrong("What moves would be before the cut. What is stored there would soon be old.")
    if place < moves - 1:
        return wrong("What comes next stands still, too. Compute it once as well.")
    return right("It is the last layer that stands still.")


@exercise("size-of-a-step")
def _size_of_a_step(answer: Any) -> Verdict:
    wrong_way = "Divide the size of the weight by what one step moves it, not the other way round."
    hint = "How often does what one step moves it go into its size?"
    large = compare.number_as(
        0.01 / 1e-3,
        hint,
        {
            1_000.0: "1,000 steps of 0.001 would move it by 1. How large is it?",
            0.1: wrong_way,
            1e-5: "You multiplied. How often does one step go into the size?",
        },
    )
    small = compare.number_as(
        0.01 / 1e-5,
        hint,
        {
            10.0: "10 steps of 0.00001 would move it by 0.0001. How large is it?",
            100_000.0: "100,000 steps of 0.00001 would move it by 1. How large is it?",
            100.0: "100 steps of 0.00001 would move it by 0.001. How large is it?",
            1e-3: wrong_way,
        },
    )
    return compare.parts(
        answer,
        {"1e-3": large, "1e-5": small},
        reason="10 steps of 0.001, or 1,000 of 0.00001: a small part of an epoch, or many epochs.",
    )


@exercise("accuracy-and-loss")
def _accuracy_and_loss(answer: Any) -> Verdict:
    before, after = (0.45, 0.45, 0.6, 0.6), (0.55, 0.55, 0.55, 0.01)
    return compare.parts(
        answer,
        {
            "accuracy_before": _accuracy_of(before, "That is the accuracy after.", after),
            "accuracy_after": _accuracy_of(after, "That is the accuracy before.", before),
            "loss_before": _loss_of(before, "That is the loss after.", after),
            "loss_after": _loss_of(after, "That is the loss before.", before),
        },
        reason="0.5 and 0.75; 0.65 and 1.60. Two answers became right, and one, which is now sure "
        "and wrong, costs more than the others together.",
    )


def _share_right(right_class: Sequence[float]) -> float:
    return sum(p > 0.5 for p in right_class) / len(right_class)


def _mean_loss(right_class: Sequence[float]) -> float:
    return sum(-math.log(p) for p in right_class) / len(right_class)


def _accuracy_of(right_class: Sequence[float], exchanged: str, others: Sequence[float]) -> Mark:
    """Return how to mark the share of right answers, from what the right classes got."""
    share, count = _share_right(right_class), len(right_class)
    return compare.number_as(
        share,
        hint="Of how many of the four is the probability above 0.5?",
        slips={
            _share_right(others): exchanged,
            share * count: "Those are the right answers. Which share of four is it?",
            share * 100: "Give a share between 0 and 1, not a percentage.",
            1 - share: "That is the share of wrong answers.",
            sum(right_class) / count: "That is the mean probability. Count right answers.",
        },
    )


def _loss_of(right_class: Sequence[float], exchanged: str, others: Sequence[float]) -> Mark:
    """Return how to mark the mean loss, from what the right classes got."""
    loss, count = _mean_loss(right_class), len(right_class)
    return compare.number_as(
        loss,
        hint="-ln of each of the four probabilities, then the mean.",
        slips={
            _mean_loss(others): exchanged,
            loss * count: "That is the sum. The loss is the mean.",
            -loss: "A loss is not negative: mind the sign in -ln p.",
            loss / math.log(10): "Take the natural logarithm, math.log.",
            loss / math.log(2): "Take the natural logarithm, math.log.",
            -math.log(sum(right_class) / count): "First the logarithm of each, then the mean.",
            _mean_loss([1 - p for p in right_class]): "The probabilities are of the right class "
            "already. Take -ln of them as they are.",
            sum(right_class) / count: "That is the mean probability. The loss is -ln of each.",
        },
    )


@exercise("moving-mean")
def _moving_mean(answer: Any) -> Verdict:
    one = 0.01 * 10
    after_one = _exactly(
        one,
        hint="Which part of the old mean stays, and which part of the batch's is added?",
        slips={
            0.99 * 10: "You exchanged the two parts: momentum belongs to the old mean.",
            10.0: "That is the mean of the batch. Only a part of it is added.",
            0.01: "That is the part. Of what?",
            0.0: "That is the old mean. A part of the batch's is added.",
            0.99: "The old mean is 0, and momentum belongs to it.",
        },
    )
    after_two = _exactly(
        0.99 * one + 0.01 * 10,
        hint="Do the same again. What is the old mean now?",
        slips={
            one: "That is one step, or what is left of it. The second batch adds its part.",
            0.01 * (0.99 * 10) + 0.99 * 10: "Momentum belongs to the old mean.",
            10.0: "That is the mean of the batch. Only a part of it is added.",
            one + 10: "Only a part of the batch's mean is added.",
            0.99: "Do the same again. What is the old mean now?",
        },
    )
    return compare.parts(
        answer,
        {"after_one": after_one, "after_two": after_two},
        reason="0.01 x 10 = 0.1, and 0.99 x 0.1 + 0.01 x 10 = 0.199. No gradient is asked: a small "
        "learning rate does not slow this down, and after 100 batches 63 of 100 parts are new.",
    )


def _exactly(expected: float, hint: str, slips: Mapping[float, str]) -> Mark:
    """Return how to mark a number with three digits behind the point, where the third counts."""
    roughly = compare.number_as(expected, hint, slips)

    def mark(answer: Any) -> Verdict:
        verdict = roughly(answer)
        if verdict and abs(float(answer) - expected) > 5e-4:
            return wrong("It is near. Give three digits: the old mean loses a part in each step.")
        return verdict

    return mark
