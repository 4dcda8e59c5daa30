"""Drawn animals: the same seed, the same pixels; only shape tells; files whole or not at all."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import HANGS
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cnn_course.data import DataError
from cnn_course.data.drawings import KINDS, VERSION, draw, write

CLASSES = {"cats": "cat", "dogs": "dog"}
PARTS = {"train": 3, "validation": 1, "test": 2}

# Grey means of 6 x 6 blocks of three drawings, by version.
# fmt: off
SIGNATURES: dict[int, dict[tuple[str, int], list[int]]] = {
    1: {
        ("cat", 1): [
            219, 216, 213, 212, 211, 209, 223, 198, 190, 208, 209, 213,
            227, 207, 152, 174, 147, 217, 231, 230, 148, 136, 119, 221,
            209, 208, 139, 172, 136, 202, 173, 177, 102, 190, 100, 164,
        ],
        ("dog", 4): [
            117, 119, 119, 121, 128, 127, 121, 123, 114, 124, 134, 128,
            125, 127, 121, 128, 116, 131, 129, 131, 133, 143, 126, 139,
            139, 141, 143, 203, 139, 150, 122, 131, 129, 155, 130, 131,
        ],
        ("owl", 6): [
            157, 145, 159, 155, 164, 179, 150, 144, 151, 158, 141, 174,
            149, 151, 129, 147, 144, 172, 144, 103, 158, 162, 111, 161,
            139, 116, 184, 190, 100, 149, 130, 131, 126, 134, 140, 147,
        ],
    },
}
# fmt: on


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def shared(first: np.ndarray, second: np.ndarray) -> float:
    """Return the share of pixels that two pictures have in common."""
    return float((first == second).all(axis=-1).mean())


@settings(max_examples=40)
@given(st.sampled_from(KINDS), st.integers(0, 10**30), st.sampled_from([16, 64, 96, 97, 180]))
def test_every_kind_and_seed_gives_a_picture_that_it_gives_again(
    kind: str, seed: int, size: int
) -> None:
    picture = draw(kind, seed, size)
    assert (picture.dtype, picture.shape) == (np.uint8, (size, size, 3))
    assert picture.std() > 4, "not one plain colour"
    np.testing.assert_array_equal(
        picture, draw(kind, np.int64(seed) if seed < 2**63 else seed, size)
    )


def test_changed_drawings_have_a_new_version() -> None:
    advice = "raise VERSION and store the new signature"
    assert VERSION in SIGNATURES, advice
    for (kind, seed), expected in SIGNATURES[VERSION].items():
        means = draw(kind, seed).reshape(6, 16, 6, 16, 3).mean(axis=(1, 3, 4)).ravel()
        assert np.abs(means - expected).max() < 2.6, advice  # 2 levels, and rounding


def test_one_seed_puts_all_kinds_into_one_scene_and_another_seed_into_another() -> None:
    pictures = {kind: [draw(kind, seed) for seed in range(8)] for kind in KINDS}
    cats = pictures.pop("cat")
    for kind, others in pictures.items():
        same = [shared(cat, other) for cat, other in zip(cats, others, strict=True)]
        different = [shared(cat, other) for cat, other in zip(cats, others[1:], strict=False)]
        assert np.median(same) > 0.3, kind
        assert max(different) < 0.1, kind


def accuracy(features: np.ndarray, labels: np.ndarray, strength: float) -> float:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2_000))
    half = len(labels) // 2
    return float(model.fit(features[:half], labels[:half]).score(features[half:], labels[half:]))


def test_only_shapes_tell_the_kind() -> None:
    # 600 cats and dogs, each in a scene of its own; the first half is for training.
    pictures = np.stack([draw(("cat", "dog")[seed % 2], seed, 48) for seed in range(600)])
    labels = np.arange(600) % 2
    assert accuracy(pictures.mean(axis=(1, 2)), labels, 1.0) == pytest.approx(0.5, abs=0.08)
    bins = (pictures // 64).astype(int) @ (16, 4, 1)
    histograms = np.stack([np.bincount(picture.ravel(), minlength=64) for picture in bins])
    assert accuracy(histograms, labels, 0.01) == pytest.approx(0.5, abs=0.08)
    pixels = pictures.reshape(-1, 16, 6, 16, 6, 3).mean(axis=(2, 4)).reshape(len(labels), -1)
    assert accuracy(pixels, labels, 0.001) < 0.7


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("cow", 0), ValueError, r"'cat', 'dog', 'bear'.*'cow'"),
        (("cat", -1), ValueError, "seed must be at least 0, not -1"),
        (("cat", 1.5), TypeError, r"seed must be a whole number, not 1\.5"),
        (("cat", 0, 8), ValueError, "size must be at least 16, not 8"),
        (("cat", 0, 4_096), ValueError, "size must be at most 1024, not 4096"),
    ],
)
def test_a_drawing_that_cannot_be_is_refused(
    arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        draw(*arguments)


def test_files_are_named_like_the_photographs_and_numbers_go_on(tmp_path: Path) -> None:
    write(tmp_path / "drawn", CLASSES, PARTS)
    numbers = {"train": (0, 1, 2), "validation": (3,), "test": (4, 5)}
    expected = {
        f"{part}/{name}/{kind}.{number}.jpg"
        for part in PARTS
        for name, kind in CLASSES.items()
        for number in numbers[part]
    }
    written = files(tmp_path / "drawn")
    assert {path for path in written if path.endswith(".jpg")} == expected
    assert len(written) == len(expected) + 1
    for path in expected:
        with Image.open(tmp_path / "drawn" / path) as picture:
            assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (96, 96))
    assert [path.name for path in tmp_path.iterdir()] == ["drawn"]


def test_no_picture_shares_its_scene_with_another(tmp_path: Path) -> None:
    for seed in (0, 1):
        write(tmp_path / str(seed), CLASSES, {"train": 6, "test": 6}, seed)
    pictures = [np.asarray(Image.open(path)) for path in sorted(tmp_path.rglob("*.jpg"))]
    assert len(pictures) == 48
    for k, picture in enumerate(pictures):
        assert all(shared(picture, other) < 0.1 for other in pictures[:k])


def test_a_whole_folder_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "drawn", CLASSES, PARTS)
    (tmp_path / "drawn" / "train" / "notes.txt").write_text("mine")
    before = (tmp_path / "drawn").stat().st_ino
    write(tmp_path / "drawn", CLASSES, PARTS)
    assert (tmp_path / "drawn").stat().st_ino == before
    assert (tmp_path / "drawn" / "train" / "notes.txt").read_text() == "mine"


def _older(folder: Path) -> None:
    stamp = json.loads((folder / "drawings.json").read_text())
    (folder / "drawings.json").write_text(json.dumps({**stamp, "version": 0}))
    (folder / "train/cats/cat.0.jpg").write_bytes(b"older")


def _incomplete(folder: Path) -> None:
    (folder / "train/cats/cat.0.jpg").unlink()


@pytest.mark.parametrize("spoil", [_older, _incomplete])
def test_an_older_or_incomplete_folder_is_written_again(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    write(tmp_path / "drawn", CLASSES, PARTS)
    expected = files(tmp_path)
    spoil(tmp_path / "drawn")
    (tmp_path / "drawn" / ".DS_Store").write_bytes(b"")  # a file manager was here
    write(tmp_path / "drawn", CLASSES, PARTS)
    assert files(tmp_path) == expected


def test_other_parts_or_another_order_of_them_are_written_anew(tmp_path: Path) -> None:
    write(tmp_path / "drawn", CLASSES, PARTS)
    write(tmp_path / "drawn", CLASSES, {"test": 2, "train": 1})
    names = {path.name for path in tmp_path.rglob("*.jpg") if "test" in path.parts}
    assert names == {"cat.0.jpg", "cat.1.jpg", "dog.0.jpg", "dog.1.jpg"}
    assert len(list(tmp_path.rglob("*.jpg"))) == 6


def test_an_empty_folder_is_filled_and_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link", {"owls": "owl"}, {"all": 1})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real/all/owls/owl.0.jpg").is_file()


def _photographs(folder: Path) -> None:
    (folder / "train/cats").mkdir(parents=True)
    (folder / "train/cats/cat.0.jpg").write_bytes(b"my own cat")


def _false_stamp(folder: Path) -> None:
    _photographs(folder)
    (folder / "drawings.json").write_text('["not", "ours"]')


def _added_to_older_drawings(folder: Path) -> None:
    write(folder, CLASSES, PARTS)
    _older(folder)
    (folder / "train/cats/my own.jpg").write_bytes(b"my own cat")


def _one_file(folder: Path) -> None:
    folder.write_bytes(b"my own file")


@pytest.mark.parametrize("fill", [_photographs, _false_stamp, _added_to_older_drawings, _one_file])
def test_what_is_not_ours_is_never_touched(tmp_path: Path, fill: Callable[[Path], None]) -> None:
    fill(tmp_path / "drawn")
    before = files(tmp_path)
    with pytest.raises(DataError, match=r"drawn exists and is not(.|\n)*Choose another folder"):
        write(tmp_path / "drawn", CLASSES, PARTS)
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("problem", "error", "message"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), DataError, "Make room on that disk"),
        (KeyboardInterrupt("stop"), KeyboardInterrupt, "stop"),
    ],
)
def test_what_stops_halfway_leaves_what_was_there(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    problem: BaseException,
    error: type[BaseException],
    message: str,
) -> None:
    write(tmp_path / "drawn", CLASSES, PARTS)
    _older(tmp_path / "drawn")
    before = files(tmp_path)
    save = Image.Image.save

    def stop_at_the_fifth(image: Image.Image, path: Path, **options: Any) -> None:
        if path.name == "dog.1.jpg":
            raise problem
        save(image, path, **options)

    monkeypatch.setattr(Image.Image, "save", stop_at_the_fifth)
    with pytest.raises(error, match=message):
        write(tmp_path / "drawn", CLASSES, PARTS)
    assert files(tmp_path) == before
    assert len(list(tmp_path.iterdir())) == 1, "nothing temporary is left"


def test_processes_at_once_leave_one_whole_folder(tmp_path: Path) -> None:
    write(tmp_path / "expected", CLASSES, {"train": 6})
    write(tmp_path / "drawn", CLASSES, PARTS)
    _older(tmp_path / "drawn")
    program = (
        "from pathlib import Path; from cnn_course.data.drawings import write;"
        f"write(Path({str(tmp_path / 'drawn')!r}), {CLASSES}, {{'train': 6}})"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(3)]
    assert [process.wait(HANGS) for process in processes] == [0, 0, 0]
    assert files(tmp_path / "drawn") == files(tmp_path / "expected"), "pixel for pixel"
    assert {path.name for path in tmp_path.iterdir()} == {"drawn", "expected"}


@pytest.mark.parametrize(
    ("classes", "parts", "seed", "error", "message"),
    [
        ({"cows": "cow"}, PARTS, 0, ValueError, "'cat', 'dog', 'bear'.*'cow'"),
        (CLASSES, {"train": -1}, 0, ValueError, "'train' must be at least 0, not -1"),
        (CLASSES, PARTS, "0", TypeError, "seed must be a whole number, not '0'"),
        ({"../cats": "cat"}, PARTS, 0, ValueError, "'../cats' cannot be the name of a folder"),
        (CLASSES, {"": 3}, 0, ValueError, "'' cannot be the name"),
        (CLASSES, {"..": 3}, 0, ValueError, "'..' cannot be the name"),
    ],
)
def test_an_order_that_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, *, classes: Any, parts: Any, seed: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        write(tmp_path / "drawn", classes, parts, seed)
    assert list(tmp_path.iterdir()) == []
