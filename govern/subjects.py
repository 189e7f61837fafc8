"""Which names of a document are one person: `Smith` and `J. Smith` where it names one John Smith, `홍` of one 홍길동.

Names are canonical values of PERSON. A part that two persons could bear is linked to neither.
"""

import re
from collections.abc import Iterable

_HANGUL = re.compile("[가-힣]+")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_DOUBLE = frozenset({"남궁", "황보", "제갈", "선우", "독고", "사공", "서문", "동방"})

MANY = 50
"""Where more full names than this share a family or given name, a part of one is linked to none: time stays linear."""


def linked(names: Iterable[str]) -> dict[str, str]:
    """For each name that is a part of another one, of one person alone, the fullest name of that person."""
    distinct = sorted(set(names))
    found = _linked_korean([name for name in distinct if _HANGUL.fullmatch(name)])
    latin = [(name, words) for name in distinct if _HANGUL.search(name) is None and (words := _words(name))]
    # of `John Smith` and `Smith, John` the first one by spelling stands for both
    first = {words: name for name, words in reversed(latin)}
    beside: dict[str, list[tuple[str, ...]]] = {}
    for words in first:
        for word in {words[0], words[-1]} if len(words) > 1 else ():
            beside.setdefault(word, []).append(words)
    for name, words in latin:
        near = beside.get(words[-1], [])
        fuller = [other for other in near if _part(words, other)] if len(near) <= MANY else []
        # of John Smith and John A. Smith the longer one names the person that both are
        longest = [first[other] for other in fuller if not any(_part(other, third) for third in fuller)]
        same = [first[words]] if first[words] != name and not longest else longest
        found.update((name, full) for full in _only(same))
    return found


def _only(names: list[str]) -> list[str]:
    return names if len(names) == 1 else []


def _linked_korean(names: list[str]) -> dict[str, str]:
    """Of family names alone, and given names alone, the one name that begins or ends so."""
    by_family: dict[str, list[str]] = {}
    by_given: dict[str, list[str]] = {}
    for name in names:
        family = _family(name)
        if name != family:
            by_family.setdefault(family, []).append(name)
            by_given.setdefault(name[len(family) :], []).append(name)
    found: dict[str, str] = {}
    for name in names:
        alone = len(name) == 1 or name in _DOUBLE
        full = by_family.get(name, []) if alone else by_given.get(name, []) if len(name) == 2 else []
        found.update((name, other) for other in _only([other for other in full if other != name]))
    return found


def _family(name: str) -> str:
    return name[:2] if name[:2] in _DOUBLE and len(name) > 2 else name[:1]


def _words(name: str) -> tuple[str, ...]:
    """Its words in lower case, the given name first."""
    family, comma, given = name.partition(",")
    words = [*_WORD.findall(given), *_WORD.findall(family)] if comma else _WORD.findall(name)
    return tuple(word.casefold() for word in words)


def _part(words: tuple[str, ...], full: tuple[str, ...]) -> bool:
    """Whether `words` write `full` shorter: family or given name alone, initials for words, middle words left out."""
    if len(full) < 2 or words == full or len(words) > len(full):
        return False
    if len(words) == 1:
        return words[0] in (full[0], full[-1]) and len(words[0]) > 1
    if words[-1] != full[-1] or not _short(words[0], full[0]):
        return False
    rest = list(full[1:-1])
    for word in words[1:-1]:
        while rest and not _short(word, rest[0]):
            rest.pop(0)
        if not rest:
            return False
        rest.pop(0)
    return True


def _short(word: str, whole: str) -> bool:
    return word == whole or (len(word) == 1 and whole.startswith(word))
