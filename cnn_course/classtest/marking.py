"""Marks one person's answers: in parts, forward from their own numbers, with the slip named."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from cnn_course.classtest import slips
from cnn_course.classtest.answers import (
    LARGEST,
    OPEN,
    UNREADABLE,
    Read,
    read_number,
    read_shape,
    read_square,
    read_word,
)
from cnn_course.classtest.network import Network
from cnn_course.classtest.questions import (
    ACTIVATIONS,
    ALIASES,
    RECTIFIERS,
    Question,
    View,
    expected,
    true_view,
)
from cnn_course.counting import Shape

Outcome = Literal["right", "follows", "partly", "wrong", "open", "unreadable"]
_WORDS: dict[Outcome, str] = {
    "right": "right",
    "follows": "right, from your own numbers",
    "partly": "partly right",
    "wrong": "wrong",
    "open": "not answered",
    "unreadable": "cannot be read",
}


@dataclass(frozen=True)
class Mark:
    """One marked answer.

    Attributes:
        question: what was asked.
        outcome: `"right"`; `"follows"` (wrong, but rightly computed from the person's own earlier
            numbers: full points); `"partly"`; `"wrong"`; `"open"`; `"unreadable"`.
        points: how many it is worth, out of `question.points`.
        slips: names of the usual mistakes that give just this answer.
    """

    question: Question
    outcome: Outcome
    points: int
    slips: tuple[str, ...] = ()

    @property
    def hints(self) -> tuple[str, ...]:
        """What to look at, one text for each slip."""
        return tuple(slips.HINTS[name] for name in self.slips)


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
        """Name of a slip -> how often it was made."""
        return Counter(name for mark in self.marks for name in mark.slips)

    def __repr__(self) -> str:
        width = max(len(mark.question.name) for mark in self.marks)
        lines = [
            f"{one.question.name:{width}}  {one.points:>4g} of {one.question.points}  {said(one)}"
            for one in self.marks
        ]
        return "\n".join([self.summary(), "", *lines])

    def summary(self) -> str:
        """Return the sentence above the table."""
        text = f"{self.points:g} of {self.possible} points."
        if self.unknown:
            text += f" There is no question: {', '.join(self.unknown)}."
        return text

    def _repr_html_(self) -> str:
        left = 'style="text-align: left"'  # JupyterLab puts what stands in a table to the right
        names = ("question", "points", "verdict")
        head = "".join(f'<th scope="col" {left}>{name}</th>' for name in names)
        rows = "\n".join(
            f'<tr><th scope="row" {left}>{escape(mark.question.name)}</th>'
            f"<td {left}>{mark.points:g} of {mark.question.points}</td>"
            f"<td {left}>{escape(said(mark))}</td></tr>"
            for mark in self.marks
        )
        return (
            f"<table>\n<caption>{escape(self.summary())}</caption>\n"
            f"<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
        )


def said(mark: Mark) -> str:
    """Return what is said about an answer: the outcome and what to look at."""
    return " ".join([_WORDS[mark.outcome] + ("." if mark.hints else ""), *mark.hints])


class Marker:
    """Marks the answers to one test, one after the other, following each person's own numbers."""

    def __init__(self, network: Network, questions: tuple[Question, ...], output: str | None):
        self._network = network
        self._questions = questions
        self._output = output
        self._true = true_view(network)
        self._expected = {one.name: expected(one, network, self._true, output) for one in questions}

    @property
    def key(self) -> dict[str, Any]:
        """Question -> right value."""
        return {name: found.right for name, found in self._expected.items()}

    def mark(self, answers: object) -> Marking:
        """Mark answers; whatever they are, this raises nothing."""
        given = _as_mapping(answers, self._questions)
        own = self._own_view(given)
        marks = [self._mark(one, given.get(one.name), own) for one in self._questions]
        names = {one.name for one in self._questions}
        unknown = tuple(key[:40] for key in given if key not in names)
        return Marking(tuple(marks), unknown)

    def _own_view(self, given: Mapping[str, object]) -> View:
        """Return the network as the answers have it; where they say nothing, as it is."""
        shapes, parameters = dict(self._true.shapes), dict(self._true.parameters)
        for question in self._questions:
            answer, layer = given.get(question.name), str(question.layer)
            if question.kind == "shape":
                found = read_shape(answer, question.points)
                numbers = [size for size in found if isinstance(size, int) and size > 0]
                if len(numbers) == len(found) == question.points and max(numbers) < 10**6:
                    shapes[layer] = tuple(numbers)
            elif question.kind == "parameters":
                number = read_number(answer)
                if isinstance(number, int) and 0 <= number <= LARGEST:
                    parameters[layer] = number
        return View(shapes, parameters)

    def _mark(self, question: Question, answer: object, own: View) -> Mark:
        true = self._expected[question.name]
        try:
            following = expected(question, self._network, own, self._output)
        except ValueError:  # their own shapes leave no room for the kernel
            following = true
        if question.kind == "shape":
            given = read_shape(answer, question.points)
            return self._shape(question, given, following.right, own)
        if question.kind.endswith("activation"):
            return _word(question, read_word(answer), true)
        read = read_square if question.kind == "receptive field" else read_number
        return _number(question, read(answer), true, following)

    def _shape(self, question: Question, given: list[Read], following: Shape, own: View) -> Mark:
        right = self._expected[question.name].right
        if all(size == OPEN for size in given):
            return Mark(question, "open", 0)
        if UNREADABLE in given:
            return Mark(question, "unreadable", 0)
        if given == list(right):
            return Mark(question, "right", question.points)
        if given == list(following):
            return Mark(question, "follows", question.points)
        aligned = len(given) == len(right)
        points = max(
            sum(a == b for a, b in zip(given, value, strict=True)) if aligned else 0
            for value in (right, following)
        )
        # A slip is made on one's own numbers; only where none fits, on the right ones.
        slip = self._shape_slips(question, given, own)
        slip = slip or self._shape_slips(question, given, self._true)
        return Mark(question, "partly" if points else "wrong", points, tuple(slip))

    def _shape_slips(self, question: Question, given: list[Read], view: View) -> list[str]:
        layer = self._network.layer(str(question.layer))
        try:
            channels = slips.of_channels(layer, view.shapes)
            places = slips.of_places(layer, view.shapes)
        except ValueError:
            return []
        found = [channels.values.get(given[-1])]
        if len(given) == 3:
            found.insert(0, places.values.get(tuple(given[:2])))
        return [name for name in found if name]


