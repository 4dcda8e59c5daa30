"""Stored features: what the frozen part of a network computes of each picture, once, on disk.

A frozen part gives the same features for the same picture in every epoch. `split` cuts a model
where its frozen part ends, `store` computes what goes through the cut, and the rest, which shares
its weights with the model, trains on that.
"""

import contextlib
import hashlib
import io
import json
import math
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_course._tensorflow import without_tuner
from cnn_course.arguments import one_of, whole_number
from cnn_course.data.errors import unwritable
from cnn_course.data.storage import cache_folder, check_room
from cnn_course.files import digest
from cnn_course.transfer.splitting import is_graph, random_states

FORMAT: Final = 2  # another number makes worthless what was stored before
BATCH: Final = 32  # pictures that are computed together, in whatever batches they come

_DIGEST_SIZE: Final = hashlib.sha256().digest_size
_QUICK: Final = 30.0  # seconds; what takes less shows no progress bar
Compute: TypeAlias = Callable[[list[int]], Iterable[tuple[int, NDArray[Any]]]]

# Names count the layers that were made before, so a cell that runs again gives others. Seeds and
# the shapes with which a layer was built leave no trace once it has its weights.
_WITHOUT_EFFECT: Final = {"build_input_shape", "name", "seed", "trainable"}


@dataclass(frozen=True)
class StoredFeatures:
    """Features on disk, with the labels of their pictures.

    Of n pictures, row `c * n + i` belongs to picture i in its copy c.

    Attributes:
        file: a `.npy` file.
        labels: of all rows, (copies * n, ...).
        copies: how often each picture is there, augmented anew each time.
    """

    file: Path
    labels: NDArray[Any] = field(repr=False)
    copies: int = 1

    @property
    def features(self) -> NDArray[Any]:
        """All features, (copies * n, ...), mapped from the file and read-only.

        Mapped anew whenever it is asked for: what is read of a mapping counts as memory of the
        process as long as the mapping lives.
        """
        return np.load(self.file, mmap_mode="r")

    def dataset(self, *, batch_size: int, seed: int | None = None) -> Any:
        """Return batches for `fit`, read from the disk as they are needed.

        An epoch has each picture once. The copies take turns: after as many epochs as there are
        copies, each row came exactly once.

        Args:
            batch_size: pictures in a batch; the last one may have fewer.
            seed: shuffle the pictures in each epoch anew, beginning with this seed, and let each
                of them begin with a copy of its own. None keeps them in order, and all begin with
                the first copy.

        Returns:
            A `tf.data.Dataset` of pairs: features, float32 of shape (batch, ...), and labels.

        Raises:
            TypeError: the size of a batch or the seed is no whole number.
            ValueError: the size of a batch is below 1, or the seed below 0.
        """
        import tensorflow as tf  # noqa: PLC0415

        whole_number("batch_size", batch_size, least=1)
        if seed is not None:
            whole_number("seed", seed)
        epochs = count()

        def batches() -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
            rows = self._rows(next(epochs), seed)
            for start in range(0, len(rows), batch_size):
                chosen = rows[start : start + batch_size]
                yield self.features[chosen], self.labels[chosen]

        signature = tuple(
            tf.TensorSpec((None, *array.shape[1:]), array.dtype)
            for array in (self.features, self.labels)
        )
        number = -(-len(self.labels) // self.copies // batch_size)
        pairs = tf.data.Dataset.from_generator(batches, output_signature=signature)
        pairs = pairs.apply(tf.data.experimental.assert_cardinality(number))
        pairs = pairs.map(lambda x, y: (tf.cast(x, tf.float32), y)).prefetch(2)
        return without_tuner(pairs)

    def _rows(self, epoch: int, seed: int | None) -> NDArray[Any]:
        """Return the rows of an epoch, in their order."""
        pictures = len(self.labels) // self.copies
        order, first = np.arange(pictures), np.zeros(pictures, int)
        if seed is not None:
            first = np.random.default_rng(seed).integers(self.copies, size=pictures)
            order = np.random.default_rng([seed, epoch]).permutation(pictures)
        return (first[order] + epoch) % self.copies * pictures + order


def store(
    frozen: Any,
    pictures: Any,
    *,
    name: str,
    copies: int = 1,
    augmentation: Any = None,
    seed: int = 1,
    dtype: str = "float16",
    folder: Path | None = None,
) -> StoredFeatures:
    """Return the features of pictures, from the disk if they were computed before.

    They are used again only while nothing has changed that they depend on: layers and weights of
    the frozen part, pictures and labels, augmentation, copies, seed, type, the version of Keras.
    What an interrupt or a kill leaves is gone on with. The files may be deleted at any time.

    Args:
        frozen: what computes the features, as `split` returns it, or a base.
        pictures: a `tf.data.Dataset` of batches and labels that is the same whenever it is gone
            through, as `load_pictures` returns it without a seed.
        name: what the file is called, beside the digest of what it depends on.
        copies: how often each picture is stored, augmented anew each time.
        augmentation: a layer or model of Keras's random layers; None leaves pictures as they are.
        seed: determines what the augmentation draws.
        dtype: `"float16"`, three digits in half of the room, or `"float32"`, seven digits and
            values above 65,504.
        folder: where the file is kept; None means the course's cache.

    Raises:
        TypeError: an argument of another kind.
        ValueError: pictures of another shape, or in another order each time; copies that would all
            be the same; values that are no numbers or do not fit the type.
        DataError: there is no room for the features, or no right to write.
    """
    frozen = _of_one_tensor(frozen)
    _check_pictures(pictures, frozen)
    _check_augmentation(augmentation, copies)
    one_of("dtype", dtype, ("float16", "float32"))
    whole_number("seed", seed)
    if not isinstance(name, str) or not re.search(r"\w", name):
        raise ValueError(f'The name is {name!r}. Write a text: "training, VGG16".')
    batches = pictures.rebatch(BATCH)
    digests, labels, sizes, shape = _look_through(batches)
    drawn = [_identity(augmentation), copies, int(seed)] if augmentation is not None else None
    about = [FORMAT, keras.__version__, _identity(frozen), digests, drawn, dtype]
    key = digest(json.dumps(about, sort_keys=True))
    slug = re.sub(r"\W+", "-", name.lower()).strip("-")
    file = (folder or cache_folder("features")) / f"{slug}-{key[:16]}.npy"
    row = frozen.compute_output_shape((BATCH, *shape))[1:]
    features = _Rows(file, key, row, np.dtype(dtype), sizes * copies)

    def compute(missing: list[int]) -> Iterator[tuple[int, NDArray[Any]]]:
        for copy in range(copies):
            places = [n % len(sizes) for n in missing if n // len(sizes) == copy]
            for place, batch in _again(batches, digests, places):
                given = keras.ops.cast(batch, frozen.inputs[0].dtype)
                if augmentation is not None:
                    given = _augmented(augmentation, given, [seed, copy, place])
                narrowed = _narrowed(frozen.predict_on_batch(given), dtype)
                yield copy * len(sizes) + place, narrowed

    features.complete(compute, name)
    return StoredFeatures(file, np.concatenate([labels] * copies), copies)


def _of_one_tensor(model: Any) -> Any:
    """Return a model of one input and one output that takes and gives tensors.

    `keras.Model([x], [y])` gives lists of one, and a model of names gives dictionaries.

    Raises:
        TypeError: it has several inputs or outputs, or none that are known.
    """
    _check_frozen(model)
    if keras.tree.is_nested(getattr(model, "input", None)) or isinstance(
        model.compute_output_shape(model.inputs[0].shape), list | dict
    ):
        return keras.Model(model.inputs[0], model.outputs[0])
    return model


def _look_through(batches: Any) -> tuple[list[str], NDArray[Any], list[int], tuple[int, ...]]:
    """Return digests of the batches, all labels, the batches' sizes, and a picture's shape."""
    digests, labels = [], []
    shape: tuple[int, ...] = ()
    for batch, of in batches.as_numpy_iterator():
        digests.append(_digest(batch, of))
        labels.append(of)
        shape = batch.shape[1:]
    if not labels:
        raise ValueError("There are no pictures in the dataset.")
    return digests, np.concatenate(labels), [len(of) for of in labels], shape


def _again(batches: Any, digests: list[str], places: list[int]) -> Iterator[tuple[int, Any]]:
    """Yield the batches that have these places.

    Raises:
        ValueError: they are not what they were.
    """
    again = batches.as_numpy_iterator()
    for place in range(max(places, default=-1) + 1):
        pair: tuple[Any, ...] = next(again, ())
        if digests[place] != _digest(*pair):
            raise ValueError(
                "Gone through again, the dataset has other pictures, or the same in another "
                "order. Load them without a seed, and pass what augments them to `store`."
            )
        if place in places:
            yield place, pair[0]


def _digest(*arrays: NDArray[Any]) -> str:
    return digest(b"".join(f"{a.dtype} {a.shape}".encode() + a.tobytes() for a in arrays))


def _augmented(augmentation: Any, batch: Any, seeds: list[int]) -> Any:
    """Augment a batch as the seeds determine it, whatever was drawn before."""
    states = random_states(augmentation)
    before = [state.numpy() for state in states]
    draws = np.random.default_rng(seeds)
    for state in states:
        state.assign(draws.integers(2**31, size=state.shape))
    try:
        return augmentation(batch, training=True)
    finally:  # for everybody else, nothing was drawn
        for state, value in zip(states, before, strict=True):
            state.assign(value)


def _narrowed(features: NDArray[Any], dtype: str) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        narrowed = features.astype(dtype)
    if not np.isfinite(features).all():
        raise ValueError("The frozen part computes values that are no numbers.")
    if not np.isfinite(narrowed).all():
        raise ValueError(
            f"The frozen part computes {np.abs(features).max():,.0f}, and {dtype} ends at "
            f'{np.finfo(dtype).max:,.0f}. Pass dtype="float32".'
        )
    return narrowed


def _identity(layer: Any) -> list[Any]:
    """Return the settings of a layer or a model and a digest of its weights, as plain values.

    Two that have the same identity compute the same, apart from what is drawn at random. Names, and
    whether something is frozen, make no difference.
    """
    weights = _digest(*layer.get_weights())
    if isinstance(layer, keras.Sequential):  # its own settings change when it meets its first input
        return [weights, [_identity(inner) for inner in layer.layers]]
    try:
        return [weights, _settings(keras.saving.serialize_keras_object(layer), {})]
    except NotImplementedError as error:
        raise ValueError(
            f"{layer.name!r} does not tell its settings, so one cannot know when what it computes "
            "has changed. Give your own layer a method get_config."
        ) from error


def _settings(layer: Mapping[str, Any], places: Mapping[str, int]) -> list[Any]:
    """Return what a layer, as Keras saves it, was made with, and which layers it is called on.

    The layers beside it are known by their place, name -> place, and not by the name.
    """
    settings = {key: of for key, of in layer["config"].items() if key not in _WITHOUT_EFFECT}
    inside: dict[str, int] = {}
    inner = settings.get("layers", [])
    if all(isinstance(one, dict) and "config" in one for one in inner):
        inside = {one["config"]["name"]: place for place, one in enumerate(inner)}
        settings["layers"] = [_settings(one, inside) for one in inner]
    calls = _placed(layer.get("inbound_nodes"), places)
    kind = [layer["module"], layer["class_name"], layer["registered_name"]]
    return [*kind, _placed(settings, inside), calls]


def _placed(value: Any, places: Mapping[str, int]) -> Any:
    """Return a value of a saved model with places instead of the names that tensors refer to."""
    if isinstance(value, dict):
        return {key: _placed(item, places) for key, item in value.items()}
    match value:  # the layer, which of its calls, which of its outputs
        case [str() as name, int() as call, int() as output] if name in places:
            return [places[name], call, output]
    return [_placed(item, places) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class _Rows:
    """A `.npy` file that is computed batch by batch, with a digest of each behind all of them.

    NumPy does not look there. As long as a batch is missing the file is called `NAME.npy.part`,
    and the digests say which ones are there: so what a kill or a power cut leaves is gone on with.
    Two processes may write at once, since both write the same. In a mapped file, a disk without
    room would end the process, so rows are written by ordinary means.

    `key` is the digest of what it is computed from, `row` the shape of a row, and `sizes` has the
    rows of each batch.
    """

    file: Path
    key: str
    row: tuple[int, ...]
    dtype: np.dtype[Any]
    sizes: list[int]

    def complete(self, compute: Compute, what: str) -> None:
        """Write the batches that are missing, which `compute` yields with their numbers."""
        part = self.file.with_name(f"{self.file.name}.part")
        try:
            if self.file.exists():
                with self.file.open("rb") as stream:
                    if not self._missing(stream) and not stream.read():
                        return
                warnings.warn(f"{self.file} is damaged. It is mended.", stacklevel=3)
                os.replace(self.file, part)
            if not part.exists():
                part.parent.mkdir(parents=True, exist_ok=True)
                check_room(self.file, self._start(len(self.sizes)))
                part.touch()
            try:
                with part.open("r+b") as stream:
                    self._write(stream, compute, what)
            except Exception:  # an interrupt is none: what it leaves is gone on with
                part.unlink(missing_ok=True)
                raise
            with contextlib.suppress(FileNotFoundError):  # another process was quicker
                os.replace(part, self.file)
        except OSError as error:
            raise unwritable(self.file, error) from error

    def _write(self, stream: BinaryIO, compute: Compute, what: str) -> None:
        from tqdm import tqdm  # noqa: PLC0415

        digests = self._start(len(self.sizes))
        missing = self._missing(stream)
        stream.seek(0)
        stream.write(self._header())
        stream.truncate(digests + len(self.sizes) * _DIGEST_SIZE)
        rows = sum(self.sizes[number] for number in missing)
        with tqdm(desc=what, total=rows, unit="", leave=False, delay=_QUICK) as bar:
            for number, batch in compute(missing):
                if batch.shape != (self.sizes[number], *self.row):
                    raise ValueError(f"{what}: a batch has the shape {batch.shape}.")
                content = batch.tobytes()
                stream.seek(self._start(number))
                stream.write(content)
                stream.seek(digests + number * _DIGEST_SIZE)
                stream.write(self._digest(number, content))
                stream.flush()
                bar.update(len(batch))

    def _missing(self, stream: BinaryIO) -> list[int]:
        """Return the numbers of the batches that are not there as they were written."""
        numbers = range(len(self.sizes))
        stream.seek(0)
        if stream.read(self._start(0)) != self._header():
            return list(numbers)
        found = [self._digest(n, stream.read(self._bytes(self.sizes[n]))) for n in numbers]
        return [n for n in numbers if stream.read(_DIGEST_SIZE) != found[n]]

    def _digest(self, number: int, content: bytes) -> bytes:
        return hashlib.sha256(f"{self.key} {number} ".encode() + content).digest()

    def _header(self) -> bytes:
        stream = io.BytesIO()
        kind = np.lib.format.dtype_to_descr(self.dtype)
        shape = (sum(self.sizes), *self.row)
        about = {"descr": kind, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, about)
        return stream.getvalue()

    def _bytes(self, rows: int) -> int:
        return rows * math.prod(self.row) * self.dtype.itemsize

    def _start(self, number: int) -> int:
        """Return where in the file a batch begins; behind the last batch, the digests do."""
        return len(self._header()) + self._bytes(sum(self.sizes[:number]))


def _check_frozen(frozen: Any) -> None:
    if not is_graph(frozen) or len(frozen.inputs) != 1 or len(frozen.outputs) != 1:
        raise TypeError(
            "The frozen part must be a functional model with one input and one output, as `split` "
            f"returns it. This is {frozen!r}."
        )


def _check_augmentation(augmentation: Any, copies: int) -> None:
    whole_number("copies", copies, least=1)
    if augmentation is None:
        if copies > 1:
            raise ValueError(
                f"{copies} copies without an augmentation would all be the same. Pass one, or "
                "leave `copies` out."
            )
    elif not isinstance(augmentation, keras.Layer):
        raise TypeError(
            "The augmentation must be a layer or a model of Keras, whose settings can be compared. "
            f"This is {augmentation!r}."
        )
    elif not random_states(augmentation):
        raise ValueError(
            f"The augmentation {augmentation.name!r} draws nothing that a seed determines. Make "
            "it of Keras's random layers, or give your own layer a keras.random.SeedGenerator."
        )


def _check_pictures(pictures: Any, frozen: Any) -> None:
    import tensorflow as tf  # noqa: PLC0415

    if not isinstance(pictures, tf.data.Dataset):
        raise TypeError(
            "Pictures must come as a tf.data.Dataset, as `load_pictures` returns one. For arrays, "
            "write tf.data.Dataset.from_tensor_slices((pictures, labels)).batch(32). This is "
            f"{type(pictures).__name__}."
        )
    spec = pictures.element_spec
    if not (isinstance(spec, tuple) and len(spec) == 2):
        raise ValueError(f"The dataset must have pairs of pictures and labels. It has {spec}.")
    if pictures.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise ValueError("The dataset has no end. Leave out its `repeat`.")
    wanted, found = frozen.inputs[0].shape, spec[0].shape
    if not found.is_compatible_with(wanted):
        raise ValueError(
            f"The frozen part takes batches of the shape {tuple(wanted)}, and those of the dataset "
            f"have the shape {tuple(found)}."
        )
