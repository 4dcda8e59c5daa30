"""Marking: in parts, forward from a wrong shape, mistakes named, whatever was written."""

import itertools
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_course import classtest, counting
from cnn_course.classtest import Mark

BRANCHES = (
    counting.Conv2D(5, 1, name="one", after="input"),
    counting.Conv2D(5, 3, padding="same", name="two", after="input"),
)


@pytest.fixture(scope="module")
def lenet() -> classtest.ClassTest:
    """LeNet-5, whose counts are published."""
    return classtest.about(
        [
            counting.Input((28, 28, 1)),
            counting.Conv2D(6, 5, padding="same", name="c1"),
            counting.MaxPooling2D(2, name="s2"),
            counting.Conv2D(16, 5, name="c3"),
            counting.MaxPooling2D(2, name="s4"),
            counting.Flatten(name="flat"),
            counting.Dense(120, name="f5"),
            counting.Dense(84, name="f6"),
            counting.Dense(10, name="out"),
        ]
    )


def mark(test: classtest.ClassTest, name: str, answer: object) -> Mark:
    """Mark one answer, the others being right."""
    marking = test.mark({**test.key, name: answer})
    return next(one for one in marking.marks if one.question.name == name)


@pytest.mark.parametrize("level", classtest.LEVELS)
def test_the_key_gets_all_points_and_an_empty_sheet_none(level: str) -> None:
    for seed in range(30):
        test = classtest.generate(seed, level)
        full, empty = test.mark(test.key), test.mark(test.blank)
        assert full.points == full.possible > 0
        assert {one.outcome for one in full.marks} == {"right"}
        assert (empty.points, {one.outcome for one in empty.marks}) == (0, {"open"})


@pytest.mark.parametrize(
    ("name", "answer", "slip"),
    [
        ("c1 parameters", 5 * 5 * 6, "bias forgotten"),
        ("c1 parameters", 5 * 5 * 6 + 1, "one bias for all"),
        ("c1 parameters", (5 + 1) * 6, "kernel area not squared"),
        ("c1 parameters", 26, "one filter only"),
        ("c3 parameters", (5 * 5 + 1) * 16, "channels forgotten"),
        ("c3 parameters", (5 * 5 * 16 + 1) * 6, "channels exchanged"),
        ("c3 parameters", 2_416 * 100, "weights not shared"),
        ("s2 parameters", 5 * 6, "pooling counted"),
        ("f5 parameters", 400 * 120, "bias forgotten"),
        ("f5 parameters", (16 + 1) * 120, "places forgotten"),
        # The mistake of the lecture notes: the parameters of the layer before for its units.
        ("f6 parameters", 48_120 * 84 + 84, "previous parameters"),
        ("f5 parameters", 2_416 * 120 + 120, "previous parameters"),
        ("out parameters", 85, "one unit only"),
        ("c3 multiplications", 2_416, "parameters counted"),
        ("c3 multiplications", 5 * 5 * 6 * 16, "positions forgotten"),
        ("c3 multiplications", 14 * 14 * 2_400, "positions of the input"),
        ("c3 multiplications", 10 * 10 * 2_416, "biases multiplied"),
        ("c3 multiplications", 10 * 10 * 400, "channels forgotten"),
        ("c3 multiplications", 2 * 240_000, "additions counted"),
        ("f5 multiplications", 48_120, "biases multiplied"),
        ("s4 receptive field", 1 + 4 + 1 + 4 + 1, "strides ignored"),
        ("s4 receptive field", 5 + 2 + 5 + 2, "kernels added up"),
        ("s4 receptive field", 2, "last window only"),
        ("total parameters", 61_706 - 850, "layer left out"),
        ("c1 shape", (24, 24, 6), "padding confused"),
        ("c3 shape", (14, 14, 16), "padding confused"),
        ("c3 shape", (9, 9, 16), "first window forgotten"),
        ("s2 shape", (27, 27, 6), "stride forgotten"),
        ("c3 shape", (10, 10, 6), "channels of the input"),
        ("c3 shape", (10, 10, 96), "channels multiplied"),
        ("flat shape", (16,), "places forgotten"),
        ("flat shape", (25,), "channels left out"),
        ("hidden activation", "softmax", "output's activation"),
        ("hidden activation", "logistic function", "saturated"),
        ("hidden activation", "none", "no activation"),
        ("output activation", "sigmoid", "one probability for each"),
    ],
)
def test_a_common_mistake_is_named(
    lenet: classtest.ClassTest, name: str, answer: object, slip: str
) -> None:
    marked = mark(lenet, name, answer)
    assert marked.slips == (slip,)
    assert marked.hints == (classtest.HINTS[slip],)
    assert marked.points < marked.question.points


