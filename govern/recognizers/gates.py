"""Where gates open: for most of them in one pass over the text.

`re` tries every branch of a gate at every character, and there are some fifty gates. What a match can begin with is read
from a gate's own pattern as `re` parses it: a few short strings, its heads. The heads of all gates are looked for at once
(daachorse), and a gate is tried only where one of its own stands; one without such heads is searched for as it is. What is
found is what `finditer` finds.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from re import _constants as sre  # type: ignore[attr-defined]  # the tree of a pattern has no public door
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from govern.normalize import legible

LONGEST, SHORTEST = 4, 2
"""Characters of a head. A shorter one stands everywhere, unless it is of Hangul."""

MOST = 300
"""Heads of one gate."""

STRETCH = 1 << 16
"""Characters that are searched at a time, which bounds the memory for a text that is made of heads."""

BEYOND_CASE = {"i": "\u0130\u0131", "k": "\u212a", "s": "\u017f"}
"""What an ASCII letter matches besides its two cases, where case does not count."""

Spans = list[tuple[int, int]]


class Gate(NamedTuple):
    """A pattern, and how far a window reaches before and after its match, in characters."""

    pattern: re.Pattern[str]
    before: int
    after: int


@dataclass(slots=True)
class Opening:
    """The windows of a gate so far: those that overlap are one."""

    gate: Gate
    size: int
    spans: Spans = field(default_factory=list)
    end: int = 0
    """Where the last match ended."""

    def add(self, match: re.Match[str]) -> None:
        """Widens the last window by a match behind it, or begins another."""
        start, self.end = match.span()
        low, high = max(0, start - self.gate.before), min(self.size, self.end + self.gate.after)
        if self.spans and low <= self.spans[-1][1]:
            low = self.spans.pop()[0]
        self.spans.append((low, high))


class Gates:
    """Gates, ready to be opened over texts."""

    def __init__(self, gates: Iterable[Gate]) -> None:
        import daachorse

        self.plain: list[Gate] = []
        self.headed: list[Gate] = []
        owners: dict[str, list[int]] = {}
        for gate in dict.fromkeys(gates):
            found = heads(gate.pattern)
            for head in found:
                owners.setdefault(head, []).append(len(self.headed))
            (self.headed if found else self.plain).append(gate)
        self._owners = list(owners.values())
        self._engine = daachorse.CharwiseDoubleArrayAhoCorasick(list(owners) or ["\0"], daachorse.MATCH_KIND_STANDARD)

    def windows(self, text: str) -> dict[Gate, Spans]:
        """Where the rules of each gate run: from start to end, in order, those that overlap as one."""
        plain = [Opening(gate, len(text)) for gate in self.plain]
        for opening in plain:
            for match in opening.gate.pattern.finditer(text):
                opening.add(match)
        headed = [Opening(gate, len(text)) for gate in self.headed]
        for number, start in self._places(text):
            opening = headed[number]
            if start >= opening.end:
                tried = opening.gate.pattern.match(text, start)
                if tried is not None:
                    opening.add(tried)
        return {opening.gate: opening.spans for opening in (*plain, *headed)}

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """The number of each gate and a place where a head of it stands, in order for each gate."""
        for low in range(0, len(text) if self.headed else 0, STRETCH):
            stretch = legible(text[low : low + STRETCH + LONGEST - 1])
            for start, _, head in sorted(self._engine.find_overlapping(stretch)):
                if start < STRETCH:
                    for number in self._owners[head]:
                        yield number, low + start


def heads(pattern: re.Pattern[str]) -> tuple[str, ...]:
    """Strings of which every match of a pattern begins with one; none where they would be too many, or stand everywhere."""
    found = {head for head, _ in _heads(_parser.parse(pattern.pattern, pattern.flags), pattern.flags)}
    found -= {head for head in found if any(head[:end] in found for end in range(len(head)))}
    usable = len(found) <= MOST and all(len(head) >= (SHORTEST if head.isascii() else 1) for head in found)
    return tuple(sorted(found)) if usable else ()


def _heads(items: Iterable[Any], flags: int) -> set[tuple[str, bool]]:
    """What a sequence may begin with, and whether that is all of it."""
    found = {("", True)}
    for item in items:
        growing = {head for head, whole in found if whole and len(head) < LONGEST}
        if not growing:
            break
        done = {(head, False) for head, whole in found if head not in growing or not whole}
        more = _of_one(item[0], item[1], flags)
        grown = {(head, False) for head in growing}
        if more is not None:
            longer = ((head + tail, whole) for head in growing for tail, whole in more)
            grown = {(head[:LONGEST], whole and len(head) <= LONGEST) for head, whole in longer}
        if len(done | grown) > MOST:
            return {(head, False) for head, _ in found}
        found = done | grown
    return found


def _of_one(kind: Any, of: Any, flags: int) -> set[tuple[str, bool]] | None:
    """The same of one item of a sequence; None where it may be nearly anything."""
    if kind in (sre.ASSERT, sre.ASSERT_NOT, sre.AT):
        return {("", True)}
    if kind in (sre.LITERAL, sre.IN):
        signs = _signs(of if kind is sre.IN else [(kind, of)], flags)
        return None if signs is None else {(sign, True) for sign in signs}
    if kind is sre.BRANCH:
        return set().union(*(_heads(branch, flags) for branch in of[1]))
    if kind is sre.SUBPATTERN:
        return _heads(of[3], (flags | of[1]) & ~of[2])
    if kind is sre.ATOMIC_GROUP:
        return _heads(of, flags)
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, most, repeated = of
        again = _heads(list(repeated) * min(max(least, 1), LONGEST), flags)
        ended = {(head, whole and least <= LONGEST and most <= max(least, 1)) for head, whole in again}
        return ended if least else ended | {("", True)}
    return None


def _signs(items: Iterable[Any], flags: int) -> set[str] | None:
    """The characters of a set; None where they are many."""
    signs: set[str] = set()
    for kind, of in items:
        if kind is sre.LITERAL:
            signs.add(chr(of))
        elif kind is sre.RANGE and of[1] - of[0] < MOST:
            signs.update(map(chr, range(of[0], of[1] + 1)))
        else:
            return None
    if not flags & re.IGNORECASE:
        return signs
    known = all(sign.isascii() or sign.lower() == sign.upper() for sign in signs)
    return {each for sign in signs for each in cases(sign)} if known else None


def cases(sign: str) -> set[str]:
    """What an ASCII character, or one that has no case, matches where case does not count."""
    return {sign.lower(), sign.upper(), *BEYOND_CASE.get(sign.lower(), "")}
