"""Each number and address: found in both languages, before particles; what only looks alike is left."""

import pytest

from govern import detect, policy


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default").by_rule())


def found(detector, text):
    return [(span.entity_type, text[span.start : span.end]) for span in detect.find(detector, text)]


TRUE = [
    ("CREDIT_CARD", "4111 1111 1111 1111", "카드번호 {}입니다"),
    ("CREDIT_CARD", "5500-0000-0000-0004", "The card {} was charged."),
    ("CREDIT_CARD", "378282246310005", "amex {}으로 결제"),
    ("CREDIT_CARD", "2223003122003222", "Mastercard {}."),
    ("CREDIT_CARD", "９４１０-1234-5678-9010", "국내 카드 {}를"),
    ("EMAIL_ADDRESS", "kim.min@example.com", "메일은 {}으로 보내주세요"),
    ("EMAIL_ADDRESS", "j.doe+tax@mail.bank.co.uk", "Write to {}."),
    ("EMAIL_ADDRESS", "ops@core.internal", "see <{}>"),
    ("IP_ADDRESS", "192.168.0.10", "접속 주소 {}에서"),
    ("IP_ADDRESS", "2001:db8::8a2e:370:7334", "from {} today"),
    ("IBAN_CODE", "GB82 WEST 1234 5698 7654 32", "Pay {} today please"),
    ("IBAN_CODE", "GB82 WEST 1234 5698 7654 32", "order from {} failed on July 1"),
    ("IBAN_CODE", "DE89370400440532013000", "IBAN은 {}입니다"),
    ("US_SSN", "219-09-9999", "SSN {}"),
    ("US_SSN", "219-09-9999", "사회보장번호 {}이고"),
    ("US_SSN", "219099999", "Social Security number: {}"),
    ("US_ITIN", "912-70-1234", "ITIN {} on file"),
    ("US_PASSPORT", "C12345678", "passport no {}"),
    ("US_BANK_NUMBER", "12345678901", "account number {} at branch"),
    ("US_BANK_NUMBER", "4432-118-90021", "Acct no. {}"),
    ("US_BANK_NUMBER", "261385906", "The bank account {} was closed"),
    ("UK_NINO", "AB 12 34 56 C", "National Insurance {}"),
    ("CRYPTO", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "비트코인 지갑 {}로"),
    ("CRYPTO", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "send to {}"),
    ("KR_RRN", "990101-1234567", "주민번호는 {}입니다"),
    ("KR_RRN", "9901011234563", "번호 {}로"),
    ("KR_RRN", "240229-3234567", "{}"),
    ("KR_FRN", "850505-5123456", "외국인등록번호 {}의"),
    ("KR_BRN", "120-81-47521", "사업자등록번호 {}이며"),
    ("KR_BRN", "1208147521", "사업자등록번호: {}"),
    ("KR_PASSPORT", "M12345678", "여권번호 {}로"),
    ("KR_PASSPORT", "M123A4567", "Korean passport {}."),
    ("KR_DRIVER_LICENSE", "11-22-123456-78", "운전면허 {}을"),
    ("KR_DRIVER_LICENSE", "112212345678", "운전면허번호 {}"),
    ("KR_BANK_ACCOUNT", "123456-04-123456", "국민은행 {}으로 입금"),
    ("KR_BANK_ACCOUNT", "110-582-381584", "Remit to Shinhan Bank account {} in Seoul"),
    ("KR_BANK_ACCOUNT", "110123456789", "신한은행 계좌번호 {}입니다"),
    ("PHONE_NUMBER", "010-1234-5678", "연락처는 {}입니다"),
    ("PHONE_NUMBER", "01012345678", "{}로 전화주세요"),
    ("PHONE_NUMBER", "+82 10-1234-5678", "call {}"),
    ("PHONE_NUMBER", "02-777-1234", "사무실 {}에"),
    ("PHONE_NUMBER", "070-1234-5678", "{}"),
    ("PHONE_NUMBER", "0505-123-4567", "팩스 {}"),
    ("PHONE_NUMBER", "(212) 555-0123", "Call {} now"),
    ("PHONE_NUMBER", "650-253-0000 x123", "at {}"),
    ("PHONE_NUMBER", "07700 900429", "Phone on file ({}) is out of service"),
    ("PHONE_NUMBER", "+44 20 7946 0958", "London: {}"),
    ("DATE_OF_BIRTH", "1990년 1월 2일", "생년월일: {}"),
    ("DATE_OF_BIRTH", "900102", "생년월일 {}이며"),
    ("DATE_OF_BIRTH", "01/02/1990", "DOB: {}"),
    ("DATE_OF_BIRTH", "January 2, 1990", "born on {} in Ohio"),
    ("DATE_OF_BIRTH", "1990. 1. 2", "{}생"),
]


