"""`cnn-course class-test`: sheets and keys as files, and a whole class marked."""

import csv
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from cnn_course import classtest
from cnn_course.press import classroom
from press.conftest import Course

HOSTILE = [
    "Ännchen von Tharau",
    '=HYPERLINK("http://example.org")',
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "a|b `c` **d** [e](http://example.org)",
    "one\ntwo",
    "\N{PILE OF POO}" * 300,
    '"quoted"',
    "semi;colon, comma",
]


def write_csv(file: Path, rows: list[list[object]], delimiter: str = ",") -> Path:
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return file


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


def answered(seed: int, level: str = "exam", **changed: object) -> list[object]:
    """Return the row of somebody who knows everything but what is changed, by number."""
    values = list(classtest.generate(seed, level).key.values())
    for number, value in changed.items():
        values[int(number[1:]) - 1] = value
    return [level, seed, *values]


def head(level: str = "exam") -> list[object]:
    return ["student", "level", "seed", *range(1, len(classtest.generate(1, level).questions) + 1)]


def test_a_sheet_and_a_key_are_written_for_each_seed_in_three_ways(tmp_path: Path) -> None:
    for folder in ("out", "again"):
        order = ("class-test", "--level", "first", "--seeds", "1-3", "--out", folder)
        assert "sheets.html" in Course(tmp_path).do(*order)
    for file in (tmp_path / "out").rglob("*.*"):
        again = tmp_path / "again" / file.relative_to(tmp_path / "out")
        assert file.read_bytes() == again.read_bytes()
    names = {file.name for file in (tmp_path / "out" / "sheets").iterdir()}
    endings = (".md", ".html", ".ipynb")
    assert names == {f"first-{seed}{ending}" for seed in (1, 2, 3) for ending in endings}
    assert {file.name for file in (tmp_path / "out" / "keys").iterdir()} == names
    sheet = classtest.generate(2, "first").sheet()
    assert (tmp_path / "out" / "sheets" / "first-2.md").read_text() == str(sheet)
    page = BeautifulSoup((tmp_path / "out" / "sheets.html").read_text(), "html.parser")
    assert [one.text for one in page.find_all("h1")] == [f"Class test first-{n}" for n in (1, 2, 3)]
    assert "break-before: page" in page.style.text


