"""Output sizes, paddings and left-over pixels against Keras's own convolution and gradients."""

from typing import Any

import numpy as np
import pytest
from frameworks import keras, tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnn_course.counting import (
    left_over,
    output_size,
    output_size_derivation,
    same_padding,
)

sizes = st.integers(1, 24)
strides = st.integers(1, 6)
modest = settings(max_examples=60)


def convolved(x: Any, k: int, stride: int, padding: str) -> Any:
    """Return what Keras makes of one row of pixels with a kernel of ones."""
    return keras.ops.conv(x[None, :, None], np.ones((k, 1, 1), "float32"), stride, padding)


def padded(n: int, padding: str | int) -> tuple[np.ndarray, str]:
    """Return a row of n ones, with a number of pixels put around it, and Keras's padding."""
    extra = 0 if isinstance(padding, str) else padding
    return np.pad(np.ones(n, "float32"), extra), padding if isinstance(padding, str) else "valid"


@modest
@given(n=sizes, k=sizes, stride=strides, padding=st.sampled_from(["valid", "same", 0, 1, 2, 3]))
@pytest.mark.tensorflow
def test_the_output_size_is_that_of_keras(n: int, k: int, stride: int, padding: str | int) -> None:
    x, keras_padding = padded(n, padding)
    assume(k <= len(x) or padding == "same")
    assert output_size(n, k, stride, padding) == convolved(x, k, stride, keras_padding).shape[1]


@modest
@given(n=sizes, k=sizes, stride=strides, padding=st.sampled_from(["valid", "same", 1, 2]))
@pytest.mark.tensorflow
def test_left_over_is_the_tail_of_the_image_without_any_gradient(
    n: int, k: int, stride: int, padding: str | int
) -> None:
    extra = 0 if isinstance(padding, str) else padding
    assume(padding == "same" or k <= n + 2 * extra)
    image = tf.Variable(tf.ones(n))
    with tf.GradientTape() as tape:
        x, keras_padding = (
            (image, padding) if extra == 0 else (tf.pad(image, [[extra] * 2]), "valid")
        )
        total = tf.reduce_sum(convolved(x, k, stride, keras_padding))
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


def test_the_sizes_of_the_lecture() -> None:
    assert output_size(5, 3) == 3
    assert output_size(28, 3) == 26
    assert output_size(5, 3, stride=2) == 2
    assert output_size(28, 5, padding=2) == output_size(28, 5, padding="same") == 28
    assert output_size(8, 2, stride=2) == 4


def test_eleven_rows_pooled_by_two_leave_one_over_and_same_leaves_none() -> None:
    assert left_over(11, 2, 2) == 1
    assert left_over(11, 2, 2, "same") == 0
    assert left_over(6, 3, 2, padding=1) == 0  # what is left over there is padding, not image
    assert left_over(1, 1, 3, padding=2) == 1  # the windows stand left and right of the image


def test_an_odd_zero_of_same_padding_goes_to_the_end() -> None:
    assert same_padding(28, 3) == (1, 1)
    assert same_padding(28, 3, 2) == (0, 1)


def test_the_calculation_is_written_as_a_person_writes_it() -> None:
    assert output_size_derivation(28, 3) == "floor((28 - 3) / 1) + 1 = 26"
    assert output_size_derivation(224, 7, 2, 3) == "floor((224 + 2 x 3 - 7) / 2) + 1 = 112"
    assert output_size_derivation(1920, 3, 2, "same") == "ceil(1,920 / 2) = 960"


def test_numpy_integers_are_whole_numbers() -> None:
    assert output_size(np.int64(28), np.int32(3)) == 26


def test_a_kernel_larger_than_the_image_is_refused_with_both_sizes() -> None:
    with pytest.raises(ValueError, match=r"kernel of 5 does not fit into an image of 3\b"):
        output_size(3, 5)
    with pytest.raises(ValueError, match=r"kernel of 7 .* image of 3 with 1 of padding"):
        left_over(3, 7, padding=1)
    assert output_size(3, 5, padding="same") == 3


@pytest.mark.parametrize("function", [output_size, left_over, same_padding])
@pytest.mark.parametrize(
    ("arguments", "what"),
    [((0, 1, 1), "image"), ((-4, 1, 1), "image"), ((4, 0, 1), "kernel"), ((4, 1, 0), "stride")],
)
def test_a_size_that_is_not_positive_is_refused_by_name(function, arguments, what) -> None:
    with pytest.raises(ValueError, match=f"(?i){what} must be at least 1"):
        function(*arguments)


@pytest.mark.parametrize("bad", [3.0, True, "3", None, np.float64(3)])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_floats_truth_values_and_text_are_not_sizes(bad: object, place: int) -> None:
    arguments: list = [8, 3, 1]
    arguments[place] = bad
    with pytest.raises(TypeError, match=type(bad).__name__):
        output_size(*arguments)


@pytest.mark.parametrize("padding", ["samee", "Same", "", "causal"])
def test_a_misspelt_padding_is_refused_with_those_that_there_are(padding: str) -> None:
    with pytest.raises(ValueError, match=f'{padding!r}.*"valid", "same"'):
        output_size(8, 3, padding=padding)


@pytest.mark.parametrize(
    ("padding", "error"), [(-1, ValueError), (1.0, TypeError), (True, TypeError)]
)
def test_a_padding_that_is_no_number_of_pixels_is_refused(padding, error) -> None:
    with pytest.raises(error, match="padding"):
        output_size(8, 3, padding=padding)
