"""Trainings that survive a kill: a callback that keeps their state after every epoch."""

import inspect
import json
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import callbacks

from cnn_course import files
from cnn_course.profiles import half_precision
from cnn_course.training import state
from cnn_course.training.state import ENDED, RUN, Progress, State

# They carry over from epoch to epoch what no backup holds.
_REFUSED = (
    callbacks.BackupAndRestore,
    callbacks.ReduceLROnPlateau,
    callbacks.SwapEMAWeights,
)


class Backup(callbacks.Callback):
    """Lets a long training go on where it was killed.

    Where the environment variable `CNN_COURSE_BACKUPS` names a folder, as `cnn-course` sees to in
    a full run, the state of the training is kept there after each epoch: weights, optimizer, the
    random states of dropout and augmentation, the history, and what a `ModelCheckpoint` found best.
    The same training, begun again by another process, goes on after the last epoch that was
    finished, and `fit` returns the history of all epochs. One that had ended returns at once.

    Where `CNN_COURSE_PRECISION` is `bfloat16`, too, TensorFlow computes convolutions and products
    of matrices in half precision, and keeps weights and sums in single precision.

    Elsewhere it does nothing but measure `seconds`: who runs a cell again wants a new training.

    The same training is one with the same network, initial weights, optimizer, loss, number of
    epochs and batches and, in a notebook, the same code in all cells up to its own. The order in
    which pictures are shuffled, and what is drawn outside of the model, begins anew. Its place
    among the callbacks makes no difference.

    Args:
        name: of the training, another one for each training of a chapter.

    Attributes:
        seconds: wall-clock time of the epochs that are done, whichever process did them.

    Raises:
        ValueError: no name; or, where the state is kept, a name that was used before, or a
            callback beside it whose memory cannot be kept.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._file = state.state_file(name, "a training")
        self.name = name
        self.seconds = 0.0
        self._others: list[Any] = []
        self._identity = ""
        self._begun = 0.0
        self._earlier = Progress(name, 0, 0, 0.0, [])

    def set_model(self, model: Any) -> None:
        """Take the last place among the callbacks, so that each epoch is kept as all leave it."""
        super().set_model(model)
        # Keras gives a callback no other way to know its neighbours than to look who is calling.
        frame = inspect.currentframe()
        caller = frame.f_back.f_locals.get("self") if frame and frame.f_back else None
        if isinstance(caller, callbacks.CallbackList):
            self._others = [other for other in caller.callbacks if other is not self]
            caller.callbacks = [*self._others, self]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Take up the state of the same training, if there is one."""
        self._earlier = Progress(self.name, 0, self.params["epochs"], 0.0, [])
        self.seconds = 0.0
        self._begun = time.perf_counter()
        # Keras would do it inside of the first step, and TensorFlow would put a condition around
        # each variable that is made there: for Adam, a quarter of what it takes to begin.
        if self.model.built and not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        if self._file is None:
            return
        self._refuse_what_cannot_be_kept()
        self._identity = self._identify()
        if half_precision():
            options = {"auto_mixed_precision_onednn_bfloat16": True}
            tf.config.optimizer.set_experimental_options(options)
        if self._file.exists():
            self._take_up(self._file)
        self._write(self._file)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Let a second training of the same model begin at its own beginning."""
        self._forget_where_to_begin()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep the state."""
        self.seconds = self._earlier.seconds_before + time.perf_counter() - self._begun
        self._keep(ended=epoch + 1 >= self.params["epochs"])

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Keep also that the training is over, if it is over early."""
        self._forget_where_to_begin()
        if self._file is None:
            return
        done = self.model.history.epoch
        if done and done[-1] + 1 < self.params["epochs"]:
            self._keep(ended=True)
        ENDED.add(self._file)

    def _forget_where_to_begin(self) -> None:
        if self._file is not None:
            self.model._initial_epoch = None

    def _refuse_what_cannot_be_kept(self) -> None:
        if self._file in ENDED:
            raise ValueError(
                f"A training named {self.name!r} has ended before. Give each a name of its own."
            )
        if not self._others:  # `fit` adds one of its own at least
            raise RuntimeError("Backup finds no other callbacks. Use it in model.fit only.")
        for other in self._others:
            if isinstance(other, _REFUSED):
                raise ValueError(
                    f"Backup cannot keep what {type(other).__name__} remembers. "
                    "Leave one of the two out."
                )
            # What it remembers, the history tells, but for weights and unless its metric is new.
            if isinstance(other, callbacks.EarlyStopping) and (
                other.restore_best_weights or not other.monitor.endswith("loss")
            ):
                raise ValueError(
                    "Backup goes on with an EarlyStopping that monitors a loss and has "
                    f"restore_best_weights=False, not with monitor={other.monitor!r} and "
                    f"restore_best_weights={other.restore_best_weights}. "
                    "A ModelCheckpoint keeps the best weights."
                )
        for checkpoint in self._checkpoints:
            if "{" in checkpoint.filepath:
                raise ValueError(
                    f"Backup keeps one file of a ModelCheckpoint, and {checkpoint.filepath!r} "
                    "names many. Leave out what stands in braces."
                )

    @property
    def _checkpoints(self) -> list[callbacks.ModelCheckpoint]:
        return [item for item in self._others if isinstance(item, callbacks.ModelCheckpoint)]

    @property
    def _variables(self) -> list[Any]:
        # `model.variables`, unlike `save_weights`, has the random states of the layers, too.
        return [*self.model.variables, *self.model.optimizer.variables]

    def _values(self) -> list[np.ndarray]:
        return [keras.ops.convert_to_numpy(variable) for variable in self._variables]

    def _identify(self) -> str:
        """Return the digest of what makes this training the one that it is."""
        known = [
            _describe(self.model),
            self.params["epochs"],
            self.params["steps"],
            *(["half precision"] if half_precision() else []),
            *(
                [item.monitor, item.patience, item.min_delta]
                for item in self._others
                if isinstance(item, callbacks.EarlyStopping)
            ),
            [[item.monitor, item.save_best_only] for item in self._checkpoints],
            state.cells_so_far(),
        ]
        values = [[f"{v.shape} {v.dtype}", files.digest(v.tobytes())] for v in self._values()]
        return files.digest(json.dumps([known, values]))  # the seed made the values

    def _take_up(self, file: Path) -> None:
        """Go on with the state in `file`, or set it aside if it is another training's."""
        known = state.read_state(file)
        if known is None:
            return state.set_aside(file, state.UNREADABLE)
        if known.identity != self._identity or len(known.variables) != len(self._variables):
            return state.set_aside(file, state.ANOTHER)
        for variable, value in zip(self._variables, known.variables, strict=True):
            variable.assign(value)
        for item, best, content in zip(self._checkpoints, known.best, known.files, strict=True):
            item.best = best
            if content is not None:
                files.write(Path(item.filepath), content)
        for item in self._others:
            if isinstance(item, callbacks.EarlyStopping):
                for epoch, done in enumerate(known.history[item.monitor]):
                    item.on_epoch_end(epoch, {item.monitor: done})
        epochs = self.params["epochs"]
        self.model.history.history = known.history
        self.model.history.epoch = known.epochs
        self.model._initial_epoch = epochs if known.ended else known.epochs[-1] + 1
        self.seconds = known.seconds
        runs = [run for run in known.runs if run != RUN]
        self._earlier = Progress(self.name, len(known.epochs), epochs, known.seconds, runs)
        return None

    def _keep(self, *, ended: bool) -> None:
        if self._file is None:
            return
        history = self.model.history
        written = [Path(item.filepath) for item in self._checkpoints]
        now = State(
            identity=self._identity,
            epochs=history.epoch,
            history=history.history,
            seconds=self.seconds,
            ended=ended,
            runs=[*self._earlier.runs_before, RUN],
            best=[None if item.best is None else float(item.best) for item in self._checkpoints],
            files=[file.read_bytes() if file.is_file() else None for file in written],
            variables=self._values(),
        )
        self._write(self._file, now)

    def _write(self, file: Path, now: State | None = None) -> None:
        """Write how far the training is and, after an epoch, its state."""
        done = len(self.model.history.epoch)
        try:
            if now:
                now.write(file)
            progress = vars(replace(self._earlier, done=done))
            files.write_json(file.with_suffix(".progress"), progress)
        except OSError as error:  # a training is worth more than its backup
            warnings.warn(f"{self.name}: no backup after epoch {done}: {error}", stacklevel=2)


def _describe(model: keras.Model) -> str:
    """Return the layers, the optimizer and the loss of a model as text."""
    try:
        return str(model.to_json())
    except NotImplementedError:  # a class of one's own that cannot say what it was made with
        return f"{type(model)} {model.optimizer.get_config()}"
