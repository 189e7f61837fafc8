"""Numbers are found once each, under the most specific format, in linear time."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocab import numbers


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("on 2024-03-31,", "date", "2024-03-31"),
        ("2024년 3월 31일에", "date", "2024년 3월 31일"),
        ("March 3, 2024 was", "date", "March 3, 2024"),
        ("총 3조 5,000억 원이", "korean units", "3조 5,000억 원"),
        ("5만원", "korean units", "5만원"),
        ("paid $1,234.56.", "currency", "$1,234.56"),
        ("12,345원을", "currency", "12,345원"),
        ("KRW 500", "currency", "KRW 500"),
        ("at 3.25%", "percent", "3.25%"),
        ("25bp", "percent", "25bp"),
        ("1.5%p 상승", "percent", "1.5%p"),
        ("1,234,567 shares", "thousands", "1,234,567"),
        ("3.14", "decimal", "3.14"),
        ("in 2024", "integer", "2024"),
    ],
)
def test_each_format_is_found(text: str, name: str, found: str) -> None:
    """The format and the exact characters."""
    assert [(kind, text[start:end]) for kind, start, end in numbers.find(text)] == [(name, found)]


@given(st.text("0123456789,.%$원조억만 -년월일pbU", max_size=60))
def test_every_digit_is_counted_exactly_once(text: str) -> None:
    """Numbers do not overlap, are in order, and no digit stands outside."""
    spans = [(start, end) for _, start, end in numbers.find(text)]
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))
    inside = {at for start, end in spans for at in range(start, end)}
    assert all(at in inside for at, character in enumerate(text) if character in "0123456789")


@pytest.mark.parametrize(
    "text", ["1" * 50_000, "1," * 25_000, "1,000" * 10_000, "1.1" * 20_000, "1조 " * 20_000, "12-" * 20_000]
)
def test_long_runs_of_digits_take_linear_time(text: str) -> None:
    """Text made to be slow is not."""
    start = time.process_time()
    assert any(True for _ in numbers.find(text))
    assert time.process_time() - start < 2
