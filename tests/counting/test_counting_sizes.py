"""Output sizes, paddings and left-over pixels against Keras's own convolution and gradients."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from frameworks import keras, tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnn_course import counting
from cnn_course.counting import left_over, output_size, output_size_derivation, same_padding

sizes, strides = st.integers(1, 24), st.integers(1, 6)
modest = settings(max_examples=60)


def convolved(x: Any, k: int, stride: int, padding: str) -> Any:
    """Return what Keras makes of one row of pixels with a kernel of ones."""
    return keras.ops.conv(x[None, :, None], np.ones((k, 1, 1), "float32"), stride, padding)


@modest
@given(n=sizes, k=sizes, stride=strides, padding=st.sampled_from(["valid", "same", 0, 1, 2]))
@pytest.mark.tensorflow
def test_size_and_left_over_pixels_are_those_of_keras_and_its_gradient(
    n: int, k: int, stride: int, padding: str | int
) -> None:
    extra = 0 if isinstance(padding, str) else padding
    assume(padding == "same" or k <= n + 2 * extra)
    image = tf.Variable(tf.ones(n))
    with tf.GradientTape() as tape:
        x = tf.pad(image, [[extra] * 2])
        output = convolved(x, k, stride, padding if isinstance(padding, str) else "valid")
        total = tf.reduce_sum(output)
    assert output_size(n, k, stride, padding) == output.shape[1]
    reached = np.flatnonzero(tape.gradient(total, image).numpy())
    last = reached.max() if reached.size else -1  # a stride can step over a tiny image
    assert left_over(n, k, stride, padding) == n - 1 - last


@modest
@given(n=sizes, k=sizes, stride=strides)
@pytest.mark.tensorflow
def test_same_padding_by_hand_gives_what_keras_gives(n: int, k: int, stride: int) -> None:
    x = np.arange(1, n + 1, dtype="float32")
    by_hand = convolved(np.pad(x, same_padding(n, k, stride)), k, stride, "valid")
    np.testing.assert_allclose(by_hand, convolved(x, k, stride, "same"))


SMALL = [np.int8, np.uint8, np.int16, np.uint64]


@pytest.mark.fault(
    "sizes and layers given as NumPy's small whole numbers, whose sums wrap around",
    "counted as Python's own numbers",
    "nothing",
)
@pytest.mark.parametrize("kind", SMALL)
def test_small_numbers_of_numpy_are_counted_as_any_other(kind: type[np.integer]) -> None:
    for function, values in (
        (output_size, (120, 3, 100)),
        (left_over, (120, 3, 100)),
        (same_padding, (3, 3, 100)),
        (same_padding, (100, 3, 2)),
    ):
        assert function(*map(kind, values)) == function(*values)
    one, other = (
        counting.table(
            [
                counting.Input((28, 28, number(3))),
                counting.Conv2D(number(100), number(3)),
                counting.DepthwiseConv2D(3, depth_multiplier=number(100)),
                counting.Reshape((number(24), number(24), -1)),
                counting.GroupNormalization(groups=number(100)),
                counting.Dense(number(100)),
            ]
        )
        for number in (kind, int)
    )
    assert one == other
    assert {type(size) for row in one for size in row.output_shape} == {int}


class Unfriendly:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    __index__ = __repr__ = __eq__ = __hash__ = __getattr__  # type: ignore[assignment]
    __class__ = property(lambda self: self.__getattr__("class"))  # type: ignore[assignment]


class Endless(list[object]):
    """A list that goes on for ever."""

    def __iter__(self) -> Iterator[Any]:
        return itertools.repeat(1)


@pytest.mark.fault(
    "sizes, shapes, names and layers that are endless lists, or objects that refuse every look",
    "an error of one or two lines that names the argument",
    "nothing",
)
@pytest.mark.parametrize(
    "make",
    [
        Unfriendly,
        lambda: Endless([1]),
        lambda: ["x" * 10**6],
        lambda: [[[]] * 10**5] * 99,
        lambda: -(10**5_000),
    ],
    ids=["unfriendly", "endless", "text", "lists", "number"],
)
@pytest.mark.parametrize(
    "count",
    [
        lambda value: output_size(value, 3),
        lambda value: left_over(9, 3, 1, value),
        lambda value: counting.Conv2D(value, 3),
        counting.Reshape,
        lambda value: counting.table([counting.Input(value)]),
        lambda value: counting.table([counting.Input((9, 9, 1)), value]),
        lambda value: counting.table([counting.Input((9, 9, 1)), counting.Flatten(name=value)]),
        lambda value: counting.table([counting.Input((9, 9, 1)), counting.Flatten(after=value)]),
        lambda value: counting.BatchNormalization(axis=(value, 1)).count((9, 9, 1)),
        lambda value: counting.Softmax(axis=value).count((9, 9, 1)),
        lambda value: counting.Dense(3, use_bias=value),
        lambda value: counting.Flatten(trainable=value),
        counting.ZeroPadding2D,
        counting.table,
    ],
)
def test_an_argument_of_any_kind_is_refused_in_short(
    count: Callable[[object], object], make: Callable[[], object]
) -> None:
    value = make()
    with pytest.raises((TypeError, ValueError)) as refused:
        count(value)
    assert len(str(refused.value)) < 1_000


def test_the_sizes_of_the_lecture() -> None:
    assert output_size(5, 3) == 3
    assert output_size(np.int64(28), np.int32(3)) == 26
    assert output_size(5, 3, stride=2) == 2
    assert output_size(28, 5, padding=2) == output_size(28, 5, padding="same") == 28
    assert same_padding(28, 3, 2) == (0, 1)  # an odd zero goes to the end


def test_eleven_rows_pooled_by_two_leave_one_over_and_same_leaves_none() -> None:
    assert left_over(11, 2, 2) == 1
    assert left_over(11, 2, 2, "same") == 0
    assert left_over(6, 3, 2, padding=1) == 0  # what is left over there is padding, not image
    assert left_over(1, 1, 3, padding=2) == 1  # the windows stand left and right of the image


def test_the_calculation_is_written_as_a_person_writes_it() -> None:
    assert output_size_derivation(28, 3) == "floor((28 - 3) / 1) + 1 = 26"
    assert output_size_derivation(224, 7, 2, 3) == "floor((224 + 2 x 3 - 7) / 2) + 1 = 112"
    assert output_size_derivation(1920, 3, 2, "same") == "ceil(1,920 / 2) = 960"


@pytest.mark.parametrize(
    ("function", "arguments", "error", "message"),
    [
        (output_size, (3, 5), ValueError, r"kernel of 5 does not fit into an image of 3\b"),
        (left_over, (3, 7, 1, 1), ValueError, "kernel of 7 .* image of 3 with 1 of padding"),
        (output_size, (0, 1), ValueError, "image must be at least 1, not 0"),
        (output_size, (5, 10**5_000), ValueError, "must be smaller than 10..100, not an int"),
        (left_over, (4, 1, 0), ValueError, "stride must be at least 1, not 0"),
        (output_size, (8.0, 3), TypeError, r"image must be a whole number, not 8\.0"),
        (left_over, (8, "3"), TypeError, "kernel must be a whole number, not '3'"),
        (same_padding, (8, 3, True), TypeError, "stride must be a whole number, not True"),
        (output_size, (8, 3, 1, "samee"), ValueError, "'valid', 'same'.*not 'samee'.*'same'"),
        (output_size, (8, 3, 1, -1), ValueError, "padding must be at least 0, not -1"),
        (output_size, (8, 3, 1, 1.0), TypeError, r"padding must be .* not 1\.0"),
    ],
)
def test_what_makes_no_size_is_refused_with_its_value(function, arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        function(*arguments)
