"""What is spread over the turns of a conversation: a number dictated in parts, a name of which one word comes after the other.

Where one turn ends with digits, written or spelled, and the next turn, or the speaker's own next one after short answers,
begins with some, their parts are read as one text beside what was said before. A finding that reaches over a joint counts; the
short answers between (`네`, `okay`) are no part of it. A name is looked for where somebody was asked for one.
"""

import bisect
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from govern.normalize import BLANK, PLACE, Builder, Shadow
from govern.recognizers.english_names import likely, stops
from govern.recognizers.korean_names import plausible
from govern.turns import JOINT, Turns

if TYPE_CHECKING:
    from govern.detect import Detector, Finder, Span

_SIGN = "0-9０-９공영빵령〇零일이삼사오육륙칠팔구一二三四五六七八九"
_WORD = "zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple|dash"
_SAID = r"(?:이?요|이고요|이고|에|다시)?[-. ,…]{0,4}\Z"
"""What a part of a dictated number ends with."""

_ENDS = re.compile(rf"(?:[{_SIGN}]{{2,}}|\b(?:{_WORD}))[-–. ,…~]{{0,4}}{_SAID}", re.IGNORECASE)
_BEGINS = re.compile(
    rf"[-–. ,…]{{0,4}}(?:(?:그리고|다음|and|then|음|어|um|uh)[ ,.]+)?(?:[{_SIGN}]{{2,}}|(?:{_WORD})\b)", re.IGNORECASE
)
_TAIL = re.compile(rf"(?<=[{_SIGN}]){_SAID}")
_ASKED = re.compile("성함|이름|성명|존함|누구(?:신|세|시)|명의|(?i:name|who am i speaking|spell)")
_PART = re.compile(r"\s*([가-힣]{1,2}?|[A-Z][a-z'’-]{1,20})(?:이요|이에요|입니다|이고요|요|이)?[ ,.!]{0,3}")
_BLANKS = re.compile(f"{BLANK}+")
PARTS = "names.turns"
MOST_PARTS = 6
"""Turns after the question in which parts of a name are looked for."""

ANSWERS = 3
"""Short answers, at most, after which a number goes on."""

ANSWER = 16
"""Characters of a turn that is a short answer, if it has no digits: the number goes on after it."""

BEFORE, AFTER = 160, 48
"""How much of the conversation stands round the parts of a number: context words are looked for there."""

_DIGITS = re.compile(rf"[{_SIGN}]{{2,}}|\b(?:{_WORD})\b", re.IGNORECASE)


def answers(turn: str) -> bool:
    """Whether a turn is a short answer in which nothing is dictated."""
    return len(turn) <= ANSWER and _DIGITS.search(turn) is None


def spread(
    detector: "Detector",
    text: str,
    turns: Turns,
    places: tuple[tuple[int, int], ...],
    finders: "tuple[Finder, ...]",
    spans: "tuple[Span, ...]",
) -> "tuple[Span, ...]":
    """`spans` of a joined text and what reaches over its joints, sorted, no two overlapping; `places` are not looked at."""
    spans = tuple(_in_turns(detector, text, turns, places, finders, spans))
    shadow, own = _compact(text, turns, places)
    over: list[tuple[Span, list[tuple[int, int]]]] = []
    for chain in _chains(shadow.text, own):
        over += [(span, chain) for span in _over(detector, shadow.text, chain, finders)]
    if detector.name_rules and "PERSON" in detector.scores:
        over += list(_names(shadow.text, own))
    over = [(span, parts) for span, parts in over if span.entity_type not in detector.kept]
    if not over:
        return spans
    found = list(spans)
    for each, parts in over:
        start, end = shadow.original(each.start, each.end)
        inside = [shadow.original(max(low, each.start), min(high, each.end)) for low, high in parts if low < high]
        inside = [(low, high) for low, high in inside if low < high]
        first = bisect.bisect_right(found, start, key=lambda span: span.end)
        meeting = found[first : bisect.bisect_left(found, end, first, key=lambda span: span.start)]
        whole_in_one = any(span.entity_type == each.entity_type and _within(span, inside) for span in meeting)
        if whole_in_one and _ends_with_its_digits(each):
            continue
        apart = [span for span in meeting if not any(low < span.end and span.start < high for low, high in inside)]
        whole = [replace(each, start=start, end=end)]
        pieces = [replace(each, start=low, end=high) for low, high in inside]
        found[first : first + len(meeting)] = sorted((*apart, *(pieces if apart else whole)), key=lambda span: span.start)
    return tuple(found)


def _in_turns(
    detector: "Detector",
    text: str,
    turns: Turns,
    places: tuple[tuple[int, int], ...],
    finders: "tuple[Finder, ...]",
    spans: "tuple[Span, ...]",
) -> "Iterator[Span]":
    """The spans; of one that reaches over a joint, what is found in its first turn alone, where that is of its type."""
    from govern.detect import search

    starts = list(accumulate((length + len(JOINT) for _, length in turns), initial=0))
    for span in spans:
        number = bisect.bisect_right(starts, span.start) - 1
        low, high = starts[number], starts[number] + turns[number][1]
        if span.end <= high or not _ends_with_its_digits(span):
            yield span
            continue
        inside = tuple((start - low, end - low) for start, end in places if low <= start and end <= high)
        alone = search(detector, text[low:high], blanks=inside, finders=finders).spans
        found = [replace(each, start=each.start + low, end=each.end + low) for each in alone]
        same = [each for each in found if each.entity_type == span.entity_type and each.end > span.start]
        yield from same or (span,)


