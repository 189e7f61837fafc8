"""Which stretches of a text can hold a name: in English those with a capitalised word that is not known to be an ordinary one.

The ordinary words are kept as hashes: those that running text writes in lower case too, and those of capitals that name
nobody (`Company`, `Section`, `December`). Four fifths of a filing hold no other, and the model need not read them. Korean has
no capitals: all of it is read.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from govern.errors import InputError

FILE = "ordinary.bin"
HASH_BYTES = 4
LONGEST = 400
"""Characters of a stretch; a longer one is cut at a blank."""

TOGETHER = 600
"""Characters of Korean that are read at once."""

_HANGUL = re.compile("[가-힣]")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_CAPITAL = re.compile(r"[A-ZÀ-ÖØ-Þ][^\W\d_]+")
_TITLES = (
    "Mr", "Ms", "Dr", "St", "Jr", "Sr", "Co", "No", "Mrs", "Rep", "Sen", "Gov", "Hon", "Rev", "Gen", "Col", "Inc", "Prof",
    "Corp",
)  # fmt: skip
"""Abbreviations that end no sentence."""

_END = re.compile(
    r"\n|(?<=[^\W\d_][^\W\d_)][.!?])" + "".join(rf"(?<!\b{title}\.)" for title in _TITLES) + r" (?=[A-Z\"“])"
)


@dataclass(frozen=True, slots=True)
class Words:
    """A set of words by their hashes, whatever their case."""

    hashes: frozenset[bytes] = field(repr=False)

    def __contains__(self, word: str) -> bool:
        return word_hash(word.casefold()) in self.hashes

    def __or__(self, other: "Words") -> "Words":
        return Words(self.hashes | other.hashes)


def passes(text: str, ordinary: Words) -> bool:
    """Whether a stretch can hold a name: one of its capitalised words is not ordinary."""
    return any(match[0] not in ordinary for match in _CAPITAL.finditer(text))


@lru_cache(65_536)
def word_hash(word: str) -> bytes:
    """What stands for a word in the file."""
    return hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()


def write(path: Path, words: set[str]) -> None:
    """Writes the hashes of words, sorted."""
    path.write_bytes(b"".join(sorted(map(word_hash, words))))


def read(path: Path) -> Words:
    """The words of a file.

    Raises:
        InputError: no such file, or of another format.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or 'cannot be read'}; write the model again") from None
    if not data or len(data) % HASH_BYTES:
        raise InputError(f"{path}: not a list of hashes; write the model again")
    return Words(frozenset(data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)))


def korean_stretches(text: str) -> Iterator[tuple[int, int]]:
    """Parts with Hangul, cut after a paragraph, else after a line or sentence: names break over lines."""
    start = 0
    for stop in (*(match.start() for match in _PARAGRAPH.finditer(text)), len(text)):
        while start < stop:
            end = stop
            if stop - start > TOGETHER:
                part = text[start : start + TOGETHER]
                cut = max(part.rfind("\n"), part.rfind(". "), part.rfind(" ", TOGETHER * 3 // 4))
                end = start + (cut + 1 if cut > TOGETHER // 2 else TOGETHER)
            if _HANGUL.search(text, start, end):
                yield start, end
            start = end


def stretches(text: str) -> Iterator[tuple[int, int]]:
    """Sentences and lines, at most `LONGEST` characters each, without blanks at their edges."""
    start = 0
    for end in (*(match.start() for match in _END.finditer(text)), len(text)):
        while end - start > LONGEST:
            cut = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
            cut = cut if cut > 0 else start + LONGEST
            yield start, cut
            start = cut
        if text[start:end].strip():
            yield start, end
        start = end
