"""`cnn-course build`: the pages, what stops it, what is left after a kill."""

import base64
import io
import json
import os
import shutil
import signal
from pathlib import Path

import psutil
import pytest
from bs4 import BeautifulSoup
from filelock import FileLock
from patience import HANGS, until
from PIL import Image

from press.conftest import Course, new_course

pytestmark = pytest.mark.kernel

SHOW = """
from IPython.display import display
def show(png, alt):
    about = {"alt": alt, "class": "figure-diagram"}
    display({"image/png": png, "text/plain": alt}, metadata={"image/png": about}, raw=True)
"""


def png(colour: str) -> str:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(stream, "png")
    return base64.b64encode(stream.getvalue()).decode()


def site(course: Course) -> dict[str, int]:
    """Return when each file of the site was written."""
    html = course.root / "_build" / "html"
    return {str(f.relative_to(html)): f.stat().st_mtime_ns for f in html.rglob("*") if f.is_file()}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, str]:
    """A course with figures and a recorded run, printed in a folder with an unusual name."""
    course = new_course(tmp_path_factory.mktemp("printed") / "a {course} of mine")
    course.write(
        "01-first",
        SHOW,
        f'show("{png("red")}", "A red square.")\nprint("between")',
        f'show("{png("blue")}", "A <blue> & square.")',
    )
    record = {
        "seconds": 4521.7,
        "hardware": {"cores": 16, "gpu": "NVIDIA H200"},
        "date": "2026-11-19",
    }
    (course.root / "book" / "measured" / "01-first.json").write_text(json.dumps(record))
    return course, course.do("build")


def test_it_says_where_the_book_is_and_leaves_the_stored_notebook(printed):
    course, said = printed
    html = course.root / "_build" / "html"
    assert f"Open  {html / 'index.html'}" in said
    assert f'python -m http.server --directory "{html}"' in said
    assert (html / "index.html").is_file()
    assert "between\\n" not in course.source("01-first").read_text()


def test_every_picture_has_its_alt_text_and_class(printed):
    pictures = BeautifulSoup(printed[0].page("notebooks/01-first"), "html.parser").select("img")
    shown = [picture for picture in pictures if "square" in picture.get("alt", "")]
    assert [picture["alt"] for picture in shown] == ["A red square.", "A <blue> & square."]
    assert all("figure-diagram" in picture["class"] for picture in shown)


def test_the_page_says_how_long_the_chapter_takes_below_its_title(printed):
    course, _ = printed
    run = course.known("01-first")
    cores = run["hardware"]["cores"]
    page = BeautifulSoup(course.page("notebooks/01-first"), "html.parser")
    sentence = page.select_one("h1").find_next("em").get_text()
    assert sentence == (
        f"The code runs in {max(1, round(run['seconds']))}\xa0s with the tiny profile "
        f"({cores} core{'s' if cores != 1 else ''}, {run['finished'][:10]}), "
        "75\xa0min with the full profile (16 cores, NVIDIA H200, 2026-11-19)."
    )


def test_the_address_of_the_repository_comes_from_pyproject(printed):
    page = printed[0].page("notebooks/01-first")
    assert "https://github.com/nobody/small-course" in page
    assert (
        "https://colab.research.google.com/github/nobody/small-course/"
        "blob/main/notebooks/01-first.ipynb"
    ) in page


# A second time


def test_a_second_build_renders_nothing_and_imports_little_as_does_help(course: Course):
    before = site(course)
    course.environment = {"PYTHONPROFILEIMPORTTIME": "1"}
    heavy = {"tensorflow", "keras", "papermill", "sphinx", "matplotlib"}
    said = course.end(course.start("build"), 0)
    assert "Nothing changed" in said
    assert site(course) == before
    imported = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    assert "cnn_course.press.book" in imported
    assert not imported & heavy
    said = course.end(course.start("--help"), 0)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.splitlines()}
    assert "click" in imported
    assert not imported & {*heavy, "nbformat", "numpy", "IPython"}


def test_a_page_that_is_missing_is_printed_again_and_a_changed_one_too(course: Course):
    (course.root / "_build" / "html" / "notebooks" / "02-second.html").unlink()
    (course.root / "book" / "index.md").write_text("# Welcome\n\nGood day.\n")
    said = course.do("build")
    assert "The book is printed." in said
    assert "started" not in said
    assert "second tiny" in course.page("notebooks/02-second")
    assert "Good day." in course.page("book/index")


# What stops it


def test_a_warning_stops_it_names_the_file_and_leaves_the_site(course: Course):
    before = site(course)
    (course.root / "book" / "index.md").write_text("# Welcome\n\n[No such page](nowhere.md)\n")
    said = course.do("build", status=1)
    assert "book/index.md:3: WARNING" in said
    assert "nowhere.md" in said
    assert "/pages/" not in said
    assert site(course) == before
    assert sorted(os.listdir(course.root / "_build")) == [".lock", "cache", "html", "runs"]


