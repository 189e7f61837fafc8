"""Cuts texts into units: the smallest parts that no token, no number and no term crosses, each looked at only once.

A unit is a word with the spaces before it. A text is split at every U+0020; where several stand in a row, where the piece
before ends in other white space (a line end, say), and where a number, a term or a token with a space in it goes on over the
space, pieces are joined. The first unit of a text has no space before it and is a unit of its own kind, since tokenizers may
treat the start of a text in another way. That no token crosses the cuts is not assumed: `vocab.coverage.covering` proves it
for each tokenizer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import or_

import numpy as np
import numpy.typing as npt
import polars as pl

from vocab import numbers
from vocab.coverage.arrays import Growing, Ints
from vocab.coverage.finder import Finder
from vocab.coverage.spaced import Spaced


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


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The pieces of texts between spaces: the number of each, its place in `text`, and the first piece of each text.

    `text` is all texts with a space between two, so that a space stands between any two pieces.
    """

    text: str
    ids: npt.NDArray[np.uint32]
    start: Ints
    end: Ints
    firsts: Ints


class Units:
    """Every unit that was seen so far, by number; `new_inside` and `new_first` are those first seen in the last `cut`."""

    def __init__(self, finder: Finder, spaced: Spaced | None = None) -> None:
        self._finder = finder
        self._spaced = spaced or Spaced(())
        self._categories = pl.Categorical(pl.Categories.random())
        self._held = pl.Series([], dtype=self._categories)  # categories keep their numbers while a column has them
        self._known = 0
        self._tail, self._head = Growing(np.uint16), Growing(np.uint16)
        self._is_open, self._opens, self._follows = Growing(np.bool_), Growing(np.bool_), Growing(np.bool_)
        self._unit_of = Growing(np.int32, fill=-1)
        self._joined: dict[str, int] = {}
        self._first: dict[str, int] = {}
        self._crosses: dict[tuple[int, int], tuple[bool, bool]] = {}
        self.count = 0
        self.new_inside, self.new_first = New([], []), New([], [])

    def cut(self, texts: Sequence[str]) -> Cut:
        """The units of each text; `new_inside` and `new_first` hold those that no text before had."""
        self.new_inside, self.new_first = New([], []), New([], [])
        pieces = self._pieces(texts)
        return self._units(pieces, self._joins(pieces))

    def _pieces(self, texts: Sequence[str]) -> _Pieces:
        lists = pl.Series(texts, dtype=pl.String).str.split(" ")
        counts = lists.list.len().to_numpy().astype(np.int64)
        every = lists.explode()
        ids = every.cast(self._categories).to_physical().to_numpy()
        end = np.cumsum(every.str.len_chars().to_numpy().astype(np.int64) + 1) - 1
        start = np.concatenate(([0], end[:-1] + 1))
        fresh = np.flatnonzero(ids >= self._known)
        _, at = np.unique(ids[fresh], return_index=True)
        self._learn(every.gather(fresh[at]).to_list())
        return _Pieces(" ".join(texts), ids, start, end, np.cumsum(counts) - counts)

    def _learn(self, new: list[str]) -> None:
        """Notes what the pieces that were not seen before may join with."""
        self._tail.append([numbers.tail(piece) for piece in new])
        self._head.append([numbers.head(piece) for piece in new])
        self._is_open.append([not piece or piece[-1].isspace() for piece in new])
        opens, follows = map(self._finder.opens, new), map(self._finder.follows, new)
        if self._spaced:
            opens = map(or_, opens, map(self._spaced.opens, new))
            follows = map(or_, follows, map(self._spaced.follows, new))
        self._opens.append(list(opens))
        self._follows.append(list(follows))
        self._known += len(new)
        self._unit_of.reserve(self._known)

    def _joins(self, pieces: _Pieces) -> npt.NDArray[np.bool_]:
        """For each piece, whether it goes on in the unit of the one before."""
        ids = pieces.ids
        before, after = ids[:-1], ids[1:]
        inner = np.ones(len(ids), np.bool_)
        inner[pieces.firsts] = False
        joined = np.zeros(len(ids), np.bool_)
        joined[1:] = self._is_open.rows[before] | ((self._tail.rows[before] & self._head.rows[after]) != 0)
        joined &= inner
        ends = np.append(pieces.firsts[1:], len(ids))
        maybe = self._opens.rows[before] & self._follows.rows[after] & inner[1:]
        for at in np.flatnonzero(maybe).tolist():
            pair = (int(ids[at]), int(ids[at + 1]))
            if pair not in self._crosses:
                both = _between(pieces, at, at + 2)
                self._crosses[pair] = self._finder.crosses(*both), self._spaced.crosses(*both)
            term, token = self._crosses[pair]
            joined[at + 1] |= token
            if term:
                last = min(int(ends[np.searchsorted(ends, at, "right")]), at + self._finder.most_pieces)
                joined[at + 1 : at + 1 + self._finder.reach(_between(pieces, at, last), 0)] = True
        return joined

    def _units(self, pieces: _Pieces, joined: npt.NDArray[np.bool_]) -> Cut:
        begins = np.flatnonzero(~joined)
        lasts = np.append(begins[1:], len(joined)) - 1
        first = np.isin(begins, pieces.firsts, assume_unique=True)
        single = (begins == lasts) & ~first
        units = np.empty(len(begins), np.int32)
        self._alone(pieces, begins[single])
        units[single] = self._unit_of.rows[pieces.ids[begins[single]]]
        others = np.flatnonzero(~single)
        starts, ends = pieces.start[begins[others]], pieces.end[lasts[others]]
        rows = zip(others.tolist(), starts.tolist(), ends.tolist(), first[others].tolist(), strict=True)
        text = pieces.text
        for at, start, end, is_first in rows:
            units[at] = self._first_of(text[start:end]) if is_first else self._joined_of(text[start - 1 : end])
        return Cut(units, np.diff(np.append(np.searchsorted(begins, pieces.firsts), len(begins))))

    def _alone(self, pieces: _Pieces, at: Ints) -> None:
        """Makes the pieces `at`, each a unit of its own, known as such."""
        unseen = at[self._unit_of.rows[pieces.ids[at]] < 0]
        ids, which = np.unique(pieces.ids[unseen], return_index=True)
        self._unit_of.rows[ids] = np.arange(self.count, self.count + len(ids))
        starts, ends = pieces.start[unseen[which]].tolist(), pieces.end[unseen[which]].tolist()
        self.new_inside.units.extend(range(self.count, self.count + len(ids)))
        self.new_inside.texts.extend([pieces.text[start - 1 : end] for start, end in zip(starts, ends, strict=True)])
        self.count += len(ids)

    def _joined_of(self, text: str) -> int:
        unit = self._joined.get(text)
        if unit is None:
            unit = self._joined[text] = self._new(self.new_inside, text)
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


def _between(pieces: _Pieces, start: int, end: int) -> list[str]:
    """The pieces from place `start` to `end`."""
    rows = zip(pieces.start[start:end].tolist(), pieces.end[start:end].tolist(), strict=True)
    return [pieces.text[one:other] for one, other in rows]
