"""Right and wrong answers to the exercises of chapter 5; `test_checks_answers.py` tries them."""

import inspect
import warnings

import numpy as np
import pytest
from frameworks import keras, layers

from cnn_course.checks import check

MEAN = np.array([103.939, 116.779, 123.68])  # of blue, green, red
AT_150 = {"shape": (4, 4, 512), "flattened": 8192}
DENSE = {"dense_256": 3_277_056, "dense_1": 257}
ROOM = {"one_copy": 51.2, "five_copies": 256.0}
TENSORS = {"all": 38, "base_frozen": 6, "two_unfrozen": 10}
MINUTES = {"inside": 120.0, "stored": 2.4, "five_copies": 12.0}


def prepared(pictures):
    return pictures[..., ::-1] - MEAN


def channel_by_channel(pictures):
    red, green, blue = np.moveaxis(pictures, -1, 0)
    return np.stack([blue - 103.939, green - 116.779, red - 123.68], axis=-1)


def by_keras_on_a_copy(pictures):
    return keras.applications.vgg16.preprocess_input(pictures.copy())


def in_place(pictures):
    pictures -= MEAN[::-1]
    return pictures[..., ::-1]


def in_place_through_a_view(pictures):
    turned = pictures[..., ::-1]
    turned -= MEAN
    return turned


RIGHT = {
    "vgg16-at-150": [
        AT_150,
        {"shape": [4, 4, 512], "flattened": np.int64(8192)},
        AT_150 | {"shape": (None, 4, 4, 512)},
        AT_150 | {"shape": np.zeros((4, 4, 512)).shape},
    ],
    "new-classifier": [DENSE, {"dense_1": 257.0, "dense_256": 12_801 * 256}],
    "feature-room": [
        ROOM,
        {"one_copy": 2_000 * 5 * 5 * 512 * 2 / 1e6, "five_copies": 256},
        {"one_copy": np.float32(51.2), "five_copies": np.int64(256)},
    ],
    "prepare-for-vgg16": [prepared, channel_by_channel],
    "count-tensors": [TENSORS, {key: float(value) for key, value in TENSORS.items()}],
    "cost-of-the-base": [MINUTES, {"inside": 120, "stored": np.float32(2.4), "five_copies": 12}],
}

