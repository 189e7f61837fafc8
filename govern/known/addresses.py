"""The usual spellings of an address as projected patterns: without its unit or region, in long and short words."""

import re

from govern.known.projection import plain

SHORT_ADDRESS = 8
"""Letters and digits of an address that is searched everywhere, at least."""
MOST = 10
"""Spellings of one address, at most."""

_SHORT = {
    "서울": "특별시|시", "부산": "광역시|시", "대구": "광역시|시", "인천": "광역시|시", "광주": "광역시|시",
    "대전": "광역시|시", "울산": "광역시|시", "세종": "특별자치시|시", "경기": "도",
    "강원": "특별자치도|도", "제주": "특별자치도|도",
}  # fmt: skip
_TWO = {
    "충북": "충청북도",
    "충남": "충청남도",
    "전북": "전북특별자치도|전라북도",
    "전남": "전라남도",
    "경북": "경상북도",
    "경남": "경상남도",
}
_REGIONS = {short + end: short for short, ends in _SHORT.items() for end in ends.split("|")} | {
    long: short for short, longs in _TWO.items() for long in longs.split("|")
}
"""The names of provinces and large cities, long to short."""
_LONG = {short: long for long, short in reversed(_REGIONS.items())}
_REGION = re.compile(rf"^\s*({'|'.join(sorted({*_REGIONS, *_LONG}, key=len, reverse=True))})\s+")
_ASIDE = re.compile(r"\s*\([^()]*\)")
_ROAD = re.compile(r"^.{0,60}?[가-힣0-9·.]+(?:로|길)\s?\d+(?:-\d+)?(?:\s?(?:번길|길)\s?\d+(?:-\d+)?)?")
_LOT = re.compile(r"^.{0,60}?[가-힣0-9]+(?:동|리|가)\s(?:산\s?)?\d+(?:-\d+)?(?:번지)?")
_UNIT = re.compile(
    r",?\s*(?:\b(?:apt|apartment|suite|ste|unit|room|rm|floor|fl)\b\.?\s*#?|#)\s*[\w-]{1,8}", re.IGNORECASE
)
_WORDS = (
    ("street", "st"), ("avenue", "ave"), ("road", "rd"), ("boulevard", "blvd"), ("drive", "dr"), ("lane", "ln"),
    ("court", "ct"), ("place", "pl"), ("square", "sq"), ("parkway", "pkwy"), ("highway", "hwy"), ("terrace", "ter"),
    ("suite", "ste"), ("apartment", "apt"), ("north", "n"), ("south", "s"), ("east", "e"), ("west", "w"),
)  # fmt: skip
_TO_SHORT = dict(_WORDS)
_TO_LONG = {short: long for long, short in _WORDS}
_WORD = re.compile(r"[A-Za-z]+")
_HANGUL = re.compile("[가-힣]")


def addresses(text: str, *, everywhere: bool) -> list[str]:
    """The spellings of an address; searched everywhere only those of two words or more with a number in them."""
    spelled = _korean(text) if _HANGUL.search(text) else _street(text)
    found = []
    for spelling in spelled:
        pattern = plain(spelling)
        enough = len(spelling.split()) > 1 and any(character.isdigit() for character in pattern)
        if pattern and (not everywhere or (enough and len(pattern) >= SHORT_ADDRESS)):
            found.append(pattern)
    return list(dict.fromkeys(found))[:MOST]


def _korean(text: str) -> list[str]:
    """As written, without what stands in brackets, to its number alone; each with its region long, short and left out."""
    bare = _ASIDE.sub("", text)
    numbered = _ROAD.match(bare) or _LOT.match(bare)
    spelled = [text, bare, *([numbered[0]] if numbered else [])]
    found = list(spelled)
    for spelling in spelled:
        region = _REGION.match(spelling)
        if region is not None:
            rest = spelling[region.end() :]
            short = _REGIONS.get(region[1], region[1])
            found += [f"{short} {rest}", f"{_LONG[short]} {rest}"]
            if len(rest.split()) > 2:
                found.append(rest)
    return found


def _street(text: str) -> list[str]:
    """As written, without the unit, the street line alone; each in long and in short words."""
    bare = _UNIT.sub("", text)
    line = bare.partition(",")[0]
    spelled = [text, bare]
    if re.match(r"\s*\d", line) and len(line.split()) > 2:
        spelled.append(line)
    return [
        each
        for spelling in spelled
        for each in (spelling, _replaced(spelling, _TO_SHORT), _replaced(spelling, _TO_LONG))
    ]


def _replaced(text: str, by: dict[str, str]) -> str:
    return _WORD.sub(lambda match: by.get(match[0].lower(), match[0]), text)
