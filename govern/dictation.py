"""Numbers that are dictated turn by turn: which turns hold their parts, and which say a part again.

Where a turn ends with digits, written or spelled, the number goes on in the next turn, or in the speaker's own next one, if
that begins with some. Between them the other may say something without digits (`네`, `go on`, `뒷자리 말씀해 주시겠어요?`) or
read back what was said (`네 010`): that is the same part once more, personal like the first.
"""

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from govern.hidden import ENGLISH, KOREAN
from govern.turns import JOINT, Turns

if TYPE_CHECKING:
    from govern.detect import Span

_SIGNS = {**{sign: str(number) for number, sign in enumerate("０１２３４５６７８９")}, **KOREAN}
_WORDS = {**ENGLISH, "double": "2x", "triple": "3x", "dash": ""}
_SIGN = "0-9" + "".join(_SIGNS)
_WORD = "|".join(_WORDS)
_SAID = r"(?:번?(?:이?요|이[고구]요|[고구]요|입니다|이에요|예요|이고)|에|다시)?[-. ,…]{0,4}\Z"
"""What a part of a dictated number ends with."""

_APART = rf"[{_SIGN}](?:[ ,]{{1,2}}[{_SIGN}]){{2,}}"
_ENDS = re.compile(
    rf"(?:[{_SIGN}]{{2,}}(?:[-–.]{{1,2}}[{_SIGN}])?|{_APART}|\b(?:{_WORD}))[-–. ,…~]{{0,4}}{_SAID}", re.IGNORECASE
)
_BEGINS = re.compile(
    r"[-–. ,…]{0,4}(?:(?:그리고|다음|and|then|음|어|um|uh)[ ,.]+)?"
    rf"(?:(?:[{_SIGN}][-–.]{{1,2}})?[{_SIGN}]{{2,}}|{_APART}|(?:{_WORD})\b)",
    re.IGNORECASE,
)
_TAIL = re.compile(rf"(?<=[{_SIGN}]){_SAID}")
_DIGITS = re.compile(rf"[{_SIGN}]{{2,}}|{_APART}|\b(?:{_WORD})\b", re.IGNORECASE)
_LAST = re.compile(rf"[{_SIGN}]*[0-9０-９]|[{_SIGN}]{{2,}}|{_APART}|\b(?:{_WORD})\b", re.IGNORECASE)
"""The same up to a written digit, behind which `이` is a particle."""

_LETTERS = re.compile(r"[ -]?(?:[A-Z]{1,4}|(?!요)[가-힣])[ .,]*\Z")
"""Of a bank in an IBAN, of a number plate."""

_DICTATED = re.compile(rf"[{_SIGN}]{{2,}}|{_APART}|\b(?:{_WORD})(?:[ ,-]+(?:{_WORD}))+\b", re.IGNORECASE)
"""Digits as they are dictated; one word (`the last four`, `one moment`) is not."""

_EACH = re.compile(rf"[{_SIGN}]|\b(?:{_WORD})\b", re.IGNORECASE)
_ONLY = re.compile(rf"(?:[{_SIGN}]|\b(?:{_WORD})\b|[-–. ,…~])*", re.IGNORECASE)

BETWEEN = 3
"""Turns, at most, between two parts."""

ANSWER, REQUEST = 16, 80
"""Characters of a turn without digits after which a number or a name goes on: the speaker's own, the other's."""

AGAIN = 2
"""Digits at least that are read back."""

REMEMBERED = 64
"""Digits that were said, with which what is read back is compared."""


class Part(NamedTuple):
    """A turn that holds a part of a number, or the stretch of one in which it is read back."""

    start: int
    end: int
    repeats: bool = False


def is_number(span: "Span") -> bool:
    """Whether what is found is a number, which is whole where it is found; a name or an address may go on."""
    return span.entity_type != "PERSON" and not span.entity_type.endswith("_ADDRESS")


def answers(turn: str, most: int = ANSWER) -> bool:
    """Whether a turn is a short answer in which nothing is dictated."""
    return len(turn) <= most and _DICTATED.search(turn) is None


def digits(text: str) -> str:
    """What is dictated in a text, as digits."""
    runs = (match[0] for match in _DIGITS.finditer(text))
    each = (match[0].lower() for run in runs for match in _EACH.finditer(run))
    return "".join(_SIGNS.get(sign, _WORDS.get(sign, sign)) for sign in each)


def nothing_else(turn: str) -> bool:
    """Whether a turn is a part of a number and no more."""
    return _ONLY.fullmatch(without_tail(turn)) is not None


