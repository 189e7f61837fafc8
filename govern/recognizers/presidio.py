r"""Presidio's recognizers as a library: their patterns and validators, run by `rule`, with context words of our own.

Presidio's own engine is not used: it logs a regex time-out and goes on, its context step is quadratic, and Hangul
counts as a word character at its `\b`. Few of its patterns run by default, since most types have rules of ours; any other
recognizer made of patterns can be switched on by its class name.

Source: presidio-analyzer 2.2.366, `predefined_recognizers`.
"""

import difflib
import logging
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from govern.errors import InputError
from govern.imports import bare
from govern.recognizers.labels import START, STOP
from govern.recognizers.rule import FLAGS, Check, Rule


@dataclass(frozen=True, slots=True)
class Chosen:
    """A recognizer class of Presidio that runs by default, and our settings for it."""

    name: str
    gate: str | re.Pattern[str] = "digits"
    context: str | None = None
    left_out: tuple[str, ...] = ()
    """Patterns not run, by name."""
    guarded: bool = False
    """Whether it must not start or end inside a longer number."""


CHOSEN = (
    Chosen(
        "UsItinRecognizer",
        context=r"(?a)\bitins?\b|taxpayer ident|\btins?\b|tax ?(?:payer)? ?id\b|tax identification|납세자 ?(?:식별)? ?번호"
        r"|social security|\bssn\b",
        guarded=True,
    ),
    Chosen("UkNinoRecognizer", context=r"(?a)national insurance|\bni ?(?:number|no|#)|\bnino\b|국민 ?보험 ?번호"),
    Chosen("CryptoRecognizer", gate="run", context=r"(?a)wallet|bitcoin|\bbtc\b|crypto|지갑|비트코인"),
)
EVERYWHERE = re.compile(r"\A")
"""The gate of a recognizer that a policy switches on: what its patterns need is not known, so the whole text is read."""

WHOLE_TEXT = (0, sys.maxsize)
LOOKS_UP = frozenset({"EmailRecognizer"})
"""Recognizers whose validator asks the network for a list of domains; they run without it."""

NO_CONTEXT = re.compile(r"\W*")


def rules(extra: tuple[str, ...] = ()) -> tuple[Rule, ...]:
    """The chosen recognizers as rules, in the order of `CHOSEN`, and then those that `extra` names.

    Raises:
        InputError: a name of `extra` is no recognizer that can be switched on; close names are told.
    """
    chosen = [rule for settings in CHOSEN for rule in _chosen(settings)]
    return (*chosen, *(rule for name in dict.fromkeys(extra) for rule in _switched_on(name)))


def available() -> tuple[str, ...]:
    """The names of Presidio's recognizers that are made of patterns and need no network and no model, sorted."""
    return tuple(sorted(_recognizers()))


def entity_types_of(names: Iterable[str]) -> tuple[str, ...]:
    """The entity types that the named recognizers find, in their order, each once.

    Raises:
        InputError: as in `rules`.
    """
    return tuple(dict.fromkeys(kind for name in names for kind in _recognizer(name).supported_entities))


def _chosen(settings: Chosen) -> Iterable[Rule]:
    recognizer = _recognizer(settings.name)
    for pattern in recognizer.patterns:
        if pattern.name not in settings.left_out:
            yield Rule(
                name=f"presidio.{settings.name}",
                entity_type=recognizer.supported_entities[0],
                pattern=f"{START}(?:{pattern.regex}){STOP}" if settings.guarded else pattern.regex,
                score=pattern.score,
                gate=settings.gate,
                check=_check(recognizer),
                context=settings.context,
            )


def _switched_on(name: str) -> Iterable[Rule]:
    recognizer = _recognizer(name)
    words = [re.escape(word.strip()) for word in recognizer.context or () if not NO_CONTEXT.fullmatch(word)]
    for pattern in recognizer.patterns:
        yield Rule(
            name=f"presidio.{name}",
            entity_type=recognizer.supported_entities[0],
            pattern=pattern.regex,
            score=pattern.score,
            gate=EVERYWHERE,
            reach=WHOLE_TEXT,
            check=None if name in LOOKS_UP else _check(recognizer),
            context=rf"(?a)(?<![0-9A-Za-z])(?:{'|'.join(words)})" if words else None,
            flags=FLAGS,
        )


def _recognizer(name: str) -> Any:
    known = _recognizers()
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    told = f"did you mean {' or '.join(close)}?" if close else "its name ends in 'Recognizer', such as UsNpiRecognizer"
    raise InputError(f"'{name}' is no recognizer of Presidio that is made of patterns; {told}")


@cache
def _recognizers() -> dict[str, Any]:
    """Every recognizer of Presidio that is made of patterns, by class name."""
    library = _library()
    base = import_module("presidio_analyzer").PatternRecognizer
    made: dict[str, Any] = {}
    for name in dir(library):
        candidate = getattr(library, name)
        if isinstance(candidate, type) and issubclass(candidate, base):
            try:
                recognizer: Any = candidate()
            except (ImportError, TypeError, ValueError):
                continue  # needs a package, a model or settings
            if recognizer.patterns:
                made[name] = recognizer
    return made


@cache
def _library() -> ModuleType:
    """Presidio's recognizers, imported without what they do not need."""
    with bare():
        loaded = import_module("presidio_analyzer.predefined_recognizers")
    # A validator of Presidio may log the value that it could not read; its log is silenced as a whole.
    logging.getLogger("presidio-analyzer").disabled = True
    return loaded


def _check(recognizer: Any) -> Check:
    validate: Callable[[str], bool | None] = recognizer.validate_result
    invalidate: Callable[[str], bool | None] = recognizer.invalidate_result

    def check(value: str) -> bool | None:
        try:
            return False if invalidate(value) else validate(value)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return None  # a validator that cannot read a value says nothing about it

    return check
