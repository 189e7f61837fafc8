"""The text as recognizers see it: existing tags blanked, look-alikes made plain, what shows nothing gone.

`normalize(text)` gives a shadow and the way back. Decimal digits of every script, circled, superscript and mathematical
digits, full-width and styled letters, dashes and spaces become ASCII; format characters, variation selectors, controls
and marks on digits vanish; numeric character references are read; decomposed Hangul and Latin letters are composed
(NFKC and NFC of Unicode Standard Annex 15, for what can stand in an identifier). The original is never changed: a span of
the shadow maps to the span of the original that it was read from. Time is linear in the text.

Numbers that are spelled, spaced or broken over lines are `readings`' part.
"""

import bisect
import re
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

BLANK = "\x00"
"""Stands for every character of an existing tag; no pattern matches it, so no finding reaches into or across a tag."""

PLACE = 8
"""Blanks that stand for a tag or a replacement, whatever its length: what is found beside one does not depend on what was
written there."""

TAG_DIGITS = 6
"""More digits than this make `<PERSON_…>` ordinary text, or a number could hide behind the look of a tag."""

_HALVES = re.compile("[\ud800-\udfff]")
_NUMBER = rf"[1-9][0-9]{{0,{TAG_DIGITS - 1}}}"

PSEUDONYM_LETTERS = 12
"""Lower-case letters of a pseudonym, exactly."""

ENCLOSED_RUN = 3
"""So many circled or superscript digits make a number, or two side by side; fewer are footnotes or paragraphs."""

CODE, AHEAD = 6, 8
"""A run of at most so many digits is a code by itself; so far ahead may the next circled digit of a number stand."""

DOTS = "\u30fb\uff65\u2027\u0387\u2219"
"""Middle dots of other scripts."""

LINES = "\u2028\u2029\x85"
"""Line and paragraph separators, the next line of ISO 6429; a page break and a vertical tab are line ends too."""

LETTERS = dict(zip("АВСЕНІЈКМОРЅТХаеорсіјѕхΑΒΕΖΗΙΚΜΝΟΡΤΧοѵӀӏ", "ABCEHIJKMOPSTXaeopcijsxABEZHIKMNOPTXovIl", strict=True))
"""Cyrillic and Greek letters that look like Latin ones (Unicode Technical Standard 39, confusables)."""

DASHES = "\u2212\u2043\u2500\u2501\u30fc\u3161\uff70"
"""Not of category Pd, but written for a dash: minus, hyphen bullet, box lines, the long vowel mark, the vowel eu."""
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Not of category Zs, but shown as nothing with a width: Hangul fillers, the empty Braille cell."""
CONTROLS = "".join(map(chr, [*range(1, 9), *range(14, 32), *range(127, 133), *range(134, 160)]))

_REFERENCES = {
    "nbsp": " ", "ensp": " ", "emsp": " ", "thinsp": " ", "shy": "", "zwj": "", "zwnj": "", "ndash": "-", "mdash": "-",
    "hyphen": "-", "minus": "-", "lowbar": "-", "period": ".", "commat": "@", "colon": ":", "sol": "/",
}  # fmt: skip
_MARKUP = (
    r"(?<=[0-9A-Za-z-])(?:</?(?:b|i|u|s|em|strong|span|font|mark|wbr)(?:[ /][^<>\n\x00]{0,60})?>|\*\*|=\r?\n)(?=[0-9A-Za-z-])"
    r"|(?<=[0-9A-Za-z])\\(?=[-.·~])"
)
"""Markup inside a number: tags of HTML, emphasis and escapes of Markdown, the soft line end of quoted-printable."""

_BOLD = re.compile(r"(?<![*0-9A-Za-z-])\*\*([0-9A-Za-z가-힣+(][^*\n\x00]{0,98})\*\*(?![*0-9-])")
"""Emphasis of Markdown round whole values; stars that mask digits stand beside them on one side alone, or within."""

_CODED = {"%40": "@", "\\u0040": "@", "%2d": "-", "%20": " ", "%2e": ".", "\\u002d": "-", "\\u0020": " ", "\\u002e": ".",
          "<br>": "\n", "<br/>": "\n", "<br />": "\n"}  # fmt: skip
_CODING = r"(?<=[0-9A-Za-z-])(?:%2[dD0eE]|%40|\\u0040|\\u002[dDeE]|\\u0020|<br ?/?>)(?=[0-9A-Za-z-])"
"""Separators in the codes of URLs, JSON and HTML."""

_REFERENCE = re.compile(rf"&(?:#([0-9]{{1,7}})|#[xX]([0-9A-Fa-f]{{1,6}})|({'|'.join(_REFERENCES)}));")


class Segment(NamedTuple):
    """Characters of a shadow and what they stand for; of the same length where each stands for one, else all for all."""

    start: int
    end: int
    original_start: int
    original_end: int


@dataclass(frozen=True, slots=True)
class Shadow:
    """What recognizers read; `segments` cover `text` in order, or are None where every position is its own."""

    text: str = field(repr=False)
    segments: tuple[Segment, ...] | None = field(repr=False)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that `start` to `end` (half open, not empty) of the shadow stands for."""
        if self.segments is None:
            return start, end
        first = self._segment(start)
        last = self._segment(end - 1)
        low = first.original_start + (start - first.start if _one_to_one(first) else 0)
        high = last.original_start + end - last.start if _one_to_one(last) else last.original_end
        return low, high

    def _segment(self, position: int) -> Segment:
        segments = self.segments or ()
        return segments[bisect.bisect_right(segments, position, key=lambda segment: segment.start) - 1]


