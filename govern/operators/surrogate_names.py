"""Surrogates of names: of the same script, language, order and number of words, and of the same gender where lists tell.

Names in Hangul keep their number of syllables where they are Korean, and end as a particle sees the name they stand for, so
that 이/가, 은/는, 을/를, 와/과 and 로/으로 after them stay right. Nobody can tell a surrogate name from a name.
"""

import re
from functools import cache

from govern.draw import Draw
from govern.operators.surrogate_pools import (
    DOUBLE_FAMILIES,
    GENDERS,
    HANJA_FAMILIES,
    HANJA_GIVEN,
    SINGLE,
    Gender,
    families,
    family,
    foreign,
    korean,
    western,
)
from govern.operators.surrogate_roman import FAMILIES, is_family, romanised, syllable, syllables
from govern.operators.surrogate_shape import Ending, Scheme, ending

KEPT = {
    "jr": "Jr", "sr": "Sr", "ii": "II", "iii": "III", "iv": "IV", "mr": "Mr", "mrs": "Mrs", "ms": "Ms", "miss": "Miss",
    "dr": "Dr", "prof": "Prof", "sir": "Sir",
}  # fmt: skip
"""Titles and suffixes: they say nothing of who it is."""

PARTICLES = frozenset((
    "van", "der", "den", "von", "de", "del", "la", "los", "di", "da", "dos", "du", "bin", "ibn", "al", "el", "ter", "ten",
))  # fmt: skip
"""Left out: parts of the surname that is replaced."""

LETTERS = "ABCDEFGHJKLMNPRSTVW"
LONG = 6
"""So many syllables of Hangul without a space are a given and a family name of another language."""

_HANGUL, _HANJA = re.compile("[가-힣]+"), re.compile("[\u3400-\u9fff]{2,4}")
_LATIN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")


def person(value: str, draw: Draw) -> str:
    """A name in the place of a canonical one."""
    parts = _HANGUL.findall(value)
    if parts:
        return _hangul(parts, draw)
    if _HANJA.fullmatch(value):
        rest = "".join([draw.pick(HANJA_GIVEN) for _ in value[1:]])
        return draw.pick(HANJA_FAMILIES) + rest
    return _latin(value, draw)


def _hangul(parts: list[str], draw: Draw) -> str:
    whole, end = "".join(parts), ending(parts[-1])
    surname = _surname(whole)
    if len(parts) == 1:
        if len(whole) == 1:
            return draw.pick(families(end))
        if whole in korean().listed or (not surname and whole in korean().gender):
            return _given(2, korean().gender[whole], end, draw)
    given = whole[len(surname) :]
    spaced = len(parts) == 2 and len(parts[0]) == len(surname)
    if surname and 2 <= len(whole) <= 4 and (len(parts) == 1 or spaced) and set(given) <= _given_syllables():
        name = _given(2 if len(whole) > 2 else 1, korean().gender.get(given, ""), end, draw)
        space = " " if spaced else ""
        return draw.pick(DOUBLE_FAMILIES) + space + name if len(whole) == 4 else _joined(space, name, draw)
    return _foreign(parts, end, draw)


@cache
def _given_syllables() -> frozenset[str]:
    from govern.recognizers.words import words

    return words("given_ko") | words("given_rare_ko")


def _surname(whole: str) -> str:
    """The Korean family name that `whole` begins with."""
    from govern.recognizers.words import words

    known = words("surnames_ko")
    return whole[:2] if len(whole) > 2 and whole[:2] in known else whole[:1] if whole[:1] in known else ""


def _joined(space: str, given: str, draw: Draw) -> str:
    """A family before `given`, such that both together are no ordinary word."""
    from govern.recognizers.words import words

    while True:
        name = family(draw)
        if name + given not in words("not_names_ko"):
            return name + space + given


def _given(size: int, gender: Gender, end: Ending, draw: Draw) -> str:
    return draw.pick(SINGLE[end or draw.pick(("open", "closed"))] if size == 1 else korean().given[gender, end])


def _foreign(parts: list[str], end: Ending, draw: Draw) -> str:
    """A name of another language in Hangul, in as many words."""
    if len(parts) == 1 and len(parts[0]) < LONG:
        return draw.pick(foreign("", len(parts[0]), end, last=True))
    sizes = [len(part) for part in parts] if len(parts) > 1 else [3, len(parts[0]) - 3]
    gender = draw.pick(GENDERS)
    given = [draw.pick(foreign(gender, size, "", last=False)) for size in sizes[:-1]]
    return " ".join((*given, draw.pick(foreign("", sizes[-1], end, last=True))))