WRONG = [
    ("vgg16-at-150", (4, 4, 512), "dictionary"),
    ("vgg16-at-150", {"shape": (4, 4, 512)}, "exactly these keys: shape, flattened"),
    ("vgg16-at-150", AT_150 | {"shape": None}, "'shape': A shape is asked for.*NoneType"),
    ("vgg16-at-150", AT_150 | {"shape": 4}, "this is a int"),
    ("vgg16-at-150", AT_150 | {"shape": "4 x 4"}, "this is a str"),
    ("vgg16-at-150", AT_150 | {"shape": ()}, "length 0"),
    ("vgg16-at-150", AT_150 | {"shape": (4, 4)}, "length 2.*channels"),
    ("vgg16-at-150", AT_150 | {"shape": (1, 4, 4, 512)}, "length 4"),
    ("vgg16-at-150", AT_150 | {"shape": (4, 4, None)}, "How many filters"),
    ("vgg16-at-150", AT_150 | {"shape": ("a", "b", "c")}, "not an array of numbers"),
    ("vgg16-at-150", AT_150 | {"shape": (5, 5, 512)}, "round down"),
    ("vgg16-at-150", AT_150 | {"shape": (4.69, 4.69, 512)}, "no parts of a place"),
    ("vgg16-at-150", AT_150 | {"shape": (9, 9, 512)}, "five poolings"),
    ("vgg16-at-150", AT_150 | {"shape": (7, 7, 512)}, "224"),
    ("vgg16-at-150", AT_150 | {"shape": (512, 4, 4)}, "channels come last"),
    ("vgg16-at-150", AT_150 | {"shape": (4, 4, 3)}, "Three channels go in"),
    ("vgg16-at-150", AT_150 | {"shape": (4, 4, 1)}, "one map"),
    ("vgg16-at-150", AT_150 | {"shape": (75, 75, 64)}, "Halve 150"),
    ("vgg16-at-150", AT_150 | {"flattened": 16}, "Every channel has a map"),
    ("vgg16-at-150", AT_150 | {"flattened": 512}, "one number for each map"),
    ("vgg16-at-150", AT_150 | {"flattened": 12_800}, "180 x 180"),
    ("vgg16-at-150", AT_150 | {"flattened": 11_250}, "no parts of a place"),
    ("vgg16-at-150", AT_150 | {"flattened": 48}, "How many come out"),
    ("vgg16-at-150", AT_150 | {"flattened": 2048}, "rows and columns"),
    ("vgg16-at-150", AT_150 | {"flattened": (8192,)}, "One number"),
    ("vgg16-at-150", AT_150 | {"flattened": 8193}, "into one row"),
    ("new-classifier", 3_277_056, "dictionary"),
    ("new-classifier", {"dense_256": 3_277_056}, "exactly these keys"),
    ("new-classifier", DENSE | {"dense_256": None}, "One number.*NoneType"),
    ("new-classifier", DENSE | {"dense_256": "3,277,056"}, "One number.*str"),
    ("new-classifier", DENSE | {"dense_256": 3_276_800}, "Every unit has a bias"),
    ("new-classifier", DENSE | {"dense_256": 3_276_801}, "not one for the layer"),
    ("new-classifier", DENSE | {"dense_256": 26 * 256}, "512 channels"),
    ("new-classifier", DENSE | {"dense_256": 513 * 256}, "25 places"),
    ("new-classifier", DENSE | {"dense_256": 8193 * 256}, "150 x 150"),
    ("new-classifier", DENSE | {"dense_256": 25_089 * 256}, "224 x 224"),
    ("new-classifier", DENSE | {"dense_256": 3_277_313}, "one by one"),
    ("new-classifier", DENSE | {"dense_256": 12_800}, "Those are the inputs"),
    ("new-classifier", DENSE | {"dense_256": 1}, "Flatten"),
    ("new-classifier", DENSE | {"dense_1": 256}, "'dense_1'.*bias"),
    ("new-classifier", DENSE | {"dense_1": 12_801}, "layer before"),
    ("new-classifier", DENSE | {"dense_1": 12_800}, "layer before"),
    ("new-classifier", DENSE | {"dense_1": 514}, "both classes"),
    ("new-classifier", DENSE | {"dense_1": 2}, "listen to"),
    ("new-classifier", DENSE | {"dense_1": 258}, "its inputs"),
    ("feature-room", 51.2, "dictionary"),
    ("feature-room", {"one_copy": 51.2, "five copies": 256}, "exactly these keys"),
    ("feature-room", ROOM | {"one_copy": float("nan")}, "not nan"),
    ("feature-room", ROOM | {"one_copy": 102.4}, "2 bytes here, not with 4"),
    ("feature-room", ROOM | {"one_copy": 25.6}, "millions of numbers"),
    ("feature-room", ROOM | {"one_copy": 51_200_000}, "Those are bytes"),
    ("feature-room", ROOM | {"one_copy": 51_200}, "thousands of bytes"),
    ("feature-room", ROOM | {"one_copy": 48.83}, "power of 20"),
    ("feature-room", ROOM | {"one_copy": 0.0256}, "one picture"),
    ("feature-room", ROOM | {"one_copy": 0.1}, "512 channels"),
    ("feature-room", ROOM | {"one_copy": 2.048}, "25 places"),
    ("feature-room", ROOM | {"one_copy": 256}, "with five copies"),
    ("feature-room", ROOM | {"one_copy": 52}, "bytes of each"),
    ("feature-room", ROOM | {"five_copies": 51.2}, "one copy"),
    ("feature-room", ROOM | {"five_copies": 307.2}, "is not kept"),
    ("feature-room", ROOM | {"five_copies": 512}, "'five_copies'.*not with 4"),
    ("prepare-for-vgg16", "prepared", "function itself"),
    ("prepare-for-vgg16", prepared(np.zeros((1, 2, 2, 3))), "function itself"),
    ("prepare-for-vgg16", lambda p: print(end=""), "return"),
    ("prepare-for-vgg16", in_place, "handed in is changed"),
    ("prepare-for-vgg16", in_place_through_a_view, "turned view"),
    ("prepare-for-vgg16", lambda p: p[0], r"shape is \(4, 5, 3\)"),
    ("prepare-for-vgg16", lambda p: (p[..., ::-1] - MEAN).mean(axis=-1), r"shape is \(2, 4, 5\)"),
    ("prepare-for-vgg16", lambda p: p - MEAN, "mean of blue is subtracted from red"),
    ("prepare-for-vgg16", lambda p: p - MEAN[::-1], "wants blue first"),
    ("prepare-for-vgg16", lambda p: p[..., ::-1] - MEAN[::-1], "mean of red"),
    ("prepare-for-vgg16", lambda p: p[..., ::-1], "still to be subtracted"),
    ("prepare-for-vgg16", lambda p: p, "as they were handed in"),
    ("prepare-for-vgg16", lambda p: p[..., ::-1] + MEAN, "not added"),
    ("prepare-for-vgg16", lambda p: prepared(p) / 255, "Nothing is divided"),
    ("prepare-for-vgg16", lambda p: p / 127.5 - 1, "MobileNet"),
    ("prepare-for-vgg16", lambda p: p / 255, "0 to 1"),
    ("prepare-for-vgg16", lambda p: p[:, :, ::-1] - MEAN, "columns"),
    ("prepare-for-vgg16", lambda p: p[:, ::-1] - MEAN, "rows"),
    ("prepare-for-vgg16", lambda p: p[::-1] - MEAN, "order of the pictures"),
    ("prepare-for-vgg16", lambda p: prepared(p).astype(int), "Which axis"),
    ("count-tensors", 38, "dictionary"),
    ("count-tensors", {"all": 38, "base_frozen": 6}, "exactly these keys"),
    ("count-tensors", TENSORS | {"all": None}, "One number.*NoneType"),
    ("count-tensors", TENSORS | {"all": 19}, "'all'.*kernel and a bias"),
    ("count-tensors", TENSORS | {"all": 32}, "base alone"),
    ("count-tensors", TENSORS | {"all": 35}, "Dense layers have biases"),
    ("count-tensors", TENSORS | {"all": 36}, "three dense layers"),
    ("count-tensors", TENSORS | {"all": 30}, "VGG16 above"),
    ("count-tensors", TENSORS | {"all": 20_024_384}, "how many tensors"),
    ("count-tensors", TENSORS | {"base_frozen": 3}, "'base_frozen'.*kernel and a bias"),
    ("count-tensors", TENSORS | {"base_frozen": 0}, "not part of it"),
    ("count-tensors", TENSORS | {"base_frozen": 4}, "two dense layers"),
    ("count-tensors", TENSORS | {"base_frozen": 32}, "which are frozen"),
    ("count-tensors", TENSORS | {"base_frozen": 38}, "no trainable tensor"),
    ("count-tensors", TENSORS | {"base_frozen": 5}, "still train"),
    ("count-tensors", TENSORS | {"two_unfrozen": 8}, "Convolutions have biases"),
    ("count-tensors", TENSORS | {"two_unfrozen": 4}, "train as well"),
    ("count-tensors", TENSORS | {"two_unfrozen": 5}, "'two_unfrozen'.*kernel and a bias"),
    ("count-tensors", TENSORS | {"two_unfrozen": 6}, "whole base frozen"),
    ("count-tensors", TENSORS | {"two_unfrozen": 34}, "stand still"),
    ("count-tensors", TENSORS | {"two_unfrozen": 7}, "are added"),
    ("cost-of-the-base", 120, "dictionary"),
    ("cost-of-the-base", {"inside": 120, "stored": 2.4}, "exactly these keys"),
    ("cost-of-the-base", MINUTES | {"inside": float("nan")}, "not nan"),
    ("cost-of-the-base", MINUTES | {"inside": 7200}, "'inside': Those are seconds"),
    ("cost-of-the-base", MINUTES | {"inside": 2.0}, "Those are hours"),
    ("cost-of-the-base", MINUTES | {"inside": 2.4}, "one epoch"),
    ("cost-of-the-base", MINUTES | {"inside": 12}, "copies come below"),
    ("cost-of-the-base", MINUTES | {"inside": 121}, "pass the base"),
    ("cost-of-the-base", MINUTES | {"stored": 144}, "'stored': Those are seconds"),
    ("cost-of-the-base", MINUTES | {"stored": 120}, "once for every epoch"),
    ("cost-of-the-base", MINUTES | {"stored": 0.048}, "does not matter"),
    ("cost-of-the-base", MINUTES | {"stored": 0}, "Storing does, once"),
    ("cost-of-the-base", MINUTES | {"five_copies": 720}, "'five_copies': Those are seconds"),
    ("cost-of-the-base", MINUTES | {"five_copies": 2.4}, "one copy"),
    ("cost-of-the-base", MINUTES | {"five_copies": 600}, "once for every epoch"),
    ("cost-of-the-base", MINUTES | {"five_copies": 120}, "once for every epoch"),
    ("cost-of-the-base", MINUTES | {"five_copies": 14.4}, "is not stored"),
    ("cost-of-the-base", MINUTES | {"five_copies": 0.48}, "More copies"),
]
IN_KERAS = {
    "prepare-for-vgg16": lambda: (
        [by_keras_on_a_copy],
        [(keras.applications.vgg16.preprocess_input, "handed in is changed")],
    )
}


