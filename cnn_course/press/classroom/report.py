"""What comes of a marked class test: a report for the lecturer, a page for each student, tables."""

import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

import numpy as np
from rich.table import Table
from rich.text import Text

from cnn_course.classtest import HINTS
from cnn_course.files import write
from cnn_course.press.classroom.item_statistics import (
    ENOUGH,
    LOOK_AT_IT,
    ClassStatistics,
    statistics_of,
)
from cnn_course.press.classroom.pages import page
from cnn_course.press.classroom.results import Result
from cnn_course.press.classroom.settings import Settings, concerns
from cnn_course.press.classroom.spreadsheets import csv_lines
from cnn_course.press.classroom.taught import SECTIONS, Section
from cnn_course.tables import html_table
from cnn_course.written import visible

_SHOWN: Final = 1_000  # students, on a terminal
_OUTCOMES: Final = ("right", "follows", "partly", "wrong", "open", "unreadable")
_FEW: Final = (
    f"Fewer than {ENOUGH} students answered. Difficulty, discrimination and Cronbach's alpha of so "
    "few are mostly chance, so questions and slips are counted only."
)
_ALPHA: Final = (
    "Cronbach's alpha says how far the questions agree on who knows more: 1 is completely, and 0.7 "
    "or more is usual for a test with grades. It is higher here because one answer of a test goes "
    "into the next."
)
_FIGURES: Final = (
    "Difficulty is the mean share of the points: the higher, the easier. Discrimination is the "
    "correlation with the points of the rest of the test. Below 0.2, look whether the question "
    "misleads those who know more; up to 0.4 is acceptable, above is good."
)
_FOLLOWS: Final = (
    "An answer that follows is wrong, but rightly computed from the student's own earlier numbers. "
    "It gets full points."
)


# Tables


class _WithComma(float):
    """A number as spreadsheets write it whose tables have semicolons: 1.5 would be a date there."""

    def __str__(self) -> str:
        return f"{float(self):g}".replace(".", ",")


def _csv(rows: Iterable[Sequence[object]], delimiter: str) -> Iterator[str]:
    def cell(value: object) -> object:
        if not isinstance(value, float):
            return value
        if value.is_integer():
            return int(value)
        return _WithComma(value) if delimiter == ";" else round(value, 6)

    return csv_lines(([cell(value) for value in row] for row in rows), delimiter)


def _points_rows(results: Iterable[Result], names: Sequence[str]) -> Iterator[Sequence[object]]:
    head = ["line", "student", "number", "test", "points", "possible", "percent", "grade"]
    yield [*head, "slips", "problem", *names]
    for one in results:
        marks = one.marking.marks
        made = [f"{mark.question.name}: {', '.join(mark.slips)}" for mark in marks if mark.slips]
        scores = (one.points, sum(one.possible.values()), round(100 * one.share, 1), one.grade)
        who = (one.line, one.student, one.number, one.test)
        yield *who, *scores, "; ".join(made), one.problem, *(one.earned.get(n, "") for n in names)


def _question_rows(known: ClassStatistics) -> Iterator[Sequence[object]]:
    yield "question", "students", "share", "discrimination", "verdict", *_OUTCOMES
    for one in known.questions:
        figures = [
            "" if figure is None else round(figure, 3) for figure in (one.share, one.discrimination)
        ]
        yield one.name, one.students, *figures, one.verdict, *(one.outcomes[o] for o in _OUTCOMES)


def _slip_rows(known: ClassStatistics) -> Iterator[Sequence[object]]:
    yield "slip", "students", "visible", "rest", "hint", "section", "address"
    for one in known.slips:
        rest = "" if one.rest is None else round(one.rest, 3)
        section = SECTIONS[one.name]
        place = (str(section), section.address)
        yield one.name, one.students, one.visible, rest, HINTS[one.name], *place


