"""Photographs of cats and dogs are looked through before training, whatever folder they come in."""

import os
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
    jpeg,
    kaggle_names,
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
from surroundings import use_own_folder

from cnn_course.data import DataError, cats_and_dogs, check, get

CLEAN = {
    (part, kind): by_index([i for i in range(10) if part_of(i) == part], kind)
    for part in PARTS
    for kind in KINDS
}


def outer_archive() -> bytes:
    return zipped({"train.zip": zipped(kaggle_names(12, "train/")), "test1.zip": b"", "s.csv": b""})


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_own_folder(tmp_path, monkeypatch, "cats_and_dogs")


def full() -> Path:
    return cats_and_dogs("full", fake_photographs())


def finding():
    (only,) = check([fake_photographs()])
    assert only.name == "cats_and_dogs"
    return only


def refusal() -> str:
    with pytest.raises(DataError) as caught:
        full()
    assert caught.value.problem
    assert caught.value.advice
    return str(caught.value)


def test_a_flawless_folder_is_used_where_it_lies_without_a_word(own: Path, tmp_path: Path) -> None:
    write_split(own)
    write_files(own, {"SHA256SUMS": b"", "train/cats/.DS_Store": b"", "test/dogs/Thumbs.db": b""})
    before = snapshot(own)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert full() == own
    assert snapshot(own) == before
    assert not (tmp_path / "cache" / "cats_and_dogs_prepared").exists()
    found = finding()
    assert (found.state, found.path, found.problem, found.lists) == ("whole", own, "", {})
    assert get("cats_and_dogs", [fake_photographs()]) == own


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
    own: Path, tmp_path: Path, write: Callable[[Path], object]
) -> None:
    write(own)
    before = snapshot(own)
    folder = full()
    assert names_in(folder) == CLEAN
    assert folder.is_relative_to(tmp_path / "cache")
    for kind in KINDS:
        for index in range(10):
            file = folder / part_of(index) / kind / f"{kind[:-1]}.{index}.jpg"
            assert file.read_bytes() == photograph(kind, index)
    assert full() == folder, "the second call finds it"
    assert snapshot(own) == before
    assert not list((tmp_path / "cache").rglob(".unfinished*")), "nothing is left lying about"
    assert finding().state == "whole"


