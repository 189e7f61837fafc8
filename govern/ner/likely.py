"""Which persons of the models stand: what they find is judged by lists, and by the rest of the text.

A convolution sees a few words to each side, so it takes companies and places for people where they do what people do. An
English name stands unless a word of it is one that no name holds, it is a company's, or it is a single word that neither a
title, nor a longer name in the text, nor a list of usual names supports. A Korean one stands unless it is a word that statutes
and rulings use all over, or a single syllable with no title behind it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from govern.ner import gate
from govern.ner.gate import Words
from govern.ner.models.persons import Person
from govern.recognizers.english_names import is_company
from govern.recognizers.korean_names import TITLES
from govern.recognizers.words import words as listed

NEVER, USUAL, COMPANIES = "never.bin", "usual.bin", "companies.bin"
"""Files of hashes beside the gate's: words that no name holds, usual names, companies of two words or more."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CAMEL = re.compile(r"[a-z][A-Z]")
_PREFIX = re.compile(r"^(?:Mc|Mac|De|Di|Du|Le|La|Van|O['’]|D['’])(?=[A-Z])")
OF_A_PERSON = (
    "Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Dame|Lord|Lady|President|Chairman|Chairwoman|Chair|Governor|Senator|Judge|Justice|"
    "Secretary|Minister|Premier|Chancellor|Rep|Sen|Gov|Capt|Col|Gen|Rev|Hon"
)
"""Titles before an English name."""

_TITLE = re.compile(rf"\b(?:{OF_A_PERSON})\b\.? {{0,2}}\Z")
_NUMBER = re.compile(r"\d")
_HANGUL = re.compile("[가-힣]+")
_ABBREVIATION = re.compile(r"[A-Za-z.]{2,5}")
_TITLED = re.compile(rf" ?(?:씨|님|모[ (]|모 ?씨|군(?![가-힣])|양(?![가-힣])|{TITLES})")
SHORT = 4
"""A single word in capitals of at most so many letters is an abbreviation."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What is known of words."""

    never: Words = field(repr=False)
    usual: Words = field(repr=False)
    companies: Words = field(repr=False)


def read(folder: Path) -> Lists:
    """The lists in the folder of the English pipeline."""
    return Lists(*(gate.read(folder / name) for name in (NEVER, USUAL, COMPANIES)))


def standing(text: str, persons: Iterable[Person], lists: Lists) -> list[Person]:
    """The persons of the English model that stand, in order."""
    kept = [person for person in persons if _possible(text, person, lists)]
    whole: set[str] = set()
    for start, end, _ in kept:
        words = _words(text[start:end])
        if len(words) > 1:
            whole |= {words[0].casefold(), words[-1].casefold()}
    return [person for person in kept if _supported(text, person, whole, lists)]


def standing_korean(text: str, persons: Iterable[Person], never: Words) -> list[Person]:
    """As `standing`, of the Korean model."""
    return [person for person in persons if _possible_korean(text, person, never)]


def _possible_korean(text: str, person: Person, never: Words) -> bool:
    value = text[person.start : person.end]
    if _NUMBER.search(value) or _ABBREVIATION.fullmatch(value):
        return False
    if _HANGUL.fullmatch(value) is None:
        return True
    if len(value) == 1:
        return value in listed("surnames_ko") and _TITLED.match(text, person.end) is not None
    return value not in never and value not in listed("not_names_ko")


def _words(value: str) -> list[str]:
    return _WORD.findall(value)


def _possible(text: str, person: Person, lists: Lists) -> bool:
    """Whether the words can make up a name."""
    value = text[person.start : person.end]
    words = _words(value)
    if not words or _NUMBER.search(value) or is_company(text, person.start, person.end):
        return False
    if any(len(word) > 1 and word in lists.never for word in words):
        return False
    if any(_CAMEL.search(_PREFIX.sub("", word)) for word in words):
        return False
    return not _company(words, lists)


def _company(words: Sequence[str], lists: Lists) -> bool:
    return len(words) > 1 and " ".join(words) in lists.companies


def _supported(text: str, person: Person, whole: set[str], lists: Lists) -> bool:
    """Whether something beside the model says that a single word is a name; two words need nothing."""
    words = _words(text[person.start : person.end])
    if len(words) > 1:
        return True
    word = words[0]
    if _TITLE.search(text, max(0, person.start - 14), person.start) or word.casefold() in whole:
        return True
    return word in lists.usual and not (word.isupper() and len(word) <= SHORT)
