"""`cnn-course run --save` stores outputs; the book prints them as long as they hold."""

import base64
import io
import shutil
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import v4
from PIL import Image

from cnn_course.press import notebooks
from cnn_course.press.project import find_project
from cnn_course.press.stored_runs import find_stored
from press.conftest import Course


@cache
def png(colour: int, level: int = 9) -> str:
    """Return a picture; another `level` compresses the same pixels into other bytes."""
    stream = io.BytesIO()
    gradient = Image.linear_gradient("L")
    gradient.putpixel((0, 0), colour)
    gradient.save(stream, "png", compress_level=level)
    return base64.b64encode(stream.getvalue()).decode()


def picture(colour: int, level: int = 9, alt: str = "A square.") -> dict:
    data = {"image/png": png(colour, level), "text/plain": alt}
    return dict(v4.new_output("display_data", data=data, metadata={"image/png": {"alt": alt}}))


def notebook(*outputs: list, counts: int = 1) -> dict:
    cells = [
        {"cell_type": "code", "id": f"c{n}", "source": "x", "metadata": {}, "outputs": list(output)}
        | {"execution_count": n + counts}
        for n, output in enumerate(outputs)
    ]
    about = {"kernelspec": notebooks.KERNELSPEC, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}


def text(words: str) -> dict:
    return dict(v4.new_output("stream", text=words))


outputs = st.lists(
    st.one_of(
        st.builds(text, st.text(min_size=1)),
        st.builds(picture, st.integers(0, 3), st.sampled_from([1, 9])),
    ),
    max_size=3,
)


def test_only_the_cell_whose_pixels_text_or_alt_text_changed_gets_new_outputs():
    stored = notebook([picture(1, level=9)], [text("old")], [picture(1)], [picture(1)])
    fresh = notebook([picture(1, level=1)], [text("new")], [picture(2)], [picture(1, alt="New.")])
    assert png(1, level=9) != png(1, level=1)
    kept = notebooks.with_outputs(stored, fresh)
    assert kept["cells"] == [stored["cells"][0], *fresh["cells"][1:]]


@settings(deadline=None, max_examples=30)
@given(st.lists(outputs, max_size=3), st.lists(outputs, max_size=3))
def test_saving_twice_is_saving_once_and_the_pixels_are_the_fresh_ones(one: list, other: list):
    stored, fresh = notebook(*one, counts=5), notebook(*(other + one)[: len(one)])
    kept = notebooks.with_outputs(stored, fresh)
    assert notebooks.with_outputs(kept, fresh) == kept
    assert notebooks.with_outputs(fresh, kept) == fresh
    assert [cell["execution_count"] for cell in kept["cells"]] == list(range(1, len(one) + 1))


def test_outputs_are_stored_without_timing_and_a_second_time_nothing_is_written(course: Course):
    with course.edit("01-first") as source:
        source.cells[-1].execution_count = 41
        source.cells[-1].metadata["execution"] = {"iopub.status.busy": "2020-01-01T00:00:00Z"}
        source.metadata["kernelspec"] = {"name": "conda-env-of-mine", "display_name": "Mine"}
    assert "Stored in notebooks/: 01-first." in course.do("run", "1", "--save")
    stored = nbformat.read(course.source("01-first"), as_version=4)
    assert stored.cells[-1].outputs == [v4.new_output("stream", text="first tiny\n")]
    assert [cell.execution_count for cell in stored.cells[1:]] == [1, 2]
    assert stored.cells[-1].metadata == {}
    assert stored.metadata.kernelspec == notebooks.KERNELSPEC
    assert stored.metadata.language_info.pygments_lexer == "ipython3"
    assert "version" not in stored.metadata.language_info

    known = stored.metadata.pop("cnn_course")
    assert known["hardware"]["cores"] >= 1
    written = course.source("01-first").stat().st_mtime_ns
    course.do("run", "1", "--fresh")  # which takes another time
    assert "Stored in notebooks/: nothing new." in course.do("run", "1", "--save")
    assert course.source("01-first").stat().st_mtime_ns == written
    assert course.do("run", "--dry-run") == ""


# What the book prints


