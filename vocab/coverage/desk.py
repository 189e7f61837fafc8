"""Where one process counts: documents are cut into units, new units are looked at once, and the rest is sums over them.

A tokenizer to which units do not apply reads each document whole. One document in `Plan.every`, chosen by a digest of its id,
is also encoded whole by every tokenizer; one whose ids differ from those of the units is named in `Partial.unlike`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vocab.coverage.arrays import Growing, Ints, alike, places, rows_of, sums
from vocab.coverage.counts import WINDOWS, Coverage
from vocab.coverage.encoding import Encoders, Ids
from vocab.coverage.finder import Finder
from vocab.coverage.intervals import keys_of, replicates
from vocab.coverage.partial import EACH, SHARED, Cell, Partial, Plan
from vocab.coverage.placing import costs, encoded_flat, place
from vocab.coverage.readers import Reader, readers_of
from vocab.coverage.sheets import Read, Shared, by_shape, by_term, coverage
from vocab.coverage.spaced import Spaced
from vocab.coverage.spans import Search, Texts, texts_of
from vocab.coverage.units import Cut, Units
from vocab.pretokens import holding

MOST_UNITS, MOST_PRETOKENS = 250_000, 1_000_000
"""Units and pre-tokens that a process keeps before it forgets them; each takes some two or three hundred bytes."""
DIGITS = frozenset("0123456789")
WHOLE_CHARACTERS = 200_000
"""Text of documents that a tokenizer encodes whole in one call."""


@dataclass(frozen=True, slots=True)
class Additions:
    """What an extended tokenizer added: texts of terms and tags, new ids, those of terms, and whether it groups digits."""

    texts: tuple[str, ...]
    ids: Ints
    terms: Ints
    digits: bool


class Desk:
    """Counts blocks of documents; `collect` gives what was counted since it was called last."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.readers = readers_of(plan.paths, plan.digests)
        self._finder = Finder(plan.terms)
        self._search = Search(self._finder)
        by_units = [reader for reader, way in zip(self.readers, plan.ways, strict=True) if way.units]
        self._spaced = Spaced(token for reader in by_units for token in reader.over_spaces)
        self._whole = tuple(at for at, way in enumerate(plan.ways) if not way.units)
        self._additions = [additions(reader) for reader in self.readers]
        self._partial = Partial()
        self._encoders = Encoders(self.readers, plan.ways, plan.extends)
        self.forget()

    def count(self, names: Sequence[str], texts: Sequence[str], cells: Sequence[Cell]) -> None:
        """Counts documents by id, text and cell."""
        if self._units.count > MOST_UNITS:
            self._close()
            self.forget()
        keys = keys_of(names)
        cut = self.cut(texts) if self._encoders.places else None
        whole = self._read_whole(texts) if self._whole else None
        values = self._values(cut, whole, len(texts))
        if cut is not None:
            self._audit([at for at, key in enumerate(keys.tolist()) if key % self.plan.every == 0], texts, cut)
        groups: dict[Cell, list[int]] = {}
        for at, cell in enumerate(cells):
            groups.setdefault(cell, []).append(at)
        for cell, listed in groups.items():
            chosen = np.array(listed)
            self._partial += Partial(
                {cell: self._by_document(values[chosen])}, {cell: replicates(keys[chosen], values[chosen])}
            )
            if cut is not None:
                self._weigh(cell, chosen, cut)
            if whole is not None:
                ones = np.zeros(len(texts), np.int64)
                ones[chosen] = 1
                self._enter(cell, whole[0], whole[1], ones)

    def collect(self) -> Partial:
        """What was counted since the last time."""
        self._close()
        partial, self._partial = self._partial, Partial()
        return partial

    def cut(self, texts: Sequence[str]) -> Cut:
        """The units of `texts`, each of them looked at by now."""
        cut = self._units.cut(texts)
        for new, inside in ((self._units.new_inside, True), (self._units.new_first, False)):
            if new.texts:
                self._learn(np.array(new.units), texts_of(new.texts), inside=inside)
        return cut

    def ids(self, at: int, cut: Cut) -> tuple[Ids, Ints]:
        """The ids of texts by the tokenizer in place `at` from their units, and how many each text has."""
        flat, sizes = self._reads[at].ids.take(cut.units)
        return flat, sums(sizes, cut.sizes)

    def encode(self, texts: Sequence[str], *, whole: bool) -> dict[int, tuple[Ids, Ints]]:
        """The ids of texts and how many each has, by the tokenizers in the places that the result names.

        Args:
            texts: stand inside longer ones; `whole`, they stand alone, and only tokenizers to which that is the same are named.
            whole: see `texts`.
        """
        return self._encoders.quick(texts) if whole else self._encoders.encode(texts, inside=True)

    def forget(self) -> None:
        """Begins without any unit, and without pre-tokens where they have become many."""
        self._units = Units(self._finder, self._spaced)
        self._shared = Shared()
        self._reads = {at: Read() for at, way in enumerate(self.plan.ways) if way.units}
        self._weights: dict[Cell, Growing[np.int64]] = {}
        if self._encoders.pretokens > MOST_PRETOKENS:
            self._encoders = Encoders(self.readers, self.plan.ways, self.plan.extends)

    def _learn(self, at: Ints, texts: Texts, *, inside: bool) -> None:
        """Looks at new units."""
        found = self._search.find(texts)
        self._shared.add(at, texts, found)
        for number, (ids, sizes) in self._encoders.encode(texts.texts, inside=inside).items():
            reader = self.readers[number]
            placed = place(reader, texts, ids, sizes, inside=inside)
            if not placed.agrees:  # another engine encoded
                self._partial += Partial(unlike=frozenset({number}))
            self._reads[number].add(at, placed, found, costs(reader, texts, placed, found))
        for number, base in enumerate(self.plan.extends):
            if base in self._reads and number in self._reads:
                self._compare(number, self._reads[base], at, texts)

    def _compare(self, number: int, base: Read, at: Ints, texts: Texts) -> None:
        """Notes which of the new units an extension cuts in another way than its base, and without any reason to."""
        read, added = self._reads[number], self._additions[number]
        every, every_sizes = read.ids.take(at)
        changed = np.flatnonzero(~alike(base.ids.take(at), (every, every_sizes)))
        if added is None or not len(changed):
            return
        new, new_sizes = rows_of(every, every_sizes, changed)
        is_new = sums(np.isin(new, added.ids), new_sizes) > 0
        holds = sums(np.isin(new, added.terms), new_sizes) > 0  # the token of a term is the term's own text
        listed = {one: texts.texts[one] for one in changed[~holds].tolist()}
        held = holding(set(listed.values()), added.texts)
        alone = [one for one, text in listed.items() if text not in held and not (added.digits and _has_digit(text))]
        read.changed.rows[at[changed]] = 1
        read.drift.rows[at[changed[~is_new]]] = 1
        read.leak.rows[at[alone]] = 1

    def _read_whole(self, texts: Sequence[str]) -> tuple[Shared, dict[int, Read]]:
        """What documents hold and cost by the tokenizers that read them whole."""
        shared, reads = Shared(), {at: Read() for at in self._whole}
        starts = [0]
        size = 0
        for at, text in enumerate(texts):
            size += len(text)
            if size >= WHOLE_CHARACTERS:
                starts.append(at + 1)
                size = 0
        for start, end in zip(starts, [*starts[1:], len(texts)], strict=True):
            if start == end:
                continue
            part, numbers = texts_of(texts[start:end]), np.arange(start, end)
            found = self._search.find(part)
            shared.add(numbers, part, found)
            for number, read in reads.items():
                reader = self.readers[number]
                ids, sizes = encoded_flat(reader.ids(part.texts, inside=False))
                placed = place(reader, part, ids, sizes, inside=False)
                read.add(numbers, placed, found, costs(reader, part, placed, found))
        return shared, reads

    def _values(self, cut: Cut | None, whole: tuple[Shared, dict[int, Read]] | None, count: int) -> Ints:
        """By document the columns `SHARED`, then `EACH` of each tokenizer in turn."""
        every = np.arange(count, dtype=np.int32)
        columns: list[Ints] = []
        if cut is not None:
            columns += [sums(column, cut.sizes) for column in self._shared.sizes(cut.units)]
        elif whole is not None:
            columns += whole[0].sizes(every)
        for at in range(len(self.readers)):
            if cut is not None and at in self._reads:
                columns += [sums(column, cut.sizes) for column in self._reads[at].costs(cut.units)]
            elif whole is not None:
                columns += whole[1][at].costs(every)
        return np.stack(columns, axis=1)

    def _audit(self, chosen: Sequence[int], texts: Sequence[str], cut: Cut) -> None:
        """Encodes the `chosen` documents whole, and names the tokenizers whose ids differ."""
        ends = np.cumsum(cut.sizes)
        for at in chosen:
            own = Cut(cut.units[ends[at] - cut.sizes[at] : ends[at]], cut.sizes[at : at + 1])
            unlike = {
                number
                for number in self._reads
                if self.readers[number].ids([texts[at]], inside=False)[0] != self.ids(number, own)[0].tolist()
            }
            self._partial += Partial(audited=1, unlike=frozenset(unlike))

    def _by_document(self, values: Ints) -> tuple[Coverage, ...]:
        """What is known of each tokenizer's coverage by document alone."""
        first = values[:, len(SHARED)]
        found = []
        for at in range(len(self.readers)):
            tokens = values[:, len(SHARED) + at * len(EACH)]
            found.append(
                Coverage(
                    documents=len(values),
                    documents_shorter=int(np.count_nonzero(tokens < first)),
                    documents_longer=int(np.count_nonzero(tokens > first)),
                    whole=tuple(int(np.count_nonzero(tokens <= window)) for window in WINDOWS),
                )
            )
        return tuple(found)

    def _weigh(self, cell: Cell, chosen: Ints, cut: Cut) -> None:
        """Adds the units of the `chosen` documents to those of their cell."""
        weights = self._weights.setdefault(cell, Growing(np.int64))
        weights.reserve(self._units.count)
        where = places((np.cumsum(cut.sizes) - cut.sizes)[chosen], cut.sizes[chosen])
        units, counts = np.unique(cut.units[where], return_counts=True)
        weights.rows[units] += counts

    def _close(self) -> None:
        """Turns the units of each cell into counts."""
        for cell, weights in self._weights.items():
            weights.reserve(self._units.count)
            self._enter(cell, self._shared, self._reads, weights.rows)
        self._weights = {}

    def _enter(self, cell: Cell, shared: Shared, reads: dict[int, Read], weights: Ints) -> None:
        """Adds texts that stand in a cell as often as `weights` says."""
        found = [Coverage() for _ in self.readers]
        terms = np.zeros((1 + 2 * len(self.readers), len(self._finder.terms)), np.int64)
        shapes = np.zeros((1 + len(self.readers), len(self._search.shapes)), np.int64)
        for at, read in reads.items():
            extends = self.plan.extends[at] in reads and reads is self._reads
            found[at] = coverage(self.readers[at], shared, read, weights, extends=extends)
            terms[1 + 2 * at] = by_term(shared, read.term_each, weights, terms.shape[1])
            terms[2 + 2 * at] = by_term(shared, read.term_alone, weights, terms.shape[1])
            shapes[1 + at] = by_shape(shared, read.number_each, weights, shapes.shape[1])
        if reads is self._reads or not self._reads:
            terms[0] = by_term(shared, None, weights, terms.shape[1])
            shapes[0] = by_shape(shared, None, weights, shapes.shape[1])
        some = np.flatnonzero(shapes.sum(axis=0))
        names = list(self._search.shapes)
        self._partial += Partial({cell: tuple(found)}, {}, terms, {names[at]: shapes[:, at] for at in some.tolist()})


def additions(reader: Reader) -> Additions | None:
    """What an extended tokenizer added; None for another."""
    record: dict[str, Any] | None = reader.record
    if record is None:
        return None
    new = record["new_ids"]
    variants = {one["text"] for term in record["terms"] for one in term["variants"]}
    texts = {text.strip(" ") for text in variants} | {one["token"] for one in new if one["kind"] == "tag"}
    return Additions(
        tuple(sorted(texts - {""})),
        np.array([one["id"] for one in new], np.int64),
        np.array([one["id"] for one in new if one["kind"] in ("term", "tag")], np.int64),
        record.get("digits", "keep") != "keep",
    )


def _has_digit(text: str) -> bool:
    return not DIGITS.isdisjoint(text)
