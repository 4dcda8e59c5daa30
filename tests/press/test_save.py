"""`cnn-course run --save`: outputs are stored, and what did not change keeps its bytes."""

import base64
import io

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import v4
from PIL import Image

from cnn_course.press import notebooks
from press.conftest import Course


def png(colour: int, level: int = 9) -> str:
    """Return a picture; another `level` compresses the same pixels into other bytes."""
    stream = io.BytesIO()
    Image.linear_gradient("L").point(lambda value: value ^ colour).save(
        stream, "png", compress_level=level
    )
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


def test_the_same_pixels_in_other_bytes_are_no_change():
    stored, fresh = notebook([picture(1, level=9)]), notebook([picture(1, level=1)])
    assert png(1, level=9) != png(1, level=1)
    assert notebooks.keep_unchanged(stored, fresh) == stored


def test_one_pixel_that_differs_is_a_change():
    other = Image.linear_gradient("L")
    other.putpixel((0, 0), 200)
    stream = io.BytesIO()
    other.save(stream, "png")
    fresh = notebook([picture(0)])
    fresh["cells"][0]["outputs"][0]["data"]["image/png"] = base64.b64encode(
        stream.getvalue()
    ).decode()
    assert notebooks.keep_unchanged(notebook([picture(0)]), fresh) == fresh


def test_a_new_alt_text_is_a_change():
    stored, fresh = notebook([picture(1)]), notebook([picture(1, alt="Another.")])
    assert notebooks.keep_unchanged(stored, fresh) == fresh


def test_only_the_cell_that_changed_gets_new_outputs():
    stored = notebook([picture(1, level=9)], [text("old")])
    fresh = notebook([picture(1, level=1)], [text("new")])
    kept = notebooks.keep_unchanged(stored, fresh)
    assert kept["cells"][0] == stored["cells"][0]
    assert kept["cells"][1] == fresh["cells"][1]


@settings(deadline=None, max_examples=30)
@given(st.lists(outputs, max_size=3), st.lists(outputs, max_size=3))
def test_saving_twice_is_saving_once_and_the_pixels_are_the_fresh_ones(one: list, other: list):
    stored, fresh = notebook(*one, counts=5), notebook(*(other + one)[: len(one)])
    kept = notebooks.keep_unchanged(stored, fresh)
    assert notebooks.keep_unchanged(kept, fresh) == kept
    assert notebooks.keep_unchanged(fresh, kept) == fresh
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

    written = course.source("01-first").stat().st_mtime_ns
    assert "Stored in notebooks/: nothing new." in course.do("run", "1", "--save")
    assert course.source("01-first").stat().st_mtime_ns == written
    assert course.do("run", "--dry-run") == ""


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
