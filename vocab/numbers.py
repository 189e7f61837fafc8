"""Finds numbers in financial text, English and Korean, by format: what a tokenizer spells often and should spell evenly.

Text goes in; out come spans, each of one format: at each place the formats are tried in the order of `FORMATS`, the most
specific first. Digits are those of ASCII. Only what is certain has a format of its own: a bare 3조 is more often an article
of law than a sum, and 3월 three months as often as March, so both are integers.

Guaranteed: every digit of a text stands in exactly one number; time grows with the length of the text; the only white space
in a number is single U+0020. A text may be cut before: where `tail` of the piece before a space and `head` of the piece after
it have no bit in common, no number goes on. Cut at such spaces only (each stays with the piece after it, and no other white
space stands before it), the parts hold the numbers of the whole.
"""

import itertools
import re
from collections.abc import Callable, Iterator

from vocab.number_shapes import (
    AMOUNT,
    BUSINESS_YEAR,
    CODES,
    COINS,
    DATE,
    DAY,
    FORMATS,
    LEAD,
    LONGEST_LEAD,
    MONTH_NUMBER,
    MONTHS,
    ORDINAL,
    PARTS,
    PERIOD,
    PLAIN,
    SCALES,
    SIGNS,
    TERM,
    WON,
    YEAR,
)

__all__ = ["FORMATS", "digit_runs", "example", "find", "fuses", "groups", "head", "shape", "tail"]

_NAMES = {name.replace(" ", "_"): name for name in FORMATS}
_ANY = re.compile("|".join(f"(?P<{key}>{FORMATS[name]})" for key, name in _NAMES.items()))
_PLAIN, _LEAD, _DIGIT, _DIGITS = re.compile(PLAIN), re.compile(LEAD), re.compile("[0-9]"), re.compile("[0-9]+")
_DATED, _PART = re.compile(f"{PERIOD}|{DATE}"), re.compile(r" ?(?:[0-9]++|[-,./:'’‑–]|[^-0-9,./:'’‑– ]++)")
_NUMERALS = frozenset("0123456789")
_UNIT_SIGNS = frozenset("%％‰¢฿₽₹₺₫₱₿" + SIGNS)
_NINES = str.maketrans("012345678", "999999999")
_FISCAL = ("fiscal", "Fiscal", "FISCAL")
_YEARS = ("years", "year", "Years", "Year", "YEARS", "YEAR")
_LEAD_ENDS = frozenset(["'", "’", ".", "Q", "H", "Y", *SIGNS, *(code[-1] for code in CODES)])
_LEAD_WORD_ENDS = frozenset(
    [
        word[-3:]
        for word in (*(month + mark for month in MONTHS for mark in ("", ".", ",", ".,")), *_FISCAL, *_YEARS, *CODES)
    ]
)


def find(text: str) -> Iterator[tuple[str, int, int]]:
    """Each number in `text` as (format, start, end), in order, none overlapping another."""
    at = 0
    while found := _DIGIT.search(text, at):
        start = found.start()
        match = None
        if start > at and _may_lead(text, start) and (lead := _LEAD.search(text, max(at, start - LONGEST_LEAD), start)):
            match = _ANY.match(text, lead.start())
        match = match or _PLAIN.match(text, start) or _ANY.match(text, start) or found
        at = match.end()
        yield _NAMES.get(str(match.lastgroup), "integer"), match.start(), at


def _may_lead(text: str, start: int) -> bool:
    """False where what stands before the digit at `start` cannot belong to its number: most places, at little cost."""
    last = text[start - 1]
    if last != " ":
        return last in _LEAD_ENDS
    word = text[max(start - 4, 0) : start - 1]
    return word in _LEAD_WORD_ENDS or word[-1:] in SIGNS or word[-2:] == "FY"


