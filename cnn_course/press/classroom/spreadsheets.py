"""Tables that people keep in spreadsheets: Excel, LibreOffice and CSV in any of its dialects."""

import codecs
import csv
import functools
import io
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import python_calamine

from cnn_course.press.classroom.encoding import decoded
from cnn_course.press.classroom.on_disk import OnDisk
from cnn_course.press.project import PressError

# What class lists call their columns, in the order in which they are looked for. A name is in one
# column or in two. Case does not matter, nor what stands between two words.
_CALLED = {
    "name": "student, full name, student name, first name last name, last name first name",
    "first": "first name, given name, vorname, prénom, nombre, nome",  # codespell:ignore nome
    "last": "last name, surname, family name, nachname, nom, apellidos, cognome, name",
    # Canvas has numbers of its own in `ID`: the last to be taken.
    "number": "number, student number, student id, id number, matriculation number, matriculation, "
    "matrikelnummer, matrikel nr, matrikel, numéro étudiant, matrícula, matricola, sis user id, id",
}
_WHOLE, _FIRST, _LAST, _NUMBER = (names.split(", ") for names in _CALLED.values())
_NAME: list[tuple[str, ...]] = [*itertools.product(_WHOLE), *itertools.product(_FIRST, _LAST)]
_NAME += itertools.product([*reversed(_LAST), *_FIRST])  # one alone, `name` before others
_TELLING = {*_WHOLE, *_FIRST, *_LAST, *_NUMBER}
_WOULD_DO = "student, name, first name and last name, number, student id, matriculation number"
_NOBODY = ("points possible", "student, test")  # rows of Canvas's gradebook

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
# That one row can have: what Moodle writes of a class test has 50. More of them are a quotation
# mark that was left open.
_MOST_LINES = 100
_MOST_COLUMNS = 2_000
_MOST_BYTES = 50_000_000  # a hundred thousand rows of answers have twenty million
_PIECE = 100_000
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods; .xls
_NO_TABLES = {b"%PDF": "a PDF", b"{\\rtf": "a text with formats", b"<": "a web page or XML"}
_VISIBLE = python_calamine.SheetVisibleEnum.Visible
_SPACES = re.compile("[\t\u00a0\u2028\u2029\u202f]")
# Control signs but the line break, and what nobody sees but the joiners U+200C and U+200D.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u2069\u2800\u3164\ufeff\uffa0]"
)
_JOINERS = re.compile(
    "[\u200c\u200d\ufe00-\ufe0f]"
)  # they change how a name looks, not which it is
# Spreadsheets take a cell that begins with one of the last signs for a formula, and each program
# has its own idea of where a cell begins.
_FORMULA = re.compile(r'((?:^|[,;|"\n])\s*)(?=[=+\-@＝＋－＠])')
_GUARDED = re.compile(_FORMULA.pattern.replace("(?=", "'(?="))


@dataclass
class Row:
    """One row of a table.

    Attributes:
        number: of its first line in the file, or of its row in a workbook; both begin with 1.
        cells: name of a column -> text, without spaces around it.
        problem: why it cannot be used, or what to mind; empty if there is nothing.
    """

    number: int
    cells: dict[str, str]
    problem: str = ""

    @property
    def student(self) -> str:
        """The name of the student."""
        return student_of(self)[0]


@dataclass(frozen=True)
class Sheet:
    """A table.

    Attributes:
        rows: without those that are empty or nobody's; each is read anew when it is asked for.
        delimiter: what stands between the cells, for tables that are written beside this one.
        encoding: of the text; empty for a workbook, which says it itself.
        notes: sentences for the lecturer about what was guessed or left out.
    """

    rows: Sequence[Row]
    delimiter: str = ","
    encoding: str = ""
    notes: list[str] = field(default_factory=list)


