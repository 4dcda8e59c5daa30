"""The palette: one meaning, one colour, in every chapter.

The five hues stay apart for the common kinds of colour blindness (Tol, "Colour Schemes", 2021).
"""

from typing import Final

INPUT: Final = "#4477AA"  # what goes into a layer
KERNEL: Final = "#CC6611"  # what a layer has learned
OUTPUT: Final = "#228833"  # what comes out
TRAINING: Final = "#AA3377"  # measured on pictures that the network learned from
VALIDATION: Final = "#007788"  # measured on pictures that it did not

SIGNED: Final = "PuOr_r"  # colour map for values on both sides of zero
BRIGHTNESS: Final = "gray"  # colour map for pictures
ACTIVATION: Final = "viridis"  # colour map for values from zero up
