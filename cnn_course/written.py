"""Reads numbers and shapes as people write them; what can be read in two ways is asked back.

Of what is not theirs to write, signs that steer a terminal, it makes something to be seen.

The page's script, `book/_static/exercises.js`, reads by the same rules.
"""

import math
import re
from typing import Final

# What moves a terminal's cursor, names its window or turns the direction of its text.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LONGEST: Final = 200
_NONE: Final = ("none", "zero", "no", "nothing")
_SPACE = re.compile(r"[\s\ufeff]+")  # in Python, and in a browser
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:[,' _\u2019]\d{3})+", re.ASCII)
_LAKHS = re.compile(r"[+-]?[1-9]\d?(?:,\d{2})+,\d{3}", re.ASCII)  # as India groups: 1,00,352
_COUNTED = re.compile(
    r"(?<=\d) *(?:p|(?:parameter|param|weight|value|unit|neuron|pixel|px)s?)\.?$", re.IGNORECASE
)
_BEFORE = re.compile(r"^.*=|^\s*[~\u2248]")
_POINTS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3}){2,}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
# One separator may stand before thousands or before decimals, and nobody can tell.
_UNCLEAR_POINT = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
_UNCLEAR_COMMA = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_TIMES = re.compile(r"\s*(?:[x×*·]|\bby\b)\s*", re.IGNORECASE)
_COMMAS = re.compile(r"[,;/\s]+")
_WIDE = {0xFF10 + digit: str(digit) for digit in range(10)}  # as typed in Chinese or Japanese


class UnreadableError(ValueError):
    """A text is no number."""


class UnclearError(UnreadableError):
    """A text can be read as two numbers; the message says how to write each."""


def visible(text: str) -> str:
    """Return a text whose control signs, but line breaks and tabs, are written as escapes."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def number_in(text: str, *, whole: bool) -> float:
    """Return the number that a text says, an `int` where it is written as one.

    Thousands may be separated, `1,234` or `1,00,352`, a fraction be written as one, `1/9`, and
    "none" is 0. A calculation in front, `2 * 3 =`, and what is counted behind do not matter.

    Args:
        text: what somebody wrote.
        whole: whether a whole number is asked for. Then `2,548` is one and `2.548` is unclear;
            else it is the other way round.

    Raises:
        UnclearError: it can be read in two ways.
        UnreadableError: it is no number.
    """
    if len(text) > _LONGEST:
        raise UnreadableError("This is too long for a number.")
    short = _bare(_BEFORE.sub("", _bare(text))).replace("\u2212", "-")
    above, stroke, below = short.partition("/")
    if stroke:
        if not (divisor := number_in(below, whole=whole)):
            raise UnreadableError("Nothing can be divided by 0.")
        return _finite(number_in(above, whole=whole) / divisor)
    if short.casefold() in _NONE:
        return 0
    if (_UNCLEAR_POINT if whole else _UNCLEAR_COMMA).fullmatch(short):
        digits, decimals = re.sub(r"[.,]", "", short), short.replace(",", ".") + "0" * whole
        raise UnclearError(
            f"{short} can be read in two ways. Write {digits} or {decimals}, whichever you mean."
        )
    if any(grouped.fullmatch(short) for grouped in (_THOUSANDS, _LAKHS, _POINTS)):
        short = re.sub(r"[^\d+-]", "", short)
    if _DECIMAL_COMMA.fullmatch(short):
        short = short.replace(",", ".")
    if not _NUMBER.fullmatch(short):
        raise UnreadableError("This cannot be read as a number.")
    return _finite(float(short)) if re.search(r"[.e]", short, re.IGNORECASE) else int(short)


def sizes_in(text: str, length: int) -> list[str]:
    """Return the sizes that a text such as "13 x 13 x 6" says, without a batch axis in front.

    Of `length` sizes that are asked for: where it is one, "1,024" is a number and not two.
    """
    if len(text) > _LONGEST:
        return []
    short = _bare(text)
    if length == 1 and _is_number(short):
        return [short]
    short, equals, _ = short.partition("=")  # 4 x 4 x 2 = 32
    # Where there are crosses, commas belong to the numbers: 13 x 13 x 1,024.
    between = _TIMES if _TIMES.search(short) else _COMMAS
    parts = [part for part in between.split(short) if part]
    batch = len(parts) > 1 and parts[0].casefold() in ("none", "?", "batch", "n")
    return [] if equals and len(parts) != length else parts[batch:]


def _bare(text: str) -> str:
    short = _SPACE.sub(" ", text).translate(_WIDE).strip(" ()[]").rstrip(",")
    return _COUNTED.sub("", short)


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise UnreadableError("This number is too large.")
    return number


def _is_number(text: str) -> bool:
    try:
        number_in(text, whole=True)
    except UnreadableError:
        return False
    return True
