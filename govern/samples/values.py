"""Values for the synthetic sample: personal data that looks real and belongs to nobody, and financial values beside it.

Each function takes a `Draw` and returns one value, from nothing but its random numbers. Check digits are right wherever a
number has them (cards, IBAN, resident registration numbers of before October 2020, ISIN, ...), since a detector may ask.
Where a range is reserved for examples or was never issued, values come from it: example domains (RFC 2606), documentation
addresses (RFC 5737, RFC 3849), 555-01xx telephone numbers, Social Security areas not issued before 2011, mobile numbers
that begin 010-0 and 010-1.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from govern.draw import Draw

Names = Mapping[str, Sequence[str]]

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
IBANS = (("GB", "WEST", 14), ("DE", "", 18), ("NL", "TEST", 10), ("IE", "DEMO", 14), ("ES", "", 20))
"""Country, letters of the bank and how many digits follow."""

MAIL_FIRST = (
    "daniel", "jiwoo", "alice", "minjun", "h.lee", "sykim", "priya", "park", "elena", "dhan", "marlowe", "seoyeon",
)  # fmt: skip
MAIL_SECOND = (
    "whitfield", "kim", "choi", "brennan", "jung", "okafor", "hong", "finance", "home", "yoon", "vasquez",
)  # fmt: skip
MOBILES = (
    "010-{0}-{1}", "010-{0}-{1}", "010-{0}-{1}", "010 {0} {1}", "010{0}{1}", "010.{0}.{1}", "+82 10-{0}-{1}",
    "+82-10-{0}-{1}",
)  # fmt: skip
DOMAINS = ("example.com", "example.com", "example.org", "example.net", "mail.example.com", "corp.example.org")


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the sample: the full name as written, and the short form that stands after a title."""

    full: str
    short: str


def person(draw: Draw, lang: str, names: Names) -> Person:
    """Somebody who does not exist."""
    if lang == "ko":
        family, given = draw.pick(names["family"]), draw.pick(names["given"])
        full = f"{family} {given}" if draw.chance(4) else family + given
        return Person(full, full)
    if draw.chance(9):
        family, given = draw.pick(names["roman_family"]), draw.pick(names["roman_given"])
        return Person(f"{family} {given}" if draw.chance(40) else f"{given} {family}", family)
    first, last = draw.pick(names["first"]), draw.pick(names["last"])
    shape = draw.between(1, 20)
    if shape == 1:
        return Person(f"{last}, {first}", last)
    if shape == 2:
        return Person(f"{first[0]}. {last}", last)
    if shape <= 4:
        return Person(f"{first} {draw.pick(ALPHABET)}. {last}", last)
    return Person(f"{first} {last}", last)


