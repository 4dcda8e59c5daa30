"""In a real training what is frozen does not move, what is not does; no compile is forgotten."""

import gc
import subprocess
import sys
import warnings
import weakref
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from cnn_course import transfer

pytestmark = pytest.mark.tensorflow

random = np.random.default_rng(5)
PICTURES = random.random((12, 8, 8, 3)).astype("float32") * 9
LABELS = random.integers(0, 2, 12)

HEAD = {"classes/kernel", "classes/bias"}
CONV_1 = {"conv_1/kernel", "conv_1/bias"}
CONV_2 = {"conv_2/kernel", "conv_2/bias"}
NORM_2 = {f"norm_2/{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")}
NORM_1 = {name.replace("norm_2", "norm_1") for name in NORM_2}


def small_base(name: str = "base") -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="conv_1"),
            layers.BatchNormalization(name="norm_1"),
            layers.ReLU(name="relu_1"),
            layers.Conv2D(4, 3, name="conv_2"),
            layers.BatchNormalization(name="norm_2"),
            layers.ReLU(name="relu_2"),
        ],
        name=name,
    )


def around(base: Any) -> Any:
    """A model with `base` inside of it, and augmentation before it, as in chapter 5."""
    inputs = keras.Input(base.input_shape[1:])
    flips = keras.Sequential([layers.RandomFlip("horizontal")], name="flips")
    x = layers.GlobalAveragePooling2D(name="average")(base(flips(inputs)))
    return keras.Model(inputs, layers.Dense(2, activation="softmax", name="classes")(x))


def compiled(model: Any, *, eagerly: bool = True) -> Any:
    # Which variables a training moves is the same for both; to prepare a step takes a second.
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=eagerly)
    return model


@cache
def batches(shape: tuple[int, ...]) -> Any:
    """Return pictures and labels; to make batches of arrays takes `fit` longer than an epoch."""
    pictures = np.resize(PICTURES, (12, *shape))
    return tf.data.Dataset.from_tensor_slices((pictures, LABELS)).batch(6)


def fit(model: Any) -> None:
    model.fit(batches(model.input_shape[1:]), shuffle=False, verbose=0)


def moved(model: Any, train: Callable[[Any], None] = fit) -> set[str]:
    """The weights and statistics that a training changes, as "layer/weight"."""
    before = [weight.numpy().copy() for weight in model.weights]
    train(model)
    return {
        "/".join(weight.path.split("/")[-2:])
        for weight, old in zip(model.weights, before, strict=True)
        if not np.array_equal(weight.numpy(), old)
    }


def test_without_freezing_everything_moves_so_that_the_other_tests_can_fail() -> None:
    # A bias before a batch normalization goes out again with the mean; only rounding moves it.
    everything = CONV_1 | NORM_1 | CONV_2 | NORM_2 | HEAD
    assert moved(compiled(around(small_base()))) >= everything - {"conv_1/bias", "conv_2/bias"}


@pytest.mark.parametrize("frozen", [False, True])
def test_freezing_holds_statistics_still_where_inference_mode_does_not(frozen: bool) -> None:
    base = small_base()
    inputs = keras.Input((8, 8, 3))
    outputs = layers.Dense(2)(layers.GlobalAveragePooling2D()(base(inputs, training=False)))
    model = keras.Model(inputs, outputs)
    if frozen:
        transfer.freeze(base)
    statistics = {name for name in moved(compiled(model)) if "moving" in name}
    assert bool(statistics) is not frozen


@pytest.mark.parametrize("how", [{"last": 3}, {"from_layer": "conv_2"}])
def test_the_unfrozen_layers_move_and_no_others_nor_any_statistics(how: dict[str, Any]) -> None:
    base = small_base()
    model = around(base)
    transfer.freeze(base)
    assert moved(compiled(model, eagerly=False)) == HEAD
    transfer.unfreeze(base, **how)
    assert moved(compiled(model, eagerly=False)) == CONV_2 | HEAD


def test_batch_normalization_moves_when_it_is_asked_for() -> None:
    base = small_base()
    model = around(base)
    transfer.unfreeze(base, from_layer="conv_2", batch_normalization=True)
    found = moved(compiled(model))
    assert found - {"conv_2/bias"} == {"conv_2/kernel"} | NORM_2 | HEAD
    assert transfer.trainable_table(base).row("norm_2").trains == "8 of 16"


def test_layers_are_found_from_outside_of_the_base_as_well() -> None:
    base = small_base()
    model = around(base)
    transfer.freeze(model)
    assert model.trainable_weights == []
    transfer.unfreeze(model, from_layer="conv_2")
    assert moved(compiled(model)) == CONV_2 | HEAD
    transfer.unfreeze(model, last=1)
    assert not base.trainable, "a base of which nothing trains says so"
    assert len(model.trainable_weights) == 2
    transfer.unfreeze(model, from_layer="base")
    assert len(model.trainable_weights) == 6


