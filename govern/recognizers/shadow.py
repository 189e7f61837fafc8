"""The text as recognizers see it: existing tags blanked, look-alike digits, dashes and spaces made plain, hidden ones gone.

An underscore becomes a dash too, since it would join a number to the word before it.

`cast(text)` gives a shadow and the way back: every position of the shadow maps to one code point of the original, so a
span found in the shadow is a span of the original. The original is never changed. Time is linear in the text.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

BLANK = "\x00"
"""Stands for every character of an existing tag; no pattern matches it, so no finding reaches into or across a tag."""

TAG_DIGITS = 6
"""More digits than this make `<PERSON_…>` ordinary text, or a number could hide behind the look of a tag."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """What recognizers read; `kept` lists the original positions, or is None where they are the same."""

    text: str = field(repr=False)
    kept: tuple[int, ...] | None = field(repr=False)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that `start` to `end` of the shadow stands for."""
        if self.kept is None:
            return start, end
        return self.kept[start], self.kept[end - 1] + 1


def cast(text: str, entity_types: Iterable[str]) -> Shadow:
    """The shadow of `text`; tags of `entity_types` are blanked."""
    if "<" in text:
        text = tags(tuple(sorted(entity_types))).sub(lambda match: BLANK * len(match[0]), text)
    text = text.replace("_", "-")
    if text.isascii():
        return Shadow(text, None)
    plain, alike, hidden = _tables()
    text = alike.sub(lambda match: plain[match[0]], text)
    if hidden.search(text) is None:
        return Shadow(text, None)
    pieces: list[str] = []
    kept: list[int] = []
    done = 0
    for match in hidden.finditer(text):
        pieces.append(text[done : match.start()])
        kept.extend(range(done, match.start()))
        done = match.end()
    kept.extend(range(done, len(text)))
    return Shadow("".join(pieces) + text[done:], tuple(kept))


@cache
def tags(entity_types: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a tag such as `<PERSON_1>`; group 1 is the entity type, group 2 the number."""
    return re.compile(rf"<({'|'.join(map(re.escape, entity_types))})_([1-9][0-9]{{0,{TAG_DIGITS - 1}}})>")


@cache
def _tables() -> tuple[dict[str, str], re.Pattern[str], re.Pattern[str]]:
    """Look-alikes to plain characters, a pattern for any of them, and one for characters that show nothing.

    Unicode categories: Nd digits, Pd dashes, Zs spaces become ASCII, so do full-width forms; Cf and variation selectors
    show nothing.
    """
    plain: dict[str, str] = {}
    hidden: list[str] = []
    for code in range(0x80, sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Nd":
            plain[character] = str(unicodedata.decimal(character))
        elif category == "Pd" or character == "\u2212":
            plain[character] = "-"
        elif category == "Zs":
            plain[character] = " "
        elif category == "Cf" or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
            hidden.append(character)
        elif 0xFF01 <= code <= 0xFF5E:
            plain[character] = chr(code - 0xFEE0)
    return plain, _any_of(plain), _any_of(hidden)


def _any_of(characters: Iterable[str]) -> re.Pattern[str]:
    codes = sorted(map(ord, characters))
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return re.compile("[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges) + "]")
