"""Who gets which class test: tests with a name that says nothing, and the lecturer's table."""

import functools
import hashlib
import json
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from cnn_course import classtest
from cnn_course.classtest import ClassTest
from cnn_course.press.classroom.on_disk import OnDisk
from cnn_course.press.classroom.spreadsheets import Row, read_table, student_of
from cnn_course.press.project import PressError

NETWORK: Final = "network.toml"  # a network of the lecturer's own, in the folder of the class
TABLE: Final = "tests.csv"
COLUMNS: Final = ("test", "student", "number", "level", "seed", "version")
OWN: Final = "own"  # in place of a level
_KEPT: Final = 16  # tests, of which a quiz draws the same ones for many
_IN_VAIN = 1_000  # seeds in a row that give nothing new: there are no more tests
# Crockford's base 32: no letter that looks like a digit or like another letter.
_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Student:
    """One row of a class list.

    Attributes:
        name: empty where a sheet has a line for it.
        number: student number; empty if the list has none.
        large: whether the sheet is printed large.
        minutes: instead of those of the class; 0 if they are the same.
    """

    name: str = ""
    number: str = ""
    large: bool = False
    minutes: int = 0


@dataclass(frozen=True)
class Assigned:
    """A student's test.

    Attributes:
        student: who gets it.
        id: what stands on it, for example `"7K3M-Q9TX"`.
        level: `"first"`, `"exam"`, `"hard"`, or `"own"` for a network from a file.
        seed: None for a network from a file.
        test: the test.
    """

    student: Student
    id: str
    level: str
    seed: int | None
    test: ClassTest


def identity(test: ClassTest, salt: str) -> str:
    """Return what stands on a test: it tells tests apart, and nothing of the key or the seed."""
    content = json.dumps([salt, list(test.key.items())])
    number = int.from_bytes(hashlib.sha256(content.encode()).digest()[:5])
    text = "".join(_SIGNS[number >> 5 * place & 31] for place in range(8))
    return f"{text[:4]}-{text[4:]}"


def normalized(written: str) -> str:
    """Return the name of a test as it is printed, from how somebody has typed it."""
    text = re.sub(r"[\s\-‐-―−]", "", written).upper()
    text = text.replace("O", "0").replace("I", "1").replace("L", "1")
    return f"{text[:4]}-{text[4:]}" if len(text) == 8 else text


def assign(
    students: Sequence[Student], level: str, seeds: Sequence[int], salt: str
) -> Sequence[Assigned]:
    """Return a test for each student, no two of them equal.

    Args:
        students: in the order of the list; if there are none, each seed gives a test.
        level: of all tests.
        seeds: of the tests, in this order; if there are none, 1, 2, 3 and so on.
        salt: the secret of `classtest.generate`.

    Raises:
        PressError: there are fewer seeds than students, two seeds give the same test, or there
            are not so many different tests.
    """
    if seeds and len(seeds) < len(students):
        raise PressError(f"{len(students)} students, but only {len(seeds)} seeds.")
    students = students or [Student()] * len(seeds)
    tests = _different(seeds or count(1), level, salt, len(students), given=bool(seeds))
    progress = tqdm(tests, total=len(students), unit="test", delay=2, leave=False)
    return OnDisk(
        Assigned(student, *drawn) for student, drawn in zip(students, progress, strict=False)
    )


def _different(
    seeds: Iterable[int], level: str, salt: str, wanted: int, *, given: bool
) -> Iterator[tuple[str, str, int, ClassTest]]:
    """Yield the wanted number of different tests; of seeds that are given, none may repeat one."""
    seen: dict[str, int] = {}
    in_vain = 0
    for seed in seeds:
        if len(seen) == wanted:
            return
        test = classtest.generate(seed, level, salt)
        name = identity(test, salt)
        if name not in seen:
            seen[name], in_vain = seed, 0
            yield name, level, seed, _titled(test, name)
        elif given:
            raise PressError(f"Seeds {seen[name]} and {seed} give the same test. Leave out {seed}.")
        elif (in_vain := in_vain + 1) > _IN_VAIN:
            raise PressError(
                f"Level {level!r} has no {wanted:,} different tests; {len(seen):,} were found. "
                "Choose another level."
            )


def assign_own(students: Sequence[Student], file: Path, salt: str) -> list[Assigned]:
    """Return the test about the network in a file for each student; all get the same.

    Raises:
        PressError: the file holds no network that a test can ask about.
    """
    test = _own(file)
    name = identity(test, salt)
    title = _titled(test, name) if test.title == "Class test" else test
    return [Assigned(one, name, OWN, None, title) for one in students or [Student()]]


def _titled(test: ClassTest, name: str) -> ClassTest:
    """Return the test with its name above it, and no seed."""
    return replace(test, title=f"Class test {name}")


def _own(file: Path) -> ClassTest:
    try:
        return classtest.read(file)
    except (OSError, ValueError) as error:
        raise PressError(f"No class test can be made of it. {error}") from None


