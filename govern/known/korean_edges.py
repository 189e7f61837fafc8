"""A known Korean name where it stands: after a blank or a label, before a particle or title, its syllables together.

A name of two syllables, one that is an ordinary word, and one whose syllables stand apart count only beside what says that a
person is meant: 님, 씨, a label and its colon; of the first also a title or role.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from govern.known.variants import BESIDE, LISTED, WORD
from govern.recognizers.korean_names import BEFORE, LABELS, PARTICLES, TITLES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOOK = 36
"""How far before a name its label is looked for, in characters."""
RUN = 18
"""How much Hangul may stand right before or behind a name, in syllables; no label, or title with its particles, is longer."""

_SPACED = re.compile(r"[가-힣]{1,2} {1,3}[가-힣]{1,3}|[가-힣](?: {1,3}[가-힣]){1,3}")
_ENDINGS = (
    "하고|조차|마저|마다|말고|밖에|뿐|더러|커녕|인데요|이고요|이거든요|이요|요|이신가요|이신지요|이세요|이셨어요|이십니다|이십니까|입니까|이란|란|"
    "이네요?|네요?|이었다|였다|이었습니다|였습니다|아|본인|이지만|이라서|라서|이라면|라면|이든|이야|이자"
)
"""What may follow a name beside the particles of the rules; too common on other words for a rule without a table."""
_OPENINGS = "고|갑|을|병|정|우리|저는|나는|제가|총"
"""What may stand right before a name beside labels and roles: the late, party A of a contract, our, I am."""
_TAIL = re.compile(rf"(?P<title>(?:(?P<direct>님|씨)|{TITLES})님?)?(?:{PARTICLES}|{_ENDINGS}){{0,2}}")
_APART = re.compile(r"[가-힣](?:[\s|]{0,250}(?:[^\w\s|][\s|]{0,250}){0,4}[가-힣])+")
"""A name that lines, cells or marks part."""
_DIRECT_NEXT = re.compile(r" {0,2}(?:(?:님|씨)(?!앗|름|가격)|고객님|귀하)")
_TITLE_NEXT = re.compile(rf" {{0,2}}(?:(?:님|씨)(?!앗|름|가격)|귀하|(?:{TITLES})(?=님|(?:{PARTICLES})?(?![가-힣])))")
_JOINED = re.compile(rf"(?:{LABELS}|{BEFORE}|{TITLES}|{_OPENINGS}){{1,2}}")
_SIGNS, _BLANKS = ":=|*\"']", " \t\r\n"
_QUOTES = "[*\"'\\]|]{0,3}"
_LABEL = re.compile(rf"(?:{LABELS})(?:\([^()\n\x00]{{0,12}}\))?{_QUOTES}[ \t]?[:=|]{_QUOTES}\s{{0,2}}[\"']?\Z")
_ROLE = re.compile(rf"(?<![가-힣])(?:{BEFORE})[ \t]{{1,3}}\Z")


class Marks(NamedTuple):
    """By code point, of a character beside a Korean name: what may stand there."""

    ends_label: "NDArray[np.bool_]"
    """The last syllable of a label or role, which may stand right before it."""
    begins_tail: "NDArray[np.bool_]"
    """The first syllable of a particle or title, which may stand right behind it."""
    begins_title: "NDArray[np.bool_]"
    begins_direct: "NDArray[np.bool_]"
    """The first syllable of a title, and of the few that follow without a blank."""
    sign: "NDArray[np.bool_]"
    blank: "NDArray[np.bool_]"
    between: "NDArray[np.bool_]"
    """A sign, a blank, either: what may stand between a label and the name."""


@cache
def marks() -> Marks:
    """The marks, from the labels, titles and particles of the Korean rules."""
    titles = [re.sub(r"\(\?<!.\)", "", word)[0] for word in f"{TITLES}|님|씨|귀하".split("|")]
    ends: list[str] = []
    for word in f"{LABELS}|{BEFORE}|{TITLES}|{_OPENINGS}".split("|"):
        letters = [character for character in word if "가" <= character <= "힣"]
        ends += letters[-2:] if word.endswith("?") else letters[-1:]
    particles = [word[0] for word in f"{PARTICLES}|{_ENDINGS}".split("|")]
    return Marks(
        _table(ends),
        _table(particles + titles),
        _table(titles),
        _table("님씨귀고"),
        _table(_SIGNS),
        _table(_BLANKS),
        _table(_SIGNS + _BLANKS),
    )


def _table(characters: Iterable[str]) -> "NDArray[np.bool_]":
    import numpy as np

    table = np.zeros(0x110000, bool)
    table[[ord(character) for character in characters]] = True
    return table


def counts(text: str, start: int, end: int, how: int) -> bool:
    """Whether the name from `start` to `end` counts, by the Hangul beside it and, where `how` asks for it, by what is near.

    A listed name counts also where one of its edges alone is right, or where its syllables are parted in any way.
    """
    value = text[start:end]
    run = _run_before(text, start)
    begins = not run or (len(run) < RUN and _JOINED.fullmatch(run) is not None)
    high = _run_end(text, end)
    tail = _TAIL.fullmatch(text, end, high) if high - end < RUN else None
    if how & LISTED:
        if value.isalnum():
            return begins or tail is not None
        return begins and tail is not None and _APART.fullmatch(value) is not None
    if not begins or tail is None or not (value.isalnum() or _SPACED.fullmatch(value)):
        return False
    if not how & BESIDE:
        return True
    if tail["direct"] or (not tail[0] and _DIRECT_NEXT.match(text, end)):
        return True
    low = max(0, start - LOOK)
    if _LABEL.search(text, low, start) is not None:
        return True
    if how & WORD:
        return False
    titled = not tail[0] and _TITLE_NEXT.match(text, end) is not None
    return titled or _ROLE.search(text, low, start) is not None


def _run_before(text: str, start: int) -> str:
    low = start
    while low > 0 and start - low < RUN and "가" <= text[low - 1] <= "힣":
        low -= 1
    return text[low:start]


def _run_end(text: str, end: int) -> int:
    high = end
    while high < len(text) and high - end < RUN and "가" <= text[high] <= "힣":
        high += 1
    return high
