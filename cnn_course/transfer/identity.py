"""What a layer or a model computes, told apart from what else computes something."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import keras

# Names count the layers that were made before, so a cell that runs again gives others. Seeds and
# the shapes with which a layer was built leave no trace once it has its weights.
_WITHOUT_EFFECT: Final = {"build_input_shape", "name", "seed", "trainable"}


def identity(layer: Any) -> list[Any]:
    """Return the settings of a layer or a model and a digest of its weights, as plain values.

    Two that have the same identity compute the same, apart from what is drawn at random. Names, and
    whether something is frozen, make no difference.

    Raises:
        ValueError: a layer of one's own does not tell its settings.
    """
    digest = hashlib.sha256()
    for weight in layer.get_weights():
        digest.update(f"{weight.dtype} {weight.shape}".encode() + weight.tobytes())
    if isinstance(layer, keras.Sequential):  # its own settings change when it meets its first input
        return [digest.hexdigest(), [identity(inner) for inner in layer.layers]]
    try:
        return [digest.hexdigest(), _settings(keras.saving.serialize_keras_object(layer), {})]
    except NotImplementedError as error:
        raise ValueError(
            f"{layer.name!r} does not tell its settings, so one cannot know when what it computes "
            "has changed. Give your own layer a method get_config."
        ) from error


def _settings(layer: Mapping[str, Any], places: Mapping[str, int]) -> list[Any]:
    """Return what a serialized layer was made with, and which layers it is called on.

    Args:
        layer: as Keras saves it.
        places: name -> place, of the layers beside it.
    """
    settings = {key: of for key, of in layer["config"].items() if key not in _WITHOUT_EFFECT}
    if all(_is_layer(inner) for inner in settings.get("layers", [0])):
        inside = {inner["config"]["name"]: n for n, inner in enumerate(settings["layers"])}
        settings["layers"] = [_settings(inner, inside) for inner in settings["layers"]]
        for ends in {"input_layers", "output_layers"} & settings.keys():
            settings[ends] = _placed(settings[ends], inside)
    calls = _placed(layer.get("inbound_nodes"), places)
    return [layer["module"], layer["class_name"], layer["registered_name"], settings, calls]


def _is_layer(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= {"module", "class_name", "config"}


def _placed(value: Any, places: Mapping[str, int]) -> Any:
    """Return a value of a saved model with places instead of the names that tensors refer to."""
    if isinstance(value, dict):
        return {key: _placed(item, places) for key, item in value.items()}
    if not isinstance(value, list | tuple):
        return value
    match value:  # the layer, which of its calls, which of its outputs
        case [str() as name, int() as call, int() as output]:
            return [places[name], call, output]
    return [_placed(item, places) for item in value]
