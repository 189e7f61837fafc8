"""What makes two spellings of a value one: the form that numbers tags, keys pseudonyms and seeds surrogates.

NFKC, hidden characters gone, one case; of numbers only letters and digits; of a birthday the date, where it can be read
in one way; of a Korean name no space between family and given name.
"""

import ipaddress
import re
import unicodedata

from govern.normalize import normalize
from govern.readings import plainly

BY_TEXT = frozenset({"PERSON", "EMAIL_ADDRESS", "CRYPTO", "IP_ADDRESS"})
"""Entity types whose canonical value keeps its punctuation; of the others only letters and digits count."""

OF_DIGITS = frozenset({
    "PHONE_NUMBER", "CREDIT_CARD", "CARD_SECURITY_CODE", "PIN", "ABA_ROUTING_NUMBER", "US_BANK_NUMBER", "US_SSN", "US_ITIN",
    "US_EIN", "KR_BANK_ACCOUNT", "KR_RRN", "KR_FRN", "KR_BRN", "KR_CRN", "KR_DRIVER_LICENSE", "KR_HEALTH_INSURANCE",
    "DATE_OF_BIRTH",
})  # fmt: skip
"""Entity types of digits alone, where O is 0 and l is 1; in other codes a Latin letter is a letter."""

CENTURY_PIVOT = 30
"""A birthday's year of two digits from this one on belongs to the last century (ISO 8601 leaves it to agreement)."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_HANGUL_NAME = re.compile(r"[가-힣](?:[ 가-힣]{0,8}[가-힣])?")
_LATIN = re.compile("[A-Za-z]")
_AT, _DOT = re.compile(r" ?[\[({] ?at ?[\])}] ?| at "), re.compile(r" ?[\[({] ?dot ?[\])}] ?| dot ")
_EXTENSION = re.compile(r" ?[,(]? ?(?:ext(?:ension)?\.?|x|내선) ?[0-9]{1,6}\)?$")
_SIX = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})(?:-?([1-8]))?")


def canonical_value(entity_type: str, value: str) -> str:
    """The one spelling of `value`; two values of a type are one where it is the same."""
    shadow = normalize(value, (entity_type,)).text
    if entity_type in OF_DIGITS or (entity_type not in BY_TEXT and _LATIN.search(shadow) is None):
        shadow = plainly(shadow)
    plain = " ".join(unicodedata.normalize("NFKC", shadow).casefold().split())
    if entity_type == "DATE_OF_BIRTH":
        day = birthday(plain)
        if day is not None:
            return "-".join(f"{part:02d}" for part in day)
    if entity_type == "PERSON" and _HANGUL_NAME.fullmatch(plain):
        return plain.replace(" ", "")
    if entity_type == "EMAIL_ADDRESS" and "@" not in plain:
        return _DOT.sub(".", _AT.sub("@", plain))
    if entity_type == "IP_ADDRESS":
        return _address(plain)
    if entity_type in BY_TEXT:
        return plain
    if entity_type == "PHONE_NUMBER":
        return _telephone(plain)
    return "".join(character for character in plain if character.isalnum())


def _telephone(plain: str) -> str:
    """The digits of a number as dialled at home, in Korea and in the United States; others with their country code."""
    digits = "".join(character for character in _EXTENSION.sub("", plain) if character.isalnum())
    if digits.startswith("00") and len(digits) > 11:
        digits = digits[2:]
    if digits.startswith("82") and len(digits) > 10:
        return "0" + digits[2:].removeprefix("0")
    return digits[1:] if digits.startswith("1") and len(digits) == 11 else digits


def _address(plain: str) -> str:
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        return plain


def shape(text: str) -> str:
    """How a value is built, without the value: `9` for digits, `a` and `A` for letters, `가` for Hangul, `*` for others.

    Marks of ASCII stay; circled and other digits count as digits (NFKC).
    """
    return "".join(map(_kind, unicodedata.normalize("NFKC", text)))


def _kind(character: str) -> str:
    if character.isdecimal():
        return "9"
    if "가" <= character <= "힣":
        return "가"
    if character.isspace():
        return " "
    if not character.isascii():
        return "*"
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return character if character.isprintable() else "*"


def birthday(plain: str) -> tuple[int, int, int] | None:
    """Year, month and day of a date of birth in lower case; None where it can be read in two ways, or in none."""
    plain = plain.lstrip("'")
    short = _SIX.fullmatch(plain)
    if short is not None:
        century = None if short[4] is None else 1900 if short[4] in "1256" else 2000
        return _valid(_year(short[1], century), int(short[2]), int(short[3]))
    numbers: list[str] = re.findall("[0-9]+", plain)
    if len(numbers) == 1 and len(numbers[0]) == 8:
        return _valid(int(plain[:4]), int(numbers[0][4:6]), int(numbers[0][6:])) if plain == numbers[0] else None
    month = next((place for place, name in enumerate(_MONTHS, 1) if re.search(rf"(?<![a-z]){name}", plain)), None)
    if month is not None and len(numbers) == 2:
        day, year = sorted(numbers, key=len)
        return _valid(int(year), month, int(day)) if len(year) == 4 else None
    if len(numbers) != 3 or month is not None:
        return None
    first, second, third = numbers
    if len(first) == 4 or int(first) > 31 or re.search("[년年]", plain):
        return _valid(_year(first, None), int(second), int(third))
    if len(third) == 4:
        ways = {_valid(int(third), *pair) for pair in ((int(first), int(second)), (int(second), int(first)))} - {None}
        return ways.pop() if len(ways) == 1 else None
    return None


def _year(digits: str, century: int | None) -> int:
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (century or (1900 if int(digits) >= CENTURY_PIVOT else 2000))


def _valid(year: int, month: int, day: int) -> tuple[int, int, int] | None:
    return (year, month, day) if 1 <= month <= 12 and 1 <= day <= 31 and 1800 <= year < 2100 else None