@pytest.mark.parametrize(
    ("slip", "look_at", "other"),
    [
        ("bias forgotten", "has a bias", "bias counted"),
        ("bias counted", "no bias", "bias forgotten"),
        ("rounded up", "round down", "rounded down"),
        ("rounded down", "round up", "rounded up"),
        ("added for joined", "add up", "joined for added"),
        ("joined for added", "number of channels stays", "added for joined"),
        ("stride forgotten", "divide by", "padding confused"),
        ("first window forgotten", "+ 1", "rounded up"),
        ("one unit only", "one unit", "one filter only"),
        ("one filter only", "one filter", "one unit only"),
    ],
)
def test_the_hint_of_a_mistake_says_what_was_missed_and_not_its_opposite(slip, look_at, other):
    assert look_at in classtest.HINTS[slip]
    assert look_at not in classtest.HINTS[other]


@pytest.mark.parametrize(
    ("layers", "kind", "answer", "slip"),
    [
        ([counting.BatchNormalization()], "parameters", 12, "statistics forgotten"),
        ([counting.BatchNormalization()], "parameters", 4, "only one of each"),
        ([counting.BatchNormalization()], "parameters", 4 * 9 * 8 * 6, "values for channels"),
        ([counting.DepthwiseConv2D(3)], "parameters", (3 * 3 * 6 + 1) * 6, "channels summed"),
        ([counting.DepthwiseConv2D(3)], "shape", (7, 6, 1), "channels summed"),
        ([counting.Conv2D(4, 3, use_bias=False)], "parameters", 220, "bias counted"),
        ([counting.Conv2D(4, 4, 2)], "shape", (4, 3, 4), "rounded up"),
        ([counting.Conv2D(4, 3, 2, "same")], "shape", (4, 4, 4), "rounded down"),
        (
            [counting.GlobalAveragePooling2D(), counting.Dense(2, name="last")],
            "last parameters",
            (9 * 8 * 6 + 1) * 2,
            "values for channels",
        ),
        ([counting.Flatten(), counting.Dense(1)], "output activation", "softmax", "softmax for"),
        ([*BRANCHES, counting.Concatenate(after=("one", "two"))], "shape", (9, 8, 5), "added for"),
        ([*BRANCHES, counting.Add(after=("one", "two"))], "shape", (9, 8, 10), "joined for"),
    ],
)
def test_mistakes_in_layers_that_lenet_has_not_are_named(
    layers: list[object], kind: str, answer: object, slip: str
) -> None:
    test = classtest.about([counting.Input((9, 8, 6)), *layers])
    name = [name for name in test.key if name.endswith(kind)][-1 if kind == "shape" else 0]
    (named,) = mark(test, name, answer).slips
    assert named.startswith(slip)


