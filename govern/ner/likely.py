"""Which persons of the models stand: what they find is judged by lists, and by the rest of the text.

A convolution sees a few words to each side, so it takes companies and places for people where they do what people do. An
English name stands unless a word of it is one that no name holds, it is a company's, or it is a single word that neither a
title, nor a longer name in the text, nor a list of usual names supports, and that does not fill a field by itself. A Korean
one stands unless it is a word that statutes and rulings use all over, a known word that is no name, a part of a word, or a
single syllable with no title behind it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from govern.ner import gate
from govern.ner.gate import Words
from govern.ner.models.persons import Person
from govern.ner.syllables import PERSON
from govern.recognizers.english_names import is_company
from govern.recognizers.korean_names import TITLES, plausible
from govern.recognizers.words import words as listed

if TYPE_CHECKING:
    from govern.ner.syllables import Lexicon

NEVER, USUAL, COMPANIES, ALONE, NAMES = "never.bin", "usual.bin", "companies.bin", "alone.bin", "names.bin"
"""Files of hashes beside the gate's: words that no name holds, usual names, companies of two words or more, words that
name nobody without a name beside them (places, months, the first words of companies, and the words of a dictionary), and
every listed name."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CAMEL = re.compile(r"[a-z][A-Z]")
_PREFIX = re.compile(r"^(?:Mc|Mac|De|Di|Du|Le|La|Van|O['’]|D['’])(?=[A-Z])")
OF_A_PERSON = (
    "Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Dame|Lord|Lady|President|Chairman|Chairwoman|Chair|Governor|Senator|Judge|Justice|"
    "Secretary|Minister|Premier|Chancellor|Rep|Sen|Gov|Capt|Col|Gen|Rev|Hon"
)
"""Titles before an English name."""

_TITLE = re.compile(rf"\b(?:{OF_A_PERSON})\b\.? {{0,2}}\Z")
_ROMANISED = re.compile(r"\b[A-Z][a-z]+-[a-z]+\b")
"""A Korean given name in Latin letters: the family name beside it may be any short word (`Chang-sol Go`)."""

_OPENS = re.compile(r"(?:^|[\n\t|;:>=\"])[ *]{0,4}\Z")
_CLOSES = re.compile(r"[ *]{0,4}(?:$|[\n\t|;:<>\[(\"])")
_NUMBER = re.compile(r"\d")
_HANGUL = re.compile("[가-힣]+")
_ABBREVIATION = re.compile(r"[A-Za-z.]{2,5}")
_FOLLOWS = re.compile(
    "의|가|는|이|은|입|요|예|와|과|를|을|씨|모|에|도|랑|님|라|만|때문|땜|인|같|군|양|로|으로|야|나|까지|처럼|짱|란|형|오빠|누나|언니|동생|아저씨|아|사단|측|께|한테|"
    f"보다|보단|부터|마저|조차|역|등|들|다|답|하고|여|외|및|행|표|팬|연기|{TITLES}"
)
"""What may stand right behind a Korean name: particles, titles, kin; else a name that ends there is a part of a word."""
_BLANKS = re.compile(r"\s+")
_MORE_TITLES = (
    "후보|대변인|부위원장|학장|단장|경장|경사|경위|경감|총경|원사|중사|상사|하사|병장|상병|중위|대위|소령|중령|대령|지사|비서관|수석|처장|청장|간사"
)
_TITLED = re.compile(
    rf" ?(?:전 |현 |신임 )?(?:씨|님|모[ (]|모 ?씨|[군양](?![가-힣])|[군양][은이의과을]|{TITLES}|{_MORE_TITLES})"
)
_CALLED = re.compile("씨|모|님|군|양")
SHORT = 4
"""A single word in capitals of at most so many letters is an abbreviation."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What is known of words."""

    never: Words = field(repr=False)
    usual: Words = field(repr=False)
    companies: Words = field(repr=False)
    alone: Words = field(repr=False)
    names: Words = field(repr=False)


def read(folder: Path) -> Lists:
    """The lists in the folder of the English pipeline."""
    return Lists(*(gate.read(folder / name) for name in (NEVER, USUAL, COMPANIES, ALONE, NAMES)))


def standing(text: str, persons: Iterable[Person], others: Iterable[tuple[int, int]], lists: Lists) -> list[Person]:
    """The persons of the English model that stand, in order; `others` are its companies and places."""
    kept = [person for person in persons if _possible(text, person, lists)]
    whole: set[str] = set()
    for start, end, _ in kept:
        words = _words(text[start:end])
        titled = _TITLE.search(text, max(0, start - 14), start) is not None
        named = any(word in lists.names for word in words) or _ROMANISED.search(text, start, end)
        if titled or (len(words) > 1 and named):
            whole |= {words[0].casefold(), words[-1].casefold()}
    votes = Counter(word for start, end, _ in kept for word in _words(text[start:end]))
    votes.subtract(word for start, end in others for word in _words(text[start:end]))
    return [person for person in kept if _supported(text, person, whole, votes, lists)]


def standing_korean(
    text: str, persons: Iterable[Person], never: Words, lexicon: "Lexicon", lists: Lists | None = None
) -> list[Person]:
    """As `standing`, of the Korean model; `lists` judge a name in Latin letters."""
    named = (_from_its_start(text, _without_what_follows(text, person, lexicon), lexicon) for person in persons)
    return [person for person in named if _possible_korean(text, person, never, lexicon, lists)]


