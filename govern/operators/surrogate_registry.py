"""Surrogates of registration, passport, licence and customer numbers: with a date, region or office that cannot be.

Where an issuer publishes what it does not issue, that is taken, and named beside it. Where none does (passports, American
licences, customer numbers), a convention stands instead: digits that begin 000, or 999 where zeros in front are common. A
number that happens to begin so is taken for a surrogate: one in a thousand, were they drawn evenly.
"""

import re

from govern.draw import Draw
from govern.operators.surrogate_shape import (
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

EIN_PREFIXES = ("00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89", "96", "97")
"""First digits of no campus (IRS, How EINs are assigned and valid EIN prefixes)."""

ITIN_GROUPS = tuple(map(str, (*range(11, 17), *range(20, 28), *range(30, 37), *range(40, 50))))
"""Fourth and fifth digit of no ITIN (50–65, 70–88, 90–92, 94–99), of no adopted child's number (93), and of no number that the
IRS gives for its own use (01–10, 17–19, 28, 29, 37–39)."""

NINO_PREFIXES = ("QQ", "BG", "GB", "NK", "KN", "NT", "TN", "ZZ")
"""Never allocated (HMRC, National Insurance Manual NIM39110: those seven; neither letter is a Q)."""

PLATE_SYLLABLES = "차카타파처커터퍼초코토포추쿠투푸"
"""On no plate (Ministry of Land, Infrastructure and Transport, notice on the standards of registration plates)."""

PLATE_REGIONS = ("서울", "부산", "대구", "인천", "광주", "대전", "울산", "경기", "강원", "충북", "충남", "전북", "전남", "경북",
                 "경남", "제주")  # fmt: skip
EXAMPLE_REGION = "예시"
"""In place of a licence's region in words."""

NOT_KOREAN = "BCEFHKLNPQTUVWXYZ"
"""Letters with which no Korean passport number begins (Enforcement Rules of the Passport Act: M, S, R, O, D, G)."""

BEFORE_1900 = "90"
"""Century digits of men and women born before 1900, of whom none is alive."""

SHORT = 5
"""A number with fewer digits has no room for a convention, and gets as many more."""


def us_ssn(value: str, draw: Draw) -> str:
    """With the area 000 or 666 (never assigned: Social Security Administration, POMS RM 10201.035)."""
    return f"{draw.pick(('000', '666'))}-{draw.between(1, 99):02d}-{number(draw, 4, ending(value))}"


def us_itin(value: str, draw: Draw) -> str:
    """With a group of neither taxpayers nor numbers that the tax office gives for its own use."""
    return f"9{digits(draw, 2)}-{draw.pick(ITIN_GROUPS)}-{number(draw, 4, ending(value))}"


def us_ein(value: str, draw: Draw) -> str:
    """With a prefix of no campus."""
    return f"{draw.pick(EIN_PREFIXES)}-{number(draw, 7, ending(value))}"


def uk_nino(value: str, draw: Draw) -> str:
    """With a prefix that is never allocated; a suffix where `value` has one."""
    prefix, end = draw.pick(NINO_PREFIXES), ending(value)
    if ends_in_letter(value):
        return f"{prefix} {draw.digits(2)} {draw.digits(2)} {draw.digits(2)} {draw.pick('ABCD')}"
    return f"{prefix} {draw.digits(2)} {draw.digits(2)} {number(draw, 2, end)}"


def us_passport(value: str, draw: Draw) -> str:
    """Nine digits, or a letter and eight, whose digits begin 000 (a convention)."""
    end = ending(value)
    return letter(draw) + "000" + number(draw, 5, end) if plain(value)[:1].isalpha() else "000" + number(draw, 6, end)


def passport(value: str, draw: Draw) -> str:
    """Letters and digits where `value` has them, its first three digits 0 (a convention)."""
    pattern = _pattern(value)[:9]
    return alike(draw, pattern if digits_in(pattern) >= SHORT else "A00000000", value, "000")


def us_driver_license(value: str, draw: Draw) -> str:
    """Letters and digits where `value` has them, its first three digits 0 (a convention)."""
    pattern = _pattern(value)
    return alike(draw, pattern if digits_in(pattern) >= SHORT else "A0000000", value, "000")


def customer_id(value: str, draw: Draw) -> str:
    """Digits that begin 999 (a convention), behind as many letters of CUSTOMER as `value` begins with."""
    pattern = _pattern(value)
    body = pattern.lstrip("A")
    head = "CUSTOMER"[: len(pattern) - len(body)]
    mark = "-" if len(head) > 1 else ""
    return head + mark + alike(draw, body if digits_in(body) >= SHORT else "0" * 8, value, "999")


def _pattern(value: str) -> str:
    """`A` for each Latin letter and `0` for each digit of `value`, at most forty."""
    signs = ("0" if sign.isdecimal() else "A" if "A" <= sign <= "Z" else "" for sign in plain(value))
    return "".join(signs)[:40]


def kr_rrn(value: str, draw: Draw) -> str:
    """A resident's number, or the half of one that `value` is: a day from 40 on, or the century of those born before 1900."""
    return _registration(value, draw, "1234")


def kr_frn(value: str, draw: Draw) -> str:
    """As `kr_rrn`, of a foreigner (Enforcement Rules of the Immigration Act: 5 to 8)."""
    return _registration(value, draw, "5678")


def _registration(value: str, draw: Draw, centuries: str) -> str:
    end, count = ending(value), digits_in(value)
    if count == 7:
        return draw.pick(BEFORE_1900) + number(draw, 6, end)
    front = f"{draw.digits(2)}{draw.between(1, 12):02d}{draw.pick('456789')}"
    if count == 6:
        return front + number(draw, 1, end)
    return f"{front}{draw.digits(1)}-{draw.pick(centuries)}{number(draw, 6, end)}"


def brn_check(digits_before: str) -> str:
    """The check digit of a business registration number (National Tax Service: weights 1, 3, 7, …, the ninth carried)."""
    weighed = [int(digit) * weight for digit, weight in zip(digits_before, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=True)]
    return str(-(sum(weighed) + weighed[8] // 10) % 10)


def kr_brn(value: str, draw: Draw) -> str:
    """Of an office below 100 (National Tax Service: from 101 on), and with a wrong check digit."""
    body = f"0{draw.between(1, 99):02d}{draw.between(1, 79):02d}{draw.digits(4)}"
    return grouped(body + wrong(draw, ending(value), brn_check(body)), (3, 2, 5))


def crn_check(digits_before: str) -> str:
    """The check digit of a corporate registration number (weights 1 and 2 in turn)."""
    return str(-sum(int(digit) * (1 + place % 2) for place, digit in enumerate(digits_before)) % 10)


def kr_crn(value: str, draw: Draw) -> str:
    """Of a registry office below 10 (Supreme Court: 11 to 22, 28), with a wrong check digit; nor is it a resident's."""
    body = f"0{draw.digits(1)}{draw.between(13, 99)}{draw.digits(8)}"
    return grouped(body + wrong(draw, ending(value), crn_check(body)), (6, 7))


def kr_passport(value: str, draw: Draw) -> str:
    """Of a letter with which no Korean passport begins, and digits that begin 000; in the old form or that of 2021."""
    head, end = draw.pick(NOT_KOREAN) + "000", ending(value)
    return head + (letter(draw) + number(draw, 4, end) if plain(value)[4:5].isalpha() else number(draw, 5, end))


def kr_driver_license(value: str, draw: Draw) -> str:
    """Of a region that is none (Enforcement Rules of the Road Traffic Act: 11 to 28); of 예시 where `value` has words."""
    region = EXAMPLE_REGION if "가" <= plain(value)[:1] <= "힣" else str(draw.between(31, 99))
    return f"{region}-{draw.digits(2)}-{draw.digits(6)}-{number(draw, 2, ending(value))}"


def kr_health_insurance(value: str, draw: Draw) -> str:
    """Of a kind of insured person that is none: 0 (National Health Insurance Service: 1 to 9)."""
    return f"0-{number(draw, 10, ending(value))}"


def kr_vehicle_plate(value: str, draw: Draw) -> str:
    """With a syllable that stands on no plate; a region before it, and two digits or three, as `value` has them."""
    text = plain(value)
    region = draw.pick(PLATE_REGIONS) + " " if "가" <= text[:1] <= "힣" else ""
    long = not region and text[:3].isdecimal()
    head = draw.between(100, 699) if long else draw.between(10, 69)
    return f"{region}{head}{draw.pick(PLATE_SYLLABLES)} {draw.between(1, 9)}{number(draw, 3, ending(value))}"


BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
CI_LONG = 70
"""A value with more letters and digits is a CI (88 signs), with fewer a DI (64 signs)."""


def kr_ci_di(value: str, draw: Draw) -> str:
    """Base64 that begins with EXAMPLE, as a DI's ASN.1 never does (KISA: `MC0GCC…`) and a CI's hash not in 2⁴² of them.

    Of a CI the bits that Base64 leaves over are set, which no encoder does (RFC 4648, 3.5).
    """
    long = len(plain(value)) > CI_LONG
    body = "EXAMPLE" + "".join([draw.pick(BASE64) for _ in range(78 if long else 56)])
    return body + (last(draw, value) + "==" if long else last(draw, value))


def _never_licence(text: str) -> bool:
    code = plain(text)
    if code.startswith(EXAMPLE_REGION):
        return re.fullmatch("[0-9]{10}", code[len(EXAMPLE_REGION) :]) is not None
    return re.fullmatch("[0-9]{12}", code) is not None and int(code[:2]) > 30


def _registration_pattern(centuries: str) -> str:
    return rf"[0-9]{{2}}(?:0[1-9]|1[0-2])[4-9][0-9](?:[{centuries}][0-9]{{6}})?|[{BEFORE_1900}][0-9]{{6}}"


def _never_brn(text: str) -> bool:
    code = plain(text)
    return re.fullmatch("0[0-9]{9}", code) is not None and brn_check(code[:9]) != code[9]


def _never_crn(text: str) -> bool:
    code = plain(text)
    return re.fullmatch("0[0-9](?:1[3-9]|[2-9][0-9])[0-9]{9}", code) is not None and crn_check(code[:12]) != code[12]


def _begins(mark: str, most: int) -> str:
    """Letters and digits of which the first three digits are `mark`."""
    return rf"(?=.{{5,{most}}}\Z)" + "".join(f"[A-Z]*{digit}" for digit in mark) + "[A-Z0-9]*"


_HASH = re.compile("EXAMPLE(?:[A-Za-z0-9]{57}|[A-Za-z0-9]{79}==)")


def _never_hash(text: str) -> bool:
    return _HASH.fullmatch(text.strip()) is not None


TABLE = {
    "US_SSN": Scheme(us_ssn, fits("(?:000|666)[0-9]{6}")),
    "US_ITIN": Scheme(us_itin, fits(f"9[0-9]{{2}}(?:{'|'.join(ITIN_GROUPS)})[0-9]{{4}}")),
    "US_EIN": Scheme(us_ein, fits(f"(?:{'|'.join(EIN_PREFIXES)})[0-9]{{7}}")),
    "US_PASSPORT": Scheme(us_passport, fits("[A-Z]000[0-9]{5}|000[0-9]{6}")),
    "US_DRIVER_LICENSE": Scheme(us_driver_license, fits(_begins("000", 42))),
    "UK_NINO": Scheme(uk_nino, fits(f"(?:{'|'.join(NINO_PREFIXES)})[0-9]{{6}}[A-D]?")),
    "PASSPORT": Scheme(passport, fits(_begins("000", 9))),
    "CUSTOMER_ID": Scheme(customer_id, fits(_begins("999", 50))),
    "KR_RRN": Scheme(kr_rrn, fits(_registration_pattern("1-4"))),
    "KR_FRN": Scheme(kr_frn, fits(_registration_pattern("5-8"))),
    "KR_BRN": Scheme(kr_brn, _never_brn),
    "KR_CRN": Scheme(kr_crn, _never_crn),
    "KR_PASSPORT": Scheme(kr_passport, fits(f"[{NOT_KOREAN}]000(?:[0-9]{{5}}|[A-Z][0-9]{{4}})")),
    "KR_DRIVER_LICENSE": Scheme(kr_driver_license, _never_licence),
    "KR_HEALTH_INSURANCE": Scheme(kr_health_insurance, fits("0[0-9]{10}")),
    "KR_VEHICLE_PLATE": Scheme(
        kr_vehicle_plate, fits(f"(?:{'|'.join(PLATE_REGIONS)})?[0-9]{{2,3}}[{PLATE_SYLLABLES}][0-9]{{4}}")
    ),
    "KR_CI_DI": Scheme(kr_ci_di, _never_hash),
}
"""By entity type."""
