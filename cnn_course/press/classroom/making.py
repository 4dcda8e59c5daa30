"""Writes the class tests of a class: sheets, keys and tables, for paper and for notebooks."""

import json
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from math import ceil
from pathlib import Path
from typing import Any

import nbformat
from tqdm import tqdm

from cnn_course import classtest
from cnn_course.classtest import ClassTest
from cnn_course.classtest.printing import Document
from cnn_course.data.errors import listing
from cnn_course.files import write
from cnn_course.press.classroom import settings as class_settings
from cnn_course.press.classroom.assigned import (
    NETWORK,
    OWN,
    TABLE,
    Assigned,
    Student,
    assign,
    assign_own,
    rows_of,
)
from cnn_course.press.classroom.canvas import canvas_tests
from cnn_course.press.classroom.pages import MADE_BY, page
from cnn_course.press.classroom.platforms import moodle_tests
from cnn_course.press.classroom.settings import Settings
from cnn_course.press.classroom.spreadsheets import (
    Row,
    Sheet,
    as_csv,
    duplicates,
    read_table,
    student_of,
)
from cnn_course.press.notebooks import KERNELSPEC
from cnn_course.press.project import PressError, locked

ANSWERS = "answers.csv"
CHAPTER_8 = "chapter-8"
#: Level, or nothing for a network -> minutes that a new class.toml allows.
_MINUTES = {"": 20, "first": 20, "exam": 45, "hard": 60}
COLUMNS = ("student", "number", "test")
_LINE = "_" * 30
_LISTED = 40  # columns of a table
_NO = ("", "0", "no", "n", "false", "-", "nein", "non")  # no large print
_USED = ("minutes", "large print")
#: format -> its file, and what makes its content
_PLATFORMS: dict[str, tuple[str, Callable[..., str | bytes]]] = {
    "moodle": ("moodle.xml", moodle_tests),
    "canvas": ("canvas.zip", canvas_tests),
}


def seeds_in(text: str) -> list[int]:
    """Return the seeds that `1-30` or `4,7,20-25` names, in this order.

    Raises:
        PressError: it names none, one of them twice, or a range runs backwards.
    """
    found: list[int] = []
    for part in map(str.strip, text.split(",")):
        parsed = re.fullmatch(r"([0-9]{1,18})(?:-([0-9]{1,18}))?", part)
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


def make_class(
    folder: Path,
    *,
    level: str = "exam",
    seeds: str = "",
    class_list: Path | None = None,
    network: str = "",
    formats: Sequence[str] = (),
    encoding: str | None = None,
) -> tuple[list[Path], list[str]]:
    """Write the tests of a class into a folder, by what its `class.toml` says.

    A folder without one gets a new one, with a secret of its own.

    Args:
        folder: of the class; see `_write_tests`.
        level: of `classtest.generate`.
        seeds: such as `"1-30"`, one test for each; 1, 2, 3 and so on, if not given.
        class_list: a table of students, each with a test of their own.
        network: in place of a level, a file for `classtest.read`, or `"chapter-8"`.
        formats: `"moodle"`, `"canvas"`: what is written besides.
        encoding: of the class list, where it cannot be told.

    Returns:
        The files at the top of the folder, and how the class list was read where that was a guess.

    Raises:
        PressError: an input is none that tests can be made of, or answers would be lost.
    """
    file = folder / class_settings.FILE
    text = "" if file.exists() else class_settings.new(_MINUTES["" if network else level])
    settings = class_settings.parsed(text, str(file)) if text else class_settings.read(file)
    if not settings.salt:
        raise PressError(
            f"{file} has no salt, and without that secret anybody can make these tests and their "
            f'keys. Write as its first line: salt = "{secrets.token_hex(8)}"'
        )
    chosen = seeds_in(seeds) if seeds else []
    students, sheet = students_in(class_list, encoding) if class_list else ([], None)
    if network:
        source = classtest.CHAPTER_8 if network == CHAPTER_8 else Path(network)
        assigned: Sequence[Assigned] = assign_own(students, source, settings.salt)
    else:
        assigned = assign(students, level, chosen, settings.salt)
    tables = _tables(assigned, sheet.delimiter if sheet else ",")
    with locked(folder):
        _check_nothing_is_lost(folder, {class_settings.FILE: text, **tables} if text else tables)
        if text:  # before all that nobody can mark without its secret
            write(file, text)
        if network:
            write(folder / NETWORK, source.read_bytes())
        files = [*_write_tests(folder, assigned, settings, tables), file]
        files += _write_platforms(folder, assigned, settings, formats)
    notes = sheet.notes if sheet else []
    if formats and (settings.void or settings.weights):
        notes = [*notes, "The files for platforms know nothing of void questions and weights."]
    return files, notes


