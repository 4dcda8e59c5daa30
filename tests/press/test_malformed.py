"""Notebooks and tables of contents that nobody can follow: the message says what is wrong."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbformat import v4

from cnn_course.press import notebooks
from cnn_course.press.project import PressError, find_project
from press.conftest import PARAMETERS, TOC, Course, new_course

JUNK = (None, 7, 1.5, True, "x", "\ud800", [], [None], [1, "x"], {}, {"a": 1})
MISSING = object()


def good() -> dict[str, Any]:
    """Return a notebook with all that a notebook can have, as it is on the disk."""
    code = v4.new_code_cell(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]})
    code.outputs = [
        v4.new_output("stream", text="a\nb\n"),
        v4.new_output("display_data", {"text/plain": "c", "application/json": {"d": [1]}}),
        v4.new_output("error", ename="E", evalue="v", traceback=["t"]),
    ]
    text = v4.new_markdown_cell("![x](attachment:x)", id="text")
    text["attachments"] = {"x": {"text/plain": "y"}}
    made = v4.new_notebook(cells=[text, code])
    made.metadata["kernelspec"] = notebooks.KERNELSPEC
    return json.loads(json.dumps(made))


def places(node: Any, way: tuple = ()) -> Iterator[tuple]:
    """Yield the way to each place in a notebook."""
    yield way
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from places(value, (*way, key))


def with_junk(way: tuple, junk: Any) -> Any:
    """Return the notebook with another thing in one place, or with nothing there."""
    made = {"": good()}
    *outer, last = ("", *way)
    inside: Any = made
    for key in outer:
        inside = inside[key]
    if junk is MISSING:
        del inside[last]
    else:
        inside[last] = copy.deepcopy(junk)
    return made.get("")


@pytest.mark.fault(
    "any part of a notebook missing, or another thing in its place",
    "one message with the file and the part",
    "nothing is written",
)
@given(st.sampled_from(list(places(good()))), st.sampled_from([*JUNK, MISSING]))
@example(("cells",), MISSING)
@example(("cells", 1), None)
@example(("cells", 0, "attachments", "x"), 7)
@example(("cells", 0, "source"), "\ud800")
def test_a_notebook_is_refused_or_can_be_worked_with(
    tmp_path_factory: pytest.TempPathFactory, way: tuple, junk: Any
):
    file = tmp_path_factory.mktemp("malformed") / "01-first.ipynb"
    file.write_text(json.dumps(with_junk(way, junk)))
    try:
        notebook = notebooks.read(file)
    except PressError as refused:
        said = str(refused)
    else:
        said = ""
    if said:
        assert file.name in said
        return
    for cell in notebooks.code_cells(notebook):
        notebooks.tags(cell)
    notebooks.code(notebook)
    notebooks.outputs_digest(notebook)
    same = notebooks.with_outputs(notebook, notebook)
    assert json.loads(notebooks.dumps(same))["nbformat"] == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"nbformat": 4, "cells": 5}', "'cells' of the file is 5"),
        ('{"nbformat": 4, "cells": [null]}', "cell 1 is None"),
        ('{"nbformat": 4, "cells": [{"cell_type": "code", "source": 1}]}', "'source' of cell 1"),
        ('{"nbformat": 4, "cells": [], "metadata": ' + '{"a":' * 200 + "1" + "}" * 201, "deeper"),
        ("[" * 100_000, "maximum recursion depth"),
        ("<<<<<<< HEAD\n{}", "Expecting value"),
    ],
)
def test_the_message_says_which_part_it_is(tmp_path: Path, content: str, said: str):
    file = tmp_path / "01-first.ipynb"
    file.write_text(content)
    with pytest.raises(PressError, match=r"Get back one that JupyterLab opens\.$") as refused:
        notebooks.read(file)
    assert said in str(refused.value)


BOMB = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}]\n"
    for before, name in zip("abcdefghijklmnopqrstuvwxyz", "bcdefghijklmnopqrstuvwxyz", strict=False)
)


@pytest.mark.fault(
    "_toc.yml that contains itself, doubles 25 times, is not UTF-8 or nested 900 deep",
    "one message with the file",
    "nothing is written",
)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"parts: &all\n  - chapters: *all\n", r"\*all repeats a part"),
        (BOMB.encode(), r"\*a repeats a part"),
        ("title: Überblick\n".encode("latin-1"), "codec can't decode"),
        (b"x: " + b"[" * 900 + b"]" * 900, "recursion"),
        (b"x: " + b"1" * 5_000, "Exceeds the limit"),
    ],
    ids=["itself", "doubles", "latin-1", "deep", "digits"],
)
def test_a_table_of_contents_without_end_is_refused(tmp_path: Path, content: bytes, said: str):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "_toc.yml").write_bytes(TOC.encode() + content)
    with pytest.raises(PressError, match=f"_toc.yml is not valid YAML(.|\n)*{said}"):
        find_project(tmp_path)


def test_a_number_of_5000_digits_names_no_chapter_no_seed_and_no_time(tmp_path: Path):
    course: Course = new_course(tmp_path / "course")
    many = "1" * 5_000
    assert "There is no chapter" in course.do("run", many, "--dry-run", status=1)
    for command in ("run --timeout", "record 1 --seed", "seeds 1 --count", "seeds 1 --first"):
        assert "Invalid value for" in course.do(*command.split(), many, status=2)
