"""Quiz questions: one TOML file a chapter, shown alike in JupyterLab and on a page.

Every option is a `<details>` element. Opening it shows at once whether it is right, and why. That
needs no script and no kernel, works by keyboard, and a screen reader announces it. The plain text
of a quiz lists options and answers for those who have neither.
"""

import difflib
import tomllib
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import Any

_STYLE = resources.files(__package__).joinpath("quiz.css").read_text(encoding="utf-8")


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
        lines = [self.text]
        for letter, option in zip("abcdefgh", self.options, strict=False):
            lines.append(f"  {letter}) {option.text}")
        for letter, option in zip("abcdefgh", self.options, strict=False):
            lines.append(f"  {letter}: {'right' if option.right else 'no'}. {option.reason}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<style>{_STYLE}</style>{self.markup()}"

    def markup(self) -> str:
        """Return the question as an HTML fragment, without the style."""
        parts = [
            f'<div class="course-quiz" role="group" aria-label="Question: {escape(self.name)}">'
        ]
        parts.append(f'<p class="question">{escape(self.text)}</p>')
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
        return "\n\n".join(repr(question) for question in self.questions)

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
            question in the file that has not exactly one right option, or an option without reason.
    """
    file = resources.files(__package__) / "quizzes" / f"{chapter}.toml"
    if not file.is_file():
        folder = resources.files(__package__) / "quizzes"
        known = sorted(item.name.removesuffix(".toml") for item in folder.iterdir())
        raise ValueError(f"There is no quiz {chapter!r}. There are: {', '.join(known)}.")
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    questions = {name: _question(name, table) for name, table in content.items()}
    for name in names:
        if name not in questions:
            near = difflib.get_close_matches(name, questions, n=3, cutoff=0.0)
            raise ValueError(
                f"{chapter} has no question {name!r}. Did you mean: {', '.join(near)}?"
            )
    return Quiz(tuple(questions[name] for name in names or questions))


def _question(name: str, table: dict[str, Any]) -> Question:
    options = tuple(
        Option(option["text"], option.get("right", False), option["reason"])
        for option in table["options"]
    )
    if sum(option.right for option in options) != 1 or not all(o.reason for o in options):
        raise ValueError(
            f"Question {name!r} needs exactly one right option, and a reason for each."
        )
    return Question(name, table["question"], options)