@pytest.mark.tensorflow
def test_the_shape_in_the_answers_is_that_of_keras():
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
    flat = layers.Flatten()(base.output)
    assert check("vgg16-at-150", {"shape": base.output_shape, "flattened": flat.shape[1]})


@pytest.mark.tensorflow
def test_the_parameters_in_the_answers_are_those_of_keras():
    hidden, last = layers.Dense(256), layers.Dense(1)
    model = keras.Sequential([keras.Input((5, 5, 512)), layers.Flatten(), hidden, last])
    counts = {"dense_256": hidden.count_params(), "dense_1": last.count_params()}
    assert check("new-classifier", counts)
    assert model.count_params() == sum(counts.values())


@pytest.mark.parametrize("copies", [1, 5])
def test_the_room_in_the_answers_is_that_of_an_array_of_two_bytes_a_number(copies):
    of_one_picture = np.zeros((copies, 5, 5, 512), dtype="float16").nbytes
    assert list(ROOM.values())[copies // 5] == 2_000 * of_one_picture / 1e6


@pytest.mark.tensorflow
def test_the_tensors_in_the_answers_are_those_of_keras():
    base = keras.applications.VGG19(weights=None, include_top=False, input_shape=(32, 32, 3))
    dense = [layers.Dense(8), layers.Dense(4), layers.Dense(1)]
    model = keras.Sequential([base, layers.Flatten(), *dense])
    counts = {"all": len(model.trainable_weights)}
    base.trainable = False
    counts["base_frozen"] = len(model.trainable_weights)
    base.trainable = True
    for layer in base.layers:
        layer.trainable = layer.name in ("block5_conv3", "block5_conv4")
    counts["two_unfrozen"] = len(model.trainable_weights)
    assert check("count-tensors", counts), counts


@pytest.mark.tensorflow
def test_the_features_of_a_flipped_picture_are_not_the_flipped_features():
    """What a quiz question says about augmenting stored features."""
    keras.utils.set_random_seed(1)
    picture = np.random.default_rng(1).random((1, 8, 8, 3))
    convolution = layers.Conv2D(4, 3, padding="same")
    of_flipped = keras.ops.convert_to_numpy(convolution(picture[:, :, ::-1]))
    flipped = keras.ops.convert_to_numpy(convolution(picture))[:, :, ::-1]
    assert not np.allclose(of_flipped, flipped, atol=0.01)


@pytest.mark.tensorflow
def test_without_compile_an_unfrozen_layer_stands_still_and_keras_says_nothing():
    """What a quiz question says about Keras, where the course does not watch."""
    fit = inspect.unwrap(keras.Model.fit)
    first = layers.Dense(2)
    model = keras.Sequential([keras.Input((3,)), first, layers.Dense(1)])
    first.trainable = False
    model.compile("sgd", "mse")
    x, y = np.ones((8, 3)), np.ones((8, 1))
    fit(model, x, y, verbose=0)
    before = first.get_weights()[0]
    first.trainable = True
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model, x, y, verbose=0)
    assert np.array_equal(first.get_weights()[0], before)
