"""Convolution by hand: against Keras, TensorFlow's tape, SciPy and differences."""

import numpy as np
import pytest
from frameworks import keras, tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal

from cnn_course import conv

RNG = np.random.default_rng(7)
GENERATORS = st.integers(0, 999).map(np.random.default_rng)
modest = settings(max_examples=30)
EMPTY = [(0, 5, 5, 2), (1, 0, 5, 2), (1, 5, 0, 2)]


@st.composite
def layers(draw):
    """The shape of a batch, a window that fits, its strides and its padding."""
    padding = draw(st.sampled_from(["valid", "same"]))
    lengths = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    window = tuple(
        draw(st.integers(1, 5 if padding == "same" else min(5, length))) for length in lengths
    )
    shape = (draw(st.integers(1, 2)), *lengths, draw(st.integers(1, 3)))
    return shape, window, (draw(st.integers(1, 4)), draw(st.integers(1, 4))), padding


def normal(*shape, dtype="float32", rng=RNG):
    return rng.normal(size=shape).astype(dtype)


def keras_conv(x, kernels, bias, stride, padding):
    """In float64: in float32, TensorFlow 2.21 with oneDNN is wrong for some unequal strides."""
    layer = keras.layers.Conv2D(
        kernels.shape[3], kernels.shape[:2], stride, padding, dtype="float64"
    )
    layer.build(x.shape)
    layer.set_weights([kernels, bias])
    return np.asarray(layer(x.astype(np.float64)))


@pytest.mark.tensorflow
class TestAgainstKeras:
    @modest
    @given(layers(), st.integers(1, 4), st.sampled_from(["float32", "float64"]), GENERATORS)
    def test_conv2d_is_the_layer_of_keras(self, layer, filters, dtype, rng):
        shape, window, stride, padding = layer
        x, bias = normal(*shape, dtype=dtype, rng=rng), normal(filters, dtype=dtype, rng=rng)
        kernels = normal(*window, shape[3], filters, dtype=dtype, rng=rng)
        ours = conv.conv2d(x, kernels, bias, stride, padding)
        assert ours.dtype == dtype
        theirs = keras_conv(x, kernels, bias, stride, padding)
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)

    @modest
    @given(layers(), st.sampled_from(["Max", "Average"]), st.booleans(), GENERATORS)
    def test_pool2d_is_the_layer_of_keras_and_steps_by_the_window_unless_told_otherwise(
        self, layer, kind, by_window, rng
    ):
        shape, size, stride, padding = layer
        walk = size, None if by_window else stride, padding
        x = normal(*shape, rng=rng)
        ours = conv.pool2d(x, *walk, kind.lower())
        assert ours.dtype == np.float32
        theirs = getattr(keras.layers, f"{kind}Pooling2D")(*walk)(x)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)

    def test_relu_is_the_one_of_keras(self):
        x = np.array([[np.nan, np.inf, -np.inf, -0.5, 0.0, 2.5]], np.float32)
        np.testing.assert_array_equal(conv.relu(x), np.asarray(keras.ops.relu(x)))


class TestAgainstSciPy:
    @pytest.mark.parametrize("kernel", [(3, 3), (2, 3), (1, 4), (5, 1), (6, 7)])
    @pytest.mark.parametrize("name", ["correlate2d", "convolve2d"])
    def test_a_grey_image_is_treated_as_by_scipy(self, name, kernel):
        image, weights = normal(6, 7, dtype="float64"), normal(*kernel, dtype="float64")
        ours, theirs = getattr(conv, name), getattr(signal, name)
        valid = theirs(image, weights, "valid")
        np.testing.assert_allclose(ours(image, weights), valid)
        np.testing.assert_allclose(ours(image, weights, stride=(3, 2)), valid[::3, ::2])

    @pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap", "mean"])
    @pytest.mark.parametrize("dtype", [np.float64, np.uint8])
    def test_pad_modes_are_those_of_numpy(self, mode, dtype):
        image = RNG.integers(0, 256, (5, 4)).astype(dtype)
        weights = RNG.integers(-3, 4, (3, 3))
        ours = conv.correlate2d(image, weights, padding=2, pad_mode=mode)
        padded = np.pad(image, 2, mode=mode).astype(np.float64)
        np.testing.assert_allclose(ours, signal.correlate2d(padded, weights, "valid"))


