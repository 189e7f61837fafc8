"""Korean places: road-name and lot addresses, buildings with their units, and the romanised form.

A region alone is no address: a building or lot number must stand there, and it must not be a count (`부산으로 12개`). The
region before a road or a lot is a real one (`lists/districts_ko.txt`); without a region, a unit, 번지 or a word such as 주소
must say that it is an address. Whose address it is does not matter. Vehicle plates (`korean_plates`) are among the rules.

Sources: Road Name Address Act (road, building number, unit, legal dong); Act on the Establishment and Management of Spatial
Data (lot numbers, 산 for forest land); 의 between the parts of a lot number as older deeds and rulings write it.
"""

import re

from govern.recognizers import korean_plates
from govern.recognizers.korean import UNIT_END
from govern.recognizers.rule import Check, Rule
from govern.recognizers.words import words

SHORT = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
PROVINCE = (
    r"(?:서울(?:특별시|시)?|(?:부산|대구|인천|광주|대전|울산)(?:광역시|직할시|시)?|세종(?:특별자치시|시)?|경기도?"
    r"|(?:강원|전북|제주)(?:특별자치도|도)?|충(?:청[남북]도|[남북])|전(?:라[남북]도|남)|경(?:상[남북]도|[남북]))"
)  # fmt: skip
DISTRICT = r"[가-힣]{1,5}[시군구]"
REGION = rf"(?<![가-힣A-Za-z])(?:{PROVINCE} ?(?:{DISTRICT} ?){{0,2}}|{DISTRICT} ?(?:{DISTRICT} ?)?)"
_COUNTS = (
    r"원|만|억|천|백|조|개|명|건|년|월|일(?![가-힣])|시간|시(?![가-힣])|분|초|회|차|주|배|평|㎡|제곱|미터|m\b|km\b|킬로|%"
    r"|퍼센트|호선|번 ?출구|위|세|살|등급|점|가지|여|장|권|편|종|곳|달러|won\b|usd\b|krw\b|항|톤|대(?!지|로)|단계|퍼|포인트"
    r"|p\b|부(?![가-힣]{2})|인(?=[가-힣]{0,2} ?이상|승|용|분)"
)  # fmt: skip
_DIVISION = r"(?!(?<=[ 동로리][0-9])[가구반통](?![가-힣]{2}))"
"""A single digit before 가, 구, 반 or 통 counts the parts of a road or village (종로 6가), and is no number of a lot."""

