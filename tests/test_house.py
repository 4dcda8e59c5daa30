"""The rules of the house: who may import whom, how long things are, what an import costs."""

import ast
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import HANGS

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "cnn_course").rglob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the package in `root` against the plan that `root` draws."""
    command = shutil.which("lint-imports", path=sysconfig.get_path("scripts"))
    assert command, "import-linter is not installed: `make test` installs it."
    return subprocess.run(
        [command, "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=HANGS,
        check=False,
    )


@pytest.fixture
def copy_of_the_house(tmp_path: Path) -> Path:
    """Return a folder with the plan and the Python files of the package, free to be spoilt."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file in MODULES:
        target = tmp_path / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    return tmp_path


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def length(function: Function) -> int:
    """Count the lines of a function, without those that explain it."""
    first = function.body[0]
    explained = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function) else 0
    return (function.end_lineno or 0) - function.lineno + 1 - explained


def public(body: list[ast.stmt]) -> Iterator[Definition]:
    """Yield what a reader may call: public functions and classes, and their public methods."""
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def is_annotated(function: Function) -> bool:
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    named = [one for one in arguments if one is not None and one.arg not in ("self", "cls")]
    return function.returns is not None and all(one.annotation for one in named)


def test_the_package_keeps_to_the_plan_of_the_house() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("conv/__init__.py", "import cnn_course.counting"),
        ("conv/__init__.py", "import tensorflow"),
        ("checks/__init__.py", "import keras"),
        ("data/__init__.py", "import cnn_course.conv"),
        ("plots/__init__.py", "import cnn_course.press"),
        ("training/__init__.py", "import papermill"),
        ("attic.py", "import numpy"),  # a room that the plan does not know
    ],
)
def test_the_plan_refuses_a_wrong_import_and_an_unknown_room(
    copy_of_the_house: Path, file: str, line: str
) -> None:
    with (copy_of_the_house / "cnn_course" / file).open("a", encoding="utf-8") as stream:
        stream.write(f"\n{line}\n")
    result = lint_imports(copy_of_the_house)
    assert result.returncode == 1
    assert "BROKEN" in result.stdout


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {name(file): len(read(file).splitlines()) for file in MODULES}
    assert {file: lines for file, lines in lengths.items() if lines > 400} == {}


def test_no_function_is_longer_than_40_lines_besides_its_docstring() -> None:
    lengths = {
        f"{name(file)}: {node.name}": length(node)
        for file in MODULES
        for node in ast.walk(ast.parse(read(file)))
        if isinstance(node, Function)
    }
    assert {function: lines for function, lines in lengths.items() if lines > 40} == {}


def test_every_public_name_says_what_it_does_and_with_which_types() -> None:
    silent = []
    for file in MODULES:
        tree = ast.parse(read(file))
        for node in (tree, *public(tree.body)):
            typed = is_annotated(node) if isinstance(node, Function) else True
            if node.body and not (ast.get_docstring(node) and typed):
                silent.append(f"{name(file)}: {getattr(node, 'name', 'the file')}")
    assert silent == []


@pytest.mark.parametrize(
    "module",
    [
        "cnn_course",
        "cnn_course.checks",
        "cnn_course.conv",
        "cnn_course.counting",
        "cnn_course.examples",
        "cnn_course.profiles",
    ],
)
def test_what_is_computed_by_hand_loads_no_framework(module: str) -> None:
    program = (
        f"import sys, {module}\n"
        "print(*{'keras', 'matplotlib', 'scipy', 'skimage', 'sklearn', 'tensorflow'}"
        ".intersection(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=HANGS, check=True
    )
    assert result.stdout.strip() == ""
