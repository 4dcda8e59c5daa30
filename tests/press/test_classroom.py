"""`cnn-course class-test`: tests for a class as files, and the whole class marked."""

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup

from cnn_course import classtest
from cnn_course.press.classroom import settings as class_settings
from cnn_course.press.classroom.assigned import AssignedTests, normalized
from cnn_course.press.classroom.making import make_class, print_pdf
from cnn_course.press.classroom.marking import MarkedClass, mark_class
from cnn_course.press.project import PressError
from press.conftest import Course

SALT = "a secret"
HOSTILE = [
    "Ännchen von Tharau",
    '=HYPERLINK("http://example.org")',
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "../../../etc/passwd",
    "a|b `c` **d** [e](http://example.org)",
    "one\ntwo",
    "\N{PILE OF POO}" * 300,
    '"quoted" \\ back',
    "semi;colon, comma",
    "نور\N{ZERO WIDTH NON-JOINER}الدین",
]


def write_csv(file: Path, rows: list[list[object]], delimiter: str = ",") -> Path:
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return file


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


class Class:
    """A class in a folder, whose students have their tests."""

    def __init__(self, folder: Path, *names: str, decided: str = "", **options: Any) -> None:
        self.folder = folder / "class"
        self.folder.mkdir(exist_ok=True)
        (self.folder / class_settings.FILE).write_text(f"salt = {SALT!r}\n{decided}")
        if names:
            rows = [["student", "number"], *([name, at] for at, name in enumerate(names, 100))]
            options["class_list"] = write_csv(folder / "list.csv", rows)
        self.files, self.notes = make_class(self.folder, **options)

    @property
    def rows(self) -> list[dict[str, str]]:
        return read_csv(self.folder / "tests.csv")

    def test(self, place: int) -> classtest.ClassTest:
        """Return a student's test, made again from what the lecturer's table says."""
        row = self.rows[place]
        return classtest.generate(int(row["seed"]), row["level"], SALT)

    def row(self, place: int, *answers: object, **changed: object) -> list[object]:
        """Return the row of somebody who knows everything but what is changed, by number."""
        who = self.rows[place]
        values = list(answers or self.test(place).key.values())
        for number, value in changed.items():
            values[int(number[1:]) - 1] = value
        return [who["student"], who["number"], who["test"], *values]

    def mark(self, *rows: list[object], delimiter: str = ",", head: Any = None) -> MarkedClass:
        head = head or ["student", "number", "test", *range(1, 21)]
        return mark_class(write_csv(self.folder / "answers.csv", [head, *rows], delimiter))


