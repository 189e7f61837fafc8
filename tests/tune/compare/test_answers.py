"""Answers: what means the same is right, by TAT-QA's measure and by the exact one."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tune.compare import models
from tune.compare.answers import exact, matches, normal
from tune.compare.tasks import read


@pytest.mark.parametrize(
    ("written", "gold", "scale"),
    [
        ("$1,496.5 million", ["1496.5"], "million"),
        ("1,496,500 thousand.", ["1496.5"], "million"),
        ("-12.6 million", ["-12.6"], "million"),
        ("$(12.6) million", ["-12.6"], "million"),
        ("(12.6 million)", ["-12.6"], "million"),
        ("16.36%", ["16.36"], "percent"),
        ("16.36 percent", ["16.36"], "percent"),
        ("0.1636", ["16.36"], "percent"),
        ("16.3649%", ["16.36"], "percent"),
        ("4", ["4"], ""),
        ("2018; 2019", ["2019", "2018"], ""),
        ("45,218; 67,918 thousand", ["67,918", "45,218"], "thousand"),
        ("The fixed-price contract.", ["Fixed price contract"], ""),
        ("1,200백만원", ["12억"], ""),
        ("3억원", ["300,000,000"], ""),
        ("5퍼센트", ["5"], "percent"),
        ("한국은행", ["한국은행."], ""),
    ],
)
def test_an_answer_that_means_the_same_is_right(written, gold, scale):
    """Numbers by value with their scale, words without case, punctuation and articles, several in any order."""
    assert matches(written, (normal(gold, scale),))


@pytest.mark.parametrize(
    ("written", "gold", "scale"),
    [
        ("1,496.5", ["1496.5"], "million"),
        ("12.6 million", ["-12.6"], "million"),
        ("16.36", ["16.36"], "percent"),
        ("2019", ["2018", "2019"], ""),
        ("2018; 2019; 2020", ["2018", "2019"], ""),
        ("in 2019", ["2019"], ""),
        ("", ["2019"], ""),
        ("9" * 60, ["9"], ""),
        ("한국", ["한국은행"], ""),
    ],
)
def test_an_answer_that_means_something_else_is_wrong(written, gold, scale):
    """A missing scale, a sign, a part too many."""
    assert not matches(written, (normal(gold, scale),))


@pytest.mark.parametrize("gold", ["A", "the", "-", "(–)", "An.", "§", "/"])
def test_a_blank_is_never_right(gold):
    """Where punctuation and articles are all there is of an answer, they are the answer."""
    for accepted, exactly in (((normal([gold]),), False), ((exact(gold),), True)):
        assert not any(matches(blank, accepted, exactly=exactly) for blank in ("", " ", "...", "\n"))
        assert matches(gold, accepted, exactly=exactly)
    assert not matches("the", (exact("a"),), exactly=True)


@pytest.mark.parametrize(
    ("written", "gold"),
    [
        ("0.0042", "0.42%"), ("1.80%", "1.8 percent"), ("$5", "5"), ("5", "5 won"), ("US$5 million", "5,000,000 dollars"),
        ("₩3억", "300,000,000원"), ("(0.004)", "-0.0040"), ("The bank.", "bank"), ("$5 won", "$5 won"),
    ],
)  # fmt: skip
def test_an_own_answer_is_right_by_its_exact_value(written, gold):
    """Whatever its scale, and where both name a currency, in the same."""
    assert matches(written, (exact(gold),), exactly=True)
    assert matches(gold, (exact(written),), exactly=True)


@pytest.mark.parametrize(
    ("written", "gold"),
    [
        ("0", "0.0042"), ("0.00", "0.004"), ("16.3649%", "16.36%"), ("0.00004", "0.00005"), ("$5", "5 won"), ("€5", "£5"),
        ("5달러", "5원"), ("$5 won", "5"), ("0.001%", "0"),
    ],
)  # fmt: skip
def test_an_own_answer_of_another_value_or_currency_is_wrong(written, gold):
    """Nothing is rounded."""
    assert not matches(written, (exact(gold),), exactly=True)
    assert not matches(gold, (exact(written),), exactly=True)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_an_exact_number_is_right_for_itself_alone(number):
    """Shifted by a millionth it is another."""
    accepted = (exact(f"{number:f}"),)
    assert matches(f"{number:,f}", accepted, exactly=True)
    assert not matches(f"{number + Decimal('0.000001'):f}", accepted, exactly=True)


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from(["", "thousand", "million", "percent"]))
def test_a_number_matches_itself_however_it_is_grouped(number, scale):
    """Thousands separators and a currency change nothing."""
    gold = (normal([str(number)], scale),)
    assert matches(f"{number:,} {scale}", gold)
    assert matches(f"{number} {scale}", gold)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_can_be_compared(written, gold):
    """Nothing that a model writes stops a comparison, and a text without a separator is right where it is the answer."""
    assert matches(written, (normal([gold]),)) in (True, False)
    assert matches(gold, (normal([gold]),))


@pytest.mark.parametrize(("form", "right"), [("answers", 0), ("tatqa", 1)])
def test_only_tatqa_is_measured_with_rounding(tmp_path, monkeypatch, form, right):
    """0 for 0.0042: right by the measure of the set, wrong for a question of one's own."""
    rows = {
        "answers": {"question": "Q?", "answers": ["0.0042"]},
        "tatqa": {"question": "Q?", "answer": ["0.0042"], "paragraphs": ["P."]},
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(rows[form]))
    task = read(f"{form}:{tmp_path / 'a.jsonl'}")
    monkeypatch.setattr(models, "prompt_ids", lambda *_: [1])
    monkeypatch.setattr(models, "written", lambda *_: " 0")
    assert models._said(SimpleNamespace(window=100), task, task.items[0]) == (right,)
