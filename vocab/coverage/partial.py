"""What passes between the processes that count a corpus: a plan, a shard to count by it, and counts that add up."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from govern.corpus import CertifiedShard
from vocab.coverage.arrays import Ints
from vocab.coverage.counts import Coverage
from vocab.coverage.encoding import Way
from vocab.coverage.intervals import Floats

SHARED = ("text_bytes", "characters", "words", "term_occurrences", "number_occurrences")
EACH = ("tokens", "term_tokens", "term_single", "number_tokens")
"""What is summed by document: once, and for each tokenizer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a process needs to count: tokenizers with their digests and ways, what each extends, terms, the column of types.

    One document in `every` is also encoded whole. `sources`: those with a slice of their own, where not all have one.
    """

    paths: tuple[Path, ...]
    digests: tuple[str, ...]
    ways: tuple[Way, ...]
    extends: tuple[int | None, ...]
    terms: tuple[str, ...]
    type_column: str
    every: int
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One shard to count."""

    plan: Plan
    shard: CertifiedShard
    part: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Documents that are alike in every way a slice may choose them."""

    part: str
    lang: str
    source: str
    type: str


@dataclass(slots=True)
class Partial:
    """Counts of some shards; `+` adds them.

    `coverage`: by cell one for each tokenizer; `replicates`: by cell the sums of `SHARED` and, for each tokenizer, `EACH`.
    `terms`: `[1 + 2 tokenizers, terms]`: occurrences, then tokens and single ones of each tokenizer. `shapes`: numbers by
    (format, shape): occurrences, then tokens of each tokenizer. `audited`: documents; `unlike`: tokenizers by place.
    """

    coverage: dict[Cell, tuple[Coverage, ...]] = field(default_factory=dict)
    replicates: dict[Cell, Floats] = field(default_factory=dict)
    terms: Ints = field(default_factory=lambda: np.zeros((1, 0), np.int64))
    shapes: dict[tuple[int, str], Ints] = field(default_factory=dict)
    audited: int = 0
    unlike: frozenset[int] = frozenset()

    def __iadd__(self, other: "Partial") -> Self:
        for cell, every in other.coverage.items():
            own = self.coverage.get(cell)
            self.coverage[cell] = every if own is None else tuple(a + b for a, b in zip(own, every, strict=True))
        for cell, sums in other.replicates.items():
            self.replicates[cell] = self.replicates[cell] + sums if cell in self.replicates else sums
        for shape, counts in other.shapes.items():
            self.shapes[shape] = self.shapes[shape] + counts if shape in self.shapes else counts
        if other.terms.size:
            self.terms = self.terms + other.terms if self.terms.size else other.terms
        self.audited += other.audited
        self.unlike |= other.unlike
        return self

    def __add__(self, other: "Partial") -> "Partial":
        total = Partial()
        total += self
        total += other
        return total
