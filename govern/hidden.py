"""Where numbers hide in a shadow: spelled digits, letters for digits, digits apart, odd separators, a line break inside.

`hidden(text)` yields each suspicious stretch as units (digits and where they stand) with what hid it; `readings` puts them
into ordinary writing. Nothing is validated here. Time is linear in the text: stretches are bounded, and those of one kind
do not overlap.
"""

import itertools
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal, NamedTuple

LEAST, MOST = 7, 64
"""Signs of a number worth reading: fewer identify nobody, more are a table."""
FEWEST, LONG = 5, 9
"""Digits among them: beside letters, and alone where nothing but a line break stands between."""

KOREAN = {
    **dict(zip("공영빵령〇零일이삼사오육륙칠팔구", "0000001234566789", strict=True)),
    **dict(zip("一二三四五六七八九壹貳參肆伍陸柒捌玖", "123456789123456789", strict=True)),
}
ENGLISH = {
    "zero": "0", "oh": "0", "nought": "0", "naught": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_TIMES = {"": 1, "double": 2, "triple": 3}
_ZERO_ONE = "OolI"
_LETTERS = dict(zip("OolIiSBZ", "00111582", strict=True))

_SIGNS = "".join(KOREAN)
_LEAD = r"(?:(?<![A-Za-z0-9])(?-i:[A-Z](?: ?[A-Z])?)[ -]{0,3})?"
"""Letters that a number begins with: a passport's, a country's."""
_INNER = "[ ,-]{0,3}(?-i:[A-Z](?:[ ,]{0,2}[A-Z]){0,3})[ ,-]{0,3}"
"""Letters within one: a bank's in an IBAN, a passport's fifth sign."""
_SIGN = rf"[0-9{_SIGNS}]"
_BETWEEN = rf"(?:[ \-./·,()]{{0,3}}(?:(?:에|의|다시) ?)?|{_INNER})"
_KOREAN_RUN = re.compile(rf"{_LEAD}{_SIGN}(?:{_BETWEEN}{_SIGN}){{{FEWEST},{MOST}}}" + r"(?: ?[A-Z](?![A-Za-z0-9]))?")
_MIXED = re.compile(rf"[{_SIGNS}][0-9]")
"""A spelled digit right before a written one, which no count of days or parts has."""

_ENDS = re.compile("이(?=에요|예요|요(?![가-힣])|라|고|며|다|니|었|던|죠|네|지만| [가-힣]|[.,]? *$)")
"""이 that may be the particle or the copula rather than a digit."""
_WORD = rf"(?:(?:double|triple) )?(?:{'|'.join(ENGLISH)}|[0-9])"
_DASH = r" {1,2}(?:dash|hyphen|minus|dot|point|slash)[ ,]{1,2}"
"""A separator that is read out."""

_ENGLISH_RUN = re.compile(
    rf"{_LEAD}(?<![A-Za-z0-9]){_WORD}(?:(?:{_DASH}|[ \-./·,()\n]{{1,3}}|{_INNER}(?<=[ -])){_WORD}){{{FEWEST},{MOST}}}"
    r"(?![A-Za-z0-9])(?:[ -]{1,3}(?-i:[A-Z])(?![A-Za-z0-9]))?",
    re.IGNORECASE,
)
_ENGLISH_WORD = re.compile(
    rf"(?:(double|triple) )?(?<![A-Za-z])({'|'.join(ENGLISH)}|[0-9])(?![A-Za-z])"
    r"|(?<![A-Za-z])(?!(?:dash|hyphen|minus|dot|point|slash)\b)[A-Z]+",
    re.IGNORECASE,
)
_ENGLISH_HINT = re.compile(rf"(?:{'|'.join(ENGLISH)})[ \-./·,()\n]{{1,3}}(?:{_WORD})(?![0-9])", re.IGNORECASE)
_SWAP = re.compile(rf"[0-9][ .\-/]?[{''.join(_LETTERS)}]|[{''.join(_LETTERS)}][ .\-/]?[0-9]")
_TOKEN = re.compile(r"[A-Za-z0-9]+")
_LOOKS = f"[0-9{''.join(_LETTERS)}]"
_LED = (
    re.compile(rf"([A-Z]*[AC-HJ-NP-RT-Y][A-Z]*(?=[0-9]))({_LOOKS}+?)()()([A-HJ-NP-Z]?)"),
    re.compile(rf"([A-Z]*[AC-HJ-NP-RT-Y])({_LOOKS}+?)()()([A-HJ-NP-Z]?)"),
    re.compile(rf"([A-Z]{{2}})({_LOOKS}+?)()()([A-HJ-NP-Z]?)"),
    re.compile(rf"([A-Z])({_LOOKS}+?)()()([A-HJ-NP-Z]?)"),
    re.compile(rf"([A-Z]{{2}})({_LOOKS}{{2}})([A-Z]{{4}})({_LOOKS}+)()"),
    re.compile(rf"([A-Z])({_LOOKS}{{3}})([A-Z])({_LOOKS}{{4}})()"),
)
"""Letters that lead a number: up to a digit, up to the last that is no look-alike, two, or one; an IBAN; a passport."""
_SWAPPED = re.compile(rf"([A-Z]{{0,2}}?)({_LOOKS}+)()()([A-Z]?)")
_BANK = re.compile("[A-Z]{4}")
_NUMERIC = re.compile(r"(?=[A-Zoli]*[0-9])[A-Z0-9oli]{1,34}|[A-Z]{0,2}[OolI]{1,33}")
"""A token that a number can have: a digit among capitals and look-alikes, or look-alikes of 0 and 1 behind two capitals."""
_MARK = r"[ \-./·•∙⋅ㆍ~()\[\]|*+:]"
_PREFIX = "(?:[A-Z]{2}[0-9]{2}[A-Z]{4}|[A-Z])?"
_APART = re.compile(
    rf"(?<![A-Za-z0-9])[A-Z0-9](?:{_MARK}{{1,3}}[A-Z0-9](?![A-Za-z0-9])){{{LEAST - 1},{MOST}}}"
    rf"|(?<![A-Za-z0-9]){_PREFIX}[0-9]{{2}}(?:{_MARK}{{1,3}}[0-9]{{2}}(?![0-9])){{3,{MOST // 2}}}"
    rf"(?:{_MARK}{{1,3}}[0-9](?![0-9]))?"
    r"|(?<![A-Za-z0-9])[A-Z][0-9]{2} [0-9][A-Z][0-9]{2} [0-9]{2}(?![A-Za-z0-9])"
)
_ODD = r"(?!\. [0-9]{1,2}(?![0-9]))[ ]{0,2}(?:[/·•∙⋅ㆍ~|*+.()\[\]]|--| -|- |  )[ ()\[\]-]{0,2}"
_MORE = rf"(?:(?:[ -]|{_ODD})[0-9]{{1,8}}){{0,5}}(?![0-9]|[.,%][0-9]|%)"
_MARKED = re.compile(rf"(?<![0-9.,])[0-9]{{1,8}}(?:[ -][0-9]{{2,8}}){{0,3}}{_ODD}[0-9]{{1,13}}{_MORE}")
_CODES = re.compile(
    r"(?<![A-Za-z0-9])[A-Z0-9]{1,8}(?:(?: ?[./·•∙⋅ㆍ~|*+] ?|\)\(|\]\[|--| - |  |\. )[A-Z0-9]{1,8}){1,8}(?![A-Za-z0-9])"
)
_COMMAS = re.compile(r"(?<![0-9.,])[0-9]{4,6}(?:, ?[0-9]{4,7}){1,3}(?![0-9]|,[0-9])")
_SIDE = r"[A-Z0-9]{1,19}(?:(?: ?[.-] ?| )[A-Z0-9]{1,19}){0,7}"
_LINE = re.compile(
    rf"(?<![0-9A-Za-z.,$])({_SIDE}[ ]?[.-]?)[ ]{{0,3}}\r?\n[ ]{{0,8}}([.-]?[ ]?{_SIDE})(?![0-9A-Za-z]|[.,%][0-9])"
)


class Unit(NamedTuple):
    """Digits read from one place."""

    digits: str
    start: int
    end: int


Kind = Literal["words", "letters", "apart", "marks", "lines", "cells"]
"""What hid a number."""


def hidden(text: str) -> Iterator[tuple[tuple[Unit, ...], Kind]]:
    """Every suspicious stretch, digit by digit or group by group."""
    for start, end in _matches(_KOREAN_RUN, text):
        yield from _korean(text, start, end)
        if _ENDS.match(text, end - 1) is not None and text[end - 2].isdigit():
            yield from _korean(text, start, end - 1)  # 공일공-4382-5997이고
    if _ENGLISH_HINT.search(text) is not None:
        for start, end in _matches(_ENGLISH_RUN, text):
            yield from _english(text, start, end)
    if _SWAP.search(text) is not None:
        yield from _letters(text)
    for start, end in _matches(_APART, text):
        units = _groups(text, start, end)
        gaps = [text[one.end : other.start] for one, other in pairwise(units)]
        most = 2 * max(map(gaps.count, gaps))
        singles = len(units[0].digits) == 1
        if (most >= len(gaps) if singles else most > len(gaps)) and _digits(units) >= FEWEST:
            yield units, "apart"
    for start, end in itertools.chain(_matches(_MARKED, text), _matches(_COMMAS, text)):
        units = _groups(text, start, end)
        least = LONG if {".", "/"}.intersection(text[start:end]) else LONG - 1  # a date is no hidden number
        if least <= _digits(units) <= 20 and not all(len(unit.digits) <= 3 for unit in units):
            yield units, "marks"
    for start, end in _matches(_CODES, text):
        units = _groups(text, start, end)
        if FEWEST <= _digits(units) <= 34 and any(character.isalpha() for character in text[start:end]):
            yield units, "marks"
    for start, end in _matches(_LINE, text):
        units = _groups(text, start, end)
        sure = any(character.isalpha() or character in ".-" for character in text[start:end])
        if (FEWEST if sure else LONG) <= _digits(units) <= 34:
            yield units, "lines"


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(text))