def test_each_student_gets_a_test_of_their_own_with_a_name_that_says_nothing(
    tmp_path: Path,
) -> None:
    made = Class(tmp_path, *HOSTILE, "Ada", "Grace", level="first")
    rows = made.rows
    assert len({row["test"] for row in rows}) == len(HOSTILE) + 2
    assert all(re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", row["test"]) for row in rows)
    for row in read_csv(made.folder / "answers.csv"):
        assert not row["student"].startswith(("=", "@", "+", "-"))
    for file in made.folder.rglob("*.*"):
        of_students = file.parent.name == "sheets" or file.name in ("sheets.html", "answers.csv")
        content = file.read_text(encoding="utf-8")
        assert not (of_students and SALT in content), file
        if file.parent.name == "sheets":
            assert "seed" not in content
            assert not re.search(r"first-?\d", content)
    for place, name in enumerate([*HOSTILE, "Ada", "Grace"]):
        page = (made.folder / "sheets" / f"{rows[place]['test']}.html").read_text(encoding="utf-8")
        parsed = BeautifulSoup(page, "html.parser")
        assert not parsed.find_all(["script", "a", "strong", "code"])
        assert " ".join(name[:150].split()) in " ".join(parsed.get_text().split())
    outside = [file for file in tmp_path.rglob("*") if file.is_file() and "class" not in file.parts]
    assert outside == [tmp_path / "list.csv"]


def test_the_same_folder_gives_the_same_files_and_another_secret_other_tests(
    tmp_path: Path,
) -> None:
    made = Class(tmp_path, "Ada", "Grace")
    before = {file: file.read_bytes() for file in made.folder.rglob("*.*")}
    make_class(made.folder, class_list=tmp_path / "list.csv")
    assert before == {file: file.read_bytes() for file in made.folder.rglob("*.*")}
    first = {row["test"] for row in made.rows}
    for folder in ("one", "two"):  # neither has a class.toml: each gets a secret of its own
        files, _ = make_class(tmp_path / folder, class_list=tmp_path / "list.csv")
        assert tmp_path / folder / "class.toml" in files
        others = {row["test"] for row in read_csv(tmp_path / folder / "tests.csv")}
        assert not first & others
        first |= others


def test_no_two_students_get_the_same_test(tmp_path: Path) -> None:
    made = Class(tmp_path, *map(str, range(150)), level="first")
    keys = [str(list(made.test(place).key.items())) for place in range(150)]
    assert len(set(keys)) == 150
    seeds = [int(row["seed"]) for row in made.rows]
    assert max(seeds) > 150  # some seeds repeated a test, and were passed over
    passed = sorted(set(range(1, max(seeds))) - set(seeds))[0]
    with pytest.raises(PressError, match=rf"Seeds \d+ and {passed} give the same test"):
        make_class(tmp_path / "class", level="first", seeds=f"1-{passed}")


def test_a_cover_says_what_is_allowed_and_has_one_place_for_each_answer(tmp_path: Path) -> None:
    decided = 'course = "Vision & more"\ndate = "12 March"\nminutes = 20\naids = "none"\n'
    decided += "[boundaries]\nA = 0.9\nB = 0.5\n"
    made = Class(tmp_path, decided=decided, seeds="3")
    write_csv(tmp_path / "list.csv", [["name", "minutes", "large print"], ["Ada", "30", "yes"]])
    page = BeautifulSoup((made.folder / "sheets.html").read_text(encoding="utf-8"), "html.parser")
    (cover,) = page.find_all(class_="cover")
    told = " ".join(cover.get_text(" ").split())
    for said in ("Vision & more", "12 March", "Minutes 20", "of 34", "A from 31, B from 17"):
        assert said in told
    answers = cover.find_all("table")[-1]
    assert {f"{n}" for n in range(1, 21)} <= {cell.text for cell in answers.find_all(["th", "td"])}
    assert not page.find_all(class_="large")
    make_class(tmp_path / "large", class_list=tmp_path / "list.csv")
    page = BeautifulSoup((tmp_path / "large" / "sheets.html").read_text("utf-8"), "html.parser")
    assert "Ada" in page.find(class_="large").get_text()
    assert "30" in page.find(class_="cover").get_text(" ").split()


def test_a_network_of_ones_own_and_that_of_chapter_8_are_given_to_a_class(tmp_path: Path) -> None:
    own = classtest.CHAPTER_8.read_text().replace("filters = 2", "filters = 3")
    (tmp_path / "own.toml").write_text(own.replace('title = "Class test of chapter 8"\n', ""))
    for place, network in enumerate(("chapter-8", str(tmp_path / "own.toml"))):
        (tmp_path / f"{place}").mkdir()
        made = Class(tmp_path / f"{place}", "Ada", "Grace", network=network)
        assert len({row["test"] for row in made.rows}) == 1
        sheets = BeautifulSoup((made.folder / "sheets.html").read_text("utf-8"), "html.parser")
        assert ["of 28" in cover.text for cover in sheets.find_all(class_="cover")] == [True] * 2
        test = classtest.read(made.folder / "network.toml")
        rows = [
            [row["student"], row["number"], row["test"], *test.key.values()] for row in made.rows
        ]
        results = made.mark(*rows).results
        assert [one.points for one in results] == [28, 28]


def test_a_notebook_sheet_prints_the_row_that_is_marked_and_a_key_marks_itself(
    tmp_path: Path,
) -> None:
    made = Class(tmp_path, "Ada", level="first")
    name = made.rows[0]["test"]
    notebook = nbformat.read(made.folder / "sheets" / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    for value in made.test(0).key.values():
        code = code.replace("...,", f"{value!r},", 1)
    code = code.replace("sys.stdout", "stream")
    with (made.folder / "row.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerow(["student", "number", "test", *range(1, 10)])
        exec(code, {"stream": stream})
    marked = mark_class(made.folder / "row.csv")
    assert marked.problems == []
    assert [one.points for one in marked.results] == [15]
    notebook = nbformat.read(made.folder / "keys" / f"{name}.ipynb", as_version=4)
    *setup, last = notebook.cells[-1].source.splitlines()
    names: dict[str, object] = {}
    exec("\n".join(setup), names)
    result = eval(last, names)
    assert result.points == result.possible


@pytest.mark.browser
def test_sheets_and_keys_are_printed_as_pdf_with_the_students_name_on_every_page(
    tmp_path: Path,
) -> None:
    Class(tmp_path, "Ada", "Grace")
    made = [print_pdf(tmp_path / "class" / f"{part}.html") for part in ("sheets", "keys")]
    for file in made:
        content = file.read_bytes()
        assert content.startswith(b"%PDF-")
        assert len(re.findall(rb"/Type\s*/Page\b", content)) >= 2


def test_without_a_browser_printing_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Class(tmp_path, "Ada")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PressError, match=r"none of chromium, .* print it from there"):
        print_pdf(tmp_path / "class" / "sheets.html")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_answers_that_were_written_into_the_table_are_never_lost(
    tmp_path: Path, encoding: str
) -> None:
    made = Class(tmp_path, "Änne")
    table = made.folder / "answers.csv"
    text = table.read_text(encoding="utf-8-sig").replace(",,", ",7,", 1)
    table.write_bytes(text.encode(encoding))
    before = table.read_bytes()
    with pytest.raises(PressError, match="Answers may be in it: choose another"):
        make_class(made.folder, class_list=tmp_path / "list.csv")
    assert table.read_bytes() == before


def test_a_class_is_marked_by_what_the_lecturer_decided_and_always_alike(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada", "Grace", "Alan", "absent")
    conv = made.test(1).network.layers[0]
    wrong = made.test(1).key["conv_1 parameters"] - conv.filters  # no bias
    rows = [made.row(0), made.row(1, q2=wrong), made.row(2, q4=""), [*made.row(3)[:3]]]
    marked = made.mark(*rows)
    assert [one.points for one in marked.results] == [34, 33, 32, 0]
    assert marked.results[1].marking.slips == Counter({"bias forgotten": 1})
    assert marked.problems == ["line 5: nothing is answered"]
    (made.folder / class_settings.FILE).write_text(
        f"salt = {SALT!r}\n"
        'void = ["conv_1 shape"]\n'
        "[boundaries]\nA = 1.0\nB = 0.5\nF = 0\n"
        '[weights]\n"conv_1 parameters" = 3\n'
        "[extra]\n102 = 1.5\n"  # Alan, by number
        '[[overrides]]\nstudent = "grace"\nquestion = "conv_1 parameters"\n'
        'points = 5.5\nreason = "The drawing is right."\n'
    )
    again = made.mark(*rows)
    assert [one.points for one in again.results] == [35, 34.5, 34.5, 0]
    assert {sum(one.possible.values()) for one in again.results} == {35}
    assert [one.grade for one in again.results] == ["A", "B", "B", "F"]
    assert again.results[1].earned["conv_1 parameters"] == 5.5
    assert made.mark(*rows) == again


@pytest.mark.parametrize(
    ("decided", "said"),
    [
        ("void = 3", "void of the file must be a list of questions such as"),
        ("viod = []", "the file has no 'viod'. Did you mean 'void'"),
        ("minutes = true", "minutes of the file must be a number of minutes, not True"),
        (
            "[boundaries]\nA = 90",
            "boundaries of the file must be shares of the points, from 0 to 1",
        ),
        ("[weights]\na = -1", "weights of the file must be a number, 0 or more"),
        ("overrides = 3", "overrides are blocks"),
        ('[[overrides]]\nstudent = "A"', "an override lacks 'question'"),
        ("[[overrides]]\nstudent = 3", "student of an override must be a text in quotes, not 3"),
        ("[boundaries", "class.toml: "),
    ],
)
def test_a_decision_that_is_none_is_told(tmp_path: Path, decided: str, said: str) -> None:
    (tmp_path / "class.toml").write_text(decided)
    with pytest.raises(PressError, match=re.escape(said)):
        class_settings.read(tmp_path / "class.toml")


def test_a_new_class_toml_can_be_read_and_has_a_secret_of_its_own() -> None:
    one, other = (class_settings.parsed(class_settings.new(), "new") for _ in range(2))
    assert one.salt != other.salt
    assert len(one.salt) >= 16


def test_what_is_decided_about_nobody_is_told(tmp_path: Path) -> None:
    decided = 'void = ["conv_9 shape"]\n[extra]\n"Nobody" = 1\n'
    made = Class(tmp_path, "Ada", decided=decided)
    problems = made.mark(made.row(0)).problems
    assert problems == ["class.toml: no student 'Nobody'", "class.toml: no question 'conv_9 shape'"]


def test_bad_rows_are_told_by_line_and_lose_nothing(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada", "Grace", "Alan", "two\nlines", "Emmy")
    marked = made.mark(
        made.row(0),
        ["somebody", "", "ABCD-2345", 7],
        ["stranger", "", "", 7],
        ["", "", made.rows[1]["test"], *made.row(1)[3:]],
        [],
        made.row(0),
        [*made.row(2), *["x"] * 9],
        made.row(3),
        made.row(4, q2="seven"),
        ["Alan", "", made.rows[1]["test"], *made.row(1)[3:]],
    )
    said = "\n".join(marked.problems)
    for expected in (
        "line 3: the class has no test 'ABCD-2345'",
        "line 4: no test is named",
        "line 5: no name",
        "line 7: the same student and test as in line 2",
        "line 8: 32 cells, but the head names 23",
        "line 11: conv_1 parameters (2) cannot be read: 'seven'",
        f"line 12: the test {made.rows[1]['test']} was made for Grace",
    ):
        assert expected in said, expected
    assert {one.student: one.points for one in marked.results}["two\nlines"] == 34
    assert sum(bool(one.marking.marks) for one in marked.results) == 6


def test_a_test_is_found_however_its_name_is_typed_or_by_its_student(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada", "Grace")
    name = made.rows[0]["test"]
    for typed in (name.lower(), name.replace("-", ""), f" {name[:4]} – {name[5:]}"):
        assert normalized(typed) == name
    assert normalized("oil0-1oil") == "0110-1011"
    head = ["student", *range(1, 21)]
    (result,) = made.mark(["grace", *made.row(1)[3:]], head=head).results
    assert (result.test, result.points) == (made.rows[1]["test"], 34)


def test_tests_that_this_version_would_make_otherwise_are_refused(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada")
    table = made.folder / "tests.csv"
    table.write_text(table.read_text("utf-8").replace(",exam,1,", ",exam,2,"), "utf-8")
    marked = made.mark(made.row(0))
    assert marked.results[0].points == 0
    assert (
        "makes another test than version 0.1.0 did, or the salt has changed" in marked.problems[0]
    )
    assert "version" in str(AssignedTests(made.folder, "other").test(made.rows[0]["test"]))


def test_columns_that_are_no_question_are_named_once_and_questions_may_be_named(
    tmp_path: Path,
) -> None:
    made = Class(tmp_path, "Ada")
    test = made.test(0)
    marked = made.mark(["Ada", "@", *test.key.values()], head=["student", "mail", *test.key])
    assert (marked.ignored, marked.problems) == (["mail"], [])
    assert marked.results[0].points == 34


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
        (("--network", "none.toml"), 1, "none.toml"),
    ],
)
def test_a_wrong_order_for_tests_is_refused(
    tmp_path: Path, options: tuple[str, ...], status: int, said: str
) -> None:
    assert said in Course(tmp_path).do("class-test", *options, "--out", "out", status=status)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["Ada", ""], ["", ""], ["Ada", ""]], "line 4: 'Ada' is in line 2, too"),
        ([["Ada", "x"]], "'x' is no number of minutes"),
        ([], "names no student"),
        ([["Ada", ""], ["Grace", ""], ["Alan", ""]], "3 students, but only 2 seeds"),
    ],
)
def test_a_class_list_that_does_not_tell_its_students_apart_is_refused(
    tmp_path: Path, rows: list[list[str]], said: str
) -> None:
    listed = write_csv(tmp_path / "class.csv", [["student", "minutes"], *rows])
    order = ("class-test", "--class-list", str(listed), "--seeds", "1-2", "--out", "out")
    assert said in Course(tmp_path).do(*order, status=1)
    assert not (tmp_path / "out").exists()


def test_the_command_makes_a_class_marks_it_and_reports(tmp_path: Path) -> None:
    write_csv(tmp_path / "class.csv", [["student", "mail"], ["Änne", "x"], ["Bo", "y"]], ";")
    course = Course(tmp_path)
    said = course.do("class-test", "--class-list", "class.csv", "--out", "out")
    assert "sheets.html" in said
    table = tmp_path / "out" / "answers.csv"
    assert table.read_bytes().startswith(b"\xef\xbb\xbfstudent;number;test;1;")
    said = course.do("class-test", "mark", "out/answers.csv", "--out", "report", status=1)
    assert "line 2: nothing is answered" in said
    points = (tmp_path / "report" / "points.csv").read_bytes()
    assert points.startswith(b"\xef\xbb\xbfline;student;")
    assert (tmp_path / "report" / "report.html").exists()
