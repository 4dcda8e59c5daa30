"""A clone of the course: where it is, and its chapters in the order of the book."""

import difflib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class PressError(Exception):
    """What stops the press, as one message for the person at the keyboard."""


@dataclass(frozen=True)
class Chapter:
    """One notebook of the book: a chapter, or a page that computes.

    Attributes:
        name: the file's name without its ending, for example `"01-convolution-by-hand"`.
        file: where its source is, with the outputs of the tiny profile stored.
    """

    name: str
    file: Path

    @property
    def number(self) -> str:
        """Its number in the course, for example `"chapter 1"`; empty for a page of `book/`."""
        in_place = self.file.parent.name == "notebooks" and self.name[:2].isdecimal()
        return f"chapter {int(self.name[:2])}" if in_place else ""


@dataclass(frozen=True)
class Project:
    """A clone of the course.

    Attributes:
        root: the folder with `_toc.yml` and `notebooks/`.
        chapters: in the order of the book.
    """

    root: Path
    chapters: tuple[Chapter, ...]

    @property
    def build(self) -> Path:
        """The folder for everything that can be made again."""
        return self.root / "_build"

    @property
    def measured(self) -> Path:
        """The folder with the recorded full runs."""
        return self.root / "book" / "measured"

    def unlisted(self) -> list[str]:
        """Return the notebooks that the table of contents leaves out, by name."""
        listed = {chapter.name for chapter in self.chapters}
        names = (file.stem for file in sorted((self.root / "notebooks").glob("*.ipynb")))
        return [name for name in names if name not in listed]

    def select(self, words: Sequence[str]) -> list[Chapter]:
        """Return the chapters that `words` name, in the order of the book; all for no word.

        Args:
            words: for example `"1"`, `"01"`, `"01-convolution-by-hand"` or the notebook's path.

        Raises:
            PressError: a word names no chapter; the message lists those that there are.
        """
        named = {self._find(word) for word in words}
        return [chapter for chapter in self.chapters if chapter in named or not words]

    def _find(self, word: str) -> Chapter:
        wanted = Path(word).name.removesuffix(".ipynb")
        for chapter in self.chapters:
            number = chapter.name.partition("-")[0]
            same_number = wanted.isdecimal() and number.isdecimal() and int(wanted) == int(number)
            if wanted == chapter.name or same_number:
                return chapter
        names = [chapter.name for chapter in self.chapters]
        near = difflib.get_close_matches(wanted, names, n=1)
        guess = f" Did you mean {near[0]}?" if near else ""
        listed = "\n".join(f"  {name}" for name in names)
        raise PressError(f"There is no chapter {word!r}.{guess} The chapters are:\n{listed}")


def find_project(start: Path | None = None) -> Project:
    """Return the clone that `start` (the working folder, if not given) lies in.

    Raises:
        PressError: it lies in none, or the table of contents cannot be followed.
    """
    start = (start or Path.cwd()).absolute()
    for folder in (start, *start.parents):
        if (folder / "_toc.yml").is_file() and (folder / "notebooks").is_dir():
            return Project(folder, tuple(_chapters(folder)))
    raise PressError(
        f"{start} is not in a clone of the course: neither it nor a folder above it has "
        "_toc.yml and notebooks/. Run this inside a clone of the course."
    )


def read_pyproject(root: Path) -> dict[str, Any]:
    """Return what `pyproject.toml` says.

    Raises:
        PressError: it is missing or is not TOML.
    """
    file = root / "pyproject.toml"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PressError(f"{file} is missing. It says where the course is published.") from None
    except tomllib.TOMLDecodeError as error:
        raise PressError(f"{file} is not valid TOML: {error}") from None


def repository(root: Path) -> str:
    """Return the public address of the course, without a slash at its end.

    Raises:
        PressError: `pyproject.toml` has no `Repository` under `[project.urls]`.
    """
    address = read_pyproject(root).get("project", {}).get("urls", {}).get("Repository")
    if not address:
        raise PressError("pyproject.toml has no Repository under [project.urls]. Write it there.")
    return str(address).rstrip("/").removesuffix(".git")


def read_yaml(file: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file.

    Raises:
        PressError: the file is missing, is not YAML, or holds no mapping.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PressError(f"{file} is missing.") from None
    except yaml.YAMLError as error:
        raise PressError(f"{file} is not valid YAML: {error}") from None
    if not isinstance(content, dict):
        raise PressError(f"{file} holds no mapping of names to values.")
    return content


def _chapters(root: Path) -> Iterator[Chapter]:
    for entry in _files(read_yaml(root / "_toc.yml")):
        file = root / f"{entry.removesuffix('.ipynb')}.ipynb"
        if not entry.startswith("notebooks/") and not file.is_file():
            continue  # a page in Markdown
        if not file.is_file():
            raise PressError(f"_toc.yml lists {entry}, but {file} does not exist.")
        yield Chapter(file.stem, file)


def _files(node: Any) -> Iterator[str]:
    """Yield every file that a table of contents names, depth first."""
    if isinstance(node, list):
        for item in node:
            yield from _files(item)
    elif isinstance(node, dict):
        if isinstance(node.get("file"), str):
            yield node["file"]
        for value in node.values():
            yield from _files(value)
