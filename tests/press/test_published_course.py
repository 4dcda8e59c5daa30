"""What the repository tells other programs: installers, GitHub, Colab, those who cite it."""

import json
import re
import shutil
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

from cnn_course.press.project import find_project
from cnn_course.press.sync import differing

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = PROJECT["urls"]["Repository"]
SUPPORTED = SpecifierSet(PROJECT["requires-python"])
PYTHONS = [f"3.{minor}" for minor in range(100) if f"3.{minor}" in SUPPORTED]
PLATFORMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = [Requirement(line) for line in LOCK.splitlines() if re.match(r"[A-Za-z0-9]", line)]
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
    assert commands("ci.yml", "test") == ["make test"]
    assert (
        commands("ci.yml", "run") == commands("publish.yml", "build") == ["make run", "make book"]
    )
    for place in (("ci.yml", "test"), ("weekly.yml", "newest")):  # else browser tests are left out
        assert JOBS[place]["env"]["CNN_COURSE_REQUIRE_BROWSER"] == "1"
    assert JOBS["publish.yml", "test"]["uses"] == "./.github/workflows/ci.yml"
    assert JOBS["publish.yml", "build"]["needs"] == "test"
    assert JOBS["publish.yml", "deploy"]["needs"] == "build"


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


# A session of Colab: the latest list that Colab has published, early in 2026. What it has begun
# with cannot be replaced under it, IPython least of all.
COLAB = {
    "anywidget": "0.9.21",
    "ipython": "7.34.0",
    "ipywidgets": "7.7.1",
    "keras": "3.10.0",
    "matplotlib": "3.10.0",
    "numpy": "2.0.2",
    "pillow": "11.3.0",
    "platformdirs": "4.9.2",
    "pooch": "1.9.0",
    "rich": "13.9.4",
    "scikit-image": "0.25.2",
    "scikit-learn": "1.6.1",
    "tensorflow": "2.19.0",
    "tqdm": "4.67.3",
}


def test_on_colab_the_course_is_installed_and_nothing_else() -> None:
    asked = {canonicalize_name(one.name): one for one in map(Requirement, PROJECT["dependencies"])}
    assert {
        name: one.specifier.contains(COLAB[name]) for name, one in asked.items()
    } == dict.fromkeys(COLAB, True)


# Binder, conda, a development container


def test_binder_and_conda_get_a_python_that_the_course_supports_and_the_locked_versions() -> None:
    wanted = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    # So repo2docker finds the Python that it begins with; a range, it passes over for an old one.
    [python] = [
        found[1] for one in wanted[:-1] if (found := re.match(r"python\s*=+\s*([\d.]*)", one))
    ]
    assert python in PYTHONS
    lock, course = wanted[-1]["pip"]
    assert (ROOT / lock.removeprefix("-c ")).is_file()
    extras = re.fullmatch(r"-e \.\[(.+)\]", course)[1].split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])
