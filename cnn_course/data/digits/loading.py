"""Handwritten digits: MNIST, or 1,797 small ones that need no download."""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnn_course.data.digits.mnist import MNIST, Mnist
from cnn_course.data.reading import Bytes
from cnn_course.profiles import check_profile

Part: TypeAlias = tuple[Bytes, Bytes]

TINY_TRAIN: Final = 1_297
_SIDE: Final = 28
_BOX: Final = 20  # MNIST's digits are drawn in 20 x 20 pixels, with a margin of 4
_MARGIN: Final = (_SIDE - _BOX) // 2


def load_digits(profile: str, mnist: Mnist = MNIST) -> tuple[Part, Part]:
    """Return pictures of handwritten digits and their labels, for training and for testing.

    `"full"` is MNIST: 60,000 and 10,000 pictures, looked for in `$CNN_COURSE_DATA/mnist/`, then in
    the course's cache, then downloaded. Whatever its container, its arrays are compared with a
    digest.

    `"tiny"` is scikit-learn's copy of the test set of "Optical Recognition of Handwritten Digits"
    (E. Alpaydin and C. Kaynak, 1998): 1,797 real digits of 13 people, 8 x 8 pixels, enlarged so
    that they look like MNIST's. The first 1,297 are for training and the last 500 for testing,
    in the order of the file. Neighbours there were written by the same hand (see "Sample
    grouping" in Inria's scikit-learn course), so the test pictures come from hands that the
    network has not seen, as MNIST's do; a shuffled split would mix the hands and promise too
    much. One hand is in both parts: it wrote the last ten training pictures and the first
    hundred or so for testing.

    Args:
        profile: `"tiny"` or `"full"`.
        mnist: which data set `"full"` means; for tests.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: pictures, uint8 of shape (n, 28, 28), 0 is black
        and 255 is white, white digits on black; labels, uint8 of shape (n,), 0 to 9.

    Raises:
        ValueError: there is no such profile.
        DataError: MNIST is broken, or is not here and cannot be downloaded.
    """
    if check_profile(profile) == "tiny":
        return _tiny_digits()
    arrays = mnist.load()
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def _tiny_digits() -> tuple[Part, Part]:
    # scikit-learn takes a second to import, which nobody should pay for MNIST.
    from sklearn import datasets  # noqa: PLC0415

    digits = datasets.load_digits()
    x = np.stack([_like_mnist(picture) for picture in digits.images / 16])
    y = digits.target.astype(np.uint8)
    return (x[:TINY_TRAIN], y[:TINY_TRAIN]), (x[TINY_TRAIN:], y[TINY_TRAIN:])


def _like_mnist(picture: NDArray[np.float64]) -> Bytes:
    """Enlarge an 8 x 8 picture with values in [0, 1] as MNIST's were made: box, margin, centre."""
    from PIL import Image  # noqa: PLC0415

    small = Image.fromarray(picture.astype(np.float32))
    box = np.asarray(small.resize((_BOX, _BOX), Image.Resampling.BICUBIC))
    # Enlarging blurs. More contrast gives as many grey pixels as MNIST has: 19 of 100.
    box = np.clip((box - 0.15) / 0.7, 0, 1)
    canvas = np.pad(box / box.max(), _MARGIN)
    rows, columns = (_to_centre(canvas.sum(axis=axis)) for axis in (1, 0))
    return np.rint(255 * np.roll(canvas, (rows, columns), axis=(0, 1))).astype(np.uint8)


def _to_centre(sums: NDArray[np.float32]) -> int:
    """Return the pixels to shift by, so that the centre of mass comes to the picture's centre."""
    centre = np.average(np.arange(_SIDE), weights=sums)
    return int(np.clip(np.rint((_SIDE - 1) / 2 - centre), -_MARGIN, _MARGIN))
