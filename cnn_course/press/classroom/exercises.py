"""The quizzes and exercises of a chapter as questions for Moodle."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import combinations
from typing import Final
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import numpy as np
from markdown_it import MarkdownIt

from cnn_course.checks import quiz
from cnn_course.checks.answers import Specification, specifications
from cnn_course.press import notebooks
from cnn_course.press.classroom import moodle
from cnn_course.press.classroom.moodle import Option, field, shown, without_fields
from cnn_course.press.project import find_project, pages_address

_TITLE = re.compile(r"(?m)^### (Exercise: .*)$")
_FORMULA = re.compile(r"\$([^$]+)\$")
_AXES: Final = 4  # of a batch of maps
_NEAR: Final = 5e-4  # where `marking.number` says that a value is near


class _FieldsCannotError(Exception):
    """What an exercise asks for cannot be answered in fields."""


def moodle_chapter(chapter: str) -> str:
    """Return the quizzes and exercises of a chapter as Moodle XML, in a category of its own.

    What asks for a function, a model or a class test is left out: see `left_out`.

    Args:
        chapter: for example `"01"` or `"01-convolution-by-hand"`.

    Raises:
        PressError: there is no such chapter, or the working folder is not in a clone.
    """
    return moodle.as_file(_questions(chapter)[0])


def left_out(chapter: str) -> list[str]:
    """Return the exercises of a chapter that Moodle cannot ask, by name.

    Raises:
        PressError: there is no such chapter, or the working folder is not in a clone.
    """
    return _questions(chapter)[1]


def _questions(chapter: str) -> tuple[list[Element], list[str]]:
    project = find_project()
    (found,) = project.select([chapter])
    page = f"{pages_address(project.root)}/notebooks/{found.name}.html"
    data = specifications(found.name)
    asked, without = [], []
    for exercise, title, text, code in _exercises(notebooks.read(found.file)):
        try:
            fields = list(_fields(data[exercise], "Your answer"))
        except (KeyError, _FieldsCannotError):
            without.append(exercise)
            continue
        place = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        html = _as_html(text, page)
        html += f"<pre>{escape(code)}</pre>\n" if code else ""
        html += f'<p><a href="{page}#{place}">The exercise in its chapter</a></p>\n'
        answers = "\n".join(f"<p>{shown(label)}: {one}</p>" for label, one in fields)
        reason = f"<p>{escape(data[exercise]['reason'])}</p>"
        hints, html = _hints(data[exercise]), without_fields(html) + answers
        asked.append(moodle.cloze(title, f"exercise-{exercise}", html, reason, hints))
    info = f"<p>Answered in Python alone ({len(without)}): {', '.join(without)}.</p>"
    category = moodle.category("Exercises", found.name, info=info if without else "")
    return [category, *_quizzes(found.name), *asked], without


def _quizzes(chapter: str) -> Iterator[Element]:
    for question in quiz(chapter).questions:
        options = [Option(one.text, 100 * one.right, one.reason) for one in question.options]
        text = f"<p>{escape(question.text)}</p>"
        yield moodle.multiple_choice(question.name, f"quiz-{question.name}", text, options)


# What an exercise asks


def _exercises(notebook: notebooks.Notebook) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, title, text as Markdown, and the code that is given with it."""
    title = text = ""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            _, *found = _TITLE.split(cell["source"])
            title, text = found if found else (title, text)
        for name in notebooks.exercises(cell):
            yield name, title, text, _given(cell["source"])


def _given(source: str) -> str:
    """Return what the cell of an exercise computes already, without what is to be filled in."""
    statements = [ast.get_source_segment(source, one) or "" for one in ast.parse(source).body]
    given = [one for one in statements if "..." not in one and not one.startswith("check(")]
    return "\n".join(given)


def _as_html(text: str, page: str) -> str:
    """Return Markdown as HTML, with links to public pages and formulas as MathJax takes them."""

    def formula(match: re.Match[str]) -> str:
        return re.sub(r"([^\w\s]|_)", r"\\\1", rf"\({match[1]}\)")

    def link(match: re.Match[str]) -> str:
        target = re.sub(r"\.(md|ipynb)(?=#|$)", ".html", match[1])
        return f'href="{urljoin(page, target)}"'

    html = MarkdownIt().render(_FORMULA.sub(formula, text))
    return re.sub(r'href="([^"]*)"', link, html)


# How it is answered