def test_a_notebook_sheet_prints_the_row_that_is_marked_and_a_key_marks_itself(
    tmp_path: Path,
) -> None:
    classroom.write_sheets(tmp_path, "first", [4])
    notebook = nbformat.read(tmp_path / "sheets" / "first-4.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    for value in classtest.generate(4, "first").key.values():
        code = code.replace("...,", f"{value!r},", 1)
    code = code.replace("student = ''", "student = 'Ada'").replace("sys.stdout", "stream")
    with (tmp_path / "row.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerow(head("first"))
        exec(code, {"stream": stream})
    (row,) = classroom.mark_class(tmp_path / "row.csv").rows
    assert (row.student, row.problem) == ("Ada", "")
    assert row.marking.points == row.marking.possible
    notebook = nbformat.read(tmp_path / "keys" / "first-4.ipynb", as_version=4)
    *setup, last = notebook.cells[-1].source.splitlines()
    names: dict[str, object] = {}
    exec("\n".join(setup), names)
    result = eval(last, names)
    assert result.points == result.possible


def test_each_student_of_a_class_list_gets_a_test_of_their_own(tmp_path: Path) -> None:
    names = [*HOSTILE, "Ada", "Grace"]
    listed = write_csv(tmp_path / "class.csv", [["Student", "mail"], *([n, "x"] for n in names)])
    Course(tmp_path).do("class-test", "--class-list", str(listed), "--out", "out")
    written = read_csv(tmp_path / "out" / "answers.csv")
    assert len({row["seed"] for row in written}) == len(names)
    for row in written:
        assert not row["student"].startswith(("=", "@", "+", "-"))
    sheet = tmp_path / "out" / "sheets" / "exam-4.html"
    page = BeautifulSoup(sheet.read_text(), "html.parser")
    assert not page.find_all(["script", "a", "strong", "code"], string=lambda t: t != "input")
    assert "Name: <script>alert(1)</script>" in page.get_text()
    for seed, name in enumerate(names, start=1):
        text = BeautifulSoup(
            (tmp_path / "out" / "sheets" / f"exam-{seed}.html").read_text(), "html.parser"
        ).get_text()
        assert f"Name: {' '.join(name[:200].split())}"[:150] in text
    outside = [file for file in tmp_path.rglob("*") if file.is_file() and "out" not in file.parts]
    assert outside == [listed]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_answers_that_were_written_into_the_table_are_never_lost(
    tmp_path: Path, encoding: str
) -> None:
    listed = write_csv(tmp_path / "class.csv", [["student"], ["Änne"]])
    order = ("class-test", "--class-list", str(listed), "--out", "out")
    Course(tmp_path).do(*order)
    table = tmp_path / "out" / "answers.csv"
    text = table.read_text(encoding="utf-8-sig").replace(",exam,1,", ",exam,1,7")
    table.write_bytes(text.encode(encoding))
    before = table.read_bytes()
    assert "Answers may be in it: choose another" in Course(tmp_path).do(*order, status=1)
    assert table.read_bytes() == before


def test_a_class_is_marked_with_scores_and_common_slips(tmp_path: Path) -> None:
    test = classtest.generate(1)
    (conv,) = [one for one in test.network.layers if one.name == "conv_1"]
    wrong = test.key["conv_1 parameters"] - conv.filters  # no bias
    file = write_csv(
        tmp_path / "answers.csv",
        [
            head(),
            ["Ada", *answered(1)],
            ["Grace", *answered(1, q2=wrong)],
            ["Alan", *answered(1, q2=wrong, q4="")],
        ],
    )
    said = Course(tmp_path).do("class-test", "mark", str(file), "--out", "points.csv")
    assert "3 marked" in said
    assert "bias forgotten" in said
    rows = read_csv(tmp_path / "points.csv")
    possible = int(rows[0]["possible"])
    assert [float(row["points"]) for row in rows] == [possible, possible - 1, possible - 3]
    assert [row["slips"] for row in rows] == ["", "2: bias forgotten", "2: bias forgotten"]
    assert [row["2"] for row in rows] == ["2", "1", "1"]
    assert rows[0]["percent"] == "100"
    assert classroom.mark_class(file).slips == {"bias forgotten": 2}


def test_bad_rows_are_reported_by_line_and_lose_nothing(tmp_path: Path) -> None:
    columns = head()
    rows = [
        columns,
        ["Ada", *answered(1)],
        ["no such level", "exams", 1],
        ["no seed", "exam", ""],
        ["seed is text", "exam", "one"],
        ["", *answered(2)],
        [],
        ["Ada", *answered(1)],
        ["too long", *answered(3), *["x"] * 9],
        ["two\nlines", "exam", "4.0", *answered(4)[2:]],
        ["cannot be read", *answered(5, q2="seven")],
        ["Grace", "Exam", *answered(12345678901234567890)[1:]],
    ]
    file = write_csv(tmp_path / "answers.csv", rows)
    said = Course(tmp_path).do("class-test", "mark", str(file), "--out", "points.csv", status=1)
    for expected in (
        "line 3: there is no level 'exams'",
        "line 4: the seed '' is no whole number",
        "line 5: the seed 'one' is no whole number",
        "line 6: no name",
        "line 8: the same student and test as in line 2",
        "line 9: ",
        "line 12: cannot be read: 2",
    ):
        assert expected in said, expected
    marked = read_csv(tmp_path / "points.csv")
    assert len(marked) == len(rows) - 2  # the head, and the empty row
    scored = {row["student"]: row["points"] for row in marked if row["points"]}
    assert float(scored["Grace"]) == float(scored["two\nlines"]) == float(scored["Ada"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_tables_of_every_spreadsheet_are_read(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    file = write_csv(tmp_path / "a.csv", [head(), ["Änne", *answered(1)]], delimiter)
    file.write_bytes(file.read_text(encoding="utf-8").replace("\n", "\r\n").encode(encoding))
    (row,) = classroom.mark_class(file).rows
    assert row.student == "Änne"
    assert row.marking.points == row.marking.possible


def test_columns_that_are_no_question_are_named_once_and_questions_may_be_named(
    tmp_path: Path,
) -> None:
    test = classtest.generate(1)
    file = write_csv(
        tmp_path / "a.csv",
        [
            ["student", "mail", "level", "seed", *test.key],
            *([name, "@", "exam", 1, *test.key.values()] for name in ("Ada", "Grace")),
        ],
    )
    marked = classroom.mark_class(file)
    assert marked.ignored == ["mail"]
    assert marked.problems == []
    assert all(row.marking.points == row.marking.possible for row in marked.rows)


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    assert "cannot be read" in Course(tmp_path).do("class-test", "mark", str(file), status=1)
    for content, said in (
        ("", "has no column 'student'"),
        ("name,level,seed\n", "has no column 'student'. Its first line names: name, level, seed"),
        ("student,level,seed,1,1\n", "two columns '1'"),
    ):
        file.write_text(content)
        assert said in Course(tmp_path).do("class-test", "mark", str(file), status=1)


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ((), 2, "--seeds 1-30 --out FOLDER"),
        (("--seeds", "30-1"), 1, "runs backwards. Write 1-30"),
        (("--seeds", "1,2,1-3"), 1, "names a seed twice"),
        (("--seeds", "all"), 1, "names no seeds"),
        (("--seeds", "1-999999"), 1, "100,000 at most"),
        (("--level", "harder", "--seeds", "1"), 2, "harder"),
        (("--class-list", "none.csv"), 1, "none.csv cannot be read"),
    ],
)
def test_a_wrong_order_for_sheets_is_refused(
    tmp_path: Path, options: tuple[str, ...], status: int, said: str
) -> None:
    assert said in Course(tmp_path).do("class-test", *options, "--out", "out", status=status)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["Ada", "", "Ada"], "line 4: 'Ada' is in line 2, too"),
        ([], "names no student"),
        (["Ada", "Grace", "Alan"], "3 students, but only 2 seeds"),
    ],
)
def test_a_class_list_without_a_name_for_each_is_refused(
    tmp_path: Path, rows: list[str], said: str
) -> None:
    lines = [["student", "mail"], *([name, "x"] for name in rows)]
    listed = write_csv(tmp_path / "class.csv", lines)
    order = ("class-test", "--class-list", str(listed), "--seeds", "1-2", "--out", "out")
    assert said in Course(tmp_path).do(*order, status=1)
    assert not (tmp_path / "out").exists()


