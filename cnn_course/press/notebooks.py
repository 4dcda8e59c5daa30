"""Notebooks as data: read them, give them a parameter, take over outputs, compare, write."""

import base64
import copy
import io
import json
import re
import reprlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

from cnn_course.files import digest
from cnn_course.press.project import Chapter, PressError

Notebook = dict[str, Any]
Cell = dict[str, Any]
Output = dict[str, Any]

_CHECK = re.compile(r'(?m)^check\("([a-z0-9-]+)"')
_WIDGET = "application/vnd.jupyter.widget-view+json"
KERNELSPEC = {"name": "python3", "language": "python", "display_name": "Python 3"}

_TEXT = (str, [str])  # a text, or its lines
_LEVELS = 100  # lists and mappings in each other; what takes them apart calls itself for each

# Written by tools at every run or click; says nothing about the chapter.
_PASSING_METADATA = ("execution", "papermill", "ExecuteTime", "collapsed", "scrolled", "trusted")


def read(file: Path) -> Notebook:
    """Return a notebook whose multi-line texts are single strings, and whose cells lack no field.

    Raises:
        PressError: the file is no notebook of format 4; the message says what in it is wrong.
    """
    try:
        notebook = json.loads(file.read_text(encoding="utf-8"))
        json.dumps(notebook, ensure_ascii=False).encode()  # half a sign can be read, not written
        if isinstance(notebook, dict) and notebook.get("nbformat") == 4:
            fault = next(_faults(notebook), "")
        else:
            fault = "its format is not 4; JupyterLab saves it so"
    except FileNotFoundError:
        raise PressError(f"{file} does not exist.") from None
    except (ValueError, RecursionError) as error:
        fault = str(error)
    if fault:
        raise PressError(
            f"{file} is not a notebook: {fault.rstrip('.')}. Get back one that JupyterLab opens."
        )
    notebook.setdefault("metadata", {})
    for cell in notebook["cells"]:
        cell["source"] = _joined(cell.get("source", ""))
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = _joined(output["text"])
            for kind, value in output.get("data", {}).items():
                if not kind.endswith("json"):
                    output["data"][kind] = _joined(value)
    return notebook


def _faults(notebook: Notebook) -> Iterator[str]:
    """Yield what no tool takes for a notebook; what follows a fault may rely on its absence."""
    yield from _odd(notebook, "the file", cells=list, nbformat=int)
    yield from _odd(notebook, "the file", optional=True, metadata=dict, nbformat_minor=int)
    about = notebook.get("metadata", {})
    yield from _odd(about, "the metadata", optional=True, kernelspec=dict, language_info=dict)
    for number, cell in enumerate(notebook["cells"], start=1):
        where = f"cell {number}"
        yield from _odd(cell, where, cell_type=("code", "markdown", "raw"))
        yield from _odd(cell, where, optional=True, source=_TEXT, metadata=dict, id=str)
        yield from _odd(cell, where, optional=True, outputs=[dict], attachments=dict)
        files = cell.get("attachments", {})
        yield from _odd(files, f"an attachment of {where}", **dict.fromkeys(files, dict))
        yield from _odd(cell.get("metadata", {}), where, optional=True, tags=[str])
        for output in cell.get("outputs", []):
            yield from _odd(output, f"an output of {where}", output_type=str)
            yield from _odd(output, f"an output of {where}", optional=True, text=_TEXT, data=dict)
            data = output.get("data", {})
            texts = (kind for kind in data if not kind.endswith("json"))
            yield from _odd(data, f"an output of {where}", **dict.fromkeys(texts, _TEXT))
    level: list[Any] = [notebook]
    for _ in range(_LEVELS):
        insides = (one.values() if isinstance(one, dict) else one for one in level)
        level = [item for inside in insides for item in inside if isinstance(item, dict | list)]
    if level:
        yield f"it is nested deeper than {_LEVELS} levels"


def _odd(value: Any, where: str, *, optional: bool = False, **right: Any) -> Iterator[str]:
    """Yield the fields of `value` that are missing or of another kind than is right."""
    if not isinstance(value, dict):
        yield f"{where} is {reprlib.repr(value)}"
        return
    for name, kind in right.items():
        if name in value and not _is(value[name], kind):
            yield f"{name!r} of {where} is {reprlib.repr(value[name])}"
        elif name not in value and not optional:
            yield f"{where} has no {name!r}"


