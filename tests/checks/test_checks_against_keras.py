"""What the exercises and the quiz questions take for right is what Keras computes."""

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
from frameworks import keras, layers, tf, without_weights
from scipy.stats import binomtest
from sklearn.metrics import (
    balanced_accuracy_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
    roc_curve,
)

from cnn_course import transfer
from cnn_course.checks import check

pytestmark = pytest.mark.tensorflow


def test_counts_of_the_networks_of_chapters_2_and_3(without_weights: None) -> None:
    def chain(first: int, last: Any) -> tuple[Any, Any]:
        x = inputs = keras.Input((28, 28, 1))
        for filters, size in [(32, first), (64, first), (128, 3)]:
            x = layers.Conv2D(filters, size)(x)
            if filters < 128:
                x = layers.MaxPooling2D(2)(x)
        x = last()(x)
        return keras.Model(inputs, layers.Dense(10)(x)), x

    larger, flat = chain(5, layers.Flatten)
    counts = {"flatten": flat.shape[1], "parameters": larger.count_params()}
    assert check("larger-kernels", counts), counts
    assert check("global-pooling", chain(3, layers.GlobalMaxPooling2D)[0].count_params())
    dense = keras.Sequential([keras.Input((784,)), layers.Dense(128), layers.Dense(10)])
    assert check("dense-rival", dense.count_params())
    x = inputs = keras.Input((150, 150, 3))
    for filters in (32, 64, 128, 128):
        x = layers.MaxPooling2D(2)(layers.Conv2D(filters, 3)(x))
    flat = layers.Flatten()(x)
    older = keras.Model(inputs, layers.Dense(1)(layers.Dense(512)(flat)))
    counts = {"flatten": flat.shape[1], "parameters": older.count_params()}
    assert check("older-network", counts), counts
    grouped = layers.Conv2D(32, 3, groups=2, dilation_rate=3)
    rows = grouped(np.zeros((1, 20, 20, 16), "float32")).shape[1]
    counts = {"parameters": grouped.count_params(), "rows": rows}
    assert check("groups-and-dilation", counts), counts


def test_losses_and_accuracies() -> None:
    cross_entropy = keras.losses.BinaryCrossentropy()
    truth = np.array([[1.0], [0.0], [0.0], [1.0]])
    answers = np.array([[0.9], [0.2], [0.6], [0.5]])
    assert check("batch-loss", float(cross_entropy(truth, answers)))
    given = {}
    for when, right_class in {
        "before": [0.45, 0.45, 0.6, 0.6],
        "after": [0.55, 0.55, 0.55, 0.01],
    }.items():
        truth, answers = np.ones((4, 1)), np.array(right_class)[:, np.newaxis]
        accuracy = keras.metrics.BinaryAccuracy()
        accuracy.update_state(truth, answers)
        given[f"accuracy_{when}"] = float(accuracy.result())
        given[f"loss_{when}"] = float(cross_entropy(truth, answers))
    assert check("accuracy-and-loss", given), given
    truth, called = [1] * 20 + [0] * 80, [1] * 12 + [0] * 8 + [1] * 3 + [0] * 77
    metrics = precision_score, recall_score, f1_score, balanced_accuracy_score
    names = "precision", "recall", "f1", "balanced_accuracy"
    rare = {name: float(of(truth, called)) for name, of in zip(names, metrics, strict=True)}
    assert check("rare-dogs", rare), rare
    truth, called = [1] * 3 + [0] * 4, [0.9, 0.6, 0.5, 0.7, 0.4, 0.3, 0.2]
    cats_called_dogs, recall, thresholds = roc_curve(truth, called, drop_intermediate=False)
    above = np.flatnonzero(thresholds > 0.65)[-1]  # calls the same ones dogs as 0.65 does
    point = {"recall": recall[above], "cats_called_dogs": cats_called_dogs[above]}
    assert check("roc-point", point | {"area": roc_auc_score(truth, called)})
    compared = {"standard_errors": 12 / 6, "one_side": float(binomtest(4, 4).pvalue)}
    assert check("two-networks", compared), compared


def test_early_stopping_stops_and_finds_the_best_epoch() -> None:
    stop, model = keras.callbacks.EarlyStopping(patience=3), keras.Sequential()
    stop.set_model(model)
    model.stop_training = False
    stop.on_train_begin()
    for epoch, loss in enumerate([0.66, 0.58, 0.52, 0.55, 0.53, 0.57, 0.63, 0.71]):
        if not model.stop_training:
            stop.on_epoch_end(epoch, {"val_loss": loss})
    given = {"stops_after": stop.stopped_epoch + 1, "kept": stop.best_epoch + 1}
    assert check("when-it-stops", given), given


