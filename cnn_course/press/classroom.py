"""Class tests for a class: sheets and keys as files, and a table of answers marked."""

import codecs
import csv
import io
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from rich.table import Table
from rich.text import Text
from tqdm import tqdm

from cnn_course import classtest
from cnn_course.classtest import HINTS, ClassTest, Marking
from cnn_course.files import write
from cnn_course.press.notebooks import KERNELSPEC
from cnn_course.press.project import PressError

COLUMNS = ("student", "level", "seed")
SHOWN = 50  # students; the points of more go into a file, if there is one
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}</body>
</html>
"""
_DELIMITERS = ",;\t"
_MOST_LINES = 20  # that one row can have; more of them are a quotation mark that was left open
# Spreadsheets take a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


# Sheets


def seeds_in(text: str) -> list[int]:
    """Return the seeds that `1-30` or `4,7,20-25` names, in this order.

    Raises:
        PressError: it names none, one of them twice, or a range runs backwards.
    """
    found: list[int] = []
    for part in map(str.strip, text.split(",")):
        parsed = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", part)
        if parsed is None:
            raise PressError(f"{text!r} names no seeds. Write for example 1-30, or 4,7,20-25.")
        begin, end = int(parsed[1]), int(parsed[2] or parsed[1])
        if end < begin:
            raise PressError(f"{part!r} runs backwards. Write {end}-{begin}.")
        if end - begin >= 100_000:
            raise PressError(f"{part!r} are {end - begin + 1:,} tests: 100,000 at most.")
        found += range(begin, end + 1)
    if len(set(found)) < len(found):
        raise PressError(f"{text!r} names a seed twice: two students would get the same test.")
    return found


def students_in(class_list: Path) -> tuple[list[str], str]:
    """Return the students of a class list, and what stands between its cells.

    The list is CSV with the column `student`.

    Raises:
        PressError: it cannot be read or is empty, or students have no name or the same one.
    """
    rows, delimiter = _read(class_list, ["student"])
    problems = []
    first_seen: dict[str, int] = {}
    for row in rows:
        if row.problem or not row.student:
            problems.append(f"  line {row.number}: {row.problem or 'no name'}")
        elif first_seen.setdefault(row.student, row.number) != row.number:
            first = first_seen[row.student]
            problems.append(f"  line {row.number}: {row.student!r} is in line {first}, too")
    if problems:
        listed = "\n".join(problems)
        raise PressError(f"{class_list} needs a name of its own for each student:\n{listed}")
    if not rows:
        raise PressError(f"{class_list} names no student.")
    return [row.student for row in rows], delimiter


def write_sheets(
    folder: Path,
    level: str,
    seeds: Sequence[int],
    students: Sequence[str] = (),
    delimiter: str = ",",
) -> list[Path]:
    """Write sheets, keys and an empty table of answers, each file whole or not at all.

    Args:
        folder: gets `sheets/` and `keys/` with three files for each test, `sheets.html` and
            `keys.html` to print all of them at once, and `answers.csv`. No file is named after a
            student.
        level: of all tests.
        seeds: one test for each; for 1, 2, 3 and so on, if there are none.
        students: who gets them, in this order; if not given, a sheet has a line for the name.
        delimiter: between the cells of `answers.csv`.

    Returns:
        The files at the top of the folder.

    Raises:
        PressError: there are more students than seeds, or answers were written into `answers.csv`.
    """
    seeds = seeds or range(1, len(students) + 1)
    if len(seeds) < len(students):
        raise PressError(f"{len(students)} students, but only {len(seeds)} seeds.")
    tests = [
        classtest.generate(seed, level)
        for seed in tqdm(seeds[: len(students) or None], unit="test", delay=2, leave=False)
    ]
    given = list(zip(students or [""] * len(seeds), seeds, tests, strict=False))
    longest = max(len(test.questions) for test in tests)
    empty = [[student, level, seed, *[""] * longest] for student, seed, _ in given]
    blank = _written([[*COLUMNS, *range(1, longest + 1)], *empty], delimiter)
    table = folder / "answers.csv"
    if table.exists() and table.read_bytes() != blank.encode():
        raise PressError(
            f"{table} is there already, and not as it would be written. Answers may be in it: "
            "choose another folder."
        )
    bodies: dict[str, list[str]] = {"sheets": [], "keys": []}
    for student, seed, test in tqdm(given, unit="sheet", delay=2, leave=False):
        sheet, key = test.sheet(student), test.worked_solution()
        for part, document, notebook in (
            ("sheets", sheet, _to_answer(test, str(sheet), student, level, seed)),
            ("keys", key, _to_mark(test, str(key), level, seed)),
        ):
            bodies[part].append(document.html())
            target = folder / part / f"{level}-{seed}"
            write(target.with_suffix(".md"), str(document))
            write(target.with_suffix(".html"), _page(document.title, bodies[part][-1:]))
            write(target.with_suffix(".ipynb"), notebook)
    for part, made in bodies.items():
        write(folder / f"{part}.html", _page("Class tests", made))
    write(table, blank)
    return [folder / "sheets.html", folder / "keys.html", table]


def _page(title: str, bodies: Sequence[str]) -> str:
    style = Path(__file__).with_name("sheet.css").read_text(encoding="utf-8")
    articles = "".join(f"<article>\n{body}</article>\n" for body in bodies)
    return _PAGE.format(title=title, style=style, body=articles)


def _to_answer(test: ClassTest, sheet: str, student: str, level: str, seed: int) -> str:
    """Return the sheet as a notebook that prints the row of answers to hand in."""
    entries = "\n".join(f'    "{name}": ...,' for name in test.blank)
    row = (
        "import csv\nimport sys\n\n"
        f"row = [student, {level!r}, {seed}]\n"
        'row += ["" if given is ... else given for given in answers.values()]\n'
        "_ = csv.writer(sys.stdout).writerow(row)"
    )
    answers = f"student = {student!r}\nanswers = {{\n{entries}\n}}"
    return _notebook(sheet, answers, "Run this cell, and hand in the line that it prints:", row)


def _to_mark(test: ClassTest, key: str, level: str, seed: int) -> str:
    """Return the worked solution as a notebook that marks answers."""
    entries = "\n".join(f'    "{name}": {value!r},' for name, value in test.key.items())
    code = (
        "from cnn_course import classtest\n\n"
        f"test = classtest.generate({seed}, {level!r})\n"
        f"answers = {{\n{entries}\n}}\n"
        "test.mark(answers)"
    )
    return _notebook(f"{key}\n\nPut answers in place of the key to have them marked:", code)


def _notebook(*sources: str) -> str:
    """Return a notebook whose cells are text and code in turn."""
    cells = []
    for place, source in enumerate(sources):
        new_cell = nbformat.v4.new_code_cell if place % 2 else nbformat.v4.new_markdown_cell
        cells.append(new_cell(source, id=f"cell-{place}"))  # the same file for the same test
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})
    return str(nbformat.writes(made))


# Marking


@dataclass
class Row:
    """One row of a table of answers.

    Attributes:
        number: of its first line in the file, the head being line 1.
        cells: name of a column -> text, without spaces around it.
        problem: why it cannot be marked, or what to mind; empty if there is nothing.
        marking: None if it cannot be marked.
    """

    number: int
    cells: dict[str, str]
    problem: str = ""
    marking: Marking | None = None

    @property
    def student(self) -> str:
        """The name of the student."""
        return self.cells.get("student", "")


@dataclass(frozen=True)
class MarkedClass:
    """A whole class.

    Attributes:
        rows: in the order of the file.
        slips: name -> how many students made it.
        ignored: columns that are a question of nobody's test.
        delimiter: what stands between the cells of the file.
    """

    rows: list[Row]
    slips: Counter[str]
    ignored: list[str]
    delimiter: str

    @property
    def problems(self) -> list[str]:
        """One line of text for each row with a problem."""
        return [f"line {row.number}: {row.problem}" for row in self.rows if row.problem]


def mark_class(file: Path) -> MarkedClass:
    """Mark every row of a table of answers. A bad row is kept, with its problem.

    Args:
        file: CSV with the columns `student`, `level`, `seed` and `1`, `2`, ... for the questions,
            or their names.

    Raises:
        PressError: the file cannot be read, or has not these columns.
    """
    rows, delimiter = _read(file, COLUMNS)
    for row in tqdm(rows, unit="student", delay=2, leave=False):
        row.problem = row.problem or _mark(row)
    markings = [row.marking for row in rows if row.marking]
    nobodys = set.intersection(*(set(one.unknown) for one in markings)) if markings else set()
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        if row.marking:
            row.problem = "; ".join(_to_mind(row, row.marking, nobodys, seen))
    # How many students made a slip, not how many times.
    slips = Counter(name for one in markings for name in set(one.slips))
    return MarkedClass(rows, slips, sorted(nobodys), delimiter)


def _mark(row: Row) -> str:
    """Mark a row, or return why it cannot be marked."""
    level, seed = row.cells.get("level", ""), row.cells.get("seed", "").removesuffix(".0")
    if level.casefold() not in classtest.LEVELS:
        return f"there is no level {level[:40]!r}"
    if not re.fullmatch(r"[+-]?[0-9]{1,1000}", seed):
        return f"the seed {seed[:40]!r} is no whole number"
    test = classtest.generate(int(seed), level.casefold())
    answers = {name: cell for name, cell in row.cells.items() if name not in COLUMNS}
    row.marking = test.mark(answers)
    return ""


def _to_mind(
    row: Row, marking: Marking, nobodys: set[str], seen: dict[tuple[str, ...], int]
) -> Iterator[str]:
    """Yield what is to be minded although a row was marked; note it in `seen`."""
    if not row.student:
        yield "no name"
    if not _answered(marking):
        yield "nothing is answered"
    who = tuple(row.cells.get(name, "") for name in COLUMNS)
    if row.student and seen.setdefault(who, row.number) != row.number:
        yield f"the same student and test as in line {seen[who]}"
    filled = [name for name in marking.unknown if row.cells.get(name)]
    if unknown := [name for name in filled if name not in nobodys or name.isdecimal()]:
        yield f"the test has no question {', '.join(unknown[:5])}"
    marks = enumerate(marking.marks, start=1)
    if unreadable := [str(place) for place, mark in marks if mark.outcome == "unreadable"]:
        yield f"cannot be read: {', '.join(unreadable)}"


def _answered(marking: Marking) -> bool:
    return any(mark.outcome != "open" for mark in marking.marks)


def as_csv(marked: MarkedClass) -> str:
    """Return the points of each student and question, with slips and problems, as CSV."""
    longest = max((len(row.marking.marks) for row in marked.rows if row.marking), default=0)
    head = ["line", *COLUMNS, "points", "possible", "percent", "slips", "problem"]
    rows: list[Sequence[object]] = [head + list(range(1, longest + 1))]
    for row in marked.rows:
        scores: list[object] = ["", "", "", ""]
        points: list[object] = []
        if one := row.marking:
            marks = enumerate(one.marks, start=1)
            slips = [f"{place}: {', '.join(mark.slips)}" for place, mark in marks if mark.slips]
            percent = round(100 * one.points / one.possible)
            scores = [one.points, one.possible, percent, "; ".join(slips)]
            points = [mark.points for mark in one.marks]
        given = [row.cells.get(name, "")[:200] for name in COLUMNS]
        rows.append([row.number, *given, *scores, row.problem, *points])
    return _written(rows, marked.delimiter)


def scores(marked: MarkedClass) -> Table:
    """Return a table of the students' scores for the terminal."""
    table = Table("student", "test", "points", "of", "percent", "slips")
    for row in marked.rows:
        if one := row.marking:
            test = f"{row.cells['level']}-{row.cells['seed']}"
            given = map(Text, (row.student, test, str(one.points), str(one.possible)))
            table.add_row(*given, f"{one.points / one.possible:.0%}", ", ".join(one.slips))
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


