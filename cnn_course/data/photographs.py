"""Photographs that anybody may publish, from the installed scikit-image."""

import difflib
import io
from importlib import metadata, resources
from typing import Final

import numpy as np

from cnn_course.data.errors import DataError
from cnn_course.data.reading import Bytes

# name -> file, shape; where they come from stands in `photograph`.
_PHOTOGRAPHS: Final = {
    "cat": ("chelsea.png", (300, 451, 3)),
    "coffee": ("coffee.png", (400, 600, 3)),
    "astronaut": ("astronaut.png", (512, 512, 3)),
    "rocket": ("rocket.jpg", (427, 640, 3)),
}


def photograph(name: str) -> Bytes:
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

    if name not in _PHOTOGRAPHS:
        close = difflib.get_close_matches(str(name), _PHOTOGRAPHS, 1)
        known = f"did you mean {close[0]!r}?" if close else f"choose from {list(_PHOTOGRAPHS)}"
        raise ValueError(f"there is no photograph {name!r}; {known}")
    file, shape = _PHOTOGRAPHS[name]
    try:
        content = resources.files("skimage").joinpath("data", file).read_bytes()
        pixels = np.array(Image.open(io.BytesIO(content)))
    except (ImportError, OSError, SyntaxError, ValueError) as error:  # Pillow raises all of these
        raise _missing(name, str(error)) from error
    if pixels.dtype != np.uint8 or pixels.shape != shape:
        raise _missing(name, f"{file} is {pixels.dtype}, {pixels.shape}")
    return pixels


def _missing(name: str, cause: str) -> DataError:
    try:
        installed = f"scikit-image {metadata.version('scikit-image')}"
    except metadata.PackageNotFoundError:
        installed = "scikit-image (not installed)"
    return DataError(
        f"The photograph of the {name} cannot be read from {installed}. Cause: {cause}.",
        'Install it again: python -m pip install --force-reinstall "scikit-image>=0.24,<1"',
    )