def test_a_failing_chapter_stops_it_and_leaves_the_site(course: Course):
    before = site(course)
    progress = course.root / "progress.txt"
    course.environment["CNN_COURSE_PROGRESS"] = str(progress)
    answer = 'answer = {"dense_2": 100, "output": 30}\nassert check("slip", answer)'
    course.write("01-first", "from cnn_course.checks import check", answer)
    course.write("02-second", "1 / 0")
    course.write("03-third", "print(3)")
    said = course.do("build", status=1)
    assert not progress.exists()  # a build is no learner
    assert "notebooks/03-third.ipynb is not in _toc.yml" in said
    assert "02-second stopped in code cell 2" in said
    assert "ZeroDivisionError" in said
    assert site(course) == before


def test_pictures_of_one_cell_that_need_two_alt_texts_stop_it(course: Course):
    before = site(course)
    two = f'show("{png("red")}", "A red square.")\nshow("{png("blue")}", "A blue square.")'
    course.write("01-first", SHOW, two)
    said = course.do("build", status=1)
    assert "01-first: the cell that begins with `show(" in said
    assert "Make a cell for each." in said
    assert site(course) == before


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("_config.yml", "a: [", "_config.yml is not valid YAML"),
        ("pyproject.toml", "[project]", "has no Repository"),
        ("book/measured/01-first.json", "{}", "is not a whole record"),
    ],
)
def test_a_file_that_cannot_be_followed_is_named(course: Course, file: str, text: str, said: str):
    before = site(course)
    (course.root / file).write_text(text)
    assert said in course.do("build", status=1)
    assert site(course) == before


# Two at once, and kills


def test_a_second_build_says_that_it_waits(course: Course):
    with FileLock(course.root / "_build" / ".lock"):
        process = course.start("build")
        assert "Waiting until it is done" in process.stderr.readline()
        assert process.poll() is None
    assert "Nothing changed" in course.end(process, 0)


def test_a_kill_between_the_two_renames_is_put_right(course: Course):
    before = site(course)
    html = course.root / "_build" / "html"
    html.rename(html.with_name("html.previous"))
    assert "Nothing changed" in course.do("build")
    assert site(course) == before

    shutil.copytree(html, html.with_name("html.previous"))
    assert "Nothing changed" in course.do("build")
    assert not html.with_name("html.previous").exists()


# An extension of Sphinx: the pages are written, and Jupyter Book waits as long as there is a file.
WAITING = """
import pathlib, time

def wait(*_):
    while pathlib.Path(__file__).with_name("wait").exists():
        time.sleep(0.05)

def setup(app):
    app.connect("build-finished", wait)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
"""


def held(course: Course) -> Path:
    """Let Jupyter Book wait at its end, until the file that is returned is removed."""
    wait = course.root / "waiting" / "wait"
    wait.parent.mkdir()
    wait.touch()
    wait.with_name("waiting.py").write_text(WAITING)
    config = course.root / "_config.yml"
    own = f"sphinx:\n  local_extensions: {{ waiting: {json.dumps(str(wait.parent))} }}\n"
    config.write_text(config.read_text().replace("sphinx:\n", own))
    return wait


@pytest.mark.fault(
    "SIGKILL while the book is rendered",
    "Jupyter Book ends, too; the next build prints the book",
    "the previous site, whole",
)
def test_a_kill_while_rendering_leaves_the_previous_site(course: Course):
    before = site(course)
    wait = held(course)
    (course.root / "book" / "index.md").write_text("# Welcome\n\nGood day.\n")
    process = course.start("build")
    sign = course.root / "_build" / "scratch" / "output" / "_build" / "html" / "book"
    until(lambda: sign.exists() or process.poll() is not None, "the first pages")
    children = psutil.Process(process.pid).children()
    assert children, "It ended before the moment came."
    process.kill()
    process.communicate(timeout=HANGS)
    assert not psutil.wait_procs(children, HANGS)[1]
    assert site(course) == before
    wait.unlink()
    course.do("build")
    assert "Good day." in course.page("book/index")
    assert not (course.root / "_build" / "scratch").exists()


def test_ctrl_c_while_rendering_leaves_the_previous_site(course: Course):
    before = site(course)
    held(course)
    (course.root / "book" / "index.md").write_text("# Welcome\n\nGood day.\n")
    process = course.start("build")
    output = course.root / "_build" / "scratch" / "output"
    until(lambda: output.exists() or process.poll() is not None, "rendering")
    process.send_signal(signal.SIGINT)
    course.end(process, 130)
    assert site(course) == before
    assert not (course.root / "_build" / "scratch").exists()
