"""Pictures of cats and dogs in the wrong folders: the error shows the right ones."""

from collections.abc import Callable
from pathlib import Path

import pytest
from picture_fakes import KINDS, PARTS, fake_photographs, write_files, write_split
from surroundings import use_own_folder

from cnn_course.data import DataError, cats_and_dogs, check


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_own_folder(tmp_path, monkeypatch, "cats_and_dogs")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda own: rename(own / "test" / "dogs", "wolves"), "There is no folder dogs in"),
        (lambda own: rename(own / "validation", "mine"), "There is no folder validation in"),
        (lambda own: empty(own / "train" / "cats"), "There is no picture in"),
        (lambda own: deeper(own / "train" / "cats"), "There is no picture in"),
        (lambda own: rename(own, "x", own), "move what is in {own}/x up to {own}"),
        (lambda own: rename(own / "train", own.parent / "t") or replace_by(own), "too high"),
        (lambda own: replace_by(own, empty=True), "There are no pictures of cats and dogs in"),
        (lambda own: spoil(own / "train" / "dogs"), "No picture of train/dogs"),
        (lambda own: write_files(own, {"train/Cat/cat.1.jpg": b""}), "two folders"),
    ],
)
def test_a_wrong_layout_is_told_with_the_expected_one_and_the_found_one(
    own: Path, change: Callable[[Path], object], said: str
) -> None:
    write_split(own)
    change(own)
    with pytest.raises(DataError) as caught:
        cats_and_dogs("full", fake_photographs())
    message = str(caught.value)
    assert said.format(own=own) in message
    expected, found = message.split("Found was:")
    for part in PARTS:
        assert f"── {part}/" in expected
    assert "cat.1500.jpg" in expected
    assert "──" in found
    (broken,) = check([fake_photographs()])
    assert broken.state == "broken"
    assert said.format(own=own) in broken.problem + broken.advice


def rename(folder: Path, name: str | Path, within: Path | None = None) -> None:
    if within is None:
        folder.rename(folder.parent / name)
        return
    aside = folder.rename(folder.parent / "aside")
    within.mkdir()
    aside.rename(within / name)


def empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def deeper(folder: Path) -> None:
    rename(folder, "cats", folder)


def replace_by(own: Path, *, empty: bool = False) -> None:
    """Leave nothing of the parts, or their classes without the parts."""
    aside = own.rename(own.parent / "aside")
    own.mkdir()
    if not empty:
        for kind in KINDS:
            (aside / "test" / kind).rename(own / kind)


def spoil(folder: Path) -> None:
    for file in folder.iterdir():
        file.write_bytes(b"<html>")
