"""Surrogates of card, account and bank numbers and of wallets: the checksum fails, or the bank, branch or country is none."""

import hashlib
import re

from govern.draw import Draw
from govern.operators.surrogate_shape import (
    LETTERS,
    Ending,
    Scheme,
    alike,
    digits,
    digits_in,
    ending,
    ends_in_letter,
    fits,
    grouped,
    last,
    letter,
    number,
    plain,
    wrong,
)

CARD_PREFIXES = {14: ("36",), 15: ("34", "37"), 16: ("4", "4", "51", "52", "53", "54", "55")}
"""Issuer ranges by length as Diners Club, American Express, Visa and Mastercard publish them; of other lengths Visa's."""

CARD_GROUPS = {14: (4, 6, 4), 15: (4, 6, 5)}
_CARD = re.compile(r"4[0-9]{11,18}|5[1-5][0-9]{14}|3[47][0-9]{13}|36[0-9]{12}")

NO_IBAN_CHECK = ("00", "01", "99")
"""Check digits lie between 02 and 98 (ISO 13616-1, ISO/IEC 7064 MOD 97-10: 98 less a remainder by 97)."""

NO_COUNTRIES = tuple(f"X{mark}" for mark in "ABCDEFGHIJLMNOPQRSTUVWXYZ") + tuple(
    f"Q{mark}" for mark in "MNOPQRSTUVWXYZ"
)
"""Codes that ISO 3166-1 leaves to its users and so gives no country; XK is Kosovo's in BICs."""

NO_DISTRICTS = tuple(map(str, (*range(33, 61), *range(73, 80), *range(81, 100))))
"""First two digits of no routing number (ABA: 00–12, 21–32, 61–72, 80)."""

KR_GROUPS = {
    10: (3, 2, 5),
    11: (3, 2, 6),
    12: (3, 3, 6),
    13: (3, 4, 4, 2),
    14: (3, 6, 2, 3),
    15: (3, 6, 6),
    16: (3, 4, 4, 5),
}
"""Usual groups of Korean account numbers by length."""

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BY_END: dict[Ending, tuple[str, str]] = {"": ("123456789", "AaBbCcDd"), "open": ("2459", "abcdefghijkpqstuvwxyz"),
                                          "rieul": ("178", "Rr"), "closed": ("36", "MNmn")}  # fmt: skip
_BECH32_END: dict[Ending, tuple[str, str]] = {"": ("023456789", "acdefgh"), "open": ("2459", "acdefghjkpqstuvwxyz"),
                                              "rieul": ("78", "lr"), "closed": ("036", "mn")}  # fmt: skip
"""Last digits and letters of an address, by how a particle sees them."""

ETHER_LETTERS = 38
"""Letters among the forty signs of an Ethereum surrogate, in both cases: a hash has so many once in 10¹⁵, and the mixed-case
checksum (ERC-55) holds for one in 2³⁸ of them."""