def rows_of(assigned: Iterable[Assigned]) -> Iterator[Sequence[object]]:
    """Yield the lecturer's table with its head: who has which test, and how it is made."""
    made = version("cnn-course")
    yield COLUMNS
    for one in assigned:
        seed = "" if one.seed is None else one.seed
        yield one.id, one.student.name, one.student.number, one.level, seed, made


class AssignedTests:
    """The tests of a class, by what stands on them.

    Args:
        folder: with `tests.csv`, and `network.toml` if the network is the lecturer's own.
        salt: the secret of the class.

    Raises:
        PressError: there is no such table, or it cannot be read.
    """

    def __init__(self, folder: Path, salt: str) -> None:
        self._folder, self._salt = folder, salt
        self._rows = read_table(folder / TABLE, COLUMNS).rows
        self._by_id, self._by_student = _Places(), _Places()
        for place, row in enumerate(self._rows):
            if row.problem:
                raise PressError(f"Line {row.number} of {folder / TABLE}: {row.problem}.")
            self._by_id.add(normalized(row.cells.get("test", "")), place)
            for name in {*_student(row)} - {""}:
                self._by_student.add(name, place)
        self._cached = functools.lru_cache(_KEPT)(self._test)

    def find(self, row: Row) -> tuple[str, ClassTest | str]:
        """Return the name of the test that a row of answers is about, and the test.

        A row without a test is that of its student: by number if both have one, else by name. In
        place of a test stands why there is none.
        """
        if name := normalized(row.cells.get("test", "")):
            return name, self.test(name)
        student, number = _student(row)
        rows = [*self._of_student(number or student)]
        if number and not rows:
            rows = [one for one in self._of_student(student) if not _student(one)[1]]
        if len(rows) == 1:
            name = normalized(rows[0].cells.get("test", ""))
            return name, self.test(name)
        return "", "no test is named" + (f", and {len(rows)} of this student" if rows else "")

    def test(self, name: str) -> ClassTest | str:
        """Return the test that a name stands for, or why there is none."""
        return self._cached(name)

    def _test(self, name: str) -> ClassTest | str:
        row = next(self._named(name), None)
        if row is None:
            return f"the class has no test {name[:40]!r}"
        level, seed = (row.cells.get(column, "") for column in ("level", "seed"))
        seed = seed.removesuffix(".0")
        if level == OWN:
            test = _own(self._folder / NETWORK)
        elif level in classtest.LEVELS and re.fullmatch(r"-?[0-9]{1,1000}", seed):
            test = classtest.generate(int(seed), level, self._salt)
        else:
            return f"line {row.number} of {TABLE} names no test: level {level!r}, seed {seed!r}"
        if identity(test, self._salt) == normalized(row.cells.get("test", "")):
            return test
        made, here = row.cells.get("version", ""), version("cnn-course")
        if made == here:
            return f"the salt is another one than the test was made with, or {TABLE} was changed"
        return f"version {here} of the course makes another test than version {made} did: use that"

    def without_answers(self, rows: Iterable[Row]) -> list[str]:
        """Return the names, or the numbers, of the students that none of the rows is about."""
        there = {name for row in rows for name in _student(row)} - {""}
        given = (row for row in self._rows if any(_student(row)))
        missing = (row for row in given if there.isdisjoint(_student(row)))
        return [name or number for name, number in map(student_of, missing)]

    def owner(self, name: str, row: Row) -> str:
        """Return who was given a test, if it cannot be the student of a row; else nothing."""
        first = None
        for one in self._named(name):
            pair = zip(_student(one), _student(row), strict=True)
            # A network of the lecturer's own is everybody's.
            if one.cells.get("level") == OWN or all(not a or not b or a == b for a, b in pair):
                return ""
            first = first or one
        return " ".join(filter(None, student_of(first))) if first else ""

    def _named(self, name: str) -> Iterator[Row]:
        rows = map(self._rows.__getitem__, self._by_id.of(name))
        return (row for row in rows if normalized(row.cells.get("test", "")) == name)

    def _of_student(self, name: str) -> Iterator[Row]:
        rows = map(self._rows.__getitem__, self._by_student.of(name))
        return (row for row in rows if name in _student(row))


class _Places:
    """Where in a table a name may stand, at sixteen bytes a name: whoever asks looks again."""

    def __init__(self) -> None:
        self._added = array("q")

    def add(self, name: str, place: int) -> None:
        self._added.extend((hash(name), place))

    def of(self, name: str) -> Iterator[int]:
        """Return the places, first ones first."""
        hashes, places = self._sorted
        begin, end = (np.searchsorted(hashes, hash(name), side) for side in ("left", "right"))
        return map(int, places[begin:end])

    @functools.cached_property
    def _sorted(self) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
        pairs = np.array(self._added, np.int64).reshape(-1, 2)
        return pairs[pairs[:, 0].argsort(kind="stable")].T


def _student(row: Row) -> tuple[str, str]:
    """Return name and number for comparing; spreadsheets take away zeros that begin a number."""
    name, number = student_of(row)
    return name.casefold(), number.casefold().lstrip("0")