def test_gradients_of_a_convolution_and_of_a_loss() -> None:
    picture = tf.Variable([[2.0, 0, 1], [1, 3, 0], [0, 1, 2]])
    kernel, bias = tf.Variable([[1.0, 2], [3, -1]]), tf.Variable(0.0)
    scores = tf.Variable(np.log([0.7, 0.2, 0.1]))
    with tf.GradientTape(persistent=True) as tape:
        maps = keras.ops.conv(picture[None, :, :, None], kernel[:, :, None, None])
        error = tf.reduce_sum((maps[0, :, :, 0] + bias) * [[0.0, 1], [2, 0]])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
            np.array([1]), scores[None]
        )
    of = {"kernel": kernel, "picture": picture, "bias": bias}
    gradients = {name: tape.gradient(error, variable).numpy() for name, variable in of.items()}
    assert check("gradient-by-pencil", gradients), gradients
    assert check("score-gradient", tape.gradient(loss, scores).numpy())


def test_the_evidence_of_places_adds_up_to_the_score_of_a_dense_layer_after_flatten() -> None:
    maps = np.array([[[1.0, 0.0], [0.0, 2.0]], [[3.0, 1.0], [0.0, 0.0]]])
    weights = np.array([1.0, -1.0, 0.5, -0.5, 1.0, 1.0, 4.0, -4.0])
    evidence = (maps * weights.reshape(2, 2, 2)).sum(axis=-1)
    assert check("place-evidence", evidence)
    dense = layers.Dense(1, use_bias=False)
    dense.build((None, 8))
    dense.set_weights([weights[:, np.newaxis]])
    score = float(dense(layers.Flatten()(maps[np.newaxis]))[0, 0])
    assert np.isclose(evidence.sum(), score)


def test_what_augmentation_does_at_the_ends_of_its_ranges() -> None:
    row = np.arange(5.0, 10).reshape(1, 5, 1)
    filled = {}
    for mode in ("constant", "nearest", "wrap", "reflect"):
        shift = layers.RandomTranslation(0, (0.4, 0.4), fill_mode=mode, interpolation="nearest")
        filled[mode] = np.ravel(shift(row))
    assert check("fill-modes", filled), filled

    def height(factor: float, rows: slice) -> float:
        picture = np.zeros((180, 180, 1))
        picture[rows] = 1
        zoom = layers.RandomZoom((factor, factor), fill_mode="constant")
        return float(np.array(zoom(picture))[:, 90, 0].sum())

    dog = np.zeros((180, 180, 1))
    dog[30:150] = 1
    shifted = np.array(layers.RandomTranslation((0.15, 0.15), 0, fill_mode="constant")(dog))
    moved = float(np.flatnonzero(shifted[:, 90, 0])[0] - 30)
    tallest = height(-0.25, slice(30, 150))
    assert check(
        "ranges", {"rotation_factor": 40 / 360, "shift_pixels": moved, "tallest_dog": tallest}
    )
    assert height(-0.5, slice(60, 120)) == pytest.approx(2 * 60, abs=1)
    picture = np.random.default_rng(1).uniform(size=(9, 9, 1)).astype("float32")
    sheared = np.array(layers.RandomShear((0.3, 0.3), 0.0)(picture))
    (still,) = (
        name
        for name, index in {"first": 0, "middle": 4, "last": 8}.items()
        if np.array_equal(sheared[index], picture[index])
    )
    smallest = round(height(0.5, slice(60, 120))) / 60
    ends = {"zoom_factor": 0.5, "smallest_cat": smallest, "still_row": still}
    assert check("at-the-ends", ends), ends


def test_what_dropout_leaves() -> None:
    values = np.tile(np.array([[8.0, 4.0, 6.0, 2.0]]), (400, 1))
    dropped = np.array(layers.Dropout(0.25, seed=0)(values, training=True))
    only_the_second = dropped[(dropped[:, 1] == 0) & ((dropped > 0).sum(axis=1) == 3)]
    assert check("after-dropout", only_the_second[0])


@pytest.fixture(scope="module")
def vgg16() -> Any:
    with without_weights():
        return keras.applications.VGG16(weights=None, include_top=False, input_shape=(180, 180, 3))


