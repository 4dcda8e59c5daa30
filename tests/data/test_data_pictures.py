"""Photographs come in the promised shape, and none asks the network."""

import shutil
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from cnn_course.data import DataError, photograph


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("this must not ask the network")

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.mark.parametrize(
    ("name", "published"),
    [("cat", "chelsea"), ("coffee", "coffee"), ("astronaut", "astronaut"), ("rocket", "rocket")],
)
def test_a_photograph_is_the_one_of_scikit_image(name: str, published: str) -> None:
    pixels = photograph(name)
    assert pixels.dtype == np.uint8
    assert pixels.flags.writeable
    np.testing.assert_array_equal(pixels, getattr(skimage.data, published)())


def test_a_photograph_that_there_is_not_is_told() -> None:
    with pytest.raises(ValueError, match=r"'cat', .*, not 'cofee'\. Did you mean 'coffee'"):
        photograph("cofee")


def test_a_scikit_image_without_the_cat_or_with_a_broken_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path(skimage.data.__file__).parent
    other = tmp_path / "skimage" / "data"
    other.mkdir(parents=True)
    (tmp_path / "skimage" / "__init__.py").write_bytes(b"")
    for name in [name for name in sys.modules if name.split(".")[0] == "skimage"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DataError, match=r"chelsea\.png(.|\n)*Install it again"):
        photograph("cat")
    for content in (b"", b"GIF", (real / "chelsea.png").read_bytes()[:1_000]):
        (other / "chelsea.png").write_bytes(content)
        with pytest.raises(DataError, match="photograph of the cat"):
            photograph("cat")
    shutil.copy(real / "coffee.png", other / "chelsea.png")
    with pytest.raises(DataError, match=r"\(400, 600, 3\)"):
        photograph("cat")