def luhn(digits: str) -> str:
    """The check digit after `digits` (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card(draw: Draw) -> str:
    """A card number in ranges known from test cards, with its check digit."""
    prefix = draw.pick(("411111", "424242", "400000", "555555", "510510", "545454", "601111", "353011", "378282"))
    body = prefix + draw.digits(8 if prefix == "378282" else 9)
    number = body + luhn(body)
    mark = draw.pick(("-", "-", " ", ""))
    if len(number) == 15:
        return mark.join((number[:4], number[4:10], number[10:]))
    return mark.join(number[place : place + 4] for place in range(0, 16, 4))


def mod97(text: str) -> int:
    """The remainder by 97 of `text`, letters counted from A = 10 (ISO 7064)."""
    return int("".join(str(int(character, 36)) for character in text)) % 97


def iban(draw: Draw) -> str:
    """An IBAN with its check digits; the bank codes are made up."""
    country, bank, length = draw.pick(IBANS)
    body = bank + draw.digits(length)
    number = f"{country}{98 - mod97(body + country + '00'):02d}{body}"
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4)) if draw.chance(50) else number


def email(draw: Draw) -> str:
    """An address in a domain reserved for examples."""
    first, second = draw.pick(MAIL_FIRST), draw.pick(MAIL_SECOND)
    mark = draw.pick((".", "_", "", "-", "+"))
    number = str(draw.between(1, 1999)) if draw.chance(60) else ""
    return f"{first}{mark}{second}{number}@{draw.pick(DOMAINS)}"


def phone_en(draw: Draw) -> str:
    """A telephone number from the ranges kept for fiction in the United States and the United Kingdom."""
    if draw.chance(25):
        line = draw.digits(3)
        return draw.pick((f"020 7946 0{line}", f"+44 20 7946 0{line}", f"07700 900{line}", f"+44 7700 900{line}"))
    area = draw.pick(("212", "312", "415", "617", "206", "512", "303", "404", "702", "646"))
    line = f"01{draw.digits(2)}"
    shapes = (
        "({0}) 555-{1}",
        "{0}-555-{1}",
        "{0}.555.{1}",
        "+1 {0} 555 {1}",
        "+1-{0}-555-{1}",
        "{0} 555 {1}",
        "1-{0}-555-{1}",
    )
    return draw.pick(shapes).format(area, line)


def phone_ko(draw: Draw) -> str:
    """A Korean number that is not in use: 010-0, 010-1, 070-0, 050x-0, land lines that begin with 1."""
    if draw.chance(10):
        head = draw.pick(("070-0", "070-1", "0502-0", "0504-0"))
        return f"{head}{draw.digits(3)}-{draw.digits(4)}"
    if draw.chance(20):
        area, line = draw.pick(("02", "031", "051", "053", "032", "042")), f"1{draw.digits(2)}"
        return draw.pick(("{0}-{1}-{2}", "({0}) {1}-{2}", "{0}){1}-{2}")).format(area, line, draw.digits(4))
    middle, line = f"{draw.between(0, 1)}{draw.digits(3)}", draw.digits(4)
    return draw.pick(MOBILES).format(middle, line)


def ip_address(draw: Draw) -> str:
    """An address from the documentation ranges or a private one."""
    low = draw.between(1, 254)
    shape = draw.between(1, 6)
    if shape == 1:
        return f"2001:db8:{draw.between(1, 0xFFFF):x}::{draw.between(1, 0xFFFF):x}"
    if shape == 2:
        return f"10.{draw.between(0, 255)}.{draw.between(0, 255)}.{low}"
    if shape == 3:
        return f"192.168.{draw.between(0, 255)}.{low}"
    return f"{draw.pick(('192.0.2', '198.51.100', '203.0.113'))}.{low}"


def us_ssn(draw: Draw) -> str:
    """A Social Security number of an area that was not issued before 2011."""
    parts = (str(draw.between(773, 899)), f"{draw.between(1, 99):02d}", f"{draw.between(1, 9999):04d}")
    return draw.pick(("-", "-", "-", " ")).join(parts)


def us_itin(draw: Draw) -> str:
    """An individual taxpayer identification number."""
    group = draw.pick((*range(70, 89), *range(90, 93), *range(94, 100)))
    return draw.pick(("-", "-", "-", " ")).join((f"9{draw.digits(2)}", str(group), draw.digits(4)))


def us_passport(draw: Draw) -> str:
    """A United States passport number, of nine digits or a letter and eight; no letter that Korean passports have."""
    return (
        draw.pick("ABCEFHIJKLNPQUVWXYZ") + draw.digits(8)
        if draw.chance(60)
        else str(draw.between(1, 9)) + draw.digits(8)
    )


def us_bank_number(draw: Draw) -> str:
    """An account number of a United States bank, 9 to 12 digits."""
    return draw.digits(draw.between(9, 12))


def uk_nino(draw: Draw) -> str:
    """A National Insurance number, with letters that occur."""
    prefix = draw.pick("ABCEGHJKLMNPRSTWXYZ") + draw.pick("ABCEHJLMPRSTWXYZ")
    if prefix in ("GB", "NT", "ZZ"):  # never issued
        prefix = "AB"
    numbers = [draw.digits(2) for _ in range(3)]
    return draw.pick((" ", "")).join((prefix, *numbers, draw.pick("ABCD")))


def crypto(draw: Draw) -> str:
    """A Bitcoin address with its checksum, of a hash that no key is known for."""
    payload = hashlib.sha256(draw.digits(15).encode()).digest()[:20]
    if draw.chance(40):
        return segwit(payload)
    data = bytes([draw.pick((0, 5))]) + payload
    data += hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = BASE58[rest] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def segwit(program: bytes) -> str:
    """The bech32 address of a version 0 witness program of 20 bytes (BIP 173)."""
    bits = int.from_bytes(program, "big")
    values = [0, *((bits >> shift) & 31 for shift in range(155, -1, -5))]
    check = 1
    for value in (3, 3, 0, 2, 3, *values, 0, 0, 0, 0, 0, 0):
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> place & 1 else 0
    check ^= 1
    return "bc1" + "".join(
        BECH32[value] for value in (*values, *((check >> 5 * (5 - place)) & 31 for place in range(6)))
    )


def date_of_birth(draw: Draw, lang: str) -> str:
    """A date of birth, written in one of the usual ways."""
    year, month, day = draw.between(1942, 2004), draw.between(1, 12), draw.between(1, 28)
    if lang == "ko" and draw.chance(15):
        return f"{year % 100:02d}{month:02d}{day:02d}"
    return date_text(draw, lang, year, month, day)


def date_text(draw: Draw, lang: str, year: int, month: int, day: int) -> str:
    """A date, written in one of the usual ways."""
    if lang == "ko":
        shapes = ("{0}년 {1}월 {2}일", "{0}.{1:02d}.{2:02d}", "{0}-{1:02d}-{2:02d}", "{0}. {1}. {2}.")
        return draw.pick(shapes).format(year, month, day)
    shapes = ("{2} {3} {0}", "{3} {2}, {0}", "{0}-{1:02d}-{2:02d}", "{1:02d}/{2:02d}/{0}")
    return draw.pick(shapes).format(year, month, day, MONTHS[month - 1])


def registration_check(digits: str, *, foreign: bool) -> str:
    """The check digit of a resident (or foreigner) registration number issued before October 2020."""
    total = weighted(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5))
    return str(((13 if foreign else 11) - total % 11) % 10)


def weighted(text: str, weights: tuple[int, ...]) -> int:
    """The sum of each character's value (A = 10) times its weight."""
    return sum(int(character, 36) * weight for character, weight in zip(text, weights, strict=True))


