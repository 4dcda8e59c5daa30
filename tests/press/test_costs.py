"""What the course costs: two ways to one result, a record, and the page that shows it."""

import json
from pathlib import Path
from typing import get_type_hints

import bench
import pytest
from conftest import ROOT

from cnn_course.press import costs
from cnn_course.press.project import PressError, Project

pytestmark = [pytest.mark.tensorflow, pytest.mark.kernel]

PARTS = ("machine", "figure", "table", "pages")


def test_the_record_has_what_the_page_reads(tmp_path: Path) -> None:
    project = Project(ROOT, ())
    record = json.loads((project.measured / costs.RECORD).read_text(encoding="utf-8"))
    assert [*record] == [*get_type_hints(costs.Costs)]
    assert {tuple(one) for one in record["costs"]} == {tuple(get_type_hints(costs.Cost))}
    assert {tuple(one) for one in record["pages"]} == {tuple(get_type_hints(costs.Weight))}
    machine, figure, table, pages = (costs.costs(project, part, tmp_path) for part in PARTS)
    assert record["hardware"]["cpu"] in machine
    assert figure.endswith("](costs.png)")
    assert (tmp_path / "costs.png").read_bytes().startswith(b"\x89PNG")
    assert len(table.splitlines()) == 2 + len(record["costs"])
    assert len(pages.splitlines()) == 2 + len(record["pages"])


@pytest.mark.fault(
    "a record of costs that is not there, is not whole, or a part of the page that is none",
    "one sentence says what to do",
    "nothing",
)
@pytest.mark.parametrize(("part", "record"), [("table", None), ("table", "{}"), ("sum", "{}")])
def test_what_cannot_be_shown_is_told(tmp_path: Path, part: str, record: str | None) -> None:
    project = Project(tmp_path, ())
    project.measured.mkdir(parents=True)
    if record:
        (project.measured / costs.RECORD).write_text(record)
    with pytest.raises(PressError, match=r"costs\.json has no .* Measure: make bench"):
        costs.costs(project, part, tmp_path)


def test_both_ways_of_a_convolution_and_of_a_class_test_give_the_same() -> None:
    for one in (*bench.convolutions(), *bench.class_tests()):
        bench.close(one.ours(), one.theirs())


def test_ways_that_give_something_else_are_not_compared() -> None:
    with pytest.raises(AssertionError):
        bench.compared(bench.Measure("one", "two", lambda: 1, lambda: 2), 1)


def test_a_ratio_is_of_the_other_way_to_the_course_s(monkeypatch: pytest.MonkeyPatch) -> None:
    one = bench.Measure("slow", "quick", lambda: 1, lambda: 1, flops=6, number=8, rounds=3)
    taken = iter([4.0, 1.0, 2.0, 1.0, 1.0, 1.0])
    monkeypatch.setattr(bench, "_seconds", lambda *_: next(taken))
    found = bench.compared(one, peak=10)
    assert (found["ratio"], found["least"], found["most"]) == (0.5, 0.25, 1)
    assert (found["of_peak"], found["a_second"]) == (0.3, 4)


def test_what_a_page_loads_is_told_apart_by_its_address() -> None:
    site = "http://127.0.0.1:1"
    loaded = [
        (f"{site}/book/index.html", 9),
        (f"{site}/_images/a.webp", 5),
        (f"{site}/_static/a.css?digest=55c26ed4", 3),
        (f"{site}/_static/a.js?v=5", 3),
        (f"{site}/_static/mystnb.11b39860a7a0cbfd473a3ad8a3178552.css", 3),
        (f"{site}/_static/font.woff2", 2),
    ]
    found = bench.weight("book/index.html", loaded, b"a" * 9)
    assert {**found, "packed": 0} == {
        **{"page": "start page", "packed": 0, "itself": 9, "pictures": 5, "named": 9, "changing": 2}
    }
