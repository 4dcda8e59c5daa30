"""After a class test: statistics, the lecturer's report, a page for each student."""

import csv
import io
import statistics
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import nbformat
import numpy as np
import pytest
from barriers import barriers, too_faint
from bs4 import BeautifulSoup
from conftest import ROOT, fresh
from docutils.nodes import make_id
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page
from rich.console import Console
from scipy.stats import pearsonr

from cnn_course import classtest
from cnn_course.classtest import HINTS, Mark, Marking, Question
from cnn_course.classtest.printing import written
from cnn_course.press.classroom.item_statistics import (
    QuestionStatistics,
    statistics_of,
)
from cnn_course.press.classroom.report import summary_tables, write_feedback, write_report
from cnn_course.press.classroom.results import Result
from cnn_course.press.classroom.settings import Override, Settings
from cnn_course.press.classroom.taught import SECTIONS

HOSTILE = ["<script>alert(1)</script>", "../../etc/passwd", "\N{PILE OF POO}" * 300, "=1+1", ""]
SETTINGS = Settings(
    course="Vision & <i>more</i>",
    date="12 July 2026",
    boundaries={"B": 0.5, "A": 0.9},
    void=("dense_1 shape",),
    weights={"conv_1 shape": 0.5},
    extra={"4003": 1},
    overrides=(Override("4004", "conv_1 parameters", 2, "The <b>picture</b> was faint."),),
)


def marked(seed: int, answers: dict[str, Any], level: str = "first", **more: Any) -> Result:
    """Return the result of somebody who knows everything but these answers."""
    test = classtest.generate(seed, level)
    key = {name: written(right) for name, right in test.key.items()}
    given = key | answers
    marking = test.mark(given)
    counted = [mark for mark in marking.marks if mark.question.name not in SETTINGS.void]
    weight = {name: SETTINGS.weights.get(name, 1.0) for name in key}
    about: dict[str, Any] = {
        "line": seed + 1,
        "student": f"Student {seed}",
        "number": f"{4000 + seed}",
        "test": f"7K3M-{seed:04}",
        "marking": marking,
        "given": given,
        "earned": {m.question.name: weight[m.question.name] * m.points for m in counted},
        "possible": {m.question.name: weight[m.question.name] * m.question.points for m in counted},
        "key": key,
        "visible_slips": test.slips,
    }
    return Result(**about | more)


def without_bias(seed: int) -> dict[str, str]:
    """Return the answer of somebody who forgot the bias of the first convolution."""
    test = classtest.generate(seed, "first")
    conv = test.network.layer("conv_1")
    return {"conv_1 parameters": written(test.key["conv_1 parameters"] - conv.filters)}


@pytest.fixture(scope="module")
def class_of_40() -> list[Result]:
    """Ten forgot a bias; whoever comes later leaves out more; some have strange names."""
    draw, results = Random(1), []
    for seed in range(1, 41):
        answers = without_bias(seed) if seed % 4 == 0 else {}
        names = list(classtest.generate(seed, "first").key)
        answers |= dict.fromkeys(draw.sample(names[2:], seed // 6), "")
        one = marked(seed, answers, extra=float(seed == 3))
        grade = next((name for name, at in (("A", 0.9), ("B", 0.5)) if one.share >= at), "C")
        student = HOSTILE[seed - 1] if seed <= len(HOSTILE) else one.student
        problem = "cannot be read: 2" if seed == 7 else ""
        results.append(
            marked(
                seed, answers, student=student, grade=grade, problem=problem, extra=float(seed == 3)
            )
        )
    return results


def with_points(rows: Sequence[Sequence[int]]) -> list[Result]:
    """Return results with these points, out of 5 each; who has None has not the question."""
    results = []
    for line, row in enumerate(rows):
        questions = [Question("shape", f"q{n}", "", 5) for n in range(len(row))]
        marks = tuple(Mark(q, "wrong", 0) for q in questions)
        points = {q.name: float(p) for q, p in zip(questions, row, strict=True) if p is not None}
        possible = dict.fromkeys(points, 5.0)
        results.append(Result(line, "", "", "", Marking(marks), {}, points, possible))
    return results


def read(file: Path, delimiter: str = ",") -> list[dict[str, str]]:
    text = file.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def soup(file: Path) -> BeautifulSoup:
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


# Statistics


@given(
    st.integers(2, 5).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 5), min_size=n, max_size=n), min_size=20)
    )
)
def test_statistics_are_those_of_scipy_and_of_the_covariances(rows: list[list[int]]) -> None:
    results, points = with_points(rows), np.array(rows)
    sums = points.sum(axis=1)
    for place, one in enumerate(statistics_of(results).questions):
        own, rest = points[:, place], sums - points[:, place]
        assert one.share == pytest.approx(statistics.mean(own.tolist()) / 5)
        if len(set(own)) == 1 or len(set(rest)) == 1:
            assert one.discrimination is None
        else:
            assert one.discrimination == pytest.approx(pearsonr(own, rest).statistic, abs=1e-9)
    alpha, k = statistics_of(results).alpha, points.shape[1]
    if len(set(sums)) == 1:
        assert alpha is None
    else:
        covariances = np.cov(points.T)
        shared = covariances.sum() - np.trace(covariances)
        assert alpha == pytest.approx(k / (k - 1) * shared / covariances.sum(), abs=1e-9)


