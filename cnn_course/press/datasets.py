"""What `cnn-course data` shows: the findings of `cnn_course.data`, as a table."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnn_course import data
from cnn_course.data.errors import listing
from cnn_course.press.project import PressError

_STYLES = {"whole": "green", "mended": "yellow", "missing": "yellow", "broken": "bold red"}


def show_findings() -> bool:
    """Print a table of the data sets, and below it what to do about those that are not whole.

    Files that are left out or converted and pictures that are there twice are listed, too.

    Returns:
        Whether nothing is broken; what is merely missing may never be needed.
    """
    findings = data.check()
    table = Table("data set", "state", "size", "place")
    for finding in findings:
        state = f"[{_STYLES[finding.state]}]{finding.state}[/]"
        size = f"{finding.size / 1e6:.1f} MB" if finding.size else ""
        table.add_row(finding.name, state, size, Text(str(finding.path or "")))
    console = Console()
    console.print(table)
    for finding in findings:
        for line in _details(finding):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    return all(finding.state != "broken" for finding in findings)


def _details(finding: data.Finding) -> Iterator[str]:
    if finding.problem or finding.advice:
        said = "\n".join(part for part in (finding.problem, finding.advice) if part)
        yield f"{finding.name}: {said}"
    for heading, lines in finding.lists.items():
        yield f"{finding.name}, {heading} ({len(lines):,}):"
        yield from listing(lines)


def get_data(names: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Make sure that data sets are on this machine, whole, and yield each with its place.

    Args:
        names: the data sets; all, if it is empty.

    Raises:
        PressError: there is none of a name, it is broken, or it cannot be downloaded.
    """
    for name in names or [data_set.name for data_set in data.DATA_SETS]:
        try:
            yield name, data.get(name)
        except (ValueError, data.DataError) as error:
            raise PressError(str(error)) from None