def _groups(text: str, start: int, end: int) -> tuple[Unit, ...]:
    return tuple(Unit(match[0], *match.span()) for match in _TOKEN.finditer(text, start, end))


def _digits(units: tuple[Unit, ...]) -> int:
    return sum(character.isdigit() for unit in units for character in unit.digits)


def _korean(text: str, start: int, end: int) -> Iterator[tuple[tuple[Unit, ...], Kind]]:
    """Digits spoken one by one. `10일 20일` counts days: a group is all words or all digits, or most of them are words."""
    groups: list[list[Unit]] = []
    for place in range(start, end):
        character = text[place]
        if character in KOREAN or (character.isascii() and character.isalnum()):
            unit = Unit(KOREAN.get(character, character), place, place + 1)
            if groups and groups[-1][-1].end == place:
                groups[-1].append(unit)
            else:
                groups.append([unit])
    spoken = [sum(text[unit.start] in KOREAN for unit in group) for group in groups]
    pure = all(count in {0, len(group)} for count, group in zip(spoken, groups, strict=True))
    mixed = len(_MIXED.findall(text, start, end)) >= 1 + (" " in text[start:end])
    least = 2 if pure and " " not in text[start:end] else 3
    if sum(spoken) < least or not (pure or mixed or sum(spoken) * 2 >= sum(map(len, groups))):
        return
    word = start > 0 and "가" <= text[start - 1] <= "힣"
    if word and sum(spoken[1:]) < 3 and len(groups) > 1:
        return  # 대통령령이 1.2.3.4: what was read as digits ends a word
    first = next(place for place, count in enumerate(spoken) if count)
    last = len(groups) - next(place for place, count in enumerate(reversed(spoken)) if count)
    parts = [groups, groups[first:last]]
    if word:
        parts.append(groups[1:])  # the first sign ends a word, as in 생년월일
    for part in dict.fromkeys(tuple(itertools.chain(*each)) for each in parts if each):
        if len(part) >= LEAST:
            yield part, "words"
        if _ENDS.match(text, part[-1].start) is not None and len(part) > LEAST:
            yield part[:-1], "words"  # the particle, or the copula of …이에요


