"""Self-checks of chapter 7, which transfer when."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from cnn_course import cases
from cnn_course.checks import compare
from cnn_course.checks.exercises import exercise
from cnn_course.checks.verdicts import Verdict, right, wrong

_LAST: Final = "classifier on last features"
_EARLY: Final = "classifier on early features"
_TOP: Final = "fine-tune the top"
_ALL: Final = "fine-tune all"
_BEGINNING: Final = "weights as initialization"
_SCRATCH: Final = "from scratch"
_STRATEGIES: Final = (_LAST, _EARLY, _TOP, _ALL, _BEGINNING, _SCRATCH)


@exercise("which-strategy")
def _which_strategy(answer: Any) -> Verdict:
    expected = {
        "150 photographs": (_LAST, "few pictures, and are there dogs in the source?"),
        "150 recordings": (_EARLY, "few pictures, and does a spectrogram look like a photograph?"),
        "600 photographs": (_TOP, "they are neither few nor many."),
        "40,000 photographs": (_ALL, "there are many, and they are photographs of things."),
    }
    if not isinstance(answer, Mapping) or len(answer) != len(expected):
        return wrong("Give a dictionary with the four targets as keys.")
    for target, given in answer.items():
        start = " ".join(str(target).split(" ")[:2])
        if start not in expected:
            return wrong(f"There is no target {target!r}. Leave the keys as they are.")
        if given not in _STRATEGIES:
            return wrong(f"'{target}': {given!r} is no strategy. Write one as it stands there.")
        strategy, look_at = expected[start]
        if given != strategy:
            return wrong(f"'{target}': {look_at}")
    return right("How many pictures, and how similar to the source: that is all the rule asks.")


@exercise("weights-to-train")
def _weights_to_train(answer: Any) -> Verdict:
    head, early, block, base = (5 * 5 * 512 + 1) * 2, (5 * 5 * 256 + 1) * 2, 7_079_424, 14_714_688
    marks = {
        "last_features": compare.number_as(
            head,
            hint="Flatten gives 5 x 5 x 512 values. Each unit has a weight for each, and a bias.",
            slips={
                5 * 5 * 512 * 2: "Each of the two units has a bias, too.",
                5 * 5 * 512 + 1: "That is one unit. There are two classes.",
                (512 + 1) * 2: "The maps are flattened, not averaged over all places.",
            },
        ),
        "early_features": compare.number_as(
            early,
            hint="As before, with the channels of block 3.",
            slips={
                5 * 5 * 256 * 2: "Each of the two units has a bias, too.",
                (22 * 22 * 256 + 1) * 2: "They are averaged to 5 x 5 places before the head.",
            },
        ),
        "top": compare.number_as(
            block + head,
            hint="The last block, and the head on the last features.",
            slips={
                block: "The head goes on learning, too.",
                block + early: "The head stands on the last features, not on the early ones.",
            },
        ),
        "all": compare.number_as(
            base + head,
            hint="The base, and the head on the last features.",
            slips={
                base: "The head goes on learning, too.",
                base + block + head: "The last block is a part of the base.",
            },
        ),
    }
    return compare.parts(
        answer, marks, reason="25,602 weights or 14.7 million: pictures must determine all of them."
    )


@exercise("grey-for-a-base")
def _grey_for_a_base(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong("Give the function itself, without brackets behind its name.")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 28, 28)).astype("uint8")
    before = pictures.copy()
    given = answer(pictures)
    if given is None:
        return wrong("The function returns nothing. Write return before the result.")
    if not np.array_equal(pictures, before):
        return wrong("The array that was handed in is changed. Return a new one.")
    rows, columns = np.repeat(before, 2, axis=1), np.repeat(before, 2, axis=2)
    if np.shape(given) == rows.shape or np.shape(given) == columns.shape:
        return wrong("Only one of the two sides has grown. Rows and columns are doubled.")
    larger = np.repeat(rows, 2, axis=2)
    tiled = np.tile(before, (1, 2, 2))
    return compare.array(
        given,
        np.stack([larger] * 3, axis=-1).astype(int),
        reason="Nothing is new in it, but now it has the shape that a base expects.",
        hint="Every pixel becomes a square of 2 x 2 equal ones, in each of three channels.",
        slips={
            "The whole picture is repeated. It is the pixels that become larger.": np.stack(
                [tiled] * 3, axis=-1
            ),
            "Only one channel has the picture. Red, green and blue are equal in grey.": np.stack(
                [larger, 0 * larger, 0 * larger], axis=-1
            ),
        },
    )


@exercise("begin-and-train")
def _begin_and_train(answer: Any) -> Verdict:
    expected = {
        _LAST: (("trained", "none"), "what does its training change in the base?"),
        _EARLY: (("trained", "none"), "its features come from the base, which stands still."),
        _TOP: (("trained", "last"), "the classifier first, and then which layers of the base?"),
        _ALL: (("trained", "all"), "small steps, but for every layer."),
        _BEGINNING: (("trained", "all"), "initialization says where it begins. What stops it?"),
        _SCRATCH: (("random", "all"), "nothing was trained before."),
    }
    if not isinstance(answer, Mapping) or set(answer) != set(expected):
        return wrong("Give a dictionary with the six strategies as keys.")
    for strategy, (pair, look_at) in expected.items():
        given = answer[strategy]
        if not isinstance(given, tuple | list) or len(given) != 2:
            return wrong(f'"{strategy}": answer with a pair, such as ("random", "last").')
        if given[0] not in ("trained", "random") or given[1] not in ("none", "last", "all"):
            return wrong(f'"{strategy}": {tuple(given)} has a word that is not asked for.')
        if tuple(given) != pair:
            return wrong(f'"{strategy}": {look_at}')
    return right("Where one begins and what one trains: six strategies are two choices.")


@exercise("clearly-better")
def _clearly_better(answer: Any) -> Verdict:
    if not callable(answer):
        return wrong("Give the function itself, without brackets behind its name.")
    tries = (
        ([0.90, 0.88, 0.91], [0.80, 0.85, 0.83], True, "each seed says so, by 0.07 on average"),
        ([0.95, 0.80, 0.95], [0.80, 0.81, 0.80], False, "the second seed says the opposite"),
        ([0.91, 0.90, 0.92], [0.90, 0.89, 0.91], False, "0.01 on average is too little"),
        ([0.70, 0.71, 0.72], [0.80, 0.81, 0.82], False, "the first strategy is the worse one"),
        ([0.92, 0.83], [0.83, 0.82], True, "the average counts, and not the smallest gain"),
        ([0.90, 0.80, 0.70], [0.70, 0.80, 0.60], False, "a draw is not better"),
        ([0.80, 0.70], [0.69, 0.75], False, "seeds are compared in pairs, and one is worse"),
    )
    for one, other, expected, reason in tries:
        given = answer(list(one), list(other))
        if given is None:
            return wrong("The function returns nothing. Write return before the result.")
        if not isinstance(given, bool | np.bool_):
            return wrong(f"It returns a {type(given).__name__}. True or False is asked for.")
        if bool(given) is not expected:
            return wrong(f"For {one} and {other} it returns {bool(given)}, but {reason}.")
    return right("Two conditions: every seed agrees, and the difference is worth having.")


@exercise("seconds")
def _seconds(answer: Any) -> Verdict:
    forwards, head, everything = 400 * 0.001, 400 * 50 * 0.00005, 400 * 50 * 0.004
    marks = {
        "classifier": compare.number_as(
            forwards + head,
            hint="Each picture goes through the base once, and through the head in every pass.",
            slips={
                head: "And the features? They are computed, too, once.",
                50 * forwards + head: "That sends every picture through the base in every pass.",
                1000 * (forwards + head): "Those are milliseconds.",
            },
        ),
        "fine_tune_all": compare.number_as(
            forwards + head + everything,
            hint="First the classifier, then all pictures in all passes with everything.",
            slips={
                everything: "It begins with the classifier, which takes its time, too.",
                1000 * (forwards + head + everything): "Those are milliseconds.",
            },
        ),
    }
    return compare.parts(
        answer, marks, reason="1.4 seconds against 81.4. Whoever has only few tries, tries cheaply."
    )


@exercise("against-the-rule")
def _against_the_rule(answer: Any) -> Verdict:
    if not isinstance(answer, Mapping) or set(answer) != set(cases.SIMILARITIES):
        return wrong("Give a dictionary with the three similarities as keys.")
    for similarity in cases.SIMILARITIES:
        pictures = answer[similarity]
        number = isinstance(pictures, int | float | np.number) and not isinstance(pictures, bool)
        if not number or not float(pictures).is_integer() or pictures < 1:
            return wrong(f"'{similarity}': {pictures!r} is no number of pictures.")
        advice = cases.advise(pictures=int(pictures), similarity=similarity)
        if advice.agrees:
            return wrong(
                f"'{similarity}', pictures: {int(pictures):,}. No other strategy was clearly "
                "better there. Move your case to the left or to the right, into another region."
            )
    return right(
        "Each row has regions where the measurement allows the rule, and others where not."
    )
