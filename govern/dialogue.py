"""What is spread over the turns of a conversation: a number dictated in parts, a name of which one word comes after the other.

The parts of a dictated number are read as one text beside what was said before, and a finding that reaches over a joint
counts; what is read back of it belongs to it, and what else is said between (`네`, `okay`) does not. A name is looked for where
somebody was asked for one.
"""

import bisect
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from govern.dictation import Part, answers, chains, digits, is_number, nothing_else, without_tail
from govern.normalize import BLANK, PLACE, Builder, Shadow
from govern.recognizers.english_names import likely, stops
from govern.recognizers.korean_names import plausible
from govern.turns import JOINT, Turns

if TYPE_CHECKING:
    from govern.detect import Detector, Finder, Span

_ASKED = re.compile("성함|이름|성명|존함|누구(?:신|세|시)|명의|(?i:name|who am i speaking|spell)")
_PART = re.compile(r"\s*([가-힣]{1,2}?|[A-Z][a-z'’-]{1,20})(?:이요|이에요|입니다|이고요|요|이)?[ ,.!]{0,3}")
_BLANKS = re.compile(f"{BLANK}+")
PARTS = "names.turns"
MOST_PARTS = 6
"""Turns after the question in which parts of a name are looked for."""

BEFORE, AFTER = 160, 48
"""How much of the conversation stands round the parts of a number: context words are looked for there."""

AGAIN, WHOLE = 4, 7
"""Digits at least of what is read back of a number that was said in one turn, and of that number."""


class Reaching(NamedTuple):
    """A finding that reaches over several turns, and the stretches of them that belong to it."""

    span: "Span"
    inside: list[tuple[int, int]]
    whole: str = ""
    """A number as its parts give it; none where it stands whole in one turn."""
    dictated: bool = True
    """Whether nothing else is said in its later turns."""


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
    over: list[Reaching] = []
    for chain in chains(shadow.text, own):
        if all(part.repeats for part in chain[1:]):
            over += _said_again(text, spans, [shadow.original(part.start, part.end) for part in chain])
        else:
            over += _over(detector, shadow, chain, finders)
    if detector.name_rules and "PERSON" in detector.scores:
        over += _names(shadow, own)
    found = list(spans)
    for each in over:
        if each.span.entity_type in detector.kept:
            continue
        start, end = each.span.start, each.span.end
        first = bisect.bisect_right(found, start, key=lambda span: span.end)
        meeting = found[first : bisect.bisect_left(found, end, first, key=lambda span: span.start)]
        same = [span for span in meeting if span.entity_type == each.span.entity_type and _within(span, each.inside)]
        if each.whole and is_number(each.span) and not all(_part_of(detector, text[s.start : s.end], each) for s in same):
            continue
        apart = [span for span in meeting if not any(low < span.end and span.start < high for low, high in each.inside)]
        pieces = [replace(each.span, start=low, end=high) for low, high in each.inside]
        found[first : first + len(meeting)] = sorted((*apart, *(pieces if apart else [each.span])), key=lambda span: span.start)
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
        if span.end <= high or not is_number(span):
            yield span
            continue
        inside = tuple((start - low, end - low) for start, end in places if low <= start and end <= high)
        alone = search(detector, text[low:high], blanks=inside, finders=finders).spans
        found = [replace(each, start=each.start + low, end=each.end + low) for each in alone]
        same = [each for each in found if each.entity_type == span.entity_type and each.end > span.start]
        yield from same or (span,)


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


def _names(shadow: Shadow, turns: Turns) -> Iterator[Reaching]:
    """Names in parts, each a turn of its own, right after a turn that asks for a name."""
    from govern.detect import TEXT, Span

    text, said, start = shadow.text, [], 0
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
            inside = [shadow.original(*part) for part in parts]
            yield Reaching(Span(TEXT, inside[0][0], inside[-1][1], "PERSON", 0.7, PARTS), inside)


def _called(words: list[str]) -> bool:
    """Whether words can be a name in English: a known given or family name among them, and none that is another word."""
    return likely(" ".join(words)) and not any(stops(word) for word in words)


def _over(
    detector: "Detector",
    shadow: Shadow,
    chain: list[Part],
    finders: "tuple[Finder, ...]",
) -> list[Reaching]:
    """What reaches over the joints of a chain, by the first way of joining that shows something."""
    from govern.detect import search

    parts = [(part.start, part.end) for part in chain if not part.repeats]
    for joint in (" ", ""):
        joined, edges = _excerpt(shadow.text, parts, joint)
        blanks = tuple(match.span() for match in _BLANKS.finditer(joined.text))
        over = [
            _reaching(shadow, chain, span, joined)
            for span in search(detector, joined.text, blanks=blanks, finders=finders).spans
            if any(span.start < edge < span.end for edge in edges)
        ]
        if over:
            return over
    return []


def _reaching(shadow: Shadow, chain: list[Part], span: "Span", joined: Shadow) -> Reaching:
    """A span of the joined parts of a chain where it stands in the conversation, to the end of what is read back of it."""
    start, end = joined.original(span.start, span.end)
    last = max(number for number, part in enumerate(chain) if not part.repeats and part.start < end)
    for part in chain[last + 1 :]:
        if not part.repeats:
            break
        end = part.end
    inside = [(max(part.start, start), min(part.end, end)) for part in chain]
    later = [shadow.text[part.start : part.end] for part in chain if not part.repeats and start < part.start < end]
    return Reaching(
        replace(span, start=shadow.original(start, end)[0], end=shadow.original(start, end)[1]),
        [shadow.original(low, high) for low, high in inside if low < high],
        joined.text[span.start : span.end],
        all(map(nothing_else, later)),
    )


def _said_again(text: str, spans: "tuple[Span, ...]", turn: list[tuple[int, int]]) -> list[Reaching]:
    """The number with which a turn ends, to the end of what is read back of it."""
    (start, end), *again = turn
    at = bisect.bisect_right(spans, end, key=lambda span: span.end) - 1
    if at < 0 or spans[at].start < start or not is_number(spans[at]) or digits(text[spans[at].end : end]):
        return []
    span = spans[at]
    again = [place for place in again if len(digits(text[slice(*place)])) >= AGAIN]
    if not again or len(digits(text[span.start : span.end])) < WHOLE:
        return []
    return [Reaching(replace(span, end=again[-1][1]), [(span.start, span.end), *again])]


def _part_of(detector: "Detector", value: str, whole: Reaching) -> bool:
    """Whether what one turn shows is none by its shape alone, and either the whole is, or nothing but the number is said."""
    from govern.detect import find

    def shaped(number: str) -> bool:
        return any(
            span.entity_type == whole.span.entity_type and (span.start, span.end) == (0, len(number))
            for span in find(detector, number)
        )

    return not shaped(value) and (whole.dictated or shaped(whole.whole))


def _excerpt(text: str, chain: list[tuple[int, int]], joint: str) -> tuple[Shadow, list[int]]:
    """The turns of a chain as one text with what stands round them, and where they meet in it."""
    builder = Builder()
    start, end = chain[0][0], chain[-1][1]
    builder.add(text[max(0, start - BEFORE) : start], max(0, start - BEFORE), start)
    edges: list[int] = []
    for low, high in chain:
        piece = text[low:high] if high == end else without_tail(text[low:high])
        if edges or low > start:
            builder.add(joint, low, low)
            edges.append(builder.length)
        builder.add(piece, low, low + len(piece))
    builder.add(text[end : end + AFTER], end, min(len(text), end + AFTER))
    return builder.shadow(), edges
