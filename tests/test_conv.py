"""The forward pass: against Keras for layers, against SciPy for grey images, and by hand."""

import subprocess
import sys

import numpy as np
import pytest
from frameworks import keras
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import HANGS
from scipy import signal

from cnn_course import conv

RNG = np.random.default_rng(7)
GENERATORS = st.integers(0, 999).map(np.random.default_rng)
PADDINGS = st.sampled_from(["valid", "same"])
STRIDES = st.one_of(st.integers(1, 4), st.tuples(st.integers(1, 4), st.integers(1, 4)))
modest = settings(max_examples=30)


@st.composite
def layers(draw):
    """The shape of a batch, a window that fits, and how the window walks."""
    padding = draw(PADDINGS)
    lengths = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    window = tuple(
        draw(st.integers(1, 5 if padding == "same" else min(5, length))) for length in lengths
    )
    shape = (draw(st.integers(1, 2)), *lengths, draw(st.integers(1, 3)))
    return shape, window, draw(STRIDES), padding


def normal(*shape, dtype="float32", rng=RNG):
    return rng.normal(size=shape).astype(dtype)


def keras_conv(x, kernels, bias, stride, padding):
    """In float64: in float32, TensorFlow 2.21 with oneDNN is wrong for some unequal strides."""
    x = x.astype(np.float64)
    layer = keras.layers.Conv2D(
        kernels.shape[3], kernels.shape[:2], stride, padding, dtype="float64"
    )
    layer.build(x.shape)
    layer.set_weights([kernels, bias])
    return np.asarray(layer(x))


def keras_pool(x, size, stride, padding, kind):
    layer = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}[kind]
    return np.asarray(layer(size, stride, padding)(x))


