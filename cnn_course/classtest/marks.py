"""Marks one person's answers: in parts, forward from their own numbers, with mistakes named."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from operator import eq
from typing import Any, Final

import numpy as np

from cnn_course.arguments import is_huge, shown
from cnn_course.classtest.questions import (
    ACTIVATIONS,
    HINTS,
    LEFT_OUT,
    NO_CHANNELS,
    RECTIFIERS,
    Expected,
    Network,
    Question,
    expected,
)
from cnn_course.tables import html_table
from cnn_course.written import UnreadableError, number_in, sizes_in, visible

Given = int | str | tuple[int | str, ...]  # a number, a word, sizes, OPEN or UNREADABLE
OPEN: Final = "open"
UNREADABLE: Final = "unreadable"
_OUTCOMES: Final[dict[str, str]] = {
    "right": "right",
    "follows": "right, from your own numbers",
    "partly": "partly right",
    "wrong": "wrong",
    OPEN: "not answered",
    UNREADABLE: "cannot be read",
}
#: Other words for an activation -> the one that Keras uses.
_ALIASES: Final = {
    "rectified linear unit": "relu",
    "rectified linear": "relu",
    "rectifier": "relu",
    "leakyrelu": "leaky relu",
    "swish": "silu",
    "logistic": "sigmoid",
    "none": "linear",
    "no": "linear",
    "identity": "linear",
    "hyperbolic tangent": "tanh",
    "soft max": "softmax",
    "hard swish": "hard silu",
}
_LARGEST = 10**15  # beyond it nothing is counted on, and nothing has to be
_LONGEST = 200  # characters of a word
_MOST_ANSWERS = 100_000  # that are looked at
_MOST = 20  # names that are listed


@dataclass(frozen=True)
class Mark:
    """One marked answer.

    Attributes:
        question: what was asked.
        outcome: `"right"`; `"follows"` (wrong, but rightly computed from the person's own earlier
            numbers: full points); `"partly"`; `"wrong"`; `"open"`; `"unreadable"`.
        points: how many it is worth, out of `question.points`.
        slips: names of the common mistakes that give just this answer.
    """

    question: Question
    outcome: str
    points: int
    slips: tuple[str, ...] = ()

    @property
    def hints(self) -> tuple[str, ...]:
        """What to look at, one text for each mistake."""
        return tuple(HINTS[name] for name in self.slips)

    def __str__(self) -> str:
        return " ".join([_OUTCOMES[self.outcome] + ("." if self.slips else ""), *self.hints])


@dataclass(frozen=True)
class Marking:
    """All marked answers of one person. Printing it gives text, a notebook shows a table.

    Attributes:
        marks: one for each question.
        unknown: keys among the answers that no question has.
    """

    marks: tuple[Mark, ...]
    unknown: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """The points of all answers."""
        return sum(mark.points for mark in self.marks)

    @property
    def possible(self) -> int:
        """The points that the test is worth."""
        return sum(mark.question.points for mark in self.marks)

    @property
    def slips(self) -> Counter[str]:
        """Name of a common mistake -> how often it was made."""
        return Counter(name for mark in self.marks for name in mark.slips)

    def summary(self) -> str:
        """Return the sentence above the table."""
        text = f"{self.points} of {self.possible} points."
        if self.unknown:
            more = f" and {len(self.unknown) - _MOST:,} more" if self.unknown[_MOST:] else ""
            text += f" There is no question: {', '.join(self.unknown[:_MOST])}{more}."
        return text

    def __repr__(self) -> str:
        width = max((len(mark.question.name) for mark in self.marks), default=0)
        lines = [
            f"{mark.question.name:{width}}  {mark.points:>4} of {mark.question.points}  {mark}"
            for mark in self.marks
        ]
        return "\n".join([self.summary(), "", *lines])

    def _repr_html_(self) -> str:
        rows = [("question", "points", "verdict")]
        for mark in self.marks:
            points = f"{mark.points} of {mark.question.points}"
            rows.append((mark.question.name, points, str(mark)))
        return html_table(rows, caption=self.summary())


def mark_answers(
    answers: object, network: Network, questions: Sequence[Question], key: Mapping[str, Expected]
) -> Marking:
    """Mark answers, following the person's own numbers; `key` is question -> what is right."""
    given = _by_name(answers, questions)
    read = {one.name: _read(given.get(one.name), one) for one in questions}
    own = _own_network(read, network, questions)
    marks = [_mark(one, read[one.name], key[one.name], own) for one in questions]
    unknown = (visible(name[:40]) for name in given if name not in read)
    return Marking(tuple(marks), tuple(unknown))


