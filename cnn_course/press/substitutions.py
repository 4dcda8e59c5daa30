"""Puts into pages what the book says about chapters: times, pictures, numbers, the map, terms.

A page asks for it in a comment, `<!-- fill: minutes 02-mnist-convnet -->`, and gets the answer.
"""

import ast
import base64
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from cnn_course.arguments import did_you_mean
from cnn_course.files import read_json
from cnn_course.press import notebooks
from cnn_course.press.costs import costs
from cnn_course.press.notebooks import Cell, Notebook
from cnn_course.press.project import Chapter, PressError, Project
from cnn_course.press.stored_runs import Run

_WORDS_A_MINUTE = 150  # of technical prose, read with a pencil in the hand
_MINUTES_AN_EXERCISE = 5
_NO_BREAK = "\N{NO-BREAK SPACE}"  # a unit stays beside its number

_ASKED = re.compile(r"<!-- fill: (\w+)([^>]*?) -->")
_LINK_TO_CHAPTER = re.compile(r"\((\d\d-[\w-]+)\.ipynb")
_LINK_TO_TERM = re.compile(r"glossary\.md#([\w-]+)")
_HEADING = re.compile(r"(?m)^#{1,3} (.+)$")

# Of the map, in pixels: a box, the distance between boxes, a line of text; and letters in a line.
_WIDTH, _HEIGHT = 226, 74
_ACROSS, _DOWN = 236, 108
_LINE = 17
_LETTERS = 19  # with as much room as a reader may put between letters


# How long a chapter takes


@dataclass(frozen=True)
class Reading:
    """What a reader has to do in a chapter.

    Attributes:
        words: of its text.
        exercises: how many there are.
        exercise_minutes: for all of them; one that takes longer than usual says so in its metadata.
        questions: cells with quiz questions.
    """

    words: int
    exercises: int
    exercise_minutes: int
    questions: int

    @property
    def minutes(self) -> int:
        """For a class that reads everything and tries every exercise, to the next five."""
        needed = self.words / _WORDS_A_MINUTE + self.exercise_minutes
        return 5 * round((needed + self.questions * 2) / 5)

    def sentence(self) -> str:
        """Return how long a reader needs; nothing for a page without exercises."""
        about = f"About {self.minutes} minutes to read it and to try the exercises."
        return about if self.exercises else ""

    def note(self, run_seconds: float | None) -> str:
        """Return what an instructor is told above a chapter; `run_seconds` may be unknown."""
        run = (
            f"runs in about {run_seconds:.0f} seconds (measured, tiny profile)"
            if run_seconds
            else "was not measured yet: `cnn-course run --save` measures how long it takes"
        )
        return (
            f"> **For instructors.** About {self.minutes} minutes for a class that reads all of it "
            f"and tries all exercises: {self.words:,} words of text at {_WORDS_A_MINUTE} a minute, "
            f"{self.exercises} exercises in {self.exercise_minutes} minutes, {self.questions} "
            f"groups of quiz questions at 2. The notebook {run}."
        )


def reading_of(notebook: Notebook) -> Reading:
    """Return what a reader has to do in a chapter."""
    text = " ".join(c["source"] for c in notebook["cells"] if c["cell_type"] == "markdown")
    code = notebooks.code_cells(notebook)
    exercises = [cell["metadata"] for cell in code if "exercise" in notebooks.tags(cell)]
    return Reading(
        words=len(re.findall(r"\w+", text)),
        exercises=len(exercises),
        exercise_minutes=sum(one.get("minutes", _MINUTES_AN_EXERCISE) for one in exercises),
        questions=sum("remove-input" in notebooks.tags(cell) for cell in code),
    )


