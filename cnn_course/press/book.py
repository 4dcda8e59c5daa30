"""Makes the book: runs what needs it, puts the pages together, and renders them.

The finished site carries a hidden file that says what it was made of.
"""

import copy
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml
from tqdm import tqdm

from cnn_course import checks
from cnn_course.checks.answers import specifications
from cnn_course.files import digest, read_json, write_json
from cnn_course.javascript import one_piece, without_exports
from cnn_course.press import notebooks
from cnn_course.press.environment import make_environment_neutral, versions
from cnn_course.press.notebooks import Cell, Notebook, Output
from cnn_course.press.project import (
    PressError,
    Project,
    files_below,
    locked,
    read_settings,
    repository,
    say,
    scratch,
)
from cnn_course.press.stored_runs import GoodRun, RunStore, bring_up_to_date, find_stored
from cnn_course.press.substitutions import Shown, check_terms, fill, with_times

_STAMP = ".made-of.json"
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__")
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
_RENDERED_WITH = (
    "docutils",
    "fonttools",
    "jupyter-book",
    "latex2mathml",
    "myst-nb",
    "myst-parser",
    "pillow",
    "pydata-sphinx-theme",
    "pygments",
    "sphinx",
    "sphinx-book-theme",
    "sphinx-copybutton",
    "sphinx-togglebutton",
)
# Its standard input ends with the process that started it, and it ends with that.
_JUPYTER_BOOK = """
import os, sys, threading
import cnn_course.press
from jupyter_book.cli.main import main

def end_with_parent():
    sys.stdin.read()
    os._exit(1)

threading.Thread(target=end_with_parent, daemon=True).start()
main()
"""
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LINES_SHOWN = 30


def build_book(
    project: Project,
    profile: str,
    *,
    fresh: bool = False,
    compared: bool = False,
    cluster: str = "",
) -> None:
    """Bring `_build/html` up to date.

    Args:
        project: the clone of the course.
        profile: whose runs the pages show; with `"tiny"` stored outputs that hold are printed.
        fresh: run and render also what is up to date.
        compared: print all stored outputs, since a test compares them with a run.
        cluster: the address of a Dask scheduler, whose workers run chapters; empty for here.

    Raises:
        PressError: a chapter failed, or Jupyter Book warned; the previous site is as it was.
    """
    listed = {chapter.file for chapter in project.chapters}
    for file in sorted((project.root / "notebooks").glob("*.ipynb")):
        if file not in listed:
            say(f"Note: notebooks/{file.name} is not in _toc.yml, so the book has no page for it.")
    store = RunStore(project, profile)
    html, previous = project.build / "html", project.build / "html.previous"
    with locked(project.build), locked(store.folder):
        _recover(html, previous)
        shown, summary = _good_runs(store, fresh=fresh, compared=compared, cluster=cluster)
        with scratch(project.build) as folder:
            pages = folder / "pages"
            _put_together(project, shown, pages)
            source = _source_digest(pages)
            if not fresh and read_json(html / _STAMP) == _stamp(source, html):
                say("Nothing changed: the book is up to date.")
            else:
                fresh_html = _rendered(pages, source, folder / "output", project.build / "cache")
                if html.exists():
                    html.rename(previous)
                fresh_html.rename(html)
                _recover(html, previous)
                say("The book is printed.")
    say(f"Open  {html / 'index.html'}")
    say(f'or    python -m http.server --directory "{html}"')
    say(summary)


