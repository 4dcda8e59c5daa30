"""What changes in a folder, on a disk or in a prepared copy is noticed; what is odd is named."""

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from picture_fakes import (
    KINDS,
    PARTS,
    by_index,
    encoded,
    fake_photographs,
    jpeg,
    kaggle_names,
    microsoft_names,
    names_in,
    photograph,
    picture,
    write_files,
    write_split,
)
from surroundings import use_own_folder

from cnn_course.data import DataError, Finding, cats_and_dogs, check


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_own_folder(tmp_path, monkeypatch, "cats_and_dogs")


def full() -> Path:
    return cats_and_dogs("full", fake_photographs())


def quiet() -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return full()


def finding() -> Finding:
    (only,) = check([fake_photographs()])
    return only


def refusal() -> str:
    with pytest.raises(DataError) as caught:
        full()
    assert caught.value.advice
    return str(caught.value)


def test_a_file_of_the_same_size_and_time_that_was_repaired_is_looked_at_again(own: Path) -> None:
    write_split(own)
    file = own / "train" / "cats" / "cat.0.jpg"
    good, time = file.read_bytes(), file.stat().st_mtime_ns
    for content, state in ((bytes(len(good)), "mended"), (good, "whole")):
        file.write_bytes(content)
        os.utime(file, ns=(time, time))
        assert finding().state == state


