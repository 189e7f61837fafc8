"""What passes between the processes that count a corpus: a plan, a shard to count by it, and counts that add up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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

    One document in `every` is also encoded whole.
    """

    paths: tuple[Path, ...]
    digests: tuple[str, ...]
    ways: tuple[Way, ...]
    extends: tuple[int | None, ...]
    terms: tuple[str, ...]
    type_column: str
    every: int


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

    def __add__(self, other: "Partial") -> "Partial":
        return Partial(
            _added(self.coverage, other.coverage, lambda one, two: tuple(a + b for a, b in zip(one, two, strict=True))),
            _added(self.replicates, other.replicates, np.add),
            self.terms + other.terms
            if self.terms.size and other.terms.size
            else max(self.terms, other.terms, key=np.size),
            _added(self.shapes, other.shapes, np.add),
            self.audited + other.audited,
            self.unlike | other.unlike,
        )


def _added(one: Mapping[Any, Any], two: Mapping[Any, Any], add: Callable[[Any, Any], Any]) -> dict[Any, Any]:
    return {**one, **{key: add(one[key], value) if key in one else value for key, value in two.items()}}
