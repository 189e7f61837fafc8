"""What a surrogate keeps of a value: how many signs of which kind, and how a Korean particle sees its end.

A particle asks whether the last syllable has no final consonant (`open`: 가, 는, 를, 와, 로), ㄹ (`rieul`: 이, 은, 을, 과,
but 로) or another one (`closed`: 이, 은, 을, 과, 으로). Digits and letters count as they are read: 2 is 이, 1 is 일, M is 엠
(Standard Korean Language Regulation; National Institute of Korean Language, loanword orthography for the letters' names).
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Literal, NamedTuple

from govern.draw import Draw

Ending = Literal["", "open", "rieul", "closed"]

DIGITS: dict[Ending, str] = {"": "0123456789", "open": "2459", "rieul": "178", "closed": "036"}
"""The digits by how their Korean reading ends: 영/공, 일, 이, 삼, 사, 오, 육, 칠, 팔, 구."""

LETTERS: dict[Ending, str] = {"": "BCDFGHJKLMNPRSTVWXYZ", "open": "BCDFGHJKPSTVWXYZ", "rieul": "LR", "closed": "MN"}
"""Consonants, so that no word comes about (nor Q), by how their names end: 엘 and 알, 엠 and 엔, all others open."""

FIRST_SYLLABLE, LAST_SYLLABLE, FINALS, RIEUL = 0xAC00, 0xD7A3, 28, 8
"""Hangul syllables stand in Unicode by initial, vowel and 28 finals, of which none is the first and ㄹ the ninth (3.12)."""


class Scheme(NamedTuple):
    """How values of a type are made, and how they are told: `make(value, draw)` and `never_issued(text)`."""

    make: Callable[[str, Draw], str]
    never_issued: Callable[[str], bool]


def ending(value: str) -> Ending:
    """How a particle sees the last letter or digit of `value`; nothing where Korean does not say."""
    last = next((character for character in reversed(value) if character.isalnum()), "")
    if not last:
        return ""
    if FIRST_SYLLABLE <= ord(last) <= LAST_SYLLABLE:
        final = (ord(last) - FIRST_SYLLABLE) % FINALS
        return "open" if not final else "rieul" if final == RIEUL else "closed"
    if last.isdecimal():
        digit = str(int(last))
        return "open" if digit in DIGITS["open"] else "rieul" if digit in DIGITS["rieul"] else "closed"
    if "A" <= last.upper() <= "Z":
        letter = last.upper()
        return "rieul" if letter in "LR" else "closed" if letter in "MN" else "open"
    return ""


def ends_in_letter(value: str) -> bool:
    """Whether the last letter or digit is a Latin letter."""
    last = next((character for character in reversed(value) if character.isalnum()), "")
    return last.isascii() and last.isalpha()


def plain(text: str) -> str:
    """The letters and digits of `text` in capitals and their compatible form: what two writings of a number share."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _OTHERS.sub("", text.upper())


_OTHERS = re.compile(r"[\W_]+")


def digits_in(value: str) -> int:
    """How many decimal digits `value` has."""
    return sum(map(str.isdecimal, value))


def digits(draw: Draw, count: int) -> str:
    """`count` digits, whatever the count (a draw holds fifteen of them)."""
    whole, rest = divmod(count, 9)
    return "".join([draw.digits(9) for _ in range(whole)]) + (draw.digits(rest) if rest else "")


def number(draw: Draw, count: int, end: Ending) -> str:
    """`count` digits, at least one, the last of which a particle sees as `end`."""
    return digits(draw, count - 1) + draw.pick(DIGITS[end])


def wrong(draw: Draw, end: Ending, right: str) -> str:
    """A digit that a particle sees as `end` and that is not the check digit `right`."""
    return draw.pick(DIGITS[end].replace(right, ""))


def letter(draw: Draw, end: Ending = "") -> str:
    """A capital consonant whose name a particle sees as `end`."""
    return draw.pick(LETTERS[end])


def last(draw: Draw, value: str) -> str:
    """The last sign of a surrogate that may end in either: a letter where `value` does, else a digit."""
    return letter(draw, ending(value)) if ends_in_letter(value) else draw.pick(DIGITS[ending(value)])


def alike(draw: Draw, pattern: str, value: str, mark: str = "") -> str:
    """Letters where `pattern` has letters and digits where it has digits, the first of them `mark`; ends as `last` draws it."""
    left = iter(mark)
    signs = [next(left, None) or draw.digits(1) if sign.isdecimal() else letter(draw) for sign in pattern[:-1]]
    return "".join(signs) + last(draw, value)


def grouped(text: str, sizes: tuple[int, ...], mark: str = "-") -> str:
    """`text` in groups of `sizes`."""
    groups, start = [], 0
    for size in sizes:
        groups.append(text[start : start + size])
        start += size
    return mark.join(groups)


def fits(pattern: str) -> Callable[[str], bool]:
    """Says whether letters and digits of a text are as a whole of `pattern`."""
    compiled = re.compile(pattern)

    def fit(text: str) -> bool:
        return compiled.fullmatch(plain(text)) is not None

    return fit
