"""Tables that people keep in spreadsheets: CSV in any of its dialects, and safe to open again."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnn_course.press.project import PressError

_DELIMITERS = ",;\t"
_MOST_LINES = 20  # that one row can have; more of them are a quotation mark that was left open
# Spreadsheets take a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class Row:
    """One row of a table of answers.

    Attributes:
        number: of its first line in the file, the head being line 1.
        cells: name of a column -> text, without spaces around it.
        problem: why it cannot be used, or what to mind; empty if there is nothing.
    """

    number: int
    cells: dict[str, str]
    problem: str = ""

    @property
    def student(self) -> str:
        """The name of the student."""
        return self.cells.get("student", "")


def read_table(file: Path, required: Sequence[str]) -> tuple[list[Row], str]:
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


def as_csv(rows: Iterable[Sequence[object]], delimiter: str) -> str:
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