def summary_tables(results: Sequence[Result]) -> tuple[Table, Table]:
    """Return for the terminal the students' scores, and the mistakes, most common first.

    Of a class of thousands it shows the first students; `points.csv` has all.
    """
    more = len(results) - _SHOWN
    told = f"and {more:,} more, whom points.csv of a report has" if more > 0 else None
    scores = Table("student", "test", "points", "of", "percent", "grade", caption=told)
    for one in results[:_SHOWN]:
        reached = (f"{one.points:g}", f"{sum(one.possible.values()):g}", _percent(one.share, 1))
        reached = reached if one.marking.marks else ("not marked", "", "")
        cells = (one.student, one.test, *reached, one.grade)
        scores.add_row(*(Text(visible(cell)) for cell in cells))
    common = Table("slip", "students", "what to look at")
    for slip in statistics_of(results).slips:
        common.add_row(slip.name, f"{slip.students} of {slip.visible}", HINTS[slip.name])
    return scores, common


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"


# The lecturer's report


def write_report(
    folder: Path, results: Sequence[Result], settings: Settings, delimiter: str = ","
) -> list[Path]:
    """Write what a lecturer gets, each file whole or not at all. The same results, the same bytes.

    Args:
        folder: gets `report.html`, to be read or printed, `points.csv` with a row for each
            student, `questions.csv` and `slips.csv`.
        results: of the class, in the order of its table.
        settings: what the lecturer decided.
        delimiter: between the cells of the tables. With a semicolon, numbers have a comma.

    Returns:
        The files.
    """
    title = f"{settings.course or 'Class test'}: results"
    known = statistics_of(results)
    files = {
        "report.html": page(title, [_report(title, results, known, settings)], css="report.css"),
        "points.csv": _csv(_points_rows(results, known.names), delimiter),
        "questions.csv": _csv(_question_rows(known), delimiter),
        "slips.csv": _csv(_slip_rows(known), delimiter),
    }
    for name, content in files.items():
        write(folder / name, content)
    return [folder / name for name in files]


def _report(
    title: str, results: Sequence[Result], known: ClassStatistics, settings: Settings
) -> str:
    few = _FEW if 0 < len(known.shares) < ENOUGH else ""
    figures = _key_figures(known, len(results))
    parts = [f"<h1>{escape(title)}</h1>", *_paragraphs(settings.date), figures]
    parts += _paragraphs(few)
    sections = {
        "How the points are spread": _spread(known, settings) if known.shares else "",
        "Questions": _questions(known),
        "Common slips": _slips(known),
        "Rows that need a look": _to_look_at(results),
        "What you decided": _decided(settings),
    }
    for heading, content in sections.items():
        parts.append(f"<section>\n<h2>{heading}</h2>\n{content or '<p>Nothing.</p>'}\n</section>")
    return "\n".join(parts)


def _key_figures(known: ClassStatistics, students: int) -> str:
    """Return what describes the class as a whole, and what its alpha means."""
    shares, alpha = known.shares, known.alpha
    nothing = students - len(shares) - known.unmarked
    figures = {"marked": f"{len(shares)}", "nothing answered": f"{nothing}"}
    if known.unmarked:
        figures["could not be marked"] = f"{known.unmarked}"
    if shares:
        figures["mean"] = _percent(statistics.mean(shares), 1)
        figures["median"] = _percent(statistics.median(shares), 1)
    if len(shares) > 1:
        figures["standard deviation"] = _percent(statistics.stdev(shares), 1)
    if alpha is not None:
        figures["Cronbach's alpha"] = f"{alpha:.2f}"
    items = "".join(
        f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items()
    )
    meaning = "" if alpha is None else _ALPHA
    return "\n".join([f'<dl class="figures">{items}</dl>', *_paragraphs(meaning)])


def _spread(known: ClassStatistics, settings: Settings) -> str:
    """Return a histogram of what was reached, and a table of the grades."""
    boundaries = dict(sorted(settings.boundaries.items(), key=lambda item: -item[1]))
    histogram = _histogram(known.shares, boundaries)
    if not boundaries:
        return histogram + "<p>No boundaries are set, so there are no grades.</p>"
    given, students = known.grades, len(known.shares)
    rows = [("grade", "from", "students", "share of them")]
    for grade in dict.fromkeys([*boundaries, *sorted(given)]):
        begins = _percent(boundaries[grade]) if grade in boundaries else ""
        rows.append((grade or "none", begins, str(given[grade]), _percent(given[grade] / students)))
    return histogram + _wide(rows, "Grades", rows[0][1:])


