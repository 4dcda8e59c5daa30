"""Which part of the input one value of a layer can depend on.

After Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks",
Distill (2019), https://distill.pub/2019/computing-receptive-fields. Along one axis, neighbouring
values of a layer look at windows of `size` input pixels that lie `step` pixels apart. A window of
`k` over such values spans the first one's pixels and `k - 1` further steps:

    size' = size + (k - 1) x step        step' = step x stride

The size is that of the formula, as in the published tables: it may be larger than the picture,
and then the rest lies in the padding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

Pair = tuple[int, int]
#: What slides along one axis: pixels from first to last tap, stride, zeros ahead of value 0.
Window = tuple[int, int, int]


@dataclass(frozen=True)
class Span:
    """The input pixels of a layer's values along one axis.

    Attributes:
        pixels: of the input along this axis.
        first: the first input pixel of value 0; negative where it lies in the padding.
        size: how many input pixels one value spans.
        step: input pixels from one value to the next; `None` where the values no longer stand in
            the order of the picture, as after `Flatten`.
    """

    pixels: int
    first: int = 0
    size: int = 1
    step: int | None = 1

    def whole(self) -> "Span":
        """Return the span of a value that sees the whole input."""
        return Span(self.pixels, 0, self.pixels, None)

    def slide(self, window: Window) -> "Span":
        """Return the span after a window."""
        kernel, stride, before = window
        if self.step is None:
            return self if kernel == 1 else self.whole()
        first = self.first - before * self.step
        return Span(self.pixels, first, self.size + (kernel - 1) * self.step, self.step * stride)


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive field of one layer.

    Attributes:
        rows: the span along the height.
        columns: the span along the width.
        derivation: how the size came about, as one writes it.
    """

    rows: Span
    columns: Span
    derivation: str = field(default="1 x 1", compare=False)

    @property
    def size(self) -> Pair:
        """Height and width, in input pixels."""
        return self.rows.size, self.columns.size

    def whole(self) -> "ReceptiveField":
        """Return the field of a value that sees the whole input."""
        text = f"the whole input: {_text((self.rows.pixels, self.columns.pixels))}"
        return ReceptiveField(self.rows.whole(), self.columns.whole(), text)

    def unchanged(self) -> "ReceptiveField":
        """Return the same field, for a layer that looks at one position at a time."""
        return replace(self, derivation=f"unchanged: {_text(self.size)}")

    def scattered(self) -> "ReceptiveField":
        """Return the same field for values that no longer stand in the order of the picture."""
        rows, columns = replace(self.rows, step=None), replace(self.columns, step=None)
        return ReceptiveField(rows, columns).unchanged()

    def slide(self, rows: Window, columns: Window) -> "ReceptiveField":
        """Return the field after a window slid down the rows and along the columns."""
        new = self.rows.slide(rows), self.columns.slide(columns)
        texts = _grown(self.rows, rows, new[0]), _grown(self.columns, columns, new[1])
        return ReceptiveField(*new, for_both(*texts))


def union(fields: Sequence[ReceptiveField]) -> ReceptiveField:
    """Return the field of a value made of one value of each branch.

    Branches that are centred on the same pixel, the usual case, give the largest of their fields.
    Otherwise the field reaches from the first pixel of any branch to the last pixel of any.
    """
    first, *others = fields
    if not others:
        return first.unchanged()
    if first.whole() in fields:
        return first.whole()
    rows = _union([one.rows for one in fields])
    columns = _union([one.columns for one in fields])
    sizes = ", ".join(dict.fromkeys(_text(one.size) for one in fields))
    text = f"all of {sizes}: {_text((rows.size, columns.size))}"
    return ReceptiveField(rows, columns, text)


def for_both(height: str, width: str) -> str:
    """Return the calculations for height and width, once where they are the same."""
    return height if height == width else f"height {height}; width {width}"


def _union(spans: Sequence[Span]) -> Span:
    steps = {span.step for span in spans}
    if None in steps or len(steps) > 1:
        return replace(spans[0], first=0, size=max(span.size for span in spans), step=None)
    start = min(span.first for span in spans)
    end = max(span.first + span.size for span in spans)
    return replace(spans[0], first=start, size=end - start)


def _grown(old: Span, window: Window, new: Span) -> str:
    if old.step is None:
        return f"{new.size:,}"
    return f"{old.size:,} + ({window[0]} - 1) x {old.step} = {new.size:,}"


def _text(size: Pair) -> str:
    return f"{size[0]:,} x {size[1]:,}"