# Tables that people keep in spreadsheets: CSV in any of its dialects, and safe to open again


def _read(file: Path, required: Sequence[str]) -> tuple[list[Row], str]:
    """Return the rows of a table, and what stands between its cells.

    Commas, semicolons or tabs stand between cells; the encoding is UTF-8, UTF-16 or, as older
    spreadsheets write it, Windows-1252. Empty rows are left out; one that cannot be read is there
    with its problem.

    Raises:
        PressError: there is no such file, or one of the `required` columns is missing.
    """
    lines = _text(file).split("\n")
    skipped = int(lines[0].casefold().startswith("sep="))  # a spreadsheet's own note
    delimiter = max(_DELIMITERS, key="".join(lines[skipped : skipped + 1]).count)
    rows = _records(lines, skipped, delimiter)
    _, head = next(rows, (1, []))
    if isinstance(head, str):
        raise PressError(f"The first line of {file}: {head}.")
    names = [name.strip().casefold() for name in head]
    for name in required:
        if name not in names:
            raise PressError(
                f"{file} has no column {name!r}. Its first line names: "
                f"{', '.join(filter(None, names)) or 'nothing'}."
            )
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise PressError(f"{file} has two columns {twice[0]!r}. Give each a name of its own.")
    return [_row(*one, names) for one in rows if any(map(str.strip, one[1]))], delimiter


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise PressError(f"{file} cannot be read: {error.strerror or error}.") from error
    try:
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def _records(
    lines: Sequence[str], start: int, delimiter: str
) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the number of the line that a row begins in, with its cells or with what is wrong.

    Each row is read for itself: a quotation mark that somebody left open spoils its own line and
    does not swallow those of others.
    """
    at = start
    while at < len(lines):
        found, taken = _record(lines[at : at + _MOST_LINES], delimiter)
        yield at + 1, found
        at += taken


def _record(lines: Sequence[str], delimiter: str) -> tuple[list[str] | str, int]:
    """Return the first row of some lines, or what is wrong with it, and how many lines it takes."""
    for taken in range(1, len(lines) + 1):
        part = io.StringIO("\n".join(lines[:taken]))
        try:
            return next(csv.reader(part, delimiter=delimiter, strict=True), []), taken
        except csv.Error as error:
            if "expected after" in str(error):  # a mark inside a text, or the next row's first one
                break
            if "end of data" not in str(error):  # else a cell has a line break in it
                return f"it cannot be read: {error}", 1
    return "its quotation marks do not fit together", 1


def _row(number: int, cells: list[str] | str, names: list[str]) -> Row:
    if isinstance(cells, str):
        return Row(number, {}, cells)
    found = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name}
    too_many = any(cell.strip() for cell in cells[len(names) :])
    problem = (
        f"{len(cells)} cells, but the head names {len(names)}; a text with the sign that stands "
        "between cells needs quotes"
    )
    return Row(number, found, problem if too_many else "")


def _written(rows: Iterable[Sequence[object]], delimiter: str) -> str:
    """Return rows as CSV. A cell that a spreadsheet would take for a formula begins with '.

    The text begins with the mark by which spreadsheets know that it is UTF-8.
    """
    stream = io.StringIO("\ufeff")
    stream.seek(1)
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    for row in rows:
        writer.writerow(
            f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
            for cell in row
        )
    return stream.getvalue()
