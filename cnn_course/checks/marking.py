"""How an answer is marked: the checks that there are, and comparisons with the right answer.

A check takes an answer. It returns why the answer is right, or calls `wrong` with a hint.
The page's script, `book/_static/exercises.js`, compares in the same way and says the same.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from cnn_course.arguments import is_huge
from cnn_course.written import UnclearError, UnreadableError, number_in, sizes_in

Check = Callable[[Any], str]
Mistakes = Sequence[tuple[Any, str]]  # a well-known wrong answer, and what it suggests

CHECKS: dict[str, Check] = {}
IN_PARTS: set[str] = set()


class WrongAnswerError(Exception):
    """An answer is wrong; the message says what to look at."""


class UnclearAnswerError(WrongAnswerError):
    """An answer can be read in two ways; the message asks which one is meant."""


def wrong(hint: str) -> NoReturn:
    """Say that the answer is wrong, and what to look at, without giving the right one away."""
    raise WrongAnswerError(hint)


def exercise(name: str, *, in_parts: bool = False) -> Callable[[Check], Check]:
    """Register the function below as the check of exercise `name`.

    Args:
        name: as the chapter writes it.
        in_parts: whether an answer is marked as soon as one of its parts is attempted.

    Raises:
        ValueError: two exercises have the same name.
    """

    def register(check: Check) -> Check:
        if name in CHECKS:
            raise ValueError(f"Two exercises are called {name!r}. Rename one of them.")
        CHECKS[name] = check
        if in_parts:
            IN_PARTS.add(name)
        return check

    return register


def _number_in(text: str, *, whole: bool) -> float:
    try:
        return number_in(text, whole=whole)
    except UnclearError as unclear:
        raise UnclearAnswerError(str(unclear)) from None


def number(
    answer: Any,
    expected: float,
    hint: str,
    mistakes: Mistakes = (),
    *,
    relative: float | None = None,
    near: str = "",
) -> None:
    """Compare one number. A count is exact; a measured value may be rounded to three digits.

    Args:
        answer: what the learner wrote; text as `written.number_in` reads it.
        expected: the right value.
        hint: what to look at when it is another value.
        mistakes: well-known wrong values, each with what it suggests.
        relative: how far from `expected` a value may be, as a part of it.
        near: what to say when the third digit behind the point is another one.

    Raises:
        WrongAnswerError: it is another value, or no number.
    """
    whole = isinstance(expected, int)
    if isinstance(answer, str):
        try:
            answer = _number_in(answer, whole=whole)
        except UnreadableError as unreadable:
            wrong(f"{unreadable} {hint}")
    if isinstance(answer, bool | np.bool_ | bytes | complex) or not np.isscalar(answer):
        wrong(f"One number is asked for, and this is a {type(answer).__name__}. {hint}")
    try:
        value = float(answer)  # type: ignore[arg-type]
    except OverflowError:
        wrong(f"It is far smaller. {hint}")
    tolerance = 0 if whole else 5e-3
    bounds = (tolerance, tolerance) if relative is None else (relative, 0)
    if np.isclose(value, expected, *bounds):
        if near and abs(value - expected) > 5e-4:
            wrong(near)
        return
    for mistake, suggested in mistakes:
        if np.isclose(value, mistake, *bounds):
            wrong(suggested)
    wrong(f"It is not {value + 0:,.12g}. {hint}")  # 0 has no sign


def array(
    answer: Any,
    expected: Any,
    hint: str,
    mistakes: Mistakes = (),
    *,
    also: Sequence[Any] = (),
    tolerance: float | None = None,
) -> None:
    """Compare an array: first its shape, then its values.

    Args:
        answer: what the learner wrote; anything that `numpy.asarray` takes, and numbers as text.
        expected: the right array. Counts are exact; other values may be rounded to three digits.
        hint: what to look at when a value is wrong.
        mistakes: well-known wrong arrays, each with what it suggests.
        also: other arrays that are right.
        tolerance: how far a value may be away, if not so.

    Raises:
        WrongAnswerError: a value or the shape is another one, or it is no array of numbers.
    """
    expected = np.asarray(expected)
    whole = np.issubdtype(expected.dtype, np.integer)
    try:
        given = np.asarray(_read(answer, whole=whole), dtype=float)
    except (TypeError, ValueError):
        wrong("This is not an array of numbers, with as many of them in every row.")
    if given.shape != expected.shape:
        wrong(f"The shape is {given.shape}, and {expected.shape} is needed.")
    if tolerance is None:
        tolerance = 0 if whole else 5e-3
    agrees = np.isclose(given, expected, rtol=tolerance, atol=tolerance)
    if agrees.all() or any(np.allclose(given, other, atol=tolerance) for other in also):
        return
    for mistake, suggested in mistakes:
        if np.allclose(given, mistake, rtol=1e-3, atol=tolerance or 5e-3):
            wrong(suggested)
    place = tuple(int(index) for index in np.argwhere(~agrees)[0])
    wrong(f"The shape fits. The first value that differs is at {place}. {hint}")


def _read(answer: Any, *, whole: bool) -> Any:
    """Return an answer with numbers where it has them as text."""
    if isinstance(answer, str):
        return _number_in(answer, whole=whole)
    if isinstance(answer, list | tuple):
        return [_read(part, whole=whole) for part in answer]
    return answer


def shape(answer: Any, expected: Sequence[int], hint: str, mistakes: Mistakes = ()) -> None:
    """Compare the shape of maps: rows, columns, channels. It may begin with `None`, as in Keras.

    Text may be written as `written.sizes_in` reads it.

    Raises:
        WrongAnswerError: it is another shape, or none.
    """
    if isinstance(answer, str):
        answer = sizes_in(answer, 3)
    if not isinstance(answer, list | tuple):
        kind = type(answer).__name__
        wrong(f"A shape is asked for, such as (28, 28, 1), and this is a {kind}.")
    given = list(answer[1:] if answer and answer[0] is None else answer)
    if len(given) != 3:
        wrong(f"It has the length {len(given)}. Maps have rows, columns and channels.")
    array(given, expected, hint, mistakes)


def axes(answer: Any, expected: Sequence[int], hint: str, mistakes: Mistakes = ()) -> None:
    """Compare axes of an array of four, in any order; they may be counted from the end.

    Raises:
        WrongAnswerError: they are others, or none; a mistake is an axis that is missing.
    """
    given = sizes_in(answer, len(expected)) if isinstance(answer, str) else answer
    try:
        chosen = sorted(int(_read(one, whole=True)) % 4 for one in given)
    except (OverflowError, TypeError, ValueError):
        wrong("Write a tuple of axis numbers, such as (1, 2).")
    if chosen == list(expected):
        return
    for missing, suggested in mistakes:
        if missing not in chosen:
            wrong(suggested)
    wrong(hint)


def word(
    answer: Any,
    expected: str,
    hint: str,
    mistakes: Mistakes = (),
    *,
    options: Sequence[str] = (),
) -> None:
    """Compare a word, in capitals or not; a mistake may be a list of words.

    Args:
        answer: what the learner wrote; True and False count as words.
        expected: the right word.
        hint: what to look at when it is another one.
        mistakes: wrong words, each with what it suggests.
        options: the words to choose from, where they are listed.

    Raises:
        WrongAnswerError: it is another word, or none.
    """
    if isinstance(answer, bool | np.bool_):
        answer = str(answer)
    if not isinstance(answer, str):
        wrong(f"A name is asked for, and this is a {type(answer).__name__}. {hint}")
    given = answer.strip().lower()
    if given == expected.lower():
        return
    for mistake, suggested in mistakes:
        if given in ([mistake] if isinstance(mistake, str) else mistake):
            wrong(suggested)
    if options and given not in [option.lower() for option in options]:
        wrong(f"Choose one of these: {', '.join(options)}.")
    wrong(hint if options else f"That is none of them. {hint}")


def words(
    answer: Any, expected: Sequence[str], hint: str, *, options: Sequence[Sequence[str]]
) -> None:
    """Compare several words, each with the list that it is chosen from.

    Raises:
        WrongAnswerError: one of them is another one, or there are more or fewer.
    """
    if not isinstance(answer, list | tuple) or len(answer) != len(expected):
        wrong(
            f"Answer with {len(expected)} words, such as ({', '.join(one[0] for one in options)})."
        )
    for given, right, known in zip(answer, expected, options, strict=True):
        word(given, right, hint, options=known)


def order(answer: Any, expected: Sequence[str], before: Sequence[Sequence[str]]) -> None:
    """Compare an order of letters; several may be right.

    Args:
        answer: what the learner wrote, a list or a text.
        expected: the letters.
        before: a letter, one that must come later, and what to look at if it does not.

    Raises:
        WrongAnswerError: one letter comes before another one that it needs, or letters are missing.
    """
    if not isinstance(answer, str | list | tuple):
        wrong(f"Give a list of {len(expected)} letters. This is a {type(answer).__name__}.")
    letters = [sign for sign in "".join(map(str, answer)).upper() if sign.isalnum()]
    if sorted(letters) != sorted(expected):
        wrong(f"Each of the letters {', '.join(sorted(expected))} is needed, and each once.")
    for earlier, later, hint in before:
        if letters.index(earlier) > letters.index(later):
            wrong(hint)


def parts(answer: Any, compared: Mapping[str, Callable[[Any], object]]) -> None:
    """Compare a dictionary: its keys, then one value after the other.

    Args:
        answer: what the learner wrote.
        compared: for each key, how its value is compared.

    Raises:
        WrongAnswerError: about the first value that is wrong, with its key.
    """
    if not isinstance(answer, Mapping) or set(answer) != set(compared):
        wrong(f"Give a dictionary with exactly these keys: {', '.join(compared)}.")
    for key, compare in compared.items():
        try:
            compare(answer[key])
        except WrongAnswerError as error:
            raise type(error)(f"'{key}': {error}") from None


def call(function: Any, *arguments: Any, may_change: bool = True) -> Any:
    """Return what a learner's function makes of copies of `arguments`.

    Args:
        function: what the learner handed in.
        arguments: what it is called with.
        may_change: whether it may write into the arrays that it gets.

    Raises:
        WrongAnswerError: it is no function, returns nothing, or changes what it must not.
    """
    if not callable(function):
        wrong(
            f"A function is asked for, and this is a {type(function).__name__}. "
            "Give the function itself: its name, without brackets behind it."
        )
    given = copy.deepcopy(arguments)
    result = function(*given)
    if result is None or result is ...:
        wrong("The function returns nothing. Behind return, write the result.")
    if is_huge(result, 100_000):
        wrong("The function returns more than 100,000 values, and far fewer are asked for.")
    if not may_change and not all(map(np.array_equal, given, arguments)):
        wrong(
            "The array that was handed in is changed. Return a new one: whoever calls the function "
            "twice changes it twice. (-= changes an array, and a turned view of it as well.)"
        )
    return result
