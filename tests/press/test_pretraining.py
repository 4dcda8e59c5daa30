"""`cnn-course pretrain`: the weights of the small base, and how they came about."""

import json
import os
from functools import cache

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

SIDE = 32
SEEDS = {"to learn from": range(10_000, 10_060), "to be named": range(20_000, 20_060)}


def test_a_short_rerun_learns_and_stores_weights_that_can_be_loaded(tmp_path):
    file = tmp_path / "short.weights.h5"
    project = find_project(new_course(tmp_path / "course").root)
    short = {"kinds": ("bear", "bird"), "pictures": 60, "epochs": 12, "side": SIDE}
    record = pretraining.pretrain(project, **short, fresh=True, file=file)
    assert "CNN_COURSE_BACKUPS" not in os.environ, "what starts next would keep backups, too"
    assert record["test_accuracy"] >= 0.75  # chance is one half
    trained, untrained = transfer.mini_vgg16(SIDE), transfer.mini_vgg16(SIDE)
    trained.load_weights(file)
    assert not np.allclose(trained.get_weights()[0], untrained.get_weights()[0], atol=0.01)


def test_the_weights_in_the_package_are_small_and_see_more_than_random_ones():
    """A linear classifier names new drawings of a cat or a dog by the features of either."""
    assert MINI_VGG16_FILE.stat().st_size < 2_000_000
    kinds = [kind for kind in ("cat", "dog") for _ in SEEDS["to be named"]]
    told_apart = {}
    for weights in ("drawings", None):
        base = transfer.base("mini_vgg16", side=SIDE, weights=weights)
        one, other = (
            base.model.predict(base.preprocess(drawn(seeds)), verbose=0).reshape(len(kinds), -1)
            for seeds in SEEDS.values()
        )
        classifier = LogisticRegression(max_iter=2_000).fit(one, kinds)
        told_apart[weights] = classifier.score(other, kinds)
    assert told_apart["drawings"] > told_apart[None] + 0.1


@cache
def drawn(seeds):
    return np.stack([drawings.draw(kind, seed, SIDE) for kind in ("cat", "dog") for seed in seeds])


def test_the_record_says_what_the_weights_were_trained_on():
    root = find_project().root
    record = json.loads((root / "book" / "measured" / pretraining.RECORD).read_text())
    assert not {"cat", "dog"} & {*record["kinds"], *pretraining.KINDS}
    assert record["test_accuracy"] > 0.95
