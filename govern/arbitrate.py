"""Decides between findings on the same characters: first financial identifiers against personal labels, then overlaps.

A veto: a weak personal finding (not both validated and contextual) that lies inside what finance wrote — a validated
identifier, an amount, a date, a period, an article of law — is dropped and counted. A date never vetoes a date of birth,
and nothing vetoes a name.

Overlaps: validated before contextual (the word right beside before one near) before longer before surer before earlier;
of two that are the same, plain text before a rewritten reading of it. The winner grows over the characters of what it
displaced, so one placeholder stands for both and no rest of either is left. A kept finding never takes a character from a
masked one that goes beyond it, or that is as certain.
"""

import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from govern.recognizers.rule import Hit

NEVER_VETOED = frozenset({"PERSON", "DATE_OF_BIRTH"})
PARSED = frozenset({"AMOUNT", "DATE", "PERIOD", "STATUTE", "FILING"})
"""Kinds that veto by their form alone also where a context word stands near; the others must be validated or contextual."""


HOLD_NAMES = frozenset({"EMAIL_ADDRESS", "URL_CREDENTIAL"})
"""Entity types whose values are often made of a name, which is no finding of its own within them."""

DENIED = "denied"
"""The recognizer of values that a deny list names: they never stay, whatever is kept."""

CELL = 3
"""The reading of a cell under its heading: what finance wrote over two cells vetoes neither."""


class Finding(NamedTuple):
    """A hit in the text's own positions; `reading` is 1 in a rewritten number, 2 where it lost its groups, 3 in a cell."""

    hit: Hit
    reading: int = 0


def veto(findings: Iterable[Finding], financial: Sequence[Hit]) -> tuple[list[Finding], Counter[tuple[str, str]]]:
    """The findings that stand, and how many fell, by entity type and by the kind of financial hit."""
    ordered = sorted(financial, key=lambda hit: (hit.start, hit.end))
    longest = max((hit.end - hit.start for hit in ordered), default=0)
    standing: list[Finding] = []
    fallen: list[tuple[str, str, int, int]] = []
    for finding in findings:
        kind = None if finding.reading == CELL else _vetoed_by(finding.hit, ordered, longest)
        if kind is None:
            standing.append(finding)
        else:
            fallen.append((finding.hit.entity_type, kind, finding.hit.start, finding.hit.end))
    return standing, _counted(fallen)


def _counted(fallen: list[tuple[str, str, int, int]]) -> Counter[tuple[str, str]]:
    """Those that overlap are one: two rules may have found the same number."""
    counts: Counter[tuple[str, str]] = Counter()
    reached: dict[tuple[str, str], int] = {}
    for entity_type, kind, start, end in sorted(fallen):
        key = (entity_type, kind)
        counts[key] += start >= reached.get(key, 0)
        reached[key] = max(end, reached.get(key, 0))
    return counts


def weak(hit: Hit) -> bool:
    """Whether a financial hit may veto it."""
    return not (hit.validated and hit.contextual) and hit.entity_type not in NEVER_VETOED


def _vetoed_by(hit: Hit, financial: list[Hit], longest: int) -> str | None:
    if not weak(hit):
        return None
    place = bisect.bisect_left(financial, hit.end - longest, key=lambda other: other.start)
    while place < len(financial) and financial[place].start <= hit.start:
        other = financial[place]
        place += 1
        if other.end < hit.end:
            continue
        if other.validated or other.contextual or other.entity_type in PARSED or not hit.contextual:
            return other.entity_type
    return None


