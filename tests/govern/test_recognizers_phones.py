"""Telephone numbers of Korea, the United States and the world; service numbers and other digits are left."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from govern import detect, policy


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default").by_rule())


def found(detector, text):
    return [(span.entity_type, text[span.start : span.end]) for span in detect.find(detector, text)]


KOREAN = [
    "010-1234-5678", "010 1234 5678", "010.1234.5678", "01012345678", "011-234-5678", "02-777-1234",
    "02)777-1234", "(02) 777-1234",
    "031-777-1234", "064-712-3456", "0505-123-4567", "070-1234-5678", "+82-10-1234-5678", "+82 10 1234 5678",
    "+821012345678",
    "82-10-1234-5678", "+82 (0)10-1234-5678", "+82-2-777-1234", "02-777-1234 내선 12",
]  # fmt: skip
AMERICAN = [
    "(212) 555-0123", "(212)555-0123", "212-555-0123", "650.253.0000", "+1 650-253-0000", "+1 (650) 253-0000",
    "1-800-468-9716",
    "+16502530000", "650-253-0000 x123", "650-253-0000 ext. 99", "001-650-253-0000",
]  # fmt: skip
WORLD = [
    "+44 20 7946 0958",
    "+49 30 901820",
    "+81-3-3201-3331",
    "+33 1 42 68 53 00",
    "+447700900123",
    "0044 20 7946 0958",
]


@pytest.mark.parametrize("number", KOREAN + AMERICAN + WORLD)
@pytest.mark.parametrize("frame", ["{}", "{}으로", "번호는{}입니다", "call {}.", "a,{},b", "/ {} /"])
def test_a_number_is_found_whole_without_any_word(detector, number, frame):
    """Its form says what it is; a particle on either side does not hide it."""
    assert found(detector, frame.format(number)) == [("PHONE_NUMBER", number)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("전화 027771234", "027771234"), ("연락처: 0312345678", "0312345678"), ("Tel 2125550199", "2125550199"),
        ("phone 650 253 0000", "650 253 0000"),
        ("Phone on file (07700 900429)", "07700 900429"), ("tel. 6502530000", "6502530000"),
        ("연락처 777-1234", "777-1234"),
        ("416 60 039 office", "416 60 039"), ("phone 17025550142", "17025550142"), ("phone is 7025550142.", "7025550142"),
        ("전화번호 07700900687로", "07700900687"), ("Mobile: 07700900687", "07700900687"),
        ("휴대폰 17025550142로", "17025550142"),
    ],
)  # fmt: skip
def test_digits_alone_need_a_word(detector, text, number):
    """Shapes that other numbers share: with a word such as 전화 or tel, and an area code that exists."""
    assert found(detector, text) == [("PHONE_NUMBER", number)]
    assert found(detector, f"항목 {number} 기타") == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+82-10-1234-2625 1. 결론", "+82-10-1234-2625"), ("(+82-10-1234-5678) 3. 다음", "+82-10-1234-5678"),
        ("+82 2 7693 0951 (5) 상법", "+82 2 7693 0951"), ("+82 2 7693 0951 (5) 10조", "+82 2 7693 0951"),
        ("tel 02-123-4567 10. 결론", "02-123-4567"),
        ("+44 (0) 20 7946 0958 2) next", "+44 (0) 20 7946 0958"),
        ("+49 (89) 1234 5678 1. end", "+49 (89) 1234 5678"), ("registered 024 971 50 30. Could", "024 971 50 30"),
    ],
)  # fmt: skip
def test_the_next_item_of_a_list_is_no_part_of_a_number(detector, text, number):
    """Its number is set off by a point or brackets; an area code in brackets belongs to the telephone number."""
    assert found(detector, text) == [("PHONE_NUMBER", number)]


def test_two_numbers_apart_by_a_slash_are_both_found(detector):
    """As in 02-777-1234/010-1234-5678."""
    assert [part for _, part in found(detector, "전화 02-777-1234/010-1234-5678")] == ["02-777-1234", "010-1234-5678"]


@pytest.mark.parametrize(
    "text",
    [
        "1588-1234", "전화 1588-1234", "고객센터 1644 1234", "call 1577-0000", "010-****-5678", "010-1234-****",
        "전화 ***-1234-5678",
        "2,125,550,123", "$212-555-0123", "CUSIP 037833100", "ISIN US0378331005", "0000320193-24-000123",
        "2024-03-31", "팩스 <개정 2011.12.31>",
        "NE 68848-1480 phone", "ratio 212.555", "12-345-678", "1,234 5,678 9,012", "212 555 0123", "file 333-123456",
        "+5.25", "010-12-345",
        "제2024-010호", "사건 2010다12345", "A010-1234-5678", "034-777-1234", "1234567890", "8.125-8.375",
        "100-200-300", "phone 1234567890", "phone 17025550142원",
    ],
)  # fmt: skip
def test_service_numbers_and_other_digits_are_left(detector, text):
    """Call centres of companies, masked numbers, amounts, days, ZIP codes, filings, cases."""
    assert [kind for kind, _ in found(detector, text) if kind == "PHONE_NUMBER"] == []


ADDRESSES = [
    "1 Main Street, Springfield, IL 62701", "One Apple Park Way\nCupertino, California 95014",
    "401 N. Tryon Street, Suite 200, Charlotte, NC 28202-1234",
    "350 Fifth Avenue, 34th Floor, New York, NY 10118", "12345 67th Ave NE, Seattle, WA 98101",
    "P.O. Box 1234, Boston, MA 02101",
    "10 Downing Street, London SW1A 2AA", "100 Queen Street West, Toronto, ON M5H 2N2", "28 Elm Court Apt. 12",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("frame", ["{}", "offices at {}.", "주소는 {}입니다"])
def test_a_complete_address_is_found_whole(detector, address, frame):
    """City, state and postal code, or a unit, complete it; a company's too."""
    assert found(detector, frame.format(address)) == [("STREET_ADDRESS", address)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("She lives at 12 Oak Lane with", "12 Oak Lane"), ("mailing address: 99 Old Mill Road", "99 Old Mill Road"),
        ("residing at 221B Baker Street.", "221B Baker Street"),
        ("He lives at 86 Rua do Arenque 16.", "86 Rua do Arenque 16"),
        ("주소: 200 N Spring St", "200 N Spring St"),
    ],
)  # fmt: skip
def test_part_of_an_address_needs_a_word(detector, text, address):
    """Such as lives at, residing at, mailing address, 주소."""
    assert found(detector, text) == [("STREET_ADDRESS", address)]