@pytest.fixture(scope="module")
def stored(built: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course as one clones it: with outputs stored, and without anything that was made of it."""
    root = tmp_path_factory.mktemp("stored") / "course"
    course = Course(shutil.copytree(built.root, root))
    course.do("run", "--save")
    shutil.rmtree(root / "_build")
    return course


@pytest.fixture
def clone(stored: Course, tmp_path: Path) -> Course:
    return Course(shutil.copytree(stored.root, tmp_path / "clone"))


def test_outputs_that_hold_are_printed_beside_new_sentences_and_nothing_runs(clone: Course):
    with clone.edit("01-first") as notebook:
        notebook.cells[0].source += "\n\nOne more sentence."
        notebook.metadata.cnn_course |= {"seconds": 4321.0, "finished": "2031-01-02T03:04:05"}
        notebook.metadata.cnn_course.hardware["cores"] = 17
    said = clone.do("build")
    assert said.splitlines()[-1] == "Chapters: 2 printed from stored outputs, 0 run."
    assert "started" not in said
    assert not list((clone.root / "_build" / "runs").rglob("*.ipynb"))
    page = clone.page("notebooks/01-first")
    assert "One more sentence." in page
    assert "first tiny" in page
    assert "72\xa0min with the tiny profile (17 cores, 2031-01-02)" in page
    assert clone.do("build").splitlines()[-1] == "Chapters: 2 printed from stored outputs, 0 run."


def new_code(course: Course) -> None:
    with course.edit("01-first") as notebook:
        notebook.cells[-1].source += "\nprint('and', 'more')"


def new_outputs(course: Course) -> None:
    with course.edit("01-first") as notebook:
        notebook.cells[-1].outputs[0].text = "first tinier\n"


def no_record_of_the_run(course: Course) -> None:
    with course.edit("01-first") as notebook:
        del notebook.metadata["cnn_course"]


def an_older_version(course: Course) -> None:
    with course.edit("01-first") as notebook:
        notebook.metadata.cnn_course.versions["numpy"] = "1.0"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (new_code, "what they depend on has changed"),
        (new_outputs, "they were not stored by `cnn-course run --save`"),
        (no_record_of_the_run, "they were not stored by `cnn-course run --save`"),
        (an_older_version, f"they were made with numpy 1.0, and {version('numpy')} is installed"),
    ],
)
def test_outputs_that_do_not_hold_are_known_with_the_reason(
    clone: Course, change: Callable[[Course], None], reason: str
):
    change(clone)
    project = find_project(clone.root)
    holding, reasons = find_stored(project, project.chapters)
    assert list(holding) == ["02-second"]
    assert reasons == {"01-first": reason}


def test_outputs_that_do_not_hold_are_made_again_and_the_reason_is_said(clone: Course):
    an_older_version(clone)
    said = clone.do("build")
    assert "01-first: the stored outputs are not printed, since they were made with numpy 1" in said
    assert "Chapters: 1 printed from stored outputs, 1 run." in said.splitlines()
    again = clone.do("build").splitlines()[-1]
    assert again == "Chapters: 1 printed from stored outputs, 0 run, 1 from an earlier run."
    # Stored again, they hold again.
    assert "Stored in notebooks/: 01-first." in clone.do("run", "1", "--save")
    project = find_project(clone.root)
    assert len(find_stored(project, project.chapters)[0]) == 2


def test_outputs_that_a_test_compares_hold_whatever_they_depend_on_has_changed(clone: Course):
    new_code(clone)
    an_older_version(clone)
    project = find_project(clone.root)
    assert len(find_stored(project, project.chapters, compared=True)[0]) == 2
    new_outputs(clone)  # not even then: no run is known that had them
    assert list(find_stored(project, project.chapters, compared=True)[0]) == ["02-second"]


def test_outputs_of_the_full_profile_are_not_stored(course: Course):
    before = course.source("01-first").read_bytes()
    said = course.do("run", "1", "--profile", "full", "--save", status=1)
    assert "Only the outputs of the tiny profile are stored." in said
    assert course.source("01-first").read_bytes() == before


@pytest.mark.parametrize("line", ['profile = "tiny"  # or "full"', 'profile: str = "full"'])
def test_the_parameter_is_replaced_where_it_stands(line: str):
    source = notebook([])
    source["cells"][0] |= {"source": f"# à choisir\n{line}\nother = 'tiny'\n"}
    source["cells"][0]["metadata"] = {"tags": ["parameters"]}
    changed = notebooks.with_parameter(source, "profile", "full")["cells"][0]["source"]
    expected = line.replace('"tiny"', '"full"')
    assert changed == f"# à choisir\n{expected}\nother = 'tiny'\n"
    assert line in source["cells"][0]["source"]
