"""How long a chapter takes, as it was measured: for its page, and for the map of the chapters."""

from typing import Any

from cnn_course.press import files
from cnn_course.press.project import PressError, Project
from cnn_course.press.store import Run


def measured_line(project: Project, name: str, profile: str, run: Run) -> str:
    """Return the sentence that says how long a chapter takes, for its page.

    The record of a full run is used where the page does not show a full run itself.

    Args:
        project: the clone.
        name: the chapter.
        profile: the profile of `run`.
        run: the run that the page shows.

    Raises:
        PressError: there is a record, and it does not say how long it took.
    """
    parts = [
        f"{_duration(seconds)} with the {kind} profile ({_place(hardware, moment)})"
        for kind, (seconds, hardware, moment) in _measurements(project, name, profile, run).items()
    ]
    return f"*Measured: {', '.join(parts)}.*"


def times(project: Project, name: str, profile: str, run: Run) -> str:
    """Return in a few words how long a chapter takes, for example `"32 s; full: 5 min"`."""
    measured = _measurements(project, name, profile, run)
    words = {kind: _duration(seconds) for kind, (seconds, _, _) in measured.items()}
    tiny, full = words.get("tiny"), words.get("full")
    return "; ".join(filter(None, (tiny, full and f"full: {full}")))


def _measurements(
    project: Project, name: str, profile: str, run: Run
) -> dict[str, tuple[float, dict[str, Any], str]]:
    """Return profile -> seconds, hardware and date: of the run, and of the record if there is."""
    found = {profile: (run.seconds, run.hardware, run.finished)}
    file = project.measured / f"{name}.json"
    if profile != "full" and file.exists():
        record = files.read_json(file)
        try:
            found["full"] = record["seconds"], record["hardware"], record["date"]
        except (KeyError, TypeError):
            raise PressError(
                f"{file} is not a whole record. Make it again: cnn-course record {name}"
            ) from None
    return found


def _place(hardware: dict[str, Any], moment: str) -> str:
    cores = hardware["cores"]
    words = [f"{cores} core{'s' * (cores != 1)}", hardware.get("gpu"), moment[:10]]
    return ", ".join(filter(None, words))


def _duration(seconds: float) -> str:
    """Return a time that a person can plan with."""
    if seconds < 99.5:
        return f"{max(1, round(seconds))} s"
    minutes = seconds / 60
    return f"{round(minutes)} min" if minutes < 99.5 else f"{minutes / 60:.1f} h"
