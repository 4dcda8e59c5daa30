"""Which transfer, when: a rule of thumb, what was measured, and an advice that knows both.

The rule asks how many pictures there are and how similar they are to those that the base was
trained on. It is taught in chapter 7, which also measures it. Lecture notes on transfer learning
commonly give its cases, without numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from html import escape
from itertools import product
from statistics import mean
from typing import Final, TypeAlias

from cnn_course.arguments import one_of, whole_number
from cnn_course.records import recorded_runs

CHAPTER: Final = "07-transfer-learning-cases"
SMALL: Final = 200  # training pictures; as few are few
LARGE: Final = 800  # more are many
REACH: Final = 2  # times more or fewer pictures than were measured, and no measurement is quoted
MARGIN: Final = 0.02  # two of a hundred test pictures: less is not worth another strategy

LAST: Final = "classifier on last features"
EARLY: Final = "classifier on early features"
TOP: Final = "fine-tune the top"
ALL: Final = "fine-tune all"
BEGINNING: Final = "weights as initialization"
SCRATCH: Final = "from scratch"
STRATEGIES: Final = (LAST, EARLY, TOP, ALL, BEGINNING, SCRATCH)
SIMILARITIES: Final = ("near", "middle", "far")

# Of a cell: strategy -> its accuracy for each seed.
Cell: TypeAlias = Mapping[str, Sequence[float]]
# similarity -> training pictures -> cell. A record has the pictures as texts.
Grid: TypeAlias = Mapping[str, Mapping[int, Cell] | Mapping[str, Cell]]

_RULE: Final = {
    ("few", "near"): (
        (LAST,),
        "For few pictures the rule trains few weights, and what the base sees is what they show.",
    ),
    ("a medium number of", "near"): (
        (TOP,),
        "The rule calls them enough to adapt the last layers, which know most about the old "
        "classes, and not enough for all.",
    ),
    ("many", "near"): (
        (ALL,),
        "The rule calls them enough to adapt every layer; good weights need small steps only.",
    ),
    ("few", "far"): (
        (EARLY,),
        "For few pictures the rule trains few weights, and the last layers look for what they do "
        "not show. Edges are in nearly every picture.",
    ),
    ("a medium number of", "far"): (
        (TOP,),
        "For a medium number the rule does not ask for similarity: adapt the last layers.",
    ),
    ("many", "far"): (
        (BEGINNING, SCRATCH),
        "The rule calls them enough to train every layer. Trained weights are a beginning, and if "
        "they do not help, random ones are another.",
    ),
}


@dataclass(frozen=True)
class Advice:
    """What to try first, and why.

    Attributes:
        case: the case in words.
        rule: what the rule of thumb names, one strategy or more.
        strategy: what to try: of the rule's strategies the one that measured best or, where the
            measurement contradicts the rule, the best of all.
        reason: why.
        measured: strategy -> mean accuracy in the measured cell that is nearest to the case; empty
            where nothing is measured, or only for less than half or more than twice the pictures.
        ranges: the same -> lowest and highest accuracy among the seeds.
        cell: which cell that is, in words; empty where nothing is measured.
        agrees: whether the measurement allows what the rule says; None where nothing is measured.
        size: training pictures of that cell; None where nothing is measured.
    """

    case: str
    rule: tuple[str, ...]
    strategy: str
    reason: str
    measured: Mapping[str, float] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    cell: str = ""
    agrees: bool | None = None
    size: int | None = None

    def __repr__(self) -> str:
        measured = [f"  {name:28} {mean}  ({among})" for name, mean, among in self._numbers()]
        said = [f"{name}: {text}" for name, text in self._said()]
        return "\n".join([*said, *([self.cell.capitalize()] if self.cell else []), *measured])

    def _repr_html_(self) -> str:
        said = "<br>".join(
            f"<strong>{name}:</strong> {escape(text)}" for name, text in self._said()
        )
        rows = "".join(
            f'<tr><th scope="row" style="text-align: left">{escape(name)}</th>'
            f"<td>{mean}</td><td>{among}</td></tr>"
            for name, mean, among in self._numbers()
        )
        table = f"<table><caption>{escape(self.cell)}</caption><tbody>{rows}</tbody></table>"
        return f"<p>{said}</p>{table if rows else ''}"

    def _numbers(self) -> list[tuple[str, str, str]]:
        return [
            (name, f"{value:.3f}", "{:.3f} to {:.3f}".format(*self.ranges[name]))
            for name, value in self.measured.items()
        ]

    def _said(self) -> list[tuple[str, str]]:
        return [
            ("Case", self.case),
            ("Rule of thumb", " or ".join(self.rule)),
            ("Try", self.strategy),
            ("Why", self.reason),
        ]


def advise(*, pictures: int, similarity: str, grid: Grid | None = None) -> Advice:
    """Say which transfer suits a case, by the rule of thumb and by what was measured.

    Args:
        pictures: how many there are to train on.
        similarity: of what they show to what the base was trained on: `"near"`, `"middle"` or
            `"far"`.
        grid: what was measured; None takes the record of chapter 7.

    Raises:
        TypeError: the pictures are not a whole number, or the similarity is no text.
        ValueError: there are none, or there is no such similarity.
    """
    number, strategies, reason = _apply_rule(pictures, similarity)
    distance = {"near": "near to", "middle": "neither near to nor far from", "far": "far from"}
    case = f"{number} pictures ({pictures:,}), {distance[similarity]} the source"
    row = (recorded_grid() if grid is None else grid).get(similarity, {})
    cells = {int(size): cell for size, cell in row.items() if {*strategies} & {*cell}}
    if not cells:
        return Advice(case, strategies, strategies[0], f"{reason} Nothing is measured for it yet.")
    size = _nearest(pictures, cells)
    if not min(cells) / REACH <= pictures <= max(cells) * REACH:
        amount = "few" if pictures < size else "many"
        nothing = f"Nothing is measured for so {amount} yet: the nearest cell has {size:,}."
        return Advice(
            case, strategies, strategies[0], f"{reason} {nothing} So this is the rule alone."
        )
    cell = cells[size]
    means = {name: mean(cell[name]) for name in sorted(cell, key=lambda name: -mean(cell[name]))}
    ruled = max((name for name in strategies if name in cell), key=means.__getitem__)
    ahead = {name: _gains(cell[name], cell[ruled]) for name in means}
    best = max(means, key=lambda name: mean(ahead[name]))
    agrees = not _is_clear(ahead[best])
    counts = sorted({len(accuracies) for accuracies in cell.values()})
    seeds = f"{' to '.join(map(str, counts))} seed{'s' if counts != [1] else ''}"
    return Advice(
        case=case,
        rule=strategies,
        strategy=ruled if agrees else best,
        reason=f"{reason} {_judgement(best, ruled, ahead[best])}",
        measured=means,
        ranges={name: (min(cell[name]), max(cell[name])) for name in means},
        cell=f"measured: {similarity}, {size:,} pictures, {seeds}",
        agrees=agrees,
        size=size,
    )


def rule(*, pictures: int, similarity: str) -> tuple[str, ...]:
    """Return what the rule of thumb names for a case: one strategy, or more.

    It knows near and far only. In the middle, the answers of both count.

    Raises:
        TypeError: the pictures are not a whole number, or the similarity is no text.
        ValueError: there are none, or there is no such similarity.
    """
    return _apply_rule(pictures, similarity)[1]


def clearly_better(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether accuracies are better than others for every seed, and by more than `MARGIN`.

    Args:
        one: an accuracy for each seed.
        other: accuracies for the same seeds, in the same order.

    Raises:
        ValueError: there are not as many, or there are none.
    """
    if len(one) != len(other) or not one:
        raise ValueError(
            f"Accuracies for the same seeds are compared, and here are {len(one)} and {len(other)}."
        )
    return _is_clear(_gains(one, other))


