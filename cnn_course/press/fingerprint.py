"""What a chapter depends on, as one digest: where it is equal, the outputs of a run still hold.

A chapter depends on its own code, on the package, on the records that it may show, and on the
versions of what it computes with. Its text does not count, nor do its outputs, nor `press`.
"""

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cnn_course
from cnn_course.files import digest
from cnn_course.press import notebooks
from cnn_course.press.costs import RECORD
from cnn_course.press.environment import versions
from cnn_course.press.notebooks import Notebook
from cnn_course.press.project import Chapter, Project, files_below

if TYPE_CHECKING:
    from cnn_course.data import Finding

COMPUTED_WITH: Final = (
    "numpy",
    "tensorflow",
    "keras",
    "matplotlib",
    "scikit-learn",
    "scikit-image",
)
# These parts look at networks, and give them nothing to learn from.
_LOOKING_ON = ("checks", "counting", "explorers", "plots")
_LAYOUT = "2"  # another number here reruns everything: for a change in what `notebooks.finish` does


def fingerprint(project: Project, chapter: Chapter, notebook: Notebook, profile: str) -> str:
    """Return the digest of everything that a run of `chapter` depends on besides versions.

    `notebook` is its source as it will be run with the profile.
    """
    return _digest_of(_parts(project, chapter, notebook, profile))


def surroundings(project: Project, chapter: Chapter, notebook: Notebook, profile: str) -> str:
    """Return the digest of what trainings in `chapter` depend on besides its own code.

    A training itself tells whether the cells before it are the same (`training.Backup`). So an
    edited sentence, a figure below it or a check costs no training that an interrupted run has
    done.
    """
    parts = _parts(project, chapter, notebook, profile)
    learnt_from = {
        name: mark
        for name, mark in parts["files"].items()
        if name.partition("/")[0].removesuffix(".py") not in _LOOKING_ON
    }
    around = {"versions": versions(COMPUTED_WITH), "data": data_digests(notebook, profile)}
    return _digest_of({**parts, "code": "", "files": learnt_from, **around})


def data_digests(notebook: Notebook, profile: str) -> dict[str, str]:
    """Return the digest of each data set that a full run of a notebook reads.

    Of one that is not there or is broken, this is the state. Weights do not count: the package
    knows their digests, and loads no others.
    """
    if profile != "full":
        return {}
    from cnn_course.data import DATA_SETS  # noqa: PLC0415 - Pillow takes its time

    code = "\n".join(source for source, _ in notebooks.code(notebook))
    readers = zip(("load_digits", "cats_and_dogs"), DATA_SETS, strict=True)
    found = [data_set.check() for word, data_set in readers if word in code]
    return {one.name: one.digest or _contents(one) for one in found}


def _contents(finding: "Finding") -> str:
    """Return the digest of the files of a data set, remembered until one of them changes."""
    from cnn_course.data import storage  # noqa: PLC0415

    if finding.path is None or finding.state not in ("whole", "mended"):
        return finding.state
    key, _ = storage.fingerprint([finding.path], 5, "contents")
    known = storage.recall(key)
    if not isinstance(known, str):
        known = _digest_of(_digests(finding.path))
        storage.remember(key, known)
    return known


def everything(project: Project, notebook: Notebook, profile: str) -> dict[str, dict[str, str]]:
    """Return all that has to be the same on another machine: files, versions and data."""
    records = _digests(project.measured) if profile == "tiny" else {}
    return {
        "files": _digests(Path(cnn_course.__file__).parent) | records,
        "versions": versions(COMPUTED_WITH),
        "data": data_digests(notebook, profile),
    }


def other_versions(project: Project, made_with: Mapping[str, str]) -> list[str]:
    """Return what is installed in another version than a run was made with, in words.

    The versions that `requirements.lock` names for several Pythons count as one: the tests compare
    the outputs on each of them.
    """
    lock = project.root / "requirements.lock"
    locked = lock.read_text(encoding="utf-8") if lock.is_file() else ""
    installed = versions(COMPUTED_WITH)
    found = []
    for name in COMPUTED_WITH:
        one, other = made_with.get(name), installed.get(name)
        pins = re.findall(rf"(?m)^{re.escape(name)}==(\S+)", locked)
        if one != other and not (one in pins and other in pins):
            found.append(f"{name} {one or 'none'}, and {other or 'none'} is installed")
    return found


def _parts(project: Project, chapter: Chapter, notebook: Notebook, profile: str) -> dict[str, Any]:
    code = notebooks.code(notebook)
    others = {other.name for other in project.chapters} - {chapter.name}
    unnamed = {name for name in others if not any(name in source for source, _ in code)}
    # A full run is what a record is made of: were it to depend on records, too, then recording
    # one would make it, and every other full run, out of date.
    records = _digests(project.measured) if profile == "tiny" else {}
    records.pop(RECORD, None)  # what it costs is shown by a page alone

    found = package_files(Path(cnn_course.__file__).parent) | records
    return {
        "layout": _LAYOUT,
        "profile": profile,
        "code": code,
        "files": {path: mark for path, mark in found.items() if Path(path).stem not in unnamed},
        "data": os.environ.get("CNN_COURSE_DATA", "") if profile == "full" else "",
    }


@cache
def package_files(folder: Path) -> dict[str, str]:
    """Return the digest of each file of the package but `press`: a command reads them once."""
    found = _digests(folder)
    return {path: mark for path, mark in found.items() if not path.startswith("press/")}


def _digests(folder: Path) -> dict[str, str]:
    """Return path -> digest of the files below a folder; line ends are what each system writes."""
    return {
        path: digest(file.read_bytes().replace(b"\r\n", b"\n"))
        for file in files_below(folder)
        if not re.search(r"(^|/)\.|\.(pyc|md)$", path := file.relative_to(folder).as_posix())
    }


def _digest_of(parts: dict[str, Any]) -> str:
    return digest(json.dumps(parts, sort_keys=True))
