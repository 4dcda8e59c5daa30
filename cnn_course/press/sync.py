"""Files that repeat what `pyproject.toml` or the chapters say, made equal to it.

The public address of the course and its requirements stand in one place; Binder, Colab and readers
need them in others.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from cnn_course.arguments import did_you_mean
from cnn_course.checks import exercise_names, quiz
from cnn_course.press import notebooks
from cnn_course.press.project import Chapter, PressError, Project, read_settings, repository

# It remembers the address, so that the next one is put in its place wherever it stands. Binder's
# repo2docker reads one version of Python, and no range.
_ENVIRONMENT = """\
# For conda and Binder. Written by `cnn-course sync` . The packages are those of the lock.
# The course is published at {address}
name: {name}
channels:
- conda-forge
dependencies:
- python=3.12
- pip
- pip:
  - -r requirements.lock
"""
_PAGES = ("*.md", "CITATION.cff", "book/**/*.md", ".github/**/*.md", ".github/**/*.yml")
# What comes before OWNER/NAME in addresses on GitHub, Colab and Binder, and of a badge.
_BEFORE = r"((?:github\.com|githubusercontent\.com|/github|/gh|/status)/)"
# What Colab installs: the published edition of this version, see .github/workflows/publish.yml.
_EDITION = re.compile(r"(?<=\{course\}@v)[\w.]+")


def differing(project: Project) -> Iterator[tuple[Path, str]]:
    """Yield every file that differs from what `pyproject.toml` says, with what it should hold.

    Raises:
        PressError: `pyproject.toml` lacks what is needed.
    """
    for file, wanted in _wanted(project):
        if not file.exists() or file.read_text(encoding="utf-8") != wanted:
            yield file, wanted


def _wanted(project: Project) -> Iterator[tuple[Path, str]]:
    root = project.root
    address, about = repository(root), read_settings(root / "pyproject.toml")["project"]
    file = root / "environment.yml"
    known = file.read_text(encoding="utf-8") if file.exists() else ""
    try:
        yield file, _ENVIRONMENT.format(**about, address=address)
        names = {about["name"], *re.findall(r"# The course .*/(\S+)", known)}
        version = about["version"]
    except KeyError as missing:
        raise PressError(f"pyproject.toml has no {missing} under [project].") from None
    replace = _replacement(names, address)
    pages = {page for pattern in _PAGES for page in root.glob(pattern)}
    for page in sorted(pages):
        yield page, replace(page.read_text(encoding="utf-8"))
    for file in sorted([*root.glob("notebooks/*.ipynb"), *root.glob("book/*.ipynb")]):
        yield file, _chapter_with(file, lambda text: _EDITION.sub(version, replace(text)))
    checks = root / "cnn_course" / "checks"
    if checks.is_dir():
        _check_files(project, checks)
        yield checks / "sections.json", _sections(project)


def _check_files(project: Project, checks: Path) -> None:
    """Check that chapters, answers and quizzes belong together, and that a quiz can be asked.

    Raises:
        PressError: one does not; which file, and what is wrong with it.
    """
    names = [chapter.name for chapter in project.chapters]
    for file in sorted(project.root.glob("notebooks/[0-9][0-9]-*.ipynb")):
        if file.stem not in names:
            raise PressError(f"notebooks/{file.name} is no chapter yet: list it in _toc.yml.")
    for file in sorted([*checks.glob("answers/*.toml"), *checks.glob("quizzes/*.toml")]):
        if file.stem not in names:
            raise PressError(
                f"{file.relative_to(project.root)} has the name of no chapter."
                f"{did_you_mean(file.stem, names)}"
            )
    try:
        exercise_names()
        for file in sorted(checks.glob("quizzes/*.toml")):
            quiz(file.stem)
    except ValueError as error:
        raise PressError(str(error)) from None


def _sections(project: Project) -> str:
    """Return chapter -> section -> names of its exercises, as JSON; a learner's progress needs it.

    Sections without an exercise are left out.

    Raises:
        PressError: an exercise has no answer, or stands in two chapters.
    """
    found: dict[str, dict[str, list[str]]] = {}
    known, asked = set(exercise_names()), dict[str, Chapter]()
    for chapter in filter(lambda one: one.number, project.chapters):
        title, inside = "", found.setdefault(chapter.name, {})
        for cell in notebooks.read(chapter.file)["cells"]:
            if cell["cell_type"] == "markdown":
                headings = re.findall(r"(?m)^## (.+)$", cell["source"])
                title = headings[-1].strip() if headings else title
            elif names := notebooks.exercises(cell):
                if missing := set(names) - known:
                    raise PressError(_without_answer(chapter, missing.pop()))
                for name in names:
                    here = [one for asked_there in inside.values() for one in asked_there]
                    if name in here and "exercise" in notebooks.tags(cell):
                        raise PressError(
                            f"notebooks/{chapter.file.name} asks check({name!r}) in two exercises. "
                            "Give each a name of its own."
                        )
                    if (first := asked.setdefault(name, chapter)) != chapter:
                        raise PressError(
                            f"notebooks/{chapter.file.name} asks check({name!r}), and so does "
                            f"notebooks/{first.file.name}. Give the exercise a name of its own."
                        )
                inside.setdefault(title, []).extend(names)
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _without_answer(chapter: Chapter, exercise: str) -> str:
    return (
        f"notebooks/{chapter.file.name} asks check({exercise!r}), which nothing can mark. Write "
        f"[{exercise}] into cnn_course/checks/answers/{chapter.name}.toml, or a check of a "
        "function, a choice or a model into checks/functions.py, choices.py or models.py."
    )


def _chapter_with(file: Path, replace: Callable[[str], str]) -> str:
    """Return the text of a notebook with the texts of its cells replaced, but not its outputs."""
    notebook = notebooks.read(file)
    changed = False
    for cell in notebook["cells"]:
        before, cell["source"] = cell["source"], replace(cell["source"])
        changed |= before != cell["source"]
    # Where nothing changes, not even the layout does.
    return notebooks.dumps(notebook) if changed else file.read_text(encoding="utf-8")


def _replacement(names: set[str], address: str) -> Callable[[str], str]:
    """Return a function that puts `address` in the place of every earlier address in a text.

    An earlier address is recognized by its last part: one of `names`, or the name that the
    repository has now. Its owner may be anyone.
    """
    match = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+)", address)
    if match is None:
        raise PressError(
            f"The Repository in pyproject.toml is {address}. Colab and Binder open notebooks from "
            "https://github.com/OWNER/NAME; write such an address."
        )
    owner, name = match.groups()
    known = f"(?:{'|'.join(map(re.escape, sorted({*names, name})))})(?![\\w-])"
    repository_of_someone = re.compile(f"{_BEFORE}[\\w.-]+/{known}")
    pages_of_someone = re.compile(f"https://[\\w-]+\\.github\\.io/{known}")

    def replace(text: str) -> str:
        text = repository_of_someone.sub(rf"\g<1>{owner}/{name}", text)
        return pages_of_someone.sub(f"https://{owner.lower()}.github.io/{name}", text)

    return replace
