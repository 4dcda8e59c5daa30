"""What somebody wrote, read as a number, a shape or a word. Nothing that is written is an error."""

import math
import re
from collections.abc import Sequence
from typing import Final

OPEN: Final = "open"
UNREADABLE: Final = "unreadable"
LARGEST: Final = 10**15  # beyond it nothing is counted on, and nothing has to be

_LONGEST = 200
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[,' \u00a0\u202f]\d{3})+")
_BETWEEN_SIZES = re.compile(r"\s*[x×*,;\s]\s*", re.IGNORECASE)

Read = int | str  # a number, or OPEN or UNREADABLE


def read_number(answer: object) -> Read:
    """Return a whole number, `OPEN` where nothing was written, `UNREADABLE` for anything else.

    Text may have thousands separated: "1,234". A number beyond `LARGEST` is unreadable.
    """
    if _is_open(answer):
        return OPEN
    if isinstance(answer, str):
        return _number_in(answer)
    if isinstance(answer, list | tuple) and len(answer) == 1:
        return read_number(answer[0])
    try:
        if isinstance(answer, bool) or not math.isfinite(answer):  # type: ignore[arg-type]
            return UNREADABLE
        number = int(answer)  # type: ignore[call-overload]
        return number if number == answer and abs(number) <= LARGEST else UNREADABLE
    except Exception:  # whatever was handed in: an array, a model, an object of one's own
        return UNREADABLE


def read_shape(answer: object) -> list[Read]:
    """Return the sizes that were written, one for each; `[OPEN]` or `[UNREADABLE]` for none.

    A shape is a tuple or text such as "13 x 13 x 6". A batch axis in front, None or "?", is left
    out.
    """
    if _is_open(answer):
        return [OPEN]
    if isinstance(answer, str):
        return _shape_in(answer)
    try:
        listed = getattr(answer, "tolist", lambda: answer)()  # an array
    except Exception:  # an object of somebody's own
        return [UNREADABLE]
    if not isinstance(listed, Sequence) or isinstance(listed, bytes):
        return [read_number(listed)]
    if not listed or len(listed) > 8:
        return [UNREADABLE]
    sizes = list(listed[1:]) if listed[0] is None and len(listed) > 1 else list(listed)
    return [read_number(size) for size in sizes]


def read_square(answer: object) -> Read:
    """Return the side of a square, written as one number or as two equal ones."""
    sides = read_shape(answer)
    return sides[0] if len(set(sides)) == 1 and len(sides) <= 2 else UNREADABLE


def read_word(answer: object) -> str:
    """Return a word in small letters without spaces around it, or `OPEN` or `UNREADABLE`."""
    if _is_open(answer):
        return OPEN
    try:
        name = answer if isinstance(answer, str) else getattr(answer, "__name__", None)
    except Exception:  # an object of somebody's own
        return UNREADABLE
    if not isinstance(name, str) or len(name) > _LONGEST:
        return UNREADABLE
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def _is_open(answer: object) -> bool:
    if answer is None or answer is ...:
        return True
    return isinstance(answer, str) and answer.strip() in ("", "...", "…", "?", "-")


def _number_in(text: str) -> Read:
    short = text.strip()
    if len(short) > _LONGEST:
        return UNREADABLE
    if _THOUSANDS.fullmatch(short):
        short = re.sub(r"[^\d+-]", "", short)
    try:
        return read_number(float(short) if re.search(r"[.e]", short) else int(short))
    except (ValueError, OverflowError):
        return UNREADABLE


def _shape_in(text: str) -> list[Read]:
    short = text.strip().strip("()[]").strip()
    if len(short) > _LONGEST:
        return [UNREADABLE]
    parts = [part for part in _BETWEEN_SIZES.split(short) if part]
    if len(parts) > 1 and parts[0].casefold() in ("none", "?", "batch", "n"):
        parts = parts[1:]
    if not parts or len(parts) > 8:
        return [UNREADABLE]
    return [read_number(part) for part in parts]
