"""A rule: a pattern, a validator, context words and a score; and how rules run over a text in linear time.

A pattern runs under a time-out (`regex` raises TimeoutError, which nobody here swallows), and only inside the windows
of its gate: digits close together, an `@`, an address of colons, a long run of letters and digits. A window is found by
`re` in one pass, reaches further than any finding of its rules, and is a function of the text alone.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import regex

FLAGS = regex.DOTALL | regex.MULTILINE | regex.IGNORECASE | regex.ASCII
"""ASCII: `\\b` ends before a Korean particle, and `\\d` and `\\w` mean what the validators can read."""

CONTEXT_BEFORE, CONTEXT_AFTER = 48, 16
"""How far from a finding its context may stand, in characters."""

CONTEXT_BOOST, CONTEXT_FLOOR = 0.35, 0.4
"""What context adds to a score, and the least it then is (the constants of Presidio's context enhancer)."""

MARGIN = 48
"""How far a window reaches beyond what opened its gate, in characters."""

GATES: dict[str, re.Pattern[str]] = {
    "digits": re.compile(r"[0-9](?:[^0-9\n\x00,;:&<>=%$#\"]{0,3}[0-9]){5}"),
    "address": re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]|:[0-9A-Fa-f]{0,4}:"),
    "at": re.compile("@"),
    "birth": re.compile(r"[Bb]irth|BIRTH|[Bb]orn|BORN|생년|출생|생일|[Dd]\.?[Oo]\.?[Bb]"),
    "run": re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{26}"),
}
REACH = {"at": (64, 254)}
"""Where a window reaches further than `MARGIN`, before and after: an address's two parts (RFC 5321, 4.5.3.1)."""

Check = Callable[[str], bool | None]
"""Says of a matched value: True certain, False not one, None cannot say."""


class Hit(NamedTuple):
    """A finding in the shadow; the only value here that crosses modules, and it holds no text."""

    start: int
    end: int
    entity_type: str
    score: float
    recognizer: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern and what decides about its matches; `group` is the part of a match that is the value."""

    name: str
    entity_type: str
    pattern: str
    score: float
    gate: str = "digits"
    check: Check | None = None
    context: str | None = None
    needs_context: bool = False
    group: int = 0
    shorten: bool = False
    """Where the whole match fails the check, try up to each space or dash in it (an IBAN with other words after it)."""
    flags: int = FLAGS


class Compiled(NamedTuple):
    """A rule ready to run."""

    rule: Rule
    pattern: Any
    context: Any


def compile_rule(rule: Rule) -> Compiled:
    """The rule with its pattern and context compiled."""
    context = regex.compile(rule.context, regex.IGNORECASE) if rule.context else None
    return Compiled(rule, regex.compile(rule.pattern, rule.flags), context)


def run(rules: tuple[Compiled, ...], text: str, timeout_s: float) -> Iterator[Hit]:
    """Every finding of `rules` in `text`, unsorted; raises TimeoutError where a pattern ran past `timeout_s`."""
    opened = {gate: tuple(_windows(gate, text)) for gate in dict.fromkeys(item.rule.gate for item in rules)}
    for item in rules:
        for start, end in opened[item.rule.gate]:
            for match in item.pattern.finditer(text, start, end, timeout=timeout_s):
                hit = _judge(item, match, text, timeout_s)
                if hit is not None:
                    yield hit


def _windows(gate: str, text: str) -> Iterator[tuple[int, int]]:
    before, after = REACH.get(gate, (MARGIN, MARGIN))
    start = end = -1
    for match in GATES[gate].finditer(text):
        low, high = max(0, match.start() - before), min(len(text), match.end() + after)
        if low <= end:
            end = high
        else:
            if start >= 0:
                yield start, end
            start, end = low, high
    if start >= 0:
        yield start, end


def _judge(item: Compiled, match: Any, text: str, timeout_s: float) -> Hit | None:
    rule = item.rule
    start, end = match.span(rule.group)
    score = rule.score
    if rule.check is not None:
        ends = [end]
        if rule.shorten:
            ends += [start + at for at in range(end - start - 1, 0, -1) if text[start + at] in " -"]
        for end in ends:
            verdict = rule.check(text[start:end])
            if verdict is not False:
                break
        else:
            return None
        score = 1.0 if verdict else score
    if item.context is not None and (score < 1.0 or rule.needs_context):
        near = text[max(0, start - CONTEXT_BEFORE) : start] + "\x00" + text[end : end + CONTEXT_AFTER]
        if item.context.search(near, timeout=timeout_s) is not None:
            score = min(1.0, max(score + CONTEXT_BOOST, CONTEXT_FLOOR))
        elif rule.needs_context:
            return None
    return Hit(start, end, rule.entity_type, score, rule.name)
