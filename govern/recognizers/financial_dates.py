"""Dates, times and fiscal periods in both languages. A date of birth is `births`' part and is never vetoed by one.

Month and day are in range; where the digits stand together (20240331) the day must exist, and even so eight digits can
be anything, so that such a date is not validated. Source of the forms: ISO 8601, and the usage of filings and statutes.
"""

import calendar

from govern.recognizers.rule import Rule

START, STOP = r"(?<![0-9A-Za-z]|[0-9][-./,])", r"(?![0-9]|[-./][0-9]|,[0-9]{3})"
END = r"(?![0-9A-Za-z])"

_YEAR, _MONTH, _DAY = r"(?:1[89]|20)[0-9]{2}", r"(?:1[0-2]|0?[1-9])", r"(?:3[01]|[12][0-9]|0?[1-9])"
_CLOCK = r"(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?(?: ?[AP]\.?M\.?)?"
_TIME = rf"(?:(?:T|,? {{1,2}}|\t){_CLOCK}(?:Z| ?[+-][0-9]{{2}}:?[0-9]{{2}})?)?"
_NUMERIC = (
    rf"(?>(?:{_YEAR}(?:-{_MONTH}-{_DAY}|/{_MONTH}/{_DAY}|\. ?{_MONTH}\. ?{_DAY})"
    rf"|{_MONTH}/{_DAY}/(?:{_YEAR}|[0-9]{{2}}(?![0-9]))|{_DAY}/{_MONTH}/{_YEAR}|{_MONTH}-{_DAY}-{_YEAR}"
    rf"|{_DAY}\.{_MONTH}\.{_YEAR}|'[0-9]{{2}}\. ?{_MONTH}\. ?{_DAY})(?![0-9])){_TIME}"
)
_BETWEEN = r"\.?(?: ?[-~,;|/] ?| {1,4}|\t| ?(?:to|and|부터|및) )"
_MONTHS = (
    r"(?:j(?:an(?:uary)?|une?|uly?)|f(?:ebruary|eb)|ma(?:rch|r|y)|a(?:pr(?:il)?|ug(?:ust)?)|s(?:eptember|ept?)|o(?:ctober|ct)"
    r"|n(?:ovember|ov)|d(?:ecember|ec))\.?"
)
_ORDINAL = rf"{_DAY}(?:st|nd|rd|th)?"
_QUARTER = r"(?:[1-4]Q|Q[1-4]|[12]H|H[12]|[3-9]M|FY|CY)"
_SHORT_YEAR = r"(?:(?:19|20)[0-9]{2}|'?[0-9]{2})"

_BOOKED = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,6}|[0-9]{1,12}(?= ?(?:[십백천만억조]|원|달러|%)))"

_EARLIEST, _LATEST = 1900, 2099
_DAY_DIGITS = 8


def check_day(value: str) -> bool | None:
    """None where the first eight digits are a day and any others a time of day, False otherwise."""
    number = "".join(character for character in value if character.isdigit())
    year, month, day, clock = int(number[:4]), int(number[4:6]), int(number[6:8]), number[_DAY_DIGITS:]
    if not (_EARLIEST <= year <= _LATEST and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return False
    parts = [int(clock[at : at + 2]) for at in range(0, len(clock), 2)]
    return None if all(part < limit for part, limit in zip(parts, (24, 60, 60), strict=False)) else False


def _date(pattern: str, score: float = 1.0, language: str | None = None) -> Rule:
    return Rule("financial.date", "DATE", pattern, score, language=language)


def _period(pattern: str, language: str | None = None) -> Rule:
    return Rule("financial.period", "PERIOD", pattern, 1.0, language=language)


RULES = (
    _date(rf"(?=['0-9]){START}{_NUMERIC}(?:{_BETWEEN}{_NUMERIC}){{0,11}}+\.?{STOP}"),
    # A day and the amount booked on it: 2019. 3. 23. 700만 원; 2024-03-31 1,234,567.
    _date(rf"(?=['0-9]){START}{_NUMERIC}\.?[ \t|]{{1,3}}{_BOOKED}(?![0-9]|[-.][0-9])"),
    Rule("financial.date", "DATE",
         r"(?<![0-9A-Za-z]|[0-9][-./,])(?:19|20)[0-9]{6}(?:[-T ]?[0-9]{4}(?:[0-9]{2})?)?(?![0-9A-Za-z]|[-./][0-9])",
         0.6, check=check_day),
    _date(rf"(?<![0-9A-Za-z:]){_CLOCK}(?![0-9A-Za-z:])", 0.6),
    _date(rf"\b{_MONTHS} {{1,3}}{_ORDINAL}(?:,? ?{_YEAR})?{END}"),
    _date(rf"\b{_MONTHS},? (?:of )?{_YEAR}{END}"),
    _date(rf"(?<![0-9A-Za-z]|[0-9][-.,]){_ORDINAL}[ -](?:of )?{_MONTHS}[,-]? ?{_YEAR}{END}"),
    _date(rf"(?<![0-9]|[0-9][-.,/])(?:{_YEAR}|'?[0-9]{{2}})년(?:도|말|초)?(?: ?{_MONTH}월(?: ?{_DAY}일)?)?", language="ko"),
    _date(rf"(?<![0-9]|[0-9][-.,/]){_MONTH}월 ?{_DAY}일", language="ko"),
    # Lists and ranges of years: 2019, 2018 and 2017; 2019-2020.
    _date(rf"{START}{_YEAR}(?:(?: ?[,;|/] ?|\t| {{1,4}}|,? (?:and|or|to|및) ){_YEAR}){{2,15}}{STOP}", 0.6),
    _date(rf"{START}(?:19|20)[0-9]{{2}} ?[-~/] ?(?:19|20)[0-9]{{2}}{STOP}", 0.6),
    _period(rf"\b{_QUARTER}(?:[ -]?(?:(?:FY|CY) ?)?{_SHORT_YEAR}(?:[-/][0-9]{{2,4}})?[EFPA]?)?(?![0-9A-Za-z]|[-.][0-9])"),
    _period(rf"(?<![0-9A-Za-z']){_SHORT_YEAR}[-/ ]?{_QUARTER}[EFPA]?(?![0-9A-Za-z]|[-.][0-9])"),
    _period(r"\b[1-4](?:st|nd|rd|th) quarter(?: (?:of )?(?:fiscal )?(?:19|20)[0-9]{2})?"),
    _period(r"제 ?[0-9]{1,3} ?\(?(?:당|전|전전)?\)? ?기(?![가-힣])(?: ?[1-4]분기)?", "ko"),
    _period(r"(?<![0-9])[1-4] ?(?:/ ?4 ?)?분기", "ko"),
)  # fmt: skip
