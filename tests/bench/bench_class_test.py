"""Marks a class of 10,000: `python tests/bench/bench_class_test.py [--level hard]`.

Every student has a test of their own, half of the answers are wrong in one of the usual ways. Fails
if marking takes a minute or longer.
"""

import argparse
import csv
import sys
import tempfile
import time
from pathlib import Path

from cnn_course import classtest
from cnn_course.press.classroom import marking

MOST_SECONDS = 60


def write_answers(file: Path, students: int, level: str) -> None:
    """Write the answers of a class: every second one of a student is off by one."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["student", "level", "seed", *range(1, 31)])
        for seed in range(students):
            key = classtest.generate(seed, level).key.values()
            row = [
                value + 1 if place % 2 and isinstance(value, int) else value
                for place, value in enumerate(key)
            ]
            writer.writerow([f"student {seed}", level, seed, *row])


def main() -> int:
    """Write the answers, mark them, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=10_000)
    parser.add_argument("--level", choices=classtest.LEVELS, default="exam")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers.csv"
        write_answers(file, options.students, options.level)
        begun = time.perf_counter()
        marked = marking.mark_class(file)
        table = marking.as_csv(marked)
        seconds = time.perf_counter() - begun
    assert len(table.splitlines()) == options.students + 1
    assert all(row.marking for row in marked.rows)
    print(f"{options.students:,} students at level {options.level}: {seconds:.1f} s")
    return int(seconds >= MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
