"""Dates of birth in both languages: a date right after a word that says so, or right before 생. Other dates are left."""

from govern.recognizers.rule import Rule

_YEAR, _MONTH, _DAY = r"(?:19|20)[0-9]{2}", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12][0-9]|3[01])"
_SEP = r" ?[-./] ?"
_KOREAN_DAY = rf"(?:{_YEAR}|[0-9]{{2}})년 ?{_MONTH}월 ?{_DAY}일"
_NUMBER_DAY = (
    rf"(?:{_YEAR}\. {_MONTH}\. {_DAY}\.?|(?:{_YEAR}|[0-9]{{2}}){_SEP}{_MONTH}{_SEP}{_DAY}"
    rf"|(?:{_YEAR}|[0-9]{{2}})(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))"
)
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_ENGLISH_DAY = (
    rf"(?:{_MONTHS})\.? ?{_DAY}(?:st|nd|rd|th)?,? {_YEAR}|{_DAY}(?:st|nd|rd|th)? (?:of )?(?:{_MONTHS})\.?,? {_YEAR}"
    rf"|{_MONTH}{_SEP}{_DAY}{_SEP}(?:{_YEAR}|[0-9]{{2}})|{_DAY}{_SEP}{_MONTH}{_SEP}{_YEAR}"
)
_ANY_DAY = rf"(?:{_KOREAN_DAY}|{_ENGLISH_DAY}|{_NUMBER_DAY})"
_BORN = (
    r"(?:생년월일|출생일자?|(?<!발)생일|\bd\.?o\.?b\b\.?|\bdate of birth\b|\bbirth ?da(?:te|y)\b|\bborn(?: on)?\b)"
    r"(?:은|는|이|가|:|\s|\(|\)|=|\||is|was|[-_/\"'*]){0,12}"
)

RULES = (
    Rule("births", "DATE_OF_BIRTH", rf"{_BORN}({_ANY_DAY})(?![0-9])", 0.8, group=1, gate="birth"),
    Rule("births", "DATE_OF_BIRTH", rf"(?<![0-9])({_KOREAN_DAY}|{_NUMBER_DAY})\.? ?생(?![가-힣])", 0.7, group=1),
)
