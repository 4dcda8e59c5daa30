"""What a test asks about its network, and what is right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from cnn_course.classtest import slips
from cnn_course.classtest.network import Convolution, Network, counted
from cnn_course.classtest.slips import Slips
from cnn_course.counting import Dense, Layer, Shape

Kind = Literal[
    "shape",
    "parameters",
    "multiplications",
    "receptive field",
    "total parameters",
    "hidden activation",
    "output activation",
]
KINDS: Final[tuple[Kind, ...]] = (
    "shape",
    "parameters",
    "multiplications",
    "receptive field",
    "total parameters",
    "hidden activation",
    "output activation",
)

#: Rectifiers: any of them keeps gradients alive in a deep network.
RECTIFIERS: Final = frozenset({"relu", "leaky relu", "elu", "gelu", "selu", "silu"})
#: Other words for an activation -> the one that Keras uses.
ALIASES: Final = {
    "rectified linear unit": "relu",
    "rectified linear": "relu",
    "rectifier": "relu",
    "leakyrelu": "leaky relu",
    "swish": "silu",
    "logistic": "sigmoid",
    "none": "linear",
    "no": "linear",
    "identity": "linear",
    "hyperbolic tangent": "tanh",
}
_HIDDEN_SLIPS: Final = {
    **dict.fromkeys(("sigmoid", "tanh"), "saturated"),
    "softmax": "output's activation",
    "linear": "no activation",
}
_OUTPUT_SLIPS: Final = {
    "softmax": {"sigmoid": "one probability for each", "relu": "one probability for each"},
    "sigmoid": {"softmax": "softmax for one unit"},
}
#: Every activation that an answer can name.
ACTIVATIONS: Final = RECTIFIERS | _HIDDEN_SLIPS.keys()


@dataclass(frozen=True)
class Question:
    """One question of a test.

    Attributes:
        name: the key of its answer, for example `"conv_1 shape"`.
        kind: what is asked for.
        layer: the layer it is about; None if it is about the whole network.
        text: the question as it stands on the sheet.
        points: what a right answer is worth: one for each size of a shape, two for a
            calculation, one for a word, for a sum, and for a layer that has no parameters.
    """

    name: str
    kind: Kind
    layer: str | None
    text: str
    points: int


@dataclass(frozen=True)
class View:
    """A network as one person has counted it so far; the true one is `true_view`.

    Attributes:
        shapes: layer -> output shape.
        parameters: layer -> parameters.
    """

    shapes: Mapping[str, Shape]
    parameters: Mapping[str, int]


def true_view(network: Network) -> View:
    """Return what is right."""
    return View(network.shapes, network.parameters)


def questions_about(
    network: Network, kinds: tuple[Kind, ...], output: str | None
) -> Iterator[Question]:
    """Yield the questions of these kinds in the order of the network.

    Args:
        network: what they are about.
        kinds: which ones. Multiplications are asked of the last convolution and the first dense
            layer, the receptive field of the last layer that keeps rows and columns.
        output: activation of the last layer; None asks for no activation.
    """
    several = _multiplied(network)
    for layer in network.layers:
        name, shape = str(layer.name), network.shapes[str(layer.name)]
        if "shape" in kinds:
            what = "Shape of the output" if len(shape) == 3 else "Number of output values"
            text = f"{what} of {name}"
            yield Question(f"{name} shape", "shape", name, text, len(shape))
        if "parameters" in kinds:
            text = f"Number of parameters of {name}"
            points = 2 if network.parameters[name] else 1
            yield Question(f"{name} parameters", "parameters", name, text, points)
        if "multiplications" in kinds and name in several:
            text = f"Multiplications of {name} for one picture"
            yield Question(f"{name} multiplications", "multiplications", name, text, 2)
    yield from _about_the_whole(network, kinds, output)


def _about_the_whole(
    network: Network, kinds: tuple[Kind, ...], output: str | None
) -> Iterator[Question]:
    seen = _last_with_places(network)
    if "receptive field" in kinds and seen:
        text = f"Receptive field of one value of {seen}: pixels along one side"
        yield Question(f"{seen} receptive field", "receptive field", seen, text, 2)
    if "total parameters" in kinds:
        text = "Number of parameters of the whole network"
        yield Question("total parameters", "total parameters", None, text, 1)
    if output is None:
        return
    if "hidden activation" in kinds and len(network.layers) > 1:
        text = "A suitable activation of the hidden layers"
        yield Question("hidden activation", "hidden activation", None, text, 1)
    if "output activation" in kinds:
        units = network.shapes[str(network.layers[-1].name)][-1]
        classes = 2 if units == 1 else units
        text = f"A suitable activation of the last layer, which tells {classes} classes apart"
        yield Question("output activation", "output activation", None, text, 1)


def expected(question: Question, network: Network, view: View, output: str | None) -> Slips:
    """Return the right value of a question as seen by `view`, and what each slip would give.

    The value is a shape, a number, or a word.

    Raises:
        ValueError: a layer cannot take the shapes of this view.
    """
    if question.layer is not None:
        return _of_layer(question, network, network.layer(question.layer), view)
    if question.kind == "total parameters":
        kept = sum(row.parameters - row.trainable_parameters for row in network.table)
        return slips.of_total(view.parameters, kept)
    if question.kind == "hidden activation":
        return Slips("relu", dict(_HIDDEN_SLIPS))
    return Slips(output, dict(_OUTPUT_SLIPS.get(str(output), {})))


def _of_layer(question: Question, network: Network, layer: Layer, view: View) -> Slips:
    if question.kind == "shape":
        return Slips(counted(layer, view.shapes).output_shape)
    if question.kind == "parameters":
        return slips.of_parameters(network, layer, view.shapes, view.parameters)
    if question.kind == "multiplications":
        return slips.of_multiplications(layer, view.shapes)
    return slips.of_receptive_field(network, str(layer.name))


def hidden_mistakes(question: Question, network: Network) -> list[str]:
    """Return the slips that would give the right answer, and so would not be found out."""
    view = true_view(network)
    if question.kind == "shape":
        layer = network.layer(str(question.layer))
        found = [slips.of_channels(layer, view.shapes)]
        if len(network.shapes[str(layer.name)]) == 3:
            found.append(slips.of_places(layer, view.shapes))
        return [name for one in found for name in one.hidden]
    return expected(question, network, view, None).hidden


def _multiplied(network: Network) -> set[str]:
    convolutions = [one for one in network.layers if isinstance(one, Convolution)]
    dense = [one for one in network.layers if isinstance(one, Dense)]
    return {str(layer.name) for layer in [*convolutions[-1:], *dense[:1]]}


def _last_with_places(network: Network) -> str | None:
    """Return the last layer whose values see less than the whole input because of their place."""
    fields = [(row.name, row.receptive_field) for row in network.table]
    names = [
        name
        for name, seen in fields
        if seen and len(network.shapes[name]) == 3 and len(set(seen)) == 1
    ]
    return names[-1] if names else None