_STOP = rf"(?![0-9])(?!,[0-9]{{3}})(?!\.[0-9])(?!\. ?[0-9]{{1,2}}\.){_DIVISION}(?!번?[가-힣]?안?길)"
ROAD_STOP = rf"{_STOP}(?!(?:{_COUNTS}))(?! (?:{_COUNTS}){UNIT_END})"
_LOT_COUNTS = r"원|만|억|천|개|명|건|년|월|시간|회|%|퍼센트|달러|항|조(?![가-힣])|호선|번 ?출구"
LOT_STOP = rf"{_STOP}(?!(?:{_LOT_COUNTS}))(?! (?:{_LOT_COUNTS}){UNIT_END})"
BUILDING_NUMBER = r"(?>(?:지하 ?)?[0-9]{1,5}(?: ?- ?[0-9]{1,4})?(?:번지)?)"
_SYLLABLE = "[가나다라마바사아자차카타파하]"
ROAD = rf"[가-힣][가-힣0-9.·]{{0,13}}?(?:대로|로|길)(?: ?[0-9]{{1,4}}번?{_SYLLABLE}?안?길)?"
VILLAGE = (
    r"(?:[가-힣]{1,6}?[0-9]{0,2}(?:·[0-9]{1,2})?(?:동|리)(?: ?[0-9]{1,2}가)?"
    r"|[가-힣]{1,6}?[0-9]{1,2}가|[가-힣]{1,5}로 [0-9]가)"
)  # fmt: skip
LOT = (
    r"(?>(?:산 ?)?[0-9]{1,5}(?:번지)?(?: ?(?:-|의) ?[0-9]{1,4}(?![0-9]|필|인|분|명)){0,2}(?: ?번지)?(?:의 ?[0-9]{1,3})?"
    r"(?: ?외 ?[0-9]{1,2} ?필지)?)"
)  # fmt: skip
_NAMED = (
    "아파트|빌딩|타워|오피스텔|빌라|맨션|하이츠|주택|센터|프라자|플라자|상가|타운|팰리스|캐슬|자이|푸르지오|힐스테이트|래미안"
    "|편한세상|더샵|아이파크|마을|단지|연립|빌리지|하우스|스퀘어|파크|시티"
)  # fmt: skip
_BLOCK = rf"(?:제 ?)?(?:[0-9]{{1,4}}|[A-Za-z]|{_SYLLABLE})동"
_FLOOR = r"(?:지하 ?|B)?[0-9]{1,3}층"
_ROOM = r"(?:제 ?)?(?:지하 ?)?[A-Z]?[0-9]{1,5}(?:-[0-9])?호(?![0-9선차봉])"
UNIT = (
    rf"(?:{_BLOCK}(?: ?,? ?{_FLOOR})?(?: ?,? ?{_ROOM})?|{_FLOOR}(?: ?,? ?{_ROOM})?|{_ROOM}"
    r"|[0-9]{2,4}-[0-9]{3,4}(?:호|(?![0-9-])))"
)  # fmt: skip
_NAME = rf"[가-힣A-Za-z0-9]{{1,14}}(?:{_NAMED})"
_BUILDING = (
    rf"(?:[가-힣A-Za-z0-9]{{1,14}}(?:{_NAMED})(?: ?[0-9]{{1,2}}차)?|[가-힣A-Za-z0-9]{{2,14}}(?= {_BLOCK} ?[0-9]))"
)
_NOTE = r"\([가-힣0-9]{1,7}(?:동|리|가|로|읍|면)[0-9]?(?:, ?[^()\n]{1,30})?\)"
TAIL = rf"(?:,? ?{_BUILDING})?(?:,? ?{UNIT})?(?: ?{_NOTE})?(?:,? ?{UNIT})?"
ZIP = r"(?:\([0-9]{3}-?[0-9]{2,3}\) ?|(?<![0-9])[0-9]{5} )?"
CONTEXT = (
    r"(?:주소지?|거주지?|자택|소재지?|배송지|수령지|본점|본적|거소|주거|등록기준지|사업장|직장|우편물?|\baddress"
    r"|\blives? (?:at|in)|\bresid(?:es|ing|ence))[^\n]{0,24}\x00|\x00[^\n]{0,6}(?:거주|소재|에 사는|에 살)"
)  # fmt: skip
_GATE = re.compile(r"(?:로|길|동|리|가) ?(?:지하 ?|산 ?|제 ?)?[0-9]")
_REACH = (66, 96)
_UNIT_GATE = re.compile(r"동 ?,? ?(?:(?:지하 ?)?[0-9]{1,3}층 ?)?제? ?[A-Z]?[0-9]{1,5}(?:-[0-9])?호")
_ROMAN_GATE = re.compile(r"(?:(?<=[A-Za-z0-9])|(?<=[A-Za-z0-9]-))(?:daero|ro|gil|dong)\b", re.IGNORECASE)
_ROMAN_TOWN = r"[A-Z][A-Za-z]{0,14}(?:-| )?(?:dong|eup|myeon|ri|ga)"
_ROMAN_CITY = r"[A-Z][A-Za-z]{1,14}-(?:gu|si|gun|do)"
ROMAN = (
    r"(?<![A-Za-z0-9-])(?:(?:(?:apt|room|rm|unit|suite|no)\.? ?)?#?[A-Z]?[0-9]{1,5}(?:-[0-9]{1,5}){0,2}(?:ho|F)?,? ){0,2}"
    r"[0-9]{1,5}(?:-[0-9]{1,4})?,? [A-Z][A-Za-z0-9]{1,20}(?:[ -][A-Za-z0-9]{2,16}){0,2}?-?(?:daero|ro|gil|dong)"
    r"(?:[ -]?[0-9]{1,4}(?:beon|[a-z]{1,2})?-?gil)?"
    rf"(?:, {_ROMAN_TOWN})?(?:, ?{_ROMAN_CITY}){{1,3}}(?:, ?[A-Z][a-z]{{3,9}}(?:-si|-do)?)?(?:,? [0-9]{{5}}(?![0-9]))?"
    r"(?:, ?(?:Republic of Korea|South Korea|Korea))?"
)  # fmt: skip
"""The order of an English letter: unit, building number, road, district, city, postal code."""

_WORD = re.compile(r"[가-힣]+")
_NOT_ROAD = re.compile(
    r"(?:[시군읍으도]|까지|부터|세무서|관서|부서|회사|기관|주소|차례)로$|^(?:그|이|일|반|절|제|마음|순서|차례|생각|기대|말씀|계획|뜻|맘)대로$"
)
_NO_VILLAGE = frozenset((
    "자동", "이동", "변동", "행동", "활동", "운동", "노동", "공동", "아동", "부동", "작동", "연동", "가동", "수동", "능동",
    "거리", "처리", "관리", "정리", "권리", "금리", "논리", "심리", "수리", "유리", "분리", "우리", "머리", "자리", "다리",
    "소리", "원리", "대리", "영리", "마리", "별동", "각동", "총리", "승리", "격리", "윤리", "물리", "세대동",
))  # fmt: skip
_ROAD_STEM = re.compile(r"([가-힣0-9.·]+?(?:대로|로|길))(?: ?[0-9]{1,4}번?[가-힣]?안?길)? ?(?:지하 ?)?[0-9]")


