"""Pretrained weights: found on this machine or downloaded, compared with their digest, loaded."""

import hashlib
import os
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cnn_course.data import DataError, storage
from cnn_course.data.download import Published, fetch
from cnn_course.data.errors import unwritable
from cnn_course.data.storage import scratch
from cnn_course.files import digest

FOLDER: Final = "weights"  # in the user's own folder and in the course's cache
MINI_VGG16_FILE: Final = Path(__file__).with_name("mini_vgg16.weights.h5")

_OWN: Final = f"the folder {FOLDER} in {storage.OWN_VARIABLE}"
_UNREADABLE: Final = (OSError, ValueError, LookupError, TypeError, RuntimeError)


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights and how to know it.

    Attributes:
        name: of the file, in whatever folder; it ends in `.h5`.
        digest: `"md5:..."` or `"sha256:..."` of the file; empty where it is published without one.
        values: `values_digest` of a model that it was loaded into; looked at where there is no
            digest of the file.
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
            fault = _load(model, file, path)
            if not fault:
                return self._sentence(model, file, f"from {place}")
            faults.append(f"{path} cannot be used: {fault}.")
            if place == _OWN:
                raise DataError(faults[0], f"Put a whole copy there, or take {path} away.")
            warnings.warn(f"{faults[-1]} It is passed over.", stacklevel=3)
        return self._download(model, " ".join(faults) or f"{self.title}, is not on this machine.")

    def _found(self) -> Iterator[tuple[str, WeightsFile, Path]]:
        """Yield the files that are on this machine, each with its place, in words, and its path."""
        for place, look in (
            (_OWN, lambda: storage.own_folder(FOLDER)),
            ("Keras's cache", keras_cache),
            ("the course's cache", lambda: storage.cache_folder(FOLDER)),
        ):
            folder = look()
            for file in self.files:
                if folder and os.path.lexists(folder / file.name):
                    yield place, file, folder / file.name

    def _download(self, model: Any, reason: str) -> str:
        file, published = next((file, file.published) for file in self.files if file.published)
        target = storage.cache_folder(FOLDER) / file.name
        try:
            with scratch(target) as folder:
                part = folder / file.name
                fetch(published, part)
                if fault := _load(model, file, part):
                    raise DataError(
                        f"{published.url} gave a file that cannot be used: {fault}. "
                        "It was not kept.",
                        "Try again, or from another network: a login page or a proxy may have "
                        "answered.",
                    )
                os.replace(part, target)
        except OSError as error:
            raise unwritable(target, error) from error
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
        return self._sentence(model, file, f"downloaded from {published.url}")

    def _sentence(self, model: Any, file: WeightsFile, whence: str) -> str:
        if file.digest:
            known = f"its {file.digest.partition(':')[0]} is right"
        elif file.values and file.values == values_digest(model):
            known = "it is published without a digest, and its values are right"
        else:
            known = "it is published without a digest, and nothing could be compared"
        return f"{self.title}: {file.name}, {whence}; {known}."


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
        if fault := _load(model, WeightsFile(self.file.name), self.file):
            raise DataError(
                f"{self.file} cannot be used: {fault}.",
                f"Install the course again, or make the file with `{self.command}`.",
            )
        return f"{self.title}: {self.file.name}, which the course brings along."


def keras_cache() -> Path:
    """Return the folder in which `keras.applications` keeps weights, whether it exists or not."""
    # Keras has no public name for it. `KERAS_HOME` is its own variable.
    home = os.path.expanduser(os.environ.get("KERAS_HOME") or os.path.join("~", ".keras"))
    return Path(os.path.abspath(home)) / "models"


def values_digest(model: Any) -> str:
    """Return the sha256 over the values of all weights of a model, in Keras's order."""
    return digest(b"".join(values.tobytes() for values in model.get_weights()))


def _load(model: Any, file: WeightsFile, path: Path) -> str:
    """Fill a model from a file; return what is wrong with the file, or nothing."""
    try:
        algorithm, _, expected = file.digest.partition(":")
        if expected:
            with path.open("rb") as stream:
                found = hashlib.file_digest(stream, algorithm).hexdigest()
            if found != expected:
                size = path.stat().st_size
                return f"it has {size:,} bytes and the {algorithm} {found}, expected was {expected}"
        model.load_weights(path)
    except _UNREADABLE as error:  # h5py and Keras raise all of these for files that are not right
        fault = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return textwrap.shorten(fault or type(error).__name__, 300).rstrip(".")
    return ""


VGG16: Final = Pretrained(
    "VGG16, trained on ImageNet",
    (
        WeightsFile(
            "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
            digest="md5:6d6bbae143d832006294945121d1f1fc",  # as in keras.applications
            published=Published(
                "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
                "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                sha256=None,
            ),
        ),
    ),
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

MINI_VGG16: Final = Packaged(
    "The small VGG16, trained on drawings of animals that are neither cats nor dogs",
    MINI_VGG16_FILE,
    "cnn-course pretrain",
)
