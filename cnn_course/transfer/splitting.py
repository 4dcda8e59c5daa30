"""A model split in two: a frozen part, and the part behind it that is trained."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import layers

from cnn_course.arguments import did_you_mean


def split(model: Any, *, at: str) -> tuple[Any, Any]:
    """Cut a model in two behind a layer that is frozen, as all before it are.

    `trainable(frozen(x))` is `model(x)`. The parts share their weights with the model: what
    `trainable` learns, `model` knows. Compile `trainable` before you train it.

    Args:
        model: a functional or sequential model with one input and one output.
        at: name of the last layer of the frozen part, in the model or in a model that is a layer
            of it, such as a base.

    Returns:
        The frozen part and the trainable one, two functional models.

    Raises:
        TypeError: another kind of model, or one that is not built.
        ValueError: no such layer, or none that the model can be cut behind; or something before
            the cut does not stand still, so that stored features would be wrong.
    """
    if not is_graph(model):
        raise TypeError(
            "Only a functional model, or a sequential one that knows the shape of its input, can "
            f"be cut in two. This is {model!r}."
        )
    names = [layer.name for layer in _layers_in(model)]
    if names.count(at) != 1:
        number = f"{names.count(at)} layers are" if at in names else "No layer is"
        meant = did_you_mean(at, {*names} - {at})
        raise ValueError(f"{number} named {at!r} in {model.name!r}.{meant}")
    frozen, trainable = _cut(model, at)
    for layer in _layers_in(frozen):
        _check_frozen(layer, at)
    if trainable is None:
        raise ValueError(f"Nothing comes behind {at!r}, so nothing is left to train.")
    return frozen, trainable


def is_graph(layer: Any) -> bool:
    """Return whether a layer is a model whose layers and their connections are known."""
    return isinstance(layer, keras.Model) and bool(getattr(layer, "inputs", None))


def random_states(layer: Any) -> list[Any]:
    """Return the states of the generators of random numbers in a layer or a model."""
    weights = {id(weight) for weight in layer.weights}
    return [variable for variable in layer.variables if id(variable) not in weights]


def _layers_in(model: Any) -> Iterator[Any]:
    """Yield the layers of a model, and those of models among them."""
    for layer in model.layers:
        yield layer
        if is_graph(layer):
            yield from _layers_in(layer)


def _cut(model: Any, at: str) -> tuple[Any, Any | None]:
    """Return the part of a model before the cut and the part behind it, None if that is empty."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(f"{model.name!r} has several inputs or outputs and cannot be cut in two.")
    crossing: list[Any] = []  # what goes through the cut
    behind: dict[int, Any] = {}  # the tensors that follow from it

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        given = {
            id(x) for x in keras.tree.flatten((args, kwargs)) if keras.utils.is_keras_tensor(x)
        }
        follows = given & behind.keys()
        if follows and follows != given:
            raise ValueError(
                f"{layer.name!r} joins what comes behind {at!r} with what comes before it. Cut "
                "behind a layer that no connection passes by."
            )
        through, outputs = _call(layer, at, *args, **kwargs)
        crossing.extend(through)
        if through or follows:
            behind.update((id(x), x) for x in keras.tree.flatten(outputs))
        return outputs

    replayed = _replay(keras.Model(model.inputs[0], model.outputs[0]), call)
    whole = id(replayed.outputs[0]) in behind and len(keras.tree.flatten(crossing)) == 1
    if not whole:
        raise ValueError(
            f"{model.name!r} cannot be cut behind {at!r}: all that it computes must come through "
            "this layer, as one tensor and only once."
        )
    frozen = keras.Model(replayed.inputs[0], crossing[0], name=f"{model.name}_until_{at}")
    if replayed.outputs[0] is crossing[0]:
        return frozen, None
    rest = keras.Model(crossing[0], replayed.outputs[0], name=f"{model.name}_after_{at}")
    # Keras gives an input in the middle of a model an odd name.
    return frozen, _replay(rest, None, input_name="features")


def _call(layer: Any, at: str, *args: Any, **kwargs: Any) -> tuple[list[Any], Any]:
    """Call a layer; return what goes through the cut if that is in it, and its outputs."""
    if is_graph(layer) and at in [inner.name for inner in _layers_in(layer)]:
        front, back = _cut(layer, at)
        between = front(*args, **kwargs)
        return [between], back(between) if back else between
    outputs = layer(*args, **kwargs)
    return [outputs] if layer.name == at else [], outputs


def _replay(model: Any, call: Callable[..., Any] | None, input_name: str | None = None) -> Any:
    """Return a model of the same layers on an input of its own, each called by `call`."""
    (given,) = model.inputs
    inputs = keras.Input(batch_shape=given.shape, dtype=given.dtype, name=input_name or given.name)
    return keras.models.clone_model(
        model, input_tensors=inputs, clone_function=lambda layer: layer, call_function=call
    )


def _check_frozen(layer: Any, at: str) -> None:
    """Refuse a layer before the cut that changes in training, or computes something else then."""
    if is_graph(layer):
        return  # its layers are looked at one by one
    if random_states(layer):
        what = "draws at random in training. Cut before it, or let `store` augment instead of it"
    elif layer.trainable_weights:
        what = "is trained. Freeze it, or cut before it"
    elif (
        layer.trainable
        and layer.non_trainable_weights
        and not isinstance(layer, layers.Normalization)  # it learned before, in `adapt`
    ):
        what = "gathers statistics in training. Freeze it, or cut before it"
    else:
        return
    raise ValueError(
        f"Features behind {at!r} cannot be stored: before it, the {type(layer).__name__} layer "
        f"{layer.name!r} {what}."
    )
