"""A short text with headings and tables, written as Markdown and as HTML from one source."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_MARKS = re.compile(r"([\\`*_\[\]<>|#$~&])")
_LONGEST = 200


@dataclass(frozen=True)
class Heading:
    """A heading below the title."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """One paragraph."""

    text: str


@dataclass(frozen=True)
class Grid:
    """A table. The last column is wide where its cells are empty: there somebody writes.

    Attributes:
        head: names of the columns.
        rows: their cells.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Grid


@dataclass(frozen=True, repr=False)
class Document:
    """A title and what stands below it. Its text is Markdown; a notebook shows HTML.

    Nothing in it is taken for markup: names of students may hold anything.

    Attributes:
        title: the first line.
        blocks: headings, paragraphs and tables in their order.
    """

    title: str
    blocks: tuple[Block, ...]

    def __str__(self) -> str:
        parts = [f"# {_quoted(self.title)}", *map(_as_markdown, self.blocks)]
        return "\n\n".join(parts) + "\n"

    def __repr__(self) -> str:
        return str(self)

    def html(self) -> str:
        """Return it as an HTML fragment whose headings are those of a page of its own."""
        parts = [f"<h1>{escape(self.title)}</h1>", *map(_as_html, self.blocks)]
        return "\n".join(parts) + "\n"

    def _repr_html_(self) -> str:
        # Inside a chapter its headings are none: they would get into the outline of the page.
        inner = re.sub(r"<(/?)h[12]>", _bold, self.html())
        return f'<div class="class-test">\n{inner}</div>'


def on_one_line(text: str) -> str:
    """Return somebody's text without line breaks and unprintable signs, shortened."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())[:_LONGEST]


def _bold(tag: re.Match[str]) -> str:
    return "</strong></p>" if tag[1] else "<p><strong>"


def _quoted(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)


def _as_markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"## {_quoted(block.text)}"
    if isinstance(block, Paragraph):
        return _quoted(block.text)
    head, *rows = ([_quoted(cell) for cell in row] for row in (block.head, *block.rows))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines])


def _as_html(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h2>{escape(block.text)}</h2>"
    if isinstance(block, Paragraph):
        return f"<p>{escape(block.text)}</p>"
    head = "".join(f'<th scope="col" {_LEFT}>{escape(name)}</th>' for name in block.head)
    rows = "\n".join(_row(row) for row in block.rows)
    return f"<table>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>"


# JupyterLab puts what stands in a table to the right.
_LEFT = 'style="text-align: left"'


def _row(cells: Sequence[str]) -> str:
    first, *others = (escape(cell) for cell in cells)
    inner = "".join(f"<td {_LEFT}>{cell}</td>" for cell in others)
    return f'<tr><th scope="row" {_LEFT}>{first}</th>{inner}</tr>'