def _ends_with_its_digits(span: "Span") -> bool:
    """Whether what is found is a number, which is whole where it is found; a name or an address may go on."""
    return span.entity_type != "PERSON" and not span.entity_type.endswith("_ADDRESS")


def _within(span: "Span", stretches: list[tuple[int, int]]) -> bool:
    return any(low <= span.start and span.end <= high for low, high in stretches)


def _compact(text: str, turns: Turns, places: tuple[tuple[int, int], ...]) -> tuple[Shadow, Turns]:
    """The text and its turns with each place as so many blanks, whatever is written there."""
    builder = Builder()
    done = 0
    for start, end in places:
        builder.add(text[done:start], done, start)
        builder.add(BLANK * PLACE, start, end)
        done = end
    builder.add(text[done:], done, len(text))
    lengths: list[tuple[str, int]] = []
    begun, at = 0, 0
    for role, length in turns:
        inside = []
        while at < len(places) and places[at][0] < begun + length:
            inside.append(places[at][1] - places[at][0])
            at += 1
        lengths.append((role, length + PLACE * len(inside) - sum(inside)))
        begun += length + len(JOINT)
    return builder.shadow(), tuple(lengths)


def _chains(text: str, turns: Turns) -> Iterator[list[tuple[int, int]]]:
    """The turns that a number goes on over, two or more each, as start and end."""
    places: list[tuple[int, int]] = []
    start = 0
    for _, length in turns:
        places.append((start, start + length))
        start += length + len(JOINT)
    taken = 0
    for first in range(len(places)):
        if first < taken:
            continue
        chain, last = [places[first]], first
        while True:
            following = _following(text, turns, places, last)
            if following is None:
                break
            chain.append(places[following])
            last = following
        if len(chain) > 1:
            taken = last
            yield chain


def _following(text: str, turns: Turns, places: list[tuple[int, int]], number: int) -> int | None:
    """The turn in which the number that ends one goes on: the next, or the speaker's own after short answers."""
    start, end = places[number]
    if _ENDS.search(text, max(start, end - 40), end) is None:
        return None
    for other in range(number + 1, min(len(places), number + 2 + ANSWERS)):
        low, high = places[other]
        if (other == number + 1 or turns[other][0] == turns[number][0]) and _BEGINS.match(text, low, high):
            return other
        if not answers(text[low:high]):
            return None
    return None


def _names(text: str, turns: Turns) -> "Iterator[tuple[Span, list[tuple[int, int]]]]":
    """Names in parts, each a turn of its own, right after a turn that asks for a name."""
    from govern.detect import TEXT, Span

    said, start = [], 0
    for role, length in turns:
        said.append((role, start, start + length))
        start += length + len(JOINT)
    for number in range(len(said) - 2):
        if _ASKED.search(text, *said[number][1:]) is None:
            continue
        role = said[number + 1][0]
        parts: list[tuple[int, int]] = []
        for other, low, high in said[number + 1 : number + 1 + MOST_PARTS]:
            part = _PART.fullmatch(text, low, high)
            if other == role and part is not None:
                parts.append(part.span(1))
            elif not answers(text[low:high]) or other == role:
                break
        words = [text[low:high] for low, high in parts]
        korean = bool(words) and "가" <= words[0][:1] <= "힣"
        if len(parts) > 1 and (plausible("".join(words), strong=True) if korean else _called(words)):
            yield Span(TEXT, parts[0][0], parts[-1][1], "PERSON", 0.7, PARTS), parts


def _called(words: list[str]) -> bool:
    """Whether words can be a name in English: a known given or family name among them, and none that is another word."""
    return likely(" ".join(words)) and not any(stops(word) for word in words)


def _over(
    detector: "Detector",
    text: str,
    chain: list[tuple[int, int]],
    finders: "tuple[Finder, ...]",
) -> "list[Span]":
    """What reaches over the joints of a chain, by the first way of joining that shows something."""
    from govern.detect import search

    for joint in (" ", ""):
        shadow, edges = _excerpt(text, chain, joint)
        found: list[Span] = []
        blanks = tuple(match.span() for match in _BLANKS.finditer(shadow.text))
        for span in search(detector, shadow.text, blanks=blanks, finders=finders).spans:
            if any(span.start < edge < span.end for edge in edges):
                start, end = shadow.original(span.start, span.end)
                found.append(replace(span, start=start, end=end))
        if found:
            return found
    return []


def _excerpt(text: str, chain: list[tuple[int, int]], joint: str) -> tuple[Shadow, list[int]]:
    """The turns of a chain as one text with what stands round them, and where they meet in it."""
    builder = Builder()
    start, end = chain[0][0], chain[-1][1]
    builder.add(text[max(0, start - BEFORE) : start], max(0, start - BEFORE), start)
    edges: list[int] = []
    for low, high in chain:
        piece = text[low:high] if high == end else _without_tail(text[low:high])
        if edges or low > start:
            builder.add(joint, low, low)
            edges.append(builder.length)
        builder.add(piece, low, low + len(piece))
    builder.add(text[end : end + AFTER], end, min(len(text), end + AFTER))
    return builder.shadow(), edges


def _without_tail(turn: str) -> str:
    """A turn without what a part of a dictated number ends with."""
    bare = turn.rstrip(" ,.…")
    found = _TAIL.search(bare, max(0, len(bare) - 12))
    return bare[: found.start()] if found is not None else bare
