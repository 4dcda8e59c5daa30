"""Generated class tests: keys against Keras, the same for ever, and no mistake that hides."""

import hashlib
import json
import re
from collections import Counter
from dataclasses import asdict
from functools import cache
from pathlib import Path

import classtest_truth
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from cnn_course import classtest, counting

DIGESTS = Path(__file__).with_name("classtest_digests.json")
SEEDS = 40  # of each level: as many networks as hold every kind of layer in every way
generate = cache(classtest.generate)


def digest(level: str, seeds: range) -> str:
    """Return the digest of what the tests of a level are about, and of their keys."""
    tests = [classtest.generate(seed, level) for seed in seeds]
    content = [[[asdict(layer) for layer in test.layers], test.key] for test in tests]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@pytest.mark.tensorflow
@pytest.mark.parametrize("level", classtest.LEVELS)
def test_every_answer_of_the_key_is_what_keras_says(level: str) -> None:
    for seed in range(SEEDS):
        test = generate(seed, level)
        true = classtest_truth.answers(test)
        asked = {name: value for name, value in test.key.items() if "activation" not in name}
        assert asked == {name: true[name] for name in asked}, (level, seed)


@pytest.mark.parametrize("level", classtest.LEVELS)
def test_a_seed_gives_the_same_test_for_ever(level: str) -> None:
    assert digest(level, range(50)) == json.loads(DIGESTS.read_text())[level]


@pytest.mark.parametrize("level", classtest.LEVELS)
def test_another_seed_gives_another_test(level: str) -> None:
    sheets = [str(generate(seed, level).sheet()).split("\n", 1)[1] for seed in range(200)]
    assert max(Counter(sheets).values()) <= (3 if level == "first" else 1)


@pytest.mark.parametrize("level", classtest.LEVELS)
def test_forgetting_biases_channels_or_strides_never_gives_the_right_answer(level: str) -> None:
    for seed in range(200):
        test = generate(seed, level)
        for layer in test.network.layers:
            right = test.key[f"{layer.name} parameters"]
            (shape, *_) = (test.network.shapes[name] for name in layer.after)
            if isinstance(layer, counting.Conv2D):
                side, filters, channels = layer.kernel_size, layer.filters, shape[-1]
                bias = int(layer.use_bias)
                wrong = [
                    (side * side * channels + 1 - bias) * filters,  # the bias, the other way round
                    (side * side + bias) * filters if channels > 1 else -1,
                    (side * channels + bias) * filters if side > 1 else -1,
                    side * side * channels + bias,
                ]
                assert right not in wrong, (level, seed, layer)
            elif isinstance(layer, counting.Dense):
                assert right != shape[0] * layer.units, (level, seed, layer)
            elif layer.kind == "BatchNormalization":
                assert right != 2 * shape[-1]


@pytest.mark.parametrize("level", classtest.LEVELS)
def test_numbers_that_a_mistake_would_exchange_are_never_equal(level: str) -> None:
    for seed in range(200):
        network = generate(seed, level).network
        for layer in network.layers:
            *places, channels = network.shapes[layer.after[0]]
            assert channels not in places, (level, seed, layer)
            if isinstance(layer, counting.Conv2D):
                assert len({layer.filters, layer.kernel_size, channels}) == 3, (level, seed, layer)
            elif isinstance(layer, counting.Dense):
                assert layer.units != channels, (level, seed, layer)


def test_hard_tests_have_all_that_makes_them_hard() -> None:
    kinds: Counter[str] = Counter()
    for seed in range(100):
        layers = generate(seed, "hard").network.layers
        kinds.update({layer.kind for layer in layers})
        kinds["without bias"] += any(not getattr(layer, "use_bias", True) for layer in layers)
        kinds["same"] += any(getattr(layer, "padding", "") == "same" for layer in layers)
        kinds["1x1"] += any(getattr(layer, "kernel_size", 0) == 1 for layer in layers)
        kinds["rows over"] += _leaves_rows_over(generate(seed, "hard"))
    for always in ("BatchNormalization", "DepthwiseConv2D", "without bias", "same", "1x1"):
        assert kinds[always] == 100, always
    assert kinds["rows over"] == 100
    assert kinds["Add"] + kinds["Concatenate"] == 100
    assert min(kinds["Add"], kinds["Concatenate"]) > 20


