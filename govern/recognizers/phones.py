"""Telephone numbers: shapes of Korea, the United States and international ones, confirmed by `phonenumbers`.

`PhoneNumberMatcher` is not used: it is slow, and takes CUSIPs and amounts for numbers. A shape without separators needs
a word such as 전화 or tel unless it is a Korean mobile number. Company service numbers (1588-0000) are left.
"""

import re

from govern.recognizers import phone_plans
from govern.recognizers.korean import NOT_MONEY, digits_of, only_years
from govern.recognizers.labels import THOUSANDS, labelled
from govern.recognizers.rule import Check, Rule

_NO_SEGMENT = r"(?! (?:revenues?|sales|segments?|services?|units?|users|subscribers|business|division|networks?))"
CONTEXT = (
    r"(?a)(?=[전연휴핸모팩문번통☎📞hptcmfrndw])(?:전화|연락처|휴대폰|핸드폰|휴대전화|모바일|팩스|문의|번호|통화|☎|📞"
    rf"|\b(?:h\.?p\b|phone|tel(?:ephone)?\b|call(?:ed|s|ing)?\b|cell\b|mobile\b{_NO_SEGMENT}"
    r"|fax\b|contact\b|reach(?:ed)?\b|t:|m:|number is\b"
    r"|dial\b|text\b|whatsapp\b))"
)
STRONG = (
    r"(?a)(?=[전연휴핸팩☎📞ptcmfrdh\x00])(?:전화번호|연락처|휴대폰|핸드폰|휴대전화|팩스|☎|📞"
    rf"|\b(?:phone\b|tel(?:ephone)?\b|cell(?:phone)?\b|mobile\b{_NO_SEGMENT}"
    r"|fax\b|call (?:me|us|him|her|at)\b|reach (?:me|us|him|her)\b"
    r"|contact number\b|dial\b|text me\b|hotline\b|call(?:ing)? \x00|messages? to\b|registered \x00)"
    r"|\x00[ \t(|,]{1,3}(?:office|home|work)\b)"
)
START = r"(?<![0-9A-Za-z$₩€£¥])(?<![0-9][-.:])(?<!(?<![0-9])[0-9]{1,2}/)(?<![$₩€£¥] )(?<![*•●]{2}[-. ]?|[0-9][*•●][-. ]?)"
STOP = rf"(?![0-9A-WYZa-wyz])(?![-.][0-9]|{THOUSANDS}| ?%|[-. ]?[*•●]{{2}}|[-.][*•●]|[*•●][-.0-9])"
EXTENSION = r"(?:,? ?(?:x|ext\.?|extension|내선) ?[0-9]{1,5})?"
SERVICE = re.compile(r"1[5-9][0-9]{2}[- .]?[0-9]{4}")
"""Numbers of companies' call centres: 15xx, 16xx and 18xx (Korea Communications Commission, numbering plan)."""

OTHER = re.compile(
    r"[1-9][0-9]{4}-[0-9]{4}|(?:19|20)[0-9]{2}[-. ]{1,2}[0-9]{1,2}[-. ]{1,2}[0-9]{1,2}|[1-9][0-9]{2}-[0-9]{2}-[0-9]{4}"
    r"|(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
)
"""ZIP+4, a day, a social security number, an IP address: also beside a word such as phone."""

_NOT_OTHER = (
    r"(?<!(?:주문|접수|문서|관리|송장|거래|승인|일련|청구|계약|예약|영수증|품목|상품|고객|회원) ?번호[^0-9\n]{0,4}"
    r"|(?:order|invoice|tracking|reference|ticket|part|item|serial)[ -]?(?:number|no|num|id)?[^0-9A-Za-z\n]{1,4})"
)
"""A label right before the digits that claims them for something else."""

AREA = "(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4])"
"""Area codes of Korea after the 0, from Seoul to Jeju (the same plan)."""

OPEN = r"(?:\((?=[0-9]{2,5}\)))?"
"""A bracket that is closed again after the area code."""

