"""The small arrays that the chapters work out by hand: images and kernels, all of them read-only.

An experiment with one of them cannot change a later cell.
"""

from typing import Final

import numpy as np


def _grid(text: str) -> np.ndarray:
    values = np.array([[int(number) for number in line.split()] for line in text.split("/")])
    values.flags.writeable = False
    return values


def _digits(*lines: str) -> list[np.ndarray]:
    """Return the digits that stand beside each other: ink, #, is 1, and paper is -1."""
    shapes = zip(*(line.split() for line in lines), strict=True)
    numbers = str.maketrans({"#": "1 ", ".": "-1 "})
    return [_grid("/".join(shape).translate(numbers)) for shape in shapes]


# The digit 9 on 7 rows and 5 columns; the same one column further left; two by other hands.
NINE, SHIFTED_NINE, NARROW_NINE, HOOKED_NINE = _digits(
    ".###.  ###..  ..#..  ..##.",
    ".#.#.  #.#..  .#.#.  .#.#.",
    ".###.  ###..  .##..  .#.#.",
    "...#.  ..#..  ..#..  ..##.",
    "...#.  ..#..  ..#..  ...#.",
    "..#..  .#...  ..#..  .#.#.",
    ".#...  #....  ..#..  .###.",
)

# Three detectors of parts of a 9.
LOOP: Final = _grid("1 1 1 / 1 -1 1 / 1 1 1")
VERTICAL: Final = _grid("-1 1 -1 / -1 1 -1 / -1 1 -1")
DIAGONAL: Final = _grid("-1 -1 1 / -1 1 -1 / 1 -1 -1")

# A grey digit, 0 (black) to 255 (white).
GREY_DIGIT: Final = _grid(
    "0   0   0   0   0   0   0 /"
    "0  87 240 210  24   0   0 /"
    "0  13   0 101 195   0   0 /"
    "0  35 167  99 210   0   0 /"
    "0 145 230 240 201 189 140 /"
    "0   0 102  67  17  13   0 /"
    "0   0   0   0   0   0   0"
)

# An image of zeros and ones, with a filter for horizontal and one for diagonal strokes.
BINARY_IMAGE: Final = _grid(
    "1 1 0 0 0 0 / 1 1 0 1 1 1 / 0 1 0 0 0 0 / 0 0 1 1 0 1 / 0 1 0 0 1 0 / 1 0 0 1 0 1"
)
HORIZONTAL_FILTER: Final = _grid("-1 -1 -1 / 1 1 1 / -1 -1 -1")
DIAGONAL_FILTER: Final = DIAGONAL

# The image on which maximum and average pooling are compared.
POOLING_IMAGE: Final = _grid("5 1 3 4 / 8 2 9 2 / 1 3 0 1 / 2 2 2 0")

# Sobel's kernels: how fast brightness changes to the right, and downwards.
SOBEL_X: Final = _grid("-1 0 1 / -2 0 2 / -1 0 1")
SOBEL_Y: Final = _grid("-1 -2 -1 / 0 0 0 / 1 2 1")