def test_shapes_and_counts_of_vgg16_and_what_stands_on_it(vgg16: Any) -> None:
    with without_weights():
        base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(150, 150, 3))
        flat = layers.Flatten()(base.output)
        assert check("vgg16-at-150", {"shape": base.output_shape, "flattened": flat.shape[1]})
        hidden, last = layers.Dense(256), layers.Dense(1)
        keras.Sequential([keras.Input(vgg16.output_shape[1:]), layers.Flatten(), hidden, last])
        counts = {"dense_256": hidden.count_params(), "dense_1": last.count_params()}
        assert check("new-classifier", counts), counts
    bytes_of_one = np.zeros(vgg16.output_shape[1:], dtype="float16").nbytes
    room = {"one_copy": 2_000 * bytes_of_one / 1e6, "five_copies": 5 * 2_000 * bytes_of_one / 1e6}
    assert check("feature-room", room), room


def test_the_blocks_of_vgg16_that_are_tuned(vgg16: Any) -> None:
    names = [layer.name for layer in vgg16.layers]
    moving = vgg16.layers[names.index("block4_conv1") :]
    counts = {
        "parameters": sum(layer.count_params() for layer in moving),
        "tensors": sum(len(layer.weights) for layer in moving),
    }
    assert check("two-blocks", counts), counts
    verdicts = {
        layer.name: check("where-to-cut", {"layer": layer.name, "shape": tuple(layer.output.shape)})
        for layer in vgg16.layers[1:]
    }
    assert [name for name, verdict in verdicts.items() if verdict] == ["block3_pool"]
    assert not any("is none of them" in verdict.message for verdict in verdicts.values())


def test_the_weights_that_each_strategy_trains(vgg16: Any) -> None:
    with without_weights():
        pooled = layers.AveragePooling2D(4)(vgg16.get_layer("block3_pool").output)
        heads = [
            keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(2)]).count_params()
            for shape in (vgg16.output_shape[1:], pooled.shape[1:])
        ]
    transfer.unfreeze(vgg16, from_layer="block5_conv1")
    top = transfer.trainable_table(vgg16).trainable_parameters
    weights = {
        "last_features": heads[0],
        "early_features": heads[1],
        "top": top + heads[0],
        "all": vgg16.count_params() + heads[0],
    }
    assert check("weights-to-train", weights), weights


def test_the_tensors_that_train_on_vgg19_and_what_it_has_more_than_vgg16() -> None:
    with without_weights():
        base = keras.applications.VGG19(weights=None, include_top=False, input_shape=(32, 32, 3))
        dense = [layers.Dense(8), layers.Dense(4), layers.Dense(1)]
        model = keras.Sequential([base, layers.Flatten(), *dense])
        vgg16 = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))
    counts = {"all": len(model.trainable_weights)}
    base.trainable = False
    counts["base_frozen"] = len(model.trainable_weights)
    base.trainable = True
    for layer in base.layers:
        layer.trainable = layer.name in ("block5_conv3", "block5_conv4")
    counts["two_unfrozen"] = len(model.trainable_weights)
    assert check("count-tensors", counts), counts
    more = {
        f"block {block}": base.get_layer(f"block{block}_conv4").count_params()
        for block in (3, 4, 5)
    }
    together = base.count_params() - vgg16.count_params()
    assert check("three-more", more | {"together": together}), more


def test_counts_of_blocks_of_chapters_8_and_9(without_weights: None) -> None:
    inputs = keras.Input((32, 32, 24))
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name="depthwise")(inputs)
    x = layers.BatchNormalization(name="norm_1")(x)
    x = layers.Conv2D(48, 1, use_bias=False, name="conv")(x)
    model = keras.Model(inputs, layers.BatchNormalization(name="norm_2")(x))
    counts = {layer.name: layer.count_params() for layer in model.layers[1:]}
    kept = sum(weight.shape[0] for weight in model.non_trainable_weights)
    assert check("modern-block", counts | {"not trained": kept}), counts
    conv = layers.Conv2D(64, 5, strides=2, padding="same")
    places = np.prod(conv(keras.Input((14, 14, 32))).shape[1:3])
    multiplications = int(places) * conv.kernel.shape.num_elements()
    work = {"parameters": conv.count_params(), "multiplications": multiplications}
    assert check("work", work), work
    maps = keras.Input((28, 28, 128))
    separable = {
        kind: keras.Model(maps, layer(256, 3, padding="same", use_bias=False)(maps)).count_params()
        for kind, layer in {
            "ordinary": layers.Conv2D,
            "separable": layers.SeparableConv2D,
        }.items()
    }
    assert check("separable", separable), separable
    sides, x = [], keras.Input((227, 227, 3))
    pools = (layers.MaxPooling2D(3, strides=2) for _ in range(3))
    for layer in (layers.Conv2D(256, 11, strides=4), *pools):
        x = layer(x)
        sides.append(x.shape[1])
    named = dict(zip(("conv_1", "pool_1", "pool_2", "pool_5"), sides, strict=True))
    assert check("overlapping-pooling", named | {"flatten": layers.Flatten()(x).shape[1]}), named


