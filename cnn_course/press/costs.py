"""What the course costs, for the page of the book: a record's figure and tables.

`make bench` measures it: `tests/bench.py`, since SciPy and the browser belong to the tests.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypedDict

from cnn_course.files import read_json
from cnn_course.press.project import PressError, Project

RECORD: Final = "costs.json"
_NO_BREAK = "\N{NO-BREAK SPACE}"


class Cost(TypedDict):
    """One comparison: two ways to the same result, timed in turn.

    `ratio` says how many times as long the other way takes: the median of the rounds, which
    lie between `least` and `most`.
    """

    course: str
    instead: str
    ratio: float
    least: float
    most: float
    rounds: int
    of_peak: float | None  # share of the cores' peak that the course reaches
    a_second: float | None  # how many the course does, where one counts them


class Weight(TypedDict):
    """What a page brings along, in bytes: itself, its pictures, files whose address has a digest.

    `changing` is the rest: what a browser has to ask for again.
    """

    page: str
    packed: int  # the page itself, as a server sends it to a browser: by gzip
    itself: int
    pictures: int
    named: int
    changing: int


class Costs(TypedDict):
    """What `make bench` writes."""

    date: str
    hardware: dict[str, Any]
    versions: dict[str, str]
    peak: float  # floating-point operations a second of a float32 matrix product
    costs: list[Cost]
    pages: list[Weight]


def costs(project: Project, part: str, folder: Path) -> str:
    """Return a part of the page of costs: `machine`, `figure`, `table` or `pages`.

    The figure is written into `folder`.

    Raises:
        PressError: there is no record, it is not whole, or there is no such part.
    """
    parts = {"machine": _machine, "table": _table, "pages": _pages}
    record = read_json(project.measured / RECORD)
    try:
        return _figure(record, folder) if part == "figure" else parts[part](record)
    except (KeyError, TypeError):
        raise PressError(
            f"{project.measured / RECORD} has no {part} that can be shown. Measure: make bench"
        ) from None


def _machine(record: Costs) -> str:
    made_on = record["hardware"]
    peak = f"{record['peak'] / 1e9:.0f}{_NO_BREAK}GFLOP/s"
    return f"{made_on['cpu']}, {made_on['cores']} cores, {record['date']}; peak {peak}"


def _table(record: Costs) -> str:
    rows = []
    for one in record["costs"]:
        also = [f"{one['of_peak']:.0%} of the peak"] if one["of_peak"] else []
        also += [f"{one['a_second']:,.0f} a second"] if one["a_second"] else []
        between = f"{_short(one['least'])} to {_short(one['most'])}"
        note = f" ({'; '.join(also)})" if also else ""
        rows.append((f"{one['course']}{note}", one["instead"], _short(one["ratio"]), between))
    return _markdown(("the course", "instead of", "times as fast", "range"), rows)


def _pages(record: Costs) -> str:
    rows = []
    for one in record["pages"]:
        parts = (one["itself"], one["packed"], one["pictures"], one["named"], one["changing"])
        page, packed, *rest = (f"{size / 1000:,.0f}" for size in parts)
        rows.append((one["page"], f"{page} ({packed})", *rest))
    return _markdown(("kB", "page", "pictures", "digest", "others"), rows)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["--:"] * (len(head) - 1)] if len(head) > 4 else ["---"] * len(head)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [*lines, *rows])


def _short(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"


def _figure(record: Costs, folder: Path) -> str:
    """Draw how many times as fast each is, and return the Markdown that shows it."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - it takes a second

    from cnn_course.plots.style import NEUTRAL, OUTPUT  # noqa: PLC0415

    found = record["costs"][::-1]
    figure = Figure(figsize=(4.8, 0.8 + 0.48 * len(found)), layout="constrained")  # a phone's width
    axis = figure.subplots()
    for place, one in enumerate(found):
        words = f"{one['course']}, instead of {one['instead'].partition(' (')[0]}"
        axis.text(0, place + 0.24, words, transform=axis.get_yaxis_transform(), fontsize=8)
        axis.plot((one["least"], one["most"]), (place, place), color=NEUTRAL, linewidth=2)
        axis.plot(one["ratio"], place, "o", color=OUTPUT)
    axis.axvline(1, color=NEUTRAL, linestyle="--", linewidth=1)
    axis.set(xscale="log", xlabel="times as fast as the other way (logarithmic)")
    axis.set(yticks=(), ylim=(-0.5, len(found) - 0.3))
    axis.xaxis.set_major_formatter("{x:g}")
    axis.spines[["left", "top", "right"]].set_visible(False)
    axis.grid(axis="x", alpha=0.3)
    figure.savefig(folder / "costs.png", dpi=168, metadata={"Software": None})
    return f"![{_message(found)}](costs.png)"


def _message(found: Sequence[Mapping[str, Any]]) -> str:
    best, worst = (choose(found, key=lambda one: one["ratio"]) for choose in (max, min))
    return (
        f"How many times as fast the course is as what one would do otherwise: from "
        f"{_short(worst['ratio'])} ({worst['course']}) to {_short(best['ratio'])} "
        f"({best['course']}). The table below has all {len(found)} numbers."
    )