def _leaves_rows_over(test: classtest.ClassTest) -> bool:
    for layer in test.network.layers:
        kernel = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
        if kernel is None or getattr(layer, "strides", 1) == 1:
            continue
        for n in test.network.shapes[layer.after[0]][:2]:
            if layer.padding == "valid":
                over = counting.left_over(n, kernel, layer.strides)
            else:
                over = n % layer.strides
            if over:
                return True
    return False


def test_the_class_test_of_the_lecture_has_its_published_counts() -> None:
    test = classtest.about(
        [
            counting.Input((8, 8, 1)),
            counting.Conv2D(1, 2, 2),
            counting.Conv2D(2, 2, padding="same"),
            counting.MaxPooling2D(2),
            counting.Flatten(),
            counting.Dense(10),
            counting.Dense(10),
            counting.Dense(3),
        ]
    )
    key = test.key
    counts = [value for name, value in key.items() if name.endswith(" parameters")]
    assert counts == [5, 10, 0, 0, 90, 110, 33, 248]
    shapes = [value for name, value in key.items() if name.endswith("shape")]
    assert shapes == [(4, 4, 1), (4, 4, 2), (2, 2, 2), (8,), (10,), (10,), (3,)]
    assert (key["hidden activation"], key["output activation"]) == ("relu", "softmax")


def test_a_worked_solution_shows_each_answer_with_its_calculation() -> None:
    test = classtest.generate(3, "exam")
    text = str(test.worked_solution()).replace("\\", "")
    for name, value in test.key.items():
        written = " x ".join(f"{n:,}" for n in value) if isinstance(value, tuple) else f"{value}"
        if isinstance(value, int):
            written = f"{value:,}"
        assert f"| {written} |" in text, name
    assert "+ 1) x" in text


def test_a_sheet_gives_nothing_of_the_key_away() -> None:
    for level in classtest.LEVELS:
        test = classtest.generate(5, level)
        questions = str(test.sheet()).split("## Questions")[1].splitlines()[4:]
        for line in filter(None, questions):
            assert line.rstrip().endswith("|  |"), line


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: classtest.generate(1, "exams"), ValueError, "Did you mean 'exam'"),
        (lambda: classtest.generate("1"), TypeError, "'1'"),
        (lambda: classtest.generate(1.0), TypeError, "1.0"),
        (lambda: classtest.generate(True), TypeError, "True"),
        (lambda: classtest.about([]), ValueError, "starts with its input"),
        (lambda: classtest.about([counting.Input((8, 8, 1))]), ValueError, "at least one layer"),
        (
            lambda: classtest.about([counting.Input((8, 8, 1)), counting.Resizing(4, 4)]),
            ValueError,
            "no questions about 'resizing' (Resizing)",
        ),
        (
            lambda: classtest.about([counting.Input((8, 8, 1)), counting.Conv2D(2, 9)]),
            ValueError,
            "does not fit",
        ),
        (
            lambda: classtest.about(
                [counting.Input((8, 8, 1)), counting.Flatten()], ask=["parameter"]
            ),
            ValueError,
            "Did you mean 'parameters'",
        ),
    ],
)
def test_a_wrong_order_is_told_what_is_wrong(call: object, error: type, said: str) -> None:
    with pytest.raises(error, match=re.escape(said)):
        call()


def test_negative_and_huge_seeds_are_seeds_too() -> None:
    assert classtest.generate(-7).key != classtest.generate(7).key
    assert classtest.generate(10**30).key


def test_names_of_students_are_never_taken_for_markup() -> None:
    name = "<b>A</b> | **B** [c](d) `e`\n# f"
    sheet = classtest.generate(1).sheet(name)
    page = BeautifulSoup(sheet._repr_html_(), "html.parser")
    assert "Name: <b>A</b> | **B** [c](d) `e` # f" in page.get_text()
    assert page.b is None
    # In a chapter its headings stay out of the page's outline.
    assert not page.find_all(["h1", "h2"])
    parsed = MarkdownIt("commonmark").enable("table").render(str(sheet))
    assert BeautifulSoup(parsed, "html.parser").find("p").text == page.find_all("p")[1].text
