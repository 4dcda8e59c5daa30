"""Right and wrong answers to the exercises of chapter 1; `test_checks_answers.py` tries them."""

import numpy as np

RIGHT = {
    "price-of-a-dense-layer": [150_529_000],
    "horizontal-detector": [[[-1, -1, -1], [1, 1, 1], [-1, -1, -1]]],
    "shifted-loop": [(0, 0)],
    "pool-by-hand": [[[4, 5], [7, 8]]],
    "weight-sharing": [(1152, 18)],
    "kernels-and-filters": [{"kernels": 8192, "weights": 73728, "channels out": 128}],
    "read-an-edge": [(40, 0)],
    "output-size": [lambda n, k, p, s: (n + 2 * p - k) // s + 1],
    "eleven-to-five": [(2, 0)],
    "pooling-gradient": [[[0, 0], [0, 6]]],
}

WRONG = [
    ("price-of-a-dense-layer", 150_528_000, "one number more"),
    ("price-of-a-dense-layer", 50_177_000, "more than one number"),
    ("price-of-a-dense-layer", 150_528_001, "each unit"),
    ("horizontal-detector", np.ones((3, 3)), "answers"),
    ("horizontal-detector", np.zeros((3, 3)), "1 and -1"),
    ("horizontal-detector", np.ones((3, 4)), r"\(3, 4\)"),
    ("shifted-loop", (0, 1), "first 9"),
    ("shifted-loop", (1, 1), "from 0"),
    ("shifted-loop", (4, 2), "further left"),
    ("pool-by-hand", [[4, 7], [5, 8]], "exchanged"),
    ("pool-by-hand", [[2.25, 1.5], [2.25, 4.75]], "means"),
    ("pool-by-hand", [4, 5, 7, 8], "shape"),
    ("weight-sharing", (576, 9), "two filters"),
    ("weight-sharing", (1184, 20), "[Bb]iases"),
    ("weight-sharing", (1152, 288), "share"),
    ("kernels-and-filters", {"kernels": 128, "weights": 73728, "channels out": 128}, "pair"),
    ("kernels-and-filters", {"kernels": 8192, "weights": 1152, "channels out": 128}, "nine"),
    ("kernels-and-filters", {"kernels": 8192}, "keys"),
    ("read-an-edge", (-40, 0), "turned"),
    ("read-an-edge", (0, 40), "exchanged"),
    ("read-an-edge", (30, 0), "twice"),
    ("output-size", lambda n, k, p, s: (n + k - 2 * p) + 1, "n=5, k=3"),
    ("output-size", lambda n, k, p, s: (n + 2 * p - k) // s, "first place"),
    ("output-size", lambda n, k, p, s: (n + 2 * p - k) / s + 1, "Round down"),
    ("output-size", lambda n, k, p, s: print(end=""), "return"),
    ("eleven-to-five", (1, 0), "9 x 9"),
    ("eleven-to-five", (3, 1), "4 x 4"),
    ("pooling-gradient", [[1.5, 1.5], [1.5, 1.5]], "average"),
    ("pooling-gradient", [[0, 0], [0, 1]], "not 1"),
    ("pooling-gradient", [[0, 0], [0, 7]], "own value"),
]
