"""What `cnn-course data` shows: the findings of `cnn_course.data`, as a table."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cnn_course import data
from cnn_course.press.project import PressError

_STYLES = {"whole": "green", "missing": "yellow", "broken": "bold red"}


def show_findings() -> bool:
    """Print a table of the data sets, and below it what to do about those that are not whole.

    Returns:
        Whether nothing is broken; what is merely missing may never be needed.
    """
    findings = data.check()
    table = Table("data set", "state", "size", "place")
    for finding in findings:
        state = f"[{_STYLES[finding.state]}]{finding.state}[/]"
        size = f"{finding.size / 1e6:.1f} MB" if finding.size else ""
        table.add_row(finding.name, state, size, str(finding.path or ""))
    console = Console()
    console.print(table)
    for finding in findings:
        if finding.problem or finding.advice:
            said = " ".join(part for part in (finding.problem, finding.advice) if part)
            console.print(f"{finding.name}: {said}", markup=False, highlight=False, soft_wrap=True)
    return all(finding.state != "broken" for finding in findings)


def get_data(names: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Make sure that data sets are on this machine, whole, and yield each with its place.

    Args:
        names: the data sets; all, if it is empty.

    Raises:
        PressError: there is none of a name, it is broken, or it cannot be downloaded.
    """
    for name in names or [finding.name for finding in data.check()]:
        try:
            yield name, data.get(name)
        except (ValueError, data.DataError) as error:
            raise PressError(str(error)) from None
