"""A compile that was forgotten after freezing or unfreezing is an error, and never silence."""

import gc
import inspect
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers
from transfer_fakes import (
    CONV_2,
    HEAD,
    LABELS,
    PICTURES,
    around,
    compiled,
    fit,
    moved,
    small_base,
)

from cnn_course import transfer

pytestmark = pytest.mark.tensorflow

CHANGES: dict[str, Callable[[Any, Any], None]] = {
    "freeze the base": lambda base, model: transfer.freeze(base),
    "freeze the model": lambda base, model: transfer.freeze(model),
    "unfreeze a part": lambda base, model: transfer.unfreeze(base, last=3),
    "by hand": lambda base, model: setattr(base, "trainable", False),
    "one layer by hand": lambda base, model: setattr(base.layers[0], "trainable", False),
}


@pytest.mark.parametrize("trained_before", [True, False])
@pytest.mark.parametrize("change", CHANGES)
def test_training_without_compiling_again_is_refused_and_changes_nothing(
    change: str, trained_before: bool
) -> None:
    base = small_base()
    model = compiled(around(base))
    if trained_before:
        fit(model)
    CHANGES[change](base, model)

    def refused() -> None:
        with pytest.raises(ValueError, match=r"frozen or unfrozen: .*conv_1.* Call compile again"):
            fit(model)
        with pytest.raises(ValueError, match="Call compile again"):
            model.train_on_batch(PICTURES, LABELS)

    assert moved(model, refused) == set()
    assert "conv_1" in transfer.changed_since_compile(model)
    model.evaluate(PICTURES, LABELS, verbose=0)  # what does not train may go on
    model.predict(PICTURES, verbose=0)


def test_after_compiling_again_the_change_takes_effect() -> None:
    base = small_base()
    model = around(base)
    transfer.freeze(base)
    compiled(model)
    fit(model)
    transfer.unfreeze(base, from_layer="conv_2")
    assert transfer.changed_since_compile(model) == ["base", "conv_2"]
    compiled(model)
    assert transfer.changed_since_compile(model) == []
    assert moved(model, lambda: fit(model)) == CONV_2 | HEAD


def test_a_change_that_was_taken_back_needs_no_compile() -> None:
    base = small_base()
    transfer.freeze(base)
    model = compiled(around(base))
    fit(model)
    transfer.unfreeze(base, last=3)
    transfer.freeze(base)
    transfer.freeze(base)
    assert moved(model, lambda: fit(model)) == HEAD


def test_a_model_that_was_compiled_before_it_had_weights_is_trained() -> None:
    model = compiled(keras.Sequential([layers.Flatten(), layers.Dense(2, activation="softmax")]))
    model.fit(PICTURES, LABELS, verbose=0)
    model.layers[-1].trainable = False
    with pytest.raises(ValueError, match="Call compile again"):
        model.fit(PICTURES, LABELS, verbose=0)


def test_a_model_that_was_loaded_is_compiled_and_watched(tmp_path: Path) -> None:
    base = small_base()
    transfer.freeze(base)
    model = compiled(around(base))
    fit(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.compiled
    assert moved(loaded, lambda: fit(loaded)) == HEAD
    transfer.unfreeze(loaded, from_layer="conv_2")
    with pytest.raises(ValueError, match="Call compile again"):
        fit(loaded)
    compiled(loaded)
    assert moved(loaded, lambda: fit(loaded)) == CONV_2 | HEAD


def test_keras_itself_would_have_said_nothing() -> None:
    """Why the check is there: when this fails, Keras has learned to do it."""
    base = small_base()
    model = around(base)
    transfer.freeze(base)
    compiled(model)
    fit(model)
    base.trainable = True
    unwatched = type(model).fit.__wrapped__
    found = moved(
        model, lambda: unwatched(model, PICTURES, LABELS, batch_size=6, epochs=1, verbose=0)
    )
    assert found == HEAD, "and nothing of the base, though it was unfrozen"


def test_being_watched_keeps_no_model_alive() -> None:
    model = compiled(around(small_base()))
    watched = weakref.ref(model)
    del model
    keras.utils.clear_session()
    gc.collect()
    assert watched() is None


def test_keras_keeps_its_signatures() -> None:
    assert "validation_data" in inspect.signature(keras.Model.fit).parameters
    assert "optimizer" in inspect.signature(keras.Model.compile).parameters
