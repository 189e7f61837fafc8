"""Pseudonyms: twelve letters of a key and a value, and nothing else."""

import re

from hypothesis import given
from hypothesis import strategies as st

from govern.operators.pseudonym import pseudonym

KEY = bytes(range(32))


@given(value=st.text(max_size=30), other=st.text(max_size=30))
def test_a_value_has_one_pseudonym_of_twelve_letters(value, other):
    """Equal values are equal, different ones differ."""
    made = pseudonym(KEY, value)
    assert re.fullmatch("[a-z]{12}", made)
    assert (made == pseudonym(KEY, other)) == (value == other)


def test_another_key_shares_none():
    """Of 2,000 values no pseudonym occurs under both keys."""
    values = [f"value {number}" for number in range(2000)]
    ours, theirs = ({pseudonym(key, value) for value in values} for key in (KEY, bytes(32)))
    assert len(ours) == len(theirs) == 2000
    assert not ours & theirs


def test_every_letter_occurs_about_as_often_at_every_place():
    """No letter is likelier than another: 26 letters at 12 places over 20,000 values, each within a sixth of its share."""
    made = [pseudonym(KEY, str(number)) for number in range(20_000)]
    for place in range(12):
        for letter in "abcdefghijklmnopqrstuvwxyz":
            share = sum(one[place] == letter for one in made) * 26 / 20_000
            assert 5 / 6 < share < 7 / 6


def test_a_pseudonym_is_of_the_same_letters_for_ever():
    """Next year's corpus joins with this one: a known answer."""
    assert pseudonym(KEY, "홍길동") == "viqdrosjvdkb"
