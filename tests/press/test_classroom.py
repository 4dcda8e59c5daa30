"""`cnn-course class-test`: tests for a class as files, and the whole class marked."""

import ast
import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import tracemalloc
import zipfile
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from bs4 import BeautifulSoup
from patience import HANGS, until
from rich.console import Console

from cnn_course import classtest
from cnn_course.classtest import Marking
from cnn_course.files import write
from cnn_course.press.browser import print_pdf
from cnn_course.press.classroom import making, marking
from cnn_course.press.classroom import settings as class_settings
from cnn_course.press.classroom.assigned import (
    AssignedTests,
    Student,
    assign,
    normalized,
    rows_of,
)
from cnn_course.press.classroom.making import make_class
from cnn_course.press.classroom.marking import MarkedClass, mark_class
from cnn_course.press.classroom.report import summary_tables, write_feedback, write_report
from cnn_course.press.classroom.results import Result
from cnn_course.press.cli import main
from cnn_course.press.project import PressError
from press.conftest import COMMAND, Course
from press.test_platforms import HEAD, attempt, response, summary
from press.test_run import alive

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


@pytest.mark.fault(
    "names of files and students with signs that steer a terminal",
    "they are printed as escapes",
    "nothing",
)
def test_nothing_that_is_printed_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    steering = "\x1b]0;x\x07\x1b[2J\x9b\N{RIGHT-TO-LEFT OVERRIDE}"
    with pytest.raises(SystemExit):
        main(["class-test", "--class-list", f"{steering}.csv", "--out", "new"])
    result = Result(2, f"Ada{steering}", "", "7K3M-Q9TX", Marking(()))
    Console(width=200).print(*summary_tables([result]))
    said = "".join(capsys.readouterr())
    assert said.count(r"\x1b]0;x\x07\x1b[2J\x9b\u202e") == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\N{RIGHT-TO-LEFT OVERRIDE}]", said)


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
        content = file.read_text(encoding="utf-8")
        assert (SALT in content) == (file.name == "class.toml"), file
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


def test_every_file_says_which_version_of_the_course_made_it(tmp_path: Path) -> None:
    make_class(tmp_path / "class", seeds="1", formats=("moodle", "canvas"))
    made_by = f"cnn-course {version('cnn-course')}"
    for file in (tmp_path / "class").rglob("*.*"):
        if file.suffix == ".zip":
            archive = zipfile.ZipFile(file)
            assert all(made_by in archive.read(name).decode() for name in archive.namelist())
        elif file.suffix not in (".csv", ".lock") and file.name != ".lock":
            assert made_by in file.read_text("utf-8"), file
    (row,) = read_csv(tmp_path / "class" / "tests.csv")
    assert row["version"] == version("cnn-course")


def test_no_two_students_get_the_same_test(tmp_path: Path) -> None:
    made = Class(tmp_path, *map(str, range(150)), level="first")
    keys = [str(list(made.test(place).key.items())) for place in range(150)]
    assert len(set(keys)) == 150
    seeds = [int(row["seed"]) for row in made.rows]
    assert max(seeds) > 150  # some seeds repeated a test, and were passed over
    passed = sorted(set(range(1, max(seeds))) - set(seeds))[0]
    with pytest.raises(PressError, match=rf"Seeds \d+ and {passed} give the same test"):
        make_class(tmp_path / "class", level="first", seeds=f"1-{passed}")


def test_where_there_are_not_so_many_tests_as_students_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = classtest.generate
    monkeypatch.setattr(classtest, "generate", lambda seed, *more: made(seed % 3, *more))
    with pytest.raises(PressError, match=r"no 4 different tests; 3 were found\. Choose"):
        Class(tmp_path, *"ABCD", level="first")


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
    own = own.replace('"pool"', "'Pool \"x\" \\'")
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
        head = ["student", "number", "test", *test.key]
        assert [one.points for one in made.mark(*rows, head=head).results] == [28, 28]
        for file in made.folder.glob("*/*.ipynb"):
            for cell in nbformat.read(file, as_version=4).cells:
                if cell.cell_type == "code":
                    ast.parse(cell.source)