def recorded_grid() -> Grid:
    """Return what chapter 7 recorded, an accuracy for each seed; nothing where nobody did yet.

    Some strategies have been recorded with more seeds than others, and all with the first ones.
    """
    try:
        runs = recorded_runs(CHAPTER)
    except FileNotFoundError:
        return {}
    grid: dict[str, dict[str, dict[str, list[float]]]] = {}
    for similarity, run in product(SIMILARITIES, runs):
        for size, cell in run["results"].get(similarity, {}).items():
            known = grid.setdefault(similarity, {}).setdefault(size, {})
            for name, accuracies in cell.items():
                known.setdefault(name, []).extend(accuracies)
    return grid


def _gains(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Return by how much accuracies are better for each seed that both have: the first ones."""
    return [mine - its for mine, its in zip(one, other, strict=False)]


def _is_clear(gains: Sequence[float]) -> bool:
    return min(gains) > 0 and mean(gains) > MARGIN


def _judgement(best: str, ruled: str, gains: Sequence[float]) -> str:
    """Return in words by how much the best strategy is ahead of the one that the rule names."""
    if best == ruled:
        return "Measured, none had a higher mean."
    gain = f"by {mean(gains):.3f}" + (
        f" (seeds: {min(gains):.3f} to {max(gains):.3f})" if len(gains) > 1 else ""
    )
    if _is_clear(gains):
        return f"But measured, {best} was better than {ruled} for every seed, {gain}."
    return f"Measured, {best} was better, and not clearly: {gain}."


def _apply_rule(pictures: int, similarity: str) -> tuple[str, tuple[str, ...], str]:
    """Return the number of pictures in words, the strategies that the rule names, and why."""
    whole_number("pictures", pictures, least=1)
    one_of("similarity", similarity, SIMILARITIES)
    number = "few" if pictures <= SMALL else "a medium number of" if pictures <= LARGE else "many"
    if similarity != "middle":
        return number, *_RULE[number, similarity]
    both = _RULE[number, "near"][0] + _RULE[number, "far"][0]
    reason = "The rule knows near and far only, and both answers count."
    return number, tuple(dict.fromkeys(both)), reason


def _nearest(pictures: int, sizes: Iterable[int]) -> int:
    """Return the size that is the fewest times larger or smaller; of two, the smaller one."""
    wanted = int(pictures)
    return min(sorted(sizes), key=lambda one: Fraction(max(one, wanted), min(one, wanted)))
