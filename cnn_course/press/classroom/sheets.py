"""Sheets for a class: each test as Markdown, as HTML that prints well, and as a notebook."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import nbformat
from tqdm import tqdm

from cnn_course import classtest
from cnn_course.classtest import ClassTest
from cnn_course.press import files
from cnn_course.press.classroom import tables
from cnn_course.press.project import PressError

_STYLE = resources.files(__package__).joinpath("sheet.css").read_text(encoding="utf-8")
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


@dataclass(frozen=True)
class Sheet:
    """The test of one student.

    Attributes:
        student: a name, or "" for a sheet with a line to write it on.
        level: of the test.
        seed: of the test.
    """

    student: str
    level: str
    seed: int

    @property
    def name(self) -> str:
        """The name of its files, without an ending. No student's name gets into it."""
        return f"{self.level}-{self.seed}"


def seeds_in(text: str) -> list[int]:
    """Return the seeds that `1-30` or `4,7,20-25` names, in this order.

    Raises:
        PressError: it names none, one of them twice, or a range runs backwards.
    """
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()):
            raise PressError(f"{text!r} names no seeds. Write for example 1-30, or 4,7,20-25.")
        begin, end = int(first), int(last or first)
        if end < begin:
            raise PressError(f"{part.strip()!r} runs backwards. Write {end}-{begin}.")
        if end - begin >= 100_000:
            raise PressError(f"{part.strip()!r} are {end - begin + 1:,} tests: 100,000 at most.")
        found += range(begin, end + 1)
    if len(set(found)) < len(found):
        raise PressError(f"{text!r} names a seed twice: two students would get the same test.")
    return found


def for_seeds(level: str, seeds: Sequence[int]) -> list[Sheet]:
    """Return a sheet for each seed, with a line for the name."""
    return [Sheet("", level, seed) for seed in seeds]


def for_class(class_list: Path, level: str, seeds: Sequence[int] | None) -> tuple[list[Sheet], str]:
    """Return a sheet for each student of a class list, and what stands between its cells.

    The list is a CSV file with the column `student`.

    Args:
        class_list: one student in each row.
        level: of all tests.
        seeds: one for each student, in the order of the list; None for 1, 2, 3 and so on.

    Raises:
        PressError: the list cannot be read or is empty, a student has no name or the same as
            another one, or there are more students than seeds.
    """
    table = tables.read(class_list, ["student"])
    lines = table.lines
    names = [line.cells.get("student", "") for line in lines]
    problems = []
    first_seen: dict[str, int] = {}
    for line, name in zip(lines, names, strict=True):
        if line.problem or not name:
            problems.append(f"  line {line.number}: {line.problem or 'no name'}")
        elif name in first_seen:
            problems.append(f"  line {line.number}: {name!r} is in line {first_seen[name]}, too")
        first_seen.setdefault(name, line.number)
    if problems:
        listed = "\n".join(problems)
        raise PressError(f"{class_list} needs a name of its own for each student:\n{listed}")
    if not names:
        raise PressError(f"{class_list} names no student.")
    chosen = list(seeds or range(1, len(names) + 1))
    if len(chosen) < len(names):
        raise PressError(f"{len(names)} students, but only {len(chosen)} seeds.")
    made = [Sheet(name, level, seed) for name, seed in zip(names, chosen, strict=False)]
    return made, table.delimiter


def write_sheets(folder: Path, sheets: Sequence[Sheet], delimiter: str = ",") -> list[Path]:
    """Write sheets, keys and an empty table of answers, each file whole or not at all.

    Args:
        folder: gets `sheets/` and `keys/` with three files for each test, `sheets.html` and
            `keys.html` with all of them to be printed at once, and `answers.csv`.
        sheets: at least one.
        delimiter: between the cells of `answers.csv`.

    Returns:
        The files at the top of the folder.

    Raises:
        PressError: `answers.csv` is there and not empty: answers were written into it.
    """
    table = folder / "answers.csv"
    blank = _blank_answers(sheets, delimiter)
    if table.exists() and table.read_bytes() != blank.encode():
        raise PressError(
            f"{table} is there already, and not as it would be written. Answers may be in it: "
            "choose another folder."
        )
    on_paper, solved = [], []
    for sheet in tqdm(sheets, unit="test", delay=2, leave=False):
        test = classtest.generate(sheet.seed, sheet.level)
        question, solution = test.sheet(sheet.student), test.worked_solution()
        on_paper.append(question.html())
        solved.append(solution.html())
        for part, document, notebook in (
            ("sheets", question, _to_answer(test, sheet)),
            ("keys", solution, _to_mark(test, sheet)),
        ):
            target = folder / part / sheet.name
            files.write(target.with_suffix(".md"), str(document))
            files.write(target.with_suffix(".html"), _page(document.title, [document.html()]))
            files.write(target.with_suffix(".ipynb"), notebook)
    written = {"sheets.html": on_paper, "keys.html": solved}
    for name, bodies in written.items():
        files.write(folder / name, _page("Class tests", bodies))
    files.write(table, blank)
    return [*(folder / name for name in written), table]


def _blank_answers(sheets: Sequence[Sheet], delimiter: str) -> str:
    longest = max(len(classtest.generate(sheet.seed, sheet.level).questions) for sheet in sheets)
    head = ["student", "level", "seed", *range(1, longest + 1)]
    empty = [""] * longest
    rows = ([sheet.student, sheet.level, sheet.seed, *empty] for sheet in sheets)
    return tables.written([head, *rows], delimiter)


def _page(title: str, bodies: Sequence[str]) -> str:
    articles = "".join(f"<article>\n{body}</article>\n" for body in bodies)
    return _PAGE.format(title=title, style=_STYLE, body=articles)


def _to_answer(test: ClassTest, sheet: Sheet) -> str:
    """Return the sheet as a notebook that prints the row of answers to hand in."""
    entries = "\n".join(f'    "{name}": ...,' for name in test.blank)
    row = (
        "import csv\nimport sys\n\n"
        f"row = [student, {sheet.level!r}, {sheet.seed}]\n"
        'row += ["" if given is ... else given for given in answers.values()]\n'
        "_ = csv.writer(sys.stdout).writerow(row)"
    )
    return _notebook(
        [
            nbformat.v4.new_markdown_cell(str(test.sheet(sheet.student))),
            nbformat.v4.new_code_cell(f"student = {sheet.student!r}\nanswers = {{\n{entries}\n}}"),
            nbformat.v4.new_markdown_cell("Run this cell, and hand in the line that it prints:"),
            nbformat.v4.new_code_cell(row),
        ]
    )


def _to_mark(test: ClassTest, sheet: Sheet) -> str:
    """Return the worked solution as a notebook that marks answers."""
    entries = "\n".join(f'    "{name}": {value!r},' for name, value in test.key.items())
    code = (
        "from cnn_course import classtest\n\n"
        f"test = classtest.generate({sheet.seed}, {sheet.level!r})\n"
        f"answers = {{\n{entries}\n}}\n"
        "test.mark(answers)"
    )
    return _notebook(
        [
            nbformat.v4.new_markdown_cell(str(test.worked_solution())),
            nbformat.v4.new_markdown_cell("Put answers in place of the key to have them marked:"),
            nbformat.v4.new_code_cell(code),
        ]
    )


def _notebook(cells: Sequence[nbformat.NotebookNode]) -> str:
    for place, cell in enumerate(cells):
        cell["id"] = f"cell-{place}"  # the same file for the same test
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    return str(nbformat.writes(nbformat.v4.new_notebook(cells=list(cells), metadata=kernel)))