def _english(text: str, start: int, end: int) -> Iterator[tuple[tuple[Unit, ...], Kind]]:
    units = []
    for match in _ENGLISH_WORD.finditer(text, start, end):
        digit = ENGLISH.get((match[2] or "").lower(), match[2] or match[0])
        units.append(Unit(digit * _TIMES[(match[1] or "").lower()], *match.span()))
    if sum(unit.digits.isdigit() and unit.end - unit.start > 1 for unit in units) >= 3:
        yield tuple(units), "words"


def _letters(text: str) -> Iterator[tuple[tuple[Unit, ...], Kind]]:
    """Numbers in which letters stand for digits, five of eight signs at most; a leading M or DE stays itself."""
    for low, high in _round(_SWAP, text, MOST):
        row: list[re.Match[str]] = []
        for token in _TOKEN.finditer(text, low, high):
            follows = bool(row) and _near(text[row[-1].end() : token.start()])
            if row and not (follows and (_NUMERIC.fullmatch(token[0]) or _BANK.fullmatch(token[0]))):
                yield from _row(text, row)
                row = []
            if row or _NUMERIC.fullmatch(token[0]):
                row.append(token)
        if row:
            yield from _row(text, row)


def _round(pattern: re.Pattern[str], text: str, reach: int) -> Iterator[tuple[int, int]]:
    """The surroundings of the matches, those that overlap as one."""
    low = high = -1
    for match in pattern.finditer(text):
        if match.start() - reach > high >= 0:
            yield low, high
            low = -1
        low = max(0, match.start() - reach) if low < 0 else low
        high = min(len(text), match.end() + reach)
    if high >= 0:
        yield low, high


