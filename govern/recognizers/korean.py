"""Korean registration numbers: of residents, of foreigners, of businesses and of corporations.

Patterns stand between digit look-arounds, so a particle may follow (`…입니다`). The date in a number must exist; the
checksum decides where the number is written without its dash. A number whose end is masked (`960101-1******`) has no
thirteen digits and is left.

Sources: resident numbers, Enforcement Rules of the Resident Registration Act, article 2 (since 5 October 2020 the six
digits after the century digit are random, so there is no checksum); foreigners' numbers, Enforcement Rules of the
Immigration Act; business numbers, National Tax Service; corporate numbers, Supreme Court rule on the registration numbers
of corporations for the registration of real estate.
"""

import calendar
import re

from govern.recognizers.rule import Rule

RRN_CONTEXT = (
    r"주민|등록번호|외국인|거소|실명 ?번호|생년월일|\brrn\b|\bfrn\b|\barn\b|resident registration|alien registration"
    r"|foreigner registration|resident (?:no|number|id)\b"
)
CRN_CONTEXT = r"법인 ?(?:등록)? ?(?:번호|no\b)|\bcrn\b|corporat(?:e|ion) registration|company registration"
BRN_CONTEXT = r"사업자 ?(?:등록)? ?(?:번호|no\b)|등록번호|business (?:registration|licen[cs]e)|\bbrn\b|tax registration"
UNIT_END = r"(?:[을를이가은는의에과와도]|으?로|씩|당|까지|부터|에서|이나|정도|이상|이하|미만|짜리)?(?![가-힣])"
"""What may follow a unit: a particle, then no Hangul; a word that only begins like a unit (원고, 주식회사) is none."""

NOT_MONEY = (
    rf"(?! ?(?:억|만 ?원|천만|달러|%|won\b|krw\b|원(?!고|심|인|본|래|피)|(?:년|월|분기|만|천|주|건|명|개){UNIT_END}))"
)
"""No unit after a number without separators."""

START = r"(?<![0-9A-Za-z])(?<![0-9][-.])(?<![0-9],(?=[0-9]{3}(?![0-9-])))"
STOP = r"(?![0-9A-Za-z])(?![-.][0-9]|(?<![0-9]{4}),[0-9])"
"""A comma behind four digits or more, and one not before a group of three, parts cells of a row."""

DAY = r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
"""Two digits each of year, month and day."""

_CORPORATE_LABEL = r"(?:법인 ?(?:등록)? ?번호|\bcrn|corporat(?:e|ion) registration (?:number|no\.?))[^0-9\n]{0,6}"
_OTHER_LABEL = (
    r"(?:(?:주문|접수|문서|관리|운?송장|거래|승인|어음|수표|증권|일련|품의|청구|계약|전표|예약|영수증) ?번호"
    r"|\b(?:order|invoice|document|receipt|tracking) (?:number|no\.?))[^0-9\n]{0,6}"
)  # fmt: skip
"""Labels right before a number that say it is something else: then a checksum must say that it is a resident's."""

_CELLS = r"(?:[ \t]{0,4}[|][ \t]{0,4}|\"[,;\t]\"|[,;]| {0,4}\t[ \t]{0,4})"
_FIELDS = (
    r"(?:[\"')>\]]{1,2}[ \t]{0,2}[-,~:]?[ \t]{0,2}(?:<[^<>\n\x00]{0,60}|[\"'A-Za-z가-힣 -]{0,24}[:=][ \t]?)?[\"'(<\[]{0,2})"
)
"""What stands between the halves in two fields of a form or of JSON: the first is closed by a quote or a bracket."""

_APART = r"(?:[ \t]{0,4}[|,;/][ \t]{0,4}|\"[,;\t]\"| {2,8}| {0,4}\t[ \t]{0,4}|[ \t]{0,4}\r?\n[ \t]{0,4})"
"""What stands between two cells of a table; and, where a label says what they are, between the halves of a number."""

_REGISTRIES = frozenset(map(str, (*range(11, 23), 28)))
"""First two digits of a registry office, by region."""

_CORPORATE_KINDS = frozenset(map(str, (*range(11, 16), 21, 22, *range(31, 40), *range(41, 45), 71, *range(81, 87))))
"""Fifth and sixth digit: kinds of companies, associations, foundations, special and foreign corporations."""


_OTHERS = re.compile("[^0-9]+")


def digits_of(value: str) -> str:
    """The digits in `value`."""
    return _OTHERS.sub("", value)


def possible_birth(number: str) -> bool:
    """Whether the six digits and the century digit of a registration number name a day that exists."""
    century = 1900 if number[6] in "1256" else 2000
    year, month, day = century + int(number[:2]), int(number[2:4]), int(number[4:6])
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def check_registration(value: str) -> bool | None:
    """True with a valid checksum, None where the number may be of after October 2020, False where neither can be.

    Before that date the two digits after the century digit name the region (00 to 96): others prove nothing.
    """
    number = digits_of(value)
    if not possible_birth(number):
        return False
    if _checksum_holds(number):
        return True if int(number[7:9]) <= 96 else None
    if _is_corporate(number) and (number[6] in "1256" or number[:6] < "201005"):
        return False
    return None