def test_a_wrong_shape_does_not_cost_later_answers(lenet: classtest.ClassTest) -> None:
    # Valid for same in the first layer; from there on everything is rightly computed.
    own = {
        "c1 shape": (24, 24, 6),
        "s2 shape": (12, 12, 6),
        "c3 shape": (8, 8, 16),
        "c3 multiplications": 8 * 8 * 5 * 5 * 6 * 16,
        "s4 shape": (4, 4, 16),
        "flat shape": 256,
        "f5 parameters": 257 * 120,
        "f5 multiplications": 256 * 120,
        "total parameters": 156 + 2_416 + 257 * 120 + 10_164 + 850,
    }
    marking = lenet.mark({**lenet.key, **own})
    outcomes = {one.question.name: one.outcome for one in marking.marks}
    assert outcomes["c1 shape"] == "partly"
    assert {outcomes[name] for name in own if name != "c1 shape"} == {"follows"}
    assert marking.points == marking.possible - 2  # height and width of the first layer
    assert marking.slips == {"padding confused": 1}


@pytest.mark.parametrize(
    ("own", "marked"),
    [
        # A wrong number of parameters is followed into the sum only.
        ({"c1 parameters": 150, "total parameters": 61_700}, [("partly", 1), ("follows", 1)]),
        # Multiplications follow the own shape of the same layer.
        (
            {"c3 shape": (9, 9, 16), "c3 multiplications": 9 * 9 * 2_400},
            [("partly", 1), ("follows", 2)],
        ),
        # A shape is compared with the right one and with what follows.
        ({"c1 shape": (24, 24, 6), "s2 shape": (12, 13, 6)}, [("partly", 1), ("partly", 2)]),
        # A shape that leaves no room for the next kernel.
        ({"s2 shape": (1, 1, 6), "c3 shape": (9, 10, 16)}, [("partly", 1), ("partly", 2)]),
    ],
)
def test_a_person_s_own_numbers_are_followed(
    lenet: classtest.ClassTest, own: dict[str, object], marked: list[tuple[str, int]]
) -> None:
    marks = lenet.mark({**lenet.key, **own}).marks
    assert [(one.outcome, one.points) for one in marks if one.question.name in own] == marked


def test_one_mistake_has_one_name(lenet: classtest.ClassTest) -> None:
    # Valid for same, and then the stride forgotten, but of the right 28.
    marking = lenet.mark({**lenet.key, "c1 shape": (24, 24, 6), "s2 shape": (27, 27, 6)})
    assert marking.slips == {"padding confused": 1, "stride forgotten": 1}
    test = classtest.about(
        [counting.Input((15, 15, 3)), counting.Conv2D(2, 5), counting.MaxPooling2D(2)]
    )
    # The kernel was taken for valid in place of same; pooling then rounds 15 up.
    given = {"conv2d shape": (15, 15, 2), "max_pooling2d shape": (8, 8, 2)}
    marks = {one.question.name: one for one in test.mark({**test.key, **given}).marks}
    assert marks["conv2d shape"].slips == ("padding confused",)
    assert marks["max_pooling2d shape"].slips == ("rounded up",)


