"""What a check says about an answer, as text and as HTML."""

from dataclasses import dataclass
from html import escape
from typing import Literal

Outcome = Literal["right", "wrong", "open"]

_WORDS: dict[Outcome, str] = {"right": "Right.", "wrong": "Not yet.", "open": "Not attempted yet."}


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Attributes:
        outcome: `"right"`, `"wrong"` or `"open"` (nothing was answered).
        message: why it is right, or what to look at; never the answer itself.
    """

    outcome: Outcome
    message: str

    def __bool__(self) -> bool:
        """A verdict is true when the answer is right."""
        return self.outcome == "right"

    def __repr__(self) -> str:
        return f"{_WORDS[self.outcome]} {self.message}"

    def _repr_html_(self) -> str:
        # The border repeats what the first words say: nothing depends on colour alone.
        border = {"right": "solid", "wrong": "dashed", "open": "dotted"}[self.outcome]
        return (
            f'<div class="course-verdict course-verdict-{self.outcome}" role="status" '
            f'style="border-left: 4px {border} currentColor; padding: .2em .8em">'
            f"<strong>{_WORDS[self.outcome]}</strong> {escape(self.message)}</div>"
        )


def right(reason: str) -> Verdict:
    """The answer is right, because of `reason`."""
    return Verdict("right", reason)


def wrong(look_at: str) -> Verdict:
    """The answer is not right; `look_at` says where to look, without giving it away."""
    return Verdict("wrong", look_at)


def unanswered() -> Verdict:
    """The learner has not replaced the dots."""
    return Verdict("open", "Replace the three dots with your answer and run the cell again.")
