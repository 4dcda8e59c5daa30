"""A network that a class test asks about: counting's layers, each with its name and its sources."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from cnn_course.counting import (
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Count,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalAveragePooling2D,
    Layer,
    MaxPooling2D,
    Shape,
    Table,
    table,
)

#: What a test can ask about: for these there are words and known slips.
KINDS = (
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
)
Convolution = Conv2D | DepthwiseConv2D
Pooling = MaxPooling2D | AveragePooling2D
INPUT = "input"


@dataclass(frozen=True)
class Network:
    """The layers of a test in their order.

    Attributes:
        input: shape of one picture, (height, width, channels).
        layers: each with a name, and with the names of its sources in `after`.
        table: every layer counted.
    """

    input: Shape
    layers: tuple[Layer, ...]
    table: Table

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """Name -> output shape, the input's included."""
        return {INPUT: self.input} | {row.name: row.output_shape for row in self.table}

    @cached_property
    def parameters(self) -> Mapping[str, int]:
        """Name -> parameters."""
        return {row.name: row.parameters for row in self.table}

    def layer(self, name: str) -> Layer:
        """Return the layer of that name."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, Layer]:
        return {str(layer.name): layer for layer in self.layers}

    def windows(self, name: str) -> list[tuple[int, int]]:
        """Return (kernel, stride) of what slides on the way from the input to a layer.

        Where the way branches, the branch with the larger receptive field counts.
        """
        found: list[tuple[int, int]] = []
        while name != INPUT:
            layer = self.layer(name)
            found[:0] = sliding(layer)
            name = max(sources(layer), key=self._field)
        return found

    def _field(self, name: str) -> int:
        seen = None if name == INPUT else self.table.row(name).receptive_field
        return seen[0] if seen else 1

    def weighted_source(self, name: str) -> str | None:
        """Return the nearest layer with parameters that leads to this one, if there is one."""
        for source in sources(self.layer(name)):
            while source != INPUT and not self.parameters[source]:
                source = sources(self.layer(source))[0]  # noqa: PLW2901
            if source != INPUT:
                return source
        return None


def network_of(layers: Sequence[object]) -> Network:
    """Return a list of `counting` layers as a network that a test can ask about.

    Raises:
        TypeError: an element is not a layer description.
        ValueError: it cannot be counted, or there are no questions about a layer of that kind.
    """
    of_all = table(list(layers))
    first, *others = [layer for layer in layers if isinstance(layer, Layer)]
    before = first.name or INPUT
    own = {before: INPUT}
    described: list[Layer] = []
    for layer, row in zip(others, of_all, strict=True):
        if not isinstance(layer, KINDS):
            known = ", ".join(kind.__name__ for kind in KINDS)
            raise ValueError(
                f"There are no questions about {row.name!r} ({layer.kind}). A test asks about: "
                f"{known}. An activation belongs into the layer before it."
            )
        _refuse_oblong(layer, row.name)
        after = layer.after or before
        names = (after,) if isinstance(after, str) else after
        described.append(
            replace(layer, name=row.name, after=tuple(own.get(name, name) for name in names))
        )
        before = row.name
    if not described:
        raise ValueError("A test needs at least one layer after the input.")
    return Network(of_all.inputs[0], tuple(described), of_all)


def sources(layer: Layer) -> tuple[str, ...]:
    """Return the names of the layers whose outputs a layer of a network takes."""
    assert isinstance(layer.after, tuple)
    return layer.after


def counted(layer: Layer, shapes: Mapping[str, Shape]) -> Count:
    """Return what a layer makes of its sources if they have these shapes.

    Raises:
        ValueError: it cannot take them.
    """
    return layer.count(*(shapes[name] for name in sources(layer)))


def _refuse_oblong(layer: Layer, name: str) -> None:
    for argument in ("kernel_size", "pool_size", "strides"):
        value = getattr(layer, argument, None)
        if isinstance(value, tuple | list) and len(set(value)) > 1:
            raise ValueError(
                f"{name!r} ({layer.kind}) has {argument} {tuple(value)}. A test asks about square "
                "windows and equal steps only: write one number."
            )
    if max(size_of(getattr(layer, "dilation_rate", 1)), getattr(layer, "groups", 1)) > 1:
        raise ValueError(
            f"{name!r} ({layer.kind}) is dilated or grouped: a test has no words for it."
        )


def size_of(value: object) -> int:
    """Return the side of a square window, or the step, from one number or two equal ones."""
    return int(value[0]) if isinstance(value, tuple | list) else int(str(value))


def stride_of(layer: Layer) -> int:
    """Return the steps of what slides; of pooling, by default the size of its window."""
    if isinstance(layer, Pooling) and layer.strides is None:
        return size_of(layer.pool_size)
    return size_of(layer.strides) if isinstance(layer, Convolution | Pooling) else 1


def sliding(layer: Layer) -> Iterator[tuple[int, int]]:
    """Yield (kernel, stride) of a layer that slides a window, nothing for another one."""
    if isinstance(layer, Convolution):
        yield size_of(layer.kernel_size), stride_of(layer)
    elif isinstance(layer, Pooling):
        yield size_of(layer.pool_size), stride_of(layer)
