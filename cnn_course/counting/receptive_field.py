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


@dataclass(frozen=True)
class Span:
    """The input pixels of a layer's values along one axis.

    Attributes:
        first: the first input pixel of value 0; negative where it lies in the padding.
        size: how many input pixels one value spans.
        step: input pixels from one value to the next; `None` where the values no longer stand in
            the order of the picture, as after `Flatten`.
    """

    first: int
    size: int
    step: int | None

    def slide(self, kernel: int, stride: int, before: int, whole: "Span") -> "Span":
        """Return the span after a window of `kernel` with `before` zeros ahead of value 0."""
        if self.step is None:
            return self if kernel == 1 else whole
        return Span(
            self.first - before * self.step,
            self.size + (kernel - 1) * self.step,
            self.step * stride,
        )


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive field of one layer.

    Attributes:
        picture: (height, width) of the network's input.
        rows: the span along the height.
        columns: the span along the width.
        derivation: how the size came about, as one writes it.
    """

    picture: Pair
    rows: Span
    columns: Span
    derivation: str = field(default="1 x 1", compare=False)

    @classmethod
    def of_pixels(cls, picture: Pair) -> "ReceptiveField":
        """Return the field of the input itself: each pixel sees itself."""
        return cls(picture, Span(0, 1, 1), Span(0, 1, 1))

    @property
    def size(self) -> Pair:
        """Height and width, in input pixels."""
        return self.rows.size, self.columns.size

    @property
    def is_whole(self) -> bool:
        """Whether each value sees the whole input."""
        return self == self.whole()

    def whole(self) -> "ReceptiveField":
        """Return the field of a value that sees the whole input."""
        height, width = self.picture
        rows, columns = Span(0, height, None), Span(0, width, None)
        return ReceptiveField(
            self.picture, rows, columns, f"the whole input: {_text(self.picture)}"
        )

    def unchanged(self) -> "ReceptiveField":
        """Return the same field, for a layer that looks at one position at a time."""
        return replace(self, derivation=f"unchanged: {_text(self.size)}")

    def scattered(self) -> "ReceptiveField":
        """Return the same field for values that no longer stand in the order of the picture."""
        rows, columns = replace(self.rows, step=None), replace(self.columns, step=None)
        return replace(self, rows=rows, columns=columns).unchanged()

    def slide(self, kernel: Pair, strides: Pair, before: Pair) -> "ReceptiveField":
        """Return the field after a sliding window.

        Args:
            kernel: (height, width) that the window covers, holes of a dilated one included.
            strides: steps (down, right).
            before: zeros (above, left).
        """
        whole = self.whole()
        rows = self.rows.slide(kernel[0], strides[0], before[0], whole.rows)
        columns = self.columns.slide(kernel[1], strides[1], before[1], whole.columns)
        texts = [_grown(self.rows, kernel[0], rows), _grown(self.columns, kernel[1], columns)]
        text = texts[0] if texts[0] == texts[1] else f"height {texts[0]}; width {texts[1]}"
        return ReceptiveField(self.picture, rows, columns, text)

    def shift(self, down: int, right: int) -> "ReceptiveField":
        """Return the field after rows and columns were added (or, negative, cut) above and left."""
        rows, columns = self.rows, self.columns
        return replace(
            self,
            rows=replace(rows, first=rows.first - down * (rows.step or 0)),
            columns=replace(columns, first=columns.first - right * (columns.step or 0)),
        ).unchanged()


def union(fields: Sequence[ReceptiveField]) -> ReceptiveField:
    """Return the field of a value made of one value of each branch.

    Branches that are centred on the same pixel, the usual case, give the largest of their fields.
    Otherwise the field reaches from the first pixel of any branch to the last pixel of any.
    """
    first, *others = fields
    if not others:
        return first.unchanged()
    if any(one.is_whole for one in fields):
        return first.whole()
    rows = _union([one.rows for one in fields])
    columns = _union([one.columns for one in fields])
    sizes = ", ".join(dict.fromkeys(_text(one.size) for one in fields))
    text = f"all of {sizes}: {_text((rows.size, columns.size))}"
    return ReceptiveField(first.picture, rows, columns, text)


def _union(spans: Sequence[Span]) -> Span:
    steps = {span.step for span in spans}
    if None in steps or len(steps) > 1:
        return Span(0, max(span.size for span in spans), None)
    start = min(span.first for span in spans)
    end = max(span.first + span.size for span in spans)
    return Span(start, end - start, spans[0].step)


def _grown(old: Span, kernel: int, new: Span) -> str:
    if old.step is None:
        return f"{new.size:,}"
    return f"{old.size:,} + ({kernel} - 1) x {old.step} = {new.size:,}"


def _text(size: Pair) -> str:
    return f"{size[0]:,} x {size[1]:,}"
