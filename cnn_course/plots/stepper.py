"""The sliding window, step by step, as HTML that needs neither a kernel nor a script.

A group of radio buttons chooses the step and style rules show it: arrow keys move on, a finger
taps, a screen reader reads the sum of the step that is chosen. Where there are no styles, as in a
notebook that is not trusted, it asks to be run.
"""

import hashlib
from dataclasses import dataclass
from html import escape
from importlib import resources

import numpy as np

from cnn_course.conv import correlate2d

_STYLE = resources.files(__package__).joinpath("stepper.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Stepper:
    """A stepped picture: one frame a step, one radio button a frame."""

    title: str
    frames: tuple[str, ...]
    sums: tuple[str, ...]

    def __repr__(self) -> str:
        steps = [f"step {number}: {text}" for number, text in enumerate(self.sums, start=1)]
        return "\n".join([self.title, *steps])

    def _repr_html_(self) -> str:
        # The name ties the radio buttons together, so it must differ between steppers of a page.
        name = "stepper-" + hashlib.sha256("".join(self.frames).encode()).hexdigest()[:8]
        count = len(self.frames)
        rules = ", ".join(f".{name}:has(.s{i}:checked) .f{i}" for i in range(count))
        buttons = "".join(  # their keys are not for JupyterLab, which asks the focused element
            f'<label><input type="radio" name="{name}" class="s{i}"{" checked" * (i == 0)} '
            f'aria-describedby="{name}-{i}" data-lm-suppress-shortcuts="true">'
            f"<span>{i + 1}</span></label>"
            for i in range(count)
        )
        frames = "".join(
            f'<div class="frame f{i}">{frame}'
            f'<p class="sum" id="{name}-{i}">Step {i + 1} of {count}: {text}</p></div>'
            for i, (frame, text) in enumerate(zip(self.frames, self.sums, strict=True))
        )
        return (
            f"<style>{_STYLE}{rules} {{ display: flex; }}</style>"
            '<p class="course-stepper-unrun">Run this cell, and choose a step here.</p>'
            f'<div class="course-stepper {name}" hidden><fieldset class="steps">'
            f"<legend>{escape(self.title)}: step</legend>{buttons}</fieldset>{frames}</div>"
        )


def sliding_window(
    image: np.ndarray, kernel: np.ndarray, *, title: str, divide: bool = False
) -> Stepper:
    """Show how a kernel moves over an image, with every product written out.

    Args:
        image: (H, W), small enough to be read.
        kernel: (kh, kw).
        title: what the learner sees, for example `"The loop filter on the 9"`.
        divide: divide each sum by the number of weights, as the first section of chapter 1 does.

    Returns:
        one frame for each of the H' x W' places of a "valid" cross-correlation with stride 1.
    """
    scale = kernel.size if divide else 1
    result = correlate2d(image, kernel) / scale
    kh, kw = kernel.shape
    frames, sums = [], []
    for step, (row, column) in enumerate(np.ndindex(result.shape)):
        seen = np.zeros(image.shape, dtype=bool)
        seen[row : row + kh, column : column + kw] = True
        order = np.arange(result.size).reshape(result.shape)
        frames.append(
            _table("Image", image, seen, "seen")
            + _table("Kernel", kernel, np.ones((kh, kw), dtype=bool), "weight")
            + _table("Map", np.where(order <= step, result, np.nan), order == step, "now")
        )
        sums.append(_sum_text(image[seen] * kernel.ravel(), scale))
    return Stepper(title, tuple(frames), tuple(sums))


def _table(caption: str, values: np.ndarray, marked: np.ndarray, style: str) -> str:
    """Return an array as a table; cells that are marked have the class `style`.

    Where some are marked and others not, a screen reader is told which.
    """
    current = "" if marked.all() else ' aria-current="true"'
    opening = np.where(marked, f'<td class="{style}"{current}>', "<td>")
    rows = ""
    for line, tags in zip(values, opening, strict=True):
        cells = (f"{tag}{_number(value)}</td>" for tag, value in zip(tags, line, strict=True))
        rows += f"<tr>{''.join(cells)}</tr>"
    body = f"<caption>{caption}</caption><tbody>{rows}</tbody>"
    return f'<table class="{caption.lower()}">{body}</table>'


def _sum_text(products: np.ndarray, scale: int) -> str:
    terms = " ".join(f"{'−' if value < 0 else '+'} {abs(value):g}" for value in products)
    total = float(products.sum())
    text = f"{terms.removeprefix('+ ')} = {_number(total)}"
    return f"{text}; {_number(total)} / {scale} = {_number(total / scale)}" if scale > 1 else text


def _number(value: float) -> str:
    if np.isnan(value):
        return ""
    text = f"{value:g}" if float(value).is_integer() else f"{value:.2f}"
    return text.replace("-", "−")
