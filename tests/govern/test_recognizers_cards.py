"""Payment cards: brands, groups and check digit; security codes and PINs by the word before them."""

import pytest

from govern import detect, policy


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default").by_rule())


def found(detector, text):
    return [(span.entity_type, text[span.start : span.end]) for span in detect.find(detector, text)]


BRANDS = {
    "visa, 13 digits": "4026008129869",
    "visa": "4485006554321730",
    "visa, 19 digits": "4175002547569948684",
    "mastercard": "5425007385548335",
    "mastercard, first of the second range": "2221001986941927",
    "mastercard, last of the second range": "2720001251677459",
    "american express": "371400973284394",
    "discover": "6011006897987112",
    "discover, 65": "6500007299585254",
    "jcb": "3528004595211227",
    "jcb, 15 digits": "180000296249917",
    "diners": "36120088879592",
    "diners, 30": "30120039162573",
    "unionpay": "6221002339447613",
    "unionpay, 19 digits": "6217003265267293827",
    "maestro": "6759004628422646",
    "mir": "2200004816569897",
    "dankort": "5019717010103742",
}


@pytest.mark.parametrize("number", BRANDS.values(), ids=BRANDS)
def test_a_number_of_a_brand_is_found_without_any_word(detector, number):
    """Range, length and check digit are enough; a particle, a comma and a row of CSV do not hide it."""
    for text in (
        number,
        f"{number}으로",
        f"번호{number}을",
        f"7,{number},2027",
        f"({number})",
        f"x-{number}.",
        f"a_{number}",
    ):
        assert found(detector, text) == [("CREDIT_CARD", number)], text


@pytest.mark.parametrize(
    "number",
    [
        "4485 0065 5432 1730", "4485-0065-5432-1730", "4485 - 0065 - 5432 - 1730", "3714 009732 84394",
        "3714-009732-84394",
        "3612 008887 9592", "6217 0032 6526 7293 827", "4175-0025-4756-9948-684", "621700 3265267293827",
        "4026 0081 2986 9",
    ],
)  # fmt: skip
@pytest.mark.parametrize("frame", ["{}", "{}로 결제", "결제 카드는{}입니다", "2024 {} 12", "Paid with {}."])
def test_groups_of_a_number_are_found_whole(detector, number, frame):
    """Four by four, four-six-five, four-six-four, with dashes or spaces; other numbers beside it are not part of it."""
    assert found(detector, frame.format(number)) == [("CREDIT_CARD", number)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("국내카드 9410-0055-3822-7194로", "9410-0055-3822-7194"),
        ("BC카드 9530009278439733", "9530009278439733"),
        ("Maestro card 501800382241 declined", "501800382241"),
        ("은련카드 6221-2612-3456-7890", "6221-2612-3456-7890"),
        ("card 6221 2612 3456 7890 on file", "6221 2612 3456 7890"),
    ],
)
def test_domestic_and_short_numbers_need_a_word(detector, text, number):
    """Korean 9xxx, twelve digits of Maestro, and UnionPay without a check digit: by context alone."""
    assert found(detector, text) == [("CREDIT_CARD", number)]
    assert ("CREDIT_CARD", number) not in found(detector, f"번호 {number} 확인")


@pytest.mark.parametrize(
    "text",
    [
        "4485 0065 5432 1731", "카드번호 4485-0065-5432-1731", "4485-****-****-1730", "4485 00** **** 1730",
        "카드 ****1730",
        "card ending in 1730", "XXXX-XXXX-XXXX-1730", "0.4485006554321730", "$4485006554321730", "4485006554321730원",
        "a4485006554321730", "4485006554321730b", "44850065543217301", "4485006554321730.25", "2015 2016 2017 2018",
        "5555 5555 5555 5555", "0000 0000 0000 0000", "1234 5678 9012 3456", "4485006554321730%",
    ],
)  # fmt: skip
def test_other_and_masked_numbers_are_no_cards(detector, text):
    """A wrong check digit, a masked number, an amount, years, a part of a word or of a longer number."""
    assert [kind for kind, _ in found(detector, text) if kind == "CREDIT_CARD"] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CVV: 123", "123"), ("cvc 번호는 456입니다", "456"), ("CVV2 = 789", "789"), ("The CVC is 1234.", "1234"),
        ("cvv (3 digits on the back): 321", "321"), ("card security code 654", "654"),
        ("card verification value: 987", "987"),
        ("카드 뒷면 3자리는 123이에요", "123"), ("뒷면 세 자리 숫자: 246", "246"), ("카드 보안코드 135", "135"),
        ("카드번호 뒤 보안코드는 864입니다", "864"), ("the 3 digits on the back of my card are 975", "975"),
        ("amex card, CID 4821", "4821"), ("The caller read out the security code 163.", "163"), ("보안코드 4863을", "4863"),
        ("asks for the card verification value; he wrote 613.", "613"), ("CAV 135", "135"), ("CVC번호 135", "135"),
        ("카드 뒷면(서명란) 세 자리 135", "135"), ("카드 유효성 확인번호 864를", "864"),
        ("read out the security code 4863", "4863"),
    ],
)  # fmt: skip
def test_a_security_code_is_the_digits_after_its_word(detector, text, value):
    """The span is the value alone."""
    assert [part for kind, part in found(detector, text) if kind == "CARD_SECURITY_CODE"] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("My PIN is 4321", "4321"), ("PIN: 0987.", "0987"), ("pin number 654321", "654321"),
        ("핀번호는 2468입니다", "2468"),
        ("비밀번호 4자리: 5678", "5678"),
        ("결제 비밀번호는 135790", "135790"), ("계좌 비밀번호 8642로 변경", "8642"), ("카드 비밀번호: 9753", "9753"),
        ("비밀번호는 1357이고", "1357"), ("비밀번호 593020", "593020"), ("비밀번호 9363 실행", "9363"),
        ("ATM PIN 1357", "1357"),
        ("PIN code 1357", "1357"), ("핀번호 135790", "135790"),
    ],
)  # fmt: skip
def test_a_pin_is_the_digits_after_its_word(detector, text, value):
    """In both languages; the span is the value alone."""
    assert found(detector, text) == [("PIN", value)]


@pytest.mark.parametrize(
    "text",
    [
        "CVV ***", "cvv is required", "security code 7203", "security code 005930", "Securities code: 9984", "CVC 12",
        "CVC 12345",
        "비밀번호는 '80'-이하생략", "비밀번호 앞 두 자리 12", "비밀번호 2024년 변경", "비밀번호 3000원",
        "보안코드 12", "유효성 검사 123",
        "pin 12", "pinned 2024 items", "PIN 2024-05", "pin code 110001", "비밀번호를 3회 틀리면",
        "비밀번호 변경 2024년", "PIN ****",
        "spin 1234", "the CID 12-345",
    ],
)  # fmt: skip
def test_other_digits_are_no_codes(detector, text):
    """Codes of securities, years, counts, postal codes, masked codes."""
    assert [kind for kind, _ in found(detector, text) if kind in ("PIN", "CARD_SECURITY_CODE")] == []


def test_a_travel_account_needs_a_word(detector):
    """UATP: fifteen digits that begin with 1, as a time in microseconds does."""
    assert found(detector, "card 122000000000003 declined") == [("CREDIT_CARD", "122000000000003")]
    assert found(detector, "took 122000000000003 steps") == []
