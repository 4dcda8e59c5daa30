"""The plan of the package: who may import whom, how long things are, what an import costs."""

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
SOURCES = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in MODULES}
TREES = {name: ast.parse(source) for name, source in SOURCES.items()}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the package in `root` against the plan in its `pyproject.toml`."""
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
def spoilt(tmp_path: Path) -> Path:
    """Return a folder with the plan and a copy of the package, free to be spoilt."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, source in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source, encoding="utf-8")
    return tmp_path


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


def test_the_package_keeps_to_its_plan() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_plan_refuses_wrong_imports_and_an_unknown_part(spoilt: Path) -> None:
    wrong = {
        "conv": "cnn_course.counting",
        "data": "cnn_course.plots",
        "plots": "cnn_course.press",
        "checks": "keras",
        "counting": "tensorflow",
        "training": "papermill",
    }
    for part, imported in wrong.items():
        names = (f"cnn_course/{part}.py", f"cnn_course/{part}/__init__.py")
        (file,) = (spoilt / name for name in names if name in SOURCES)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(f"\nimport {imported}\n")
    result = lint_imports(spoilt)
    assert result.returncode == 1
    for part, imported in wrong.items():
        assert f"cnn_course.{part} -> {imported} (" in result.stdout, result.stdout
    (spoilt / "cnn_course" / "attic.py").write_text("import numpy\n")
    result = lint_imports(spoilt)
    assert result.returncode == 1
    assert "attic" in result.stdout


def test_no_file_is_longer_than_800_lines() -> None:
    lengths = {name: len(source.splitlines()) for name, source in SOURCES.items()}
    assert {name: lines for name, lines in lengths.items() if lines > 800} == {}


def test_no_function_is_longer_than_40_lines_besides_its_docstring() -> None:
    lengths = {
        f"{name}: {node.name}": length(node)
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, Function)
    }
    assert {function: lines for function, lines in lengths.items() if lines > 40} == {}


def test_every_public_name_says_what_it_does_and_with_which_types() -> None:
    silent = []
    for name, tree in TREES.items():
        for node in (tree, *public(tree.body)):
            typed = is_annotated(node) if isinstance(node, Function) else True
            if node.body and not (ast.get_docstring(node) and typed):
                silent.append(f"{name}: {getattr(node, 'name', 'the file')}")
    assert silent == []


def test_importing_a_part_that_needs_no_framework_loads_none() -> None:
    quick = ["checks", "conv", "counting", "data", "examples", "profiles", "training"]
    heavy = ["keras", "matplotlib", "PIL", "pooch", "scipy", "skimage", "sklearn", "tensorflow"]
    imports = "".join(f", cnn_course.{name}" for name in quick)
    program = f"import sys{imports}\nprint(*{{*{heavy}}} & {{*sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=HANGS, check=True
    )
    assert result.stdout.strip() == ""