def pooled_by_hand(x, size, stride, pixels, kind):
    """One window at a time, with NaN as padding that is not counted."""
    x = np.pad(x.astype(float), ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)))
    border = np.ones(x.shape, bool)
    border[:, pixels : x.shape[1] - pixels, pixels : x.shape[2] - pixels] = False
    x[border] = np.nan
    summarize = {"max": np.nanmax, "average": np.nanmean}[kind]
    tops = range(0, x.shape[1] - size[0] + 1, stride[0])
    lefts = range(0, x.shape[2] - size[1] + 1, stride[1])
    rows = [
        [summarize(x[:, i : i + size[0], j : j + size[1]], axis=(1, 2)) for j in lefts]
        for i in tops
    ]
    return np.moveaxis(np.array(rows), 2, 0)


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
    @given(layers(), st.sampled_from(["max", "average"]), GENERATORS)
    def test_pool2d_is_the_layer_of_keras(self, layer, kind, rng):
        shape, size, stride, padding = layer
        x = normal(*shape, rng=rng)
        ours = conv.pool2d(x, size, stride, padding, kind)
        assert ours.dtype == np.float32
        theirs = keras_pool(x, size, stride, padding, kind)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("pixels", [1, 2, 5])
    def test_padding_by_a_number_is_zero_padding_and_then_valid(self, pixels):
        x, kernels, bias = normal(2, 6, 4, 3), normal(3, 2, 3, 5), normal(5)
        padded = np.asarray(keras.layers.ZeroPadding2D(pixels)(x))
        np.testing.assert_allclose(
            conv.conv2d(x, kernels, bias, 2, pixels),
            keras_conv(padded, kernels, bias, 2, "valid"),
            rtol=1e-4,
            atol=1e-5,
        )

    def test_pooling_steps_by_the_window_unless_told_otherwise(self):
        x = normal(1, 7, 9, 2)
        np.testing.assert_array_equal(
            conv.pool2d(x, (2, 3)), keras_pool(x, (2, 3), None, "valid", "max")
        )

    def test_relu_is_the_one_of_keras(self):
        x = np.array([[np.nan, np.inf, -np.inf, -0.5, 0.0, 2.5]], np.float32)
        np.testing.assert_array_equal(conv.relu(x), np.asarray(keras.ops.relu(x)))

    @pytest.mark.parametrize("shape", [(0, 5, 5, 2), (1, 0, 5, 2), (1, 5, 0, 2), (1, 5, 5, 0)])
    @pytest.mark.parametrize("kind", ["max", "average"])
    def test_pooling_nothing_with_same_padding_gives_nothing_of_the_same_shape(self, shape, kind):
        x = np.zeros(shape, np.float32)
        assert conv.pool2d(x, 3, 2, "same", kind).shape == keras_pool(x, 3, 2, "same", kind).shape

    @pytest.mark.parametrize("shape", [(0, 5, 5, 2), (1, 0, 5, 2), (1, 5, 0, 2)])
    def test_convolving_nothing_with_same_padding_gives_nothing_of_the_same_shape(self, shape):
        # Not compared by calling Keras: whether it fails here depends on whether oneDNN is on.
        maps = conv.conv2d(np.zeros(shape), np.ones((3, 3, 2, 4)), stride=2, padding="same")
        assert maps.shape == (shape[0], *(-(-n // 2) for n in shape[1:3]), 4)


class TestAgainstSciPy:
    @pytest.mark.parametrize("kernel", [(3, 3), (2, 3), (1, 4), (5, 1), (6, 7)])
    @pytest.mark.parametrize("name", ["correlate2d", "convolve2d"])
    def test_a_grey_image_is_treated_as_by_scipy(self, name, kernel):
        image, weights = normal(6, 7, dtype="float64"), normal(*kernel, dtype="float64")
        ours, theirs = getattr(conv, name), getattr(signal, name)
        np.testing.assert_allclose(ours(image, weights), theirs(image, weights, "valid"))
        np.testing.assert_allclose(
            ours(image, weights, stride=(3, 2)), theirs(image, weights, "valid")[::3, ::2]
        )

    @pytest.mark.parametrize("name", ["correlate2d", "convolve2d"])
    @pytest.mark.parametrize(("mode", "boundary"), [("constant", "fill"), ("symmetric", "symm")])
    def test_same_padding_of_an_odd_kernel_is_that_of_scipy(self, name, mode, boundary):
        image, weights = normal(6, 7, dtype="float64"), normal(5, 3, dtype="float64")
        ours = getattr(conv, name)(image, weights, padding="same", pad_mode=mode)
        theirs = getattr(signal, name)(image, weights, "same", boundary)
        np.testing.assert_allclose(ours, theirs)

    def test_padding_by_a_number_gives_what_scipy_calls_full(self):
        image, weights = normal(6, 7, dtype="float64"), normal(3, 3, dtype="float64")
        np.testing.assert_allclose(
            conv.correlate2d(image, weights, padding=2), signal.correlate2d(image, weights, "full")
        )

    @pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap", "mean"])
    @pytest.mark.parametrize("dtype", [np.float64, np.uint8])
    def test_pad_modes_are_those_of_numpy(self, mode, dtype):
        image = RNG.integers(0, 256, (5, 4)).astype(dtype)
        weights = RNG.integers(-3, 4, (3, 3))
        padded = np.pad(image, 2, mode=mode).astype(np.float64)
        np.testing.assert_allclose(
            conv.correlate2d(image, weights, padding=2, pad_mode=mode),
            signal.correlate2d(padded, weights, "valid"),
        )


class TestByHand:
    def test_the_loop_detector_of_the_first_chapter(self):
        nine = [[-1, 1, 1, 1, -1], [-1, 1, -1, 1, -1], [-1, 1, 1, 1, -1]]
        loop = [[1, 1, 1], [1, -1, 1], [1, 1, 1]]
        np.testing.assert_array_equal(conv.correlate2d(nine, loop), [[-1, 9, -1]])

    def test_pooling_the_example_of_the_first_chapter(self):
        x = np.array([[5, 1, 3, 4], [8, 2, 9, 2], [1, 3, 0, 1], [2, 2, 2, 0]])
        x = x[np.newaxis, :, :, np.newaxis]
        assert conv.pool2d(x)[0, :, :, 0].tolist() == [[8, 9], [3, 2]]
        assert conv.pool2d(x, kind="average")[0, :, :, 0].tolist() == [[4, 4.5], [2, 0.75]]

    def test_the_odd_row_of_same_padding_goes_to_the_bottom_right(self):
        ones = np.ones((3, 3), int)
        sums = conv.correlate2d(ones, np.ones((2, 2), int), padding="same")
        assert sums.tolist() == [[4, 4, 2], [4, 4, 2], [2, 2, 1]]

    @modest
    @given(layers(), st.data(), st.sampled_from(["max", "average"]), GENERATORS)
    def test_padding_never_wins_and_is_never_counted(self, layer, data, kind, rng):
        shape, size, stride, _ = layer
        pixels = data.draw(st.integers(0, min(size) - 1))
        steps = (stride, stride) if isinstance(stride, int) else stride
        size = tuple(min(k, n + 2 * pixels) for k, n in zip(size, shape[1:3], strict=True))
        x = rng.integers(-9, 0, shape)  # zeros as padding would win
        np.testing.assert_allclose(
            conv.pool2d(x, size, stride, pixels, kind),
            pooled_by_hand(x, size, steps, pixels, kind),
        )


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

    def test_whole_numbers_are_exact_beyond_the_precision_of_floats(self):
        image = np.array([[2**62, -(2**62), 2**53 + 1]])
        assert conv.correlate2d(image, [[1, 1, 1]]).tolist() == [[2**53 + 1]]
        assert conv.correlate2d([[2**63 - 1]], [[1]]).tolist() == [[2**63 - 1]]
        assert conv.pool2d([[[[-(2**63)]]]], 1).tolist() == [[[[-(2**63)]]]]

    def test_whole_numbers_that_leave_int64_are_refused(self):
        with pytest.raises(ValueError, match=r"does not fit into int64.*float64"):
            conv.correlate2d([[2**62, 2**62]], [[1, 1]])
        with pytest.raises(ValueError, match=rf"image contains {2**63}.*float64"):
            conv.correlate2d(np.array([[2**63]], np.uint64), [[1]])

    @pytest.mark.parametrize(
        ("image", "kernel", "result"),
        [
            ("float16", "float16", "float32"),
            ("float32", "float32", "float32"),
            ("float32", "int64", "float32"),
            ("uint8", "float32", "float32"),
            ("float32", "float64", "float64"),
            ("uint8", "float64", "float64"),
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
        responses = conv.correlate2d(image, np.full((3, 3), 2.0))
        seen = np.zeros((5, 5), bool)
        seen[1:4, 1:4] = True
        np.testing.assert_array_equal(responses, np.where(seen, special, 18.0))
        averages = conv.pool2d(image[np.newaxis, :, :, np.newaxis], 3, 1, kind="average")
        np.testing.assert_array_equal(averages[0, :, :, 0], np.where(seen, special, 1.0))
        maxima = conv.pool2d(image[np.newaxis, :, :, np.newaxis], 3, 1)[0, :, :, 0]
        np.testing.assert_array_equal(maxima, np.where(seen, np.maximum(special, 1), 1.0))

    @pytest.mark.filterwarnings("error")
    def test_infinities_that_cancel_give_nan_without_a_warning(self):
        assert np.isnan(conv.correlate2d([[np.inf, -np.inf]], [[1, 1]])).all()
        x = np.array([np.inf, -np.inf]).reshape(1, 1, 2, 1)
        assert np.isnan(conv.pool2d(x, (1, 2), kind="average")).all()

    def test_inputs_of_any_layout_give_the_same_and_are_not_modified(self):
        x, kernels, bias = normal(2, 6, 7, 3), normal(3, 2, 3, 4), normal(4)
        expected = conv.conv2d(x, kernels, bias, padding="same")
        for layout in (np.asfortranarray, lambda a: a.repeat(2, axis=0)[::2], np.ndarray.tolist):
            maps = conv.conv2d(layout(x), layout(kernels), layout(bias), padding="same")
            np.testing.assert_allclose(maps, expected, rtol=1e-5, atol=1e-6)
        copies = x.copy(), kernels.copy(), bias.copy()
        for array in (x, kernels, bias):
            array.flags.writeable = False
        np.testing.assert_array_equal(conv.conv2d(x, kernels, bias, padding="same"), expected)
        for array, copy in zip((x, kernels, bias), copies, strict=True):
            np.testing.assert_array_equal(array, copy)

    def test_results_share_no_memory_with_inputs(self):
        x = normal(1, 4, 4, 1, dtype="float64")
        one = np.ones((1, 1, 1, 1))
        for result in (
            conv.relu(x),
            conv.pool2d(x, 1),
            conv.pool2d(x, 1, kind="average"),
            conv.conv2d(x, one),
        ):
            assert not np.shares_memory(result, x)
            result[...] = 0  # and may be written to


X, KERNELS = np.ones((1, 4, 4, 2)), np.ones((3, 3, 2, 5))


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                {"x": np.ones((4, 4, 2))},
                r"x must have 4 axes, \(N, H, W, C\).*\(4, 4, 2\).*newaxis",
            ),
            ({"x": 3}, r"x must have 4 axes.*shape is \(\)"),
            ({"kernels": np.ones((3, 3))}, r"kernels must have 4 axes, \(kh, kw, C, F\).*\(3, 3\)"),
            ({"x": [[[[1, 2]], [[1]]]]}, r"x cannot be turned into an array.*inhomogeneous"),
            ({"x": X[..., :1]}, r"\(1, 4, 4, 1\) has 1, .*\(3, 3, 2, 5\) are made for 2"),
            ({"kernels": KERNELS[..., :0]}, r"kernels holds no weights.*\(3, 3, 2, 0\)"),
            ({"kernels": KERNELS[:0]}, r"kernels holds no weights.*\(0, 3, 2, 5\)"),
            ({"x": X[..., :0], "kernels": KERNELS[:, :, :0]}, r"no weights.*\(3, 3, 0, 5\)"),
            ({"bias": np.ones(4)}, r"bias must have the shape \(5,\).*\(4,\)"),
            ({"bias": 1}, r"bias must have the shape \(5,\).*\(\)"),
            ({"kernels": np.ones((5, 3, 2, 1))}, r"5x3 kernel.*4x4 image.*padding='same'"),
            ({"x": X[:, :0]}, r"3x3 kernel does not fit into a 0x4 image"),
            ({"kernels": np.ones((3, 9, 2, 1)), "padding": 2}, r"3x9 kernel.*4x4 image, 8x8 with"),
            ({"stride": 0}, r"stride must be 1 or more, not 0"),
            ({"stride": (1, -2)}, r"stride must be 1 or more, not -2"),
            ({"stride": (1, 2, 3)}, r"stride must be one whole number or two.*\(1, 2, 3\)"),
            ({"stride": ()}, r"stride must be one whole number or two.*\(\)"),
            ({"padding": -1}, r"padding must be 0 or more, not -1"),
            ({"padding": "sane"}, r"padding must be one of 'valid'.*'sane'.*mean 'same'\?"),
            ({"padding": "full"}, r"padding must be one of 'valid', 'same' or a whole.*'full'"),
        ],
    )
    def test_a_wrong_value_is_named_with_what_would_be_right(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            conv.conv2d(**({"x": X, "kernels": KERNELS} | arguments))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"x": X.astype(complex)}, r"x holds complex128 values.*real numbers"),
            ({"kernels": KERNELS.astype(object)}, r"kernels holds object values"),
            ({"bias": list("abcde")}, r"bias holds str.* values"),
            ({"x": None}, r"x holds object values"),
            ({"stride": 2.0}, r"stride must be a whole number, not 2\.0"),
            ({"stride": True}, r"stride must be a whole number, not True"),
            ({"stride": (1, np.bool_(True))}, r"stride must be a whole number, not .*True"),
            ({"stride": "2"}, r"stride must be a whole number, not '2'"),
            ({"stride": None}, r"stride must be a whole number, not None"),
            ({"padding": 1.0}, r"padding must be 'valid', 'same' or a whole.*not 1\.0"),
            ({"padding": True}, r"padding must be 'valid', 'same' or a whole.*not True"),
            ({"padding": (1, 1)}, r"padding must be 'valid', 'same' or a whole.*\(1, 1\)"),
        ],
    )
    def test_a_wrong_type_is_named_with_what_would_be_right(self, arguments, message):
        with pytest.raises(TypeError, match=message):
            conv.conv2d(**({"x": X, "kernels": KERNELS} | arguments))

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ({"x": X[0]}, ValueError, r"x must have 4 axes"),
            ({"size": 5}, ValueError, r"5x5 window does not fit into a 4x4 image"),
            ({"size": 0}, ValueError, r"size must be 1 or more, not 0"),
            ({"size": 1.5}, TypeError, r"size must be a whole number, not 1\.5"),
            ({"stride": 0}, ValueError, r"stride must be 1 or more, not 0"),
            ({"stride": False}, TypeError, r"stride must be a whole number, not False"),
            ({"padding": 2}, ValueError, r"padding of 2 .* size \(2, 2\).* below 2"),
            ({"size": (3, 1), "padding": 1}, ValueError, r"padding of 1 .* size \(3, 1\)"),
            ({"x": X[:, :0], "padding": 1}, ValueError, r"\(1, 0, 4, 2\) has no pixels"),
            ({"padding": "Valid"}, ValueError, r"'Valid'\. Did you mean 'valid'\?"),
            ({"kind": "averages"}, ValueError, r"kind must be.*'averages'.*mean 'average'\?"),
            ({"kind": 1}, TypeError, r"kind must be one of 'max', 'average', not 1"),
        ],
    )
    def test_pooling_names_what_is_wrong(self, arguments, error, message):
        with pytest.raises(error, match=message):
            conv.pool2d(**({"x": X} | arguments))

    @pytest.mark.parametrize("function", [conv.correlate2d, conv.convolve2d])
    def test_a_grey_image_is_checked_too(self, function):
        image, kernel = np.ones((3, 4)), np.ones((2, 2))
        with pytest.raises(ValueError, match=r"4x5 kernel does not fit into a 3x4 image"):
            function(image, np.ones((4, 5)))
        with pytest.raises(ValueError, match=r"image must have 2 axes, \(H, W\).*\(3, 4, 1\)"):
            function(image[..., np.newaxis], kernel)
        with pytest.raises(ValueError, match=r"kernel holds no weights.*\(0, 2\)"):
            function(image, kernel[:0])
        with pytest.raises(ValueError, match=r"pad_mode must be.*'edges'.*mean 'edge'\?"):
            function(image, kernel, padding=1, pad_mode="edges")
        with pytest.raises(ValueError, match=r"pad_mode='edge' needs pixels.*\(0, 4\)"):
            function(image[:0], kernel, padding=1, pad_mode="edge")

    def test_relu_takes_only_real_numbers(self):
        with pytest.raises(TypeError, match=r"x holds complex128 values"):
            conv.relu(1j)


def test_importing_it_loads_no_framework_and_little_of_the_package():
    """What makes it quick: NumPy takes most of the time, and whatever else is not there."""
    program = (
        "import sys, numpy; before = {*sys.modules}; import cnn_course.conv; "
        "print(*sorted({*sys.modules} - before))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=HANGS
    )
    loaded = run.stdout.split()
    packages = {name.partition(".")[0] for name in loaded}
    assert packages - sys.stdlib_module_names <= {"cnn_course", "numpy"}
    own = {name.split(".")[1] for name in loaded if name.startswith("cnn_course.")}
    assert own <= {"_quiet", "conv"}
