"""A clone of the course: where it is, its settings, and its chapters in the order of the book."""

import shutil
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

from cnn_course.written import visible


class PressError(Exception):
    """What stops a command, as one message for the person at the keyboard."""


def say(text: str, *, err: bool = False) -> None:
    """Print a text in which names of students, files and columns do not steer the terminal."""
    click.echo(visible(text), err=err)


@dataclass(frozen=True)
class Chapter:
    """One notebook of the book: a chapter, or a page that computes.

    Attributes:
        name: the file's name without its ending, for example `"01-convolution-by-hand"`.
        file: where it is, with the outputs of the tiny profile stored.
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

    def select(self, words: Sequence[str]) -> list[Chapter]:
        """Return the chapters that `words` name, in the order of the book; all for no word.

        A word is `"1"`, `"01"`, `"01-convolution-by-hand"` or the notebook's path.

        Raises:
            PressError: a word names no chapter; the message lists those that there are.
        """
        named = {self._find(word) for word in words}
        return [chapter for chapter in self.chapters if chapter in named or not words]

    def _find(self, word: str) -> Chapter:
        wanted = Path(word).name.removesuffix(".ipynb")
        for chapter in self.chapters:
            number = chapter.name.partition("-")[0]
            same_number = wanted.isdecimal() and wanted.lstrip("0") == number.lstrip("0")
            if wanted == chapter.name or same_number:
                return chapter
        from cnn_course.arguments import did_you_mean  # noqa: PLC0415 - it brings NumPy along

        names = [chapter.name for chapter in self.chapters]
        listed = "\n".join(f"  {name}" for name in names)
        raise PressError(
            f"There is no chapter {word!r}.{did_you_mean(wanted, names)} "
            f"_toc.yml lists these, and it is where a new one is added:\n{listed}"
        )


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


def read_settings(file: Path) -> dict[str, Any]:
    """Return the mapping in a file of YAML or, by its ending, TOML.

    Raises:
        PressError: the file is missing, cannot be read as what it is, or holds no mapping.
    """
    is_toml = file.suffix == ".toml"
    try:
        text = file.read_text(encoding="utf-8")
        content = tomllib.loads(text) if is_toml else yaml.load(text, _WithoutAliases)
    except FileNotFoundError:
        raise PressError(f"{file} is missing. Get it back: git checkout {file.name}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        language = "TOML" if is_toml else "YAML"
        raise PressError(f"{file} is not valid {language}: {error}") from None
    if not isinstance(content, dict):
        raise PressError(f"{file} holds no mapping of names to values.")
    return content


class _WithoutAliases(yaml.SafeLoader):
    """Takes no node twice: one that contains itself, or doubles again and again, has no end."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"*{self.peek_event().anchor} repeats a part. Write it out.")
        return super().compose_node(parent, index)


def repository(root: Path) -> str:
    """Return the public address of the course, without a slash at its end.

    Raises:
        PressError: `pyproject.toml` has no `Repository` under `[project.urls]`.
    """
    about = read_settings(root / "pyproject.toml")
    address = about.get("project", {}).get("urls", {}).get("Repository")
    if not address:
        raise PressError("pyproject.toml has no Repository under [project.urls]. Write it there.")
    return str(address).rstrip("/").removesuffix(".git")


def pages_address(root: Path) -> str:
    """Return where the site is published, without a slash at its end.

    Raises:
        PressError: as `repository`.
    """
    owner, name = repository(root).split("/")[-2:]
    return f"https://{owner.lower()}.github.io/{name}"


def table_of_contents(root: Path) -> list[str]:
    """Return the pages of the book in its order, the start page first, without their endings.

    Raises:
        PressError: `_toc.yml` cannot be read.
    """
    contents = read_settings(root / "_toc.yml")
    listed = [contents["root"], *_files(contents)]
    return [name.removesuffix(".md").removesuffix(".ipynb") for name in listed]


def files_below(folder: Path) -> list[Path]:
    """Return every file below `folder`, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """Give a fresh folder `parent/scratch` and remove it afterwards.

    What a killed run left there is removed first, so the caller holds the lock of `parent`.
    """
    folder = parent / "scratch"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    except OSError as error:
        error.filename = error.filename or str(folder)  # a full disk does not say where it is
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; say so when another one has it first.

    The system takes the lock back from a process that dies.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - `--help` does without

    folder.mkdir(parents=True, exist_ok=True)
    # Who else may write in the folder may lock it, whatever the first one's rights are by habit.
    lock = FileLock(folder / ".lock", mode=0o666)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"Another cnn-course is working in {folder}. Waiting until it is done.", err=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _chapters(root: Path) -> Iterator[Chapter]:
    entries = list(_files(read_settings(root / "_toc.yml")))
    for entry in entries:
        if entries.count(entry) > 1:
            raise PressError(f"_toc.yml lists {entry} twice.")
        page = root / entry.removesuffix(".md").removesuffix(".ipynb")
        file = page.with_name(f"{page.name}.ipynb")
        if file.is_file():
            yield Chapter(file.stem, file)
        elif not page.with_name(f"{page.name}.md").is_file():
            raise PressError(f"_toc.yml lists {entry}, but there is no {page}.ipynb or .md.")


def _files(node: Any) -> Iterator[str]:
    """Yield every file that a table of contents names, depth first."""
    if isinstance(node, dict):
        if isinstance(node.get("file"), str):
            yield node["file"]
        node = list(node.values())
    for item in node if isinstance(node, list) else []:
        yield from _files(item)