def check_registration_bare(value: str) -> bool | None:
    """As `check_registration`, but only a valid checksum passes: thirteen digits alone can be anything."""
    return bool(check_registration(value))


def check_registration_labelled(value: str) -> bool | None:
    """As `check_registration` after a label for corporations: what their check digit proves is none of a resident."""
    number = digits_of(value)
    verdict = check_registration(number)
    return False if corporate_digit_holds(number) or (verdict is None and not likely_century(number)) else verdict


def check_columns(value: str) -> bool | None:
    """As `check_registration`, for two cells of a table that nothing names: neither a round amount nor a recent day."""
    verdict = check_registration(value)
    number = digits_of(value)
    if number.endswith("000") or (verdict is None and (number[6] in "3478" or not likely_century(number))):
        return False
    return verdict


def likely_century(number: str) -> bool:
    """Whether the century digit names the nearer of the two centuries that the year can be of."""
    return (number[6] in "1256") == (number[:2] > "26")


def check_business(value: str) -> bool:
    """Whether office, kind and check digit of a business registration number hold (National Tax Service, ten digits)."""
    number = digits_of(value)
    weighted = [int(digit) * weight for digit, weight in zip(number, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=False)]
    issued = number[:3] > "100" and number[3:5] != "00"
    return issued and (10 - (sum(weighted) + weighted[8] // 10) % 10) % 10 == int(number[9])


def check_corporate(value: str) -> bool | None:
    """True where the check digit holds and a registry issues such numbers; None where it may be a resident's number."""
    number = digits_of(value)
    if not corporate_digit_holds(number):
        return False
    resident = number[6] in "12345678" and possible_birth(number) and _checksum_holds(number)
    return True if _is_corporate(number) and not resident else None


def check_corporate_alone(value: str) -> bool:
    """Whether `value` can only be a corporate registration number."""
    return check_corporate(value) is True and check_registration_alone(value) is False


def check_registration_alone(value: str) -> bool | None:
    """`check_registration` of any thirteen digits."""
    number = digits_of(value)
    return check_registration(number) if number[6] in "12345678" else False


def corporate_digit_holds(number: str) -> bool:
    """Whether the last of thirteen digits is right: weights 1 and 2 in turn over the twelve before it."""
    total = sum(int(digit) * (1 + place % 2) for place, digit in enumerate(number[:12]))
    return (10 - total % 10) % 10 == int(number[12]) and len(set(number)) > 1


def only_years(value: str) -> bool:
    """Whether every group of digits is a year or a day of one (`2000 1999 1998`, `2023-01-01 12`)."""
    groups = value.replace("-", " ").split()
    first, *rest = [group[:2] in ("19", "20") for group in groups] or [False]
    return first and bool(rest) and all(year or len(group) == 2 for year, group in zip(rest, groups[1:], strict=True))


def _checksum_holds(number: str) -> bool:
    total = sum(
        int(digit) * weight for digit, weight in zip(number, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=False)
    )
    foreign = 2 if number[6] in "5678" else 0
    return (11 - total % 11 + foreign) % 10 == int(number[12])


def _is_corporate(number: str) -> bool:
    return corporate_digit_holds(number) and number[:2] in _REGISTRIES and number[4:6] in _CORPORATE_KINDS


_LABEL = (
    r"(?:주민 ?(?:등록)? ?번호|외국인 ?(?:등록)? ?번호|\b(?:rrn|frn|arn|jumin|ssn)|resident registration (?:number|no\.?))"
    r"[^0-9\n\x00]{0,24}"
)
_LABEL_GATE = re.compile(r"주민 ?(?:등록)? ?번호|외국인 ?(?:등록)? ?번호|[RrFfAa][RrRr][Nn]|[Jj]umin|[Rr]esident [Rr]eg")


def _registration(entity_type: str, digits: str) -> tuple[Rule, ...]:
    name = f"korean.{entity_type.lower()}"
    rest = rf"[{digits}][0-9]{{6}}"
    stop = rf"(?![0-9]|[-.][0-9]){NOT_MONEY}"
    columns = RRN_CONTEXT + "|앞 ?자리|뒷 ?자리"
    unlabelled = rf"(?<!{_CORPORATE_LABEL}|{_OTHER_LABEL})"
    begin = rf"{START}(?={DAY}[^0-9A-Za-z*]{{0,12}}{rest}){unlabelled}"
    whole = rf"{DAY} ?[-~]? ?{rest}(?![0-9]|-[0-9])"
    return (
        Rule(name, entity_type,
             rf"(?<![0-9])(?<![0-9]-)(?={whole}){unlabelled}{DAY} ?[-~] ?{rest}(?![0-9]|-[0-9])", 0.85,
             check=check_registration, context=RRN_CONTEXT),
        Rule(name, entity_type, rf"{START}(?={whole})(?<={_CORPORATE_LABEL}){whole}", 0.85,
             check=check_registration_labelled, context=RRN_CONTEXT),
        Rule(name, entity_type, rf"{START}(?={whole})(?<={_OTHER_LABEL}){whole}", 0.85,
             check=check_registration_bare, context=RRN_CONTEXT),
        Rule(name, entity_type, rf"{begin}{DAY} ?{rest}{stop}", 0.85, check=check_registration_bare, context=RRN_CONTEXT),
        Rule(name, entity_type, rf"{begin}{DAY}[ .]?{rest}{stop}", 0.3, check=check_registration, context=RRN_CONTEXT,
             needs_context=True),
        *(Rule(name, entity_type, rf"{begin}(({DAY}){_CELLS}({rest})){stop}", 0.6, check=check_columns, context=columns,
               group=half, checked=1) for half in (2, 3)),
        *(Rule(name, entity_type, rf"{begin}(({DAY}){_APART}({rest})){stop}", 0.5, check=check_registration, context=columns,
               needs_context=True, group=half, checked=1) for half in (2, 3)),
        *(Rule(name, entity_type, rf"{_LABEL}({START}({DAY}){_FIELDS}({rest})){stop}", 0.5, check=check_registration,
               context=RRN_CONTEXT, gate=_LABEL_GATE, reach=(8, 160), group=half, checked=1, contextual=True)
          for half in (2, 3)),
        Rule(name, entity_type, rf"{_BACK}({rest})(?![0-9])", 0.8, context=_HALVES, needs_context=True, group=1),
    )  # fmt: skip


_FRONT = (
    r"(?:앞 ?(?:자리|번호|(?:6|여섯) ?자리|부분)"
    r"|\b(?:front|first) (?:half|part|(?:6|six) ?digits?|six|6))[^0-9\n\x00]{0,10}"
)  # fmt: skip
_BACK = (
    r"(?:뒷 ?(?:자리|번호)|뒤 ?(?:자리|번호|(?:7|일곱) ?자리|부분)"
    r"|\b(?:back|last|second|rear) (?:half|part|(?:7|seven) ?digits?|seven|7))[^0-9\n\x00]{0,10}"
)  # fmt: skip
_HALVES = RRN_CONTEXT + rf"|{_FRONT}{DAY}"
_RRN_HALF = (
    Rule("korean.kr_rrn", "KR_RRN", rf"{_FRONT}({DAY})(?=[^0-9\x00]{{1,24}}[1-8][0-9]{{6}}(?![0-9]))", 0.8, group=1,
         contextual=True),
    Rule("korean.kr_rrn", "KR_RRN", rf"{_FRONT}({DAY})(?![0-9])", 0.5, group=1, context=RRN_CONTEXT, needs_context=True),
)  # fmt: skip
"""The halves of a number in words (`앞자리 960101, 뒷자리 1234567`): two findings, since words stand between them."""

RULES = (
    *_registration("KR_RRN", "1-4"),
    *_registration("KR_FRN", "5-8"),
    *_RRN_HALF,
    Rule("korean.kr_brn", "KR_BRN", rf"{START}[0-9]{{3}} ?- ?[0-9]{{2}} ?- ?[0-9]{{5}}{STOP}", 0.5, check=check_business,
         context=BRN_CONTEXT),
    Rule("korean.kr_brn", "KR_BRN", rf"{START}[0-9]{{3}} [0-9]{{2}} [0-9]{{5}}{STOP}", 0.2, check=check_business,
         context=BRN_CONTEXT, needs_context=True),
    Rule("korean.kr_brn", "KR_BRN", rf"{START}[0-9]{{10}}{STOP}{NOT_MONEY}", 0.2, check=check_business,
         context=r"사업자 ?(?:등록)? ?번호|business registration|\bbrn\b", needs_context=True),
    Rule("korean.kr_crn", "KR_CRN", rf"{START}[0-9]{{6}} ?- ?[0-9]{{7}}{STOP}", 0.2, check=check_corporate,
         context=CRN_CONTEXT, needs_context=True),
    Rule("korean.kr_crn", "KR_CRN", rf"{START}[0-9]{{6}} ?- ?[0-9]{{7}}{STOP}", 0.5, check=check_corporate_alone,
         context=CRN_CONTEXT),
    Rule("korean.kr_crn", "KR_CRN", rf"{START}[0-9]{{6}} ?[0-9]{{7}}{STOP}", 0.2, check=check_corporate,
         context=CRN_CONTEXT, needs_context=True),
)  # fmt: skip
