"""Freezing that came after `compile` is an error at the next `fit`, and not silence.

What Keras 3.15 does instead, with TensorFlow:

- After a first `fit`, the compiled training step is kept. A layer that is frozen later goes on
  training; one that is unfrozen later never begins to. Nothing is said.
- Before a first `fit`, the change takes effect, though not in a model that was loaded from a file,
  whose optimizer knows its variables already.
- Keras means to warn, but its warning stands behind a `raise` and is never reached.

A model knows its layers, but a base does not know the models around it, and those are the ones that
are trained. So nothing that `freeze` could do to the base would reach them, and nothing would watch
a learner who sets `layer.trainable` by hand. What every way has in common is that a model is
compiled and then trained. Hence `compile` remembers here which layers were trainable, and what
trains compares. It costs less than a millisecond a training, and concerns the models that are
compiled after `cnn_course.transfer` was imported.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import keras

_TRAINING: Final = ("fit", "train_on_batch")
_SHOWN: Final = 5
_MARK: Final = "watched_by_cnn_course"

# For each compiled model, its layers and whether they were trainable. Both are held weakly: a layer
# can lead back to its model, and neither should live longer for being watched.
_COMPILED: WeakKeyDictionary[Any, WeakKeyDictionary[Any, bool]] = WeakKeyDictionary()


def changed_since_compile(model: Any) -> list[str]:
    """Return the names of the layers that were frozen or unfrozen since `model` was compiled.

    Layers without weights are not among them. A model that was not compiled has none.
    """
    compiled: Mapping[Any, bool] = _COMPILED.get(model) or {}
    return [
        layer.name
        for layer in parts(model)
        if layer.weights and layer.trainable != compiled.get(layer, layer.trainable)
    ]


def parts(layer: Any) -> list[Any]:
    """Return a layer or model and everything inside of it, wrapped layers too."""
    found = {id(layer): layer}
    # The one name here that is not public; `model.layers` does not open layers that hold layers.
    for inner in layer._layers:
        found |= {id(part): part for part in parts(inner)}
    return list(found.values())


def watch() -> None:
    """Make every model of Keras compare what was compiled with what is to be trained."""
    _replace("compile", _remembering)
    for name in _TRAINING:
        _replace(name, _comparing)


def _replace(name: str, made: Callable[[Any], Any]) -> None:
    # The class that defines a method, and no heir of it: Keras compiles a loaded model only if its
    # `compile` is the one of that very class.
    owner = next(each for each in keras.Model.__mro__ if name in vars(each))
    method = vars(owner)[name]
    if not hasattr(method, _MARK):  # it may have been done before this module was loaded again
        replacement = functools.wraps(method)(made(method))
        setattr(replacement, _MARK, True)
        setattr(owner, name, replacement)


def _remembering(method: Any) -> Any:
    def compile_and_remember(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = method(self, *args, **kwargs)
        _COMPILED[self] = WeakKeyDictionary({one: one.trainable for one in parts(self)})
        return result

    return compile_and_remember


def _comparing(method: Any) -> Any:
    def compare_and_train(self: Any, *args: Any, **kwargs: Any) -> Any:
        if changed := changed_since_compile(self):
            names = ", ".join(changed[:_SHOWN])
            more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
            raise ValueError(
                f"The model {self.name!r} was compiled, and then layers of it were frozen or "
                f"unfrozen: {names}{more}. It would be trained as if they were not. "
                "Call compile again, then train."
            )
        return method(self, *args, **kwargs)

    return compare_and_train


watch()