def test_a_file_that_changes_its_rights_is_looked_at_again(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_split(own)
    file = own / "train" / "cats" / "cat.0.jpg"
    assert full() == own
    file.chmod(0o200)
    really_read = Path.read_bytes

    def read(path: Path) -> bytes:
        if not path.stat().st_mode & 0o400:  # root may read all the same
            raise PermissionError(13, os.strerror(13))
        return really_read(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    assert finding().lists["left out"] == [
        "train/cats/cat.0.jpg: it cannot be read: Permission denied"
    ]
    file.chmod(0o600)
    assert finding().state == "whole"


def test_a_fault_of_the_disk_is_not_remembered(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(own, kaggle_names(10))
    really_read = Path.read_bytes

    def read(path: Path) -> bytes:
        if path.name == "cat.0.jpg":
            raise OSError(5, os.strerror(5))
        return really_read(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read)
        with pytest.warns(UserWarning, match="1 file is left out"):
            full()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert names_in(full())["train", "cats"] == by_index(range(4))


@pytest.mark.parametrize("folder", ["train/birds", "train/cats/black/kitten"])
def test_a_new_folder_is_noticed(own: Path, folder: str) -> None:
    write_split(own)
    assert full() == own
    (own / folder).mkdir(parents=True)
    with pytest.warns(UserWarning, match="it is a folder"):
        assert full() != own


@pytest.mark.parametrize(
    "damage",
    [
        lambda copy: (copy / "train/cats/cat.0.jpg").write_bytes(b""),
        lambda copy: (copy / "train/birds").mkdir(),
        lambda copy: (copy / "train/cats/deeper").mkdir(),
        lambda copy: (copy / "more").mkdir(),
        lambda copy: (copy / "test/dogs/dog.77.jpg").write_bytes(jpeg(77)),
    ],
    ids=["emptied", "class", "folder", "part", "picture"],
)
def test_a_damaged_copy_is_made_again(own: Path, damage: Callable[[Path], object]) -> None:
    write_files(own, kaggle_names(10))
    copy = full()
    files = {file.relative_to(copy): file.read_bytes() for file in copy.rglob("*.jpg")}
    damage(copy)
    assert full() == copy
    assert {file.relative_to(copy): file.read_bytes() for file in copy.rglob("*.jpg")} == files
    assert {folder.name for folder in copy.rglob("*") if folder.is_dir()} == {*PARTS, *KINDS}


@pytest.mark.parametrize(
    "junk",
    [
        "null",
        "[]",
        "[" * 100_000,
        {"same": None},
        {"notes": 1},
        {"chosen": [], "in_place": True},
        {"left_out": [1]},
    ],
    ids=str,
)
def test_a_damaged_memory_counts_as_none(
    own: Path, tmp_path: Path, junk: str | dict[str, object]
) -> None:
    write_files(own, kaggle_names(10))
    copy = full()
    for file in (tmp_path / "cache" / "checked").iterdir():
        content = json.loads(file.read_text())
        file.write_text(junk if isinstance(junk, str) else json.dumps(content | junk))
    assert full() == copy
    assert names_in(copy)["train", "cats"] == by_index(range(4))


def test_a_source_that_cannot_be_used_says_why(own: Path) -> None:
    write_files(own, {name: encoded(picture(1), "PNG") for name in kaggle_names(12)})
    message = refusal()
    assert "0 cats and 0 dogs that can be used" in message
    assert "24 files are left out:\n  cat.0.jpg: it is not a JPEG file but a PNG file" in message
    assert "and 4 more" in message
    assert len(finding().lists["left out"]) == 24


def test_a_folder_in_a_pictures_place_is_named_with_the_picture_that_takes_it(own: Path) -> None:
    write_files(own / "train", kaggle_names(12))
    (own / "train" / "cat.5.jpg").unlink()
    (own / "train" / "cat.5.jpg").mkdir()
    assert finding().lists["left out"] == [
        "train/cat.5.jpg: it is a folder; cat.10.jpg takes its place"
    ]


def test_capitals_and_endings_do_not_matter_and_two_of_a_number_are_named(own: Path) -> None:
    write_files(own, microsoft_names(12))
    (own / "PetImages").rename(own / "petimages")
    cats = own / "petimages" / "Cat"
    for number in range(12):
        (cats / f"{number}.jpg").rename(cats / f"{number}.JPG")
    (cats / "3.jpeg").write_bytes(jpeg(3))
    (cats / "4.jpeg").write_bytes(b"")
    (cats / "4.JPG").unlink()
    assert finding().lists["left out"] == [
        "petimages/Cat/3.JPG and petimages/Cat/3.jpeg: its number is there more than once; "
        "cat.10.jpg takes its place",
        "petimages/Cat/4.jpeg: it is empty; cat.11.jpg takes its place",
    ]
    (own / "petimages").rename(own / "other")
    assert "11 files (.JPG)" in refusal(), "an ending is shown as it is"


def test_a_jpeg_file_with_something_appended_is_whole(own: Path) -> None:
    write_split(own)
    cat = own / "train" / "cats" / "cat.0.jpg"
    film = b"\0\0\0\x18ftypmp42" + b"\xff\xda\x01" * 50
    for options in ({}, {"progressive": True}, {"exif": b"Exif\0\0" + b"\xff\xd9\xff\xd8" * 9}):
        content = encoded(picture(1, (200, 200)), **options)
        cat.write_bytes(content + film)
        assert finding().state == "whole"
        for cut in (content[:-2], content[:-2] + film, content[: len(content) // 2] + film):
            cat.write_bytes(cut)
            assert finding().state == "mended"
            assert "truncated" in finding().lists["left out"][0]


def test_a_name_that_is_not_utf_8_is_left_out(own: Path) -> None:
    write_split(own)
    name = os.fsdecode(b"chat\xe9.jpg")
    (own / "train" / "cats" / name).write_bytes(jpeg(5))
    assert "chat?.jpg: its name is not in UTF-8" in finding().lists["left out"][0]
    assert name not in names_in(quiet())["train", "cats"]


def test_a_picture_in_two_parts_is_listed_before_a_thousand_pairs_in_one(own: Path) -> None:
    write_split(own)
    for index in range(50):
        (own / "train" / "cats" / f"like.{index:02}.png.jpg").write_bytes(
            encoded(picture(5, (64, 64)), quality=40 + index)
        )
    (own / "test" / "dogs" / "leak.jpg").write_bytes(encoded(picture(0), quality=60))
    write_files(own, {"train/dogs/dog.0.jpg": photograph("cats", 0)})
    listed = finding().lists["nearly identical pictures"]
    assert "test/dogs/leak.jpg" in listed[0]
    assert len(listed) == 1_001
    assert listed[-1].endswith("more pairs are not listed")


def test_a_system_fault_is_not_blamed_on_the_folder(own: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"in the way")
    write_files(own, kaggle_names(10))
    message = refusal()
    assert "CNN_COURSE_CACHE" in message
    assert "away" not in message
    with pytest.raises(DataError, match="Set CNN_COURSE_CACHE"):
        cats_and_dogs("tiny")


def test_a_file_in_the_folders_place_is_told_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CNN_COURSE_DATA")
    place = tmp_path / "cache" / "cats_and_dogs"
    write_files(tmp_path, {"cache/cats_and_dogs": b"in the way"})
    assert f"{place} is not a folder" in refusal()
    assert f"take {place} away: then the photographs are downloaded" in refusal()
    assert (finding().state, finding().path) == ("broken", place)


def test_a_wrong_own_folder_is_told_as_what_it_is(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"file": b""})
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "file"))
    assert "is not a folder" in refusal()
    monkeypatch.setenv("CNN_COURSE_DATA", str(own.parent))
    really_look = os.lstat

    def look(path: str | Path) -> os.stat_result:  # as for somebody who is not root
        if Path(path) == own:
            raise PermissionError(13, os.strerror(13))
        return really_look(path)

    monkeypatch.setattr(os, "lstat", look)
    assert "no right to look into it" in refusal()
