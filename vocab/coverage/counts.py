"""What is counted: raw counts of a tokenizer on one slice of a corpus. `+` adds slices or shards; every ratio is a property.

*Fertility* is tokens per word, and a word is a run of non-space characters, which in Korean is an eojeol. A term or a number
costs the tokens that hold a character of it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from vocab import numbers

SPLITTER = "runs of non-space characters (in Korean: eojeol)"
WINDOWS = (8192, 32768)
"""Context windows, in tokens."""
PAGE_CHARACTERS = 1800
"""A standard page, spaces included."""
FORMATS = tuple(numbers.FORMATS)


class _Sum:
    """Adds field by field."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return type(self)(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Cost(_Sum):
    """Occurrences of something in text, the tokens that hold a character of it, and how many took exactly one token."""

    occurrences: int = 0
    tokens: int = 0
    single: int = 0

    @property
    def tokens_each(self) -> float | None:
        """Tokens per occurrence; None where there is none."""
        return self.tokens / self.occurrences if self.occurrences else None

    @property
    def single_rate(self) -> float | None:
        """The share that took one token of its own; None where there is none."""
        return self.single / self.occurrences if self.occurrences else None


@dataclass(frozen=True, slots=True)
class NumberCost(_Sum):
    """Numbers of one format, and how they are cut.

    `cuts`: token boundaries inside them; `groups`: boundaries of their values; `hits`: what is both. `fused`: tokens that hold
    a digit and a unit. `broken`: numbers that their tokens do not decode to.
    """

    occurrences: int = 0
    tokens: int = 0
    single: int = 0
    hits: int = 0
    cuts: int = 0
    groups: int = 0
    fused: int = 0
    broken: int = 0

    @property
    def tokens_each(self) -> float | None:
        """Tokens per number; None where there is none."""
        return self.tokens / self.occurrences if self.occurrences else None

    @property
    def boundary_f1(self) -> float | None:
        """The harmonic mean of precision and recall of token boundaries; None where there is no boundary of either kind."""
        both = self.cuts + self.groups
        return 2 * self.hits / both if both else None


@dataclass(frozen=True, slots=True)
class Changed(_Sum):
    """Occurrences of units that an extension cuts in another way than its base.

    `drift`: without any new id in them; `leak`: without any term of the extension in them.
    """

    words: int = 0
    drift: int = 0
    leak: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class IdCounts:
    """How often each id stands in text: `ids` that do, ascending, and their `counts`."""

    ids: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @staticmethod
    def of_all(counts: npt.NDArray[np.int64]) -> "IdCounts":
        """The same from the count of every id."""
        ids = np.flatnonzero(counts)
        return IdCounts(ids, counts[ids])

    def __add__(self, other: "IdCounts") -> "IdCounts":
        if not len(other.ids) or not len(self.ids):
            return self if len(self.ids) else other
        ids, where = np.unique(np.concatenate((self.ids, other.ids)), return_inverse=True)
        counts = np.zeros(len(ids), np.int64)
        np.add.at(counts, where, np.concatenate((self.counts, other.counts)))
        return IdCounts(ids, counts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, IdCounts):
            return False
        return np.array_equal(self.ids, other.ids) and np.array_equal(self.counts, other.counts)

    __hash__ = None  # type: ignore[assignment]

    def of(self, number: int) -> int:
        """How often the id `number` stands there."""
        at = int(np.searchsorted(self.ids, number))
        return int(self.counts[at]) if at < len(self.ids) and self.ids[at] == number else 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Raw counts of a tokenizer on one slice of text.

    `byte_tokens` are one byte of a longer character or byte pieces; `partial_tokens` hold part of a character;
    `divided_characters` stand in several tokens, `lost_characters` in none. `runs`: (digits, where they are cut) to
    occurrences. `documents_shorter` and `documents_longer`: against the first tokenizer. `whole`: documents that fit in each of
    `WINDOWS`. `changed` is about units, and None where text was not cut into units or nothing is extended.
    """

    documents: int = 0
    text_bytes: int = 0
    characters: int = 0
    words: int = 0
    tokens: int = 0
    unknown_tokens: int = 0
    byte_tokens: int = 0
    partial_tokens: int = 0
    divided_characters: int = 0
    lost_characters: int = 0
    terms: Cost = Cost()
    numbers: tuple[NumberCost, ...] = (NumberCost(),) * len(FORMATS)
    runs: Mapping[tuple[int, int], int] = field(default_factory=dict)
    ids: IdCounts = field(default_factory=IdCounts)
    documents_shorter: int = 0
    documents_longer: int = 0
    whole: tuple[int, ...] = (0,) * len(WINDOWS)
    changed: Changed | None = None

    @property
    def bytes_per_token(self) -> float | None:
        """UTF-8 bytes of text per token; None for an empty slice."""
        return self.text_bytes / self.tokens if self.tokens else None

    @property
    def characters_per_token(self) -> float | None:
        """Code points of text per token; None for an empty slice."""
        return self.characters / self.tokens if self.tokens else None

    @property
    def fertility(self) -> float | None:
        """Tokens per word (`SPLITTER`); None for an empty slice."""
        return self.tokens / self.words if self.words else None

    @property
    def all_numbers(self) -> NumberCost:
        """The cost of numbers of every format."""
        total: NumberCost = sum(self.numbers, NumberCost())
        return total

    def of_tokens(self, count: int) -> float | None:
        """`count` as a share of all tokens; None for an empty slice."""
        return count / self.tokens if self.tokens else None

    def pages(self, window: int) -> float | None:
        """Standard pages of this text that fit in a window of so many tokens; None for an empty slice."""
        return window * self.characters / (self.tokens * PAGE_CHARACTERS) if self.tokens else None

    def __add__(self, other: "Coverage") -> "Coverage":
        apart = ("numbers", "runs", "whole", "changed")
        plain = [one.name for one in fields(Coverage) if one.name not in apart]
        changed = (self.changed, other.changed)
        return Coverage(
            **{name: getattr(self, name) + getattr(other, name) for name in plain},
            numbers=tuple(one + two for one, two in zip(self.numbers, other.numbers, strict=True)),
            runs=dict(Counter(self.runs) + Counter(other.runs)),
            whole=tuple(one + two for one, two in zip(self.whole, other.whole, strict=True)),
            changed=None if changed == (None, None) else sum((one for one in changed if one), Changed()),
        )