def _latin(value: str, draw: Draw) -> str:
    """A name in Latin letters; what stands before one comma is the family name, unless a suffix stands after it."""
    before, comma, after = value.partition(",")
    left, right = _words(before), _words(after)
    turned = bool(comma and left and any(_bare(word) not in KEPT for word in right))
    words = left + right
    if all(_bare(word) in KEPT for word in words):
        return draw.pick(western().families)
    names = [word for word in words if len(_bare(word)) > 1 and _bare(word) not in KEPT]
    made = _romanised(names, turned, draw) or _western(words, names, len(left) if turned else 0, draw)
    texts, place = [], 0
    for number, word in enumerate(words):
        bare = _bare(word)
        if bare in KEPT:
            text = KEPT[bare] + ("." if word.endswith(".") else "")
        elif len(bare) == 1:
            text = draw.pick(LETTERS) + ("." if word.endswith(".") else "")
        else:
            text, place = made[place], place + 1
        texts.append(text + ("," if turned and number == len(left) - 1 else ""))
    return " ".join(texts)


def _words(text: str) -> list[str]:
    return [word for word in _LATIN.findall(text) if _bare(word) not in PARTICLES] or _LATIN.findall(text)


def _bare(word: str) -> str:
    return word.rstrip(".").lower()


def _western(words: list[str], names: list[str], turned: int, draw: Draw) -> list[str]:
    """Names for `names`: of `words` those before `turned` are families, else the last one is where others stand before it."""
    known = western()
    bare = [_bare(name) for name in names]
    parts = [word for word in words if _bare(word) not in KEPT]
    if turned:
        count = sum(word in names for word in words[:turned])
        roles = [place < count for place in range(len(names))]
    elif len(parts) == 1:
        roles = [name not in known.gender for name in bare]
    else:
        roles = [place == len(names) - 1 and parts[-1] in names for place in range(len(names))]
    found = (
        known.gender[name] for name, surname in zip(bare, roles, strict=True) if not surname and name in known.gender
    )
    gender: Gender = next(found, "") or draw.pick(GENDERS)
    return [
        "-".join([draw.pick(known.families if surname else known.given[gender]) for _ in range(1 + ("-" in name))])
        for name, surname in zip(bare, roles, strict=True)
    ]


def _romanised(names: list[str], turned: bool, draw: Draw) -> list[str]:
    """Korean names in Latin letters for `names` of two words or three, if that is what they are: the family at either end."""
    if not 2 <= len(names) <= 3:
        return []
    bare = [_bare(name) for name in names]
    first = is_family(bare[0]) and _korean_given(bare[1:])
    if not first and (turned or not (is_family(bare[-1]) and _korean_given(bare[:-1]))):
        return []
    given = bare[1:] if first else bare[:-1]
    gender = _roman_genders().get("".join(given).replace("-", ""), "")
    apart = len(given) == 2
    size = 2 if apart or "-" in given[0] else syllables(given[0])
    name = draw.pick(korean().given[gender, ""]) if size == 2 else _given(1, "", "", draw)
    latin = [syllable(sign) for sign in name]
    made = (
        [part.capitalize() for part in latin] if apart else [("-" if "-" in given[0] else "").join(latin).capitalize()]
    )
    surname = [FAMILIES[family(draw)]]
    return surname + made if first else made + surname


def _korean_given(words: list[str]) -> bool:
    """Whether one word or two are a Korean given name in Latin letters and none that English lists have."""
    if len(words) == 1 and "-" in words[0]:
        words = words[0].split("-")
    elif len(words) == 1:
        return bool(syllables(words[0])) and words[0] not in western().gender
    return len(words) == 2 and all(syllables(word) == 1 for word in words) and not set(words) & {"ann", "lee", "van"}


@cache
def _roman_genders() -> dict[str, Gender]:
    """The gender of given names in Latin letters, where one alone writes itself so."""
    found: dict[str, set[Gender]] = {}
    for name, gender in korean().gender.items():
        found.setdefault(romanised(name), set()).add(gender)
    return {name: next(iter(genders)) for name, genders in found.items() if len(genders) == 1}


def mailbox(draw: Draw) -> tuple[str, str]:
    """A given and a family name for the mailbox of an address, in lower case."""
    return draw.pick(western().given[""]).lower(), draw.pick(western().families).lower()


def _never(_text: str) -> bool:
    return False


TABLE = {"PERSON": Scheme(person, _never)}
"""By entity type; of a name nobody can say that it is none."""
