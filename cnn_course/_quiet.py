"""Keep four false alarms from learners: one of TensorFlow's import, three of models.

TensorFlow 2.19 and later write a page about their own build to the process's standard error before
they read `TF_CPP_MIN_LOG_LEVEL` (tensorflow issue 100442), so the variable alone no longer helps.
Keras 3.15 warns whenever `fit` gets a `tf.data.Dataset`, though nobody asked it to shuffle. Where
several models are prepared once each, TensorFlow warns as if one were prepared again and again.
Keras 3.10, which Colab has, wants a list of one where a model that it made takes one input.
"""

import importlib.util
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_STANDARD_ERROR = 2  # the file descriptor: the messages come from compiled code


class _QuietImport(MetaPathFinder):
    """Sets standard error aside during the first import of TensorFlow, then retires."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_quietly(module: ModuleType) -> None:
                with _standard_error_set_aside():
                    run(module)

            spec.loader.exec_module = run_quietly  # type: ignore[method-assign]
        return spec


@contextmanager
def _standard_error_set_aside() -> Iterator[None]:
    kept = os.dup(_STANDARD_ERROR)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), _STANDARD_ERROR)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())  # an import that fails keeps every word
            raise
        finally:
            os.dup2(kept, _STANDARD_ERROR)
            os.close(kept)


def _not_about_retracing(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in str(record.msg)


def quiet_tensorflow() -> None:
    """Make the coming import of TensorFlow quiet; without effect when it is imported already."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").addFilter(_not_about_retracing)
    warnings.filterwarnings("ignore", "`shuffle=True` was passed, but will be ignored")
    warnings.filterwarnings("ignore", "The structure of `inputs` doesn't match the expected")
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _QuietImport())