def luhn_check(body: str) -> str:
    """The check digit after `body` (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def credit_card(value: str, draw: Draw) -> str:
    """As many digits in a known issuer's range, and a wrong check digit."""
    count = digits_in(value)
    count = count if 12 <= count <= 19 else 16
    prefix = draw.pick(CARD_PREFIXES.get(count, ("4",)))
    body = prefix + digits(draw, count - len(prefix) - 1)
    card = body + wrong(draw, ending(value), luhn_check(body))
    return grouped(card, CARD_GROUPS.get(count) or (4,) * -(-count // 4))


def _never_card(text: str) -> bool:
    card = plain(text)
    return _CARD.fullmatch(card) is not None and luhn_check(card[:-1]) != card[-1]


def _mod97(text: str) -> int:
    """The remainder by 97, letters counted from A = 10."""
    return int("".join(str(int(sign, 36)) for sign in text)) % 97


def iban(value: str, draw: Draw) -> str:
    """Of the same country and pattern, with check digits that no IBAN has and that fail by the remainder too."""
    text = plain(value)
    country, pattern = (text[:2], text[4:34]) if _IBAN.fullmatch(text) else ("DE", "0" * 18)
    body = alike(draw, pattern, value)
    rest = _mod97(body + country + "00")
    checks = [check for check in NO_IBAN_CHECK if (rest + int(check)) % 97 != 1]
    code = country + draw.pick(checks) + body
    return " ".join(code[place : place + 4] for place in range(0, len(code), 4))


_IBAN = re.compile("[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}")


def _never_iban(text: str) -> bool:
    code = plain(text)
    return _IBAN.fullmatch(code) is not None and code[2:4] in NO_IBAN_CHECK and _mod97(code[4:] + code[:4]) != 1


def swift(value: str, draw: Draw) -> str:
    """Eight or eleven characters (ISO 9362) with a country that is none."""
    head = "".join([letter(draw) for _ in range(4)]) + draw.pick(NO_COUNTRIES)
    return head + "".join([letter(draw) for _ in range(4 if len(plain(value)) > 8 else 1)]) + last(draw, value)


def aba_check(body: str) -> str:
    """The check digit of a routing number (ABA: weights 3, 7, 1)."""
    weights = (3, 7, 1, 3, 7, 1, 3, 7)
    return str(-sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 10)


def aba_routing(value: str, draw: Draw) -> str:
    """Of no Federal Reserve district, with a wrong check digit."""
    body = draw.pick(NO_DISTRICTS) + draw.digits(6)
    return body + wrong(draw, ending(value), aba_check(body))


def us_bank_number(value: str, draw: Draw) -> str:
    """As many digits, beginning 999: a convention, since no bank says what it does not issue, and zeros in front are common."""
    count = min(max(digits_in(value), 8), 17)
    return "999" + number(draw, count - 3, ending(value))


def kr_bank_account(value: str, draw: Draw) -> str:
    """As many digits in usual groups, of the branch 000: a convention, since a Korean number begins with branch or product."""
    count = min(max(digits_in(value), 10), 16)
    return grouped("000" + number(draw, count - 3, ending(value)), KR_GROUPS[count])


def crypto(value: str, draw: Draw) -> str:
    """An address of the same kind and length whose checksum fails."""
    text = value.strip().lower()
    if text.startswith("0x"):
        return _ether(value, draw)
    for prefix in ("bc1", "tb1", "ltc1"):
        if text.startswith(prefix):
            return _bech32(prefix, len(text), value, draw)
    first = text[:1].upper() if text[:1] in tuple("13lmdatx9") else "1"
    size = min(max(len(text), 26), 35)
    middle = "".join([draw.pick(BASE58) for _ in range(size - 2)])
    ends = _BY_END[ending(value)][ends_in_letter(value)]
    while True:
        address = first + middle + draw.pick(ends)
        if not base58_holds(address):
            return address


def _ether(value: str, draw: Draw) -> str:
    body = [draw.pick("abcdefABCDEF") for _ in range(ETHER_LETTERS)]
    body[draw.between(0, 18)], body[draw.between(19, 37)] = draw.pick("abcdef"), draw.pick("ABCDEF")
    end = draw.pick("abcdef") if ends_in_letter(value) else number(draw, 1, ending(value))
    return "0x" + "".join(body) + draw.pick("abcdef") + end


def _bech32(prefix: str, size: int, value: str, draw: Draw) -> str:
    count = 59 if size > len(prefix) + 48 else 39
    head = "p" if count == 59 and draw.chance(50) else "q"
    body = head + "".join([draw.pick(BECH32) for _ in range(count - 2)])
    ends = _BECH32_END[ending(value)][ends_in_letter(value)]
    while True:
        address = prefix + body + draw.pick(ends)
        if not bech32_holds(address):
            return address


def base58_holds(address: str) -> bool:
    """Whether the four last bytes are the checksum of those before (Base58Check, BIP 13)."""
    value = 0
    for sign in address:
        value = value * 58 + BASE58.index(sign)
    data = value.to_bytes(max(25, (value.bit_length() + 7) // 8))
    return hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def bech32_holds(address: str) -> bool:
    """Whether the checksum of a segregated-witness address holds (BIP 173, BIP 350)."""
    prefix, _, data = address.rpartition("1")
    check = 1
    for value in (
        *(ord(sign) >> 5 for sign in prefix),
        0,
        *(ord(sign) & 31 for sign in prefix),
        *map(BECH32.index, data),
    ):
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= factor if top >> place & 1 else 0
    return check in {1, 0x2BC830A3}


_BASE58_ADDRESS = re.compile(f"[13LMDATX9][{BASE58}]{{25,34}}")
_BECH32_ADDRESS = re.compile(f"(?:bc|tb|ltc)1[{BECH32}]{{39,59}}")
_ETHER_ADDRESS = re.compile("0x[0-9A-Fa-f]{40}")


def _never_crypto(text: str) -> bool:
    address = text.strip()
    if _BECH32_ADDRESS.fullmatch(address.lower()):
        return not bech32_holds(address.lower())
    if _BASE58_ADDRESS.fullmatch(address):
        return not base58_holds(address)
    letters = sum(map(str.isalpha, address[2:]))
    mixed = address[2:] not in (address[2:].lower(), address[2:].upper())
    return _ETHER_ADDRESS.fullmatch(address) is not None and letters >= ETHER_LETTERS and mixed


_COUNTRY = "|".join(NO_COUNTRIES)

TABLE = {
    "CREDIT_CARD": Scheme(credit_card, _never_card),
    "IBAN_CODE": Scheme(iban, _never_iban),
    "SWIFT_CODE": Scheme(swift, fits(f"[{LETTERS['']}]{{4}}(?:{_COUNTRY})[A-Z0-9]{{2}}(?:[A-Z0-9]{{3}})?")),
    "ABA_ROUTING_NUMBER": Scheme(aba_routing, fits(f"(?:{'|'.join(NO_DISTRICTS)})[0-9]{{7}}")),
    "US_BANK_NUMBER": Scheme(us_bank_number, fits("999[0-9]{5,14}")),
    "KR_BANK_ACCOUNT": Scheme(kr_bank_account, fits("000[0-9]{7,13}")),
    "CRYPTO": Scheme(crypto, _never_crypto),
}
"""By entity type."""
