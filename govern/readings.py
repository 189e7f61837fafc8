"""Numbers that are written so that no pattern sees them, rewritten the ordinary way beside what stands round them.

`readings(text)` takes a shadow's text and gives a second one, or None: for each suspicious stretch an excerpt in which
the number is plain. Spelled digits (공일공, hanja, "four one one"), letters for digits (O, l, I), digits apart (`4 1 1 1`),
separators that no format has (`4111/1111`, `990101 . 1234567`), and a line break inside a number. Where a stretch can be
read in several ways there are several excerpts. A finding counts only where it touches what was rewritten.

The rules decide what a reading is: here nothing is validated. Time is linear in the text; excerpts are bounded by the
stretches, which do not overlap within a kind.
"""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from govern.hidden import Kind, Unit, hidden
from govern.normalize import BLANK, Builder, Shadow
from govern.tables import cells, heading_of

BEFORE, AFTER = 64, 48
"""How much of the text stands round an excerpt's number: context words are looked for there."""
GAP = BLANK * 64
"""Between excerpts, so that no rule and no context reaches from one into the next."""


class Core(NamedTuple):
    """Where a rewritten number stands among the excerpts, what hid it, and whether this is its first reading.

    Of a line break nobody knows whether it stands for a separator, so both of its readings are first ones.
    """

    start: int
    end: int
    kind: Kind
    first: bool


@dataclass(frozen=True, slots=True)
class Readings:
    """Excerpts one after the other, and the number of each."""

    shadow: Shadow
    cores: tuple[Core, ...] = field(repr=False)

    def core(self, start: int, end: int) -> Core | None:
        """The rewritten number that `start` to `end` touches, if any."""
        place = bisect.bisect_right(self.cores, start, key=lambda core: core.end)
        if place < len(self.cores) and self.cores[place].start < end:
            return self.cores[place]
        return None


def readings(text: str) -> Readings | None:
    """The suspicious numbers of `text` in ordinary writing, each with its surroundings; None where there are none."""
    builder = Builder()
    cores: list[Core] = []
    for units, kind in hidden(text):
        start, end = units[0].start, units[-1].end
        low, high = max(0, start - BEFORE), min(len(text), end + AFTER)
        for number, way in enumerate(dict.fromkeys(_ways(text, units, kind))):
            builder.add(GAP, low, low)
            builder.add(text[low:start], low, start)
            begun = builder.length
            for piece, first, last in way:
                builder.add(piece, first, last)
            cores.append(Core(begun, builder.length, kind, kind == "lines" or number == 0))
            builder.add(text[end:high], end, high)
    for cell in cells(text):
        builder.add(GAP, cell.value[0], cell.value[0])
        builder.add(f"{heading_of(text[slice(*cell.heading)])}: ", *cell.heading)
        begun = builder.length
        builder.add(text[slice(*cell.value)], *cell.value)
        cores.append(Core(begun, builder.length, "cells", first=True))
    return Readings(builder.shadow(), tuple(cores)) if cores else None


def plainly(number: str) -> str:
    """The one number that `number` is, in its first reading; `number` itself where nothing hides it."""
    found = readings(number)
    if found is None:
        return number
    start, end, _, _ = found.cores[0]
    first, last = found.shadow.original(start, end)
    return number[:first] + found.shadow.text[start:end] + number[last:]


Way = tuple[tuple[str, int, int], ...]
"""A number as pieces, each with the characters it stands for."""


def _ways(text: str, units: tuple[Unit, ...], kind: Kind) -> Iterator[Way]:
    """The readings of a stretch: the commonest separator dropped, or all, or each made a dash; lines joined."""
    gaps = [text[one.end : other.start] for one, other in pairwise(units)]
    marks = [_mark(gap) for gap in gaps]
    if kind == "lines":
        others = [mark for gap, mark in zip(gaps, marks, strict=True) if "\n" not in gap]
        fill = max(dict.fromkeys(others), key=others.count) if others else "-"
        broken = [mark if "\n" not in gap else mark.strip() for gap, mark in zip(gaps, marks, strict=True)]
        yield _joined(units, broken)
        yield _joined(units, [mark or fill for mark in broken])
    elif kind != "marks":
        commonest = max(dict.fromkeys(gaps), key=gaps.count)
        yield _joined(
            units, ["" if gap == commonest else mark.strip() or "-" for gap, mark in zip(gaps, marks, strict=True)]
        )
        yield _joined(units, [""] * len(gaps))
    else:
        yield _joined(units, ["-"] * len(gaps))


def _joined(units: tuple[Unit, ...], gaps: list[str]) -> Way:
    pieces: list[tuple[str, int, int]] = []
    for place, unit in enumerate(units):
        pieces.append((unit.digits, unit.start, unit.end))
        if place < len(gaps) and gaps[place]:
            pieces.append((gaps[place], unit.end, units[place + 1].start))
    return tuple(pieces)


def _mark(gap: str) -> str:
    """What a separator says: a dot or colon stays, other marks are a dash, spaces one space."""
    marks = gap.strip()
    if marks in {"", ".", ":"}:
        return marks or gap[:1].replace("\n", " ").replace("\r", " ")
    return "-"