def _by_name(answers: object, questions: Sequence[Question]) -> dict[str, object]:
    """Return answers by question, from a mapping by name or number or from a list in order."""
    numbered = {str(place): one.name for place, one in enumerate(questions, start=1)}
    found = {}
    with suppress(Exception, SystemExit):  # a list, a mapping, or a key, of somebody's own
        if isinstance(answers, list | tuple):
            return {one.name: answer for one, answer in zip(questions, answers, strict=False)}
        if isinstance(answers, Mapping):
            for key, value in islice(answers.items(), _MOST_ANSWERS):
                name = shown(key) if not isinstance(key, str) else str(key)
                found[numbered.get(name, name)] = value
    return found


def _own_network(
    read: Mapping[str, Given], network: Network, questions: Sequence[Question]
) -> Network:
    """Return the network as the answers have it; where they say nothing, as it is."""
    shapes, parameters = dict(network.shapes), dict(network.parameters)
    for question in questions:
        given, layer = read[question.name], str(question.layer)
        if question.kind == "shape" and isinstance(given, tuple):
            sizes = tuple(size for size in given if isinstance(size, int) and 0 < size < 10**6)
            if len(sizes) == len(given) == question.points:
                shapes[layer] = sizes
        elif question.kind == "parameters" and isinstance(given, int) and given >= 0:
            parameters[layer] = given
    return replace(network, shapes=shapes, parameters=parameters)


def _mark(question: Question, given: Given, true: Expected, own: Network) -> Mark:
    if given in (OPEN, UNREADABLE):
        return Mark(question, str(given), 0)
    if given == true.right:
        return Mark(question, "right", question.points)
    try:
        following = expected(question, own)
    except ValueError:  # their own shapes leave no room for the kernel
        following = true
    if given == following.right and given != 0:  # from 0 everywhere, 0 would follow
        return Mark(question, "follows", question.points)
    # A mistake is made on one's own numbers; only where none fits, on the right ones.
    slips = _mistakes(given, following) or _mistakes(given, true)
    if not isinstance(given, tuple):
        # Half the points are for the right numbers and one slip, and 0 is no number to slip from.
        points = question.points // 2 if given and _mistakes(given, true) else 0
    else:
        points = max(_right_sizes(given, one.right) for one in (true, following))
        if points and len(given) < question.points:
            slips = (LEFT_OUT if 1 in true.right else NO_CHANNELS,)
    return Mark(question, "partly" if points else "wrong", points, slips)


def _right_sizes(given: tuple[int | str, ...], right: tuple[int, ...]) -> int:
    """Return how many sizes are right; a 1, or the channels, left out costs itself alone."""
    if len(given) == len(right) - 1:
        last = len(right) - 1
        places = [place for place, size in enumerate(right) if size == 1 or place == last]
        filled = [(*given[:place], None, *given[place:]) for place in places]
    else:
        filled = [given] if len(given) == len(right) else []
    return max((sum(map(eq, one, right)) for one in filled), default=0)


def _mistakes(given: Given, of: Expected) -> tuple[str, ...]:
    """Return the mistakes that give this answer: of a shape, in its sizes and its channels."""
    if not isinstance(given, tuple):
        parts: list[Given] = [given]
    else:
        parts = [given[:2], given[-1]] if len(given) == 3 else [given[-1]]
    return tuple(of.mistakes[part] for part in parts if part in of.mistakes)


