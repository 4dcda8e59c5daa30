"""Which layers of a network train: freeze, unfreeze, a table, and what notices no `compile`.

Frozen means `layer.trainable = False`. For batch normalization that is more than the argument
`training=False`, with which `fit` of a functional model in Keras 3 still moves its mean and its
variance.
"""

import difflib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from reprlib import repr as shortened
from typing import Any, ClassVar, Final, TypeAlias
from weakref import WeakKeyDictionary

import keras

from cnn_course.arguments import whole_number
from cnn_course.tables import LayerTable

Found: TypeAlias = tuple[tuple[str, ...], Any]  # the models that a layer is inside of, the layer


@dataclass(frozen=True)
class Row:
    """One layer of a network, its name, and its class, as Keras calls it.

    `parameters` are all of its numbers, those that batch normalization only keeps among them;
    training changes `trainable_parameters` of them.
    """

    name: str
    kind: str
    parameters: int
    trainable_parameters: int

    @property
    def trains(self) -> str:
        """In words: `"yes"`, `"frozen"`, `"812 of 1,624"`; empty where there are no parameters."""
        if not self.parameters:
            return ""
        if not self.trainable_parameters:
            return "frozen"
        if self.trainable_parameters == self.parameters:
            return "yes"
        return f"{self.trainable_parameters:,} of {self.parameters:,}"


@dataclass(frozen=True, repr=False)
class Table(LayerTable[Row]):
    """What trains in a network. Printing it gives aligned text, a notebook shows a table.

    There is one row for each layer, also for a shared one, in the order of the network. `tensors`
    are arrays that hold parameters, for example a kernel and a bias of each layer.
    """

    columns: ClassVar[tuple[str, ...]] = ("layer", "kind", "parameters", "trains")
    numbers: ClassVar[tuple[str, ...]] = ("parameters",)
    kind: ClassVar[str] = "counting trains"

    name: str
    rows: tuple[Row, ...]
    tensors: int
    trainable_tensors: int

    def cells(self, row: Row) -> tuple[str, ...]:
        """Return the text of each column for one row."""
        return (row.name, row.kind, f"{row.parameters:,}", row.trains)

    def totals(self) -> tuple[str, ...]:
        """Return the text of each column for the last line."""
        return ("total", "", f"{self.parameters:,}", f"{self.trainable_parameters:,}")

    def summary(self) -> str:
        """Return the sentence that stands above the table."""
        return (
            f"{self.name}: {self.parameters:,} parameters, {self.trainable_parameters:,} of them "
            f"trained; {self.tensors} weight tensors, {self.trainable_tensors} of them trained"
        )


def freeze(model: Any) -> None:
    """Freeze all layers of a model: training changes nothing in it, moving statistics included.

    Compile the model that is trained, this one or one around it, before the next `fit`;
    `RequireCompile` tells who forgets it.

    Raises:
        TypeError: it is no Keras model.
        ValueError: it has no weights yet.
    """
    _check(model)
    _set(_parts(model), False)


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

    Compile the model that is trained, this one or one around it, before the next `fit`;
    `RequireCompile` tells who forgets it.

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
    if last is None:
        first = _place(found, from_layer)
    elif whole_number("last", last, least=1) > len(found):
        raise ValueError(f"The model has {len(found)} layers, so last cannot be {last}.")
    else:
        first = len(found) - last
    trained = [layer for _, layer in found[first:]]
    normalizations = [
        part
        for layer in trained
        for part in _parts(layer)
        if isinstance(part, keras.layers.BatchNormalization) and not batch_normalization
    ]
    if not _weights_of(trained) - _weights_of(normalizations):
        raise ValueError(
            f"Nothing would train: from {trained[0].name!r} on, there are no parameters"
            f"{' but those of batch normalization' if normalizations else ''}. "
            "Begin with an earlier layer."
        )
    _set(_parts(model), True)
    for _, layer in found[:first]:
        _set(_parts(layer), False)
    _set(normalizations, False)
    inside = [part for part in _parts(model) if isinstance(part, keras.Model) and part.weights]
    _set([part for part in inside if not part.trainable_weights], False)


