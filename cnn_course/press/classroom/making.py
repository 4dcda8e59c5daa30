"""Sheets and keys of class tests, as files."""

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


