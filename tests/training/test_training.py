"""Results are handed over beside the outputs, and a recorded run is found wherever it lies."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter

from cnn_course import profiles, records, training
from cnn_course.training import Results


def test_numbers_travel_in_the_metadata_and_not_in_what_is_compared():
    results = Results("02-mnist-convnet", {"test_accuracy": 0.99123}, {"loss": [2, 1]}, seed=7)
    data, metadata = DisplayFormatter().format(results)
    assert data == {"text/plain": "For `cnn-course record`: 1 results."}
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


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_pairs_counts_where_two_networks_differ_and_judges_it_as_throws_of_a_coin(answers):
    first, second = np.array(answers).T
    found = training.pairs(first, second)
    assert found.only_first == answers.count((True, False))
    assert found.only_second == answers.count((False, True))
    # McNemar's statistic, (b - c)^2 / (b + c), is the square of it.
    thrown = found.only_first + found.only_second
    chi_squared = (found.only_first - found.only_second) ** 2 / thrown if thrown else 0
    assert found.in_standard_errors**2 == pytest.approx(chi_squared)
    assert training.pairs(second, first).in_standard_errors == -found.in_standard_errors


def test_pairs_refuses_what_are_no_answers_to_the_same_pictures():
    right = np.array([True, False])
    with pytest.raises(TypeError, match="right, as a bool, not as float64"):
        training.pairs(right, np.array([0.9, 0.1]))
    with pytest.raises(ValueError, match=r"\(2,\) and \(3,\)"):
        training.pairs(right, np.array([True] * 3))


def test_a_chapter_that_nobody_recorded_says_how_to_record_it():
    with pytest.raises(FileNotFoundError, match="cnn-course record 99-nothing --base vgg16"):
        records.recorded("99-nothing", "vgg16")
    with pytest.raises(FileNotFoundError, match="cnn-course record 99-nothing"):
        training.recorded_runs("99-nothing")
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
