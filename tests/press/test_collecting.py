"""What a class hands in: answers of sheets, read without running them, and exercises, marked."""

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode, v4, writes

from cnn_course import classtest
from cnn_course.checks import exercise_names
from cnn_course.press.classroom.collecting import (
    MarkedNotebook,
    answers_csv,
    answers_in,
    exercises_csv,
    mark_exercises,
)
from cnn_course.press.project import PressError
from cnn_course.written import number_in

MOODLE = "_{}_assignsubmission_file_/sheet.ipynb"
CHAPTER = "01-convolution-by-hand"


def hand_in(folder: Path, place: str, *codes: str | NotebookNode) -> Path:
    """Write a notebook with these cells of code."""
    cells = [v4.new_code_cell(code) if isinstance(code, str) else code for code in codes]
    file = folder / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(writes(v4.new_notebook(cells=cells)), encoding="utf-8")
    return file


def sheet(student: str, answers: str, number: str = "007", test: str = "7K3M-Q9TX") -> str:
    about = f'student = "{student}"\nnumber = "{number}"\ntest = "{test}"\n'
    return f"{about}answers = {{\n{answers}\n}}"


def one(tmp_path: Path, value: str) -> tuple[str, list[str]]:
    """Return what is collected for one answer, and the problems."""
    hand_in(tmp_path, "sheet.ipynb", sheet("Ada", f'"total": {value},'))
    rows, problems = answers_in(tmp_path)
    return rows[0]["total"], problems


# Answers of sheets


def test_what_a_student_who_knows_everything_writes_is_marked_as_right(tmp_path: Path) -> None:
    for seed in range(5):
        for test in (classtest.generate(seed, level) for level in classtest.LEVELS):
            written = [
                # As a calculation, such as 1013 - 13; words and tuples as they are.
                f'"{name}": {f"{value + 13} - 13" if isinstance(value, int) else repr(value)},'
                for name, value in test.key.items()
            ]
            hand_in(tmp_path, "sheet.ipynb", sheet("Ada", "\n".join(written)))
            (row,), problems = answers_in(tmp_path)
            about = {name: row.pop(name) for name in ("student", "number", "test")}
            assert about == {"student": "Ada", "number": "007", "test": "7K3M-Q9TX"}
            marking = test.mark(row)
            assert (problems, marking.points, marking.unknown) == ([], marking.possible, ())


def test_the_sheets_of_a_messy_class_are_collected_and_each_problem_has_its_file(
    tmp_path: Path,
) -> None:
    answers = '"conv_1 parameters": 401 * 120,\n"conv_1 shape": (13, 13, 2 * 3),\n"word": "ReLU "'
    opened = '"conv_1 parameters": ...,\n"conv_1 shape": (..., ..., ...),\n"word": None,'
    called = '"conv_1 parameters": open("ran", "w"),\n"word": softmax,\n"conv_1 shape": [1, 2, 3],'
    hand_in(tmp_path, "Ada L._1" + MOODLE.format(11), "import math", sheet("Ada", answers))
    hand_in(tmp_path, "Ben" + MOODLE.format(12), sheet("", opened, ""))
    hand_in(tmp_path, "Cem" + MOODLE.format(13), sheet("Cem", called, "012"))
    hand_in(tmp_path, "Dee" + MOODLE.format(14), sheet("Dee", '"conv_1 shape": 13 x 13 x 6,'))
    hand_in(tmp_path, "Eve" + MOODLE.format(15), sheet("Eve", answers), sheet("Eve", answers))
    hand_in(tmp_path, "Fay" + MOODLE.format(16), "print('no answers')")
    hand_in(tmp_path, "Ada/.ipynb_checkpoints/sheet-checkpoint.ipynb", sheet("Ada", answers))
    for place, content in (("Gus/sheet.ipynb", "%PDF"), ("all.zip", "PK"), ("Hal/sheet.pdf", "")):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(content)
    rows, problems = answers_in(tmp_path)
    names = ("conv_1 parameters", "conv_1 shape", "word")
    collected = {row["student"]: tuple(row[name] for name in names) for row in rows}
    assert [(row["number"], row["test"][:4]) for row in rows] == [
        (number, "7K3M") for number in ("007", "", "012")
    ]
    assert collected == {
        "Ada": ("401 * 120 = 48120", "(13, 13, 6)", "ReLU"),
        "Ben": ("", "", ""),
        "Cem": ('open("ran", "w")', "(1, 2, 3)", "softmax"),
    }
    found = [(problem[:3], problem.partition(": ")[2].split()[:4]) for problem in problems]
    assert sorted((name, " ".join(words)) for name, words in found) == [
        ("Ada", "no notebook in it"),
        ("Ben", "no name in it;"),
        ("Cem", "conv_1 parameters is neither"),
        ("Cem", "word is neither a"),
        ("Dee", "its answers cannot be"),
        ("Eve", "2 lines begin with"),
        ("Fay", "no lines begin with"),
        ("Gus", "it is not a"),
        ("Hal", "no notebook in it"),
        ("all", "an archive: unpack it"),
    ]
    assert any("13 x 13 x 6" in problem for problem in problems)
    read = list(csv.DictReader(io.StringIO(answers_csv(rows).removeprefix("\ufeff"))))
    assert read == rows