def test_batch_normalization_inside_a_layer_of_layers_stays_frozen() -> None:
    wrapped = layers.TimeDistributed(layers.BatchNormalization(name="norm"), name="wrapped")
    conv = layers.Conv2D(2, 3, name="conv")
    base = keras.Sequential([keras.Input((8, 8, 3)), wrapped, conv], name="base")
    model = around(base)
    transfer.unfreeze(base, last=2)
    assert moved(compiled(model)) == {"conv/kernel", "conv/bias"} | HEAD


@pytest.mark.parametrize("said", [True, False])
def test_a_base_that_says_the_contrary_of_its_layers_is_frozen_and_unfrozen_all_the_same(
    said: bool,
) -> None:
    """With TensorFlow, `base.trainable = said` would do nothing here."""
    base = small_base()
    base.trainable = said
    for layer in base.layers:
        layer.trainable = not said
    if said:
        transfer.unfreeze(base, last=6)
        assert len(base.trainable_weights) == 4
    else:
        model = around(base)
        transfer.freeze(base)
        assert moved(compiled(model)) == HEAD


KINDS = ("convolution", "normalization", "activation", "nested")


def stack(kinds: Sequence[str]) -> Any:
    """A network of layers of these kinds, some of them in a model of their own."""
    inputs = x = keras.Input((6, 6, 2))
    for place, kind in enumerate(kinds):
        if kind == "convolution":
            x = layers.Conv2D(2, 1, name=f"layer_{place}")(x)
        elif kind == "normalization":
            x = layers.BatchNormalization(name=f"layer_{place}")(x)
        elif kind == "activation":
            x = layers.ReLU(name=f"layer_{place}")(x)
        else:
            inner = [layers.Conv2D(2, 1, name=f"layer_{place}")]
            x = keras.Sequential([keras.Input((6, 6, 2)), *inner], name=f"model_{place}")(x)
    return keras.Model(inputs, x)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6), st.data())
def test_exactly_the_last_layers_train_whatever_the_network(
    kinds: list[str], data: st.DataObject
) -> None:
    last = data.draw(st.integers(1, len(kinds)))
    asked = data.draw(st.booleans())
    model = stack(kinds)
    if data.draw(st.booleans()):
        transfer.freeze(model)
    trains = ("convolution", "nested", "normalization") if asked else ("convolution", "nested")
    first = len(kinds) - last
    chosen = {f"layer_{place}" for place in range(first, len(kinds)) if kinds[place] in trains}
    before = [weight.trainable for weight in model.weights]
    if not chosen:
        with pytest.raises(ValueError, match="Nothing would train"):
            transfer.unfreeze(model, last=last, batch_normalization=asked)
        assert [weight.trainable for weight in model.weights] == before
        return
    for how in ({"last": last}, {"from_layer": f"layer_{first}"}):
        transfer.unfreeze(model, **how, batch_normalization=asked)
        assert {weight.path.split("/")[-2] for weight in model.trainable_weights} == chosen
    table = transfer.trainable_table(model)
    assert table.parameters == model.count_params()
    assert {row.name for row in table if row.trainable_parameters} == chosen
    assert table.trainable_tensors == len(model.trainable_weights)


@pytest.mark.usefixtures("without_weights")
def test_vgg16_and_mobilenet_have_the_numbers_of_the_course() -> None:
    base = transfer.base("vgg16", side=32, weights=None).model
    table = transfer.trainable_table(base)
    assert (table.parameters, table.trainable_parameters) == (14_714_688, 14_714_688)
    assert table.trainable_tensors == 26
    inputs = keras.Input((32, 32, 3))
    x = layers.Dense(256)(layers.Flatten()(base(inputs)))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.5)(x)))
    assert transfer.trainable_table(model).trainable_tensors == 30
    transfer.freeze(base)
    assert transfer.trainable_table(base).trainable_tensors == 0
    assert transfer.trainable_table(model).trainable_tensors == len(model.trainable_weights) == 4
    transfer.unfreeze(base, last=4)
    table = transfer.trainable_table(base)
    assert table.trainable_parameters == 7_079_424
    trained = [row.name for row in table if row.trainable_parameters]
    assert trained == ["block5_conv1", "block5_conv2", "block5_conv3"]
    base = transfer.base("mobilenet", side=32, weights=None).model
    transfer.unfreeze(base, from_layer="conv_dw_10")
    assert transfer.trainable_table(base).trainable_parameters == 1_196_928


