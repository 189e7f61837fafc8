"""Sheets of values by text: what texts hold, what they cost by one tokenizer, and the coverage of a weighted sum of them.

The texts are units, weighted by how often each stands in a slice, or documents, where units do not apply to a tokenizer.
"""

import numpy as np
import numpy.typing as npt

from vocab.coverage.arrays import Column, Ints, Ragged
from vocab.coverage.counts import FORMATS, Changed, Cost, Coverage, IdCounts, NumberCost
from vocab.coverage.placing import Costs, Placed
from vocab.coverage.readers import Reader
from vocab.coverage.spans import LONGEST_RUN, Found, Texts

TOGETHER = 50_000
"""Texts whose ids are counted together."""


class Shared:
    """What texts hold, whatever the tokenizer: sizes by text, and the numbers, digit runs and terms in them by row."""

    def __init__(self) -> None:
        self.text_bytes, self.characters, self.words = Column(), Column(), Column()
        self.term_occurrences, self.number_occurrences = Column(), Column()
        self.number_text, self.number_kind, self.number_shape, self.number_groups = (Column() for _ in range(4))
        self.run_text, self.run_length = Column(), Column()
        self.term_text, self.term = Column(), Column()

    def add(self, at: Ints, texts: Texts, found: Found) -> None:
        """Enters `texts` as numbers `at`."""
        count = len(at)
        self.text_bytes.put(at, texts.sizes)
        self.characters.put(at, [len(text) for text in texts.texts])
        self.words.put(at, [len(text.split()) for text in texts.texts])
        self.term_occurrences.put(at, np.bincount(found.terms.text, minlength=count))
        self.number_occurrences.put(at, np.bincount(found.numbers.text, minlength=count))
        self.number_text.append(at[found.numbers.text])
        self.number_kind.append(found.numbers.what)
        self.number_shape.append(found.shape + 1)  # 0: not listed
        self.number_groups.append(np.bincount(found.boundary_of, minlength=len(found.numbers.text)))
        self.run_text.append(at[found.runs.text])
        self.run_length.append(found.runs.what)
        self.term_text.append(at[found.terms.text])
        self.term.append(found.terms.what)

    def sizes(self, texts: npt.NDArray[np.int32]) -> list[Ints]:
        """The columns of `partial.SHARED` of `texts`."""
        columns = (self.text_bytes, self.characters, self.words, self.term_occurrences, self.number_occurrences)
        return [column.rows[texts].astype(np.int64) for column in columns]


class Read:
    """What one tokenizer makes of the texts of a `Shared`: the same texts and rows in the same order."""

    def __init__(self) -> None:
        self.ids: Ragged[np.int32] = Ragged(np.int32)
        self.partial, self.divided, self.lost = Column(), Column(), Column()
        self.term_tokens, self.term_single, self.number_tokens = Column(), Column(), Column()
        self.changed, self.drift, self.leak = Column(), Column(), Column()
        self.number_each, self.number_single, self.hits, self.cuts, self.fused, self.broken = (
            Column() for _ in range(6)
        )
        self.run_cuts = Column()
        self.term_each, self.term_alone = Column(), Column()

    def add(self, at: Ints, placed: Placed, found: Found, cost: Costs) -> None:
        """Enters texts as numbers `at`."""
        count = len(at)
        self.ids.put(at, placed.ids, placed.sizes)
        self.partial.put(at, placed.partial)
        self.divided.put(at, placed.divided)
        self.lost.put(at, placed.lost)
        self.term_tokens.put(at, np.bincount(found.terms.text, cost.term_tokens, count))
        self.term_single.put(at, np.bincount(found.terms.text, cost.term_single, count))
        self.number_tokens.put(at, np.bincount(found.numbers.text, cost.number_tokens, count))
        for column in (self.changed, self.drift, self.leak):
            column.put(at, np.zeros(count, np.uint8))
        self.number_each.append(cost.number_tokens)
        self.number_single.append(cost.number_single)
        self.hits.append(cost.hits)
        self.cuts.append(cost.cuts)
        self.fused.append(cost.fused)
        self.broken.append(cost.broken)
        self.run_cuts.append(cost.run_cuts)
        self.term_each.append(cost.term_tokens)
        self.term_alone.append(cost.term_single)

    def costs(self, texts: npt.NDArray[np.int32]) -> list[Ints]:
        """The columns of `partial.EACH` of `texts`."""
        columns = (self.ids.size, self.term_tokens, self.term_single, self.number_tokens)
        return [column.rows[texts].astype(np.int64) for column in columns]


