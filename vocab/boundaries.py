"""Finds terms at a boundary by looking at one character after another: the rule of `vocab.isolating`, told a second time.

A checker that used the pattern it checks would share its mistakes. Positions are half open, in code points.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import regex

_UNSPACED = regex.compile(r"[\p{Hangul}\p{Han}\p{Hiragana}\p{Katakana}]")
_HANGUL = regex.compile(r"\p{Hangul}")


class Reader:
    """Finds `terms` (without space at their edges) in texts; `particles` may follow those in Hangul."""

    def __init__(self, terms: Iterable[str], particles: Sequence[str]) -> None:
        self._terms = frozenset(terms)
        sizes: dict[str, set[int]] = {}
        for term in self._terms:
            sizes.setdefault(term[0], set()).add(len(term))
        self._sizes = {first: sorted(some, reverse=True) for first, some in sizes.items()}
        self._starts = re.compile("|".join(map(re.escape, sorted(sizes))) or r"(?!)")
        self._particles = ("", *particles)

    def is_term(self, text: str) -> bool:
        """True where `text` is one of the terms."""
        return text in self._terms

    def every(self, text: str) -> list[tuple[int, int]]:
        """Each term at a boundary, overlapping ones too."""
        return [span for spans in self._found(text) for span in spans]

    def longest(self, text: str) -> list[tuple[int, int]]:
        """The terms at a boundary from the left, of those that begin together the longest."""
        found: list[tuple[int, int]] = []
        for (start, end), *_ in self._found(text):
            if not found or start >= found[-1][1]:
                found.append((start, end))
        return found

    def _found(self, text: str) -> Iterator[list[tuple[int, int]]]:
        """The terms that begin together, the longest first."""
        for match in self._starts.finditer(text):
            start = match.start()
            spans = [
                (start, start + size)
                for size in self._sizes[text[start]]
                if start + size <= len(text)
                and text[start : start + size] in self._terms
                and self._is_bounded(text, start, start + size)
            ]
            if spans:
                yield spans

    def _is_bounded(self, text: str, start: int, end: int) -> bool:
        before = text[start - 1] if start else " "
        first, last = text[start], text[end - 1]
        if is_hangul(first):
            left = not _kind(before).startswith("L")
        elif _kind(first)[0] in "LM":
            left = not _is_letter(before)
        else:
            left = _kind(first)[0] != "N" or not (_is_letter(before) or _kind(before)[0] == "N")
        if not left or _kind(last)[0] not in "LMN":
            return left
        if is_hangul(last):
            return any(
                text.startswith(one, end) and not is_hangul(text[end + len(one) : end + len(one) + 1])
                for one in self._particles
            )
        tails = (end, end + 1) if text.startswith("s", end) else (end,)
        return any(not _runs_on(text[at : at + 1], digits=_kind(last)[0] == "N") for at in tails)


def is_hangul(character: str) -> bool:
    """True for a syllable or a letter of Hangul; False for ''."""
    return bool(character) and _HANGUL.match(character) is not None


def is_word(character: str) -> bool:
    """True for what a word in letters is made of: a letter, a mark, a digit or an underscore, but not Hangul."""
    return character == "_" or (_kind(character)[0] in "LMN" and not is_hangul(character))


def word_about(text: str, start: int, end: int) -> tuple[int, int]:
    """The run without space that holds the span, with the space on both sides of it."""
    while start and not text[start - 1].isspace():
        start -= 1
    while start and text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    while end < len(text) and text[end].isspace():
        end += 1
    return start, end


def _is_letter(character: str) -> bool:
    return character == "_" or _kind(character)[0] in "LM"


def _runs_on(character: str, *, digits: bool) -> bool:
    if not character or (digits and _kind(character)[0] == "N"):
        return bool(character)
    return _is_letter(character) and _UNSPACED.match(character) is None


@lru_cache(maxsize=1 << 16)
def _kind(character: str) -> str:
    return unicodedata.category(character)