def _write_platforms(
    folder: Path, assigned: Sequence[Assigned], settings: Settings, formats: Sequence[str]
) -> list[Path]:
    different = {one.id: (one.id, one.level, one.test) for one in assigned}.values()
    files = []
    for name in formats:
        made, content = _PLATFORMS[name]
        write(folder / made, content([*different], settings.course))
        files.append(folder / made)
    return files


def _tables(assigned: Sequence[Assigned], delimiter: str) -> dict[str, str]:
    """Return the table of answers, to be filled, and the lecturer's: name of a file -> text."""
    longest = max(len(one.test.questions) for one in assigned)
    who = ((one.student.name, one.student.number, one.id) for one in assigned)
    blank = chain([(*COLUMNS, *range(1, longest + 1))], ((*one, *[""] * longest) for one in who))
    return {ANSWERS: as_csv(blank, delimiter), TABLE: as_csv(rows_of(assigned), delimiter)}


def _check_nothing_is_lost(folder: Path, files: Mapping[str, str]) -> None:
    """Refuse to write over what somebody else has written.

    Raises:
        PressError: one of the files is there with other content.
    """
    for name, text in files.items():
        file = folder / name
        if file.exists() and file.read_bytes() != text.encode():
            raise PressError(
                f"{file} is there already, and not as it would be written. Answers may be in it, "
                "or students may have other tests: choose another folder, also for a student who "
                "comes later."
            )


def _write_tests(
    folder: Path, assigned: Sequence[Assigned], settings: Settings, tables: Mapping[str, str]
) -> list[Path]:
    """Write sheets, keys and tables, each file whole or not at all.

    Args:
        folder: gets `sheets/` and `keys/` with three files for each test, `sheets.html` and
            `keys.html` to print all of them at once, and the tables. No file is named after a
            student.
        assigned: who gets which test.
        settings: of the class.
        tables: name of a file -> its text.

    Returns:
        The files at the top of the folder.
    """
    times = Counter(one.id for one in assigned)

    def sheets() -> Iterator[str]:
        for place, one in enumerate(_counting(assigned, "sheet", settings), start=1):
            stem = one.id if times[one.id] == 1 else f"{one.id}-{place}"
            sheet = one.test.sheet(one.student.name)
            yield (body := _on_paper(stem, one, settings))
            _write_three(folder / "sheets" / stem, sheet, body, _to_answer(one, str(sheet)))

    def keys() -> Iterator[str]:
        seen: set[str] = set()
        for one in _counting(assigned, "key", settings):
            if one.id not in seen:
                seen.add(one.id)
                key = one.test.worked_solution()
                yield (body := _footed(f"k{one.id}", key.title, key.html()))
                _write_three(folder / "keys" / one.id, key, body, _to_mark(one, str(key)))

    for part, bodies in (("sheets", sheets()), ("keys", keys())):
        write(folder / f"{part}.html", page("Class tests", bodies))
        (folder / f"{part}.pdf").unlink(missing_ok=True)  # it is of another time
    for name, text in tables.items():
        write(folder / name, text)
    return [folder / name for name in ("sheets.html", "keys.html", *tables)]


