"""A text as known values are searched in it: letters and digits alone, each in one plain form, and the way back.

`project` drops every space, separator and mark, folds case and width, and takes the accents off Latin letters, so that
`010-1234-5678`, `０１０ 1234 5678` and `01012345678` are one. One character of the projection stands for one of the
text. A control character or the blank of a tag becomes `BARRIER`, which no value holds: nothing is found across it.
"""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BARRIER = "\x01"
OTHER, DIGIT, LETTER, HANGUL = range(4)
"""What a character is for the edges of a hit; the class of the same number."""

_BASES = {"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ı": "i"}
"""Letters with a stroke, which Unicode does not take apart."""

_CODES = 0x110000


class Projection(NamedTuple):
    """The projected text; `codes` are the code points of what was projected, one for each of its characters."""

    text: str
    codes: "NDArray[Any]"

    def __repr__(self) -> str:
        """How long it is; the text never shows."""
        return f"Projection({len(self.text)} of {len(self.codes)} characters)"

    def positions(self) -> "NDArray[np.intp]":
        """Where in the text each character of the projection stands."""
        import numpy as np

        return np.flatnonzero(tables().folded.take(self.codes))


class Tables(NamedTuple):
    """By code point: what it becomes (0: dropped), and its class."""

    folded: "NDArray[np.uint32]"
    classes: "NDArray[np.uint8]"
    lower: bytes
    dropped: bytes
    """The same for ASCII, as `bytes.translate` takes it."""


def project(text: str) -> Projection:
    """The projection of a text, usually the shadow that `govern.normalize` made of it."""
    import numpy as np

    table = tables()
    if text.isascii():
        data = text.encode("ascii")
        return Projection(data.translate(table.lower, table.dropped).decode("ascii"), np.frombuffer(data, np.uint8))
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    folded = table.folded.take(codes)
    return Projection(folded[folded != 0].tobytes().decode("utf-32-le"), codes)


def plain(value: str) -> str:
    """The projection of a short value, barriers left out."""
    return project(value).text.replace(BARRIER, "")


@cache
def tables() -> Tables:
    """What becomes of each code point, by this Python's Unicode data."""
    import numpy as np

    folded = np.zeros(_CODES, np.uint32)
    classes = np.zeros(_CODES, np.uint8)
    for code in range(_CODES):
        character = _folded(chr(code))
        folded[code] = ord(character) if character else 0
        if character.isalnum():
            classes[code] = _class(character)
    ascii_part = bytes(folded[:256].astype(np.uint8))
    dropped = bytes(code for code in range(128) if not folded[code])
    return Tables(folded, classes, ascii_part, dropped)


def _class(character: str) -> int:
    if character.isdigit():
        return DIGIT
    return HANGUL if "가" <= character <= "힣" else LETTER


def _folded(character: str) -> str:
    """The one plain character that it counts as; empty for what is no letter or digit."""
    if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\t\n\r":
        return BARRIER
    compatible = unicodedata.normalize("NFKC", character)
    character = compatible if len(compatible) == 1 else character
    if not character.isalnum():
        return ""
    taken_apart = unicodedata.normalize("NFKD", character)
    if taken_apart[0].isalpha() and ord(taken_apart[0]) < 0x530:  # Latin, Greek and Cyrillic
        character = taken_apart[0]
    character = _BASES.get(character, character)
    folded = character.casefold()
    return folded if len(folded) == 1 else character