class TestByHand:
    @pytest.mark.parametrize("pixels", [1, 2, 5])
    def test_padding_by_a_number_is_zeros_around_the_image_and_then_valid(self, pixels):
        x, kernels = normal(2, 6, 4, 3), normal(3, 2, 3, 5)
        padded = np.pad(x, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)))
        ours = conv.conv2d(x, kernels, stride=2, padding=pixels)
        np.testing.assert_array_equal(ours, conv.conv2d(padded, kernels, stride=2))

    def test_the_odd_row_of_same_padding_goes_to_the_bottom_right(self):
        ones = np.ones((3, 3), int)
        sums = conv.correlate2d(ones, np.ones((2, 2), int), padding="same")
        assert sums.tolist() == [[4, 4, 2], [4, 4, 2], [2, 2, 1]]

    @modest
    @given(layers(), st.data(), st.sampled_from(["max", "average"]), GENERATORS)
    def test_padding_of_pooling_never_wins_and_is_never_counted(self, layer, data, kind, rng):
        shape, size, stride, _ = layer
        pixels = data.draw(st.integers(0, min(size) - 1))
        size = tuple(min(k, n + 2 * pixels) for k, n in zip(size, shape[1:3], strict=True))
        x = rng.integers(-9, 0, shape)  # zeros as padding would win
        around = ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0))
        padded = np.pad(x.astype(float), around, constant_values=np.nan)
        windows = sliding_window_view(padded, size, axis=(1, 2))[:, :: stride[0], :: stride[1]]
        expected = {"max": np.nanmax, "average": np.nanmean}[kind](windows, axis=(-2, -1))
        np.testing.assert_allclose(conv.pool2d(x, size, stride, pixels, kind), expected)

    @pytest.mark.parametrize("shape", EMPTY)
    def test_nothing_with_same_padding_gives_nothing(self, shape):
        # Not compared with Keras: whether it fails here depends on whether oneDNN is on.
        images, rows, columns, channels = shape
        maps = (images, -(-rows // 2), -(-columns // 2))
        x, kernels = np.zeros(shape), np.ones((3, 3, channels, 4))
        assert conv.conv2d(x, kernels, stride=2, padding="same").shape == (*maps, 4)
        for kind in ("max", "average"):
            assert conv.pool2d(x, 3, 2, "same", kind).shape == (*maps, channels)


class TestNumbers:
    @pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.int16, np.uint32, np.int64])
    def test_whole_numbers_do_not_wrap_around(self, dtype):
        low, high = (0, 1) if dtype is bool else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        low, high = max(low, -(2**58)), min(high, 2**58)
        x = np.full((1, 4, 4, 1), high, dtype)
        x[0, 0, 0, 0] = low
        weights = np.ones((3, 3), dtype)
        expected = [[8 * high + low, 9 * high], [9 * high, 9 * high]]
        assert conv.correlate2d(x[0, :, :, 0], weights).tolist() == expected
        maps = conv.conv2d(x, weights[:, :, np.newaxis, np.newaxis], bias=[1])
        assert maps[0, :, :, 0].tolist() == [[n + 1 for n in row] for row in expected]
        assert maps.dtype == conv.pool2d(x).dtype == conv.relu(x).dtype == np.int64
        average = conv.pool2d(x, 4, kind="average")
        assert average.dtype == np.float64
        assert average.item() == pytest.approx((15 * high + low) / 16)

    def test_whole_numbers_are_exact_or_refused(self):
        image = np.array([[2**62, -(2**62), 2**53 + 1]])
        assert conv.correlate2d(image, [[1, 1, 1]]).tolist() == [[2**53 + 1]]
        # Each product would fit into a float64, the sum does not.
        assert conv.correlate2d([[2**52 + 1] * 3], [[1, 1, 1]]).tolist() == [[3 * 2**52 + 3]]
        assert conv.correlate2d([[2**63 - 1]], [[1]]).tolist() == [[2**63 - 1]]
        assert conv.pool2d([[[[-(2**63)]]]], 1).tolist() == [[[[-(2**63)]]]]
        with pytest.raises(ValueError, match=r"does not fit into int64.*float64"):
            conv.correlate2d([[2**62, 2**62]], [[1, 1]])
        with pytest.raises(ValueError, match=rf"image contains {2**63}.*float64"):
            conv.correlate2d(np.array([[2**63]], np.uint64), [[1]])

    @pytest.mark.parametrize(
        ("image", "kernel", "result"),
        [
            ("float16", "float16", "float32"),
            ("float32", "int64", "float32"),
            ("uint8", "float32", "float32"),
            ("float32", "float64", "float64"),
            (">f4", ">f4", "float32"),
            ("bool", "uint8", "int64"),
        ],
    )
    def test_the_floats_among_the_inputs_decide_the_type(self, image, kernel, result):
        assert conv.correlate2d(np.ones((3, 3), image), np.ones((2, 2), kernel)).dtype == result
        x, kernels = np.ones((1, 3, 3, 1), image), np.ones((2, 2, 1, 1), kernel)
        assert conv.conv2d(x, kernels).dtype == result
        assert conv.conv2d(x, kernels, np.ones(1, image)).dtype == result

    @pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
    def test_nan_and_infinity_stay_within_the_windows_that_see_them(self, special):
        image = np.ones((7, 7))
        image[3, 3] = special
        seen = np.zeros((5, 5), bool)
        seen[1:4, 1:4] = True
        responses = conv.correlate2d(image, np.full((3, 3), 2.0))
        np.testing.assert_array_equal(responses, np.where(seen, special, 18.0))
        for kind, inside in (("average", special), ("max", np.maximum(special, 1))):
            pooled = conv.pool2d(image[np.newaxis, :, :, np.newaxis], 3, 1, kind=kind)
            np.testing.assert_array_equal(pooled[0, :, :, 0], np.where(seen, inside, 1.0))

    @pytest.mark.filterwarnings("error")
    def test_infinities_that_cancel_give_nan_without_a_warning(self):
        assert np.isnan(conv.correlate2d([[np.inf, -np.inf]], [[1, 1]])).all()
        x = np.array([np.inf, -np.inf]).reshape(1, 1, 2, 1)
        assert np.isnan(conv.pool2d(x, (1, 2), kind="average")).all()

    def test_inputs_of_any_layout_give_the_same(self):
        x, kernels = normal(2, 6, 7, 3), normal(3, 2, 3, 4)
        expected = conv.conv2d(x, kernels)
        for layout in (np.asfortranarray, lambda a: a.repeat(2, axis=0)[::2], np.ndarray.tolist):
            maps = conv.conv2d(layout(x), layout(kernels))
            np.testing.assert_allclose(maps, expected, rtol=1e-5, atol=1e-6)

    def test_inputs_are_not_modified_and_results_share_no_memory_with_them(self):
        x = normal(1, 4, 4, 1, dtype="float64")
        copy, one = x.copy(), np.ones((1, 1, 1, 1))
        x.flags.writeable = False
        results = [conv.relu(x), conv.conv2d(x, one), *conv.conv2d_gradients(x, one, x)]
        for kind in ("max", "average"):
            results += [conv.pool2d(x, 1, kind=kind), conv.pool2d_gradient(x, x, 1, kind=kind)]
        for result in results:
            assert not np.shares_memory(result, x)
            result[...] = 0  # and may be written to
        np.testing.assert_array_equal(x, copy)


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