def _histogram(shares: Sequence[float], boundaries: Mapping[str, float]) -> str:
    tenths = np.asarray(shares) * 10 + 1e-9  # a share is a quotient: 0.6 belongs to 60 to 70
    counts = np.bincount(np.clip(tenths.astype(int), 0, 9), minlength=10)
    ranges = [f"{place * 10} to {place * 10 + 10} %" for place in range(10)]
    spoken = "; ".join(f"{name}: {count}" for name, count in zip(ranges, counts, strict=True))
    drawn = ['<path class="axis" d="M20 200.5H620"/><text x="620" y="220">100</text>']
    for grade, share in boundaries.items():
        x = round(20 + 600 * share)
        drawn.append(f'<path d="M{x} 22V200"/><text x="{x}" y="15">{escape(grade)}</text>')
    for place, (name, count) in enumerate(zip(ranges, counts, strict=True)):
        left, height = 20 + 60 * place, round(150 * count / max(counts))
        drawn.append(
            f'<rect x="{left + 2}" y="{200 - height}" width="56" height="{height}">'
            f"<title>{name}: {count}</title></rect>"
            f'<text x="{left + 30}" y="{194 - height}">{count or ""}</text>'
            f'<text x="{left}" y="220">{10 * place}</text>'
        )
    return (
        '<svg viewBox="0 0 640 248" role="img" aria-labelledby="spread-title spread-counts">\n'
        '<title id="spread-title">How many students reached which share of the points</title>\n'
        f'<desc id="spread-counts">{spoken}</desc>\n{"".join(drawn)}\n'
        '<text x="320" y="243">students, by percent of the points</text>\n</svg>\n'
    )


def _questions(known: ClassStatistics) -> str:
    found = known.questions
    enough = any(one.share is not None for one in found)
    figures = ("difficulty", "discrimination", "which is") if enough else ()
    rows: list[Sequence[str]] = [("question", "students", *figures, *_OUTCOMES)]
    for one in found:
        share = "" if one.share is None else _percent(one.share)
        related = "" if one.discrimination is None else f"{one.discrimination:.2f}"
        told = (share, related, one.verdict) if enough else ()
        counts = (str(one.outcomes[outcome]) for outcome in _OUTCOMES)
        rows.append((one.name, str(one.students), *told, *counts))
    weak = [one.name for one in found if one.verdict == LOOK_AT_IT]
    above = f"Look at: {', '.join(weak)}." if weak else ""
    numbers = [name for name in rows[0][1:] if name != "which is"]
    table = _wide(rows, "How each question did, among those who have it", numbers)
    below = _paragraphs(_FIGURES if enough else "", _FOLLOWS)
    return "\n".join([*_paragraphs(above), table, *below]) if found else ""


def _slips(known: ClassStatistics) -> str:
    """Return which sections to teach again, and a table of the slips."""
    found = known.slips
    enough = any(one.rest is not None for one in found)
    figures = ("share", "rest of their test") if enough else ()
    rows: list[Sequence[str]] = [("slip", "students", "of", *figures, "what to look at")]
    again: dict[Section, list[str]] = {}
    for one in found:
        told = ("", "") if enough else ()
        if one.rest is not None:
            told = (_percent(one.students / one.visible), _percent(one.rest))
        counts = (str(one.students), str(one.visible))
        rows.append((one.name, *counts, *told, HINTS[one.name]))
        again.setdefault(SECTIONS[one.name], []).append(one.name)
    table = _wide(rows, "Who made a slip, of those in whose test it can be seen", rows[0][1:-1])
    return f"{_to_teach_again(again, known)}\n{table}" if found else ""


def _to_teach_again(again: Mapping[Section, Sequence[str]], known: ClassStatistics) -> str:
    """Return a list of sections, with the slips that they mend, most needed first."""
    students = len(known.shares)
    items = [
        f'<li><a href="{section.address}">{escape(str(section))}</a>: '
        f"{known.sections[section]} of {students} "
        f"students ({escape(', '.join(slips))})</li>"
        for section, slips in sorted(again.items(), key=lambda item: -known.sections[item[0]])
    ]
    return "\n".join(["<h3>To teach again</h3>", "<ul>", *items, "</ul>"])


def _to_look_at(results: Iterable[Result]) -> str:
    rows = [("line", "student", "test", "what is the matter")]
    rows += [(str(one.line), one.student, one.test, one.problem) for one in results if one.problem]
    return _wide(rows, "Rows of the table of answers") if rows[1:] else ""