def read_table(file: Path, required: Sequence[str], encoding: str | None = None) -> Sheet:
    """Return the rows of a table: CSV, or a workbook of Excel or LibreOffice.

    Which of them it is, is seen from the content. In CSV, commas, semicolons or tabs stand between
    cells. A row that cannot be read is there with its problem.

    Args:
        file: to be read.
        required: columns that it must have. `"student"` stands for any column, or two of them,
            that tell who a student is: see `student_of`.
        encoding: of CSV, for example `"cp1251"`. If it is not given, UTF-8 and UTF-16 are
            recognized for certain, and others are guessed, with a note.

    Raises:
        PressError: there is no such file, it is no table or not in this encoding, or one of the
            `required` columns is missing.
    """
    try:
        with file.open("rb") as stream:  # some files have no end
            pieces = iter(functools.partial(stream.read, _PIECE), b"")
            content = b"".join(itertools.islice(pieces, _MOST_BYTES // _PIECE + 1))
    except OSError as error:
        raise PressError(f"{file} cannot be read: {error.strerror or error}.") from error
    if len(content) > _MOST_BYTES:
        most = f"{_MOST_BYTES // 10**6} MB"
        raise PressError(f"{file} has more than {most}: no table of a class. Choose another file.")
    for begin, kind in _NO_TABLES.items():
        if content.removeprefix(codecs.BOM_UTF8).lstrip().startswith(begin):
            raise PressError(
                f"{file} is {kind}, no table. Open it in a spreadsheet, and save it as CSV UTF-8."
            )
    if content.startswith(_WORKBOOKS):
        return _of_workbook(file, content, required)
    return _of_text(file, content, required, encoding)


def student_of(row: Row) -> tuple[str, str]:
    """Return name and student number of a row, each empty if no column tells it."""
    plain = ((_plain(name), cell) for name, cell in row.cells.items() if cell)
    cells = {name: cell for name, cell in plain if name in _TELLING}
    number = next((cells[name] for name in _NUMBER if name in cells), "")
    return " ".join(cells[name] for name in _name_columns(frozenset(cells))), number


@functools.cache
def _name_columns(filled: frozenset[str]) -> tuple[str, ...]:
    """Return the one or two columns that the name is in."""
    return next((each for each in _NAME if filled.issuperset(each)), ())


def duplicates(rows: Iterable[Row]) -> list[str]:
    """Return a line of text for each row whose student is not told from that of an earlier one.

    Students of one name are told apart by their numbers.
    """
    found = []
    numbers: dict[str, int] = {}
    names: dict[str, Row] = {}
    for row in rows:
        name, number = student_of(row)
        line = f"line {row.number}:"
        first = names.setdefault(" ".join(_JOINERS.sub("", name).casefold().split()), row)
        if number and (earlier := numbers.setdefault(number.casefold(), row.number)) != row.number:
            found.append(f"{line} the number {number!r} is in line {earlier}, too")
        elif name and first is not row and not (number and student_of(first)[1]):
            found.append(
                f"{line} {name!r} is in line {first.number}, too; if these are two students, add "
                "a column 'number' with a number for each"
            )
    return found


def csv_lines(rows: Iterable[Sequence[object]], delimiter: str) -> Iterator[str]:
    """Yield rows as CSV, in which no text is a formula, whatever a spreadsheet takes for a cell.

    An apostrophe before the sign that would begin a formula makes it text. What is written begins
    with the mark by which spreadsheets know that it is UTF-8.
    """
    stream = io.StringIO("\ufeff")
    stream.seek(1)
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    for row in rows:
        writer.writerow(_harmless(cell) if isinstance(cell, str) else cell for cell in row)
        yield stream.getvalue()
        stream.seek(0)
        stream.truncate()


def as_csv(rows: Iterable[Sequence[object]], delimiter: str) -> str:
    """Return rows as CSV: all that `csv_lines` yields."""
    return "".join(csv_lines(rows, delimiter))


def column_name(head: str) -> str:
    """Return how the cells of a row are named whose column has this head."""
    return _clean(head).casefold()


def _harmless(cell: str) -> str:
    cell = re.sub(r"\r\n?", "\n", cell).replace("\t", " ")
    return _FORMULA.sub(r"\1'", cell)


def _clean(cell: str) -> str:
    """Return a text as one sees it, joiners and combining marks included, formulas unguarded."""
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", _SPACES.sub(" ", cell))).strip()
    if all(unicodedata.category(sign)[0] in "CM" for sign in text):  # joiners with nothing to join
        return ""
    return _GUARDED.sub(r"\1", text)


@functools.cache
def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()


def _names(cells: Iterable[str], required: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names of the columns, and which of those that are required are none of them."""
    names = [column_name(cell) for cell in cells]
    return names, _lacks(Row(1, {name: name for name in names}), required)


def _lacks(row: Row, required: Sequence[str]) -> list[str]:
    """Return which of the required cells are empty or not there."""
    told = any(student_of(row))
    return [name for name in required if not (told if name == "student" else row.cells.get(name))]


def _head(file: Path, cells: list[str] | str, required: Sequence[str]) -> list[str]:
    """Return the names of the columns.

    Raises:
        PressError: they cannot be read, one is missing, or one is there twice.
    """
    if isinstance(cells, str):
        raise PressError(f"The first line of {file}: {cells}.")
    if len(cells) > _MOST_COLUMNS:
        raise PressError(
            f"{file} has {len(cells):,} columns, {_MOST_COLUMNS:,} at most: no table of a class."
        )
    names, missing = _names(cells, required)
    for name in missing[:1]:
        listed = ", ".join(one[:40] for one in names[:40] if one) or "nothing"
        would_do = f" One of these would do: {_WOULD_DO}." if name == "student" else ""
        raise PressError(
            f"{file} has no column {name!r}. Its first line names: {listed}.{would_do}"
        )
    if twice := sorted(name for name, times in Counter(names).items() if name and times > 1):
        raise PressError(f"{file} has two columns {twice[0]!r}. Give each a name of its own.")
    return names


def _row(number: int, cells: list[str] | str, names: list[str]) -> Row:
    if isinstance(cells, str):
        return Row(number, {}, cells)
    cells = [_clean(cell) for cell in cells]
    problem = (
        f"{len(cells)} cells, but the head names {len(names)}; a text with the sign that stands "
        "between cells needs quotes"
    )
    found = {name: cell for name, cell in zip(names, cells, strict=False) if name}
    return Row(number, found, problem if any(cells[len(names) :]) else "")


def _somebodys(rows: Iterable[Row], notes: list[str]) -> Iterator[Row]:
    """Yield the rows that are a student's, and note which are not."""
    for row in rows:
        name = student_of(row)[0]
        posting = "manual posting" in map(str.casefold, row.cells.values())
        if name.casefold() in _NOBODY or (posting and not any(student_of(row))):
            called = name or "Manual Posting"
            notes.append(f"Line {row.number}, {called!r}, is left out: Canvas's own, no student.")
        else:
            yield row


def _of_workbook(file: Path, content: bytes, required: Sequence[str]) -> Sheet:
    try:
        book = python_calamine.load_workbook(io.BytesIO(content))
        shown = [one.name for one in book.sheets_metadata if one.visible == _VISIBLE]
        sheets = {name: list(_filled(book.get_sheet_by_name(name))) for name in shown}
    except python_calamine.CalamineError as error:
        raise PressError(
            f"{file} is no spreadsheet that can be read here: {error}. Open it in its own "
            "program, without a password, and save or export it as CSV UTF-8."
        ) from error
    sheets = {name: rows for name, rows in sheets.items() if rows} or {"": [(1, [])]}
    suited = (name for name in sheets if not _names(sheets[name][0][1], required)[1])
    taken = next(suited, next(iter(sheets)))
    (_, head), *rows = sheets[taken]
    names = _head(file, head, required)
    several = f"{file} has {len(sheets)} sheets: {taken!r} is read, the others are not."
    notes = [several] if len(sheets) > 1 else []
    kept = OnDisk(_somebodys((_row(*one, names) for one in rows), notes))
    return Sheet(kept, notes=notes)


def _filled(sheet: python_calamine.CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of the rows that are not empty."""
    for number, row in enumerate(sheet.to_python(skip_empty_area=False), start=1):
        cells = [_written(value) for value in row]
        if any(map(str.strip, cells)):
            yield number, cells


def _written(value: object) -> str:
    """Return a cell's value as text: 7 for 7.0, and dates as in ISO 8601."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(getattr(value, "isoformat", value.__str__)())


def _of_text(file: Path, content: bytes, required: Sequence[str], encoding: str | None) -> Sheet:
    text = decoded(file, content, encoding)
    start = int(text.lines[0].casefold().startswith("sep="))  # a spreadsheet's own note
    delimiter = max(_DELIMITERS, key=next(filter(str.strip, text.lines[start:]), "").count)
    records = (one for one in _records(text.lines, start, delimiter) if any(map(_clean, one[1])))
    names = _head(file, next(records, (1, []))[1], required)
    words: list[str] = []

    def rows() -> Iterator[Row]:
        for number, cells in records:
            row = _row(number, cells, names)
            if isinstance(cells, str) or len(cells) != len(names) or _lacks(row, required):
                lines = text.lines[number - 1 : number - 1 + _MOST_LINES]
                row = _pasted(lines, row, names, required, delimiter) or row
            _keep_telling(words, (row.student, *row.cells.values()))
            yield row

    left_out: list[str] = []
    kept = OnDisk(_somebodys(rows(), left_out))
    notes = [*text.notes(file, [*words, *names]), *left_out]
    return Sheet(kept, delimiter, text.encoding, notes)


def _keep_telling(kept: list[str], words: Iterable[str]) -> None:
    """Keep the few words that show how a text was read, and where letters were lost."""
    for word in words:
        if not word.isascii() and len(kept) < (6 if "\ufffd" in word else 3) and word not in kept:
            kept.append(word)


def _records(
    lines: Sequence[str], start: int, delimiter: str
) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the number of the line that a row begins in, with its cells or with what is wrong.

    Each row is read for itself: a quotation mark that somebody left open spoils its own line and
    does not swallow those of others.
    """
    at = start
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
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


def _pasted(
    lines: Sequence[str], row: Row, names: list[str], required: Sequence[str], delimiter: str
) -> Row | None:
    """Return a row as it is if it comes from a table with another delimiter, with this problem."""
    for other, called in _DELIMITERS.items():
        cells, _ = _record(lines, other)
        if other == delimiter or isinstance(cells, str) or len(cells) < 2:
            continue
        found = _row(row.number, cells, names)
        fits = len(cells) == len(names) or _lacks(row, required)
        spaced = any(cell.startswith(" ") for cell in cells)  # the sign belongs to a text
        if fits and not spaced and not _lacks(found, required):
            found.problem = (
                f"these cells are separated by {called}, the others by {_DELIMITERS[delimiter]}; "
                f"put {_DELIMITERS[delimiter]} between them"
            )
            return found
    return None
