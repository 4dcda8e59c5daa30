"""In a real training, what is frozen does not move, and what is not does."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from transfer_fakes import (
    CONV_1,
    CONV_2,
    HEAD,
    NORM_1,
    NORM_2,
    around,
    compiled,
    fit,
    moved,
    small_base,
)

from cnn_course import transfer

pytestmark = pytest.mark.tensorflow


def test_without_freezing_everything_moves_so_that_the_other_tests_can_fail() -> None:
    # A bias before a batch normalization goes out again with the mean; only rounding moves it.
    model = compiled(around(small_base()))
    everything = CONV_1 | NORM_1 | CONV_2 | NORM_2 | HEAD
    assert moved(model, lambda: fit(model)) >= everything - {"conv_1/bias", "conv_2/bias"}


def test_a_frozen_base_does_not_move_and_its_statistics_neither() -> None:
    base = small_base()
    model = around(base)
    transfer.freeze(base)
    compiled(model)
    assert moved(model, lambda: fit(model, epochs=2)) == HEAD


@pytest.mark.parametrize("frozen", [False, True])
def test_freezing_holds_statistics_still_where_inference_mode_does_not(frozen: bool) -> None:
    base = small_base()
    inputs = keras.Input((8, 8, 3))
    outputs = layers.Dense(2)(layers.GlobalAveragePooling2D()(base(inputs, training=False)))
    model = keras.Model(inputs, outputs)
    if frozen:
        transfer.freeze(base)
    compiled(model)
    statistics = {name for name in moved(model, lambda: fit(model)) if "moving" in name}
    assert bool(statistics) is not frozen


@pytest.mark.parametrize("how", [{"last": 3}, {"from_layer": "conv_2"}])
@pytest.mark.parametrize("frozen_before", [True, False])
def test_the_unfrozen_layers_move_and_no_others_nor_any_statistics(
    how: dict[str, Any], frozen_before: bool
) -> None:
    base = small_base()
    model = around(base)
    if frozen_before:
        transfer.freeze(base)
    transfer.unfreeze(base, **how)
    compiled(model)
    assert moved(model, lambda: fit(model)) == CONV_2 | HEAD


def test_batch_normalization_moves_when_it_is_asked_for() -> None:
    base = small_base()
    model = around(base)
    transfer.unfreeze(base, from_layer="conv_2", batch_normalization=True)
    compiled(model)
    found = moved(model, lambda: fit(model))
    assert found - {"conv_2/bias"} == {"conv_2/kernel"} | NORM_2 | HEAD


def test_layers_are_found_from_outside_of_the_base_as_well() -> None:
    base = small_base()
    model = around(base)
    transfer.freeze(base)
    transfer.unfreeze(model, from_layer="conv_2")
    compiled(model)
    assert moved(model, lambda: fit(model)) == CONV_2 | HEAD
    transfer.unfreeze(model, last=1)
    assert not base.trainable, "a base of which nothing trains says so"
    compiled(model)
    assert moved(model, lambda: fit(model)) == HEAD
    transfer.unfreeze(model, from_layer="base")
    compiled(model)
    assert moved(model, lambda: fit(model)) == CONV_1 | CONV_2 | HEAD


def test_a_model_that_was_frozen_whole_trains_again_in_part() -> None:
    model = around(small_base())
    transfer.freeze(model)
    assert model.trainable_weights == []
    transfer.unfreeze(model, from_layer="conv_2")
    compiled(model)
    assert moved(model, lambda: fit(model)) == CONV_2 | HEAD


def test_batch_normalization_inside_a_layer_of_layers_stays_frozen() -> None:
    wrapped = layers.TimeDistributed(layers.BatchNormalization(name="norm"), name="wrapped")
    conv = layers.Conv2D(2, 3, name="conv")
    base = keras.Sequential([keras.Input((8, 8, 3)), wrapped, conv], name="base")
    model = around(base)
    transfer.unfreeze(base, last=2)
    compiled(model)
    assert moved(model, lambda: fit(model)) == {"conv/kernel", "conv/bias"} | HEAD


@pytest.mark.parametrize("said", [True, False])
def test_a_base_that_says_the_contrary_of_its_layers_is_frozen_and_unfrozen_all_the_same(
    said: bool,
) -> None:
    """With TensorFlow, `base.trainable = said` would do nothing here."""
    base = small_base()
    base.trainable = said
    for layer in base.layers:
        layer.trainable = not said
    model = around(base)
    if said:
        transfer.unfreeze(base, last=6)
        assert len(base.trainable_weights) == 4
    else:
        transfer.freeze(base)
        compiled(model)
        assert moved(model, lambda: fit(model)) == HEAD


def test_the_small_vgg16_is_fine_tuned_as_in_chapter_6() -> None:
    keras.utils.set_random_seed(1)
    base = transfer.base("mini_vgg16", side=32, weights=None).model
    model = around(base)
    transfer.freeze(base)
    compiled(model)
    assert moved(model, lambda: fit(model)) == HEAD
    transfer.unfreeze(base, last=4)
    compiled(model)
    block5 = {f"block5_conv{place}/{part}" for place in (1, 2, 3) for part in ("kernel", "bias")}
    assert moved(model, lambda: fit(model)) == block5 | HEAD


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


@settings(max_examples=40)
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
    chosen = [place for place in range(first, len(kinds)) if kinds[place] in trains]
    before = [weight.trainable for weight in model.weights]
    if not chosen:
        with pytest.raises(ValueError, match="Nothing would train"):
            transfer.unfreeze(model, last=last, batch_normalization=asked)
        assert [weight.trainable for weight in model.weights] == before
        return
    transfer.unfreeze(model, last=last, batch_normalization=asked)
    found = {weight.path.split("/")[-2] for weight in model.trainable_weights}
    assert found == {f"layer_{place}" for place in chosen}
    transfer.unfreeze(model, from_layer=f"layer_{first}", batch_normalization=asked)
    again = {weight.path.split("/")[-2] for weight in model.trainable_weights}
    assert again == found
    table = transfer.trainable_table(model)
    assert table.parameters == model.count_params()
    assert {row.name for row in table if row.trainable_parameters} == found
    assert table.trainable_tensors == len(model.trainable_weights)


def test_vgg16_has_the_numbers_of_the_course() -> None:
    base = transfer.base("vgg16", side=32, weights=None).model
    table = transfer.trainable_table(base)
    assert (table.parameters, table.trainable_parameters) == (14_714_688, 14_714_688)
    assert table.trainable_tensors == len(base.trainable_weights) == 26
    inputs = keras.Input((32, 32, 3))
    x = layers.Dense(256)(layers.Flatten()(base(inputs)))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.5)(x)))
    assert transfer.trainable_table(model).trainable_tensors == 30
    transfer.freeze(base)
    assert transfer.trainable_table(base).trainable_tensors == 0
    assert transfer.trainable_table(model).trainable_tensors == len(model.trainable_weights) == 4
    transfer.unfreeze(base, last=4)
    assert transfer.trainable_table(base).trainable_parameters == 7_079_424
    assert [row.name for row in transfer.trainable_table(base) if row.trainable_parameters] == [
        "block5_conv1",
        "block5_conv2",
        "block5_conv3",
    ]


def test_mobilenet_is_unfrozen_without_its_batch_normalization() -> None:
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
    assert table.row("norm_2") is table[4]
    with pytest.raises(ValueError, match="There is no layer 'conv_3'"):
        table.row("conv_3")
    transfer.unfreeze(base, last=3, batch_normalization=True)
    assert transfer.trainable_table(base).row("norm_2").trains == "8 of 16"


def test_the_table_counts_no_variables_of_the_optimizer_and_no_shared_layer_twice() -> None:
    shared = layers.Dense(3)
    inputs = keras.Input((3,))
    model = keras.Model(inputs, shared(shared(inputs)))
    model.compile("adam", "mse")
    model.fit(np.ones((2, 3)), np.ones((2, 3)), verbose=0)
    table = transfer.trainable_table(model)
    assert (len(table), table.parameters) == (1, 12)
    assert table.parameters == model.count_params()


@pytest.mark.parametrize("wrong", [{}, {"last": 2, "from_layer": "conv_2"}])
def test_where_training_begins_is_said_in_exactly_one_way(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="in one way"):
        transfer.unfreeze(small_base(), **wrong)


def test_an_unknown_layer_is_refused_with_those_that_are_near() -> None:
    with pytest.raises(
        ValueError, match=r"There is no layer 'conv_3'\. Near to it: conv_[12], conv"
    ):
        transfer.unfreeze(small_base(), from_layer="conv_3")


def test_a_name_that_two_layers_have_is_refused() -> None:
    inputs = keras.Input((8, 8, 3))
    first, second = (
        small_base("first"),
        keras.Sequential(
            [keras.Input((4, 4, 4)), layers.Conv2D(2, 3, name="conv_2")], name="second"
        ),
    )
    model = keras.Model(inputs, second(first(inputs)))
    with pytest.raises(ValueError, match="There are 2 layers named 'conv_2'"):
        transfer.unfreeze(model, from_layer="conv_2")
    transfer.unfreeze(model, from_layer="second")
    assert len(model.trainable_weights) == 2


@pytest.mark.parametrize(
    ("last", "error"), [(0, ValueError), (-1, ValueError), (7, ValueError), (2.0, TypeError)]
)
def test_a_number_of_layers_that_there_cannot_be_is_refused(
    last: Any, error: type[Exception]
) -> None:
    base = small_base()
    with pytest.raises(error, match=r"last"):
        transfer.unfreeze(base, last=last)
    assert base.layers[0].trainable


@pytest.mark.parametrize(
    "function", [transfer.freeze, transfer.trainable_table, lambda m: transfer.unfreeze(m, last=1)]
)
def test_what_is_no_model_or_has_no_weights_is_refused(function: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"Hand in a Keras model, for example base\.model"):
        function(transfer.base("mini_vgg16", side=32, weights=None))
    with pytest.raises(ValueError, match="is not built"):
        function(keras.Sequential([layers.Dense(1)]))