_LISTED = (
    r"(?!\)? (?:[1-9][.)](?![0-9])|\([1-9][0-9]?\)(?! ?[0-9])"
    r"|(?<=[0-9]{4}\)? )(?:[0-9]{2}[.)](?![0-9])|\([1-9][0-9]?\))))"
)
"""Not before the number of the next item of a list: `1. `, `3) `, `(5)`; two digits may be a group, but not after four."""

_NAMED = (
    r"\b(?:(?:tele)?phone|(?:mobile|cell)(?: ?phone)?|tel\b\.?|fax)(?: ?(?:number|no\b\.?|#))?"
    r"|(?:전화|팩스)(?: ?번호)?|(?:휴대|핸드)(?:폰|전화)(?: ?번호)?|연락처"
)
_BARE = r"1?[2-9][0-9]{2}[2-9][0-9]{6}|0[1-9][0-9]{8,9}"
"""Ten digits of North America with or without the 1, the fictional exchange 555 too; national ones of Europe with the 0."""

_FIRST = r"(?:(?!(?<=\()[0-9]{1,5}\))[0-9]{1,6}|\([0-9]{1,5}\))"
_GROUPS = (
    rf"{_FIRST}(?:{_LISTED}\)?[- /](?: ?[0-9]{{1,9}}|\([0-9]{{1,9}}\))){{1,5}}|[0-9]{{2,4}}(?:\.[0-9]{{2,4}}){{2,4}}"
)  # fmt: skip
"""Groups as any country writes them, a single digit for the trunk or the area too (ITU-T E.123, national notation)."""

_NO_AREA = r"(?<!\([0-9]{1,5}\)[ -]{0,2})"
"""What stands in brackets before the value is no remark."""

_GROUPED_NAME = rf"(?!(?:mobile|cell) ?[0-9(])(?:{_NAMED})"
"""`Mobile` alone before groups is a column of a table."""

GAP, MAYBE = r"[- .)]{1,2}", r"[- .)]{0,2}"
LOCAL = rf"[0-9]{{3,4}}{GAP}[0-9]{{4}}"
_NAMED_GATE = re.compile(
    r"[Pp]hone|PHONE|[Mm]obile|MOBILE|[Cc]ell(?![a-z])|\b[Tt]el\b|\bTEL\b|[Ff]ax|FAX|전화|팩스|휴대폰|핸드폰|연락처"
)