def _counting(assigned: Iterable[Assigned], unit: str, settings: Settings) -> Iterator[Assigned]:
    """Yield who gets which test, with the points of this class, and show how far it is."""
    for one in tqdm(assigned, unit=unit, delay=2, leave=False):
        yield replace(one, test=_weighted(one.test, settings))


def _weighted(test: ClassTest, settings: Settings) -> ClassTest:
    """Return a test whose questions have the points that they will be marked with."""
    questions = []
    for one in test.questions:
        points: Any = (settings.weight(one) or 0) * one.points
        questions.append(replace(one, points=int(points) if points == int(points) else points))
    return replace(test, questions=tuple(questions))


def students_in(class_list: Path, encoding: str | None = None) -> tuple[list[Student], Sheet]:
    """Return the students of a class list, and the list as it was read.

    Besides names and numbers it may have the columns `large print`, in which anything written
    but no means yes, and `minutes` for those who have more time.

    Raises:
        PressError: it cannot be read or is empty, or does not tell its students apart.
    """
    sheet = read_table(class_list, ["student"], encoding)
    problems = [f"line {row.number}: {row.problem}" for row in sheet.rows if row.problem]
    problems = problems or duplicates(sheet.rows)
    students = []
    for row in sheet.rows:
        name, number = student_of(row)
        minutes = row.cells.get("minutes", "")
        if not name and not number:
            problems.append(f"line {row.number}: no name")
        elif minutes and not minutes.isdecimal():
            problems.append(f"line {row.number}: {minutes[:40]!r} is no number of minutes")
        else:
            large = row.cells.get("large print", "").casefold() not in _NO
            students.append(Student(name, number, large, int(minutes or 0)))
    if problems:
        listed = "\n".join(listing(problems))
        raise PressError(f"{class_list} cannot be used:\n{listed}")
    if not students:
        raise PressError(f"{class_list} names no student.")
    columns = dict.fromkeys(name for row in sheet.rows for name in row.cells)
    told = [name for name in columns if name in _USED or any(student_of(Row(1, {name: name})))]
    if unused := [name for name in columns if name not in told]:
        more = f" and {len(unused) - _LISTED:,} more" if unused[_LISTED:] else ""
        listed = ", ".join(one[:40] for one in unused[:_LISTED])
        sheet.notes.append(f"Not used of {class_list}: the columns {listed}{more}.")
    return students, sheet


def cover(one: Assigned, settings: Settings) -> Document:
    """Return the first page of a test: what is allowed, and one place for all answers."""
    points = sum(question.points for question in one.test.questions)
    minutes = one.student.minutes or settings.minutes
    about = {
        "Course": settings.course,
        "Date": settings.date,
        "Minutes": f"{minutes:g}" if minutes else "",
        "Aids": settings.aids,
        "Name": one.student.name or _LINE,
        "Student number": one.student.number or _LINE,
        "Points": f"{_LINE[:8]} of {points}",
    }
    grades = [
        f"{grade} from {ceil(share * points * 2 - 1e-9) / 2:g}"
        for grade, share in sorted(settings.boundaries.items(), key=lambda pair: -pair[1])
    ]
    if grades:
        about["Grade"] = f"{_LINE[:8]} ({', '.join(grades)})"
    head = [("", ""), *((name, value) for name, value in about.items() if value)]
    asked = [(str(at), question.name) for at, question in enumerate(one.test.questions, start=1)]
    columns = 1 if one.student.large else 2
    half = ceil(len(asked) / columns)
    blocks = [asked[:half], asked[half:]][:columns]
    rows = [("number", "question", "answer") * columns]
    for cells in zip_longest(*blocks, fillvalue=("", "")):
        rows.append(tuple(text for cell in cells for text in (*cell, "")))
    return Document(
        (
            ("h1", one.test.title),
            ("table", head),
            ("h2", "Answers"),
            ("p", "Write every answer into this table. Calculate on the pages that follow."),
            ("table", rows),
        )
    )


