"""What a learner has done so far: chapter by chapter, section by section."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib import resources

from cnn_course.checks import diary

Sections = Mapping[str, Mapping[str, list[str]]]  # chapter -> section -> exercises


@dataclass(frozen=True)
class Progress:
    """Exercises that were answered rightly. Its text is a list, a notebook shows a table.

    Attributes:
        sections: chapter -> section -> its exercises, in the order of the course.
        done: the exercises that were answered rightly.
    """

    sections: Sections
    done: frozenset[str]

    def __repr__(self) -> str:
        lines = []
        for chapter, sections in self.sections.items():
            lines.append(f"{chapter}: {self._count(sections)}")
            for section, exercises in sections.items():
                marks = ", ".join(f"{self._sign(name)} {name}" for name in exercises)
                lines.append(f"  {section}: {marks}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "\n".join(
            f'<tr><td style="text-align: left">{escape(chapter)}</td>'
            f'<td style="text-align: left">{escape(section)}</td>'
            f'<td style="text-align: left">{escape(self._listed(exercises))}</td></tr>'
            for chapter, sections in self.sections.items()
            for section, exercises in sections.items()
        )
        head = "".join(
            f'<th scope="col" style="text-align: left">{name}</th>'
            for name in ("chapter", "section", "exercises")
        )
        together = ", ".join(
            f"{chapter[:2]}: {self._count(sections)}" for chapter, sections in self.sections.items()
        )
        return (
            f"<table>\n<caption>{escape(together)}</caption>\n<thead>\n<tr>{head}</tr>\n</thead>\n"
            f"<tbody>\n{rows}\n</tbody>\n</table>"
        )

    def _listed(self, exercises: list[str]) -> str:
        return ", ".join(f"{self._sign(name)} {name}" for name in exercises)

    def _sign(self, name: str) -> str:
        return "[x]" if name in self.done else "[ ]"

    def _count(self, sections: Mapping[str, list[str]]) -> str:
        exercises = [name for names in sections.values() for name in names]
        return f"{sum(name in self.done for name in exercises)} of {len(exercises)} exercises"


def progress() -> Progress:
    """Return which exercises you have answered rightly, in any notebook on this machine.

    It is kept in one file on this machine, and never sent anywhere. Solutions of the chapters do
    not count.
    """
    text = resources.files(__package__).joinpath("sections.json").read_text(encoding="utf-8")
    return Progress(json.loads(text), frozenset(diary.read()))


def forget_progress() -> None:
    """Remove what is known of your progress from this machine."""
    diary.forget()
