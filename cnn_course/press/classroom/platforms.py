"""Class tests for Moodle, and answers that come back from there; for Canvas see `canvas.py`.

Each number of a test is a field of its own: of `13x13x6` a platform reads 13. A platform marks
field by field and cannot follow a student's own numbers; `answers_from_moodle` brings the answers
back to where they can be followed.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from cnn_course.classtest import HINTS, ClassTest, Question
from cnn_course.classtest.class_test import RULES
from cnn_course.classtest.printing import Document, network_blocks
from cnn_course.classtest.questions import Expected, expected
from cnn_course.press.classroom import moodle
from cnn_course.press.classroom.moodle import Option, shown, without_fields
from cnn_course.press.classroom.on_disk import OnDisk
from cnn_course.press.classroom.spreadsheets import Row, student_of
from cnn_course.press.project import PressError

Tests = Sequence[tuple[str, str, ClassTest]]  # what stands on the sheet, level, test
_DIGITS: Final = "Write digits alone: 1024, and not 1,024. One number belongs into each field."
_NOT_FOLLOWED: Final = (
    "This platform marks each field for itself. What you compute rightly from a wrong number of "
    "your own earns no points here; it does where your lecturer has the exported answers marked "
    "by cnn-course class-test mark."
)
CHOICES: Final = ("linear", "relu", "sigmoid", "softmax", "tanh")
_TEST_ID = re.compile(r"class test (\S+)", re.IGNORECASE)
_HANDED_IN: Final = ("finished", "submitted")  # the second one waits for its points
_LONGEST_ID: Final = 60


def moodle_tests(tests: Tests, course: str = "") -> str:
    """Return class tests as Moodle XML: one question each, one category for each level.

    A field has the points that `ClassTest.mark` gives: half of two for a number that a common
    mistake gives, nothing for 0, one for each size. What the mistake suggests is its feedback.

    Args:
        tests: what stands on the sheet, for example `"7K3M-Q9TX"`, the level, and the test.
        course: names the category above those of the levels.

    Raises:
        PressError: there are no tests, or what stands on a sheet is not a word of its own.
    """
    check_ids(tests)
    questions = []
    for level in dict.fromkeys(level for _, level, _ in tests):
        questions.append(moodle.category(course or "Class tests", level))
        for test_id, its_level, test in tests:
            if its_level == level:
                solution = Document(test.worked_solution().blocks[1:])  # its title may tell a seed
                text = without_fields(opening(test_id, test)) + _table(test)
                name = f"Class test {test_id}"
                questions.append(moodle.cloze(name, test_id, text, solution.html()))
    return moodle.as_file(questions)


def check_ids(tests: Tests) -> None:
    """Refuse tests that cannot be told apart.

    Raises:
        PressError: there are none, or what stands on a sheet is not a word of its own.
    """
    if not tests:
        raise PressError("There is no test to write.")
    times = Counter(test_id.casefold() for test_id, _, _ in tests)
    for test_id, _, _ in tests:
        if not re.fullmatch(rf"\S{{1,{_LONGEST_ID}}}", test_id) or not test_id.isprintable():
            raise PressError(
                f"{test_id!r} cannot name a test: take one word of at most {_LONGEST_ID} signs."
            )
        if times[test_id.casefold()] > 1:
            raise PressError(f"Two tests are called {test_id!r}. Give each a name of its own.")


def opening(test_id: str, test: ClassTest) -> str:
    """Return what stands above the questions on a platform, as HTML."""
    blocks = (*network_blocks(test.network), ("p", RULES), ("p", _DIGITS), ("p", _NOT_FOLLOWED))
    # Answers are told apart by this line: Moodle's report shows it, and no ID number.
    return f"<p>Class test {escape(test_id)}</p>\n{Document(blocks).html()}"


def _table(test: ClassTest) -> str:
    """Return the questions with their fields as an HTML table."""
    names = ("number", "question", "points", "answer")
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = "\n".join(
        f'<tr><th scope="row">{number}</th><td>{shown(one.text)}</td><td>{one.points}</td>'
        f"<td>{' x '.join(_fields(one, expected(one, test.network)))}</td></tr>"
        for number, one in enumerate(test.questions, start=1)
    )
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


def _fields(question: Question, answer: Expected) -> Iterator[str]:
    """Yield the fields of a question: one for each size of a shape, else one."""
    right = answer.right
    if isinstance(right, tuple):
        for place, size in enumerate(right):
            slips = _slips_of_size(answer.mistakes, place, len(right))
            yield moodle.field("NM", [Option(str(size), 100), *slips])
        return
    slips = []
    for value, name in answer.mistakes.items():
        points = question.points // 2 if value and isinstance(value, int) else 0
        slips.append(Option(str(value), 100 * points // question.points, HINTS[name]))
    options = [Option(str(right), 100), *slips]
    if isinstance(right, str):  # in the order of the alphabet, which tells nothing
        others = [word for word in CHOICES if word != right and word not in answer.mistakes]
        options = sorted([*options, *map(Option, others)])
    kind = "MC" if isinstance(right, str) else "NM"
    yield moodle.field(kind, options, question.points)


def _slips_of_size(mistakes: Mapping[Any, str], place: int, length: int) -> list[Option]:
    """Return what mistakes give for one size: they are of (height, width), or of the last one."""
    found = []
    for wrong, name in mistakes.items():
        sizes = wrong if isinstance(wrong, tuple) else (*[None] * (length - 1), wrong)
        if place < len(sizes) and sizes[place] is not None:
            found.append(Option(str(sizes[place]), 0, HINTS[name]))
    return found


# Answers that come back


def is_from_moodle(rows: Sequence[Row]) -> bool:
    """Return whether a table is Moodle's report "Responses", in English."""
    return any("response 1" in row.cells for row in rows)


