"""Show a Matplotlib figure together with its alt text."""

import base64
from io import BytesIO
from typing import Literal

import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.text import Text

from cnn_course.plots.palette import CAPTION

_SHOWN_PER_INCH = 96  # what browsers take an inch for, so that 9 points look like 9 points
# More dots than are shown: sharp on a phone, too. A photograph gets fewer of them, because it has
# less to show and fills a notebook with megabytes.
_DOTS_PER_INCH = {"diagram": 168, "picture": 145}


def show(figure: Figure, alt: str, kind: Literal["diagram", "picture"] = "diagram") -> None:
    """Show `figure` below the cell, with a text for those who cannot see it.

    Args:
        figure: the figure; it is closed afterwards.
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
    about = {"alt": alt, "class": f"figure-{kind}", "width": width, "height": height}
    display(
        {"image/png": png, "text/plain": f"Figure: {alt}"}, metadata={"image/png": about}, raw=True
    )