class Builder:
    """Puts a shadow together from left to right."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.segments: list[Segment] = []
        self.length = 0

    def add(self, piece: str, original_start: int, original_end: int) -> None:
        """Appends `piece`, which stands for those characters of the original; empty pieces say nothing."""
        if not piece:
            return
        start, self.length = self.length, self.length + len(piece)
        self.pieces.append(piece)
        if self.segments:
            last = self.segments[-1]
            one_to_one = len(piece) == original_end - original_start and _one_to_one(last)
            if one_to_one and last.original_end == original_start:
                self.segments[-1] = last._replace(end=self.length, original_end=original_end)
                return
        self.segments.append(Segment(start, self.length, original_start, original_end))

    def shadow(self) -> Shadow:
        """What was put together."""
        return Shadow("".join(self.pieces), tuple(self.segments))


def legible(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which nothing can encode as UTF-8; positions stay."""
    return _HALVES.sub("\ufffd", text)


def normalize(text: str, entity_types: Iterable[str] = (), blanks: Iterable[tuple[int, int]] = ()) -> Shadow:
    """The shadow of `text`; tags of `entity_types` are blanked, and so are the `blanks` (start, end)."""
    text = text.replace(BLANK, "\x01").replace("\x0b", "\n").replace("\x0c", "\n")
    text = _blanked(text, blanks)
    kinds = tuple(sorted(entity_types))
    if kinds and "<" in text:
        text = tags(kinds).sub(lambda match: BLANK * len(match[0]), text)
    text = text.replace("_", "-")
    if "**" in text:
        text = _BOLD.sub(lambda match: f"  {match[1]}  ", text)
    tables = _tables()
    if not text.isascii():
        text = tables.alike.sub(lambda match: tables.plain[match[0]], text)
        text = tables.enclosed_run.sub(_enclosed, text)
    if tables.changing.search(text) is None:
        return Shadow(text, None)
    builder = Builder()
    done = 0
    for match in tables.changing.finditer(text):
        piece = _changed(match)
        if piece is None:
            continue
        builder.add(text[done : match.start()], done, match.start())
        builder.add(piece, match.start(), match.end())
        done = match.end()
    builder.add(text[done:], done, len(text))
    return builder.shadow()


def _blanked(text: str, blanks: Iterable[tuple[int, int]]) -> str:
    pieces, done = [], 0
    for start, end in sorted(blanks):
        if end > done:
            pieces += [text[done : max(start, done)], BLANK * (end - max(start, done))]
            done = end
    return "".join(pieces) + text[done:] if pieces else text


