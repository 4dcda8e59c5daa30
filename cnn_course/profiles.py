"""What `tiny` and `full` mean, chapter by chapter, in one table.

`tiny` is what a newcomer, the tests and the stored outputs use: no network, no GPU, seconds.
`full` is the real thing: the real data set, the real number of epochs.
"""

from dataclasses import dataclass
from typing import Final

PROFILES: Final = ("tiny", "full")


@dataclass(frozen=True)
class Settings:
    """How one chapter trains under one profile.

    Attributes:
        epochs: passes over the training pictures.
        batch_size: pictures per gradient step.
        comparison_epochs: passes for the networks that the chapter only compares with.
        comparison_pictures: training pictures that those networks see.
    """

    epochs: int
    batch_size: int
    comparison_epochs: int
    comparison_pictures: int


TABLE: Final[dict[str, dict[str, Settings]]] = {
    "02-mnist-convnet": {
        "tiny": Settings(epochs=8, batch_size=32, comparison_epochs=6, comparison_pictures=640),
        "full": Settings(epochs=5, batch_size=64, comparison_epochs=5, comparison_pictures=4_000),
    },
}


def check_profile(profile: str) -> str:
    """Return `profile` if there is such a profile.

    Raises:
        ValueError: there is none; the message lists those that there are.
    """
    if profile not in PROFILES:
        raise ValueError(f"There is no profile {profile!r}. Write one of: {', '.join(PROFILES)}.")
    return profile


def settings(chapter: str, profile: str) -> Settings:
    """Return how `chapter` trains under `profile`.

    Raises:
        ValueError: no such profile, or a chapter that does not train.
    """
    check_profile(profile)
    if chapter not in TABLE:
        raise ValueError(f"Chapter {chapter!r} has no settings. These have: {', '.join(TABLE)}.")
    return TABLE[chapter][profile]
