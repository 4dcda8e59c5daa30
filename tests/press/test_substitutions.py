"""Pages of the book get times, pictures, recorded numbers, the map and the terms from chapters."""

import base64
import json
import re
import shutil
from pathlib import Path

import pytest
from nbformat import v4

from cnn_course.press import notebooks
from cnn_course.press.project import PressError, Project, find_project
from cnn_course.press.stored_runs import Run, RunStore
from cnn_course.press.substitutions import (
    Shown,
    anchor,
    check_terms,
    direct_needs,
    draw_map,
    fill,
)

from .conftest import Course

FIGURE = """
from IPython.display import display
png = "iVBORw0KGgo="
display({"image/png": png}, metadata={"image/png": {"alt": "What it shows."}}, raw=True)
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def project(built: Course, tmp_path_factory: pytest.TempPathFactory) -> Project:
    course = Course(
        shutil.copytree(built.root, tmp_path_factory.mktemp("substitutions") / "course")
    )
    course.write("01-first", FIGURE)
    with course.edit("01-first") as notebook:
        text = "## A section?\n\n> **You need** nothing\n\nA [word](../book/glossary.md#A-word)."
        notebook.cells.append(v4.new_markdown_cell(text, id="text"))
    with course.edit("02-second") as notebook:
        text = "**You need** [chapter 1](01-first.ipynb): all of it."
        notebook.cells.insert(1, v4.new_markdown_cell(text, id="opening"))
    (course.root / "book" / "glossary.md").write_text("# Glossary\n\n## A word\n\nSo.\n")
    measured = course.root / "book" / "measured"
    measured.mkdir(exist_ok=True)
    record = {"seconds": 150, "hardware": {"cores": 2}, "date": "2026-01-02"}
    record["results"] = {"after": {"accuracy": 0.98765}}
    (measured / "01-first.json").write_text(json.dumps(record))
    course.do("run")
    return find_project(course.root)


def filled_in(asked: str, project: Project, folder: Path) -> str:
    shown = {}
    for chapter in project.chapters:
        run, executed = RunStore(project, "tiny").read(chapter.name)
        notebook = notebooks.with_outputs(notebooks.for_profile(chapter, "tiny"), executed)
        shown[chapter.name] = Shown(project, chapter, "tiny", run, notebook)
    return fill(asked, project, shown, folder)


def test_a_page_gets_what_it_asks_for_and_keeps_the_rest(project: Project, tmp_path: Path) -> None:
    page = "It takes <!-- fill: minutes 01-first -->. <!-- a note --> More.\n"
    filled = filled_in(page, project, tmp_path)
    assert re.fullmatch(r"It takes its code \d+\xa0s\. <!-- a note --> More\.\n", filled)
    recorded = "<!-- fill: recorded 01-first after accuracy -->"
    assert filled_in(recorded, project, tmp_path) == "0.988"

    assert filled_in("<!-- fill: picture 01-first code-0 -->", project, tmp_path) == (
        "![What it shows.](code-0.png)"
    )
    assert (tmp_path / "code-0.png").read_bytes() == base64.b64decode("iVBORw0KGgo=")
    tests = project.root / "tests" / "press"
    tests.mkdir(parents=True)
    mark = '@pytest.mark.fault("A full disk", "One line", "The file before")'
    (tests / "test_disks.py").write_text(f"@pytest.mark.slow\n{mark}\ndef test_a():\n    pass\n")
    assert filled_in("<!-- fill: faults -->", project, tmp_path).splitlines()[2:] == [
        "| A full disk | One line | The file before |"
    ]
    section = "[A section?](../notebooks/01-first.ipynb#A-section?)"
    assert filled_in("<!-- fill: terms -->", project, tmp_path) == (
        f"- [A word](glossary.md#A-word): {section} (chapter 1)"
    )


def test_the_map_has_a_box_and_a_line_of_a_list_for_each_chapter(
    project: Project, tmp_path: Path
) -> None:
    filled = filled_in("<!-- fill: map -->", project, tmp_path)
    names = re.findall(r'href="../notebooks/([^"]+).html"', filled)
    assert names == ["01-first", "02-second"] * 2  # as boxes, and as a list
    assert filled.count("<path") == 1
    assert ">Chapter 01-first<" in filled
    assert re.search(r">its code \d+\xa0s<", filled)
    assert re.search(r"its code \d+\xa0s; builds on chapter 1</li>", filled)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("<!-- fill: hours 01-first -->", "It can ask for: minutes"),
        ("<!-- fill: minutes -->", "It can ask for: minutes"),
        ("<!-- fill: recorded 02-second accuracy -->", "It can ask for: minutes"),
        ("<!-- fill: minutes 03-third -->", "asks for <!-- fill: minutes 03-third -->"),
        (
            "<!-- fill: picture 01-first title -->",
            "'title', and there is none. Cells with a figure: ",
        ),
    ],
)
def test_what_is_not_there_is_named(
    project: Project, tmp_path: Path, asked: str, said: str
) -> None:
    with pytest.raises(PressError, match=said):
        filled_in(asked, project, tmp_path)


def test_a_term_that_the_glossary_lacks_is_told_before_anything_runs(project: Project) -> None:
    check_terms(project)
    page = project.root / "book" / "index.md"
    page.write_text("A [word](glossary.md#A-wort).")
    message = r"book/index.md links glossary.md#A-wort, .* Did you mean 'A-word'\?"
    with pytest.raises(PressError, match=message):
        check_terms(project)


@pytest.fixture(scope="module")
def places() -> list[Shown]:
    """The chapters of the course."""
    project = find_project(ROOT)
    run = Run("", "", 1.0, "", {}, {})
    return [
        Shown(project, chapter, "tiny", run, notebooks.read(chapter.file))
        for chapter in project.chapters
        if chapter.number
    ]


def test_the_lines_of_the_map_say_all_that_the_openings_say(places: list[Shown]) -> None:
    drawn = {place.chapter.name: direct_needs(place, places) for place in places}

    def below(name: str) -> set[str]:
        return set(drawn[name]).union(*map(below, drawn[name])) if drawn[name] else set()

    for place in places:
        assert bool(place.needs) == (place is not places[0])
        assert all(need < place.chapter.name for need in place.needs)
        assert set(place.needs) <= below(place.chapter.name)


def test_no_box_of_the_map_covers_another_and_no_line_crosses_one(places: list[Shown]) -> None:
    svg = draw_map(places)
    boxes = [
        tuple(map(int, corner))
        for corner in re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', svg)
    ]
    assert len(boxes) == len(set(boxes)) == len(places)
    for n, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, _, _ in boxes[:n]:
            assert abs(x - other_x) >= width or abs(y - other_y) >= height
    for line in re.findall(r'd="M(\d+),(\d+) C(\d+),(\d+) (\d+),(\d+) (\d+),(\d+)"', svg):
        points = [complex(*map(int, line[n : n + 2])) for n in range(0, 8, 2)]
        for step in range(1, 100):
            t = step / 100
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            at = sum(weight * point for weight, point in zip(weights, points, strict=True))
            for x, y, width, height in boxes:
                assert not (x < at.real < x + width and y < at.imag < y + height)


def test_an_anchor_is_the_one_that_jupyterlab_gives() -> None:
    assert anchor("VGG: only 3 x 3, but deep (2014)") == "VGG:-only-3-x-3,-but-deep-(2014)"