def _on_paper(stem: str, one: Assigned, settings: Settings) -> str:
    """Return a test for printing: the cover, then the questions with room to calculate."""
    large = one.student.large
    body = (
        f"<section class='cover'>\n{cover(one, settings).html()}</section>\n"
        f"{one.test.sheet(one.student.name, column='calculation').html()}"
    )
    footer = f"{one.test.title} {one.student.name}".strip()
    return _footed(f"s{stem}", footer, f"<div class='large'>\n{body}</div>" if large else body)


def _footed(name: str, footer: str, body: str) -> str:
    """Return HTML at whose foot, on each printed page, stand a text and the page's number."""
    # In CSS anything but a letter can be written by its number.
    text = "".join(sign if sign.isalnum() else f"\\{ord(sign):x} " for sign in footer[:120])
    return (
        f'<style>@page {name} {{ @bottom-left {{ content: "{text}" }} '
        "@bottom-right { content: counter(page) } }</style>\n"
        f"<div style='page: {name}'>\n{body}</div>"
    )


def _write_three(file: Path, document: Document, body: str, notebook: str) -> None:
    """Write a document as Markdown, as a page and as a notebook."""
    write(file.with_suffix(".md"), f"{document}\n<!-- {MADE_BY} -->\n")
    write(file.with_suffix(".html"), page(document.title, [body]))
    write(file.with_suffix(".ipynb"), notebook)


def _to_answer(one: Assigned, sheet: str) -> str:
    """Return the sheet as a notebook that prints the row of answers to hand in."""
    entries = "\n".join(f"    {json.dumps(name)}: ...," for name in one.test.blank)
    row = (
        "import csv\nimport sys\n\n"
        f"row = [student, number, {one.id!r}]\n"
        'row += ["" if given is ... else given for given in answers.values()]\n'
        "_ = csv.writer(sys.stdout).writerow(row)"
    )
    who = f"student = {one.student.name!r}\nnumber = {one.student.number!r}\n"
    answers = f"{who}test = {one.id!r}\nanswers = {{\n{entries}\n}}"
    handed_in = "Save the notebook and hand it in, or run this cell and hand in the line it prints:"
    dots = "Write each answer in place of its three dots. A shape is `(4, 4, 2)`, a word in quotes."
    return _notebook(f"{sheet}\n\n{dots}", answers, handed_in, row)


def _to_mark(one: Assigned, key: str) -> str:
    """Return the worked solution as a notebook that marks answers; the secret is not in it."""
    entries = "\n".join(
        f"    {json.dumps(name)}: {value!r}," for name, value in one.test.key.items()
    )
    made = (
        f'settings = tomllib.loads(Path("../{class_settings.FILE}").read_text("utf-8-sig"))\n'
        f'test = classtest.generate({one.seed}, {one.level!r}, settings["salt"])'
    )
    if one.level == OWN:
        made = f'test = classtest.read(Path("../{NETWORK}"))'
    code = (
        "import tomllib\nfrom pathlib import Path\n\nfrom cnn_course import classtest\n\n"
        f"{made}\nanswers = {{\n{entries}\n}}\ntest.mark(answers)"
    )
    return _notebook(f"{key}\n\nPut answers in place of the key to have them marked:", code)


def _notebook(*sources: str) -> str:
    """Return a notebook whose cells are text and code in turn."""
    cells = []
    for place, source in enumerate(sources):
        new_cell = nbformat.v4.new_code_cell if place % 2 else nbformat.v4.new_markdown_cell
        cells.append(new_cell(source, id=f"cell-{place}"))  # the same file for the same test
    made = nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": KERNELSPEC, "generator": MADE_BY}
    )
    return str(nbformat.writes(made))