def move_up(folder: Path) -> None:
    for child in folder.iterdir():
        os.replace(child, folder.parent.parent / child.name)


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
    assert told[0].filename == __file__, "the warning points at who called"
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
    bad = {
        "empty.jpg": (b"", "empty"),
        "cut.jpg": (encoded(picture(4, (200, 200)))[:3_000], "truncated"),
        "without-end.jpg": (encoded(picture(3, (200, 200)))[:-2], "truncated"),
        "noise.jpg": (np.random.default_rng(0).bytes(500), "not a JPEG file"),
        "header.jpg": (b"\xff\xd8\xff\xe0" + b"JFIF" * 20, "decode"),
        "png.jpg": (encoded(picture(1), "PNG"), "PNG"),
        "gif.jpg": (encoded(picture(1), "GIF"), "GIF"),
        "bmp.jpg": (encoded(picture(1), "BMP"), "BMP"),
        "webp.jpg": (encoded(picture(1), "WEBP"), "WebP"),
        "page.jpg": (b"\n<!DOCTYPE html>", "HTML"),
        "bomb.jpg": (encoded(Image.new("RGB", (6_000, 6_000))), "6,000 x 6,000 pixels"),
        "picture.png": (encoded(picture(1), "PNG"), "does not end in .jpg"),
        "picture.jpg.txt": (good, "does not end in .jpg"),
        "._cat.3.jpg": (b"\0\5\x16\7", "hidden"),
        "dog.5.jpg": (good, "says dog"),
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
        assert reason in reasons[f"train/cats/{name}"]
    assert "folder" in reasons["train/cats/folder.jpg"]
    assert "not a file" in reasons["train/cats/nowhere.jpg"]
    assert "not a file" in reasons["train/cats/circle.jpg"]
    assert "not a file" in reasons["train/cats/pipe.jpg"]
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


def test_other_spellings_of_the_folders_are_understood(own: Path) -> None:
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


def test_the_verdict_is_remembered_until_a_file_changes(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_split(own)
    assert full() == own
    opened = []
    really_open = Image.open
    monkeypatch.setattr(Image, "open", lambda *a, **k: opened.append(a) or really_open(*a, **k))
    assert full() == own
    assert not opened
    (own / "train" / "cats" / "cat.0.jpg").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"cat\.0\.jpg: it is empty"):
        assert full() != own
    assert opened


def test_a_copy_that_lost_a_file_is_made_again(own: Path) -> None:
    write_files(own, kaggle_names(10))
    folder = full()
    (folder / "train" / "cats" / "cat.0.jpg").unlink()
    assert full() == folder
    assert names_in(folder) == CLEAN


def test_fewer_pictures_are_shared_out_in_the_same_proportions_and_told(own: Path) -> None:
    files = kaggle_names(5) | {"dog.5.jpg": photograph("dogs", 5)}
    write_files(own, files)
    with pytest.warns(UserWarning, match="There are 2/1/2 cats .* measured with 4/2/4"):
        names = names_in(full())
    assert names["train", "dogs"] == by_index([0, 1], "dogs")
    assert names["validation", "dogs"] == by_index([2], "dogs")
    assert names["test", "dogs"] == by_index([3, 4], "dogs"), "as many dogs as cats"


def test_a_folder_in_the_cache_is_used_like_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CNN_COURSE_DATA")
    cached = write_split(tmp_path / "cache" / "cats_and_dogs")
    assert full() == cached


def test_the_check_of_what_is_missing_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CNN_COURSE_DATA")
    found = finding()
    assert (found.state, found.path) == ("missing", tmp_path / "cache" / "cats_and_dogs")
    assert "CNN_COURSE_DATA" in found.advice
    assert not (tmp_path / "cache").exists()


def test_a_cache_that_cannot_be_written_stops_nobody_with_a_flawless_folder(
    own: Path, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_bytes(b"in the way")
    write_split(own)
    assert full() == own


@pytest.mark.parametrize("form", [kaggle_names(10), {"outer.zip": outer_archive()}])
def test_a_cache_that_cannot_be_written_is_told_where_it_is_needed(
    own: Path, tmp_path: Path, form: dict[str, bytes]
) -> None:
    (tmp_path / "cache").write_bytes(b"in the way")
    write_files(own, form)
    assert "Set CNN_COURSE_CACHE to a folder that you can write to" in refusal()


def test_two_processes_at_once_make_one_whole_folder(own: Path) -> None:
    write_files(own, kaggle_names(12))
    code = (
        "from cnn_course.data import cats_and_dogs; from picture_fakes import fake_photographs;"
        "print(cats_and_dogs('full', fake_photographs()))"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        )
        for _ in range(2)
    ]
    said = {process.communicate(timeout=HANGS)[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    (folder,) = said
    assert names_in(Path(folder)) == CLEAN


def test_each_picture_is_opened_and_read_once(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_split(own)
    opened = []
    really_open = Image.open
    monkeypatch.setattr(Image, "open", lambda *a, **k: opened.append(a) or really_open(*a, **k))
    assert finding().state == "whole"
    assert len(opened) == 20


def test_the_small_profile_are_drawings_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNN_COURSE_DATA", "/no/such/folder")  # which does not matter
    folder = cats_and_dogs("tiny")
    assert folder.is_relative_to(tmp_path / "cache" / "drawings")
    counts = {place: len(names) for place, names in names_in(folder).items()}
    assert counts == {
        (part, kind): count
        for part, count in zip(PARTS, (100, 100, 300), strict=True)
        for kind in KINDS
    }
    assert cats_and_dogs("tiny") == folder


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'huge'.*tiny, full"):
        cats_and_dogs("huge")
