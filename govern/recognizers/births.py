"""Dates of birth in both languages: a whole date beside a word that says so, before 생, or with a gender beside it.

Other dates are left, and so are years and ages alone (`만 45세`, `1988년생`). Six digits whose gender digits are masked
(`960101-1******`) count as masked, and those with seven more are a registration number.
"""

import calendar
import re

from govern.recognizers.korean import DAY as SIX
from govern.recognizers.korean import START, likely_century, possible_birth
from govern.recognizers.labels import ANSWER
from govern.recognizers.rule import Rule

_YEAR, _MONTH, _DAY = r"(?:19|20)[0-9]{2}", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12][0-9]|3[01])"
_SEP = r" ?[-./] ?"
_KOREAN_DAY = (
    rf"(?:(?:{_YEAR}|'?[0-9]{{2}}) ?년 ?{_MONTH} ?월 ?{_DAY} ?일|(?:{_YEAR}|[0-9]{{2}}) ?年 ?{_MONTH} ?月 ?{_DAY} ?日)"
)
_NUMBER_DAY = (
    rf"(?:{_YEAR}\. ?{_MONTH}\. ?{_DAY}\.?|'?(?:{_YEAR}|[0-9]{{2}}){_SEP}{_MONTH}{_SEP}{_DAY}|{_YEAR} {_MONTH} {_DAY}"
    rf"|(?:{_YEAR}|[0-9]{{2}})(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))"
)
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_ENGLISH_DAY = (
    rf"(?:(?:{_MONTHS})\.? ?{_DAY}(?:st|nd|rd|th)?,? {_YEAR}"
    rf"|{_DAY}(?:st|nd|rd|th)?[ -]?(?:day )?(?:of )?(?:{_MONTHS})\.?,?[ -]?{_YEAR}"
    rf"|{_MONTH}{_SEP}{_DAY}{_SEP}(?:{_YEAR}|[0-9]{{2}})|{_DAY}{_SEP}{_MONTH}{_SEP}{_YEAR})"
)
_ANY_DAY = rf"(?:{_KOREAN_DAY}|{_ENGLISH_DAY}|{_NUMBER_DAY})"
_BEGINS = r"(?=['0-9]|[jfmasond][a-z]{2,8}+\.? ?[0-9])"
"""What a date begins with; refuses most places at once."""

_MASK = r"[*●○◯◎■□▪#×✕•ㅇ☆★xX]"
_STOP = rf"(?![0-9]|[- ]?[1-8][0-9]{{6}}|-?[0-9]?{_MASK}{{2}})"
_NO_MORE = r"(?![0-9A-Za-z*●○◯◎■□▪#×✕•ㅇ☆★-]|\.[0-9]| ?호)"
_GENDER_DIGIT = rf"(?:-[1-8]{_NO_MORE})?"

_KOREAN_LABEL = r"(?:생년월일|출생 ?[년연]월일|출생일자?|출생|(?<![발회재파])생일|태어난 ?날|生年月日)"
_KOREAN_FILLER = (
    rf"(?:{ANSWER})?+"
    r"(?:\([^()0-9\n]{0,10}[0-9]{0,2}[^()0-9\n]{0,6}\))?"
    r"(?:은|는|이|가|:|\s|\(|\)|=|\||[-/\"'*<>\[\],]|음력|양력){0,12}+"
)  # fmt: skip
_ENGLISH_LABEL = (
    r"(?:date[- ]?of[- ]?birth|birth[- ]?(?:date|day|ymd|dt)|(?<![a-z])birth(?![a-z])"
    r"|(?<![a-z])d\.? ?o\.? ?b(?![a-z])\.?)"
)  # fmt: skip
_ENGLISH_FILLER = (
    rf"(?:{ANSWER})?+"
    r"(?:[^0-9A-Za-z가-힣\n]{0,6}\([^()0-9\n]{2,12}\))?(?:[^0-9A-Za-z가-힣\n]|\n){0,6}+"
    r"(?:(?:is|was|as|on|of|recorded as|listed as|stated as|falls on|on file(?: to| as| is)?|to)\b"
    r"[^0-9A-Za-z가-힣\n]{0,3}(?:the )?)?"
)
_PLACE = r"(?-i:[A-Z])[A-Za-z.'-]{1,15}"
_BORN = rf"(?<![a-z])(?:born|b\.)(?: in {_PLACE}(?:,? {_PLACE}){{0,2}})?,?(?: on)?(?: the)?[ :(]{{1,3}}"
_AFTER = (
    r"(?:(?: ?[(,]? ?(?:is |was |as )?(?:(?:my|his|her|their|the|its) )?(?:client'?s |customer'?s )?"
    r"(?:dob\b|d\.o\.b|date of birth|birth ?da(?:te|y)\b))"
    r"|(?:이|은|가|는)? ?\(?(?:제 |저의 |그의 |고객의 |본인 )?(?:생년월일|(?<!발)생일(?!로부터|부터|까지))"
    r"|(?:에|자)? ?(?:출생(?! ?신고)|태어))"
)  # fmt: skip
_BIRTH_TAIL = r"\.? ?(?:일 ?)?[생生](?=[^가-힣]|$|으로|이[고며다라었]|인|은|의|을|과|임|입니)"
_SEX = r"(?:남자?|여자?|남성|여성|男|女|male|female|[MF])"
_SEX_AFTER = rf"(?: ?\( ?{_SEX} ?\)| ?[/,] ?{_SEX}(?![가-힣A-Za-z]))"
_GATE = re.compile(r"[Bb]irth|BIRTH|[Bb]orn|BORN|생년|출생|생일|태어|生年|[Dd]\.? ?[Oo]\.? ?[Bb]|\bb\. ?[0-9A-Z]")
_BIRTH_GATE = re.compile(r"[0-9일日]\.? ?(?:일 ?)?[생生]")
_SEX_GATE = re.compile(
    r"[0-9남여](?:(?<=[0-9])\.? ?[(,/] ?(?:[남여男女MF]|(?:fe)?male)|(?<=[남여])[자성]? ?[,/] ?[0-9'])"
)
_GENDER_CONTEXT = (
    r"생년|성별|주민|고객|본인|성명|이름|환자|피보험|계약자|신청인|예금주|\bbirth|\bdob\b|\bgender|\bsex\b|[님씨]"
)