def test_a_notebook_sheet_prints_the_row_that_is_marked_and_a_key_marks_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    monkeypatch.chdir(made.folder / "keys")
    notebook = nbformat.read(f"{name}.ipynb", as_version=4)
    *setup, last = notebook.cells[-1].source.splitlines()
    names: dict[str, object] = {}
    exec("\n".join(setup), names)
    result = eval(last, names)
    assert result.points == result.possible == 15


@pytest.mark.browser
def test_sheets_and_keys_are_printed_as_pdf(tmp_path: Path) -> None:
    Class(tmp_path, "Ada", "Grace")
    made = [print_pdf(tmp_path / "class" / f"{part}.html") for part in ("sheets", "keys")]
    for file in made:
        content = file.read_bytes()
        assert content.startswith(b"%PDF-")
        assert len(re.findall(rb"/Type\s*/Page\b", content)) >= 2


@pytest.mark.fault(
    "SIGKILL, or Ctrl+C, while a browser prints",
    "the browser ends, too",
    "the pages; a temporary folder until the next command",
)
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_browser_ends_with_who_prints(tmp_path: Path, sent: signal.Signals) -> None:
    sign, page, browser = tmp_path / "sign", tmp_path / "page.html", tmp_path / "chromium"
    page.touch()
    browser.write_text(f"#!{sys.executable}\nimport os, time\n" + BROWSER.format(sign=str(sign)))
    browser.chmod(0o755)
    printing = "import sys, pathlib, signal\n"
    printing += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # or it may be ignored
    printing += "from cnn_course.press.browser import print_pdf\n"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{printing}print_pdf(pathlib.Path(sys.argv[1]))", page],
        env=os.environ | {"PATH": str(tmp_path), "TMPDIR": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    until(sign.exists, "the start of the browser")
    process.send_signal(sent)
    process.wait(HANGS)
    until(lambda: not psutil.pid_exists(int(sign.read_text())), "the end of the browser")


# Stands for one, and prints for ever.
BROWSER = """
with open({sign!r} + ".part", "w") as file:
    file.write(str(os.getpid()))
os.rename(file.name, {sign!r})
time.sleep(600)
"""


def test_whose_page_it_is_stands_at_its_foot(tmp_path: Path) -> None:
    made = Class(tmp_path, 'A"; }', "\N{PILE OF POO}" * 300)
    page = BeautifulSoup((made.folder / "sheets.html").read_text("utf-8"), "html.parser")
    for row, test in zip(made.rows, page.find_all("article"), strict=True):
        (content,) = re.findall(
            r'@page s\S+ \{ @bottom-left \{ content: "([^"]*)" \}', test.style.text
        )
        shown = re.sub(r"\\([0-9a-f]+) ", lambda sign: chr(int(sign[1], 16)), content)
        assert shown == f"Class test {row['test']} {row['student']}"[:120]
        assert test.div["style"] == f"page: s{row['test']}"


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
    with pytest.raises(PressError, match=r"answers\.csv is there .* Answers may be in it"):
        make_class(made.folder, class_list=tmp_path / "list.csv")
    assert table.read_bytes() == before


def test_who_has_which_test_is_never_lost_nor_the_secret_when_making_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Class(tmp_path, "Ada")
    (made.folder / "answers.csv").unlink()
    before = (made.folder / "tests.csv").read_bytes()
    with pytest.raises(PressError, match=r"tests\.csv is there .* students may have other tests"):
        make_class(made.folder, level="first", class_list=tmp_path / "list.csv")
    assert (made.folder / "tests.csv").read_bytes() == before
    written: list[Path] = []

    def interrupted(file: Path, content: str | bytes) -> None:
        if len(written) == 4:
            raise KeyboardInterrupt
        written.append(file)
        write(file, content)

    monkeypatch.setattr(making, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_class(tmp_path / "new", class_list=tmp_path / "list.csv")
    assert written[0].name == "class.toml"
    names = {file.name for file in written}
    monkeypatch.setattr(making, "write", write)
    make_class(tmp_path / "new", class_list=tmp_path / "list.csv")
    assert names <= {file.name for file in (tmp_path / "new").rglob("*.*")}
    assert len(list((tmp_path / "new" / "sheets").glob("*.md"))) == 1


def test_of_two_that_make_a_class_at_once_one_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path / "list.csv", [["student"], ["Ada"], ["Grace"]])
    order = [COMMAND, "class-test", "--class-list", "list.csv", "--out", "class"]
    both = [
        subprocess.Popen(order, cwd=tmp_path, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [one.communicate(timeout=HANGS)[1] for one in both]
    assert len(list((tmp_path / "class" / "sheets").glob("*.md"))) == 2
    assert any("is there already" in text for text in said) == (both[0].poll() != both[1].poll())


def test_without_a_secret_no_class_is_made(tmp_path: Path) -> None:
    (tmp_path / "class.toml").write_text("")
    with pytest.raises(PressError, match=r"has no salt.* first line: salt = \"\w{16}\""):
        make_class(tmp_path, seeds="1")
    assert [file.name for file in tmp_path.iterdir()] == ["class.toml"]


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
        'void = ["conv_1 shape", "receptive field"]\n'
        "[boundaries]\nA = 1.0\nB = 0.5\nF = 0\n"
        '[weights]\n"conv_1 parameters" = 3\n"total parameters" = 0.5\n'
        "[extra]\n102 = 1.5\n"  # Alan, by number
        '[[overrides]]\nstudent = "grace"\nquestion = "conv_1 parameters"\n'
        'points = 5.5\nreason = "The drawing is right."\n'
    )
    again = made.mark(*rows)
    assert [one.points for one in again.results] == [32.5, 32, 32, 0]
    assert {sum(one.possible.values()) for one in again.results} == {32.5}
    assert [one.grade for one in again.results] == ["A", "B", "B", ""]  # absent: no grade
    assert again.results[1].earned["conv_1 parameters"] == 5.5
    assert made.mark(*rows) == again
    page = make_class(tmp_path / "printed", seeds="1")[0][0]
    shutil.copy(made.folder / class_settings.FILE, page.parent)
    for name in ("answers.csv", "tests.csv"):
        (page.parent / name).unlink()
    make_class(page.parent, seeds="1")
    told = " ".join(BeautifulSoup(page.read_text("utf-8"), "html.parser").get_text(" ").split())
    for said in ("of 32.5 Grade", "B from 16.5, F from 0", "Questions (32.5 points)"):
        assert said in told
    assert "Number of parameters of conv_1 6 " in told
    assert "Shape of the output of conv_1 0 " in told


def test_a_boundary_is_reached_by_whoever_has_just_its_points(tmp_path: Path) -> None:
    shares = sum([0.1] * 8)  # a little less than 0.8, as points with weights are
    assert class_settings.Settings(boundaries={"A": 0.8, "B": 0.5}).grade(shares) == "A"
    # 0.55 times 100 is a little more than 55.
    made = Class(tmp_path, decided="[boundaries]\nA = 0.55\n", level="hard", seeds="1")
    assert "A from 27.5" in (made.folder / "sheets.html").read_text("utf-8")


def test_where_nothing_counts_there_is_no_grade(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada")
    decided = f"salt = {SALT!r}\nvoid = {list(made.test(0).key)}\n[boundaries]\nF = 0\n"
    (made.folder / class_settings.FILE).write_text(decided)
    (one,) = made.mark(made.row(0)).results
    assert (one.points, one.share, one.grade) == (0, 0, "")


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
        ("[weights]\na = inf", "weights of the file must be a number, 0 or more"),
        (
            '[[overrides]]\nstudent = "A"\nquestion = "q"\npoints = 1\n'
            '[[overrides]]\nstudent = "a"\nquestion = "q"\npoints = 2\n',
            "there are two overrides for 'a' and 'q'",
        ),
    ],
)
def test_a_decision_that_is_none_is_told(tmp_path: Path, decided: str, said: str) -> None:
    (tmp_path / "class.toml").write_text(decided)
    with pytest.raises(PressError, match=re.escape(said)):
        class_settings.read(tmp_path / "class.toml")


def test_a_class_toml_is_read_as_editors_save_it_or_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "class.toml"
    file.write_bytes('aids = "Bücher"\r\n'.encode("utf-8-sig"))
    assert class_settings.read(file).aids == "Bücher"
    for encoding in ("cp1252", "utf-16"):
        file.write_bytes('aids = "Bücher"'.encode(encoding))
        with pytest.raises(PressError, match=r"class\.toml is not UTF-8\. Save it again"):
            class_settings.read(file)
    with pytest.raises(PressError, match=r"no class\.toml in .* with --class"):
        mark_class(tmp_path / "elsewhere" / "answers.csv")


def test_a_new_class_toml_can_be_read_and_has_a_secret_of_its_own() -> None:
    one, other = (class_settings.parsed(class_settings.new(20), "new") for _ in range(2))
    assert one.salt != other.salt
    assert len(one.salt) >= 16


def test_what_is_decided_about_nobody_is_told(tmp_path: Path) -> None:
    decided = 'void = ["conv_9 shape"]\n[extra]\n"Nobody" = 1\n'
    made = Class(tmp_path, "Ada", decided=decided)
    problems = made.mark(made.row(0)).problems
    assert problems == [
        "class.toml: nobody in this table is 'Nobody'",
        "class.toml: no question 'conv_9 shape'",
    ]


def test_points_by_hand_beyond_the_question_are_told(tmp_path: Path) -> None:
    decided = '[[overrides]]\nstudent = "Ada"\nquestion = "conv_1 shape"\npoints = 30\n'
    made = Class(tmp_path, "Ada", decided=decided)
    assert made.mark(made.row(0)).problems == [
        "class.toml: 30 points for 'conv_1 shape', which has 3"
    ]


def test_what_is_decided_about_several_or_about_what_does_not_count_is_told(tmp_path: Path) -> None:
    decided = (
        'void = ["conv_1 shape"]\n[extra]\nada = 2\n102 = 1\n'
        '[[overrides]]\nstudent = "Grace"\nquestion = "conv_1 shape"\npoints = 3\n'
    )
    made = Class(tmp_path, "Ada", "Ada", "Grace", decided=decided)
    marked = made.mark(*map(made.row, range(3)))
    assert marked.problems == [
        "class.toml: 'ada' are several, in lines 2, 3, and all get it; take the number",
        "class.toml: no question 'conv_1 shape' that counts for 'Grace'",
    ]
    assert [one.points for one in marked.results] == [33, 33, 32]


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
    assert made.mark(made.row(0)).notes == ["No row is about these students (1): Grace."]
    assert made.mark(made.row(0), made.row(1)).notes == []
    name = made.rows[0]["test"]
    for typed in (name.lower(), name.replace("-", ""), f" {name[:4]} – {name[5:]}"):
        assert normalized(typed) == name
    assert normalized("oil0-1oil") == "0110-1011"
    head = ["student", *range(1, 21)]
    (result,) = made.mark(["grace", *made.row(1)[3:]], head=head).results
    assert (result.test, result.points) == (made.rows[1]["test"], 34)
    head = ["number", "First name", "Last name", *range(1, 21)]
    write_csv(tmp_path / "list.csv", [["name", "number"], ["A B", "007"], ["A C", "070"]])
    shutil.rmtree(made.folder)
    made = Class(tmp_path, class_list=tmp_path / "list.csv")
    answers = [["7", "A", "B", *made.row(0)[3:]], ["", "A", "C", *made.row(1)[3:]]]
    marked = made.mark(*answers, head=head)  # a spreadsheet has taken the zeros away
    assert [one.points for one in marked.results] == [34, 34]
    swapped = [["7", "A B", *made.row(1)[2:]], ["70", "A C", *made.row(0)[2:]]]
    problems = made.mark(*swapped, head=["number", "student", "test", *range(1, 21)]).problems
    assert [problem[-7:] for problem in problems] == ["A C 070", "A B 007"]


def test_students_of_one_name_are_told_apart_by_their_numbers(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada", "Ada")
    rows = [[*made.row(place)[:2], *made.row(1 - place)[2:]] for place in range(2)]
    (first, second) = made.mark(*rows).problems
    assert first.endswith("was made for Ada 101")
    assert second.endswith("was made for Ada 100")


def test_the_lecturers_table_may_have_been_touched_but_not_broken(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada")
    table, row = made.folder / "tests.csv", made.row(0)
    good = table.read_text("utf-8-sig")
    name = made.rows[0]["test"]
    table.write_bytes(good.replace(name, name.lower()).replace(",", ";").encode("cp1252"))
    assert made.mark(row).problems == []
    table.write_text(f"{good}ABCD-1234\n", "utf-8")
    (problem,) = made.mark(row, ["Bo", "", "ABCD-1234", 7]).problems
    assert problem.startswith("line 3: line 3 of tests.csv names no test: level ''")
    table.write_text(f'{good}"open\n', "utf-8")
    with pytest.raises(PressError, match=r"Line 3 of .*tests\.csv: its quotation marks"):
        made.mark(row)


def test_answers_of_paper_and_of_notebooks_stand_in_one_table(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada", "Grace")
    key = made.test(1).key
    names, blank = list(key), [""] * 20
    rows = [[*made.row(0), *blank], [*made.row(1)[:3], *blank, *key.values()]]
    for order in (slice(None), slice(None, None, -1)):  # whichever columns come first
        head = ["student", "number", "test", *range(1, 21), *names][order]
        marked = made.mark(*(row[order] for row in rows), head=head)
        assert [one.points for one in marked.results] == [34, 34]
        assert marked.problems == []


@pytest.mark.parametrize("date", ["4/4/2002", "04.04.2002", "2002-04-04", "4-Apr-02", "4/4"])
def test_a_shape_that_a_spreadsheet_took_for_a_date_is_told(tmp_path: Path, date: str) -> None:
    made = Class(tmp_path, "Ada")
    (problem,) = made.mark(made.row(0, q1=date)).problems
    assert "conv_1 shape (1) " in problem
    assert problem.endswith(repr(date))


def test_a_date_is_told_also_where_it_earns_points(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada")
    height, width, channels = made.test(0).key["conv_1 shape"]
    (problem,) = made.mark(made.row(0, q1=f"{height}/{width}/20{channels:02}")).problems
    assert "may have become a date" in problem


def test_a_test_that_moodle_has_drawn_is_nobody_elses(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada Lovelace", "Grace Hopper", level="first")
    attempts = [
        attempt(summary(row["test"], test), response(test, test.key), row["number"])
        for row, test in zip(made.rows, map(made.test, range(2)), strict=True)
    ]
    head = [*HEAD.split(","), "Question 1", "Response 1"]
    marked = mark_class(write_csv(made.folder / "moodle.csv", [head, *attempts]))
    assert [(one.student, one.points) for one in marked.results] == [("Ada Lovelace", 15)] * 2
    assert marked.problems == []


def test_tests_that_this_version_would_make_otherwise_are_refused(tmp_path: Path) -> None:
    made = Class(tmp_path, "Ada")
    table = made.folder / "tests.csv"
    table.write_text(table.read_text("utf-8").replace(",exam,1,", ",exam,2,"), "utf-8")
    marked = made.mark(made.row(0))
    assert marked.results[0].points == 0
    assert "the salt is another one than the test was made with" in marked.problems[0]
    assert "salt" in str(AssignedTests(made.folder, "other").test(made.rows[0]["test"]))
    table.write_text(table.read_text("utf-8").replace(",0.1.0", ",0.0.9"), "utf-8")
    (problem,) = made.mark(made.row(0)).problems
    assert "makes another test than version 0.0.9 did: use that" in problem


def test_columns_that_are_no_question_are_named_once_and_questions_may_be_named(
    tmp_path: Path,
) -> None:
    made = Class(tmp_path, "Ada")
    test = made.test(0)
    marked = made.mark(["Ada", "@", *test.key.values()], head=["student", "mail", *test.key])
    assert (marked.ignored, marked.problems) == (["mail"], [])
    assert marked.results[0].points == 34
    marked = made.mark(["100", *made.row(0)[2:]], head=["number", "test", *range(1, 21)])
    assert (marked.problems, marked.results[0].points) == ([], 34)  # a number is a name, too


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ((), 2, "--class-list class.csv or --seeds 1-30, and --out"),
        (("--seeds", "30-1"), 1, "runs backwards. Write 1-30"),
        (("--seeds", "1,2,1-3"), 1, "names a seed twice"),
        (("--seeds", "all"), 1, "names no seeds"),
        (("--seeds", "1-999999"), 1, "100,000 at most"),
        (("--seeds", "9" * 5000), 1, "names no seeds"),
        (("--seeds", "1", "--network", "chapter-8"), 2, "Leave one of them out"),
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


def large_class(folder: Path, students: int) -> Path:
    """Return the answers of a class that all know everything but one, and one whom nobody knows."""
    (folder / class_settings.FILE).write_text(f"salt = {SALT!r}")
    given = assign([Student(f"Student {n}") for n in range(students)], "first", [], SALT)
    write_csv(folder / "tests.csv", [*rows_of(given)])
    rows = [[one.student.name, one.id, *one.test.key.values()] for one in given]
    rows[1][2], rows[2][1] = "7 x 7", "nobody's"
    return write_csv(folder / "answers.csv", [["student", "test", *range(1, 10)], *rows])


def test_marking_a_larger_class_takes_hardly_more_memory(tmp_path: Path) -> None:
    def peak(students: int) -> int:
        folder = tmp_path / str(students)
        folder.mkdir()
        answers = large_class(folder, students)
        tracemalloc.start()
        marked = mark_class(answers)
        write_report(folder, marked.results, marked.settings)
        write_feedback(folder, marked.results, marked.settings)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [one.share == 1 for one in marked.results].count(True) == students - 2
        return found

    peak(3)  # what is read and compiled once
    small, large = peak(25), peak(150)
    assert large < 1.5 * small, (small, large)


def test_several_processes_mark_what_one_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = large_class(tmp_path, 23)
    monkeypatch.setattr(marking, "_MANY", 1)
    monkeypatch.setattr(marking, "_ROWS_AT_ONCE", 2)
    marked = mark_class(answers, processes=2)
    assert marked == mark_class(answers)
    assert [one.share == 1 for one in marked.results].count(False) == 2
    assert "the class has no test" in marked.problems[0]


@pytest.mark.fault(
    "A process that marks a large class is killed, or the one that waits for it",
    "One line that says so; no process is left",
    "Nothing is written before all is marked",
)
@pytest.mark.parametrize("killed", ["a process that marks", "the command"])
def test_a_class_is_marked_as_a_whole_or_not_at_all(tmp_path: Path, killed: str) -> None:
    answers = large_class(tmp_path, 23)
    code = """if True:
        import sys
        from pathlib import Path
        from cnn_course.press.classroom import marking

        def waiting(both, **_):
            yield next(both)
            print("begun", flush=True)
            sys.stdin.readline()
            yield from both

        marking.tqdm, marking._MANY, marking._ROWS_AT_ONCE = waiting, 1, 1
        try:
            marking.mark_class(Path(sys.argv[1]), processes=2)
        except marking.PressError as error:
            sys.exit(str(error))
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", code, str(answers)], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "begun\n"
        process = psutil.Process(command.pid)
        markers = [one for one in process.children() if "spawn_main" in " ".join(one.cmdline())]
        assert len(markers) == 2
        (markers[0] if killed == "a process that marks" else process).kill()
        until(lambda: not any(alive(one.pid) for one in markers), "the end of all processes")
        _, said = command.communicate("\n", timeout=HANGS)
    if killed == "a process that marks":
        assert said.strip().splitlines()[-1].startswith("A process that marks was ended from")
