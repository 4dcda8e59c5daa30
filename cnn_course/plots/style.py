"""What all figures share: colours, fonts, how wide a text is, and how a figure is shown."""

import base64
from io import BytesIO
from typing import Final, Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import TextPath

mpl.rcdefaults()  # a person's matplotlibrc may ask for LaTeX, or for lines as wide as a hand

# One meaning, one colour, in every chapter. The five hues stay apart for the common kinds of
# colour blindness (Tol, "Colour Schemes", 2021).
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

_SHOWN_PER_INCH = 96  # what browsers take an inch for, so that 9 points look like 9 points
# More dots than are shown: sharp on a phone, too. A photograph gets fewer of them, because it has
# less to show and fills a notebook with megabytes.
_DOTS_PER_INCH = {"diagram": 168, "picture": 145}


def pale(colour: str) -> str:
    """Return a pale tint of a colour, on which `TEXT` is easy to read."""
    red, green, blue = (1 - 0.16 * (1 - part) for part in to_rgb(colour))
    return str(to_hex((red, green, blue)))


def text_width(text: str, font: FontProperties) -> float:
    """Return the inches that a line of text is wide."""
    return float(TextPath((0, 0), text, prop=font).get_extents().width) / 72 if text else 0.0


def show(figure: Figure, alt: str, kind: Literal["diagram", "picture"] = "diagram") -> None:
    """Show `figure` below the cell, with a text for those who cannot see it, and close it.

    Args:
        figure: the figure.
        alt: what the figure says, as one or two sentences; also the plain text of the output.
        kind: a `"diagram"` may be recoloured on a dark page, a `"picture"` (photographs, digits,
            heat maps) keeps its own brightness, and stands on the page's ground without a plate.

    Raises:
        ValueError: the alt text is too short to state a message.
    """
    if len(alt.split()) < 4:  # "Figure 1" is a name, not a message
        raise ValueError(f"The alt text {alt!r} does not state the message of the figure.")
    if kind == "picture":
        figure.patch.set_alpha(0)
        for text in figure.findobj(Text):
            text.set_color(CAPTION)
    buffer = BytesIO()
    figure.savefig(
        buffer,
        format="png",
        dpi=_DOTS_PER_INCH[kind],
        metadata={"Software": None},
        pil_kwargs={"optimize": True},
    )
    width, height = (round(inches * _SHOWN_PER_INCH) for inches in figure.get_size_inches())
    plt.close(figure)
    png = base64.b64encode(buffer.getvalue()).decode("ascii")
    # A phone may shrink what is only looked at, and must not shrink what is read.
    is_read = kind == "diagram" or any(one.get_title() or one.get_ylabel() for one in figure.axes)
    look = f"figure-{kind}" + " figure-read" * is_read
    about = {"alt": alt, "class": look, "width": width, "height": height}
    display(
        {"image/png": png, "text/plain": f"Figure: {alt}"}, metadata={"image/png": about}, raw=True
    )