def trainable_table(model: Any) -> Table:
    """Return what trains in a model, layer by layer. Models inside the model are opened.

    Raises:
        TypeError: it is no Keras model.
        ValueError: it has no weights yet.
    """
    _check(model)
    trained = {id(weight) for weight in model.trainable_weights}
    rows = []
    for _, layer in _opened(model):
        sizes = [(math.prod(weight.shape), id(weight) in trained) for weight in layer.weights]
        total, of_it = sum(size for size, _ in sizes), sum(size for size, trains in sizes if trains)
        rows.append(Row(layer.name, type(layer).__name__, total, of_it))
    return Table(model.name, tuple(rows), len(model.weights), len(trained))


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


def _parts(layer: Any) -> list[Any]:
    """Return a layer or model and everything inside of it, wrapped layers too."""
    found = {id(layer): layer}
    # The one name here that is not public; `model.layers` does not open layers that hold layers.
    for inner in layer._layers:
        found |= {id(part): part for part in _parts(inner)}
    return list(found.values())


def _set(found: Iterable[Any], trainable: bool) -> None:
    """Say of each part by itself whether it trains.

    With TensorFlow, `model.trainable = True` does nothing where the model says True already, even
    if all of its layers are frozen; and False does nothing where it says False.
    """
    for part in found:
        part.trainable = trainable


def _weights_of(layers: Iterable[Any]) -> set[int]:
    return {id(weight) for layer in layers for weight in layer.weights}


# For each training step, the ids of all weights, and whether it trains them. It lives as long as
# its model, and so do the weights.
_MADE_FOR: Final[WeakKeyDictionary[Any, dict[int, bool]]] = WeakKeyDictionary()
_SHOWN: Final = 5


class RequireCompile(keras.callbacks.Callback):
    """Stops a training if layers were frozen or unfrozen and the model was not compiled again.

    Keras 3.15 with TensorFlow makes the training step, `model.train_function`, at the first `fit`
    after `compile`, and the first batch settles what it trains: who freezes a layer between the
    two is obeyed. Of later changes nobody is told:

    - `fit` goes on with the step that it has. A layer that was frozen goes on training, one that
      was unfrozen stands still, also if a callback did it during the training.
    - For batches of another kind, as those of `train_on_batch`, the step is traced anew. What was
      frozen stands still from now on; for what was unfrozen, the optimizer raises "Unknown
      variable". It is the same with `run_eagerly=True`, and after
      `make_train_function(force=True)`.

    So before each batch, this callback compares what is trainable with what was at the first batch
    of the step. Two models may share layers that one of them trains and the other does not, as in
    a GAN: what the other one was compiled and trained for since then counts as no mistake, if it
    has this callback, too.

    Give one to every `fit`, a new one or the same: it knows nothing of a training without it, such
    as one by `train_on_batch`, which calls no callbacks.

    Raises:
        ValueError: in `fit`, before the first batch after the change; it names the layers.
    """

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Compare what is trainable with what the training step was made for."""
        now, made_for = self._states()
        if now != made_for:
            _refuse_a_change(self.model, now, made_for)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Note the weights of a model that was not built before its first batch."""
        self._states()

    def _states(self) -> tuple[dict[int, bool], dict[int, bool]]:
        trainable = {id(weight) for weight in self.model.trainable_weights}
        now = {id(weight): id(weight) in trainable for weight in self.model.weights}
        made_for = _MADE_FOR.setdefault(self.model.train_function, {})
        made_for |= now | made_for
        return now, made_for


def _refuse_a_change(model: Any, now: dict[int, bool], made_for: dict[int, bool]) -> None:
    latest = {key: trains for step in _MADE_FOR.values() for key, trains in step.items()}
    changed = [
        weight.path.split("/")[-2:][0]  # its layer
        for weight in model.weights
        if made_for.get(id(weight)) == latest.get(id(weight)) == (not now[id(weight)])
    ]
    if changed:
        names = list(dict.fromkeys(changed))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        raise ValueError(
            f"The model {model.name!r} was compiled and trained, and then layers of it were frozen "
            f"or unfrozen: {', '.join(names[:_SHOWN])}{more}. It would be trained as if they were "
            "not. Call compile again, then train."
        )
