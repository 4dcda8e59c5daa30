"""Batches of images and windows that walk over them, drawn by Hypothesis."""

import numpy as np
from hypothesis import strategies as st

GENERATORS = st.integers(0, 999).map(np.random.default_rng)


@st.composite
def layers(draw):
    """The shape of a batch, a window that fits, its strides and its padding."""
    padding = draw(st.sampled_from(["valid", "same"]))
    lengths = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    window = tuple(
        draw(st.integers(1, 5 if padding == "same" else min(5, length))) for length in lengths
    )
    shape = (draw(st.integers(1, 2)), *lengths, draw(st.integers(1, 3)))
    return shape, window, (draw(st.integers(1, 4)), draw(st.integers(1, 4))), padding