def test_two_sheets_of_one_student_are_both_kept_and_both_named(tmp_path: Path) -> None:
    for day, place in ((2, "a/sheet.ipynb"), (1, "b/sheet.ipynb")):
        file = hand_in(tmp_path, place, sheet("Ada", f'"total": {day},'))
        os.utime(file, (day * 86400, day * 86400))
    hand_in(tmp_path, "c/sheet.ipynb", sheet("Ada", '"total": 3,', test="another"))
    rows, (problem,) = answers_in(tmp_path)
    assert [row["total"] for row in rows] == ["2", "1", "3"]
    for part in ("b/sheet.ipynb: ", "as in a/sheet.ipynb;", "later date is a/sheet.ipynb."):
        assert part in problem


@given(
    st.recursive(
        st.integers(0, 2000).map(str) | st.floats(0, 9, width=16).map(repr),
        lambda part: st.tuples(
            part, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), part
        ).map(lambda parts: f"({' '.join(parts)})"),
        max_leaves=5,
    )
)
def test_arithmetic_has_pythons_result_and_the_marking_reads_it(
    tmp_path_factory: pytest.TempPathFactory, written: str
) -> None:
    text, problems = one(tmp_path_factory.mktemp("sheet"), written)
    if problems:  # a division by 0, or far too large for an answer
        assert text in (written, written[1:-1])
        return
    _, _, result = text.rpartition("= ")
    assert float(result) == eval(written)
    if len(text) <= 200 and "e" not in text and isinstance(eval(written), int):
        assert number_in(text, whole=True) == eval(written)


@pytest.mark.parametrize(
    "value",
    ["9**9**9**9", "10**18 * 10**18", "1 / 0", "().__class__", "[0] * 10**9", "f'{1}'", "1j"],
)
def test_what_is_no_answer_is_named_as_it_stands_there(tmp_path: Path, value: str) -> None:
    text, (problem,) = one(tmp_path, value)
    assert text == value
    assert problem == f"sheet.ipynb: total is neither a value nor arithmetic: {value}"


@pytest.mark.parametrize("value", ["(" * 5000, "-" * 90_000 + "1", "1+" * 9_000 + "1", "1\0"])
def test_what_python_cannot_parse_is_a_problem_and_no_end(tmp_path: Path, value: str) -> None:
    hand_in(tmp_path, "sheet.ipynb", sheet("Ada", f'"total": {value}'))
    rows, (problem,) = answers_in(tmp_path)
    assert (rows, "its answers cannot be read" in problem) == ([], True)


@pytest.mark.parametrize("line", ['answers["total"] = 12', 'answers |= {"total": 12}'])
def test_answers_that_are_set_elsewhere_are_not_lost_in_silence(tmp_path: Path, line: str) -> None:
    hand_in(tmp_path, "sheet.ipynb", sheet("Ada", '"total": ...'), line)
    _, (problem,) = answers_in(tmp_path)
    assert "set by a line of their own are not read" in problem


@pytest.mark.parametrize("collect", [answers_in, mark_exercises])
def test_a_folder_without_notebooks_is_refused(collect, tmp_path: Path) -> None:
    with pytest.raises(PressError, match="There is no notebook in"):
        collect(tmp_path)
    with pytest.raises(PressError, match="is no folder"):
        collect(tmp_path / "missing")


# Exercises

