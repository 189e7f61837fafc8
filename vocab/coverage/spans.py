"""Finds what is measured inside texts: numbers by format, digit runs inside them, terms. Places are bytes of all texts.

In: texts, put one after the other as UTF-8. Out: arrays, one row for each span, half open, with the positions at which the
value of a number has its inner boundaries (`vocab.numbers.groups`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vocab import numbers
from vocab.coverage.arrays import Ints
from vocab.coverage.finder import Finder

FORMATS = tuple(numbers.FORMATS)
WHITE_POINTS = np.array([point for point in range(0x3001) if chr(point).isspace()], np.uint32)
TAG = re.compile("<[A-Z]+(?:_[A-Z]+)*_[0-9]+>")
"""What masking puts in the place of a value."""
LONGEST_RUN = 12
"""Digits of a run whose patterns are counted; a run of one has none."""
MOST_SEEN = 100_000
"""Numbers whose shape and runs are kept."""
LONGEST_SHAPE = 40
"""Characters of a number whose shape is listed."""
LINE = "\n"
"""Stands between texts that are searched together: no number and no term goes over it."""


@dataclass(frozen=True)
class Texts:
    """Texts as bytes, one after the other; text `at` lies from `bounds[at]` to `bounds[at + 1]`."""

    texts: Sequence[str]
    blob: npt.NDArray[np.uint8]
    bounds: Ints

    @property
    def sizes(self) -> Ints:
        """Bytes of each text."""
        return np.diff(self.bounds)

    @cached_property
    def ink(self) -> Ints:
        """By place, and the end, how many bytes before it are of characters that are no white space."""
        white = np.isin(code_points("".join(self.texts)), WHITE_POINTS)
        starts = np.flatnonzero((self.blob & 0xC0) != 0x80)
        widths = np.diff(np.append(starts, len(self.blob)))
        return np.concatenate(([0], np.cumsum(np.repeat(~white, widths))))


@dataclass(frozen=True)
class Spans:
    """Spans of one kind: the text each stands in, what it is (a format, term or length), and its place in bytes."""

    text: Ints
    what: Ints
    start: Ints
    end: Ints


@dataclass(frozen=True)
class Found:
    """What stands in texts: `numbers` by format and `shape`, `boundaries` of numbers by row, `runs` by length, `terms`."""

    numbers: Spans
    shape: Ints
    boundary: Ints
    boundary_of: Ints
    runs: Spans
    terms: Spans


def texts_of(texts: Sequence[str]) -> Texts:
    """The texts as bytes."""
    data = [text.encode() for text in texts]
    bounds = np.concatenate(([0], np.cumsum([len(one) for one in data], dtype=np.int64))).astype(np.int64)
    return Texts(texts, np.frombuffer(b"".join(data), np.uint8), bounds)


class Search:
    """Finds spans; `shapes` numbers every shape that was found so far, as (format, shape)."""

    def __init__(self, finder: Finder) -> None:
        self.finder = finder
        self.shapes: dict[tuple[int, str], int] = {}
        self._seen: dict[tuple[int, str], tuple[int, tuple[tuple[int, int], ...]]] = {}

    def find(self, texts: Texts) -> Found:
        """What stands in `texts`."""
        joined = LINE.join(texts.texts)
        ends = np.cumsum([len(text) + 1 for text in texts.texts], dtype=np.int64)
        counted: list[int] = []  # number by number: format, start, end, shape
        boundaries: list[int] = []  # number, place
        runs: list[int] = []  # digits, start, end
        for name, start, end in numbers.find(joined):
            if _in_tag(joined, start, end):
                continue
            kind = _NUMBER[name]
            shape, inner = self._of(kind, joined[start:end])
            row = len(counted) // 4
            counted += (kind, start, end, shape)
            for place in numbers.groups(joined, start, end):
                boundaries += (row, place)
            for one, size in inner:
                runs += (size, start + one, start + one + size)
        terms = [place for found in self.finder.find(joined) for place in found]
        # In bytes, without the line ends between the texts: one for each text before.
        byte_at = bytes_at(joined)

        def spans(flat: list[int], columns: int) -> Spans:
            rows = np.array(flat, np.int64).reshape(-1, columns)
            text = np.searchsorted(ends, rows[:, 1], "right")
            return Spans(text, rows[:, 0].copy(), byte_at[rows[:, 1]] - text, byte_at[rows[:, 2]] - text)

        found = spans(counted, 4)
        pairs = np.array(boundaries, np.int64).reshape(-1, 2)
        return Found(
            found,
            np.array(counted[3::4], np.int64),
            byte_at[pairs[:, 1]] - found.text[pairs[:, 0]],
            pairs[:, 0].copy(),
            spans(runs, 3),
            spans(terms, 3),
        )

    def _of(self, kind: int, number: str) -> tuple[int, tuple[tuple[int, int], ...]]:
        """The number of a number's shape, -1 where that is too long to be listed, and its digit runs as (place, digits)."""
        known = self._seen.get((kind, number))
        if known is None:
            shape = -1
            if len(number) <= LONGEST_SHAPE:
                shape = self.shapes.setdefault((kind, numbers.shape(number)), len(self.shapes))
            runs = ((start, end - start) for start, end in numbers.digit_runs(number, 0, len(number)))
            known = shape, tuple(run for run in runs if 1 < run[1] <= LONGEST_RUN)
            if len(self._seen) < MOST_SEEN:
                self._seen[kind, number] = known
        return known


def _in_tag(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` is the number of a masking tag, as in `<PERSON_1>`: it counts subjects and is no amount."""
    if text[start - 1 : start] != "_" or text[end : end + 1] != ">":
        return False
    return TAG.fullmatch(text, text.rfind("<", 0, start), end + 1) is not None


_NUMBER = {name: at for at, name in enumerate(FORMATS)}


def bytes_at(text: str) -> Ints:
    """The place in bytes of each place in code points, the end too."""
    points = code_points(text)
    width = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    return np.concatenate(([0], np.cumsum(width)))


def code_points(text: str) -> npt.NDArray[np.uint32]:
    """The code points of `text`."""
    return np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.uint32, copy=False)
