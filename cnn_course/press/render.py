"""The finished site in `_build/html`: rendered beside it, swapped in whole, recovered after a kill.

The finished site carries a hidden file that says what it was made of.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from cnn_course.press import files, lean
from cnn_course.press.machine import versions
from cnn_course.press.project import PressError

STAMP = ".made-of.json"
_RENDERED_WITH = (
    "docutils",
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
    "sphinx-design",
    "sphinx-togglebutton",
    "sphinxcontrib-bibtex",
)
_JUPYTER_BOOK = "import cnn_course.press; from jupyter_book.cli.main import main; main()"
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LINES_SHOWN = 30


class Site:
    """The site of a clone.

    Attributes:
        html: the folder of the finished site.
    """

    def __init__(self, build: Path) -> None:
        self.html = build / "html"
        self._previous = build / "html.previous"

    def recover(self) -> None:
        """Put things right after a kill between the two renames of a swap."""
        if not self.html.exists() and self._previous.exists():
            self._previous.rename(self.html)
        shutil.rmtree(self._previous, ignore_errors=True)

    def is_made_of(self, stage: Path) -> bool:
        """Return whether the finished site is whole and shows what lies in `stage`."""
        stamp = files.read_json(self.html / STAMP)
        return stamp == {"source": _source_digest(stage), "pages": _listing(self.html)}

    def render(self, stage: Path, scratch: Path) -> None:
        """Render `stage` and put the result in the place of the finished site.

        Args:
            stage: a book with executed notebooks, a `_config.yml` and a `_toc.yml`.
            scratch: an empty folder on the same disk as the site.

        Raises:
            PressError: Jupyter Book failed or warned; the finished site is as it was.
        """
        source = _source_digest(stage)
        _run_jupyter_book(stage, scratch)
        fresh = scratch / "_build" / "html"
        lean.slim(fresh)
        files.write_json(fresh / STAMP, {"source": source, "pages": _listing(fresh)})
        if self.html.exists():
            self.html.rename(self._previous)
        fresh.rename(self.html)
        shutil.rmtree(self._previous, ignore_errors=True)


def _source_digest(stage: Path) -> str:
    parts = {
        file.relative_to(stage).as_posix(): files.digest(file.read_bytes())
        for file in files.tree(stage)
    }
    slimming = files.digest(Path(lean.__file__).read_bytes())
    made_with = [parts, versions(_RENDERED_WITH), slimming]
    return files.digest(json.dumps(made_with, sort_keys=True))


def _listing(site: Path) -> str:
    """Return a digest of the names and sizes of a site's files, to notice one that is missing."""
    found = [
        (file.relative_to(site).as_posix(), file.stat().st_size)
        for file in files.tree(site)
        if file.name != STAMP
    ]
    return files.digest(json.dumps(found))


def _run_jupyter_book(stage: Path, output: Path) -> None:
    # -n: a reference to nothing is a warning; -W: a warning is an error.
    options = ["-W", "-n", "--keep-going", "--path-output", str(output)]
    process = subprocess.Popen(
        [sys.executable, "-c", _JUPYTER_BOOK, "build", str(stage), *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=os.environ | {"PYTHONUTF8": "1"},
    )
    try:
        lines = _follow(process)
    finally:
        process.terminate()
        process.wait()
    if process.returncode:
        raise PressError(_explain(lines, stage))


def _follow(process: subprocess.Popen[str]) -> list[str]:
    """Return what Jupyter Book says, showing on a terminal where it is."""
    lines = []
    console = Console(stderr=True)
    with console.status("Rendering the book") as status:
        for line in process.stdout or ():
            # Progress comes as one long line whose parts are divided by carriage returns.
            said = _COLOUR.sub("", line).rstrip().rpartition("\r")[2]
            lines.append(said)
            status.update(f"Rendering the book: {escape(said[:60])}")
    process.wait()
    return lines


def _explain(lines: list[str], stage: Path) -> str:
    """Return the warnings among `lines`, else the last lines, with paths as in the clone."""
    marked = [line for line in lines if re.search(r"\b(WARNING|ERROR|CRITICAL|SEVERE)\b", line)]
    shown = marked or [line for line in lines if line.strip()]
    text = "\n".join(f"  {line.replace(f'{stage}{os.sep}', '')}" for line in shown[-_LINES_SHOWN:])
    return f"Jupyter Book does not accept the book. The previous site is as it was.\n{text}"
