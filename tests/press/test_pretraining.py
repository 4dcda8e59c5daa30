"""`cnn-course pretrain`: the weights of the small base, and how they came about."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cnn_course import transfer
from cnn_course.data import drawings
from cnn_course.press import pretraining
from cnn_course.press.project import find_project
from cnn_course.transfer.weights import MINI_VGG16_FILE
from press.conftest import new_course

pytestmark = pytest.mark.tensorflow

KINDS = ("bear", "rabbit", "bird")
SIDE = 32


def told_apart(base, kinds):
    """Return how many of new drawings a linear classifier names rightly by the base's features."""
    y = np.repeat(np.arange(len(kinds)), 60)
    features = []
    for first in (10_000, 20_000):
        seeds = range(first, first + 60)
        pictures = np.stack([drawings.draw(kind, seed, SIDE) for kind in kinds for seed in seeds])
        found = base.model.predict(base.preprocess(pictures), verbose=0)
        features.append(found.reshape(len(y), -1))
    return LogisticRegression(max_iter=2_000).fit(features[0], y).score(features[1], y)


def test_a_short_rerun_learns_and_stores_weights_that_are_of_use(tmp_path):
    file = tmp_path / "short.weights.h5"
    project = find_project(new_course(tmp_path / "course").root)
    record = pretraining.pretrain(
        project, kinds=KINDS, pictures=200, epochs=10, side=SIDE, fresh=True, file=file
    )
    assert record["test_accuracy"] > 0.6  # chance is one third
    trained = transfer.mini_vgg16(SIDE)
    trained.load_weights(file)
    untrained = transfer.mini_vgg16(SIDE)
    assert not np.allclose(trained.get_weights()[0], untrained.get_weights()[0], atol=0.01)


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
    assert not {"cat", "dog"} & {*record["kinds"], *pretraining.KINDS}
    assert record["test_accuracy"] > 0.95