def without_tail(turn: str) -> str:
    """A turn without what a part of a dictated number ends with."""
    bare = turn.rstrip(" ,.…")
    found = _TAIL.search(bare, max(0, len(bare) - 12))
    return bare[: found.start()] if found is not None else bare


class Said:
    """The digits that were dictated so far; of `공이요`, which may be 0 or 02, both readings."""

    def __init__(self, turn: str) -> None:
        self._ways = [""]
        self.add(turn)

    def add(self, turn: str) -> None:
        """Another part of the number."""
        before = self._ways[-1]
        self._ways = [(before + digits(way))[-REMEMBERED:] for way in (turn, without_tail(turn))]

    def again(self, turn: str) -> tuple[int, int] | None:
        """Where a turn says again what was said last, and no other number."""
        ways = [digits(way) for way in (turn, without_tail(turn))]
        if not any(len(way) >= AGAIN and said.endswith(way) for way in ways for said in self._ways):
            return None
        runs = list(_DIGITS.finditer(turn))
        return runs[0].start(), runs[-1].end()


def pieces(text: str, turns: list[tuple[str, int, int]], span: "Span") -> list[Part]:
    """What is part of a finding in each of the turns that it reaches over, without blanks at its edges.

    Args:
        text: the conversation.
        turns: role, start and end of each turn, the first and the last one cut where the finding begins and ends.
        span: what was found; of a number no turn without digits is a part, of a name no short answer of the other.
    """
    speaker, first, _ = turns[0]
    said: Said | None = None
    found: list[Part] = []
    for role, low, high in turns:
        turn = text[low:high]
        repeated = said.again(turn) if said is not None and is_number(span) and role != speaker else None
        if repeated is not None:
            found.append(Part(low + repeated[0], low + repeated[1], repeats=True))
            continue
        between = low > first and high < turns[-1][2]
        other = role != speaker and answers(turn, REQUEST if is_number(span) else ANSWER)
        nothing = is_number(span) and _DIGITS.search(turn) is None
        if not turn.strip() or (between and (other or nothing)):
            continue
        end = _last(turn) if is_number(span) and high < turns[-1][2] else len(turn.rstrip())
        found.append(Part(low + len(turn) - len(turn.lstrip()), low + end))
        if said is None:
            said = Said(turn)
        else:
            said.add(turn)
    return found


def _last(turn: str) -> int:
    """Where a number ends in a turn: `6491이요` has four digits, and `구일이요` may have three."""
    ends = [match.end() for match in _LAST.finditer(turn)]
    return ends[-1] if ends and not _LETTERS.match(turn, ends[-1]) else len(turn.rstrip())


def chains(text: str, turns: Turns) -> Iterator[list[Part]]:
    """The turns that a number goes on over, and those between and after them that read it back; two or more in all."""
    starts = accumulate((length + len(JOINT) for _, length in turns), initial=0)
    said = [(role, start, start + length) for (role, length), start in zip(turns, starts, strict=False)]
    taken = 0
    for first in range(len(said)):
        if first < taken:
            continue
        chain, last = _chain(text, said, first)
        taken = max(taken, last)
        if len(chain) > 1:
            yield chain


def _chain(text: str, said: list[tuple[str, int, int]], first: int) -> tuple[list[Part], int]:
    """The parts of a number that begins in a turn, and the turn of the last of them."""
    chain, last = [Part(*said[first][1:])], first
    spoken = Said(text[slice(*said[first][1:])])
    while True:
        following, again = _following(text, said, last, spoken)
        chain += again
        if following is None:
            return chain, last
        chain.append(Part(*said[following][1:]))
        last = following
        spoken.add(text[slice(*said[last][1:])])


def _following(
    text: str, said: list[tuple[str, int, int]], number: int, spoken: Said
) -> tuple[int | None, list[Part]]:
    """The turn in which the number that ends one goes on, and what is read back before it."""
    speaker, again = said[number][0], []
    ends = _ENDS.search(text, max(said[number][1], said[number][2] - 40), said[number][2]) is not None
    for other in range(number + 1, min(len(said), number + 2 + BETWEEN)):
        role, start, end = said[other]
        repeated = spoken.again(text[start:end]) if role != speaker else None
        if repeated is not None:
            again.append(Part(start + repeated[0], start + repeated[1], repeats=True))
        elif ends and (other == number + 1 or role == speaker) and _BEGINS.match(text, start, end):
            return other, again
        elif not answers(text[start:end], ANSWER if role == speaker else REQUEST):
            break
    return None, again
