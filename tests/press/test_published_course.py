"""What the repository tells other programs: installers, GitHub, Colab, those who cite it."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path

import pytest
import yaml
from conftest import NOTEBOOKS, ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from patience import HANGS

from cnn_course.press import cli
from cnn_course.press.paper.printing import NAME
from cnn_course.press.project import find_project
from cnn_course.press.sync import differing

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = PROJECT["urls"]["Repository"]
SUPPORTED = SpecifierSet(PROJECT["requires-python"])
PYTHONS = [f"3.{minor}" for minor in range(100) if f"3.{minor}" in SUPPORTED]
PLATFORMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = [Requirement(line) for line in re.findall(r"(?m)^(\w.*?)(?: \\)?$", LOCK)]
ASKED_FOR = [
    Requirement(line)
    for lines in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for line in lines
]

WORKFLOWS = {
    file.name: file.read_text(encoding="utf-8")
    for file in sorted((ROOT / ".github" / "workflows").iterdir())
}


JOBS = {
    (file, name): job
    for file, text in WORKFLOWS.items()
    for name, job in yaml.safe_load(text)["jobs"].items()
}
STEPS = [step for job in JOBS.values() for step in job.get("steps", [])]


def pins_for(python: str, platform: str) -> dict[str, list[str]]:
    """Return what the lock installs there: name -> versions."""
    system = {
        "sys_platform": platform,
        "platform_system": PLATFORMS[platform],
        "os_name": "nt" if platform == "win32" else "posix",
        "python_version": python,
        "python_full_version": f"{python}.9",
    }
    versions: dict[str, list[str]] = {}
    for pin in PINS:
        if pin.marker is None or pin.marker.evaluate(system):
            name = canonicalize_name(pin.name)
            versions.setdefault(name, []).append(str(pin.specifier).removeprefix("=="))
    return versions


# The lock


def test_the_lock_names_versions_and_no_place_to_download_them_from() -> None:
    assert not re.search(r"://|index-url|find-links| @ ", LOCK)
    assert all(re.fullmatch(r"==[^,*]+", str(pin.specifier)) for pin in PINS)


def test_every_file_that_is_installed_has_a_digest_the_one_that_packs_the_course_too() -> None:
    digests = re.findall(r"(?m)^\w.* \\(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+$", LOCK)
    assert len(digests) == len(PINS) > 200
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [packing] = map(Requirement, tomllib.loads(text)["build-system"]["requires"])
    assert f"{packing.name}{packing.specifier}" in map(str, PINS)
    make = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    installed = re.findall(r"pip install .*", make)
    assert len(installed) == 4  # the lock and the course, with uv and with pip
    for command in installed:
        # Without isolation: in it, what packs the course would come without a digest.
        assert re.search(r"--require-hashes -r requirements.lock|--no-build-isolation", command)


@pytest.mark.parametrize(("python", "platform"), list(product(PYTHONS, PLATFORMS)))
def test_the_lock_has_one_version_in_range_of_everything_that_is_asked_for(
    python: str, platform: str
) -> None:
    versions = pins_for(python, platform)
    assert {name: found for name, found in versions.items() if len(found) != 1} == {}
    out_of_range = {
        str(asked): versions.get(canonicalize_name(asked.name))
        for asked in ASKED_FOR
        if not any(
            asked.specifier.contains(found, prereleases=False)
            for found in versions.get(canonicalize_name(asked.name), [])
        )
    }
    assert out_of_range == {}


# The workflows


def test_a_job_may_write_only_what_it_is_there_to_write() -> None:
    tops = {file: yaml.safe_load(text).get("permissions") for file, text in WORKFLOWS.items()}
    assert [file for file, top in tops.items() if top != {}] == []
    granted = {
        place: {scope for scope, level in job["permissions"].items() if level != "read"}
        for place, job in JOBS.items()
    }
    assert {place: scopes for place, scopes in granted.items() if scopes} == {
        ("publish.yml", "deploy"): {"pages", "id-token"},
        ("publish.yml", "edition"): {"contents"},
        ("weekly.yml", "report"): {"issues"},
    }


def test_no_job_goes_on_for_ever() -> None:
    # A job that calls another workflow cannot have a time limit of its own.
    own = {place: job for place, job in JOBS.items() if "uses" not in job}
    assert [place for place, job in own.items() if "timeout-minutes" not in job] == []


def test_ci_runs_on_every_python_that_the_course_supports() -> None:
    assert JOBS["ci.yml", "test"]["strategy"]["matrix"]["python"] == PYTHONS
    versions = {
        step["with"]["python-version"]
        for step in STEPS
        if step.get("uses", "").startswith("actions/setup-python@")
    }
    experiment = JOBS["weekly.yml", "next"]
    assert experiment["continue-on-error"] is True
    assert versions - {"${{ matrix.python }}", "3.14"} <= set(PYTHONS)


def commands(file: str, job: str) -> list[str]:
    """Return what a job makes, without the comments beside it."""
    return [step["run"] for step in JOBS[file, job]["steps"] if "run" in step]


def test_only_what_passed_every_test_is_published() -> None:
    assert commands("ci.yml", "test") == [".ci/run"]
    *made, on_paper = commands("publish.yml", "build")
    assert commands("ci.yml", "run") == made == ["make run", "make book"]
    assert "cnn-course print" in on_paper
    page = (ROOT / "book" / "how-to-use.md").read_text(encoding="utf-8")
    linked = re.findall(r"github\.io/[\w-]+/([\w-]+)\.(pdf|epub)\)", page)
    assert linked == [(NAME, "pdf"), (NAME, "epub")]
    assert f"cp _build/print/{NAME}.* _build/html" in on_paper
    for place in (("ci.yml", "test"), ("weekly.yml", "newest")):  # else browser tests are left out
        assert JOBS[place]["env"]["CNN_COURSE_REQUIRE_BROWSER"] == "1"
    assert JOBS["publish.yml", "test"]["uses"] == "./.github/workflows/ci.yml"
    assert JOBS["publish.yml", "build"]["needs"] == "test"
    assert JOBS["publish.yml", "deploy"]["needs"] == "build"


@pytest.mark.fault(
    "somebody opens an issue with the title of the weekly report",
    "the report is opened all the same, once",
    "one issue of the workflow",
)
def test_an_issue_of_somebody_else_does_not_silence_the_weekly_report(tmp_path: Path) -> None:
    [step] = JOBS["weekly.yml", "report"]["steps"]
    hub = tmp_path / "gh"  # where one issue is open, which the workflow has opened or has not
    hub.write_text(
        '#!/bin/sh\ncase "$*" in\n'
        '"issue list"*"--app github-actions"*) echo "$OWN" ;;\n'
        '"issue list"*) echo 1 ;;\n'
        '*) echo "$@" >> "$MADE" ;;\nesac\n'
    )
    hub.chmod(0o755)
    made = tmp_path / "made"
    for own in ("0", "1"):
        environment = {"TITLE": step["env"]["TITLE"], "RUN": "run", "MADE": str(made), "OWN": own}
        path = f"{tmp_path}:{os.environ['PATH']}"
        subprocess.run(
            ["sh", "-ec", step["run"]], env={**environment, "PATH": path}, check=True, timeout=HANGS
        )
    assert made.read_text().startswith(f"issue create --title {step['env']['TITLE']} --body")
    assert len(made.read_text().splitlines()) == 1


# The address


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of every file of a clone that is text."""
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        with suppress(UnicodeDecodeError):
            yield file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")


