"""What `tiny` and `full` mean, chapter by chapter, in one table.

`tiny` is what a newcomer, the tests and the stored outputs use: no network, no GPU, seconds.
`full` is the real thing: the real data set, the real number of epochs.
"""

import os
from dataclasses import dataclass, replace
from typing import Final

PROFILES: Final = ("tiny", "full")
PRECISION_VARIABLE: Final = "CNN_COURSE_PRECISION"  # of full runs: float32 or bfloat16


@dataclass(frozen=True)
class Settings:
    """How one chapter trains under one profile.

    Attributes:
        epochs: passes over the training pictures.
        batch_size: pictures per gradient step.
        comparison_epochs: passes for the networks that the chapter only compares with, at most.
        comparison_pictures: training pictures that those networks see; 0 for all.
        side: rows and columns that pictures are resized to; 0 where they are not.
        filters: of the convolutions in turn; empty where the chapter says them itself.
        base: the pretrained base, a name that `transfer.base` knows; empty where there is none.
        copies: how often each training picture is augmented for stored features.
        unfrozen_from: the first layer of the base that fine-tuning trains.
        rates: learning rates, of which validation pictures choose one.
        patience: passes without a lower validation loss after which a training stops.
        draws: of training pictures, for each of which everything is measured.
        blocks: of two convolutions, in each of the networks that are compared.
    """

    epochs: int
    batch_size: int
    comparison_epochs: int = 0
    comparison_pictures: int = 0
    side: int = 0
    filters: tuple[int, ...] = ()
    base: str = ""
    copies: int = 1
    unfrozen_from: str = ""
    rates: tuple[float, ...] = ()
    patience: int = 0
    draws: int = 1
    blocks: tuple[int, ...] = ()


_SMALL: Final = (16, 32, 64, 64)
_TAUGHT: Final = (32, 64, 128, 256, 256)  # Chollet, "Deep Learning with Python", chapter 8

TABLE: Final[dict[str, dict[str, Settings]]] = {
    "02-mnist-convnet": {
        "tiny": Settings(epochs=8, batch_size=32, comparison_epochs=6, comparison_pictures=640),
        "full": Settings(epochs=5, batch_size=64, comparison_epochs=5, comparison_pictures=4_000),
    },
    "03-dogs-vs-cats": {
        "tiny": Settings(epochs=30, batch_size=8, side=64, filters=_SMALL),
        "full": Settings(epochs=30, batch_size=32, side=180, filters=_TAUGHT),
    },
    "04-data-augmentation": {
        "tiny": Settings(epochs=70, batch_size=16, patience=20, side=64, filters=_SMALL),
        "full": Settings(epochs=100, batch_size=32, patience=20, side=180, filters=_TAUGHT),
    },
    "05-vgg16-feature-extraction": {
        "tiny": Settings(
            epochs=20, batch_size=16, comparison_epochs=2, side=64, base="mini_vgg16", copies=5
        ),
        "full": Settings(
            epochs=50, batch_size=32, comparison_epochs=20, side=224, base="mobilenet", copies=10
        ),
    },
    "06-fine-tuning": {
        "tiny": Settings(
            epochs=5,
            batch_size=16,
            comparison_epochs=15,
            side=64,
            base="mini_vgg16",
            copies=5,
            unfrozen_from="block4_conv1",
            rates=(3e-4, 3e-3, 3e-1),
        ),
        "full": Settings(
            epochs=10,
            batch_size=32,
            comparison_epochs=50,
            side=224,
            base="mobilenet",
            copies=10,
            unfrozen_from="conv_dw_10",
            rates=(1e-5, 1e-4, 1e-3, 1e-2),
        ),
    },
    "07-transfer-learning-cases": {
        "tiny": Settings(
            epochs=5, batch_size=16, side=64, base="mini_vgg16", rates=(3e-4, 3e-3), draws=3
        ),
        "full": Settings(epochs=30, batch_size=32, side=96, base="mobilenet", rates=(1e-4, 5e-4)),
    },
    "09-famous-architectures": {
        "tiny": Settings(epochs=4, batch_size=32, comparison_epochs=10, blocks=(4, 10)),
        "full": Settings(
            epochs=6,
            batch_size=64,
            comparison_epochs=30,
            comparison_pictures=10_000,
            blocks=(3, 27),
        ),
    },
    "10-batch-normalization": {
        "tiny": Settings(epochs=3, batch_size=32, comparison_pictures=1_280),
        "full": Settings(epochs=4, batch_size=64, comparison_pictures=10_000),
    },
}

# The same training on another base than the usual one.
OTHER_BASES: Final[dict[tuple[str, str], dict[str, Settings]]] = {
    ("05-vgg16-feature-extraction", "full"): {
        "vgg16": replace(
            TABLE["05-vgg16-feature-extraction"]["full"],
            base="vgg16",
            side=180,
            copies=5,
            comparison_epochs=5,
        ),
    },
    ("06-fine-tuning", "full"): {
        "vgg16": replace(
            TABLE["06-fine-tuning"]["full"],
            base="vgg16",
            side=180,
            copies=5,
            epochs=8,
            unfrozen_from="block5_conv1",
            rates=(1e-5, 1e-4, 1e-3),
        ),
    },
}


def half_precision() -> bool:
    """Return whether full runs are to compute in half precision where TensorFlow can."""
    return os.environ.get(PRECISION_VARIABLE) == "bfloat16"


def check_profile(profile: str) -> str:
    """Return `profile` if there is such a profile.

    Raises:
        ValueError: there is none; the message lists those that there are.
    """
    if profile not in PROFILES:  # without `one_of`: the command line starts without NumPy
        raise ValueError(f"profile must be one of 'tiny', 'full', not {profile!r}.")
    return profile


def settings(chapter: str, profile: str, base: str = "") -> Settings:
    """Return how `chapter` trains under `profile`.

    An empty base, the pretrained network, takes the one that is usual in the profile.

    Raises:
        ValueError: no such profile, a chapter that does not train, or a base that it is not for.
    """
    check_profile(profile)
    if chapter not in TABLE:
        raise ValueError(f"Chapter {chapter!r} has no settings. These have: {', '.join(TABLE)}.")
    usual = TABLE[chapter][profile]
    bases = {usual.base: usual} | OTHER_BASES.get((chapter, profile), {})
    if base and base not in bases:
        known = ", ".join(filter(None, bases)) or "none"
        raise ValueError(
            f"Chapter {chapter!r} is not made for the base {base!r} with the profile {profile!r}. "
            f"It is for: {known}."
        )
    return bases[base or usual.base]


def other_bases() -> list[str]:
    """Return the bases that some chapter can be run on beside its usual one."""
    return sorted({base for bases in OTHER_BASES.values() for base in bases})
