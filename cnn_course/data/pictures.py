"""Ready pictures: photographs that anybody may publish, and batches of a folder's pictures."""

import io
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cnn_course._tensorflow import without_tuner
from cnn_course.arguments import one_of
from cnn_course.data.errors import DataError

# name -> file, shape; where they come from stands in `photograph`.
_PHOTOGRAPHS: Final = {
    "cat": ("chelsea.png", (300, 451, 3)),
    "coffee": ("coffee.png", (400, 600, 3)),
    "astronaut": ("astronaut.png", (512, 512, 3)),
    "rocket": ("rocket.jpg", (427, 640, 3)),
}


def photograph(name: str) -> NDArray[np.uint8]:
    """Return a photograph, uint8 of shape (height, width, 3), red, green, blue.

    All are free of copyright: `"cat"`, Chelsea by Stéfan van der Walt (CC0); `"coffee"`, a cup of
    the Pikolo Espresso Bar by Rachel Michetti (CC0); `"astronaut"`, Eileen Collins, by NASA;
    `"rocket"`, a Falcon 9 that takes off, by SpaceX (CC0). The files are read from the installed
    package; `skimage.data` would look for them on the network where the package does not carry
    them.

    Raises:
        ValueError: there is no such photograph.
        DataError: the installed scikit-image does not carry the photograph, or a broken one.
    """
    from PIL import Image  # noqa: PLC0415

    file, shape = _PHOTOGRAPHS[one_of("The photograph", name, _PHOTOGRAPHS)]
    try:
        content = resources.files("skimage").joinpath("data", file).read_bytes()
        pixels = np.array(Image.open(io.BytesIO(content)))
        if pixels.dtype != np.uint8 or pixels.shape != shape:
            raise ValueError(f"{file} is {pixels.dtype}, {pixels.shape}")
    except (ImportError, OSError, SyntaxError, ValueError) as error:  # Pillow raises all of these
        try:
            installed = f"scikit-image {metadata.version('scikit-image')}"
        except metadata.PackageNotFoundError:
            installed = "scikit-image (not installed)"
        raise DataError(
            f"The photograph of the {name} cannot be read from {installed}. Cause: {error}.",
            'Install it again: python -m pip install --force-reinstall "scikit-image>=0.24,<1"',
        ) from error
    return pixels


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
    return without_tuner(pairs.batch(batch_size).prefetch(2))
