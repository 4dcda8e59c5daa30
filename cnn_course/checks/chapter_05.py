"""Self-checks of chapter 5, feature extraction with VGG16."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnn_course.checks import compare
from cnn_course.checks.exercises import exercise
from cnn_course.checks.verdicts import Verdict, wrong

Mark = Callable[[Any], Verdict]

MEAN_OF_BLUE_GREEN_RED = np.array([103.939, 116.779, 123.68])  # of ImageNet, for VGG16


@exercise("vgg16-at-150")
def _vgg16_at_150(answer: Any) -> Verdict:
    shape = compare.maps_as(
        (4, 4, 512),
        hint="Halve 150 once for each block. How many filters has the last convolution?",
        slips={
            "Pooling drops a row that is left over: round down. (5 x 5 is what 180 leaves.)": (
                (5, 5, 512)
            ),
            "There are no parts of a place. Round down after each pooling.": (
                (150 / 32, 150 / 32, 512)
            ),
            "There are five poolings, one after each block.": (9, 9, 512),
            "That belongs to pictures of 224 x 224 pixels.": (7, 7, 512),
            "The channels come last in Keras.": (512, 4, 4),
            "Three channels go in. How many maps does the last convolution make?": (4, 4, 3),
            "That is one map. How many does the last convolution make?": (4, 4, 1),
        },
    )
    flattened = compare.number_as(
        4 * 4 * 512,
        hint="Flatten writes every place of every map into one row.",
        slips={
            4 * 4: "Those are the places of one map. Every channel has a map.",
            512: "That is one number for each map. Flatten keeps all its places.",
            5 * 5 * 512: "That is what 180 x 180 leaves. Take your shape.",
            (150 / 32) ** 2 * 512: "There are no parts of a place. Take your shape.",
            4 * 4 * 3: "Three channels go in. How many come out?",
            4 * 512: "Maps have rows and columns.",
        },
    )
    return compare.parts(
        answer,
        {"shape": shape, "flattened": flattened},
        reason="150, 75, 37, 18, 9, 4: three times a row was left over; 4 x 4 x 512 = 8,192.",
    )


@exercise("new-classifier")
def _new_classifier(answer: Any) -> Verdict:
    first, last = (5 * 5 * 512 + 1) * 256, 256 + 1
    dense_256 = compare.number_as(
        first,
        hint="How many numbers does Flatten hand on? (inputs + 1) x units.",
        slips={
            first - 256: "Those are the weights. Every unit has a bias, too.",
            first - 255: "One bias for each unit, not one for the layer.",
            (5 * 5 + 1) * 256: "Each of the 25 places has 512 channels.",
            (512 + 1) * 256: "Each of the 512 maps has 25 places.",
            (4 * 4 * 512 + 1) * 256: "That is for pictures of 150 x 150 pixels.",
            (7 * 7 * 512 + 1) * 256: "That is for pictures of 224 x 224 pixels.",
            first + last: "Those are both layers together. Give them one by one.",
            5 * 5 * 512: "Those are the inputs. Every unit has a weight for each.",
        },
    )
    dense_1 = compare.number_as(
        last,
        hint="What are its inputs? (inputs + 1) x units.",
        slips={
            256: "Those are the weights. The unit has a bias, too.",
            5 * 5 * 512 + 1: "Its inputs are the units of the layer before, not the features.",
            5 * 5 * 512: "Its inputs are the units of the layer before, not the features.",
            2 * last: "One unit answers for both classes.",
            2: "How many units does its only unit listen to?",
        },
    )
    return compare.parts(
        answer,
        {"dense_256": dense_256, "dense_1": dense_1},
        reason="12,800 weights and a bias for each of 256 units: 3,277,056. Then 256 + 1 = 257.",
    )


@exercise("feature-room")
def _feature_room(answer: Any) -> Verdict:
    values = 2_000 * 5 * 5 * 512

    def megabytes(copies: int, slips: Mapping[float, str]) -> Mark:
        size = copies * values * 2
        return compare.number_as(
            size / 1e6,
            hint="Pictures x features of each x bytes of each, in millions.",
            slips={
                2 * size / 1e6: "Each number is stored with 2 bytes here, not with 4.",
                size / 2e6: "Those are millions of numbers. Each takes 2 bytes.",
                float(size): "Those are bytes. A megabyte has 1,000,000 of them.",
                size / 1e3: "Those are thousands of bytes. A megabyte has 1,000,000.",
                size / 2**20: "Here a megabyte has 1,000,000 bytes, not 2 to the power of 20.",
                size / 2_000 / 1e6: "That is one picture. There are 2,000.",
                size / 512 / 1e6: "Each of the 25 places has 512 channels.",
                size / 25 / 1e6: "Each of the 512 maps has 25 places.",
                **slips,
            },
        )

    one = values * 2 / 1e6
    return compare.parts(
        answer,
        {
            "one_copy": megabytes(1, {5 * one: "That is with five copies."}),
            "five_copies": megabytes(
                5,
                {
                    one: "That is one copy of each picture.",
                    6 * one: "Five copies are five rows a picture. The picture itself is not kept.",
                },
            ),
        },
        reason="2,000 x 12,800 x 2 bytes are 51.2 MB, and five times as much is 256 MB.",
    )


@exercise("prepare-for-vgg16")
def _prepare_for_vgg16(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong("Give the function itself, without brackets behind its name.")
    pictures = np.random.default_rng(5).integers(0, 256, size=(2, 4, 5, 3)).astype(float)
    before = pictures.copy()
    given = answer(pictures)
    if given is None:
        return wrong("The function returns nothing. Write return before the result.")
    if not np.array_equal(pictures, before):
        return wrong(
            "The array that was handed in is changed. Return a new one: whoever calls the function "
            "twice prepares twice. (-= changes an array, and a turned view of it as well.)"
        )
    return _prepared(given, before)


def _prepared(given: Any, pictures: np.ndarray) -> Verdict:
    """Mark what was made of `pictures`."""
    backwards, mean = pictures[..., ::-1], MEAN_OF_BLUE_GREEN_RED
    axis = "The channels are the last axis."
    return compare.array(
        given,
        expected=backwards - mean,
        reason="Blue, green, red, and each loses its own mean. The array handed in is as it was.",
        hint="Which axis holds the channels, in which order, and which mean is whose?",
        slips={
            "The channels are still red, green, blue: the mean of blue is subtracted from red.": (
                pictures - mean
            ),
            "Each channel loses its own mean. But VGG16 wants blue first.": pictures - mean[::-1],
            "The order of the channels is right. But the mean of red is subtracted from blue.": (
                backwards - mean[::-1]
            ),
            "The order of the channels is right. The means are still to be subtracted.": backwards,
            "These are the pictures as they were handed in.": pictures,
            "The means are to be subtracted, not added.": backwards + mean,
            "Nothing is divided for VGG16.": (backwards - mean) / 255,
            "That is how MobileNet wants it: from -1 to 1.": pictures / 127.5 - 1,
            "These are values from 0 to 1. VGG16 wants another preparation.": pictures / 255,
            f"This turns columns around, not channels. {axis}": pictures[:, :, ::-1] - mean,
            f"This turns rows around, not channels. {axis}": pictures[:, ::-1] - mean,
            f"This turns the order of the pictures around. {axis}": pictures[::-1] - mean,
        },
    )


@exercise("count-tensors")
def _count_tensors(answer: Any) -> Verdict:
    every = compare.number_as(
        2 * (16 + 3),
        hint="How many layers have weights, and how many tensors has each?",
        slips={
            16 + 3: "Those are the layers with weights. Each has a kernel and a bias.",
            2 * 16: "That is the base alone, or VGG16 with three dense layers.",
            2 * 16 + 3: "Dense layers have biases, too.",
            2 * (16 + 2): "Here are three dense layers.",
            2 * (13 + 2): "That is the model with VGG16 above.",
        },
    )
    base_frozen = compare.number_as(
        2 * 3,
        hint="Which layers still train, and how many tensors has each?",
        slips={
            3: "Those are the layers that train. Each has a kernel and a bias.",
            0: "The base is frozen. The dense layers are not part of it.",
            2 * 2: "That is with two dense layers. Here are three.",
            2 * 16: "Those are the tensors of the base, which are frozen. How many are left?",
            2 * (16 + 3): "Those are all. A frozen layer has no trainable tensor.",
        },
    )
    two_unfrozen = compare.number_as(
        2 * (3 + 2),
        hint="To those that train with a frozen base, the two convolutions are added.",
        slips={
            2 * 3 + 2: "Convolutions have biases, too, and there are three dense layers.",
            2 * 2: "Those are the convolutions. The dense layers train as well.",
            3 + 2: "Those are the layers that train. Each has a kernel and a bias.",
            2 * 3: "That is with the whole base frozen.",
            2 * (14 + 3): "You froze the last two. The other fourteen are to stand still.",
        },
    )
    return compare.parts(
        answer,
        {"all": every, "base_frozen": base_frozen, "two_unfrozen": two_unfrozen},
        reason="A kernel and a bias for each layer that trains: 19, then 3, then 5 layers.",
    )


@exercise("cost-of-the-base")
def _cost_of_the_base(answer: Any) -> Verdict:
    epochs_count = "That is once for every epoch. How often does a stored picture pass the base?"
    inside = _minutes(
        50,
        slips={
            1: "That is one epoch.",
            5: "The copies come below. Here, how often does a picture pass the base?",
        },
    )
    stored = _minutes(
        1,
        slips={
            50: epochs_count,
            1 / 50: "The base works before the first epoch. How many there are does not matter.",
            0: "The epochs cost nothing. Storing does, once.",
        },
    )
    five_copies = _minutes(
        5,
        slips={
            1: "That is one copy. For the base, every copy is a picture of its own.",
            250: epochs_count,
            50: epochs_count,
            6: "Five copies are five pictures. The one as it is is not stored.",
            1 / 5: "More copies take more time.",
        },
    )
    return compare.parts(
        answer,
        {"inside": inside, "stored": stored, "five_copies": five_copies},
        reason="2.4 minutes for each pass over the pictures: 50 passes, 1 pass, 5 passes.",
    )


def _minutes(passes: int, slips: Mapping[float, str]) -> Mark:
    """Return how to mark the minutes that so many passes take; `slips` are other passes."""
    one_pass = 2_000 * 0.072 / 60
    return compare.number_as(
        passes * one_pass,
        hint="How often does a picture pass the base? Times pictures, times seconds, by 60.",
        slips={
            passes * one_pass * 60: "Those are seconds. A minute has 60 of them.",
            passes * one_pass / 60: "Those are hours. Minutes are asked for.",
            **{other * one_pass: look_at for other, look_at in slips.items()},
        },
    )
