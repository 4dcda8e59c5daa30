"""The state of a training as a file: what was written is read, or nothing."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_course.training.state import State, read_state


@settings(max_examples=100)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_state_with_a_bit_turned_is_the_same_or_none(place: float, bit: int):
    known = State(
        identity="one",
        epochs=[0, 1],
        history={"loss": [0.5, float("inf")]},
        seconds=1.5,
        ended=False,
        runs=["a"],
        best=[0.5, None],
        files=[b"the best network", None],
        variables=[np.arange(6, dtype="float32").reshape(2, 3), np.array(7, dtype="uint32")],
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state.state"
        known.write(file)
        assert described(read_state(file)) == described(known)
        content = bytearray(file.read_bytes())
        content[int(place * len(content))] ^= 1 << bit
        file.write_bytes(content)
        found = read_state(file)
    assert found is None or described(found) == described(known)


def described(known: State | None) -> list[Any]:
    assert known is not None
    about = vars(known) | {"variables": [(v.dtype, v.tolist()) for v in known.variables]}
    return sorted(about.items())