@dataclass(frozen=True)
class Shown:
    """A chapter as the book shows it: with the outputs of a run in a profile."""

    project: Project
    chapter: Chapter
    profile: str
    run: Run
    notebook: Notebook

    @cached_property
    def reading(self) -> Reading:
        """What a reader has to do."""
        return reading_of(self.notebook)

    @cached_property
    def record(self) -> Any:
        """The record of its full run; None where there is none."""
        return read_json(self._record_file)

    @property
    def _record_file(self) -> Path:
        return self.project.measured / f"{self.chapter.name}.json"

    @cached_property
    def title(self) -> str:
        """The heading that it begins with."""
        found = _HEADING.search(self.notebook["cells"][0]["source"])
        return found[1].strip() if found else ""

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The chapters that one needs, by name, as its opening says it."""
        sources = (cell["source"] for cell in self.notebook["cells"])
        opening = next(filter(None, (one.partition("**You need**")[2] for one in sources)), "")
        return tuple(dict.fromkeys(_LINK_TO_CHAPTER.findall(opening)))

    def times(self) -> str:
        """Return in a few words how long it takes, for example `"85 min; its code 32 s"`."""
        minutes = f"{self.reading.minutes}{_NO_BREAK}min; " if self.reading.exercises else ""
        return f"{minutes}its code {_duration(self.run.seconds)}"

    def sentences(self) -> str:
        """Return how long it takes, for its page.

        The record of a full run is used where the page does not show a full run itself.

        Raises:
            PressError: there is a record, and it does not say how long it took.
        """
        run = self.run
        found = {self.profile: (run.seconds, run.hardware, run.finished)}
        if self.profile != "full" and self._record_file.exists():
            try:
                record = self.record
                found["full"] = record["seconds"], record["hardware"], record["date"]
            except (KeyError, TypeError):
                raise PressError(
                    f"{self._record_file} is not a whole record. "
                    f"Make it again: cnn-course record {self.chapter.name}"
                ) from None
        parts = [
            f"{_duration(seconds)} with the {profile} profile ({_place(hardware, moment)})"
            for profile, (seconds, hardware, moment) in found.items()
        ]
        return f"{self.reading.sentence()} The code runs in {', '.join(parts)}.".lstrip()


def with_times(cells: list[Cell], times: str) -> list[Cell]:
    """Say in the box at the beginning how long a chapter takes, or else below its title."""
    for place, cell in enumerate(cells):
        if cell["source"].startswith("> **Questions**"):
            box = cell | {"source": f"{cell['source']}\n>\n> **Time** {times}"}
            return [*cells[:place], box, *cells[place + 1 :]]
    title = next((n for n, cell in enumerate(cells) if cell["cell_type"] == "markdown"), -1)
    note = {"cell_type": "markdown", "id": "times", "metadata": {}, "source": f"*{times}*"}
    return [*cells[: title + 1], note, *cells[title + 1 :]]


def _place(hardware: dict[str, Any], moment: str) -> str:
    cores = hardware["cores"]
    known = [hardware.get("gpu"), hardware.get("precision"), moment[:10]]
    words = [f"{cores} core{'s' * (cores != 1)}", *known]
    return ", ".join(filter(None, words))


def _duration(seconds: float) -> str:
    """Return a time that a person can plan with."""
    minutes = seconds / 60
    if seconds < 99.5:
        number, unit = f"{max(1, round(seconds))}", "s"
    elif minutes < 99.5:
        number, unit = f"{round(minutes)}", "min"
    else:
        number, unit = f"{minutes / 60:.1f}", "h"
    return f"{number}{_NO_BREAK}{unit}"


# What a page asks for


def fill(page: str, project: Project, shown: Mapping[str, Shown], folder: Path) -> str:
    """Return the text of a page with everything that it asks for.

    Pictures are written into `folder`, where the page will lie.

    Raises:
        PressError: the page asks for something that there is not.
    """
    chapters = [one for one in shown.values() if one.chapter.number]
    answers: dict[str, Callable[..., str]] = {
        "minutes": lambda name: shown[name].times(),
        "picture": lambda name, cell: _picture(shown[name].notebook, cell, folder),
        "recorded": lambda name, *keys: _recorded(shown[name], keys),
        "hours": lambda: f"{sum(one.reading.minutes for one in chapters) / 60:.0f}",
        "map": lambda: draw_map(chapters),
        "terms": lambda: _terms(project, shown),
        "faults": lambda: _faults(project),
        "costs": lambda part: costs(project, part, folder),
    }

    def answer(asked: re.Match[str]) -> str:
        try:
            return answers[asked[1]](*asked[2].split())
        except (KeyError, TypeError):
            known = (
                "minutes CHAPTER, recorded CHAPTER NAME, picture CHAPTER CELL, hours, map, terms, "
                "faults, costs PART"
            )
            raise PressError(f"A page asks for {asked[0]}. It can ask for: {known}.") from None

    return _ASKED.sub(answer, page)


def _picture(notebook: Notebook, cell_id: str, folder: Path) -> str:
    """Write the figure of a cell into `folder`, and return the Markdown that shows it."""
    figures = {
        cell["id"]: output
        for cell in reversed(notebooks.code_cells(notebook))
        for output in reversed(cell["outputs"])
        if "image/png" in output.get("data", {})
    }
    if cell_id not in figures:
        raise PressError(
            f"A page asks for the figure of the cell {cell_id!r}, and there is none. "
            f"Cells with a figure: {', '.join(reversed(figures))}."
        )
    figure = figures[cell_id]
    (folder / f"{cell_id}.png").write_bytes(base64.b64decode(figure["data"]["image/png"]))
    return f"![{figure['metadata']['image/png']['alt']}]({cell_id}.png)"


def _recorded(shown: Shown, keys: Sequence[str]) -> str:
    """Return a number from the record of a full run."""
    value = shown.record["results"]
    for key in keys:
        value = value[key]
    return f"{float(value):.3f}"


def _terms(project: Project, shown: Mapping[str, Shown]) -> str:
    """Return the list of the glossary's terms, each with the sections that link it."""
    used: dict[str, list[str]] = {}
    for one in shown.values():
        for term, place in _uses(one).items():
            used.setdefault(term, []).append(place)
    return "\n".join(
        f"- [{term}](glossary.md#{anchor(term)}): {'; '.join(used.get(anchor(term), []))}"
        for term in _glossary(project)
    )


