"""`cnn-course record`: what a full run measured, whole or not at all."""

import json
import re
from datetime import date
from typing import Any

import numpy as np
import pytest
from nbformat import v4

from cnn_course.press.project import PressError, find_project
from cnn_course.press.recording import write_record
from cnn_course.press.stored_runs import RunStore
from cnn_course.training import Results
from press.conftest import Course

pytestmark = pytest.mark.kernel

RESULTS = {
    "chapter": "01-first",
    "results": {"test_accuracy": 0.975, "augmented": {"test_accuracy": 0.98}},
    "curves": {"validation_loss": [0.5, 0.25]},
    "seed": 7,
    "base": "VGG16",
}


def hand_over(course: Course, results: dict[str, Any]) -> None:
    """Let the first chapter hand over its results."""
    course.write(
        "01-first",
        "from IPython.display import display",
        f'display({{"text/plain": "Measured."}}, raw=True, '
        f'metadata={{"cnn_course_results": {results!r}}})',
    )


def test_a_record_holds_the_results_and_how_they_were_measured(course: Course):
    hand_over(course, RESULTS)
    said = course.do("record", "1")
    assert "Recorded in book/measured/01-first.json." in said
    kept = course.record()
    assert list(kept) == [
        *("chapter", "profile", "base", "date", "versions", "hardware", "seed", "seconds"),
        *("resumed", "results", "curves"),
    ]
    assert {name: kept[name] for name in RESULTS} == RESULTS
    assert kept["profile"] == "full"
    assert abs((date.today() - date.fromisoformat(kept["date"])).days) <= 1
    assert kept["versions"].keys() == {"python", "tensorflow", "keras", "numpy"}
    assert kept["hardware"].keys() == {"cpu", "cores", "memory_gb", "gpu"}
    assert kept["seconds"] > 0
    assert kept["resumed"] == 0

    assert "Nothing changed since the last full run" in course.do("record", "1")
    assert course.record() == kept
    course.write("01-first", "1 / 0")
    assert "ZeroDivisionError" in course.do("record", "1", status=1)
    assert course.record() == kept


def test_weights_that_a_run_hands_over_lie_beside_its_record(course: Course):
    weights = [np.linspace(-2, 2, 6).reshape(2, 3), np.array([0.1, 65504.0])]
    _, metadata = Results("01-first", {"loss": 1.0}, weights=weights)._repr_mimebundle_()
    hand_over(course, metadata["cnn_course_results"])
    course.do("record", "1")
    with np.load(course.root / "book" / "measured" / "01-first.npz") as kept:
        arrays = [kept[name] for name in kept.files]
    for array, weight in zip(arrays, weights, strict=True):
        assert array.dtype == np.float16
        np.testing.assert_array_equal(array, weight.astype(np.float16))
    assert "weights" not in course.record()


nan, inf = float("nan"), float("inf")


REFUSED = (
    ([], "hands over its results 0 times; once is needed"),
    ([RESULTS, RESULTS], "hands over its results 2 times"),
    ([RESULTS | {"chapter": "02-second"}], "hands over the results of chapter '02-second'"),
    ([RESULTS | {"results": {}}], "hands over no results"),
    ([RESULTS | {"results": {"test_accuracy": nan}}], "results, test_accuracy is nan"),
    ([RESULTS | {"curves": {"loss": [0.1, inf]}}], "curves, loss, value 1 is inf"),
)


def test_results_that_are_of_no_use_are_refused(course: Course):
    previous = course.root / "book" / "measured" / "01-first.json"
    previous.write_text('{"previous": true}')
    project = find_project(course.root)
    store = RunStore(project, "full")
    known = {"fingerprint": "", "seconds": 1.0, "finished": "2026-11-20T12:00:00+00:00"}
    for handed_over, words in REFUSED:
        outputs = [
            v4.new_output("display_data", metadata={"cnn_course_results": results})
            for results in handed_over
        ]
        notebook = v4.new_notebook(cells=[v4.new_code_cell("train()", outputs=outputs)])
        store.save("01-first", notebook, **known, hardware={"cores": 2}, versions={})
        with pytest.raises(PressError, match=re.escape(words)):
            write_record(store, project.chapters[0])
    assert previous.read_text() == '{"previous": true}'


def test_a_record_on_another_base_stands_beside_the_usual_one(course: Course):
    parameters = 'profile = "tiny"\nbase_name = ""'
    course.write(
        "01-first",
        "from cnn_course.training import Results",
        'Results("01-first", {"letters": len(base_name)}, base=base_name or "usual")',
        parameters=parameters,
    )
    course.do("record", "1")
    said = course.do("record", "1", "--base", "vgg16")
    assert "Recorded in book/measured/vgg16/01-first.json." in said
    usual = course.record()
    other = course.record("vgg16/01-first")
    assert (usual["base"], usual["results"]) == ("usual", {"letters": 0})
    assert (other["base"], other["results"]) == ("vgg16", {"letters": 5})
    assert "Nothing changed" in course.do("record", "1")
    assert "does not assign `base_name`" in course.do("record", "2", "--base", "vgg16", status=1)
    assert "'vgg16'" in course.do("record", "1", "--base", "vgg61", status=2)


def test_records_of_further_seeds_stand_beside_the_usual_one(course: Course):
    course.write(
        "01-first",
        "from cnn_course.training import Results",
        'Results("01-first", {"doubled": 2 * seed}, seed=seed)',
        parameters='profile = "tiny"\nseed = 1',
    )
    course.do("record", "1")
    said = course.do("record", "1", "--seed", "3")
    assert "Recorded in book/measured/seed-3/01-first.json." in said
    runs = [course.record(), course.record("seed-3/01-first")]
    assert [(run["seed"], run["results"]["doubled"]) for run in runs] == [(1, 2), (3, 6)]
    assert "does not assign `seed`" in course.do("record", "2", "--seed", "3", status=1)


# With several seeds

CLAIM = """
from cnn_course import training
doubled = 2 * seed
assert doubled != {unlucky}, f"the claim does not hold for seed {{seed}}"
training.Results("01-first", {{"doubled": doubled}}, seed=seed)
"""


def test_a_table_holds_what_each_seed_measured_if_every_claim_held(course: Course):
    table = course.root / "book" / "measured" / "seeds" / "01-first.json"
    course.write("01-first", CLAIM.format(unlucky=0), parameters='profile = "tiny"\nseed = 1')
    before = course.source("01-first").read_bytes()
    said = course.do("seeds", "1", "--first", "4", "--count", "2")
    assert "All claims of 01-first held for 2 seeds" in said
    measured = json.loads(table.read_text())
    assert measured["seeds"] == {str(seed): {"doubled": 2.0 * seed} for seed in (4, 5)}
    assert measured["profile"] == "tiny"
    assert {"chapter", "date", "versions", "hardware"} < set(measured)
    assert course.source("01-first").read_bytes() == before

    course.write("01-first", CLAIM.format(unlucky=4), parameters='profile = "tiny"\nseed = 1')
    said = course.do("seeds", "1", "--count", "2", status=1)
    assert "seed-2" in said
    assert "the claim does not hold for seed 2" in said
    assert json.loads(table.read_text()) == measured
    assert "02-second: The cell tagged `parameters` does not assign `seed`" in course.do(
        "seeds", "2", status=1
    )
