"""Which pictures of cats and dogs are used, and in which part."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from cnn_course.data.folders.faults import Fault, TooFewError, printable
from cnn_course.data.folders.layouts import CLASSES, PARTS, Numbered, Split, layout_error
from cnn_course.data.folders.likeness import same_pictures, similar_pictures
from cnn_course.data.folders.pictures import Entry, Look, look_at, map_in_threads

Sizes: TypeAlias = tuple[int, int, int]

_SHOWN: Final = 4
_FEWEST: Final = 5  # with 2, 1 and 2 in the parts


class Choice(NamedTuple):
    """A picture that is used.

    Attributes:
        part: one of `PARTS`.
        kind: one of `CLASSES`.
        name: the file's name in its class.
        colours: what it is converted from; empty where the file is used as it is.
        source: what the source calls it: its index, or its name in its part and class.
    """

    part: str
    kind: str
    name: str
    colours: str
    source: int | str

    @property
    def path(self) -> str:
        """The picture's place in the layout."""
        return f"{self.part}/{self.kind}/{self.name}"

    def __str__(self) -> str:
        return printable(self.path)


@dataclass(frozen=True)
class Verdict:
    """What was found out about a folder or an archive.

    Attributes:
        in_place: whether the folder can be used as it is, where it is.
        chosen: the pictures that are used.
        left_out: the files that are not, and why.
        same: groups of pictures with the same pixels, a line for each, those in different parts
            first.
        similar: pairs of pictures that are nearly the same, in the same way.
        notes: what else a reader has to know, as sentences.
    """

    in_place: bool
    chosen: Sequence[Choice]
    left_out: Sequence[Fault]
    same: Sequence[str]
    similar: Sequence[str]
    notes: Sequence[str]

    @property
    def converted(self) -> list[Fault]:
        """The pictures that are converted to RGB, and what from."""
        return [Fault(str(choice), choice.colours) for choice in self.chosen if choice.colours]


def judge_split(place: Path, split: Split, sizes: Sizes) -> Verdict:
    """Judge pictures that are in parts and classes already: all good ones are used.

    Raises:
        DataError: no picture of a class can be used.
    """
    places = [
        (part, kind, name, entry)
        for (part, kind), files in split.files.items()
        for name, entry in files.items()
    ]
    looks = list(map_in_threads(look_at, [entry for *_, entry in places], "Looking at pictures"))
    left_out, used, chosen = list(split.faults), [], []
    for (part, kind, name, entry), look in zip(places, looks, strict=True):
        if look.fault:
            left_out.append(Fault(entry.name, look.fault))
        else:
            used.append(look)
            chosen.append(Choice(part, kind, name, look.colours, name))
    for part, kind in split.files:
        if not any(choice[:2] == (part, kind) for choice in chosen):
            first = next(
                fault
                for fault in left_out
                if fault.name in {entry.name for entry in split.files[part, kind].values()}
            )
            raise layout_error(
                place,
                f"No picture of {part}/{kind} in {place} can be used. "
                f"The first is {first.name}: {first.reason}.",
            )
    tidy = split.tidy and not left_out and not any(look.colours for look in used)
    return _verdict(chosen, used, left_out, sizes, in_place=tidy)


def judge_numbered(place: Path, found: Numbered, sizes: Sizes) -> Verdict:
    """Choose from pictures that are known by class and index.

    The first `sizes[0]` indices are for training, the next `sizes[1]` for validation, the next
    `sizes[2]` for testing. A picture that is missing or cannot be used is replaced by the next good
    one behind them all, so that every other picture stays in its part. Where these do not suffice,
    the good pictures are shared out in order of index, as many cats as dogs, in the same
    proportions, and a note says so.

    A file that is left out is named with the one that takes its place.

    Raises:
        TooFewError: there are fewer than 5 pictures of a class that can be used.
    """
    pictures = found.pictures
    seen = {kind: _look_for(pictures[kind], sum(sizes)) for kind in CLASSES}
    good = {kind: [i for i, look in seen[kind].items() if not look.fault] for kind in CLASSES}
    fewest = min(map(len, good.values()))
    enough = fewest >= sum(sizes)
    substitutes = {kind: _substitutes(good[kind], sum(sizes)) if enough else {} for kind in CLASSES}
    left_out = list(found.faults)
    for kind in CLASSES:
        left_out += _left_out(kind, pictures[kind], seen[kind], substitutes[kind])
    if fewest < _FEWEST:
        counts = " and ".join(f"{len(good[kind])} {kind}" for kind in CLASSES)
        problem = f"{place} has {counts} that can be used; at least {_FEWEST} of each are needed."
        raise TooFewError(problem, "", left_out)
    chosen, used = [], []
    for kind in CLASSES:
        indices = good[kind][:fewest]
        if enough:
            indices = [substitutes[kind].get(index, index) for index in range(sum(sizes))]
        for part, within in zip(PARTS, _cut(indices, sizes), strict=True):
            for index in within:
                look = seen[kind][index]
                used.append(look)
                chosen.append(Choice(part, kind, f"{kind[:-1]}.{index}.jpg", look.colours, index))
    return _verdict(chosen, used, left_out, sizes, in_place=False)