def _number(question: Question, given: Read, true: slips.Slips, following: slips.Slips) -> Mark:
    if given in (OPEN, UNREADABLE):
        return Mark(question, "open" if given == OPEN else "unreadable", 0)
    if given == true.right:
        return Mark(question, "right", question.points)
    if given == following.right:
        return Mark(question, "follows", question.points)
    slip = following.values.get(given) or true.values.get(given)
    if slip is None:
        return Mark(question, "wrong", 0)
    half = question.points // 2
    return Mark(question, "partly" if half else "wrong", half, (slip,))


def _word(question: Question, given: str, true: slips.Slips) -> Mark:
    if given in (OPEN, UNREADABLE):
        return Mark(question, "open" if given == OPEN else "unreadable", 0)
    name = ALIASES.get(given.removesuffix(" function"), given.removesuffix(" function"))
    accepted = RECTIFIERS if true.right == "relu" else {true.right}
    if name in accepted:
        return Mark(question, "right", question.points)
    if name not in ACTIVATIONS:
        return Mark(question, "unreadable", 0)
    slip = true.values.get(name)
    return Mark(question, "wrong", 0, (slip,) if slip else ())


def _as_mapping(answers: object, questions: tuple[Question, ...]) -> dict[str, object]:
    """Return answers by the name of their question; numbers, and lists in order, are understood."""
    if isinstance(answers, list | tuple):
        return {one.name: answer for one, answer in zip(questions, answers, strict=False)}
    if not isinstance(answers, Mapping):
        return {}
    numbered = {str(place): one.name for place, one in enumerate(questions, start=1)}
    found = {}
    for key, value in answers.items():
        try:
            name = str(key)
        except Exception:  # a key may be anything, too
            name = type(key).__name__
        found[numbered.get(name, name)] = value
    return found