def groups(text: str, start: int, end: int) -> tuple[int, ...]:
    """The places inside the number `text[start:end]` at which its value has a boundary: ascending, the ends left out.

    The gold of boundary F1. A number is a row of *parts*: a run of digits, one of the marks , . - – ‑ / : ' ’, or a run of
    anything else (억원, %p and bps are one part each); a space belongs to the part after it, and each is a boundary. A run of
    digits has boundaries of its own: of a whole number before each three digits from the right (1|234|567), after a
    decimal point after each three from the left (0|.|123|45). In dates and fiscal periods runs stay whole (2024|년| 3|월);
    a bare 2024 is a whole number like any other (2|024).
    """
    if text[start:end].isdecimal():
        return tuple(range(end - (end - start - 1) // 3 * 3, end, 3))
    dated = _DATED.match(text, start)
    is_cut = dated is None or dated.end() != end
    places: list[int] = []
    for part in _PART.finditer(text, start, end):
        first, last = part.span()
        places.append(first)
        if is_cut and last - first > 3 and text[last - 1] in _NUMERALS:
            first += text[first] == " "
            is_fraction = first > start and text[first - 1] == "."
            places += range(first + 3, last, 3) if is_fraction else range(last - (last - first - 1) // 3 * 3, last, 3)
    return tuple(places[1:])


def digit_runs(text: str, start: int, end: int) -> tuple[tuple[int, int], ...]:
    """The longest runs of [0-9] in `text[start:end]` as (start, end), in order."""
    return tuple(run.span() for run in _DIGITS.finditer(text, start, end))


def fuses(piece: str) -> bool:
    """Whether the text of a token holds a digit and a unit: a letter of any script, % or a sign of currency."""
    return not _NUMERALS.isdisjoint(piece) and any(one.isalpha() or one in _UNIT_SIGNS for one in piece)


def shape(text: str) -> str:
    """`text` with 9 for every digit."""
    return text.translate(_NINES)


def example(shape: str) -> str:
    """A made-up number of that shape: its digits are 1, 2 … 9, 0 and round again, so `shape(example(s)) == s`."""
    digits = itertools.cycle("1234567890")
    return _DIGIT.sub(lambda _: next(digits), shape)


def tail(piece: str) -> int:
    """The kinds of number that may stand at the end of `piece` and go on after a space, as bits; 0 for most pieces.

    For two neighbours in `text.split(" ")` that a number holds together, `tail(one) & head(other)` is not 0. Where it is not
    0 there may still be no number, which should be rare.
    """
    kind = _TAILS.get(piece[-1:])
    return kind(piece) if kind else 0


def head(piece: str) -> int:
    """The kinds of number that may go on at the start of `piece`, begun before the space, as bits (see `tail`)."""
    kind = _HEADS.get(piece[:1])
    return kind(piece) if kind else 0


# One bit for each kind of space inside a number: what stands before it | what stands after it.
_MONTH_DAY = 1 << 0  # March, | 3 or 2024
_DAY_YEAR = 1 << 1  # 3, | 2024
_DAY_MONTH = 1 << 2  # 3 | March
_POINT_MONTH = 1 << 3  # 2024. | 3.
_POINT_DAY = 1 << 4  # 3. | 15
_YEAR_TERM = 1 << 5  # 2024년 | 3월, 3분기, 상반기
_MONTH_DAY_KO = 1 << 6  # 3월 | 15일
_YEAR_QUARTER = 1 << 7  # 2024 | Q3, 회계연도
_PERIOD_YEAR = 1 << 8  # FY, fiscal, year, Q3 | 2024, FY, year
_CHAIN = 1 << 9  # 3억 | 5천만, 500원
_UNIT = 1 << 10  # 3, 3억 | %, percent, million, 원
_ABOUT_UNIT = 1 << 11  # 30여 | 만
_SIGN_AMOUNT = 1 << 12  # $, USD | 5, .5
_SCALE_COIN = 1 << 13  # million | dollars
_COMPOUND = 1 << 14  # percentage, basis, per | point, cent
_FRACTION = 1 << 15  # 5 | 1/4

_TAIL_WORDS = {
    **dict.fromkeys(MONTHS, _MONTH_DAY),
    **dict.fromkeys(("FY", *_FISCAL, *_YEARS), _PERIOD_YEAR),
    **dict.fromkeys(CODES, _SIGN_AMOUNT),
    **dict.fromkeys(SCALES, _SCALE_COIN),
    **dict.fromkeys(("percentage", "percent", "basis", "per"), _COMPOUND),
}
_TAIL_ENDS = frozenset(word[-3:] for word in _TAIL_WORDS)
_LAST_WORD = re.compile(r"[A-Za-z]+\Z")
_DAY_ALONE = re.compile(rf"{DAY}{ORDINAL}?(?:[-–]{DAY})?,?")
_POINTED_YEAR, _POINTED_MONTH = re.compile(rf"{YEAR}\.\Z"), re.compile(rf"(?:{YEAR}\.|\A){MONTH_NUMBER}\.\Z")
_KOREAN_TAIL = re.compile(
    rf"(?:(?P<year>{YEAR}년도?)|(?P<month>[0-9]월)|(?P<unit>(?:[0-9]여?|\A)[십백천]?[조억만천백]여?)|(?P<about>[0-9]여)"
    r"|(?P<share>퍼센트|베이시스))\Z"
)
_KOREAN_TAILS = {
    "year": _YEAR_TERM,
    "month": _MONTH_DAY_KO,
    "unit": _CHAIN | _UNIT,
    "about": _ABOUT_UNIT | _UNIT,
    "share": _COMPOUND,
}


def _digit_tail(piece: str) -> int:
    stem = piece.rstrip("0123456789")
    size, bits = len(piece) - len(stem), _UNIT
    if size <= 2:
        bits |= _FRACTION | _DAY_MONTH | _YEAR_QUARTER
        if stem[-1:] in ("Q", "H"):
            bits |= _PERIOD_YEAR
        if _DAY_ALONE.fullmatch(piece):
            bits |= _DAY_YEAR
    elif size == 4:
        bits |= _YEAR_QUARTER
    return bits


def _latin_tail(piece: str) -> int:
    if piece[-3:] in _TAIL_ENDS or piece.endswith("FY"):
        word = _LAST_WORD.search(piece, max(0, len(piece) - 12))
        return _TAIL_WORDS.get(word[0], 0) if word else 0
    if piece[-1:] in ("Q", "H"):
        return _PERIOD_YEAR if piece[-2:-1] in _NUMERALS else 0
    return _DAY_MONTH | _DAY_YEAR if piece[-2:] in _ORDINALS and piece[-3:-2] in _NUMERALS else 0


def _marked_tail(piece: str) -> int:
    before = piece[-2:-1]
    if before not in _NUMERALS:
        return _latin_tail(piece.rstrip(".,")) & (_MONTH_DAY | _DAY_YEAR) if before else 0
    if piece[-1] == ",":
        return _DAY_YEAR if _DAY_ALONE.fullmatch(piece) else 0
    if _POINTED_YEAR.search(piece, max(0, len(piece) - 5)):
        return _POINT_MONTH
    return _POINT_DAY if _POINTED_MONTH.search(piece, max(0, len(piece) - 8)) else 0


def _korean_tail(piece: str) -> int:
    match = _KOREAN_TAIL.search(piece, max(0, len(piece) - 6))
    return _KOREAN_TAILS[str(match.lastgroup)] if match else 0


_ORDINALS = ("st", "nd", "rd", "th")
_TAILS: dict[str, Callable[[str], int]] = {
    **dict.fromkeys("0123456789", _digit_tail),
    **dict.fromkeys({word[-1] for word in (*_TAIL_WORDS, *_ORDINALS)} | {"Q", "H"}, _latin_tail),
    **dict.fromkeys(".,", _marked_tail),
    **dict.fromkeys("년도월조억만천백여트스", _korean_tail),
    **dict.fromkeys("%％", lambda _: _COMPOUND),
    **dict.fromkeys(PARTS, lambda _: _UNIT),
    **dict.fromkeys(SIGNS, lambda _: _SIGN_AMOUNT),
}

_HEAD_WORDS = {
    **dict.fromkeys(MONTHS, _DAY_MONTH),
    **dict.fromkeys(("FY", *_YEARS), _PERIOD_YEAR),
    **dict.fromkeys(("Q", "H"), _YEAR_QUARTER),
    **dict.fromkeys(
        ("percent", "percentage", "per", "pct", "pp", "ppt", "ppts", "p", "basis", "bp", "bps", "BPS"), _UNIT
    ),
    **dict.fromkeys((*SCALES, "bn", "mn", "mm", "tn"), _UNIT),
    **dict.fromkeys((*COINS, *CODES), _UNIT | _SCALE_COIN),
    **dict.fromkeys(("point", "points"), _COMPOUND),
    "won": _SCALE_COIN,
    "cent": _UNIT | _SCALE_COIN | _COMPOUND,
}
_HEAD_STARTS = frozenset(word[:3] for word in _HEAD_WORDS)
_SHORT_STARTS = frozenset(
    ["p.", *(word for word in _HEAD_WORDS if len(word) == 2), *(letter + digit for letter in "QH" for digit in "1234")]
)
_FIRST_WORD = re.compile("[A-Za-z]+")
_CHAIN_HEAD = re.compile(rf"{AMOUNT}(?:\Z|[여십백천조억만]|{WON})")
_KOREAN_HEAD = re.compile(
    rf"(?P<coin>{WON})|(?P<share>퍼센트|베이시스|분기)|(?P<year>{BUSINESS_YEAR})|(?P<term>{TERM})|(?P<point>포인트)"
    r"|(?P<unit>[십백천]?[조억만]|[백천])"
)
_KOREAN_HEADS = {
    "coin": _UNIT,
    "share": _UNIT,
    "year": _YEAR_QUARTER | _YEAR_TERM,
    "term": _YEAR_TERM,
    "point": _COMPOUND,
    "unit": _ABOUT_UNIT,
}


def _digit_head(piece: str) -> int:
    rest = piece.lstrip("0123456789")
    size, after, bits = len(piece) - len(rest), rest[:1], _SIGN_AMOUNT
    if size <= 2:
        bits |= _MONTH_DAY | _POINT_DAY | _PERIOD_YEAR | _DIGIT_HEADS.get(after, 0)
    elif size == 4:
        bits |= _MONTH_DAY | _DAY_YEAR | _PERIOD_YEAR
    return bits | _CHAIN if _CHAIN_HEAD.match(piece) else bits


_DIGIT_HEADS = {
    "": _YEAR_TERM,
    ".": _POINT_MONTH,
    "/": _FRACTION | _YEAR_TERM,
    "월": _YEAR_TERM,
    "분": _YEAR_TERM,
    "사": _YEAR_TERM,
    "기": _YEAR_TERM,
    "일": _MONTH_DAY_KO,
}


def _latin_head(piece: str) -> int:
    if piece[:3] in _HEAD_STARTS or piece[:2] in _SHORT_STARTS:
        word = _FIRST_WORD.match(piece)
        return _HEAD_WORDS.get(word[0], 0) if word else 0
    return 0


def _korean_head(piece: str) -> int:
    match = _KOREAN_HEAD.match(piece)
    return _KOREAN_HEADS[str(match.lastgroup)] if match else 0


_HEADS: dict[str, Callable[[str], int]] = {
    **dict.fromkeys("0123456789", _digit_head),
    **dict.fromkeys({word[0] for word in _HEAD_WORDS}, _latin_head),
    **dict.fromkeys("원미달불유엔위파센퍼베분회사과상하전후제포십백천조억만", _korean_head),
    **dict.fromkeys("%％", lambda _: _UNIT),
    **dict.fromkeys("'’", lambda _: _PERIOD_YEAR),
    ".": lambda _: _SIGN_AMOUNT,
}
