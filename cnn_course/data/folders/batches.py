"""Batches of pictures for `fit`, from a folder with one folder for each class."""

from pathlib import Path
from typing import Any


def load_pictures(folder: Path, *, side: int, batch_size: int, seed: int | None = None) -> Any:
    """Read the pictures of a folder: batches of pictures and labels, kept in memory.

    Files are decoded and resized in the first epoch, and kept as bytes. Chapter 3 shows this
    function's body and explains it.

    Args:
        folder: it has a folder for each class; the first in the alphabet is class 0.
        side: rows and columns that each picture is resized to, whatever its shape.
        batch_size: pictures in a batch; the last one may have fewer.
        seed: shuffle all pictures in each epoch anew, beginning with this seed; None keeps them
            class by class, in the order of their names.

    Returns:
        A `tf.data.Dataset` of pairs: pictures, uint8 of shape (n, side, side, 3), and labels,
        int32 of shape (n,).
    """
    import keras  # noqa: PLC0415

    pairs = keras.utils.image_dataset_from_directory(
        folder, image_size=(side, side), batch_size=None, shuffle=False, verbose=False
    )
    pairs = pairs.map(lambda image, label: (keras.ops.cast(image, "uint8"), label))
    pairs = pairs.cache()
    if seed is not None:
        pairs = pairs.shuffle(buffer_size=len(pairs), seed=seed)
    return pairs.batch(batch_size).prefetch(2)
