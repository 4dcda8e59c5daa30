"""A measurement is made once, however often its run is killed, and never taken for another."""

import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from cnn_course import training
from cnn_course.training.state import read_progress

NUMBERS = {"from scratch": [0.5, 0.75], "features": {"near": 1}}


class Meter:
    """Measures, and counts how often."""

    def __init__(self, numbers: Any = NUMBERS) -> None:
        self.numbers, self.measured = numbers, 0

    def __call__(self) -> Any:
        self.measured += 1
        return self.numbers


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CNN_COURSE_BACKUPS", str(tmp_path / "backups"))
    return tmp_path / "backups"


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    """Cells are known in a notebook only."""
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def in_the_next_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let this process find what is kept as another would: it knows a name by its place."""
    place = shutil.copytree(folder, folder.with_name(f"{folder.name}, next run"))
    monkeypatch.setenv("CNN_COURSE_BACKUPS", str(place))
    return place


def test_a_run_that_is_killed_in_a_measurement_repeats_that_one_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    training.once("first", Meter([1]))
    with pytest.raises(ZeroDivisionError):
        training.once("second", lambda: shutil.copytree(folder, folder / "killed") and 1 / 0)
    monkeypatch.setenv("CNN_COURSE_BACKUPS", str(folder / "killed"))
    first, second = Meter([3]), Meter([2])
    assert [training.once("first", first), training.once("second", second)] == [[1], [2]]
    assert [first.measured, second.measured] == [0, 1]


@pytest.mark.parametrize("spoil", ["other cells", "cut short", "other name"])
def test_what_is_anothers_or_spoilt_is_set_aside_and_measured_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, shell: InteractiveShell, spoil: str
):
    shell.user_ns["In"] = ["", "steps = 100"]
    training.once("one", Meter())
    place = in_the_next_run(folder, monkeypatch)
    name = "One" if spoil == "other name" else "one"  # the same file, and not the same name
    if spoil == "other cells":
        shell.user_ns["In"] = ["", "steps = 200"]
    if spoil == "cut short":
        (place / "one.state").write_bytes((place / "one.state").read_bytes()[:-9])
    again = Meter([0.25])
    with pytest.warns(UserWarning, match=r"one\.state (is of another|cannot be read)"):
        assert training.once(name, again) == [0.25]
    assert again.measured == 1
    assert (place / "one.aside").is_file()


def test_cells_below_make_no_difference(
    folder: Path, monkeypatch: pytest.MonkeyPatch, shell: InteractiveShell
):
    shell.user_ns["In"] = ["", "steps = 100"]
    training.once("one", Meter())
    shell.user_ns["In"] = ["", "steps = 100", "a figure"]
    training.once("two", Meter())
    in_the_next_run(folder, monkeypatch)
    shell.user_ns["In"] = ["", "steps = 100"]
    again = Meter()
    training.once("one", again)
    assert again.measured == 0


def test_a_measurement_without_a_name_or_with_that_of_another_is_refused(folder: Path):
    with pytest.raises(ValueError, match=r"name of a measurement .* Write a text"):
        training.once("!", Meter())
    training.once("one", Meter())
    with pytest.raises(ValueError, match="'one' was measured before"):
        training.once("one", Meter())


def test_without_the_variable_every_call_measures_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("CNN_COURSE_BACKUPS", raising=False)
    monkeypatch.chdir(tmp_path)
    meter = Meter()
    assert training.once("one", meter) == training.once("one", meter) == NUMBERS
    assert training.once("one", lambda *numbers: list(numbers), 1, 2) == [1, 2]
    assert meter.measured == 2
    assert list(tmp_path.iterdir()) == []


def test_progress_says_how_far_it_is_and_what_an_earlier_run_did(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = []
    training.once("one", lambda: seen.append(read_progress(folder)[0].done))
    (progress,) = read_progress(folder)
    assert (seen, progress.done, progress.epochs) == ([0], 1, 1)
    assert (progress.seconds_before, progress.runs_before) == (0, [])
    place = in_the_next_run(folder, monkeypatch)
    training.once("one", Meter())
    (progress,) = read_progress(place)
    assert progress.seconds_before > 0
    assert len(progress.runs_before) == 1


numbers = st.one_of(st.floats(allow_nan=False), st.integers(-(2**60), 2**60))
nested = st.recursive(
    numbers, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=9
)


@settings(max_examples=15)
@given(measured=nested)
def test_numbers_come_back_as_they_were(tmp_path_factory: Any, measured: Any):
    place = tmp_path_factory.mktemp("backups")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNN_COURSE_BACKUPS", str(place / "first"))
        assert training.once("one", lambda: measured) == measured
        patch.setenv("CNN_COURSE_BACKUPS", str(shutil.copytree(place / "first", place / "next")))
        assert training.once("one", Meter()) == measured


def test_numbers_of_numpy_become_pythons_own_now_and_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(2):
        numbers = training.once("one", lambda: {"one": np.float32(0.5), "all": np.arange(3)})
        assert numbers == {"one": 0.5, "all": [0, 1, 2]}
        folder = in_the_next_run(folder, monkeypatch)


def test_what_cannot_be_kept_is_refused_with_and_without_a_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    for what in (object(), {"model": object()}, {1: {2}}):
        with pytest.raises(TypeError, match=r"one cannot be kept: it holds a .* Return numbers"):
            training.once("one", lambda what=what: what)
        monkeypatch.delenv("CNN_COURSE_BACKUPS", raising=False)


def test_a_full_disk_costs_what_is_kept_and_not_what_was_measured(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(UserWarning, match="one: it is not kept: .*No space left"):
        assert training.once("one", Meter()) == NUMBERS
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("shares", "parts"), [(1, 3), (2, 7), (3, 12), (6, 13)])
def test_each_part_but_the_first_is_measured_by_one_share(shares: int, parts: int):
    by_share = []
    for number in range(1, shares + 1):
        with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
            patch.setattr("cnn_course.training.measurements._SHAPES", [])  # as in a new process
            patch.setenv("CNN_COURSE_BACKUPS", folder)
            patch.setenv("CNN_COURSE_SHARE", f"{number}/{shares}")
            meters = [Meter([part, {"seconds": 0.5, "of": "x"}]) for part in range(parts)]
            found = [training.once(f"part {part}", meter) for part, meter in enumerate(meters)]
            by_share.append([meter.measured for meter in meters])
            for numbers, meter in zip(found, meters, strict=True):
                left = [pytest.approx(math.nan, nan_ok=True)] * 2
                assert [numbers[0], numbers[1]["seconds"]] == (
                    [meter.numbers[0], 0.5] if meter.measured else left
                )
                assert numbers[1]["of"] == "x"
            left_out = [part.name for part in read_progress(Path(folder)) if not part.done]
            assert len(left_out) == sum(not one.measured for one in meters)
    first, *others = np.sum(by_share, axis=0)
    assert first == shares
    assert set(others) <= {1}
    spread = np.array(by_share)[:, 1:].sum(axis=1)
    assert spread.max() - spread.min() <= 2
