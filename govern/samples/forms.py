"""Forms of evasion: ways in which people and programs write a number so that a pattern does not see it.

`FORMS` maps a name to a pure function over a value: digits, and letters, dashes and spaces between them. The function
leaves every letter of the value as it is (but for the look-alike letters that stand for digits), and gives the value back
unchanged where the form has nothing to change: a number without separators has none to replace.

`CHARACTERS` are the forms that put another character in a digit's or separator's place, or hidden ones between; `LAYOUT`
move, replace or add separators; `WORDS` spell digits, or put letters in their place.
"""

import re
from collections.abc import Callable, Mapping
from itertools import cycle, islice

Form = Callable[[str], str]

KOREAN_DIGITS = "공일이삼사오육칠팔구"
KOREAN_FORMAL = "영일이삼사오육칠팔구"
HANJA_DIGITS = "〇一二三四五六七八九"
ENGLISH_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

_SEPARATOR = re.compile(r"(?<=[0-9A-Za-z])(?: - |[-. ])(?=[0-9A-Za-z])")
_DASH_OR_SPACE = re.compile(r"(?<=[0-9A-Za-z])(?: - |[- ])(?=[0-9A-Za-z])")
_PAIR = re.compile(r"[0-9]{1,2}")
_GROUP = re.compile(r"[0-9]{2,}")


def _digits(first: int | str | tuple[str, ...]) -> Form:
    """Each digit as another character: from a code point on, or out of ten."""
    signs = tuple(chr(first + digit) for digit in range(10)) if isinstance(first, int) else tuple(first)
    table = {ord("0") + digit: sign for digit, sign in enumerate(signs)}
    return lambda value: value.translate(table)


def _start(value: str) -> int:
    """Where a value begins in a list of marks, so that each of them comes to stand somewhere."""
    return sum(map(ord, value))


def _hidden(*marks: str) -> Form:
    """A mark behind each digit but the last, in turn."""

    def form(value: str) -> str:
        places = [place for place, character in enumerate(value) if character.isdigit()][:-1]
        turns = {place: marks[turn % len(marks)] for turn, place in enumerate(places, _start(value))}
        return "".join(character + turns.get(place, "") for place, character in enumerate(value))

    return form


def _each(mark: str) -> Form:
    """A mark on every digit."""
    return lambda value: re.sub(r"[0-9]", lambda digit: digit[0] + mark, value)


def _separators(*marks: str, only: re.Pattern[str] = _SEPARATOR) -> Form:
    """The value's separators as others, in turn."""

    def form(value: str) -> str:
        turn = islice(cycle(marks), _start(value) % len(marks), None)
        return only.sub(lambda _: next(turn), value)

    return form


def _apart(value: str) -> str:
    """`4 1 1 1 - 1 1 1 1`."""
    return re.sub(r"(?<=[0-9A-Za-z])(?=[0-9A-Za-z])", " ", _SEPARATOR.sub(" - ", value))


def _pairs(value: str) -> str:
    """`41 11 11 11`: groups and brackets forgotten, digits in twos."""
    bare = value.replace("(", "").replace(")", " ")
    return _runs(bare, lambda digits: " ".join(_PAIR.findall(digits)))


def _runs(value: str, change: Form) -> str:
    """Every stretch of digits and separators changed, its separators dropped."""
    return re.sub(r"[0-9](?:[-. ]{0,3}[0-9])+", lambda run: change("".join(filter(str.isdigit, run[0]))), value)


def _inside_break(value: str) -> str:
    """A line break in the middle of the longest group."""
    groups = list(_GROUP.finditer(value))
    if not groups:
        return value
    longest = max(groups, key=lambda group: len(group[0]))
    middle = (longest.start() + longest.end()) // 2
    return f"{value[:middle]}\n{value[middle:]}"


def _break(value: str) -> str:
    """A line break behind the first separator, in place of it where it is a space."""
    return _SEPARATOR.sub(lambda mark: mark[0].strip() + "\n", value, count=1)


def _english(value: str) -> str:
    """`four one one one`; between groups a dash, so that they are still seen."""
    spelled = re.sub(r"[0-9]", lambda digit: f" {ENGLISH_DIGITS[int(digit[0])]} ", _SEPARATOR.sub(" - ", value))
    return re.sub(r" {2,}", " ", spelled).strip()


def _letters(value: str) -> str:
    """O for 0 and, in turn, l and I for 1; not where the value has such a letter of its own, which nobody could tell apart."""
    if re.search(r"[OoIl]", value):
        return value
    turn = iter("lI" * len(value))
    return re.sub(r"[01]", lambda digit: "O" if digit[0] == "0" else next(turn), value)


CHARACTERS: Mapping[str, Form] = {
    "plain": str,
    "full-width": _digits(ord("０")),
    "zero-width": _hidden("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"),
    "soft hyphens": _hidden("\u00ad", "\u2063", "\u180e"),
    "direction marks": _hidden("\u200f", "\u200e", "\u061c", "\u202d"),
    "circled": _digits("⓪①②③④⑤⑥⑦⑧⑨"),
    "parenthesised": _digits("0⑴⑵⑶⑷⑸⑹⑺⑻⑼"),
    "with full stop": _digits("🄀⒈⒉⒊⒋⒌⒍⒎⒏⒐"),
    "superscript": _digits("⁰¹²³⁴⁵⁶⁷⁸⁹"),
    "mathematical bold": _digits(0x1D7CE),
    "mathematical double-struck": _digits(0x1D7D8),
    "mathematical monospace": _digits(0x1D7F6),
    "Arabic-Indic": _digits(0x0660),
    "Persian": _digits(0x06F0),
    "Devanagari": _digits(0x0966),
    "Thai": _digits(0x0E50),
    "keycaps": _each("\ufe0f\u20e3"),
    "combining marks": _each("\u0332"),
    "Unicode dashes": _separators("\u2013", "\u2011", "\u2212", "\uff0d", only=_DASH_OR_SPACE),
    "Unicode spaces": _separators("\u00a0", "\u2007", "\u3000", "\u202f", only=_DASH_OR_SPACE),
}  # fmt: skip

LAYOUT: Mapping[str, Form] = {
    "spaced": _apart,
    "in pairs": _pairs,
    "line break inside": _inside_break,
    "line break at a separator": _break,
    "dots": _separators("."),
    "slashes": _separators("/"),
    "middle dots": _separators("·"),
    "underscores": _separators("_"),
    "spaced dashes": _separators(" - "),
    "double dashes": _separators("--"),
}

WORDS: Mapping[str, Form] = {
    "Hangul digits": _digits(KOREAN_DIGITS),
    "Hangul digits, formal": _digits(KOREAN_FORMAL),
    "hanja digits": _digits(HANJA_DIGITS),
    "English digits": _english,
    "letters for digits": _letters,
}

FORMS: Mapping[str, Form] = {**CHARACTERS, **LAYOUT, **WORDS}
"""Every form, in the order of the tables."""
