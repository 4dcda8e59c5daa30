"""Pages of a class test: one file that needs no other, for the screen and for A4."""

from collections.abc import Iterable, Iterator
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Final

#: Stands in every file of a class: another version may make other tests.
MADE_BY: Final = f"cnn-course {version('cnn-course')}"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="{made_by}">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}</main>
</body>
</html>
"""


def page(title: str, bodies: Iterable[str], css: str = "") -> Iterator[str]:
    """Yield a page as HTML, in parts: it may be that of a whole class.

    Args:
        title: nothing in it is taken for markup.
        bodies: each is HTML, and begins on a sheet of its own.
        css: name of a file beside this one, whose styles come after those of every page.
    """
    here = Path(__file__).parent
    style = "".join(
        (here / name).read_text(encoding="utf-8") for name in ("sheet.css", css) if name
    )
    head, _, foot = _PAGE.partition("{body}")
    yield head.format(made_by=MADE_BY, title=escape(title), style=style)
    yield from (f"<article>\n{one}\n</article>\n" for one in bodies)
    yield foot