def test_what_is_written_for_a_spreadsheet_opens_in_it(tmp_path: Path) -> None:
    listed = write_csv(tmp_path / "class.csv", [["student", "mail"], ["Änne", "x"]], ";")
    course = Course(tmp_path)
    course.do("class-test", "--class-list", str(listed), "--out", "out")
    answers = (tmp_path / "out" / "answers.csv").read_bytes()
    assert answers.startswith(b"\xef\xbb\xbfstudent;level;seed;1;")
    course.do("class-test", "mark", "out/answers.csv", "--out", "points.csv", status=1)
    assert (tmp_path / "points.csv").read_bytes().startswith(b"\xef\xbb\xbfline;student;")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_a_spreadsheets_own_first_line_is_passed_over(tmp_path: Path, encoding: str) -> None:
    text = "sep=;\nstudent;level;seed;1\nÄnne;exam;1;4x4\n"
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    (row,) = classroom.mark_class(tmp_path / "a.csv").rows
    assert (row.student, row.number) == ("Änne", 3)
    assert row.marking is not None


def test_half_of_two_students_know_everything_and_absent_ones_do_not_count(tmp_path: Path) -> None:
    nothing = ["exam", 1, *[0] * 20]
    rows = [head(), ["Ada", *answered(1)], ["Alan", *nothing], ["absent", "exam", 1]]
    marked = classroom.mark_class(write_csv(tmp_path / "a.csv", rows))
    zero = marked.rows[1].marking
    low = zero.points / zero.possible
    assert (
        f"2 marked: {(1 + low) / 2:.0%} on average, median {(1 + low) / 2:.0%}"
        in classroom.summary(marked)
    )
    assert marked.problems[-1] == "line 4: nothing is answered"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('"Ada,exam,1,4x4', "quotation marks do not fit"),
        ('"Ada" Lovelace,exam,1,4x4', "quotation marks do not fit"),
        (f"Ada,exam,1,{'4' * 200_000}", "field larger than field limit"),
    ],
)
def test_a_row_that_cannot_be_read_spoils_no_other(tmp_path: Path, row: str, said: str) -> None:
    others = [f'"Student {n}",exam,{n},"4, 4, 2"' for n in range(40)]
    lines = ["student,level,seed,1", *others[:20], row, *others[20:]]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    marked = classroom.mark_class(tmp_path / "a.csv")
    good = [one.student for one in marked.rows if one.marking]
    assert good == [f"Student {n}" for n in range(40)]
    (bad,) = [one for one in marked.rows if not one.marking]
    assert bad.number == 22
    assert said in bad.problem
