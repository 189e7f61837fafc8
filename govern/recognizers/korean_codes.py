"""Korean identifiers by context: passport, driver licence, health insurance, connecting and duplication information.

Sources: passports, Enforcement Rules of the Passport Act (new form since 21 December 2021); licences, Enforcement Rules of
the Road Traffic Act (region, year, serial number, check digits); health insurance, National Health Insurance Service; CI
and DI, Korea Internet & Security Agency's standard for identity verification: 64 bytes, and a SHA-256 digest in ASN.1 whose
Base64 begins with `MC0GCCqGSIb3DQIJAyEA`.
"""

import re

from govern.recognizers.korean import NOT_MONEY, START, STOP, digits_of
from govern.recognizers.labels import labelled
from govern.recognizers.rule import Rule

LICENCE_CONTEXT = r"면허|driv(?:er'?s?|ing) ?-?licen[cs]e|\blicen[cs]e (?:no|num|#)"
PASSPORT_CONTEXT = r"여권|\bpassport\b|republic of korea|korea"
HEALTH_CONTEXT = r"(?:건강|의료) ?보험|보험증|건보|(?<![가-힣])증 ?번호|health[ -]?insurance|\bnhis\b"
_HEALTH_WORDS = (
    r"(?:건강|의료) ?보험증? ?번호|(?:건강|의료) ?보험증|보험증 ?번호|건보 ?(?:증 ?)?번호|(?<![가-힣])증 ?번호"
    r"|\b(?:national[ -]?)?health[ -]?insurance ?(?:card ?)?(?:number|no\b\.?|#|id\b)?"
)
_HEALTH_GATE = re.compile(r"보험증|(?:건강|의료) ?보험|건보|증 ?번호|[Hh]ealth[ -]?[Ii]nsurance|HEALTH[ -]?INSURANCE")
CI_CONTEXT = (
    r"(?<![A-Za-z0-9])ci(?![A-Za-z0-9])|연계 ?정보|connecting ?-?information|본인 ?(?:확인|인증)"
    r"|unique-?(?:key|in-?site)"
)  # fmt: skip
DI_CONTEXT = (
    r"(?<![A-Za-z0-9])di(?![A-Za-z0-9])|중복 ?가입 ?(?:확인 ?)?정보|duplicat(?:ion|ed?) ?-?(?:joining )?information"
    r"|본인 ?(?:확인|인증)|unique-?in-?site"
)  # fmt: skip
_BASE64 = r"(?:[A-Za-z0-9+]|\\?/)"
_ALONE = r"(?<![A-Za-z0-9+/\\])"
_GATE = re.compile(rf"{_ALONE}(?=[A-Za-z0-9+/\\]{{63}}){_BASE64}{{63}}")
_PLACES = (
    "서울|부산|대구|인천|광주|대전|울산|경기남부|경기북부|경기|강원"
    "|충북|충남|전북|전남|경북|경남|제주"
)  # fmt: skip
"""What stood in place of the region's code until 2009 or so."""

_REGION = r"(?:1[1-9]|2[0-8])"
_TAIL = r"[0-9]{2}[- ][0-9]{6}[- ][0-9]{2}"
_NEW_OR_OLD = r"[MSRODG] ?(?:[0-9]{8}|[0-9]{3}[A-Z][0-9]{4})"


def check_licence(value: str) -> bool | None:
    """Whether the serial number is more than one digit repeated."""
    return None if len(set(digits_of(value)[-8:-2])) > 1 else False


def check_varied(value: str) -> bool | None:
    """Whether letters and digits vary as those of a hash do."""
    return None if len(set(value)) >= 16 and any(map(str.isdigit, value)) else False


def _licence(pattern: str, score: float, *, needs_context: bool = False) -> Rule:
    return Rule("korean.kr_driver_license", "KR_DRIVER_LICENSE", rf"{START}(?:{pattern}){STOP}{NOT_MONEY}", score,
                check=check_licence, context=LICENCE_CONTEXT, needs_context=needs_context)  # fmt: skip


def _hash(pattern: str, score: float, context: str, *, needs_context: bool = True) -> Rule:
    return Rule("korean.kr_ci_di", "KR_CI_DI", rf"{_ALONE}{pattern}(?![A-Za-z0-9+/=])", score, gate=_GATE, reach=(64, 128),
                check=check_varied, context=context, needs_context=needs_context)  # fmt: skip


RULES = (
    Rule("korean.kr_passport", "KR_PASSPORT", rf"(?<![A-Za-z0-9]){_NEW_OR_OLD}(?![A-Za-z0-9])", 0.2, context=PASSPORT_CONTEXT,
         needs_context=True),
    _licence(rf"{_REGION}[- ]{_TAIL}|{_REGION}[0-9]{{10}}|(?:{_PLACES})[- ]?{_TAIL}", 0.3, needs_context=True),
    _licence(rf"(?:{_REGION}|(?:{_PLACES}) ?)-?(?<=[-가-힣] ?)[0-9]{{2}}-[0-9]{{6}}-[0-9]{{2}}", 0.6),
    Rule("korean.kr_driver_license", "KR_DRIVER_LICENSE",
         rf"(?:{LICENCE_CONTEXT})[^0-9\n\x00]{{0,24}}({START}{_REGION}([- ]?)[0-9]{{2}}\2[0-9]{{6}}\2[0-9]{{2}}){STOP}", 0.85,
         check=check_licence, group=1, contextual=True),
    Rule("korean.kr_passport", "KR_PASSPORT",
         rf"(?:한국|대한민국|국내) ?여권[^0-9\n\x00]{{0,16}}?((?<![A-Za-z0-9]){_NEW_OR_OLD})(?![A-Za-z0-9])", 0.95, group=1,
         contextual=True),
    Rule("korean.kr_passport", "KR_PASSPORT",
         rf"(?:여권|korean? passport)[^0-9\n\x00]{{0,16}}?((?<![A-Za-z0-9]){_NEW_OR_OLD})(?![A-Za-z0-9])", 0.85, group=1,
         contextual=True),
    Rule("korean.kr_health_insurance", "KR_HEALTH_INSURANCE", rf"{START}[1-9][- ]?[0-9]{{10}}{STOP}{NOT_MONEY}", 0.2,
         context=HEALTH_CONTEXT, needs_context=True, before=36, after=12),
    Rule("korean.kr_health_insurance", "KR_HEALTH_INSURANCE",
         labelled(_HEALTH_WORDS, rf"{START}[1-9][- ]?[0-9]{{10}}") + STOP + NOT_MONEY, 0.9, gate=_HEALTH_GATE, reach=(8, 64),
         group=1, contextual=True),
    _hash(rf"{_BASE64}{{86}}==", 0.3, CI_CONTEXT),
    _hash(rf"{_BASE64}{{63}}(?:=|[A-Za-z0-9+/](?!=))", 0.3, DI_CONTEXT),
    _hash(rf"MC0GCCqGSIb3DQIJAyEA{_BASE64}{{43}}=", 0.85, DI_CONTEXT, needs_context=False),
)  # fmt: skip
