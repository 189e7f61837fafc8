"""Dates of birth in both languages are found; other dates, ages, years and masked numbers are left."""

import pytest

from govern import detect, policy
from govern.recognizers import births


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default").by_rule())


def found(detector, text):
    return [(span.entity_type, text[span.start : span.end]) for span in detect.find(detector, text)]


TRUE = [
    ("1990년 1월 2일", "생년월일 {}"),
    ("1990년 01월 02일", "출생연월일 : {}생"),
    ("900102", "생년월일(6자리): {}"),
    ("1990.01.02", "생년월일은 {}입니다"),
    ("1960. 1. 2.", "생년월일: 음력 {}"),
    ("1990.1.2", "출생: {}"),
    ("1990. 1. 2", "{}생"),
    ("1996.01.01.", "{}생,"),
    ("1992. 5. 29.", "원고 3({}생)을 두었다"),
    ("1968.3.15.", "소외 2는 {}생으로"),
    ("1955.7.25.", "({}생)"),
    ("1978년 3월 5일", "{}생입니다"),
    ("1988년 3월 5일", "{} 출생"),
    ("880305", "{}생이고"),
    ("1990-01-02", "{}이 생일이다"),
    ("1990年1月2日", "{}生"),
    ("960101-1", "고객 {}"),
    ("030101-3", "성별 {} 확인"),
    ("960101", "{}(남)"),
    ("960101", "{}(여)이고"),
    ("900102", "(남, {})"),
    ("1990-01-02", "(여/{})"),
    ("900102", "{}/F"),
    ("19900102", "birth_date={}"),
    ("1990-01-02", '"birthDate": "{}"'),
    ("1990/01/02", "dateOfBirth: {}"),
    ("01/02/1990", "DOB {}"),
    ("01/02/1990", "DOB (MM/DD/YYYY): {}"),
    ("2 Jan 1990", "D.O.B.: {}"),
    ("January 2nd, 1990", "Date of birth is {}"),
    ("2nd of January 1990", "He was born on the {} in Ohio"),
    ("March 5, 1988", "born in Seoul on {}"),
    ("2 January 1990", "(b. {})"),
    ("1990-01-02", "{} (DOB)"),
    ("03/05/1988", "{} is my date of birth"),
    ("5 May 1971", "his birthday is {}"),
]


@pytest.mark.parametrize(("value", "frame"), TRUE)
def test_dates_of_birth_are_found_whole(detector, value, frame):
    """After a label, before 생, or with a gender beside them."""
    assert [item for item in found(detector, frame.format(value)) if item[0] == "DATE_OF_BIRTH"] == [
        ("DATE_OF_BIRTH", value)
    ]


FALSE = [
    "1988년생",
    "만 45세",
    "생일 5월 5일",
    "발생일: 2023. 3. 3",
    "사고 발생 2023. 3. 3.",
    "회생일 2020. 1. 1.",
    "개설일 1990.01.02",
    "2009. 4. 23. 생활대책용지",
    "2002. 5. 31. 생략",
    "2008년 1월 1일 이후 출생",
    "생년월일 1990-13-45",
    "생년월일 19901301",
    "생년월일 990230",
    "문서 240105-3",
    "제960101-1호",
    "960101-1******",
    "생년월일 960101-1******",
    "생년월일 960101-*******",
    "the meeting on January 2, 1990",
    "Born in Korea and joined the bank on March 5, 2001",
    "birth rate of 2003",
    "Q1 2024 births 12",
    "2023년 3월 3일 발생",
    "계약일 2020.01.02 남은 기간",
    "기준일 20240331(여신)",
]


@pytest.mark.parametrize("text", FALSE)
def test_other_dates_are_left(detector, text):
    """Dates stay unless somebody was born on them."""
    assert [item for item in found(detector, text) if item[0] == "DATE_OF_BIRTH"] == []


def test_a_birth_with_seven_more_digits_is_a_registration_number(detector):
    """Nothing of it is left beside the date."""
    assert found(detector, "생년월일 960101-1234567") == [("KR_RRN", "960101-1234567")]
    assert found(detector, "생년월일 9601011234567") == [("KR_RRN", "9601011234567")]


def test_a_day_that_never_was_is_refused():
    """Thirty February; months and days in the order of the value."""
    assert births.check_day("990230") is False
    assert births.check_day("1990. 2. 30.") is False
    assert births.check_day("000229") is None
    assert births.check_day("01/02/1990") is None
