"""A rule: a pattern, a validator, context words and a score; and how rules run over a text in linear time.

A pattern runs under a time-out (`regex` raises TimeoutError, which nobody here swallows), and only inside the windows
of its gate: digits close together, an `@`, an address of colons, a long run of letters and digits. A window (`gates`)
reaches further than any finding of its rules, and is a function of the text alone.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import regex

from govern.recognizers.gates import Gate, Gates

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
    """A finding in the shadow; the only value here that crosses modules, and it holds no text.

    `validated`: a checksum or a closed format proved it. `contextual`: 1 where a word near it says what it is, 2 where the
    word stands right beside it, in the rule's own pattern, else 0.
    """

    start: int
    end: int
    entity_type: str
    score: float
    recognizer: str
    validated: bool = False
    contextual: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern and what decides about its matches; `group` is the part of a match that is the value."""

    name: str
    entity_type: str
    pattern: str
    score: float
    gate: str | re.Pattern[str] = "digits"
    """A key of `GATES`, or a module's own pattern for `re`; the rule runs only near its matches."""
    reach: tuple[int, int] | None = None
    """How far the window reaches before and after a match of the gate; None is `REACH`'s or `MARGIN`."""
    check: Check | None = None
    context: str | None = None
    needs_context: bool = False
    before: int = CONTEXT_BEFORE
    after: int = CONTEXT_AFTER
    """How far from the value its context may stand, in characters."""
    contextual: bool = False
    """The pattern itself holds the word that says what the value is."""
    language: str | None = None
    """`en` or `ko` where the rule makes sense in one language alone; a number is a number in both."""
    group: int = 0
    checked: int | None = None
    """The part of a match that the check reads, where that is more than the value."""
    flags: int = FLAGS


class Compiled(NamedTuple):
    """A rule ready to run."""

    rule: Rule
    pattern: Any
    context: Any


def compile_rule(rule: Rule) -> Compiled:
    """The rule with its pattern and context compiled."""
    context = regex.compile(rule.context, regex.IGNORECASE | regex.ASCII) if rule.context else None
    return Compiled(rule, regex.compile(rule.pattern, rule.flags), context)


class Rules:
    """Rules ready to run together, and their gates."""

    def __init__(self, rules: Iterable[Compiled]) -> None:
        self.items = tuple(rules)
        self.openings = tuple(map(opening, self.items))
        self.gates = Gates(self.openings)


def run(rules: Rules, text: str, timeout_s: float) -> Iterator[Hit]:
    """Every finding of `rules` in `text`, unsorted; raises TimeoutError where a pattern ran past `timeout_s`."""
    opened = rules.gates.windows(text)
    for item, gate in zip(rules.items, rules.openings, strict=True):
        for start, end in opened[gate]:
            for match in item.pattern.finditer(text, start, end, timeout=timeout_s):
                hit = judge(item, match, text)
                if hit is not None:
                    yield hit


def opening(item: Compiled) -> Gate:
    """The gate of a rule."""
    gate, reach = item.rule.gate, item.rule.reach
    if isinstance(gate, str):
        return Gate(GATES[gate], *(reach or REACH.get(gate, (MARGIN, MARGIN))))
    return Gate(gate, *(reach or (MARGIN, MARGIN)))


def judge(item: Compiled, match: Any, text: str) -> Hit | None:
    """What a match is, if anything. A context that must be there is looked for first: most matches have none."""
    rule = item.rule
    start, end = match.span(rule.group)
    near = item.context is not None and rule.needs_context and _near(item, text, start, end)
    if rule.needs_context and not near and item.context is not None:
        return None
    score = rule.score
    validated = False
    if rule.check is not None:
        verdict = rule.check(text[start:end] if rule.checked is None else match[rule.checked])
        if verdict is False:
            return None
        if verdict:
            validated, score = True, 1.0
    contextual = 2 if rule.contextual else 0
    if near or (item.context is not None and _near(item, text, start, end)):
        contextual = contextual or 1
        score = min(1.0, max(score + CONTEXT_BOOST, CONTEXT_FLOOR))
    return Hit(start, end, rule.entity_type, score, rule.name, validated, contextual)


def _near(item: Compiled, text: str, start: int, end: int) -> bool:
    """Whether the context stands near; so few characters need no time-out, which costs more than the search."""
    before, after = item.rule.before, item.rule.after
    near = f"{text[max(0, start - before) : start]}\x00{text[end : end + after]}"
    return item.context.search(near) is not None
