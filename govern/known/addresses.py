"""The spellings of an address that are searched, and how far one goes on beyond them.

Of a Korean address that has a road or quarter and a number, the part from the district to the number is the pattern: region
before and unit behind it are read in the text, in whatever spelling they have. Of Latin ones it is the street line, in long and
in short words. What these leave of an address is searched as it is written.
"""

import re

from govern.known.projection import plain

SHORT_ADDRESS = 8
"""Letters and digits of an address that is searched everywhere, at least."""
REACH = 48
"""How far before and behind a pattern the rest of an address is read, in characters."""

_REGIONS = (
    "(?:서울|부산|대구|인천|광주|대전|울산|세종)(?:특별자치시|특별시|광역시|시)?|(?:경기|강원|제주)(?:특별자치도|도)?"
    "|(?:충청|전라|경상)[남북]도|[충전경][남북]|전북특별자치도"
)
_REGION = re.compile(rf"\s*(?:{_REGIONS})\s+")
_REGION_BEFORE = re.compile(rf"(?<![가-힣])(?:\(?[0-9]{{5}}\)?\s)?(?:{_REGIONS})\s{{1,3}}\Z")
_UNIT_BEHIND = re.compile(
    r"(?:번지)?(?=,?\s?(?:지하|제?[0-9]+(?:동|층|호)|\())(?:,?\s?지하)?(?:,?\s?제?[0-9]{1,4}동)?(?:,?\s?제?[0-9]{1,3}층)?"
    r"(?:,?\s?제?[0-9]{1,5}(?:-[0-9]{1,3})?호)?(?:,?\s?\([가-힣0-9 ,.·-]{1,30}\))?"
)
_UNIT = r"(?:\b(?:apt|apartment|suite|ste|unit|room|rm|floor|fl)\b\.?\s*#?|#)\s*[A-Za-z0-9-]{1,8}"
_TOWN = r",\s{1,2}[A-Z][A-Za-z.' ]{2,25},?\s[A-Z]{2}(?:\s[0-9]{5}(?:-[0-9]{4})?)?(?![A-Za-z0-9])"
_LATIN_BEHIND = re.compile(rf"(?:\.?,?\s{{0,2}}(?i:{_UNIT}))?(?:\.?{_TOWN})?")
_ASIDE = re.compile(r"\s*\([^()]*\)")
_ROAD = re.compile(r"^.{0,60}?[가-힣0-9·.]+(?:로|길)\s?\d+(?:-\d+)?(?:\s?(?:번길|길)\s?\d+(?:-\d+)?)?")
_LOT = re.compile(r"^.{0,60}?[가-힣0-9]+(?:동|리|가)\s(?:산\s?)?\d+(?:-\d+)?")
_WITHOUT_UNIT = re.compile(rf",?\s*{_UNIT}", re.IGNORECASE)
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
    """The patterns of an address; searched everywhere only those of two words or more with a number in them."""
    spelled = _korean(text) if _HANGUL.search(text) else _street(text)
    found = []
    for spelling in spelled:
        pattern = plain(spelling)
        enough = len(spelling.split()) > 1 and any(character.isdigit() for character in pattern)
        if pattern and (not everywhere or (enough and len(pattern) >= SHORT_ADDRESS)):
            found.append(pattern)
    return list(dict.fromkeys(found))


def whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The address round a pattern: with the region before it, and the unit, town and code behind it."""
    if _HANGUL.match(text, start):
        before = _REGION_BEFORE.search(text, max(0, start - REACH), start)
        start = before.start() if before is not None else start
    behind = _UNIT_BEHIND if _HANGUL.search(text, start, end) else _LATIN_BEHIND
    further = behind.match(text, end, min(len(text), end + REACH))
    return start, further.end() if further is not None else end


def _korean(text: str) -> list[str]:
    bare = _ASIDE.sub("", text)
    numbered = _ROAD.match(bare) or _LOT.match(bare)
    if numbered is None:
        return [text, bare]
    region = _REGION.match(numbered[0])
    begin = region.end() if region is not None else 0
    found = [numbered[0][begin:]]
    if region is not None and (len(found[0].split()) < 3 or len(plain(found[0])) < SHORT_ADDRESS):
        short = region[0].strip()[:2]
        found = [numbered[0], f"{short} {found[0]}", f"{short}시 {found[0]}"]
    rest = [] if _UNIT_BEHIND.fullmatch(bare, len(numbered[0])) else [text[begin:], bare[begin:]]
    return found + rest


def _street(text: str) -> list[str]:
    """As written, without the unit, the street line alone; each in long and in short words."""
    bare = _WITHOUT_UNIT.sub("", text)
    line = bare.partition(",")[0]
    spelled = [line] if re.match(r"\s*\d", line) and len(line.split()) > 2 else []
    spelled += [text, bare] if not spelled or _LATIN_BEHIND.fullmatch(text, len(line)) is None else []
    return [
        each
        for spelling in spelled
        for each in (spelling, _replaced(spelling, _TO_SHORT), _replaced(spelling, _TO_LONG))
    ]


def _replaced(text: str, by: dict[str, str]) -> str:
    return _WORD.sub(lambda match: by.get(match[0].lower(), match[0]), text)