@pytest.mark.parametrize(("entity_type", "value", "frame"), TRUE)
def test_personal_numbers_are_found_whole_and_alone(detector, entity_type, value, frame):
    """One span, of the right type, exactly the value, whatever stands after it."""
    assert found(detector, frame.format(value)) == [(entity_type, value)]


FALSE = [
    "CUSIP 037833100",
    "CUSIP number 037833100 account of holdings",
    "ISIN US0378331005",
    "LEI 5493001KJTIIGC8Y1R12",
    "Q1 2024, H1 2023, FY2022",
    "20240331",
    "as of 2024-03-31 and 03/31/2024",
    "1,300원",
    "제15조제1항",
    "3억 1,000만 원",
    "금 106,572,800원을 2009. 3. 18.까지 지급하라",
    "$4,111,111,111,111,111",
    "2000 1999 1998 1997 1996",
    "2015201620172018",
    "card 4111 1111 1111 1112",
    "번호 9901011234567 확인",
    "번호 991301-1234567 확인",
    "번호 990230-1234567 확인",
    "모델명 M12345678 재고",
    "일련번호 123456-04-123456 제품",
    "사업자등록번호 120-81-47522",
    "version 3.11.4.2.1 of section 1.2.3.4.5",
    "주문번호 20260722-001, 운송장 6889912345678",
    "ISBN 978-89-546-4342-7, ISSN 1234-5678",
    "주민번호 960101-1******",
    "대표번호 1588-1234",
    "std::vector and a::b",
    "the meeting on January 2, 1990",
    "2010다12345 판결",
    "발생일: 2023. 3. 3",
    "계좌 확인 TXN-2019-498860, 법인등록번호 110111-0845589 계좌",
    "account 20240331 and account 2023 2022",
    "revenue of 12345678901 in total",
    "지급액 12,345,678,901원 계좌",
]


@pytest.mark.parametrize("text", FALSE)
def test_financial_and_public_numbers_are_left(detector, text):
    """Identifiers of securities and firms, amounts, dates, periods and laws are no personal data."""
    assert found(detector, text) == []


@pytest.mark.parametrize(
    "value",
    [
        "４１１１　１１１１　１１１１　１１１１",
        "4111–1111–1111–1111",
        "4111 1111 1111 1111",
        "4111\u200b1111\u200b1111\u200b1111",
        "٤١١١١١١١١١١١١١١١",
    ],
)
def test_look_alike_characters_do_not_hide_a_number(detector, value):
    """Full-width and other digits, Unicode dashes and spaces, zero-width characters: found at its original place."""
    text = f"가나다 {value} 라"
    (span,) = detect.find(detector, text)
    assert (span.entity_type, span.start, span.end) == ("CREDIT_CARD", 4, 4 + len(value))


@pytest.mark.parametrize("suffix", ["입니다", "으로", "에서", "의", "을", "은", "과", "번", ".", ",", ")", "\n", ""])
@pytest.mark.parametrize(
    ("entity_type", "frame"),
    [
        ("CREDIT_CARD", "4111-1111-1111-1111"), ("IP_ADDRESS",
        "10.20.30.40"), ("US_SSN", "219-09-9999"), ("KR_RRN", "990101-1234567"),
        ("EMAIL_ADDRESS", "a@b.com"), ("PHONE_NUMBER", "010-1234-5678"), ("IBAN_CODE", "DE89370400440532013000"),
    ],
)  # fmt: skip
def test_a_particle_never_hides_or_lengthens_a_finding(detector, entity_type, frame, suffix):
    """Hangul right after a value is no part of it."""
    assert found(detector, frame + suffix) == [(entity_type, frame)]
