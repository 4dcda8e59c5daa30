"""Results are handed over beside the outputs, and a recorded run is found wherever it lies."""

import json

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from cnn_course import profiles, records, training
from cnn_course.training import Results


def test_numbers_travel_in_the_metadata_and_not_in_what_is_compared():
    results = Results("02-mnist-convnet", {"test_accuracy": 0.99123}, {"loss": [2, 1]}, seed=7)
    data, metadata = DisplayFormatter().format(results)
    assert data == {"text/plain": "Measured: test_accuracy."}
    assert metadata["cnn_course_results"] == {
        "chapter": "02-mnist-convnet",
        "results": {"test_accuracy": 0.99123},
        "curves": {"loss": [2.0, 1.0]},
        "seed": 7,
        "base": None,
    }


def test_numbers_of_numpy_and_several_experiments_become_plain_json():
    results = Results("x", {"one": {"test_accuracy": np.float32(0.5)}, "two": np.int64(3)})
    _, metadata = results._repr_mimebundle_()
    text = json.dumps(metadata["cnn_course_results"]["results"])
    assert json.loads(text) == {"one": {"test_accuracy": 0.5}, "two": 3.0}


def test_a_chapter_that_nobody_recorded_says_how_to_record_it():
    with pytest.raises(FileNotFoundError, match="cnn-course record 99-nothing --base vgg16"):
        records.recorded("99-nothing", "vgg16")
    with pytest.raises(FileNotFoundError, match="cnn-course seeds 99-nothing"):
        training.recorded_seeds("99-nothing")


def test_a_measured_number_stands_beside_the_range_of_its_seeds():
    chapter = "06-fine-tuning"
    seeds = training.recorded_seeds(chapter)["seeds"]
    known = sorted(run["fine-tuned"]["test_accuracy"] for run in seeds.values())
    text = training.measured(0.8776, chapter, lambda run: run["fine-tuned"]["test_accuracy"])
    number, among = text.split(", ")
    assert number == "≈ 0.878"
    assert among == f"tiny with {len(seeds)} seeds: {known[0]:.3f} to {known[-1]:.3f}"


@pytest.mark.parametrize(("chapter", "name"), [("99-nothing", "x"), ("06-fine-tuning", "x")])
def test_a_number_that_no_seed_measured_stands_alone(chapter, name):
    assert training.measured(2 / 3, chapter, lambda run: run[name], form=".1%") == "≈ 66.7%"


def test_the_weights_of_chapter_2_are_those_of_its_network_and_others_have_none():
    weights = records.recorded_weights("02-mnist-convnet")
    assert sum(weight.size for weight in weights) == 104_202
    assert all(weight.dtype == "float32" for weight in weights)
    assert all(abs(weight).max() < 10 for weight in weights)
    with pytest.raises(FileNotFoundError, match="cnn-course record 03-dogs-vs-cats"):
        records.recorded_weights("03-dogs-vs-cats")


def test_the_record_of_chapter_2_is_whole_and_reaches_what_the_chapter_says():
    record = training.recorded("02-mnist-convnet")
    assert record["profile"] == "full"
    assert record["results"]["test_accuracy"] >= 0.990
    epochs = profiles.settings("02-mnist-convnet", "full").epochs
    assert all(len(curve) == epochs for curve in record["curves"].values())
    assert set(record) >= {"chapter", "base", "date", "versions", "hardware", "seed", "seconds"}
    assert {"python", "tensorflow", "keras", "numpy"} <= set(record["versions"])


@pytest.mark.parametrize("profile", ["Tiny", "", None])
def test_a_misspelt_profile_is_refused_with_the_right_ones(profile):
    with pytest.raises(ValueError, match=f"'tiny', 'full', not {profile!r}"):
        profiles.check_profile(profile)


def test_every_chapter_that_trains_has_settings_for_every_profile_and_others_have_none():
    for chapter, settings in profiles.TABLE.items():
        assert set(settings) == set(profiles.PROFILES), chapter
    with pytest.raises(ValueError, match="02-mnist-convnet"):
        profiles.settings("02-mnist", "tiny")


def test_settings_of_another_base_are_asked_for_by_its_name():
    chapter = "06-fine-tuning"
    other = profiles.settings(chapter, "full", "vgg16")
    assert (other.base, other.unfrozen_from, other.batch_size) == ("vgg16", "block5_conv1", 32)
    usual = profiles.settings(chapter, "full")
    assert profiles.settings(chapter, "full", usual.base) == usual
    assert profiles.other_bases() == ["vgg16"]
    with pytest.raises(ValueError, match=r"'vgg61'.*It is for: mobilenet, vgg16"):
        profiles.settings(chapter, "full", "vgg61")
    with pytest.raises(ValueError, match="It is for: none"):
        profiles.settings("02-mnist-convnet", "tiny", "vgg16")
