"""Photographs."""

import io
from importlib import metadata, resources

import numpy as np

from cnn_course.data.errors import DataError
from cnn_course.data.reading import Bytes


def cat_photograph() -> Bytes:
    """Return a photograph of a cat, uint8 of shape (300, 451, 3), red, green, blue.

    It is `skimage.data.chelsea()`: Chelsea, by Stefan van der Walt, dedicated to the public domain
    (CC0). The file is read from the installed package; `skimage.data` would look for it on the
    network where the package does not carry it.

    Raises:
        DataError: the installed scikit-image does not carry the photograph, or a broken one.
    """
    from PIL import Image  # noqa: PLC0415

    try:
        content = resources.files("skimage").joinpath("data", "chelsea.png").read_bytes()
        photograph = np.array(Image.open(io.BytesIO(content)))
    except (ImportError, OSError, SyntaxError, ValueError) as error:  # Pillow raises all of these
        raise _without_cat(str(error)) from error
    if photograph.dtype != np.uint8 or photograph.shape != (300, 451, 3):
        raise _without_cat(f"chelsea.png is {photograph.dtype}, {photograph.shape}")
    return photograph


def _without_cat(cause: str) -> DataError:
    try:
        installed = f"scikit-image {metadata.version('scikit-image')}"
    except metadata.PackageNotFoundError:
        installed = "scikit-image (not installed)"
    return DataError(
        f"The photograph of the cat cannot be read from {installed}. Cause: {cause}.",
        'Install it again: python -m pip install --force-reinstall "scikit-image>=0.24,<1"',
    )
