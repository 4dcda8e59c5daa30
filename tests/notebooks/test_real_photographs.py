"""The real photographs are found flawless, split by index, and told apart by ImageNet's weights."""

import os
from pathlib import Path

import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from cnn_course import data, transfer

import keras  # isort: skip - after cnn_course, which keeps TensorFlow quiet

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]


@pytest.fixture(autouse=True)
def photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own = os.environ.get("CNN_COURSE_DATA")
    if not own:
        pytest.skip("CNN_COURSE_DATA is not set, so there are no photographs to look at.")
    monkeypatch.setenv("CNN_COURSE_CACHE", str(tmp_path / "cache"))
    return Path(own) / "cats_and_dogs"


def test_the_photographs_are_used_where_they_lie_and_looked_through_once(
    photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data.cats_and_dogs("full") == photographs
    with monkeypatch.context() as patch:
        patch.delattr(Image, "open")  # what was found is remembered, and no picture looked at
        assert data.cats_and_dogs("full") == photographs
    parts = {"train": range(1_000), "validation": range(1_000, 1_500), "test": range(1_500, 2_500)}
    for part, indices in parts.items():
        for kind in ("cats", "dogs"):
            names = {file.name for file in (photographs / part / kind).iterdir()}
            assert names == {f"{kind[:-1]}.{index}.jpg" for index in indices}


def test_the_known_near_duplicates_are_reported_and_no_others() -> None:
    (finding,) = (each for each in data.check() if each.name == "cats_and_dogs")
    assert finding.state == "whole"
    assert finding.lists == {
        "nearly identical pictures": [
            "train/dogs/dog.980.jpg ~ validation/dogs/dog.1273.jpg",  # a leak comes first
            "train/dogs/dog.180.jpg ~ train/dogs/dog.74.jpg",
        ]
    }


def test_photographs_in_their_original_sizes_serve_as_pictures_of_ones_own() -> None:
    originals = Path(os.environ["CNN_COURSE_DATA"]) / "cats_and_dogs_original"
    folder = data.own_pictures(originals / "cats", originals / "dogs")
    for kind in ("cats", "dogs"):
        counts = [
            len(list((folder / part / kind).iterdir())) for part in ("train", "validation", "test")
        ]
        assert sum(counts) <= 200
        assert counts[0] >= 75


def test_stored_features_of_imagenet_weights_tell_photographs_apart(
    photographs: Path, tmp_path: Path
) -> None:
    base = transfer.base("mobilenet", side=96)
    inputs = keras.Input((96, 96, 3))
    frozen = keras.Model(inputs, base.model(base.preprocess(inputs)))
    features = {}
    for part in ("train", "test"):
        some = data.load_pictures(photographs / part, side=96, batch_size=1).shard(8, 0).unbatch()
        stored = transfer.store(frozen, some.batch(50), name=part, folder=tmp_path)
        assert 200 <= len(stored.labels) <= 300
        features[part] = stored.features.reshape(len(stored.labels), -1), stored.labels
    classifier = LogisticRegression(max_iter=1_000).fit(*features["train"])
    assert classifier.score(*features["test"]) > 0.88


def test_imagenets_own_classes_tell_photographs_of_cats_and_dogs_apart(photographs: Path) -> None:
    whole = transfer.imagenet_classifier()
    assert whole.model.output_shape == (None, 1_000)
    some = data.load_pictures(photographs / "test", side=224, batch_size=1).shard(16, 0).unbatch()
    (pictures, labels), *more = some.batch(200)
    assert not more
    probabilities = whole.model.predict_on_batch(whole.preprocess(pictures))
    cats, dogs = probabilities[:, 281:286].sum(axis=1), probabilities[:, 151:269].sum(axis=1)
    assert ((dogs > cats) == labels.numpy().ravel()).mean() > 0.8
    assert (cats + dogs).mean() > 0.5, "most of what is seen are these kinds"