def _good_runs(
    store: RunStore, *, fresh: bool, compared: bool, cluster: str
) -> tuple[dict[str, Shown], str]:
    """Return every chapter as the book shows it, and in words where the outputs come from."""
    project = store.project
    check_terms(project)  # before minutes of runs
    stored: dict[str, GoodRun] = {}
    if store.profile == "tiny" and not fresh:
        stored, reasons = find_stored(project, project.chapters, compared=compared)
        for name, reason in reasons.items():
            say(f"{name}: the stored outputs are not printed, since {reason}.")
    rest = [chapter for chapter in project.chapters if chapter.name not in stored]
    ran = bring_up_to_date(store, rest, fresh=fresh, cluster=cluster)
    shown = {}
    for chapter in project.chapters:
        if chapter in rest:
            run, executed = store.read(chapter.name)
            source = notebooks.for_profile(chapter, store.profile)
            notebook = notebooks.with_outputs(source, executed)
        else:
            run, notebook = stored[chapter.name]
        shown[chapter.name] = Shown(project, chapter, store.profile, run, notebook)
    kept = len(rest) - len(ran)
    earlier = f", {kept} from an earlier run" if kept else ""
    return shown, (f"Chapters: {len(stored)} printed from stored outputs, {len(ran)} run{earlier}.")


# What Jupyter Book reads


def _put_together(project: Project, shown: Mapping[str, Shown], folder: Path) -> None:
    """Fill `folder` with a book that Jupyter Book renders without executing anything.

    Every file keeps its relative path: Jupyter Book makes the links to Colab and Binder from it.

    Raises:
        PressError: a file of the book cannot be read, or a page asks for what there is not.
    """
    (folder / "notebooks").mkdir(parents=True)
    shutil.copytree(project.root / "book", folder / "book", ignore=_LEFT_OUT)
    marking = without_exports(one_piece(Path(checks.__file__).with_name("exercises.mjs")), "none")
    (folder / "book" / "_static" / "exercises.js").write_text(
        f"{{\n{marking}\n}}", encoding="utf-8"
    )
    shutil.copyfile(project.root / "_toc.yml", folder / "_toc.yml")
    config = read_settings(project.root / "_config.yml")
    address = {"url": repository(project.root), "branch": "main"}
    config["repository"] = (config.get("repository") or {}) | address
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for one in shown.values():
        target = folder / one.chapter.file.relative_to(project.root)
        target.write_text(json.dumps(_as_page(one)), encoding="utf-8")
    for file in sorted((folder / "book").glob("*.md")):
        text = file.read_text(encoding="utf-8")
        try:
            filled = fill(text, project, shown, file.parent)
        except PressError as error:
            raise PressError(f"book/{file.name}: {error}") from None
        file.write_text(filled, encoding="utf-8")


def _as_page(shown: Shown) -> Notebook:
    """Return a chapter as the book shows it: with alt texts, and with how long it takes.

    A solution's heading is left out: it folds the solution in JupyterLab alone.

    Raises:
        PressError: a cell has pictures of several alt texts.
    """
    cells = [
        cell | {"metadata": copy.deepcopy(cell["metadata"])}
        for cell in shown.notebook["cells"]
        if cell["cell_type"] == "code" or "solution" not in notebooks.tags(cell)
    ]
    for cell in cells:
        described = [one for one in map(_description, cell.get("outputs", [])) if one]
        if any(one != described[0] for one in described):
            first = cell["source"].partition("\n")[0]
            raise PressError(
                f"{shown.chapter.name}: the cell that begins with `{first}` shows pictures of "
                "different alt texts, and a page has one for each cell. Make a cell for each."
            )
        if described:  # MyST-NB takes alt text and class from here
            image = cell["metadata"].setdefault("mystnb", {}).setdefault("image", {})
            image |= described[0]
        if data := _exercise_data(shown.chapter.name, cell):
            cell["outputs"] = [*cell["outputs"], *data]
    return shown.notebook | {"cells": with_times(cells, shown.sentences())}


def _exercise_data(chapter: str, cell: Cell) -> list[Output]:
    """Return what the page needs to mark the exercise of a cell, or nothing: Python marks it."""
    if not (names := notebooks.exercises(cell)):
        return []
    specified = specifications(chapter)
    start = '<script type="application/json" class="course-exercise-data" data-name='
    return [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {
                "text/html": f'{start}"{name}">{_as_json(specified[name])}</script>',
            },
        }
        for name in names
        if name in specified
    ]


