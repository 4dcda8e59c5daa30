"""The forward pass: against Keras for layers, against SciPy for grey images, and by hand."""

import numpy as np
import pytest
from frameworks import keras
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from scipy import signal
from windows_drawn import GENERATORS, layers

from cnn_course import conv

RNG = np.random.default_rng(7)
modest = settings(max_examples=30)
kinds = pytest.mark.parametrize("kind", ["max", "average"])
EMPTY = [(0, 5, 5, 2), (1, 0, 5, 2), (1, 5, 0, 2)]


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

    @pytest.mark.parametrize("pixels", [1, 2, 5])
    def test_padding_by_a_number_is_zero_padding_and_then_valid(self, pixels):
        x, kernels, bias = normal(2, 6, 4, 3), normal(3, 2, 3, 5), normal(5)
        ours = conv.conv2d(x, kernels, bias, 2, pixels)
        padded = np.asarray(keras.layers.ZeroPadding2D(pixels)(x))
        theirs = keras_conv(padded, kernels, bias, 2, "valid")
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)

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

    @pytest.mark.parametrize("name", ["correlate2d", "convolve2d"])
    @pytest.mark.parametrize(("mode", "boundary"), [("constant", "fill"), ("symmetric", "symm")])
    def test_same_padding_of_an_odd_kernel_is_that_of_scipy(self, name, mode, boundary):
        image, weights = normal(6, 7, dtype="float64"), normal(5, 3, dtype="float64")
        ours = getattr(conv, name)(image, weights, padding="same", pad_mode=mode)
        np.testing.assert_allclose(ours, getattr(signal, name)(image, weights, "same", boundary))

    @pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap", "mean"])
    @pytest.mark.parametrize("dtype", [np.float64, np.uint8])
    def test_pad_modes_are_those_of_numpy(self, mode, dtype):
        image = RNG.integers(0, 256, (5, 4)).astype(dtype)
        weights = RNG.integers(-3, 4, (3, 3))
        ours = conv.correlate2d(image, weights, padding=2, pad_mode=mode)
        padded = np.pad(image, 2, mode=mode).astype(np.float64)
        np.testing.assert_allclose(ours, signal.correlate2d(padded, weights, "valid"))


class TestByHand:
    def test_the_loop_detector_of_the_first_chapter(self):
        nine = [[-1, 1, 1, 1, -1], [-1, 1, -1, 1, -1], [-1, 1, 1, 1, -1]]
        loop = [[1, 1, 1], [1, -1, 1], [1, 1, 1]]
        np.testing.assert_array_equal(conv.correlate2d(nine, loop), [[-1, 9, -1]])

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
        x, kernels, bias = normal(2, 6, 7, 3), normal(3, 2, 3, 4), normal(4)
        expected = conv.conv2d(x, kernels, bias, padding="same")
        for layout in (np.asfortranarray, lambda a: a.repeat(2, axis=0)[::2], np.ndarray.tolist):
            maps = conv.conv2d(layout(x), layout(kernels), layout(bias), padding="same")
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


X, KERNELS = np.ones((1, 4, 4, 2)), np.ones((3, 3, 2, 5))
GREY, KERNEL = np.ones((3, 4)), np.ones((2, 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X[0]}, r"x must have 4 axes, \(N, H, W, C\).*\(4, 4, 2\).*newaxis"),
        ({"kernels": KERNELS[0]}, r"kernels must have 4 axes, \(kh, kw, C, F\).*\(3, 2, 5\)"),
        ({"x": [[[[1, 2]], [[1]]]]}, r"x cannot be turned into an array.*inhomogeneous"),
        ({"x": X[..., :1]}, r"\(1, 4, 4, 1\) has 1, .*\(3, 3, 2, 5\) are made for 2"),
        ({"kernels": KERNELS[:0]}, r"kernels holds no weights.*\(0, 3, 2, 5\)"),
        ({"bias": np.ones(4)}, r"bias must have the shape \(5,\).*\(4,\)"),
        ({"kernels": np.ones((5, 3, 2, 1))}, r"5x3 kernel.*4x4 image.*padding='same'"),
        ({"x": X[:, :0]}, r"3x3 kernel does not fit into a 0x4 image"),
        ({"kernels": np.ones((3, 9, 2, 1)), "padding": 2}, r"3x9 kernel.*4x4 image, 8x8 with"),
        ({"stride": (1, -2)}, r"stride must be at least 1, not -2"),
        ({"stride": (1, 2, 3)}, r"stride must be one whole number or two.*\(1, 2, 3\)"),
        ({"padding": -1}, r"padding must be at least 0, not -1"),
        ({"padding": "sane"}, r"padding must be one of 'valid', 'same' or.*mean 'same'\?"),
        ({"x": X * 1j}, r"x holds complex128 values.*real numbers"),
        ({"kernels": KERNELS.astype(object)}, r"kernels holds object values"),
        ({"bias": list("abcde")}, r"bias holds str.* values"),
        ({"stride": 2.0}, r"stride must be a whole number, not 2\.0"),
        ({"stride": (1, np.bool_(True))}, r"stride must be a whole number, not .*True"),
        ({"padding": 1.0}, r"padding must be 'valid', 'same' or a whole.*not 1\.0"),
    ],
)
def test_a_wrong_argument_of_conv2d_is_named_with_what_would_be_right(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        conv.conv2d(**({"x": X, "kernels": KERNELS} | arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X[0]}, r"x must have 4 axes"),
        ({"size": 5}, r"5x5 window does not fit into a 4x4 image"),
        ({"size": 0}, r"size must be at least 1, not 0"),
        ({"stride": False}, r"stride must be a whole number, not False"),
        ({"size": (3, 1), "padding": 1}, r"padding of 1 .* size \(3, 1\).* below 1"),
        ({"x": X[:, :0], "padding": 1}, r"\(1, 0, 4, 2\) has no pixels"),
        ({"kind": "averages"}, r"kind must be.*'averages'.*mean 'average'\?"),
    ],
)
def test_a_wrong_argument_of_pool2d_is_named_with_what_would_be_right(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        conv.pool2d(**({"x": X} | arguments))


@pytest.mark.parametrize("function", [conv.correlate2d, conv.convolve2d])
@pytest.mark.parametrize(
    ("image", "kernel", "pad_mode", "message"),
    [
        (GREY, np.ones((4, 5)), "edge", r"4x5 kernel does not fit into a 3x4 image"),
        (GREY[..., np.newaxis], KERNEL, "edge", r"image must have 2 axes, \(H, W\).*\(3, 4, 1\)"),
        (GREY, KERNEL[:0], "edge", r"kernel holds no weights.*\(0, 2\)"),
        (GREY, KERNEL, "edges", r"pad_mode must be.*'edges'.*mean 'edge'\?"),
        (GREY[:0], KERNEL[:1], "edge", r"pad_mode='edge' needs pixels.*\(0, 4\)"),
    ],
)
def test_a_grey_image_is_checked_too(function, image, kernel, pad_mode, message):
    with pytest.raises(ValueError, match=message):
        function(image, kernel, padding="same" if len(kernel) == 1 else 0, pad_mode=pad_mode)
