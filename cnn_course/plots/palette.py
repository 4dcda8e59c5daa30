"""The palette: one meaning, one colour, in every chapter.

The five hues stay apart for the common kinds of colour blindness (Tol, "Colour Schemes", 2021).
"""

from typing import Final

from matplotlib.colors import to_hex, to_rgb

INPUT: Final = "#4477AA"  # what goes into a layer
KERNEL: Final = "#CC6611"  # what a layer has learned
OUTPUT: Final = "#228833"  # what comes out
TRAINING: Final = "#AA3377"  # measured on pictures that the network learned from
VALIDATION: Final = "#007788"  # measured on pictures that it did not

NEUTRAL: Final = "#777777"  # what learns nothing
TEXT: Final = "#222222"  # on a pale ground
CAPTION: Final = "#7b7b7b"  # on the ground of a page: as clear on a white one as on a dark one

SIGNED: Final = "PuOr_r"  # colour map for values on both sides of zero
BRIGHTNESS: Final = "gray"  # colour map for pictures
ACTIVATION: Final = "viridis"  # colour map for values from zero up


def pale(colour: str) -> str:
    """Return a pale tint of a colour, on which `TEXT` is easy to read."""
    red, green, blue = (1 - 0.16 * (1 - part) for part in to_rgb(colour))
    return str(to_hex((red, green, blue)))
