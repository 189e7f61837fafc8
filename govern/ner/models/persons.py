"""What a name model gives, and how a long text is shown to it: in parts, and in windows that overlap.

A part ends after a line or a sentence where there is one. Windows are of tokens or words; each token is judged in the
window where it stands furthest from an edge. Both are functions of the text alone, and take time linear in it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from govern.normalize import BLANK

CHUNK = 50_000
"""Characters of a part."""


class Person(NamedTuple):
    """A person at code points `start` to `end` (half open) of a text, and how sure the model is, 0 to 1."""

    start: int
    end: int
    score: float


class Found(NamedTuple):
    """The persons of a text, and what the model takes for companies and places, which no rule need take for persons."""

    persons: list[Person]
    others: list[tuple[int, int]]


class NameModel(Protocol):
    """A model that finds persons; `recognizer` is the name that its findings carry."""

    @property
    def recognizer(self) -> str:
        """`names.spacy`, `names.tokens` or `names.gliner`."""
        ...

    def persons(self, texts: Sequence[str]) -> list[list[Person]]:
        """The persons of each text, in order, no two overlapping, none with blanks at its edges or within a tag."""
        ...

    def found(self, texts: Sequence[str]) -> list[Found]:
        """The persons of each text, and the companies and places of a model that is asked for them."""
        return [Found(persons, []) for persons in self.persons(texts)]

    def doubtful(self, word: str) -> bool:
        """Whether a word of somebody's name is too usual otherwise to be that person wherever it stands alone."""
        del word
        return False


class Window(NamedTuple):
    """Items `start` to `stop` are shown to the model, and what it says of `first` to `last` counts (all half open)."""

    start: int
    stop: int
    first: int
    last: int


def parts(text: str) -> Iterator[tuple[int, int]]:
    """Where `text` is cut: after a line or sentence end, else after a blank, else where the part is full."""
    start = 0
    while len(text) - start > CHUNK:
        part = text[start : start + CHUNK]
        cut = max(part.rfind("\n"), part.rfind(". ") + 1, part.rfind("다. ") + 2)
        if cut <= CHUNK // 2:
            cut = part.rfind(" ")
        stop = start + (cut + 1 if cut > CHUNK // 2 else CHUNK)
        yield start, stop
        start = stop
    if start < len(text):
        yield start, len(text)


def windows(sizes: Sequence[int], room: int, most: int) -> Iterator[Window]:
    """Windows over items of `sizes`: at most `most` items and `room` in sum, or one item that is larger by itself.

    Neighbours share a quarter of the earlier one; every item counts in exactly one window.
    """
    start = first = 0
    while start < len(sizes):
        stop, used = start + 1, sizes[start]
        while stop < len(sizes) and stop - start < most and used + sizes[stop] <= room:
            used += sizes[stop]
            stop += 1
        if stop == len(sizes):
            yield Window(start, stop, first, stop)
            return
        following = stop - (stop - start) // 4
        last = (following + stop + 1) // 2
        yield Window(start, stop, first, last)
        start, first = following, last


def tidied(text: str, found: Iterable[Person]) -> list[Person]:
    """The persons sorted and without white space at their edges; those that touch or overlap are one.

    A person in whose span a tag stands (see `govern.normalize`) is left.
    """
    kept: list[Person] = []
    for start, end, score in sorted(found):
        value = text[start:end]
        low, high = end - len(value.lstrip()), start + len(value.rstrip())
        if low >= high or BLANK in value:
            continue
        if kept and low <= kept[-1].end:
            kept[-1] = Person(kept[-1].start, max(kept[-1].end, high), max(kept[-1].score, score))
        else:
            kept.append(Person(low, high, score))
    return kept
