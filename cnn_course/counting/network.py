"""A network as a sequence of uses: each layer counted on the shapes that reach it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from .layers import Count, Input, Layer, Shape
from .receptive_field import ReceptiveField


@dataclass(frozen=True)
class Value:
    """What is known of the values between two layers.

    Attributes:
        shape: their shape, without the batch axis.
        seen: their receptive field, or `None` where there is none to count.
    """

    shape: Shape
    seen: ReceptiveField | None


@dataclass(frozen=True)
class Use:
    """One use of a layer.

    Attributes:
        name: the layer's name.
        kind: its class.
        layer: which layer it is: two uses of a shared layer have the same number.
        count: what it makes of its input.
        seen: its receptive field, or `None` where there is none to count.
    """

    name: str
    kind: str
    layer: int
    count: Count
    seen: ReceptiveField | None

    @property
    def value(self) -> Value:
        """The output."""
        return Value(self.count.output_shape, self.seen)


@contextmanager
def named(name: str, kind: str) -> Iterator[None]:
    """Put the name of a layer in front of what is wrong with it."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise type(error)(f"Layer {name!r} ({kind}): {error}") from error


def inputs_of(shapes: Sequence[Shape]) -> list[Value]:
    """Return the inputs of a network.

    A receptive field is counted for one input with a height and a width; of two inputs it would
    not be clear in which one.
    """
    if len(shapes) == 1 and len(shapes[0]) > 1:
        picture = (shapes[0][0], shapes[0][1])
        return [Value(shapes[0], ReceptiveField.of_pixels(picture))]
    return [Value(shape, None) for shape in shapes]


def use(layer: Layer, name: str, values: Sequence[Value], identity: int) -> Use:
    """Return what `layer` makes of `values`.

    Raises:
        TypeError, ValueError: the layer cannot take them; the message names the layer.
    """
    shapes = [value.shape for value in values]
    fields = [value.seen for value in values if value.seen is not None]
    with named(name, layer.kind):
        count = layer.count(*shapes)
        known = len(fields) == len(values)
        seen = layer.receptive_field(fields, shapes) if known else None
    return Use(name, layer.kind, identity, count, seen)


def listed(layers: Sequence[object]) -> tuple[list[Shape], list[Use]]:
    """Return the input shape and the uses of a list of layer descriptions.

    Raises:
        TypeError: an element is not a layer description.
        ValueError: the list does not start with an `Input`, two layers have one name, or a layer
            comes after one that does not stand before it.
    """
    described = [_description(layer, place) for place, layer in enumerate(layers)]
    if not described or not isinstance(described[0], Input):
        raise ValueError(
            "A list of layers starts with its input, for example Input((28, 28, 1))"
            + (f", but this one starts with {described[0].kind}." if described else ".")
        )
    names = _names(described)
    shapes = [described[0].count().output_shape]
    (picture,) = inputs_of(shapes)
    values = {names[0]: picture}
    uses: list[Use] = []
    for layer, name in zip(described[1:], names[1:], strict=True):
        taken = [values[one] for one in sources(layer, name, list(values))]
        uses.append(use(layer, name, taken, len(uses)))
        values[name] = uses[-1].value
    return shapes, uses


def sources(layer: Layer, name: str, before: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the layers whose outputs a layer of a list takes.

    Args:
        layer: its description.
        name: how it is called.
        before: names of what stands before it in the list, the input included.

    Raises:
        ValueError: it comes after a layer that does not stand before it.
    """
    if layer.after is None:
        return (before[-1],)
    wanted = (layer.after,) if isinstance(layer.after, str) else tuple(layer.after)
    for one in wanted:
        if one not in before:
            raise ValueError(
                f"Layer {name!r} ({layer.kind}) comes after {one!r}, which does not stand before "
                f"it. There are: {', '.join(before)}."
            )
    return wanted


def once(uses: Sequence[Use]) -> list[Use]:
    """Return the uses with the parameters of a shared layer counted at its first use only."""
    met: set[int] = set()
    result = []
    for one in uses:
        if one.layer in met and one.count.parameters:
            shared = replace(one.count, trained=0, kept=0, derivation="0 (shared, counted above)")
            result.append(replace(one, count=shared))
        else:
            result.append(one)
        met.add(one.layer)
    return result


def _description(layer: object, place: int) -> Layer:
    if isinstance(layer, Layer):
        return layer
    if isinstance(layer, type) and issubclass(layer, Layer):
        raise TypeError(
            f"Element {place} of the list is the class {layer.__name__}. "
            f"Make a layer of it: {layer.__name__}(...)."
        )
    raise TypeError(
        f"Element {place} of the list is {layer!r} ({type(layer).__name__}), not a layer of "
        "cnn_course.counting. Keras layers go into a keras.Sequential, which can be handed in "
        "as it is."
    )


def _names(layers: Sequence[Layer]) -> list[str]:
    """Return a name for each layer; those without one are numbered by kind, as Keras does."""
    given = [layer.name for layer in layers if layer.name is not None]
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise ValueError(f"Two layers are named {twice[0]!r}. Give each layer a name of its own.")
    taken, names = set(given), []
    for layer in layers:
        name = stem = layer.name or re.sub(r"(?<=[a-z\d])(?=[A-Z][a-z])", "_", layer.kind).lower()
        number = 0
        while layer.name is None and name in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(name)
        names.append(name)
    return names
