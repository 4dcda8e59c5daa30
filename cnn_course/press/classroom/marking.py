"""The answers of a class, marked, with what the lecturer has decided."""

import functools
import os
import re
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Final

from tqdm import tqdm

from cnn_course.classtest import ClassTest, Marking
from cnn_course.classtest.printing import written
from cnn_course.press.classroom import settings as class_settings
from cnn_course.press.classroom.assigned import AssignedTests, normalized
from cnn_course.press.classroom.making import COLUMNS
from cnn_course.press.classroom.on_disk import OnDisk
from cnn_course.press.classroom.platforms import answers_from_moodle, is_from_moodle
from cnn_course.press.classroom.results import Result
from cnn_course.press.classroom.settings import Settings, concerns
from cnn_course.press.classroom.spreadsheets import Row, column_name, read_table
from cnn_course.press.project import PressError

# What a spreadsheet makes of 8/8/2 and the like.
_DATE = re.compile(r"^\d{1,2}/\d{1,2}$|/\d{4}\b|\b\d{4}-")
_MANY: Final = 2_000  # rows; of fewer, one process is done before others have started
_ROWS_AT_ONCE: Final = 50


@dataclass(frozen=True)
class MarkedClass:
    """A whole class.

    Attributes:
        results: in the order of the file; each is read anew when it is asked for.
        problems: one line of text for each row that needs a look, and for what is decided about
            somebody or something that is not there.
        ignored: columns that are a question of nobody's test.
        notes: how the file was read, where that was a guess, and who has no row in it.
        delimiter: what stands between the cells of the file.
        settings: what was decided.
    """

    results: Sequence[Result]
    problems: list[str]
    ignored: list[str]
    notes: list[str]
    delimiter: str
    settings: Settings


def mark_class(
    file: Path, folder: Path | None = None, encoding: str | None = None, *, processes: int = 1
) -> MarkedClass:
    """Mark every row of a table of answers. A bad row is told and spoils no other.

    Args:
        file: a table with the columns `student` and `test`, and `1`, `2`, ... for the questions
            or their names; `number` for student numbers. Or the report "Responses" of Moodle.
        folder: of the class, with `class.toml` and `tests.csv`; the file's own, if not given.
        encoding: of the file, where it cannot be told.
        processes: that mark a large class, at most. Who asks for several is a module that can be
            imported, and begins nothing when it is: each of them imports it.

    Raises:
        PressError: a file cannot be read, or has not these columns; a process was ended.
    """
    folder = folder or file.parent
    settings = _decisions(folder)
    tests = AssignedTests(folder, settings.salt)
    sheet = read_table(file, ["student"], encoding)
    rows = sheet.rows
    drawn = is_from_moodle(rows)  # a quiz draws a test for each student, whoever it was made for
    if drawn:
        rows = answers_from_moodle(rows, lambda name: _or_none(tests.test(normalized(name))))
    unknown: set[str] | None = None
    problems: list[str] = []

    def marked() -> Iterator[tuple[Row, Result]]:
        nonlocal unknown
        for row, one in _with_results(rows, tests, folder, settings.salt, processes):
            yield row, one
            if one.marking.marks:
                unknown = (
                    {*one.marking.unknown} if unknown is None else unknown & {*one.marking.unknown}
                )

    def minded() -> Iterator[Result]:
        seen: dict[tuple[str, ...], int] = {}
        for row, one in found:
            owner = "" if drawn else tests.owner(one.test, row)
            told = one.problem or "; ".join(_to_mind(row, one, nobodys, seen, owner))
            if told:
                problems.append(f"line {one.line}: {told}")
            yield _decided(replace(one, problem=told), settings)

    found = OnDisk(marked())
    nobodys = {name for name in unknown or () if not name.isdecimal()}
    results = OnDisk(minded())
    problems += _without_effect(results, settings)
    notes = list(sheet.notes)
    if missing := tests.without_answers(rows):
        notes.append(f"No row is about these students ({len(missing)}): {', '.join(missing)}.")
    return MarkedClass(results, problems, sorted(nobodys), notes, sheet.delimiter, settings)


def _decisions(folder: Path) -> Settings:
    """Return what was decided about the class of a folder.

    Raises:
        PressError: it is none of a class.
    """
    if not (folder / class_settings.FILE).exists():
        raise PressError(
            f"There is no {class_settings.FILE} in {folder}. Name the folder that the tests were "
            "written to with --class."
        )
    return class_settings.read(folder / class_settings.FILE)


def _with_results(
    rows: Sequence[Row], tests: AssignedTests, folder: Path, salt: str, processes: int
) -> Iterable[tuple[Row, Result]]:
    """Return each row with its result, while progress is shown."""
    if processes > 1 and len(rows) >= _MANY:
        results = _in_processes(rows, folder, salt, processes)
    else:
        results = (_marked(row, *tests.find(row)) for row in rows)
    both = zip(rows, results, strict=True)
    return tqdm(both, total=len(rows), unit="student", delay=2, leave=False)


