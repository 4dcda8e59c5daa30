"""Output sizes of a sliding window along one axis: `n` pixels, a window of `k`, a step of `stride`.

Height and width of a picture are two such axes. See Dumoulin and Visin, "A guide to convolution
arithmetic for deep learning" (2016), and Keras's documentation of `padding`.
"""

from numbers import Integral

from cnn_course.arguments import one_of, whole_number

Padding = str | int


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
    before = zeros_before(n, k, stride, padding)
    last = min(windows - 1, (before + n - 1) // stride)
    end = last * stride + k - before
    return n - min(max(end, 0), n)


def _checked(n: int, k: int, stride: int, padding: Padding) -> tuple[int, int, int, int | None]:
    """Return the arguments; of the padding, the pixels added at each end, None for `"same"`."""
    n = whole_number("The size of the image", n, 1)
    k = whole_number("The size of the kernel", k, 1)
    stride = whole_number("The stride", stride, 1)
    if isinstance(padding, Integral):
        return n, k, stride, whole_number("The padding", padding)
    one_of("The padding", padding, ("valid", "same"), " or a number of pixels")
    return n, k, stride, None if padding == "same" else 0
