"""Numbers and addresses of surrogates against validators of others: none is issued, and the scanner can tell."""

import base64
import ipaddress
import re

import phonenumbers
import pytest
from stdnum import bic, bitcoin, iban, luhn, mac
from stdnum.kr import brn, rrn
from stdnum.us import ein, itin, rtn, ssn

from govern.canonical import canonical_value
from govern.draw import Draw
from govern.operators.surrogate import SERVED, never_issued, surrogate
from govern.operators.surrogate_shape import plain
from govern.recognizers import banking, cards, identity, korean, korean_codes, korean_plates, secrets
from govern.samples import identifiers, places, values

QUICK, SLOW, VALUES = 2_000, 100_000, 250


def digits(text):
    return "".join(sign for sign in text if sign.isdigit())


def card(text):
    return luhn.is_valid(digits(text)) or cards.luhn(text) or text.startswith("62")


def account_number(text):
    """IBAN: the remainder, whatever the country's own check."""
    return iban.is_valid(text, check_country=False) or banking.check_iban(text)


def routing(text):
    return rtn.is_valid(text) or banking.check_routing(text)


def taxpayer(text):
    group = int(digits(text)[3:5])
    return itin.is_valid(text) or 50 <= group <= 65 or ssn.is_valid(text)


def resident(text):
    number = digits(text)
    if len(number) == 7:
        return number[0] in "12345678"
    return korean.possible_birth(number.ljust(13, "1")) or rrn.is_valid(number)


def phone(text):
    """What the library knows of 010 is no more than that eight digits follow: there the plan's first digit decides."""
    if text.startswith("010"):
        return re.fullmatch("010-[2-9][0-9]{3}-[0-9]{4}", text) is not None
    region = "US" if text.startswith("(") else "GB" if text.startswith("04") else "KR"
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False


def address(text):
    return ipaddress.ip_interface(text).ip.is_global or ipaddress.ip_interface(text).ip.is_private is False


def station(text):
    """Whether a maker or a card itself can have given the address."""
    return mac.is_universally_administered(text) or not mac.is_multicast(text)


def linking(text):
    """A CI is 64 bytes in canonical Base64, a DI begins with the ASN.1 of SHA-256."""
    if len(text) == 88:
        return base64.b64encode(base64.b64decode(text)).decode() == text
    return text.startswith("MC0GCCqGSIb3DQIJAyEA")


def wallet(text):
    if text.startswith("0x"):
        return text == mixed_case(text[2:].lower())
    return bitcoin.is_valid(text) or (secrets.check_bech32(text) if "1" in text[2:4] and text[0] in "blt" else
                                      secrets.check_wallet(text))  # fmt: skip


def mixed_case(body):
    """The address with its checksum (ERC-55)."""
    hashed = keccak(body.encode()).hex()
    return "0x" + "".join(
        sign.upper() if int(nibble, 16) >= 8 else sign for sign, nibble in zip(body, hashed, strict=False)
    )


