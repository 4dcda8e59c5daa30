"""Files of questions for Moodle: fields inside a text, which Moodle calls cloze, and the XML.

A field is written as Moodle's own importer reads it (`question/type/multianswer/questiontype.php`
and `question/format/xml/format.php`); a part that it does not understand would stay as text.
"""

import re
from collections.abc import Iterable
from html import escape
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from cnn_course.press.classroom.pages import MADE_BY

_WHOLE = 100  # percent
# A choice and what is said about it are decoded once and then are HTML. What ends them, or means
# something else, is an entity of that HTML, and its own # has a backslash.
_SPECIAL = {ord(sign): f"&amp;\\#{ord(sign)};" for sign in "&<>\"'\\~{}#"}
_PLAIN = re.compile(r"[\w.:+-]+")  # a number, with its tolerance or without, or a word
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Option(NamedTuple):
    """What can be answered, how much of the field's points it earns, and what is said then."""

    value: str  # a number, `143` or `2.303:0.01` with a tolerance; else plain text
    percent: int = 0
    feedback: str = ""


def shown(text: str) -> str:
    """Return plain text as HTML in which no field begins."""
    return without_fields(escape(text))


def without_fields(html: str) -> str:
    """Return HTML that shows the same, and in which no field begins."""
    return html.replace("{", "&#123;")


def field(kind: str, options: Iterable[Option], points: int = 1) -> str:
    """Return a field of a question's text.

    Args:
        kind: `"NM"` a number, `"SA"` a word of letters, digits and underscores, `"MC"` a choice.
        options: the first one of a value counts. A number is compared with one after the other.
        points: what the field is worth.

    Raises:
        ValueError: Moodle would refuse it, or read another one: nothing is right, there is nothing
            to choose from, or a value is empty or, but for a choice, no plain number or word.
    """
    different: dict[str, Option] = {}
    for option in options:
        different.setdefault(option.value, option)
    if all(option.percent != _WHOLE for option in different.values()):
        raise ValueError(f"No option of a field is right: {', '.join(different)}.")
    if kind == "MC" and len(different) < 2:
        raise ValueError(f"There is nothing to choose from: {', '.join(different)}.")
    for value in different:
        if not (value.strip() if kind == "MC" else _PLAIN.fullmatch(value)):
            raise ValueError(f"{value!r} cannot be an option of a field {kind}.")
    written = "~".join(_written(kind, option) for option in different.values())
    return f"{{{points}:{kind}:{written}}}"


def _written(kind: str, option: Option) -> str:
    value = _quoted(option.value) if kind == "MC" else option.value
    worth = "=" if option.percent == _WHOLE else f"%{option.percent}%"
    return f"{worth}{value}#{_quoted(option.feedback)}" if option.feedback else f"{worth}{value}"


def _quoted(text: str) -> str:
    return " ".join(text.split()).translate(_SPECIAL)


def category(*names: str, info: str = "") -> Element:
    """Return what says to which category the questions behind it belong; `info` is HTML."""
    path = "/".join(["$course$", "top", *(name.replace("/", "//") for name in names)])
    made = Element("question", type="category")
    _add_text(made, "category", path)
    _add_text(made, "info", info, format="html")
    return made


def cloze(name: str, number: str, text: str, feedback: str, hints: Iterable[str] = ()) -> Element:
    """Return a question with fields.

    Args:
        name: in the list of questions.
        number: its own in the category, Moodle's "ID number".
        text: HTML with fields.
        feedback: HTML that is shown at the end.
        hints: HTML, one for each try that may be repeated.
    """
    made = _question("cloze", name, number, text, feedback)
    for hint in hints:
        _add_text(made, "hint", hint, format="html")
    return made


def multiple_choice(name: str, number: str, text: str, options: Iterable[Option]) -> Element:
    """Return a question of which one option is right, in a new order for everyone."""
    made = _question("multichoice", name, number, text)
    for tag, content in (("defaultgrade", "1"), ("single", "true"), ("shuffleanswers", "true")):
        add(made, tag, content)
    add(made, "answernumbering", "abc")
    for option in options:
        answer = add(made, "answer", fraction=str(option.percent), format="html")
        add(answer, "text", escape(option.value))
        _add_text(answer, "feedback", escape(option.feedback), format="html")
    return made


def add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """Return a new element at the end of `parent`."""
    child = ElementTree.SubElement(parent, tag, attributes)
    child.text = text
    return child


def as_file(questions: Iterable[Element]) -> str:
    """Return questions and categories as Moodle XML."""
    root = Element("quiz")
    root.extend(questions)
    ElementTree.indent(root)
    return as_xml(root)


def as_xml(root: Element) -> str:
    """Return an XML document; signs that XML has not are left out."""
    for element in root.iter():
        element.text = _NOT_IN_XML.sub("", element.text or "") or None
        for name, value in element.items():
            element.set(name, _NOT_IN_XML.sub("", value))
    content = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {MADE_BY} -->\n{content}\n'


def _question(kind: str, name: str, number: str, text: str, feedback: str = "") -> Element:
    made = Element("question", type=kind)
    _add_text(made, "name", name)
    _add_text(made, "questiontext", text, format="html")
    _add_text(made, "generalfeedback", feedback, format="html")
    # Another try costs nothing, where a quiz allows one.
    for tag, content in (("penalty", "0"), ("hidden", "0"), ("idnumber", number)):
        add(made, tag, content)
    return made


def _add_text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    add(add(parent, tag, **attributes), "text", text)