def test_normalized_values() -> None:
    place = np.array([1.0, 2, 0, 2, 4], dtype="float32").reshape(1, 1, 1, 5)
    responses = tf.nn.local_response_normalization(
        place, depth_radius=1, bias=1e-9, alpha=1.0, beta=0.5
    )
    assert check("loudest-wins", responses[0, 0, 0, 1:4])
    layer = layers.BatchNormalization(epsilon=1e-9)
    layer.build((None, 1))
    layer.gamma.assign([6.0])
    layer.beta.assign([1.0])
    result = layer(np.array([[2.0], [4.0], [4.0], [10.0]]), training=True)
    assert check("with-a-pencil", np.ravel(result))
    fresh = layers.BatchNormalization()

    def in_keras(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any) -> Any:
        fresh.build(x.shape)
        fresh.set_weights([gamma, beta, mean, variance])
        return fresh(x, training=False)

    assert check("in-inference", in_keras)


def test_moving_means() -> None:
    normalization = layers.BatchNormalization(momentum=0.99)
    given = {}
    for key in ("after_one", "after_two"):
        normalization(np.full((8, 1), 10.0), training=True)
        given[key] = float(normalization.moving_mean.numpy()[0])
    assert check("moving-mean", given), given
    normalization, kept = layers.BatchNormalization(momentum=0.9), {"batches": 459}
    for number, mean in enumerate((10.0, 10.0, 20.0), start=1):
        normalization(np.array([[mean - 1], [mean + 1]]), training=True)
        kept[f"after {number}"] = float(normalization.moving_mean[0])
    assert check("what-is-kept", kept), kept


def test_the_deviations_of_initial_weights() -> None:
    for name, initializer in {"He": "he_normal", "Glorot": "glorot_normal"}.items():
        kernel = keras.initializers.get(initializer)((3, 3, 64, 64))
        right = {"He": (2 / 576) ** 0.5, "Glorot": 1 / 24}
        assert check("standard-deviation", right)
        assert float(np.std(kernel)) == pytest.approx(right[name], rel=0.02)


def test_a_step_of_adam_and_of_rmsprop_is_about_the_rate() -> None:
    """What `size-of-a-step` says, for a gradient that does not change."""
    for optimizer in (keras.optimizers.Adam(1e-3), keras.optimizers.RMSprop(1e-3)):
        weight = keras.Variable([0.01])
        for _ in range(100):
            optimizer.apply([keras.ops.convert_to_tensor([0.3])], [weight])
        assert (0.01 - float(weight.numpy()[0])) / 100 == pytest.approx(1e-3, rel=0.15)


def test_the_features_of_a_flipped_picture_are_not_the_flipped_features() -> None:
    """What a quiz question says about augmenting stored features."""
    picture = np.random.default_rng(1).random((1, 8, 8, 3))
    convolution = layers.Conv2D(4, 3, padding="same")
    of_flipped = keras.ops.convert_to_numpy(convolution(picture[:, :, ::-1]))
    flipped = keras.ops.convert_to_numpy(convolution(picture))[:, :, ::-1]
    assert not np.allclose(of_flipped, flipped, atol=0.01)


def test_without_compile_an_unfrozen_layer_stands_still_and_keras_says_nothing() -> None:
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


@pytest.mark.parametrize("way", ["trainable=False", "training=False", "rate of 0", "nothing"])
def test_only_trainable_false_keeps_batch_normalization_still_in_a_functional_model(
    way: str,
) -> None:
    """What a quiz question says of each of its options."""
    normalization = layers.BatchNormalization()
    base = keras.Sequential([keras.Input((3,)), normalization])
    normalization.trainable = way != "trainable=False"
    inputs = keras.Input((3,))
    x = base(inputs, training=False) if way == "training=False" else base(inputs)
    model = keras.Model(inputs, layers.Dense(1)(x))
    rate = 0.0 if way == "rate of 0" else 1e-5
    model.compile(keras.optimizers.Adam(rate), "mse", run_eagerly=True)
    model.fit(np.full((8, 3), 10.0), np.ones((8, 1)), verbose=0)
    still = not normalization.moving_mean.numpy().any()
    assert still == (way == "trainable=False")
