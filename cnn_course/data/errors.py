"""What goes wrong with data, said in words."""


class DataError(Exception):
    """Data that the course needs is missing, broken or out of reach.

    Attributes:
        problem: what is wrong, and with which file, folder or address.
        advice: what to do about it.
    """

    def __init__(self, problem: str, advice: str = "") -> None:
        super().__init__(problem, advice)
        self.problem = problem
        self.advice = advice

    def __str__(self) -> str:
        return "\n".join(part for part in (self.problem, self.advice) if part)