def test_alpha_of_a_worked_example() -> None:
    # Squared deviations: 5 + 2.75 + 5 of the questions, 36.75 of the sums; 3/2 (1 - 12.75/36.75).
    four = [(4, 5, 4), (3, 4, 3), (5, 5, 5), (2, 3, 2)]
    assert statistics_of(with_points(four * 5)).alpha == pytest.approx(48 / 49)
    assert statistics_of(with_points(four * 4)).alpha is None


def test_a_question_counts_for_those_who_have_it() -> None:
    rows = [(n % 6, (2 * n) % 5, None if n % 2 else n % 4) for n in range(60)]
    results = with_points(rows)
    *_, third = statistics_of(results).questions
    having = [row for row in rows if row[2] is not None]
    own, rest = [row[2] for row in having], [row[0] + row[1] for row in having]
    assert third.students == 30
    assert third.discrimination == pytest.approx(statistics.correlation(own, rest))
    assert (
        statistics_of(results).alpha == statistics_of(with_points([row[:2] for row in rows])).alpha
    )
    assert statistics_of(with_points([(1, 2)] * 25 + [(1, 2, 3)] * 19)).questions[-1].share is None


@pytest.mark.parametrize(
    ("discrimination", "students", "said"),
    [
        (0.19, 20, "look at it"),
        (0.2, 20, "acceptable"),
        (0.4, 20, "acceptable"),
        (0.41, 20, "good"),
        (None, 20, "all alike"),
        (None, 19, "too few students"),
    ],
)
def test_discrimination_is_said_in_words(
    discrimination: float | None, students: int, said: str
) -> None:
    assert QuestionStatistics("q", students, 0.5, discrimination, {}).verdict == said


def test_outcomes_and_slips_are_counted_by_student(class_of_40: list[Result]) -> None:
    by_name = {one.name: one for one in statistics_of(class_of_40).questions}
    assert "dense_1 shape" not in by_name  # it is void
    assert by_name["conv_1 parameters"].outcomes == {"right": 30, "partly": 10}
    assert by_name["conv_1 parameters"].share == pytest.approx(35 / 40)
    assert all(sum(one.outcomes.values()) == one.students == 40 for one in by_name.values())
    (bias,) = [one for one in statistics_of(class_of_40).slips if one.name == "bias forgotten"]
    assert (bias.students, bias.visible) == (10, 40)
    others = [
        (one.points - one.extra - one.earned["conv_1 parameters"])
        / (sum(one.possible.values()) - one.possible["conv_1 parameters"])
        for one in class_of_40[3::4]
    ]
    assert bias.rest == pytest.approx(statistics.mean(others))


def test_a_slip_can_be_seen_where_the_test_has_it_and_absent_students_do_not_count() -> None:
    depths = {seed: classtest.generate(seed, "first").network.input[2] for seed in range(1, 91)}
    seed = next(seed for seed, channels in depths.items() if channels == 3)
    conv = classtest.generate(seed, "first").network.layers[0]
    exchanged = (conv.kernel_size**2 * conv.filters + 1) * 3
    results = [marked(seed, {"conv_1 parameters": f"{exchanged}"})]
    results += [marked(other, {}) for other in depths if other != seed]
    results += [marked(other, dict.fromkeys(results[0].key, "")) for other in range(100, 130)]
    (found,) = statistics_of(results).slips
    assert (found.name, found.students) == ("channels exchanged", 1)
    assert found.visible == list(depths.values()).count(3)  # of one channel none can be exchanged
    assert found.rest == 1