def check_day(value: str) -> bool | None:
    """Whether six or eight digits, or numbers after a year of four digits, name a day that exists."""
    numbers = [int(part) for part in re.findall("[0-9]+", value)]
    text = re.sub("[^0-9]", "", value)
    if len(numbers) == 1 and len(text) in (6, 8):
        numbers = [int(text[:-4]), int(text[-4:-2]), int(text[-2:])]
    if len(numbers) == 3 and numbers[0] <= 31 and len(text) == 6:
        first, second, third = numbers  # year, month, day; month, day, year; day, month, year
        return None if any(map(_exists, ((first, second, third), (third, first, second), (third, second, first)))) else False
    if len(numbers) == 3 and (numbers[0] > 31 or len(text) == 6):
        return None if _exists((numbers[0], numbers[1], numbers[2])) else False
    return None


def _exists(day: tuple[int, int, int]) -> bool:
    """Whether year, month and day are a date; of two digits the century is unknown, so 29 February may be one."""
    year, month, number = day
    return 1 <= month <= 12 and 1 <= number <= calendar.monthrange(year if year > 99 else 2000, month)[1]


def check_gender_digit(value: str) -> bool | None:
    """Whether six digits, a dash and a gender digit can be the begin of a registration number."""
    return None if possible_birth(value.replace("-", "")) else False


def check_gender_digit_alone(value: str) -> bool | None:
    """As `check_gender_digit`, for somebody born in the last century: `240105-3` may be the third paper of a day."""
    number = value.replace("-", "")
    return None if possible_birth(number) and likely_century(number) and number[6] in "1256" else False


def _birth(pattern: str, score: float, gate: re.Pattern[str] | str = _GATE) -> Rule:
    return Rule("births", "DATE_OF_BIRTH", pattern, score, check=check_day, group=1, gate=gate, contextual=True)


RULES = (
    _birth(rf"{_KOREAN_LABEL}{_KOREAN_FILLER}{_BEGINS}({_ANY_DAY}{_GENDER_DIGIT}){_STOP}", 0.8),
    _birth(rf"{_ENGLISH_LABEL}{_ENGLISH_FILLER}{_BEGINS}({_ANY_DAY}{_GENDER_DIGIT}){_STOP}", 0.8),
    _birth(rf"{_BORN}{_BEGINS}({_ANY_DAY}){_STOP}", 0.8),
    _birth(rf"(?<![0-9]){_BEGINS}({_ANY_DAY}){_AFTER}", 0.7),
    _birth(rf"(?<![0-9])(?=['0-9])({_KOREAN_DAY}|{_NUMBER_DAY}){_BIRTH_TAIL}", 0.7, _BIRTH_GATE),
    _birth(rf"(?<![0-9])(?=['0-9])({_KOREAN_DAY}|{_NUMBER_DAY})\.?{_SEX_AFTER}", 0.6, _SEX_GATE),
    _birth(rf"(?<![가-힣A-Za-z]){_SEX} ?[/,] ?({_KOREAN_DAY}|{_NUMBER_DAY}){_STOP}", 0.6, _SEX_GATE),
    Rule("births", "DATE_OF_BIRTH", rf"(?<!제)(?<!제 ){START}{SIX}-[1-8]{_NO_MORE}", 0.45,
         check=check_gender_digit_alone, context=_GENDER_CONTEXT),
    Rule("births", "DATE_OF_BIRTH", rf"(?<!제)(?<!제 ){START}{SIX}-[1-8]{_NO_MORE}", 0.2,
         check=check_gender_digit, context=_GENDER_CONTEXT, needs_context=True),
)  # fmt: skip
