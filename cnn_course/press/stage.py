"""Puts together what Jupyter Book reads: the pages, and the executed chapters in their places."""

import copy
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from cnn_course.press import notebooks
from cnn_course.press.filling import fill
from cnn_course.press.measured import measured_line, with_times
from cnn_course.press.notebooks import Cell, Notebook, Output
from cnn_course.press.project import Project, read_yaml, repository
from cnn_course.press.store import GoodRun

_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__")
# What a tag of a cell becomes on those parts of it that show outputs only.
_TAGS_OF_A_PART = {"hide-cell": "hide-output", "hide-input": "remove-input"}
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")


def stage(project: Project, profile: str, shown: Mapping[str, GoodRun], folder: Path) -> None:
    """Fill `folder` with a book that Jupyter Book renders without executing anything.

    Every file keeps its relative path: Jupyter Book makes the links to Colab and Binder from it.

    Args:
        project: the clone.
        profile: of the runs to show.
        shown: the run of each chapter, by name.
        folder: is replaced.

    Raises:
        PressError: a file of the book cannot be read, or a page asks for what there is not.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "notebooks").mkdir(parents=True)
    shutil.copytree(project.root / "book", folder / "book", ignore=_LEFT_OUT)
    shutil.copyfile(project.root / "_toc.yml", folder / "_toc.yml")
    config = read_yaml(project.root / "_config.yml")
    for name in set(_paths(config)):
        _copy_named(project.root, name, folder)
    address = {"url": repository(project.root), "branch": "main"}
    config["repository"] = (config.get("repository") or {}) | address
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for chapter in project.chapters:
        run, notebook = shown[chapter.name]
        page = _as_page(notebook, measured_line(project, chapter.name, profile, run, notebook))
        target = folder / chapter.file.relative_to(project.root)
        target.write_text(json.dumps(page), encoding="utf-8")
    for file in sorted((folder / "book").glob("*.md")):
        text = file.read_text(encoding="utf-8")
        file.write_text(fill(text, project, profile, shown, file.parent), encoding="utf-8")


def _paths(config: Any) -> Iterator[str]:
    """Yield every text in a configuration that may be a path below the root of the clone."""
    if isinstance(config, dict | list):
        for value in config.values() if isinstance(config, dict) else config:
            yield from _paths(value)
    elif isinstance(config, str) and "/" in config and len(config) < 256:
        yield config


def _copy_named(root: Path, name: str, folder: Path) -> None:
    """Copy a file or a folder of the clone that the configuration names, unless it is there."""
    source, target = (root / name).resolve(), folder / name
    if not source.is_relative_to(root.resolve()) or target.exists():
        return
    if source.is_dir():
        shutil.copytree(source, target, ignore=_LEFT_OUT)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _as_page(notebook: Notebook, times: str) -> Notebook:
    """Return a notebook as the book shows it: with alt texts, and with how long it takes."""
    cells = [part for cell in notebook["cells"] if _is_shown(cell) for part in _split(cell)]
    for cell in cells:
        _describe_picture(cell)
    return notebook | {"cells": with_times(cells, times)}


def _is_shown(cell: Cell) -> bool:
    """Return whether a cell is for the page: a solution's heading folds it in JupyterLab alone."""
    return cell["cell_type"] == "code" or "solution" not in notebooks.tags(cell)


def _split(cell: Cell) -> Iterator[Cell]:
    """Yield a cell so that each part shows pictures of one description only.

    MyST-NB takes alt text and class from the cell's metadata, the same for all of its pictures.
    """
    groups: list[list[Output]] = [[]]
    described = None
    for output in cell.get("outputs", []):
        description = _description(output)
        if description and described and description != described:
            groups.append([])
        described = description or described
        groups[-1].append(output)
    if len(groups) == 1:
        yield cell
        return
    yield cell | {"outputs": groups[0]}
    tags = {"remove-input"} | {_TAGS_OF_A_PART.get(tag, tag) for tag in notebooks.tags(cell)}
    for number, outputs in enumerate(groups[1:], start=2):
        about = cell["metadata"] | {"tags": sorted(tags)}
        part = {"id": f"{cell.get('id', 'cell')}-{number}", "outputs": outputs}
        part["source"] = "# More outputs of the cell above."  # MyST-NB leaves out an empty cell
        yield copy.deepcopy(cell | part | {"metadata": about})


def _describe_picture(cell: Cell) -> None:
    """Copy the description of a cell's picture to where MyST-NB looks for it."""
    for description in filter(None, map(_description, cell.get("outputs", []))):
        options = cell["metadata"].setdefault("mystnb", {}).setdefault("image", {})
        options |= description


def _description(output: Output) -> dict[str, str]:
    """Return the alt text and the classes that an output's metadata gives its picture."""
    for kind in _PICTURES:
        if kind in output.get("data", {}):
            about = output.get("metadata", {}).get(kind, {})
            named = {"alt": about.get("alt"), "classes": about.get("class")}
            return {name: text for name, text in named.items() if text}
    return {}