def keccak(data):
    """Keccak-256 of a message of one block (the reference's compact form)."""
    block = data + b"\x01" + b"\0" * (135 - len(data))
    block = bytearray(block)
    block[135] |= 0x80
    lanes = [[int.from_bytes(block[8 * (x + 5 * y) : 8 * (x + 5 * y) + 8], "little") if x + 5 * y < 17 else 0
              for y in range(5)] for x in range(5)]  # fmt: skip

    def turn(lane, count):
        count %= 64
        return ((lane << count) | (lane >> (64 - count))) & (2**64 - 1)

    register = 1
    for _ in range(24):
        columns = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4] for x in range(5)]
        change = [columns[(x + 4) % 5] ^ turn(columns[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ change[x] for y in range(5)] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], turn(current, (step + 1) * (step + 2) // 2)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        for step in range(7):
            register = ((register << 1) ^ ((register >> 7) * 0x71)) % 256
            if register & 2:
                lanes[0][0] ^= 1 << ((1 << step) - 1)
    return b"".join(lanes[place % 5][place // 5].to_bytes(8, "little") for place in range(4))


def example(text):
    """No street without the word; ZIP codes begin at 00501, postcodes with no Q."""
    zip_code = re.search(r"[A-Z]{2} ([0-9]{5})$", text)
    return " Example " not in text or (zip_code is not None and zip_code[1] >= "00501")


def begins(mark):
    return lambda text: not digits(text).startswith(mark)


NINO = re.compile(identity._NINO + "[A-D]?")
VALID = {
    "CREDIT_CARD": card, "IBAN_CODE": account_number, "SWIFT_CODE": bic.is_valid, "ABA_ROUTING_NUMBER": routing,
    "US_SSN": lambda text: ssn.is_valid(text) or identity.check_ssn(text) is None, "US_ITIN": taxpayer,
    "US_EIN": lambda text: ein.is_valid(text) or identity.check_ein(text) is None,
    "UK_NINO": lambda text: NINO.fullmatch(text) is not None, "KR_RRN": resident, "KR_FRN": resident,
    "KR_BRN": lambda text: brn.is_valid(text) or korean.check_business(text),
    "KR_CRN": lambda text: korean.corporate_digit_holds(digits(text)) or korean.possible_birth(digits(text)),
    "KR_PASSPORT": lambda text: re.fullmatch(korean_codes._NEW_OR_OLD, text) is not None,
    "KR_DRIVER_LICENSE": lambda text: re.match(f"(?:{korean_codes._REGION}|{korean_codes._PLACES})-", text) is not None,
    "KR_HEALTH_INSURANCE": lambda text: text[0] in "123456789",
    "KR_VEHICLE_PLATE": lambda text: bool(set(text[2:].lstrip("0123456789 ")) & set(
        korean_plates.SYLLABLES + korean_plates.MILITARY)),
    "KR_CI_DI": linking, "PHONE_NUMBER": phone, "IP_ADDRESS": address, "MAC_ADDRESS": station, "CRYPTO": wallet,
    "EMAIL_ADDRESS": lambda text: re.search(r"@(example\.(com|org|net)|[a-z]+\.example)$", text) is None,
    "DATE_OF_BIRTH": lambda text: re.search("1[89][0-9]{2}|20[0-9]{2}", text)[0] >= "1900",
    "STREET_ADDRESS": example, "KR_ADDRESS": lambda text: "예시로" not in text and "Example-ro" not in text,
    "US_PASSPORT": begins("000"), "PASSPORT": begins("000"), "US_DRIVER_LICENSE": begins("000"),
    "CUSTOMER_ID": begins("999"), "US_BANK_NUMBER": begins("999"), "KR_BANK_ACCOUNT": begins("000"),
}  # fmt: skip
"""Whether a text can have been issued, by type."""


def ethereum(draw):
    return mixed_case("".join(draw.pick("0123456789abcdef") for _ in range(40)))


def real_phone(draw):
    """Numbers as they are given out: by the library's metadata, and mobile numbers of the Korean plan."""
    d = draw.digits
    return draw.pick((
        f"010-{draw.between(2, 9)}{d(3)}-{d(4)}", f"010{draw.between(2, 9)}{d(7)}", f"02-{draw.between(2, 8)}{d(3)}-{d(4)}",
        f"(212) {draw.between(2, 9)}{d(2)}-{d(4)}", f"+1 415-{draw.between(2, 9)}{d(2)}-{d(4)}", f"020 7{d(3)} {d(4)}",
        f"07400 {d(6)}", f"+44 7400 {d(6)}", f"+49 1511 {d(7)}", f"+81 90 {d(4)} {d(4)}", f"+91 99{d(3)} {d(5)}",
        f"031-{draw.between(2, 8)}{d(2)}-{d(4)}", f"99{d(3)} {d(5)}", f"050{draw.between(2, 8)}-{d(4)}-{d(4)}",
    ))  # fmt: skip


def real_network(draw):
    one, low = draw.between(1, 223), draw.between(1, 9999)
    four = f"{one}.{draw.between(0, 255)}.{draw.between(0, 255)}.{draw.between(1, 254)}"
    return draw.pick((four, f"2a00:{draw.between(1, 9999):x}::{low:x}", f"fe80::{low:x}"))


def real_mail(draw):
    return values.email(draw).rpartition("@")[0] + draw.pick(("@naver.com", "@bank.co.kr", "@gmail.com", "@kftc.or.kr"))


def wallet_sample(draw):
    return ethereum(draw) if draw.chance(30) else values.crypto(draw)


def linking_sample(draw):
    return (identifiers.kr_ci if draw.chance(50) else identifiers.kr_di)(draw)


def birth(draw):
    return values.date_of_birth(draw, draw.pick(("en", "ko")))


def registration(make):
    """Whole numbers, and the halves that stand in two fields."""

    def value(draw):
        number = digits(make(draw))
        return draw.pick((number, number, number[:6], number[6:]))

    return value


SAMPLES = {
    "CREDIT_CARD": values.card, "IBAN_CODE": values.iban, "SWIFT_CODE": identifiers.swift,
    "ABA_ROUTING_NUMBER": identifiers.aba_routing, "US_SSN": values.us_ssn, "US_ITIN": values.us_itin,
    "US_EIN": identifiers.us_ein, "UK_NINO": values.uk_nino, "KR_RRN": registration(values.kr_rrn),
    "KR_FRN": registration(values.kr_frn), "KR_BRN": values.kr_brn, "KR_CRN": identifiers.kr_crn,
    "KR_PASSPORT": values.kr_passport, "KR_DRIVER_LICENSE": values.kr_driver_license,
    "KR_HEALTH_INSURANCE": identifiers.kr_health_insurance, "KR_VEHICLE_PLATE": identifiers.kr_vehicle_plate,
    "KR_CI_DI": linking_sample, "PHONE_NUMBER": real_phone, "IP_ADDRESS": real_network,
    "MAC_ADDRESS": identifiers.mac_address, "CRYPTO": wallet_sample, "EMAIL_ADDRESS": real_mail, "DATE_OF_BIRTH": birth,
    "STREET_ADDRESS": places.street_address, "KR_ADDRESS": places.kr_address, "US_PASSPORT": values.us_passport,
    "PASSPORT": identifiers.passport, "US_DRIVER_LICENSE": identifiers.us_driver_license,
    "CUSTOMER_ID": identifiers.customer_id, "US_BANK_NUMBER": values.us_bank_number,
    "KR_BANK_ACCOUNT": values.kr_bank_account,
}  # fmt: skip
"""Values as they are issued, by type."""

CONVENTIONS = {"US_PASSPORT", "PASSPORT", "US_DRIVER_LICENSE", "CUSTOMER_ID", "US_BANK_NUMBER", "KR_BANK_ACCOUNT"}
"""Types of which no issuer says what it does not issue: a number in a thousand begins like a surrogate."""

TYPES = sorted(SAMPLES)


def test_every_served_type_but_names_has_a_validator_and_samples():
    assert set(VALID) == set(SAMPLES) == SERVED - {"PERSON"}


def check(entity_type, count):
    """So many surrogates of valid values: none passes, each is known as one, none is its value."""
    draw = Draw(f"values {entity_type}")
    known = [canonical_value(entity_type, SAMPLES[entity_type](draw)) for _ in range(VALUES)]
    valid, told = VALID[entity_type], 0
    for number in range(count):
        value = known[number % VALUES]
        text = surrogate(entity_type, value, Draw(f"{entity_type} {number}"))
        assert not valid(text), "a surrogate passes the rule of its type"
        told += never_issued(entity_type, text)
        assert canonical_value(entity_type, text) != value
    assert told == count


@pytest.mark.parametrize("entity_type", TYPES)
def test_no_surrogate_passes_the_rule_of_its_type_and_each_is_told(entity_type):
    check(entity_type, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("entity_type", TYPES)
def test_none_of_a_hundred_thousand_surrogates_passes_the_rule_of_its_type(entity_type):
    check(entity_type, SLOW)


@pytest.mark.parametrize("entity_type", TYPES)
def test_an_issued_value_is_never_taken_for_a_surrogate(entity_type):
    draw = Draw(f"issued {entity_type}")
    issued = [SAMPLES[entity_type](draw) for _ in range(QUICK)]
    if entity_type in CONVENTIONS:
        issued = [text for text in issued if VALID[entity_type](text)]
        assert len(issued) > QUICK * 0.99
    assert not [None for text in issued if never_issued(entity_type, text)]


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_an_example_number_of_any_country_is_never_taken_for_a_surrogate(region):
    for kind in (0, 1):
        number = phonenumbers.example_number_for_type(region, kind)
        for style in (0, 1, 2):
            assert number is None or not never_issued("PHONE_NUMBER", phonenumbers.format_number(number, style))


def test_the_mixed_case_checksum_of_the_tests_is_that_of_its_specification():
    for text in ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"):
        assert mixed_case(text[2:].lower()) == text


FREE = {
    "EMAIL_ADDRESS",
    "STREET_ADDRESS",
    "KR_ADDRESS",
    "IP_ADDRESS",
    "DATE_OF_BIRTH",
    "CRYPTO",
    "PHONE_NUMBER",
    "KR_CI_DI",
}
"""Types whose surrogates may be longer or shorter than the value."""


@pytest.mark.parametrize("entity_type", sorted(set(TYPES) - FREE))
def test_a_number_keeps_its_length(entity_type):
    draw = Draw(f"length {entity_type}")
    for _ in range(200):
        value = plain(SAMPLES[entity_type](draw)).lower()
        assert len(plain(surrogate(entity_type, value, Draw(value)))) == len(value)


@pytest.mark.parametrize(
    ("value", "begin"),
    [
        ("01023456789", "010-"),
        ("0212345678", "02-0"),
        ("2125550123", "("),
        ("12125550123", "+1 "),
        ("07400123456", "04"),
        ("447400123456", "+44 4"),
        ("02071234567", "04"),
        ("4915111234567", "+"),
    ],
)
def test_a_telephone_number_keeps_its_country(value, begin):
    assert surrogate("PHONE_NUMBER", value, Draw("a")).startswith(begin)


def test_an_iban_keeps_its_country_and_pattern():
    text = surrogate("IBAN_CODE", "gb29nwbk60161331926819", Draw("a"))
    assert re.fullmatch("GB(?:00|01|99) [A-Z]{4} [0-9]{4} [0-9]{4} [0-9]{4} [0-9]{2}", text)


def test_surrogates_of_different_seeds_are_spread_over_their_space():
    """Of 2,000 mobile numbers hardly two are one."""
    made = {surrogate("PHONE_NUMBER", "01023456789", Draw(str(seed))) for seed in range(QUICK)}
    assert len(made) > QUICK * 0.995
