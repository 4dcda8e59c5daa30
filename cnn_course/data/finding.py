"""What the report says of one data set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

State: TypeAlias = Literal["whole", "mended", "broken", "missing"]


@dataclass(frozen=True)
class Finding:
    """Where a data set is, whether it is whole, and what to do if it is not.

    Attributes:
        name: the data set, as `get` takes it.
        state: `"whole"` (found, all of it right), `"mended"` (found with faults; what is left is
            usable and is used), `"broken"` (found, but not usable) or `"missing"`.
        path: the file or folder that was looked at last; where the data would be put, if it is
            missing; None where `CNN_COURSE_DATA` itself is wrong.
        size: bytes of the files that were found, 0 where none was.
        digest: sha256 of the arrays, once it was compared and is right; otherwise empty.
        problem: what is wrong; empty where all is well.
        advice: what to do; empty where all is well.
        lists: what to know of single files, a line for each, under headings.
    """

    name: str
    state: State
    path: Path | None
    size: int = 0
    digest: str = ""
    problem: str = ""
    advice: str = ""
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
