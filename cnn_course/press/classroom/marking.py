"""The answers of a class, marked."""

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


