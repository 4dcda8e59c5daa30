"""A test on paper: the sheet, and the worked solution."""

from collections.abc import Mapping, Sequence
from typing import Any

from cnn_course.classtest.documents import Document, Grid, Heading, Paragraph, on_one_line
from cnn_course.classtest.network import INPUT, Network
from cnn_course.classtest.questions import Question
from cnn_course.classtest.words import describe, sizes, takes

_RULES = (
    "Shapes are height x width x channels, without the batch. Unless it says otherwise, a layer "
    "has a bias. Parameters are all numbers that a layer keeps, trained or not; write 0 where "
    "there are none. Multiplications are those of a value with a weight."
)


def sheet(title: str, network: Network, questions: Sequence[Question], student: str) -> Document:
    """Return the network and the questions, with room for answers."""
    points = sum(question.points for question in questions)
    asked = tuple(
        (str(number), question.text, str(question.points), "")
        for number, question in enumerate(questions, start=1)
    )
    return Document(
        title,
        (
            Paragraph(f"Name: {on_one_line(student) or '.' * 60}"),
            *_network(network),
            Paragraph(_RULES),
            Heading(f"Questions ({points} points)"),
            Grid(("number", "question", "points", "answer"), asked),
        ),
    )


def worked_solution(
    title: str, network: Network, questions: Sequence[Question], key: Mapping[str, Any]
) -> Document:
    """Return every answer with its calculation."""
    answers = tuple(
        (
            str(number),
            question.text,
            written(key[question.name]),
            calculation(question, network),
            str(question.points),
        )
        for number, question in enumerate(questions, start=1)
    )
    return Document(
        f"{title}: worked solution",
        (
            *_network(network),
            Heading("Answers"),
            Grid(("number", "question", "answer", "calculation", "points"), answers),
        ),
    )


def written(value: object) -> str:
    """Return an answer as one writes it."""
    if isinstance(value, tuple):
        return sizes(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def calculation(question: Question, network: Network) -> str:
    """Return how a person gets the answer."""
    if question.kind == "total parameters":
        parts = [f"{count:,}" for count in network.parameters.values() if count]
        return " + ".join(parts)
    if question.kind == "hidden activation":
        return "Its slope is 1 for positive values, however deep the network is."
    if question.kind == "output activation":
        one = network.shapes[str(network.layers[-1].name)][-1] == 1
        return (
            "One probability, between 0 and 1."
            if one
            else "One probability for each class; together they are 1."
        )
    row = network.table.row(str(question.layer))
    return {
        "shape": row.shape_derivation,
        "parameters": row.derivation,
        "multiplications": row.multiplications_derivation,
        "receptive field": _grown(network, row.name),
    }[question.kind]


def _grown(network: Network, name: str) -> str:
    """Return how the receptive field grows, window by window: `1 + (5 - 1) x 1 + (2 - 1) x 2`."""
    step, text = 1, "1"
    for kernel, stride in network.windows(name):
        text += f" + ({kernel} - 1) x {step}" if kernel > 1 else ""
        step *= stride
    seen = network.table.row(name).receptive_field
    return f"{text} = {seen[0] if seen else '-'}"


def _network(network: Network) -> tuple[Heading, Paragraph, Grid]:
    layers = tuple((str(layer.name), takes(layer), describe(layer)) for layer in network.layers)
    return (
        Heading("The network"),
        Paragraph(f"A picture of {sizes(network.input)}, called {INPUT}, and these layers:"),
        Grid(("layer", "takes", "what it is"), layers),
    )
