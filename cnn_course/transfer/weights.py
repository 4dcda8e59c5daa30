"""Pretrained weights: found on this machine or downloaded, compared with their digest, loaded."""

import hashlib
import os
import shutil
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from cnn_course.data import DataError, storage
from cnn_course.data.download import Published, fetch
from cnn_course.data.errors import ANOTHER_ANSWER, UNLOCK, is_locked
from cnn_course.files import digest

FOLDER: Final = "weights"  # in the user's own folder and in the course's cache
MINI_VGG16_FILE: Final = Path(__file__).with_name("mini_vgg16.weights.h5")
DIGEST_SUFFIX: Final = ".sha256"  # of the file beside packaged weights that has their digest

_OWN: Final = f"the folder {FOLDER} in {storage.OWN_VARIABLE}"
_LOCKED: Final = "it is open in another program, or you may not read it"
_PATIENCE: Final = 60.0  # seconds
_SLOWEST_DISK: Final = 1e6  # bytes a second
_LARGEST_ARRAY: Final = 1_000_000_000  # bytes; the largest of VGG16 has 411 million
_READ_ALL: Final = """
import signal, sys
import h5py

if hasattr(signal, "alarm"):  # who started it may be killed, and nothing else ends it in HDF5
    signal.alarm(int(sys.argv[3]))

def read(_, item):
    list(item.attrs.items())
    if isinstance(item, h5py.Dataset):
        if item.size * item.dtype.itemsize > int(sys.argv[2]):
            print(f"it holds an array of the shape {item.shape}")
            sys.exit()
        item[()]

with h5py.File(sys.argv[1]) as file:
    read("", file)
    file.visititems(read)
"""


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights and how to know it.

    Attributes:
        name: of the file, in whatever folder; it ends in `.h5`.
        digest: `"md5:..."` or `"sha256:..."` of the file; empty if it is published without one.
        values: `values_digest` of a model that it was loaded into, where it is known. A file is
            right by it or by its digest.
        published: its address, where it has one.
    """

    name: str
    digest: str = ""
    values: str = ""
    published: Published | None = None


@dataclass(frozen=True)
class Pretrained:
    """Weights that the course does not bring along.

    They are looked for in the folder `weights` of `CNN_COURSE_DATA`, in Keras's cache and in the
    course's, and then downloaded into the course's cache.

    Attributes:
        title: whose weights, and what they were trained on.
        files: that hold them, each as good as the other; at least one has an address.
    """

    title: str
    files: tuple[WeightsFile, ...]

    def load(self, model: Any) -> str:
        """Fill `model` from the first file that is found; return where that was, in a sentence.

        A file of the user's own that cannot be used is an error. One in a cache is told and passed
        over; it is replaced only in the course's own cache, and only by a whole one. The sentence
        has no path of this machine.

        Raises:
            DataError: a file of the user's own is broken; or none is here and none could be
                downloaded.
        """
        faults = []
        for place, file, path in self._found():
            fault, known = _load(model, file, path)
            if not fault:
                return f"{self.title}: {file.name}, from {place}; {known}."
            error = _unusable(path, fault, f"Put a whole copy there, or take {path} away.")
            if place == _OWN:
                raise error
            faults.append(error.problem)
            warnings.warn(f"{error.problem} It is passed over.", stacklevel=3)
        for path, fault in self._misnamed(model):
            faults.append(f"{path} is not used: {fault}.")
            warnings.warn(faults[-1], stacklevel=3)
        return self._download(model, " ".join(faults) or f"{self.title}, is not on this machine.")

    def _found(self) -> Iterator[tuple[str, WeightsFile, Path]]:
        """Yield the files that are on this machine, each with its place, in words, and its path."""
        for place, look in (
            (_OWN, lambda: storage.own_folder(FOLDER)),
            ("Keras's cache", lambda: storage.keras_cache("models")),
            ("the course's cache", lambda: storage.cache_folder(FOLDER)),
        ):
            folder = look()
            for file in self.files:
                if folder and os.path.lexists(folder / file.name):
                    yield place, file, folder / file.name

    def _misnamed(self, model: Any) -> Iterator[tuple[Path, str]]:
        """Yield files that the user may have put there for these, and what is wrong with each."""
        names = [file.name for file in self.files]
        start = names[0].partition("_")[0]
        for folder in (
            storage.own_folder(FOLDER),
            storage.keras_cache("models"),
            storage.cache_folder(FOLDER),
        ):
            for path in sorted(folder.glob("*.[hH]*5") if folder else ()):
                if path.name.lower().startswith(start) and path.name not in names:
                    fault, _ = _load(model, self.files[0], path)
                    yield path, fault or f"it is the right file, so name it {names[0]}"

    def _download(self, model: Any, reason: str) -> str:
        file, published = next((file, file.published) for file in self.files if file.published)
        target = storage.cache_folder(FOLDER) / file.name
        known: list[str] = []

        def check(part: Path) -> None:
            fault, how = _load(model, file, part)
            if fault:
                raise DataError(
                    f"{published.url} gave a file that cannot be used: {fault}. It was not kept.",
                    ANOTHER_ANSWER,
                )
            known.append(how)

        try:
            fetch(published, target, check)
        except DataError as error:
            names = " or ".join(file.name for file in self.files)
            raise DataError(
                f"{reason} {error.problem}",
                f"{error.advice}\nDo one of these:\n"
                f"1. Set {storage.OWN_VARIABLE} to a folder with a folder {FOLDER} in it that has "
                f"{names}.\n"
                f"2. Put {target.name} here: {target}\n"
                f"3. Connect to the network and load it again: it is downloaded from "
                f"{published.url}",
            ) from error
        return f"{self.title}: {file.name}, downloaded from {published.url}; {known[0]}."


@dataclass(frozen=True)
class Packaged:
    """Weights that the course trained itself and brings along.

    Attributes:
        title: whose weights, and what they were trained on.
        file: where the package keeps them.
        command: that makes the file.
    """

    title: str
    file: Path
    command: str

    def load(self, model: Any) -> str:
        """Fill `model` from the package; return a sentence that says where the weights came from.

        Raises:
            DataError: the package has no such file, or a broken one.
        """
        beside = self.file.with_suffix(DIGEST_SUFFIX)
        try:
            stored = beside.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            stored = f"not in {beside.name}"
        fault, _ = _load(model, WeightsFile(self.file.name, f"sha256:{stored}"), self.file)
        if fault:
            again = f"Install the course again, or make the file with `{self.command}`."
            raise _unusable(self.file, fault, again)
        return f"{self.title}: {self.file.name}, which the course brings along."


def values_digest(model: Any) -> str:
    """Return the sha256 over the values of all weights of a model, in Keras's order."""
    return digest(b"".join(values.tobytes() for values in model.get_weights()))