def test_what_repeats_pyproject_says_the_same() -> None:
    assert [file.name for file, _ in differing(find_project(ROOT))] == []


def test_a_new_address_in_pyproject_reaches_every_file(tmp_path: Path) -> None:
    kept = {".github", ".ci", ".gitignore"}

    def left_out(_: str, names: list[str]) -> list[str]:
        made = {"_build", "__pycache__", "my-course"}
        return [name for name in names if name in made or (name[0] == "." and name not in kept)]

    clone = shutil.copytree(ROOT, tmp_path / "course", ignore=left_out)
    owner, name = ADDRESS.split("/")[-2:]
    old = re.compile(rf"{owner}/{name}|{owner}\.github\.io", re.IGNORECASE)
    pyproject = clone / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    pyproject.write_text(text.replace(ADDRESS, "https://github.com/someone/a-copy"), "utf-8")
    for file, wanted in differing(find_project(clone)):
        file.write_text(wanted, encoding="utf-8")
    assert [file for file, text in texts(clone) if old.search(text)] == []
    assert "github.com/someone/a-copy" in (clone / "CITATION.cff").read_text()


def test_the_citation_says_what_the_project_says() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    book = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["repository-code"] == ADDRESS
    assert citation["version"] == PROJECT["version"]
    assert citation["title"] == book["title"]
    assert citation["authors"] == PROJECT["authors"] == [{"name": book["author"]}]
    assert citation["license"] == ["MIT", "CC-BY-4.0"]


