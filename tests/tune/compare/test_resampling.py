"""The laws of the bootstrap that verdicts rest on, and the measures by hand."""

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tune.compare import contrast
from tune.compare.contrast import Answers, Texts, task_slices, text_slices
from tune.compare.resampling import FEW, Plan, difference, interval, measured_share, sums
from tune.compare.task_formats import Item

PLAN = Plan(200, 3)
tables = st.lists(st.lists(st.integers(0, 50), min_size=2, max_size=2), min_size=1, max_size=30)


@given(tables)
@settings(max_examples=50)
def test_each_resample_is_as_large_as_the_sample(rows):
    """A column of ones sums to the number of units, and a sum is within what the units can give."""
    table = np.asarray([[1, *row] for row in rows], dtype=float)
    found = sums(table, PLAN)
    assert (found[:, 0] == len(rows)).all()
    assert (found[:, 1] <= len(rows) * table[:, 1].max()).all()
    assert np.array_equal(found, sums(table, PLAN))


def test_another_seed_draws_otherwise():
    """And a block that is cut otherwise does not."""
    table = np.arange(40, dtype=float)[:, None]
    assert not np.array_equal(sums(table, PLAN), sums(table, Plan(200, 4)))
    assert np.array_equal(sums(table, PLAN), sums(table, Plan(400, 3))[:200])


def test_the_interval_of_a_mean_has_the_width_that_theory_gives():
    """Of 400 normal numbers, within a tenth of 2 × 1.96 standard errors."""
    numbers = np.random.Generator(np.random.PCG64(0)).normal(5, 2, 400)
    found = sums(np.stack([numbers, np.ones(400)], axis=1), Plan(4000, 0))
    low, high = interval(found[:, 0] / found[:, 1], 400)
    assert low < numbers.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * numbers.std() / 20, rel=0.1)


@pytest.mark.parametrize(
    ("low", "high", "less", "says"),
    [
        (-2, -1, True, "better"),
        (-2, -1, False, "worse"),
        (1, 2, True, "worse"),
        (1, 2, False, "better"),
        (-1, 1, True, "no difference shown"),
        (0, 2, False, "no difference shown"),
        (0, 0, True, "no difference shown"),
    ],
)
def test_a_verdict_needs_an_interval_that_leaves_zero_out(low, high, less, says):
    """An end on zero is in it."""
    values = np.asarray([low] * 500 + [high] * 500, dtype=float)
    assert difference(1.0, values, 50, less_is_better=less)["verdict"] == says


def test_too_few_units_have_no_verdict_and_one_no_interval():
    """Nine documents that all gained show nothing yet."""
    values = np.full(100, -1.0)
    assert difference(-1.0, values, FEW, less_is_better=True)["verdict"] == "better"
    few = difference(-1.0, values, FEW - 1, less_is_better=True)
    assert (few["interval"], few["verdict"]) == ([-1.0, -1.0], None)
    one = difference(-1.0, values, 1, less_is_better=True)
    assert (one["interval"], one["verdict"]) == (None, None)


def test_the_guide_says_what_an_interval_without_a_width_is():
    """All draws agree where all units do; that is no certainty about others."""
    found = difference(-1.0, np.full(100, -1.0), 40, less_is_better=True)
    assert found["interval"] == [-1.0, -1.0]
    guide = " ".join((Path(__file__).parents[3] / "docs/compare.md").read_text("utf-8").split())
    assert "where every text shows the same difference, so does every draw" in guide


def test_none_or_all_right_still_has_an_interval():
    """Of 40 texts none: up to 8.8%, by the exact binomial; of macro-F1 nothing is claimed."""
    for value, ends in ((0.0, [0, 0.0881]), (1.0, [0.9119, 1])):
        found = measured_share(value, np.full(100, value), 40, of_units=True)
        assert found["interval"] == pytest.approx(ends, abs=1e-4)
        assert measured_share(value, np.full(100, value), 40, of_units=False)["interval"] is None
    values = np.linspace(0, 1, 101)
    assert measured_share(0.5, values, 40, of_units=True)["interval"] == interval(values, 40)


def test_a_difference_as_small_as_rounding_shows_nothing():
    """Within the resolution of the arithmetic."""
    values = np.full(100, 3e-6)
    assert difference(3e-6, values, 50, less_is_better=True, resolution=1e-5)["verdict"] == "no difference shown"
    assert difference(3e-4, values * 100, 50, less_is_better=True, resolution=1e-5)["verdict"] == "worse"