@pytest.mark.parametrize(
    ("name", "answer", "points"),
    [
        ("c1 shape", (28, 28, 7), 2),
        ("c1 shape", (1, 28, 7), 1),
        ("c1 shape", (28, ..., 6), 2),
        ("c1 shape", (28, 28), 2),
        ("c1 shape", "27 x 28", 1),
        ("c1 shape", "28 x 28 x 1 x 6", 0),
        # A named mistake gives half of two points and none of one.
        ("c1 parameters", 150, 1),
        ("s2 parameters", 4, 0),
        ("total parameters", 61_706 - 850, 0),
    ],
)
def test_an_answer_is_marked_in_parts(
    lenet: classtest.ClassTest, name: str, answer: object, points: int
) -> None:
    assert mark(lenet, name, answer).points == points


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("c1 shape", ["28x28x6", "(28, 28, 6)", " 28 × 28 × 6 ", "28 28 6", "28;28;6"]),
        ("c1 shape", [[28, 28, 6], np.array([28, 28, 6]), (28.0, 28.0, 6.0)]),
        ("c1 shape", [(None, 28, 28, 6), "(None, 28, 28, 6)", "28 by 28 by 6", "28*28*6"]),
        ("c1 shape", ["28/28/6", "28·28·6", "28 x 28 x 6 = 4704", "２８ x ２８ x ６"]),
        ("flat shape", [400, "400", (400,), "(None, 400)", "400,"]),
        ("s2 parameters", ["none", "0"]),
        ("f5 parameters", ["48,120", "48 120", "48'120", "48120.0", np.int64(48_120), 48_120.0]),
        ("f5 parameters", ["48\u2009120", "48\u2019120", "~48120", "401 * 120 = 48,120"]),
        (
            "f5 parameters",
            ["48120 params", "\u2248 48 120 parameters.", "48120P", "48,120 Parameter"],
        ),
        ("c3 multiplications", ["2,40,000", "240,000"]),
        ("flat shape", ["5*5*16 = 400"]),
        (
            "s4 receptive field",
            ["16 x 16", (16, 16), "16 px", "= 16", "16 x 16 pixels", "5 + 11 = 16"],
        ),
        ("hidden activation", [" ReLU ", "leaky_relu", "ReLU function", "Rectified linear unit."]),
        ("hidden activation", ["swish", "relu6", "PReLU", "mish", "softplus", "hard_silu"]),
        ("output activation", ["Softmax", "Soft-Max", "softmax(10)"]),
    ],
)
def test_a_right_answer_is_right_however_it_is_written(
    lenet: classtest.ClassTest, name: str, spellings: list[object]
) -> None:
    for answer in spellings:
        assert mark(lenet, name, answer).outcome == "right", answer


def test_numbers_beyond_a_thousand_may_be_written_as_the_key_writes_them() -> None:
    test = classtest.about(
        [counting.Input((13, 14, 14)), counting.Conv2D(1_024, 1, name="c"), counting.Flatten()]
    )
    assert test.key["flatten shape"] == (186_368,)
    for answer in ("186,368", "186 368", (186, 368), [186, 368], "(186,368)"):
        assert mark(test, "flatten shape", answer).outcome == "right", answer
    for answer in ("13 x 14 x 1,024", "13, 14, 1024"):
        assert mark(test, "c shape", answer).outcome == "right", answer


def test_what_says_nothing_is_open_and_what_can_be_meant_in_two_ways_is_not_guessed_at(
    lenet: classtest.ClassTest,
) -> None:
    for answer in (None, ..., "", "  ", "...", "?", "-", (..., ..., ...)):
        assert mark(lenet, "c1 shape", answer).outcome == "open", answer
    for answer in ("2.548", "1.000", "4*4=16", "circa 5", (4, "four", 2), "1 x 28 x 28 x 6"):
        assert mark(lenet, "c1 shape", answer).outcome == "unreadable", answer
    assert mark(lenet, "hidden activation", "squash").outcome == "unreadable"