def _near(gap: str) -> bool:
    return 1 <= len(gap) <= 3 and not gap.strip(" -./()")


def _row(text: str, row: list[re.Match[str]]) -> Iterator[tuple[tuple[Unit, ...], Kind]]:
    """The numbers that tokens in a row can be, each once."""
    if _SWAP.search(text, row[0].start(), row[-1].end()) is None:
        return
    rest = tuple(_swapped(token, _SWAPPED) for token in row[1:])
    readings = ((_swapped(row[0], led), *rest) for led in _LED)
    found = (number for units in dict.fromkeys(readings) for number in _numbers(text, [unit for unit in units if unit]))
    yield from dict.fromkeys(found)


def _swapped(token: re.Match[str], led: re.Pattern[str]) -> tuple[Unit, ...]:
    match = led.fullmatch(token[0]) or _SWAPPED.fullmatch(token[0])
    if match is None or _NUMERIC.fullmatch(token[0]) is None:
        return (Unit(token[0], *token.span()),) if _BANK.fullmatch(token[0]) else ()
    units = []
    for group in (2, 4):
        for place, character in enumerate(match[group], token.start() + match.start(group)):
            units.append(Unit(_LETTERS.get(character, character), place, place + 1))
        if group == 2 and match[3]:
            units.append(Unit(match[3], token.start() + match.start(3), token.start() + match.end(3)))
    return tuple(units)


def _numbers(text: str, row: list[tuple[Unit, ...]]) -> Iterator[tuple[tuple[Unit, ...], Kind]]:
    """The tokens in a row as one number, and those without a space between them."""
    parts: list[list[tuple[Unit, ...]]] = []
    for token in row:
        if parts and " " not in text[parts[-1][-1][-1].end : token[0].start]:
            parts[-1].append(token)
        else:
            parts.append([token])
    for tokens in dict.fromkeys(tuple(part) for part in ([*row], *parts)):
        units = tuple(unit for token in tokens for unit in token)
        written = "".join(text[unit.start] for unit in units if unit.end - unit.start == 1)
        letters = [character for character in written if character in _LETTERS]
        sure = len(letters) * 8 <= len(units) * 5 or set(letters) <= set(_ZERO_ONE)
        if letters and sure and FEWEST < len(units) <= MOST:
            yield units, "letters"