TEXT = """\
base: 292 parameters, 148 of them trained; 12 weight tensors, 2 of them trained

layer  | kind               | parameters | trains
-------+--------------------+------------+-------
conv_1 | Conv2D             |        112 | frozen
norm_1 | BatchNormalization |         16 | frozen
relu_1 | ReLU               |          0 |
conv_2 | Conv2D             |        148 | yes
norm_2 | BatchNormalization |         16 | frozen
relu_2 | ReLU               |          0 |
-------+--------------------+------------+-------
total  |                    |        292 | 148"""


def test_the_table_is_text_in_a_terminal_and_a_table_in_a_notebook() -> None:
    base = small_base()
    transfer.unfreeze(base, from_layer="conv_2")
    table = transfer.trainable_table(base)
    assert str(table) == repr(table) == TEXT
    page = BeautifulSoup(table._repr_html_(), "html.parser")
    cells = [[cell.text for cell in row.find_all(["th", "td"])] for row in page.find_all("tr")]
    assert cells[4] == ["conv_2", "Conv2D", "148", "yes"]
    assert cells[-1] == ["total", "", "292", "148"]
    assert page.caption
    assert page.caption.text == TEXT.splitlines()[0]
    with pytest.raises(ValueError, match="There is no layer 'conv_3'"):
        table.row("conv_3")


def test_the_table_counts_no_variables_of_the_optimizer_and_no_shared_layer_twice() -> None:
    shared = layers.Dense(3)
    inputs = keras.Input((3,))
    model = keras.Model(inputs, shared(shared(inputs)))
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    table = transfer.trainable_table(model)
    assert (len(table), table.parameters, table.tensors) == (1, 12, 2)


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({}, ValueError, "in one way"),
        ({"last": 2, "from_layer": "conv_2"}, ValueError, "in one way"),
        ({"from_layer": "conv_3"}, ValueError, r"no layer 'conv_3'\. Near to it: conv_[12], conv"),
        ({"last": 0}, ValueError, "last must be at least 1, not 0"),
        ({"last": 7}, ValueError, "has 6 layers, so last cannot be 7"),
        ({"last": 2.0}, TypeError, "last must be a whole number"),
    ],
)
def test_layers_that_there_cannot_be_are_refused(
    how: dict[str, Any], error: type[Exception], words: str
) -> None:
    base = small_base()
    with pytest.raises(error, match=words):
        transfer.unfreeze(base, **how)
    assert base.layers[0].trainable


def test_a_name_that_two_layers_have_is_refused() -> None:
    inputs = keras.Input((8, 8, 3))
    other = [keras.Input((4, 4, 4)), layers.Conv2D(2, 3, name="conv_2")]
    second = keras.Sequential(other, name="second")
    model = keras.Model(inputs, second(small_base("first")(inputs)))
    with pytest.raises(ValueError, match="There are 2 layers named 'conv_2'"):
        transfer.unfreeze(model, from_layer="conv_2")
    transfer.unfreeze(model, from_layer="second")
    assert len(model.trainable_weights) == 2


@pytest.mark.parametrize(
    "function", [transfer.freeze, transfer.trainable_table, lambda m: transfer.unfreeze(m, last=1)]
)
def test_what_is_no_model_or_has_no_weights_is_refused(function: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"Hand in a Keras model, for example base\.model"):
        function("mini_vgg16")
    with pytest.raises(ValueError, match="is not built"):
        function(keras.Sequential([layers.Dense(1)]))


CHANGES: dict[str, Callable[[Any, Any], None]] = {
    "freeze the base": lambda base, model: transfer.freeze(base),
    "freeze the model": lambda base, model: transfer.freeze(model),
    "unfreeze a part": lambda base, model: transfer.unfreeze(base, last=3),
    "by hand": lambda base, model: setattr(base, "trainable", False),
    "one layer by hand": lambda base, model: setattr(base.layers[0], "trainable", False),
}


def fit_with_it(model: Any, *others: Any, **options: Any) -> None:
    """Train with a `RequireCompile` of its own, as each cell of a notebook has one."""
    callbacks = [transfer.RequireCompile(), *others]
    model.fit(PICTURES, LABELS, batch_size=6, verbose=0, callbacks=callbacks, **options)


def refused(model: Any) -> None:
    with pytest.raises(ValueError, match="Call compile again, then train"):
        fit_with_it(model)


@pytest.mark.parametrize("change", CHANGES)
def test_training_without_compiling_again_is_refused_and_changes_nothing(change: str) -> None:
    base = small_base()
    model = compiled(around(base))
    fit_with_it(model)
    CHANGES[change](base, model)
    with pytest.raises(ValueError, match=r"were frozen or unfrozen: conv_1.*\. It would be"):
        fit_with_it(model)
    assert moved(model, refused) == set()
    model.evaluate(PICTURES, LABELS, verbose=0)  # what does not train may go on