def check_region(value: str) -> bool | None:
    """Whether the words before the number hold a real district, or a province that may stand alone."""
    names = words("districts_ko")
    found = [word for word in _WORD.findall(value)[:4] if _district(word, names)]
    if found:
        return None
    return None if re.search(r"번지|[0-9] ?(?:-|의) ?[0-9]", value) else False


def check_road(value: str) -> bool | None:
    """As `check_region` for a road, whose name is no noun with the particle 로."""
    road = _road(value)
    if road is None or _NOT_ROAD.search(road):
        return False
    first = _WORD.search(value)
    return None if first is not None else False


def check_bare_road(value: str) -> bool | None:
    """Whether the road has a name of two syllables or more and no particle."""
    road = _road(value)
    return None if road is not None and not _NOT_ROAD.search(road) and len(road) >= 3 else False


def check_village(value: str) -> bool | None:
    """Whether the dong or ri has a name, which is no verb or noun that ends alike."""
    first = _WORD.search(value)
    return False if first is None or first[0] in _NO_VILLAGE or first[0].startswith(("같은", "위")) else None


def _road(value: str) -> str | None:
    match = _ROAD_STEM.search(value)
    return None if match is None else match[1]


def _district(word: str, names: frozenset[str]) -> bool:
    return word in names or any(word[cut:] in names for cut in range(2, min(8, len(word) - 1)))


_REGIONAL = rf"(?=[가-힣]{{2}}|\([0-9]{{3}}|[0-9]{{5}} ){ZIP}{REGION}(?:[가-힣0-9]{{1,6}}(?:읍|면|동) ?)?"
_BARE_ROAD = rf"(?<![가-힣0-9])(?=[가-힣]){ROAD} ?{BUILDING_NUMBER}{ROAD_STOP}"
_BARE_LOT = r"(?<![가-힣])[가-힣]{2,5}[0-9]{0,2}(?:동|리) ?(?:산 ?)?[0-9]{1,4}"
_ESTATE = rf"(?:{_NAME}(?: ?[0-9]{{1,2}}(?:차|단지))?,? ?)?"
_DETAIL = rf"(?:,? ?{_BUILDING})?(?:,? ?{UNIT}(?: ?{_NOTE})?| ?{_NOTE}(?:,? ?{UNIT})?)"


def _address(kind: str, pattern: str, score: float, check: Check | None, *, context: bool | None = True) -> Rule:
    """A rule; `context` says whether one is needed, or None where the address speaks for itself."""
    gate = {"unit": _UNIT_GATE, "roman": _ROMAN_GATE}.get(kind, _GATE)
    return Rule(f"korean.kr_address.{kind}", "KR_ADDRESS", pattern, score, gate=gate, reach=_REACH, check=check,
                context=None if context is None else CONTEXT, needs_context=bool(context),
                contextual=context is None)  # fmt: skip


RULES = (
    _address("road", rf"{_REGIONAL}{ROAD} ?{BUILDING_NUMBER}{ROAD_STOP}{TAIL}", 0.85, check_road, context=None),
    _address("lot", rf"{_REGIONAL}{VILLAGE} ?{LOT}{LOT_STOP}{TAIL}", 0.85, check_region, context=None),
    _address("road", rf"{_BARE_ROAD}{TAIL}", 0.2, check_bare_road),
    _address("road", rf"{_BARE_ROAD}{_DETAIL}", 0.6, check_bare_road, context=False),
    _address("lot", rf"{_BARE_LOT}(?: ?(?:-|의) ?[0-9]{{1,4}})?번지{TAIL}", 0.5, check_village, context=False),
    _address("lot", rf"{_BARE_LOT} ?(?:-|의) ?[0-9]{{1,4}}{LOT_STOP}{TAIL}", 0.2, check_village),
    _address("unit", rf"(?<![가-힣A-Za-z0-9]){_ESTATE}{_BLOCK} ?,? ?(?:{_FLOOR} ?)?{_ROOM}", 0.5, None, context=False),
    _address("roman", ROMAN, 0.85, None, context=None),
    *korean_plates.RULES,
)  # fmt: skip
