"""The answers of a class, marked, with what the lecturer has decided."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from cnn_course.classtest import ClassTest, Marking
from cnn_course.classtest.printing import written
from cnn_course.press.classroom import settings as class_settings
from cnn_course.press.classroom.assigned import AssignedTests, normalized
from cnn_course.press.classroom.making import COLUMNS
from cnn_course.press.classroom.platforms import answers_from_moodle, is_from_moodle
from cnn_course.press.classroom.results import Result
from cnn_course.press.classroom.settings import Settings
from cnn_course.press.classroom.spreadsheets import Row, read_table


@dataclass(frozen=True)
class MarkedClass:
    """A whole class.

    Attributes:
        results: in the order of the file.
        problems: one line of text for each row that needs a look, and for what is decided about
            somebody or something that is not there.
        ignored: columns that are a question of nobody's test.
        notes: how the file was read, where that was a guess.
        delimiter: what stands between the cells of the file.
        settings: what was decided.
    """

    results: list[Result]
    problems: list[str]
    ignored: list[str]
    notes: list[str]
    delimiter: str
    settings: Settings


def mark_class(file: Path, folder: Path | None = None, encoding: str | None = None) -> MarkedClass:
    """Mark every row of a table of answers. A bad row is told and spoils no other.

    Args:
        file: a table with the columns `student` and `test`, and `1`, `2`, ... for the questions
            or their names; `number` for student numbers. Or the report "Responses" of Moodle.
        folder: of the class, with `class.toml` and `tests.csv`; the file's own, if not given.
        encoding: of the file, where it cannot be told.

    Raises:
        PressError: a file cannot be read, or has not these columns.
    """
    folder = folder or file.parent
    settings = class_settings.read(folder / class_settings.FILE)
    tests = AssignedTests(folder, settings.salt)
    sheet = read_table(file, ["student"], encoding)
    rows = sheet.rows
    if is_from_moodle(rows):
        rows = answers_from_moodle(rows, lambda name: _or_none(tests.test(normalized(name))))
    problems, marked = [], []
    for row in tqdm(rows, unit="student", delay=2, leave=False):
        name, test = tests.find(row.cells)
        if row.problem or isinstance(test, str):
            problems.append(f"line {row.number}: {row.problem or test}")
        else:
            marked.append((row, name, test, test.mark(_answers(row.cells))))
    unknown = [set(marking.unknown) for *_, marking in marked]
    nobodys = (
        {name for name in set.intersection(*unknown) if not name.isdecimal()} if unknown else set()
    )
    seen: dict[tuple[str, ...], int] = {}
    results = []
    for row, name, test, marking in marked:
        minded = [*_to_mind(row, marking, nobodys, seen), *_not_theirs(row, name, tests)]
        if minded:
            problems.append(f"line {row.number}: {'; '.join(minded)}")
        result = Result(
            line=row.number,
            student=row.student,
            number=row.cells.get("number", ""),
            test=name,
            marking=marking,
            given=_given(row.cells, marking),
            key={name: written(right) for name, right in test.key.items()},
            visible_slips=test.slips,
            problem="; ".join(minded),
        )
        results.append(_decided(result, settings))
    problems += _without_effect(results, settings)
    return MarkedClass(results, problems, sorted(nobodys), sheet.notes, sheet.delimiter, settings)


def _or_none(found: ClassTest | str) -> ClassTest | None:
    return None if isinstance(found, str) else found


def _answers(cells: Mapping[str, str]) -> dict[str, str]:
    return {name: cell for name, cell in cells.items() if name not in COLUMNS}


def _to_mind(
    row: Row, marking: Marking, nobodys: set[str], seen: dict[tuple[str, ...], int]
) -> Iterator[str]:
    """Yield what is to be minded although a row was marked; note it in `seen`."""
    if not row.student and not row.cells.get("number"):
        yield "no name"
    if all(mark.outcome == "open" for mark in marking.marks):
        yield "nothing is answered"
    who = tuple(row.cells.get(name, "") for name in COLUMNS)
    if any(who) and seen.setdefault(who, row.number) != row.number:
        yield f"the same student and test as in line {seen[who]}"
    filled = [name for name in marking.unknown if row.cells.get(name)]
    if unknown := [name for name in filled if name not in nobodys]:
        yield f"the test has no question {', '.join(unknown[:5])}"
    for place, mark in enumerate(marking.marks, start=1):
        if mark.outcome == "unreadable":
            given = row.cells.get(str(place)) or row.cells.get(mark.question.name, "")
            yield f"{mark.question.name} ({place}) cannot be read: {given[:40]!r}"


def _not_theirs(row: Row, name: str, tests: AssignedTests) -> Iterator[str]:
    """Yield whose test a student has answered, if it is somebody else's."""
    owners = tests.owner(name)
    if row.student and owners and row.student.casefold() not in map(str.casefold, owners):
        yield f"the test {name} was made for {owners[0]}"


def _decided(result: Result, settings: Settings) -> Result:
    """Return a result with its points, after everything that the lecturer has decided."""
    who = {result.student.casefold(), result.number.casefold()} - {""}
    by_hand = {one.question: one for one in settings.overrides if one.student.casefold() in who}
    earned, possible, notes = {}, {}, []
    for mark in result.marking.marks:
        question = mark.question.name
        if question in settings.void:
            continue
        weight = settings.weights.get(question, 1)
        earned[question], possible[question] = mark.points * weight, mark.question.points * weight
        if one := by_hand.get(question):
            earned[question] = one.points
            notes.append(f"{question}: {one.points:g} points. {one.reason}".rstrip())
    extra = sum(points for whom, points in settings.extra.items() if whom.casefold() in who)
    result = replace(result, earned=earned, possible=possible, extra=extra, notes=tuple(notes))
    return replace(result, grade=settings.grade(result.share))


def _given(cells: Mapping[str, str], marking: Marking) -> dict[str, str]:
    """Return name of a question -> what was written."""
    names = enumerate((mark.question.name for mark in marking.marks), start=1)
    return {name: cells.get(name, "") or cells.get(str(place), "") for place, name in names}


def _without_effect(results: Sequence[Result], settings: Settings) -> Iterator[str]:
    """Yield what is decided about a student or a question that nobody is or has."""
    students = {name.casefold() for one in results for name in (one.student, one.number)} - {""}
    questions = {mark.question.name for one in results for mark in one.marking.marks}
    whom = [*settings.extra, *(one.student for one in settings.overrides)]
    which = [*settings.void, *settings.weights, *(one.question for one in settings.overrides)]
    file = class_settings.FILE
    yield from (f"{file}: no student {one!r}" for one in whom if one.casefold() not in students)
    yield from (f"{file}: no question {one!r}" for one in which if one not in questions)