def test_after_compiling_again_the_change_takes_effect_and_one_taken_back_needs_no_compile() -> (
    None
):
    base = small_base()
    transfer.freeze(base)
    model = compiled(around(base))
    fit_with_it(model)
    transfer.unfreeze(base, from_layer="conv_2")
    with pytest.raises(ValueError, match=r"frozen or unfrozen: conv_2\. It would"):
        fit_with_it(model)
    transfer.freeze(base)
    assert moved(model, fit_with_it) == HEAD
    transfer.unfreeze(base, from_layer="conv_2")
    compiled(model)
    assert moved(model, fit_with_it) == CONV_2 | HEAD


def test_freezing_between_compile_and_the_first_training_is_obeyed_and_not_refused() -> None:
    base = small_base()
    model = compiled(around(base), eagerly=False)
    transfer.freeze(base)
    assert moved(model, fit_with_it) == HEAD
    assert moved(model, fit_with_it) == HEAD


class Unfreezing(keras.callbacks.Callback):
    """Unfreezes a base when the second epoch begins."""

    def __init__(self, base: Any) -> None:
        super().__init__()
        self.base, self.epochs = base, 0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.base.trainable = epoch > 0

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        self.epochs += 1


def test_a_change_during_a_training_is_refused_at_the_next_batch() -> None:
    base = small_base()
    transfer.freeze(base)
    model, change = compiled(around(base)), Unfreezing(base)
    with pytest.raises(ValueError, match="Call compile again"):
        fit_with_it(model, change, epochs=3)
    assert change.epochs == 1


def test_models_that_share_layers_each_go_on_with_what_they_were_compiled_for() -> None:
    """As in a GAN: one trains what is frozen in the other, and neither is compiled again."""
    judge = compiled(around(small_base()), eagerly=False)
    judged = {"conv_1/kernel", "conv_2/kernel"} | HEAD
    assert moved(judge, fit_with_it) >= judged
    judge.trainable = False
    inputs = keras.Input((8, 8, 3))
    outputs = judge(layers.Conv2D(3, 1, name="generator")(inputs))
    generator = compiled(keras.Model(inputs, outputs), eagerly=False)
    generated = {"generator/kernel", "generator/bias"}
    for trainable in (False, True):  # whether or not it is set back for the judge
        assert moved(generator, fit_with_it) == generated
        judge.trainable = trainable
        assert moved(judge, fit_with_it) >= judged
        judge.trainable = False
    assert moved(generator, fit_with_it) == generated
    judge.layers[-1].trainable = True
    refused(generator)


def test_a_model_that_was_compiled_before_it_had_weights_is_trained() -> None:
    model = compiled(keras.Sequential([layers.Flatten(), layers.Dense(2, activation="softmax")]))
    fit_with_it(model, steps_per_epoch=1)
    model.layers[-1].trainable = False
    refused(model)


def test_a_model_that_was_loaded_is_compiled_and_watched(tmp_path: Path) -> None:
    base = small_base()
    transfer.freeze(base)
    model = compiled(around(base))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.compiled
    assert moved(loaded, fit_with_it) == HEAD
    transfer.unfreeze(loaded, from_layer="conv_2")
    refused(loaded)


def one_batch(model: Any) -> None:
    model.train_on_batch(PICTURES[:6], LABELS[:6])


def test_keras_itself_goes_on_with_the_old_step_and_says_nothing() -> None:
    """Why the callback is there, as its docstring says; if this fails, Keras has changed."""
    for frozen_first in (True, False):
        base = small_base()
        base.trainable = not frozen_first
        model = compiled(around(base), eagerly=False)
        first = moved(model)
        assert (first == HEAD) is frozen_first
        base.trainable = frozen_first
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            assert moved(model) >= first - {"conv_1/bias", "conv_2/bias"}
            assert (moved(model) == HEAD) is frozen_first, "as in the first training"
        assert not [each for each in told if "compile" in str(each.message)]
        if frozen_first:
            with pytest.raises(ValueError, match="Unknown variable"):
                one_batch(model)
        else:
            assert moved(model, one_batch) == HEAD, "the step was traced anew"


def test_it_keeps_no_model_alive() -> None:
    model = compiled(around(small_base()))
    fit_with_it(model)
    trained = weakref.ref(model)
    del model
    keras.utils.clear_session()
    gc.collect()
    assert trained() is None


def test_importing_the_package_changes_nothing_of_keras() -> None:
    code = """
import keras
def methods():
    return {(owner, name): value for owner in keras.Model.__mro__
            for name, value in vars(owner).items() if callable(value)}
before = methods()
import cnn_course.transfer
assert {"compile", "fit", "train_on_batch"} <= {name for _, name in before}
assert methods() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True)
