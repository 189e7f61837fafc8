"""Words that name nobody by themselves, for the gate, and the lists that a found name is judged by.

Counted in the unlabelled English text, against the lists of names.
"""

import json
import re
import zoneinfo
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from govern.ner.recipe import lexicon, names
from govern.ner.recipe.corpora import Example
from govern.ner.recipe.names import common

LOWER_AT_LEAST, UPPER_AT_LEAST, TEXTS_AT_LEAST = 3, 8, 12
SHARES = (0.1, 0.25, 0.6)
"""Written in lower case more often than this, a word is ordinary: one of no list, one of any list of names, a usual name."""

_WORD = re.compile(r"[^\W\d_]{2,}")
_NAME = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_KINDS = frozenset({"Inc", "Corp", "Corporation", "Company", "Co", "Group", "Holdings", "plc", "The", "and", "of", "Ltd"})
_RUN = re.compile("[가-힣]{2,}")
_LINE = re.compile(r"\n|(?<=[.!?]) ")


def ordinary(texts: Iterable[str], labelled: Iterable[Example]) -> set[str]:
    """The words, in lower case; none that is part of a labelled name, unless it is often written in lower case."""
    lower: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    for text in texts:
        for line in _LINE.split(text):
            for place, word in enumerate(_WORD.findall(line)):
                if word.islower():
                    lower[word] += 1
                elif place:
                    upper[word.casefold()] += 1
    listed, usual = _words(names.listed()), _words(common())
    named = {
        word.casefold()
        for example in labelled
        for start, end, label in example.spans
        if label == "PERSON"
        for word in _WORD.findall(example.text[start:end])
    }

    def is_ordinary(word: str) -> bool:
        small, large = lower[word], upper[word]
        share = SHARES[2] if word in usual else SHARES[1] if word in listed else SHARES[0]
        if small >= LOWER_AT_LEAST and small / (small + large) > share:
            return True
        return large >= UPPER_AT_LEAST and word not in listed and word not in named

    return {word for word in lower.keys() | upper.keys() if is_ordinary(word)}


def dictionary(path: Path) -> set[str]:
    """The words of a list, one a line, that it writes in lower case."""
    return {word for word in path.read_text("utf-8").split() if word.islower() and word.isalpha()}


USUAL_SURNAMES = 150

STATES = (
    "Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Hawaii Idaho Illinois Indiana "
    "Iowa Kansas Kentucky Louisiana Maine Maryland Massachusetts Michigan Minnesota Mississippi Missouri Montana Nebraska "
    "Nevada Ohio Oklahoma Oregon Pennsylvania Tennessee Texas Utah Vermont Virginia Washington Wisconsin Wyoming England "
    "Scotland Wales Ireland Britain Europe Asia Africa America Australia Ontario Quebec Alberta Manitoba"
)
DAYS = (
    "January February March April May June July August September October November December Monday Tuesday Wednesday Thursday "
    "Friday Saturday Sunday Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thurs Fri Sat Sun"
)


def alone(shared: Path) -> set[str]:
    """Words that name nobody where they stand alone: places, days and companies, but for usual given and family names."""
    glossary = shared / "glossary"
    zones = {part for zone in zoneinfo.available_timezones() for part in zone.split("/")[1:]}
    countries = terms(glossary / "iso4217_currencies_en.jsonl", "entity")
    companies = terms(glossary / "sp500_companies_en.jsonl", "term")
    some = [*STATES.split(), *(word for name in (*countries, *zones) for word in _NAME.findall(name)[:2])]
    some += [_NAME.findall(name)[0] for name in companies if _NAME.search(name)]
    usual = _words((common()[0], names.census()[1][:USUAL_SURNAMES]))
    return ({word.casefold() for word in some} - usual) | set(DAYS.casefold().split())


def terms(path: Path, key: str) -> list[str]:
    """A field of every row of a glossary."""
    return [json.loads(line)[key] for line in path.read_text("utf-8").splitlines()]


def listed() -> set[str]:
    """The words of every name of the lists."""
    return _words(names.listed())


def every_name() -> set[str]:
    """The words of every name of every list, those held back left out."""
    return _words(names.latin())


def usual(ordinary: set[str]) -> set[str]:
    """Those of usual names; of the census, those that are not ordinary words."""
    firsts, lasts = names.census()
    return _words(common()) | (_words((firsts, lasts[: lexicon.USUAL])) - ordinary)


def companies(shared: Path) -> set[str]:
    """Companies of two words and more, without what says that they are some, and their first two or three words."""
    found: set[str] = set()
    for name in terms(shared / "glossary" / "sp500_companies_en.jsonl", "term"):
        words = [word for word in _NAME.findall(name) if word not in _KINDS]
        found |= {" ".join(words[:count]).casefold() for count in (2, 3) if len(words) >= count}
    return found


def korean(texts: Iterable[str], labelled: Iterable[Example]) -> set[str]:
    """Openings of two to five syllables that many texts have in a word; none that is a labelled name.

    The texts are statutes and rulings, whose parties have no names, so what recurs in them names nobody.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        openings = {run[:length] for run in set(_RUN.findall(text)) for length in range(2, 6) if len(run) >= length}
        counts.update(openings)
    named = {
        example.text[start:end] for example in labelled for start, end, label in example.spans if label == "PERSON"
    }
    return {opening for opening, count in counts.items() if count >= TEXTS_AT_LEAST and opening not in named}


def _words(lists: Iterable[tuple[str, ...]]) -> set[str]:
    return {word.casefold() for names in lists for name in names for word in _WORD.findall(name)}