def texts(nats, sizes, langs=None):
    """Two systems over documents."""
    nats, sizes = np.asarray(nats, dtype=float), np.asarray(sizes)
    return Texts(("base", "adapter"), nats, sizes // 2, sizes, tuple(langs or [""] * len(nats)))


@given(st.lists(st.tuples(st.floats(0, 1e4), st.integers(2, 1000)), min_size=2, max_size=25))
@settings(max_examples=50)
def test_a_model_does_not_differ_from_itself(documents):
    """Difference and both ends of its interval are exactly zero, whatever the numbers."""
    nats = [[nat, nat] for nat, _ in documents]
    (found,) = text_slices(texts(nats, [[size, size] for _, size in documents]), PLAN)
    (gained,) = found["differences"]
    assert gained["value"] == 0
    assert gained["interval"] == [0, 0]
    assert gained["verdict"] in (None, "no difference shown")


def test_bits_per_byte_are_nats_over_bytes_by_hand():
    """Of all documents, and of each language."""
    given_texts = texts([[10, 8], [30, 31], [5, 4]], [[10, 10], [20, 20], [4, 4]], ["en", "ko", "en"])
    every, english, korean = text_slices(given_texts, PLAN)
    assert every["systems"]["base"]["bits_per_byte"]["value"] == pytest.approx(45 / 34 / math.log(2))
    assert english["systems"]["adapter"]["bits_per_byte"]["value"] == pytest.approx(12 / 14 / math.log(2))
    assert english["systems"]["adapter"]["nats_per_token"]["value"] == pytest.approx(12 / 7)
    assert [one["slice"] for one in (every, english, korean)] == ["all", "lang:en", "lang:ko"]
    assert korean["systems"]["base"]["bits_per_byte"]["interval"] is None
    assert every["differences"][0]["value"] == pytest.approx(-2 / 34 / math.log(2))


def test_tokenizers_that_predict_other_bytes_are_compared_by_their_own():
    """Without a token that begins a text, the first token's bytes are left out."""
    (found,) = text_slices(texts([[10, 8]] * 12, [[10, 9]] * 12), PLAN)
    assert found["differences"][0]["value"] == pytest.approx((8 / 9 - 10 / 10) / math.log(2))


def task(golds, kind="labels", labels=("a", "b", "c"), group=None):
    """Items of three labels, each its own text unless grouped."""
    items = tuple(
        Item(at, at, f"g{at if group is None else group[at]}", "en", f"p{at}", ("x", "y", "z"), gold)
        for at, gold in enumerate(golds)
    )
    return SimpleNamespace(kind=kind, labels=labels, items=items)


def macro_f1(golds, said):
    """From precision and recall, as textbooks have it."""
    scores = []
    for label in sorted({*golds, *said}):
        hits = sum(one == two == label for one, two in zip(golds, said, strict=True))
        precision, recall = (hits / many if many else 0 for many in (said.count(label), golds.count(label)))
        scores.append(2 * precision * recall / (precision + recall) if hits else 0)
    return sum(scores) / len(scores)


labels = st.integers(0, 2)


@given(st.lists(st.tuples(labels, labels, labels), min_size=2, max_size=30))
@settings(max_examples=50)
def test_accuracy_and_macro_f1_are_those_of_the_textbook(rows):
    """For both systems and the commonest label, and the adapter's difference is theirs."""
    golds, base, adapter = ([row[at] for row in rows] for at in range(3))
    chosen = np.asarray([[[one, one], [two, two]] for one, two in zip(base, adapter, strict=True)])
    (found,) = task_slices(task(golds), Answers(("base", "adapter"), tuple(range(len(rows))), chosen), PLAN)
    for name, said in (("base", base), ("adapter", adapter)):
        measures = found["systems"][name]
        assert measures["accuracy"]["value"] == pytest.approx(sum(map(int.__eq__, golds, said)) / len(rows), abs=1e-9)
        assert measures["macro_f1"]["value"] == pytest.approx(macro_f1(golds, said), abs=1e-9)
        assert measures["macro_f1_per_byte"] == measures["macro_f1"]
    most = max(golds.count(label) for label in golds)
    assert found["majority"]["accuracy"]["value"] == pytest.approx(most / len(rows), abs=1e-9)
    by_name = {(one["measure"], one["against"]): one["value"] for one in found["differences"]}
    gained = found["systems"]["adapter"]["accuracy"]["value"] - found["systems"]["base"]["accuracy"]["value"]
    assert by_name["accuracy", "base"] == pytest.approx(gained, abs=1e-8)
    assert sum(one["items"] for one in found["labels"]) == len(rows)


@given(st.permutations(range(14)))
@settings(max_examples=20)
def test_the_order_of_items_changes_nothing(order):
    """Intervals too: items are drawn in an order that follows from what they hold."""
    golds, said = [at % 3 for at in range(14)], [(at * 5) % 3 for at in range(14)]
    whole = task(golds)
    moved = SimpleNamespace(kind="labels", labels=whole.labels, items=tuple(whole.items[at] for at in order))
    chosen = np.asarray([[[one, one], [gold, 0]] for one, gold in zip(said, golds, strict=True)])
    systems, places = ("base", "adapter"), tuple(range(14))
    assert task_slices(whole, Answers(systems, places, chosen), PLAN) == task_slices(
        moved, Answers(systems, places, chosen[list(order)]), PLAN
    )


def test_items_about_one_text_are_drawn_together():
    """Forty items about two texts are two units, and have no verdict."""
    golds = [0, 1] * 20
    chosen = np.asarray([[[1 - gold] * 2, [gold] * 2] for gold in golds])
    grouped = task(golds, group=[at % 2 for at in range(40)])
    (found,) = task_slices(grouped, Answers(("base", "adapter"), tuple(range(40)), chosen), PLAN)
    assert (found["items"], found["units"]) == (40, 2)
    assert {one["verdict"] for one in found["differences"]} == {None}


def test_options_are_held_against_a_guess_and_answers_against_nothing():
    """A guess among three options is right one time in three."""
    chosen = np.asarray([[[0, 1], [1, 1]]] * 12)
    (options,) = task_slices(
        task([1] * 12, "options", ()), Answers(("base", "adapter"), tuple(range(12)), chosen), PLAN
    )
    assert options["chance"]["accuracy"]["value"] == pytest.approx(1 / 3)
    assert options["systems"]["base"]["accuracy"]["value"] == 0
    assert options["systems"]["base"]["accuracy_per_byte"]["value"] == 1
    answers = Answers(("base", "adapter"), tuple(range(12)), np.asarray([[[0], [1]]] * 12))
    (found,) = task_slices(task([0] * 12, "answers", ()), answers, PLAN)
    assert found["systems"]["adapter"]["exact_match"]["value"] == 1
    assert [one["verdict"] for one in found["differences"]] == ["better"]
    assert contrast.by_item(task([0] * 12, "answers", ()), answers)["right"] == {"base": [0] * 12, "adapter": [1] * 12}