@pytest.mark.parametrize("chapter", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_chapter_installs_the_course_from_its_address_on_colab(chapter: Path) -> None:
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    codes = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    place = next(place for place, code in enumerate(codes) if "cnn_course" in code)
    assert f'course = "{PROJECT["name"]} @ git+{ADDRESS}"' in codes[place]
    # The edition of its version; where that was never published, what there is.
    edition = f"{{course}}@v{PROJECT['version']}"
    assert f'%pip install -q "{edition}" || pip install -q "{{course}}"' in codes[place]
    assert place <= 1


def test_what_is_published_becomes_the_edition_that_colab_installs() -> None:
    job = JOBS["publish.yml", "edition"]
    assert job["needs"] == "deploy"
    assert 'branch="refs/heads/v$version"' in commands("publish.yml", "edition")[-1]


def test_on_colab_the_course_is_installed_and_replaces_nothing() -> None:
    # Not under a session that has begun, IPython least of all. The weekly run tries the versions.
    lines = (ROOT / ".github" / "colab-versions.txt").read_text(encoding="utf-8").splitlines()
    begun = dict(line.split("==") for line in lines if not line.startswith("#"))
    asked = {canonicalize_name(one.name): one for one in map(Requirement, PROJECT["dependencies"])}
    assert asked.keys() == begun.keys()
    assert [
        str(one) for name, one in asked.items() if not one.specifier.contains(begun[name])
    ] == []
    assert any(".github/colab-versions.txt" in run for run in commands("weekly.yml", "colab"))


# Binder, conda, a development container


def test_binder_and_conda_get_a_python_that_the_course_supports_and_the_locked_versions() -> None:
    wanted = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    # So repo2docker finds the Python that it begins with; a range, it passes over for an old one.
    [python] = [
        found[1] for one in wanted[:-1] if (found := re.match(r"python\s*=+\s*([\d.]*)", one))
    ]
    assert python in PYTHONS
    assert wanted[-1]["pip"] == ["-r requirements.lock"]
    assert os.access(ROOT / "postBuild", os.X_OK)  # installs the course itself


def test_a_development_container_names_only_what_there_is() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert container["image"].rpartition(":")[2] in PYTHONS
    make, copy = container["postCreateCommand"].split(" && ")
    assert f"\nREADY := {make.removeprefix('make ')}\n" in made
    program, command = copy.split()
    assert Path(program).name in PROJECT["scripts"]
    assert command in cli.commands.commands
    [python] = container["customizations"]["vscode"]["settings"].values()
    folder = Path(program).parent
    assert f"\nBIN := {folder}\n" in made
    assert python == f"${{containerWorkspaceFolder}}/{folder}/python"
    assert list(container["portsAttributes"]) == [str(port) for port in container["forwardPorts"]]
