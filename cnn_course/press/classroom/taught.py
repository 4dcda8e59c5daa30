"""Where the course teaches what a common mistake of a class test gets wrong."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import metadata
from pathlib import Path
from typing import Final

_TAUGHT: Final = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Section:
    """A section of the published course.

    Attributes:
        chapter: its name, for example `"08-class-test"`.
        heading: of the section.
    """

    chapter: str
    heading: str

    def __str__(self) -> str:
        return f"Chapter {int(self.chapter[:2])}, {self.heading}"

    @property
    def address(self) -> str:
        """Where it is on the web."""
        anchor = re.sub("[^a-z0-9]+", "-", self.heading.casefold()).strip("-")  # as docutils does
        return f"{_site()}/notebooks/{self.chapter}.html#{anchor}"


#: name of a common mistake -> where its rule is taught
SECTIONS: Final[Mapping[str, Section]] = {
    slip: Section(one["chapter"], one["heading"])
    for one in tomllib.loads(_TAUGHT.read_text(encoding="utf-8"))["section"]
    for slip in one["slips"]
}


def _site() -> str:
    """Return the address of the published course, from that of its repository."""
    addresses = dict(
        one.split(", ", 1) for one in metadata("cnn-course").get_all("Project-URL", [])
    )
    owner, name = addresses["Repository"].rstrip("/").split("/")[-2:]
    return f"https://{owner.lower()}.github.io/{name}"
