"""Duplicate keys and split positions."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from govern.deduplicate import duplicate_key, split_position

KEY = bytes(32)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_normal_form_and_spacing_do_not_make_a_new_text(text: str) -> None:
    """NFD, double spaces and surrounding space leave the key as it is."""
    other = "  " + unicodedata.normalize("NFD", " ".join(text.split())) + "\n"
    assert duplicate_key(KEY, text) == duplicate_key(KEY, other)


def test_another_secret_gives_another_key_and_another_text_too() -> None:
    """The key cannot be computed, nor compared, without the secret."""
    assert duplicate_key(KEY, "금리") != duplicate_key(bytes([1]) + KEY[1:], "금리")
    assert duplicate_key(KEY, "금리") != duplicate_key(KEY, "환율")


@given(st.binary(min_size=16, max_size=16))
def test_a_split_position_is_a_millionth(duplicate: bytes) -> None:
    """Positions stand in [0, 1,000,000)."""
    assert 0 <= split_position(KEY, duplicate) < 1_000_000


def test_split_positions_are_spread_evenly() -> None:
    """A share of 2 % takes about 2 % of groups."""
    taken = sum(split_position(KEY, index.to_bytes(16)) < 20_000 for index in range(20_000))
    assert 320 < taken < 480
