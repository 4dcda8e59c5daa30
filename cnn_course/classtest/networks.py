"""Class tests about a network that stands in a file."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from cnn_course import counting
from cnn_course.arguments import did_you_mean, one_of
from cnn_course.classtest.class_test import ClassTest, about
from cnn_course.classtest.questions import INPUT, KINDS, LAYERS

CHAPTER_8: Final = Path(__file__).with_name("chapter-8.toml")  # the test of the chapter
_KINDS: Final = {one.__name__: one for one in (counting.Input, *LAYERS)}


def read(file: Path) -> ClassTest:
    """Return the test about the network in a TOML file, such as `chapter-8.toml` beside this one.

    Each `[[layers]]` has a `kind`, the name of a layer of `counting`, and what that layer takes;
    the first one is an `Input`. `title` and `ask` are those of `about`.

    Raises:
        OSError: there is no such file.
        ValueError: it holds no network that a test can ask about; the message says where.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        for name in content:
            one_of("What stands in it", name, ("title", "ask", "layers"))
        layers = content.get("layers")
        if not isinstance(layers, list) or not layers:
            raise ValueError(f"it has no [[layers]]; the first one is an Input, called {INPUT}.")
        described = [_layer(number, table) for number, table in enumerate(layers, start=1)]
        title = str(content.get("title", "Class test"))
        return about(described, title, tuple(content.get("ask", KINDS)))
    except (TypeError, ValueError) as error:  # what TOML refuses is a ValueError, too
        raise ValueError(f"{file}: {error}") from None


def _layer(number: int, table: Any) -> counting.Layer:
    if not isinstance(table, dict) or "kind" not in table:
        raise ValueError(f'layer {number} has no kind, such as kind = "Conv2D".')
    given = {name: tuple(one) if isinstance(one, list) else one for name, one in table.items()}
    kind = one_of(f"The kind of layer {number}", given.pop("kind"), _KINDS)
    known = [field.name for field in fields(_KINDS[kind])]
    if unknown := next((name for name in given if name not in known), None):
        raise ValueError(f"layer {number} takes no {unknown!r}.{did_you_mean(unknown, known)}")
    try:
        return _KINDS[kind](**given)
    except (TypeError, ValueError) as error:
        raise ValueError(f"layer {number}: {error}") from None
