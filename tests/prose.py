"""What a reader of the course reads: pages, Markdown cells and quizzes, and the prose in them."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import nbformat
from conftest import COMPUTED, ROOT

PAGES = [*sorted((ROOT / "book").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
QUIZZES = sorted((ROOT / "cnn_course" / "checks" / "quizzes").glob("*.toml"))

# In this order: a fence may hold anything, a line of code anything but a fence.
_NO_PROSE = (
    r"(?ms)^(`{3,}).*?^\1",  # blocks of code
    r"`[^`]+`",  # code in a line
    r"(?s)\$\$.+?\$\$",  # formulas
    r"\$[^$\n]+\$",
    r"(?<=\])\([^)\s]+\)",  # where a link leads
    r"<[^>\n]+>",  # tags and bare addresses
    r"https?://\S+",
)


def prose(markdown: str) -> str:
    """Return Markdown without its code, its formulas and its addresses, line by line as it was."""
    for pattern in _NO_PROSE:
        markdown = re.sub(pattern, lambda found: "\n" * found[0].count("\n") or " ", markdown)
    return markdown


def in_notebook(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the Markdown cells of a chapter, each with its name."""
    for cell in nbformat.read(file, as_version=4).cells:
        if cell.cell_type == "markdown":
            yield cell.id, cell.source


def in_quiz(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the questions of a chapter with their options and reasons, each with its name."""
    for name, question in tomllib.loads(file.read_text(encoding="utf-8")).items():
        options = [text for one in question["options"] for text in (one["text"], one["reason"])]
        yield name, "\n".join([question["question"], *options])


def all_markdown() -> Iterator[tuple[Path, str, str]]:
    """Yield every page and every Markdown cell: the file, the place in it, the text."""
    for file in PAGES:
        yield file, "", file.read_text(encoding="utf-8")
    for file in COMPUTED:
        for place, text in in_notebook(file):
            yield file, place, text


def all_prose() -> Iterator[tuple[Path, str, str]]:
    """Yield the prose of every page, every Markdown cell and every quiz question."""
    for file, place, text in all_markdown():
        yield file, place, prose(text)
    for file in QUIZZES:
        for place, text in in_quiz(file):
            yield file, place, text


def named(file: Path, place: str) -> str:
    """Return how a message calls a place."""
    return f"{file.relative_to(ROOT).as_posix()} {place}".strip()