def _registration(draw: Draw, foreign: bool) -> str:
    recent = draw.chance(15)
    year = draw.between(2021, 2024) if recent and not foreign else draw.between(1945, 2019)
    gender = draw.between(1, 2) + (4 if foreign else 0) + (2 if year >= 2000 else 0)
    body = f"{year % 100:02d}{draw.between(1, 12):02d}{draw.between(1, 28):02d}{gender}"
    if recent:
        number = body + draw.digits(6)
    else:
        number = body + f"{draw.between(0, 95):02d}" + draw.digits(3)
        number += registration_check(number, foreign=foreign)
    return number[:6] + draw.pick(("-", "-", "-", "-", "", " - ")) + number[6:]


def kr_rrn(draw: Draw) -> str:
    """A resident registration number; one in seven is of the kind issued since October 2020, without a check digit."""
    return _registration(draw, foreign=False)


def kr_frn(draw: Draw) -> str:
    """A foreigner registration number, with a check digit but for one in seven."""
    return _registration(draw, foreign=True)


def kr_brn(draw: Draw) -> str:
    """A business registration number with its check digit."""
    number = f"{draw.between(101, 699)}{draw.between(1, 79):02d}{draw.digits(4)}"
    number += brn_check(number)
    return draw.pick(("-", "-", "-", "")).join((number[:3], number[3:5], number[5:]))


def brn_check(digits: str) -> str:
    """The check digit after the nine digits of a business registration number."""
    return str(-(weighted(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5)) + int(digits[8]) * 5 // 10) % 10)


def kr_passport(draw: Draw) -> str:
    """A Korean passport number, of the older form or that of December 2021."""
    letter = draw.pick("MMMSR")
    return (
        letter + draw.digits(3) + draw.pick(ALPHABET) + draw.digits(4) if draw.chance(50) else letter + draw.digits(8)
    )


def kr_driver_license(draw: Draw) -> str:
    """A Korean driving licence number."""
    parts = (str(draw.between(11, 26)), draw.digits(2), draw.digits(6), draw.digits(2))
    return draw.pick(("-", "-", "-", " ")).join(parts)


def kr_bank_account(draw: Draw) -> str:
    """An account number in the form of one of the large Korean banks."""
    d = draw.digits
    shapes = (
        f"{d(6)}-{draw.pick(('01', '04'))}-{d(6)}", f"110-{d(3)}-{d(6)}", f"1002-{d(3)}-{d(6)}", f"{d(3)}-910{d(3)}-{d(5)}",
        f"301-{d(4)}-{d(4)}-{draw.pick('123456789')}1", f"3333-{d(2)}-{d(7)}", f"{d(3)}-{d(6)}-01-0{d(2)}",
    )  # fmt: skip
    number = draw.pick(shapes)
    return number.replace("-", draw.pick(("-", "-", "-", "-", " ", "")))


def isin(draw: Draw) -> str:
    """A securities identification number with its check digit (ISO 6166): not personal data."""
    body = draw.pick(("US", "KR7", "GB", "DE", "XS"))
    body += draw.digits(11 - len(body))
    return body + luhn("".join(str(int(character, 36)) for character in body))


def cusip(draw: Draw) -> str:
    """A CUSIP with its check digit: not personal data."""
    body = draw.digits(6) + draw.pick(ALPHABET) + draw.digits(1)
    return body + cusip_check(body)


def cusip_check(body: str) -> str:
    """The check digit after the eight characters of a CUSIP (ANSI X9.6)."""
    doubled = (int(character, 36) * (1 + place % 2) for place, character in enumerate(body))
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def lei(draw: Draw) -> str:
    """A legal entity identifier with its check digits (ISO 17442): not personal data."""
    body = "5493" + "00" + "".join(draw.pick(ALPHABET + "0123456789") for _ in range(12))
    return body + f"{98 - mod97(body + '00'):02d}"


def sedol(draw: Draw) -> str:
    """A SEDOL with its check digit: not personal data."""
    body = draw.pick("B2345670") + "".join(draw.pick("BCDFGHJKLMNPQRSTVWXYZ0123456789") for _ in range(5))
    return body + sedol_check(body)


def sedol_check(body: str) -> str:
    """The check digit after the six characters of a SEDOL."""
    return str(-weighted(body, (1, 3, 1, 7, 3, 9)) % 10)