@cache
def tags(entity_types: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a tag such as `<PERSON_1>`, `<PERSON>` or `<PERSON_abcdefghijkl>`; group 1 is the type, group 2 what follows."""
    return re.compile(rf"<({'|'.join(map(re.escape, entity_types))})(?:_({_NUMBER}|[a-z]{{{PSEUDONYM_LETTERS}}}))?>")


@cache
def numbered_tags(entity_types: tuple[str, ...]) -> re.Pattern[str]:
    """Matches a tag such as `<PERSON_1>`; group 1 is the entity type, group 2 the number."""
    return re.compile(rf"<({'|'.join(map(re.escape, entity_types))})_({_NUMBER})>")


def _one_to_one(segment: Segment) -> bool:
    return segment.end - segment.start == segment.original_end - segment.original_start


def _enclosed(match: re.Match[str]) -> str:
    """A run of circled or superscript digits, others and separators: a number, or left as it is.

    One or two behind a digit are a footnote where they are superscript, and a number's digits where they are circled; one
    before a digit is a paragraph, unless more follow.
    """
    run, text, end = match[0], match.string, match.end()
    plain = _tables().enclosed
    count = sum(character in plain for character in run)
    digits = count + sum("0" <= character <= "9" for character in run)
    behind = text[match.start() - 1 : match.start()].isdigit()
    footnote = behind and "SUPER" in unicodedata.name(run[0], "SUPER")
    alone = 3 <= len(run) <= CODE and text[end : end + 2].lstrip(" ")[:1] not in set("-.0123456789")
    more = bool(plain.keys() & set(text[end : end + AHEAD]))
    few = digits == len(run) and not footnote and (behind or count == 2 or more or alone or digits > CODE)
    between = behind and run[1:2].isdigit()
    many = count >= ENCLOSED_RUN - behind and count * 5 >= digits * 2 and not footnote
    if not (few or between or many or (count >= ENCLOSED_RUN and count * 5 >= digits * 2)):
        return run
    return "".join(plain.get(character, character) for character in run)


def _changed(match: re.Match[str]) -> str | None:
    """What a stretch becomes where its length changes; None where it stays."""
    found = match[0]
    if match["blank"]:
        return BLANK * PLACE
    if match["reference"]:
        return _reference(found)
    if match["coded"]:
        return _CODED[found.lower()]
    if match["jamo"] or match["accented"]:
        return unicodedata.normalize("NFC", found)
    return match["marked"] or match["struck"] or ""


def _reference(found: str) -> str | None:
    """The plain character that a reference names, or None where it is none that an identifier holds."""
    match = _REFERENCE.fullmatch(found)
    if match is None:
        return None
    if match[3]:
        return _REFERENCES[match[3]]
    code = int(match[1]) if match[1] else int(match[2], 16)
    if code > sys.maxunicode:
        return None
    tables = _tables()
    character = tables.plain.get(chr(code), tables.enclosed.get(chr(code), chr(code)))
    if character in tables.hidden:
        return ""
    return character if character.isascii() and (character.isalnum() or character in " -.:/@+()") else None


class _Tables(NamedTuple):
    plain: dict[str, str]
    """One character to one, everywhere."""
    enclosed: dict[str, str]
    """Circled, superscript and the like digits, to one digit each; only in runs."""
    hidden: frozenset[str]
    alike: re.Pattern[str]
    enclosed_run: re.Pattern[str]
    changing: re.Pattern[str]


@cache
def _tables() -> _Tables:
    plain = dict.fromkeys(DASHES, "-") | dict.fromkeys(BLANKS, " ") | dict.fromkeys(DOTS, "·") | dict.fromkeys(LINES, "\n")
    plain |= LETTERS
    enclosed: dict[str, str] = {}
    hidden = set(CONTROLS)
    marks: set[str] = set()
    for code in range(0x80, sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if character in plain or category in {"Lo", "Lm", "Cn", "Co", "Cs"}:
            continue
        if category == "Nd":
            plain[character] = str(unicodedata.decimal(character))
        elif unicodedata.digit(character, None) is not None:
            enclosed[character] = str(unicodedata.digit(character))
        elif category == "Pd":
            plain[character] = "-"
        elif category == "Zs":
            plain[character] = " "
        elif category == "Cf" or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or code == 0x034F:
            hidden.add(character)
        elif category in {"Mn", "Me"}:
            marks.add(character)
        else:
            compatible = unicodedata.normalize("NFKC", character)
            if len(compatible) == 1 and "!" <= compatible <= "~":
                plain[character] = compatible
    between = r"[ \-./·()]{0,3}"
    one = _any_of(enclosed)
    return _Tables(
        plain,
        enclosed,
        frozenset(hidden),
        re.compile(_any_of(plain)),
        re.compile(f"{one}(?:{between}(?:{one}|[0-9]))*"),
        re.compile(
            f"(?P<reference>{_REFERENCE.pattern})|(?P<coded>{_CODING})|{_MARKUP}|(?P<jamo>[\u1100-\u11ff]{{2,}})"
            "|(?P<struck>[A-Za-z가-힣])[\u0332-\u0338\u20d0-\u20e0]+|(?P<accented>[A-Za-z][\u0300-\u036f]{1,4})"
            f"|(?P<marked>[0-9 ./-]){_any_of(hidden | marks)}+|{_any_of(hidden)}+|(?P<blank>{BLANK}+)"
        ),
    )


def _any_of(characters: Iterable[str]) -> str:
    """A character class of them, as ranges."""
    ranges: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges) + "]"
