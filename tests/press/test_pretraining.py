"""`cnn-course pretrain`: the weights of the small base, and how they came about."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cnn_course import transfer
from cnn_course.data import drawings
from cnn_course.press import pretraining
from cnn_course.press.project import PressError, find_project
from cnn_course.transfer.weights import MINI_VGG16_FILE
from press.conftest import Course

pytestmark = pytest.mark.tensorflow

KINDS = ("bear", "rabbit", "bird")
SIDE = 32


def drawn(kinds, count, first):
    """Draw pictures of each kind: an array, and the number of each picture's kind."""
    pictures = [
        drawings.draw(kind, seed, SIDE) for kind in kinds for seed in range(first, first + count)
    ]
    return np.stack(pictures), np.repeat(np.arange(len(kinds)), count)


def told_apart(base, kinds):
    """Return how many of new drawings a linear classifier names rightly by the base's features."""
    (x, y), (new_x, new_y) = drawn(kinds, 60, 10_000), drawn(kinds, 60, 20_000)
    features, new = (
        base.model.predict(base.preprocess(pictures), verbose=0).reshape(len(pictures), -1)
        for pictures in (x, new_x)
    )
    return LogisticRegression(max_iter=2_000).fit(features, y).score(new, new_y)


def test_a_short_rerun_learns_and_stores_weights_that_are_of_use(course: Course, tmp_path):
    file = tmp_path / "short.weights.h5"
    project = find_project(course.root)
    record = pretraining.pretrain(
        project, kinds=KINDS, pictures=200, epochs=10, side=SIDE, fresh=True, file=file
    )
    assert record["test_accuracy"] > 0.6  # chance is one third
    trained = transfer.mini_vgg16(SIDE)
    trained.load_weights(file)
    untrained = transfer.mini_vgg16(SIDE)
    assert not np.allclose(trained.get_weights()[0], untrained.get_weights()[0], atol=0.01)


@pytest.mark.parametrize("kinds", [("bear", "cat"), ("dog", "cat"), ("bear",), ("bear", "bear")])
def test_neither_cats_nor_dogs_are_trained_on(course: Course, kinds):
    with pytest.raises(PressError, match="neither cat nor dog"):
        pretraining.pretrain(find_project(course.root), kinds=kinds)


def test_the_weights_in_the_package_are_small_and_see_more_than_random_ones():
    assert MINI_VGG16_FILE.stat().st_size < 2_000_000
    trained, random = (
        told_apart(transfer.base("mini_vgg16", side=SIDE, weights=weights), ("cat", "dog"))
        for weights in ("drawings", None)
    )
    assert trained > random + 0.1


def test_the_record_says_what_the_weights_were_trained_on():
    root = find_project().root
    record = json.loads((root / "book" / "measured" / pretraining.RECORD).read_text())
    assert not {"cat", "dog"} & set(record["kinds"])
    assert record["test_accuracy"] > 0.95