def _faults(project: Project) -> str:
    """Return the table of faults: what each test with the mark `fault` says that it tries."""
    rows = [
        "| " + " | ".join(map(ast.literal_eval, mark.args)) + " |"
        for file in sorted((project.root / "tests").rglob("test_*.py"))
        for test in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for mark in getattr(test, "decorator_list", [])
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault"
    ]
    heading = "| What was tried | What comes of it | What is left on the disk |\n|---|---|---|\n"
    # Sentences, wherever a test begins its words in lower case.
    return heading + "\n".join(
        re.sub(r"(?<=\| )[a-z]", lambda first: first[0].upper(), r) for r in rows
    )


def check_terms(project: Project) -> None:
    """Check that every term that a page or chapter links stands in the glossary.

    Raises:
        PressError: one does not; which file links it.
    """
    known = [anchor(term) for term in _glossary(project)]
    chapters = [chapter.file for chapter in project.chapters]
    for file in [*chapters, *sorted((project.root / "book").glob("*.md"))]:
        for term in _LINK_TO_TERM.findall(file.read_text(encoding="utf-8")):
            if term not in known:
                raise PressError(
                    f"{file.relative_to(project.root)} links glossary.md#{term}, and "
                    f"book/glossary.md has no such heading.{did_you_mean(term, known)}"
                )


def _glossary(project: Project) -> list[str]:
    """Return the terms of the glossary; none where there is no glossary."""
    file = project.root / "book" / "glossary.md"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    return re.findall(r"(?m)^## (.+)$", text)


def _uses(shown: Shown) -> dict[str, str]:
    """Return the terms that a chapter links: each with a link to the section where it does."""
    found: dict[str, str] = {}
    section, about = "", shown.chapter.number or shown.title
    file = shown.chapter.file
    for cell in shown.notebook["cells"]:
        for line in cell["source"].splitlines() if cell["cell_type"] == "markdown" else []:
            heading = _HEADING.match(line)
            section = heading[1].strip() if heading else section
            for term in _LINK_TO_TERM.findall(line):
                address = f"../{file.parent.name}/{file.name}#{anchor(section)}"
                found.setdefault(term, f"[{section}]({address}) ({about})")
    return found


