"""No archive leads the course astray, and the official one is downloaded once."""

import hashlib
import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_fakes import (
    KINDS,
    by_index,
    fake_photographs,
    jpeg,
    kaggle_names,
    microsoft_names,
    names_in,
    zipped,
)
from surroundings import serving, use_own_folder

from cnn_course.data import DataError, cats_and_dogs, check
from cnn_course.data.folders.dogs_vs_cats import DogsVsCats

ARCHIVE = "kagglecatsanddogs_5340.zip"


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return use_own_folder(tmp_path, monkeypatch, "cats_and_dogs")


def everything_in(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def member(name: str, *, mode: int = 0, encrypted: bool = False) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.flag_bits = int(encrypted)
    return info


def hostile_archive() -> bytes:
    """Good pictures, and members that want out, stand twice, or are something else."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in kaggle_names(14, "train/").items():
            if name not in {"train/cat.1.jpg", "train/cat.2.jpg", "train/cat.3.jpg"}:
                archive.writestr(name, content)
        for name in (
            "../cat.1.jpg",
            "train/../../cat.1.jpg",
            "/train/cat.1.jpg",
            "/usr/cat.1.jpg",
            "C:\\train\\cat.1.jpg",
            "..\\cat.1.jpg",
            "train/cat.1.jpg/../../x.jpg",
            "train/\x1b[31mcat.1.jpg/..",
        ):
            archive.writestr(member(name), jpeg(1))
        archive.writestr(member("train/cat.1.jpg", mode=stat.S_IFLNK | 0o777), b"/etc/passwd")
        archive.writestr("train/cat.2.jpg", jpeg(2))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("train/cat.2.jpg", jpeg(3))
        archive.writestr("train/cat.3.jpg", bytes(60_000_000), zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def test_hostile_members_are_left_out_and_nothing_lands_outside(own: Path, tmp_path: Path) -> None:
    (own / "train.zip").write_bytes(hostile_archive())
    before = everything_in(tmp_path)
    with pytest.warns(UserWarning, match="are left out") as told:
        folder = cats_and_dogs("full", fake_photographs())
    said = str(told[0].message)
    assert said.count("its path leads out of the archive") == 8
    assert "train/cat.1.jpg: it is a link" in said
    assert "train/cat.2.jpg: its number is there more than once" in said
    assert "train/cat.3.jpg: it would be 60,000,000 bytes long" in said
    assert "\x1b" not in said
    assert names_in(folder)["train", "cats"] == by_index([0, 10, 11, 12])
    new = everything_in(tmp_path) - before
    assert all(name.startswith(("cache/cats_and_dogs_prepared/", "cache/checked/")) for name in new)


def test_encrypted_members_are_left_out(own: Path) -> None:
    content = bytearray(zipped(kaggle_names(11)))
    name = b"cat.0.jpg"
    local, central = content.find(name), content.rfind(name)
    content[local - 30 + 6] |= 1
    content[central - 46 + 8] |= 1
    (own / "train.zip").write_bytes(content)
    (found,) = check([fake_photographs()])
    assert found.lists["left out"] == ["cat.0.jpg: it is encrypted; cat.10.jpg takes its place"]


def test_a_member_that_is_longer_than_it_says_or_damaged_is_left_out(own: Path) -> None:
    content = bytearray(zipped(kaggle_names(11)))
    shortened = content.rfind(b"cat.0.jpg") - 46 + 24
    content[shortened : shortened + 4] = (100).to_bytes(4, "little")
    content[content.find(b"cat.1.jpg") + 30] ^= 255
    (own / "train.zip").write_bytes(content)
    (found,) = check([fake_photographs()])
    assert found.lists["left out"] == [
        "cat.0.jpg: it is damaged in the archive",
        "cat.1.jpg: it is damaged in the archive",
    ]


def claiming(content: bytes, size: int) -> bytes:
    """The same archive, whose table of contents says that each member is so long."""
    changed, start = bytearray(content), 0
    while (start := content.find(b"PK\1\2", start) + 1) > 0:
        changed[start + 23 : start + 27] = size.to_bytes(4, "little")
    return bytes(changed)


def as_zip64(content: bytes, said: int = 0xFFFFFFFF) -> bytes:
    """The same archive with a record for 64 bits; the usual record says something else."""
    place = content.rfind(b"PK\5\6")
    count, size, start = struct.unpack_from("<10xHII", content, place)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, place, 1)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, said, 0xFFFFFFFF, 0)
    return content[:place] + record + locator + end


def with_long_directory(count: int) -> bytes:
    """An archive with so many empty members of 56 bytes each in its table of contents."""
    member = struct.Struct("<4s6H3I5H2I10s")
    entries = b"".join(
        member.pack(b"PK\1\2", 20, 20, *[0] * 7, 10, *[0] * 6, b"%010d" % index)
        for index in range(count)
    )
    start = b"PK\3\4" + bytes(26)
    end = struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, 1, 1, len(entries), len(start), 0)
    return start + entries + end


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (claiming(zipped(kaggle_names(50)), 49_000_000), "would take 4,900,000,000 bytes"),
        (b"", "is not a zip file"),
        (b"<html>Please log in</html>", "is not a zip file"),
        (zipped(kaggle_names(10))[:-200], "cut off"),
        (zipped({"notes.txt": b"", "evil.jpg": b""}), "none that are understood in"),
        (zipped({"train.zip": b"not one"}), "is not a zip file"),
        (zipped({"train.zip": zipped({"train.zip": zipped({})})}), "none that are understood in"),
    ],
    ids=["bomb", "empty", "html", "cut", "other", "inner", "nested"],
)
def test_what_is_no_such_archive_is_told(own: Path, content: bytes, said: str) -> None:
    (own / "train.zip").write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        cats_and_dogs("full", fake_photographs())
    assert str(own) in caught.value.problem
    assert caught.value.advice


def test_an_archive_for_64_bits_is_read(own: Path) -> None:
    (own / "train.zip").write_bytes(as_zip64(zipped(kaggle_names(10))))
    assert names_in(cats_and_dogs("full", fake_photographs()))["train", "cats"] == by_index(
        range(4)
    )


@pytest.mark.parametrize("hidden", [False, True])
def test_a_table_of_contents_that_would_fill_the_memory_is_not_read(
    own: Path, hidden: bool
) -> None:
    content = with_long_directory(400_000)
    (own / "train.zip").write_bytes(as_zip64(content, said=100) if hidden else content)
    with pytest.raises(DataError, match="table of contents is far long"):
        cats_and_dogs("full", fake_photographs())


@pytest.mark.parametrize(
    ("rename", "reason"),
    [
        (lambda name: f"../{name}", "its path leads out of the archive"),
        (lambda name: name, "it is encrypted"),
    ],
)
def test_an_archive_of_which_nothing_can_be_used_says_why(
    own: Path, rename: Callable[[str], str], reason: str
) -> None:
    content = bytearray(zipped({rename(k): v for k, v in kaggle_names(12).items()}))
    if "encrypted" in reason:
        place = -1
        while (place := content.find(b"PK\1\2", place + 1)) >= 0:
            content[place + 8] |= 1
    (own / "train.zip").write_bytes(content)
    with pytest.raises(DataError) as caught:
        cats_and_dogs("full", fake_photographs())
    assert str(caught.value).count(reason) == 20, "a list is cut"
    assert "and 4 more" in str(caught.value)
    (found,) = check([fake_photographs()])
    assert found.state == "broken"
    assert len(found.lists["left out"]) == 24


def test_other_spellings_in_an_archive_are_read_and_none_is_dropped_silently(own: Path) -> None:
    files = kaggle_names(12, "train/")
    files["train/cat.0.JPG"] = files.pop("train/cat.0.jpg")
    files["TRAIN/Dog.0.jpeg"] = files.pop("train/dog.0.jpg")
    files |= {"train/cat.1.JPG": jpeg(1), "train/cat.22.png": b"", "train/cat.021.jpg": b""}
    (own / "train.zip").write_bytes(zipped(files | {"test1/7.jpg": jpeg(7)}))
    (found,) = check([fake_photographs()])
    assert found.lists["left out"] == [
        "train/cat.22.png: its name does not say which picture it is",
        "train/cat.021.jpg: its name does not say which picture it is",
        "train/cat.1.jpg and train/cat.1.JPG: its number is there more than once; "
        "cat.10.jpg takes its place",
    ]
    with pytest.warns(UserWarning, match="3 files are left out"):
        names = names_in(cats_and_dogs("full", fake_photographs()))
    assert names["train", "cats"] == by_index([0, 2, 3, 10])
    assert names["train", "dogs"] == by_index(range(4), "dogs")


def test_a_broken_archive_beside_a_good_one_does_no_harm(own: Path) -> None:
    (own / "aaa\n\x1b[31m.zip").write_bytes(b"PKjunk")
    with pytest.raises(DataError, match=r"aaa\?\?\[31m\.zip cannot be used"):
        cats_and_dogs("full", fake_photographs())
    (own / "mine.zip").write_bytes(zipped(kaggle_names(10)))
    assert names_in(cats_and_dogs("full", fake_photographs()))


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
        (found,) = check([fake_photographs()])
    assert found.state in ("whole", "mended", "broken")
    outside = {name for name in everything_in(root) if not name.startswith("cache/checked/")}
    assert outside == {"own/cats_and_dogs/train.zip"}


class Handler(BaseHTTPRequestHandler):
    """Serves what the server has been given."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.requests += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server on this machine with one file."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = zipped(microsoft_names(11))
        self.requests = 0

    def photographs(self, size: int = 10_000_000) -> DogsVsCats:
        return fake_photographs(f"http://127.0.0.1:{self.server_port}/{ARCHIVE}", size)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.delenv("CNN_COURSE_DATA")
    server = Server()
    with serving(server, monkeypatch):
        yield server


def test_the_archive_is_downloaded_split_pinned_and_removed(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = cats_and_dogs("full", server.photographs())
    assert folder == tmp_path / "cache" / "cats_and_dogs"
    assert names_in(folder)["test", "dogs"] == by_index(range(6, 10), "dogs")
    digest = hashlib.sha256(server.content).hexdigest()
    assert digest in capsys.readouterr().err, "the reader is told what later ones are compared with"
    downloads = tmp_path / "cache" / "downloads"
    assert everything_in(downloads) == {f"{ARCHIVE}.sha256"}
    assert (downloads / f"{ARCHIVE}.sha256").read_text().strip() == digest
    assert cats_and_dogs("full", server.photographs()) == folder
    assert server.requests == 1


def test_a_later_download_is_compared_with_the_first(server: Server, tmp_path: Path) -> None:
    folder = cats_and_dogs("full", server.photographs())
    folder.rename(tmp_path / "elsewhere")
    server.content = zipped(microsoft_names(12))
    with pytest.raises(DataError, match=r"another file than the published one") as caught:
        cats_and_dogs("full", server.photographs())
    assert f"{ARCHIVE}.sha256" in caught.value.advice
    assert not folder.exists()


def test_an_archive_from_an_interrupted_call_is_not_downloaded_again(
    server: Server, tmp_path: Path
) -> None:
    downloads = tmp_path / "cache" / "downloads"
    downloads.mkdir(parents=True)
    (downloads / ARCHIVE).write_bytes(server.content)
    assert names_in(cats_and_dogs("full", server.photographs()))
    assert server.requests == 0


@pytest.mark.parametrize(
    "leftover",
    [b"PK\3\4 cut off", zipped({}), zipped(dict.fromkeys(microsoft_names(11), b"GIF8"))],
    ids=["cut", "empty", "other"],
)
def test_a_broken_archive_from_an_interrupted_call_is_downloaded_again(
    server: Server, tmp_path: Path, leftover: bytes
) -> None:
    downloads = tmp_path / "cache" / "downloads"
    downloads.mkdir(parents=True)
    (downloads / ARCHIVE).write_bytes(leftover)
    assert names_in(cats_and_dogs("full", server.photographs()))
    assert server.requests == 1


def test_what_a_killed_download_left_is_removed_a_day_later(server: Server, tmp_path: Path) -> None:
    left = tmp_path / "cache" / "downloads" / ".unfinished-x"
    left.mkdir(parents=True)
    (left / ARCHIVE).write_bytes(b"PK")
    os.utime(left, (0, 0))
    cats_and_dogs("full", server.photographs())
    assert everything_in(left.parent) == {f"{ARCHIVE}.sha256"}


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
def test_another_file_is_neither_kept_nor_pinned(
    server: Server, tmp_path: Path, content: bytes, said: str
) -> None:
    server.content = content
    with pytest.raises(DataError, match=said) as caught:
        cats_and_dogs("full", server.photographs())
    for way in ("CNN_COURSE_DATA", str(tmp_path / "cache" / "cats_and_dogs"), "network"):
        assert way in caught.value.advice
    assert everything_in(tmp_path) == set()


def test_a_server_that_sends_too_much_is_not_listened_to(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="sends more than the file"):
        cats_and_dogs("full", server.photographs(size=1_000))
    assert everything_in(tmp_path) == set()


def test_without_a_network_all_ways_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CNN_COURSE_DATA")
    with pytest.raises(DataError, match="not on this machine") as caught:
        cats_and_dogs("full", fake_photographs())
    for way in ("CNN_COURSE_DATA", str(tmp_path / "cache" / "cats_and_dogs"), "network"):
        assert way in caught.value.advice


def test_the_official_archive_is_microsofts_and_has_no_published_digest() -> None:
    published = DogsVsCats().published
    assert published.url.startswith("https://download.microsoft.com/download/3/E/1/")
    assert published.url.endswith(ARCHIVE)
    assert published.sha256 is None
    assert 824_000_000 < published.size < 1_000_000_000
    assert DogsVsCats().sizes == (1_000, 500, 1_000)
    assert len(KINDS) == 2
