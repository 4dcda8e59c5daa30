"""Fills in what pages of the book take from the chapters: times, a picture, the map, the terms.

A page asks for it in a comment, `<!-- fill: minutes 02-mnist-convnet -->`; the stage answers.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cnn_course.press import files, notebooks
from cnn_course.press.chapter_map import Place, draw
from cnn_course.press.measured import times
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import Chapter, PressError, Project
from cnn_course.press.store import GoodRun

_ASKED = re.compile(r"<!-- fill: (\w+)([^>]*?) -->")
_LINK_TO_CHAPTER = re.compile(r"\((\d\d-[\w-]+)\.ipynb")
_LINK_TO_TERM = re.compile(r"glossary\.md#([\w-]+)")
_HEADING = re.compile(r"(?m)^#{1,3} (.+)$")


def fill(
    page: str, project: Project, profile: str, shown: Mapping[str, GoodRun], folder: Path
) -> str:
    """Return the text of a page with everything that it asks for.

    Args:
        page: Markdown.
        project: the clone.
        profile: of the runs that the book shows.
        shown: the run of each chapter, by name.
        folder: where the page will lie; pictures are written there.

    Raises:
        PressError: the page asks for something that there is not.
    """
    answers: dict[str, Callable[..., str]] = {
        "minutes": lambda name: times(project, name, profile, *shown[name]),
        "picture": lambda name, cell: _picture(shown[name][1], cell, folder),
        "recorded": lambda name, *keys: f"{_recorded(project, name, keys):.3f}",
        "map": lambda: draw(_places(project, profile, shown)),
        "terms": lambda: _terms(project, shown),
    }

    def answer(asked: re.Match[str]) -> str:
        wanted, words = asked[1], asked[2].split()
        try:
            return answers[wanted](*words)
        except (KeyError, TypeError):
            known = "minutes CHAPTER, recorded CHAPTER NAME, picture CHAPTER CELL, map, terms"
            raise PressError(f"A page asks for {asked[0]}. It can ask for: {known}.") from None

    return _ASKED.sub(answer, page)


def _picture(notebook: Notebook, cell_id: str, folder: Path) -> str:
    """Write the figure of a cell into `folder`, and return the Markdown that shows it."""
    for cell in notebooks.code_cells(notebook):
        for output in cell["outputs"] if cell["id"] == cell_id else []:
            if "image/png" in output.get("data", {}):
                (folder / f"{cell_id}.png").write_bytes(
                    base64.b64decode(output["data"]["image/png"])
                )
                about = output["metadata"]["image/png"]
                return f"![{about['alt']}]({cell_id}.png)"
    raise PressError(f"A page asks for the figure of the cell {cell_id!r}, and there is none.")


def _recorded(project: Project, name: str, keys: Sequence[str]) -> float:
    """Return a number from the record of a full run."""
    value = files.read_json(project.measured / f"{name}.json")["results"]
    for key in keys:
        value = value[key]
    return float(value)


def _places(project: Project, profile: str, shown: Mapping[str, GoodRun]) -> list[Place]:
    """Return the chapters with what each needs, as its opening says it."""
    return [
        Place(
            name=chapter.name,
            title=title(notebook),
            needs=needs(notebook),
            note=times(project, chapter.name, profile, run, notebook),
        )
        for chapter in project.chapters
        for run, notebook in [shown[chapter.name]]
        if chapter.number
    ]


def title(notebook: Notebook) -> str:
    """Return the heading that a chapter begins with."""
    found = _HEADING.search(notebook["cells"][0]["source"])
    return found[1].strip() if found else ""


def needs(notebook: Notebook) -> tuple[str, ...]:
    """Return the chapters that the opening of a chapter says one needs, by name."""
    openings = (cell["source"].partition("**You need**")[2] for cell in notebook["cells"])
    opening = next(filter(None, openings), "")
    return tuple(dict.fromkeys(_LINK_TO_CHAPTER.findall(opening)))


def _terms(project: Project, shown: Mapping[str, GoodRun]) -> str:
    """Return the list of the glossary's terms, each with the sections that link it."""
    glossary = (project.root / "book" / "glossary.md").read_text(encoding="utf-8")
    used: dict[str, list[str]] = {}
    for chapter in project.chapters:
        for term, place in _uses(chapter, shown[chapter.name][1]):
            used.setdefault(term, []).append(place)
    lines = []
    for term in re.findall(r"(?m)^## (.+)$", glossary):
        places = used.get(anchor(term), [])
        lines.append(f"- [{term}](glossary.md#{anchor(term)}): {'; '.join(places)}")
    return "\n".join(lines)


def _uses(chapter: Chapter, notebook: Notebook) -> list[tuple[str, str]]:
    """Return the terms that a chapter links: each with a link to the section where it does."""
    found: dict[str, str] = {}
    section, about = "", chapter.number or title(notebook)
    for cell in notebook["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        for line in cell["source"].splitlines():
            heading = _HEADING.match(line)
            section = heading[1].strip() if heading else section
            for term in _LINK_TO_TERM.findall(line):
                address = f"../{chapter.file.parent.name}/{chapter.file.name}#{anchor(section)}"
                found.setdefault(term, f"[{section}]({address}) ({about})")
    return list(found.items())


def anchor(heading: str) -> str:
    """Return the anchor of a heading, by JupyterLab's rule; `_config.yml` gives it to the book."""
    return heading.strip().replace(" ", "-")