@pytest.mark.parametrize(
    "text",
    [
        "In 2019 Wall Street firms", "the 5 Street Journal", "address 10 Key Issues", "Item 5 Market for Place",
        "3 Way Agreement",
        "12 Oak Lane", "$5 Park Place",
    ],
)  # fmt: skip
def test_streets_without_an_address_are_left(detector, text):
    """Numbers before a name with a street's suffix are not enough."""
    assert [kind for kind, _ in found(detector, text) if kind == "STREET_ADDRESS"] == []


REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
LEAST_DIGITS = 9
"""What islands and small countries write shorter looks like anything."""


@pytest.mark.parametrize("frame", ["phone: {}.", "My phone number is {} today", "전화 {}로 연락"])
def test_a_number_of_any_country_is_found_in_its_own_writing_after_a_word_for_telephone(detector, frame):
    """The examples of libphonenumber, fixed and mobile, national and international."""
    missed = []
    for region in REGIONS:
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            for writing in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL):
                number = phonenumbers.format_number(example, writing)
                long = sum(map(str.isdigit, number)) >= LEAST_DIGITS
                if long and found(detector, frame.format(number)) != [("PHONE_NUMBER", number)]:
                    missed.append((region, number))
    assert not missed


@pytest.mark.parametrize(
    "text",
    ["phone: 10.5 12.3 14.4", "Phone 1,234 5,678 9,101", "phone 2023-12-31 12:30", "전화 2024. 3. 15. 오후", "전화 1-2 번",
     "전화번호 000000-0000000", "연락처: 1. 2. 3. 4.", "전화 8층 303호", "Mobile\t123 456\t789 123", "fax 1 of 10"],
)  # fmt: skip
def test_other_numbers_after_a_word_for_telephone_are_left(detector, text):
    """Columns of a table, a day, a floor, a list."""
    assert found(detector, text) == []