def _load(model: Any, file: WeightsFile, path: Path) -> tuple[str, str]:
    """Fill a model from a file; return what is wrong with the file, or else how it is known."""
    algorithm, _, expected = file.digest.partition(":")
    found = ""
    try:
        with path.open("rb") as stream:
            if expected:
                found = hashlib.file_digest(stream, algorithm).hexdigest()
        if found != expected and not file.values:
            size = path.stat().st_size
            fault = f"it has {size:,} bytes and the {algorithm} {found}, expected was {expected}"
            return fault, ""
        is_published = bool(expected) and found == expected
        if not is_published and (fault := _harmful(path)):
            return fault, ""
        _fill(model, path)
    except Exception as error:  # h5py and Keras raise all sorts for files that are not right
        if is_locked(error):
            return _LOCKED, ""
        told = error.strerror if isinstance(error, OSError) else None
        fault = told or _mistaken(model, path) or str(error) or type(error).__name__
        return textwrap.shorten(fault, 300).rstrip("."), ""
    return ("", f"its {algorithm} is right") if is_published else _known_by_values(model, file)


def _known_by_values(model: Any, file: WeightsFile) -> tuple[str, str]:
    """Return what is wrong with the weights of a model, or else how they are known."""
    values = values_digest(model)
    if file.values and values == file.values:
        whose = "not the published file" if file.digest else "published without a digest"
        return "", f"it is {whose}, and its values are right"
    if not all(np.isfinite(each).all() for each in model.get_weights()):
        return "it has values that are no numbers", ""
    if file.values:
        return f"its values have the sha256 {values}, expected was {file.values}", ""
    return "", "it is published without a digest, and nothing could be compared"


def _unusable(path: Path, fault: str, advice: str) -> DataError:
    advice = UNLOCK if fault == _LOCKED else advice
    return DataError(f"{path} cannot be used: {fault}.", advice)


def _harmful(path: Path) -> str:
    """Say what happens to a process that reads all of a file; nothing if it comes to an end.

    With one byte changed, HDF5 may read for ever or end its process, so another one tries first.
    """
    patience = _PATIENCE + path.stat().st_size / _SLOWEST_DISK
    reading = [
        sys.executable,
        "-c",
        _READ_ALL,
        str(path),
        str(_LARGEST_ARRAY),
        f"{patience + 60:.0f}",
    ]
    try:
        tried = subprocess.run(reading, capture_output=True, timeout=patience, check=False)
    except subprocess.TimeoutExpired:
        return f"it is damaged: reading it did not end within {patience:.0f} seconds"
    if tried.returncode not in (0, 1):  # 1 is an exception's, which `_fill` explains
        return "it is damaged: reading it ends the process"
    return tried.stdout.decode(errors="replace").strip()