def _read(answer: object, question: Question) -> Given:
    """Return what somebody wrote as a number, sizes or a word. Nothing that is written raises."""
    try:
        if is_huge(answer, 1_000):  # such as the pictures in place of their shape
            return UNREADABLE
        if question.kind == "shape":
            return _read_sizes(answer, question.points)
        if question.kind == "receptive field":
            return _read_side(answer)
        if question.kind.endswith("activation"):
            return _read_activation(answer, hidden=question.kind == "hidden activation")
        return _read_number(answer)
    except (Exception, SystemExit):  # whatever was handed in, an object of somebody's own, too
        return UNREADABLE


def _read_side(answer: object) -> Given:
    """Return what somebody wrote as one number, or as two equal ones."""
    if isinstance(answer, str) and isinstance(number := _number_in(answer), int):
        return number
    sizes = _read_sizes(answer, 2)
    if isinstance(sizes, tuple) and len(set(sizes)) == 1:
        return sizes[0]
    return OPEN if sizes == OPEN else UNREADABLE


def _is_open(answer: object) -> bool:
    if isinstance(answer, str):
        return answer.strip() in ("", "...", "…", "?", "-")
    return answer is None or answer is ...


def _read_number(answer: Any) -> int | str:
    """Return a whole number; text may have thousands separated, "1,234", and "none" is 0."""
    if _is_open(answer):
        return OPEN
    if isinstance(answer, str):
        return _number_in(answer)
    if isinstance(answer, list | tuple) and len(answer) == 1:
        return _read_number(answer[0])
    if isinstance(answer, bool | np.bool_) or not math.isfinite(answer):
        return UNREADABLE
    number = int(answer)
    return number if number == answer and abs(number) <= _LARGEST else UNREADABLE


def _number_in(text: str) -> int | str:
    try:
        return _read_number(number_in(text, whole=True))
    except UnreadableError:
        return UNREADABLE


def _read_sizes(answer: Any, length: int) -> Given:
    """Return the sizes of a tuple or of text such as "13 x 13 x 6", without a batch axis in front.

    Of `length` sizes that are asked for; where it is one, "1,024" is a number and not two.
    """
    if _is_open(answer):
        return OPEN
    if isinstance(answer, str):
        sizes = [_read_number(size) for size in sizes_in(answer, length)]
    else:
        listed = answer.tolist() if hasattr(answer, "tolist") else answer  # an array
        if not isinstance(listed, Sequence) or isinstance(listed, bytes):
            listed = [listed]
        batch = len(listed) > 1 and listed[0] is None
        sizes = [_read_number(size) for size in listed[1 if batch else 0 :][:9]]
        if length == 1 and len(sizes) > 1:  # (1,024) with a comma for thousands
            together = _number_in(",".join(map(str, sizes)))
            sizes = [together] if isinstance(together, int) else sizes
    most = length if length > 1 else 8  # of a vector somebody may write the map that it comes from
    if not 0 < len(sizes) <= most or UNREADABLE in sizes:
        return UNREADABLE
    return OPEN if set(sizes) == {OPEN} else tuple(sizes)


def _read_activation(answer: object, hidden: bool) -> str:
    """Return the activation that a word, or the name of a function, says; a rectifier is "relu"."""
    if _is_open(answer):
        return OPEN
    name = answer if isinstance(answer, str) else getattr(answer, "__name__", None)
    if not isinstance(name, str) or len(name) > _LONGEST:
        return UNREADABLE
    word = re.sub(r"\([^()]*\)$", "", name.strip())  # softmax(10)
    word = re.sub(r"[\s_.()-]+", " ", word).strip().casefold().removesuffix(" function")
    word = _ALIASES.get(word, word)
    if hidden and word in RECTIFIERS:
        return "relu"
    return word if word in ACTIVATIONS else UNREADABLE
