"""The explorers that train: step by step, with a learning rate and a momentum that may change."""

import math
import random
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np

from cnn_course import conv, examples
from cnn_course.arguments import shown, whole_number
from cnn_course.explorers.explorer import Explorer, Panel, array_panel, images, text_panel

MOST_STEPS: Final = 5_000
_LEARNED, _DIVERGED = 1e-8, 1e9  # losses at which the training of a kernel ends
_LARGEST_PICTURE: Final = 64
_KERNELS = {
    "loop": examples.LOOP,
    "Sobel x": examples.SOBEL_X,
    "Sobel y": examples.SOBEL_Y,
    "vertical": examples.VERTICAL,
    "diagonal": examples.DIAGONAL,
    "blur": np.ones((3, 3)) / 9,
}


class Step(NamedTuple):
    """A kernel (3, 3) after some steps, its loss, and how the loss changes with each weight."""

    kernel: np.ndarray
    loss: float
    gradient: np.ndarray


class Training(Explorer):
    """An explorer that trains: the state says how, and how many steps.

    `past` has what was set before: for each period until which step it was, its learning rate and
    its momentum.
    """

    def set(self, **changes: Any) -> None:
        """Change the state from Python; the arguments are those of the class.

        A new learning rate or momentum is for the steps to come.

        Raises:
            TypeError, ValueError: a value that cannot be; the state is as it was.
        """
        if {"rate", "momentum"} & changes.keys():
            steps = min(self.state["steps"], changes.get("steps", MOST_STEPS))
            changes = {"past": _periods(self.state, steps), **changes}
        super().set(**changes)

    def _check(self, state: dict[str, Any]) -> None:
        if whole_number("steps", state["steps"]) > MOST_STEPS:
            raise ValueError(f"steps must be at most {MOST_STEPS:,}, not {state['steps']:,}.")
        whole_number("seed", state["seed"], 1)
        ends = [0]
        for until, rate, momentum in [*state["past"], [None, state["rate"], state["momentum"]]]:
            if until is not None:
                ends.append(whole_number("until", until, ends[-1] + 1))
            _check_number("rate", rate, 0 < _real(rate) <= 10, "above 0 and at most 10")
            _check_number("momentum", momentum, 0 <= _real(momentum) < 1, "from 0 to below 1")


def _real(value: object) -> float:
    """Return a number, or NaN, which is in no range."""
    return float(value) if isinstance(value, int | float) else math.nan


def _check_number(name: str, value: object, right: bool, which: str) -> None:
    if not right:
        raise ValueError(f"{name} must be a number {which}, not {shown(value)}.")


def pace(state: dict[str, Any], step: int) -> tuple[float, float]:
    """Return learning rate and momentum of a step."""
    for until, rate, momentum in state["past"]:
        if step < until:
            return rate, momentum
    return state["rate"], state["momentum"]


def _periods(state: dict[str, Any], step: int) -> list[list[float]]:
    """Return what was set before a step."""
    earlier = [period for period in state["past"] if period[0] < step]
    return [*earlier, [step, *pace(state, step - 1)]] if step else []


