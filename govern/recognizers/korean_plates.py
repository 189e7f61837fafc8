"""Korean vehicle plates: 12가 3456, 123가 4567 (since 2019), with a region before 2004 and on vehicles for hire.

Only the syllables that plates use. Many of them also count (조, 주, 호), follow a number as a particle (가, 도, 로) or are the
code of a kind of case (93다1234), so what can be read that way needs a word for a vehicle beside it; a case number, a year
and a unit never pass.

Source: Ministry of Land, Infrastructure and Transport, notice on the standards of motor vehicle registration plates.
"""

import re

from govern.recognizers.korean import UNIT_END
from govern.recognizers.rule import Rule

SYLLABLES = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주아바사자배하허호"
"""Private; then for hire (아바사자), delivery (배) and rental (하허호)."""

MILITARY = "국합육해공"
COUNTERS = "조주호자구두수보도배부소오마개"
"""Syllables that also count what a number is of: at a distance from the serial number they need context."""

REGIONS = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
CONTEXT = (
    r"차량|차 ?번호|번호판|승용|화물|승합|자동차|택시|버스|주차|차종|운전|렌터?카|렌트|오토바이"
    r"|이륜|트럭|입차|출차|견인|과태료|사고 ?차"
    r"|피보험|\bplates?\b|\bvehicles?\b|\bcars?\b|\btruck|\btaxi|\bregistration (?:no|number)|\bparked"
)  # fmt: skip
_UNITS = "년|억|만|천|명|개|건|주(?!차)|달러|%|평|㎡|제곱|미터|킬로|톤|항|조|쪽|번지|세대|원(?!·)"
_STOP = rf"(?![0-9A-Za-z])(?![-,][0-9])(?!\. ?[0-9])(?!(?:{_UNITS}))(?! (?:{_UNITS}){UNIT_END})"
_START = r"(?<![0-9A-Za-z.,-])(?<!제)(?<!제 )(?<!선고 )"
_COURT = r"(?! ?(?:[,·(] ?[0-9]{2,4}[가-힣]{1,2}[0-9]{1,6}[^\n]{0,4})?(?:판결|결정|전원합의체|선고|사건))"
_CASE = r"(?<!(?:선고|법원|헌재|사건|[0-9]\. ?자|[0-9][가-힣]{1,2}[0-9]{1,6} ?[,·(]),? ?)"
_SERIAL = "[0-9]{4}"
_APART = r"(?:[ .-]{0,2}|[ ]?\r?\n)"
"""Also what a plate is not written with, beside a word for a vehicle."""

_GATE = re.compile(rf"[0-9 ] ?[{SYLLABLES}{MILITARY}]{_APART}[0-9]{{4}}(?![0-9])")
_REACH = (24, 32)


def _plate(pattern: str, score: float, *, needs_context: bool = False) -> Rule:
    return Rule("korean.kr_vehicle_plate", "KR_VEHICLE_PLATE", pattern, score, gate=_GATE, reach=_REACH, context=CONTEXT,
                needs_context=needs_context, before=32, after=24)  # fmt: skip


_CLEAR = "".join(syllable for syllable in SYLLABLES if syllable not in COUNTERS)
_OLD = rf"(?<![가-힣])(?:{REGIONS})"

RULES = (
    _plate(rf"{_START}[1-9][0-9]{{2}}[{_CLEAR}]{_SERIAL}{_STOP}", 0.6),
    _plate(rf"{_START}[1-9][0-9]{{2}} ?[{SYLLABLES}{MILITARY}]{_APART}{_SERIAL}{_STOP}", 0.3, needs_context=True),
    _plate(rf"{_START}{_CASE}[0-4][0-9][{_CLEAR}]{_SERIAL}{_STOP}{_COURT}", 0.5),
    _plate(rf"{_START}{_CASE}[0-9]{{2}} ?[{SYLLABLES}{MILITARY}]{_APART}{_SERIAL}{_STOP}{_COURT}", 0.3, needs_context=True),
    _plate(rf"{_OLD} ?[0-9]{{1,2}} ?[{_CLEAR}] ?{_SERIAL}{_STOP}", 0.6),
    _plate(rf"{_OLD} ?[0-9]{{1,2}}[{COUNTERS}]{_SERIAL}{_STOP}", 0.5),
    _plate(rf"{_OLD} ?[0-9]{{1,2}} ?[{SYLLABLES}] ?{_SERIAL}{_STOP}", 0.3, needs_context=True),
    _plate(rf"{_OLD} ?[가-힣]{{2,3}} [{SYLLABLES}] ?{_SERIAL}{_STOP}", 0.3, needs_context=True),
)  # fmt: skip
