"""Refuses a term that may be personal data: what recognizers find in it, and what looks like a name.

A term stands without its sentence, so no title or field says that it is a name, and the name model, which reads sentences,
is not asked: it takes one term of a glossary in fourteen for a name. Here doubt refuses. A refusal costs a term
that a person can write by hand, a name in a vocabulary can never be taken back. Terms of the package's own lists are no
names. Nothing here keeps or returns a text.

A line that a person wrote is trusted further: it is refused where a recognizer is sure without any context.
"""

import itertools
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from functools import cache

from govern import detect
from govern.policy import load as load_policy
from govern.recognizers.korean_names import plausible
from govern.recognizers.words import words
from vocab.term_lists import OWN, REPEATED, Entry, load, terms_of

LOWEST_SCORE = 0.3
"""Findings of at least this score refuse a candidate: without context, names by rule score no more."""
SURE_SCORE = 0.5
"""Findings of at least this score refuse a line that a person wrote."""
COMMON_SHARE = 20
"""A word is common where at least one in so many of its occurrences is in lower case; else it is a proper noun."""
ACRONYM = 6
"""Letters of a word that is only ever in capitals, and still no name."""

NAME = 3
"""Syllables of nearly every Korean name."""
LINK = 3
"""Letters of a small word inside a name (`van`, `of`) at most."""


@dataclass(slots=True)
class Casing:
    """How often a word stands in lower case, with a capital first, and otherwise (capitals, `eBay`)."""

    lower: int = 0
    title: int = 0
    other: int = 0

    def add(self, word: str) -> None:
        """Counts `word` as it is written."""
        if word.islower():
            self.lower += 1
        elif word[:1].isupper() and word[1:].islower():
            self.title += 1
        else:
            self.other += 1

    @property
    def proper(self) -> bool:
        """Whether the word hardly ever stands in lower case, and so is no word of the language."""
        return self.lower * COMMON_SHARE < self.lower + self.title + self.other


def personal(term: str, casings: tuple[Casing, ...], nouns: Container[str] = ()) -> bool:
    """Whether `term` may hold personal data.

    Args:
        term: the candidate as it is most often written.
        casings: how each of its words stands in the corpus; empty for a Korean term.
        nouns: the Korean nouns of the corpus.
    """
    if term.casefold() in _known():
        return False
    if _kinds(term, LOWEST_SCORE):
        return True
    return _english(term.split(" "), casings) if casings else _korean(term, nouns)


def screened(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """`entries` of lists; one that may be personal data, or is no term at all, has lost its text and is not to be used."""
    return tuple(map(_screened, entries))


def _screened(entry: Entry) -> Entry:
    if entry.reason and not entry.reason.startswith(REPEATED):
        return replace(entry, term="")  # a number, a sentence: nobody has looked at what it is
    if entry.term.casefold() in _known():
        return entry
    kinds = _kinds(entry.term, LOWEST_SCORE if entry.mined else SURE_SCORE)
    return replace(entry, term="", reason=f"may be personal data ({', '.join(kinds)})") if kinds else entry


def _kinds(term: str, score: float) -> list[str]:
    """The entity types that recognizers find in a term, however it is written."""
    spellings = dict.fromkeys((term, term.title(), term.upper()))
    return sorted({span.entity_type for spelled in spellings for span in detect.find(_detector(score), spelled)})


def _english(parts: list[str], casings: tuple[Casing, ...]) -> bool:
    """Whether a sequence of words is written as a name is, or is a listed given name and surname however written."""
    titled = [part[:1].upper() + part[1:].lower() for part in parts]
    given, last = words("given_en"), words("surnames_en") | words("surnames_only_en")
    either = given | words("ambiguous_en") | last
    if any(one in given or one in words("surnames_only_en") for one in titled):
        return True
    if any(first in either and second in last for first, second in itertools.pairwise(titled)):
        return True
    capital = all(
        part[:1].isupper() or (len(part) <= LINK and 0 < at < len(parts) - 1) for at, part in enumerate(parts)
    )
    if len(parts) == 1:
        return capital and _name_like(parts[0], casings[0])
    if capital:
        return any(casing.proper for casing in casings) or any(one in either for one in titled)
    return any(
        part.casefold() not in _known_words() and _name_like(part, casing)
        for part, casing in zip(parts, casings, strict=True)
    )


def _name_like(word: str, casing: Casing) -> bool:
    """Whether a word never stands in lower case and is no acronym."""
    titled = casing.title * COMMON_SHARE >= casing.title + casing.other
    return casing.proper and (titled or len(word) > ACRONYM)


def _korean(term: str, nouns: Container[str]) -> bool:
    """Whether a surname and given-name syllables make up the term, or all of it before another noun."""
    if plausible(term, strong=True):
        return True
    first, rest = term[:NAME], term[NAME:]
    return len(rest) > 1 and rest in nouns and first not in nouns and plausible(first, strong=False)


@cache
def _detector(score: float) -> detect.Detector:
    """The rules of the default policy, where they score as much."""
    return detect.build(load_policy("default").by_rule().narrowed(None, score))


@cache
def _known() -> frozenset[str]:
    return frozenset(term.casefold() for term in terms_of(load(name) for name in OWN))


@cache
def _known_words() -> frozenset[str]:
    return frozenset(word for term in _known() for word in term.split(" "))