def _from_its_start(text: str, person: Person, lexicon: "Lexicon") -> Person:
    """The name with the family name that the model left before it: `“최`, `영수`."""
    start = person.start
    while start and person.end - start < SHORT and _HANGUL.match(text[start - 1]):
        start -= 1
    whole = text[start : person.end]
    opens = start < person.start and _HANGUL.fullmatch(whole) and not _HANGUL.match(text[start - 1 : start])
    if opens and (lexicon.kinds(whole) & PERSON or plausible(whole, strong=True)):
        return Person(start, person.end, person.score)
    return person


def _without_what_follows(text: str, person: Person, lexicon: "Lexicon") -> Person:
    """The name alone where a word follows it that is no part of one: `아베 총리`, `김새봄 씨`."""
    value = text[person.start : person.end]
    for blank in _BLANKS.finditer(value):
        following = _HANGUL.match(value, blank.end())
        word = following[0] if following else ""
        ordinary = word and not lexicon.kinds(word) & PERSON and lexicon.kinds(word)
        if blank.start() > 1 and (ordinary or _TITLED.match(value, blank.start())):
            return Person(person.start, person.start + blank.start(), person.score)
    return person


def _possible_korean(text: str, person: Person, never: Words, lexicon: "Lexicon", lists: Lists | None) -> bool:
    value = text[person.start : person.end]
    if _NUMBER.search(value) or _ABBREVIATION.fullmatch(value):
        return False
    if person.start and _HANGUL.match(value) and _HANGUL.match(text[person.start - 1]):
        return False  # within a word
    if _HANGUL.match(text, person.end) and not _FOLLOWS.match(text, person.end):
        return False  # a part of a word
    if _HANGUL.search(value) is None:
        return lists is None or (_possible(text, person, lists) and any(len(word) > 1 for word in _words(value)))
    if _HANGUL.fullmatch(value) is None:
        return _possible_parted(value, lexicon)
    if _fills_a_field(text, person):
        return value not in never
    titled = _TITLED.match(text, person.end) is not None
    if len(value) == 1:
        called = _CALLED.match(text, person.end) is not None
        return titled and value in listed("surnames_ko") and (called or not _begins_a_word(text, person, lexicon))
    if value in never or value in listed("not_names_ko"):
        return False
    kinds = lexicon.kinds(value)
    return titled or not kinds or bool(kinds & PERSON) or plausible(value, strong=True)


def _possible_parted(value: str, lexicon: "Lexicon") -> bool:
    """Whether a name with blanks or a line break in it can be one: in one word, and what follows a family name (`이 상품`)."""
    parts = value.split()
    whole = "".join(parts)
    if "\n" not in value and (len(parts[0]) > 1 or len(whole) > SHORT):
        return True
    rest, kinds = "".join(parts[1:]), lexicon.kinds(whole)
    if (kinds and not kinds & PERSON) or (len(parts) == 2 and lexicon.kinds(rest) & ~PERSON and not kinds & PERSON):
        return False
    return plausible(whole, strong="\n" in value)


def _begins_a_word(text: str, person: Person, lexicon: "Lexicon") -> bool:
    """Whether a single syllable with a title right behind it is a word with it: `이사장`."""
    run = _HANGUL.match(text, person.start)
    return run is not None and any(lexicon.kinds(run[0][:length]) & ~PERSON for length in range(2, len(run[0]) + 1))


def _words(value: str) -> list[str]:
    return _WORD.findall(value)


def _possible(text: str, person: Person, lists: Lists) -> bool:
    """Whether the words can make up a name."""
    value = text[person.start : person.end]
    words = _words(value)
    if not words or _NUMBER.search(value) or is_company(text, person.start, person.end):
        return False
    if words[-1].islower() and not words[0].islower():
        return False
    if _ROMANISED.search(value) is None and any(len(word) > 1 and word in lists.never for word in words):
        return False
    if len(words) > 1 and all(len(word) == 1 or word in lists.alone for word in words):
        return False
    if any(_CAMEL.search(_PREFIX.sub("", word)) for word in words):
        return False
    return not _company(words, lists)


def _company(words: Sequence[str], lists: Lists) -> bool:
    return len(words) > 1 and " ".join(words) in lists.companies


def _supported(text: str, person: Person, whole: set[str], votes: "Counter[str]", lists: Lists) -> bool:
    """Whether something beside the model says that a single word is a name; two words need nothing.

    The model's other readings of the word in the text count, too: a place that it once takes for a person is a place.
    """
    words = _words(text[person.start : person.end])
    if len(words) > 1:
        return True
    word = words[0]
    if _TITLE.search(text, max(0, person.start - 14), person.start):
        return True
    if votes[word] < 0:
        return False
    if word.casefold() in whole:
        return True
    if word in lists.alone or (word.isupper() and len(word) <= SHORT):
        return False
    return word in lists.usual or _fills_a_field(text, person)


def _fills_a_field(text: str, person: Person) -> bool:
    """Whether nothing stands beside the name in its line, cell or value."""
    before = _OPENS.search(text, max(0, person.start - 5), person.start)
    return before is not None and _CLOSES.match(text, person.end) is not None
