"""IBAN, BIC, routing and account numbers: check digits where there are some, words where there are none."""

import pytest

from govern import detect, policy


@pytest.fixture(scope="module")
def detector():
    return detect.build(policy.load("default").by_rule())


def found(detector, text):
    return [(span.entity_type, text[span.start : span.end]) for span in detect.find(detector, text)]


IBANS = [
    "DE44500105175407324931", "FR7630006000011234567890189", "NL91ABNA0417164300", "CH9300762011623852957",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S", "ES9121000418450200051332", "IT60X0542811101000000123456",
    "GB77BARC20201530093459",
]  # fmt: skip


@pytest.mark.parametrize("number", IBANS)
def test_an_iban_is_found_grouped_or_not_and_without_what_follows(detector, number):
    """Countries of every structure; words, numbers and particles after it are no part of it."""
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    for text in (number, grouped, grouped.replace(" ", "-")):
        for frame in (
            "{}",
            "{}입니다",
            "계좌{}로 송금",
            "IBAN {} AND BIC",
            "{} 2024 9",
            "GB12 {}",
            "1,{},x",
            "{} today",
        ):
            assert ("IBAN_CODE", text) in found(detector, frame.format(text)), frame


@pytest.mark.parametrize(
    "text",
    [
        "DE45500105175407324931", "GB77 BARC 2020 1530 0934 58", "XX44500105175407324931", "ADE44500105175407324931",
        "DE44500105175407324931A", "ISIN US0378331005", "LEI 5493001KJTIIGC8Y1R12", "DE44****************4931",
    ],
)  # fmt: skip
def test_other_codes_are_no_ibans(detector, text):
    """A wrong check digit or country, a part of a longer code, identifiers of securities and firms."""
    assert [kind for kind, _ in found(detector, text) if kind == "IBAN_CODE"] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SWIFT code: DEUTDEFF500", "DEUTDEFF500"), ("SWIFT/BIC DEUTDEFF", "DEUTDEFF"),
        ("BIC is COBADEFFXXX", "COBADEFFXXX"),
        ("swift코드는 SHBKKRSE입니다", "SHBKKRSE"), ("스위프트 코드 HNBNKRSE", "HNBNKRSE"),
        ("beneficiary account 00123, CHASUS33XXX", "CHASUS33XXX"), ("계좌 송금 은행 KOEXKRSEXXX", "KOEXKRSEXXX"),
        ("His account is with WESTHKTC (SWIFT code), IBAN", "WESTHKTC"), ("SHBKKRSE, BIC code", "SHBKKRSE"),
    ],
)  # fmt: skip
def test_a_bic_is_found_beside_its_word_or_an_account(detector, text, value):
    """ISO 9362, with a country that exists."""
    assert ("SWIFT_CODE", value) in found(detector, text)


@pytest.mark.parametrize(
    "text",
    [
        "THE DIVIDEND ACCOUNT AND ITS CONTRACT", "ACCOUNT STATEMENT: INTEREST EXPENSES",
        "the swift response abcddeff", "CHASUS33XXX",
        "SWIFT code DEUTZZFF", "Swift action by DIRECTOR and CHAIRMAN", "the DIRECTOR (swift in action)",
        "BENEFICIARY MATERIAL account",
    ],
)  # fmt: skip
def test_ordinary_words_are_no_bics(detector, text):
    """Capitals of a heading, lower case, a country that does not exist, a bank named apart from any account."""
    assert [kind for kind, _ in found(detector, text) if kind == "SWIFT_CODE"] == []


@pytest.mark.parametrize("number", ["121000248", "021000021", "321171388", "061000052"])
@pytest.mark.parametrize(
    "frame", ["routing number {}", "ABA {}", "ABA # {}입니다", "RTN: {}.", "미국 송금 {}로", "wire to {} today"]
)
def test_a_routing_number_has_its_check_digit_and_its_word(detector, number, frame):
    """ABA: prefix, 3-7-1 check digit, and context."""
    assert found(detector, frame.format(number)) == [("ABA_ROUTING_NUMBER", number)]


@pytest.mark.parametrize(
    "text", ["021000021", "routing number 021000022", "routing number 991000024", "ABA 0210000215", "ABA $021000021"]
)
def test_nine_other_digits_are_no_routing_number(detector, text):
    """Without a word, with a wrong check digit or prefix, in a longer number or an amount."""
    assert [kind for kind, _ in found(detector, text) if kind == "ABA_ROUTING_NUMBER"] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("account number 12345678901", "12345678901"), ("Acct. no. 4432-118-90021", "4432-118-90021"),
        ("A/C 0012345678", "0012345678"),
        ("checking account (USD): 123456789", "123456789"), ("account # 000073-6910", "000073-6910"),
        ("savings account 98765432", "98765432"), ("account number is 12 345678 90", "12 345678 90"),
        ("미국 은행 계좌번호 968883701160", "968883701160"), ("미국 체이스은행 계좌 110-582-381584로", "110-582-381584"),
        ("US bank account number 968883701160", "968883701160"), ("account no 00123456789을 확인", "00123456789"),
        ("direct deposit to 4455667788", "4455667788"),
    ],
)  # fmt: skip
def test_an_account_number_is_found_beside_its_word(detector, text, value):
    """Eight to seventeen digits, in groups or not."""
    assert found(detector, text) == [("US_BANK_NUMBER", value)]


@pytest.mark.parametrize(
    "text",
    [
        "12345678901", "account 20240331", "accounts of 2023 2022 2021", "account number 11111111",
        "account balance $12,345,678.00",
        "on account of 1,234,567,890 shares", "account ending in ****1234", "Accounts receivable 12345 23456",
        "CUSIP number 037833100 in the account", "account 1234567",
    ],
)  # fmt: skip
def test_other_digits_near_an_account_are_left(detector, text):
    """Days, years, amounts, identifiers of securities, masked and short numbers."""
    assert [kind for kind, _ in found(detector, text) if kind in ("US_BANK_NUMBER", "KR_BANK_ACCOUNT")] == []
