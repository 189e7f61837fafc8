"""Cleaning: each step does one thing, in a fixed order, and twice is once."""

from hypothesis import given
from hypothesis import strategies as st

from govern.clean import STEPS, clean

ODD = st.text(
    "ab가e\u0301\u1100\u1161\r\n\t \u00a0\u3000\u2028\x85\x00\x1b\u200b\u200d\u00ad\ufeff\u202e😀👩🏽\ufe0f",
    max_size=30,
)
SOME = st.lists(st.sampled_from(list(STEPS)), unique=True)


@given(text=ODD, steps=SOME, seed=st.randoms())
def test_twice_is_once_in_any_order_of_the_policy(text, steps, seed):
    """What a policy lists first makes no difference."""
    once = clean(text, tuple(steps))
    assert clean(once, tuple(steps)) == once
    seed.shuffle(steps)
    assert clean(text, tuple(steps)) == once


def test_each_step_does_one_thing():
    """Line ends, controls, hidden characters, composed letters, blanks at line ends."""
    assert clean("a\r\nb\rc\u2028d\x85e", ("line-ends",)) == "a\nb\nc\nd\ne"
    assert clean("a\x00b\tc\x1bd\ne", ("controls",)) == "ab\tcd\ne"
    assert clean("a\u200bb\ufeffc\u00add\u202ee", ("hidden",)) == "abcde"
    assert clean("e\u0301 \u1100\u1161", ("compose",)) == "é 가"
    assert clean("a \t\nb\u00a0\n c ", ("trailing-blanks",)) == "a\nb\n c"


def test_a_long_run_of_blanks_takes_linear_time():
    """A million blanks inside a line stay, and those at its end go, at once."""
    blanks = " " * 1_000_000
    assert clean(f"a{blanks}b{blanks}", ("trailing-blanks",)) == f"a{blanks}b"


def test_the_parts_of_a_picture_stay_joined():
    """A joiner between two emoji is part of one; between letters it hides."""
    assert clean("👩\u200d💻", ("hidden",)) == "👩\u200d💻"
    assert clean("a\u200db 1\u200d2", ("hidden",)) == "ab 12"


@given(text=ODD)
def test_no_step_is_no_change(text):
    """The default cleans nothing."""
    assert clean(text, ()) == text