def rules() -> tuple[Rule, ...]:
    """The rules."""
    korean, american, anywhere = _valid_in("82"), _valid_in("1"), _valid_in(None)
    possible_anywhere = _valid_in(None, by_length=True)
    code = rf"(?<![0-9A-Za-z])\+?82{MAYBE}\(?0?\)?{MAYBE}"
    north = rf"{START}(?:\+?1{MAYBE})?"
    return (
        _rule(rf"{START}{OPEN}0(?:1[016789]|70|50[0-9]){GAP}{LOCAL}{STOP}", 0.85),
        _rule(rf"{START}01[016789][0-9]{{7,8}}{STOP}{NOT_MONEY}", 0.7),
        _rule(rf"{START}{OPEN}0(?:{AREA}|80){GAP}{LOCAL}{EXTENSION}{STOP}", 0.6),
        _rule(rf"{START}0(?:{AREA}|70|50[0-9])[0-9]{{7,8}}{STOP}{NOT_MONEY}", 0.1, korean, needs_context=True),
        _rule(rf"{code}(?:1[016789]|{AREA}|70|50[0-9]){MAYBE}[0-9]{{3,4}}{MAYBE}[0-9]{{4}}{STOP}", 0.8, korean),
        _rule(rf"{north}(?:\([0-9]{{3}}\)[ -]?|[2-9][0-9]{{2}}-)[0-9]{{3}}[-. ][0-9]{{4}}{EXTENSION}{STOP}", 0.6),
        _rule(rf"{north}[2-9][0-9]{{2}}[-.][0-9]{{3}}[-.][0-9]{{4}}{EXTENSION}{STOP}", 0.45, american),
        _rule(rf"{START}001-[0-9]{{3}}-[0-9]{{3}}-[0-9]{{4}}{EXTENSION}{STOP}", 0.6),
        _rule(rf"{START}(?=(?:\+?1{MAYBE})?[2-9][0-9]{{2}} ?[2-9]){_NOT_OTHER}{north}[2-9][0-9]{{2}} ?[2-9][0-9]{{2}}[- ]?"
              rf"[0-9]{{4}}{EXTENSION}{STOP}{NOT_MONEY}", 0.1, american, needs_context=True),
        _rule(rf"(?<![0-9A-Za-z+])(?:\+|00)[1-9][0-9]{{0,2}}(?:{_LISTED}[- .()]{{0,3}}[0-9]){{6,13}}{EXTENSION}{STOP}", 0.7,
              anywhere),
        _rule(rf"{START}\+[1-9][0-9]{{10,13}}{EXTENSION}{STOP}", 0.5, possible_anywhere),
        _rule(rf"{START}\+[1-9][0-9]{{0,2}}[- .(](?:{_LISTED}[- .()]{{0,3}}[0-9]){{6,12}}{EXTENSION}{STOP}", 0.5),
        _rule(rf"{START}0[0-9]{{2,4}} [0-9]{{3,4}}(?: [0-9]{{3,4}}|[0-9]{{2}}){EXTENSION}{STOP}{NOT_MONEY}", 0.1, possible,
              needs_context=True),
        _rule(rf"(?<![A-Za-z]-){START}{OPEN}[0-9]{{2,6}}\)?(?:{_LISTED}[- .][0-9]{{2,8}}){{1,4}}{EXTENSION}{STOP}"
              rf"{NOT_MONEY}", 0.1, possible, context=STRONG, needs_context=True),
        _rule(rf"{START}0[1-9][0-9]{{7,10}}{STOP}{NOT_MONEY}", 0.1, possible, context=STRONG, needs_context=True),
        Rule("phones", "PHONE_NUMBER", labelled(_NAMED, rf"{START}(?:{_BARE})") + STOP + NOT_MONEY, 0.85,
             gate=_NAMED_GATE, reach=(8, 80), check=possible, group=1, contextual=True),
        Rule("phones", "PHONE_NUMBER",
             labelled(_GROUPED_NAME, rf"{START}{_NO_AREA}(?:{_GROUPS}){EXTENSION}") + STOP + NOT_MONEY, 0.7,
             gate=_NAMED_GATE, reach=(8, 96), check=possible, group=1, contextual=True),
    )  # fmt: skip


def possible(value: str) -> bool | None:
    """Seven to thirteen digits of three kinds or more that are no list of years: a number where the text says it is one."""
    if SERVICE.fullmatch(value) or OTHER.fullmatch(value):
        return False
    digits = digits_of(value)
    return None if 7 <= len(digits) <= 13 and len(set(digits)) > 2 and not only_years(value) else False


def _rule(
    pattern: str, score: float, check: Check | None = None, *, context: str = CONTEXT, needs_context: bool = False
) -> Rule:
    return Rule("phones", "PHONE_NUMBER", pattern, score, check=check, context=context, needs_context=needs_context)


def _valid_in(country: str | None, *, by_length: bool = False) -> Check:
    def check(value: str) -> bool | None:
        number, *_ = _EXTENDED.split(value, 1)
        digits = digits_of(number)
        if country is None or number.startswith("+"):
            return None if phone_plans.valid(None, digits.removeprefix("00"), by_length=by_length) else False
        national = digits.removeprefix("82") if country == "82" else digits
        return None if phone_plans.valid(country, national, by_length=by_length) else False

    return check


_EXTENDED = re.compile("[A-Za-z내,]")