SETUP = "from cnn_course.checks import check"
RIGHT = (
    'check("price-of-a-dense-layer", 150_529_000)',
    'place = (0, 0)\ncheck("shifted-loop", place)\nprint("a line behind it")',
    'def size(n, k, p, s):\n    return (n + 2 * p - k) // s + 1\ncheck("output-size", size)',
    'check("eleven-to-five", (2, 0))',
)
NAMES = ("price-of-a-dense-layer", "shifted-loop", "output-size", "eleven-to-five")


def of(marked: list[MarkedNotebook], student: str) -> list[str]:
    (found,) = [one for one in marked if one.student == student]
    return [found.outcomes[name] for name in NAMES]


@pytest.mark.kernel
def test_each_exercise_of_a_class_is_marked_whatever_the_others_do(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    price, _, size, _ = RIGHT
    solved = v4.new_code_cell('check("output-size", len)', metadata={"tags": ["solution"]})
    handed_in = {
        "Ada_12_assignsubmission_file_/any name.ipynb": RIGHT,
        "Ben/1.ipynb": (
            'check("price-of-a-dense-layer", "150.529")',
            'check("shifted-loop", (4, 2))',
            f"{size}\nraise ValueError('after the check')",
            "solution = (2, 0)\ncheck('eleven-to-five', solution)",
        ),
        "Cem/1.ipynb": (price, 'check("shifted-loop", undefined)', "1 / 0", size, solved),
        "Dee/1.ipynb": (price, "import os, time\nos._exit(1)", 'check("shifted-loop", (0, 0))'),
        "Eve/1.ipynb": (
            "import os, shutil\nshutil.rmtree(os.getcwd())\nshutil.rmtree(os.path.expanduser('~'))",
            *RIGHT,
        ),
        "Fay/sheet.ipynb": ("answers = {}",),
    }
    for where, codes in handed_in.items():
        hand_in(folder, where, SETUP, *codes)
    (folder / "Gus").mkdir()
    before = {file: file.read_bytes() for file in folder.rglob("*.ipynb")}
    progress = Path(os.environ["CNN_COURSE_PROGRESS"])
    known = progress.read_bytes() if progress.exists() else b""

    marked = mark_exercises(folder, at_once=2)
    assert of(marked, "Ada") == ["right"] * 4
    assert of(marked, "Ben") == ["unclear", "wrong", "right", "not attempted"]
    assert of(marked, "Cem") == ["right", "stopped", "right", "not attempted"]
    assert of(marked, "Dee") == ["right", "stopped", "not attempted", "not attempted"]
    assert of(marked, "Eve") == ["right"] * 4
    problems = {one.student: one.problem for one in marked if one.problem}
    assert problems == {
        "Cem": "shifted-loop: NameError: name 'undefined' is not defined",
        "Dee": "shifted-loop: its kernel ended: Kernel died",
        "Fay": "it has no exercise of the course",
        "Gus": "no notebook in it",
    }
    assert {one.chapter for one in marked if one.outcomes} == {CHAPTER}
    assert {file: file.read_bytes() for file in folder.rglob("*.ipynb")} == before
    assert (progress.read_bytes() if progress.exists() else b"") == known

    rows = list(csv.DictReader(io.StringIO(exercises_csv(marked).removeprefix("\ufeff"))))
    by_student = {row["student"]: row for row in rows}
    assert list(by_student) == ["Fay", "Gus", "Ada", "Ben", "Cem", "Dee", "Eve"]
    asked = str(len(exercise_names(CHAPTER)))
    assert (by_student["Ben"]["right"], by_student["Ben"]["of"]) == ("1", asked)
    assert by_student["Ben"]["shifted-loop"] == "wrong"
    assert by_student["Gus"]["right"] == by_student["Gus"]["of"] == ""


@pytest.mark.kernel
def test_a_loop_without_end_is_ended_and_what_follows_is_not_run(tmp_path: Path) -> None:
    hand_in(tmp_path, "1.ipynb", SETUP, f"while True: print('on and on')\n{RIGHT[1]}", RIGHT[2])
    (marked,) = mark_exercises(tmp_path, seconds=0.2)
    assert of([marked], "1") == ["not attempted", "stopped", "stopped", "not attempted"]
    assert marked.problem == "shifted-loop, output-size: not within 0.2 s"


@pytest.mark.kernel
def test_only_the_chapters_that_are_named_are_run(tmp_path: Path) -> None:
    hand_in(tmp_path, "1.ipynb", RIGHT[0])
    assert mark_exercises(tmp_path, ["02-mnist-convnet"]) == []