class TestGradientsOfConvolution:
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

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_floats_keep_their_type(self, dtype):
        arrays = [np.ones(shape, dtype) for shape in ((1, 4, 4, 1), (3, 3, 1, 2), (1, 2, 2, 2))]
        assert {gradient.dtype.name for gradient in conv.conv2d_gradients(*arrays)} == {dtype}

    def test_whole_numbers_are_exact_or_refused(self):
        large = np.full((1, 2, 2, 1), 2**60)
        dx, dkernels, dbias = conv.conv2d_gradients(
            np.full((1, 3, 3, 1), 255, np.uint8), np.ones((2, 2, 1, 1), bool), large // 255
        )
        assert dx[0, 1, 1, 0] == 4 * (2**60 // 255)
        assert dkernels[0, 0, 0, 0] == 4 * 255 * (2**60 // 255)
        assert dbias.tolist() == [4 * (2**60 // 255)]
        seen, one = np.full((1, 1, 3, 1), 2**52 + 1), np.ones((1, 1, 1, 1), int)
        assert conv.conv2d_gradients(seen, one, seen // seen)[1].item() == 3 * 2**52 + 3
        with pytest.raises(ValueError, match=r"does not fit into int64"):
            conv.conv2d_gradients(np.ones((1, 2, 2, 1), int), [[[[2**10]]]], large)


class TestGradientsOfPooling:
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
    x, kernels = np.ones(shape), np.ones((3, 3, 1, 2))
    dx, dkernels, dbias = conv.conv2d_gradients(x, kernels, upstream, padding="same")
    assert dx.shape == shape
    assert not dkernels.any()
    assert dbias.tolist() == [0, 0]
    for kind in ("max", "average"):
        upstream = conv.pool2d(x, 3, 2, "same", kind)
        gradient = conv.pool2d_gradient(x, upstream, 3, 2, "same", kind)
        assert gradient.shape == shape


X, KERNELS, GREY = np.ones((1, 4, 4, 2)), np.ones((3, 3, 2, 5)), np.ones((3, 4))
WITH_KERNELS = {"x": X, "kernels": KERNELS}
RIGHT = {
    conv.correlate2d: {"image": GREY, "kernel": GREY[:2, :2], "padding": 1},
    conv.convolve2d: {"image": GREY, "kernel": GREY[:2, :2], "padding": 1},
    conv.conv2d: WITH_KERNELS,
    conv.conv2d_gradients: {**WITH_KERNELS, "upstream": np.ones((1, 2, 2, 5))},
    conv.pool2d: {"x": X},
    conv.pool2d_gradient: {"x": X, "upstream": X[:, ::2, ::2]},
}


@pytest.mark.fault(
    "Pooling by a window of a billion pixels",
    "The summary of the whole image, at once",
    "Nothing",
)
@pytest.mark.parametrize("kind", ["max", "average"])
def test_a_window_far_larger_than_the_image_sees_all_of_it(kind):
    image = np.arange(32.0).reshape(1, 4, 4, 2)
    whole = image.max(axis=(1, 2)) if kind == "max" else image.mean(axis=(1, 2))
    pooled = conv.pool2d(image, 10**9, 1, "same", kind)
    np.testing.assert_array_equal(pooled, np.broadcast_to(whole[:, None, None], (1, 4, 4, 2)))
    gradient = conv.pool2d_gradient(image, np.ones((1, 4, 4, 2)), 10**9, 1, "same", kind)
    expected = np.ones((1, 4, 4, 2))
    if kind == "max":
        expected = 16.0 * (image == whole[:, None, None])
    np.testing.assert_array_equal(gradient, expected)


class Hostile:
    """An object that no text, number or array can be made of."""

    def __array__(self, *_: object, **__: object):
        raise SystemExit("not an array")

    __repr__ = __index__ = __array__


@pytest.mark.fault(
    "`conv` with objects that exit when they are looked at, or ranges beyond all memory",
    "an error that names the argument",
    "nothing",
)
@pytest.mark.parametrize(
    ("argument", "value", "kind"),
    [
        ("image", Hostile(), ValueError),
        ("image", range(10**15), ValueError),
        ("stride", Hostile(), TypeError),
        ("pad_mode", Hostile(), TypeError),
    ],
)
def test_an_object_that_cannot_be_looked_at_is_named(argument, value, kind):
    with pytest.raises(kind, match=f"^{argument} (cannot be turned|must be)"):
        conv.correlate2d(**{**RIGHT[conv.correlate2d], argument: value})


@pytest.mark.fault(
    "padding computed from whole numbers near 2**63",
    "refused, since float64 would wrap them around",
    "nothing",
)
@pytest.mark.parametrize("mode", ["linear_ramp", "mean", "median"])
def test_padding_computed_from_whole_numbers_is_exact_or_refused(mode):
    assert conv.correlate2d([[2**53]] * 2, [[1]], 1, 1, mode).max() == 2**53
    with pytest.raises(ValueError, match=rf"'{mode}' computes with float64.*float64 first"):
        conv.correlate2d([[2**63 - 1]] * 2, [[1]], 1, 1, mode)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (conv.conv2d, {"x": X[0]}, r"x must have 4 axes, \(N, H, W, C\).*\(4, 4, 2\).*newaxis"),
        (conv.conv2d, {"kernels": KERNELS[0]}, r"kernels must have 4 axes, .*F\).*\(3, 2, 5\)"),
        (conv.conv2d, {"x": [[[[1, 2]], [[1]]]]}, r"x cannot be turned into .*inhomogeneous"),
        (conv.conv2d, {"x": X[..., :1]}, r"\(1, 4, 4, 1\) has 1, .*\(3, 3, 2, 5\) are made for 2"),
        (conv.conv2d, {"kernels": KERNELS[:0]}, r"kernels holds no weights.*\(0, 3, 2, 5\)"),
        (conv.conv2d, {"bias": np.ones(4)}, r"bias must have the shape \(5,\).*\(4,\)"),
        (conv.conv2d, {"x": X[:, :2]}, r"3x3 kernel.*2x4 image.*padding='same'"),
        (conv.conv2d, {"x": X[:, :0], "padding": 1}, r"3x3 kernel.*0x4 image, 2x6 with"),
        (conv.conv2d, {"stride": (1, -2)}, r"stride must be at least 1, not -2"),
        (conv.conv2d, {"stride": (1, 2, 3)}, r"stride must be one .* or two.*\(1, 2, 3\)"),
        (conv.conv2d, {"padding": -1}, r"padding must be at least 0, not -1"),
        (conv.conv2d, {"padding": 10**5}, r"padding of 100000, a 4x4 image has 200004x200004"),
        (conv.conv2d, {"padding": "sane"}, r"padding must be one of 'valid'.*mean 'same'\?"),
        (conv.conv2d, {"x": X * 1j}, r"x holds complex128 values.*real numbers"),
        (conv.conv2d, {"bias": list("abcde")}, r"bias holds str.* values"),
        (conv.conv2d, {"stride": (1, np.bool_(True))}, r"stride must be a whole .*True"),
        (conv.conv2d, {"padding": 1.0}, r"padding must be 'valid', 'same' or a whole.*not 1\.0"),
        (conv.pool2d, {"size": 5}, r"5x5 window does not fit into a 4x4 image"),
        (conv.pool2d, {"size": 0}, r"size must be at least 1, not 0"),
        (conv.pool2d, {"size": 10**5_000}, r"size must be smaller than 10\*\*100, not an int"),
        (conv.pool2d, {"size": (3, 1), "padding": 1}, r"padding of 1 .*\(3, 1\).* below 1"),
        (conv.pool2d, {"x": X[:, :0], "padding": 1}, r"\(1, 0, 4, 2\) has no pixels"),
        (conv.pool2d, {"kind": "averages"}, r"kind must be.*'averages'.*mean 'average'\?"),
        (conv.correlate2d, {"kernel": np.ones((6, 6))}, r"6x6 kernel .* 3x4 image, 5x6 with"),
        (conv.convolve2d, {"image": X}, r"image must have 2 axes, \(H, W\).*\(1, 4, 4, 2\)"),
        (conv.convolve2d, {"kernel": GREY[:0]}, r"kernel holds no weights.*\(0, 4\)"),
        (conv.convolve2d, {"pad_mode": "edges"}, r"pad_mode must be.*'edges'.*mean 'edge'\?"),
        (conv.correlate2d, {"image": GREY[:0], "pad_mode": "edge"}, r"needs pixels.*\(0, 4\)"),
        (conv.conv2d_gradients, {"upstream": X}, r"upstream .*\(1, 2, 2, 5\).*\(1, 4, 4, 2\)"),
        (conv.pool2d_gradient, {"upstream": X}, r"upstream .*\(1, 2, 2, 2\).*\(1, 4, 4, 2\)"),
        (conv.pool2d_gradient, {"kind": "mean"}, r"kind must be.*'mean'"),
        (conv.pool2d_gradient, {"upstream": X[:, ::2, ::2] * 1j}, r"upstream holds complex128"),
    ],
)
def test_a_wrong_argument_is_named_with_what_would_be_right(function, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        function(**(RIGHT[function] | arguments))
