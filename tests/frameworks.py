"""Keras and TensorFlow, imported where a test first uses them: that takes seconds.

A test that uses them is marked `tensorflow`; `conftest.py` fails one that is not.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cnn_course  # noqa: F401 - before TensorFlow, which it keeps quiet


class _Late:
    """A module that is imported when something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest asks each name of a file whether it is a fixture
            raise AttributeError(name)
        return getattr(importlib.import_module(self._name), name)


keras: Any = _Late("keras")
layers: Any = _Late("keras.layers")
tf: Any = _Late("tensorflow")


@contextmanager
def without_weights() -> Iterator[None]:
    """Build networks that are only counted or drawn: their millions of weights get no values."""
    with keras.StatelessScope(initialize_variables=False):
        yield
    keras.utils.clear_session(free_memory=False)  # else the next scope gives them values after all
