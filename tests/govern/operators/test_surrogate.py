"""What holds of every surrogate: the same for the same seed, never the value, no more of it than shape and last sound."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from govern.canonical import canonical_value
from govern.draw import Draw
from govern.errors import InputError
from govern.operators.surrogate import SERVED, never_issued, surrogate, versions
from govern.operators.surrogate_shape import DIGITS, ending, plain
from govern.policy import ENTITY_TYPES

TYPES = sorted(SERVED)
SECRETS = {"CARD_SECURITY_CODE", "PIN", "API_KEY", "URL_CREDENTIAL"}
HANGUL = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
VALUES = st.one_of(
    st.from_regex(r"[0-9]{1,20}", fullmatch=True),
    st.from_regex(r"[a-z0-9]{1,24}", fullmatch=True),
    st.text(st.sampled_from("가나각김철수 .,-'@/:0123456789abcxyz\u4e00é٣"), min_size=1, max_size=30),
    st.text(min_size=1, max_size=40),
)
MAIL = {"com": "closed", "net": "closed", "org": "open", "example": "rieul"}
"""How the ends of example domains are read: 닷컴, 닷넷, 오알지, 이그잼플."""


def sound(entity_type, text):
    """How a particle sees the end of a surrogate."""
    return MAIL[text.rsplit(".", 1)[1]] if entity_type == "EMAIL_ADDRESS" else ending(text)


def test_all_types_but_secrets_are_served():
    assert set(ENTITY_TYPES) - SERVED == SECRETS
    assert set(ENTITY_TYPES) >= SERVED


@pytest.mark.parametrize("entity_type", sorted(SECRETS))
def test_a_secret_has_no_surrogate(entity_type):
    with pytest.raises(InputError, match="has no surrogate"):
        surrogate(entity_type, "1234", Draw("a"))
    with pytest.raises(InputError, match="has no surrogate"):
        never_issued(entity_type, "1234")


@pytest.mark.parametrize("entity_type", TYPES)
@settings(deadline=None, max_examples=60)  # the lists of names are read once
@given(value=VALUES, seed=st.text(max_size=8))
@example(value="jr.", seed="")
@example(value="sir iv", seed="")
@example(value="j.", seed="")
@example(value="", seed="")
def test_any_value_has_a_surrogate_that_the_seed_decides_and_that_is_never_the_value(entity_type, value, seed):
    value = canonical_value(entity_type, value)
    text = surrogate(entity_type, value, Draw(seed))
    assert text == surrogate(entity_type, value, Draw(seed))
    assert text
    assert text.strip() == text
    assert plain(text) != plain(value)
    assert never_issued(entity_type, text) is (entity_type != "PERSON")


@pytest.mark.parametrize("entity_type", TYPES)
@given(
    last=HANGUL, stem=st.sampled_from(("", "12", "110-1234-", "김철", "서울시 강남구 테헤란로 12, ", "존 스미", "a@b."))
)
def test_a_value_that_ends_in_hangul_keeps_its_particles(entity_type, last, stem):
    value = canonical_value(entity_type, stem + last)
    text = surrogate(entity_type, value, Draw("a" + stem))
    assert sound(entity_type, text) == ending(value), "the particle after it would be wrong"


@pytest.mark.parametrize("entity_type", sorted(set(TYPES) - {"PERSON", "EMAIL_ADDRESS"}))
@settings(max_examples=60)
@given(value=st.from_regex(r"[0-9]{1,16}|[a-z]{1,4}[0-9]{5,20}", fullmatch=True), seed=st.integers())
def test_a_value_that_ends_in_a_digit_keeps_its_particles(entity_type, value, seed):
    text = surrogate(entity_type, value, Draw(str(seed)))
    assert ending(text) == ending(value), "the particle after it would be wrong"


@pytest.mark.parametrize("entity_type", sorted(set(TYPES) - {"PERSON"}))
@settings(max_examples=60)
@given(
    digits=st.from_regex(r"[1-9]{10,16}", fullmatch=True),
    other=st.from_regex(r"[1-9]{16}", fullmatch=True),
    seed=st.text(),
)
def test_of_digits_no_more_is_kept_than_their_number_and_last_sound(entity_type, digits, other, seed):
    """Two numbers of one shape and last sound have one surrogate where the seeds are the same."""
    shape = "PHONE_NUMBER" if entity_type == "PHONE_NUMBER" else ""
    head = "010" if shape else "99"
    one = head + digits
    two = head + other[: len(digits) - 1] + next(sign for sign in DIGITS[ending(digits)] if sign != "0")
    made = surrogate(entity_type, one, Draw(seed))
    assert made == surrogate(entity_type, two, Draw(seed)) or plain(made) == two


@pytest.mark.parametrize(("text", "expected"), [
    ("김철수", "open"), ("정민철", "rieul"), ("박준", "closed"), ("12-30", "closed"), ("1", "rieul"), ("2", "open"),
    ("3", "closed"), ("4", "open"), ("5", "open"), ("6", "closed"), ("7", "rieul"), ("8", "rieul"), ("9", "open"),
    ("BTL", "rieul"), ("ABM", "closed"), ("deutdeff", "open"), ("(예시동)", "closed"), ("...", ""), ("金", ""),
])  # fmt: skip
def test_how_a_particle_sees_an_end(text, expected):
    assert ending(text) == expected


def test_versions_name_the_library_and_its_lists():
    found = versions()
    assert found["faker"].count(".") == 2
    assert found["names"].startswith("sha256:")
    assert found == versions()