def test_every_slip_has_a_section_that_the_course_has() -> None:
    assert SECTIONS.keys() == HINTS.keys()
    for section in set(SECTIONS.values()):
        notebook = nbformat.read(ROOT / "notebooks" / f"{section.chapter}.ipynb", as_version=4)
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
        headings = [line.lstrip("# ") for line in "\n".join(cells).splitlines() if line[:1] == "#"]
        assert section.heading in headings
        page, anchor = section.address.split("#")
        assert page.endswith(f".github.io/cnn-course/notebooks/{section.chapter}.html")
        assert anchor == make_id(section.heading)
        assert headings.count(section.heading) == 1


# The lecturer's report


def test_tables_hold_a_row_a_student_and_a_column_a_question(
    tmp_path: Path, class_of_40: list[Result]
) -> None:
    write_report(tmp_path, class_of_40, SETTINGS)
    rows = read(tmp_path / "points.csv")
    questions = [mark.question.name for mark in class_of_40[0].marking.marks]
    asked = [name for name in questions if name != "dense_1 shape"]
    assert list(rows[0])[-len(asked) :] == asked
    for row, one in zip(rows, class_of_40, strict=True):
        assert row["student"].lstrip("'") == one.student
        assert float(row["points"]) == sum(float(row[name]) for name in asked) + one.extra
        assert float(row["percent"]) == round(100 * one.share, 1)
        slips = "conv_1 parameters: bias forgotten"
        assert row["slips"] == (slips if one in class_of_40[3::4] else "")
    assert [row["question"] for row in read(tmp_path / "questions.csv")] == asked
    (slip,) = read(tmp_path / "slips.csv")
    assert slip["section"] == "Chapter 8, Convolution"


def test_numbers_have_a_comma_where_a_semicolon_stands_between_cells(
    tmp_path: Path, class_of_40: list[Result]
) -> None:
    write_report(tmp_path, class_of_40, SETTINGS, ";")
    rows = read(tmp_path / "points.csv", ";")
    assert rows[0]["conv_1 shape"] == "1,5"
    assert rows[0]["conv_1 parameters"] == "2"
    opposed = [(n % 5, 5 - n % 5) for n in range(20)]
    write_report(tmp_path, with_points(opposed), Settings(), ";")
    assert read(tmp_path / "questions.csv", ";")[0]["discrimination"] == "-1"


def test_the_report_says_what_the_statistics_say(tmp_path: Path, class_of_40: list[Result]) -> None:
    files = write_report(tmp_path, class_of_40, SETTINGS)
    before = [file.read_bytes() for file in files]
    assert [file.read_bytes() for file in write_report(tmp_path, class_of_40, SETTINGS)] == before
    page = soup(tmp_path / "report.html")
    assert not page.find_all(["script", "link", "img", "i", "b"])
    assert page.h1.text == "Vision & <i>more</i>: results"
    figures = {one.dt.text: one.dd.text for one in page.dl.find_all("div")}
    shares = [one.share for one in class_of_40]
    assert figures["mean"] == f"{100 * statistics.mean(shares):.1f}\xa0%"
    assert figures["median"] == f"{100 * statistics.median(shares):.1f}\xa0%"
    assert figures["standard deviation"] == f"{100 * statistics.stdev(shares):.1f}\xa0%"
    assert figures["Cronbach's alpha"] == f"{statistics_of(class_of_40).alpha:.2f}"
    counts = [int(one.split(": ")[1]) for one in page.svg.desc.text.split("; ")]
    assert counts == [
        sum(low <= min(share, 0.999) * 10 < low + 1 for share in shares) for low in range(10)
    ]
    tables = {table.caption.text: table for table in page.find_all("table")}
    rows = [[cell.text for cell in row.find_all(["th", "td"])] for row in tables["Grades"]("tr")]
    given = [one.grade for one in class_of_40]
    assert [(row[0], int(row[2])) for row in rows[1:]] == [(g, given.count(g)) for g in "ABC"]
    assert all(cell["scope"] in ("col", "row") for cell in page.find_all("th"))
    (link,) = page.find_all("a")
    assert link["href"] == SECTIONS["bias forgotten"].address
    assert link.parent.text.endswith(": 10 of 40 students (bias forgotten)")
    for decided in (
        "dense_1 shape: counts for nobody",
        "conv_1 shape: points times 0.5",
        "4003: +1 points besides",
        "4004, conv_1 parameters: 2 points by hand (The <b>picture</b> was faint.)",
        "cannot be read: 2",
    ):
        assert decided in page.get_text(), decided


