"""Stored features: what the frozen part of a network computes of each picture, once, on disk.

A frozen part gives the same features for the same picture in every epoch. `split` cuts a model
where its frozen part ends, `store` computes what goes through the cut, and the rest, which shares
its weights with the model, trains on that.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from numbers import Integral
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from cnn_course.data.places import cache_folder
from cnn_course.transfer.cutting import is_graph, random_states, split
from cnn_course.transfer.identity import identity
from cnn_course.transfer.stores import Store

__all__ = ["StoredFeatures", "split", "store"]

FORMAT: Final = 1  # another number makes worthless what was stored before
BATCH: Final = 32  # pictures that are computed together, in whatever batches they come


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

        _require_whole_number("batch_size", batch_size, least=1)
        if seed is not None:
            _require_whole_number("seed", seed, least=0)
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
        return pairs.map(lambda x, y: (tf.cast(x, tf.float32), y)).prefetch(2)

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
        frozen: what computes the features, as `split` returns it. A base alone is one, too.
        pictures: a `tf.data.Dataset` of batches and labels that is the same whenever it is gone
            through, as `load_pictures` returns it without a seed.
        name: what the file is called, beside the digest of what it depends on.
        copies: how often each picture is stored, augmented anew each time.
        augmentation: a layer or model of Keras's random layers, for pictures as the frozen part
            takes them; None leaves them as they are.
        seed: determines what the augmentation draws.
        dtype: of the stored values. `"float16"` has three digits in half of the room;
            `"float32"` has seven, and takes values above 65,504.
        folder: where the file is kept; None means the course's cache.

    Raises:
        TypeError: an argument of another kind.
        ValueError: pictures of another shape, or in another order each time; copies that would all
            be the same; values that are no numbers or do not fit the type.
        DataError: there is no room for the features, or no right to write.
    """
    _check_what_computes(frozen, copies, augmentation, dtype)
    _check_pictures(pictures, frozen)
    _require_whole_number("seed", seed, least=0)
    if not isinstance(name, str) or not re.search(r"\w", name):
        raise ValueError(f'The name is {name!r}. Write a text: "training, VGG16".')
    known = _Pictures.gone_through(pictures)
    drawn = [identity(augmentation), copies, int(seed)] if augmentation is not None else None
    about = [FORMAT, keras.__version__, identity(frozen), known.digests, drawn, dtype]
    key = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    slug = re.sub(r"\W+", "-", name.lower()).strip("-")
    file = (folder or cache_folder("features")) / f"{slug}-{key[:16]}.npy"
    shape = frozen.compute_output_shape((BATCH, *known.shape))[1:]
    stored = Store(file, key, (copies * len(known.labels), *shape), np.dtype(dtype))
    if not stored.is_whole():
        work = _Work(frozen, known, copies, augmentation, seed, dtype)
        stored.make(work.from_row, name)
    return StoredFeatures(file, np.concatenate([known.labels] * copies), copies)


@dataclass(frozen=True)
class _Pictures:
    """Pictures and what was seen when they were gone through once.

    Attributes:
        batches: a dataset of pairs, batches of `BATCH` and labels.
        digests: one of each pair.
        labels: of all pictures.
        shape: of a picture.
    """

    batches: Any
    digests: list[str]
    labels: NDArray[Any]
    shape: tuple[int, ...]

    @classmethod
    def gone_through(cls, pictures: Any) -> "_Pictures":
        batches = pictures.rebatch(BATCH)
        digests, labels, shape = [], [], ()
        for batch, of in batches.as_numpy_iterator():
            digests.append(_digest(batch, of))
            labels.append(of)
            shape = batch.shape[1:]
        if not labels:
            raise ValueError("There are no pictures in the dataset.")
        return cls(batches, digests, np.concatenate(labels), shape)

    def from_batch(self, first: int) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield batches from one on, with their numbers.

        Raises:
            ValueError: they are not what they were.
        """
        pairs = self.batches.skip(first).as_numpy_iterator()
        for number, (batch, labels) in enumerate(pairs, start=first):
            if self.digests[number : number + 1] != [_digest(batch, labels)]:
                raise ValueError(
                    "Gone through again, the dataset has other pictures, or the same in another "
                    "order. Load them without a seed, and pass what augments them to `store`."
                )
            yield number, batch


def _digest(*arrays: NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode() + array.tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Work:
    """What is to be computed; the names are those of `store`."""

    frozen: Any
    pictures: _Pictures
    copies: int
    augmentation: Any
    seed: int
    dtype: str

    def from_row(self, row: int) -> Iterator[NDArray[Any]]:
        """Yield features from a row on, batch by batch, one copy of all pictures after another."""
        number = len(self.pictures.labels)
        while row < self.copies * number:
            copy, picture = divmod(row, number)
            for place, batch in self.pictures.from_batch(picture // BATCH):
                given = keras.ops.cast(batch, self.frozen.inputs[0].dtype)
                if self.augmentation is not None:
                    given = _augmented(self.augmentation, given, [self.seed, copy, place])
                yield _narrowed(self.frozen.predict_on_batch(given), self.dtype)
                row += len(batch)


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


def _check_what_computes(frozen: Any, copies: int, augmentation: Any, dtype: str) -> None:
    if not is_graph(frozen) or len(frozen.inputs) != 1 or len(frozen.outputs) != 1:
        raise TypeError(
            "The frozen part must be a functional model with one input and one output, as `split` "
            f"returns it. This is {frozen!r}."
        )
    if dtype not in ("float16", "float32"):
        raise ValueError(f'dtype is {dtype!r}. Write "float16" or "float32".')
    _require_whole_number("copies", copies, least=1)
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


def _require_whole_number(name: str, value: Any, *, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, and it is {value!r}.")
    if int(value) < least:
        raise ValueError(f"{name} is {value}. It must be at least {least}.")
