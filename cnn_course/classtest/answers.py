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
# A point may separate thousands or decimals: 2.548 is one or the other, and nobody can tell.
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_TIMES = re.compile(r"\s*(?:[x×*]|\bby\b)\s*", re.IGNORECASE)
_COMMAS = re.compile(r"[,;\s]+")
_NOTHING = ("none", "zero", "no", "nothing")

Read = int | str  # a number, or OPEN or UNREADABLE


def read_number(answer: object) -> Read:
    """Return a whole number, `OPEN` where nothing was written, `UNREADABLE` for anything else.

    Text may have thousands separated, "1,234", and "none" is 0. A number beyond `LARGEST` is
    unreadable.
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


def read_shape(answer: object, length: int) -> list[Read]:
    """Return the sizes that were written, one for each; `[OPEN]` or `[UNREADABLE]` for none.

    A shape is a tuple or text such as "13 x 13 x 6". A batch axis in front, None or "?", is left
    out.

    Args:
        answer: what was written.
        length: how many sizes are asked for. Of one, "1,024" is a number and not two.
    """
    if _is_open(answer):
        return [OPEN]
    if isinstance(answer, str):
        return _shape_in(answer, length)
    try:
        listed = getattr(answer, "tolist", lambda: answer)()  # an array
    except Exception:  # an object of somebody's own
        return [UNREADABLE]
    if not isinstance(listed, Sequence) or isinstance(listed, bytes):
        return [read_number(listed)]
    return _shape_of(list(listed), length)


def read_square(answer: object) -> Read:
    """Return the side of a square, written as one number or as two equal ones."""
    sides = read_shape(answer, 2)
    return sides[0] if len(set(sides)) == 1 and len(sides) <= 2 else UNREADABLE


def read_word(answer: object) -> str:
    """Return a word in small letters without signs around it, or `OPEN` or `UNREADABLE`."""
    if _is_open(answer):
        return OPEN
    try:
        name = answer if isinstance(answer, str) else getattr(answer, "__name__", None)
    except Exception:  # an object of somebody's own
        return UNREADABLE
    if not isinstance(name, str) or len(name) > _LONGEST:
        return UNREADABLE
    return re.sub(r"[\s_.()-]+", " ", name).strip().casefold()


def _is_open(answer: object) -> bool:
    if answer is None or answer is ...:
        return True
    return isinstance(answer, str) and answer.strip() in ("", "...", "…", "?", "-")


def _number_in(text: str) -> Read:
    short = text.strip().strip("()[]").strip().rstrip(",")
    if len(short) > _LONGEST or _EITHER.fullmatch(short):
        return UNREADABLE
    if short.casefold() in _NOTHING:
        return 0
    if _THOUSANDS.fullmatch(short):
        short = re.sub(r"[^\d+-]", "", short)
    try:
        return read_number(float(short) if re.search(r"[.e]", short) else int(short))
    except (ValueError, OverflowError):
        return UNREADABLE


def _shape_of(sizes: list[object], length: int) -> list[Read]:
    if not sizes or len(sizes) > 8:
        return [UNREADABLE]
    if sizes[0] is None and len(sizes) > 1:
        del sizes[0]
    read = [read_number(size) for size in sizes]
    if length == 1 and len(read) > 1:  # (1,024) with a comma for thousands
        together = _number_in(",".join(map(str, read)))
        return [together] if isinstance(together, int) else read
    return read


def _shape_in(text: str, length: int) -> list[Read]:
    short = text.strip().strip("()[]").strip()
    if len(short) > _LONGEST:
        return [UNREADABLE]
    whole = _number_in(short)
    if length == 1 and isinstance(whole, int):
        return [whole]
    # Where there are crosses, commas belong to the numbers: 13 x 13 x 1,024.
    between = _TIMES if _TIMES.search(short) else _COMMAS
    parts = [part for part in between.split(short) if part]
    if len(parts) > 1 and parts[0].casefold() in ("none", "?", "batch", "n"):
        parts = parts[1:]
    if not parts or len(parts) > 8:
        return [UNREADABLE]
    return [_number_in(part) for part in parts]