@pytest.mark.parametrize("students", [0, 1, 19])
def test_of_few_students_there_are_counts_only_and_the_report_says_why(
    tmp_path: Path, class_of_40: list[Result], students: int
) -> None:
    write_report(tmp_path, class_of_40[:students], Settings())
    page = soup(tmp_path / "report.html")
    text = page.get_text()
    assert ("Fewer than 20 students answered" in text) == (students > 0)
    assert "discrimination" not in " ".join(cell.text for cell in page.find_all("th"))
    for row in read(tmp_path / "questions.csv"):
        assert (row["share"], row["discrimination"], row["students"]) == ("", "", str(students))


# The students' pages


def test_each_student_gets_a_page_that_no_name_can_harm(
    tmp_path: Path, class_of_40: list[Result]
) -> None:
    together = write_feedback(tmp_path, class_of_40, SETTINGS)
    names = [f"7K3M-{n:04}-{n + 1}.html" for n in range(1, 41)]
    files = [tmp_path / "feedback" / name for name in names]
    assert {file for file in tmp_path.rglob("*") if file.is_file()} == {together, *files}
    articles = soup(together).find_all("article")
    for one, file, article in zip(class_of_40, files, articles, strict=True):
        page = soup(file)
        assert page.h1.text == (one.student or "Line 6")
        assert page.article.text == article.text
        assert not page.find_all(["script", "link", "b"])
        rows = [[cell.text for cell in row.find_all(["th", "td"])] for row in page("tr")][1:-1]
        for row, mark in zip(rows, one.marking.marks, strict=True):
            name = mark.question.name
            assert row[0].endswith(mark.question.text)
            assert row[1:3] == [one.given[name], one.key[name]]
            assert row[4].casefold().startswith(str(mark).casefold())
            if name in one.possible:
                assert row[3] == f"{one.earned[name]:g} of {one.possible[name]:g}"
            else:
                assert row[3] == "does not count"
        reached = page.find(class_="reached").text
        assert reached.startswith(f"{one.points:g} of {sum(one.possible.values()):g} points")
        assert reached.endswith(f"Grade: {one.grade}")
    assert "+1 points besides" in articles[2].text
    assert "by hand. The <b>picture</b> was faint." in articles[3].text
    assert sum("by hand" in article.text for article in articles) == 1


def test_what_comes_from_a_table_of_answers_gives_no_name_of_a_file_elsewhere(
    tmp_path: Path,
) -> None:
    out = tmp_path / "a" / "b"
    one = marked(1, {"conv_1 shape": "<b>4</b>" * 100}, test="../../\\C:x")
    nobody = Result(9, "Nobody", "", "?", Marking(()), problem="no such test")
    write_feedback(out, [one, nobody], Settings())
    (file,) = (out / "feedback").iterdir()
    assert file.name == "Cx-2.html"
    kept = {out / "feedback" / name for name in ("mine.html", "Cx-2.html")}
    (out / "feedback" / "mine.html").write_text("")
    (out / "feedback" / "7K3M-Q9TX-12.html").write_text("of a row that has moved")
    write_feedback(out, [one, nobody], Settings())
    assert {*(out / "feedback").iterdir()} == kept
    assert "\u2026" in soup(file).text
    write_report(out, [nobody], Settings())
    assert "no such test" in soup(out / "report.html").text


def test_the_terminal_shows_scores_and_slips(class_of_40: list[Result]) -> None:
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(*summary_tables(class_of_40))
    said = console.export_text()
    assert f"{class_of_40[9].points:g}" in said
    assert "Student 40" in said
    assert "bias forgotten" in said
    assert "10 of 40" in said


@pytest.mark.browser
def test_the_pages_can_be_read_by_everybody_and_printed(
    tmp_path: Path, class_of_40: list[Result], window: Page
) -> None:
    write_report(tmp_path, class_of_40, SETTINGS)
    together = write_feedback(tmp_path, class_of_40, SETTINGS)
    files = sorted((tmp_path / "feedback").iterdir())
    for file in (tmp_path / "report.html", files[3]):
        for width in (1280, 390):
            page = fresh(window, width)
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert barriers(page) == []
            page.reload()
            assert too_faint(page) == []
    window.goto(together.as_uri())
    assert window.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == len(class_of_40)
