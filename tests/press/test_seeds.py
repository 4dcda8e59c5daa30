"""A chapter is run once for each seed; its table is written only if every claim held in all."""

import json
from pathlib import Path

import pytest

from press.conftest import Course

pytestmark = pytest.mark.kernel

PARAMETERS = 'profile = "tiny"\nseed = 1'
CLAIM = """
from cnn_course import training
doubled = 2 * seed
assert doubled != {unlucky}, f"the claim does not hold for seed {{seed}}"
training.Results("01-first", {{"doubled": doubled}}, seed=seed)
"""


def table(course: Course) -> Path:
    return course.root / "book" / "measured" / "seeds" / "01-first.json"


@pytest.fixture
def trained(course: Course) -> Course:
    course.write("01-first", CLAIM.format(unlucky=0), parameters=PARAMETERS)
    return course


def test_the_table_holds_what_each_seed_measured_and_the_stored_chapter_stays(trained: Course):
    before = trained.source("01-first").read_bytes()
    said = trained.do("seeds", "1", "--first", "4", "--count", "3")
    assert "All claims of 01-first held for 3 seeds" in said
    measured = json.loads(table(trained).read_text())
    assert measured["seeds"] == {str(seed): {"doubled": 2.0 * seed} for seed in (4, 5, 6)}
    assert measured["profile"] == "tiny"
    assert {"chapter", "date", "versions", "hardware"} < set(measured)
    assert trained.source("01-first").read_bytes() == before


def test_a_claim_that_fails_for_one_seed_is_an_error_and_the_old_table_stays(trained: Course):
    trained.do("seeds", "1", "--count", "2")
    before = table(trained).read_bytes()
    trained.write("01-first", CLAIM.format(unlucky=6), parameters=PARAMETERS)
    said = trained.do("seeds", "1", "--count", "3", status=1)
    assert "seed-3" in said
    assert "the claim does not hold for seed 3" in said
    assert table(trained).read_bytes() == before


def test_a_chapter_without_a_seed_says_what_to_write(course: Course):
    said = course.do("seeds", "1", status=1)
    assert "does not assign `seed`" in said
