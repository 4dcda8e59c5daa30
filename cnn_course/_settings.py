"""Settings of a person that reach a notebook's kernel: which are in the way, and what to do.

`cnn-course` keeps them out of the kernels that it starts. In JupyterLab nobody can, and a chapter
would fail far below its first cell, in words that do not name the setting.
"""

import builtins
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NAMES = re.findall(
    r"\w+",
    "abs all any bool dict enumerate filter float int isinstance len list map max min next pow "
    "print range reversed round set sorted str sum tuple type zip",
)
_KERAS = {"floatx": "float32", "image_data_format": "channels_last", "epsilon": 1e-7}


class SettingsError(RuntimeError):
    """Settings with which chapters fail. A notebook shows the message alone."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def find_home() -> None:
    """Take an empty HOME for none, and where nobody knows of one, take a temporary folder.

    So it is with `docker run --user 1234`, and many a tool fails there that keeps a setting.
    """
    if not os.environ.get("HOME", "unset"):
        del os.environ["HOME"]
    if os.path.expanduser("~") == "~" and hasattr(os, "getuid"):
        home = Path(tempfile.gettempdir(), f"cnn-course-{os.getuid()}")
        home.mkdir(mode=0o700, exist_ok=True)
        if home.lstat().st_uid == os.getuid():  # else somebody lays settings under our feet
            os.environ["HOME"] = str(home)


def check_settings() -> None:
    """Refuse, in a notebook's kernel, settings that chapters fail with; tell of others.

    Raises:
        SettingsError: there are some; the message names each of them, and what to do.
    """
    get_shell = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell: Any = get_shell() if get_shell else None
    if not hasattr(shell, "kernel"):
        return
    for name in ("PYTHONSTARTUP", "MATPLOTLIBRC"):
        if value := os.environ.get(name):
            note = f"{name} is set to {value}: what you see may differ from the pages."
            print(f"{note} {_unset(name)}", file=sys.stderr)
    if found := [*_of_the_environment(), *_of_keras(), *_of_names(shell.user_ns)]:
        raise SettingsError("\n".join(["the chapters fail with these settings.", *found]))


def _unset(name: str) -> str:
    return f"To do without it: close JupyterLab, type `unset {name}`, and start it again."


def _of_the_environment() -> Iterator[str]:
    told = {
        name: value
        for name, value in os.environ.items()
        if name in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")
        or (name == "KERAS_NNX_ENABLED" and value.lower() not in ("", "0", "false"))
        or (name == "KERAS_BACKEND" and value not in ("", "tensorflow"))
        or (name == "PYTHONWARNINGS" and any(map(_is_error, sys.warnoptions)))
        or (name == "TMPDIR" and set("{}").intersection(tempfile.gettempdir()))
    }
    if not __debug__:
        told |= {"PYTHONOPTIMIZE": os.environ.get("PYTHONOPTIMIZE", "-O")}
    reasons = {
        "KERAS_BACKEND": "the course computes with TensorFlow",
        "KERAS_NNX_ENABLED": "the course computes with TensorFlow",
        "PYTHONOPTIMIZE": "it switches off every `assert`, and a chapter proves its claims by them",
        "PYTHONWARNINGS": "it makes errors of warnings that TensorFlow gives",
        "TMPDIR": "Keras takes what stands in braces for a name",
    }
    for name, value in told.items():
        reason = reasons.get(name, "Keras ends every training early")
        yield f"{name} is set to {value!r}: {reason}. {_unset(name)}"


def _is_error(option: str) -> bool:
    action = option.partition(":")[0].strip()
    return bool(action) and "error".startswith(action)


def _of_keras() -> Iterator[str]:
    home = os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")
    file = Path(os.path.abspath(home)) / "keras.json"
    remedy = "Correct it or remove the file, and run this cell again."
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return  # then Keras does without it
    except OSError as error:
        yield f"{file} cannot be read: {error.strerror}. {remedy}"
        return
    if not isinstance(said, dict):
        yield f"{file} holds no settings of Keras. {remedy}"
        return
    for name, right in _KERAS.items():
        if said.get(name, right) != right:
            yield f"{file} sets {name} to {said[name]!r}; the course needs {right!r}. {remedy}"


def _of_names(names: dict[str, object]) -> Iterator[str]:
    """Yield which of Python's own functions a start-up file, or a cell, has replaced."""
    now = {name: names.get(name, vars(builtins)[name]) for name in _NAMES}
    replaced = [name for name, one in now.items() if getattr(one, "__module__", "") != "builtins"]
    if replaced:
        startup = os.environ.get("PYTHONSTARTUP")
        where = f"PYTHONSTARTUP, {startup}," if startup else "a start-up file of IPython, or a cell"
        yield (
            f"{', '.join(replaced)}: {where} has put something else in the place of what Python "
            f"means by this. Take that away there, and restart the kernel."
        )