class KernelTraining(Training):
    """A kernel of 3 x 3 learns another one from a picture and the map that this one makes.

    The loss is the mean of the squared differences of its map from the wanted one. It is gradient
    descent with momentum, as in chapter 1 and in `keras.optimizers.SGD`; it ends where the kernel
    is found, or where the loss grows without end.

    Args:
        image: a name (`"9"`, `"cat"`, `"random dots"`) or an array (H, W), from 4 to 64 a side.
        kernel: what is to be learned: a name (`"loop"`, `"Sobel x"`, `"Sobel y"`, `"vertical"`,
            `"diagonal"`, `"blur"`) or an array (3, 3).
        rate: the learning rate.
        momentum: the share of the last move that is kept.
        steps: how many to take, at most 5,000.
        seed: of the random start.
        past: what was set before, as `[until, rate, momentum]` for each period.

    Raises:
        TypeError, ValueError: no such picture or kernel, or a number that cannot be.
    """

    module: ClassVar[str] = "kernel_training.mjs"

    def __init__(
        self,
        image: str | Sequence[Sequence[float]] | np.ndarray = "9",
        kernel: str | Sequence[Sequence[float]] | np.ndarray = "loop",
        *,
        rate: float = 0.03,
        momentum: float = 0.0,
        steps: int = 0,
        seed: int = 1,
        past: Sequence[Sequence[float]] = (),
    ) -> None:
        kernels = {name: array.tolist() for name, array in _KERNELS.items()}
        pace = {"rate": rate, "momentum": momentum, "steps": steps, "seed": seed}
        super().__init__(
            {"images": _pictures(), "kernels": kernels},
            **{"image": image, "kernel": kernel, **pace, "past": [list(one) for one in past]},
        )

    def _own(self, name: str, value: Any) -> Any:
        array = np.shape(own := super()._own(name, value))
        if name == "kernel" and array != (3, 3):
            raise ValueError(f"The kernel must have 3 x 3 values, not {array[0]} x {array[1]}.")
        if name == "image" and not 4 <= min(array) <= max(array) <= _LARGEST_PICTURE:
            raise ValueError(f"The image must have 4 to 64 rows and columns, not {array}.")
        return own

    @property
    def training(self) -> list[Step]:
        """The start and what was reached after each step, up to now or to where it ended."""
        return list(_steps(self.state))

    @staticmethod
    def result(state: dict[str, Any]) -> np.ndarray:
        """Return the kernel that is reached, (3, 3)."""
        *_, last = _steps(state)
        return last.kernel

    def panels(self) -> list[Panel]:
        """Return the picture's and the two kernels' numbers, and the loss."""
        steps = self.training
        losses = [f"after step {at}: {steps[at].loss:.3g}" for at in sorted({0, len(steps) - 1})]
        shown = {"picture": self.state["image"], "kernel to be learned": self.state["kernel"]}
        now = {"kernel now": steps[-1].kernel, "its gradient": steps[-1].gradient}
        numbers = [array_panel(name, np.array(one)) for name, one in {**shown, **now}.items()]
        return [*numbers, text_panel("loss", losses)]

    def describe(self) -> str:
        """Return how far the kernel has come."""
        steps = self.training
        return (
            f"Kernel training explorer: a kernel of 3 x 3 learns the kernel "
            f"{self.state['kernel_name']} from a picture and its map. After {len(steps) - 1} steps "
            f"its loss is {steps[-1].loss:.3g}, and at the start it was {steps[0].loss:.3g}."
        )


def _pictures() -> dict[str, list[list[float]]]:
    """Return the pictures to learn from; the cat is centred at 0 and scaled, as in chapter 1."""
    cat = np.array(images()["cat"])[8:56, 8:56]
    cat = ((cat - cat.mean()) / cat.std()).round(2)
    dots = np.random.default_rng(1).choice([-1, 1], (12, 12))
    return {"9": examples.NINE.tolist(), "cat": cat.tolist(), "random dots": dots.tolist()}


def _steps(state: dict[str, Any]) -> Iterator[Step]:
    """Yield the start and what each step of the training reaches."""
    image = np.array(state["image"], dtype=float)
    wanted = conv.correlate2d(image, np.array(state["kernel"], dtype=float))
    draw = random.Random(f"kernel {state['seed']}").random
    kernel = np.array([[draw() - 0.5 for _ in range(3)] for _ in range(3)])
    velocity = np.zeros((3, 3))
    for at in range(state["steps"] + 1):
        difference = conv.correlate2d(image, kernel) - wanted
        loss = float((difference**2).mean())
        gradient = conv.correlate2d(image, 2 * difference / difference.size)
        yield Step(kernel, loss, gradient)
        if not _LEARNED <= loss <= _DIVERGED:
            return
        rate, momentum = pace(state, at)
        velocity = momentum * velocity - rate * gradient
        kernel = kernel + velocity