def _in_processes(rows: Sequence[Row], folder: Path, salt: str, processes: int) -> Iterator[Result]:
    """Yield the result of each row; a few hundred rows are on their way at the same time."""
    rest = iter(rows)
    chunks = iter(lambda: list(islice(rest, _ROWS_AT_ONCE)), [])
    # Not a fork: what the process of the caller has begun, threads among it, would be broken there.
    with ProcessPoolExecutor(processes, get_context("spawn"), _end_with_parent) as pool:
        waiting: deque[Future[list[Result]]] = deque()
        try:
            while chunk := next(chunks, None):
                waiting.append(pool.submit(_all_marked, folder, salt, chunk))
                if len(waiting) > 3 * processes:
                    yield from waiting.popleft().result()
            for marked in waiting:
                yield from marked.result()
        except BrokenProcessPool:
            raise PressError(
                "A process that marks was ended from outside. Nothing was written: give the "
                "command again."
            ) from None


def _end_with_parent() -> None:
    """End this process with the one that started it, which alone tells of an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def _all_marked(folder: Path, salt: str, rows: list[Row]) -> list[Result]:
    tests = _tests(folder, salt)
    return [_marked(row, *tests.find(row)) for row in rows]


@functools.cache
def _tests(folder: Path, salt: str) -> AssignedTests:
    return AssignedTests(folder, salt)


def _marked(row: Row, name: str, test: ClassTest | str) -> Result:
    """Return the result of a student with the marking of what stands in the row."""
    result = Result(row.number, row.student, row.cells.get("number", ""), name, Marking(()))
    if row.problem or isinstance(test, str):
        return replace(result, problem=row.problem or str(test))
    cells = {column_name(name): cell for name, cell in row.cells.items() if name not in COLUMNS}
    given = {}
    for place, question in enumerate(test.questions, start=1):  # a table may have both columns
        by_name = cells.pop(column_name(question.name), "")
        given[question.name] = cells.pop(str(place), "") or by_name
    marking = test.mark({**cells, **given})
    key = {name: written(right) for name, right in test.key.items()}
    return replace(result, marking=marking, given=given, key=key, visible_slips=test.slips)


def _or_none(found: ClassTest | str) -> ClassTest | None:
    return None if isinstance(found, str) else found


def _to_mind(
    row: Row,
    result: Result,
    nobodys: set[str],
    seen: dict[tuple[str, ...], int],
    owner: str,
) -> Iterator[str]:
    """Yield what is to be minded although a row was marked; note it in `seen`."""
    if not result.student and not result.number:
        yield "no name"
    if not result.answered:
        yield "nothing is answered"
    who = (result.student, result.number, result.test)
    if any(who[:2]) and seen.setdefault(who, row.number) != row.number:
        yield f"the same student and test as in line {seen[who]}"
    if owner:
        yield f"the test {result.test} was made for {owner}"
    filled = [name for name in result.marking.unknown if row.cells.get(name)]
    if unknown := [name for name in filled if name not in nobodys]:
        yield f"the test has no question {', '.join(unknown[:5])}"
    for place, mark in enumerate(result.marking.marks, start=1):
        given = result.given[mark.question.name][:40]
        if mark.outcome == "unreadable":
            yield f"{mark.question.name} ({place}) cannot be read: {given!r}"
        elif mark.question.kind == "shape" and _DATE.search(given):
            yield f"{mark.question.name} ({place}) may have become a date: {given!r}"


def _decided(result: Result, settings: Settings) -> Result:
    """Return a result with its points, after everything that the lecturer has decided."""
    who = (result.student, result.number)
    by_hand = {one.question: one for one in settings.overrides if concerns(one.student, *who)}
    earned, possible = {}, {}
    for mark in result.marking.marks:
        question, weight = mark.question.name, settings.weight(mark.question)
        if weight is None:
            continue
        earned[question], possible[question] = mark.points * weight, mark.question.points * weight
        if one := by_hand.get(question):
            earned[question] = one.points
    if not result.marking.marks:
        return result
    extra = sum(points for whom, points in settings.extra.items() if concerns(whom, *who))
    result = replace(result, earned=earned, possible=possible, extra=extra)
    graded = result.answered and any(possible.values())
    return replace(result, grade=settings.grade(result.share) if graded else "")


def _without_effect(results: Sequence[Result], settings: Settings) -> Iterator[str]:
    """Yield what is decided about a student or a question that nobody is or has, or several are."""
    whom = [*settings.extra, *(one.student for one in settings.overrides)]
    meant: dict[str, list[Result]] = {name: [] for name in whom}
    questions: set[str] = set()
    for result in results if whom or settings.void or settings.weights else ():
        for mark in result.marking.marks:
            questions |= {mark.question.name, mark.question.kind}
        for name, those in meant.items():
            if concerns(name, result.student, result.number):
                those.append(result)
    file = class_settings.FILE
    for name, found in meant.items():
        if not found:
            yield f"{file}: nobody in this table is {name!r}"
        if len({(one.student.casefold(), one.number.casefold()) for one in found}) > 1:
            lines = ", ".join(str(one.line) for one in found)
            yield f"{file}: {name!r} are several, in lines {lines}, and all get it; take the number"
    for name in (*settings.void, *settings.weights):
        if name not in questions:
            yield f"{file}: no question {name!r}"
    for one in settings.overrides:
        most = [
            of.possible[one.question] for of in meant[one.student] if one.question in of.possible
        ]
        if meant[one.student] and not most:
            yield f"{file}: no question {one.question!r} that counts for {one.student!r}"
        elif most and one.points > max(most):
            yield f"{file}: {one.points:g} points for {one.question!r}, which has {max(most):g}"