def choose(findings: Iterable[Finding], kept: frozenset[str]) -> list[Hit]:
    """One finding for each stretch of characters, in order, no two overlapping.

    No character that a masked finding claims is covered by a kept one, but where the kept one alone is both validated and
    contextual and holds the masked one whole: a company's number that could also be read as a person's.
    """
    masked: list[Finding] = []
    left: list[Finding] = []
    for finding in findings:
        (left if _stays(finding.hit, kept) else masked).append(finding)
    standing = _undisputed(left, masked) if left else []
    if standing:
        places = _outermost(finding.hit for finding in standing)
        masked = [finding for finding in masked if not _held(finding.hit, places)]
    denied = _outermost(finding.hit for finding in masked if finding.hit.recognizer == DENIED)
    addresses = _outermost(finding.hit for finding in masked if finding.hit.entity_type in HOLD_NAMES)
    if addresses:
        masked = [each for each in masked if each.hit.entity_type != "PERSON" or not _held(each.hit, addresses)]
    chosen: list[Hit] = []
    for finding in (*sorted(masked, key=_rank), *sorted(standing, key=_rank)):
        hit, reading = finding
        low = bisect.bisect_right(chosen, hit.start, key=lambda other: other.end)
        high = bisect.bisect_left(chosen, hit.end, key=lambda other: other.start)
        if low == high:
            chosen.insert(low, hit)
        elif not reading and not _stays(hit, kept):
            _grow(chosen, low, high, hit)
    return [_denied(hit, denied) for hit in chosen] if denied else chosen


def _denied(hit: Hit, denied: list[tuple[int, int]]) -> Hit:
    """What stands over a denied value is denied with it, so that no allow list lets it stay."""
    place = bisect.bisect_right(denied, hit.start, key=lambda pair: pair[1])
    over = place < len(denied) and denied[place][0] < hit.end
    return hit._replace(recognizer=DENIED) if over else hit


def _rank(finding: Finding) -> tuple[bool, int, int, bool, float, int, int, str, str]:
    """The order in which findings take their characters."""
    hit, reading = finding
    sure = (not hit.validated, -hit.contextual, hit.start - hit.end, reading == 2, -hit.score)
    return (*sure, reading, hit.start, hit.entity_type, hit.recognizer)


def _stays(hit: Hit, kept: frozenset[str]) -> bool:
    return hit.entity_type in kept and hit.recognizer != DENIED


def _certain(hit: Hit) -> bool:
    return bool(hit.validated and hit.contextual)


def _undisputed(left: list[Finding], masked: list[Finding]) -> list[Finding]:
    """The findings to leave that no masked one outweighs."""
    ordered = sorted((finding.hit for finding in masked), key=lambda hit: (hit.start, hit.end))
    longest = max((hit.end - hit.start for hit in ordered), default=0)
    standing = []
    for finding in left:
        hit = finding.hit
        place = bisect.bisect_left(ordered, hit.start - longest, key=lambda other: other.start)
        beside = []
        while place < len(ordered) and ordered[place].start < hit.end:
            if ordered[place].end > hit.start:
                beside.append(ordered[place])
            place += 1
        inside = all(hit.start <= other.start and other.end <= hit.end and not _certain(other) for other in beside)
        if not beside or (_certain(hit) and inside):
            standing.append(finding)
    return standing


def _outermost(hits: Iterable[Hit]) -> list[tuple[int, int]]:
    """The places that lie in no other, by start and so by end."""
    places: list[tuple[int, int]] = []
    for start, end in sorted(((hit.start, hit.end) for hit in hits), key=lambda pair: (pair[0], -pair[1])):
        if not places or end > places[-1][1]:
            places.append((start, end))
    return places


def _held(hit: Hit, places: list[tuple[int, int]]) -> bool:
    """Whether one of the places, none of which lies in another, holds the hit: the last that begins before it."""
    place = bisect.bisect_right(places, hit.start, key=lambda pair: pair[0]) - 1
    return place >= 0 and hit.end <= places[place][1]


def _grow(chosen: list[Hit], low: int, high: int, over: Hit) -> None:
    """Stretches the winners `low` to `high` over all of the characters of the finding that they displaced."""
    chosen[low] = chosen[low]._replace(start=min(chosen[low].start, over.start))
    for place in range(low, high):
        end = chosen[place + 1].start if place + 1 < high else max(chosen[place].end, over.end)
        chosen[place] = chosen[place]._replace(end=end)
