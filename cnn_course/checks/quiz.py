"""Quiz questions: one TOML file a chapter, shown alike in JupyterLab and on a page.

Every option is a `<details>` element. Opening it shows at once whether it is right, and why. That
needs no script and no kernel, works by keyboard, and a screen reader announces it. The plain text
of a quiz lists options and answers for those who have neither.
"""

from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import Any

from cnn_course.arguments import one_of
from cnn_course.checks import toml_files

_STYLE = resources.files(__package__).joinpath("quiz.css").read_text(encoding="utf-8")
_SHORTEST_REASON = 4  # words


@dataclass(frozen=True)
class Option:
    """One answer to choose from, whether it is right, and why."""

    text: str
    right: bool
    reason: str


@dataclass(frozen=True)
class Question:
    """One question with its options; exactly one of them is right."""

    name: str
    text: str
    options: tuple[Option, ...]

    def __repr__(self) -> str:
        lettered = list(zip("abcdefgh", self.options, strict=False))
        texts = [f"  {letter}) {option.text}" for letter, option in lettered]
        reasons = [
            f"  {letter}: {'right' if option.right else 'no'}. {option.reason}"
            for letter, option in lettered
        ]
        return "\n".join([self.text, *texts, *reasons])

    def _repr_html_(self) -> str:
        return f"<style>{_STYLE}</style>{self.markup()}"

    def markup(self) -> str:
        """Return the question as an HTML fragment, without the style."""
        parts = [
            f'<div class="course-quiz" role="group" data-name="{escape(self.name)}" '
            f'aria-label="Question: {escape(self.text)}">',
            f'<p class="question">{escape(self.text)}</p>',
        ]
        for option in self.options:
            kind, word = ("right", "Right.") if option.right else ("wrong", "No.")
            parts.append(
                f'<details class="{kind}"><summary>{escape(option.text)}</summary>'
                f"<p><strong>{word}</strong> {escape(option.reason)}</p></details>"
            )
        return "".join([*parts, "</div>"])


@dataclass(frozen=True)
class Quiz:
    """Several questions, shown one below the other."""

    questions: tuple[Question, ...]

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.questions))

    def _repr_html_(self) -> str:
        markup = "".join(question.markup() for question in self.questions)
        return f"<style>{_STYLE}</style>{markup}"


def quiz(chapter: str, *names: str) -> Quiz:
    """Return questions of a chapter, to be shown as the last value of a cell.

    Args:
        chapter: for example `"01-convolution-by-hand"`.
        names: the questions to show, in this order; all of the chapter's if none is named.

    Raises:
        ValueError: no such chapter or question (the message names those that there are), or a
            question in the file that has not exactly one right option, or an option with hardly a
            reason.
    """
    one_of(
        "chapter (a file in cnn_course/checks/quizzes)",
        chapter,
        toml_files.chapters("quizzes"),
        "; a new chapter needs a file of its name there",
    )
    content = toml_files.read("quizzes", chapter)
    place = toml_files.place("quizzes", chapter)
    asked = [one_of(f"A question in {place}", name, content) for name in names or content]
    return Quiz(tuple(_question(place, name, content[name]) for name in asked))


def _question(place: str, name: str, table: dict[str, Any]) -> Question:
    try:
        options = tuple(
            Option(option["text"], option.get("right", False), option["reason"])
            for option in table["options"]
        )
        text = table["question"]
    except KeyError as missing:
        raise ValueError(f"{place}, [{name}]: {missing} is missing.") from None
    if (right := sum(option.right for option in options)) != 1:
        raise ValueError(f"{place}, [{name}]: one option is right, and not {right} of them.")
    if short := [one.text for one in options if len(one.reason.split()) < _SHORTEST_REASON]:
        raise ValueError(f"{place}, [{name}]: the reason of {short[0]!r} does not teach anything.")
    return Question(name, text, options)
