"""Freeze a network, unfreeze its last layers, and see what trains.

Frozen means `layer.trainable = False`. For batch normalization that is more than the argument
`training=False`, with which `fit` of a functional model in Keras 3 still moves its mean and its
variance.
"""

import difflib
import math
from collections.abc import Iterable, Iterator, Sequence
from numbers import Integral
from reprlib import repr as shortened
from typing import Any, TypeAlias

import keras

from cnn_course.transfer.recompiling import parts
from cnn_course.transfer.tables import Row, Table

Found: TypeAlias = tuple[tuple[str, ...], Any]  # the models that a layer is inside of, the layer


def freeze(model: Any) -> None:
    """Freeze all layers of a model: training changes nothing in it, moving statistics included.

    Compile the model that is trained, this one or one around it, before the next `fit`; a `fit`
    without it is an error.

    Args:
        model: a built `keras.Model`.

    Raises:
        TypeError: it is no Keras model.
        ValueError: it has no weights yet.
    """
    _check(model)
    _set(parts(model), False)


def unfreeze(
    model: Any,
    *,
    last: int | None = None,
    from_layer: str | None = None,
    batch_normalization: bool = False,
) -> None:
    """Let the last layers of a model train, and freeze those before them.

    Models inside the model are opened: their layers count as the model's own. Batch normalization
    stays frozen: its statistics come from more pictures than fine-tuning has. So hand in the base
    rather than a model around it whose new classifier has a batch normalization to be trained.

    Compile the model that is trained, this one or one around it, before the next `fit`; a `fit`
    without it is an error.

    Args:
        model: a built `keras.Model`, frozen or not.
        last: how many layers train, counted from the end, layers without parameters included.
        from_layer: the name of the first one that trains. Exactly one of the two is given.
        batch_normalization: whether batch normalization among them trains, too.

    Raises:
        TypeError: it is no Keras model, or `last` is not a whole number.
        ValueError: it has no weights yet; both or none of `last` and `from_layer` are given; there
            are not as many layers, or none of that name; or nothing among them would train.
    """
    _check(model)
    found = list(_opened(model))
    if (last is None) == (from_layer is None):
        raise ValueError(
            'Say where training begins, in one way: last=4, or from_layer="block5_conv1".'
        )
    first = _place(found, from_layer) if last is None else len(found) - _checked(last, len(found))
    trained = [layer for _, layer in found[first:]]
    kept = [] if batch_normalization else list(_batch_normalizations(trained))
    if not _weights_of(trained) - _weights_of(kept):
        raise ValueError(
            f"Nothing would train: from {trained[0].name!r} on, there are no parameters"
            f"{' but those of batch normalization' if kept else ''}. Begin with an earlier layer."
        )
    _set(parts(model), True)
    for _, layer in found[:first]:
        _set(parts(layer), False)
    _set(kept, False)
    inside = [part for part in parts(model) if isinstance(part, keras.Model) and part.weights]
    _set([part for part in inside if not part.trainable_weights], False)


def trainable_table(model: Any) -> Table:
    """Return what trains in a model, layer by layer. Models inside the model are opened.

    Args:
        model: a built `keras.Model`.

    Raises:
        TypeError: it is no Keras model.
        ValueError: it has no weights yet.
    """
    _check(model)
    trained = {id(weight) for weight in model.trainable_weights}
    return Table(model.name, tuple(_row(layer, trained) for _, layer in _opened(model)))


def _row(layer: Any, trained: set[int]) -> Row:
    sizes = [(math.prod(weight.shape), id(weight) in trained) for weight in layer.weights]
    return Row(
        name=layer.name,
        kind=type(layer).__name__,
        parameters=sum(size for size, _ in sizes),
        trainable_parameters=sum(size for size, trains in sizes if trains),
        tensors=len(sizes),
        trainable_tensors=sum(trains for _, trains in sizes),
    )


def _check(model: object) -> None:
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"Hand in a Keras model, for example base.model, not {shortened(model)} "
            f"({type(model).__name__})."
        )
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} is not built, so it has no weights yet. Start it with "
            "keras.Input((height, width, channels))."
        )


def _opened(model: Any) -> Iterator[Found]:
    """Yield the layers of a model, each once; of the models inside of it, their layers."""
    seen = set()

    def walk(inside: tuple[str, ...], layers: Iterable[Any]) -> Iterator[Found]:
        for layer in layers:
            if isinstance(layer, keras.Model):
                yield from walk((*inside, layer.name), layer.layers)
            elif not isinstance(layer, keras.layers.InputLayer) and id(layer) not in seen:
                seen.add(id(layer))
                yield inside, layer

    return walk((), model.layers)


def _place(found: Sequence[Found], name: str | None) -> int:
    """Return where the layer of that name is, or the first one of the model of that name."""
    same = [place for place, (_, layer) in enumerate(found) if layer.name == name]
    inside = [place for place, (models, _) in enumerate(found) if name in models]
    if len(same) > 1:
        raise ValueError(
            f"There are {len(same)} layers named {name!r}. Hand in the model inside of which the "
            "one is that you mean."
        )
    if not same and not inside:
        names = [layer.name for _, layer in found]
        near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.0)
        raise ValueError(f"There is no layer {name!r}. Near to it: {', '.join(near)}.")
    return (same or inside)[0]


def _checked(last: int, layers: int) -> int:
    if isinstance(last, bool) or not isinstance(last, Integral):
        raise TypeError(
            f"last must be a whole number of layers, but it is {last!r} ({type(last).__name__})."
        )
    if not 1 <= last <= layers:
        raise ValueError(f"The model has {layers} layers, so last goes from 1 to {layers}: {last}.")
    return int(last)


def _set(found: Iterable[Any], trainable: bool) -> None:
    """Say of each part by itself whether it trains.

    With TensorFlow, `model.trainable = True` does nothing where the model says True already, even
    if all of its layers are frozen; and False does nothing where it says False.
    """
    for part in found:
        part.trainable = trainable


def _batch_normalizations(layers: Iterable[Any]) -> Iterator[Any]:
    for layer in layers:
        for part in parts(layer):
            if isinstance(part, keras.layers.BatchNormalization):
                yield part


def _weights_of(layers: Iterable[Any]) -> set[int]:
    return {id(weight) for layer in layers for weight in layer.weights}
