"""What a training needs beside Keras: results handed over, records shown, and a safe night.

`Backup` needs Keras and is loaded when it is first asked for; the rest is not worth the wait.
"""

from typing import TYPE_CHECKING, Any

from cnn_course.records import recorded, recorded_seeds
from cnn_course.training.measuring import once
from cnn_course.training.results import Results

if TYPE_CHECKING:
    from cnn_course.training.backup import Backup

__all__ = ["Backup", "Results", "once", "recorded", "recorded_seeds"]


def __getattr__(name: str) -> Any:
    if name == "Backup":
        from cnn_course.training.backup import Backup  # noqa: PLC0415

        return Backup
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
