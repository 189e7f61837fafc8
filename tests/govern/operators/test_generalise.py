"""Generalised values: months, years, decades, age bands and regions."""

from datetime import date

import pytest

from govern.canonical import canonical_value
from govern.operators.generalise import birth, region


@pytest.mark.parametrize(
    ("coarse", "said"), [("month", "1985-03"), ("year", "1985"), ("decade", "1980/1989"), ("age-band", "40-49")]
)
def test_a_birthday_says_less(coarse, said):
    """In the forms of ISO 8601; the band is the age on the day that the policy names."""
    assert birth("1985-03-02", coarse, date(2026, 3, 1)) == said


def test_a_band_turns_on_the_birthday():
    """Thirty-nine the day before, forty on the day."""
    assert birth("1985-03-02", "age-band", date(2025, 3, 1)) == "30-39"
    assert birth("1985-03-02", "age-band", date(2025, 3, 2)) == "40-49"


def test_the_oldest_are_one_band():
    """Ages from ninety on tell people apart, so they are one."""
    assert birth("1930-01-01", "age-band", date(2026, 1, 1)) == "90+"
    assert birth("1910-01-01", "age-band", date(2026, 1, 1)) == "90+"


def test_nothing_is_said_of_a_date_that_can_be_read_in_two_ways():
    """3 April or 4 March; nor of one in the future of the day named."""
    assert birth(canonical_value("DATE_OF_BIRTH", "03/04/1985"), "month") is None
    assert birth("2030-01-01", "age-band", date(2026, 1, 1)) is None


def test_an_age_band_without_its_day_is_an_error():
    """No clock is read."""
    with pytest.raises(ValueError, match="the day it is of"):
        birth("1985-03-02", "age-band")


@pytest.mark.parametrize(
    ("written", "province", "district"),
    [
        ("서울특별시 강남구 테헤란로 123", "서울특별시", "서울특별시 강남구"),
        ("06234 경기도 성남시 분당구 판교로 12, 101동 202호", "경기도", "경기도 성남시 분당구"),
        ("부산 해운대구 우동 1-2", "부산", "부산 해운대구"),
    ],
)
def test_a_korean_address_says_its_region(written, province, district):
    """Province, or city and district too."""
    value = canonical_value("KR_ADDRESS", written)
    assert region("KR_ADDRESS", value, "province") == province
    assert region("KR_ADDRESS", value, "district") == district


@pytest.mark.parametrize(
    ("written", "state"),
    [
        ("12 Main Street, Springfield, IL 62704", "IL"),
        ("12 Main St., Charleston, West Virginia 25301", "WV"),
        ("12 Main St., Richmond, Virginia 23220-1234", "VA"),
        ("12 Main Street, Springfield", None),
        ("1 Rue de Rivoli, Paris 75001", None),
    ],
)
def test_an_american_address_says_its_state(written, state):
    """Where a ZIP code stands behind it; else nothing."""
    assert region("STREET_ADDRESS", canonical_value("STREET_ADDRESS", written), "province") == state


def test_an_address_without_a_region_says_nothing():
    """A road alone is in many cities."""
    assert region("KR_ADDRESS", canonical_value("KR_ADDRESS", "테헤란로 123, 4층"), "province") is None
