"""Digits and photographs come as pictures in the promised shape, without a network."""

import hashlib
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import skimage.transform
from patience import HANGS
from sklearn import datasets, neighbors

from cnn_course.data import DataError, load_digits, photograph


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("this must not ask the network")

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def tiny(
    offline: None, monkeypatch: pytest.MonkeyPatch
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    monkeypatch.setenv("CNN_COURSE_DATA", "/no/such/folder")  # which does not matter
    return load_digits("tiny")


def test_the_small_digits_have_mnists_shape_and_type(tiny: tuple) -> None:
    (x_train, y_train), (x_test, y_test) = tiny
    assert [a.shape for a in (x_train, y_train, x_test, y_test)] == [
        (1_297, 28, 28),
        (1_297,),
        (500, 28, 28),
        (500,),
    ]
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}


def test_the_split_keeps_the_order_of_the_file_so_that_hands_are_not_mixed(tiny: tuple) -> None:
    (_, y_train), (_, y_test) = tiny
    np.testing.assert_array_equal(np.concatenate([y_train, y_test]), datasets.load_digits().target)


def test_every_class_is_in_both_parts_in_about_equal_numbers(tiny: tuple) -> None:
    (_, y_train), (_, y_test) = tiny
    assert np.ptp(np.bincount(y_train, minlength=10)) <= 5
    assert np.ptp(np.bincount(y_test, minlength=10)) <= 5


def test_the_small_digits_are_the_same_each_time_and_can_be_written_to(tiny: tuple) -> None:
    (x_train, y_train), _ = tiny
    (again, labels), _ = load_digits("tiny")
    np.testing.assert_array_equal(x_train, again)
    again[:] = 0
    labels[:] = 0
    assert x_train.any()
    assert y_train.any()
    assert load_digits("tiny")[0][0].any()


def test_the_small_digits_look_like_mnists(tiny: tuple) -> None:
    (x_train, _), (x_test, _) = tiny
    x = np.concatenate([x_train, x_test]).astype(float)
    assert (x.min(axis=(1, 2)) == 0).all(), "black background"
    assert (x.max(axis=(1, 2)) == 255).all(), "white strokes"
    # MNIST: mean 33, 13 of 100 pixels brighter than half, 19 of 100 neither black nor white.
    assert x.mean() == pytest.approx(33, abs=8)
    assert (x > 127).mean() == pytest.approx(0.13, abs=0.04)
    assert ((x > 0) & (x < 255)).mean() == pytest.approx(0.19, abs=0.02)
    for axis in (1, 2):
        mass = x.sum(axis=3 - axis)
        centres = (mass * np.arange(28)).sum(axis=1) / mass.sum(axis=1)
        assert np.abs(centres - 13.5).max() <= 0.51, "centred, as far as whole pixels go"
    ring = np.ones((28, 28), bool)
    ring[3:-3, 3:-3] = False
    assert x[:, ring].mean() < 1, "a margin"


def test_each_digit_is_its_original_enlarged_and_shifted(tiny: tuple) -> None:
    (x_train, _), _ = tiny
    originals = datasets.load_digits().images[:1297]
    shifts = [(rows, columns) for rows in range(-4, 5) for columns in range(-4, 5)]
    for picture, original in zip(x_train[::50], originals[::50], strict=True):
        enlarged = np.pad(skimage.transform.resize(original / 16, (20, 20), order=1), 4)
        likeness = max(
            np.corrcoef(np.roll(enlarged, shift, (0, 1)).ravel(), picture.ravel())[0, 1]
            for shift in shifts
        )
        assert likeness > 0.95


def test_pictures_and_labels_belong_together(tiny: tuple) -> None:
    (x_train, y_train), (x_test, y_test) = tiny
    nearest = neighbors.KNeighborsClassifier(3).fit(x_train.reshape(len(x_train), -1), y_train)
    assert nearest.score(x_test.reshape(len(x_test), -1), y_test) > 0.95


def test_an_unknown_profile_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"'huge'.*tiny, full"):
        load_digits("huge")


def test_the_real_mnist_is_the_published_one() -> None:
    if not os.environ.get("CNN_COURSE_DATA"):
        pytest.skip("CNN_COURSE_DATA is not set")
    (x_train, y_train), (x_test, y_test) = load_digits("full")
    published = {  # md5 of the four uncompressed IDX files
        "6bbc9ace898e44ae57da46a324031adb": x_train,
        "a25bea736e30d166cdddb491f175f624": y_train,
        "2646ac647ad5339dbf082846283269ea": x_test,
        "27ae3e4e09519cfbb04c329615203637": y_test,
    }
    for digest, array in published.items():
        header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        assert hashlib.md5(header + array.tobytes()).hexdigest() == digest


@pytest.mark.parametrize(
    ("name", "published"),
    [("cat", "chelsea"), ("coffee", "coffee"), ("astronaut", "astronaut"), ("rocket", "rocket")],
)
def test_a_photograph_is_the_one_of_scikit_image(offline: None, name: str, published: str) -> None:
    pixels = photograph(name)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    np.testing.assert_array_equal(pixels, getattr(skimage.data, published)())


def test_a_photograph_that_there_is_not_is_told() -> None:
    with pytest.raises(ValueError, match="did you mean 'coffee'"):
        photograph("cofee")
    with pytest.raises(ValueError, match="choose from"):
        photograph("sunset")


@pytest.fixture
def other_scikit_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: None) -> Path:
    """Another scikit-image, which carries no pictures; returns its folder for them."""
    pictures = tmp_path / "skimage" / "data"
    pictures.mkdir(parents=True)
    (tmp_path / "skimage" / "__init__.py").write_bytes(b"")
    for name in [name for name in sys.modules if name.split(".")[0] == "skimage"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    return pictures


def test_a_scikit_image_without_the_cat_is_told(other_scikit_image: Path) -> None:
    with pytest.raises(DataError, match=r"chelsea\.png(.|\n)*Install it again"):
        photograph("cat")


def test_a_broken_picture_of_the_cat_is_told(other_scikit_image: Path) -> None:
    real = Path(skimage.data.__file__).parent
    for content in (b"", b"GIF", (real / "chelsea.png").read_bytes()[:1_000]):
        (other_scikit_image / "chelsea.png").write_bytes(content)
        with pytest.raises(DataError, match="photograph of the cat"):
            photograph("cat")
    shutil.copy(real / "coffee.png", other_scikit_image / "chelsea.png")
    with pytest.raises(DataError, match=r"\(400, 600, 3\)"):
        photograph("cat")


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = {"tensorflow", "keras", "sklearn", "skimage", "scipy", "matplotlib", "PIL", "pooch"}
    code = f"import sys, cnn_course.data; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=HANGS
    )
    assert done.stdout.strip() == "[]"
