"""Partial values: the ends shown, never more than the rule of their kind allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.operators.partial import LEAST_HIDDEN, SERVED, partial


@pytest.mark.parametrize(
    ("entity_type", "value", "shown"),
    [
        ("CREDIT_CARD", "4111111111111111", "411111******1111"),
        ("CREDIT_CARD", "378282246310005", "378282*****0005"),
        ("CREDIT_CARD", "4222222222222", "4222*****2222"),
        ("IBAN_CODE", "gb29nwbk60161331926819", "GB****************6819"),
        ("PHONE_NUMBER", "01012345678", "010-****-5678"),
        ("PHONE_NUMBER", "021234567", "02-***-4567"),
        ("PHONE_NUMBER", "12125550100", "*******0100"),
        ("PHONE_NUMBER", "15881234", "********"),
        ("EMAIL_ADDRESS", "kim@example.com", "k***@example.com"),
        ("IP_ADDRESS", "203.0.113.7", "203.0.113.0/24"),
        ("IP_ADDRESS", "2001:db8:1:2::7", "2001:db8:1::/48"),
        ("IP_ADDRESS", "203.0.113.x", "*****"),
        ("US_SSN", "123456789", "*****6789"),
        ("KR_RRN", "9901011234567", "990101-*******"),
        ("KR_BANK_ACCOUNT", "110123456789", "********6789"),
        ("CUSTOMER_ID", "12345", "*****"),
        ("KR_RRN", "1234567", "*******"),
        ("KR_RRN", "990101", "******"),
        ("EMAIL_ADDRESS", "hong.gildong [at] example [dot] com", "*****"),
        ("EMAIL_ADDRESS", "a@example.com", "***@example.com"),
    ],
)
def test_the_middle_is_hidden(entity_type, value, shown):
    """Each kind as statements print it."""
    assert partial(entity_type, value) == shown


@given(digits=st.text("0123456789", min_size=12, max_size=19))
def test_a_card_shows_at_most_six_and_four(digits):
    """PCI DSS 4.0.1, 3.4.1: the first six and the last four at most, and five are hidden of the shortest."""
    shown = partial("CREDIT_CARD", digits)
    assert len(shown) == len(digits)
    head, _, tail = shown.partition("*" * shown.count("*"))
    assert len(head) <= 6
    assert len(tail) <= 4
    assert shown.count("*") >= LEAST_HIDDEN
    assert digits.startswith(head)
    assert digits.endswith(tail)


@given(
    entity_type=st.sampled_from(sorted(SERVED - {"EMAIL_ADDRESS", "IP_ADDRESS"})),
    value=st.text("0123456789", min_size=1, max_size=13),
)
def test_no_value_is_shown_whole(entity_type, value):
    """However short it is."""
    assert value not in partial(entity_type, value)
