"""Convolutional bases with their preprocessing: VGG16, MobileNet, and a small VGG16.

- VGG16: K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image
  recognition", 2015.
- MobileNet: A. G. Howard et al., "MobileNets: Efficient convolutional neural networks for mobile
  vision applications", 2017; version 1, with 0.75 of its channels.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import layers

from cnn_course.arguments import one_of, whole_number
from cnn_course.data.errors import unwritable
from cnn_course.data.storage import scratch
from cnn_course.files import digest, write
from cnn_course.transfer import weights as known
from cnn_course.transfer.weights import Packaged, Pretrained

MINIMUM_SIDE: Final = 32  # five halvings leave one value of it

# Of VGG16's blocks: filters, as times the width of the first one, and convolutions.
_BLOCKS: Final = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))
_NAMES: Final = {"mini_vgg16": ("imagenet", "drawings")}  # of weights; the others have the first


@dataclass(frozen=True)
class Base:
    """A trained network, mostly a convolutional base, and what belongs to it.

    Attributes:
        name: as it was asked for.
        model: a base has no classifier: (n, side, side, 3) to (n, height, width, channels).
        preprocess: what pictures with values from 0 to 255 go through first. It takes a NumPy
            array, a tensor or a symbolic tensor of a model, and a saved model keeps it.
        source: a sentence that says where the weights came from.
    """

    name: str
    model: Any
    preprocess: Callable[[Any], Any] = field(repr=False)
    source: str


def base(name: str, *, side: int, weights: str | Pretrained | Packaged | None = "imagenet") -> Base:
    """Return a convolutional base with its weights and its preprocessing.

    Args:
        name: `"vgg16"`, `"mobilenet"` (version 1, 0.75 of its channels) or `"mini_vgg16"` (VGG16's
            blocks and layer names, few channels).
        side: rows and columns of its pictures, at least 32.
        weights: `"imagenet"` for those that the base was trained to; for `"mini_vgg16"`, which was
            trained on drawings of animals, `"drawings"` means the same. None for random ones,
            which need no file. Or weights of one's own.

    Raises:
        TypeError: the side is not a whole number, or the weights are of another kind.
        ValueError: no such base, no such weights, or too small a side.
        DataError: the weights are not here and cannot be downloaded, or are broken.
    """
    build, preprocess, trained = _BASES[one_of("name", name, _BASES)]
    if isinstance(weights, str):
        names = _NAMES.get(name, ("imagenet",))
        one_of(f"weights of {name}", weights, names, ", or None for random ones")
        weights = trained
    elif not isinstance(weights, Pretrained | Packaged | None):
        raise TypeError(f'weights must be a name like "imagenet" or None, not {weights!r}.')
    model = build(whole_number("side", side, least=MINIMUM_SIDE))
    source = weights.load(model) if weights else "Random weights, which have learned nothing yet."
    return Base(name, model, preprocess, source)


def imagenet_classifier() -> Base:
    """Return MobileNet (version 1, 0.75 of its channels) with its own classifier.

    Returns:
        Its model goes from pictures (n, 224, 224, 3) to the probabilities of ImageNet's classes
        (n, 1000), in Keras's order: cats are 281 to 285, breeds of dogs 151 to 268.

    Raises:
        DataError: the weights are not here and cannot be downloaded, or are broken.
    """
    model = keras.applications.MobileNet(alpha=0.75, weights=None, name="mobilenet")
    source = known.MOBILENET_CLASSIFIER.load(model)
    return Base("mobilenet", model, _between_minus_one_and_one, source)


def mini_vgg16(side: int, *, width: int = 12, dtype: str | None = None) -> Any:
    """Return an untrained VGG16 of few channels: its five blocks, and its layers by name.

    Where VGG16 has 64, 128, 256, 512 and 512 filters, it has `width` times 1, 2, 4, 8 and 8; with
    the width 12 these are 518,220 parameters. Initial weights are He's: with Keras's usual ones the
    signal fades through thirteen layers.

    Args:
        side: rows and columns of its pictures, at least 32.
        width: filters in the first block.
        dtype: of weights and arithmetic; None for Keras's own.

    Returns:
        A `keras.Model` from (n, side, side, 3) to (n, side // 32, side // 32, 8 * width).
    """
    whole_number("side", side, least=MINIMUM_SIDE)
    inputs = x = keras.Input((side, side, 3))
    for block, (times, convolutions) in enumerate(_BLOCKS, start=1):
        for place in range(1, convolutions + 1):
            x = layers.Conv2D(
                times * width,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                dtype=dtype,
                name=f"block{block}_conv{place}",
            )(x)
        x = layers.MaxPooling2D(2, dtype=dtype, name=f"block{block}_pool")(x)
    return keras.Model(inputs, x, name="mini_vgg16")


def store_mini_vgg16(model: Any, file: Path = known.MINI_VGG16_FILE) -> None:
    """Write the weights of a trained `mini_vgg16` of the usual width to a file, `.weights.h5`.

    Beside it, `.weights.sha256` says which file it was.

    They are stored with 16 bits each, which halves the file and changes no weight by more than a
    2,000th of its value or, where it is tiny, by a ten-millionth.

    Raises:
        ValueError: the model has other weights.
        DataError: the file cannot be written; what was there before is still there.
    """
    half = mini_vgg16(MINIMUM_SIDE, dtype="float16")
    half.set_weights(model.get_weights())
    try:
        with scratch(file) as folder:
            half.save_weights(folder / file.name)
            stored = digest((folder / file.name).read_bytes())
            (folder / file.name).replace(file)
            write(file.with_suffix(known.DIGEST_SUFFIX), f"{stored}\n")
    except OSError as error:
        raise unwritable(file, error) from error


def _vgg16(side: int) -> Any:
    return keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(side, side, 3), name="vgg16"
    )


def _mobilenet(side: int) -> Any:
    return keras.applications.MobileNet(
        alpha=0.75, include_top=False, weights=None, input_shape=(side, side, 3), name="mobilenet"
    )


def _for_vgg16(pictures: Any) -> Any:
    """Turn red, green, blue into blue, green, red and subtract ImageNet's mean of each channel."""
    return keras.applications.vgg16.preprocess_input(_as_floats(pictures))


def _between_minus_one_and_one(pictures: Any) -> Any:
    """Divide by 127.5 and subtract 1, as MobileNet and the small VGG16 were trained."""
    return keras.applications.mobilenet.preprocess_input(_as_floats(pictures))


def _as_floats(pictures: Any) -> Any:
    """Return floating-point pictures; of a NumPy array, always a copy.

    Keras changes the array that it is given, and it computes with the whole numbers of a tensor,
    where a pixel less than the mean turns into a bright one.
    """
    if not (keras.ops.is_tensor(pictures) or isinstance(pictures, keras.KerasTensor)):
        return np.array(pictures, dtype=np.float32)
    if keras.backend.is_float_dtype(pictures.dtype):
        return pictures
    return keras.ops.cast(pictures, "float32")


_BASES: Final[
    dict[str, tuple[Callable[[int], Any], Callable[[Any], Any], Pretrained | Packaged]]
] = {
    "vgg16": (_vgg16, _for_vgg16, known.VGG16),
    "mobilenet": (_mobilenet, _between_minus_one_and_one, known.MOBILENET),
    "mini_vgg16": (mini_vgg16, _between_minus_one_and_one, known.MINI_VGG16),
}
