"""Photographs of cats and dogs are looked through before training, whatever folder they come in."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from patience import HANGS
from picture_fakes import (
    KINDS,
    PARTS,
    by_index,
    encoded,
    fake_photographs,
    finding,
    full,
    jpeg,
    kaggle_names,
    left_out,
    microsoft_names,
    names_in,
    part_of,
    photograph,
    picture,
    snapshot,
    write_files,
    write_split,
    zipped,
)
from PIL import Image
from surroundings import refused, use_own_folder

from cnn_course import data
from cnn_course.data import DataError, cats_and_dogs, dogs_vs_cats, get
from cnn_course.data.images import UnusableError, decoded

CLEAN = {
    (part, kind): by_index([i for i in range(10) if part_of(i) == part], kind)
    for part in PARTS
    for kind in KINDS
}
Change = Callable[[Path], object]


def outer_archive() -> bytes:
    return zipped({"train.zip": zipped(kaggle_names(12, "train/")), "test1.zip": b"", "s.csv": b""})


@pytest.fixture(autouse=True)
def own(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_own_folder(tmp_path, monkeypatch, "cats_and_dogs")


def refusal() -> str:
    return refused(full)


def test_a_flawless_folder_is_used_where_it_lies_without_a_word(own: Path, cache: Path) -> None:
    write_split(own)
    write_files(own, {"SHA256SUMS": b"", "train/cats/.DS_Store": b"", "test/dogs/Thumbs.db": b""})
    before = snapshot(own)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert full() == own
    assert snapshot(own) == before
    assert not (cache / "cats_and_dogs_prepared").exists()
    found = finding()
    assert (found.state, found.path, found.problem, found.lists) == ("whole", own, "", {})
    assert get("cats_and_dogs", [fake_photographs()]) == own


def move_up(folder: Path) -> None:
    for child in folder.iterdir():
        os.replace(child, folder.parent.parent / child.name)


@pytest.mark.parametrize(
    "write",
    [
        lambda own: write_files(own, kaggle_names(12)),
        lambda own: write_files(own, kaggle_names(12, "train/") | {"test/1.jpg": jpeg(1)}),
        lambda own: write_files(own, microsoft_names(12)),
        lambda own: write_files(own / "x", microsoft_names(12)) or move_up(own / "x" / "PetImages"),
        lambda own: (own / "train.zip").write_bytes(zipped(kaggle_names(12, "train/"))),
        lambda own: write_files(own, {"dogs-vs-cats.zip": outer_archive(), "test1.zip": b"?"}),
        lambda own: (own / "kagglecatsanddogs_5340.zip").write_bytes(
            zipped(microsoft_names(12) | {"readme[1].txt": b"", "PetImages/Cat/Thumbs.db": b""})
        ),
    ],
    ids=["flat", "train", "PetImages", "Cat-Dog", "train.zip", "dogs-vs-cats.zip", "microsoft.zip"],
)
def test_every_published_form_gives_the_same_split_by_index(
    own: Path, cache: Path, write: Change
) -> None:
    write(own)
    before = snapshot(own)
    folder = full()
    assert names_in(folder) == CLEAN
    assert folder.is_relative_to(cache)
    for kind in KINDS:
        for index in range(10):
            file = folder / part_of(index) / kind / f"{kind[:-1]}.{index}.jpg"
            assert file.read_bytes() == photograph(kind, index)
    assert full() == folder, "the second call finds it"
    assert snapshot(own) == before
    assert not list(cache.rglob(".unfinished*")), "nothing is left lying about"
    assert finding().state == "whole"


def test_a_bad_picture_is_replaced_by_the_next_index_and_no_other_changes_its_part(
    own: Path,
) -> None:
    files = kaggle_names(16)
    files["cat.1.jpg"] = b""
    files["cat.7.jpg"] = jpeg(7)[:-40]
    files["cat.10.jpg"] = b"<html>"  # the first that could have taken a place
    del files["cat.5.jpg"]
    write_files(own, files)
    with pytest.warns(UserWarning, match=r"4 files are left out") as told:
        folder = full()
    assert told[0].filename.endswith("picture_fakes.py"), "the warning points at who called"
    for line in (
        "cat.1.jpg: it is empty; cat.11.jpg takes its place",
        "cat.5.jpg: it is not there; cat.12.jpg takes its place",
        "cat.7.jpg: it does not decode: truncated",
        "cat.10.jpg: it is not a JPEG file",
    ):
        assert line in str(told[0].message)
    names = names_in(folder)
    assert names["train", "cats"] == by_index([0, 2, 3, 11])
    assert names["validation", "cats"] == by_index([4, 12])
    assert names["test", "cats"] == by_index([6, 8, 9, 13])
    assert names["train", "dogs"] == CLEAN["train", "dogs"]
    assert finding().state == "mended"


def test_every_kind_of_bad_file_is_left_out_with_its_reason(own: Path) -> None:
    good = jpeg(99)
    odd = os.fsdecode(b"chat\xe9.jpg")
    bad = {
        "empty.jpg": (b"", "empty"),
        "cut.jpg": (encoded(picture(4, (200, 200)))[:3_000], "truncated"),
        "without-end.jpg": (encoded(picture(3, (200, 200)))[:-2], "truncated"),
        "noise.jpg": (np.random.default_rng(0).bytes(500), "not a JPEG file"),
        "header.jpg": (b"\xff\xd8\xff\xe0" + b"JFIF" * 20, "decode"),
        "png.jpg": (encoded(picture(1), "PNG"), "PNG"),
        "webp.jpg": (encoded(picture(1), "WEBP"), "WebP"),
        "page.jpg": (b"\n<!DOCTYPE html>", "HTML"),
        "bomb.jpg": (encoded(Image.new("RGB", (6_000, 6_000))), "6,000 x 6,000 pixels"),
        "picture.png": (encoded(picture(1), "PNG"), "does not end in .jpg"),
        "picture.jpg.txt": (good, "does not end in .jpg"),
        "._cat.3.jpg": (b"\0\5\x16\7", "hidden"),
        "dog.5.jpg": (good, "says dog"),
        odd: (good, "not in UTF-8"),
    }
    write_split(own)
    write_files(own / "train" / "cats", {name: content for name, (content, _) in bad.items()})
    (own / "train" / "cats" / "folder.jpg").mkdir()
    (own / "train" / "cats" / "nowhere.jpg").symlink_to("nowhere")
    (own / "train" / "cats" / "circle.jpg").symlink_to("circle.jpg")
    (own / "train" / "birds").mkdir()
    os.mkfifo(own / "train" / "cats" / "pipe.jpg")
    before = snapshot(own)
    found = finding()
    assert found.state == "mended"
    reasons = dict(line.split(": ", 1) for line in found.lists["left out"])
    assert len(reasons) == len(bad) + 5
    for name, (_, reason) in bad.items():
        assert reason in reasons[f"train/cats/{name.replace(odd, 'chat?.jpg')}"]
    assert "folder" in reasons["train/cats/folder.jpg"]
    for name in ("nowhere", "circle", "pipe"):
        assert "not a file" in reasons[f"train/cats/{name}.jpg"]
    assert "no class" in reasons["train/birds"]
    with pytest.warns(UserWarning, match="are left out"):
        assert names_in(full()) == CLEAN
    assert snapshot(own) == before


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colours_are_converted_in_a_copy(own: Path, mode: str) -> None:
    write_split(own)
    grey = own / "test" / "dogs" / "dog.8.jpg"
    grey.write_bytes(encoded(picture(8).convert(mode)))
    content = grey.read_bytes()
    said = {"L": "greyscale", "CMYK": "CMYK"}[mode]
    with pytest.warns(UserWarning, match=rf"converted to RGB:\n  test/dogs/dog.8.jpg: {said}"):
        folder = full()
    assert grey.read_bytes() == content
    assert names_in(folder) == CLEAN
    with Image.open(folder / "test" / "dogs" / "dog.8.jpg") as converted:
        assert (converted.format, converted.mode) == ("JPEG", "RGB")
        difference = np.asarray(converted).astype(int) - Image.open(grey).convert("RGB")
        assert np.abs(difference).mean() < 4
    unchanged = folder / "test" / "dogs" / "dog.9.jpg"
    assert unchanged.read_bytes() == photograph("dogs", 9)


def test_other_spellings_of_folders_and_files_are_understood(own: Path) -> None:
    write_files(own, microsoft_names(13))
    (own / "PetImages").rename(own / "petimages")
    cats = own / "petimages" / "Cat"
    for number in range(13):
        (cats / f"{number}.jpg").rename(cats / f"{number}.JPG")
    write_files(cats, {"3.jpeg": jpeg(3), "4.jpeg": b"", "022.jpg": b""})
    (cats / "4.JPG").unlink()
    (cats / "5.JPG").unlink()
    (cats / "5.JPG").mkdir()
    assert left_out() == [
        "petimages/Cat/022.jpg: its name does not say which picture it is",
        "petimages/Cat/3.JPG and petimages/Cat/3.jpeg: its number is there more than once; "
        "cat.10.jpg takes its place",
        "petimages/Cat/4.jpeg: it is empty; cat.11.jpg takes its place",
        "petimages/Cat/5.JPG: it is a folder; cat.12.jpg takes its place",
    ]
    (own / "petimages").rename(own / "other")
    assert "11 x .JPG" in refusal(), "an ending is shown as it is"
    write_split(own)
    (own / "validation").rename(own / "val")
    (own / "train" / "cats").rename(own / "train" / "Cat")
    assert names_in(full()) == CLEAN


def test_identical_and_nearly_identical_pictures_are_reported_and_kept(own: Path) -> None:
    write_split(own)
    write_files(
        own,
        {
            "train/cats/cat.0.jpg": photograph("cats", 1),
            "train/dogs/dog.0.jpg": photograph("cats", 9),
            "validation/cats/cat.4.jpg": encoded(picture(2), quality=60),
        },
    )
    found = finding()
    assert found.state == "whole"
    assert found.lists == {
        "identical pictures": [
            "train/dogs/dog.0.jpg = test/cats/cat.9.jpg",
            "train/cats/cat.0.jpg = train/cats/cat.1.jpg",
        ],
        "nearly identical pictures": ["train/cats/cat.2.jpg ~ validation/cats/cat.4.jpg"],
    }
    assert full() == own
    for index in range(50):
        (own / "train" / "cats" / f"like.{index:02}.png.jpg").write_bytes(
            encoded(picture(7_777, (64, 64)), quality=40 + index)
        )
    listed = finding().lists["nearly identical pictures"]
    assert listed[0] == "train/cats/cat.2.jpg ~ validation/cats/cat.4.jpg", "a leak comes first"
    assert len(listed) == 1_001
    assert listed[-1].endswith("more pairs are not listed")


def test_each_picture_is_opened_once_until_a_file_changes(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_split(own)
    opened = []
    really_open = Image.open
    monkeypatch.setattr(Image, "open", lambda *a, **k: opened.append(a) or really_open(*a, **k))
    assert full() == own
    assert full() == own
    assert len(opened) == 20
    file = own / "train" / "cats" / "cat.0.jpg"
    good, time = file.read_bytes(), file.stat().st_mtime_ns
    for content, state in ((bytes(len(good)), "mended"), (good, "whole")):
        file.write_bytes(content)
        os.utime(file, ns=(time, time))  # neither its size nor its time tells
        assert finding().state == state
    (own / "train" / "birds").mkdir()
    with pytest.warns(UserWarning, match=r"train/birds: it is a folder"):
        assert full() != own


def test_a_file_that_cannot_be_read_is_looked_at_again(
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

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read)
        assert left_out() == ["train/cats/cat.0.jpg: it cannot be read: Permission denied"]
    assert finding().state == "whole", "a fault of the system is not remembered"


@pytest.mark.parametrize(
    "damage",
    [
        lambda copy: (copy / "train/cats/cat.0.jpg").unlink(),
        lambda copy: (copy / "train/cats/cat.0.jpg").write_bytes(b""),
        lambda copy: (copy / "test/dogs/dog.77.jpg").write_bytes(jpeg(77)),
    ],
    ids=["lost", "emptied", "picture"],
)
def test_a_damaged_copy_is_made_again(own: Path, damage: Change) -> None:
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
        "[" * 100_000,
        {"same": None},
        {"notes": 1},
        {"pictures": [], "in_place": True},
        {"left_out": [1]},
    ],
    ids=str,
)
def test_a_damaged_memory_counts_as_none(
    own: Path, cache: Path, junk: str | dict[str, object]
) -> None:
    write_files(own, kaggle_names(10))
    copy = full()
    for file in (cache / "checked").iterdir():
        content = json.loads(file.read_text())
        file.write_text(junk if isinstance(junk, str) else json.dumps(content | junk))
    assert full() == copy
    assert names_in(copy) == CLEAN


def test_fewer_pictures_are_shared_out_in_the_same_proportions_and_told(own: Path) -> None:
    files = kaggle_names(5) | {"dog.5.jpg": photograph("dogs", 5)}
    write_files(own, files)
    with pytest.warns(UserWarning, match="There are 2/1/2 cats .* measured with 4/2/4"):
        names = names_in(full())
    assert names["train", "dogs"] == by_index([0, 1], "dogs")
    assert names["validation", "dogs"] == by_index([2], "dogs")
    assert names["test", "dogs"] == by_index([3, 4], "dogs"), "as many dogs as cats"


def test_a_source_that_cannot_be_used_says_why(own: Path) -> None:
    write_files(own, {name: encoded(picture(1), "PNG") for name in kaggle_names(12)})
    message = refusal()
    assert "0 cats and 0 dogs that can be used" in message
    assert "24 files are left out:\n  cat.0.jpg: it is not a JPEG file but a PNG file" in message
    assert "and 4 more" in message
    assert len(left_out()) == 24


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
            assert "truncated" in left_out()[0]


@pytest.mark.fault(
    "A photograph cut in the middle, with an end put back",
    "It is found out",
    "Nothing",
)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_photograph_without_its_lower_part_is_found(
    mode: str, options: dict[str, object], chelsea: Image.Image
) -> None:
    content = encoded(chelsea.convert(mode), **options)
    for place in (0.3, 0.5, 0.9):
        cut = content[: int(len(content) * place)] + b"\xff\xd9"
        for arguments in ({}, {"formats": ("JPEG", "PNG"), "side": 100}):
            assert decoded(content, **arguments)
            with pytest.raises(UnusableError, match="its lower part is missing"):
                decoded(cut, **arguments)


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_photograph_that_is_grey_at_its_end_is_whole(
    options: dict[str, object], chelsea: Image.Image
) -> None:
    grey = Image.new("RGB", (100, 80), (128, 128, 128))
    half = chelsea.copy()
    half.paste(grey.resize((451, 150)), (0, 150))
    for each in (grey, grey.convert("L"), half):
        assert decoded(encoded(each, **options))


@pytest.fixture
def chelsea() -> Image.Image:
    return Image.fromarray(data.photograph("cat"))


@pytest.mark.fault(
    "An archive of pictures in other folders than are known",
    "The error shows the folders in it and says to unpack it",
    "Nothing",
)
def test_what_is_in_an_archive_that_is_not_understood_is_shown(own: Path) -> None:
    names = [f"training_set/training_set/cats/cat.{index}.jpg" for index in range(12)]
    (own / "archive.zip").write_bytes(zipped(dict.fromkeys([*names, "about.txt"], b"")))
    message = refusal()
    assert f"── {own.name}/archive.zip/training_set/training_set/cats: 12 x .jpg" in message
    assert f"── {own.name}/archive.zip: 1 x .txt" in message
    assert "Unpack archive.zip" in message


def too_deep(own: Path) -> None:
    aside = own.rename(own.parent / "aside")
    own.mkdir()
    aside.rename(own / "x")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda own: (own / "test/dogs").rename(own / "test/wolves"), "There is no folder dogs in"),
        (lambda own: (own / "validation").rename(own / "mine"), "There is no folder validation in"),
        (lambda own: [f.unlink() for f in own.glob("train/cats/*")], "There is no picture in"),
        (too_deep, "move what is in {own}/x up to {own}"),
        (lambda own: shutil.rmtree(own) or write_files(own, {"cats/1.png": b""}), "too high"),
        (lambda own: shutil.rmtree(own) or own.mkdir(), "There are no pictures of cats and dogs"),
        (lambda own: [f.write_bytes(b"<") for f in own.glob("train/dogs/*")], "No picture of"),
        (lambda own: write_files(own, {"train/Cat/cat.1.jpg": b""}), "two folders"),
    ],
)
def test_a_wrong_layout_is_told_with_the_expected_one_and_the_found_one(
    own: Path, change: Change, said: str
) -> None:
    write_split(own)
    change(own)
    message = refusal()
    assert said.format(own=own) in message
    expected, found = message.split("Found was:")
    for part in PARTS:
        assert f"── {part}/" in expected
    assert "cat.1500.jpg" in expected
    assert "──" in found
    broken = finding()
    assert broken.state == "broken"
    assert said.format(own=own) in broken.problem + broken.advice


def test_a_folder_in_the_cache_is_used_like_ones_own(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CNN_COURSE_DATA")
    found = finding()
    assert (found.state, found.path) == ("missing", cache / "cats_and_dogs")
    assert "CNN_COURSE_DATA" in found.advice
    assert not cache.exists(), "the check of what is missing writes nothing"
    cached = write_split(cache / "cats_and_dogs")
    assert full() == cached


def test_a_cache_that_cannot_be_written_is_told_only_where_it_is_needed(
    own: Path, cache: Path
) -> None:
    cache.write_bytes(b"in the way")
    for form in ({"outer.zip": outer_archive()}, kaggle_names(10)):
        write_files(own, form)
        message = refusal()
        assert "Set CNN_COURSE_CACHE to a folder that you can write to" in message
        assert "away" not in message, "the folder is not to blame"
    with pytest.raises(DataError, match="Set CNN_COURSE_CACHE"):
        cats_and_dogs("tiny")
    write_split(own)
    assert full() == own


def test_a_wrong_own_folder_is_told_as_what_it_is(
    own: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_look = os.lstat

    def look(path: str | Path) -> os.stat_result:  # as for somebody who is not root
        if Path(path) == own:
            raise PermissionError(13, os.strerror(13))
        return really_look(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "lstat", look)
        assert "no right to look into it" in refusal()
    write_files(tmp_path, {"file": b"", "cache/cats_and_dogs": b"in the way"})
    monkeypatch.setenv("CNN_COURSE_DATA", str(tmp_path / "file"))
    assert "is not a folder" in refusal()
    monkeypatch.delenv("CNN_COURSE_DATA")
    place = cache / "cats_and_dogs"
    assert f"{place} is not a folder" in refusal()
    assert f"take {place} away: then the photographs are downloaded" in refusal()
    assert (finding().state, finding().path) == ("broken", place)


def test_two_processes_at_once_make_one_whole_folder(own: Path) -> None:
    write_files(own, kaggle_names(12))
    code = (
        "from cnn_course.data import cats_and_dogs; from picture_fakes import fake_photographs;"
        "print(cats_and_dogs('full', fake_photographs()))"
    )
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        for _ in range(2)
    ]
    said = {process.communicate(timeout=HANGS)[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    (folder,) = said
    assert names_in(Path(folder)) == CLEAN


def test_the_small_profile_are_drawings_in_the_cache(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dogs_vs_cats.DRAWN == {"train": 100, "validation": 100, "test": 300}
    monkeypatch.setattr(dogs_vs_cats, "DRAWN", {"train": 2, "validation": 1, "test": 3})
    monkeypatch.setenv("CNN_COURSE_DATA", "/no/such/folder")  # which does not matter
    folder = cats_and_dogs("tiny")
    assert folder.is_relative_to(cache / "drawings")
    assert names_in(folder)["test", "dogs"] == by_index([3, 4, 5], "dogs")
    assert cats_and_dogs("tiny") == folder
    with pytest.raises(ValueError, match="'tiny', 'full', not 'huge'"):
        cats_and_dogs("huge")
