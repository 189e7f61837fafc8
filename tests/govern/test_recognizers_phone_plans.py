"""Plans of countries, held against `phonenumbers` itself."""

import random

import phonenumbers
import pytest

from govern.recognizers import phone_plans

DRAWN = 4000


def told(number, region, *, by_length):
    """What `phonenumbers` says."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    return (phonenumbers.is_possible_number if by_length else phonenumbers.is_valid_number)(parsed)


def drawn(seed):
    """Digits with a country's code: its example number or any, now and then with one digit changed or a 0 before it."""
    draw = random.Random(seed)
    codes = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    for _ in range(DRAWN):
        code = draw.choice(codes)
        example = phonenumbers.example_number(draw.choice(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]))
        any_digits = "".join(draw.choices("0123456789", k=draw.randint(6, 12)))
        national = str(example.national_number) if example and draw.random() < 0.7 else any_digits
        if draw.random() < 0.4:
            place = draw.randrange(len(national))
            national = national[:place] + draw.choice("0123456789") + national[place + 1 :]
        digits = f"{code}{'0' if draw.random() < 0.3 else ''}{national}"
        if 7 <= len(digits) <= 15:
            yield digits


@pytest.mark.parametrize("by_length", [False, True])
def test_numbers_with_a_country_code_are_judged_as_the_library_does(by_length):
    """Thousands of every country, right and wrong ones."""
    both = [
        (phone_plans.valid(None, digits, by_length=by_length), told(f"+{digits}", None, by_length=by_length))
        for digits in drawn(11)
    ]
    assert all(ours == theirs for ours, theirs in both)
    assert {ours for ours, _ in both} == {True, False}


@pytest.mark.parametrize(("country", "region", "starts"), [("82", "KR", ("02", "031", "010", "070", "0505", "034")),
                                                          ("1", "US", ("", "1", "212", "1800", "555"))])  # fmt: skip
def test_numbers_within_a_country_are_judged_as_the_library_does(country, region, starts):
    """Korea with its 0, North America with or without the 1."""
    draw = random.Random(7)
    for _ in range(DRAWN // 2):
        digits = draw.choice(starts) + "".join(draw.choices("0123456789", k=draw.randint(6, 10)))
        if len(digits) > 6:
            assert phone_plans.valid(country, digits) == told(digits, region, by_length=False)


def test_no_country_is_no_number():
    """No code begins with 0 or is 999."""
    assert not phone_plans.valid(None, "0123456789")
    assert not phone_plans.valid(None, "9991234567")