def _fill(model: Any, path: Path) -> None:
    """Load weights in either format; Keras itself goes by the end of the file's name."""
    with h5py.File(path) as file:
        legacy = "layer_names" in file.attrs or "model_weights" in file
    if legacy is not path.name.endswith(".weights.h5"):
        model.load_weights(path)
        return
    with storage.temporary() as folder:
        copy = folder / ("copy.h5" if legacy else "copy.weights.h5")
        shutil.copyfile(path, copy)
        model.load_weights(copy)


def _mistaken(model: Any, path: Path) -> str:
    """Say which file was taken for the weights of a model, and what to do; or nothing."""
    try:
        theirs = _kernels(path)
    except Exception as error:
        size = f"{path.stat().st_size:,} bytes"
        if "truncated" in str(error):
            return f"it is cut off after {size}: download it again"
        nothing = f"its {size} are no weights (HDF5): a login page may have been saved instead"
        return "" if h5py.is_hdf5(path) else nothing
    ours = {layer.name: _kernel(layer.weights) for layer in model.layers if layer.weights}
    for name, shape in ours.items():
        other = theirs.pop(name, None)
        if other != shape and sorted(other or ()) == sorted(shape):
            return (
                f"the kernel of {name} has the shape {other}, Theano's order, and not {shape}: "
                "take the file with tf_kernels in its name"
            )
        if other != shape:
            return f"it is of another network, without a kernel {shape} in {name}"
    if any(len(shape) > 2 for shape in theirs.values()):  # more convolutions
        return f"it is of another network, with a layer {min(theirs)}"
    more = ", ".join(theirs)
    return more and f"it has a classifier ({more}): take the file with notop in its name"


def _kernels(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the layers in a file of weights, in either format, with the shapes of their kernels.

    A file of Keras 3 calls its groups after classes, and has the names as attributes.
    """
    found: dict[str, list[Any]] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            layer = item.parent.attrs.get("name", name.partition("/")[0])
            found.setdefault(str(layer), []).append(item)

    with h5py.File(path) as file:
        file.get("model_weights", file).visititems(visit)
        return {layer: _kernel(arrays) for layer, arrays in found.items()}


def _kernel(arrays: Iterable[Any]) -> tuple[int, ...]:
    """Return the shape of a kernel among the arrays of one layer."""
    return max((tuple(array.shape) for array in arrays), key=len)


_VGG16: Final = WeightsFile(
    "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    digest="md5:6d6bbae143d832006294945121d1f1fc",  # as in keras.applications
    values="d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd",
    published=Published(
        "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        sha256=None,
    ),
)

VGG16: Final = Pretrained(
    "VGG16, trained on ImageNet",
    # The second has no address: who has got weights elsewhere names them so.
    (_VGG16, replace(_VGG16, name="vgg16_imagenet_notop.weights.h5", published=None)),
)

MOBILENET: Final = Pretrained(
    "MobileNet 0.75, trained on ImageNet",
    (
        WeightsFile(
            "mobilenet_v1_0.75_224_imagenet_notop.weights.h5",
            digest="sha256:66bd022112bec96719ceacad505b4f88b5f56e760a178129a6fec35b23775a0b",
        ),
        # Keras publishes no digest of this one.
        WeightsFile(
            "mobilenet_7_5_224_tf_no_top.h5",
            values="a0432ad98318d46e38775a9d969f10ba4758d5a4c8aa1f04a86b6d5025bb6bc4",
            published=Published(
                "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/"
                "mobilenet_7_5_224_tf_no_top.h5",
                sha256=None,
            ),
        ),
    ),
)

# Keras publishes no digest of this one, either.
MOBILENET_CLASSIFIER: Final = Pretrained(
    "MobileNet 0.75 with its classifier, trained on ImageNet",
    (
        WeightsFile(
            "mobilenet_v1_0.75_224_imagenet.weights.h5",
            digest="sha256:603cb4d8f4df2b8a7f7044e0215d049b9e563ab69ae2b444e8512e52ed56d5e4",
        ),
        WeightsFile(
            "mobilenet_7_5_224_tf.h5",
            values="d1775b21b9615876ea5721ad8d99caf8b7525f14e18ae6f6505b0f0ae95e0841",
            published=Published(
                "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/"
                "mobilenet_7_5_224_tf.h5",
                sha256=None,
            ),
        ),
    ),
)

MINI_VGG16: Final = Packaged(
    "The small VGG16, trained on drawings of animals that are neither cats nor dogs",
    MINI_VGG16_FILE,
    "cnn-course pretrain",
)
