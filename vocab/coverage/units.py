"""Cuts texts into units: the smallest parts that no token, no number and no term crosses, each looked at only once.

A unit is a word with the spaces before it. A text is split at every U+0020; where several stand in a row, where the piece
before ends in other white space (a line end, say), and where a number or a term goes on over the space, pieces are joined. The
first unit of a text has no space before it and is a unit of its own kind, since tokenizers may treat the start of a text in
another way. That no token crosses the cuts is not assumed: `vocab.coverage.covering` proves it for each tokenizer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vocab import numbers
from vocab.coverage.arrays import Growing, Ints, Numbered
from vocab.coverage.finder import Finder


@dataclass(frozen=True, slots=True)
class Cut:
    """Texts as units: the units of all texts in order, and how many each text has."""

    units: npt.NDArray[np.int32]
    sizes: Ints


@dataclass(frozen=True, slots=True)
class New:
    """Units that were not seen before: their numbers and texts."""

    units: list[int]
    texts: list[str]


class Units:
    """Every unit that was seen so far, by number; `texts` of those that were seen first in the last `cut`."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._pieces = Numbered()
        self._names: list[str] = []
        self._tail, self._head = Growing(np.int32), Growing(np.int32)
        self._is_open, self._opens, self._follows = Growing(np.bool_), Growing(np.bool_), Growing(np.bool_)
        self._unit_of = Growing(np.int32, fill=-1)
        self._joined: dict[str, int] = {}
        self._first: dict[str, int] = {}
        self._reach: dict[tuple[int, int], bool] = {}
        self.count = 0
        self.new_inside, self.new_first = New([], []), New([], [])

    def cut(self, texts: Sequence[str]) -> Cut:
        """The units of each text; `new_inside` and `new_first` hold those that no text before had."""
        self.new_inside, self.new_first = New([], []), New([], [])
        every: list[str] = []
        lengths = []
        for text in texts:
            pieces = text.split(" ")
            every += pieces
            lengths.append(len(pieces))
        ids = self._ids(every)
        sizes = np.array(lengths, np.int64)
        starts = np.cumsum(sizes) - sizes
        joined = self._joins(ids, starts, every)
        return self._units(ids, starts, joined)

    def _ids(self, every: list[str]) -> npt.NDArray[np.int32]:
        known = self._pieces
        ids = np.fromiter(map(known.__getitem__, every), np.int32, len(every))
        new = known.after(len(self._names))
        if new:
            self._names += new
            self._tail.append([numbers.tail(piece) for piece in new])
            self._head.append([numbers.head(piece) for piece in new])
            self._is_open.append([not piece or piece[-1].isspace() for piece in new])
            self._opens.append([self._finder.opens(piece) for piece in new])
            self._follows.append([self._finder.follows(piece) for piece in new])
            self._unit_of.reserve(len(known))
        return ids

    def _joins(self, ids: npt.NDArray[np.int32], starts: Ints, every: Sequence[str]) -> npt.NDArray[np.bool_]:
        """For each piece, whether it goes on in the unit of the one before."""
        joined = np.zeros(len(ids), np.bool_)
        before, after = ids[:-1], ids[1:]
        joined[1:] = self._is_open.rows[before] | ((self._tail.rows[before] & self._head.rows[after]) != 0)
        inner = np.ones(len(ids), np.bool_)
        inner[starts] = False
        joined &= inner
        maybe = self._opens.rows[before] & self._follows.rows[after] & inner[1:]
        ends = np.append(starts[1:], len(ids))
        for at in np.flatnonzero(maybe).tolist():
            pair = (int(ids[at]), int(ids[at + 1]))
            if pair not in self._reach:
                self._reach[pair] = self._finder.crosses(every[at], every[at + 1])
            if self._reach[pair]:
                end = min(int(ends[np.searchsorted(ends, at, "right")]), at + self._finder.most_pieces)
                joined[at + 1 : at + 1 + self._finder.reach(every[at:end], 0)] = True
        return joined

    def _units(self, ids: npt.NDArray[np.int32], starts: Ints, joined: npt.NDArray[np.bool_]) -> Cut:
        begins = np.flatnonzero(~joined)
        lengths = np.diff(np.append(begins, len(ids)))
        first = np.isin(begins, starts, assume_unique=True)
        single = (lengths == 1) & ~first
        units = np.empty(len(begins), np.int32)
        alone = ids[begins[single]]
        unseen = np.unique(alone[self._unit_of.rows[alone] < 0])
        if len(unseen):
            self._unit_of.rows[unseen] = np.arange(self.count, self.count + len(unseen))
            self.new_inside.units.extend(range(self.count, self.count + len(unseen)))
            self.new_inside.texts.extend([f" {self._names[piece]}" for piece in unseen.tolist()])
            self.count += len(unseen)
        units[single] = self._unit_of.rows[alone]
        others = np.flatnonzero(~single)
        rows = zip(
            others.tolist(), begins[others].tolist(), lengths[others].tolist(), first[others].tolist(), strict=True
        )
        listed = ids.tolist()
        for at, begin, length, is_first in rows:
            text = " ".join([self._names[piece] for piece in listed[begin : begin + length]])
            units[at] = self._first_of(text) if is_first else self._joined_of(text)
        counted = np.diff(np.append(np.searchsorted(begins, starts), len(begins)))
        return Cut(units, counted)

    def _joined_of(self, text: str) -> int:
        unit = self._joined.get(text)
        if unit is None:
            unit = self._joined[text] = self._new(self.new_inside, f" {text}")
        return unit

    def _first_of(self, text: str) -> int:
        unit = self._first.get(text)
        if unit is None:
            unit = self._first[text] = self._new(self.new_first, text)
        return unit

    def _new(self, among: New, text: str) -> int:
        among.units.append(self.count)
        among.texts.append(text)
        self.count += 1
        return self.count - 1
