"""Any two folders of pictures become a data set that the chapters read."""

import io
import os
import re
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_fakes import encoded, jpeg, picture, snapshot, write_files
from PIL import Image
from surroundings import refused

from cnn_course.data import own_pictures, singular

pytestmark = pytest.mark.usefixtures("cache")

PARTS = ("train", "validation", "test")


def folder_of(path: Path, count: int, seed: int) -> Path:
    write_files(path, {f"{index:03}.jpg": jpeg(seed + index) for index in range(count)})
    return path


@pytest.fixture
def apples(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "apples", 20, 0)


@pytest.fixture
def pears(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "pears", 15, 1_000)


def pictures_in(folder: Path, kind: str, part: str = "*") -> list[np.ndarray]:
    return [np.asarray(Image.open(file)) for file in sorted(folder.glob(f"{part}/{kind}/*.jpg"))]


def close(one: np.ndarray, other: Image.Image) -> bool:
    return one.shape[1::-1] == other.size and np.abs(one.astype(int) - other).mean() < 15


def test_two_folders_become_parts_and_classes_of_rgb_jpeg_files(
    apples: Path, pears: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    before = snapshot(apples), snapshot(pears)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder = own_pictures(apples, "~/pears")
    assert {part.name for part in folder.iterdir()} == set(PARTS)
    for kind, counts in (("apples", (8, 4, 8)), ("pears", (6, 3, 6))):
        for part, count in zip(PARTS, counts, strict=True):
            files = list((folder / part / kind).iterdir())
            assert len(files) == count
            for file in files:
                with Image.open(file) as image:
                    image.load()
                    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert (snapshot(apples), snapshot(pears)) == before, "the learner's folders are only read"


def test_the_seed_decides_who_is_where_and_the_same_seed_decides_the_same(
    apples: Path, pears: Path, cache: Path
) -> None:
    folder = own_pictures(apples, pears)
    first = snapshot(folder)
    other = own_pictures(apples, pears, seed=1)
    assert other != folder
    assert snapshot(other).keys() != first.keys()
    cache.rename(cache.parent / "elsewhere")
    again = {name: content for name, (content, *_) in snapshot(own_pictures(apples, pears)).items()}
    assert again == {name: content for name, (content, *_) in first.items()}


def test_the_second_call_opens_no_picture_and_a_change_is_noticed(
    apples: Path, pears: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own_pictures(apples, pears)
    with monkeypatch.context() as patch:
        patch.delattr(Image, "open")
        assert own_pictures(apples, pears) == folder
    (apples / "new.jpg").write_bytes(jpeg(77))
    changed = own_pictures(apples, pears)
    assert changed != folder
    assert len(pictures_in(changed, "apples")) == 21


def test_any_format_that_pillow_reads_is_taken_from_nested_folders(
    tmp_path: Path, pears: Path
) -> None:
    mixed = tmp_path / "mixed"
    formats = ("PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG", "ICO", "TGA", "MPO", "PCX")
    write_files(
        mixed,
        {
            f"deep/{'er/' * (i % 4)}{i}.{kind.lower()}": encoded(picture(i, (64, 64)), kind)
            for i, kind in enumerate(formats)
        },
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        used = pictures_in(own_pictures(mixed, pears), "mixed")
    assert len(used) == len(formats)
    for seed in range(len(formats)):
        assert any(np.abs(one.astype(int) - picture(seed, (64, 64))).mean() < 12 for one in used)


def special(tmp_path: Path, pears: Path, content: bytes, name: str) -> np.ndarray:
    """Prepare a folder in which one picture is special, and return what became of it."""
    folder = folder_of(tmp_path / "special", 9, 500)
    without = [picture(500 + index) for index in range(9)]
    (folder / name).write_bytes(content)
    used = pictures_in(own_pictures(folder, pears), "special")
    assert len(used) == 10
    (one,) = (each for each in used if not any(close(each, other) for other in without))
    return one


def test_pictures_are_turned_as_the_camera_was_held(tmp_path: Path, pears: Path) -> None:
    image = picture(3, (90, 60))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn right to look at it
    turned = special(tmp_path, pears, encoded(image, exif=exif), "turned.jpg")
    assert close(turned, image.transpose(Image.Transpose.ROTATE_270))


def test_transparent_pictures_lie_on_white(tmp_path: Path, pears: Path) -> None:
    image = Image.new("RGBA", (50, 40), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (10, 10, 30, 30))
    on_white = special(tmp_path, pears, encoded(image, "PNG"), "transparent.png")
    assert on_white[:8, :8].min() > 235
    assert np.abs(on_white[15:25, 15:25].mean((0, 1)) - (0, 0, 255)).max() < 12


def test_pictures_of_16_bits_keep_their_greys(tmp_path: Path, pears: Path) -> None:
    ramp = np.linspace(0, 65_535, 100 * 50).reshape(100, 50).astype(np.uint16)
    grey = special(tmp_path, pears, encoded(Image.fromarray(ramp), "PNG"), "deep.png")
    assert np.abs(grey[..., 0].astype(int) - ramp // 257).max() <= 4


def test_large_pictures_become_512_pixels_on_the_longer_side(tmp_path: Path, pears: Path) -> None:
    large = special(tmp_path, pears, encoded(picture(4, (1_800, 1_200))), "large.jpg")
    assert close(large, picture(4, (1_800, 1_200)).resize((512, 341), Image.Resampling.LANCZOS))


def test_what_is_no_usable_picture_is_left_out_and_told_again_each_time(
    apples: Path, pears: Path
) -> None:
    write_files(
        apples,
        {
            "empty.jpg": b"",
            "notes.txt": b"three apples",
            "cut.png": encoded(picture(1, (300, 300)), "PNG")[:2_000],
            "phone.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
            "drawing.eps": encoded(picture(2), "EPS"),
            "huge.png": encoded(Image.new("1", (8_000, 8_000)), "PNG"),
            "copy/of the first.jpg": (apples / "000.jpg").read_bytes(),
            ".DS_Store": b"x",
            "Thumbs.db": b"x",
            ".hidden/picture.jpg": jpeg(600),
        },
    )
    (pears / "not a pear.jpg").write_bytes((apples / "001.jpg").read_bytes())
    for _ in range(2):
        with pytest.warns(UserWarning, match="8 files are left out") as told:
            folder = own_pictures(apples, pears)
        said = str(told[0].message)
        assert told[0].filename == __file__, "the warning points at who called"
        assert "apples/empty.jpg: it is empty" in said
        assert "apples/notes.txt: it is no picture" in said
        assert "apples/cut.png: it does not decode" in said
        assert "HEIC" in said
        assert "huge.png: it has 8,000 x 8,000 pixels; 40,000,000 are allowed" in said
        assert "drawing.eps" in said
        assert "apples/copy/of the first.jpg: it is the same picture as apples/000.jpg" in said
        assert "pears/not a pear.jpg: it is the same picture as apples/001.jpg" in said
    assert len(pictures_in(folder, "apples")) == 20
    assert len(pictures_in(folder, "pears")) == 15


@settings(max_examples=10)
@given(count=st.integers(10, 40), copies=st.integers(0, 8), seed=st.integers(0, 99))
def test_no_picture_is_in_two_parts_however_often_it_is_there(
    count: int, copies: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("own")
    first, second = folder_of(root / "a", count, 0), folder_of(root / "b", 10, 1_000)
    write_files(first, {f"again/{index}.jpg": jpeg(index) for index in range(copies)})
    with pytest.MonkeyPatch.context() as monkeypatch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        monkeypatch.setenv("CNN_COURSE_CACHE", str(root / "cache"))
        folder = own_pictures(first, second, seed=seed)
        pictures = [one.tobytes() for one in pictures_in(folder, "a")]
        assert len(set(pictures)) == len(pictures) == count
        counts = [len(pictures_in(folder, "a", part)) for part in PARTS]
    assert np.abs(np.array(counts) - np.array([0.4, 0.2, 0.4]) * count).max() <= 1


def test_of_ones_own_classes_the_name_stays_as_it_is() -> None:
    names = ("cats", "dogs", "bus", "glass", "apples", "s")
    assert [singular(name) for name in names] == ["cat", "dog", "bus", "glass", "apples", "s"]


def refusal(first: object, second: object) -> str:
    return refused(own_pictures, first, second)


def test_wrong_folders_are_told(tmp_path: Path, apples: Path, pears: Path) -> None:
    assert f"{tmp_path / 'plums'} does not exist" in refusal(tmp_path / "plums", pears)
    assert "is not a folder" in refusal(apples / "000.jpg", pears)
    assert "are the same folder" in refusal(apples, f"{apples}/../apples")
    (tmp_path / "link").symlink_to(apples)
    assert "are the same folder" in refusal(apples, tmp_path / "link")
    folder_of(apples / "green", 10, 300)
    assert "both classes" in refusal(apples, apples / "green")
    assert "both classes" in refusal(apples / "green", apples)
    x, y = folder_of(tmp_path / "x" / ".i", 1, 0), folder_of(tmp_path / "x" / "i", 1, 9)
    assert "cannot be told apart" in refusal(x, y)
    assert "is an empty text" in refusal("", pears)
    with pytest.raises(TypeError, match="Give its path, as a text"):
        own_pictures(None, pears)
    with pytest.raises(TypeError, match=r"seed must be a whole number, not 1\.5"):
        own_pictures(apples, pears, seed=1.5)


def test_names_are_told_apart_wherever_they_differ(tmp_path: Path) -> None:
    for one, other, kinds in (
        ("Train", "test", {"Train", "test"}),  # called like parts
        ("p/cats/img", "q/cats/img", {"p-cats-img", "q-cats-img"}),
        ("a" * 85 + "1", "a" * 85 + "2", {"a" * 85 + "1", "a" * 85 + "2"}),
        ("\N{GRINNING FACE}" * 62, "dogs", {"\N{GRINNING FACE}" * 50, "dogs"}),
    ):
        first = folder_of(tmp_path / one, 10, 0)
        second = folder_of(tmp_path / other, 10, 1_000)
        folder = own_pictures(first, second)
        assert {kind.name for kind in folder.glob("train/*")} == kinds


def test_links_to_folders_are_not_followed_and_told(apples: Path, pears: Path) -> None:
    for index in range(12):  # followed, this would be 12 ** 10 folders
        (apples / f"circle {index}").symlink_to(".")
    (apples / "other class").symlink_to(pears)
    with pytest.warns(UserWarning, match="13 files are left out") as told:
        folder = own_pictures(apples, pears)
    assert "apples/other class: it is a link to a folder, which is not" in str(told[0].message)
    assert len(pictures_in(folder, "apples")) == 20
    assert len(pictures_in(folder, "pears")) == 15


def test_the_cache_must_not_lie_in_the_folders(
    apples: Path, pears: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNN_COURSE_CACHE", str(apples / "deep" / "cache"))
    assert f"lies in {apples}" in refusal(apples, pears)
    assert f"lies in {apples}" in refusal(pears, apples)
    assert not (apples / "deep").exists()


def test_a_prepared_picture_that_was_damaged_is_made_again(apples: Path, pears: Path) -> None:
    folder = own_pictures(apples, pears)
    before = snapshot(folder).keys()
    first, second = sorted(folder.glob("test/pears/*.jpg"))[:2]
    content = first.read_bytes()
    first.write_bytes(b"")
    second.unlink()
    assert own_pictures(apples, pears) == folder
    assert first.read_bytes() == content
    assert snapshot(folder).keys() == before


@pytest.mark.parametrize("junk", ["[" * 100_000, '{"files": ["x"], "left_out": []}'])
def test_a_damaged_memory_counts_as_none(apples: Path, pears: Path, cache: Path, junk: str) -> None:
    folder = own_pictures(apples, pears)
    (memory,) = (cache / "checked").iterdir()
    memory.write_text(junk)
    assert own_pictures(apples, pears) == folder
    assert len(pictures_in(folder, "apples")) == 20


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG file of greys that are all there, or none of them, with further chunks."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        *chunks,
        (b"IDAT", zlib.compress(bytes(1_000))),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


@pytest.mark.fault(
    "own pictures that unpack to gigabytes, decode for minutes, or hold a script",
    "left out, each with its reason; the other pictures are used",
    "nothing of them",
)
def test_a_picture_that_takes_all_memory_or_time_is_left_out(apples: Path, pears: Path) -> None:
    grey = encoded(Image.new("L", (2_000, 2_000), 77), "JPEG", progressive=True)
    scan = grey.rindex(b"\xff\xda")
    frames = encoded(picture(700), "GIF")
    write_files(
        apples,
        {
            "wide.png": png(50_000, 50_000),
            "text.png": png(20, 20, (b"zTXt", b"k\0\0" + zlib.compress(bytes(10**8)))),
            "scans.jpg": grey[:scan] + grey[scan:-2] * 5_000 + grey[-2:],
            "script.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>",
            "lying.gif": b"GIF89a" + b"\xff" * 4 + frames[10:],
            "film.gif": frames[:-1] + frames[frames.index(b"\x2c") : -1] * 5_000 + b";",
        },
    )
    with pytest.warns(UserWarning, match="5 files are left out") as told:
        folder = own_pictures(apples, pears)
    said = str(told[0].message)
    assert "apples/wide.png: it has more than the 120,000,000 pixels allowed" in said
    assert "apples/text.png: it does not decode: Decompressed data too large" in said
    assert re.search(r"scans\.jpg: it brings its picture 5,\d+ times; 200 are allowed", said)
    assert "apples/script.svg: it is no picture that can be read, but a page of HTML" in said
    assert "apples/lying.gif: it has" in said
    assert len(pictures_in(folder, "apples")) == 21  # of the film, the first picture


def test_too_few_pictures_are_told_with_what_was_left_out(tmp_path: Path) -> None:
    first = folder_of(tmp_path / "p" / "pics", 10, 0)
    second = folder_of(tmp_path / "q" / "pics", 9, 1_000)
    write_files(tmp_path, {"p/pics/bad.jpg": b"", "q/pics/worse.jpg": b""})
    message = refusal(first, second)
    assert "has 9 pictures that can be used; at least 10 are needed" in message
    assert "1 file is left out:\n  q-pics/worse.jpg: it is empty" in message
    assert "bad.jpg" not in message
    assert not list(tmp_path.rglob("*unfinished*"))


def test_a_full_disk_is_told_and_leaves_nothing(
    apples: Path, pears: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = io.open

    def full(file: object, mode: str = "r", *args: object, **kwargs: object) -> object:
        if str(file).startswith(str(cache)) and "w" in mode:
            raise OSError(28, os.strerror(28))
        return really_open(file, mode, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(io, "open", full)
        patch.setattr("builtins.open", full)
        assert "Make room" in refusal(apples, pears)
    assert not [file for file in cache.rglob("*") if file.is_file()]
    assert own_pictures(apples, pears)
