"""A window that slides over the pixels of an axis: output sizes, and which pixels a value sees.

Along one axis there are `n` pixels, a window of `k` and a step of `stride`; height and width of a
picture are two such axes. See Dumoulin and Visin, "A guide to convolution arithmetic for deep
learning" (2016), and Keras's documentation of `padding`.

Receptive fields are after Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional
Neural Networks", Distill (2019), https://distill.pub/2019/computing-receptive-fields. Neighbouring
values of a layer look at windows of `size` input pixels that lie `step` pixels apart. A window of
`k` over such values spans the first one's pixels and `k - 1` further steps:

    size' = size + (k - 1) x step        step' = step x stride

The size is that of the formula, as in the published tables: it may be larger than the picture,
and then the rest lies in the padding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral

from cnn_course.arguments import is_a, one_of, whole_number

Padding = str | int
Pair = tuple[int, int]
#: What slides along one axis: pixels from first to last tap, stride, zeros ahead of value 0.
Window = tuple[int, int, int]


def output_size(n: int, k: int, stride: int = 1, padding: Padding = "valid") -> int:
    """Return how many windows of size `k` fit along an axis of `n` pixels.

    - `"valid"`: the first window starts at pixel 0; `n - k` pixels are left to walk, in steps of
      `stride`, and an incomplete step does not count: floor((n - k) / stride) + 1.
    - `"same"`: one window for each started step, with zeros around where needed:
      ceil(n / stride). With stride 1 that is `n`, hence the name.
    - an int `p`: `p` pixels are added at both ends, then as `"valid"`:
      floor((n + 2p - k) / stride) + 1.

    Args:
        n: pixels along the axis.
        k: size of the window (the kernel).
        stride: pixels from one window to the next.
        padding: `"valid"`, `"same"` or the number of pixels added at each end.

    Raises:
        TypeError: a size is not a whole number.
        ValueError: a size is not positive, the window is larger than the padded axis, or there is
            no such padding.
    """
    n, k, stride, extra = _checked(n, k, stride, padding)
    if extra is None:
        return -(-n // stride)
    if k > n + 2 * extra:
        around = f" with {extra} of padding at each end" if extra else ""
        raise ValueError(
            f"A kernel of {k} does not fit into an image of {n}{around}. "
            'Use a kernel of at most the size of the image, or padding="same".'
        )
    return (n + 2 * extra - k) // stride + 1


def output_size_derivation(n: int, k: int, stride: int = 1, padding: Padding = "valid") -> str:
    """Return the calculation of `output_size` as one writes it: `floor((28 - 3) / 1) + 1 = 26`.

    Raises:
        TypeError, ValueError: as `output_size`.
    """
    size = output_size(n, k, stride, padding)
    if padding == "same":
        return f"ceil({n:,} / {stride}) = {size:,}"
    around = f" + 2 x {padding}" if padding not in ("valid", 0) else ""
    return f"floor(({n:,}{around} - {k}) / {stride}) + 1 = {size:,}"


def same_padding(n: int, k: int, stride: int = 1) -> tuple[int, int]:
    """Return how many zeros `padding="same"` puts (before, after) an axis of `n` pixels.

    The last of the ceil(n / stride) windows ends at (windows - 1) x stride + k; what is missing up
    to there is added, half of it before and half after. An odd number gives the extra zero to the
    end, as TensorFlow does.

    Raises:
        TypeError, ValueError: as `output_size`.
    """
    n, k, stride, _ = _checked(n, k, stride, "same")  # of NumPy's small types, sums wrap around
    windows = output_size(n, k, stride, "same")
    missing = max((windows - 1) * stride + k - n, 0)
    return missing // 2, missing - missing // 2


def zeros_before(n: int, k: int, stride: int = 1, padding: Padding = "valid") -> int:
    """Return how many zeros stand before the first pixel, for any `padding`.

    Raises:
        TypeError, ValueError: as `output_size`.
    """
    n, k, stride, extra = _checked(n, k, stride, padding)
    return same_padding(n, k, stride)[0] if extra is None else extra


def left_over(n: int, k: int, stride: int = 1, padding: Padding = "valid") -> int:
    """Return how many pixels at the end of the axis no window reaches.

    Window i covers the padded pixels from i x stride up to i x stride + k. The last one that
    starts inside the image ends where the left-over pixels begin. With `"valid"` they are the
    remainder of (n - k) / stride.

    Raises:
        TypeError, ValueError: as `output_size`.
    """
    windows = output_size(n, k, stride, padding)
    n, k, stride, _ = _checked(n, k, stride, padding)
    before = zeros_before(n, k, stride, padding)
    last = min(windows - 1, (before + n - 1) // stride)
    end = last * stride + k - before
    return n - min(max(end, 0), n)


def _checked(n: int, k: int, stride: int, padding: Padding) -> tuple[int, int, int, int | None]:
    """Return the arguments; of the padding, the pixels added at each end, None for `"same"`."""
    n = whole_number("The size of the image", n, 1)
    k = whole_number("The size of the kernel", k, 1)
    stride = whole_number("The stride", stride, 1)
    if is_a(padding, Integral):  # type: ignore[type-abstract]
        return n, k, stride, whole_number("The padding", padding)
    padding = one_of("The padding", padding, ("valid", "same"), " or a number of pixels")
    return n, k, stride, None if padding == "same" else 0


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

    def scattered(self, axes: Sequence[int] = (0, 1)) -> "ReceptiveField":
        """Return the same field for values that left the order of the picture along these axes."""
        rows, columns = (
            replace(span, step=None) if axis in axes else span
            for axis, span in enumerate((self.rows, self.columns))
        )
        return ReceptiveField(rows, columns).unchanged()

    def slide(self, rows: Window, columns: Window) -> "ReceptiveField":
        """Return the field after a window slid down the rows and along the columns."""
        new = self.rows.slide(rows), self.columns.slide(columns)
        texts = _grown(self.rows, rows, new[0]), _grown(self.columns, columns, new[1])
        return ReceptiveField(*new, for_both(*texts))


def union(branches: Sequence[ReceptiveField | None]) -> ReceptiveField | None:
    """Return the field of a value made of one value of each branch; `None` if one is not known.

    Branches that are centred on the same pixel, the usual case, give the largest of their fields.
    Otherwise the field reaches from the first pixel of any branch to the last pixel of any.
    """
    fields = [one for one in branches if one]
    if not fields or len(fields) < len(branches):
        return None
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
