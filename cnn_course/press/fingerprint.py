"""What a chapter depends on, as one digest: equal digests mean that a run can be kept.

A chapter depends on its own text, on the modules of `cnn_course` that its imports reach, on the
data files of those, on the recorded runs it may show, and on the versions of what it computes with.
Stored outputs do not count, nor does this room.
"""

import ast
import json
import os
from collections.abc import Iterator
from functools import cached_property
from importlib import util
from pathlib import Path
from typing import Any

from cnn_course.press import notebooks
from cnn_course.press.files import digest, tree
from cnn_course.press.machine import versions
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import Chapter, PressError, Project

PACKAGE = "cnn_course"
COMPUTED_WITH = ("numpy", "tensorflow", "keras", "matplotlib", "scikit-learn", "scikit-image")

# These rooms look at networks, and give them nothing to learn from.
_LOOKING_ON = ("checks", "counting", "explorers", "plots")
_LAYOUT = "1"  # another number here reruns everything: for a change in what `notebooks.finish` does
_NOT_COUNTED = {*notebooks.PASSING_METADATA, "kernelspec", "language_info", "widgets"}
_IMPORTS_BY_NAME = ("import_module(", "__import__(")


class Inputs:
    """What the chapters of a project depend on; every file is read once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._digests: dict[Path, str] = {}

    def fingerprint(self, chapter: Chapter, notebook: Notebook, profile: str) -> str:
        """Return the digest of everything that a run of `chapter` depends on.

        Args:
            chapter: the chapter.
            notebook: its source as it will be run.
            profile: `"tiny"` or `"full"`.
        """
        return _digest_of(self._parts(chapter, notebook, profile))

    def surroundings(self, chapter: Chapter, notebook: Notebook, profile: str) -> str:
        """Return the digest of what trainings in `chapter` depend on besides its own code.

        A training itself tells whether the cells before it are the same (`training.Backup`). So an
        edited sentence, a figure below it or a check costs no training that an interrupted run
        has done.
        """
        parts = self._parts(chapter, notebook, profile)
        learnt_from = {
            name: mark
            for name, mark in parts["files"].items()
            if name.partition("/")[0].removesuffix(".py") not in _LOOKING_ON
        }
        return _digest_of({**parts, "notebook": "", "files": learnt_from})

    def _parts(self, chapter: Chapter, notebook: Notebook, profile: str) -> dict[str, Any]:
        reached = self._closure(_imported(notebook, self._modules))
        files = [
            *(self._modules[name] for name in reached),
            *self._data(chapter, notebook, reached),
        ]
        if profile == "tiny":
            # A full run is what a record is made of: were it to depend on records, too, then
            # recording one would make it, and every other full run, out of date.
            files += [
                *self._relevant(self._project.measured.rglob("*.json"), chapter, notebook),
                *self._relevant(self._project.measured.rglob("*.npz"), chapter, notebook),
            ]
        return {
            "layout": _LAYOUT,
            "profile": profile,
            "notebook": _text(notebook),
            "versions": versions(COMPUTED_WITH),
            "files": {self._name(file): self._digest(file) for file in files},
            "data": os.environ.get("CNN_COURSE_DATA", "") if profile == "full" else "",
        }

    def modules(self, notebook: Notebook) -> set[str]:
        """Return the names of the package's modules that importing what `notebook` does reads."""
        return self._closure(_imported(notebook, self._modules))

    @cached_property
    def _package(self) -> Path:
        spec = util.find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise PressError(f"{PACKAGE} is not installed. Install it: pip install -e .")
        return Path(spec.origin).parent

    @cached_property
    def _modules(self) -> dict[str, Path]:
        """Every module that counts, by name."""
        found = {}
        for file in self._package.rglob("*.py"):
            parts = file.relative_to(self._package).with_suffix("").parts
            if parts[0] != "press":
                shown = parts[:-1] if parts[-1] == "__init__" else parts
                found[".".join((PACKAGE, *shown))] = file
        return found

    @cached_property
    def _direct(self) -> dict[str, set[str]]:
        """What each module makes Python read: its parents and its imports, also the lazy ones."""
        import grimp  # noqa: PLC0415 - not needed for `--help`

        graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True, cache_dir=None)
        direct = {}
        for name, file in self._modules.items():
            found = set(graph.find_modules_directly_imported_by(name)) & self._modules.keys()
            if any(call in file.read_text(encoding="utf-8") for call in _IMPORTS_BY_NAME):
                # Nobody can tell which module such a call imports: one of its neighbours.
                package = name if file.name == "__init__.py" else name.rpartition(".")[0]
                found |= {other for other in self._modules if other.startswith(f"{package}.")}
            direct[name] = found | ({name.rpartition(".")[0]} & self._modules.keys())
        return direct

    def _closure(self, names: set[str]) -> set[str]:
        reached: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += self._direct[name]
        return reached

    def _data(self, chapter: Chapter, notebook: Notebook, reached: set[str]) -> list[Path]:
        """Return the data files of the packages that `reached` lies in."""
        packages = {name for name in reached if self._modules[name].name == "__init__.py"}
        files = (file for file in self._data_files if self._owner(file) in packages)
        return self._relevant(files, chapter, notebook)

    @cached_property
    def _data_files(self) -> list[Path]:
        return [
            file
            for file in tree(self._package)
            if file.suffix not in {".py", ".pyc"}
            and file.relative_to(self._package).parts[0] != "press"
            and not file.name.startswith(".")
        ]

    def _owner(self, file: Path) -> str:
        """Return the package that a data file belongs to: the nearest folder that is one."""
        folder = file.parent
        while not (folder / "__init__.py").is_file():
            folder = folder.parent
        return ".".join((PACKAGE, *folder.relative_to(self._package).parts))

    def _relevant(self, files: Iterator[Path], chapter: Chapter, notebook: Notebook) -> list[Path]:
        """Leave out files that bear the name of another chapter which `notebook` never names."""
        others = {other.name for other in self._project.chapters} - {chapter.name}
        code = "\n".join(cell["source"] for cell in notebooks.code_cells(notebook))
        return [file for file in files if file.stem not in others or file.stem in code]

    def _digest(self, file: Path) -> str:
        if file not in self._digests:
            self._digests[file] = digest(file.read_bytes())
        return self._digests[file]

    def _name(self, file: Path) -> str:
        for base in (self._package, self._project.root):
            if file.is_relative_to(base):
                return file.relative_to(base).as_posix()
        return str(file)


def _digest_of(parts: dict[str, Any]) -> str:
    return digest(json.dumps(parts, sort_keys=True))


def _text(notebook: Notebook) -> str:
    """Return what a notebook says, without its outputs."""
    cells = [
        {key: value for key, value in cell.items() if key not in {"outputs", "execution_count"}}
        | {"metadata": _counted(cell["metadata"])}
        for cell in notebook["cells"]
    ]
    return json.dumps([cells, _counted(notebook["metadata"])], sort_keys=True)


def _counted(metadata: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in metadata.items() if key not in _NOT_COUNTED}


def _imported(notebook: Notebook, known: dict[str, Path]) -> set[str]:
    """Return the modules among `known` that a notebook's code imports."""
    from IPython.core.inputtransformer2 import TransformerManager  # noqa: PLC0415 - slow

    transform = TransformerManager().transform_cell  # `%magic` and `!command` to plain Python
    found: set[str] = set()
    for cell in notebooks.code_cells(notebook):
        try:
            statements = ast.parse(transform(cell["source"]))
        except SyntaxError:
            return set(known)  # it will fail when it runs; until then it may depend on anything
        for node in ast.walk(statements):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names} & known.keys()
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= (names | {node.module}) & known.keys()
    return found
