"""Marks the answers of a whole class."""

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table
from rich.text import Text
from tqdm import tqdm

from cnn_course import classtest
from cnn_course.classtest import HINTS, Marking
from cnn_course.press.classroom import tables
from cnn_course.press.classroom.tables import Line

COLUMNS = ("student", "level", "seed")
SHOWN = 50  # students; the points of more go into a file, if there is one


@dataclass(frozen=True)
class Row:
    """One row of a table of answers, marked.

    Attributes:
        line: where it stands in the file, and what it holds.
        marking: None if it cannot be marked.
        problem: why, or what to mind although it was marked; empty if there is nothing.
    """

    line: Line
    marking: Marking | None
    problem: str = ""

    @property
    def student(self) -> str:
        """The name of the student."""
        return self.line.cells.get("student", "")


@dataclass(frozen=True)
class MarkedClass:
    """A whole class.

    Attributes:
        rows: in the order of the file.
        slips: name -> how many students made it.
        ignored: columns that are a question of nobody's test.
        delimiter: what stands between the cells of the file.
    """

    rows: tuple[Row, ...]
    slips: Counter[str]
    ignored: tuple[str, ...]
    delimiter: str

    @property
    def problems(self) -> list[str]:
        """One line of text for each row with a problem."""
        return [f"line {row.line.number}: {row.problem}" for row in self.rows if row.problem]


def mark_class(file: Path) -> MarkedClass:
    """Mark every row of a table of answers. A bad row is kept, with its problem.

    Args:
        file: CSV with the columns `student`, `level`, `seed` and `1`, `2`, ... for the questions,
            or their names.

    Raises:
        PressError: the file cannot be read, or has not these columns.
    """
    table = tables.read(file, COLUMNS)
    rows = [_marked(line) for line in tqdm(table.lines, unit="student", delay=2, leave=False)]
    markings = [row.marking for row in rows if row.marking]
    nobodys = set.intersection(*(set(one.unknown) for one in markings)) if markings else set()
    seen: dict[tuple[str, ...], int] = {}
    checked = [_with_problem(row, nobodys, seen) for row in rows]
    # How many students made a slip, not how many times.
    slips = Counter(name for one in markings for name in set(one.slips))
    return MarkedClass(tuple(checked), slips, tuple(sorted(nobodys)), table.delimiter)


def as_csv(marked: MarkedClass) -> str:
    """Return the points of each student and question, with slips and problems, as CSV."""
    longest = max((len(row.marking.marks) for row in marked.rows if row.marking), default=0)
    head = ["line", *COLUMNS, "points", "possible", "percent", "slips", "problem"]
    rows = [head + list(range(1, longest + 1)), *map(_cells, marked.rows)]
    return tables.written(rows, marked.delimiter)


def scores(marked: MarkedClass) -> Table:
    """Return a table of the students' scores for the terminal."""
    table = Table("student", "test", "points", "of", "percent", "slips")
    for row in marked.rows:
        if row.marking:
            points, possible = row.marking.points, row.marking.possible
            test = f"{row.line.cells['level']}-{row.line.cells['seed']}"
            table.add_row(
                *map(Text, (row.student, test, str(points), str(possible))),
                f"{points / possible:.0%}",
                ", ".join(row.marking.slips),
            )
    return table


def common_slips(marked: MarkedClass) -> Table:
    """Return a table of the slips, most common first."""
    table = Table("slip", "students", "what to look at")
    for name, students in marked.slips.most_common():
        table.add_row(name, str(students), HINTS[name])
    return table


def summary(marked: MarkedClass) -> str:
    """Return how many students were marked, and how well those did who answered anything."""
    markings = [row.marking for row in marked.rows if row.marking and _answered(row.marking)]
    if not markings:
        return "Nobody answered anything."
    shares = [one.points / one.possible for one in markings]
    return (
        f"{len(shares):,} marked: {statistics.mean(shares):.0%} on average, "
        f"median {statistics.median(shares):.0%}."
    )


def _answered(marking: Marking) -> bool:
    return any(mark.outcome != "open" for mark in marking.marks)


def _marked(line: Line) -> Row:
    if line.problem:
        return Row(line, None, line.problem)
    level, seed = line.cells.get("level", ""), line.cells.get("seed", "").removesuffix(".0")
    if level.casefold() not in classtest.LEVELS:
        return Row(line, None, f"there is no level {level[:40]!r}")
    if not re.fullmatch(r"[+-]?[0-9]{1,1000}", seed):
        return Row(line, None, f"the seed {seed[:40]!r} is no whole number")
    test = classtest.generate(int(seed), level.casefold())
    answers = {name: cell for name, cell in line.cells.items() if name not in COLUMNS}
    return Row(line, test.mark(answers))


def _with_problem(row: Row, nobodys: set[str], seen: dict[tuple[str, ...], int]) -> Row:
    """Return a row with what is to be minded although it was marked; note it in `seen`."""
    if row.marking is None:
        return row
    problems = [] if row.student else ["no name"]
    if not _answered(row.marking):
        problems.append("nothing is answered")
    who = tuple(row.line.cells.get(name, "") for name in COLUMNS)
    if row.student and seen.setdefault(who, row.line.number) != row.line.number:
        problems.append(f"the same student and test as in line {seen[who]}")
    filled = [name for name in row.marking.unknown if row.line.cells.get(name)]
    if unknown := [name for name in filled if name not in nobodys or name.isdecimal()]:
        problems.append(f"the test has no question {', '.join(unknown[:5])}")
    marks = enumerate(row.marking.marks, start=1)
    if unreadable := [str(place) for place, mark in marks if mark.outcome == "unreadable"]:
        problems.append(f"cannot be read: {', '.join(unreadable)}")
    return Row(row.line, row.marking, "; ".join(problems))


def _cells(row: Row) -> Sequence[object]:
    given = [row.line.cells.get(name, "")[:200] for name in COLUMNS]
    if row.marking is None:
        return [row.line.number, *given, "", "", "", "", row.problem]
    marking = row.marking
    percent = round(100 * marking.points / marking.possible)
    return [
        row.line.number,
        *given,
        marking.points,
        marking.possible,
        percent,
        _slips_by_question(marking),
        row.problem,
        *(mark.points for mark in marking.marks),
    ]


def _slips_by_question(marking: Marking) -> str:
    """Return the number of each question with the slips that were made there."""
    marks = enumerate(marking.marks, start=1)
    return "; ".join(f"{place}: {', '.join(mark.slips)}" for place, mark in marks if mark.slips)
