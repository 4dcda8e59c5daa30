"""Batches of pictures: all of them, with their labels, in order or shuffled anew each epoch."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnn_course import data

pytestmark = pytest.mark.tensorflow

COUNT = 7  # of each class


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grey pictures: apples are as bright as their number, pears are brighter by 100."""
    root = tmp_path_factory.mktemp("fruit")
    for offset, name in ((0, "apples"), (100, "pears")):
        (root / name).mkdir()
        for number in range(COUNT):
            brightness = offset + 10 * number
            picture = Image.new("RGB", (30 + number, 20), (brightness,) * 3)
            picture.save(root / name / f"{number}.png")
    return root


def epoch(batches) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(images.numpy(), labels.numpy()) for images, labels in batches]
    return np.concatenate([p for p, _ in pairs]), np.concatenate([y for _, y in pairs])


def test_pictures_are_resized_bytes_in_batches_with_the_class_as_their_label(folder):
    batches = data.load_pictures(folder, side=16, batch_size=4)
    assert [len(labels) for _, labels in batches] == [4, 4, 4, 2]
    pictures, labels = epoch(batches)
    assert pictures.shape == (2 * COUNT, 16, 16, 3)
    assert pictures.dtype == np.uint8
    assert labels.tolist() == [0] * COUNT + [1] * COUNT
    assert pictures[:, 8, 8, 0].tolist() == [*range(0, 70, 10), *range(100, 170, 10)]


def test_every_epoch_has_all_pictures_with_their_labels_in_an_order_of_its_own(folder):
    batches = data.load_pictures(folder, side=16, batch_size=4, seed=1)
    first, second = (epoch(batches) for _ in range(2))
    for pictures, labels in (first, second):
        brightness = pictures[:, 8, 8, 0]
        assert sorted(brightness) == [*range(0, 70, 10), *range(100, 170, 10)]
        assert ((brightness >= 100) == labels).all()
        assert 0 < labels[:COUNT].sum() < COUNT  # not class by class
    assert first[0].tolist() != second[0].tolist()


def test_files_are_decoded_once(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    batches = data.load_pictures(copy, side=16, batch_size=4)
    before, _ = epoch(batches)
    shutil.rmtree(copy)
    after, _ = epoch(batches)
    assert (before == after).all()
