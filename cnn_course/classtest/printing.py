"""Class tests on paper: documents as Markdown and as HTML, networks and calculations in words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from cnn_course import counting
from cnn_course.classtest.questions import (
    INPUT,
    LAYERS,
    Network,
    Question,
    sliding,
    sources,
)
from cnn_course.counting import Layer
from cnn_course.tables import html_table

Rows = Sequence[Sequence[str]]
_MARKDOWN_PREFIXES = {"h1": "# ", "h2": "## ", "p": ""}


@dataclass(frozen=True, repr=False)
class Document:
    """Headings, paragraphs and tables. Its text is Markdown; a notebook shows HTML.

    Nothing in it is taken for markup: names of students may hold anything.

    Attributes:
        blocks: what stands in it, in this order: `"h1"`, `"h2"` or `"p"` with its text, and
            `"table"` with its rows, of which the first is the head.
    """

    blocks: tuple[tuple[str, str | Rows], ...]

    @property
    def title(self) -> str:
        """The text of the first block."""
        return str(self.blocks[0][1])

    def __str__(self) -> str:
        return "\n\n".join(_as_markdown(*block) for block in self.blocks) + "\n"

    __repr__ = __str__

    def html(self) -> str:
        """Return it as an HTML fragment whose headings are those of a page of its own."""
        return "\n".join(_as_html(*block) for block in self.blocks) + "\n"

    def _repr_html_(self) -> str:
        # Inside a chapter its headings are none: they would get into the outline of the page.
        inner = re.sub(r"<h[12]>", "<p><strong>", self.html())
        inner = re.sub(r"</h[12]>", "</strong></p>", inner)
        return f'<div class="class-test">\n{inner}</div>'


def _as_html(tag: str, content: str | Rows) -> str:
    return f"<{tag}>{escape(content)}</{tag}>" if isinstance(content, str) else html_table(content)


def _as_markdown(tag: str, content: str | Rows) -> str:
    if isinstance(content, str):
        return _MARKDOWN_PREFIXES[tag] + _without_markup(content)
    head, *rows = (f"| {' | '.join(map(_without_markup, row))} |" for row in content)
    return "\n".join([head, "|" + "---|" * len(content[0]), *rows])


def _without_markup(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|#$~&])", r"\\\1", text)


def network_blocks(network: Network) -> list[tuple[str, str | Rows]]:
    """Return the part of a document that says what the network is."""
    rows = [("layer", "takes", "what it is")]
    for layer in network.layers:
        rows.append((str(layer.name), " and ".join(sources(layer)), _description(layer)))
    opening = f"A picture of {written(network.input)}, called {INPUT}, and these layers:"
    return [("h2", "The network"), ("p", opening), ("table", rows)]


def calculation(question: Question, network: Network) -> str:
    """Return how a person gets the answer."""
    if question.kind == "total parameters":
        return " + ".join(f"{count:,}" for count in network.parameters.values() if count)
    if question.kind == "hidden activation":
        return "Its slope is 1 for positive values, however deep the network is."
    if question.kind == "output activation":
        if network.output_activation == "sigmoid":
            return "One probability, between 0 and 1."
        return "One probability for each class; together they are 1."
    row = network.table.row(str(question.layer))
    if question.kind == "receptive field":  # window by window: 1 + (5 - 1) x 1 + (2 - 1) x 2
        step, text = 1, "1"
        for kernel, stride in network.windows(row.name):
            text += f" + ({kernel} - 1) x {step}" if kernel > 1 else ""
            step *= stride
        return f"{text} = {network.receptive_field(row.name)}"
    return {
        "shape": row.shape_derivation,
        "parameters": row.derivation,
        "multiplications": row.multiplications_derivation,
    }[question.kind]


def _description(layer: Layer) -> str:
    """Return what a layer is: `convolution, 6 filters of 5 x 5, stride 1, padding same`."""
    text = LAYERS[type(layer)][1]
    if isinstance(layer, counting.Dense):
        text += f", {_number_of(layer.units, 'unit')}"
    for kernel, stride in sliding(layer):
        if isinstance(layer, counting.Conv2D):
            text += f", {_number_of(layer.filters, 'filter')} of {kernel} x {kernel}"
        elif isinstance(layer, counting.DepthwiseConv2D):
            text += f", one kernel of {kernel} x {kernel} for each channel"
        else:
            text += f" {kernel} x {kernel}"
        text += f", stride {stride}, padding {getattr(layer, 'padding', '')}"
    return text if getattr(layer, "use_bias", True) else f"{text}, without bias"


def _number_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def written(value: object) -> str:
    """Return a shape, a number or a word as one writes it: `13 x 13 x 6`, `1,024`."""
    if isinstance(value, tuple):
        return " x ".join(map(written, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