def _look_for(pictures: Mapping[int, Entry], wanted: int) -> dict[int, Look]:
    """Look at pictures in order of index, until there are enough good ones or no more."""
    seen: dict[int, Look] = {}
    left = iter(sorted(pictures))
    missing = wanted
    while missing and (indices := list(islice(left, missing))):
        looks = map_in_threads(look_at, [pictures[i] for i in indices], "Looking at pictures")
        seen.update(zip(indices, looks, strict=True))
        missing = wanted - sum(not look.fault for look in seen.values())
    return seen


def _substitutes(good: Sequence[int], total: int) -> dict[int, int]:
    """Return, for each hole among the first indices, which of those behind takes its place."""
    holes = sorted(set(range(total)) - set(good))
    return dict(zip(holes, (index for index in good if index >= total), strict=False))


def _left_out(
    kind: str,
    pictures: Mapping[int, Entry],
    seen: Mapping[int, Look],
    substitutes: Mapping[int, int],
) -> Iterator[Fault]:
    for index in sorted({*seen, *substitutes}):
        name, fault = f"{kind[:-1]}.{index}.jpg", "it is not there"
        if index in seen:
            name, fault = pictures[index].name, seen[index].fault
        if index in substitutes:
            fault += f"; {kind[:-1]}.{substitutes[index]}.jpg takes its place"
        if fault:
            yield Fault(name, fault)


def _cut(indices: Sequence[int], sizes: Sizes) -> list[list[int]]:
    """Share out in order, in the proportions of `sizes`."""
    first = max(1, len(indices) * sizes[0] // sum(sizes))
    second = first + max(1, len(indices) * sizes[1] // sum(sizes))
    return [sorted(part) for part in (indices[:first], indices[first:second], indices[second:])]


def _verdict(
    chosen: Sequence[Choice],
    looks: Sequence[Look],
    left_out: Sequence[Fault],
    sizes: Sizes,
    *,
    in_place: bool,
) -> Verdict:
    pairs, count = similar_pictures(looks, [choice.part for choice in chosen])
    similar = _lines(chosen, pairs, " ~ ")
    if count > len(pairs):
        similar.append(f"{count - len(pairs):,} more pairs are not listed")
    return Verdict(
        in_place,
        chosen,
        left_out,
        same=_lines(chosen, same_pictures(looks), " = "),
        similar=similar,
        notes=_notes(chosen, sizes),
    )


def _lines(chosen: Sequence[Choice], groups: Sequence[Sequence[int]], sign: str) -> list[str]:
    """Return a line for each group; a picture in two parts, which is a leak, comes first."""
    found = [[chosen[index] for index in group] for group in groups]
    found.sort(key=lambda group: len({choice.part for choice in group}) == 1)
    return [
        sign.join(map(str, group[:_SHOWN]))
        + (f" and {len(group) - _SHOWN:,} more" if len(group) > _SHOWN else "")
        for group in found
    ]


def _notes(chosen: Sequence[Choice], sizes: Sizes) -> list[str]:
    notes = []
    for kind in CLASSES:
        counts = tuple(sum(choice[:2] == (part, kind) for choice in chosen) for part in PARTS)
        if counts != sizes:
            notes.append(
                f"There are {_slashed(counts)} {kind} for {', '.join(PARTS)}; "
                f"what the course tells was measured with {_slashed(sizes)}."
            )
    return notes


def _slashed(counts: Sequence[int]) -> str:
    return "/".join(f"{count:,}" for count in counts)


def verdict_from(remembered: Any) -> Verdict | None:
    """Return the verdict that `dataclasses.asdict` was given; None where this is none."""
    try:
        verdict = Verdict(
            bool(remembered["in_place"]),
            chosen=[Choice(*each) for each in remembered["chosen"]],
            left_out=[Fault(*each) for each in remembered["left_out"]],
            same=list(remembered["same"]),
            similar=list(remembered["similar"]),
            notes=list(remembered["notes"]),
        )
        return verdict if verdict.chosen else None
    except (KeyError, TypeError, ValueError):
        return None
