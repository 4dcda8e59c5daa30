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

OTHERS = ("keras", "papermill", "tensorflow")
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


def test_the_plan_refuses_wrong_imports_and_an_unknown_room(copy_of_the_house: Path) -> None:
    wrong = {
        "conv/__init__.py": "counting",
        "data/__init__.py": "plots",
        "plots/__init__.py": "press",
        "checks/__init__.py": "keras",
        "conv/_pooling.py": "tensorflow",
        "training/__init__.py": "papermill",
    }
    for file, what in wrong.items():
        line = f"import {what}" if what in OTHERS else f"import cnn_course.{what}"
        with (copy_of_the_house / "cnn_course" / file).open("a", encoding="utf-8") as stream:
            stream.write(f"\n{line}\n")
    result = lint_imports(copy_of_the_house)
    assert result.returncode == 1
    for file, what in wrong.items():
        module = (
            f"cnn_course.{file.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"
        )
        other = what if what in OTHERS else f"cnn_course.{what}"
        assert f"{module} -> {other} (" in result.stdout, result.stdout
    (copy_of_the_house / "cnn_course" / "attic.py").write_text("import numpy\n")
    result = lint_imports(copy_of_the_house)  # a room that the plan does not know
    assert result.returncode == 1
    assert "attic" in result.stdout


def test_no_file_is_longer_than_800_lines() -> None:
    lengths = {name(file): len(read(file).splitlines()) for file in MODULES}
    assert {file: lines for file, lines in lengths.items() if lines > 800} == {}


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


def test_what_is_computed_by_hand_loads_no_framework() -> None:
    by_hand = ("", ".checks", ".conv", ".counting", ".examples", ".profiles")
    program = (
        f"import sys{''.join(f', cnn_course{name}' for name in by_hand)}\n"
        "print(*{'keras', 'matplotlib', 'scipy', 'skimage', 'sklearn', 'tensorflow'}"
        ".intersection(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=HANGS, check=True
    )
    assert result.stdout.strip() == ""
