"""Shows how tokenizers cut a text, piece by piece and side by side, for people at a terminal.

In: tokenizers of any family and a text. Out: the pieces of each, in order; a piece is the part of the text that one token
covers. Where several tokens share a character, as bytes of it, they are one piece that says of how many. What cannot be seen
(spaces, line ends, controls, marks of direction) is written so that it can, and so that it does nothing to the terminal.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vocab.coverage.readers import Reader

VISIBLE = {" ": "·", "\n": "⏎", "\r": "␍", "\t": "→"}
"""Stands for a character that is not seen."""
HIDDEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs")
BAR = "│"
COLOURS = ("\x1b[30;46m", "\x1b[30;43m")
"""Black on cyan and black on yellow, in turn: told apart by people who do not tell red from green."""
PLAIN = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, half open in code points, and how many tokens it takes: more than one where these are bytes."""

    start: int
    end: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The pieces of a text by one tokenizer; characters that it has no token for stand in none."""

    name: str
    pieces: tuple[Piece, ...]

    @property
    def tokens(self) -> int:
        """All tokens."""
        return sum(piece.tokens for piece in self.pieces)


def show(readers: "Sequence[Reader]", text: str) -> tuple[Shown, ...]:
    """The pieces of `text` by each of `readers`."""
    return tuple(Shown(reader.name, pieces(reader.offsets([text])[0][0])) for reader in readers)


def lines(shown: Sequence[Shown], text: str, *, colour: bool) -> list[str]:
    """Two lines for each tokenizer: its name with the number of tokens, and the pieces, coloured or with bars between."""
    found = []
    for one in shown:
        found.append(f"{one.name}: {one.tokens:,} tokens, {len(text):,} characters")
        written = [_written(text, piece) for piece in one.pieces]
        if colour:
            found.append("".join(f"{COLOURS[at % 2]}{part}{PLAIN}" for at, part in enumerate(written)))
        else:
            found.append(BAR.join(written))
    return found


def visible(character: str) -> str:
    """What is written for a character: itself, or a sign or its number where it is not seen or acts on what is round it."""
    if character in VISIBLE:
        return VISIBLE[character]
    return f"<{ord(character):04X}>" if unicodedata.category(character) in HIDDEN else character


def pieces(offsets: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    """The spans in order; tokens that overlap the one before them belong to its piece."""
    spans: list[list[int]] = []
    for (start, end), same in groupby(offsets):
        count = sum(1 for _ in same)
        if spans and start < spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], end)
            spans[-1][2] += count
        else:
            spans.append([start, end, count])
    return tuple(Piece(*span) for span in spans)


def _written(text: str, piece: Piece) -> str:
    seen = "".join(map(visible, text[piece.start : piece.end]))
    return seen if piece.tokens == 1 else f"{seen}×{piece.tokens}"
