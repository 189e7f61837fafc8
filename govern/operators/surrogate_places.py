"""Surrogates of birthdays and addresses: of a year in which nobody alive was born, of a street that says it is an example."""

import re
import unicodedata

from govern.draw import Draw
from govern.operators.surrogate_shape import DIGITS, Ending, Scheme, digits, ending, letter, number, plain

YEARS = "18"
"""First digits of the year of a surrogate: whoever was born before 1900 is dead (the last of them died in 2017)."""

DAYS: dict[Ending, tuple[str, ...]] = {
    end: tuple(f"{day:02d}" for day in range(1, 29) if str(day)[-1] in signs) for end, signs in DIGITS.items()
}
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
_SHORT = {name[:3].lower() for name in MONTHS} | {"sept"}
_MONTH = re.compile("|".join([*(name.lower() for name in MONTHS), *sorted(_SHORT, reverse=True)]))


def date_of_birth(value: str, draw: Draw) -> str:
    """A day of the nineteenth century, written as `value` is: in Hangul, with the month's name, or in digits (ISO 8601)."""
    text, end = value.lower(), ending(value)
    month, years = draw.between(1, 12), YEARS + draw.digits(1)
    if "年" in text and text.endswith("日"):
        return f"{years}{draw.digits(1)}年 {month}月 {draw.between(1, 28)}日"
    if "년" in text and end == "rieul" and not text[-1:].isdecimal():
        return f"{years}{draw.digits(1)}년 {month}월 {draw.between(1, 28)}일"
    named = _MONTH.search(text)
    if named is not None:
        name = MONTHS[month - 1][:3] if named[0] in _SHORT and named[0] != "may" else MONTHS[month - 1]
        day, year = draw.between(1, 28), years + number(draw, 1, end)
        return f"{day} {name} {year}" if text[:1].isdecimal() else f"{name} {day}, {year}"
    if _YEAR_LAST.fullmatch(plain(value)):
        return f"{month:02d}/{draw.between(1, 28):02d}/{years}{number(draw, 1, end)}"
    return f"{years}{draw.digits(1)}-{month:02d}-{draw.pick(DAYS[end])}"


_YEAR_LAST = re.compile("(?!19|20)[0-3][0-9]{3}(?:19|20)[0-9]{2}")
_YEAR = f"{YEARS}[0-9]{{2}}"
_NAMES = "|".join(name.upper() for name in (*MONTHS, *(name[:3] for name in MONTHS)))
_DATE = re.compile(
    rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]){_YEAR}"
    rf"|{_YEAR}[년年](?:[1-9]|1[0-2])[월月](?:[1-9]|[12][0-9])[일日]"
    rf"|(?:{_NAMES})(?:[1-9]|[12][0-9]){_YEAR}|(?:[1-9]|[12][0-9])(?:{_NAMES}){_YEAR}"
)


def _never_birth(text: str) -> bool:
    return _DATE.fullmatch(plain(text)) is not None


WAYS = ("Street", "Avenue", "Road", "Lane", "Drive", "Court", "Place", "Terrace", "Way", "Square")
TOWNS = (
    ("Boston", "MA"), ("Austin", "TX"), ("Chicago", "IL"), ("Denver", "CO"), ("Seattle", "WA"), ("Atlanta", "GA"),
    ("Portland", "OR"), ("Albany", "NY"), ("Phoenix", "AZ"), ("Columbus", "OH"), ("Richmond", "VA"), ("Nashville", "TN"),
)  # fmt: skip
BRITISH = ("London", "Leeds", "Bristol", "Edinburgh", "Manchester", "Cardiff", "Belfast", "York", "Norwich", "Exeter")
_ZIP = re.compile("[0-9]{5}(?:[0-9]{4})?$")
_POSTCODE = re.compile("[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2}$")


def street_address(value: str, draw: Draw) -> str:
    """A house in an Example Street; with town and code where `value` ends in a code, the code being none.

    ZIP codes begin at 00501 (USPS Publication 65); no postcode begins with a Q (Royal Mail, Programmers' Guide to PAF).
    """
    text, end = plain(value), ending(value)
    house = f"{draw.between(1, 9999)} Example {draw.pick(WAYS)}"
    if _POSTCODE.search(text):
        code = f"Q{letter(draw)}{draw.between(1, 9)} {draw.between(1, 9)}{letter(draw)}{letter(draw, end)}"
        return f"{house}, {draw.pick(BRITISH)} {code}"
    if _ZIP.search(text) or not text[-1:].isascii() or text[-1:].isdecimal():
        town, state = draw.pick(TOWNS)
        return f"{house}, {town}, {state} 00{draw.between(0, 4)}{number(draw, 2, end)}"
    return house


def _never_street(text: str) -> bool:
    return re.match(r"[0-9]{1,4}EXAMPLE[A-Z]", plain(text)) is not None


REGIONS = (
    "서울특별시 강남구", "서울특별시 마포구", "서울특별시 송파구", "서울특별시 종로구", "서울특별시 영등포구",
    "서울특별시 노원구", "부산광역시 해운대구", "부산광역시 부산진구", "대구광역시 수성구", "인천광역시 연수구",
    "인천광역시 부평구", "광주광역시 서구", "대전광역시 유성구", "울산광역시 남구", "경기도 성남시 분당구",
    "경기도 수원시 영통구", "경기도 고양시 일산동구", "경기도 용인시 수지구", "강원특별자치도 춘천시",
    "충청북도 청주시 흥덕구", "충청남도 천안시 서북구", "전북특별자치도 전주시 완산구", "전라남도 순천시",
    "경상북도 포항시 남구", "경상남도 창원시 성산구", "제주특별자치도 제주시",
)  # fmt: skip
ROMAN_REGIONS = ("Gangnam-gu, Seoul", "Mapo-gu, Seoul", "Haeundae-gu, Busan", "Suseong-gu, Daegu", "Yeonsu-gu, Incheon",
                 "Yuseong-gu, Daejeon", "Bundang-gu, Seongnam-si", "Nam-gu, Ulsan")  # fmt: skip


def kr_address(value: str, draw: Draw) -> str:
    """A house in an 예시로, with flat or village as `value` ends; in Latin letters where `value` is.

    Postal codes begin at 01000 (Korea Post, 2015); those of surrogates begin 00.
    """
    text, end = plain(value), ending(value)
    house = f"{draw.between(1, 999)}-{draw.between(1, 99)}"
    if text and not re.search("[가-힣]", text):
        code = f" 00{digits(draw, 2)}{number(draw, 1, end)}" if text[-1].isdecimal() else ""
        return f"{house}, Example-ro, {draw.pick(ROMAN_REGIONS)}{code}"
    road = f"{draw.pick(REGIONS)} 예시로"
    if text[-1:].isdecimal():
        return f"{road} {draw.between(1, 999)}-{draw.digits(1)}{number(draw, 1, end)}".replace("-0", "-")
    if end == "closed":
        return f"{road} {house} (예시동)"
    if end == "rieul":
        return f"{road} {house}, 예시빌"
    return f"{road} {house}, {draw.between(101, 119)}동 {draw.between(1, 25)}{draw.between(1, 6):02d}호"


def _never_kr_address(text: str) -> bool:
    return re.search(r"예시로 ?[0-9]|[0-9], Example-ro,", unicodedata.normalize("NFKC", text)) is not None


TABLE = {
    "DATE_OF_BIRTH": Scheme(date_of_birth, _never_birth),
    "STREET_ADDRESS": Scheme(street_address, _never_street),
    "KR_ADDRESS": Scheme(kr_address, _never_kr_address),
}
"""By entity type."""
