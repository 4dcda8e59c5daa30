"""A damaged archive never ends in a crash, and the official one is downloaded once."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_fakes import (
    by_index,
    fake_photographs,
    finding,
    full,
    jpeg,
    kaggle_names,
    left_out,
    microsoft_names,
    names_in,
    zipped,
)
from surroundings import Server, use_own_folder

from cnn_course.data import DataError, cats_and_dogs
from cnn_course.data.dogs_vs_cats import DogsVsCats

pytestmark = pytest.mark.usefixtures("cache")

ARCHIVE = "kagglecatsanddogs_5340.zip"


@pytest.fixture
def own(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_own_folder(tmp_path, monkeypatch, "cats_and_dogs")


@pytest.fixture
def downloads(cache: Path) -> Path:
    return cache / "downloads"


def everything_in(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def encrypted(content: bytearray) -> bytearray:
    """The same archive, whose table of contents says that each member is encrypted."""
    place = -1
    while (place := content.find(b"PK\1\2", place + 1)) >= 0:
        content[place + 8] |= 1
    return content


def test_only_the_names_that_are_known_are_read_and_nothing_lands_outside(
    own: Path, tmp_path: Path
) -> None:
    files = kaggle_names(12, "train/")
    files["train/cat.0.JPG"] = files.pop("train/cat.0.jpg")
    files["TRAIN/Dog.0.jpeg"] = files.pop("train/dog.0.jpg")
    files |= {"train/cat.1.JPG": jpeg(1), "train/cat.22.png": b"", "train/cat.021.jpg": b""}
    files |= {"../cat.2.jpg": b"1", "/train/cat.2.jpg": b"2", "test1/7.jpg": jpeg(7)}
    (own / "train.zip").write_bytes(zipped(files))
    assert left_out() == [
        "train/cat.22.png: its name does not say which picture it is",
        "train/cat.021.jpg: its name does not say which picture it is",
        "train/cat.1.jpg and train/cat.1.JPG: its number is there more than once; "
        "cat.10.jpg takes its place",
    ]
    before = everything_in(tmp_path)
    with pytest.warns(UserWarning, match="3 files are left out"):
        names = names_in(full())
    assert names["train", "cats"] == by_index([0, 2, 3, 10])
    assert names["train", "dogs"] == by_index(range(4), "dogs")
    new = everything_in(tmp_path) - before
    assert all(name.startswith(("cache/cats_and_dogs_prepared/", "cache/checked/")) for name in new)


def test_a_member_that_is_damaged_or_longer_than_it_says_is_left_out(own: Path) -> None:
    content = bytearray(zipped(kaggle_names(12) | {"dog.0.jpg": b"\xff\xd8" + bytes(50_000_000)}))
    shortened = content.rfind(b"cat.0.jpg") - 46 + 24
    content[shortened : shortened + 4] = (100).to_bytes(4, "little")
    content[content.find(b"cat.1.jpg") + 30] ^= 255
    (own / "train.zip").write_bytes(content)
    assert left_out() == [
        "cat.0.jpg: it is damaged in the archive; cat.10.jpg takes its place",
        "cat.1.jpg: it is damaged in the archive; cat.11.jpg takes its place",
        "dog.0.jpg: it is 50,000,002 bytes long; 50,000,000 are allowed; "
        "dog.10.jpg takes its place",
    ]


def test_an_archive_of_which_nothing_can_be_used_says_why(own: Path) -> None:
    (own / "train.zip").write_bytes(encrypted(bytearray(zipped(kaggle_names(12)))))
    with pytest.raises(DataError) as caught:
        full()
    assert str(caught.value).count("it is encrypted") == 20, "a list is cut"
    assert "and 4 more" in str(caught.value)
    assert len(left_out()) == 24


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a zip file"),
        (b"<html>Please log in</html>", "is not a zip file"),
        (zipped(kaggle_names(10))[:-200], "cut off"),
        (zipped({"notes.txt": b"", "evil.jpg": b""}), "none that are understood in"),
        (zipped({"train.zip": b"not one"}), "is not a zip file"),
        (zipped({"train.zip": zipped({"train.zip": zipped({})})}), "none that are understood in"),
    ],
    ids=["empty", "html", "cut", "other", "inner", "nested"],
)
def test_what_is_no_such_archive_is_told(own: Path, content: bytes, said: str) -> None:
    (own / "train.zip").write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        full()
    assert str(own) in caught.value.problem
    assert caught.value.advice


def test_a_broken_archive_beside_a_good_one_does_no_harm(own: Path) -> None:
    (own / "aaa\n\x1b[31m.zip").write_bytes(b"PKjunk")
    with pytest.raises(DataError, match=r"aaa\?\?\[31m\.zip cannot be used"):
        full()
    (own / "mine.zip").write_bytes(zipped(kaggle_names(10)))
    assert names_in(full())


@settings(max_examples=60)
@given(data=st.data())
def test_whatever_is_changed_in_an_archive_ends_in_a_folder_or_a_data_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(zipped(kaggle_names(11)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    root = tmp_path_factory.mktemp("archive")
    with pytest.MonkeyPatch.context() as monkeypatch:
        own = use_own_folder(root, monkeypatch, "cats_and_dogs")
        (own / "train.zip").write_bytes(content[: data.draw(st.integers(1, len(content)))])
        found = finding()
    assert found.state in ("whole", "mended", "broken")
    outside = {name for name in everything_in(root) if not name.startswith("cache/checked/")}
    assert outside == {"own/cats_and_dogs/train.zip"}


@pytest.fixture
def official(server: Server) -> Callable[[], Path]:
    server.content = zipped(microsoft_names(11))
    return lambda: cats_and_dogs("full", fake_photographs(server.url(f"whole/{ARCHIVE}")))


def test_the_archive_is_downloaded_split_and_removed(
    official: Callable[[], Path], server: Server, downloads: Path
) -> None:
    left = downloads / ".unfinished-x"  # by a download that was killed long ago
    left.mkdir(parents=True)
    (left / ARCHIVE).write_bytes(b"PK")
    os.utime(left, (0, 0))
    folder = official()
    assert folder == downloads.parent / "cats_and_dogs"
    assert names_in(folder)["test", "dogs"] == by_index(range(6, 10), "dogs")
    assert everything_in(downloads) == set()
    assert official() == folder
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("leftover", "requests"),
    [
        (zipped(microsoft_names(11)), 0),
        (b"PK\3\4 cut off", 1),
        (zipped({}), 1),
        (zipped(dict.fromkeys(microsoft_names(11), b"GIF8")), 1),
    ],
    ids=["whole", "cut", "empty", "other"],
)
def test_a_whole_archive_from_an_interrupted_call_is_not_downloaded_again(
    official: Callable[[], Path], server: Server, downloads: Path, *, leftover: bytes, requests: int
) -> None:
    downloads.mkdir(parents=True)
    (downloads / ARCHIVE).write_bytes(leftover)
    assert names_in(official())
    assert len(server.requests) == requests


@pytest.mark.fault(
    "SIGKILL between the last photograph and the removal of their archive",
    "The next call removes it",
    "The photographs",
)
def test_an_archive_that_is_not_needed_any_more_is_removed(
    official: Callable[[], Path], downloads: Path
) -> None:
    folder = official()
    (downloads / ARCHIVE).write_bytes(b"PK")
    assert official() == folder
    assert everything_in(downloads) == set()


@pytest.mark.fault(
    "A login page, or half of it, in place of the archive of photographs",
    "The address is named, with what may have answered",
    "Nothing",
)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>Please log in</html>", "is not a zip file"),
        (zipped(microsoft_names(11))[:-500], "cut off"),
        (zipped(microsoft_names(9)), "is not the archive of cats and dogs"),
        (zipped({}), "is not the archive of cats and dogs"),
    ],
    ids=["login", "short", "few", "empty"],
)
def test_another_file_is_not_kept(
    official: Callable[[], Path], server: Server, cache: Path, *, content: bytes, said: str
) -> None:
    server.content = content
    with pytest.raises(DataError, match=said) as caught:
        official()
    for way in ("CNN_COURSE_DATA", str(cache / "cats_and_dogs"), "network", "a login page"):
        assert way in caught.value.advice
    assert f"What {server.url(f'whole/{ARCHIVE}')} gave" in caught.value.problem
    assert str(cache) not in caught.value.problem, "a file that is not there any more"
    assert everything_in(cache) == set()


def test_without_a_network_all_ways_are_named(cache: Path) -> None:
    with pytest.raises(DataError, match="not on this machine") as caught:
        full()
    for way in ("CNN_COURSE_DATA", str(cache / "cats_and_dogs"), "network"):
        assert way in caught.value.advice


def test_the_official_archive_is_microsofts_and_has_no_published_digest() -> None:
    published = DogsVsCats().published
    assert published.url.startswith("https://download.microsoft.com/download/3/E/1/")
    assert published.url.endswith(ARCHIVE)
    assert published.sha256 is None
    assert DogsVsCats().sizes == (1_000, 500, 1_000)
