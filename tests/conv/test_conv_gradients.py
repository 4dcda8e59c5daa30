"""The backward pass: against TensorFlow's tape, and against differences of the forward pass."""

import numpy as np
import pytest
from frameworks import tf
from hypothesis import given, settings
from hypothesis import strategies as st
from windows_drawn import GENERATORS, layers

from cnn_course import conv

RNG = np.random.default_rng(11)
modest = settings(max_examples=30)
IMAGES, FILTERS = np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 2))


def differences(function, array, step=1e-6):
    """The gradient of a scalar function, one number moved at a time, up and down."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        up, down = array.copy(), array.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (function(up) - function(down)) / (2 * step)
    return gradient


def tape(function, upstream, *inputs):
    """What TensorFlow says the gradients of `sum(function(*inputs) * upstream)` are."""
    variables = [tf.Variable(value) for value in inputs]
    with tf.GradientTape() as recorded:
        loss = tf.reduce_sum(function(*variables) * upstream)
    return [np.asarray(gradient) for gradient in recorded.gradient(loss, variables)]


def pool_tape(x, upstream, kind, walk):
    size, stride, padding = walk
    pool = {"max": tf.nn.max_pool2d, "average": tf.nn.avg_pool2d}[kind]
    return tape(lambda x: pool(x, size, stride, padding.upper()), upstream, x)[0]


class TestConvolution:
    @modest
    @given(layers(), st.integers(1, 3), GENERATORS)
    @pytest.mark.tensorflow
    def test_gradients_are_those_of_tensorflow(self, layer, filters, rng):
        shape, window, stride, padding = layer
        x, bias = rng.normal(size=shape), rng.normal(size=filters)
        kernels = rng.normal(size=(*window, shape[3], filters))
        upstream = rng.normal(size=conv.conv2d(x, kernels, bias, stride, padding).shape)

        def layer_of_tensorflow(x, kernels, bias):
            return tf.nn.conv2d(x, kernels, stride, padding.upper()) + bias

        theirs = tape(layer_of_tensorflow, upstream, x, kernels, bias)
        ours = conv.conv2d_gradients(x, kernels, upstream, stride, padding)
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-7, atol=1e-9)

    @pytest.mark.parametrize("padding", ["valid", 1, 3])
    def test_gradients_are_what_differences_say_with_padding_by_a_number(self, padding):
        inputs = [RNG.normal(size=size) for size in ((2, 4, 5, 2), (3, 2, 2, 2), (2,))]
        upstream = RNG.normal(size=conv.conv2d(*inputs, (2, 3), padding).shape)
        ours = conv.conv2d_gradients(*inputs[:2], upstream, (2, 3), padding)
        for place, gradient in enumerate(ours):

            def loss(value, place=place):
                given = [*inputs[:place], value, *inputs[place + 1 :]]
                return (conv.conv2d(*given, (2, 3), padding) * upstream).sum()

            np.testing.assert_allclose(gradient, differences(loss, inputs[place]), atol=1e-6)

    def test_floats_keep_their_type_and_whole_numbers_are_exact_or_refused(self):
        for dtype in (np.float32, np.float64):
            arrays = [array.astype(dtype) for array in (IMAGES, FILTERS, np.ones((1, 2, 2, 2)))]
            assert {gradient.dtype for gradient in conv.conv2d_gradients(*arrays)} == {
                np.dtype(dtype)
            }
        large = np.full((1, 2, 2, 1), 2**60)
        dx, dkernels, dbias = conv.conv2d_gradients(
            np.full((1, 3, 3, 1), 255, np.uint8), np.ones((2, 2, 1, 1), bool), large // 255
        )
        assert dx[0, 1, 1, 0] == 4 * (2**60 // 255)
        assert dkernels[0, 0, 0, 0] == 4 * 255 * (2**60 // 255)
        assert dbias.tolist() == [4 * (2**60 // 255)]
        with pytest.raises(ValueError, match=r"does not fit into int64"):
            conv.conv2d_gradients(np.ones((1, 2, 2, 1), int), [[[[2**10]]]], large)


class TestPooling:
    @modest
    @given(layers(), st.sampled_from(["max", "average"]), st.booleans(), GENERATORS)
    @pytest.mark.tensorflow
    def test_gradients_are_those_of_tensorflow_ties_included(self, layer, kind, ties, rng):
        shape, size, stride, padding = layer
        x = rng.integers(0, 3, shape).astype(np.float32) if ties else rng.normal(size=shape)
        upstream = rng.normal(size=conv.pool2d(x, size, stride, padding, kind).shape)
        upstream = upstream.astype(x.dtype)
        ours = conv.pool2d_gradient(x, upstream, size, stride, padding, kind)
        theirs = pool_tape(x, upstream, kind, (size, stride, padding))
        assert ours.dtype == x.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("kind", ["max", "average"])
    @pytest.mark.parametrize("pixels", [0, 1, 2])
    def test_gradients_are_what_differences_say_with_padding_by_a_number(self, kind, pixels):
        x = RNG.normal(size=(2, 4, 5, 2)) - 9  # padding with zeros would win
        walk = {"size": (3, 4), "stride": (2, 1), "padding": pixels, "kind": kind}
        upstream = RNG.normal(size=conv.pool2d(x, **walk).shape)
        np.testing.assert_allclose(
            conv.pool2d_gradient(x, upstream, **walk),
            differences(lambda x: (conv.pool2d(x, **walk) * upstream).sum(), x),
            atol=1e-6,
        )

    @pytest.mark.parametrize("lowest", [-np.inf, np.iinfo(np.int64).min])
    def test_padding_wins_not_even_against_the_lowest_number(self, lowest):
        x, upstream = np.full((1, 4, 4, 1), lowest), np.arange(1.0, 5).reshape(1, 2, 2, 1)
        corners = conv.pool2d_gradient(x, upstream, 3, 3, 1)[0, :, :, 0]
        np.testing.assert_array_equal(
            corners, [[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 4, 0], [0, 0, 0, 0]]
        )

    def test_nan_wins_and_an_infinite_gradient_stays_with_its_window(self):
        x = np.array([[1, 9], [np.nan, np.nan]]).reshape(1, 2, 2, 1)
        gradient = conv.pool2d_gradient(x, np.full((1, 1, 1, 1), 5.0))
        assert gradient[0, :, :, 0].tolist() == [[0, 0], [5, 0]]
        upstream = np.array([np.inf, 1.0]).reshape(1, 1, 2, 1)
        gradient = conv.pool2d_gradient(np.arange(4).reshape(1, 1, 4, 1), upstream, (1, 2))
        assert gradient.ravel().tolist() == [0, np.inf, 0, 1]

    def test_whole_numbers_give_whole_gradients_of_the_maximum_and_shares_of_the_average(self):
        x, upstream = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1), [[[[6]]]]
        largest = conv.pool2d_gradient(x, upstream)
        shares = conv.pool2d_gradient(x, upstream, kind="average")
        assert (largest.dtype, largest.ravel().tolist()) == (np.int64, [0, 0, 0, 6])
        assert (shares.dtype, shares.ravel().tolist()) == (np.float64, [1.5] * 4)


@pytest.mark.parametrize("shape", [(0, 4, 4, 1), (1, 0, 4, 1), (1, 4, 0, 1)])
def test_nothing_has_gradients_of_zero(shape):
    upstream = np.ones((*shape[:3], 2))
    dx, dkernels, dbias = conv.conv2d_gradients(np.ones(shape), FILTERS, upstream, padding="same")
    assert dx.shape == shape
    assert not dkernels.any()
    assert dbias.tolist() == [0, 0]
    for kind in ("max", "average"):
        upstream = conv.pool2d(np.ones(shape), 3, 2, "same", kind)
        gradient = conv.pool2d_gradient(np.ones(shape), upstream, 3, 2, "same", kind)
        assert gradient.shape == shape


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match=r"upstream .* \(1, 2, 2, 2\).*\(1, 4, 4, 1\)"):
        conv.conv2d_gradients(IMAGES, FILTERS, IMAGES)
    with pytest.raises(ValueError, match=r"5x5 kernel does not fit into a 4x4 image"):
        conv.conv2d_gradients(IMAGES, np.ones((5, 5, 1, 1)), np.ones((1, 1, 1, 1)))
    with pytest.raises(ValueError, match=r"upstream .* \(1, 2, 2, 1\).*\(1, 4, 4, 1\)"):
        conv.pool2d_gradient(IMAGES, IMAGES)
    with pytest.raises(ValueError, match=r"kind must be.*'mean'"):
        conv.pool2d_gradient(IMAGES, IMAGES[:, ::2, ::2], kind="mean")
    with pytest.raises(TypeError, match=r"upstream holds complex128 values"):
        conv.pool2d_gradient(IMAGES, IMAGES[:, ::2, ::2] * 1j)