def _hints(one: Specification) -> list[str]:
    """Return what is said after a wrong try."""
    parts = one.get("parts", {"": one})
    found = [
        f"{key}: {part['hint']}" if key else part["hint"]
        for key, part in parts.items()
        if "hint" in part
    ]
    return ["".join(f"<p>{escape(hint)}</p>" for hint in found)] if found else []


def _fields(one: Specification, label: str) -> Iterator[tuple[str, str]]:
    """Yield labels and the fields behind them."""
    kind, labels = one["kind"], one.get("labels", [])
    if kind == "parts":
        for key, part in one["parts"].items():
            yield from _fields(part, key)
    elif kind == "number":
        yield label, _number(one)
    elif kind in ("array", "shape"):
        rows = _numbers(one)
        if labels:
            yield from zip(labels, rows[0], strict=True)
        else:
            between = " x " if kind == "shape" else " "
            yield label, "<br>".join(between.join(row) for row in rows)
    elif kind == "words":
        for name, right, options in zip(labels, one["right"], one["options"], strict=True):
            yield name, _choice(right, options, {})
    else:
        yield label, {"word": _word, "axes": _axes, "order": _order}[kind](one)


def _number(one: Specification) -> str:
    """Return a field for one number, as `marking.number` compares it."""

    def written(value: float) -> str:
        relative = one.get("relative")
        tolerance = 5e-3 * (1 + abs(value)) if relative is None else relative * abs(value)
        return _written(value, 0 if one["whole"] and relative is None else tolerance)

    right = one["right"]
    options = [Option(written(right), 100)]
    if near := one.get("near"):
        options = [Option(_written(right, _NEAR), 100), Option(written(right), 0, near)]
    return field("NM", [*options, *(Option(written(v), 0, hint) for v, hint in one["mistakes"])])


def _numbers(one: Specification) -> list[list[str]]:
    """Return a field for each number of an array, row by row, as `marking.array` compares it."""
    if one["also"]:
        raise _FieldsCannotError("Numbers depend on each other.")
    tolerance = one.get("tolerance", 0 if one["whole"] else 5e-3)

    def written(value: float) -> str:
        return _written(value, tolerance * (1 + abs(value)))

    right = np.atleast_2d(one["right"])
    wrong = [(np.atleast_2d(values), hint) for values, hint in one["mistakes"]]
    wrong = [(values.tolist(), hint) for values, hint in wrong if values.shape == right.shape]

    def at(row: int, column: int, value: float) -> str:
        slips = [Option(written(values[row][column]), 0, hint) for values, hint in wrong]
        return field("NM", [Option(written(value), 100), *slips])

    return [
        [at(row, column, value) for column, value in enumerate(values)]
        for row, values in enumerate(right.tolist())
    ]


def _written(value: float, tolerance: float) -> str:
    number = str(value) if isinstance(value, int) else f"{value:.12g}"
    return f"{number}:{tolerance:.6g}" if tolerance else number


def _word(one: Specification) -> str:
    said: dict[str, str] = {}
    for mistake, hint in one.get("mistakes", []):
        for word in [mistake] if isinstance(mistake, str) else mistake:
            said[word] = hint
    right = one["right"]
    if options := one.get("options"):
        return _choice(right, options, said)
    wrong = [Option(word, 0, hint) for word, hint in said.items()]
    return field("SA", [Option(right, 100), *wrong])


def _choice(right: str, options: Sequence[str], said: Mapping[str, str]) -> str:
    return field(
        "MC", [Option(one, 100 * (one == right), said.get(one.lower(), "")) for one in options]
    )


def _axes(one: Specification) -> str:
    """Return a choice of axes."""
    sets = [axes for length in (1, 2, 3) for axes in combinations(range(_AXES), length)]
    options = []
    for axes in sets:
        missing = [hint for axis, hint in one["mistakes"] if axis not in axes]
        right = list(axes) == one["right"]
        listed = str(axes).replace(",)", ")")
        options.append(Option(listed, 100 * right, "" if right else (missing or [one["hint"]])[0]))
    return field("MC", options)


def _order(one: Specification) -> str:
    """Return a choice of orders: the right one, and those in which a pair has changed places."""
    right = "".join(one["right"])
    options = {right: Option(" ".join(right), 100)}
    for earlier, later, hint in one["before"]:
        swapped = right.translate(str.maketrans(earlier + later, later + earlier))
        options.setdefault(swapped, Option(" ".join(swapped), 0, hint))
    return field("MC", sorted(options.values()))
