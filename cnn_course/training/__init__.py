"""What a chapter's training needs beside Keras: backups, measurements made once, results."""

from typing import TYPE_CHECKING, Any

from cnn_course.profiles import half_precision
from cnn_course.records import recorded, recorded_runs, recorded_seeds
from cnn_course.training.measurements import Results, measured, once, pairs

if TYPE_CHECKING:
    from cnn_course.training.backup import Backup

__all__ = [
    "Backup",
    "Results",
    "half_precision",
    "measured",
    "once",
    "pairs",
    "recorded",
    "recorded_runs",
    "recorded_seeds",
]


def __getattr__(name: str) -> Any:
    if name == "Backup":  # it needs Keras, and the rest is not worth the wait
        from cnn_course.training.backup import Backup  # noqa: PLC0415

        return Backup
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
