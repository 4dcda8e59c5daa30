"""Small pictures made for tests, and the folders and archives that hold them."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from cnn_course.data import Finding, cats_and_dogs, check
from cnn_course.data.dogs_vs_cats import DogsVsCats
from cnn_course.data.download import Published

SIZES = (4, 2, 4)
PARTS = ("train", "validation", "test")
KINDS = ("cats", "dogs")
NOBODY = "http://127.0.0.1:9/kagglecatsanddogs_5340.zip"  # port 9 answers nobody


def picture(seed: int, size: tuple[int, int] = (40, 30)) -> Image.Image:
    """Coloured blobs, different for every seed."""
    blobs = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(blobs).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def jpeg(seed: int) -> bytes:
    return encoded(picture(seed))


def photograph(kind: str, index: int) -> bytes:
    """The picture that goes by this name in every source."""
    return jpeg(index + 10_000 * KINDS.index(kind))


def part_of(index: int) -> str:
    return PARTS[np.searchsorted(np.cumsum(SIZES), index, side="right")]


def write_split(folder: Path) -> Path:
    """Write a flawless folder in the layout that the chapters read."""
    for kind in KINDS:
        for index in range(sum(SIZES)):
            file = folder / part_of(index) / kind / f"{kind[:-1]}.{index}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(photograph(kind, index))
    return folder


def kaggle_names(count: int, prefix: str = "") -> dict[str, bytes]:
    return {
        f"{prefix}{kind[:-1]}.{index}.jpg": photograph(kind, index)
        for kind in KINDS
        for index in range(count)
    }


def microsoft_names(count: int) -> dict[str, bytes]:
    return {
        f"PetImages/{kind[:-1].title()}/{index}.jpg": photograph(kind, index)
        for kind in KINDS
        for index in range(count)
    }


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def fake_photographs(url: str = NOBODY) -> DogsVsCats:
    return DogsVsCats(SIZES, Published(url, None))


def full() -> Path:
    return cats_and_dogs("full", fake_photographs())


def finding() -> Finding:
    (only,) = check([fake_photographs()])
    assert only.name == "cats_and_dogs"
    return only


def left_out() -> list[str]:
    return list(finding().lists["left out"])


def names_in(folder: Path) -> dict[tuple[str, str], set[str]]:
    """The files of a split, by part and class; nothing else may be in it."""
    assert {part.name for part in folder.iterdir()} >= set(PARTS)
    return {
        (part, kind): {file.name for file in (folder / part / kind).iterdir()}
        for part in PARTS
        for kind in KINDS
    }


def by_index(indices: Iterable[int], kind: str = "cats") -> set[str]:
    return {f"{kind[:-1]}.{index}.jpg" for index in indices}


def snapshot(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Everything that a file of the user's could lose: content, time, number of names."""
    return {
        str(file.relative_to(folder)): (
            file.read_bytes(),
            file.stat().st_mtime_ns,
            file.stat().st_nlink,
        )
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