def coverage(reader: Reader, shared: Shared, read: Read, weights: Ints, *, extends: bool) -> Coverage:
    """The coverage of texts that stand in a slice as often as `weights` says, but for what is known by document."""
    some = np.flatnonzero(weights)
    times = weights[some]
    ids = np.zeros(len(reader.tokens.size), np.int64)
    for start in range(0, len(some), TOGETHER):
        part = slice(start, start + TOGETHER)
        flat, sizes = read.ids.take(some[part])
        ids += np.bincount(flat, np.repeat(times[part], sizes), len(ids)).astype(np.int64)

    def total(column: Column) -> int:
        return int(column.rows[some].astype(np.int64) @ times)

    unknown = reader.unknown_id
    return Coverage(
        text_bytes=total(shared.text_bytes),
        characters=total(shared.characters),
        words=total(shared.words),
        tokens=int(ids.sum()),
        unknown_tokens=0 if unknown is None else int(ids[unknown]),
        byte_tokens=int(ids[reader.tokens.single_byte].sum()),
        partial_tokens=total(read.partial),
        divided_characters=total(read.divided),
        lost_characters=total(read.lost),
        terms=Cost(total(shared.term_occurrences), total(read.term_tokens), total(read.term_single)),
        numbers=_numbers(shared, read, weights),
        runs=_runs(shared, read, weights),
        ids=IdCounts.of_all(ids),
        changed=Changed(total(read.changed), total(read.drift), total(read.leak)) if extends else None,
    )


def by_term(shared: Shared, column: Column | None, weights: Ints, count: int) -> Ints:
    """For each of `count` terms the weighted sum of `column`, a row for each term that was found; None: occurrences."""
    times = weights[shared.term_text.rows]
    rows = times if column is None else times * column.rows
    return np.bincount(shared.term.rows, rows, count).astype(np.int64)


def by_shape(shared: Shared, column: Column | None, weights: Ints, count: int) -> Ints:
    """The same for each of `count` shapes of numbers."""
    listed = shared.number_shape.rows > 0
    times = weights[shared.number_text.rows[listed]]
    rows = times if column is None else times * column.rows[listed]
    return np.bincount(shared.number_shape.rows[listed].astype(np.int64) - 1, rows, count).astype(np.int64)


def _numbers(shared: Shared, read: Read, weights: Ints) -> tuple[NumberCost, ...]:
    times = weights[shared.number_text.rows]
    columns = (
        np.ones(len(times), np.int64), read.number_each.rows, read.number_single.rows, read.hits.rows, read.cuts.rows,
        shared.number_groups.rows, read.fused.rows, read.broken.rows,
    )  # fmt: skip
    kinds = shared.number_kind.rows
    rows = [np.bincount(kinds, times * column, len(FORMATS)).astype(np.int64).tolist() for column in columns]
    return tuple(NumberCost(*(row[at] for row in rows)) for at in range(len(FORMATS)))


def _runs(shared: Shared, read: Read, weights: Ints) -> dict[tuple[int, int], int]:
    times = weights[shared.run_text.rows]
    code = shared.run_length.rows.astype(np.int64) << LONGEST_RUN | read.run_cuts.rows
    found, where = np.unique(code, return_inverse=True)
    counts = np.bincount(where, times, len(found)).astype(np.int64)
    rows = zip(found.tolist(), counts.tolist(), strict=True)
    return {(one >> LONGEST_RUN, one & ((1 << LONGEST_RUN) - 1)): count for one, count in rows if count}
