"""Reads the answers in the notebook of a sheet without running anything."""

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from cnn_course.press import notebooks
from cnn_course.press.notebooks import Notebook

ABOUT: Final = ("student", "number", "test")
_ANSWERS = re.compile(r"(?m)^answers\s*=(?!=)")
_MORE_ANSWERS = re.compile(r"(?m)^\s*answers(?:\[.*\]\s*=(?!=)|\.update\(|\s*\|=)")
_LARGEST: Final = 10**18  # no answer is, and arithmetic beyond it could take for ever
_LARGEST_POWER: Final = 60
_OPERATIONS: Final[Mapping[type, Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def answers_of(notebook: Notebook) -> tuple[dict[str, str], list[str]]:
    """Return the row of a sheet, empty if it has none, and what is wrong with it.

    The row has `student`, `number`, `test` and the names of the questions, each with its text.
    """
    sources = [cell["source"] for cell in notebooks.code_cells(notebook)]
    lines = sum(len(_ANSWERS.findall(source)) for source in sources)
    if lines != 1:
        return {}, [f"{lines or 'no'} lines begin with `answers =`, and a sheet has one"]
    (source,) = filter(_ANSWERS.search, sources)
    try:
        named = list(_named(ast.parse(source)))
        texts = {name: _text(node, name) for name, node in named}
    except (MemoryError, RecursionError, SyntaxError, ValueError) as error:
        where = f": `{error.text.strip()}`" if isinstance(error, SyntaxError) and error.text else ""
        return {}, [f"its answers cannot be read, {getattr(error, 'msg', error)}{where}"]
    problems = [] if texts.get("test") else ["it does not say which test it is"]
    if any(map(_MORE_ANSWERS.search, sources)):
        problems.append("answers that are set by a line of their own are not read")
    row = dict.fromkeys(ABOUT, "")
    for name, node in named:
        text = texts[name]
        if text is None:
            text = " ".join((ast.get_source_segment(source, node) or "").split())
            problems.append(f"{name} is neither a value nor arithmetic: {text}")
        row[name] = text
    return row, problems


def _named(cell: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield what a cell says about the student, and the answers of its dictionary, by name."""
    for statement in cell.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="answers")], value=ast.Dict() as answers):
                for key, value in zip(answers.keys, answers.values, strict=True):
                    if not isinstance(key, ast.Constant):
                        raise ValueError("the name of a question has no quotation marks")
                    yield str(key.value), value
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in ABOUT:
                yield name, value
            case ast.Assign(targets=[ast.Name(id="answers")]):
                raise ValueError("they are not between { and }")


def _text(node: ast.expr, name: str) -> str | None:
    """Return an answer as the marking reads it, empty where it is open; None if it is no value."""
    match node:
        case ast.Constant(value=None):
            return ""
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            sizes = [_plain(part) for part in parts]
            if set(sizes) <= {"..."}:
                return ""
            return None if None in sizes else f"({', '.join(filter(None, sizes))})"
    plain = _plain(node)
    # A receptive field is marked as one or two sizes, which have no calculation before them.
    if isinstance(node, ast.BinOp) and plain and not name.endswith("receptive field"):
        return f"{ast.unparse(node)} = {plain}"
    return "" if plain == "..." else plain


def _plain(node: ast.expr) -> str | None:
    """Return the text of one value, a number or a word; None if it is something else."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return node.value.strip()
        if node.value is ...:
            return "..."
        if node.value is None or isinstance(node.value, bool):
            return str(node.value)
    number = _number(node)
    return None if number is None else str(number)


def _number(node: ast.expr) -> float | None:
    """Return the result of arithmetic with numbers; None if it is something else, or too large."""
    result: object = None
    match node:
        case ast.Constant(value=int() | float() as value):
            result = value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            number = _number(operand)
            result = -number if number is not None and isinstance(sign, ast.USub) else number
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _OPERATIONS:
            one, other = _number(left), _number(right)
            if one is None or other is None:
                return None
            if isinstance(operation, ast.Pow) and abs(other) > _LARGEST_POWER:
                return None
            with suppress(ArithmeticError):
                result = _OPERATIONS[type(operation)](one, other)
    return result if isinstance(result, int | float) and abs(result) <= _LARGEST else None
