"""Import TensorFlow without four false alarms, and without a tuner that makes learners wait.

TensorFlow 2.19 and later write a page about their own build to the process's standard error before
they read `TF_CPP_MIN_LOG_LEVEL` (tensorflow issue 100442), so the variable alone no longer helps.
Keras 3.15 warns whenever `fit` gets a `tf.data.Dataset`, though nobody asked it to shuffle. Where
several models are prepared once each, TensorFlow warns as if one were prepared again and again.
Keras 3.10, which Colab has, wants a list of one where a model that it made takes one input.

An iterator of `tf.data` has a tuner, a thread that looks at it less and less often. Who lets go of
the iterator, as `fit` does after each epoch, wakes the tuner before it counts as cancelled. Often
the tuner sleeps on then, for up to as long as the epoch took, and everybody waits for it: `fit` on
arrays and small networks took 29 s instead of 20. There is nothing here for it to tune.
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
from typing import Any

_STANDARD_ERROR = 2  # the file descriptor: the messages come from compiled code


class _Import(MetaPathFinder):
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
                _leave_out_the_tuner(module)

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


def _leave_out_the_tuner(tensorflow: ModuleType) -> None:
    """Have data sets with options that say nothing of a tuner, as those of Keras, do without."""
    options = tensorflow.data.experimental.AutotuneOptions
    enabled = options.enabled
    options.enabled = property(lambda self: bool(enabled.fget(self)), enabled.fset)


def without_tuner(batches: Any) -> Any:
    """Return a `tf.data.Dataset` that does without a tuner, and gives the same."""
    import tensorflow as tf  # noqa: PLC0415

    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


def prepare_tensorflow() -> None:
    """Prepare the coming import of TensorFlow; where it is imported, it keeps its tuner."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").addFilter(_not_about_retracing)
    warnings.filterwarnings("ignore", "`shuffle=True` was passed, but will be ignored")
    warnings.filterwarnings("ignore", "The structure of `inputs` doesn't match the expected")
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _Import())