def anchor(heading: str) -> str:
    """Return the anchor of a heading, by JupyterLab's rule; `_config.yml` gives it to the book."""
    return heading.strip().replace(" ", "-")


# The map


def draw_map(places: Sequence[Shown]) -> str:
    """Return the map as HTML: one box for each chapter, below everything that it needs.

    A line that follows from others is left out: who needs chapter 3 needs what chapter 3 needs.
    Beside it the same as a list, which a phone shows instead.
    """
    at = _corners(places)
    width = max(x for x, _ in at.values()) + _WIDTH + 2
    height = max(y for _, y in at.values()) + _HEIGHT + 2
    needs = {place.chapter.name: direct_needs(place, places) for place in places}
    lines = [_line(at[source], at[name]) for name in needs for source in needs[name]]
    boxes = [_box(place, *at[place.chapter.name], needs[place.chapter.name]) for place in places]
    return "\n".join(
        [
            "```{raw} html",
            '<nav class="chapter-map" aria-label="Map of the chapters">',
            f'<svg role="group" width="{width}" height="{height}" '
            f'viewBox="-1 -1 {width} {height}">',
            *lines,
            *boxes,
            "</svg>",
            "<ul>",
            *(_item(place, needs[place.chapter.name]) for place in places),
            "</ul>\n</nav>\n```",
        ]
    )


def direct_needs(place: Shown, places: Sequence[Shown]) -> list[str]:
    """Return what a chapter needs without what its other needs need already."""
    by_name = {one.chapter.name: one for one in places}

    def below(name: str) -> set[str]:
        return set(by_name[name].needs).union(*map(below, by_name[name].needs))

    return [need for need in place.needs if not any(need in below(name) for name in place.needs)]


def _corners(places: Sequence[Shown]) -> dict[str, tuple[int, int]]:
    """Return where each box is: as far down as its longest way, then in a column of its own."""
    rows: dict[str, int] = {}
    columns: dict[str, int] = {}
    for place in places:  # a chapter needs earlier ones only
        row = 1 + max((rows[need] for need in place.needs), default=-1)
        taken = [columns[name] + 1 for name in rows if rows[name] == row]
        above = [columns[need] for need in direct_needs(place, places)]
        columns[place.chapter.name] = max([min(above, default=0), *taken])
        rows[place.chapter.name] = row
    return {name: (columns[name] * _ACROSS, rows[name] * _DOWN) for name in rows}


def _line(source: tuple[int, int], target: tuple[int, int]) -> str:
    x, y = source[0] + _WIDTH // 2, source[1] + _HEIGHT
    to_x, to_y = target[0] + _WIDTH // 2, target[1]
    middle = (y + to_y) // 2
    return f'<path d="M{x},{y} C{x},{middle} {to_x},{middle} {to_x},{to_y}"/>'


def _box(place: Shown, x: int, y: int, needs: Sequence[str]) -> str:
    texts = "".join(
        f'<text x="{x + 10}" y="{y + 22 + _LINE * n}">{escape(words)}</text>'
        for n, words in enumerate(textwrap.wrap(place.title, _LETTERS))
    )
    note = f'<text class="note" x="{x + 10}" y="{y + _HEIGHT - 10}">{escape(place.times())}</text>'
    box = f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
    # The lines between boxes, for those who do not see them.
    says = f' aria-label="{escape(place.title)} {escape(place.times())}{_builds_on(needs)}"'
    return _link(place, f"{box}{texts}{note}", says)


def _item(place: Shown, needs: Sequence[str]) -> str:
    times = escape(place.times())
    return f"<li>{_link(place, escape(place.title))} {times}{_builds_on(needs)}</li>"


def _builds_on(needs: Sequence[str]) -> str:
    return "".join(f"; builds on chapter {int(need.partition('-')[0])}" for need in needs)


def _link(place: Shown, shown: str, says: str = "") -> str:
    return f'<a href="../notebooks/{place.chapter.name}.html"{says}>{shown}</a>'