class Unfriendly:
    """An object that answers no question put to it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    __str__ = __repr__ = __int__ = __float__ = __hash__ = __eq__ = __len__ = __getattr__  # type: ignore[assignment]


def test_any_answer_is_survived(lenet: classtest.ClassTest) -> None:
    texts_and_numbers = ["💥" * 300, "9" * 5_000, "1e400", 10**5_000, -3, 2.5, True, 1j]
    containers = [[[28, 28, 6]], {28}, np.zeros((3, 3)), np.array(["a"])]
    for answer in (*texts_and_numbers, *containers, object(), int, lambda: 3, Unfriendly()):
        for name in lenet.key:
            assert mark(lenet, name, answer).points <= 1
        assert lenet.mark(answer).possible == 38


@pytest.mark.parametrize("answer", [False, np.False_, 0j])
def test_what_is_no_number_is_no_nought(lenet: classtest.ClassTest, answer: object) -> None:
    name = next(name for name, right in lenet.key.items() if right == 0)
    assert mark(lenet, name, 0).points == 1
    assert mark(lenet, name, answer).outcome == "unreadable"


ITSELF: list[object] = []
ITSELF.append(ITSELF)
# The pixels of a data set in place of their shape. Nothing is allocated for them.
PICTURES = np.broadcast_to(np.uint8(0), (10**6, 28, 28))


class NoList(list[object]):
    """A list that says that it is empty, and goes on for ever."""

    def __iter__(self) -> Any:
        return itertools.repeat(self)

    def __len__(self) -> int:
        return 0


ENDLESS = SimpleNamespace(shape=itertools.repeat(2))


class Exits:
    """An object that ends the program when it is looked at."""

    @property
    def shape(self) -> Any:
        raise SystemExit


class NoKey(dict[object, object]):
    """A dictionary that does not say what it holds."""

    def items(self) -> Any:
        raise SystemExit


@pytest.mark.fault(
    "class tests answered with endless ranges, all pixels, objects that end the program",
    "unreadable, as soon as the size is known; the other answers are marked",
    "nothing",
)
@pytest.mark.parametrize(
    "answer",
    [
        range(10**12),
        range(10**30),
        ITSELF,
        ENDLESS,
        NoList(),
        Exits(),
        PICTURES,
        [PICTURES] * 3,
        "1" * 10**6,
    ],
)
def test_an_answer_is_as_large_as_an_answer_is_or_unreadable(
    lenet: classtest.ClassTest, answer: object
) -> None:
    marking = lenet.mark({**lenet.key, "c1 shape": answer})
    assert [one.outcome for one in marking.marks].count("unreadable") == 1
    assert marking.points == lenet.mark(lenet.key).points - 3
    assert lenet.mark(answer).possible == marking.possible


def test_keys_of_any_kind_are_survived_and_told_in_short(lenet: classtest.ClassTest) -> None:
    odd = {10**5_000: 1, "\x1b[2J": 1, frozenset([1]): 2, **{f"q{n}": 1 for n in range(9_999)}}
    marking = lenet.mark({**odd, **lenet.key})
    assert marking.points == lenet.mark(lenet.key).points
    assert "\\x1b[2J, frozenset({1}), q0" in marking.summary()
    assert marking.summary().endswith(" and 9,982 more.")
    assert lenet.mark(NoKey(lenet.key)).points == 0
    assert lenet.mark(NoList([1, 2])).points == 0


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
_ANYTHING = st.recursive(
    _SCALARS | st.just(...),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
_TEST = classtest.generate(11, "hard")


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(list(_TEST.key)) | st.text() | st.integers(), _ANYTHING))
def test_points_stay_between_none_and_all(answers: dict[object, object]) -> None:
    marking = _TEST.mark(answers)
    assert len(marking.marks) == len(_TEST.questions)
    assert all(0 <= one.points <= one.question.points for one in marking.marks)
    assert str(marking)
    assert marking._repr_html_()


def test_one_wrong_answer_costs_only_itself(lenet: classtest.ClassTest) -> None:
    for name in [name for name in lenet.key if name.endswith(" parameters")]:
        marking = lenet.mark({**lenet.key, name: lenet.key[name] + 7_777})
        lost = {one.question.name for one in marking.marks if one.points < one.question.points}
        # The sum no longer follows from it, but it is right as it stands, so it costs nothing.
        assert lost == {name}


@pytest.fixture(scope="module", params=classtest.LEVELS)
def tests(request: pytest.FixtureRequest) -> list[classtest.ClassTest]:
    """Generated tests of one level."""
    return [classtest.generate(seed, request.param) for seed in range(40)]


def test_zeros_everywhere_get_what_is_truly_zero(tests: list[classtest.ClassTest]) -> None:
    for test in tests:
        marks = test.mark(dict.fromkeys(test.key, 0)).marks
        assert [one.question.name for one in marks if one.points] == [
            name for name, right in test.key.items() if right == 0
        ]


def test_the_same_number_everywhere_gets_few_points(tests: list[classtest.ClassTest]) -> None:
    for test in tests:
        for number in (1, 2, 3, 5, 7, 10, 100):
            marking = test.mark(dict.fromkeys(test.key, number))
            right = sum(one.points for one in marking.marks if one.outcome == "right")
            assert marking.points <= right + marking.possible / 6, (test.title, number)


def test_answers_in_another_order_get_few_points(tests: list[classtest.ClassTest]) -> None:
    for seed, test in enumerate(tests):
        names, values = list(test.key), list(test.key.values())
        Random(seed).shuffle(values)
        given = dict(zip(names, values, strict=True))
        marking = test.mark(given)
        right = sum(
            one.question.points
            for one in marking.marks
            if given[one.question.name] == test.key[one.question.name]
        )
        assert marking.points <= right + marking.possible / 3


def test_each_slip_and_each_pair_of_slips_costs_points_and_no_other_answer(
    tests: list[classtest.ClassTest],
) -> None:
    for test in tests[:12]:
        slips = {
            name: next(iter(expected.mistakes))
            for name, expected in test._expected.items()
            if name.endswith(" parameters") and "total" not in name and expected.mistakes
        }
        for pair in itertools.combinations_with_replacement(slips, 2):
            given = test.key | {name: slips[name] for name in pair}
            marks = {one.question.name: one for one in test.mark(given).marks}
            lost = {name for name, one in marks.items() if one.points < one.question.points}
            assert lost - {"total parameters"} == set(pair) - {"total parameters"}
            assert all(marks[name].slips for name in pair)


def test_points_never_rise_when_one_right_answer_is_made_wrong(
    tests: list[classtest.ClassTest],
) -> None:
    for seed, test in enumerate(tests):
        random = Random(seed)
        given = dict(test.key)
        for name in random.sample(list(given), len(given)):
            before = test.mark(given)
            mine = {one.question.name: one.points for one in before.marks}[name]
            given[name] = random.choice([0, 1, 7, "x", "", (3, 3, 3), 12_345])
            after = {one.question.name: one.points for one in test.mark(given).marks}[name]
            assert after <= mine


@pytest.mark.parametrize(
    ("answer", "points"), [("4 x 4", 2), ((4, 4), 2), ("4", 0), ((5, 4), 1), ("4 x 4 x 2", 2)]
)
def test_a_size_of_one_that_was_left_out_costs_itself(answer: object, points: int) -> None:
    test = classtest.about([counting.Input((8, 8, 3)), counting.Conv2D(1, 2, 2, name="c")])
    marked = mark(test, "c shape", answer)
    assert marked.points == points
    if len(str(answer)) < 7 and points:
        assert marked.slips == ("size of 1 left out",)


def test_a_slip_on_a_wrong_number_of_one_s_own_is_named_and_earns_nothing(
    lenet: classtest.ClassTest,
) -> None:
    own = {"flat shape": 300, "f5 parameters": 300 * 120}  # the bias forgotten, of a wrong 300
    marks = {one.question.name: one for one in lenet.mark({**lenet.key, **own}).marks}
    assert marks["f5 parameters"].slips == ("bias forgotten",)
    assert marks["f5 parameters"].points == 0


def test_answers_come_by_name_by_number_or_in_order(lenet: classtest.ClassTest) -> None:
    numbered = dict(enumerate(lenet.key.values(), start=1))
    for answers in (
        numbered,
        {str(n): value for n, value in numbered.items()},
        [*numbered.values()],
    ):
        assert lenet.mark(answers).points == 38


def test_a_marking_is_text_and_a_table_that_harms_no_page(lenet: classtest.ClassTest) -> None:
    marking = lenet.mark({"c1 parameters": 150, "<script>": 1})
    assert marking.unknown == ("<script>",)
    for said in ("c1 parameters", classtest.HINTS["bias forgotten"], "no question: <script>"):
        assert said in str(marking)
    html = marking._repr_html_()
    assert "<script>" not in html
    assert '<th scope="row"' in html
