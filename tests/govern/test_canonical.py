"""Canonical values: spellings of one value are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.canonical import canonical_value, shape


@pytest.mark.parametrize(
    "written",
    ["1985-03-02", "1985년 3월 2일", "1985. 3. 2.", "85년 3월 2일", "850302", "850302-1", "19850302", "'85.3.2",
     "March 2, 1985", "2nd of March 1985", "2-Mar-1985", "１９８５．０３．０２"],
)  # fmt: skip
def test_a_birthday_is_its_date(written):
    """However it is written."""
    assert canonical_value("DATE_OF_BIRTH", written) == "1985-03-02"


def test_the_gender_digit_tells_the_century():
    """Of six digits alone the century is a guess."""
    assert canonical_value("DATE_OF_BIRTH", "050302-3") == "2005-03-02"
    assert canonical_value("DATE_OF_BIRTH", "050302") == "2005-03-02"
    assert canonical_value("DATE_OF_BIRTH", "300302-1") == "1930-03-02"


def test_a_date_that_can_be_read_in_two_ways_stays_its_digits():
    """So that two readings of it are not made one."""
    assert canonical_value("DATE_OF_BIRTH", "03/04/1985") == "03041985"
    assert canonical_value("DATE_OF_BIRTH", "13/04/1985") == "1985-04-13"


def test_a_spaced_korean_name_is_the_name():
    """홍 길동 and 홍 길 동 are 홍길동; English names keep their words."""
    assert {canonical_value("PERSON", name) for name in ("홍길동", "홍 길동", "홍 길 동")} == {"홍길동"}
    assert canonical_value("PERSON", "John Smith") == "john smith"


@given(
    entity_type=st.sampled_from(["PERSON", "PHONE_NUMBER", "KR_RRN", "EMAIL_ADDRESS", "DATE_OF_BIRTH"]),
    text=st.text("0123456789 abCDé홍길동님１-./()@", max_size=30),
)
def test_a_canonical_value_is_its_own(entity_type, text):
    """Canonical once is canonical for ever."""
    once = canonical_value(entity_type, text)
    assert canonical_value(entity_type, once) == once


@pytest.mark.parametrize(
    ("entity_type", "spellings"),
    [
        ("PHONE_NUMBER", ("010-1234-5678", "+82 10-1234-5678", "0082 10 1234 5678", "+82 (0)10 1234 5678")),
        (
            "PHONE_NUMBER",
            ("(212) 555-0147", "+1 212-555-0147", "1-212-555-0147", "212.555.0147 ext. 12", "212-555-0147 x12"),
        ),
        (
            "EMAIL_ADDRESS",
            ("x.y@b.com", "X.Y@B.com", "x.y [at] b [dot] com", "x.y (at) b (dot) com", "x.y at b dot com"),
        ),
        ("IP_ADDRESS", ("2001:db8::1", "2001:0db8:0:0:0:0:0:1", "2001:DB8::1")),
    ],
)
def test_ways_to_write_a_value_are_one(entity_type, spellings):
    """Country codes, extensions, spelled marks, zeros of an address."""
    assert len({canonical_value(entity_type, spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("entity_type", "one", "two"),
    [
        ("MAC_ADDRESS", "96-6F-18-C2-2C-1B", "96-6A-18-C2-2D-1B"),
        ("IBAN_CODE", "ES9121000418450200051332", "S9121000418450200051332"),
        ("UK_NINO", "AB123456B", "AB1234568"),
        ("CUSTOMER_ID", "OIL123", "011123"),
        ("KR_PASSPORT", "M123O4567", "M12304567"),
    ],
)
def test_letters_of_a_code_are_no_digits(entity_type, one, two):
    """Two codes that differ in a letter are two values."""
    assert canonical_value(entity_type, one) != canonical_value(entity_type, two)


def test_a_shape_tells_kinds_and_no_value():
    """Digits, letters and Hangul by kind, marks as they are."""
    assert shape("010-1234-5678 Kim@a.com 홍길동é\n") == "999-9999-9999 Aaa@a.aaa 가가가* "
    assert shape("⓪①⓪-⑨⑧⑦⑥ ０１０ 𝟎𝟏 ٠١ Ⓚⓘⓜ 洪吉童 ½") == "999-9999 999 99 99 Aaa *** 9*9"


@given(text=st.text(max_size=20))
def test_a_shape_holds_no_letter_or_digit_of_its_value(text):
    """Whatever the script."""
    assert set(shape(text)) <= set("9aA가* ") | set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