def _is(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a type, a list of it, or one of several things."""
    match kind:
        case [one] if isinstance(kind, list):
            return isinstance(value, list) and all(_is(item, one) for item in value)
        case type():
            return isinstance(value, kind) and not isinstance(value, bool)
        case tuple():
            return any(_is(value, one) for one in kind)
    return bool(value == kind)


def dumps(notebook: Notebook) -> str:
    """Return the text of a notebook's file, in the layout that JupyterLab writes."""
    import nbformat  # noqa: PLC0415 - a second that most commands need not spend

    return nbformat.writes(nbformat.from_dict(notebook)) + "\n"


def code_cells(notebook: Notebook) -> list[Cell]:
    """Return the cells with code, in order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def tags(cell: Cell) -> list[str]:
    """Return a cell's tags."""
    return list(cell.get("metadata", {}).get("tags", []))


def exercises(cell: Cell) -> list[str]:
    """Return the names of the exercises that a cell asks to be answered."""
    return _CHECK.findall(cell["source"]) if "exercise" in tags(cell) else []


def code(notebook: Notebook) -> list[tuple[str, list[str]]]:
    """Return what a run of a notebook depends on: each code cell's source, and its tags."""
    return [(cell["source"], tags(cell)) for cell in code_cells(notebook)]


def outputs_digest(notebook: Notebook) -> str:
    """Return the digest of a notebook's outputs, whatever the number of the run."""
    outputs = [
        [{**output, "execution_count": None} for output in cell.get("outputs", [])]
        for cell in code_cells(notebook)
    ]
    return digest(json.dumps(outputs, sort_keys=True))


def for_profile(
    chapter: Chapter, profile: str, base: str = "", seed: int | None = None
) -> Notebook:
    """Return a chapter as it is run with a profile, on another base, or with another seed.

    Raises:
        PressError: the notebook cannot be read, or takes no profile, no other base, or no seed.
    """
    wanted = {"profile": profile, "base_name": base or None, "seed": seed}
    try:
        notebook = read(chapter.file)
        for name, value in wanted.items():
            notebook = notebook if value is None else with_parameter(notebook, name, value)
        return notebook
    except PressError as error:
        raise PressError(f"{chapter.name}: {error}") from None


def with_parameter(notebook: Notebook, name: str, value: str | int) -> Notebook:
    """Return a copy whose cell tagged `parameters` assigns `value` to `name`.

    The cell itself is changed, and none is added: so the page shows the value that was used, and
    cells are counted, also in tracebacks, as a learner's JupyterLab counts them.

    Raises:
        PressError: there is no such cell, or it does not assign `name`.
    """
    written = json.dumps(value)
    assignment = re.compile(rf"(?m)^({name}\b[^=\n]*= *)(\"[^\"\n]*\"|'[^'\n]*'|\d+)")
    changed = copy.deepcopy(notebook)
    for cell in code_cells(changed):
        if "parameters" not in tags(cell):
            continue
        source, found = assignment.subn(lambda old: old[1] + written, cell["source"], count=1)
        if not found:
            raise PressError(
                f"The cell tagged `parameters` does not assign `{name}`. "
                f"Write there: {name} = {written}"
            )
        cell["source"] = source
        return changed
    raise PressError(f"No cell is tagged `parameters`. Tag the one with {name} = {written}.")


def finish(source: Notebook, executed: Notebook) -> Notebook:
    """Return `source` with the outputs of `executed`, and nothing that differs between equal runs.

    `executed` are the same cells after the run, with what the tools add.
    """
    result = copy.deepcopy(source)
    for cell, ran in zip(result["cells"], executed["cells"], strict=True):
        if cell["cell_type"] == "code":
            cell["outputs"] = list(_as_shown(ran["outputs"]))
    language = dict(executed["metadata"].get("language_info", {}))
    language.pop("version", None)  # the page does not show it, and it differs between machines
    result["metadata"] |= {"kernelspec": dict(KERNELSPEC), "language_info": language}
    shown = (output.get("data", {}) for cell in code_cells(result) for output in cell["outputs"])
    if "widgets" in executed["metadata"] and any(_WIDGET in data for data in shown):
        result["metadata"]["widgets"] = executed["metadata"]["widgets"]
    return tidy(result)


def tidy(notebook: Notebook) -> Notebook:
    """Return `notebook` with execution counts 1..n and without passing metadata, in place."""
    for cell in notebook["cells"]:
        for key in _PASSING_METADATA:
            cell["metadata"].pop(key, None)
    count = 0
    for cell in code_cells(notebook):
        if not cell["source"].strip():
            cell["execution_count"] = None  # Jupyter does not run an empty cell
            continue
        count += 1
        cell["execution_count"] = count
        for output in cell["outputs"]:
            if output["output_type"] == "execute_result":
                output["execution_count"] = count
    notebook["metadata"].pop("papermill", None)
    return notebook


def with_outputs(stored: Notebook, ran: Notebook) -> Notebook:
    """Return `stored` with those outputs of `ran`, the same code after a run, that differ.

    Texts are compared as they are, pictures pixel by pixel: two machines may compress the same
    picture into different bytes.
    """
    result = copy.deepcopy(stored)
    for cell, fresh in zip(code_cells(result), code_cells(ran), strict=True):
        old, new = cell.get("outputs", []), fresh["outputs"]
        if len(old) != len(new) or not all(map(_same_output, old, new)):
            cell["outputs"] = new
    about = result["metadata"]
    about |= {"kernelspec": dict(KERNELSPEC)}
    about.setdefault("language_info", ran["metadata"]["language_info"]).pop("version", None)
    if "widgets" in ran["metadata"]:
        about["widgets"] = ran["metadata"]["widgets"]
    return tidy(result)


def _same_output(one: Output, other: Output) -> bool:
    one, other = ({**each, "execution_count": None} for each in (one, other))
    return one == other or _with_pixels(one) == _with_pixels(other)


def _with_pixels(output: Output) -> Output:
    """Return an output with its pictures decompressed."""
    from PIL import Image  # noqa: PLC0415 - only `--save` compares pictures

    data = dict(output.get("data", {}))
    for kind in data.keys() & {"image/png", "image/jpeg"}:
        with (
            suppress(OSError, ValueError),  # a stored picture that is none equals no fresh one
            Image.open(io.BytesIO(base64.b64decode(data[kind]))) as picture,
        ):
            data[kind] = picture.size, picture.convert("RGBA").tobytes()
    return {**output, "data": data}


def _as_shown(outputs: list[Output]) -> Iterator[Output]:
    """Yield outputs with neighbouring pieces of the same stream joined.

    The kernel sends a stream in pieces whose number depends on timing. A widget is left out where
    there is HTML beside it that does the same without a kernel.
    """
    for _, group in groupby(copy.deepcopy(outputs), lambda one: one.get("name") or id(one)):
        first, *others = group
        if first["output_type"] == "stream":
            first["text"] += "".join(one["text"] for one in others)
        if "text/html" in first.get("data", {}):
            first["data"].pop(_WIDGET, None)
        yield first


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