def _as_json(value: object) -> str:
    return json.dumps(value).replace("</", "<\\/")  # cannot end its script


def _description(output: Output) -> dict[str, str]:
    """Return the alt text and the classes that an output's metadata gives its picture."""
    for kind in _PICTURES:
        if kind in output.get("data", {}):
            about = output.get("metadata", {}).get(kind, {})
            named = {"alt": about.get("alt"), "classes": about.get("class")}
            return {name: text for name, text in named.items() if text}
    return {}


# The finished site: rendered beside it, swapped in whole, recovered after a kill


def _recover(html: Path, previous: Path) -> None:
    """Remove the previous site, or put it back: a kill may come between two renames."""
    if not html.exists() and previous.exists():
        previous.rename(html)
    shutil.rmtree(previous, ignore_errors=True)


def _rendered(pages: Path, source: str, output: Path, caches: Path) -> Path:
    """Render `pages` and return the folder of the site.

    Raises:
        PressError: Jupyter Book failed or warned.
    """
    from cnn_course.press.postprocess import make_light  # noqa: PLC0415 - Pillow, latex2mathml

    _run_jupyter_book(pages, output, caches)
    html = output / "_build" / "html"
    make_light(html)
    write_json(html / _STAMP, _stamp(source, html))
    return html


def _source_digest(pages: Path) -> str:
    parts = {
        file.relative_to(pages).as_posix(): digest(file.read_bytes()) for file in files_below(pages)
    }
    ours = [Path(__file__).with_name(name) for name in ("postprocess.py", "icons.py")]
    postprocessing = [digest(file.read_bytes()) for file in ours]
    return digest(json.dumps([parts, versions(_RENDERED_WITH), postprocessing], sort_keys=True))


def _stamp(source: str, html: Path) -> dict[str, str]:
    """Return what a site is made of, and its files' names and sizes: one may be missing."""
    found = [
        (file.relative_to(html).as_posix(), file.stat().st_size)
        for file in files_below(html)
        if file.name != _STAMP
    ]
    return {"source": source, "pages": digest(json.dumps(found))}


def _run_jupyter_book(pages: Path, output: Path, caches: Path) -> None:
    # -n: a reference to nothing is a warning; -W: a warning is an error.
    options = ["-W", "-n", "--keep-going", "--path-output", str(output)]
    environment = dict(os.environ)
    make_environment_neutral(caches, environment)
    process = subprocess.Popen(
        [sys.executable, "-c", _JUPYTER_BOOK, "build", str(pages), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment | {"PYTHONUTF8": "1"},
    )
    lines = []
    try:
        with tqdm(bar_format="{desc}", disable=None, leave=False) as bar:
            for line in process.stdout or ():
                # Progress comes as one long line whose parts are divided by carriage returns.
                said = _COLOUR.sub("", line).rstrip().rpartition("\r")[2]
                lines.append(said)
                bar.set_description_str(f"Rendering the book: {said[:60]}")
        process.wait()
    finally:
        process.terminate()
        process.wait()
    if process.returncode:
        raise PressError(_explain(lines, pages))


def _explain(lines: list[str], pages: Path) -> str:
    """Return the warnings among `lines`, else the last lines, with paths as in the clone."""
    full = [line for line in lines if os.strerror(errno.ENOSPC) in line]
    if full:
        return f"Jupyter Book stopped. The previous site is as it was. {pages}: {full[-1].strip()}"
    marked = [line for line in lines if re.search(r"\b(WARNING|ERROR|CRITICAL|SEVERE)\b", line)]
    shown = marked or [line for line in lines if line.strip()]
    text = "\n".join(f"  {line.replace(f'{pages}{os.sep}', '')}" for line in shown[-_LINES_SHOWN:])
    return f"Jupyter Book does not accept the book. The previous site is as it was.\n{text}"