def answers_from_moodle(
    rows: Sequence[Row], test_of: Callable[[str], ClassTest | None]
) -> Sequence[Row]:
    """Return the answers in Moodle's report "Responses", a row for each test of an attempt.

    The report has to be downloaded in English, and with the question text ticked: which test an
    attempt was about stands nowhere else.

    Args:
        rows: of the report.
        test_of: what stands on a sheet -> its test; None if there is none.

    Returns:
        Rows with `student`, `number` (ID number, else the e-mail address), `test` and the names
        of the test's questions. A size that was left empty beside others is 0.

    Raises:
        PressError: the question text is missing.
    """
    columns = {name for row in rows for name in row.cells}
    if not any(re.fullmatch(r"question \d+", name) for name in columns):
        raise PressError(
            "The report has no column 'Question 1', which says who had which test. Tick question "
            "text under the report's display options, and download it again."
        )
    times = Counter(number or student for student, number in map(_attempted_by, rows))

    def found() -> Iterator[Row]:
        for row in rows:
            student, number = _attempted_by(row)
            problems = [row.problem, _state_problem(row.cells)]
            if (count := times[number or student]) > 1 and student:
                problems.append(f"{count} attempts of this student: keep the row that is to count")
            for test_id, answers, problem in _answers(row.cells, test_of):
                cells = {"student": student, "number": number, "test": test_id, **answers}
                told = "; ".join(filter(None, [*problems, problem]))
                yield Row(row.number, cells, told)

    return OnDisk(found())


def _attempted_by(row: Row) -> tuple[str, str]:
    student, number = student_of(row)
    return student, number or row.cells.get("email address", "")


def _state_problem(row: Mapping[str, str]) -> str:
    state = row.get("state", row.get("status", _HANDED_IN[0])).strip()
    if state.casefold() in _HANDED_IN:
        return ""
    return f"the attempt is not finished: {state}" if state.strip("-") else "no attempt"


def _answers(
    row: Mapping[str, str], test_of: Callable[[str], ClassTest | None]
) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield for each class test of an attempt: its name, answers, and what is wrong with them."""
    none = True
    for column, text in row.items():
        match = re.fullmatch(r"question (\d+)", column)
        if not match or not (named := _TEST_ID.match(" ".join(text.split()))):
            continue
        none = False
        test = test_of(named[1])
        if test is None:
            yield named[1], {}, f"there is no test {named[1]}"
            continue
        response = row.get(f"response {match[1]}", "").strip()
        parts = _parts(response, sum(_field_count(test, one) for one in test.questions))
        if parts is None:
            yield named[1], {}, f"the fields of response {match[1]} are not those of the test"
        else:
            yield named[1], _together(test, parts), ""
    if none:
        yield "", {}, "no question of this attempt says 'Class test' and which one"


def _field_count(test: ClassTest, question: Question) -> int:
    right = test.key[question.name]
    return len(right) if isinstance(right, tuple) else 1


def _parts(response: str, count: int) -> list[str] | None:
    """Return what stands in each of `count` fields, or None where that cannot be told.

    Moodle writes "part 1: 143; part 2: 13" in the language of whoever downloads it, and whatever
    a student typed may look alike.
    """
    if response in ("", "-"):
        return [""] * count
    begin = re.match(r"(\D*)1: ", f"{response} ")
    if begin is None:
        return None
    text = f"; {response} "
    heads = [f"; {begin[1]}{number}: " for number in range(1, count + 2)]
    if [text.count(head) for head in heads] != [1] * count + [0]:
        return None
    pieces = re.split("|".join(map(re.escape, heads)), text)
    return [piece.strip() for piece in pieces[1:]]


def _together(test: ClassTest, parts: Sequence[str]) -> dict[str, str]:
    """Return what was answered to each question: the sizes of a shape as `13 x 13 x 6`."""
    answers = {}
    at = 0
    for question in test.questions:
        count = _field_count(test, question)
        sizes = parts[at : at + count]
        # An empty size must not make the others move up.
        answers[question.name] = " x ".join(size or "0" for size in sizes) if any(sizes) else ""
        at += count
    return answers
