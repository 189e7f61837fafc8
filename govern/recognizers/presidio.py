r"""Presidio's recognizers as a library: their patterns and validators, run by `rule`, with our own context words.

Presidio's own engine is not used: it logs a regex time-out and goes on, its context step is quadratic, and Hangul
counts as a word character at its `\b`. Its mail validator is left out because it looks up suffix lists on the network.
What is off by default there but Korean is in `korean`, written for this project.

Source: presidio-analyzer 2.2.366, `predefined_recognizers`.
"""

import logging
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

from govern.recognizers.english import ACCOUNT_CONTEXT
from govern.recognizers.korean import only_years
from govern.recognizers.rule import Check, Rule


@dataclass(frozen=True, slots=True)
class Chosen:
    """A recognizer class of Presidio and our settings for it."""

    name: str
    gate: str = "digits"
    context: str | None = None
    needs_context: bool = False
    shorten: bool = False
    validator: bool = True
    left_out: tuple[str, ...] = ()
    """Patterns not run, by name."""


CHOSEN = (
    Chosen(
        "CreditCardRecognizer", context=r"\bcards?\b|\bvisa\b|mastercard|\bamex\b|american express|카드|신용|체크카드"
    ),
    Chosen("EmailRecognizer", gate="at", context=r"e-?mail|메일", validator=False),
    Chosen("IbanRecognizer", context=r"\biban\b", shorten=True),
    Chosen("IpRecognizer", gate="address", context=r"\bip(?:v[46])?\b|아이피|접속", left_out=("IPv6_unspecified",)),
    Chosen("UsSsnRecognizer", context=r"social security|\bssns?\b|\bss ?#|사회보장번호"),
    Chosen("UsItinRecognizer", context=r"\bitin\b|taxpayer identification|\btin\b|tax ?id\b"),
    Chosen("UsPassportRecognizer", context=r"passport", needs_context=True),
    Chosen(
        "UsBankRecognizer",
        context=ACCOUNT_CONTEXT,
        needs_context=True,
    ),
    Chosen("UkNinoRecognizer", context=r"national insurance|\bni (?:number|no)\b|\bnino\b"),
    Chosen("CryptoRecognizer", gate="run", context=r"wallet|bitcoin|\bbtc\b|crypto|지갑|비트코인"),
)


def rules() -> tuple[Rule, ...]:
    """The chosen recognizers as rules, in the order of `CHOSEN`."""
    predefined_recognizers = _library()
    made: list[Rule] = []
    for chosen in CHOSEN:
        recognizer = getattr(predefined_recognizers, chosen.name)()
        check = _check(recognizer) if chosen.validator else None
        made.extend(
            Rule(
                name=f"presidio.{chosen.name}",
                entity_type=recognizer.supported_entities[0],
                pattern=_patterns(chosen, pattern.regex),
                score=pattern.score,
                gate=chosen.gate,
                check=check,
                context=chosen.context,
                needs_context=chosen.needs_context,
                shorten=chosen.shorten,
            )
            for pattern in recognizer.patterns
            if pattern.name not in chosen.left_out
        )
    return tuple(made)


def _library() -> ModuleType:
    """Presidio's recognizers, imported without what they do not need.

    Its model engines would load torch and transformers where these are installed (8 s a process), and its HTTP client
    opens a socket on ::1 to look for IPv6.
    """
    unneeded = [name for name in ("torch", "transformers") if name not in sys.modules]
    ipv6, socket.has_ipv6 = socket.has_ipv6, False
    blocked: dict[str, Any] = dict.fromkeys(unneeded)
    sys.modules.update(blocked)  # None: an import of it fails, which Presidio expects
    try:
        loaded = import_module("presidio_analyzer.predefined_recognizers")
    finally:
        socket.has_ipv6 = ipv6
        for name in unneeded:
            del sys.modules[name]
    # A validator of Presidio may log the value that it could not read; its log is silenced as a whole.
    logging.getLogger("presidio-analyzer").disabled = True
    return loaded


def _patterns(chosen: Chosen, pattern: str) -> str:
    """The pattern, kept from starting inside a number that goes on (`1.2.3.4.5`, `ISIN US0378331005`, `-123`)."""
    if chosen.name in (
        "IpRecognizer",
        "UsSsnRecognizer",
        "CreditCardRecognizer",
        "UsItinRecognizer",
        "UsBankRecognizer",
    ):
        return rf"(?<![0-9][.,-]|[$₩€£]|[$₩€£] )(?:{pattern})(?![.,-]?[0-9]|%|(?: ?(?:원|달러|won|usd|krw)))"
    return pattern


def _check(recognizer: Any) -> Check | None:
    validate: Callable[[str], bool | None] = recognizer.validate_result
    invalidate: Callable[[str], bool | None] = recognizer.invalidate_result

    def check(value: str) -> bool | None:
        verdict = validate(value)
        if invalidate(value) or only_years(value) or not any(character.isdigit() for character in value):
            return False
        return verdict

    return check