def _decided(settings: Settings) -> str:
    decided = [f"{name}: counts for nobody" for name in settings.void]
    decided += [f"{name}: points times {factor:g}" for name, factor in settings.weights.items()]
    decided += [f"{who}: {points:+g} points besides" for who, points in settings.extra.items()]
    for one in settings.overrides:
        reason = f" ({one.reason})" if one.reason else ""
        decided.append(f"{one.student}, {one.question}: {one.points:g} points by hand{reason}")
    items = "".join(f"<li>{escape(text)}</li>\n" for text in decided)
    return f"<ul>\n{items}</ul>" if decided else ""


def _paragraphs(*texts: str) -> list[str]:
    return [f"<p>{escape(text)}</p>" for text in texts if text]


def _wide(
    rows: Sequence[Sequence[str]],
    caption: str,
    numbers: Sequence[str] = (),
    *,
    total: bool = False,
) -> str:
    """Return a table that moves sideways where the screen is narrower, by keys as well."""
    table = html_table(rows, caption, numbers, total=total)
    label = escape(caption)
    return f'<div class="wide" role="region" aria-label="{label}" tabindex="0">{table}</div>'


# The students' pages


def write_feedback(folder: Path, results: Iterable[Result], settings: Settings) -> Path:
    """Write what each student gets, each file whole or not at all.

    Args:
        folder: gets `feedback/` with a page for each student, named after test and line, never
            after the student; and `feedback.html` with all of them, to be printed. Pages of an
            earlier marking that are none any more go.
        results: those without any mark are left out.
        settings: what the lecturer decided.

    Returns:
        `feedback.html`.
    """
    names: set[str] = set()

    def bodies() -> Iterator[str]:
        for one in results:
            if one.marking.marks:
                stem = f"{re.sub('[^A-Za-z0-9-]+', '', one.test)[:40]}-{one.line}"
                names.add(f"{stem}.html")
                body = _feedback(one, settings)
                title = f"Feedback: {stem}"
                write(folder / "feedback" / f"{stem}.html", page(title, [body], css="report.css"))
                yield body

    together = folder / "feedback.html"
    write(together, page("Feedback", bodies(), css="report.css"))
    for file in (folder / "feedback").glob("*.html"):
        if file.name not in names and re.fullmatch(r"\w{4}-\w{4}-\d+", file.stem):
            file.unlink()
    return together


def _feedback(result: Result, settings: Settings) -> str:
    """Return the page of one student, as HTML."""
    rows = [("question", "you wrote", "right is", "points", "verdict")]
    for number, mark in enumerate(result.marking.marks, start=1):
        name = mark.question.name
        given, key = result.given.get(name, ""), result.key.get(name, "")
        points = "does not count"
        if name in result.earned:
            points = f"{result.earned[name]:g} of {result.possible[name]:g}"
        verdict = str(mark) if mark.slips else f"{mark}."
        said = " ".join([verdict[0].upper() + verdict[1:], *_by_hand(result, name, settings)])
        rows.append((f"{number}. {mark.question.text}", _short(given), key, points, said))
    total = f"{result.points:g} of {sum(result.possible.values()):g}"
    rows.append(("Together", "", "", total, _percent(result.share, 1)))
    about = [settings.course, settings.date, f"Test {result.test}"]
    about += [f"Number {result.number}"] if result.number else []
    reached = f"{total} points, {_percent(result.share, 1)}"
    reached += f". Grade: {result.grade}" if result.grade else ""
    notes = [f"{result.extra:+g} points besides are included."] if result.extra else []
    parts = [
        f"<h1>{escape(result.student or f'Line {result.line}')}</h1>",
        f'<p class="about">{escape(" · ".join(filter(None, about)))}</p>',
        f'<p class="reached">{escape(reached)}</p>',
        _wide(rows, "Your answers", ["points"], total=True),
        *_paragraphs(*notes),
    ]
    return "\n".join(parts)


def _by_hand(result: Result, name: str, settings: Settings) -> Iterator[str]:
    """Yield that points were given by hand, and why."""
    for one in settings.overrides:
        if one.question == name and concerns(one.student, result.student, result.number):
            yield f"Points given by hand. {one.reason}".strip()


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
